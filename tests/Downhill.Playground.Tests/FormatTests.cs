using System.Buffers.Binary;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>
/// The layout of replies, pinned by one in a file that the page's own tests decode too (web/test/golden.test.ts): neither side
/// can change it alone. <c>DOWNHILL_WRITE_GOLDENS=1</c> writes the file anew.
/// </summary>
public sealed class FormatTests
{
    private static readonly string[] Requests =
    [
        """{"id":1,"do":"open","hash":"#v=1&data=circle&rows=20&layers=2&batch=5&seed=3"}""",
        """{"id":2,"do":"step","by":"batch","count":5}""",
        """{"id":3,"do":"frame","budget":0,"train":false,"want":{"units":4,"output":6,"inputs":2,"parameters":true,"points":true,"predictions":true,"measures":true,"statistics":true,"loss":{"timeline":-1,"since":-1}}}""",
    ];

    [Fact]
    public void AFrameIsLaidOutAsThePageReadsIt()
    {
        string golden = Path.Combine(Root(), "web", "test", "golden", "frame.bin");
        using Session session = new("native");
        byte[] frame = Requests.Select(request => session.Answer(request)).ToArray()[^1];
        if (Environment.GetEnvironmentVariable("DOWNHILL_WRITE_GOLDENS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(golden)!);
            File.WriteAllBytes(golden, frame);
        }
        byte[] expected = File.ReadAllBytes(golden);
        Assert.Equal(Fields(expected), Fields(frame));
        Assert.Equal(Blocks(expected), Blocks(frame));
        Heard heard = new(frame);
        Assert.Equal([3, 4, 4], heard.Shape("units"));
        Assert.Equal([1, 6, 6], heard.Shape("output"));
        Assert.Equal(9, heard.Floats("parameters").Length);
        Assert.Equal(Enumerable.Range(0, 20), heard.Wholes("rows"));
        Assert.Equal(0, heard.Doubles("loss")[0]);
    }

    [Fact]
    public void ARefusalHasItsParts()
    {
        using Player player = new();
        JsonElement error = player.Ask("\"do\":\"set\",\"values\":{\"noise\":5}").Header.GetProperty("error");
        Assert.Equal("Setting 'noise'", error.GetProperty("where").GetString());
        Assert.Equal("a number from 0 up to 1", error.GetProperty("expected").GetString());
        Assert.Equal("'5'", error.GetProperty("got").GetString());
        Assert.NotEmpty(error.GetProperty("remedy").GetString()!);
        Assert.StartsWith("Setting 'noise': expected a number from 0 up to 1, got '5'.", error.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    // The time it took is the only thing in a frame that is not a function of the requests.
    private static string Fields(byte[] message)
    {
        using JsonDocument header = JsonDocument.Parse(message.AsMemory(8, Length(message)));
        return string.Join('\n', header.RootElement.EnumerateObject().Where(f => f.Name != "speed").Select(f => f.ToString()));
    }

    private static byte[] Blocks(byte[] message) => message[(8 + Length(message))..];

    private static int Length(byte[] message) => (int)BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(4));

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Downhill.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("These tests run inside a clone of the repository.");
    }
}
