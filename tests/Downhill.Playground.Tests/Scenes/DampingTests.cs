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

    /// <summary>What the scene's "critical" does: a linear unit, whose cost is a bowl of the same curvature everywhere,
    /// and the γ that the curvature says. After 25 updates the ball is nearer to the bottom than with less mass or with
    /// more, and it has gone past it once at most.</summary>
    [Fact]
    public void TheCriticalMomentumComesFromTheCurvatureAndIsTheFastest()
    {
        const double Rate = 0.1;
        player.Open("#v=1&data=plane&scale=standard&layers=&batch=0&train=1&rows=200&noise=0.2");
        JsonElement said = At(-4, 0, 0.9);
        double[] curvatures = [.. said.GetProperty("eigenvalues").EnumerateArray().Select(v => v.GetDouble())];
        double[] gentle = [.. said.GetProperty("directions")[0].EnumerateArray().Select(v => v.GetDouble())];
        double gamma = said.GetProperty("damping")[0].GetProperty("criticalGamma").GetDouble();
        Assert.Equal(Math.Pow(1 - Math.Sqrt(Rate * curvatures[0]), 2), gamma, 1e-12);
        Assert.InRange(gamma, 0.4, 0.6);
        double[] bottom = Along(Way(gamma, 2000)).TakeLast(1).ToArray();
        double[] critical = Away(gamma);
        foreach (double[] place in (double[][])[Way(gamma, 60)[0], Way(gamma, 60)[10], Way(gamma, 60)[^1]])
            Assert.Equal("critical", At(place[1], place[2], gamma).GetProperty("damping")[0]
                .GetProperty("regime").GetString());
        Assert.InRange(Swings(critical), 0, 1);
        Assert.InRange(Swings(Away(0.9)), 3, 20);
        foreach (double other in (double[])[0, gamma - 0.1, gamma + 0.2, 0.9])
            Assert.True(Math.Abs(critical[25]) < 0.5 * Math.Abs(Away(other)[25]),
                $"γ = {gamma}: {critical[25]}, γ = {other}: {Away(other)[25]}");

        double[] Away(double gamma) => [.. Along(Way(gamma, 60)).Select(at => at - bottom[0])];

        // A path's rows are update, first weight, second weight, …
        double[] Along(double[][] way) => [.. way.Select(place => gentle[0] * place[1] + gentle[1] * place[2])];

        // Of what is too small to be seen no side is counted.
        static int Swings(double[] away) => away.Where(at => Math.Abs(at) > 1e-4).Select(Math.Sign)
            .Aggregate((Last: 0, Count: 0), (so, side) => (side, so.Count + (so.Last == -side ? 1 : 0))).Count;

        double[][] Way(double gamma, int updates)
        {
            Heard heard = player.Do(FormattableString.Invariant($$"""
                "do":"descent","first":[0,0,0],"second":[0,1,0],"from":[-4,0],"only":true,
                "ways":[{"optimizer":"momentum(gamma={{gamma}})","learningRate":{{Rate}},"updates":{{updates}}}]
                """));
            return [.. heard.Doubles("path0").Chunk(7)];
        }

        JsonElement At(double a, double b, double gamma) => player.Do(FormattableString.Invariant($$"""
            "do":"hessian","first":[0,0,0],"second":[0,1,0],"at":[{{a}},{{b}}],"gamma":{{gamma}},"learningRate":{{Rate}}
            """)).Header;
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
