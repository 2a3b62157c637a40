namespace Downhill.Tests.Training;

/// <summary>Sums over rows, then one normaliser: each kind of batch against the direct formula, worked out naively
/// here.</summary>
public sealed class ObjectiveTests
{
    /// <summary>A 3-2-2 network, tanh then identity, ½‖d − z‖², with its gradient by hand: nothing of the engine in
    /// it.</summary>
    private sealed class Naive(double[] theta)
    {
        // W¹ [3,2], b¹ [2], W² [2,2], b² [2]
        public double[] Gradient { get; } = new double[theta.Length];
        public double Loss { get; private set; }
        public double Weight { get; private set; }

        public static NetworkSpec Spec { get; } = new(
            3, new Dense(2, Activations.Tanh), new Dense(2, Activations.Identity));

        public double LossOf(ReadOnlySpan<float> x, ReadOnlySpan<float> d) => Row(x, d, 0);

        public Naive Add(ReadOnlySpan<float> x, ReadOnlySpan<float> d, double weight = 1)
        {
            double loss = Row(x, d, weight);
            Loss += weight * loss;
            Weight += weight;
            return this;
        }

        private double Row(ReadOnlySpan<float> x, ReadOnlySpan<float> d, double weight)
        {
            double[] h = new double[2], z = new double[2], dh = new double[2];
            for (int j = 0; j < 2; j++)
            {
                double v = theta[6 + j];
                for (int i = 0; i < 3; i++) v += x[i] * theta[2 * i + j];
                h[j] = Math.Tanh(v);
            }
            double loss = 0;
            for (int o = 0; o < 2; o++)
            {
                z[o] = theta[12 + o];
                for (int j = 0; j < 2; j++) z[o] += h[j] * theta[8 + 2 * j + o];
                double error = z[o] - d[o];
                loss += 0.5 * error * error;
                Gradient[12 + o] += weight * error;
                for (int j = 0; j < 2; j++)
                {
                    Gradient[8 + 2 * j + o] += weight * error * h[j];
                    dh[j] += error * theta[8 + 2 * j + o];
                }
            }
            for (int j = 0; j < 2; j++)
            {
                double dv = dh[j] * (1 - h[j] * h[j]);
                Gradient[6 + j] += weight * dv;
                for (int i = 0; i < 3; i++) Gradient[2 * i + j] += weight * dv * x[i];
            }
            return loss;
        }
    }

    private const double Rate = 0.05;

    private static TrainOptions Plain => new()
    {
        Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = Rate, Shuffle = false,
        Batch = 0, Epochs = 1000, Threads = 1,
    };

    private static ReadOnlySpan<float> X(Dataset data, int row) => data.Numeric.AsSpan(3 * row, 3);
    private static ReadOnlySpan<float> D(Dataset data, int row) => data.Values.AsSpan(2 * row, 2);

