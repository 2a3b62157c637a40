using System.Numerics;

namespace Downhill.Tests.Training;

/// <summary>The compiled step of batches of one row gives the bits of the general step, whatever is asked
/// for.</summary>
public sealed class RowTrainingTests
{
    /// <summary>Takes both ways, some steps at a call, and compares everything that a step changes.</summary>
    private static void Same<T>(Dataset data, NetworkSpec spec, TrainOptions options, int calls = 12, int most = 7)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        options = options with { Batch = 1 };
        using TrainSession<T> general = Runs.Start<T>(data, spec, options with { Step = StepKind.General });
        using TrainSession<T> row = Runs.Start<T>(data, spec, options with { Step = StepKind.Row });
        Assert.False(general.IsCompiled);
        Assert.True(row.IsCompiledByRow);
        for (int i = 0; i < calls && general.Stopped is null; i++)
        {
            int steps = 1 + i % most;
            StepReport expected = default;
            for (int step = 0; step < steps && general.Stopped is null; step++)
            {
                int epochs = general.State.History.Count;
                expected = general.Step();
                if (general.State.History.Count > epochs) break;
            }
            Assert.Equal(expected, row.Steps(steps));
            Assert.Equal(Runs.Weights(general), Runs.Weights(row));
            Assert.Equal(general.State.Gradient.Span, row.State.Gradient.Span);
            for (int slot = 0; slot < general.State.Slots.Count; slot++)
                Assert.Equal(general.State.Slots[slot].Span, row.State.Slots[slot].Span);
        }
        Assert.Equal(general.Stopped, row.Stopped);
        Assert.Equal(general.State.History, row.State.History);
    }

    [Fact]
    public void Distorted_images()
    {
        Dataset digits = Dataset.Load("digits").Subset([.. Enumerable.Range(0, 20)]);
        NetworkSpec spec = new(64, new Dense(20, Activations.Relu), new Dense(10, Activations.Softmax));
        Same<float>(digits, spec, new() { Epochs = 30, Augment = [Augmentations.Affine()] });
    }

    /// <summary>What lies between the tensors is nobody's: NaN there reaches no number and stays.</summary>
    [Theory]
    [InlineData("3-15-16-2", "momentum")]
    [InlineData("5-17-31-4", "adam")]
    [InlineData("9-65-79-3", "amsgrad")]
    [InlineData("200-450-3", "adam")]
    public void The_gaps_between_tensors_are_not_touched(string shape, string rule)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape);
        Dataset data = Runs.Numbers(23, spec.Inputs, spec.Outputs);
        TrainOptions options = new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.001,
            Batch = 1,
            Step = StepKind.Row,
        };
        using TrainSession<float> plain = Runs.Start<float>(data, spec, options),
            guarded = Runs.Start<float>(data, spec, options);
        bool[] isGap = new bool[spec.ParameterLength];
        Array.Fill(isGap, true);
        foreach (Segment segment in spec.Segments) isGap.AsSpan(segment.Offset, segment.Length).Clear();
        Assert.Contains(true, isGap);
        AlignedBuffer<float>[] arrays = [guarded.State.Parameters, guarded.State.Gradient, .. guarded.State.Slots];
        foreach (AlignedBuffer<float> array in arrays)
            for (int i = 0; i < isGap.Length; i++)
                if (isGap[i]) array.Span[i] = float.NaN;
        for (int call = 0; call < 10; call++) Assert.Equal(plain.Steps(1 + call), guarded.Steps(1 + call));
        Assert.True(guarded.IsCompiledByRow);
        AlignedBuffer<float>[] expected = [plain.State.Parameters, plain.State.Gradient, .. plain.State.Slots];
        for (int a = 0; a < arrays.Length; a++)
            for (int i = 0; i < isGap.Length; i++)
                Assert.True(isGap[i] ? float.IsNaN(arrays[a].Span[i]) : arrays[a].Span[i] == expected[a].Span[i],
                    $"array {a}, {(isGap[i] ? "gap" : "number")} {i}: {arrays[a].Span[i]}");
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using TrainSession<float> row = Runs.Start<float>(
            Runs.Classes(500, 20, 3), new(20, new Dense(64, Activations.Relu), new Dense(3, Activations.Softmax)),
            new() { Batch = 1, Epochs = 100, Optimizer = Optimizers.Momentum(), Step = StepKind.Row, Threads = 1 });
        for (int i = 0; i < 100; i++) row.Step();
        long least = long.MaxValue; // a collection that another thread starts may be counted here once
        for (int attempt = 0; attempt < 3; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) row.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.True(row.IsCompiledByRow);
    }

    public static TheoryData<string> Rules { get; } = [
        .. Optimizers.All.Where(o => o.Default.Method is null && !o.Default.NeedsFullBatch).Select(o => o.Name)];

    [Theory, MemberData(nameof(Rules))]
    public void Every_rule_with_and_without_penalties(string name)
    {
        Dataset data = Runs.Classes(9, 4, 3);
        TrainOptions plain = new() { Optimizer = Catalog.Default.Optimizer(name), Epochs = 30 };
        foreach (NetworkSpec spec in (NetworkSpec[])[
            new(4, new Dense(21, Activations.Tanh), new Dense(17, Catalog.Default.Activation("gelu")),
                new Dense(3, Activations.Softmax)),
            new(4, new Dense(70, Activations.Relu) { HasBias = false }, new Dense(3, Activations.Softmax))])
        {
            Same<float>(data, spec, plain);
            Same<double>(data, spec, plain with { Arithmetic = Arithmetic.Portable });
            Same<float>(data, spec, plain with { L1 = 1e-3, L2 = 1e-2, WeightDecay = 1e-2 });
            Same<float>(data, spec, plain with { L2 = 1e-2, PenalizeBiases = true, Reduction = Reduction.Sum });
            Same<float>(data, spec, plain with
            {
                Schedules = [new("learning_rate", Schedules.Cosine()), new("l2", Schedules.Warmup(8))],
                L2 = 0.1,
            });
        }
    }

    /// <summary>Widths around one vector and four at every vector width.</summary>
    [Theory]
    [InlineData("1-1-1")]
    [InlineData("3-15-16-2")]
    [InlineData("5-17-31-4")]
    [InlineData("7-33-64-1")]
    [InlineData("9-65-79-3")]
    [InlineData("784-128-10")]
    [InlineData("200-450-4")]
    public void Every_shape(string shape)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape);
        Dataset data = Runs.Numbers(23, spec.Inputs, spec.Outputs);
        foreach (bool shuffle in (bool[])[true, false])
            Same<float>(data, spec, new()
            {
                Loss = Losses.MeanSquaredError, Optimizer = Optimizers.Momentum(), LearningRate = 0.001,
                Shuffle = shuffle,
            }, calls: 9);
    }

    [Fact]
    public void Rows_with_weights_of_their_own_and_of_their_classes()
    {
        Dataset data = Runs.Classes(31, 4, 3, weights: [.. Enumerable.Range(0, 31).Select(i => i % 5 * 0.3f)]);
        NetworkSpec spec = new(4, new Dense(20, Activations.Tanh), new Dense(3, Activations.Softmax));
        Same<float>(data, spec, new() { ClassWeights = [1, 2.5, 0.7] }, calls: 25);
    }

    [Theory]
    [InlineData("gradient_descent", 1e6)]
    [InlineData("momentum", 400)]
    public void A_divergence_is_told_alike(string optimizer, double rate) =>
        Same<float>(Runs.Numbers(60, 3), NetworkSpec.Parse("3-18-1", Activations.Identity), new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Catalog.Default.Optimizer(optimizer), LearningRate = rate,
            Epochs = 1000,
        }, calls: 200);

    [Fact]
    public void What_needs_the_whole_gradient_takes_the_general_step()
    {
        Dataset data = Runs.Classes(20, 3, 2);
        NetworkSpec spec = new(3, new Dense(400, Activations.Tanh), new Dense(2, Activations.Softmax));
        foreach (TrainOptions options in (TrainOptions[])[
            new() { Batch = 1 }, new() { Batch = 1, Clip = 1 }, new() { Batch = 2 }])
        {
            using TrainSession<float> session = Runs.Start<float>(data, spec, options);
            Assert.Equal(options is { Batch: 1, Clip: 0 }, session.IsCompiledByRow);
        }
    }
}
