using System.Buffers;
using System.CommandLine;
using System.Text;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary>
/// <c>downhill evaluate</c>: a model's metrics on data, and each row's cost, whose sum is the total (lecture L9).
/// </summary>
internal sealed class EvaluateCommand : CliCommand
{
    private readonly Argument<string?> model, data;
    private readonly TableWords table;
    private readonly GroupedOption<bool> perExample, importance, json;
    private readonly GroupedOption<string?> repeats, seed, threads, target, weight, output;

    public EvaluateCommand(Terminal terminal, CancellationToken cancellation)
        : base("evaluate", "Measures a model on data.", terminal, cancellation)
    {
        model = AddArgument("MODEL", "a model file");
        data = AddArgument("DATA", "the rows, with the target column; a set with a test part of its own gives that");
        perExample =
            AddFlag("Options", "--per-example", "each row's outputs, target and cost; the costs add up to the total");
        output = Add("Options", "-o", "FILE", "with --per-example: the rows as CSV ('-' for standard output)");
        importance = AddFlag("Options", "--importance",
            "what each column is worth: how much the loss rises when its values change places among the rows");
        repeats = Add("Options", "--repeats", "N", "with --importance: how often each column is mixed (10)");
        seed = Add("Options", "--seed", "N", "with --importance: of the mixing (1)");
        threads = Add("Options", "--threads", "N", "with --importance: does not change the result (one per core)");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
        target = Add("Table", "--target", "COLS", "the target, where it has another name than in training");
        weight = Add("Table", "--weight", "COL", "column with the weight of each row: a row of weight 2 counts twice");
        table = TableWords.AddTo(this, target, weight);
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train iris", "a model to measure: iris.safetensors"),
        new("evaluate iris.safetensors iris", "loss, accuracy and who was taken for whom"),
        new("evaluate iris.safetensors iris --per-example", "row by row"),
        new("evaluate iris.safetensors iris --importance", "which columns the answers come from"),
        new("evaluate iris.safetensors iris --per-example -o costs.csv", "the same as a table for a spreadsheet"),
    ];

    private sealed record RowResult(int Number, float? Weight, string Target, string Answer, double Cost,
        float[] Outputs);

    protected override int Run(ParseResult words)
    {
        string modelPath = words.GetValue(model)!, dataName = words.GetValue(data)!;
        bool isPerExample = words.GetValue(perExample), isJson = words.GetValue(json);
        string? file = words.GetValue(output);
        if (file is not null && !isPerExample)
            Throw.Input("-o", "--per-example with it", "none", "Only rows are written to a file.");
        bool isImportance = words.GetValue(importance);
        foreach (GroupedOption<string?> option in (ReadOnlySpan<GroupedOption<string?>>)[repeats, seed, threads])
            if (!isImportance && words.GetValue(option) is not null)
                Throw.Input(option.Name, "--importance with it", "none", "It says how importance is measured.");
        int times = Values.Whole(repeats.Name, words.GetValue(repeats), 1, 10_000, "10 are usual.") ?? 10;
        ulong mixing = Values.Seed(seed.Name, words.GetValue(seed)) ?? 1;
        int cores = Values.Whole(threads.Name, words.GetValue(threads), 1, 1024, "Leave it out for one per core.") ?? 0;
        Model network = Model.Load(modelPath);
        DataReading reading =
            TableWords.Open(dataName, network, needTarget: true,
            table.Read(words));
        foreach (string note in reading.Notes) Terminal.Error.WriteLine($"note: {note}");
        Dataset rows = reading.Data;
        List<RowResult> results = [];
        double total = 0;
        Metrics metrics = network.Evaluate(rows, each: (row, cost, outputs) =>
        {
            Cancellation.ThrowIfCancellationRequested();
            total += rows.Weights is null ? cost : rows.Weights[row] * cost;
            if (isPerExample) results.Add(Result(network.Preparation, rows, row, cost, outputs));
        });
        PermutationImportance? worth = !isImportance ? null
            : PermutationImportance.Of(network, rows, null, times, mixing, cores, Cancellation);
        bool isCsvOnOut = file == "-" && !isJson;
        if (file is not null && file != "-") WriteFile(file, network.Preparation, results);
        if (isJson)
        {
            WriteJson(modelPath, network, rows, metrics, total, isPerExample ? results : null, worth);
            return Cli.Done;
        }
        if (isCsvOnOut)
        {
            WriteCsv(Terminal.Data, network.Preparation, results);
            return Cli.Done;
        }
        if (network.Training?.Data == rows.Name && rows.Name == reading.Data.Name && reading.Data.Test is null
            && dataName == rows.Name)
            Terminal.Error.WriteLine($"note: the model has been trained on rows of '{rows.Name}'; "
                + "what it is worth on new ones, the test part says");
        if (isPerExample && file is null) WriteRows(network.Preparation, results);
        MetricsTable.Write(Terminal, (rows.Name, metrics));
        if (metrics.Confusion is not null && !isPerExample)
            ConfusionTable.Write(Terminal, "all rows", network.Preparation.Target, metrics.Confusion);
        else TargetsTable.Write(Terminal, "all rows", network.Preparation.Target, metrics);
        if (worth is not null) ImportanceTable.Write(Terminal, network.Preparation.Target, worth);
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine($"  total cost C = Σ {(rows.Weights is null ? "" : "w·")}Lʳ = {Numbers.Text(total)}"
            + $" over "
            + $"{MetricsTable.Count(rows.Rows)} rows ({network.Loss})");
        if (file is not null) Terminal.Out.WriteLine($"  rows      {file}");
        return Cli.Done;
    }

