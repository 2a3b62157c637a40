using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>
/// Heights of the error surface against the loss that the session itself measures with these weights set by hand, and
/// ways down against the session's own training.
/// </summary>
public sealed class SurfaceTests : IDisposable
{
    private const string Weights = "\"first\":[0,0,0],\"second\":[1,-1,1]";
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void EachHeightIsTheLossWithTheseTwoWeights()
    {
        player.Open("#v=1&data=circle&rows=120");
        player.Epochs(3);
        Heard heard = player.Do($"\"do\":\"surface\",{Weights},\"window\":[-3,3,-2,2],\"size\":7");
        double[] heights = heard.Doubles("heights");
        foreach ((int row, int column) in ((int, int)[])[(0, 0), (3, 5), (6, 2), (5, 6)])
        {
            Edit(0, 0, 0, -3 + column);
            Edit(1, -1, 1, -2 + row * 2.0 / 3);
            Near(Measured(), heights[row * 7 + column], 1e-6);
        }
        double[] climbed = player.Do($"\"do\":\"surface\",{Weights},\"window\":[-3,3,-2,2],\"size\":7,\"climb\":true")
            .Doubles("heights");
        Assert.Equal(heights, climbed.Select(p => -p));
    }

    [Fact]
    public void SlicesAreTheWhole()
    {
        string grid = $"\"do\":\"surface\",{Weights},\"window\":[-3,3,-2,2],\"size\":9";
        double[] whole = player.Do(grid).Doubles("heights");
        double[] slices = [.. player.Do(grid + ",\"start\":0,\"count\":4").Doubles("heights"),
            .. player.Do(grid + ",\"start\":4,\"count\":5").Doubles("heights")];
        Assert.Equal(whole, slices);
        JsonElement header = player.Do(grid).Header;
        Near(Measured(), header.GetProperty("loss").GetDouble(), 1e-6);
    }

    [Fact]
    public void AWayDownIsTheSessionsOwnTraining()
    {
        player.Open("#v=1&data=xor&rows=100&layers=3");
        double[] path = player.Do(
            "\"do\":\"descent\",\"first\":[0,0,0],\"second\":[0,1,2],\"ways\":[{\"updates\":12}]").Doubles("path0");
        Assert.Equal(0, player.Frame("").Step); // the session's own network stays where it was
        for (int update = 0; update <= 12; update++)
        {
            float[] weights = player.Frame("\"parameters\":true").Floats("parameters");
            Assert.Equal((double)weights[0], path[7 * update + 1]);
            Assert.Equal((double)weights[3 + 2], path[7 * update + 2]);
            Near(Measured(), path[7 * update + 3], 1e-6);
            player.Do("\"do\":\"step\",\"by\":\"batch\"");
        }
        Assert.True(path[7 * 12 + 5] > 0); // the other weights have moved: it has left the plane
    }

    [Fact]
    public void MassOnTheSurfaceFollowsPolyaksRule()
    {
        player.Open("#v=1&data=gauss&rows=60&layers=&batch=0&train=1");
        const string Ball = "\"first\":[0,0,0],\"second\":[0,1,0],\"from\":[-2,1],\"only\":true";
        double[] path = player.Do($"\"do\":\"descent\",{Ball},\"ways\":[{{\"optimizer\":\"momentum(gamma=0.5)\","
            + "\"learningRate\":0.2,\"updates\":6}]").Doubles("path0");
        (double a, double b, double va, double vb) = (-2, 1, 0, 0);
        for (int update = 1; update <= 6; update++)
        {
            const double H = 1e-2;
            va = 0.5 * va - 0.2 * (Height(a + H, b) - Height(a - H, b)) / (2 * H);
            vb = 0.5 * vb - 0.2 * (Height(a, b + H) - Height(a, b - H)) / (2 * H);
            (a, b) = (a + va, b + vb);
            Near(a, path[7 * update + 1], 2e-3);
            Near(b, path[7 * update + 2], 2e-3);
            Assert.Equal(0, path[7 * update + 5]); // nothing but the two weights moves
            Assert.Equal(path[7 * update + 3], path[7 * update + 4]);
        }
    }

