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

    // Elements that FillMany works on at once: its numbers stay in a first-level cache. Fewer than the least are drawn
    // one by one.
    private const int Block = 1024, LeastBlock = 16;

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
        if (elements.Length >= LeastBlock)
        {
            FillMany((uint)start, elements);
            return;
        }
        for (int i = 0; i < elements.Length; i++)
            elements[i] = Walk((uint)(start + i));
    }

    private int RoundCount => Count <= TableLimit ? 2 * Rounds : Rounds;

    /// <summary>What a round adds to one half, for each value of the other.</summary>
    private unsafe void Tabulate(int round, byte* table, int halves)
    {
        int bits = (round & 1) == 0 ? lowBits : highBits; // of the half that is changed
        if (Count <= TableLimit)
        {
            ulong word = keys[round], mask = (1u << bits) - 1;
            for (int half = 0; half < halves; half++, word >>= 4) table[half] = (byte)(word & mask);
            return;
        }
        ulong multiplier = keys[2 * round], sum = keys[2 * round + 1]; // plus half · multiplier
        for (int half = 0; half < halves; half++, sum += multiplier)
            table[half] = (byte)(sum >> (64 - bits));
    }

    /// <summary>The same elements, <see cref="Block"/> at a time: all of them take one evaluation of the network, those
    /// whose result is outside a second one, and so on. No jump depends on which these are, since nobody could foretell
    /// it.</summary>
    [SkipLocalsInit]
    private unsafe void FillMany(uint start, Span<int> elements)
    {
        uint* values = stackalloc uint[Block + FeistelRounds.AtOnce];
        int* places = stackalloc int[Block + FeistelRounds.AtOnce];
        byte* tables = stackalloc byte[2 * Rounds * FeistelRounds.TableLength];
        if (lowBits > FeistelRounds.HalfBits || elements.Length < 2 << lowBits) tables = null; // not worth it
        else
            for (int round = 0; round < RoundCount; round++)
                Tabulate(round, tables + round * FeistelRounds.TableLength, 1 << lowBits); // beyond that it is not read
        for (int done = 0; done < elements.Length; done += Block)
        {
            Span<int> block = elements.Slice(done, Math.Min(Block, elements.Length - done));
            FeistelRounds.CountUp(values, places, block.Length, start + (uint)done);
            Encrypt(values, block.Length, tables);
            new Span<int>(values, block.Length).CopyTo(block);
            int left = FeistelRounds.Outside(values, places, block.Length, (uint)Count);
            while (left > 0)
            {
                Encrypt(values, left, tables);
                for (int i = 0; i < left; i++) block[places[i]] = (int)values[i];
                left = FeistelRounds.Outside(values, places, left, (uint)Count);
            }
        }
    }

    /// <summary>One evaluation of the network for each of some values; what lies behind them up to whole
    /// <see cref="FeistelRounds.AtOnce"/> changes, too.</summary>
    private unsafe void Encrypt(uint* values, int length, byte* tables)
    {
        if (tables != null) FeistelRounds.LookUp(values, length, tables, RoundCount, lowBits);
        else if (Count > TableLimit && FeistelRounds.CanMultiply)
            FeistelRounds.Multiply(values, length, keys, lowBits, highBits);
        else if (Count > TableLimit)
            for (int i = 0; i < length; i++) values[i] = Encrypt(values[i]);
        else
            for (int i = 0; i < length; i++) values[i] = EncryptByTable(values[i]);
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