    /// <summary>One step from the session's present weights over the given rows; expected = before − η·normaliser·Σ
    /// w·g.</summary>
    private static StepReport CheckedStep(
        TrainSession<double> session, Dataset data, IEnumerable<int> rows, Reduction reduction = Reduction.Mean,
            double tolerance = 1e-12)
    {
        double[] before = Runs.Weights(session);
        Naive naive = new(before);
        foreach (int row in rows) naive.Add(X(data, row), D(data, row), data.Weights?[row] ?? 1);
        double normaliser = reduction == Reduction.Mean ? 1 / naive.Weight : 1;
        StepReport report = session.Step();
        double[] after = Runs.Weights(session);
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i] - Rate * normaliser * naive.Gradient[i], after[i], tolerance);
        Assert.Equal(normaliser * naive.Loss, report.Loss, tolerance * Math.Max(1, naive.Loss));
        return report;
    }

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Full_batch_step_equals_the_formula(Reduction reduction)
    {
        Dataset data = Runs.Numbers(11, 3, 2);
        using TrainSession<double> session = Runs.Start<double>(data, Naive.Spec, Plain with { Reduction = reduction });
        for (int step = 0; step < 3; step++)
            Assert.Equal(11, CheckedStep(session, data, Runs.All(data), reduction).Rows);
        Assert.Equal(3, session.State.Epoch);
    }

    [Theory]
    [InlineData(Reduction.Mean, 1)]
    [InlineData(Reduction.Sum, 4)]
    [InlineData(Reduction.Mean, 4)]
    [InlineData(Reduction.Mean, 11)]
    [InlineData(Reduction.Mean, 500)]
    public void Mini_batches_and_the_short_last_one_equal_the_formula(Reduction reduction, int batch)
    {
        Dataset data = Runs.Numbers(11, 3, 2);
        using TrainSession<double> session = Runs.Start<double>(
            data, Naive.Spec, Plain with { Reduction = reduction, Batch = batch });
        Assert.Equal((11 + Math.Min(11, batch) - 1) / Math.Min(11, batch), session.StepsPerEpoch);
        for (int epoch = 0; epoch < 2; epoch++)
            for (int start = 0; start < 11; start += batch)
            {
                int count = Math.Min(batch, 11 - start);
                Assert.Equal(epoch, session.State.Epoch);
                Assert.Equal(count, CheckedStep(session, data, Enumerable.Range(start, count), reduction).Rows);
            }
        Assert.Equal(2, session.State.Epoch);
        Assert.Equal(2 * session.StepsPerEpoch, session.State.Step);
    }

    [Theory]
    [InlineData(Reduction.Mean, false)]
    [InlineData(Reduction.Sum, false)]
    [InlineData(Reduction.Mean, true)]
    public void A_full_batch_in_chunks_equals_the_formula(Reduction reduction, bool weighted)
    {
        float[]? weights = weighted ? [.. Enumerable.Range(0, 1000).Select(i => 0.25f * (i % 5))] : null;
        Dataset data = Runs.Numbers(1000, 3, 2, weights: weights);
        using TrainSession<double> session = Runs.Start<double>(
            data, Naive.Spec, Plain with { Reduction = reduction, LearningRate = Rate });
        double scale = reduction == Reduction.Sum ? 1e-9 : 1e-12; // a sum of 1000 gradients is 1000 times as large
        CheckedStep(session, data, Runs.All(data), reduction, scale);
    }

    [Fact]
    public void The_gradient_of_chunks_is_the_gradient_of_the_batch_bit_for_bit()
    {
        // 300 rows as one batch of two chunks; the same network with batch norm of nothing would take them whole.
        Dataset data = Runs.Numbers(300, 3, 2);
        NetworkSpec spec = Naive.Spec;
        using TrainSession<float> session = Runs.Start<float>(data, spec, Plain);
        using Network<float> network = new(spec, Losses.Euclidean);
        Workspace<float> workspace = new(network, 300);
        AlignedBuffer<float> gradient = new(spec.ParameterLength);
        data.Numeric.CopyTo(workspace.Input);
        data.Values.CopyTo(workspace.Targets);
        PassMode mode = new(IsTraining: true);
        network.Forward(workspace, session.State.Parameters, session.State.Buffers, 300, mode);
        network.Evaluate(workspace, 300, weighted: false, withGradient: true);
        network.Backward(workspace, session.State.Parameters, session.State.Buffers, gradient, 300, mode,
            accumulate: false);
        session.Step();
        Assert.True(gradient.Span.SequenceEqual(session.State.Gradient.Span));
    }

    [Fact]
    public void Weights_equal_the_formula_batch_by_batch()
    {
        float[] weights = [1, 2, 0, 0.5f, 3, 1, 0, 1, 0.25f, 1, 2];
        Dataset data = Runs.Numbers(11, 3, 2, weights: weights);
        using TrainSession<double> session = Runs.Start<double>(data, Naive.Spec, Plain with { Batch = 4 });
        for (int start = 0; start < 11; start += 4)
            CheckedStep(session, data, Enumerable.Range(start, Math.Min(4, 11 - start)));
    }

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Weight_2_is_the_row_twice_and_weight_0_is_no_row(Reduction reduction)
    {
        Dataset plain = Runs.Numbers(5, 3, 2);
        Dataset weighted = Runs.Numbers(5, 3, 2, weights: [1, 2, 0, 1, 2]);
        Dataset repeated = plain.Subset([0, 1, 1, 3, 4, 4]);
        foreach (
            Optimizer optimizer in (Optimizer[])[Optimizers.GradientDescent, Optimizers.Adam(), Optimizers.Lbfgs()])
        {
            TrainOptions options = Plain with
            {
                Reduction = reduction,
                Optimizer = optimizer,
                LearningRate = optimizer.Method is null ? 0.01 : null,
                Epochs = 6,
                L2 = 0.01,
            };
            using TrainSession<double> a = Runs.Start<double>(weighted, Naive.Spec, options),
                b = Runs.Start<double>(repeated, Naive.Spec, options);
            a.Run();
            b.Run();
            double[] x = Runs.Weights(a), y = Runs.Weights(b);
            for (int i = 0; i < x.Length; i++) Assert.Equal(y[i], x[i], 1e-10);
            for (int e = 0; e < 6; e++) Assert.Equal(b.State.History[e].TrainLoss, a.State.History[e].TrainLoss, 1e-10);
        }
    }

    /// <summary>A batch in which every row weighs nothing has no gradient: it must change nothing and divide by
    /// nothing.</summary>
    [Fact]
    public void A_batch_without_weight_changes_nothing()
    {
        Dataset data = Runs.Numbers(6, 3, 2, weights: [1, 1, 0, 0, 2, 1]);
        using TrainSession<double> session = Runs.Start<double>(data, Naive.Spec, Plain with { Batch = 2 });
        session.Step();
        double[] before = Runs.Weights(session);
        StepReport report = session.Step();
        Assert.True(report.IsFinite);
        Assert.Null(session.Stopped);
        Assert.Equal(before, Runs.Weights(session));
        CheckedStep(session, data, [4, 5]);
        Assert.Equal(1, session.State.Epoch);
        Assert.True(double.IsFinite(session.State.History[0].TrainLoss));
    }

    [Fact]
    public void Weights_count_in_what_is_measured_and_in_the_scaling()
    {
        Dataset plain = Runs.Numbers(6, 3, 2), weighted = Runs.Numbers(6, 3, 2, weights: [0, 2, 1, 0, 1, 2]);
        Dataset repeated = plain.Subset([1, 1, 2, 4, 5, 5]);
        Preparation a = Preparation.Fit(weighted, Runs.All(weighted), Scaling.Standard),
            b = Preparation.Fit(repeated, Runs.All(repeated), Scaling.Standard);
        for (int i = 0; i < 3; i++) Assert.Equal(b.Shift[i], a.Shift[i], 1e-12);
        for (int i = 0; i < 3; i++) Assert.Equal(b.Scale[i], a.Scale[i], 1e-12);
        for (int i = 0; i < 2; i++) Assert.Equal(b.TargetScale[i], a.TargetScale[i], 1e-12);
        Model model = Model.Fit(plain, new() { Hidden = [2], Epochs = 2, TestShare = 0, Threads = 1 }).Model;
        Metrics of = model.Evaluate(weighted), twice = model.Evaluate(repeated);
        Assert.Equal(twice.Loss, of.Loss, 1e-12);
        Assert.Equal(twice.Rmse!.Value, of.Rmse!.Value, 1e-9);
        Assert.Equal(twice.Mae!.Value, of.Mae!.Value, 1e-9);
        Assert.Equal(twice.R2!.Value, of.R2!.Value, 1e-9);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_none_are_refused(float weight) => Assert.Contains("weight",
        Assert.Throws<DownhillException>(() => Runs.Numbers(2, 3, weights: [1, weight])).Message);

    [Fact]
    public void Data_without_any_weight_are_refused() => Assert.Contains("weight",
        Assert.Throws<DownhillException>(
            () => Runs.Start<float>(Runs.Numbers(3, 3, 2, weights: [0, 0, 0]), Naive.Spec, Plain)).Message);

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void The_epochs_loss_is_that_of_each_row_just_before_its_update(Reduction reduction)
    {
        float[] weights = [1, 2, 0.5f, 1, 3, 1, 1, 1, 2, 1, 0.25f];
        Dataset data = Runs.Numbers(11, 3, 2, weights: weights);
        using TrainSession<double> session = Runs.Start<double>(
            data, Naive.Spec, Plain with { Batch = 3, Reduction = reduction, LearningRate = 0.02 });
        double sum = 0, weight = 0;
        for (int start = 0; start < 11; start += 3)
        {
            Naive naive = new(Runs.Weights(session));
            for (int row = start; row < Math.Min(11, start + 3); row++)
            {
                sum += weights[row] * naive.LossOf(X(data, row), D(data, row));
                weight += weights[row];
            }
            session.Step();
        }
        Assert.Equal(reduction == Reduction.Mean ? sum / weight : sum, session.State.History[0].TrainLoss, 1e-12);
    }

    /// <summary>A source that remembers which rows it was asked for.</summary>
    private sealed class Watched(Dataset data) : RowSource
    {
        public List<int> Seen { get; } = [];
        public override int Rows => data.Rows;
        public override IReadOnlyList<Column> Inputs => data.Inputs;
        public override Target Target => data.Target;
        public override bool HasWeights => false;
        public override void Read(ReadOnlySpan<int> rows, Span<float> numeric, Span<int> codes, Span<int> classes,
            Span<float> values, Span<float> weights)
        {
            Seen.AddRange(rows);
            data.Read(rows, numeric, codes, classes, values, weights);
        }
    }

    private static List<int[]> Epochs(int rows, int batch, ulong seed, int epochs, bool shuffle = true)
    {
        Dataset data = Runs.Numbers(rows, 3, 2);
        Watched source = new(data);
        int[] chosen = [.. Enumerable.Range(0, rows).Where(i => i % 7 != 3)];
        using TrainSession<float> session = new(Naive.Spec, source, chosen, [], Runs.Plain(data),
            Plain with { Batch = batch, Seed = seed, Shuffle = shuffle });
        List<int[]> orders = [];
        while (orders.Count < epochs)
        {
            source.Seen.Clear();
            int steps = 0;
            do
            {
                session.Step();
                steps++;
            }
            while (session.State.Position != 0);
            Assert.Equal((chosen.Length + batch - 1) / batch, steps);
            Assert.Equal(chosen, source.Seen.Order());
            orders.Add([.. source.Seen]);
        }
        return orders;
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(700, 32)]
    [InlineData(700, 300)]
    [InlineData(50, 1)]
    public void Every_row_comes_once_in_an_epoch_in_an_order_of_the_seed_and_the_epoch(int rows, int batch)
    {
        List<int[]> orders = Epochs(rows, batch, seed: 1, epochs: 4), again = Epochs(rows, batch, 1, 4),
            other = Epochs(rows, batch, 2, 4);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(orders[i], again[i]);
            Assert.NotEqual(orders[i], other[i]);
            for (int j = 0; j < i; j++) Assert.NotEqual(orders[i], orders[j]);
        }
        Assert.All(Epochs(rows, batch, 1, 2, shuffle: false), order => Assert.Equal(order.Order(), order));
    }

    [Fact]
    public void Asking_for_the_gradients_norm_does_not_change_a_bit()
    {
        Dataset data = Runs.Classes(90, 5, 3);
        NetworkSpec spec = new(5, new Dense(7, Activations.Tanh), new Dense(3, Activations.Softmax));
        TrainOptions options = new() { Epochs = 3, L2 = 0.01, L1 = 1e-3, Threads = 1, LearningRate = 0.01 };
        string hash = Runs.Train<float>(data, spec, options);
        Assert.Equal(hash, Runs.Train<float>(data, spec, options with { Stop = [StoppingRules.Gradient(1e-30)] }));
        Assert.Equal(hash, Runs.Train<float>(data, spec, options with { Clip = 1e10 }));
        Assert.NotEqual(hash, Runs.Train<float>(data, spec, options with { Clip = 0.01 }));
    }
}
