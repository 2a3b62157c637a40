using Downhill.Kernels;

namespace Downhill;

/// <summary>Where a run stands, for schedules.</summary>
/// <param name="Base">The hyper-parameter's given value, or what the schedule before this one made of it.</param>
/// <param name="Step">Steps done.</param>
/// <param name="StepsPerEpoch">Updates in one epoch.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Parameter">The hyper-parameter's name.</param>
public readonly record struct ScheduleMoment(
    double Base, long Step, long StepsPerEpoch, int Epochs, string Parameter = "learning_rate")
{
    /// <summary>Steps planned, 1 or more.</summary>
    public double PlannedSteps => Math.Max(1.0, (double)StepsPerEpoch * Epochs);

    /// <summary>Share of the planned steps that is done, 0 … 1.</summary>
    public double Progress => Math.Min(1, Step / PlannedSteps);

    /// <summary>Epochs done, with the running one's share.</summary>
    public double Epoch => (double)Step / Math.Max(1, StepsPerEpoch);
}

/// <summary>
/// How a hyper-parameter changes during training: a function of where the run stands and of a little state that the
/// run keeps (and checkpoints) for it. Those that scale <see cref="ScheduleMoment.Base"/> can follow one another on one
/// hyper-parameter, and multiply.
/// </summary>
public abstract class Schedule : CatalogItem
{
    /// <summary>Numbers of state, all 0 at first.</summary>
    public virtual int StateLength => 0;

    /// <summary>Parameters of the optimizer that move too, where it has them, when this schedule drives the learning
    /// rate.</summary>
    public virtual IReadOnlyList<string> Companions => [];

    /// <summary>The value for the next step.</summary>
    public abstract double Value(in ScheduleMoment moment, ReadOnlySpan<double> state);

    /// <summary>Called after each epoch; may change the state.</summary>
    public virtual void EpochEnded(in EpochReport report, Span<double> state) { }
}

/// <summary>A schedule and the hyper-parameter it drives. Several on one hyper-parameter act one after
/// another.</summary>
/// <param name="Parameter">"learning_rate", "l1", "l2", "weight_decay", "clip", or a parameter of the optimizer such as
/// "gamma".</param>
/// <param name="Schedule">How it changes.</param>
public sealed record ScheduleOf(string Parameter, Schedule Schedule)
{
    /// <summary>Reads <c>cosine</c> (of the learning rate), <c>gamma:settle</c>, or several:
    /// <c>warmup(steps=100),cosine,l2:linear</c>.</summary>
    /// <exception cref="DownhillException">As <see cref="Catalog.Schedule"/>.</exception>
    public static IReadOnlyList<ScheduleOf> ParseList(string text, Catalog? catalog = null) =>
    [
        .. Catalog.Parts(text).Select(part =>
        {
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            string parameter = colon < 0 ? "learning_rate" : part[..colon].Trim();
            return new ScheduleOf(parameter, (catalog ?? Catalog.Default).Schedule(part[(colon + 1)..]));
        }),
    ];

    /// <summary>The shortest text that <see cref="ParseList"/> reads as these.</summary>
    public static string ToText(IEnumerable<ScheduleOf> schedules) => string.Join(",", schedules.Select(s =>
        s.Parameter == "learning_rate" ? s.Schedule.ToString() : s.ToString()));

    /// <summary>Whether it has a say in this hyper-parameter.</summary>
    public bool Drives(string parameter)
    {
        if (Parameter == parameter) return true;
        if (Parameter != "learning_rate") return false;
        for (int i = 0; i < Schedule.Companions.Count; i++)
            if (Schedule.Companions[i] == parameter) return true;
        return false;
    }

    /// <summary>As <see cref="ParseList"/> reads it.</summary>
    public override string ToString() => $"{Parameter}:{Schedule}";
}

