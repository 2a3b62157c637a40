using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>Several numbers or labels one by one, each as its mean over the folds of a cross-validation.</summary>
internal static class FoldTargets
{
    private const int MostLines = 40;

    /// <summary>A figure of one label or number in one fold.</summary>
    private sealed record Figure(string Json, string Head, Func<Metrics, int, double> Of, Func<double, string> Text);

    private static readonly Figure[] labels =
    [
        new("accuracy", "accuracy", (m, i) => m.PerLabel![i].Accuracy, MetricsTable.Percent),
        new("precision", "precision", (m, i) => m.PerLabel![i].Score.Precision, MetricsTable.Percent),
        new("recall", "recall", (m, i) => m.PerLabel![i].Score.Recall, MetricsTable.Percent),
        new("f1", "F1", (m, i) => m.PerLabel![i].Score.F1, MetricsTable.Percent),
    ];

    private static readonly Figure[] numbers =
    [
        new("mae", "mae", (m, i) => m.PerTarget![i].Mae, MetricsTable.Short),
        new("r2", "r²", (m, i) => m.PerTarget![i].R2, value => $"{value:0.0000}"),
        new("rmse", "rmse", (m, i) => m.PerTarget![i].Rmse, MetricsTable.Short),
    ];

    /// <summary>Writes nothing where a single number or class is predicted.</summary>
    public static void Write(Terminal terminal, Target target, CrossValidation result)
    {
        if (Figures(result) is not { } figures) return;
        bool isLabel = figures == labels;
        (string, bool)[] yes = isLabel ? [("yes", true)] : [];
        Table table = Terminal.Table([
            (isLabel ? "label" : "number", false), .. yes, .. figures.Select(f => (f.Head, true)),
            ("deviation", true)]);
        for (int i = 0; i < Math.Min(target.Names.Count, MostLines); i++)
        {
            string[] support = isLabel ? [MetricsTable.Short(Support(result, i))] : [];
            Terminal.Row(table, [
                target.Names[i], .. support, .. figures.Select(f => f.Text(result.Mean(m => f.Of(m, i)))),
                figures[^1].Text(Deviation(result, figures[^1], i))]);
        }
        terminal.Out.WriteLine();
        terminal.Write(table);
        terminal.Out.WriteLine($"  means over the folds; the deviation is that of {figures[^1].Head}"
            + (target.Names.Count > MostLines
                ? $"; the first {MostLines} of {target.Names.Count}, --json has them all" : ""));
    }

    /// <summary>The same as a list of objects: <c>labels</c> or <c>targets</c>.</summary>
    public static void WriteJson(Utf8JsonWriter json, Target target, CrossValidation result)
    {
        if (Figures(result) is not { } figures) return;
        json.WriteStartArray(figures == labels ? "labels" : "targets");
        for (int i = 0; i < target.Names.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name", target.Names[i]);
            foreach (Figure figure in figures)
                JsonReport.Number(json, figure.Json, result.Mean(m => figure.Of(m, i)));
            JsonReport.Number(json, "std", Deviation(result, figures[^1], i));
            if (figures == labels) JsonReport.Number(json, "yes", Support(result, i));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Of the last figure, by which labels and numbers are usually compared.</summary>
    private static double Deviation(CrossValidation result, Figure figure, int place) =>
        result.Deviation(m => figure.Of(m, place));

    private static double Support(CrossValidation result, int place) =>
        result.Tests.Sum(m => m.PerLabel![place].Score.Support);

    private static Figure[]? Figures(CrossValidation result) =>
        result.Tests.All(t => t.PerLabel is not null) ? labels
        : result.Tests.All(t => t.PerTarget is { Count: > 1 }) ? numbers : null;
}
