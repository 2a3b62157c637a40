namespace Downhill.Playground;

/// <summary>
/// The data in use: the raw rows as they came, and the rows as the network gets them, with features made of two raw columns
/// or with the columns that were picked.
/// </summary>
internal sealed class Table
{
    private readonly Feature[] features = [];
    private readonly int[] picked = [];

    /// <param name="raw">The rows as they came.</param>
    /// <param name="names">Features (of plane data) or columns to use; none for the raw ones.</param>
    /// <param name="axes">The two raw columns that span maps; none for the first two.</param>
    /// <param name="isOwn">Whether the user brought them.</param>
    /// <exception cref="DownhillException">No such feature or column.</exception>
    public Table(Dataset raw, IReadOnlyList<string> names, IReadOnlyList<string> axes, bool isOwn)
    {
        (Raw, IsOwn) = (raw, isOwn);
        string[] columns = [.. raw.Inputs.Select(c => c.Name)];
        if (IsPlane)
        {
            features = names.Count == 0 ? [Feature.All[0], Feature.All[1]] : [.. Feature.All.Where(f => names.Contains(f.Name))];
            Refuse(names, Feature.All.Select(f => f.Name), "features");
            Network = Transformed(raw);
        }
        else
        {
            picked = names.Count == 0 ? [.. Enumerable.Range(0, columns.Length)]
                : [.. Enumerable.Range(0, columns.Length).Where(i => names.Contains(columns[i]))];
            Refuse(names, columns, "columns of the data");
            Network = picked.Length == columns.Length ? raw : Picked(raw);
        }
        int[] numbers = [.. Enumerable.Range(0, raw.NumericCount)];
        string[] numeric = [.. raw.Inputs.Where(c => c.Kind == ColumnKind.Numeric).Select(c => c.Name)];
        Refuse(axes, numeric, "numeric columns");
        Axes = axes.Count == 2 ? (Array.IndexOf(numeric, axes[0]), Array.IndexOf(numeric, axes[1]))
            : (0, numbers.Length > 1 ? 1 : 0);
        (typical, typicalCodes) = Typical(raw);
        Domain = DomainOf(raw);
    }

    private readonly float[] typical;
    private readonly int[] typicalCodes;

    public Dataset Raw { get; }

    /// <summary>The same rows with the network's inputs as columns.</summary>
    public Dataset Network { get; }

    /// <summary>Two raw numbers: then maps show everything there is, and features can be made.</summary>
    public bool IsPlane => Raw is { NumericCount: 2, CategoryCount: 0 };

    public bool IsOwn { get; }

    /// <summary>The two numeric raw columns that span maps.</summary>
    public (int X, int Y) Axes { get; }

    /// <summary>[x low, x high, y low, y high] of maps.</summary>
    public double[] Domain { get; }

    /// <summary>A raw row at a place of the map: what is not on an axis is as in a typical row.</summary>
    public void Place(double x, double y, Span<float> raw)
    {
        typical.CopyTo(raw);
        if (raw.Length == 0) return;
        raw[Axes.X] = (float)x;
        if (Axes.Y != Axes.X) raw[Axes.Y] = (float)y;
    }

    /// <summary>Category codes of a place of the map.</summary>
    public ReadOnlySpan<int> PlaceCodes => typicalCodes;

    /// <summary>The network's columns of a raw row.</summary>
    public (float[] Numeric, int[] Codes) Inputs(ReadOnlySpan<float> raw, ReadOnlySpan<int> codes)
    {
        if (!IsPlane)
        {
            if (picked.Length == Raw.Inputs.Count) return (raw.ToArray(), codes.ToArray());
            List<float> numbers = [];
            List<int> categories = [];
            int n = 0, c = 0;
            for (int column = 0; column < Raw.Inputs.Count; column++)
            {
                bool isNumber = Raw.Inputs[column].Kind == ColumnKind.Numeric, wanted = picked.Contains(column);
                if (isNumber && wanted) numbers.Add(raw[n]);
                if (!isNumber && wanted) categories.Add(codes[c]);
                if (isNumber) n++;
                else c++;
            }
            return ([.. numbers], [.. categories]);
        }
        float[] made = new float[features.Length];
        for (int i = 0; i < made.Length; i++) made[i] = (float)features[i].Value(raw[0], raw[1]);
        return (made, []);
    }

