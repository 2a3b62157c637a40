using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

internal abstract unsafe partial class RuleKernel<T>
{
    /// <summary>
    /// <see cref="Update(T*, T*, T**, long, ReadOnlySpan{double}, in UpdateTerms, T*)"/> without penalties and factors,
    /// for arrays of so few vectors that its preparations would take longer than its work.
    /// </summary>
    /// <param name="w">Parameters.</param>
    /// <param name="g">Sums of the rows' gradients.</param>
    /// <param name="slots">Up to three arrays; unused ones null.</param>
    /// <param name="length">Number of parameters, whole vectors.</param>
    /// <param name="constants">From <see cref="Prepare"/>.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="gradientScale">Turns sums into the gradient.</param>
    /// <returns>False when a gradient was not finite; the parameters are then spoilt.</returns>
    public abstract bool UpdatePlain(
        T* w, T* g, T** slots, nint length, ReadOnlySpan<double> constants, double learningRate, double gradientScale);
}

internal sealed unsafe partial class RuleKernel<R, S, V, T>
{
    [SkipLocalsInit]
    public override bool UpdatePlain(
        T* w, T* g, T** slots, nint length, ReadOnlySpan<double> constants, double learningRate, double gradientScale)
    {
        // Slots and numbers go together: a rule without memory has no constants.
        Unsafe.SkipInit(out RuleConstants<V> c);
        for (int k = 0; R.Slots > 0 && k < constants.Length; k++) c[k] = S.Set(constants[k]);
        return S.IsZero(Plain(w, slots[0], slots[1], slots[2], g, length, c, learningRate, gradientScale));
    }

    /// <summary>Whole vectors without penalties and factors. Returns 0 in each lane while all gradients were finite,
    /// and NaN after ∞ or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Plain(
        T* w, T* slot0, T* slot1, T* slot2, T* g, nint length, in RuleConstants<V> c, double learningRate,
        double gradientScale)
    {
        V rate = S.Set(learningRate), scale = S.Set(gradientScale), zero = S.Set(T.Zero), notFinite = zero;
        for (nint i = 0; i < length; i += S.Count)
        {
            V gradient = S.Mul(scale, S.Load(g + i));
            notFinite = S.MulAdd(gradient, zero, notFinite);
            V s0 = R.Slots > 0 ? S.Load(slot0 + i) : zero, s1 = R.Slots > 1 ? S.Load(slot1 + i) : zero,
                s2 = R.Slots > 2 ? S.Load(slot2 + i) : zero;
            S.Store(w + i, R.Update<S, V, T>(S.Load(w + i), gradient, rate, ref s0, ref s1, ref s2, c));
            if (R.Slots > 0) S.Store(slot0 + i, s0);
            if (R.Slots > 1) S.Store(slot1 + i, s1);
            if (R.Slots > 2) S.Store(slot2 + i, s2);
        }
        return notFinite;
    }
}
