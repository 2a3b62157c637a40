using CsCheck;
using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>Stopping rules: by hand-made sequences, with figures that are no numbers, joined, saved and
/// resumed.</summary>
public sealed class StoppingRuleTests
{
    private static EpochReport Report(
        int epoch, double train = double.NaN, double validation = double.NaN, double norm = double.NaN,
        double squares = double.NaN,
        double score = double.NaN, double accuracy = double.NaN) =>
        new(epoch, epoch, train, 0, validation, score, 0.1, norm, false, squares, accuracy);

    /// <summary>The epoch at which the rule asks to stop, 0 when it never does.</summary>
    private static int StopsAt(StoppingRule rule, IEnumerable<EpochReport> reports)
    {
        double[] state = new double[rule.StateLength];
        foreach (EpochReport report in reports)
            if (rule.Asks(report, state) is string why)
            {
                Assert.NotEmpty(why);
                return report.Epoch;
            }
        return 0;
    }

    private static StoppingRule Rule(string text) => Catalog.Default.StoppingRule(text);

    /// <summary>GL(t) = 100·(E_va/E_opt − 1): 4 after 2 is 100 %, 2.2 after 2 is 10 %.</summary>
    [Theory]
    [InlineData("gl(5)", new[] { 4.0, 2, 2.05, 2.08, 2.2 }, 5)]
    [InlineData("gl(5)", new[] { 4.0, 2, 2.1, 2.1 }, 3)]            // 2.1/2 − 1 rounds to a little more than 5 %
    [InlineData("gl(5)", new[] { 4.0, 2, 1, 1.04, 1.06 }, 5)]       // against the lowest, which fell
    [InlineData("gl(50)", new[] { 1.0, 1.4, 1.5, 1.4 }, 0)]         // not above 50
    [InlineData("gl(0)", new[] { 1.0, 1, 1.0001 }, 3)]
    [InlineData("gl(alpha=5,strip=5)", new[] { 1.0, 9, 9, 9, 1.01, 9, 9, 9, 9, 1.04, 9, 9, 9, 9, 1.06 }, 15)]
    [InlineData("gl(alpha=5,strip=2)", new[] { 1.0, 1, 9, 1, 1, 9 }, 6)]
    [InlineData("gl(5)", new[] { double.NaN, 2, double.NaN, 2.05, double.PositiveInfinity }, 5)]
    [InlineData("gl(5)", new[] { double.NaN, double.NaN, 9, 9 }, 0)]
    [InlineData("gl(5)", new[] { 0.0, 0, 1e-9 }, 3)]                // from 0 every loss is a loss without bounds
    [InlineData("gl(5)", new[] { -1.0, -2, 5, 9 }, 0)]              // quotients of negative losses mean nothing
    // UP_s: above the end of the strip before, at s ends in a row. Strips of 2 end at epochs 2, 4, 6 …
    [InlineData("up(s=1,strip=2)", new[] { 1.0, 1, 5, 0.9, 5, 0.8, 0.1, 0.85 }, 8)]
    [InlineData("up(s=2,strip=2)", new[] { 1.0, 1, 0, 1.1, 0, 1.05, 0, 1.1, 0, 1.2 }, 10)]
    [InlineData("up(s=3,strip=1)", new[] { 1.0, 2, 3, 4 }, 4)]
    [InlineData("up(s=3,strip=1)", new[] { 1.0, 2, 3, 3, 4, 5, 6 }, 7)]
    [InlineData("up(s=1,strip=5)", new[] { 1.0, 1, 1, 1, 1, 2, 2, 2, 2, 0.9, 9, 9, 9, 9, 0.95 }, 15)]
    [InlineData("up(s=2,strip=1)", new[] { 1.0, 2, double.NaN, 3, 4, 5 }, 6)]
    public void Generalization_by_hand(string rule, double[] losses, int stop) =>
        Assert.Equal(stop, StopsAt(Rule(rule), losses.Select((v, i) => Report(i + 1, 1, v))));

