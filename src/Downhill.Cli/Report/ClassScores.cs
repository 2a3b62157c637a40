namespace Downhill.Cli.Report;

/// <summary>Where a class is told from all others at every threshold of its output: ROC (Fawcett 2006).</summary>
/// <param name="Points">False and true positive rate, from (0, 0) to (1, 1), equal scores as one step.</param>
/// <param name="Area">Under the curve: the chance that a row of the class scores above one of the others.</param>
internal sealed record RocCurve(IReadOnlyList<(double False, double True)> Points, double Area)
{
    /// <summary>Null where all rows are of one side.</summary>
    public static RocCurve? Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> isPositive, ReadOnlySpan<double> weights)
    {
        double positives = 0, negatives = 0;
        for (int i = 0; i < scores.Length; i++)
            if (isPositive[i]) positives += weights[i];
            else negatives += weights[i];
        if (positives == 0 || negatives == 0) return null;
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort(scores.ToArray(), order);
        List<(double, double)> points = [(0, 0)];
        double area = 0, right = 0, wrong = 0;
        for (int i = order.Length - 1; i >= 0;)
        {
            (double rightBefore, double wrongBefore) = (right, wrong);
            double score = scores[order[i]];
            for (; i >= 0 && scores[order[i]] == score; i--)
                if (isPositive[order[i]]) right += weights[order[i]];
                else wrong += weights[order[i]];
            area += (wrong - wrongBefore) * (right + rightBefore) / 2;
            points.Add((wrong / negatives, right / positives));
        }
        return new(points, area / (positives * negatives));
    }

    /// <summary>The same curve with the points in the middle of straight runs left out.</summary>
    public IReadOnlyList<(double False, double True)> Corners()
    {
        List<(double False, double True)> kept = [Points[0]];
        for (int i = 1; i < Points.Count - 1; i++)
        {
            (double False, double True) before = kept[^1], at = Points[i], next = Points[i + 1];
            double turn = (at.False - before.False) * (next.True - at.True)
                - (at.True - before.True) * (next.False - at.False);
            if (Math.Abs(turn) > 1e-12) kept.Add(at);
        }
        kept.Add(Points[^1]);
        return kept;
    }
}

/// <summary>Bounds of a share that was seen on few rows.</summary>
internal static class ShareInterval
{
    /// <summary>Wilson's 95 % interval (1927).</summary>
    public static (double Low, double High) Wilson(double share, double rows)
    {
        const double z = 1.959963984540054;
        double centre = (share + z * z / (2 * rows)) / (1 + z * z / rows);
        double half = z / (1 + z * z / rows) * Math.Sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows));
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}
