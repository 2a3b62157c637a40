namespace Downhill.Tests.Training;

/// <summary>
/// Penalties, decay, clipping, schedules and update rules, against scalar transcriptions of their definitions. The
/// network is one linear layer without bias on one row, so that the gradient is known: ½(w·x − d)² has ∂/∂wᵢ = (w·x −
/// d)·xᵢ.
/// </summary>
public sealed class UpdateTests
{
    private static readonly float[] Row = [1, -2, 0.5f, 3, 0.25f, -1, 2, 1.5f, -0.75f];
    private const int N = 9;

    private static TrainSession<double> Linear(TrainOptions options, double[]? start = null, float target = 1)
    {
        Dataset data = new("one", Runs.Columns(N), new Target(["y"], []), Row, [], [], [target]);
        NetworkSpec spec = new(N, new Dense(1, Activations.Identity) { HasBias = false });
        TrainSession<double> session = Runs.Start<double>(data, spec,
            options with { Loss = Losses.Euclidean, Batch = 0, Shuffle = false, Threads = 1, Epochs = 1000 });
        start?.CopyTo(session.State.Parameters.Span);
        return session;
    }

    private static double[] Gradient(double[] w, double target = 1)
    {
        double error = -target;
        for (int i = 0; i < N; i++) error += w[i] * Row[i];
        return [.. Row.Select(x => error * x)];
    }

