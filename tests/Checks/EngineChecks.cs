using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Downhill.Checks;

/// <summary>One check of the engine that needs no test framework.</summary>
/// <param name="Name">What holds, as a sentence without a full stop.</param>
/// <param name="Run">Throws when it does not hold.</param>
public sealed record EngineCheck(string Name, Action Run);

/// <summary>One computation whose result must be the same bits on every machine and in every host.</summary>
/// <param name="Name">What was computed, without blanks.</param>
/// <param name="Compute">Returns the bytes to be compared.</param>
public sealed record EngineBits(string Name, Func<byte[]> Compute);

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
    ];

    /// <summary>Every computation whose bits are compared between the hosts.</summary>
    public static IReadOnlyList<EngineBits> Bits { get; } =
    [
        new("xor-table", static () => Bytes(Xor().Numeric)),
    ];

    /// <summary>
    /// Runs everything and prints a line for each: <c>passed NAME</c>, <c>failed NAME: why</c> or
    /// <c>bits NAME SHA-256</c>, and last <c>N passed, N failed</c>.
    /// </summary>
    /// <returns>The exit code: 0 when nothing failed, else 1.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "A check that throws anything at all has failed.")]
    public static int Run(TextWriter output)
    {
        int passed = 0, failed = 0;
        foreach (EngineCheck check in All)
        {
            try
            {
                check.Run();
                passed++;
                output.WriteLine($"passed {check.Name}");
            }
            catch (Exception e)
            {
                failed++;
                output.WriteLine($"failed {check.Name}: {e.GetType().Name}: {e.Message}");
            }
        }

        foreach (EngineBits bits in Bits)
        {
            try
            {
                string hash = Hash(bits);
                passed++;
                output.WriteLine($"bits {bits.Name} {hash}");
            }
            catch (Exception e)
            {
                failed++;
                output.WriteLine($"failed {bits.Name}: {e.GetType().Name}: {e.Message}");
            }
        }

        output.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>SHA-256 of the computation's result, in lower-case hexadecimal.</summary>
    public static string Hash(EngineBits bits) => Convert.ToHexStringLower(SHA256.HashData(bits.Compute()));

    private static void ReadsRows()
    {
        Dataset xor = Xor();
        float[] inputs = new float[6];
        int[] classes = new int[3];
        xor.Read([2, 0, 2], inputs, [], classes, [], []);
        Hold(inputs.AsSpan().SequenceEqual([1, 0, 0, 0, 1, 0]), "the inputs differ");
        Hold(classes.AsSpan().SequenceEqual([1, 0, 1]), "the classes differ");
    }

    private static void RefusesUnknownClass()
    {
        try
        {
            _ = new Dataset("wrong", [new Column("x")], new Target(["y"], ["no", "yes"]), [1], [], [2], []);
        }
        catch (DownhillException e)
        {
            Hold(e.Message.Contains("got 2", StringComparison.Ordinal), $"the message is '{e.Message}'");
            return;
        }

        Hold(false, "it was accepted");
    }

    private static void WritesAndReadsFile()
    {
        string path = Path.Combine(Path.GetTempPath(), $"downhill-check-{Environment.ProcessId}.bin");
        byte[] bytes = Bytes(Xor().Numeric);
        File.WriteAllBytes(path, bytes);
        try
        {
            Hold(File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes), "the bytes differ");
        }
        finally
        {
            File.Delete(path);
        }
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
