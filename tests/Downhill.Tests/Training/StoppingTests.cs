namespace Downhill.Tests.Training;

/// <summary>When a run ends, and which weights are its result.</summary>
public sealed class StoppingTests
{
    private static EpochReport Report(double train = 1, double validation = double.NaN, double norm = double.NaN) =>
        new(1, 1, train, 0, validation, double.NaN, 0.1, norm, false, train);

    /// <summary>The epoch (from 1) at which the rule asks to stop, 0 when it never does.</summary>
    private static int StopsAt(StoppingRule rule, IEnumerable<EpochReport> reports)
    {
        double[] state = new double[rule.StateLength];
        int epoch = 0;
        foreach (EpochReport report in reports)
        {
            epoch++;
            if (rule.Asks(report, state) is string why)
            {
                Assert.NotEmpty(why);
                return epoch;
            }
        }
        return 0;
    }

    [Theory]
    [InlineData(0.1, 1, false, new[] { 5.0, 4, 3.95, 1 }, 3)]
    // 0.1 is not below 0.1 (and rounds to a little more)
    [InlineData(0.1, 1, false, new[] { 5.0, 4, 3.9, 3.85 }, 4)]
    [InlineData(0.1, 2, false, new[] { 5.0, 4.95, 4, 3.95, 3.92 }, 5)] // two in a row
    [InlineData(0.1, 3, false, new[] { 5.0, 4.95, 4, 3.95, 3.92 }, 0)]
    [InlineData(0.1, 1, false, new[] { 5.0, 5.05 }, 2)]                // a small rise is a small change
    [InlineData(0.1, 1, true, new[] { 50.0, 46, 43, 40 }, 2)]          // 8 %
    [InlineData(0.05, 1, true, new[] { 50.0, 46, 43, 41 }, 4)]
    [InlineData(0.1, 1, false, new[] { 0.01 }, 0)]                     // a first epoch changes from nothing
    public void Change_of_error(double threshold, int epochs, bool relative, double[] losses, int stop) =>
        Assert.Equal(stop, StopsAt(StoppingRules.Change(threshold, epochs, relative), losses.Select(l => Report(l))));

    [Theory]
    [InlineData(new[] { 1.0, 0.1, 0.009 }, 3)]
    [InlineData(new[] { 1.0, 0.01 }, 0)]
    [InlineData(new[] { double.NaN, 0.001 }, 2)]
    public void Gradient_near_zero(double[] norms, int stop) =>
        Assert.Equal(stop, StopsAt(StoppingRules.Gradient(0.01), norms.Select(n => Report(norm: n))));

    [Theory]
    [InlineData(2, 0, new[] { 5.0, 4, 4.1, 4.2, 3 }, 4)]
    // a better one starts the count again; equal is not better
    [InlineData(3, 0, new[] { 5.0, 4, 4.1, 4.2, 3, 3.1, 3.1, 3 }, 8)]
    [InlineData(2, 0.5, new[] { 5.0, 4.6, 4.55, 4.4 }, 3)]             // must be lower by more than 0.5
    [InlineData(2, 0.5, new[] { 5.0, 4.6, 4.4, 4.3, 4.2 }, 5)]
    [InlineData(1, 0, new[] { 5.0, 5 }, 2)]
    [InlineData(2, 0, new[] { 5.0, double.NaN, double.NaN }, 3)]
    public void Validation_with_patience(int patience, double change, double[] losses, int stop) =>
        Assert.Equal(
            stop, StopsAt(StoppingRules.Validation(patience, change), losses.Select(l => Report(validation: l))));

    private static readonly NetworkSpec Net = new(
        3, new Dense(12, Activations.Tanh), new Dense(3, Activations.Softmax));

    private static TrainOptions Fast =>
        new() { LearningRate = 0.1, Batch = 4, Epochs = 60, Threads = 1, Stop = [StoppingRules.Validation(6)] };

