using System.Globalization;
using System.IO.Compression;

namespace Downhill;

/// <summary>A data set that comes with Downhill: a table inside the assembly, or points made by a formula.</summary>
public abstract class Sample : CatalogItem
{
    /// <summary>Number of rows.</summary>
    public abstract int Rows { get; }

    /// <summary>Number of input columns.</summary>
    public abstract int Inputs { get; }

    /// <summary>Number of classes, 0 for a numeric target.</summary>
    public abstract int Classes { get; }

    /// <summary>Licence and attribution, one line.</summary>
    public abstract string Licence { get; }

    /// <summary>Reads or makes the data.</summary>
    public abstract Dataset Load();
}

public sealed partial class Dataset
{
    /// <summary>The data sets that come with Downhill, for help, menus and tables.</summary>
    public static IReadOnlyList<Entry<Sample>> Samples => Downhill.Samples.All;

    /// <summary>
    /// A data set that comes with Downhill by its name, with parameters where it has some: <c>iris</c>,
    /// <c>moons(noise=0.2)</c>, <c>parity(4)</c>.
    /// </summary>
    /// <exception cref="DownhillException">No such name (the nearest is suggested), or a parameter that does not
    /// fit.</exception>
    public static Dataset Load(string name) => Catalog.Parse(Samples, "data set", name).Load();
}

/// <summary>The samples that ship. Adding one: its line in <see cref="All"/>.</summary>
internal static class Samples
{
    private const string Uci = "BSD-3-Clause (scikit-learn's copy); UCI Machine Learning Repository, CC BY 4.0: ";
    private const string None = "made by formula, no rights attached";

    private static readonly Parameter Seed = new("seed", 0, 0, 1L << 53,
        "Another seed, other points.")
    {
        Whole = true,
    };

    private static readonly Parameter Noise = new("noise", 0.1, 0, 10,
        "Standard deviation of what is added to each input.");
    private static readonly Parameter PlaygroundNoise = new("noise", 0, 0, 1,
        "As in the TensorFlow Playground, where 1 is 100 %.");

    private static Parameter Rows(int rows) => new("rows", rows, 2, 1_000_000, "Number of points.") { Whole = true };

    /// <summary>Every sample, in the order in which tables show them.</summary>
    public static IReadOnlyList<Entry<Sample>> All { get; } =
    [
        Table("digits", "handwritten digits, 8×8 pixels of 0 … 16", "E. Alpaydin, C. Kaynak, 1998 (UCI, test part)",
            1797, 64,
            Uci + "E. Alpaydin, C. Kaynak", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], new ImageShape(8, 8)),
        Table("iris", "three kinds of iris by the size of their leaves, in cm", "R. A. Fisher, 1936 (UCI)", 150, 4,
            Uci + "R. A. Fisher, M. Marshall", ["setosa", "versicolor", "virginica"]),
        Table("wine", "three cultivars by chemical analysis", "M. Forina and others, S. Aeberhard, 1991 (UCI)", 178, 13,
            Uci + "M. Forina, S. Aeberhard", ["class_0", "class_1", "class_2"]),
        Table("breast_cancer", "malignant or benign, by the shape of cell nuclei",
            "W. H. Wolberg, W. N. Street, O. L. Mangasarian, 1995 (UCI)", 569, 30,
            Uci + "W. H. Wolberg, W. N. Street, O. L. Mangasarian", ["malignant", "benign"]),
        Table("diabetes", "progression of the disease after a year (a number)",
            "Efron, Hastie, Johnstone, Tibshirani, Least angle regression, 2004", 442, 10,
            "BSD-3-Clause (scikit-learn's copy); B. Efron, T. Hastie, I. Johnstone, R. Tibshirani", []),

        Made("xor", "x₁ ≠ x₂ on the four corners", "the four points no single unit can tell apart",
            "Minsky, Papert, Perceptrons, 1969", [],
            _ => (4, 2, 2), _ => GeneratedSamples.Parity("xor", 2)),
        Made("parity", "x₁ + … + xₙ is odd", "n bits: is the number of ones odd?", "Minsky, Papert, Perceptrons, 1969",
            [new Parameter("n", 3, 2, 16, "Number of bits.") { Whole = true }],
            p => (1 << (int)p[0], (int)p[0], 2), p => GeneratedSamples.Parity("parity", (int)p[0])),
        Made("circles", "(cos t, sin t) and factor·(cos t, sin t)", "a circle inside another",
            "after scikit-learn's make_circles",
            [Rows(400), Noise,
                new Parameter("factor", 0.5, 0, 1, "Radius of the inner circle.") { ExcludesMin = true }, Seed],
            p => ((int)p[0], 2, 2), p => GeneratedSamples.Circles((int)p[0], p[1], p[2], (ulong)p[3])),
        Made("moons", "(cos t, sin t) and (1 − cos t, ½ − sin t), t = 0 … π",
            "two half circles that reach into each other", "after scikit-learn's make_moons",
            [Rows(400), Noise, Seed], p => ((int)p[0], 2, 2),
            p => GeneratedSamples.Moons((int)p[0], p[1], (ulong)p[2])),
        Made("spirals", "φ = iπ/16, r = 6.5(104 − i)/104, ±(r sin φ, r cos φ), i = 0 … 96",
            "two spirals of three turns, a hard one",
            "Lang, Witbrock, Learning to tell two spirals apart, 1988 (CMU benchmark)", [],
            _ => (194, 2, 2), _ => GeneratedSamples.Spirals()),
        Made("blobs", "N(centre of the class, spread²)", "clouds around random centres in ±10",
            "after scikit-learn's make_blobs",
            [Rows(300), new Parameter("classes", 3, 2, 1000, "Number of clouds.") { Whole = true },
                new Parameter("inputs", 2, 1, 1000, "Number of inputs.") { Whole = true },
                new Parameter("spread", 1, 0, 100, "Standard deviation of a cloud."), Seed],
            p => ((int)p[0], (int)p[2], (int)p[1]),
            p => GeneratedSamples.Blobs((int)p[0], (int)p[1], (int)p[2], p[3], (ulong)p[4])),

