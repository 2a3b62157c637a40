using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Downhill.Playground;

namespace Downhill.Checks;

/// <summary>
/// What must come out alike on every host: a session played by its messages, and a digest of all it answered. The file is
/// compiled into the playground's tests and into the browser app.
/// </summary>
public static class PlaygroundChecks
{
    /// <summary>The digest that every host must give.</summary>
    public const string Digest = "6cf379329007715569cf565d54ff4c350b14e108f5e355cb2086a3414201133c";

    private static readonly string[] Requests =
    [
        """{"id":1,"do":"open","hash":"#v=1&data=spiral&noise=0.1&in=x1,x2,sinx1,sinx2&layers=8,6:sigmoid&act=tanh&opt=adam&rate=0.01&batch=10&l2=0.001&seed=7"}""",
        """{"id":2,"do":"step","by":"epoch","count":30}""",
        """{"id":3,"do":"set","values":{"learningRate":0.003,"optimizer":"momentum(0.8)"}}""",
        """{"id":4,"do":"step","by":"batch","count":40}""",
        """{"id":5,"do":"edit","layer":0,"from":-1,"unit":2,"value":0.25}""",
        """{"id":6,"do":"step","by":"example","count":25}""",
        """{"id":7,"do":"rewind","to":300}""",
        """{"id":8,"do":"frame","budget":60000,"train":true,"updates":500,"want":{"units":20,"output":40,"inputs":10,"parameters":true,"points":true,"predictions":true,"measures":true,"statistics":true,"loss":{"timeline":-1,"since":-1}}}""",
        """{"id":9,"do":"inspect","what":"unit","layer":1,"unit":3,"at":{"row":17}}""",
        """{"id":10,"do":"check"}""",
        """{"id":11,"do":"open","hash":"#v=1&data=gauss&classes=5&rows=300&layers=6:gaussian,5:elu&drop=0.1&norm=1&opt=rmsprop&rate=0.01&seed=3"}""",
        """{"id":12,"do":"step","by":"epoch","count":10}""",
        """{"id":13,"do":"frame","budget":0,"train":false,"want":{"units":16,"output":24,"parameters":true,"predictions":true,"measures":true}}""",
    ];

    /// <summary>The check, for apps without a test framework.</summary>
    public static EngineCheck Check { get; } = new("a playground session gives the same bits on every host", () =>
    {
        string digest = Play();
        return digest == Digest ? "" : throw new InvalidOperationException($"its digest is {digest}, expected {Digest}");
    });

    /// <summary>Plays the session and digests its numbers: all replies but for the time they took, and but for what is worded.</summary>
    public static string Play()
    {
        using Session session = new("browser");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string request in Requests)
        {
            byte[] reply = session.Answer(request);
            int length = 8 + (int)BinaryPrimitives.ReadUInt32LittleEndian(reply.AsSpan(4));
            using JsonDocument header = JsonDocument.Parse(reply.AsMemory(8, length - 8));
            if (!header.RootElement.GetProperty("ok").GetBoolean()) throw new InvalidOperationException($"{request}: {header.RootElement}");
            foreach (JsonProperty field in header.RootElement.EnumerateObject())
                if (field.Name is not ("speed" or "state" or "messages")) hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{field.Name}={field.Value.GetRawText()}\n"));
            hash.AppendData(reply.AsSpan(length));
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(session.WeightsHash));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
