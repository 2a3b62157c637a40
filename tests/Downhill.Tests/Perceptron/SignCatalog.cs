using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill.Tests.PerceptronRule;

/// <summary>The catalog with "sign": the shipped one, or one of the tests' own where none ships.</summary>
internal static class SignCatalog
{
    public static Catalog Instance { get; } = Catalog.Default.Activations.Any(e => e.Name == "sign") ? Catalog.Default
        : Catalog.Default with
        {
            Activations = [.. Catalog.Default.Activations,
                Activations.Entry("sign", "+1 if v ≥ 0 else −1", "the perceptron's", "lecture L3", [], _ => new Sign())],
        };

    private readonly record struct Sign : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Output;
        public OutputRange Range => new(-1, 1);
        V IActivation.Value<S, V, T>(V v) => S.Select(S.Less(v, S.Set(T.Zero)), S.Set(-T.One), S.Set(T.One));
        V IActivation.Derivative<S, V, T>(V y) => S.Set(T.Zero);
        public Expr Define(Expr v) => Expr.Select(Expr.Less(v, 0), -1, 1);
    }
}
