namespace Downhill;

/// <summary>Lists of numbers and names as lines of source, at most 120 characters wide.</summary>
internal static class SourceText
{
    private const int Width = 120;

    /// <summary>Items with commas between them and after each, wrapped.</summary>
    public static void WriteItems(TextWriter writer, IEnumerable<string> items, string indent)
    {
        int column = 0;
        foreach (string item in items)
        {
            if (column > 0 && column + item.Length + 2 > Width)
            {
                writer.WriteLine();
                column = 0;
            }
            string before = column == 0 ? indent : " ";
            writer.Write($"{before}{item},");
            column += before.Length + item.Length + 1;
        }
        if (column > 0) writer.WriteLine();
    }

    /// <summary>A row of a table: on one line where it fits.</summary>
    public static void WriteRow(TextWriter writer, string open, IEnumerable<string> items, string close)
    {
        string[] all = [.. items];
        if (all.Sum(i => i.Length + 2) + open.Length + close.Length + 4 <= Width)
        {
            writer.WriteLine($"    {open}{string.Join(", ", all)}{close},");
            return;
        }
        writer.WriteLine($"    {open}");
        WriteItems(writer, all, "        ");
        writer.WriteLine($"    {close},");
    }

    /// <summary>Column of a matrix: what goes into one unit.</summary>
    public static IEnumerable<float> Unit(double[,] weights, int unit)
    {
        for (int i = 0; i < weights.GetLength(0); i++) yield return (float)weights[i, unit];
    }

    /// <summary>Row of a matrix: what comes from one input, or the only row of a vector.</summary>
    public static IEnumerable<float> Row(double[,] matrix, int row = 0)
    {
        for (int j = 0; j < matrix.GetLength(1); j++) yield return (float)matrix[row, j];
    }

    /// <summary>A name for lists that a column's name may follow in a comment: "sepal length, sepal width, …".</summary>
    public static string Listed(IEnumerable<string> names, int most = 6)
    {
        string[] all = [.. names];
        string shown = SourceModel.Comment(string.Join(", ", all.Take(most)));
        return all.Length > most ? $"{shown}, … ({all.Length})" : shown;
    }
}
