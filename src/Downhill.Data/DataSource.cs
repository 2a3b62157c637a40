namespace Downhill.Data;

/// <summary>What a user may write for DATA, resolved: the name of a sample, a table file, or a folder of images or IDX
/// files.</summary>
public static class DataSource
{
    private static readonly string[] TableEndings = [".csv", ".tsv", ".txt", ".data", ".dat", ".tra", ".tes"];

    /// <summary>Opens data by name or path.</summary>
    /// <param name="data">
    /// <c>iris</c>, <c>moons(noise=0.2)</c> (a sample comes before a file of the same name; write <c>./iris</c> for the
    /// file), <c>table.csv</c>, <c>table.tsv.gz</c>, or a folder.
    /// </param>
    /// <param name="options">For tables; null for all defaults.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with a remedy.</exception>
    public static DataReading Open(string data, TableOptions? options = null) =>
        Resolve(data, path => CsvReader.Read(path, options), options);

    /// <summary>
    /// Opens data for a model that exists: tables as <see cref="CsvReader"/> reads them for a model; of samples and
    /// folders the columns are taken by name, or by position when they are as many, and the classes by name.
    /// </summary>
    /// <param name="data">As for the other overload.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target.</param>
    /// <param name="needTarget">Whether a table without the target is refused.</param>
    /// <param name="options">For tables; null for all defaults.</param>
    /// <exception cref="DownhillException">Columns or classes that do not fit the model, or what else is
    /// wrong.</exception>
    public static DataReading Open(
        string data, IReadOnlyList<Column> inputs, Target target, bool needTarget, TableOptions? options = null)
    {
        bool fits = false;
        DataReading reading = Resolve(data, path =>
        {
            fits = true;
            return CsvReader.Read(path, inputs, target, needTarget, options);
        }, options);
        return fits ? reading : reading with { Data = Fit(reading.Data, inputs, target) };
    }

    /// <summary>A data set in memory with a model's columns and class codes; its test part likewise.</summary>
    private static Dataset Fit(Dataset data, IReadOnlyList<Column> inputs, Target target)
    {
        string[] names = [.. data.Inputs.Select(c => c.Name)];
        int[] from = [.. inputs.Select(column => Array.IndexOf(names, column.Name))];
        if (from.Contains(-1))
        {
            if (names.Length != inputs.Count)
                Throw.Input($"Data '{data.Name}'",
                    $"the model's {inputs.Count} inputs {ColumnSelection.Listed([.. inputs.Select(c => c.Name)])}",
                    $"{names.Length} inputs {ColumnSelection.Listed(names)}",
                    "Use data of the kind the model was trained on.");
            from = [.. Enumerable.Range(0, names.Length)];
        }
        if (data.Target.IsClass != target.IsClass || data.Target.IsMultiLabel != target.IsMultiLabel
            || (!target.IsClass && data.Target.Names.Count != target.Names.Count))
            Throw.Input($"Data '{data.Name}'", KindOf(target), KindOf(data.Target),
                "Use data of the kind the model was trained on.");
        int[] codes = [.. data.Target.Classes.Select(name => target.Classes.ToList().IndexOf(name))];
        int unknown = Array.FindIndex(data.Classes, code => codes[code] < 0);
        if (unknown >= 0)
            Throw.Input($"Data '{data.Name}', row {unknown + 1}",
                $"one of the model's classes {ColumnSelection.Listed(target.Classes)}",
                $"'{data.Target.Classes[data.Classes[unknown]]}'", "Use data of the kind the model was trained on.");
        float[] numeric = data.Numeric;
        if (!from.SequenceEqual(Enumerable.Range(0, names.Length)))
        {
            numeric = new float[data.Rows * from.Length];
            for (int row = 0; row < data.Rows; row++)
                for (int i = 0; i < from.Length; i++)
                    numeric[row * from.Length + i] = data.Numeric[row * names.Length + from[i]];
        }
        return new Dataset(data.Name, inputs, target, numeric, [], Array.ConvertAll(data.Classes, code => codes[code]),
            data.Values, data.Weights)
        {
            Image = data.Image, Source = data.Source, Licence = data.Licence,
            Test = data.Test is null ? null : Fit(data.Test, inputs, target),
        };
    }

    private static string KindOf(Target target) => target.IsClass ? "classes"
        : $"{target.Names.Count} {(target.IsMultiLabel ? "labels" : "numbers")} to predict";

