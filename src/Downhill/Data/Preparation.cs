using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>How the numeric inputs are brought to a common scale.</summary>
public enum Scaling
{
    /// <summary>As they are.</summary>
    None,

    /// <summary>(x − mean)/deviation of the training rows, column by column.</summary>
    Standard,

    /// <summary>Divided by the largest absolute value of all columns together: pixels, where ink becomes 1.</summary>
    Common,

    /// <summary>
    /// z = (x − median)/(upper − lower quartile) of the training rows, or 2·(x − median)/range where the quartiles are
    /// one; then z/√(1 + (z/3)²), which leaves the middle as it is and brings far-off values softly to ±3. Holzmüller
    /// et al., Better by Default, NeurIPS 2024, §3.
    /// </summary>
    Robust,

    /// <summary>To the normal quantile of the value's rank among the training rows, straight lines between 100
    /// ranks.</summary>
    Quantile,
}

/// <summary>
/// Turns a raw row into the network's inputs and its outputs into an answer. Fitted on the training rows only, saved
/// with the weights: raw data go in, a named answer comes out, everywhere the model goes.
/// </summary>
/// <param name="Inputs">The raw columns, in the order of a raw row.</param>
/// <param name="Target">What is predicted.</param>
/// <param name="Shift">Per numeric column: subtracted first.</param>
/// <param name="Scale">Per numeric column: multiplied second.</param>
/// <param name="TargetShift">Per numeric target: its mean.</param>
/// <param name="TargetScale">Per numeric target: its deviation.</param>
/// <param name="TargetLow">What the network's output is trained towards for "not this class".</param>
/// <param name="TargetHigh">What it is trained towards for "this class".</param>
/// <param name="SingleOutput">Two classes as one output unit: high for class 1, low for class 0.</param>
public sealed record Preparation(
    IReadOnlyList<Column> Inputs, Target Target, double[] Shift, double[] Scale, double[] TargetShift,
    double[] TargetScale, double TargetLow, double TargetHigh, bool SingleOutput)
{
    /// <summary>Inputs of the network: one or more per numeric column, one per category of a category column.</summary>
    public int Width { get; private init; } = Inputs.Sum(c => c.Kind == ColumnKind.Numeric ? 1 : c.Categories.Count);

    /// <summary>Per numeric column: what is done beside shift and scale.</summary>
    public IReadOnlyList<NumericEncoding> Encodings
    {
        get => encodings;
        init
        {
            encodings = [.. value];
            pieces = Divide(Inputs, encodings);
            isLinear = value.All(e => e.IsLinear);
            Width = Inputs.Where(c => c.Kind == ColumnKind.Category).Sum(c => c.Categories.Count)
                + value.Sum(e => e.Width);
        }
    }

    /// <summary>Numeric targets v are learned as ln(1 + v): sizes, prices and counts, whose errors matter as
    /// shares.</summary>
    public bool LogTargets { get; init; }

    /// <summary>Outputs of the network.</summary>
    public int Outputs => !Target.IsClass ? Target.Names.Count : SingleOutput ? 1 : Target.Classes.Count;

    public int NumericCount => Shift.Length;
    public int CategoryCount => Inputs.Count - NumericCount;

    private const int RowsAtOnce = 32;

    private readonly NumericEncoding[] encodings = [.. Shift.Select(_ => new NumericEncoding())];
    private readonly Piece[] pieces = Divide(Inputs, [.. Shift.Select(_ => new NumericEncoding())]);
    private readonly bool isLinear = true, isUnscaled = Shift.All(s => s == 0) && Scale.All(s => s == 1);

    /// <summary>Fits the preparation of inputs and numeric targets on the given rows.</summary>
    /// <param name="source">The data.</param>
    /// <param name="rows">The training rows; nothing else is looked at.</param>
    /// <param name="scaling">How numeric columns are scaled.</param>
    /// <param name="targetLow">See the record.</param>
    /// <param name="targetHigh">See the record.</param>
    /// <param name="singleOutput">See the record.</param>
    /// <param name="scaleTargets">Whether numeric targets are standardised.</param>
    /// <param name="levels">Numeric columns of 3 up to this many different values are taken for categories, and
    /// constant ones are left out; 0 for neither.</param>
    /// <param name="logTargets">See <see cref="LogTargets"/>.</param>
    /// <exception cref="DownhillException">A number that is infinite, a target that is missing or has no
    /// logarithm.</exception>
    public static Preparation Fit(
        RowSource source, ReadOnlySpan<int> rows, Scaling scaling, double targetLow = 0, double targetHigh = 1,
        bool singleOutput = false, bool scaleTargets = true, int levels = 0, bool logTargets = false)
    {
        ColumnScan scan = new(source, rows, levels, logTargets, ranks: scaling is Scaling.Robust or Scaling.Quantile);
        int columns = scan.Inputs.Columns, targets = scan.Targets.Columns;
        double[] shift = new double[columns], scale = new double[columns];
        Array.Fill(scale, 1);
        if (scaling == Scaling.Standard)
            scan.Inputs.Standardise(shift, scale);
        else if (scaling == Scaling.Common)
            Array.Fill(scale, scan.Inputs.Largest > 0 ? 1 / scan.Inputs.Largest : 1); // nothing but zeros stays so
        NumericEncoding[] encodings = [.. Enumerable.Range(0, columns).Select(scan.Encoding)];
        if (levels > 0 && (source.Inputs.Count > columns
            || Enumerable.Range(0, columns).Any(i => !scan.IsConstant(i))))
            for (int i = 0; i < columns; i++)
                if (scan.IsConstant(i)) encodings[i] = encodings[i] with { IsConstant = true };
        for (int i = 0; i < columns; i++)
        {
            if (scaling == Scaling.Robust)
            {
                (shift[i], scale[i]) = scan.Robust(i);
                encodings[i] = encodings[i] with { Clip = 3 };
            }
            else if (scaling == Scaling.Quantile)
            {
                encodings[i] = scan.Quantiles(i, encodings[i]);
            }
        }
        double[] targetShift = new double[targets], targetScale = new double[targets];
        Array.Fill(targetScale, 1);
        if (scaleTargets)
        {
            scan.Targets.Standardise(targetShift, targetScale);
            for (int i = 0; i < targets; i++) targetScale[i] = 1 / targetScale[i];
        }
        return new(source.Inputs, source.Target, shift, scale, targetShift, targetScale, targetLow, targetHigh,
            singleOutput)
        { Encodings = encodings, LogTargets = logTargets };
    }

    /// <summary>Writes the network's inputs [Width] of one raw row.</summary>
    /// <param name="numeric">Numeric columns in order; NaN is a missing value.</param>
    /// <param name="codes">Category columns in order; −1 (missing or unknown) gives all zeros.</param>
    /// <param name="encoded">[<see cref="Width"/>].</param>
    public void Encode<T>(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes, Span<T> encoded)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Encode(numeric, codes, encoded, 1);

    /// <summary>Whether a numeric column's value is the network's input, unchanged.</summary>
    internal bool TakesNumbersAsTheyAre => isLinear && isUnscaled;

    /// <summary>The same for rows of them, [rows, numeric] and [rows, codes] to [rows, <see cref="Width"/>]; numbers
    /// that are taken as they are may be in their place already.</summary>
    internal void Encode<T>(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes, Span<T> encoded, int rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = NumericCount, c = CategoryCount;
        if (c == 0 && isLinear)
        {
            if (typeof(T) == typeof(float) && TakesNumbersAsTheyAre)
            {
                Span<float> place = MemoryMarshal.Cast<T, float>(encoded);
                if (numeric != place[..numeric.Length]) numeric.CopyTo(place); // not the same memory
            }
            else Standardisation.Apply(numeric, Shift, Scale, encoded);
            return;
        }
        // So few rows at once that they stay in the nearest cache for every piece.
        for (int first = 0; first < rows; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, rows - first);
            ReadOnlySpan<float> numbers = numeric.Slice(first * n, count * n);
            ReadOnlySpan<int> codesOf = codes.Slice(first * c, count * c);
            Span<T> inputs = encoded.Slice(first * Width, count * Width);
            if (c > 0) inputs.Clear();
            foreach (Piece piece in pieces)
            {
                if (piece.Kind == PieceKind.Category) EncodeCategory(piece, codesOf, inputs, count);
                else EncodeNumbers(piece, numbers, inputs, count);
            }
        }
    }

    /// <summary>1 at the input of each row's category, among zeros that are there already.</summary>
    private void EncodeCategory<T>(Piece piece, ReadOnlySpan<int> codes, Span<T> inputs, int rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int c = CategoryCount, width = Width;
        for (int row = 0; row < rows; row++)
            if (codes[row * c + piece.Column] is >= 0 and int code)
                inputs.Slice(row * width + piece.Input, piece.Width)[code] = T.One;
    }

    private void EncodeNumbers<T>(Piece piece, ReadOnlySpan<float> numeric, Span<T> inputs, int rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = NumericCount, width = Width, column = piece.Column;
        if (piece.Kind == PieceKind.Linear)
        {
            ReadOnlySpan<double> shift = Shift.AsSpan(column, piece.Width), scale = Scale.AsSpan(column, piece.Width);
            for (int row = 0; row < rows; row++)
                Standardisation.Apply(numeric.Slice(row * n + column, piece.Width), shift, scale,
                    inputs.Slice(row * width + piece.Input, piece.Width));
            return;
        }
        NumericEncoding encoding = encodings[column];
        for (int row = 0; row < rows; row++)
            encoding.Encode(numeric[row * n + column], Shift[column], Scale[column],
                inputs.Slice(row * width + piece.Input, piece.Width));
    }

    private enum PieceKind
    {
        /// <summary>Number columns side by side, each shifted and scaled and no more.</summary>
        Linear,

        /// <summary>A number column with an encoding of its own.</summary>
        Number,
        Category,
    }

    /// <summary>Columns that are encoded in one way.</summary>
    /// <param name="Kind">The way.</param>
    /// <param name="Column">The first among the numeric columns, or among those of categories.</param>
    /// <param name="Input">Its first input of the network.</param>
    /// <param name="Width">Inputs of all its columns.</param>
    private readonly record struct Piece(PieceKind Kind, int Column, int Input, int Width);

    private static Piece[] Divide(IReadOnlyList<Column> inputs, NumericEncoding[] encodings)
    {
        List<Piece> pieces = [];
        int numeric = 0, categories = 0, at = 0;
        foreach (Column column in inputs)
        {
            bool isNumber = column.Kind == ColumnKind.Numeric;
            PieceKind kind = !isNumber ? PieceKind.Category
                : encodings[numeric].IsLinear ? PieceKind.Linear : PieceKind.Number;
            int width = isNumber ? encodings[numeric].Width : column.Categories.Count;
            // A column without inputs may have been in between.
            if (kind == PieceKind.Linear && pieces.Count > 0 && pieces[^1] is { Kind: PieceKind.Linear } last
                && last.Column + last.Width == numeric)
                pieces[^1] = last with { Width = last.Width + 1 };
            else if (width > 0) pieces.Add(new(kind, isNumber ? numeric : categories, at, width));
            numeric += isNumber ? 1 : 0;
            categories += isNumber ? 0 : 1;
            at += width;
        }
        return [.. pieces];
    }

    /// <summary>The first encoded input that is no finite number, or null.</summary>
    internal int? BrokenColumn<T>(ReadOnlySpan<T> encoded) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < Width; i++)
            if (!T.IsFinite(encoded[i])) return i;
        return null;
    }

    /// <summary>Refuses the number behind an encoded input, by the name of its column.</summary>
    internal void RefuseNumber(int input, ReadOnlySpan<float> row)
    {
        int at = 0, numeric = 0;
        foreach (Column column in Inputs)
        {
            int width = column.Kind == ColumnKind.Numeric ? encodings[numeric].Width : column.Categories.Count;
            if (column.Kind == ColumnKind.Numeric && at <= input && input < at + width)
                Throw.Input($"Row, column '{column.Name}'",
                    float.IsFinite(row[numeric]) ? "a number that scaling keeps finite" : "a finite number",
                        row[numeric].ToString("R", CultureInfo.InvariantCulture),
                    "Fill in what is missing, or leave the row out.");
            numeric += column.Kind == ColumnKind.Numeric ? 1 : 0;
            at += width;
        }
    }

    /// <summary>A name for each input of the network [<see cref="Width"/>]: the column's, with <c>= value</c> for a
    /// category or level and <c>is missing</c> for an indicator.</summary>
    public IEnumerable<string> InputNames()
    {
        int numeric = 0;
        foreach (Column column in Inputs)
        {
            if (column.Kind == ColumnKind.Category)
            {
                foreach (string category in column.Categories) yield return $"{column.Name} = {category}";
                continue;
            }
            NumericEncoding encoding = encodings[numeric++];
            if (encoding.IsConstant) continue;
            if (encoding.Levels.Count == 0) yield return column.Name;
            if (encoding.HasIndicator) yield return $"{column.Name} is missing";
            foreach (float level in encoding.Levels) yield return $"{column.Name} = {Numbers.Text(level)}";
        }
    }

    /// <summary>Writes the targets [<see cref="Outputs"/>] that the network is trained towards.</summary>
    public void EncodeTarget<T>(int classCode, ReadOnlySpan<float> values, Span<T> encoded)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!Target.IsClass)
        {
            for (int i = 0; i < encoded.Length; i++)
                encoded[i] = T.CreateTruncating(
                    ((LogTargets ? PortableMath.Log1P(values[i]) : values[i]) - TargetShift[i]) / TargetScale[i]);
            return;
        }
        T low = T.CreateTruncating(TargetLow), high = T.CreateTruncating(TargetHigh);
        if (SingleOutput)
        {
            encoded[0] = classCode == 1 ? high : low;
            return;
        }
        encoded.Fill(low);
        encoded[classCode] = high;
    }

    /// <summary>The same for rows of them, [rows] or [rows, targets] to [rows, <see cref="Outputs"/>].</summary>
    internal void EncodeTargets<T>(ReadOnlySpan<int> classCodes, ReadOnlySpan<float> values, Span<T> encoded, int rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int outputs = Outputs;
        if (!Target.IsClass || SingleOutput)
        {
            int perRow = Target.IsClass ? 0 : outputs;
            for (int i = 0; i < rows; i++)
                EncodeTarget(perRow == 0 ? classCodes[i] : 0, values.Slice(i * perRow, perRow),
                    encoded.Slice(i * outputs, outputs));
            return;
        }
        T high = T.CreateTruncating(TargetHigh);
        encoded[..(rows * outputs)].Fill(T.CreateTruncating(TargetLow));
        for (int i = 0; i < rows; i++) encoded.Slice(i * outputs, outputs)[classCodes[i]] = high;
    }

    /// <summary>The class that outputs [<see cref="Outputs"/>] stand for: the largest, or for a single output the
    /// nearer target.</summary>
    public int ClassOf<T>(ReadOnlySpan<T> outputs) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (SingleOutput) return double.CreateTruncating(outputs[0]) >= 0.5 * (TargetLow + TargetHigh) ? 1 : 0;
        int best = 0;
        for (int i = 1; i < outputs.Length; i++)
            if (outputs[i] > outputs[best]) best = i;
        return best;
    }

    /// <summary>Whether output <paramref name="output"/> says that a row has its label.</summary>
    internal static bool SaysYes(double output) => output >= 0.5;

    /// <summary>The number, in the target's units, that output <paramref name="output"/> stands for.</summary>
    public double ValueOf(double scaled, int output)
    {
        double value = scaled * TargetScale[output] + TargetShift[output];
        return LogTargets ? PortableMath.Exp(value) - 1 : value;
    }
}
