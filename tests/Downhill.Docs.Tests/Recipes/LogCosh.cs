using System.Numerics;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill.Docs.Tests.Recipes;

/// <summary>ln cosh(y − t), summed over the outputs: squared for small errors, absolute for large ones.</summary>
public readonly record struct LogCosh : IElementLoss
{
    public static Entry<Loss> Entry { get; } = Losses.Entry(
        "log_cosh", "Σₒ ln cosh(zₒ − dₒ)", "squared near 0, absolute far from it", "example", [], OutputRange.Real,
        _ => new LogCosh());

    V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
    {
        // ln cosh e = |e| + ln(1 + exp(−2|e|)) − ln 2, which does not overflow.
        V e = S.Abs(S.Sub(y, t));
        return S.Sub(S.Add(e, VectorMath.Softplus<S, V, T>(S.Mul(S.Set(-2.0), e))), S.Set(0.6931471805599453));
    }

    V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput) => VectorMath.Tanh<S, V, T>(S.Sub(y, t));

    Expr IElementLoss.Define(Expr y, Expr t)
    {
        Expr e = Expr.Abs(y - t);
        return (e + Expr.Softplus(-2 * e) - 0.6931471805599453).RowSum();
    }
}
