using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>The rounds of a <see cref="Permutation"/>, many elements at a time. All arrays of elements have room for
/// what is missing to whole <see cref="AtOnce"/>.</summary>
internal static unsafe class FeistelRounds
{
    /// <summary>Bytes of the table of a round that is looked up.</summary>
    public const int TableLength = 128;

    /// <summary>Most elements of one walk through the rounds.</summary>
    public const int AtOnce = 64;

    /// <summary>Most bits of a half that is looked up, as a table fits into one or two vectors; 0 for none.</summary>
    public static int HalfBits => Avx512Vbmi.IsSupported ? 7 : Ssse3.IsSupported ? 5 : 0;

    public static bool CanMultiply => Avx2.IsSupported;

    /// <summary>values = start, start + 1 …; places = 0, 1 …</summary>
    public static void CountUp(uint* values, int* places, int length, uint start)
    {
        Vector256<int> place = Vector256<int>.Indices, step = Vector256.Create(Vector256<int>.Count);
        Vector256<int> first = Vector256.Create((int)start);
        for (int* end = places + length; places < end; places += 16, values += 16)
        {
            place.Store(places);
            (first + place).Store((int*)values);
            place += step;
            place.Store(places + Vector256<int>.Count);
            (first + place).Store((int*)values + Vector256<int>.Count);
            place += step;
        }
    }

    /// <summary>Puts the images in the place of values whose halves have at most <see cref="HalfBits"/>
    /// bits.</summary>
    /// <param name="values">[length].</param>
    /// <param name="length">Number of values.</param>
    /// <param name="tables">[rounds, <see cref="TableLength"/>]: what a round adds to one half for each value of the
    /// other; the first to the low half.</param>
    /// <param name="rounds">Number of rounds, even.</param>
    /// <param name="lowBits">Bits of the low half.</param>
    public static void LookUp(uint* values, int length, byte* tables, int rounds, int lowBits)
    {
        byte* end = tables + rounds * TableLength;
        for (uint* endOfValues = values + length; values < endOfValues;)
        {
            if (Avx512Vbmi.IsSupported)
            {
                LookUp64(values, tables, end, lowBits);
                values += 64;
            }
            else
            {
                LookUp16(values, tables, end, lowBits);
                values += 16;
            }
        }
    }

