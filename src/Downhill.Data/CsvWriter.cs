using System.Buffers;
using System.Globalization;
using System.IO.Compression;

namespace Downhill.Data;

/// <summary>Writes a data set as CSV: header, inputs, target last, shortest exact numbers; reading gives the same data
/// back.</summary>
public static class CsvWriter
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(",;\t\"\r\n");

    /// <summary>Writes to a file, gzipped when its name ends in <c>.gz</c>. The set's own test part is not
    /// included.</summary>
    /// <exception cref="DownhillException">The file cannot be written.</exception>
    public static void Write(Dataset data, string path)
    {
        try
        {
            using Stream file = File.Create(path);
            using Stream stream = TableText.IsGzip(path) ? new GZipStream(file, CompressionLevel.Optimal) : file;
            using var writer = new StreamWriter(stream);
            Write(data, writer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownhillException($"{path}: cannot be written. {e.Message}", e);
        }
    }

    /// <summary>Writes with line feeds, whatever the machine. Row weights become a column <c>weight</c> before the
    /// target.</summary>
    public static void Write(Dataset data, TextWriter writer)
    {
        string delimiter = "";
        foreach (Column column in data.Inputs) Put(column.Name);
        if (data.Weights is not null) Put("weight");
        if (data.Target.IsClass) Put(data.Target.Names[0]);
        else foreach (string name in data.Target.Names) Put(name);
        for (int row = 0; row < data.Rows; row++)
        {
            writer.Write('\n');
            delimiter = "";
            int numeric = row * data.NumericCount, category = row * data.CategoryCount;
            foreach (Column column in data.Inputs)
            {
                if (column.Kind == ColumnKind.Numeric) PutNumber(data.Numeric[numeric++]);
                else Put(data.Codes[category++] is >= 0 and int code ? column.Categories[code] : "");
            }
            if (data.Weights is not null) PutNumber(data.Weights[row]);
            int targets = data.Target.Names.Count;
            if (data.Target.IsClass) Put(data.Target.Classes[data.Classes[row]]);
            else for (int i = 0; i < targets; i++) PutNumber(data.Values[row * targets + i]);
        }
        writer.Write('\n');

        void PutNumber(float value)
        {
            Span<char> text = stackalloc char[32];
            value.TryFormat(text, out int length, "R", CultureInfo.InvariantCulture);
            writer.Write(delimiter);
            writer.Write(text[..length]);
            delimiter = ",";
        }

        void Put(string text)
        {
            writer.Write(delimiter);
            bool quote = text.AsSpan().ContainsAny(NeedsQuotes) || text != text.Trim();
            writer.Write(quote ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text);
            delimiter = ",";
        }
    }
}
