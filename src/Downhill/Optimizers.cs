using System.Numerics;
using System.Runtime.CompilerServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>What an update rule may know of the step it is in.</summary>
/// <param name="Number">1 for the first step of the run.</param>
/// <param name="Loss">Value of the objective on this batch at the present parameters: the data term, and for a rule
/// that needs the full batch the penalties too.</param>
/// <param name="PreviousLoss">The same one step ago, NaN at the first step.</param>
/// <param name="IsFullBatch">Whether the gradient is that of all training rows.</param>
public readonly record struct RuleStep(long Number, double Loss, double PreviousLoss, bool IsFullBatch);

/// <summary>Up to eight numbers of a step, worked out once in double and then held in vector registers.</summary>
[InlineArray(8)]
public struct RuleConstants<V> where V : struct
{
    private V first;
}

/// <summary>
/// An element-wise update rule w ← f(w, g, slots), written once and used for every parameter alike.
/// Its numbers come as arguments, because a schedule may change any of them from step to step.
/// </summary>
public interface IUpdateRule
{
    /// <summary>How many numbers the rule remembers per parameter: 0 … 3.</summary>
    static abstract int Slots { get; }

    /// <summary>What a slot holds before the first step.</summary>
    static virtual double InitialSlot(int slot, ReadOnlySpan<double> arguments) => 0;

    /// <summary>Whether the rule is only defined for the gradient of all rows (Rprop).</summary>
    static virtual bool NeedsFullBatch => false;

    /// <summary>Whether its slots are averages that fade while gradients are 0, as a velocity does. What has faded
    /// below every meaning is set to 0 now and then (<see cref="VectorMath.Settle"/>).</summary>
    static virtual bool Fades => false;

    /// <summary>Whether the new parameter and slots are sums of the old ones and the gradient, each times a number that
    /// depends on none of them, as in gradient descent with and without momentum. Of such a rule many small steps can
    /// be worked out at once.</summary>
    static virtual bool IsLinear => false;

    /// <summary>Works out the step's constants from the arguments (schedules applied).</summary>
    static abstract void Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants);

    /// <summary>The new parameter from the old one <paramref name="w"/>, its finished gradient <paramref name="g"/> and
    /// its learning rate <paramref name="rate"/>; updates the slots.</summary>
    static abstract V Update<S, V, T>(V w, V g, V rate, ref V slot0, ref V slot1, ref V slot2, in RuleConstants<V> c)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>
/// How θ moves against the gradient. Two kinds: an <em>update rule</em> (element-wise, any batch) and a
/// <em>full-batch method</em>, which evaluates the objective at points of its own choice.
/// </summary>
public abstract class Optimizer : CatalogItem
{
    /// <summary>Learning rate when none is given.</summary>
    public abstract double DefaultLearningRate { get; }

    /// <summary>Decoupled weight decay when none is given: 0 but for <c>adamw</c>.</summary>
    public virtual double DefaultWeightDecay => 0;

    /// <summary>Whether only gradients of all rows make sense.</summary>
    public abstract bool NeedsFullBatch { get; }

    /// <summary>Numbers kept per parameter.</summary>
    public abstract int Slots { get; }

    internal virtual bool IsLinear => false;

    internal abstract double InitialSlot(int slot);

