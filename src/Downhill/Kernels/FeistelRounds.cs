using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>The rounds of a <see cref="Permutation"/> of up to 1024 elements, sixteen elements at a time: a half of at
/// most five bits is looked up in a vector.</summary>
internal static unsafe class FeistelRounds
{
    /// <summary>Most bits of a half.</summary>
    public const int HalfBits = 5;

    /// <summary>Bytes of the table of a round.</summary>
    public const int TableLength = 1 << HalfBits;

    /// <summary>Elements of one call.</summary>
    public const int AtOnce = 16;

    public static bool IsSupported => Ssse3.IsSupported;

    /// <summary>The images of first, first + 1 …</summary>
    /// <param name="first">First of the sixteen.</param>
    /// <param name="tables">[rounds, <see cref="TableLength"/>]: what a round adds to one half for each value of the
    /// other; the first to the low half.</param>
    /// <param name="rounds">Number of rounds, even.</param>
    /// <param name="lowBits">Bits of the low half.</param>
    /// <param name="images">[16].</param>
    /// <param name="count">Number of elements.</param>
    /// <returns>A bit for each image that is no element: not below <paramref name="count"/>.</returns>
    public static uint Encrypt(ushort first, byte* tables, int rounds, int lowBits, int* images, ushort count)
    {
        Vector128<ushort> mask = Vector128.Create((ushort)((1 << lowBits) - 1));
        Vector128<ushort> x0 = Vector128.Create(first) + Vector128<ushort>.Indices;
        Vector128<ushort> x1 = x0 + Vector128.Create((ushort)8);
        Vector128<byte> low = Vector128.Narrow(x0 & mask, x1 & mask);
        Vector128<byte> high = Vector128.Narrow(x0 >>> lowBits, x1 >>> lowBits);
        for (byte* table = tables, end = tables + rounds * TableLength; table < end; table += 2 * TableLength)
        {
            low ^= Lookup(table, high);
            high ^= Lookup(table + TableLength, low);
        }
        (Vector128<ushort> low0, Vector128<ushort> low1) = Vector128.Widen(low);
        (Vector128<ushort> high0, Vector128<ushort> high1) = Vector128.Widen(high);
        Vector128<ushort> y0 = (high0 << lowBits) | low0, y1 = (high1 << lowBits) | low1;
        (Vector128<uint> i0, Vector128<uint> i1) = Vector128.Widen(y0);
        (Vector128<uint> i2, Vector128<uint> i3) = Vector128.Widen(y1);
        i0.Store((uint*)images);
        i1.Store((uint*)images + 4);
        i2.Store((uint*)images + 8);
        i3.Store((uint*)images + 12);
        Vector128<ushort> limit = Vector128.Create(count);
        return Vector128.GreaterThanOrEqual(y0, limit).ExtractMostSignificantBits()
            | Vector128.GreaterThanOrEqual(y1, limit).ExtractMostSignificantBits() << 8;
    }

    // In the first half of the table an index of 16 and more gives 0 (the addition sets its highest bit), in the second
    // one below 16.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Lookup(byte* table, Vector128<byte> index) =>
        Ssse3.Shuffle(Vector128.Load(table), index + Vector128.Create((byte)0x70))
        | Ssse3.Shuffle(Vector128.Load(table + 16), index - Vector128.Create((byte)16));
}
