namespace Downhill.Cli.Report;

/// <summary>How often answers are right that are so sure (reliability diagram; Guo et al., ICML 2017, figure
/// 1).</summary>
internal static class ReliabilityPlot
{
    public static void Write(Markup page, Metrics shown)
    {
        if (shown.Reliability is not { Count: > 0 } bins) return;
        string error = Written.Percent(shown.CalibrationError ?? double.NaN);
        SquarePlot plot = new(page, "Reliability",
            $"on the diagonal an answer is as often right as it is sure; expected calibration error {error}"
                + $"; area: rows, line: 95 % interval",
            "The bins are in the table below.", (Axis.Between(0, 1, 5), "probability of the answer"),
            (Axis.Between(0, 1, 5), "answers that are right"), percent: true);
        int rows = bins.Sum(b => b.Answers);
        plot.Diagonal();
        foreach (ReliabilityBin bin in bins)
        {
            (double low, double high) = ShareInterval.Wilson(bin.Right, bin.Answers);
            double x = plot.X(bin.Sure), radius = 3 + 8 * Math.Sqrt((double)bin.Answers / rows);
            page.Add($"<g><title>{Bin(bin)}</title><line class=\"whisker\" x1=\"{x}\" x2=\"{x}\" y1=\"{plot.Y(low)}"
                + $"\" y2=\"{plot.Y(high)}\"/><circle class=\"ball\" cx=\"{x}\" cy=\"{plot.Y(bin.Right)}\" r=\"{radius}"
                + $"\"/></g>\n");
        }
        page.AddConstant("</g></svg>\n<details><summary>Bins as a table</summary><table class=\"numbers\"><thead><tr>"
            + "<th scope=\"col\">probability</th><th scope=\"col\">rows</th><th scope=\"col\">mean</th>"
            + "<th scope=\"col\">right</th></tr></thead><tbody>\n");
        foreach (ReliabilityBin bin in bins)
            page.Add($"<tr><th scope=\"row\">{Written.Percent(bin.Low, "0")} … {Written.Percent(bin.High, "0")}</th>"
                + $"<td>{Written.Count(bin.Answers)}</td><td>{Written.Percent(bin.Sure, "0.0")}</td><td>"
                + $"{Written.Percent(bin.Right, "0.0")}</td></tr>\n");
        page.AddConstant("</tbody></table></details></figure>\n");

        static string Bin(ReliabilityBin bin) =>
            $"sure to {Written.Percent(bin.Sure, "0.0")}, right {Written.Percent(bin.Right, "0.0")} of "
                + $"{Written.Plural(bin.Answers, "row")}";
    }
}
