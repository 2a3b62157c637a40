using Downhill.Tests.Training;

namespace Downhill.Tests.UpdateRules;

/// <summary>Every optimizer of the catalog with everything that may stand beside it.</summary>
public sealed class RuleSweepTests
{
    private static readonly string[] Extras =
        ["plain", "mask", "momentum schedule", "l1", "l2", "decay", "clip", "all"];

    private static bool Fits(Entry<Optimizer> entry, string extra) =>
        (extra != "momentum schedule" || MomentumOf(entry.Default) is not null)
        && (entry.Default.Method is null || extra is "plain" or "mask" or "l2");

    public static IEnumerable<TheoryDataRow<string, string>> Cases() =>
        from entry in Optimizers.All
        from extra in Extras
        where Fits(entry, extra)
        select new TheoryDataRow<string, string>(entry.Name, extra);

    private static string? MomentumOf(Optimizer optimizer) =>
        new[] { "gamma", "beta1" }.FirstOrDefault(name => optimizer.IndexOf(name) >= 0);

    private static TrainOptions Options(string name, string extra, int batch)
    {
        Optimizer optimizer = Catalog.Default.Optimizer(name);
        bool everything = extra == "all";
        List<ScheduleOf> schedules = [];
        if ((extra == "momentum schedule" || everything) && MomentumOf(optimizer) is string momentum)
            schedules = [new(momentum, Schedules.Settle(0.5, 0.8, 1, 2)), new("learning_rate", Schedules.Cosine(0.1))];
        return new()
        {
            Optimizer = optimizer, Schedules = schedules, Batch = optimizer.NeedsFullBatch ? 0 : batch,
            Epochs = optimizer.NeedsFullBatch ? 6 : 2,
            L1 = extra == "l1" || everything ? 1e-3 : 0, L2 = extra == "l2" || everything ? 1e-2 : 0,
            WeightDecay = extra == "decay" || everything ? 0.1 : null, Clip = extra == "clip" || everything ? 0.05 : 0,
            Seed = 3,
        };
    }

    private static NetworkSpec Network(string extra, int inputs, int hidden, int classes)
    {
        bool masked = extra is "mask" or "all";
        return new(inputs,
            new Dense(hidden, Activations.Tanh) { Connections = masked ? Runs.Mask(inputs, hidden) : null },
            new Dense(classes, Activations.Softmax) { Connections = masked ? Runs.Mask(hidden, classes, 0.5) : null });
    }

    private static void Absent(NetworkSpec spec, ReadOnlySpan<float> parameters)
    {
        foreach (Segment segment in spec.Segments)
            if (segment.Shape.Mask is ConnectionMask mask)
                foreach (int place in mask.Absent)
                    Assert.Equal(0u, BitConverter.SingleToUInt32Bits(parameters[segment.Offset + place]));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Threads_do_not_change_the_bits_and_absent_links_stay_0(string name, string extra)
    {
        Dataset data = Runs.Classes(400, 20, 5);
        NetworkSpec spec = Network(extra, 20, 90, 5);
        string? alone = null;
        for (int threads = 1; threads <= 3; threads++)
        {
            using TrainSession<float> session = Runs.Start<float>(
                data, spec, Options(name, extra, 160) with { Threads = threads, Step = StepKind.Shared });
            float[] before = session.State.Parameters.Span.ToArray();
            while (session.Stopped is null)
            {
                session.Step();
                Absent(spec, session.State.Parameters.Span);
            }
            Assert.False(session.Stopped.IsDiverged, session.Stopped.Text);
            Assert.All(Runs.Weights(session), w => Assert.True(float.IsFinite(w)));
            Assert.NotEqual(before, session.State.Parameters.Span.ToArray());
            alone ??= Runs.Hash(session);
            Assert.Equal(alone, Runs.Hash(session));
        }
    }

    /// <summary>What stands beside the rule is not passed over in silence: it changes the weights.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Everything_beside_the_rule_has_its_effect(string name, string extra)
    {
        if (extra is "plain" or "all") return;
        // The sign of a gradient, and Rprop, do not notice its length.
        if (extra == "clip" && (name == "lion" || name.Contains("rprop", StringComparison.Ordinal))) return;
        Dataset data = Runs.Classes(60, 6, 3);
        string Train(string what) =>
            Runs.Train<float>(data, Network(what, 6, 8, 3), Options(name, what, 20) with { Threads = 1 });
        Assert.NotEqual(Train("plain"), Train(extra));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Steps_allocate_nothing(string name, string extra)
    {
        const int Rows = 4000;
        bool whole = Catalog.Default.Optimizer(name).NeedsFullBatch;
        Dataset data = Runs.Classes(whole ? 50 : Rows, 6, 3);
        using TrainSession<float> session = Runs.Start<float>(data, Network(extra, 6, 12, 3),
            Options(name, extra, 8) with { Threads = 1, Epochs = 100_000, LearningRate = whole ? null : 1e-4 });
        // a full batch ends an epoch with each step, and the history is a list
        session.State.History.EnsureCapacity(10_000);
        int stretch = name == "lbfgs" ? 5 : 40;
        for (int i = 0; i < stretch; i++) session.Step();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < stretch; i++) session.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Null(session.Stopped);
        }
        Assert.Equal(0, least);
    }

