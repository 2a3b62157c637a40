using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>The cost of each example, against the formulas of the lecture written out here.</summary>
public sealed class CostsTests : IDisposable
{
    private const string Two = "\"losses\":[\"euclidean\",\"binary_cross_entropy\"]";
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void EachCostIsTheFormulaAndTheTotalTheirSum()
    {
        player.Open("#v=1&data=xor&rows=40&layers=3&out=sigmoid&train=1");
        player.Epochs(5);
        Heard said = player.Do($"\"do\":\"costs\",{Two}");
        double[] z = said.Doubles("outputs"), d = said.Doubles("targets"), squared = said.Doubles("costs0"),
            entropy = said.Doubles("costs1");
        Assert.Equal(40, z.Length);
        float[] answers = player.Frame("\"predictions\":true").Floats("predictions");
        int[] rows = said.Wholes("rows");
        for (int i = 0; i < 40; i++)
        {
            Near(answers[rows[i]], z[i], 1e-6);
            Assert.Contains(d[i], (double[])[0, 1]);
            Near(0.5 * (d[i] - z[i]) * (d[i] - z[i]), squared[i], 1e-15);
            Near(d[i] == 1 ? -Math.Log(z[i]) : -Math.Log(1 - z[i]), entropy[i], 1e-12);
        }
        JsonElement losses = said.Header.GetProperty("losses");
        Near(squared.Sum(), losses[0].GetProperty("sum").GetDouble(), 1e-12);
        Near(entropy.Sum(), losses[1].GetProperty("sum").GetDouble(), 1e-12);
    }

    [Fact]
    public void TheSumOfTheSessionsLossIsItsMeasuredCost()
    {
        player.Open("#v=1&data=blobs&classes=3&rows=90&layers=4&loss=cross_entropy");
        Heard said = player.Do("\"do\":\"costs\",\"losses\":[\"cross_entropy\"]");
        Assert.Equal([45, 3], said.Shape("outputs"));
        JsonElement train = player.Frame("\"measures\":true").Header.GetProperty("measures").GetProperty("train");
        Near(train.GetProperty("cost").GetDouble(), said.Header.GetProperty("losses")[0].GetProperty("sum")
            .GetDouble(), 1e-3);
    }

    [Fact]
    public void AnExamplesPullIsWhereItsCostFalls()
    {
        player.Open("#v=1&data=xor&rows=40&layers=3&out=sigmoid&train=1");
        JsonElement said = player.Do($"\"do\":\"costs\",{Two},\"row\":7").Header;
        double v = said.GetProperty("fields")[0].GetDouble(), z = 1 / (1 + Math.Exp(-v));
        Heard all = player.Do($"\"do\":\"costs\",{Two}");
        double d = all.Doubles("targets")[Array.IndexOf(all.Wholes("rows"), 7)];
        // The formulas of L12 and L13: (d − z)·z(1 − z), and (d − z) alone with cross-entropy.
        Near((d - z) * z * (1 - z), said.GetProperty("pulls")[0][0].GetDouble(), 1e-12);
        Near(d - z, said.GetProperty("pulls")[1][0].GetDouble(), 1e-12);
    }

    [Theory]
    [InlineData("\"losses\":[\"binary_cross_entropy\"]", "outputs that are 0 … 1")]
    [InlineData("\"losses\":[]", "1 to 4 losses")]
    [InlineData("\"row\":100000", "a training row")]
    public void WhatHasNoCostIsRefused(string fields, string says) =>
        Assert.Contains(says, player.Ask($"\"do\":\"costs\",{fields}").Error, StringComparison.Ordinal);

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
