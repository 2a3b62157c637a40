namespace Downhill.Cli;

/// <summary>What is predicted, in words.</summary>
internal static class TargetWords
{
    /// <summary>As <c>--task</c> and the JSON objects say it.</summary>
    public static string Task(Target target) =>
        target.IsClass ? "classify" : target.IsMultiLabel ? "labels" : "regress";

    /// <summary>"3 classes", "1 number", "5 labels".</summary>
    public static string Count(Target target)
    {
        int count = target.IsClass ? target.Classes.Count : target.Names.Count;
        string noun = target.IsClass ? "class" : target.IsMultiLabel ? "label" : "number";
        return $"{count} {noun}{(count == 1 ? "" : target.IsClass ? "es" : "s")}";
    }

    /// <summary>What calibration changed.</summary>
    public static string Of(CalibrationReport calibration) =>
        $"at temperature {MetricsTable.Short(calibration.Temperature)}; on the "
            + $"{MetricsTable.Count(calibration.Rows)} validation rows log loss "
            + $"{MetricsTable.Loss(calibration.LogLossBefore)} → {MetricsTable.Loss(calibration.LogLossAfter)}, "
            + $"calibration error {MetricsTable.Percent(calibration.ErrorBefore)} → "
            + MetricsTable.Percent(calibration.ErrorAfter);

    /// <summary>The names of the labels that outputs or targets say yes to, separated by commas.</summary>
    public static string Labels(Target target, ReadOnlySpan<float> values)
    {
        List<string> names = [];
        for (int i = 0; i < values.Length; i++)
            if (Preparation.SaysYes(values[i])) names.Add(target.Names[i]);
        return names.Count == 0 ? "none" : string.Join(", ", names);
    }
}
