using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>The lecture's formulas of the simplest network, and the quiz.</summary>
public sealed class SimplestTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData(1, 0.5, -1, 1)]
    [InlineData(-2, 1.5, 3, 0)]
    [InlineData(0.5, 8, 0.25, 0.5)]
    public void DerivativesAreTheLecturesAndTheDifferences(double x, double w1, double w2, double d)
    {
        JsonElement said = Ask(x, w1, w2, d, "");
        double y = Beta(w1 * x), z = Beta(w2 * y), by2 = (d - z) * z * (1 - z) * y,
            by1 = (d - z) * z * (1 - z) * w2 * y * (1 - y) * x;
        Near(y, said, "y", 1e-14);
        Near(z, said, "z", 1e-14);
        Near(-0.5 * (d - z) * (d - z), said, "P", 1e-14);
        Near(by1, said, "dPdw1", 1e-14);
        Near(by2, said, "dPdw2", 1e-14);
        Near(by1, said, "numeric1", 1e-9);
        Near(by2, said, "numeric2", 1e-9);
        Near(w1 + by1, said, "nextW1", 1e-13);
        Near(w2 + by2, said, "nextW2", 1e-13);
    }

    [Fact]
    public void TheQuizTakesTheRightNumberAndKnowsAWrongSign()
    {
        double truth = Ask(1, 0.5, -1, 1, "").GetProperty("dPdw2").GetDouble();
        Assert.True(Guess(truth * 1.005).GetProperty("right").GetBoolean());
        Assert.False(Guess(truth * 1.05).GetProperty("right").GetBoolean());
        Assert.True(Guess(-truth).GetProperty("signOnly").GetBoolean());
        Assert.False(Guess(-truth).GetProperty("right").GetBoolean());
    }

    private JsonElement Guess(double value) =>
        Ask(1, 0.5, -1, 1, $",\"of\":\"dPdw2\",\"guess\":{JsonSerializer.Serialize(value)}");

    private JsonElement Ask(double x, double w1, double w2, double d, string more) => player.Do(
        FormattableString.Invariant($"\"do\":\"simplest\",\"x\":{x},\"w1\":{w1},\"w2\":{w2},\"d\":{d}{more}")).Header;

    private static double Beta(double p) => 1 / (1 + Math.Exp(-p));

    private static void Near(double expected, JsonElement said, string name, double tolerance) =>
        Assert.InRange(said.GetProperty(name).GetDouble(), expected - tolerance, expected + tolerance);
}
