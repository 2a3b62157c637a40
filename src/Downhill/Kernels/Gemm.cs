using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

/// <summary>
/// The three matrix products of a dense layer, single-threaded: callers split rows, columns or both over threads by
/// passing ranges. All matrices are row-major, ld is the distance of two rows in elements.
/// </summary>
/// <remarks>
/// Every output element is one chain of multiply-adds in k order, started from its bias, from 0 or from its present value.
/// So the bits depend neither on tiles nor on the width (within one arithmetic) nor on how callers split the work; a sum
/// that is continued over chunks of k (accumulate) has the bits of the whole.
/// </remarks>
internal static unsafe class Gemm<S, V, T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Y[rows, columns] = X[rows, inner] · W[inner, columns] + bias (null: none). Y overlaps nothing.</summary>
    public static void Forward(
        T* x, int ldx, T* w, int ldw, T* bias, T* y, int ldy, int rows, int inner, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            T* target = y + ((nint)row * ldy);
            if (bias == null) { new Span<T>(target, columns).Clear(); }
            else { new Span<T>(bias, columns).CopyTo(new Span<T>(target, columns)); }
        }
        Multiply(x, ldx, 1, w, ldw, y, ldy, rows, columns, inner);
    }

    /// <summary>dW[inner, columns] (+)= Xᵀ · dZ, X[rows, inner], dZ[rows, columns].</summary>
    public static void WeightGradient(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate)
    {
        if (!accumulate)
        {
            for (int k = 0; k < inner; k++) { new Span<T>(dw + ((nint)k * lddw), columns).Clear(); }
        }
        Multiply(x, 1, ldx, dz, lddz, dw, lddw, inner, columns, rows);
    }

    /// <summary>Elements of scratch that <see cref="PackTransposed"/> fills.</summary>
    public static int TransposedLength(int inner, int columns) => inner * columns;

    /// <summary>packed = W[inner, columns]ᵀ, for <see cref="InputGradientPacked"/>: once per step, whatever the number
    /// of threads.</summary>
    public static void PackTransposed(T* w, int ldw, T* packed, int inner, int columns)
    {
        for (int k = 0; k < inner; k++)
        {
            for (int column = 0; column < columns; column++)
            {
                packed[((nint)column * inner) + k] = w[((nint)k * ldw) + column];
            }
        }
    }

    /// <summary>dX[rows, inner] = dZ[rows, columns] · W[inner, columns]ᵀ; scratch as in
    /// <see cref="TransposedLength"/>.</summary>
    public static void InputGradient(
        T* dz, int lddz, T* w, int ldw, T* dx, int lddx, T* packed, int rows, int inner, int columns)
    {
        PackTransposed(w, ldw, packed, inner, columns);
        InputGradientPacked(dz, lddz, packed, dx, lddx, rows, inner, columns);
    }

    /// <summary>The same with W already packed.</summary>
    public static void InputGradientPacked(
        T* dz, int lddz, T* packed, T* dx, int lddx, int rows, int inner, int columns) =>
        Forward(dz, lddz, packed, inner, null, dx, lddx, rows, columns, inner);

    /// <summary>db[columns] (+)= the sums of dZ's columns, in row order.</summary>
    public static void ColumnSums(T* dz, int lddz, T* db, int rows, int columns, bool accumulate)
    {
        if (!accumulate) { new Span<T>(db, columns).Clear(); }
        for (int row = 0; row < rows; row++)
        {
            T* source = dz + ((nint)row * lddz);
            int column = 0;
            for (; column <= columns - S.Count; column += S.Count)
            {
                S.Store(db + column, S.Add(S.Load(db + column), S.Load(source + column)));
            }
            for (; column < columns; column++) { db[column] += source[column]; }
        }
    }

    /// <summary>C[m, n] += A · B[k, n], A's element (i, k) at a[i·aRow + k·aStep].</summary>
    private static void Multiply(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* c, nint cRow, int m, int n, int depth)
    {
        for (int i = 0; i < m; i++)
        {
            T* target = c + (i * cRow);
            for (int k = 0; k < depth; k++)
            {
                T factor = a[(i * aRow) + (k * aStep)];
                T* source = b + (k * bRow);
                int j = 0;
                V wide = S.Set(factor);
                for (; j <= n - S.Count; j += S.Count)
                {
                    S.Store(target + j, S.MulAdd(wide, S.Load(source + j), S.Load(target + j)));
                }
                for (; j < n; j++) { target[j] = S.MulAddScalar(factor, source[j], target[j]); }
            }
        }
    }
}
