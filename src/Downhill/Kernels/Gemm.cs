using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>
/// The three matrix products of a dense layer, single-threaded: callers split rows, columns or both over threads by
/// passing ranges. All matrices are row-major, ld is the distance of two rows in elements.
/// </summary>
/// <remarks>
/// Every output element is one chain of multiply-adds in k order, started from its bias, from 0 or from its present
/// value. So the bits depend neither on tiles nor on the width (within one arithmetic) nor on how callers split the
/// work; a sum that is continued over chunks of k (accumulate) has the bits of the whole. Nothing is allocated,
/// nothing outside the stated ranges is read or written.
/// <para>All three are one product C (+)= A·B, in which A may be walked by rows or by columns (Xᵀ): tiles of 8, 6 or
/// 4 rows by two vectors keep their sums in registers; a last vector is masked; up to three last rows, and a single
/// row, run as sums of rows of B. Large matrices are copied blockwise into contiguous panels first (Goto's scheme),
/// with the sums carried on through C.</para>
/// </remarks>
internal static unsafe partial class Gemm<S, V, T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>k of one packed block: the sums are read from C and written back once for each.</summary>
    private const int BlockDepth = 1024;

    /// <summary>Fewer where rows of A are copied, of which a tile then stays in the first-level cache as its panel
    /// does; and where each row of B lies on a page of its own.</summary>
    private static int DepthOfBlocks(bool packsA, nint bRow) =>
        packsA ? BlockDepth / 4 : bRow * sizeof(T) > Page ? BlockDepth / 2 : BlockDepth;

    /// <summary>Rows of A that pass a panel of B one after the other, multiples of 6 and 8, the tiles' heights. A
    /// panel of more than 256 steps (32 KiB) comes from the second-level cache, where few rows leave it the
    /// room.</summary>
    private static int BlockRows(int steps) => steps > 256 ? 72 : 96;

    private const int Page = 4096;

    /// <summary>Whether equal columns of all rows compete for one place in the caches: they push each other out before
    /// a tile has used them, so that copying is better done in a pass of its own, which reads whole rows.</summary>
    private static bool Compete(nint rowLength) => rowLength * sizeof(T) % Page == 0;

    /// <summary>Bytes of the packed panels of B.</summary>
    private const int PanelBytes = 512 * 1024;

    /// <summary>Steps up to which a panel lies on the stack: 16 KiB of float with 512 bits.</summary>
    private const int OnStack = 128;

    /// <summary>Bytes of B that stay in the first-level cache beside what else is read.</summary>
    private const int NearBytes = 32 * 1024;

    /// <summary>Inputs whose Xᵀ is copied at once: that bounds the memory for it.</summary>
    private const int CopiedRows = 2048;

    /// <summary>Y[rows, columns] = X[rows, inner] · W[inner, columns] + bias (null: none). Y overlaps
    /// nothing.</summary>
    public static void Forward(
        T* x, int ldx, T* w, int ldw, T* bias, T* y, int ldy, int rows, int inner, int columns) =>
        Multiply(x, ldx, 1, w, ldw, bias, 0, y, ldy, rows, columns, inner);

    /// <summary>dW[inner, columns] (+)= Xᵀ · dZ, X[rows, inner], dZ[rows, columns].</summary>
    public static void WeightGradient(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate)
    {
        if (columns == 1 && lddw == 1)
        {
            // A column of sums is a row of sums of X's rows: full vectors instead of one lane.
            Multiply(dz, 1, lddz, x, ldx, accumulate ? dw : null, 0, dw, inner, 1, inner, rows);
            return;
        }
        if (2 * columns <= S.Count && inner >= S.Count)
        {
            WeightGradientNarrow(x, ldx, dz, lddz, dw, lddw, rows, inner, columns, accumulate);
            return;
        }
        for (int first = 0; first < inner; first += CopiedRows)
        {
            T* part = dw + ((nint)first * lddw);
            Multiply(x + first, 1, ldx, dz, lddz, accumulate ? part : null, lddw, part, lddw,
                Math.Min(CopiedRows, inner - first), columns, rows);
        }
    }

    /// <summary>Few columns would leave most lanes idle, so the product is formed transposed, dWᵀ = dZᵀ·X, X as it
    /// lies; only the small result is copied transposed. (Y = X·W the same way would need Xᵀ: measured, it gains
    /// nothing.)</summary>
    [SkipLocalsInit]
    private static void WeightGradientNarrow(
        T* x, int ldx, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate)
    {
        const int AtOnce = 256;
        T* flipped = stackalloc T[8 * AtOnce];
        for (int first = 0; first < inner; first += AtOnce)
        {
            int count = Math.Min(AtOnce, inner - first);
            T* part = dw + ((nint)first * lddw);
            if (accumulate) { Transpose<T>.Copy(part, lddw, flipped, AtOnce, count, columns); }
            Multiply(
                dz, 1, lddz, x + first, ldx, accumulate ? flipped : null, AtOnce, flipped, AtOnce, columns, count,
                rows);
            Transpose<T>.Copy(flipped, AtOnce, part, lddw, columns, count);
        }
    }

    /// <summary>Columns of a panel.</summary>
    public static int PanelWidth => 2 * S.Count;

    /// <summary>Y[rows, columns] = X[rows, inner] · W + bias (null: none) with W in whole panels (<see
    /// cref="PackPanels"/>).</summary>
    public static void ForwardPanels(
        T* x, int ldx, T* panels, T* bias, T* y, int ldy, int rows, int inner, int columns)
    {
        // Where nothing is copied and the sums of few rows stay in a cache, panels had better stay there, too.
        int blockDepth = rows <= 64 ? BlockDepth / 4 : BlockDepth;
        int blockColumns = PanelBytes / (blockDepth * sizeof(T)) / PanelWidth * PanelWidth;
        for (int k = 0; k == 0 || k < inner; k += blockDepth)
        {
            for (int column = 0; column < columns; column += blockColumns)
            {
                T* from = k == 0 ? bias : y;
                RowsTimesPanels(
                    x + k, ldx, 1, null, false, null, 0, 0,
                    panels + ((nint)column * inner) + ((nint)k * PanelWidth), inner,
                        from == null ? null : from + column, k == 0 ? 0 : ldy, y + column, ldy, rows,
                    Math.Min(blockColumns, columns - column), Math.Min(blockDepth, inner - k));
            }
        }
    }

    /// <summary>Elements of scratch that <see cref="PackTransposed"/> fills.</summary>
    public static int TransposedLength(int inner, int columns) => inner * columns;

    /// <summary>packed = W[inner, columns]ᵀ, for <see cref="InputGradientPacked"/>: once per step, whatever the number
    /// of threads.</summary>
    public static void PackTransposed(T* w, int ldw, T* packed, int inner, int columns) =>
        Transpose<T>.Copy(w, ldw, packed, inner, inner, columns);

    /// <summary>dX[rows, inner] = dZ[rows, columns] · W[inner, columns]ᵀ, W turned on the way.</summary>
    public static void InputGradient(
        T* dz, int lddz, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns) =>
        MultiplyTurned(dz, lddz, 1, w, ldw, null, 0, dx, lddx, rows, inner, columns);

    /// <summary>The same with W already packed.</summary>
    public static void InputGradientPacked(
        T* dz, int lddz, T* packed, T* dx, int lddx, int rows, int inner, int columns) =>
        Multiply(dz, lddz, 1, packed, inner, null, 0, dx, lddx, rows, inner, columns);

    /// <summary>Rows of dZ that make one panel of <see cref="TurnGradient"/>, at every width a divisor of
    /// 32.</summary>
    private static int PanelRows => 2 * S.Count;

    /// <summary>Elements that <see cref="TurnGradient"/> fills for all rows.</summary>
    public static int TurnedGradientLength(int rows, int columns) =>
        (rows + PanelRows - 1) / PanelRows * PanelRows * columns;

    /// <summary>turned = dZ[rows, columns]ᵀ in blocks of its columns and panels of its rows, for
    /// <see cref="InputGradientTurned"/>. Threads share the rows: count of them from first, a multiple of
    /// 32.</summary>
    public static void TurnGradient(T* dz, int lddz, T* turned, int rows, int columns, int first, int count)
    {
        int padded = TurnedGradientLength(rows, 1);
        for (int k = 0; k < columns; k += BlockDepth)
        {
            int steps = Math.Min(BlockDepth, columns - k);
            PackTurned(dz + ((nint)first * lddz) + k, lddz, turned + ((nint)k * padded) + ((nint)first * steps), count,
                steps);
        }
    }

    /// <summary>Rows of W that <see cref="InputGradientTurned"/> takes at once.</summary>
    private const int TurnedRows = 256;

    /// <summary>dX[rows, inner] = dZ·Wᵀ from dZᵀ, as dXᵀ = W·dZᵀ: W is read as it lies, and what is turned is the
    /// batch's numbers, far fewer than the weights of a large layer, once for any number of blocks of W.</summary>
    public static void InputGradientTurned(
        T* turned, T* w, int ldw, T* dx, int lddx, int rows, int inner, int columns)
    {
        int padded = TurnedGradientLength(rows, 1);
        T[] rented = ArrayPool<T>.Shared.Rent(TurnedRows * rows);
        fixed (T* flipped = rented)
        {
            for (int first = 0; first < inner; first += TurnedRows)
            {
                int count = Math.Min(TurnedRows, inner - first);
                for (int k = 0; k == 0 || k < columns; k += BlockDepth)
                {
                    int steps = Math.Min(BlockDepth, columns - k);
                    T* panels = turned + ((nint)k * padded);
                    for (int row = 0; row < rows; row += PanelRows)
                    {
                        T* at = flipped + row;
                        Multiply(w + ((nint)first * ldw) + k, ldw, 1, panels + ((nint)row * steps), PanelRows,
                            k == 0 ? null : at, rows, at, rows, count, Math.Min(PanelRows, rows - row), steps);
                    }
                }
                Transpose<T>.Copy(flipped, rows, dx + first, lddx, count, rows);
            }
        }
        ArrayPool<T>.Shared.Return(rented);
    }

    /// <summary>Elements that <see cref="PackGradient"/> fills: the columns that make whole panels.</summary>
    public static int PackedGradientLength(int rows, int columns) => rows * (columns - (columns % (2 * S.Count)));

    /// <summary>panels = dZ[rows, columns] for <see cref="WeightGradientPacked"/>, once for any number of
    /// blocks.</summary>
    public static void PackGradient(T* dz, int lddz, T* panels, int rows, int columns) =>
        PackPanels(dz, lddz, panels, columns - (columns % (2 * S.Count)), rows);

    /// <summary>dW[inner, columns] (+)= Xᵀ·dZ with dZ packed before.</summary>
    public static void WeightGradientPacked(
        T* x, int ldx, T* panels, T* dz, int lddz, T* dw, int lddw, int rows, int inner, int columns, bool accumulate)
    {
        int whole = columns - (columns % PanelWidth);
        if (whole > 0)
        {
            T[] rented = ArrayPool<T>.Shared.Rent(rows * inner);
            fixed (T* packed = rented)
            {
                PackInputs(x, ldx, packed, rows, inner);
                WeightGradientPanels(packed, panels, dw, lddw, PanelWidth, rows, inner, whole, accumulate);
            }
            ArrayPool<T>.Shared.Return(rented);
        }
        if (whole < columns)
        {
            WeightGradient(
                x, ldx, dz + whole, lddz, dw + whole, lddw, rows, inner, columns - whole, accumulate);
        }
    }

    /// <summary>packed = X[rows, inner]ᵀ as the tiles take it, a last row or up to three by themselves.</summary>
    public static void PackInputs(T* x, int ldx, T* packed, int rows, int inner)
    {
        int tiled = TiledRows(inner);
        PackBlock(x, ldx, packed, tiled, rows);
        packed += (nint)tiled * rows;
        for (int i = tiled; i < inner; i++)
        {
            for (int row = 0; row < rows; row++) { *packed++ = x[((nint)row * ldx) + i]; }
        }
    }

    /// <summary>dW[inner, columns] (+)= Xᵀ·dZ for whole panels of dZ and X packed before. Rows of dW lie lddw apart,
    /// columns of a panel side by side, panels dwPanel apart: so dW may lie by rows or in panels of its own.</summary>
    public static void WeightGradientPanels(
        T* packed, T* panels, T* dw, nint lddw, nint dwPanel, int rows, int inner, int columns, bool accumulate)
    {
        int wide = PanelWidth, tiled = TiledRows(inner);
        for (int column = 0; column < columns; column += wide, panels += (nint)wide * rows, dw += dwPanel)
        {
            for (int i = 0; i < inner;)
            {
                T* a = packed + ((nint)i * rows);
                T* c = dw + (i * lddw);
                T* start = accumulate ? c : null;
                int size = i < tiled ? TileRows(tiled - i) : 1;
                if (size == 8) { Tile(a, 1, 8, panels, wide, start, lddw, c, lddw, rows); }
                else if (size == 6) { Tile6x2(a, 1, 6, panels, wide, start, lddw, c, lddw, rows); }
                else if (size == 4) { Tile4x2(a, 1, 4, panels, wide, start, lddw, c, lddw, rows); }
                else { Row(a, 1, panels, wide, start, c, wide, rows); }
                i += size;
            }
        }
    }

    /// <summary>db[columns] (+)= the sums of dZ's columns, in row order.</summary>
    public static void ColumnSums(T* dz, int lddz, T* db, int rows, int columns, bool accumulate)
    {
        int column = 0;
        for (; column <= columns - (4 * S.Count); column += 4 * S.Count)
        {
            T* source = dz + column;
            T* target = db + column;
            V s0 = Start(accumulate ? target : null);
            V s1 = Start(accumulate ? target + S.Count : null);
            V s2 = Start(accumulate ? target + (2 * S.Count) : null);
            V s3 = Start(accumulate ? target + (3 * S.Count) : null);
            for (int row = 0; row < rows; row++)
            {
                s0 = S.Add(s0, S.Load(source));
                s1 = S.Add(s1, S.Load(source + S.Count));
                s2 = S.Add(s2, S.Load(source + (2 * S.Count)));
                s3 = S.Add(s3, S.Load(source + (3 * S.Count)));
                source += lddz;
            }
            S.Store(target, s0);
            S.Store(target + S.Count, s1);
            S.Store(target + (2 * S.Count), s2);
            S.Store(target + (3 * S.Count), s3);
        }
        for (; column <= columns - S.Count; column += S.Count)
        {
            T* source = dz + column;
            V sum = Start(accumulate ? db + column : null);
            for (int row = 0; row < rows; row++)
            {
                sum = S.Add(sum, S.Load(source));
                source += lddz;
            }
            S.Store(db + column, sum);
        }
        if (S.HasPartial && column < columns)
        {
            T* source = dz + column;
            V mask = S.FirstLanes(columns - column), sum = StartPartial(accumulate ? db + column : null, mask);
            for (int row = 0; row < rows; row++)
            {
                sum = S.Add(sum, S.LoadPartial(source, mask));
                source += lddz;
            }
            S.StorePartial(db + column, mask, sum);
            return;
        }
        for (; column < columns; column++)
        {
            T* source = dz + column;
            T sum = accumulate ? db[column] : T.Zero;
            for (int row = 0; row < rows; row++)
            {
                sum += *source;
                source += lddz;
            }
            db[column] = sum;
        }
    }

    /// <summary>
    /// C[m, n] = start + A · B[depth, n]. A's element (i, k) is a[i·aRow + k·aStep]; start's element (i, j) is
    /// start[i·startRow + j], or 0 when it is null; it may be C itself.
    /// </summary>
    private static void Multiply(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int m, int n, int depth)
    {
        if (Packs(m, n, depth))
        {
            MultiplyPacked(a, aRow, aStep, b, bRow, 1, start, startRow, c, cRow, m, n, depth);
            return;
        }
        int tiled = TiledRows(m);
        int column = 0;
        if (tiled > 0)
        {
            for (; column <= n - (2 * S.Count); column += 2 * S.Count)
            {
                T* panel = b + column;
                for (int i = 0; i < tiled;)
                {
                    T* ai = a + (i * aRow);
                    T* si = start == null ? null : start + (i * startRow) + column;
                    T* ci = c + (i * cRow) + column;
                    int size = TileRows(tiled - i);
                    if (size == 8) { Tile(ai, aRow, aStep, panel, bRow, si, startRow, ci, cRow, depth); }
                    else if (size == 6) { Tile6x2(ai, aRow, aStep, panel, bRow, si, startRow, ci, cRow, depth); }
                    else { Tile4x2(ai, aRow, aStep, panel, bRow, si, startRow, ci, cRow, depth); }
                    i += size;
                }
            }
            while (column < n)
            {
                int lanes = Math.Min(S.Count, n - column);
                if (lanes < S.Count && !S.HasPartial) { break; }
                T* si = start == null ? null : start + column;
                if (2 * lanes <= S.Count && typeof(S) == typeof(Simd512<T, Fused>))
                {
                    Gemm<Simd256<T, Fused>, Vector256<T>, T>.NarrowPanel(
                        a, aRow, aStep, b + column, bRow, si, startRow, c + column, cRow, tiled, lanes, depth);
                }
                else if (2 * lanes <= S.Count && typeof(S) == typeof(Simd512<T, Portable>))
                {
                    Gemm<Simd256<T, Portable>, Vector256<T>, T>.NarrowPanel(
                        a, aRow, aStep, b + column, bRow, si, startRow, c + column, cRow, tiled, lanes, depth);
                }
                else
                {
                    NarrowPanel(
                        a, aRow, aStep, b + column, bRow, si, startRow, c + column, cRow, tiled, lanes, depth);
                }
                column += lanes;
            }
            if (column < n)
            {
                ScalarColumns(a, aRow, aStep, b + column, bRow, start == null ? null : start + column, startRow,
                    c + column, cRow, tiled, n - column, depth);
            }
        }
        bool isNear = (long)n * depth * sizeof(T) <= NearBytes;
        for (int i = tiled; i < m; i++)
        {
            T* ai = a + (i * aRow);
            T* si = start == null ? null : start + (i * startRow);
            T* ci = c + (i * cRow);
            column = 0;
            // Where B stays in the nearest cache, sums that stay in registers are better than B in one stream.
            for (; isNear && column <= n - (4 * S.Count); column += 4 * S.Count)
            {
                Tile1x4(ai, aStep, b + column, bRow, si == null ? null : si + column, ci + column, depth);
            }
            if (column == n) { continue; }
            Row(ai, aStep, b + column, bRow, si == null ? null : si + column, ci + column, n - column, depth);
        }
    }

    /// <summary>How many of the rows of A run in tiles: an even number of at least four.</summary>
    private static int TiledRows(int m) => m < 4 ? 0 : m - (m & 1);

    /// <summary>How many rows the next tile takes of an even number ≥ 4 of them: 8 where 32 registers hold the sums,
    /// else 6 or 4, so that no two rows are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TileRows(int left)
    {
        if (S.Count * sizeof(T) == 64 && left >= 8 && left != 10) { return 8; }
        return left >= 6 && left != 8 ? 6 : 4;
    }

    /// <summary>The sums' first value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Start(T* start) => start == null ? S.Set(0.0) : S.Load(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V StartPartial(T* start, V mask) => start == null ? S.Set(0.0) : S.LoadPartial(start, mask);

    /// <summary>A panel of one vector, or of its first lanes (only where the witness has masks). Half a 512-bit
    /// vector or less goes to the 256-bit kernel: there two such instructions start per cycle.</summary>
    internal static void NarrowPanel(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int m, int lanes,
        int depth)
    {
        V mask = S.FirstLanes(lanes);
        bool whole = lanes == S.Count;
        for (int i = 0; i < m;)
        {
            T* ai = a + (i * aRow);
            T* si = start == null ? null : start + (i * startRow);
            T* ci = c + (i * cRow);
            int left = m - i;
            if (left >= 8 && left != 10)
            {
                if (whole) { Tile8x1(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth); }
                else { Tile8x1Partial(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth, mask); }
                i += 8;
            }
            else if (left >= 6)
            {
                if (whole) { Tile6x1(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth); }
                else { Tile6x1Partial(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth, mask); }
                i += 6;
            }
            else
            {
                if (whole) { Tile4x1(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth); }
                else { Tile4x1Partial(ai, aRow, aStep, b, bRow, si, startRow, ci, cRow, depth, mask); }
                i += 4;
            }
        }
    }

    /// <summary>The last columns where no mask exists: fewer than a vector.</summary>
    private static void ScalarColumns(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int m, int n, int depth)
    {
        for (int i = 0; i < m; i += 2)
        {
            for (int j = 0; j < n; j++)
            {
                T* ak = a + (i * aRow);
                T* bk = b + j;
                T s0 = start == null ? T.Zero : start[(i * startRow) + j];
                T s1 = start == null ? T.Zero : start[((i + 1) * startRow) + j];
                for (int k = 0; k < depth; k++)
                {
                    s0 = S.MulAddScalar(*ak, *bk, s0);
                    s1 = S.MulAddScalar(ak[aRow], *bk, s1);
                    ak += aStep;
                    bk += bRow;
                }
                c[(i * cRow) + j] = s0;
                c[((i + 1) * cRow) + j] = s1;
            }
        }
    }

    /// <summary>One row: c = start + Σ a(k)·B(k), eight rows of B at a time, so that B streams through once.</summary>
    private static void Row(T* a, nint aStep, T* b, nint bRow, T* start, T* c, int n, int depth)
    {
        int k = 0;
        do
        {
            int step = depth - k >= 8 ? 8 : Math.Min(depth - k, 1);
            T* from = k == 0 ? start : c;
            T* bk = b + (k * bRow);
            T* ak = a + (k * aStep);
            if (step == 8) { Row8(ak, aStep, bk, bRow, from, c, n); }
            else { Row1(step == 0 ? T.Zero : *ak, step == 0 ? null : bk, from, c, n); }
            k += step;
        }
        while (k < depth);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Row8(T* a, nint aStep, T* b, nint bRow, T* start, T* c, int n)
    {
        V a0 = S.Set(a[0]);
        V a1 = S.Set(a[aStep]);
        V a2 = S.Set(a[2 * aStep]);
        V a3 = S.Set(a[3 * aStep]);
        V a4 = S.Set(a[4 * aStep]);
        V a5 = S.Set(a[5 * aStep]);
        V a6 = S.Set(a[6 * aStep]);
        V a7 = S.Set(a[7 * aStep]);
        T* b3 = b + (3 * bRow);
        T* b6 = b + (6 * bRow);
        nint bRow2 = 2 * bRow;
        int j = 0;
        for (; j <= n - S.Count; j += S.Count)
        {
            V s = start == null ? S.Set(0.0) : S.Load(start + j);
            s = S.MulAdd(a0, S.Load(b + j), s);
            s = S.MulAdd(a1, S.Load(b + j + bRow), s);
            s = S.MulAdd(a2, S.Load(b + j + bRow2), s);
            s = S.MulAdd(a3, S.Load(b3 + j), s);
            s = S.MulAdd(a4, S.Load(b3 + j + bRow), s);
            s = S.MulAdd(a5, S.Load(b3 + j + bRow2), s);
            s = S.MulAdd(a6, S.Load(b6 + j), s);
            s = S.MulAdd(a7, S.Load(b6 + j + bRow), s);
            S.Store(c + j, s);
        }
        if (j == n) { return; }
        if (S.HasPartial)
        {
            V mask = S.FirstLanes(n - j);
            V s = StartPartial(start == null ? null : start + j, mask);
            s = S.MulAdd(a0, S.LoadPartial(b + j, mask), s);
            s = S.MulAdd(a1, S.LoadPartial(b + j + bRow, mask), s);
            s = S.MulAdd(a2, S.LoadPartial(b + j + bRow2, mask), s);
            s = S.MulAdd(a3, S.LoadPartial(b3 + j, mask), s);
            s = S.MulAdd(a4, S.LoadPartial(b3 + j + bRow, mask), s);
            s = S.MulAdd(a5, S.LoadPartial(b3 + j + bRow2, mask), s);
            s = S.MulAdd(a6, S.LoadPartial(b6 + j, mask), s);
            s = S.MulAdd(a7, S.LoadPartial(b6 + j + bRow, mask), s);
            S.StorePartial(c + j, mask, s);
            return;
        }
        for (; j < n; j++)
        {
            T s = start == null ? T.Zero : start[j];
            for (int k = 0; k < 8; k++) { s = S.MulAddScalar(a[k * aStep], b[(k * bRow) + j], s); }
            c[j] = s;
        }
    }

    /// <summary>c = start + factor·b, or start alone when b is null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Row1(T factor, T* b, T* start, T* c, int n)
    {
        V wide = S.Set(factor);
        int j = 0;
        for (; j <= n - S.Count; j += S.Count)
        {
            V s = start == null ? S.Set(0.0) : S.Load(start + j);
            S.Store(c + j, b == null ? s : S.MulAdd(wide, S.Load(b + j), s));
        }
        for (; j < n; j++)
        {
            T s = start == null ? T.Zero : start[j];
            c[j] = b == null ? s : S.MulAddScalar(factor, b[j], s);
        }
    }

    /// <summary>Whether copying into panels pays: B is read often, and it, or rows of A a multiple of 2 KiB apart,
    /// would not stay in the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Packs(int m, int n, int depth) =>
        m >= 32 && n >= 4 * S.Count && (long)n * depth * sizeof(T) >= 128 * 1024;

    /// <summary>The same product with B, and A where it is walked by columns, copied into contiguous panels block by
    /// block, both once; the sums continue through C from one block of k to the next, so the chain of every element
    /// stays what it is.</summary>
    private static void MultiplyPacked(
        T* a, nint aRow, nint aStep, T* b, nint bRow, nint bStep, T* start, nint startRow, T* c, nint cRow, int m,
        int n, int depth)
    {
        int wide = 2 * S.Count;
        int tiled = m - (m & 1);
        int whole = n - (n % wide);
        bool packsA = aStep != 1;
        bool apart = bStep != 1 || Compete(bRow);
        int blockDepth = DepthOfBlocks(packsA, apart ? 0 : bRow);
        int blockSteps = Math.Min(blockDepth, depth);
        int blockColumns = Math.Min(PanelBytes / (blockDepth * sizeof(T)) / wide * wide, whole);
        T[] rented = ArrayPool<T>.Shared.Rent(
            ((blockColumns + (packsA ? tiled : 0)) * blockSteps) + (64 / sizeof(T)));
        fixed (T* scratch = rented)
        {
            T* panels = (T*)(((nint)scratch + 63) & ~(nint)63);
            T* packedA = panels + ((nint)blockColumns * blockSteps);
            for (int k = 0; k < depth; k += blockDepth)
            {
                int steps = Math.Min(blockDepth, depth - k);
                T* from = k == 0 ? start : c;
                nint fromRow = k == 0 ? startRow : cRow;
                for (int column = 0; column < whole; column += blockColumns)
                {
                    int columns = Math.Min(blockColumns, whole - column);
                    T* bk = b + (k * bRow) + (column * bStep);
                    if (bStep != 1) { PackTurned(bk, bStep, panels, columns, steps); }
                    else if (apart) { PackPanels(bk, bRow, panels, columns, steps); }
                    T* sk = from == null ? null : from + column;
                    RowsTimesPanels(
                        a + (k * aStep), aRow, aStep, packedA, packsA && column == 0, apart ? null : bk, bRow,
                        whole - column, panels, steps, sk, fromRow, c + column, cRow, m, columns, steps);
                }
            }
        }
        ArrayPool<T>.Shared.Return(rented);
        if (whole == n) { return; }
        b += whole * bStep;
        start = start == null ? null : start + whole;
        c += whole;
        if (bStep == 1) { Multiply(a, aRow, aStep, b, bRow, start, startRow, c, cRow, m, n - whole, depth); }
        else { MultiplyTurned(a, aRow, aStep, b, bStep, start, startRow, c, cRow, m, n - whole, depth); }
    }

    /// <summary>Rows of A times panels of B that begin panelDepth steps apart, of each the same steps. Rows that are
    /// walked by columns lie copied in packedA, or are copied there where packs. Panels are copied from the columns of
    /// b where that is not null; it has bColumns of them, which may be more than now.</summary>
    private static void RowsTimesPanels(
        T* a, nint aRow, nint aStep, T* packedA, bool packs, T* b, nint bRow, int bColumns, T* panels, nint panelDepth,
        T* start, nint startRow, T* c, nint cRow, int m, int columns, int steps)
    {
        int wide = PanelWidth, tiled = TiledRows(m), blockRows = BlockRows(steps);
        bool apart = Compete(aStep);
        for (int first = 0; first < m;)
        {
            int rows = tiled - first;
            // A last block of fewer than four rows would leave the tiles nothing to work on.
            if (rows > blockRows) { rows = rows - blockRows < 4 ? blockRows - 8 : blockRows; }
            T* from = a + (first * aRow), block = aStep == 1 ? null : packedA + ((nint)first * steps);
            if (packs && apart && rows > 0) { PackBlock(from, aStep, block, rows, steps); }
            for (int column = 0; column < columns; column += wide)
            {
                T* panel = panels + (column * panelDepth);
                T* sp = start == null ? null : start + (first * startRow) + column;
                T* cp = c + (first * cRow) + column;
                if (rows <= 0) { Row(from, aStep, panel, wide, sp, cp, wide, steps); }
                else
                {
                    T* bp = first > 0 || b == null ? null : b + column;
                    Panel(from, aRow, aStep, block, packs && !apart && column == 0, bp, bRow, column + wide < bColumns,
                        panel, sp, startRow, cp, cRow, rows, steps, column + wide < columns);
                }
            }
            first += Math.Max(rows, 1);
        }
    }

    /// <summary>Panels of two vectors' columns, one after another: panel p holds B(k, 2·Count·p + j) at
    /// (k·2·Count + j). Read row by row, because short pieces far apart are what memory is slowest at.</summary>
    public static void PackPanels(T* b, nint bRow, T* panels, int columns, int steps)
    {
        int wide = 2 * S.Count;
        nint next = (nint)steps * wide;
        for (int step = 0; step < steps; step++)
        {
            T* target = panels + ((nint)step * wide);
            for (int j = 0; j < columns; j += wide)
            {
                S.Store(target, S.Load(b + j));
                S.Store(target + S.Count, S.Load(b + j + S.Count));
                target += next;
            }
            b += bRow;
        }
    }

    /// <summary>The way back.</summary>
    public static void UnpackPanels(T* panels, T* b, nint bRow, int columns, int steps)
    {
        int wide = PanelWidth;
        nint next = (nint)steps * wide;
        for (int step = 0; step < steps; step++, panels += wide, b += bRow)
        {
            T* from = panels;
            for (int j = 0; j < columns; j += wide, from += next)
            {
                S.Store(b + j, S.Load(from));
                S.Store(b + j + S.Count, S.Load(from + S.Count));
            }
        }
    }

    /// <summary>The same panels of Wᵀ: B(k, j) is w[j·ldw + k]. The last one may be narrower.</summary>
    private static void PackTurned(T* w, nint ldw, T* panels, int columns, int steps)
    {
        int wide = 2 * S.Count;
        for (int j = 0; j < columns; j += wide)
        {
            Transpose<T>.Copy(w + (j * ldw), ldw, panels + ((nint)j * steps), wide, Math.Min(wide, columns - j), steps);
        }
    }

    /// <summary>The product with B = Wᵀ, W[n, depth]. A small one takes a panel after the other, each a matrix as the
    /// others are.</summary>
    [SkipLocalsInit]
    private static void MultiplyTurned(
        T* a, nint aRow, nint aStep, T* w, nint ldw, T* start, nint startRow, T* c, nint cRow, int m, int n, int depth)
    {
        if (Packs(m, n, depth))
        {
            MultiplyPacked(a, aRow, aStep, w, 1, ldw, start, startRow, c, cRow, m, n, depth);
            return;
        }
        if (depth <= OnStack)
        {
            T* own = stackalloc T[(PanelWidth * OnStack) + (64 / sizeof(T))];
            own = (T*)(((nint)own + 63) & ~(nint)63);
            MultiplyTurnedPanels(own, a, aRow, aStep, w, ldw, start, startRow, c, cRow, m, n, depth);
            return;
        }
        T[] rented = ArrayPool<T>.Shared.Rent((PanelWidth * Math.Min(BlockDepth, depth)) + (64 / sizeof(T)));
        fixed (T* scratch = rented)
        {
            MultiplyTurnedPanels((T*)(((nint)scratch + 63) & ~(nint)63), a, aRow, aStep, w, ldw, start, startRow, c,
                cRow, m, n, depth);
        }
        ArrayPool<T>.Shared.Return(rented);
    }

    private static void MultiplyTurnedPanels(
        T* panel, T* a, nint aRow, nint aStep, T* w, nint ldw, T* start, nint startRow, T* c, nint cRow, int m, int n,
        int depth)
    {
        int k = 0;
        do
        {
            int steps = Math.Min(BlockDepth, depth - k);
            T* from = k == 0 ? start : c;
            nint fromRow = k == 0 ? startRow : cRow;
            for (int column = 0; column < n; column += PanelWidth)
            {
                int columns = Math.Min(PanelWidth, n - column);
                PackTurned(w + (column * ldw) + k, ldw, panel, columns, steps);
                Multiply(a + (k * aStep), aRow, aStep, panel, PanelWidth, from == null ? null : from + column, fromRow,
                    c + column, cRow, m, columns, steps);
            }
            k += BlockDepth;
        }
        while (k < depth);
    }

    /// <summary>Eight elements that are copied at once.</summary>
    [InlineArray(8)]
    private struct Eight
    {
        private T first;
    }

    /// <summary>Rows of A, which lie side by side in memory (Xᵀ), as the tiles take them: target[k·size + i] = A(i, k)
    /// in each tile.</summary>
    private static void PackBlock(T* a, nint aStep, T* target, int rows, int steps)
    {
        for (int i = 0; i < rows;)
        {
            int left = rows - i, size = TileRows(left);
            T* from = a + i, to = target + ((nint)i * steps);
            if (size == 8 && left >= 32 && left != 34 && steps >= 256)
            {
                // Four tiles at once, because short pieces far apart are what memory is slowest at. (Of few steps all
                // lie in a cache.)
                nint next = 8 * (nint)steps;
                T* to2 = to + (2 * next);
                for (int step = 0; step < steps; step++)
                {
                    *(Eight*)to = *(Eight*)from;
                    *(Eight*)(to + next) = *(Eight*)(from + 8);
                    *(Eight*)to2 = *(Eight*)(from + 16);
                    *(Eight*)(to2 + next) = *(Eight*)(from + 24);
                    from += aStep;
                    to += 8;
                    to2 += 8;
                }
                i += 32;
                continue;
            }
            for (int step = 0; step < steps; step++)
            {
                if (size == 8) { *(Eight*)to = *(Eight*)from; }
                else { for (int j = 0; j < size; j++) { to[j] = from[j]; } }
                from += aStep;
                to += size;
            }
            i += size;
        }
    }

    // None is inlined: within a caller that has taken in other methods the compiler may run out of its allowance for
    // inlining and leave single operations as calls. In one process of six 13-48-48-5 ran at two thirds of its speed.

    // The tiles. Rows are addressed as a base pointer every three rows plus 0, 1 or 2 times the distance: with one
    // pointer per row the general registers would not suffice.

    /// <summary>One row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile1x4(T* a, nint aStep, T* b, nint bRow, T* start, T* c, int depth)
    {
        V c0 = Start(start);
        V c1 = Start(start == null ? null : start + S.Count);
        V c2 = Start(start == null ? null : start + (2 * S.Count));
        V c3 = Start(start == null ? null : start + (3 * S.Count));
        for (int k = 0; k < depth; k++)
        {
            V x = S.Set(*a);
            c0 = S.MulAdd(x, S.Load(b), c0);
            c1 = S.MulAdd(x, S.Load(b + S.Count), c1);
            c2 = S.MulAdd(x, S.Load(b + (2 * S.Count)), c2);
            c3 = S.MulAdd(x, S.Load(b + (3 * S.Count)), c3);
            a += aStep;
            b += bRow;
        }
        S.Store(c, c0);
        S.Store(c + S.Count, c1);
        S.Store(c + (2 * S.Count), c2);
        S.Store(c + (3 * S.Count), c3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile6x2(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth)
    {
        V c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        if (start == null)
        {
            c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = S.Set(0.0);
        }
        else
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
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.Load(b);
            V b1 = S.Load(b + S.Count);
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
            a += aStep;
            a3 += aStep;
            b += bRow;
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
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4x2(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth)
    {
        V c00, c01, c10, c11, c20, c21, c30, c31;
        if (start == null)
        {
            c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = S.Set(0.0);
        }
        else
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
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.Load(b);
            V b1 = S.Load(b + S.Count);
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
            a += aStep;
            a3 += aStep;
            b += bRow;
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
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile8x1(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth)
    {
        V c00, c10, c20, c30, c40, c50, c60, c70;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = c60 = c70 = S.Set(0.0);
        }
        else
        {
            c00 = S.Load(start);
            start += startRow;
            c10 = S.Load(start);
            start += startRow;
            c20 = S.Load(start);
            start += startRow;
            c30 = S.Load(start);
            start += startRow;
            c40 = S.Load(start);
            start += startRow;
            c50 = S.Load(start);
            start += startRow;
            c60 = S.Load(start);
            start += startRow;
            c70 = S.Load(start);
        }
        T* a3 = a + (3 * aRow);
        T* a6 = a + (6 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.Load(b);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            x = S.Set(a3[aRow]);
            c40 = S.MulAdd(x, b0, c40);
            x = S.Set(a3[aRow2]);
            c50 = S.MulAdd(x, b0, c50);
            x = S.Set(a6[0]);
            c60 = S.MulAdd(x, b0, c60);
            x = S.Set(a6[aRow]);
            c70 = S.MulAdd(x, b0, c70);
            a += aStep;
            a3 += aStep;
            a6 += aStep;
            b += bRow;
        }
        S.Store(c, c00);
        c += cRow;
        S.Store(c, c10);
        c += cRow;
        S.Store(c, c20);
        c += cRow;
        S.Store(c, c30);
        c += cRow;
        S.Store(c, c40);
        c += cRow;
        S.Store(c, c50);
        c += cRow;
        S.Store(c, c60);
        c += cRow;
        S.Store(c, c70);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile8x1Partial(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth, V mask)
    {
        V c00, c10, c20, c30, c40, c50, c60, c70;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = c60 = c70 = S.Set(0.0);
        }
        else
        {
            c00 = S.LoadPartial(start, mask);
            start += startRow;
            c10 = S.LoadPartial(start, mask);
            start += startRow;
            c20 = S.LoadPartial(start, mask);
            start += startRow;
            c30 = S.LoadPartial(start, mask);
            start += startRow;
            c40 = S.LoadPartial(start, mask);
            start += startRow;
            c50 = S.LoadPartial(start, mask);
            start += startRow;
            c60 = S.LoadPartial(start, mask);
            start += startRow;
            c70 = S.LoadPartial(start, mask);
        }
        T* a3 = a + (3 * aRow);
        T* a6 = a + (6 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.LoadPartial(b, mask);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            x = S.Set(a3[aRow]);
            c40 = S.MulAdd(x, b0, c40);
            x = S.Set(a3[aRow2]);
            c50 = S.MulAdd(x, b0, c50);
            x = S.Set(a6[0]);
            c60 = S.MulAdd(x, b0, c60);
            x = S.Set(a6[aRow]);
            c70 = S.MulAdd(x, b0, c70);
            a += aStep;
            a3 += aStep;
            a6 += aStep;
            b += bRow;
        }
        S.StorePartial(c, mask, c00);
        c += cRow;
        S.StorePartial(c, mask, c10);
        c += cRow;
        S.StorePartial(c, mask, c20);
        c += cRow;
        S.StorePartial(c, mask, c30);
        c += cRow;
        S.StorePartial(c, mask, c40);
        c += cRow;
        S.StorePartial(c, mask, c50);
        c += cRow;
        S.StorePartial(c, mask, c60);
        c += cRow;
        S.StorePartial(c, mask, c70);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile6x1(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth)
    {
        V c00, c10, c20, c30, c40, c50;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = S.Set(0.0);
        }
        else
        {
            c00 = S.Load(start);
            start += startRow;
            c10 = S.Load(start);
            start += startRow;
            c20 = S.Load(start);
            start += startRow;
            c30 = S.Load(start);
            start += startRow;
            c40 = S.Load(start);
            start += startRow;
            c50 = S.Load(start);
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.Load(b);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            x = S.Set(a3[aRow]);
            c40 = S.MulAdd(x, b0, c40);
            x = S.Set(a3[aRow2]);
            c50 = S.MulAdd(x, b0, c50);
            a += aStep;
            a3 += aStep;
            b += bRow;
        }
        S.Store(c, c00);
        c += cRow;
        S.Store(c, c10);
        c += cRow;
        S.Store(c, c20);
        c += cRow;
        S.Store(c, c30);
        c += cRow;
        S.Store(c, c40);
        c += cRow;
        S.Store(c, c50);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile6x1Partial(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth, V mask)
    {
        V c00, c10, c20, c30, c40, c50;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = S.Set(0.0);
        }
        else
        {
            c00 = S.LoadPartial(start, mask);
            start += startRow;
            c10 = S.LoadPartial(start, mask);
            start += startRow;
            c20 = S.LoadPartial(start, mask);
            start += startRow;
            c30 = S.LoadPartial(start, mask);
            start += startRow;
            c40 = S.LoadPartial(start, mask);
            start += startRow;
            c50 = S.LoadPartial(start, mask);
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.LoadPartial(b, mask);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            x = S.Set(a3[aRow]);
            c40 = S.MulAdd(x, b0, c40);
            x = S.Set(a3[aRow2]);
            c50 = S.MulAdd(x, b0, c50);
            a += aStep;
            a3 += aStep;
            b += bRow;
        }
        S.StorePartial(c, mask, c00);
        c += cRow;
        S.StorePartial(c, mask, c10);
        c += cRow;
        S.StorePartial(c, mask, c20);
        c += cRow;
        S.StorePartial(c, mask, c30);
        c += cRow;
        S.StorePartial(c, mask, c40);
        c += cRow;
        S.StorePartial(c, mask, c50);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4x1(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth)
    {
        V c00, c10, c20, c30;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = S.Set(0.0);
        }
        else
        {
            c00 = S.Load(start);
            start += startRow;
            c10 = S.Load(start);
            start += startRow;
            c20 = S.Load(start);
            start += startRow;
            c30 = S.Load(start);
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.Load(b);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            a += aStep;
            a3 += aStep;
            b += bRow;
        }
        S.Store(c, c00);
        c += cRow;
        S.Store(c, c10);
        c += cRow;
        S.Store(c, c20);
        c += cRow;
        S.Store(c, c30);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4x1Partial(
        T* a, nint aRow, nint aStep, T* b, nint bRow, T* start, nint startRow, T* c, nint cRow, int depth, V mask)
    {
        V c00, c10, c20, c30;
        if (start == null)
        {
            c00 = c10 = c20 = c30 = S.Set(0.0);
        }
        else
        {
            c00 = S.LoadPartial(start, mask);
            start += startRow;
            c10 = S.LoadPartial(start, mask);
            start += startRow;
            c20 = S.LoadPartial(start, mask);
            start += startRow;
            c30 = S.LoadPartial(start, mask);
        }
        T* a3 = a + (3 * aRow);
        nint aRow2 = 2 * aRow;
        for (int k = 0; k < depth; k++)
        {
            V b0 = S.LoadPartial(b, mask);
            V x = S.Set(a[0]);
            c00 = S.MulAdd(x, b0, c00);
            x = S.Set(a[aRow]);
            c10 = S.MulAdd(x, b0, c10);
            x = S.Set(a[aRow2]);
            c20 = S.MulAdd(x, b0, c20);
            x = S.Set(a3[0]);
            c30 = S.MulAdd(x, b0, c30);
            a += aStep;
            a3 += aStep;
            b += bRow;
        }
        S.StorePartial(c, mask, c00);
        c += cRow;
        S.StorePartial(c, mask, c10);
        c += cRow;
        S.StorePartial(c, mask, c20);
        c += cRow;
        S.StorePartial(c, mask, c30);
    }
}
