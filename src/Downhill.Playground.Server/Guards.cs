using Microsoft.AspNetCore.Http;

namespace Downhill.Playground.Server;

/// <summary>Who is let in, and what the page may do.</summary>
internal static class Guards
{
    /// <summary>
    /// Scripts, styles and connections of this server alone; WebAssembly may be compiled, nothing else made from text.
    /// Workers are files of the page, and pictures it draws itself may be data or blobs.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
            + "font-src 'self'; connect-src 'self'; "
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
        if (LocalServer.Refusal(context) is (int, string) refusal) return refusal;
        HttpRequest request = context.Request;
        bool isSocket = context.WebSockets.IsWebSocketRequest;
        // A page says where it comes from when it opens a socket; another program need not.
        if (isSocket && request.Headers.Origin.Count == 0)
            return (StatusCodes.Status403Forbidden, "A socket is opened by the page of this server.");
        if (request.Method is not ("GET" or "HEAD"))
            return (StatusCodes.Status405MethodNotAllowed, "Only GET and HEAD are answered.");
        if (isSocket && request.Path != "/session")
            return (StatusCodes.Status404NotFound, "The socket is at /session.");
        return null;
    }
}
