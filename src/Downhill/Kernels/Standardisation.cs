using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Downhill.Kernels;

/// <summary>y = (x − shift)·scale, column by column, in double and then rounded: the network's inputs from raw numbers.
/// It runs beside the witnesses because it works in two number formats at once.</summary>
internal static class Standardisation
{
    /// <summary>Encodes rows [rows, columns], as many as there are.</summary>
    public static void Apply<T>(ReadOnlySpan<float> x, ReadOnlySpan<double> shift, ReadOnlySpan<double> scale, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int columns = shift.Length;
        for (int row = 0; row + columns <= x.Length && columns > 0; row += columns)
        {
            ReadOnlySpan<float> from = x.Slice(row, columns);
            Span<T> to = y.Slice(row, columns);
            int i = 0;
            if (typeof(T) == typeof(float) && Vector256.IsHardwareAccelerated)
            {
                Span<float> single = MemoryMarshal.Cast<T, float>(to);
                for (; i <= columns - 8; i += 8)
                {
                    (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(from.Slice(i, 8)));
                    low = (low - Vector256.Create(shift.Slice(i, 4))) * Vector256.Create(scale.Slice(i, 4));
                    high = (high - Vector256.Create(shift.Slice(i + 4, 4))) * Vector256.Create(scale.Slice(i + 4, 4));
                    Vector256.Narrow(low, high).CopyTo(single.Slice(i, 8));
                }
            }
            for (; i < columns; i++) to[i] = T.CreateTruncating((from[i] - shift[i]) * scale[i]);
        }
    }
}
