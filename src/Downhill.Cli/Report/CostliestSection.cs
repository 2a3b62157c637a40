namespace Downhill.Cli.Report;

/// <summary>The rows that cost most: what is to be learned from them first.</summary>
internal static class CostliestSection
{
    private const int MostRows = 16, MostInputs = 6;

    public static void Write(Markup page, ReportFacts facts)
    {
        Answer[] worst = [.. facts.Answers.Where(a => double.IsFinite(a.Cost))
            .OrderByDescending(a => a.Cost).ThenBy(a => a.Row).Take(MostRows)];
        if (worst.Length == 0) return;
        double sum = facts.Answers.Sum(a => double.IsFinite(a.Cost) ? a.Cost : 0);
        int wrong = facts.IsClass ? worst.Count(a => facts.ClassOf(a) != facts.ActualOf(a)) : 0;
        page.AddConstant("<section id=\"costliest\"><h2>The rows that cost most</h2>\n");
        string many = wrong == 0 ? "none" : wrong == worst.Length ? "all" : Written.Count(wrong);
        page.Add($"<p class=\"note\">Of {Written.Plural(facts.Answers.Count, facts.Part + " row")}, highest cost ("
            + $"{facts.Plan.Options.Loss.ToString()}) first. These {worst.Length} carry "
            + $"{Written.Percent(sum > 0 ? worst.Sum(a => a.Cost) / sum : double.NaN, "0")} of the whole cost"
            + $"{(facts.IsClass ? $"; {many} of them {(wrong <= 1 ? "is" : "are")} wrong" : "")}. ");
        page.Add($"<code>explain MODEL DATA --row N</code> shows the arithmetic of one.</p>\n");
        if (facts.Source.Image is ImageShape image
            && (facts.Source.NumericCount == image.Width * image.Height
            || facts.Source.NumericCount == 3 * image.Width * image.Height))
            Pictures(page, facts, worst, image);
        else Table(page, facts, worst);
        page.AddConstant("</section>\n");
    }

