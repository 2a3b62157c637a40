namespace Downhill.Data;

/// <summary>What a table's target is taken for.</summary>
public enum TableTask
{
    /// <summary>One class out of several.</summary>
    Classify,

    /// <summary>One or more numbers.</summary>
    Regress,

    /// <summary>Labels, each a yes or a no (1 and 0, yes and no, true and false), of which a row may have any number.
    /// </summary>
    Labels,
}

/// <summary>
/// How to read a table. Everything has a default: the layout and the task are guessed from the file, the target is the
/// last column, all others are inputs. Columns are named by their header or by 1-based numbers and ranges of them,
/// separated by commas: <c>species</c>, <c>5</c>, <c>257-266</c>.
/// </summary>
public sealed record TableOptions
{
    /// <summary>Target columns; null for the last one. Several 0/1 columns with one 1 in each row are one-of-n classes,
    /// with any number of them labels.</summary>
    public string? Target { get; init; }

    /// <summary>Columns that are neither input nor target.</summary>
    public string? Ignore { get; init; }

    /// <summary>Columns whose values are names, also where they look like numbers.</summary>
    public string? Categorical { get; init; }

    /// <summary>Columns whose values are numbers: a text in one is refused and never makes it a column of
    /// categories.</summary>
    public string? NumericColumns { get; init; }

    /// <summary>Marks of a missing value besides the usual ones (an empty field, ?, NA, N/A, null, None,
    /// NaN).</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>The column with the weight of each row, zero or more.</summary>
    public string? Weight { get; init; }

    /// <summary>Null to infer: text or at most 20 different whole numbers are classes, other numbers are
    /// regressed.</summary>
    public TableTask? Task { get; init; }

    /// <summary>Whether the first line holds names; null to guess.</summary>
    public bool? Header { get; init; }

    /// <summary>The character between fields, a blank for runs of blanks and tabs; null to guess.</summary>
    public char? Delimiter { get; init; }

    /// <summary>The decimal separator, <c>.</c> or <c>,</c>.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>These options with the marks of missing values that a model's columns were trained with.</summary>
    internal TableOptions Knowing(IReadOnlyList<Column> inputs)
    {
        string[] marks = [.. inputs.SelectMany(c => c.MissingMarks).Concat(Missing ?? []).Distinct()];
        return marks.Length == 0 ? this : this with { Missing = marks };
    }

    /// <summary>Reads a delimiter as written on a command line: <c>comma</c>, <c>semicolon</c>, <c>tab</c>,
    /// <c>pipe</c>, <c>blank</c>, or one character.</summary>
    /// <exception cref="DownhillException">Anything else.</exception>
    public static char ParseDelimiter(string text) => text switch
    {
        "comma" => ',',
        "semicolon" => ';',
        "tab" or "\\t" => '\t',
        "pipe" => '|',
        "blank" or "blanks" or "space" => ' ',
        [var c] when !char.IsLetterOrDigit(c) && c is not ('"' or '.' or '-' or '+' or '\r' or '\n') => c,
        _ => Throw.Input<char>("Delimiter", "comma, semicolon, tab, blank or one character", $"'{text}'",
            "Leave it out to have it guessed."),
    };
}

/// <summary>A data set that was read, and how it was understood.</summary>
/// <param name="Data">The rows.</param>
/// <param name="Summary">One line for the user: layout, sizes, target and what was guessed.</param>
public sealed record DataReading(Dataset Data, string Summary)
{
    /// <summary>What a user should know besides: kinds of columns, missing values, what was left out; a line
    /// each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