    [Fact]
    public void The_result_is_the_best_epoch_by_validation()
    {
        Dataset data = Runs.Classes(60, 3, 3);
        int[] train = [.. Enumerable.Range(0, 40)], held = [.. Enumerable.Range(40, 20)];
        using TrainSession<float> session = Runs.Start<float>(data, Net, Fast, train, held);
        Dictionary<int, float[]> after = [];
        StopReason reason = session.Run(report => after[report.Epoch] = [.. session.State.Parameters.Span]);
        Assert.StartsWith("validation", reason.Rule);
        double lowest = session.State.History.Min(h => h.ValidationLoss);
        EpochReport best = session.State.History.First(h => h.ValidationLoss == lowest);
        Assert.True(best.IsBest);
        Assert.Equal((best.Epoch, lowest), (session.State.BestEpoch, session.State.BestLoss));
        Assert.Equal(best.Epoch + 6, session.State.Epoch);
        Assert.Equal(after[best.Epoch], session.ResultParameters.Span.ToArray());
        Assert.NotEqual(after[session.State.Epoch], session.ResultParameters.Span.ToArray());
        Assert.Equal(
            session.State.History.Select((h, i) => session.State.History.Take(i)
            .All(b => h.ValidationLoss < b.ValidationLoss)), session.State.History.Select(h => h.IsBest));
        // What it was judged by is what the model measures.
        Model model = new(Net, session.Preparation, Losses.CrossEntropy, session.ResultParameters,
            session.ResultBuffers, Arithmetic.Fast);
        Assert.Equal(lowest, model.Evaluate(data, held).Loss);

        using TrainSession<float> last = Runs.Start<float>(data, Net, Fast with { KeepBest = false }, train, held);
        last.Run();
        Assert.Equal(Runs.Hash(session), Runs.Hash(last));
        Assert.Same(last.State.Parameters, last.ResultParameters);
        Assert.Same(last.State.Buffers, last.ResultBuffers);
    }

    [Fact]
    public void A_rule_that_needs_a_validation_part_is_refused_without_one() => Assert.Contains("validation",
        Assert.Throws<DownhillException>(() => Runs.Start<float>(Runs.Classes(60, 3, 3), Net, Fast)).Message);

    [Fact]
    public void The_first_rule_that_asks_ends_the_run_and_is_named()
    {
        Dataset data = Runs.Classes(60, 3, 3);
        using TrainSession<float> session = Runs.Start<float>(
            data, Net, Fast with { Stop = [StoppingRules.Gradient(1e-30), StoppingRules.Change(1e9)] });
        Assert.Equal("change(threshold=1000000000,epochs=1,relative=0)", session.Run().Rule);
        Assert.Equal(2, session.State.Epoch);
        using TrainSession<float> all = Runs.Start<float>(data, Net, Fast with { Stop = [], Epochs = 3 });
        Assert.Equal("epochs", all.Run().Rule);
        Assert.Equal(3, all.State.Epoch);
        Assert.Throws<InvalidOperationException>(() => all.Step());
    }

    [Fact]
    public void Time_ends_a_run_and_it_may_go_on()
    {
        Dataset data = Runs.Classes(60, 3, 3);
        using TrainSession<float> session = Runs.Start<float>(
            data, Net, Fast with { Stop = [], Epochs = 1_000_000, Time = TimeSpan.FromMilliseconds(20) });
        Assert.Equal("time", session.Run().Rule);
        long steps = session.State.Step;
        Assert.True(steps > 0);
        session.Continue();
        session.Step();
        Assert.Equal(steps + 1, session.State.Step);
    }

    [Fact]
    public void A_cancelled_fit_returns_the_best_so_far()
    {
        Dataset data = Runs.Classes(60, 3, 3);
        using CancellationTokenSource source = new();
        List<EpochReport> seen = [];
        FitResult fit = Model.Fit(data, new()
        {
            Hidden = [12], Epochs = 100_000, LearningRate = 0.2, Batch = 4, ValidationShare = 0.3, Threads = 1,
            Cancellation = source.Token,
            Progress = report =>
            {
                seen.Add(report);
                if (report.Epoch == 25) source.Cancel();
            },
        });
        Assert.True(fit.Stopped.IsCancelled);
        Assert.Equal(25, fit.History.Count);
        Assert.Equal(seen, fit.History);
        Assert.Equal(seen.Min(r => r.ValidationLoss), fit.Validation!.Loss);
    }

    [Fact]
    public void A_fit_cancelled_before_its_first_step_returns_the_network_as_it_starts()
    {
        FitResult fit = Model.Fit(
            Runs.Classes(60, 3, 3), new() { Hidden = [4], Threads = 1, Cancellation = new CancellationToken(true) });
        Assert.True(fit.Stopped.IsCancelled);
        Assert.Equal(0, fit.Steps);
        Assert.Empty(fit.History);
        Assert.True(double.IsFinite(fit.Train.Loss));
    }
}
