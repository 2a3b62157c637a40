using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Downhill.Tests.Training;

namespace Downhill.Tests.Models;

/// <summary>Models as files: everything comes back, and every damage is noticed.</summary>
public sealed class ModelFileTests
{
    private static Dataset Mixed(bool isClass)
    {
        Column[] columns = [new("length"), new("colour", ColumnKind.Category, ["red", "green", "blue"]), new("width"),
            new("kind", ColumnKind.Category, ["a", "b"])];
        RandomStream random = new(3, RandomStreams.Data);
        float[] numeric = [.. Enumerable.Range(0, 80).Select(i => (float)random.Normal((ulong)i))];
        int[] codes = [.. Enumerable.Range(0, 80).Select(i => i % 2 == 0 ? i / 2 % 4 - 1 : i / 3 % 2)];
        int[] classes = [.. Enumerable.Range(0, 40).Select(i => i % 3)];
        float[] values = [.. Enumerable.Range(0, 80).Select(i => 100 + 3 * numeric[i])];
        return new("mixed", columns, isClass ? new(["kind of \"thing\" ü"], ["one", "twö", "th,ree"])
            : new(["y1", "y2"], []), numeric, codes, isClass ? classes : [], isClass ? [] : values);
    }

    private static Model Make(string kind)
    {
        FitOptions options = new() { Hidden = [5, 4], Epochs = 2, Threads = 1, TestShare = 0 };
        return kind switch
        {
            "class" => Model.Fit(Mixed(true), options).Model,
            "numbers" => Model.Fit(Mixed(false), options).Model,
            "single" => Model.Fit(Runs.Classes(30, 3, 2),
                options with { Output = Activations.Sigmoid(2, 0.1), Loss = Losses.BinaryCrossEntropy }).Model,
            "tanh" => Model.Fit(Runs.Classes(30, 3, 2),
                options with { Output = Activations.Tanh, Arithmetic = Arithmetic.Portable }).Model,
            "layers" =>
                Model.Fit(Runs.Classes(60, 6, 3), options with
                {
                    BatchNorm = true,
                    Dropout = 0.25,
                    Connections = 0.5,
                    Activation = [Activations.Tanh, Activations.Relu],
                    Initializer = Initializers.LeCunNormal
                }).Model,
            "image" =>
                Model.Fit(new Dataset("image", Runs.Columns(6), new(["y"], ["0", "1"]), new float[24], [], [0, 1, 0, 1],
                [])
                { Image = new(3, 2) }, options).Model,
            _ => Model.Fit(Runs.Numbers(20, 3), options with { Hidden = [], Optimizer = Optimizers.Lbfgs() }).Model,
        };
    }

    [Theory]
    [InlineData("class")]
    [InlineData("numbers")]
    [InlineData("single")]
    [InlineData("tanh")]
    [InlineData("layers")]
    [InlineData("image")]
    [InlineData("linear")]
    public void Everything_comes_back(string kind)
    {
        using TemporaryFolder folder = new();
        Model model = Make(kind);
        model.Save(folder["m.safetensors"]);
        Assert.Equal(File.ReadAllBytes(folder["m.safetensors"]), model.ToBytes());
        Model back = Model.Load(folder["m.safetensors"]);
        Assert.Equal(model.Spec, back.Spec);
        Assert.True(model.Parameters.SequenceEqual(back.Parameters));
        Assert.True(model.Buffers.SequenceEqual(back.Buffers));
        Assert.Equal(model.WeightsHash, back.WeightsHash);
        Assert.Equal(model.Loss, back.Loss);
        Assert.Equal(model.Arithmetic, back.Arithmetic);
        Assert.Equal(model.Training, back.Training);
        Assert.Equal(model.Image, back.Image);
        Preparation a = model.Preparation, b = back.Preparation;
        Assert.Equal(a.Inputs.Select(c => (c.Name, c.Kind, string.Join('|', c.Categories))),
            b.Inputs.Select(c => (c.Name, c.Kind, string.Join('|', c.Categories))));
        Assert.Equal(a.Target.Names, b.Target.Names);
        Assert.Equal(a.Target.Classes, b.Target.Classes);
        Assert.Equal(a.Shift, b.Shift);
        Assert.Equal(a.Scale, b.Scale);
        Assert.Equal(a.TargetShift, b.TargetShift);
        Assert.Equal(a.TargetScale, b.TargetScale);
        Assert.Equal((a.TargetLow, a.TargetHigh, a.SingleOutput), (b.TargetLow, b.TargetHigh, b.SingleOutput));
        Assert.Equal(model.ToBytes(), back.ToBytes());
        float[] row = [.. Enumerable.Range(0, a.NumericCount).Select(i => 0.3f * i - 0.5f)],
            left = new float[a.Outputs], right = new float[a.Outputs];
        int[] codes = [.. Enumerable.Repeat(1, a.CategoryCount)];
        model.Predict(row, left, codes);
        back.Predict(row, right, codes);
        Assert.Equal(left, right);
        Assert.NotEqual(0, left.Sum(Math.Abs));
    }

