using System.IO.Compression;

namespace Downhill.Literature;

/// <summary>Data, tables and statistics that all sections share.</summary>
internal static class Published
{
    /// <summary>The file or folder of the data sets.</summary>
    public static string Data(params string[] parts)
    {
        string path = Path.Combine([Environment.GetEnvironmentVariable("DOWNHILL_DATA") ?? "", .. parts]);
        return File.Exists(path) || Directory.Exists(path) ? path
            : throw new DownhillException(
                $"{path}: expected the published data, got nothing by that name. Set DOWNHILL_DATA to their folder.");
    }

    /// <summary>The lines of a text file, gzipped or not.</summary>
    public static string[] Lines(params string[] parts)
    {
        string path = Data(parts);
        using Stream file = File.OpenRead(path);
        using StreamReader reader = new(
            path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>The numbers of a line, separated by blanks or commas.</summary>
    public static float[] Numbers(string line) =>
        [.. line.Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(float.Parse)];

    /// <summary>A data set of numbers with a class each.</summary>
    public static Dataset Classes(string name, IReadOnlyList<float[]> inputs, int[] classes, string[] names) =>
        new(name, [.. inputs[0].Select((_, i) => new Column($"x{i + 1}"))], new Target(["class"], names),
            [.. inputs.SelectMany(x => x)], [], classes, []);

    /// <summary>One result per run, side by side on all processors, a run on one.</summary>
    public static T[] Each<T>(int runs, Func<int, T> run)
    {
        T[] results = new T[runs];
        Parallel.For(0, runs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            i => results[i] = run(i));
        return results;
    }

    public static double Mean(IReadOnlyCollection<double> x) => x.Average();

    /// <summary>Sample deviation; 0 of a single number.</summary>
    public static double Deviation(IReadOnlyCollection<double> x) =>
        x.Count < 2 ? 0 : Math.Sqrt(x.Sum(v => Math.Pow(v - x.Average(), 2)) / (x.Count - 1));

    /// <summary>Starts a table; numbers follow with <see cref="Row"/>.</summary>
    public static void Table(string title, params string[] columns)
    {
        Console.WriteLine($"\n### {title}\n");
        Console.WriteLine($"| {string.Join(" | ", columns)} |");
        Console.WriteLine($"|{string.Concat(columns.Select((_, i) => i == 0 ? "---|" : "--:|"))}");
    }

    public static void Row(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    /// <summary>Ours less theirs, with its sign.</summary>
    public static string Difference(double ours, double theirs, string format) =>
        $"{(ours < theirs ? "−" : "+")}{Math.Abs(ours - theirs).ToString(format)}";
}
