using System.Text;

namespace Downhill.Cli;

/// <summary>
/// Which class was taken for which: a compact matrix with the recall of each class, or the commonest mistakes where
/// there are too many classes for the width.
/// </summary>
internal static class ConfusionTable
{
    private const int MostClasses = 20;

    public static void Write(Terminal terminal, string title, Target target, int[,] confusion)
    {
        int classes = target.Classes.Count;
        int name = Math.Clamp(target.Classes.Max(c => c.Length), 3, 14);
        int cell = Math.Max(3, confusion.Cast<int>().Max().ToString().Length + 1);
        cell = Math.Max(
            cell, Math.Min(target.Classes.Max(c => c.Length) + 1, (terminal.TableWidth - name - 13) / classes));
        if (classes > MostClasses || 4 + name + classes * cell + 9 > terminal.TableWidth)
        {
            WriteMistakes(terminal, title, target, confusion);
            return;
        }
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Paint($"  {title}: actual class ↓, answer →", Ink.Dim));
        StringBuilder line = new($"  {new string(' ', name)}  ");
        foreach (string predicted in target.Classes) line.Append(Cut(predicted, cell - 1).PadLeft(cell));
        terminal.Out.WriteLine($"{line}   {terminal.Paint("recall", Ink.Dim)}");
        for (int actual = 0; actual < classes; actual++)
        {
            int rows = 0;
            line.Clear().Append("  ").Append(Cut(target.Classes[actual], name).PadLeft(name)).Append("  ");
            for (int predicted = 0; predicted < classes; predicted++)
            {
                int count = confusion[actual, predicted];
                rows += count;
                string text = (count == 0 ? "·" : count.ToString()).PadLeft(cell);
                line.Append(terminal.Paint(text, count == 0 ? Ink.Dim : actual == predicted ? Ink.Good : Ink.Bad));
            }
            string recall = rows == 0 ? "-" : (100.0 * confusion[actual, actual] / rows).ToString("0.0") + " %";
            terminal.Out.WriteLine($"{line}  {recall,7}");
        }
    }

    private static void WriteMistakes(Terminal terminal, string title, Target target, int[,] confusion)
    {
        int classes = target.Classes.Count;
        var mistakes = (
            from actual in Enumerable.Range(0, classes)
            from predicted in Enumerable.Range(0, classes)
            where actual != predicted && confusion[actual, predicted] > 0
            orderby confusion[actual, predicted] descending, actual, predicted
            select (actual, predicted, count: confusion[actual, predicted])).Take(8).ToArray();
        if (mistakes.Length == 0) return;
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Paint($"  {title}: the commonest mistakes", Ink.Dim));
        foreach ((int actual, int predicted, int count) in mistakes)
        {
            int rows = Enumerable.Range(0, classes).Sum(c => confusion[actual, c]);
            terminal.Out.WriteLine($"  {count,5} × {Cut(target.Classes[actual], 24)} taken for "
                + $"{Cut(target.Classes[predicted], 24)} (of {rows})");
        }
    }

    internal static string Cut(string text, int width) =>
        text.Length <= width ? text : width < 2 ? text[..width] : text[..(width - 1)] + "…";
}
