using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>What other playgrounds got wrong, and must hold here. One test weighs the memory of the whole process, so
/// that nothing runs beside it.</summary>
[CollectionDefinition(nameof(AcceptanceTests), DisableParallelization = true), Collection(nameof(AcceptanceTests))]
public sealed class AcceptanceTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("#v=1&data=circle&layers=4,2")]
    [InlineData("#v=1&data=spiral&in=x1,x2,sinx1,x1x2&layers=8,8:relu,3:gaussian&norm=1")]
    [InlineData("#v=1&data=gaussian&layers=5&act=softsign&out=identity")]
    [InlineData("#v=1&data=iris&layers=6&act=silu")]
    public void EverySumShownIsTheValueOnTheMap(string hash)
    {
        player.Open(hash);
        player.Epochs(20);
        JsonElement state = player.Set("showTest", "true").State;
        JsonElement[] layers = [.. state.GetProperty("network").GetProperty("layers").EnumerateArray()];
        Heard frame = player.Frame("\"units\":20,\"parameters\":true");
        double[] domain = [.. state.GetProperty("data").GetProperty("domain").EnumerateArray()
            .Select(d => d.GetDouble())];
        byte[] maps = frame.Bytes("units");
        float[] scales = frame.Floats("unitScales"), parameters = frame.Floats("parameters");
        Assert.Equal(state.GetProperty("network").GetProperty("parameters").GetInt32(), parameters.Length);
        int map = 0;
        for (int layer = 0; layer < layers.Length; layer++)
            for (int unit = 0; unit < layers[layer].GetProperty("units").GetInt32(); unit++, map++)
            {
                const int Row = 3, Column = 14;
                double x = domain[0] + (Column + 0.5) / 20 * (domain[1] - domain[0]),
                    y = domain[3] - (Row + 0.5) / 20 * (domain[3] - domain[2]);
                JsonElement shown = player.Do(
                    $"\"do\":\"inspect\",\"what\":\"unit\",\"layer\":{layer},\"unit\":{unit},"
                    + $"\"at\":{{\"raw\":[{x:R},{y:R}]}}").Header;
                double sum = shown.GetProperty("terms").EnumerateArray()
                    .Sum(t => t.GetProperty("weight").GetDouble() * t.GetProperty("input").GetDouble());
                Assert.Equal(sum, shown.GetProperty("sum").GetDouble(), 1e-12);
                if (!shown.TryGetProperty("normalisation", out _))
                    Assert.Equal(sum + shown.GetProperty("bias").GetDouble(), shown.GetProperty("field").GetDouble(),
                        1e-12);
                Assert.Equal(shown.GetProperty("map").GetDouble(), shown.GetProperty("output").GetDouble(), 1e-9);
                // The byte on the map is that value, to half a step.
                double painted = (maps[map * 400 + Row * 20 + Column] - 128) / 127.0 * scales[map];
                Assert.Equal(shown.GetProperty("output").GetDouble(), painted, 0.51 / 127 * scales[map] + 1e-5);
                // Its weights and its bias are among the numbers shown.
                Assert.Contains((float)shown.GetProperty("bias").GetDouble(), parameters);
                Assert.All(shown.GetProperty("terms").EnumerateArray(), t =>
                    Assert.Contains((float)t.GetProperty("weight").GetDouble(), parameters));
            }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void AnL1PenaltyDoesNotKillTheNetworkForEver(int seed)
    {
        player.Open($"#v=1&data=circle&l1=0.03&layers=4,2&seed={seed}");
        player.Epochs(300);
        // What it zeroed revives once the penalty is gone.
        player.Set("l1", "0");
        player.Epochs(300);
        float[] parameters = player.Frame("\"parameters\":true").Floats("parameters");
        Assert.True(parameters.Count(w => w == 0) < 9,
            $"{parameters.Count(w => w == 0)} of {parameters.Length} weights are still 0");
    }

    [Theory]
    [InlineData("0.3", "7", "l2Diverges")]
    [InlineData("0.3", "10", "l2Diverges")]
    [InlineData("10", "3", "l2Diverges")]
    [InlineData("0.3", "6", "l2Overshoots")]
    public void AnL2PenaltyThatOvershootsIsExplainedBeforeAndAfter(string rate, string l2, string code)
    {
        Heard opened = player.Open($"#v=1&data=circle&rate={rate}&l2={l2}");
        Assert.Contains(code, opened.Codes);
        Heard trained = player.Train("\"measures\":true,\"parameters\":true", 2000);
        Assert.All(trained.Floats("parameters"), w => Assert.True(float.IsFinite(w)));
        bool isDiverged = trained.Codes.Contains("diverged");
        if (code == "l2Diverges") Assert.True(isDiverged || trained.Codes.Contains(code));
        else Assert.False(isDiverged);
        if (!isDiverged) return;
        Assert.Contains(trained.Texts, t => t.Contains("> 2", StringComparison.Ordinal));
        // Rewind, lower the penalty, and it learns.
        player.Rewind(0);
        player.Set("l2", "0");
        Assert.DoesNotContain("diverged", player.Train("", 100).Codes);
    }

    [Theory, InlineData(1), InlineData(7), InlineData(30), InlineData(249), InlineData(0)]
    public void TheBatchesOfAnEpochAddUpToItsRows(int batch)
    {
        Heard state = player.Open($"#v=1&data=circle&batch={batch}");
        int rows = state.Clock.GetProperty("rows").GetInt32(), sum = 0, updates = 0;
        Assert.Equal(250, rows);
        for (int epoch = 0; epoch < 2; epoch++, sum = updates = 0)
        {
            int start = state.Clock.GetProperty("epoch").GetInt32();
            while (state.Clock.GetProperty("epoch").GetInt32() == start)
            {
                sum += state.Clock.GetProperty("batch").GetInt32();
                updates++;
                state = player.Do("\"do\":\"step\",\"by\":\"batch\"");
            }
            Assert.Equal(rows, sum);
            Assert.Equal(state.Clock.GetProperty("batches").GetInt32(), updates);
        }
    }

    [Fact]
    public void LooksAddNoPointToTheCurve()
    {
        player.Epochs(10);
        double[] before = player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}").Doubles("loss");
        player.Set("discretize", "true");
        player.Set("showTest", "true");
        player.Set("axes", "[\"x2\",\"x1\"]");
        player.Frame("\"units\":10,\"output\":10,\"measures\":true");
        Assert.Equal(before, player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}").Doubles("loss"));
        Assert.Equal(11 * 6, before.Length);
    }

    [Fact]
    public void AnEditedWeightAddsNoPointToTheCurve()
    {
        player.Epochs(3);
        player.Do("\"do\":\"edit\",\"layer\":0,\"from\":0,\"unit\":0,\"value\":2");
        Assert.Equal(4 * 6, player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}").Doubles("loss").Length);
    }

    [Fact]
    public void ResetAndPlayTwiceGivesTheSameBitsAndSoDoesTheLinkElsewhere()
    {
        string hash = player.Open("#v=1&data=xor&noise=0.2&layers=6&seed=42").Hash;
        player.Epochs(25);
        string bits = player.Bits;
        double[] curve = player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}").Doubles("loss");
        player.Do("\"do\":\"reset\"");
        player.Epochs(25);
        Assert.Equal(bits, player.Bits);
        Assert.Equal(curve, player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}").Doubles("loss"));
        using Player elsewhere = new();
        elsewhere.Open(hash);
        elsewhere.Epochs(25);
        Assert.Equal(bits, elsewhere.Bits);
    }

    [Fact]
    public void EveryMapIsTurnedAsThePointsAre()
    {
        Heard opened = player.Open("#v=1&data=circle&in=x1,x2&layers=1:identity&act=identity");
        byte[] maps = player.Frame("\"inputs\":8").Bytes("inputs");
        // x1 grows to the right, x2 upwards.
        for (int i = 1; i < 8; i++)
        {
            Assert.True(maps[i] > maps[i - 1]);
            Assert.True(maps[64 + 8 * i] < maps[64 + 8 * (i - 1)]);
        }
        // A unit that passes x2 on has the map of x2.
        player.Do("\"do\":\"edit\",\"layer\":0,\"from\":0,\"unit\":0,\"value\":0");
        player.Do("\"do\":\"edit\",\"layer\":0,\"from\":1,\"unit\":0,\"value\":1");
        player.Do("\"do\":\"edit\",\"layer\":0,\"from\":-1,\"unit\":0,\"value\":0");
        Heard frame = player.Frame("\"units\":8,\"output\":8");
        Assert.Equal(maps[64..128], frame.Bytes("units")[..64]);
        Assert.Equal(frame.Bytes("units")[64..128], frame.Bytes("output"));
        Assert.Equal("#v=1&layers=1:identity&act=identity&in=x1,x2".Length, opened.Hash.Length);
    }

    [Fact]
    public void TenThousandEpochsStayWithinBounds()
    {
        player.Open("#v=1&data=circle&rows=60&layers=2&batch=0");
        player.Epochs(2000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        player.Epochs(10_000);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 4 << 20);
        Heard frame = player.Frame("\"loss\":{\"timeline\":-1,\"since\":-1}");
        Assert.InRange(frame.Shape("loss")[0], 500, 1024);
        Assert.Equal(12_000, frame.Clock.GetProperty("epoch").GetInt32());
        // And all of it can still be gone back to.
        player.Rewind(7);
        Assert.Equal(7, player.Frame("").Step);
    }

    [Fact]
    public void AnotherLinkChangesTheState()
    {
        player.Open("#v=1&data=xor&layers=3");
        Heard second = player.Open("#v=1&data=spiral&layers=2,2");
        Assert.Equal("spiral", second.State.GetProperty("settings").GetProperty("data").GetString());
        Assert.Equal(0, second.Step);
    }
}
