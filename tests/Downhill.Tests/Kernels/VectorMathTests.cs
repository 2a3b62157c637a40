using System.Numerics;
using System.Runtime.Intrinsics;
using CsCheck;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

[Trait("Width", "stated")]
public sealed unsafe class VectorMathTests
{
    private static readonly double[] _corners =
    [
        0.0, -0.0, 1.0, -1.0, 0.5, -0.5, double.Epsilon, -double.Epsilon, 1e-310, -1e-310, 2.2250738585072014e-308,
        1e-300,
        1.4e-45, -1.4e-45, 1e-40, -1e-40, 1.1754943508222875e-38, 1e-20, -1e-20, 1e-9, 0.34657, 0.35, 0.5499999, 0.55,
        0.7071067811865475, 0.7071067811865476, 1.4142135623730951, 0.9999999, 1.0000001, 3.14159274, -3.14159274, 4, 6,
        9.5, -9.5, 19.5, 40, -40, 87.3, 88.72, 88.73, 89, -87.4, -103.9, -104, 127, 709.7, 709.8, 710, -708.5, -745.1,
        -745.2, -746, 1000, -1000, 1e5, -1e5, 1e10, 1e20, -1e20, 3.4e38, 1e300, -1e300,
        double.MaxValue, double.MinValue,
        double.PositiveInfinity, double.NegativeInfinity, double.NaN,
    ];

    public static TheoryData<string> Names => [.. Functions.All.Select(f => f.Name)];

