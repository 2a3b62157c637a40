using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

/// <summary>Where a loss writes how rows were answered, which it finds on its way (lecture L19).</summary>
internal readonly unsafe struct Verdicts(double* squares, double* right)
{
    /// <summary>[rows] Σ(o − t)², or null where nobody wants verdicts.</summary>
    public readonly double* Squares = squares;

    /// <summary>[rows] the target of the first of the largest outputs: 1 where the class is right, else 0.</summary>
    public readonly double* Right = right;
}

/// <summary>A loss bound to a number type and a vector width.</summary>
internal abstract unsafe partial class LossKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Loss of each row and, where wanted, its gradient.</summary>
    /// <param name="y">[rows, columns] outputs, or induced fields for a fused pair.</param>
    /// <param name="t">[rows, columns] targets.</param>
    /// <param name="weights">[rows], or null for 1 each; multiplies the gradient (not the row's loss).</param>
    /// <param name="rowLoss">[rows] receives each row's loss.</param>
    /// <param name="gradient">[rows, columns] receives the gradient with respect to <paramref name="y"/>; null when not
    /// wanted.</param>
    /// <param name="rows">B.</param>
    /// <param name="columns">O.</param>
    /// <param name="outputs">[rows, columns] receives the network's outputs where <see cref="GivesOutputs"/>; null when
    /// not wanted.</param>
    /// <param name="verdicts">Where <see cref="Judges"/>: also wanted.</param>
    public abstract void Evaluate(T* y, T* t, T* weights, double* rowLoss, T* gradient, int rows, int columns,
        T* outputs = null, in Verdicts verdicts = default);

    /// <summary>Whether it starts from induced fields and works the outputs out on the way.</summary>
    public virtual bool GivesOutputs => false;

    /// <summary>Whether it gives <see cref="Verdicts"/> of outputs of so many columns.</summary>
    public virtual bool Judges(int columns) => false;
}

internal sealed unsafe partial class ElementLossKernel<L, S, V, T>(L loss) : LossKernel<T>
    where L : struct, IElementLoss
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Elements of which the losses are kept until their rows are added up.</summary>
    private const int ChunkLength = 256;

    [SkipLocalsInit]
    public override void Evaluate(T* y, T* t, T* weights, double* rowLoss, T* gradient, int rows, int columns,
        T* outputs = null, in Verdicts verdicts = default)
    {
        V perOutput = S.Set(T.One / T.CreateTruncating(columns));
        T* values = stackalloc T[ChunkLength];
        nint length = (nint)rows * columns;
        int row = 0, column = 0;
        double sum = 0; // over the outputs in order, in double: the same at every width
        for (nint start = 0; start < length; start += ChunkLength)
        {
            int chunk = (int)Math.Min(ChunkLength, length - start);
            for (int i = 0; i < chunk; i += S.Count)
            {
                int count = Math.Min(S.Count, chunk - i);
                bool whole = count == S.Count;
                V output = whole ? S.Load(y + start + i) : S.LoadFirst(y + start + i, count);
                V wanted = whole ? S.Load(t + start + i) : S.LoadFirst(t + start + i, count);
                S.Store(values + i, loss.Value<S, V, T>(output, wanted, perOutput));
                if (gradient == null) continue;
                V slope = VectorMath.Settle<S, V, T>(loss.Derivative<S, V, T>(output, wanted, perOutput));
                if (whole) S.Store(gradient + start + i, slope);
                else S.StoreFirst(gradient + start + i, slope, count);
            }
            for (int i = 0; i < chunk; i++)
            {
                sum += double.CreateTruncating(values[i]);
                if (++column < columns) continue;
                rowLoss[row++] = sum;
                (column, sum) = (0, 0);
            }
        }
        if (gradient == null || weights == null) return;
        for (row = 0; row < rows; row++)
            for (column = 0; column < columns; column++) gradient[(nint)row * columns + column] *= weights[row];
    }
}

