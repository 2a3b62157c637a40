namespace Downhill.Cli.Report;

/// <summary>How the run went, epoch by epoch.</summary>
internal static class CurveSection
{
    private const int MostRows = 400;
    private const string Table = "epochs-table";

    public static void Write(Markup page, ReportFacts facts)
    {
        page.AddConstant("<section id=\"learning\"><h2>Learning</h2>\n");
        EpochReport[] history = [.. facts.Result.History];
        if (history.Length == 0)
        {
            page.AddConstant("<p class=\"note\">The run ended before its first epoch was over: there is no "
                + "curve.</p></section>\n");
            return;
        }
        int[] epochs = [.. history.Select(h => h.Epoch)];
        double[] train = [.. history.Select(h => h.TrainLoss * facts.LossFactor)];
        double[] validation = [.. history.Select(h => h.ValidationLoss)];
        double[] score = [.. history.Select(h => h.ValidationScore)];
        double[] rate = [.. history.Select(h => h.LearningRate)];
        double[] norm = [.. history.Select(h => h.GradientNorm)];
        double[] penalty = [.. history.Select(h => h.Penalty)];
        double[] speed = [.. history.Select(h => facts.Plan.Rows.Length / facts.Record.SecondsOf(h.Epoch))];
        // Columns of the table: a plot says in which its values stand.
        List<(string Name, double[] Values, Func<double, string> Format)> columns =
            [("training loss", train, Written.Plain)];
        int Column(string name, double[] values, Func<double, string>? format = null)
        {
            columns.Add((name, values, format ?? Written.Plain));
            return columns.Count;
        }
        bool isValidated = validation.Any(v => !double.IsNaN(v));
        List<Series> losses = [new("training", "a", train, 1)];
        if (isValidated) losses.Add(new("validation", "b", validation, Column("validation loss", validation)));
        LinePlot.Write(page, "Loss per epoch", $"{facts.Plan.Options.Loss}, mean of the rows", Table, epochs,
            [.. losses],
            facts.BestEpoch, Written.Number, 250, mayBeLog: true);
        page.AddConstant("<div class=\"plots\">\n");
        if (isValidated)
        {
            bool isShare = !facts.Target.IsNumeric;
            Func<double, string> format = isShare ? v => Written.Percent(v) : Written.Number;
            Func<double, string> inTable = isShare
                ? v => double.IsFinite(v) ? Written.Plain(100 * v) + " %" : "" : Written.Plain;
            string name = isShare ? "accuracy" : "R²";
            LinePlot.Write(page, isShare ? "Accuracy" : "R²", "of the validation rows", Table, epochs,
                [new("validation", "b", score, Column(name, score, inTable))], facts.BestEpoch, format, 150, false);
        }
        if (rate.Any(double.IsFinite) && rate.Distinct().Count() > 1)
            LinePlot.Write(page, "Learning rate η", "at the epoch's last step", Table, epochs,
                [new("rate", "a", rate, Column("learning rate", rate))], 0, Written.Number, 150, mayBeLog: false);
        if (norm.Any(double.IsFinite))
            LinePlot.Write(page, "Gradient norm", "largest of the epoch's steps", Table, epochs,
                [new("‖∇C‖", "a", norm, Column("gradient norm", norm))], 0, Written.Number, 150, mayBeLog: true);
        if (penalty.Any(p => p > 0))
            LinePlot.Write(page, "Penalty", "λ₁·Σ|w| + ½·λ₂·Σw²", Table, epochs,
                [new("penalty", "a", penalty, Column("penalty", penalty))], 0, Written.Number, 150, mayBeLog: true);
        // An epoch of a few milliseconds measures the clock, not the run.
        if (speed.Count(double.IsFinite) > 1 && facts.Result.Seconds / history[^1].Epoch >= 0.05)
            LinePlot.Write(page, "Speed", "rows per second, validation included", Table, epochs,
                [new("rows/s", "a", speed, Column("rows per second", speed, v => Written.Plain(Math.Round(v))))], 0,
                v => v >= 1e6 ? $"{v / 1e6:0.0} M" : v >= 1e4 ? $"{v / 1e3:0} k" : Written.Number(v), 150, false);
        page.AddConstant("</div>\n");
        WriteTable(page, epochs, facts.BestEpoch, columns);
        page.AddConstant("</section>\n");
    }

    private static void WriteTable(
        Markup page, int[] epochs, int best, List<(string Name, double[] Values, Func<double, string> Format)> columns)
    {
        int every = (epochs.Length + MostRows - 1) / MostRows;
        string which = every == 1 ? ""
            : epochs.Length < epochs[^1] ? " (some of the epochs, the best and the last)"
            : $" (every {every}th epoch, the best and the last)";
        page.Add($"<details><summary>All values as a table{which}</summary>"
            + $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Values per epoch\">"
            + $"<table class=\"numbers\" id=\"{Table}\"><thead><tr><th scope=\"col\">epoch</th>");
        foreach ((string name, _, _) in columns) page.Add($"<th scope=\"col\">{name}</th>");
        page.AddConstant("</tr></thead><tbody>\n");
        for (int i = 0; i < epochs.Length; i++)
        {
            if (i % every != 0 && epochs[i] != best && i != epochs.Length - 1) continue;
            page.Add($"<tr{Marked(epochs[i] == best)}><th scope=\"row\">{epochs[i]}</th>");
            foreach ((_, double[] values, Func<double, string> format) in columns)
                page.Add($"<td>{format(values[i])}</td>");
            page.AddConstant("</tr>\n");
        }
        page.AddConstant("</tbody></table></div></details>\n");
    }

    private static Constant Marked(bool isBest) => new(isBest ? " class=\"marked\"" : "");
}
