using System.Numerics;
using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Examples;

/// <summary>Y = X ⊙ X, [B,I] to [B,I]. It has no numbers of its own.</summary>
public sealed record Squares : Layer
{
    public override string Kind => "squares";

    public override int Outputs(int inputs) => inputs;

    public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [];

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) => x * x;

    public override string Describe(int inputs) => $"Squares {inputs}";

    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new Bound<T>(place.Inputs);

    public override void Write(Utf8JsonWriter json) { } // it has no settings

    private sealed class Bound<T>(int features) : BoundLayer<T>(features, features)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override void Forward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> x = InputOf(pass);
            Span<T> y = OutputOf(pass);
            for (int i = 0; i < y.Length; i++) y[i] = x[i] * x[i];
        }

        // dX = dY ⊙ 2X. There is nobody to pass it to where this is the first layer.
        public override void Backward(in LayerPass<T> pass)
        {
            ReadOnlySpan<T> x = InputOf(pass), dY = OutputGradientOf(pass);
            Span<T> dX = InputGradientOf(pass);
            for (int i = 0; i < dX.Length; i++) dX[i] = dY[i] * (x[i] + x[i]);
        }
    }
}
