namespace Downhill.Cli.Report;

/// <summary>What a network answered that gives a row any number of labels.</summary>
internal static class LabelSection
{
    private const int MostLabels = 200;

    public static void Write(Markup page, ReportFacts facts)
    {
        page.Add($"<section id=\"answers\"><h2>Answers to the {facts.Part} rows</h2>\n");
        MeasureTable.Write(page, facts);
        PerLabel(page, facts);
        page.AddConstant("<div class=\"plots\">\n");
        ReliabilityPlot.Write(page, facts.Shown);
        page.AddConstant("</div>\n");
        page.AddConstant("</section>\n");
    }

    private static void PerLabel(Markup page, ReportFacts facts)
    {
        IReadOnlyList<LabelScore> labels = facts.Shown.PerLabel!;
        page.AddConstant("<figure><figcaption><b>Label by label</b> <span>yes from a probability of ½; precision: "
            + "share "
            + "of the yes answers that are right; recall: share of the rows with the label that are found; F₁: their "
            + "harmonic mean</span></figcaption>"
            + "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Measures per label\">"
            + "<table class=\"bars\"><thead><tr><th scope=\"col\">label</th><th scope=\"col\" class=\"n\">rows with it"
            + "</th><th scope=\"col\">accuracy</th><th scope=\"col\">precision</th><th scope=\"col\">recall</th>"
            + "<th scope=\"col\">F₁</th></tr></thead><tbody>\n");
        for (int i = 0; i < Math.Min(labels.Count, MostLabels); i++)
            Row(page, ClassSection.Cut(facts.Target.Names[i], 40), labels[i].Accuracy, labels[i].Score);
        page.AddConstant("</tbody><tfoot>");
        Row(page, "mean of the labels", facts.Shown.LabelAccuracy!.Value, facts.Shown.Macro!.Value);
        Row(page, "all together", facts.Shown.LabelAccuracy!.Value, facts.Shown.Micro!.Value);
        page.AddConstant("</tfoot></table></div>\n");
        if (labels.Count > MostLabels)
            page.Add($"<p class=\"note\">The first {MostLabels} of {labels.Count} labels are shown.</p>\n");
        page.AddConstant("</figure>\n");
    }

    private static void Row(Markup page, string name, double accuracy, ClassScore score)
    {
        page.Add($"<tr><th scope=\"row\">{name}</th><td class=\"n\">{Written.Number(score.Support)}</td>");
        foreach (double share in (double[])[accuracy, score.Precision, score.Recall, score.F1])
            page.Add($"<td><span class=\"bar hit\" style=\"--w:{100 * share}%\"></span> {Written.Percent(share, "0.0")}"
                + $"</td>");
        page.AddConstant("</tr>\n");
    }
}