    private static RowResult Result(Preparation preparation, Dataset rows, int row, double cost, float[] outputs)
    {
        if (preparation.Target.IsClass)
            return new(row + 1, rows.Weights?[row], preparation.Target.Classes[rows.Classes[row]],
                preparation.Target.Classes[preparation.ClassOf<float>(outputs)], cost, outputs);
        int count = preparation.Outputs;
        if (preparation.Target.IsMultiLabel)
            return new(row + 1, rows.Weights?[row],
                TargetWords.Labels(preparation.Target, rows.Values.AsSpan(row * count, count)),
                TargetWords.Labels(preparation.Target, outputs), cost, outputs);
        float[] values = [.. outputs.Select((o, i) => (float)preparation.ValueOf(o, i))];
        return new(row + 1, rows.Weights?[row],
            string.Join(' ', rows.Values.AsSpan(row * count, count).ToArray().Select(v => v.ToString("G6"))),
            string.Join(' ', values.Select(v => v.ToString("G6"))), cost, values);
    }

    private void WriteRows(Preparation preparation, List<RowResult> results)
    {
        bool isClass = !preparation.Target.IsNumeric;
        int name = Math.Clamp(results.Max(r => Math.Max(r.Target.Length, r.Answer.Length)), 6, 16),
            number = Math.Max(4, $"{results.Count}".Length);
        int room = (Terminal.Width - number - 2 * name - 20) / 6;
        bool hasAll = preparation.Outputs <= room, isWeighted = results[0].Weight is not null;
        StringBuilder head =
            new($"  {"row".PadLeft(number)}  {"target".PadRight(name)}  {"answer".PadRight(name)}  "
                + $"{(isWeighted ? "  weight  " : "")}{"cost",10}");
        if (isClass) head.Append(hasAll ? "  outputs" : "  largest outputs");
        Terminal.Out.WriteLine(Terminal.Paint(head.ToString(), Ink.Dim));
        IReadOnlyList<string> names = preparation.Target.IsClass ? preparation.Target.Classes
            : preparation.Target.Names;
        foreach (RowResult row in results)
        {
            bool isWrong = isClass && row.Target != row.Answer;
            StringBuilder line =
                new($"  {row.Number.ToString().PadLeft(number)}  {ConfusionTable.Cut(row.Target, name).PadRight(name)}"
                    + $"  ");
            line.Append(Terminal.Paint(ConfusionTable.Cut(row.Answer, name).PadRight(name),
                isWrong ? Ink.Bad : Ink.Plain));
            if (row.Weight is float weight) line.Append(MetricsTable.Short(weight).PadLeft(10));
            line.Append($"  {row.Cost.ToString(row.Cost is < 1e-4 and not 0 ? "0.000E+0" : "0.000000"),10} ");
            if (isClass && hasAll)
                foreach (float value in row.Outputs) line.Append(value.ToString("0.000").PadLeft(6));
            else if (isClass)
                foreach (int c in Enumerable.Range(0, row.Outputs.Length).OrderByDescending(c =>
                    row.Outputs[c]).Take(2))
                    line.Append($" {ConfusionTable.Cut(names[c], 8)}={row.Outputs[c]:0.000}");
            Terminal.Out.WriteLine(line.ToString().TrimEnd());
        }
    }

