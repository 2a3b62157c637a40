using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Downhill.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    private readonly Desk desk = new();

    [Fact]
    public void DigitsNeedNoOptionToBeLearnedWell()
    {
        JsonElement result = Json("train --json");
        Assert.True(result.GetProperty("test").GetProperty("accuracy").GetDouble() >= 0.97);
        Assert.True(File.Exists("digits.safetensors"));
    }

    [Theory]
    [InlineData("xor", 1)]
    [InlineData("xor", 2)]
    [InlineData("xor", 3)]
    [InlineData("spirals", 1)]
    public void SetsToBeLearnedWholeAreLearnedWhole(string data, int seed) =>
        Assert.Equal(1,
            Json($"train {data} --seed {seed} --json").GetProperty("train").GetProperty("accuracy").GetDouble());

    [Fact]
    public void JsonHasTheFieldsThatAreDocumented()
    {
        Ran ran = desk.Run("train iris --validation 0.2 --epochs 5 --hidden 3 --json").Succeeded();
        Assert.Equal("", ran.Error);
        JsonElement result = JsonDocument.Parse(ran.Out).RootElement;
        Assert.Equal(
            ["data", "task", "rows", "network", "parameters", "epochs", "steps", "stopped", "seconds",
                "samplesPerSecond", "seed",
                "train", "validation", "test", "weightsHash", "model"],
            result.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["train", "validation", "test"], result.GetProperty("rows").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["loss", "accuracy", "errorPercent", "squaredErrorPercentage"],
            result.GetProperty("test").EnumerateObject().Select(p => p.Name));
        Assert.Equal("4-3-3", result.GetProperty("network").GetString());
        Assert.Equal(27, result.GetProperty("parameters").GetInt32());
        Assert.Equal("epochs", result.GetProperty("stopped").GetString());
        Assert.Equal(Model.Load("iris.safetensors").WeightsHash, result.GetProperty("weightsHash").GetString());

        JsonElement numbers = Json("train diabetes --epochs 2 --json");
        Assert.Equal("regress", numbers.GetProperty("task").GetString());
        Assert.Equal(["loss", "rmse", "mae", "r2"], numbers.GetProperty("test").EnumerateObject().Select(p => p.Name));
        // A table's numbers have held-out rows for the best epoch, its classes have none.
        Assert.Equal(JsonValueKind.Object, numbers.GetProperty("validation").ValueKind);
        Assert.Equal(JsonValueKind.Null,
            Json("train iris --epochs 2 --json").GetProperty("validation").ValueKind);
    }

    [Fact]
    public void SameSeedGivesTheSameWeightsForAnyNumberOfThreads()
    {
        string[] hashes =
            [.. Enumerable.Range(1, 3).Select(threads =>
            Hash($"train digits --hidden 200 --epochs 2 --batch 256 --threads {threads} --json"))];
        Assert.Single(hashes.Distinct());
        Assert.NotEqual(hashes[0], Hash("train digits --hidden 200 --epochs 2 --batch 256 --seed 2 --json"));
    }

    [Fact]
    public void InterruptedAndResumedIsAsUninterrupted()
    {
        string whole = Hash("train moons --epochs 40 --batch-norm --dropout 0.2 --validation 0.2 --json");
        Ran stopped =
            desk.Run(
                "train moons --epochs 40 --batch-norm --dropout 0.2 --validation 0.2 --checkpoint moons.ckpt".Split(
                ' '), "epoch 12/");
        Assert.Equal(Cli.Interrupted, stopped.Code);
        Assert.Contains("--resume moons.ckpt", stopped.Out, StringComparison.Ordinal);
        Assert.NotEqual(whole, Model.Load("moons.safetensors").WeightsHash);
        Assert.Equal(whole, Hash("train moons --resume moons.ckpt --json"));
        // The same words again with --resume besides are no contradiction.
        Assert.Equal(whole,
            Hash("train moons --epochs 40 --batch-norm --dropout 0.2 --validation 0.2 --resume moons.ckpt --json"));
    }

    [Fact]
    public void CheckpointsAreKeptOnTheWay()
    {
        desk.Run("train moons --epochs 7 --checkpoint moons.ckpt --every 5 --quiet").Succeeded();
        Assert.Contains("after epoch 7 of 7", desk.Run("inspect moons.ckpt").Succeeded().Out, StringComparison.Ordinal);
        Ran more = desk.Run("train moons --resume moons.ckpt --epochs 9 --json").Succeeded();
        Assert.Equal(9, JsonDocument.Parse(more.Out).RootElement.GetProperty("epochs").GetInt32());
    }

    [Fact]
    public void InterruptSavesModelAndStateAndSaysSo()
    {
        Ran ran = desk.Run(
            "train moons --epochs 1000000 --checkpoint state.ckpt --model best.safetensors --validation 0.2".Split(' '),
            "epoch 1/");
        Assert.Equal(Cli.Interrupted, ran.Code);
        Assert.Contains("interrupted", ran.Out, StringComparison.Ordinal);
        Assert.Equal(1, Model.Load("best.safetensors").Training!.Epochs);
        Assert.True(File.Exists("state.ckpt"));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task SignalSavesAndExitsWith130(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Signals are sent with kill.");
        if (IsIgnored(2)) Assert.Skip("This process was started with Ctrl-C switched off, and children inherit that.");
        string program = Path.Combine(AppContext.BaseDirectory, "Downhill.Cli");
        ProcessStartInfo start =
            new(program, "train digits --epochs 1000000 --checkpoint state.ckpt")
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true
            };
        using Process tool = Process.Start(start)!;
        while (await tool.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is string line
            && !line.StartsWith("epoch 1/", StringComparison.Ordinal)) { }
        using (Process kill = Process.Start("kill",
            ["-s", signal, tool.Id.ToString(CultureInfo.InvariantCulture)])) kill.WaitForExit();
        Task<string> rest = tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(30)));
        await rest;
        Assert.Equal(Cli.Interrupted, tool.ExitCode);
        Assert.Contains("interrupted", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output);
        Assert.True(Model.Load("digits.safetensors").Training!.Epochs >= 1);
        Assert.True(File.Exists("state.ckpt"));
    }

    [Theory]
    [InlineData("train iris --optimizer gradient_descent --lr 1e5", "Layer ", "learning rate")]
    [InlineData("train diabetes --optimizer gradient_descent --lr 100 --loss euclidean", "Layer ", "learning rate")]
    [InlineData("train iris --optimizer gradient_descent --lr 100 --weight-decay 1000", "Layer ", "penalty")]
    public void DivergenceNamesLayerAndCauseAndKeepsGoodWeights(string words, string layer, string cause)
    {
        Ran ran = desk.Run($"{words} --model last-good.safetensors --quiet");
        Assert.Equal(Cli.Failed, ran.Code);
        string line = Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains("diverged at step", line, StringComparison.Ordinal);
        Assert.Contains(layer, line, StringComparison.Ordinal);
        Assert.Contains(cause, line, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("last-good.safetensors", line, StringComparison.Ordinal);
        foreach (float weight in Model.Load("last-good.safetensors").Parameters) Assert.True(float.IsFinite(weight));
    }

    [Fact]
    public void DivergenceIsInTheJson()
    {
        Ran ran = desk.Run("train iris --optimizer gradient_descent --lr 1e5 --json");
        Assert.Equal(Cli.Failed, ran.Code);
        Assert.Equal("diverged", JsonDocument.Parse(ran.Out).RootElement.GetProperty("stopped").GetString());
    }

    [Fact]
    public void StartingFromAModelGoesOnWithItsWeights()
    {
        double before =
            Json("train iris --hidden 8 --epochs 60 --model a.safetensors --json").GetProperty("train")
                .GetProperty("loss").GetDouble();
        JsonElement one = Json("train iris --from a.safetensors --epochs 1 --lr 1e-6 --model b.safetensors --json");
        Assert.Equal("4-8-3", one.GetProperty("network").GetString());
        Assert.Equal(before, one.GetProperty("train").GetProperty("loss").GetDouble(), 4);
    }

    [Fact]
    public void LinksFromAFileAreTheOnlyOnes()
    {
        desk.Write("links.txt", "# two units of the first layer\n1 0 0 1\n0 1 1 0\n\n1 1\n0 1\n1 0\n");
        JsonElement result = Json("train iris --connections links.txt --epochs 3 --json");
        Assert.Equal("4-2-3-3", result.GetProperty("network").GetString());
        Assert.Equal(4 + 2 + 4 + 3 + 9 + 3, result.GetProperty("parameters").GetInt32());
        Assert.Contains("4 of 4·2 links + 2 biases", desk.Run("inspect iris.safetensors").Succeeded().Out,
            StringComparison.Ordinal);
        ConnectionMask mask = ((Dense)Model.Load("iris.safetensors").Spec.Layers[0]).Connections!;
        Assert.True(mask[0, 0] && mask[3, 0] && mask[1, 1] && mask[2, 1]);
    }

    [Fact]
    public void MomentumSetsGammaOrSchedulesIt()
    {
        Assert.Contains("momentum(0.8)", desk.Run("train xor --epochs 2 --momentum 0.8").Succeeded().Error,
            StringComparison.Ordinal);
        Assert.Contains("gamma by settle", desk.Run("train xor --epochs 2 --momentum 0.5..0.9").Succeeded().Error,
            StringComparison.Ordinal);
        Assert.Contains("note", desk.Run("train xor --epochs 2 --momentum 1").Succeeded().Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TestAndValidationMayBeFiles()
    {
        desk.Run("datasets iris --to iris.csv").Succeeded();
        JsonElement result = Json("train iris.csv --test iris.csv --validation iris.csv --epochs 2 --json");
        JsonElement rows = result.GetProperty("rows");
        Assert.Equal([150, 150, 150], rows.EnumerateObject().Select(p => p.Value.GetInt32()));
    }

    [Fact]
    public void OneOfNColumnsAreClasses()
    {
        string file = SharedData.Need("semeion/semeion.data.gz");
        JsonElement result = Json($"train {file} --target 257-266 --epochs 15 --json");
        Assert.Equal("classify", result.GetProperty("task").GetString());
        Assert.True(result.GetProperty("test").GetProperty("accuracy").GetDouble() > 0.85);
    }

    [Fact]
    public void WhatIsPrintedIsForPeopleAndPlainWithoutATerminal()
    {
        Ran ran = desk.Run("train iris --validation 0.2 --seed 1").Succeeded();
        Assert.DoesNotContain('\e', ran.Out + ran.Error);
        Assert.DoesNotContain('\r', ran.Out + ran.Error);
        foreach (string part in (string[])["data ", "network ", "learning ", "stopping ", "epoch 1/"])
            Assert.Contains(part, ran.Error, StringComparison.Ordinal);
        foreach (string part in (string[])["loss per row", "accuracy", "validation", "versicolor", "recall",
            "iris.safetensors", "next "])
            Assert.Contains(part, ran.Out, StringComparison.Ordinal);
        Assert.InRange(ran.Error.Split('\n').Length, 8, 30);
        Assert.Equal("", desk.Run("train iris --epochs 3 --quiet").Succeeded().Error);
    }

    [Fact]
    public void TerminalGetsOneLineThatIsRedrawnAndColours()
    {
        Ran ran = desk.Run("train digits --epochs 200 --hidden 64".Split(' '), null,
            (output, error) => new Terminal(output, error) { ErrorIsTerminal = true, HasColour = true });
        Assert.Contains("\repoch ", ran.Error, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K", ran.Error, StringComparison.Ordinal);
        Assert.Contains("\e[32m", ran.Out, StringComparison.Ordinal);
        foreach (string line in ran.Error.Split('\r')) Assert.InRange(line.Split('\n')[^1].Length, 0, 80 + 3);
    }

    /// <summary>What stands on the line is whole at any width, and the more important is left out last.</summary>
    [Fact]
    public void ProgressLineLeavesOutPartsByImportance()
    {
        string[] words = ["epoch 120/1000", "━━━━━━━━────────", "loss 0.1234", "validation 0.2345 93.4 %", "123k/s",
            "≤1:23:45"];
        ProgressLine.Part[] parts = [new(0, [words[0]]), new(5, [words[1]]), new(1, [words[2]]),
            new(3, [words[3], "validation 93.4 %"]), new(4, [words[4]]), new(2, [words[5]])];
        int before = 0;
        for (int width = 40; width <= 200; width++)
        {
            string line = ProgressLine.Fit(width - 1, parts);
            Assert.InRange(line.Length, 1, width - 1);
            string rest = line.Replace("validation 93.4 %", words[3], StringComparison.Ordinal);
            string[] shown = [.. words.Where(word => rest.Contains(word, StringComparison.Ordinal))];
            Assert.Equal(string.Join(' ', shown), rest);
            Assert.Equal([words[0], words[2], words[5]], shown.Except([words[1], words[3], words[4]]));
            Assert.True(line.Length >= before, $"Width {width} shows less than {width - 1}.");
            before = line.Length;
        }
        Assert.Equal($"{words[0]} {words[2]} {words[4]} {words[5]}", ProgressLine.Fit(49, parts));
        Assert.Equal(string.Join(' ', words), ProgressLine.Fit(199, parts));
    }

    [Theory, InlineData(40), InlineData(50), InlineData(66)]
    public void ProgressFitsIntoTheWindow(int width)
    {
        Ran ran = desk.Run("train digits --epochs 200 --hidden 64 --validation 0.2".Split(' '), null,
            (output, error) => new Terminal(output, error) { ErrorIsTerminal = true, LineWidth = width });
        string[] lines = [.. ran.Error.Split('\r').Where(line => line.StartsWith("epoch ", StringComparison.Ordinal))];
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Matches(
            @"^epoch \d+/200( [━─]{16})? loss \S+( validation (\S+ )?[0-9.]+ %)?( [0-9.]+[kM]?/s)? ≤[0-9:]+\e\[K",
                line));
        Assert.All(lines, line => Assert.InRange(line.IndexOf('\e', StringComparison.Ordinal), 0, width - 1));
    }

    [Fact]
    public void TerminalWithoutUnicodeGetsAscii()
    {
        Ran ran = desk.Run("train iris --validation 0.2".Split(' '), null, (output, error) =>
            new Terminal(output, error) { HasUnicode = false });
        Assert.All(ran.Out + ran.Error, c => Assert.True(char.IsAscii(c), $"{(int)c:X}"));
        Assert.Contains("*", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("?", ran.Out + ran.Error, StringComparison.Ordinal);
    }

    public void Dispose() => desk.Dispose();

    private JsonElement Json(string words) => JsonDocument.Parse(desk.Run(words).Succeeded().Out).RootElement;

    private string Hash(string words) => Json(words).GetProperty("weightsHash").GetString()!;

    private static bool IsIgnored(int signal) => OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").FirstOrDefault(l =>
            l.StartsWith("SigIgn:", StringComparison.Ordinal)) is string line
        && (ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber,
            CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
}
