using Downhill.Graph;
using Downhill.Kernels;
using System.Numerics;

namespace Downhill;

/// <summary>
/// A loss that is a sum over the outputs of a row: L(y, t) = Σₒ ℓ(yₒ, tₒ). One small value with its body, its derivative
/// with respect to the output and the expression that defines it.
/// </summary>
public interface IElementLoss
{
    /// <summary>ℓ(y, t) for one output; <paramref name="perOutput"/> is 1/O, for losses that average over the O outputs.</summary>
    V Value<S, V, T>(V y, V t, V perOutput) where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>∂ℓ/∂y.</summary>
    V Derivative<S, V, T>(V y, V t, V perOutput) where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The loss of each row, [B,1], of outputs [B,O] and targets [B,O].</summary>
    Expr Define(Expr y, Expr t);
}

/// <summary>
/// The cost Lʳ(θ) of an example, from the network's outputs and the targets. Costs of examples are added; one factor
/// (mean or sum) is applied in the update, never here.
/// </summary>
public abstract class Loss : CatalogItem
{
    /// <summary>The outputs the loss is defined for; others are refused before training.</summary>
    public abstract OutputRange Domain { get; }

    /// <summary>The loss of each row, [B,1].</summary>
    public abstract Expr Define(Expr y, Expr t);

    /// <summary>Whether this loss with this output activation is computed from the induced fields at once, which stays
    /// finite where the outputs themselves have rounded to 0 or 1.</summary>
    public virtual bool Fuses(Activation output) => false;

    /// <exception cref="DownhillException">The activation's outputs leave the loss's domain.</exception>
    internal void CheckDomain(Activation output)
    {
        OutputRange range = output.Range;
        if (range.Low < Domain.Low || range.High > Domain.High || (Domain.SumsToOne && !range.SumsToOne))
            Throw.Input($"Loss '{this}' after output activation '{output}'", $"outputs that are {Domain}", $"{range}",
                Domain.SumsToOne ? "Use the output activation 'softmax', or another loss."
                : Domain.High <= 1 ? "Use the output activation 'sigmoid', or another loss." : "Use another loss.");
    }

    internal abstract LossKernel<T> Bind<T>(Kernels<T> kernels) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The kernel on induced fields; only called when <see cref="Fuses"/>.</summary>
    internal virtual LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => throw new NotSupportedException();
}

internal sealed class ElementLoss<L>(L value, OutputRange domain) : Loss where L : struct, IElementLoss
{
    public override OutputRange Domain => domain;
    public override Expr Define(Expr y, Expr t) => value.Define(y, t);
    internal override LossKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindLoss(value);
}

/// <summary>The losses that ship. Adding one: its value, and its line in <see cref="All"/>.</summary>
public static class Losses
{
    public static Loss Euclidean => Find("euclidean");
    public static Loss MeanSquaredError => Find("mse");
    public static Loss BinaryCrossEntropy => Find("binary_cross_entropy");
    public static Loss CrossEntropy => Find("cross_entropy");

    /// <summary>Makes a catalog entry of a loss that is a sum over outputs, a user's own included.</summary>
    public static Entry<Loss> Entry<L>(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        OutputRange domain, Func<double[], L> create) where L : struct, IElementLoss =>
        new(name, formula, summary, source, parameters, p => new ElementLoss<L>(create(p), domain));

    private static Loss Find(string name) => All.First(e => e.Name == name).Default;

