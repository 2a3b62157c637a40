namespace Downhill;

/// <summary>What a preparation is fitted from: one look at the training rows, and ranks from a sample of
/// them.</summary>
internal sealed class ColumnScan
{
    // Ranks are taken of at most this many rows, evenly spaced: their error is far below what a quartile means.
    private const int SampleRows = 1 << 16;
    private const int Landmarks = 100;

    // Fewer rows than this per value cannot tell what each of them means.
    private const int RowsPerLevel = 5;

    // Per column the sample's present numbers, ascending; null where no ranks are needed.
    private readonly float[][] sorted;
    private readonly SortedSet<float>?[] levels;
    private readonly bool[] missing;
    private readonly int rowCount;

    /// <param name="source">The data.</param>
    /// <param name="rows">The training rows.</param>
    /// <param name="mostLevels">Columns with 3 up to this many different numbers have levels.</param>
    /// <param name="logTargets">Whether the targets' moments are those of ln(1 + v).</param>
    /// <param name="ranks">Whether ranks are wanted of every column, or only of those where values are missing.</param>
    public ColumnScan(RowSource source, ReadOnlySpan<int> rows, int mostLevels, bool logTargets, bool ranks)
    {
        Column[] columns = [.. source.Inputs.Where(c => c.Kind == ColumnKind.Numeric)];
        int count = columns.Length, targets = source.Target.IsClass ? 0 : source.Target.Names.Count;
        (Inputs, Targets) = (new Moments(count), new Moments(targets));
        missing = new bool[count];
        rowCount = rows.Length;
        levels = new SortedSet<float>?[count];
        if (mostLevels > 0) for (int i = 0; i < count; i++) levels[i] = [];
        float[] numeric = new float[count], values = new float[targets], weight = new float[source.HasWeights ? 1 : 0];
        int[] codes = new int[source.Inputs.Count - count], classes = new int[source.Target.IsClass ? 1 : 0];
        double[] target = new double[targets];
        foreach (int row in rows)
        {
            source.Read([row], numeric, codes, classes, values, weight);
            double counts = weight.Length == 0 ? 1 : weight[0];
            for (int i = 0; i < count; i++)
            {
                if (float.IsNaN(numeric[i])) missing[i] = true;
                else if (float.IsInfinity(numeric[i])) Refuse(
                    row, columns[i].Name, "a finite number, or NaN for a missing one", numeric[i]);
                else if (levels[i] is SortedSet<float> seen && seen.Add(numeric[i]) && seen.Count > mostLevels) levels[
                    i] = null;
            }
            for (int i = 0; i < targets; i++)
            {
                if (!float.IsFinite(values[i])) Refuse(row, source.Target.Names[i], "a finite number to learn",
                    values[i]);
                if (logTargets && values[i] <= -1) Refuse(
                    row, source.Target.Names[i], "numbers above -1 for the logarithm of 1 + v", values[i]);
                target[i] = logTargets ? Kernels.PortableMath.Log1P(values[i]) : values[i];
            }
            Inputs.Add(numeric, counts);
            Targets.Add(target, counts);
        }
        if (rows.Length > 0 && weight.Length > 0 && Inputs.Weight == 0)
            Throw.Input("Training data", "at least 1 row with a weight above 0", "weights of 0 only",
                "Check the weights.");
        sorted = new float[count][];
        if (!ranks && !missing.Contains(true)) return;
        int sample = Math.Min(rows.Length, SampleRows);
        List<float>[] present = [.. Enumerable.Range(0, count).Select(_ => new List<float>())];
        for (int k = 0; k < sample; k++)
        {
            source.Read([rows[(int)((long)k * rows.Length / sample)]], numeric, codes, classes, values, weight);
            for (int i = 0; i < count; i++)
                if ((ranks || missing[i]) && !float.IsNaN(numeric[i])) present[i].Add(numeric[i]);
        }
        for (int i = 0; i < count; i++)
        {
            sorted[i] = [.. present[i]];
            Array.Sort(sorted[i]);
        }
    }

    public Moments Inputs { get; }
    public Moments Targets { get; }

    /// <summary>What is to be done about missing values and levels of a column.</summary>
    public NumericEncoding Encoding(int column) => new()
    {
        Fill = missing[column] ? Rank(column, 0.5) : double.NaN,
        HasIndicator = missing[column],
        Levels = levels[column] is { Count: > 2 } found && RowsPerLevel * found.Count <= rowCount ? [.. found] : [],
    };

