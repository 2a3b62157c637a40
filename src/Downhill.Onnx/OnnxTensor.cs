using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Downhill.Onnx.Schema;
using Google.Protobuf;

namespace Downhill.Onnx;

/// <summary>
/// A tensor of numbers or texts as it lies in a file: shape, and elements read one by one from raw or typed data of any
/// type. Row-major.
/// </summary>
internal sealed class OnnxTensor
{
    private const int MostDimensions = 8;

    private readonly Func<int, double>? number;
    private readonly IReadOnlyList<string>? texts;

    private OnnxTensor(IReadOnlyList<long> dimensions, TensorProto.Types.DataType type, Func<int, double>? number, IReadOnlyList<string>? texts)
    {
        (Dimensions, Type, this.number, this.texts) = (dimensions, type, number, texts);
        Count = (int)dimensions.Aggregate(1L, (a, b) => a * b);
    }

    public IReadOnlyList<long> Dimensions { get; }
    public TensorProto.Types.DataType Type { get; }
    public int Count { get; }
    public bool IsText => texts is not null;
    public bool IsInteger => Type is TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Int32
        or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Uint8
        or TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Uint32 or TensorProto.Types.DataType.Uint64;

    /// <summary>Element of a tensor of numbers.</summary>
    public double this[int index] => number!(index);

    /// <summary>The elements as texts; a number becomes its shortest text.</summary>
    public string Text(int index) => texts is not null ? texts[index] : this[index].ToString("R", CultureInfo.InvariantCulture);

    public double[] Numbers() => [.. Enumerable.Range(0, Count).Select(i => this[i])];

    /// <summary>The same elements under another shape.</summary>
    public OnnxTensor Reshaped(IReadOnlyList<long> dimensions) => new(dimensions, Type, number, texts);

    /// <summary>The same numbers under another type; none is changed (a cast to whole numbers is checked by its user).</summary>
    public OnnxTensor As(TensorProto.Types.DataType type) => new(Dimensions, type, number, texts);

    /// <summary>[r,c] → [c,r], without moving a number.</summary>
    public OnnxTensor Transposed()
    {
        int rows = (int)Dimensions[0], columns = (int)Dimensions[1];
        return new([columns, rows], Type, i => number!(i % rows * columns + i / rows), null);
    }

    public static OnnxTensor Of(IReadOnlyList<long> dimensions, double[] values, TensorProto.Types.DataType type) =>
        new(dimensions, type, i => values[i], null);

    public static OnnxTensor OfTexts(IReadOnlyList<string> texts) => new([texts.Count], TensorProto.Types.DataType.String, null, texts);

    /// <summary>Reads a tensor; where says whose it is.</summary>
    /// <param name="tensor">As in the file.</param>
    /// <param name="where">For messages.</param>
    /// <param name="folder">Where data outside the file may lie, null for nowhere.</param>
    /// <exception cref="DownhillException">Shape, type and data do not fit together.</exception>
    public static OnnxTensor Read(TensorProto tensor, string where, string? folder)
    {
        if (tensor.Dims.Count > MostDimensions)
            Throw.Input(where, $"at most {MostDimensions} dimensions", $"{tensor.Dims.Count}", "A weight has 2.");
        long count = 1;
        foreach (long dimension in tensor.Dims)
        {
            if (dimension < 0 || (dimension > 0 && count > int.MaxValue / dimension))
                Throw.Input(where, "a shape of at most 2³¹ numbers", $"[{string.Join(",", tensor.Dims)}]", "The file is damaged.");
            count *= dimension;
        }
        TensorProto.Types.DataType type = (TensorProto.Types.DataType)tensor.DataType;
        if (type == TensorProto.Types.DataType.String)
        {
            CheckCount(where, tensor, count, tensor.StringData.Count);
            return new([.. tensor.Dims], type, null, [.. tensor.StringData.Select(s => s.ToString(Encoding.UTF8))]);
        }
        int size = type switch
        {
            TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
            TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64 => 8,
            TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Bool => 1,
            TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Float16
                or TensorProto.Types.DataType.Bfloat16 => 2,
            _ => Throw.Input<int>(where, "numbers or texts", $"type {tensor.DataType}", "Export it with float weights."),
        };
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            return new([.. tensor.Dims], type, Raw(External(tensor, where, folder, count * size), type), null);
        if (tensor.HasRawData && tensor.RawData.Length > 0)
        {
            if (tensor.RawData.Length != count * size)
                Throw.Input(where, $"{count * size:N0} bytes for [{string.Join(",", tensor.Dims)}]", $"{tensor.RawData.Length:N0}", "The file is damaged.");
            return new([.. tensor.Dims], type, Raw(tensor.RawData.Memory, type), null);
        }
        (int given, Func<int, double> number) = Typed(tensor, type);
        CheckCount(where, tensor, count, given);
        return new([.. tensor.Dims], type, number, null);
    }