        Playground("circle", "|x| < 2.5", "a disc inside a ring", 2, GeneratedSamples.PlaygroundCircle),
        Playground("xor", "x₁·x₂ ≥ 0", "opposite quarters of a square", 2, GeneratedSamples.PlaygroundXor),
        Playground("gauss", "N(±(2, 2), 0.5 + 7·noise)", "two clouds", 2, GeneratedSamples.PlaygroundGauss),
        Playground("spiral", "r = 5t, φ = 3.5πt (+ π), t = 0 … 1", "two spiral arms", 2,
            GeneratedSamples.PlaygroundSpiral),
        Playground("plane", "(x₁ + x₂)/10", "a tilted plane (a number)", 0, GeneratedSamples.PlaygroundPlane),
        Playground("gaussian", "± max(0, 1 − distance/2) around six centres", "hills and hollows (a number)", 0,
            GeneratedSamples.PlaygroundGaussian),
    ];

    private static Entry<Sample> Table(
        string name, string summary, string source, int rows, int inputs, string licence, string[] classes,
        ImageShape? image = null) =>
        new(name, "", summary, source, [],
            _ => new EmbeddedSample(name, source, rows, inputs, licence, classes, image));

    private static Entry<Sample> Made(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        Func<double[], (int Rows, int Inputs, int Classes)> size, Func<double[], Dataset> make) =>
        new(name, formula, summary, source, parameters, p => new MadeSample(size(p), source, () => make(p)));

    private static Entry<Sample> Playground(
        string name, string formula, string summary, int classes, Func<string, int, double, ulong, Dataset> make) =>
        Made($"playground_{name}", formula, $"{summary}, as in the TensorFlow Playground",
            "D. Smilkov, S. Carter, TensorFlow Playground, 2016",
            [Rows(500), PlaygroundNoise, Seed], p => ((int)p[0], 2, classes),
            p => make($"playground_{name}", (int)p[0], p[1], (ulong)p[2]));

    private sealed class MadeSample((int Rows, int Inputs, int Classes) size, string source, Func<Dataset> make)
        : Sample
    {
        public override int Rows => size.Rows;
        public override int Inputs => size.Inputs;
        public override int Classes => size.Classes;
        public override string Licence => None;

        public override Dataset Load()
        {
            Dataset made = make();
            return new Dataset(made.Name, made.Inputs, made.Target, made.Numeric, [], made.Classes, made.Values)
            {
                Source = source, Licence = Licence, IsWhole = made.IsWhole,
            };
        }
    }

    /// <summary>A gzipped CSV inside the assembly: header line, numbers, the target last. Written by
    /// eng/embed-samples.</summary>
    private sealed class EmbeddedSample(
        string name, string source, int rows, int inputs, string licence, string[] classes, ImageShape? image) : Sample
    {
        public override int Rows => rows;
        public override int Inputs => inputs;
        public override int Classes => classes.Length;
        public override string Licence => licence;

        public override Dataset Load()
        {
            using Stream packed = typeof(Samples).Assembly.GetManifestResourceStream($"samples/{name}.csv.gz")
                ?? throw new InvalidOperationException($"The assembly was built without the sample '{name}'.");
            using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
            string[] header = reader.ReadLine()!.Split(',');
            float[] numeric = new float[rows * inputs], values = new float[classes.Length == 0 ? rows : 0];
            int[] codes = new int[classes.Length == 0 ? 0 : rows];
            for (int row = 0; row < rows; row++)
            {
                string[] fields = reader.ReadLine()!.Split(',');
                for (int i = 0; i < inputs; i++) numeric[row * inputs + i] = Number(fields[i]);
                if (classes.Length == 0) values[row] = Number(fields[inputs]);
                else codes[row] = Array.IndexOf(classes, fields[inputs]);
            }
            return new Dataset(
                name, [.. header.Take(inputs).Select(h => new Column(h))], new Target([header[inputs]], classes),
                numeric, [], codes, values)
            {
                Image = image, Source = source, Licence = licence,
            };
        }

        private static float Number(string field) =>
            float.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
