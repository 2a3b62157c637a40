using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>The regimes of momentum against the movement itself, update by update, in a bowl of known
/// curvature.</summary>
public sealed class DampingTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData(0.1, 0.9, "under")]
    [InlineData(0.1, 0.2, "over")]
    [InlineData(1.5, 0.001, "alternating")]
    [InlineData(4.2, 0.5, "diverging")]
    [InlineData(-0.3, 0.5, "downhill")]
    [InlineData(0.25, 0.25, "critical")]
    public void TheMovementIsAsTheRegimeSays(double pull, double gamma, string regime)
    {
        Damping damping = Damping.Of(curvature: pull / 0.5, learningRate: 0.5, gamma);
        Assert.Equal(regime, damping.Regime);
        // v ← γv − ηλw, w ← w + v, from rest: no formula of roots.
        (double w, double v) = (1, 0);
        int crossings = 0;
        double late = 0;
        for (int update = 0; update < 400; update++)
        {
            double before = w;
            v = gamma * v - pull * w;
            w += v;
            if (before * w < 0 && Math.Abs(w) > 1e-250) crossings++;
            if (update == 199) late = Math.Abs(w) + Math.Abs(v);
        }
        if (regime is "over" or "downhill" or "critical") Assert.True(crossings <= 1, $"{crossings} crossings");
        if (regime is "under") Assert.InRange(crossings, 10, 200);
        if (regime is "alternating") Assert.True(crossings > 200, $"{crossings} crossings");
        double per = Math.Pow((Math.Abs(w) + Math.Abs(v)) / late, 1 / 200.0);
        Assert.InRange(per, damping.Radius - 0.02, damping.Radius + 0.02);
        if (regime is "diverging" or "downhill") Assert.True(damping.Radius > 1);
    }

    [Theory, InlineData(0.05), InlineData(0.3), InlineData(0.8)]
    public void CriticalIsTheFastestWithoutSwinging(double pull)
    {
        double critical = Damping.Of(pull, 1, 0.5).CriticalGamma;
        double at = Damping.Of(pull, 1, critical).Radius;
        Assert.True(at <= Damping.Of(pull, 1, critical + 0.05).Radius);
        Assert.True(at <= Damping.Of(pull, 1, Math.Max(0, critical - 0.05)).Radius);
        Assert.Equal("critical", Damping.Of(pull, 1, critical).Regime);
        Assert.Equal("under", Damping.Of(pull, 1, critical + 0.05).Regime);
    }

    [Fact]
    public void TheRequestTakesTheCurvaturesOfThePlace()
    {
        player.Open("#v=1&data=gauss&layers=&batch=0&train=1&rows=100&noise=0.2");
        JsonElement said = player.Do("\"do\":\"hessian\",\"first\":[0,0,0],\"second\":[0,1,0],\"at\":[0.3,0.2],"
            + "\"gamma\":0.9,\"learningRate\":0.3").Header;
        for (int k = 0; k < 2; k++)
        {
            Damping expected = Damping.Of(said.GetProperty("eigenvalues")[k].GetDouble(), 0.3, 0.9);
            JsonElement damping = said.GetProperty("damping")[k];
            Assert.Equal(expected.Regime, damping.GetProperty("regime").GetString());
            Assert.Equal(expected.Radius, damping.GetProperty("radius").GetDouble());
        }
    }
}
