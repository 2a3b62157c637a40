using System.Reflection;
using Downhill.Onnx.Schema;
using Google.Protobuf;

namespace Downhill.Onnx;

/// <summary>How the rows come into an exported graph.</summary>
public enum OnnxInputs
{
    /// <summary><see cref="Columns"/> where a column holds categories, else <see cref="Tensor"/>.</summary>
    Automatic,

    /// <summary>One input per raw column, by its name: [N,1], float32 or string.</summary>
    Columns,

    /// <summary>One float32 input "input" [N, raw columns]; a category is its place in the column's list, −1 when
    /// unknown.</summary>
    Tensor,
}

/// <summary>Choices of an export.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>Name of the graph.</summary>
    public string Name { get; init; } = "downhill";

    /// <summary>How the rows come in.</summary>
    public OnnxInputs Inputs { get; init; }
}

/// <summary>
/// Writes a whole model as one ONNX graph of standard operators: raw columns in; scaling, categories and network; class
/// names, probabilities or numbers in the target's units out. It is a pure function of the model, so the same model
/// gives the same bytes. Layout: docs/EXPORT.md.
/// </summary>
public static class OnnxExport
{
    /// <summary>Version of the standard operators ("opset") that the graphs are written in.</summary>
    public const int OperatorSet = 20;

    /// <summary>Version of the file format ("IR version").</summary>
    public const int FormatVersion = 10;

