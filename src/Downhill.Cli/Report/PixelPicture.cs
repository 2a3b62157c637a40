using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Downhill.Cli.Report;

/// <summary>
/// A picture of numbers as a small PNG inside the page. Size is opacity, so that 0 is the page itself, light or dark;
/// the sign is blue or orange, and besides a full square (positive) or a ring (negative), so that it shows without
/// colour.
/// </summary>
internal static class PixelPicture
{
    private const int Levels = 100;

    /// <summary>Blue and orange as they are in pictures, readable on light and on dark ground.</summary>
    private static readonly byte[] Positive = [0x2B, 0x7F, 0xC9], Negative = [0xD9, 0x6C, 0x14];

    /// <summary>Numbers with their sign.</summary>
    /// <param name="values">[height, width] row-major.</param>
    /// <param name="width">Columns.</param>
    /// <param name="limit">What is shown at full strength.</param>
    /// <returns>The picture as the value of an <c>src</c>.</returns>
    public static string Signed(ReadOnlySpan<float> values, int width, double limit)
    {
        int cell = CellOf(width), height = values.Length / width, across = width * cell;
        byte[] pixels = new byte[across * height * cell];
        for (int i = 0; i < values.Length; i++)
        {
            int level = Level(Math.Abs(values[i]), limit);
            if (level == 0) continue;
            byte colour = (byte)(values[i] > 0 ? level : Levels + level);
            int left = i % width * cell, top = i / width * cell;
            for (int y = 0; y < cell; y++)
                for (int x = 0; x < cell; x++)
                {
                    bool isHole = values[i] < 0 && x > 0 && x < cell - 1 && y > 0 && y < cell - 1;
                    if (!isHole) pixels[(top + y) * across + left + x] = colour;
                }
        }
        byte[] palette = new byte[3 * (2 * Levels + 1)], opacity = new byte[2 * Levels + 1];
        for (int level = 1; level <= Levels; level++)
        {
            Positive.CopyTo(palette, 3 * level);
            Negative.CopyTo(palette, 3 * (Levels + level));
            opacity[level] = opacity[Levels + level] = (byte)(255 * level / Levels);
        }
        return DataUri(pixels, across, 1, Indexed, palette, opacity);
    }

    /// <summary>Pixels of the picture for a number: a ring needs three at least.</summary>
    public static int CellOf(int width) => width > 16 ? 3 : 4;

    /// <summary>Ink: 0 is the page, the largest value the page's text colour (in dark pages by a filter).</summary>
    public static string Ink(ReadOnlySpan<float> values, int width, double low, double high)
    {
        byte[] pixels = new byte[values.Length];
        for (int i = 0; i < values.Length; i++) pixels[i] = (byte)Level(values[i] - low, high - low);
        byte[] opacity = new byte[Levels + 1];
        for (int level = 1; level <= Levels; level++) opacity[level] = (byte)(255 * level / Levels);
        return DataUri(pixels, width, 1, Indexed, new byte[3 * (Levels + 1)], opacity);
    }

    /// <summary>A field between two answers: −1 orange, 0 the page, +1 blue.</summary>
    public static string Field(ReadOnlySpan<float> values, int width)
    {
        byte[] pixels = new byte[values.Length];
        byte[] palette = new byte[3 * (2 * Levels + 1)], opacity = new byte[2 * Levels + 1];
        for (int i = 0; i < values.Length; i++)
        {
            int level = Level(Math.Abs(values[i]), 1);
            pixels[i] = (byte)(values[i] >= 0 ? level : Levels + level);
        }
        for (int level = 1; level <= Levels; level++)
        {
            Positive.CopyTo(palette, 3 * level);
            Negative.CopyTo(palette, 3 * (Levels + level));
            opacity[level] = opacity[Levels + level] = (byte)(140 * level / Levels);
        }
        return DataUri(pixels, width, 1, Indexed, palette, opacity);
    }

    /// <summary>A picture in its own colours.</summary>
    /// <param name="planes">[3, height, width] of red, green and blue, 0 … 255.</param>
    /// <param name="width">Columns.</param>
    public static string Colours(ReadOnlySpan<float> planes, int width)
    {
        int pixels = planes.Length / 3;
        byte[] samples = new byte[planes.Length];
        for (int i = 0; i < pixels; i++)
            for (int plane = 0; plane < 3; plane++)
                samples[3 * i + plane] = (byte)Math.Clamp(planes[plane * pixels + i], 0, 255);
        return DataUri(samples, width, 3, TrueColour);
    }

    private static int Level(double size, double limit) =>
        !(size > 0) || !(limit > 0) ? 0 : (int)Math.Clamp(Math.Round(Levels * size / limit), 0, Levels);

    private const byte Indexed = 3, TrueColour = 2;

    /// <summary>A PNG (ISO/IEC 15948): header, palette and opacity where it is indexed, rows without a
    /// filter.</summary>
    private static string DataUri(byte[] samples, int width, int perPixel, byte type, byte[]? palette = null,
        byte[]? opacity = null)
    {
        int rowBytes = width * perPixel, height = samples.Length / rowBytes;
        using MemoryStream png = new();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, type);
        Chunk(png, "IHDR", header);
        if (palette is not null) Chunk(png, "PLTE", palette);
        if (opacity is not null) Chunk(png, "tRNS", opacity);
        using MemoryStream packed = new();
        using (ZLibStream pack = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                pack.WriteByte(0);
                pack.Write(samples, y * rowBytes, rowBytes);
            }
        }
        Chunk(png, "IDAT", packed.ToArray());
        Chunk(png, "IEND", []);
        return "data:image/png;base64," + Convert.ToBase64String(png.GetBuffer(), 0, (int)png.Length);
    }

    private static void Chunk(MemoryStream png, string type, byte[] content)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. content];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        png.Write(number);
    }

    /// <summary>CRC-32 of PNG, bit by bit: pictures are small.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }
}
