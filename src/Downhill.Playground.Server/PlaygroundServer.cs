using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Downhill.Playground.Server;

/// <summary>How the server is started.</summary>
/// <param name="Root">Folder with the built page.</param>
/// <param name="Port">The port, 0 for any free one, or null for the usual one and any other where that is
/// taken.</param>
public sealed record ServerOptions(string Root, int? Port)
{
    /// <summary>Sessions at the same time.</summary>
    public int Sessions { get; init; } = 16;

    /// <summary>Time to say the token, once connected.</summary>
    public TimeSpan TokenTime { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The playground's page and engine for the browser on this machine, and for nobody else: bound to the loopback
/// address, names other than its own refused (against rebinding), pages of other origins refused, and a secret of the
/// start-up address asked for on the socket.
/// </summary>
public sealed class PlaygroundServer : IAsyncDisposable
{
    /// <summary>Tried first, so that a bookmark keeps working.</summary>
    public const int UsualPort = 5180;

    private readonly LocalServer server;

    private PlaygroundServer(LocalServer server, string token) => (this.server, Token) = (server, token);

    public int Port => server.Port;

    /// <summary>The secret, 256 random bits.</summary>
    public string Token { get; }

    /// <summary>Where the page is; the fragment never leaves the browser.</summary>
    public string Address => $"{server.Address}#token={Token}";

    /// <summary>Starts listening.</summary>
    /// <exception cref="DownhillException">The port asked for is taken, or there is no page in the folder.</exception>
    public static async Task<PlaygroundServer> Start(ServerOptions options, CancellationToken cancellation = default)
    {
        if (!File.Exists(Path.Combine(options.Root, "index.html")))
            throw new DownhillException($"{options.Root}: expected the built page (index.html), got nothing by that "
                + "name. Build it as CONTRIBUTING.md says.");
        string token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-')
            .Replace('/', '_');
        // Nothing is ever sent but over the socket, and a socket that does not close in time ends with the process.
        LocalLimits limits = new(Connections: 256, BodyBytes: 0, Patience: TimeSpan.FromSeconds(2))
        {
            Sockets = options.Sessions * 2,
        };
        foreach (int port in options.Port is int wanted ? (int[])[wanted] : [UsualPort, 0])
        {
            LocalServer? server = await LocalServer.Start(port, limits, app => Serve(app, options, token), cancellation)
                .ConfigureAwait(false);
            if (server is not null) return new(server, token);
        }
        throw new DownhillException(options.Port is int taken
            ? $"Port {taken}: expected a free port, got one that cannot be used. Give another, or none to have one "
                + "chosen."
            : "Port: expected a free one on 127.0.0.1, got none. Close a program that listens.");
    }

    /// <summary>Waits until the server is told to end.</summary>
    public Task WaitForShutdown(CancellationToken cancellation) => server.WaitForShutdown(cancellation);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static void Serve(WebApplication app, ServerOptions options, string token)
    {
        SessionSocket socket = new(options, token);
        PageFiles files = new(options.Root);
        app.UseWebSockets(new WebSocketOptions
        {
            KeepAliveInterval = TimeSpan.FromSeconds(30),
            KeepAliveTimeout = TimeSpan.FromSeconds(60)
        });
        app.Run(context => Handle(context, socket, files));
    }

    private static async Task Handle(HttpContext context, SessionSocket socket, PageFiles files)
    {
        HttpRequest request = context.Request;
        Guards.AddHeaders(context.Response);
        if (Guards.Refusal(context) is (int status, string why))
        {
            await Say(context.Response, status, why).ConfigureAwait(false);
            return;
        }
        if (request.Path == "/session")
        {
            await socket.Serve(context).ConfigureAwait(false);
            return;
        }
        await files.Send(context).ConfigureAwait(false);
    }

    internal static Task Say(HttpResponse response, int status, string why)
    {
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(why + "\n");
    }
}
