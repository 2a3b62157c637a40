using System.Text;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>Requests and data that make no sense: one clear message each, and the session lives on unchanged.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Theory]
    [InlineData("", "JSON object")]
    [InlineData("!", "JSON object")]
    [InlineData("[]", "an object")]
    [InlineData("{}", "'do'")]
    [InlineData("{\"do\":5}", "text")]
    [InlineData("{\"do\":\"fram\"}", "frame")]
    [InlineData("{\"do\":\"set\"}", "values")]
    [InlineData("{\"do\":\"set\",\"values\":{\"nois\":1}}", "noise")]
    [InlineData("{\"do\":\"set\",\"values\":{\"noise\":5}}", "up to 1")]
    [InlineData("{\"do\":\"set\",\"values\":{\"learningRate\":1e30}}", "up to 1000000")]
    [InlineData("{\"do\":\"set\",\"values\":{\"learningRate\":0}}", "above 0")]
    [InlineData("{\"do\":\"set\",\"values\":{\"layers\":\"8,-1\"}}", "widths")]
    [InlineData("{\"do\":\"set\",\"values\":{\"layers\":\"1024,1024,1024\"}}", "weights and biases")]
    [InlineData("{\"do\":\"set\",\"values\":{\"activation\":\"rellu\"}}", "relu")]
    [InlineData("{\"do\":\"set\",\"values\":{\"activation\":\"step\"}}", "slope")]
    [InlineData("{\"do\":\"set\",\"values\":{\"optimizer\":\"adam(beta1=2)\"}}", "beta1")]
    [InlineData("{\"do\":\"set\",\"values\":{\"loss\":\"cross_entropy\",\"output\":\"tanh\"}}", "outputs")]
    [InlineData("{\"do\":\"set\",\"values\":{\"features\":[\"x7\"]}}", "features")]
    [InlineData("{\"do\":\"set\",\"values\":{\"axes\":[\"x1\"]}}", "two columns")]
    [InlineData("{\"do\":\"set\",\"values\":{\"axes\":[\"x1\",\"z\"]}}", "columns")]
    [InlineData("{\"do\":\"set\",\"values\":{\"data\":\"own\"}}", "data of your own")]
    [InlineData("{\"do\":\"set\",\"values\":{\"noise\":{}}}", "a value")]
    [InlineData("{\"do\":\"frame\",\"budget\":-1,\"train\":true}", "from 0")]
    [InlineData("{\"do\":\"frame\",\"budget\":5,\"train\":1}", "true or false")]
    [InlineData("{\"do\":\"frame\",\"want\":{\"units\":5000}}", "200")]
    [InlineData("{\"do\":\"frame\",\"want\":{\"unit\":50}}", "units")]
    [InlineData("{\"do\":\"step\",\"by\":\"year\"}", "epoch")]
    [InlineData("{\"do\":\"step\",\"by\":\"epoch\",\"count\":0}", "from 1")]
    [InlineData("{\"do\":\"rewind\",\"to\":51}", "from 0 to 50")]
    [InlineData("{\"do\":\"rewind\",\"to\":-1}", "from 0")]
    [InlineData("{\"do\":\"edit\",\"layer\":9,\"from\":0,\"unit\":0,\"value\":1}", "0 to 2")]
    [InlineData("{\"do\":\"edit\",\"layer\":0,\"from\":9,\"unit\":0,\"value\":1}", "link")]
    [InlineData("{\"do\":\"edit\",\"layer\":0,\"from\":0,\"unit\":0,\"value\":1e30}", "from -1000000")]
    [InlineData("{\"do\":\"edit\",\"layer\":0,\"from\":0,\"unit\":0,\"value\":\"x\"}", "number")]
    [InlineData("{\"do\":\"inspect\",\"what\":\"unit\",\"layer\":0,\"unit\":0,\"at\":{\"row\":500}}", "0 to 499")]
    [InlineData("{\"do\":\"inspect\",\"what\":\"unit\",\"layer\":0,\"unit\":4,\"at\":{\"row\":0}}", "0 to 3")]
    [InlineData("{\"do\":\"inspect\",\"what\":\"unit\",\"layer\":0,\"unit\":0,\"at\":{}}", "row")]
    [InlineData("{\"do\":\"inspect\",\"what\":\"unit\",\"layer\":0,\"unit\":0,\"at\":{\"raw\":[1]}}", "2 numbers")]
    [InlineData("{\"do\":\"runs\",\"action\":\"compare\",\"run\":1,\"other\":99}", "one of 1")]
    [InlineData("{\"do\":\"runs\",\"action\":\"remove\",\"run\":1}", "past")]
    [InlineData("{\"do\":\"export\",\"as\":\"exe\"}", "model")]
    [InlineData("{\"do\":\"data\",\"from\":\"csv\",\"text\":\"\"}", "rows")]
    [InlineData("{\"do\":\"data\",\"from\":\"csv\",\"text\":\"a,b\\n1,2\\n3\"}", "2 fields")]
    [InlineData("{\"do\":\"data\",\"from\":\"csv\",\"text\":\"a,b,c\\n1,2,0\\n1,oops,1\\n2,3,1\"}", "oops")]
    [InlineData("{\"do\":\"data\",\"from\":\"csv\",\"text\":\"a,b\\n1,0\\n2,1\",\"target\":\"z\"}", "columns")]
    [InlineData("{\"do\":\"data\",\"from\":\"columns\",\"target\":\"z\",\"columns\":[\"a\"]}", "table")]
    [InlineData("{\"do\":\"data\",\"from\":\"points\",\"points\":[]}", "Draw")]
    [InlineData("{\"do\":\"data\",\"from\":\"points\",\"points\":[[1,2]]}", "3 numbers")]
    [InlineData("{\"do\":\"data\",\"from\":\"points\",\"classes\":[\"a\",\"b\"],\"points\":[[1,2,5]]}",
        "classes from 0 to 1")]
    [InlineData("{\"do\":\"data\",\"from\":\"edit\",\"remove\":[500]}", "0 to 499")]
    [InlineData("{\"do\":\"open\",\"hash\":\"#\",\"more\":1}", "hash")]
    public void ARequestThatMakesNoSenseIsRefusedAndChangesNothing(string request, string says)
    {
        player.Epochs(2);
        string before = player.Bits, state = Settings();
        Heard heard = new(player.Session.Answer(request));
        Assert.False(heard.IsOk);
        Assert.Contains(says, heard.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Internal error", heard.Error, StringComparison.Ordinal);
        Assert.Equal(before, player.Bits);
        Assert.Equal(state, Settings());
        Assert.Equal(75, player.Epochs(1).Step);

        string Settings() => player.Do("\"do\":\"share\",\"moment\":true").Header.GetProperty("hash").GetString()!;
    }

    [Fact]
    public void AMillionColumnsAreRefused()
    {
        string text = string.Join(',', Enumerable.Range(0, 1_000_000).Select(i => $"c{i}")) + "\n"
            + string.Join(',', Enumerable.Repeat("1", 1_000_000));
        Heard heard = player.Ask($"\"do\":\"data\",\"from\":\"csv\",\"text\":{JsonSerializer.Serialize(text)}");
        Assert.False(heard.IsOk);
        Assert.Contains("4,096 columns", heard.Error, StringComparison.Ordinal);
        player.Epochs(1);
    }

    [Fact]
    public void ATableOfMoreThanAHundredMegabytesIsRefused()
    {
        StringBuilder text = new("a,b,c\\n");
        while (text.Length < 116_000_000) text.Append("1.5,2.5,0\\n1.25,2.75,1\\n");
        Heard heard = player.Ask($"\"do\":\"data\",\"from\":\"csv\",\"name\":\"big.csv\",\"text\":\"{text}\"");
        Assert.False(heard.IsOk);
        Assert.Contains("big.csv: expected a table of at most 100 MB", heard.Error, StringComparison.Ordinal);
        player.Epochs(1);
    }

    [Fact]
    public void NoMessageSpeaksOfTheCommandLineOrOfAFolder()
    {
        foreach (string text in new[] { "a,b,c\\n1,x,0\\n2,y,1", "1,2,3,0\\n1,2,,1", "id,v\\nq,1\\nw,2" })
        {
            Heard heard = player.Ask($"\"do\":\"data\",\"from\":\"csv\",\"name\":\"mine.csv\",\"text\":\"{text}\"");
            Assert.False(heard.IsOk);
            Assert.Contains("mine.csv", heard.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("--", heard.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(Path.GetTempPath(), heard.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AWeightFarTooLargeEndsWithACauseAndTheWayBack()
    {
        player.Open("#v=1&data=plane&layers=3&act=identity&rate=1000");
        Heard heard = player.Train("\"parameters\":true", 5000);
        Assert.Contains("diverged", heard.Codes);
        Assert.All(heard.Floats("parameters"), w => Assert.True(float.IsFinite(w)));
        Assert.Contains(heard.Texts, t => t.Contains("learning rate", StringComparison.OrdinalIgnoreCase));
        Assert.False(player.Ask("\"do\":\"step\",\"by\":\"batch\"").IsOk);
        player.Set("learningRate", "0.001");
        player.Epochs(1);
    }
}
