using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Downhill.Playground.Server;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>The server of this machine, with real sockets: whom it answers, and whom not.</summary>
public sealed class ServerTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill-page").FullName;
    private PlaygroundServer server = null!;

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(Path.Combine(folder, "index.html"), "<!doctype html><title>Downhill</title>");
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        File.WriteAllText(Path.Combine(folder, "assets", "app-1a2b.js"), "export {};");
        File.WriteAllText(Path.Combine(folder, "secret.pem"), "not of the page");
        // Patience that never ends during a test: a busy machine takes its time between connecting and the token.
        server = await Start(TimeSpan.FromHours(1));
    }

    private Task<PlaygroundServer> Start(TimeSpan tokenTime) => PlaygroundServer.Start(
        new(folder, null) { Sessions = 2, TokenTime = tokenTime }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    public static TheoryData<string, string, int> Attacks { get; } = new()
    {
        // What it must answer, so that the refusals below mean something.
        { "GET / HTTP/1.1", "", 200 },
        { "HEAD /index.html HTTP/1.1", "", 200 },
        { "GET /assets/app-1a2b.js HTTP/1.1", "", 200 },
        { "GET / HTTP/1.1", "Origin: http://{host}", 200 },
        // Names that lead here from elsewhere.
        { "GET / HTTP/1.1", "Host: evil.example", 421 },
        { "GET / HTTP/1.1", "Host: evil.example:{port}", 421 },
        { "GET / HTTP/1.1", "Host: 127.0.0.1", 421 },
        { "GET / HTTP/1.1", "Host: 127.0.0.1.evil.example:{port}", 421 },
        { "GET / HTTP/1.1", "Host: 0.0.0.0:{port}", 421 },
        { "GET / HTTP/1.1", "Host: ", 421 },
        { "GET http://evil.example/ HTTP/1.1", "", 400 },
        // Pages of other origins.
        { "GET / HTTP/1.1", "Origin: http://evil.example", 403 },
        { "GET / HTTP/1.1", "Origin: null", 403 },
        { "GET / HTTP/1.1", "Origin: https://{host}", 403 },
        { "GET /assets/app-1a2b.js HTTP/1.1", "Sec-Fetch-Site: cross-site", 403 },
        // Other methods, bodies, forms.
        { "POST / HTTP/1.1", "Content-Length: 0", 405 },
        { "POST / HTTP/1.1", "Content-Type: text/plain\r\nContent-Length: 0", 405 },
        { "PUT /index.html HTTP/1.1", "Content-Length: 0", 405 },
        { "DELETE /index.html HTTP/1.1", "", 405 },
        { "OPTIONS / HTTP/1.1", "Access-Control-Request-Method: POST", 405 },
        { "TRACE / HTTP/1.1", "", 405 },
        { "GET / HTTP/1.1", "X-HTTP-Method-Override: DELETE", 200 }, // not looked at
        // Files that are not of the page.
        { "GET /../secret.pem HTTP/1.1", "", 404 },
        { "GET /..%2fsecret.pem HTTP/1.1", "", 404 },
        { "GET /assets/..%2f..%2fsecret.pem HTTP/1.1", "", 404 },
        { "GET /assets/%2e%2e/secret.pem HTTP/1.1", "", 404 },
        { "GET /secret.pem HTTP/1.1", "", 404 },
        { "GET //etc/passwd HTTP/1.1", "", 404 },
        { "GET /%00 HTTP/1.1", "", 400 },
        { "GET /index.html%00.js HTTP/1.1", "", 400 },
        { "GET /assets HTTP/1.1", "", 404 },
        // The socket without being one.
        { "GET /session HTTP/1.1", "", 426 },
        // Malformed or too large.
        { "GET / HTTP/1.1", "X-Long: {long}", 431 },
        { "GET /{long} HTTP/1.1", "", 414 },
        { "GET / HTTP/9.9", "", 505 },
        { "nonsense", "", 400 },
        { "GET / HTTP/1.1", "Host: {host}\r\nHost: evil.example", 400 },
        // Sockets of foreign pages, of none, and at other places.
        { "GET /session HTTP/1.1", "{upgrade}\r\nOrigin: http://evil.example", 403 },
        { "GET /session HTTP/1.1", "{upgrade}\r\nOrigin: null", 403 },
        { "GET /session HTTP/1.1", "{upgrade}", 403 },
        { "GET /session HTTP/1.1", "{upgrade}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: cross-site", 403 },
        { "GET /session HTTP/1.1", "{upgrade}\r\nOrigin: http://{host}\r\nHost: evil.example:{port}", 421 },
        { "GET /other HTTP/1.1", "{upgrade}\r\nOrigin: http://{host}", 404 },
        { "GET /session HTTP/1.1", "{upgrade}\r\nOrigin: http://{host}", 101 },
    };

    [Theory, MemberData(nameof(Attacks))]
    public async Task OnlyItsOwnPageIsAnswered(string line, string headers, int status)
    {
        string host = $"127.0.0.1:{server.Port}";
        string Fill(string text) => text.Replace("{host}", host, StringComparison.Ordinal)
            .Replace("{port}", $"{server.Port}", StringComparison.Ordinal)
            .Replace("{long}", new string('a', 40_000), StringComparison.Ordinal).Replace("{upgrade}",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                    + "AAAAAAAAAAAAAAAAAAAAAA==", StringComparison.Ordinal);
        bool namesHost = headers.Contains("Host:", StringComparison.Ordinal);
        string request = $"{Fill(line)}\r\n{(namesHost ? "" : $"Host: {host}\r\n")}"
            + $"{(headers.Length == 0 ? "" : Fill(headers) + "\r\n")}\r\n";
        string answer = await Say(request);
        Assert.StartsWith("HTTP/1.1 ", answer, StringComparison.Ordinal);
        Assert.Equal(status, int.Parse(answer.AsSpan(9, 3)));
        Assert.DoesNotContain("not of the page", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control-Allow", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.OrdinalIgnoreCase);
        if (status is 200 or 403 or 404 or 405 or 421)
        {
            Assert.Contains("Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval';",
                answer, StringComparison.Ordinal);
            Assert.Contains("X-Content-Type-Options: nosniff", answer, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", answer, StringComparison.Ordinal);
            Assert.Contains("Referrer-Policy: no-referrer", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ItListensOnTheLoopbackAddressAlone()
    {
        IPAddress[] others = [.. Dns.GetHostAddresses(Dns.GetHostName())
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a))];
        foreach (IPAddress address in others)
            Assert.ThrowsAny<SocketException>(() => new TcpClient().Connect(address, server.Port));
        Assert.DoesNotContain(System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties()
            .GetActiveTcpListeners(),
            end => end.Port == server.Port && !IPAddress.IsLoopback(end.Address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("{\"id\":1,\"do\":\"hello\"}")]
    [InlineData("{token} ")]
    [InlineData("{long}")]
    public async Task TheTokenComesFirst(string first)
    {
        using ClientWebSocket socket = await Connect();
        await Send(socket, first.Replace("{token}", server.Token, StringComparison.Ordinal)
            .Replace("{long}", new string('x', 100_000), StringComparison.Ordinal));
        await Closes(socket);
    }

    [Fact]
    public async Task WhoSaysNothingIsLetGo()
    {
        await using PlaygroundServer impatient = await Start(TimeSpan.FromMilliseconds(50));
        using ClientWebSocket socket = await Connect(impatient);
        byte[] buffer = new byte[64];
        // Patience ends with the connection, one way or the other.
        try
        {
            WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            Assert.Equal(WebSocketMessageType.Close, result.MessageType);
        }
        catch (WebSocketException)
        {
            Assert.NotEqual(WebSocketState.Open, socket.State);
        }
    }

    [Fact]
    public async Task ThePageWithTheTokenPlaysAndALongMessageDoesNotEndIt()
    {
        using ClientWebSocket socket = await Connect();
        await Send(socket, server.Token);
        Heard hello = await Ask(socket, "{\"id\":1,\"do\":\"hello\"}");
        Assert.True(hello.IsOk);
        Assert.Equal("native", hello.Header.GetProperty("host").GetString());
        Heard tooLong = await Ask(socket, new string('[', (128 << 20) + 10));
        Assert.Contains("at most 128 MiB", tooLong.Error, StringComparison.Ordinal);
        Assert.Equal(25, (await Ask(socket, "{\"id\":2,\"do\":\"step\",\"by\":\"epoch\"}")).Succeeded().Step);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task MoreSessionsThanThereIsRoomForAreToldSo()
    {
        using ClientWebSocket first = await Connect(), second = await Connect();
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(Connect);
        Assert.Contains("503", refused.Message, StringComparison.Ordinal);
        first.Abort();
        // Its place is given to another as soon as the server has noticed.
        for (int i = 0; i < 600; i++)
        {
            try
            {
                using ClientWebSocket third = await Connect();
                return;
            }
            catch (WebSocketException full)
            {
                Assert.Contains("503", full.Message, StringComparison.Ordinal);
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }
        Assert.Fail("The place of a session that ended is not given to another.");
    }

    [Fact]
    public async Task WhereTheUsualPortIsTakenAnotherIsChosen()
    {
        await using PlaygroundServer second =
            await PlaygroundServer.Start(new(folder, null), TestContext.Current.CancellationToken);
        Assert.NotEqual(server.Port, second.Port);
        Assert.NotEqual(server.Token, second.Token);
        Assert.StartsWith($"http://127.0.0.1:{second.Port}/#token=", second.Address, StringComparison.Ordinal);
        DownhillException taken = await Assert.ThrowsAsync<DownhillException>(() =>
            PlaygroundServer.Start(new(folder, second.Port), TestContext.Current.CancellationToken));
        Assert.Contains($"Port {second.Port}: expected a free port", taken.Message, StringComparison.Ordinal);
    }

    private Task<ClientWebSocket> Connect() => Connect(server);

    private static async Task<ClientWebSocket> Connect(PlaygroundServer to)
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Origin", $"http://127.0.0.1:{to.Port}");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{to.Port}/session"),
            TestContext.Current.CancellationToken);
        return socket;
    }

    private static Task Send(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true,
            TestContext.Current.CancellationToken);

    private static async Task<Heard> Ask(ClientWebSocket socket, string text)
    {
        await Send(socket, text);
        using MemoryStream message = new();
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            Assert.Equal(WebSocketMessageType.Binary, part.MessageType);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return new Heard(message.ToArray());
    }

    private static async Task Closes(ClientWebSocket socket)
    {
        byte[] buffer = new byte[256];
        WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketMessageType.Close, result.MessageType);
        Assert.Equal(4401, (int)result.CloseStatus!);
    }

    private async Task<string> Say(string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Refused before all of it was read.
        }
        using CancellationTokenSource patience =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2)); // no answer at all, rather than a late one
        byte[] buffer = new byte[8192];
        StringBuilder answer = new();
        while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            int read = await stream.ReadAsync(buffer, patience.Token);
            if (read == 0) break;
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return answer.ToString();
    }
}
