namespace Downhill.Cli.Report;

/// <summary>All that was measured, part by part, exact values behind the rounded ones.</summary>
internal static class MeasureTable
{
    public static void Write(Markup page, ReportFacts facts)
    {
        (string Part, Metrics Metrics)[] parts = [.. ((string Part, Metrics? Metrics)[])
            [("training", facts.Result.Train), ("validation", facts.Result.Validation), ("test", facts.Result.Test)]
            is var all ? all.Where(p => p.Metrics is not null).Select(p => (p.Part, p.Metrics!)) : []];
        bool isLabel = facts.Target.IsMultiLabel;
        (string Name, Func<Metrics, double?> Value, Func<double, string> Format)[] measures =
        [
            ("loss", m => m.Loss, Written.Number),
            (isLabel ? "rows with every label right" : "accuracy", m => m.Accuracy, v => Written.Percent(v)),
            ("labels that are right", m => m.LabelAccuracy, v => Written.Percent(v)),
            ("F₁, all labels together", m => isLabel ? m.Micro?.F1 : null, v => Written.Percent(v)),
            ("among the first three", m => facts.Target.Classes.Count > 4 ? m.TopK(3) : null, v => Written.Percent(v)),
            ($"F₁, mean of the {(isLabel ? "labels" : "classes")}", m => m.Macro?.F1, v => Written.Percent(v)),
            ("ROC area", m => m.RocAuc, Written.Number),
            ("log loss", m => m.LogLoss, Written.Number),
            ("Brier score", m => m.Brier, Written.Number),
            ("calibration error", m => m.CalibrationError, v => Written.Percent(v)),
            ("root mean square error", m => m.Rmse, Written.Number),
            ("mean absolute error", m => m.Mae, Written.Number),
            ("R²", m => m.R2, Written.Number),
            ("squared-error percentage", m => m.SquaredErrorPercentage, Written.Number),
        ];
        page.AddConstant("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All measures\">"
            + "<table class=\"measures\"><thead><tr><th scope=\"col\">measure</th>");
        foreach ((string part, Metrics metrics) in parts)
            page.Add($"<th scope=\"col\" class=\"n\">{part}<br/><small>{Written.Plural(metrics.Rows, "row")}"
                + $"</small></th>");
        page.AddConstant("</tr></thead><tbody>\n");
        foreach ((string name, Func<Metrics, double?> value, Func<double, string> format) in measures)
        {
            if (parts.All(p => value(p.Metrics) is null)) continue;
            page.Add($"<tr><th scope=\"row\">{name}</th>");
            foreach ((_, Metrics metrics) in parts)
            {
                if (value(metrics) is double number && double.IsFinite(number))
                    page.Add($"<td class=\"n\"><data value=\"{Written.Exact(number)}\">{format(number)}</data></td>");
                else page.AddConstant("<td class=\"n\">–</td>");
            }
            page.AddConstant("</tr>\n");
        }
        page.AddConstant("</tbody></table></div>\n");
    }
}