    [Fact]
    public void Category_columns_are_one_unit_per_category_in_column_order()
    {
        Preparation p = Make("class").Preparation;
        Assert.Equal(1 + 3 + 1 + 2, p.Width);
        double[] encoded = new double[7];
        p.Encode<double>([2, 5], [1, 0], encoded);
        Assert.Equal([(2 - p.Shift[0]) * p.Scale[0], 0, 1, 0, (5 - p.Shift[1]) * p.Scale[1], 1, 0], encoded,
            (x, y) => Math.Abs(x - y) < 1e-6);
        p.Encode<double>([2, 5], [-1, 1], encoded);
        Assert.Equal([0, 0, 0, 0, 1], [encoded[1], encoded[2], encoded[3], encoded[5], encoded[6]]);
        Model model = Make("class");
        Assert.Throws<DownhillException>(() => model.Predict([1f, 2f], new float[3]));         // no codes
        Assert.Throws<DownhillException>(() => model.Predict([1f, 2f], new float[3], [0, 2])); // no such category
        Assert.Throws<DownhillException>(() => model.Predict([1f, 2f], new float[3], [0, -2]));
        Assert.Throws<DownhillException>(() => model.Predict([1f], new float[3], [0, 1]));
        Assert.Throws<DownhillException>(() => model.Predict([1f, 2f], new float[2], [0, 1]));
    }

    /// <summary>Hash by hand: the links only, little-endian, in layer order, weights before biases.</summary>
    [Theory]
    [InlineData("layers")]
    [InlineData("numbers")]
    public void The_weights_hash_is_the_SHA_256_of_the_links(string kind)
    {
        Model model = Make(kind);
        List<byte> bytes = [];
        byte[] four = new byte[4];
        foreach (Segment segment in model.Spec.Segments)
            for (int i = 0; i < segment.Shape.Rows; i++)
                for (int j = 0; j < segment.Shape.Columns; j++)
                {
                    if (segment.Shape.Mask is ConnectionMask mask && !mask[i, j]) continue;
                    BinaryPrimitives.WriteSingleLittleEndian(
                        four, model.Parameters[segment.Offset + i * segment.Shape.Columns + j]);
                    bytes.AddRange(four);
                }
        Assert.Equal(4 * model.Spec.ParameterCount, bytes.Count);
        string hash = Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
        Assert.Equal(hash, model.WeightsHash);

        // In the file: the tensors in that order, and the hash for reading without us.
        using Safetensors file = Safetensors.Parse(model.ToBytes(), "test");
        Assert.True(file.TryGetMetadata("downhill.weights_sha256", out string? written));
        Assert.Equal(hash, written);
        Assert.NotNull(file.Sha256);
        List<byte> stored = [];
        foreach (Segment segment in model.Spec.Segments)
            foreach (float w in file.Read<float>(segment.Name))
            {
                BinaryPrimitives.WriteSingleLittleEndian(four, w);
                stored.AddRange(four);
            }
        Assert.Equal(bytes, stored);
    }

    [Fact]
    public void Every_damaged_byte_is_noticed()
    {
        byte[] bytes = Make("linear").ToBytes();
        for (int at = 0; at < bytes.Length; at++)
            for (int bit = at % 3; bit < 8; bit += 3)
            {
                bytes[at] ^= (byte)(1 << bit);
                Assert.Throws<DownhillException>(() => ModelFile.FromBytes(bytes));
                bytes[at] ^= (byte)(1 << bit);
            }
        for (int length = 0; length < bytes.Length; length += 1 + length / 7)
            Assert.Throws<DownhillException>(() => ModelFile.FromBytes(bytes.AsMemory(0, length)));
        Assert.Throws<DownhillException>(() => ModelFile.FromBytes((byte[])[.. bytes, 0]));
        ModelFile.FromBytes(bytes);
    }

