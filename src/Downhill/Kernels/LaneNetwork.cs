using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

// L lanes, one row of the batch in each. Of a layer with I inputs and O outputs, by unit: x [I,L], z and y [O,L]
// induced fields and outputs, d [O,L] = ∂C/∂y, then ∂C/∂z. By row: X [L,R], a row's inputs, then 1, then zeros; R is I
// + 1 rounded up to whole vectors. W and dW [O,R]: a unit's weights, then its bias, then zeros.

/// <summary>Up to L rows of a batch as they lie for a pass.</summary>
internal readonly unsafe struct LaneGroup<T> where T : unmanaged
{
    /// <summary>Lanes that hold a row; the others hold anything finite.</summary>
    public required int Rows { get; init; }

    /// <summary>x [inputs, L] of the first layer.</summary>
    public required T* Inputs { get; init; }

    /// <summary>X [L,R] of the first layer.</summary>
    public required T* ByRow { get; init; }

    /// <summary>t [outputs, L].</summary>
    public required T* Targets { get; init; }

    /// <summary>Class codes [L], or null for numeric targets.</summary>
    public required T* Classes { get; init; }

    /// <summary>Weights of the rows [L], or null for 1 each.</summary>
    public required T* Weights { get; init; }

    /// <summary>The same [L], not rounded to T.</summary>
    public required double* ExactWeights { get; init; }
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

    /// <summary>Loss and gradient of one group.</summary>
    /// <param name="group">The rows.</param>
    /// <param name="accumulate">Adds to <see cref="Gradient"/> instead of writing it: later groups of a batch.</param>
    /// <param name="sums">Is added to.</param>
    public abstract void Pass(in LaneGroup<T> group, bool accumulate, ref RowSums sums);

    /// <summary>Where element <paramref name="index"/> of a segment lies in <see cref="Parameters"/>.</summary>
    public int PlaceOf(Segment segment, int index)
    {
        int outputs = segment.Shape.Columns, inputs = segment.LayerInputs;
        int length = segment.Layer + 1 < Starts.Length ? Starts[segment.Layer + 1] - Starts[segment.Layer] : Length
            - Starts[segment.Layer];
        int input = segment.Shape.Role == SegmentRole.Bias ? inputs : index / outputs;
        return Starts[segment.Layer] + index % outputs * (length / outputs) + input;
    }

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
    private const int Block = 4; // units that are turned into rows at once

    private readonly LaneLayer[] layers;
    private readonly LossKernel<T> loss;
    private readonly LaneJudge judge;
    private readonly AlignedBuffer<T> memory;
    private readonly AlignedBuffer<double> rowLoss;
    private readonly bool isFused;

    /// <summary>A layer and where its numbers lie.</summary>
    private struct LaneLayer
    {
        public int Inputs, Outputs, RowLength;
        public ActivationKernel<T>? Activation; // null for softmax, which its loss computes
        public T* W, Gradient, Field, Output, D, ByRow; // Field is Output where nobody asks for it afterwards
    }

    internal LaneNetwork(NetworkSpec spec, Loss loss, Preparation preparation, int batch, Kernels<T> kernels)
        : base(spec, batch, S.Count)
    {
        isFused = loss.Fuses(spec.Output);
        this.loss = isFused ? loss.BindFused(kernels, spec.Output) : loss.Bind(kernels);
        judge = new(preparation, Lanes);
        rowLoss = new(Lanes);
        layers = new LaneLayer[spec.Layers.Count];
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
            ref LaneLayer layer = ref layers[i];
            (layer.Inputs, layer.Outputs, layer.RowLength) = (inputs, outputs, rowLength);
            layer.Activation = dense.Activation.IsElementwise ? dense.Activation.Bind(kernels) : null;
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

        int RowLengthOf(int layer) => (spec.InputsOf(layer) + S.Count) / S.Count * S.Count;

        int Whole(int columns) => (columns * Lanes + Segment.Alignment - 1) & -Segment.Alignment;

        T* Place(int columns)
        {
            T* place = at;
            at += Whole(columns);
            return place;
        }
    }

    public override void Pass(in LaneGroup<T> group, bool accumulate, ref RowSums sums)
    {
        int rows = group.Rows, lanes = Lanes, vectors = (rows + S.Count - 1) / S.Count, last = layers.Length - 1;
        T* x = group.Inputs;
        for (int i = 0; i <= last; i++)
        {
            ref LaneLayer layer = ref layers[i];
            Fields(x, layer.W, layer.RowLength, layer.Field, lanes, vectors, layer.Inputs, layer.Outputs);
            layer.Activation?.Forward(layer.Field, layer.Output, layer.Outputs, lanes);
            x = layer.Output;
            if (i < last) TurnIntoRows(x, lanes, layers[i + 1].ByRow, layers[i + 1].RowLength, layer.Outputs, rows);
        }
        ref LaneLayer output = ref layers[last];
        loss.EvaluateLanes(isFused ? output.Field : output.Output, group.Targets, group.Weights, output.Output,
            rowLoss.Pointer,
            output.D, rows, lanes, output.Outputs);
        for (int i = last; i >= 0; i--)
        {
            ref LaneLayer layer = ref layers[i];
            if (i < last || !isFused) layer.Activation!.Backward(layer.Field, layer.Output, layer.D, layer.Outputs,
                lanes);
            if (i > 0) InputGradient(layer.D, layer.W, layer.RowLength, layers[i - 1].D, lanes, vectors, layer.Inputs,
                layer.Outputs);
            WeightGradient(layer.D, lanes, i > 0 ? layer.ByRow : group.ByRow, layer.RowLength, layer.Gradient, rows,
                layer.Outputs, accumulate);
        }
        judge.Add(group, output.Output, rowLoss.Pointer, ref sums);
    }

    /// <summary>X by row from x by unit.</summary>
    private static void TurnIntoRows(T* x, nint lanes, T* byRow, nint rowLength, int units, int rows)
    {
        if (S.Count >= Block && typeof(T) == typeof(float) && Sse.IsSupported)
        {
            // Whole blocks of 4 × 4: what lies beyond the units is the constant 1 and zeros, as it is in a row; L and R
            // are multiples of four.
            for (int u = 0; u < units; u += Block, x += Block * lanes, byRow += Block)
            {
                float* from = (float*)x, to = (float*)byRow;
                for (int row = 0; row < rows; row += Block, from += Block, to += Block * rowLength)
                {
                    Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + lanes);
                    Vector128<float> r2 = Vector128.Load(from + 2 * lanes), r3 = Vector128.Load(from + 3 * lanes);
                    Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1);
                    Vector128<float> low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
                    Sse.MoveLowToHigh(low01, low23).Store(to);
                    Sse.MoveHighToLow(low23, low01).Store(to + rowLength);
                    Sse.MoveLowToHigh(high01, high23).Store(to + 2 * rowLength);
                    Sse.MoveHighToLow(high23, high01).Store(to + 3 * rowLength);
                }
            }
            return;
        }
        for (int u = 0; u < units; u++, x += lanes)
            for (int row = 0; row < rows; row++) byRow[row * rowLength + u] = x[row];
    }

    /// <summary>z = W·x + b: four or two units at a time, their chains side by side.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fields(T* x, T* w, nint rowLength, T* z, nint lanes, nint vectors, nint inputs, nint outputs)
    {
        for (nint v = 0; v < vectors; v++, x += S.Count, z += S.Count)
        {
            T* w0 = w, field = z;
            nint o = 0;
            for (; o <= outputs - 4; o += 4)
            {
                T* w1 = w0 + rowLength, w2 = w1 + rowLength, w3 = w2 + rowLength;
                V z0 = S.Set(w0[inputs]), z1 = S.Set(w1[inputs]), z2 = S.Set(w2[inputs]), z3 = S.Set(w3[inputs]);
                T* input = x;
                for (nint i = 0; i < inputs; i++, input += lanes)
                {
                    V value = S.Load(input);
                    z0 = S.MulAdd(value, S.Set(w0[i]), z0);
                    z1 = S.MulAdd(value, S.Set(w1[i]), z1);
                    z2 = S.MulAdd(value, S.Set(w2[i]), z2);
                    z3 = S.MulAdd(value, S.Set(w3[i]), z3);
                }
                S.Store(field, z0);
                S.Store(field + lanes, z1);
                S.Store(field + 2 * lanes, z2);
                S.Store(field + 3 * lanes, z3);
                w0 = w3 + rowLength;
                field += 4 * lanes;
            }
            for (; o < outputs; o += 2)
            {
                // A last single unit is computed twice.
                T* w1 = o + 1 < outputs ? w0 + rowLength : w0;
                V z0 = S.Set(w0[inputs]), z1 = S.Set(w1[inputs]);
                T* input = x;
                for (nint i = 0; i < inputs; i++, input += lanes)
                {
                    V value = S.Load(input);
                    z0 = S.MulAdd(value, S.Set(w0[i]), z0);
                    z1 = S.MulAdd(value, S.Set(w1[i]), z1);
                }
                S.Store(field, z0);
                if (o + 1 < outputs) S.Store(field + lanes, z1);
                w0 = w1 + rowLength;
                field += 2 * lanes;
            }
        }
    }

    /// <summary>∂C/∂x = Wᵀ·d: four inputs at a time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void InputGradient(T* d, T* w, nint rowLength, T* dx, nint lanes, nint vectors, nint inputs,
        nint outputs)
    {
        for (nint v = 0; v < vectors; v++, d += S.Count, dx += S.Count)
        {
            T* below = dx;
            nint i = 0;
            for (; i <= inputs - 4; i += 4, below += 4 * lanes)
            {
                V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0;
                T* slope = d, unit = w + i;
                for (nint o = 0; o < outputs; o++, slope += lanes, unit += rowLength)
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
            for (; i < inputs; i++, below += lanes)
            {
                V sum = S.Set(0.0);
                T* slope = d, unit = w + i;
                for (nint o = 0; o < outputs; o++, slope += lanes, unit += rowLength) sum = S.MulAdd(
                    S.Load(slope), S.Set(*unit), sum);
                S.Store(below, sum);
            }
        }
    }

    /// <summary>dW (+)= Σ over rows of d·X, biases with it: four or two units at a time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WeightGradient(T* d, nint lanes, T* byRow, nint rowLength, T* dw, nint rows, nint outputs,
        bool accumulate)
    {
        nint lanes3 = 3 * lanes;
        for (nint i = 0; i < rowLength; i += S.Count, byRow += S.Count, dw += S.Count)
        {
            T* u0 = dw, d0 = d;
            nint o = 0;
            for (; o <= outputs - 4; o += 4)
            {
                T* u1 = u0 + rowLength, u2 = u1 + rowLength, u3 = u2 + rowLength;
                V s0 = S.Set(0.0), s1 = s0, s2 = s0, s3 = s0;
                if (accumulate) (s0, s1, s2, s3) = (S.Load(u0), S.Load(u1), S.Load(u2), S.Load(u3));
                T* x = byRow, slope = d0, end = d0 + rows;
                for (; slope < end; slope++, x += rowLength)
                {
                    V value = S.Load(x);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[lanes]), s1);
                    s2 = S.MulAdd(value, S.Set(slope[2 * lanes]), s2);
                    s3 = S.MulAdd(value, S.Set(slope[lanes3]), s3);
                }
                S.Store(u0, s0);
                S.Store(u1, s1);
                S.Store(u2, s2);
                S.Store(u3, s3);
                u0 = u3 + rowLength;
                d0 += 4 * lanes;
            }
            for (; o < outputs; o += 2)
            {
                // A last single unit is computed twice.
                nint next = o + 1 < outputs ? lanes : 0;
                T* u1 = o + 1 < outputs ? u0 + rowLength : u0, x = byRow, slope = d0, end = d0 + rows;
                V s0 = S.Set(0.0), s1 = s0;
                if (accumulate) (s0, s1) = (S.Load(u0), S.Load(u1));
                for (; slope < end; slope++, x += rowLength)
                {
                    V value = S.Load(x);
                    s0 = S.MulAdd(value, S.Set(slope[0]), s0);
                    s1 = S.MulAdd(value, S.Set(slope[next]), s1);
                }
                S.Store(u0, s0);
                S.Store(u1, s1);
                u0 = u1 + rowLength;
                d0 += 2 * lanes;
            }
        }
    }

    /// <summary>Adds up losses, squared errors and classes that were right.</summary>
    private sealed class LaneJudge(Preparation preparation, int lanes)
    {
        private readonly T threshold = Above(0.5 * (preparation.TargetLow + preparation.TargetHigh));
        private readonly bool isSingle = preparation.SingleOutput;
        private readonly int outputs = preparation.Outputs;
        private readonly AlignedBuffer<T> values = new(lanes);
        private readonly AlignedBuffer<double> squares = new(lanes), right = new(lanes); // of each row

        public void Add(in LaneGroup<T> group, T* y, double* rowLoss, ref RowSums sums)
        {
            int rows = group.Rows;
            bool isClass = group.Classes != null;
            T* values = this.values.Pointer;
            double* squares = this.squares.Pointer, right = this.right.Pointer;
            for (int lane = 0; lane < rows; lane += S.Count)
                S.Store(values + lane, Squares(y + lane, group.Targets + lane));
            DoubleLanes<T>.Copy(values, squares, rows);
            if (isClass)
            {
                for (int lane = 0; lane < rows; lane += S.Count)
                    S.Store(values + lane, Right(y + lane, group.Classes + lane));
                DoubleLanes<T>.Copy(values, right, rows);
            }
            RowSums own = sums; // in registers
            if (group.Weights == null)
            {
                for (int row = 0; row < rows; row++)
                {
                    own.Loss += rowLoss[row];
                    own.Squares += squares[row];
                }
                for (int row = 0; isClass && row < rows; row++) own.Right += right[row];
                own.Weight += rows;
            }
            else
            {
                for (int row = 0; row < rows; row++)
                {
                    double counts = group.ExactWeights[row];
                    if (counts == 0) continue; // 0·∞ would not be 0
                    own.Loss += counts * rowLoss[row];
                    own.Squares += counts * squares[row];
                    if (isClass) own.Right += counts * right[row];
                    own.Weight += counts;
                }
            }
            sums = own;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V Squares(T* y, T* t)
        {
            V sum = S.Set(0.0);
            for (int o = 0; o < outputs; o++)
            {
                V error = S.Sub(S.Load(y + o * lanes), S.Load(t + o * lanes));
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
            for (int o = 1; o < outputs; o++)
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
