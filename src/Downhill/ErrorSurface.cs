namespace Downhill;

/// <summary>
/// The cost of a network over two of its weights, all others held (lecture L10): the landscape that gradient descent
/// walks on. Each point is the loss that <see cref="Model.Evaluate"/> gives for the model with these two weights, to
/// the last bit. Not for several threads at once.
/// </summary>
public sealed class ErrorSurface
{
    private readonly Evaluator<float> evaluator;
    private readonly AlignedBuffer<float> parameters, buffers;

    /// <param name="model">Gives the network and the other weights.</param>
    /// <param name="source">Rows the cost is the mean of.</param>
    /// <param name="first">Place of the first weight in <see cref="Model.Parameters"/>; see
    /// <see cref="PlaceOf"/>.</param>
    /// <param name="second">Place of the second one.</param>
    /// <param name="rows">Which rows; null for all.</param>
    /// <exception cref="DownhillException">A place that holds no weight, or one twice.</exception>
    public ErrorSurface(Model model, RowSource source, int first, int second, int[]? rows = null)
    {
        Check(model.Spec, first);
        Check(model.Spec, second);
        if (first == second) Throw.Input("Error surface", "two weights", $"place {first} twice",
            "Choose two different ones.");
        (First, Second) = (first, second);
        parameters = new(model.Spec.ParameterLength);
        buffers = new(model.Spec.BufferLength);
        model.Parameters.CopyTo(parameters.Span);
        model.Buffers.CopyTo(buffers.Span);
        evaluator = new(new Network<float>(model.Spec, model.Loss, model.Arithmetic), source,
            rows ?? [.. Enumerable.Range(0, source.Rows)], model.Preparation);
        Start = (parameters.Span[first], parameters.Span[second]);
    }

    public int First { get; }
    public int Second { get; }

    /// <summary>The model's own two weights.</summary>
    public (float First, float Second) Start { get; }

    /// <summary>Mean of the rows' costs Lʳ with these two weights.</summary>
    public double Cost(float first, float second)
    {
        (parameters.Span[First], parameters.Span[Second]) = (first, second);
        return evaluator.Measure(parameters, buffers).Loss;
    }

    /// <summary>The costs on a grid.</summary>
    /// <param name="first">Values of the first weight.</param>
    /// <param name="second">Values of the second one.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>[first, second].</returns>
    public double[,] Grid(ReadOnlySpan<float> first, ReadOnlySpan<float> second,
        CancellationToken cancellation = default)
    {
        double[,] costs = new double[first.Length, second.Length];
        for (int i = 0; i < first.Length; i++)
            for (int j = 0; j < second.Length; j++)
            {
                cancellation.ThrowIfCancellationRequested();
                costs[i, j] = Cost(first[i], second[j]);
            }
        return costs;
    }

    /// <summary>Values from low to high, both included, at equal distances.</summary>
    public static float[] Range(double low, double high, int count)
    {
        if (count < 2) Throw.Input("Error surface", "at least 2 values", $"{count}", "Use 41, for example.");
        return [.. Enumerable.Range(0, count).Select(i => (float)(low + (high - low) * i / (count - 1)))];
    }

    /// <summary>Place of the weight from input (or unit below) <paramref name="from"/> to unit <paramref name="unit"/>
    /// of a layer; −1 for <paramref name="from"/> is the unit's bias.</summary>
    /// <exception cref="DownhillException">No such link.</exception>
    public static int PlaceOf(NetworkSpec spec, int layer, int from, int unit)
    {
        SegmentRole role = from < 0 ? SegmentRole.Bias : SegmentRole.Weight;
        Segment? segment = spec.Segments.FirstOrDefault(s => s.Layer == layer && s.Shape.Role == role);
        int row = Math.Max(from, 0);
        if (segment is null || row >= segment.Shape.Rows || (uint)unit >= (uint)segment.Shape.Columns
            || !(segment.Shape.Mask?[row, unit] ?? true))
            Throw.Input($"Network {spec}", from < 0 ? "a unit with a bias" : "a link",
                $"layer {layer}, from {from} to unit {unit}", "Layers, inputs and units are counted from 0.");
        return segment.Offset + row * segment.Shape.Columns + unit;
    }

    private static void Check(NetworkSpec spec, int place)
    {
        foreach (Segment segment in spec.Segments)
        {
            int i = place - segment.Offset;
            if ((uint)i < (uint)segment.Length
                && (segment.Shape.Mask?[i / segment.Shape.Columns, i % segment.Shape.Columns] ?? true)) return;
        }
        Throw.Input($"Network {spec}", "the place of a weight", $"{place}", "Ask ErrorSurface.PlaceOf for it.");
    }
}
