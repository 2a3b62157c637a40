using System.Buffers;
using System.Globalization;

namespace Downhill.Data;

/// <summary>What a field of the present row means: a number, no value, or a mistake that is refused with its place and
/// remedy.</summary>
/// <param name="source">The table.</param>
/// <param name="options">What is what.</param>
/// <param name="isForModel">Whether a model says what the columns hold, which remedies then cannot change.</param>
internal sealed class FieldReader(TableSource source, TableOptions options, bool isForModel)
{
    private readonly NumberFormatInfo format = TableLayout.Format(options.Decimal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> missingMarks =
        new HashSet<string>(options.Missing ?? [], StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The rows that are being read.</summary>
    public TableRows Rows { get; set; } = null!;

    public TableSource Source => source;

    /// <summary>Whether a number may be a mark of a missing value, such as −999.</summary>
    public bool HasMarks { get; } = options.Missing is { Count: > 0 };

    public bool IsMissing(ReadOnlySpan<char> field) => TableLayout.IsMissing(field) || missingMarks.Contains(field);

    public bool IsMark(int column) => HasMarks && missingMarks.Contains(Rows.Text(column));

    /// <summary>A number of any size; infinity in the words that other programs write too.</summary>
    public bool TryNumber(ReadOnlySpan<char> field, out double value)
    {
        if (double.TryParse(field, NumberStyles.Float, format, out value)) return true;
        ReadOnlySpan<char> word = field.TrimStart("+-");
        value = field.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        return word.Equals("inf", StringComparison.OrdinalIgnoreCase)
            || word.Equals("infinity", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A number that must be there.</summary>
    /// <exception cref="DownhillException">There is none.</exception>
    public float Number(int column) => Rows.TryNumber(column, out float value) ? value
        : Refuse(Rows.Row, column, Rows.Text(column).ToString(), 0);

    /// <summary>A decimal comma, thousands separators, a sign of currency or percent: numbers for the eye, which are to
    /// be refused with their remedy.</summary>
    public bool LooksLikeNumber(string field) =>
        TableLayout.IsNumber(field, options.Decimal == '.' ? ',' : '.') || HasThousands(field) || HasUnit(field);

    private const string UnitSigns = "$€£¥%‰";
    private static readonly SearchValues<char> Units = SearchValues.Create(UnitSigns);

    private bool HasUnit(string field)
    {
        string bare = Bare(field);
        return bare.Length > 0 && bare.Length < field.Length && field.AsSpan().ContainsAny(Units)
            && (TryNumber(bare, out _) || TableLayout.IsNumber(bare, options.Decimal == '.' ? ',' : '.')
                || HasThousands(bare));
    }

    /// <summary>Without signs of currency and percent; a minus may stand before or behind the sign.</summary>
    private static string Bare(string field) =>
        (field.StartsWith('-') ? "-" : "") + field.TrimStart('-').Trim([.. UnitSigns, ' ', '\u00A0']);

    private static bool HasThousands(string field)
    {
        string bare = field.TrimStart('-');
        int separators = bare.Count(c => c is ',' or '\'' or ' ' or '\u00A0');
        if (separators == 0) return false;
        string[] groups = bare.Split([',', '\'', ' ', '\u00A0', '.']);
        return groups.Length > 1 && groups[0].Length is >= 1 and <= 3
            && groups.All(g => g.Length > 0 && g.All(char.IsAsciiDigit))
            && groups.Skip(1).Take(separators).All(g => g.Length == 3);
    }

    /// <summary>Refuses a field that is no number, with what is probably the reason.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    /// <param name="field">Its text.</param>
    /// <param name="others">Numbers in other rows of the column, 0 when they were not counted.</param>
    public float Refuse(int row, int column, string field, int others)
    {
        string name = source.Names[column], where = $"{source.Name}, {source.Unit} {row}, column '{name}'";
        string quoted = name.Contains(' ', StringComparison.Ordinal) ? $"'{name}'" : name;
        string leaveOut = isForModel ? "leave the field empty" : $"leave the column out with --ignore {quoted}";
        string names = isForModel ? "" : $", say --categorical {quoted} if it is a name";
        if (IsMissing(field))
            return Throw.Input<float>(where, "a number", Missing(field), isForModel ? "Fill it in or remove the row."
                : $"Fill it in, remove the row, or {leaveOut}.");
        if (TryNumber(field, out double _))
            return Throw.Input<float>(where, "a finite number that a float holds", $"'{field}'",
                $"Correct the value, or {leaveOut}.");
        char other = options.Decimal == '.' ? ',' : '.';
        if (HasUnit(field))
            return Throw.Input<float>(where, "a number without a sign of currency or percent",
                $"'{Shortened(field)}'", $"Write it without, such as {Plain(Bare(field))}{names}, or {leaveOut}.");
        if (HasThousands(field))
        {
            string plain = Plain(field);
            return Throw.Input<float>(where, "a number without separators between thousands", $"'{field}'",
                (TableLayout.IsNumber(field, other)
                    ? $"If '{other}' is the decimal separator of the file, say --decimal {other}; else write"
                    : "Write")
                + $" it as {plain}, or {leaveOut}.");
        }
        if (field.Contains(other, StringComparison.Ordinal) && TableLayout.IsNumber(field, other))
            return Throw.Input<float>(where, $"a number with decimal '{options.Decimal}'", $"'{field}'",
                $"If '{other}' is the decimal separator of the file, say --decimal {other}.");
        string mark = $"say --missing '{Shortened(field)}' if it stands for no value";
        return Throw.Input<float>(where, others == 0 ? "a number" : $"a number as in {others} other rows",
            $"'{Shortened(field)}'", (isForModel ? $"Correct it, or {mark}."
                : $"Correct it, {mark}, say --categorical {quoted} if the numbers are names too, or {leaveOut}.")
                + source.Doubt(row));
    }

    private string Plain(string field) =>
        new([.. field.Where(c => char.IsAsciiDigit(c) || c is '-' || c == options.Decimal)]);

    /// <summary>The place of a field of the present row.</summary>
    public string At(int column) => $"{source.Name}, {source.Unit} {Rows.Row}, column '{source.Names[column]}'";

    public static string Missing(string field) => field.Length == 0 ? "an empty field"
        : $"'{field}', a missing value";

    public static string Shortened(string field) => field.Length <= 40 ? field : field[..37] + "…";

    /// <summary>The one column that a user named.</summary>
    public int Single(string what, string selection)
    {
        int[] columns = Columns(what, selection);
        if (columns.Length != 1)
            Throw.Input($"{source.Name}, {what}", "one column", $"'{selection}'", "Name one column.");
        return columns[0];
    }

    /// <summary>The columns that a user named, none for null.</summary>
    public int[] Columns(string what, string? selection) =>
        selection is null ? [] : ColumnSelection.Parse(source.Name, what, selection, source.Names);
}
