using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class GraphSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Values_go_forward_derivatives_backward_and_a_layer_comes_apart(string host)
    {
        await using Visit visit = await hosts.Scene(host, "graph", view: new(1280, 1400));
        await visit.Find("graph-drawing").WaitForAsync();
        int whole = await visit.Page.Locator(".graph-drawing .node").CountAsync();
        await visit.Picture("scene-graph");
        await visit.Find("try-walk").ClickAsync();
        await visit.Shows("graph-value", "?"); // of the cost, which is chosen at first
        await visit.Shows("graph-story", "Forward: 0 of");
        await visit.Find("graph-next").ClickAsync();
        await visit.Shows("graph-story", "Forward: 1 of");
        await visit.Find("try-back").ClickAsync();
        await visit.Shows("graph-story", "Forward:");
        Assert.Equal("?", await visit.Read("graph-derivative"));
        await visit.Find("graph-next").ClickAsync();
        await visit.Shows("graph-derivative", "1"); // ∂L/∂L
        await visit.Find("try-expand").ClickAsync();
        await visit.Until(async () => await visit.Page.Locator(".graph-drawing .node").CountAsync() > whole + 20,
            "the layer's single numbers");
        Assert.Equal(0, await visit.Page.Locator(".graph-drawing .node text", new() { HasText = "?" }).CountAsync());
        await visit.Picture("scene-graph-expanded");
        Assert.Contains("As you said", await visit.Predict("sum"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_derivative_of_a_weight_is_the_one_the_playground_shows_for_the_example()
    {
        await using Visit visit = await hosts.Scene("native", "graph", "with=row:3");
        await visit.Find("graph-drawing").WaitForAsync();
        await visit.Find("graph-numbers-open").ClickAsync();
        string graph = await visit.Page.EvaluateAsync<string>("""
            [...document.querySelectorAll('[data-testid=graph-numbers] tbody tr')]
                .find(row => row.children[0].textContent === 'W₂').children[3].textContent.split(' ; ')[0].trim()
            """);
        string engine = await visit.Page.EvaluateAsync<string>("""
            [...document.querySelectorAll('[data-testid=graph-numbers] tbody tr')]
                .find(row => row.children[0].textContent === 'v₂').children[3].textContent.trim()
            """);
        Assert.NotEqual("?", graph);
        // ∂L/∂w = ∂L/∂v · y: the row of y₁ times the number at v₂.
        string y = await visit.Page.EvaluateAsync<string>("""
            [...document.querySelectorAll('[data-testid=graph-numbers] tbody tr')]
                .find(row => row.children[0].textContent === 'y₁').children[2].textContent.trim().split(/ +/)[0]
            """);
        Assert.Equal(Of(engine) * Of(y), Of(graph), 3e-4);

        static double Of(string text) =>
            double.Parse(Visit.Plain(text), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Keys_alone_go_from_node_to_node_and_expand_a_layer()
    {
        await using Visit visit = await hosts.Scene("native", "graph");
        await visit.Find("graph-drawing").WaitForAsync();
        int last = await visit.Page.Locator(".graph-drawing .node").CountAsync() - 1;
        await visit.TabTo($"graph-node-{last}");
        await visit.Page.Keyboard.PressAsync("ArrowRight"); // around to the first
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Page.EvaluateAsync<string?>(
            "document.activeElement?.dataset?.testid ?? null") == "graph-node-2", "the third node");
        await visit.Shows("graph-node", "learned");
        await visit.Page.Keyboard.PressAsync("Shift+Tab");
        await visit.TabTo("graph-expand-0");
        await visit.Page.Keyboard.PressAsync(" ");
        await visit.Until(async () => await visit.Page.Locator(".graph-drawing .node").CountAsync() > last + 20,
            "the layer's single numbers");
    }
}
