using System.Data.Common;

namespace Downhill.Data;

/// <summary>
/// Reads Parquet files as <see cref="CsvReader"/> reads text: numbers, text, truth values and dates, with nulls as
/// missing values, whatever the compression and the number of row groups. Columns of bytes, truth values written as
/// lengths of runs, times of day, lists, maps and structures are refused by their name, unless they are left out with
/// <see cref="TableOptions.Ignore"/>.
/// </summary>
public static class ParquetTable
{
    /// <summary>How the names of such files end.</summary>
    public const string Ending = ".parquet";

    /// <summary>Reads a table to train on.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What is what; header, delimiter and decimal mark do not apply. Null for all
    /// defaults.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with row and column.</exception>
    public static DataReading Read(string path, TableOptions? options = null) =>
        DatabaseReader.Read(() => Open(path), path, options);

    /// <summary>Reads a table for a model that exists: its columns are found by name, others are left out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether a file without the target column is refused.</param>
    /// <param name="options">Target and weight where they differ; null for the defaults.</param>
    /// <exception cref="DownhillException">A missing column, an unknown class, or what else is wrong.</exception>
    public static DataReading Read(
        string path, IReadOnlyList<Column> inputs, Target target, bool needTarget, TableOptions? options = null) =>
        DatabaseReader.Read(() => Open(path), path, inputs, target, needTarget, options);

    /// <summary>Opens a file as rows, one row group in memory at a time.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A reader at its first row; values are those of .NET's types, <see cref="DBNull"/> for a null. What is
    /// wrong with a row group shows when its first row is read, as a <see cref="DownhillException"/>.</returns>
    /// <exception cref="DownhillException">The file is missing, may not be read, or is no whole Parquet
    /// file.</exception>
    public static DbDataReader Open(string path) => new ParquetRows(path);
}
