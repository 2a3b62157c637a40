using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Folders of images as DATA of every command: the same as the table of their pixels.</summary>
public sealed class ImageTests : IDisposable
{
    private const int Side = 6, Each = 12;
    private readonly Desk desk = new();

    public ImageTests()
    {
        Random random = new(2);
        StringBuilder table = new(string.Join(',', Enumerable.Range(0, Side * Side)
            .Select(i => $"pixel_{i / Side}_{i % Side}")) + ",label\n");
        foreach (string shape in (string[])["bar", "block"])
            for (int n = 0; n < Each; n++)
            {
                byte[] pixels = new byte[Side * Side];
                for (int i = 0; i < pixels.Length; i++)
                    pixels[i] = (byte)(random.Next(40) + ((shape == "bar" ? i / Side == 2 : i % Side < 2) ? 200 : 0));
                desk.Write($"shapes/{shape}/{n:00}.png", Png(pixels));
                table.Append(CultureInfo.InvariantCulture, $"{string.Join(',', pixels)},{shape}\n");
            }
        desk.Write("shapes.csv", table.ToString());
    }

    public void Dispose() => desk.Dispose();

    [Fact]
    public void AreTheSameAsTheTableOfTheirPixels()
    {
        string Hash(string data, string model) => JsonDocument.Parse(desk.Run(
            $"train {data} --epochs 4 --hidden 5 --scaling common --json --model {model}").Succeeded().Out).RootElement
            .GetProperty("weightsHash").GetString()!;
        Assert.Equal(Hash("shapes.csv", "table.m"), Hash("shapes", "images.m"));
        foreach (string command in (string[])["predict {0} {1} --probabilities", "explain {0} {1} --row 3"])
        {
            string Answer(string data) => desk.Run(string.Format(CultureInfo.InvariantCulture, command,
                "table.m", data)).Succeeded().Out;
            Assert.Equal(Answer("shapes.csv"), Answer("shapes"));
        }
        string Measures(string data) => desk.Run($"evaluate table.m {data} --per-example").Succeeded().Out;
        Assert.Equal(Measures("shapes.csv"), Measures("shapes"));
    }

    [Fact]
    public void ImagesWithoutClassesCanBeToldApartAndOthersMeasureAModel()
    {
        Directory.CreateDirectory("new");
        foreach (int n in (int[])[1, 2]) File.Copy($"shapes/block/0{n}.png", $"new/{n}.png");
        desk.Run("train shapes --test shapes --epochs 60 --hidden 5 --model m --report r.html").Succeeded();
        Assert.Equal("label\nblock\nblock\n", desk.Run("predict m new").Succeeded().Out);
        Assert.Contains("expected a folder for each class", desk.Run("evaluate m new").Refused(),
            StringComparison.Ordinal);
        Assert.Contains("6×6 pixels", desk.Run("inspect m").Succeeded().Out, StringComparison.Ordinal);
        // The costliest rows and the first layer's weights, as pictures.
        Assert.Contains("data:image/png;base64,", File.ReadAllText("r.html"), StringComparison.Ordinal);
        desk.Write("shapes/bar/wide.png", Png(new byte[2 * Side * Side], 2 * Side));
        Assert.Contains("wide.png: expected an image of 6×6", desk.Run("train shapes").Refused(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ColourImagesAreShownInTheirColours()
    {
        string[] rows = [];
        foreach (string name in (string[])["warm", "cold"])
            for (int n = 0; n < Each; n++)
            {
                byte[] samples = [.. Enumerable.Range(0, Side * Side)
                    .SelectMany(
                        i => (byte[])[
                        (byte)(name == "warm" ? 200 + n : n), (byte)i, (byte)(name == "cold" ? 200 : 9)])];
                desk.Write($"colours/{name}/{n:00}.png", Png(samples, colours: 3));
                rows = [.. rows, Convert.ToHexString(samples)];
            }
        Ran ran = desk.Run("train colours --epochs 2 --report r.html").Succeeded();
        Assert.Contains("in colour, 108 inputs", ran.Out + ran.Error, StringComparison.Ordinal);
        // Those of the weights are drawn with a palette.
        byte[][] pictures = [.. File.ReadAllText("r.html").Split("data:image/png;base64,")[1..]
            .Select(text => Convert.FromBase64String(text[..text.IndexOf('"', StringComparison.Ordinal)]))
            .Where(png => png[25] == 2)];
        Assert.NotEmpty(pictures);
        foreach (byte[] picture in pictures) Assert.Contains(Samples(picture), rows);
    }

    /// <summary>The samples of a file of unfiltered rows in three colours, whose pixels are in one part.</summary>
    private static string Samples(byte[] png)
    {
        int at = png.AsSpan().IndexOf("IDAT"u8);
        using ZLibStream stream = new(new MemoryStream(png[(at + 4)..]), CompressionMode.Decompress);
        byte[] rows = new byte[Side * (1 + 3 * Side)];
        stream.ReadExactly(rows);
        return Convert.ToHexString([.. rows.Where((_, i) => i % (1 + 3 * Side) != 0)]);
    }

    /// <summary>An image, as plain as PNG allows.</summary>
    private static byte[] Png(byte[] samples, int width = Side, int colours = 1)
    {
        int rowBytes = width * colours;
        using MemoryStream raw = new(), packed = new(), file = new();
        for (int i = 0; i < samples.Length; i++)
        {
            if (i % rowBytes == 0) raw.WriteByte(0);
            raw.WriteByte(samples[i]);
        }
        using (ZLibStream stream = new(packed, CompressionLevel.Fastest)) stream.Write(raw.ToArray());
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        Part("IHDR", [0, 0, 0, (byte)width, 0, 0, 0, (byte)(samples.Length / rowBytes), 8, (byte)(colours == 3 ? 2 : 0),
            0, 0, 0]);
        Part("IDAT", packed.ToArray());
        Part("IEND", []);
        return file.ToArray();

        void Part(string name, byte[] body)
        {
            byte[] named = [.. Encoding.ASCII.GetBytes(name), .. body];
            uint crc = uint.MaxValue;
            foreach (byte b in named)
                for (int bit = 0; bit < 8; bit++)
                    crc = (crc >> 1) ^ ((((crc ^ (uint)(b >> bit)) & 1) != 0) ? 0xEDB88320 : 0);
            Number((uint)body.Length);
            file.Write(named);
            Number(~crc);
        }

        void Number(uint value) =>
            file.Write([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
    }
}
