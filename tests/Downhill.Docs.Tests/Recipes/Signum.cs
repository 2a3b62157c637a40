using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Docs.Tests.Recipes;

/// <summary>m ← β·m + (1−β)·g, w ← w − η·sign(m).</summary>
public readonly struct Signum : IUpdateRule
{
    public static Entry<Optimizer> Entry { get; } = Optimizers.Entry<Signum>(
        "signum", "m ← β·m + (1−β)·∇C,  w ← w − η·sign(m)", "steps of one length", "Bernstein et al., ICML 2018",
        [new("beta", 0.9, 0, 1, "Share of the mean that is kept.")], defaultLearningRate: 0.001);

    static int IUpdateRule.Slots => 1;

    static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) =>
        (constants[0], constants[1]) = (arguments[0], 1 - arguments[0]);

    static V IUpdateRule.Update<S, V, T>(
        V w, V g, V rate, ref V mean, ref V slot1, ref V slot2, in RuleConstants<V> c)
    {
        mean = S.Add(S.Mul(c[0], mean), S.Mul(c[1], g));
        V zero = S.Set(0.0);
        V step = S.Select(S.Less(zero, mean), rate, S.Select(S.Less(mean, zero), S.Neg(rate), zero));
        return S.Sub(w, step);
    }
}
