using System.Numerics;
using System.Text.Json;
using Downhill.Graph;

namespace Downhill;

/// <summary>
/// Y = X ⊙ s: every feature has a factor that is learned, at first 1. In front of the first layer the network can turn
/// features up and down much faster than by all their weights. Holzmüller et al., Better by Default, NeurIPS 2024, §3.
/// </summary>
public sealed record FeatureScale : Layer
{
    public override string Kind => "feature_scale";
    public override int Outputs(int inputs) => inputs;

    /// <summary>s.</summary>
    public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [new(SegmentRole.Scale, 1, inputs)];

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) =>
        Array.Fill(parameters[0], 1);

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) =>
        x * parameters[0];
    public override string Describe(int inputs) => $"FeatureScale {inputs}";
    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new BoundFeatureScale<T>(place);
    public override void Write(Utf8JsonWriter json) { }
    internal static FeatureScale Read(JsonElement json, Catalog catalog) => new();
}

/// <summary>ds = Σ_B dY ⊙ X, dX = dY ⊙ s. The cache holds X: the layer before may be overwritten by then.</summary>
internal sealed class BoundFeatureScale<T>(LayerPlace place) : BoundLayer<T>(place.Inputs, place.Inputs)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int offset = place.ParameterOffsets[0];

    public override void Forward(in LayerPass<T> pass)
    {
        ReadOnlySpan<T> x = InputOf(pass), s = ParametersOf(pass, offset, Inputs);
        Span<T> y = OutputOf(pass);
        for (int row = 0; row < x.Length; row += s.Length)
            for (int f = 0; f < s.Length; f++) y[row + f] = x[row + f] * s[f];
    }

    public override void Backward(in LayerPass<T> pass)
    {
        ReadOnlySpan<T> x = InputOf(pass), s = ParametersOf(pass, offset, Inputs), dY = OutputGradientOf(pass);
        Span<T> ds = GradientOf(pass, offset, Inputs), dX = InputGradientOf(pass);
        for (int row = 0; row < x.Length; row += s.Length)
            for (int f = 0; f < s.Length; f++) ds[f] += dY[row + f] * x[row + f];
        if (dX.IsEmpty) return;
        for (int row = 0; row < x.Length; row += s.Length)
            for (int f = 0; f < s.Length; f++) dX[row + f] = dY[row + f] * s[f];
    }
}
