using System.Text;

namespace Downhill;

/// <summary>The element types read and written; a name in the safetensors format for each.</summary>
public enum TensorType
{
    /// <summary>"F32": <see cref="float"/>.</summary>
    Float32,

    /// <summary>"F64": <see cref="double"/>.</summary>
    Float64,

    /// <summary>"I64": <see cref="long"/>.</summary>
    Int64,

    /// <summary>"I32": <see cref="int"/>.</summary>
    Int32,

    /// <summary>"U8": <see cref="byte"/>.</summary>
    UInt8,

    /// <summary>"BOOL": <see cref="bool"/>, one byte that is 0 or 1.</summary>
    Bool,
}

/// <summary>What a file says about one tensor: its name, element type and shape (row-major).</summary>
public sealed class TensorInfo
{
    /// <summary>The most dimensions a tensor can have.</summary>
    public const int MaximumRank = 64;

    private readonly long[] shape;

    /// <param name="name">Any text; unique in its file.</param>
    /// <param name="type">The element type.</param>
    /// <param name="shape">0 to 64 dimensions, each 0 or more; none is a single value.</param>
    /// <exception cref="DownhillException">The name is not proper Unicode or reserved, or the shape
    /// impossible.</exception>
    public TensorInfo(string name, TensorType type, params ReadOnlySpan<long> shape)
    {
        CheckText($"Tensor {Quote(name)}", name);
        if (name == SafetensorsHeader.MetadataName)
        {
            Throw.Input("Tensor", "a name of its own", $"the reserved {name}", "Name the tensor differently.");
        }
        foreach (long dimension in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        }
        if (shape.Length > MaximumRank || !TryCount(shape, TensorTypes.Size(type), out long count))
        {
            Throw.Input($"Tensor {Quote(name)}", $"at most {MaximumRank} dimensions and 2^63-1 bytes",
                Print(shape), "Make it smaller.");
            throw null;
        }
        Name = name;
        Type = type;
        Count = count;
        this.shape = shape.ToArray();
    }

    /// <summary>For the header's reader, which has checked everything with better words.</summary>
    internal TensorInfo(string name, TensorType type, ReadOnlySpan<long> shape, long count, long begin)
    {
        Name = name;
        Type = type;
        Count = count;
        Begin = begin;
        this.shape = shape.ToArray();
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public TensorType Type { get; }

    /// <summary>The dimensions, outermost first; empty for a single value.</summary>
    public ReadOnlySpan<long> Shape => shape;

    /// <summary>Number of elements: the product of the dimensions.</summary>
    public long Count { get; }

    /// <summary>Number of bytes in the file.</summary>
    public long ByteLength => Count * TensorTypes.Size(Type);

    /// <summary>Where the bytes begin, counted from the end of the header.</summary>
    internal long Begin { get; }

    internal long End => Begin + ByteLength;

    /// <summary>For example <c>dense1.weights F32[784, 10]</c>.</summary>
    public override string ToString() => $"{Name} {TensorTypes.Name(Type)}{Print(shape)}";

    /// <summary>The product of the dimensions, false if it or the number of bytes is above 2^63-1.</summary>
    internal static bool TryCount(ReadOnlySpan<long> shape, int size, out long count)
    {
        count = 1;
        foreach (long dimension in shape)
        {
            if (dimension != 0 && count > long.MaxValue / dimension)
            {
                return false;
            }
            count *= dimension;
        }
        return count <= long.MaxValue / size;
    }

    internal static string Print(ReadOnlySpan<long> shape)
    {
        StringBuilder text = new("[");
        for (int i = 0; i < shape.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(shape[i]);
        }
        return text.Append(']').ToString();
    }

    /// <summary>A name from a file, fit to be shown: quoted, short, without control characters.</summary>
    internal static string Quote(string? name)
    {
        const int Longest = 80;
        StringBuilder text = new("\"");
        foreach (char c in (name ?? "").AsSpan(0, Math.Min(Longest, name?.Length ?? 0)))
        {
            text.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        }
        return text.Append(name?.Length > Longest ? "…\"" : "\"").ToString();
    }

    /// <summary>Refuses text that UTF-8 cannot carry: half of a surrogate pair would come back as something
    /// else.</summary>
    internal static void CheckText(string where, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                Throw.Input(where, "Unicode text", "half of a surrogate pair", "Correct the text.");
            }
        }
    }
}

/// <summary>The table of element types.</summary>
internal static class TensorTypes
{
    public static string Name(TensorType type) => type switch
    {
        TensorType.Float32 => "F32",
        TensorType.Float64 => "F64",
        TensorType.Int64 => "I64",
        TensorType.Int32 => "I32",
        TensorType.UInt8 => "U8",
        TensorType.Bool => "BOOL",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static int Size(TensorType type) => type switch
    {
        TensorType.Float64 or TensorType.Int64 => 8,
        TensorType.Float32 or TensorType.Int32 => 4,
        TensorType.UInt8 or TensorType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static bool TryParse(string name, out TensorType type)
    {
        for (type = TensorType.Float32; type <= TensorType.Bool; type++)
        {
            if (Name(type) == name)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The element type that a C# type stands for.</summary>
    public static TensorType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? TensorType.Float32
        : typeof(T) == typeof(double) ? TensorType.Float64
        : typeof(T) == typeof(long) ? TensorType.Int64
        : typeof(T) == typeof(int) ? TensorType.Int32
        : typeof(T) == typeof(byte) ? TensorType.UInt8
        : typeof(T) == typeof(bool) ? TensorType.Bool
        : throw new NotSupportedException($"A tensor of {typeof(T)} cannot be stored.");
}
