using System.Globalization;
using Downhill.Graph;

namespace Downhill.Onnx;

/// <summary>g(v) = outerScale·φ(innerScale·v + innerOffset) + outerOffset, with φ of the catalog.</summary>
internal sealed record FoundActivation(Activation Activation, double InnerScale, double InnerOffset, double OuterScale, double OuterOffset);

/// <summary>
/// Recognises which activation of a catalog an element-wise expression is, however it is written: by its values. Numbers
/// of an activation (a slope, a width) are read off the values first; what is then left over as a factor or an offset,
/// inside or outside, is handed back for the layers around it.
/// </summary>
internal sealed class ActivationFinder(Catalog catalog)
{
    /// <summary>Expressions have at most this many nodes; the longest of the catalog have 15.</summary>
    public const int MostNodes = 64;

    /// <summary>The activation that passes its input on.</summary>
    public Activation Identity { get; } = catalog.Activation("identity");

    private const int MostSearches = 200;
    private readonly Dictionary<string, FoundActivation?> found = new(StringComparer.Ordinal);
    private int searches;

    // Both signs, dense about 0 where the bends are; 0 itself, where ONNX's Sign is 0 and ours +1.
    private static readonly double[] Points =
        [.. Enumerable.Range(-60, 121).Select(i => 0.0137 + 0.1031 * i), -11.3, -21.7, 11.9, 23.1, 0];

    // Where the ends have reached what they go to.
    private const double Far = 1e5;

    /// <summary>The activation of an expression in a variable, null when it is none.</summary>
    /// <param name="v">The variable, made by <see cref="Variable"/>.</param>
    /// <param name="g">The expression.</param>
    /// <exception cref="DownhillException">There are more different ones than a network can mean.</exception>
    public FoundActivation? Find(Expr v, Expr g)
    {
        string text = g.ToString();
        bool isWhole = !text.Contains('…', StringComparison.Ordinal);
        if (isWhole && found.TryGetValue(text, out FoundActivation? known)) return known;
        if (++searches > MostSearches)
            Throw.Input("ONNX file", $"at most {MostSearches} different activations", "more", "It is no multi-layer perceptron.");
        FoundActivation? result = Search(v, g);
        if (isWhole) found[text] = result;
        return result;
    }

    private FoundActivation? Search(Expr v, Expr g)
    {
        double outerScale = 1, outerOffset = 0;
        // Numbers alone first: as far as the points reach they are a very long ramp as well.
        for (Expr? core = g; core is not null; core = StripOutside(core, ref outerScale, ref outerOffset))
            if (core == v) return new(Identity, 1, 0, outerScale, outerOffset);
        (outerScale, outerOffset) = (1, 0);
        // As it stands, then without what is done to v before, then without what is done last, and so on.
        for (Expr? core = g; core is not null; core = StripOutside(core, ref outerScale, ref outerOffset))
        {
            if (Match(v, core) is Activation whole) return new(whole, 1, 0, outerScale, outerOffset);
            if (StripInside(v, core) is (Expr inner, double scale, double offset) && Match(v, inner) is Activation stripped)
                return new(stripped, scale, offset, outerScale, outerOffset);
            if (Hinge(v, core) is FoundActivation hinge)
                return hinge with
                {
                    OuterScale = outerScale * hinge.OuterScale,
                    OuterOffset = outerScale * hinge.OuterOffset + outerOffset,
                };
        }
        return null;
    }

    /// <summary>A variable for expressions to be found.</summary>
    public static Expr Variable() => Expr.Variable("v", 1, Points.Length);

    // ---- factors and offsets ----------------------------------------------------------------------------------------

