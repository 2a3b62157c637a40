namespace Downhill;

/// <summary>
/// Factors on the learning rate, so that layers learn at the same pace (lecture L18): one per layer, smaller in the
/// last layers, or LeCun's η ∝ 1/√(inputs of the unit), per unit where links are missing (LeCun et al., Efficient
/// BackProp, 1998, §4.7); or one per kind of parameter, whatever the layer. Penalties and decay, which are scaled by
/// the rate, follow.
/// </summary>
public sealed class LayerRates : IEquatable<LayerRates>
{
    private readonly double[] factors;

    private readonly (SegmentRole Role, double Factor)[] kinds = [];

    private LayerRates(double[] factors, bool isLeCun) => (this.factors, IsLeCun) = (factors, isLeCun);

    private LayerRates((SegmentRole, double)[] kinds) : this([], isLeCun: false) => this.kinds = kinds;

    /// <summary>1/√(inputs of the unit), of its links only where not fully connected; a unit's bias goes with its
    /// weights.</summary>
    public static LayerRates LeCun { get; } = new([], isLeCun: true);

    /// <summary>Whether this is <see cref="LeCun"/>.</summary>
    public bool IsLeCun { get; }

    /// <summary>One factor per Dense layer, in order; empty for <see cref="LeCun"/>.</summary>
    public IReadOnlyList<double> Factors => factors;

    /// <summary>One factor per Dense layer from the first to the output; a normalisation goes with the layer before it.
    /// 0 holds a layer still.</summary>
    /// <exception cref="DownhillException">A factor below 0 or not finite, or none.</exception>
    public static LayerRates Of(params IReadOnlyList<double> factors)
    {
        if (factors.Count == 0) Throw.Input("Layer learning rates", "a factor per layer", "none",
            "Write, for example, 1,0.5.");
        foreach (double factor in factors)
            if (!(factor >= 0 && factor <= 1e6))
                Throw.Input("Layer learning rates", "factors from 0 up to 1000000", Numbers.Text(factor),
                    "1 leaves a layer as it is.");
        return new([.. factors], isLeCun: false);
    }

    /// <summary>A factor for every parameter of a kind; those not named have 1.</summary>
    /// <exception cref="DownhillException">A factor below 0 or not finite, or none.</exception>
    public static LayerRates Of(params IReadOnlyList<(SegmentRole Kind, double Factor)> kinds)
    {
        _ = Of([.. kinds.Select(k => k.Factor)]);
        return new([.. kinds]);
    }

    /// <summary>Reads <c>lecun</c>, <c>1,0.5,0.1</c> or <c>bias=0.1,scale=6</c> (kinds: weight, bias, scale,
    /// shift).</summary>
    /// <exception cref="DownhillException">Something else.</exception>
    public static LayerRates Parse(string text)
    {
        if (string.Equals(text.Trim(), "lecun", StringComparison.OrdinalIgnoreCase)) return LeCun;
        List<double> factors = [];
        List<(SegmentRole, double)> kinds = [];
        foreach (string part in text.Split(','))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            int kind = pair.Length == 1 ? -1 : Array.IndexOf(Kinds, pair[0].ToLowerInvariant());
            if (!Numbers.TryParse(pair[^1], out double factor) || (pair.Length == 2 && kind < 0)
                || (pair.Length == 2 ? factors.Count > 0 : kinds.Count > 0))
                Throw.Input("Layer learning rates",
                    "'lecun', a factor per layer such as 1,0.5, or per kind such as bias=0.1,scale=6",
                    $"'{part.Trim()}'", "Separate the factors by commas; the kinds are weight, bias, scale and shift.");
            if (pair.Length == 1) factors.Add(factor);
            else kinds.Add(((SegmentRole)kind, factor));
        }
        return kinds.Count > 0 ? Of(kinds) : Of(factors);
    }

    private static readonly string[] Kinds = ["weight", "bias", "scale", "shift"];

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => IsLeCun ? "lecun"
        : kinds.Length > 0 ? string.Join(",", kinds.Select(k => $"{Kinds[(int)k.Role]}={Numbers.Text(k.Factor)}"))
        : string.Join(",", factors.Select(Numbers.Text));

    /// <exception cref="DownhillException">Not one factor per Dense layer.</exception>
    internal void Check(NetworkSpec spec)
    {
        int layers = spec.Layers.Count(l => l is Dense);
        if (!IsLeCun && kinds.Length == 0 && factors.Length != layers)
            Throw.Input($"Layer learning rates of network {spec}", $"{layers} factors, one per layer of weights",
                $"{factors.Length}", "Count the output layer too.");
    }

    /// <summary>Factor of each segment as a whole, and per element [parameter length] where units of a segment differ,
    /// else null.</summary>
    internal (double[] Segments, AlignedBuffer<T>? Elements) For<T>(NetworkSpec spec)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        double[] segments = new double[spec.Segments.Count];
        AlignedBuffer<T>? elements = null;
        for (int s = 0; s < segments.Length; s++)
        {
            Segment segment = spec.Segments[s];
            if (kinds.Length > 0)
            {
                segments[s] = kinds.Where(k => k.Role == segment.Shape.Role).Select(k => k.Factor).LastOrDefault(1);
                continue;
            }
            int dense = Enumerable.Range(0, segment.Layer + 1).Last(l => l == 0 || spec.Layers[l] is Dense);
            Dense? layer = spec.Layers[dense] as Dense;
            // A normalisation before every Dense layer counts with the first.
            segments[s] = !IsLeCun ? factors[Math.Max(0, spec.Layers.Take(dense + 1).Count(l => l is Dense) - 1)]
                : 1 / Math.Sqrt(layer is null ? 1 : spec.InputsOf(dense));
            if (!IsLeCun || layer?.Connections is not ConnectionMask mask) continue;
            segments[s] = 1;
            elements ??= Ones<T>(spec.ParameterLength);
            for (int i = 0; i < segment.Length; i++)
                elements.Span[segment.Offset + i] =
                    T.CreateTruncating(1 / Math.Sqrt(Math.Max(1, mask.FanIn(i % segment.Shape.Columns))));
        }
        return (segments, elements);
    }

    private static AlignedBuffer<T> Ones<T>(int length)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        AlignedBuffer<T> ones = new(length);
        ones.Span.Fill(T.One);
        return ones;
    }

    public bool Equals(LayerRates? other) => other is not null && other.ToString() == ToString();
    public override bool Equals(object? obj) => Equals(obj as LayerRates);
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());
}
