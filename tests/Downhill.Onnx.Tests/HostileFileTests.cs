using Downhill.Onnx.Schema;
using Google.Protobuf;
using Type = Downhill.Onnx.Schema.TensorProto.Types.DataType;

namespace Downhill.Onnx.Tests;

/// <summary>Whatever the bytes: a model or a refusal that says why, soon, and within the memory that the file's size allows.</summary>
public sealed class HostileFileTests
{
    private static byte[] Small => OnnxExport.ToBytes(Model.Fit(Dataset.Load("iris"), new() { Hidden = [2], Epochs = 1 }).Model);

    // ---- damage -----------------------------------------------------------------------------------------------------

    [Fact]
    public void EveryTruncationIsRefusedOrRead()
    {
        byte[] whole = Small;
        int read = 0;
        for (int length = 0; length < whole.Length; length++) read += IsRead(whole[..length]) ? 1 : 0;
        // What is cut may be the description after the graph, but hardly ever is.
        Assert.InRange(read, 0, whole.Length / 4);
    }

    [Fact]
    public void EveryFlippedByteIsRefusedOrRead()
    {
        byte[] bytes = Small;
        for (int i = 0; i < bytes.Length; i++)
            foreach (byte change in (byte[])[(byte)(1 << i % 8), 0x80, 0xFF])
            {
                bytes[i] ^= change;
                IsRead(bytes);
                bytes[i] ^= change;
            }
    }

