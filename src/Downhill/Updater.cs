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
    private readonly double[] constants = new double[8];
    private readonly UpdateTerms[] terms;
    private volatile bool hasFailed;

    /// <param name="state">Holds parameters and slots.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="segments">The parameters' places.</param>
    /// <param name="elementRates">Factors on η, lying as the parameters do; null for 1.</param>
    public Updater(TrainState<T> state, RuleKernel<T> rule, Segment[] segments, AlignedBuffer<T>? elementRates)
    {
        (this.state, this.rule, this.segments, this.elementRates) = (state, rule, segments, elementRates);
        terms = new UpdateTerms[segments.Length];
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
        T** slots = stackalloc T*[3];
        for (int slot = 0; slot < 3; slot++)
            slots[slot] = slot < state.Slots.Count ? state.Slots[slot].Pointer + at : null;
        T* factors = elementRates is null ? null : elementRates.Pointer + at;
        if (!rule.Update(state.Parameters.Pointer + at, slots, factors, stride, gradient, gradientStride, rows, columns,
            constants, terms[segment]))
            hasFailed = true;
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
