using CsCheck;
using Xunit;

namespace Downhill.Tests;

public sealed class SplitTests
{
    [Fact]
    public void EveryClassIsRepresentedInProportion()
    {
        Dataset iris = Dataset.Load("iris");
        Split split = Split.HoldOut(iris, 0.2, 1);
        Assert.Equal((120, 30), (split.Training.Length, split.Test.Length));
        Assert.All(Counts(iris.Classes, split.Test, 3), n => Assert.Equal(10, n));
    }

    // 10 of 37, 11 and 4 (52 rows): quotas 7.12, 2.12, 0.77; the largest remainder gets the tenth.
    [Fact]
    public void LargestRemaindersGetTheRowsThatAreLeft()
    {
        int[] classes = [.. Enumerable.Repeat(0, 37), .. Enumerable.Repeat(1, 11), .. Enumerable.Repeat(2, 4)];
        Split split = Split.HoldOut(classes, 3, 10 / 52.0, 5);
        Assert.Equal([7, 2, 1], Counts(classes, split.Test, 3));
    }

    [Fact]
    public void ARowOfEveryClassStaysInTraining()
    {
        int[] classes = [0, 0, 0, 0, 0, 0, 1, 2, 2];
        for (ulong seed = 0; seed < 20; seed++)
        {
            Split split = Split.HoldOut(classes, 3, 0.9, seed);
            Assert.Equal([1, 1, 1], Counts(classes, split.Training, 3));
        }
    }

    [Fact]
    public void PartsAreAscendingDisjointAndComplete() =>
        Gen.Select(Gen.Int[0, 4].Array[2, 200], Gen.Double[0.01, 0.99], Gen.ULong).Sample((classes, fraction, seed) =>
        {
            Split split = Split.HoldOut(classes, 5, fraction, seed);
            AssertParts(split, classes.Length);
            foreach (int code in classes.Distinct())
                Assert.Contains(split.Training, row => classes[row] == code);
            double wanted = fraction * classes.Length;
            Assert.True(split.Test.Length <= Math.Max(1, wanted + 0.5));
        }, iter: 300);

    [Fact]
    public void PlainSplitsHoldOutTheRoundedFraction() =>
        Gen.Select(Gen.Int[2, 500], Gen.Double[0.01, 0.99], Gen.ULong).Sample((rows, fraction, seed) =>
        {
            Split split = Split.HoldOut(rows, fraction, seed);
            AssertParts(split, rows);
            Assert.Equal(Math.Clamp(Math.Floor(rows * fraction + 0.5), 1, rows - 1), split.Test.Length);
        }, iter: 300);

    [Fact]
    public void TheSeedDecides()
    {
        Dataset digits = Dataset.Load("digits");
        Assert.Equal(Split.HoldOut(digits, 0.2, 1).Test, Split.HoldOut(digits, 0.2, 1).Test);
        Assert.NotEqual(Split.HoldOut(digits, 0.2, 1).Test, Split.HoldOut(digits, 0.2, 2).Test);
    }

    [Fact]
    public void FoldsDealEveryRowOnceAndDifferByOneAtMost() =>
        Gen.Select(Gen.Int[0, 3].Array[12, 150], Gen.Int[2, 12], Gen.ULong).Sample((classes, folds, seed) =>
        {
            Split[] splits = Split.Folds(classes, 4, folds, seed);
            Assert.Equal(folds, splits.Length);
            int[] all = [.. splits.SelectMany(s => s.Test).Order()];
            Assert.Equal(Enumerable.Range(0, classes.Length), all);
            foreach (Split split in splits) AssertParts(split, classes.Length);
            Assert.InRange(splits.Max(s => s.Test.Length) - splits.Min(s => s.Test.Length), 0, 1);
            for (int c = 0; c < 4; c++)
            {
                int[] counts = [.. splits.Select(s => s.Test.Count(row => classes[row] == c))];
                Assert.InRange(counts.Max() - counts.Min(), 0, 1);
            }
        }, iter: 200);

