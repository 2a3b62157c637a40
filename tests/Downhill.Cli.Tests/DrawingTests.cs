using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>The small drawings, character by character.</summary>
public sealed class DrawingTests
{
    [Fact]
    public void LossesFallFromTheUpperLeft()
    {
        EpochReport[] history =
            [.. Enumerable.Range(1, 10).Select(e =>
            new EpochReport(e, e, 2.1 - 0.1 * e, 0, 2.2 - 0.08 * e, 0.5, 0.1, double.NaN, true))];
        string text = Text(unicode: false, terminal => LossPlot.Write(terminal, history, 1, 7));
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal(13, lines.Length);
        Assert.Equal("  loss per row by epoch", lines[0]);
        Assert.Equal("    2.12 +", lines[1][..10]);
        Assert.EndsWith("train", lines[10], StringComparison.Ordinal);
        Assert.Contains("validation", lines[7], StringComparison.Ordinal);
        Assert.Contains('*', lines[10]);
        Assert.Contains('o', lines[1]);
        Assert.Contains('^', lines[11]);
        Assert.Equal("          1                          best 7           10", lines[12]);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 72));
    }

    [Fact]
    public void LossesThatAreAllTheSameOrNotFiniteAreDrawnToo()
    {
        foreach (double loss in (double[])[0, 1, double.NaN, double.PositiveInfinity, 1e-300])
            Text(unicode: true, terminal =>
                LossPlot.Write(terminal,
                [.. Enumerable.Range(1, 5).Select(e =>
                new EpochReport(e, e, loss, 0, double.NaN, double.NaN, 0.1, double.NaN, true))], 1, 0));
    }

    [Fact]
    public void ConfusionShowsClassesCountsAndRecall() => Assert.Equal(
        """

          test rows: actual class ↓, answer →
                 no yes   recall
           no    12   ·  100.0 %
          yes     1   3   75.0 %

        """,
        Text(unicode: true, terminal =>
            ConfusionTable.Write(terminal, "test rows", new Target(["t"], ["no", "yes"]),
            new[,] { { 12, 0 }, { 1, 3 } })));

    [Fact]
    public void ManyClassesAreSummedUpByTheirMistakes()
    {
        int[,] confusion = new int[26, 26];
        for (int i = 0; i < 26; i++) confusion[i, i] = 10;
        confusion[14, 16] = 5;
        confusion[8, 9] = 2;
        string text = Text(unicode: true, terminal => ConfusionTable.Write(terminal, "test rows",
            new Target(["letter"], [.. Enumerable.Range(0, 26).Select(i => $"{(char)('A' + i)}")]), confusion));
        Assert.Equal(["      5 × O taken for Q (of 15)", "      2 × I taken for J (of 12)"],
            text.TrimEnd('\n').Split('\n')[2..]);
    }

    private static string Text(bool unicode, Action<Terminal> draw)
    {
        StringWriter text = new() { NewLine = "\n" };
        draw(new Terminal(text, TextWriter.Null) { HasUnicode = unicode });
        return text.ToString();
    }
}
