using System.Numerics;

namespace Downhill.Tests.Training;

/// <summary>Steps with the first layer's weights in panels give the bits of steps with weights by rows, and between
/// calls they lie by rows.</summary>
public sealed class PanelLayoutTests
{
    /// <summary>A factor of 1 that is asked for in every step, and looks how the weights lie then.</summary>
    private sealed class Watch(Func<bool> isInPanels, int fails = int.MaxValue) : Schedule
    {
        public int Steps { get; private set; }
        public int InPanels { get; private set; }

        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state)
        {
            if (++Steps == fails) throw new IOException("the disk is gone");
            InPanels += isInPanels() ? 1 : 0;
            return moment.Base;
        }
    }

    private static TrainOptions Options(string rule, int batch, int threads) => new()
    {
        Loss = Losses.CrossEntropy, Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.002, Batch = batch,
        Epochs = 3, Threads = threads, WeightDecay = 0.01,
    };

    private static NetworkSpec Spec(string name) => name switch
    {
        "whole panels" => new(130, new Dense(512, Activations.Relu), new Dense(3, Activations.Softmax)),
        "some columns beyond" => new(131, new Dense(531, Activations.Tanh), new Dense(3, Activations.Softmax)),
        "no bias, field kept" => new(130,
            new Dense(544, Catalog.Default.Activation("gelu")) { HasBias = false }, new Dense(3, Activations.Softmax)),
        "other layers" => new(130, new Dense(512, Activations.Identity), new BatchNorm(Activations.Relu),
            new Dropout(0.2), new Dense(160, Activations.Tanh), new Dense(3, Activations.Softmax)),
        _ => throw new ArgumentException(name),
    };

    [Theory]
    [InlineData("whole panels", "momentum", 8, 1)]
    [InlineData("whole panels", "adam", 8, 2)]
    [InlineData("some columns beyond", "gradient_descent", 7, 1)]
    [InlineData("some columns beyond", "amsgrad", 8, 3)]
    [InlineData("no bias, field kept", "momentum", 9, 2)]
    [InlineData("other layers", "rmsprop", 8, 2)]
    public void The_bits_are_those_of_weights_by_rows(string spec, string rule, int batch, int threads)
    {
        Same<float>(spec, rule, batch, threads);
        Same<double>(spec, rule, batch, threads);
    }

    /// <summary>Calls of different lengths, across epochs whose last batch is smaller, and a run to the end.</summary>
    private static void Same<T>(string spec, string rule, int batch, int threads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dataset data = Runs.Classes(330, Spec(spec).Inputs, 3);
        int[] rows = [.. Enumerable.Range(0, 300)], validation = [.. Enumerable.Range(300, 30)];
        TrainOptions options = Options(rule, batch, threads);
        TrainSession<T>? watched = null;
        Watch watch = new(() => watched!.IsInPanels);
        using TrainSession<T> panels = Runs.Start<T>(
            data, Spec(spec), options with { Schedules = [new("learning_rate", watch)] }, rows, validation);
        watched = panels;
        using TrainSession<T> general = Runs.Start<T>(
            data, Spec(spec), options with { Step = StepKind.General }, rows, validation);
        foreach (int steps in (int[])[34, 5, 33])
        {
            int inPanels = watch.InPanels;
            StepReport expected = default;
            long end = general.State.Step + steps;
            int epoch = general.State.Epoch;
            while (general.State.Step < end && general.State.Epoch == epoch) expected = general.Step();
            int done = (int)(general.State.Step - end + steps);
            Assert.Equal(expected, panels.Steps(steps));
            Assert.Equal(steps < 32 || done < 32 ? inPanels : inPanels + done, watch.InPanels);
            AssertSame(general, panels);
        }
        int before = watch.InPanels;
        while (general.Stopped is null) general.Step();
        panels.Run();
        Assert.True(watch.InPanels > before);
        AssertSame(general, panels);
        Assert.Equal(general.State.History, panels.State.History);
    }

    private static void AssertSame<T>(TrainSession<T> general, TrainSession<T> panels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Assert.False(panels.IsInPanels);
        Assert.Equal(general.State.Step, panels.State.Step);
        Assert.Equal(Runs.Weights(general), Runs.Weights(panels));
        for (int slot = 0; slot < general.State.Slots.Count; slot++)
            Assert.Equal(general.State.Slots[slot].Span, panels.State.Slots[slot].Span);
    }

    /// <summary>The snapshot that a divergence goes back to may have been taken in panels.</summary>
    [Theory]
    [InlineData(0.2)]
    [InlineData(0.02)]
    [InlineData(0.004)]
    public void A_run_that_diverges_ends_in_the_same_weights(double rate)
    {
        Dataset data = Runs.Numbers(3000, 130);
        NetworkSpec spec = new(130, new Dense(512, Activations.Relu), new Dense(1, Activations.Identity));
        TrainOptions options = Options("momentum", 8, 2) with
        {
            Loss = Losses.Euclidean,
            LearningRate = rate,
            Epochs = 300,
            Reduction = Reduction.Sum,
        };
        using TrainSession<float> panels = Runs.Start<float>(data, spec, options),
            general = Runs.Start<float>(data, spec, options with { Step = StepKind.General });
        Assert.True(general.Run().IsDiverged);
        Assert.Equal(general.Stopped, panels.Run());
        AssertSame(general, panels);
        Assert.Equal(general.State.Gradient.Span, panels.State.Gradient.Span);
    }

    /// <summary>Some ten times a second the weights lie by rows for whoever looks; in between they need not.</summary>
    [Fact]
    public void A_run_that_is_looked_at_regularly()
    {
        Dataset data = Runs.Classes(4000, 130, 3);
        TrainOptions options = Options("momentum", 8, 1) with { Epochs = 2 };
        TrainSession<float>? watched = null;
        Watch watch = new(() => watched!.IsInPanels);
        using TrainSession<float> panels = Runs.Start<float>(
            data, Spec("whole panels"), options with { Schedules = [new("learning_rate", watch)] });
        watched = panels;
        using TrainSession<float> general = Runs.Start<float>(
            data, Spec("whole panels"), options with { Step = StepKind.General });
        List<long> looked = [];
        panels.Run(regularly: report =>
        {
            looked.Add(report.Step);
            Assert.False(panels.IsInPanels);
            Assert.Equal(report.Step, panels.State.Step);
        });
        general.Run();
        Assert.True(watch.InPanels > 0);
        AssertSame(general, panels);
        Assert.Equal(1000, looked[^1]);
        Assert.Equal(looked.Distinct().Order(), looked);
        Assert.True(looked.Count < 500, $"{looked.Count} looks at 1000 steps");
    }

    [Fact]
    public void An_exception_leaves_the_weights_by_rows()
    {
        Dataset data = Runs.Classes(400, 130, 3);
        TrainOptions options = Options("momentum", 8, 1);
        TrainSession<float>? watched = null;
        Watch watch = new(() => watched!.IsInPanels, fails: 38);
        using TrainSession<float> panels = Runs.Start<float>(
            data, Spec("whole panels"), options with { Schedules = [new("learning_rate", watch)] });
        watched = panels;
        using TrainSession<float> general = Runs.Start<float>(
            data, Spec("whole panels"), options with { Step = StepKind.General });
        Assert.Throws<IOException>(() => panels.Run());
        Assert.True(watch.InPanels > 0);
        for (int step = 0; step < 37; step++) general.Step();
        AssertSame(general, panels);
    }

    [Fact]
    public void Steps_in_panels_allocate_nothing()
    {
        Dataset data = Runs.Classes(4000, 131, 3);
        using TrainSession<float> session = Runs.Start<float>(
            data, Spec("some columns beyond"), Options("momentum", 8, 2) with { Epochs = 50 });
        session.Steps(200);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            session.Steps(50);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    /// <summary>Where somebody asks for sums over all weights, in their order, they lie by rows.</summary>
    [Fact]
    public void Norms_and_chunks_keep_the_rows()
    {
        Dataset data = Runs.Classes(9000, 130, 3);
        foreach (TrainOptions options in (TrainOptions[])[
            Options("momentum", 8, 1) with { Clip = 1 }, Options("momentum", 264, 1) with { Epochs = 1 }])
        {
            TrainSession<float>? watched = null;
            Watch watch = new(() => watched!.IsInPanels);
            using TrainSession<float> session = Runs.Start<float>(
                data, Spec("whole panels"), options with { Schedules = [new("learning_rate", watch)] });
            watched = session;
            session.Steps(34);
            Assert.Equal((34, 0), (watch.Steps, watch.InPanels));
        }
    }
}
