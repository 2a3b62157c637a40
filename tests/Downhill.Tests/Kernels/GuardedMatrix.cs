using System.Numerics;
using System.Runtime.InteropServices;

namespace Downhill.Tests.Kernels;

/// <summary>
/// A matrix in native memory whose rows are further apart than they are long. Everything around the elements, the gaps
/// between the rows included, holds one NaN: a kernel that uses what is not its own gets NaN, one that writes there is
/// caught by <see cref="AssertGuards"/>.
/// </summary>
internal sealed unsafe class GuardedMatrix<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Guard = 40;
    private readonly T* _memory;
    private readonly int _length;

    public GuardedMatrix(int rows, int columns, int gap = 3, int seed = 0)
    {
        Rows = rows;
        Columns = columns;
        Stride = columns + gap;
        _length = Guard + (rows * Stride) + Guard;
        _memory = (T*)NativeMemory.Alloc((nuint)_length, (nuint)sizeof(T));
        new Span<T>(_memory, _length).Fill(T.NaN);
        Start = _memory + Guard;
        Random random = new(seed + (rows * 1009) + columns);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref T value in this[row]) { value = T.CreateTruncating((random.NextDouble() * 2) - 1); }
        }
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Stride { get; }

    public T* Start { get; }

    public Span<T> this[int row] => new(Start + (row * Stride), Columns);

    public void CopyFrom(GuardedMatrix<T> other)
    {
        for (int row = 0; row < Rows; row++) { other[row].CopyTo(this[row]); }
    }

    public void Clear(T value)
    {
        for (int row = 0; row < Rows; row++) { this[row].Fill(value); }
    }

    public void AssertGuards(string what)
    {
        for (int i = 0; i < _length; i++)
        {
            int at = i - Guard;
            bool inside = at >= 0 && at < Rows * Stride && at % Stride < Columns;
            if (!inside && !T.IsNaN(_memory[i])) { Assert.Fail($"{what}: wrote at {at}, outside {Rows}×{Columns}"); }
        }
    }

    /// <summary>The same bits, element by element, and none of them NaN.</summary>
    public void AssertSame(GuardedMatrix<T> expected, string what)
    {
        AssertGuards(what);
        for (int row = 0; row < Rows; row++)
        {
            if (MemoryMarshal.AsBytes(this[row]).SequenceEqual(MemoryMarshal.AsBytes(expected[row]))) { continue; }
            for (int column = 0; column < Columns; column++)
            {
                if (!this[row][column].Equals(expected[row][column]) || T.IsNaN(this[row][column]))
                {
                    Assert.Fail($"{what}: [{row},{column}] is {this[row][column]}, not {expected[row][column]}");
                }
            }
        }
    }

    public void Dispose() => NativeMemory.Free(_memory);
}
