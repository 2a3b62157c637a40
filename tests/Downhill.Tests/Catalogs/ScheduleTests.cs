using System.Text.Json;
using CsCheck;
using Downhill.Tests.Architecture;
using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>Schedules: by hand, against other frameworks, and in a run.</summary>
public sealed class ScheduleTests
{
    private const double Tolerance = 1e-13;

    public static TheoryData<string> Names { get; } = new(Schedules.All.Select(e => e.Name));

    private static EpochReport Report(double train, double validation = double.NaN) =>
        new(1, 1, train, 0, validation, double.NaN, 0.1, double.NaN, false);

    /// <summary>The value of every planned step.</summary>
    private static double[] Values(
        string schedules, double given, int stepsPerEpoch, int epochs, string parameter = "learning_rate",
        double[]? losses = null)
    {
        ScheduleOf[] list = [.. ScheduleOf.ParseList(schedules)];
        double[][] states = [.. list.Select(s => new double[s.Schedule.StateLength])];
        double[] values = new double[stepsPerEpoch * epochs];
        for (int step = 0; step < values.Length; step++)
        {
            values[step] = given;
            for (int i = 0; i < list.Length; i++)
                if (list[i].Drives(parameter))
                    values[step] = list[i].Schedule.Value(new(values[step], step, stepsPerEpoch, epochs, parameter),
                        states[i]);
            if ((step + 1) % stepsPerEpoch != 0) continue;
            for (int i = 0; i < list.Length; i++)
                list[i].Schedule.EpochEnded(Report(losses?[step / stepsPerEpoch] ?? 1), states[i]);
        }
        return values;
    }

    /// <summary>Whole numbers and halves: tables that one can check by head. Given value 8, 2 steps in each of 4
    /// epochs.</summary>
    [Theory]
    [InlineData("constant", new[] { 8.0, 8, 8, 8, 8, 8, 8, 8 })]
    [InlineData("linear", new[] { 8.0, 7, 6, 5, 4, 3, 2, 1 })]
    [InlineData("linear(0.5)", new[] { 8.0, 7.5, 7, 6.5, 6, 5.5, 5, 4.5 })]
    [InlineData("step(epochs=1,factor=0.5)", new[] { 8.0, 8, 4, 4, 2, 2, 1, 1 })]
    [InlineData("step(epochs=2,factor=0.5)", new[] { 8.0, 8, 8, 8, 4, 4, 4, 4 })]
    [InlineData("step(epochs=3,factor=0.25)", new[] { 8.0, 8, 8, 8, 8, 8, 2, 2 })]
    [InlineData("exponential(0.25)", new[] { 8, 4, 2, 1, 0.5, 0.25, 0.125, 0.0625 })]
    [InlineData("inverse_scaling(1)", new[] { 8, 4, 8 / 3.0, 2, 1.6, 8 / 6.0, 8 / 7.0, 1 })]
    [InlineData("inverse_scaling(2)", new[] { 8, 2, 8 / 9.0, 0.5, 0.32, 8 / 36.0, 8 / 49.0, 0.125 })]
    [InlineData("warmup(steps=4)", new[] { 2.0, 4, 6, 8, 8, 8, 8, 8 })]
    [InlineData("warmup(steps=16)", new[] { 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4 })]
    [InlineData("warmup(steps=1)", new[] { 8.0, 8, 8, 8, 8, 8, 8, 8 })]
    [InlineData("warmup(share=0.5)", new[] { 2.0, 4, 6, 8, 8, 8, 8, 8 })]
    [InlineData("warmup(share=1)", new[] { 1.0, 2, 3, 4, 5, 6, 7, 8 })]
    [InlineData("warmup(steps=4),linear", new[] { 2, 3.5, 4.5, 5, 4, 3, 2, 1 })]
    [InlineData("warmup(steps=4),step(epochs=2,factor=0.5)", new[] { 2.0, 4, 6, 8, 4, 4, 4, 4 })]
    [InlineData("cosine", new[] { 8, 7.695518130045147, 6.82842712474619, 5.53073372946036, 4, 2.4692662705396413,
        1.1715728752538102, 0.3044818699548527 })]
    [InlineData("cosine(1)", new[] { 8.0, 8, 8, 8, 8, 8, 8, 8 })]
    [InlineData("cosine_restarts(period=1,growth=1)", new[] { 8.0, 4, 8, 4, 8, 4, 8, 4 })]
    [InlineData("cosine_restarts(period=1,growth=3)",
        new[] { 8, 4, 8, 7.464101615137754, 6, 4, 2, 0.5358983848622456 })]
    [InlineData("cosine_restarts(period=4,growth=2)",
        new[] { 8, 7.695518130045147, 6.82842712474619, 5.53073372946036, 4, 2.4692662705396413, 1.1715728752538102,
        0.3044818699548527 })]
    public void By_hand(string schedules, double[] expected)
    {
        double[] values = Values(schedules, 8, 2, 4);
        for (int i = 0; i < 8; i++) Assert.Equal(expected[i], values[i], 8 * Tolerance);
    }

