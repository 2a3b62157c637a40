using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>Going back, forward and branching: the same bits each time.</summary>
public sealed class RewindTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("#v=1&data=circle")]
    [InlineData("#v=1&data=spiral&layers=8,8&opt=adam&rate=0.01&batch=7&drop=0.2")]
    [InlineData("#v=1&data=gauss&classes=4&layers=6&norm=1&opt=nadam&sched=warmup(steps=50),cosine")]
    [InlineData("#v=1&data=moons&layers=5&opt=lbfgs&batch=0")]
    [InlineData("#v=1&data=plane&layers=4&opt=rprop&batch=0&sched=reduce_on_plateau(patience=1)")]
    public void EveryUpdateCanBeGoneBackToBitForBit(string hash)
    {
        player.Open(hash);
        Dictionary<long, string> bits = new() { [0] = player.Bits };
        for (int i = 0; i < 60; i++) bits[player.Do("\"do\":\"step\",\"by\":\"batch\"").Step] = player.Bits;
        foreach (long step in new long[] { 59, 3, 17, 0, 60, 16, 15, 33, 60 })
        {
            player.Rewind(step);
            Assert.Equal(step, player.Frame("").Step);
            Assert.Equal(bits[step], player.Bits);
        }
    }

    [Fact]
    public void WhatWasChangedOnTheWayIsThereAgain()
    {
        player.Open("#v=1&data=circle&layers=4,3");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":30");
        player.Set("learningRate", "0.1");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":30");
        player.Do("\"do\":\"edit\",\"layer\":1,\"from\":2,\"unit\":1,\"value\":-0.5");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":10");
        player.Set("optimizer", "\"adam\"");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":30");
        string end = player.Bits;
        Heard early = player.Rewind(20);
        Assert.Equal(0.03, early.State.GetProperty("settings").GetProperty("learningRate").GetDouble());
        Assert.Equal(100, early.Clock.GetProperty("newest").GetInt64());
        player.Rewind(100);
        Assert.Equal(end, player.Bits);
        Assert.Equal("adam", player.Set("showTest", "true").State.GetProperty("settings").GetProperty("optimizer").GetString());
    }

    [Fact]
    public void GoingOnFromEarlierBranchesAndKeepsTheOldRun()
    {
        player.Epochs(10);
        string unbranched = player.Bits;
        player.Rewind(100);
        player.Set("learningRate", "0.3");
        Heard branched = player.Epochs(5);
        Assert.NotEqual(unbranched, player.Bits);
        Assert.Equal(branched.Step, branched.Clock.GetProperty("newest").GetInt64());
        Heard runs = player.Do("\"do\":\"runs\",\"action\":\"list\"");
        var list = runs.Header.GetProperty("runs").EnumerateArray().ToArray();
        Assert.Equal(2, list.Length);
        Assert.Equal("branch", list[0].GetProperty("why").GetString());
        Assert.Equal(250, list[0].GetProperty("step").GetInt64());
        Assert.Equal(list[0].GetProperty("id").GetInt32(), list[1].GetProperty("parent").GetInt32());
        Assert.Equal(100, list[1].GetProperty("from").GetInt64());
        // Both beside one another, on the same seed.
        Heard both = player.Do($"\"do\":\"runs\",\"action\":\"compare\",\"run\":{list[0].GetProperty("id")},\"other\":{list[1].GetProperty("id")}");
        Assert.True(both.Header.GetProperty("sameSeed").GetBoolean());
        Assert.Equal("learningRate", both.Header.GetProperty("differences")[0].GetProperty("name").GetString());
        Assert.Equal([1, 50, 50], both.Shape("runOutput"));
    }

    [Fact]
    public void AMomentCanBeSentOnWithAllThatLedToIt()
    {
        player.Open("#v=1&data=spiral&layers=6,4&batch=5&seed=11");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":77");
        player.Set("learningRate", "0.2");
        player.Do("\"do\":\"edit\",\"layer\":0,\"from\":-1,\"unit\":3,\"value\":0.125");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":40");
        player.Set("stop", "\"target(train.loss<0.0001)\"");
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":3");
        string hash = player.Do("\"do\":\"share\",\"moment\":true").Header.GetProperty("hash").GetString()!, bits = player.Bits;
        using Player other = new();
        Heard opened = other.Open(hash);
        Assert.Empty(opened.Codes);
        other.Arrive();
        Assert.Equal(120, other.Frame("").Step);
        Assert.Equal(bits, other.Bits);
        Assert.Equal(hash, other.Do("\"do\":\"share\",\"moment\":true").Header.GetProperty("hash").GetString());
    }

    [Fact]
    public void ExamplesAndStagesAddUpToTheSameUpdates()
    {
        player.Do("\"do\":\"step\",\"by\":\"batch\",\"count\":3");
        string bits = player.Bits;
        using Player byExample = new();
        Assert.Equal(3, byExample.Do("\"do\":\"step\",\"by\":\"example\",\"count\":30").Step);
        Assert.Equal(bits, byExample.Bits);
        using Player byStage = new();
        // Ten examples of three stages and an update, three times.
        Heard last = byStage.Do("\"do\":\"step\",\"by\":\"stage\",\"count\":93");
        Assert.Equal(3, last.Step);
        Assert.Equal("update", last.Clock.GetProperty("cursor").GetProperty("stage").GetString());
        Assert.Equal(bits, byStage.Bits);
        Heard inside = byStage.Do("\"do\":\"step\",\"by\":\"stage\",\"count\":5");
        Assert.Equal(bits, byStage.Bits);
        Assert.Equal(1, inside.Clock.GetProperty("cursor").GetProperty("example").GetInt32());
        Assert.Equal("loss", inside.Clock.GetProperty("cursor").GetProperty("stage").GetString());
    }
}
