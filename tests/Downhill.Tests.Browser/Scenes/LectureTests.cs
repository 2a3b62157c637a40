using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser.Scenes;

/// <summary>The index of the course, the way between scenes, and presenting.</summary>
public sealed class LectureTests(Hosts hosts)
{
    /// <summary>On the static site, where every scene so asks the interpreted engine all that its question needs; on
    /// the server in the long form.</summary>
    [Theory, MemberData(nameof(Hosts.EitherStatic), MemberType = typeof(Hosts))]
    public async Task The_index_leads_to_every_scene_and_back(string host)
    {
        await using Visit visit = await hosts.Scene(host, "course");
        string[] names = await visit.Page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('.course-card')].map(e => e.dataset.testid.slice(5))");
        Assert.NotEmpty(names);
        await visit.Picture("scene-course");
        foreach (string name in names)
        {
            await visit.Find($"open-{name}").ClickAsync();
            await visit.Find($"scene-{name}").WaitForAsync();
            await visit.Settled();
            Assert.Equal(0, await visit.Find("scene-refused").CountAsync());
            await visit.Page.GoBackAsync();
            await visit.Find("course-index").WaitForAsync();
            await visit.Settled();
            await visit.Find($"open-{name}").ClickAsync();
            await visit.Find($"scene-{name}").WaitForAsync();
            await visit.Settled();
            string option = (await visit.Find("predict").Locator("button.guess").First
                .GetAttributeAsync("data-testid"))!;
            string said = await visit.Predict(option["predict-".Length..]);
            Assert.Matches("As you said|Not so", said);
            await visit.Find("course").ClickAsync();
            await visit.Find("course-index").WaitForAsync();
        }
    }

    /// <summary>What a scene was still doing when it was left neither writes over the address that was gone back to nor
    /// comes to the index.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task Back_from_a_scene_that_still_answers_leads_to_the_index_and_forward_to_the_scene(string host)
    {
        await using Visit visit = await hosts.Scene(host, "course");
        string course = await Hash();
        string[] names = await visit.Page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('.course-card')].map(e => e.dataset.testid.slice(5))");
        Assert.NotEmpty(names);
        foreach (string name in names)
        {
            await visit.Find($"open-{name}").ClickAsync();
            await visit.Find($"scene-{name}").WaitForAsync();
            int entries = await visit.Page.EvaluateAsync<int>("history.length");
            await visit.Find("predict").Locator("button.guess").First.ClickAsync();
            await visit.Page.EvaluateAsync(
                "document.querySelector('[data-testid=predict-run]').click(), setTimeout(() => history.back(), 20)");
            await visit.Find("course-index").WaitForAsync();
            await visit.Settled();
            Assert.Equal((name, course, entries),
                (name, await Hash(), await visit.Page.EvaluateAsync<int>("history.length")));
        }
        await visit.Page.EvaluateAsync("history.forward()");
        await visit.Find($"scene-{names[^1]}").WaitForAsync();
        Assert.Equal("", await visit.Read("predict-outcome"));

        Task<string> Hash() => visit.Page.EvaluateAsync<string>("location.hash");
    }

    [Fact]
    public async Task Back_goes_one_page_at_a_time()
    {
        await using Visit visit = await hosts.Open("native");
        await visit.Find("course").ClickAsync();
        await visit.Find("course-index").WaitForAsync();
        await visit.Find("open-neuron").ClickAsync();
        await visit.Find("scene-neuron").WaitForAsync();
        await visit.Settled();
        await visit.Predict("moves");
        await visit.Find("scene-next").ClickAsync();
        await visit.Find("scene-perceptron").WaitForAsync();
        await visit.Find("try-xor").ClickAsync();
        await visit.Settled();
        await visit.Find("to-playground").ClickAsync();
        await visit.Find("network").WaitForAsync();
        await visit.Settled();
        foreach (string before in (string[])
            ["scene-perceptron", "scene-neuron", "course-index", "network"])
        {
            await visit.Page.EvaluateAsync("history.back()");
            await visit.Find(before).WaitForAsync();
            await visit.Settled();
        }
    }

    [Fact]
    public async Task A_clicker_goes_through_the_scenes_and_blacks_the_screen_out()
    {
        await using Visit visit = await hosts.Scene("native", "neuron");
        await visit.Find("present").ClickAsync();
        await visit.Find("presenter").WaitForAsync();
        await visit.Page.Keyboard.PressAsync("n");
        await visit.Find("presenter-notes").WaitForAsync();
        double covered = await visit.Page.EvaluateAsync<double>(
            "document.querySelector('#scene').getBoundingClientRect().bottom"
            + " - document.querySelector('.presenter').getBoundingClientRect().top");
        Assert.True(covered <= 0.5, $"The notes cover {covered} px of the scene.");
        await visit.AxeFindsNothing();
        await visit.Picture("scene-presenter");
        await visit.Page.Keyboard.PressAsync("b");
        await visit.Find("blackout").WaitForAsync();
        await visit.Page.Keyboard.PressAsync("b");
        await visit.Until(async () => await visit.Find("blackout").CountAsync() == 0, "the light");
        await visit.Page.Keyboard.PressAsync("PageDown");
        await visit.Until(async () => await visit.Find("scene-neuron").CountAsync() == 0, "the next scene");
        await visit.Page.Keyboard.PressAsync("PageUp");
        await visit.Find("scene-neuron").WaitForAsync();
        await visit.Page.Keyboard.PressAsync("l");
        await visit.Find("presenter-list").WaitForAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Until(async () => await visit.Find("presenter").CountAsync() == 0, "the end of presenting");
    }

    [Fact]
    public async Task A_link_comes_with_its_picture()
    {
        await using Visit visit = await hosts.Scene("native", "neuron");
        await visit.Find("share").ClickAsync();
        await visit.Find("share-copy").ClickAsync();
        await visit.Find("qr").WaitForAsync();
        Assert.Contains("scene=neuron", await visit.Find("share-link").InputValueAsync(), StringComparison.Ordinal);
        await visit.AxeFindsNothing();
        await visit.Picture("scene-share");
    }

    [Theory, InlineData("course", 3), InlineData("regions", 3), InlineData("ink", 3)]
    public async Task A_page_prints_whole(string scene, int most)
    {
        await using Visit visit = await hosts.Scene("native", scene);
        byte[] pdf = await visit.Page.PdfAsync(new() { Format = "A4", PrintBackground = true });
        await File.WriteAllBytesAsync(Path.Combine(Hosts.Pictures, $"print-{scene}.pdf"), pdf);
        int pages = System.Text.RegularExpressions.Regex.Count(
            System.Text.Encoding.Latin1.GetString(pdf), @"/Type\s*/Page\b(?!s)");
        Assert.InRange(pages, 1, most);
        // What is cut on the screen and scrolled there is all on paper.
        await visit.Page.EmulateMediaAsync(new() { Media = Media.Print });
        int cut = await visit.Page.EvaluateAsync<int>("""
            [...document.querySelectorAll('#scene, .scene-picture, .scene-words, .scene-do, .course-scenes, .history')]
                .filter(part => part.scrollHeight > part.clientHeight + 2
                    && getComputedStyle(part).overflowY !== 'visible').length
            """);
        Assert.Equal(0, cut);
    }
}
