using Downhill.Graph;
using Downhill.Kernels;
using System.Numerics;

namespace Downhill;

/// <summary>
/// A loss that is a sum over the outputs of a row: L(y, t) = Σₒ ℓ(yₒ, tₒ). One small value with its body, its
/// derivative with respect to the output and the expression that defines it.
/// </summary>
public interface IElementLoss
{
    /// <summary>
    /// ℓ(y, t) for one output; <paramref name="perOutput"/> is 1/O, for losses that average over the O outputs.
    /// </summary>
    V Value<S, V, T>(V y, V t, V perOutput) where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>∂ℓ/∂y.</summary>
    V Derivative<S, V, T>(V y, V t, V perOutput) where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

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

    /// <summary>
    /// The targets the loss is defined for. Any real number: classes are coded as suits the outputs, numbers are
    /// scaled. A range: classes are coded with its ends (its lower end and 1), numbers are taken as they are and must
    /// lie within.
    /// </summary>
    public virtual OutputRange Targets => OutputRange.Real;

    /// <summary>What "not this class" is coded as for this loss; null where that follows from the outputs.</summary>
    internal double? CodedLow => double.IsFinite(Targets.Low) ? Targets.Low : null;

    /// <summary>The loss of each row, [B,1].</summary>
    public abstract Expr Define(Expr y, Expr t);

    /// <summary>The output activation that is chosen for this loss where none is given.</summary>
    internal virtual Activation UsualOutput(bool isClass) => isClass ? Activations.Softmax : Activations.Identity;

    /// <summary>Whether this loss with this output activation is computed from the induced fields at once, which stays
    /// finite where the outputs themselves have rounded to 0 or 1.</summary>
    public virtual bool Fuses(Activation output) => false;

    /// <exception cref="DownhillException">The activation's outputs leave the loss's domain.</exception>
    internal virtual void CheckDomain(Activation output)
    {
        OutputRange range = output.Range;
        if (range.Low < Domain.Low || range.High > Domain.High || (Domain.SumsToOne && !range.SumsToOne))
            Throw.Input($"Loss '{this}' after output activation '{output}'", $"outputs that are {Domain}", $"{range}",
                $"Use the output activation '{UsualOutput(isClass: true)}', or another loss{Instead(output)}.");
    }

    /// <summary>A loss that goes with these outputs, for a remedy.</summary>
    private protected static string Instead(Activation output) =>
        output.Range.SumsToOne ? " such as cross_entropy" : output.Range is { Low: >= 0, High: <= 1 }
            ? " such as binary_cross_entropy" : " such as mse";

    /// <exception cref="DownhillException">Targets that are coded or scaled in a way the loss cannot learn
    /// from.</exception>
    internal void CheckTargets(Preparation preparation)
    {
        if (Targets == OutputRange.Real) return;
        if (preparation.Target.IsClass)
        {
            if (CodedLow is double low && (preparation.TargetLow != low || preparation.TargetHigh != 1))
                Throw.Input($"Loss '{this}'", $"classes coded as {Numbers.Text(low)} and 1",
                    $"{Numbers.Text(preparation.TargetLow)} and {Numbers.Text(preparation.TargetHigh)}",
                    "Prepare the data for this loss, or use another one.");
        }
        else if (preparation.TargetScale.Any(s => s != 1) || preparation.TargetShift.Any(s => s != 0))
            Throw.Input($"Loss '{this}'", "targets as they are", "scaled targets",
                "Prepare the data without scaling the targets, or use another loss.");
    }

    /// <exception cref="DownhillException">A numeric target outside <see cref="Targets"/>.</exception>
    internal void CheckTargets(Dataset data)
    {
        if (Targets == OutputRange.Real) return;
        int columns = data.Target.Names.Count;
        for (int i = 0; i < data.Values.Length; i++)
            if (!(data.Values[i] >= Targets.Low && data.Values[i] <= Targets.High))
                Throw.Input($"Loss '{this}'", $"targets that are {Targets}",
                    $"{Numbers.Text(data.Values[i])} in '{data.Target.Names[i % columns]}', row {i / columns + 1}",
                    "Use another loss such as mse, or check the target column.");
    }

    internal abstract LossKernel<T> Bind<T>(Kernels<T> kernels) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The kernel on induced fields; only called when <see cref="Fuses"/>.</summary>
    internal virtual LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => throw new NotSupportedException();
}

internal sealed class ElementLoss<L>(L value, OutputRange domain, OutputRange targets, string? output) : Loss
    where L : struct, IElementLoss
{
    public override OutputRange Domain => domain;
    public override OutputRange Targets => targets;
    public override Expr Define(Expr y, Expr t) => value.Define(y, t);
    internal override Activation UsualOutput(bool isClass) =>
        output is null ? base.UsualOutput(isClass) : Catalog.Default.Activation(output);
    internal override LossKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindLoss(value);
}

