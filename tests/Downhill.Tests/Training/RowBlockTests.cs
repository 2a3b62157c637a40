using Downhill.Kernels;

namespace Downhill.Tests.Training;

/// <summary>Batches of one row taken through a wide first layer some at a time: the steps of the rule, to within
/// rounding, and the same bits however the run is watched.</summary>
public sealed class RowBlockTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // 33,000 and 40,000 weights in the first layer.
    private static readonly NetworkSpec Wide =
        new(300, new Dense(110, Activations.Tanh), new Dense(7, Activations.Relu), new Dense(3, Activations.Softmax));

    private static readonly NetworkSpec WithoutBias =
        new(400, new Dense(100, Activations.Relu) { HasBias = false }, new Dense(3, Activations.Softmax));

    private static TrainOptions Options(string rule) => new()
    {
        Batch = 1, Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.003, Epochs = 3, Seed = 4,
    };

    /// <summary>Runs together and step by step, and compares all numbers in double.</summary>
    private static void SameToWithinRounding(NetworkSpec spec, Dataset data, TrainOptions options)
    {
        using TrainSession<double> together = Runs.Start<double>(data, spec, options),
            apart = Runs.Start<double>(data, spec, options with { Step = StepKind.General });
        together.Run();
        apart.Run();
        Assert.True(together.IsCompiledByRow);
        double[] expected = Runs.Weights(apart), actual = Runs.Weights(together);
        Assert.NotEqual(expected, actual); // else no row was taken together with others
        Close(expected, actual);
        for (int slot = 0; slot < apart.State.Slots.Count; slot++)
            Close(apart.State.Slots[slot].Span, together.State.Slots[slot].Span);
        Close(apart.State.Gradient.Span, together.State.Gradient.Span);
        Assert.Equal(apart.State.Step, together.State.Step);
        foreach ((EpochReport a, EpochReport b) in apart.State.History.Zip(together.State.History))
        {
            Assert.Equal(a.TrainLoss, b.TrainLoss, 1e-9 * (1 + Math.Abs(a.TrainLoss)));
            Assert.Equal(a.TrainSquaredError, b.TrainSquaredError, 1e-9 * (1 + Math.Abs(a.TrainSquaredError)));
        }

        static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
        {
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], actual[i], 1e-10 * (1 + Math.Abs(expected[i])));
        }
    }

    [Theory]
    [InlineData("gradient_descent")]
    [InlineData("momentum")]
    [InlineData("nesterov")]
    public void The_steps_are_those_of_the_rule(string rule)
    {
        Dataset data = Runs.Classes(77, 300, 3), other = Runs.Classes(70, 400, 3);
        TrainOptions plain = Options(rule);
        SameToWithinRounding(Wide, data, plain);
        SameToWithinRounding(WithoutBias, other, plain with { Shuffle = false });
        SameToWithinRounding(Wide, data, plain with { L2 = 0.01, WeightDecay = 0.02, PenalizeBiases = true });
        SameToWithinRounding(Wide, data, plain with
        {
            Schedules = [new("learning_rate", Schedules.Cosine()), new("l2", Schedules.Warmup(50))],
            L2 = 0.1,
        });
        SameToWithinRounding(Wide, data, plain with { Reduction = Reduction.Sum, Arithmetic = Arithmetic.Portable });
    }

    [Fact]
    public void Rows_that_weigh_nothing_end_a_block()
    {
        float[] weights = [.. Enumerable.Range(0, 77).Select(i => i is 11 or 12 or 40 ? 0 : 1 + i % 5 * 0.3f)];
        SameToWithinRounding(Wide, Runs.Classes(77, 300, 3, weights: weights),
            Options("momentum") with { ClassWeights = [1, 2.5, 0.7] });
    }

    [Fact]
    public void What_is_not_linear_or_not_wide_is_taken_row_by_row()
    {
        Dataset data = Runs.Classes(77, 300, 3);
        NetworkSpec narrow = new(300, new Dense(60, Activations.Tanh), new Dense(3, Activations.Softmax));
        Same(Wide, Options("adam"));
        Same(Wide, Options("momentum") with { L1 = 1e-4 });
        Same(Wide, Options("momentum") with
        {
            L1 = 1e-4,
            Schedules = [new("l1", Schedules.Warmup(100))],
        });
        Same(narrow, Options("momentum"));

        void Same(NetworkSpec spec, TrainOptions options) => Assert.Equal(
            Runs.Train<float>(data, spec, options with { Step = StepKind.General }),
            Runs.Train<float>(data, spec, options));
    }

    [Fact]
    public void Steps_are_exact_unless_taken_together()
    {
        Dataset data = Runs.Classes(77, 300, 3);
        using TrainSession<float> general = Runs.Start<float>(
            data, Wide, Options("momentum") with { Step = StepKind.General });
        using TrainSession<float> row = Runs.Start<float>(data, Wide, Options("momentum"));
        while (general.Stopped is null) general.Step();
        while (row.Stopped is null) row.Steps(40);
        Assert.Equal(Runs.Hash(general), Runs.Hash(row));
        using TrainSession<float> together = Runs.Start<float>(data, Wide, Options("momentum"));
        while (together.Stopped is null) together.Steps(40, together: true);
        Assert.NotEqual(Runs.Hash(general), Runs.Hash(together));
    }

    /// <summary>Looks, interruptions and saved runs come when the clock says so: none may change a bit.</summary>
    [Fact]
    public void Being_watched_changes_no_bit()
    {
        Dataset data = Runs.Classes(9000, 300, 3);
        FitPlan plan = FitPlan.Make(data, new FitOptions
        {
            Hidden = [110], Batch = 1, Optimizer = Optimizers.Momentum(), LearningRate = 0.003, Epochs = 5,
            ValidationShare = 0, TestShare = 0, Stop = [], KeepBest = false,
        });
        string expected = Hash(plan.Start());

        TrainSession<float> watched = plan.Start();
        watched.Run(regularly: _ => { });
        Assert.Equal(expected, Hash(watched));

        TrainSession<float> interrupted = plan.Start();
        int looks = 0;
        while (interrupted.Stopped is null)
        {
            using CancellationTokenSource source = new();
            interrupted.Run(regularly: _ =>
            {
                looks++;
                source.Cancel();
            }, cancellation: source.Token);
            if (interrupted.Stopped?.Rule != "cancelled") break;
            string path = folder[$"run{looks}.safetensors"];
            Checkpoint.Save(path, plan, interrupted);
            interrupted.Dispose();
            (_, interrupted) = Checkpoint.Load(path, data);
            interrupted.Continue();
        }
        Assert.True(looks > 1);
        Assert.Equal(expected, Hash(interrupted));

        static string Hash(TrainSession<float> session)
        {
            using (session)
            {
                session.Run();
                return Runs.Hash(session);
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1e3)]
    [InlineData(1e6)]
    public void A_divergence_leaves_finite_weights(double rate)
    {
        using TrainSession<float> session = Runs.Start<float>(
            Runs.Numbers(200, 300), new(300, new Dense(110, Activations.Identity), new Dense(1, Activations.Identity)),
            Options("momentum") with { Loss = Losses.MeanSquaredError, LearningRate = rate, Epochs = 50 });
        Assert.True(session.Run().IsDiverged);
        Assert.All(Runs.Weights(session), w => Assert.True(float.IsFinite(w)));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using TrainSession<float> session = Runs.Start<float>(
            Runs.Classes(300, 300, 3), Wide, Options("momentum") with { Epochs = 1000 });
        session.Steps(600, together: true);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            if (session.State.Position != 0) session.Steps(int.MaxValue, together: true);
            session.Steps(64, together: true);
            long before = GC.GetAllocatedBytesForCurrentThread();
            session.Steps(200, together: true);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    /// <summary>A rule says of itself that it is linear: new values of sums are sums of new values.</summary>
    [Theory, MemberData(nameof(Rules))]
    public void Linear_rules_and_no_others_say_so(string name)
    {
        Optimizer rule = Catalog.Default.Optimizer(name);
        RuleKernel<double> kernel = rule.Bind(Kernels<double>.For(Arithmetic.Portable))!;
        RandomStream random = new(3, RandomStreams.Data);
        const int Cases = 50;
        bool isLinear = true;
        for (int i = 0; i < Cases; i++)
        {
            double[] a = Draw(5 * i), b = Draw(5 * (i + Cases));
            double[] sum = After([.. a.Zip(b, (x, y) => 2 * x - 3 * y)]), first = After(a), second = After(b);
            for (int k = 0; k < sum.Length; k++)
                isLinear &= Math.Abs(sum[k] - (2 * first[k] - 3 * second[k])) < 1e-12;
        }
        Assert.Equal(isLinear, rule.IsLinear);

        double[] Draw(int at) => [.. Enumerable.Range(at, 5).Select(i => random.Normal((ulong)i))];

        // w, its gradient and three slots go in; w and the slots come out.
        unsafe double[] After(double[] values)
        {
            double[] constants = new double[8];
            kernel.Prepare(rule.Arguments.ToArray(), new RuleStep(5, 1, 1, true), constants);
            fixed (double* at = values)
            {
                double** slots = stackalloc double*[3] { at + 2, at + 3, at + 4 };
                kernel.Update(at, at + 1, slots, 1, constants, new(0.1, 1, 0, 0, 0));
            }
            return [values[0], .. values[2..(2 + rule.Slots)]];
        }
    }

    public static TheoryData<string> Rules { get; } = [
        .. Optimizers.All.Where(o => o.Default.Method is null).Select(o => o.Name)];
}
