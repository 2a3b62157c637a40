using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary><c>downhill inspect</c>: what is in a model, a checkpoint, or any safetensors file.</summary>
internal sealed class InspectCommand : CliCommand
{
    private readonly Argument<string?> model;
    private readonly GroupedOption<bool> json;

    public InspectCommand(Terminal terminal, CancellationToken cancellation)
        : base("inspect", "Shows a model's layers, parameters, preparation and how it was trained.", terminal,
            cancellation)
    {
        model = AddArgument("MODEL", "a model, a checkpoint or another safetensors file");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train iris --epochs 50 --checkpoint iris.ckpt", "a model and a checkpoint to look at"),
        new("inspect iris.safetensors", "the model"),
        new("inspect iris.ckpt", "the checkpoint"),
    ];

    protected override int Run(ParseResult words)
    {
        string path = words.GetValue(model)!;
        using Safetensors file = Safetensors.Open(path);
        file.TryGetMetadata("downhill.format", out string? format);
        bool isJson = words.GetValue(json);
        if (format == ModelFile.Format)
        {
            Model network = Model.Load(path);
            if (isJson) WriteJson(path, network);
            else WriteModel(path, network);
        }
        else if (format == Checkpoint.Format)
        {
            WriteCheckpoint(path, file, isJson);
        }
        else
        {
            WriteForeign(path, file, format, isJson);
        }
        return Cli.Done;
    }

    private void WriteModel(string path, Model network)
    {
        Head(path, "model of Downhill");
        Line("network",
            $"{network.Spec}, loss {network.Loss}, {(network.Arithmetic == Arithmetic.Fast ? "fast" : "portable")}"
                + $" arithmetic");
        WriteLayers(network.Spec);
        WritePreparation(network);
        if (network.Training is TrainingRecord training)
        {
            Line("trained on",
                $"{training.Data}, {MetricsTable.Count(training.Rows)} rows, {MetricsTable.Count(training.Epochs)}"
                    + $" epochs, "
                + $"{MetricsTable.Count(training.Steps)} steps");
            bool hasRate = !Catalog.Default.Optimizers.Any(o =>
                o.Default.Method is not null && o.Name == training.Optimizer.Split('(')[0]);
            Line("by", training.Optimizer + (hasRate ? $", learning rate {Numbers.Text(training.LearningRate)}" : "")
                + (training.Schedule.Length == 0 ? "" : $", schedule {training.Schedule}")
                + $", batch {(training.Batch == 0 ? "all" : training.Batch)}, seed {training.Seed}"
                + (training.Stop.Length == 0 ? "" : $", stop {training.Stop}"));
            Line("until", training.Stopped);
        }
        string[] starts = [.. network.Spec.Layers.OfType<Dense>().Select(d => d.Initializer).OfType<Initializer>()
            .Select(i => i.ToString()).Distinct()];
        if (starts.Length > 0) Line("started", $"from {string.Join(", ", starts)}");
        Line("weightsHash", network.WeightsHash);
    }

    /// <summary>Each layer with its shape and the sum that gives its parameters (lecture L20).</summary>
    private void WriteLayers(NetworkSpec spec)
    {
        Table table =
            Terminal.Table(("layer", true), ("what it is", false), ("inputs", true), ("outputs", true),
            ("parameters", false), ("", true));
        for (int index = 0; index < spec.Layers.Count; index++)
        {
            Layer layer = spec.Layers[index];
            int inputs = spec.InputsOf(index);
            string what = layer is Dense dense
                ? $"dense {dense.Activation}{(dense.ForwardScale == ForwardScale.None ? "" : ", sum/√inputs")}"
                : layer is BatchNorm norm
                ? $"batch norm {norm.Activation}" : layer is FeatureScale ? "feature scale"
                : layer.Describe(inputs).ToLowerInvariant();
            int count = layer.Parameters(inputs).Sum(p => p.Count);
            Terminal.Row(table, $"{index + 1}", what, $"{inputs}", $"{layer.Outputs(inputs)}", Formula(layer, inputs),
                count == 0 ? "-" : MetricsTable.Count(count));
        }
        WriteTable(table);
        Dense[] layers = [.. spec.Layers.OfType<Dense>()];
        string total = $"{MetricsTable.Count(spec.ParameterCount)}";
        if (layers.Length == spec.Layers.Count(l => l is not Dropout)
            && layers.All(l => l.Connections is null && l.HasBias))
        {
            List<string> with = [], without = [];
            int width = spec.Inputs;
            foreach (Dense layer in layers)
            {
                with.Add($"{width + 1}·{layer.Units}");
                without.Add($"{width}·{layer.Units}");
                width = layer.Units;
            }
            total = $"{string.Join(" + ", with)} = {total}; "
                + $"without biases {string.Join(" + ", without)} = {MetricsTable.Count(spec.LinkCount)}";
        }
        else
        {
            total += $"; links alone {MetricsTable.Count(spec.LinkCount)}";
        }
        Line("parameters", total);
    }