/// <summary>The losses that ship. Adding one: its value, and its line in <see cref="All"/>.</summary>
public static class Losses
{
    public static Loss Euclidean => Find("euclidean");
    public static Loss MeanSquaredError => Find("mse");
    public static Loss BinaryCrossEntropy => Find("binary_cross_entropy");
    public static Loss CrossEntropy => Find("cross_entropy");
    public static Loss SmoothedCrossEntropy(double smoothing) => All.First(e => e.Name == "cross_entropy")
        .Create(smoothing);
    public static Loss MeanAbsoluteError => Find("mae");
    public static Loss Huber(double delta = 1) => All.First(e => e.Name == "huber").Create(delta);
    public static Loss Hinge => Find("hinge");
    public static Loss Poisson => Find("poisson");

    /// <summary>Makes a catalog entry of a loss that is a sum over outputs, a user's own included.</summary>
    /// <param name="name">See <see cref="Entry{TItem}"/>, as for the next four.</param>
    /// <param name="formula">The definition.</param>
    /// <param name="summary">One line.</param>
    /// <param name="source">Paper and equation.</param>
    /// <param name="parameters">Settable numbers.</param>
    /// <param name="domain">The outputs it is defined for.</param>
    /// <param name="create">Makes the value from one number per parameter.</param>
    /// <param name="targets">The targets it is defined for, see <see cref="Loss.Targets"/>; any real number when
    /// null.</param>
    /// <param name="output">Name of the output activation to choose where none is given; null for softmax or
    /// identity.</param>
    public static Entry<Loss> Entry<L>(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        OutputRange domain, Func<double[], L> create, OutputRange? targets = null, string? output = null)
        where L : struct, IElementLoss =>
        new(name, formula, summary, source, parameters, p => new ElementLoss<L>(create(p), domain,
            targets ?? OutputRange.Real, output));

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
    private readonly record struct BinaryCrossEntropyOnOutputs(double Smoothing) : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            t = Smooth<S, V, T>(t, Smoothing);
            V one = S.Set(T.One), floor = S.Set(-100);
            V logY = S.Max(VectorMath.Log<S, V, T>(y), floor);
            V logRest = S.Max(VectorMath.Log<S, V, T>(S.Sub(one, y)), floor);
            return S.Neg(S.Add(S.Mul(t, logY), S.Mul(S.Sub(one, t), logRest)));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            t = Smooth<S, V, T>(t, Smoothing);
            // (y − t) / (y(1−y)); the denominator is kept off 0 as the logarithms are kept off −∞.
            V variance = S.Max(S.Mul(y, S.Sub(S.Set(T.One), y)), S.Set(1e-12));
            return S.Div(S.Sub(y, t), variance);
        }
        public Expr Define(Expr y, Expr t)
        {
            t = Smooth(t, Smoothing);
            return -(t * FlooredLog(y) + (1 - t) * FlooredLog(1 - y)).RowSum();
        }
    }

    /// <summary>(1 − s)·t + s/2: the two answers of a yes/no question, each with half of s.</summary>
    private static V Smooth<S, V, T>(V t, double smoothing)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        S.Add(S.Mul(S.Set(1 - smoothing), t), S.Set(0.5 * smoothing));

    private static Expr FlooredLog(Expr y) => Expr.Max(-100, Expr.Log(y));

    private static Expr Smooth(Expr t, double smoothing) => smoothing == 0 ? t : (1 - smoothing) * t + 0.5 * smoothing;

    /// <summary>
    /// The same on the induced field v of a sigmoid: with s = x·v − y, softplus(s) − t·s; derivative x·(σ(s) − t).
    /// </summary>
    private readonly record struct BinaryCrossEntropyOnScores(double X, double Y, double Smoothing) : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V v, V t, V perOutput)
        {
            t = Smooth<S, V, T>(t, Smoothing);
            V s = S.Sub(S.Mul(S.Set(X), v), S.Set(Y));
            // For a certain and right unit t·s is the whole of softplus(s): use softplus(−s) + (1−t)·s there.
            V zero = S.Set(T.Zero);
            V softplus = VectorMath.Softplus<S, V, T>(S.Neg(S.Abs(s)));
            V share = S.Select(S.Less(s, zero), S.Neg(t), S.Sub(S.Set(T.One), t));
            return S.Add(softplus, S.Select(S.Equal(share, zero), zero, S.Mul(share, s)));
        }
        V IElementLoss.Derivative<S, V, T>(V v, V t, V perOutput)
        {
            t = Smooth<S, V, T>(t, Smoothing);
            V x = S.Set(X);
            V s = S.Sub(S.Mul(x, v), S.Set(Y));
            return S.Mul(x, S.Sub(VectorMath.Sigmoid<S, V, T>(s), t));
        }
        public Expr Define(Expr v, Expr t) => (Expr.Softplus(X * v - Y) - Smooth(t, Smoothing) * (X * v - Y)).RowSum();
    }

    private sealed class BinaryCrossEntropyLoss(double smoothing) : Loss
    {
        public override OutputRange Domain => new(0, 1);
        public override OutputRange Targets => new(0, 1);
        public override Expr Define(Expr y, Expr t) => new BinaryCrossEntropyOnOutputs(smoothing).Define(y, t);
        internal override Activation UsualOutput(bool isClass) => Activations.Sigmoid();
        public override bool Fuses(Activation output) =>
            output is ElementwiseActivation<Activations.SigmoidActivation> { Value.Z: 0 };
        internal override LossKernel<T> Bind<T>(Kernels<T> kernels) =>
            kernels.BindLoss(new BinaryCrossEntropyOnOutputs(smoothing));
        internal override LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output)
        {
            Activations.SigmoidActivation sigmoid = ((ElementwiseActivation<Activations.SigmoidActivation>)output)
                .Value;
            return kernels.BindLoss(new BinaryCrossEntropyOnScores(sigmoid.X, sigmoid.Y, smoothing));
        }
    }

    /// <summary>−Σ t·ln y on outputs, with t ← (1 − s)·t + s/O.</summary>
    private readonly record struct CrossEntropyOnOutputs(double Smoothing) : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput) =>
            S.Neg(S.Mul(Share<S, V, T>(t, perOutput), S.Max(VectorMath.Log<S, V, T>(y), S.Set(-100))));
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) =>
            S.Neg(S.Div(Share<S, V, T>(t, perOutput), S.Max(y, S.Set(1e-12))));
        private V Share<S, V, T>(V t, V perOutput)
            where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            S.Add(S.Mul(S.Set(1 - Smoothing), t), S.Mul(S.Set(Smoothing), perOutput));
        public Expr Define(Expr y, Expr t)
        {
            if (Smoothing != 0) t = (1 - Smoothing) * t + Smoothing / t.Columns;
            return -(t * FlooredLog(y)).RowSum();
        }
    }

    private sealed class CrossEntropyLoss(double smoothing) : Loss
    {
        public override OutputRange Domain => new(0, 1, SumsToOne: true);
        public override OutputRange Targets => new(0, 1);
        public override Expr Define(Expr y, Expr t) => new CrossEntropyOnOutputs(smoothing).Define(y, t);
        internal override Activation UsualOutput(bool isClass) => Activations.Softmax;
        public override bool Fuses(Activation output) => output.Range.SumsToOne && output.Name == "softmax";
        internal override LossKernel<T> Bind<T>(Kernels<T> kernels) =>
            kernels.BindLoss(new CrossEntropyOnOutputs(smoothing));
        internal override LossKernel<T> BindFused<T>(Kernels<T> kernels, Activation output) =>
            kernels.BindSoftmaxCrossEntropy(smoothing);
    }

    /// <summary>Slope ±1/O, 0 where output and target are equal.</summary>
    private readonly record struct MeanAbsoluteErrorLoss : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput) => S.Mul(perOutput, S.Abs(S.Sub(y, t)));
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            V difference = S.Sub(y, t), zero = S.Set(T.Zero); // 0 and NaN are their own sign
            V sign = S.Select(S.Less(difference, zero), S.Set(-1),
                S.Select(S.Less(zero, difference), S.Set(T.One), difference));
            return S.Mul(perOutput, sign);
        }
        public Expr Define(Expr y, Expr t) => Expr.Abs(t - y).RowSum() / y.Columns;
    }

    /// <summary>With e = |d − z| and c = min(e, δ): c·(e − ½c)/O, which is ½e² up to δ and δ·(e − ½δ) beyond.</summary>
    private readonly record struct HuberLoss(double Delta) : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V error = S.Abs(S.Sub(y, t)), near = S.Min(error, S.Set(Delta));
            return S.Mul(perOutput, S.Mul(near, S.Sub(error, S.Mul(S.Set(0.5), near))));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) =>
            S.Mul(perOutput, S.Min(S.Max(S.Sub(y, t), S.Set(-Delta)), S.Set(Delta)));
        public Expr Define(Expr y, Expr t)
        {
            Expr error = Expr.Abs(t - y);
            Expr each = Expr.Select(Expr.LessOrEqual(error, Delta), 0.5 * Expr.Square(t - y),
                Delta * (error - 0.5 * Delta));
            return each.RowSum() / y.Columns;
        }
    }

    /// <summary>
    /// Each output a question of its own, answered ±1 (one against the rest where classes are many): slope −t inside
    /// the margin t·y &lt; 1, else 0.
    /// </summary>
    private readonly record struct HingeOnOutputs : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput) => S.Max(S.Sub(S.Set(T.One), S.Mul(t, y)), S.Set(T.Zero));
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            V margin = S.Mul(t, y);
            V slope = S.Select(S.Less(margin, S.Set(T.One)), S.Neg(t), S.Set(T.Zero));
            return S.Select(S.Equal(margin, margin), slope, margin);
        }
        public Expr Define(Expr y, Expr t) => Expr.Max(0, 1 - t * y).RowSum();
    }

    private sealed class HingeLoss : Loss
    {
        public override OutputRange Domain => OutputRange.Real;
        public override OutputRange Targets => new(-1, 1);
        public override Expr Define(Expr y, Expr t) => default(HingeOnOutputs).Define(y, t);
        internal override Activation UsualOutput(bool isClass) => Activations.Identity;
        internal override LossKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindLoss(default(HingeOnOutputs));
        internal override void CheckDomain(Activation output)
        {
            if (output.Range is not { Low: <= -1, High: >= 1 })
                Throw.Input($"Loss '{this}' after output activation '{output}'", "outputs that reach −1 and 1",
                    $"{output.Range}",
                    $"Use the output activation 'identity', or another loss{Instead(output)}.");
        }
    }

    /// <summary>
    /// y − t·ln y, the part of −ln P(t; y) that depends on y. Logarithms are kept above −100 and quotients at 1/10⁻¹²
    /// as in binary_cross_entropy.
    /// </summary>
    private readonly record struct PoissonLoss : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V infinity = S.Set(double.PositiveInfinity);
            V value = S.Sub(y, S.Mul(t, S.Max(VectorMath.Log<S, V, T>(y), S.Set(-100))));
            return S.Select(S.Equal(y, infinity), y, value);
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) =>
            S.Sub(S.Set(T.One), S.Div(t, S.Max(y, S.Set(1e-12))));
        public Expr Define(Expr y, Expr t) => (y - t * FlooredLog(y)).RowSum();
    }

    private static Parameter Smoothing => new("smoothing", 0, 0, 1,
        "Share of each target that is spread evenly over the answers.");

    /// <summary>Every loss, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Loss>> All { get; } =
    [
        Entry("euclidean", "½·Σₒ(dₒ − zₒ)²", "half the squared distance of output and target",
            "lecture L9, L11 (L = −P)", [],
            OutputRange.Real, _ => new EuclideanLoss()),
        Entry("mse", "(1/O)·Σₒ(dₒ − zₒ)²", "squared error, averaged over the outputs",
            "Goodfellow et al., Deep Learning, §5.1.4", [],
            OutputRange.Real, _ => new MeanSquaredErrorLoss()),
        new("binary_cross_entropy", "−Σₒ(tₒ·ln yₒ + (1−tₒ)·ln(1−yₒ)),  t ← (1−s)·t + s/2",
            "two classes, or several yes/no answers",
            "Goodfellow et al., Deep Learning, §6.2.2.2; smoothing: Szegedy et al., CVPR 2016, §7", [Smoothing],
            p => new BinaryCrossEntropyLoss(p[0])),
        new("cross_entropy", "−Σₒ tₒ·ln yₒ,  t ← (1−s)·t + s/O", "one of several classes",
            "lecture L9; Goodfellow et al., §6.2.2.3; smoothing: Szegedy et al., CVPR 2016, §7", [Smoothing],
            p => new CrossEntropyLoss(p[0])),
        Entry("mae", "(1/O)·Σₒ|dₒ − zₒ|", "absolute error: pulled less by far-off targets",
            "Hastie, Tibshirani, Friedman, §10.6", [],
            OutputRange.Real, _ => new MeanAbsoluteErrorLoss()),
        Entry("huber", "(1/O)·Σₒ(½e² if e ≤ δ, else δ·(e − ½δ)),  e = |dₒ − zₒ|",
            "squared near the target, absolute far from it",
            "Huber, Annals of Mathematical Statistics 35, 1964",
            [new("delta", 1, 0, 1e6,
                "Where it changes from squared to absolute, in scaled targets.") { ExcludesMin = true }],
            OutputRange.Real, p => new HuberLoss(p[0])),
        new("hinge", "Σₒ max(0, 1 − tₒ·yₒ),  t = ±1", "classes with a margin; several: one against the rest",
            "Cortes, Vapnik, Machine Learning 20, 1995; Rifkin, Klautau, JMLR 5, 2004", [], _ => new HingeLoss()),
        Entry("poisson", "Σₒ(yₒ − tₒ·ln yₒ),  y > 0", "counts",
            "McCullagh, Nelder, Generalized Linear Models, 1989, ch. 6", [],
            new(0, double.PositiveInfinity), _ => new PoissonLoss(), new OutputRange(0, double.PositiveInfinity),
            "softplus"),
    ];
}
