using System.Buffers.Binary;
using System.IO.Compression;

namespace Downhill.Data;

/// <summary>
/// One PNG file as bytes, 0 … 255: every colour type, depth, filter and interlacing of the standard (W3C PNG, second
/// edition). What a file claims is checked before memory is taken: the pixels' size against the limit, each part
/// against its length and checksum, and no more is unpacked than the pixels need. Depths of 16 bits keep their upper 8.
/// </summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Pixels">[Height, Width] of grey, or [3, Height, Width] of red, green and blue.</param>
internal sealed record PngImage(int Width, int Height, byte[] Pixels)
{
    /// <summary>The most pixels of one image: far more than a multi-layer perceptron can take.</summary>
    private const int MostPixels = 1 << 24;

    private const int Grey = 0, Colour = 2, Palette = 3, GreyAlpha = 4, ColourAlpha = 6;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>First column, first row, and the steps between, of the seven passes of interlacing.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Whether pixels have a colour: three planes instead of one.</summary>
    public bool IsColour => Pixels.Length == 3 * Width * Height;

    private readonly record struct Header(int Width, int Height, int Depth, int Type, bool IsInterlaced)
    {
        public int Samples => Type switch { Colour => 3, GreyAlpha => 2, ColourAlpha => 4, _ => 1 };

        /// <summary>Bytes of a row of so many pixels, without its filter's byte.</summary>
        public int RowBytes(int width) => (int)(((long)width * Samples * Depth + 7) / 8);
    }

