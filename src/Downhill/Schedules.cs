using Downhill.Kernels;

namespace Downhill;

/// <summary>Where a run stands, for schedules.</summary>
/// <param name="Base">The hyper-parameter's given value.</param>
/// <param name="Step">Steps done.</param>
/// <param name="StepsPerEpoch">Updates in one epoch.</param>
/// <param name="Epochs">Epochs planned.</param>
public readonly record struct ScheduleMoment(double Base, long Step, long StepsPerEpoch, int Epochs)
{
    /// <summary>Share of the planned steps that is done, 0 … 1.</summary>
    public double Progress => Math.Min(1, Step / Math.Max(1.0, (double)StepsPerEpoch * Epochs));
}

/// <summary>
/// How a hyper-parameter changes during training: a function of where the run stands and of a little state that the
/// run keeps (and checkpoints) for it.
/// </summary>
public abstract class Schedule : CatalogItem
{
    /// <summary>Numbers of state.</summary>
    public virtual int StateLength => 0;

    /// <summary>The value for the next step.</summary>
    public abstract double Value(in ScheduleMoment moment, ReadOnlySpan<double> state);

    /// <summary>Called after each epoch; may change the state.</summary>
    public virtual void EpochEnded(in EpochReport report, Span<double> state) { }
}

/// <summary>The schedules that ship. Adding one: its class, and its line in <see cref="All"/>.</summary>
public static class Schedules
{
    public static Schedule Constant => Find("constant").Default;
    public static Schedule Cosine(double floor = 0) => Find("cosine").Create(floor);

    /// <summary>The lecture's momentum: <paramref name="from"/> until learning settles, then <paramref name="to"/>.</summary>
    public static Schedule Settle(double from = 0.5, double to = 0.9, double change = 0.1, double atMost = 10) =>
        Find("settle").Create(from, to, change, atMost);

    private static Entry<Schedule> Find(string name) => All.First(e => e.Name == name);

    private sealed class ConstantSchedule : Schedule
    {
        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state) => moment.Base;
    }

    private sealed class CosineSchedule(double floor) : Schedule
    {
        public override double Value(in ScheduleMoment moment, ReadOnlySpan<double> state)
        {
            double share = 0.5 * (1 + PortableMath.Cos(Math.PI * moment.Progress));
            return moment.Base * (floor + (1 - floor) * share);
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
            bool slow = state[2] > 0 && Math.Abs(last - now) <= change * Math.Abs(last);
            state[1] = now;
            state[2]++;
            if (slow || state[2] >= atMost) state[0] = 1;
        }
    }

    /// <summary>Every schedule, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Schedule>> All { get; } =
    [
        new("constant", "η", "the same all the way", "lecture L10", [], _ => new ConstantSchedule()),
        new("cosine", "η·(f + (1−f)·½(1 + cos(π·progress)))", "full speed first, then ever smaller steps",
            "Loshchilov, Hutter, SGDR, ICLR 2017, eq. 5 (one period)",
            [new("floor", 0, 0, 1, "Share of the start value that is left at the end.")], p => new CosineSchedule(p[0])),
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
