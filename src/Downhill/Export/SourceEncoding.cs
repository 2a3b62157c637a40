using System.Globalization;

namespace Downhill;

/// <summary>How a language writes the way of a raw number into the network; in each text {0} is the number so
/// far.</summary>
/// <param name="Filled">{1} instead of a missing number.</param>
/// <param name="Placed">Between the quantile landmarks of the column of numbers {1}, of which there are {2}.</param>
/// <param name="Clipped">The soft clip at {1}.</param>
/// <param name="Number">A number of double precision.</param>
internal sealed record SourceEncoding(string Filled, string Placed, string Clipped, Func<double, string> Number)
{
    /// <summary>The text of z, the column's input of the network besides indicator and levels.</summary>
    /// <param name="column">A column of numbers that has z.</param>
    /// <param name="raw">The raw number.</param>
    public string Of(SourceColumn column, string raw)
    {
        NumericEncoding encoding = column.Encoding;
        string x = raw;
        if (!double.IsNaN(encoding.Fill)) x = Text(Filled, x, Number(encoding.Fill));
        if (encoding.Landmarks.Count > 0) x = Text(Placed, x, $"{column.KindPlace}", $"{encoding.Landmarks.Count}");
        if (column.Shift != 0) x = $"({x} - {Operand(column.Shift)})";
        if (column.Scale != 1) x = $"{x} * {Operand(column.Scale)}";
        return encoding.Clip == 0 ? x : Text(Clipped, x, Number(encoding.Clip));
    }

    private string Operand(double value) => value < 0 ? $"({Number(value)})" : Number(value);

    private static string Text(string template, params string[] parts) =>
        string.Format(CultureInfo.InvariantCulture, template, parts);
}
