using Xunit;

namespace Downhill.Tests;

public sealed class RandomStreamTests
{
    // The known-answer vectors published with Random123 by the authors of Salmon et al. 2011: counter, key, answer.
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 },
        new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(new uint[] { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, new uint[] { 0xffffffff, 0xffffffff },
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, new uint[] { 0xa4093822, 0x299f31d0 },
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void PhiloxGivesThePublishedAnswers(uint[] counter, uint[] key, uint[] answer)
    {
        var (w0, w1, w2, w3) = Philox.Block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
        Assert.Equal(answer, new[] { w0, w1, w2, w3 });
    }

    [Fact]
    public void TheCounterIsIndexStreamEpochAndTheKeyIsTheSeed()
    {
        var random = new RandomStream(0x299f31d0_a4093822, 0x13198a2e, 0x03707344);
        Assert.Equal((0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u), random.Block(0x85a308d3_243f6a88));
        Assert.Equal(0x94fdcceb_d16cfe09, random.Bits(0x85a308d3_243f6a88));
        Assert.Equal((0x94fdcceb_d16cfe09 >> 11) / (double)(1L << 53), random.Uniform(0x85a308d3_243f6a88));
    }

    [Fact]
    public void EverySeedStreamEpochAndIndexChangesTheNumber()
    {
        ulong reference = new RandomStream(1, RandomStreams.Shuffle, 1).Bits(1);
        Assert.NotEqual(reference, new RandomStream(2, RandomStreams.Shuffle, 1).Bits(1));
        Assert.NotEqual(reference, new RandomStream(1 + (1UL << 32), RandomStreams.Shuffle, 1).Bits(1));
        Assert.NotEqual(reference, new RandomStream(1, RandomStreams.Dropout, 1).Bits(1));
        Assert.NotEqual(reference, new RandomStream(1, RandomStreams.Shuffle, 2).Bits(1));
        Assert.NotEqual(reference, new RandomStream(1, RandomStreams.Shuffle, 1).Bits(2));
        Assert.NotEqual(reference, new RandomStream(1, RandomStreams.Shuffle, 1).Bits(1 + (1UL << 32)));
        Assert.Equal(reference, new RandomStream(1, RandomStreams.Shuffle, 1).Bits(1));
    }

    [Fact]
    public void UniformNumbersFillTheUnitIntervalEvenly()
    {
        const int Draws = 200_000, Cells = 100;
        var random = new RandomStream(7, RandomStreams.Data);
        int[] cells = new int[Cells];
        for (int i = 0; i < Draws; i++)
        {
            double u = random.Uniform((ulong)i);
            Assert.InRange(u, 0, 1 - 1.0 / (1L << 53));
            cells[(int)(u * Cells)]++;
        }
        Assert.InRange(ChiSquare(cells), 55, 160); // 99 degrees of freedom: 99.9 % lies within 60 … 150
    }

    [Fact]
    public void NormalNumbersHaveTheMomentsAndTheTailsOfTheNormalDistribution()
    {
        const int Draws = 200_000;
        var random = new RandomStream(11, RandomStreams.Initialization);
        double sum = 0, squares = 0, cubes = 0, fourths = 0;
        int withinOne = 0, beyondThree = 0;
        for (int i = 0; i < Draws; i++)
        {
            double x = random.Normal((ulong)i);
            (sum, squares, cubes, fourths) = (sum + x, squares + x * x, cubes + x * x * x, fourths + x * x * x * x);
            if (Math.Abs(x) < 1) withinOne++;
            if (Math.Abs(x) > 3) beyondThree++;
        }
        Assert.InRange(sum / Draws, -0.01, 0.01);
        Assert.InRange(squares / Draws, 0.985, 1.015);
        Assert.InRange(cubes / Draws, -0.05, 0.05);
        Assert.InRange(fourths / Draws, 2.9, 3.1);
        Assert.InRange(withinOne / (double)Draws, 0.6827 - 0.005, 0.6827 + 0.005);
        Assert.InRange(beyondThree / (double)Draws, 0.0027 - 0.0006, 0.0027 + 0.0006);
    }

    [Fact]
    public void BoundedIntegersReachEveryValueEvenly()
    {
        var random = new RandomStream(3, RandomStreams.Data);
        int[] cells = new int[7];
        for (int i = 0; i < 70_000; i++)
            cells[random.Below((ulong)i, 7)]++;
        Assert.InRange(ChiSquare(cells), 0.3, 25); // 6 degrees of freedom
        Assert.Equal(0, random.Below(5, 1));
        Assert.InRange(random.Below(5, int.MaxValue), 0, int.MaxValue - 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Below(5, 0));
    }

    [Fact]
    public void NeighbouringIndicesEpochsAndStreamsAreUncorrelated()
    {
        const int Draws = 100_000;
        var a = new RandomStream(5, RandomStreams.Shuffle, 0);
        var b = new RandomStream(5, RandomStreams.Shuffle, 1);
        var c = new RandomStream(5, RandomStreams.Shuffle + 1, 0);
        double index = 0, epoch = 0, stream = 0;
        for (int i = 0; i < Draws; i++)
        {
            double x = a.Uniform((ulong)i) - 0.5;
            index += x * (a.Uniform((ulong)i + 1) - 0.5);
            epoch += x * (b.Uniform((ulong)i) - 0.5);
            stream += x * (c.Uniform((ulong)i) - 0.5);
        }
        foreach (double correlation in (double[])[index, epoch, stream])
            Assert.InRange(correlation * 12 / Draws, -0.015, 0.015); // 1/√100 000 = 0.003
    }

    internal static double ChiSquare(ReadOnlySpan<int> cells)
    {
        double total = 0, sum = 0;
        foreach (int n in cells) total += n;
        double expected = total / cells.Length;
        foreach (int n in cells) sum += (n - expected) * (n - expected) / expected;
        return sum;
    }
}
