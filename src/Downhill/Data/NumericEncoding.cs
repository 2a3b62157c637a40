using System.Numerics;

namespace Downhill;

/// <summary>
/// How a number of a numeric column reaches the network, in this order: a missing value (NaN) is replaced, quantile
/// landmarks are applied where there are any, z = (x − shift)·scale with the column's shift and scale, the soft clip.
/// Inputs, in this order: z, where the column has no levels; 1 for a missing value, else 0, where some were missing;
/// and for each level 1 where the raw number is that one, else 0.
/// </summary>
public sealed record NumericEncoding
{
    /// <summary>Stands for a missing value: the median of the training rows. NaN where none was missing: then a missing
    /// value is refused, by the column's name.</summary>
    public double Fill { get; init; } = double.NaN;

    /// <summary>Whether there is an input that says that the value was missing.</summary>
    public bool HasIndicator { get; init; }

    /// <summary>c of z/√(1 + (z/c)²), which keeps z within ±c; 0 for none.</summary>
    public double Clip { get; init; }

    /// <summary>Landmarks in the column's units, ascending; empty for none.</summary>
    public IReadOnlyList<double> Landmarks
    {
        get => landmarks;
        init => landmarks = value as double[] ?? [.. value];
    }

    /// <summary>What the landmarks become; straight lines between them, and nothing beyond the first and the
    /// last.</summary>
    public IReadOnlyList<double> Places
    {
        get => places;
        init => places = value as double[] ?? [.. value];
    }

    /// <summary>The values of a column of few, taken for categories; another number gives zeros.</summary>
    public IReadOnlyList<float> Levels
    {
        get => levels;
        init => levels = value as float[] ?? [.. value];
    }

    /// <summary>Whether the column has no input at all: it was the same number in all training rows.</summary>
    public bool IsConstant { get; init; }

    // Arrays: a call through an interface for every value costs more than the encoding.
    private readonly double[] landmarks = [], places = [];
    private readonly float[] levels = [];

    /// <summary>Inputs of the network for this column.</summary>
    public int Width => IsConstant ? 0 : (levels.Length == 0 ? 1 : levels.Length) + (HasIndicator ? 1 : 0);

    /// <summary>Whether z = (x − shift)·scale is all there is.</summary>
    public bool IsLinear => Clip == 0 && landmarks.Length == 0 && levels.Length == 0
        && double.IsNaN(Fill) && !HasIndicator && !IsConstant;

    /// <summary>Writes the inputs [<see cref="Width"/>] for one raw number.</summary>
    internal void Encode<T>(float raw, double shift, double scale, Span<T> inputs)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (IsConstant) return;
        bool missing = float.IsNaN(raw);
        int at = 0;
        if (levels.Length == 0)
        {
            double x = missing ? Fill : raw;
            double z = (Placed(x) - shift) * scale;
            if (Clip != 0) z /= Math.Sqrt(1 + z / Clip * (z / Clip));
            inputs[at++] = T.CreateTruncating(z);
        }
        if (HasIndicator) inputs[at++] = missing ? T.One : T.Zero;
        bool isRefused = float.IsInfinity(raw) || (missing && !HasIndicator);
        for (int i = 0; i < levels.Length; i++)
            inputs[at++] = isRefused ? T.NaN : levels[i] == raw ? T.One : T.Zero;
    }

    /// <summary>The place of a number between the landmarks; itself where there are none.</summary>
    internal double Placed(double x)
    {
        int high = landmarks.Length - 1;
        if (high < 0 || double.IsNaN(x)) return x;
        if (x <= landmarks[0]) return places[0];
        if (x >= landmarks[high]) return places[high];
        int low = 0;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (landmarks[middle] <= x) low = middle;
            else high = middle;
        }
        return places[low] + (places[high] - places[low]) * ((x - landmarks[low]) / (landmarks[high] - landmarks[low]));
    }
}
