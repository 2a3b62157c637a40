using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

/// <summary>What one update of a range of parameters needs besides the arrays.</summary>
/// <param name="LearningRate">η of this range.</param>
/// <param name="GradientScale">The one normaliser times the clipping factor: turns sums over rows into the
/// gradient.</param>
/// <param name="L2">λ of the objective's term ½·λ·w², 0 for none.</param>
/// <param name="L1">λ of the objective's term λ·|w|, 0 for none.</param>
/// <param name="Decay">Decoupled weight decay, 0 for none.</param>
internal readonly record struct UpdateTerms(double LearningRate, double GradientScale, double L2, double L1,
    double Decay);

/// <summary>An update rule bound to a number type and a vector width.</summary>
internal abstract unsafe partial class RuleKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary><see cref="IUpdateRule.Fades"/>.</summary>
    public abstract bool Fades { get; }

    /// <summary>Sets to 0 what has faded in the slots.</summary>
    public void Settle(IReadOnlyList<AlignedBuffer<T>> slots)
    {
        for (int slot = 0; slot < slots.Count; slot++) Settle(slots[slot]);
    }

    protected abstract void Settle(AlignedBuffer<T> slot);

    /// <summary>Works out the step's constants.</summary>
    public abstract void Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants);

    /// <summary>
    /// One pass over a block of parameters: g ← scale·g + λ₂·w; w ← w − η·decay·w; w ← rule(w, g).
    /// L1 enters as the one-sided slope of the objective with steps that end at 0 (Andrew, Gao, ICML 2007, eq. 4 and
    /// 6): exact for every rule, whatever its own step is; it holds weights at 0 and lets a gradient above λ₁ revive
    /// them.
    /// Each parameter is worked out alone, so the bits do not depend on how a tensor is cut into blocks.
    /// </summary>
    /// <param name="w">Parameters [rows, columns].</param>
    /// <param name="slots">Up to three arrays that lie as the parameters do; unused ones null.</param>
    /// <param name="factors">Factor on η of each parameter, lying as they do, or null for 1 (lecture L18).</param>
    /// <param name="stride">Distance of two rows of these.</param>
    /// <param name="g">Sums of the rows' gradients [rows, columns]; left as they are.</param>
    /// <param name="gradientStride">Distance of two of its rows.</param>
    /// <param name="rows">Rows of the block.</param>
    /// <param name="columns">Columns of the block; nothing beyond them is read or written.</param>
    /// <param name="constants">From <see cref="Prepare"/>.</param>
    /// <param name="terms">Rates and penalties.</param>
    /// <returns>False when a gradient was not finite; the parameters are then spoilt.</returns>
    public abstract bool Update(
        T* w, T** slots, T* factors, long stride, T* g, long gradientStride, int rows, long columns,
        ReadOnlySpan<double> constants, in UpdateTerms terms);

    /// <summary>The same for <paramref name="length"/> parameters in a row.</summary>
    public bool Update(
        T* w, T* g, T** slots, long length, ReadOnlySpan<double> constants, in UpdateTerms terms, T* factors = null) =>
        Update(w, slots, factors, length, g, length, 1, length, constants, terms);
}

