using System.Globalization;

namespace Downhill.Data;

/// <summary>
/// Reads plain decimals faster than the runtime, to the same bits: digits and a power of ten that a double holds
/// exactly make one rounding, and where that lies between two floats, or the text is anything else, the runtime
/// decides.
/// (Clinger, How to read floating point numbers accurately, PLDI 1990: the fast path.)
/// </summary>
internal static class QuickFloat
{
    private static ReadOnlySpan<double> Powers =>
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
            1e20, 1e21, 1e22];

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
        if (at < text.Length || digits is 0 or > 18 || number > 1UL << 53 || fraction > 22)
            return float.TryParse(text, NumberStyles.Float, format, out value);
        if (fraction == 0 && number <= 1 << 24)
        {
            float whole = (int)number;
            value = negative ? -whole : whole;
            return true;
        }
        double exact = number / Powers[fraction];
        // Of the 52 bits of a double a float drops 29: exactly half of its last place is where two roundings may go
        // wrong, and below the smallest normal float more bits are dropped.
        if ((BitConverter.DoubleToUInt64Bits(exact) & 0x1FFF_FFFF) == 0x1000_0000 || (exact != 0 && exact < 1.2e-38))
            return float.TryParse(text, NumberStyles.Float, format, out value);
        value = (float)(negative ? -exact : exact);
        return true;
    }
}
