using Downhill.Tests.Training;

namespace Downhill.Tests.Layers;

/// <summary>Batch norm's statistics: of which rows, and what is kept of them.</summary>
public sealed class BatchNormTests
{
    private sealed class Bench : IDisposable
    {
        private readonly Network<double> network;
        public Workspace<double> Workspace { get; }
        public AlignedBuffer<double> Parameters { get; }
        public AlignedBuffer<double> Buffers { get; }
        public NetworkSpec Spec { get; }

        /// <summary>x → batch norm → one unit that passes the first feature on.</summary>
        public Bench(int rows, int features = 2, double momentum = 0.1)
        {
            Spec = new(features, new BatchNorm(Activations.Identity) { Momentum = momentum },
                new Dense(1, Activations.Identity) { HasBias = false });
            network = new(Spec, Losses.Euclidean, Arithmetic.Portable);
            Workspace = new(network, rows);
            Parameters = new(Spec.ParameterLength);
            Buffers = new(Spec.BufferLength);
            network.Initialize(Parameters, Buffers, 1);
            Parameters.Span[Spec.Segments[2].Offset] = 1;
            Parameters.Span[Spec.Segments[2].Offset + 1] = 0;
        }

        public double[] Forward(bool training, params double[] x)
        {
            x.CopyTo(Workspace.Input);
            int rows = x.Length / Spec.Inputs;
            network.Forward(Workspace, Parameters, Buffers, rows, new PassMode(training));
            return Workspace.Output[..rows].ToArray();
        }

        public void Dispose() => network.Dispose();
    }

    [Fact]
    public void Running_averages_by_hand()
    {
        using Bench bench = new(4);
        Assert.Equal([0, 0, 1, 1], bench.Buffers.Span[..4].ToArray());
        // Feature 1: 1, 3, 5, 7: mean 4, biased variance 5, unbiased 20/3. Feature 2: all 2: mean 2, variance 0.
        double[] y = bench.Forward(true, 1, 2, 3, 2, 5, 2, 7, 2);
        double deviation = Math.Sqrt(5 + 1e-5);
        Assert.Equal(-3 / deviation, y[0], 1e-14);
        Assert.Equal(3 / deviation, y[3], 1e-14);
        double[] once = [0.4, 0.2, 1 + 0.1 * (20.0 / 3 - 1), 0.9];
        for (int i = 0; i < 4; i++) Assert.Equal(once[i], bench.Buffers.Span[i], 1e-14);
        bench.Forward(true, 0, 0, 2, 0); // mean 1, unbiased 2; 0 and 0
        double[] twice = [0.4 + 0.1 * (1 - 0.4), 0.18, once[2] + 0.1 * (2 - once[2]), 0.81];
        for (int i = 0; i < 4; i++) Assert.Equal(twice[i], bench.Buffers.Span[i], 1e-14);
    }

    [Fact]
    public void Prediction_and_a_single_row_use_the_running_statistics_and_leave_them()
    {
        using Bench bench = new(4);
        bench.Forward(true, 1, 2, 3, 2, 5, 2, 7, 2);
        double[] before = bench.Buffers.Span.ToArray();
        double expected = (6 - before[0]) / Math.Sqrt(before[2] + 1e-5);
        Assert.Equal(expected, bench.Forward(true, 6, 1)[0], 1e-14);
        Assert.Equal(expected, bench.Forward(false, 6, 1)[0], 1e-14);
        Assert.Equal(expected, bench.Forward(false, 6, 1, 9, 9, -5, 3)[0], 1e-14);
        Assert.Equal(before, bench.Buffers.Span.ToArray());
    }

    [Fact]
    public void A_constant_feature_stays_finite()
    {
        using Bench bench = new(3);
        Assert.All(bench.Forward(true, 5, 1, 5, 2, 5, 3), y => Assert.Equal(0, y, 1e-12));
    }

