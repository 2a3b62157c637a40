using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Downhill;

/// <summary>
/// The description of a network: number of inputs and layers, nothing that changes. Two networks of one description
/// differ in their parameters only.
/// </summary>
public sealed record NetworkSpec
{
    /// <param name="inputs">Inputs of the first layer.</param>
    /// <param name="layers">From input to output; the last one is <see cref="Dense"/>.</param>
    /// <exception cref="DownhillException">No layer, no width, a mask or rate that does not fit.</exception>
    public NetworkSpec(int inputs, params IReadOnlyList<Layer> layers)
    {
        if (inputs < 1) Throw.Input("Network", "at least 1 input", $"{inputs}", "Give the data at least one input "
            + "column.");
        if (layers.Count == 0 || layers[^1] is not Dense)
            Throw.Input("Network", "a Dense layer at the end", layers.Count == 0 ? "no layer" : layers[^1].Kind,
                "End with the output layer.");
        (Inputs, Layers) = (inputs, layers);
        List<Segment> segments = [];
        int width = inputs, offset = 0, buffer = 0;
        long total = 0;
        for (int index = 0; index < layers.Count; index++)
        {
            Check(index, width);
            foreach (ParameterShape shape in layers[index].Parameters(width))
            {
                segments.Add(new Segment(index, width, shape, offset));
                total = offset + (((long)shape.Rows * shape.Columns + Segment.Alignment - 1) & -Segment.Alignment);
                if (total > MostParameters)
                    Throw.Input($"Layer {index + 1} ({layers[index].Describe(width)})",
                        $"at most {MostParameters:N0} parameters in all",
                        $"{total:N0}", "Make the layers narrower.");
                offset = (int)total;
            }
            buffer += layers[index].BufferLength(width);
            width = layers[index].Outputs(width);
        }
        (Segments, ParameterLength, BufferLength, Outputs) = (segments, offset, buffer, width);
    }

    // 2 GiB of float32: what one .NET array of parameters, its gradient and two slots still take on a large
    // workstation.
    private const long MostParameters = 1 << 29;

    public int Inputs { get; }
    public int Outputs { get; }
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>Where each tensor lies in the flat parameter array, in layer order, weights before biases.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>Length of the flat parameter array, padding between segments included.</summary>
    public int ParameterLength { get; }

    /// <summary>Length of the flat array of running statistics.</summary>
    public int BufferLength { get; }

    /// <summary>φ of the last layer.</summary>
    public Activation Output => ((Dense)Layers[^1]).Activation;

    /// <summary>Learned numbers, biases included; of a masked layer its links only (lecture L20).</summary>
    public int ParameterCount => Segments.Sum(s => s.Shape.Count);

    /// <summary>Links alone, without biases.</summary>
    public int LinkCount => Segments.Where(s => s.Shape.Role == SegmentRole.Weight).Sum(s => s.Shape.Count);

    /// <summary>Inputs of layer <paramref name="index"/>.</summary>
    public int InputsOf(int index)
    {
        int width = Inputs;
        for (int i = 0; i < index; i++) width = Layers[i].Outputs(width);
        return width;
    }

    /// <summary>How the learned numbers of a layer are counted (lecture L20): "3·4 + 4 = 16", "7 links + 4 = 11" where
    /// not fully connected, "0" for a layer that learns nothing.</summary>
    public string CountFormula(int layer)
    {
        List<string> parts = [];
        int total = 0;
        foreach (ParameterShape shape in Layers[layer].Parameters(InputsOf(layer)))
        {
            parts.Add(
                shape.Mask is not null ? $"{shape.Count} links" : shape.Rows > 1 || shape.Role == SegmentRole.Weight
                ? $"{shape.Rows}·{shape.Columns}" : $"{shape.Columns}");
            total += shape.Count;
        }
        return parts.Count == 0 ? "0" : $"{string.Join(" + ", parts)} = {total}";
    }

    /// <summary>How all learned numbers are counted: "(3·4 + 4) + (4·2 + 2) = 26".</summary>
    public string CountFormula()
    {
        IEnumerable<string> sums = Enumerable.Range(0, Layers.Count).Select(CountFormula).Where(f => f != "0")
            .Select(f => $"({f[..f.IndexOf(" =", StringComparison.Ordinal)]})");
        return $"{string.Join(" + ", sums)} = {ParameterCount}";
    }

    /// <summary>Whether some layer wants a batch whole.</summary>
    internal bool NeedsWholeBatch => Layers.Any(l => l.NeedsWholeBatch);

