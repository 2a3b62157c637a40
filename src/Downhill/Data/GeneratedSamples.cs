using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// Data sets made by formula: computed in double with portable functions, so a seed gives the same points everywhere.
/// Point i draws its random numbers at 8i … 8i+7, so more rows begin with the same points.
/// </summary>
internal static class GeneratedSamples
{
    private const ulong Draws = 8;
    private static readonly string[] ZeroOne = ["0", "1"];
    private static readonly string[] MinusPlus = ["-1", "1"];

    /// <summary>All 2ⁿ rows of n bits in counting order; the class is the parity.</summary>
    public static Dataset Parity(string name, int bits)
    {
        int rows = 1 << bits;
        float[] numeric = new float[rows * bits];
        int[] classes = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            classes[row] = int.PopCount(row) & 1;
            for (int i = 0; i < bits; i++)
                numeric[row * bits + i] = row >> (bits - 1 - i) & 1;
        }
        return new Dataset(name, Names(bits), new Target(["odd"], ZeroOne), numeric, [], classes,
            [])
        { IsWhole = true };
    }

    /// <summary>The 194 points of the CMU benchmark; the two arms take turns, outermost first.</summary>
    public static Dataset Spirals() => Classified("spirals", ZeroOne, 194, row =>
    {
        int i = row / 2;
        double phi = i * Math.PI / 16, r = 6.5 * (104 - i) / 104;
        double x = r * PortableMath.Sin(phi), y = r * PortableMath.Cos(phi);
        return row % 2 == 0 ? (x, y, 1) : (-x, -y, 0);
    });

    /// <summary>The outer circle (class 0), then the inner one, points at equal angles, with normal noise.</summary>
    public static Dataset Circles(int rows, double noise, double factor, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        int outer = rows / 2;
        return Classified("circles", ZeroOne, rows, row =>
        {
            bool inside = row >= outer;
            double t = 2 * Math.PI * (inside ? row - outer : row) / (inside ? rows - outer : outer);
            double r = inside ? factor : 1;
            return (r * PortableMath.Cos(t) + noise * random.Normal(Draws * (ulong)row),
                r * PortableMath.Sin(t) + noise * random.Normal(Draws * (ulong)row + 1), inside ? 1 : 0);
        });
    }

    /// <summary>The upper half circle (class 0), then the lower one, points at equal angles, with normal
    /// noise.</summary>
    public static Dataset Moons(int rows, double noise, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        int upper = rows / 2;
        return Classified("moons", ZeroOne, rows, row =>
        {
            bool lower = row >= upper;
            double t = Math.PI * (lower ? row - upper : row) / Math.Max(1, (lower ? rows - upper : upper) - 1);
            double x = PortableMath.Cos(t), y = PortableMath.Sin(t);
            return ((lower ? 1 - x : x) + noise * random.Normal(Draws * (ulong)row),
                (lower ? 0.5 - y : y) + noise * random.Normal(Draws * (ulong)row + 1), lower ? 1 : 0);
        });
    }

    /// <summary>Normal clouds around centres drawn uniformly from ±10; the classes take turns.</summary>
    public static Dataset Blobs(int rows, int classes, int inputs, double spread, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        var centres = new RandomStream(seed, RandomStreams.Data + 1);
        float[] numeric = new float[rows * inputs];
        int[] codes = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            codes[row] = row % classes;
            for (int i = 0; i < inputs; i++)
                numeric[row * inputs + i] = (float)(centres.Uniform((ulong)(codes[row] * inputs + i), -10, 10)
                    + spread * random.Normal((ulong)row * (ulong)inputs + (ulong)i));
        }
        string[] names = [.. Enumerable.Range(0, classes).Select(c => $"{c}")];
        return new Dataset("blobs", Names(inputs), new Target(["class"], names), numeric, [], codes, []);
    }

    // The six sets of the TensorFlow Playground (src/dataset.ts, 2016), restated. The noise moves the point whose
    // label is asked for, not the point that is shown; only the spiral's noise moves what is shown.

    /// <summary>First half: radius 0 … 2.5; second half: 3.5 … 5. Class 1 where the moved point is within
    /// 2.5.</summary>
    public static Dataset PlaygroundCircle(string name, int rows, double noise, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        return Classified(name, MinusPlus, rows, row =>
        {
            ulong at = Draws * (ulong)row;
            double r = row < (rows + 1) / 2 ? random.Uniform(at, 0, 2.5) : random.Uniform(at, 3.5, 5);
            double angle = random.Uniform(at + 1, 0, 2 * Math.PI);
            double x = r * PortableMath.Sin(angle), y = r * PortableMath.Cos(angle);
            double movedX = x + random.Uniform(at + 2, -5, 5) * noise;
            double movedY = y + random.Uniform(at + 3, -5, 5) * noise;
            return (x, y, Math.Sqrt(movedX * movedX + movedY * movedY) < 2.5 ? 1 : 0);
        });
    }

    /// <summary>Uniform in ±5, pushed 0.3 away from both axes. Class 1 where the moved point's product is not
    /// negative.</summary>
    public static Dataset PlaygroundXor(string name, int rows, double noise, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        return Classified(name, MinusPlus, rows, row =>
        {
            ulong at = Draws * (ulong)row;
            double x = random.Uniform(at, -5, 5), y = random.Uniform(at + 1, -5, 5);
            x += x > 0 ? 0.3 : -0.3;
            y += y > 0 ? 0.3 : -0.3;
            double movedX = x + random.Uniform(at + 2, -5, 5) * noise;
            double movedY = y + random.Uniform(at + 3, -5, 5) * noise;
            return (x, y, movedX * movedY >= 0 ? 1 : 0);
        });
    }

    /// <summary>Class 1 around (2, 2), then class −1 around (−2, −2), variance 0.5 + 7·noise.</summary>
    public static Dataset PlaygroundGauss(string name, int rows, double noise, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        double deviation = Math.Sqrt(0.5 + 7 * noise);
        return Classified(name, MinusPlus, rows, row =>
        {
            ulong at = Draws * (ulong)row;
            bool positive = row < (rows + 1) / 2;
            double centre = positive ? 2 : -2;
            double x = centre + deviation * random.Normal(at), y = centre + deviation * random.Normal(at + 1);
            return (x, y, positive ? 1 : 0);
        });
    }

    /// <summary>Class 1, then the same arm half a turn on: r = 5i/n, φ = 3.5π·i/n, each coordinate moved by
    /// ±noise.</summary>
    public static Dataset PlaygroundSpiral(string name, int rows, double noise, ulong seed)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        double n = rows / 2.0;
        int first = (rows + 1) / 2;
        return Classified(name, MinusPlus, rows, row =>
        {
            ulong at = Draws * (ulong)row;
            bool positive = row < first;
            double i = positive ? row : row - first, r = i / n * 5;
            double t = 1.75 * i / n * 2 * Math.PI + (positive ? 0 : Math.PI);
            return (r * PortableMath.Sin(t) + random.Uniform(at, -1, 1) * noise,
                r * PortableMath.Cos(t) + random.Uniform(at + 1, -1, 1) * noise, positive ? 1 : 0);
        });
    }

    /// <summary>(x + y)/10 of the moved point, on ±6.</summary>
    public static Dataset PlaygroundPlane(string name, int rows, double noise, ulong seed) =>
        PlaygroundSurface(name, rows, noise, seed, (x, y) => (x + y) / 10);

    /// <summary>The largest in size of six hills and hollows sign·max(0, 1 − distance/2), at the moved point, on
    /// ±6.</summary>
    public static Dataset PlaygroundGaussian(string name, int rows, double noise, ulong seed) =>
        PlaygroundSurface(name, rows, noise, seed, static (x, y) =>
        {
            ReadOnlySpan<(double X, double Y, int Sign)> hills =
                [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)];
            double label = 0;
            foreach (var (centreX, centreY, sign) in hills)
            {
                double dx = x - centreX, dy = y - centreY;
                double height = sign * Math.Clamp(1 - Math.Sqrt(dx * dx + dy * dy) / 2, 0, 1);
                if (Math.Abs(height) > Math.Abs(label)) label = height;
            }
            return label;
        });

    private static Dataset PlaygroundSurface(string name, int rows, double noise, ulong seed,
        Func<double, double, double> height)
    {
        var random = new RandomStream(seed, RandomStreams.Data);
        float[] numeric = new float[rows * 2], values = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            ulong at = Draws * (ulong)row;
            double x = random.Uniform(at, -6, 6), y = random.Uniform(at + 1, -6, 6);
            double movedX = x + random.Uniform(at + 2, -6, 6) * noise;
            double movedY = y + random.Uniform(at + 3, -6, 6) * noise;
            (numeric[2 * row], numeric[2 * row + 1]) = ((float)x, (float)y);
            values[row] = (float)height(movedX, movedY);
        }
        return new Dataset(name, Names(2), new Target(["y"], []), numeric, [], [], values);
    }

    private static Dataset Classified(string name, string[] classes, int rows,
        Func<int, (double X, double Y, int Code)> point)
    {
        float[] numeric = new float[rows * 2];
        int[] codes = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            var (x, y, code) = point(row);
            (numeric[2 * row], numeric[2 * row + 1], codes[row]) = ((float)x, (float)y, code);
        }
        return new Dataset(name, Names(2), new Target(["class"], classes), numeric, [], codes,
            [])
        { IsWhole = name == "spirals" };
    }

    private static Column[] Names(int inputs) => [.. Enumerable.Range(1, inputs).Select(i => new Column($"x{i}"))];
}
