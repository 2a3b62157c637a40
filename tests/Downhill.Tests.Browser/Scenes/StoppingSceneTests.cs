using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class StoppingSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task The_best_weights_are_shown_and_come_back_and_the_end_has_learned_by_heart(string host)
    {
        await using Visit visit = await hosts.Scene(host, "stopping", view: new(1280, 1400));
        await visit.Find("stop-curves").WaitForAsync();
        (double best, double epoch) = (await visit.Number("stop-validation"), await visit.Number("stop-epoch"));
        double train = await visit.Number("stop-train");
        await visit.Picture("scene-stopping");
        await visit.Find("try-end").ClickAsync();
        await visit.Until(async () => await visit.Number("stop-epoch") == 200, "the last epoch", 60);
        Assert.True(await visit.Number("stop-train") < train);
        Assert.True(await visit.Number("stop-validation") > best);
        await visit.Picture("scene-stopping-end");
        await visit.Find("try-best").ClickAsync();
        await visit.Until(async () => await visit.Number("stop-epoch") == epoch, "the best epoch", 60);
        // Rule 1 waits for as many epochs as it has patience.
        double stop = await visit.Number("stop-go-rule-1");
        Assert.Equal(epoch + 20, stop);
        await visit.Find("stop-go-rule-1").ClickAsync();
        await visit.Until(async () => await visit.Number("stop-epoch") == stop, "the stop of rule 1", 60);
        await visit.Find("try-best").ClickAsync();
        await visit.Until(async () => await visit.Number("stop-epoch") == epoch, "the best epoch again", 60);
        await visit.Find("stop-restore").ClickAsync();
        await visit.Shows("stop-restored", $"epoch {epoch}");
        await visit.Find("try-lecture").ClickAsync();
        await visit.Shows("stop-table", "change(threshold=0.01");
        await visit.Until(async () => await visit.Number("stop-epoch") < epoch, "an early stop", 60);
        Assert.Contains("As you said", await visit.Predict("best"), StringComparison.Ordinal);
        if (host == "browser") return;
        await visit.Find("to-playground").ClickAsync();
        await visit.Find("network").WaitForAsync();
        Assert.Equal(epoch, await visit.Number("epoch"));
    }

    [Fact]
    public async Task Keys_alone_walk_the_epochs_and_change_the_patience()
    {
        await using Visit visit = await hosts.Scene("native", "stopping");
        await visit.Find("stop-curves").WaitForAsync();
        double epoch = await visit.Number("stop-epoch");
        await visit.TabTo("stop-handle");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Until(async () => await visit.Number("stop-epoch") == epoch + 1, "an epoch later");
        double stop = await visit.Number("stop-go-rule-1");
        await visit.TabTo("stop-patience");
        await visit.Page.Keyboard.PressAsync("ArrowLeft");
        await visit.Until(async () => await visit.Number("stop-go-rule-1") == stop - 1, "an earlier stop");
    }
}