    /// <summary>Another program's change is refused, and doing what the refusal says makes the file a model
    /// again.</summary>
    [Fact]
    public void A_digest_that_is_wrong_is_refused_with_advice_that_helps()
    {
        byte[] bytes = Make("linear").ToBytes();
        bytes[^1] ^= 0x80;                                                                 // a bias changes its sign
        string message = Assert.Throws<DownhillException>(() => ModelFile.FromBytes(bytes)).Message;
        Assert.Contains("use an intact copy", message);
        Assert.Contains("write downhill.sha256 anew: the SHA-256 of the file with these 64 digits as 0", message);
        Assert.DoesNotContain("drop", message);

        int digits = Encoding.Latin1.GetString(bytes).IndexOf("downhill.sha256", StringComparison.Ordinal)
            + "downhill.sha256\":\"".Length;
        bytes.AsSpan(digits, 64).Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(bytes))).CopyTo(bytes, digits);
        float changed = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(^4));
        Assert.NotEqual(0, changed);
        Assert.Contains(changed, ModelFile.FromBytes(bytes).Parameters.ToArray());
    }

    [Fact]
    public void Foreign_files_are_refused_with_advice()
    {
        using TemporaryFolder folder = new();
        string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        byte[] foreign = [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), 0, 0, 0, 0];
        Assert.Contains(
            "another program", Assert.Throws<DownhillException>(() => ModelFile.FromBytes(foreign)).Message);
        Assert.Throws<DownhillException>(() => ModelFile.FromBytes(Encoding.UTF8.GetBytes("this is no model at all, it "
            + "is a text")));
        Assert.Throws<DownhillException>(() => ModelFile.FromBytes(Array.Empty<byte>()));
        Assert.Throws<DownhillException>(() => Model.Load(folder["missing"]));
        Assert.Throws<DownhillException>(() => Model.Load(folder.Path));
        Assert.Throws<DownhillException>(
            () => Make("linear").Save(Path.Combine(folder.Path, "no", "such", "folder", "m")));
    }

    /// <summary>Descriptions that a digest protects from accidents, but not from authors: no exception but ours may
    /// come out.</summary>
    [Theory]
    [InlineData("downhill.network", "{}")]
    [InlineData("downhill.network", "[]")]
    [InlineData("downhill.network", "null")]
    [InlineData("downhill.network", "not json")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":[]}")]
    [InlineData("downhill.network", "{\"inputs\":-3,\"layers\":["
        + "{\"kind\":\"dense\",\"units\":1,\"activation\":\"identity\"}]}")]
    [InlineData("downhill.network", "{\"inputs\":2000000000,\"layers\":["
        + "{\"kind\":\"dense\",\"units\":2000000000,\"activation\":\"identity\"}]}")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":["
        + "{\"kind\":\"dense\",\"units\":2,\"activation\":\"identity\"}]}")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":["
        + "{\"kind\":\"magic\",\"units\":1,\"activation\":\"identity\"}]}")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":[{\"kind\":\"dense\",\"units\":1,\"activation\":null}]}")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":["
        + "{\"kind\":\"dense\",\"units\":1,\"activation\":\"identity\",\"inputs\":-1,\"connections\":\"AA==\"}]}")]
    [InlineData("downhill.network", "{\"inputs\":3,\"layers\":["
        + "{\"kind\":\"batch_norm\",\"activation\":\"softmax\",\"momentum\":0.1,\"epsilon\":0},"
        + "{\"kind\":\"dense\",\"units\":1,\"activation\":\"identity\"}]}")]
    [InlineData("downhill.preparation", "{}")]
    [InlineData("downhill.model", "{\"loss\":\"magic\",\"arithmetic\":\"fast\"}")]
    // identity is not in its domain
    [InlineData("downhill.model", "{\"loss\":\"cross_entropy\",\"arithmetic\":\"fast\"}")]
    [InlineData("downhill.format", "model/99")]
    [InlineData("downhill.format", "checkpoint/1")]
    public void Descriptions_that_make_no_sense_are_refused(string key, string text)
    {
        Model model = Make("linear");
        using Safetensors file = Safetensors.Parse(model.ToBytes(), "test");
        List<KeyValuePair<string, string>> metadata = [];
        foreach (
            string name in (string[])["downhill.format", "downhill.network", "downhill.preparation", "downhill.model"])
        {
            Assert.True(file.TryGetMetadata(name, out string? value));
            metadata.Add(new(name, name == key ? text : value!));
        }
        TensorInfo[] tensors = [.. model.Spec.Segments.Select(s =>
        {
            Assert.True(file.TryGetTensor(s.Name, out TensorInfo? tensor));
            return tensor!;
        })];
        byte[] Written(List<KeyValuePair<string, string>> with)
        {
            using MemoryStream stream = new();
            using SafetensorsWriter writer = new(stream, tensors, with, withDigest: true);
            foreach (TensorInfo tensor in tensors) writer.Write<float>(file.Read<float>(tensor.Name));
            writer.Complete();
            return stream.ToArray();
        }
        Assert.Throws<DownhillException>(() => ModelFile.FromBytes(Written(metadata)));
        Assert.True(file.TryGetMetadata(key, out string? right));
        ModelFile.FromBytes(
            Written(
            [.. metadata.Select(m => new KeyValuePair<string, string>(m.Key, m.Key == key ? right! : m.Value))]));
    }
}