    /// <summary><see cref="LookUp"/> for 64 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LookUp64(uint* values, byte* tables, byte* end, int lowBits)
    {
        Vector512<ushort> mask = Vector512.Create((ushort)((1 << lowBits) - 1));
        Vector512<ushort> x0 = Vector512.Narrow(Vector512.Load(values), Vector512.Load(values + 16));
        Vector512<ushort> x1 = Vector512.Narrow(Vector512.Load(values + 32), Vector512.Load(values + 48));
        Vector512<byte> low = Vector512.Narrow(x0 & mask, x1 & mask);
        Vector512<byte> high = Vector512.Narrow(x0 >>> lowBits, x1 >>> lowBits);
        for (byte* table = tables; table < end; table += 2 * TableLength)
        {
            low ^= LookUp(table, high);
            high ^= LookUp(table + TableLength, low);
        }
        (Vector512<ushort> low0, Vector512<ushort> low1) = Vector512.Widen(low);
        (Vector512<ushort> high0, Vector512<ushort> high1) = Vector512.Widen(high);
        (Vector512<uint> y0, Vector512<uint> y1) = Vector512.Widen(high0 << lowBits | low0);
        (Vector512<uint> y2, Vector512<uint> y3) = Vector512.Widen(high1 << lowBits | low1);
        y0.Store(values);
        y1.Store(values + 16);
        y2.Store(values + 32);
        y3.Store(values + 48);

        static Vector512<byte> LookUp(byte* table, Vector512<byte> index) =>
            Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(table), index, Vector512.Load(table + 64));
    }

    /// <summary><see cref="LookUp"/> for 16 values with halves of at most five bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LookUp16(uint* values, byte* tables, byte* end, int lowBits)
    {
        Vector128<ushort> mask = Vector128.Create((ushort)((1 << lowBits) - 1));
        Vector128<ushort> x0 = Vector128.Narrow(Vector128.Load(values), Vector128.Load(values + 4));
        Vector128<ushort> x1 = Vector128.Narrow(Vector128.Load(values + 8), Vector128.Load(values + 12));
        Vector128<byte> low = Vector128.Narrow(x0 & mask, x1 & mask);
        Vector128<byte> high = Vector128.Narrow(x0 >>> lowBits, x1 >>> lowBits);
        for (byte* table = tables; table < end; table += 2 * TableLength)
        {
            low ^= LookUp(table, high);
            high ^= LookUp(table + TableLength, low);
        }
        (Vector128<ushort> low0, Vector128<ushort> low1) = Vector128.Widen(low);
        (Vector128<ushort> high0, Vector128<ushort> high1) = Vector128.Widen(high);
        (Vector128<uint> y0, Vector128<uint> y1) = Vector128.Widen(high0 << lowBits | low0);
        (Vector128<uint> y2, Vector128<uint> y3) = Vector128.Widen(high1 << lowBits | low1);
        y0.Store(values);
        y1.Store(values + 4);
        y2.Store(values + 8);
        y3.Store(values + 12);

        // In the first half of the table an index of 16 and more gives 0 (the addition sets its highest bit), in the
        // second one below 16.
        static Vector128<byte> LookUp(byte* table, Vector128<byte> index) =>
            Ssse3.Shuffle(Vector128.Load(table), index + Vector128.Create((byte)0x70))
            | Ssse3.Shuffle(Vector128.Load(table + 16), index - Vector128.Create((byte)16));
    }

    /// <summary>Puts the images in the place of values.</summary>
    /// <param name="values">[length].</param>
    /// <param name="length">Number of values.</param>
    /// <param name="keys">Multiplier and offset of each round; the first changes the low half.</param>
    /// <param name="lowBits">Bits of the low half.</param>
    /// <param name="highBits">Bits of the high half.</param>
    public static void Multiply(uint* values, int length, ReadOnlySpan<ulong> keys, int lowBits, int highBits)
    {
        Vector256<ulong> mask = Vector256.Create((1UL << lowBits) - 1);
        int toLow = 64 - lowBits, toHigh = 64 - highBits;
        for (uint* end = values + length; values < end; values += 16)
        {
            Vector256<ulong> x0 = Avx2.ConvertToVector256Int64(values).AsUInt64(),
                x1 = Avx2.ConvertToVector256Int64(values + 4).AsUInt64(),
                x2 = Avx2.ConvertToVector256Int64(values + 8).AsUInt64(),
                x3 = Avx2.ConvertToVector256Int64(values + 12).AsUInt64();
            Vector256<ulong> low0 = x0 & mask, low1 = x1 & mask, low2 = x2 & mask, low3 = x3 & mask;
            Vector256<ulong> high0 = x0 >>> lowBits, high1 = x1 >>> lowBits, high2 = x2 >>> lowBits,
                high3 = x3 >>> lowBits;
            for (int i = 0; i < keys.Length; i += 4)
            {
                Vector256<ulong> multiplier = Vector256.Create(keys[i]), offset = Vector256.Create(keys[i + 1]);
                low0 ^= Hash(high0, multiplier, offset) >>> toLow;
                low1 ^= Hash(high1, multiplier, offset) >>> toLow;
                low2 ^= Hash(high2, multiplier, offset) >>> toLow;
                low3 ^= Hash(high3, multiplier, offset) >>> toLow;
                (multiplier, offset) = (Vector256.Create(keys[i + 2]), Vector256.Create(keys[i + 3]));
                high0 ^= Hash(low0, multiplier, offset) >>> toHigh;
                high1 ^= Hash(low1, multiplier, offset) >>> toHigh;
                high2 ^= Hash(low2, multiplier, offset) >>> toHigh;
                high3 ^= Hash(low3, multiplier, offset) >>> toHigh;
            }
            Vector256.Narrow(high0 << lowBits | low0, high1 << lowBits | low1).Store(values);
            Vector256.Narrow(high2 << lowBits | low2, high3 << lowBits | low3).Store(values + 8);
        }
    }

    /// <summary>Moves those values that are no elements, and what belongs to them, to the front.</summary>
    /// <param name="values">[length].</param>
    /// <param name="places">[length] likewise.</param>
    /// <param name="length">Number of values.</param>
    /// <param name="count">Number of elements: a value is one if it is less.</param>
    /// <returns>How many are none.</returns>
    public static int Outside(uint* values, int* places, int length, uint count)
    {
        int outside = 0, i = 0;
        if (Avx512F.IsSupported)
        {
            Vector512<uint> limit = Vector512.Create(count);
            for (; i <= length - 16; i += 16)
            {
                Vector512<uint> value = Vector512.Load(values + i), place = Vector512.Load((uint*)places + i);
                Vector512<uint> isOutside = Vector512.GreaterThanOrEqual(value, limit);
                Avx512F.Compress(value, isOutside, value).Store(values + outside);
                Avx512F.Compress(place, isOutside, place).Store((uint*)places + outside);
                outside += BitOperations.PopCount((uint)isOutside.ExtractMostSignificantBits());
            }
        }
        for (; i < length; i++)
        {
            (uint value, int place) = (values[i], places[i]);
            (values[outside], places[outside]) = (value, place);
            outside += value >= count ? 1 : 0;
        }
        return outside;
    }

    /// <summary>multiplier·half + offset mod 2⁶⁴ for halves below 2³²: products of 32 bits take a third of the time of
    /// those of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Hash(Vector256<ulong> half, Vector256<ulong> multiplier, Vector256<ulong> offset)
    {
        Vector256<ulong> lower = Avx2.Multiply(half.AsUInt32(), multiplier.AsUInt32());
        Vector256<ulong> upper = Avx2.Multiply(half.AsUInt32(), (multiplier >>> 32).AsUInt32());
        return lower + offset + (upper << 32);
    }
}
