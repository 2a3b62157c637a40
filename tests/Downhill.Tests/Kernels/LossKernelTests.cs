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
            foreach (int columns in new[] { 1, 2, 3, 10, 16, 31, 32, 33, 70, 128, 129 })
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

    /// <summary>Squared errors and right classes that the loss finds on its way are those of the outputs: the first of
    /// the largest counts.</summary>
    [Theory, MemberData(nameof(Combinations))]
    public void VerdictsAreThoseOfTheOutputs(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        Random random = new(4);
        foreach (Loss loss in new[] { Losses.CrossEntropy, Catalog.Default.Loss("cross_entropy(0.1)") })
        {
            LossKernel<float> kernel = loss.BindFused(kernels, Activations.Softmax);
            foreach (int columns in new[] { 2, 3, 10, 40, 128 })
                foreach (int rows in new[] { 1, 5, 16, 33 })
                {
                    float[] z = new float[rows * columns], t = new float[rows * columns], y = new float[rows * columns];
                    double[] losses = new double[rows], squares = new double[rows + 1], right = new double[rows + 1];
                    for (int i = 0; i < z.Length; i++) z[i] = random.Next(4); // often the same
                    for (int row = 0; row < rows; row++) t[row * columns + random.Next(columns)] = 1;
                    (squares[rows], right[rows]) = (7, 7);
                    fixed (float* scores = z, targets = t, outputs = y)
                    fixed (double* all = losses, pSquares = squares, pRight = right)
                    {
                        Verdicts verdicts = new(pSquares, pRight);
                        Assert.True(kernel.Judges(columns));
                        kernel.Evaluate(scores, targets, null, all, null, rows, columns, outputs, verdicts);
                    }
                    for (int row = 0; row < rows; row++)
                    {
                        Span<float> own = y.AsSpan(row * columns, columns), wanted = t.AsSpan(row * columns, columns);
                        double sum = 0;
                        int best = 0;
                        for (int j = 0; j < columns; j++)
                        {
                            double error = (double)own[j] - wanted[j];
                            sum += error * error;
                            if (own[j] > own[best]) best = j;
                        }
                        Assert.Equal(sum, squares[row]);
                        Assert.Equal(wanted[best], right[row]);
                    }
                    Assert.Equal((7, 7), (squares[rows], right[rows]));
                }
            Assert.False(kernel.Judges(129));
        }
    }

    /// <summary>Shares that would be subnormal, or nearly, are 0, by lanes and along a row.</summary>
    [Theory, MemberData(nameof(Combinations))]
    public void SharesThatHaveFadedAre0(SimdWidth width, Arithmetic arithmetic)
    {
        ActivationKernel<float> softmax = Activations.Softmax.Bind(Kernels<float>.For(arithmetic, width));
        foreach (int rows in new[] { 1, 20 })
        {
            float[] z = new float[3 * rows], y = new float[3 * rows];
            for (int row = 0; row < rows; row++) (z[3 * row + 1], z[3 * row + 2]) = (-68.9f, -69.1f);
            fixed (float* scores = z, outputs = y) softmax.Forward(scores, outputs, rows, 3);
            for (int row = 0; row < rows; row++)
            {
                Assert.Equal(1, y[3 * row]);
                Assert.InRange(y[3 * row + 1], 1.1e-30, 1.3e-30);
                Assert.Equal(0, y[3 * row + 2]);
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
