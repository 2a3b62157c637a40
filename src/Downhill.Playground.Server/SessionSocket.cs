using System.Buffers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Downhill.Playground.Server;

/// <summary>The socket at <c>/session</c>: the token first, then requests in turn, each with one reply. A connection is a session.</summary>
internal sealed class SessionSocket(ServerOptions options, string token)
{
    // RFC 6455 leaves 4000 … 4999 to applications.
    private const WebSocketCloseStatus WrongToken = (WebSocketCloseStatus)4401;

    private const int MostTokenBytes = 256;

    // After one large request (a table), the memory it took is let go.
    private const int KeptBytes = 1 << 20;

    private readonly byte[] wanted = SHA256.HashData(Encoding.UTF8.GetBytes(token));
    private int open;

    public async Task Serve(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await PlaygroundServer.Say(context.Response, StatusCodes.Status426UpgradeRequired, "A socket is expected here.").ConfigureAwait(false);
            return;
        }
        if (Interlocked.Increment(ref open) > options.Sessions)
        {
            Interlocked.Decrement(ref open);
            context.Response.Headers.RetryAfter = "10";
            await PlaygroundServer.Say(context.Response, StatusCodes.Status503ServiceUnavailable, $"{options.Sessions} sessions are open already. Close a tab.").ConfigureAwait(false);
            return;
        }
        try
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            await Serve(socket, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The page is gone, and the session with it.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    private async Task Serve(WebSocket socket, CancellationToken aborted)
    {
        if (!await SaysToken(socket, aborted).ConfigureAwait(false))
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseAsync(WrongToken, "The token of the start-up address is expected first.", aborted).ConfigureAwait(false);
            return;
        }
        using Session session = new("native");
        ArrayBufferWriter<byte> message = new();
        while (await Receive(socket, message, Session.MostRequestBytes, aborted).ConfigureAwait(false) is Received received and not Received.Closed)
        {
            byte[] reply = received == Received.TooLong ? Session.RefuseTooLong() : session.Answer(message.WrittenMemory);
            await socket.SendAsync(reply, WebSocketMessageType.Binary, endOfMessage: true, aborted).ConfigureAwait(false);
            if (message.Capacity > KeptBytes) message = new();
            else message.ResetWrittenCount();
        }
        if (socket.State == WebSocketState.CloseReceived)
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, aborted).ConfigureAwait(false);
    }

    private async Task<bool> SaysToken(WebSocket socket, CancellationToken aborted)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        patience.CancelAfter(options.TokenTime);
        ArrayBufferWriter<byte> message = new();
        Received received = await Receive(socket, message, MostTokenBytes, patience.Token).ConfigureAwait(false);
        // Digests of one length are compared in constant time.
        return received == Received.Whole && CryptographicOperations.FixedTimeEquals(SHA256.HashData(message.WrittenSpan), wanted);
    }

    private enum Received
    {
        Closed,
        TooLong,
        Whole,
    }

    /// <summary>One message; of one that is too long the rest is read and thrown away, so that the session can say so and go on.</summary>
    private static async Task<Received> Receive(WebSocket socket, ArrayBufferWriter<byte> message, int most, CancellationToken aborted)
    {
        bool fits = true;
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(message.GetMemory(1 << 14), aborted).ConfigureAwait(false);
            if (part.MessageType == WebSocketMessageType.Close) return Received.Closed;
            fits = fits && message.WrittenCount + (long)part.Count <= most;
            if (fits) message.Advance(part.Count);
            else message = new();
            if (part.EndOfMessage) return fits ? Received.Whole : Received.TooLong;
        }
    }
}
