using System.CommandLine;
using Downhill.Onnx;

namespace Downhill.Cli;

/// <summary><c>downhill import</c>: an ONNX multi-layer perceptron becomes a model.</summary>
internal sealed class ImportCommand : CliCommand
{
    private readonly Argument<string?> file;
    private readonly GroupedOption<string?> output;
    private readonly GroupedOption<bool> json;

    public ImportCommand(Terminal terminal, CancellationToken cancellation)
        : base("import", "Makes a model of an ONNX file that is a multi-layer perceptron.", terminal, cancellation)
    {
        file = AddArgument("FILE.onnx", "as PyTorch, Keras, scikit-learn or 'downhill export' write it");
        output = Add("Options", "-o", "MODEL", "the model file (FILE.safetensors, here)");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train iris --epochs 50", "a model: iris.safetensors"),
        new("export iris.safetensors --to onnx", "the model as ONNX: iris.onnx"),
        new("import iris.onnx -o flowers.safetensors", "and back"),
        new("evaluate flowers.safetensors iris", "it answers as before"),
    ];

    protected override int Run(ParseResult words)
    {
        string path = words.GetValue(file)!;
        string target = words.GetValue(output) ?? $"{Path.GetFileNameWithoutExtension(path)}.safetensors";
        Model model = OnnxImport.Load(path);
        model.Save(target);
        Preparation preparation = model.Preparation;
        string answers = preparation.Target.IsClass ? $"classes {TableWords.Listed(preparation.Target.Classes)}"
            : $"numbers {TableWords.Listed(preparation.Target.Names)}";
        if (words.GetValue(json))
            JsonReport.Write(Terminal, writer =>
            {
                writer.WriteString("file", path);
                writer.WriteString("network", model.Spec.ToString());
                writer.WriteNumber("parameters", model.Spec.ParameterCount);
                JsonReport.Texts(writer, "columns", preparation.Inputs.Select(c => c.Name));
                JsonReport.Texts(writer, preparation.Target.IsClass ? "classes" : "targets",
                    preparation.Target.IsClass ? preparation.Target.Classes : preparation.Target.Names);
                writer.WriteString("weightsHash", model.WeightsHash);
                writer.WriteString("model", target);
            });
        else
            Terminal.Error.WriteLine($"{model.Spec}, {MetricsTable.Count(model.Spec.ParameterCount)} parameters, {answers}: {target}");
        return Cli.Done;
    }
}
