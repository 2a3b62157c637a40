using System.Globalization;
using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>One open page, and what a visitor does and reads there. What the page complains of fails the test at its end.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly Hosts hosts;
    private readonly IBrowserContext context;
    private readonly List<string> complaints = [];

    public Visit(Hosts hosts, string host, IBrowserContext context, IPage page)
    {
        (this.hosts, Host, this.context, Page) = (hosts, host, context, page);
        page.PageError += (_, error) => complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") complaints.Add(message.Text);
        };
        page.Request += (_, request) =>
        {
            string where = new Uri(request.Url).Host;
            if (where is not ("127.0.0.1" or "")) complaints.Add($"asked {where} for {request.Url}");
        };
    }

    public string Host { get; }
    public IPage Page { get; }

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

    /// <summary>Waits until the page shows what it has asked for: a few pictures without anything new.</summary>
    public Task Settled() => Page.WaitForTimeoutAsync(700);

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

    public Task Picture(string name) =>
        Page.ScreenshotAsync(new() { Path = Path.Combine(Hosts.Pictures, $"{name}-{Host}.png") });

    /// <summary>Goes on at another address in a page of its own.</summary>
    public Task<Visit> Again(string settings) => hosts.Open(Host, settings);

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(complaints);
    }
}