    /// <summary>P_k = 1000·(Σ E_tr/(k·min E_tr) − 1): 6, 5, 4 has the mean 5 over the least 4: 250.</summary>
    [Theory]
    [InlineData("progress(threshold=251,strip=3)", new[] { 6.0, 5, 4 }, 3)]
    [InlineData("progress(threshold=250,strip=3)", new[] { 6.0, 5, 4 }, 0)]
    [InlineData("progress(threshold=251,strip=3)", new[] { 9.0, 5, 4, 6, 5, 4 }, 6)]
    // 6, 5, 4 across two strips is no strip
    [InlineData("progress(threshold=251,strip=3)", new[] { 9.0, 9, 6, 5, 4 }, 0)]
    [InlineData("progress(0.1)", new[] { 1.0, 1, 1, 1, 1.0004 }, 5)]                   // P₅ = 0.08
    [InlineData("progress(0.1)", new[] { 1.0, 1, 1, 1, 1.0006, 1, 1, 1, 1, 1 }, 10)]   // P₅ = 0.12, then 0
    [InlineData("progress(0.1)", new[] { 0.1, 0.1, 0.1, 0.1, 0.1 }, 5)]                // 0 but for rounding
    [InlineData("progress(0.1)", new[] { 0.0, 0, 0, 0, 0 }, 5)]
    [InlineData("progress(0.1)", new[] { 1.0, 0, 0, 0, 0 }, 0)]                        // endless progress
    [InlineData("progress(0.1)", new[] { -1.0, -1, -1, -1, -1 }, 0)]
    [InlineData("progress(0.1)", new[] { 1.0, 1, double.NaN, 1, 1, 1, 1, 1, 1, 1 }, 10)]
    public void Progress_by_hand(string rule, double[] losses, int stop) =>
        Assert.Equal(stop, StopsAt(Rule(rule), losses.Select((t, i) => Report(i + 1, t))));

    /// <summary>PQ = GL/P_k at the ends of strips of 2. Training 6, 4: P = 1000·(10/8 − 1) = 250. Validation 1, 1.5: GL
    /// = 50, PQ = 0.2.</summary>
    [Theory]
    [InlineData(0.19, new[] { 6.0, 4 }, new[] { 1.0, 1.5 }, 2)]
    [InlineData(0.2, new[] { 6.0, 4 }, new[] { 1.0, 1.5 }, 0)]
    [InlineData(0.5, new[] { 6.0, 4, 3, 2.9 }, new[] { 1.0, 1, 1, 1.1 }, 4)] // P = 17.24, GL = 10, PQ = 0.58
    [InlineData(0.6, new[] { 6.0, 4, 3, 2.9 }, new[] { 1.0, 1, 1, 1.1 }, 0)]
    [InlineData(0.1, new[] { 6.0, 4, 3 }, new[] { 1.0, 1, 99 }, 0)]                         // not at the end of a strip
    [InlineData(9, new[] { 4.0, 4 }, new[] { 1.0, 1.001 }, 2)]               // no progress: any loss is too much
    [InlineData(0, new[] { 4.0, 4 }, new[] { 1.0, 1 }, 0)]                                  // 0/0
    [InlineData(0.1, new[] { double.NaN, 4, 4, 3.9 }, new[] { 1.0, 2, 1, 2 }, 4)]
    [InlineData(0.1, new[] { 6.0, 4, 6, 4 }, new[] { 1.0, double.NaN, double.NaN, 2 }, 4)]
    public void Progress_quotient_by_hand(double alpha, double[] train, double[] validation, int stop) =>
        Assert.Equal(stop, StopsAt(StoppingRules.ProgressQuotient(alpha, 2),
            train.Select((t, i) => Report(i + 1, t, validation[i]))));

