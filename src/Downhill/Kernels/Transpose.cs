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

    private static void Block(T* source, nint ldSource, T* target, nint ldTarget)
    {
        if (typeof(T) == typeof(float)) { Block8((float*)source, ldSource, (float*)target, ldTarget); }
        else { Block4((double*)source, ldSource, (double*)target, ldTarget); }
    }

    /// <summary>8 × 8 floats: pairs, then fours, then halves change places.</summary>
    private static void Block8(float* source, nint ldSource, float* target, nint ldTarget)
    {
        Vector256<float> r0 = Vector256.Load(source);
        Vector256<float> r1 = Vector256.Load(source + ldSource);
        Vector256<float> r2 = Vector256.Load(source + (2 * ldSource));
        Vector256<float> r3 = Vector256.Load(source + (3 * ldSource));
        float* below = source + (4 * ldSource);
        Vector256<float> r4 = Vector256.Load(below);
        Vector256<float> r5 = Vector256.Load(below + ldSource);
        Vector256<float> r6 = Vector256.Load(below + (2 * ldSource));
        Vector256<float> r7 = Vector256.Load(below + (3 * ldSource));

        Vector256<float> p0 = Avx.UnpackLow(r0, r1);
        Vector256<float> p1 = Avx.UnpackHigh(r0, r1);
        Vector256<float> p2 = Avx.UnpackLow(r2, r3);
        Vector256<float> p3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> p4 = Avx.UnpackLow(r4, r5);
        Vector256<float> p5 = Avx.UnpackHigh(r4, r5);
        Vector256<float> p6 = Avx.UnpackLow(r6, r7);
        Vector256<float> p7 = Avx.UnpackHigh(r6, r7);

        Vector256<float> q0 = Avx.Shuffle(p0, p2, 0x44);
        Vector256<float> q1 = Avx.Shuffle(p0, p2, 0xEE);
        Vector256<float> q2 = Avx.Shuffle(p1, p3, 0x44);
        Vector256<float> q3 = Avx.Shuffle(p1, p3, 0xEE);
        Vector256<float> q4 = Avx.Shuffle(p4, p6, 0x44);
        Vector256<float> q5 = Avx.Shuffle(p4, p6, 0xEE);
        Vector256<float> q6 = Avx.Shuffle(p5, p7, 0x44);
        Vector256<float> q7 = Avx.Shuffle(p5, p7, 0xEE);

        Avx.Permute2x128(q0, q4, 0x20).Store(target);
        Avx.Permute2x128(q1, q5, 0x20).Store(target + ldTarget);
        Avx.Permute2x128(q2, q6, 0x20).Store(target + (2 * ldTarget));
        Avx.Permute2x128(q3, q7, 0x20).Store(target + (3 * ldTarget));
        float* lower = target + (4 * ldTarget);
        Avx.Permute2x128(q0, q4, 0x31).Store(lower);
        Avx.Permute2x128(q1, q5, 0x31).Store(lower + ldTarget);
        Avx.Permute2x128(q2, q6, 0x31).Store(lower + (2 * ldTarget));
        Avx.Permute2x128(q3, q7, 0x31).Store(lower + (3 * ldTarget));
    }

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
