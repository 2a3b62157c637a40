using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Downhill.Checks;

/// <summary>One check of the engine that needs no test framework.</summary>
/// <param name="Name">What holds, as a sentence without a full stop.</param>
/// <param name="Run">Throws when it does not hold; returns a figure worth printing, or an empty string.</param>
public sealed record EngineCheck(string Name, Func<string> Run)
{
    /// <summary>The name: it is what a test report shows.</summary>
    public override string ToString() => Name;
}

/// <summary>
/// The checks that must also hold where no test framework runs: published as native code and in the browser.
/// The file is compiled into both apps and into the engine's tests, so that the three cannot drift apart.
/// </summary>
public static class EngineChecks
{
    /// <summary>Every check, in the order in which they are printed.</summary>
    public static IReadOnlyList<EngineCheck> All { get; } =
    [
        new("a data set gives back the rows it was made of, in any order", ReadsRows),
        new("a data set refuses a class code that has no class", RefusesUnknownClass),
        new("a file written can be read back", WritesAndReadsFile),
        new("the inputs of XOR have the same bits on every machine", static () => SameBits(
            Bytes(Xor().Numeric), "81a8ac62bf71648e59c0df2753b91e5cc452593e352829e27fa217d79aaee84b")),
    ];

    /// <summary>
    /// Runs every check and prints a line for each, <c>passed NAME (figure)</c> or <c>failed NAME: why</c>, and last
    /// <c>N passed, N failed</c>.
    /// </summary>
    /// <returns>The exit code: 0 when nothing failed, else 1.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "A check that throws anything at all has failed.")]
    public static int RunAll(TextWriter output)
    {
        int failed = 0;
        foreach (EngineCheck check in All)
        {
            try
            {
                string figure = check.Run();
                output.WriteLine(figure.Length == 0 ? $"passed {check.Name}" : $"passed {check.Name} ({figure})");
            }
            catch (Exception e)
            {
                failed++;
                output.WriteLine($"failed {check.Name}: {e.GetType().Name}: {e.Message}");
            }
        }

        output.WriteLine($"{All.Count - failed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    private static string ReadsRows()
    {
        Dataset xor = Xor();
        float[] inputs = new float[6];
        int[] classes = new int[3];
        xor.Read([2, 0, 2], inputs, [], classes, [], []);
        Hold(inputs.AsSpan().SequenceEqual([1, 0, 0, 0, 1, 0]), "the inputs differ");
        Hold(classes.AsSpan().SequenceEqual([1, 0, 1]), "the classes differ");
        return "";
    }

    private static string RefusesUnknownClass()
    {
        try
        {
            _ = new Dataset("wrong", [new Column("x")], new Target(["y"], ["no", "yes"]), [1], [], [2], []);
        }
        catch (DownhillException e)
        {
            Hold(e.Message.Contains("got 2", StringComparison.Ordinal), $"the message is '{e.Message}'");
            return "";
        }

        throw new InvalidOperationException("it was accepted");
    }

    private static string WritesAndReadsFile()
    {
        string path = Path.Combine(Path.GetTempPath(), $"downhill-check-{Environment.ProcessId}.bin");
        byte[] bytes = Bytes(Xor().Numeric);
        File.WriteAllBytes(path, bytes);
        try
        {
            Hold(File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes), "the bytes differ");
            return $"{bytes.Length} bytes";
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Compares a result with the SHA-256 that it had on the first machine; returns that hash.</summary>
    private static string SameBits(ReadOnlySpan<byte> result, string sha256)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(result));
        Hold(hash == sha256, $"SHA-256 is {hash}, expected {sha256}");
        return hash;
    }

    private static Dataset Xor() => new(
        "xor", [new Column("x1"), new Column("x2")], new Target(["y"], ["0", "1"]),
        [0, 0, 0, 1, 1, 0, 1, 1], [], [0, 1, 1, 0], []);

    private static byte[] Bytes(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(float)), values[i]);
        return bytes;
    }

    private static void Hold(bool condition, string otherwise)
    {
        if (!condition) throw new InvalidOperationException(otherwise);
    }
}