    /// <summary>Against the paper's definitions, written down as they stand, on random courses of both
    /// losses.</summary>
    [Fact]
    public void Prechelts_rules_are_his_definitions() =>
        Gen.Select(Gen.Double[0.1, 1].Array[40], Gen.Double[0.5, 1].Array[40], Gen.Int[1, 6], Gen.Int[1, 3],
            Gen.Double[0, 60]).Sample(
            (train, validation, k, s, alpha) =>
            {
                double Train(int t) => train[t - 1];
                double Validation(int t) => validation[t - 1];
                double Lost(int t) => 100 * (Validation(t) / Enumerable.Range(1, t).Min(Validation) - 1);
                double Progress(int t) =>
                    1000 * (Strip(t).Sum(Train) / (k * Strip(t).Min(Train)) - 1);
                IEnumerable<int> Strip(int t) => Enumerable.Range(t - k + 1, k);
                // UP_s stops after epoch t iff UP_{s−1} stops after epoch t − k and E_va(t) > E_va(t − k).
                bool Up(int s, int t) => t - k >= 1 && Validation(t) > Validation(t - k)
                    && (s == 1 || Up(s - 1, t - k));
                int First(Func<int, bool> stops) => Enumerable.Range(1, 40).FirstOrDefault(stops);
                EpochReport[] reports = [.. Enumerable.Range(1, 40).Select(t => Report(t, Train(t), Validation(t)))];
                return StopsAt(StoppingRules.GeneralizationLoss(alpha), reports) == First(t => Lost(t) > alpha)
                    && StopsAt(StoppingRules.GeneralizationLoss(alpha, k), reports) == First(t =>
                        t % k == 0 && Lost(t) > alpha)
                    && StopsAt(StoppingRules.ProgressQuotient(alpha / 100, k), reports) == (k == 1
                        ? First(t => Lost(t) > 0) : First(t => t % k == 0 && Lost(t) / Progress(t) > alpha / 100))
                    && StopsAt(StoppingRules.Progress(alpha + 1, k), reports) == (k == 1 ? 1
                        : First(t => t % k == 0 && Progress(t) < alpha + 1))
                    && StopsAt(StoppingRules.Up(s, k), reports) == First(t => t % k == 0 && Up(s, t));
            });

    [Theory]
    [InlineData("train.loss<0.5", 3)]
    [InlineData("train.loss<=0.5", 2)]
    [InlineData("train.squared_error<0.35", 3)]
    [InlineData("train.accuracy>0.6", 2)]
    [InlineData("train.accuracy>=1", 4)]
    [InlineData("validation.loss<0.55", 4)]
    [InlineData("validation.loss>9", 0)]
    [InlineData("validation.accuracy>0.75", 4)]
    [InlineData("validation.accuracy>=0.75", 3)]
    [InlineData(" Validation.R2 > 0.6 ", 2)]
    public void Targets(string condition, int stop) => Assert.Equal(stop, StopsAt(StoppingRules.Target(condition),
    [
        Report(1),
        Report(2, 0.5, 0.9, squares: 0.4, score: 0.7, accuracy: 0.8),
        Report(3, 0.4, 0.6, squares: 0.3, score: 0.75, accuracy: 0.9),
        Report(4, 0.3, 0.5, squares: 0.2, score: 0.8, accuracy: 1),
    ]));

    [Theory]
    [InlineData("target")]
    [InlineData("target()")]
    [InlineData("target(train.loss)")]
    [InlineData("target(train.loss<)")]
    [InlineData("target(train.loss<x)")]
    [InlineData("target(train.loss<nan)")]
    [InlineData("target(train.loss=0.1)")]
    [InlineData("target(train.loss<<0.1)")]
    [InlineData("target(loss<0.1)")]
    [InlineData("target(validation.acuracy>0.9)")]
    [InlineData("target(train.loss<0.1")]
    [InlineData("all")]
    [InlineData("all()")]
    [InlineData("all(gl(5),)")]
    [InlineData("all(gl(5)")]
    [InlineData("all(gl(5)),change")]
    [InlineData("all(gl(5),nothing)")]
    [InlineData("any(gl(-1))")]
    public void What_is_wrong_is_refused(string text)
    {
        string message = Assert.Throws<DownhillException>(() => Rule(text)).Message;
        Assert.Matches("expected .+, got .+\\. .+", message);
    }