    /// <summary>Rare labels are the hard case: dealt without regard to them a fold would often have none.</summary>
    [Fact]
    public void FoldsOfLabelsShareOutEveryLabelAndRow() =>
        Gen.Select(Gen.Int[12, 150], Gen.Int[1, 5], Gen.Int[2, 6], Gen.ULong).Sample((rows, labels, folds, seed) =>
        {
            RandomStream random = new(seed, RandomStreams.Data);
            float[] values = new float[rows * labels]; // label l in about a row of 2, 4, 6 …
            for (int i = 0; i < values.Length; i++)
                values[i] = random.Uniform((ulong)i) < 0.5 / (1 + i % labels) ? 1 : 0;
            Split[] splits = Split.Folds(Labels(values, labels), folds, seed);
            Assert.Equal(Enumerable.Range(0, rows), splits.SelectMany(s => s.Test).Order());
            foreach (Split split in splits) AssertParts(split, rows);
            for (int l = 0; l < labels; l++)
            {
                int[] counts = [.. splits.Select(s => s.Test.Count(row => values[row * labels + l] == 1))];
                // With one label it is plain stratification; with more, what one label gives another takes.
                Assert.InRange(counts.Max() - counts.Min(), 0, labels == 1 ? 1 : 2 + labels);
            }
        }, iter: 200);

    [Fact]
    public void ARareLabelIsInEveryFold()
    {
        float[] values = new float[400 * 3];
        for (int row = 0; row < 400; row++)
        {
            values[3 * row] = row % 2;
            values[3 * row + 1] = row < 5 ? 1 : 0; // five rows for five folds
            values[3 * row + 2] = row % 40 == 3 ? 1 : 0; // ten
        }
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Split[] splits = Split.Folds(Labels(values, 3), 5, seed);
            Assert.All(splits, s => Assert.Equal(1, s.Test.Count(row => values[3 * row + 1] == 1)));
            Assert.All(splits, s => Assert.Equal(2, s.Test.Count(row => values[3 * row + 2] == 1)));
            Assert.All(splits, s => Assert.InRange(s.Test.Length, 78, 82));
            Assert.All(splits, s => Assert.InRange(s.Test.Count(row => values[3 * row] == 1), 39, 41));
        }
        Assert.NotEqual(Split.Folds(Labels(values, 3), 5, 1)[0].Test, Split.Folds(Labels(values, 3), 5, 2)[0].Test);
    }

    [Fact]
    public void AsManyFoldsAsRowsWithLabelsLeaveNoneEmpty()
    {
        float[] values = [1, 1, 1, 0, 0, 1, 1, 1, 0, 0];
        Assert.All(Split.Folds(Labels(values, 2), 5, 3), s => Assert.Single(s.Test));
        Assert.Contains("2 … 5", Assert.Throws<DownhillException>(() => Split.Folds(Labels(values, 2), 6, 3)).Message,
            StringComparison.Ordinal);
    }

    private static Dataset Labels(float[] values, int labels) =>
        new("labels", [new("x")],
            new([.. Enumerable.Range(1, labels).Select(i => $"l{i}")], []) { IsMultiLabel = true },
            new float[values.Length / labels], [], [], values);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void AFractionOutsideItsRangeIsRefused(double fraction)
    {
        Assert.Contains("fraction above 0 and below 1",
            Assert.Throws<DownhillException>(() => Split.HoldOut(10, fraction, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ImpossibleSplitsAreRefused()
    {
        Assert.Throws<DownhillException>(() => Split.HoldOut(1, 0.5, 0));
        Assert.Throws<DownhillException>(() => Split.Folds(new int[5], 1, 6, 0));
        Assert.Throws<DownhillException>(() => Split.Folds(new int[5], 1, 1, 0));
        Assert.Throws<DownhillException>(() => Split.FromTest(3, [3]));
        Assert.Throws<DownhillException>(() => Split.FromTest(3, [1, 1]));
        Assert.Throws<DownhillException>(() => Split.FromTest(3, [0, 1, 2]));
    }

    private static void AssertParts(Split split, int rows)
    {
        Assert.NotEmpty(split.Training);
        Assert.Equal(split.Training.Order(), split.Training);
        Assert.Equal(split.Test.Order(), split.Test);
        Assert.Equal(Enumerable.Range(0, rows), split.Training.Concat(split.Test).Order());
    }

    private static int[] Counts(int[] classes, int[] rows, int classCount)
    {
        int[] counts = new int[classCount];
        foreach (int row in rows) counts[classes[row]]++;
        return counts;
    }
}
