using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>
/// Curvature against second differences of a loss that is written out here in double, eigenvalues against the matrix
/// they come from, and many descents against the session's own.
/// </summary>
public sealed class MinimaTests : IDisposable
{
    private const string Weights = "\"first\":[0,0,0],\"second\":[1,0,0]";
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void TheHessianIsThatOfTheLoss()
    {
        player.Open("#v=1&data=corners&layers=2&seed=4");
        player.Epochs(10);
        double[] weights = [.. player.Frame("\"parameters\":true").Floats("parameters").Select(w => (double)w)];
        Heard heard = player.Do($"\"do\":\"hessian\",{Weights},\"all\":true");
        double[] hessian = heard.Doubles("hessian");
        int n = weights.Length;
        Assert.Equal([n, n], heard.Shape("hessian"));
        const double H = 1e-3;
        for (int i = 0; i < n; i++)
            for (int k = 0; k <= i; k++)
            {
                double second = (Moved(i, H, k, H) - Moved(i, H, k, -H) - Moved(i, -H, k, H) + Moved(i, -H, k, -H))
                    / (4 * H * H);
                Assert.InRange(hessian[i * n + k], second - 2e-5, second + 2e-5);
                Assert.Equal(hessian[i * n + k], hessian[k * n + i]);
            }
        Assert.Equal(Loss(weights), heard.Header.GetProperty("loss").GetDouble(), 1e-9);

        double Moved(int i, double di, int k, double dk)
        {
            double[] moved = [.. weights];
            moved[i] += di;
            moved[k] += dk;
            return Loss(moved);
        }
    }

    [Fact]
    public void EigenvaluesAreThoseOfTheMatrix()
    {
        player.Open("#v=1&data=corners&layers=2&seed=4");
        Heard heard = player.Do($"\"do\":\"hessian\",{Weights},\"at\":[0.7,-1.2]");
        double[] h = heard.Doubles("hessian"), values = Numbers(heard.Header, "eigenvalues");
        Assert.Equal(h[0] + h[3], values[0] + values[1], 1e-9); // the trace
        Assert.Equal(h[0] * h[3] - h[1] * h[2], values[0] * values[1], 1e-9); // the determinant
        Assert.True(values[0] <= values[1]);
        JsonElement directions = heard.Header.GetProperty("directions");
        for (int k = 0; k < 2; k++)
        {
            double[] v = [.. directions[k].EnumerateArray().Select(d => d.GetDouble())];
            Assert.Equal(values[k] * v[0], h[0] * v[0] + h[1] * v[1], 1e-9);
            Assert.Equal(values[k] * v[1], h[2] * v[0] + h[3] * v[1], 1e-9);
            Assert.Equal(1, v[0] * v[0] + v[1] * v[1], 1e-9);
        }
        // And of a large one: H·v = λ·v for all.
        player.Open("#v=1&data=circle&layers=8&seed=2&rows=50");
        double[,] big = Square(player.Do($"\"do\":\"hessian\",{Weights},\"all\":true").Doubles("hessian"));
        (double[] lambda, double[,] vectors) = Curvature.Eigen(big);
        for (int k = 0; k < lambda.Length; k++)
            for (int i = 0; i < lambda.Length; i++)
                Assert.Equal(lambda[k] * vectors[i, k],
                    Enumerable.Range(0, lambda.Length).Sum(j => big[i, j] * vectors[j, k]), 1e-8);
    }

    /// <summary>x₁ → tanh → tanh without biases: flat, a saddle and two minima lie where symmetry says.</summary>
    [Theory]
    [InlineData(0, 0, "saddle")]
    [InlineData(-12, 12, "plateau")]
    [InlineData(-4, 4, "plateau")]
    [InlineData(0.5, 0.5, "slope")]
    public void PlacesAreToldApartByTheirCurvature(double a, double b, string kind)
    {
        Chain();
        Heard heard = player.Do($"\"do\":\"hessian\",{Weights},\"at\":[{Text(a)},{Text(b)}]");
        Assert.Equal(kind, heard.Header.GetProperty("kind").GetString());
    }

