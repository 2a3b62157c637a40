using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class NeuronSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task What_the_text_invites_to_does_what_it_says(string host)
    {
        await using Visit visit = await hosts.Scene(host, "neuron");
        Assert.Equal(1.5, await visit.Number("neuron-field")); // 1·2 − 1·1 + ½
        await visit.Picture("scene-neuron");
        await visit.Find("try-negative").ClickAsync();
        await visit.Shows("neuron-field", "−2.500");
        await visit.Find("try-step").ClickAsync();
        await visit.Shows("neuron-output", "0");
        await visit.Find("neuron-bias-more").ClickAsync();
        await visit.Find("try-narrow").ClickAsync();
        await visit.Shows("neuron-arithmetic", "y = φ(v)");
        Assert.Contains("As you said", await visit.Predict("stays"), StringComparison.Ordinal);
        Assert.Contains("Not so", await visit.Predict("turns"), StringComparison.Ordinal);
        await visit.Settled();
        string hash = await visit.Page.EvaluateAsync<string>("location.hash");
        Assert.Contains("w1:2", Uri.UnescapeDataString(hash), StringComparison.Ordinal);
        await using Visit again = await visit.Again(hash[1..], "scene-neuron");
        Assert.Equal(await visit.Read("neuron-arithmetic"), await again.Read("neuron-arithmetic"));
    }

    [Fact]
    public async Task Dragging_a_handle_a_click_and_the_arrows_do_the_same()
    {
        await using Visit visit = await hosts.Scene("native", "neuron");
        LocatorBoundingBoxResult box = (await visit.Find("neuron-point").BoundingBoxAsync())!;
        await visit.Page.Mouse.MoveAsync(box.X + box.Width / 2, box.Y + box.Height / 2);
        await visit.Page.Mouse.DownAsync();
        await visit.Page.Mouse.MoveAsync(box.X + box.Width / 2 - 60, box.Y + box.Height / 2, new() { Steps = 4 });
        await visit.Page.Mouse.UpAsync();
        await visit.Settled();
        Assert.InRange(await visit.Number("neuron-field"), -3, 1);
        await visit.Find("scene-again").ClickAsync();
        await visit.Shows("neuron-field", "1.500");
        await visit.TabTo("neuron-point");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Shows("neuron-field", "1.600");
        await visit.Find("neuron-numbers-open").ClickAsync();
        Assert.True(await visit.Find("neuron-numbers").Locator("tbody tr").CountAsync() > 20);
    }
}