    private static void Pictures(Markup page, ReportFacts facts, Answer[] worst, ImageShape image)
    {
        int inputs = facts.Source.NumericCount;
        bool isColour = inputs > image.Width * image.Height;
        (float low, float high) = (facts.Source.Numeric.Min(), facts.Source.Numeric.Max());
        page.AddConstant("<ol class=\"gallery\">\n");
        foreach (Answer answer in worst)
        {
            ReadOnlySpan<float> pixels = facts.Source.Numeric.AsSpan(answer.Row * inputs, inputs);
            string picture = isColour ? PixelPicture.Colours(pixels, image.Width)
                : PixelPicture.Ink(pixels, image.Width, low, high);
            string truth = Truth(facts, answer), said = Said(facts, answer);
            page.Add($"<li><img{new Constant(isColour ? "" : " class=\"ink\"")} src=\"{picture}\" alt=\"{image.Width}"
                + $" by {image.Height} pixels of row "
                + $"{answer.Row + 1}, actually {truth}\"/>");
            bool isWrong = facts.IsClass && facts.ClassOf(answer) != facts.ActualOf(answer);
            page.Add($"<p>{Mark(isWrong, facts)}<b>{ClassSection.Cut(truth, 20)}</b>"
                + $"{new Constant(isWrong || !facts.IsClass ? " → " : "")}");
            if (isWrong || !facts.IsClass) page.Add($"<b class=\"b\">{ClassSection.Cut(said, 20)}</b>");
            page.Add($"<br/><span>");
            foreach (string line in Lines(facts, answer)) page.Add($"{line}<br/>");
            page.Add($"row {answer.Row + 1}</span></p></li>\n");
        }
        page.AddConstant("</ol>\n");
        if (facts.IsClass)
            page.Add($"<p class=\"note\">✗ what it is → what it was taken for, with the "
                + $"{(facts.HasProbabilities ? "probability" : "output")} of both. ✓ right, but not sure.</p>\n");
    }

    private static IEnumerable<string> Lines(ReportFacts facts, Answer answer)
    {
        if (facts.IsClass)
        {
            int said = facts.ClassOf(answer), actual = facts.ActualOf(answer);
            yield return $"answer {Probability(facts, answer, said)}";
            if (said != actual) yield return $"truth {Probability(facts, answer, actual)}";
        }
        yield return $"cost {Written.Number(answer.Cost)}";
    }

    private static void Table(Markup page, ReportFacts facts, Answer[] worst)
    {
        Column[] columns = [.. facts.Source.Inputs];
        bool showsAll = columns.Length <= MostInputs;
        string second = facts.HasProbabilities ? "probability" : "output";
        page.AddConstant("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"The rows that cost most\">"
            + "<table class=\"rows\"><thead><tr><th scope=\"col\" class=\"n\">row</th><th scope=\"col\">actual</th>"
            + "<th scope=\"col\">answer</th>");
        if (facts.IsClass) page.Add($"<th scope=\"col\" class=\"n\">{second} of the answer</th>"
            + $"<th scope=\"col\" class=\"n\">of the truth</th>");
        page.AddConstant("<th scope=\"col\" class=\"n\">cost</th>");
        if (showsAll)
            foreach (Column column in columns)
                page.Add($"<th scope=\"col\"{new Constant(column.Kind == ColumnKind.Numeric ? " class=\"n\"" : "")}>"
                    + $"{ClassSection.Cut(column.Name, 30)}</th>");
        else page.Add($"<th scope=\"col\">its {MostInputs} most unusual inputs</th>");
        page.AddConstant("</tr></thead><tbody>\n");
        foreach (Answer answer in worst)
        {
            bool isWrong = facts.IsClass && facts.ClassOf(answer) != facts.ActualOf(answer);
            page.Add($"<tr><th scope=\"row\" class=\"n\">{answer.Row + 1}</th><td>"
                + $"{ClassSection.Cut(Truth(facts, answer), 80)}</td><td>{Mark(isWrong, facts)}"
                + $"{ClassSection.Cut(Said(facts, answer), 80)}</td>");
            if (facts.IsClass)
                page.Add($"<td class=\"n\">{Probability(facts, answer, facts.ClassOf(answer))}</td><td class=\"n\">"
                    + $"{Probability(facts, answer, facts.ActualOf(answer))}</td>");
            page.Add($"<td class=\"n\">{Written.Number(answer.Cost)}</td>");
            if (showsAll)
                for (int i = 0; i < columns.Length; i++)
                    page.Add($"<td{new Constant(columns[i].Kind == ColumnKind.Numeric ? " class=\"n\"" : "")}>"
                        + $"{Input(facts, answer, i)}</td>");
            else page.Add($"<td class=\"inputs\">{Unusual(facts, answer)}</td>");
            page.AddConstant("</tr>\n");
        }
        page.AddConstant("</tbody></table></div>\n");
    }

    /// <summary>Inputs that lie farthest from the mean of the training rows, in deviations where they are scaled
    /// so.</summary>
    private static string Unusual(ReportFacts facts, Answer answer)
    {
        Preparation preparation = facts.Preparation;
        int numeric = 0;
        List<(double Size, int Column)> sizes = [];
        for (int i = 0; i < facts.Source.Inputs.Count; i++)
        {
            if (facts.Source.Inputs[i].Kind != ColumnKind.Numeric) continue;
            double value = facts.Source.Numeric[answer.Row * facts.Source.NumericCount + numeric];
            sizes.Add((Math.Abs((value - preparation.Shift[numeric]) * preparation.Scale[numeric]), i));
            numeric++;
        }
        IEnumerable<int> chosen = sizes.Count > 0
            ? sizes.OrderByDescending(s => s.Size).Take(MostInputs).Select(s => s.Column)
            : Enumerable.Range(0, MostInputs);
        return string.Join(", ", chosen.Select(i =>
            $"{ClassSection.Cut(facts.Source.Inputs[i].Name, 24)} {Input(facts, answer, i)}"));
    }

    private static string Input(ReportFacts facts, Answer answer, int column)
    {
        IReadOnlyList<Column> columns = facts.Source.Inputs;
        int place = columns.Take(column).Count(c => c.Kind == columns[column].Kind);
        if (columns[column].Kind == ColumnKind.Numeric)
            return Written.Number(facts.Source.Numeric[answer.Row * facts.Source.NumericCount + place]);
        int code = facts.Source.Codes[answer.Row * facts.Source.CategoryCount + place];
        return code < 0 ? "(unknown)" : ClassSection.Cut(columns[column].Categories[code], 40);
    }

    private static string Truth(ReportFacts facts, Answer answer) =>
        facts.IsClass ? facts.Target.Classes[facts.ActualOf(answer)]
        : facts.Target.IsMultiLabel ? Labels(facts, answer, t => facts.ActualOf(answer, t) == 1)
        : string.Join(
        ", ", Enumerable.Range(0, facts.Target.Names.Count).Select(t => Written.Number(facts.ActualOf(answer, t))));

    private static string Said(ReportFacts facts, Answer answer) =>
        facts.IsClass ? facts.Target.Classes[facts.ClassOf(answer)]
        : facts.Target.IsMultiLabel ? Labels(facts, answer, t => Preparation.SaysYes(answer.Outputs[t]))
        : string.Join(
        ", ", Enumerable.Range(0, facts.Target.Names.Count).Select(t => Written.Number(facts.ValueOf(answer, t))));

    /// <summary>Labels, each with what the network says of it.</summary>
    private static string Labels(ReportFacts facts, Answer answer, Func<int, bool> isMeant)
    {
        string text = string.Join(", ", Enumerable.Range(0, facts.Target.Names.Count).Where(isMeant).Select(t =>
            $"{ClassSection.Cut(facts.Target.Names[t], 20)} {Written.Percent(answer.Outputs[t], "0.0")}"));
        return text.Length == 0 ? "none" : text;
    }

    private static string Probability(ReportFacts facts, Answer answer, int code)
    {
        double score = facts.ScoreOf(answer, code);
        return facts.HasProbabilities ? Written.Percent(score, score is < 0.001 and > 0 ? "0.000" : "0.0")
            : Written.Number(score);
    }

    private static Constant Mark(bool isWrong, ReportFacts facts) =>
        new(!facts.IsClass ? "" : isWrong ? "<span class=\"mark wrong\" title=\"wrong\">✗ </span>"
            : "<span class=\"mark right\" title=\"right\">✓ </span>");
}
