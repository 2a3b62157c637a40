namespace Downhill.Playground;

/// <summary>The smallest box around the ink, in cells; right and bottom belong to it.</summary>
internal readonly record struct InkBox(int Left, int Top, int Right, int Bottom)
{
    public int Width => Right - Left + 1;
    public int Height => Bottom - Top + 1;
}

/// <summary>
/// Pictures of 16 × 16 cells, ink 1 and no ink 0 (lecture L7), row by row from the top; and the embedded digits brought
/// to that form.
/// </summary>
internal static class Ink
{
    public const int Side = 16, Cells = Side * Side;

    /// <summary>Greys of the embedded digits go to 16. Where the pen's edge is taken to be differs from digit to digit,
    /// so that thin and thick writing are both learned.</summary>
    private const double ThinPen = 10, ThickPen = 5;

    /// <summary>The box around the ink, or null where there is none.</summary>
    /// <param name="cells">[16, 16] of 0 and 1.</param>
    public static InkBox? BoxOf(ReadOnlySpan<byte> cells)
    {
        (int left, int top, int right, int bottom) = (Side, Side, -1, -1);
        for (int cell = 0; cell < Cells; cell++)
        {
            if (cells[cell] == 0) continue;
            (int row, int column) = Math.DivRem(cell, Side);
            (left, right) = (Math.Min(left, column), Math.Max(right, column));
            (top, bottom) = (Math.Min(top, row), Math.Max(bottom, row));
        }
        return right < 0 ? null : new(left, top, right, bottom);
    }

    /// <summary>
    /// The ink enlarged until it fills the square in its longer direction, its proportions kept, and put in the middle
    /// of the other: what was drawn small or in a corner comes out as what was drawn large.
    /// </summary>
    /// <param name="cells">[16, 16] of 0 and 1.</param>
    public static byte[] Centred(ReadOnlySpan<byte> cells)
    {
        byte[] centred = new byte[Cells];
        if (BoxOf(cells) is not InkBox box) return centred;
        double scale = (double)Side / Math.Max(box.Width, box.Height);
        int width = (int)Math.Round(box.Width * scale), height = (int)Math.Round(box.Height * scale);
        int left = (Side - width) / 2, top = (Side - height) / 2;
        for (int row = 0; row < height; row++)
            for (int column = 0; column < width; column++)
            {
                double x = box.Left + (column + 0.5) * box.Width / width - 0.5;
                double y = box.Top + (row + 0.5) * box.Height / height - 0.5;
                if (Between(cells, Side, x, y) >= 0.5) centred[(top + row) * Side + left + column] = 1;
            }
        return centred;
    }

    /// <summary>The embedded digits, 8 × 8 greys, as centred ink.</summary>
    public static Dataset Digits()
    {
        Dataset greys = Dataset.Load("digits");
        RandomStream pens = new(0, RandomStreams.Data);
        int small = greys.Image!.Width;
        float[] cells = new float[greys.Rows * Cells];
        byte[] grey = new byte[small * small], ink = new byte[Cells];
        for (int row = 0; row < greys.Rows; row++)
        {
            for (int i = 0; i < grey.Length; i++) grey[i] = (byte)greys.Numeric[row * grey.Length + i];
            double edge = pens.Uniform((ulong)row, ThickPen, ThinPen);
            for (int cell = 0; cell < Cells; cell++)
            {
                (int y, int x) = Math.DivRem(cell, Side);
                double shrink = (double)small / Side;
                ink[cell] = Between(grey, small, (x + 0.5) * shrink - 0.5, (y + 0.5) * shrink - 0.5) >= edge
                    ? (byte)1 : (byte)0;
            }
            byte[] centred = Centred(ink);
            for (int cell = 0; cell < Cells; cell++) cells[row * Cells + cell] = centred[cell];
        }
        return new("ink", [.. Enumerable.Range(0, Cells).Select(i => new Column($"r{i / Side + 1}c{i % Side + 1}"))],
            greys.Target, cells, [], greys.Classes, [])
        {
            Image = new(Side, Side),
            Source = greys.Source,
            Licence = greys.Licence,
        };
    }

    /// <summary>A value between the centres of four cells, each by its nearness; 0 beyond the edge.</summary>
    private static double Between(ReadOnlySpan<byte> cells, int side, double x, double y)
    {
        int column = (int)Math.Floor(x), row = (int)Math.Floor(y);
        double right = x - column, down = y - row;
        return (1 - down) * ((1 - right) * At(cells, row, column) + right * At(cells, row, column + 1))
            + down * ((1 - right) * At(cells, row + 1, column) + right * At(cells, row + 1, column + 1));

        double At(ReadOnlySpan<byte> cells, int r, int c) =>
            (uint)r < (uint)side && (uint)c < (uint)side ? cells[r * side + c] : 0;
    }
}
