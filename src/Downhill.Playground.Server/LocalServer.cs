using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Downhill.Playground.Server;

/// <summary>What a local server takes.</summary>
/// <param name="Connections">Connections at once.</param>
/// <param name="BodyBytes">The longest body of a request.</param>
/// <param name="Patience">Time for what has begun, when the server ends.</param>
internal sealed record LocalLimits(int Connections, long BodyBytes, TimeSpan Patience)
{
    /// <summary>Sockets at once.</summary>
    public int Sockets { get; init; }

    /// <summary>The slowest body that is waited for; null for the usual rate.</summary>
    public MinDataRate? SlowestBody { get; init; }
}

/// <summary>
/// An HTTP server for this machine and nobody else: bound to the loopback address, other names for it refused (against
/// rebinding), pages of other origins refused, everything bounded; on the way down, what has begun is answered.
/// </summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TimeSpan patience;

    private LocalServer(WebApplication app, TimeSpan patience) =>
        (this.app, this.patience, Port) = (app, patience, new Uri(app.Urls.First()).Port);

    public int Port { get; }

    /// <summary>Where it is, with '/' at the end.</summary>
    public string Address => $"http://127.0.0.1:{Port}/";

    /// <summary>Starts listening on 127.0.0.1.</summary>
    /// <param name="port">The port, 0 for any free one.</param>
    /// <param name="limits">What it takes.</param>
    /// <param name="serve">Says what is answered.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <returns>The server; null where the port cannot be used.</returns>
    public static async Task<LocalServer?> Start(
        int port, LocalLimits limits, Action<WebApplication> serve, CancellationToken cancellation)
    {
        WebApplication app = Build(port, limits);
        serve(app);
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
            return new(app, limits.Patience);
        }
        catch (Exception e) when (e is SocketException
            || (e is IOException && e.InnerException is AddressInUseException or SocketException))
        {
            await app.DisposeAsync().ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Waits until the server is told to end.</summary>
    public Task WaitForShutdown(CancellationToken cancellation) => app.WaitForShutdownAsync(cancellation);

    /// <summary>Takes no new connection, answers what has begun, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource end = new(patience);
        try
        {
            await app.StopAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What takes longer ends with the process.
        }
        await app.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Status and reason for a request that no local server answers, or null.</summary>
    public static (int Status, string Why)? Refusal(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (context.Connection.RemoteIpAddress is not IPAddress from || !IPAddress.IsLoopback(from))
            return (StatusCodes.Status403Forbidden, "This server answers its own machine only.");
        string port = context.Connection.LocalPort.ToString(CultureInfo.InvariantCulture);
        string host = request.Headers.Host.ToString();
        // Another name that leads here is how a foreign page gets in (DNS rebinding).
        if (!host.Equals($"127.0.0.1:{port}", StringComparison.Ordinal)
            && !host.Equals($"localhost:{port}", StringComparison.OrdinalIgnoreCase))
            return (StatusCodes.Status421MisdirectedRequest,
                "This server is called 127.0.0.1 or localhost, with its port.");
        // Browsers say where a request comes from.
        bool isForeign = request.Headers.Origin.Count > 0
            && !request.Headers.Origin.ToString().Equals($"http://{host}", StringComparison.OrdinalIgnoreCase);
        bool isPart = request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site"
            && (request.Headers["Sec-Fetch-Mode"] != "navigate" || context.WebSockets.IsWebSocketRequest);
        return isForeign || isPart ? (StatusCodes.Status403Forbidden, "Pages of other origins are not answered.")
            : null;
    }

    private static WebApplication Build(int port, LocalLimits ours)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoConsole>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.AddServerHeader = false;
            KestrelServerLimits limits = kestrel.Limits;
            limits.MaxConcurrentConnections = ours.Connections;
            limits.MaxConcurrentUpgradedConnections = ours.Sockets;
            limits.MaxRequestBodySize = ours.BodyBytes;
            limits.MaxRequestHeadersTotalSize = 16 << 10;
            limits.MaxRequestLineSize = 4 << 10;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            if (ours.SlowestBody is MinDataRate rate) limits.MinRequestBodyDataRate = rate;
        });
        return builder.Build();
    }

    /// <summary>Ctrl-C belongs to whoever started the server.</summary>
    private sealed class NoConsole : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