    /// <summary>The rule's kernel, or null for a full-batch method.</summary>
    internal virtual RuleKernel<T>? Bind<T>(Kernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => null;

    /// <summary>The full-batch method, or null for an update rule.</summary>
    internal virtual FullBatchMethod? Method => null;
}

internal sealed class RuleOptimizer<R>(double defaultLearningRate, double defaultWeightDecay) : Optimizer
    where R : struct, IUpdateRule
{
    public override double DefaultLearningRate => defaultLearningRate;
    public override double DefaultWeightDecay => defaultWeightDecay;
    public override bool NeedsFullBatch => R.NeedsFullBatch;
    public override int Slots => R.Slots;
    internal override bool IsLinear => R.IsLinear;
    internal override double InitialSlot(int slot) => R.InitialSlot(slot, Arguments);
    internal override RuleKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindRule<R>();
}

/// <summary>The optimizers that ship. Adding an update rule: its struct, and its line in <see cref="All"/>.</summary>
/// <remarks>
/// <para>In every rule g is the finished gradient (normalised, with the L2 term, clipped) and η the learning rate of
/// the parameter, after schedules and multipliers. Decoupled weight decay belongs to no rule: it is
/// <see cref="TrainOptions.WeightDecay"/>, and works beside each of them.</para>
/// <para>The batch delta rule of the lecture (L13: add up Δw over all rows, then w ← w + α·ΣΔw) is
/// <see cref="GradientDescent"/> with <see cref="TrainOptions.Batch"/> 0, <see cref="Reduction.Sum"/> and the learning
/// rate α; its form without a rate is α = 1.</para>
/// </remarks>
public static class Optimizers
{
    /// <summary>w ← w − η·∇C. Also the lecture's batch delta rule, see the remarks of
    /// <see cref="Optimizers"/>.</summary>
    public static Optimizer GradientDescent => Find("gradient_descent").Default;

    /// <summary>Polyak's heavy ball, v ← γ·v − η·g, w ← w + v.</summary>
    /// <param name="gamma">γ, 0 … 1.</param>
    public static Optimizer Momentum(double gamma = 0.9) => Find("momentum").Create(gamma);

    /// <summary>Nesterov's momentum in the form of Sutskever et al. 2013: the gradient is taken where the velocity
    /// leads.</summary>
    /// <param name="gamma">γ, 0 … 1.</param>
    public static Optimizer Nesterov(double gamma = 0.9) => Find("nesterov").Create(gamma);

    /// <summary>Adagrad (Duchi, Hazan, Singer 2011).</summary>
    /// <param name="initial">The sum of squares before the first step, 0 or more.</param>
    /// <param name="epsilon">Added to the root, above 0.</param>
    public static Optimizer Adagrad(double initial = 0, double epsilon = 1e-10) =>
        Find("adagrad").Create(initial, epsilon);

    /// <summary>RMSprop (Tieleman, Hinton 2012).</summary>
    /// <param name="rho">Decay ρ of the mean of squared gradients, 0 … below 1.</param>
    /// <param name="epsilon">Added to the root, above 0.</param>
    public static Optimizer RmsProp(double rho = 0.9, double epsilon = 1e-8) => Find("rmsprop").Create(rho, epsilon);

    /// <summary>Adadelta (Zeiler 2012); needs no learning rate: 1 is the paper's.</summary>
    /// <param name="rho">Decay ρ of both means of squares, 0 … below 1.</param>
    /// <param name="epsilon">Added under both roots, above 0.</param>
    public static Optimizer Adadelta(double rho = 0.95, double epsilon = 1e-6) => Find("adadelta").Create(rho, epsilon);

    /// <summary>Adam (Kingma, Ba 2015).</summary>
    /// <param name="beta1">Decay of the mean of gradients, 0 … below 1.</param>
    /// <param name="beta2">Decay of the mean of squared gradients, 0 … below 1.</param>
    /// <param name="epsilon">Added to the root, above 0.</param>
    public static Optimizer Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        Find("adam").Create(beta1, beta2, epsilon);

