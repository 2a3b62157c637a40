using Downhill.Onnx.Schema;
using Google.Protobuf;

namespace Downhill.Onnx;

/// <summary>
/// An ONNX file's bytes as messages. What the bytes claim is bounded before anything is built of it, so that a hostile
/// file costs no more than an honest one of its size.
/// </summary>
internal static class OnnxFile
{
    /// <summary>Nodes of a graph.</summary>
    public const int MostNodes = 10_000;

    // Every message and every text becomes an object; numbers do not. A classifier of 100,000 named classes stays below.
    private const int MostParts = 300_000;
    private const int MostBytes = int.MaxValue - 64;
    private const int NewestOperators = 25, NewestFormat = 13, NewestLearningOperators = 5;

    public static byte[] Load(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                Throw.Input(path, "an ONNX file", Directory.Exists(path) ? "a folder" : "none of this name", "Check the name.");
            if (file.Length > MostBytes)
                Throw.Input(path, "an ONNX file of at most 2 GiB", $"{file.Length:N0} bytes", "It is too large for one message.");
            return File.ReadAllBytes(path);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new DownhillException($"{path}: expected a file that may be read, got no permission. Change its mode.", error);
        }
    }

    /// <summary>The model in the bytes.</summary>
    /// <exception cref="DownhillException">Damaged, not ONNX, or of a kind that cannot be a multi-layer perceptron.</exception>
    public static ModelProto Parse(byte[] bytes, string name)
    {
        ModelProto model;
        try
        {
            int parts = 0;
            CountParts(new CodedInputStream(bytes), Part.Model, 0, ref parts, name);
            model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or OverflowException or ArgumentException)
        {
            throw new DownhillException(
                $"{name}: expected an ONNX model, got bytes that are none ({error.Message.TrimEnd('.')}). Use an intact copy.", error);
        }
        Check(model, name);
        return model;
    }

    /// <summary>A tensor file of ONNX's backend tests.</summary>
    public static TensorProto ParseTensor(byte[] bytes, string name)
    {
        try
        {
            int parts = 0;
            CountParts(new CodedInputStream(bytes), Part.Tensor, 0, ref parts, name);
            return TensorProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or OverflowException or ArgumentException)
        {
            throw new DownhillException(
                $"{name}: expected an ONNX tensor, got bytes that are none ({error.Message.TrimEnd('.')}). Use an intact copy.", error);
        }
    }

    private static void Check(ModelProto model, string name)
    {
        if (model.Graph is null)
            Throw.Input(name, "an ONNX model with a graph", "none", "Check that it is an ONNX file.");
        if (model.IrVersion < 1 || model.IrVersion > NewestFormat)
            Throw.Input(name, $"format version 1 to {NewestFormat}", $"{model.IrVersion}", "Export it for an older version, or update Downhill.");
        foreach (OperatorSetIdProto set in model.OpsetImport)
        {
            // Other domains count only where a node is of them, and are refused there.
            long newest = set.Domain switch { "" or "ai.onnx" => NewestOperators, "ai.onnx.ml" => NewestLearningOperators, _ => long.MaxValue };
            if (set.Version < 1 || set.Version > newest)
                Throw.Input($"{name}, operators '{(set.Domain.Length == 0 ? "ai.onnx" : set.Domain)}'", $"version 1 to {newest}",
                    $"{set.Version}", "Export it for an older version, or update Downhill.");
        }
        if (model.Functions.Count > 0)
            Throw.Input($"{name}, function '{model.Functions[0].Name}'", "standard operators only", "functions of its own",
                "Export it with the functions inlined.");
        if (model.Graph.SparseInitializer.Count > 0)
            Throw.Input($"{name}, tensor '{model.Graph.SparseInitializer[0].Values?.Name}'", "a dense tensor", "a sparse one",
                "Store the weights as dense tensors.");
        if (model.Graph.Node.Count > MostNodes)
            Throw.Input(name, $"at most {MostNodes} nodes", $"{model.Graph.Node.Count}", "A multi-layer perceptron has far fewer.");
    }

    // ---- the walk that bounds memory --------------------------------------------------------------------------------

    private enum Part { Other, Model, Graph, Node, Attribute, Tensor, Value, Type, Shape }

    private const int Deepest = 32;

    /// <summary>Walks the wire format, without keeping anything, through every message that would become an object.</summary>
    private static void CountParts(CodedInputStream input, Part part, int depth, ref int parts, string name)
    {
        if (depth > Deepest)
            Throw.Input(name, $"messages at most {Deepest} deep", "deeper ones", "The file is no multi-layer perceptron.");
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
                continue;
            }
            ByteString content = input.ReadBytes();
            if (++parts > MostParts)
                Throw.Input(name, $"at most {MostParts:N0} parts", "more", "The file is no multi-layer perceptron.");
            Part inner = Inner(part, field);
            if (inner != Part.Other) CountParts(content.CreateCodedInput(), inner, depth + 1, ref parts, name);
        }
    }

    private static Part Inner(Part part, int field) => (part, field) switch
    {
        (Part.Model, 7) => Part.Graph,
        (Part.Graph, 1) => Part.Node,
        (Part.Graph, 5) => Part.Tensor,
        (Part.Graph, 11 or 12 or 13) => Part.Value,
        (Part.Node, 5) => Part.Attribute,
        (Part.Attribute, 5) => Part.Tensor,
        (Part.Attribute, 6) => Part.Graph,
        (Part.Value, 2) => Part.Type,
        (Part.Type, 1) => Part.Shape,
        (Part.Shape, 2) => Part.Shape,
        (Part.Type, 4 or 5) => Part.Type,
        _ => Part.Other,
    };
}
