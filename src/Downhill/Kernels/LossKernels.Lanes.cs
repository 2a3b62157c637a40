using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

// The losses with one row per lane, arrays [columns, lanes]: the same operations on every number in the same order as
// by row, so the same bits.

internal abstract unsafe partial class LossKernel<T>
{
    /// <summary>Loss of each row and its gradient.</summary>
    /// <param name="y">[columns, lanes] outputs, or induced fields for a fused pair.</param>
    /// <param name="t">[columns, lanes] targets.</param>
    /// <param name="weights">[lanes], or null for 1 each; multiplies the gradient (not the row's loss).</param>
    /// <param name="probabilities">[columns, lanes] receives the outputs where the loss computes them: of
    /// softmax.</param>
    /// <param name="rowLoss">[lanes] receives each row's loss, and anything in lanes without a row.</param>
    /// <param name="gradient">[columns, lanes] receives the gradient with respect to <paramref name="y"/>.</param>
    /// <param name="rows">Lanes that hold a row.</param>
    /// <param name="lanes">L, whole vectors.</param>
    /// <param name="columns">O.</param>
    public abstract void EvaluateLanes(
        T* y, T* t, T* weights, T* probabilities, double* rowLoss, T* gradient, int rows, int lanes, int columns);
}

internal sealed unsafe partial class ElementLossKernel<L, S, V, T>
{
    public override void EvaluateLanes(
        T* y, T* t, T* weights, T* probabilities, double* rowLoss, T* gradient, int rows, int lanes, int columns)
    {
        V perOutput = S.Set(T.One / T.CreateTruncating(columns));
        for (nint lane = 0; lane < rows; lane += S.Count)
        {
            T* output = y + lane, end = output + (nint)columns * lanes, wanted = t + lane, slopes = gradient + lane;
            for (; output < end; output += lanes, wanted += lanes, slopes += lanes)
            {
                V own = S.Load(output), target = S.Load(wanted);
                V slope = VectorMath.Settle<S, V, T>(loss.Derivative<S, V, T>(own, target, perOutput));
                if (weights != null) slope = S.Mul(S.Load(weights + lane), slope);
                // The losses lie where the slopes will until they are doubles.
                S.Store(slopes, loss.Value<S, V, T>(own, target, perOutput));
                if (output == y + lane) DoubleLanes<T>.Copy(slopes, rowLoss + lane, S.Count);
                else DoubleLanes<T>.Add(slopes, rowLoss + lane, S.Count);
                S.Store(slopes, slope);
            }
        }
    }
}

internal sealed unsafe partial class SoftmaxCrossEntropyKernel<S, V, T>
{
    [SkipLocalsInit]
    public override void EvaluateLanes(
        T* z, T* t, T* weights, T* probabilities, double* rowLoss, T* gradient, int rows, int lanes, int columns)
    {
        V one = S.Set(T.One), zero = S.Set(T.Zero);
        V kept = S.Set(T.CreateTruncating(1 - smoothing)), spread = S.Set(T.CreateTruncating(smoothing / columns));
        T* tops = stackalloc T[S.Count], logSums = stackalloc T[S.Count], shares = stackalloc T[S.Count];
        for (int lane = 0; lane < rows; lane += S.Count)
        {
            int count = Math.Min(S.Count, rows - lane);
            T* score = z + lane, target = t + lane, y = probabilities + lane, slope = gradient + lane;
            V max = S.Load(score), sum = zero, targets = zero;
            for (int j = 1; j < columns; j++) max = S.Max(S.Load(score + j * lanes), max);
            for (int j = 0; j < columns; j++)
            {
                V value = S.Load(score + j * lanes);
                // ∞ − ∞ is not 0: an entry equal to the maximum counts 1 without subtracting.
                V exponential = S.Select(S.Equal(value, max), one, VectorMath.Exp<S, V, T>(S.Sub(value, max)));
                S.Store(y + j * lanes, exponential);
                sum = S.Add(sum, exponential);
            }
            S.Store(tops, max);
            S.Store(logSums, VectorMath.Log<S, V, T>(sum));
            for (int k = 0; k < count; k++) rowLoss[lane + k] = T.IsNaN(tops[k]) ? double.NaN : 0;
            for (int j = 0; j < columns; j++)
            {
                V share = S.Add(S.Mul(kept, S.Load(target + j * lanes)), spread);
                targets = S.Add(targets, share);
                S.Store(y + j * lanes, S.Div(S.Load(y + j * lanes), sum));
                S.Store(shares, share);
                DoubleLanes<T>.AddCrossEntropy(shares, score + j * lanes, tops, logSums, rowLoss + lane, count);
            }
            V weight = weights == null ? one : S.Load(weights + lane);
            for (int j = 0; j < columns; j++)
            {
                V share = S.Add(S.Mul(kept, S.Load(target + j * lanes)), spread);
                V beyond = VectorMath.Settle<S, V, T>(S.Sub(S.Mul(targets, S.Load(y + j * lanes)), share));
                S.Store(slope + j * lanes, S.Mul(weight, beyond));
            }
        }
    }
}
