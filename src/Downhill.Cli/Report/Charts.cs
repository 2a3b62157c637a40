namespace Downhill.Cli.Report;

/// <summary>A line of a plot.</summary>
/// <param name="Name">Written at its end.</param>
/// <param name="Style">CSS class: "a" blue and unbroken, "b" orange and dashed.</param>
/// <param name="Values">One per epoch, NaN for none.</param>
/// <param name="Column">Its column in the table behind the plot.</param>
internal sealed record Series(string Name, string Style, IReadOnlyList<double> Values, int Column);

/// <summary>
/// Values over epochs. Heights are pixels and widths shares, so that lettering keeps its size on every screen; where a
/// line ends stands its name.
/// </summary>
internal static class LinePlot
{
    private const double Left = 52, Right = 84, Top = 30, Bottom = 30;
    private const int MostPoints = 1200;

    /// <param name="page">Where to.</param>
    /// <param name="title">What is shown.</param>
    /// <param name="unit">Its unit, and what else is good to know.</param>
    /// <param name="tableId">The table that holds the values.</param>
    /// <param name="epochs">Places along the axis.</param>
    /// <param name="series">One or two.</param>
    /// <param name="best">Epoch to mark, 0 for none.</param>
    /// <param name="format">How values are written.</param>
    /// <param name="height">Of the field, in pixels.</param>
    /// <param name="mayBeLog">Whether a logarithmic axis makes sense.</param>
    public static void Write(
        Markup page, string title, string unit, string tableId, IReadOnlyList<int> epochs, Series[] series, int best,
        Func<double, string> format, double height, bool mayBeLog)
    {
        Axis y = Axis.Around(series.SelectMany(s => s.Values), height > 200 ? 6 : 4, mayBeLog);
        (double first, double last) = (epochs[0], epochs[^1]);
        if (first == last) (first, last) = (first - 1, last + 1);
        Axis x = Axis.Between(first, last, 5, whole: true);
        string caption = page.NewId("caption"), about = page.NewId("about");
        string columns = string.Join(' ', series.Select(s => s.Column));
        string scale = $"{Written.Exact(y.Low)} {Written.Exact(y.High)} {(y.IsLog ? "log" : "linear")}";
        double whole = Top + height + Bottom;
        page.Add($"""
            <figure class="plot">
            <figcaption id="{caption}"><b>{title}</b> <span>{unit}{(y.IsLog ? ", logarithmic" : "")}</span></figcaption>
            <p class="readout">{Summary(series, epochs, best, format)}</p>
            <svg class="chart" style="height:{whole}px;padding:{Top}px {Right}px {Bottom}px {Left}px" role="img" aria-labelledby="{caption}" aria-describedby="{about}" data-table="{tableId}" data-columns="{columns}" data-x="{first} {last}" data-y="{scale} {height}">
            <desc id="{about}">{Description(series, epochs, format)}</desc>
            <rect class="frame" width="100%" height="{height}"/>

            """);
        foreach (double tick in y.Ticks)
        {
            double at = height * (1 - y.At(tick));
            page.Add($"<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{at}\" y2=\"{at}\"/>");
            page.Add($"<text class=\"end\" x=\"-8\" y=\"{at}\" dy=\".35em\">{TickLabel(tick, format)}</text>\n");
        }
        foreach (double tick in x.Ticks.Where(t => t >= epochs[0] && t <= epochs[^1]))
        {
            double at = 100 * x.At(tick);
            page.Add($"<line class=\"tick\" x1=\"{at}%\" x2=\"{at}%\" y1=\"{height}\" y2=\"{height + 5}\"/>");
            page.Add($"<text class=\"middle\" x=\"{at}%\" y=\"{height + 19}\">{Axis.Label(tick)}</text>\n");
        }
        page.Add($"<line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\"{height}\" y2=\"{height}\"/>");
        page.Add($"<text x=\"100%\" dx=\"{8 + 3.5 * Axis.Label(last).Length}\" y=\"{height + 19}\">epoch</text>\n");
        if (best > 0 && best >= epochs[0] && best <= epochs[^1])
        {
            double at = 100 * x.At(best);
            string anchor = at < 15 ? "start" : at > 85 ? "end" : "middle";
            page.Add($"<line class=\"best\" x1=\"{at}%\" x2=\"{at}%\" y1=\"-4\" y2=\"{height}\"/>");
            page.Add($"<text class=\"strong {anchor}\" x=\"{at}%\" y=\"-9\">best: epoch {best}</text>\n");
        }
        page.Add($"<svg viewBox=\"0 0 1000 {height}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"{height}"
            + $"\" overflow=\"visible\">");
        foreach (Series line in series)
            page.Add($"<path class=\"line {line.Style}\" d=\"{Path(line.Values, epochs, x, y, height)}\"/>");
        page.AddConstant("</svg>\n");
        foreach (Series line in series)
        {
            bool isOnly = line.Values.Count(double.IsFinite) == 1;
            for (int i = 0; i < epochs.Count; i++)
                if (double.IsFinite(line.Values[i]) && (isOnly || (epochs[i] == best && line == series[^1])))
                    page.Add($"<circle class=\"dot {line.Style}\" cx=\"{100 * x.At(epochs[i])}%\" cy=\""
                        + $"{Height(line.Values[i], y, height)}\" r=\"4\"/>");
        }
        Labels(page, series, y, format, height);
        page.AddConstant("<g class=\"cursor\"></g></svg></figure>\n");
    }

