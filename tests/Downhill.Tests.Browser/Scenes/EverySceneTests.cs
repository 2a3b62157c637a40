using Microsoft.Playwright;
using Xunit;
using Xunit.Sdk;

namespace Downhill.Tests.Browser.Scenes;

/// <summary>
/// What holds of every scene of the lecture, asked in one page that goes from scene to scene by its address: nothing
/// for axe to find, nothing wider than the screen, and a picture of each to look at.
/// </summary>
public sealed class EverySceneTests(Hosts hosts)
{
    /// <summary>Of scenes that show more than they begin with: the address to look at, and what must have
    /// come.</summary>
    private static readonly Dictionary<string, (string With, string Shows)> More = new(StringComparer.Ordinal)
    {
        ["neuron"] = ("phi:ramp", ""),
        ["perceptron"] = ("set:xor;steps:9;prove:yes", ""),
        ["regions"] = ("x:0.5;y:0.5", "regions-story"),
        ["solid"] = ("p0:0.5;p1:0.5", "solid-story"),
        ["minima"] = ("walk:300", "minima-table"),
        ["rates"] = ("", "rates-curves"),
        ["stopping"] = ("", "stop-curves"),
        ["graph"] = ("open:0", "graph-drawing"),
        ["gradients"] = ("", "gradients-growth"),
        ["ecosystem"] = ("", "eco-files"),
    };

    [Theory, InlineData(1280, 800, true), InlineData(360, 780, false)]
    public async Task Axe_finds_nothing_and_nothing_overflows(int width, int height, bool dark)
    {
        await using Visit visit = await hosts.Scene("native", "course", "", new(width, height, width < 600, dark));
        string[] names = await visit.Page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('.course-card')].map(e => e.dataset.testid.slice(5))");
        Assert.Equal(17, names.Length);
        List<string> wrong = [];
        await Look("course");
        foreach (string name in names)
        {
            (string with, string shows) = More.GetValueOrDefault(name, ("", ""));
            await visit.Page.EvaluateAsync("hash => location.hash = hash", $"#v=1&scene={name}&with={with}");
            await visit.Find($"scene-{name}").WaitForAsync();
            await visit.Until(() => visit.Page.EvaluateAsync<bool>(
                "(document.querySelector('.scene-picture')?.childElementCount ?? 0) > 0"), $"the picture of {name}",
                    60);
            if (shows.Length > 0) await visit.Find(shows).First.WaitForAsync();
            if (name == "ink")
            {
                await visit.Find("try-corner").ClickAsync();
                await visit.Step("epoch");
            }
            if (name == "minima")
                await visit.Until(async () => await visit.Find(shows).Locator("tbody tr").CountAsync() > 0, "ends", 90);
            await visit.Settled();
            await Look(name);
        }
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));

        async Task Look(string name)
        {
            try
            {
                await visit.AxeFindsNothing();
                await visit.NothingOverflows();
                await visit.Find("present").ClickAsync();
                await visit.Find("presenter").WaitForAsync();
                await visit.NothingOverflows();
                await visit.Find("present").ClickAsync();
            }
            catch (XunitException found)
            {
                wrong.Add($"{name}: {found.Message}");
            }
            await visit.Picture($"scene-{name}-{width}", whole: true);
        }
    }
}
