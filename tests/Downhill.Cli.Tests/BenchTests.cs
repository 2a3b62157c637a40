using System.Text.Json;
using Downhill.Cli.Bench;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary><c>downhill bench</c> works and measures what it says. How fast anything is, no test asks.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly Desk desk = new();

    [Fact]
    public void JsonHoldsMachinePeaksAndEachWorkloadAskedFor()
    {
        Ran ran = desk.Run("bench --seconds 0.05 --only W1,W2 --json").Succeeded();
        JsonElement json = JsonDocument.Parse(ran.Out).RootElement;
        JsonElement machine = json.GetProperty("machine");
        foreach (string text in (string[])["processor", "vectorWidth", "runtime", "system", "version", "date"])
            Assert.NotEqual("", machine.GetProperty(text).GetString());
        Assert.All(json.GetProperty("peaks").EnumerateArray(), p =>
            Assert.True(p.GetProperty("operationsPerSecond").GetDouble() > 1e6));
        JsonElement[] workloads = [.. json.GetProperty("workloads").EnumerateArray()];
        Assert.Equal(["W1", "W2"], workloads.Select(w => w.GetProperty("name").GetString()));
        Assert.Equal("2-4-2-1", workloads[0].GetProperty("network").GetString());
        Assert.Equal(32, workloads[1].GetProperty("batch").GetInt32());
        foreach (JsonElement workload in workloads)
        {
            JsonElement[] figures = [.. workload.GetProperty("measurements").EnumerateArray()];
            int[] threads = Environment.ProcessorCount == 1 ? [1] : [1, Environment.ProcessorCount];
            Assert.Equal(threads, figures.Select(f => f.GetProperty("threads").GetInt32()));
            Assert.All(figures, f =>
            {
                double rate = f.GetProperty("rate").GetDouble();
                Assert.InRange(rate, f.GetProperty("low").GetDouble(), f.GetProperty("high").GetDouble());
                Assert.True(f.GetProperty("shareOfPeak").GetDouble() > 0);
            });
        }
    }

    [Fact]
    public void TableNamesTheWorkloadsAndProgressGoesElsewhere()
    {
        Ran ran = desk.Run("bench --seconds 0.01 --only I1,GEMM-64-TN --threads 1 --shuffle").Succeeded();
        Assert.Contains("measuring I1 (1 of 2)", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("measuring", ran.Out, StringComparison.Ordinal);
        Assert.Matches(@"I1 +[0-9.]+ µs", ran.Out);
        Assert.Matches(@"GEMM-64-TN +[0-9.]+ GFLOP/s +\d+ +64×64, Xᵀ·dZ", ran.Out);
        Assert.Equal("", desk.Run("bench --seconds 0.01 --only I1 --threads 1 --quiet").Succeeded().Error);
    }

    [Fact]
    public void ReadingATableIsMeasuredOnOneThatIsMadeForIt()
    {
        JsonElement json = JsonDocument.Parse(desk.Run("bench --csv 2000x21 --json").Succeeded().Out).RootElement;
        // 20 numbers of about 9 characters and a class in a row, with their commas.
        Assert.Equal((2000, 21), (json.GetProperty("rows").GetInt32(), json.GetProperty("columns").GetInt32()));
        Assert.InRange(json.GetProperty("bytes").GetInt64(), 2000 * 21 * 6, 2000 * 21 * 10);
        Assert.True(json.GetProperty("peakBytes").GetInt64() > 2000 * 20 * sizeof(float));
        Assert.True(json.GetProperty("encodedProcessorSeconds").GetDouble()
            >= json.GetProperty("processorSeconds").GetDouble());
        string text = desk.Run("bench --csv 100x3").Succeeded().Out;
        Assert.Contains("100 rows × 3 columns", text, StringComparison.Ordinal);
        Assert.Matches(@"read, by the clock +[0-9.]+ s +\S+ MB/s +\S+ rows/s", text);
    }

    /// <summary>The system counts a process's time in ticks, and a table may be read within one.</summary>
    [Fact]
    public void ATimeTooShortToBeCountedIsNoSpeed()
    {
        Assert.Null(new CsvSpeed(100, 3, 1500, 0.001, 0, 0, 1).MegabytesPerProcessorSecond);
        Assert.Equal(30, new CsvSpeed(100, 3, 1_500_000, 0.1, 0.05, 0.06, 1).MegabytesPerProcessorSecond);
    }

    [Theory]
    [InlineData("--only W1,X9", "'X9'")]
    [InlineData("--only GEMM-65", "'GEMM-65'")]
    [InlineData("--seconds 0", "--seconds")]
    [InlineData("--threads 1,x", "--threads")]
    [InlineData("--csv many", "--csv: expected rows and columns")]
    [InlineData("--csv 10x1", "--csv: expected rows and columns")]
    [InlineData("--processor-time --threads 2", "--threads 1")]
    public void WrongWordsAreRefused(string words, string says) =>
        Assert.Contains(says, desk.Run($"bench {words}").Refused(), StringComparison.Ordinal);

    /// <summary>The issue's list, so that no workload gets lost.</summary>
    [Fact]
    public void TableOfWorkloadsIsComplete()
    {
        (string Name, string Network, int Batch)[] expected =
        [
            ("W1", "2-4-2-1", 10), ("W2", "13-64-64-3", 32), ("W3", "784-128-10", 64), ("W4", "784-800-10", 64),
            ("W5", "784-2500-2000-1500-1000-500-10", 128), ("W6", "784-128-10", 1), ("W7", "13-64-64-3", 0),
            ("I1", "13-64-64-3", 1), ("I2", "784-128-10", 1),
            ("I3-W2", "13-64-64-3", 1024), ("I3-W3", "784-128-10", 1024),
            ("S1", "30-50-1", 16), ("S2", "100-256-256-10", 100), ("S3", "54-512-512-7", 256),
        ];
        Workload[] networks = [.. Workloads.All.Where(w => w.Kind != WorkloadKind.Multiply)];
        Assert.Equal(expected, networks.Select(w => (w.Name, w.Spec.ToString(), w.Batch)));
        Assert.Equal(6 * 3, Workloads.Products.Count);
        Assert.Equal(Workloads.All.Count, Workloads.All.DistinctBy(w => w.Name).Count());
        Assert.Equal(Workloads.All, Workloads.Find("--only", "all"));
        string help = desk.Run("bench --help").Succeeded().Out;
        Assert.All(networks, w => Assert.Contains($"  {w.Name}: {w.Summary}", help, StringComparison.Ordinal));
    }

    [Fact]
    public void ArithmeticOfAnExampleIsThatOfItsProducts()
    {
        // 13·64 + 64·64 + 64·3 weights: all forward and in dW, all but the first layer's in dX.
        Workload w2 = Workloads.All.Single(w => w.Name == "W2");
        Assert.Equal(6 * (832 + 4096 + 192) - 2 * 832, w2.OperationsPerUnit);
        Assert.Equal(2 * (832 + 4096 + 192), Workloads.All.Single(w => w.Name == "I1").OperationsPerUnit);
        Assert.Equal(2.0 * 64 * 64 * 64, Workloads.All.Single(w => w.Name == "GEMM-64-NT").OperationsPerUnit);
    }

    /// <summary>A benchmark of something that does not learn would measure nothing. The largest is left to
    /// <c>bench/run</c>, which checks all of them against the peers.</summary>
    [Theory]
    [InlineData("W1")]
    [InlineData("W2")]
    [InlineData("W3")]
    [InlineData("W6")]
    [InlineData("W7")]
    [InlineData("S1")]
    [InlineData("S2")]
    public void TrainingOfAWorkloadLearnsAndStartsAfreshForEachWindow(string name)
    {
        Workload workload = Workloads.All.Single(w => w.Name == name);
        using TrainingRun run = new(workload, WorkloadData.Of(workload), threads: 1, shuffle: false);
        int steps = Math.Clamp(4000 / (workload.Batch == 0 ? workload.Rows : workload.Batch), 20, 400);
        double[] losses = run.Losses(steps);
        int quarter = steps / 4;
        Assert.True(losses[^quarter..].Average() < losses[..quarter].Average(), string.Join(' ', losses));
        Assert.Equal(losses, run.Losses(steps));
    }

    public void Dispose() => desk.Dispose();
}