/// <summary>The schedules that ship. Adding one: its class, and its line in <see cref="All"/>.</summary>
public static class Schedules
{
    public static Schedule Constant => Find("constant").Default;
    public static Schedule Cosine(double floor = 0) => Find("cosine").Create(floor);
    public static Schedule Linear(double floor = 0) => Find("linear").Create(floor);
    public static Schedule Step(int epochs = 30, double factor = 0.1) => Find("step").Create(epochs, factor);
    public static Schedule Exponential(double factor = 0.95) => Find("exponential").Create(factor);
    public static Schedule InverseScaling(double power = 0.5) => Find("inverse_scaling").Create(power);
    public static Schedule CosineRestarts(int period = 10, int growth = 2, double floor = 0) =>
        Find("cosine_restarts").Create(period, growth, floor);
    public static Schedule Coslog => Find("coslog").Default;

    /// <summary>Rises linearly over the first steps; put it before another schedule.</summary>
    public static Schedule Warmup(int steps) => Find("warmup").Create(steps, 0);

    /// <summary>Rises linearly over the first share of the planned steps.</summary>
    public static Schedule WarmupShare(double share) => Find("warmup").Create(100, share);

    public static Schedule OneCycle(
        double peak = 0.3, double start = 25, double end = 1e4, double low = 0.85, double high = 0.95,
        bool momentum = true) =>
        Find("one_cycle").Create(peak, start, end, low, high, momentum ? 1 : 0);
    public static Schedule ReduceOnPlateau(double factor = 0.1, int patience = 10, double change = 1e-4,
        double floor = 0) =>
        Find("reduce_on_plateau").Create(factor, patience, change, floor);

    /// <summary>The lecture's momentum: <paramref name="from"/> until learning settles, then
    /// <paramref name="to"/>.</summary>
    public static Schedule Settle(double from = 0.5, double to = 0.9, double change = 0.1, double atMost = 10) =>
        Find("settle").Create(from, to, change, atMost);

    private static Entry<Schedule> Find(string name) => All.First(e => e.Name == name);

    /// <summary>From 1 at t = 0 to <paramref name="floor"/> at t = 1 along half a cosine.</summary>
    private static double HalfCosine(double t, double floor) =>
        floor + (1 - floor) * (0.5 * (1 + PortableMath.Cos(Math.PI * t)));