    internal const string PreparationKey = "downhill.preparation";

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="DownhillException">The folder is missing or cannot be written to, or a layer has no ONNX
    /// form.</exception>
    public static void Save(Model model, string path, OnnxExportOptions? options = null)
    {
        byte[] bytes = ToBytes(model, options);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>Writes the file's bytes to a stream.</summary>
    /// <exception cref="DownhillException">A layer has no ONNX form.</exception>
    public static void Write(Model model, Stream stream, OnnxExportOptions? options = null) =>
        Build(model, options ?? new()).WriteTo(stream);

    /// <summary>The file's bytes, for where there are no files.</summary>
    /// <exception cref="DownhillException">A layer has no ONNX form, or the file would be above 2 GiB.</exception>
    public static byte[] ToBytes(Model model, OnnxExportOptions? options = null) => Build(model, options ?? new())
        .ToByteArray();

    private static ModelProto Build(Model model, OnnxExportOptions options)
    {
        if (4L * model.Spec.ParameterLength > int.MaxValue - (1 << 20))
            Throw.Input("ONNX export", "a model of at most 2 GiB, the most that one ONNX file holds",
                $"{4L * model.Spec.ParameterLength:N0} bytes of parameters", "Keep it as a safetensors file.");
        GraphWriter graph = new(options.Name, Description(model));
        string rows = RowNodes.Add(graph, model.Preparation, options.Inputs);
        IReadOnlyList<TrainedLayer> layers = TrainedLayer.Of(model);
        for (int index = 0; index < layers.Count; index++) rows = LayerNodes.Add(graph, rows, index, layers[index]);
        AddAnswers(graph, model, rows);
        ModelProto file = new()
        {
            IrVersion = FormatVersion,
            ProducerName = "Downhill",
            ProducerVersion = typeof(Model).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
                .InformationalVersion.Split('+')[0] ?? "",
            ModelVersion = 1,
            DocString = Description(model),
            Graph = graph.Graph,
        };
        file.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OperatorSet });
        foreach ((string key, string value) in Metadata(model))
            file.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return file;
    }

    // ---- the network's outputs to answers ---------------------------------------------------------------------------

    private static void AddAnswers(GraphWriter graph, Model model, string outputs)
    {
        Preparation preparation = model.Preparation;
        if (!preparation.Target.IsClass)
        {
            int targets = preparation.Outputs;
            float[] scale = [.. preparation.TargetScale.Select(s => (float)s)];
            float[] shift = [.. preparation.TargetShift.Select(s => (float)s)];
            if (scale.Any(s => s != 1))
                outputs = graph.Node("Mul", "unscaled", [outputs, graph.Numbers("target_scale", scale, targets)]);
            if (shift.Any(s => s != 0))
                outputs = graph.Node("Add", "unshifted", [outputs, graph.Numbers("target_shift", shift, targets)]);
            if (preparation.LogTargets)
                outputs = graph.Node("Sub", "without_one", [graph.Node("Exp", "one_more", [outputs]), graph.Number(1)]);
            graph.Output(outputs, preparation.Target.IsMultiLabel ? "probabilities" : "values",
                TensorProto.Types.DataType.Float, targets);
            return;
        }
        int classes = preparation.Target.Classes.Count;
        string index;
        if (preparation.SingleOutput)
        {
            // One unit between the codes of the two classes: class 1 from the middle on.
            (double low, double high) = (preparation.TargetLow, preparation.TargetHigh);
            string second = outputs;
            if (low != 0) second = graph.Node("Sub", "above_low", [second, graph.Number((float)low)]);
            if (high - low != 1) second = graph.Node("Mul", "share", [second, graph.Number((float)(1 / (high - low)))]);
            string isSecond = graph.Node("GreaterOrEqual", "is_second",
                [outputs, graph.Number((float)(0.5 * (low + high)))]);
            index = graph.Node("Squeeze", "class",
                [graph.Cast(isSecond, TensorProto.Types.DataType.Int64, "class_column"), graph.Integers([1])]);
            string first = graph.Node("Sub", "first", [graph.Number(1), second]);
            outputs = graph.Node("Concat", "shares", [first, second], GraphWriter.Attribute("axis", 1));
        }
        else
        {
            index = graph.Node("ArgMax", "class", [outputs],
                GraphWriter.Attribute("axis", 1), GraphWriter.Attribute("keepdims", 0));
        }
        string label = graph.Node("Gather", "class_name",
            [graph.Texts("classes", preparation.Target.Classes), index], GraphWriter.Attribute("axis", 0));
        graph.Output(label, "label", TensorProto.Types.DataType.String);
        graph.Output(outputs, model.GivesProbabilities ? "probabilities" : "scores", TensorProto.Types.DataType.Float,
            classes);
    }

    // ---- words ------------------------------------------------------------------------------------------------------

    private static string Description(Model model)
    {
        Target target = model.Preparation.Target;
        string answer = target.IsClass
            ? $"one of {target.Classes.Count} classes" + (target.Names.Count > 0 ? $" of '{target.Names[0]}'" : "")
            : (target.IsMultiLabel ? "the probabilities of " : "")
            + string.Join(", ", target.Names.Select(n => $"'{n}'"));
        return $"Multi-layer perceptron {model.Spec} with {model.Spec.ParameterCount} parameters; gives {answer}"
            + $" for a raw row.";
    }

    private static IEnumerable<(string Key, string Value)> Metadata(Model model)
    {
        Preparation preparation = model.Preparation;
        yield return ("downhill.network", ModelFile.Json(model.Spec.Write));
        yield return ("downhill.columns", ModelFile.Json(json => Texts(json, preparation.Inputs.Select(c => c.Name))));
        // What cannot be told from the nodes; see GraphReader.
        if (preparation.LogTargets || preparation.Encodings.Any(e => !e.IsLinear))
            yield return (PreparationKey, ModelFile.Json(json => ModelFile.Write(json, preparation)));
        yield return ("downhill.target", ModelFile.Json(json => Texts(json, preparation.Target.Names)));
        if (preparation.Target.IsClass)
            yield return ("downhill.classes", ModelFile.Json(json => Texts(json, preparation.Target.Classes)));
        if (preparation.Target.IsMultiLabel)
            yield return ("downhill.labels", ModelFile.Json(json => Texts(json, preparation.Target.Names)));
        if (model.Temperature is double temperature)
            yield return ("downhill.temperature", Numbers.Text(temperature));
        yield return ("downhill.loss", model.Loss.ToString());
        yield return ("downhill.weights_sha256", model.WeightsHash);
        if (model.Image is ImageShape image) yield return ("downhill.image", $"{image.Width}x{image.Height}");
        if (model.Training is not TrainingRecord training) yield break;
        yield return ("downhill.data", training.Data);
        yield return ("downhill.epochs", $"{training.Epochs}");
        yield return ("downhill.seed", $"{training.Seed}");
    }

    private static void Texts(System.Text.Json.Utf8JsonWriter json, IEnumerable<string> texts)
    {
        json.WriteStartArray();
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
