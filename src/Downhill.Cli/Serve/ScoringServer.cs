using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Downhill.Cli.Serve;

/// <summary>
/// Scores rows over HTTP for programs on this machine: bound to the loopback address, other names for it refused
/// (against rebinding), pages of other origins refused. Bodies, rows, connections and requests at once are bounded; on
/// the way down, what has begun is answered.
/// </summary>
internal sealed class ScoringServer : IAsyncDisposable
{
    /// <summary>The port without <c>--port</c>.</summary>
    public const int UsualPort = 5190;

    private const int MostBytes = 32 << 20, MostConnections = 512, MostAtOnce = 256;

    private readonly WebApplication app;
    private readonly ScoringRows rows;
    private readonly ScoringMetrics metrics = new();
    private readonly byte[] openApi, page, health;
    private int running;

    private ScoringServer(Model model, string name, int port)
    {
        rows = new(model);
        openApi = ScoringDocument.OpenApi(model, name);
        page = Encoding.UTF8.GetBytes(ScoringPage.Html(model, name));
        health = Encoding.UTF8.GetBytes(ModelFile.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("status", "ready");
            json.WriteString("model", name);
            json.WriteString("network", model.Spec.ToString());
            json.WriteString("weights", model.WeightsHash);
            json.WriteEndObject();
        }));
        app = Build(port);
    }

    public int Port { get; private set; }

    public string Address => $"http://127.0.0.1:{Port}/";

    /// <summary>Starts listening on 127.0.0.1.</summary>
    /// <exception cref="DownhillException">The port is taken.</exception>
    public static async Task<ScoringServer> Start(Model model, string name, int port, CancellationToken cancellation)
    {
        ScoringServer server = new(model, name, port);
        try
        {
            await server.app.StartAsync(cancellation).ConfigureAwait(false);
            server.Port = new Uri(server.app.Urls.First()).Port;
            return server;
        }
        catch (Exception error) when (error is SocketException
            || (error is IOException && error.InnerException is AddressInUseException or SocketException))
        {
            await server.app.DisposeAsync().ConfigureAwait(false);
            throw new DownhillException($"--port {port}: expected a free port, got one that cannot be used. Give "
                + $"another, or 0 for any.", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
        try
        {
            await app.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A request that takes longer ends with the process.
        }
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private WebApplication Build(int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, Quiet>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.AddServerHeader = false;
            KestrelServerLimits limits = kestrel.Limits;
            limits.MaxConcurrentConnections = MostConnections;
            limits.MaxRequestBodySize = MostBytes;
            limits.MaxRequestHeadersTotalSize = 16 << 10;
            limits.MaxRequestLineSize = 4 << 10;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        });
        WebApplication built = builder.Build();
        built.Use((context, next) => Guard(context) is (int status, string why) ? Say(context.Response, status, why)
            : next(context));
        built.MapPost("/predict", Predict);
        built.MapGet("/health", context => Send(context, "application/json", health));
        built.MapGet("/metrics", context =>
            Send(context, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(metrics.Text())));
        built.MapGet("/openapi.json", context => Send(context, "application/json", openApi));
        built.MapGet("/", context => Send(context, "text/html; charset=utf-8", page));
        built.MapGet("/page.css",
            context => Send(context, "text/css; charset=utf-8", ScoringPage.Style));
        built.MapGet("/page.js",
            context => Send(context, "text/javascript; charset=utf-8", ScoringPage.Script));
        built.MapFallback(
            context => context.Request.Path.Value is "/predict" or "/health" or "/metrics" or "/openapi.json" or "/"
            ? Say(context.Response, StatusCodes.Status405MethodNotAllowed, "POST to /predict, GET everything else.")
            : Say(context.Response, StatusCodes.Status404NotFound, "There is no such address. See /openapi.json."));
        return built;
    }

    /// <summary>Status and reason for a request that is not answered, or null.</summary>
    private static (int Status, string Why)? Guard(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        string port = context.Connection.LocalPort.ToString(CultureInfo.InvariantCulture);
        string host = request.Headers.Host.ToString();
        // Another name that leads here is how a foreign page gets in (DNS rebinding).
        if (!host.Equals($"127.0.0.1:{port}", StringComparison.Ordinal)
            && !host.Equals($"localhost:{port}", StringComparison.OrdinalIgnoreCase))
            return (StatusCodes.Status421MisdirectedRequest,
                "This server is called 127.0.0.1 or localhost, with its port.");
        if (request.Headers.Origin.Count > 0 && !request.Headers.Origin.ToString()
            .Equals($"http://{host}", StringComparison.OrdinalIgnoreCase))
            return (StatusCodes.Status403Forbidden, "Pages of other origins are not answered.");
        return null;
    }

    // ---- /predict ---------------------------------------------------------------------------------------------------

    private async Task Predict(HttpContext context)
    {
        long since = Stopwatch.GetTimestamp();
        int answered = 0;
        metrics.Start();
        try
        {
            if (Interlocked.Increment(ref running) > MostAtOnce)
                await Say(context.Response, StatusCodes.Status429TooManyRequests,
                    $"More than {MostAtOnce} requests at once.").ConfigureAwait(false);
            else answered = await Answer(context).ConfigureAwait(false);
        }
        catch (DownhillException error)
        {
            await Say(context.Response, StatusCodes.Status400BadRequest, error.Message).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException error)
        {
            await Say(context.Response, error.StatusCode, error.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"A body of at most {MostBytes >> 20} MiB is taken." : "The request is broken.")
                .ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref running);
            metrics.End(context.Response.StatusCode, answered, since);
        }
    }

    private async Task<int> Answer(HttpContext context)
    {
        string type = context.Request.ContentType?.Split(';')[0].Trim() ?? "";
        bool isCsv = type.Equals("text/csv", StringComparison.OrdinalIgnoreCase);
        if (!isCsv && !type.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await Say(context.Response, StatusCodes.Status415UnsupportedMediaType, "Send application/json or text/csv.")
                .ConfigureAwait(false);
            return 0;
        }
        PipeReader body = context.Request.BodyReader;
        ReadResult read = await body.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        while (!read.IsCompleted)
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await body.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        }
        int count;
        byte[] answer;
        int length;
        try
        {
            ArrayBufferWriter<byte> output = new(512);
            if (isCsv)
            {
                using StringWriter text = new() { NewLine = "\n" };
                count = rows.AnswerCsv(Encoding.UTF8.GetString(read.Buffer), text);
                answer = Encoding.UTF8.GetBytes(text.ToString());
                length = answer.Length;
            }
            else
            {
                count = rows.AnswerJson(read.Buffer, output);
                answer = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(output.WrittenMemory,
                    out ArraySegment<byte> segment) ? segment.Array! : output.WrittenMemory.ToArray();
                length = output.WrittenCount;
            }
        }
        finally
        {
            body.AdvanceTo(read.Buffer.End);
        }
        context.Response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/json";
        context.Response.ContentLength = length;
        await context.Response.BodyWriter.WriteAsync(answer.AsMemory(0, length), context.RequestAborted)
            .ConfigureAwait(false);
        return count;
    }

    private static Task Send(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        return context.Response.BodyWriter.WriteAsync(content, context.RequestAborted).AsTask();
    }

    private static Task Say(HttpResponse response, int status, string why)
    {
        if (response.HasStarted) return Task.CompletedTask;
        response.StatusCode = status;
        byte[] content = Encoding.UTF8.GetBytes(ModelFile.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("error", why);
            json.WriteEndObject();
        }));
        response.ContentType = "application/json";
        response.ContentLength = content.Length;
        return response.BodyWriter.WriteAsync(content).AsTask();
    }

    /// <summary>The tool itself listens to Ctrl-C.</summary>
    private sealed class Quiet : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