    /// <summary>Whether the column has at most one number, and none is missing beside it.</summary>
    public bool IsConstant(int column) => levels[column] is { Count: 0 }
        || (levels[column] is { Count: 1 } && !missing[column]);

    /// <summary>Shift and scale by median and quartiles.</summary>
    public (double Shift, double Scale) Robust(int column)
    {
        if (sorted[column].Length == 0) return (0, 1);
        double spread = Rank(column, 0.75) - Rank(column, 0.25), range = sorted[column][^1] - (double)sorted[column][0];
        return (Rank(column, 0.5), spread > 0 ? 1 / spread : range > 0 ? 2 / range : 1);
    }

    /// <summary>Landmarks at evenly spaced ranks p, which become the normal quantiles of p.</summary>
    public NumericEncoding Quantiles(int column, NumericEncoding encoding)
    {
        List<double> landmarks = [], places = [];
        for (int k = 0; k <= Landmarks && sorted[column].Length > 0; k++)
        {
            // The outermost ranks stand for the middle of their share.
            double p = Math.Clamp((double)k / Landmarks, 0.5 / Landmarks, 1 - 0.5 / Landmarks),
                at = Rank(column, (double)k / Landmarks);
            if (landmarks.Count > 0 && at <= landmarks[^1]) continue;
            landmarks.Add(at);
            places.Add(NormalQuantile(p));
        }
        return landmarks.Count < 2 ? encoding : encoding with { Landmarks = [.. landmarks], Places = [.. places] };
    }

    // Linear between the two nearest ranks (type 7 of Hyndman and Fan, The American Statistician 50, 1996).
    private double Rank(int column, double share)
    {
        float[] numbers = sorted[column];
        if (numbers.Length == 0) return 0;
        double at = share * (numbers.Length - 1);
        int low = (int)at, high = Math.Min(low + 1, numbers.Length - 1);
        return numbers[low] + (at - low) * (numbers[high] - (double)numbers[low]);
    }

    /// <summary>Where the normal distribution has the share p below it: halving until the interval is below
    /// 1e-12.</summary>
    private static double NormalQuantile(double p)
    {
        double low = -10, high = 10;
        while (high - low > 1e-12)
        {
            double middle = 0.5 * (low + high);
            if (0.5 * (1 + Kernels.PortableMath.Erf(middle * 0.7071067811865476)) < p) low = middle;
            else high = middle;
        }
        return 0.5 * (low + high);
    }

    private static void Refuse(int row, string column, string expected, float got) =>
        Throw.Input($"Data, row {row + 1}, column '{column}'", expected, Numbers.Text(got),
            "Correct the value, or leave the row or the column out.");

    /// <summary>Mean and deviation by Welford's method (Knuth, TAOCP 2, §4.2.2; with weights: West, CACM 22, 1979),
    /// column by column; missing numbers are passed over.</summary>
    internal sealed class Moments(int columns)
    {
        private readonly double[] mean = new double[columns], squares = new double[columns],
            weights = new double[columns];

        public int Columns => columns;
        public double Largest { get; private set; }

        /// <summary>Sum of the rows' weights.</summary>
        public double Weight { get; private set; }

        public double Mean(int column) => mean[column];

        public void Add<TNumber>(ReadOnlySpan<TNumber> row, double weight) where TNumber
            : System.Numerics.INumberBase<TNumber>
        {
            if (weight == 0) return;
            Weight += weight;
            for (int i = 0; i < row.Length; i++)
            {
                double x = double.CreateTruncating(row[i]);
                if (double.IsNaN(x)) continue;
                weights[i] += weight;
                double delta = x - mean[i];
                mean[i] += weight * delta / weights[i];
                squares[i] += weight * delta * (x - mean[i]);
                Largest = Math.Max(Largest, Math.Abs(x));
            }
        }

        /// <summary>Shift = mean and scale = 1/deviation; a constant column keeps scale 1 and becomes 0.</summary>
        public void Standardise(double[] shift, double[] scale)
        {
            for (int i = 0; i < shift.Length; i++)
            {
                double deviation = weights[i] == 0 ? 0 : Math.Sqrt(squares[i] / weights[i]);
                shift[i] = mean[i];
                scale[i] = deviation > 1e-12 * Math.Max(1e-30, Math.Abs(mean[i])) ? 1 / deviation : 1;
            }
        }
    }
}