/// <summary>
/// Softmax and cross-entropy on the induced fields z: L = Σ t·(max + ln Σ − z), gradient (Σ t)·y − t, where smoothing s
/// takes t to (1 − s)·t + s/O.
/// Finite for every finite z; Goodfellow et al., Deep Learning, §6.2.2.3.
/// </summary>
internal sealed unsafe partial class SoftmaxCrossEntropyKernel<S, V, T>(double smoothing) : LossKernel<T>
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int ManyColumns = 32;

    public override bool GivesOutputs => true;

    public override bool Judges(int columns) => columns <= SoftmaxKernel<S, V, T>.MostAcross;

    public override void Evaluate(T* z, T* t, T* weights, double* rowLoss, T* gradient, int rows, int columns,
        T* outputs = null, in Verdicts verdicts = default)
    {
        // A row by itself would leave lanes idle, but fills a vector only with many columns.
        bool isAcross = Judges(columns) && (rows > 1 || columns <= ManyColumns || verdicts.Squares != null);
        if (isAcross) Across(z, t, weights, rowLoss, gradient, rows, columns, outputs, verdicts);
        else Along(z, t, weights, rowLoss, gradient, rows, columns, outputs);
    }

    /// <summary>Few columns: one row per lane, with the same bits.</summary>
    [SkipLocalsInit]
    private void Across(T* z, T* t, T* weights, double* rowLoss, T* gradient, int rows, int columns, T* outputs,
        in Verdicts verdicts)
    {
        double* squares = verdicts.Squares, right = verdicts.Right;
        int length = columns * S.Count;
        T* scores = stackalloc T[4 * length], ownWeights = stackalloc T[S.Count];
        T* targets = scores + length, probabilities = targets + length, slopes = probabilities + length;
        for (int row = 0; row < rows; row += S.Count, z += length, t += length)
        {
            int count = Math.Min(S.Count, rows - row);
            SoftmaxKernel<S, V, T>.Turn(z, scores, count, columns);
            SoftmaxKernel<S, V, T>.Turn(t, targets, count, columns);
            if (weights != null) SoftmaxKernel<S, V, T>.Turn(weights + row, ownWeights, count, 1);
            Lanes(scores, targets, weights == null ? null : ownWeights, probabilities, rowLoss + row, slopes, count,
                S.Count, columns, squares == null ? null : squares + row, squares == null ? null : right + row);
            if (outputs != null)
            {
                SoftmaxKernel<S, V, T>.TurnBack(probabilities, outputs, count, columns);
                outputs += length;
            }
            if (gradient == null) continue;
            SoftmaxKernel<S, V, T>.TurnBack(slopes, gradient, count, columns);
            gradient += length;
        }
    }

    private void Along(T* z, T* t, T* weights, double* rowLoss, T* gradient, int rows, int columns, T* outputs)
    {
        const int OnStack = 256;
        T* stack = stackalloc T[OnStack];
        T[]? rented = null;
        T kept = T.CreateTruncating(1 - smoothing), spread = T.CreateTruncating(smoothing / columns);
        if (gradient == null && columns > OnStack) rented = System.Buffers.ArrayPool<T>.Shared.Rent(columns);
        fixed (T* heap = rented)
        {
            T* scratch = rented is null ? stack : heap;
            for (int r = 0; r < rows; r++, z += columns, t += columns)
            {
                T* y = gradient == null ? scratch : gradient + (long)r * columns;
                (T max, T sum) = SoftmaxKernel<S, V, T>.Row(z, y, columns);
                double top = double.CreateTruncating(max);
                double logSum = double.CreateTruncating(S.Get(VectorMath.Log<S, V, T>(S.Set(sum)), 0));
                double loss = 0;
                T targets = T.Zero;
                for (int j = 0; j < columns; j++)
                {
                    T target = kept * t[j] + spread;
                    if (target == T.Zero) continue; // 0·∞ is 0 here: a class that is not wanted costs nothing by itself
                    double below = z[j] == max ? 0 : top - double.CreateTruncating(z[j]);
                    loss += double.CreateTruncating(target) * (below + logSum);
                    targets += target;
                }
                rowLoss[r] = T.IsNaN(max) ? double.NaN : loss;
                if (outputs != null)
                {
                    new ReadOnlySpan<T>(y, columns).CopyTo(new Span<T>(outputs, columns));
                    outputs += columns;
                }
                if (gradient == null) continue;
                T weight = weights == null ? T.One : weights[r];
                for (int j = 0; j < columns; j++)
                {
                    T beyond = targets * y[j] - (kept * t[j] + spread);
                    y[j] = weight * VectorMath.Settle<Scalar<T, Portable>, T, T>(beyond);
                }
            }
        }
        if (rented is not null) System.Buffers.ArrayPool<T>.Shared.Return(rented);
    }
}
