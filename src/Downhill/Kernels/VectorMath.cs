using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

/// <summary>
/// Elementary functions of our own, written once against a witness: within one arithmetic the bits are the same in
/// scalar code and at every width, and none comes from the platform. Polynomials are minimax fits (Remez) made for
/// this file.
/// </summary>
/// <remarks>
/// Special values as in IEEE 754 / C: NaN in gives NaN out (its payload is not specified), odd functions keep −0,
/// results in the subnormal range are produced. Bodies are in-lined into the caller's loop: keep them branch-free.
/// </remarks>
public static class VectorMath
{
    // 1.5·2ᵖ, p = 23 or 52: adding it leaves an integer in the lowest bits, subtracting it again gives the nearest
    // integer.
    private const double SingleMagic = 12582912.0;
    private const double DoubleMagic = 6755399441055744.0;

    /// <summary>x, and 0 in the place of what is far too small to matter: below 10⁻³⁰ (float), 10⁻²⁹⁰ (double).
    /// Products of such slopes leave the normal range, where an operation costs a processor some hundred cycles: what a
    /// loss hands back after softmax is such a number for every class that is ruled out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Settle<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V least = S.Set(typeof(T) == typeof(float) ? 1e-30 : 1e-290);
        return S.Select(S.Less(S.Abs(x), least), S.Set(T.Zero), x);
    }

    /// <summary>eˣ of what a score lies below the largest, x ≤ 0, and 0 below 10⁻³⁰ (float), 10⁻²⁹⁰ (double), for the
    /// same reason: a share that is subnormal costs a processor some hundred cycles here, where it is divided by the
    /// sum, and where it is multiplied. A NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Share<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V least = S.Set(typeof(T) == typeof(float) ? -69.0 : -667.0), isGone = S.Less(x, least);
        return S.Select(isGone, S.Set(T.Zero), Exp<S, V, T>(S.Select(isGone, least, x)));
    }

    /// <summary>eˣ. Measured error at most 0.91 ulp (float) and 0.88 ulp (double).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Beyond these bounds the result is ∞ or 0 anyway; a NaN fails both comparisons and passes.
        V high = S.Set(typeof(T) == typeof(float) ? 89.0 : 710.0);
        V low = S.Set(typeof(T) == typeof(float) ? -104.0 : -746.0);
        x = S.Select(S.Less(high, x), high, x);
        x = S.Select(S.Less(x, low), low, x);
        V r = Reduce<S, V, T>(x, out V n, out V rest, out V p);
        V q = S.Add(r, S.MulAdd(S.Mul(r, r), p, rest));
        // 2ⁿ in two factors: n may lie outside the normal range on both sides, each half does not.
        V half = Nearest<S, V, T>(S.Mul(n, S.Set(0.5)));
        V y = S.Mul(S.Add(q, S.Set(1.0)), S.PowerOfTwo(half));
        return S.Mul(y, S.PowerOfTwo(S.Sub(n, half)));
    }

    /// <summary>Natural logarithm. Measured error at most 0.84 ulp (float) and 0.75 ulp (double). log ±0 = −∞, log of a
    /// negative number is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V infinity = S.Set(double.PositiveInfinity);
        V zero = S.Set(0.0);
        V one = S.Set(1.0);
        bool single = typeof(T) == typeof(float);

        // Subnormal numbers are scaled into the normal range first.
        V tiny = S.Less(x, S.Set(single ? 1.1754943508222875e-38 : 2.2250738585072014e-308));
        V scaled = S.Select(tiny, S.Mul(x, S.Set(single ? 16777216.0 : 18014398509481984.0)), x);
        V e = S.Sub(S.Exponent(scaled), S.And(tiny, S.Set(single ? 24.0 : 54.0)));
        V m = S.Mantissa(scaled);

        // m in [√½, √2)
        V big = S.Less(S.Set(1.4142135623730951), m);
        m = S.Select(big, S.Mul(m, S.Set(0.5)), m);
        e = S.Add(e, S.And(big, one));

        // log(1+f) = 2·atanh(s) = 2s + s·r(s²), s = f/(2+f); with 2s = f − s·f it is f − (f²/2 − s·(f²/2 + r)).
        V f = S.Sub(m, one);
        V s = S.Div(f, S.Add(S.Set(2.0), f));
        V z = S.Mul(s, s);
        V r;
        if (single)
        {
            r = S.Set(0.29873067140579224);
            r = S.MulAdd(r, z, S.Set(0.399774968624115));
            r = S.MulAdd(r, z, S.Set(0.6666677594184875));
        }
        else
        {
            r = S.Set(0.14797512724715012);
            r = S.MulAdd(r, z, S.Set(0.15313902778693286));
            r = S.MulAdd(r, z, S.Set(0.1818356975604834));
            r = S.MulAdd(r, z, S.Set(0.22222198475739893));
            r = S.MulAdd(r, z, S.Set(0.28571428743263927));
            r = S.MulAdd(r, z, S.Set(0.39999999999411096));
            r = S.MulAdd(r, z, S.Set(0.6666666666666735));
        }
        r = S.Mul(r, z);
        V halfSquare = S.Mul(S.Mul(f, f), S.Set(0.5));
        // ln 2 in two parts: the first has trailing zeros enough that e times it is exact.
        V ln2Low = S.Set(single ? 3.1946184945309415e-05 : 1.9082149292705877e-10);
        V low = S.MulAdd(s, S.Add(halfSquare, r), S.Mul(e, ln2Low));
        V y = S.Sub(f, S.Sub(halfSquare, low));
        y = S.MulAdd(e, S.Set(single ? 0.693115234375 : 0.6931471803691238), y);

        y = S.Select(S.Less(x, infinity), y, x);
        V special = S.Select(S.Equal(x, zero), S.Set(double.NegativeInfinity), S.Set(double.NaN));
        return S.Select(S.LessOrEqual(x, zero), special, y);
    }

    /// <summary>log(1 + x) without cancellation. Measured error at most 1.44 ulp (float) and 1.11 ulp (double). −∞ at
    /// −1, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log1P<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V one = S.Set(1.0);
        V u = S.Add(one, x);
        // What u lost in rounding (Knuth's two-sum): log(1+x) = log(u + c) ≈ log u + c/u.
        V b = S.Sub(u, one);
        V c = S.Add(S.Sub(one, S.Sub(u, b)), S.Sub(x, b));
        V log = Log<S, V, T>(u);
        V y = S.Add(log, S.Div(c, u));
        V regular = S.And(S.Less(S.Set(0.0), u), S.Less(u, S.Set(double.PositiveInfinity)));
        y = S.Select(regular, y, log);
        return S.CopySign(y, x);
    }

    /// <summary>Hyperbolic tangent. Measured error at most 1.36 ulp (float) and 1.33 ulp (double); ±1 for large |x|,
    /// never beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V bound = S.Set(typeof(T) == typeof(float) ? 9.5 : 19.5);
        V a = S.Abs(x);
        a = S.Select(S.Less(bound, a), bound, a);
        // a < 0.55: a + a³·s(a²). Else 1 − 2/(e²ᵃ + 1), where the subtraction shrinks the quotient's error.
        V z = S.Mul(a, a);
        V s;
        if (typeof(T) == typeof(float))
        {
            s = S.Set(-0.006207427941262722);
            s = S.MulAdd(s, z, S.Set(0.02102721855044365));
            s = S.MulAdd(s, z, S.Set(-0.05384227633476257));
            s = S.MulAdd(s, z, S.Set(0.13332499563694));
            s = S.MulAdd(s, z, S.Set(-0.33333316445350647));
        }
        else
        {
            s = S.Set(-1.904903261356889e-05);
            s = S.MulAdd(s, z, S.Set(8.260175773123602e-05));
            s = S.MulAdd(s, z, S.Set(-0.00023288842216050328));
            s = S.MulAdd(s, z, S.Set(0.0005882530202107666));
            s = S.MulAdd(s, z, S.Set(-0.0014554969287841634));
            s = S.MulAdd(s, z, S.Set(0.003592085003634858));
            s = S.MulAdd(s, z, S.Set(-0.00886323191695158));
            s = S.MulAdd(s, z, S.Set(0.02186948834481508));
            s = S.MulAdd(s, z, S.Set(-0.053968253962354565));
            s = S.MulAdd(s, z, S.Set(0.13333333333324252));
            s = S.MulAdd(s, z, S.Set(-0.33333333333333287));
        }
        V inner = S.MulAdd(S.Mul(z, a), s, a);
        V one = S.Set(1.0), more; // e²ᵃ + 1
        if (typeof(T) == typeof(float))
        {
            // The steps of Exp with half its latency, on which a small network waits in every layer: 2a = n·ln 2 + r,
            // the part of n·ln 2 beyond single precision does not matter; e^r − 1 in pairs of terms; e²ᵃ + 1 = (e^r −
            // 1)·2ⁿ + (2ⁿ + 1).
            V magic = S.Set(SingleMagic);
            V n = S.Sub(S.MulAdd(a, S.Set(2.8853900817779268), magic), magic), power = S.PowerOfTwo(n);
            V r = S.MulAdd(n, S.Set(-0.6931471805599453), S.Add(a, a)), square = S.Mul(r, r);
            V low = S.MulAdd(r, S.Set(0.16666516661643982), S.Set(0.5));
            V high = S.MulAdd(square, S.Set(0.0013950855936855078),
                S.MulAdd(r, S.Set(0.008369095623493195), S.Set(0.04166619852185249)));
            more = S.MulAdd(S.MulAdd(S.MulAdd(high, square, low), square, r), power, S.Add(power, one));
        }
        else
        {
            V r = Reduce<S, V, T>(S.Add(a, a), out V n, out _, out V p);
            more = S.Add(S.Mul(S.Add(S.MulAdd(S.Mul(r, r), p, r), one), S.PowerOfTwo(n)), one);
        }
        V outer = S.Sub(one, S.Div(S.Set(2.0), more));
        return S.CopySign(S.Select(S.Less(a, S.Set(0.55)), inner, outer), x);
    }

    /// <summary>The logistic function 1/(1 + e⁻ˣ). Measured error at most 2.41 ulp (float) and 2.16 ulp (double),
    /// also where the result is subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // With e = exp(−|x|): 1/(1+e) for x ≥ 0, e/(1+e) below: nothing overflows.
        V one = S.Set(1.0);
        V e = Exp<S, V, T>(S.Neg(S.Abs(x)));
        return S.Div(S.Select(S.Less(x, S.Set(0.0)), e, one), S.Add(one, e));
    }

    /// <summary>Softplus log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). Measured error at most 1.85 ulp (float)
    /// and 1.73 ulp (double).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Softplus<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        S.Add(S.Max(x, S.Set(0.0)), Log1P<S, V, T>(Exp<S, V, T>(S.Neg(S.Abs(x)))));

    /// <summary>Sine of x radians. Measured error at most 0.82 ulp (float) and 0.75 ulp (double) for |x| ≤ 100 000;
    /// beyond that precision fades, the result stays in [−1, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sin<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V quadrant = Quadrant<S, V, T>(x, out V sin, out V cos);
        V y = S.Select(S.Equal(S.Abs(quadrant), S.Set(1.0)), cos, sin);
        V negative = S.Or(S.Less(quadrant, S.Set(0.0)), S.Less(S.Set(1.5), quadrant));
        y = S.Xor(y, S.And(negative, S.Set(-0.0)));
        return S.Select(S.Equal(x, S.Set(0.0)), x, y);
    }

    /// <summary>Cosine of x radians. Measured error at most 0.82 ulp (float) and 0.75 ulp (double) for |x| ≤ 100 000;
    /// beyond that precision fades, the result stays in [−1, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Cos<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V quadrant = Quadrant<S, V, T>(x, out V sin, out V cos);
        V y = S.Select(S.Equal(S.Abs(quadrant), S.Set(1.0)), sin, cos);
        V negative = S.Or(S.Less(quadrant, S.Set(-1.5)), S.Less(S.Set(0.5), quadrant));
        return S.Xor(y, S.And(negative, S.Set(-0.0)));
    }

    /// <summary>The error function 2/√π·∫₀ˣ e^−t² dt. Measured error at most 1.39 ulp (float) and 1.25 ulp
    /// (double).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Erf<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool single = typeof(T) == typeof(float);
        V bound = S.Set(single ? 4.0 : 6.0);
        V a = S.Abs(x);
        a = S.Select(S.Less(bound, a), bound, a);
        V z = S.Mul(a, a);

        // |x| < 1: x + x·p(x²). Else 1 − e^−x²·r(u), u = (|x| − 2)/(|x| + 2).
        V u = S.Div(S.Sub(a, S.Set(2.0)), S.Add(a, S.Set(2.0)));
        V p, r;
        if (single)
        {
            p = S.Set(7.889117841841653e-05);
            p = S.MulAdd(p, z, S.Set(-0.0008020841050893068));
            p = S.MulAdd(p, z, S.Set(0.005189535208046436));
            p = S.MulAdd(p, z, S.Set(-0.026854444295167923));
            p = S.MulAdd(p, z, S.Set(0.11283600330352783));
            p = S.MulAdd(p, z, S.Set(-0.3761262595653534));
            p = S.MulAdd(p, z, S.Set(0.12837916612625122));
            r = S.Set(0.007212548982352018);
            r = S.MulAdd(r, u, S.Set(0.003729737363755703));
            r = S.MulAdd(r, u, S.Set(-0.07898690551519394));
            r = S.MulAdd(r, u, S.Set(0.24165727198123932));
            r = S.MulAdd(r, u, S.Set(-0.42718586325645447));
            r = S.MulAdd(r, u, S.Set(0.25539568066596985));
        }
        else
        {
            p = S.Set(-7.801195822297999e-10);
            p = S.MulAdd(p, z, S.Set(1.3722979850269634e-08));
            p = S.MulAdd(p, z, S.Set(-1.6209176697240427e-07));
            p = S.MulAdd(p, z, S.Set(1.6447517773201075e-06));
            p = S.MulAdd(p, z, S.Set(-1.4924744670342449e-05));
            p = S.MulAdd(p, z, S.Set(0.00012055295320815185));
            p = S.MulAdd(p, z, S.Set(-0.0008548325989705853));
            p = S.MulAdd(p, z, S.Set(0.005223977607423621));
            p = S.MulAdd(p, z, S.Set(-0.026866170643276233));
            p = S.MulAdd(p, z, S.Set(0.11283791670945253));
            p = S.MulAdd(p, z, S.Set(-0.3761263890318355));
            p = S.MulAdd(p, z, S.Set(0.12837916709551256));
            r = S.Set(-1.2644095568618602e-05);
            r = S.MulAdd(r, u, S.Set(-2.661148278193656e-05));
            r = S.MulAdd(r, u, S.Set(2.7623183878471964e-05));
            r = S.MulAdd(r, u, S.Set(0.0001742884693509188));
            r = S.MulAdd(r, u, S.Set(4.353615967136497e-05));
            r = S.MulAdd(r, u, S.Set(-0.0009819764794911407));
            r = S.MulAdd(r, u, S.Set(-0.0008471425905104646));
            r = S.MulAdd(r, u, S.Set(0.006997461785661214));
            r = S.MulAdd(r, u, S.Set(0.0037328923985395263));
            r = S.MulAdd(r, u, S.Set(-0.07897858101641557));
            r = S.MulAdd(r, u, S.Set(0.2416581942424688));
            r = S.MulAdd(r, u, S.Set(-0.4271858474139568));
            r = S.MulAdd(r, u, S.Set(0.25539567631050575));
        }
        V inner = S.MulAdd(a, p, a);
        V outer = S.Sub(S.Set(1.0), S.Mul(Exp<S, V, T>(S.Neg(z)), r));
        return S.CopySign(S.Select(S.Less(a, S.Set(1.0)), inner, outer), x);
    }

    /// <summary>x = n·ln 2 + (r + rest), |r| ≤ ln 2 / 2, for |x| up to some thousand; e^r − 1 = r + r²·p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Reduce<S, V, T>(V x, out V n, out V rest, out V p)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V r;
        n = Nearest<S, V, T>(S.Mul(x, S.Set(1.4426950408889634)));
        V minus = S.Neg(n);
        if (typeof(T) == typeof(float))
        {
            V high = S.MulAdd(minus, S.Set(0.693115234375), x);
            r = S.MulAdd(minus, S.Set(3.1946184945309415e-05), high);
            rest = S.MulAdd(minus, S.Set(3.1946184945309415e-05), S.Sub(high, r));
            p = S.Set(0.0013950855936855078);
            p = S.MulAdd(p, r, S.Set(0.008369095623493195));
            p = S.MulAdd(p, r, S.Set(0.04166619852185249));
            p = S.MulAdd(p, r, S.Set(0.16666516661643982));
            p = S.MulAdd(p, r, S.Set(0.5));
        }
        else
        {
            V high = S.MulAdd(minus, S.Set(0.6931471803691238), x);
            r = S.MulAdd(minus, S.Set(1.9082149292705877e-10), high);
            rest = S.MulAdd(minus, S.Set(1.9082149292705877e-10), S.Sub(high, r));
            p = S.Set(2.511823145972204e-08);
            p = S.MulAdd(p, r, S.Set(2.763169987788209e-07));
            p = S.MulAdd(p, r, S.Set(2.7557215133235655e-06));
            p = S.MulAdd(p, r, S.Set(2.4801488839086755e-05));
            p = S.MulAdd(p, r, S.Set(0.00019841269918700525));
            p = S.MulAdd(p, r, S.Set(0.0013888888948002391));
            p = S.MulAdd(p, r, S.Set(0.008333333333306586));
            p = S.MulAdd(p, r, S.Set(0.041666666666512));
            p = S.MulAdd(p, r, S.Set(0.166666666666667));
            p = S.MulAdd(p, r, S.Set(0.5000000000000013));
        }
        return r;
    }

    /// <summary>The nearest integer, |x| ≤ 2²² (float) or 2⁵¹ (double); halves to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Nearest<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V magic = S.Set(typeof(T) == typeof(float) ? SingleMagic : DoubleMagic);
        return S.Sub(S.Add(x, magic), magic);
    }

    /// <summary>x = q·π/2 + (r + y), |r| ≤ π/4: sine and cosine of r + y, and q modulo 4 as −2 … 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Quadrant<S, V, T>(V x, out V sin, out V cos)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool single = typeof(T) == typeof(float);
        V n = Nearest<S, V, T>(S.Mul(x, S.Set(0.6366197723675814)));
        V q = S.Sub(n, S.Mul(Nearest<S, V, T>(S.Mul(n, S.Set(0.25))), S.Set(4.0)));

        // π/2 in parts (Cody and Waite) so short that n times a part is exact for |x| ≤ 10⁵. The first differences are
        // exact too; from there on two-sums carry what rounding loses.
        V r, y;
        if (single)
        {
            r = S.Sub(x, S.Mul(n, S.Set(1.5703125)));
            r = S.Sub(r, S.Mul(n, S.Set(0.0004825592041015625)));
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(1.2665987014770508e-06)), out V e0);
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(9.89530235528946e-10)), out V e1);
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(2.5579538487363607e-12)), out V e2);
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(5.384581669432009e-15)), out V e3);
            y = S.Sub(S.Add(S.Add(e0, e1), S.Add(e2, e3)), S.Mul(n, S.Set(5.721188502868422e-18)));
        }
        else
        {
            r = S.Sub(x, S.Mul(n, S.Set(1.5707963267341256)));
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(6.077100506303966e-11)), out V e1);
            r = Difference<S, V, T>(r, S.Mul(n, S.Set(2.0222662487111665e-21)), out V e2);
            y = S.Sub(S.Add(e1, e2), S.Mul(n, S.Set(8.4784276603689e-32)));
        }
        // Far beyond the promised range r can be anything: keep it where the polynomials are bounded.
        V bound = S.Set(0.795);
        V outside = S.Less(bound, S.Abs(r));
        r = S.Select(outside, S.CopySign(bound, r), r);
        y = S.Select(outside, S.Set(0.0), y);

        V z = S.Mul(r, r);
        V s, c;
        if (single)
        {
            s = S.Set(-0.00019509391859173775);
            s = S.MulAdd(s, z, S.Set(0.008332121185958385));
            s = S.MulAdd(s, z, S.Set(-0.16666653752326965));
            c = S.Set(2.4429602490272373e-05);
            c = S.MulAdd(c, z, S.Set(-0.0013887292006984353));
            c = S.MulAdd(c, z, S.Set(0.04166664555668831));
        }
        else
        {
            s = S.Set(1.5896505305453897e-10);
            s = S.MulAdd(s, z, S.Set(-2.505075327068033e-08));
            s = S.MulAdd(s, z, S.Set(2.7557313662094575e-06));
            s = S.MulAdd(s, z, S.Set(-0.00019841269829725297));
            s = S.MulAdd(s, z, S.Set(0.008333333333322316));
            s = S.MulAdd(s, z, S.Set(-0.16666666666666632));
            c = S.Set(-1.1359449083214108e-11);
            c = S.MulAdd(c, z, S.Set(2.087571956675298e-09));
            c = S.MulAdd(c, z, S.Set(-2.755731432609123e-07));
            c = S.MulAdd(c, z, S.Set(2.4801587289395136e-05));
            c = S.MulAdd(c, z, S.Set(-0.001388888888887399));
            c = S.MulAdd(c, z, S.Set(0.0416666666666666));
        }
        // sin(r+y) = r + (r·z·s + y·(1 − z/2));  cos(r+y) = w + ((1 − w − z/2) + (z²·c − r·y)), w = 1 − z/2
        V one = S.Set(1.0);
        V half = S.Mul(z, S.Set(0.5));
        V w = S.Sub(one, half);
        sin = S.Add(r, S.MulAdd(S.Mul(r, z), s, S.Mul(y, w)));
        V low = S.MulAdd(S.Mul(z, z), c, S.Neg(S.Mul(r, y)));
        cos = S.Add(w, S.Add(S.Sub(S.Sub(one, w), half), low));
        return q;
    }

    /// <summary>a − b rounded, and exactly what the rounding lost (Knuth's two-sum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference<S, V, T>(V a, V b, out V error)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V d = S.Sub(a, b);
        V t = S.Sub(d, a);
        error = S.Sub(S.Sub(a, S.Sub(d, t)), S.Add(b, t));
        return d;
    }
}
