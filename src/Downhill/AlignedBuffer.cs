using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Downhill;

/// <summary>
/// A fixed number of zero-initialised elements whose first one lies on a 64-byte boundary and never moves: parameters,
/// gradients, optimizer slots and activations live in these. The memory is an ordinary managed array on the pinned
/// heap, so it needs neither a finalizer nor Dispose and works in the browser.
/// </summary>
/// <typeparam name="T">Any unmanaged type; the engine uses float, double and integers.</typeparam>
public sealed class AlignedBuffer<T> where T : unmanaged
{
    /// <summary>The alignment of the first element in bytes: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private readonly T[] array;
    private readonly nint offset;

    /// <summary>Allocates <paramref name="length"/> elements, all zero.</summary>
    /// <param name="length">Number of elements, 0 to <see cref="MaximumLength"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="DownhillException">The length is above <see cref="MaximumLength"/>.</exception>
    public AlignedBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > MaximumLength)
        {
            Throw.Input("Buffer", $"at most {MaximumLength} elements", $"{length}",
                "Make the network or batch smaller.");
        }
        array = GC.AllocateArray<T>(length + Slack, pinned: true);
        Length = length;
        offset = Gap(array);
    }

    /// <summary>The most elements one buffer can hold: the runtime's limit less one cache line.</summary>
    public static int MaximumLength => Array.MaxLength - Slack;

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>All elements. The span keeps the memory alive by itself.</summary>
    public Span<T> Span => MemoryMarshal.CreateSpan(
        ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(array), offset), Length);

    /// <summary>
    /// The address of element 0, a multiple of 64. It stays the same for the life of the buffer, but does not keep the
    /// buffer alive: whoever works through it holds a reference to the buffer until done (<see cref="GC.KeepAlive"/>).
    /// </summary>
    public unsafe T* Pointer => (T*)((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)) + offset);

    /// <summary>Elements allocated on top, so that a boundary lies within: at least one cache line.</summary>
    private static int Slack => (Alignment + Unsafe.SizeOf<T>() - 1) / Unsafe.SizeOf<T>();

    private static unsafe nint Gap(T[] pinned) =>
        -(nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)) & (Alignment - 1);
}
