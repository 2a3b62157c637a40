using System.Numerics;
using System.Runtime.CompilerServices;

namespace Downhill.Kernels;

// z, y, dY are [rows, columns], row-major without gaps.

/// <summary>An activation bound to a number type and a vector width. <c>z</c> and <c>y</c> may be the same
/// array.</summary>
internal abstract unsafe class ActivationKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>y = φ(z).</summary>
    public abstract void Forward(T* z, T* y, int rows, int columns);

    /// <summary>Turns ∂C/∂Y into ∂C/∂Z in place; <paramref name="z"/> may be null where the derivative comes from
    /// y.</summary>
    public abstract void Backward(T* z, T* y, T* gradient, int rows, int columns);

    /// <summary>y = φ(z) for <paramref name="length"/> numbers, whole vectors of the width; for element-wise
    /// activations.</summary>
    public virtual void ForwardLanes(T* z, T* y, nint length) => throw new NotSupportedException();

    /// <summary><see cref="Backward"/> likewise.</summary>
    public virtual void BackwardLanes(T* z, T* y, T* gradient, nint length) => throw new NotSupportedException();
}

internal sealed unsafe class ElementwiseKernel<A, S, V, T>(A activation) : ActivationKernel<T>
    where A : struct, IActivation
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override void Forward(T* z, T* y, int rows, int columns)
    {
        long length = (long)rows * columns, i = length - length % S.Count;
        ForwardLanes(z, y, (nint)i);
        if (i == length) return;
        S.StoreFirst(y + i, activation.Value<S, V, T>(S.LoadFirst(z + i, (int)(length - i))), (int)(length - i));
    }

    public override void Backward(T* z, T* y, T* gradient, int rows, int columns)
    {
        T* from = A.DerivativeFrom == DerivativeFrom.Output ? y : z;
        long length = (long)rows * columns, i = length - length % S.Count;
        BackwardLanes(z, y, gradient, (nint)i);
        if (i == length) return;
        V slope = activation.Derivative<S, V, T>(S.LoadFirst(from + i, (int)(length - i)));
        S.StoreFirst(gradient + i, S.Mul(S.LoadFirst(gradient + i, (int)(length - i)), slope), (int)(length - i));
    }

    // Loops over vectors are not inlined, for the reason that the products' tiles are not.

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void ForwardLanes(T* z, T* y, nint length)
    {
        for (nint i = 0; i < length; i += S.Count) S.Store(y + i, activation.Value<S, V, T>(S.Load(z + i)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void BackwardLanes(T* z, T* y, T* gradient, nint length)
    {
        T* from = A.DerivativeFrom == DerivativeFrom.Output ? y : z;
        A own = activation; // else it is asked in every turn whether there is a kernel
        for (nint i = 0; i < length; i += S.Count)
            S.Store(gradient + i, S.Mul(S.Load(gradient + i), own.Derivative<S, V, T>(S.Load(from + i))));
    }
}


/// <summary>y_j = exp(z_j − max z)/Σ. A score of +∞ takes all (several share); NaN stays NaN.</summary>
internal sealed unsafe class SoftmaxKernel<S, V, T> : ActivationKernel<T>
    where S : struct, ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override void Forward(T* z, T* y, int rows, int columns)
    {
        if (columns <= MostAcross) Across(z, y, rows, columns);
        else
            for (int r = 0; r < rows; r++)
                Row(z + (long)r * columns, y + (long)r * columns, columns);
    }

    /// <summary>Most columns for which a lane holds a row: with more, the rows of all lanes leave the nearest
    /// cache.</summary>
    public const int MostAcross = 128;

    [SkipLocalsInit]
    private static void Across(T* z, T* y, int rows, int columns)
    {
        T* scores = stackalloc T[2 * columns * S.Count];
        T* shares = scores + columns * S.Count;
        for (int row = 0; row < rows; row += S.Count, z += columns * S.Count, y += columns * S.Count)
        {
            int count = Math.Min(S.Count, rows - row);
            if (count == 1)
            {
                Row(z, y, columns); // a single row would leave most lanes idle
                continue;
            }
            Turn(z, scores, count, columns);
            Lanes(scores, shares, columns);
            TurnBack(shares, y, count, columns);
        }
    }

    /// <summary>Up to Count rows [count, columns] as columns [columns, Count]; lanes without a row are 0.</summary>
    public static void Turn(T* rows, T* turned, int count, int columns)
    {
        Transpose<T>.Copy(rows, columns, turned, S.Count, count, columns);
        for (int lane = count; lane < S.Count; lane++)
            for (int j = 0; j < columns; j++) turned[j * S.Count + lane] = T.Zero;
    }

    /// <summary>The way back, for the lanes that have a row.</summary>
    public static void TurnBack(T* turned, T* rows, int count, int columns)
    {
        for (int lane = 0; lane < count; lane++, turned++)
            for (int j = 0; j < columns; j++) *rows++ = turned[j * S.Count];
    }

    /// <summary>The same as <see cref="Row"/> for a row in each lane, with the same bits.</summary>
    public static (V Max, V Sum) Lanes(T* z, T* y, int columns)
    {
        V max = S.Load(z), one = S.Set(T.One), sum = S.Set(T.Zero);
        for (int j = 1; j < columns; j++)
        {
            V score = S.Load(z + j * S.Count);
            // Greater, or NaN: the last NaN stays.
            max = S.Select(S.Less(max, score), score, S.Select(S.Equal(score, score), max, score));
        }
        for (int j = 0; j < columns; j++)
        {
            V score = S.Load(z + j * S.Count);
            V share = S.Select(S.Equal(score, max), one, VectorMath.Share<S, V, T>(S.Sub(score, max)));
            S.Store(y + j * S.Count, share);
            sum = S.Add(sum, share);
        }
        for (int j = 0; j < columns; j++) S.Store(y + j * S.Count, S.Div(S.Load(y + j * S.Count), sum));
        return (max, sum);
    }

    /// <summary>Writes the probabilities of one row and returns max z and Σ exp(z − max).</summary>
    public static (T Max, T Sum) Row(T* z, T* y, int columns)
    {
        T max = z[0];
        for (int j = 1; j < columns; j++) max = z[j] > max || T.IsNaN(z[j]) ? z[j] : max;
        V shift = S.Set(max), one = S.Set(T.One);
        int i = 0;
        for (; i + S.Count <= columns; i += S.Count)
            S.Store(y + i, Exponential(S.Load(z + i)));
        if (i < columns)
        {
            S.StoreFirst(y + i, Exponential(S.LoadFirst(z + i, columns - i)), columns - i);
        }
        // In order, in one chain: the sum is the same at every width.
        T sum = T.Zero;
        for (int j = 0; j < columns; j++) sum += y[j];
        for (int j = 0; j < columns; j++) y[j] /= sum;
        return (max, sum);

        // ∞ − ∞ is not 0: an entry equal to the maximum counts 1 without subtracting.
        V Exponential(V score) => S.Select(S.Equal(score, shift), one, VectorMath.Share<S, V, T>(S.Sub(score, shift)));
    }

    /// <summary>dz_j = y_j·(dy_j − Σ_k dy_k·y_k).</summary>
    public override void Backward(T* z, T* y, T* gradient, int rows, int columns)
    {
        for (int r = 0; r < rows; r++, y += columns, gradient += columns)
        {
            T dot = T.Zero;
            for (int j = 0; j < columns; j++) dot += gradient[j] * y[j];
            for (int j = 0; j < columns; j++) gradient[j] = y[j] * (gradient[j] - dot);
        }
    }
}
