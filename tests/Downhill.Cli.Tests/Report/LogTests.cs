using System.Globalization;
using Xunit;

namespace Downhill.Cli.Tests.Report;

/// <summary>The file of <c>train --log</c>.</summary>
public sealed class LogTests : IDisposable
{
    private const string Head =
        "epoch,step,train_loss,penalty,validation_loss,validation_accuracy,learning_rate,gradient_norm,best,seconds";

    private readonly Desk desk = new();

    [Fact]
    public void LogHasALinePerEpochWithTheNumbersOfTheRun()
    {
        desk.Run("train iris --epochs 7 --validation 0.2 --l2 0.01 --clip 1 --log run.csv").Succeeded();
        string[] lines = File.ReadAllLines("run.csv");
        Assert.Equal(Head, lines[0]);
        Assert.Equal(8, lines.Length);
        FitPlan plan = FitPlan.Make(Dataset.Load("iris"),
            new() { Epochs = 7, ValidationShare = 0.2, L2 = 0.01, Clip = 1 });
        using TrainSession<float> session = plan.Start();
        session.Run(cancellation: TestContext.Current.CancellationToken);
        for (int i = 0; i < 7; i++)
        {
            EpochReport h = session.State.History[i];
            string[] fields = lines[i + 1].Split(',');
            Assert.Equal(
                [h.Epoch, h.Step, h.TrainLoss, h.Penalty, h.ValidationLoss, h.ValidationScore, h.LearningRate,
                    h.GradientNorm, h.IsBest ? 1 : 0],
                fields[..^1].Select(f => double.Parse(f, CultureInfo.InvariantCulture)));
        }
        double[] seconds = [.. lines[1..].Select(l => double.Parse(l.Split(',')[^1], CultureInfo.InvariantCulture))];
        Assert.Equal(seconds.Order(), seconds);
    }

    [Fact]
    public void WhatWasNotMeasuredIsEmpty()
    {
        desk.Run("train diabetes --epochs 2 --validation 0 --log run.csv").Succeeded();
        string[] lines = File.ReadAllLines("run.csv");
        Assert.Contains("validation_r2", lines[0], StringComparison.Ordinal);
        string[] fields = lines[1].Split(',');
        Assert.Equal(["", "", ""], [fields[4], fields[5], fields[7]]);
    }

    [Fact]
    public void SummedLossIsLoggedPerRow()
    {
        desk.Run("train xor --epochs 1 --batch all --log mean.csv").Succeeded();
        desk.Run("train xor --epochs 1 --batch all --reduction sum --log sum.csv").Succeeded();
        Assert.Equal(Loss("mean.csv"), Loss("sum.csv"), 1e-9);

        static double Loss(string path) =>
            double.Parse(File.ReadAllLines(path)[1].Split(',')[2], CultureInfo.InvariantCulture);
    }

