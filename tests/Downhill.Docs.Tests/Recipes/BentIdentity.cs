using System.Numerics;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill.Docs.Tests.Recipes;

/// <summary>Bent identity, φ(v) = (√(v² + 1) − 1)/2 + v.</summary>
public readonly record struct BentIdentity : IActivation
{
    public static Entry<Activation> Entry { get; } = Activations.Entry(
        "bent_identity", "(√(v² + 1) − 1)/2 + v", "almost linear, bent at 0", "example", [], _ => new BentIdentity());

    static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;

    OutputRange IActivation.Range => OutputRange.Real;

    V IActivation.Value<S, V, T>(V v)
    {
        V root = S.Sqrt(S.Add(S.Mul(v, v), S.Set(1.0)));
        return S.Add(S.Mul(S.Set(0.5), S.Sub(root, S.Set(1.0))), v);
    }

    V IActivation.Derivative<S, V, T>(V v) // v/(2·√(v² + 1)) + 1
    {
        V root = S.Sqrt(S.Add(S.Mul(v, v), S.Set(1.0)));
        return S.Add(S.Div(S.Mul(S.Set(0.5), v), root), S.Set(1.0));
    }

    Expr IActivation.Define(Expr v) => (Expr.Sqrt(v * v + 1) - 1) / 2 + v;
}
