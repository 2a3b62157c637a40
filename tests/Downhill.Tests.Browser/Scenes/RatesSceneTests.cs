using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class RatesSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Rates_of_layers_are_compared_from_one_start(string host)
    {
        await using Visit visit = await hosts.Scene(host, "rates", view: new(1280, 1400));
        await visit.Find("rates-curves").WaitForAsync();
        double one = await visit.Number("rates-loss-one"), layers = await visit.Number("rates-loss-layers");
        Assert.True(layers < one);
        await visit.Shows("rates-table", "2.00"); // η = 0.5 times 4 in the first layer
        await visit.Picture("scene-rates");
        await visit.Find("try-hold").ClickAsync();
        await visit.Until(async () => await visit.Number("rates-loss-layers") != layers, "a first layer that is held",
            60);
        await visit.Find("try-deep").ClickAsync();
        await visit.Until(async () => (await visit.Read("rates-table")).Contains("η of layer 4",
            StringComparison.Ordinal), "four layers", 60);
        double[] deep = await Gradients(visit);
        Assert.True(deep[0] < 0.1 * deep[3], $"{deep[0]} {deep[3]}");
        await visit.Picture("scene-rates-deep");
        await visit.Find("try-tanh").ClickAsync();
        await visit.Until(async () => (await Gradients(visit))[0] > 10 * deep[0], "larger gradients with tanh", 60);
        Assert.Contains("As you said", await visit.Predict("layers"), StringComparison.Ordinal);
        await visit.Find("rates-take").ClickAsync();
        await visit.Find("step").ClickAsync();
        await visit.Until(async () => await visit.Number("update") > 0, "an update with these rates");
    }

    [Fact]
    public async Task Keys_alone_change_a_factor_and_look_at_a_later_update()
    {
        await using Visit visit = await hosts.Scene("native", "rates");
        await visit.Find("rates-curves").WaitForAsync();
        string before = await visit.Read("rates-loss-layers");
        await visit.TabTo("rates-at");
        string gradient = (await visit.Find("rates-gradient").GetAttributeAsync("aria-label"))!;
        await visit.Page.Keyboard.PressAsync("End");
        await visit.Until(async () => await visit.Find("rates-gradient").GetAttributeAsync("aria-label") != gradient,
            "other gradients at the end");
        await visit.TabTo("rates-factor-0");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Read("rates-loss-layers") != before, "another factor");
    }

    /// <summary>Of the network with one η, layer by layer, as the table has them.</summary>
    private static async Task<double[]> Gradients(Visit visit) => await visit.Page.EvaluateAsync<double[]>("""
        [...document.querySelector('[data-testid=rates-numbers] tbody tr').children].slice(3)
            .filter((_, k) => k % 2 === 0).map(cell => Number(cell.textContent.replaceAll('−', '-')))
        """);
}
