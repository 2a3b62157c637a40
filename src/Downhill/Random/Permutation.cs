using System.Numerics;
using System.Runtime.CompilerServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A random order of 0 … Count−1 that is computed, not stored: <c>order[i]</c> costs some nanoseconds and no memory,
/// for any i, so an epoch over data larger than memory is shuffled like any other.
/// </summary>
/// <remarks>
/// Up to 16 elements the whole order is drawn at once (Fisher and Yates) and kept in one word, four bits each: exactly
/// uniform for practical purposes. Above that, a keyed Feistel network over the smallest power of two ≥ Count, walking
/// on while the result is outside (fewer than 2 evaluations on average; Black and Rogaway, "Ciphers with arbitrary
/// finite domains", CT-RSA 2002). A round adds to one half a hash of the other: the top bits of multiplier · half +
/// offset mod 2⁶⁴ with the round's own random odd multiplier and offset (Dietzfelbinger 1996), cheaper than Philox's
/// fixed multiplier and mixed as well after eight rounds. Halves of at most four bits (up to 256 elements) show that
/// hash's regularity, so there a round looks the half up in a random table, again one word of sixteen times four bits.
/// </remarks>
public readonly struct Permutation
{
    private const int Rounds = 8;
    private const int PackedLimit = 16, TableLimit = 256;

    // Bits of a half up to which the rounds of a long stretch are tabulated: 16 KiB of tables, for up to a million
    // elements.
    private const int TabulatedBits = 10, TableLength = 1 << TabulatedBits;

    [InlineArray(2 * Rounds)]
    private struct Keys
    {
        private ulong first;
    }

    private readonly Keys keys;
    private readonly ulong packed;
    private readonly int lowBits, highBits;

    /// <param name="count">Number of elements, 1 or more (0 gives an empty order).</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">Another epoch, another order.</param>
    /// <param name="stream">What the order is for, one of <see cref="RandomStreams"/>.</param>
    public Permutation(int count, ulong seed, uint epoch = 0, uint stream = RandomStreams.Shuffle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
        var random = new RandomStream(seed, stream, epoch);
        if (count <= PackedLimit)
        {
            packed = Pack(count, random.Bits(0));
            return;
        }
        int bits = 32 - int.LeadingZeroCount(count - 1);
        highBits = bits / 2;
        lowBits = bits - highBits;
        for (int i = 0; i < Rounds; i++)
        {
            var (w0, w1, w2, w3) = random.Block((ulong)i);
            keys[2 * i] = ((ulong)w1 << 32 | w0) | (count > TableLimit ? 1u : 0u);
            keys[2 * i + 1] = (ulong)w3 << 32 | w2;
        }
    }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>The element at position i.</summary>
    /// <param name="i">0 … Count−1.</param>
    public int this[int i]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
            return Count <= PackedLimit ? (int)(packed >> (4 * i)) & 15 : Walk((uint)i);
        }
    }

    /// <summary>Writes the elements at positions start, start+1, … to <paramref name="elements"/>.</summary>
    public void Fill(int start, Span<int> elements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + elements.Length, Count, nameof(start));
        if (Count <= PackedLimit)
        {
            for (int i = 0; i < elements.Length; i++)
                elements[i] = (int)(packed >> (4 * (start + i))) & 15;
            return;
        }
        if (lowBits <= FeistelRounds.HalfBits && elements.Length >= 2 << lowBits && FeistelRounds.IsSupported)
        {
            FillBySixteen((uint)start, elements);
            return;
        }
        if (lowBits <= TabulatedBits && elements.Length >= 2 << lowBits)
        {
            FillTabulated((uint)start, elements);
            return;
        }
        for (int i = 0; i < elements.Length; i++)
            elements[i] = Walk((uint)(start + i));
    }

    private int RoundCount => Count <= TableLimit ? 2 * Rounds : Rounds;

    /// <summary>What a round adds to one half, for each value of the other.</summary>
    private unsafe void Tabulate<N>(int round, N* table, int halves) where N : unmanaged, IBinaryInteger<N>
    {
        int bits = (round & 1) == 0 ? lowBits : highBits; // of the half that is changed
        if (Count <= TableLimit)
        {
            ulong word = keys[round], mask = (1u << bits) - 1;
            for (int half = 0; half < halves; half++, word >>= 4) table[half] = N.CreateTruncating(word & mask);
            return;
        }
        ulong multiplier = keys[2 * round], sum = keys[2 * round + 1]; // plus half · multiplier
        for (int half = 0; half < halves; half++, sum += multiplier)
            table[half] = N.CreateTruncating(sum >> (64 - bits));
    }

    /// <summary>The same elements with every round's function of a half worked out before: a quarter of the time where
    /// there are many more elements than halves.</summary>
    [SkipLocalsInit]
    private unsafe void FillTabulated(uint start, Span<int> elements)
    {
        int rounds = RoundCount, split = lowBits; // in registers
        uint lowMask = (1u << split) - 1, count = (uint)Count;
        ushort* tables = stackalloc ushort[rounds * TableLength];
        for (int round = 0; round < rounds; round++) Tabulate(round, tables + round * TableLength, 1 << split);
        for (int i = 0; i < elements.Length; i++)
        {
            uint x = start + (uint)i;
            do
            {
                nuint low = x & lowMask, high = x >> split;
                EightRounds(tables, ref low, ref high);
                if (rounds > Rounds) EightRounds(tables + Rounds * TableLength, ref low, ref high);
                x = (uint)(high << split | low);
            }
            while (x >= count);
            elements[i] = (int)x;
        }
    }

    /// <summary>The same, sixteen at a time.</summary>
    [SkipLocalsInit]
    private unsafe void FillBySixteen(uint start, Span<int> elements)
    {
        const int AtOnce = FeistelRounds.AtOnce;
        int rounds = RoundCount;
        byte* tables = stackalloc byte[2 * Rounds * FeistelRounds.TableLength];
        // Beyond 1 << lowBits nothing is looked up.
        for (int round = 0; round < rounds; round++)
            Tabulate(round, tables + round * FeistelRounds.TableLength, 1 << lowBits);
        int* last = stackalloc int[AtOnce];
        fixed (int* all = elements)
        {
            for (int i = 0; i < elements.Length; i += AtOnce)
            {
                int rest = elements.Length - i;
                int* to = rest < AtOnce ? last : all + i;
                uint outside = FeistelRounds.Encrypt(
                    (ushort)(start + (uint)i), tables, rounds, lowBits, to, (ushort)Count);
                if (rest < AtOnce) outside &= (1u << rest) - 1;
                for (; outside != 0; outside &= outside - 1)
                {
                    int place = BitOperations.TrailingZeroCount(outside);
                    to[place] = Walk((uint)to[place]);
                }
                if (rest < AtOnce) new Span<int>(last, rest).CopyTo(elements[i..]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void EightRounds(ushort* tables, ref nuint low, ref nuint high)
    {
        low ^= tables[high];
        high ^= tables[TableLength + low];
        low ^= tables[2 * TableLength + high];
        high ^= tables[3 * TableLength + low];
        low ^= tables[4 * TableLength + high];
        high ^= tables[5 * TableLength + low];
        low ^= tables[6 * TableLength + high];
        high ^= tables[7 * TableLength + low];
    }

    private int Walk(uint x)
    {
        if (Count <= TableLimit)
        {
            do x = EncryptByTable(x);
            while (x >= (uint)Count);
        }
        else
        {
            do x = Encrypt(x);
            while (x >= (uint)Count);
        }
        return (int)x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint EncryptByTable(uint x)
    {
        uint lowMask = (1u << lowBits) - 1, highMask = (1u << highBits) - 1;
        uint low = x & lowMask, high = x >> lowBits;
        for (int i = 0; i < 2 * Rounds; i += 2)
        {
            low ^= (uint)(keys[i] >> (int)(4 * high)) & lowMask;
            high ^= (uint)(keys[i + 1] >> (int)(4 * low)) & highMask;
        }
        return high << lowBits | low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Encrypt(uint x)
    {
        int toLow = 64 - lowBits, toHigh = 64 - highBits;
        uint low = x & ((1u << lowBits) - 1), high = x >> lowBits;
        for (int i = 0; i < 2 * Rounds; i += 4)
        {
            low ^= (uint)((keys[i] * high + keys[i + 1]) >> toLow);
            high ^= (uint)((keys[i + 2] * low + keys[i + 3]) >> toHigh);
        }
        return high << lowBits | low;
    }

    /// <summary>Fisher and Yates in a word: 16! orders are drawn from 64 bits, the bias is below 2⁻¹⁹.</summary>
    private static ulong Pack(int count, ulong bits)
    {
        ulong order = 0xFEDCBA9876543210;
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)Math.BigMul(bits, (ulong)(i + 1), out bits);
            ulong difference = (order >> (4 * i) ^ order >> (4 * j)) & 15;
            order ^= difference << (4 * i) ^ difference << (4 * j);
        }
        return order;
    }
}
