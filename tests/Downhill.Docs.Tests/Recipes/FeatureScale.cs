using System.Numerics;
using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Docs.Tests.Recipes;

/// <summary>Y = X ⊙ s with one learned factor per feature, all 1 at first.</summary>
public sealed record FeatureScale : Layer
{
    public override string Kind => "feature_scale";

    public override int Outputs(int inputs) => inputs;

    public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [new(SegmentRole.Scale, 1, inputs)];

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) =>
        Array.Fill(parameters[0], 1);

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) =>
        x * parameters[0];

    public override string Describe(int inputs) => $"FeatureScale {inputs}";

    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new Bound<T>(place.Inputs, place.ParameterOffsets[0]);

    public override void Write(Utf8JsonWriter json) { } // it has no settings

    private sealed class Bound<T>(int features, int scale) : BoundLayer<T>(features, features)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override void Forward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> x = InputOf(pass), s = ParametersOf(pass, scale, Inputs);
            Span<T> y = OutputOf(pass);
            for (int i = 0; i < y.Length; i++) y[i] = x[i] * s[i % Inputs];
        }

        // ds = Σ over rows of dY ⊙ X, dX = dY ⊙ s.
        public override void Backward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> x = InputOf(pass), s = ParametersOf(pass, scale, Inputs), dY = OutputGradientOf(pass);
            Span<T> ds = GradientOf(pass, scale, Inputs), dX = InputGradientOf(pass);
            for (int i = 0; i < dY.Length; i++) ds[i % Inputs] += dY[i] * x[i];
            for (int i = 0; i < dX.Length; i++) dX[i] = dY[i] * s[i % Inputs];
        }
    }
}
