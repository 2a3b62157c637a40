using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Downhill.Playground.Server;

/// <summary>How the server is started.</summary>
/// <param name="Root">Folder with the built page.</param>
/// <param name="Port">The port, 0 for any free one, or null for the usual one and any other where that is taken.</param>
public sealed record ServerOptions(string Root, int? Port)
{
    /// <summary>Sessions at the same time.</summary>
    public int Sessions { get; init; } = 16;

    /// <summary>Time to say the token, once connected.</summary>
    public TimeSpan TokenTime { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The playground's page and engine for the browser on this machine, and for nobody else: bound to the loopback address, names
/// other than its own refused (against rebinding), pages of other origins refused, and a secret of the start-up address asked
/// for on the socket.
/// </summary>
public sealed class PlaygroundServer : IAsyncDisposable
{
    /// <summary>Tried first, so that a bookmark keeps working.</summary>
    public const int UsualPort = 5180;

    private readonly WebApplication app;

    private PlaygroundServer(WebApplication app, int port, string token) => (this.app, Port, Token) = (app, port, token);

    public int Port { get; }

    /// <summary>The secret, 256 random bits.</summary>
    public string Token { get; }

    /// <summary>Where the page is; the fragment never leaves the browser.</summary>
    public string Address => $"http://127.0.0.1:{Port}/#token={Token}";

    /// <summary>Starts listening.</summary>
    /// <exception cref="DownhillException">The port asked for is taken, or there is no page in the folder.</exception>
    public static async Task<PlaygroundServer> Start(ServerOptions options, CancellationToken cancellation = default)
    {
        if (!File.Exists(Path.Combine(options.Root, "index.html")))
            throw new DownhillException($"{options.Root}: expected the built page (index.html), got nothing by that name. Build it as CONTRIBUTING.md says.");
        string token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        foreach (int port in options.Port is int wanted ? (int[])[wanted] : [UsualPort, 0])
        {
            WebApplication app = Build(options, port, token);
            try
            {
                await app.StartAsync(cancellation).ConfigureAwait(false);
                return new(app, new Uri(app.Urls.First()).Port, token);
            }
            catch (Exception e) when (e is SocketException || (e is IOException && e.InnerException is AddressInUseException or SocketException))
            {
                await app.DisposeAsync().ConfigureAwait(false);
                if (options.Port is not null)
                    throw new DownhillException($"Port {port}: expected a free port, got one that cannot be used ({e.Message.TrimEnd('.')}). Give another, or none to have one chosen.", e);
            }
        }
        throw new DownhillException("Port: expected a free one on 127.0.0.1, got none. Close a program that listens.");
    }

    /// <summary>Waits until the server is told to end.</summary>
    public Task WaitForShutdown(CancellationToken cancellation) => app.WaitForShutdownAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
        try
        {
            await app.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A socket that does not close in time is closed with the process.
        }
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private static WebApplication Build(ServerOptions options, int port, string token)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = options.Root, Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoConsole>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.AddServerHeader = false;
            KestrelServerLimits limits = kestrel.Limits;
            limits.MaxConcurrentConnections = 256;
            limits.MaxConcurrentUpgradedConnections = options.Sessions * 2;
            limits.MaxRequestBodySize = 0; // nothing is ever sent but over the socket
            limits.MaxRequestHeadersTotalSize = 16 << 10;
            limits.MaxRequestLineSize = 4 << 10;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        });
        WebApplication app = builder.Build();
        SessionSocket socket = new(options, token);
        PageFiles files = new(options.Root);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(60) });
        app.Run(context => Handle(context, socket, files));
        return app;
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

    /// <summary>Ctrl-C belongs to whoever started the server.</summary>
    private sealed class NoConsole : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
