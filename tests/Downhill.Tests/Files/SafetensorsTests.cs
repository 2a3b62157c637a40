using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Xunit;

namespace Downhill.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static byte[] Write(
        IReadOnlyList<TensorInfo> tensors,
        IReadOnlyList<KeyValuePair<string, string>> metadata,
        bool withDigest,
        Action<SafetensorsWriter> write)
    {
        using MemoryStream stream = new();
        using SafetensorsWriter writer = new(stream, tensors, metadata, withDigest);
        write(writer);
        writer.Complete();
        return stream.ToArray();
    }

    /// <summary>Two tensors and two texts, as small as a file with everything in it can be.</summary>
    private static byte[] Small(bool withDigest) => Write(
        [new("w", TensorType.Float32, 2, 1), new("e", TensorType.Float64, 0), new("ok", TensorType.Bool)],
        [new("format", "1"), new("ü", "\"\\\n")],
        withDigest,
        writer =>
        {
            writer.Write<float>([1.5f, float.NaN]);
            writer.Write<bool>([true]);
        });

    [Fact]
    public void TheBytesAreThoseOfTheFormat()
    {
        string header = """
            {"__metadata__":{"format":"1","ü":"\"\\\n"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
            "e":{"dtype":"F64","shape":[0],"data_offsets":[8,8]},"ok":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}
            """.ReplaceLineEndings("");
        byte[] text = Encoding.UTF8.GetBytes(header);
        int padded = (text.Length + 7) / 8 * 8;
        byte[] expected = new byte[8 + padded + 9];
        BinaryPrimitives.WriteInt64LittleEndian(expected, padded);
        expected.AsSpan(8, padded).Fill((byte)' ');
        text.CopyTo(expected, 8);
        BinaryPrimitives.WriteSingleLittleEndian(expected.AsSpan(8 + padded), 1.5f);
        BinaryPrimitives.WriteSingleLittleEndian(expected.AsSpan(12 + padded), float.NaN);
        expected[^1] = 1;
        Assert.Equal(expected, Small(withDigest: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASmallFileComesBackFromMemoryAndFromDisk(bool withDigest)
    {
        byte[] bytes = Small(withDigest);
        File.WriteAllBytes(folder["small"], bytes);
        using Safetensors onDisk = Safetensors.Open(folder["small"], withDigest);
        using Safetensors inMemory = Safetensors.Parse(bytes, requireDigest: withDigest);
        foreach (Safetensors file in new[] { onDisk, inMemory })
        {
            Assert.Equal(["w F32[2, 1]", "e F64[0]", "ok BOOL[]"], file.Tensors.Select(tensor => tensor.ToString()));
            Assert.Equal([new("format", "1"), new("ü", "\"\\\n")], file.Metadata);
            Assert.True(file.TryGetMetadata("ü", out string? text));
            Assert.Equal("\"\\\n", text);
            Assert.False(file.TryGetMetadata("none", out _));
            Assert.Equal([1.5f, float.NaN], file.Read<float>("w"));
            Assert.Empty(file.Read<double>("e"));
            Assert.Equal([true], file.Read<bool>("ok"));
            Assert.Equal(withDigest ? 64 : null, file.Sha256?.Length);
            float[] second = new float[1];
            file.ReadPart("w", 1, second);
            Assert.Equal([float.NaN], second);
        }
    }

    [Fact]
    public void TheDigestIsTheSha256OfTheFileWithItsDigitsZeroed()
    {
        byte[] bytes = Small(withDigest: true);
        string digest = Safetensors.Parse(bytes).Sha256!;
        int position = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(digest));
        bytes.AsSpan(position, 64).Fill((byte)'0');
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), digest);
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        byte[] bytes = Small(withDigest: true);
        for (int i = 0; i < bytes.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                bytes[i] ^= (byte)(1 << bit);
                CheckRefused(bytes, $"byte {i} bit {bit}");
                bytes[i] ^= (byte)(1 << bit);
            }
            bytes[i] ^= 0xFF;
            CheckRefused(bytes, $"byte {i}");
            bytes[i] ^= 0xFF;
        }
        Assert.NotNull(Safetensors.Parse(bytes, requireDigest: true).Sha256);
    }

    [Fact]
    public void EveryTruncationAndEveryLongerFileIsRefusedWithAndWithoutDigest()
    {
        foreach (bool withDigest in new[] { false, true })
        {
            byte[] bytes = Small(withDigest);
            for (int length = 0; length < bytes.Length; length++)
            {
                CheckRefused(bytes[..length], $"{length} bytes", withDigest);
            }
            CheckRefused([.. bytes, 0], "one more", withDigest);
        }
    }

    private static void CheckRefused(byte[] bytes, string what, bool requireDigest = true)
    {
        try
        {
            Safetensors.Parse(bytes, "small", requireDigest);
        }
        catch (DownhillException exception)
        {
            Assert.StartsWith("small", exception.Message, StringComparison.Ordinal);
            return;
        }
        Assert.Fail($"Not noticed: {what}.");
    }

    [Fact]
    public void DamagedDataIsCalledDamagedAndOfAFileFromElsewhereNoDigestIsAsked()
    {
        byte[] bytes = Small(withDigest: true);
        bytes[^2] ^= 1;
        DownhillException damaged = Assert.Throws<DownhillException>(() => Safetensors.Parse(bytes, "m.safetensors"));
        Assert.Contains("The file is damaged", damaged.Message, StringComparison.Ordinal);
        // A file that is no model of Downhill's is whole without the digest, as Small(withDigest: false) below.
        Assert.Contains("let it drop downhill.sha256", damaged.Message, StringComparison.Ordinal);

        byte[] foreign = Small(withDigest: false);
        Assert.Null(Safetensors.Parse(foreign).Sha256);
        DownhillException none = Assert.Throws<DownhillException>(
            () => Safetensors.Parse(foreign, "m.safetensors", requireDigest: true));
        Assert.Contains("downhill.sha256", none.Message, StringComparison.Ordinal);
    }

    // ---- round trips -----------------------------------------------------------------------------------------------

    private sealed record Sample(TensorInfo Info, byte[] Bytes);

    private static readonly Gen<Sample> AnySample =
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4].Array[0, 4], Gen.String[0, 12], Gen.Byte.Array[4 * 4 * 4 * 4 * 8])
            .Where((_, _, name, _) => IsUnicode(name))
            .Select((type, shape, name, bytes) =>
            {
                TensorInfo info = new(name, (TensorType)type, [.. shape.Select(n => (long)n)]);
                byte[] content = bytes[..(int)info.ByteLength];
                if (info.Type == TensorType.Bool)
                {
                    content = [.. content.Select(b => (byte)(b & 1))];
                }
                return new Sample(info, content);
            });

    private static readonly Gen<KeyValuePair<string, string>> AnyText =
        Gen.Select(Gen.String[0, 8], Gen.String[0, 40]).Where((key, value) => IsUnicode(key) && IsUnicode(value))
            .Select((key, value) => new KeyValuePair<string, string>(key, value));

    private static bool IsUnicode(string text) => text == Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void AnyTensorsAndTextsComeBackBitForBitAndTheSameInputGivesTheSameFile() =>
        Gen.Select(AnySample.Array[0, 6], AnyText.Array[0, 5], Gen.Bool).Sample((samples, texts, withDigest) =>
        {
            samples = [.. samples.DistinctBy(sample => sample.Info.Name)];
            texts = [.. texts.DistinctBy(text => text.Key)];
            TensorInfo[] infos = [.. samples.Select(sample => sample.Info)];
            byte[] bytes = Write(infos, texts, withDigest, writer => Hand(writer, samples, wholly: true));
            byte[] again = Write(infos, texts, withDigest, writer => Hand(writer, samples, wholly: false));
            Assert.Equal(bytes, again);
            Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);

            using Safetensors file = Safetensors.Parse(bytes, requireDigest: withDigest);
            Assert.Equal(texts, file.Metadata);
            Assert.Equal(samples.Length, file.Tensors.Count);
            foreach (Sample sample in samples)
            {
                Assert.True(file.TryGetTensor(sample.Info.Name, out TensorInfo? info));
                Assert.Equal(sample.Info.ToString(), info.ToString());
                Assert.Equal(sample.Bytes, BytesOf(file, info));
            }
        }, iter: 300);

    private static void Hand(SafetensorsWriter writer, Sample[] samples, bool wholly)
    {
        foreach (Sample sample in samples)
        {
            int size = (int)(sample.Info.ByteLength / Math.Max(1, sample.Info.Count));
            int step = wholly ? int.MaxValue : 3 * size;
            for (int start = 0; start < sample.Bytes.Length; start += Math.Min(step, sample.Bytes.Length))
            {
                byte[] piece = sample.Bytes[start..Math.Min(sample.Bytes.Length, start + Math.Min(step, 1 << 20))];
                switch (sample.Info.Type)
                {
                    case TensorType.Float32:
                        writer.Write<float>(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(piece));
                        break;
                    case TensorType.Float64:
                        writer.Write<double>(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(piece));
                        break;
                    case TensorType.Int64:
                        writer.Write<long>(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(piece));
                        break;
                    case TensorType.Int32:
                        writer.Write<int>(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(piece));
                        break;
                    case TensorType.Bool:
                        writer.Write<bool>(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, bool>(piece));
                        break;
                    default:
                        writer.Write<byte>(piece);
                        break;
                }
            }
        }
    }

    private static byte[] BytesOf(Safetensors file, TensorInfo info) => info.Type switch
    {
        TensorType.Float32 => Bytes(file.Read<float>(info.Name)),
        TensorType.Float64 => Bytes(file.Read<double>(info.Name)),
        TensorType.Int64 => Bytes(file.Read<long>(info.Name)),
        TensorType.Int32 => Bytes(file.Read<int>(info.Name)),
        TensorType.Bool => Bytes(file.Read<bool>(info.Name)),
        _ => file.Read<byte>(info.Name),
    };

    private static byte[] Bytes<T>(T[] values) where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    [Fact]
    public void ALargeFileIsSavedAtomicallyAndVerifiedInPieces()
    {
        float[] values = [.. Enumerable.Range(0, 300_000).Select(i => i * 0.5f)];
        string path = folder["large"];
        TensorInfo[] tensors = [new("a", TensorType.Float32, 300, 1000), new("b", TensorType.Bool, 70_000)];
        bool[] flags = [.. Enumerable.Range(0, 70_000).Select(i => i % 3 == 0)];
        SafetensorsWriter.Save(path, tensors, [], withDigest: true, writer =>
        {
            for (int row = 0; row < 300; row++)
            {
                writer.Write<float>(values.AsSpan(row * 1000, 1000));
            }
            writer.Write<bool>(flags);
        });
        using Safetensors file = Safetensors.Open(path, requireDigest: true);
        Assert.Equal(values, file.Read<float>("a"));
        Assert.Equal(flags, file.Read<bool>("b"));
        Assert.Equal(["large"], folder.Names);
    }

    [Fact]
    public void AnUnfinishedSaveLeavesTheOldFile()
    {
        File.WriteAllBytes(folder["m"], [7]);
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Save(
            folder["m"], [new("a", TensorType.Float32, 2)], [], true, writer => writer.Write<float>([1])));
        Assert.Equal([7], File.ReadAllBytes(folder["m"]));
        Assert.Equal(["m"], folder.Names);
    }

    // ---- the writer refuses ----------------------------------------------------------------------------------------

    [Fact]
    public void ElementsOfAnotherTypeOrTooManyAreRefused()
    {
        TensorInfo[] tensors = [new("a", TensorType.Float32, 2)];
        Assert.Throws<InvalidOperationException>(() => Write(tensors, [], false, w => w.Write<double>([1, 2])));
        Assert.Throws<InvalidOperationException>(() => Write(tensors, [], false, w => w.Write<float>([1, 2, 3])));
        Assert.Throws<InvalidOperationException>(() => Write([], [], false, w => w.Write<float>([1])));
        Assert.Throws<NotSupportedException>(() => Write(tensors, [], false, w => w.Write<char>("a")));
    }

    [Fact]
    public void NamesThatCannotBeWrittenAreRefused()
    {
        TensorInfo a = new("a", TensorType.UInt8, 0);
        Assert.Throws<DownhillException>(() => Write([a, a], [], false, _ => { }));
        Assert.Throws<DownhillException>(() => Write([], [new("k", "1"), new("k", "2")], false, _ => { }));
        Assert.Throws<DownhillException>(() => Write([], [new("downhill.sha256", "1")], false, _ => { }));
        Assert.Throws<DownhillException>(() => Write([], [new("k", "\ud800")], false, _ => { }));
        Assert.Throws<DownhillException>(() => new TensorInfo("\udc00", TensorType.UInt8));
        Assert.Throws<DownhillException>(() => new TensorInfo("__metadata__", TensorType.UInt8));
        Assert.Throws<DownhillException>(() => new TensorInfo("a", TensorType.Float64, 1L << 61));
        Assert.Throws<DownhillException>(() => new TensorInfo("a", TensorType.UInt8, new long[65]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorInfo("a", TensorType.UInt8, -1));
        TensorInfo huge = new("a", TensorType.UInt8, long.MaxValue), more = new("b", TensorType.UInt8, 1);
        Assert.Throws<DownhillException>(() => Write([huge, more], [], false, _ => { }));
    }

    // ---- the reader refuses ----------------------------------------------------------------------------------------

    [Fact]
    public void WhatATensorIsNotIsRefusedWithFileAndTensorNamed()
    {
        Safetensors file = Safetensors.Parse(Small(true), "m.safetensors");
        Check("tensor \"x\"", () => file.Read<float>("x"));
        Check("m.safetensors, tensor \"w\": expected F64, got F32", () => file.Read<double>("w"));
        Check("m.safetensors, tensor \"w\": expected 3 elements, got 2", () => file.Read("w", new float[3]));
        Check("tensor \"w\"", () => file.ReadPart("w", 2, new float[1]));
        Check("tensor \"w\"", () => file.ReadPart("w", long.MaxValue, new float[1]));

        byte[] bytes = Small(false);
        bytes[^1] = 2;
        Check("0 and 1 as BOOL, got 2", () => Safetensors.Parse(bytes, "m.safetensors").Read<bool>("ok"));

        static void Check(string part, Action action)
        {
            string message = Assert.Throws<DownhillException>(action).Message;
            Assert.Contains(part, message, StringComparison.Ordinal);
            Assert.StartsWith("m.safetensors", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AMissingFileAFolderAndADeviceAreRefused()
    {
        Check("none of this name", folder["none"]);
        Check("none of this name", Path.Combine(folder["none"], "deeper"));
        Check("a folder", folder.Path);
        if (!OperatingSystem.IsWindows())
        {
            Check("too few", "/dev/null");
        }

        static void Check(string part, string path)
        {
            string message = Assert.Throws<DownhillException>(() => Safetensors.Open(path)).Message;
            Assert.Contains(part, message, StringComparison.Ordinal);
            Assert.StartsWith(path, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AFileThatIsShortenedAfterOpeningIsNoticed()
    {
        byte[] bytes = Small(false);
        File.WriteAllBytes(folder["m"], bytes);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "An open file cannot be shortened there.");
        using Safetensors file = Safetensors.Open(folder["m"]);
        Assert.Equal(0, NativeTruncate(folder["m"], bytes.Length - 4));
        Assert.Contains("shortened", Assert.Throws<DownhillException>(() => file.Read<bool>("ok")).Message,
            StringComparison.Ordinal);
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "truncate")]
    [System.Runtime.InteropServices.DefaultDllImportSearchPaths(
        System.Runtime.InteropServices.DllImportSearchPath.SafeDirectories)]
    private static extern int NativeTruncate(
        [System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string path,
        nint length);
}
