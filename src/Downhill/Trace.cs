using Downhill.Graph;

namespace Downhill;

/// <summary>One unit of a layer, on one example: y = φ(v), v = u + b, u = Σ wᵢ·xᵢ (lecture L1).</summary>
/// <param name="Links">Numbers i of the inputs that are linked to the unit, ascending.</param>
/// <param name="Weights">wᵢ, one per link.</param>
/// <param name="Sum">u.</param>
/// <param name="Bias">b; null for a unit without one.</param>
/// <param name="Field">v.</param>
/// <param name="Output">y.</param>
public sealed record UnitTrace(
    IReadOnlyList<int> Links, IReadOnlyList<double> Weights, double Sum, double? Bias, double Field, double Output)
{
    /// <summary>s of u = s·Σ wᵢ·xᵢ (<see cref="ForwardScale"/>).</summary>
    public double Scale { get; init; } = 1;
}

/// <summary>One feature of batch normalisation: v = γ·x̂ + β, x̂ = (x − mean)/deviation, y = φ(v).</summary>
public sealed record NormTrace(
    double Mean, double Deviation, double Normalised, double Scale, double Shift, double Field, double Output);

/// <summary>One layer, on one example.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Inputs">x, one per input.</param>
/// <param name="Outputs">y, one per output.</param>
/// <param name="Units">Of a Dense layer, one per unit; else empty.</param>
/// <param name="Norms">Of a BatchNorm layer, one per feature; else empty.</param>
public sealed record LayerTrace(
    Layer Layer, IReadOnlyList<double> Inputs, IReadOnlyList<double> Outputs, IReadOnlyList<UnitTrace> Units,
        IReadOnlyList<NormTrace> Norms);

/// <summary>
/// Every number of one prediction, worked out in double by plain loops from the model's own weights and from the
/// activations' and losses' definitions. Shares nothing with the fast path, which it therefore checks.
/// </summary>
public sealed class Trace
{
    private Trace(Model model, double[] inputs, IReadOnlyList<LayerTrace> layers) =>
        (Model, Inputs, Layers) = (model, inputs, layers);

    public Model Model { get; }

    /// <summary>The network's inputs: the raw row, prepared.</summary>
    public IReadOnlyList<double> Inputs { get; }

    /// <summary>From the first layer to the last.</summary>
    public IReadOnlyList<LayerTrace> Layers { get; }

    /// <summary>The network's outputs, not yet in the target's units.</summary>
    public IReadOnlyList<double> Outputs => Layers[^1].Outputs;

    /// <summary>Follows one raw row through the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="row">Numeric columns in order.</param>
    /// <param name="codes">Category columns in order.</param>
    /// <exception cref="DownhillException">A wrong number of values, or one that is not finite.</exception>
    public static Trace Of(Model model, ReadOnlySpan<float> row, ReadOnlySpan<int> codes = default)
    {
        Preparation preparation = model.Preparation;
        if (row.Length != preparation.NumericCount || codes.Length != preparation.CategoryCount)
            Throw.Input("Row", $"{preparation.NumericCount} numbers and {preparation.CategoryCount} categories",
                $"{row.Length} and {codes.Length}", "Give the columns the model was trained on.");
        double[] inputs = new double[preparation.Width], x = inputs;
        preparation.Encode(row, codes, inputs);
        if (preparation.BrokenColumn<double>(inputs) is int broken) preparation.RefuseNumber(broken, row);
        List<LayerTrace> layers = [];
        int buffer = 0;
        for (int index = 0; index < model.Spec.Layers.Count; index++)
        {
            Layer layer = model.Spec.Layers[index];
            LayerTrace trace = layer switch
            {
                Dense dense => Of(dense, Tensors(model, index), x),
                BatchNorm norm => Of(norm, Tensors(model, index), model.Buffers[buffer..], x),
                Dropout => new(layer, x, x, [], []), // only in training
                _ => new(layer, x, Defined(layer, Tensors(model, index), x), [], []),
            };
            buffer += layer.BufferLength(x.Length);
            layers.Add(trace);
            x = [.. trace.Outputs];
        }
        return new(model, inputs, layers);
    }

    /// <summary>Lʳ of these outputs for a target coded as in training (see <see
    /// cref="Preparation.EncodeTarget"/>).</summary>
    public double Cost(ReadOnlySpan<double> target)
    {
        double[,] y = RowOf([.. Outputs]), t = RowOf(target.ToArray());
        return Value(Model.Loss.Define(Expr.Constant(y), Expr.Constant(t)))[0, 0];
    }

    /// <summary>Any other layer by its definition; its tensors are rows.</summary>
    private static double[] Defined(Layer layer, float[][] tensors, double[] x)
    {
        double[,] y = Value(layer.Define(Expr.Constant(RowOf(x)),
            [.. tensors.Select(t => Expr.Constant(RowOf([.. t.Select(v => (double)v)])))], []));
        return [.. Enumerable.Range(0, y.GetLength(1)).Select(i => y[0, i])];
    }

    private static LayerTrace Of(Dense layer, float[][] tensors, double[] x)
    {
        int units = layer.Units;
        double[] fields = new double[units];
        List<UnitTrace> traces = [];
        for (int unit = 0; unit < units; unit++)
        {
            int[] links = [.. Enumerable.Range(0, x.Length).Where(i => layer.Connections?[i, unit] ?? true)];
            double[] weights = [.. links.Select(i => (double)tensors[0][i * units + unit])];
            double sum = 0;
            for (int k = 0; k < links.Length; k++) sum += weights[k] * x[links[k]];
            double scale = layer.SumFactor(x.Length, unit);
            sum *= scale;
            double? bias = layer.HasBias ? tensors[1][unit] : null;
            fields[unit] = sum + (bias ?? 0);
            traces.Add(new(links, weights, sum, bias, fields[unit], 0) { Scale = scale });
        }
        double[] y = Apply(layer.Activation, fields);
        return new(layer, x, y, [.. traces.Select((t, unit) => t with { Output = y[unit] })], []);
    }

    private static LayerTrace Of(BatchNorm layer, float[][] tensors, ReadOnlySpan<float> statistics, double[] x)
    {
        double[] fields = new double[x.Length];
        List<NormTrace> traces = [];
        for (int i = 0; i < x.Length; i++)
        {
            double mean = statistics[i], deviation = Math.Sqrt(statistics[x.Length + i] + layer.Epsilon);
            double normalised = (x[i] - mean) / deviation;
            fields[i] = tensors[0][i] * normalised + tensors[1][i];
            traces.Add(new(mean, deviation, normalised, tensors[0][i], tensors[1][i], fields[i], 0));
        }
        double[] y = Apply(layer.Activation, fields);
        return new(layer, x, y, [], [.. traces.Select((t, i) => t with { Output = y[i] })]);
    }

    private static float[][] Tensors(Model model, int layer)
    {
        List<float[]> tensors = [];
        foreach (Segment segment in model.Spec.Segments)
            if (segment.Layer == layer) tensors.Add(model.Parameters.Slice(segment.Offset, segment.Length).ToArray());
        return [.. tensors];
    }

    private static double[] Apply(Activation activation, double[] fields)
    {
        double[,] y = Value(activation.Define(Expr.Constant(RowOf(fields))));
        double[] outputs = new double[fields.Length];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = y[0, i];
        return outputs;
    }

    private static double[,] Value(Expr expression) => expression.Evaluate()[expression];

    private static double[,] RowOf(double[] values)
    {
        double[,] row = new double[1, values.Length];
        for (int i = 0; i < values.Length; i++) row[0, i] = values[i];
        return row;
    }
}