    /// <summary>Takes one operation with a number off the outside: g = scale·core + offset.</summary>
    private static Expr? StripOutside(Expr g, ref double scale, ref double offset)
    {
        if (g.Operation == Operation.Negate)
        {
            scale = -scale;
            return g.Operands[0];
        }
        if (g.Operands.Count != 2) return null;
        (Expr a, Expr b) = (g.Operands[0], g.Operands[1]);
        if (g.Operation == Operation.Add && Number(b) is double added) return Off(a, 1, added, ref scale, ref offset);
        if (g.Operation == Operation.Add && Number(a) is double start) return Off(b, 1, start, ref scale, ref offset);
        if (g.Operation == Operation.Subtract && Number(b) is double taken) return Off(a, 1, -taken, ref scale, ref offset);
        if (g.Operation == Operation.Subtract && Number(a) is double from) return Off(b, -1, from, ref scale, ref offset);
        if (g.Operation == Operation.Multiply && Number(b) is double factor) return Off(a, factor, 0, ref scale, ref offset);
        if (g.Operation == Operation.Multiply && Number(a) is double times) return Off(b, times, 0, ref scale, ref offset);
        if (g.Operation == Operation.Divide && Number(b) is double by && by != 0) return Off(a, 1 / by, 0, ref scale, ref offset);
        return null;

        static Expr Off(Expr core, double scale, double offset, ref double outerScale, ref double outerOffset)
        {
            outerOffset += outerScale * offset;
            outerScale *= scale;
            return core;
        }
    }

    /// <summary>Where v only occurs within one scale·v + offset, the expression in that instead.</summary>
    private static (Expr Inner, double Scale, double Offset)? StripInside(Expr v, Expr g)
    {
        Expr inside = v;
        double scale = 1, offset = 0;
        while (true)
        {
            Expr[] users = [.. g.Nodes().Where(n => n.Operands.Contains(inside))];
            if (users.Length != 1 || users[0] == g) break;
            double innerScale = 1, innerOffset = 0;
            if (StripOutside(users[0], ref innerScale, ref innerOffset) != inside) break;
            (scale, offset) = (innerScale * scale, innerScale * offset + innerOffset);
            inside = users[0];
        }
        if (inside == v || scale == 0) return null;
        return (g.Replace(inside, v), scale, offset);
    }

    private static double? Number(Expr node) => node.Operation == Operation.Constant && node.IsScalar ? node.ConstantAt() : null;

    // ---- by its values ----------------------------------------------------------------------------------------------

    private Activation? Match(Expr v, Expr g)
    {
        double[,] points = Row(), wanted = g.Evaluate((v, points))[g];
        if (!wanted.Cast<double>().All(double.IsFinite)) return null;
        // First those that are exactly of the catalog, so that a name comes back as it went.
        foreach (bool isExact in (bool[])[true, false])
            foreach (Entry<Activation> entry in catalog.Activations)
            {
                if (!entry.Default.IsElementwise) continue;
                double[]? numbers = isExact ? [.. entry.Parameters.Select(p => p.Default)] : Read(entry.Name, Single(v, g));
                if (numbers is null || numbers.Length != entry.Parameters.Count || !Allowed(entry, numbers)) continue;
                Activation candidate = entry.Create(numbers);
                Expr own = candidate.Define(v);
                double[,] got = own.Operation == Operation.Variable ? points : own.Evaluate((v, points))[own];
                if (IsSame(wanted, got)) return candidate;
            }
        return null;
    }

    /// <summary>a + s·relu(±(v − c)): a largest or smallest value on one side only, as of a clip with one bound.</summary>
    private FoundActivation? Hinge(Expr v, Expr g)
    {
        if (catalog.Activations.FirstOrDefault(e => e.Name == "relu")?.Default is not Activation relu) return null;
        Func<double, double> at = Single(v, g);
        double[] ends = [at(-Far), at(-Far / 2), at(Far / 2), at(Far)];
        if (!ends.All(double.IsFinite) || ends[0] == ends[1] == (ends[2] == ends[3])) return null;
        bool isFlatLeft = ends[0] == ends[1];
        double flat = isFlatLeft ? ends[0] : ends[3], side = isFlatLeft ? 1 : -1;
        double slope = side * (isFlatLeft ? ends[3] - ends[2] : ends[1] - ends[0]) / (Far / 2);
        double edge = Tidy(Edge(x => isFlatLeft ? at(x) != flat : at(x) == flat));
        FoundActivation hinge = new(relu, side, -side * edge, Tidy(side * slope), Tidy(flat));
        Expr own = hinge.OuterScale * Expr.Max(0, hinge.InnerScale * v + hinge.InnerOffset) + hinge.OuterOffset;
        double[,] points = Row();
        return IsSame(g.Evaluate((v, points))[g], own.Evaluate((v, points))[own]) ? hinge : null;
    }

