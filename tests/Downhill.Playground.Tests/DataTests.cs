using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>Made, embedded and own data.</summary>
public sealed class DataTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    public static TheoryData<string> Names { get; } = new(DataSets.All.Where(d => d.Load is not null).Select(d => d.Name));

    [Theory, MemberData(nameof(Names))]
    public void EverySetTrainsAndShowsItsMaps(string name)
    {
        Heard opened = player.Open($"#v=1&data={name}&layers=5,3");
        Assert.Empty(opened.Codes);
        DataSetEntry entry = DataSets.Find(name);
        JsonElement data = opened.State.GetProperty("data");
        if (entry.Classes > 0 && name != "blobs") Assert.Equal(entry.Classes, data.GetProperty("classes").GetArrayLength());
        Assert.Equal(entry.Inputs, data.GetProperty("columns").GetArrayLength());
        player.Epochs(2);
        Heard frame = player.Frame("\"units\":10,\"output\":12,\"inputs\":4,\"points\":true,\"predictions\":true,\"measures\":true,\"statistics\":true");
        int outputs = frame.Shape("output")[0];
        Assert.Equal([8 + outputs, 10, 10], frame.Shape("units"));
        Assert.DoesNotContain((byte)0, frame.Bytes("units"));
        Assert.Equal(frame.Wholes("rows").Length, frame.Floats("costs").Length);
    }

    [Theory, InlineData("circle"), InlineData("gauss"), InlineData("spiral"), InlineData("blobs")]
    public void AsManyClassesAsWantedAreLearned(string name)
    {
        foreach (int classes in new[] { 2, 3, 5, 10 })
        {
            Heard opened = player.Open($"#v=1&data={name}&classes={classes}&rows=400");
            Assert.Equal(classes, opened.State.GetProperty("data").GetProperty("classes").GetArrayLength());
            Assert.Equal(classes == 2 ? "tanh" : "softmax", opened.State.GetProperty("resolved").GetProperty("output").GetString());
            float[] targets = player.Frame("\"points\":true").Floats("targets");
            Assert.Equal(classes, targets.Distinct().Count());
        }
    }

    [Fact]
    public void TheCostsOfExamplesAddUpToTheTotal()
    {
        player.Open("#v=1&data=spiral&layers=6");
        player.Epochs(5);
        Heard frame = player.Frame("\"points\":true,\"predictions\":true,\"measures\":true");
        float[] costs = frame.Floats("costs");
        byte[] parts = frame.Bytes("parts");
        foreach ((string part, byte code) in new[] { ("train", (byte)0), ("test", (byte)1) })
        {
            JsonElement measures = frame.Header.GetProperty("measures").GetProperty(part);
            Assert.Equal(measures.GetProperty("cost").GetDouble(), costs.Where((_, i) => parts[i] == code).Sum(c => (double)c), 1e-4);
            int wrong = measures.GetProperty("confusion").EnumerateArray().Select((row, i) => row.EnumerateArray().Where((_, j) => j != i).Sum(n => n.GetInt32())).Sum();
            Assert.Equal(1 - wrong / 250.0, measures.GetProperty("accuracy").GetDouble(), 1e-12);
        }
        // And each is what its arithmetic says.
        for (int row = 0; row < 500; row += 99)
            Assert.Equal(player.Do($"\"do\":\"inspect\",\"what\":\"example\",\"at\":{{\"row\":{row}}}").Header.GetProperty("cost").GetDouble(), costs[row], 1e-5);
    }

    [Fact]
    public void ATableIsReadPickedFromAndTrained()
    {
        const string Text = "height,weight,age,kind\\n1.5,50,20,cat\\n1.6,61,35,dog\\n1.4,40,22,cat\\n1.9,90,41,dog\\n1.7,70,33,dog\\n1.45,45,28,cat\\n";
        Heard read = player.Do($"\"do\":\"data\",\"from\":\"csv\",\"name\":\"pets.csv\",\"text\":\"{Text}\"");
        JsonElement data = read.State.GetProperty("data");
        Assert.Equal(["height", "weight", "age"], data.GetProperty("columns").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(["cat", "dog"], data.GetProperty("classes").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal("standard", read.State.GetProperty("resolved").GetProperty("scaling").GetString());
        Assert.Contains("data=own", read.Hash, StringComparison.Ordinal);
        player.Epochs(5);
        Heard two = player.Do("\"do\":\"data\",\"from\":\"columns\",\"target\":\"kind\",\"columns\":[\"weight\",\"age\"]");
        Assert.True(two.State.GetProperty("data").GetProperty("isPlane").GetBoolean());
        player.Set("features", "[\"x1\",\"x1x2\"]");
        Assert.Equal(["weight", "weight*age"], player.Set("showTest", "true").State.GetProperty("network").GetProperty("inputs").EnumerateArray().Select(c => c.GetString()));
        Heard number = player.Do("\"do\":\"data\",\"from\":\"columns\",\"target\":\"age\",\"columns\":[\"height\",\"weight\"],\"kind\":\"number\"");
        Assert.Empty(number.State.GetProperty("data").GetProperty("classes").EnumerateArray());
        player.Epochs(5);
        // The other sets are still there, and one's own can be come back to.
        player.Set("data", "\"xor\"");
        Assert.Equal("data", player.Set("data", "\"own\"").State.GetProperty("data").GetProperty("target").GetString() is "age" ? "data" : "");
    }

    [Fact]
    public void PointsAreDrawnMovedLabelledAndRemoved()
    {
        Heard drawn = player.Do("\"do\":\"data\",\"from\":\"points\",\"points\":[[0,0,0],[1,1,1],[2,2,2],[-1,0,0],[1,2,1],[3,3,2]]");
        Assert.Equal(3, drawn.State.GetProperty("data").GetProperty("classes").GetArrayLength());
        Heard edited = player.Do("\"do\":\"data\",\"from\":\"edit\",\"add\":[[5,5,1]],\"move\":[[0,-3,-3]],\"label\":[[1,2]],\"remove\":[3]");
        Assert.Equal(6, edited.State.GetProperty("data").GetProperty("rows").GetInt32());
        Heard frame = player.Frame("\"points\":true");
        Assert.Equal([-3, -3, 1, 1, 2, 2, 1, 2, 3, 3, 5, 5], frame.Floats("points"));
        Assert.Equal([0, 2, 2, 1, 2, 1], frame.Floats("targets"));
    }

    [Fact]
    public void WhatIsTakenAwayIsTheTrainedNetwork()
    {
        player.Open("#v=1&data=spiral&layers=6&in=x1,x2,sinx1");
        player.Epochs(20);
        Heard file = player.Do("\"do\":\"export\",\"as\":\"model\"");
        Model model = ModelFile.FromBytes(file.Bytes("file"));
        Assert.Equal(player.Bits, model.WeightsHash);
        Assert.Equal(["x1", "x2", "sin(x1)"], model.Preparation.Inputs.Select(c => c.Name));
        Assert.Equal("spiral.safetensors", file.Header.GetProperty("name").GetString());
        string[] history = System.Text.Encoding.UTF8.GetString(player.Do("\"do\":\"export\",\"as\":\"history\"").Bytes("file")).TrimEnd().Split('\n');
        Assert.Equal(22, history.Length);
        string points = System.Text.Encoding.UTF8.GetString(player.Do("\"do\":\"export\",\"as\":\"points\"").Bytes("file"));
        // What was taken away can be brought back.
        Heard again = player.Do($"\"do\":\"data\",\"from\":\"csv\",\"text\":{JsonSerializer.Serialize(points)}");
        Assert.Equal(500, again.State.GetProperty("data").GetProperty("rows").GetInt32());
    }

    [Fact]
    public void SpiralIsLearned()
    {
        player.Open("#v=1&data=spiral&layers=8,8&opt=adam&rate=0.01&in=x1,x2,sinx1,sinx2");
        player.Epochs(200);
        Assert.InRange(player.Frame("\"measures\":true").Header.GetProperty("measures").GetProperty("test").GetProperty("loss").GetDouble(), 0, 0.05);
    }
}
