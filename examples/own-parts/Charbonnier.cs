using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill.Examples;

/// <summary>√(1 + (y − t)²) − 1, summed over the outputs: squared near 0, absolute far from it.</summary>
public readonly record struct Charbonnier : IElementLoss
{
    public static Entry<Loss> Entry { get; } = Losses.Entry(
        "charbonnier", "Σₒ √(1 + (zₒ − dₒ)²) − 1", "an outlier pulls with a force of at most 1",
        "Charbonnier et al. 1994", [], OutputRange.Real, _ => new Charbonnier());

    V IElementLoss.Value<S, V, T>(V y, V t, V perOutput) => S.Sub(Root<S, V, T>(S.Sub(y, t)), S.Set(1.0));

    V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) =>
        S.Div(S.Sub(y, t), Root<S, V, T>(S.Sub(y, t)));

    Expr IElementLoss.Define(Expr y, Expr t) => (Expr.Sqrt(1 + (y - t) * (y - t)) - 1).RowSum();

    private static V Root<S, V, T>(V e) where S : struct, ISimd<V, T> where V : struct
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> =>
        S.Sqrt(S.Add(S.Set(1.0), S.Mul(e, e)));
}
