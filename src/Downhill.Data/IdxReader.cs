using System.Buffers.Binary;

namespace Downhill.Data;

/// <summary>
/// Reads a folder in the form of MNIST (Y. LeCun, C. Cortes, C. Burges): images and labels of a training and of a test
/// part as IDX files, plain or gzipped. Pixels stay 0 … 255.
/// </summary>
public static class IdxReader
{
    private const int ImageMagic = 0x803, LabelMagic = 0x801;

    /// <summary>Deflate packs at most this much to one; a header that promises more is wrong before anything is
    /// read.</summary>
    private const int MaxGzipRatio = 1040;

    /// <summary>Whether the folder holds at least one of the files this reads.</summary>
    public static bool Recognizes(string folder) =>
        Find(folder, "train-images", 3) is not null || Find(folder, "train-labels", 1) is not null
        || Find(folder, "t10k-images", 3) is not null || Find(folder, "t10k-labels", 1) is not null;

    /// <summary>Reads the training part; the t10k files, where present, become its test part.</summary>
    /// <exception cref="DownhillException">A missing or damaged file.</exception>
    public static DataReading ReadFolder(string folder)
    {
        string images = Find(folder, "train-images", 3) ?? Missing(folder, "train-images-idx3-ubyte");
        string labels = Find(folder, "train-labels", 1) ?? Missing(folder, "train-labels-idx1-ubyte");
        string? testImages = Find(folder, "t10k-images", 3), testLabels = Find(folder, "t10k-labels", 1);
        if (testImages is null != testLabels is null)
            Missing(folder, testImages is null ? "t10k-images-idx3-ubyte" : "t10k-labels-idx1-ubyte");

        Images train = ReadImages(images);
        byte[] trainLabels = ReadLabels(labels, train.Count, images);
        Images? held = testImages is null ? null : ReadImages(testImages);
        byte[] heldLabels = held is null ? [] : ReadLabels(testLabels!, held.Count, testImages!);
        if (held is not null && (held.Width, held.Height) != (train.Width, train.Height))
            Throw.Input(testImages!, $"images of {train.Width}×{train.Height} as in {Path.GetFileName(images)}",
                $"{held.Width}×{held.Height}",
                "Use the files of one set.");
        int classes = Math.Max(trainLabels.Max(), heldLabels.Length == 0 ? 0 : heldLabels.Max()) + 1;
        if (classes < 2) Throw.Input(labels, "at least two classes", "label 0 in every row", "Check the label file.");
        Column[] columns = [.. Enumerable.Range(0, train.Width * train.Height)
            .Select(i => new Column($"pixel_{i / train.Width}_{i % train.Width}"))];
        var target = new Target(["label"], [.. Enumerable.Range(0, classes).Select(c => $"{c}")]);
        string name = DataSource.NameOf(folder);
        Dataset? test = held is null ? null : Part(held, heldLabels, null);
        Dataset data = Part(train, trainLabels, test);
        string testPart = test is null ? "" : $" and a test part of {test.Rows}";
        return new DataReading(data,
            $"{folder}: {data.Rows} rows{testPart}, IDX, images of {train.Width}×{train.Height}, {classes} classes");

        Dataset Part(Images images, byte[] labels, Dataset? test) =>
            new(name, columns, target, images.Pixels, [], Array.ConvertAll(labels, label => (int)label), [])
            {
                Image = new ImageShape(images.Width, images.Height), Source = folder, Test = test,
            };
    }

    private sealed record Images(int Count, int Width, int Height, float[] Pixels);

    private static Images ReadImages(string path)
    {
        var (dimensions, bytes) = ReadIdx(path, ImageMagic, 3);
        return new Images(dimensions[0], dimensions[2], dimensions[1], Array.ConvertAll(bytes, b => (float)b));
    }

