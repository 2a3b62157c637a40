using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>Several numbers or labels one by one, and their mean.</summary>
internal static class TargetsTable
{
    private const int MostLines = 40, MostName = 22; // so much room there is in 80 columns

    /// <summary>Writes nothing where a single number or class is predicted.</summary>
    public static void Write(Terminal terminal, string part, Target target, Metrics metrics)
    {
        if (metrics.PerLabel is { } labels) Labels(terminal, part, target, labels, metrics);
        else if (metrics.PerTarget is { Count: > 1 } targets) Numbers(terminal, part, target, targets);
    }

    private static void Labels(Terminal terminal, string part, Target target, IReadOnlyList<LabelScore> labels,
        Metrics metrics)
    {
        Table table = Terminal.Table((part, false), ("yes", true), ("accuracy", true), ("precision", true),
            ("recall", true), ("F1", true));
        for (int i = 0; i < Math.Min(labels.Count, MostLines); i++)
            Row(ConfusionTable.Cut(target.Names[i], MostName), MetricsTable.Short(labels[i].Score.Support),
                labels[i].Accuracy, labels[i].Score);
        Row("mean (macro)", "", metrics.LabelAccuracy!.Value, metrics.Macro!.Value);
        Row("all together (micro)", MetricsTable.Short(metrics.Micro!.Value.Support), metrics.LabelAccuracy!.Value,
            metrics.Micro!.Value);
        Finish(terminal, table, labels.Count);

        void Row(string name, string rows, double accuracy, ClassScore score) => Terminal.Row(table, name, rows,
            MetricsTable.Percent(accuracy), MetricsTable.Percent(score.Precision), MetricsTable.Percent(score.Recall),
            MetricsTable.Percent(score.F1));
    }

    private static void Numbers(Terminal terminal, string part, Target target, IReadOnlyList<TargetScore> targets)
    {
        Table table = Terminal.Table((part, false), ("rmse", true), ("mae", true), ("r²", true));
        for (int i = 0; i < Math.Min(targets.Count, MostLines); i++)
            Row(ConfusionTable.Cut(target.Names[i], MostName), targets[i].Rmse, targets[i].Mae, targets[i].R2);
        Row("mean", targets.Average(t => t.Rmse), targets.Average(t => t.Mae), targets.Average(t => t.R2));
        Finish(terminal, table, targets.Count);

        void Row(string name, double rmse, double mae, double r2) => Terminal.Row(table, name,
            MetricsTable.Short(rmse), MetricsTable.Short(mae), $"{r2:0.0000}");
    }

    private static void Finish(Terminal terminal, Table table, int count)
    {
        terminal.Out.WriteLine();
        terminal.Write(table);
        if (count > MostLines) terminal.Out.WriteLine($"  the first {MostLines} of {count}; --json has them all");
    }

    /// <summary>The same as a list of objects: <c>labels</c> or <c>targets</c>.</summary>
    public static void WriteJson(Utf8JsonWriter json, Target target, Metrics metrics)
    {
        if (metrics.PerLabel is { } labels)
        {
            JsonReport.Number(json, "labelAccuracy", metrics.LabelAccuracy);
            JsonReport.Number(json, "f1Micro", metrics.Micro?.F1);
            JsonReport.Number(json, "f1Macro", metrics.Macro?.F1);
            json.WriteStartArray("labels");
            for (int i = 0; i < labels.Count; i++)
            {
                json.WriteStartObject();
                json.WriteString("name", target.Names[i]);
                JsonReport.Number(json, "accuracy", labels[i].Accuracy);
                JsonReport.Number(json, "precision", labels[i].Score.Precision);
                JsonReport.Number(json, "recall", labels[i].Score.Recall);
                JsonReport.Number(json, "f1", labels[i].Score.F1);
                JsonReport.Number(json, "yes", labels[i].Score.Support);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        else if (metrics.PerTarget is { Count: > 1 } targets)
        {
            json.WriteStartArray("targets");
            for (int i = 0; i < targets.Count; i++)
            {
                json.WriteStartObject();
                json.WriteString("name", target.Names[i]);
                JsonReport.Number(json, "rmse", targets[i].Rmse);
                JsonReport.Number(json, "mae", targets[i].Mae);
                JsonReport.Number(json, "r2", targets[i].R2);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
    }
}