    /// <summary>15 steps: 1 + 15t = 1, 2, 3 … 15. Zeros at powers of two, tops at √2 times them.</summary>
    [Fact]
    public void Coslog_has_four_waves()
    {
        double[] values = Values("coslog", 2, 1, 15);
        foreach (int zero in (int[])[1, 2, 4, 8]) Assert.Equal(0, values[zero - 1], Tolerance);
        for (int m = 1; m <= 15; m++)
        {
            double expected = 1 - Math.Cos(2 * Math.PI * Math.Log2(m));
            Assert.Equal(expected, values[m - 1], 1e-12);
        }
        // log₂ 3 = 1.5849625…, 3 lies near the top of the second wave.
        Assert.Equal(1 - Math.Cos(2 * Math.PI * 0.584962500721156), values[2], 1e-12);
    }

    /// <summary>Rises over the first half of 9 steps (peak·9 − 1 = 3.5), falls over the rest; the momentum mirrors
    /// it.</summary>
    [Fact]
    public void One_cycle_by_hand()
    {
        const string cycle = "one_cycle(peak=0.5,start=4,end=10,low=0.5,high=0.9)";
        double[] rates = Values(cycle, 8, 3, 3), momenta = Values(cycle, 0.77, 3, 3, "gamma");
        for (int s = 0; s < 9; s++)
        {
            double rate = s < 3.5 ? 2 + 6 * 0.5 * (1 - Math.Cos(Math.PI * s / 3.5))
                : 8 - 7.8 * 0.5 * (1 - Math.Cos(Math.PI * (s - 3.5) / 4.5));
            double momentum = s < 3.5 ? 0.9 - 0.4 * 0.5 * (1 - Math.Cos(Math.PI * s / 3.5))
                : 0.5 + 0.4 * 0.5 * (1 - Math.Cos(Math.PI * (s - 3.5) / 4.5));
            Assert.Equal(rate, rates[s], 1e-13);
            Assert.Equal(momentum, momenta[s], 1e-13);
        }
        Assert.Equal((2, 0.2), (rates[0], rates[8]));
        Assert.Equal((0.9, 0.9), (momenta[0], momenta[8]));
        Assert.Equal(momenta, Values(cycle, 0.9, 3, 3, "beta1"));
        Assert.All(Values("one_cycle(momentum=0)", 0.77, 3, 3, "gamma"), m => Assert.Equal(0.77, m));
        Assert.All(Values("one_cycle", 0.77, 3, 3, "beta2"), m => Assert.Equal(0.77, m));
    }

    [Theory]
    [InlineData("one_cycle(peak=0)", 3)]
    [InlineData("one_cycle(peak=1)", 3)]
    [InlineData("one_cycle", 1)]
    [InlineData("one_cycle(peak=0.2)", 5)]
    public void One_cycle_of_few_steps_stays_a_number(string schedule, int steps) =>
        Assert.All(Values(schedule, 1, 1, steps).Concat(Values(schedule, 1, 1, steps, "gamma")), v =>
            Assert.InRange(v, 0, 1));

    public static TheoryData<int> Goldens { get; } = new(Enumerable.Range(0, Stored().Count));

