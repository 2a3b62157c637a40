using System.Numerics;

namespace Downhill.Tests.Kernels;

/// <summary>
/// A number M·2^E with some 200 bits: slow, plain, and exact enough to judge doubles by. Series only, nothing shared
/// with the code under test.
/// </summary>
internal readonly struct Real
{
    private const int Bits = 200;

    private Real(BigInteger m, int e)
    {
        int excess = (int)(BigInteger.Abs(m).GetBitLength() - Bits);
        if (excess > 0)
        {
            m >>= excess;
            e += excess;
        }
        M = m;
        E = e;
    }

    private BigInteger M { get; }

    private int E { get; }

    public static Real Ln2 { get; } = LogNearOne(new Real(1, 0) / new Real(3, 0)) * new Real(2, 0);

    public static Real Pi { get; } = (AtanInverse(5) * new Real(16, 0)) - (AtanInverse(239) * new Real(4, 0));

    public static implicit operator Real(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xFFFFFFFFFFFFFL;
        if (exponent == 0) { exponent = 1; } else { mantissa |= 1L << 52; }
        return new Real(bits < 0 ? -mantissa : mantissa, exponent - 1075);
    }

    public static Real operator *(Real a, Real b) => new(a.M * b.M, a.E + b.E);

    public static Real operator /(Real a, Real b) => new((a.M << (2 * Bits)) / b.M, a.E - (2 * Bits) - b.E);

    public static Real operator -(Real a) => new(-a.M, a.E);

    public static Real operator -(Real a, Real b) => a + (-b);

    public static Real operator +(Real a, Real b)
    {
        if (a.M.IsZero) { return b; }
        if (b.M.IsZero) { return a; }
        if (a.Top < b.Top) { (a, b) = (b, a); }
        if (a.Top - b.Top > 2 * Bits) { return a; }
        int e = Math.Min(a.E, b.E);
        return new Real((a.M << (a.E - e)) + (b.M << (b.E - e)), e);
    }

    /// <summary>2^Top bounds the number from above, within a factor of 2.</summary>
    private long Top => M.IsZero ? long.MinValue / 2 : BigInteger.Abs(M).GetBitLength() + E;

    public bool IsNegative => M.Sign < 0;

    public Real Abs => new(BigInteger.Abs(M), E);

    public static Real Exp(Real x)
    {
        // x = k·ln 2 + r, then e^r by its series.
        int k = (x / Ln2).Round();
        Real r = x - (new Real(k, 0) * Ln2);
        Real sum = 1.0;
        Real term = 1.0;
        for (int n = 1; n < 60; n++)
        {
            term = term * r / new Real(n, 0);
            sum += term;
            if (term.Top < -Bits) { break; }
        }
        return new Real(sum.M, sum.E + k);
    }

    public static Real Log(Real x)
    {
        // x = m·2^k, 1/√2 < m < √2
        int k = (int)x.Top;
        Real m = new(x.M, x.E - k);
        if ((m * m - 0.5).IsNegative)
        {
            m += m;
            k--;
        }
        return (LogNearOne((m - 1.0) / (m + 1.0)) * 2.0) + (new Real(k, 0) * Ln2);
    }

    public static Real Sin(Real x) => Wave(x, 0);

    public static Real Cos(Real x) => Wave(x, 1);

    public static Real Tanh(Real x)
    {
        if (x.Top < -60) { return x - (x * x * x / 3.0); }
        Real e = Exp(x + x);
        return (e - 1.0) / (e + 1.0);
    }

    public static Real Sigmoid(Real x) => 1.0 / ((Real)1.0 + Exp(-x));

    public static Real Log1P(Real x) => x.Top < -80 ? x - (x * x / 2.0) : Log((Real)1.0 + x);

    public static Real Softplus(Real x) => Log1P(Exp(x));

    public static Real Erf(Real x)
    {
        // 2x/√π·e^−x²·Σ (2x²)ⁿ/(1·3·5…(2n+1)): no cancellation. √π by Newton's iteration.
        Real root = 1.7724538509055159;
        for (int i = 0; i < 4; i++) { root = (root + (Pi / root)) / 2.0; }
        Real square = x * x;
        Real sum = 1.0;
        Real term = 1.0;
        for (int n = 1; n < 400; n++)
        {
            term = term * square * 2.0 / new Real((2 * n) + 1, 0);
            sum += term;
            if (term.Top < sum.Top - Bits) { break; }
        }
        return x * 2.0 / root * Exp(-square) * sum;
    }

    /// <summary>|value − this| in units of the spacing of doubles at this.</summary>
    public double UlpsFrom(double value)
    {
        if (double.IsNaN(value) || double.IsInfinity(value)) { return double.PositiveInfinity; }
        // A double has 53 bits below its top, but none below 2^−1074.
        Real ulp = new(1, (int)Math.Max(Top - 53, -1074));
        return ((Real)value - this).Abs.RatioTo(ulp);
    }

    private double RatioTo(Real other)
    {
        Real quotient = this / other;
        return quotient.M.IsZero ? 0 : Math.ScaleB((double)quotient.M, quotient.E);
    }

    private int Round() => (int)Math.Round(RatioTo(new Real(1, 0)));

    private static Real Wave(Real x, int shift)
    {
        Real half = Pi / 2.0;
        int k = (x / half).Round();
        Real r = x - (new Real(k, 0) * half);
        int quadrant = (k + shift) & 3;
        bool cosine = (quadrant & 1) != 0;
        Real term = cosine ? 1.0 : r;
        Real sum = term;
        Real square = r * r;
        for (int n = cosine ? 2 : 3; n < 60; n += 2)
        {
            term = -(term * square / new Real(n * (n - 1), 0));
            sum += term;
            if (term.Top < sum.Top - Bits) { break; }
        }
        return quadrant >= 2 ? -sum : sum;
    }

    /// <summary>atanh s = ½·log((1 + s)/(1 − s)).</summary>
    private static Real LogNearOne(Real s)
    {
        Real square = s * s;
        Real power = s;
        Real sum = s;
        for (int n = 3; n < 140; n += 2)
        {
            power *= square;
            sum += power / new Real(n, 0);
            if (power.Top < sum.Top - Bits) { break; }
        }
        return sum;
    }

    private static Real AtanInverse(int n)
    {
        Real x = new Real(1, 0) / new Real(n, 0);
        Real square = x * x;
        Real power = x;
        Real sum = x;
        for (int k = 3; k < 100; k += 2)
        {
            power = -(power * square);
            sum += power / new Real(k, 0);
        }
        return sum;
    }
}
