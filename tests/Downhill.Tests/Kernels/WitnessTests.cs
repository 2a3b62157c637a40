using System.Numerics;
using System.Runtime.Intrinsics;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class WitnessTests
{
    [Fact]
    public void EveryOperationHasTheBitsOfTheScalarOneInEveryLane()
    {
        Compare<float, Portable>();
        Compare<float, Fused>();
        Compare<double, Portable>();
        Compare<double, Fused>();
    }

    [Fact]
    public void MinAndMaxPassNaNAndTakeTheSecondOfEquals()
    {
        Check<Scalar<float, Portable>, float>();
        Check<Simd128<float, Portable>, Vector128<float>>();
        if (Vector256.IsHardwareAccelerated) { Check<Simd256<float, Portable>, Vector256<float>>(); }
        if (Vector512.IsHardwareAccelerated) { Check<Simd512<float, Portable>, Vector512<float>>(); }

        static void Check<S, V>() where S : struct, ISimd<V, float> where V : struct
        {
            V negative = S.Set(-0.0), positive = S.Set(0.0), nan = S.Set(float.NaN), one = S.Set(1f);
            Assert.False(float.IsNegative(S.Get(S.Max(negative, positive), 0)));
            Assert.True(float.IsNegative(S.Get(S.Max(positive, negative), 0)));
            Assert.False(float.IsNegative(S.Get(S.Min(negative, positive), 0)));
            Assert.True(float.IsNegative(S.Get(S.Min(positive, negative), 0)));
            foreach (V value in new[] { S.Max(nan, one), S.Max(one, nan), S.Min(nan, one), S.Min(one, nan) })
            {
                Assert.True(float.IsNaN(S.Get(value, 0)));
            }
        }
    }

    [Fact]
    public void PowersExponentsAndMantissasAreExact()
    {
        for (int n = -126; n <= 127; n++)
        {
            float power = MathF.ScaleB(1f, n);
            Assert.Equal(power, Scalar<float, Portable>.PowerOfTwo(n));
            Assert.Equal(n, Scalar<float, Portable>.Exponent(power * 1.75f));
            Assert.Equal(1.75f, Scalar<float, Portable>.Mantissa(power * 1.75f));
        }
        for (int n = -1022; n <= 1023; n++)
        {
            double power = Math.ScaleB(1.0, n);
            Assert.Equal(power, Scalar<double, Portable>.PowerOfTwo(n));
            Assert.Equal(n, Scalar<double, Portable>.Exponent(power * 1.75));
            Assert.Equal(1.75, Scalar<double, Portable>.Mantissa(power * 1.75));
        }
    }

    [Fact]
    public void TheFirstLanesAreLoadedAndStoredAndNoOthersAndZeroIsZeroInAllLanes()
    {
        Check<Scalar<float, Portable>, float, float>();
        Check<Simd128<float, Portable>, Vector128<float>, float>();
        Check<Simd128<double, Portable>, Vector128<double>, double>();
        if (Vector256.IsHardwareAccelerated)
        {
            Check<Simd256<float, Portable>, Vector256<float>, float>();
            Check<Simd256<double, Portable>, Vector256<double>, double>();
        }
        if (Vector512.IsHardwareAccelerated)
        {
            Check<Simd512<float, Portable>, Vector512<float>, float>();
            Check<Simd512<double, Portable>, Vector512<double>, double>();
        }

        static void Check<S, V, T>()
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            for (int count = 0; count <= S.Count; count++)
            {
                using GuardedMatrix<T> source = new(1, count, 0);
                using GuardedMatrix<T> target = new(1, count, 0, 9);
                V value = S.LoadFirst(source.Start, count);
                for (int lane = 0; lane < S.Count; lane++)
                {
                    Assert.Equal(lane < count ? source[0][lane] : T.Zero, S.Get(value, lane));
                }
                S.StoreFirst(target.Start, S.Add(value, S.Set(0.0)), count);
                target.AssertSame(source, $"{count} lanes");
            }
            T* lanes = stackalloc T[S.Count];
            for (int lane = 0; lane < S.Count; lane++) lanes[lane] = lane % 2 == 0 ? T.Zero : T.NegativeZero;
            Assert.True(S.IsZero(S.Load(lanes)));
            for (int lane = 0; lane < S.Count; lane++)
                foreach (T other in (T[])[T.Epsilon, T.One, T.NaN, T.NegativeInfinity])
                {
                    T before = lanes[lane];
                    lanes[lane] = other;
                    Assert.False(S.IsZero(S.Load(lanes)), $"{other} in lane {lane}");
                    lanes[lane] = before;
                }
        }
    }

    [Fact]
    public void ATransposedCopyMovesEveryElement()
    {
        for (int rows = 0; rows <= 35; rows++)
        {
            for (int columns = 0; columns <= 35; columns += 1)
            {
                Check<float>(rows, columns);
                if ((rows + columns) % 3 == 0) { Check<double>(rows, columns); }
            }
        }

        static void Check<T>(int rows, int columns) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            using GuardedMatrix<T> source = new(rows, columns);
            using GuardedMatrix<T> target = new(columns, rows, 1);
            using GuardedMatrix<T> expected = new(columns, rows, 1);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++) { expected[j][i] = source[i][j]; }
            }
            Transpose<T>.Copy(source.Start, source.Stride, target.Start, target.Stride, rows, columns);
            target.AssertSame(expected, $"{rows}×{columns}");
        }
    }

    private static void Compare<T, A>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where A : struct, IArithmetic
    {
        Compare<Simd128<T, A>, Vector128<T>, T, A>();
        if (Vector256.IsHardwareAccelerated) { Compare<Simd256<T, A>, Vector256<T>, T, A>(); }
        if (Vector512.IsHardwareAccelerated) { Compare<Simd512<T, A>, Vector512<T>, T, A>(); }
    }

    private static void Compare<S, V, T, A>()
        where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where A : struct, IArithmetic
    {
        T[] values =
        [
            .. new[]
            {
                0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, -0.3, 1e-30, 1e30, 7.25, double.PositiveInfinity,
                double.NegativeInfinity, double.NaN, 1.0 / 3,
            }.Select(T.CreateTruncating),
        ];
        for (int i = 0; i < values.Length; i++)
        {
            for (int j = 0; j < values.Length; j++)
            {
                T x = values[i], y = values[j], z = values[(i + (3 * j)) % values.Length];
                V a = S.Set(x), b = S.Set(y), c = S.Set(z);
                Same(Scalar<T, A>.Add(x, y), S.Add(a, b));
                Same(Scalar<T, A>.Sub(x, y), S.Sub(a, b));
                Same(Scalar<T, A>.Mul(x, y), S.Mul(a, b));
                Same(Scalar<T, A>.Div(x, y), S.Div(a, b));
                Same(Scalar<T, A>.Min(x, y), S.Min(a, b));
                Same(Scalar<T, A>.Max(x, y), S.Max(a, b));
                Same(Scalar<T, A>.MulAdd(x, y, z), S.MulAdd(a, b, c));
                Same(S.MulAddScalar(x, y, z), S.MulAdd(a, b, c));
                Same(Scalar<T, A>.CopySign(x, y), S.CopySign(a, b));
                Same(Scalar<T, A>.And(x, y), S.And(a, b));
                Same(Scalar<T, A>.Or(x, y), S.Or(a, b));
                Same(Scalar<T, A>.Xor(x, y), S.Xor(a, b));
                Same(x < y ? z : x, S.Select(S.Less(a, b), c, a));
                Same(x <= y ? z : x, S.Select(S.LessOrEqual(a, b), c, a));
                Same(x == y ? z : x, S.Select(S.Equal(a, b), c, a));
            }
            V v = S.Set(values[i]);
            Same(Scalar<T, A>.Neg(values[i]), S.Neg(v));
            Same(Scalar<T, A>.Abs(values[i]), S.Abs(v));
            Same(Scalar<T, A>.Sqrt(values[i]), S.Sqrt(v));
            Same(Scalar<T, A>.Round(values[i]), S.Round(v));
        }

        static void Same(T expected, V actual)
        {
            for (int lane = 0; lane < S.Count; lane++)
            {
                T value = S.Get(actual, lane);
                bool same = T.IsNaN(expected)
                    ? T.IsNaN(value)
                    : value == expected && T.IsNegative(value) == T.IsNegative(expected);
                Assert.True(same, $"lane {lane} of {S.Count}: {value}, not {expected}");
            }
        }
    }
}