    [Fact]
    public void RandomDamageIsRefusedOrRead()
    {
        RandomStream random = new(1, 5);
        byte[][] files = [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "fixtures"), "model.onnx", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        ulong drawn = 0;
        for (int round = 0; round < 4000; round++)
        {
            byte[] bytes = [.. files[round % files.Length]];
            for (int change = 1 + random.Below(drawn++, 6); change > 0; change--)
            {
                int at = random.Below(drawn++, bytes.Length), kind = random.Below(drawn++, 4);
                if (kind == 0) bytes[at] = (byte)random.Below(drawn++, 256);
                else if (kind == 1) bytes[at] = 0xFF;
                else if (kind == 2) bytes[at] = (byte)(bytes[at] + 1);
                else bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).CopyTo(bytes.AsSpan(random.Below(drawn++, bytes.Length - 8)));
            }
            IsRead(bytes);
        }
    }

    /// <summary>Whether a model comes of it; anything but a model or a refusal fails the test.</summary>
    private static bool IsRead(byte[] bytes)
    {
        try
        {
            OnnxImport.FromBytes(bytes);
            return true;
        }
        catch (DownhillException refusal)
        {
            Assert.DoesNotContain("internal", refusal.Message, StringComparison.Ordinal);
            return false;
        }
    }

    // ---- malice -----------------------------------------------------------------------------------------------------

    public static TheoryData<string> Attacks => new(All.Keys);

    private static Dictionary<string, (Action<ModelProto> Change, string Expected)> All { get; } = new(StringComparer.Ordinal)
    {
        ["no graph"] = (m => m.Graph = null!, "a graph"),
        ["no input"] = (m => m.Graph.Input.Clear(), "an input for the rows"),
        ["no output"] = (m => m.Graph.Output.Clear(), "an output of numbers or classes"),
        ["output of no node"] = (m => m.Graph.Output[0].Name = "nowhere", "output 'nowhere'"),
        ["format of the future"] = (m => m.IrVersion = 99, "format version"),
        ["operators of the future"] = (m => m.OpsetImport[0].Version = 99, "version 1 to 25"),
        ["own functions"] = (m => m.Functions.Add(new FunctionProto { Name = "evil" }), "function 'evil'"),
        ["own operator"] = (m => m.Graph.Node[0].Domain = "com.evil", "standard operator"),
        ["unknown operator"] = (m => m.Graph.Node[0].OpType = "Conv", "node 'product' (Conv)"),
        ["loop"] = (m => m.Graph.Node[0].OpType = "Loop", "node 'product' (Loop)"),
        ["circle"] = (m => m.Graph.Node[0].Input[0] = "y", "computed before it"),
        ["reads itself"] = (m => m.Graph.Node[0].Input[0] = "v", "computed before it"),
        ["two values of one name"] = (m => m.Graph.Node[1].Output[0] = "v", "'v' twice"),
        ["two tensors of one name"] = (m => m.Graph.Initializer.Add(m.Graph.Initializer[0].Clone()), "'w' twice"),
        ["negative dimension"] = (m => m.Graph.Initializer[0].Dims[0] = -3, "[-3,2]"),
        ["dimensions that overflow"] = (m => { m.Graph.Initializer[0].Dims[0] = 1L << 33; m.Graph.Initializer[0].Dims[1] = 1L << 33; }, "at most 2³¹"),
        ["larger than its data"] = (m => m.Graph.Initializer[0].Dims[0] = 1_000_000_000, "bytes for"),
        ["smaller than its data"] = (m => m.Graph.Initializer[0].Dims[0] = 1, "bytes for"),
        ["hundred dimensions"] = (m => m.Graph.Initializer[0].Dims.AddRange(Enumerable.Repeat(1L, 100)), "at most 8 dimensions"),
        ["type that is none"] = (m => m.Graph.Initializer[0].DataType = 77, "type 77"),
        ["weights of texts"] = (m => m.Graph.Initializer[0] = Texts("w", 6), "fixed numbers"),
        ["weights for other rows"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 5, "rows of 5"),
        ["input of a billion columns"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 1_000_000_000, "fixed number of columns"),
        ["input of negative width"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = -4, "fixed number of columns"),
        ["input of unknown width"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimParam = "any", "fixed number of columns"),
        ["input whose width overflows"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim.Add(
            [.. Enumerable.Range(0, 9).Select(_ => new TensorShapeProto.Types.Dimension { DimValue = long.MaxValue / 2 })]), "fixed number of columns"),
        ["input without a type"] = (m => m.Graph.Input[0].Type = null!, "a tensor with a shape"),
        ["weights elsewhere"] = (m => Elsewhere(m, "weights.bin"), "weights within the file"),
        ["sparse weights"] = (m => m.Graph.SparseInitializer.Add(new SparseTensorProto()), "a dense tensor"),
        ["weights that are an input"] = (m => { m.Graph.Initializer.RemoveAt(0); m.Graph.Input.Add(Input("w", 2)); }, "fixed numbers as operand 2"),
        ["softmax in the middle"] = (m => { m.Graph.Node[1].OpType = "Softmax"; Append(m, "Gemm", "h2", "y", "w2"); }, "element-wise"),
        ["logarithms of probabilities"] = (m => m.Graph.Node[1].OpType = "LogSoftmax", "probabilities"),
        ["skip connection"] = (m => { Append(m, "Gemm", "h2", "y", "w2"); Append(m, "Add", "sum", "h2", "y"); }, "Networks with branches"),
        ["two branches"] = (m => { Append(m, "Gemm", "h2", "y", "w2"); Append(m, "Tanh", "h3", "h2"); Append(m, "Gemm", "h4", "v", "w2"); Append(m, "Tanh", "h5", "h4"); }, "branch"),
        ["square as an activation"] = (m => { m.Graph.Node[1].OpType = "Mul"; m.Graph.Node[1].Input.Add("v"); }, "an activation of the catalog"),
        ["rounding"] = (m => { m.Graph.Node[1].OpType = "Cast"; m.Graph.Node[1].Attribute.Add(Integer("to", (long)Type.Int32)); }, "keeps the numbers"),
        ["rows mixed"] = (m => { m.Graph.Node[1].OpType = "Transpose"; m.Graph.Node[1].Attribute.Add(Integers("perm", 1, 0)); }, "rows in the first dimension"),
        ["rows flattened"] = (m => { m.Graph.Node[1].OpType = "Flatten"; m.Graph.Node[1].Attribute.Add(Integer("axis", 0)); }, "rows kept apart"),
        ["columns of inputs"] = (m => m.Graph.Node[0].Attribute.Add(Integer("transA", 1)), "transA"),
        ["bias for each row"] = (m => m.Graph.Node[0].Input.Add("w"), "numbers for rows of [2]"),
        ["twenty thousand nodes"] = (m => { for (int i = 0; i < 20_000; i++) Append(m, "Identity", $"i{i}", "y"); }, "at most 10000 nodes"),
        ["million texts"] = (m => m.MetadataProps.AddRange(Enumerable.Range(0, 400_000).Select(_ => new StringStringEntryProto { Key = "a" })), "at most 300,000 parts"),
        ["endless formula"] = (m => { string from = "y"; for (int i = 0; i < 200; i++) { Append(m, "Sin", $"s{i}", from); from = $"s{i}"; } }, "longer formula"),
        ["formula that doubles"] = (m => { string from = "y"; for (int i = 0; i < 60; i++) { Append(m, "Mul", $"s{i}", from, from); from = $"s{i}"; } }, "activation of the catalog"),
    };

    [Theory, MemberData(nameof(Attacks))]
    public void IsRefusedByName(string attack)
    {
        ModelProto model = Plain();
        (Action<ModelProto> change, string expected) = All[attack];
        change(model);
        if (model.Graph is not null && model.Graph.Output.Count > 0 && model.Graph.Node.Count > 2)
            model.Graph.Output[0].Name = model.Graph.Node[^1].Output[0];
        byte[] bytes = model.ToByteArray();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        DownhillException refusal = Assert.Throws<DownhillException>(() => OnnxImport.FromBytes(bytes));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 256L << 20);
    }

    [Fact]
    public void ThePlainModelOfTheseAttacksIsRead() => Assert.Equal("3-2", OnnxImport.FromBytes(Plain().ToByteArray()).Spec.ToString());

    [Fact]
    public void MessagesWithinMessagesEndSomewhere()
    {
        // A graph in an attribute of a node of a graph in an attribute …, a thousand times.
        byte[] graph = [];
        for (int depth = 0; depth < 1000; depth++) graph = Field(1, Field(5, Field(6, graph)));
        Assert.Contains("deep", Assert.Throws<DownhillException>(() => OnnxImport.FromBytes(Field(7, graph))).Message, StringComparison.Ordinal);

        static byte[] Field(int number, byte[] content)
        {
            using MemoryStream stream = new();
            using CodedOutputStream output = new(stream);
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
            output.Flush();
            return stream.ToArray();
        }
    }

    [Fact]
    public void ALengthBeyondTheFileAllocatesNothing()
    {
        byte[] bytes = [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]; // graph of 2 GiB
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DownhillException>(() => OnnxImport.FromBytes(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory, InlineData("../weights.bin"), InlineData("/etc/hostname"), InlineData(""), InlineData("link.bin"), InlineData("missing.bin"), InlineData("a/../../weights.bin")]
    public void WeightsOutsideTheFolderAreNotRead(string location)
    {
        string folder = Directory.CreateTempSubdirectory("downhill-hostile").FullName, inner = Path.Combine(folder, "model");
        try
        {
            Directory.CreateDirectory(inner);
            File.WriteAllBytes(Path.Combine(folder, "weights.bin"), new byte[24]);
            if (!OperatingSystem.IsWindows()) File.CreateSymbolicLink(Path.Combine(inner, "link.bin"), Path.Combine(folder, "weights.bin"));
            ModelProto model = Plain();
            Elsewhere(model, location);
            File.WriteAllBytes(Path.Combine(inner, "model.onnx"), model.ToByteArray());
            Assert.Contains("beside the model",
                Assert.Throws<DownhillException>(() => OnnxImport.Load(Path.Combine(inner, "model.onnx"))).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void WeightsBesideTheModelAreRead()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-beside").FullName;
        try
        {
            ModelProto model = Plain();
            byte[] bytes = new byte[100];
            model.Graph.Initializer[0].RawData.CopyTo(bytes, 8);
            File.WriteAllBytes(Path.Combine(folder, "weights.bin"), bytes);
            Elsewhere(model, "weights.bin", 8);
            File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model.ToByteArray());
            Assert.Equal(OnnxImport.FromBytes(Plain().ToByteArray()).WeightsHash, OnnxImport.Load(Path.Combine(folder, "model.onnx")).WeightsHash);
            Elsewhere(model, "weights.bin", 80);
            File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model.ToByteArray());
            Assert.Contains("do not belong together",
                Assert.Throws<DownhillException>(() => OnnxImport.Load(Path.Combine(folder, "model.onnx"))).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // ---- a model of three inputs and two units --------------------------------------------------------------------------

    private static ModelProto Plain()
    {
        ModelProto model = new() { IrVersion = 8, Graph = new() { Name = "plain" } };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        model.Graph.Input.Add(Input("x", 3));
        model.Graph.Initializer.Add(Numbers("w", 3, 2));
        model.Graph.Initializer.Add(Numbers("w2", 2, 2));
        NodeProto product = new() { Name = "product", OpType = "Gemm" };
        product.Input.Add(["x", "w"]);
        product.Output.Add("v");
        model.Graph.Node.Add(product);
        Append(model, "Tanh", "y", "v");
        model.Graph.Output.Add(new ValueInfoProto { Name = "y" });
        return model;
    }

    private static void Append(ModelProto model, string operation, string output, params string[] inputs)
    {
        NodeProto node = new() { Name = output, OpType = operation };
        node.Input.Add(inputs);
        node.Output.Add(output);
        model.Graph.Node.Add(node);
    }

    private static ValueInfoProto Input(string name, int columns)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = columns });
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)Type.Float, Shape = shape } } };
    }

    private static TensorProto Numbers(string name, int rows, int columns)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)Type.Float };
        tensor.Dims.Add([rows, columns]);
        byte[] bytes = new byte[4 * rows * columns];
        for (int i = 0; i < rows * columns; i++) BitConverter.TryWriteBytes(bytes.AsSpan(4 * i), 0.25f * (i + 1));
        tensor.RawData = ByteString.CopyFrom(bytes);
        return tensor;
    }

    private static TensorProto Texts(string name, int count)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)Type.String };
        tensor.Dims.Add([3, 2]);
        for (int i = 0; i < count; i++) tensor.StringData.Add(ByteString.CopyFromUtf8("w"));
        return tensor;
    }

    private static void Elsewhere(ModelProto model, string location, long offset = 0)
    {
        TensorProto weights = model.Graph.Initializer[0];
        weights.ClearRawData();
        weights.DataLocation = TensorProto.Types.DataLocation.External;
        weights.ExternalData.Clear();
        weights.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        weights.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
    }

    private static AttributeProto Integer(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    private static AttributeProto Integers(string name, params long[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }
}
