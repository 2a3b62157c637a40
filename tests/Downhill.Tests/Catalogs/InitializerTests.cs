using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>Start weights: their distribution, their shape, and that they depend on nothing but the seed and the
/// layer.</summary>
public sealed class InitializerTests
{
    public static TheoryData<string> Names { get; } = new(Initializers.All.Select(e => e.Name));

    private static LayerStart Fill(
        Initializer initializer, int inputs, int units, ConnectionMask? mask = null, ulong seed = 3, bool biases = true)
    {
        LayerStart start = new(inputs, units, mask, new double[inputs * units], biases ? new double[units] : [],
            new RandomStream(seed, RandomStreams.Initialization));
        initializer.Fill(start);
        return start;
    }

    // Variance of N(0, 1) cut off at ±2: 1 − 2·2·φ(2)/(2Φ(2) − 1), φ(2) = 0.05399096651318806, 2Φ(2) − 1 =
    // 0.9544997361036416.
    private const double CutVariance = 1 - 4 * 0.05399096651318806 / 0.9544997361036416;

    /// <summary>120·150 draws: the mean within 4 standard errors of 0, the variance within 4 of the formula's, every
    /// draw within its bound.</summary>
    [Theory]
    [InlineData("uniform(0.3)", 0.3 * 0.3 / 3, 0.3)]
    [InlineData("normal(0.2)", 0.04, 0)]
    [InlineData("truncated_normal(0.2)", 0.04 * CutVariance, 0.4)]
    [InlineData("lecun_normal", 1.0 / 120, 0)]
    [InlineData("lecun_uniform", 1.0 / 120, 0.15811388300841897)]  // √(3/120)
    [InlineData("glorot_normal", 2.0 / 270, 0)]
    [InlineData("glorot_uniform", 2.0 / 270, 0.14907119849998599)] // √(6/270)
    [InlineData("he_normal", 2.0 / 120, 0)]
    [InlineData("embedding", 1.0, 0)]
    [InlineData("he_uniform", 2.0 / 120, 0.22360679774997896)]     // √(6/120)
    public void Mean_variance_and_bounds(string text, double variance, double bound)
    {
        const int inputs = 120, units = 150, n = inputs * units;
        double[] w = Fill(Catalog.Default.Initializer(text), inputs, units).Weights;
        double mean = w.Average(), second = w.Average(x => x * x), fourth = w.Average(x => x * x * x * x);
        Assert.InRange(mean, -4 * Math.Sqrt(variance / n), 4 * Math.Sqrt(variance / n));
        Assert.Equal(variance, second, 4 * Math.Sqrt((fourth - second * second) / n));
        // Kurtosis tells the shapes apart: 3 for a normal, 1.8 for a uniform distribution.
        double kurtosis = fourth / (second * second);
        if (bound == 0) Assert.InRange(kurtosis, 2.85, 3.15);
        else if (text.StartsWith("truncated")) Assert.InRange(kurtosis, 2.2, 2.5);
        else Assert.InRange(kurtosis, 1.75, 1.85);
        if (bound == 0) Assert.True(w.Max(Math.Abs) > 3 * Math.Sqrt(variance));
        else Assert.InRange(w.Max(Math.Abs), 0.995 * bound, bound);
        // Neighbours, along rows and along columns, have nothing to do with one another.
        Assert.InRange(Correlation(1), -4 / Math.Sqrt(n), 4 / Math.Sqrt(n));
        Assert.InRange(Correlation(units), -4 / Math.Sqrt(n), 4 / Math.Sqrt(n));

        double Correlation(int lag) => Enumerable.Range(0, n - lag).Sum(i => w[i] * w[i + lag]) / (n * second);
    }

