using System.CommandLine;
using Downhill.Data;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary><c>downhill datasets</c>: what comes with Downhill, where it is from, and a file of it.</summary>
internal sealed class DatasetsCommand : CliCommand
{
    private readonly Argument<string?> name;
    private readonly GroupedOption<string?> to;
    private readonly GroupedOption<bool> json;

    public DatasetsCommand(Terminal terminal, CancellationToken cancellation)
        : base("datasets", "Shows the data sets that come with it, and writes one out.", terminal, cancellation)
    {
        name = AddArgument("NAME", "one of them, with parameters where it has some: moons(noise=0.2)", optional: true);
        to = Add("Options", "--to", "FILE.csv", "write it as CSV (with .gz compressed, '-' for standard output)");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("datasets", "all of them"),
        new("datasets moons", "what one is, and its parameters"),
        new("datasets moons(noise=0.2,rows=1000) --to moons.csv", "write one out (quote the parentheses in a shell)"),
    ];

    protected override int Run(ParseResult words)
    {
        if (words.GetValue(to) is string file)
        {
            if (words.GetValue(name) is not string wanted)
                Throw.Input("--to", "the NAME of a data set", "none",
                    "Say, for example: downhill datasets iris --to iris.csv.");
            else Write(Dataset.Load(wanted), file);
            return Cli.Done;
        }
        Entry<Sample>[] shown = words.GetValue(name) is string one ? [Find(one)] : [.. Dataset.Samples];
        if (words.GetValue(json)) WriteJson(shown);
        else if (shown.Length == 1) WriteOne(shown[0]);
        else WriteAll(shown);
        return Cli.Done;
    }

    private void Write(Dataset data, string file)
    {
        if (file == "-") CsvWriter.Write(data, Terminal.Data);
        else CsvWriter.Write(data, file);
        if (file != "-") Terminal.Error.WriteLine($"{MetricsTable.Count(data.Rows)} rows: {file}");
    }

    private static Entry<Sample> Find(string text)
    {
        string name = text.Split('(')[0];
        Dataset.Load(text); // refuses what is not there
        return Dataset.Samples.First(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private void WriteAll(Entry<Sample>[] samples)
    {
        Table table =
            Terminal.Table(("name", false), ("rows", true), ("in", true), ("out", true), ("what it is", false));
        foreach (Entry<Sample> entry in samples)
        {
            Sample sample = entry.Default;
            Terminal.Row(table, entry.Name, MetricsTable.Count(sample.Rows), MetricsTable.Count(sample.Inputs),
                sample.Classes == 0 ? "-" : $"{sample.Classes}", entry.Summary);
        }
        Terminal.Write(table);
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine(Terminal.Paint("  in: inputs; out: classes, or - for a number", Ink.Dim));
        Terminal.Out.WriteLine("  'downhill datasets NAME' tells source, licence and parameters.");
    }

    private void WriteOne(Entry<Sample> entry)
    {
        Sample sample = entry.Default;
        Line("name", entry.Name);
        Line("is", entry.Summary);
        if (entry.Formula.Length > 0) Line("formula", entry.Formula);
        Line("size",
            $"{MetricsTable.Count(sample.Rows)} rows, {sample.Inputs} inputs, "
            + (sample.Classes == 0 ? "a number to predict" : $"{sample.Classes} classes"));
        Line("source", entry.Source);
        Line("licence", sample.Licence);
        foreach (Parameter parameter in entry.Parameters)
            Line(parameter.Name,
                $"{parameter.Summary} {parameter.RangeText()}; {Numbers.Text(parameter.Default)} if not given");

        void Line(string word, string text)
        {
            string start = $"  {word,-9} ";
            foreach (string line in HelpPage.Wrap(text, Terminal.Width - start.Length))
            {
                Terminal.Out.WriteLine(start + line);
                start = new string(' ', start.Length);
            }
        }
    }

    private void WriteJson(Entry<Sample>[] samples) => JsonReport.Write(Terminal, json =>
    {
        json.WriteStartArray("datasets");
        foreach (Entry<Sample> entry in samples)
        {
            Sample sample = entry.Default;
            json.WriteStartObject();
            json.WriteString("name", entry.Name);
            json.WriteString("summary", entry.Summary);
            json.WriteNumber("rows", sample.Rows);
            json.WriteNumber("inputs", sample.Inputs);
            json.WriteNumber("classes", sample.Classes);
            json.WriteString("source", entry.Source);
            json.WriteString("licence", sample.Licence);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
