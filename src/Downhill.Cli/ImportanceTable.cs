using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>What each column is worth, as a table with bars and as JSON.</summary>
internal static class ImportanceTable
{
    private const int MostLines = 40, MostName = 24, MostBar = 20, FewestBar = 4;

    public static void Write(Terminal terminal, Target target, PermutationImportance worth)
    {
        string score = target.IsNumeric ? "r² falls" : "accuracy falls";
        int name = Math.Min(MostName, worth.Columns.Max(c => c.Name.Length));
        int room = Math.Min(MostBar, terminal.Width - name - (target.IsNumeric ? 51 : 57));
        (string, bool)[] heads =
            [("column", false), ("loss rises", true), ("95 % interval", true), (score, true)];
        Table table = Terminal.Table(room < FewestBar ? heads : [.. heads, ("", false)]);
        double most = Math.Max(worth.Columns.Max(c => c.Rise), double.Epsilon);
        foreach (ColumnImportance column in worth.Columns.Take(MostLines))
        {
            string[] cells = [ConfusionTable.Cut(column.Name, name), MetricsTable.Loss(column.Rise),
                $"{MetricsTable.Loss(column.Low)} … {MetricsTable.Loss(column.High)}",
                target.IsNumeric ? $"{column.ScoreFall:0.0000}" : MetricsTable.Percent(column.ScoreFall)];
            int bar = (int)Math.Round(Math.Max(0, room) * Math.Clamp(column.Rise / most, 0, 1));
            Terminal.Row(table, room < FewestBar ? cells : [.. cells, new string('█', bar)]);
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
