using System.Text.Json;
using Downhill.Checks;
using Downhill.Tests;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>
/// The digits of 16 × 16 cells: what becomes of the ink, what the network answers against arithmetic of our own, and
/// how well the scene's defaults read data and drawings that nobody showed them.
/// </summary>
public sealed class InkTests : IDisposable
{
    /// <summary>The settings that the scene begins with (web/src/scenes/ink.tsx).</summary>
    private const string Defaults =
        "&layers=64&act=relu&opt=adam&rate=0.003&batch=20&l2=0.0001&scale=none&sched=cosine&epochs=12"
        + "&aug=affine(rotation=8,scale=0.15,shear=0.2,shift=1),elastic(sigma=2,alpha=8)"
        + "&stop=epochs(count=12)";

    /// <summary>How near a cell's centre the pen of the scene must come, in cells.</summary>
    private const double Pen = 0.95;

    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void AShapeIsCentredTheSameWhereverItWasDrawn()
    {
        byte[] centred = Read(Rectangle(2, 3, 4, 8)).Bytes("shown");
        Assert.Equal(Rectangle(4, 0, 8, 16), centred); // twice as large, in the middle
        Assert.Equal(centred, Read(Rectangle(11, 7, 4, 8)).Bytes("shown"));
        Assert.Equal(centred, Read(Rectangle(0, 0, 4, 8)).Bytes("shown"));
        Assert.Equal(centred, Read(centred).Bytes("shown")); // and then it stays as it is
        Assert.Equal(Rectangle(0, 4, 16, 8), Read(Rectangle(3, 5, 10, 5)).Bytes("shown"));
        Heard blank = Read(new byte[256]);
        Assert.Equal(JsonValueKind.Null, blank.Header.GetProperty("box").ValueKind);
        Assert.Equal(new byte[256], blank.Bytes("shown"));
        Assert.Equal([11, 7, 14, 14], Read(Rectangle(11, 7, 4, 8)).Header.GetProperty("box").EnumerateArray()
            .Select(side => side.GetInt32()));
    }

    [Fact]
    public void WithoutCentringTheNetworkGetsTheInkAsItIs()
    {
        byte[] ink = Rectangle(11, 7, 4, 8);
        Assert.Equal(ink, Read(ink, centre: false).Bytes("shown"));
    }

    [Fact]
    public void TheDataAreInkThatFillsTheSquare()
    {
        player.Open("#v=1&data=ink&layers=3&scale=none");
        foreach (int row in (int[])[0, 1, 77, 1796])
        {
            Heard heard = player.Do($"\"do\":\"ink\",\"row\":{row},\"centre\":true");
            Assert.Equal(heard.Bytes("pixels"), heard.Bytes("shown"));
            int[] box = [.. heard.Header.GetProperty("box").EnumerateArray().Select(side => side.GetInt32())];
            Assert.Equal(16, 1 + Math.Max(box[2] - box[0], box[3] - box[1]));
        }
        // The first rows of the set are 0, 1, 2 …
        Assert.Equal("1", player.Do("\"do\":\"ink\",\"row\":1").Header.GetProperty("truth").GetString());
    }

    [Fact]
    public void TheAnswerIsTheArithmeticOfTheWeights()
    {
        player.Open("#v=1&data=ink&layers=6&scale=none");
        player.Epochs(1);
        float[] weights = player.Frame("\"parameters\":true").Floats("parameters");
        byte[] ink = Strokes.Cells(Strokes.Of(3, 1), Pen);
        Heard heard = Read(ink);
        byte[] shown = heard.Bytes("shown");
        double[] hidden = Layer(weights, 0, [.. shown.Select(p => (double)p)], 6).Select(Math.Tanh).ToArray();
        double[] fields = Layer(weights, 257 * 6, hidden, 10);
        double total = fields.Sum(Math.Exp);
        double[] outputs = [.. fields.Select(v => Math.Exp(v) / total)];
        Close(hidden, heard.Doubles("hidden"));
        Close(outputs, heard.Doubles("outputs"));
        Assert.Equal($"{Array.IndexOf(outputs, outputs.Max())}", heard.Header.GetProperty("answer").GetString());
    }

    [Fact]
    public void MistakesAreThoseOfThePredictions()
    {
        player.Open("#v=1&data=ink&layers=12&scale=none&train=0.8");
        player.Epochs(2);
        Heard frame = player.Frame("\"points\":true,\"predictions\":true,\"measures\":true");
        (int[] rows, byte[] parts) = (frame.Wholes("rows"), frame.Bytes("parts"));
        (float[] targets, float[] answers) = (frame.Floats("targets"), frame.Floats("answers"));
        var expected = Enumerable.Range(0, rows.Length).Where(i => parts[i] == 1 && targets[i] != answers[i])
            .GroupBy(i => (targets[i], answers[i])).OrderByDescending(g => g.Count()).ThenBy(g => g.Key)
            .Select(g => ($"{g.Key.Item1}", $"{g.Key.Item2}", g.Count(), g.Min(i => rows[i]))).ToArray();
        JsonElement said = player.Do("\"do\":\"ink\",\"row\":0,\"confused\":100").Header;
        Assert.NotEmpty(expected);
        Assert.Equal(expected, said.GetProperty("mistakes").EnumerateArray().Select(m => (
            m.GetProperty("truth").GetString()!, m.GetProperty("answer").GetString()!,
            m.GetProperty("count").GetInt32(), m.GetProperty("row").GetInt32())));
        Assert.Equal(expected.Sum(m => m.Item3), said.GetProperty("wrong").GetInt32());
        Assert.Equal(parts.Count(part => part == 1), said.GetProperty("read").GetInt32());
    }