    private readonly record struct EuclideanLoss : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V difference = S.Sub(y, t);
            return S.Mul(S.Set(0.5), S.Mul(difference, difference));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) => S.Sub(y, t);
        public Expr Define(Expr y, Expr t) => 0.5 * Expr.Square(t - y).RowSum();
    }

    private readonly record struct MeanSquaredErrorLoss : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V difference = S.Sub(y, t);
            return S.Mul(perOutput, S.Mul(difference, difference));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            V difference = S.Sub(y, t);
            return S.Mul(perOutput, S.Add(difference, difference));
        }
        public Expr Define(Expr y, Expr t) => Expr.Square(t - y).RowSum() / y.Columns;
    }

    /// <summary>−t·ln y − (1−t)·ln(1−y) on outputs; logarithms are kept above −100 so that a unit that has rounded to
    /// 0 or 1 costs much, not infinitely much.</summary>
    private readonly record struct BinaryCrossEntropyOnOutputs : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V one = S.Set(T.One), floor = S.Set(-100);
            V logY = S.Max(VectorMath.Log<S, V, T>(y), floor);
            V logRest = S.Max(VectorMath.Log<S, V, T>(S.Sub(one, y)), floor);
            return S.Neg(S.Add(S.Mul(t, logY), S.Mul(S.Sub(one, t), logRest)));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            // (y − t) / (y(1−y)); the denominator is kept off 0 as the logarithms are kept off −∞.
            V variance = S.Max(S.Mul(y, S.Sub(S.Set(T.One), y)), S.Set(1e-12));
            return S.Div(S.Sub(y, t), variance);
        }
        public Expr Define(Expr y, Expr t) => -(t * Expr.Log(y) + (1 - t) * Expr.Log(1 - y)).RowSum();
    }

    /// <summary>The same on the induced field v of a sigmoid: with s = x·v − y, softplus(s) − t·s; derivative x·(σ(s) − t).</summary>
    private readonly record struct BinaryCrossEntropyOnScores(double X, double Y) : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V v, V t, V perOutput)
        {
            V s = S.Sub(S.Mul(S.Set(X), v), S.Set(Y));
            // For a certain and right unit t·s is the whole of softplus(s): use softplus(−s) + (1−t)·s there.
            V zero = S.Set(T.Zero);
            V softplus = VectorMath.Softplus<S, V, T>(S.Neg(S.Abs(s)));
            V share = S.Select(S.Less(s, zero), S.Neg(t), S.Sub(S.Set(T.One), t));
            return S.Add(softplus, S.Select(S.Equal(share, zero), zero, S.Mul(share, s)));
        }
        V IElementLoss.Derivative<S, V, T>(V v, V t, V perOutput)
        {
            V x = S.Set(X);
            V s = S.Sub(S.Mul(x, v), S.Set(Y));
            return S.Mul(x, S.Sub(VectorMath.Sigmoid<S, V, T>(s), t));
        }
        public Expr Define(Expr v, Expr t) => (Expr.Softplus(X * v - Y) - t * (X * v - Y)).RowSum();
    }

    private sealed class BinaryCrossEntropyLoss : Loss
    {
        public override OutputRange Domain => new(0, 1);
        public override Expr Define(Expr y, Expr t) => default(BinaryCrossEntropyOnOutputs).Define(y, t);
        public override bool Fuses(Activation output) =>
            output is ElementwiseActivation<Activations.SigmoidActivation> { Value.Z: 0 };
        internal override LossKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindLoss(default(BinaryCrossEntropyOnOutputs));
        internal override LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output)
        {
            Activations.SigmoidActivation sigmoid = ((ElementwiseActivation<Activations.SigmoidActivation>)output).Value;
            return kernels.BindLoss(new BinaryCrossEntropyOnScores(sigmoid.X, sigmoid.Y));
        }
    }

    /// <summary>−Σ t·ln y on outputs.</summary>
    private readonly record struct CrossEntropyOnOutputs : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput) =>
            S.Neg(S.Mul(t, S.Max(VectorMath.Log<S, V, T>(y), S.Set(-100))));
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) =>
            S.Neg(S.Div(t, S.Max(y, S.Set(1e-12))));
        public Expr Define(Expr y, Expr t) => -Expr.Select(Expr.LessOrEqual(t, 0), 0, t * Expr.Log(y)).RowSum();
    }

    private sealed class CrossEntropyLoss : Loss
    {
        public override OutputRange Domain => new(0, 1, SumsToOne: true);
        public override Expr Define(Expr y, Expr t) => default(CrossEntropyOnOutputs).Define(y, t);
        public override bool Fuses(Activation output) => output.Range.SumsToOne && output.Name == "softmax";
        internal override LossKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindLoss(default(CrossEntropyOnOutputs));
        internal override LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output) => kernels.BindSoftmaxCrossEntropy();
    }

    /// <summary>Every loss, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Loss>> All { get; } =
    [
        Entry("euclidean", "½·Σₒ(dₒ − zₒ)²", "half the squared distance of output and target", "lecture L9, L11 (L = −P)", [],
            OutputRange.Real, _ => new EuclideanLoss()),
        Entry("mse", "(1/O)·Σₒ(dₒ − zₒ)²", "squared error, averaged over the outputs", "Goodfellow et al., Deep Learning, §5.1.4", [],
            OutputRange.Real, _ => new MeanSquaredErrorLoss()),
        new("binary_cross_entropy", "−Σₒ(tₒ·ln yₒ + (1−tₒ)·ln(1−yₒ))", "two classes, or several yes/no answers",
            "Goodfellow et al., Deep Learning, §6.2.2.2", [], _ => new BinaryCrossEntropyLoss()),
        new("cross_entropy", "−Σₒ tₒ·ln yₒ", "one of several classes", "lecture L9; Goodfellow et al., §6.2.2.3", [],
            _ => new CrossEntropyLoss()),
    ];
}
