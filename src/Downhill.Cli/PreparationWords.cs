namespace Downhill.Cli;

/// <summary>A preparation in a line, for <c>train</c> and <c>inspect</c>.</summary>
internal static class PreparationWords
{
    public static string Of(Preparation preparation)
    {
        IReadOnlyList<NumericEncoding> encodings = preparation.Encodings;
        bool isShifted = preparation.Shift.Any(s => s != 0), isCommon = preparation.Scale.Distinct().Count() == 1;
        int levels = encodings.Count(e => e.Levels.Count > 0), missing = encodings.Count(e => e.HasIndicator),
            constant = encodings.Count(e => e.IsConstant);
        List<string> parts = [encodings.Count == 0 ? "no numbers"
            : encodings.Any(e => e.Landmarks.Count > 0)
            ? "each number to the normal quantile of its rank among the training rows"
            : encodings.Any(e => e.Clip != 0)
            ? "each column by median and quartiles of the training rows, softly clipped at ±3"
            : isShifted ? "each column to mean 0 and deviation 1 of the training rows"
            : isCommon && preparation.Scale[0] != 1 ? $"divided by {MetricsTable.Short(1 / preparation.Scale[0])}"
            : "as they are"];
        if (levels > 0) parts.Add($"{levels} column{S(levels)} of few values as categories");
        if (missing > 0) parts.Add($"missing values as median and indicator in {missing} column{S(missing)}");
        if (constant > 0) parts.Add($"{constant} constant column{S(constant)} left out");
        if (preparation.Width != preparation.Inputs.Count) parts.Add($"{preparation.Width} inputs in all");
        return string.Join("; ", parts);
    }

    private static string S(int count) => count == 1 ? "" : "s";
}