    private static DataReading Resolve(string data, Func<string, DataReading> readTable, TableOptions? options)
    {
        if (string.IsNullOrWhiteSpace(data))
            Throw.Input("DATA", "the name of a sample, a file or a folder", "nothing", "Try digits or iris.");
        if (data.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase))
            Throw.Input(data, "a sample, a table file or a folder", "a database",
                "Open the query and give its rows to DatabaseReader.");
        if (IsSample(data) || Directory.Exists(data)) RefuseOptions(data, options);
        if (IsSample(data)) return Describe(Dataset.Load(data));
        if (Directory.Exists(data)) return OpenFolder(data);
        if (!File.Exists(data)) return Missing(data);
        if (new FileInfo(data).Length == 0)
            Throw.Input(data, "a table with rows", "an empty file", "Check that it was written completely.");
        string ending = Ending(data);
        if (ending == ".parquet")
            Throw.Input(data, "a .csv, .tsv or .txt file (or one of them with .gz)", "Parquet",
                "Read it with ParquetTable of the package Downhill.Data.Parquet, or save it as CSV.");
        if (!TableEndings.Contains(ending))
            Throw.Input(data, "a .csv, .tsv or .txt file (or one of them with .gz)",
                ending.Length == 0 ? "a file without an ending" : $"'{ending}'",
                "If it is a text table, rename it to .csv.");
        return readTable(data);
    }

    /// <summary>Columns of samples and of folders of pictures are what they are: nobody's wish is passed over in
    /// silence.</summary>
    private static void RefuseOptions(string data, TableOptions? options)
    {
        if (options is null) return;
        (string Option, string? Value)[] given =
        [
            ("target", options.Target), ("ignored columns", options.Ignore), ("weight", options.Weight),
            ("task", options.Task?.ToString().ToLowerInvariant()), ("header", options.Header is null ? null : "none"),
            ("categorical columns", options.Categorical), ("numeric columns", options.NumericColumns),
            ("missing", options.Missing is null ? null : string.Join(',', options.Missing)),
            ("delimiter", options.Delimiter?.ToString()), ("decimal mark", options.Decimal == '.' ? null : ","),
        ];
        foreach ((string option, string? value) in given)
            if (value is not null)
                Throw.Input($"Data '{data}'", "no options for tables, for it is none", $"{option} '{value}'",
                    "Leave it out, or write a sample to a file first ('downhill datasets NAME --to FILE.csv') and use "
                        + "the file.");
    }

    /// <summary>The short name of a file or folder: without folders and endings.</summary>
    public static string NameOf(string path)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        if (TableText.IsGzip(name)) name = name[..^3];
        string bare = Path.GetFileNameWithoutExtension(name);
        return bare.Length > 0 ? bare : name.Length > 0 ? name : "data";
    }

    private static bool IsSample(string data)
    {
        int open = data.IndexOf('(', StringComparison.Ordinal);
        string name = (open < 0 ? data : data[..open]).Trim();
        return Dataset.Samples.Any(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private static DataReading Describe(Dataset data)
    {
        string goal = data.Target.IsClass ? $"{data.Target.Classes.Count} classes" : "a number to predict";
        return new DataReading(data,
            $"{data.Name}: {data.Rows} rows, {data.NumericCount} inputs, {goal}; {data.Source}");
    }

    private static DataReading OpenFolder(string folder)
    {
        if (IdxReader.Recognizes(folder)) return IdxReader.ReadFolder(folder);
        if (ImageFolder.Recognizes(folder)) return ImageFolder.Read(folder);
        string got = Directory.EnumerateFileSystemEntries(folder).Any() ? "other files" : "an empty folder";
        return Throw.Input<DataReading>(folder,
            "a folder of PNG images in a folder for each class, or one with train-images-idx3-ubyte and its three "
            + "companions (or .gz)", got, "Name a file in it.");
    }

    private static DataReading Missing(string data)
    {
        string known = string.Join(", ", Dataset.Samples.Select(s => s.Name));
        bool path = data.AsSpan().IndexOfAny('/', '\\') >= 0 || Ending(data).Length > 0;
        return Throw.Input<DataReading>($"Data '{data}'",
            path ? "a file or folder" : $"a file, a folder or one of {known}", "nothing by that name", Nearby(data));
    }

    /// <summary>For a file that is not there: the nearest name beside it or among the samples.</summary>
    internal static string Nearby(string path)
    {
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        if (!Directory.Exists(folder)) return $"The folder {folder} does not exist either.";
        string name = Path.GetFileName(path);
        string[] beside;
        try
        {
            beside = [.. Directory.EnumerateFileSystemEntries(folder).Take(10_000)
                .Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            beside = [];
        }
        IEnumerable<string> samples = folder == "." ? Dataset.Samples.Select(s => s.Name) : [];
        string? near = Suggest.Nearest(name, samples.Concat(beside)) ?? Suggest.Nearest(NameOf(name), samples);
        if (near is null) return "Check the spelling and the folder.";
        return $"Did you mean '{(folder == "." || !beside.Contains(near) ? near : Path.Combine(folder, near))}'?";
    }

    private static string Ending(string path) =>
        Path.GetExtension(TableText.IsGzip(path) ? path[..^3] : path).ToLowerInvariant();
}
