using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

public sealed class CountTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("3,4,2", true, 26)]
    [InlineData("3,4,2", false, 20)]
    [InlineData("3,5,2", true, 32)]
    [InlineData("2,8,8,3", true, 123)]
    [InlineData("1,1", false, 1)]
    public void TheTotalIsTheSumOverLayers(string widths, bool biases, int total)
    {
        JsonElement said = Count(widths, biases, "[]");
        Assert.Equal(total, said.GetProperty("total").GetInt32());
        Assert.Equal(total, said.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("count").GetInt32()));
        int[] w = [.. widths.Split(',').Select(int.Parse)];
        Assert.Equal(Enumerable.Range(0, w.Length - 1).Sum(k => w[k] * w[k + 1]),
            said.GetProperty("links").GetInt32());
    }

    [Fact]
    public void ALinkTakenOutIsNotCounted()
    {
        JsonElement said = Count("3,4,2", true, "[[0,0,0],[0,1,0],[1,3,1]]");
        Assert.Equal(23, said.GetProperty("total").GetInt32());
        Assert.Equal("10 links + 4 = 14", said.GetProperty("layers")[0].GetProperty("formula").GetString());
        Assert.False(player.Ask("\"do\":\"count\",\"widths\":[3,4,2],\"removed\":[[0,3,0]]").IsOk);
        Assert.False(player.Ask("\"do\":\"count\",\"widths\":[3]").IsOk);
    }

    private JsonElement Count(string widths, bool biases, string removed) => player.Do($"\"do\":\"count\",\"widths\":"
        + $"[{widths}],\"biases\":{(biases ? "true" : "false")},\"removed\":{removed}").Header;
}
