namespace Downhill.Data;

/// <summary>
/// Reads tables: comma, semicolon, tab or blank separated text, plain or gzipped. Columns of numbers, categories (text)
/// and dates are told apart; an empty field or a mark such as <c>?</c> is a missing value.
/// </summary>
public static class CsvReader
{
    /// <summary>Reads a table to train on.</summary>
    /// <param name="path">The file; a name that ends in <c>.gz</c> is unpacked.</param>
    /// <param name="options">What is what; null for all defaults.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with file, line and column.</exception>
    public static DataReading Read(string path, TableOptions? options = null) =>
        TableText.Guard(path, () => new TrainingTable(new CsvSource(path, options ?? new()), options ?? new()).Read());

    /// <summary>
    /// Reads a table for a model that exists: columns are found by name where the file has a header (other columns are
    /// left out), else by position. Without a target the rows can be predicted but not evaluated.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether a file without the target column is refused.</param>
    /// <param name="options">Target, weight and layout where they differ from the defaults; the task is the
    /// model's.</param>
    /// <exception cref="DownhillException">A missing column, an unknown class, or what else is wrong.</exception>
    public static DataReading Read(
        string path, IReadOnlyList<Column> inputs, Target target, bool needTarget, TableOptions? options = null) =>
        TableText.Guard(path, () => new ModelTable(new CsvSource(path, options ?? new()),
            (options ?? new()).Knowing(inputs)).Read(inputs, target, needTarget));
}
