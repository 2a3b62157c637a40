using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class PerceptronSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task And_converges_and_xor_is_proved_impossible(string host)
    {
        await using Visit visit = await hosts.Scene(host, "perceptron");
        await visit.Find("try-and").ClickAsync();
        for (int k = 0; k < 40 && await visit.Find("perceptron-mistake").IsEnabledAsync(); k++)
        {
            await visit.Find("perceptron-mistake").ClickAsync();
            await visit.Page.WaitForTimeoutAsync(150);
        }
        await visit.Shows("perceptron-story", "has converged");
        Assert.Equal(0, await visit.Number("perceptron-wrong"));
        await visit.Picture("scene-perceptron");
        await visit.Find("try-xor").ClickAsync();
        await visit.Shows("perceptron-answer", "= (0, 0, 0)");
        Assert.Contains("As you said", await visit.Predict("never"), StringComparison.Ordinal);
        await visit.Find("try-clouds").ClickAsync();
        await visit.Find("perceptron-prove").ClickAsync();
        await visit.Shows("perceptron-answer", "separable");
        await visit.Find("scene-again").ClickAsync();
        await visit.Shows("perceptron-steps", "0");
    }

    [Fact]
    public async Task Keys_alone_step_and_move_a_point()
    {
        await using Visit visit = await hosts.Scene("native", "perceptron", "with=set:own;points:0,0,-1_1,1,1");
        await visit.TabTo("perceptron-point-1");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Find("perceptron-numbers-open").ClickAsync();
        await visit.Shows("perceptron-numbers", "1.050");
        await visit.TabTo("perceptron-mistake");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Shows("perceptron-mistakes", "1");
    }
}
