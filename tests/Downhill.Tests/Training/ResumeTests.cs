namespace Downhill.Tests.Training;

/// <summary>A run that is stopped after any step, written down, read and continued ends as if it had never
/// stopped.</summary>
public sealed class ResumeTests
{
    private static FitPlan Plan(string kind)
    {
        Dataset data = Runs.Classes(37, 4, 3);
        FitOptions options = new()
        {
            Hidden = [6], Activation = [Activations.Tanh], Epochs = 4, Batch = 7, TestShare = 0.1, Threads = 1,
            Seed = 11,
            Arithmetic = Arithmetic.Portable,
        };
        return FitPlan.Make(data, kind switch
        {
            "gradient_descent" => options with
            {
                Optimizer = Optimizers.GradientDescent,
                L1 = 1e-3,
                L2 = 1e-3,
                Stop = [StoppingRules.Change(1e-9, 3)],
            },
            "momentum" => options with
            {
                Optimizer = Optimizers.Momentum(),
                Epochs = 5,
                Stop = [],
                Schedules = [new("gamma", Schedules.Settle(0.5, 0.9, 0.01, 3)),
                    new("learning_rate", Schedules.Cosine(0.1))],
            },
            "adam" => options with
            {
                Optimizer = Optimizers.Adam(),
                BatchNorm = true,
                Dropout = 0.3,
                ValidationShare = 0.25,
                Epochs = 6,
                WeightDecay = 0.01,
                Clip = 0.5,
                Stop = [StoppingRules.Validation(2), StoppingRules.Gradient(1e-12)],
                LearningRate = 0.05,
                Schedules = [new("learning_rate", Schedules.Cosine())],
            },
            "masked" =>
                options with { Optimizer = Optimizers.Adam(), Connections = 0.5, ValidationShare = 0.2, Stop = [] },
            _ => options with
            {
                Optimizer = Optimizers.Lbfgs(3),
                Batch = 0,
                Epochs = 8,
                Stop = [StoppingRules.Change(1e-12)],
                L2 = 1e-3
            },
        });
    }

    [Theory]
    [InlineData("gradient_descent")]
    [InlineData("momentum")]
    [InlineData("adam")]
    [InlineData("masked")]
    [InlineData("lbfgs")]
    public void Stopping_after_any_step_changes_nothing(string kind)
    {
        using TemporaryFolder folder = new();
        FitPlan plan = Plan(kind);
        using TrainSession<float> whole = plan.Start();
        whole.Run();
        Assert.True(whole.State.Step >= 5);
        for (int at = 0; at <= whole.State.Step; at++)
        {
            string path = folder["run.checkpoint"];
            using (TrainSession<float> first = plan.Start())
            {
                for (int i = 0; i < at; i++) first.Step();
                Checkpoint.Save(path, plan, first);
            }
            (FitPlan read, TrainSession<float> second) = Checkpoint.Load(path, plan.Data);
            using (second)
            {
                Assert.Equal(at, second.State.Step);
                Assert.Equal(plan.Network, read.Network);
                if (second.Stopped is null) second.Run();
                Same(whole, second, $"stopped after step {at}");
            }
        }
    }

    private static void Same(TrainSession<float> a, TrainSession<float> b, string when)
    {
        Assert.True(Runs.Hash(a) == Runs.Hash(b), $"{when}: weights differ");
        Assert.True(a.State.Parameters.Span.SequenceEqual(b.State.Parameters.Span), when);
        Assert.True(a.State.Buffers.Span.SequenceEqual(b.State.Buffers.Span), $"{when}: running statistics differ");
        Assert.True(a.State.BestParameters.Span.SequenceEqual(b.State.BestParameters.Span),
            $"{when}: best weights differ");
        Assert.True(a.State.BestBuffers.Span.SequenceEqual(b.State.BestBuffers.Span),
            $"{when}: best statistics differ");
        for (int slot = 0; slot < a.State.Slots.Count; slot++)
            Assert.True(a.State.Slots[slot].Span.SequenceEqual(b.State.Slots[slot].Span),
                $"{when}: slot {slot} differs");
        Assert.Equal(a.State.MethodVectors, b.State.MethodVectors);
        Assert.Equal(a.State.MethodScalars, b.State.MethodScalars);
        Assert.Equal(a.State.ScheduleState, b.State.ScheduleState);
        Assert.Equal(a.State.StopState, b.State.StopState);
        Assert.Equal(a.State.History, b.State.History);
        Assert.Equal((a.State.Step, a.State.Epoch, a.State.Position), (b.State.Step, b.State.Epoch, b.State.Position));
        Assert.Equal(a.State.LastLoss, b.State.LastLoss);
        Assert.Equal((a.State.BestLoss, a.State.BestEpoch), (b.State.BestLoss, b.State.BestEpoch));
        Assert.Equal(a.Stopped, b.Stopped);
    }

