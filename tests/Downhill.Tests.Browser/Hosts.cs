using System.Net;
using Downhill.Playground.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Downhill.Tests.Browser.Hosts))]
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 2)]

namespace Downhill.Tests.Browser;

/// <summary>
/// The two hosts, once for all tests: the server of this machine, and the static site in a folder below the root of a
/// server that knows nothing. And one browser.
/// </summary>
public sealed class Hosts : IAsyncLifetime
{
    /// <summary>The static site lies below the root, as on a forge's pages.</summary>
    private const string Below = "/playground";

    private IPlaywright? playwright;
    private IBrowser? browser;
    private PlaygroundServer? server;
    private WebApplication? site;

    /// <summary>Why nothing can be tested here, or null.</summary>
    public string? Missing { get; private set; }

    /// <summary>Why the static site cannot be tested here, or null.</summary>
    public string? MissingSite { get; private set; }

    /// <summary>Whether all is asked of both hosts, as eng/browser-all does.</summary>
    private static bool Long { get; } = Environment.GetEnvironmentVariable("DOWNHILL_LONG") is "1" or "true";

    /// <summary>Where a host can break by itself: its carrier, its memory, its files, its addresses, its
    /// pace.</summary>
    public static TheoryData<string> Both { get; } = ["native", "browser"];

    /// <summary>Where the same page asks the same engine, whichever host carries it: the server's answers stand for
    /// both, but in the long form.</summary>
    public static TheoryData<string> Either { get; } = Long ? ["native", "browser"] : ["native"];

    /// <summary>The same with the static site standing for both.</summary>
    public static TheoryData<string> EitherStatic { get; } = Long ? ["native", "browser"] : ["browser"];

    public static string Root { get; } = FindRoot();

    public static string Pictures { get; } = Path.Combine(Root, "artifacts", "screenshots");

    public async ValueTask InitializeAsync()
    {
        string page = Path.Combine(Root, "web", "dist");
        string chromium = Environment.GetEnvironmentVariable("DOWNHILL_CHROMIUM") ?? "/usr/bin/chromium";
        if (!File.Exists(Path.Combine(page, "index.html")))
            Missing = "no built page: run 'npm ci && npm run build' in web";
        else if (!File.Exists(chromium))
            Missing = $"no browser at {chromium}: install Chromium or name one in DOWNHILL_CHROMIUM";
        if (Missing is not null) return;
        Directory.CreateDirectory(Pictures);
        server = await PlaygroundServer.Start(new(page, Port: null) { Sessions = 32 });
        string engine = Path.Combine(
            Root, "artifacts", "publish", "Downhill.Playground.Wasm", "release", "wwwroot", "_framework");
        if (Directory.Exists(engine)) site = await Serve(page, engine);
        else MissingSite = "the browser host is not published: run eng/site";
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = chromium,
                Args = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
            });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        if (server is not null) await server.DisposeAsync();
        if (site is not null) await site.DisposeAsync();
    }

    /// <summary>Where the page of a host is, with an address of settings.</summary>
    public string Address(string host, string settings = "") => host == "native"
        ? $"{server!.Address}{(settings.Length == 0 ? "" : "&" + settings)}"
        : $"{site!.Urls.First()}{Below}/{(settings.Length == 0 ? "" : "#" + settings)}";

    /// <summary>Opens the page and waits for its first picture.</summary>
    /// <param name="host">"native" or "browser".</param>
    /// <param name="settings">An address of settings, without its sign.</param>
    /// <param name="view">The visitor's screen and habits.</param>
    /// <param name="before">What happens to the page before it goes there.</param>
    /// <param name="awaits">What must be there before the visit begins.</param>
    public async Task<Visit> Open(
        string host, string settings = "", ViewOptions? view = null, Func<IPage, Task>? before = null,
        string awaits = "network")
    {
        Assert.SkipWhen(host == "browser" && MissingSite is not null, MissingSite ?? "");
        Visit visit = await Empty(host, view ??= new());
        if (before is not null) await before(visit.Page);
        await visit.Page.GotoAsync(Address(host, settings));
        await visit.Find(awaits).WaitForAsync();
        await visit.Settled();
        return visit;
    }

    /// <summary>A page that has gone nowhere yet.</summary>
    /// <param name="host">What the visit is of.</param>
    /// <param name="view">The visitor's screen and habits.</param>
    public async Task<Visit> Empty(string host, ViewOptions view)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        IBrowserContext context = await browser!.NewContextAsync(new()
        {
            ViewportSize = new() { Width = view.Width, Height = view.Height },
            HasTouch = view.Touch,
            IsMobile = view.Touch,
            ColorScheme = view.Dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
            AcceptDownloads = true,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        await context.AddInitScriptAsync($"{{{Visit.Overhears}}}");
        if (view.Visited) await context.AddInitScriptAsync("localStorage.setItem('downhill.visited', '1')");
        IPage page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        return new(this, host, view.Width, context, page);
    }

    /// <summary>Opens a scene of the lecture.</summary>
    /// <param name="host">"native" or "browser".</param>
    /// <param name="scene">Its name in addresses.</param>
    /// <param name="settings">More of the address.</param>
    /// <param name="view">The visitor's screen and habits.</param>
    public Task<Visit> Scene(string host, string scene, string settings = "", ViewOptions? view = null) =>
        Open(host, $"scene={scene}{(settings.Length == 0 ? "" : "&" + settings)}", view ?? new(1280, 800),
            awaits: scene == "course" ? "course-index" : $"scene-{scene}");

    /// <summary>A server of files below a folder, with the policy that the local server sets.</summary>
    private static async Task<WebApplication> Serve(string page, string engine)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        FileExtensionContentTypeProvider types = new();
        types.Mappings[".wasm"] = "application/wasm";
        types.Mappings[".dat"] = "application/octet-stream";
        app.Use(async (context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            await next(context);
        });
        PhysicalFileProvider pages = new(page), engines = new(engine);
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = pages, RequestPath = Below });
        foreach ((PhysicalFileProvider files, string at) in ((PhysicalFileProvider, string)[])
            [(engines, $"{Below}/engine/_framework"), (pages, Below)])
            app.UseStaticFiles(
                new StaticFileOptions { FileProvider = files, RequestPath = at, ContentTypeProvider = types });
        await app.StartAsync();
        return app;
    }

    private const string Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        + "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Downhill.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("These tests run inside the repository.");
    }
}

/// <summary>The screen and the habits of a visitor.</summary>
public sealed record ViewOptions(
    int Width = 1440, int Height = 900, bool Touch = false, bool Dark = false, bool Visited = true);