    /// <summary>The entry in the table above, or one of those with tests of their own.</summary>
    [Fact]
    public void Every_initializer_is_tested() => Assert.Equal(
        ["uniform", "normal", "truncated_normal", "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform",
            "he_normal", "he_uniform", "orthogonal", "widrow_nguyen", "embedding", "zeros", "constant"],
                Initializers.All.Select(e => e.Name));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(40, 40)]
    [InlineData(30, 9)]
    [InlineData(9, 30)]
    [InlineData(1, 12)]
    [InlineData(200, 150)]
    public void Orthogonal_is_orthogonal(int inputs, int units)
    {
        const double gain = 1.5;
        double[] w = Fill(Initializers.Orthogonal(gain), inputs, units).Weights;
        int few = Math.Min(inputs, units), many = Math.Max(inputs, units);
        double At(int vector, int i) => units <= inputs ? w[i * units + vector] : w[vector * units + i];
        for (int a = 0; a < few; a++)
            for (int b = 0; b <= a; b++)
            {
                double product = 0;
                for (int i = 0; i < many; i++) product += At(a, i) * At(b, i);
                Assert.Equal(a == b ? gain * gain : 0, product, 1e-12);
            }
    }

    /// <summary>Uniform among the rotations: over many seeds each element has mean 0 and variance 1/n, also the
    /// diagonal
    /// (a QR without care for signs fails there).</summary>
    [Fact]
    public void Orthogonal_prefers_no_direction()
    {
        const int n = 3, seeds = 3000;
        double[] mean = new double[n * n], square = new double[n * n];
        for (int seed = 0; seed < seeds; seed++)
        {
            double[] w = Fill(Initializers.Orthogonal(), n, n, seed: (ulong)seed).Weights;
            for (int i = 0; i < w.Length; i++)
            {
                mean[i] += w[i] / seeds;
                square[i] += w[i] * w[i] / seeds;
            }
        }
        Assert.All(mean, m => Assert.InRange(m, -4 * Math.Sqrt(1.0 / n / seeds), 4 * Math.Sqrt(1.0 / n / seeds)));
        // Var(w²) = 3/(n(n+2)) − 1/n² = 0.2 − 0.111
        Assert.All(square, s => Assert.Equal(1.0 / n, s, 4 * Math.Sqrt((0.2 - 1 / 9.0) / seeds)));
    }

    [Fact]
    public void Widrow_and_Nguyen_set_lengths_and_biases()
    {
        const int inputs = 3, units = 400;
        LayerStart start = Fill(Initializers.WidrowNguyen, inputs, units);
        double length = 0.7 * Math.Pow(units, 1.0 / inputs);
        for (int u = 0; u < units; u++)
        {
            double squares = 0;
            for (int i = 0; i < inputs; i++) squares += start.Weights[i * units + u] * start.Weights[i * units + u];
            Assert.Equal(length, Math.Sqrt(squares), 1e-12);
        }
        double mean = start.Biases.Average(), variance = start.Biases.Average(b => b * b);
        Assert.InRange(mean, -4 * length / Math.Sqrt(3 * units), 4 * length / Math.Sqrt(3 * units));
        Assert.Equal(length * length / 3, variance, 4 * length * length * Math.Sqrt((0.2 - 1 / 9.0) / units));
        Assert.InRange(start.Biases.Max(Math.Abs), 0.97 * length, length);
        Assert.Equal(start.Weights, Fill(Initializers.WidrowNguyen, inputs, units, biases: false).Weights);
    }

    /// <summary>What the paper is about: the units' planes w·x + b = 0 pass through the region of the inputs, and
    /// spread.</summary>
    [Fact]
    public void Widrow_and_Nguyen_spread_the_units_over_the_inputs()
    {
        LayerStart start = Fill(Initializers.WidrowNguyen, 1, 200);
        double[] centres = [.. Enumerable.Range(0, 200).Select(u => -start.Biases[u] / start.Weights[u])];
        Assert.All(centres, c => Assert.InRange(c, -1, 1));
        for (int fifth = -5; fifth < 5; fifth++)
            Assert.Contains(centres, c => c >= fifth / 5.0 && c < (fifth + 1) / 5.0);
    }

    [Fact]
    public void Zeros_and_constants()
    {
        Assert.All(Fill(Initializers.Zeros, 5, 4).Weights, w => Assert.Equal(0, w));
        Assert.All(Fill(Initializers.Constant(-0.25), 5, 4).Weights, w => Assert.Equal(-0.25, w));
    }

    /// <summary>Unit 0 has 1 of 40 links, unit 1 has 10, unit 2 all; the others at random.</summary>
    private static ConnectionMask Ragged()
    {
        const int inputs = 40, units = 60;
        ConnectionMask random = Runs.Mask(inputs, units, 0.4);
        bool[] present = new bool[inputs * units];
        for (int i = 0; i < inputs; i++)
            for (int u = 0; u < units; u++)
                present[i * units + u] = u switch { 0 => i == 7, 1 => i % 4 == 0, 2 => true, _ => random[i, u] };
        return new(inputs, units, present);
    }

    /// <summary>In a network: absent links are exactly 0, biases are 0 unless the initializer is Widrow's and
    /// Nguyen's.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Masks_are_respected(string name)
    {
        ConnectionMask mask = Ragged();
        Dense layer = new(60, Activations.Tanh) { Connections = mask, Initializer = Catalog.Default.Initializer(name) };
        double[] weights = new double[40 * 60], biases = new double[60];
        layer.Initialize(40, [weights, biases], new RandomStream(3, RandomStreams.Initialization));
        for (int i = 0; i < 40; i++)
            for (int u = 0; u < 60; u++)
            {
                if (!mask[i, u]) Assert.Equal(0, weights[i * 60 + u]);
                else Assert.Equal(name == "zeros", weights[i * 60 + u] == 0);
            }
        Assert.Equal(name == "widrow_nguyen", biases.Any(b => b != 0));
    }

    /// <summary>Each weight of a masked layer is that of the full one, scaled as the unit's links (and the input's)
    /// say.</summary>
    [Theory]
    [InlineData("lecun_normal")]
    [InlineData("lecun_uniform")]
    [InlineData("he_normal")]
    [InlineData("he_uniform")]
    [InlineData("glorot_normal")]
    [InlineData("glorot_uniform")]
    [InlineData("orthogonal")]
    public void Fan_in_counts_links(string name)
    {
        ConnectionMask mask = Ragged();
        Initializer initializer = Catalog.Default.Initializer(name);
        LayerStart full = Fill(initializer, 40, 60), masked = Fill(initializer, 40, 60, mask);
        for (int i = 0; i < 40; i++)
            for (int u = 0; u < 60; u++)
            {
                if (!mask[i, u]) continue;
                double fanIn = mask.FanIn(u), fanOut = Enumerable.Range(0, 60).Count(o => mask[i, o]);
                double scale = name.StartsWith("glorot") ? Math.Sqrt(100 / (fanIn + fanOut)) : Math.Sqrt(40 / fanIn);
                Assert.Equal(full.Weights[i * 60 + u] * scale, masked.Weights[i * 60 + u], 1e-12);
            }
    }

    [Fact]
    public void Widrow_and_Nguyen_count_links()
    {
        ConnectionMask mask = Ragged();
        LayerStart start = Fill(Initializers.WidrowNguyen, 40, 60, mask);
        for (int u = 0; u < 60; u++)
        {
            double squares = Enumerable.Range(0, 40).Sum(i => start.Weights[i * 60 + u] * start.Weights[i * 60 + u]);
            Assert.Equal(0.7 * Math.Pow(60, 1.0 / mask.FanIn(u)), Math.Sqrt(squares), 1e-11);
        }
    }

    /// <summary>The same numbers for any number of threads and, as ./test runs this per width, at any width:
    /// pinned.</summary>
    [Theory]
    [InlineData("uniform", "dbdf868e2b493ec3")]
    [InlineData("normal", "d521eec87041783f")]
    [InlineData("truncated_normal", "18985a4192b6a15e")]
    [InlineData("lecun_normal", "1b502c0b25086685")]
    [InlineData("lecun_uniform", "8b7293350118c6db")]
    [InlineData("glorot_normal", "ec48100744a715b6")]
    [InlineData("glorot_uniform", "1622557d97d2d151")]
    [InlineData("he_normal", "5d0600a6f6658090")]
    [InlineData("he_uniform", "6c3c500e3b6bc46d")]
    [InlineData("orthogonal", "ee1d28bfa3051151")]
    [InlineData("widrow_nguyen", "557bafa43c8e6f4e")]
    public void Bits_are_pinned(string name, string hash)
    {
        Initializer initializer = Catalog.Default.Initializer(name);
        NetworkSpec spec = new(11, new Dense(13, Activations.Tanh) { Initializer = initializer },
            new Dense(3, Activations.Softmax) { Initializer = initializer });
        Dataset data = Runs.Classes(20, 11, 3);
        foreach (int threads in (int[])[1, 2, 4])
        {
            using TrainSession<float> session = Runs.Start<float>(data, spec, new() { Threads = threads, Seed = 5 });
            Assert.Equal(hash, Runs.Hash(session)[..16]);
        }
        using TrainSession<float> other = Runs.Start<float>(data, spec, new() { Seed = 6 });
        Assert.NotEqual(hash, Runs.Hash(other)[..16]);
        // Two layers of one shape do not start alike.
        NetworkSpec twins = new(4, new Dense(4, Activations.Tanh) { Initializer = initializer },
            new Dense(4, Activations.Tanh) { Initializer = initializer },
            new Dense(3, Activations.Softmax));
        using TrainSession<float> session2 = Runs.Start<float>(Runs.Classes(20, 4, 3), twins, new() { Seed = 5 });
        ReadOnlySpan<float> parameters = session2.State.Parameters.Span;
        ReadOnlySpan<float> first = parameters.Slice(twins.Segments[0].Offset, 16);
        Assert.False(first.SequenceEqual(parameters.Slice(twins.Segments[2].Offset, 16)));
    }

    /// <summary>Double and float start from one draw.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Float_starts_where_double_does(string name)
    {
        NetworkSpec spec = new(5, new Dense(6, Activations.Tanh) { Initializer = Catalog.Default.Initializer(name) },
            new Dense(3, Activations.Softmax));
        Dataset data = Runs.Classes(20, 5, 3);
        using TrainSession<float> single = Runs.Start<float>(data, spec, new());
        using TrainSession<double> twice = Runs.Start<double>(data, spec, new());
        Assert.Equal(Runs.Weights(twice).Select(w => (float)w), Runs.Weights(single));
    }

    /// <summary>Every initializer by its name through a fit, a model file and a checkpoint.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Saved_and_resumed(string name)
    {
        Initializer initializer = Catalog.Default.Initializer(name);
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(iris, new() { Hidden = [4], Initializer = initializer, Epochs = 2, Threads = 1 });
        using TrainSession<float> whole = plan.Start(), part = plan.Start();
        part.Step();
        whole.Run();
        string path = Path.Combine(Path.GetTempPath(), $"downhill-{Guid.NewGuid():N}.safetensors");
        try
        {
            Checkpoint.Save(path, plan, part);
            (FitPlan again, TrainSession<float> resumed) = Checkpoint.Load(path, iris);
            using (resumed)
            {
                Assert.Equal(initializer, ((Dense)again.Network.Layers[0]).Initializer);
                resumed.Run();
                Assert.Equal(Runs.Hash(whole), Runs.Hash(resumed));
            }
            Model model = plan.Finish(whole).Model;
            model.Save(path);
            Assert.Equal(model.Spec, Model.Load(path).Spec);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
