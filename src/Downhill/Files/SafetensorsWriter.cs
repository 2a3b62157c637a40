using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Downhill;

/// <summary>
/// Writes a safetensors file: the tensors are declared first, then their elements are handed over in that order, in
/// pieces of any length, so that nothing has to be copied together. The same declarations and elements give the same
/// bytes.
/// <para>
/// The format packs tensors without gaps. Declare those with wide elements first: some readers want each tensor to
/// begin at a multiple of its element size.
/// </para>
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const int HeaderAlignment = 8;
    private const int ChunkSize = 1 << 16;

    private readonly Stream stream;
    private readonly long start;
    private readonly IReadOnlyList<TensorInfo> tensors;
    private readonly Digest? digest;
    private readonly long digestPosition;
    private byte[]? chunk;
    private int current;
    private long written;

    /// <summary>Writes a file atomically (<see cref="AtomicFile"/>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">What follows, in this order.</param>
    /// <param name="metadata">Texts for the header, in this order.</param>
    /// <param name="withDigest">Add the SHA-256 by which readers notice every damaged byte.</param>
    /// <param name="write">Hands over all elements with <see cref="Write{T}"/>.</param>
    /// <exception cref="DownhillException">
    /// A name occurs twice, the header is too long, or the file may not be written there.
    /// </exception>
    /// <exception cref="IOException">The disk is full or fails; the old file is intact.</exception>
    public static void Save(
        string path,
        IReadOnlyList<TensorInfo> tensors,
        IReadOnlyList<KeyValuePair<string, string>> metadata,
        bool withDigest,
        Action<SafetensorsWriter> write) =>
        AtomicFile.Write(path, stream =>
        {
            using SafetensorsWriter writer = new(stream, tensors, metadata, withDigest);
            write(writer);
            writer.Complete();
        });

    /// <summary>Starts a file at the stream's position by writing its header.</summary>
    /// <param name="stream">Stays open. For a digest it must be seekable.</param>
    /// <param name="tensors">What follows, in this order.</param>
    /// <param name="metadata">Texts for the header, in this order.</param>
    /// <param name="withDigest">Add the SHA-256.</param>
    /// <exception cref="DownhillException">A name occurs twice or the header is too long.</exception>
    public SafetensorsWriter(
        Stream stream,
        IReadOnlyList<TensorInfo> tensors,
        IReadOnlyList<KeyValuePair<string, string>> metadata,
        bool withDigest)
    {
        this.stream = stream;
        this.tensors = tensors;
        byte[] header = Header(tensors, metadata, withDigest);
        if (withDigest)
        {
            start = stream.Position;
            digest = new();
            digestPosition = header.AsSpan().IndexOf(EmptyDigest);
        }
        WriteBytes(header);
        SkipFull();
    }

    /// <summary>Appends elements to the tensor whose turn it is.</summary>
    /// <typeparam name="T">float, double, long, int, byte or bool, as declared.</typeparam>
    /// <param name="elements">The next elements, row-major; not beyond the end of the tensor.</param>
    /// <exception cref="InvalidOperationException">They are of another type or too many.</exception>
    public void Write<T>(ReadOnlySpan<T> elements) where T : unmanaged
    {
        if (elements.IsEmpty)
        {
            return;
        }
        TensorInfo? tensor = current < tensors.Count ? tensors[current] : null;
        if (tensor is null || tensor.Type != TensorTypes.Of<T>() || elements.Length > tensor.Count - written)
        {
            throw new InvalidOperationException(tensor is null
                ? "All tensors are written already."
                : $"{tensor} takes {tensor.Count - written} more elements, not {elements.Length} of {typeof(T)}.");
        }
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(elements);
        if (BitConverter.IsLittleEndian && typeof(T) != typeof(bool))
        {
            WriteBytes(bytes);
        }
        else
        {
            WriteConverted(bytes, TensorTypes.Size(tensor.Type), tensor.Type);
        }
        written += elements.Length;
        SkipFull();
    }

    /// <summary>Ends the file: checks that nothing is missing and fills in the digest.</summary>
    /// <exception cref="InvalidOperationException">Elements are missing.</exception>
    public void Complete()
    {
        if (current < tensors.Count)
        {
            throw new InvalidOperationException(
                $"{tensors[current]} lacks {tensors[current].Count - written} elements.");
        }
        if (digest is not null)
        {
            long end = stream.Position;
            stream.Position = start + digestPosition;
            stream.Write(System.Text.Encoding.ASCII.GetBytes(digest.Finish()));
            stream.Position = end;
        }
        stream.Flush();
    }

    /// <summary>Releases the digest; the stream stays open.</summary>
    public void Dispose() => digest?.Dispose();

    /// <summary>Goes on to the next tensor with room; those without elements are full from the start.</summary>
    private void SkipFull()
    {
        while (current < tensors.Count && written == tensors[current].Count)
        {
            current++;
            written = 0;
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        digest?.Append(bytes);
        stream.Write(bytes);
    }

    /// <summary>Byte order, and true as 1 however it is stored.</summary>
    private void WriteConverted(ReadOnlySpan<byte> bytes, int size, TensorType type)
    {
        chunk ??= new byte[ChunkSize];
        while (!bytes.IsEmpty)
        {
            Span<byte> piece = chunk.AsSpan(0, Math.Min(ChunkSize, bytes.Length));
            bytes[..piece.Length].CopyTo(piece);
            LittleEndian.ToMachine(piece, size);
            if (type == TensorType.Bool)
            {
                foreach (ref byte value in piece)
                {
                    value = value == 0 ? (byte)0 : (byte)1;
                }
            }
            WriteBytes(piece);
            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>64 times '0', to be replaced when all is known. The first in the header are the digest's.</summary>
    private static ReadOnlySpan<byte> EmptyDigest =>
        "0000000000000000000000000000000000000000000000000000000000000000"u8;

    private static byte[] Header(
        IReadOnlyList<TensorInfo> tensors, IReadOnlyList<KeyValuePair<string, string>> metadata, bool withDigest)
    {
        if (Math.Max(tensors.Count, metadata.Count) > SafetensorsHeader.MaximumEntries)
        {
            Throw.Input("Safetensors header", $"at most {SafetensorsHeader.MaximumEntries} tensors and texts",
                $"{tensors.Count} and {metadata.Count}", "Make the model smaller.");
        }
        ArrayBufferWriter<byte> buffer = new();
        buffer.Write(stackalloc byte[sizeof(ulong)]);
        // The relaxed encoder leaves quotes as \" and letters as they are; the strict one guards HTML, which this is
        // not.
        JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(buffer, options))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata, withDigest);
            WriteTensors(json, tensors);
            json.WriteEndObject();
        }
        while (buffer.WrittenCount % HeaderAlignment != 0)
        {
            buffer.Write(" "u8);
        }
        byte[] header = buffer.WrittenSpan.ToArray();
        int length = header.Length - sizeof(ulong);
        if (length > SafetensorsHeader.MaximumLength)
        {
            Throw.Input("Safetensors header", $"at most {SafetensorsHeader.MaximumLength} bytes", $"{length}",
                "Shorten the texts saved with the model.");
        }
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        return header;
    }

    private static void WriteMetadata(
        Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> metadata, bool withDigest)
    {
        if (metadata.Count == 0 && !withDigest)
        {
            return;
        }
        HashSet<string> keys = [SafetensorsHeader.DigestName];
        json.WriteStartObject(SafetensorsHeader.MetadataName);
        if (withDigest)
        {
            json.WriteString(SafetensorsHeader.DigestName, EmptyDigest);
        }
        foreach ((string key, string value) in metadata)
        {
            string where = $"Metadata {TensorInfo.Quote(key)}";
            TensorInfo.CheckText(where, key);
            TensorInfo.CheckText(where, value);
            if (!keys.Add(key))
            {
                Throw.Input(where, "different keys, none of them the digest's", "it twice", "Rename one.");
            }
            json.WriteString(key, value);
        }
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, IReadOnlyList<TensorInfo> tensors)
    {
        HashSet<string> names = [];
        long offset = 0;
        foreach (TensorInfo tensor in tensors)
        {
            if (!names.Add(tensor.Name) || offset > long.MaxValue - tensor.ByteLength)
            {
                Throw.Input($"Tensor {TensorInfo.Quote(tensor.Name)}", "different names and 2^63-1 bytes in all",
                    "it twice or too much", "Rename or drop one.");
            }
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype"u8, TensorTypes.Name(tensor.Type));
            json.WriteStartArray("shape"u8);
            foreach (long dimension in tensor.Shape)
            {
                json.WriteNumberValue(dimension);
            }
            json.WriteEndArray();
            json.WriteStartArray("data_offsets"u8);
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset + tensor.ByteLength);
            json.WriteEndArray();
            json.WriteEndObject();
            offset += tensor.ByteLength;
        }
    }
}

/// <summary>Files are little-endian; so is nearly every machine, and there this does nothing.</summary>
internal static class LittleEndian
{
    /// <summary>Turns elements of <paramref name="size"/> bytes into the machine's order, or back.</summary>
    public static void ToMachine(Span<byte> bytes, int size)
    {
        if (!BitConverter.IsLittleEndian && size > 1)
        {
            for (int i = 0; i < bytes.Length; i += size)
            {
                bytes.Slice(i, size).Reverse();
            }
        }
    }
}