    private static string TickLabel(double tick, Func<double, string> format) =>
        format(0.5).EndsWith('%') ? $"{Axis.Label(100 * tick)} %" : Axis.Label(tick);

    private static double Height(double value, Axis y, double height) =>
        height * (1 - Math.Clamp(y.At(Math.Max(value, y.IsLog ? y.Low : double.NegativeInfinity)), -0.02, 1.02));

    /// <summary>Names and last values, moved apart where lines end close together.</summary>
    private static void Labels(Markup page, Series[] series, Axis y, Func<double, string> format, double height)
    {
        const double room = 31;
        (Series Line, double Value, double At)[] ends = [.. series
            .Select(s => (s, s.Values.LastOrDefault(double.IsFinite, double.NaN)))
            .Where(e => double.IsFinite(e.Item2))
            .Select(e => (e.s, e.Item2, Height(e.Item2, y, height))).OrderBy(e => e.Item3)];
        if (ends.Length == 2 && ends[1].At - ends[0].At < room)
        {
            double middle = Math.Clamp((ends[0].At + ends[1].At) / 2, room / 2 + 4, height - room / 2 - 4);
            (ends[0].At, ends[1].At) = (middle - room / 2, middle + room / 2);
        }
        foreach ((Series line, double value, double at) in ends)
        {
            double top = Math.Clamp(at, 8, height - 12);
            page.Add($"<text class=\"label {line.Style}\" x=\"100%\" dx=\"10\" y=\"{top - 2}\">{line.Name}</text>");
            page.Add($"<text class=\"strong\" x=\"100%\" dx=\"10\" y=\"{top + 12}\">{format(value)}</text>\n");
        }
    }

    private static string Summary(Series[] series, IReadOnlyList<int> epochs, int best, Func<double, string> format)
    {
        int at = best > 0 && epochs.Contains(best) ? epochs.ToList().IndexOf(best) : epochs.Count - 1;
        return $"epoch {epochs[at]}: " + string.Join(" · ", series.Select(s => $"{s.Name} {format(s.Values[at])}"));
    }

    private static string Description(Series[] series, IReadOnlyList<int> epochs, Func<double, string> format) =>
        string.Join(" ", series.Select(s => $"{s.Name}: {format(s.Values[0])} after epoch {epochs[0]}, "
            + $"{format(s.Values[^1])} after epoch {epochs[^1]}.")) + " All values are in the table below.";

