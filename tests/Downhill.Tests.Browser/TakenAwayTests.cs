using System.Globalization;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>A network that was taken away answers elsewhere what the page shows: ONNX Runtime is the judge.</summary>
public sealed class TakenAwayTests(Hosts hosts)
{
    private const double Limit = 1e-5;

    /// <summary>One output on tanh, as in the TensorFlow Playground, with inputs made of the raw ones.</summary>
    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task The_onnx_file_of_the_spiral_answers_like_the_page(string host)
    {
        await using Visit visit = await hosts.Open(
            host, "data=spiral&layers=8,8&opt=adam&rate=0.02&in=x1,x2,sinx1,sinx2");
        await visit.TrainUntil("test-loss", 0.05);
        (_, byte[] points) = await visit.TakeAway("points");
        (_, byte[] graph) = await visit.TakeAway("onnx");
        float[][] raw = [.. Rows(points).Select(row => new[] { Number(row[0]), Number(row[1]) })];
        float[][] inputs = [.. raw.Select(x => new[] { x[0], x[1], MathF.Sin(x[0]), MathF.Sin(x[1]) })];
        float[][] shares = Answers(graph, inputs);

        await visit.Find("costs").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Home"); // the dearest example
        for (int k = 0; k < 5; k++)
        {
            await visit.Settled();
            int row = await RowShown(visit);
            double shown = await visit.ExactOutput("map-2-0");
            // The file gives shares of two classes, the unit lies between −1 and 1.
            Assert.InRange(2 * shares[row][1] - 1 - shown, -Limit, Limit);
            await visit.Find("costs").FocusAsync();
            await visit.Page.Keyboard.PressAsync(k == 0 ? "Home" : "ArrowRight");
            for (int more = 0; more < 2 * k; more++) await visit.Page.Keyboard.PressAsync("ArrowRight");
        }
    }

    /// <summary>Three classes of an own table: names, scaling and softmax are in the file.</summary>
    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task The_onnx_file_of_an_own_table_answers_like_the_page(string host)
    {
        string[] kinds = ["low", "middle", "high"];
        string[] lines = [.. Enumerable.Range(0, 90).Select(k => string.Create(CultureInfo.InvariantCulture,
            $"{20 + k % 9 * 3.5},{1000 - k % 7 * 41},{kinds[k % 9 / 3]}"))];
        await using Visit visit = await hosts.Open(host, "layers=5");
        await visit.Find("own-open").ClickAsync();
        await visit.Find("own-text").FillAsync("warmth,height,kind\n" + string.Join('\n', lines));
        await visit.Find("own-read").ClickAsync();
        await visit.Find("own-columns").WaitForAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Step("epoch", 5);
        (_, byte[] graph) = await visit.TakeAway("onnx");
        float[][] inputs = [.. lines.Select(line => line.Split(',')).Select(x => new[] { Number(x[0]), Number(x[1]) })];
        float[][] probabilities = Answers(graph, inputs);
        Assert.All(probabilities, row => Assert.InRange(row.Sum(), 1 - Limit, 1 + Limit));

        await visit.Find("costs").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Home");
        await visit.Settled();
        int shownRow = await RowShown(visit);
        for (int unit = 0; unit < 3; unit++)
        {
            double shown = await visit.ExactOutput($"map-1-{unit}");
            Assert.InRange(probabilities[shownRow][unit] - shown, -Limit, Limit);
        }
    }

    /// <summary>Probabilities, or shares of the classes, of every row.</summary>
    private static float[][] Answers(byte[] graph, float[][] rows)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using InferenceSession session = new(graph, options);
        int columns = rows[0].Length;
        Dictionary<string, OrtValue> inputs = new(StringComparer.Ordinal);
        if (session.InputNames.Count == 1)
            inputs[session.InputNames[0]] = Tensor([.. rows.SelectMany(row => row)], rows.Length, columns);
        else
            for (int c = 0; c < columns; c++)
                inputs[session.InputNames[c]] = Tensor([.. rows.Select(row => row[c])], rows.Length, 1);
        using RunOptions run = new();
        string answer = session.OutputNames.Single(name => name != "label");
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, [answer]);
        float[] all = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        foreach (OrtValue value in inputs.Values) value.Dispose();
        return [.. all.Chunk(all.Length / rows.Length)];
    }

    private static OrtValue Tensor(float[] values, int rows, int columns) =>
        OrtValue.CreateTensorValueFromMemory(values, [rows, columns]);

    /// <summary>The row of the example that the inspector shows, from 0.</summary>
    private static async Task<int> RowShown(Visit visit)
    {
        string title = await visit.Find("inspect-example").Locator("h2").InnerTextAsync();
        return int.Parse(title.Split(' ')[1], CultureInfo.InvariantCulture) - 1;
    }

    private static IEnumerable<string[]> Rows(byte[] csv) =>
        Encoding.UTF8.GetString(csv).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(','));

    private static float Number(string text) => float.Parse(text, CultureInfo.InvariantCulture);
}
