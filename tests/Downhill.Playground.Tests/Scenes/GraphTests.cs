using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>Values and derivatives of the graph, against plain loops and differences written here.</summary>
public sealed class GraphTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("0,1")]
    public void ValuesAreTheNetworksAndDerivativesAreSlopes(string expand)
    {
        player.Open("#v=1&data=circle&rows=40&layers=3&train=1");
        player.Epochs(3);
        Node[] nodes = Ask(5, expand);
        double[] x = [.. Of(nodes, "x").Value], d = [.. Of(nodes, "d").Value];
        float[] parameters = player.Frame("\"parameters\":true").Floats("parameters");
        double[] theta = [.. parameters.Select(w => (double)w)];
        Near(Cost(theta), nodes[^1].Value[0], 1e-12);
        Near(player.Do("\"do\":\"inspect\",\"what\":\"example\",\"at\":{\"row\":5}").Header.GetProperty("cost")
            .GetDouble(), nodes[^1].Value[0], 1e-12);
        Assert.Equal([1.0], nodes[^1].Derivative!);
        // Hidden weights [2,3] and biases, output weights [3,1] and bias, one after another.
        Check("W₁", "w", 0, 2, 3, 0);
        Check("b₁", "b", 6, 1, 3, 0);
        Check("W₂", "w", 9, 3, 1, 1);
        Check("b₂", "b", 12, 1, 1, 1);
        for (int i = 0; i < 2; i++)
        {
            double[] up = [.. x], down = [.. x];
            (up[i], down[i]) = (x[i] + 1e-6, x[i] - 1e-6);
            Near((CostOf(theta, up, d) - CostOf(theta, down, d)) / 2e-6, Of(nodes, "x").Derivative![i], 1e-8);
        }

        void Check(string tensor, string scalar, int offset, int rows, int columns, int layer)
        {
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                {
                    int place = offset + i * columns + j;
                    double before = theta[place];
                    theta[place] = before + 1e-6;
                    double up = Cost(theta);
                    theta[place] = before - 1e-6;
                    double slope = (up - Cost(theta)) / 2e-6;
                    theta[place] = before;
                    bool apart = expand.Contains(layer.ToString(CultureInfo.InvariantCulture));
                    string name = scalar == "w" ? $"w{Low(i)},{Low(j)}" : $"{tensor},{Low(j)}";
                    (double value, double derivative) = apart
                        ? (Of(nodes, name, layer).Value[0], Of(nodes, name, layer).Derivative![0])
                        : (Of(nodes, tensor).Value[i * columns + j], Of(nodes, tensor).Derivative![i * columns + j]);
                    Assert.Equal(theta[place], value);
                    Near(slope, derivative, 1e-8);
                }
        }

        double Cost(double[] weights) => CostOf(weights, x, d);
    }

    [Fact]
    public void EveryNodeComesAfterWhatItNeedsAndOnlyOnce()
    {
        player.Open("#v=1&data=blobs&classes=3&rows=60&layers=3,2&train=1");
        foreach (string expand in (string[])["", "0", "2", "0,1,2"])
        {
            Node[] nodes = Ask(1, expand);
            for (int k = 0; k < nodes.Length; k++) Assert.All(nodes[k].From, from => Assert.InRange(from, 0, k - 1));
            string[] names = [.. nodes.Where(n => n.Name.Length > 0).Select(n => $"{n.Name} {n.Layer}")];
            Assert.Equal(names.Length, names.Distinct().Count());
            Assert.All(nodes.SkipLast(1).Where(n => n.Kind != "constant"), // nothing that leads nowhere
                node => Assert.Contains(nodes, user => user.From.Contains(Array.IndexOf(nodes, node))));
        }
        // Of softmax the fields are single numbers, and ∂L/∂v = z − d with cross-entropy.
        Node[] apart = Ask(1, "2");
        double[] z = Of(apart, "z").Value, d = Of(apart, "d").Value;
        for (int o = 0; o < 3; o++) Near(z[o] - d[o], Of(apart, $"v₃,{Low(o)}").Derivative![0], 1e-9);
    }

    [Theory]
    [InlineData("#v=1&layers=3", "\"row\":999999", "Row")]
    [InlineData("#v=1&layers=3", "\"row\":0,\"expand\":[2]", "layers from 0 to 1")]
    [InlineData("#v=1&layers=3&norm=1", "\"row\":0", "dense layers")]
    [InlineData("#v=1&layers=100,50", "\"row\":0", "at most 2000")]
    public void WhatCannotBeDrawnIsRefused(string hash, string fields, string says)
    {
        player.Open(hash);
        Assert.Contains(says, player.Ask($"\"do\":\"graph\",{fields}").Error, StringComparison.Ordinal);
    }

    /// <summary>2-3-1 with tanh throughout and ½(d − z)².</summary>
    private static double CostOf(double[] theta, double[] x, double[] d)
    {
        double field = theta[12];
        for (int unit = 0; unit < 3; unit++)
            field += theta[9 + unit] * Math.Tanh(x[0] * theta[unit] + x[1] * theta[3 + unit] + theta[6 + unit]);
        double z = Math.Tanh(field);
        return 0.5 * (d[0] - z) * (d[0] - z);
    }

    private sealed record Node(string Name, int Layer, string Kind, double[] Value, double[]? Derivative, int[] From);

    private Node[] Ask(int row, string expand) =>
        [.. player.Do($"\"do\":\"graph\",\"row\":{row},\"expand\":[{expand}]").Header.GetProperty("nodes")
            .EnumerateArray().Select(node => new Node(node.GetProperty("name").GetString()!,
                node.GetProperty("layer").GetInt32(), node.GetProperty("kind").GetString()!,
                Flat(node.GetProperty("value"))!, Flat(node.GetProperty("derivative")),
                [.. node.GetProperty("from").EnumerateArray().Select(id => id.GetInt32())]))];

    private static Node Of(Node[] nodes, string name, int? layer = null) =>
        nodes.Single(node => node.Name == name && (layer is null || node.Layer == layer));

    private static double[]? Flat(JsonElement matrix) => matrix.ValueKind == JsonValueKind.Null ? null
        : [.. matrix.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetDouble()))];

    private static char Low(int index) => (char)('₁' + index);

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
