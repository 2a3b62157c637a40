using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>What each column is worth, as a table with bars and as JSON.</summary>
internal static class ImportanceTable
{
    private const int MostLines = 40, MostName = 24, MostBar = 20, FewestBar = 4;

    public static void Write(Terminal terminal, Target target, PermutationImportance worth)
    {
        string[] heads = ["column", "loss rises", "95 % interval", target.IsNumeric ? "r² falls" : "accuracy falls"];
        string[][] lines = [.. worth.Columns.Take(MostLines).Select(c => (string[])
        [
            ConfusionTable.Cut(c.Name, MostName), MetricsTable.Loss(c.Rise),
            $"{MetricsTable.Loss(c.Low)} … {MetricsTable.Loss(c.High)}",
            target.IsNumeric ? $"{c.ScoreFall:0.0000}" : MetricsTable.Percent(c.ScoreFall),
        ])];
        // A table leaves three blanks before each of its columns and at its end.
        int used = heads.Select((head, i) => Math.Max(head.Length, lines.Max(l => l[i].Length)) + 3).Sum() + 6;
        int room = Math.Min(MostBar, terminal.Width - used);
        double most = Math.Max(worth.Columns.Max(c => c.Rise), double.Epsilon);
        (string, bool)[] columns = [.. heads.Select((head, i) => (head, i > 0))];
        Table table = Terminal.Table(room < FewestBar ? columns : [.. columns, ("", false)]);
        for (int i = 0; i < lines.Length; i++)
        {
            int bar = (int)Math.Round(Math.Max(0, room) * Math.Clamp(worth.Columns[i].Rise / most, 0, 1));
            Terminal.Row(table, room < FewestBar ? lines[i] : [.. lines[i], new string('█', bar)]);
        }
        terminal.Out.WriteLine();
        terminal.Write(table);
        if (worth.Columns.Count > MostLines)
            terminal.Out.WriteLine($"  the first {MostLines} of {worth.Columns.Count}; --json has them all");
        int nothing = worth.Columns.Count(c => c.Low <= 0);
        terminal.Out.WriteLine($"  each column's values mixed {worth.Repetitions} times among "
            + $"{MetricsTable.Count(worth.Rows)} rows"
            + (nothing == 0 ? "" : $"; {nothing} may be worth nothing: 0 is in the interval"));
    }

    public static void WriteJson(Utf8JsonWriter json, PermutationImportance worth)
    {
        json.WriteStartObject("importance");
        json.WriteNumber("repeats", worth.Repetitions);
        json.WriteNumber("rows", worth.Rows);
        json.WriteStartArray("columns");
        foreach (ColumnImportance column in worth.Columns)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            JsonReport.Number(json, "rise", column.Rise);
            JsonReport.Number(json, "low", column.Low);
            JsonReport.Number(json, "high", column.High);
            JsonReport.Number(json, "scoreFall", column.ScoreFall);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