    /// <summary>600 rows are more than a chunk: the statistics must still be those of all of them.</summary>
    [Fact]
    public void A_full_batch_has_the_statistics_of_all_rows()
    {
        Dataset data = Runs.Numbers(600, 3);
        NetworkSpec spec = new(3, new BatchNorm(Activations.Identity) { Momentum = 1 },
            new Dense(1, Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(
            data, spec, new() { Loss = Losses.Euclidean, Batch = 0, Threads = 2, Epochs = 1 });
        session.Run();
        for (int f = 0; f < 3; f++)
        {
            double mean = Enumerable.Range(0, 600).Average(r => (double)data.Numeric[3 * r + f]);
            double variance = Enumerable.Range(0, 600).Sum(r => Math.Pow(data.Numeric[3 * r + f] - mean, 2)) / 599;
            Assert.Equal(mean, session.State.Buffers.Span[f], 1e-12);
            Assert.Equal(variance, session.State.Buffers.Span[3 + f], 1e-12);
        }
    }

    [Fact]
    public void A_last_batch_of_one_row_trains_with_the_running_statistics()
    {
        Dataset data = Runs.Numbers(9, 3);
        NetworkSpec spec = new(3, new Dense(4, Activations.Identity), new BatchNorm(Activations.Tanh),
            new Dense(1, Activations.Identity));
        using TrainSession<float> session = Runs.Start<float>(
            data, spec, new() { Loss = Losses.Euclidean, Batch = 4, Threads = 1 });
        session.Step();
        session.Step();
        float[] before = [.. session.State.Buffers.Span], weights = Runs.Weights(session);
        Assert.Equal(1, session.Step().Rows);
        Assert.Equal(before, session.State.Buffers.Span.ToArray());
        Assert.NotEqual(weights, Runs.Weights(session));
    }

    /// <summary>Statistics, gradients and what follows from them.</summary>
    [Fact]
    public void A_row_of_weight_2_is_the_row_twice_and_one_of_weight_0_is_none()
    {
        float[] weights = [1, 2, 0, 1, 2, 0, 1];
        Dataset weighted = Runs.Numbers(7, 3, weights: weights),
            repeated = Runs.Numbers(7, 3).Subset([0, 1, 1, 3, 4, 4, 6]);
        NetworkSpec spec = new(3, new Dense(4, Activations.Identity), new BatchNorm(Activations.Tanh),
            new Dense(1, Activations.Identity));
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Batch = 0, Threads = 1, Epochs = 9,
            LearningRate = 0.01
        };
        using TrainSession<double> a = Runs.Start<double>(weighted, spec, options),
            b = Runs.Start<double>(repeated, spec, options);
        for (int step = 0; step < 5; step++)
        {
            Assert.Equal(b.Step().Loss, a.Step().Loss, 1e-12);
            double[] x = Runs.Weights(a), y = Runs.Weights(b);
            for (int i = 0; i < x.Length; i++) Assert.Equal(y[i], x[i], 1e-9);
            // running means
            for (int f = 0; f < 4; f++) Assert.Equal(b.State.Buffers.Span[f], a.State.Buffers.Span[f], 1e-9);
        }
        // Rows that weigh nothing leave no trace at all: four equal weights are four rows.
        Dataset zeros = Runs.Numbers(7, 3, weights: [3, 0, 3, 0, 3, 0, 3]),
            four = Runs.Numbers(7, 3).Subset([0, 2, 4, 6]);
        using TrainSession<double> c = Runs.Start<double>(zeros, spec, options),
            d = Runs.Start<double>(four, spec, options);
        c.Run();
        d.Run();
        for (int i = 0; i < 8; i++) Assert.Equal(d.State.Buffers.Span[i], c.State.Buffers.Span[i], 1e-9);
    }

    /// <summary>Wherever it stands and whatever the batch, it trains.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void It_trains_first_last_but_one_and_twice_in_any_batch(int batch)
    {
        Dataset data = Runs.Classes(21, 3, 3);
        NetworkSpec spec = new(3, new BatchNorm(Activations.Identity), new Dense(4, Activations.Identity),
            new BatchNorm(Activations.Relu),
            new BatchNorm(Activations.Sigmoid()), new Dense(3, Activations.Softmax));
        using TrainSession<float> session = Runs.Start<float>(
            data, spec, new() { Batch = batch, Threads = 1, Epochs = 20, LearningRate = 0.01 });
        Assert.Equal("epochs", session.Run().Rule);
        Assert.True(session.State.History[^1].TrainLoss < session.State.History[0].TrainLoss);
    }
}
