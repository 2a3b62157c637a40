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
    /// <summary>Inputs of the network: one per numeric column, one per category of a category column.</summary>
    public int Width { get; } = Inputs.Sum(c => c.Kind == ColumnKind.Numeric ? 1 : c.Categories.Count);

    /// <summary>Outputs of the network.</summary>
    public int Outputs => !Target.IsClass ? Target.Names.Count : SingleOutput ? 1 : Target.Classes.Count;

    public int NumericCount => Shift.Length;
    public int CategoryCount => Inputs.Count - NumericCount;

    /// <summary>Fits the scaling of inputs and numeric targets on the given rows.</summary>
    public static Preparation Fit(
        RowSource source, ReadOnlySpan<int> rows, Scaling scaling, double targetLow = 0, double targetHigh = 1,
        bool singleOutput = false, bool scaleTargets = true)
    {
        int columns = source.Inputs.Count(c => c.Kind == ColumnKind.Numeric);
        int targets = source.Target.IsClass ? 0 : source.Target.Names.Count;
        Moments inputs = new(columns), values = new(targets);
        float[] numeric = new float[columns], target = new float[targets];
        int[] codes = new int[source.Inputs.Count - columns], classes = new int[source.Target.IsClass ? 1 : 0];
        float[] weight = new float[source.HasWeights ? 1 : 0];
        foreach (int row in rows)
        {
            source.Read([row], numeric, codes, classes, target, weight);
            double counts = weight.Length == 0 ? 1 : weight[0];
            inputs.Add(numeric, counts);
            values.Add(target, counts);
        }
        if (rows.Length > 0 && inputs.Weight == 0)
            Throw.Input("Training data", "at least 1 row with a weight above 0", "weights of 0 only",
                "Check the weights.");
        double[] shift = new double[columns], scale = new double[columns];
        Array.Fill(scale, 1);
        if (scaling == Scaling.Standard)
            inputs.Standardise(shift, scale);
        else if (scaling == Scaling.Common)
            Array.Fill(scale, inputs.Largest > 0 ? 1 / inputs.Largest : 1); // nothing but zeros stays so
        double[] targetShift = new double[targets], targetScale = new double[targets];
        Array.Fill(targetScale, 1);
        if (scaleTargets)
        {
            values.Standardise(targetShift, targetScale);
            for (int i = 0; i < targets; i++) targetScale[i] = 1 / targetScale[i];
        }
        return new(source.Inputs, source.Target, shift, scale, targetShift, targetScale, targetLow, targetHigh,
            singleOutput);
    }

    /// <summary>Writes the network's inputs [Width] of one raw row.</summary>
    /// <param name="numeric">Numeric columns in order.</param>
    /// <param name="codes">Category columns in order; −1 (missing or unknown) gives all zeros.</param>
    /// <param name="encoded">[<see cref="Width"/>].</param>
    public void Encode<T>(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes, Span<T> encoded)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (codes.IsEmpty)
        {
            for (int i = 0; i < numeric.Length; i++)
                encoded[i] = Scaled<T>(numeric[i], i);
            return;
        }
        int n = 0, c = 0, at = 0;
        foreach (Column column in Inputs)
        {
            if (column.Kind == ColumnKind.Numeric)
            {
                encoded[at++] = Scaled<T>(numeric[n], n);
                n++;
                continue;
            }
            Span<T> oneHot = encoded.Slice(at, column.Categories.Count);
            oneHot.Clear();
            if (codes[c] >= 0) oneHot[codes[c]] = T.One;
            c++;
            at += oneHot.Length;
        }
    }

    /// <summary>Whether a numeric column's value is the network's input, unchanged.</summary>
    internal bool TakesNumbersAsTheyAre { get; } = Shift.All(s => s == 0) && Scale.All(s => s == 1);

    /// <summary>The same for rows of them, [rows, numeric] and [rows, codes] to [rows, <see cref="Width"/>]; numbers
    /// that are taken as they are may be in their place already.</summary>
    internal void Encode<T>(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes, Span<T> encoded, int rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = NumericCount, c = CategoryCount;
        if (c == 0)
        {
            if (typeof(T) == typeof(float) && TakesNumbersAsTheyAre) numeric.CopyTo(
                MemoryMarshal.Cast<T, float>(encoded));
            else Standardisation.Apply(numeric, Shift, Scale, encoded);
            return;
        }
        for (int row = 0; row < rows; row++)
            Encode(numeric.Slice(row * n, n), codes.Slice(row * c, c), encoded.Slice(row * Width, Width));
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
            if (column.Kind == ColumnKind.Numeric && at == input)
                Throw.Input($"Row, column '{column.Name}'",
                    float.IsFinite(row[numeric]) ? "a number that scaling keeps finite" : "a finite number",
                        row[numeric].ToString("R", CultureInfo.InvariantCulture),
                    "Fill in what is missing, or leave the row out.");
            numeric += column.Kind == ColumnKind.Numeric ? 1 : 0;
            at += column.Kind == ColumnKind.Numeric ? 1 : column.Categories.Count;
        }
    }

    private T Scaled<T>(float value, int column) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        T.CreateTruncating((value - Shift[column]) * Scale[column]);

    /// <summary>Writes the targets [<see cref="Outputs"/>] that the network is trained towards.</summary>
    public void EncodeTarget<T>(int classCode, ReadOnlySpan<float> values, Span<T> encoded)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!Target.IsClass)
        {
            for (int i = 0; i < encoded.Length; i++)
                encoded[i] = T.CreateTruncating((values[i] - TargetShift[i]) / TargetScale[i]);
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

    /// <summary>The number, in the target's units, that output <paramref name="output"/> stands for.</summary>
    public double ValueOf(double scaled, int output) => scaled * TargetScale[output] + TargetShift[output];

    /// <summary>Mean and deviation by Welford's method (Knuth, TAOCP 2, §4.2.2; with weights: West, CACM 22, 1979),
    /// column by column.</summary>
    private sealed class Moments(int columns)
    {
        private readonly double[] mean = new double[columns], squares = new double[columns];
        public double Largest { get; private set; }

        /// <summary>Sum of the rows' weights.</summary>
        public double Weight { get; private set; }

        public void Add(ReadOnlySpan<float> row, double weight)
        {
            if (weight == 0) return;
            Weight += weight;
            for (int i = 0; i < row.Length; i++)
            {
                double delta = row[i] - mean[i];
                mean[i] += weight * delta / Weight;
                squares[i] += weight * delta * (row[i] - mean[i]);
                Largest = Math.Max(Largest, Math.Abs(row[i]));
            }
        }

        /// <summary>Shift = mean and scale = 1/deviation; a constant column keeps scale 1 and becomes 0.</summary>
        public void Standardise(double[] shift, double[] scale)
        {
            for (int i = 0; i < shift.Length; i++)
            {
                double deviation = Weight == 0 ? 0 : Math.Sqrt(squares[i] / Weight);
                shift[i] = mean[i];
                scale[i] = deviation > 1e-12 * Math.Max(1e-30, Math.Abs(mean[i])) ? 1 / deviation : 1;
            }
        }
    }
}
