using System.Globalization;

namespace Downhill.Cli.Report;

/// <summary>What a classifier answered: who is taken for whom, how well each class is told from the others, and whether
/// it knows when it does not know.</summary>
internal static class ClassSection
{
    private const int MostInMatrix = 30;

    public static void Write(Markup page, ReportFacts facts)
    {
        page.Add($"<section id=\"answers\"><h2>Answers to the {facts.Part} rows</h2>\n");
        IReadOnlyList<string> names = facts.Target.Classes;
        int[,] confusion = facts.Shown.Confusion!;
        MeasureTable.Write(page, facts);
        page.AddConstant("<div class=\"pair\">\n");
        if (names.Count <= MostInMatrix) Matrix(page, facts, names, confusion);
        else page.Add($"<p class=\"note\">{names.Count} classes are too many for a matrix; the commonest mistakes are "
            + $"below.</p>\n");
        Pairs(page, names, confusion);
        page.AddConstant("</div>\n");
        RocCurve?[] curves = Curves(facts);
        PerClass(page, facts, confusion, curves);
        page.AddConstant("<div class=\"plots\">\n");
        Roc(page, facts, curves);
        ReliabilityPlot.Write(page, facts.Shown);
        page.AddConstant("</div></section>\n");
    }

    private static void Matrix(Markup page, ReportFacts facts, IReadOnlyList<string> names, int[,] confusion)
    {
        bool isWide = names.Count > 12;
        int longest = names.Max(n => n.Length);
        bool isUpright = longest > 3 && names.Count * longest > 40;
        page.Add($"""
            <figure><figcaption id="matrix-caption"><b>Confusion matrix</b> <span>actual class in rows, answer in columns{(isWide ? "" : "; below each count its share of the row")}</span></figcaption>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="matrix-caption"><table class="matrix{(isWide ? " wide" : "")}"><thead><tr><th scope="col"><span class="corner">actual ↓ answer →</span></th>
            """);
        foreach (string name in names)
            page.Add($"<th scope=\"col\"{new Constant(isUpright ? " class=\"upright\"" : "")}><span title=\"{name}\">"
                + $"{Cut(name, 22)}</span></th>");
        page.AddConstant("<th scope=\"col\" class=\"total\">rows</th></tr></thead><tbody>\n");
        // Mistakes are shaded against the worst of them, or a good classifier's would all look alike.
        double worst = Enumerable.Range(0, names.Count).Max(a => Enumerable.Range(0, names.Count)
            .Max(b => a == b || confusion[a, b] == 0 ? 0 : (double)confusion[a, b] / Row(confusion, a)));
        for (int actual = 0; actual < names.Count; actual++)
        {
            int rows = Row(confusion, actual);
            page.Add($"<tr><th scope=\"row\"><span title=\"{names[actual]}\">{Cut(names[actual], 26)}</span></th>");
            for (int answer = 0; answer < names.Count; answer++)
            {
                int count = confusion[actual, answer];
                if (count == 0)
                {
                    page.Add($"<td class=\"none{(actual == answer ? " own" : "")}\">"
                        + $"<span aria-label=\"0\">·</span></td>");
                    continue;
                }
                double share = (double)count / rows;
                string strength = (actual == answer ? 0.08 + 0.3 * share : 0.07 + 0.43 * share / worst)
                    .ToString("0.00", CultureInfo.InvariantCulture);
                page.Add($"<td class=\"{(actual == answer ? "own hit" : "miss")}\" style=\"--a:{strength}\" title=\""
                    + $"{names[actual]}, answered {names[answer]}: {count} of {rows} ({Written.Percent(share, "0.0")}"
                    + $")\">{Written.Count(count)}");
                if (!isWide) page.Add($"<small>{(share < 0.005 ? "< 1 %" : Written.Percent(share, "0"))}</small>");
                page.AddConstant("</td>");
            }
            page.Add($"<td class=\"total\">{Written.Count(rows)}</td></tr>\n");
        }
        page.Add($"</tbody></table></div><p class=\"note\">Blue and framed: right. Orange: mistaken; the stronger, the "
            + $"larger a share of the class. {Written.Count(Trace(confusion))} of {Written.Count(Sum(confusion))} "
            + $"{facts.Part} rows are right.</p></figure>\n");
    }

    private static void Pairs(Markup page, IReadOnlyList<string> names, int[,] confusion)
    {
        (int Actual, int Answer, int Count)[] pairs = [.. (
            from actual in Enumerable.Range(0, names.Count)
            from answer in Enumerable.Range(0, names.Count)
            where actual != answer && confusion[actual, answer] > 0
            orderby confusion[actual, answer] descending, actual, answer
            select (actual, answer, confusion[actual, answer])).Take(8)];
        if (pairs.Length == 0)
        {
            page.AddConstant("<p class=\"note\">No row is mistaken for another class.</p>\n");
            return;
        }
        double most = pairs.Max(p => (double)p.Count / Row(confusion, p.Actual));
        page.AddConstant("<figure><figcaption><b>Most confused</b> "
            + "<span>which class is taken for which</span></figcaption>"
            + "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Most confused classes\">"
            + "<table class=\"bars\"><thead><tr><th scope=\"col\">actual</th><th scope=\"col\">answer</th>"
            + "<th scope=\"col\" class=\"n\">rows</th><th scope=\"col\">share of the class</th></tr></thead><tbody>\n");
        foreach ((int actual, int answer, int count) in pairs)
        {
            double share = (double)count / Row(confusion, actual);
            page.Add($"<tr><td>{Cut(names[actual], 40)}</td><td>{Cut(names[answer], 40)}</td><td class=\"n\">{count}"
                + $"</td><td><span class=\"bar miss\" style=\"--w:{100 * share / most}%\"></span> "
                + $"{Written.Percent(share, "0.0")}</td></tr>\n");
        }
        page.AddConstant("</tbody></table></div></figure>\n");
    }

    private static void PerClass(Markup page, ReportFacts facts, int[,] confusion, RocCurve?[] curves)
    {
        IReadOnlyList<string> names = facts.Target.Classes;
        page.AddConstant("<figure><figcaption><b>Class by class</b> <span>precision: share of the answers that are "
            + "right; recall: share of the class that is found; F₁: their harmonic mean</span></figcaption>"
            + "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Measures per class\">"
            + "<table class=\"bars\"><thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">rows</th>"
            + "<th scope=\"col\">precision</th><th scope=\"col\">recall</th><th scope=\"col\">F₁</th>"
            + "<th scope=\"col\" class=\"n\">ROC area</th></tr></thead><tbody>\n");
        IReadOnlyList<ClassScore> scores = facts.Shown.PerClass!;
        for (int c = 0; c < names.Count; c++)
        {
            page.Add($"<tr><th scope=\"row\">{Cut(names[c], 40)}</th><td class=\"n\">{Written.Count(Row(confusion, c))}"
                + $"</td>");
            // Where nothing was said to be of the class, or nothing is, there is no share of it.
            Share(page, Column(confusion, c) == 0 ? double.NaN : scores[c].Precision);
            Share(page, Row(confusion, c) == 0 ? double.NaN : scores[c].Recall);
            Share(page, scores[c].F1);
            page.Add($"<td class=\"n\">{Area(curves[c]?.Area)}</td></tr>\n");
        }
        ClassScore macro = facts.Shown.Macro!.Value;
        page.Add($"</tbody><tfoot><tr><th scope=\"row\">mean of the classes</th><td class=\"n\">"
            + $"{Written.Count(Sum(confusion))}</td>");
        Share(page, macro.Precision);
        Share(page, macro.Recall);
        Share(page, macro.F1);
        page.Add($"<td class=\"n\">{Area(facts.Shown.RocAuc)}</td></tr></tfoot></table></div></figure>\n");

        static void Share(Markup page, double value)
        {
            if (double.IsNaN(value)) page.AddConstant("<td><span class=\"bar\"></span> –</td>");
            else page.Add($"<td><span class=\"bar hit\" style=\"--w:{100 * value}%\"></span> "
                + $"{Written.Percent(value, "0.0")}</td>");
        }

        static string Area(double? area) => area is double value
            ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "–";
    }

    private static RocCurve?[] Curves(ReportFacts facts)
    {
        RocCurve?[] curves = new RocCurve?[facts.Target.Classes.Count];
        double[] scores = new double[facts.Answers.Count], weights = [.. facts.Answers.Select(a => a.Weight)];
        bool[] marks = new bool[facts.Answers.Count];
        for (int c = 0; c < curves.Length; c++)
        {
            for (int i = 0; i < scores.Length; i++)
            {
                Answer answer = facts.Answers[i];
                scores[i] = facts.ScoreOf(answer, c);
                // Two outputs that are no probabilities stand against each other.
                if (curves.Length == 2 && !facts.HasProbabilities) scores[i] -= facts.ScoreOf(answer, 1 - c);
                marks[i] = facts.ActualOf(answer) == c;
            }
            if (scores.All(double.IsFinite)) curves[c] = RocCurve.Of(scores, marks, weights);
        }
        return curves;
    }

    private static void Roc(Markup page, ReportFacts facts, RocCurve?[] curves)
    {
        int[] there = [.. Enumerable.Range(0, curves.Length).Where(c => curves[c] is not null)];
        if (there.Length == 0) return;
        IReadOnlyList<string> names = facts.Target.Classes;
        bool isPair = names.Count == 2;
        if (isPair) there = [there[^1]];
        int worst = there.MinBy(c => curves[c]!.Area), best = there.MaxBy(c => curves[c]!.Area);
        string area = curves[worst]!.Area.ToString("0.0000", CultureInfo.InvariantCulture);
        string note = isPair ? $"{Cut(names[worst], 30)} against {Cut(names[0], 30)}"
            + $" at every threshold; the diagonal is chance"
            : "each class against all others at every threshold; the diagonal is chance";
        SquarePlot plot = new(page, "ROC curve", note,
            isPair ? $"Area under the curve {area}."
                : $"The smallest area is {area}, of class {names[worst]}. All areas are in the table of the classes.",
            (Axis.Between(0, 1, 5), "wrongly taken for the class"), (Axis.Between(0, 1, 5), "found of the class"),
                percent: true);
        plot.Diagonal();
        foreach (int c in there.OrderByDescending(c => curves[c]!.Area))
        {
            string style = isPair ? "a" : c == worst ? "b" : "other";
            string way = string.Concat(curves[c]!.Corners().Select((p, i) => (i == 0 ? "M" : "L")
                + $"{Written.Coordinate(plot.X(p.False))} {Written.Coordinate(plot.Y(p.True))}"));
            string sum = curves[c]!.Area.ToString("0.0000", CultureInfo.InvariantCulture);
            page.Add($"<path class=\"line {style}\" d=\"{way}\"><title>{names[c]}: area {sum}</title></path>\n");
        }
        double at = plot.Y(0.22), right = SquarePlot.Width - 8;
        page.Add($"<text class=\"label end {(isPair ? "a" : "b")}\" x=\"{right}\" y=\"{at}\">"
            + $"{(isPair ? "" : "dashed, lowest: ")}{Cut(names[worst], 24)}</text>");
        page.Add($"<text class=\"strong end\" x=\"{right}\" y=\"{at + 17}\">area {area}</text>\n");
        if (!isPair)
            page.Add($"<text class=\"end\" x=\"{right}\" y=\"{at + 38}\">others up to "
                + $"{curves[best]!.Area.ToString("0.0000", CultureInfo.InvariantCulture)}</text>");
        plot.Close();
    }

    public static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static int Row(int[,] counts, int row) => Enumerable.Range(0, counts.GetLength(1)).Sum(c => counts[row, c]);
    private static int Column(int[,] counts, int column) => Enumerable.Range(0, counts.GetLength(0))
        .Sum(r => counts[r, column]);
    private static int Sum(int[,] counts) => counts.Cast<int>().Sum();
    private static int Trace(int[,] counts) => Enumerable.Range(0, counts.GetLength(0)).Sum(c => counts[c, c]);
}
