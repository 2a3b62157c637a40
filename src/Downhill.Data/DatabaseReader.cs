using System.Data.Common;

namespace Downhill.Data;

/// <summary>
/// Reads what a <see cref="DbDataReader"/> gives (a query, a Parquet file, a table in memory) as
/// <see cref="CsvReader"/> reads a file: the same kinds of columns, options and messages. Numbers of any width and
/// decimals are numbers; truth values are <c>true</c> and <c>false</c>, or 1 and 0 where a model wants a number; dates
/// with or without time become their parts (a moment with an offset in UTC); text is what it looks like, as in a file;
/// <see cref="DBNull"/> is a missing value. Bytes and other objects are refused by their column's name, unless the
/// column is ignored.
/// </summary>
public static class DatabaseReader
{
    /// <summary>Reads rows to train on. They are read once: a text among numbers after the first
    /// <see cref="SampleRows"/> rows is refused; the overload that opens them can go back.</summary>
    /// <param name="rows">The rows, from the next one on; left open.</param>
    /// <param name="name">What messages call it, such as the query's table.</param>
    /// <param name="options">What is what; <see cref="TableOptions.Header"/> and
    /// <see cref="TableOptions.Delimiter"/> do not apply, and <see cref="TableOptions.Decimal"/> to text only. Null for
    /// all defaults.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with row (counted from 1) and column.</exception>
    public static DataReading Read(DbDataReader rows, string name, TableOptions? options = null) =>
        Guard(name, () => DatabaseSource.Once(rows, name, options ?? new()), source => Train(source, options));

    /// <summary>Reads rows to train on, once more where a column turns out to be something else than its first rows
    /// show.</summary>
    /// <param name="open">Gives the rows from the first on, each time the same; what it gives is disposed.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">As above.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with row and column.</exception>
    public static DataReading Read(Func<DbDataReader> open, string name, TableOptions? options = null) =>
        Guard(name, () => DatabaseSource.Opened(open, name, options ?? new()), source => Train(source, options));

    /// <summary>Reads rows for a model that exists: its columns are found by name, others are left out.</summary>
    /// <param name="rows">The rows, from the next one on; left open.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether rows without the target column are refused.</param>
    /// <param name="options">Target and weight where they differ; null for the defaults.</param>
    /// <exception cref="DownhillException">A missing column, an unknown class, or what else is wrong.</exception>
    public static DataReading Read(DbDataReader rows, string name, IReadOnlyList<Column> inputs, Target target,
        bool needTarget, TableOptions? options = null) =>
        Guard(name, () => DatabaseSource.Once(rows, name, options ?? new()),
            source => new ModelTable(source, (options ?? new()).Knowing(inputs)).Read(inputs, target, needTarget));

    /// <summary>As the overload with the rows themselves, which this one opens and disposes.</summary>
    /// <param name="open">Gives the rows from the first on.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether rows without the target column are refused.</param>
    /// <param name="options">Target and weight where they differ; null for the defaults.</param>
    /// <exception cref="DownhillException">A missing column, an unknown class, or what else is wrong.</exception>
    public static DataReading Read(Func<DbDataReader> open, string name, IReadOnlyList<Column> inputs, Target target,
        bool needTarget, TableOptions? options = null) =>
        Guard(name, () => DatabaseSource.Opened(open, name, options ?? new()),
            source => new ModelTable(source, (options ?? new()).Knowing(inputs)).Read(inputs, target, needTarget));

    /// <summary>Rows that are looked at before a column's kind is guessed.</summary>
    public const int SampleRows = 100;

    private static DataReading Train(DatabaseSource source, TableOptions? options) =>
        new TrainingTable(source, options ?? new()).Read();

    /// <summary>What the database says is one message, with its name in front.</summary>
    private static DataReading Guard(string name, Func<DatabaseSource> begin, Func<DatabaseSource, DataReading> read)
    {
        try
        {
            using DatabaseSource source = begin();
            return read(source);
        }
        catch (Exception e) when (e is DbException or IOException or InvalidDataException)
        {
            throw new DownhillException($"{name}: cannot be read. {e.Message}", e);
        }
    }
}
