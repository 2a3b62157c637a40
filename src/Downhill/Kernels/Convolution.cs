using System.Numerics;

namespace Downhill.Kernels;

/// <summary>
/// Weighted sums of neighbours along the rows and the columns of an image: a separable filter in two passes. Each
/// element's terms are multiplied and added one after another in the order of the taps, so all vector widths give the
/// same bits. Rows are padded to <see cref="Block"/>, which every vector divides.
/// </summary>
internal static class Convolution
{
    /// <summary>Rows are multiples of this long: the most float32 lanes of a vector.</summary>
    public const int Block = 16;

    /// <summary>y[r, i] = Σₖ taps[k]·x[r, i + k]</summary>
    /// <param name="x">[rows, stride + taps − 1]</param>
    /// <param name="taps">An odd number of weights.</param>
    /// <param name="y">[rows, stride]</param>
    /// <param name="rows">Rows.</param>
    /// <param name="stride">A multiple of <see cref="Block"/>.</param>
    public static void AlongRows(
        ReadOnlySpan<float> x, ReadOnlySpan<float> taps, Span<float> y, int rows, int stride)
    {
        int from = stride + taps.Length - 1;
        for (int row = 0; row < rows; row++)
            for (int i = 0; i < stride; i += Vector<float>.Count)
            {
                ReadOnlySpan<float> start = x[(row * from + i)..];
                Vector<float> sum = Vector<float>.Zero;
                for (int k = 0; k < taps.Length; k++) sum += taps[k] * new Vector<float>(start[k..]);
                sum.CopyTo(y[(row * stride + i)..]);
            }
    }

    /// <summary>y[r, i] = Σₖ taps[k]·x[r + k − reach, i], over the rows that exist; reach = (taps − 1)/2</summary>
    /// <param name="x">[rows, stride]</param>
    /// <param name="taps">An odd number of weights.</param>
    /// <param name="y">[rows, stride], not <paramref name="x"/>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="stride">A multiple of <see cref="Block"/>.</param>
    public static void AlongColumns(
        ReadOnlySpan<float> x, ReadOnlySpan<float> taps, Span<float> y, int rows, int stride)
    {
        int reach = taps.Length / 2;
        for (int row = 0; row < rows; row++)
        {
            int top = Math.Max(0, row - reach), bottom = Math.Min(rows - 1, row + reach);
            for (int i = 0; i < stride; i += Vector<float>.Count)
            {
                Vector<float> sum = Vector<float>.Zero;
                for (int other = top; other <= bottom; other++)
                    sum += taps[other - row + reach] * new Vector<float>(x[(other * stride + i)..]);
                sum.CopyTo(y[(row * stride + i)..]);
            }
        }
    }
}
