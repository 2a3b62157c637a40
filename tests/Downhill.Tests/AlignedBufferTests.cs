using System.Runtime.CompilerServices;
using Xunit;

namespace Downhill.Tests;

public sealed unsafe class AlignedBufferTests
{
    /// <summary>A size that divides no cache line.</summary>
    [InlineArray(3)]
    private struct Odd
    {
        private byte first;
    }

    [Fact]
    public void EveryLengthAndTypeStartsOnACacheLineAndIsZero()
    {
        for (int length = 0; length < 70; length++)
        {
            CheckZeroAndAligned<byte>(length);
            CheckZeroAndAligned<float>(length);
            CheckZeroAndAligned<double>(length);
            CheckZeroAndAligned<decimal>(length);
            CheckZeroAndAligned<Odd>(length);
        }
    }

    private static void CheckZeroAndAligned<T>(int length) where T : unmanaged
    {
        AlignedBuffer<T> buffer = new(length);
        Assert.Equal(length, buffer.Length);
        Assert.Equal(length, buffer.Span.Length);
        Assert.Equal(0, (nint)buffer.Pointer % 64);
        Assert.True(Unsafe.AreSame(
            ref *buffer.Pointer, ref System.Runtime.InteropServices.MemoryMarshal.GetReference(buffer.Span)));
        foreach (byte b in System.Runtime.InteropServices.MemoryMarshal.AsBytes(buffer.Span))
        {
            Assert.Equal(0, b);
        }
    }

    [Fact]
    public void TheBufferStaysWhereItIsAndKeepsItsValuesThroughACompactingCollection()
    {
        AlignedBuffer<double> buffer = new(1000);
        nint before = (nint)buffer.Pointer;
        for (int i = 0; i < buffer.Length; i++)
        {
            buffer.Span[i] = i;
        }
        _ = new byte[1 << 20];
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.Equal(before, (nint)buffer.Pointer);
        for (int i = 0; i < buffer.Length; i++)
        {
            Assert.Equal(i, buffer.Pointer[i]);
        }
        GC.KeepAlive(buffer);
    }

    [Fact]
    public void LengthsThatCannotBeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer<float>(-1));
        Assert.Throws<DownhillException>(() => new AlignedBuffer<float>(int.MaxValue));
    }
}