    private static void Close(double[] expected, double[] actual, double tolerance = 1e-13)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])),
                $"{i}: {expected[i]:R} and {actual[i]:R}");
    }

    [Fact]
    public void Gradient_descent_is_the_plain_step()
    {
        using TrainSession<double> session = Linear(
            new() { Optimizer = Optimizers.GradientDescent, LearningRate = 0.01 });
        double[] w = Runs.Weights(session);
        for (int step = 0; step < 20; step++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < N; i++) w[i] -= 0.01 * g[i];
            session.Step();
            Close(w, Runs.Weights(session));
        }
    }

    /// <summary>Polyak's heavy ball: Δw(t) = −η·∇C + γ·Δw(t−1).</summary>
    [Fact]
    public void Momentum_is_the_heavy_ball()
    {
        using TrainSession<double> session = Linear(
            new() { Optimizer = Optimizers.Momentum(0.8), LearningRate = 0.01 });
        double[] w = Runs.Weights(session), before = [.. w];
        for (int step = 0; step < 20; step++)
        {
            double[] g = Gradient(w), next = new double[N];
            for (int i = 0; i < N; i++) next[i] = w[i] - 0.01 * g[i] + 0.8 * (w[i] - before[i]);
            (before, w) = (w, next);
            session.Step();
            Close(w, Runs.Weights(session), 1e-12);
        }
    }

    /// <summary>Kingma and Ba, algorithm 1, line by line.</summary>
    [Fact]
    public void Adam_is_algorithm_1()
    {
        const double Alpha = 0.02, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-3;
        using TrainSession<double> session = Linear(
            new() { Optimizer = Optimizers.Adam(Beta1, Beta2, Epsilon), LearningRate = Alpha });
        double[] w = Runs.Weights(session), m = new double[N], v = new double[N];
        for (int t = 1; t <= 20; t++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < N; i++)
            {
                m[i] = Beta1 * m[i] + (1 - Beta1) * g[i];
                v[i] = Beta2 * v[i] + (1 - Beta2) * g[i] * g[i];
                double mHat = m[i] / (1 - Math.Pow(Beta1, t)), vHat = v[i] / (1 - Math.Pow(Beta2, t));
                w[i] -= Alpha * mHat / (Math.Sqrt(vHat) + Epsilon);
            }
            session.Step();
            Close(w, Runs.Weights(session), 1e-12);
        }
    }

    [Fact]
    public void L2_is_the_gradient_of_the_term_in_the_objective()
    {
        Dataset data = Runs.Numbers(7, 4, 2);
        NetworkSpec spec = new(4, new Dense(3, Activations.Tanh), new Dense(2, Activations.Identity));
        foreach (bool biases in (bool[])[false, true])
        {
            TrainOptions options = new()
            {
                Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 0.1, L2 = 0.7,
                Batch = 0, Threads = 1, PenalizeBiases = biases,
            };
            using TrainSession<double> session = Runs.Start<double>(data, spec, options);
            foreach (Segment segment in spec.Segments)
                for (int i = 0; i < segment.Length; i++) session.State.Parameters.Span[segment.Offset + i] += 0.1 * (
                    i + 1);
            double[] before = [.. session.State.Parameters.Span];
            using Network<double> network = new(spec, Losses.Euclidean);
            Workspace<double> workspace = new(network, 7);
            for (int i = 0; i < data.Numeric.Length; i++) workspace.Input[i] = data.Numeric[i];
            for (int i = 0; i < data.Values.Length; i++) workspace.Targets[i] = data.Values[i];
            AlignedBuffer<double> at = new(spec.ParameterLength), none = new(0);
            double Objective(int place, double change)
            {
                before.CopyTo(at.Span);
                at.Span[place] += change;
                network.Forward(workspace, at, none, 7, PassMode.Predict);
                network.Evaluate(workspace, 7, weighted: false, withGradient: false);
                double sum = 0, squares = 0;
                for (int r = 0; r < 7; r++) sum += workspace.RowLoss[r];
                foreach (Segment segment in spec.Segments.Where(s => biases || s.Shape.Role == SegmentRole.Weight))
                    for (int i = 0; i < segment.Length; i++) squares += at.Span[segment.Offset + i] * at.Span[
                        segment.Offset + i];
                return sum / 7 + 0.5 * 0.7 * squares;
            }
            double[] gradient = new double[before.Length];
            const double H = 1e-3;
            foreach (Segment segment in spec.Segments)
                for (int p = segment.Offset; p < segment.Offset + segment.Length; p++)
                    gradient[p] = (Objective(p, -2 * H) - 8 * Objective(p, -H) + 8 * Objective(p, H)
                        - Objective(p, 2 * H)) / (12 * H);
            session.Step();
            for (int p = 0; p < before.Length; p++)
                Assert.Equal(before[p] - 0.1 * gradient[p], session.State.Parameters.Span[p], 1e-9);
            Assert.Equal(0.5 * 0.7 * spec.Segments.Where(s => biases || s.IsPenalised)
                .SelectMany(s => session.State.Parameters.Span.Slice(s.Offset, s.Length).ToArray()).Sum(x => x * x),
                    session.State.History[0].Penalty, 1e-12);
        }
    }

    /// <summary>Off 0 the step goes along g + λ·sign(w) and ends at 0 where it would cross; at 0 only what exceeds λ
    /// moves it.</summary>
    [Fact]
    public void L1_steps_along_the_one_sided_slope_and_ends_at_zero()
    {
        const double Rate = 0.05, Lambda = 0.9;
        using TrainSession<double> session = Linear(
            new() { Optimizer = Optimizers.GradientDescent, LearningRate = Rate, L1 = Lambda });
        double[] w = Runs.Weights(session);
        int zeros = 0;
        for (int step = 0; step < 20; step++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < N; i++)
            {
                double old = w[i];
                double slope = old != 0 ? g[i] + Lambda * Math.Sign(old)
                    : Math.Sign(g[i]) * Math.Max(Math.Abs(g[i]) - Lambda, 0);
                w[i] = old - Rate * slope;
                if (old != 0 && Math.Sign(w[i]) != Math.Sign(old)) w[i] = 0;
                if (w[i] == 0) zeros++;
            }
            session.Step();
            Close(w, Runs.Weights(session));
            for (int i = 0; i < N; i++) Assert.Equal(w[i] == 0, session.State.Parameters.Span[i] == 0);
        }
        Assert.True(zeros > 10, "nothing ended at zero");
        Assert.Equal(Lambda * w.Sum(Math.Abs), session.Penalty(), 1e-12);
    }

    /// <summary>The minimum of C + λ·Σ|w| is reached whatever the rule's own step is: |g| ≤ λ at 0, g = −λ·sign(w)
    /// elsewhere.</summary>
    [Theory]
    [InlineData("gradient_descent", 0.05, 1e-6)]
    [InlineData("momentum", 0.01, 1e-6)]
    [InlineData("nesterov", 0.01, 1e-6)]
    [InlineData("adam", 0.01, 0.05)]
    public void L1_reaches_the_minimum_of_the_objective(string rule, double rate, double tolerance)
    {
        const double Lambda = 0.3;
        using TrainSession<double> session = Linear(new()
        {
            Optimizer = Catalog.Default.Optimizer(rule), LearningRate = rate, L1 = Lambda, Epochs = 6000,
            Schedules = [new("learning_rate", Schedules.Cosine())],
        });
        while (session.Stopped is null) session.Step();
        double[] w = Runs.Weights(session), g = Gradient(w);
        for (int i = 0; i < N; i++)
        {
            if (w[i] == 0) Assert.True(Math.Abs(g[i]) <= Lambda + tolerance, $"|{g[i]}| at 0");
            else Assert.Equal(-Lambda * Math.Sign(w[i]), g[i], tolerance);
        }
        Assert.Contains(w, x => x != 0);
    }

    /// <summary>At w = 0 the subgradient of λ|w| is [−λ, λ]: a smaller gradient leaves it there, a larger one takes it
    /// away.</summary>
    [Theory]
    [InlineData("gradient_descent")]
    [InlineData("momentum")]
    public void A_weight_at_zero_revives_where_its_gradient_is_larger_than_lambda(string rule)
    {
        // All weights 0: gᵢ = −d·xᵢ = −xᵢ.
        using TrainSession<double> session = Linear(
            new() { Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.01, L1 = 1 }, new double[N]);
        session.Step();
        double[] w = Runs.Weights(session);
        for (int i = 0; i < N; i++)
        {
            double g = -Row[i];
            if (Math.Abs(g) <= 1) Assert.Equal(0, w[i]);
            else Assert.Equal(-Math.Sign(g) * 0.01 * (Math.Abs(g) - 1), w[i], 1e-15);
        }
        Assert.Contains(w, x => x == 0);
        Assert.Contains(w, x => x != 0);
    }

    [Theory]
    [InlineData("gradient_descent")]
    [InlineData("momentum")]
    [InlineData("adam")]
    public void Decay_is_decoupled(string rule)
    {
        const double Rate = 0.05, Decay = 0.4;
        Optimizer optimizer = Catalog.Default.Optimizer(rule);
        double[] start = [0.5, -1, 2, 0.1, -0.3, 0.7, -0.2, 1, 0.4];
        using TrainSession<double> plain = Linear(new() { Optimizer = optimizer, LearningRate = Rate }, start);
        using TrainSession<double> decayed = Linear(
            new() { Optimizer = optimizer, LearningRate = Rate, WeightDecay = Decay }, start);
        using TrainSession<double> penalised = Linear(new() { Optimizer = optimizer, LearningRate = Rate, L2 = Decay },
            start);
        plain.Step();
        decayed.Step();
        penalised.Step();
        // w ← w − η·decay·w besides the step that the rule takes without it.
        Close([.. Runs.Weights(plain).Zip(start, (w, from) => w - Rate * Decay * from)], Runs.Weights(decayed));
        Assert.Equal(0, decayed.Penalty());
        double apart = Runs.Weights(penalised).Zip(Runs.Weights(decayed), (a, b) => Math.Abs(a - b)).Max();
        if (rule == "adam") Assert.True(apart > 1e-3, "adam with decay and adam with L2 are the same");
        else Assert.True(apart < 1e-13);
        for (int i = 0; i < 2; i++)
        {
            decayed.Step();
            penalised.Step();
        }
        if (rule != "gradient_descent") // the penalty enters the velocity, decay does not
            Assert.True(Runs.Weights(penalised).Zip(Runs.Weights(decayed), (a, b) => Math.Abs(a - b)).Max() > 1e-4);
    }

    [Fact]
    public void Biases_are_exempt_from_penalties_and_decay_unless_asked()
    {
        Dataset data = Runs.Numbers(6, 3, 1);
        NetworkSpec spec = new(3, new Dense(4, Activations.Identity), new BatchNorm(Activations.Tanh),
            new Dense(1, Activations.Identity));
        double[] Bias(TrainOptions options)
        {
            using TrainSession<double> session = Runs.Start<double>(
                data, spec, options with
                {
                    Batch = 0,
                    Threads = 1,
                    Loss = Losses.Euclidean,
                    LearningRate = 0.1,
                    Optimizer = Optimizers.GradientDescent
                });
            foreach (Segment s in spec.Segments.Where(s => s.Shape.Role != SegmentRole.Weight))
                session.State.Parameters.Span.Slice(s.Offset, s.Length).Fill(0.5);
            session.Step();
            return [.. spec.Segments.Where(s => s.Shape.Role != SegmentRole.Weight)
                .SelectMany(s => session.State.Parameters.Span.Slice(s.Offset, s.Length).ToArray())];
        }
        double[] plain = Bias(new());
        foreach (TrainOptions options in (TrainOptions[])[
            new() { L1 = 0.3 }, new() { L2 = 0.3 }, new() { WeightDecay = 0.3 }])
        {
            Assert.Equal(plain, Bias(options));
            Assert.All(plain.Zip(Bias(options with { PenalizeBiases = true })), p => Assert.True(p.Second < p.First));
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1e6)]
    public void Clipping_shortens_the_gradient_to_the_norm_and_keeps_its_direction(double clip)
    {
        double[] start = [0.5, -1, 2, 0.1, -0.3, 0.7, -0.2, 1, 0.4];
        using TrainSession<double> session = Linear(
            new() { Optimizer = Optimizers.GradientDescent, LearningRate = 0.1, Clip = clip, L2 = 0.3 }, start);
        double[] g = [.. Gradient(start).Zip(start, (d, w) => d + 0.3 * w)];
        double norm = Math.Sqrt(g.Sum(x => x * x));
        StepReport report = session.Step();
        Assert.Equal(norm, report.GradientNorm, 1e-12);
        Close([.. start.Zip(g, (w, d) => w - 0.1 * d * Math.Min(1, clip / norm))], Runs.Weights(session));
    }

    private static double[] Rates(TrainOptions options, int steps, Dataset data)
    {
        NetworkSpec spec = new(3, new Dense(1, Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(
            data, spec, options with { Loss = Losses.Euclidean, Threads = 1 });
        return [.. Enumerable.Range(0, steps).Select(_ => session.Step().LearningRate)];
    }

    [Fact]
    public void Cosine_falls_from_the_rate_to_the_floor()
    {
        // 10 rows by 5 are 2 steps an epoch; 4 epochs, 8 steps: η·(f + (1−f)·½(1 + cos(π·t/8))).
        TrainOptions options = new()
        {
            Optimizer = Optimizers.GradientDescent, LearningRate = 0.08, Batch = 5,
            Epochs = 4, Schedules = [new("learning_rate", Schedules.Cosine(0.25))]
        };
        double[] rates = Rates(options, 8, Runs.Numbers(10, 3));
        double[] byHand = [0.08, 0.0777163859753386, 0.0712132034355964, 0.0614805029709527, 0.05, 0.0385194970290473,
            0.0287867965644036, 0.0222836140246614];
        Close(byHand, rates, 1e-14);
        Close([.. byHand.Select((_, t) => 0.08 * (0.25 + 0.75 * 0.5 * (1 + Math.Cos(Math.PI * t / 8))))], rates, 1e-14);
    }

    /// <summary>What <see cref="TrainState{T}.Gradient"/> promises: sums, and with a norm the finished gradient, before
    /// it is clipped.</summary>
    [Theory]
    [InlineData(1e9)]
    [InlineData(1e-3)]
    public void The_gradient_is_a_sum_and_finished_where_its_norm_is_asked_for(double clip)
    {
        const int Rows = 10;
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 0.01, L2 = 0.3, Batch = 0,
        };
        NetworkSpec spec = new(N, new Dense(1, Activations.Identity) { HasBias = false });
        Dataset data = Runs.Numbers(Rows, N);
        using TrainSession<double> plain = Runs.Start<double>(data, spec, options),
            normed = Runs.Start<double>(data, spec, options with { Clip = clip });
        double[] w = Runs.Weights(plain), x = [.. data.Numeric.Select(v => (double)v)];
        plain.Step();
        double norm = normed.Step().GradientNorm;
        for (int i = 0; i < N; i++)
        {
            // By hand: Σ over rows of (w·x − d)·xᵢ.
            double sum = Enumerable.Range(0, Rows).Sum(row =>
                (Enumerable.Range(0, N).Sum(j => w[j] * x[row * N + j]) - data.Values[row]) * x[row * N + i]);
            Assert.Equal(sum, plain.State.Gradient.Span[i], 1e-11);
            Assert.Equal(sum / Rows + 0.3 * w[i], normed.State.Gradient.Span[i], 1e-12);
        }
        Assert.Equal(norm, Math.Sqrt(normed.State.Gradient.Span.ToArray().Sum(g => g * g)), 1e-12);
    }

    [Fact]
    public void Settle_waits_for_a_small_change_or_for_its_epochs()
    {
        Schedule schedule = Schedules.Settle(0.5, 0.9, change: 0.1, atMost: 5);
        double[] After(params double[] losses)
        {
            double[] state = new double[schedule.StateLength];
            return [.. losses.Select(loss =>
            {
                schedule.EpochEnded(new EpochReport(0, 0, loss, 0, 0, 0, 0, 0, false), state);
                return schedule.Value(default, state);
            })];
        }
        Assert.Equal(0.5, schedule.Value(default, new double[schedule.StateLength]));
        Assert.Equal([0.5, 0.5, 0.9, 0.9], After(10, 5, 4.6, 1)); // 10 → 5 halves; 5 → 4.6 is 8 %; settled for good
        Assert.Equal([0.5, 0.5, 0.9], After(10, 8.9, 8.1));       // 11 %, then 9 %
        Assert.Equal([0.5, 0.5, 0.5, 0.5, 0.9], After(16, 8, 4, 2, 1));
    }

    [Fact]
    public void A_schedule_drives_the_momentum()
    {
        // γ = 0.5 in the first epoch; "settled" from the second on whatever happens (at_most 1): 0.9.
        TrainOptions options = new()
        {
            Optimizer = Optimizers.Momentum(), LearningRate = 0.01,
            Schedules = [new("gamma", Schedules.Settle(0.5, 0.9, 0, 1))]
        };
        using TrainSession<double> session = Linear(options);
        double[] w = Runs.Weights(session), v = new double[N];
        for (int step = 0; step < 5; step++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < N; i++) w[i] += v[i] = (step == 0 ? 0.5 : 0.9) * v[i] - 0.01 * g[i];
            session.Step();
            Close(w, Runs.Weights(session), 1e-12);
        }
    }

    [Theory]
    [InlineData("l1")]
    [InlineData("l2")]
    [InlineData("weight_decay")]
    public void Penalties_can_be_scheduled(string name)
    {
        TrainOptions options = new()
        {
            Optimizer = Optimizers.GradientDescent, LearningRate = 0.01,
            L1 = name == "l1" ? 1 : 0, L2 = name == "l2" ? 1 : 0, WeightDecay = name == "weight_decay" ? 1 : 0
        };
        double[] start = [0.5, -1, 2, 0.1, -0.3, 0.7, -0.2, 1, 0.4];
        using TrainSession<double> off = Linear(
            options with { Schedules = [new(name, Schedules.Settle(0, 1, 0, 1000))] }, start);
        using TrainSession<double> none = Linear(options with { L1 = 0, L2 = 0, WeightDecay = 0 }, start),
            on = Linear(options, start);
        foreach (TrainSession<double> session in (TrainSession<double>[])[off, none, on]) session.Step();
        Assert.Equal(Runs.Weights(none), Runs.Weights(off));
        Assert.NotEqual(Runs.Weights(on), Runs.Weights(off));
        Assert.Equal(0, off.Penalty());
    }

    [Fact]
    public void Schedules_that_drive_nothing_are_refused()
    {
        Dataset data = Runs.Numbers(5, 3);
        NetworkSpec spec = new(3, new Dense(1, Activations.Identity));
        TrainOptions Scheduled(Optimizer optimizer, params string[] names) => new()
        {
            Loss = Losses.Euclidean, Batch = 0, Optimizer = optimizer,
            Schedules = [.. names.Select(n => new ScheduleOf(n, Schedules.Cosine()))],
        };
        void Refused(TrainOptions options) =>
            Assert.Throws<DownhillException>(() => Runs.Start<float>(data, spec, options));
        Refused(Scheduled(Optimizers.Adam(), "gamma"));
        Refused(Scheduled(Optimizers.Lbfgs(), "learning_rate")); // it has its own line search
        Refused(Scheduled(Optimizers.Lbfgs(), "l2"));            // its remembered curvature is that of one objective
        Runs.Start<float>(data, spec, Scheduled(Optimizers.Momentum(), "gamma", "learning_rate")).Dispose();
    }

    /// <summary>A user's own rule: gradient descent on the sign, with a slot that counts.</summary>
    private readonly struct SignRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => 5;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            (constants[0], constants[1]) = (arguments[0], step.IsFullBatch ? step.Number : double.NaN);
        static V IUpdateRule.Update<S, V,
            T>(V w, V g, V rate, ref V count, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            count = S.Add(count, c[1]);
            return S.Sub(w, S.Mul(S.Mul(rate, c[0]), S.CopySign(S.Set(T.One), g)));
        }
    }

    [Fact]
    public void A_rule_of_ones_own_trains_by_its_name()
    {
        Catalog catalog = Catalog.Default with
        {
            Optimizers = [.. Catalog.Default.Optimizers,
                Optimizers.Entry<SignRule>("sign", "w ← w − η·a·sign(g)", "", "", [new("a", 2)], 0.01)],
        };
        using TrainSession<double> session = Linear(new() { Optimizer = catalog.Optimizer("sign(3)") });
        double[] w = Runs.Weights(session), g = Gradient(w);
        session.Step();
        Close([.. w.Select((x, i) => x - 0.01 * 3 * Math.Sign(g[i]))], Runs.Weights(session));
        Assert.Equal(6, session.State.Slots[0].Span[0]);
        session.Step();
        Assert.Equal(8, session.State.Slots[0].Span[N - 1]);
        Assert.Contains("'sign'", Assert.Throws<DownhillException>(() => catalog.Optimizer("sing")).Message);
    }
}
