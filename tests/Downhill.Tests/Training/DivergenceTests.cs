namespace Downhill.Tests.Training;

/// <summary>A run that blows up stops where it happens, says why it is likely, and keeps the last weights whose loss
/// was finite.</summary>
public sealed class DivergenceTests
{
    private static TrainOptions Huge(int batch = 0) => new()
    {
        Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 30, Batch = batch,
        Epochs = 10_000, Threads = 1,
    };

    private static NetworkSpec Relu => new(4, new Dense(8, Activations.Relu), new Dense(1, Activations.Identity));

    /// <summary>Runs to the divergence, and the same run again to one update before the loss that was not
    /// finite.</summary>
    private static TrainSession<float> Diverged(Dataset data, NetworkSpec spec, TrainOptions options, out int updates)
    {
        TrainSession<float> session = Runs.Start<float>(data, spec, options);
        List<StepReport> reports = [];
        List<EpochReport> told = [];
        StopReason reason = session.Run(told.Add, reports.Add);
        Assert.Equal(told.Count, told.Select(t => t.Epoch).Distinct().Count());
        Assert.True(reason.IsDiverged, reason.Text);
        Assert.False(reports[^1].IsFinite);
        Assert.All(reports.SkipLast(1), r => Assert.True(r.IsFinite && double.IsFinite(r.Loss)));
        Assert.Contains($"step {reports.Count}", reason.Text);
        updates = (int)session.State.Step;
        using TrainSession<float> again = Runs.Start<float>(data, spec, options);
        for (int i = 0; i < updates; i++) again.Step();
        Assert.Equal(Runs.Weights(again), Runs.Weights(session));
        for (int slot = 0; slot < again.State.Slots.Count; slot++) Assert.Equal(
            again.State.Slots[slot].Span, session.State.Slots[slot].Span);
        Assert.True(again.State.Buffers.Span.SequenceEqual(session.State.Buffers.Span));
        Assert.Equal((again.State.Step, again.State.Epoch, again.State.Position),
            (session.State.Step, session.State.Epoch, session.State.Position));
        Assert.Equal(again.State.History, session.State.History);
        Assert.Equal(again.State.ScheduleState, session.State.ScheduleState);
        Assert.All(Runs.Weights(session), w => Assert.True(float.IsFinite(w)));
        Assert.All(session.State.Gradient.Span.ToArray(), g => Assert.Equal(0, g));
        // the gradient failed: its weights had a finite loss
        if (double.IsFinite(reports[^1].Loss)) Assert.Equal(reports.Count - 1, updates);
        else Assert.Equal(reports.Count - 2, updates);
        return session;
    }

