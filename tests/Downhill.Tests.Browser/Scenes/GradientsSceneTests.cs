using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class GradientsSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task All_methods_agree_and_their_costs_grow_apart(string host)
    {
        await using Visit visit = await hosts.Scene(host, "gradients", view: new(1280, 1400));
        await visit.Find("gradients-growth").WaitForAsync();
        double exact = await visit.Number("gradients-reverse");
        foreach (string method in (string[])["two", "five", "forward"])
            Assert.Equal(exact, await visit.Number($"gradients-{method}"), 1e-8);
        await visit.Picture("scene-gradients");
        await visit.Find("try-double").ClickAsync();
        await visit.Until(async () => await Operations(visit) is { Length: 6 }, "six networks", 60);
        double[][] grown = await Operations(visit);
        // From 17 to 129 weights: differences grow with the square, reverse mode in proportion.
        Assert.True(grown[5][1] / grown[2][1] > 30);
        Assert.True(grown[5][4] / grown[2][4] < 10);
        await visit.Find("try-step").ClickAsync();
        await visit.Settled();
        double best = await visit.Number("gradients-off");
        await visit.Find("try-tiny").ClickAsync();
        await visit.Until(async () => await visit.Number("gradients-off") > 100 * best, "the rounding of a tiny step");
        Assert.Contains("As you said", await visit.Predict("same"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_alone_choose_a_weight_and_a_step()
    {
        await using Visit visit = await hosts.Scene("native", "gradients");
        await visit.Find("gradients-growth").WaitForAsync();
        string before = await visit.Read("gradients-exact");
        await visit.TabTo("gradients-weight");
        await visit.Page.Keyboard.PressAsync("ArrowDown");
        await visit.Until(async () => await visit.Read("gradients-exact") != before, "another weight's derivative");
        string off = await visit.Read("gradients-off");
        await visit.TabTo("gradients-h");
        await visit.Page.Keyboard.PressAsync("Home");
        await visit.Until(async () => await visit.Read("gradients-off") != off, "another step");
    }

    /// <summary>Of each network: weights, and operations by two- and five-point differences, forward and reverse
    /// mode.</summary>
    private static async Task<double[][]> Operations(Visit visit) => await visit.Page.EvaluateAsync<double[][]>("""
        [...document.querySelectorAll('[data-testid=gradients-numbers] tbody tr')].map(row =>
            [...row.children].slice(1).map(cell => Number(cell.textContent.replace(/\s/g, ''))))
        """);
}