internal sealed unsafe partial class RuleKernel<R, S, V, T> : RuleKernel<T>
    where R : struct, IUpdateRule
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override bool Fades => R.Fades;

    protected override void Settle(AlignedBuffer<T> slot) => Elementwise<S, V, T>.Settle(slot.Pointer, slot.Length);

    public override void Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
        R.Prepare(arguments, step, constants);

    [SkipLocalsInit]
    public override bool Update(
        T* w, T** slots, T* factors, long stride, T* g, long gradientStride, int rows, long columns,
        ReadOnlySpan<double> constants, in UpdateTerms terms)
    {
        RuleConstants<V> c = default;
        for (int k = 0; k < constants.Length; k++) c[k] = S.Set(constants[k]);
        if (stride == columns && gradientStride == columns) (rows, columns) = (1, rows * columns);
        T* slot0 = slots[0], slot1 = slots[1], slot2 = slots[2];
        long whole = columns - columns % S.Count;
        int rest = (int)(columns - whole);
        V notFinite = S.Set(T.Zero);
        T* ends = stackalloc T[6 * S.Count];
        for (int row = 0; row < rows; row++)
        {
            notFinite = S.Add(notFinite, Range(w, slot0, slot1, slot2, factors, g, whole, c, terms));
            if (rest > 0)
            {
                // The rest goes through the same loop in a copy: neighbours may belong to another thread.
                T* end0 = ends + S.Count, end1 = end0 + S.Count, end2 = end1 + S.Count;
                T* endFactors = end2 + S.Count, endG = endFactors + S.Count;
                Copy(w + whole, ends, rest);
                Copy(g + whole, endG, rest);
                if (factors != null) Copy(factors + whole, endFactors, rest);
                if (R.Slots > 0) Copy(slot0 + whole, end0, rest);
                if (R.Slots > 1) Copy(slot1 + whole, end1, rest);
                if (R.Slots > 2) Copy(slot2 + whole, end2, rest);
                V end = Range(ends, end0, end1, end2, factors == null ? null : endFactors, endG, S.Count, c, terms);
                notFinite = S.Add(notFinite, end);
                for (int i = 0; i < rest; i++)
                {
                    w[whole + i] = ends[i];
                    if (R.Slots > 0) slot0[whole + i] = end0[i];
                    if (R.Slots > 1) slot1[whole + i] = end1[i];
                    if (R.Slots > 2) slot2[whole + i] = end2[i];
                }
            }
            w += stride;
            g += gradientStride;
            if (factors != null) factors += stride;
            if (R.Slots > 0) slot0 += stride;
            if (R.Slots > 1) slot1 += stride;
            if (R.Slots > 2) slot2 += stride;
        }
        return S.IsZero(notFinite);
    }

    private static void Copy(T* from, T* to, int count)
    {
        for (int i = 0; i < S.Count; i++) to[i] = i < count ? from[i] : T.Zero;
    }

    /// <summary>Whole vectors. Returns 0 in each lane while all gradients were finite, and NaN after ∞ or
    /// NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static V Range(
        T* w, T* slot0, T* slot1, T* slot2, T* factors, T* g, long length, in RuleConstants<V> c, in UpdateTerms terms)
    {
        if (terms.L2 == 0 && terms.L1 == 0 && terms.Decay == 0 && factors == null)
            return Plain(w, slot0, slot1, slot2, g, (nint)length, c, terms.LearningRate, terms.GradientScale);
        V rate = S.Set(terms.LearningRate), scale = S.Set(terms.GradientScale);
        V l2 = S.Set(terms.L2), zero = S.Set(T.Zero);
        V l1 = S.Set(terms.L1), one = S.Set(T.One);
        V shrink = S.Set(terms.LearningRate * terms.Decay);
        bool hasL2 = terms.L2 != 0, hasL1 = terms.L1 != 0, hasDecay = terms.Decay != 0;
        V notFinite = zero;
        for (long i = 0; i < length; i += S.Count)
        {
            V weight = S.Load(w + i);
            V gradient = S.Mul(scale, S.Load(g + i));
            notFinite = S.Add(notFinite, S.Mul(gradient, zero)); // 0 while finite, NaN for ever after ∞ or NaN
            if (hasL2) gradient = S.Add(gradient, S.Mul(l2, weight));
            V side = zero;
            if (hasL1)
            {
                // The slope of λ₁·|w|: λ₁·sign(w), and at 0 as much of ±λ₁ as the gradient leaves.
                V beyond = S.Max(S.Sub(S.Abs(gradient), l1), zero);
                beyond = S.Select(S.Less(gradient, zero), S.Neg(beyond), beyond);
                V isZero = S.Equal(weight, zero), sign = S.Select(S.Less(weight, zero), S.Neg(one), one);
                gradient = S.Select(isZero, beyond, S.Add(gradient, S.Mul(l1, sign)));
                side = S.Select(isZero, S.Neg(beyond), sign);
            }
            V own = rate;
            if (factors != null)
            {
                V factor = S.Load(factors + i);
                own = S.Mul(rate, factor);
                if (hasDecay) weight = S.Sub(weight, S.Mul(S.Mul(shrink, factor), weight));
            }
            else if (hasDecay)
            {
                weight = S.Sub(weight, S.Mul(shrink, weight));
            }
            V s0 = R.Slots > 0 ? S.Load(slot0 + i) : zero;
            V s1 = R.Slots > 1 ? S.Load(slot1 + i) : zero;
            V s2 = R.Slots > 2 ? S.Load(slot2 + i) : zero;
            weight = R.Update<S, V, T>(weight, gradient, own, ref s0, ref s1, ref s2, c);
            if (R.Slots > 0) S.Store(slot0 + i, s0);
            if (R.Slots > 1) S.Store(slot1 + i, s1);
            if (R.Slots > 2) S.Store(slot2 + i, s2);
            // A step that leaves its side of 0 ends there; the next one is free to go on.
            if (hasL1) weight = S.Select(S.Less(zero, S.Mul(weight, side)), weight, zero);
            S.Store(w + i, weight);
        }
        return notFinite;
    }
}
