using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// One step of an update rule, applied to parts of the parameters as soon as their gradient is complete: while it still
/// lies in a cache, by the thread that computed it. Parts may be applied in any order and at the same time.
/// </summary>
internal sealed unsafe class Updater<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly TrainState<T> state;
    private readonly RuleKernel<T> rule;
    private readonly Segment[] segments;
    private readonly AlignedBuffer<T>? elementRates;
    private readonly nint[] slots = new nint[3]; // addresses, 0 for none; the state keeps the arrays alive
    private readonly double[] constants = new double[8];
    private readonly UpdateTerms[] terms;
    private readonly bool[] followsOn; // whether a tensor begins where the one before ends, neither with absent links
    private volatile bool hasFailed;

    /// <param name="state">Holds parameters and slots.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="segments">The parameters' places.</param>
    /// <param name="elementRates">Factors on η, lying as the parameters do; null for 1.</param>
    public Updater(TrainState<T> state, RuleKernel<T> rule, Segment[] segments, AlignedBuffer<T>? elementRates)
    {
        (this.state, this.rule, this.segments, this.elementRates) = (state, rule, segments, elementRates);
        terms = new UpdateTerms[segments.Length];
        followsOn = [.. segments.Select((s, i) => i > 0 && s.Offset == segments[i - 1].Offset + segments[i - 1].Length
            && s.Shape.Mask is null && segments[i - 1].Shape.Mask is null)];
        for (int slot = 0; slot < state.Slots.Count; slot++) slots[slot] = (nint)state.Slots[slot].Pointer;
    }

    /// <summary>False when a gradient applied since <see cref="Begin"/> was not finite; the parameters are then
    /// spoilt.</summary>
    public bool IsFinite => !hasFailed;

    /// <summary><see cref="IUpdateRule.Fades"/>.</summary>
    public bool Fades => rule.Fades;

    /// <summary>Sets to 0 what has faded in the slots.</summary>
    public void Settle() => rule.Settle(state.Slots);

    /// <summary>Rates and penalties of each segment, to be set before parts are applied.</summary>
    public Span<UpdateTerms> Terms => terms;

    /// <summary>Starts a step.</summary>
    /// <param name="arguments">The rule's numbers, schedules applied.</param>
    /// <param name="step">What the rule may know.</param>
    public void Begin(ReadOnlySpan<double> arguments, in RuleStep step)
    {
        rule.Prepare(arguments, step, constants);
        hasFailed = false;
    }

    /// <summary>Updates a block of a tensor.</summary>
    /// <param name="segment">Number of the tensor.</param>
    /// <param name="first">Place of the block's first element in it.</param>
    /// <param name="stride">Distance of two rows of the block in the tensor.</param>
    /// <param name="gradient">Sums over the batch, [rows, columns].</param>
    /// <param name="gradientStride">Distance of two of its rows.</param>
    /// <param name="rows">Rows of the block.</param>
    /// <param name="columns">Columns of the block.</param>
    public void Apply(
        int segment, long first, long stride, T* gradient, long gradientStride, int rows, long columns)
    {
        long at = segments[segment].Offset + first;
        T** places = stackalloc T*[3];
        for (int slot = 0; slot < 3; slot++) places[slot] = slots[slot] == 0 ? null : (T*)slots[slot] + at;
        T* factors = elementRates is null ? null : elementRates.Pointer + at;
        if (!rule.Update(state.Parameters.Pointer + at, places, factors, stride, gradient, gradientStride, rows,
            columns,
            constants, terms[segment]))
            hasFailed = true;
    }

    /// <summary>Updates all tensors from the flat gradient: those that lie side by side in one walk where their terms
    /// are the same. (What lies between tensors is left alone: some rules change a slot even without a
    /// gradient.)</summary>
    public void ApplyAll()
    {
        for (int first = 0, next; first < segments.Length; first = next)
        {
            for (next = first + 1; next < segments.Length && followsOn[next] && terms[next] == terms[first];) next++;
            if (next == first + 1)
            {
                Apply(first);
                continue;
            }
            int at = segments[first].Offset, length = segments[next - 1].Offset + segments[next - 1].Length - at;
            Apply(first, 0, length, state.Gradient.Pointer + at, length, 1, length);
        }
    }

    /// <summary>Updates a whole tensor from the flat gradient; absent links stay 0.</summary>
    public void Apply(int segment)
    {
        Segment whole = segments[segment];
        Apply(segment, 0, whole.Length, state.Gradient.Pointer + whole.Offset, whole.Length, 1, whole.Length);
        if (whole.Shape.Mask is not ConnectionMask mask) return;
        T* w = state.Parameters.Pointer + whole.Offset;
        foreach (int place in mask.Absent) w[place] = T.Zero;
    }
}
