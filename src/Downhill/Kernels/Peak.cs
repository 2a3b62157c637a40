using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

internal abstract partial class Kernels<T>
{
    /// <summary>Chains of multiply-adds that run beside each other in <see cref="MultiplyAddChains"/>: more than
    /// latency times instructions per cycle of the processors now sold, few enough for 16 registers.</summary>
    public const int PeakChains = 12;

    /// <summary>
    /// What the machine can do at best: <see cref="PeakChains"/> independent chains of multiply-adds on registers, no
    /// memory. One round is 2·chains·<see cref="Count"/> floating-point operations. Kernels are judged by their share
    /// of it.
    /// </summary>
    /// <returns>A number that depends on every operation, so that none is left out.</returns>
    public abstract T MultiplyAddChains(long rounds);
}

internal sealed partial class Kernels<S, V, T>
{
    public override T MultiplyAddChains(long rounds) => Peak<S, V, T>.MultiplyAddChains(rounds);
}

/// <summary>The peak of the processor's multiply-adds, for the roofline of the benchmarks.</summary>
internal static class Peak<S, V, T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T MultiplyAddChains(long rounds)
    {
        // x ← x·½ + ½ stays near 1: neither denormal nor infinite numbers, whose speed would be another.
        V half = S.Set(0.5);
        V a = S.Set(0.9), b = S.Set(0.8), c = S.Set(0.7), d = S.Set(0.6), e = S.Set(0.5), f = S.Set(0.4);
        V g = S.Set(1.1), h = S.Set(1.2), i = S.Set(1.3), j = S.Set(1.4), k = S.Set(1.5), l = S.Set(1.6);
        for (long round = 0; round < rounds; round++)
        {
            a = S.MulAdd(a, half, half);
            b = S.MulAdd(b, half, half);
            c = S.MulAdd(c, half, half);
            d = S.MulAdd(d, half, half);
            e = S.MulAdd(e, half, half);
            f = S.MulAdd(f, half, half);
            g = S.MulAdd(g, half, half);
            h = S.MulAdd(h, half, half);
            i = S.MulAdd(i, half, half);
            j = S.MulAdd(j, half, half);
            k = S.MulAdd(k, half, half);
            l = S.MulAdd(l, half, half);
        }
        V sum = S.Add(S.Add(S.Add(a, b), S.Add(c, d)), S.Add(S.Add(e, f), S.Add(g, h)));
        return S.Get(S.Add(sum, S.Add(S.Add(i, j), S.Add(k, l))), 0);
    }
}
