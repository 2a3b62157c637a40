using Xunit;

namespace Downhill.Tests.Browser.Scenes;

/// <summary>The scenes on an error surface: the surface itself, momentum, batches.</summary>
public sealed class SurfaceSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task Descent_leaves_the_shown_plane_and_the_scene_says_how_far(string host)
    {
        await using Visit visit = await hosts.Scene(host, "surface");
        double start = await visit.Number("surface-loss");
        await visit.Find("try-down").ClickAsync();
        await visit.Until(async () => await visit.Find("surface-off").CountAsync() > 0
            && await visit.Number("surface-off") > 0, "a descent that leaves the plane");
        Assert.True(await visit.Number("surface-true") < start);
        await visit.Until(
            async () => (await visit.Read("surface-fineness")).Contains("60 × 60", StringComparison.Ordinal),
            "the fine picture", 60);
        await visit.Picture("scene-surface");
        await visit.Find("surface-view").SelectOptionAsync("climb");
        await visit.Until(async () => await visit.Number("surface-true") < 0, "performance in place of cost", 60);
        await visit.Find("surface-view").SelectOptionAsync("descend");
        Assert.Matches("As you said|Not so", await visit.Predict("higher"));
        await visit.Find("step").ClickAsync(); // the network itself
        await visit.Until(async () => await visit.Number("update") > 0, "an epoch");
        await visit.Until(async () => await visit.Number("surface-loss") < start, "the surface of the trained network",
            60);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task A_ball_with_mass_is_ahead_of_one_without(string host)
    {
        await using Visit visit = await hosts.Scene(host, "momentum");
        await visit.Find("try-half").ClickAsync();
        await visit.Settled();
        await visit.Find("try-nine").ClickAsync();
        await visit.Settled();
        Assert.True(await visit.Number("momentum-mass") < await visit.Number("momentum-plain"));
        await visit.Picture("scene-momentum");
        Assert.Contains("As you said", await visit.Predict("mass"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Batches_are_compared_by_updates_by_epochs_and_by_time(string host)
    {
        await using Visit visit = await hosts.Scene(host, "batches");
        foreach (string way in (string[])["updates", "epoch", "time"])
        {
            await visit.Find($"try-{way}").ClickAsync();
            await visit.Settled();
            Assert.Equal(3, await visit.Find("batches-table").Locator("tbody tr").CountAsync());
        }
        await visit.Find("try-epoch").ClickAsync();
        await visit.Shows("batches-table", "400");
        await visit.Picture("scene-batches");
        Assert.Matches("As you said|Not so", await visit.Predict("full"));
    }

    [Fact]
    public async Task Keys_alone_move_the_start_and_walk_the_path()
    {
        await using Visit visit = await hosts.Scene("native", "momentum");
        string before = await visit.Read("momentum-mass");
        await visit.TabTo("momentum-start");
        await visit.Page.Keyboard.PressAsync("Shift+ArrowUp");
        await visit.Until(async () => await visit.Read("momentum-mass") != before, "another start");
        string moved = await visit.Read("momentum-mass");
        await visit.TabTo("momentum-walk");
        for (int k = 0; k < 5; k++) await visit.Page.Keyboard.PressAsync("ArrowLeft");
        await visit.Until(async () => await visit.Read("momentum-mass") != moved, "five updates back");
        await visit.Find("momentum-numbers-open").ClickAsync();
        Assert.True(await visit.Find("momentum-numbers").Locator("tbody tr").CountAsync() > 50);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task The_regimes_of_momentum_are_named(string host)
    {
        await using Visit visit = await hosts.Scene(host, "momentum");
        await visit.Find("try-wild").ClickAsync();
        await visit.Shows("momentum-regime-steep", "under-damped");
        await visit.Picture("scene-momentum-regimes");
        await visit.Find("try-critical").ClickAsync();
        await visit.Shows("momentum-regime-gentle", "critically damped");
        Assert.Contains("γ = 0.481", await visit.Find("momentum-gamma").Locator("option:checked").InnerTextAsync(),
            StringComparison.Ordinal);
        await visit.Picture("scene-momentum-critical");
        // The question is about the surface of the beginning.
        Assert.Contains("As you said", await visit.Predict("mass"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Shuffling_is_seen(string host)
    {
        await using Visit visit = await hosts.Scene(host, "batches");
        await visit.Find("batches-order-numbers-open").ClickAsync();
        string shuffled = await visit.Read("batches-order-numbers");
        await visit.Find("try-order").ClickAsync();
        await visit.Until(async () => await visit.Read("batches-order-numbers") != shuffled, "the given order");
        await visit.Shows("batches-order-numbers", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
        await visit.Find("batches-order").ScrollIntoViewIfNeededAsync();
        await visit.Picture("scene-batches-order");
    }

    [Fact]
    public async Task Keys_alone_use_the_error_surface()
    {
        await using Visit visit = await hosts.Scene("native", "surface");
        string loss = await visit.Read("surface-loss");
        await visit.TabTo("surface-second");
        await visit.Page.Keyboard.PressAsync("ArrowDown");
        await visit.TabTo("surface-start");
        await visit.Page.Keyboard.PressAsync("Shift+ArrowUp");
        await visit.Until(async () => await visit.Find("surface-here").CountAsync() == 1, "a start of one's own");
        await visit.TabTo("surface-updates");
        for (int k = 0; k < 4; k++) await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Find("surface-walk").CountAsync() == 1
            && await visit.Number("surface-off") > 0, "a descent of 40 updates");
        string end = await visit.Read("surface-true");
        await visit.TabTo("surface-walk");
        for (int k = 0; k < 10; k++) await visit.Page.Keyboard.PressAsync("ArrowLeft");
        await visit.Until(async () => await visit.Read("surface-true") != end, "ten updates back");
        if (await visit.Find("surface-space").CountAsync() > 0)
        {
            await visit.TabTo("surface-space");
            await visit.Page.Keyboard.PressAsync("ArrowLeft");
            await visit.Until(async () => await visit.Find("surface-space-turn").InputValueAsync() == "-40", "a turn");
        }
        Assert.Equal(loss, await visit.Read("surface-loss")); // the network itself has not moved
    }

    [Fact]
    public async Task Keys_alone_compare_batches()
    {
        await using Visit visit = await hosts.Scene("native", "batches");
        string before = await visit.Read("batches-table");
        await visit.TabTo("batches-amount");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Read("batches-table") != before, "three epochs");
        await visit.TabTo("batches-shuffle");
        await visit.Page.Keyboard.PressAsync(" ");
        await visit.Until(async () => !await visit.Find("batches-shuffle").IsCheckedAsync(), "the given order");
        await visit.TabTo("batches-numbers-open");
        await visit.Page.Keyboard.PressAsync("Enter");
        Assert.True(await visit.Find("batches-numbers").IsVisibleAsync());
    }
}
