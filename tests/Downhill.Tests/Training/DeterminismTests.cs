namespace Downhill.Tests.Training;

/// <summary>Same seed, same bits: for any number of threads, run after run, and (portable) at any vector
/// width.</summary>
public sealed class DeterminismTests
{
    /// <summary>Layers wide enough that a pass of 256 rows is far above the work at which the team is woken.</summary>
    private static NetworkSpec Wide(string shape) => shape switch
    {
        "plain" => new(20, new Dense(64, Activations.Tanh), new Dense(50, Activations.Relu),
            new Dense(5, Activations.Softmax)),
        "masked" => new(20, new Dense(64, Activations.Tanh) { Connections = Runs.Mask(20, 64) },
            new Dense(50, Activations.Sigmoid()) { Connections = Runs.Mask(64, 50) },
                new Dense(5, Activations.Softmax)),
        "scaled" => new(
            20, new Dense(64, Activations.Tanh) { Connections = Runs.Mask(20, 64), ForwardScale = ForwardScale.LeCun },
            new Dense(50, Activations.Relu) { ForwardScale = ForwardScale.LeCun },
            new Dense(5, Activations.Softmax) { ForwardScale = ForwardScale.LeCun, HasBias = false }),
        "dropout" => new(20, new Dense(64, Activations.Relu), new Dropout(0.3), new Dense(50, Activations.Tanh),
            new Dropout(0.2),
            new Dense(5, Activations.Softmax)),
        "batch_norm" => new(20, new Dense(64, Activations.Identity), new BatchNorm(Activations.Relu),
            new Dense(50, Activations.Identity), new BatchNorm(Activations.Tanh), new Dense(5, Activations.Softmax)),
        "large" => new(20, new Dense(262, Activations.Tanh), new Dense(260, Activations.Tanh),
            new Dense(5, Activations.Softmax)),
        _ => new(20, new Dense(3, Activations.Tanh), new Dense(5, Activations.Softmax)),
    };

    private static TrainOptions Options(string optimizer, string arithmetic, int threads) => new()
    {
        Optimizer = Catalog.Default.Optimizer(optimizer),
        LearningRate = optimizer switch { "adam" => 0.005, "lbfgs" => null, _ => 0.05 },
        Batch = optimizer == "lbfgs" ? 0 : 256,
        Epochs = 2,
        L2 = optimizer == "momentum" ? 1e-3 : 0,
        L1 = optimizer == "gradient_descent" ? 1e-3 : 0,
        Clip = optimizer == "adam" ? 1 : 0,
        Threads = threads,
        Arithmetic = Enum.Parse<Arithmetic>(arithmetic),
        Step = StepKind.Shared,
        Seed = 3,
    };

