using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

// Rows of A times a panel of B. What memory costs beside the multiply-adds is hidden behind them: the tile that first
// needs a part of A or B copies it while it works with it, and the next tile's sums are asked for row by row.
internal static unsafe partial class Gemm<S, V, T>
{
    /// <summary>Rows of a whole tile: eight where 32 registers hold the sums.</summary>
    private static int FullRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => S.Count * sizeof(T) == 64 ? 8 : 6;
    }

    /// <summary>Some rows, an even number ≥ 4, times one panel of B, copied from b where that is not null. A is read as
    /// it lies where packed is null, else from there: copied there before, or now where packs. moreB and moreC say
    /// whether the next panel's columns follow in b and in C.</summary>
    private static void Panel(
        T* a, nint aRow, nint aStep, T* packed, bool packs, T* b, nint bRow, bool moreB, T* panel, T* start,
        nint startRow, T* c, nint cRow, int rows, int steps, bool moreC)
    {
        int wide = PanelWidth;
        if (b != null && TileRows(rows) != FullRows)
        {
            PackPanels(b, bRow, panel, wide, steps);
            b = null;
        }
        T* ahead = b != null && moreB ? b + wide : null;
        // What the next panel is copied from is shared out among the tiles to ask for.
        int share = (steps + (rows / FullRows) - 1) / Math.Max(rows / FullRows, 1);
        for (int i = 0; i < rows;)
        {
            int size = TileRows(rows - i);
            T* ai = a + (i * aRow), block = packed + ((nint)i * steps);
            T* si = start == null ? null : start + (i * startRow);
            T* ci = c + (i * cRow);
            nint row = aRow, step = aStep;
            bool copies = packs && size == FullRows;
            if (packed != null && !copies)
            {
                if (packs) { PackBlock(ai, aStep, block, size, steps); }
                ai = block;
                row = 1;
                step = size;
            }
            i += size;
            T* next = i < rows ? c + (i * cRow) : moreC ? c + wide : null;
            T* bi = b == null ? panel : b;
            nint biRow = b == null ? wide : bRow;
            T* aheadEnd = ahead == null ? null : ahead + (share * bRow);
            if (size != FullRows)
            {
                if (size == 6) { Tile6x2(ai, row, step, panel, wide, si, startRow, ci, cRow, steps); }
                else { Tile4x2(ai, row, step, panel, wide, si, startRow, ci, cRow, steps); }
            }
            else if (copies && b != null)
            {
                Tile<Both>(ai, row, step, bi, biRow, si, startRow, ci, cRow, steps, block, panel, next, ahead, bRow,
                    aheadEnd);
            }
            else if (copies)
            {
                Tile<A>(ai, row, step, bi, biRow, si, startRow, ci, cRow, steps, block, panel, next, ahead, bRow,
                    aheadEnd);
            }
            else if (b != null)
            {
                Tile<B>(ai, row, step, bi, biRow, si, startRow, ci, cRow, steps, block, panel, next, ahead, bRow,
                    aheadEnd);
            }
            else
            {
                Tile<Nothing>(ai, row, step, bi, biRow, si, startRow, ci, cRow, steps, block, panel, next, ahead, bRow,
                    aheadEnd);
            }
            b = null;
            ahead = aheadEnd;
        }
    }

    /// <summary>What a tile copies.</summary>
    private interface ICopies
    {
        static abstract bool HasA { get; }
        static abstract bool HasB { get; }
    }

    private readonly struct Nothing : ICopies
    {
        public static bool HasA => false;
        public static bool HasB => false;
    }

    private readonly struct A : ICopies
    {
        public static bool HasA => true;
        public static bool HasB => false;
    }

    private readonly struct B : ICopies
    {
        public static bool HasA => false;
        public static bool HasB => true;
    }

    private readonly struct Both : ICopies
    {
        public static bool HasA => true;
        public static bool HasB => true;
    }

    /// <summary>Steps of which each asks for one row of the next tile's sums.</summary>
    private const int StepsPerRequest = 16;

    /// <summary>A whole tile: <see cref="FullRows"/> by two vectors. What it copies, of A rows that lie side by side,
    /// goes where copyA and copyB say. On the way it asks for the next tile's sums, which begin at next, and for
    /// parts of B that will be copied, rows aheadRow apart from ahead to aheadEnd; either may be null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile<W>(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth, T* copyA,
        T* copyB, T* next, T* ahead, nint aheadRow, T* aheadEnd)
        where W : struct, ICopies
    {
        V c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71;
        c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = c60 = c61 = c70 = c71 = S.Set(0.0);
        if (start != null)
        {
            c00 = S.Load(start);
            c01 = S.Load(start + S.Count);
            start += startRow;
            c10 = S.Load(start);
            c11 = S.Load(start + S.Count);
            start += startRow;
            c20 = S.Load(start);
            c21 = S.Load(start + S.Count);
            start += startRow;
            c30 = S.Load(start);
            c31 = S.Load(start + S.Count);
            start += startRow;
            c40 = S.Load(start);
            c41 = S.Load(start + S.Count);
            start += startRow;
            c50 = S.Load(start);
            c51 = S.Load(start + S.Count);
            if (FullRows == 8)
            {
                start += startRow;
                c60 = S.Load(start);
                c61 = S.Load(start + S.Count);
                start += startRow;
                c70 = S.Load(start);
                c71 = S.Load(start + S.Count);
            }
        }
        T* a3 = a + (3 * aRow);
        T* a6 = a + (6 * aRow);
        nint aRow2 = 2 * aRow;
        int k = 0;
        for (; k <= depth - StepsPerRequest; k += StepsPerRequest)
        {
            // Not all at once, which would hold up what this tile needs, and late, so that they are still there.
            if (Sse.IsSupported && next != null && depth - k <= FullRows * StepsPerRequest)
            {
                Sse.Prefetch0(next);
                if (2 * S.Count * sizeof(T) > 64) { Sse.Prefetch0(next + S.Count); }
                next += cRow;
            }
            for (int end = k + StepsPerRequest, step = k; step < end; step += 4)
            {
                if (Sse.IsSupported && ahead < aheadEnd)
                {
                    // Into the second-level cache; three lines where rows are not aligned.
                    Sse.Prefetch1(ahead);
                    Sse.Prefetch1(ahead + S.Count);
                    Sse.Prefetch1(ahead + (2 * S.Count) - 1);
                    ahead += aheadRow;
                }
                Step<W>(ref a, ref a3, ref a6, aRow, aRow2, aStep, ref b, bRow, ref copyA, ref copyB, ref c00,
                    ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50,
                    ref c51, ref c60, ref c61, ref c70, ref c71);
                Step<W>(ref a, ref a3, ref a6, aRow, aRow2, aStep, ref b, bRow, ref copyA, ref copyB, ref c00,
                    ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50,
                    ref c51, ref c60, ref c61, ref c70, ref c71);
                Step<W>(ref a, ref a3, ref a6, aRow, aRow2, aStep, ref b, bRow, ref copyA, ref copyB, ref c00,
                    ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50,
                    ref c51, ref c60, ref c61, ref c70, ref c71);
                Step<W>(ref a, ref a3, ref a6, aRow, aRow2, aStep, ref b, bRow, ref copyA, ref copyB, ref c00,
                    ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50,
                    ref c51, ref c60, ref c61, ref c70, ref c71);
            }
        }
        for (; k < depth; k++)
        {
            Step<W>(ref a, ref a3, ref a6, aRow, aRow2, aStep, ref b, bRow, ref copyA, ref copyB, ref c00, ref c01,
                ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51, ref c60,
                ref c61, ref c70, ref c71);
        }
        S.Store(c, c00);
        S.Store(c + S.Count, c01);
        c += cRow;
        S.Store(c, c10);
        S.Store(c + S.Count, c11);
        c += cRow;
        S.Store(c, c20);
        S.Store(c + S.Count, c21);
        c += cRow;
        S.Store(c, c30);
        S.Store(c + S.Count, c31);
        c += cRow;
        S.Store(c, c40);
        S.Store(c + S.Count, c41);
        c += cRow;
        S.Store(c, c50);
        S.Store(c + S.Count, c51);
        if (FullRows == 8)
        {
            c += cRow;
            S.Store(c, c60);
            S.Store(c + S.Count, c61);
            c += cRow;
            S.Store(c, c70);
            S.Store(c + S.Count, c71);
        }
    }

    /// <summary>The same without copies and requests.</summary>
    private static void Tile(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth) =>
        Tile<Nothing>(a, aRow, aStep, b, bRow, start, startRow, c, cRow, depth, null, null, null, null, 0, null);

    /// <summary>One step of a tile: a column of A times a row of B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<W>(
        ref T* a, ref T* a3, ref T* a6, nint aRow, nint aRow2, nint aStep, ref T* b, nint bRow, ref T* copyA,
        ref T* copyB, ref V c00, ref V c01, ref V c10, ref V c11, ref V c20, ref V c21, ref V c30, ref V c31,
        ref V c40, ref V c41, ref V c50, ref V c51, ref V c60, ref V c61, ref V c70, ref V c71)
        where W : struct, ICopies
    {
        V b0 = S.Load(b);
        V b1 = S.Load(b + S.Count);
        if (W.HasB)
        {
            S.Store(copyB, b0);
            S.Store(copyB + S.Count, b1);
            copyB += 2 * S.Count;
        }
        bool eight = S.Count * sizeof(T) == 64;
        if (W.HasA)
        {
            if (eight) { *(Eight*)copyA = *(Eight*)a; }
            else { *(Six*)copyA = *(Six*)a; }
            copyA += eight ? 8 : 6;
        }
        V x = S.Set(a[0]);
        c00 = S.MulAdd(x, b0, c00);
        c01 = S.MulAdd(x, b1, c01);
        x = S.Set(a[aRow]);
        c10 = S.MulAdd(x, b0, c10);
        c11 = S.MulAdd(x, b1, c11);
        x = S.Set(a[aRow2]);
        c20 = S.MulAdd(x, b0, c20);
        c21 = S.MulAdd(x, b1, c21);
        x = S.Set(a3[0]);
        c30 = S.MulAdd(x, b0, c30);
        c31 = S.MulAdd(x, b1, c31);
        x = S.Set(a3[aRow]);
        c40 = S.MulAdd(x, b0, c40);
        c41 = S.MulAdd(x, b1, c41);
        x = S.Set(a3[aRow2]);
        c50 = S.MulAdd(x, b0, c50);
        c51 = S.MulAdd(x, b1, c51);
        if (eight)
        {
            x = S.Set(a6[0]);
            c60 = S.MulAdd(x, b0, c60);
            c61 = S.MulAdd(x, b1, c61);
            x = S.Set(a6[aRow]);
            c70 = S.MulAdd(x, b0, c70);
            c71 = S.MulAdd(x, b1, c71);
            a6 += aStep;
        }
        a += aStep;
        a3 += aStep;
        b += bRow;
    }

    /// <summary>Six elements that are copied at once.</summary>
    [InlineArray(6)]
    private struct Six
    {
        private T first;
    }
}
