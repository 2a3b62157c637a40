using System.Numerics;

namespace Downhill.Kernels;

/// <summary>
/// A witness for the arithmetic of one vector width: the operations of <typeparamref name="V"/>, which is a
/// <em>raw</em> vector (or <typeparamref name="T"/> itself), never a wrapper around one. One body of mathematics
/// written against a witness serves scalars and 128, 256 and 512 bits, single and double precision, and gives the
/// same bits in all of them.
/// </summary>
/// <remarks>
/// Every operation is lane-wise and rounds as IEEE 754 does. Only a NaN's payload may differ between widths.
/// A mask has all bits of a lane set (true) or clear (false).
/// </remarks>
/// <typeparam name="V">The vector: T, Vector128, Vector256 or Vector512 of T.</typeparam>
/// <typeparam name="T">float or double.</typeparam>
public interface ISimd<V, T> where V : struct where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Whether part of a vector is loaded and stored by one instruction, so that inner loops may use
    /// it.</summary>
    static abstract bool HasPartial { get; }

    /// <summary>Loads Count elements; no alignment is needed.</summary>
    static abstract unsafe V Load(T* source);
    /// <summary>Stores Count elements; no alignment is needed.</summary>
    static abstract unsafe void Store(T* target, V value);
    /// <summary>A mask whose first <paramref name="count"/> lanes are true.</summary>
    static abstract V FirstLanes(int count);
    /// <summary>Loads the lanes that the mask from <see cref="FirstLanes"/> selects, the others are 0 and are not read.
    /// Only where <see cref="HasPartial"/>.</summary>
    static abstract unsafe V LoadPartial(T* source, V mask);
    /// <summary>Stores the lanes that the mask selects. Only where <see cref="HasPartial"/>.</summary>
    static abstract unsafe void StorePartial(T* target, V mask, V value);
    /// <summary>Loads the first <paramref name="count"/> lanes (0 … Count), the others are 0 and are not read. Works
    /// at every width; meant for the end of a loop, not for its inside.</summary>
    static abstract unsafe V LoadFirst(T* source, int count);
    /// <summary>Stores the first <paramref name="count"/> lanes (0 … Count).</summary>
    static abstract unsafe void StoreFirst(T* target, V value, int count);

    /// <summary>The value in every lane.</summary>
    static abstract V Set(T value);
    /// <summary>The value, rounded to T, in every lane: for constants.</summary>
    static abstract V Set(double value);
    /// <summary>One lane.</summary>
    static abstract T Get(V value, int lane);
    /// <summary>Whether every lane is −0 or +0: none a NaN.</summary>
    static abstract bool IsZero(V value);

    static abstract V Add(V a, V b);
    static abstract V Sub(V a, V b);
    static abstract V Mul(V a, V b);
    static abstract V Div(V a, V b);
    /// <summary>−a: flips the sign, of zeros and NaNs too.</summary>
    static abstract V Neg(V a);
    /// <summary>|a|: clears the sign, of zeros and NaNs too.</summary>
    static abstract V Abs(V a);
    static abstract V Sqrt(V a);
    /// <summary>a·b + c: rounded once (fused) or twice (portable), as the witness's arithmetic says.</summary>
    static abstract V MulAdd(V a, V b, V c);
    /// <summary>The same a·b + c for one element, with the same bits as in a lane.</summary>
    static abstract T MulAddScalar(T a, T b, T c);

    /// <summary>a &lt; b ? a : b, but a when a is NaN: NaN from either side comes through; of equal values (−0, +0)
    /// the second.</summary>
    static abstract V Min(V a, V b);
    /// <summary>a &gt; b ? a : b, but a when a is NaN: NaN from either side comes through; of equal values (−0, +0)
    /// the second.</summary>
    static abstract V Max(V a, V b);

    /// <summary>a &lt; b as a mask; false with a NaN.</summary>
    static abstract V Less(V a, V b);
    /// <summary>a ≤ b as a mask; false with a NaN.</summary>
    static abstract V LessOrEqual(V a, V b);
    /// <summary>a = b as a mask; false with a NaN; −0 = +0.</summary>
    static abstract V Equal(V a, V b);
    /// <summary>mask ? a : b.</summary>
    static abstract V Select(V mask, V a, V b);
    /// <summary>Bitwise and, of masks or numbers.</summary>
    static abstract V And(V a, V b);
    /// <summary>Bitwise or.</summary>
    static abstract V Or(V a, V b);
    /// <summary>Bitwise exclusive or.</summary>
    static abstract V Xor(V a, V b);
    /// <summary>|magnitude| with the sign bit of <paramref name="sign"/>.</summary>
    static abstract V CopySign(V magnitude, V sign);

    /// <summary>To the nearest integer, halves to even.</summary>
    static abstract V Round(V a);
    /// <summary>2ⁿ, exactly, for integral n in the normal range (−126 … 127, −1022 … 1023). Anything else is
    /// undefined.</summary>
    static abstract V PowerOfTwo(V n);
    /// <summary>e of a = m·2ᵉ, 1 ≤ m &lt; 2, for normal a &gt; 0. Anything else is undefined.</summary>
    static abstract V Exponent(V a);
    /// <summary>m of a = m·2ᵉ, 1 ≤ m &lt; 2, for normal a &gt; 0. Anything else is undefined.</summary>
    static abstract V Mantissa(V a);
}

/// <summary>What <see cref="ISimd{V,T}.MulAdd"/> means.</summary>
public interface IArithmetic
{
    /// <summary>One rounding instead of two, where the hardware has the instruction.</summary>
    static abstract bool IsFused { get; }
}

/// <summary>a·b + c is rounded once. Where the hardware lacks the instruction this is the same as <see
/// cref="Portable"/>: the exact emulation in software is some hundred times slower.</summary>
public readonly struct Fused : IArithmetic
{
    public static bool IsFused => true;
}

/// <summary>a·b is rounded, then the sum: the same bits on every machine.</summary>
public readonly struct Portable : IArithmetic
{
    public static bool IsFused => false;
}
