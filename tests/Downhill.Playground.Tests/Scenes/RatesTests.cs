using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>Gradients and steps layer by layer, against the session's own weights before and after updates.</summary>
public sealed class RatesTests : IDisposable
{
    private const string Start = "#v=1&data=circle&rows=60&train=1&layers=4,3&batch=0&rate=0.5";
    private static readonly int[][] layers = [[0, 8 + 4], [12, 12 + 3], [27, 3 + 1]]; // offset and length by layer
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("", 1, 1, 1)]
    [InlineData("1,0.5,0.1", 1, 0.5, 0.1)]
    [InlineData("lecun", 0.70710678118654752, 0.5, 0.57735026918962576)] // 1/√2, 1/√4, 1/√3: the inputs of a unit
    public void AnUpdateMovesEachLayerByItsRateTimesItsGradient(string factors, double first, double second,
        double third)
    {
        player.Open(Start);
        Heard said = player.Do("\"do\":\"rates\",\"updates\":6,\"every\":2,"
            + $"\"ways\":[{{\"learningRate\":0.5,\"factors\":\"{factors}\"}}]");
        double[] way = said.Doubles("way0");
        Assert.Equal([4, 11], said.Shape("way0"));
        double[] rates = [.. said.Header.GetProperty("ways")[0].GetProperty("rates").EnumerateArray()
            .Select(r => r.GetDouble())];
        Near(0.5 * first, rates[0], 1e-12);
        Near(0.5 * second, rates[1], 1e-12);
        Near(0.5 * third, rates[2], 1e-12);
        player.Set("layerRates", JsonSerializer.Serialize(factors));
        for (int point = 0; point < 4; point++)
        {
            Assert.Equal(2 * point, way[11 * point]);
            float[] before = Weights();
            Near(player.Frame("\"measures\":true").Header.GetProperty("measures").GetProperty("train")
                .GetProperty("loss").GetDouble(), way[11 * point + 1], 1e-6);
            player.Do("\"do\":\"step\",\"by\":\"batch\"");
            float[] after = Weights();
            for (int layer = 0; layer < 3; layer++)
            {
                (double gradient, double size, double moved) = (way[11 * point + 2 + 3 * layer],
                    way[11 * point + 3 + 3 * layer], way[11 * point + 4 + 3 * layer]);
                Near(Rms(layer, i => before[i]), size, 1e-12);
                if (point == 3) continue; // nothing comes after the last
                Near(Rms(layer, i => after[i] - (double)before[i]), moved, 1e-12);
                // All rows in a batch, plain descent: Δw = −ηₗ·∂C/∂w.
                Near(rates[layer] * gradient, moved, 1e-6);
            }
            player.Do("\"do\":\"step\",\"by\":\"batch\"");
        }
        Assert.All(way[^9..].Where((_, i) => i % 3 == 2), moved => Assert.True(double.IsNaN(moved)));
    }

    [Theory]
    [InlineData("\"ways\":[]", "a list of 1 to 8")]
    [InlineData("\"ways\":[{\"learningRate\":0.1,\"factors\":\"1,2\"}]", "3 factors")]
    [InlineData("\"ways\":[{\"learningRate\":0.1,\"factors\":\"quick\"}]", "'lecun'")]
    [InlineData("\"updates\":5000,\"every\":1,\"ways\":[{\"learningRate\":0.1}]", "at most 500 points")]
    public void WhatCannotBeTrainedIsRefused(string fields, string says)
    {
        player.Open(Start);
        Assert.Contains(says, player.Ask($"\"do\":\"rates\",{fields}").Error, StringComparison.Ordinal);
    }

    /// <summary>Without the padding between tensors.</summary>
    private float[] Weights() => player.Frame("\"parameters\":true").Floats("parameters");

    private static double Rms(int layer, Func<int, double> value)
    {
        int[] part = layers[layer];
        return Math.Sqrt(Enumerable.Range(part[0], part[1]).Sum(i => value(i) * value(i)) / part[1]);
    }

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
