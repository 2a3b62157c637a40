using Downhill.Data;

namespace Downhill.Cli;

/// <summary>What a user may write for DATA: all that <see cref="DataSource"/> knows, and the sources that only the tool
/// has the packages for. The one place where the commands open data.</summary>
internal static class DataArgument
{
    /// <summary>Data to train on.</summary>
    public static DataReading Open(string data, TableOptions options) =>
        SqliteTable.Recognizes(data) ? SqliteTable.Read(data, options)
            : IsParquet(data) ? ParquetTable.Read(data, Parquet(data, options))
            : DataSource.Open(data, options);

    /// <summary>Data with the columns and classes of a model.</summary>
    /// <param name="data">DATA as written.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target.</param>
    /// <param name="needTarget">Whether rows without a target are refused.</param>
    /// <param name="options">The table's layout.</param>
    public static DataReading Open(string data, IReadOnlyList<Column> inputs, Target target, bool needTarget,
        TableOptions options) =>
        SqliteTable.Recognizes(data) ? SqliteTable.Read(data, inputs, target, needTarget, options)
            : IsParquet(data) ? ParquetTable.Read(data, inputs, target, needTarget, Parquet(data, options))
            : IsTable(data) ? CsvReader.Read(data, inputs, target, needTarget, options)
            : DataSource.Open(data, inputs, target, needTarget, options);

    /// <summary>Whether it is a table, whose columns are found by their names.</summary>
    public static bool IsTable(string data) => SqliteTable.Recognizes(data) || IsParquet(data)
        || (File.Exists(data) && !Dataset.Samples.Any(s => data == s.Name));

    private static bool IsParquet(string data) =>
        data.EndsWith(ParquetTable.Ending, StringComparison.OrdinalIgnoreCase);

    private static TableOptions Parquet(string data, TableOptions options)
    {
        RefuseLayout(data, options, "A Parquet file has columns with names: leave it out.");
        return options;
    }

    /// <summary>Options for the layout of text are refused where there is none.</summary>
    public static void RefuseLayout(string data, TableOptions options, string remedy)
    {
        (string Option, bool Given)[] given =
            [("--no-header", options.Header is not null), ("--delimiter", options.Delimiter is not null)];
        foreach ((string option, bool isGiven) in given)
            if (isGiven) Throw.Input(option, "a text table", data, remedy);
    }
}
