using Downhill.Graph;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>
/// Reads a graph as a multi-layer perceptron. It walks through the nodes once and keeps, for every name, what that is
/// of each row: an affine function of the last layer, and what is done to its numbers one by one. A product with a
/// weight matrix closes what was before it: the affine part becomes a dense layer, the rest its activation. What cannot
/// be said in this way is refused by the node's name.
/// </summary>
internal sealed partial class GraphReader
{
    // A layer of one number for each number may be wide; one of every number with every number may not.
    private const int MostNumbers = 1_000_000, MostWeights = 1 << 24;

    private readonly ModelProto file;
    private readonly string name;
    private readonly string? folder;
    private readonly ActivationFinder finder;
    private readonly Expr v = ActivationFinder.Variable();
    private readonly Dictionary<string, GraphValue> values = new(StringComparer.Ordinal);
    private readonly Dictionary<(RowField, Expr), RowValue> made = new(new ByReference());
    private readonly List<RawInput> inputs = [];
    private readonly List<RawColumn> columns = [];
    private readonly List<(int Column, int Category)> features = [];
    private readonly List<(Layer Layer, float[][] Tensors, float[] Buffers)> layers = [];
    private long work;

    /// <summary>One raw column of the graph's inputs.</summary>
    private sealed class RawColumn(string name)
    {
        public string Name { get; } = name;
        public IReadOnlyList<string>? Categories { get; set; }
        public bool IsNumber { get; init; }

        /// <summary>Among the features: of its number, and of the first of its categories.</summary>
        public int NumberFeature { get; set; }
        public int CategoryFeature { get; set; }
    }

    /// <param name="file">The parsed file.</param>
    /// <param name="name">Of the file, for messages.</param>
    /// <param name="folder">Where weights beside the file may lie, or null.</param>
    /// <param name="catalog">The activations to look for.</param>
    public GraphReader(ModelProto file, string name, string? folder, Catalog catalog)
    {
        (this.file, this.name, this.folder) = (file, name, folder);
        finder = new(catalog);
        IsLoose = file.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")?.Version is < 13;
    }

    /// <summary>Whether it is so old that softmax flattens what comes after its axis.</summary>
    private bool IsLoose { get; }

    public ImportedGraph Read()
    {
        ReadInitializers();
        ReadInputs();
        foreach (NodeProto node in ReadOwnPreparation()) ReadNode(node);
        return Finish();
    }

    // ---- names ------------------------------------------------------------------------------------------------------

    private void ReadInitializers()
    {
        foreach (TensorProto tensor in file.Graph.Initializer)
            Define(tensor.Name, new ConstantValue(OnnxTensor.Read(tensor, $"{name}, tensor '{tensor.Name}'", folder)),
                $"tensor '{tensor.Name}'");
    }