    private Dataset Transformed(Dataset raw)
    {
        float[] numeric = new float[raw.Rows * features.Length];
        for (int row = 0; row < raw.Rows; row++)
            for (int i = 0; i < features.Length; i++)
                numeric[row * features.Length + i] = (float)features[i].Value(raw.Numeric[2 * row], raw.Numeric[2 * row + 1]);
        // A feature is named by its formula over the data's own column names.
        string first = raw.Inputs[0].Name, second = raw.Inputs[1].Name;
        return new(raw.Name, [.. features.Select(f => new Column(f.Formula.Replace("x1", "\u0001", StringComparison.Ordinal)
            .Replace("x2", second, StringComparison.Ordinal).Replace("\u0001", first, StringComparison.Ordinal)))],
            raw.Target, numeric, [], raw.Classes, raw.Values, raw.Weights)
        { IsWhole = raw.IsWhole };
    }

    private Dataset Picked(Dataset raw)
    {
        List<float> numeric = [];
        List<int> codes = [];
        for (int row = 0; row < raw.Rows; row++)
        {
            (float[] numbers, int[] categories) = Inputs(raw.Numeric.AsSpan(row * raw.NumericCount, raw.NumericCount),
                raw.Codes.AsSpan(row * raw.CategoryCount, raw.CategoryCount));
            numeric.AddRange(numbers);
            codes.AddRange(categories);
        }
        return new(raw.Name, [.. picked.Select(i => raw.Inputs[i])], raw.Target, [.. numeric], [.. codes], raw.Classes, raw.Values, raw.Weights);
    }

    /// <summary>Means of the numbers, commonest categories.</summary>
    private static (float[], int[]) Typical(Dataset raw)
    {
        float[] numbers = new float[raw.NumericCount];
        int[] codes = new int[raw.CategoryCount];
        for (int i = 0; i < numbers.Length; i++)
        {
            double sum = 0;
            for (int row = 0; row < raw.Rows; row++) sum += raw.Numeric[row * numbers.Length + i];
            numbers[i] = (float)(sum / raw.Rows);
        }
        for (int i = 0; i < codes.Length; i++)
            codes[i] = Enumerable.Range(0, raw.Rows).Select(row => raw.Codes[row * codes.Length + i]).CountBy(c => c).MaxBy(p => p.Value).Key;
        return (numbers, codes);
    }

    private double[] DomainOf(Dataset raw)
    {
        if (raw.NumericCount == 0) return [-1, 1, -1, 1];
        (double xLow, double xHigh) = Span(Axes.X);
        (double yLow, double yHigh) = Span(Axes.Y);
        bool isMade = !IsOwn && IsPlane && Math.Max(Math.Max(-xLow, xHigh), Math.Max(-yLow, yHigh)) <= 6;
        if (isMade && Math.Max(xHigh, yHigh) > 2.5) return [-6, 6, -6, 6];
        return [.. Padded(xLow, xHigh), .. Padded(yLow, yHigh)];

        (double, double) Span(int column)
        {
            double low = double.PositiveInfinity, high = double.NegativeInfinity;
            for (int row = 0; row < raw.Rows; row++)
            {
                double value = raw.Numeric[row * raw.NumericCount + column];
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            }
            return (low, high);
        }

        static double[] Padded(double low, double high)
        {
            double margin = high > low ? 0.1 * (high - low) : Math.Max(1, 0.1 * Math.Abs(high));
            return [low - margin, high + margin];
        }
    }

    private static void Refuse(IReadOnlyList<string> names, IEnumerable<string> known, string what)
    {
        string[] all = [.. known];
        foreach (string name in names)
            if (!all.Contains(name))
                Throw.Input($"'{Properties.Short(name)}'", $"one of the {what}: {string.Join(", ", all.Take(20))}", $"'{Properties.Short(name)}'",
                    Suggest.DidYouMean(Properties.Short(name), all));
    }
}
