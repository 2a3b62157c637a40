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
        new("XOR is learned, saved, loaded and answered, with the same bits on every machine", LearnsXor),
        new("adam with dropout, batch norm and missing links gives the same bits on every machine",
            static () => TrainsIris(
            Optimizers.Adam(), 32, "ec3350cf5212840177acd267f4303e8d3b2bf0f2e099cef235c70a6deb2fc7a1")),
        new("momentum with tanh and squared error gives the same bits on every machine", static () => TrainsIris(
            Optimizers.Momentum(), 10, "74865563130092e102120ef00b8b7819a717931b63a1ae32830d1ad360830b87")),
        new("rows taken together through a wide layer give the same bits on every machine", TakesRowsTogether),
        new("L-BFGS gives the same bits on every machine", static () => TrainsIris(
            Optimizers.Lbfgs(), 0, "6601d34ef6c76a9cfe3fb641afc5b3bcf34abbe2fddb1216b6a5203975334a44")),
        new("a run resumed from its checkpoint ends with the same bits", Resumes),
        new("a damaged model is refused", RefusesDamage),
        new("a step and a prediction allocate nothing", AllocatesNothing),
    ];

    /// <summary>
    /// Runs every check and prints a line for each, <c>passed NAME (figure)</c> or <c>failed NAME: why</c>, and last
    /// <c>N passed, N failed</c>.
    /// </summary>
    /// <param name="output">Receives the lines.</param>
    /// <param name="more">Checks of what stands on the engine, after its own.</param>
    /// <returns>The exit code: 0 when nothing failed, else 1.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "A check that throws anything at all has failed.")]
    public static int RunAll(TextWriter output, params IReadOnlyList<EngineCheck> more)
    {
        int failed = 0;
        EngineCheck[] checks = [.. All, .. more];
        foreach (EngineCheck check in checks)
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

        output.WriteLine($"{checks.Length - failed} passed, {failed} failed");
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

    private static string LearnsXor()
    {
        FitResult fit = Model.Fit(Xor(), new()
        {
            Hidden = [4], Activation = [Activations.Tanh], Output = Activations.Sigmoid(),
            Loss = Losses.BinaryCrossEntropy,
            Optimizer = Optimizers.Adam(), LearningRate = 0.1, Batch = 0, Epochs = 300, Scaling = Scaling.Standard,
            TestShare = 0,
            WeightDecay = 0, Stop = [], Arithmetic = Arithmetic.Portable, Threads = 1, Seed = 1,
        });
        Hold(fit.Model.Spec.ToString() == "2-4-1", $"the network is {fit.Model.Spec}");
        Hold(fit.Train.Accuracy == 1, $"accuracy {fit.Train.Accuracy}");
        string path = Path.Combine(Path.GetTempPath(), $"downhill-check-{Environment.ProcessId}.safetensors");
        byte[] bytes = fit.Model.ToBytes();
        fit.Model.Save(path);
        Model fromFile, fromBytes = ModelFile.FromBytes(bytes);
        try
        {
            Hold(File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes), "file and bytes differ");
            fromFile = Model.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
        foreach (Model model in (Model[])[fit.Model, fromFile, fromBytes])
        {
            Hold(model.WeightsHash == fit.Model.WeightsHash, "the weights changed on the way");
            string answers = string.Concat(Enumerable.Range(0, 4).Select(i => model.Predict([i / 2, i % 2]).Label));
            Hold(answers == "0110", $"the answers are {answers}");
            Hold(model.Predict([1, 0]).Values[0] == fit.Model.Predict([1, 0]).Values[0],
                "the answer changed on the way");
        }
        return SameHash(fit.Model.WeightsHash, "1d1a09b2a61ffc9118a1f9b41ce58e20301ca4a81c88880a9b53b734564dfbeb");
    }

    // Every option that could change the bits is named, so that a better default tomorrow does not.
    private static FitOptions Iris(Optimizer optimizer, int batch) => new()
    {
        Hidden = [12, 8], Activation = [Activations.Tanh], Optimizer = optimizer, Batch = batch, Epochs = 4,
        Arithmetic = Arithmetic.Portable, Threads = 1,
        LearningRate = optimizer.Name == "lbfgs" ? null : 0.01, Scaling = Scaling.Standard, TestShare = 0.2,
        ValidationShare = 0, WeightDecay = 0, Stop = [],
        L2 = 1e-3, Seed = 5,
    };

    private static string TakesRowsTogether()
    {
        FitOptions options = Iris(Optimizers.Momentum(), 1) with { Hidden = [8192], Epochs = 1, LearningRate = 1e-4 };
        return SameHash(Model.Fit(Dataset.Load("iris"), options).Model.WeightsHash,
            "5a13f675dda8dfacb2b12d7f6239bf28ef27c0014792783415d5758a9e3d36e0");
    }

    private static string TrainsIris(Optimizer optimizer, int batch, string hash)
    {
        FitOptions options = Iris(optimizer, batch);
        if (optimizer.Name == "adam")
            options = options with
            {
                BatchNorm = true,
                Dropout = 0.2,
                Connections = 0.6,
                Activation = [Activations.Relu, Activations.Sigmoid()],
                ValidationShare = 0.2,
                Clip = 1
            };
        if (optimizer.Name == "momentum") options = options with
        {
            Output = Activations.Tanh,
            Loss = Losses.MeanSquaredError,
            L1 = 1e-3
        };
        FitResult fit = Model.Fit(Dataset.Load("iris"), options);
        Hold(double.IsFinite(fit.Train.Loss), "the loss is not finite");
        return SameHash(fit.Model.WeightsHash, hash);
    }

    private static string Resumes()
    {
        string path = Path.Combine(Path.GetTempPath(), $"downhill-check-{Environment.ProcessId}.checkpoint");
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(iris, Iris(Optimizers.Adam(), 16) with { Dropout = 0.2, BatchNorm = true });
        using TrainSession<float> whole = plan.Start();
        for (int i = 0; i < 7; i++) whole.Step();
        Checkpoint.Save(path, plan, whole);
        whole.Run();
        try
        {
            (FitPlan read, TrainSession<float> second) = Checkpoint.Load(
                path, iris, change: o => o with { Threads = 1 });
            using (second)
            {
                second.Run();
                Hold(read.Finish(second).Model.WeightsHash == plan.Finish(whole).Model.WeightsHash,
                    "the weights differ");
            }
        }
        finally
        {
            File.Delete(path);
        }
        return "";
    }

    private static string RefusesDamage()
    {
        byte[] bytes = Model.Fit(Xor(), new() { Hidden = [2], Epochs = 1, Threads = 1 }).Model.ToBytes();
        for (int at = 0; at < bytes.Length; at += 97)
        {
            bytes[at] ^= 1;
            try
            {
                ModelFile.FromBytes(bytes);
                throw new InvalidOperationException($"a flipped bit in byte {at} was not noticed");
            }
            catch (DownhillException)
            {
                bytes[at] ^= 1;
            }
        }
        return "";
    }

    private static string AllocatesNothing()
    {
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(
            iris, Iris(Optimizers.Adam(), 1) with { Dropout = 0.2, BatchNorm = true, Epochs = 10 });
        using TrainSession<float> session = plan.Start();
        Model model = plan.Finish(session).Model;
        float[] outputs = new float[3];
        float[] row = [5, 3, 1, 1];
        for (int i = 0; i < 140; i++) session.Step();
        // The just-in-time compiler may allocate on this thread while it replaces code: the best of five stretches.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            while (session.State.Position is 0 or > 60) session.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
            {
                session.Step();
                model.Predict(row, outputs);
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Hold(least == 0, $"{least} bytes in 50 steps and predictions");
        return "";
    }

    /// <summary>Compares a weights hash with the one that it had on the first machine; returns its beginning.</summary>
    private static string SameHash(string hash, string expected)
    {
        Hold(hash == expected, $"the weights' SHA-256 is {hash}, expected {expected}");
        return hash[..16];
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
