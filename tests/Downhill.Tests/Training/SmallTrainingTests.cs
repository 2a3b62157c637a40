using System.Numerics;

namespace Downhill.Tests.Training;

/// <summary>The compiled step of small networks gives the bits of the general step, whatever is asked for.</summary>
public sealed class SmallTrainingTests
{
    /// <summary>Runs both ways and compares parameters, slots, gradient and reports.</summary>
    private static void Same<T>(Dataset data, NetworkSpec spec, TrainOptions options, int steps = 23,
        Preparation? preparation = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        preparation ??= Runs.Plain(data, loss: options.Loss);
        using TrainSession<T> general = new(
            spec, data, Runs.All(data), [], preparation, options with { Step = StepKind.General });
        using TrainSession<T> small = new(
            spec, data, Runs.All(data), [], preparation, options with { Step = StepKind.Small });
        Assert.False(general.IsCompiled);
        Assert.True(small.IsCompiled);
        for (int i = 0; i < steps && general.Stopped is null; i++)
        {
            Assert.Equal(general.Step(), small.Step());
            Assert.Equal(Runs.Weights(general), Runs.Weights(small));
        }
        Assert.Equal(general.State.Gradient.Span, small.State.Gradient.Span);
        for (int slot = 0; slot < general.State.Slots.Count; slot++)
            foreach (Segment segment in spec.Segments)
                Assert.Equal(general.State.Slots[slot].Span.Slice(segment.Offset, segment.Length),
                    small.State.Slots[slot].Span.Slice(segment.Offset, segment.Length));
        Assert.Equal(general.Stopped, small.Stopped);
        Assert.Equal(general.State.History.Count, small.State.History.Count);
        for (int i = 0; i < general.State.History.Count; i++)
        {
            EpochReport a = general.State.History[i], b = small.State.History[i];
            // The squared error is added up in T by lanes.
            Assert.Equal(a.TrainSquaredError, b.TrainSquaredError, 1e-6 * Math.Abs(a.TrainSquaredError));
            Assert.Equal(a with { TrainSquaredError = 0 }, b with { TrainSquaredError = 0 });
        }
    }

    public static TheoryData<string> ActivationNames { get; } = [
        .. Activations.All.Where(a => a.Default.HasSlope && a.Default.IsElementwise).Select(a => a.Name)];

