namespace Downhill.Checks;

/// <summary>
/// Ten digits as a hand would draw them on a pad of 16 × 16 cells: strokes through a few points each, with another
/// slant, size, place, width and tremble every time.
/// </summary>
internal static class Strokes
{
    // x to the right and y down, both from 0 to 1; a digit is one stroke or several.
    private static readonly double[][][] digits =
    [
        [[.5, 0, .25, .12, .16, .45, .24, .84, .5, 1, .74, .86, .83, .5, .74, .12, .5, 0]],
        [[.34, .2, .52, 0, .52, .5, .5, 1]],
        [[.2, .22, .34, .04, .6, .02, .77, .18, .68, .45, .4, .74, .16, .98, .5, .97, .86, .96]],
        [[.2, .08, .5, 0, .76, .12, .72, .34, .44, .47, .74, .56, .82, .78, .56, .99, .18, .92]],
        [[.52, 0, .3, .33, .12, .6, .5, .61, .88, .6], [.68, .32, .65, .65, .62, 1]],
        [[.8, .02, .5, .02, .28, .03, .24, .42, .5, .37, .77, .5, .79, .78, .55, .99, .2, .93]],
        [[.7, .02, .42, .24, .24, .58, .26, .88, .52, 1, .77, .86, .74, .64, .5, .56, .27, .72]],
        [[.16, .03, .5, .03, .86, .02, .66, .36, .5, .68, .42, 1]],
        [[.52, .47, .27, .3, .3, .08, .52, 0, .73, .1, .71, .3, .48, .48, .25, .68, .26, .9, .5, 1, .76, .9, .75, .66,
            .52, .47]],
        [[.76, .22, .6, .03, .34, .05, .24, .28, .4, .48, .64, .42, .76, .22, .74, .6, .64, 1]],
    ];

    /// <summary>The strokes of a digit: each a way of (x, y) by turns, in cells of the pad.</summary>
    /// <param name="digit">0 … 9.</param>
    /// <param name="attempt">Another number, another drawing.</param>
    public static double[][] Of(int digit, int attempt)
    {
        Random hand = new(1000 * attempt + digit);
        double height = 9 + 4 * hand.NextDouble(), width = height * (0.6 + 0.3 * hand.NextDouble());
        double slant = 0.3 * (hand.NextDouble() - 0.5);
        double left = 1 + hand.NextDouble() * (14 - width), top = 1 + hand.NextDouble() * (14 - height);
        return [.. digits[digit].Select(stroke =>
        {
            double[] way = new double[stroke.Length];
            for (int k = 0; k < stroke.Length; k += 2)
            {
                double x = stroke[k] + slant * (0.5 - stroke[k + 1]) + 0.05 * (hand.NextDouble() - 0.5);
                double y = stroke[k + 1] + 0.05 * (hand.NextDouble() - 0.5);
                way[k] = Math.Clamp(left + width * x, 0.5, 15.5);
                way[k + 1] = Math.Clamp(top + height * y, 0.5, 15.5);
            }
            return way;
        })];
    }

    /// <summary>The cells a pen of the page's width inks: those whose centre comes near a stroke.</summary>
    /// <param name="strokes">As <see cref="Of"/> gives them.</param>
    /// <param name="reach">How near, in cells.</param>
    public static byte[] Cells(double[][] strokes, double reach)
    {
        byte[] cells = new byte[256];
        foreach (double[] way in strokes)
            for (int k = 0; k + 3 < way.Length; k += 2)
                for (int cell = 0; cell < cells.Length; cell++)
                {
                    (double x, double y) = (cell % 16 + 0.5 - way[k], cell / 16 + 0.5 - way[k + 1]);
                    (double dx, double dy) = (way[k + 2] - way[k], way[k + 3] - way[k + 1]);
                    double along = Math.Clamp((x * dx + y * dy) / Math.Max(1e-9, dx * dx + dy * dy), 0, 1);
                    if (double.Hypot(x - along * dx, y - along * dy) <= reach) cells[cell] = 1;
                }
        return cells;
    }
}