    private static List<JsonElement> Stored() =>
        [.. JsonDocument.Parse(Repository.Text(
            "tests/Downhill.Tests/Catalogs/goldens/schedules.json")).RootElement.EnumerateArray()];

    /// <summary>Numbers of PyTorch's schedulers and scikit-learn's invscaling: eng/goldens/schedules.py.</summary>
    [Theory, MemberData(nameof(Goldens))]
    public void Equals_the_frameworks(int index)
    {
        JsonElement golden = Stored()[index];
        string schedules = golden.GetProperty("schedules").GetString()!;
        int stepsPerEpoch = golden.GetProperty("stepsPerEpoch").GetInt32(),
            epochs = golden.GetProperty("epochs").GetInt32();
        double given = golden.GetProperty("base").GetDouble();
        double[]? losses = golden.TryGetProperty("losses", out JsonElement list) ? Numbers(list) : null;
        Same(Numbers(golden.GetProperty("rates")), Values(schedules, given, stepsPerEpoch, epochs, losses: losses));
        if (golden.TryGetProperty("momenta", out JsonElement momenta))
            Same(Numbers(momenta), Values(schedules, 0.9, stepsPerEpoch, epochs, "gamma"));

        void Same(double[] expected, double[] actual)
        {
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-14,
                    $"{schedules} at step {i}: expected {expected[i]:R}, got {actual[i]:R}");
        }

