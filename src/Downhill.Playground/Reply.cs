using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Downhill.Playground;

/// <summary>
/// A reply while it is made: a JSON header and binary blocks, little-endian. Layout: docs/PLAYGROUND.md.
/// </summary>
internal sealed class Reply : IDisposable
{
    /// <summary>"DHF1", read as a little-endian number.</summary>
    public const uint Magic = 0x31464844;

    private readonly ArrayBufferWriter<byte> header = new(4096);
    private readonly List<(string Name, string Type, int[] Shape, byte[] Bytes)> blocks = [];

    public Reply(long id, bool ok)
    {
        Json = new(header, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        Json.WriteStartObject();
        Json.WriteNumber("id", id);
        Json.WriteBoolean("ok", ok);
    }

    /// <summary>The header, inside its object.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>A number; null where it is not finite.</summary>
    public void Number(string name, double value) => WriteNumber(Json, name, value);

    public void Block(string name, ReadOnlySpan<byte> values, params int[] shape) => Add(name, "u8", values, values.Length, shape);

    public void Block(string name, ReadOnlySpan<float> values, params int[] shape) => Add(name, "f32", MemoryMarshal.AsBytes(values), values.Length, shape);

    public void Block(string name, ReadOnlySpan<double> values, params int[] shape) => Add(name, "f64", MemoryMarshal.AsBytes(values), values.Length, shape);

    public void Block(string name, ReadOnlySpan<int> values, params int[] shape) => Add(name, "i32", MemoryMarshal.AsBytes(values), values.Length, shape);

    /// <summary>The finished message.</summary>
    public byte[] ToBytes()
    {
        Json.WriteStartObject("blocks");
        int offset = 0;
        foreach ((string name, string type, int[] shape, byte[] bytes) in blocks)
        {
            Json.WriteStartObject(name);
            Json.WriteString("type", type);
            Json.WriteStartArray("shape");
            foreach (int side in shape) Json.WriteNumberValue(side);
            Json.WriteEndArray();
            Json.WriteNumber("offset", offset);
            Json.WriteEndObject();
            offset += Padded(bytes.Length);
        }
        Json.WriteEndObject();
        Json.WriteEndObject();
        Json.Flush();
        int length = Padded(header.WrittenCount);
        byte[] message = new byte[8 + length + offset];
        BinaryPrimitives.WriteUInt32LittleEndian(message, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), (uint)length);
        header.WrittenSpan.CopyTo(message.AsSpan(8));
        message.AsSpan(8 + header.WrittenCount, length - header.WrittenCount).Fill((byte)' ');
        int at = 8 + length;
        foreach ((_, _, _, byte[] bytes) in blocks)
        {
            bytes.CopyTo(message, at);
            at += Padded(bytes.Length);
        }
        return message;
    }

    public void Dispose() => Json.Dispose();

    public static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    private static int Padded(int length) => (length + 7) & ~7;

    private void Add(string name, string type, ReadOnlySpan<byte> bytes, int length, int[] shape)
    {
        long wanted = 1;
        foreach (int side in shape) wanted *= side;
        if (wanted != length) throw new InvalidOperationException($"Block '{name}' has {length} numbers and the shape {string.Join('×', shape)}.");
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Replies are little-endian.");
        blocks.Add((name, type, shape, bytes.ToArray()));
    }
}
