using System.Globalization;

namespace Downhill.Cli.Report;

/// <summary>A range of numbers laid along a line, with the round numbers that are written beside it.</summary>
internal sealed class Axis
{
    private Axis(double low, double high, bool isLog, IReadOnlyList<double> ticks) =>
        (Low, High, IsLog, Ticks) = (low, high, isLog, ticks);

    public double Low { get; }
    public double High { get; }
    public bool IsLog { get; }
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>0 at the low end, 1 at the high end.</summary>
    public double At(double value) =>
        IsLog ? Math.Log(value / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);

    /// <summary>An axis that ends at ticks.</summary>
    /// <param name="values">What must have room; what is not finite is left out.</param>
    /// <param name="count">About how many ticks.</param>
    /// <param name="mayBeLog">Logarithmic where the values reach over more than a factor of 8.</param>
    public static Axis Around(IEnumerable<double> values, int count, bool mayBeLog = false)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity, smallest = double.PositiveInfinity;
        foreach (double value in values)
        {
            if (!double.IsFinite(value)) continue;
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
            if (value > 0) smallest = Math.Min(smallest, value);
        }
        if (!(low <= high)) (low, high) = (0, 1);
        if (mayBeLog && low > 0 && high / smallest > 8) return Log(low, high);
        if (high - low < 1e-12 * Math.Max(Math.Abs(low), Math.Abs(high)) || high == low)
        {
            double room = high == 0 ? 1 : 0.1 * Math.Abs(high);
            (low, high) = (low - room, high + room);
        }
        double step = Step((high - low) / Math.Max(1, count - 1));
        (double first, double last) = (Math.Floor(low / step + 1e-9), Math.Ceiling(high / step - 1e-9));
        if (last - first > 50) last = first + 50;
        double[] ticks = new double[(int)(last - first) + 1];
        for (int i = 0; i < ticks.Length; i++) ticks[i] = Round((first + i) * step, step);
        return new(ticks[0], ticks[^1], false, ticks);
    }

    /// <summary>An axis with fixed ends.</summary>
    public static Axis Between(double low, double high, int count, bool whole = false)
    {
        double step = Step((high - low) / Math.Max(1, count));
        if (whole) step = Math.Max(1, Math.Round(step));
        List<double> ticks = [];
        for (double i = Math.Ceiling(low / step - 1e-9); i * step <= high + 1e-9 * step && ticks.Count < 60; i++)
            ticks.Add(Round(i * step, step));
        return new(low, high, false, ticks);
    }

    private static Axis Log(double low, double high)
    {
        int from = (int)Math.Floor(Math.Log10(low) + 1e-9), to = (int)Math.Ceiling(Math.Log10(high) - 1e-9);
        // The ends are of the steps 1-2-5. So are the ticks over few decades; over many they are powers of ten, and of
        // these every second or third.
        double[] fine = [.. Enumerable.Range(from, to - from + 1)
            .SelectMany(p => (double[])[Math.Pow(10, p), 2 * Math.Pow(10, p), 5 * Math.Pow(10, p)])];
        double first = fine.Where(t => t <= low * (1 + 1e-9)).DefaultIfEmpty(fine[0]).Max();
        double last = fine.Where(t => t >= high * (1 - 1e-9)).DefaultIfEmpty(fine[^1]).Min();
        int every = Math.Max(1, (to - from + 5) / 6);
        IEnumerable<double> ticks = high / low < 300 ? fine
            : Enumerable.Range(from, to - from + 1).Where(p => (p - from) % every == 0).Select(p => Math.Pow(10, p));
        return new(first, last, true, [.. ticks.Where(t => t >= first * (1 - 1e-9) && t <= last * (1 + 1e-9))]);
    }

    private static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(rough, 1e-300))));
        double share = rough / power;
        return power * (share <= 1 + 1e-9 ? 1 : share <= 2 + 1e-9 ? 2 : share <= 5 + 1e-9 ? 5 : 10);
    }

    /// <summary>0.30000000000000004 is 0.3.</summary>
    private static double Round(double value, double step)
    {
        int digits = Math.Clamp(1 - (int)Math.Floor(Math.Log10(step)), 0, 15);
        return Math.Round(value, digits);
    }

    /// <summary>A tick as it is written.</summary>
    public static string Label(double tick) =>
        tick == 0 ? "0"
        : Math.Abs(tick) is < 1e-3 or >= 1e6 ? tick.ToString("0.##e+0", CultureInfo.InvariantCulture)
            .Replace("+", "").Replace('-', '−')
        : tick.ToString(Math.Abs(tick) >= 10000 ? "#,0.####" : "0.####", CultureInfo.InvariantCulture)
        .Replace('-', '−');
}
