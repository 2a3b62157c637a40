using Downhill.Graph;

namespace Downhill.Tests.Lecture;

/// <summary>The lecture's simplest network, number by number (L12).</summary>
public sealed class SimplestNetworkTests
{
    private static readonly SimplestNetwork Example = new(X: 1, W1: 0.5, W2: -1, D: 1);

    /// <summary>
    /// p₁ = 0.5, y = 1/(1 + e^−0.5) = 0.622459331201855, p₂ = −y, z = 1/(1 + e^y) = 0.349222,
    /// d − z = 0.650778, z(1 − z) = 0.227266, y(1 − y) = 0.235004.
    /// </summary>
    [Fact]
    public void Every_number_by_hand()
    {
        Assert.Equal(0.5, Example.P1);
        Assert.Equal(0.6224593312018546, Example.Y, 1e-15);
        Assert.Equal(-0.6224593312018546, Example.P2, 1e-15);
        double z = 1 / (1 + Math.Exp(0.6224593312018546));
        Assert.Equal(z, Example.Z, 1e-15);
        Assert.Equal(-0.5 * (1 - z) * (1 - z), Example.Performance, 1e-15);
        Assert.Equal((1 - z) * z * (1 - z) * 0.6224593312018546, Example.ByW2, 1e-15);
        Assert.Equal((1 - z) * z * (1 - z) * -1 * 0.6224593312018546 * (1 - 0.6224593312018546) * 1, Example.ByW1, 1e-15);
    }

    [Theory]
    [InlineData(1, 0.5, -1, 1)]
    [InlineData(-2, 0.3, 0.7, 0)]
    [InlineData(0.1, 4, -3, 0.25)]
    public void Formulas_agree_with_the_graph_the_engine_and_differences(double x, double w1, double w2, double d)
    {
        SimplestNetwork network = new(x, w1, w2, d);
        (Expr p, Expr gx, Expr g1, Expr g2, Expr gd) = SimplestNetwork.Graph();
        double[][,] slopes = p.Evaluate((gx, x), (g1, w1), (g2, w2), (gd, d)).Gradient(p, g1, g2);
        Assert.Equal(slopes[0][0, 0], network.ByW1, 1e-15);
        Assert.Equal(slopes[1][0, 0], network.ByW2, 1e-15);

        using Network<double> engine = new(SimplestNetwork.Spec, Losses.Euclidean, Arithmetic.Portable);
        Workspace<double> workspace = new(engine, 1);
        AlignedBuffer<double> parameters = new(engine.Spec.ParameterLength), gradient = new(engine.Spec.ParameterLength), none = new(0);
        parameters.Span[engine.Spec.Segments[0].Offset] = w1;
        parameters.Span[engine.Spec.Segments[1].Offset] = w2;
        (workspace.Input[0], workspace.Targets[0]) = (x, d);
        engine.Forward(workspace, parameters, none, 1, PassMode.Predict);
        engine.Evaluate(workspace, 1, weighted: false, withGradient: true);
        engine.Backward(workspace, parameters, none, gradient, 1, PassMode.Predict, accumulate: false);
        Assert.Equal(network.Cost, workspace.RowLoss[0], 1e-15);
        Assert.Equal(-network.ByW1, gradient.Span[engine.Spec.Segments[0].Offset], 1e-15);
        Assert.Equal(-network.ByW2, gradient.Span[engine.Spec.Segments[1].Offset], 1e-15);

        const double H = 1e-5;
        Assert.Equal(((network with { W1 = w1 + H }).Performance - (network with { W1 = w1 - H }).Performance) / (2 * H), network.ByW1, 1e-9);
        Assert.Equal(((network with { W2 = w2 + H }).Performance - (network with { W2 = w2 - H }).Performance) / (2 * H), network.ByW2, 1e-9);
    }

    [Fact]
    public void Steps_climb()
    {
        SimplestNetwork at = Example;
        for (int i = 0; i < 50; i++)
        {
            SimplestNetwork next = at.Step(0.5);
            Assert.True(next.Performance > at.Performance);
            at = next;
        }
    }

    [Fact]
    public void Worked_example_prints_symbols_and_numbers()
    {
        string text = Example.ToText();
        Assert.Contains("p₁ = w₁·x = 0.5·1 = 0.5\n", text, StringComparison.Ordinal);
        Assert.Contains("y = β(p₁) = 1/(1 + exp(−0.5)) = 0.622459\n", text, StringComparison.Ordinal);
        Assert.Contains("∂P/∂w₂ = (d − z)·z(1 − z)·y = 0.650778·0.227266·0.622459 = 0.092062\n", text, StringComparison.Ordinal);
        Assert.Contains("∂P/∂w₁ = (d − z)·z(1 − z)·w₂·y(1 − y)·x = 0.650778·0.227266·(−1)·0.235004·1 = −0.034757\n", text, StringComparison.Ordinal);
        Assert.Contains("a slip", text, StringComparison.Ordinal);
    }
}
