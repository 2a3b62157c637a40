using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// The training step of batches of one row, compiled when the session is made. The update of a layer's weights is put
/// off until the next row comes through: then one walk over W and the rule's slots updates each row of W and takes it
/// into the next forward pass, where a step by itself would walk over W twice. What is put off is done before
/// the state is looked at (<see cref="Store"/>).
/// </summary>
internal sealed unsafe class RowTraining<T> : CompiledTraining<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Most elements of a block of dW where the update is no part of the forward pass; more only for wider layers.
    private const int BlockLength = 4096;

    private readonly NetworkSpec spec;
    private readonly Kernels<T> kernels;
    private readonly RuleKernel<T> rule;
    private readonly LossKernel<T> loss;
    private readonly Batcher<T> batcher;
    private readonly Workspace<T> workspace;
    private readonly TrainState<T> state;
    private readonly Segment[] segments;
    private readonly RowLayer[] layers;
    private readonly AlignedBuffer<T> memory;
    private readonly T* block, transposed, y0, y1;
    private readonly double[] constants = new double[8];
    private readonly RowBlock<T>? rowBlock; // of the first layer; null where it learns row by row
    private readonly bool isFused;
    private bool isPending, penalizesBiases, settlesLater;
    private int steps; // left before somebody looks at the state
    private int set; // which of the two places of inputs is this row's; the other is that of the row before
    private UpdateTerms plan, terms; // of the next updates, and of the one that is pending

    /// <summary>A layer z = x·W + b, y = φ(z), and where its numbers lie.</summary>
    private struct RowLayer
    {
        public int Inputs, Outputs, Weight; // Weight: number of W's segment; b is the next one
        public bool HasBias;
        public ActivationKernel<T> Activation;
        public T* W, B, DW, DB, Field, D; // D = ∂C/∂y, then ∂C/∂z
        public T* X0, X1; // inputs of this row and of the one before, by turns
    }

    private RowTraining(
        NetworkSpec spec, TrainOptions options, Kernels<T> kernels, RuleKernel<T> rule, Batcher<T> batcher,
        Workspace<T> workspace, TrainState<T> state, Segment[] segments)
    {
        (this.spec, this.kernels, this.rule, this.batcher) = (spec, kernels, rule, batcher);
        (this.workspace, this.state, this.segments) = (workspace, state, segments);
        isFused = options.Loss.Fuses(spec.Output);
        loss = isFused ? options.Loss.BindFused(kernels, spec.Output) : options.Loss.Bind(kernels);
        layers = new RowLayer[spec.Layers.Count];
        int widest = layers.Select((_, i) => spec.InputsOf(i) * spec.Layers[i].Outputs(0)).Max();
        int blockLength = Math.Max(BlockLength, spec.Layers.Max(l => l.Outputs(0)));
        memory = new(layers.Select((_, i) => 2 * Whole(spec.InputsOf(i)) + 2 * Whole(spec.Layers[i].Outputs(0))).Sum()
            + 2 * Whole(spec.Outputs) + Whole(blockLength) + Whole(widest));
        T* at = memory.Pointer;
        for (int i = 0; i < layers.Length; i++)
        {
            Dense dense = (Dense)spec.Layers[i];
            ref RowLayer layer = ref layers[i];
            (layer.Inputs, layer.Outputs, layer.HasBias) = (spec.InputsOf(i), dense.Units, dense.HasBias);
            layer.Activation = dense.Activation.Bind(kernels);
            layer.Weight = Array.FindIndex(segments, s => s.Layer == i && s.Shape.Role == SegmentRole.Weight);
            layer.W = state.Parameters.Pointer + segments[layer.Weight].Offset;
            layer.DW = state.Gradient.Pointer + segments[layer.Weight].Offset;
            if (layer.HasBias)
            {
                layer.B = state.Parameters.Pointer + segments[layer.Weight + 1].Offset;
                layer.DB = state.Gradient.Pointer + segments[layer.Weight + 1].Offset;
            }
            layer.X0 = Place(layer.Inputs);
            layer.X1 = Place(layer.Inputs);
            layer.Field = Place(layer.Outputs);
            layer.D = Place(layer.Outputs);
        }
        y0 = Place(spec.Outputs);
        y1 = Place(spec.Outputs);
        block = Place(blockLength);
        transposed = Place(widest);
        T** slots = stackalloc T*[3];
        SlotsOf(layers[0].Weight, 0, slots);
        rowBlock = RowBlock<T>.For(options, layers[0].Inputs, layers[0].Outputs, layers[0].W, slots[0]);

        static int Whole(int length) => (length + Segment.Alignment - 1) & -Segment.Alignment;

        T* Place(int length)
        {
            T* place = at;
            at += Whole(length);
            return place;
        }
    }

    /// <summary>Compiles the step, or gives null where the general one is needed.</summary>
    public static RowTraining<T>? Compile(
        NetworkSpec spec, TrainOptions options, Batcher<T> batcher, Workspace<T> workspace, int batch,
        TrainState<T> state, Segment[] segments, bool needsWholeGradient)
    {
        Kernels<T> kernels = Kernels<T>.For(options.Arithmetic);
        if (options.Step is StepKind.General or StepKind.Small || batch != 1 || needsWholeGradient
            || !LaneNetwork<T>.CanCompile(spec, options.Loss)
            || spec.Layers.Any(l => ((Dense)l).Connections is not null) || options.Optimizer.NeedsFullBatch
            || options.Optimizer.Bind(kernels) is not RuleKernel<T> rule) return null;
        return new(spec, options, kernels, rule, batcher, workspace, state, segments);
    }

    public override void Load(TrainState<T> state, int stretch) => (isPending, steps) = (false, stretch);

    public override int Whole(int position, int steps) =>
        rowBlock is null ? steps : RowBlock<T>.WholeBlocks(position, steps);

    /// <summary>Does what was put off.</summary>
    public override void Store(TrainState<T> state)
    {
        if (rowBlock is { IsOpen: true }) EndBlock();
        else if (isPending) UpdateAll();
    }

    // The whole update writes the gradient to the state.
    public override void StoreGradient(TrainState<T> state)
    {
    }

    public override void LoadGradient(TrainState<T> state) =>
        throw new NotSupportedException("A gradient finished outside is for the general step.");

    public override void Accumulate(int start, int rows, int epoch, in Permutation? order, ref RowSums sums)
    {
        int row = Read(start, epoch, order);
        if (batcher.IsWeighted && batcher.WeightOf(row) == 0)
        {
            Store(state); // a row that counts nothing: the gradient stays that of the row before
            return;
        }
        set ^= 1;
        int last = layers.Length - 1;
        workspace.Input.Slice(row * spec.Inputs, spec.Inputs).CopyTo(new Span<T>(Inputs(0, set), spec.Inputs));
        for (int i = 0; i < layers.Length; i++)
        {
            ref RowLayer layer = ref layers[i];
            Forward(i, layer);
            if (i < last || !loss.GivesOutputs)
                layer.Activation.Forward(layer.Field, Inputs(i + 1, set), 1, layer.Outputs);
        }
        isPending = false;
        double rowLoss;
        T* y = Inputs(last + 1, set), t = workspace.TargetPointer + (long)row * spec.Outputs;
        loss.Evaluate(isFused ? layers[last].Field : y, t, batcher.IsWeighted ? workspace.WeightPointer + row : null,
            &rowLoss, layers[last].D, 1, layers[last].Outputs, loss.GivesOutputs ? y : null);
        for (int i = last; i >= 0; i--)
        {
            ref RowLayer layer = ref layers[i];
            if (i < last || !isFused)
                layer.Activation.Backward(layer.Field, Inputs(i + 1, set), layer.D, 1, layer.Outputs);
            if (i == 0) break;
            Transpose<T>.Copy(layer.W, layer.Outputs, transposed, layer.Inputs, layer.Inputs, layer.Outputs);
            kernels.InputGradientPacked(
                layer.D, layer.Outputs, transposed, layers[i - 1].D, layer.Inputs, 1, layer.Inputs, layer.Outputs);
        }
        Judge(row, y, t, rowLoss, ref sums);
    }

    /// <summary>Brings the row at a place of the epoch, alone or with those that follow, and says which it is in the
    /// workspace.</summary>
    private int Read(int start, int epoch, in Permutation? order)
    {
        if (rowBlock is { IsOpen: true } && rowBlock.Row == rowBlock.Rows) EndBlock();
        int left = steps--;
        if (rowBlock is { IsOpen: true }) return rowBlock.Row;
        int rows = rowBlock is null ? 0 : RowBlock<T>.RowsFrom(start, left);
        batcher.Epoch = epoch;
        batcher.Read(workspace, start, 0, Math.Max(1, rows), order);
        if (rows == 0) return 0;
        Store(state);
        rowBlock!.Begin(workspace.InputPointer, rows);
        return 0;
    }

    /// <summary>Brings W of the first layer up to date, and does the rest of what was put off.</summary>
    private void EndBlock()
    {
        rowBlock!.End();
        if (settlesLater) rule.Settle(state.Slots);
        settlesLater = false;
        if (!isPending) return;
        isPending = false;
        RowLayer first = layers[0];
        if (first.HasBias) UpdateBiases(first);
        if (TrainState<T>.KeepsGradientOf(first.Inputs * first.Outputs))
            kernels.WeightGradient(Inputs(0, set), first.Inputs, first.D, first.Outputs, first.DW, first.Outputs,
                1, first.Inputs, first.Outputs, accumulate: false);
        for (int i = 1; i < layers.Length; i++) UpdateLayer(i, layers[i], set);
    }

    public override void Settle()
    {
        if (rowBlock is { IsOpen: true })
        {
            settlesLater = true;
            return;
        }
        Store(state);
        rule.Settle(state.Slots);
    }

    public override void Prepare(ReadOnlySpan<double> arguments, in RuleStep step) =>
        rule.Prepare(arguments, step, constants);

    public override void Plan(in UpdateTerms terms, bool penalizeBiases) =>
        (plan, penalizesBiases) = (terms, penalizeBiases);

    public override bool Update(double gradientScale)
    {
        terms = plan with { GradientScale = gradientScale };
        if (!IsSurelyFinite())
        {
            if (rowBlock is { IsOpen: true }) rowBlock.End();
            return UpdateAll();
        }
        if (rowBlock is { IsOpen: true }) rowBlock.Update(layers[0].D, constants, TermsOf(layers[0].Weight));
        isPending = true;
        return true;
    }

    /// <summary>x of a layer; of the one after the last, the outputs.</summary>
    private T* Inputs(int layer, int set) => layer == layers.Length ? set == 0 ? y0 : y1
        : set == 0 ? layers[layer].X0 : layers[layer].X1;

    /// <summary>z, after the update that was put off.</summary>
    private void Forward(int index, in RowLayer layer)
    {
        int inputs = layer.Inputs, outputs = layer.Outputs;
        T* x = Inputs(index, set);
        if (index == 0 && rowBlock is { IsOpen: true })
        {
            if (isPending && layer.HasBias) UpdateBiases(layer);
            rowBlock.Forward(layer.HasBias ? layer.B : null, layer.Field);
            return;
        }
        if (isPending)
        {
            UpdateTerms own = TermsOf(layer.Weight);
            // In layers thinner than a vector each row's store would hold up the load of the next.
            if (own is { L1: 0, L2: 0, Decay: 0 } && outputs >= kernels.Count)
            {
                if (layer.HasBias) UpdateBiases(layer);
                Span<T> field = new(layer.Field, outputs);
                if (layer.HasBias) new Span<T>(layer.B, outputs).CopyTo(field);
                else field.Clear();
                T** slots = stackalloc T*[3];
                SlotsOf(layer.Weight, 0, slots);
                rule.UpdateForward(layer.W, slots, inputs, outputs, Inputs(index, set ^ 1), layer.D, x, layer.Field,
                    constants, own.LearningRate, own.GradientScale);
                return;
            }
            UpdateLayer(index, layer, set ^ 1);
        }
        kernels.Forward(
            x, inputs, layer.W, outputs, layer.HasBias ? layer.B : null, layer.Field, outputs, 1, inputs, outputs);
    }

    /// <summary>The update by itself, gradient and all; false when a gradient was not finite.</summary>
    private bool UpdateAll()
    {
        isPending = false;
        bool finite = true;
        for (int i = 0; i < layers.Length; i++) finite &= UpdateLayer(i, layers[i], set);
        return finite;
    }

    private bool UpdateLayer(int index, in RowLayer layer, int set)
    {
        int inputs = layer.Inputs, outputs = layer.Outputs;
        bool finite = !layer.HasBias || UpdateBiases(layer);
        UpdateTerms own = TermsOf(layer.Weight);
        T** slots = stackalloc T*[3];
        bool keeps = TrainState<T>.KeepsGradientOf(inputs * outputs);
        int step = Math.Max(1, BlockLength / outputs);
        for (int first = 0; first < inputs; first += step)
        {
            int count = Math.Min(step, inputs - first);
            nint at = (nint)first * outputs;
            T* dW = keeps ? layer.DW + at : block;
            kernels.WeightGradient(
                Inputs(index, set) + first, inputs, layer.D, outputs, dW, outputs, 1, count, outputs, false);
            SlotsOf(layer.Weight, at, slots);
            finite &= rule.Update(layer.W + at, dW, slots, (long)count * outputs, constants, own);
        }
        return finite;
    }

    private bool UpdateBiases(in RowLayer layer)
    {
        T** slots = stackalloc T*[3];
        SlotsOf(layer.Weight + 1, 0, slots);
        kernels.ColumnSums(layer.D, layer.Outputs, layer.DB, 1, layer.Outputs, false);
        return rule.Update(layer.B, layer.DB, slots, layer.Outputs, constants, TermsOf(layer.Weight + 1));
    }

    private void SlotsOf(int segment, nint at, T** slots)
    {
        for (int slot = 0; slot < 3; slot++)
            slots[slot] = slot < state.Slots.Count ? state.Slots[slot].Pointer + segments[segment].Offset + at : null;
    }

    private UpdateTerms TermsOf(int segment)
    {
        UpdateTerms own = terms with { LearningRate = terms.LearningRate * segments[segment].LearningRateFactor };
        return segments[segment].IsPenalised || penalizesBiases ? own : own with { L1 = 0, L2 = 0, Decay = 0 };
    }

    /// <summary>Whether no product of an input and a slope can overflow. Else the update is not put off: it says
    /// whether one did.</summary>
    private bool IsSurelyFinite()
    {
        double scale = Math.Max(1, terms.GradientScale),
            limit = (sizeof(T) == 4 ? float.MaxValue : double.MaxValue) / 4;
        for (int i = 0; i < layers.Length; i++)
        {
            double x = double.CreateTruncating(kernels.MaxAbs(Inputs(i, set), layers[i].Inputs));
            double d = double.CreateTruncating(kernels.MaxAbs(layers[i].D, layers[i].Outputs));
            if (!(Math.Max(1, x) * d * scale < limit)) return false; // or NaN
        }
        return true;
    }

    /// <summary>Squared error and class, as the general step has them.</summary>
    private void Judge(int row, T* y, T* t, double rowLoss, ref RowSums sums)
    {
        double counts = batcher.WeightOf(row), squares = 0;
        Preparation preparation = batcher.Preparation;
        int best = 0;
        for (int o = 0; o < preparation.Outputs; o++)
        {
            double error = double.CreateTruncating(y[o]) - double.CreateTruncating(t[o]);
            squares += error * error;
            if (y[o] > y[best]) best = o;
        }
        sums.Loss += counts * rowLoss;
        sums.Weight += counts;
        sums.Squares += counts * squares;
        if (!preparation.Target.IsClass) return;
        if (preparation.SingleOutput) best = preparation.ClassOf(new ReadOnlySpan<T>(y, 1));
        if (best == batcher.Classes[row]) sums.Right += counts;
    }
}
