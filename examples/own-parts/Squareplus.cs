using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill.Examples;

/// <summary>φ(v) = (v + √(v² + width²))/2, a relu with a round corner (Barron, arXiv:2112.11687).</summary>
public readonly record struct Squareplus(double Width) : IActivation
{
    public static Entry<Activation> Entry { get; } = Activations.Entry(
        "squareplus", "(v + √(v² + width²))/2", "relu with a round corner", "Barron 2021",
        [new("width", 2, 0, 100)], parameters => new Squareplus(parameters[0]));

    static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;

    OutputRange IActivation.Range => new(0, double.PositiveInfinity);

    // One body for every vector width and for single and double precision: S computes with vectors V of numbers T.
    V IActivation.Value<S, V, T>(V v) =>
        S.Mul(S.Set(0.5), S.Add(v, S.Sqrt(S.Add(S.Mul(v, v), S.Set(Width * Width)))));

    // φ′(v) = (1 + v/√(v² + width²))/2
    V IActivation.Derivative<S, V, T>(V v) =>
        S.Mul(S.Set(0.5), S.Add(S.Set(1.0), S.Div(v, S.Sqrt(S.Add(S.Mul(v, v), S.Set(Width * Width))))));

    Expr IActivation.Define(Expr v) => (v + Expr.Sqrt(v * v + Width * Width)) / 2;
}
