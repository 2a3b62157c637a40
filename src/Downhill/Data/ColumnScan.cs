namespace Downhill;

/// <summary>What a preparation is fitted from: one look at the training rows, and ranks from a sample of
/// them.</summary>
internal sealed class ColumnScan
{
    // Ranks are taken of at most this many rows, evenly spaced: their error is far below what a quartile means.
    private const int SampleRows = 1 << 16;
    private const int Landmarks = 100;

    // Rows are read in blocks of about so many numbers.
    private const int NumbersAtOnce = 1 << 14;

    // Fewer rows than this per value cannot tell what each of them means.
    private const int RowsPerLevel = 5;

    // Per column the sample's present numbers, ascending; null where no ranks are needed.
    private readonly float[][] sorted;
    private readonly List<float>?[] levels;
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
        levels = new List<float>?[count];
        if (mostLevels > 0) for (int i = 0; i < count; i++) levels[i] = [];
        int most = Math.Max(1, Math.Min(rows.Length, NumbersAtOnce / Math.Max(1, count)));
        float[] numeric = new float[most * count], values = new float[most * targets],
            weight = new float[source.HasWeights ? most : 0];
        int[] codes = new int[most * (source.Inputs.Count - count)], classes = new int[source.Target.IsClass ? most
            : 0];
        double[] numbers = new double[count], target = new double[targets];
        for (int first = 0; first < rows.Length; first += most)
        {
            ReadOnlySpan<int> block = rows.Slice(first, Math.Min(most, rows.Length - first));
            Read(source, block, numeric, codes, classes, values, weight);
            for (int k = 0; k < block.Length; k++)
            {
                ReadOnlySpan<float> row = numeric.AsSpan(k * count, count);
                bool areNumbers = true;
                for (int i = 0; i < count; i++)
                {
                    numbers[i] = row[i];
                    areNumbers &= float.IsFinite(row[i]);
                }
                if (!areNumbers) LookAtOthers(block[k], row, columns);
                if (mostLevels > 0) AddLevels(row, mostLevels);
                for (int i = 0; i < targets; i++)
                    target[i] = Wanted(block[k], values[k * targets + i], source.Target.Names[i], logTargets);
                double counts = weight.Length == 0 ? 1 : weight[k];
                Inputs.Add(numbers, counts);
                Targets.Add(target, counts);
            }
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
            Read(source, [rows[(int)((long)k * rows.Length / sample)]], numeric, codes, classes, values, weight);
            for (int i = 0; i < count; i++)
                if ((ranks || missing[i]) && !float.IsNaN(numeric[i])) present[i].Add(numeric[i]);
        }
        for (int i = 0; i < count; i++)
        {
            sorted[i] = [.. present[i]];
            Array.Sort(sorted[i]);
        }
    }

    private void Read(RowSource source, ReadOnlySpan<int> rows, Span<float> numeric, Span<int> codes,
        Span<int> classes, Span<float> values, Span<float> weights)
    {
        int columns = Inputs.Columns, count = rows.Length;
        source.Read(rows, numeric[..(count * columns)], codes[..(count * (source.Inputs.Count - columns))],
            source.Target.IsClass ? classes[..count] : [],
            source.Target.IsClass ? [] : values[..(count * source.Target.Names.Count)],
            weights.IsEmpty ? [] : weights[..count]);
    }

    /// <summary>Missing numbers of a row are remembered, infinite ones refused.</summary>
    private void LookAtOthers(int row, ReadOnlySpan<float> numbers, Column[] columns)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (float.IsNaN(numbers[i])) missing[i] = true;
            else if (float.IsInfinity(numbers[i])) Refuse(
                row, columns[i].Name, "a finite number, or NaN for a missing one", numbers[i]);
        }
    }

    private void AddLevels(ReadOnlySpan<float> numbers, int most)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (levels[i] is not List<float> seen || float.IsNaN(numbers[i]) || seen.Contains(numbers[i])) continue;
            seen.Add(numbers[i]);
            if (seen.Count > most) levels[i] = null;
        }
    }

    /// <summary>What a numeric target is learned as, before it is standardised.</summary>
    private static double Wanted(int row, float value, string name, bool isLogarithm)
    {
        if (!float.IsFinite(value)) Refuse(row, name, "a finite number to learn", value);
        if (isLogarithm && value <= -1) Refuse(row, name, "numbers above -1 for the logarithm of 1 + v", value);
        return isLogarithm ? Kernels.PortableMath.Log1P(value) : value;
    }

    public Moments Inputs { get; }
    public Moments Targets { get; }

    /// <summary>What is to be done about missing values and levels of a column.</summary>
    public NumericEncoding Encoding(int column) => new()
    {
        Fill = missing[column] ? Rank(column, 0.5) : double.NaN,
        HasIndicator = missing[column],
        Levels = levels[column] is { Count: > 2 } found && RowsPerLevel * found.Count <= rowCount
            ? [.. found.Order()] : [],
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

    /// <summary>Mean and deviation, column by column; missing numbers are passed over.</summary>
    internal sealed class Moments(int columns)
    {
        private readonly double[] mean = new double[columns], squares = new double[columns],
            weights = new double[columns], largest = new double[columns];

        public int Columns => columns;

        /// <summary>Largest |x| of all columns.</summary>
        public double Largest => largest.Append(0).Max();

        /// <summary>Sum of the rows' weights.</summary>
        public double Weight { get; private set; }

        public double Mean(int column) => mean[column];

        public void Add(ReadOnlySpan<double> row, double weight)
        {
            if (weight == 0) return;
            Weight += weight;
            Kernels.Welford.Add(row, weight, mean, squares, weights, largest);
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
