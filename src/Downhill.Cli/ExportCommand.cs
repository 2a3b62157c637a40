using System.CommandLine;
using System.Text;
using Downhill.Onnx;

namespace Downhill.Cli;

/// <summary><c>downhill export</c>: a model as ONNX, as source, or as a drawing.</summary>
internal sealed class ExportCommand : CliCommand
{
    private const string Onnx = "onnx";

    private readonly Argument<string?> model;
    private readonly GroupedOption<string?> to, output, inputs;
    private readonly GroupedOption<bool> json;

    public ExportCommand(Terminal terminal, CancellationToken cancellation)
        : base("export", "Writes a model as ONNX, as source without dependencies, or as a drawing.", terminal,
        cancellation)
    {
        model = AddArgument("MODEL", "a model file");
        to = Add("Options", "--to", "FORMAT", $"{string.Join(", ", Formats)}");
        output = Add("Options", "-o", "FILE",
            "where it goes (MODEL with the format's extension, here); '-' for standard output");
        inputs = Add("Options", "--inputs", "columns|tensor",
            "onnx: an input per raw column, or all in one (columns where some hold categories)");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
    }

    private static IEnumerable<string> Formats => SourceLanguage.All.Select(l => l.Name).Prepend(Onnx);

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train iris --epochs 50", "a model to export: iris.safetensors"),
        new("export iris.safetensors --to onnx", "iris.onnx: raw columns in, class and probabilities out"),
        new("export iris.safetensors --to c", "iris.c: one file, C99"),
        new("export iris.safetensors --to python -o flowers.py", "a module for Python without packages"),
        new("export iris.safetensors --to dot -o -", "the network for Graphviz, printed"),
    ];

    public override IReadOnlyList<(string Heading, string Text)> Notes { get; } =
    [
        ("Formats", string.Join('\n', SourceLanguage.All.Select(l => $"{l.Name}: {l.Summary}")
            .Prepend($"{Onnx}: a graph for ONNX Runtime and everything else that reads ONNX"))),
    ];

    protected override int Run(ParseResult words)
    {
        string path = words.GetValue(model)!, format = words.GetValue(to) ?? "";
        if (format.Length == 0)
            Throw.Input("--to", $"one of {string.Join(", ", Formats)}", "nothing", "Say, for example: --to onnx.");
        _ = Values.OneOf("--to", format, [.. Formats]);
        SourceLanguage? language = SourceLanguage.All.FirstOrDefault(
            l => l.Name.Equals(format, StringComparison.OrdinalIgnoreCase));
        int? form = Values.OneOf("--inputs", words.GetValue(inputs), "columns", "tensor");
        if (form is not null && language is not null)
            Throw.Input("--inputs", "--to onnx", $"--to {language}", "Source takes a row as it is: leave it out.");
        Model network = Model.Load(path);
        string name = Path.GetFileNameWithoutExtension(path);
        string file = words.GetValue(output)
            ?? (language is null ? $"{name}.onnx" : SourceModel.Identifier(name) + language.Extension);
        if (file == "-" && language is null)
            Throw.Input("-o", "a file: ONNX is no text", "'-'", "Leave it out, or name the file.");
        // A file of source is called after itself: module, functions and file agree.
        if (file != "-") name = Path.GetFileNameWithoutExtension(file);
        byte[] bytes = language is null
            ? OnnxExport.ToBytes(network, new() { Name = name, Inputs = (OnnxInputs)(form + 1 ?? 0) })
            : Encoding.UTF8.GetBytes(language.Write(network, name));
        if (file == "-") Terminal.Data.Write(Encoding.UTF8.GetString(bytes));
        else AtomicFile.Write(file, stream => stream.Write(bytes));
        if (words.GetValue(json) && file != "-")
            JsonReport.Write(Terminal, writer =>
            {
                writer.WriteString("model", path);
                writer.WriteString("to", language?.Name ?? Onnx);
                writer.WriteString("file", file);
                writer.WriteNumber("bytes", bytes.Length);
            });
        else if (file != "-") Terminal.Error.WriteLine(
            $"{language?.Name ?? Onnx}, {MetricsTable.Count(bytes.Length)} bytes: {file}");
        return Cli.Done;
    }
}
