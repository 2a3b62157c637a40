using System.Text.Json;
using Downhill.Data;

namespace Downhill.Playground.Commands;

/// <summary>Own data: a table as text, other columns of it, drawn points, edited points.</summary>
internal sealed record DataCommand(string From, string Text, string Name, string? Target, string[]? Columns,
    string? Delimiter, bool? Header, string? Kind,
    string[]? Classes, double[][]? Points, double[][]? Add, double[][]? Move, double[][]? Label, int[]? Remove)
        : Command
{
    private static readonly string[] Sources = ["csv", "columns", "points", "edit"], Kinds = ["class", "number"];

    // A drawn set: enough for a screen, and few enough for a browser.
    private const int MostDrawn = 20_000;

    public static DataCommand Parse(Fields fields)
    {
        string from = fields.Word("from", Sources);
        string Optional(string field) => fields.Optional(field) is null ? "" : fields.Text(field);
        string name = Optional("name"), target = Optional("target"), delimiter = Optional("delimiter");
        return new(from, from == "csv" ? fields.Text("text") : "", name.Length == 0 ? "data" : Properties.Short(name),
            target.Length == 0 ? null : target,
            fields.Texts("columns"), delimiter.Length == 0 ? null : delimiter, fields.Optional("header") is null ? null
                : fields.Flag("header"),
            fields.Optional("kind") is null ? null : fields.Word("kind", Kinds), fields.Texts("classes"),
                fields.Rows("points", 3, MostDrawn),
            fields.Rows("add", 3, MostDrawn), fields.Rows("move", 3, MostDrawn), fields.Rows("label", 2, MostDrawn),
            fields.Wholes("remove", 0, int.MaxValue));
    }

    public override void Run(Session session, Reply reply)
    {
        Settings settings = session.Run.Settings with { Features = [], Axes = [] };
        switch (From)
        {
            case "csv":
                session.Use(Read(Text, Name), settings);
                break;
            case "columns":
                if (session.Own?.Text is not string text)
                    Throw.Input("Columns", "a table of your own", "none", "Paste or drop one first.");
                else session.Use(Read(text, session.Own.Name), settings);
                break;
            case "points":
                session.Use(new(Drawn(session), null, "points"), settings);
                break;
            default:
                session.Use(new(Edited(session.Table.Raw), null, session.Table.Raw.Name), session.Run.Settings);
                break;
        }
        Preview(session.Table.Raw, reply.Json);
        StateWriter.Write(session, reply);
    }

    private OwnData Read(string text, string name)
    {
        if (text.Length > HelloCommand.CsvBytes)
            Throw.Input(name, $"a table of at most {HelloCommand.CsvBytes / 1_000_000} MB",
                $"{text.Length / 1_000_000} MB",
                "Take a part of the rows; for all of them use the command line: downhill train.");
        if (string.IsNullOrWhiteSpace(text))
            Throw.Input(name, "a table with rows", "nothing", "Paste rows of numbers, one line each.");
        CheckSize(text, name);
        // The reader reads files; in the browser this is one in memory.
        string folder = Directory.CreateTempSubdirectory("downhill").FullName, path = Path.Combine(folder, "data.csv");
        try
        {
            File.WriteAllText(path, text);
            DataReading reading = CsvReader.Read(path, Options(path));
            Dataset read = reading.Data;
            Dataset named = new(name, read.Inputs, read.Target, read.Numeric, read.Codes, read.Classes, read.Values,
                read.Weights);
            CheckNumbers(named);
            return new(named, text, name);
        }
        catch (DownhillException e)
        {
            throw e.Where.Length > 0
                ? new DownhillException(Renamed(e.Where), Renamed(e.Expected), Renamed(e.Got), Renamed(e.Remedy))
                : new DownhillException(Renamed(e.Message));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        // The reader speaks to users of the command line.
        string Renamed(string message) => message.Replace(path, name, StringComparison.Ordinal)
            .Replace("--no-header", "that there is no header", StringComparison.Ordinal)
            .Replace("with --target", "as the target", StringComparison.Ordinal)
                .Replace("with --ignore", "by not picking it", StringComparison.Ordinal)
            .Replace("--", "the option ", StringComparison.Ordinal);
    }

    /// <summary>A network on the screen takes numbers: words and gaps are refused with their column.</summary>
    private static void CheckNumbers(Dataset data)
    {
        if (data.Inputs.FirstOrDefault(column => column.Kind == ColumnKind.Category) is Column words)
            Throw.Input($"{data.Name}, column '{words.Name}'", "numbers",
                $"'{Properties.Short(words.Categories.FirstOrDefault(c => !Numbers.TryParse(c, out _)) ?? "words")}'",
                "Write numbers for the words, or leave the column out by not picking it.");
        int gap = Array.FindIndex(data.Numeric, float.IsNaN);
        if (gap >= 0)
            Throw.Input($"{data.Name}, row {gap / data.NumericCount + 1}, "
                + $"column '{data.Inputs[gap % data.NumericCount].Name}'", "a number", "nothing",
                "Fill it in, remove the row, or leave the column out by not picking it.");
    }

    private TableOptions Options(string path)
    {
        TableOptions options = new()
        {
            Target = Target,
            Delimiter = Delimiter is null ? null : TableOptions.ParseDelimiter(Delimiter),
            Header = Header,
            Task = Kind switch { "class" => TableTask.Classify, "number" => TableTask.Regress, _ => null },
        };
        if (Columns is null) return options;
        IReadOnlyList<string> names = TableLayout.Detect(path, options).Names;
        foreach (string column in Columns)
            if (!names.Contains(column))
                Throw.Input("Columns", $"some of {string.Join(", ", names.Take(20))}", $"'{Properties.Short(column)}'",
                    Suggest.DidYouMean(Properties.Short(column), names));
        string target = Target ?? names[^1];
        string[] ignored = [.. names.Where(name => name != target && !Columns.Contains(name))];
        return ignored.Length == 0 ? options : options with { Ignore = string.Join(',', ignored) };
    }

    /// <summary>Refuses a table far too wide or too long before anything is made of it.</summary>
    private static void CheckSize(string text, string name)
    {
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        ReadOnlySpan<char> first = end < 0 ? text : text.AsSpan(0, end);
        int most = Math.Max(Math.Max(first.Count(','), first.Count(';')), first.Count('\t'));
        if (most + 1 > HelloCommand.Columns)
            Throw.Input($"{name}, line 1", $"at most {HelloCommand.Columns:N0} columns", $"{most + 1:N0}",
                "Take a part of the columns.");
        int lines = text.AsSpan().Count('\n');
        if (lines > HelloCommand.Rows + 1)
            Throw.Input(name, $"at most {HelloCommand.Rows:N0} rows", $"{lines:N0} lines",
                "Take a part of them; for all use the command line: downhill train.");
    }

    private Dataset Drawn(Session session)
    {
        if (Points is null || Points.Length == 0) Throw.Input("Points", "at least 2", "none", "Draw some first.");
        string[] classes = Classes is { Length: >= 2 } named ? named
            : [.. Enumerable.Range(0, Math.Max(2, (int)Points.Max(p => p[2]) + 1)).Select(c => $"{c}")];
        if (classes.Length > 20) Throw.Input("Points", "at most 20 classes", $"{classes.Length}", "Use fewer.");
        return Plane("points", classes, Points);
    }

    private Dataset Edited(Dataset data)
    {
        if (data is not { NumericCount: 2, CategoryCount: 0 })
            Throw.Input("Editing points", "data of two inputs", $"{data.NumericCount}",
            "Draw on a set such as circle.");
        if (!data.Target.IsClass)
            Throw.Input("Editing points", "data with classes", "a number to predict", "Draw on a set such as circle.");
        List<double[]> rows = [.. Enumerable.Range(0, data.Rows)
            .Select(row => new double[] { data.Numeric[2 * row], data.Numeric[2 * row + 1], data.Classes[row] })];
        foreach (double[] move in Move ?? []) (rows[Index(move[0])][0], rows[Index(move[0])][1]) = (move[1], move[2]);
        foreach (double[] label in Label ?? []) rows[Index(label[0])][2] = label[1];
        int[] removed = [.. (Remove ?? []).Distinct().OrderDescending()];
        foreach (int row in removed) rows.RemoveAt(Index(row));
        rows.AddRange(Add ?? []);
        if (rows.Count > MostDrawn)
            Throw.Input("Points", $"at most {MostDrawn:N0}", $"{rows.Count:N0}", "Remove some first.");
        return Plane(data.Name, data.Target.Classes, rows, data.Inputs, data.Target.Names);

        int Index(double row) => row >= 0 && row < rows.Count && row == Math.Floor(row) ? (int)row
            : Throw.Input<int>("Row", $"one from 0 to {rows.Count - 1}", Numbers.Text(row), "Rows are counted from 0.");
    }

    private static Dataset Plane(
        string name, IReadOnlyList<string> classes, IReadOnlyList<double[]> rows, IReadOnlyList<Column>? inputs = null,
            IReadOnlyList<string>? target = null)
    {
        foreach (double[] row in rows)
            if (!(row[2] >= 0 && row[2] < classes.Count && row[2] == Math.Floor(row[2])))
                Throw.Input("Points", $"classes from 0 to {classes.Count - 1}", Numbers.Text(row[2]),
                    "The third number of a point is its class.");
        return new(name, inputs ?? [new("x1"), new("x2")], new(target ?? ["class"], [.. classes]),
            [.. rows.SelectMany(r => new[] { (float)r[0], (float)r[1] })], [], [.. rows.Select(r => (int)r[2])], []);
    }

    private static void Preview(Dataset data, Utf8JsonWriter json)
    {
        const int Shown = 20;
        json.WriteStartObject("preview");
        json.WriteNumber("rows", data.Rows);
        json.WriteStartArray("columns");
        int n = 0;
        foreach (Column column in data.Inputs)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            json.WriteString("kind", column.Kind == ColumnKind.Numeric ? "number" : "category");
            if (column.Kind == ColumnKind.Numeric)
            {
                double low = double.PositiveInfinity, high = double.NegativeInfinity;
                for (int row = 0; row < data.Rows; row++)
                {
                    double value = data.Numeric[row * data.NumericCount + n];
                    (low, high) = (Math.Min(low, value), Math.Max(high, value));
                }
                n++;
                Reply.WriteNumber(json, "min", low);
                Reply.WriteNumber(json, "max", high);
            }
            StateWriter.Texts(json, "categories", column.Categories);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("first");
        for (int row = 0; row < Math.Min(Shown, data.Rows); row++)
        {
            json.WriteStartArray();
            for (int i = 0; i < Math.Min(50, data.NumericCount); i++)
                json.WriteNumberValue(data.Numeric[row * data.NumericCount + i]);
            json.WriteStringValue(data.Target.IsClass ? data.Target.Classes[data.Classes[row]]
                : Numbers.Text(data.Values[row * data.Target.Names.Count]));
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
