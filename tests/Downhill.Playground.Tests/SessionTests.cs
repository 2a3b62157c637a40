using System.Text.Json;
using Downhill.Checks;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>Commands, one by one, as a page sends them.</summary>
public sealed class SessionTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void HelloNamesEveryPropertyWithItsDefaultAndEveryCommand()
    {
        Heard hello = player.Do("\"do\":\"hello\"");
        JsonElement settings = hello.State.GetProperty("settings");
        JsonElement[] properties = [.. hello.Header.GetProperty("properties").EnumerateArray()];
        Assert.All(properties, property => Assert.Equal(
            property.GetProperty("default").GetRawText(),
                settings.GetProperty(property.GetProperty("name").GetString()!).GetRawText()));
        Assert.Equal(properties.Length, settings.EnumerateObject().Count());
        Assert.Equal(properties.Length, properties.Select(p => p.GetProperty("key").GetString()).Distinct().Count());
        Assert.Contains("frame", hello.Header.GetProperty("commands").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal("#v=1", hello.Hash);
    }

    [Fact]
    public void ASessionGivesTheSameBitsOnEveryHost()
    {
        string digest = PlaygroundChecks.Play();
        Assert.True(digest == PlaygroundChecks.Digest, digest); // a whole digest, where Equal would shorten it
    }

    [Fact]
    public void TrainingInFramesOfAnySizeGivesTheSameBits()
    {
        player.Epochs(40);
        using Player other = new();
        for (long step = 0; step < 1000;)
        {
            // Every third one has no time at all: it ends wherever the clock is looked at first.
            long next = other.Frame("", train: true, budget: step % 3 == 0 ? 0 : 1000,
                updates: (int)Math.Min(37, 1000 - step)).Step;
            Assert.InRange(next, step + 1, step + 37);
            step = next;
        }
        Assert.Equal(1000, player.Frame("").Step);
        Assert.Equal(player.Bits, other.Bits);
    }

    [Theory]
    [InlineData("#v=1&data=circle")]
    [InlineData("#v=1&data=spiral&layers=8,8&drop=0.3")]
    [InlineData("#v=1&data=gauss&classes=4&layers=6&norm=1&drop=0.2")]
    [InlineData("#v=1&data=plane&layers=4:softsign&loss=huber(0.5)")]
    public void TheGradientsOfTheNetworkPassTheirCheck(string hash)
    {
        player.Open(hash);
        player.Epochs(3);
        JsonElement check = player.Do("\"do\":\"check\"").Header;
        Assert.True(check.GetProperty("passed").GetBoolean(), check.GetProperty("text").GetString());
        // Every layer has a gradient, whether or not training drops units.
        Assert.All(player.Frame("\"statistics\":true").Header.GetProperty("statistics").EnumerateArray(), layer =>
            Assert.InRange(layer.GetProperty("gradientNorm").GetDouble(), 1e-9, 1e3));
        JsonElement unit = player.Do("\"do\":\"inspect\",\"what\":\"unit\",\"layer\":0,\"unit\":1,\"at\":{\"row\":4}")
            .Header;
        double delta = unit.GetProperty("delta").GetDouble();
        Assert.NotEqual(0, delta);
        // ∂L/∂w = δ·x.
        Assert.All(unit.GetProperty("terms").EnumerateArray(), term =>
            Assert.Equal(delta * term.GetProperty("input").GetDouble(), term.GetProperty("gradient").GetDouble(),
                1e-12));
    }

    [Fact]
    public void ARuleOfEpochsEndsARunAndPlannedEpochsDoNot()
    {
        player.Open("#v=1&epochs=3&rows=60");
        player.Epochs(5);
        Assert.Equal(JsonValueKind.Null, player.Frame("").Clock.GetProperty("stopped").ValueKind);
        player.Open("#v=1&epochs=3&rows=60&stop=epochs(count=4)");
        player.Train("", 1000);
        JsonElement clock = player.Frame("").Clock;
        Assert.Equal("epochs(4)", clock.GetProperty("stopped").GetProperty("rule").GetString());
        Assert.Equal(4, clock.GetProperty("epoch").GetInt32());
    }
}
