using System.Numerics;
using System.Runtime.Intrinsics;

namespace Downhill.Kernels;

/// <summary>
/// The kernels of one number format, arithmetic and vector width as a table: one virtual call per kernel, none per
/// element.
/// <see cref="For"/> is the only place that knows which witness belongs to which width.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract unsafe partial class Kernels<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private protected Kernels(Arithmetic arithmetic, SimdWidth width)
    {
        Arithmetic = arithmetic;
        Width = width;
    }

    /// <summary>The arithmetic that was asked for.</summary>
    public Arithmetic Arithmetic { get; }

    /// <summary>The width of these kernels.</summary>
    public SimdWidth Width { get; }

    /// <summary>Whether multiply-add is really one instruction with one rounding; false for <see
    /// cref="Arithmetic.Fast"/> on hardware without it.</summary>
    public abstract bool IsFused { get; }

    /// <summary>Elements per vector.</summary>
    public abstract int Count { get; }

    /// <summary>The kernels of an arithmetic, by default at this process's width.</summary>
    /// <exception cref="DownhillException">The width is not among <see cref="SimdWidths.Supported"/>.</exception>
    public static Kernels<T> For(Arithmetic arithmetic, SimdWidth? width = null)
    {
        SimdWidth bits = width ?? SimdWidth.Selected;
        bool fused = arithmetic == Arithmetic.Fast;
        // Each width stands behind its IsHardwareAccelerated, so that the compilers drop what the target lacks.
        switch (bits)
        {
            case SimdWidth.Scalar:
                return fused && Scalar<T, Fused>.HasFusedMultiplyAdd
                    ? new Kernels<Scalar<T, Fused>, T, T>(arithmetic, bits, true)
                    : new Kernels<Scalar<T, Portable>, T, T>(arithmetic, bits, false);
            case SimdWidth.Bits128 when Vector128.IsHardwareAccelerated:
                return fused && Simd128<T, Fused>.HasFusedMultiplyAdd
                    ? new Kernels<Simd128<T, Fused>, Vector128<T>, T>(arithmetic, bits, true)
                    : new Kernels<Simd128<T, Portable>, Vector128<T>, T>(arithmetic, bits, false);
            case SimdWidth.Bits256 when Vector256.IsHardwareAccelerated:
                return fused && Simd256<T, Fused>.HasFusedMultiplyAdd
                    ? new Kernels<Simd256<T, Fused>, Vector256<T>, T>(arithmetic, bits, true)
                    : new Kernels<Simd256<T, Portable>, Vector256<T>, T>(arithmetic, bits, false);
            case SimdWidth.Bits512 when Vector512.IsHardwareAccelerated:
                return fused && Simd512<T, Fused>.HasFusedMultiplyAdd
                    ? new Kernels<Simd512<T, Fused>, Vector512<T>, T>(arithmetic, bits, true)
                    : new Kernels<Simd512<T, Portable>, Vector512<T>, T>(arithmetic, bits, false);
            default:
                return Throw.Input<Kernels<T>>(
                    "Vector width", "one of " + string.Join(", ", SimdWidths.Supported.Select(SimdWidths.Name)),
                    SimdWidths.Name(bits), "Choose a width that this machine has.");
        }
    }

    /// <summary>Y[rows, columns] = X[rows, inner] · W[inner, columns] + bias (null: none).</summary>
    public abstract void Forward(
        T* x, int ldx, T* w, int ldw, T* bias, T* y, int ldy, int rows, int inner, int columns);

    /// <summary>Columns of a panel: W in panels holds the rows of its first so many columns, one after another, then
    /// those of the next.</summary>
    public int PanelWidth => 2 * Count;

    /// <summary>panels = W[inner, columns], columns whole panels.</summary>
    public abstract void PackPanels(T* w, int ldw, T* panels, int inner, int columns);

    /// <summary>The way back.</summary>
    public abstract void UnpackPanels(T* panels, T* w, int ldw, int inner, int columns);

    /// <summary>Y[rows, columns] = X[rows, inner] · W + bias (null: none) with W in whole panels.</summary>
    public abstract void ForwardPanels(
        T* x, int ldx, T* panels, T* bias, T* y, int ldy, int rows, int inner, int columns);

    /// <summary>packed = X[rows, inner]ᵀ, rows · inner elements, for <see cref="WeightGradientPanels"/>.</summary>
    public abstract void PackInputs(T* x, int ldx, T* packed, int rows, int inner);

    /// <summary>dW[inner, columns] = Xᵀ·dZ in panels, with X and dZ (<see cref="PackGradient"/>) packed
    /// before.</summary>
    public abstract void WeightGradientPanels(T* packed, T* panels, T* dw, int rows, int inner, int columns);

    /// <summary>dW[inner, columns] (+)= X[rows, inner]ᵀ · dZ[rows, columns].</summary>
    public abstract void WeightGradient(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate);

    /// <summary>Elements of scratch for <see cref="PackTransposed"/>; the same at every width.</summary>
    public static int TransposedLength(int inner, int columns) =>
        Gemm<Scalar<T, Portable>, T, T>.TransposedLength(inner, columns);

    /// <summary>packed = W[inner, columns]ᵀ for <see cref="InputGradientPacked"/>: once per step.</summary>
    public abstract void PackTransposed(T* w, int ldw, T* packed, int inner, int columns);

    /// <summary>dX[rows, inner] = dZ[rows, columns] · W[inner, columns]ᵀ, W turned on the way.</summary>
    public abstract void InputGradient(
        T* dz, int lddz, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns);

    /// <summary>dX[rows, inner] = dZ[rows, columns] · Wᵀ with W packed before.</summary>
    public abstract void InputGradientPacked(
        T* dz, int lddz, T* packed, T* dx, int lddx, int rows, int inner, int columns);

    /// <summary>Elements that <see cref="TurnGradient"/> fills for all rows.</summary>
    public abstract int TurnedGradientLength(int rows, int columns);

    /// <summary>turned = dZ[rows, columns]ᵀ in panels: count rows from first, a multiple of 32.</summary>
    public abstract void TurnGradient(T* dz, int lddz, T* turned, int rows, int columns, int first, int count);

    /// <summary>dX = dZ·Wᵀ from dZ turned before and W as it lies.</summary>
    public abstract void InputGradientTurned(
        T* turned, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns);

    /// <summary>Elements that <see cref="PackGradient"/> fills.</summary>
    public abstract int PackedGradientLength(int rows, int columns);

    /// <summary>panels = dZ[rows, columns] for <see cref="WeightGradientPacked"/>.</summary>
    public abstract void PackGradient(T* dz, int lddz, T* panels, int rows, int columns);

    /// <summary>dW[inner, columns] (+)= Xᵀ·dZ with dZ packed before, for blocks of inner.</summary>
    public abstract void WeightGradientPacked(
        T* x, int ldx, T* panels, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate);

    /// <summary>db[columns] (+)= the sums of dZ's columns, in row order.</summary>
    public abstract void ColumnSums(T* dz, int lddz, T* db, int rows, int columns, bool accumulate);

    /// <summary>x = value.</summary>
    public abstract void Fill(T* x, T value, nint length);
    /// <summary>x = x·factor.</summary>
    public abstract void Scale(T* x, T factor, nint length);
    /// <summary>y = y + factor·x.</summary>
    public abstract void Axpy(T* y, T factor, T* x, nint length);
    /// <summary>(x, y) = (xx·x + xy·y, yx·x + yy·y).</summary>
    public abstract void Mix(T* x, T* y, T xx, T xy, T yx, T yy, nint length);
    /// <summary>y = y + x.</summary>
    public abstract void Add(T* y, T* x, nint length);
    /// <summary>y = y·x.</summary>
    public abstract void Multiply(T* y, T* x, nint length);
    /// <summary>Σ x·y, the same bits at every width.</summary>
    public abstract T Dot(T* x, T* y, nint length);
    /// <summary>Σ x², the same bits at every width.</summary>
    public abstract T SumOfSquares(T* x, nint length);
    /// <summary>max |x|, 0 for an empty array, NaN if one is among them.</summary>
    public abstract T MaxAbs(T* x, nint length);
    /// <summary>Whether there is neither NaN nor ∞.</summary>
    public abstract bool AllFinite(T* x, nint length);
}

