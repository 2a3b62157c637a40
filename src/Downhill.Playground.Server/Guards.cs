using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Downhill.Playground.Server;

/// <summary>Who is let in, and what the page may do.</summary>
internal static class Guards
{
    /// <summary>
    /// Scripts, styles and connections of this server alone; WebAssembly may be compiled, nothing else made from text. Workers
    /// are files of the page, and pictures it draws itself may be data or blobs.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
        + "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void AddHeaders(HttpResponse response)
    {
        IHeaderDictionary headers = response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    }

    /// <summary>Status and reason for a request that is not answered, or null.</summary>
    public static (int Status, string Why)? Refusal(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (!IsLoopback(context.Connection.RemoteIpAddress)) return (StatusCodes.Status403Forbidden, "This server answers its own machine only.");
        string port = context.Connection.LocalPort.ToString(CultureInfo.InvariantCulture);
        // Another name that leads here is how a foreign page gets in (DNS rebinding).
        if (request.Headers.Host.Count != 1 || !Names(port).Contains(request.Headers.Host[0], StringComparer.OrdinalIgnoreCase))
            return (StatusCodes.Status421MisdirectedRequest, "This server is called 127.0.0.1 or localhost, with its port.");
        bool isSocket = context.WebSockets.IsWebSocketRequest;
        // Browsers say where a request comes from; on a socket it must be said.
        string? origin = request.Headers.Origin.Count == 0 ? null : request.Headers.Origin.ToString();
        if (origin is not null && !string.Equals(origin, $"http://{request.Headers.Host[0]}", StringComparison.OrdinalIgnoreCase))
            return (StatusCodes.Status403Forbidden, "Pages of other origins are not answered.");
        if (isSocket && origin is null) return (StatusCodes.Status403Forbidden, "A socket is opened by the page of this server.");
        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && (isSocket || request.Headers["Sec-Fetch-Mode"] != "navigate"))
            return (StatusCodes.Status403Forbidden, "Pages of other origins are not answered.");
        if (request.Method is not ("GET" or "HEAD")) return (StatusCodes.Status405MethodNotAllowed, "Only GET and HEAD are answered.");
        if (isSocket && request.Path != "/session") return (StatusCodes.Status404NotFound, "The socket is at /session.");
        return null;
    }

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);

    private static string[] Names(string port) => [$"127.0.0.1:{port}", $"localhost:{port}", $"[::1]:{port}"];
}
