using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

internal abstract unsafe partial class RuleKernel<T>
{
    /// <summary>
    /// Batches of one row: the update of W [I,O] by the gradient xᵀ·d of the row before, and z += next·W with the new
    /// W, in one walk over W and the slots. The same bits as the gradient, <see cref="Update(T*, T*, T**, long,
    /// ReadOnlySpan{double}, in UpdateTerms, T*)"/> without penalties, and the forward product one after another.
    /// </summary>
    /// <param name="w">W [inputs, outputs].</param>
    /// <param name="slots">Up to three arrays that lie as W does; unused ones null.</param>
    /// <param name="inputs">I.</param>
    /// <param name="outputs">O.</param>
    /// <param name="x">[inputs] of the row before.</param>
    /// <param name="d">[outputs], ∂C/∂z of the row before.</param>
    /// <param name="next">[inputs] of this row.</param>
    /// <param name="z">[outputs], holds the biases; is added to.</param>
    /// <param name="constants">From <see cref="Prepare"/>.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="gradientScale">Turns x·d into the gradient.</param>
    public abstract void UpdateForward(
        T* w, T** slots, int inputs, int outputs, T* x, T* d, T* next, T* z, ReadOnlySpan<double> constants,
        double learningRate, double gradientScale);
}

internal sealed unsafe partial class RuleKernel<R, S, V, T>
{
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void UpdateForward(
        T* w, T** slots, int inputs, int outputs, T* x, T* d, T* next, T* z, ReadOnlySpan<double> constants,
        double learningRate, double gradientScale)
    {
        RuleConstants<V> c = default;
        for (int k = 0; R.Slots > 0 && k < constants.Length; k++) c[k] = S.Set(constants[k]);
        V rate = S.Set(learningRate), scale = S.Set(gradientScale), zero = S.Set(T.Zero);
        T* slot0 = slots[0], slot1 = slots[1], slot2 = slots[2];
        nint o = 0;
        for (; o <= outputs - 4 * S.Count; o += 4 * S.Count)
        {
            V d0 = S.Load(d + o), d1 = S.Load(d + o + S.Count);
            V d2 = S.Load(d + o + 2 * S.Count), d3 = S.Load(d + o + 3 * S.Count);
            V z0 = S.Load(z + o), z1 = S.Load(z + o + S.Count);
            V z2 = S.Load(z + o + 2 * S.Count), z3 = S.Load(z + o + 3 * S.Count);
            nint at = o;
            for (nint i = 0; i < inputs; i++, at += outputs)
            {
                V old = S.Set(x[i]), value = S.Set(next[i]);
                V w0 = Updated(w, slot0, slot1, slot2, at, Gradient(scale, old, d0), rate, c);
                z0 = S.MulAdd(value, w0, z0);
                V w1 = Updated(w, slot0, slot1, slot2, at + S.Count, Gradient(scale, old, d1), rate, c);
                z1 = S.MulAdd(value, w1, z1);
                V w2 = Updated(w, slot0, slot1, slot2, at + 2 * S.Count, Gradient(scale, old, d2), rate, c);
                z2 = S.MulAdd(value, w2, z2);
                V w3 = Updated(w, slot0, slot1, slot2, at + 3 * S.Count, Gradient(scale, old, d3), rate, c);
                z3 = S.MulAdd(value, w3, z3);
            }
            S.Store(z + o, z0);
            S.Store(z + o + S.Count, z1);
            S.Store(z + o + 2 * S.Count, z2);
            S.Store(z + o + 3 * S.Count, z3);
        }
        for (; o <= outputs - S.Count; o += S.Count)
        {
            V slope = S.Load(d + o), sum = S.Load(z + o);
            nint at = o;
            for (nint i = 0; i < inputs; i++, at += outputs)
            {
                V weight = Updated(w, slot0, slot1, slot2, at, Gradient(scale, S.Set(x[i]), slope), rate, c);
                sum = S.MulAdd(S.Set(next[i]), weight, sum);
            }
            S.Store(z + o, sum);
        }
        int rest = (int)(outputs - o);
        if (rest == 0) return;
        V mask = S.HasPartial ? S.FirstLanes(rest) : zero;
        V lastSlope = First(d + o, mask, rest);
        V lastSum = First(z + o, mask, rest);
        w += o;
        slot0 += o;
        slot1 += o;
        slot2 += o;
        for (nint i = 0; i < inputs; i++, w += outputs, slot0 += outputs, slot1 += outputs, slot2 += outputs)
        {
            V s0 = R.Slots > 0 ? First(slot0, mask, rest) : zero, s1 = R.Slots > 1 ? First(slot1, mask, rest) : zero;
            V s2 = R.Slots > 2 ? First(slot2, mask, rest) : zero;
            V weight = R.Update<S, V, T>(
                First(w, mask, rest), Gradient(scale, S.Set(x[i]), lastSlope), rate, ref s0, ref s1, ref s2, c);
            if (R.Slots > 0) StoreFirst(slot0, s0, mask, rest);
            if (R.Slots > 1) StoreFirst(slot1, s1, mask, rest);
            if (R.Slots > 2) StoreFirst(slot2, s2, mask, rest);
            StoreFirst(w, weight, mask, rest);
            lastSum = S.MulAdd(S.Set(next[i]), weight, lastSum);
        }
        StoreFirst(z + o, lastSum, mask, rest);
    }

    // A sum over one row, which starts at 0 as every sum does: −0 becomes 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Gradient(V scale, V value, V slope) =>
        S.Mul(scale, S.MulAdd(value, slope, S.Set(T.Zero)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V First(T* source, V mask, int count) =>
        S.HasPartial ? S.LoadPartial(source, mask) : S.LoadFirst(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst(T* target, V value, V mask, int count)
    {
        if (S.HasPartial) S.StorePartial(target, mask, value);
        else S.StoreFirst(target, value, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Updated(
        T* w, T* slot0, T* slot1, T* slot2, nint at, V gradient, V rate, in RuleConstants<V> c)
    {
        V zero = S.Set(T.Zero), s0 = R.Slots > 0 ? S.Load(slot0 + at) : zero;
        V s1 = R.Slots > 1 ? S.Load(slot1 + at) : zero, s2 = R.Slots > 2 ? S.Load(slot2 + at) : zero;
        V weight = R.Update<S, V, T>(S.Load(w + at), gradient, rate, ref s0, ref s1, ref s2, c);
        if (R.Slots > 0) S.Store(slot0 + at, s0);
        if (R.Slots > 1) S.Store(slot1 + at, s1);
        if (R.Slots > 2) S.Store(slot2 + at, s2);
        S.Store(w + at, weight);
        return weight;
    }
}
