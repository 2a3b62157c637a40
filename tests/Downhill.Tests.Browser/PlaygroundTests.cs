using System.Globalization;
using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>What a visitor does, on the server of this machine and on the static site.</summary>
public sealed class PlaygroundTests(Hosts hosts)
{
    private const string Spiral = "data=spiral&layers=8,8&opt=adam&rate=0.02&in=x1,x2,sinx1,sinx2";

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task The_spiral_is_learned_to_a_test_loss_below_5_percent(string host)
    {
        await using Visit visit = await hosts.Open(host, Spiral);
        await visit.TrainUntil("test-loss", 0.05);
        Assert.InRange(await visit.Number("test-loss"), 0, 0.05);
        Assert.InRange(await visit.Number("test-accuracy"), 90, 100);
        await visit.Picture("spiral");
    }

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_link_to_a_moment_opens_with_the_same_bits(string host)
    {
        await using Visit visit = await hosts.Open(host, Spiral);
        await visit.Step("epoch", 3);
        await visit.Step("batch", 2);
        (_, byte[] model) = await visit.TakeAway("model");
        string link = await visit.LinkToMoment();
        Assert.DoesNotContain("token", link, StringComparison.Ordinal);
        await using Visit other = await visit.Again(link[(link.IndexOf('#', StringComparison.Ordinal) + 1)..]);
        await other.Until(
            async () => await other.Number("update") == await visit.Number("update"), "the moment of the link");
        await other.Settled();
        Assert.Equal(await visit.Read("train-loss"), await other.Read("train-loss"));
        (_, byte[] same) = await other.TakeAway("model");
        Assert.Equal(model, same);
    }

