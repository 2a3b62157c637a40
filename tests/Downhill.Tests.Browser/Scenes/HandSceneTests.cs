using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class HandSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Lines_come_one_at_a_time_and_the_quiz_takes_the_learners_number(string host)
    {
        await using Visit visit = await hosts.Scene(host, "hand");
        double x = 1, w1 = 0.5, w2 = -1, d = 1;
        double y = 1 / (1 + Math.Exp(-w1 * x)), z = 1 / (1 + Math.Exp(-w2 * y));
        double by2 = (d - z) * z * (1 - z) * y, by1 = (d - z) * z * (1 - z) * w2 * y * (1 - y) * x;
        Assert.Equal(by2, await visit.Number("hand-dPdw2"), 5);
        Assert.Equal(by1, await visit.Number("hand-dPdw1"), 5);
        Assert.Equal(by1, await visit.Number("hand-numeric1"), 5);
        Assert.Equal(by2, await visit.Number("hand-numeric2"), 5);
        await visit.Picture("scene-hand");
        await visit.Find("hand-back").ClickAsync();
        await visit.Shows("hand-dPdw1", "?");
        await visit.Find("hand-next").ClickAsync();
        await visit.Shows("hand-dPdw1", "−");
        await visit.Find("hand-guess").FillAsync("0,0921"); // with a decimal comma
        await visit.Find("hand-check").ClickAsync();
        await visit.Shows("hand-verdict", "Right");
        await visit.Find("hand-guess").FillAsync("-0.0921");
        await visit.Find("hand-check").ClickAsync();
        await visit.Shows("hand-verdict", "sign");
        string before = await visit.Read("hand-P");
        await visit.Find("try-step").ClickAsync();
        await visit.Until(async () => await visit.Read("hand-P") != before, "the step");
        Assert.True(await visit.Number("hand-P") > -0.2118);
        Assert.Contains("As you said", await visit.Predict("smaller"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_alone_answer_the_quiz()
    {
        await using Visit visit = await hosts.Scene("native", "hand");
        await visit.TabTo("hand-guess");
        await visit.Page.Keyboard.TypeAsync("0.092");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Shows("hand-verdict", "Right");
    }
}