    /// <summary>Takes a file apart.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="file">All of its bytes.</param>
    /// <exception cref="DownhillException">No PNG, a damaged one, one that is too large, or one with transparent
    /// pixels.</exception>
    public static PngImage Read(string path, ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Signature))
            Throw.Input(path, "a PNG image", file.IsEmpty ? "an empty file" : Kind(file), "Save it as PNG.");
        (Header header, byte[] packed, byte[] colours, byte[] transparent) = Parts(path, file[Signature.Length..]);
        byte[] samples = Unpack(path, header, packed);
        return Colours(path, header, samples, colours, transparent);
    }

    private static string Kind(ReadOnlySpan<byte> file) =>
        file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "a JPEG image"
        : file.StartsWith("GIF8"u8) ? "a GIF image" : file.StartsWith("BM"u8) ? "a BMP image"
        : file.StartsWith("RIFF"u8) ? "a WebP image" : "another kind of file";

    private static (Header Header, byte[] Packed, byte[] Colours, byte[] Transparent) Parts(
        string path, ReadOnlySpan<byte> rest)
    {
        Header? header = null;
        byte[] colours = [], transparent = [];
        using MemoryStream packed = new();
        while (rest.Length >= 12)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12) break;
            ReadOnlySpan<byte> name = rest[4..8], body = rest[8..(8 + (int)length)];
            if (Crc(rest[4..(8 + (int)length)]) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
                Damaged(path, "a part whose checksum is wrong");
            rest = rest[(12 + (int)length)..];
            if (header is null != name.SequenceEqual("IHDR"u8)) Damaged(path, "parts in the wrong order");
            if (name.SequenceEqual("IHDR"u8)) header = ReadHeader(path, body);
            else if (name.SequenceEqual("PLTE"u8)) colours = body.ToArray();
            else if (name.SequenceEqual("tRNS"u8)) transparent = body.ToArray();
            else if (name.SequenceEqual("IDAT"u8)) packed.Write(body);
            else if (name.SequenceEqual("IEND"u8)) return (header!.Value, packed.ToArray(), colours, transparent);
            else if ((name[0] & 0x20) == 0) Damaged(path, "a part that a reader must know and this one does not");
        }
        throw Broken(path, "one that ends too early");
    }

    private static Header ReadHeader(string path, ReadOnlySpan<byte> body)
    {
        if (body.Length != 13) Damaged(path, "a header of another length");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(body),
            height = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        if (width == 0 || height == 0 || (ulong)width * height > MostPixels)
            Throw.Input(path, $"an image of at most {MostPixels >> 20} million pixels", $"{width}×{height}",
                "Make it smaller: every pixel becomes an input.");
        (int depth, int type) = (body[8], body[9]);
        bool isKnown = type switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Colour or GreyAlpha or ColourAlpha => depth is 8 or 16,
            _ => false,
        };
        if (!isKnown || body[10] != 0 || body[11] != 0 || body[12] > 1) Damaged(path, "a header that means nothing");
        return new((int)width, (int)height, depth, type, body[12] == 1);
    }

    /// <summary>The samples of all pixels, one byte each, [Height, Width, Samples]; of a depth below 8 not yet
    /// stretched.</summary>
    private static byte[] Unpack(string path, Header header, byte[] packed)
    {
        byte[] samples = new byte[header.Width * header.Height * header.Samples];
        using ZLibStream stream = new(new MemoryStream(packed), CompressionMode.Decompress);
        try
        {
            if (!header.IsInterlaced) ReadPass(path, stream, header, samples, (0, 0, 1, 1));
            else foreach (var pass in Passes) ReadPass(path, stream, header, samples, pass);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Broken(path, "one whose pixels cannot be unpacked", e);
        }
        return samples;
    }

    private static void ReadPass(string path, Stream stream, Header header, byte[] samples,
        (int X, int Y, int StepX, int StepY) pass)
    {
        int width = (header.Width - pass.X + pass.StepX - 1) / pass.StepX;
        if (width <= 0) return;
        int count = header.Samples, pixelBytes = Math.Max(1, count * header.Depth / 8);
        byte[] above = new byte[1 + header.RowBytes(width)], row = new byte[above.Length];
        for (int y = pass.Y; y < header.Height; y += pass.StepY)
        {
            stream.ReadExactly(row);
            if (row[0] > 4) Damaged(path, "a filter that there is not");
            Unfilter(row, above, pixelBytes);
            for (int i = 0; i < width * count; i++)
                samples[(y * header.Width + pass.X + i / count * pass.StepX) * count + i % count] =
                    Sample(row.AsSpan(1), i, header.Depth);
            (row, above) = (above, row);
        }
    }

    /// <summary>Undoes a row's filter, whose number is the row's first byte.</summary>
    private static void Unfilter(Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        for (int i = 1; i < row.Length; i++)
        {
            int left = i > pixelBytes ? row[i - pixelBytes] : 0, corner = i > pixelBytes ? above[i - pixelBytes] : 0;
            row[i] += row[0] switch
            {
                0 => 0,
                1 => (byte)left,
                2 => above[i],
                3 => (byte)((left + above[i]) / 2),
                _ => (byte)Nearest(left, above[i], corner),
            };
        }

        // Paeth's predictor: the neighbour that is nearest to left + above − corner, in this order.
        static int Nearest(int left, int above, int corner)
        {
            int guess = left + above - corner;
            int toLeft = Math.Abs(guess - left), toAbove = Math.Abs(guess - above), toCorner = Math.Abs(guess - corner);
            return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
        }
    }

    private static byte Sample(ReadOnlySpan<byte> row, int index, int depth) => depth switch
    {
        8 => row[index],
        16 => row[2 * index],
        _ => (byte)((row[index * depth / 8] >> (8 - depth - index * depth % 8)) & ((1 << depth) - 1)),
    };

    private static PngImage Colours(string path, Header header, byte[] samples, byte[] palette, byte[] transparent)
    {
        int pixels = header.Width * header.Height, count = header.Samples;
        byte[] planes = new byte[3 * pixels];
        bool isGrey = true;
        int stretch = header.Type == Grey && header.Depth < 8 ? 255 / ((1 << header.Depth) - 1) : 1;
        for (int i = 0; i < pixels; i++)
        {
            ReadOnlySpan<byte> own = samples.AsSpan(i * count, count);
            int opacity = header.Type is GreyAlpha or ColourAlpha ? own[^1]
                : header.Type == Palette && own[0] < transparent.Length ? transparent[own[0]] : 255;
            if (opacity < 255) Transparent(path);
            (byte red, byte green, byte blue) = header.Type switch
            {
                Palette => 3 * own[0] + 2 < palette.Length
                    ? (palette[3 * own[0]], palette[3 * own[0] + 1], palette[3 * own[0] + 2])
                    : throw Broken(path, "a colour that its palette does not have"),
                Colour or ColourAlpha => (own[0], own[1], own[2]),
                _ => ((byte)(own[0] * stretch), (byte)(own[0] * stretch), (byte)(own[0] * stretch)),
            };
            isGrey &= red == green && green == blue;
            (planes[i], planes[pixels + i], planes[2 * pixels + i]) = (red, green, blue);
        }
        return new(header.Width, header.Height, isGrey ? planes[..pixels] : planes);
    }

    private static void Transparent(string path) =>
        Throw.Input(path, "pixels that cover what is behind them", "transparent ones",
            "Save it without transparency, on the background that is meant.");

    private static void Damaged(string path, string what) => throw Broken(path, what);

    private static DownhillException Broken(string path, string what, Exception? inner = null)
    {
        string message = $"{path}: expected a PNG image in order, got {what}. Fetch or save it again.";
        return inner is null ? new(message) : new(message, inner);
    }

    /// <summary>CRC-32 as in PNG and gzip (ISO 3309), a bit at a time over four bits.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            crc = (crc >> 4) ^ Quarter[(int)(crc & 15)];
            crc = (crc >> 4) ^ Quarter[(int)(crc & 15)];
        }
        return ~crc;
    }

    private static ReadOnlySpan<uint> Quarter =>
    [
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    ];
}
