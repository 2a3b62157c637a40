using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Downhill.Kernels;

/// <summary>Mean and sum of squared deviations of many columns, a row at a time, by Welford's method (Knuth, TAOCP 2,
/// §4.2.2; with weights: West, CACM 22, 1979): δ = x − mean, W += w, mean += wδ/W, squares += wδ(x − mean). A column
/// whose number is NaN is passed over. The same bits at every width: nothing is fused.</summary>
internal static class Welford
{
    /// <summary>Adds a row.</summary>
    /// <param name="x">[columns]</param>
    /// <param name="weight">w of the row, above 0.</param>
    /// <param name="mean">[columns]</param>
    /// <param name="squares">[columns]</param>
    /// <param name="weights">W: the sum of the weights of the rows that were not passed over [columns].</param>
    /// <param name="largest">max |x| [columns].</param>
    public static unsafe void Add(ReadOnlySpan<double> x, double weight, Span<double> mean, Span<double> squares,
        Span<double> weights, Span<double> largest)
    {
        int count = x.Length, i = 0;
        fixed (double* px = x, pm = mean[..count], ps = squares[..count], pw = weights[..count],
            pl = largest[..count])
        {
            if (Vector256.IsHardwareAccelerated)
                i = Add<Simd256<double, Portable>, Vector256<double>>(px, weight, pm, ps, pw, pl, i, count);
            else if (Vector128.IsHardwareAccelerated)
                i = Add<Simd128<double, Portable>, Vector128<double>>(px, weight, pm, ps, pw, pl, i, count);
            Add<Scalar<double, Portable>, double>(px, weight, pm, ps, pw, pl, i, count);
        }
    }

    /// <summary>From column i on, as far as whole vectors go; the first column that is left.</summary>
    // Compiled for speed at once: a table is read through before the runtime would think of it (fitting 784 columns of
    // 10 000 rows took three times as long).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe int Add<S, V>(double* x, double weight, double* mean, double* squares, double* weights,
        double* largest, int i, int count)
        where S : struct, ISimd<V, double>
        where V : struct
    {
        V w = S.Set(weight);
        for (; i <= count - S.Count; i += S.Count)
        {
            V number = S.Load(x + i), isNumber = S.Equal(number, number), m = S.Load(mean + i),
                q = S.Load(squares + i);
            V total = S.Add(S.Load(weights + i), S.And(w, isNumber));
            V wDelta = S.Mul(w, S.Sub(number, m)), after = S.Add(m, S.Div(wDelta, total));
            S.Store(mean + i, S.Select(isNumber, after, m));
            S.Store(squares + i, S.Select(isNumber, S.Add(q, S.Mul(wDelta, S.Sub(number, after))), q));
            S.Store(weights + i, total);
            S.Store(largest + i, S.Max(S.Abs(S.And(number, isNumber)), S.Load(largest + i)));
        }
        return i;
    }
}