    [Fact]
    public async Task Both_hosts_give_the_same_bits()
    {
        await using Visit native = await hosts.Open("native", Spiral);
        await using Visit browser = await hosts.Open("browser", Spiral);
        foreach (Visit visit in (Visit[])[native, browser]) await visit.Step("epoch", 4);
        (_, byte[] one) = await native.TakeAway("model");
        (_, byte[] other) = await browser.TakeAway("model");
        Assert.Equal(one, other);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Reset_and_train_again_gives_the_same_loss(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Step("epoch", 3);
        string first = await visit.Read("train-loss");
        await visit.Find("reset").ClickAsync();
        await visit.Until(async () => await visit.Number("update") == 0, "the start");
        await visit.Step("epoch", 3);
        Assert.Equal(first, await visit.Read("train-loss"));
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Rewinding_shows_the_past_and_training_from_there_branches(string host)
    {
        await using Visit visit = await hosts.Open(host, Spiral);
        string start = await visit.Read("train-loss");
        await visit.Step("epoch", 4);
        string end = await visit.Read("train-loss");
        Assert.NotEqual(start, end);

        await visit.Find("scrubber").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Home");
        await visit.Until(async () => await visit.Number("update") == 0, "the start");
        await visit.Settled();
        Assert.Equal(start, await visit.Read("train-loss"));

        await visit.Page.Keyboard.PressAsync("End");
        await visit.Until(async () => await visit.Read("train-loss") == end, "the end again");

        LocatorBoundingBoxResult chart = (await visit.Find("loss-chart").BoundingBoxAsync())!;
        await visit.Page.Mouse.ClickAsync(chart.X + chart.Width * 0.5f, chart.Y + chart.Height * 0.5f);
        await visit.Settled();
        double middle = await visit.Number("update");
        Assert.InRange(middle, 20, 80);

        await visit.Find("set-learningRate").FillAsync("0,1");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Step("epoch");
        await visit.Find("runs-open").ClickAsync();
        await visit.Find("runs-table").WaitForAsync();
        int runs = await visit.Find("runs-table").Locator("tbody tr").CountAsync();
        Assert.True(runs >= 2, "The branch is a run of its own.");
        await visit.Picture("branch");
    }

    /// <summary>Where the settings of training lie over the network they go away as a menu does; where they push it
    /// down they stay until they are folded.</summary>
    [Fact]
    public async Task Unfolded_settings_leave_the_network_to_be_pressed()
    {
        await using Visit wide = await hosts.Open("native", "", new(1280, 800));
        await Unfold(wide);
        await wide.Find("set-dropout").FillAsync("0.3");
        await wide.Page.Keyboard.PressAsync("Escape");
        Assert.Equal("0", await wide.Find("set-dropout").InputValueAsync());
        await wide.Page.Keyboard.PressAsync("Escape");
        await Folded(wide);
        Assert.Equal("recipe-more", await wide.Page.EvaluateAsync<string>("document.activeElement.dataset.testid"));
        await Unfold(wide);
        LocatorBoundingBoxResult chart = (await wide.Find("loss-chart").BoundingBoxAsync())!;
        await wide.Page.Mouse.ClickAsync(chart.X + 5, chart.Y + 5);
        await Folded(wide);
        await Unfold(wide);
        for (int k = 0; k < 40 && await wide.Find("recipe-grid").CountAsync() > 0; k++)
            await wide.Page.Keyboard.PressAsync("Tab");
        await Folded(wide);
        await wide.Find("map-0-1").ClickAsync();
        await wide.Find("edit-weight-0").WaitForAsync();

        await using Visit narrow = await hosts.Open("native", "", new(360, 780, Touch: true));
        LocatorBoundingBoxResult before = (await narrow.Find("network").BoundingBoxAsync())!;
        await Unfold(narrow);
        LocatorBoundingBoxResult grid = (await narrow.Find("recipe-grid").BoundingBoxAsync())!;
        LocatorBoundingBoxResult after = (await narrow.Find("network").BoundingBoxAsync())!;
        Assert.True(after.Y >= grid.Y + grid.Height && after.Y > before.Y, "The settings push the network down.");
        await narrow.Find("map-0-1").ClickAsync();
        await narrow.Find("edit-weight-0").WaitForAsync();
        Assert.True(await narrow.Find("recipe-grid").IsVisibleAsync());
        await narrow.NothingOverflows();

        static async Task Unfold(Visit visit)
        {
            await visit.Find("recipe-more").ClickAsync();
            await visit.Find("recipe-grid").WaitForAsync();
        }

        static Task Folded(Visit visit) => visit.Until(
            async () => await visit.Find("recipe-grid").CountAsync() == 0, "the settings folded away");
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task A_weight_typed_in_is_the_weight(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Find("map-0-1").ClickAsync();
        await visit.Find("edit-weight-0").WaitForAsync();
        await visit.Find("edit-weight-0").FillAsync("−1,25");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Settled();
        Assert.Equal(-1.25, await visit.Field("edit-weight-0"));
        await visit.Find("edit-bias").FillAsync("1/2");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Settled();
        Assert.Equal("+0.50", await visit.Read("bias-0-1"));
        Assert.Contains("−1.250", await visit.Read("arithmetic"), StringComparison.Ordinal);
    }

    /// <summary>Every bias is on the page, the output's too, and the numbers shown add up.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task The_arithmetic_of_every_unit_adds_up(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Step("epoch", 2);
        foreach ((int layer, int units) in ((int, int)[])[(0, 4), (1, 2), (2, 1)])
        {
            for (int unit = 0; unit < units; unit++)
            {
                Assert.True(await visit.Find($"bias-{layer}-{unit}").IsVisibleAsync());
                await visit.Find($"map-{layer}-{unit}").ClickAsync();
                await visit.Settled();
                var shown = await visit.Find("terms").Locator("tbody tr td:nth-child(4)").AllInnerTextsAsync();
                double[] products =
                    [.. shown.Select(text => double.Parse(Visit.Plain(text), CultureInfo.InvariantCulture))];
                // The last row is the bias; four digits are shown of each.
                double field = await visit.Number("field"), sum = products.Sum();
                double size = products.Sum(Math.Abs) + Math.Abs(field);
                Assert.InRange(field - sum, -1e-3 * size, 1e-3 * size);
                double output = await visit.Number("unit-output");
                Assert.InRange(output - Math.Tanh(field), -1e-3, 1e-3);
            }
        }
    }

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_pasted_table_becomes_the_data(string host)
    {
        await using Visit visit = await hosts.Open(host);
        var rows = Enumerable.Range(0, 80).Select(k => $"{k % 9};{k % 7};{(k % 9 > 4 ? "wide" : "high")}");
        string table = "width;height;kind\n" + string.Join('\n', rows);
        await visit.Find("own-open").ClickAsync();
        await visit.Find("own-text").FillAsync(table);
        await visit.Find("own-read").ClickAsync();
        await visit.Find("own-columns").WaitForAsync();
        Assert.Contains("width", await visit.Read("own-columns"), StringComparison.Ordinal);
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Settled();
        Assert.Contains("wide", await visit.Find("output").InnerTextAsync(), StringComparison.Ordinal);
        await visit.TrainUntil("train-loss", 0.1);
        await visit.Picture("own-table");
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Points_are_drawn_moved_and_erased_without_a_drag(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Find("own-open").ClickAsync();
        await visit.Find("own-draw").ClickAsync();
        await visit.Find("tool-add").WaitForAsync();
        await visit.Settled();
        int Rows(string text) => text.Split(' ').Select(word => int.TryParse(word, out int count) ? count : 0).Sum();
        int before = Rows(await visit.Read("data-rows"));
        await visit.Find("output-map").ClickAsync(new() { Position = new() { X = 60, Y = 60 } });
        await visit.Until(async () => Rows(await visit.Read("data-rows")) == before + 1, "one more point");

        // The same with keys alone: the cross moves, Enter places.
        await visit.Find("output-map").FocusAsync();
        for (int k = 0; k < 5; k++) await visit.Page.Keyboard.PressAsync("Shift+ArrowRight");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Until(async () => Rows(await visit.Read("data-rows")) == before + 2, "two more points");

        await visit.Settled();
        await visit.Find("tool-erase").ClickAsync();
        await visit.Find("output-map").ClickAsync(new() { Position = new() { X = 60, Y = 60 } });
        await visit.Until(async () => Rows(await visit.Read("data-rows")) == before + 1, "one point less");
    }

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task What_is_taken_away_is_a_file_with_content(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Step("epoch");
        (string model, byte[] tensors) = await visit.TakeAway("model");
        Assert.EndsWith(".safetensors", model, StringComparison.Ordinal);
        Assert.True(tensors.Length > 100);
        (_, byte[] png) = await visit.TakeAway("png");
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], png[..4]);
        (_, byte[] svg) = await visit.TakeAway("svg");
        System.Xml.Linq.XDocument drawing = System.Xml.Linq.XDocument.Parse(System.Text.Encoding.UTF8.GetString(svg));
        Assert.Equal(2 * 4 + 4 * 2 + 2, drawing.Descendants("{http://www.w3.org/2000/svg}path").Count());
        (_, byte[] history) = await visit.TakeAway("history");
        Assert.Contains(',', System.Text.Encoding.UTF8.GetString(history));
    }

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_pasted_address_changes_the_settings_and_the_address_follows_them(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Page.EvaluateAsync("location.hash = '#v=1&data=xor&layers=3'");
        await visit.Until(
            async () => await visit.Find("shape").InputValueAsync() == "3", "the settings of the address");
        await visit.Find("dataset-gauss").ClickAsync();
        bool Followed() => visit.Page.Url.Contains("data=gauss", StringComparison.Ordinal);
        await visit.Until(() => Task.FromResult(Followed()), "the address of the settings");
        Assert.DoesNotContain("token", visit.Page.Url, StringComparison.Ordinal);
    }

    /// <summary>The settings of issue #77 of the TensorFlow Playground, which shows NaN for them.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task A_run_that_diverges_says_why(string host)
    {
        await using Visit visit = await hosts.Open(host, "data=spiral&l2=10&rate=0.3");
        await visit.Find("play").ClickAsync();
        await visit.Find("diagnosis").First.WaitForAsync();
        Assert.Contains("2", await visit.Find("diagnosis").First.InnerTextAsync(), StringComparison.Ordinal);
        await visit.Until(async () => await visit.Find("play").InnerTextAsync() == "Train", "training to stop");
        Assert.DoesNotContain("NaN", await visit.Page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        await visit.Picture("diverged");
    }

    /// <summary>By a click to the lowest loss, by keys a hundred updates back and to the start.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task A_run_that_diverges_offers_ways_back(string host)
    {
        await using Visit visit = await hosts.Open(host, "data=gauss&rate=0.3");
        await visit.Step("epoch", 8);
        await visit.Step("batch", 2);
        double changed = await visit.Number("update");
        await visit.Find("set-penalty").SelectOptionAsync("l2");
        await visit.Find("set-l2").FillAsync("10");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Find("play").ClickAsync();
        await visit.Until(async () => await visit.Find("play").InnerTextAsync() == "Train", "training to stop");
        await visit.Settled();
        double end = await visit.Number("update");
        Assert.True(end > 100 && end >= changed);
        await visit.Picture("ways-back");

        await visit.Find("diagnosis-earlier").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Until(async () => await visit.Number("update") == end - 100, "100 updates back");
        await visit.Find("scrubber").FocusAsync();
        await visit.Page.Keyboard.PressAsync("End");
        await visit.Until(async () => await visit.Number("update") > end - 100, "the end again");

        await visit.Find("diagnosis-good").ClickAsync();
        await visit.Until(async () => await visit.Number("update") <= changed, "the lowest loss");
        await visit.Until(async () => await visit.Find("diagnosis").CountAsync() == 0, "all well");
        double loss = await visit.Number("train-loss");
        await visit.Step("epoch", 2); // under the settings of then
        Assert.InRange(await visit.Number("train-loss"), 0, 2 * loss + 0.01);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Bad_input_is_answered_and_the_session_lives_on(string host)
    {
        await using Visit visit = await hosts.Open(host, "v=1&data=nowhere&layers=abc&rate=1e99");
        Assert.NotEqual(0, await visit.Find("diagnosis").CountAsync());
        await visit.Find("set-learningRate").FillAsync("fast");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.GetByText("is not a number").First.WaitForAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Find("set-learningRate").FillAsync("1e30");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.GetByText("At most").First.WaitForAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Find("shape").FillAsync("8, many");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Find("refusal").WaitForAsync();
        await visit.Find("refusal-close").ClickAsync();
        await visit.Step("epoch");
        Assert.True(await visit.Number("update") > 0);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Toggling_a_view_adds_no_point_to_the_curve(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.Step("epoch", 2);
        string before = await visit.Find("loss-chart").GetAttributeAsync("aria-label") ?? "";
        await visit.Find("discretize").ClickAsync();
        await visit.Find("show-test").ClickAsync();
        await visit.Find("log-loss").ClickAsync();
        await visit.Settled();
        Assert.Equal(before, await visit.Find("loss-chart").GetAttributeAsync("aria-label"));
    }

    [Fact]
    public async Task A_link_can_hide_controls_for_a_class()
    {
        await using Visit visit = await hosts.Open("native", "hide=layers,optimizer,timeline");
        Assert.Equal(0, await visit.Find("shape").CountAsync());
        Assert.Equal(0, await visit.Find("set-optimizer").CountAsync());
        Assert.Equal(0, await visit.Find("timeline").CountAsync());
        Assert.Equal(1, await visit.Find("set-learningRate").CountAsync());
    }
}