    private static double[,] Row()
    {
        double[,] points = new double[1, Points.Length];
        for (int i = 0; i < Points.Length; i++) points[0, i] = Points[i];
        return points;
    }

    private static Func<double, double> Single(Expr v, Expr g)
    {
        Expr one = Expr.Variable("v"), single = g.Replace(v, one);
        return x => single.Evaluate((one, x)).Scalar(single);
    }

    private static bool IsSame(double[,] wanted, double[,] got)
    {
        // What float32 constants leave; gelu and its approximation are 5e-4 apart.
        for (int i = 0; i < Points.Length; i++)
            if (!(Math.Abs(wanted[0, i] - got[0, i]) <= 3e-6 * Math.Max(1, Math.Abs(wanted[0, i])))) return false;
        return true;
    }

    private static bool Allowed(Entry<Activation> entry, double[] numbers)
    {
        if (entry.Name == "ramp" && !(numbers[2] < numbers[3])) return false;
        return entry.Parameters.Zip(numbers, (p, n) => double.IsFinite(n) && n <= p.Max && (p.ExcludesMin ? n > p.Min : n >= p.Min)).All(ok => ok);
    }

    /// <summary>The numbers an activation would have to have, read off g; whether it is that one is seen afterwards.</summary>
    private static double[]? Read(string name, Func<double, double> g)
    {
        switch (name)
        {
            case "sigmoid": // x·v − y = logit(g − z)
                double z = Math.Min(g(Far), g(-Far));
                double here = Logit(g(0) - z), there = Logit(g(1) - z);
                return [Tidy(there - here), Tidy(-here), Tidy(z)];
            case "leaky_relu":
                return [Tidy(g(-1) - g(-2))];
            case "elu":
                return [Tidy(-g(-Far))];
            case "hard_sigmoid":
                return [Tidy((g(0.0625) - g(-0.0625)) * 8)];
            case "sin": // g(h)/h = ω·(1 − ω²h²/6 …): twice, to take the second term out
                double one = g(1e-3) / 1e-3, two = g(2e-3) / 2e-3;
                return [Tidy((4 * one - two) / 3)];
            case "gaussian": // −2·log g is a parabola
                double left = Math.Log(g(-1)), middle = Math.Log(g(0)), right = Math.Log(g(1));
                double bend = 2 * middle - left - right;
                if (!(bend > 0)) return null;
                return [Tidy((right - left) / (2 * bend)), Tidy(1 / Math.Sqrt(bend))];
            case "ramp":
                (double a, double b) = (g(-Far), g(Far));
                return a == b || g(-Far / 2) != a || g(Far / 2) != b ? null : [Tidy(a), Tidy(b), Tidy(Edge(x => g(x) != a)), Tidy(Edge(x => g(x) == b))];
            case "step":
                (double below, double above) = (g(-Far), g(Far));
                return below == above ? null : [Tidy(below), Tidy(above), Tidy(Edge(x => g(x) == above)), 0];
            default:
                return null;
        }

        static double Logit(double p) => Math.Log(p / (1 - p));
    }

    /// <summary>The smallest x for which it holds; it holds from there on.</summary>
    private static double Edge(Func<double, bool> holds)
    {
        double low = -Far, high = Far;
        for (int i = 0; i < 100; i++)
        {
            double middle = 0.5 * (low + high);
            if (holds(middle)) high = middle;
            else low = middle;
        }
        return high;
    }

    /// <summary>Numbers come from float32: the nearest one with few digits, if it is as near as that.</summary>
    private static double Tidy(double x)
    {
        if (!double.IsFinite(x)) return x;
        if (Math.Abs(x) < 1e-9) return 0;
        double rounded = double.Parse(x.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Abs(rounded - x) <= 2e-7 * Math.Max(1, Math.Abs(x)) ? rounded : x;
    }
}
