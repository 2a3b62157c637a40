namespace Downhill.Cli.Report;

/// <summary>What a network that predicts numbers answered.</summary>
internal static class NumberSection
{
    private const int MostPoints = 1500, MostTargets = 4;

    public static void Write(Markup page, ReportFacts facts)
    {
        page.Add($"<section id=\"answers\"><h2>Answers to the {facts.Part} rows</h2>\n");
        MeasureTable.Write(page, facts);
        int targets = facts.Target.Names.Count;
        for (int target = 0; target < Math.Min(targets, MostTargets); target++)
        {
            if (targets > 1) page.Add($"<h3>{facts.Target.Names[target]}</h3>\n");
            (double Actual, double Answer)[] pairs = [.. facts.Answers
                .Select(a => (facts.ActualOf(a, target), facts.ValueOf(a, target)))
                .Where(p => double.IsFinite(p.Item1) && double.IsFinite(p.Item2))];
            if (pairs.Length == 0)
            {
                page.AddConstant("<p class=\"note\">There is no answer that is a finite number.</p>\n");
                continue;
            }
            page.AddConstant("<div class=\"plots\">\n");
            Scatter(page, facts, facts.Target.Names[target], pairs);
            Residuals(page, facts.Target.Names[target], pairs);
            page.AddConstant("</div>\n");
        }
        if (targets > MostTargets)
            page.Add($"<p class=\"note\">The first {MostTargets} of {targets} targets are shown.</p>\n");
        page.AddConstant("</section>\n");
    }

    private static void Scatter(Markup page, ReportFacts facts, string name, (double Actual, double Answer)[] pairs)
    {
        Axis axis = Axis.Around(pairs.SelectMany(p => (double[])[p.Actual, p.Answer]), 6);
        int every = (pairs.Length + MostPoints - 1) / MostPoints;
        string note = every > 1 ? $"every {every}th of {Written.Count(pairs.Length)}"
            + $" rows; on the diagonal both are equal"
            : $"{Written.Plural(pairs.Length, "row")}; on the diagonal both are equal";
        SquarePlot plot = new(page, "Answer against truth", note,
            $"{facts.Shown.R2:0.000} is R²; the mean absolute error is "
                + $"{Written.Number(facts.Shown.Mae ?? double.NaN)}.",
            (axis, $"{ClassSection.Cut(name, 28)}, actual"), (axis, $"{ClassSection.Cut(name, 28)}, answer"),
                percent: false);
        plot.Diagonal();
        for (int i = 0; i < pairs.Length; i += every)
            page.Add($"<circle class=\"point\" cx=\"{plot.X(pairs[i].Actual)}\" cy=\"{plot.Y(pairs[i].Answer)}\" r=\""
                + $"{(pairs.Length > 400 ? 2 : 3)}\"><title>actual {Written.Number(pairs[i].Actual)}, answer "
                + $"{Written.Number(pairs[i].Answer)}</title></circle>\n");
        plot.Close();
    }

    private static void Residuals(Markup page, string name, (double Actual, double Answer)[] pairs)
    {
        const double left = 64, top = 22, width = 300, height = 290;
        double[] residuals = [.. pairs.Select(p => p.Answer - p.Actual)];
        double mean = residuals.Average(), reach = residuals.Max(Math.Abs);
        double deviation = Math.Sqrt(residuals.Average(r => (r - mean) * (r - mean)));
        if (reach == 0) reach = 1;
        Axis x = Axis.Around([-reach, reach], 7);
        // Bins that meet at zero, so that none holds both signs.
        int bins = Math.Clamp((int)Math.Sqrt(residuals.Length), 4, 16);
        int[] counts = new int[2 * bins];
        foreach (double r in residuals)
            counts[Math.Clamp((int)Math.Floor((r / x.High + 1) * bins), 0, 2 * bins - 1)]++;
        Axis y = Axis.Around([0, counts.Max()], 6);
        string caption = page.NewId("caption"), about = page.NewId("about"), hatch = page.NewId("hatch");
        int low = residuals.Count(r => r < 0), high = residuals.Count(r => r > 0);
        page.Add($"""
            <figure class="plot square"><figcaption id="{caption}"><b>Residuals</b> <span>answer − truth, {ClassSection.Cut(name, 40)}</span></figcaption>
            <svg class="drawing" viewBox="0 0 {left + width + 18} {top + height + 44}" role="img" aria-labelledby="{caption}" aria-describedby="{about}">
            <desc id="{about}">Mean {Written.Number(mean)}, standard deviation {Written.Number(deviation)}; {low} answers are too low and {high} too high.</desc>
            <defs><pattern id="{hatch}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="5" height="5"/><line class="hatch" x1="0" x2="0" y1="0" y2="5"/></pattern></defs>
            <g transform="translate({left} {top})">

            """);
        foreach (double tick in y.Ticks.Where(t => t == Math.Floor(t)))
            page.Add($"<line class=\"grid\" x1=\"0\" x2=\"{width}\" y1=\"{height * (1 - y.At(tick))}\" y2=\""
                + $"{height * (1 - y.At(tick))}\"/><text class=\"end\" x=\"-8\" y=\"{height * (1 - y.At(tick))}"
                + $"\" dy=\".35em\">{Axis.Label(tick)}</text>\n");
        foreach (double tick in x.Ticks)
            page.Add($"<text class=\"middle\" x=\"{width * x.At(tick)}\" y=\"{height + 17}\">{Axis.Label(tick)}"
                + $"</text>\n");
        for (int bin = 0; bin < counts.Length; bin++)
        {
            if (counts[bin] == 0) continue;
            double from = ((double)bin / bins - 1) * x.High, to = ((double)(bin + 1) / bins - 1) * x.High;
            double tall = height * y.At(counts[bin]);
            page.Add($"<rect class=\"{(bin < bins ? "low" : "high")}\""
                + $"{new Constant(bin < bins ? $" style=\"fill:url(#{hatch})\"" : "")} x=\"{width * x.At(from) + 0.75}"
                + $"\" y=\"{height - tall}\" width=\"{width * (x.At(to) - x.At(from)) - 1.5}\" height=\"{tall}\">"
                + $"<title>{Written.Number(from)} … {Written.Number(to)}: {Written.Plural(counts[bin], "row")}"
                + $"</title></rect>\n");
        }
        double zero = width * x.At(0);
        page.Add($"<line class=\"axis\" x1=\"0\" x2=\"{width}\" y1=\"{height}\" y2=\"{height}\"/>"
            + $"<line class=\"zero\" x1=\"{zero}\" x2=\"{zero}\" y1=\"0\" y2=\"{height}\"/>");
        page.Add($"<text class=\"label b end\" x=\"{zero - 10}\" y=\"-8\">too low: {Written.Count(low)}</text>"
            + $"<text class=\"label a\" x=\"{zero + 10}\" y=\"-8\">too high: {Written.Count(high)}</text>");
        page.Add($"<text class=\"middle\" x=\"{width / 2}\" y=\"{height + 36}\">mean {Written.Number(mean)}"
            + $", standard deviation {Written.Number(deviation)}</text>");
        page.Add($"<text class=\"middle\" transform=\"translate(-52 {height / 2}) rotate(-90)\">rows</text>");
        page.AddConstant("</g></svg></figure>\n");
    }
}