    /// <summary>A schedule without memory: a factor on the given value.</summary>
    private sealed class FactorSchedule(Func<ScheduleMoment, double> factor) : Schedule
    {
        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state) =>
            moment.Base * factor(moment);
    }

    /// <summary>Share of the way through the running period, counted in whole steps.</summary>
    private static double PeriodShare(in ScheduleMoment moment, double epochs, double growth)
    {
        long period = Math.Max(1, (long)epochs * Math.Max(1, moment.StepsPerEpoch)), step = moment.Step;
        if (growth == 1) step %= period;
        while (step >= period)
        {
            step -= period;
            period *= (long)growth;
        }
        return (double)step / period;
    }

    private static double WarmupFactor(in ScheduleMoment moment, double steps, double share)
    {
        double length = share > 0 ? share * moment.PlannedSteps : steps;
        return Math.Min(1, (moment.Step + 1) / length);
    }

    // ½(1 − cos(2π·log₂(1 + 15t))): four waves of growing length.
    private static double FourWaves(double t)
    {
        const double ln2 = 0.6931471805599453;
        return 0.5 * (1 - PortableMath.Cos(2 * Math.PI * (PortableMath.Log(1 + 15 * t) / ln2)));
    }

    /// <summary>
    /// The learning rate rises along half a cosine from 1/start of the given value to it, and falls to 1/(start·end) of
    /// it; the momentum falls from high to low meanwhile, and rises again. The last planned step has the last value.
    /// </summary>
    private sealed class OneCycleSchedule(double peak, double start, double end, double low, double high,
        double momentum) : Schedule
    {
        private static readonly string[] momenta = ["gamma", "beta1"];

        public override IReadOnlyList<string> Companions => momentum == 1 ? momenta : [];

        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state)
        {
            double last = moment.PlannedSteps - 1, top = Math.Max(0, peak * moment.PlannedSteps - 1);
            double step = Math.Min(moment.Step, last);
            bool rising = step < top;
            double t = rising ? step / top : last > top ? (step - top) / (last - top) : 0;
            if (Array.IndexOf(momenta, moment.Parameter) >= 0)
                return rising ? Between(high, low, t) : Between(low, high, t);
            double first = moment.Base / start;
            return rising ? Between(first, moment.Base, t) : Between(moment.Base, first / end, t);
        }

        private static double Between(double from, double to, double t) => to + (from - to) * HalfCosine(t, 0);
    }

    /// <summary>
    /// Watches the validation loss, or without a validation part the training loss. A loss that is no number is no
    /// improvement. State: [0] reductions, [1] epochs without improvement, [2] best loss, [3] 1 once there is one, [4]
    /// 1 once a validation loss was seen.
    /// </summary>
    private sealed class PlateauSchedule(double factor, double patience, double change, double floor) : Schedule
    {
        public override int StateLength => 5;

        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state) =>
            moment.Base * Math.Max(floor, PortableMath.PowInt(factor, (long)state[0]));

        public override void EpochEnded(in EpochReport report, Span<double> state)
        {
            if (state[4] == 0 && !double.IsNaN(report.ValidationLoss)) (state[3], state[4]) = (0, 1);
            double loss = state[4] == 1 ? report.ValidationLoss : report.TrainLoss;
            if (double.IsFinite(loss) && (state[3] == 0 || loss < state[2] - change * Math.Abs(state[2])))
                (state[1], state[2], state[3]) = (0, loss, 1);
            else
                state[1]++;
            if (state[1] > patience) (state[0], state[1]) = (state[0] + 1, 0);
        }
    }

    /// <summary>State: [0] 1 once settled, [1] loss of the last epoch, [2] epochs seen.</summary>
    private sealed class SettleSchedule(double from, double to, double change, double atMost) : Schedule
    {
        public override int StateLength => 3;
        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state) => state[0] == 1 ? to : from;
        public override void EpochEnded(in EpochReport report, Span<double> state)
        {
            double last = state[1], now = report.TrainLoss;
            // From an infinite cost everything is a small share: only numbers say that learning has settled.
            bool slow = state[2] > 0 && double.IsFinite(last) && Math.Abs(last - now) <= change * Math.Abs(last);
            state[1] = now;
            state[2]++;
            if (slow || state[2] >= atMost) state[0] = 1;
        }
    }

    private static readonly Parameter floor = new("floor", 0, 0, 1,
        "Share of the start value that is left at the end.");

    /// <summary>Every schedule, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Schedule>> All { get; } =
    [
        new("constant", "η", "the same all the way", "lecture L10", [], _ => new FactorSchedule(_ => 1)),
        new("cosine", "η·(f + (1−f)·½(1 + cos(π·progress)))", "full speed first, then ever smaller steps",
            "Loshchilov, Hutter, SGDR, ICLR 2017, eq. 5 (one period)", [floor],
            p => new FactorSchedule(m => HalfCosine(m.Progress, p[0]))),
        new("cosine_restarts", "cosine over T₀ epochs, again over T₀·g, T₀·g² …",
            "starts afresh when it has come to rest",
            "Loshchilov, Hutter, SGDR, ICLR 2017, eq. 5",
            [
                new("period", 10, 1, 1e6, "Epochs T₀ of the first period.") { Whole = true },
                new("growth", 2, 1, 100, "Each period is this many times as long as the one before.") { Whole = true },
                floor,
            ],
            p => new FactorSchedule(m => HalfCosine(PeriodShare(m, p[0], p[1]), p[2]))),
        new("linear", "η·(f + (1−f)·(1 − progress))", "down a straight line", "Defazio et al., arXiv 2310.07831, 2023",
            [floor], p => new FactorSchedule(m => p[0] + (1 - p[0]) * (1 - m.Progress))),
        new("step", "η·f^⌊epoch/k⌋", "a smaller step every k epochs", "PyTorch, StepLR",
            [
                new("epochs", 30, 1, 1e6, "Epochs k between two reductions.") { Whole = true },
                new("factor", 0.1, 0, 1, "What is left at each.") { ExcludesMin = true },
            ],
            p => new FactorSchedule(
                m => PortableMath.PowInt(p[1], m.Step / Math.Max(1, m.StepsPerEpoch) / (long)p[0]))),
        new("exponential", "η·f^epoch", "the same share is lost in every epoch, a little in every step",
            "Senior et al., ICASSP 2013",
            [new("factor", 0.95, 0, 1, "What an epoch leaves.") { ExcludesMin = true }],
            p => new FactorSchedule(m => PortableMath.Pow(p[0], m.Epoch))),
        new("inverse_scaling", "η/t^p,  t = 1, 2, … updates", "ever slower decrease",
            "Robbins, Monro 1951; scikit-learn, invscaling",
            [new("power", 0.5, 0, 10, "Power p of t.")],
            p => new FactorSchedule(m => PortableMath.Pow(m.Step + 1.0, -p[0]))),
        new("warmup", "η·min(1, t/steps)",
            "small steps first, until averages have formed; put it before another schedule",
            "Goyal et al., arXiv 1706.02677, 2017, §2.2",
            [
                new("steps", 100, 1, 1e9, "Steps until the whole value is reached.") { Whole = true },
                new("share", 0, 0, 1, "Share of the planned steps, instead of steps where above 0."),
            ],
            p => new FactorSchedule(m => WarmupFactor(m, p[0], p[1]))),
        new("one_cycle", "η/s → η → η/(s·e) along cosines, momentum high → low → high",
            "one rise and fall, with large rates between",
            "Smith, arXiv 1803.09820, 2018; PyTorch, OneCycleLR",
            [
                new("peak", 0.3, 0, 1, "Share of the planned steps at which the whole value is reached."),
                new("start", 25, 1, 1e9, "The first value is the whole one divided by this."),
                new("end", 1e4, 1, 1e12, "The last value is the first one divided by this."),
                new("low", 0.85, 0, 1, "Smallest momentum."),
                new("high", 0.95, 0, 1, "Largest momentum."),
                new("momentum", 1, 0, 1, "1: the optimizer's gamma or beta1 cycles the other way; 0: it does not.")
                    { Whole = true },
            ],
            p => new OneCycleSchedule(p[0], p[1], p[2], p[3], p[4], p[5])),
        new("reduce_on_plateau", "η·f^n,  n plateaus so far", "a smaller step whenever the loss no longer gets better",
            "He et al., CVPR 2016, §3.4; PyTorch, ReduceLROnPlateau",
            [
                new("factor", 0.1, 0, 1, "What is left at each reduction.") { ExcludesMin = true },
                new("patience", 10, 0, 1e6, "Epochs without improvement that are borne.") { Whole = true },
                new("change", 1e-4, 0, 1, "Share of the best loss by which a better one must be lower."),
                floor,
            ],
            p => new PlateauSchedule(p[0], p[1], p[2], p[3])),
        new("coslog", "η·½(1 − cos(2π·log₂(1 + 15·progress)))", "four waves of growing length, 0 at both ends",
            "Holzmüller et al., Better by Default (RealMLP), NeurIPS 2024", [],
            _ => new FactorSchedule(m => FourWaves(m.Progress))),
        new("settle", "from until the epoch's cost changes by less than a share, then to",
            "the lecture's momentum: 0.5 until learning settles, then 0.9", "lecture L15; Hinton, practical guide, §9",
            [
                new("from", 0.5, 0, 1, "Value at first."),
                new("to", 0.9, 0, 1, "Value once settled."),
                new("change", 0.1, 0, 1, "Settled when the cost changes by at most this share in an epoch."),
                new("at_most", 10, 1, 1e6, "Epochs after which it counts as settled anyway.") { Whole = true },
            ],
            p => new SettleSchedule(p[0], p[1], p[2], p[3])),
    ];
}