    [Theory]
    [InlineData(1, 60, 60)]
    [InlineData(7, 9, 60)]
    [InlineData(0, 1, 60)]
    public void BatchesUseEveryExampleOnceInAnEpoch(int batch, int updates, int examples)
    {
        player.Open("#v=1&data=gauss&rows=60&train=1");
        JsonElement way = player.Do(
            $"\"do\":\"descent\",{Weights},\"ways\":[{{\"batch\":{batch},\"updates\":{updates}}}]")
                .Header.GetProperty("ways")[0];
        Assert.Equal(examples, way.GetProperty("examples").GetInt32());
        Assert.Equal(updates, way.GetProperty("updates").GetInt32());
        JsonElement three = player.Do(
            $"\"do\":\"descent\",{Weights},\"ways\":[{{\"batch\":{batch},\"epochs\":3}}]")
                .Header.GetProperty("ways")[0];
        Assert.Equal(updates, three.GetProperty("updatesPerEpoch").GetInt32());
        Assert.Equal(3 * updates, three.GetProperty("updates").GetInt32());
        Assert.Equal(3 * examples, three.GetProperty("examples").GetInt32());
    }

    [Theory, InlineData(true), InlineData(false)]
    public void TheOrderOfTheExamplesIsShown(bool shuffled)
    {
        player.Open($"#v=1&data=gauss&rows=60&train=1&shuffle={(shuffled ? 1 : 0)}");
        int[] order = player.Do($"\"do\":\"descent\",{Weights},\"order\":true,"
            + "\"ways\":[{\"batch\":7,\"epochs\":2}]").Wholes("order0");
        int[] inTurn = [.. Enumerable.Range(0, 60)];
        Assert.Equal(120, order.Length);
        Assert.Equal(inTurn, order[..60].Order()); // each once in an epoch
        Assert.Equal(inTurn, order[60..].Order());
        if (shuffled)
        {
            Assert.NotEqual(inTurn, order[..60]);
            Assert.NotEqual(order[..60], order[60..]);
        }
        else
        {
            Assert.Equal(inTurn, order[..60]);
            Assert.Equal(inTurn, order[60..]);
        }
    }

    [Fact]
    public void MoreUpdatesThanAWayMayHaveAreRefusedAsEpochsToo()
    {
        player.Open("#v=1&data=gauss&rows=60&train=1");
        Assert.Contains("at most 5000 updates", player.Ask(
            $"\"do\":\"descent\",{Weights},\"ways\":[{{\"batch\":1,\"epochs\":100}}]").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"first\":[0,0,0],\"second\":[0,0,0]", "two different weights")]
    [InlineData("\"first\":[9,0,0],\"second\":[0,0,0]", "Layer")]
    [InlineData("\"first\":[0,0],\"second\":[0,0,0]", "[layer, from, unit]")]
    public void WhatIsNoPlaneIsRefused(string fields, string says) =>
        Assert.Contains(says, player.Ask($"\"do\":\"surface\",{fields}").Error, StringComparison.Ordinal);

    private double Measured() => player.Frame("\"measures\":true").Header.GetProperty("measures")
        .GetProperty("train").GetProperty("loss").GetDouble();

    private void Edit(int layer, int from, int unit, double value) => player.Do(
        $"\"do\":\"edit\",\"layer\":{layer},\"from\":{from},\"unit\":{unit},\"value\":{Text(value)}");

    private double Height(double a, double b)
    {
        string window = $"[{Text(a)},{Text(a + 1)},{Text(b)},{Text(b + 1)}]";
        return player.Do($"\"do\":\"surface\",\"first\":[0,0,0],\"second\":[0,1,0],\"window\":{window},\"size\":2")
            .Doubles("heights")[0];
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
