namespace Downhill.Tests.Training;

/// <summary>The history of a run of any length is bounded and keeps what matters.</summary>
public sealed class EpochHistoryTests
{
    private const int Most = EpochHistory.Most;

    private static EpochReport Report(int epoch, double loss, bool isBest = false) =>
        new(epoch, 8L * epoch, loss, 0, double.NaN, double.NaN, 0.1, double.NaN, isBest);

    /// <summary>Noise between 1 and 2, with a spike, a dip and a best epoch at places that no grid has.</summary>
    private static EpochReport Noisy(int epoch) => Report(epoch,
        epoch == 40_004 ? 99 : epoch == 70_002 ? -99
            : 1 + new RandomStream(5, RandomStreams.Data).Uniform((ulong)epoch), epoch is 6 or 12_346);

    [Fact]
    public void UpToTheMostAllEpochsAreThere()
    {
        EpochHistory history = new();
        for (int epoch = 1; epoch <= Most; epoch++) history.Add(Noisy(epoch));
        Assert.Equal(Enumerable.Range(1, Most), history.Select(h => h.Epoch));
        history.Add(Noisy(Most + 1));
        Assert.InRange(history.Count, Most / 2, Most / 2 + 5);
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("falls")]
    [InlineData("rises")]
    [InlineData("no number")]
    [InlineData("best each time")]
    public void EndsAndExtremesStayAndTheRestIsEven(string kind)
    {
        EpochHistory history = new();
        for (int epoch = 1; epoch <= 100_003; epoch++)
        {
            history.Add(kind switch
            {
                "noise" => Noisy(epoch),
                "falls" => Report(epoch, 1.0 / epoch),
                "rises" => Report(epoch, epoch),
                "no number" => Report(epoch, double.NaN),
                _ => Report(epoch, 1, isBest: true),
            });
            Assert.InRange(history.Count, 1, Most);
            Assert.Equal(epoch, history[^1].Epoch);
            Assert.Equal(1, history[0].Epoch);
        }
        int[] epochs = [.. history.Select(h => h.Epoch)];
        Assert.Equal(16, history.Stride);
        Assert.True(epochs.Zip(epochs.Skip(1)).All(pair => pair.First < pair.Second));
        Assert.Equal(Enumerable.Range(0, 100_003).Where(e => e % 16 == 0).Select(e => e + 1),
            epochs.Where(e => e % 16 == 1));
        if (kind != "noise")
        {
            Assert.Single(epochs, e => e % 16 != 1);
            return;
        }
        Assert.All((int[])[12_346, 40_004, 70_002], epoch => Assert.Contains(epoch, epochs));
        Assert.Equal(Noisy(40_004), history.MaxBy(h => h.TrainLoss));
        Assert.Equal(Noisy(70_002), history.MinBy(h => h.TrainLoss));
    }

    /// <summary>Millions of epochs take the memory of ten thousand.</summary>
    [Fact]
    public void WithMemorySetAsideNothingIsAllocated()
    {
        EpochHistory history = new();
        history.EnsureCapacity(Most);
        for (int epoch = 1; epoch <= 2 * Most; epoch++) history.Add(Report(epoch, 1.0 / epoch)); // jitted by now
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int epoch = 2 * Most + 1; epoch <= 3_000_000; epoch++) history.Add(Report(epoch, 1.0 / epoch));
        // A closure at each thinning, of which there are eight.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void WhatIsRestoredGoesOnAsIfNothingHadBeen()
    {
        foreach (int at in (int[])[1, Most, Most + 2, 40_005, 70_003])
        {
            EpochHistory whole = new(), resumed = new();
            for (int epoch = 1; epoch <= at; epoch++) whole.Add(Noisy(epoch));
            resumed.Restore(whole.Stride, [.. whole]);
            for (int epoch = at + 1; epoch <= 90_000; epoch++)
            {
                whole.Add(Noisy(epoch));
                resumed.Add(Noisy(epoch));
            }
            Assert.Equal(whole.Stride, resumed.Stride);
            Assert.Equal(whole.AsEnumerable(), resumed);
        }
    }

    [Fact]
    public void GoingBackForgetsWhatCameLater()
    {
        EpochHistory history = new();
        for (int epoch = 1; epoch <= 40_010; epoch++) history.Add(Noisy(epoch));
        history.GoBack(Noisy(40_001));
        Assert.Equal(40_001, history[^1].Epoch);
        Assert.DoesNotContain(99, history.Select(h => h.TrainLoss));
        Assert.Contains(12_346, history.Select(h => h.Epoch));
        history.GoBack(Noisy(39_998));                                     // one that the grid had left out
        Assert.Equal([39_993, 39_998], history.TakeLast(2).Select(h => h.Epoch));
        history.GoBack(null);
        Assert.Empty(history);
    }

    /// <summary>A session keeps to it, in its checkpoint too, and every epoch is told of.</summary>
    [Fact]
    public void ALongRunTellsOfEveryEpochAndKeepsFew()
    {
        using TemporaryFolder folder = new();
        Dataset data = Runs.Numbers(4, 1);
        FitPlan plan = FitPlan.Make(data, new FitOptions
        {
            Hidden = [], Epochs = Most + 2_000, Batch = 0, TestShare = 0, Threads = 1, Recipe = Recipe.Plain,
        });
        using TrainSession<float> session = plan.Start();
        int told = 0;
        session.Run(progress: report => Assert.Equal(++told, report.Epoch));
        Assert.Equal(Most + 2_000, told);
        Assert.Equal(told, session.State.History[^1].Epoch);
        Assert.InRange(session.State.History.Count, Most / 2, Most);
        Checkpoint.Save(folder["c"], plan, session);
        using TrainSession<float> resumed = Checkpoint.Load(folder["c"], data).Session;
        Assert.Equal(session.State.History.AsEnumerable(), resumed.State.History);
        Assert.Equal(session.State.History.Stride, resumed.State.History.Stride);
    }
}
