using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class GemmTests
{
    public static TheoryData<SimdWidth, Arithmetic> Combinations => Every.WidthAndArithmetic();

    [Theory, MemberData(nameof(Combinations)), Trait("Width", "stated")]
    public void EveryProductHasTheBitsOfThePlainLoops(SimdWidth width, Arithmetic arithmetic)
    {
        foreach ((int rows, int inner, int columns) in Shapes())
        {
            Check(Kernels<float>.For(arithmetic, width), rows, inner, columns);
            Check(Kernels<double>.For(arithmetic, width), rows, inner, columns);
        }
    }

    [Theory, MemberData(nameof(Combinations)), Trait("Width", "stated")]
    public void LargeProductsThatAreCopiedIntoPanelsHaveTheBitsOfThePlainLoops(SimdWidth width, Arithmetic arithmetic)
    {
        foreach ((int rows, int inner, int columns) in
            new[]
            {
                (64, 300, 140), (70, 513, 67), (67, 257, 131), (263, 260, 70), (300, 70, 263), (514, 130, 66),
                (99, 1030, 67), (1030, 70, 67), (197, 260, 300), (5, 2100, 37), (37, 70, 1030),
                // With the gaps below: rows of X and of W 4,096 bytes apart, and rows of W farther apart than that.
                (40, 1022, 70), (40, 70, 1023), (33, 520, 1030),
            })
        {
            Check(Kernels<float>.For(arithmetic, width), rows, inner, columns);
            Check(Kernels<double>.For(arithmetic, width), rows, inner, columns);
        }
    }

    [Theory, MemberData(nameof(Combinations)), Trait("Width", "stated")]
    public void SplittingRowsColumnsOrTheSumChangesNoBit(SimdWidth width, Arithmetic arithmetic)
    {
        Split(Kernels<float>.For(arithmetic, width));
        Split(Kernels<double>.For(arithmetic, width));
    }

    [Theory, MemberData(nameof(Combinations)), Trait("Width", "stated")]
    public void NaNAndInfinityInAFactorAreNotLostToAZero(SimdWidth width, Arithmetic arithmetic)
    {
        Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
        using GuardedMatrix<float> x = new(9, 5);
        using GuardedMatrix<float> w = new(5, 37);
        using GuardedMatrix<float> y = new(9, 37);
        x.Clear(0f);
        w[2][36] = float.PositiveInfinity;
        w[3][0] = float.NaN;
        kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, null, y.Start, y.Stride, 9, 5, 37);
        for (int row = 0; row < 9; row++)
        {
            Assert.True(float.IsNaN(y[row][0]));
            Assert.True(float.IsNaN(y[row][36]));
            Assert.Equal(0f, y[row][1]);
        }
    }

    [Fact]
    public void ABiasIsWhereTheSumStarts()
    {
        // 1e8 + 1 − 1e8 … : the order of additions shows in the result.
        Kernels<float> kernels = Kernels<float>.For(Arithmetic.Portable);
        float[] x = [1f, 1f], w = [1f, -1e8f], bias = [1e8f], y = [0f];
        fixed (float* px = x, pw = w, pb = bias, py = y) { kernels.Forward(px, 2, pw, 1, pb, py, 1, 1, 2, 1); }
        Assert.Equal(0f, y[0]);
    }

    [Fact]
    public void FastIsFusedWhereTheMachineCan()
    {
        // (1 + 2⁻¹²)² − 1 needs the product's last bit, which only a fused multiply-add keeps.
        float[] x = [1f + 1f / 4096f], w = [1f + 1f / 4096f], bias = [-1f], y = [0f];
        foreach (SimdWidth width in SimdWidths.Supported)
        {
            foreach (Arithmetic arithmetic in new[] { Arithmetic.Fast, Arithmetic.Portable })
            {
                Kernels<float> kernels = Kernels<float>.For(arithmetic, width);
                fixed (float* px = x, pw = w, pb = bias, py = y) { kernels.Forward(px, 1, pw, 1, pb, py, 1, 1, 1, 1); }
                bool exact = y[0] == (1f / 2048f) + (1f / 16777216f);
                Assert.Equal(kernels.IsFused, exact);
                Assert.False(kernels.IsFused && arithmetic == Arithmetic.Portable);
            }
        }
    }

    /// <summary>Every size 0 … 70 of each dimension beside a few of the others, and the cubes.</summary>
    private static IEnumerable<(int Rows, int Inner, int Columns)> Shapes()
    {
        for (int size = 0; size <= 70; size++)
        {
            yield return (size, 5, 37);
            yield return (size, 9, 3);
            yield return (7, size, 19);
            yield return (12, 9, size);
            yield return (1, 17, size);
            if (size % 3 == 0) { yield return (size, size, size); }
        }
    }

    private static void Check<T>(Kernels<T> kernels, int rows, int inner, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (kernels.IsFused) { Check<Scalar<T, Fused>, T>(kernels, rows, inner, columns); }
        else { Check<Scalar<T, Portable>, T>(kernels, rows, inner, columns); }
    }

    private static void Check<S, T>(Kernels<T> kernels, int rows, int inner, int columns)
        where S : struct, ISimd<T, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        string shape = $"{typeof(T).Name} {rows}×{inner}×{columns}";
        using GuardedMatrix<T> x = new(rows, inner, 2, 1);
        using GuardedMatrix<T> w = new(inner, columns, 1, 2);
        using GuardedMatrix<T> bias = new(1, columns, 0, 3);
        using GuardedMatrix<T> y = new(rows, columns);
        using GuardedMatrix<T> y2 = new(rows, columns);

        kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, bias.Start, y.Start, y.Stride, rows, inner, columns);
        NaiveGemm<S, T>.Forward(
            x.Start, x.Stride, w.Start, w.Stride, bias.Start, y2.Start, y2.Stride, rows, inner, columns);
        y.AssertSame(y2, "forward " + shape);
        kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, null, y.Start, y.Stride, rows, inner, columns);
        NaiveGemm<S, T>.Forward(x.Start, x.Stride, w.Start, w.Stride, null, y2.Start, y2.Stride, rows, inner, columns);
        y.AssertSame(y2, "forward without bias " + shape);

        using GuardedMatrix<T> dw = new(inner, columns, 2);
        using GuardedMatrix<T> dw2 = new(inner, columns, 2);
        foreach (bool accumulate in new[] { true, false })
        {
            kernels.WeightGradient(
                x.Start, x.Stride, y.Start, y.Stride, dw.Start, dw.Stride, rows, inner, columns, accumulate);
            NaiveGemm<S, T>.WeightGradient(
                x.Start, x.Stride, y.Start, y.Stride, dw2.Start, dw2.Stride, rows, inner, columns, accumulate);
            dw.AssertSame(dw2, "weight gradient " + shape);
        }
        if (columns == 1)
        {
            // One column without a gap takes a way of its own.
            using GuardedMatrix<T> tight = new(inner, 1, 0);
            using GuardedMatrix<T> tight2 = new(inner, 1, 0);
            kernels.WeightGradient(x.Start, x.Stride, y.Start, y.Stride, tight.Start, 1, rows, inner, 1, true);
            NaiveGemm<S, T>.WeightGradient(
                x.Start, x.Stride, y.Start, y.Stride, tight2.Start, 1, rows, inner, 1, true);
            tight.AssertSame(tight2, "weight gradient of one column " + shape);
        }

        using GuardedMatrix<T> dx = new(rows, inner);
        using GuardedMatrix<T> dx2 = new(rows, inner);
        using GuardedMatrix<T> packed = new(1, Kernels<T>.TransposedLength(inner, columns), 0);
        kernels.InputGradient(
            y.Start, y.Stride, w.Start, w.Stride, dx.Start, dx.Stride, rows, inner, columns);
        NaiveGemm<S, T>.InputGradient(
            y.Start, y.Stride, w.Start, w.Stride, dx2.Start, dx2.Stride, rows, inner, columns);
        dx.AssertSame(dx2, "input gradient " + shape);
        dx.Clear(T.Zero);
        kernels.PackTransposed(w.Start, w.Stride, packed.Start, inner, columns);
        kernels.InputGradientPacked(
            y.Start, y.Stride, packed.Start, dx.Start, dx.Stride, rows, inner, columns);
        dx.AssertSame(dx2, "input gradient from weights turned before " + shape);
        packed.AssertGuards("packed weights " + shape);

        // The same two from dZ turned and in panels, as large layers have them.
        using GuardedMatrix<T> turned = new(1, kernels.TurnedGradientLength(rows, columns), 0);
        int cut = rows > 32 ? 32 : 0;
        kernels.TurnGradient(y.Start, y.Stride, turned.Start, rows, columns, cut, rows - cut);
        kernels.TurnGradient(y.Start, y.Stride, turned.Start, rows, columns, 0, cut);
        turned.AssertGuards("turned gradient " + shape);
        dx.Clear(T.Zero);
        kernels.InputGradientTurned(turned.Start, w.Start, w.Stride, dx.Start, dx.Stride, rows, inner, columns);
        dx.AssertSame(dx2, "input gradient from turned " + shape);
        using GuardedMatrix<T> panels = new(1, kernels.PackedGradientLength(rows, columns), 0);
        kernels.PackGradient(y.Start, y.Stride, panels.Start, rows, columns);
        panels.AssertGuards("panels " + shape);
        foreach (bool accumulate in new[] { true, false })
        {
            dw.CopyFrom(dw2);
            using GuardedMatrix<T> dw3 = new(inner, columns, 2);
            dw3.CopyFrom(dw2);
            kernels.WeightGradientPacked(x.Start, x.Stride, panels.Start, y.Start, y.Stride, dw.Start, dw.Stride, rows,
                inner, columns, accumulate);
            NaiveGemm<S, T>.WeightGradient(
                x.Start, x.Stride, y.Start, y.Stride, dw3.Start, dw3.Stride, rows, inner, columns, accumulate);
            dw.AssertSame(dw3, "weight gradient from panels " + shape);
        }

        // The same three with W in panels, as far as the columns fill some.
        int whole = columns - columns % kernels.PanelWidth;
        using GuardedMatrix<T> inPanels = new(1, inner * whole, 0);
        using GuardedMatrix<T> byRows = new(inner, whole, 1);
        using GuardedMatrix<T> w2 = new(inner, whole, 1);
        kernels.PackPanels(w.Start, w.Stride, inPanels.Start, inner, whole);
        kernels.UnpackPanels(inPanels.Start, byRows.Start, byRows.Stride, inner, whole);
        for (int row = 0; row < inner; row++) { w[row][..whole].CopyTo(w2[row]); }
        byRows.AssertSame(w2, "weights to panels and back " + shape);
        foreach (T* b in new[] { bias.Start, null })
        {
            using GuardedMatrix<T> z = new(rows, whole);
            using GuardedMatrix<T> z2 = new(rows, whole);
            kernels.ForwardPanels(x.Start, x.Stride, inPanels.Start, b, z.Start, z.Stride, rows, inner, whole);
            NaiveGemm<S, T>.Forward(x.Start, x.Stride, w.Start, w.Stride, b, z2.Start, z2.Stride, rows, inner, whole);
            z.AssertSame(z2, "forward with weights in panels " + shape);
        }
        using GuardedMatrix<T> inputs = new(1, rows * inner, 0);
        kernels.PackInputs(x.Start, x.Stride, inputs.Start, rows, inner);
        kernels.WeightGradientPanels(inputs.Start, panels.Start, inPanels.Start, rows, inner, whole);
        inputs.AssertGuards("packed inputs " + shape);
        inPanels.AssertGuards("weight gradient in panels " + shape);
        kernels.UnpackPanels(inPanels.Start, byRows.Start, byRows.Stride, inner, whole);
        NaiveGemm<S, T>.WeightGradient(
            x.Start, x.Stride, y.Start, y.Stride, w2.Start, w2.Stride, rows, inner, whole, false);
        byRows.AssertSame(w2, "weight gradient in panels " + shape);

        using GuardedMatrix<T> db = new(1, columns, 0);
        using GuardedMatrix<T> db2 = new(1, columns, 0);
        foreach (bool accumulate in new[] { true, false })
        {
            kernels.ColumnSums(y.Start, y.Stride, db.Start, rows, columns, accumulate);
            NaiveGemm<S, T>.ColumnSums(y.Start, y.Stride, db2.Start, rows, columns, accumulate);
            db.AssertSame(db2, "column sums " + shape);
        }
        foreach (GuardedMatrix<T> input in new[] { x, w, bias }) { input.AssertGuards("inputs " + shape); }
    }

    private static void Split<T>(Kernels<T> kernels) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach ((int rows, int inner, int columns) in new[] { (29, 31, 45), (98, 260, 130) })
        {
            using GuardedMatrix<T> x = new(rows, inner);
            using GuardedMatrix<T> w = new(inner, columns);
            using GuardedMatrix<T> bias = new(1, columns);
            using GuardedMatrix<T> y = new(rows, columns);
            using GuardedMatrix<T> parts = new(rows, columns, 5);
            kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, bias.Start, y.Start, y.Stride, rows, inner, columns);
            using GuardedMatrix<T> dw = new(inner, columns);
            using GuardedMatrix<T> dwParts = new(inner, columns);
            kernels.WeightGradient(
                x.Start, x.Stride, y.Start, y.Stride, dw.Start, dw.Stride, rows, inner, columns, false);
            foreach (int cut in rows > 64 ? [13, 26] : new[] { 1, 3, 8, 13, 26 })
            {
                // rows
                kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, bias.Start, parts.Start, parts.Stride, cut, inner,
                    columns);
                kernels.Forward(x.Start + (cut * x.Stride), x.Stride, w.Start, w.Stride, bias.Start,
                    parts.Start + (cut * parts.Stride), parts.Stride, rows - cut, inner, columns);
                parts.AssertSame(y, "rows cut at " + cut);
                // columns
                parts.Clear(T.Zero);
                kernels.Forward(x.Start, x.Stride, w.Start, w.Stride, bias.Start, parts.Start, parts.Stride, rows,
                    inner, cut);
                kernels.Forward(x.Start, x.Stride, w.Start + cut, w.Stride, bias.Start + cut, parts.Start + cut,
                    parts.Stride, rows, inner, columns - cut);
                parts.AssertSame(y, "columns cut at " + cut);
                // the sum over rows
                kernels.WeightGradient(x.Start, x.Stride, y.Start, y.Stride, dwParts.Start, dwParts.Stride, cut, inner,
                    columns, false);
                kernels.WeightGradient(x.Start + (cut * x.Stride), x.Stride, y.Start + (cut * y.Stride), y.Stride,
                    dwParts.Start, dwParts.Stride, rows - cut, inner, columns, true);
                dwParts.AssertSame(dw, "batch cut at " + cut);
                // rows of the gradient
                dwParts.Clear(T.Zero);
                kernels.WeightGradient(x.Start, x.Stride, y.Start, y.Stride, dwParts.Start, dwParts.Stride, rows, cut,
                    columns, false);
                kernels.WeightGradient(x.Start + cut, x.Stride, y.Start, y.Stride,
                    dwParts.Start + (cut * dwParts.Stride), dwParts.Stride, rows, inner - cut, columns, false);
                dwParts.AssertSame(dw, "inputs cut at " + cut);
            }
        }
    }
}
