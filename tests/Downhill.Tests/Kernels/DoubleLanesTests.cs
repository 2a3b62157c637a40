using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class DoubleLanesTests
{
    /// <summary>Against plain loops, for all lengths around the vectors, with NaN, ∞ and 0·∞ among the
    /// numbers.</summary>
    [Fact]
    public void EveryOperationIsThatOfItsDefinitionInDouble()
    {
        Check<float>();
        Check<double>();

        static void Check<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            Random random = new(1);
            for (int length = 0; length <= 19; length++)
            {
                T[] a = Numbers<T>(random, length), b = Numbers<T>(random, length), c = Numbers<T>(random, length);
                T[] share = Numbers<T>(random, length);
                double[] start = [.. Enumerable.Range(0, length).Select(_ => random.NextDouble())];
                double[] copy = new double[length + 1], sum = [.. start, 7], squares = new double[length + 1];
                double[] cost = [.. start, 7];
                (copy[length], squares[length]) = (7, 7);
                for (int i = 0; i < length; i++) if (i % 5 == 4) b[i] = c[i]; // the largest score
                fixed (T* pa = a, pb = b, pc = c, ps = share)
                fixed (double* pCopy = copy, pSum = sum, pSquares = squares, pCost = cost)
                {
                    DoubleLanes<T>.Copy(pa, pCopy, length);
                    DoubleLanes<T>.Add(pa, pSum, length);
                    DoubleLanes<T>.SquaredErrors(pa, pb, pSquares, length);
                    DoubleLanes<T>.AddCrossEntropy(ps, pb, pc, pa, pCost, length);
                }
                for (int i = 0; i < length; i++)
                {
                    double x = double.CreateChecked(a[i]), y = double.CreateChecked(b[i]);
                    double z = double.CreateChecked(c[i]), s = double.CreateChecked(share[i]);
                    Assert.Equal(x, copy[i]);
                    Assert.Equal(start[i] + x, sum[i]);
                    Assert.Equal((x - y) * (x - y), squares[i]);
                    Assert.Equal(start[i] + (s == 0 ? 0 : s * ((y == z ? 0 : z - y) + x)), cost[i]);
                }
                Assert.All(new[] { copy, sum, squares, cost }, array => Assert.Equal(7, array[length]));
            }
        }
    }

    private static T[] Numbers<T>(Random random, int length) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] numbers = new T[length];
        for (int i = 0; i < length; i++)
            numbers[i] = random.Next(8) switch
            {
                0 => T.Zero,
                1 => T.PositiveInfinity,
                2 => T.NegativeInfinity,
                3 => T.NaN,
                _ => T.CreateTruncating(4 * random.NextDouble() - 2),
            };
        return numbers;
    }
}