    private static byte[] ReadLabels(string path, int images, string imagePath)
    {
        var (dimensions, bytes) = ReadIdx(path, LabelMagic, 1);
        if (dimensions[0] != images)
            Throw.Input(path, $"{images} labels, one for each image in {Path.GetFileName(imagePath)}",
                $"{dimensions[0]}",
                "Use the two files of one set.");
        return bytes;
    }

    /// <summary>Magic number, big-endian dimensions, then one byte for each element. The length is checked before
    /// memory is taken.</summary>
    private static (int[] Dimensions, byte[] Bytes) ReadIdx(string path, int magic, int rank) =>
        TableText.Guard(path, () =>
    {
        using Stream stream = TableText.Open(path);
        Span<byte> header = stackalloc byte[4 + 4 * rank];
        int got = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        string kind = rank == 3 ? "images" : "labels";
        if (got >= 4 && BinaryPrimitives.ReadInt32BigEndian(header) is var found && found != magic)
            Throw.Input(path, $"the IDX magic number 0x{magic:X8} of {kind}", $"0x{found:X8}",
                found is ImageMagic or LabelMagic
                    ? "Images and labels are mixed up." : "Only IDX files of unsigned bytes are read.");
        if (got < header.Length)
            Throw.Input(path, $"an IDX header of {header.Length} bytes", $"{got} bytes",
                "The file is incomplete; fetch it again.");
        int[] dimensions = new int[rank];
        long size = 1;
        string shape = "";
        bool absurd = false;
        for (int i = 0; i < rank; i++)
        {
            uint dimension = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + 4 * i)..]);
            shape += $"{(i == 0 ? "" : " × ")}{dimension}";
            absurd |= dimension == 0 || dimension > int.MaxValue || (size = size * dimension) > Array.MaxLength;
            if (absurd) size = 1;
            dimensions[i] = (int)dimension;
        }
        if (absurd)
            Throw.Input(path, "dimensions above zero that fit into memory", shape,
                "The header is damaged; fetch the file again.");
        long packed = new FileInfo(path).Length;
        bool tooShort = TableText.IsGzip(path) ? size > packed * MaxGzipRatio : packed < header.Length + size;
        if (tooShort || (!TableText.IsGzip(path) && packed > header.Length + size))
            WrongLength(path, shape, header.Length + size, packed);
        byte[] bytes = ReadGrowing(stream, (int)size, out int read);
        if (read < size) WrongLength(path, shape, header.Length + size, header.Length + read);
        if (stream.ReadByte() >= 0) WrongLength(path, shape, header.Length + size, header.Length + size + 1);
        return (dimensions, bytes);
    });

    // A gzipped file tells its length only at the end: the array grows with what has really come.
    private static byte[] ReadGrowing(Stream stream, int size, out int read)
    {
        byte[] bytes = new byte[Math.Min(size, 1 << 20)];
        read = 0;
        while (true)
        {
            int got = stream.Read(bytes, read, bytes.Length - read);
            read += got;
            if (got == 0 || read == size) return bytes;
            if (read == bytes.Length) Array.Resize(ref bytes, (int)Math.Min(size, bytes.Length * 2L));
        }
    }

    private static void WrongLength(string path, string shape, long expected, long got) =>
        Throw.Input(path, $"{expected} bytes for {shape}",
            got > expected ? "more" : TableText.IsGzip(path) ? "fewer" : $"{got}",
            got > expected ? "The header does not fit the data." : "The file is incomplete; fetch it again.");

    private static string? Find(string folder, string part, int rank)
    {
        foreach (string separator in (string[])["-", "."])
            foreach (string ending in (string[])["", ".gz"])
            {
                string path = Path.Combine(folder, $"{part}{separator}idx{rank}-ubyte{ending}");
                if (File.Exists(path)) return path;
            }
        return null;
    }

    private static string Missing(string folder, string file) =>
        Throw.Input<string>(folder, $"the file {file} (or {file}.gz)", "none there",
            "Put the four IDX files of the set into one folder.");
}
