using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>What came of a cross-validation: a line per fold, their mean and their deviation.</summary>
internal static class FoldsReport
{
    public static void Write(Terminal terminal, Dataset set, CrossValidation result, FitResult? whole, string? path,
        double seconds)
    {
        bool isClass = !set.Target.IsNumeric;
        Table table = isClass
            ? Terminal.Table(("fold", false), ("train", true), ("test", true), ("loss", true), ("accuracy", true))
            : Terminal.Table(("fold", false), ("train", true), ("test", true), ("loss", true), ("rmse", true),
            ("mae", true), ("r²", true));
        for (int fold = 0; fold < result.Folds.Count; fold++)
        {
            FitResult fit = result.Folds[fold];
            Row($"{fold + 1}", MetricsTable.Count(fit.Train.Rows), MetricsTable.Count(fit.Test!.Rows),
                m => m(fit.Test!));
        }
        Row("mean", "", "", m => result.Mean(m));
        if (result.Folds.Count > 1) Row("deviation", "", "", m => result.Deviation(m));
        terminal.Out.WriteLine();
        terminal.Write(table);
        FoldTargets.Write(terminal, set.Target, result);
        terminal.Out.WriteLine($"  {result.Folds.Count} folds in {seconds:0.0} s");
        terminal.Out.WriteLine(path is null ? "  no model is written; --model FILE trains one on all rows besides"
            : $"  model {path}, trained on all {MetricsTable.Count(whole!.Train.Rows)} rows");

        void Row(string name, string train, string test, Func<Func<Metrics, double?>, double?> value)
        {
            string[] cells = isClass ? [Loss(m => m.Loss), $"{100 * value(m => m.Accuracy):0.00} %"]
                : [Loss(m => m.Loss), Short(m => m.Rmse), Short(m => m.Mae), $"{value(m => m.R2):0.0000}"];
            Terminal.Row(table, [name, train, test, .. cells]);

            string Loss(Func<Metrics, double?> measure) => MetricsTable.Loss(value(measure) ?? double.NaN);
            string Short(Func<Metrics, double?> measure) => MetricsTable.Short(value(measure) ?? double.NaN);
        }
    }

    public static void WriteJson(
        Terminal terminal, Dataset set, FitPlan first, CrossValidation result, FitResult? whole, string? path,
            double seconds) =>
        JsonReport.Write(terminal, json =>
        {
            json.WriteString("data", set.Name);
            json.WriteString("task", TargetWords.Task(set.Target));
            json.WriteStartObject("rows");
            json.WriteNumber("train", first.Rows.Length);
            json.WriteNumber("validation", first.ValidationRows.Length);
            json.WriteNumber("test", first.TestRows.Length);
            json.WriteEndObject();
            json.WriteString("network", first.Network.ToString());
            json.WriteNumber("parameters", first.Network.ParameterCount);
            json.WriteString("recipe", first.Recipe.Name);
            json.WriteNumber("epochs", result.Folds[0].Model.Training!.Epochs);
            json.WriteNumber("steps", result.Folds.Sum(f => f.Steps));
            json.WriteString("stopped", result.Folds[0].Stopped.Rule);
            JsonReport.Number(json, "seconds", seconds);
            json.WriteNumber("seed", first.Options.Seed);
            json.WriteStartArray("folds");
            foreach (Metrics test in result.Tests)
            {
                json.WriteStartObject();
                json.WriteNumber("rows", test.Rows);
                JsonReport.Metrics(json, set.Target, test);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartObject("test");
            WriteMeasures(json, !set.Target.IsNumeric, result);
            FoldTargets.WriteJson(json, set.Target, result);
            JsonReport.Number(json, "std", result.Deviation(set.Target.IsNumeric ? m => m.Rmse : m => m.Accuracy));
            json.WriteEndObject();
            if (whole is null)
            {
                json.WriteNull("weightsHash");
                json.WriteNull("model");
                return;
            }
            JsonReport.Metrics(json, "train", set.Target, whole.Train);
            json.WriteString("weightsHash", whole.Model.WeightsHash);
            json.WriteString("model", path);
        });

    private static void WriteMeasures(Utf8JsonWriter json, bool isClass, CrossValidation result)
    {
        Func<Func<Metrics, double?>, double> value = result.Mean;
        JsonReport.Number(json, "loss", value(m => m.Loss));
        if (isClass)
        {
            JsonReport.Number(json, "accuracy", value(m => m.Accuracy));
            JsonReport.Number(json, "errorPercent", value(m => m.ErrorPercent));
            if (result.Tests.All(t => t.SquaredErrorPercentage is not null))
                JsonReport.Number(json, "squaredErrorPercentage", value(m => m.SquaredErrorPercentage));
            if (result.Tests.All(t => t.PerLabel is not null))
            {
                JsonReport.Number(json, "labelAccuracy", value(m => m.LabelAccuracy));
                JsonReport.Number(json, "f1Micro", value(m => m.Micro?.F1));
                JsonReport.Number(json, "f1Macro", value(m => m.Macro?.F1));
            }
            return;
        }
        JsonReport.Number(json, "rmse", value(m => m.Rmse));
        JsonReport.Number(json, "mae", value(m => m.Mae));
        JsonReport.Number(json, "r2", value(m => m.R2));
    }
}