        static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetDouble())];
    }

    [Fact]
    public void Plateaus_are_those_of_the_validation_loss_where_there_is_one()
    {
        Schedule schedule = Schedules.ReduceOnPlateau(0.5, patience: 1);
        double[] state = new double[schedule.StateLength];
        double After(double train, double validation)
        {
            schedule.EpochEnded(Report(train, validation), state);
            return schedule.Value(new(8, 0, 1, 1), state);
        }
        Assert.Equal(8, After(9, 1));
        Assert.Equal(8, After(8, 2));
        Assert.Equal(4, After(7, 2)); // the training loss falls, the validation loss does not
        Assert.Equal(4, After(7, 0.5));
        Assert.Equal(4, After(7, double.NaN)); // no number, no improvement
        Assert.Equal(2, After(6, double.NaN));
        Assert.Equal(2, After(6, 0.4)); // and no harm to the best so far
        Assert.Equal(2, After(6, 0.45));
        Assert.Equal(1, After(6, 0.45));
    }

    [Fact]
    public void Plateaus_of_losses_that_are_no_numbers_are_plateaus()
    {
        Schedule schedule = Schedules.ReduceOnPlateau(0.5, patience: 1, floor: 0.25);
        double[] state = new double[schedule.StateLength];
        foreach (double loss in (double[])[double.NaN, double.PositiveInfinity, double.NaN, double.NaN, double.NaN,
            double.NaN, double.NaN, double.NaN])
            schedule.EpochEnded(Report(loss), state);
        Assert.Equal(2, schedule.Value(new(8, 0, 1, 1), state)); // the floor
        schedule.EpochEnded(Report(5), state);
        Assert.Equal(5, state[2]);
    }

    [Theory]
    [InlineData(new[] { 10.0, 9.5 }, true)]
    [InlineData(new[] { 10.0, 8, 7, 6.5 }, true)]
    [InlineData(new[] { 10.0, 8, 6, 4 }, false)]
    [InlineData(new[] { 10.0, double.NaN, 10, double.NaN }, false)]
    [InlineData(new[] { double.PositiveInfinity, 10, 5 }, false)]  // everything is a small share of ∞
    [InlineData(new[] { 10.0, 8, 6, 4, 3, 2 }, true)]              // six epochs are enough
    public void Momentum_settles(double[] losses, bool settled)
    {
        Schedule schedule = Schedules.Settle(atMost: 6);
        double[] state = new double[schedule.StateLength];
        foreach (double loss in losses) schedule.EpochEnded(Report(loss), state);
        Assert.Equal(settled ? 0.9 : 0.5, schedule.Value(new(0.77, 0, 1, 1, "gamma"), state));
    }

    private static Gen<CatalogItem> Random => Gen.OneOf([.. Schedules.All.Select(RandomParameters.Of)]);

    /// <summary>Any schedule with any parameters stays within what was given: so no schedule leaves a parameter's range
    /// upwards.</summary>
    [Fact]
    public void Values_lie_between_0_and_the_given_one() =>
        Gen.Select(Random, Gen.Int[1, 7], Gen.Int[1, 60], Gen.Double[0, 1],
            Gen.Double[0, 2].Array[60]).Sample((item, perEpoch, epochs, share, losses) =>
        {
            Schedule schedule = (Schedule)item;
            double[] state = new double[schedule.StateLength];
            foreach (double loss in losses) schedule.EpochEnded(Report(loss), state);
            long step = (long)(share * 1.5 * perEpoch * epochs);
            double value = schedule.Value(new(1, step, perEpoch, epochs), state);
            return value >= 0 && value <= 1 + 1e-15;
        });

    [Fact]
    public void Lists_print_as_they_are_read()
    {
        Gen.Select(Random, Random, Gen.OneOf(Gen.Const("learning_rate"), Gen.Const("l2"),
            Gen.Const("gamma"))).Sample((a, b, parameter) =>
        {
            ScheduleOf[] list = [new("learning_rate", (Schedule)a), new(parameter, (Schedule)b)];
            return ScheduleOf.ParseList(string.Join(",", list.Select(s => s.ToString()))).SequenceEqual(list);
        });
        Assert.Equal([new("learning_rate", Schedules.Warmup(5)), new("learning_rate", Schedules.Cosine()),
            new("gamma", Schedules.Settle())],
            ScheduleOf.ParseList(" warmup(steps=5), cosine ,gamma: settle"));
        Assert.Throws<DownhillException>(() => ScheduleOf.ParseList("cosine,"));
        Assert.Throws<DownhillException>(() => ScheduleOf.ParseList("gamma:"));
    }

    private static readonly NetworkSpec Net = new(3, new Dense(6, Activations.Tanh), new Dense(3, Activations.Softmax));

    /// <summary>A step with every schedule at once, of every number, allocates nothing.</summary>
    [Fact]
    public void Steps_allocate_nothing()
    {
        ScheduleOf[] every =
        [
            .. Schedules.All.Select(e => new ScheduleOf("learning_rate", e.Default)), new("gamma", Schedules.Settle()),
            new("l1", Schedules.Linear()), new("l2", Schedules.WarmupShare(0.5)), new("weight_decay", Schedules.Coslog),
            new("clip", Schedules.ReduceOnPlateau()),
        ];
        using TrainSession<float> session = Runs.Start<float>(Runs.Classes(900, 3, 3), Net, Options(every) with
        {
            L1 = 0.01,
            WeightDecay = 0.01,
            Batch = 4,
            Epochs = 100,
        });
        for (int i = 0; i < 230; i++) session.Step();
        long least = long.MaxValue; // the just-in-time compiler may allocate in one stretch or another
        for (int stretch = 0; stretch < 4; stretch++)
        {
            while (session.State.Position != 0) session.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++) session.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    private static TrainOptions Options(params ScheduleOf[] schedules) => new()
    {
        Optimizer = Optimizers.Momentum(), LearningRate = 0.1, L2 = 0.01, Clip = 1, Batch = 8, Epochs = 6, Threads = 1,
        Schedules = schedules,
    };

    /// <summary>The learning rate of each step as the session reports it is the table's.</summary>
    [Fact]
    public void A_session_follows_its_schedules()
    {
        const string text = "warmup(steps=7),cosine(0.1),one_cycle(peak=0.5)";
        using TrainSession<double> session = Runs.Start<double>(Runs.Classes(30, 3, 3), Net,
            Options([.. ScheduleOf.ParseList(text)]));
        List<double> rates = [];
        session.Run(everyStep: step => rates.Add(step.LearningRate));
        Assert.Equal(Values(text, 0.1, 4, 6), rates);
    }

    /// <summary>A hyper-parameter under a schedule that holds another value is that other value.</summary>
    [Theory]
    [InlineData("gamma")]
    [InlineData("learning_rate")]
    [InlineData("l1")]
    [InlineData("l2")]
    [InlineData("weight_decay")]
    [InlineData("clip")]
    public void Every_hyper_parameter_can_be_driven(string parameter)
    {
        Dataset data = Runs.Classes(30, 3, 3);
        TrainOptions Given(double value) => Options() with
        {
            Optimizer = Optimizers.Momentum(parameter == "gamma" ? value : 0.9),
            LearningRate = parameter == "learning_rate" ? value : 0.1,
            L1 = parameter == "l1" ? value : 0.01,
            L2 = parameter == "l2" ? value : 0.01,
            Clip = parameter == "clip" ? value : 1,
            WeightDecay = parameter == "weight_decay" ? value : 0.01,
        };
        // settle(from, …) that never settles is its first value.
        ScheduleOf half = new(parameter, Schedules.Settle(0.5, 1, 0, 1e6));
        Assert.Equal(Runs.Train<double>(data, Net, Given(0.5)),
            Runs.Train<double>(data, Net, Given(0.25) with { Schedules = [half] }));
        Assert.NotEqual(Runs.Train<double>(data, Net, Given(0.5)), Runs.Train<double>(data, Net, Given(0.25)));
    }

    /// <summary>One object drives both: the run with one_cycle is the run with rate and momentum given step by
    /// step.</summary>
    [Fact]
    public void One_cycle_drives_the_momentum_of_the_optimizer()
    {
        Dataset data = Runs.Classes(30, 3, 3);
        ScheduleOf both = new("learning_rate", Schedules.OneCycle()),
            rate = new("learning_rate", Schedules.OneCycle(momentum: false));
        string cycled = Runs.Train<double>(data, Net, Options(both));
        Assert.Equal(cycled, Runs.Train<double>(data, Net,
            Options(rate, new ScheduleOf("gamma", Schedules.OneCycle()))));
        Assert.NotEqual(cycled, Runs.Train<double>(data, Net, Options(rate)));
        Assert.NotEqual(Runs.Train<double>(data, Net, Options(both) with { Optimizer = Optimizers.Adam() }),
            Runs.Train<double>(data, Net, Options(rate) with { Optimizer = Optimizers.Adam() }));
        // Without momentum there is nothing else to drive.
        Assert.Equal(Runs.Train<double>(data, Net, Options(both) with { Optimizer = Optimizers.GradientDescent }),
            Runs.Train<double>(data, Net, Options(rate) with { Optimizer = Optimizers.GradientDescent }));
    }

    /// <summary>State survives a file: a run that stops in the middle of an epoch goes on to the same bits.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Resumed_runs_are_the_same(string name)
    {
        Schedule schedule = name == "reduce_on_plateau" ? Schedules.ReduceOnPlateau(0.5, 0, 0.3)
            : Catalog.Default.Schedule(name);
        ScheduleOf[] schedules = [new("learning_rate", Schedules.Warmup(3)), new("learning_rate", schedule),
            new("gamma", schedule)];
        FitOptions options = new()
        {
            Hidden = [5], Optimizer = Optimizers.Momentum(), LearningRate = 0.05, Batch = 16, Epochs = 6, Threads = 1,
            Schedules = schedules,
            ValidationShare = 0.2,
        };
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(iris, options);
        using TrainSession<float> whole = plan.Start(), part = plan.Start();
        whole.Run();
        for (int i = 0; i < 3 * part.StepsPerEpoch + 2; i++) part.Step();
        string path = Path.Combine(Path.GetTempPath(), $"downhill-{Guid.NewGuid():N}.ckpt");
        try
        {
            Checkpoint.Save(path, plan, part);
            (_, TrainSession<float> resumed) = Checkpoint.Load(path, iris);
            using (resumed)
            {
                Assert.Equal(schedules, resumed.Options.Schedules);
                resumed.Run();
                Assert.Equal(Runs.Hash(whole), Runs.Hash(resumed));
                Assert.Equal(whole.State.History, resumed.State.History);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }
}
