namespace Downhill.Data;

/// <summary>
/// A table that can be read row by row, whatever it lies in: its columns, a look at its first rows, and how a user is
/// told about it. What the columns hold is found out by <see cref="TrainingTable"/> or said by <see
/// cref="ModelTable"/>.
/// </summary>
/// <param name="name">The file, or what a user calls it: the beginning of every message.</param>
internal abstract class TableSource(string name)
{
    /// <summary>The file, or what a user calls the table.</summary>
    public string Name => name;

    /// <summary>One per column, each different.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Whether <see cref="Names"/> come from the table and not from counting.</summary>
    public abstract bool HasHeader { get; }

    /// <summary>The fields of the first rows.</summary>
    public abstract IReadOnlyList<IReadOnlyList<string>> Sample { get; }

    /// <summary>What a row is called in messages: a line of a file, a row of a query.</summary>
    public abstract string Unit { get; }

    /// <summary>Where the names stand, for messages.</summary>
    public abstract string Header { get; }

    /// <summary>How the fields are laid out, for the summary; empty where there is nothing to say.</summary>
    public abstract string Layout { get; }

    /// <summary>Sentences for a field that should be a number: what else may be the reason; empty or with a blank in
    /// front.</summary>
    /// <param name="row">The row's number.</param>
    public abstract string Doubt(int row);

    /// <summary>Of a table with too few columns: what to add to their number, and what to do.</summary>
    public abstract (string Detail, string Remedy) TooFewColumns { get; }

    /// <summary>Of a table without rows: what came, and what to do.</summary>
    public abstract (string Got, string Remedy) NoRows { get; }

    /// <summary>What the type of a column says about it where the first rows hold no value; null for
    /// nothing.</summary>
    public virtual FieldKind? Declared(int column) => null;

    /// <summary>Whether <see cref="Rows"/> may be called more than once.</summary>
    public abstract bool CanBeReadAgain { get; }

    /// <summary>The rows from the first on.</summary>
    public abstract TableRows Rows();

    /// <summary>Names of columns: those given, counted where they are empty, each different.</summary>
    /// <exception cref="DownhillException">Two of one name.</exception>
    public static string[] Distinct(string where, IEnumerable<string?> given)
    {
        string[] names = [.. given.Select((name, i) => string.IsNullOrWhiteSpace(name) ? $"x{i + 1}" : name.Trim())];
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
            if (!seen.TryAdd(names[i], i))
                Throw.Input(where, "different column names",
                    $"'{names[i]}' for columns {seen[names[i]] + 1} and {i + 1}", "Rename one of them.");
        return names;
    }
}

/// <summary>The rows of a table, one after another; the fields are those of the present row.</summary>
internal abstract class TableRows : IDisposable
{
    /// <summary>The number of the present row (its first line, in a file), from 1.</summary>
    public abstract int Row { get; }

    /// <summary>Goes to the next row; false at the end.</summary>
    public abstract bool Next();

    /// <summary>A field as text, without blanks at its ends; empty when there is no value. Valid until the next
    /// call.</summary>
    public abstract ReadOnlySpan<char> Text(int column);

    /// <summary>A field that is plainly a finite number. False does not mean that it is none: the text
    /// decides.</summary>
    public abstract bool TryNumber(int column, out float value);

    /// <summary>Fields side by side that are plainly finite numbers, up to the first that is none.</summary>
    /// <param name="first">The column of the first.</param>
    /// <param name="into">One for each field.</param>
    /// <returns>How many there are before the first that is none.</returns>
    public virtual int Numbers(int first, Span<float> into)
    {
        for (int i = 0; i < into.Length; i++)
            if (!TryNumber(first + i, out into[i])) return i;
        return into.Length;
    }

    public abstract void Dispose();
}
