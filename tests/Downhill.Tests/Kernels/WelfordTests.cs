using System.Runtime.Intrinsics;
using Downhill.Kernels;
using Xunit;

namespace Downhill.Tests.Kernels;

/// <summary>Moments of many columns: the same bits at every width, and what the definition in two passes
/// gives.</summary>
public sealed unsafe class WelfordTests
{
    private const int Columns = 24, Rows = 300;

    private static readonly double[] _numbers = Numbers();

    private static double[] Numbers()
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, Columns * Rows).Select(
            i => i % 5 == 0 ? double.NaN : i % Columns == 7 ? 0 : random.NextDouble() * 20 - 10)];
    }

    private static double[][] Moments<S, V>() where S : struct, ISimd<V, double> where V : struct
    {
        double[][] all = [.. Enumerable.Range(0, 4).Select(_ => new double[Columns])];
        fixed (double* x = _numbers, mean = all[0], squares = all[1], weights = all[2], largest = all[3])
            for (int row = 0; row < Rows; row++)
                Assert.Equal(Columns, Welford.Add<S, V>(
                    x + row * Columns, 1 + row % 3, mean, squares, weights, largest, 0, Columns));
        return all;
    }

    [Fact]
    public void Every_width_gives_the_same_bits()
    {
        double[][] right = Moments<Scalar<double, Portable>, double>();
        if (Vector128.IsHardwareAccelerated)
            Assert.Equal(right, Moments<Simd128<double, Portable>, Vector128<double>>());
        if (Vector256.IsHardwareAccelerated)
            Assert.Equal(right, Moments<Simd256<double, Portable>, Vector256<double>>());
        double[][] chosen = [.. Enumerable.Range(0, 4).Select(_ => new double[Columns])];
        for (int row = 0; row < Rows; row++)
            Welford.Add(_numbers.AsSpan(row * Columns, Columns), 1 + row % 3, chosen[0], chosen[1], chosen[2],
                chosen[3]);
        Assert.Equal(right, chosen);
    }

    [Fact]
    public void They_are_the_weighted_mean_and_squares_of_what_is_there()
    {
        double[][] moments = Moments<Scalar<double, Portable>, double>();
        for (int column = 0; column < Columns; column++)
        {
            (double X, double W)[] there = [.. Enumerable.Range(0, Rows)
                .Select(row => (_numbers[row * Columns + column], 1.0 + row % 3)).Where(p => !double.IsNaN(p.Item1))];
            double sum = there.Sum(p => p.W), mean = there.Sum(p => p.W * p.X) / sum;
            Assert.Equal(mean, moments[0][column], 1e-12);
            Assert.Equal(there.Sum(p => p.W * (p.X - mean) * (p.X - mean)), moments[1][column], 1e-8);
            Assert.Equal(sum, moments[2][column]);
            Assert.Equal(there.Max(p => Math.Abs(p.X)), moments[3][column]);
        }
    }
}
