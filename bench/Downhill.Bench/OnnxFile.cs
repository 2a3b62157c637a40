using System.Text;

namespace Downhill.Bench;

/// <summary>
/// A network as an ONNX model of Gemm, activation and Softmax nodes and nothing else: <c>downhill export</c> adds
/// scaling and class names, which would cost the peer time. The few messages of onnx.proto that this takes are written
/// by hand.
/// </summary>
internal static class OnnxFile
{
    private const int Float = 1; // TensorProto.DataType

    /// <summary>The model's bytes. Input "x" [rows, inputs], output "y" [rows, outputs], any number of rows.</summary>
    public static byte[] Of(Model model)
    {
        NetworkSpec spec = model.Spec;
        Message graph = new();
        string value = "x";
        for (int layer = 0; layer < spec.Layers.Count; layer++)
        {
            Dense dense = (Dense)spec.Layers[layer];
            bool isLast = layer == spec.Layers.Count - 1;
            string field = $"z{layer}", output = isLast ? "y" : $"y{layer}";
            graph.Add(1, Node("Gemm", [value, $"w{layer}", $"b{layer}"], field));
            graph.Add(1, Node(Operator(dense.Activation), [field], output));
            value = output;
        }
        graph.Add(2, "network");
        foreach (Segment segment in spec.Segments)
        {
            bool isWeight = segment.Shape.Role == SegmentRole.Weight;
            Message tensor = new();
            if (isWeight) tensor.Add(1, segment.Shape.Rows);
            tensor.Add(1, segment.Shape.Columns);
            tensor.Add(2, Float);
            tensor.Add(8, $"{(isWeight ? 'w' : 'b')}{segment.Layer}");
            tensor.Add(9, System.Runtime.InteropServices.MemoryMarshal.AsBytes(
                model.Parameters.Slice(segment.Offset, segment.Length)));
            graph.Add(5, tensor);
        }
        graph.Add(11, ValueInfo("x", spec.Inputs));
        graph.Add(12, ValueInfo("y", spec.Outputs));
        Message opset = new(), file = new();
        opset.Add(2, 17);
        file.Add(1, 8); // ir_version
        file.Add(7, graph);
        file.Add(8, opset);
        return file.ToArray();
    }

    private static string Operator(Activation activation) => activation.ToString() switch
    {
        "relu" => "Relu",
        "tanh" => "Tanh",
        "softmax" => "Softmax",
        string other => throw new NotSupportedException($"No ONNX operator here for '{other}'."),
    };

    private static Message Node(string type, string[] inputs, string output)
    {
        Message node = new();
        foreach (string input in inputs) node.Add(1, input);
        node.Add(2, output);
        node.Add(4, type);
        return node;
    }

    private static Message ValueInfo(string name, int columns)
    {
        Message rows = new(), width = new(), shape = new(), tensor = new(), type = new(), info = new();
        rows.Add(2, "rows");
        width.Add(1, columns);
        shape.Add(1, rows);
        shape.Add(1, width);
        tensor.Add(1, Float);
        tensor.Add(2, shape);
        type.Add(1, tensor);
        info.Add(1, name);
        info.Add(2, type);
        return info;
    }

    /// <summary>A protobuf message: fields one after another, each with its number and wire type before it.</summary>
    private sealed class Message
    {
        private readonly MemoryStream bytes = new();

        public void Add(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
        }

        public void Add(int field, ReadOnlySpan<byte> content)
        {
            Varint((ulong)field << 3 | 2);
            Varint((ulong)content.Length);
            bytes.Write(content);
        }

        public void Add(int field, string text) => Add(field, Encoding.UTF8.GetBytes(text));

        public void Add(int field, Message message) => Add(field, message.ToArray());

        public byte[] ToArray() => bytes.ToArray();

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) bytes.WriteByte((byte)(value | 0x80));
            bytes.WriteByte((byte)value);
        }
    }
}
