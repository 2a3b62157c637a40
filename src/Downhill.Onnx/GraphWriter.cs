using System.Runtime.InteropServices;
using System.Text;
using Downhill.Onnx.Schema;
using Google.Protobuf;

namespace Downhill.Onnx;

/// <summary>
/// Builds an ONNX graph node by node. Every value has a name of its own: what is asked for, or that with a number where
/// it is taken.
/// </summary>
internal sealed class GraphWriter
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<float, string> numbers = [];
    private readonly Dictionary<string, string> integers = new(StringComparer.Ordinal);

    public GraphWriter(string name, string description) => Graph = new() { Name = name, DocString = description };

    public GraphProto Graph { get; }

    // ---- values -----------------------------------------------------------------------------------------------------

    /// <summary>An input [N, columns].</summary>
    public string Input(string name, TensorProto.Types.DataType type, int columns)
    {
        string unique = Unique(name);
        Graph.Input.Add(Value(unique, type, columns));
        return unique;
    }

    /// <summary>Declares a node's value as an output [N, columns], or [N] without columns, and gives it that
    /// name.</summary>
    public void Output(string value, string name, TensorProto.Types.DataType type, int columns = 0)
    {
        string unique = Unique(name);
        foreach (NodeProto node in Graph.Node)
        {
            if (node.Output[0] == value) node.Output[0] = unique;
            for (int i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == value) node.Input[i] = unique;
        }
        Graph.Output.Add(Value(unique, type, columns));
    }

    /// <summary>A float32 constant with these dimensions (none: a scalar), row-major.</summary>
    public string Numbers(string name, ReadOnlySpan<float> values, params ReadOnlySpan<int> dimensions)
    {
        TensorProto tensor = Tensor(name, TensorProto.Types.DataType.Float, dimensions);
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        return tensor.Name;
    }

    /// <summary>A matrix.</summary>
    public string Numbers(string name, double[,] matrix)
    {
        (int rows, int columns) = (matrix.GetLength(0), matrix.GetLength(1));
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++) values[i] = (float)matrix[i / columns, i % columns];
        return Numbers(name, values, rows, columns);
    }

    /// <summary>A scalar, shared by all who ask for this number.</summary>
    public string Number(float value) => numbers.TryGetValue(value, out string? name) ? name
        : numbers[value] = Numbers($"number_{numbers.Count + 1}", [value]);

    /// <summary>A vector of int64, shared likewise.</summary>
    public string Integers(long[] values)
    {
        string key = string.Join(',', values);
        if (integers.TryGetValue(key, out string? name)) return name;
        TensorProto tensor = Tensor($"integers_{integers.Count + 1}", TensorProto.Types.DataType.Int64,
            [values.Length]);
        byte[] bytes = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), values[i]);
        tensor.RawData = ByteString.CopyFrom(bytes);
        return integers[key] = tensor.Name;
    }

    /// <summary>A vector of strings.</summary>
    public string Texts(string name, IReadOnlyList<string> texts)
    {
        TensorProto tensor = Tensor(name, TensorProto.Types.DataType.String, [texts.Count]);
        foreach (string text in texts) tensor.StringData.Add(ByteString.CopyFrom(text, Encoding.UTF8));
        return tensor.Name;
    }

    // ---- nodes ------------------------------------------------------------------------------------------------------

    /// <summary>Adds a node; the result is its output.</summary>
    public string Node(string operation, string name, IEnumerable<string> inputs,
        params ReadOnlySpan<AttributeProto> attributes)
    {
        string output = Unique(name);
        Add(operation, output, inputs, attributes);
        return output;
    }

    public string Cast(string value, TensorProto.Types.DataType type, string name) =>
        Node("Cast", name, [value], Attribute("to", (long)type));

    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    private void Add(string operation, string output, IEnumerable<string> inputs,
        params ReadOnlySpan<AttributeProto> attributes)
    {
        NodeProto node = new() { OpType = operation, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        foreach (AttributeProto attribute in attributes) node.Attribute.Add(attribute);
        Graph.Node.Add(node);
    }

    private TensorProto Tensor(string name, TensorProto.Types.DataType type, ReadOnlySpan<int> dimensions)
    {
        TensorProto tensor = new() { Name = Unique(name), DataType = (int)type };
        foreach (int dimension in dimensions) tensor.Dims.Add(dimension);
        Graph.Initializer.Add(tensor);
        return tensor;
    }

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, int columns)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        if (columns > 0) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = columns });
        return new()
        {
            Name = name,
            Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } },
        };
    }

    private string Unique(string wanted)
    {
        string name = wanted.Length == 0 ? "unnamed" : wanted;
        for (int number = 2; !names.Add(name); number++) name = $"{wanted}_{number}";
        return name;
    }
}
