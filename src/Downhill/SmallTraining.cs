using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// The training step of a small network, compiled when the session is made (see <see cref="LaneNetwork{T}"/>): the same
/// numbers as the general step to the last bit, a tenth of its time. While some steps are taken, parameters and slots
/// live here in the compiled layout; <see cref="TrainState{T}"/> has them before and after.
/// </summary>
internal sealed unsafe class SmallTraining<T> : CompiledTraining<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Measured with AVX-512 against the general step: 4-12-3 is 5 to 12 times as fast, 30-50-1 1.1 to 1.6 times,
    // 13-32-32-3 (1 603 parameters) 1.2 to 1.4 times at batches of 16 and 32 and 0.9 times at 1; 13-64-64-3 (5 251) 0.9
    // times.
    private const int MostParameters = 2000;

    private readonly LaneNetwork<T> network;
    private readonly LaneBatches<T> batches;
    private readonly RuleKernel<T> rule;
    private readonly AlignedBuffer<T>[] slots;
    private readonly AlignedBuffer<T>? factors;
    private readonly double[] constants = new double[8];
    private readonly Part[] parts;
    private readonly T* parameters, gradient; // of the network
    private readonly AlignedBuffer<nint> slotMemory = new(3);
    private readonly nint* slotPointers;
    private readonly nint length;
    private readonly Place[] places; // of the segments
    private readonly int[] absent; // places of links that are not there
    private readonly AlignedBuffer<T>[] biases; // parameters, gradient, factors and slots of biases alone
    private UpdateTerms plan;
    private bool biasesApart, isPlain; // plain: one learning rate, every link, no penalty
    private double plainRate;

    /// <summary>Where a segment [rows, columns] lies transposed in the compiled layout.</summary>
    /// <param name="Offset">Its first element in the state.</param>
    /// <param name="Start">The same element in the compiled layout.</param>
    /// <param name="Rows">Inputs, or 1 for biases.</param>
    /// <param name="Columns">Units.</param>
    /// <param name="Stride">Distance of two units in the compiled layout.</param>
    private readonly record struct Place(int Offset, int Start, int Rows, int Columns, int Stride);

    /// <summary>A range of the compiled arrays whose rates and penalties are the same.</summary>
    /// <param name="Start">First element.</param>
    /// <param name="Length">Number of elements.</param>
    /// <param name="RateFactor">Factor on η.</param>
    /// <param name="Biases">Places of its biases.</param>
    private readonly record struct Part(int Start, int Length, double RateFactor, int[] Biases);

    private SmallTraining(
        LaneNetwork<T> network, LaneBatches<T> batches, RuleKernel<T> rule, int slots, Segment[] segments,
            AlignedBuffer<T>? rates)
    {
        (this.network, this.batches, this.rule) = (network, batches, rule);
        this.slots = [.. Enumerable.Range(0, slots).Select(_ => new AlignedBuffer<T>(network.Length))];
        places = [.. segments.Select(s => new Place(
            s.Offset, network.PlaceOf(s, 0), s.Shape.Rows, s.Shape.Columns, network.RowLengthOf(s.Layer)))];
        absent = [.. segments.SelectMany(s => s.Shape.Mask?.Absent.Select(i => network.PlaceOf(s, i)) ?? [])];
        if (rates is not null)
        {
            factors = new(network.Length);
            Copy(rates.Pointer, factors.Pointer);
        }
        // One part per layer, or one for all where they learn at one rate.
        Segment[] weights = [.. segments.Where(s => s.Shape.Role == SegmentRole.Weight)];
        int[] starts = [.. weights.Select(s => network.PlaceOf(s, 0)), network.Length];
        parts = weights.All(s => s.LearningRateFactor == weights[0].LearningRateFactor)
            ? [new(0, network.Length, weights[0].LearningRateFactor, BiasesOf(segments))]
            : [.. weights.Select((s, i) => new Part(starts[i], starts[i + 1] - starts[i], s.LearningRateFactor,
                BiasesOf(segments.Where(b => b.Layer == s.Layer))))];
        parameters = network.Parameters.Pointer;
        gradient = network.Gradient.Pointer;
        length = network.Length;
        slotPointers = slotMemory.Pointer;
        for (int slot = 0; slot < slots; slot++) slotPointers[slot] = (nint)this.slots[slot].Pointer;
        int units = (parts.Max(p => p.Biases.Length) + Segment.Alignment - 1) & -Segment.Alignment;
        biases = [.. Enumerable.Range(0, slots + 3).Select(_ => new AlignedBuffer<T>(units))];

        int[] BiasesOf(IEnumerable<Segment> some) =>
            [.. some.Where(s => s.Shape.Role == SegmentRole.Bias)
                .SelectMany(s => Enumerable.Range(0, s.Length).Select(i => network.PlaceOf(s, i)))];
    }

    /// <summary>Compiles the step, or gives null where the general one is needed or as fast.</summary>
    public static SmallTraining<T>? Compile(
        NetworkSpec spec, TrainOptions options, RowSource source, int[] rows, Preparation preparation, int batch,
            Segment[] segments,
        AlignedBuffer<T>? rates)
    {
        Kernels<T> kernels = Kernels<T>.For(options.Arithmetic);
        if (options.Step is StepKind.General or StepKind.Row || options.Augment.Count > 0
            || source is not Dataset table
            || !LaneNetwork<T>.CanCompile(spec, options.Loss)
            || options.Optimizer.Bind(kernels) is not RuleKernel<T> rule) return null;
        bool isSmall = spec.ParameterCount <= MostParameters
            && (long)rows.Length * (spec.Inputs + spec.Outputs + 1) <= LaneBatches<T>.MostNumbers;
        if (!isSmall && options.Step != StepKind.Small) return null;
        LaneNetwork<T> network = kernels.BindLanes(spec, options.Loss, preparation, batch);
        LaneBatches<T> batches = new(table, rows, preparation, options.ClassWeights, network, batch);
        return new(network, batches, rule, options.Optimizer.Slots, segments, rates);
    }

    public override void Load(TrainState<T> state, int stretch)
    {
        Copy(state.Parameters.Pointer, network.Parameters.Pointer);
        for (int slot = 0; slot < slots.Length; slot++) Copy(state.Slots[slot].Pointer, slots[slot].Pointer);
    }

    public override void Store(TrainState<T> state)
    {
        CopyBack(network.Parameters.Pointer, state.Parameters.Pointer);
        for (int slot = 0; slot < slots.Length; slot++) CopyBack(slots[slot].Pointer, state.Slots[slot].Pointer);
        StoreGradient(state);
    }

    public override void StoreGradient(TrainState<T> state) =>
        CopyBack(network.Gradient.Pointer, state.Gradient.Pointer);

    public override void LoadGradient(TrainState<T> state) => Copy(state.Gradient.Pointer, network.Gradient.Pointer);

    public override void Accumulate(int start, int rows, int epoch, in Permutation? order, ref RowSums sums)
    {
        LaneGroup<T>* group = batches.Read(start, epoch, order), following = batches.Following;
        network.Pass(group, following, accumulate: false, ref sums);
        for (int done = network.Lanes; done < rows; done += network.Lanes)
            network.Pass(++group, following == null ? null : ++following, accumulate: true, ref sums);
        foreach (int place in absent) gradient[place] = T.Zero;
    }

    public override void Settle() => rule.Settle(slots);

    public override void Prepare(ReadOnlySpan<double> arguments, in RuleStep step) =>
        rule.Prepare(arguments, step, constants);

    public override void Plan(in UpdateTerms terms, bool penalizeBiases)
    {
        bool hasPenalty = terms.L1 != 0 || terms.L2 != 0 || terms.Decay != 0;
        (plan, biasesApart) = (terms, hasPenalty && !penalizeBiases);
        isPlain = parts.Length == 1 && factors is null && absent.Length == 0 && !hasPenalty;
        plainRate = terms.LearningRate * parts[0].RateFactor;
    }

    public override bool Update(double gradientScale) =>
        isPlain ? rule.UpdatePlain(parameters, gradient, (T**)slotPointers, length, constants,
            plainRate, gradientScale)
        : UpdateParts(plan with { GradientScale = gradientScale });

    private bool UpdateParts(in UpdateTerms terms)
    {
        bool finite = true;
        T** at = stackalloc T*[3];
        foreach (Part part in parts)
        {
            UpdateTerms own = terms with { LearningRate = terms.LearningRate * part.RateFactor };
            // Biases lie between weights: where they have other terms they are updated in a copy.
            if (biasesApart) finite &= UpdateBiases(part, own with { L1 = 0, L2 = 0, Decay = 0 });
            for (int slot = 0; slot < slots.Length; slot++) at[slot] = slots[slot].Pointer + part.Start;
            finite &= rule.Update(parameters + part.Start, gradient + part.Start, at, part.Length, constants,
                own, factors is null ? null : factors.Pointer + part.Start);
            if (biasesApart) ReturnBiases(part);
        }
        foreach (int place in absent) parameters[place] = T.Zero;
        return finite;
    }

    private bool UpdateBiases(Part part, in UpdateTerms terms)
    {
        T* b = biases[0].Pointer, db = biases[1].Pointer, own = biases[2].Pointer;
        T** at = stackalloc T*[3];
        for (int i = 0; i < part.Biases.Length; i++)
        {
            int place = part.Biases[i];
            (b[i], db[i]) = (parameters[place], gradient[place]);
            if (factors is not null) own[i] = factors.Pointer[place];
            for (int slot = 0; slot < slots.Length; slot++) biases[3 + slot].Pointer[i] = slots[slot].Pointer[place];
        }
        for (int slot = 0; slot < slots.Length; slot++) at[slot] = biases[3 + slot].Pointer;
        return part.Biases.Length == 0
            || rule.Update(b, db, at, biases[0].Length, constants, terms, factors is null ? null : own);
    }

    private void ReturnBiases(Part part)
    {
        for (int i = 0; i < part.Biases.Length; i++)
        {
            int place = part.Biases[i];
            parameters[place] = biases[0].Pointer[i];
            for (int slot = 0; slot < slots.Length; slot++) slots[slot].Pointer[place] = biases[3 + slot].Pointer[i];
        }
    }

    private void Copy(T* from, T* to)
    {
        foreach (ref readonly Place at in places.AsSpan())
            Transpose<T>.Copy(from + at.Offset, at.Columns, to + at.Start, at.Stride, at.Rows, at.Columns);
    }

    private void CopyBack(T* from, T* to)
    {
        foreach (ref readonly Place at in places.AsSpan())
            Transpose<T>.Copy(from + at.Start, at.Stride, to + at.Offset, at.Columns, at.Columns, at.Rows);
    }
}
