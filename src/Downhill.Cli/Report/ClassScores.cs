namespace Downhill.Cli.Report;

/// <summary>Where a class is told from all others at every threshold of its output: ROC (Fawcett 2006).</summary>
/// <param name="Points">False and true positive rate, from (0, 0) to (1, 1), equal scores as one step.</param>
/// <param name="Area">Under the curve: the chance that a row of the class scores above one of the others.</param>
internal sealed record RocCurve(IReadOnlyList<(double False, double True)> Points, double Area)
{
    /// <summary>Null where all rows are of one side.</summary>
    public static RocCurve? Of(ReadOnlySpan<float> scores, ReadOnlySpan<bool> isPositive)
    {
        int positives = 0;
        foreach (bool positive in isPositive) positives += positive ? 1 : 0;
        int negatives = isPositive.Length - positives;
        if (positives == 0 || negatives == 0) return null;
        float[] keys = scores.ToArray();
        bool[] marks = isPositive.ToArray();
        Array.Sort(keys, marks);
        List<(double, double)> points = [(0, 0)];
        double area = 0;
        int right = 0, wrong = 0;
        for (int i = keys.Length - 1; i >= 0;)
        {
            (int rightBefore, int wrongBefore) = (right, wrong);
            float score = keys[i];
            for (; i >= 0 && keys[i] == score; i--)
                if (marks[i]) right++;
                else wrong++;
            area += (double)(wrong - wrongBefore) * (right + rightBefore) / 2;
            points.Add(((double)wrong / negatives, (double)right / positives));
        }
        return new(points, area / ((double)positives * negatives));
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

/// <summary>How sure the answers of a bin were, and how often they were right (reliability diagram).</summary>
/// <param name="Low">Lower end of the bin.</param>
/// <param name="High">Upper end.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Said">Mean probability said.</param>
/// <param name="Happened">Share of rows where it was so.</param>
internal sealed record ReliabilityBin(double Low, double High, int Rows, double Said, double Happened)
{
    private const int Bins = 10;

    /// <summary>Ten bins of equal width; empty ones are left out.</summary>
    public static IReadOnlyList<ReliabilityBin> Of(ReadOnlySpan<double> said, ReadOnlySpan<bool> happened)
    {
        int[] rows = new int[Bins], hits = new int[Bins];
        double[] sums = new double[Bins];
        for (int i = 0; i < said.Length; i++)
        {
            if (!double.IsFinite(said[i])) continue;
            int bin = Math.Clamp((int)(said[i] * Bins), 0, Bins - 1);
            rows[bin]++;
            sums[bin] += said[i];
            if (happened[i]) hits[bin]++;
        }
        return [.. Enumerable.Range(0, Bins).Where(b => rows[b] > 0).Select(b => new ReliabilityBin(
            (double)b / Bins, (double)(b + 1) / Bins, rows[b], sums[b] / rows[b], (double)hits[b] / rows[b]))];
    }

    /// <summary>Expected calibration error: the mean distance between said and happened, weighted by rows (Guo and others 2017).</summary>
    public static double ExpectedError(IReadOnlyList<ReliabilityBin> bins) =>
        bins.Sum(b => b.Rows * Math.Abs(b.Said - b.Happened)) / Math.Max(1, bins.Sum(b => b.Rows));
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
