using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>
/// One open page, and what a visitor does and reads there. What the page complains of fails the test at its end.
/// </summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly Hosts hosts;
    private readonly IBrowserContext context;
    private readonly List<string> complaints = [];

    private readonly int width;

    public Visit(Hosts hosts, string host, int width, IBrowserContext context, IPage page)
    {
        (this.hosts, Host, this.width, this.context, Page) = (hosts, host, width, context, page);
        page.PageError += (_, error) => complaints.Add(error);
        page.Console += (_, message) =>
        {
            // A driver's hints on speed (pixels that a test reads back) are nobody's mistake.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("[.WebGL", StringComparison.Ordinal))
                complaints.Add(message.Text);
        };
        page.Request += (_, request) =>
        {
            string where = new Uri(request.Url).Host;
            if (where is not ("127.0.0.1" or "")) complaints.Add($"asked {where} for {request.Url}");
        };
    }

    public string Host { get; }
    public IPage Page { get; }

    /// <summary>A complaint that is meant to come: it must have, and is none.</summary>
    public void Expected(string complaint) =>
        Assert.NotEqual(0, complaints.RemoveAll(said => said.Contains(complaint, StringComparison.Ordinal)));

    public ILocator Find(string name) => Page.GetByTestId(name);

    public Task<string> Read(string name) => Find(name).InnerTextAsync();

    /// <summary>A number as the page writes it: with a real minus and thin spaces.</summary>
    public async Task<double> Number(string name)
    {
        string shown = await Read(name);
        string text = Plain(string.Concat(shown.Where(letter => !char.IsWhiteSpace(letter) && letter != '%')));
        bool read = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        Assert.True(read, $"'{name}' shows '{shown}', which is no number.");
        return value;
    }

    /// <summary>The number in a field, with every digit.</summary>
    public async Task<double> Field(string name) =>
        double.Parse(Plain(await Find(name).InputValueAsync()), CultureInfo.InvariantCulture);

    /// <summary>A number with the hyphen that computers read.</summary>
    public static string Plain(string number) => number.Replace('−', '-');

    /// <summary>
    /// Waits until the page shows what it has asked for: every request is answered, and for 200 ms and five pictures
    /// there was no other. A page that trains never rests: it is left after 1.5 s.
    /// </summary>
    public Task Settled() => Page.EvaluateAsync("""
        () => new Promise(resolve => {
            const begun = performance.now();
            let pictures = 0;
            const look = () => {
                const now = performance.now(), { open, last } = window.talk;
                pictures = open > 0 || last > begun && now - last < 20 ? 0 : pictures + 1;
                if (now - begun > 1500 || pictures >= 5 && now - Math.max(begun, last) > 200) resolve();
                else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        })
        """);

    /// <summary>Counts in every page what it asks the engine, over either carrier, and what is answered.</summary>
    public const string Overhears = """
        window.talk = { open: 0, last: 0 };
        const asked = text => {
            if (typeof text !== 'string' || text[0] !== '{') return; // the token, the page's address
            talk.open++;
            talk.last = performance.now();
        };
        const answered = event => {
            if (!(event.data instanceof ArrayBuffer)) return;
            talk.open--;
            talk.last = performance.now();
        };
        for (const [kind, send] of [[WebSocket, 'send'], [Worker, 'postMessage']]) {
            const real = kind.prototype[send], heard = new WeakSet();
            kind.prototype[send] = function (...what) {
                if (!heard.has(this)) this.addEventListener('message', answered);
                heard.add(this);
                asked(what[0]);
                return real.apply(this, what);
            };
        }
        """;

    public async Task Step(string size, int count = 1)
    {
        await Find("step-size").SelectOptionAsync(size);
        for (int k = 0; k < count; k++)
        {
            double before = await Number("update");
            await Find("step").ClickAsync();
            if (size is "epoch" or "batch")
                await Until(async () => await Number("update") > before, $"a step of one {size}");
        }
        await Settled();
    }

    /// <summary>Trains until a number the page shows is small enough.</summary>
    public async Task TrainUntil(string name, double below, int seconds = 90)
    {
        await Find("play").ClickAsync();
        await Until(async () => await Number(name) < below, $"'{name}' below {below}", seconds);
        await Find("play").ClickAsync();
        await Settled();
    }

    public async Task Until(Func<Task<bool>> holds, string what, int seconds = 30)
    {
        DateTime end = DateTime.UtcNow.AddSeconds(seconds);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < end, $"After {seconds} s still waiting for {what}.");
            await Page.WaitForTimeoutAsync(100);
        }
    }

    /// <summary>Opens a menu, presses one of its buttons and takes the file that comes.</summary>
    public async Task<(string Name, byte[] Content)> TakeAway(string kind)
    {
        if (!await Find($"export-{kind}").IsVisibleAsync()) await Find("take").ClickAsync();
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Find($"export-{kind}").ClickAsync());
        byte[] content = await File.ReadAllBytesAsync(await download.PathAsync());
        await Page.Keyboard.PressAsync("Escape");
        return (download.SuggestedFilename, content);
    }

    /// <summary>A unit's output at a row, with every digit, from the arithmetic that the page copies.</summary>
    public async Task<double> ExactOutput(string map)
    {
        await Find(map).ClickAsync();
        await Settled();
        await Find("copy-arithmetic").ClickAsync();
        string copied = await Page.EvaluateAsync<string>("navigator.clipboard.readText()");
        return double.Parse(copied[(copied.LastIndexOf('→') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Opens a file as a table of one's own.</summary>
    public async Task OpenTable(string path)
    {
        if (!await Find("own").IsVisibleAsync()) await Find("own-open").ClickAsync();
        await Find("own-file-input").SetInputFilesAsync(path);
    }

    /// <summary>The link to the present moment, as the share menu makes it.</summary>
    public async Task<string> LinkToMoment()
    {
        await Find("share").ClickAsync();
        await Find("share-moment").CheckAsync();
        await Find("share-copy").ClickAsync();
        await Find("share-link").WaitForAsync();
        string link = await Find("share-link").InputValueAsync();
        await Page.Keyboard.PressAsync("Escape");
        return link;
    }

    /// <summary>
    /// Pixels by which the page is wider than the screen that was asked for. A phone widens its window to what
    /// overflows, so against <c>innerWidth</c> nothing ever does.
    /// </summary>
    public async Task<int> Overflow() =>
        await Page.EvaluateAsync<int>("document.documentElement.scrollWidth") - width;

    public async Task NothingOverflows()
    {
        int over = await Overflow();
        Assert.True(over <= 0, $"The page is {over} px wider than the screen of {width} px.");
    }

    public Task AxeFindsNothing() => AxeFindsNothing(Page);

    /// <summary>WCAG 2.2 AA as axe sees it.</summary>
    public static async Task AxeFindsNothing(IPage page)
    {
        string script = Path.Combine(Hosts.Root, "web", "node_modules", "axe-core", "axe.min.js");
        Assert.SkipUnless(File.Exists(script), "axe-core is not installed: run 'npm ci' in web");
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.EvaluateAsync(await File.ReadAllTextAsync(script) + "; undefined");
        JsonElement violations = await page.EvaluateAsync<JsonElement>("""
            async () => {
                const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
                const told = n => n.target.join(' ') + ' (' + n.failureSummary.split('\n')[1] + ')';
                return (await axe.run(document, { runOnly: rules })).violations
                    .map(v => v.id + ': ' + v.nodes.slice(0, 5).map(told).join('; '));
            }
            """);
        Assert.Empty(violations.EnumerateArray().Select(v => v.GetString()!).ToArray());
    }

    /// <summary>Goes to something by Tab alone, from wherever the focus is.</summary>
    public async Task TabTo(string name, int most = 120)
    {
        for (int k = 0; k < most; k++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await Page.EvaluateAsync<string?>("document.activeElement?.dataset?.testid ?? null") == name) return;
        }
        Assert.Fail($"Tab does not reach '{name}'.");
    }

    /// <summary>Waits until something shows a text.</summary>
    public async Task Shows(string name, string text) =>
        await Until(async () => (await Read(name)).Contains(text, StringComparison.Ordinal), $"'{text}' in '{name}'");

    /// <summary>Answers a scene's question as given and waits for what came out.</summary>
    public async Task<string> Predict(string option)
    {
        await Find($"predict-{option}").ClickAsync();
        await Find("predict-run").ClickAsync();
        await Until(async () => (await Read("predict-outcome")).Length > 0, "the outcome of the prediction", 60);
        return await Read("predict-outcome");
    }

    /// <param name="name">Of the file.</param>
    /// <param name="whole">Also what is below the window.</param>
    public Task Picture(string name, bool whole = false) =>
        Page.ScreenshotAsync(new() { Path = Path.Combine(Hosts.Pictures, $"{name}-{Host}.png"), FullPage = whole });

    /// <summary>Goes on at another address in a page of its own.</summary>
    public Task<Visit> Again(string settings, string awaits = "network") =>
        hosts.Open(Host, settings, awaits: awaits);

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(complaints);
    }
}
