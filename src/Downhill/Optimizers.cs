using System.Numerics;
using System.Runtime.CompilerServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>What an update rule may know of the step it is in.</summary>
/// <param name="Number">1 for the first step of the run.</param>
/// <param name="Loss">Value of the objective's data term on this batch.</param>
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

    /// <summary>Whether only gradients of all rows make sense.</summary>
    public abstract bool NeedsFullBatch { get; }

    /// <summary>Numbers kept per parameter.</summary>
    public abstract int Slots { get; }

    internal abstract double InitialSlot(int slot);

    /// <summary>The rule's kernel, or null for a full-batch method.</summary>
    internal virtual RuleKernel<T>? Bind<T>(Kernels<T> kernels) where T : unmanaged, IBinaryFloatingPointIeee754<T> => null;

    /// <summary>The full-batch method, or null for an update rule.</summary>
    internal virtual FullBatchMethod? Method => null;
}

internal sealed class RuleOptimizer<R>(double defaultLearningRate) : Optimizer where R : struct, IUpdateRule
{
    public override double DefaultLearningRate => defaultLearningRate;
    public override bool NeedsFullBatch => R.NeedsFullBatch;
    public override int Slots => R.Slots;
    internal override double InitialSlot(int slot) => R.InitialSlot(slot, Arguments);
    internal override RuleKernel<T> Bind<T>(Kernels<T> kernels) => kernels.BindRule<R>();
}

/// <summary>The optimizers that ship. Adding an update rule: its struct, and its line in <see cref="All"/>.</summary>
public static class Optimizers
{
    public static Optimizer GradientDescent => Find("gradient_descent").Default;
    public static Optimizer Momentum(double gamma = 0.9) => Find("momentum").Create(gamma);
    public static Optimizer Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        Find("adam").Create(beta1, beta2, epsilon);
    public static Optimizer Lbfgs(double history = 10) => Find("lbfgs").Create(history);

    /// <summary>Makes a catalog entry of an update rule, a user's own included.</summary>
    public static Entry<Optimizer> Entry<R>(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        double defaultLearningRate) where R : struct, IUpdateRule =>
        new(name, formula, summary, source, parameters, _ => new RuleOptimizer<R>(defaultLearningRate));

    private static Entry<Optimizer> Find(string name) => All.First(e => e.Name == name);

    private readonly struct GradientDescentRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) { }
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V slot0, ref V slot1, ref V slot2, in RuleConstants<V> c) =>
            S.MulAdd(S.Neg(rate), g, w);
    }

    /// <summary>v ← γ·v − η·g, w ← w + v. The rate is inside the velocity, as in Polyak and the lecture.</summary>
    private readonly struct MomentumRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 1;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
            constants[0] = arguments[0];
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V velocity, ref V slot1, ref V slot2, in RuleConstants<V> c)
        {
            velocity = S.Sub(S.Mul(c[0], velocity), S.Mul(rate, g));
            return S.Add(w, velocity);
        }
    }

    /// <summary>Algorithm 1 of the paper: m̂ and v̂ corrected for their start at 0, ε added after the root.</summary>
    private readonly struct AdamRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 2;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants)
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
        static V IUpdateRule.Update<S, V, T>(V w, V g, V rate, ref V m, ref V v, ref V slot2, in RuleConstants<V> c)
        {
            m = S.Add(S.Mul(c[0], m), S.Mul(c[1], g));
            v = S.Add(S.Mul(c[2], v), S.Mul(c[3], S.Mul(g, g)));
            V mHat = S.Mul(m, c[4]), vHat = S.Mul(v, c[5]);
            return S.Sub(w, S.Div(S.Mul(rate, mHat), S.Add(S.Sqrt(vHat), c[6])));
        }
    }

    /// <summary>Every optimizer, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Optimizer>> All { get; } =
    [
        Entry<GradientDescentRule>("gradient_descent", "w ← w − η·∇C", "the plain step", "lecture L10", [], 0.1),
        Entry<MomentumRule>("momentum", "v ← γ·v − η·∇C,  w ← w + v", "a ball with mass: keeps rolling through ravines",
            "Polyak 1964; lecture L15", [new("gamma", 0.9, 0, 1, "Share of the velocity that is kept.")], 0.05),
        Entry<AdamRule>("adam", "m ← β₁·m + (1−β₁)·g,  v ← β₂·v + (1−β₂)·g²,  w ← w − η·m̂/(√v̂ + ε)",
            "steps of one size in every direction; the default", "Kingma, Ba, ICLR 2015, algorithm 1",
            [
                new("beta1", 0.9, 0, 1 - 1e-9, "Decay of the mean of gradients."),
                new("beta2", 0.999, 0, 1 - 1e-9, "Decay of the mean of squared gradients."),
                new("epsilon", 1e-8, 0, 1, "Keeps the denominator off 0.") { ExcludesMin = true },
            ], 0.001),
        new("lbfgs", "w ← w − α·H·∇C,  H from the last m steps", "curvature from past gradients; for small sets and smooth networks",
            "Nocedal, Wright, Numerical Optimization, algorithms 7.4, 3.5, 3.6",
            [new("history", 10, 1, 100, "Number m of steps remembered.") { Whole = true }],
            p => new Lbfgs((int)p[0])),
    ];
}
