using Downhill.Kernels;

namespace Downhill.Playground;

/// <summary>A data set that can be chosen by name.</summary>
/// <param name="Name">In settings and addresses.</param>
/// <param name="Summary">One line.</param>
/// <param name="Classes">Classes as it comes; 0 for a number.</param>
/// <param name="Inputs">Raw inputs as it comes.</param>
/// <param name="IsMade">Whether rows, noise and seed have a say.</param>
/// <param name="Load">Makes or reads it; null for the user's own.</param>
internal sealed record DataSetEntry(string Name, string Summary, int Classes, int Inputs, bool IsMade,
    Func<Settings, Dataset>? Load);

/// <summary>
/// The data sets of the playground: the TensorFlow Playground's six, more classes of them, and the engine's samples.
/// </summary>
internal static class DataSets
{
    /// <summary>The name that stands for data the user brought or drew.</summary>
    public const string Own = "own";

    public static IReadOnlyList<DataSetEntry> All { get; } =
    [
        Made("circle", "a disc inside a ring; with more classes, more rings", s => s.Classes == 2
            ? Playground("circle", s) : Rings(s)),
        Made("xor", "opposite quarters of a square", s => Playground("xor", s)),
        Made("gauss", "two clouds; with more classes, clouds on a circle", s => s.Classes == 2 ? Playground("gauss", s)
            : Clouds(s)),
        Made("spiral", "two spiral arms; with more classes, more arms", s => s.Classes == 2 ? Playground("spiral", s)
            : Arms(s)),
        Made("plane", "a tilted plane (a number)", s => Playground("plane", s), classes: 0),
        Made("gaussian", "hills and hollows (a number)", s => Playground("gaussian", s), classes: 0),
        Made("moons", "two half circles that reach into each other", s =>
            Sample($"moons(rows={s.Rows},noise={Numbers.Text(s.Noise)},seed={s.Seed})")),
        Made("blobs", "clouds around random centres", s =>
            Sample($"blobs(rows={s.Rows},classes={s.Classes},spread={Numbers.Text(1 + 4 * s.Noise)},seed={s.Seed})")),
        Solid("ball", "a ball inside a shell", Solids.Ball),
        Solid("helix", "two strands of a helix", Solids.Helix),
        Whole("corners", "xor", "x₁ ≠ x₂ on the four corners: what no single unit can do", 2, 2),
        Whole("two_spirals", "spirals", "the CMU benchmark: two spirals of three turns", 2, 2),
        Whole("parity3", "parity(3)", "is the number of ones odd? All eight rows of three bits", 2, 3),
        Whole("iris", "iris", "three kinds of iris by the size of their leaves", 3, 4),
        Whole("wine", "wine", "three cultivars by chemical analysis", 3, 13),
        Whole("breast_cancer", "breast_cancer", "malignant or benign, by the shape of cell nuclei", 2, 30),
        Whole("diabetes", "diabetes", "progression after a year (a number)", 0, 10),
        Whole("digits", "digits", "handwritten digits of 8×8 pixels", 10, 64),
        new("ink", "the same digits as ink of 16×16 cells: 1 or 0", 10, Ink.Cells, false, _ => Ink.Digits()),
        new(Own, "your own: pasted, dropped or drawn", 0, 0, false, null),
    ];

    public static DataSetEntry Find(string name) => All.First(d => d.Name == name);

    private static DataSetEntry Made(string name, string summary, Func<Settings, Dataset> load, int classes = 2) =>
        new(name, summary, classes, 2, true, load);

    private static DataSetEntry Solid(string name, string summary, Func<Settings, Dataset> load) =>
        new(name, summary, 2, 3, true, load);

    private static DataSetEntry Whole(string name, string sample, string summary, int classes, int inputs) =>
        new(name, summary, classes, inputs, false, _ => Dataset.Load(sample));

    private static Dataset Playground(string name, Settings s) =>
        Sample($"playground_{name}(rows={s.Rows},noise={Numbers.Text(s.Noise)},seed={s.Seed})");

    private static Dataset Sample(string text) => Dataset.Load(text);

    // Point i draws its numbers at 8i … 8i+7, as in the engine's own sets.
    private const ulong Draws = 8;

    /// <summary>
    /// Classes as rings of equal width out to radius 5, with gaps between; the label is that of the point moved by the
    /// noise.
    /// </summary>
    private static Dataset Rings(Settings s) => Classified("circle", s, (random, at, label) =>
    {
        double width = 5.0 / s.Classes, r = width * (label + random.Uniform(at, label == 0 ? 0 : 0.15, 0.85));
        double angle = random.Uniform(at + 1, 0, 2 * Math.PI);
        double x = r * PortableMath.Sin(angle), y = r * PortableMath.Cos(angle);
        double movedX = x + random.Uniform(at + 2, -5, 5) * s.Noise,
            movedY = y + random.Uniform(at + 3, -5, 5) * s.Noise;
        double moved = Math.Sqrt(movedX * movedX + movedY * movedY);
        return (x, y, s.Noise == 0 ? label : Math.Min(s.Classes - 1, (int)(moved / width)));
    });

    /// <summary>Normal clouds with centres on a circle of radius 3.5.</summary>
    private static Dataset Clouds(Settings s) => Classified("gauss", s, (random, at, label) =>
    {
        double angle = 2 * Math.PI * label / s.Classes, deviation = Math.Sqrt(0.35 + 4 * s.Noise);
        return (3.5 * PortableMath.Cos(angle) + deviation * random.Normal(at),
            3.5 * PortableMath.Sin(angle) + deviation * random.Normal(at + 1), label);
    });

    /// <summary>Spiral arms as the two of the TensorFlow Playground, one class each, at equal angles.</summary>
    private static Dataset Arms(Settings s) => Classified("spiral", s, (random, at, label) =>
    {
        int arm = Math.Max(1, s.Rows / s.Classes);
        double t = (at / Draws / (ulong)s.Classes + 0.5) / arm, r = 5 * Math.Min(1, t);
        double angle = 3.5 * Math.PI * t + 2 * Math.PI * label / s.Classes;
        return (r * PortableMath.Sin(angle) + random.Uniform(at, -1, 1) * s.Noise,
            r * PortableMath.Cos(angle) + random.Uniform(at + 1, -1, 1) * s.Noise, label);
    });

    private static Dataset Classified(string name, Settings s,
        Func<RandomStream, ulong, int, (double X, double Y, int Class)> point)
    {
        RandomStream random = new((ulong)s.Seed, RandomStreams.Data);
        float[] numeric = new float[2 * s.Rows];
        int[] classes = new int[s.Rows];
        for (int row = 0; row < s.Rows; row++)
        {
            (double x, double y, classes[row]) = point(random, Draws * (ulong)row, row % s.Classes);
            (numeric[2 * row], numeric[2 * row + 1]) = ((float)x, (float)y);
        }
        return new(name, [new("x1"), new("x2")],
            new(["class"], [.. Enumerable.Range(0, s.Classes).Select(c => $"{c}")]), numeric, [], classes, []);
    }
}
