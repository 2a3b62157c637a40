using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>A reply taken apart as docs/PLAYGROUND.md says, by code of its own.</summary>
internal sealed class Heard
{
    private readonly byte[] message;
    private readonly int start;

    public Heard(byte[] message)
    {
        this.message = message;
        Assert.Equal("DHF1"u8, message.AsSpan(0, 4));
        int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(4));
        start = 8 + length;
        Assert.Equal(0, start % 8);
        Header = JsonDocument.Parse(message.AsMemory(8, length)).RootElement;
    }

    public JsonElement Header { get; }
    public bool IsOk => Header.GetProperty("ok").GetBoolean();
    public string Error => Header.GetProperty("error").GetProperty("text").GetString()!;
    public JsonElement State => Header.GetProperty("state");
    public JsonElement Clock => Header.TryGetProperty("state", out JsonElement state) ? state.GetProperty("clock")
        : Header.GetProperty("clock");
    public long Step => Clock.GetProperty("step").GetInt64();
    public string Hash => State.GetProperty("hash").GetString()!;
    public IReadOnlyList<string> Codes =>
        [.. (Header.TryGetProperty("state", out JsonElement s) ? s : Header).GetProperty("messages")
        .EnumerateArray().Select(m => m.GetProperty("code").GetString()!)];
    public IReadOnlyList<string> Texts =>
        [.. (Header.TryGetProperty("state", out JsonElement s) ? s : Header).GetProperty("messages")
        .EnumerateArray().Select(m => m.GetProperty("text").GetString()!)];

    public bool Has(string block) => Header.GetProperty("blocks").TryGetProperty(block, out _);

    public int[] Shape(string block) =>
        [.. Header.GetProperty("blocks").GetProperty(block).GetProperty("shape").EnumerateArray()
        .Select(s => s.GetInt32())];

    public byte[] Bytes(string block) => Raw(block, "u8", 1).ToArray();
    public float[] Floats(string block) => MemoryMarshal.Cast<byte, float>(Raw(block, "f32", 4)).ToArray();
    public double[] Doubles(string block) => MemoryMarshal.Cast<byte, double>(Raw(block, "f64", 8)).ToArray();
    public int[] Wholes(string block) => MemoryMarshal.Cast<byte, int>(Raw(block, "i32", 4)).ToArray();

    public Heard Succeeded()
    {
        Assert.True(IsOk, IsOk ? "" : Error);
        return this;
    }

    private ReadOnlySpan<byte> Raw(string block, string type, int size)
    {
        JsonElement entry = Header.GetProperty("blocks").GetProperty(block);
        Assert.Equal(type, entry.GetProperty("type").GetString());
        int count = Shape(block).Aggregate(1, (product, side) => product * side),
            offset = entry.GetProperty("offset").GetInt32();
        Assert.Equal(0, offset % 8);
        return message.AsSpan(start + offset, count * size);
    }
}

/// <summary>Plays a session by its messages alone, as a page does.</summary>
internal sealed class Player : IDisposable
{
    private int next = 1;

    public Session Session { get; } = new("native");

    /// <param name="request">Fields of the request without its id, as in <c>"do":"step","by":"epoch"</c>.</param>
    public Heard Ask(string request)
    {
        int id = next++;
        Heard heard = new(Session.Answer($"{{\"id\":{id},{request}}}"));
        Assert.Equal(id, heard.Header.GetProperty("id").GetInt32());
        return heard;
    }

    public Heard Do(string request) => Ask(request).Succeeded();

    public Heard Set(string name, string json) => Do($"\"do\":\"set\",\"values\":{{\"{name}\":{json}}}");

    public Heard Open(string hash) => Do($"\"do\":\"open\",\"hash\":{JsonSerializer.Serialize(hash)}");

    public Heard Epochs(int count) => Do($"\"do\":\"step\",\"by\":\"epoch\",\"count\":{count}");

    public Heard Rewind(long to)
    {
        Heard heard = Do($"\"do\":\"rewind\",\"to\":{to}");
        Arrive();
        return heard;
    }

    public Heard Frame(string want, bool train = false, double budget = 5, int? updates = null) => Do(
        $"\"do\":\"frame\",\"budget\":{budget},\"train\":{(train ? "true" : "false")}"
        + $"{(updates is null ? "" : $",\"updates\":{updates}")},\"want\":{{{want}}}");

    /// <summary>Pulls frames until these updates are done or the run has stopped: a frame ends when its time is used
    /// up, and how much fits into that is the machine's affair.</summary>
    /// <returns>The last frame.</returns>
    public Heard Train(string want, int updates, double budget = 1000)
    {
        long until = Frame("").Step + updates;
        Heard heard;
        do
        {
            heard = Frame(want, train: true, budget, updates);
            updates = (int)(until - heard.Step);
        }
        while (updates > 0 && heard.Clock.GetProperty("stopped").ValueKind == JsonValueKind.Null);
        return heard;
    }

    /// <summary>Pulls frames until a seek has arrived.</summary>
    public void Arrive()
    {
        for (int i = 0; i < 10_000; i++)
            if (Frame("", budget: 100).Clock.GetProperty("seek").ValueKind == JsonValueKind.Null) return;
        Assert.Fail("The seek does not arrive.");
    }

    public string Bits => Session.WeightsHash;

    public void Dispose() => Session.Dispose();
}
