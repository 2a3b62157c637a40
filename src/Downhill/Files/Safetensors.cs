using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Downhill;

/// <summary>
/// A safetensors file, open for reading: named tensors and text, and nothing that could run. The layout is 8 bytes of
/// header length (little-endian), a JSON header, then the tensors' bytes (little-endian, row-major).
/// <para>
/// Everything the header claims is checked against the file before memory is set aside for it. With a
/// <see cref="Sha256"/>, which Downhill's own files carry, every damaged byte is noticed; files from elsewhere have
/// none and can be opened all the same.
/// </para>
/// </summary>
public sealed class Safetensors : IDisposable
{
    private const int LengthSize = 8;
    private const int ChunkSize = 1 << 18;

    private readonly string file;
    private readonly SafeFileHandle? handle;
    private readonly ReadOnlyMemory<byte> memory;
    private readonly long length;
    private readonly long dataStart;
    private readonly SafetensorsHeader header;

    /// <summary>Opens a file; it stays open until disposed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="requireDigest">
    /// Refuse a file without a digest. A digest that is there is verified in any case, which reads the file once.
    /// </param>
    /// <exception cref="DownhillException">
    /// The file is missing, may not be read, is damaged or is not a safetensors file; the message says which and where.
    /// </exception>
    /// <exception cref="IOException">The disk fails.</exception>
    public static Safetensors Open(string path, bool requireDigest = false)
    {
        SafeFileHandle handle = OpenHandle(path);
        try
        {
            return new(path, handle, default, RandomAccess.GetLength(handle), requireDigest);
        }
        catch (NotSupportedException)
        {
            handle.Dispose();
            return Throw.Input<Safetensors>(path, "an ordinary file", "a pipe or device", "Save it to a file first.");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file that is already in memory, which is kept and must not change.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="requireDigest">Refuse bytes without a digest.</param>
    /// <exception cref="DownhillException">The bytes are damaged or are not a safetensors file.</exception>
    public static Safetensors Parse(ReadOnlyMemory<byte> bytes, string name = "File", bool requireDigest = false) =>
        new(name, null, bytes, bytes.Length, requireDigest);

    private Safetensors(string file, SafeFileHandle? handle, ReadOnlyMemory<byte> memory, long length, bool required)
    {
        (this.file, this.handle, this.memory, this.length) = (file, handle, memory, length);

        Span<byte> start = stackalloc byte[LengthSize + 1];
        start = start[..(int)Math.Min(start.Length, length)];
        ReadAt(0, start);
        RefuseForeign(file, start);
        if (length < LengthSize)
        {
            Throw.Input(file, "a safetensors file", $"{length} bytes, too few for any", "Use an intact copy.");
        }
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (headerLength > SafetensorsHeader.MaximumLength)
        {
            Throw.Input(file, $"a safetensors header of at most {SafetensorsHeader.MaximumLength} bytes",
                $"{headerLength}", "Check that it is a safetensors file.");
        }
        if ((long)headerLength > length - LengthSize)
        {
            Throw.Input(file, $"a header of {headerLength} bytes", $"{length - LengthSize} bytes after its length",
                "The file is damaged or incomplete, use an intact copy.");
        }
        byte[] bytes = new byte[headerLength];
        ReadAt(LengthSize, bytes);
        dataStart = LengthSize + bytes.Length;
        header = SafetensorsHeader.Parse(file, bytes, length - dataStart);
        if (header.DigestPosition >= 0)
        {
            Verify(start[..LengthSize], bytes);
        }
        else if (required)
        {
            Throw.Input(file, $"the digest {SafetensorsHeader.DigestName}", "none",
                "The file is damaged or was not written by Downhill.");
        }
    }

    /// <summary>The tensors, ordered by place in the file.</summary>
    public IReadOnlyList<TensorInfo> Tensors => header.Tensors;

    /// <summary>The texts in the header, in the file's order, without the digest.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata => header.Metadata;

    /// <summary>The verified SHA-256 in lowercase hexadecimal, null if the file carries none.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>Looks up a text in the header.</summary>
    public bool TryGetMetadata(string key, [NotNullWhen(true)] out string? value) =>
        header.MetadataByName.TryGetValue(key, out value);

    /// <summary>Looks up a tensor.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out TensorInfo? tensor) =>
        header.ByName.TryGetValue(name, out tensor);

    /// <summary>Copies a tensor's elements, row-major.</summary>
    /// <typeparam name="T">float, double, long, int, byte or bool, as the file has it.</typeparam>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Exactly as long as the tensor.</param>
    /// <exception cref="DownhillException">There is no such tensor, or its type or length differ.</exception>
    public void Read<T>(string name, Span<T> destination) where T : unmanaged
    {
        TensorInfo tensor = Find<T>(name);
        if (tensor.Count != destination.Length)
        {
            Throw.Input(Where(name), $"{destination.Length} elements", $"{tensor.Count}", "Check the shape.");
        }
        ReadPart(name, 0, destination);
    }

    /// <summary>A copy of a tensor's elements, row-major.</summary>
    /// <exception cref="DownhillException">There is no such tensor, or its type differs.</exception>
    public T[] Read<T>(string name) where T : unmanaged
    {
        TensorInfo tensor = Find<T>(name);
        if (tensor.Count > Array.MaxLength)
        {
            Throw.Input(Where(name), $"at most {Array.MaxLength} elements", $"{tensor.Count}", "Read it in parts.");
        }
        T[] elements = new T[tensor.Count];
        ReadPart<T>(name, 0, elements);
        return elements;
    }

    /// <summary>Copies the elements from index <paramref name="first"/> on: rows into padded rows, or huge
    /// tensors.</summary>
    /// <exception cref="DownhillException">There is no such tensor, or its type or length differ.</exception>
    public void ReadPart<T>(string name, long first, Span<T> destination) where T : unmanaged
    {
        TensorInfo tensor = Find<T>(name);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        if (first > tensor.Count - destination.Length)
        {
            Throw.Input(Where(name), $"{destination.Length} elements from {first} on", $"{tensor.Count} in all",
                "Check the shape.");
        }
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        if (typeof(T) == typeof(bool))
        {
            ReadBooleans(name, dataStart + tensor.Begin + first, bytes);
            return;
        }
        ReadAt(dataStart + tensor.Begin + first * TensorTypes.Size(tensor.Type), bytes);
        LittleEndian.ToMachine(bytes, TensorTypes.Size(tensor.Type));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => handle?.Dispose();

    /// <summary>A C# bool other than 0 and 1 misbehaves, so none is let in.</summary>
    private void ReadBooleans(string name, long position, Span<byte> bytes)
    {
        ReadAt(position, bytes);
        int wrong = bytes.IndexOfAnyExcept((byte)0, (byte)1);
        if (wrong >= 0)
        {
            byte value = bytes[wrong];
            bytes.Clear();
            Throw.Input(Where(name), "bytes 0 and 1 as BOOL", $"{value}", "Use an intact copy.");
        }
    }

    private TensorInfo Find<T>(string name) where T : unmanaged
    {
        TensorType wanted = TensorTypes.Of<T>();
        if (!header.ByName.TryGetValue(name, out TensorInfo? tensor))
        {
            Throw.Input(file, $"a tensor {TensorInfo.Quote(name)}", $"{header.Tensors.Length} others",
                "Check that the file belongs to this model.");
        }
        else if (tensor.Type != wanted)
        {
            Throw.Input(Where(name), TensorTypes.Name(wanted), TensorTypes.Name(tensor.Type), "Convert the tensor.");
        }
        return tensor!;
    }

    private string Where(string tensor) => $"{file}, tensor {TensorInfo.Quote(tensor)}";

    /// <summary>The digest is that of the whole file with its own digits set to '0'.</summary>
    private void Verify(ReadOnlySpan<byte> lengthBytes, byte[] headerBytes)
    {
        Span<byte> digits = headerBytes.AsSpan(header.DigestPosition, Digest.Digits);
        string claimed = System.Text.Encoding.ASCII.GetString(digits);
        digits.Fill((byte)'0');
        using Digest digest = new();
        digest.Append(lengthBytes);
        digest.Append(headerBytes);
        byte[] chunk = new byte[Math.Min(ChunkSize, length - dataStart)];
        for (long position = dataStart; position < length; position += chunk.Length)
        {
            Span<byte> piece = chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - position));
            ReadAt(position, piece);
            digest.Append(piece);
        }
        string found = digest.Finish();
        if (found != claimed)
        {
            // Downhill's own files are refused without a digest; what others read is whole without one.
            string changed = header.MetadataByName.ContainsKey(SafetensorsHeader.FormatName)
                ? $"it must also write {SafetensorsHeader.DigestName} anew: the SHA-256 of the file with these "
                    + $"{Digest.Digits} digits as 0."
                : $"let it drop {SafetensorsHeader.DigestName}.";
            Throw.Input(file, $"the SHA-256 that its header claims, {claimed}", found,
                $"The file is damaged: use an intact copy. If another program changed it on purpose, {changed}");
        }
        Sha256 = claimed;
    }

    private void ReadAt(long position, Span<byte> destination)
    {
        if (handle is null)
        {
            memory.Span.Slice((int)position, destination.Length).CopyTo(destination);
            return;
        }
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(handle, destination, position);
            if (count == 0)
            {
                Throw.Input(
                    file, $"{length} bytes", $"only {position}", "It was shortened while being read; try again.");
            }
            destination = destination[count..];
            position += count;
        }
    }