    [Theory]
    [InlineData(0, "gradient_descent")]
    [InlineData(5, "gradient_descent")]
    [InlineData(7, "momentum")]
    [InlineData(1, "momentum")]
    public void The_weights_left_are_those_of_the_last_finite_loss(int batch, string optimizer)
    {
        TrainOptions options = Huge(batch) with { Optimizer = Catalog.Default.Optimizer(optimizer) };
        using TrainSession<float> session = Diverged(Runs.Numbers(40, 4), Relu, options, out _);
        Assert.Contains("Layer ", session.Stopped!.Text);
        Assert.Contains("learning rate 30", session.Stopped.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("try 3", session.Stopped.Text);
        Assert.Throws<InvalidOperationException>(() => session.Step());
    }

    /// <summary>tanh answers finitely whatever its weights are: the loss alone does not show that they are
    /// gone.</summary>
    [Fact]
    public void Weights_that_grow_behind_a_bounded_unit_are_given_up_too()
    {
        NetworkSpec spec = new(4, new Dense(6, Activations.Tanh), new Dense(1, Activations.Tanh));
        using TrainSession<float> session = Runs.Start<float>(
            Runs.Numbers(300, 4), spec, Huge(batch: 1) with { LearningRate = 0.3, L2 = 7 });
        Assert.True(session.Run().IsDiverged);
        Assert.All(Runs.Weights(session), w => Assert.True(float.IsFinite(w)));
        Assert.All(session.State.Gradient.Span.ToArray(), g => Assert.Equal(0, g));
        Assert.Contains("> 2", session.Stopped!.Text);
    }

    /// <summary>Growth so slow that hundreds of steps and several snapshots lie before the end.</summary>
    [Fact]
    public void A_slow_divergence_is_reproduced_from_the_snapshot()
    {
        Dataset data = Runs.Numbers(300, 4);
        NetworkSpec spec = new(4, new Dense(1, Activations.Identity));
        using TrainSession<float> session = Diverged(
            data, spec, Huge(1) with { LearningRate = 0.62, Reduction = Reduction.Sum }, out int updates);
        Assert.True(updates > 80, $"{updates}");
        Assert.Contains("Layer 1 (Dense 4→1 identity) has induced fields too large", session.Stopped!.Text);
    }

    /// <summary>The schedule's state changes at the end of an epoch: a replay of that epoch must use the old
    /// one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_replay_uses_the_schedules_of_its_time(int atMost)
    {
        // The first step of an epoch fails, just after the schedule has moved on.
        Dataset data = Runs.Numbers(40, 4);
        for (double rate = 0.5; rate < 400; rate *= 1.1)
        {
            TrainOptions options = Huge(20) with
            {
                Optimizer = Optimizers.Momentum(),
                LearningRate = rate,
                Shuffle = false,
                Schedules = [new("gamma", Schedules.Settle(0.1, 0.99, 0, atMost))],
            };
            using TrainSession<float> probe = Runs.Start<float>(data, Relu, options);
            while (probe.Stopped is null && probe.State.Epoch < 100) probe.Step();
            if (probe.Stopped is { IsDiverged: true }) Diverged(data, Relu, options, out _).Dispose();
        }
    }

    [Fact]
    public void An_overshooting_penalty_is_named()
    {
        TrainOptions options = Huge(10) with { LearningRate = 1, L2 = 5 };
        using TrainSession<float> session = Diverged(Runs.Numbers(40, 4), Relu, options, out _);
        Assert.Contains("overshoots", session.Stopped!.Text);
        Assert.Contains("1 × 5", session.Stopped.Text);
        using TrainSession<float> decay = Diverged(
            Runs.Numbers(40, 4), Relu, Huge(10) with { LearningRate = 1, WeightDecay = 7 }, out _);
        Assert.Contains("1 × 7", decay.Stopped!.Text);
    }

    [Fact]
    public void Data_that_are_no_numbers_stop_the_first_step()
    {
        Dataset data = Runs.Numbers(10, 4);
        data.Numeric[7] = float.NaN;
        Preparation preparation = Runs.Plain(Runs.Numbers(10, 4));
        NetworkSpec spec = new(4, new Dense(3, Activations.Identity), new BatchNorm(Activations.Relu),
            new Dense(1, Activations.Identity));
        using TrainSession<float> session = new(spec, data, Runs.All(data), [], preparation, Huge());
        float[] start = Runs.Weights(session);
        StopReason reason = session.Run();
        Assert.True(reason.IsDiverged);
        Assert.Contains("first step", reason.Text);
        Assert.Contains("Layer 1", reason.Text);
        Assert.Equal(start, Runs.Weights(session));
        // not even the running statistics
        Assert.All(session.State.Buffers.Span.ToArray(), b => Assert.True(float.IsFinite(b)));
    }

    /// <summary>The loss is measured before the update, so the last update of a run could spoil the weights
    /// unseen.</summary>
    [Fact]
    public void An_explosion_in_the_very_last_update_is_noticed()
    {
        // Loss ½·10³⁸ and gradient 10³⁴ are finite, 10⁶ times the gradient is not.
        Dataset data = new("one", Runs.Columns(1), new Target(["y"], []), [1e15f], [], [], [1e19f]);
        NetworkSpec spec = new(1, new Dense(1, Activations.Identity) { HasBias = false });
        using TrainSession<float> session = Runs.Start<float>(
            data, spec, Huge() with { LearningRate = 1e6, Epochs = 1 });
        float start = session.State.Parameters.Span[0];
        Assert.True(session.Run().IsDiverged);
        Assert.Contains("a weight is not a finite number", session.Stopped!.Text);
        Assert.Equal(start, session.State.Parameters.Span[0]);
        Assert.Empty(session.State.History);
    }

    /// <summary>A gradient of 10³⁴ is finite, its square is not: from then on these rules would divide by infinity and
    /// stand still with a good conscience.</summary>
    [Theory]
    [InlineData("adagrad")]
    [InlineData("rmsprop")]
    [InlineData("adadelta")]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("nadam")]
    [InlineData("amsgrad")]
    public void A_gradient_whose_square_overflows_is_noticed(string rule)
    {
        Dataset data = new("one", Runs.Columns(1), new Target(["y"], []), [1e15f], [], [], [1e19f]);
        NetworkSpec spec = new(1, new Dense(1, Activations.Identity) { HasBias = false });
        TrainOptions options = Huge() with
        {
            Optimizer = Catalog.Default.Optimizer(rule),
            LearningRate = 1e-3,
            Epochs = 5
        };
        using TrainSession<float> session = Runs.Start<float>(data, spec, options);
        Assert.True(session.Run().IsDiverged);
        Assert.Contains($"an average of '{rule}' is not a finite number", session.Stopped!.Text,
            StringComparison.Ordinal);
        Assert.Contains("clip", session.Stopped.Text, StringComparison.Ordinal);
        Assert.True(float.IsFinite(session.State.Parameters.Span[0]));
        // The remedy it names: clipped, the same run trains.
        using TrainSession<float> clipped = Runs.Start<float>(data, spec, options with { Clip = 1 });
        Assert.Equal("epochs", clipped.Run().Rule);
    }

    [Fact]
    public void The_best_model_is_kept_when_a_fit_diverges()
    {
        Dataset data = Runs.Numbers(60, 4);
        FitResult fit = Model.Fit(data, new()
        {
            Hidden = [6], Optimizer = Optimizers.GradientDescent, LearningRate = 100, Epochs = 1000, Threads = 1,
            ValidationShare = 0.2,
        });
        Assert.True(fit.Stopped.IsDiverged);
        Assert.True(double.IsFinite(fit.Train.Loss));
        Assert.True(double.IsFinite(fit.Test!.Loss));
    }

    [Fact]
    public void An_objective_that_is_not_finite_ends_a_full_batch_method()
    {
        Dataset data = Runs.Numbers(10, 4);
        data.Values[3] = float.NaN;
        using TrainSession<float> session = new(Relu, data, Runs.All(data), [], Runs.Plain(Runs.Numbers(10, 4)),
            Huge() with { Optimizer = Optimizers.Lbfgs(), LearningRate = null });
        Assert.True(session.Run().IsDiverged);
        Assert.All(Runs.Weights(session), w => Assert.True(float.IsFinite(w)));
    }
}