    [Fact]
    public void Rules_within_rules_without_end_are_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("all(", 100_000)) + "gl" + new string(')', 100_000);
        Assert.Contains("2000", Assert.Throws<DownhillException>(() => Rule(deep)).Message);
        string allowed = string.Concat(Enumerable.Repeat("all(", 300)) + "gl(5)" + new string(')', 300);
        Assert.Equal(2, StopsAt(Rule(allowed), [Report(1, 1, 1), Report(2, 1, 2)]));
    }

    /// <summary>Proben1's way: generalization is lost by more than 5 % and training makes no progress, at the end of
    /// one strip.</summary>
    [Fact]
    public void All_stop_together_and_any_alone()
    {
        double[] train = [9, 8, 7, 6.5, 6, 5, 4, 4, 4, 4], validation = [1, 1, 1, 2, 1, 1, 1, 1, 1, 2];
        EpochReport[] reports = [.. train.Select((t, i) => Report(i + 1, t, validation[i]))];
        Assert.Equal(10, StopsAt(Rule("all(gl(alpha=5,strip=2),progress(threshold=0.1,strip=2))"), reports));
        Assert.Equal(4, StopsAt(Rule("any(gl(alpha=5,strip=2),progress(threshold=0.1,strip=2))"), reports));
        Assert.Equal(4, StopsAt(Rule("all(gl(alpha=5,strip=2),epochs(3))"), reports));
        Assert.Equal(10, StopsAt(Rule("all(gl(alpha=5,strip=2),epochs(5))"), reports));
        Assert.Equal(5, StopsAt(Rule("all(any(epochs(7),epochs(5)),any(epochs(2),gl(5)))"), reports));
        Assert.Equal(10, StopsAt(StoppingRules.AllOf(StoppingRules.GeneralizationLoss(5, 2),
            StoppingRules.Progress(0.1, 2)), reports));
        Assert.Equal(Rule("any(up(s=2,strip=5),gl(5))"),
            StoppingRules.AnyOf(StoppingRules.Up(2), StoppingRules.GeneralizationLoss()));
        Assert.Throws<DownhillException>(() => StoppingRules.AllOf());
    }

    [Fact]
    public void Joined_rules_need_what_their_parts_need()
    {
        Assert.True(Rule("all(change,gl)").NeedsValidation);
        Assert.True(Rule("any(change,all(gradient,epochs))").NeedsGradientNorm);
        Assert.False(Rule("any(change,all(target(train.loss<1),epochs))").NeedsValidation);
        Assert.True(Rule("any(change,all(target(validation.loss<1),epochs))").NeedsValidation);
        Assert.False(Rule("progress").NeedsValidation);
    }

    public static TheoryData<string> Rules { get; } = new(StoppingRules.All.Select(e => e.Default.ToString()).Where(t =>
        t != "epochs"));

    [Theory, MemberData(nameof(Rules))]
    public void What_is_no_number_never_stops(string rule)
    {
        Assert.Equal(0, StopsAt(Rule(rule), Enumerable.Range(1, 200).Select(e => Report(e))));
        // Nor does a course in which every other epoch has none: nothing can be compared with it, and nothing stands
        // still beside it.
        if (Rule(rule) is var asked && asked.Name is not "target" and not "gradient" and not "any")
            Assert.Equal(0, StopsAt(asked, Enumerable.Range(1, 200).Select(e =>
            {
                double falling = e % 2 == 0 ? 1.0 / e : double.NaN;
                return Report(e, falling, falling, falling, falling, falling, falling);
            })));
    }

    private static Gen<CatalogItem> Random => Gen.OneOf(
        [.. StoppingRules.All.Where(e => e.Example is null).Select(RandomParameters.Of), RandomTarget]);

    private static Gen<CatalogItem> RandomTarget => Gen.Select(
        Gen.OneOf([.. ((string[])["train.loss", "train.squared_error", "train.accuracy", "validation.loss",
            "validation.accuracy", "validation.r2"]).Select(Gen.Const)]),
        Gen.OneOf([.. ((string[])["<", "<=", ">", ">="]).Select(Gen.Const)]), Gen.Double.Where(d => !double.IsNaN(d)),
        (figure, relation, goal) => (CatalogItem)StoppingRules.Target($"{figure}{relation}{Numbers.Text(goal)}"));

    [Fact]
    public void Any_rule_prints_as_it_is_read()
    {
        Gen<CatalogItem> joined = Gen.Select(Random, Random, Gen.Bool, (a, b, all) => (CatalogItem)(all
            ? StoppingRules.AllOf((StoppingRule)a, (StoppingRule)b)
                : StoppingRules.AnyOf((StoppingRule)a, (StoppingRule)b)));
        Gen.Select(Gen.OneOf(Random, joined), Gen.OneOf(Random, joined)).Sample((a, b) =>
        {
            StoppingRule both = StoppingRules.AllOf((StoppingRule)a, (StoppingRule)b), back = Rule(both.ToString());
            return Rule(a.ToString()).Equals(a) && back.Equals(both) && back.ToString() == both.ToString()
                && back.StateLength == both.StateLength
                && back.NeedsValidation == both.NeedsValidation;
        });
    }

    /// <summary>State in the middle of any sequence, taken through a copy, goes on to the same answer.</summary>
    [Fact]
    public void All_that_a_rule_remembers_is_in_its_state() =>
        Gen.Select(Random, Random, Gen.Double[0.1, 1].Array[30], Gen.Double[0.5, 1].Array[30],
            Gen.Int[0, 29]).Sample((a, b, train, validation, at) =>
        {
            StoppingRule rule = StoppingRules.AllOf((StoppingRule)a, (StoppingRule)b), fresh = Rule(rule.ToString());
            double[] state = new double[rule.StateLength], copy = new double[rule.StateLength];
            for (int i = 0; i < 30; i++)
            {
                if (i == at) state.CopyTo(copy, 0);
                EpochReport report = Report(i + 1, train[i], validation[i], train[i], train[i], validation[i],
                    train[i]);
                string? why = rule.Asks(report, state);
                if (i >= at && why != fresh.Asks(report, copy)) return false;
            }
            return state.AsSpan().SequenceEqual(copy);
        });

    [Theory, MemberData(nameof(Rules))]
    public void Asking_allocates_nothing(string text)
    {
        StoppingRule rule = Rule(text);
        double[] state = new double[rule.StateLength];
        long least = long.MaxValue; // the just-in-time compiler may allocate in one stretch or another
        for (int stretch = 0; stretch < 5; stretch++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int epoch = 1; epoch <= 50; epoch++) rule.Asks(Report(epoch), state);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    private static readonly NetworkSpec Net = new(3, new Dense(8, Activations.Tanh), new Dense(3, Activations.Softmax));

    /// <summary>The squared error and accuracy of an epoch are those of its rows before their updates: here measured by
    /// hand, step by step.</summary>
    [Theory]
    [InlineData(Reduction.Mean, false)]
    [InlineData(Reduction.Sum, true)]
    public void Squared_error_and_accuracy_of_the_epoch(Reduction reduction, bool weighted)
    {
        float[]? weights = weighted ? [.. Enumerable.Range(0, 30).Select(i => i % 5 * 0.5f)] : null;
        Dataset data = Runs.Classes(30, 3, 3, weights: weights);
        TrainOptions options = new()
        {
            Batch = 8, Shuffle = false, Reduction = reduction, LearningRate = 0.01,
            Epochs = 3, Threads = 1
        };
        using TrainSession<double> session = Runs.Start<double>(data, Net, options);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            double squares = 0, right = 0, total = 0;
            for (int start = 0; start < 30; start += 8)
            {
                for (int row = start; row < Math.Min(30, start + 8); row++)
                {
                    double[] outputs = Outputs(session, data, row);
                    double weight = weights?[row] ?? 1;
                    total += weight;
                    for (int o = 0; o < 3; o++) squares += weight * Math.Pow(outputs[o] - (data.Classes[row] == o ? 1
                        : 0), 2);
                    if (Array.IndexOf(outputs, outputs.Max()) == data.Classes[row]) right += weight;
                }
                session.Step();
            }
            EpochReport report = session.State.History[epoch];
            Assert.Equal(squares / total / 3, report.TrainSquaredError, 1e-12);
            Assert.Equal(right / total, report.TrainAccuracy, 1e-12);
        }
    }

    private static double[] Outputs(TrainSession<double> session, Dataset data, int row)
    {
        float[] x = new float[3];
        data.Read([row], x, [], new int[1], [], []);
        ReadOnlySpan<double> p = session.State.Parameters.Span;
        IReadOnlyList<Segment> s = session.Spec.Segments;
        double[] hidden = new double[8], scores = new double[3];
        for (int u = 0; u < 8; u++)
        {
            double v = p[s[1].Offset + u];
            for (int i = 0; i < 3; i++) v += x[i] * p[s[0].Offset + i * 8 + u];
            hidden[u] = Math.Tanh(v);
        }
        for (int o = 0; o < 3; o++)
        {
            scores[o] = p[s[3].Offset + o];
            for (int u = 0; u < 8; u++) scores[o] += hidden[u] * p[s[2].Offset + u * 3 + o];
        }
        double sum = scores.Sum(Math.Exp);
        return [.. scores.Select(v => Math.Exp(v) / sum)];
    }

    /// <summary>For ½‖d − z‖² the mean squared error is 2/P times the loss, with update rules and with
    /// L-BFGS.</summary>
    [Theory]
    [InlineData("momentum", 8)]
    [InlineData("lbfgs", 0)]
    public void Squared_error_of_numbers_is_the_euclidean_loss(string optimizer, int batch)
    {
        NetworkSpec spec = new(3, new Dense(5, Activations.Tanh), new Dense(2, Activations.Identity));
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Catalog.Default.Optimizer(optimizer),
            LearningRate = optimizer == "lbfgs" ? null : 0.01,
            Batch = batch, Epochs = 40, Threads = 1, L2 = 0.01,
        };
        using TrainSession<double> session = Runs.Start<double>(Runs.Numbers(30, 3, 2), spec, options);
        session.Run();
        Assert.True(session.State.History.Count > 5);
        foreach (EpochReport report in session.State.History)
        {
            Assert.Equal(report.TrainLoss, report.TrainSquaredError, 1e-10);
            Assert.Equal(double.NaN, report.TrainAccuracy);
        }
    }

    [Fact]
    public void A_target_of_another_task_is_refused()
    {
        TrainOptions Asked(string target) => new() { Batch = 8, Stop = [Rule($"all(epochs(1),target({target}))")] };
        int[] train = [.. Enumerable.Range(0, 20)], held = [.. Enumerable.Range(20, 10)];
        Assert.Contains("validation.r2", Assert.Throws<DownhillException>(
            () => Runs.Start<float>(Runs.Classes(30, 3, 3), Net, Asked("validation.r2>0.5"), train, held)).Message);
        NetworkSpec numbers = new(3, new Dense(1, Activations.Identity));
        TrainOptions Numbers(string target) => Asked(target) with { Loss = Losses.Euclidean };
        foreach (string accuracy in (string[])["train.accuracy>0.5", "validation.accuracy>0.5"])
            Assert.Throws<DownhillException>(() =>
                Runs.Start<float>(Runs.Numbers(30, 3), numbers, Numbers(accuracy), train, held));
        Runs.Start<float>(Runs.Numbers(30, 3), numbers, Numbers("validation.r2>0.5"), train, held).Dispose();
    }

    [Fact]
    public void The_reason_names_the_rule_and_its_numbers()
    {
        FitResult fit = Model.Fit(Dataset.Load("iris"), new()
        {
            Hidden = [8], Threads = 1, Epochs = 200, LearningRate = 0.02,
            Stop = [Rule("target(train.loss<0.3)"), Rule("all(target(validation.accuracy>2),epochs(5))")],
        });
        Assert.Equal("target(train.loss<0.3)", fit.Stopped.Rule);
        Assert.Equal(Rule("target(train.loss<0.3)"), Rule(fit.Stopped.Rule));
        Assert.Matches(@"train\.loss is 0\.\d+, < 0\.3", fit.Stopped.Text);
        Assert.True(fit.History[^1].TrainLoss < 0.3);
        Assert.True(fit.History[^2].TrainLoss >= 0.3);
        Assert.NotNull(fit.Validation); // held out, since a rule needs it
    }

    /// <summary>Every rule: a run that stops in the middle of a strip and goes on ends where the whole one does, for
    /// the same reason.</summary>
    [Theory]
    [InlineData("change(threshold=0.002,epochs=3,relative=0)")]
    [InlineData("change(threshold=0.02,epochs=2,relative=1)")]
    [InlineData("gradient(0.6)")]
    [InlineData("validation(4)")]
    [InlineData("target(train.squared_error<0.1)")]
    [InlineData("target(train.accuracy>0.9)")]
    [InlineData("gl(0.5)")]
    [InlineData("pq(alpha=0.05,strip=3)")]
    [InlineData("up(s=2,strip=2)")]
    [InlineData("progress(threshold=150,strip=4)")]
    [InlineData("all(progress(threshold=400,strip=4),epochs(9))")]
    [InlineData("any(up(s=2,strip=3),gl(3))")]
    public void Resumed_runs_stop_where_whole_ones_do(string rule)
    {
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(iris, new()
        {
            Hidden = [12], Optimizer = Optimizers.Momentum(), LearningRate = 0.1, Batch = 16, Epochs = 60, Threads = 1,
            Seed = 4, ValidationShare = 0.4,
            Stop = [Rule(rule)],
        });
        using TrainSession<float> whole = plan.Start(), part = plan.Start();
        StopReason reason = whole.Run();
        Assert.Equal(Rule(rule), Rule(reason.Rule)); // otherwise this shows nothing
        long half = Math.Max(1, whole.State.Step / 2 - 1);
        while (part.State.Step < half) part.Step();
        string path = Path.Combine(Path.GetTempPath(), $"downhill-{Guid.NewGuid():N}.ckpt");
        try
        {
            Checkpoint.Save(path, plan, part);
            (_, TrainSession<float> resumed) = Checkpoint.Load(path, iris);
            using (resumed)
            {
                Assert.Equal(reason, resumed.Run());
                Assert.Equal(whole.State.History, resumed.State.History);
                Assert.Equal(Runs.Hash(whole), Runs.Hash(resumed));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A resumed run may have other rules: each keeps its own memory, and no rule gets that of
    /// another.</summary>
    [Fact]
    public void Other_rules_do_not_inherit_a_rules_memory()
    {
        Dataset iris = Dataset.Load("iris");
        StoppingRule up = Rule("up(s=50,strip=2)"), validation = Rule("validation(50)"),
            change = Rule("change(threshold=1E-09,epochs=9,relative=0)");
        FitPlan plan = FitPlan.Make(iris,
            new() { Hidden = [4], Epochs = 50, Threads = 1, ValidationShare = 0.3, Stop = [up, validation] });
        using TrainSession<float> session = plan.Start();
        for (int i = 0; i < 7 * session.StepsPerEpoch + 1; i++) session.Step();
        string path = Path.Combine(Path.GetTempPath(), $"downhill-{Guid.NewGuid():N}.ckpt");
        try
        {
            Checkpoint.Save(path, plan, session);
            (_, TrainSession<float> resumed) = Checkpoint.Load(path, iris, change: o => o with { Stop = [change, up] });
            using (resumed)
            {
                Assert.Equal([0, 0, 0], resumed.State.StopState[0]);
                Assert.Equal(session.State.StopState[0], resumed.State.StopState[1]);
                Assert.NotEqual(0, resumed.State.StopState[1][1]);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }
}