    public static IEnumerable<TheoryDataRow<string, string>> Resumed() =>
        from entry in Optimizers.All
        from extra in (string[])["plain", "all"]
        where Fits(entry, extra) || entry.Default.Method is not null
        select new TheoryDataRow<string, string>(entry.Name, extra);

    [Theory, MemberData(nameof(Resumed))]
    public void A_checkpoint_after_any_step_changes_nothing(string name, string extra)
    {
        using TemporaryFolder folder = new();
        bool method = Catalog.Default.Optimizer(name).Method is not null;
        TrainOptions options = Options(name, method && extra == "all" ? "l2" : extra, 13);
        FitPlan plan = FitPlan.Make(Runs.Classes(37, 4, 3), new()
        {
            Hidden = [6], Activation = [Activations.Tanh], TestShare = 0, Threads = 1, Stop = [],
            Connections = extra == "all" ? 0.5 : 1,
            Optimizer = options.Optimizer, Schedules = options.Schedules, Batch = options.Batch,
            Epochs = options.Epochs, L1 = options.L1,
            L2 = options.L2, WeightDecay = options.WeightDecay, Clip = options.Clip,
        });
        using TrainSession<float> whole = plan.Start();
        whole.Run();
        Assert.True(whole.State.Step >= 4);
        using TrainSession<float> running = plan.Start();
        for (int at = 0; at <= whole.State.Step; at++)
        {
            Checkpoint.Save(folder["run"], plan, running);
            (FitPlan read, TrainSession<float> second) = Checkpoint.Load(folder["run"], plan.Data);
            using (second)
            {
                Assert.Equal(plan.Options.Optimizer, read.Options.Optimizer);
                Assert.Equal(plan.Options.EffectiveWeightDecay, read.Options.EffectiveWeightDecay);
                if (second.Stopped is null) second.Run();
                Assert.True(Runs.Hash(whole) == Runs.Hash(second), $"stopped after step {at}: weights differ");
                for (int slot = 0; slot < whole.State.Slots.Count; slot++)
                    foreach (Segment segment in plan.Network.Segments) // the padding between them is nobody's
                        Assert.True(Part(whole, slot, segment).SequenceEqual(Part(second, slot, segment)),
                            $"step {at}: slot {slot} differs");
                Assert.Equal(whole.State.MethodVectors, second.State.MethodVectors);
                Assert.Equal(whole.State.MethodScalars, second.State.MethodScalars);
                Assert.Equal(whole.State.LastObjective, second.State.LastObjective);
                Assert.Equal(whole.State.History, second.State.History);
            }
            if (at < whole.State.Step) running.Step();
        }

        static ReadOnlySpan<float> Part(TrainSession<float> session, int slot, Segment segment) =>
            session.State.Slots[slot].Span.Slice(segment.Offset, segment.Length);
    }

    [Fact]
    public void Weight_decay_is_one_concept()
    {
        Dataset data = Runs.Classes(60, 6, 3);
        string Train(Optimizer optimizer, double? decay) => Runs.Train<float>(data, Network("plain", 6, 8, 3),
            new() { Optimizer = optimizer, WeightDecay = decay, Batch = 20, Epochs = 3, Threads = 1 });
        Assert.Equal(0.01, new TrainOptions { Optimizer = Optimizers.AdamW() }.EffectiveWeightDecay);
        Assert.Equal(0, new TrainOptions { Optimizer = Optimizers.Adam() }.EffectiveWeightDecay);
        Assert.Equal(0.3, new TrainOptions { Optimizer = Optimizers.AdamW(), WeightDecay = 0.3 }.EffectiveWeightDecay);
        Assert.Equal(0.01, FitPlan.Make(data, new() { Optimizer = Optimizers.AdamW() }).Options.EffectiveWeightDecay);
        Assert.Equal(Train(Optimizers.Adam(), 0.01), Train(Optimizers.AdamW(), null));
        Assert.Equal(Train(Optimizers.Adam(), null), Train(Optimizers.AdamW(), 0));
        Assert.NotEqual(Train(Optimizers.Adam(), null), Train(Optimizers.AdamW(), null));
    }

