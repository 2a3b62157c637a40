using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class CountingSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task The_lectures_network_counts_20_and_26_and_a_link_taken_out_is_one_less(string host)
    {
        await using Visit visit = await hosts.Scene(host, "counting");
        await visit.Find("try-lecture").ClickAsync();
        await visit.Shows("count-total", "20");
        await visit.Find("try-biases").ClickAsync();
        await visit.Shows("count-total", "26");
        await visit.Picture("scene-counting");
        await visit.Find("count-link-0-1-2").DispatchEventAsync("click");
        await visit.Shows("count-total", "25");
        await visit.Find("try-sparse").ClickAsync();
        await visit.Shows("count-total", "24");
        Assert.Contains("Not so", await visit.Predict("30"), StringComparison.Ordinal);
        await visit.Shows("count-total", "32");
    }

    [Fact]
    public async Task Keys_alone_take_out_a_link()
    {
        await using Visit visit = await hosts.Scene("native", "counting");
        await visit.TabTo("count-link-0-0-0");
        await visit.Page.Keyboard.PressAsync("ArrowDown");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Shows("count-total", "25");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Shows("count-total", "26");
    }
}
