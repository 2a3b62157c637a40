using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class CostSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Costs_add_up_and_a_bar_a_point_and_a_trace_are_one_example(string host)
    {
        await using Visit visit = await hosts.Scene(host, "cost", view: new(1280, 1400));
        double start = await visit.Number("cost-total-euclidean");
        await visit.Find("cost-numbers-open").ClickAsync();
        double[] costs = await visit.Page.EvaluateAsync<double[]>("""
            [...document.querySelectorAll('[data-testid=cost-numbers] tbody tr')]
                .map(row => Number(row.children[3].textContent.replace('−', '-')))
            """);
        Assert.Equal(40, costs.Length);
        Assert.Equal(costs.Sum(), start, 0.01);
        await visit.Find("cost-bar-17").ClickAsync();
        await visit.Shows("cost-trace", "17");
        Assert.Equal(costs[17], await visit.Number("cost-one"), 1e-4);
        await visit.Find("cost-plane-5").ClickAsync();
        await visit.Shows("cost-trace", "Example 5");
        Assert.Contains("chosen", await visit.Find("cost-bar-5").GetAttributeAsync("class"), StringComparison.Ordinal);
        await visit.Find("try-squared").ClickAsync();
        await visit.Until(async () => await visit.Number("epoch") == 40, "forty epochs");
        await visit.Until(async () => await visit.Number("cost-total-euclidean") < start, "a lower total cost");
        await visit.Find("cost-sorted").ClickAsync();
        await visit.Find("cost-tallest").ClickAsync();
        await visit.Settled();
        await visit.Picture("scene-cost");
        double entropy = await visit.Number("cost-total-entropy");
        await visit.Find("try-entropy").ClickAsync();
        await visit.Until(async () => await visit.Find("cost-trains").InputValueAsync() == "binary_cross_entropy"
            && await visit.Number("epoch") == 40, "forty epochs with cross-entropy");
        await visit.Until(async () => await visit.Number("cost-total-entropy") != entropy, "its costs");
        Assert.Contains("As you said", await visit.Predict("entropy"), StringComparison.Ordinal);
        await visit.Shows("cost-entropy", "−ln(1 − 0.99");
        await visit.Shows("cost-pull", "−0.9");
    }

    [Fact]
    public async Task Keys_alone_choose_an_example_and_the_address_keeps_it()
    {
        await using Visit visit = await hosts.Scene("native", "cost");
        await visit.TabTo("cost-row");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Shows("cost-trace", "Example 2");
        await visit.Until(async () => (await visit.Page.EvaluateAsync<string>("location.hash")).Contains("row%3A2",
            StringComparison.OrdinalIgnoreCase) || (await visit.Page.EvaluateAsync<string>("location.hash"))
                .Contains("row:2", StringComparison.Ordinal), "the example in the address");
    }
}
