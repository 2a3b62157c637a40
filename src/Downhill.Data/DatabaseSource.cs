using System.Data.Common;
using System.Globalization;
using System.Numerics;

namespace Downhill.Data;

/// <summary>The rows of a <see cref="DbDataReader"/> as a source. Values are taken as they come and not by the declared
/// type of their column, which some databases do not hold to.</summary>
internal sealed class DatabaseSource : TableSource, IDisposable
{
    private readonly NumberFormatInfo format;
    private readonly Func<DbDataReader>? open;
    private readonly List<object[]> first = [];
    private readonly string[] names;
    private readonly Type?[] types;

    // The reader that the first rows came from; the others are taken from it too.
    private DbDataReader? begun;

    private DatabaseSource(string name, DbDataReader reader, Func<DbDataReader>? open, TableOptions options)
        : base(name)
    {
        this.open = open;
        format = TableLayout.Format(options.Decimal);
        names = Distinct(name, Enumerable.Range(0, reader.FieldCount).Select(reader.GetName));
        if (names.Length == 0) Throw.Input(name, "a query that gives rows", "no column", "Give a SELECT.");
        for (object[] row; first.Count < DatabaseReader.SampleRows && reader.Read(); first.Add(row))
            reader.GetValues(row = new object[names.Length]);
        types = new Type?[names.Length];
        for (int i = 0; i < names.Length; i++) types[i] = reader.GetFieldType(i);
        Sample = [.. first.Select(row => row.Select(value => DatabaseField.Text(value, format) ?? "").ToList())];
        begun = reader;
    }

    /// <summary>Rows that can be read once.</summary>
    public static DatabaseSource Once(DbDataReader reader, string name, TableOptions options) =>
        new(name, reader, null, options);

    /// <summary>Rows that can be opened again.</summary>
    public static DatabaseSource Opened(Func<DbDataReader> open, string name, TableOptions options)
    {
        DbDataReader reader = open();
        try
        {
            return new(name, reader, open, options);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public override IReadOnlyList<string> Names => names;
    public override bool HasHeader => true;
    public override IReadOnlyList<IReadOnlyList<string>> Sample { get; }
    public override string Unit => "row";
    public override string Header => Name;
    public override string Layout => "";
    public override bool CanBeReadAgain => open is not null;
    public override (string, string) TooFewColumns => ("", "Select more columns.");
    public override (string, string) NoRows => ("none", "Check the table or the query.");
    public override string Doubt(int row) => "";

    public override FieldKind? Declared(int column) =>
        types[column] is not Type type ? null
        : type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) ? FieldKind.Date
        : type == typeof(string) || type == typeof(bool) ? FieldKind.Category : null;

    public override TableRows Rows()
    {
        if (begun is null && open is null)
            throw new InvalidOperationException("Rows that can be read once were read.");
        (DbDataReader reader, List<object[]> replayed) = begun is null ? (open!(), []) : (begun, first);
        begun = null;
        return new DatabaseRows(this, reader, replayed, owned: open is not null);
    }

    /// <summary>Closes what was opened here and not read.</summary>
    public void Dispose()
    {
        if (open is not null) begun?.Dispose();
    }

    private sealed class DatabaseRows(DatabaseSource source, DbDataReader reader, List<object[]> replayed, bool owned)
        : TableRows
    {
        private readonly char[] written = new char[DatabaseField.MaxLength];
        private object[] values = new object[source.names.Length];
        private int row;

        public override int Row => row;

        public override bool Next()
        {
            if (row < replayed.Count) values = replayed[row];
            else if (row == replayed.Count) values = new object[values.Length];
            if (row >= replayed.Count)
            {
                if (!reader.Read()) return false;
                reader.GetValues(values);
            }
            row++;
            return true;
        }

        public override ReadOnlySpan<char> Text(int column)
        {
            object value = values[column];
            if (value is string text) return text.AsSpan().Trim();
            if (!DatabaseField.TryWrite(value, written, source.format, out int length)) Refuse(column, value);
            return written.AsSpan(0, length);
        }

        public override bool TryNumber(int column, out float value) =>
            DatabaseField.TryNumber(values[column], source.format, out value) && float.IsFinite(value);

        private void Refuse(int column, object value) =>
            Throw.Input($"{source.Name}, row {row}, column '{source.names[column]}'",
                "a number, text, a truth value or a date",
                value is byte[]? "bytes" : $"a value of type {value.GetType().Name}",
                "Leave the column out with --ignore, or select it as a number or a text.");

        public override void Dispose()
        {
            if (owned) reader.Dispose();
        }
    }
}

/// <summary>One value of a database as a number or as the text that a CSV file would hold.</summary>
internal static class DatabaseField
{
    /// <summary>The longest text that is written here: a decimal, a number of 128 bits.</summary>
    public const int MaxLength = 128;

    /// <summary>The text, null for what has none.</summary>
    public static string? Text(object value, NumberFormatInfo format)
    {
        if (value is string text) return text.Trim();
        Span<char> written = stackalloc char[MaxLength];
        return TryWrite(value, written, format, out int length) ? written[..length].ToString() : null;
    }

    /// <summary>Writes a value other than a string; nothing for a missing one, false for what is refused.</summary>
    public static bool TryWrite(object value, Span<char> into, NumberFormatInfo format, out int length)
    {
        length = 0;
        switch (value)
        {
            case DBNull or null: return true;
            case bool truth: return Copy(truth ? "true" : "false", into, out length);
            case char one: return Copy([one], into, out length);
            // Forms that DateParts reads; a moment is told in UTC, as in a file.
            case DateTime date: return date.TryFormat(into, out length, "yyyy-MM-ddTHH:mm:ss.FFFFFFF", null);
            case DateOnly day: return day.TryFormat(into, out length, "yyyy-MM-dd", null);
            case DateTimeOffset moment:
                return moment.UtcDateTime.TryFormat(into, out length, "yyyy-MM-ddTHH:mm:ss.FFFFFFF", null);
            case Guid id: return id.TryFormat(into, out length);
            case float or double or Half: return ((ISpanFormattable)value).TryFormat(into, out length, "R", format);
            case sbyte or byte or short or ushort or int or uint or long or ulong or decimal or Int128 or UInt128
                or BigInteger:
                return ((ISpanFormattable)value).TryFormat(into, out length, default, format);
            default: return false;
        }
    }

    /// <summary>A value as a number, as the file with its text would give it; a truth value is 0 or 1.</summary>
    public static bool TryNumber(object value, NumberFormatInfo format, out float number)
    {
        number = float.NaN;
        switch (value)
        {
            case double x: number = (float)x; return true;
            case float x: number = x; return true;
            case long x: number = x; return true;
            case int x: number = x; return true;
            case short x: number = x; return true;
            case byte x: number = x; return true;
            case bool x: number = x ? 1 : 0; return true;
            case Half x: number = (float)x; return true;
            case sbyte x: number = x; return true;
            case ushort x: number = x; return true;
            case uint x: number = x; return true;
            case ulong x: number = x; return true;
            case string text: return float.TryParse(text, NumberStyles.Float, format, out number);
            case decimal or Int128 or UInt128 or BigInteger:
                Span<char> written = stackalloc char[MaxLength];
                return TryWrite(value, written, format, out int length)
                    && float.TryParse(written[..length], NumberStyles.Float, format, out number);
            default: return false;
        }
    }

    private static bool Copy(ReadOnlySpan<char> text, Span<char> into, out int length)
    {
        text.CopyTo(into);
        length = text.Length;
        return true;
    }
}