    private static void WriteFile(string path, Preparation preparation, List<RowResult> results) =>
        AtomicFile.Write(path, stream =>
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true);
        WriteCsv(writer, preparation, results);
    });

    private static void WriteCsv(TextWriter writer, Preparation preparation, List<RowResult> results)
    {
        bool isWeighted = results.Count > 0 && results[0].Weight is not null;
        string[] names = ["row", "target", "answer", .. isWeighted ? (string[])["weight"] : [], "cost",
            .. OutputNames(preparation)];
        writer.Write(string.Join(',', names.Select(CsvField.Of)) + "\n");
        foreach (RowResult row in results)
        {
            IEnumerable<string> outputs = row.Outputs.Select(CsvField.Of);
            writer.Write($"{row.Number},{CsvField.Of(row.Target)},{CsvField.Of(row.Answer)},"
                + $"{(row.Weight is float weight ? $"{CsvField.Of(weight)}," : "")}{Numbers.Text(row.Cost)},");
            writer.Write(string.Join(',', outputs) + "\n");
        }
    }

    /// <summary>Names of the network's outputs as columns.</summary>
    private static IEnumerable<string> OutputNames(Preparation preparation) =>
        !preparation.Target.IsClass ? preparation.Target.Names.Select(n => $"output {n}")
        : preparation.SingleOutput ? [$"output {preparation.Target.Classes[1]}"]
            : preparation.Target.Classes.Select(c => $"output {c}");

    private void WriteJson(string path, Model network, Dataset rows, Metrics metrics, double total,
        List<RowResult>? results, PermutationImportance? worth) =>
        JsonReport.Write(Terminal, json =>
        {
            json.WriteString("model", path);
            json.WriteString("data", rows.Name);
            json.WriteNumber("rows", rows.Rows);
            JsonReport.Metrics(json, network.Preparation.Target, metrics);
            JsonReport.Reliability(json, metrics);
            JsonReport.Number(json, "totalCost", total);
            if (metrics.Confusion is int[,] confusion)
            {
                JsonReport.Texts(json, "classes", network.Preparation.Target.Classes);
                json.WriteStartArray("confusion");
                for (int actual = 0; actual < confusion.GetLength(0); actual++)
                {
                    json.WriteStartArray();
                    for (int predicted = 0; predicted < confusion.GetLength(1); predicted++)
                        json.WriteNumberValue(confusion[actual, predicted]);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
            }
            if (worth is not null) ImportanceTable.WriteJson(json, worth);
            if (results is null) return;
            json.WriteStartArray("perExample");
            foreach (RowResult row in results)
            {
                json.WriteStartObject();
                json.WriteNumber("row", row.Number);
                json.WriteString("target", row.Target);
                json.WriteString("answer", row.Answer);
                if (row.Weight is float weight) JsonReport.Number(json, "weight", weight);
                JsonReport.Number(json, "cost", row.Cost);
                JsonReport.Numbers(json, "outputs", row.Outputs.Select(o => (double)o));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
}

/// <summary>A field of a CSV line: quoted where it must be, numbers in their shortest exact form.</summary>
internal static class CsvField
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(",;\"\r\n\t");

    public static string Of(string text) =>
        text.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    public static string Of(float value) => value.ToString("R");
}
