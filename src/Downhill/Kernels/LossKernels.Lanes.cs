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
    public override void EvaluateLanes(
        T* z, T* t, T* weights, T* probabilities, double* rowLoss, T* gradient, int rows, int lanes, int columns)
    {
        for (int lane = 0; lane < rows; lane += S.Count)
            Lanes(z + lane, t + lane, weights == null ? null : weights + lane, probabilities + lane, rowLoss + lane,
                gradient + lane, Math.Min(S.Count, rows - lane), lanes, columns, null, null);
    }

    /// <summary>A row in each of the first count lanes of one vector; columns lie lanes apart. Squares and right are
    /// <see cref="Verdicts"/>, null when not wanted.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.NoInlining)]
    private void Lanes(T* z, T* t, T* weights, T* y, double* rowLoss, T* gradient, int count, nint lanes, int columns,
        double* squares, double* right)
    {
        V one = S.Set(T.One), max = S.Load(z), sum = S.Set(T.Zero), targets = sum;
        nint length = columns * lanes;
        for (nint at = lanes; at < length; at += lanes) max = S.Max(S.Load(z + at), max);
        for (nint at = 0; at < length; at += lanes)
        {
            V score = S.Load(z + at);
            // ∞ − ∞ is not 0: an entry equal to the maximum counts 1 without subtracting.
            V share = S.Select(S.Equal(score, max), one, VectorMath.Share<S, V, T>(S.Sub(score, max)));
            S.Store(y + at, share);
            sum = S.Add(sum, share);
        }
        T* tops = stackalloc T[2 * S.Count], logSums = tops + S.Count;
        S.Store(tops, max);
        S.Store(logSums, VectorMath.Log<S, V, T>(sum));
        T* smoothed = stackalloc T[smoothing == 0 ? 0 : columns * S.Count], wanted = t;
        nint distance = lanes;
        if (smoothing != 0)
        {
            V kept = S.Set(T.CreateTruncating(1 - smoothing)), spread = S.Set(T.CreateTruncating(smoothing / columns));
            wanted = smoothed;
            distance = S.Count;
            for (int j = 0; j < columns; j++)
                S.Store(smoothed + j * S.Count, S.Add(S.Mul(kept, S.Load(t + j * lanes)), spread));
        }
        V best = S.Div(S.Load(y), sum), answer = S.Load(t);
        for (int j = 0; j < columns; j++)
        {
            V probability = S.Div(S.Load(y + j * lanes), sum);
            S.Store(y + j * lanes, probability);
            targets = S.Add(targets, S.Load(wanted + j * distance));
            V isMore = S.Less(best, probability);
            answer = S.Select(isMore, S.Load(t + j * lanes), answer);
            best = S.Select(isMore, probability, best);
        }
        DoubleLanes<T>.CrossEntropy(wanted, distance, z, tops, logSums, y, t, lanes, columns, rowLoss, squares, count);
        if (squares != null)
        {
            S.Store(tops, answer);
            DoubleLanes<T>.Copy(tops, right, count);
        }
        V weight = weights == null ? one : S.Load(weights);
        for (int j = 0; j < columns; j++)
        {
            V beyond = S.Sub(S.Mul(targets, S.Load(y + j * lanes)), S.Load(wanted + j * distance));
            S.Store(gradient + j * lanes, S.Mul(weight, VectorMath.Settle<S, V, T>(beyond)));
        }
    }
}