/// <summary>The kernels bound to a witness.</summary>
internal sealed unsafe partial class Kernels<S, V, T> : Kernels<T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal Kernels(Arithmetic arithmetic, SimdWidth width, bool fused) : base(arithmetic, width) => IsFused = fused;

    public override bool IsFused { get; }

    public override int Count => S.Count;

    public override void Forward(
        T* x, int ldx, T* w, int ldw, T* bias, T* y, int ldy, int rows, int inner, int columns) =>
        Gemm<S, V, T>.Forward(x, ldx, w, ldw, bias, y, ldy, rows, inner, columns);

    public override void PackPanels(T* w, int ldw, T* panels, int inner, int columns) =>
        Gemm<S, V, T>.PackPanels(w, ldw, panels, columns, inner);

    public override void UnpackPanels(T* panels, T* w, int ldw, int inner, int columns) =>
        Gemm<S, V, T>.UnpackPanels(panels, w, ldw, columns, inner);

    public override void ForwardPanels(
        T* x, int ldx, T* panels, T* bias, T* y, int ldy, int rows, int inner, int columns) =>
        Gemm<S, V, T>.ForwardPanels(x, ldx, panels, bias, y, ldy, rows, inner, columns);

    public override void PackInputs(T* x, int ldx, T* packed, int rows, int inner) =>
        Gemm<S, V, T>.PackInputs(x, ldx, packed, rows, inner);

    public override void WeightGradientPanels(T* packed, T* panels, T* dw, int rows, int inner, int columns) =>
        Gemm<S, V, T>.WeightGradientPanels(packed, panels, dw, Gemm<S, V, T>.PanelWidth,
            (nint)Gemm<S, V, T>.PanelWidth * inner, rows, inner, columns, accumulate: false);

    public override void WeightGradient(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate) =>
        Gemm<S, V, T>.WeightGradient(x, ldx, dz, lddz, dw, lddw, rows, inner, columns, accumulate);

    public override void PackTransposed(T* w, int ldw, T* packed, int inner, int columns) =>
        Gemm<S, V, T>.PackTransposed(w, ldw, packed, inner, columns);

    public override void InputGradient(
        T* dz, int lddz, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns) =>
        Gemm<S, V, T>.InputGradient(dz, lddz, w, ldw, dx, lddx, rows, inner, columns);

    public override void InputGradientPacked(
        T* dz, int lddz, T* packed, T* dx, int lddx, int rows, int inner, int columns) =>
        Gemm<S, V, T>.InputGradientPacked(dz, lddz, packed, dx, lddx, rows, inner, columns);

    public override int TurnedGradientLength(int rows, int columns) =>
        Gemm<S, V, T>.TurnedGradientLength(rows, columns);

    public override void TurnGradient(T* dz, int lddz, T* turned, int rows, int columns, int first, int count) =>
        Gemm<S, V, T>.TurnGradient(dz, lddz, turned, rows, columns, first, count);

    public override void InputGradientTurned(
        T* turned, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns) =>
        Gemm<S, V, T>.InputGradientTurned(turned, w, ldw, dx, lddx, rows, inner, columns);

    public override int PackedGradientLength(int rows, int columns) =>
        Gemm<S, V, T>.PackedGradientLength(rows, columns);

    public override void PackGradient(T* dz, int lddz, T* panels, int rows, int columns) =>
        Gemm<S, V, T>.PackGradient(dz, lddz, panels, rows, columns);

    public override void WeightGradientPacked(
        T* x, int ldx, T* panels, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns,
            bool accumulate) =>
        Gemm<S, V, T>.WeightGradientPacked(x, ldx, panels, dz, lddz, dw, lddw, rows, inner, columns, accumulate);

    public override void ColumnSums(T* dz, int lddz, T* db, int rows, int columns, bool accumulate) =>
        Gemm<S, V, T>.ColumnSums(dz, lddz, db, rows, columns, accumulate);

    public override void Fill(T* x, T value, nint length) => Elementwise<S, V, T>.Fill(x, value, length);

    public override void Scale(T* x, T factor, nint length) => Elementwise<S, V, T>.Scale(x, factor, length);

    public override void Axpy(T* y, T factor, T* x, nint length) => Elementwise<S, V, T>.Axpy(y, factor, x, length);

    public override void Mix(T* x, T* y, T xx, T xy, T yx, T yy, nint length) =>
        Elementwise<S, V, T>.Mix(x, y, xx, xy, yx, yy, length);

    public override void Add(T* y, T* x, nint length) => Elementwise<S, V, T>.Add(y, x, length);

    public override void Multiply(T* y, T* x, nint length) => Elementwise<S, V, T>.Multiply(y, x, length);

    public override T Dot(T* x, T* y, nint length) => Elementwise<S, V, T>.Dot(x, y, length);

    public override T SumOfSquares(T* x, nint length) => Elementwise<S, V, T>.SumOfSquares(x, length);

    public override T MaxAbs(T* x, nint length) => Elementwise<S, V, T>.MaxAbs(x, length);

    public override bool AllFinite(T* x, nint length) => Elementwise<S, V, T>.AllFinite(x, length);
}