    [Fact]
    public void DrawnDigitsAreRead()
    {
        Train("#v=1&data=ink&train=0.8" + Defaults);
        int right = 0;
        List<string> wrong = [];
        for (int attempt = 0; attempt < 10; attempt++)
            for (int digit = 0; digit < 10; digit++)
            {
                string answer = Read(Strokes.Cells(Strokes.Of(digit, attempt), Pen)).Header.GetProperty("answer")
                    .GetString()!;
                if (answer == $"{digit}") right++;
                else wrong.Add($"{digit} read as {answer} in attempt {attempt}");
            }
        TestContext.Current.TestOutputHelper?.WriteLine($"{right} of 100");
        Assert.True(right >= 90, $"{right} of 100: {string.Join("; ", wrong)}");
    }

    /// <summary>The four folds of the comparison that the data's notes name (uci90/semeion).</summary>
    [Fact]
    public void TheDefaultsReachNinetyTwoPerCentOnSemeion()
    {
        string[][] rows = [.. SharedData.Lines("semeion/semeion.data.gz")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        int[][] folds = [.. SharedData.Lines("uci90/semeion/kfold.txt.gz").Select(line => line
            .Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray())];
        string[] classes = [.. Enumerable.Range(0, 10).Select(digit => $"{digit}")];
        List<double> accuracies = [];
        for (int fold = 0; fold < folds.Length; fold += 2)
        {
            int[] train = folds[fold];
            Dataset data = new("semeion", [.. Enumerable.Range(0, 256).Select(i => new Column($"p{i}"))],
                new(["digit"], classes), [.. train.SelectMany(row => rows[row][..256].Select(p => p[0] - '0' + 0f))],
                    [],
                [.. train.Select(row => Digit(rows[row]))], [])
            { Image = new(16, 16) };
            player.Session.Use(new(data, null, "semeion"), Settings.Default);
            Train("#v=1&data=own&train=1" + Defaults);
            int right = folds[fold + 1].Count(row => Read([.. rows[row][..256].Select(p => (byte)(p[0] - '0'))])
                .Header.GetProperty("answer").GetString() == $"{Digit(rows[row])}");
            accuracies.Add((double)right / folds[fold + 1].Length);
        }
        Assert.True(accuracies.Average() >= 0.92, string.Join("; ", accuracies.Select(a => $"{a:P2}")));
        TestContext.Current.TestOutputHelper?.WriteLine($"{accuracies.Average():P2}: "
            + string.Join("; ", accuracies.Select(a => $"{a:P2}")));

        static int Digit(string[] row) => Array.FindIndex(row, 256, flag => flag[0] == '1') - 256;
    }

    [Theory]
    [InlineData("\"pixels\":[0,1]", "256 of 0 and 1")]
    [InlineData("\"centre\":true", "pixels or a row")]
    [InlineData("\"row\":99999", "Rows are counted from 0")]
    public void WhatIsNoInkIsRefused(string fields, string says)
    {
        player.Open("#v=1&data=ink&layers=3");
        Assert.Contains(says, player.Ask($"\"do\":\"ink\",{fields}").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherDataAreRefused() => Assert.Contains("Choose the data set 'ink'",
        player.Ask("\"do\":\"ink\",\"row\":0").Error, StringComparison.Ordinal);

    private void Train(string hash)
    {
        player.Open(hash);
        for (int frame = 0; frame < 500; frame++)
            if (player.Frame("", train: true, budget: 500).Clock.GetProperty("stopped").ValueKind
                != JsonValueKind.Null) return;
        Assert.Fail("Training does not end.");
    }

    private Heard Read(byte[] ink, bool centre = true)
    {
        if (!player.Session.Run.Spec.Inputs.Equals(256)) player.Open("#v=1&data=ink&layers=3&scale=none");
        return player.Do($"\"do\":\"ink\",\"centre\":{(centre ? "true" : "false")},\"pixels\":["
            + string.Join(',', ink) + "]");
    }

    private static byte[] Rectangle(int left, int top, int width, int height) =>
        [.. Enumerable.Range(0, 256).Select(i => (byte)(i % 16 >= left && i % 16 < left + width
            && i / 16 >= top && i / 16 < top + height ? 1 : 0))];

    /// <summary>Fields of a layer: weights [inputs, units] and biases [units], one after the other.</summary>
    private static double[] Layer(float[] weights, int offset, double[] inputs, int units) =>
        [.. Enumerable.Range(0, units).Select(unit => weights[offset + inputs.Length * units + unit]
            + Enumerable.Range(0, inputs.Length).Sum(i => inputs[i] * weights[offset + i * units + unit]))];

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-9, expected[i] + 1e-9);
    }
}