    [Fact]
    public void Rules_that_need_all_rows_say_so()
    {
        foreach (Entry<Optimizer> entry in Optimizers.All)
        {
            bool needs = entry.Name.Contains("rprop", StringComparison.Ordinal) || entry.Name == "lbfgs";
            Assert.Equal(needs, entry.Default.NeedsFullBatch);
            TrainOptions options = new() { Optimizer = entry.Default, Batch = 8 };
            if (!needs) options.Check();
            else Assert.Contains("batch all", Assert.Throws<DownhillException>(options.Check).Message);
            (options with { Batch = 0 }).Check();
            Assert.Equal(needs ? 0 : 32,
                FitPlan.Make(Runs.Classes(60, 6, 3), new() { Optimizer = entry.Default }).Options.Batch);
        }
    }

    /// <summary>Lecture L13: for all data Δw_ij += (t_i − y_i)·y_j, then w += α·Δw; sigmoid outputs with
    /// cross-entropy.</summary>
    [Fact]
    public void L13_batch_delta_rule_is_gradient_descent_on_the_sum_over_all_rows()
    {
        const int Rows = 30, Inputs = 4;
        const double Alpha = 0.02;
        Dataset data = Runs.Classes(Rows, Inputs, 2);
        NetworkSpec spec = new(Inputs, new Dense(1, Activations.Sigmoid()));
        Preparation preparation = Preparation.Fit(data, Runs.All(data), Scaling.None, singleOutput: true);
        using TrainSession<double> session = new(spec, data, Runs.All(data), [], preparation, new()
        {
            Loss = Losses.BinaryCrossEntropy, Optimizer = Optimizers.GradientDescent, LearningRate = Alpha,
            Reduction = Reduction.Sum, Batch = 0,
            Epochs = 10, Threads = 1,
        });
        double[] w = Runs.Weights(session); // the weights, then the bias, whose input is always 1
        session.Run();
        for (int epoch = 0; epoch < 10; epoch++)
        {
            double[] delta = new double[Inputs + 1];
            for (int r = 0; r < Rows; r++)
            {
                double[] x = [.. Enumerable.Range(0, Inputs).Select(i => (double)data.Numeric[r * Inputs + i]), 1];
                double y = 1 / (1 + Math.Exp(-x.Zip(w, (a, b) => a * b).Sum()));
                for (int j = 0; j <= Inputs; j++) delta[j] += (data.Classes[r] - y) * x[j];
            }
            for (int j = 0; j <= Inputs; j++) w[j] += Alpha * delta[j];
        }
        double[] trained = Runs.Weights(session);
        for (int j = 0; j <= Inputs; j++) Assert.Equal(w[j], trained[j], 1e-12);
    }

    /// <summary>The objective that iRprop+ compares has the penalties in it: with a large one the cost can rise while
    /// the data term falls.</summary>
    [Fact]
    public void IRprop_plus_compares_objectives_with_their_penalty()
    {
        Dataset data = Runs.Numbers(40, 3);
        NetworkSpec spec = new(3, new Dense(5, Activations.Tanh), new Dense(1, Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(data, spec, new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Optimizers.IrpropPlus(0.1), Batch = 0, Epochs = 60,
            Threads = 1, L2 = 0.5,
        });
        double[] w = Runs.Weights(session), previous = new double[w.Length],
            size = Enumerable.Repeat(0.1, w.Length).ToArray(), move = new double[w.Length];
        bool[] penalised = [.. spec.Segments.SelectMany(s => Enumerable.Repeat(s.IsPenalised, s.Length))];
        double before = double.NaN;
        int differ = 0;
        double dataBefore = double.NaN;
        while (session.Stopped is null)
        {
            double objective = session.Penalty();
            double[] at = Runs.Weights(session);
            StepReport report = session.Step();
            objective += report.Loss;
            if ((objective > before) != (report.Loss > dataBefore)) differ++;
            double[] gradient = [.. spec.Segments.SelectMany(s =>
                session.State.Gradient.Span.Slice(s.Offset, s.Length).ToArray())];
            for (int i = 0; i < w.Length; i++)
            {
                double g = gradient[i] / 40 + (penalised[i] ? 0.5 * at[i] : 0), product = g * previous[i];
                if (product > 0) size[i] = Math.Min(50, 1.2 * size[i]);
                if (product < 0)
                {
                    size[i] *= 0.5;
                    if (objective > before) w[i] -= move[i];
                    g = 0;
                }
                else
                {
                    move[i] = -Math.Sign(g) * size[i];
                    w[i] += move[i];
                }
                previous[i] = g;
            }
            (before, dataBefore) = (objective, report.Loss);
        }
        double[] trained = Runs.Weights(session);
        for (int i = 0; i < w.Length; i++) Assert.Equal(w[i], trained[i], 1e-9);
        Assert.True(differ > 0, "the test does not tell the two apart");
    }
}
