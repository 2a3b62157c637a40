using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

/// <summary>
/// Loops over one or two arrays. Sums run over 16 <em>virtual</em> lanes (lane i adds the elements i, i+16, …), which
/// are then added as a fixed tree, so their bits do not depend on the width.
/// </summary>
internal static unsafe class Elementwise<S, V, T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of virtual lanes of a sum.</summary>
    public const int Lanes = 16;

    /// <summary>x = value.</summary>
    public static void Fill(T* x, T value, nint length)
    {
        V wide = S.Set(value);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { S.Store(x + i, wide); }
        for (; i < length; i++) { x[i] = value; }
    }

    /// <summary>x = x·factor.</summary>
    public static void Scale(T* x, T factor, nint length)
    {
        V wide = S.Set(factor);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { S.Store(x + i, S.Mul(S.Load(x + i), wide)); }
        for (; i < length; i++) { x[i] *= factor; }
    }

    /// <summary><see cref="VectorMath.Settle"/> of each element.</summary>
    public static void Settle(T* x, nint length)
    {
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { S.Store(x + i, VectorMath.Settle<S, V, T>(S.Load(x + i))); }
        for (; i < length; i++) { x[i] = VectorMath.Settle<Scalar<T, Portable>, T, T>(x[i]); }
    }

    /// <summary>y = y + factor·x, multiply-add by the arithmetic.</summary>
    public static void Axpy(T* y, T factor, T* x, nint length)
    {
        V wide = S.Set(factor);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count)
        {
            S.Store(y + i, S.MulAdd(wide, S.Load(x + i), S.Load(y + i)));
        }
        for (; i < length; i++) { y[i] = S.MulAddScalar(factor, x[i], y[i]); }
    }

    /// <summary>(x, y) = (xx·x + xy·y, yx·x + yy·y), multiply-add by the arithmetic.</summary>
    public static void Mix(T* x, T* y, T xx, T xy, T yx, T yy, nint length)
    {
        V xx1 = S.Set(xx), xy1 = S.Set(xy), yx1 = S.Set(yx), yy1 = S.Set(yy);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count)
        {
            V a = S.Load(x + i), b = S.Load(y + i);
            S.Store(x + i, S.MulAdd(xx1, a, S.Mul(xy1, b)));
            S.Store(y + i, S.MulAdd(yx1, a, S.Mul(yy1, b)));
        }
        for (; i < length; i++)
            (x[i], y[i]) = (S.MulAddScalar(xx, x[i], xy * y[i]), S.MulAddScalar(yx, x[i], yy * y[i]));
    }

    /// <summary>y = y + x.</summary>
    public static void Add(T* y, T* x, nint length)
    {
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { S.Store(y + i, S.Add(S.Load(y + i), S.Load(x + i))); }
        for (; i < length; i++) { y[i] += x[i]; }
    }

    /// <summary>y = y·x.</summary>
    public static void Multiply(T* y, T* x, nint length)
    {
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { S.Store(y + i, S.Mul(S.Load(y + i), S.Load(x + i))); }
        for (; i < length; i++) { y[i] *= x[i]; }
    }

    /// <summary>Σ x·y over 16 virtual lanes.</summary>
    public static T Dot(T* x, T* y, nint length)
    {
        T* lanes = stackalloc T[Lanes];
        nint whole = length & ~(nint)(Lanes - 1);
        if (S.Count * 4 >= Lanes)
        {
            // Up to four registers hold the lanes; those that a wider vector does not need are optimised away.
            V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0;
            for (nint i = 0; i < whole; i += Lanes)
            {
                s0 = S.MulAdd(S.Load(x + i), S.Load(y + i), s0);
                if (S.Count < Lanes)
                {
                    s1 = S.MulAdd(S.Load(x + i + S.Count), S.Load(y + i + S.Count), s1);
                }
                if (S.Count * 2 < Lanes)
                {
                    s2 = S.MulAdd(S.Load(x + i + (2 * S.Count)), S.Load(y + i + (2 * S.Count)), s2);
                    s3 = S.MulAdd(S.Load(x + i + (3 * S.Count)), S.Load(y + i + (3 * S.Count)), s3);
                }
            }
            S.Store(lanes, s0);
            if (S.Count < Lanes) { S.Store(lanes + S.Count, s1); }
            if (S.Count * 2 < Lanes)
            {
                S.Store(lanes + (2 * S.Count), s2);
                S.Store(lanes + (3 * S.Count), s3);
            }
        }
        else
        {
            new Span<T>(lanes, Lanes).Clear();
            for (nint i = 0; i < whole; i += Lanes)
            {
                for (int lane = 0; lane < Lanes; lane += S.Count)
                {
                    S.Store(
                        lanes + lane,
                        S.MulAdd(S.Load(x + i + lane), S.Load(y + i + lane), S.Load(lanes + lane)));
                }
            }
        }
        for (int lane = 0; lane < (int)(length - whole); lane++)
        {
            lanes[lane] = S.MulAddScalar(x[whole + lane], y[whole + lane], lanes[lane]);
        }
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++) { lanes[lane] += lanes[lane + half]; }
        }
        return lanes[0];
    }

    /// <summary>Σ x² over 16 virtual lanes.</summary>
    public static T SumOfSquares(T* x, nint length) => Dot(x, x, length);

    /// <summary>max |x|, 0 for an empty array, NaN if one is among them.</summary>
    public static T MaxAbs(T* x, nint length)
    {
        V max = S.Set(0.0);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count) { max = S.Max(max, S.Abs(S.Load(x + i))); }
        T result = T.Zero;
        for (int lane = 0; lane < S.Count; lane++) { result = T.Max(result, S.Get(max, lane)); }
        for (; i < length; i++) { result = T.Max(result, T.Abs(x[i])); }
        return result;
    }

    /// <summary>Whether there is neither NaN nor ∞.</summary>
    [SkipLocalsInit]
    public static bool AllFinite(T* x, nint length)
    {
        // x − x is +0 for a finite number and NaN otherwise, and a NaN stays in a sum.
        V sum = S.Set(0.0);
        nint i = 0;
        for (; i <= length - S.Count; i += S.Count)
        {
            V value = S.Load(x + i);
            sum = S.Add(sum, S.Sub(value, value));
        }
        if (i < length)
        {
            V value = S.LoadFirst(x + i, (int)(length - i));
            sum = S.Add(sum, S.Sub(value, value));
        }
        return S.IsZero(sum);
    }
}
