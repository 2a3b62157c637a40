using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>Copies a matrix transposed. It moves bits and computes nothing, so it is free to use whatever the machine
/// has.</summary>
internal static unsafe class Transpose<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>target[j·ldTarget + i] = source[i·ldSource + j] for i &lt; rows, j &lt; columns.</summary>
    public static void Copy(T* source, nint ldSource, T* target, nint ldTarget, int rows, int columns)
    {
        int block = !Avx.IsSupported ? 1 : typeof(T) == typeof(float) ? 8 : 4;
        int row = 0;
        int column = 0;
        if (block > 1)
        {
            // Two blocks side by side use up the cache line that they read.
            int pair = 2 * block;
            for (; column <= columns - block; column += pair)
            {
                bool two = column <= columns - pair;
                for (row = 0; row <= rows - block; row += block)
                {
                    T* from = source + (row * ldSource) + column;
                    T* to = target + (column * ldTarget) + row;
                    Block(from, ldSource, to, ldTarget);
                    if (two) { Block(from + block, ldSource, to + (block * ldTarget), ldTarget); }
                }
                if (!two)
                {
                    column += block;
                    break;
                }
            }
        }
        // Below the blocks, then to the right of them.
        int wholeRows = rows - (rows % block);
        for (int i = wholeRows; i < rows; i++)
        {
            T* from = source + (i * ldSource);
            T* to = target + i;
            for (int j = 0; j < column; j++)
            {
                *to = from[j];
                to += ldTarget;
            }
        }
        for (; Avx.IsSupported && typeof(T) == typeof(float) && column < columns && rows >= 4; column += 4)
        {
            Strip(source + column, ldSource, target + (column * ldTarget), ldTarget, rows,
                Math.Min(4, columns - column));
        }
        for (int j = column; j < columns; j++)
        {
            T* from = source + j;
            T* to = target + (j * ldTarget);
            for (int i = 0; i < rows; i++)
            {
                to[i] = *from;
                from += ldSource;
            }
        }
    }

    /// <summary>Whether there is <see cref="Four"/>.</summary>
    public static bool HasFour => Sse.IsSupported && typeof(T) == typeof(float);

    /// <summary>Four elements of each of four rows, by column: target[j·ldTarget + i] = rowᵢ[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(T* row0, T* row1, T* row2, T* row3, T* target, nint ldTarget)
    {
        Vector128<float> r0 = Vector128.Load((float*)row0), r1 = Vector128.Load((float*)row1);
        Vector128<float> r2 = Vector128.Load((float*)row2), r3 = Vector128.Load((float*)row3);
        Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1);
        Vector128<float> low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
        Sse.MoveLowToHigh(low01, low23).Store((float*)target);
        Sse.MoveHighToLow(low23, low01).Store((float*)target + ldTarget);
        Sse.MoveLowToHigh(high01, high23).Store((float*)target + (2 * ldTarget));
        Sse.MoveHighToLow(high23, high01).Store((float*)target + (3 * ldTarget));
    }

    /// <summary>Up to four columns of floats, four rows at a time.</summary>
    private static void Strip(T* source, nint ldSource, T* target, nint ldTarget, int rows, int columns)
    {
        Vector128<float> mask = Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(columns)).AsSingle();
        float* to = (float*)target;
        int row = 0;
        for (; row <= rows - 4; row += 4, source += 4 * ldSource, to += 4)
        {
            float* below = (float*)source + (2 * ldSource);
            Vector128<float> r0 = Avx.MaskLoad((float*)source, mask),
                r1 = Avx.MaskLoad((float*)source + ldSource, mask);
            Vector128<float> r2 = Avx.MaskLoad(below, mask), r3 = Avx.MaskLoad(below + ldSource, mask);
            Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1);
            Vector128<float> low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
            Sse.MoveLowToHigh(low01, low23).Store(to);
            if (columns > 1) { Sse.MoveHighToLow(low23, low01).Store(to + ldTarget); }
            if (columns > 2) { Sse.MoveLowToHigh(high01, high23).Store(to + (2 * ldTarget)); }
            if (columns > 3) { Sse.MoveHighToLow(high23, high01).Store(to + (3 * ldTarget)); }
        }
        for (; row < rows; row++, source += ldSource, to++)
        {
            for (int j = 0; j < columns; j++) { to[j * ldTarget] = ((float*)source)[j]; }
        }
    }

    private static void Block(T* source, nint ldSource, T* target, nint ldTarget)
    {
        if (typeof(T) == typeof(float)) { Block8((float*)source, ldSource, (float*)target, ldTarget); }
        else { Block4((double*)source, ldSource, (double*)target, ldTarget); }
    }

    /// <summary>8 × 8 floats: halves are put beside those of four rows below while they are read, which any port does;
    /// then pairs and fours change places within them. With the halves last, by permutations that one port alone does,
    /// it took a tenth longer.</summary>
    private static void Block8(float* source, nint ldSource, float* target, nint ldTarget)
    {
        float* below = source + (4 * ldSource);
        float* lower = target + (4 * ldTarget);
        for (int half = 0; half < 2; half++)
        {
            Vector256<float> r0 = Beside(source, below);
            Vector256<float> r1 = Beside(source + ldSource, below + ldSource);
            Vector256<float> r2 = Beside(source + (2 * ldSource), below + (2 * ldSource));
            Vector256<float> r3 = Beside(source + (3 * ldSource), below + (3 * ldSource));
            Vector256<float> p0 = Avx.UnpackLow(r0, r1), p1 = Avx.UnpackHigh(r0, r1);
            Vector256<float> p2 = Avx.UnpackLow(r2, r3), p3 = Avx.UnpackHigh(r2, r3);
            Avx.Shuffle(p0, p2, 0x44).Store(target);
            Avx.Shuffle(p0, p2, 0xEE).Store(target + ldTarget);
            Avx.Shuffle(p1, p3, 0x44).Store(target + (2 * ldTarget));
            Avx.Shuffle(p1, p3, 0xEE).Store(target + (3 * ldTarget));
            source += 4;
            below += 4;
            target = lower;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Beside(float* low, float* high) =>
        Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);

    /// <summary>4 × 4 doubles.</summary>
    private static void Block4(double* source, nint ldSource, double* target, nint ldTarget)
    {
        Vector256<double> r0 = Vector256.Load(source);
        Vector256<double> r1 = Vector256.Load(source + ldSource);
        Vector256<double> r2 = Vector256.Load(source + (2 * ldSource));
        Vector256<double> r3 = Vector256.Load(source + (3 * ldSource));
        Vector256<double> p0 = Avx.UnpackLow(r0, r1);
        Vector256<double> p1 = Avx.UnpackHigh(r0, r1);
        Vector256<double> p2 = Avx.UnpackLow(r2, r3);
        Vector256<double> p3 = Avx.UnpackHigh(r2, r3);
        Avx.Permute2x128(p0, p2, 0x20).Store(target);
        Avx.Permute2x128(p1, p3, 0x20).Store(target + ldTarget);
        Avx.Permute2x128(p0, p2, 0x31).Store(target + (2 * ldTarget));
        Avx.Permute2x128(p1, p3, 0x31).Store(target + (3 * ldTarget));
    }
}
