using System.Runtime.Intrinsics.X86;
using Downhill.Kernels;
using Xunit;

namespace Downhill.Tests;

/// <summary>Each way of computing the rounds against one by one: a processor takes only one of them in an
/// order.</summary>
[Trait("Width", "stated")]
public sealed unsafe class FeistelRoundsTests
{
    private const int Rounds = 8;

    [Theory]
    [InlineData(5, 4)]
    [InlineData(5, 5)]
    [InlineData(6, 5)]
    [InlineData(7, 7)]
    public void LookedUpRoundsAreTheRoundsOneByOne(int lowBits, int highBits)
    {
        byte[] table = new byte[Rounds * FeistelRounds.TableLength];
        RandomStream random = new(3, 1);
        for (int i = 0; i < table.Length; i++)
            table[i] = (byte)(random.Bits((ulong)i) >> (64 - (Half(i) == 0 ? lowBits : highBits)));
        uint* values = stackalloc uint[FeistelRounds.AtOnce], expected = stackalloc uint[FeistelRounds.AtOnce];
        fixed (byte* tables = table)
        {
            byte* end = tables + table.Length, at = tables;
            for (uint first = 0; first < 1u << (lowBits + highBits); first += FeistelRounds.AtOnce)
            {
                for (uint i = 0; i < FeistelRounds.AtOnce; i++)
                    expected[i] = OneByOne(
                        first + i, lowBits, (round, half) => table[round * FeistelRounds.TableLength + (int)half]);
                if (Avx512Vbmi.IsSupported)
                {
                    Start();
                    FeistelRounds.LookUp64(values, at, end, lowBits);
                    AssertExpected();
                }
                if (Ssse3.IsSupported && lowBits <= 5)
                {
                    Start();
                    for (int i = 0; i < FeistelRounds.AtOnce; i += 16)
                        FeistelRounds.LookUp16(values + i, at, end, lowBits);
                    AssertExpected();
                }

                void Start()
                {
                    for (uint i = 0; i < FeistelRounds.AtOnce; i++) values[i] = first + i;
                }

                void AssertExpected()
                {
                    for (int i = 0; i < FeistelRounds.AtOnce; i++) Assert.Equal(expected[i], values[i]);
                }
            }
        }

        static int Half(int place) => place / FeistelRounds.TableLength & 1;
    }

    [Theory]
    [InlineData(5, 4)]
    [InlineData(7, 7)]
    [InlineData(10, 9)]
    [InlineData(16, 15)]
    public void MultipliedRoundsAreTheRoundsOneByOne(int lowBits, int highBits)
    {
        if (!FeistelRounds.CanMultiply) Assert.Skip("The processor has no AVX2.");
        ulong[] keys = new ulong[2 * Rounds];
        RandomStream random = new(4, 1);
        for (int i = 0; i < keys.Length; i++) keys[i] = random.Bits((ulong)i);
        const int Length = 37; // no whole sixteens
        uint* values = stackalloc uint[FeistelRounds.AtOnce];
        for (int i = 0; i < FeistelRounds.AtOnce; i++) values[i] = Value(i);
        FeistelRounds.Multiply(values, Length, keys, lowBits, highBits);
        for (int i = 0; i < Length; i++)
            Assert.Equal(
                OneByOne(Value(i), lowBits, (round, half) => (uint)((keys[2 * round] * half + keys[2 * round + 1])
                    >> (64 - ((round & 1) == 0 ? lowBits : highBits)))), values[i]);

        uint Value(int i) => (uint)(random.Bits((ulong)(100 + i)) >> (64 - lowBits - highBits));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(47)]
    [InlineData(64)]
    public void OutsideKeepsWhatIsNoElementInOrder(int length)
    {
        const uint Count = 0x90000000; // more than an int holds
        RandomStream random = new(5, 1);
        uint* values = stackalloc uint[2 * FeistelRounds.AtOnce];
        int* places = stackalloc int[2 * FeistelRounds.AtOnce];
        List<(uint, int)> expected = [];
        for (int i = 0; i < 2 * FeistelRounds.AtOnce; i++)
        {
            (values[i], places[i]) = ((uint)random.Bits((ulong)i), 3 * i);
            if (i < length && values[i] >= Count) expected.Add((values[i], places[i]));
        }
        int left = FeistelRounds.Outside(values, places, length, Count);
        Assert.Equal(expected.Count, left);
        for (int i = 0; i < left; i++) Assert.Equal(expected[i], (values[i], places[i]));
    }

    private static uint OneByOne(uint value, int lowBits, Func<int, uint, uint> hash)
    {
        uint low = value & ((1u << lowBits) - 1), high = value >> lowBits;
        for (int round = 0; round < Rounds; round += 2)
        {
            low ^= hash(round, high);
            high ^= hash(round + 1, low);
        }
        return high << lowBits | low;
    }
}
