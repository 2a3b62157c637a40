using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>One derivative by several methods: the session's own gradient, and counts that can be worked out.</summary>
public sealed class GradientsTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void AllMethodsGiveTheSessionsGradient()
    {
        player.Open("#v=1&data=circle&rows=40&layers=3&train=1");
        player.Epochs(2);
        int row = player.Do("\"do\":\"costs\"").Wholes("rows")[0];
        foreach ((int layer, int from, int unit) in ((int, int, int)[])[(0, 1, 2), (0, -1, 0), (1, 2, 0), (1, -1, 0)])
        {
            JsonElement said = Ask($"\"weight\":[{layer},{from},{unit}]").Header;
            double engines = player.Do($"\"do\":\"inspect\",\"what\":\"link\",\"layer\":{layer},\"unit\":{unit},"
                + $"\"from\":{from},\"at\":{{\"row\":{row}}}").Header.GetProperty("gradient").GetDouble();
            Near(engines, said.GetProperty("exact").GetDouble(), 1e-12);
            JsonElement[] methods = [.. said.GetProperty("present").GetProperty("methods").EnumerateArray()];
            Assert.Equal(["two-point differences", "five-point differences", "forward mode", "reverse mode"],
                methods.Select(m => m.GetProperty("name").GetString()));
            double[] tolerances = [1e-8, 1e-10, 1e-14, 1e-14];
            for (int k = 0; k < 4; k++) Near(engines, methods[k].GetProperty("derivative").GetDouble(), tolerances[k]);
        }
    }

    [Fact]
    public void DifferencesAndForwardModeGrowWithTheNetworkAndReverseModeDoesNot()
    {
        JsonElement growth = Ask("\"networks\":[\"2-1-1\",\"2-4-1\",\"2-16-1\"]").Header.GetProperty("growth");
        int[] parameters = [5, 17, 65];
        for (int k = 0; k < 3; k++)
        {
            Assert.Equal(parameters[k], growth[k].GetProperty("parameters").GetInt32());
            JsonElement[] methods = [.. growth[k].GetProperty("methods").EnumerateArray()];
            Assert.Equal([2 * parameters[k], 4 * parameters[k], parameters[k] + 1, 2],
                methods.Select(m => m.GetProperty("passes").GetInt32()));
            double[] evaluations = [.. methods.Select(m => m.GetProperty("evaluations").GetDouble())];
            Assert.InRange(evaluations[0], 2 * parameters[k], 2.5 * parameters[k]);
            Assert.InRange(evaluations[1], 4 * parameters[k], 5 * parameters[k]);
            Assert.InRange(evaluations[3], 1.5, 4);
            foreach (JsonElement method in methods)
                Assert.Equal(method.GetProperty("operations").GetInt64(), method.GetProperty("additions").GetInt64()
                    + method.GetProperty("multiplications").GetInt64() + method.GetProperty("functions").GetInt64());
        }
        // 2-1-1 by hand: 2 products and 1 sum, a bias, tanh; 1 product, a bias; d − z, its square, times ½ (the sum
        // over one output is no addition): 2 + 1 products, 1 + 1 + 1 + 1 sums, 1 function, and 2 for the cost.
        Assert.Equal(10, growth[0].GetProperty("operations").GetInt32());
    }

    [Fact]
    public void ASmallerStepHelpsUntilRoundingTakesOver()
    {
        player.Open("#v=1&data=circle&rows=40&layers=3&train=1");
        double[] steps = Ask("\"weight\":[0,0,0]").Doubles("steps");
        Assert.Equal(0.31622776601683794, steps[0], 12);
        double[] forward = [.. steps.Where((_, i) => i % 3 == 1)], central = [.. steps.Where((_, i) => i % 3 == 2)];
        // The error of the one-sided difference falls with h, of the central one with h².
        Assert.InRange(forward[1] / forward[5], 50, 200);
        Assert.InRange(central[1] / central[3], 50, 200);
        int best = Array.IndexOf(central, central.Min());
        Assert.InRange(best, 6, 14);
        Assert.True(central[^1] > 100 * central.Min());
    }

    [Theory]
    [InlineData("\"weight\":[0,0]", "[layer, from, unit]")]
    [InlineData("\"weight\":[9,0,0]", "Layer")]
    [InlineData("\"networks\":[\"2-x\"]", "widths")]
    [InlineData("\"networks\":[\"50-50-1\"]", "at most 400")]
    public void WhatHasNoSuchDerivativeIsRefused(string fields, string says) =>
        Assert.Contains(says, player.Ask($"\"do\":\"gradients\",{fields}").Error, StringComparison.Ordinal);

    private Heard Ask(string fields) => player.Do($"\"do\":\"gradients\",{fields}");

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
