using System.Numerics;
using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Docs.Tests.Recipes;

/// <summary>Y = X + s with one learned offset per feature, all 0 at first.</summary>
public sealed record FeatureShift : Layer
{
    public override string Kind => "feature_shift";

    public override int Outputs(int inputs) => inputs;

    public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [new(SegmentRole.Bias, 1, inputs)];

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) =>
        Array.Clear(parameters[0]);

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) =>
        x + parameters[0];

    public override string Describe(int inputs) => $"FeatureShift {inputs}";

    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new Bound<T>(place.Inputs, place.ParameterOffsets[0]);

    public override void Write(Utf8JsonWriter json) { } // it has no settings

    private sealed class Bound<T>(int features, int shift) : BoundLayer<T>(features, features)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override void Forward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> x = InputOf(pass), s = ParametersOf(pass, shift, Inputs);
            Span<T> y = OutputOf(pass);
            for (int i = 0; i < y.Length; i++) y[i] = x[i] + s[i % Inputs];
        }

        // ds = Σ over rows of dY, dX = dY.
        public override void Backward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> dY = OutputGradientOf(pass);
            Span<T> ds = GradientOf(pass, shift, Inputs), dX = InputGradientOf(pass);
            for (int i = 0; i < dY.Length; i++) ds[i % Inputs] += dY[i];
            if (!dX.IsEmpty) dY.CopyTo(dX);
        }
    }
}
