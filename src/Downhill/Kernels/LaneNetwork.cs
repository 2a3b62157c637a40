using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

// L lanes, one row of the batch in each. Of a layer with I inputs and O outputs, by unit: x [I,L], z and y [O,L]
// induced fields and outputs, d [O,L] = ∂C/∂y, then ∂C/∂z. By row: X [L,R], a row's inputs, then 1, then zeros; R is I
// + 1 rounded up to whole vectors. W and dW [O,R]: a unit's weights, then its bias, then zeros.

/// <summary>Up to L rows of a batch as they lie for a pass.</summary>
internal unsafe struct LaneGroup<T> where T : unmanaged
{
    /// <summary>Lanes that hold a row; the others hold anything finite.</summary>
    public int Rows;

    /// <summary>Numbers of its rows in <see cref="Table"/>, and behind them three that are rows, too.</summary>
    public int* Chosen;

    /// <summary>Rows of <see cref="Columns"/> numbers: inputs, 1, and what else is wanted by unit. R numbers can be
    /// read from the last one, too.</summary>
    public T* Table;

    /// <summary>Whole fours.</summary>
    public nint Columns;

    /// <summary>[columns, L]: x of the first layer and the rest.</summary>
    public T* ByUnit;

    /// <summary>X [L,R] of the first layer.</summary>
    public T* ByRow;

    /// <summary>t [outputs, L].</summary>
    public T* Targets;

    /// <summary>Class codes [L], or null for numeric targets.</summary>
    public T* Classes;

    /// <summary>Weights of the rows [L], or null for 1 each.</summary>
    public T* Weights;

    /// <summary>The same [L], not rounded to T.</summary>
    public double* ExactWeights;
}

/// <summary>Sums over rows, each by its weight and in order.</summary>
internal struct RowSums
{
    public double Loss, Weight, Squares, Right;
}