    private static SafeFileHandle OpenHandle(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DownhillException($"{path}: expected a file, got none of this name. Check the path.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Directory.Exists(path)
                ? new DownhillException($"{path}: expected a file, got a folder. Name the file in it.", exception)
                : new DownhillException($"{path}: expected a readable file, got no permission. Change it.", exception);
        }
    }

    /// <summary>
    /// Names the formats people have models in. Only what cannot be safetensors is looked at (there byte 8 is '{'),
    /// since a header of 640 bytes begins like a pickle.
    /// </summary>
    private static void RefuseForeign(string file, ReadOnlySpan<byte> start)
    {
        if (start.Length > LengthSize && start[LengthSize] == (byte)'{')
        {
            return;
        }
        string? found =
            start.StartsWith("PK\x03\x04"u8) ? "a zip archive (.pt, .pth, .keras or .npz)"
            : start is [0x89, (byte)'H', (byte)'D', (byte)'F', ..] ? "an HDF5 file (.h5 or .hdf5)"
            : start is [0x80, >= 2 and <= 5, not 0, ..] ? "a Python pickle (.pkl or .pt)"
            : start is [0x1F, 0x8B, ..] ? "a gzip archive (.gz)"
            : null;
        if (found is not null)
        {
            Throw.Input(file, "a safetensors file", found,
                "Such files can run code or hide data and are never read; save the model as safetensors or ONNX.");
        }
    }
}
