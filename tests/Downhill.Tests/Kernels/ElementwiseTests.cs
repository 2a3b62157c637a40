using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class ElementwiseTests
{
    public static TheoryData<SimdWidth, Arithmetic> Combinations => Every.WidthAndArithmetic();

    [Theory, MemberData(nameof(Combinations))]
    public void LoopsHaveTheBitsOfScalarCodeAtEveryLength(SimdWidth width, Arithmetic arithmetic)
    {
        for (int length = 0; length <= 70; length++)
        {
            Check(Kernels<float>.For(arithmetic, width), Kernels<float>.For(arithmetic, SimdWidth.Scalar), length);
            Check(Kernels<double>.For(arithmetic, width), Kernels<double>.For(arithmetic, SimdWidth.Scalar), length);
        }
    }

    [Theory, MemberData(nameof(Combinations))]
    public void ASumRunsOverSixteenLanesAndThenATree(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        using GuardedMatrix<float> x = new(1, 53);
        using GuardedMatrix<float> y = new(1, 53, seed: 5);
        float[] lanes = new float[16];
        for (int i = 0; i < 53; i++)
        {
            lanes[i % 16] = kernels.IsFused
                ? MathF.FusedMultiplyAdd(x[0][i], y[0][i], lanes[i % 16])
                : (x[0][i] * y[0][i]) + lanes[i % 16];
        }
        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++) { lanes[i] += lanes[i + half]; }
        }
        Assert.Equal(lanes[0], kernels.Dot(x.Start, y.Start, 53));
    }

    [Theory, MemberData(nameof(Combinations))]
    public void OneNonFiniteElementIsFoundWhereverItLies(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        using GuardedMatrix<float> x = new(1, 37);
        Assert.True(kernels.AllFinite(x.Start, 37));
        Assert.True(kernels.AllFinite(x.Start, 0));
        for (int i = 0; i < 37; i++)
        {
            float kept = x[0][i];
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                x[0][i] = bad;
                Assert.False(kernels.AllFinite(x.Start, 37));
                float max = kernels.MaxAbs(x.Start, 37);
                Assert.True(float.IsNaN(bad) ? float.IsNaN(max) : max == float.PositiveInfinity);
            }
            x[0][i] = -7f;
            Assert.Equal(7f, kernels.MaxAbs(x.Start, 37));
            x[0][i] = float.MaxValue;
            Assert.True(kernels.AllFinite(x.Start, 37));
            x[0][i] = kept;
        }
        Assert.Equal(0f, kernels.MaxAbs(x.Start, 0));
    }

    private static void Check<T>(Kernels<T> kernels, Kernels<T> scalar, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T factor = T.CreateTruncating(0.3);
        using GuardedMatrix<T> x = new(1, length, seed: 1);
        using GuardedMatrix<T> a = new(1, length, seed: 2);
        using GuardedMatrix<T> b = new(1, length, seed: 2);
        void Same(string what) => a.AssertSame(b, $"{what}, {length} elements");

        Assert.Equal(scalar.Dot(x.Start, b.Start, length), kernels.Dot(x.Start, a.Start, length));
        Assert.Equal(scalar.SumOfSquares(x.Start, length), kernels.SumOfSquares(x.Start, length));
        Assert.Equal(scalar.MaxAbs(x.Start, length), kernels.MaxAbs(x.Start, length));
        kernels.Axpy(a.Start, factor, x.Start, length);
        scalar.Axpy(b.Start, factor, x.Start, length);
        Same("axpy");
        kernels.Scale(a.Start, factor, length);
        scalar.Scale(b.Start, factor, length);
        Same("scale");
        kernels.Add(a.Start, x.Start, length);
        scalar.Add(b.Start, x.Start, length);
        Same("add");
        kernels.Multiply(a.Start, x.Start, length);
        scalar.Multiply(b.Start, x.Start, length);
        Same("multiply");
        kernels.Fill(a.Start, factor, length);
        scalar.Fill(b.Start, factor, length);
        Same("fill");
        x.AssertGuards("input");
    }
}
