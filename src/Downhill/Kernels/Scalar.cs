using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>The witness for one element: the vector is T itself. Same bits as in a lane of any width.</summary>
public readonly struct Scalar<T, A> : ISimd<T, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where A : struct, IArithmetic
{
    /// <summary>Whether <see cref="Fused"/> has its instruction.</summary>
    internal static bool HasFusedMultiplyAdd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.Arm64.IsSupported;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static bool HasPartial
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe T Load(T* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(T* target, T value) => *target = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FirstLanes(int count) => Mask(count > 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe T LoadPartial(T* source, T mask) => IsTrue(mask) ? *source : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePartial(T* target, T mask, T value)
    {
        if (IsTrue(mask)) { *target = value; }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe T LoadFirst(T* source, int count) => count > 0 ? *source : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreFirst(T* target, T value, int count)
    {
        if (count > 0) { *target = value; }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Set(T value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Set(double value) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value) : Unsafe.BitCast<double, T>(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Get(T value, int lane) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(T value) => value == T.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T a, T b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sub(T a, T b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Mul(T a, T b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Div(T a, T b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Neg(T a) => Xor(a, Set(-0.0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Abs(T a) => T.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sqrt(T a) => T.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MulAdd(T a, T b, T c) =>
        A.IsFused && HasFusedMultiplyAdd ? T.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MulAddScalar(T a, T b, T c) => MulAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Min(T a, T b) => a < b || T.IsNaN(a) ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(T a, T b) => a > b || T.IsNaN(a) ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Less(T a, T b) => Mask(a < b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LessOrEqual(T a, T b) => Mask(a <= b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Equal(T a, T b) => Mask(a == b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Select(T mask, T a, T b) => IsTrue(mask) ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T And(T a, T b) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>(Unsafe.BitCast<T, uint>(a) & Unsafe.BitCast<T, uint>(b))
            : Unsafe.BitCast<ulong, T>(Unsafe.BitCast<T, ulong>(a) & Unsafe.BitCast<T, ulong>(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Or(T a, T b) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>(Unsafe.BitCast<T, uint>(a) | Unsafe.BitCast<T, uint>(b))
            : Unsafe.BitCast<ulong, T>(Unsafe.BitCast<T, ulong>(a) | Unsafe.BitCast<T, ulong>(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Xor(T a, T b) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>(Unsafe.BitCast<T, uint>(a) ^ Unsafe.BitCast<T, uint>(b))
            : Unsafe.BitCast<ulong, T>(Unsafe.BitCast<T, ulong>(a) ^ Unsafe.BitCast<T, ulong>(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CopySign(T magnitude, T sign) => T.CopySign(magnitude, sign);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Round(T a) => T.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T PowerOfTwo(T n) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>(Unsafe.BitCast<T, uint>(n + Set(SimdConstants.SingleShift)) << 23)
            : Unsafe.BitCast<ulong, T>(Unsafe.BitCast<T, ulong>(n + Set(SimdConstants.DoubleShift)) << 52);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exponent(T a) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>((Unsafe.BitCast<T, uint>(a) >> 23) | 0x4B000000u) - Set(SimdConstants.SingleShift)
            : Unsafe.BitCast<ulong, T>((Unsafe.BitCast<T, ulong>(a) >> 52) | 0x4330000000000000UL)
                - Set(SimdConstants.DoubleShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Mantissa(T a) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>((Unsafe.BitCast<T, uint>(a) & 0x007FFFFFu) | 0x3F800000u)
            : Unsafe.BitCast<ulong, T>((Unsafe.BitCast<T, ulong>(a) & 0x000FFFFFFFFFFFFFUL) | 0x3FF0000000000000UL);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Mask(bool value) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<uint, T>(value ? uint.MaxValue : 0u)
            : Unsafe.BitCast<ulong, T>(value ? ulong.MaxValue : 0UL);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsTrue(T mask) =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, uint>(mask) != 0 : Unsafe.BitCast<T, ulong>(mask) != 0;
}

/// <summary>Constants of the two formats that the witnesses share.</summary>
internal static class SimdConstants
{
    /// <summary>2²³ + 127: adding it to a small integer n leaves n + bias in the lowest bits of the float.</summary>
    public const double SingleShift = 8388608.0 + 127.0;

    /// <summary>2⁵² + 1023, the same for double.</summary>
    public const double DoubleShift = 4503599627370496.0 + 1023.0;
}
