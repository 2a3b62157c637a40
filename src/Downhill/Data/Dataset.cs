namespace Downhill;

/// <summary>
/// A table in memory: raw inputs, targets, optional weights, optional test part of its own.
/// Immutable by convention: the arrays are taken over, not copied, and must not change afterwards.
/// </summary>
public sealed partial class Dataset : RowSource
{
    /// <param name="name">Short name, used for file names and in messages.</param>
    /// <param name="inputs">The raw input columns.</param>
    /// <param name="target">What is predicted; without any name the rows have no target (rows to predict).</param>
    /// <param name="numeric">[N, numeric inputs] row-major.</param>
    /// <param name="codes">[N, category inputs] row-major; empty when there are none.</param>
    /// <param name="classes">[N] for a class target, else empty.</param>
    /// <param name="values">[N, targets] for numeric targets, else empty.</param>
    /// <param name="weights">[N], positive or zero, or null for 1 each.</param>
    /// <exception cref="DownhillException">Lengths that do not fit together, or a class code out of range.</exception>
    public Dataset(
        string name, IReadOnlyList<Column> inputs, Target target, float[] numeric, int[] codes, int[] classes,
        float[] values, float[]? weights = null)
    {
        (Name, Inputs, Target) = (name, inputs, target);
        (Numeric, Codes, Classes, Values, Weights) = (numeric, codes, classes, values, weights);
        NumericCount = inputs.Count(c => c.Kind == ColumnKind.Numeric);
        CategoryCount = inputs.Count - NumericCount;
        Rows = target.IsClass ? classes.Length
            : target.Names.Count > 0 ? values.Length / target.Names.Count
            : NumericCount > 0 ? numeric.Length / NumericCount
            : CategoryCount > 0 ? codes.Length / CategoryCount : 0;
        CheckLength("numeric values", numeric.Length, (long)Rows * NumericCount);
        CheckLength("category codes", codes.Length, (long)Rows * CategoryCount);
        CheckLength("target values", values.Length, target.IsClass ? 0 : (long)Rows * target.Names.Count);
        if (weights is not null) CheckLength("weights", weights.Length, Rows);
        Column[] categories = [.. inputs.Where(c => c.Kind == ColumnKind.Category)];
        for (int i = 0; i < codes.Length; i++)
        {
            Column column = categories[i % CategoryCount];
            if (codes[i] < -1 || codes[i] >= column.Categories.Count)
                Throw.Input($"Data set '{name}', column '{column.Name}'",
                    $"category codes −1 … {column.Categories.Count - 1}", $"{codes[i]}", "Check the codes.");
        }
        for (int i = 0; target.IsMultiLabel && i < values.Length; i++)
            if (values[i] is not (0 or 1))
                Throw.Input($"Data set '{name}', label '{target.Names[i % target.Names.Count]}', "
                    + $"row {i / target.Names.Count + 1}", "0 for no or 1 for yes",
                    float.IsNaN(values[i]) ? "a missing value" : Numbers.Text(values[i]),
                    "Fill it in or leave the row out; if the targets are numbers, make them a numeric target.");
        foreach (float weight in weights ?? [])
            if (!(weight >= 0 && float.IsFinite(weight)))
                Throw.Input($"Data set '{name}'", "weights that are 0 or positive numbers", Numbers.Text(weight),
                    "Check the weights.");
        foreach (int code in classes)
            if ((uint)code >= (uint)target.Classes.Count)
                Throw.Input($"Data set '{name}'", $"class codes 0 … {target.Classes.Count - 1}", $"{code}",
                    "Check the classes.");
    }

    public string Name { get; }
    public override int Rows { get; }
    public override IReadOnlyList<Column> Inputs { get; }
    public override Target Target { get; }
    public override bool HasWeights => Weights is not null;

    /// <summary>Number of numeric input columns.</summary>
    public int NumericCount { get; }

    /// <summary>Number of category input columns.</summary>
    public int CategoryCount { get; }

    /// <summary>[N, numeric inputs] row-major.</summary>
    public float[] Numeric { get; }

    /// <summary>[N, category inputs] row-major.</summary>
    public int[] Codes { get; }

    /// <summary>[N] class codes, empty for regression.</summary>
    public int[] Classes { get; }

    /// <summary>[N, targets] row-major, empty for classification.</summary>
    public float[] Values { get; }

    /// <summary>[N] or null.</summary>
    public float[]? Weights { get; }

    /// <summary>The set's own test part, where it has one (MNIST, for example).</summary>
    public Dataset? Test { get; init; }

    /// <summary>Whether the rows are all there is to learn (XOR, parity, the 194 spiral points): then nothing is held
    /// out for a test unless asked for.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Where the data come from (one line), for `datasets` and `inspect`.</summary>
    public string Source { get; init; } = "";

    /// <summary>Licence and attribution (one line).</summary>
    public string Licence { get; init; } = "";

    public override void Read(
        ReadOnlySpan<int> rows, Span<float> numeric, Span<int> codes, Span<int> classes, Span<float> values,
        Span<float> weights)
    {
        int n = NumericCount, c = CategoryCount, t = Target.IsClass ? 0 : Target.Names.Count;
        for (int i = 0; i < rows.Length;)
        {
            // Rows that follow one another are copied at once.
            int row = rows[i], count = 1;
            while (i + count < rows.Length && rows[i + count] == row + count) count++;
            Numeric.AsSpan(row * n, count * n).CopyTo(numeric[(i * n)..]);
            if (c > 0) Codes.AsSpan(row * c, count * c).CopyTo(codes[(i * c)..]);
            if (t == 0) Classes.AsSpan(row, count).CopyTo(classes[i..]);
            else Values.AsSpan(row * t, count * t).CopyTo(values[(i * t)..]);
            if (!weights.IsEmpty)
            {
                if (Weights is null) weights.Slice(i, count).Fill(1);
                else Weights.AsSpan(row, count).CopyTo(weights[i..]);
            }
            i += count;
        }
    }

    /// <summary>The given rows as a data set of their own (copied); the test part is left behind.</summary>
    public Dataset Subset(ReadOnlySpan<int> rows)
    {
        int t = Target.IsClass ? 0 : Target.Names.Count;
        float[] numeric = new float[rows.Length * NumericCount];
        int[] codes = new int[rows.Length * CategoryCount];
        int[] classes = new int[Target.IsClass ? rows.Length : 0];
        float[] values = new float[rows.Length * t];
        float[]? weights = Weights is null ? null : new float[rows.Length];
        Read(rows, numeric, codes, classes, values, weights);
        return new Dataset(Name, Inputs, Target, numeric, codes, classes, values, weights)
        {
            Image = Image, Source = Source, Licence = Licence,
        };
    }

    private void CheckLength(string what, long got, long expected)
    {
        if (got != expected)
            Throw.Input($"Data set '{Name}'", $"{expected} {what} for {Rows} rows", $"{got}",
                "Check the array's length.");
    }
}
