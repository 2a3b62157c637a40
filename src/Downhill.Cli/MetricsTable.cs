using Spectre.Console;

namespace Downhill.Cli;

/// <summary>What was measured on the parts of the data, a line each.</summary>
internal static class MetricsTable
{
    public static void Write(Terminal terminal, params ReadOnlySpan<(string Part, Metrics? Metrics)> parts)
    {
        bool isLabel = parts[0].Metrics!.PerLabel is not null, isClass = parts[0].Metrics!.Accuracy is not null;
        Table table = isLabel
            ? Terminal.Table(("", false), ("rows", true), ("loss", true), ("all right", true), ("labels right", true),
                ("F1 micro", true))
            : isClass
            ? Terminal.Table(("", false), ("rows", true), ("loss", true), ("accuracy", true), ("errors", true))
            : Terminal.Table(("", false), ("rows", true), ("loss", true), ("rmse", true), ("mae", true), ("r²", true));
        foreach ((string part, Metrics? metrics) in parts)
        {
            if (metrics is null) continue;
            if (isLabel)
                Terminal.Row(table, part, Count(metrics.Rows), Loss(metrics.Loss), Percent(metrics.Accuracy!.Value),
                    Percent(metrics.LabelAccuracy!.Value), Percent(metrics.Micro!.Value.F1));
            else if (isClass)
                Terminal.Row(table, part, Count(metrics.Rows), Loss(metrics.Loss), Percent(metrics.Accuracy!.Value),
                    Errors(metrics));
            else Terminal.Row(table, part, Count(metrics.Rows), Loss(metrics.Loss), Short(metrics.Rmse!.Value),
                Short(metrics.Mae!.Value), $"{metrics.R2:0.0000}");
        }
        terminal.Out.WriteLine();
        terminal.Write(table);
    }

    public static string Count(long count) => count.ToString("N0");

    public static string Percent(double share) => $"{(100 * share).ToString("0.00")} %";

    /// <summary>Four significant digits, as many for a small loss as for a large one.</summary>
    public static string Loss(double loss) =>
        loss.ToString(Math.Abs(loss) is < 1e-3 or >= 1e5 && loss != 0 ? "0.00E+0" : "0.0000");

    /// <summary>Five significant digits.</summary>
    public static string Short(double value) =>
        value.ToString(Math.Abs(value) is < 1e-3 or >= 1e6 && value != 0 ? "0.000E+0" : "G5");

    private static string Errors(Metrics metrics)
    {
        int wrong = 0, classes = metrics.Confusion!.GetLength(0);
        for (int actual = 0; actual < classes; actual++)
            for (int predicted = 0; predicted < classes; predicted++)
                wrong += actual == predicted ? 0 : metrics.Confusion[actual, predicted];
        return Count(wrong);
    }
}
