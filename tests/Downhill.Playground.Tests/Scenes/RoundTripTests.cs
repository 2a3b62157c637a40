using System.Text;
using System.Text.Json;
using Downhill.Onnx;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>The network that was taken out and read back in, against the session's own answers.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("#v=1&data=spiral&rows=120&layers=6,4&in=x,y,x2,sin_x")]
    [InlineData("#v=1&data=blobs&classes=3&rows=90&layers=5&norm=1")]
    [InlineData("#v=1&data=iris&layers=4")]
    [InlineData("#v=1&data=plane&rows=100&layers=4")]
    public void TheImportedNetworkAnswersAsTheOriginal(string hash)
    {
        player.Open(hash);
        Assert.Empty(player.Frame("").Codes);
        player.Epochs(10);
        Heard said = player.Do("\"do\":\"roundtrip\",\"size\":30");
        JsonElement header = said.Header;
        Assert.InRange(header.GetProperty("largest").GetDouble(), 0, 2e-6);
        Assert.Equal(header.GetProperty("rows").GetInt32(), header.GetProperty("same").GetInt32());
        Assert.True(header.GetProperty("sameBits").GetBoolean());
        byte[] original = said.Bytes("original"), imported = said.Bytes("imported");
        Assert.All(player.Frame("\"output\":30").Bytes("output").Zip(original),
            pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        Assert.All(original.Zip(imported), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        Assert.True(original.Distinct().Count() > 10);
    }

    [Fact]
    public void TheFilesAreThoseThatAreTakenAway()
    {
        player.Open("#v=1&data=circle&layers=3");
        foreach (JsonElement file in player.Do("\"do\":\"roundtrip\"").Header.GetProperty("files").EnumerateArray())
        {
            string kind = file.GetProperty("as").GetString()!;
            Heard taken = player.Do($"\"do\":\"export\",\"as\":\"{kind}\"");
            Assert.Equal(taken.Bytes("file").Length, file.GetProperty("bytes").GetInt32());
            Assert.Equal(taken.Header.GetProperty("name").GetString(), file.GetProperty("name").GetString());
        }
    }

    [Fact]
    public void AnEditedWeightIsInTheFile()
    {
        player.Open("#v=1&data=circle&layers=3");
        player.Do("\"do\":\"edit\",\"layer\":1,\"from\":2,\"unit\":0,\"value\":12.25");
        Model read = OnnxImport.FromBytes(player.Do("\"do\":\"export\",\"as\":\"onnx\"").Bytes("file"));
        Assert.Contains(12.25f, read.Parameters.ToArray());
        Assert.Equal(0, player.Do("\"do\":\"roundtrip\"").Header.GetProperty("largest").GetDouble(), 6);
        Assert.Contains("12.25", Encoding.UTF8.GetString(
            player.Do("\"do\":\"export\",\"as\":\"python\"").Bytes("file")), StringComparison.Ordinal);
    }
}
