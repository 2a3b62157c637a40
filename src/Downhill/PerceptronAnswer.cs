using System.Globalization;
using System.Numerics;

namespace Downhill;

/// <summary>
/// Whether a plane separates two classes: <see cref="Separable"/>, <see cref="NotSeparable"/> or
/// <see cref="Undecided"/> (lecture L3). The first two were verified in exact arithmetic on the numbers of the rows as
/// they are.
/// </summary>
public abstract record PerceptronAnswer
{
    /// <summary>The answer for a reader, one line.</summary>
    public abstract string Text { get; }

    public sealed override string ToString() => Text;
}

/// <summary>t·(w·x + b) is above 0 for every row, checked exactly.</summary>
/// <param name="Weights">w [I].</param>
/// <param name="Bias">b.</param>
/// <param name="Margin">Distance of the nearest row from the plane, min t·(w·x + b)/‖w‖, above 0.</param>
/// <param name="FoundBy">The rule or the search, in words.</param>
public sealed record Separable(IReadOnlyList<double> Weights, double Bias, double Margin, string FoundBy)
    : PerceptronAnswer
{
    public override string Text => string.Create(CultureInfo.InvariantCulture,
        $"separable: checked on every row, smallest distance from the plane {Margin:G4}; found by {FoundBy}");
}

/// <summary>No plane has all rows of one class strictly on one side and all others on the other.</summary>
/// <param name="Certificate">Why, checked exactly.</param>
public sealed record NotSeparable(GordanCertificate Certificate) : PerceptronAnswer
{
    public override string Text =>
        $"not separable: a non-negative combination of {Certificate.Rows.Count} signed rows vanishes, checked exactly";
}

/// <summary>Neither weights nor a certificate were found within the passes and the work allowed.</summary>
/// <param name="Passes">Passes of the rule.</param>
/// <param name="FewestWrong">Fewest rows on the wrong side after a pass.</param>
/// <param name="HullDistance">An upper bound of the distance between 0 and the convex hull of the signed rows (columns
/// standardised, rows of length 1): the plane's margin where they are separable, 0 where not. NaN when it was not
/// searched.</param>
public sealed record Undecided(int Passes, int FewestWrong, double HullDistance) : PerceptronAnswer
{
    public override string Text
    {
        get
        {
            string hull = double.IsNaN(HullDistance) ? "" : string.Create(CultureInfo.InvariantCulture,
                $"; the signed rows' hull comes within {HullDistance:G3} of 0");
            return $"undecided after {Passes} passes: {FewestWrong} rows wrong at best{hull}";
        }
    }
}

/// <summary>
/// Proof that no plane separates the rows (Gordan 1873): λᵢ ≥ 0, not all 0, with Σ λᵢ·tᵢ·(1, xᵢ) = 0. A separating
/// plane would have tᵢ·(w·xᵢ + b) &gt; 0 for every i, and the same combination of these would be both above 0 and 0.
/// </summary>
/// <param name="Rows">Rows i with λᵢ above 0.</param>
/// <param name="Multipliers">λᵢ of each, whole numbers without a common factor.</param>
public sealed record GordanCertificate(IReadOnlyList<int> Rows, IReadOnlyList<BigInteger> Multipliers)
{
    /// <summary>Adds up the combination in whole numbers of any length, and says whether it is a proof.</summary>
    /// <param name="inputs">I.</param>
    /// <param name="rows">[N,I] row-major.</param>
    /// <param name="targets">[N], +1 or −1.</param>
    public bool Check(int inputs, ReadOnlySpan<float> rows, ReadOnlySpan<int> targets)
    {
        if (Rows.Count == 0 || Rows.Count != Multipliers.Count) return false;
        BigInteger total = 0, bias = 0;
        foreach (BigInteger multiplier in Multipliers)
        {
            if (multiplier < 0) return false;
            total += multiplier;
        }
        foreach (int row in Rows)
            if ((uint)row >= (uint)targets.Length || Math.Abs(targets[row]) != 1) return false;
        if (total.IsZero) return false;
        for (int k = 0; k < Rows.Count; k++) bias += Multipliers[k] * targets[Rows[k]];
        if (!bias.IsZero) return false;
        for (int column = 0; column < inputs; column++)
        {
            Dyadic sum = default;
            for (int k = 0; k < Rows.Count; k++)
                sum += new Dyadic(Multipliers[k] * targets[Rows[k]], 0) * Dyadic.Of(rows[Rows[k] * inputs + column]);
            if (!sum.Mantissa.IsZero) return false;
        }
        return true;
    }

    /// <summary>The sum as people write it: "1·(1, 0, 0) + …", for a few small rows.</summary>
    public string ToText(int inputs, ReadOnlySpan<float> rows, ReadOnlySpan<int> targets)
    {
        List<string> terms = [];
        for (int k = 0; k < Rows.Count; k++)
        {
            string[] numbers = ["1", .. rows.Slice(Rows[k] * inputs, inputs).ToArray().Select(x => Numbers.Text(x))];
            string sign = targets[Rows[k]] > 0 ? k == 0 ? "" : " + " : k == 0 ? "−" : " − ";
            terms.Add($"{sign}{Multipliers[k]}·({string.Join(", ", numbers)})");
        }
        return $"{string.Concat(terms)} = ({string.Join(", ", Enumerable.Repeat("0", inputs + 1))})";
    }
}

/// <summary>m·2ᵉ: what every finite float and double is, and sums and products of them, without rounding.</summary>
internal readonly record struct Dyadic(BigInteger Mantissa, int Exponent)
{
    public static Dyadic Of(double value)
    {
        if (value == 0) return default;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        if (exponent == 0) exponent++;
        else mantissa |= 1L << 52;
        int zeros = BitOperations.TrailingZeroCount(mantissa);
        mantissa >>= zeros;
        return new(bits < 0 ? -mantissa : mantissa, exponent - 1075 + zeros);
    }

    public static Dyadic operator +(Dyadic a, Dyadic b)
    {
        if (a.Mantissa.IsZero) return b;
        if (b.Mantissa.IsZero) return a;
        int exponent = Math.Min(a.Exponent, b.Exponent);
        return new((a.Mantissa << (a.Exponent - exponent)) + (b.Mantissa << (b.Exponent - exponent)), exponent);
    }

    public static Dyadic operator *(Dyadic a, Dyadic b) => new(a.Mantissa * b.Mantissa, a.Exponent + b.Exponent);
}
