using Microsoft.Playwright;
using Xunit;
using Xunit.Sdk;

namespace Downhill.Tests.Browser;

/// <summary>For everybody: keys alone, touch, screen readers, other scripts; WCAG 2.2 AA as axe sees it.</summary>
public sealed class AccessTests(Hosts hosts)
{
    /// <summary>What is opened one after the other: its name, whether in the dark, and what is pressed. Escape closes
    /// it again, or what unfolds a second press.</summary>
    private static readonly (string Name, bool Dark, string Press)[] Views =
    [
        ("start", false, ""), ("start", true, ""), ("unit", false, "map-1-0"), ("link", true, "bias-0-0"),
        ("layer", false, "layer-0"), ("confusion", false, "tab-confusion"), ("layers", true, "tab-layers"),
        ("training", false, "recipe-more"), ("data", true, "data-more"), ("table", true, "loss-table-open"),
        ("share", false, "share"), ("take", true, "take"), ("look", false, "look"), ("help", false, "help-open"),
        ("own", true, "own-open"), ("runs", false, "runs-open"),
    ];

    [Theory, InlineData(false), InlineData(true)]
    public async Task Axe_finds_nothing_whatever_is_open(bool dark)
    {
        await using Visit visit = await hosts.Open("native", "data=spiral&layers=4,2", new(Dark: dark));
        await visit.Step("epoch");
        List<string> wrong = [];
        foreach ((string name, _, string press) in Views.Where(view => view.Dark == dark))
        {
            if (press.Length > 0) await visit.Find(press).ClickAsync();
            await visit.Settled();
            try
            {
                await visit.AxeFindsNothing();
            }
            catch (XunitException found)
            {
                wrong.Add($"{name}: {found.Message}");
            }
            await visit.Picture($"axe-{name}-{(dark ? "dark" : "light")}");
            if (press.EndsWith("-more", StringComparison.Ordinal)) await visit.Find(press).ClickAsync();
            else await visit.Page.Keyboard.PressAsync("Escape");
        }
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    /// <summary>The static site shows the page's outline and what is still to come while the engine loads.</summary>
    [Theory, InlineData(1440, 900), InlineData(390, 844)]
    public async Task While_the_engine_loads_the_page_is_there(int width, int height)
    {
        TaskCompletionSource arrives = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<IPage> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<Visit> opening = hosts.Open("browser", "", new(width, height), async page =>
        {
            await page.RouteAsync("**/dotnet.native*.wasm", async route =>
            {
                await arrives.Task;
                await route.ContinueAsync();
            });
            opened.SetResult(page);
        });
        if (await Task.WhenAny(opened.Task, opening) == opening) await opening; // skipped
        IPage early = await opened.Task;
        await early.GetByTestId("opening").GetByText("parts are here").WaitForAsync();
        Assert.Equal("Downhill", await early.TitleAsync());
        Assert.True(await early.Locator("h1").IsVisibleAsync());
        Assert.True(await early.GetByTestId("opening").Locator("progress").IsVisibleAsync());
        await Visit.AxeFindsNothing(early);
        await early.ScreenshotAsync(new() { Path = Path.Combine(Hosts.Pictures, $"opening-{width}-browser.png") });
        arrives.SetResult();
        await using Visit visit = await opening;
        await visit.Step("epoch");
    }

    [Theory, InlineData("en-XA"), InlineData("ar-XB")]
    public async Task Longer_text_and_the_other_direction_fit(string language)
    {
        await using Visit visit = await hosts.Open("native", $"data=spiral&lang={language}");
        Assert.Equal(language == "ar-XB" ? "rtl" : "ltr", await visit.Page.Locator("html").GetAttributeAsync("dir"));
        Assert.Equal(language, await visit.Page.Locator("html").GetAttributeAsync("lang"));
        await visit.NothingOverflows();
        await visit.AxeFindsNothing();
        await visit.Picture(language);
    }

    [Fact]
    public async Task Keys_alone_train_rewind_walk_the_network_and_change_a_weight()
    {
        await using Visit visit = await hosts.Open("native");
        IKeyboard keys = visit.Page.Keyboard;
        await keys.PressAsync("Tab");
        await keys.PressAsync("Enter"); // the skip link
        Assert.StartsWith("unit-", await Focused(visit, "cell"), StringComparison.Ordinal);
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("ArrowRight");
        Assert.Equal("bias-2-1", await Focused(visit, "cell"));
        await keys.PressAsync("ArrowLeft");
        await keys.PressAsync("Enter");
        await visit.Find("inspect-unit").WaitForAsync();
        await visit.Settled();
        Assert.Equal("edit-weight-0", await Focused(visit, "testid"));
        await keys.PressAsync("Control+A");
        await keys.TypeAsync("0.75");
        await keys.PressAsync("Enter");
        await visit.Settled();
        Assert.Equal(0.75, await visit.Field("edit-weight-0"));
        await visit.Page.EvaluateAsync("document.activeElement.blur()");

        await keys.PressAsync(" ");
        await visit.Until(async () => await visit.Number("update") > 20, "training by the space bar");
        await keys.PressAsync(" ");
        await visit.Settled();
        double at = await visit.Number("update");
        await keys.PressAsync(",");
        await visit.Until(async () => await visit.Number("update") == at - 1, "one update back");
        await keys.PressAsync(".");
        await visit.Until(async () => await visit.Number("update") == at, "one update on");
        await keys.PressAsync("r");
        await visit.Until(async () => await visit.Number("update") == 0, "the start");
        await keys.PressAsync("?");
        await visit.Find("help").WaitForAsync();
        await keys.PressAsync("Escape");
        await visit.Until(async () => await visit.Find("help").CountAsync() == 0, "the help closed");
    }

    [Fact]
    public async Task A_first_visit_explains_itself_and_starts_training()
    {
        await using Visit visit = await hosts.Open("native", "", new(Visited: false));
        Assert.True(await visit.Find("welcome").IsVisibleAsync());
        await visit.Find("welcome-go").ClickAsync();
        await visit.Until(async () => await visit.Number("update") > 0, "training");
        Assert.Equal(0, await visit.Find("welcome").CountAsync());
        await visit.Picture("welcome");
    }

    [Theory, InlineData(390, 844), InlineData(360, 640)]
    public async Task A_phone_shows_and_does_everything_by_touch(int width, int height)
    {
        await using Visit visit = await hosts.Open("native", "", new(width, height, Touch: true));
        await visit.NothingOverflows();
        await visit.Find("play").TapAsync();
        await visit.Until(async () => await visit.Number("update") > 0, "training");
        await visit.Find("play").TapAsync();
        await visit.Find("jump-network").TapAsync();
        await visit.Find("map-0-0").TapAsync();
        await visit.Find("inspect-unit").WaitForAsync();
        await visit.Find("jump-output").TapAsync();
        await visit.Settled();
        await visit.Picture($"phone-{width}");
        string[] small = await visit.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('button, select, input, summary')].filter(e => {
                const target = e.closest('label.check') ?? e, box = target.getBoundingClientRect();
                return box.width > 0 && !e.closest('.unseen') && e.type !== 'file'
                    && (box.width < 23.5 || box.height < 23.5);
            }).map(e => `${e.dataset.testid}: ${e.getBoundingClientRect().width}×${e.getBoundingClientRect().height}`)
            """);
        Assert.Empty(small);
        await visit.AxeFindsNothing();
    }

    [Fact]
    public async Task Screen_readers_hear_how_training_goes_and_have_a_table_of_the_curve()
    {
        await using Visit visit = await hosts.Open("native");
        await visit.Step("epoch", 3);
        await visit.Find("play").ClickAsync();
        await visit.Page.WaitForTimeoutAsync(500);
        await visit.Find("play").ClickAsync();
        await visit.Until(
            async () => (await visit.Read("summary")).Contains("training loss", StringComparison.Ordinal), "a summary");
        await visit.Find("loss-table-open").ClickAsync();
        Assert.True(await visit.Find("loss-table").Locator("tbody tr").CountAsync() >= 3);
    }

    private static async Task<string> Focused(Visit visit, string attribute) =>
        await visit.Page.EvaluateAsync<string>($"document.activeElement.dataset.{attribute} ?? ''");
}
