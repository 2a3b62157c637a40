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
            property.GetProperty("default").GetRawText(), settings.GetProperty(property.GetProperty("name").GetString()!).GetRawText()));
        Assert.Equal(properties.Length, settings.EnumerateObject().Count());
        Assert.Equal(properties.Length, properties.Select(p => p.GetProperty("key").GetString()).Distinct().Count());
        Assert.Contains("frame", hello.Header.GetProperty("commands").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal("#v=1", hello.Hash);
    }

    [Fact]
    public void ASessionGivesTheSameBitsOnEveryHost() => Assert.Equal(PlaygroundChecks.Digest, PlaygroundChecks.Play());

    [Fact]
    public void TrainingInFramesOfAnySizeGivesTheSameBits()
    {
        player.Epochs(40);
        using Player other = new();
        for (int done = 0; done < 1000; done += 37) other.Frame("", train: true, budget: 1000, updates: Math.Min(37, 1000 - done));
        Assert.Equal(player.Frame("").Step, other.Frame("").Step);
        Assert.Equal(player.Bits, other.Bits);
    }
}