    private static void CheckCount(string where, TensorProto tensor, long expected, int got)
    {
        if (got != expected)
            Throw.Input(where, $"{expected:N0} elements for [{string.Join(",", tensor.Dims)}]", $"{got:N0}", "The file is damaged.");
    }

    private static (int Count, Func<int, double> Number) Typed(TensorProto tensor, TensorProto.Types.DataType type) => type switch
    {
        TensorProto.Types.DataType.Float => (tensor.FloatData.Count, i => tensor.FloatData[i]),
        TensorProto.Types.DataType.Double => (tensor.DoubleData.Count, i => tensor.DoubleData[i]),
        TensorProto.Types.DataType.Int64 => (tensor.Int64Data.Count, i => tensor.Int64Data[i]),
        TensorProto.Types.DataType.Uint32 or TensorProto.Types.DataType.Uint64 => (tensor.Uint64Data.Count, i => tensor.Uint64Data[i]),
        TensorProto.Types.DataType.Float16 => (tensor.Int32Data.Count, i => (double)BitConverter.UInt16BitsToHalf((ushort)tensor.Int32Data[i])),
        TensorProto.Types.DataType.Bfloat16 => (tensor.Int32Data.Count, i => Brain((ushort)tensor.Int32Data[i])),
        _ => (tensor.Int32Data.Count, i => tensor.Int32Data[i]),
    };

    private static Func<int, double> Raw(ReadOnlyMemory<byte> bytes, TensorProto.Types.DataType type) => type switch
    {
        TensorProto.Types.DataType.Float => i => BinaryPrimitives.ReadSingleLittleEndian(bytes.Span[(4 * i)..]),
        TensorProto.Types.DataType.Double => i => BinaryPrimitives.ReadDoubleLittleEndian(bytes.Span[(8 * i)..]),
        TensorProto.Types.DataType.Int64 => i => BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[(8 * i)..]),
        TensorProto.Types.DataType.Uint64 => i => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[(8 * i)..]),
        TensorProto.Types.DataType.Int32 => i => BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[(4 * i)..]),
        TensorProto.Types.DataType.Uint32 => i => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[(4 * i)..]),
        TensorProto.Types.DataType.Int16 => i => BinaryPrimitives.ReadInt16LittleEndian(bytes.Span[(2 * i)..]),
        TensorProto.Types.DataType.Uint16 => i => BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[(2 * i)..]),
        TensorProto.Types.DataType.Float16 => i => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes.Span[(2 * i)..]),
        TensorProto.Types.DataType.Bfloat16 => i => Brain(BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[(2 * i)..])),
        TensorProto.Types.DataType.Int8 => i => (sbyte)bytes.Span[i],
        _ => i => bytes.Span[i],
    };

    /// <summary>bfloat16: the upper half of a float32.</summary>
    private static double Brain(ushort bits) => BitConverter.Int32BitsToSingle(bits << 16);

    // ---- data beside the file ---------------------------------------------------------------------------------------

    private static byte[] External(TensorProto tensor, string where, string? folder, long length)
    {
        string? Entry(string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;
        string location = Entry("location") ?? "";
        if (folder is null)
            Throw.Input(where, "weights within the file", $"weights in '{location}'", "Import it from its folder, or export it as one file.");
        string root = Path.GetFullPath(folder!), path = Path.GetFullPath(Path.Combine(root, location));
        bool isInside = location.Length > 0 && !Path.IsPathRooted(location) && !location.Contains('\0')
            && path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        if (!isInside || !File.Exists(path) || LeadsElsewhere(root, path))
            Throw.Input(where, "weights in a file beside the model", $"'{location}'", "Put the file into the model's folder.");
        long offset = Number("offset") ?? 0;
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if ((Number("length") ?? length) != length || offset < 0 || offset > stream.Length - length)
            Throw.Input(where, $"{length:N0} bytes from {offset:N0} in '{location}'", $"{stream.Length:N0} in all", "The files do not belong together.");
        byte[] bytes = new byte[length];
        stream.Position = offset;
        stream.ReadExactly(bytes);
        return bytes;

        long? Number(string key) => Entry(key) is not string text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : -1;
    }

    /// <summary>Whether the file, or a folder on the way to it, is a link.</summary>
    private static bool LeadsElsewhere(string root, string path)
    {
        for (string? part = path; part is not null && part.Length > root.Length; part = Path.GetDirectoryName(part))
            if (new FileInfo(part).LinkTarget is not null || new DirectoryInfo(part).LinkTarget is not null) return true;
        return false;
    }
}
