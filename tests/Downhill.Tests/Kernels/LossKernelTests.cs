using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class LossKernelTests
{
    public static TheoryData<SimdWidth, Arithmetic> Combinations => Every.WidthAndArithmetic();

    public static TheoryData<SimdWidth> Widths => [.. SimdWidths.Supported];

    /// <summary>Whether a lane holds a row or a row fills vectors, each row stands alone: together or one by one,
    /// beside others or at the end.</summary>
    [Theory, MemberData(nameof(Combinations))]
    public void ARowsProbabilitiesLossAndGradientDoNotDependOnItsNeighbours(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        foreach (string name in new[] { "cross_entropy", "cross_entropy(0.1)", "mse", "huber(0.5)" })
        {
            Loss loss = Catalog.Default.Loss(name);
            LossKernel<float> kernel = loss.Fuses(Activations.Softmax)
                ? loss.BindFused(kernels, Activations.Softmax) : loss.Bind(kernels);
            ActivationKernel<float> softmax = Activations.Softmax.Bind(kernels);
            foreach (int columns in new[] { 1, 2, 3, 10, 16, 31, 32, 33, 70 })
            {
                foreach (int rows in new[] { 1, 2, 15, 16, 17, 40 })
                {
                    using GuardedMatrix<float> z = new(rows, columns, 0, 1), t = new(rows, columns, 0, 2);
                    using GuardedMatrix<float> weights = new(1, rows, 0, 3);
                    using GuardedMatrix<float> gradient = new(rows, columns, 0), gradient2 = new(rows, columns, 0, 5);
                    using GuardedMatrix<float> y = new(rows, columns, 0), y2 = new(rows, columns, 0, 6);
                    using GuardedMatrix<float> given = new(rows, columns, 0, 7);
                    double[] losses = new double[rows], losses2 = new double[rows];
                    fixed (double* all = losses, single = losses2)
                    {
                        kernel.Evaluate(z.Start, t.Start, weights.Start, all, gradient.Start, rows, columns,
                            given.Start);
                        softmax.Forward(z.Start, y.Start, rows, columns);
                        for (int row = 0; row < rows; row++)
                        {
                            int at = row * columns;
                            kernel.Evaluate(z.Start + at, t.Start + at, weights.Start + row, single + row,
                                gradient2.Start + at, 1, columns);
                            softmax.Forward(z.Start + at, y2.Start + at, 1, columns);
                        }
                    }
                    Assert.Equal(losses2, losses);
                    gradient.AssertSame(gradient2, $"{name}, gradient {rows}×{columns}");
                    y.AssertSame(y2, $"softmax {rows}×{columns}");
                    if (kernel.GivesOutputs) given.AssertSame(y, $"{name}, outputs {rows}×{columns}");
                }
            }
        }
    }

    /// <summary>e⁻⁶⁰ is 9·10⁻²⁷, e⁻⁷⁵ is 3·10⁻³³: the first is handed back, the second would leave the normal range in
    /// the products of the way back. By lanes (3 columns) and along a row (40), for softmax and for single
    /// outputs.</summary>
    [Theory, MemberData(nameof(Combinations))]
    public void ASlopeFarBelowWhatCanMatterIsZero(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        foreach (int columns in new[] { 3, 40 })
        {
            float[] z = new float[columns], t = new float[columns], slopes = new float[columns];
            (z[1], z[2], t[0]) = (-60, -75, 1);
            for (int i = 3; i < columns; i++) z[i] = -75;
            double loss;
            fixed (float* scores = z, targets = t, gradient = slopes)
                Losses.CrossEntropy.BindFused(kernels, Activations.Softmax)
                    .Evaluate(scores, targets, null, &loss, gradient, 1, columns);
            Assert.InRange(slopes[1], 8.7e-27, 8.8e-27);
            Assert.All(slopes[2..], s => Assert.Equal(0, s));

            float[] outputs = new float[columns], wanted = new float[columns];
            (outputs[1], outputs[2]) = (1e-27f, 1e-33f);
            fixed (float* y = outputs, targets = wanted, gradient = slopes)
                Losses.Euclidean.Bind(kernels).Evaluate(y, targets, null, &loss, gradient, 1, columns);
            Assert.InRange(slopes[1], 0.9e-27, 1.1e-27);
            Assert.Equal(0, slopes[2]);
        }
    }

    /// <summary>The two ways of a soft-max, on the widths where one gives way to the other.</summary>
    [Theory, MemberData(nameof(Widths))]
    public void OneRowPerLaneHasTheBitsOfARowByItself(SimdWidth width)
    {
        switch (width)
        {
            case SimdWidth.Scalar: Lanes<Scalar<float, Portable>, float>(); break;
            case SimdWidth.Bits128:
                Lanes<Simd128<float, Portable>,
                System.Runtime.Intrinsics.Vector128<float>>(); break;
            case SimdWidth.Bits256:
                Lanes<Simd256<float, Portable>,
                System.Runtime.Intrinsics.Vector256<float>>(); break;
            default: Lanes<Simd512<float, Portable>, System.Runtime.Intrinsics.Vector512<float>>(); break;
        }
    }

    private static void Lanes<S, V>() where S : struct, ISimd<V, float> where V : struct
    {
        float[] specials = [0f, -0f, 3f, -3f, 90f, -120f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
            1e-30f];
        Random random = new(1);
        for (int columns = 1; columns <= SoftmaxKernel<S, V, float>.MostAcross; columns++)
        {
            int rows = S.Count;
            using GuardedMatrix<float> z = new(rows, columns, 0), y = new(rows, columns, 0), y2 = new(rows, columns, 0);
            using GuardedMatrix<float> turned = new(columns, rows, 0), shares = new(columns, rows, 0);
            for (int i = 0; i < rows * columns; i++)
            {
                if (random.Next(4) == 0) { z.Start[i] = specials[random.Next(specials.Length)]; }
            }
            SoftmaxKernel<S, V, float>.Turn(z.Start, turned.Start, rows, columns);
            (V max, V sum) = SoftmaxKernel<S, V, float>.Lanes(turned.Start, shares.Start, columns);
            SoftmaxKernel<S, V, float>.TurnBack(shares.Start, y.Start, rows, columns);
            for (int row = 0; row < rows; row++)
            {
                (float max1, float sum1) =
                    SoftmaxKernel<S, V, float>.Row(z.Start + (row * columns), y2.Start + (row * columns), columns);
                Assert.Equal(max1, S.Get(max, row));
                Assert.Equal(sum1, S.Get(sum, row));
                Assert.Equal(y2[row].ToArray(), y[row].ToArray());
            }
            y.AssertGuards("softmax");
        }
    }
}
