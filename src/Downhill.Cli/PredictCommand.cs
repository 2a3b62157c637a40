using System.CommandLine;
using System.Text;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary><c>downhill predict</c>: an answer per row, as CSV.</summary>
internal sealed class PredictCommand : CliCommand
{
    private readonly Argument<string?> model, data;
    private readonly TableWords table;
    private readonly GroupedOption<bool> probabilities, json;
    private readonly GroupedOption<string?> output;

    public PredictCommand(Terminal terminal, CancellationToken cancellation)
        : base("predict", "Gives one answer per row, as CSV.", terminal, cancellation)
    {
        model = AddArgument("MODEL", "a model file");
        data = AddArgument("DATA", "the rows; columns are found by name where the file has a header");
        output = Add("Options", "-o", "FILE", "where the answers go (standard output)");
        probabilities = AddFlag("Options", "--probabilities", "a column p(class) for each class or label besides");
        json = AddFlag("Options", "--json", "one JSON object instead of CSV");
        table = TableWords.AddTo(this);
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train wine", "a model to ask: wine.safetensors"),
        new("datasets wine --to new.csv", "rows to ask about"),
        new("predict wine.safetensors new.csv", "the answers, a line each"),
        new("predict wine.safetensors new.csv --probabilities -o answers.csv", "with probabilities, into a file"),
    ];

    protected override int Run(ParseResult words)
    {
        Model network = Model.Load(words.GetValue(model)!);
        DataReading reading =
            TableWords.Open(words.GetValue(data)!, network, needTarget: false,
            table.Read(words));
        foreach (string note in reading.Notes) Terminal.Error.WriteLine($"note: {note}");
        bool withProbabilities = words.GetValue(probabilities);
        if (withProbabilities && network.Preparation.Target.IsNumeric)
            Throw.Input("--probabilities", "a model of classes or labels", "one of numbers", "Leave it out.");
        string? file = words.GetValue(output);
        if (words.GetValue(json))
        {
            WriteJson(network, reading.Data, withProbabilities);
            if (file is null) return Cli.Done;
        }
        if (file is null or "-")
        {
            Write(Terminal.Data, network, reading.Data, withProbabilities);
            return Cli.Done;
        }
        AtomicFile.Write(file, stream =>
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true);
            Write(writer, network, reading.Data, withProbabilities);
        });
        Terminal.Error.WriteLine($"{MetricsTable.Count(reading.Data.Rows)} answers: {file}");
        return Cli.Done;
    }

    private void Write(TextWriter writer, Model network, Dataset rows, bool withProbabilities)
    {
        Preparation preparation = network.Preparation;
        IEnumerable<string> names = preparation.Target.IsClass ? [preparation.Target.Names[0]]
            : preparation.Target.Names;
        string word = network.GivesProbabilities ? "p" : "output";
        if (withProbabilities) names = names.Concat((preparation.Target.IsClass
            ? preparation.Target.Classes : preparation.Target.Names).Select(c => $"{word}({c})"));
        StringBuilder text = new(string.Join(',', names.Select(CsvField.Of)) + "\n");
        foreach ((string[] answer, float[] shares) in Answers(network, rows))
        {
            text.Append(string.Join(',', answer.Select(CsvField.Of)));
            if (withProbabilities) foreach (float share in shares) text.Append(',').Append(CsvField.Of(share));
            text.Append('\n');
            if (text.Length < 1 << 15) continue;
            writer.Write(text);
            text.Clear();
        }
        writer.Write(text);
    }

    private void WriteJson(Model network, Dataset rows, bool withProbabilities) => JsonReport.Write(Terminal, json =>
    {
        Preparation preparation = network.Preparation;
        json.WriteString("data", rows.Name);
        json.WriteNumber("rows", rows.Rows);
        JsonReport.Texts(json, preparation.Target.IsClass ? "classes"
            : preparation.Target.IsMultiLabel ? "labels" : "targets",
            preparation.Target.IsClass ? preparation.Target.Classes : preparation.Target.Names);
        json.WriteStartArray("answers");
        foreach ((string[] answer, float[] shares) in Answers(network, rows))
        {
            if (withProbabilities)
            {
                json.WriteStartObject();
                if (preparation.Target.IsClass) json.WriteString("answer", answer[0]);
                else JsonReport.Numbers(json, "answer", shares.Select(s => Preparation.SaysYes(s) ? 1.0 : 0));
                JsonReport.Numbers(json, network.GivesProbabilities ? "p" : "output", shares.Select(s => (double)s));
                json.WriteEndObject();
            }
            else if (preparation.Target.IsClass)
            {
                json.WriteStringValue(answer[0]);
            }
            else
            {
                json.WriteStartArray();
                foreach (float value in shares)
                    if (preparation.Target.IsNumeric) json.WriteNumberValue(value);
                    else json.WriteNumberValue(Preparation.SaysYes(value) ? 1 : 0);
                json.WriteEndArray();
            }
        }
        json.WriteEndArray();
    });

    /// <summary>Per row: the class name, the numbers, or 1 and 0 for the labels; and a share per class or label, or the
    /// numbers again.</summary>
    private IEnumerable<(string[] Answer, float[] Shares)> Answers(Model network, Dataset rows)
    {
        Preparation preparation = network.Preparation;
        int numbers = rows.NumericCount, categories = rows.CategoryCount;
        float[] outputs = new float[preparation.Outputs];
        for (int row = 0; row < rows.Rows; row++)
        {
            Cancellation.ThrowIfCancellationRequested();
            network.Predict(rows.Numeric.AsSpan(row * numbers, numbers), outputs,
                rows.Codes.AsSpan(row * categories, categories));
            if (!preparation.Target.IsClass)
            {
                yield return ([.. outputs.Select(o => preparation.Target.IsNumeric ? CsvField.Of(o)
                    : Preparation.SaysYes(o) ? "1" : "0")], outputs);
                continue;
            }
            float[] shares = outputs;
            if (preparation.SingleOutput)
            {
                // One unit between the codes of the two classes.
                float second =
                    (float)((outputs[0] - preparation.TargetLow) / (preparation.TargetHigh - preparation.TargetLow));
                shares = [1 - second, second];
            }
            yield return ([preparation.Target.Classes[preparation.ClassOf<float>(outputs)]], shares);
        }
    }
}
