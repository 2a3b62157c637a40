using System.Text.Json;

namespace Downhill.Playground;

/// <summary>
/// How large gradients, weights and outputs are, layer by layer: where learning is slow or has stopped. Gradients are of the mean
/// loss of the training rows (512 of many) at the present weights.
/// </summary>
internal static class Statistics
{
    private const int Sample = 512;

    /// <summary>Writes <c>statistics</c> and returns the dead units of each layer.</summary>
    public static IReadOnlyList<(int Layer, int Dead, int Units)> Write(Run run, Utf8JsonWriter json)
    {
        int[] rows = run.Fit.Rows.Length <= Sample ? run.Fit.Rows : run.Fit.Rows[..Sample];
        Workspace<float> workspace = new(run.Network, rows.Length);
        new Batcher<float>(run.Fit.Data, rows, run.Preparation, rows.Length).Read(workspace, 0, rows.Length, order: null);
        AlignedBuffer<float> sums = new(run.Spec.ParameterLength);
        run.Network.Forward(workspace, run.State.Parameters, run.State.Buffers, rows.Length, PassMode.Predict);
        run.Network.Evaluate(workspace, rows.Length, weighted: false, withGradient: true);
        run.Network.Backward(workspace, run.State.Parameters, run.State.Buffers, sums, rows.Length, PassMode.Predict, accumulate: false);
        List<(int, int, int)> deadUnits = [];
        json.WriteStartArray("statistics");
        for (int index = 0; index < run.Layers.Count; index++)
        {
            UnitLayer layer = run.Layers[index];
            double gradient = 0, absolute = 0, weightSquares = 0, biasSquares = 0;
            int count = 0;
            foreach (Segment segment in run.Spec.Segments)
            {
                if (UnitLayer.IndexOf(run.Layers, segment.Layer) != index) continue;
                foreach (float g in sums.Span.Slice(segment.Offset, segment.Length))
                {
                    gradient += (double)g * g;
                    absolute += Math.Abs((double)g);
                    count++;
                }
                foreach (float w in run.State.Parameters.Span.Slice(segment.Offset, segment.Length))
                    if (segment.Shape.Role == SegmentRole.Weight) weightSquares += (double)w * w;
                    else if (segment.Shape.Role == SegmentRole.Bias) biasSquares += (double)w * w;
            }
            ReadOnlySpan<float> outputs = workspace.OutputOf(layer.Shown, layer.Units)[..(rows.Length * layer.Units)];
            (double mean, double deviation, double saturated, List<int> dead) = Outputs(outputs, layer);
            deadUnits.Add((index, dead.Count, layer.Units));
            json.WriteStartObject();
            json.WriteNumber("layer", index);
            Reply.WriteNumber(json, "gradientNorm", Math.Sqrt(gradient) / rows.Length);
            Reply.WriteNumber(json, "gradientMean", absolute / count / rows.Length);
            Reply.WriteNumber(json, "weightNorm", Math.Sqrt(weightSquares));
            Reply.WriteNumber(json, "biasNorm", Math.Sqrt(biasSquares));
            Reply.WriteNumber(json, "outputMean", mean);
            Reply.WriteNumber(json, "outputDeviation", deviation);
            json.WriteStartArray("dead");
            foreach (int unit in dead) json.WriteNumberValue(unit);
            json.WriteEndArray();
            Reply.WriteNumber(json, "saturated", saturated);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        return deadUnits;
    }

    private static (double Mean, double Deviation, double Saturated, List<int> Dead) Outputs(ReadOnlySpan<float> outputs, UnitLayer layer)
    {
        double sum = 0, squares = 0;
        int flat = 0, units = layer.Units;
        OutputRange range = layer.Activation.Range;
        // Flat parts: within 2 % of a bound that is reached or approached, on either side.
        double width = range.High - range.Low, low = double.NegativeInfinity, high = double.PositiveInfinity;
        if (double.IsFinite(width)) (low, high) = (range.Low + 0.02 * width, range.High - 0.02 * width);
        else if (layer.Activation.Name == "relu") low = 0;
        float[] least = new float[units], most = new float[units];
        Array.Fill(least, float.PositiveInfinity);
        Array.Fill(most, float.NegativeInfinity);
        for (int i = 0; i < outputs.Length; i++)
        {
            float y = outputs[i];
            sum += y;
            squares += (double)y * y;
            if (y <= low || y >= high) flat++;
            int unit = i % units;
            least[unit] = Math.Min(least[unit], y);
            most[unit] = Math.Max(most[unit], y);
        }
        double mean = sum / outputs.Length, variance = squares / outputs.Length - mean * mean;
        List<int> dead = [];
        if (outputs.Length > units) // one row alone says nothing
            for (int unit = 0; unit < units; unit++)
                if (most[unit] - least[unit] <= 1e-6f * Math.Max(1, Math.Abs(most[unit]))) dead.Add(unit);
        return (mean, Math.Sqrt(Math.Max(0, variance)), (double)flat / outputs.Length, dead);
    }
}
