using Xunit;
using static Downhill.Tests.RandomStreamTests;

namespace Downhill.Tests;

public sealed class PermutationTests
{
    [Fact]
    public void EveryCountUpTo2000GivesEveryElementOnce()
    {
        bool[] seen = new bool[2000];
        for (int count = 1; count <= 2000; count++)
        {
            var order = new Permutation(count, 17, (uint)count);
            Array.Clear(seen);
            for (int i = 0; i < count; i++)
            {
                int element = order[i];
                Assert.InRange(element, 0, count - 1);
                Assert.False(seen[element], $"{element} twice of {count}");
                seen[element] = true;
            }
        }
    }

    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(1_000_003)]
    public void LargeCountsGiveEveryElementOnce(int count)
    {
        int[] elements = new int[count];
        new Permutation(count, 3, 5).Fill(0, elements);
        Array.Sort(elements);
        for (int i = 0; i < count; i++)
            Assert.Equal(i, elements[i]);
    }

    [Fact]
    public void TheLargestCountStaysInRange()
    {
        var order = new Permutation(int.MaxValue, 1);
        var seen = new HashSet<int>();
        for (int i = 0; i < 1000; i++)
            Assert.True(seen.Add(order[int.MaxValue - 1 - i]) && order[i] is >= 0 and < int.MaxValue);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(500)]
    [InlineData(1000)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(70_000)]
    public void FillEqualsTheElementsOneByOne(int count)
    {
        var order = new Permutation(count, 9, 2);
        for (int start = 0; start <= count; start += 1 + count / 7)
        {
            int[] elements = new int[count - start];
            order.Fill(start, elements);
            for (int i = 0; i < elements.Length; i++)
                Assert.Equal(order[start + i], elements[i]);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => order.Fill(1, new int[count]));
        Assert.Throws<ArgumentOutOfRangeException>(() => order[count]);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[-1]);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(60_000)]
    public void SeedEpochAndStreamEachGiveAnotherOrder(int count)
    {
        int[] reference = Elements(new Permutation(count, 1, 1));
        Assert.Equal(reference, Elements(new Permutation(count, 1, 1)));
        foreach (Permutation other in (Permutation[])
            [new(count, 2, 1), new(count, 1UL << 40, 1), new(count, 1, 2), new(count, 1, 1, RandomStreams.Split)])
        {
            int same = Elements(other).Zip(reference).Count(p => p.First == p.Second);
            Assert.InRange(same, 0, 10); // one on average, whatever the count
        }
    }

    // All orders of four are equally likely: the packed branch.
    [Fact]
    public void SmallCountsGiveEveryOrderEquallyOften()
    {
        var orders = new Dictionary<(int, int, int), int>();
        for (uint epoch = 0; epoch < 24_000; epoch++)
        {
            var order = new Permutation(4, 99, epoch);
            var key = (order[0], order[1], order[2]);
            orders[key] = orders.GetValueOrDefault(key) + 1;
        }
        Assert.Equal(24, orders.Count);
        Assert.InRange(ChiSquare([.. orders.Values]), 6, 55); // 23 degrees of freedom
    }

    // Each element is equally likely at each place, over many epochs: rows of the table are places.
    [Theory]
    [InlineData(7)]
    [InlineData(17)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(100)]
    public void EveryElementComesEquallyOftenAtEveryPlace(int count)
    {
        int[] table = new int[count * count];
        uint epochs = 100u * (uint)count;
        for (uint epoch = 0; epoch < epochs; epoch++)
        {
            var order = new Permutation(count, 4, epoch);
            for (int i = 0; i < count; i++)
                table[i * count + order[i]]++;
        }
        // Each order fills every row and column once: the sum is χ² with (n−1)² degrees after the factor (n−1)/n.
        double degrees = (count - 1.0) * (count - 1.0);
        Assert.InRange((ChiSquare(table) * (count - 1) / count - degrees) / Math.Sqrt(2 * degrees), -4.5, 4.5);
    }

    // Pairs of neighbouring places: their elements must be independent, else batches would be made of neighbours.
    [Theory]
    [InlineData(17)]
    [InlineData(32)]
    [InlineData(100)]
    [InlineData(300)]
    public void NeighboursInTheOrderAreIndependent(int count)
    {
        int[] differences = new int[count - 1];
        for (uint epoch = 0; epoch < 4000; epoch++)
        {
            var order = new Permutation(count, 21, epoch);
            for (int i = 0; i + 1 < count; i += 2)
                differences[(order[i + 1] - order[i] + count) % count - 1]++;
        }
        double degrees = count - 2.0;
        Assert.InRange((ChiSquare(differences) - degrees) / Math.Sqrt(2 * degrees), -4.5, 4.5);
    }

    // Triples of bits at larger counts: two-dimensional cells of (place, element) and of (element, next element).
    [Theory]
    [InlineData(4096)]
    [InlineData(60_000)]
    [InlineData(1_000_000)]
    public void LargeOrdersFillThePlaneEvenly(int count)
    {
        const int Side = 16;
        int epochs = Math.Max(1, 400_000 / count);
        int[] elements = new int[count], places = new int[Side * Side], pairs = new int[Side * Side];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            new Permutation(count, 8, (uint)epoch).Fill(0, elements);
            for (int i = 0; i + 1 < count; i++)
            {
                int cell = (int)((long)elements[i] * Side / count), next = (int)((long)elements[i + 1] * Side / count);
                places[(int)((long)i * Side / count) * Side + cell]++;
                pairs[cell * Side + next]++;
            }
        }
        const double Degrees = (Side - 1) * (Side - 1);
        Assert.InRange((ChiSquare(places) - Degrees) / Math.Sqrt(2 * Degrees), -4.5, 4.5);
        Assert.InRange((ChiSquare(pairs) - Degrees) / Math.Sqrt(2 * Degrees), -4.5, 4.5);
    }

    [Fact]
    public void OrdersDoNotAllocate()
    {
        int[] elements = new int[64];
        new Permutation(1000, 1).Fill(0, elements);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint epoch = 0; epoch < 100; epoch++)
        {
            var order = new Permutation(1000, 1, epoch);
            order.Fill((int)epoch, elements);
            elements[0] += order[(int)epoch];
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Elements(Permutation order)
    {
        int[] elements = new int[order.Count];
        order.Fill(0, elements);
        return elements;
    }

    /// <summary>Long stretches are computed with tables, which must not show.</summary>
    [Theory]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(500)]
    [InlineData(4097)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    public void A_long_stretch_is_the_same_as_one_by_one(int count)
    {
        Permutation order = new(count, 9, 3);
        int start = count / 7;
        int[] all = new int[Math.Min(count - start, 5000)];
        order.Fill(start, all);
        for (int i = 0; i < all.Length; i++) Assert.Equal(order[start + i], all[i]);
    }
}