    private void ReadInputs()
    {
        foreach (ValueInfoProto input in file.Graph.Input)
        {
            if (values.ContainsKey(input.Name)) continue; // an old file lists its weights here as well
            string where = $"{name}, input '{input.Name}'";
            TypeProto.Types.Tensor tensor = input.Type?.TensorType is { Shape: not null } given ? given
                : Throw.Input<TypeProto.Types.Tensor>(where, "a tensor with a shape", "something else",
                "Give the input a shape such as [N, 4].");
            TensorShapeProto.Types.Dimension[] dimensions = [.. tensor.Shape.Dim];
            if (dimensions.Length == 0) Throw.Input(
                where, "rows: [N, columns]", "a single value", "Put the rows into the first dimension.");
            long[] shape = [.. dimensions.Skip(1).Select(d => d.HasDimValue ? d.DimValue : 0)];
            long count = shape.Aggregate(
                1L, (a, b) => b is < 0 or > MostNumbers ? long.MaxValue / 2 : Math.Min(a * b, long.MaxValue / 2));
            if (count < 1 || count > MostNumbers)
                Throw.Input(where, $"a fixed number of columns up to {MostNumbers:N0}",
                    $"[{string.Join(", ", dimensions.Select(d =>
                        d.HasDimValue ? $"{d.DimValue}" : d.HasDimParam ? d.DimParam : "?"))}]",
                    "Export it with a fixed size of everything but the rows.");
            TensorProto.Types.DataType type = (TensorProto.Types.DataType)tensor.ElemType;
            if (type is not (TensorProto.Types.DataType.String or TensorProto.Types.DataType.Float
                or TensorProto.Types.DataType.Double
                or TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Int64
                    or TensorProto.Types.DataType.Int32
                or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Int8
                    or TensorProto.Types.DataType.Uint8
                or TensorProto.Types.DataType.Bool))
                Throw.Input(where, "numbers or texts", $"{type}", "Export it with float inputs.");
            bool isText = type == TensorProto.Types.DataType.String;
            if (isText && count != 1) Throw.Input(
                where, "one column of texts", $"{count}", "Give each column of texts an input of its own.");
            inputs.Add(new(input.Name, columns.Count, (int)count));
            for (int i = 0; i < count; i++) columns.Add(
                new RawColumn(count == 1 ? input.Name : $"{input.Name}_{i + 1}") { IsNumber = !isText });
            if (isText)
            {
                Define(input.Name, new TextColumn(columns.Count - 1), $"input '{input.Name}'");
                continue;
            }
            int first = features.Count;
            for (int i = 0; i < count; i++)
            {
                int column = columns.Count - (int)count + i;
                columns[column].NumberFeature = features.Count;
                features.Add((column, -1));
            }
            Selection all = Selection.All(0, (int)count);
            Define(input.Name, new RowValue(shape, all with { Source = [.. all.Source.Select(s => first + s)] }, v),
                $"input '{input.Name}'");
        }
        if (inputs.Count == 0) Throw.Input(name, "an input for the rows", "none", "Check that it is a model and not a "
            + "list of weights.");
    }

    private void Define(string value, GraphValue meaning, string where)
    {
        if (value.Length == 0) return; // an output that nobody wants
        if (!values.TryAdd(value, meaning))
            Throw.Input($"{name}, {where}", "a name for each value", $"'{value}' twice", "The file is damaged.");
    }

    private void ReadNode(NodeProto node)
    {
        GraphValue?[] operands = [.. node.Input.Select(input => input.Length == 0 ? null
            : values.TryGetValue(input, out GraphValue? value) ? value
            : Refuse<GraphValue>(node, "inputs that were computed before it", $"'{input}'",
            "The graph has a circle or is out of order."))];
        if (node.Domain is not ("" or "ai.onnx" or "ai.onnx.ml"))
            Refuse<GraphValue>(node, "a standard operator", $"one of '{node.Domain}'",
                "Export it with standard operators.");
        if (node.Output.Count == 0) Refuse<GraphValue>(node, "an output", "none", "The file is damaged.");
        IReadOnlyList<GraphValue> results = Compute(node, operands);
        for (int i = 0; i < results.Count && i < node.Output.Count; i++)
        {
            if (results[i] is RowValue row) CheckSize(node, row);
            Define(node.Output[i], results[i], Describe(node));
        }
    }

    private void CheckSize(NodeProto node, RowValue row)
    {
        if (row.Count > MostNumbers) Refuse<GraphValue>(node, $"at most {MostNumbers:N0} numbers per row",
            $"{row.Count:N0}", "It is too wide.");
        if (row.G != v && row.G.Nodes().Count > ActivationFinder.MostNodes)
            Refuse<GraphValue>(node, "an activation of the catalog", "a longer formula",
                "Register the activation, or use another one.");
        Spend(node, row.Count);
    }

    /// <summary>Bounds the time: what a node costs adds up to at most a few seconds.</summary>
    private void Spend(NodeProto node, long steps)
    {
        work += steps;
        if (work > 4_000_000_000L) Refuse<GraphValue>(node, "a graph that can be read in a few seconds", "more",
            "It is too large.");
    }

    private static string Describe(NodeProto node) =>
        $"node '{(node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "")}' ({node.OpType})";

    private T Refuse<T>(NodeProto node, string expected, string got, string remedy) =>
        Throw.Input<T>($"{name}, {Describe(node)}", expected, got, remedy);

    // ---- layers -----------------------------------------------------------------------------------------------------

    private int WidthOf(int @base) => @base == 0 ? EncodedWidth : layers[@base - 1].Layer.Outputs(0);

    /// <summary>
    /// The same numbers as a plain selection: what they are computed by becomes a layer, once.
    /// </summary>
    private RowValue Made(NodeProto node, RowValue row, bool isLast = false)
    {
        if (row.G == v && row.Field is Selection) return row;
        if (made.TryGetValue((row.Field, row.G), out RowValue? known)) return known with { Shape = row.Shape };
        FoundActivation found = row.G == v ? new(finder.Identity, 1, 0, 1, 0)
            : finder.Find(v, row.G)
            ?? Refuse<FoundActivation>(node, "an activation of the catalog", $"'{row.G}' before it",
                "Use an activation of the catalog, or import with a catalog that has yours.");
        if (found.Activation == finder.Identity && row.Field is Selection plain)
        {
            // Numbers alone, v ↦ a·v + b: no layer.
            RowValue scaled = row with { G = v, Field = Affine(plain, found.OuterScale, found.OuterOffset) };
            made[(row.Field, row.G)] = scaled;
            return scaled;
        }
        AddLayer(node, row.Field, found.Activation, found.InnerScale, found.InnerOffset, mustBeDense: isLast);
        Selection all = Selection.All(layers.Count, row.Count);
        RowValue result = row with { G = v, Field = Affine(all, found.OuterScale, found.OuterOffset) };
        made[(row.Field, row.G)] = result;
        return result;
    }

    private static Selection Affine(Selection selection, double scale, double offset) => selection with
    {
        Scale = [.. selection.Scale.Select(s => s * scale)],
        Offset = [.. selection.Offset.Select(o => o * scale + offset)],
    };

    /// <summary>Adds φ(scale·field + offset) as a layer on top of the last one.</summary>
    private void AddLayer(NodeProto node, RowField field, Activation activation, double scale, double offset,
        bool mustBeDense = false)
    {
        if (field.Base != layers.Count)
            Refuse<GraphValue>(node, "one layer after the other", "a branch that starts before the last layer",
                "Networks with branches or skip connections cannot be read.");
        if (field is Product product)
        {
            Selection entering = field.Base == 0 ? Prepare(product.From) : product.From;
            AddDense(node, entering, product.Weights, product.Factor, product.Offset, activation, scale, offset);
            return;
        }
        Selection selection = field.Base == 0 ? Prepare((Selection)field) : (Selection)field;
        int width = WidthOf(field.Base), units = selection.Count;
        if (!mustBeDense && activation.IsElementwise && selection.KeepsOrder(width))
        {
            // One number in, one number out: a normalisation with fixed statistics.
            const double Epsilon = 1e-5;
            float[] buffers = new float[2 * units];
            Array.Fill(buffers, (float)(1 - Epsilon), units, units);
            layers.Add((new BatchNorm(activation) { Epsilon = Epsilon },
                [[.. selection.Scale.Select(s => (float)(s * scale))],
                    [.. selection.Offset.Select(o => (float)(o * scale + offset))]], buffers));
            return;
        }
        if ((long)units * width > MostWeights)
            Refuse<GraphValue>(node, $"at most {MostWeights:N0} weights", $"{(long)units * width:N0}",
                "It has no weights of its own.");
        float[] weights = new float[units * width], biases = new float[units];
        for (int j = 0; j < units; j++)
        {
            weights[selection.Source[j] * units + j] += (float)(selection.Scale[j] * scale);
            biases[j] = (float)(selection.Offset[j] * scale + offset);
        }
        layers.Add((new Dense(units, activation), [weights, biases], []));
    }

    private void AddDense(
        NodeProto node, Selection entering, OnnxTensor w, double[] factor, double[] b, Activation activation,
            double scale, double offset)
    {
        int width = WidthOf(entering.Base), units = b.Length;
        Spend(node, 2L * entering.Count * units);
        if ((long)width * units > Math.Max(MostWeights, 4L * w.Count))
            Refuse<GraphValue>(node, "weights for the inputs it has", $"{w.Count:N0} for a layer of {width}·{units}",
                "It is too wide.");
        float[] weights = new float[width * units], biases = new float[units];
        double[] sums = [.. b];
        for (int j = 0; j < entering.Count; j++)
        {
            int row = entering.Source[j] * units;
            for (int o = 0; o < units; o++)
            {
                double weight = factor[o] * w[j * units + o];
                weights[row + o] += (float)(scale * entering.Scale[j] * weight);
                sums[o] += entering.Offset[j] * weight;
            }
        }
        for (int o = 0; o < units; o++) biases[o] = (float)(scale * sums[o] + offset);
        bool hasBias = biases.Any(x => x != 0);
        layers.Add((new Dense(units, activation) { HasBias = hasBias }, hasBias ? [weights, biases] : [weights], []));
    }

    /// <summary>What is kept by identity: the same object, not the same numbers.</summary>
    private sealed class ByReference : IEqualityComparer<(RowField, Expr)>
    {
        public bool Equals((RowField, Expr) x, (RowField, Expr) y) =>
            ReferenceEquals(x.Item1, y.Item1) && ReferenceEquals(x.Item2, y.Item2);

        public int GetHashCode((RowField, Expr) pair) => HashCode.Combine(
            System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(pair.Item1),
            System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(pair.Item2));
    }
}
