using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class MinimaSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Starts_fall_into_minima_and_places_are_told_apart(string host)
    {
        await using Visit visit = await hosts.Scene(host, "minima");
        await visit.Shows("minima-kind", "saddle");
        await visit.Find("try-down").ClickAsync();
        await visit.Until(async () => await visit.Find("minima-table").Locator("tbody tr").CountAsync() >= 2,
            "two minima", 90);
        await visit.Settled();
        Assert.Equal(2, (await visit.Find("minima-table").Locator("tbody td:nth-child(2)").AllInnerTextsAsync())
            .Count(kind => kind == "minimum"));
        await visit.Picture("scene-minima");
        await visit.Find("try-plateau").ClickAsync();
        await visit.Shows("minima-kind", "plateau");
        await visit.Find("try-saddle").ClickAsync();
        await visit.Shows("minima-kind", "saddle");
        string equal = await visit.Read("minima-table");
        await visit.Find("try-unequal").ClickAsync();
        await visit.Until(async () => await visit.Read("minima-table") != equal, "two depths", 90);
        await visit.Settled();
        await visit.Picture("scene-minima-unequal");
        Assert.Contains("As you said", await visit.Predict("still"), StringComparison.Ordinal);
        await visit.Find("try-xor").ClickAsync();
        await visit.Until(async () => (await visit.Find("minima-all").IsCheckedAsync()), "all weights moving", 90);
    }

    [Fact]
    public async Task Keys_alone_move_the_place_and_the_balls()
    {
        await using Visit visit = await hosts.Scene("native", "minima");
        await visit.Shows("minima-kind", "saddle");
        await visit.TabTo("minima-probe");
        for (int k = 0; k < 5; k++) await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Shows("minima-kind", "slope");
        await visit.Find("minima-numbers-open").ClickAsync();
        string before = await visit.Read("minima-numbers");
        await visit.TabTo("minima-walk");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Read("minima-numbers") != before, "the balls' next places");
        await visit.Settled();
        string hash = await visit.Page.EvaluateAsync<string>("location.hash");
        await using Visit again = await visit.Again(hash[1..], "scene-minima");
        await again.Shows("minima-kind", "slope");
    }
}