    /// <summary>A path; of very many epochs the lowest and the highest of every bundle, so that no spike is
    /// lost.</summary>
    private static string Path(IReadOnlyList<double> values, IReadOnlyList<int> epochs, Axis x, Axis y, double height)
    {
        System.Text.StringBuilder path = new();
        int bundle = Math.Max(1, (2 * values.Count + MostPoints - 1) / MostPoints);
        if (values.Count <= MostPoints) bundle = 1;
        bool isDrawing = false;
        for (int start = 0; start < values.Count; start += bundle)
        {
            int low = start, high = start;
            for (int i = start; i < Math.Min(values.Count, start + bundle); i++)
            {
                if (values[i] < values[low]) low = i;
                if (values[i] > values[high]) high = i;
            }
            foreach (int i in low == high ? [low] : low < high ? (int[])[low, high] : [high, low])
            {
                if (!double.IsFinite(values[i]))
                {
                    isDrawing = false;
                    continue;
                }
                path.Append(isDrawing ? 'L' : 'M').Append(Written.Coordinate(1000 * x.At(epochs[i]))).Append(' ')
                    .Append(Written.Coordinate(Height(values[i], y, height)));
                isDrawing = true;
            }
        }
        return path.ToString();
    }
}

/// <summary>A square field with two axes, for curves and points of two measures.</summary>
internal sealed class SquarePlot
{
    private const double Left = 64, Top = 12, Side = 300, Bottom = 44, Right = 18;
    private readonly Markup page;
    private readonly Axis x, y;

    /// <param name="page">Where to.</param>
    /// <param name="title">What is shown.</param>
    /// <param name="note">What to look for.</param>
    /// <param name="description">In words, for those who do not see it.</param>
    /// <param name="x">Axis to the right, with its name.</param>
    /// <param name="y">Axis upwards, with its name.</param>
    /// <param name="percent">Whether both count shares.</param>
    public SquarePlot(
        Markup page, string title, string note, string description, (Axis Axis, string Name) x,
            (Axis Axis, string Name) y,
        bool percent)
    {
        (this.page, this.x, this.y) = (page, x.Axis, y.Axis);
        string caption = page.NewId("caption"), about = page.NewId("about");
        page.Add($"""
            <figure class="plot square">
            <figcaption id="{caption}"><b>{title}</b> <span>{note}</span></figcaption>
            <svg class="drawing" viewBox="0 0 {Left + Side + Right} {Top + Side + Bottom}" role="img" aria-labelledby="{caption}" aria-describedby="{about}">
            <desc id="{about}">{description}</desc>
            <g transform="translate({Left} {Top})">

            """);
        foreach (double tick in y.Axis.Ticks)
            page.Add($"<line class=\"grid\" x1=\"0\" x2=\"{Side}\" y1=\"{Y(tick)}\" y2=\"{Y(tick)}\"/>"
                + $"<text class=\"end\" x=\"-8\" y=\"{Y(tick)}\" dy=\".35em\">{Label(tick)}</text>\n");
        foreach (double tick in x.Axis.Ticks)
            page.Add($"<line class=\"grid\" x1=\"{X(tick)}\" x2=\"{X(tick)}\" y1=\"0\" y2=\"{Side}\"/>"
                + $"<text class=\"middle\" x=\"{X(tick)}\" y=\"{Side + 17}\">{Label(tick)}</text>\n");
        page.Add($"<text class=\"middle\" x=\"{Side / 2}\" y=\"{Side + 36}\">{x.Name}</text>");
        page.Add($"<text class=\"middle\" transform=\"translate(-52 {Side / 2}) rotate(-90)\">{y.Name}</text>\n");

        string Label(double tick) => percent ? $"{Axis.Label(100 * tick)} %" : Axis.Label(tick);
    }

    public static double Width => Side;

    public double X(double value) => Side * x.At(value);
    public double Y(double value) => Side * (1 - y.At(value));

    /// <summary>The line on which both measures are equal.</summary>
    public void Diagonal()
    {
        double low = Math.Max(x.Low, y.Low), high = Math.Min(x.High, y.High);
        if (low < high)
            page.Add($"<line class=\"zero\" x1=\"{X(low)}\" y1=\"{Y(low)}\" x2=\"{X(high)}\" y2=\"{Y(high)}\"/>\n");
    }

    public void Close() => page.AddConstant("</g></svg></figure>\n");
}
