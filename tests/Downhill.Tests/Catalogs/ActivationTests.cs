using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Tests.Catalogs;

/// <summary>
/// Each activation's value and slope against formulas in double written here, at the ends of the number line and over
/// all floats.
/// </summary>
public sealed unsafe class ActivationTests
{
    private const double Inf = double.PositiveInfinity;

    /// <summary>
    /// φ and φ′ by themselves, their limits at −∞ and ∞, and the largest error in float over all finite v, in units of
    /// the last place of max(|φ|, 1) and max(|φ′|, 1).
    /// </summary>
    private sealed record Reference(
        string Text, Func<double, double> Value, Func<double, double> Slope, double AtLow, double AtHigh,
            double SlopeAtLow, double SlopeAtHigh,
        double Ulps, double SlopeUlps);

    private static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
    private static double ExpMinusOne(double v) => Math.Abs(v) < 1e-5 ? v + v * v / 2 + v * v * v / 6 : Math.Exp(v) - 1;
    private static double LogOnePlus(double x) => Math.Abs(x) < 1e-5 ? x - x * x / 2 + x * x * x / 3 : Math.Log(1 + x);
    private static double Softplus(double v) => Math.Max(v, 0) + LogOnePlus(Math.Exp(-Math.Abs(v)));
    private static double Phi(double v) => 0.5 * (1 + PortableMath.Erf(v / Math.Sqrt(2)));
    private static double Bell(double v) => Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI);
    private static double GeluField(double v) => Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v);
    private static double OneMinusSquare(double tanh) => (1 - tanh) * (1 + tanh);

    private static readonly Reference[] References =
    [
        new("identity", v => v, v => 1, -Inf, Inf, 1, 1, 0, 0),
        new("sigmoid", Sigmoid, v => Sigmoid(v) * Sigmoid(-v), 0, 1, 0, 0, 2.1, 2.1),
        new("sigmoid(2,1,-0.5)", v => Sigmoid(2 * v - 1) - 0.5, v => 2 * Sigmoid(2 * v - 1) * Sigmoid(1 - 2 * v), -0.5,
            0.5, 0, 0, 2.1, 2.1),
        new("tanh", Math.Tanh, v => OneMinusSquare(Math.Tanh(v)), -1, 1, 0, 0, 2.1, 2.1),
        new("relu", v => Math.Max(v, 0), v => v > 0 ? 1 : 0, 0, Inf, 0, 1, 0, 0),
        new("leaky_relu", v => v > 0 ? v : 0.01 * v, v => v > 0 ? 1 : 0.01, -Inf, Inf, 0.01, 1, 2.1, 1),
        new("leaky_relu(0.3)", v => v > 0 ? v : 0.3 * v, v => v > 0 ? 1 : 0.3, -Inf, Inf, 0.3, 1, 2.1, 1),
        new("elu", v => v > 0 ? v : ExpMinusOne(v), v => v > 0 ? 1 : Math.Exp(v), -1, Inf, 0, 1, 2.1, 2.1),
        new("elu(0.4)", v => v > 0 ? v : 0.4 * ExpMinusOne(v), v => v > 0 ? 1 : 0.4 * Math.Exp(v), -0.4, Inf, 0, 1, 2.1,
            2.1),
        new("selu", v => 1.0507009873554804934193349852946 * (v > 0 ? v
            : 1.6732632423543772848170429916717 * ExpMinusOne(v)),
            v => 1.0507009873554804934193349852946 * (v > 0 ? 1 : 1.6732632423543772848170429916717 * Math.Exp(v)),
            -1.7580993408473768599402175208123, Inf, 0, 1.0507009873554804934193349852946, 2.1, 2.1),
        new("gelu", v => v * Phi(v), v => Phi(v) + v * Bell(v), 0, Inf, 0, 1, 2.1, 2.1),
        new("gelu_tanh", v => v * Sigmoid(2 * GeluField(v)),
            v => Sigmoid(2 * GeluField(v))
                + v * Sigmoid(2 * GeluField(v)) * Sigmoid(-2 * GeluField(v)) * 2 * Math.Sqrt(2 / Math.PI) * (1
                    + 3 * 0.044715 * v * v),
            0, Inf, 0, 1, 2.1, 2.1),
        new("silu", v => v * Sigmoid(v), v => Sigmoid(v) * (1 + v * Sigmoid(-v)), 0, Inf, 0, 1, 2.1, 2.1),
        new("mish", v => v * Math.Tanh(Softplus(v)), v => Math.Tanh(Softplus(v))
            + v * OneMinusSquare(Math.Tanh(Softplus(v))) * Sigmoid(v), 0, Inf, 0, 1, 2.1, 2.1),
        new("softplus", Softplus, Sigmoid, 0, Inf, 0, 1, 2.1, 2.1),
        new("softsign", v => v / (1 + Math.Abs(v)), v => 1 / ((1 + Math.Abs(v)) * (1 + Math.Abs(v))), -1, 1, 0, 0, 2.1,
            2.1),
        new("lecun_tanh", v => 1.7159 * Math.Tanh(2.0 / 3 * v), v =>
            1.7159 * 2 / 3 * OneMinusSquare(Math.Tanh(2.0 / 3 * v)), -1.7159, 1.7159, 0, 0, 2.1, 2.1),
        new("hard_sigmoid", v => Math.Clamp(v / 6 + 0.5, 0, 1), v => Math.Abs(v) < 3 ? 1.0 / 6 : 0, 0, 1, 0, 0, 1, 1),
        new("hard_sigmoid(0.5)", v => Math.Clamp(0.5 * v + 0.5, 0, 1), v => Math.Abs(v) < 1 ? 0.5 : 0, 0, 1, 0, 0, 1,
            1),
        new("hard_tanh", v => Math.Clamp(v, -1, 1), v => Math.Abs(v) < 1 ? 1 : 0, -1, 1, 0, 0, 0, 0),
        new("sin", Math.Sin, Math.Cos, double.NaN, double.NaN, double.NaN, double.NaN, 1, 1),
        new("gaussian", v => Bell(v), v => -v * Bell(v), 0, 0, 0, 0, 2.1, 2.1),
        new("gaussian(-0.5,0.7)", v => Bell((v + 0.5) / 0.7) / 0.7, v =>
            -(v + 0.5) / 0.49 * Bell((v + 0.5) / 0.7) / 0.7, 0, 0, 0, 0, 2.1, 2.1),
        new("ramp", v => Math.Clamp((v + 1) / 2, 0, 1), v => Math.Abs(v) < 1 ? 0.5 : 0, 0, 1, 0, 0, 1, 1),
        new("ramp(2,-1,-0.5,3)", v => v < -0.5 ? 2 : v > 3 ? -1 : 2 + (v + 0.5) * -3 / 3.5, v => v is > -0.5 and < 3
            ? -3 / 3.5 : 0, 2, -1, 0, 0, 2.1, 1),
        new("step", v => v < 0 ? 0 : 1, v => 0, 0, 1, 0, 0, 0, 0),
        new("step(-1,2,0.5,1)", v => v < 0.5 ? -1 : 2, v => Math.Abs(v - 0.5) < 1 ? 1.5 : 0, -1, 2, 0, 0, 0, 0),
        new("sign", v => v < 0 ? -1 : 1, v => 0, -1, 1, 0, 0, 0, 0),
        new("sign(1)", v => v < 0 ? -1 : 1, v => Math.Abs(v) < 1 ? 1 : 0, -1, 1, 0, 0, 0, 0),
    ];

    public static TheoryData<string> Names => [.. References.Select(r => r.Text)];

    private static Reference Named(string text) => References.Single(r => r.Text == text);

    /// <summary>φ and φ′ of each v through the kernels.</summary>
    private static (T[] Value, T[] Slope) Apply<T>(Activation activation, T[] v,
        Arithmetic arithmetic = Arithmetic.Fast, SimdWidth? width = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ActivationKernel<T> kernel = activation.Bind(Kernels<T>.For(arithmetic, width));
        T[] y = new T[v.Length], slope = new T[v.Length];
        Array.Fill(slope, T.One);
        fixed (T* from = v, to = y, gradient = slope)
        {
            kernel.Forward(from, to, 1, v.Length);
            kernel.Backward(from, to, gradient, 1, v.Length);
        }
        return (y, slope);
    }

    [Fact]
    public void Every_activation_that_acts_on_units_has_a_reference() =>
        Assert.Equal(Activations.All.Where(e => e.Default.IsElementwise).Select(e => e.Name).Order(),
            References.Select(r => r.Text.Split('(')[0]).Distinct().Order());

    private static readonly double[] Specials = [.. ((double[])[0, 1e-20, 1, 20, 50, 90, 1e4]).SelectMany(x =>
        (double[])[x, -x])];

    [Theory, MemberData(nameof(Names))]
    public void Special_values_are_right_in_both_formats_and_arithmetics(string text)
    {
        foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
        {
            Check<float>(Named(text), arithmetic, MathF.BitIncrement(1f) - 1);
            Check<double>(Named(text), arithmetic, Math.BitIncrement(1.0) - 1);
        }
    }

    private static void Check<T>(Reference reference, Arithmetic arithmetic, double unit)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Activation activation = Catalog.Default.Activation(reference.Text);
        T[] v = [.. Specials.Select(T.CreateTruncating)];
        (T[] y, T[] slope) = Apply(activation, v, arithmetic);
        for (int i = 0; i < v.Length; i++)
        {
            double at = double.CreateTruncating(v[i]);
            Close(reference.Value(at), y[i], $"φ({at:R})");
            // The slopes at kinks are pinned elsewhere; no kink of these lies at another special value but 0 and ±1.
            if (Math.Abs(at) is 0 or 1 && !IsSmooth(reference, at)) continue;
            Close(reference.Slope(at), slope[i], $"φ′({at:R})");
        }
        (y, slope) = Apply(activation, [T.NegativeInfinity, T.PositiveInfinity, T.NaN], arithmetic);
        (double, T, string)[] limits =
        [
            (reference.AtLow, y[0], "φ(−∞)"), (reference.AtHigh, y[1], "φ(∞)"),
            (reference.SlopeAtLow, slope[0], "φ′(−∞)"), (reference.SlopeAtHigh, slope[1], "φ′(∞)"),
        ];
        foreach ((double expected, T actual, string what) in limits) Close(expected, actual, what);
        Assert.True(T.IsNaN(y[2]), $"{reference.Text}: φ(NaN) is {y[2]}");
        Assert.False(T.IsInfinity(slope[2]));

        void Close(double expected, T actual, string what)
        {
            double got = double.CreateTruncating(actual);
            bool isClose = double.IsFinite(expected)
                ? Math.Abs(got - expected) <= 8 * unit * Math.Max(Math.Abs(expected), what.Contains("E-20") ? 0 : 1)
                : expected.Equals(got);
            Assert.True(isClose,
                $"{reference.Text} {typeof(T).Name} {arithmetic}: {what} is {got:R}, not {expected:R}");
        }
    }

    private static bool IsSmooth(Reference reference, double at) =>
        Math.Abs(reference.Slope(at - 1e-9) - reference.Slope(at + 1e-9)) < 1e-6;

    [Theory, MemberData(nameof(Names))]
    public void Errors_over_all_floats_stay_below_their_bounds(string text)
    {
        Reference reference = Named(text);
        Activation activation = Catalog.Default.Activation(text);
        List<float> sample = [];
        for (uint bits = 0; bits < uint.MaxValue - 70_000; bits += 65_521)
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            if (float.IsFinite(x) && (text != "sin" || Math.Abs(x) <= 1e5)) sample.Add(x);
        }
        for (float x = -12; x < 12; x += 0.00193f) sample.Add(x);
        float[] v = [.. sample];
        foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
        {
            (float[] y, float[] slope) = Apply(activation, v, arithmetic);
            double worst = 0, worstSlope = 0, at = 0, slopeAt = 0;
            for (int i = 0; i < v.Length; i++)
            {
                double error = Units(y[i], reference.Value(v[i])), slopeError = Units(slope[i], reference.Slope(v[i]));
                if (!(error <= worst)) (worst, at) = (error, v[i]);
                if (!(slopeError <= worstSlope)) (worstSlope, slopeAt) = (slopeError, v[i]);
            }
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{text} {arithmetic}: {worst:F2} at {at:R}, slope {worstSlope:F2} at {slopeAt:R}");
            Assert.True(worst <= reference.Ulps, $"{text} {arithmetic}: {worst} ulp at {at:R}");
            Assert.True(worstSlope <= reference.SlopeUlps,
                $"{text} {arithmetic}: slope {worstSlope} ulp at {slopeAt:R}");
        }

        // In units of the last place of the expected number or of 1, whichever is larger: 2⁻²³ at 1.
        static double Units(float actual, double expected)
        {
            if (Math.Abs(expected) > float.MaxValue) return float.IsInfinity(actual) || Math.Abs(actual) > 3e38 ? 0
                : Inf;
            float size = Math.Max(1, (float)Math.Abs(expected));
            double unit = size > 3e38 ? size * 1.2e-7 : (double)MathF.BitIncrement(size) - size;
            return Math.Abs(actual - expected) / unit;
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void The_bits_are_the_same_at_every_width_and_values_stay_in_range(string text)
    {
        Activation activation = Catalog.Default.Activation(text);
        Random random = new(3);
        float[] singles = [.. Enumerable.Range(0, 3001).Select(i => i % 3 == 0
            ? BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))
            : (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4))))];
        double[] doubles = [.. Enumerable.Range(0, 3001).Select(i => i % 3 == 0
            ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))
            : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4)))];
        Same(singles);
        Same(doubles);

        void Same<T>(T[] v) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
            {
                (T[] y, T[] slope) = Apply(activation, v, arithmetic, SimdWidth.Bits128);
                T low = T.CreateTruncating(activation.Range.Low), high = T.CreateTruncating(activation.Range.High);
                for (int i = 0; i < v.Length; i++)
                {
                    T slack = T.Abs(y[i]) * T.CreateTruncating(typeof(T) == typeof(float) ? 4e-7 : 1e-15);
                    Assert.True(T.IsNaN(v[i]) || T.IsInfinity(v[i]) || (y[i] >= low - slack && y[i] <= high + slack),
                        $"{text}({v[i]}) is {y[i]}");
                    if (low >= T.Zero && high <= T.One) Assert.False(y[i] < T.Zero
                        || y[i] > T.One); // logarithms would not forgive it
                }
                foreach (SimdWidth width in SimdWidths.Supported)
                {
                    (T[] otherY, T[] otherSlope) = Apply(activation, v, arithmetic, width);
                    bool isFused = Kernels<T>.For(arithmetic, width).IsFused == Kernels<T>.For(arithmetic,
                        SimdWidth.Bits128).IsFused;
                    if (!isFused) continue;
                    Assert.Equal(y, otherY);
                    Assert.Equal(slope, otherSlope);
                }
            }
        }
    }

    /// <summary>
    /// Parsed, printed and parsed again: the same value; each entry prints with its parameters when they are not the
    /// defaults.
    /// </summary>
    [Fact]
    public void Entries_print_as_they_are_parsed()
    {
        foreach (string text in Names.Select(row => row.Data))
        {
            Activation activation = Catalog.Default.Activation(text);
            Assert.Equal(activation, Catalog.Default.Activation(activation.ToString()));
        }
    }

    [Theory]
    [InlineData("relu", "he_normal")]
    [InlineData("leaky_relu(0.2)", "he_normal")]
    [InlineData("gelu", "he_normal")]
    [InlineData("silu", "he_normal")]
    [InlineData("selu", "lecun_normal")]
    [InlineData("tanh", "glorot_uniform")]
    [InlineData("softsign", "glorot_uniform")]
    [InlineData("softmax", "glorot_uniform")]
    public void Start_weights_follow_the_activation(string text, string initializer) =>
        Assert.Equal(initializer, Initializers.For(Catalog.Default.Activation(text)).Name);

    [Theory]
    [InlineData("ramp(0,1,2,2)", "c below d")]
    [InlineData("ramp(0,1,3,2)", "step(a,b,c)")]
    [InlineData("gaussian(0,0)", "sigma")]
    [InlineData("leaky_relu(0)", "0 is relu")]
    [InlineData("elu(-1)", "alpha")]
    [InlineData("step(straight_through=0.5)", "whole number")]
    public void Parameters_that_make_no_sense_are_refused(string text, string part) =>
        Assert.Contains(part, Assert.Throws<DownhillException>(() => Catalog.Default.Activation(text)).Message);
}