/// <summary>
/// A small fully connected network compiled for training: one row of the batch per vector lane, so that all of it lies
/// in registers and the first-level cache, weights are broadcast, and the only calls of a pass are one per layer's
/// activation and one for the loss. Every number is one chain of multiply-adds in the same order as in the general
/// kernels (<see cref="Gemm{S,V,T}"/>), so the bits are the same, too.
/// </summary>
/// <remarks>
/// The gradient of a unit's weights is Σ d·X over rows, with d broadcast and X by row; the constant 1 in X makes the
/// bias one more weight. Tried and lost: adding across lanes (dW = Σ over lanes of d·x) needs three instructions per
/// weight besides the product, 32 times as many as this for a layer of 8 → 8, and other bits.
/// </remarks>
internal abstract unsafe class LaneNetwork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Most lanes of a group: a network of 64 units then has 24 KiB of activations and gradients, half of a first-level
    // cache.
    private const int MostLanes = 32;

    private protected LaneNetwork(NetworkSpec spec, int batch, int count)
    {
        Spec = spec;
        Lanes = (Math.Min(batch, MostLanes) + count - 1) / count * count;
        RowLength = Rounded(spec.Inputs + 1);
        Starts = new int[spec.Layers.Count];
        int length = 0;
        for (int layer = 0; layer < Starts.Length; layer++)
        {
            Starts[layer] = length;
            length += spec.Layers[layer].Outputs(0) * Rounded(spec.InputsOf(layer) + 1);
        }
        Parameters = new(length);
        Gradient = new(length);

        int Rounded(int elements) => (elements + count - 1) / count * count;
    }

    /// <summary>The description.</summary>
    public NetworkSpec Spec { get; }

    /// <summary>L.</summary>
    public int Lanes { get; }

    /// <summary>R of the first layer.</summary>
    public int RowLength { get; }

    /// <summary>Where each layer's W starts.</summary>
    protected int[] Starts { get; }

    /// <summary>W of all layers.</summary>
    public AlignedBuffer<T> Parameters { get; }

    /// <summary>dW of all layers.</summary>
    public AlignedBuffer<T> Gradient { get; }

    /// <summary>Number of <see cref="Parameters"/>, padding included.</summary>
    public int Length => Parameters.Length;

    /// <summary>Whether the first layer has biases.</summary>
    public bool HasBias => ((Dense)Spec.Layers[0]).HasBias;

    /// <summary>Fills <see cref="LaneGroup{T}.ByUnit"/> and <see cref="LaneGroup{T}.ByRow"/>.</summary>
    public abstract void LayOut(LaneGroup<T>* group);

    /// <summary>Loss and gradient of one group.</summary>
    /// <param name="group">The rows.</param>
    /// <param name="following">A group to lay out meanwhile, or null: while the processor waits for the first layer's
    /// activations it does it on the side.</param>
    /// <param name="accumulate">Adds to <see cref="Gradient"/> instead of writing it: later groups of a batch.</param>
    /// <param name="sums">Is added to.</param>
    public abstract void Pass(LaneGroup<T>* group, LaneGroup<T>* following, bool accumulate, ref RowSums sums);

    /// <summary>Where element <paramref name="index"/> of a segment lies in <see cref="Parameters"/>.</summary>
    public int PlaceOf(Segment segment, int index)
    {
        int outputs = segment.Shape.Columns;
        int input = segment.Shape.Role == SegmentRole.Bias ? segment.LayerInputs : index / outputs;
        return Starts[segment.Layer] + index % outputs * RowLengthOf(segment.Layer) + input;
    }

    /// <summary>R of a layer: from one unit's weights to the next one's.</summary>
    public int RowLengthOf(int layer) =>
        ((layer + 1 < Starts.Length ? Starts[layer + 1] : Length) - Starts[layer]) / Spec.Layers[layer].Outputs(0);

    /// <summary>Whether a network with this loss can be compiled: layers of neurons only, without a forward scale,
    /// every activation element-wise, but for softmax with its cross-entropy.</summary>
    public static bool CanCompile(NetworkSpec spec, Loss loss)
    {
        foreach (Layer layer in spec.Layers)
            if (layer is not Dense { ForwardScale: ForwardScale.None } dense
                || !(dense.Activation.IsElementwise || loss.Fuses(dense.Activation))) return false;
        return true;
    }
}

