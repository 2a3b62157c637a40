using System.Buffers.Binary;
using CsCheck;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>Folders of PNG images, and what lies in them besides.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private string Put(string name, byte[] bytes)
    {
        string path = Path.Combine(scratch.Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Grey(int width, int height, int seed = 0) =>
        PngFile.Write(width, height, 0, 8, (x, y, _) => (seed + 10 * x + y) & 255);

    private static string Refused(string path, byte[] file) =>
        Assert.Throws<DownhillException>(() => PngImage.Read(path, file)).Message;

    private string Refused(bool needClasses = true) => Assert.Throws<DownhillException>(
        () => ImageFolder.Read(scratch.Folder, needClasses)).Message;

    // Every colour type and depth, with all filters, in one piece and in passes, of any small size.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(0, 4)]
    [InlineData(0, 8)]
    [InlineData(0, 16)]
    [InlineData(2, 8)]
    [InlineData(2, 16)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 4)]
    [InlineData(3, 8)]
    [InlineData(4, 8)]
    [InlineData(4, 16)]
    [InlineData(6, 8)]
    [InlineData(6, 16)]
    public void EveryKindOfPngIsRead(int type, int depth) =>
        Gen.Select(Gen.Int[1, 19], Gen.Int[1, 19], Gen.Int[0, 1 << 20], Gen.Bool)
            .Sample((width, height, seed, passes) =>
        {
            int most = (1 << depth) - 1, last = type switch { 4 => 1, 6 => 3, _ => -1 };
            int Sample(int x, int y, int s) =>
                s == last ? most : (int)((uint)((x * 31 + y * 17 + s * 7 + seed) * 2654435761) >> 7) & most;
            byte[] palette = [.. Enumerable.Range(0, 3 * (most + 1)).Select(i => (byte)(i * 37 + seed))];
            byte[] file = type == 3
                ? PngFile.Write(width, height, type, depth, Sample, row => row % 5, passes, ("PLTE", palette))
                : PngFile.Write(width, height, type, depth, Sample, row => row % 5, passes, ("tEXt", [1, 2, 3]));
            PngImage image = PngImage.Read("x.png", file);
            int Shown(int x, int y, int plane) => type == 3 ? palette[3 * Sample(x, y, 0) + plane]
                : type is 2 or 6 ? Sample(x, y, plane) >> (depth - 8)
                : depth == 16 ? Sample(x, y, 0) >> 8 : Sample(x, y, 0) * 255 / most;
            for (int plane = 0; plane < image.Pixels.Length / (width * height); plane++)
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++)
                        if (image.Pixels[(plane * height + y) * width + x] != Shown(x, y, plane)) return false;
            bool isGrey = Enumerable.Range(0, width * height).All(i => Enumerable.Range(1, 2).All(p =>
                Shown(i % width, i / width, p) == Shown(i % width, i / width, 0)));
            return (image.Width, image.Height, image.IsColour) == (width, height, !isGrey);
        }, iter: 150);

    // The checksum that every PNG file of the world ends with.
    [Fact]
    public void TheTestsOwnFilesEndLikeOthers() => Assert.Equal([0xAE, 0x42, 0x60, 0x82], Grey(2, 2)[^4..]);

    [Fact]
    public void ADamagedImageIsRefusedWhereverTheDamageIs()
    {
        byte[] file = PngFile.Write(9, 7, 2, 8, (x, y, s) => 20 * x + y + s, row => row % 5);
        Assert.Contains("ends too early", Refused("x.png", file[..^1]), StringComparison.Ordinal);
        for (int length = 0; length < file.Length; length++)
            Assert.StartsWith("x.png: expected a PNG image", Refused("x.png", file[..length]),
                StringComparison.Ordinal);
        for (int at = 0; at < file.Length; at++)
        {
            byte[] torn = [.. file];
            torn[at] ^= 0x10;
            Assert.StartsWith("x.png: expected", Refused("x.png", torn), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnImageOfEvilIsRefusedBeforeItCostsMemory()
    {
        byte[] Head(uint width, uint height, byte depth = 8, byte type = 0, byte passes = 0)
        {
            byte[] head = new byte[13];
            BinaryPrimitives.WriteUInt32BigEndian(head, width);
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), height);
            (head[8], head[9], head[12]) = (depth, type, passes);
            return head;
        }
        string Says(byte[] head, byte[] pixels, params (string, byte[])[] more) =>
            Refused("x.png", PngFile.File([("IHDR", head), .. more, ("IDAT", pixels), ("IEND", [])]));

        byte[] nothing = PngFile.Packed([]);
        Assert.Contains("at most 16 million pixels, got 2147483647×2147483647", Says(Head(int.MaxValue, int.MaxValue),
            nothing), StringComparison.Ordinal);
        Assert.Contains("got 0×5", Says(Head(0, 5), nothing), StringComparison.Ordinal);
        Assert.Contains("cannot be unpacked", Says(Head(4000, 4000), nothing), StringComparison.Ordinal);
        Assert.Contains("cannot be unpacked", Says(Head(2, 2), [1, 2, 3]), StringComparison.Ordinal);
        Assert.Contains("a filter that there is not", Says(Head(2, 1), PngFile.Packed([5, 0, 0])),
            StringComparison.Ordinal);
        Assert.Contains("header that means nothing", Says(Head(2, 1, 3), nothing), StringComparison.Ordinal);
        Assert.Contains("palette does not have", Says(Head(1, 1, 8, 3), PngFile.Packed([0, 7]),
            ("PLTE", [1, 2, 3])), StringComparison.Ordinal);
        Assert.Contains("must know", Says(Head(1, 1), PngFile.Packed([0, 7]), ("ABCD", [])), StringComparison.Ordinal);
        // A hundred megabytes of zeros behind the one row that there is: never unpacked.
        byte[] bomb = PngFile.File(("IHDR", Head(1, 1)), ("IDAT", PngFile.Packed(new byte[100_000_000])), ("IEND", []));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([0], PngImage.Read("x.png", bomb).Pixels);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3_000_000);
    }

    [Fact]
    public void OtherFilesAndTransparentPixelsAreRefused()
    {
        Assert.Contains("expected a PNG image, got a JPEG image. Save it as PNG.",
            Refused("x.png", [0xFF, 0xD8, 0xFF, 0xE0]), StringComparison.Ordinal);
        Assert.Contains("got an empty file", Refused("x.png", []), StringComparison.Ordinal);
        foreach (byte[] file in (byte[][])[
            PngFile.Write(2, 2, 4, 8, (x, _, s) => s == 1 && x == 1 ? 254 : 255),
            PngFile.Write(2, 2, 3, 8, (x, _, _) => x, extra: [("PLTE", [0, 0, 0, 9, 9, 9]), ("tRNS", [255, 0])])])
            Assert.Contains("got transparent ones", Refused("x.png", file), StringComparison.Ordinal);
    }

    [Fact]
    public void FoldersAreClassesInTheOrderOfTheirNames()
    {
        Put("two/b.png", Grey(3, 2, 50));
        Put("two/a.PNG", Grey(3, 2, 9));
        Put("one/z.png", Grey(3, 2));
        Put("one/.DS_Store", [1]);
        Put(".git/x.png", [1]);
        Put("README.txt", [1]);
        DataReading reading = DataSource.Open(scratch.Folder);
        Dataset data = reading.Data;
        Assert.Equal(["one", "two"], data.Target.Classes);
        Assert.Equal([0, 1, 1], data.Classes);
        Assert.Equal([0f, 10, 20, 1, 11, 21], data.Numeric[..6]);
        Assert.Equal((9f, 50f), (data.Numeric[6], data.Numeric[12]));
        Assert.Equal(("pixel_0_0", "pixel_1_2"), (data.Inputs[0].Name, data.Inputs[5].Name));
        Assert.Equal((3, 2), (data.Image!.Width, data.Image.Height));
        Assert.Equal($"{scratch.Folder}: 3 PNG images of 3×2 in grey, 6 inputs, 2 classes", reading.Summary);
    }

    [Fact]
    public void ColourHasThreePlanesAndGreyImagesAmongItToo()
    {
        Put("a/1.png", PngFile.Write(2, 1, 2, 8, (x, _, s) => 100 * x + s));
        Put("b/1.png", Grey(2, 1));
        Dataset data = ImageFolder.Read(scratch.Folder).Data;
        Assert.Equal(["pixel_0_0_red", "pixel_0_1_red", "pixel_0_0_green", "pixel_0_1_green", "pixel_0_0_blue",
            "pixel_0_1_blue"], data.Inputs.Select(c => c.Name));
        Assert.Equal([0f, 100, 1, 101, 2, 102, 0, 10, 0, 10, 0, 10], data.Numeric);
        Directory.Delete(Path.Combine(scratch.Folder, "a"), recursive: true);
        Assert.Equal([0f, 10, 0, 10, 0, 10],
            ImageFolder.Read(Path.Combine(scratch.Folder, "b"), needClasses: false, inputs: 6).Data.Numeric);
    }

    [Fact]
    public void WhatDoesNotBelongIsRefusedByItsName()
    {
        string first = Put("a/1.png", Grey(3, 2)), other = Put("b/2.png", Grey(2, 3));
        Assert.StartsWith($"{other}: expected an image of 3×2 as {first}, got 2×3. Bring all", Refused(),
            StringComparison.Ordinal);
        File.Delete(other);
        Assert.Contains("b: expected images of the class, got none", Refused(), StringComparison.Ordinal);
        Assert.Contains("photo.jpg: expected a .png image, got '.jpg'. Save it as PNG.", Add("b/photo.jpg"),
            StringComparison.Ordinal);
        Assert.Contains("notes.txt: expected a .png image, got '.txt'. Move the file", Add("b/notes.txt"),
            StringComparison.Ordinal);
        Put("b/2.png", Grey(3, 2));
        Put("b/deep/2.png", Grey(3, 2));
        Assert.Contains("deep: expected images, got a folder inside a class", Refused(), StringComparison.Ordinal);
        Directory.Delete(Path.Combine(scratch.Folder, "b"), recursive: true);
        Assert.Contains("at least two classes, got the folder 'a' alone", Refused(), StringComparison.Ordinal);
        Directory.Delete(Path.Combine(scratch.Folder, "a"), recursive: true);
        Put("1.png", Grey(3, 2));
        Assert.Contains("a folder for each class, with its images, got images without classes", Refused(),
            StringComparison.Ordinal);
        Assert.Empty(ImageFolder.Read(scratch.Folder, needClasses: false).Data.Target.Names);

        string Add(string name)
        {
            string path = Put(name, [1]), message = Refused();
            File.Delete(path);
            return message;
        }
    }
}