    [Fact]
    public void ManyStartsFallIntoTwoMinima()
    {
        Chain();
        Heard heard = player.Do($"\"do\":\"minima\",{Weights},\"window\":[-3,3,-3,3],\"size\":6,\"updates\":3000,"
            + "\"learningRate\":1,\"walk\":0");
        JsonElement[] minima = [.. heard.Header.GetProperty("minima").EnumerateArray()];
        double[] starts = heard.Doubles("starts");
        JsonElement[] deep = [.. minima.Where(m => m.GetProperty("kind").GetString() == "minimum")];
        Assert.Equal(2, deep.Length);
        Assert.Equal(deep[0].GetProperty("a").GetDouble(), -deep[1].GetProperty("a").GetDouble(), 1e-2);
        Assert.Equal(deep[0].GetProperty("b").GetDouble(), -deep[1].GetProperty("b").GetDouble(), 1e-2);
        Assert.Equal(36, minima.Sum(m => m.GetProperty("starts").GetInt32()));
        for (int i = 0; i < 36; i++)
        {
            (double a, double b) = (-3 + i % 6 + 0.5, 3 - i / 6 - 0.5);
            Assert.Equal([a, b, a, b], starts[(6 * i)..(6 * i + 4)]); // walk 0: still at the start
            int index = (int)starts[6 * i + 5];
            Assert.InRange(starts[6 * i + 4], minima[index].GetProperty("loss").GetDouble() - 1e-9, 1);
            // Both weights of one sign: no update changes that, so it ends in the minimum of that sign.
            if (Math.Abs(a + b) > 2 && a * b > 0)
                Assert.Equal(Math.Sign(a), Math.Sign(minima[index].GetProperty("a").GetDouble()));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void ADescentIsTheOneTheSessionMakes(bool all)
    {
        player.Open("#v=1&data=corners&layers=2&seed=4&batch=0&train=1");
        Heard heard = player.Do($"\"do\":\"minima\",{Weights}"
            + $",\"window\":[-1,1,-1,1],\"size\":2,\"updates\":9,\"walk\":9,"
            + $"\"learningRate\":0.2,\"all\":{(all ? "true" : "false")}");
        double[] starts = heard.Doubles("starts");
        for (int i = 0; i < 4; i++)
        {
            double[] path = player.Do($"\"do\":\"descent\",{Weights},\"from\":[{Text(starts[6 * i])},"
                + $"{Text(starts[6 * i + 1])}],"
                + $"\"only\":{(all ? "false" : "true")},\"ways\":[{{\"updates\":9,\"learningRate\":0.2,\"batch\":0,"
                + "\"optimizer\":\"gradient_descent\"}]").Doubles("path0");
            Assert.Equal(path[^6], starts[6 * i + 2], 1e-5);
            Assert.Equal(path[^5], starts[6 * i + 3], 1e-5);
            Assert.Equal(path[^4], starts[6 * i + 4], 1e-5);
        }
    }

    [Fact]
    public void TooManyWeightsAreRefused()
    {
        player.Open("#v=1&data=circle&layers=32");
        Assert.Contains("at most 64", player.Ask($"\"do\":\"hessian\",{Weights},\"all\":true").Error,
            StringComparison.Ordinal);
    }

    /// <summary>One input, one hidden unit, one output: the scene's own network.</summary>
    private void Chain() => player.Open("#v=1&data=gauss&in=x1&layers=1&rows=100&noise=0.3&train=1&batch=0");

    /// <summary>½(d − z)² over the corners, tanh in both layers, targets ±1, weights as the network has them.</summary>
    private static double Loss(double[] w)
    {
        double sum = 0;
        foreach ((double x1, double x2, double d) in ((double, double, double)[])
            [(0, 0, -1), (0, 1, 1), (1, 0, 1), (1, 1, -1)])
        {
            double y1 = Math.Tanh(w[0] * x1 + w[2] * x2 + w[4]), y2 = Math.Tanh(w[1] * x1 + w[3] * x2 + w[5]);
            double z = Math.Tanh(w[6] * y1 + w[7] * y2 + w[8]);
            sum += 0.5 * (d - z) * (d - z);
        }
        return sum / 4;
    }

    private static double[,] Square(double[] values)
    {
        int n = (int)Math.Sqrt(values.Length);
        double[,] square = new double[n, n];
        for (int i = 0; i < values.Length; i++) square[i / n, i % n] = values[i];
        return square;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double[] Numbers(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(n => n.GetDouble())];
}