    internal static string Formula(Layer layer, int inputs) => layer switch
    {
        Dense { Connections: ConnectionMask mask } dense =>
            $"{mask.Links} of {inputs}·{dense.Units} links{(dense.HasBias ? $" + {dense.Units} biases" : "")}",
        Dense { HasBias: true } dense => $"{inputs}·{dense.Units} + {dense.Units}",
        Dense dense => $"{inputs}·{dense.Units}",
        BatchNorm => $"2·{inputs}",
        FeatureScale => $"{inputs}",
        _ => "",
    };

    private void WritePreparation(Model network)
    {
        if (network.Temperature is double temperature)
            Line("calibrated", $"at temperature {MetricsTable.Short(temperature)} (in the weights)");
        Preparation preparation = network.Preparation;
        Line("inputs",
            Listed(preparation.Inputs.Select(c =>
            c.Kind == ColumnKind.Category ? $"{c.Name} ({c.Categories.Count} categories)" : c.Name)));
        Line("prepared", PreparationWords.Of(preparation));
        if (network.Image is ImageShape image) Line("image", $"{image.Width}×{image.Height} pixels");
        if (preparation.Target.IsClass)
        {
            Line("target", $"{preparation.Target.Names[0]}: {Listed(preparation.Target.Classes)}");
            if (preparation.SingleOutput || preparation.TargetLow != 0 || preparation.TargetHigh != 1)
                Line("coded",
                    preparation.SingleOutput
                    ? $"{Numbers.Text(preparation.TargetLow)} for {preparation.Target.Classes[0]}, "
                        + $"{Numbers.Text(preparation.TargetHigh)} for {preparation.Target.Classes[1]}"
                    : $"{Numbers.Text(preparation.TargetHigh)} for the class, {Numbers.Text(preparation.TargetLow)}"
                    + $" for the others");
            return;
        }
        if (preparation.Target.IsMultiLabel)
        {
            Line("target", $"{TargetWords.Count(preparation.Target)}: {Listed(preparation.Target.Names)}");
            return;
        }
        Line("target", string.Join(", ", preparation.Target.Names.Select((n, i) =>
            $"{n} (mean {MetricsTable.Short(preparation.TargetShift[i])}, deviation "
                + $"{MetricsTable.Short(preparation.TargetScale[i])})")));
    }

    private void WriteCheckpoint(string path, Safetensors file, bool isJson)
    {
        NetworkSpec spec =
            ModelFile.Guarded(path, () =>
            ModelFile.ReadJson(file, "downhill.network", j => NetworkSpec.Read(j, Catalog.Default)));
        (int epoch, long step) =
            ModelFile.Guarded(path, () =>
            ModelFile.ReadJson(file, "downhill.state", j =>
            (j.GetProperty("epoch").GetInt32(), j.GetProperty("step").GetInt64())));
        string data =
            ModelFile.Guarded(path, () =>
            ModelFile.ReadJson(file, "downhill.data", j => j.GetProperty("name").GetString()!));
        JsonElement options =
            ModelFile.Guarded(path, () => ModelFile.ReadJson(file, "downhill.options", j => j.Clone()));
        string optimizer = options.GetProperty("optimizer").GetString()!;
        int epochs = options.GetProperty("epochs").GetInt32();
        if (isJson)
        {
            JsonReport.Write(Terminal, json =>
            {
                json.WriteString("file", path);
                json.WriteString("kind", "checkpoint");
                json.WriteString("network", spec.ToString());
                json.WriteNumber("parameters", spec.ParameterCount);
                json.WriteString("data", data);
                json.WriteNumber("epoch", epoch);
                json.WriteNumber("step", step);
            });
            return;
        }
        Head(path, "checkpoint of Downhill: a run at rest, not a model");
        Line("network", $"{spec}");
        WriteLayers(spec);
        Line("run", $"on {data}, by {optimizer}; after epoch {epoch} of {epochs}, step {MetricsTable.Count(step)}");
        Line("go on with", $"{Terminal.Command} train {TrainReport.Quoted(data)} --resume {TrainReport.Quoted(path)}");
    }

