namespace Downhill.Cli.Report;

/// <summary>What each raw column is worth to the network.</summary>
internal static class ImportanceSection
{
    private const int MostRows = 2000, FewestRows = 200, MostColumns = 200, MostBars = 30, Repetitions = 10;

    // Multiplications that a report may take besides: some seconds.
    private const double MostWork = 2e10;

    /// <summary>Measures it where that takes seconds.</summary>
    /// <returns>What was measured, or why nothing was: for pictures, whose single pixels mean nothing, and for very
    /// large tables and networks.</returns>
    public static (PermutationImportance? Worth, string? LeftOut) Measure(
        Model model, Dataset source, IReadOnlyList<int> rows)
    {
        int columns = source.Inputs.Count;
        double perRow = (double)columns * Repetitions * model.Spec.ParameterCount;
        int count = (int)Math.Min(Math.Min(rows.Count, MostRows), MostWork / perRow);
        if (source.Image is not null) return (null, "the columns are pixels, and a single pixel means nothing");
        if (columns > MostColumns)
            return (null, $"a report measures at most {MostColumns} columns, and there are {Written.Count(columns)}");
        if (rows.Count < 2) return (null, "at least 2 rows are needed");
        if (count < Math.Min(rows.Count, FewestRows))
            return (null, $"{Written.Count(columns)} columns and {Written.Count(model.Spec.ParameterCount)} parameters "
                + "would take more than seconds");
        Permutation order = new(rows.Count, 1, 0, RandomStreams.Importance);
        int[] chosen = count == rows.Count ? [.. rows] : [.. Enumerable.Range(0, count).Select(i => rows[order[i]])];
        return (PermutationImportance.Of(model, source, chosen, Repetitions), null);
    }

    /// <summary>Says that nothing was measured, why, and what would.</summary>
    public static void WriteLeftOut(Markup page, ReportFacts facts, string why) =>
        page.Add($"<section id=\"importance\"><h2>What the columns are worth</h2>\n<p class=\"note\">Not measured: "
            + $"{why}. <code>{facts.Program} evaluate MODEL DATA --importance</code> measures it all the same.</p>"
            + $"</section>\n");

    public static void Write(Markup page, ReportFacts facts, PermutationImportance worth)
    {
        page.AddConstant("<section id=\"importance\"><h2>What the columns are worth</h2>\n");
        page.Add($"<p class=\"note\">How much the loss ({facts.Plan.Options.Loss.ToString()}) of "
            + $"{Written.Plural(worth.Rows, facts.Part + " row")} rises when the values of one column change places "
            + $"among "
            + $"them, {worth.Repetitions} times: bars are means, whiskers 95 % intervals over the rows. Where a "
            + $"whisker "
            + $"crosses 0 the column may be worth nothing. Columns that say the same share their worth.</p>\n");
        Bars(page, worth);
        Table(page, facts, worth);
        page.AddConstant("</section>\n");
    }

    private static void Bars(Markup page, PermutationImportance worth)
    {
        const double left = 190, width = 520, step = 26, thick = 14, top = 8, right = 96;
        ColumnImportance[] shown = [.. worth.Columns.Take(MostBars)];
        Axis x = Axis.Around(shown.SelectMany(c => (double[])[0, c.Low, c.High]), 7);
        double height = step * shown.Length, zero = width * x.At(0);
        string caption = page.NewId("caption"), about = page.NewId("about");
        string more = worth.Columns.Count > shown.Length
            ? $"the first {shown.Length} of {worth.Columns.Count}; all are in the table" : "most important first";
        page.Add($"""
            <figure class="plot"><figcaption id="{caption}"><b>Rise of the loss</b> <span>{more}</span></figcaption>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="{caption}">
            <svg class="importance" viewBox="0 0 {left + width + right} {top + height + 26}" width="{left + width + right}" role="img" aria-labelledby="{caption}" aria-describedby="{about}">
            <desc id="{about}">{shown[0].Name} is worth most: {Written.Number(shown[0].Rise)}. All values are in the table below.</desc>
            <g transform="translate({left} {top})">

            """);
        foreach (double tick in x.Ticks)
            page.Add($"<line class=\"grid\" x1=\"{width * x.At(tick)}\" x2=\"{width * x.At(tick)}\" y1=\"0\" y2=\""
                + $"{height}"
                + $"\"/><text class=\"middle\" x=\"{width * x.At(tick)}\" y=\"{height + 17}\">{Axis.Label(tick)}"
                + $"</text>\n");
        page.Add($"<line class=\"axis\" x1=\"{zero}\" x2=\"{zero}\" y1=\"0\" y2=\"{height}\"/>\n");
        for (int i = 0; i < shown.Length; i++)
        {
            ColumnImportance column = shown[i];
            double middle = (i + 0.5) * step, end = width * x.At(column.Rise), low = width * x.At(column.Low),
                high = width * x.At(column.High);
            page.Add($"<g><title>{column.Name}: {Interval(column)}</title>"
                + $"<text class=\"end\" x=\"-10\" y=\"{middle}\" dy=\".35em\">{ClassSection.Cut(column.Name, 28)}"
                + $"</text>"
                + $"<rect class=\"worth{(column.Rise < 0 ? " minus" : "")}\" x=\"{Math.Min(zero, end)}\" y=\""
                + $"{middle - thick / 2}\" width=\""
                + $"{Math.Max(0.5, Math.Abs(end - zero))}\" height=\"{thick}\"/>"
                + $"<path class=\"interval\" d=\"M{low} {middle - 4}v8M{high} {middle - 4}v8M{low} {middle}H{high}\"/>"
                + $"<text class=\"strong\" x=\"{Math.Max(high, zero) + 8}\" y=\"{middle}\" dy=\".35em\">"
                + $"{Written.Number(column.Rise)}</text></g>\n");
        }
        page.AddConstant("</g></svg></div></figure>\n");
    }

    private static void Table(Markup page, ReportFacts facts, PermutationImportance worth)
    {
        bool isShare = !facts.Target.IsNumeric;
        page.AddConstant("<details><summary>All columns as a table</summary><div class=\"scroll\" tabindex=\"0\" "
            + "role=\"region\" aria-label=\"Importance of every column\"><table class=\"numbers\"><thead><tr>"
            + "<th scope=\"col\">column</th><th scope=\"col\">loss rises by</th><th scope=\"col\">from</th>"
            + "<th scope=\"col\">to</th>");
        page.Add($"<th scope=\"col\">{(isShare ? "accuracy" : "R²")} falls by</th></tr></thead><tbody>\n");
        foreach (ColumnImportance column in worth.Columns)
            page.Add($"<tr><th scope=\"row\">{column.Name}</th><td><data value=\"{Written.Exact(column.Rise)}\">"
                + $"{Written.Number(column.Rise)}</data></td><td>{Written.Number(column.Low)}</td><td>"
                + $"{Written.Number(column.High)}</td><td>"
                + $"{(isShare ? Written.Percent(column.ScoreFall) : Written.Number(column.ScoreFall))}</td></tr>\n");
        page.AddConstant("</tbody></table></div></details>\n");
    }

    private static string Interval(ColumnImportance column) =>
        $"{Written.Number(column.Rise)}, 95 % interval {Written.Number(column.Low)} … {Written.Number(column.High)}";
}
