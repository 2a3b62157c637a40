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

    /// <summary>φ(v).</summary>
    V Value<S, V, T>(V v) where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>φ′, from y = φ(v) or from v, as <see cref="DerivativeFrom"/> says.</summary>
    V Derivative<S, V, T>(V vOrY) where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;

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

    /// <summary>Whether an output depends on its own induced field only (softmax does not).</summary>
    public abstract bool IsElementwise { get; }

    /// <summary>The defining expression of a [B,O] induced field.</summary>
    public abstract Expr Define(Expr v);

    internal abstract ActivationKernel<T> Bind<T>(Kernels<T> kernels) where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>An element-wise activation: everything but softmax.</summary>
internal sealed class ElementwiseActivation<A>(A value) : Activation where A : struct, IActivation
{
    public A Value => value;
    public override OutputRange Range => value.Range;
    public override DerivativeFrom DerivativeFrom => A.DerivativeFrom;
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

    private sealed class SoftmaxActivation : Activation
    {
        public override OutputRange Range => new(0, 1, SumsToOne: true);
        public override DerivativeFrom DerivativeFrom => DerivativeFrom.Output;
        public override bool IsElementwise => false;
        public override Expr Define(Expr v) => Expr.Softmax(v);
        internal override ActivationKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindSoftmax();
    }

    /// <summary>Every activation, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Activation>> All { get; } =
    [
        Entry("identity", "v", "passes the induced field on; the output for regression", "lecture L1", [],
            _ => new IdentityActivation()),
        Entry("sigmoid", "z + 1/(1 + exp(−x·v + y))", "squashes to (z, z+1); the output for two classes", "lecture L2",
            [
                new("x", 1, Summary: "Slope."),
                new("y", 0, Summary: "Shift along v."),
                new("z", 0, Summary: "Offset of the output."),
            ],
            p => new SigmoidActivation(p[0], p[1], p[2])),
        Entry("tanh", "tanh(v)", "squashes to (−1, 1), zero-centred", "LeCun et al., Efficient BackProp, 1998, §4.4", [],
            _ => new TanhActivation()),
        Entry("relu", "max(0, v)", "the default for hidden layers", "Nair, Hinton, ICML 2010", [],
            _ => new ReluActivation()),
        new("softmax", "exp(vᵢ)/Σⱼ exp(vⱼ)", "probabilities of exclusive classes; the output for classes",
            "Bridle 1990; Goodfellow et al., Deep Learning, eq. 6.29", [], _ => new SoftmaxActivation()),
    ];
}