    public static TheoryData<string, string, string> Cases()
    {
        TheoryData<string, string, string> cases = [];
        foreach (string arithmetic in (string[])["Fast", "Portable"])
        {
            foreach (string shape in (string[])["plain", "masked", "scaled", "dropout", "batch_norm", "small"])
                cases.Add(shape, shape is "plain" or "small" ? "momentum" : "adam", arithmetic);
            foreach (string optimizer in (string[])["gradient_descent", "lbfgs"])
                cases.Add("masked", optimizer, arithmetic);
        }
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Threads_do_not_change_the_bits(string shape, string optimizer, string arithmetic)
    {
        Dataset data = Runs.Classes(600, 20, 5);
        string alone = Runs.Train<float>(data, Wide(shape), Options(optimizer, arithmetic, threads: 1));
        for (int threads = 2; threads <= 4; threads++)
            Assert.Equal(alone, Runs.Train<float>(data, Wide(shape), Options(optimizer, arithmetic, threads)));
        Assert.NotEqual(
            alone, Runs.Train<float>(data, Wide(shape), Options(optimizer, arithmetic, 1) with { Seed = 4 }));
    }

    /// <summary>Layers of more than 65,536 weights turn a small batch, and their weights for a large one.</summary>
    [Theory]
    [InlineData(70)]
    [InlineData(256)]
    public void Threads_do_not_change_the_bits_of_large_layers(int batch)
    {
        Dataset data = Runs.Classes(600, 20, 5);
        TrainOptions options = Options("momentum", "Fast", threads: 1) with { Batch = batch, Epochs = 1 };
        string alone = Runs.Train<float>(data, Wide("large"), options);
        for (int threads = 2; threads <= 4; threads++)
            Assert.Equal(alone, Runs.Train<float>(data, Wide("large"), options with { Threads = threads }));
    }

    /// <summary>Chunks of a large batch, whose gradients the threads hand on to one another while they have enough rows
    /// each.</summary>
    [Theory]
    [InlineData("plain", "momentum")]
    [InlineData("plain", "adam")]
    [InlineData("dropout", "adam")]
    public void Threads_do_not_change_the_bits_of_chunks(string shape, string optimizer)
    {
        float[] weights = [.. Enumerable.Range(0, 1100).Select(i => i % 4 * 0.5f)];
        Dataset data = Runs.Classes(1100, 20, 5, weights: weights);
        TrainOptions options = Options(optimizer, "Fast", threads: 1) with { Batch = 0, Epochs = 5 };
        string alone = Runs.Train<float>(data, Wide(shape), options);
        for (int threads = 2; threads <= 5; threads++)
        {
            using Network<float> network = new(Wide(shape), threads: threads);
            Assert.True(network.PassesByRows);
            Assert.Equal(threads <= 4, network.ChainsGradients(256));
            Assert.Equal(alone, Runs.Train<float>(data, Wide(shape), options with { Threads = threads }));
        }
    }

    [Fact]
    public void Twenty_runs_give_one_hash()
    {
        Dataset data = Runs.Classes(600, 20, 5);
        HashSet<string> hashes = [];
        for (int run = 0; run < 20; run++)
            hashes.Add(
                Runs.Train<float>(data, Wide("dropout"), Options("adam", "Fast", 1 + run % 4) with { Epochs = 1 }));
        Assert.Single(hashes);
    }

    /// <summary>./test runs this suite once per vector width: one literal for all of them, for native code and the
    /// browser.</summary>
    [Theory]
    [InlineData("plain", "momentum", "9d1cd628249af9f2")]
    [InlineData("masked", "adam", "d622deff914e7cc5")]
    [InlineData("scaled", "adam", "d220ec2db24e7846")]
    [InlineData("dropout", "adam", "af8f8d92cacc717e")]
    [InlineData("batch_norm", "gradient_descent", "6a5f7e4b781ac5a5")]
    [InlineData("small", "lbfgs", "856f5180199d02dc")]
    public void Portable_arithmetic_gives_the_pinned_bits(string shape, string optimizer, string hash) =>
        Assert.Equal(
            hash, Runs.Train<float>(Runs.Classes(600, 20, 5), Wide(shape), Options(optimizer, "Portable", 2))[..16]);

    /// <summary>Fast arithmetic has the same bits at every width too, where the processor has fused
    /// multiply-add.</summary>
    [Theory]
    [InlineData("plain", "momentum", "0ec9889d21f516f8")]
    [InlineData("masked", "adam", "8f8ca7486ed435cc")]
    [InlineData("batch_norm", "gradient_descent", "2a736904635f1563")]
    [InlineData("small", "lbfgs", "49c52d82f4b54a0b")]
    public void Fast_arithmetic_gives_the_pinned_bits(string shape, string optimizer, string hash)
    {
        if (!Downhill.Kernels.Kernels<float>.For(Arithmetic.Fast).IsFused) Assert.Skip(
            "no fused multiply-add at this width");
        Assert.Equal(
            hash, Runs.Train<float>(Runs.Classes(600, 20, 5), Wide(shape), Options(optimizer, "Fast", 2))[..16]);
    }

    [Fact]
    public void Double_is_as_independent_of_threads_and_width()
    {
        Dataset data = Runs.Classes(600, 20, 5);
        string hash = Runs.Train<double>(data, Wide("masked"), Options("adam", "Portable", 1));
        Assert.Equal(hash, Runs.Train<double>(data, Wide("masked"), Options("adam", "Portable", 4)));
        Assert.Equal("fcda53262cff87eb", hash[..16]);
    }
}
