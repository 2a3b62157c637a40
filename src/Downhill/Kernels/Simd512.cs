using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>The witness for 512 bits: Vector512 of T.</summary>
public readonly struct Simd512<T, A> : ISimd<Vector512<T>, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where A : struct, IArithmetic
{
    /// <summary>Whether <see cref="Fused"/> has its instruction at this width.</summary>
    internal static bool HasFusedMultiplyAdd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.IsSupported;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<T>.Count;
    }

    public static bool HasPartial
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<T> Load(T* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(T* target, Vector512<T> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> FirstLanes(int count) =>
        Vector512.LessThan(Vector512<T>.Indices, Set((double)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<T> LoadPartial(T* source, Vector512<T> mask) =>
        typeof(T) == typeof(float)
            ? Avx512F.MaskLoad((float*)source, mask.AsSingle(), Vector512<float>.Zero).As<float, T>()
            : Avx512F.MaskLoad((double*)source, mask.AsDouble(), Vector512<double>.Zero).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePartial(T* target, Vector512<T> mask, Vector512<T> value)
    {
        if (typeof(T) == typeof(float)) { Avx512F.MaskStore((float*)target, mask.AsSingle(), value.AsSingle()); }
        else { Avx512F.MaskStore((double*)target, mask.AsDouble(), value.AsDouble()); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<T> LoadFirst(T* source, int count)
    {
        if (HasPartial) { return LoadPartial(source, FirstLanes(count)); }
        Vector512<T> value = Vector512<T>.Zero;
        for (int lane = 0; lane < count; lane++) { ((T*)&value)[lane] = source[lane]; }
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreFirst(T* target, Vector512<T> value, int count)
    {
        if (HasPartial) { StorePartial(target, FirstLanes(count), value); return; }
        for (int lane = 0; lane < count; lane++) { target[lane] = ((T*)&value)[lane]; }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Set(T value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Set(double value) =>
        typeof(T) == typeof(float)
            ? Vector512.Create((float)value).As<float, T>()
            : Vector512.Create(value).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Get(Vector512<T> value, int lane) => value.GetElement(lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector512<T> value) => Vector512.EqualsAll(value, Vector512<T>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Add(Vector512<T> a, Vector512<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Sub(Vector512<T> a, Vector512<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Mul(Vector512<T> a, Vector512<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Div(Vector512<T> a, Vector512<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Neg(Vector512<T> a) => a ^ Set(-0.0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Abs(Vector512<T> a) => Vector512.AndNot(a, Set(-0.0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Sqrt(Vector512<T> a) => Vector512.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MulAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c)
    {
        // Types and the processor: decided before anything is inlined, so that no jump is in the way of the broadcast
        // from memory that becomes part of the instruction.
        if (typeof(A) == typeof(Fused) && Avx512F.IsSupported)
        {
            return typeof(T) == typeof(float)
                ? Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
                : Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();
        }
        return (a * b) + c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MulAddScalar(T a, T b, T c) =>
        A.IsFused && HasFusedMultiplyAdd ? T.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Min(Vector512<T> a, Vector512<T> b) =>
        Vector512.ConditionalSelect(
            Vector512.Equals(a, a), Vector512.ConditionalSelect(Vector512.LessThan(a, b), a, b), a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Max(Vector512<T> a, Vector512<T> b)
    {
        // The instruction is a > b ? a : b.
        Vector512<T> max = typeof(T) == typeof(float) && Avx512F.IsSupported
            ? Avx512F.Max(a.AsSingle(), b.AsSingle()).As<float, T>()
            : Vector512.ConditionalSelect(Vector512.LessThan(b, a), a, b);
        return Vector512.ConditionalSelect(Vector512.Equals(a, a), max, a);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Less(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> LessOrEqual(Vector512<T> a, Vector512<T> b) => Vector512.LessThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Equal(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Select(Vector512<T> mask, Vector512<T> a, Vector512<T> b) =>
        Vector512.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> And(Vector512<T> a, Vector512<T> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Or(Vector512<T> a, Vector512<T> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Xor(Vector512<T> a, Vector512<T> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> CopySign(Vector512<T> magnitude, Vector512<T> sign) =>
        Vector512.ConditionalSelect(Set(-0.0), sign, magnitude);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Round(Vector512<T> a) =>
        typeof(T) == typeof(float)
            ? Vector512.Round(a.AsSingle()).As<float, T>()
            : Vector512.Round(a.AsDouble()).As<double, T>();

    // n + 2²³ has n in its lowest bits, so adding the exponent's bias there too and shifting gives the bits of 2ⁿ.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> PowerOfTwo(Vector512<T> n) =>
        typeof(T) == typeof(float)
            ? ((n + Set(SimdConstants.SingleShift)).AsUInt32() << 23).As<uint, T>()
            : ((n + Set(SimdConstants.DoubleShift)).AsUInt64() << 52).As<ulong, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Exponent(Vector512<T> a) =>
        typeof(T) == typeof(float)
            ? ((a.AsUInt32() >>> 23) | Vector512.Create(0x4B000000u)).As<uint, T>() - Set(SimdConstants.SingleShift)
            : ((a.AsUInt64() >>> 52) | Vector512.Create(0x4330000000000000UL)).As<ulong, T>()
                - Set(SimdConstants.DoubleShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Mantissa(Vector512<T> a) =>
        typeof(T) == typeof(float)
            ? ((a.AsUInt32() & Vector512.Create(0x007FFFFFu)) | Vector512.Create(0x3F800000u)).As<uint, T>()
            : ((a.AsUInt64() & Vector512.Create(0x000FFFFFFFFFFFFFUL)) | Vector512.Create(0x3FF0000000000000UL))
                .As<ulong, T>();
}