    /// <summary>Reads "3-4-2": widths from input to output, all layers with one activation but the last.</summary>
    public static NetworkSpec Parse(string text, Activation? hidden = null, Activation? output = null)
    {
        string[] parts = text.Split('-');
        int[] widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i])
                || widths[i] < 1)
                Throw.Input($"Network '{text}'", "widths such as 3-4-2", $"'{parts[i]}'",
                    "Write whole numbers with hyphens between.");
        if (widths.Length < 2) Throw.Input($"Network '{text}'", "at least inputs and outputs", "one number",
            "Write, for example, 3-4-2.");
        return new(widths[0], [.. widths[1..].Select((w, i) =>
            new Dense(w, i == widths.Length - 2 ? output ?? Activations.Identity : hidden ?? Activations.Tanh))]);
    }

    /// <summary>The widths: "64-32-10".</summary>
    public override string ToString()
    {
        StringBuilder text = new(Inputs.ToString(CultureInfo.InvariantCulture));
        foreach (Layer layer in Layers)
            if (layer is Dense dense) text.Append('-').Append(dense.Units);
        return text.ToString();
    }

    private void Check(int index, int width)
    {
        Layer layer = Layers[index];
        string where = $"Layer {index + 1} ({layer.Kind})";
        if (layer is Dense dense)
        {
            if (dense.Units < 1) Throw.Input(
                where, "at least 1 unit", $"{dense.Units}", "Give each layer a width of 1 or more.");
            if (dense.Connections is ConnectionMask mask && (mask.Inputs != width || mask.Units != dense.Units))
                Throw.Input(where, $"a connection mask of {width}×{dense.Units}", $"{mask.Inputs}×{mask.Units}",
                    "Make the mask for this layer's inputs and units.");
            if (!dense.Activation.IsElementwise && index != Layers.Count - 1)
                Throw.Input(where, "an element-wise activation in a hidden layer", $"'{dense.Activation}'",
                    "Use it in the output layer, or another activation here.");
        }
        if (layer is Dropout dropout && !(dropout.Rate >= 0 && dropout.Rate < 1))
            Throw.Input(where, "a rate from 0 up to but not including 1", Numbers.Text(dropout.Rate),
                "0.5 drops every other input.");
        if (layer is BatchNorm norm && !norm.Activation.IsElementwise)
            Throw.Input(where, "an element-wise activation", $"'{norm.Activation}'",
                "Use softmax in the output layer.");
    }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("inputs", Inputs);
        json.WriteStartArray("layers");
        foreach (Layer layer in Layers)
        {
            json.WriteStartObject();
            json.WriteString("kind", layer.Kind);
            layer.Write(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static NetworkSpec Read(JsonElement json, Catalog catalog)
    {
        List<Layer> layers = [];
        foreach (JsonElement layer in json.GetProperty("layers").EnumerateArray())
        {
            string kind = layer.GetProperty("kind").GetString()!;
            Func<JsonElement, Catalog, Layer>? read = catalog.Layers.FirstOrDefault(l => l.Kind == kind).Read;
            if (read is null)
                Throw.Input("Network description",
                    $"layers of the kinds {string.Join(", ", catalog.Layers.Select(l => l.Kind))}", $"'{kind}'",
                    "Load it with a catalog that knows this layer.");
            layers.Add(read(layer, catalog));
        }
        return new(json.GetProperty("inputs").GetInt32(), layers);
    }

    public bool Equals(NetworkSpec? other) => other is not null && Inputs == other.Inputs
        && Layers.SequenceEqual(other.Layers);
    public override int GetHashCode() => HashCode.Combine(Inputs, Layers.Count);
}

/// <summary>A tensor's place in the flat parameter array.</summary>
/// <param name="Layer">Index of its layer.</param>
/// <param name="LayerInputs">Inputs of that layer.</param>
/// <param name="Shape">Role, dimensions, links.</param>
/// <param name="Offset">First element, a multiple of <see cref="Alignment"/>.</param>
public sealed record Segment(int Layer, int LayerInputs, ParameterShape Shape, int Offset)
{
    /// <summary>Elements per cache line of float32; double takes two lines. The gap is padding and never leaves
    /// memory.</summary>
    public const int Alignment = 16;

    /// <summary>Numbers in memory, absent links included.</summary>
    public int Length => Shape.Rows * Shape.Columns;

    /// <summary>Tensor name in files: "layers.0.weight".</summary>
    public string Name => $"layers.{Layer}.{Shape.Role.ToString().ToLowerInvariant()}";

    /// <summary>Whether L1, L2 and decay touch it unless asked otherwise.</summary>
    public bool IsPenalised => Shape.Role == SegmentRole.Weight;

    /// <summary>Factor on the learning rate of all its elements.</summary>
    public double LearningRateFactor { get; init; } = 1;
}
