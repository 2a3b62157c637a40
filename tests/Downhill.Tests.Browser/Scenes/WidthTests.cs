using Xunit;

namespace Downhill.Tests.Browser.Scenes;

/// <summary>Every scene fits a phone; pictures of all of them are left to look at. Wider screens are asked by each
/// scene's own tests.</summary>
public sealed class WidthTests(Hosts hosts)
{
    [Fact]
    public async Task No_scene_is_wider_than_a_phone()
    {
        const int width = 360;
        ViewOptions view = new(width, 800, true, false);
        string[] names;
        await using (Visit course = await hosts.Scene("native", "course", "", view))
        {
            names = await course.Page.EvaluateAsync<string[]>(
                "[...document.querySelectorAll('.course-card')].map(e => e.dataset.testid.slice(5))");
        }
        Assert.Equal(17, names.Length);
        List<string> wide = [];
        foreach (string name in names)
        {
            await using Visit visit = await hosts.Scene("native", name, "", view);
            await visit.Until(() => visit.Page.EvaluateAsync<bool>(
                "(document.querySelector('.scene-picture')?.childElementCount ?? 0) > 0"), $"the picture of {name}",
                    60);
            await visit.Settled();
            int over = await visit.Overflow();
            if (over > 0) wide.Add($"{name} by {over} px");
            await visit.Page.ScreenshotAsync(new()
            {
                Path = Path.Combine(Hosts.Pictures, $"all-{name}-{width}.png"),
                FullPage = true,
            });
        }
        Assert.True(wide.Count == 0, $"Wider than {width} px: {string.Join(", ", wide)}.");
    }
}
