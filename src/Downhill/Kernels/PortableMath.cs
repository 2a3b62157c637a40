using PortableDouble = Downhill.Kernels.Scalar<double, Downhill.Kernels.Portable>;

namespace Downhill.Kernels;

/// <summary>
/// Elementary functions in double with the same bits on every machine, in the browser too (the platform's own differ in
/// the last digit). For everything outside the kernels: schedules, initial values, losses' sums, random numbers.
/// </summary>
public static class PortableMath
{
    /// <summary>eˣ.</summary>
    public static double Exp(double x) => VectorMath.Exp<PortableDouble, double, double>(x);

    /// <summary>Natural logarithm; −∞ at 0, NaN below.</summary>
    public static double Log(double x) => VectorMath.Log<PortableDouble, double, double>(x);

    /// <summary>log(1 + x).</summary>
    public static double Log1P(double x) => VectorMath.Log1P<PortableDouble, double, double>(x);

    /// <summary>Sine of x radians, see <see cref="VectorMath.Sin"/> for its range.</summary>
    public static double Sin(double x) => VectorMath.Sin<PortableDouble, double, double>(x);

    /// <summary>Cosine of x radians.</summary>
    public static double Cos(double x) => VectorMath.Cos<PortableDouble, double, double>(x);

    /// <summary>Hyperbolic tangent.</summary>
    public static double Tanh(double x) => VectorMath.Tanh<PortableDouble, double, double>(x);

    /// <summary>The logistic function 1/(1 + e⁻ˣ).</summary>
    public static double Sigmoid(double x) => VectorMath.Sigmoid<PortableDouble, double, double>(x);

    /// <summary>log(1 + eˣ).</summary>
    public static double Softplus(double x) => VectorMath.Softplus<PortableDouble, double, double>(x);

    /// <summary>The error function.</summary>
    public static double Erf(double x) => VectorMath.Erf<PortableDouble, double, double>(x);

    /// <summary>
    /// xⁿ by repeated squaring; exact as long as every intermediate product is. The relative error grows as |n|·2⁻⁵³;
    /// where that matters take <see cref="Pow"/>.
    /// </summary>
    public static double PowInt(double x, long n)
    {
        double result = 1.0;
        double square = x;
        for (ulong rest = n < 0 ? 0UL - (ulong)n : (ulong)n; rest != 0; rest >>= 1)
        {
            if ((rest & 1) != 0) { result *= square; }
            square *= square;
        }
        return n < 0 ? 1.0 / result : result;
    }

    /// <summary>xʸ. At most 1.3 ulp; special cases as in C: x⁰ = 1 and 1ʸ = 1 even for NaN, a negative x needs an
    /// integral y.</summary>
    public static double Pow(double x, double y)
    {
        if (y == 0.0 || x == 1.0) { return 1.0; }
        if (double.IsNaN(x) || double.IsNaN(y)) { return double.NaN; }
        double magnitude = Math.Abs(x);
        bool integral = double.IsInteger(y);
        bool odd = integral && Math.Abs(y) < 9007199254740992.0 && ((long)y & 1) != 0;
        double sign = double.IsNegative(x) && odd ? -1.0 : 1.0;
        if (double.IsInfinity(y))
        {
            return magnitude == 1.0 ? 1.0 : magnitude > 1.0 == y > 0.0 ? double.PositiveInfinity : 0.0;
        }
        if (magnitude == 0.0 || double.IsInfinity(magnitude))
        {
            return sign * (magnitude == 0.0 == y > 0.0 ? 0.0 : double.PositiveInfinity);
        }
        if (x < 0.0 && !integral) { return double.NaN; }

        double high = Log(magnitude, out double low);
        double estimate = y * high;
        if (estimate > 710.0) { return sign * double.PositiveInfinity; }
        if (estimate < -746.0) { return sign * 0.0; }
        double product = Product(y, high, out double error);
        double power = Exp(product);
        if (double.IsInfinity(power)) { return sign * power; }
        return sign * (power + (power * (error + (y * low))));
    }

    /// <summary>log x as a sum of two doubles, good to some 65 bits, for finite x &gt; 0.</summary>
    private static double Log(double x, out double low)
    {
        double e = 0.0;
        if (x < 2.2250738585072014e-308)
        {
            x *= 18014398509481984.0;
            e = -54.0;
        }
        e += PortableDouble.Exponent(x);
        double m = PortableDouble.Mantissa(x);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            e += 1.0;
        }
        // s = (m − 1)/(m + 1); log m = 2s·(1 + z/3 + z²/5 + …), z = s²; the sum's first two terms are carried
        // double-double.
        double f = m - 1.0;
        double d = Sum(m, 1.0, out double dLow);
        double s = f / d;
        double back = Product(s, d, out double backLow);
        double sLow = (f - back - backLow - (s * dLow)) / d;
        double z = Product(s, s, out double zLow);
        zLow += 2.0 * s * sLow;
        double tail = 1.0 / 29.0;
        for (int odd = 27; odd >= 5; odd -= 2) { tail = (tail * z) + (1.0 / odd); }
        double inner = Sum(1.0 / 3.0, tail * z, out double innerLow);
        innerLow += 1.850371707708594e-17; // 1/3 − (1/3 rounded)
        double t = Product(z, inner, out double tLow);
        tLow += (z * innerLow) + (zLow * inner);
        double u = Product(s, t, out double uLow);
        uLow += (s * tLow) + (sLow * t);
        double log = Sum(2.0 * s, 2.0 * u, out double logLow);
        logLow += 2.0 * (sLow + uLow);
        // e·ln 2: the first part has 32 bits, its product is exact.
        double whole = Sum(e * 0.6931471803691238, log, out double wholeLow);
        wholeLow += logLow + (e * 1.9082149292705877e-10);
        double high = whole + wholeLow;
        low = whole - high + wholeLow;
        return high;
    }

    /// <summary>a + b and exactly what rounding lost (Knuth).</summary>
    private static double Sum(double a, double b, out double low)
    {
        double sum = a + b;
        double t = sum - a;
        low = a - (sum - t) + (b - t);
        return sum;
    }

    /// <summary>a·b and exactly what rounding lost (Dekker and Veltkamp: no fused multiply-add, so the same
    /// everywhere).</summary>
    private static double Product(double a, double b, out double low)
    {
        double product = a * b;
        double aHigh = a * 134217729.0;
        aHigh -= aHigh - a;
        double aLow = a - aHigh;
        double bHigh = b * 134217729.0;
        bHigh -= bHigh - b;
        double bLow = b - bHigh;
        low = (aHigh * bHigh) - product + (aHigh * bLow) + (aLow * bHigh) + (aLow * bLow);
        return product;
    }
}
