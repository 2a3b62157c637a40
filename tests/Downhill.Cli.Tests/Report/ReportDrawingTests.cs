using System.Globalization;
using System.Text.RegularExpressions;
using Downhill.Cli.Report;
using Xunit;

namespace Downhill.Cli.Tests.Report;

/// <summary>The pieces a report is drawn with.</summary>
public sealed partial class ReportDrawingTests
{
    [Theory]
    [InlineData(0.0123, 4.7, true)]
    [InlineData(1e-12, 3.0, true)]
    [InlineData(-150.0, 133.0, false)]
    [InlineData(0.0, 1.0, false)]
    [InlineData(7.0, 7.0, false)]
    [InlineData(0.0, 0.0, true)]
    [InlineData(1e30, 3e37, true)]
    public void AxisHoldsItsValuesAndTicksAreInside(double low, double high, bool mayBeLog)
    {
        Axis axis = Axis.Around([low, high, double.NaN, double.PositiveInfinity], 6, mayBeLog);
        Assert.InRange(axis.At(low), -1e-9, 1 + 1e-9);
        Assert.InRange(axis.At(high), -1e-9, 1 + 1e-9);
        Assert.InRange(axis.Ticks.Count, 2, 15);
        Assert.All(axis.Ticks, t => Assert.InRange(axis.At(t), -1e-9, 1 + 1e-9));
        Assert.Equal(axis.Ticks.Distinct().Order(), axis.Ticks);
        Assert.Equal(axis.Ticks.Count, axis.Ticks.Select(Axis.Label).Distinct().Count());
    }

    [Fact]
    public void RocAreaIsTheShareOfPairsInTheRightOrder()
    {
        Random random = new(3);
        for (int trial = 0; trial < 20; trial++)
        {
            double[] scores = [.. Enumerable.Range(0, 40).Select(_ => (double)random.Next(8))];
            double[] weights = [.. Enumerable.Range(0, 40).Select(_ => random.NextDouble())];
            bool[] marks = [.. Enumerable.Range(0, 40).Select(i => i % 3 == 0)];
            double pairs = 0, good = 0;
            for (int i = 0; i < 40; i++)
                for (int j = 0; j < 40; j++)
                {
                    if (!marks[i] || marks[j]) continue;
                    double weight = weights[i] * weights[j];
                    pairs += weight;
                    good += weight * (scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0);
                }
            RocCurve curve = RocCurve.Of(scores, marks, weights)!;
            Assert.Equal(good / pairs, curve.Area, 12);
            Assert.Equal((0, 0), curve.Corners()[0]);
            Assert.Equal(1, curve.Corners()[^1].False, 12);
            Assert.Equal(1, curve.Corners()[^1].True, 12);
        }
        Assert.Null(RocCurve.Of([1, 2], [true, true], [1, 1]));
    }