    /// <summary>Adam with a weight decay of 0.01 where <see cref="TrainOptions.WeightDecay"/> gives none (Loshchilov,
    /// Hutter 2019).</summary>
    /// <param name="beta1">As in <see cref="Adam"/>.</param>
    /// <param name="beta2">As in <see cref="Adam"/>.</param>
    /// <param name="epsilon">As in <see cref="Adam"/>.</param>
    public static Optimizer AdamW(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        Find("adamw").Create(beta1, beta2, epsilon);

    /// <summary>Adam with Nesterov's momentum (Dozat 2016).</summary>
    /// <param name="beta1">Momentum once it has warmed up, 0 … below 1.</param>
    /// <param name="beta2">Decay of the mean of squared gradients, 0 … below 1.</param>
    /// <param name="epsilon">Added to the root, above 0.</param>
    /// <param name="momentumDecay">Speed ψ of the warm-up, 0 … 1.</param>
    public static Optimizer NAdam(
        double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double momentumDecay = 0.004) =>
        Find("nadam").Create(beta1, beta2, epsilon, momentumDecay);

    /// <summary>Adam with a denominator that never falls (Reddi, Kale, Kumar 2018).</summary>
    /// <param name="beta1">As in <see cref="Adam"/>.</param>
    /// <param name="beta2">As in <see cref="Adam"/>.</param>
    /// <param name="epsilon">As in <see cref="Adam"/>.</param>
    public static Optimizer AmsGrad(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        Find("amsgrad").Create(beta1, beta2, epsilon);

    /// <summary>Lion (Chen et al. 2023): the sign of a momentum.</summary>
    /// <param name="beta1">Share of the momentum in the direction of the step, 0 … 1.</param>
    /// <param name="beta2">Decay of the momentum itself, 0 … below 1.</param>
    public static Optimizer Lion(double beta1 = 0.9, double beta2 = 0.99) => Find("lion").Create(beta1, beta2);

    /// <summary>Rprop with weight backtracking (Riedmiller, Braun 1993). Full batches only; η scales the steps, 1 is
    /// the paper's.</summary>
    /// <param name="initial">First step size Δ₀, above 0.</param>
    /// <param name="increase">η⁺, 1 … 10.</param>
    /// <param name="decrease">η⁻, above 0 … 1.</param>
    /// <param name="smallest">Δmin, 0 or more.</param>
    /// <param name="largest">Δmax, above 0.</param>
    public static Optimizer RpropPlus(
        double initial = 0.0125, double increase = 1.2, double decrease = 0.5, double smallest = 0,
        double largest = 50) =>
        Find("rprop_plus").Create(initial, increase, decrease, smallest, largest);

    /// <summary>Rprop without weight backtracking. Parameters as of <see cref="RpropPlus"/>.</summary>
    public static Optimizer RpropMinus(
        double initial = 0.0125, double increase = 1.2, double decrease = 0.5, double smallest = 0,
        double largest = 50) =>
        Find("rprop_minus").Create(initial, increase, decrease, smallest, largest);

    /// <summary>Improved Rprop without weight backtracking (Igel, Hüsken 2003). Parameters as of
    /// <see cref="RpropPlus"/>.</summary>
    public static Optimizer IrpropMinus(
        double initial = 0.0125, double increase = 1.2, double decrease = 0.5, double smallest = 0,
        double largest = 50) =>
        Find("irprop_minus").Create(initial, increase, decrease, smallest, largest);

    /// <summary>Improved Rprop with weight backtracking (Igel, Hüsken 2003). Parameters as of
    /// <see cref="RpropPlus"/>.</summary>
    public static Optimizer IrpropPlus(
        double initial = 0.0125, double increase = 1.2, double decrease = 0.5, double smallest = 0,
        double largest = 50) =>
        Find("irprop_plus").Create(initial, increase, decrease, smallest, largest);

    /// <summary>Limited-memory BFGS with a strong-Wolfe line search. Full batches only; chooses its own step
    /// lengths.</summary>
    /// <param name="history">Number m of steps remembered, 1 … 100.</param>
    public static Optimizer Lbfgs(double history = 10) => Find("lbfgs").Create(history);

    /// <summary>Makes a catalog entry of an update rule, a user's own included.</summary>
    /// <param name="name">As of <see cref="Downhill.Entry{TItem}"/>.</param>
    /// <param name="formula">As of <see cref="Downhill.Entry{TItem}"/>.</param>
    /// <param name="summary">As of <see cref="Downhill.Entry{TItem}"/>.</param>
    /// <param name="source">As of <see cref="Downhill.Entry{TItem}"/>.</param>
    /// <param name="parameters">The rule's numbers, in the order in which its <see cref="IUpdateRule.Prepare"/> gets
    /// them.</param>
    /// <param name="defaultLearningRate">η when none is given.</param>
    /// <param name="defaultWeightDecay">Decoupled weight decay when none is given.</param>
    public static Entry<Optimizer> Entry<R>(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        double defaultLearningRate, double defaultWeightDecay = 0) where R : struct, IUpdateRule =>
        new(name, formula, summary, source, parameters,
            _ => new RuleOptimizer<R>(defaultLearningRate, defaultWeightDecay));

    private static Entry<Optimizer> Find(string name) => All.First(e => e.Name == name);

    /// <summary>−1, 0 or 1; NaN counts as ±1 (a gradient that is not finite ends the run before it matters).</summary>
    private static V Sign<S, V, T>(V a)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V zero = S.Set(T.Zero);
        return S.Select(S.Equal(a, zero), zero, S.CopySign(S.Set(T.One), a));
    }

    private readonly struct GradientDescentRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 0;
        static bool IUpdateRule.IsLinear => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) { }
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V slot0, ref V slot1, ref V slot2, in RuleConstants<V> c) =>
            S.MulAdd(S.Neg(rate), g, w);
    }

    /// <summary>v ← γ·v − η·g, w ← w + v. The rate is inside the velocity, as in Polyak, the lecture and scikit-learn;
    /// PyTorch has v ← γ·v + g, w ← w − η·v, which is the same while η is constant and another rule under a schedule of
    /// η.</summary>
    private readonly struct MomentumRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static bool IUpdateRule.IsLinear => true;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            constants[0] = arguments[0];
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V velocity, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            velocity = S.Sub(S.Mul(c[0], velocity), S.Mul(rate, g));
            return S.Add(w, velocity);
        }
    }

    /// <summary>
    /// Sutskever et al., equations 3 and 4: v ← γ·v − η·∇C(θ + γ·v), θ ← θ + v. The parameters that are kept are
    /// w = θ + γ·v, where the gradient is taken, so that w ← w + γ·v − η·g with the new v. γ is that of the present
    /// step in both places (as in scikit-learn and Keras); PyTorch's form differs under a schedule of η as its momentum
    /// does.
    /// </summary>
    private readonly struct NesterovRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static bool IUpdateRule.IsLinear => true;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            constants[0] = arguments[0];
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V velocity, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            V move = S.Mul(rate, g);
            velocity = S.Sub(S.Mul(c[0], velocity), move);
            return S.Add(w, S.Sub(S.Mul(c[0], velocity), move));
        }
    }

    /// <summary>Figure 1 of the paper with diagonal matrices: H = δ·I + diag(√Σg²), so ε is outside the root (as in
    /// PyTorch; Keras has it inside).</summary>
    private readonly struct AdagradRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => arguments[0];
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            constants[0] = arguments[1];
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V sum, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            sum = S.Add(sum, S.Mul(g, g));
            return S.Sub(w, S.Div(S.Mul(rate, g), S.Add(S.Sqrt(sum), c[0])));
        }
    }

    /// <summary>The slide divides by √v alone; ε is added to the root (as in PyTorch, whose ρ is 0.99 by default; Keras
    /// has ε under the root).</summary>
    private readonly struct RmsPropRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
        {
            constants[0] = arguments[0];
            constants[1] = 1 - arguments[0];
            constants[2] = arguments[1];
        }
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V v, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            v = S.Add(S.Mul(c[0], v), S.Mul(c[1], S.Mul(g, g)));
            return S.Sub(w, S.Div(S.Mul(rate, g), S.Add(S.Sqrt(v), c[2])));
        }
    }

    /// <summary>Algorithm 1 of the paper: the step is measured in the root mean square of past steps. PyTorch's ρ is
    /// 0.9 by default.</summary>
    private readonly struct AdadeltaRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 2;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
        {
            constants[0] = arguments[0];
            constants[1] = 1 - arguments[0];
            constants[2] = arguments[1];
        }
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V squares, ref V moves, ref V slot2, in RuleConstants<V> c)
        {
            squares = S.Add(S.Mul(c[0], squares), S.Mul(c[1], S.Mul(g, g)));
            V move = S.Mul(S.Div(S.Sqrt(S.Add(moves, c[2])), S.Sqrt(S.Add(squares, c[2]))), g);
            moves = S.Add(S.Mul(c[0], moves), S.Mul(c[1], S.Mul(move, move)));
            return S.Sub(w, S.Mul(rate, move));
        }
    }

    /// <summary>Algorithm 1 of the paper: m̂ and v̂ corrected for their start at 0, ε added after the root.</summary>
    private readonly struct AdamRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 2;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareAdam(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V m, ref V v, ref V slot2, in RuleConstants<V> c)
        {
            m = S.Add(S.Mul(c[0], m), S.Mul(c[1], g));
            v = S.Add(S.Mul(c[2], v), S.Mul(c[3], S.Mul(g, g)));
            V mHat = S.Mul(m, c[4]), vHat = S.Mul(v, c[5]);
            return S.Sub(w, S.Div(S.Mul(rate, mHat), S.Add(S.Sqrt(vHat), c[6])));
        }
    }

    /// <summary>β₁, 1−β₁, β₂, 1−β₂, 1/(1−β₁ᵗ), 1/(1−β₂ᵗ), ε.</summary>
    private static void PrepareAdam(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
    {
        (double beta1, double beta2, double epsilon) = (arguments[0], arguments[1], arguments[2]);
        constants[0] = beta1;
        constants[1] = 1 - beta1;
        constants[2] = beta2;
        constants[3] = 1 - beta2;
        constants[4] = 1 / (1 - PortableMath.PowInt(beta1, step.Number));
        constants[5] = 1 / (1 - PortableMath.PowInt(beta2, step.Number));
        constants[6] = epsilon;
    }

    /// <summary>
    /// Algorithm 2 of the paper with its momentum schedule μₜ = β₁·(1 − ½·0.96^(ψ·t)); n̂ = n/(1−νᵗ), corrected as
    /// in Adam. PyTorch and Keras keep β₁ instead of μₜ in m ← μₜ·m + (1−μₜ)·g.
    /// The third slot is Πμᵢ, the same number for every parameter: a rule has no memory but its slots.
    /// </summary>
    private readonly struct NAdamRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 3;
        static bool IUpdateRule.Fades => true;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => slot == 2 ? 1 : 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
        {
            (double beta1, double beta2, double decay) = (arguments[0], arguments[1], arguments[3]);
            double mu = beta1 * (1 - 0.5 * PortableMath.Pow(0.96, decay * step.Number));
            constants[0] = mu;
            constants[1] = 1 - mu;
            constants[2] = beta1 * (1 - 0.5 * PortableMath.Pow(0.96, decay * (step.Number + 1)));
            constants[3] = beta2;
            constants[4] = 1 - beta2;
            constants[5] = 1 / (1 - PortableMath.PowInt(beta2, step.Number));
            constants[6] = arguments[2];
        }
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V m, ref V n, ref V product, in RuleConstants<V> c)
        {
            V one = S.Set(T.One);
            m = S.Add(S.Mul(c[0], m), S.Mul(c[1], g));
            n = S.Add(S.Mul(c[3], n), S.Mul(c[4], S.Mul(g, g)));
            product = S.Mul(product, c[0]);
            V ahead = S.Div(S.Mul(c[2], m), S.Sub(one, S.Mul(product, c[2])));
            V now = S.Div(S.Mul(c[1], g), S.Sub(one, product));
            V nHat = S.Mul(n, c[5]);
            return S.Sub(w, S.Div(S.Mul(rate, S.Add(ahead, now)), S.Add(S.Sqrt(nHat), c[6])));
        }
    }

    /// <summary>Algorithm 2 of the paper with Adam's corrections for the start at 0, which the paper leaves out for
    /// simplicity; the largest v is taken before it is corrected, and ε added after the root, as in PyTorch.</summary>
    private readonly struct AmsGradRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 3;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareAdam(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V m, ref V v, ref V largest, in RuleConstants<V> c)
        {
            m = S.Add(S.Mul(c[0], m), S.Mul(c[1], g));
            v = S.Add(S.Mul(c[2], v), S.Mul(c[3], S.Mul(g, g)));
            largest = S.Max(largest, v);
            V mHat = S.Mul(m, c[4]), vHat = S.Mul(largest, c[5]);
            return S.Sub(w, S.Div(S.Mul(rate, mHat), S.Add(S.Sqrt(vHat), c[6])));
        }
    }

    /// <summary>Algorithm 2 of the paper: β₁ mixes the direction of this step, β₂ keeps the momentum for the next.
    /// Exchanged they give nearly the sign of the gradient alone.</summary>
    private readonly struct LionRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static bool IUpdateRule.Fades => true;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
        {
            constants[0] = arguments[0];
            constants[1] = 1 - arguments[0];
            constants[2] = arguments[1];
            constants[3] = 1 - arguments[1];
        }
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V m, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            V direction = S.Add(S.Mul(c[0], m), S.Mul(c[1], g));
            m = S.Add(S.Mul(c[2], m), S.Mul(c[3], g));
            return S.Sub(w, S.Mul(rate, Sign<S, V, T>(direction)));
        }
    }

    // The four of Rprop. Slot 0 is the gradient of the step before (or 0 where the paper sets it so), slot 1 the step
    // size Δ of the parameter, slot 2 (backtracking only) the last move. The learning rate scales the moves: 1 is the
    // papers'. PyTorch's Rprop is iRprop−, its learning rate our Δ₀, with Δ₀ = 0.01 and Δmin = 1e-6.

    /// <summary>η⁺, η⁻, Δmin, Δmax; 1 where the objective rose, else 0.</summary>
    private static void PrepareRprop(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
    {
        constants[0] = arguments[1];
        constants[1] = arguments[2];
        constants[2] = arguments[3];
        constants[3] = arguments[4];
        constants[4] = step.Loss > step.PreviousLoss ? 1 : 0;
    }

    /// <summary>Δ grows while the gradient keeps its sign and shrinks when it turns; returns the mask of where it
    /// turned. Signs are compared by one factor of size 1, so that small gradients do not underflow in the
    /// product.</summary>
    private static V Adapt<S, V, T>(V g, V previous, ref V size, in RuleConstants<V> c)
        where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V zero = S.Set(T.Zero), agreement = S.Mul(Sign<S, V, T>(g), previous);
        V turned = S.Less(agreement, zero);
        V grown = S.Min(S.Mul(size, c[0]), c[3]), shrunk = S.Max(S.Mul(size, c[1]), c[2]);
        size = S.Select(S.Less(zero, agreement), grown, S.Select(turned, shrunk, size));
        return turned;
    }

    /// <summary>Algorithm 1 of Igel and Hüsken: where the gradient turned, the last move is taken back.</summary>
    private readonly struct RpropPlusRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 3;
        static bool IUpdateRule.NeedsFullBatch => true;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => slot == 1 ? arguments[0] : 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareRprop(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V previous, ref V size, ref V move, in RuleConstants<V> c)
        {
            V turned = Adapt<S, V, T>(g, previous, ref size, c);
            move = S.Select(turned, S.Neg(move), S.Neg(S.Mul(rate, S.Mul(Sign<S, V, T>(g), size))));
            previous = S.Select(turned, S.Set(T.Zero), g);
            return S.Add(w, move);
        }
    }

    /// <summary>Algorithm 2 of Igel and Hüsken: where the gradient turned, it steps back with the smaller Δ.</summary>
    private readonly struct RpropMinusRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 2;
        static bool IUpdateRule.NeedsFullBatch => true;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => slot == 1 ? arguments[0] : 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareRprop(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V previous, ref V size, ref V slot2, in RuleConstants<V> c)
        {
            Adapt<S, V, T>(g, previous, ref size, c);
            previous = g;
            return S.Sub(w, S.Mul(rate, S.Mul(Sign<S, V, T>(g), size)));
        }
    }

    /// <summary>Algorithm 4 of Igel and Hüsken: where the gradient turned, no move, and the next counts as the first of
    /// a direction.</summary>
    private readonly struct IrpropMinusRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 2;
        static bool IUpdateRule.NeedsFullBatch => true;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => slot == 1 ? arguments[0] : 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareRprop(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V previous, ref V size, ref V slot2, in RuleConstants<V> c)
        {
            V turned = Adapt<S, V, T>(g, previous, ref size, c);
            previous = S.Select(turned, S.Set(T.Zero), g);
            return S.Sub(w, S.Mul(rate, S.Mul(Sign<S, V, T>(previous), size)));
        }
    }

    /// <summary>Algorithm 3 of Igel and Hüsken: where the gradient turned, the last move is taken back if the objective
    /// rose, else nothing is moved.</summary>
    private readonly struct IrpropPlusRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 3;
        static bool IUpdateRule.NeedsFullBatch => true;
        static double IUpdateRule.InitialSlot(int slot, ReadOnlySpan<double> arguments) => slot == 1 ? arguments[0] : 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            PrepareRprop(arguments, step, constants);
        static V IUpdateRule.Update<S, V, T>(
            V w, V g, V rate, ref V previous, ref V size, ref V move, in RuleConstants<V> c)
        {
            V turned = Adapt<S, V, T>(g, previous, ref size, c);
            V back = S.Neg(S.Mul(c[4], move));
            move = S.Select(turned, back, S.Neg(S.Mul(rate, S.Mul(Sign<S, V, T>(g), size))));
            previous = S.Select(turned, S.Set(T.Zero), g);
            return S.Add(w, move);
        }
    }

    private static Parameter Gamma => new("gamma", 0.9, 0, 1, "Share of the velocity that is kept.");

    // Far below any use, and still above 0 in single precision: a gradient of 0 must not become 0/0.
    private static Parameter Epsilon(double value) => new("epsilon", value, 1e-30, 1, "Keeps the denominator off 0.");

    private static Parameter Decay(string name, double value, string summary) => new(name, value, 0, 1 - 1e-9, summary);

    private static Parameter[] AdamParameters =>
    [
        Decay("beta1", 0.9, "Decay of the mean of gradients."),
        Decay("beta2", 0.999, "Decay of the mean of squared gradients."),
        Epsilon(1e-8),
    ];

    private static Parameter[] RpropParameters =>
    [
        new("initial", 0.0125, 0, 1e6, "First step size Δ₀.") { ExcludesMin = true },
        new("increase", 1.2, 1, 10, "Factor η⁺ while the gradient keeps its sign."),
        new("decrease", 0.5, 0, 1, "Factor η⁻ when the gradient has changed its sign.") { ExcludesMin = true },
        new("smallest", 0, 0, 1e6, "Smallest step size Δmin."),
        new("largest", 50, 0, 1e6, "Largest step size Δmax.") { ExcludesMin = true },
    ];

    /// <summary>Every optimizer, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Optimizer>> All { get; } =
    [
        Entry<GradientDescentRule>("gradient_descent", "w ← w − η·∇C",
            "the plain step; on all rows with reduction sum the lecture's batch delta rule", "lecture L10, L13", [],
            0.1),
        Entry<MomentumRule>("momentum", "v ← γ·v − η·∇C,  w ← w + v", "a ball with mass: keeps rolling through ravines",
            "Polyak 1964; lecture L15", [Gamma], 0.05),
        Entry<NesterovRule>("nesterov", "v ← γ·v − η·∇C(w),  w ← w + γ·v − η·∇C(w)",
            "momentum that looks where it is going first",
            "Nesterov 1983; Sutskever, Martens, Dahl, Hinton, ICML 2013, eq. 3 and 4, kept at the point w = θ + γ·v",
            [Gamma], 0.05),
        Entry<AdagradRule>("adagrad", "s ← s + g²,  w ← w − η·g/(√s + ε)",
            "smaller steps where much has been learned; for sparse inputs",
            "Duchi, Hazan, Singer, JMLR 12, 2011, figure 1 (diagonal)",
            [new("initial", 0, 0, 1e6, "Sum of squares before the first step."), Epsilon(1e-10)], 0.01),
        Entry<RmsPropRule>("rmsprop", "v ← ρ·v + (1−ρ)·g²,  w ← w − η·g/(√v + ε)", "steps measured by recent gradients",
            "Tieleman, Hinton, Neural Networks for Machine Learning, lecture 6e, 2012",
            [Decay("rho", 0.9, "Decay of the mean of squared gradients."), Epsilon(1e-8)], 0.001),
        Entry<AdadeltaRule>("adadelta",
            "v ← ρ·v + (1−ρ)·g²,  δ = √(u + ε)/√(v + ε)·g,  u ← ρ·u + (1−ρ)·δ²,  w ← w − η·δ",
            "measures its steps by past steps: needs no learning rate", "Zeiler 2012, algorithm 1",
            [Decay("rho", 0.95, "Decay of both means of squares."), Epsilon(1e-6)], 1),
        Entry<AdamRule>("adam", "m ← β₁·m + (1−β₁)·g,  v ← β₂·v + (1−β₂)·g²,  w ← w − η·m̂/(√v̂ + ε)",
            "steps of one size in every direction; the default", "Kingma, Ba, ICLR 2015, algorithm 1", AdamParameters,
            0.001),
        Entry<AdamRule>("adamw", "as adam,  besides w ← w − η·λ·w",
            "adam with weight decay λ, 0.01 where none is given",
            "Loshchilov, Hutter, ICLR 2019, algorithm 2", AdamParameters, 0.001, defaultWeightDecay: 0.01),
        Entry<NAdamRule>("nadam",
            "m ← μₜ·m + (1−μₜ)·g,  m̂ = μₜ₊₁·m/(1−Πμᵢ₊₁) + (1−μₜ)·g/(1−Πμᵢ),  w ← w − η·m̂/(√v̂ + ε),  "
            + "μₜ = β₁·(1 − ½·0.96^(ψ·t))",
            "adam with Nesterov's momentum", "Dozat, ICLR workshop 2016, algorithm 2",
            [.. AdamParameters, new("momentum_decay", 0.004, 0, 1, "Speed ψ at which the momentum warms up.")], 0.002),
        Entry<AmsGradRule>("amsgrad", "as adam,  with v̂ of the largest v so far",
            "adam whose steps never grow back; converges where adam may not",
            "Reddi, Kale, Kumar, ICLR 2018, algorithm 2", AdamParameters, 0.001),
        Entry<LionRule>("lion", "w ← w − η·sign(β₁·m + (1−β₁)·g),  m ← β₂·m + (1−β₂)·g",
            "only the sign of a momentum; a third of adam's rate or less",
            "Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023, algorithm 2",
            [
                new("beta1", 0.9, 0, 1, "Share of the momentum in the step's direction."),
                Decay("beta2", 0.99, "Decay of the momentum."),
            ], 0.0001),
        Entry<RpropPlusRule>("rprop_plus", "w ← w − η·sign(g)·Δ,  Δ ← η⁺·Δ or η⁻·Δ; g turned: last move back",
            "only signs; every weight has its own step size (all rows)",
            "Riedmiller, Braun, ICNN 1993; Igel, Hüsken 2003, algorithm 1",
            RpropParameters, 1),
        Entry<RpropMinusRule>("rprop_minus", "w ← w − η·sign(g)·Δ,  Δ ← η⁺·Δ or η⁻·Δ",
            "Rprop that takes nothing back (all rows)",
            "Riedmiller 1994; Igel, Hüsken 2003, algorithm 2", RpropParameters, 1),
        Entry<IrpropMinusRule>("irprop_minus", "w ← w − η·sign(g)·Δ,  Δ ← η⁺·Δ or η⁻·Δ; g turned: no move",
            "improved Rprop, the simplest of the good ones (all rows)",
            "Igel, Hüsken, Neurocomputing 50, 2003, algorithm 4", RpropParameters, 1),
        Entry<IrpropPlusRule>("irprop_plus",
            "w ← w − η·sign(g)·Δ,  Δ ← η⁺·Δ or η⁻·Δ; g turned and C rose: last move back",
            "improved Rprop that takes back what raised the cost (all rows)",
            "Igel, Hüsken, Neurocomputing 50, 2003, algorithm 3", RpropParameters, 1),
        new("lbfgs", "w ← w − α·H·∇C,  H from the last m steps",
            "curvature from past gradients; for small sets and smooth networks",
            "Nocedal, Wright, Numerical Optimization, algorithms 7.4, 3.5, 3.6",
            [new("history", 10, 1, 100, "Number m of steps remembered.") { Whole = true }],
            p => new Lbfgs((int)p[0])),
    ];
}
