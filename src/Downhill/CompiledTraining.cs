using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A training step compiled when the session is made, for networks or batches so small that the general step's
/// preparations would take longer than its arithmetic. The numbers are those of the general step to the last bit, but
/// for
/// <see cref="RowBlock{T}"/>. While some steps are taken, parameters and slots may be ahead of or behind <see
/// cref="TrainState{T}"/>, which has them before and after.
/// </summary>
internal abstract class CompiledTraining<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Takes parameters and slots from the state.</summary>
    /// <param name="state">Has them.</param>
    /// <param name="stretch">Steps before anybody looks at the state again; 1 where each is to be as in the general
    /// step.</param>
    public abstract void Load(TrainState<T> state, int stretch);

    /// <summary>At least <paramref name="steps"/>, so many that a stretch from <paramref name="position"/> in the epoch
    /// leaves nothing begun.</summary>
    public virtual int Whole(int position, int steps) => steps;

    /// <summary>Brings parameters, slots and the last gradient back.</summary>
    public abstract void Store(TrainState<T> state);

    /// <summary>Brings the last gradient back.</summary>
    public abstract void StoreGradient(TrainState<T> state);

    /// <summary>Takes a gradient that was finished outside.</summary>
    public abstract void LoadGradient(TrainState<T> state);

    /// <summary>Loss and gradient of a batch: sums, not yet normalised.</summary>
    /// <param name="start">Place of its first row in the epoch.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="order">The epoch's order, or null for the rows' own.</param>
    /// <param name="sums">Is added to.</param>
    public abstract void Accumulate(int start, int rows, int epoch, in Permutation? order, ref RowSums sums);

    /// <summary>Sets to 0 what has faded in the slots.</summary>
    public abstract void Settle();

    /// <summary>Says what holds for the next updates.</summary>
    /// <param name="terms">Rates and penalties of weights; not the gradient's scale.</param>
    /// <param name="penalizeBiases">Whether the penalties are those of biases, too.</param>
    public abstract void Plan(in UpdateTerms terms, bool penalizeBiases);

    /// <summary>Works out the rule's numbers for a step.</summary>
    public abstract void Prepare(ReadOnlySpan<double> arguments, in RuleStep step);

    /// <summary>One step of the rule; false when a gradient was not finite.</summary>
    /// <param name="gradientScale">Turns sums into the gradient.</param>
    public abstract bool Update(double gradientScale);
}
