using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>Where rules stop, against the session's own training with those rules set.</summary>
public sealed class StoppingTests : IDisposable
{
    private const string Start = "#v=1&data=gauss&noise=0.4&rows=200&train=0.5&val=0.4&layers=8&rate=0.1&batch=10";
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("validation(patience=5,change=0)")]
    [InlineData("change(threshold=0.002,epochs=1,relative=0)")]
    [InlineData("gradient(threshold=0.4)")]
    [InlineData("gl(alpha=2,strip=1)")]
    [InlineData("up(s=1,strip=2)")]
    [InlineData("progress(threshold=20,strip=5)")]
    [InlineData("target(train.loss<0.2)")]
    [InlineData("epochs(count=17)")]
    public void ARuleIsMarkedWhereItEndsTheSessionsOwnTraining(string rule)
    {
        player.Open(Start);
        JsonElement mark = Ask($"\"epochs\":80,\"rules\":[{JsonSerializer.Serialize(rule)}]").Header
            .GetProperty("marks")[0];
        int epoch = mark.GetProperty("epoch").GetInt32();
        player.Set("stop", JsonSerializer.Serialize(rule));
        Heard last = player.Train("\"measures\":true", 8 * 90);
        Assert.Equal(epoch, last.Clock.GetProperty("epoch").GetInt32());
        Assert.Equal(mark.GetProperty("text").GetString(),
            last.Clock.GetProperty("stopped").GetProperty("text").GetString());
        JsonElement measures = last.Header.GetProperty("measures");
        Near(mark.GetProperty("train").GetDouble(),
            measures.GetProperty("train").GetProperty("loss").GetDouble(), 1e-12);
        Near(mark.GetProperty("test").GetDouble(), measures.GetProperty("test").GetProperty("loss").GetDouble(), 1e-12);
    }

    [Fact]
    public void TheBestEpochIsTheLowestValidationLossAndItsWeightsComeBack()
    {
        player.Open(Start);
        Heard said = Ask("\"epochs\":60");
        double[] curves = said.Doubles("curves");
        Assert.Equal([61, 5], said.Shape("curves"));
        int best = said.Header.GetProperty("best").GetProperty("epoch").GetInt32();
        double lowest = Enumerable.Range(1, 60).Min(epoch => curves[5 * epoch + 2]);
        Assert.Equal(lowest, curves[5 * best + 2]);
        Assert.Equal(best, said.Header.GetProperty("at").GetProperty("epoch").GetInt32());
        byte[] map = said.Bytes("output");
        player.Epochs(best);
        Assert.Equal(said.Header.GetProperty("hash").GetString(), player.Bits);
        Assert.Equal(player.Frame("\"output\":20").Bytes("output"), map);
        Assert.Equal(60, (int)curves[^5]);
        player.Epochs(60 - best);
        Assert.Equal(Ask("\"epochs\":60,\"at\":60").Header.GetProperty("hash").GetString(), player.Bits);
    }

    [Fact]
    public void OtherSettingsAreTrainedAnew()
    {
        player.Open(Start);
        double[] before = Ask("\"epochs\":5").Doubles("curves");
        player.Set("learningRate", "0.02");
        Assert.NotEqual(before, Ask("\"epochs\":5").Doubles("curves"));
        player.Set("learningRate", "0.1");
        Assert.Equal(before, Ask("\"epochs\":5").Doubles("curves"));
        Assert.Equal(0, player.Frame("").Step); // the session's own network stays where it was
    }

    [Fact]
    public void ARuleThatNeverAsksHasNoMark()
    {
        player.Open(Start);
        JsonElement mark = Ask("\"epochs\":3,\"rules\":[\"validation(patience=50)\"]").Header.GetProperty("marks")[0];
        Assert.Equal(JsonValueKind.Null, mark.GetProperty("epoch").ValueKind);
    }

    [Theory]
    [InlineData("#v=1&data=gauss", "\"rules\":[\"gl\"]", "a validation part")]
    [InlineData(Start, "\"epochs\":0", "epochs")]
    [InlineData(Start, "\"epochs\":10,\"at\":11", "at")]
    [InlineData("#v=1&data=gauss&layers=500,500", "\"epochs\":500", "fewer epochs")]
    public void WhatCannotBeAskedIsRefused(string hash, string fields, string says)
    {
        player.Open(hash);
        Assert.Contains(says, player.Ask($"\"do\":\"stopping\",{fields}").Error, StringComparison.Ordinal);
    }

    private Heard Ask(string fields) => player.Do($"\"do\":\"stopping\",{fields},\"size\":20");

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