    /// <summary>What is drawn is what the engine measures.</summary>
    [Theory]
    [InlineData("iris", "softmax")]
    [InlineData("breast_cancer", "sigmoid")]
    [InlineData("breast_cancer", "softmax")]
    [InlineData("breast_cancer", "tanh")]
    public void CurvesAndBinsAreThoseOfTheMetrics(string data, string output)
    {
        FitResult fit = Model.Fit(Dataset.Load(data),
            new()
            {
                Epochs = 3, Output = Catalog.Default.Activation(output),
                Cancellation = TestContext.Current.CancellationToken
            });
        Dataset rows = Dataset.Load(data);
        Preparation preparation = fit.Model.Preparation;
        List<float[]> outputs = [];
        Metrics metrics = fit.Model.Evaluate(rows, null, (_, _, o) => outputs.Add(o));
        double Score(int row, int c) => !preparation.SingleOutput ? outputs[row][c]
            : c == 1 ? outputs[row][0] : preparation.TargetLow + preparation.TargetHigh - outputs[row][0];
        double[] weights = [.. Enumerable.Repeat(1.0, rows.Rows)];
        double[] areas = [.. Enumerable.Range(0, rows.Target.Classes.Count).Select(c => RocCurve.Of(
            [.. Enumerable.Range(0, rows.Rows).Select(r => Score(r, c))], [.. rows.Classes.Select(k => k == c)],
                weights)!.Area)];
        Assert.Equal(metrics.RocAuc!.Value, areas.Average(), 12);
        if (metrics.CalibrationError is not double error) return;
        IReadOnlyList<ReliabilityBin> bins = metrics.Reliability!;
        foreach (ReliabilityBin bin in bins)
        {
            int[] inside = [.. Enumerable.Range(0, rows.Rows).Where(r =>
                Score(r, preparation.ClassOf<float>(outputs[r])) is double p && p > bin.Low && p <= bin.High)];
            Assert.Equal(inside.Length, bin.Answers);
            Assert.Equal(inside.Average(r => Score(r, preparation.ClassOf<float>(outputs[r]))), bin.Sure, 12);
            Assert.Equal(inside.Average(r => preparation.ClassOf<float>(outputs[r]) == rows.Classes[r] ? 1.0 : 0),
                bin.Right, 12);
        }
        Assert.Equal(rows.Rows, bins.Sum(b => b.Answers));
        Assert.Equal(error, bins.Sum(b => b.Weight * Math.Abs(b.Right - b.Sure)) / rows.Rows, 12);
    }

    [Fact]
    public void HolesAreEscapedAndMarkupIsNot()
    {
        Markup page = new();
        page.Add($"<p title=\"{"\"><i>"}\">{"<b>&'\u0000\uD800\uFFFE😀"} {1234.5678} {7}</p>");
        Assert.Equal("<p title=\"&quot;&gt;&lt;i&gt;\">&lt;b&gt;&amp;&#39;\uFFFD\uFFFD\uFFFD😀 1234.57 7</p>",
            page.ToString());
    }

    /// <summary>WCAG 2.2, 1.4.3 (text: 4.5) and 1.4.11 (what is drawn: 3).</summary>
    [Theory]
    [InlineData("--ink", 4.5)]
    [InlineData("--soft", 4.5)]
    [InlineData("--blue", 4.5)]
    [InlineData("--orange", 4.5)]
    [InlineData("--on", 3.0)]
    [InlineData("--off", 3.0)]
    public void ColoursHaveEnoughContrastOnEveryGround(string colour, double least)
    {
        using StreamReader reader = new(typeof(Markup).Assembly.GetManifestResourceStream("report.css")!);
        string[] themes = reader.ReadToEnd().Split("@media screen and (prefers-color-scheme:dark){:root{");
        Dictionary<string, string> light = Colours(themes[0]), dark = Colours(themes[1].Split('}')[0]);
        foreach (Dictionary<string, string> theme in (Dictionary<string, string>[])[light, dark])
            foreach (string ground in (string[])["--page", "--panel"])
                Assert.True(Contrast(theme[colour], theme[ground]) >= least,
                    $"{colour} on {ground}: {Contrast(theme[colour], theme[ground]):0.00}");
    }

    private static Dictionary<string, string> Colours(string css) =>
        Colour().Matches(css).DistinctBy(m => m.Groups[1].Value)
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    private static double Contrast(string a, string b)
    {
        double[] both = [.. new[] { Luminance(a), Luminance(b) }.Order()];
        return (both[1] + 0.05) / (both[0] + 0.05);

        static double Luminance(string hex)
        {
            double[] weights = [0.2126, 0.7152, 0.0722];
            return Enumerable.Range(0, 3).Sum(i =>
            {
                double c = int.Parse(hex.AsSpan(2 * i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                    / 255.0;
                return weights[i] * (c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4));
            });
        }
    }

    [GeneratedRegex("(--[a-z]+):#([0-9a-f]{6})")]
    private static partial Regex Colour();
}
