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
                T[] a = Numbers<T>(random, length), b = Numbers<T>(random, length);
                double[] start = [.. Enumerable.Range(0, length).Select(_ => random.NextDouble())];
                double[] copy = new double[length + 1], sum = [.. start, 7], squares = new double[length + 1];
                (copy[length], squares[length]) = (7, 7);
                fixed (T* pa = a, pb = b)
                fixed (double* pCopy = copy, pSum = sum, pSquares = squares)
                {
                    DoubleLanes<T>.Copy(pa, pCopy, length);
                    DoubleLanes<T>.Add(pa, pSum, length);
                    DoubleLanes<T>.SquaredErrors(pa, pb, pSquares, length);
                }
                for (int i = 0; i < length; i++)
                {
                    double x = double.CreateChecked(a[i]), y = double.CreateChecked(b[i]);
                    Assert.Equal(x, copy[i]);
                    Assert.Equal(start[i] + x, sum[i]);
                    Assert.Equal((x - y) * (x - y), squares[i]);
                }
                Assert.All(new[] { copy, sum, squares }, array => Assert.Equal(7, array[length]));
            }
        }
    }

    /// <summary>Likewise, with shares that lie closer than the other columns, and with and without squared
    /// errors.</summary>
    [Fact]
    public void CrossEntropyIsThatOfItsDefinitionInDouble()
    {
        Check<float>();
        Check<double>();

        static void Check<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            Random random = new(2);
            for (int lanes = 0; lanes <= 19; lanes++)
                for (int columns = 1; columns <= 4; columns++)
                {
                    int stride = lanes + 3;
                    T[] score = Numbers<T>(random, columns * stride), share = Numbers<T>(random, columns * lanes);
                    T[] y = Numbers<T>(random, columns * stride), t = Numbers<T>(random, columns * stride);
                    T[] top = Numbers<T>(random, lanes), log = Numbers<T>(random, lanes);
                    double[] cost = new double[lanes + 1], squares = new double[lanes + 1];
                    (cost[lanes], squares[lanes]) = (7, 7);
                    for (int i = 0; i < lanes; i += 3) top[i] = score[i]; // the largest score
                    fixed (T* pShare = share, pScore = score, pTop = top, pLog = log, pY = y, pT = t)
                    fixed (double* pCost = cost, pSquares = squares)
                        DoubleLanes<T>.CrossEntropy(pShare, lanes, pScore, pTop, pLog, pY, pT, stride, columns, pCost,
                            columns == 2 ? null : pSquares, lanes);
                    for (int i = 0; i < lanes; i++)
                    {
                        double most = double.CreateChecked(top[i]), x = double.CreateChecked(log[i]);
                        double sum = double.IsNaN(most) ? double.NaN : 0, square = 0;
                        for (int j = 0; j < columns; j++)
                        {
                            double s = double.CreateChecked(share[j * lanes + i]);
                            double z = double.CreateChecked(score[j * stride + i]);
                            sum += s == 0 ? 0 : s * ((z == most ? 0 : most - z) + x);
                            double error = double.CreateChecked(y[j * stride + i])
                                - double.CreateChecked(t[j * stride + i]);
                            square += error * error;
                        }
                        Assert.Equal(sum, cost[i]);
                        Assert.Equal(columns == 2 ? 0 : square, squares[i]);
                    }
                    Assert.Equal((7, 7), (cost[lanes], squares[lanes]));
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
