using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>The neuron's numbers against the lecture's formulas, written out here once more.</summary>
public sealed class NeuronTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    public static TheoryData<string, Func<double, double>, Func<double, double>> Curves => new()
    {
        { "step(a=-0.5,b=2,c=0.3)", v => v < 0.3 ? -0.5 : 2, _ => 0 },
        {
            "ramp(a=0.25,b=1.5,c=-1,d=2)", v => v < -1 ? 0.25 : v > 2 ? 1.5 : 0.25 + (v + 1) * 1.25 / 3,
            v => v is > -1 and < 2 ? 1.25 / 3 : 0
        },
        {
            "sigmoid(x=2,y=0.5,z=-0.25)", v => -0.25 + 1 / (1 + Math.Exp(-2 * v + 0.5)),
            v => 2 / (1 + Math.Exp(-2 * v + 0.5)) * (1 - 1 / (1 + Math.Exp(-2 * v + 0.5)))
        },
        {
            "gaussian(mu=1,sigma=0.5)", v => Math.Exp(-2 * (v - 1) * (v - 1)) / (Math.Sqrt(2 * Math.PI) * 0.5),
            v => -4 * (v - 1) * Math.Exp(-2 * (v - 1) * (v - 1)) / (Math.Sqrt(2 * Math.PI) * 0.5)
        },
    };

    [Theory, MemberData(nameof(Curves))]
    public void ArithmeticCurveAndMapAreTheFormulas(
        string activation, Func<double, double> phi, Func<double, double> derivative)
    {
        double[] weights = [0.7, -1.3], inputs = [1.5, 0.25];
        Heard heard = player.Do("\"do\":\"neuron\",\"activation\":\"" + activation
            + "\",\"inputs\":[1.5,0.25],\"weights\":[0.7,-1.3],\"bias\":0.45,\"points\":101,\"size\":20");
        double v = weights[0] * inputs[0] + weights[1] * inputs[1] + 0.45;
        Near(v, heard.Header.GetProperty("field").GetDouble());
        Near(phi(v), heard.Header.GetProperty("output").GetDouble());
        Near(derivative(v), heard.Header.GetProperty("slope").GetDouble());
        Assert.Equal([1.05, -0.325], heard.Header.GetProperty("terms").EnumerateArray()
            .Select(t => Math.Round(t.GetProperty("product").GetDouble(), 12)));
        double[] curve = heard.Doubles("curve");
        for (int k = 0; k < 101; k++)
        {
            double at = -6 + 12 * k / 100.0;
            Near(at, curve[3 * k]);
            Near(phi(at), curve[3 * k + 1]);
            if (Math.Abs(at - 2) > 1e-9 && Math.Abs(at + 1) > 1e-9) Near(derivative(at), curve[3 * k + 2]);
        }
        double scale = heard.Header.GetProperty("mapScale").GetDouble();
        byte[] map = heard.Bytes("map");
        for (int row = 0; row < 20; row++)
            for (int column = 0; column < 20; column++)
            {
                double x1 = -6 + (column + 0.5) * 0.6, x2 = 6 - (row + 0.5) * 0.6;
                double expected = phi(weights[0] * x1 + weights[1] * x2 + 0.45);
                Assert.InRange((map[row * 20 + column] - 128) / 127.0 * scale, expected - scale / 200,
                    expected + scale / 200);
            }
    }

    [Theory]
    [InlineData("\"activation\":\"softmax\",\"inputs\":[1],\"weights\":[1]", "one unit")]
    [InlineData("\"activation\":\"tanh\",\"inputs\":[1,2],\"weights\":[1]", "as many weights")]
    [InlineData("\"activation\":\"ramp(c=2,d=1)\",\"inputs\":[1],\"weights\":[1]", "")]
    public void WhatIsNoUnitIsRefused(string fields, string says)
    {
        Heard heard = player.Ask($"\"do\":\"neuron\",{fields}");
        Assert.False(heard.IsOk);
        Assert.Contains(says, heard.Error, StringComparison.Ordinal);
    }

    private static void Near(double expected, double actual) =>
        Assert.InRange(actual, expected - 1e-12, expected + 1e-12);
}
