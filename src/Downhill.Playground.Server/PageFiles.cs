using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Downhill.Playground.Server;

/// <summary>
/// The files of the built page. Which there are is listed once at the start, so that no path from outside is ever given to the
/// file system.
/// </summary>
internal sealed class PageFiles
{
    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".json"] = "application/json",
        [".webmanifest"] = "application/manifest+json",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".wasm"] = "application/wasm",
        [".dat"] = "application/octet-stream",
        [".txt"] = "text/plain; charset=utf-8",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, string> files;

    public PageFiles(string root)
    {
        string full = Path.GetFullPath(root);
        files = Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories)
            .Where(path => Types.ContainsKey(Path.GetExtension(path)))
            .ToFrozenDictionary(path => "/" + Path.GetRelativePath(full, path).Replace('\\', '/'), path => path, StringComparer.Ordinal);
    }

    public async Task Send(HttpContext context)
    {
        string path = context.Request.Path.Value is null or "" or "/" ? "/index.html" : context.Request.Path.Value;
        if (!files.TryGetValue(path, out string? file))
        {
            await PlaygroundServer.Say(context.Response, StatusCodes.Status404NotFound, "There is no such file.").ConfigureAwait(false);
            return;
        }
        HttpResponse response = context.Response;
        response.ContentType = Types[Path.GetExtension(file)];
        // Files whose name holds their content's digest never change; the others are asked for again.
        response.Headers.CacheControl = path.StartsWith("/assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        response.ContentLength = new FileInfo(file).Length;
        if (context.Request.Method == "GET") await response.SendFileAsync(file, context.RequestAborted).ConfigureAwait(false);
    }
}
