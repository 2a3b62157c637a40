namespace Downhill;

/// <summary>
/// Rows of raw data that can be read in any order: a numeric block, category codes, targets and weights.
/// A table in memory is one (<see cref="Dataset"/>); a memory-mapped store is another.
/// Reading must be safe from several threads at once and must not allocate.
/// </summary>
public abstract class RowSource
{
    /// <summary>Number of rows N.</summary>
    public abstract int Rows { get; }

    /// <summary>The raw input columns, in the order in which a user writes a row.</summary>
    public abstract IReadOnlyList<Column> Inputs { get; }

    /// <summary>What is to be predicted.</summary>
    public abstract Target Target { get; }

    /// <summary>Whether the rows carry weights of their own; without them each row weighs 1.</summary>
    public abstract bool HasWeights { get; }

    /// <summary>Set when the inputs are the pixels of an image.</summary>
    public ImageShape? Image { get; init; }

    /// <summary>
    /// Reads the given rows.
    /// </summary>
    /// <param name="rows">0-based row numbers, B of them, any order, repeats allowed.</param>
    /// <param name="numeric">[B, numeric inputs], in column order.</param>
    /// <param name="codes">[B, category inputs], index into <see cref="Column.Categories"/>, −1 for missing or
    /// unknown.</param>
    /// <param name="classes">[B] class index for a class target, else empty.</param>
    /// <param name="values">[B, targets] for numbers (and labels, 0 or 1), else empty.</param>
    /// <param name="weights">[B], or empty when the caller does not want them.</param>
    public abstract void Read(
        ReadOnlySpan<int> rows, Span<float> numeric, Span<int> codes, Span<int> classes, Span<float> values,
        Span<float> weights);
}

/// <summary>What a raw input column holds.</summary>
public enum ColumnKind
{
    /// <summary>Finite numbers.</summary>
    Numeric,

    /// <summary>One of a known list of categories.</summary>
    Category,
}

/// <summary>One raw input column.</summary>
/// <param name="Name">As in the file's header, or "x1", "x2", … without one.</param>
/// <param name="Kind">Numbers or categories.</param>
/// <param name="Categories">The category names for <see cref="ColumnKind.Category"/>, else empty.</param>
public sealed record Column(string Name, ColumnKind Kind, IReadOnlyList<string> Categories)
{
    public Column(string name) : this(name, ColumnKind.Numeric, []) { }

    /// <summary>What stood for a missing value in the text of the training table, besides the usual marks; tables that
    /// are read for the model are read with them too.</summary>
    public IReadOnlyList<string> MissingMarks { get; init; } = [];
}

/// <summary>What is predicted: one class out of several, one or more numbers, or several labels that a row has or has
/// not.</summary>
/// <param name="Names">Name of the class column, or of each column of numbers or labels.</param>
/// <param name="Classes">Class names in code order; empty for numbers and labels.</param>
public sealed record Target(IReadOnlyList<string> Names, IReadOnlyList<string> Classes)
{
    /// <summary>True for one class out of several.</summary>
    public bool IsClass => Classes.Count > 0;

    /// <summary>True for labels: every target is a yes (1) or a no (0), and a row may have any number of them. Their
    /// values are kept where those of numeric targets are.</summary>
    public bool IsMultiLabel { get; init; }

    /// <summary>True for one or more numbers.</summary>
    public bool IsNumeric => !IsClass && !IsMultiLabel;
}

/// <summary>The pixels of an image whose rows are the inputs, row by row from the top left.</summary>
public sealed record ImageShape(int Width, int Height);
