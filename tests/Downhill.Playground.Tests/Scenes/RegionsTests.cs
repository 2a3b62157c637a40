using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>
/// Cells against a forward pass written out here, lines against the signs of cells, combinations against weights whose
/// meaning is known, and the solid against the session's own arithmetic.
/// </summary>
public sealed class RegionsTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void CellsAreWhereUnitsAreOn(int layer)
    {
        player.Open("#v=1&data=circle&layers=5,4&seed=3&rate=0.3");
        player.Epochs(20);
        Heard heard = player.Do($"\"do\":\"regions\",\"layer\":{layer},\"size\":20");
        int[] codes = heard.Wholes("codes");
        double[] domain = Numbers(heard.Header, "domain");
        int units = heard.Header.GetProperty("units").GetInt32();
        Assert.Equal(((int[])[5, 4, 1])[layer], units);
        int seen = 0;
        for (int place = 0; place < 400; place++)
        {
            double x = domain[0] + (place % 20 + 0.5) / 20 * (domain[1] - domain[0]);
            double y = domain[3] - (place / 20 + 0.5) / 20 * (domain[3] - domain[2]);
            double[] fields = Fields([x, y], [5, 4, 1])[layer];
            for (int unit = 0; unit < units; unit++)
            {
                if (Math.Abs(fields[unit]) < 1e-4) continue; // the page's maps are of single precision
                Assert.Equal(fields[unit] >= 0, (codes[place] >> unit & 1) == 1);
                seen++;
            }
        }
        Assert.True(seen > 300 * units);
    }

    [Fact]
    public void EveryCellIsListedWithAPlaceDeepInsideIt()
    {
        player.Open("#v=1&data=circle&layers=4&seed=2");
        player.Epochs(30);
        Heard heard = player.Do("\"do\":\"regions\",\"size\":60");
        int[] codes = heard.Wholes("codes");
        double[] domain = Numbers(heard.Header, "domain");
        JsonElement[] cells = [.. heard.Header.GetProperty("cells").EnumerateArray()];
        Assert.Equal(codes.Distinct().Count(), cells.Length);
        Assert.Equal(1, cells.Sum(cell => cell.GetProperty("share").GetDouble()), 1e-12);
        foreach (JsonElement cell in cells)
        {
            string on = cell.GetProperty("on").GetString()!;
            double[] at = Numbers(cell, "at");
            double[][] fields = Fields(at, [4, 1]);
            Assert.Equal(string.Concat(fields[0].Select(v => v >= 0 ? 1 : 0)), on);
            Assert.Equal(codes.Count(code => Text(code, 4) == on) / 3600.0, cell.GetProperty("share").GetDouble(),
                1e-12);
            Assert.Equal(fields[1][0], Numbers(cell, "next")[0], 1e-4);
            Assert.Equal(Math.Tanh(fields[1][0]), cell.GetProperty("output").GetDouble(), 1e-4);
            // With each unit at −1 or 1.
            double[] ends = [.. on.Select(bit => bit == '1' ? 1.0 : -1)];
            Assert.Equal(Layer(ends, 2 * 4 + 4, 1)[0], Numbers(cell, "ideal")[0], 1e-6);
        }
        // Units of a line each: a place's side of every line is its cell.
        double[][] lines = [.. heard.Header.GetProperty("lines").EnumerateArray()
            .Select(line => line.EnumerateArray().Select(n => n.GetDouble()).ToArray())];
        foreach (JsonElement cell in cells)
        {
            double[] at = Numbers(cell, "at");
            Assert.Equal(cell.GetProperty("on").GetString(),
                string.Concat(lines.Select(l => l[0] * at[0] + l[1] * at[1] + l[2] >= 0 ? 1 : 0)));
        }
    }

    [Theory]
    [InlineData("1,1,-1", "and", "y1 AND y2")]
    [InlineData("1,1,1", "or", "y1 OR y2")]
    [InlineData("1,-1,-1", "and", "y1 AND NOT y2")]
    [InlineData("-1,-1,1", "or", "NOT y1 OR NOT y2")]
    [InlineData("2,0.5,0.3", "one", "y1")]
    [InlineData("0.1,0.1,1", "constant", "1")]
    public void TwoUnitsAreCombinedAsTheirWeightsSay(string weights, string kind, string text)
    {
        player.Open("#v=1&data=xor&layers=2");
        double[] values = [.. weights.Split(',').Select(w => double.Parse(w, CultureInfo.InvariantCulture))];
        for (int from = 0; from < 3; from++)
            player.Do($"\"do\":\"edit\",\"layer\":1,\"from\":{(from < 2 ? from : -1)},\"unit\":0,\"value\":"
                + values[from].ToString(CultureInfo.InvariantCulture));
        JsonElement next = player.Do("\"do\":\"regions\",\"size\":10").Header.GetProperty("next")[0];
        Assert.Equal(kind, next.GetProperty("kind").GetString());
        Assert.Equal(text, next.GetProperty("text").GetString());
        Assert.Equal(values[..2], Numbers(next, "weights").Select(w => Math.Round(w, 6)));
    }

    [Fact]
    public void AMajorityIsAThresholdAndUnitsWithoutEndsStayOpen()
    {
        player.Open("#v=1&data=circle&layers=3");
        foreach ((int from, double value) in ((int, double)[])[(0, 1), (1, 1), (2, 1), (-1, 0)])
            player.Do($"\"do\":\"edit\",\"layer\":1,\"from\":{from},\"unit\":0,\"value\":{value}");
        Assert.Equal("threshold", Kind());
        player.Open("#v=1&data=circle&layers=3&act=relu");
        Assert.Equal("open", Kind());

        string Kind() => player.Do("\"do\":\"regions\",\"size\":10").Header.GetProperty("next")[0]
            .GetProperty("kind").GetString()!;
    }

    [Fact]
    public void APointIsTracedThroughEveryLayer()
    {
        player.Open("#v=1&data=circle&layers=3,2");
        player.Epochs(5);
        JsonElement trace = player.Do("\"do\":\"regions\",\"size\":10,\"at\":[1.5,-0.5]").Header.GetProperty("trace");
        double[][] fields = Fields([1.5, -0.5], [3, 2, 1]);
        JsonElement[][] layers = [
            .. trace.GetProperty("layers").EnumerateArray().Select(l => l.EnumerateArray().ToArray())];
        for (int l = 0; l < 3; l++)
            for (int unit = 0; unit < fields[l].Length; unit++)
            {
                JsonElement said = layers[l][unit];
                Assert.Equal(fields[l][unit], said.GetProperty("field").GetDouble(), 1e-6);
                Assert.Equal(fields[l][unit] >= 0, said.GetProperty("on").GetBoolean());
                Assert.Equal(said.GetProperty("field").GetDouble(), said.GetProperty("bias").GetDouble()
                    + said.GetProperty("terms").EnumerateArray().Sum(term =>
                        term.GetProperty("weight").GetDouble() * term.GetProperty("input").GetDouble()), 1e-9);
            }
        Assert.Equal(string.Concat(fields[0].Select(v => v >= 0 ? 1 : 0)), trace.GetProperty("on").GetString());
    }

    [Fact]
    public void OfThreeInputsOneIsHeld()
    {
        player.Open("#v=1&data=ball&layers=4&scale=none&seed=5");
        player.Epochs(5);
        Heard heard = player.Do("\"do\":\"regions\",\"size\":16,\"hold\":[1,0.75]");
        Assert.Equal([0, 2], Numbers(heard.Header, "axes"));
        foreach (JsonElement cell in heard.Header.GetProperty("cells").EnumerateArray())
        {
            double[] at = Numbers(cell, "at");
            Assert.Equal(string.Concat(Fields([at[0], 0.75, at[1]], [4, 1])[0].Select(v => v >= 0 ? 1 : 0)),
                cell.GetProperty("on").GetString());
        }
    }

    [Fact]
    public void TheSolidHoldsTheOutputsAndThePlanes()
    {
        player.Open("#v=1&data=ball&layers=4&scale=none&seed=5&rows=60");
        player.Epochs(5);
        Heard heard = player.Do("\"do\":\"solid\",\"size\":5");
        double[] domain = Numbers(heard.Header, "domain");
        float[] values = heard.Floats("values");
        float[] weights = player.Frame("\"parameters\":true").Floats("parameters");
        for (int i = 0; i < 125; i++)
        {
            double[] at = [.. Enumerable.Range(0, 3).Select(axis => domain[2 * axis]
                + (domain[2 * axis + 1] - domain[2 * axis]) * (((int[])[i % 5, i / 5 % 5, i / 25])[axis] / 4.0))];
            Assert.Equal(Math.Tanh(Fields(at, [4, 1])[1][0]), values[i], 1e-4);
        }
        double[] planes = heard.Doubles("planes");
        for (int unit = 0; unit < 4; unit++)
            Assert.Equal([weights[unit], weights[4 + unit], weights[8 + unit], weights[12 + unit]],
                planes[(4 * unit)..(4 * unit + 4)]);
        Assert.Equal(0, heard.Header.GetProperty("level").GetDouble());
        (float[] points, float[] targets) = (heard.Floats("points"), heard.Floats("targets"));
        for (int k = 0; k < targets.Length; k++)
            Assert.Equal(targets[k] == 1, Math.Sqrt(points[(3 * k)..(3 * k + 3)].Sum(v => v * v)) < 2.5);
    }

    [Fact]
    public void ScaledInputsHaveNoPlanes()
    {
        player.Open("#v=1&data=ball&layers=4&scale=standard");
        Assert.Empty(player.Do("\"do\":\"solid\",\"size\":4").Doubles("planes"));
        player.Open("#v=1&data=circle&layers=4&in=x1,x1%5E2");
        Assert.Equal(
            JsonValueKind.Null, player.Do("\"do\":\"regions\",\"size\":10").Header.GetProperty("lines").ValueKind);
    }

    /// <summary>What the scenes' texts promise of their own networks (web/src/scenes/regions.tsx and
    /// solid.tsx).</summary>
    [Theory]
    [InlineData("data=corners&layers=2&seed=3", 2000, true)]
    [InlineData("data=ball&layers=4&seed=2&rows=300&scale=none", 2000, true)]
    [InlineData("data=ball&layers=3&seed=2&rows=300&scale=none", 200, false)]
    [InlineData("data=helix&layers=12&seed=2&rows=300&scale=none", 2000, true)]
    public void AsManyLinesOrPlanesAsTheTextsSay(string hash, int epochs, bool learns)
    {
        player.Open($"#v=1&{hash}&act=tanh&opt=momentum&rate=0.1&batch=10&train=1");
        double accuracy = 0;
        for (int epoch = 0; epoch < epochs && accuracy < 1; epoch += 20)
        {
            player.Epochs(20);
            accuracy = Accuracy();
        }
        Assert.Equal(learns, accuracy == 1);
    }

    [Fact]
    public void ThreeLinesEncloseADiscBetterThanTwo()
    {
        double[] right = [.. ((int[])[2, 3]).Select(units =>
        {
            player.Open($"#v=1&data=circle&layers={units}&seed=2&rows=240&opt=momentum&rate=0.1&train=1");
            player.Epochs(300);
            return Accuracy();
        })];
        Assert.InRange(right[1], 0.9, 1);
        Assert.True(right[0] < right[1] - 0.03, $"{right[0]} with two, {right[1]} with three");
    }

    private double Accuracy() => player.Frame("\"measures\":true").Header.GetProperty("measures")
        .GetProperty("train").GetProperty("accuracy").GetDouble();

    [Theory]
    [InlineData("data=iris", "\"do\":\"regions\"", "two or three numbers")]
    [InlineData("data=circle&layers=40", "\"do\":\"regions\"", "at most 16 units")]
    [InlineData("data=circle&norm=1", "\"do\":\"regions\"", "batch normalisation")]
    [InlineData("data=circle", "\"do\":\"regions\",\"layer\":7", "Layers are counted from 0")]
    [InlineData("data=circle", "\"do\":\"regions\",\"at\":[1]", "2 numbers")]
    [InlineData("data=circle", "\"do\":\"solid\"", "three numbers")]
    public void WhatHasNoRegionsIsRefused(string hash, string request, string says)
    {
        player.Open("#v=1&" + hash);
        Assert.Contains(says, player.Ask(request).Error, StringComparison.Ordinal);
    }

    /// <summary>Fields of every layer of a tanh network at a place, from the weights as a frame has them.</summary>
    private double[][] Fields(double[] inputs, int[] widths)
    {
        List<double[]> all = [];
        int offset = 0;
        foreach (int units in widths)
        {
            all.Add(Layer(inputs, offset, units));
            offset += (inputs.Length + 1) * units;
            inputs = [.. all[^1].Select(Math.Tanh)];
        }
        return [.. all];
    }

    private double[] Layer(double[] inputs, int offset, int units)
    {
        float[] weights = player.Frame("\"parameters\":true").Floats("parameters");
        return [.. Enumerable.Range(0, units).Select(unit => weights[offset + inputs.Length * units + unit]
            + Enumerable.Range(0, inputs.Length).Sum(i => inputs[i] * weights[offset + i * units + unit]))];
    }

    private static string Text(int code, int units) =>
        string.Concat(Enumerable.Range(0, units).Select(k => code >> k & 1));

    private static double[] Numbers(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(n => n.GetDouble())];
}
