using Downhill.Graph;
using Downhill.Kernels;
using System.Numerics;

namespace Downhill;

/// <summary>What an activation's derivative is computed from, so that the forward pass knows what to keep.</summary>
public enum DerivativeFrom
{
    /// <summary>The output y = φ(v), as in φ′ = y(1−y). The induced field need not be kept.</summary>
    Output,

    /// <summary>The induced field v.</summary>
    Input,
}

/// <summary>The values an activation can give, open or closed at either end.</summary>
/// <param name="Low">Greatest lower bound.</param>
/// <param name="High">Least upper bound.</param>
/// <param name="SumsToOne">Whether the outputs of a row are probabilities that add up to 1.</param>
public readonly record struct OutputRange(double Low, double High, bool SumsToOne = false)
{
    public static OutputRange Real { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    public override string ToString() =>
        SumsToOne ? "probabilities that sum to 1"
        : this == Real ? "any real number"
        : double.IsPositiveInfinity(High) ? $"{Numbers.Text(Low)} and above"
        : $"{Numbers.Text(Low)} … {Numbers.Text(High)}";
}

/// <summary>
/// An activation that acts on each unit alone: one small immutable value with its SIMD body, its derivative and the
/// one expression that defines it. Bodies use the witness S over raw vectors V of T.
/// </summary>
public interface IActivation
{
    static abstract DerivativeFrom DerivativeFrom { get; }

    OutputRange Range { get; }

    /// <summary>
    /// Whether φ′ says where to go. False for a step, whose φ′ is 0 wherever it exists: training through it is refused.
    /// </summary>
    bool HasSlope => true;

    /// <summary>φ(v).</summary>
    V Value<S, V, T>(V v) where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>φ′, from y = φ(v) or from v, as <see cref="DerivativeFrom"/> says.</summary>
    V Derivative<S, V, T>(V vOrY) where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The definition, from which documents, exports and the tests' oracle are made.</summary>
    Expr Define(Expr v);
}

/// <summary>φ of a layer: turns induced fields [B,O] into outputs [B,O].</summary>
public abstract class Activation : CatalogItem
{
    /// <summary>What the outputs can be.</summary>
    public abstract OutputRange Range { get; }

    /// <summary>What the derivative needs.</summary>
    public abstract DerivativeFrom DerivativeFrom { get; }

    /// <summary>Whether φ′ says where to go; false for step functions, through which no gradient passes.</summary>
    public virtual bool HasSlope => true;

    /// <summary>Whether an output depends on its own induced field only (softmax does not).</summary>
    public abstract bool IsElementwise { get; }

    /// <summary>The defining expression of a [B,O] induced field.</summary>
    public abstract Expr Define(Expr v);

    internal abstract ActivationKernel<T> Bind<T>(Kernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <exception cref="DownhillException">A layer of the network has an activation without a slope.</exception>
    internal static void CheckSlopes(NetworkSpec network)
    {
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Activation? activation = network.Layers[i] switch
            {
                Dense dense => dense.Activation,
                BatchNorm norm => norm.Activation,
                _ => null,
            };
            if (activation is null or { HasSlope: true }) continue;
            string straight = activation.IndexOf("straight_through") < 0 ? ""
                : $", {activation.Name}(straight_through=1), which passes the gradient on as if it were a ramp";
            Throw.Input($"Layer {i + 1}, activation '{activation}'", "a slope that the gradient can follow",
                "a slope of 0 wherever there is one",
                $"Use a smooth activation such as sigmoid or tanh, a ramp{straight}, "
                + "or, for a single unit, the perceptron rule.");
        }
    }
}

/// <summary>An element-wise activation: everything but softmax.</summary>
internal sealed class ElementwiseActivation<A>(A value) : Activation where A : struct, IActivation
{
    public A Value => value;
    public override OutputRange Range => value.Range;
    public override DerivativeFrom DerivativeFrom => A.DerivativeFrom;
    public override bool HasSlope => value.HasSlope;
    public override bool IsElementwise => true;
    public override Expr Define(Expr v) => value.Define(v);
    internal override ActivationKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindActivation(value);
}

/// <summary>The activations that ship. Adding one: its struct, and its line in <see cref="All"/>.</summary>
public static class Activations
{
    public static Activation Identity => Find("identity");
    public static Activation Tanh => Find("tanh");
    public static Activation Relu => Find("relu");
    public static Activation Softmax => Find("softmax");

    /// <summary>The lecture's sigmoid z + 1/(1 + exp(−x·v + y)).</summary>
    public static Activation Sigmoid(double x = 1, double y = 0, double z = 0) =>
        All.First(e => e.Name == "sigmoid").Create(x, y, z);

    /// <summary>Makes a catalog entry of an element-wise activation, a user's own included.</summary>
    public static Entry<Activation> Entry<A>(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        Func<double[], A> create) where A : struct, IActivation =>
        new(name, formula, summary, source, parameters, p => new ElementwiseActivation<A>(create(p)));

    /// <summary>log(1 + exp(v)): above 0 and smooth.</summary>
    public static Activation Softplus => Find("softplus");

    /// <summary>The lecture's step: a below c, b from c on.</summary>
    public static Activation Step(double a = 0, double b = 1, double c = 0, bool straightThrough = false) =>
        All.First(e => e.Name == "step").Create(a, b, c, straightThrough ? 1 : 0);

    private static Activation Find(string name) => All.First(e => e.Name == name).Default;

    private readonly record struct IdentityActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => OutputRange.Real;
        V IActivation.Value<S, V, T>(V v) => v;
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Set(T.One);
        public Expr Define(Expr v) => v;
    }

    /// <summary>The lecture's sigmoid with slope x, shift y and offset z: φ′ = x·β(1−β) with β = φ − z.</summary>
    internal readonly record struct SigmoidActivation(double X, double Y, double Z) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(Z, Z + 1);
        V IActivation.Value<S, V, T>(V v)
        {
            V score = S.Sub(S.Mul(S.Set(X), v), S.Set(Y));
            return S.Add(S.Set(Z), VectorMath.Sigmoid<S, V, T>(score));
        }
        V IActivation.Derivative<S, V, T>(V y)
        {
            V beta = S.Sub(y, S.Set(Z));
            return S.Mul(S.Mul(S.Set(X), beta), S.Sub(S.Set(T.One), beta));
        }
        public Expr Define(Expr v) => Z + 1 / (1 + Expr.Exp(-X * v + Y));
    }

    /// <summary>φ′ = 1 − y².</summary>
    private readonly record struct TanhActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-1, 1);
        V IActivation.Value<S, V, T>(V v) =>
            VectorMath.Tanh<S, V, T>(v);
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Sub(S.Set(T.One), S.Mul(y, y));
        public Expr Define(Expr v) => Expr.Tanh(v);
    }

    /// <summary>φ′ = 1 above 0 and 0 elsewhere, at 0 included.</summary>
    private readonly record struct ReluActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(0, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v) =>
            S.Max(v, S.Set(T.Zero));
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Select(S.Less(S.Set(T.Zero), y), S.Set(T.One), S.Set(T.Zero));
        public Expr Define(Expr v) => Expr.Max(0, v);
    }

    // What follows keeps to three rules. A NaN comes through. What would be ∞·0 or ∞/∞ at the ends is computed at a
    // clamped v, beyond which the value has reached its limit in both formats. At a kink the slope is that of the flat
    // side; of leaky_relu and elu, that of the lower side. Values and slopes are within 2.1 ulp of max(|φ|, 1) and
    // max(|φ′|, 1) in float (17 million v of all sizes; of sin |v| ≤ 10⁵); a kink is found as exactly as y is rounded.

    /// <summary>
    /// a for v &lt; c, else b (the lecture leaves c itself open). φ′ is 0, or, straight through, that of the ramp from
    /// a to b over c ± 1: for −1 and 1 the slope of hard_tanh (Bengio, Léonard, Courville 2013; clipped as in Hubara et
    /// al. 2016, eq. 4).
    /// </summary>
    private readonly record struct StepActivation(double A, double B, double C, bool StraightThrough) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(Math.Min(A, B), Math.Max(A, B));
        public bool HasSlope => StraightThrough;
        V IActivation.Value<S, V, T>(V v)
        {
            V y = S.Select(S.Less(v, S.Set(C)), S.Set(A), S.Set(B));
            return S.Select(S.Equal(v, v), y, v);
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V zero = S.Set(T.Zero);
            if (!StraightThrough) return zero;
            V isNear = S.Less(S.Abs(S.Sub(v, S.Set(C))), S.Set(T.One));
            return S.Select(isNear, S.Set(0.5 * (B - A)), zero);
        }
        public Expr Define(Expr v) => Expr.Select(Expr.Less(v, C), A, B);
    }

    /// <summary>φ′ = (b−a)/(d−c) between c and d, 0 elsewhere, at c and d included.</summary>
    private readonly record struct RampActivation : IActivation
    {
        private readonly double a, b, c, d, slope;

        public RampActivation(double a, double b, double c, double d)
        {
            if (!(c < d)) Throw.Input("Activation 'ramp'", "c below d", $"c={Numbers.Text(c)}, d={Numbers.Text(d)}",
                "For c = d use step(a,b,c).");
            (this.a, this.b, this.c, this.d) = (a, b, c, d);
            slope = (b - a) / (d - c);
        }

        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(Math.Min(a, b), Math.Max(a, b));
        V IActivation.Value<S, V, T>(V v)
        {
            V start = S.Set(c), end = S.Set(d);
            V within = S.Min(S.Max(v, start), end);
            V y = S.Add(S.Set(a), S.Mul(S.Sub(within, start), S.Set(slope)));
            // Rounding may carry y past its ends, which a loss would not forgive.
            y = S.Min(S.Max(y, S.Set(Range.Low)), S.Set(Range.High));
            return S.Select(S.LessOrEqual(end, v), S.Set(b), y);
        }
        V IActivation.Derivative<S, V, T>(V v) =>
            S.Select(S.And(S.Less(S.Set(c), v), S.Less(v, S.Set(d))), S.Set(slope), S.Set(T.Zero));
        public Expr Define(Expr v) =>
            Expr.Select(Expr.LessOrEqual(v, c), a, Expr.Select(Expr.LessOrEqual(d, v), b, a + (v - c) * slope));
    }

    /// <summary>The normal density: φ′ = −(v−μ)/σ²·φ.</summary>
    private readonly record struct GaussianActivation(double Mean, double Deviation) : IActivation
    {
        private const double RootTwoPi = 2.5066282746310002;
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        private double Top => 1 / (RootTwoPi * Deviation);
        public OutputRange Range => new(0, Top);
        V IActivation.Value<S, V, T>(V v)
        {
            V u = Distance<S, V, T>(v);
            return S.Mul(S.Set(Top), VectorMath.Exp<S, V, T>(S.Mul(S.Set(-0.5), S.Mul(u, u))));
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V u = Distance<S, V, T>(v);
            V bell = VectorMath.Exp<S, V, T>(S.Mul(S.Set(-0.5), S.Mul(u, u)));
            return S.Mul(S.Set(-Top / Deviation), S.Mul(u, bell));
        }
        private V Distance<S, V, T>(V v)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Clamp<S, V, T>(S.Div(S.Sub(v, S.Set(Mean)), S.Set(Deviation)), 40); // exp(−½·40²) is 0
        public Expr Define(Expr v) => Expr.Exp(-0.5 * Expr.Square((v - Mean) / Deviation)) / (RootTwoPi * Deviation);
    }

    /// <summary>φ′ = ⅔·(1.7159 − y²/1.7159): φ(±1) ≈ ±1, where the slope's own slope is largest.</summary>
    private readonly record struct LeCunTanhActivation : IActivation
    {
        private const double Height = 1.7159, Stretch = 2.0 / 3;
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-Height, Height);
        V IActivation.Value<S, V, T>(V v) =>
            S.Mul(S.Set(Height), VectorMath.Tanh<S, V, T>(S.Mul(S.Set(Stretch), v)));
        V IActivation.Derivative<S, V, T>(V y)
        {
            V tanh = S.Mul(y, S.Set(1 / Height));
            return S.Max(S.Mul(S.Set(Height * Stretch), S.Sub(S.Set(T.One), S.Mul(tanh, tanh))), S.Set(T.Zero));
        }
        public Expr Define(Expr v) => Height * Expr.Tanh(Stretch * v);
    }

    /// <summary>φ′ = 1 above 0, else the slope.</summary>
    private readonly record struct LeakyReluActivation(double Slope) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => OutputRange.Real;
        V IActivation.Value<S, V, T>(V v) =>
            S.Select(S.LessOrEqual(v, S.Set(T.Zero)), S.Mul(S.Set(Slope), v), v);
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Select(S.LessOrEqual(y, S.Set(T.Zero)), S.Set(Slope), S.Set(T.One));
        public Expr Define(Expr v) => Expr.Select(Expr.LessOrEqual(v, 0), Slope * v, v);
    }

    /// <summary>
    /// factor·v above 0, else factor·α·(exp(v) − 1), with φ′ = y + factor·α there: elu, and with its two numbers selu.
    /// </summary>
    private readonly record struct EluActivation(double Alpha, double Factor) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-Factor * Alpha, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v)
        {
            // exp(v) − 1 = 2t/(1 − t), t = tanh(v/2): nothing cancels where v is small, and v ≤ 0 keeps 1 − t above 1.
            V zero = S.Set(T.Zero), one = S.Set(T.One);
            V t = VectorMath.Tanh<S, V, T>(S.Mul(S.Set(0.5), S.Min(v, zero)));
            V below = S.Mul(S.Set(Factor * Alpha), S.Div(S.Add(t, t), S.Sub(one, t)));
            return S.Select(S.LessOrEqual(v, zero), below, S.Mul(S.Set(Factor), v));
        }
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Select(S.LessOrEqual(y, S.Set(T.Zero)), S.Max(S.Add(y, S.Set(Factor * Alpha)), S.Set(T.Zero)),
                S.Set(Factor));
        public Expr Define(Expr v) => Expr.Select(Expr.LessOrEqual(v, 0), Factor * Alpha * (Expr.Exp(v) - 1),
            Factor * v);
    }

    /// <summary>
    /// φ′ = Φ(v) + v·exp(−v²/2)/√(2π). Below 0 the relative error grows with |v|, since 1 + erf cancels.
    /// </summary>
    private readonly record struct GeluActivation : IActivation
    {
        private const double RootHalf = 0.7071067811865476, InverseRootTwoPi = 0.3989422804014327;
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(-0.16997120747990369, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v)
        {
            V kept = S.Max(v, S.Set(-40));
            V erf = VectorMath.Erf<S, V, T>(S.Mul(S.Set(RootHalf), kept));
            return S.Mul(kept, S.Mul(S.Set(0.5), S.Add(S.Set(T.One), erf)));
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V kept = Clamp<S, V, T>(v, 40);
            V erf = VectorMath.Erf<S, V, T>(S.Mul(S.Set(RootHalf), kept));
            V bell = VectorMath.Exp<S, V, T>(S.Mul(S.Set(-0.5), S.Mul(kept, kept)));
            V share = S.Mul(S.Set(0.5), S.Add(S.Set(T.One), erf));
            return S.Add(share, S.Mul(kept, S.Mul(S.Set(InverseRootTwoPi), bell)));
        }
        public Expr Define(Expr v) => 0.5 * v * (1 + Expr.Erf(RootHalf * v));
    }

    /// <summary>½·v·(1 + tanh u) = v·σ(2u), which cancels nowhere; u = √(2/π)·(v + 0.044715·v³).</summary>
    private readonly record struct GeluTanhActivation : IActivation
    {
        private const double Twice = 1.5957691216057308, Cube = 0.044715; // 2·√(2/π)
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(-0.17004075057125412, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v)
        {
            V kept = S.Max(v, S.Set(-40));
            V inner = S.Add(S.Set(T.One), S.Mul(S.Set(Cube), S.Mul(kept, kept)));
            return S.Mul(kept, VectorMath.Sigmoid<S, V, T>(S.Mul(S.Mul(S.Set(Twice), kept), inner)));
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V kept = Clamp<S, V, T>(v, 40), one = S.Set(T.One), square = S.Mul(kept, kept);
            V inner = S.Add(one, S.Mul(S.Set(Cube), square));
            V share = SigmoidAndSlope<S, V, T>(S.Mul(S.Mul(S.Set(Twice), kept), inner), out V slope);
            V innerSlope = S.Mul(S.Set(Twice), S.Add(one, S.Mul(S.Set(3 * Cube), square)));
            return S.Add(share, S.Mul(S.Mul(kept, innerSlope), slope));
        }
        public Expr Define(Expr v) => 0.5 * v * (1 + Expr.Tanh(0.5 * Twice * (v + Cube * v * v * v)));
    }

    /// <summary>φ′ = σ(v) + v·σ′(v).</summary>
    private readonly record struct SiluActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(-0.27846454276107381, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v)
        {
            V kept = S.Max(v, S.Set(-1000));
            return S.Mul(kept, VectorMath.Sigmoid<S, V, T>(kept));
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V kept = Clamp<S, V, T>(v, 1000);
            V sigmoid = SigmoidAndSlope<S, V, T>(kept, out V slope);
            return S.Add(sigmoid, S.Mul(kept, slope));
        }
        public Expr Define(Expr v) => v * Expr.Sigmoid(v);
    }

    /// <summary>
    /// tanh(log(1 + e)) = n/(n + 2) with e = exp(v), n = e·(e + 2); φ′ = n/(n + 2) + v·4e·(e + 1)/(n + 2)².
    /// </summary>
    private readonly record struct MishActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(-0.30884341301725043, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v)
        {
            V kept = S.Max(v, S.Set(-1000)), two = S.Set(2);
            V e = VectorMath.Exp<S, V, T>(S.Min(kept, S.Set(40))); // from there on n/(n + 2) is 1, and e² is finite
            V n = S.Mul(e, S.Add(e, two));
            return S.Mul(kept, S.Div(n, S.Add(n, two)));
        }
        V IActivation.Derivative<S, V, T>(V v)
        {
            V kept = S.Min(S.Max(v, S.Set(-1000)), S.Set(40)), two = S.Set(2);
            V e = VectorMath.Exp<S, V, T>(kept);
            V n = S.Mul(e, S.Add(e, two)), below = S.Add(n, two);
            V growth = S.Mul(S.Div(S.Mul(S.Set(4), e), below), S.Div(S.Add(e, S.Set(T.One)), below));
            return S.Add(S.Div(n, below), S.Mul(kept, growth));
        }
        public Expr Define(Expr v) => v * Expr.Tanh(Expr.Softplus(v));
    }

    /// <summary>φ′ = σ(v).</summary>
    private readonly record struct SoftplusActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(0, double.PositiveInfinity);
        V IActivation.Value<S, V, T>(V v) =>
            VectorMath.Softplus<S, V, T>(v);
        V IActivation.Derivative<S, V, T>(V v) =>
            VectorMath.Sigmoid<S, V, T>(v);
        public Expr Define(Expr v) => Expr.Softplus(v);
    }

    /// <summary>φ′ = (1 − |y|)².</summary>
    private readonly record struct SoftsignActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-1, 1);
        V IActivation.Value<S, V, T>(V v)
        {
            V kept = Clamp<S, V, T>(v, 1e30);
            return S.Div(kept, S.Add(S.Set(T.One), S.Abs(kept)));
        }
        V IActivation.Derivative<S, V, T>(V y)
        {
            V rest = S.Sub(S.Set(T.One), S.Abs(y));
            return S.Mul(rest, rest);
        }
        public Expr Define(Expr v) => v / (1 + Expr.Abs(v));
    }

    /// <summary>φ′ = slope where 0 &lt; y &lt; 1, else 0.</summary>
    private readonly record struct HardSigmoidActivation(double Slope) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(0, 1);
        V IActivation.Value<S, V, T>(V v) =>
            S.Min(S.Max(S.Add(S.Mul(S.Set(Slope), v), S.Set(0.5)), S.Set(T.Zero)), S.Set(T.One));
        V IActivation.Derivative<S, V, T>(V y)
        {
            V zero = S.Set(T.Zero);
            return S.Select(S.And(S.Less(zero, y), S.Less(y, S.Set(T.One))), S.Set(Slope), zero);
        }
        public Expr Define(Expr v) => Expr.Max(0, Expr.Min(1, Slope * v + 0.5));
    }

    /// <summary>φ′ = 1 where −1 &lt; y &lt; 1, else 0.</summary>
    private readonly record struct HardTanhActivation : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-1, 1);
        V IActivation.Value<S, V, T>(V v) =>
            S.Min(S.Max(v, S.Set(-1)), S.Set(T.One));
        V IActivation.Derivative<S, V, T>(V y) =>
            S.Select(S.Less(S.Abs(y), S.Set(T.One)), S.Set(T.One), S.Set(T.Zero));
        public Expr Define(Expr v) => Expr.Max(-1, Expr.Min(1, v));
    }

    /// <summary>φ′ = ω·cos(ω·v); NaN at ±∞.</summary>
    private readonly record struct SinActivation(double Omega) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => new(-1, 1);
        V IActivation.Value<S, V, T>(V v) =>
            VectorMath.Sin<S, V, T>(S.Mul(S.Set(Omega), v));
        V IActivation.Derivative<S, V, T>(V v)
        {
            V omega = S.Set(Omega);
            return S.Mul(omega, VectorMath.Cos<S, V, T>(S.Mul(omega, v)));
        }
        public Expr Define(Expr v) => Expr.Sin(Omega * v);
    }

    /// <summary>v between −bound and bound; NaN comes through.</summary>
    private static V Clamp<S, V, T>(V v, double bound)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        S.Min(S.Max(v, S.Set(-bound)), S.Set(bound));

    /// <summary>
    /// σ(v) and σ′(v) = e/(1 + e)², e = exp(−|v|): unlike σ·(1 − σ) it keeps its precision where σ is nearly 1, which a
    /// factor v would show.
    /// </summary>
    private static V SigmoidAndSlope<S, V, T>(V v, out V slope)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V one = S.Set(T.One), e = VectorMath.Exp<S, V, T>(S.Neg(S.Abs(v)));
        V inverse = S.Div(one, S.Add(one, e)), small = S.Mul(e, inverse);
        slope = S.Mul(small, inverse);
        return S.Select(S.Less(v, S.Set(T.Zero)), small, inverse);
    }

    private sealed class SoftmaxActivation : Activation
    {
        public override OutputRange Range => new(0, 1, SumsToOne: true);
        public override DerivativeFrom DerivativeFrom => DerivativeFrom.Output;
        public override bool IsElementwise => false;
        public override Expr Define(Expr v) => Expr.Softmax(v);
        internal override ActivationKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindSoftmax();
    }

    private static Parameter StraightThrough => new("straight_through", 0, 0, 1,
        "1: training takes the slope of the ramp over c ± 1 (Bengio et al. 2013).")
    { Whole = true };

    /// <summary>Every activation, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Activation>> All { get; } =
    [
        Entry("identity", "v", "passes the induced field on; the output for regression", "lecture L1", [],
            _ => new IdentityActivation()),
        Entry("sigmoid", "z + 1/(1 + exp(−x·v + y))", "squashes to (z, z+1); the output for two classes", "lecture L2",
            [
                new("x", 1, -1e6, 1e6, "Slope."),
                new("y", 0, -1e6, 1e6, "Shift along v."),
                new("z", 0, -1e6, 1e6, "Offset of the output."),
            ],
            p => new SigmoidActivation(p[0], p[1], p[2])),
        Entry("tanh", "tanh(v)", "squashes to (−1, 1), zero-centred", "LeCun et al., Efficient BackProp, 1998, §4.4",
            [],
            _ => new TanhActivation()),
        Entry("relu", "max(0, v)", "the default for hidden layers", "Nair, Hinton, ICML 2010", [],
            _ => new ReluActivation()),
        Entry("leaky_relu", "v if v > 0, else slope·v", "relu whose units cannot die", "Maas, Hannun, Ng, ICML 2013",
            [new("slope", 0.01, 0, 1e6, "Slope below 0; 0 is relu.") { ExcludesMin = true }],
            p => new LeakyReluActivation(p[0])),
        Entry("elu", "v if v > 0, else α·(exp(v) − 1)", "smooth at 0 for α = 1, levels off at −α",
            "Clevert et al., ICLR 2016",
            [new("alpha", 1, 0, 1e6, "Where it levels off below.")], p => new EluActivation(p[0], 1)),
        Entry("selu", "λ·v if v > 0, else λ·α·(exp(v) − 1),  λ = 1.0507…, α = 1.6733…",
            "keeps mean 0 and variance 1 from layer to layer",
            "Klambauer et al., NeurIPS 2017, eq. 2", [],
                _ => new EluActivation(1.6732632423543772, 1.0507009873554805)),
        Entry("gelu", "½·v·(1 + erf(v/√2))", "smooth relu of transformers", "Hendrycks, Gimpel, 2016, §2", [],
            _ => new GeluActivation()),
        Entry("gelu_tanh", "½·v·(1 + tanh(√(2/π)·(v + 0.044715·v³)))", "the same, approximated",
            "Hendrycks, Gimpel, 2016, §2", [],
            _ => new GeluTanhActivation()),
        Entry("silu", "v/(1 + exp(−v))", "smooth relu, also called swish", "Elfwing et al., Neural Networks 107, 2018",
            [],
            _ => new SiluActivation()),
        Entry("mish", "v·tanh(log(1 + exp(v)))", "smooth relu, a little deeper below 0", "Misra, BMVC 2020", [],
            _ => new MishActivation()),
        Entry("softplus", "log(1 + exp(v))", "smooth relu that stays above 0; the output for counts",
            "Dugas et al., NeurIPS 2000", [],
            _ => new SoftplusActivation()),
        Entry("softsign", "v/(1 + |v|)", "tanh with slower ends", "Bergstra et al., 2009; Glorot, Bengio, AISTATS 2010",
            [], _ => new SoftsignActivation()),
        Entry("lecun_tanh", "1.7159·tanh(⅔·v)", "tanh scaled so that targets ±1 lie inside its range",
            "LeCun et al., Efficient BackProp, 1998, §4.4",
            [], _ => new LeCunTanhActivation()),
        Entry("hard_sigmoid", "max(0, min(1, slope·v + ½))", "sigmoid in three straight pieces",
            "Courbariaux et al., NeurIPS 2015 (slope ½); Howard et al., ICCV 2019 (⅙)",
            [new("slope", 1.0 / 6, 0, 1e6,
                "Slope between the ends; 0.2 and 0.5 are also used.") { ExcludesMin = true }],
            p => new HardSigmoidActivation(p[0])),
        Entry("hard_tanh", "max(−1, min(1, v))", "tanh in three straight pieces", "Collobert, 2004", [],
            _ => new HardTanhActivation()),
        Entry("sin", "sin(ω·v)", "for signals and pictures as functions of place", "Sitzmann et al., NeurIPS 2020, §3",
            [new("omega", 1, -1e6, 1e6, "Frequency; 30 in the paper.")], p => new SinActivation(p[0])),
        Entry("gaussian", "exp(−½((v−μ)/σ)²)/(√(2π)·σ)", "answers near μ only", "lecture L2",
            [
                new("mu", 0, -1e6, 1e6, "Where it is largest."),
                new("sigma", 1, 1e-6, 1e6, "Width."),
            ],
            p => new GaussianActivation(p[0], p[1])),
        Entry("ramp", "a if v < c, b if v > d, else a + (v−c)(b−a)/(d−c)", "a step with a slope", "lecture L2",
            [
                new("a", 0, -1e6, 1e6, "Output below c."),
                new("b", 1, -1e6, 1e6, "Output above d."),
                new("c", -1, -1e6, 1e6, "Where it starts."),
                new("d", 1, -1e6, 1e6, "Where it ends, above c."),
            ],
            p => new RampActivation(p[0], p[1], p[2], p[3])),
        Entry("step", "a if v < c, else b", "all or nothing; not for training by gradients",
            "lecture L2; McCulloch, Pitts, 1943",
            [
                new("a", 0, -1e6, 1e6, "Output below c."),
                new("b", 1, -1e6, 1e6, "Output from c on."),
                new("c", 0, -1e6, 1e6, "Threshold."),
                StraightThrough,
            ],
            p => new StepActivation(p[0], p[1], p[2], p[3] != 0)),
        Entry("sign", "−1 if v < 0, else +1", "the perceptron's answer; not for training by gradients",
            "lecture L3; Rosenblatt, 1958",
            [StraightThrough], p => new StepActivation(-1, 1, 0, p[0] != 0)),
        new("softmax", "exp(vᵢ)/Σⱼ exp(vⱼ)", "probabilities of exclusive classes; the output for classes",
            "Bridle 1990; Goodfellow et al., Deep Learning, eq. 6.29", [], _ => new SoftmaxActivation()),
    ];
}
