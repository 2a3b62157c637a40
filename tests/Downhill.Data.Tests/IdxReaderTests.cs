using System.Buffers.Binary;
using Xunit;

namespace Downhill.Data.Tests;

public sealed class IdxReaderTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private static byte[] Idx(int magic, uint[] dimensions, params byte[] data)
    {
        byte[] bytes = new byte[4 + 4 * dimensions.Length + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, magic);
        for (int i = 0; i < dimensions.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 + 4 * i), dimensions[i]);
        data.CopyTo(bytes, bytes.Length - data.Length);
        return bytes;
    }

    private static readonly byte[] Images = Idx(0x803, [3, 2, 3],
        [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 14))]);
    private static readonly byte[] Labels = Idx(0x801, [3], 4, 0, 9);

    private void Train(byte[] images, byte[] labels, string ending = "", string separator = "-")
    {
        scratch.Bytes($"train-images{separator}idx3-ubyte{ending}", images);
        scratch.Bytes($"train-labels{separator}idx1-ubyte{ending}", labels);
    }

    private string Refused() => Assert.Throws<DownhillException>(() => IdxReader.ReadFolder(scratch.Folder)).Message;

    [Theory]
    [InlineData("", "-")]
    [InlineData(".gz", "-")]
    [InlineData("", ".")]
    [InlineData(".gz", ".")]
    public void ImagesAndLabelsBecomeRows(string ending, string separator)
    {
        Train(Images, Labels, ending, separator);
        Dataset data = IdxReader.ReadFolder(scratch.Folder).Data;
        Assert.Equal(3, data.Rows);
        Assert.Equal(new ImageShape(3, 2), data.Image);
        Assert.Equal(Enumerable.Range(0, 18).Select(i => (float)(i * 14)), data.Numeric);
        Assert.Equal([4, 0, 9], data.Classes);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], data.Target.Classes);
        Assert.Equal(["pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_1_0", "pixel_1_1", "pixel_1_2"],
            data.Inputs.Select(c => c.Name));
        Assert.Null(data.Test);
    }

    [Fact]
    public void TheT10kFilesAreTheTestPart()
    {
        Train(Images, Labels);
        scratch.Bytes("t10k-images-idx3-ubyte.gz", Idx(0x803, [1, 2, 3], 1, 2, 3, 4, 5, 255));
        scratch.Bytes("t10k-labels-idx1-ubyte", Idx(0x801, [1], 11));
        DataReading reading = IdxReader.ReadFolder(scratch.Folder);
        Assert.Equal([1f, 2, 3, 4, 5, 255], reading.Data.Test!.Numeric);
        Assert.Equal([11], reading.Data.Test.Classes);
        Assert.Equal((12, 12), (reading.Data.Target.Classes.Count, reading.Data.Test.Target.Classes.Count));
        Assert.Contains("3 rows and a test part of 1, IDX, images of 3×2", reading.Summary, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], byte[], string, string> Damaged() => new()
    {
        { "magic", Idx(0x802, [3, 2, 3], new byte[18]), Labels, "train-images", "0x00000802" },
        { "mixed up", Labels, Images, "train-images", "mixed up" },
        { "labels' magic", Images, Idx(0x901, [3], 1, 2, 3), "train-labels", "0x00000901" },
        { "short", Images[..^1], Labels, "train-images", "34 bytes for 3 × 2 × 3" },
        { "long", [.. Images, 0], Labels, "train-images", "more" },
        { "header cut", Images[..9], Labels, "train-images", "16 bytes, got 9" },
        { "empty", [], Labels, "train-images", "got 0 bytes" },
        { "labels short", Images, Labels[..^1], "train-labels", "11 bytes for 3" },
        { "another count", Images, Idx(0x801, [2], 1, 0), "train-labels", "3 labels" },
        { "no image", Idx(0x803, [0, 2, 3]), Labels, "train-images", "above zero" },
        { "no width", Idx(0x803, [3, 2, 0]), Labels, "train-images", "above zero" },
        { "huge", Idx(0x803, [0xFFFFFFFF, 28, 28], new byte[18]), Labels, "train-images", "4294967295 × 28 × 28" },
        { "huge product", Idx(0x803, [0x40000000, 0x40000000, 0x40000000], new byte[18]), Labels, "train-images",
            "above zero" },
        { "large", Idx(0x803, [1_000_000, 28, 28], new byte[18]), Labels, "train-images",
            "bytes for 1000000 × 28 × 28" },
        { "one class", Images, Idx(0x801, [3], 0, 0, 0), "train-labels", "two classes" },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void DamagedFilesAreNamedWithoutTakingMemory(string what, byte[] images, byte[] labels, string file,
        string says)
    {
        foreach (string ending in (string[])["", ".gz"])
        {
            Train(images, labels, ending);
            long before = GC.GetAllocatedBytesForCurrentThread();
            string message = Refused();
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
            Assert.Contains(Path.Combine(scratch.Folder, file), message, StringComparison.Ordinal);
            if (ending == "" || !says.Contains("got", StringComparison.Ordinal))
                Assert.Contains(says, message, StringComparison.Ordinal);
            foreach (string path in Directory.GetFiles(scratch.Folder)) File.Delete(path);
        }
        Assert.NotEmpty(what);
    }

    [Fact]
    public void ACutGzipFileIsNoticed()
    {
        byte[] noise = new byte[40_000];
        for (uint i = 0; i < noise.Length; i++) noise[i] = (byte)(i * i * 2654435761u >> 24);
        Train(Idx(0x803, [10_000, 2, 2], noise), Idx(0x801, [10_000], [.. noise.Take(10_000)]), ".gz");
        string path = Path.Combine(scratch.Folder, "train-images-idx3-ubyte.gz");
        Assert.Equal(10_000, IdxReader.ReadFolder(scratch.Folder).Data.Rows);
        File.WriteAllBytes(path, File.ReadAllBytes(path).AsSpan(0, 20_000).ToArray());
        Assert.Contains(path, Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte")]
    [InlineData("train-labels-idx1-ubyte")]
    [InlineData("t10k-images-idx3-ubyte")]
    [InlineData("t10k-labels-idx1-ubyte")]
    public void AMissingFileIsNamed(string missing)
    {
        Train(Images, Labels);
        scratch.Bytes("t10k-images-idx3-ubyte", Images);
        scratch.Bytes("t10k-labels-idx1-ubyte", Labels);
        File.Delete(Path.Combine(scratch.Folder, missing));
        Assert.Contains(missing, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void PartsOfDifferentSizeAreRefused()
    {
        Train(Images, Labels);
        scratch.Bytes("t10k-images-idx3-ubyte", Idx(0x803, [3, 3, 2], new byte[18]));
        scratch.Bytes("t10k-labels-idx1-ubyte", Labels);
        Assert.Contains("images of 3×2", Refused(), StringComparison.Ordinal);
    }
}