    [Fact]
    public void A_cancelled_run_goes_on_from_its_checkpoint()
    {
        using TemporaryFolder folder = new();
        FitPlan plan = Plan("adam");
        using TrainSession<float> whole = plan.Start();
        whole.Run();
        using CancellationTokenSource source = new();
        using TrainSession<float> first = plan.Start();
        StopReason reason = first.Run(everyStep: s => { if (s.Step == 9) source.Cancel(); },
            cancellation: source.Token);
        Assert.True(reason.IsCancelled);
        Assert.Equal(9, first.State.Step);
        Checkpoint.Save(folder["c"], plan, first);
        (_, TrainSession<float> second) = Checkpoint.Load(folder["c"], plan.Data);
        using (second)
        {
            second.Run();
            Same(whole, second, "cancelled");
        }
        first.Continue();
        first.Run();
        Same(whole, first, "cancelled and continued in place");
    }

    [Fact]
    public void A_finished_run_stays_finished_until_it_is_given_more_epochs()
    {
        using TemporaryFolder folder = new();
        FitPlan plan = Plan("momentum");
        using TrainSession<float> first = plan.Start();
        first.Run();
        Checkpoint.Save(folder["c"], plan, first);
        (_, TrainSession<float> again) = Checkpoint.Load(folder["c"], plan.Data);
        using (again)
        {
            Assert.Equal("epochs", again.Run().Rule);
            Assert.Equal(first.State.Step, again.State.Step);
        }
        (FitPlan longer, TrainSession<float> more) = Checkpoint.Load(
            folder["c"], plan.Data, change: o => o with { Epochs = o.Epochs + 2 });
        using (more)
        {
            more.Run();
            Assert.Equal(longer.Options.Epochs, more.State.Epoch);
            Assert.Equal(plan.Options.Epochs + 2, more.State.Epoch);
        }
    }

    /// <summary>JSON has no word for them, and a best loss of ∞ that came back as NaN would decide otherwise.</summary>
    [Fact]
    public void Numbers_that_are_not_finite_come_back_as_they_were()
    {
        using TemporaryFolder folder = new();
        FitPlan plan = Plan("adam");
        using TrainSession<float> session = plan.Start();
        for (int i = 0; i < 6; i++) session.Step();
        session.State.BestLoss = double.PositiveInfinity;
        session.State.StopState[0][1] = double.NegativeInfinity;
        EpochReport odd = session.State.History[0] with
        {
            TrainLoss = double.PositiveInfinity,
            ValidationLoss = double.NaN,
            LearningRate = -0.0,
        };
        session.State.History.Restore(1, [odd]);
        Checkpoint.Save(folder["c"], plan, session);
        (_, TrainSession<float> second) = Checkpoint.Load(folder["c"], plan.Data);
        using (second)
        {
            Assert.Equal(double.PositiveInfinity, second.State.BestLoss);
            Assert.Equal(double.NegativeInfinity, second.State.StopState[0][1]);
            Assert.Equal(odd, second.State.History[0]);
            Assert.True(double.IsNegative(second.State.History[0].LearningRate));
        }
    }

    [Fact]
    public void Other_data_damage_and_models_are_refused()
    {
        using TemporaryFolder folder = new();
        FitPlan plan = Plan("adam");
        using TrainSession<float> session = plan.Start();
        session.Step();
        string path = folder["c"];
        Checkpoint.Save(path, plan, session);

        Dataset other = Runs.Classes(37, 4, 3, seed: 8);
        Assert.Contains("other data", Assert.Throws<DownhillException>(() => Checkpoint.Load(path, other)).Message);
        Assert.Contains("none", Assert.Throws<DownhillException>(() => Checkpoint.Load(path, plan.Data, test: other))
            .Message.Replace("other data", "none"));

        plan.Finish(session).Model.Save(folder["m"]);
        Assert.Contains(
            "model", Assert.Throws<DownhillException>(() => Checkpoint.Load(folder["m"], plan.Data)).Message);
        Assert.Contains("--resume", Assert.Throws<DownhillException>(() => Model.Load(path)).Message);

        byte[] bytes = File.ReadAllBytes(path);
        for (int at = 0; at < bytes.Length; at += 37)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(folder["d"], damaged);
            Assert.Throws<DownhillException>(() => Checkpoint.Load(folder["d"], plan.Data));
        }
        File.WriteAllBytes(folder["d"], bytes[..^3]);
        Assert.Throws<DownhillException>(() => Checkpoint.Load(folder["d"], plan.Data));
    }

    /// <summary>A set with a test part of its own, of which only a share was asked to be held out instead.</summary>
    [Fact]
    public void A_share_held_out_of_a_set_with_its_own_test_part_can_be_resumed()
    {
        using TemporaryFolder folder = new();
        Dataset bare = Runs.Classes(40, 3, 2), test = Runs.Classes(10, 3, 2, seed: 9);
        Dataset data = new(bare.Name, bare.Inputs, bare.Target, bare.Numeric, [], bare.Classes, []) { Test = test };
        foreach (double? share in (double?[])[null, 0.25])
        {
            FitPlan plan = FitPlan.Make(data, new() { Hidden = [3], TestShare = share, Epochs = 2, Threads = 1 });
            using TrainSession<float> session = plan.Start();
            session.Step();
            Checkpoint.Save(folder["c"], plan, session);
            (FitPlan read, TrainSession<float> second) = Checkpoint.Load(folder["c"], data);
            using (second)
            {
                Assert.Equal(plan.TestRows, read.TestRows);
                Assert.Same(plan.TestSource, read.TestSource);
            }
        }
    }
}