    private void WriteForeign(string path, Safetensors file, string? format, bool isJson)
    {
        if (isJson)
        {
            JsonReport.Write(Terminal, json =>
            {
                json.WriteString("file", path);
                json.WriteString("kind", "safetensors");
                json.WriteStartArray("tensors");
                foreach (TensorInfo tensor in file.Tensors)
                {
                    json.WriteStartObject();
                    json.WriteString("name", tensor.Name);
                    json.WriteString("type", tensor.Type.ToString());
                    JsonReport.Numbers(json, "shape", tensor.Shape.ToArray().Select(s => (double)s));
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
            return;
        }
        Head(path, format is null ? "safetensors of another program: not a model that Downhill can run"
            : $"safetensors of a newer Downhill (format {format})");
        Table table = Terminal.Table(("tensor", false), ("type", false), ("shape", false), ("numbers", true));
        foreach (TensorInfo tensor in file.Tensors.Take(50))
            Terminal.Row(table, tensor.Name, tensor.Type.ToString(), string.Join('×', tensor.Shape.ToArray()),
                MetricsTable.Count(tensor.Count));
        WriteTable(table);
        if (file.Tensors.Count > 50) Line("", $"… {file.Tensors.Count - 50} more");
        foreach ((string key, string value) in file.Metadata) Line(key, ConfusionTable.Cut(value, 200));
    }

    private void WriteJson(string path, Model network) => JsonReport.Write(Terminal, json =>
    {
        json.WriteString("file", path);
        json.WriteString("kind", "model");
        json.WriteNumber("bytes", new FileInfo(path).Length);
        json.WriteString("network", network.Spec.ToString());
        json.WriteString("loss", network.Loss.ToString());
        json.WriteNumber("parameters", network.Spec.ParameterCount);
        json.WriteNumber("links", network.Spec.LinkCount);
        json.WriteStartArray("layers");
        for (int index = 0; index < network.Spec.Layers.Count; index++)
        {
            int inputs = network.Spec.InputsOf(index);
            Layer layer = network.Spec.Layers[index];
            json.WriteStartObject();
            json.WriteString("layer", layer.Describe(inputs));
            json.WriteNumber("inputs", inputs);
            json.WriteNumber("outputs", layer.Outputs(inputs));
            if (layer is Dense { Initializer: Initializer start }) json.WriteString("initializer", start.ToString());
            json.WriteString("formula", Formula(layer, inputs));
            json.WriteNumber("parameters", layer.Parameters(inputs).Sum(p => p.Count));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        JsonReport.Texts(json, "inputs", network.Preparation.Inputs.Select(c => c.Name));
        JsonReport.Texts(json, "target", network.Preparation.Target.Names);
        JsonReport.Texts(json, "classes", network.Preparation.Target.Classes);
        if (network.Training is TrainingRecord training)
        {
            json.WriteStartObject("training");
            json.WriteString("data", training.Data);
            json.WriteNumber("rows", training.Rows);
            json.WriteNumber("epochs", training.Epochs);
            json.WriteNumber("steps", training.Steps);
            json.WriteString("optimizer", training.Optimizer);
            JsonReport.Number(json, "learningRate", training.LearningRate);
            json.WriteString("schedule", training.Schedule);
            json.WriteString("stop", training.Stop);
            json.WriteNumber("batch", training.Batch);
            json.WriteNumber("seed", training.Seed);
            json.WriteString("stopped", training.Stopped);
            json.WriteEndObject();
        }
        json.WriteString("weightsHash", network.WeightsHash);
    });

    private void WriteTable(Table table)
    {
        Terminal.Out.WriteLine();
        Terminal.Write(table);
        Terminal.Out.WriteLine();
    }

    private void Head(string path, string kind)
    {
        Line("file", $"{path}, {MetricsTable.Count(new FileInfo(path).Length)} bytes");
        Line("kind", kind);
    }

    private void Line(string word, string text)
    {
        string start = $"  {Terminal.Paint(word.PadRight(12), Ink.Dim)}";
        foreach (string line in HelpPage.Wrap(text, Terminal.Width - Math.Max(12, word.Length) - 2))
        {
            Terminal.Out.WriteLine(start + line);
            start = new string(' ', 14);
        }
    }

    private static string Listed(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length <= 20 ? string.Join(", ", all)
            : $"{string.Join(", ", all.Take(6))}, … {all[^1]} ({all.Length})";
    }
}
