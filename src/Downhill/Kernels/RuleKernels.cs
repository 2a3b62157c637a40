using System.Numerics;

namespace Downhill.Kernels;

/// <summary>What one update of a range of parameters needs besides the arrays.</summary>
/// <param name="LearningRate">η of this range.</param>
/// <param name="GradientScale">The one normaliser times the clipping factor: turns sums over rows into the gradient.</param>
/// <param name="L2">λ of the objective's term ½·λ·w², 0 for none.</param>
/// <param name="L1">λ of the objective's term λ·|w|, 0 for none.</param>
/// <param name="Decay">Decoupled weight decay, 0 for none.</param>
internal readonly record struct UpdateTerms(double LearningRate, double GradientScale, double L2, double L1, double Decay);

/// <summary>An update rule bound to a number type and a vector width.</summary>
internal abstract unsafe partial class RuleKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Works out the step's constants.</summary>
    public abstract void Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants);

    /// <summary>
    /// One pass over <paramref name="length"/> parameters: g ← scale·g + λ₂·w; w ← w − η·decay·w; w ← rule(w, g).
    /// L1 enters as the one-sided slope of the objective with steps that end at 0 (Andrew, Gao, ICML 2007, eq. 4 and 6):
    /// exact for every rule, whatever its own step is; it holds weights at 0 and lets a gradient above λ₁ revive them.
    /// </summary>
    /// <param name="w">Parameters.</param>
    /// <param name="g">Sums of the rows' gradients; left as they are.</param>
    /// <param name="slots">Up to three arrays; unused ones null.</param>
    /// <param name="length">Number of parameters.</param>
    /// <param name="constants">From <see cref="Prepare"/>.</param>
    /// <param name="terms">Rates and penalties.</param>
    /// <param name="factors">Factor on η of each parameter, or null for 1 (lecture L18).</param>
    /// <returns>False when a gradient was not finite; the parameters are then spoilt.</returns>
    public abstract bool Update(
        T* w, T* g, T** slots, long length, ReadOnlySpan<double> constants, in UpdateTerms terms, T* factors = null);
}

internal sealed unsafe partial class RuleKernel<R, S, V, T> : RuleKernel<T>
    where R : struct, IUpdateRule
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override void Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
        R.Prepare(arguments, step, constants);

    public override bool Update(
        T* w, T* g, T** slots, long length, ReadOnlySpan<double> constants, in UpdateTerms terms, T* factors = null)
    {
        RuleConstants<V> c = default;
        for (int k = 0; k < constants.Length; k++) c[k] = S.Set(constants[k]);
        V rate = S.Set(terms.LearningRate), scale = S.Set(terms.GradientScale);
        V l2 = S.Set(terms.L2), zero = S.Set(T.Zero);
        V l1 = S.Set(terms.L1), one = S.Set(T.One);
        V shrink = S.Set(terms.LearningRate * terms.Decay);
        bool hasL2 = terms.L2 != 0, hasL1 = terms.L1 != 0, hasDecay = terms.Decay != 0;
        V notFinite = zero;
        T* slot0 = slots[0], slot1 = slots[1], slot2 = slots[2];
        for (long i = 0; i < length; i += S.Count)
        {
            // Segments are padded to whole cache lines, so that a vector never reaches into the next one.
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
        T* lanes = stackalloc T[S.Count];
        S.Store(lanes, notFinite);
        bool finite = true;
        for (int lane = 0; lane < S.Count; lane++) finite &= lanes[lane] == T.Zero;
        return finite;
    }
}
