using Downhill.Kernels;

namespace Downhill;

/// <summary>What is done after training so that probabilities mean what they say.</summary>
public enum Calibration
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One factor on the output layer's fields, 1/T, with the lowest log loss on the validation part
    /// (<see cref="TemperatureScaling"/>).</summary>
    Temperature,
}

/// <summary>What calibration changed, measured on the validation part that it was fitted on.</summary>
/// <param name="Temperature">T: above 1 the network was too sure, below 1 not sure enough.</param>
/// <param name="Rows">Validation rows.</param>
/// <param name="LogLossBefore">Mean of −ln p of the right class (of labels, of all right answers of a row) before.
/// </param>
/// <param name="LogLossAfter">The same after.</param>
/// <param name="ErrorBefore">Expected calibration error before.</param>
/// <param name="ErrorAfter">The same after.</param>
public sealed record CalibrationReport(
    double Temperature, int Rows, double LogLossBefore, double LogLossAfter, double ErrorBefore, double ErrorAfter);

/// <summary>
/// Temperature scaling (Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, ICML 2017, §4.2): the
/// fields z of the output layer are divided by one number T &gt; 0, so that the answers stay and only how sure they are
/// changes. T has the lowest log loss on rows that no weight was learned from.
/// </summary>
/// <remarks>
/// In β = 1/T the log loss is convex: for a row with field vector z and class k, L(β) = ln Σⱼ exp(β·zⱼ) − β·z_k; for a
/// sigmoid unit with target t, L(β) = ln(1 + exp(β·z)) − t·β·z. So its derivative has one zero, found by halving, in
/// double and in the order of the rows. There is none where every answer is right (the surer the better, without end)
/// nor where the fields are no better than none: then T stays 1.
/// </remarks>
public static class TemperatureScaling
{
    /// <summary>T is looked for from 1/<see cref="Limit"/> to <see cref="Limit"/>.</summary>
    private const double Limit = 1024;

    /// <summary>The temperature of fields of exclusive classes.</summary>
    /// <param name="fields">[rows, classes].</param>
    /// <param name="classes">[rows].</param>
    /// <param name="weights">[rows], or empty for 1 each.</param>
    /// <returns>T, or null where none is best.</returns>
    public static double? OfClasses(ReadOnlySpan<double> fields, ReadOnlySpan<int> classes,
        ReadOnlySpan<double> weights = default)
    {
        int width = fields.Length / Math.Max(1, classes.Length);
        double[] z = fields.ToArray(), w = weights.ToArray();
        int[] own = classes.ToArray();
        return Minimum(beta =>
        {
            double slope = 0;
            for (int row = 0; row < own.Length; row++)
            {
                ReadOnlySpan<double> field = z.AsSpan(row * width, width);
                double largest = double.NegativeInfinity, sum = 0, mean = 0;
                foreach (double value in field) largest = Math.Max(largest, value);
                foreach (double value in field)
                {
                    double share = PortableMath.Exp(beta * (value - largest));
                    sum += share;
                    mean += share * value;
                }
                slope += (w.Length == 0 ? 1 : w[row]) * (mean / sum - field[own[row]]);
            }
            return slope;
        });
    }

    /// <summary>The temperature of fields of units that each say yes or no.</summary>
    /// <param name="fields">[rows, units].</param>
    /// <param name="targets">[rows, units], 0 or 1.</param>
    /// <param name="weights">[rows], or empty for 1 each.</param>
    /// <returns>T, or null where none is best.</returns>
    public static double? OfUnits(ReadOnlySpan<double> fields, ReadOnlySpan<double> targets,
        ReadOnlySpan<double> weights = default)
    {
        double[] z = fields.ToArray(), t = targets.ToArray(), w = weights.ToArray();
        int width = w.Length == 0 ? 1 : Math.Max(1, z.Length / w.Length);
        return Minimum(beta =>
        {
            double slope = 0;
            for (int i = 0; i < z.Length; i++)
                slope += (w.Length == 0 ? 1 : w[i / width]) * (PortableMath.Sigmoid(beta * z[i]) - t[i]) * z[i];
            return slope;
        });
    }

    /// <summary>1/β where an increasing slope is zero.</summary>
    private static double? Minimum(Func<double, double> slope)
    {
        double low = 1 / Limit, high = Limit;
        if (!(slope(low) < 0) || !(slope(high) > 0)) return null;
        while (true)
        {
            double middle = 0.5 * (low + high);
            if (middle <= low || middle >= high) return 1 / middle;
            if (slope(middle) < 0) low = middle;
            else high = middle;
        }
    }

    /// <summary>Whether a model's outputs can be calibrated: softmax, or sigmoid units of two classes or labels, of a
    /// dense layer.</summary>
    internal static bool Fits(NetworkSpec network, Preparation preparation) =>
        network.Layers[^1] is Dense && (preparation.Target.IsClass
            ? network.Output.Name == "softmax" || (preparation.SingleOutput && IsSigmoid(network.Output))
            : preparation.Target.IsMultiLabel && IsSigmoid(network.Output));

    /// <summary>1/(1 + exp(−v)), and no other of its family.</summary>
    private static bool IsSigmoid(Activation output) => output.ToString() == Activations.Sigmoid().ToString();

    /// <summary>The temperature of a model on rows; null where none is best.</summary>
    internal static double? Of(Model model, RowSource source, int[] rows)
    {
        Preparation preparation = model.Preparation;
        int width = preparation.Outputs;
        List<Layer> layers = [.. model.Spec.Layers];
        Dense last = (Dense)layers[^1];
        layers[^1] = last with { Activation = Activations.Identity };
        Model fieldsOf = new(new NetworkSpec(model.Spec.Inputs, layers), preparation, Losses.Euclidean,
            model.ParameterBuffer, model.RunningBuffer, model.Arithmetic);
        double[] fields = new double[rows.Length * width];
        fieldsOf.Evaluate(source, rows, (place, _, outputs) =>
        {
            for (int i = 0; i < width; i++) fields[place * width + i] = outputs[i];
        });
        bool isClass = preparation.Target.IsClass;
        int targets = isClass ? 0 : width;
        float[] numeric = new float[rows.Length * preparation.NumericCount], values = new float[rows.Length * targets],
            weights = new float[rows.Length];
        int[] codes = new int[rows.Length * preparation.CategoryCount], classes = new int[isClass ? rows.Length : 0];
        source.Read(rows, numeric, codes, classes, values, weights);
        double[] counts = [.. weights.Select(v => (double)v)];
        if (isClass && !preparation.SingleOutput) return OfClasses(fields, classes, counts);
        return OfUnits(fields, isClass ? [.. classes.Select(c => (double)c)] : [.. values.Select(v => (double)v)],
            counts);
    }

    /// <summary>The model with the fields of its output layer divided by T: its weights and biases are, so that
    /// everything that answers with them is calibrated.</summary>
    internal static Model Apply(Model model, double temperature)
    {
        AlignedBuffer<float> parameters = new(model.Spec.ParameterLength);
        model.Parameters.CopyTo(parameters.Span);
        int last = model.Spec.Layers.Count - 1;
        foreach (Segment segment in model.Spec.Segments)
            if (segment.Layer == last)
                foreach (ref float value in parameters.Span.Slice(segment.Offset, segment.Length))
                    value = (float)(value / temperature);
        return new(model.Spec, model.Preparation, model.Loss, parameters, model.RunningBuffer, model.Arithmetic)
        {
            Training = model.Training, Image = model.Image, Temperature = temperature,
        };
    }
}
