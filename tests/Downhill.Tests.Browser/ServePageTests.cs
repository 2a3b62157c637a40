using System.Globalization;
using System.Text.Json;
using Downhill.Checks;
using Downhill.Cli;
using Microsoft.Playwright;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>The page of <c>downhill serve</c>, as the tool serves it: what it shows is what the model says.</summary>
public sealed class ServePageTests(Hosts hosts) : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill-serve").FullName;
    private readonly CancellationTokenSource end = new();
    private Task<int>? serving;

    [Fact]
    public async Task A_row_is_answered_as_its_fields_are_filled()
    {
        Model model = Train("iris --epochs 60");
        await using Visit visit = await Serve(new());
        float[] setosa = [5.1f, 3.5f, 1.4f, 0.2f], virginica = [6.3f, 3.3f, 6, 2.5f];
        string[] columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
        foreach (float[] row in (float[][])[setosa, virginica])
        {
            for (int i = 0; i < row.Length; i++)
                await Field(visit, columns[i]).FillAsync(row[i].ToString(CultureInfo.InvariantCulture));
            Prediction expected = model.Predict(row);
            await Says(visit, expected.Label!);
            Assert.Equal(expected.Values.Select((p, i) => $"{model.Preparation.Target.Classes[i]} {Percent(p)}"),
                await Bars(visit));
        }
        Assert.Equal("virginica", await Said(visit));

        // A field left empty: these data had no gaps, so the server says which column is missing, and no answer stays.
        await Field(visit, "petal_width").FillAsync("");
        await visit.Until(async () => await IsWrong(visit), "an error");
        Assert.Contains("petal_width", await Said(visit), StringComparison.Ordinal);
        Assert.Empty(await Bars(visit));
        await Field(visit, "petal_width").FillAsync("2.5");
        await Says(visit, "virginica");
        Assert.False(await IsWrong(visit));

        // The same as JSON, by hand.
        await visit.Page.Locator("summary").ClickAsync();
        await visit.Page.Locator("#row").FillAsync("[5.1, 3.5, 1.4, 0.2]");
        await Says(visit, "setosa");
        Assert.Contains("--json '[5.1, 3.5, 1.4, 0.2]'", await visit.Page.Locator("#command").InnerTextAsync(),
            StringComparison.Ordinal);
        JsonElement reply = JsonDocument.Parse(await visit.Page.Locator("#reply").InnerTextAsync()).RootElement;
        Assert.Equal("setosa", reply.GetProperty("class").GetString());
        await visit.Page.Locator("#row").FillAsync("[[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6, 2.5]]");
        await Says(visit, "2 answers");
        visit.Expected("status of 400");
    }

    [Fact]
    public async Task A_category_is_chosen_and_another_is_one_too()
    {
        File.WriteAllText(Path.Combine(folder, "table.csv"), "size,colour,price\n" + string.Concat(
            Enumerable.Range(0, 60).Select(i => $"{i % 7},{(i % 2 == 0 ? "red" : "it's \"blue\"")},"
                + $"{i % 7 + 0.5 + 10 * (i % 2)}\n")));
        Model model = Train($"{Path.Combine(folder, "table.csv")} --task regress --epochs 20");
        await using Visit visit = await Serve(new());
        await Field(visit, "size").FillAsync("3");
        foreach (string colour in (string[])["red", "it's \"blue\"", "(another)"])
        {
            await Field(visit, "colour").SelectOptionAsync(new SelectOptionValue { Label = colour });
            int code = model.Preparation.Inputs[1].Categories.ToList().IndexOf(colour);
            float[] price = new float[1];
            model.Predict([3], price, [code]);
            await visit.Until(async () => (await Said(visit)).StartsWith("price ", StringComparison.Ordinal)
                && Math.Abs(double.Parse((await Said(visit))[6..], CultureInfo.InvariantCulture) - price[0])
                    <= 1e-4 * Math.Abs(price[0]), $"the price {price[0]}");
        }
    }

    /// <summary>Digits drawn with the mouse, large and small and anywhere: the answer is the model's for what is sent,
    /// and mostly the digit.</summary>
    [Fact]
    public async Task A_digit_drawn_on_the_pad_is_answered_whatever_its_size_and_place()
    {
        Model model = Train("digits --epochs 60");
        await using Visit visit = await Serve(new());
        List<string> wrong = [];
        for (int digit = 0; digit < 10; digit++)
        {
            await visit.Page.Locator("#clear").ClickAsync();
            Assert.All(await Ink(visit), ink => Assert.Equal(0, ink));
            double height = digit % 2 == 0 ? 5 : 13;
            await Draw(visit, Sized(Strokes.Of(digit, 4), height, 1 + height / 2, 15 - height / 2));
            float[] ink = await Ink(visit);
            Assert.InRange(ink.Max(), 8, 16);
            Prediction expected = model.Predict(ink);
            await Says(visit, expected.Label!);
            if (expected.Label != $"{digit}") wrong.Add($"{digit} read as {expected.Label}");
        }
        await visit.Page.ScreenshotAsync(new() { Path = Path.Combine(Hosts.Pictures, "serve-digits.png") });
        Assert.True(wrong.Count <= 2, string.Join("; ", wrong));
    }

    /// <summary>What is sent of a drawing: its ink 20 pixels long in MNIST's frame of 28, its mass in the middle, its
    /// lines as thick as ever, wherever and however large it was drawn.</summary>
    [Fact]
    public async Task Drawings_are_brought_to_the_size_and_place_of_MNIST()
    {
        Train("digits --epochs 1");
        await using Visit visit = await Serve(new());

        // A short upright line, by hand: a brush of radius 10/7 from row 10/7 to 130/7 of the box; ink falls off over
        // one pixel around its edge.
        double[] line = await Digit("[[[3, 3], [3, 9]]]");
        double radius = 10 / 7.0;
        for (int row = 0; row < 28; row++)
        {
            for (int column = 0; column < 28; column++)
            {
                double x = column + 0.5 - 14, y = Math.Max(0, Math.Abs(row + 0.5 - 14) - (10 - radius));
                Assert.Equal(Math.Clamp(radius + 0.5 - Math.Sqrt(x * x + y * y), 0, 1), line[28 * row + column], 1e-9);
            }
        }
        Assert.Equal((12, 4, 15, 23), Box(line, 0.1));

        // An L has its mass below and left of the middle of its box.
        const string Large = "[[[4, 2], [4, 26], [20, 26]], [[10, 10], [12, 12]]]";
        const string Small = "[[[21.5, 0.5], [21.5, 6.5], [25.5, 6.5]], [[23, 2.5], [23.5, 3]]]";
        double[] drawn = await Digit(Large);
        (int left, int top, int right, int bottom) = Box(drawn, 0.5);
        Assert.InRange(bottom - top + 1, 19, 20);
        Assert.InRange(right - left + 1, 13, 16);
        double mass = drawn.Sum();
        Assert.Equal(14, drawn.Select((ink, i) => ink * (i % 28 + 0.5)).Sum() / mass, 0.1);
        Assert.Equal(14, drawn.Select((ink, i) => ink * (i / 28 + 0.5)).Sum() / mass, 0.1);
        Assert.True((top + bottom + 1) / 2.0 < 13.5 && (left + right + 1) / 2.0 > 14.5, "The box is not centred.");
        double[] again = await Digit(Small);
        for (int i = 0; i < drawn.Length; i++) Assert.Equal(drawn[i], again[i], 1e-9);

        // A dot stays one, and nothing is nothing.
        double[] dot = await Digit("[[[2, 2]]]");
        Assert.Equal((12, 12, 15, 15), Box(dot, 0.1));
        Assert.All(await Digit("[]"), ink => Assert.Equal(0, ink));

        Task<double[]> Digit(string strokes) => visit.Page.EvaluateAsync<double[]>($"asDigit({strokes}, 28, 20)");

        static (int, int, int, int) Box(double[] picture, double least)
        {
            int[] inked = [.. Enumerable.Range(0, picture.Length).Where(i => picture[i] >= least)];
            return (inked.Min(i => i % 28), inked[0] / 28, inked.Max(i => i % 28), inked[^1] / 28);
        }
    }

    [Theory, InlineData(1280, 800, true), InlineData(360, 740, false)]
    public async Task Axe_finds_nothing_on_any_screen(int width, int height, bool dark)
    {
        Train("iris --epochs 5");
        await using Visit visit = await Serve(new(width, height, width < 600, dark));
        await visit.NothingOverflows();
        await visit.AxeFindsNothing();
        await visit.Page.ScreenshotAsync(
            new() { Path = Path.Combine(Hosts.Pictures, $"serve-{width}.png"), FullPage = true });
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        if (serving is not null) Assert.Equal(Cli.Cli.Interrupted, await serving);
        end.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string ModelPath => Path.Combine(folder, "model.safetensors");

    private Model Train(string words)
    {
        Assert.SkipWhen(hosts.Missing is not null, hosts.Missing ?? "");
        StringWriter error = new();
        int code = Cli.Cli.Run(["train", .. words.Split(' '), "--model", ModelPath, "--quiet"],
            new Terminal(TextWriter.Null, error));
        Assert.True(code == Cli.Cli.Done, error.ToString());
        return Model.Load(ModelPath);
    }

    /// <summary>Starts the tool and opens its page.</summary>
    private async Task<Visit> Serve(ViewOptions view)
    {
        Address address = new();
        serving = Task.Run(() => Cli.Cli.Run(["serve", ModelPath, "--port", "0"],
            new Terminal(address, TextWriter.Null), end.Token));
        Visit visit = await hosts.Empty("serve", view);
        Task<string> known = address.Said.Task;
        Assert.Same(known, await Task.WhenAny(known, serving));
        await visit.Page.GotoAsync(await known);
        await visit.Until(async () => (await Said(visit)).Length > 0, "an answer to the first row");
        return visit;
    }

    private static ILocator Field(Visit visit, string column) => visit.Page.Locator($"[name={column}]");

    private static Task<string> Said(Visit visit) => visit.Page.Locator("#said").InnerTextAsync();

    private static Task Says(Visit visit, string text) =>
        visit.Until(async () => await Said(visit) == text, $"the answer '{text}'");

    private static async Task<bool> IsWrong(Visit visit) =>
        await visit.Page.Locator("#said").GetAttributeAsync("class") == "wrong";

    private static Task<string[]> Bars(Visit visit) => visit.Page.EvaluateAsync<string[]>(
        "[...document.querySelectorAll('#bars div')].map(d => d.children[0].textContent + ' ' + "
            + "d.children[2].textContent)");

    private static string Percent(float share) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100.0 * share, 1, MidpointRounding.AwayFromZero):0.0}"
            + $" %");

    /// <summary>What is on the pad, as it is sent.</summary>
    private static async Task<float[]> Ink(Visit visit) =>
        JsonSerializer.Deserialize<float[]>(await visit.Page.Locator("#row").InputValueAsync())!;

    /// <summary>So high, and around a place on the pad of 16 × 16 cells.</summary>
    private static double[][] Sized(double[][] strokes, double height, double x, double y)
    {
        double[] across = [.. strokes.SelectMany(way => way.Where((_, k) => k % 2 == 0))],
            down = [.. strokes.SelectMany(way => way.Where((_, k) => k % 2 == 1))];
        double scale = height / (down.Max() - down.Min());
        return [.. strokes.Select(way => way.Select((v, k) => k % 2 == 0
            ? x + scale * (v - (across.Min() + across.Max()) / 2) : y + scale * (v - (down.Min() + down.Max()) / 2))
            .ToArray())];
    }

    private static async Task Draw(Visit visit, double[][] strokes)
    {
        LocatorBoundingBoxResult pad = (await visit.Page.Locator("#pad").BoundingBoxAsync())!;
        IMouse mouse = visit.Page.Mouse;
        foreach (double[] way in strokes)
        {
            for (int k = 0; k < way.Length; k += 2)
            {
                await mouse.MoveAsync((float)(pad.X + way[k] * pad.Width / 16),
                    (float)(pad.Y + way[k + 1] * pad.Height / 16), new() { Steps = k == 0 ? 1 : 8 });
                if (k == 0) await mouse.DownAsync();
            }
            await mouse.UpAsync();
        }
    }

    /// <summary>Hears the first line, which is the address.</summary>
    private sealed class Address : StringWriter
    {
        public TaskCompletionSource<string> Said { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void WriteLine(string? value)
        {
            if (value is not null) Said.TrySetResult(value);
        }
    }
}
