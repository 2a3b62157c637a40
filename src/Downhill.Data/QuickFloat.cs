using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Downhill.Data;

/// <summary>
/// Reads plain decimals faster than the runtime, to the same bits: digits and a power of ten that a double holds
/// exactly make one rounding, and where that lies between two floats, or the text is anything else, the runtime
/// decides (Clinger, How to read floating point numbers accurately, PLDI 1990: the fast path). Four characters at a
/// time become digits in one number of 64 bits.
/// </summary>
internal static class QuickFloat
{
    private static ReadOnlySpan<double> Powers =>
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

    // '-' less '0', as 16 bits.
    private const ushort Minus = 0xFFFD;

    private static ReadOnlySpan<uint> Tens => [1, 10, 100, 1000, 10_000];

    /// <summary>As <c>float.TryParse(text, NumberStyles.Float, format)</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, char point, NumberFormatInfo format, out float value)
    {
        bool negative = text.Length > 0 && text[0] == '-';
        int first = negative ? 1 : 0, at = first, fraction = 0;
        ulong number = 0;
        for (uint digit; at < text.Length && (digit = (uint)(text[at] - '0')) <= 9; at++) number = number * 10 + digit;
        int digits = at - first;
        if (at < text.Length && text[at] == point)
        {
            first = ++at;
            for (uint digit; at < text.Length && (digit = (uint)(text[at] - '0')) <= 9; at++)
                number = number * 10 + digit;
            fraction = at - first;
            digits += fraction;
        }
        if (at == text.Length && TryRound(number, digits, fraction, out value))
        {
            value = negative ? -value : value;
            return true;
        }
        return float.TryParse(text, NumberStyles.Float, format, out value);
    }

    /// <summary>Reads plain decimals with a delimiter behind each, up to the first field that is something else.
    /// </summary>
    /// <param name="text">Begins with the first of them. Fields in its last four characters are left out.</param>
    /// <param name="delimiter">Behind each field.</param>
    /// <param name="point">The decimal separator.</param>
    /// <param name="values">What they are.</param>
    /// <returns>How many were read, at most the length of <paramref name="values"/>.</returns>
    public static int Take(ReadOnlySpan<char> text, char delimiter, char point, Span<float> values)
    {
        if (delimiter == '-') return 0; // an empty field in front of a number would be its sign
        int start = 0, end = text.Length - 5;
        for (int i = 0; i < values.Length; i++)
        {
            if (start > end) return i;
            // One digit: of pixels and indicators most are. Here, as below, where a branch tells the length, the next
            // field does not wait for it.
            uint digit = (uint)(text[start] - '0');
            if (text[start + 1] == delimiter && digit <= 9)
            {
                values[i] = digit;
                start += 2;
                continue;
            }
            // Both beginnings are loaded and one is taken, without a branch: the sign is as good as random.
            ulong four = Four(text, start), behind = Four(text, start + 1);
            uint sign = (ushort)four == Minus ? 1u : 0;
            four ^= (four ^ behind) & (0 - (ulong)sign);
            int first = start + (int)sign, at = first, fraction = 0, count;
            ulong number = 0;
            for (; (count = Digits(four)) == 4; four = Four(text, at))
            {
                number = number * 10_000 + Value(four, 4);
                at += 4;
                if (at > end) return i;
            }
            number = number * Tens[count] + Value(four, count);
            at += count;
            int digits = at - first;
            if (text[at] == point)
            {
                first = ++at;
                if (at > end) return i;
                for (four = Four(text, at); (count = Digits(four)) == 4; four = Four(text, at))
                {
                    number = number * 10_000 + Value(four, 4);
                    at += 4;
                    if (at > end) return i;
                }
                if (count > 0)
                {
                    number = number * Tens[count] + Value(four, count);
                    at += count;
                }
                fraction = at - first;
                digits += fraction;
            }
            if (text[at] != delimiter || !TryRound(number, digits, fraction, out float value)) return i;
            values[i] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) | (sign << 31));
            start = at + 1;
        }
        return values.Length;
    }

    /// <summary>Four characters less '0', the first in the lowest 16 bits; right up to the first that is no digit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Four(ReadOnlySpan<char> text, int at) => BinaryPrimitives.ReadUInt64LittleEndian(
        MemoryMarshal.AsBytes(text.Slice(at, 4))) - 0x0030_0030_0030_0030;

    /// <summary>How many of them are digits before the first that is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Digits(ulong four) =>
        BitOperations.TrailingZeroCount((four | (four + 0x7FF6_7FF6_7FF6_7FF6)) & 0x8000_8000_8000_8000) >> 4;

    /// <summary>The number that the first so many of them make: they are moved to the upper lanes, and the uppermost
    /// lane of the product is their sum with the weights 1000, 100, 10 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Value(ulong four, int count) =>
        ((four << (32 - 8 * count) << (32 - 8 * count)) * 0x03E8_0064_000A_0001) >> 48;

    /// <summary>number/10^fraction as the nearest float, where that is sure.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRound(ulong number, int digits, int fraction, out float value)
    {
        Unsafe.SkipInit(out value);
        if ((uint)(digits - 1) > 17 || number > 1UL << 53) return false;
        if (fraction == 0 && number <= 1 << 24)
        {
            value = (int)number;
            return true;
        }
        double exact = (long)number / Powers[fraction];
        value = (float)exact;
        // Of the 52 bits of a double a float drops 29: exactly half of its last place is where two roundings may go
        // wrong, and below the smallest normal float more bits are dropped.
        return (BitConverter.DoubleToUInt64Bits(exact) & 0x1FFF_FFFF) != 0x1000_0000
            && (exact == 0 || exact >= 1.2e-38);
    }
}