    [Theory, MemberData(nameof(Names))]
    public void TheBitsAreTheSameAtEveryWidth(string name)
    {
        Function f = Functions.Named(name);
        Random random = new(7);
        float[] singles = new float[20_000];
        double[] doubles = new double[20_000];
        for (int i = 0; i < singles.Length; i++)
        {
            // A third any bits, the rest in the range where things happen.
            singles[i] = i % 3 == 0
                ? BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))
                : (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4)));
            doubles[i] = i % 3 == 0
                ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))
                : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4));
        }
        for (int i = 0; i < _corners.Length; i++)
        {
            singles[i * 7] = (float)_corners[i];
            doubles[i * 7] = _corners[i];
        }
        foreach (bool fused in new[] { false, true })
        {
            float[] expected = f.Apply(singles, SimdWidth.Scalar, fused);
            double[] expectedDoubles = f.Apply(doubles, SimdWidth.Scalar, fused);
            foreach (SimdWidth width in SimdWidths.Supported)
            {
                float[] actual = f.Apply(singles, width, fused);
                double[] actualDoubles = f.Apply(doubles, width, fused);
                for (int i = 0; i < singles.Length; i++)
                {
                    if (!Same(expected[i], actual[i]) || !Same(expectedDoubles[i], actualDoubles[i]))
                    {
                        Assert.Fail($"{name} {width} fused {fused}: {singles[i]:R} → {actual[i]:R}, "
                            + $"not {expected[i]:R}; "
                            + $"{doubles[i]:R} → {actualDoubles[i]:R}, not {expectedDoubles[i]:R}");
                    }
                }
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void SinglePrecisionKeepsItsBound(string name)
    {
        Function f = Functions.Named(name);
        List<float> sample = [];
        for (uint bits = 0; bits < uint.MaxValue - 16400; bits += 16381)
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            if (float.IsFinite(x) && Math.Abs(x) <= f.Range) { sample.Add(x); }
        }
        for (float x = -12f; x < 12f; x += 0.00097f) { sample.Add(x); }
        float[] inputs = [.. sample];
        foreach (bool fused in new[] { false, true })
        {
            float[] outputs = f.Apply(inputs, SimdWidths.Supported[^1], fused);
            for (int i = 0; i < inputs.Length; i++)
            {
                double exact = f.Reference(inputs[i]);
                float nearest = (float)exact;
                if (float.IsNaN(nearest) || float.IsInfinity(nearest))
                {
                    Assert.True(Same(nearest, outputs[i]), $"{name}({inputs[i]:R}) is {outputs[i]}, not {nearest}");
                    continue;
                }
                double ulp = (double)MathF.BitIncrement(Math.Abs(nearest)) - Math.Abs(nearest);
                if (double.IsInfinity(ulp)) { continue; }
                double error = Math.Abs(outputs[i] - exact) / ulp;
                Assert.True(error <= f.SingleUlps, $"{name}({inputs[i]:R}) fused {fused}: {error} ulp");
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void DoublePrecisionKeepsItsBound(string name)
    {
        Function f = Functions.Named(name);
        Random random = new(11);
        List<double> sample = [];
        for (int i = 0; i < 1000; i++)
        {
            double x = f.Low + ((f.High - f.Low) * random.NextDouble());
            sample.Add(x);
            // Nearer to 0, where relative precision is hardest.
            x *= Math.Pow(2, -40 * random.NextDouble());
            if (x >= f.Low) { sample.Add(x); }
        }
        double[] inputs = [.. sample];
        foreach (bool fused in new[] { false, true })
        {
            double[] outputs = f.Apply(inputs, SimdWidths.Supported[^1], fused);
            for (int i = 0; i < inputs.Length; i++)
            {
                double error = f.Exact(inputs[i]).UlpsFrom(outputs[i]);
                Assert.True(error <= f.DoubleUlps, $"{name}({inputs[i]:R}) fused {fused}: {error} ulp");
            }
        }
    }

    [Theory]
    [InlineData("Exp", 0.0, 1.0)]
    [InlineData("Exp", double.NegativeInfinity, 0.0)]
    [InlineData("Exp", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("Exp", 1000.0, double.PositiveInfinity)]
    [InlineData("Exp", -1000.0, 0.0)]
    [InlineData("Log", 1.0, 0.0)]
    [InlineData("Log", 0.0, double.NegativeInfinity)]
    [InlineData("Log", -1.0, double.NaN)]
    [InlineData("Log", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("Log", double.NegativeInfinity, double.NaN)]
    [InlineData("Log1P", 0.0, 0.0)]
    [InlineData("Log1P", -1.0, double.NegativeInfinity)]
    [InlineData("Log1P", -2.0, double.NaN)]
    [InlineData("Log1P", 1e-30, 1e-30)]
    [InlineData("Log1P", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("Tanh", 0.0, 0.0)]
    [InlineData("Tanh", 1e-30, 1e-30)]
    [InlineData("Tanh", 1e30, 1.0)]
    [InlineData("Tanh", -1e30, -1.0)]
    [InlineData("Tanh", double.PositiveInfinity, 1.0)]
    [InlineData("Tanh", double.NegativeInfinity, -1.0)]
    [InlineData("Sigmoid", 0.0, 0.5)]
    [InlineData("Sigmoid", 1e30, 1.0)]
    [InlineData("Sigmoid", -1e30, 0.0)]
    [InlineData("Sigmoid", double.PositiveInfinity, 1.0)]
    [InlineData("Sigmoid", double.NegativeInfinity, 0.0)]
    [InlineData("Softplus", 1e30, 1e30)]
    [InlineData("Softplus", -1e30, 0.0)]
    [InlineData("Softplus", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("Softplus", double.NegativeInfinity, 0.0)]
    [InlineData("Sin", 0.0, 0.0)]
    [InlineData("Sin", 1e-30, 1e-30)]
    [InlineData("Sin", double.PositiveInfinity, double.NaN)]
    [InlineData("Cos", 0.0, 1.0)]
    [InlineData("Cos", double.NegativeInfinity, double.NaN)]
    [InlineData("Erf", 0.0, 0.0)]
    [InlineData("Erf", 1e30, 1.0)]
    [InlineData("Erf", double.NegativeInfinity, -1.0)]
    public void SpecialValuesAreThoseOfC(string name, double x, double expected)
    {
        Function f = Functions.Named(name);
        foreach (SimdWidth width in SimdWidths.Supported)
        {
            foreach (bool fused in new[] { false, true })
            {
                Assert.True(Same(expected, f.Apply([x], width, fused)[0]));
                Assert.True(Same((float)expected, f.Apply([(float)x], width, fused)[0]));
                Assert.True(double.IsNaN(f.Apply([double.NaN], width, fused)[0]));
                Assert.True(float.IsNaN(f.Apply([float.NaN], width, fused)[0]));
            }
        }
    }

    [Theory]
    [InlineData("Exp", 1.0)]
    [InlineData("Log", double.NegativeInfinity)]
    [InlineData("Log1P", -0.0)]
    [InlineData("Tanh", -0.0)]
    [InlineData("Sigmoid", 0.5)]
    [InlineData("Sin", -0.0)]
    [InlineData("Cos", 1.0)]
    [InlineData("Erf", -0.0)]
    public void MinusZeroKeepsItsSignWhereAFunctionIsOdd(string name, double expected) =>
        SpecialValuesAreThoseOfC(name, -0.0, expected);

    [Fact]
    public void BoundedFunctionsStayInTheirRangeForEveryNumber() =>
        Gen.Double.Sample(x =>
        {
            if (double.IsNaN(x)) { return; }
            foreach (bool fused in new[] { false, true })
            {
                Assert.InRange(Functions.Named("Tanh").Apply([x], SimdWidth.Scalar, fused)[0], -1.0, 1.0);
                Assert.InRange(Functions.Named("Tanh").Apply([(float)x], SimdWidth.Scalar, fused)[0], -1f, 1f);
                Assert.InRange(Functions.Named("Sigmoid").Apply([x], SimdWidth.Scalar, fused)[0], 0.0, 1.0);
                Assert.InRange(Functions.Named("Sigmoid").Apply([(float)x], SimdWidth.Scalar, fused)[0], 0f, 1f);
                Assert.InRange(Functions.Named("Erf").Apply([x], SimdWidth.Scalar, fused)[0], -1.0, 1.0);
                if (double.IsInfinity(x)) { continue; }
                Assert.InRange(Functions.Named("Sin").Apply([x], SimdWidth.Scalar, fused)[0], -1.0, 1.0);
                Assert.InRange(Functions.Named("Cos").Apply([x], SimdWidth.Scalar, fused)[0], -1.0, 1.0);
                if (float.IsInfinity((float)x)) { continue; }
                Assert.InRange(Functions.Named("Sin").Apply([(float)x], SimdWidth.Scalar, fused)[0], -1f, 1f);
                Assert.InRange(Functions.Named("Cos").Apply([(float)x], SimdWidth.Scalar, fused)[0], -1f, 1f);
            }
        });

    [Theory, MemberData(nameof(Names))]
    public void OddFunctionsAreOddToTheBit(string name)
    {
        if (name is not ("Tanh" or "Erf" or "Sin")) { return; }
        Function f = Functions.Named(name);
        Gen.Double[-50, 50].Sample(x => Assert.Equal(
            -f.Apply([x], SimdWidth.Scalar, false)[0], f.Apply([-x], SimdWidth.Scalar, false)[0]));
    }

    private static bool Same(double a, double b) =>
        double.IsNaN(a) ? double.IsNaN(b) : BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);

    private static bool Same(float a, float b) =>
        float.IsNaN(a) ? float.IsNaN(b) : BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b);
}

/// <summary>One function with its bounds and its references.</summary>
internal abstract class Function
{
    public required string Name { get; init; }

    /// <summary>Largest error allowed, in ulp: what the documentation of the function promises.</summary>
    public required double SingleUlps { get; init; }

    public required double DoubleUlps { get; init; }

    /// <summary>Where doubles are sampled.</summary>
    public required double Low { get; init; }

    public required double High { get; init; }

    /// <summary>Largest |x| of the promise in single precision.</summary>
    public double Range { get; init; } = double.PositiveInfinity;

    /// <summary>Good to double precision: to judge floats by.</summary>
    public required Func<double, double> Reference { get; init; }

    public required Func<double, Real> Exact { get; init; }

    public abstract T[] Apply<T>(T[] x, SimdWidth width, bool fused)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

internal interface IBody
{
    static abstract V Apply<S, V, T>(V x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

internal sealed unsafe class Function<F> : Function where F : struct, IBody
{
    public override T[] Apply<T>(T[] x, SimdWidth width, bool fused) => fused
        ? Apply<T, Fused>(x, width)
        : Apply<T, Portable>(x, width);

    private static T[] Apply<T, A>(T[] x, SimdWidth width)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where A : struct, IArithmetic =>
        width switch
        {
            SimdWidth.Bits128 => Map<Simd128<T, A>, Vector128<T>, T>(x),
            SimdWidth.Bits256 => Map<Simd256<T, A>, Vector256<T>, T>(x),
            SimdWidth.Bits512 => Map<Simd512<T, A>, Vector512<T>, T>(x),
            _ => Map<Scalar<T, A>, T, T>(x),
        };

    private static T[] Map<S, V, T>(T[] x)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] y = new T[x.Length];
        fixed (T* from = x, to = y)
        {
            int i = 0;
            for (; i <= x.Length - S.Count; i += S.Count) { S.Store(to + i, F.Apply<S, V, T>(S.Load(from + i))); }
            if (i < x.Length)
            {
                S.StoreFirst(to + i, F.Apply<S, V, T>(S.LoadFirst(from + i, x.Length - i)), x.Length - i);
            }
        }
        return y;
    }
}

internal static class Functions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        new Function<ExpBody>
        {
            Name = "Exp", SingleUlps = 1, DoubleUlps = 1, Low = -745, High = 709.7, Reference = Math.Exp,
            Exact = x => Real.Exp(x),
        },
        new Function<LogBody>
        {
            Name = "Log", SingleUlps = 1, DoubleUlps = 1, Low = 1e-320, High = 1e6, Reference = Math.Log,
            Exact = x => Real.Log(x),
        },
        new Function<Log1PBody>
        {
            Name = "Log1P", SingleUlps = 2, DoubleUlps = 2, Low = -0.9999, High = 100, Reference = PortableMath.Log1P,
            Exact = x => Real.Log1P(x),
        },
        new Function<TanhBody>
        {
            Name = "Tanh", SingleUlps = 2, DoubleUlps = 2, Low = -20, High = 20, Reference = Math.Tanh,
            Exact = x => Real.Tanh(x),
        },
        new Function<SigmoidBody>
        {
            Name = "Sigmoid", SingleUlps = 2.5, DoubleUlps = 2.5, Low = -744, High = 40,
            Reference = x => 1 / (1 + Math.Exp(-x)), Exact = x => Real.Sigmoid(x),
        },
        new Function<SoftplusBody>
        {
            Name = "Softplus", SingleUlps = 2, DoubleUlps = 2, Low = -744, High = 40, Reference = PortableMath.Softplus,
            Exact = x => Real.Softplus(x),
        },
        new Function<SinBody>
        {
            Name = "Sin", SingleUlps = 1, DoubleUlps = 1, Low = -1e5, High = 1e5, Range = 1e5, Reference = Math.Sin,
            Exact = x => Real.Sin(x),
        },
        new Function<CosBody>
        {
            Name = "Cos", SingleUlps = 1, DoubleUlps = 1, Low = -1e5, High = 1e5, Range = 1e5, Reference = Math.Cos,
            Exact = x => Real.Cos(x),
        },
        new Function<ErfBody>
        {
            Name = "Erf", SingleUlps = 1.5, DoubleUlps = 1.5, Low = -6, High = 6, Reference = PortableMath.Erf,
            Exact = x => Real.Erf(x),
        },
    ];

    public static Function Named(string name) => All.Single(f => f.Name == name);

    private readonly struct ExpBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Exp<S, V, T>(x);
    }

    private readonly struct LogBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Log<S, V, T>(x);
    }

    private readonly struct Log1PBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Log1P<S, V, T>(x);
    }

    private readonly struct TanhBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Tanh<S, V, T>(x);
    }

    private readonly struct SigmoidBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Sigmoid<S, V, T>(x);
    }

    private readonly struct SoftplusBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Softplus<S, V, T>(x);
    }

    private readonly struct SinBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Sin<S, V, T>(x);
    }

    private readonly struct CosBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Cos<S, V, T>(x);
    }

    private readonly struct ErfBody : IBody
    {
        public static V Apply<S, V, T>(V x)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            VectorMath.Erf<S, V, T>(x);
    }
}
