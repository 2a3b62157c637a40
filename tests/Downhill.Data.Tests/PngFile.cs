using System.Buffers.Binary;
using System.IO.Compression;

namespace Downhill.Data.Tests;

/// <summary>Writes PNG files of every kind, simply: the opposite way of what is tested.</summary>
internal static class PngFile
{
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="type">0 grey, 2 colour, 3 palette, 4 grey with opacity, 6 colour with opacity.</param>
    /// <param name="depth">Bits of a sample.</param>
    /// <param name="sample">Column, row and number of a sample to its value.</param>
    /// <param name="filter">Row to filter, 0 … 4.</param>
    /// <param name="interlaced">Whether in seven passes.</param>
    /// <param name="extra">Parts between header and pixels.</param>
    public static byte[] Write(int width, int height, int type, int depth, Func<int, int, int, int> sample,
        Func<int, int>? filter = null, bool interlaced = false, params (string Name, byte[] Body)[] extra)
    {
        int samples = type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        using MemoryStream raw = new();
        if (!interlaced) Pass(0, 0, 1, 1);
        else
            foreach (
                (int x, int y, int dx, int dy) in ((int, int, int, int)[])[(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8),
                (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]) Pass(x, y, dx, dy);
        byte[] head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        (head[8], head[9], head[12]) = ((byte)depth, (byte)type, (byte)(interlaced ? 1 : 0));
        return File([("IHDR", head), .. extra, .. Halves(Packed(raw.ToArray())), ("IEND", [])]);

        void Pass(int left, int top, int stepX, int stepY)
        {
            List<int> columns = [];
            for (int x = left; x < width; x += stepX) columns.Add(x);
            if (columns.Count == 0) return;
            int unit = Math.Max(1, samples * depth / 8);
            byte[] above = new byte[(columns.Count * samples * depth + 7) / 8];
            for (int y = top, row = 0; y < height; y += stepY, row++)
            {
                byte[] line = new byte[above.Length];
                int bit = 0;
                foreach (int x in columns)
                    for (int s = 0; s < samples; s++, bit += depth)
                    {
                        int value = sample(x, y, s);
                        if (depth == 16) (line[bit / 8], line[bit / 8 + 1]) = ((byte)(value >> 8), (byte)value);
                        else line[bit / 8] |= (byte)(value << (8 - depth - bit % 8));
                    }
                int kind = filter?.Invoke(row) ?? 0;
                raw.WriteByte((byte)kind);
                for (int i = 0; i < line.Length; i++)
                {
                    int a = i < unit ? 0 : line[i - unit], b = above[i], c = i < unit ? 0 : above[i - unit];
                    int p = a + b - c;
                    int nearest = new[] { a, b, c }.MinBy(v => Math.Abs(p - v));
                    raw.WriteByte(
                        (byte)(line[i] - kind switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => nearest, _ => 0 }));
                }
                above = line;
            }
        }
    }

    /// <summary>A file of these parts, with their checksums.</summary>
    public static byte[] File(params (string Name, byte[] Body)[] parts)
    {
        using MemoryStream file = new();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] number = new byte[4];
        foreach ((string name, byte[] body) in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
            file.Write(number);
            byte[] named = [.. name.Select(c => (byte)c), .. body];
            file.Write(named);
            BinaryPrimitives.WriteUInt32BigEndian(number, Checksum(named));
            file.Write(number);
        }
        return file.ToArray();
    }

    public static byte[] Packed(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (ZLibStream stream = new(packed, CompressionLevel.Fastest)) stream.Write(bytes);
        return packed.ToArray();
    }

    private static (string, byte[])[] Halves(byte[] packed) =>
        [("IDAT", packed[..(packed.Length / 2)]), ("IDAT", packed[(packed.Length / 2)..])];

    private static uint Checksum(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((((crc ^ (uint)(b >> bit)) & 1) != 0) ? 0xEDB88320 : 0);
        return ~crc;
    }
}