    [Theory, MemberData(nameof(ActivationNames))]
    public void Every_activation(string name)
    {
        Activation activation = Catalog.Default.Activation(name);
        Dataset data = Runs.Numbers(61, 3, 2);
        TrainOptions options = new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Optimizers.GradientDescent,
            LearningRate = 0.02, Batch = 10
        };
        NetworkSpec spec = new(3, new Dense(5, activation), new Dense(4, activation), new Dense(2, activation));
        Same<float>(data, spec, options);
        Same<double>(data, spec, options with { Arithmetic = Arithmetic.Portable });
    }

    [Theory]
    [InlineData("euclidean", "tanh")]
    [InlineData("mse", "identity")]
    [InlineData("binary_cross_entropy", "sigmoid")]
    [InlineData("binary_cross_entropy(0.1)", "ramp")]
    [InlineData("cross_entropy", "softmax")]
    [InlineData("cross_entropy(0.2)", "softmax")]
    [InlineData("mae", "tanh")]
    [InlineData("huber", "identity")]
    [InlineData("hinge", "identity")]
    [InlineData("poisson", "softplus")]
    public void Every_loss(string loss, string output)
    {
        foreach (bool weighted in (bool[])[false, true])
        {
            Dataset data = Runs.Classes(
                61, 4, 3, weights: weighted ? [.. Enumerable.Range(0, 61).Select(i => i % 5 * 0.3f)] : null);
            TrainOptions options = new()
            {
                Loss = Catalog.Default.Loss(loss), Optimizer = Optimizers.Momentum(), LearningRate = 0.02, Batch = 7,
                ClassWeights = weighted ? [1, 2.5, 0.7] : null,
            };
            NetworkSpec spec = new(4, new Dense(6, Activations.Tanh), new Dense(3, Catalog.Default.Activation(output)));
            Same<float>(data, spec, options);
            Same<double>(data, spec, options);
        }
    }

    public static TheoryData<string> Rules { get; } = [
        .. Optimizers.All.Where(o => o.Default.Method is null).Select(o => o.Name)];

    [Theory, MemberData(nameof(Rules))]
    public void Every_rule_with_and_without_penalties(string name)
    {
        Optimizer optimizer = Catalog.Default.Optimizer(name);
        Dataset data = Runs.Classes(40, 4, 3);
        NetworkSpec masked = new(4, new Dense(9, Activations.Tanh) { Connections = Runs.Mask(4, 9) },
            new Dense(5, Activations.Relu) { HasBias = false, Connections = Runs.Mask(9, 5) },
                new Dense(3, Activations.Softmax));
        NetworkSpec full = new(4, new Dense(6, Activations.Relu) { HasBias = false },
            new Dense(3, Activations.Softmax));
        TrainOptions plain = new() { Optimizer = optimizer, Batch = optimizer.NeedsFullBatch ? 0 : 6, Epochs = 30 };
        foreach (NetworkSpec spec in (NetworkSpec[])[masked, full])
        {
            Same<float>(data, spec, plain);
            Same<float>(data, spec, plain with { L1 = 1e-3, L2 = 1e-2, WeightDecay = 1e-2 });
            Same<float>(data, spec, plain with { L1 = 1e-3, L2 = 1e-2, WeightDecay = 1e-2, PenalizeBiases = true });
            Same<float>(data, spec, plain with { Clip = 0.05, L2 = 1e-2 });
            Same<float>(data, spec, plain with { LayerRates = LayerRates.LeCun, WeightDecay = 1e-2 });
            Same<double>(
                data, spec,
                plain with
                {
                    LayerRates = LayerRates.Of(
                Enumerable.Range(1, spec.Layers.Count).Select(i => 0.4 * i).ToArray()),
                    L2 = 1e-3
                });
            Same<float>(data, spec, plain with
            {
                Schedules = [new("learning_rate", Schedules.Cosine()), new("l2", Schedules.Warmup(8))],
                L2 = 0.1,
                Reduction = Reduction.Sum,
                LearningRate = 0.01,
            });
        }
    }

    [Theory]
    [InlineData("1-1", 1)]
    [InlineData("2-4-2-1", 10)]
    [InlineData("3-17-5-2", 16)]
    [InlineData("16-16-16", 17)]
    [InlineData("7-33-1", 31)]
    [InlineData("2-3-3-3-3-3-1", 32)]
    [InlineData("31-15-4", 16)]
    [InlineData("31-15-4", 33)]
    [InlineData("5-15-7-1", 10)]
    [InlineData("5-8-2", 64)]
    [InlineData("4-9-3", 100)]
    [InlineData("4-9-3", 0)]
    public void Every_shape(string shape, int batch)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape);
        Dataset data = Runs.Numbers(137, spec.Inputs, spec.Outputs);
        foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
            foreach (bool shuffle in (bool[])[true, false])
                Same<float>(data, spec, new()
                {
                    Loss = Losses.Euclidean, Optimizer = Optimizers.Adam(), LearningRate = 0.01, Batch = batch,
                    Arithmetic = arithmetic, Shuffle = shuffle,
                }, steps: 160);
    }

    /// <summary>The order of an epoch is drawn in stretches; batches do not end where these do.</summary>
    [Fact]
    public void More_rows_than_are_drawn_at_once() => Same<float>(
        Runs.Numbers(17_000, 2), NetworkSpec.Parse("2-3-1"),
        new() { Loss = Losses.Euclidean, Batch = 96, LearningRate = 0.001 }, steps: 180);

    [Fact]
    public void Categories_scaling_and_a_single_output()
    {
        RandomStream random = new(3, RandomStreams.Data);
        const int Rows = 90;
        Dataset data = new("mixed", [new("a"), new("b", ColumnKind.Category, ["x", "y", "z"]), new("c")],
            new(["t"], ["no", "yes"]),
            [.. Enumerable.Range(0, 2 * Rows).Select(i => (float)random.Normal((ulong)i))],
                [.. Enumerable.Range(0, Rows).Select(i => i % 4 - 1)],
            [.. Enumerable.Range(0, Rows).Select(i => i / 3 % 2)], []);
        Preparation preparation = Preparation.Fit(data, Runs.All(data), Scaling.Standard, 0, 1, singleOutput: true);
        Same<float>(data, new(5, new Dense(4, Activations.Tanh), new Dense(1, Activations.Sigmoid())),
            new() { Loss = Losses.BinaryCrossEntropy, Batch = 8, Stop = [StoppingRules.Gradient(1e-9)] },
                preparation: preparation);
    }

    [Theory]
    [InlineData("2-4-2-1", true)]
    [InlineData("2-8-8-1", true)]
    [InlineData("784-128-10", false)]
    public void Small_networks_are_compiled_and_large_ones_are_not(string shape, bool compiled)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape);
        Dataset data = Runs.Numbers(20, spec.Inputs, spec.Outputs);
        using TrainSession<float> session = Runs.Start<float>(data, spec, new() { Loss = Losses.MeanSquaredError });
        Assert.Equal(compiled, session.IsCompiled);
    }

    [Fact]
    public void Other_layers_take_the_general_step()
    {
        Dataset data = Runs.Classes(20, 3, 2);
        foreach (NetworkSpec spec in (NetworkSpec[])[
            new(3, new Dense(4, Activations.Tanh) { ForwardScale = ForwardScale.LeCun },
                new Dense(2, Activations.Softmax)),
            new(3, new Dense(4, Activations.Tanh), new Dropout(0.1), new Dense(2, Activations.Softmax)),
            new(3, new Dense(4, Activations.Identity), new BatchNorm(Activations.Tanh),
                new Dense(2, Activations.Softmax))])
        {
            using TrainSession<float> session = Runs.Start<float>(data, spec, new() { Step = StepKind.Small });
            Assert.False(session.IsCompiled);
        }
    }

    [Fact]
    public void Many_steps_at_once_are_the_same_as_one_by_one()
    {
        Dataset data = Runs.Classes(205, 4, 3);
        TrainOptions options = new() { Batch = 2, Epochs = 4, LearningRate = 0.01 };
        NetworkSpec spec = new(4, new Dense(6, Activations.Tanh), new Dense(3, Activations.Softmax));
        using TrainSession<float> single = Runs.Start<float>(data, spec, options),
            many = Runs.Start<float>(data, spec, options), run = Runs.Start<float>(data, spec, options);
        while (single.Stopped is null) single.Step();
        int calls = 0;
        while (many.Stopped is null)
        {
            long before = many.State.Step;
            int most = 1 + calls++ * 7 % 90;
            many.Steps(most);
            Assert.InRange(many.State.Step - before, 1, most);
        }
        run.Run();
        Assert.Equal(Runs.Hash(single), Runs.Hash(many));
        Assert.Equal(Runs.Hash(single), Runs.Hash(run));
        Assert.Equal(single.State.History, many.State.History);
        Assert.Equal(single.State.History, run.State.History);
        Assert.True(calls < single.State.Step);
    }

    /// <summary>Weights changed from outside between two steps count, as they do for the general step.</summary>
    [Fact]
    public void The_state_may_be_changed_between_steps()
    {
        Dataset data = Runs.Numbers(30, 2);
        TrainOptions options = new() { Loss = Losses.MeanSquaredError, Batch = 5, Optimizer = Optimizers.Momentum() };
        using TrainSession<float> general = Runs.Start<float>(
            data, NetworkSpec.Parse("2-3-1"), options with { Step = StepKind.General });
        using TrainSession<float> small = Runs.Start<float>(data, NetworkSpec.Parse("2-3-1"), options);
        foreach (TrainSession<float> session in (TrainSession<float>[])[general, small])
        {
            session.Steps(3);
            session.State.Parameters.Span[1] = 0.75f;
            session.State.Slots[0].Span[0] = -0.5f;
            session.Steps(3);
        }
        Assert.Equal(Runs.Weights(general), Runs.Weights(small));
    }

    [Theory]
    [InlineData("gradient_descent", 1e6)]
    [InlineData("momentum", 400)]
    public void A_divergence_is_told_alike(string optimizer, double rate)
    {
        Dataset data = Runs.Numbers(60, 3);
        Same<float>(data, NetworkSpec.Parse("3-5-1", Activations.Identity), new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Catalog.Default.Optimizer(optimizer), LearningRate = rate,
            Batch = 6, Epochs = 1000,
        }, steps: 500);
    }
}