internal sealed unsafe class LaneNetwork<S, V, T> : LaneNetwork<T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Block = 4, Eight = 8; // units or rows that are turned at once

    /// <summary>Which of L and a layer's R are one vector, as a type: they are then constants of the code, and nothing
    /// goes from vector to vector.</summary>
    private interface IShape
    {
        static abstract bool IsOneVector { get; } // L
        static abstract bool IsNarrow { get; } // R, too
    }

    private readonly struct Narrow : IShape
    {
        public static bool IsOneVector => true;
        public static bool IsNarrow => true;
    }

    private readonly struct OneVector : IShape
    {
        public static bool IsOneVector => true;
        public static bool IsNarrow => false;
    }

    private readonly struct SomeVectors : IShape
    {
        public static bool IsOneVector => false;
        public static bool IsNarrow => false;
    }

    private readonly AlignedBuffer<LaneLayer> layers;
    private readonly LaneLayer* first, last;
    private readonly ActivationKernel<T>?[] activations; // null for softmax, which its loss computes
    private readonly LossKernel<T> loss;
    private readonly LaneJudge judge;
    private readonly AlignedBuffer<T> memory;
    private readonly AlignedBuffer<double> rowLosses;
    private readonly double* rowLoss;
    private readonly bool isFused;

    /// <summary>A layer and where its numbers lie.</summary>
    private struct LaneLayer
    {
        public nint Inputs, Outputs, RowLength, Numbers; // L for each output
        public T* W, Gradient, Field, Output, D, ByRow; // Field is Output where nobody asks for it afterwards
    }

    internal LaneNetwork(NetworkSpec spec, Loss loss, Preparation preparation, int batch, Kernels<T> kernels)
        : base(spec, batch, S.Count)
    {
        isFused = loss.Fuses(spec.Output);
        this.loss = isFused ? loss.BindFused(kernels, spec.Output) : loss.Bind(kernels);
        judge = new(preparation, Lanes);
        rowLosses = new(Lanes);
        rowLoss = rowLosses.Pointer;
        layers = new(spec.Layers.Count);
        first = layers.Pointer;
        last = first + layers.Length - 1;
        activations = new ActivationKernel<T>?[layers.Length];
        memory = new(
            spec.Layers.Select((l, i) => 2 * Whole(l.Outputs(0)) + Whole(l.Outputs(0) + Block) + Whole(RowLengthOf(i)))
            .Sum());
        T* at = memory.Pointer;
        for (int i = 0; i < layers.Length; i++)
        {
            Dense dense = (Dense)spec.Layers[i];
            int inputs = spec.InputsOf(i), outputs = dense.Units, rowLength = RowLengthOf(i);
            bool keepsField = dense.Activation.DerivativeFrom == DerivativeFrom.Input
                || (i == layers.Length - 1 && isFused);
            ref LaneLayer layer = ref layers.Pointer[i];
            (layer.Inputs, layer.Outputs, layer.RowLength) = (inputs, outputs, rowLength);
            layer.Numbers = (nint)outputs * Lanes;
            activations[i] = dense.Activation.IsElementwise ? dense.Activation.Bind(kernels) : null;
            layer.W = Parameters.Pointer + Starts[i];
            layer.Gradient = Gradient.Pointer + Starts[i];
            layer.Output = Place(outputs + Block);
            layer.Field = keepsField ? Place(outputs) : layer.Output;
            layer.D = Place(outputs);
            layer.ByRow = Place(rowLength);
            // The next layer's constant 1, where a whole block of units is turned into rows and where not.
            T one = i < layers.Length - 1 && ((Dense)spec.Layers[i + 1]).HasBias ? T.One : T.Zero;
            new Span<T>(layer.Output + outputs * Lanes, Lanes).Fill(one);
            for (int row = 0; row < Lanes && dense.HasBias; row++) layer.ByRow[row * rowLength + inputs] = T.One;
        }

        int Whole(int columns) => (columns * Lanes + Segment.Alignment - 1) & -Segment.Alignment;

        T* Place(int columns)
        {
            T* place = at;
            at += Whole(columns);
            return place;
        }
    }

    public override void Pass(LaneGroup<T>* group, LaneGroup<T>* following, bool accumulate, ref RowSums sums)
    {
        if (Lanes == S.Count) Pass<OneVector>(group, following, accumulate, ref sums);
        else Pass<SomeVectors>(group, following, accumulate, ref sums);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Pass<N>(LaneGroup<T>* group, LaneGroup<T>* following, bool accumulate, ref RowSums sums)
        where N : struct, IShape
    {
        nint rows = group->Rows, lanes = N.IsOneVector ? S.Count : Lanes;
        LaneLayer* first = this.first, last = this.last, layer = first;
        ActivationKernel<T>?[] activations = this.activations;
        T* x = group->ByUnit;
        first->ByRow = group->ByRow;
        int i = 0;
        for (; ; i++, layer++)
        {
            if (N.IsOneVector && layer->RowLength == S.Count) Forward<Narrow>(layer, x, lanes, rows, layer == first);
            else Forward<N>(layer, x, lanes, rows, layer == first);
            activations[i]?.ForwardLanes(layer->Field, layer->Output, layer->Numbers);
            x = layer->Output;
            if (layer == first && following != null) LayOut(following);
            if (layer == last) break;
        }
        loss.EvaluateLanes(isFused ? layer->Field : x, group->Targets, group->Weights, x, rowLoss, layer->D,
            (int)rows, (int)lanes, (int)layer->Outputs);
        for (; ; i--, layer--)
        {
            if (layer < last || !isFused)
                activations[i]!.BackwardLanes(layer->Field, layer->Output, layer->D, layer->Numbers);
            if (layer == first) break;
            InputGradient<N>(layer, lanes, rows);
            if (N.IsOneVector && layer->RowLength == S.Count)
                WeightGradient<Narrow>(layer, lanes, rows, accumulate);
            else WeightGradient<N>(layer, lanes, rows, accumulate);
        }
        // Nothing waits for it. Nearer to the next step it would hold that up: the processor looks ahead some 500
        // instructions.
        judge.Add<N>(group, last->Output, rowLoss, ref sums);
        if (N.IsOneVector && first->RowLength == S.Count) WeightGradient<Narrow>(first, lanes, rows, accumulate);
        else WeightGradient<N>(first, lanes, rows, accumulate);
    }

    [SkipLocalsInit]
    public override void LayOut(LaneGroup<T>* group)
    {
        nint lanes = Lanes, rowLength = RowLength, whole = rowLength - S.Count, columns = group->Columns;
        T* table = group->Table, byRow = group->ByRow, byUnit = group->ByUnit;
        int* rows = group->Chosen, end = rows + group->Rows;
        V used = S.FirstLanes((int)(Spec.Inputs + 1 - whole)); // of the last vector: targets are no inputs
        if (S.Count < Block || !Transpose<T>.HasFour)
        {
            for (; rows < end; rows++, byRow += rowLength, byUnit++)
            {
                T* row = table + *rows * columns;
                CopyRow(row, byRow, whole, used);
                for (nint i = 0; i < columns; i++) byUnit[i * lanes] = row[i];
            }
            return;
        }
        nint first = S.Count >= Eight ? (Spec.Inputs + 1) & -Eight : 0; // columns that are turned in eights
        if (first > 0)
        {
            // All rows first: where the table is in no near cache, many are then on their way at once.
            for (int* row = rows; row < end; row++, byRow += rowLength)
                CopyRow(table + *row * columns, byRow, whole, used);
            Transpose<T>.Copy(group->ByRow, rowLength, byUnit, lanes, (group->Rows + Eight - 1) & -Eight, (int)first);
            byUnit += first * lanes;
        }
        for (; rows < end; rows += Block, byRow += Block * rowLength, byUnit += Block)
        {
            T* row0 = table + rows[0] * columns, row1 = table + rows[1] * columns, row2 = table + rows[2] * columns,
                row3 = table + rows[3] * columns, to = byUnit;
            if (first == 0)
            {
                CopyRow(row0, byRow, whole, used);
                CopyRow(row1, byRow + rowLength, whole, used);
                CopyRow(row2, byRow + 2 * rowLength, whole, used);
                CopyRow(row3, byRow + 3 * rowLength, whole, used);
            }
            for (nint i = first; i < columns; i += Block, to += Block * lanes)
                Transpose<T>.Four(row0 + i, row1 + i, row2 + i, row3 + i, to, lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(T* row, T* to, nint whole, V used)
    {
        nint i = 0;
        for (; i < whole; i += S.Count) S.Store(to + i, S.Load(row + i));
        S.Store(to + i, S.And(S.Load(row + i), used));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forward<N>(LaneLayer* layer, T* x, nint lanes, nint rows, bool isFirst)
        where N : struct, IShape
    {
        if (N.IsOneVector) lanes = S.Count;
        Fields<N>(layer, x, lanes, rows);
        if (!isFirst) TurnIntoRows<N>(layer, x, lanes, rows);
    }

    /// <summary>X by row from x by unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnIntoRows<N>(LaneLayer* layer, T* x, nint lanes, nint rows) where N : struct, IShape
    {
        T* byRow = layer->ByRow, end = x + layer->Inputs * lanes;
        nint rowLength = N.IsNarrow ? S.Count : layer->RowLength;
        if (S.Count >= Block && Transpose<T>.HasFour)
        {
            // Whole blocks of 4 × 4: what lies beyond the units is the constant 1 and zeros, as it is in a row; L and R
            // are multiples of four.
            for (; x < end; x += Block * lanes, byRow += Block)
            {
                T* from = x, to = byRow, stop = x + rows;
                for (; from < stop; from += Block, to += Block * rowLength)
                    Transpose<T>.Four(from, from + lanes, from + 2 * lanes, from + 3 * lanes, to, rowLength);
            }
            return;
        }
        for (; x < end; x += lanes, byRow++)
            for (nint row = 0; row < rows; row++) byRow[row * rowLength] = x[row];
    }

    /// <summary>z = W·x + b: four units at a time, their chains side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fields<N>(LaneLayer* layer, T* x, nint lanes, nint rows) where N : struct, IShape
    {
        nint inputs = layer->Inputs, rowLength = N.IsNarrow ? S.Count : layer->RowLength, rowLength3 = 3 * rowLength;
        T* z = layer->Field;
        for (; ; rows -= S.Count, x += S.Count, z += S.Count)
        {
            T* w = layer->W, field = z;
            nint units = layer->Outputs;
            for (; units >= 8; units -= 8)
            {
                T* input = x, bias = w + inputs, w4 = w + 4 * rowLength, bias4 = w4 + inputs;
                V z0 = S.Set(bias[0]), z1 = S.Set(bias[rowLength]), z2 = S.Set(bias[2 * rowLength]),
                    z3 = S.Set(bias[rowLength3]), z4 = S.Set(bias4[0]), z5 = S.Set(bias4[rowLength]),
                    z6 = S.Set(bias4[2 * rowLength]), z7 = S.Set(bias4[rowLength3]);
                for (; w < bias; w++, w4++, input += lanes)
                {
                    V value = S.Load(input);
                    z0 = S.MulAdd(value, S.Set(w[0]), z0);
                    z1 = S.MulAdd(value, S.Set(w[rowLength]), z1);
                    z2 = S.MulAdd(value, S.Set(w[2 * rowLength]), z2);
                    z3 = S.MulAdd(value, S.Set(w[rowLength3]), z3);
                    z4 = S.MulAdd(value, S.Set(w4[0]), z4);
                    z5 = S.MulAdd(value, S.Set(w4[rowLength]), z5);
                    z6 = S.MulAdd(value, S.Set(w4[2 * rowLength]), z6);
                    z7 = S.MulAdd(value, S.Set(w4[rowLength3]), z7);
                }
                w = w4 + 4 * rowLength - inputs;
                S.Store(field, z0);
                S.Store(field + lanes, z1);
                S.Store(field + 2 * lanes, z2);
                S.Store(field + 3 * lanes, z3);
                field += 4 * lanes;
                S.Store(field, z4);
                S.Store(field + lanes, z5);
                S.Store(field + 2 * lanes, z6);
                S.Store(field + 3 * lanes, z7);
                field += 4 * lanes;
            }
            if (units >= 4)
            {
                T* input = x, bias = w + inputs;
                V z0 = S.Set(bias[0]), z1 = S.Set(bias[rowLength]), z2 = S.Set(bias[2 * rowLength]),
                    z3 = S.Set(bias[rowLength3]);
                for (; w < bias; w++, input += lanes)
                {
                    V value = S.Load(input);
                    z0 = S.MulAdd(value, S.Set(w[0]), z0);
                    z1 = S.MulAdd(value, S.Set(w[rowLength]), z1);
                    z2 = S.MulAdd(value, S.Set(w[2 * rowLength]), z2);
                    z3 = S.MulAdd(value, S.Set(w[rowLength3]), z3);
                }
                w += 4 * rowLength - inputs;
                S.Store(field, z0);
                S.Store(field + lanes, z1);
                S.Store(field + 2 * lanes, z2);
                S.Store(field + 3 * lanes, z3);
                field += 4 * lanes;
                units -= 4;
            }
            if (units >= 2)
            {
                T* input = x, bias = w + inputs;
                V z0 = S.Set(bias[0]), z1 = S.Set(bias[rowLength]);
                for (; w < bias; w++, input += lanes)
                {
                    V value = S.Load(input);
                    z0 = S.MulAdd(value, S.Set(w[0]), z0);
                    z1 = S.MulAdd(value, S.Set(w[rowLength]), z1);
                }
                w += 2 * rowLength - inputs;
                S.Store(field, z0);
                S.Store(field + lanes, z1);
                field += 2 * lanes;
            }
            if ((units & 1) != 0)
            {
                T* input = x, bias = w + inputs;
                V sum = S.Set(*bias);
                for (; w < bias; w++, input += lanes) sum = S.MulAdd(S.Load(input), S.Set(*w), sum);
                S.Store(field, sum);
            }
            if (N.IsOneVector || rows <= S.Count) return;
        }
    }

    /// <summary>∂C/∂x = Wᵀ·d, to the layer below: four inputs at a time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void InputGradient<N>(LaneLayer* layer, nint lanes, nint rows) where N : struct, IShape
    {
        if (N.IsOneVector) lanes = S.Count;
        nint inputs = layer->Inputs, rowLength = layer->RowLength;
        T* d = layer->D, dx = layer[-1].D, end = d + layer->Outputs * lanes;
        for (; ; rows -= S.Count, d += S.Count, end += S.Count, dx += S.Count)
        {
            T* below = dx, w = layer->W;
            nint i = inputs;
            for (; i >= 4; i -= 4, w += 4, below += 4 * lanes)
            {
                V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0;
                T* unit = w;
                for (T* slope = d; slope < end; slope += lanes, unit += rowLength)
                {
                    V value = S.Load(slope);
                    s0 = S.MulAdd(value, S.Set(unit[0]), s0);
                    s1 = S.MulAdd(value, S.Set(unit[1]), s1);
                    s2 = S.MulAdd(value, S.Set(unit[2]), s2);
                    s3 = S.MulAdd(value, S.Set(unit[3]), s3);
                }
                S.Store(below, s0);
                S.Store(below + lanes, s1);
                S.Store(below + 2 * lanes, s2);
                S.Store(below + 3 * lanes, s3);
            }
            for (; i > 0; i--, w++, below += lanes)
            {
                V sum = S.Set(0.0);
                T* unit = w;
                for (T* slope = d; slope < end; slope += lanes, unit += rowLength)
                    sum = S.MulAdd(S.Load(slope), S.Set(*unit), sum);
                S.Store(below, sum);
            }
            if (N.IsOneVector || rows <= S.Count) return;
        }
    }

    /// <summary>dW (+)= Σ over rows of d·X, biases with it: four units and two rows at a time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WeightGradient<N>(LaneLayer* layer, nint lanes, nint rows, bool accumulate)
        where N : struct, IShape
    {
        if (N.IsOneVector) lanes = S.Count;
        nint lanes3 = 3 * lanes, rowLength = N.IsNarrow ? S.Count : layer->RowLength, pairs = rows & -2;
        for (nint i = 0; i < rowLength; i += S.Count)
        {
            T* d = layer->D, dw = layer->Gradient + i, byRow = layer->ByRow + i;
            nint units = layer->Outputs;
            for (; units >= 8; units -= 8, d += 8 * lanes, dw += 8 * rowLength)
            {
                T* dw4 = dw + 4 * rowLength;
                V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                if (accumulate)
                {
                    (s0, s1) = (S.Load(dw), S.Load(dw + rowLength));
                    (s2, s3) = (S.Load(dw + 2 * rowLength), S.Load(dw + 3 * rowLength));
                    (s4, s5) = (S.Load(dw4), S.Load(dw4 + rowLength));
                    (s6, s7) = (S.Load(dw4 + 2 * rowLength), S.Load(dw4 + 3 * rowLength));
                }
                T* x = byRow, slope = d, slope4 = d + 4 * lanes;
                for (T* end = d + rows; slope < end; slope++, slope4++, x += rowLength)
                {
                    V value = S.Load(x);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                    s2 = S.MulAdd(value, S.Set(slope[2 * lanes]), s2);
                    s3 = S.MulAdd(value, S.Set(slope[lanes3]), s3);
                    s4 = S.MulAdd(value, S.Set(slope4[0]), s4);
                    s5 = S.MulAdd(value, S.Set(slope4[lanes]), s5);
                    s6 = S.MulAdd(value, S.Set(slope4[2 * lanes]), s6);
                    s7 = S.MulAdd(value, S.Set(slope4[lanes3]), s7);
                }
                S.Store(dw, s0);
                S.Store(dw + rowLength, s1);
                S.Store(dw + 2 * rowLength, s2);
                S.Store(dw + 3 * rowLength, s3);
                S.Store(dw4, s4);
                S.Store(dw4 + rowLength, s5);
                S.Store(dw4 + 2 * rowLength, s6);
                S.Store(dw4 + 3 * rowLength, s7);
            }
            if (units >= 4)
            {
                V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0;
                if (accumulate)
                {
                    (s0, s1) = (S.Load(dw), S.Load(dw + rowLength));
                    (s2, s3) = (S.Load(dw + 2 * rowLength), S.Load(dw + 3 * rowLength));
                }
                T* x = byRow, slope = d;
                for (T* end = d + pairs; slope < end; slope += 2, x += 2 * rowLength)
                {
                    V value = S.Load(x), next = S.Load(x + rowLength);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                    s2 = S.MulAdd(value, S.Set(slope[2 * lanes]), s2);
                    s3 = S.MulAdd(value, S.Set(slope[lanes3]), s3);
                    s0 = S.MulAdd(next, S.Set(slope[1]), s0);
                    s1 = S.MulAdd(next, S.Set(slope[lanes + 1]), s1);
                    s2 = S.MulAdd(next, S.Set(slope[2 * lanes + 1]), s2);
                    s3 = S.MulAdd(next, S.Set(slope[lanes3 + 1]), s3);
                }
                if (pairs < rows)
                {
                    V value = S.Load(x);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                    s2 = S.MulAdd(value, S.Set(slope[2 * lanes]), s2);
                    s3 = S.MulAdd(value, S.Set(slope[lanes3]), s3);
                }
                S.Store(dw, s0);
                S.Store(dw + rowLength, s1);
                S.Store(dw + 2 * rowLength, s2);
                S.Store(dw + 3 * rowLength, s3);
                d += 4 * lanes;
                dw += 4 * rowLength;
                units -= 4;
            }
            if (units >= 2)
            {
                V s0 = S.Set(0.0), s1 = s0;
                if (accumulate) (s0, s1) = (S.Load(dw), S.Load(dw + rowLength));
                T* x = byRow, slope = d;
                for (T* end = d + pairs; slope < end; slope += 2, x += 2 * rowLength)
                {
                    V value = S.Load(x), next = S.Load(x + rowLength);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                    s0 = S.MulAdd(next, S.Set(slope[1]), s0);
                    s1 = S.MulAdd(next, S.Set(slope[lanes + 1]), s1);
                }
                if (pairs < rows)
                {
                    V value = S.Load(x);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                }
                S.Store(dw, s0);
                S.Store(dw + rowLength, s1);
                d += 2 * lanes;
                dw += 2 * rowLength;
            }
            if ((units & 1) != 0)
            {
                V sum = accumulate ? S.Load(dw) : S.Set(0.0);
                T* x = byRow, slope = d;
                for (T* end = d + pairs; slope < end; slope += 2, x += 2 * rowLength)
                {
                    sum = S.MulAdd(S.Load(x), S.Set(slope[0]), sum);
                    sum = S.MulAdd(S.Load(x + rowLength), S.Set(slope[1]), sum);
                }
                if (pairs < rows) sum = S.MulAdd(S.Load(x), S.Set(*slope), sum);
                S.Store(dw, sum);
            }
            if (N.IsNarrow) return;
        }
    }

    /// <summary>Adds up losses, squared errors and classes that were right.</summary>
    private sealed class LaneJudge
    {
        private readonly T threshold;
        private readonly bool isSingle;
        private readonly nint outputs, lanes;
        private readonly AlignedBuffer<double> memory;
        private readonly double* squares, hits; // of each row: its squared error, and 1 where its class is right
        private readonly T* vector;

        public LaneJudge(Preparation preparation, int lanes)
        {
            (this.lanes, outputs, isSingle) = (lanes, preparation.Outputs, preparation.SingleOutput);
            threshold = Above(0.5 * (preparation.TargetLow + preparation.TargetHigh));
            memory = new(3 * lanes);
            squares = memory.Pointer;
            hits = squares + lanes;
            vector = (T*)(hits + lanes);
        }

        public void Add<N>(LaneGroup<T>* group, T* y, double* rowLoss, ref RowSums sums) where N : struct, IShape
        {
            nint rows = group->Rows;
            T* values = vector, t = group->Targets, classes = group->Classes;
            double* square = squares, hit = hits;
            for (nint lane = 0; ;)
            {
                S.Store(values, Squares<N>(y + lane, t + lane));
                DoubleLanes<T>.Copy(values, square + lane, S.Count);
                if (classes != null)
                {
                    S.Store(values, Right(y + lane, classes + lane));
                    DoubleLanes<T>.Copy(values, hit + lane, S.Count);
                }
                lane += S.Count;
                if (N.IsOneVector || lane >= rows) break;
            }
            if (group->Weights != null)
            {
                AddWeighted(group, rowLoss, ref sums);
                return;
            }
            double loss = sums.Loss, squared = sums.Squares;
            for (double* end = rowLoss + (rows & -2); rowLoss < end; rowLoss += 2, square += 2)
            {
                loss += rowLoss[0];
                squared += square[0];
                loss += rowLoss[1];
                squared += square[1];
            }
            if ((rows & 1) != 0)
            {
                loss += *rowLoss;
                squared += *square;
            }
            sums.Loss = loss;
            sums.Squares = squared;
            sums.Weight += rows;
            if (classes != null) sums.Right += DoubleLanes<T>.SumOfWholes(hit, rows); // in any order the same
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void AddWeighted(LaneGroup<T>* group, double* rowLoss, ref RowSums sums)
        {
            for (nint row = 0; row < group->Rows; row++)
            {
                double counts = group->ExactWeights[row];
                if (counts == 0) continue; // 0·∞ would not be 0
                sums.Loss += counts * rowLoss[row];
                sums.Squares += counts * squares[row];
                if (group->Classes != null) sums.Right += counts * hits[row];
                sums.Weight += counts;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V Squares<N>(T* y, T* t) where N : struct, IShape
        {
            nint lanes = N.IsOneVector ? S.Count : this.lanes;
            V sum = S.Set(0.0);
            for (T* end = y + outputs * lanes; y < end; y += lanes, t += lanes)
            {
                V error = S.Sub(S.Load(y), S.Load(t));
                sum = S.MulAdd(error, error, sum);
            }
            return sum;
        }

        /// <summary>1 where <see cref="Preparation.ClassOf"/> would give the row's class.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V Right(T* y, T* classes)
        {
            V best = S.Load(y), code = S.Set(0.0), one = S.Set(T.One);
            if (isSingle) code = S.And(S.LessOrEqual(S.Set(threshold), best), one);
            for (nint o = 1; o < outputs; o++)
            {
                V value = S.Load(y + o * lanes), larger = S.Less(best, value);
                best = S.Select(larger, value, best);
                code = S.Select(larger, S.Set((double)o), code);
            }
            return S.And(S.Equal(code, S.Load(classes)), one);
        }

        /// <summary>The least number of the format that is not below <paramref name="value"/>.</summary>
        private static T Above(double value)
        {
            T nearest = T.CreateTruncating(value);
            return double.CreateTruncating(nearest) < value ? T.BitIncrement(nearest) : nearest;
        }
    }
}
