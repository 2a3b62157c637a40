using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Downhill.Playground.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Downhill.Cli.Serve;

/// <summary>
/// Scores rows over HTTP for programs on this machine, as a <see cref="LocalServer"/>. Bodies, rows, connections and
/// requests at once are bounded; on the way down, what has begun is answered.
/// </summary>
internal sealed class ScoringServer : IAsyncDisposable
{
    /// <summary>The port without <c>--port</c>.</summary>
    public const int UsualPort = 5190;

    private const int MostBytes = 32 << 20, MostConnections = 512, MostAtOnce = 256;

    private readonly ScoringRows rows;
    private readonly ScoringMetrics metrics = new();
    private readonly byte[] openApi, page, health;
    private LocalServer server = null!;
    private int running;

    private ScoringServer(Model model, string name)
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
        }) + "\n");
    }

    public int Port => server.Port;

    public string Address => server.Address;

    /// <summary>Starts listening on 127.0.0.1.</summary>
    /// <exception cref="DownhillException">The port is taken.</exception>
    public static async Task<ScoringServer> Start(Model model, string name, int port, CancellationToken cancellation)
    {
        ScoringServer scoring = new(model, name);
        LocalLimits limits = new(MostConnections, MostBytes, Patience: TimeSpan.FromSeconds(10))
        {
            SlowestBody = new MinDataRate(240, TimeSpan.FromSeconds(5)),
        };
        scoring.server = await LocalServer.Start(port, limits, scoring.Serve, cancellation).ConfigureAwait(false)
            ?? throw new DownhillException($"--port {port}: expected a free port, got one that cannot be used. Give "
                + "another, or 0 for any.");
        return scoring;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private void Serve(WebApplication app)
    {
        app.Use((context, next) => Guard(context) is (int status, string why) ? Say(context.Response, status, why)
            : next(context));
        app.MapPost("/predict", Predict);
        app.MapGet("/health", context => Send(context, "application/json", health));
        app.MapGet("/metrics", context =>
            Send(context, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(metrics.Text())));
        app.MapGet("/openapi.json", context => Send(context, "application/json", openApi));
        app.MapGet("/", context => Send(context, "text/html; charset=utf-8", page));
        app.MapGet("/page.css", context => Send(context, "text/css; charset=utf-8", ScoringPage.Style));
        app.MapGet("/page.js", context => Send(context, "text/javascript; charset=utf-8", ScoringPage.Script));
        app.MapFallback(
            context => context.Request.Path.Value is "/predict" or "/health" or "/metrics" or "/openapi.json" or "/"
            ? Say(context.Response, StatusCodes.Status405MethodNotAllowed, "POST to /predict, GET everything else.")
            : Say(context.Response, StatusCodes.Status404NotFound, "There is no such address. See /openapi.json."));
    }

    /// <summary>Status and reason for a request that is not answered, or null.</summary>
    private static (int Status, string Why)? Guard(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return LocalServer.Refusal(context);
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
                output.Write("\n"u8); // a terminal's prompt begins a line of its own
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
        }) + "\n");
        response.ContentType = "application/json";
        response.ContentLength = content.Length;
        return response.BodyWriter.WriteAsync(content).AsTask();
    }
}