    /// <summary>The checkpoint keeps a choice of so many epochs; the log keeps all of them.</summary>
    [Fact]
    public void ALongRunThatIsResumedKeepsEveryLine()
    {
        int first = EpochHistory.Most + 5, last = first + 20;
        desk.Run($"train xor --hidden none --batch all --test 0 --epochs {first} --checkpoint c --log run.csv --quiet")
            .Succeeded();
        string[] before = File.ReadAllLines("run.csv");
        desk.Run($"train xor --test 0 --resume c --epochs {last} --log run.csv --report run.html --quiet").Succeeded();
        string[] after = File.ReadAllLines("run.csv");
        Assert.Equal(first + 1, before.Length);
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal(Enumerable.Range(1, last).Select(e => $"{e}"), after[1..].Select(line => line.Split(',')[0]));
        string page = File.ReadAllText("run.html");
        Assert.Contains("All values as a table (some of the epochs, the best and the last)", page,
            StringComparison.Ordinal);
        Assert.Contains($"<th scope=\"row\">{last}</th>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void LogIsCompleteAfterEveryEpoch()
    {
        int seen = 0;
        desk.Run("train moons --epochs 10 --log run.csv".Split(' '), null,
            (output, error) => new Terminal(output, new Watching(error, text =>
        {
            if (!text.StartsWith("epoch ", StringComparison.Ordinal)) return;
            int epoch = int.Parse(text.AsSpan(6, text.IndexOf('/', StringComparison.Ordinal) - 6),
                CultureInfo.InvariantCulture);
            using StreamReader reader = new(
                new FileStream("run.csv", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            string[] lines = reader.ReadToEnd().Split('\n');
            // The line of this epoch comes with it or right after; all before are there, whole.
            Assert.InRange(lines.Length - 2, epoch - 1, epoch);
            Assert.Equal("", lines[^1]);
            seen++;
        }))).Succeeded();
        Assert.True(seen >= 10);
    }

    [Fact]
    public void ResumedRunContinuesTheLogAsIfItHadNeverStopped()
    {
        desk.Run("train moons --epochs 20 --log whole.csv --model a.safetensors").Succeeded();
        Ran stopped = desk.Run("train moons --epochs 20 --log run.csv --checkpoint run.ckpt --every 5".Split(' '),
            "epoch 12/");
        Assert.Equal(Cli.Interrupted, stopped.Code);
        string[] before = File.ReadAllLines("run.csv");
        desk.Run("train moons --resume run.ckpt --log run.csv").Succeeded();
        string[] after = File.ReadAllLines("run.csv");
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal(WithoutTime("whole.csv"), WithoutTime("run.csv"));
        // Into a new file the past is written from the checkpoint.
        desk.Run("train moons --resume run.ckpt --log new.csv").Succeeded();
        Assert.Equal(WithoutTime("whole.csv"), WithoutTime("new.csv"));
    }

    [Fact]
    public void LinesAfterTheCheckpointAreWrittenAnew()
    {
        desk.Run("train moons --epochs 6 --checkpoint run.ckpt --log run.csv").Succeeded();
        string[] past = File.ReadAllLines("run.csv");
        File.AppendAllText("run.csv", "7,1,2,3,4,5,6,7,0,9\n8,half of a li");
        desk.Run("train moons --resume run.ckpt --epochs 8 --log run.csv").Succeeded();
        string[] lines = File.ReadAllLines("run.csv");
        Assert.Equal(9, lines.Length);
        Assert.Equal(past, lines[..7]);
        Assert.DoesNotContain("half", lines[8], StringComparison.Ordinal);
    }

    [Fact]
    public void OtherFileIsNotTakenForTheLogOfAResumedRun()
    {
        desk.Run("train moons --epochs 3 --checkpoint run.ckpt").Succeeded();
        desk.Write("notes.csv", "a,b\n1,2\n");
        Ran ran = desk.Run("train moons --resume run.ckpt --epochs 5 --quiet --log notes.csv");
        Assert.Equal(Cli.WrongInput, ran.Code);
        Assert.Contains("--log notes.csv", ran.Error, StringComparison.Ordinal);
        Assert.Equal("a,b\n1,2\n", File.ReadAllText("notes.csv"));
    }

    [Fact]
    public void DivergedRunKeepsTheLinesOfItsGoodEpochs()
    {
        Ran ran = desk.Run(
            "train iris --optimizer gradient_descent --lr 100 --weight-decay 1000 --quiet --log run.csv");
        Assert.Equal(Cli.Failed, ran.Code);
        Assert.Equal(Head, File.ReadAllLines("run.csv")[0]);
    }

    public void Dispose() => desk.Dispose();

    private static string[] WithoutTime(string path) =>
        [.. File.ReadAllLines(path).Select(l => l[..l.LastIndexOf(',')])];

    private sealed class Watching(TextWriter inner, Action<string> see) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            inner.WriteLine(value);
            see(value ?? "");
        }
    }
}
