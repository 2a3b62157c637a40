using System.Numerics;

namespace Downhill.Kernels;

/// <summary>
/// The matrix products as three plain loops: the oracle for <see cref="Gemm{S,V,T}"/> and what a reader should read
/// first. The order of every sum is the promise of this folder: one chain per output element, in k order, a·b + c by
/// the witness's arithmetic.
/// </summary>
/// <typeparam name="S">A scalar witness.</typeparam>
/// <typeparam name="T">float or double.</typeparam>
internal static unsafe class NaiveGemm<S, T>
    where S : struct, ISimd<T, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Y[rows, columns] = X[rows, inner] · W[inner, columns] + bias.</summary>
    public static void Forward(
        T* x, int ldx, T* w, int ldw, T* bias, T* y, int ldy, int rows, int inner, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                T sum = bias == null ? T.Zero : bias[column];
                for (int k = 0; k < inner; k++)
                {
                    sum = S.MulAdd(x[((nint)row * ldx) + k], w[((nint)k * ldw) + column], sum);
                }
                y[((nint)row * ldy) + column] = sum;
            }
        }
    }

    /// <summary>dW[inner, columns] (+)= Xᵀ · dZ.</summary>
    public static void WeightGradient(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate)
    {
        for (int k = 0; k < inner; k++)
        {
            for (int column = 0; column < columns; column++)
            {
                T sum = accumulate ? dw[((nint)k * lddw) + column] : T.Zero;
                for (int row = 0; row < rows; row++)
                {
                    sum = S.MulAdd(x[((nint)row * ldx) + k], dz[((nint)row * lddz) + column], sum);
                }
                dw[((nint)k * lddw) + column] = sum;
            }
        }
    }

    /// <summary>dX[rows, inner] = dZ[rows, columns] · W[inner, columns]ᵀ.</summary>
    public static void InputGradient(
        T* dz, int lddz, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < inner; k++)
            {
                T sum = T.Zero;
                for (int column = 0; column < columns; column++)
                {
                    sum = S.MulAdd(dz[((nint)row * lddz) + column], w[((nint)k * ldw) + column], sum);
                }
                dx[((nint)row * lddx) + k] = sum;
            }
        }
    }

    /// <summary>db[columns] (+)= sums of dZ's columns, in row order.</summary>
    public static void ColumnSums(T* dz, int lddz, T* db, int rows, int columns, bool accumulate)
    {
        for (int column = 0; column < columns; column++)
        {
            T sum = accumulate ? db[column] : T.Zero;
            for (int row = 0; row < rows; row++) { sum += dz[((nint)row * lddz) + column]; }
            db[column] = sum;
        }
    }
}
