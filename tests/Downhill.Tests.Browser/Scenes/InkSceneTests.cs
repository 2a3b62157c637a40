using Downhill.Checks;
using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class InkSceneTests(Hosts hosts)
{
    /// <summary>Trained in front of the audience, then ten digits drawn with the mouse as a hand would.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Drawn_digits_are_read(string host)
    {
        await using Visit visit = await hosts.Scene(host, "ink");
        await visit.Find("try-train").ClickAsync();
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        await visit.Until(async () => await visit.Number("ink-epochs") >= 12, "12 epochs", 120);
        TestContext.Current.TestOutputHelper?.WriteLine($"{host}: trained in {watch.Elapsed.TotalSeconds:f1} s");
        await visit.Settled();
        Assert.True(await visit.Number("ink-accuracy") >= 92);
        List<string> wrong = [];
        for (int digit = 0; digit < 10; digit++)
        {
            await visit.Find("ink-clear").ClickAsync();
            await Draw(visit, Strokes.Of(digit, 4));
            string answer = await visit.Read("ink-answer");
            if (answer != $"{digit}") wrong.Add($"{digit} read as {answer}");
            if (digit == 8) await visit.Picture("scene-ink");
        }
        Assert.True(wrong.Count <= 1, string.Join("; ", wrong));
        Assert.NotEqual(0, await visit.Find("ink-mistakes").Locator("button").CountAsync());
        await visit.Find("try-mistake").ClickAsync();
        await visit.Find("ink-truth").WaitForAsync();
        await visit.Settled();
        Assert.NotEqual(await visit.Read("ink-truth"), await visit.Read("ink-answer"));
        await visit.Find("try-corner").ClickAsync();
        await visit.Shows("ink-answer", "4");
        await visit.Find("try-raw").ClickAsync();
        await visit.Settled();
        Assert.Contains("As you said", await visit.Predict(await visit.Read("ink-answer") == "4" ? "four" : "other"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_alone_draw_a_line_and_the_address_keeps_it()
    {
        await using Visit visit = await hosts.Scene("native", "ink");
        await visit.Shows("ink-answer", "no ink");
        await visit.TabTo("ink-pad");
        for (int k = 0; k < 5; k++) await visit.Page.Keyboard.PressAsync("Shift+ArrowDown");
        await visit.Shows("ink-cell", "Row 13, column 8: ink");
        await visit.Until(async () => await visit.Read("ink-answer") != "no ink", "a reading");
        await visit.Page.Keyboard.PressAsync(" ");
        await visit.Shows("ink-cell", "Row 13, column 8: no ink");
        await visit.Settled();
        string drawn = (await visit.Find("ink-pad").Locator("path.ink").GetAttributeAsync("d"))!;
        Assert.Equal("M7 7h1v1h-1zM7 8h1v1h-1zM7 9h1v1h-1zM7 10h1v1h-1zM7 11h1v1h-1z", drawn);
        string hash = await visit.Page.EvaluateAsync<string>("location.hash");
        await using Visit again = await visit.Again(hash[1..], "scene-ink");
        Assert.Equal(drawn, await again.Find("ink-pad").Locator("path.ink").GetAttributeAsync("d"));
        await visit.TabTo("ink-unit-more");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Shows("ink-unit", "2");
    }

    private static async Task Draw(Visit visit, double[][] strokes)
    {
        await visit.Find("ink-pad").ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult pad = (await visit.Find("ink-pad").BoundingBoxAsync())!;
        IMouse mouse = visit.Page.Mouse;
        foreach (double[] way in strokes)
        {
            for (int k = 0; k < way.Length; k += 2)
            {
                await mouse.MoveAsync((float)(pad.X + way[k] * pad.Width / 16),
                    (float)(pad.Y + way[k + 1] * pad.Height / 16));
                if (k == 0) await mouse.DownAsync();
            }
            await mouse.UpAsync();
        }
        await visit.Settled();
    }
}
