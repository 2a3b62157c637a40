namespace Downhill.Tests.Models;

/// <summary>Permutation importance against a direct computation on changed copies of the data.</summary>
public sealed class ImportanceTests
{
    private static double Uniform(ulong i) => new RandomStream(11, RandomStreams.Data).Uniform(i);

    /// <summary>Two numbers, of which the first decides; a category that helps; noise.</summary>
    private static Dataset Table(int rows, bool weighted = false, bool isClass = true)
    {
        float[] numeric = [.. Enumerable.Range(0, 2 * rows).Select(i => (float)(2 * Uniform((ulong)i) - 1))];
        int[] codes = [
            .. Enumerable.Range(0, 2 * rows).Select(i => (int)(3 * Uniform((ulong)(50_000 + i))) - (i % 40 == 0
            ? 1 : 0))];
        double Sum(int r) => 2 * numeric[2 * r] + (codes[2 * r] == 1 ? 0.8 : 0)
            + 0.2 * (Uniform((ulong)(90_000 + r)) - 0.5);
        Column[] columns = [new("decides"), new("helps", ColumnKind.Category, ["p", "q", "r"]), new("noise"),
            new("noise too", ColumnKind.Category, ["p", "q", "r"])];
        return new("table", columns, isClass ? new(["class"], ["no", "yes"]) : new(["sum"], []), numeric, codes,
            isClass ? [.. Enumerable.Range(0, rows).Select(r => Sum(r) > 0.3 ? 1 : 0)] : [],
            isClass ? [] : [.. Enumerable.Range(0, rows).Select(r => (float)Sum(r))],
            weighted ? [.. Enumerable.Range(0, rows).Select(r => r % 5 * 0.5f)] : null);
    }

    private static readonly FitOptions Options = new() { Hidden = [16], Epochs = 30 };

    [Theory, InlineData(true), InlineData(false)]
    public void WhatDecidesIsFirstAndWhatDoesNotMayBeNothing(bool isClass)
    {
        Dataset data = Table(1200, isClass: isClass);
        FitPlan plan = FitPlan.Make(data, Options);
        Model model = Model.Fit(data, Options).Model;
        PermutationImportance worth = PermutationImportance.Of(model, data, plan.TestRows);
        Assert.Equal("decides", worth.Columns[0].Name);
        Assert.Equal("helps", worth.Columns[1].Name);
        Assert.True(worth.Columns[1].Low > 0);
        Assert.True(worth.Columns[0].ScoreFall > worth.Columns[1].ScoreFall);
        foreach (ColumnImportance noise in worth.Columns.Skip(2))
            Assert.True(noise.Low <= 0 && noise.High >= 0, $"{noise}");
        Assert.Equal((plan.TestRows.Length, 10), (worth.Rows, worth.Repetitions));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, true, true)]
    public void ItIsTheRiseOnChangedCopiesOfTheData(bool isClass, bool weighted, bool isPart)
    {
        const int repetitions = 3;
        Dataset data = Table(300, weighted, isClass);
        Model model = Model.Fit(data, Options with { Epochs = 3 }).Model;
        int[] rows = isPart ? [.. Enumerable.Range(0, 300).Where(r => r % 3 != 1).Reverse()]
            : [.. Enumerable.Range(0, 300)];
        PermutationImportance worth = PermutationImportance.Of(model, data, rows, repetitions, seed: 5);
        (double[] plain, Metrics before) = Losses(data);
        Assert.Equal(before.Loss, worth.Loss, 1e-9);
        for (int column = 0; column < 4; column++)
        {
            double[] rises = new double[rows.Length];
            double fall = 0;
            for (int repetition = 0; repetition < repetitions; repetition++)
            {
                Permutation order = PermutationImportance.Order(rows.Length, 5, column, 4, repetition);
                float[] numeric = [.. data.Numeric];
                int[] codes = [.. data.Codes];
                for (int i = 0; i < rows.Length; i++)
                    if (column % 2 == 0) numeric[2 * rows[i] + column / 2] = data.Numeric[
                        2 * rows[order[i]] + column / 2];
                    else codes[2 * rows[i] + column / 2] = data.Codes[2 * rows[order[i]] + column / 2];
                (double[] changed, Metrics after) = Losses(new("changed", data.Inputs, data.Target, numeric, codes,
                    data.Classes, data.Values, data.Weights));
                for (int i = 0; i < rows.Length; i++) rises[i] += (changed[i] - plain[i]) / repetitions;
                fall += (before.Score - after.Score) / repetitions;
            }
            double[] w = [.. rows.Select(r => data.Weights is null ? 1.0 : data.Weights[r])];
            double sum = w.Sum(), mean = rises.Zip(w, (d, v) => d * v).Sum() / sum;
            double half = 1.96 * Math.Sqrt(rises.Zip(w, (d, v) => v * v * (d - mean) * (d - mean)).Sum()) / sum;
            ColumnImportance found = worth.Columns.Single(c => c.Name == data.Inputs[column].Name);
            Assert.Equal(mean, found.Rise, 1e-9);
            Assert.Equal(mean - half, found.Low, 1e-4);
            Assert.Equal(mean + half, found.High, 1e-4);
            Assert.Equal(fall, found.ScoreFall, 1e-9);
        }

        (double[], Metrics) Losses(Dataset set)
        {
            double[] losses = new double[rows.Length];
            return (losses, model.Evaluate(set, rows, (place, loss, _) => losses[place] = loss));
        }
    }

    [Fact]
    public void ThreadsDoNotChangeIt()
    {
        Dataset data = Table(200);
        Model model = Model.Fit(data, Options with { Epochs = 2 }).Model;
        Assert.Equal(PermutationImportance.Of(model, data, threads: 1).Columns,
            PermutationImportance.Of(model, data, threads: 4).Columns);
        Assert.NotEqual(PermutationImportance.Of(model, data, seed: 1).Columns,
            PermutationImportance.Of(model, data, seed: 2).Columns);
    }

    [Fact]
    public void WhatMakesNoSenseIsRefused()
    {
        Dataset data = Table(50);
        Model model = Model.Fit(data, Options with { Epochs = 1 }).Model;
        Assert.Throws<DownhillException>(() => PermutationImportance.Of(model, data, [3]));
        Assert.Throws<DownhillException>(() => PermutationImportance.Of(model, data, repetitions: 0));
        Assert.Throws<DownhillException>(() => PermutationImportance.Of(model, Dataset.Load("iris")));
        Assert.Throws<OperationCanceledException>(() => PermutationImportance.Of(model, data,
            cancellation: new CancellationToken(true)));
    }
}
