using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>A choice of learning rates.</summary>
/// <param name="LearningRate">η.</param>
/// <param name="Factors">On η, layer by layer; null for 1 each.</param>
internal sealed record Rates(double LearningRate, LayerRates? Factors);

/// <summary>
/// The same network trained with several choices of learning rates (lecture L18), from its present weights, in copies.
/// Reply per choice k: block <c>way</c>k f64 [points, 2 + 3·layers]: update, mean loss of the training rows, then of
/// each layer the root mean square of its gradient (of that loss, by its weights and biases), of its weights and
/// biases, and of what the next update changes them by (NaN after the last); <c>ways</c> [{<c>factors</c> of each
/// layer,
/// <c>rates</c> η times these, <c>loss</c> at the end, <c>updates</c>, <c>diverged</c>}].
/// </summary>
internal sealed record RatesCommand(IReadOnlyList<Rates> Ways, int Updates, int Every) : Command
{
    private const int MostWays = 8, MostUpdates = 5000, MostPoints = 500;

    public static RatesCommand Parse(Fields fields)
    {
        JsonElement ways = fields.Needed("ways");
        if (ways.ValueKind != JsonValueKind.Array || ways.GetArrayLength() is < 1 or > MostWays)
            Throw.Input("Request 'rates', field 'ways'", $"a list of 1 to {MostWays}", "something else",
                "Write [{\"learningRate\": 0.1}, {\"learningRate\": 0.1, \"factors\": \"lecun\"}].");
        int updates = (int)fields.Whole("updates", 1, MostUpdates, 200),
            every = (int)fields.Whole("every", 1, MostUpdates, Math.Max(1, updates / 50));
        if (updates / every > MostPoints)
            Throw.Input("Request 'rates', field 'every'", $"at most {MostPoints} points", $"{updates / every}",
                "Look less often.");
        return new([.. ways.EnumerateArray().Select(ParseWay)], updates, every);
    }

    public override void Run(Session session, Reply reply)
    {
        reply.Json.WriteStartArray("ways");
        int width = 2 + 3 * session.Run.Layers.Count;
        List<double[]> blocks = [.. Ways.Select(way => Follow(session.Run, way, reply))];
        reply.Json.WriteEndArray();
        for (int k = 0; k < blocks.Count; k++) reply.Block($"way{k}", blocks[k], blocks[k].Length / width, width);
    }

    private double[] Follow(Run run, Rates way, Reply reply)
    {
        using Run copy = run.With(run.Settings with
        {
            LearningRate = way.LearningRate,
            LayerRates = way.Factors,
            Stop = [],
        });
        double[] factors = new double[copy.Layers.Count];
        double[] ofSegments = way.Factors?.For<float>(copy.Spec).Segments
            ?? [.. copy.Spec.Segments.Select(_ => 1.0)];
        foreach ((Segment segment, double factor) in copy.Spec.Segments.Zip(ofSegments))
            if (segment.Shape.Role == SegmentRole.Weight) factors[LayerOf(copy, segment)] = factor;
        List<double> points = [];
        long done = 0;
        while (true)
        {
            (double loss, double[] gradients) = LossAndGradients(copy);
            float[] before = copy.State.Parameters.Span.ToArray();
            double[] sizes = Sizes(copy, i => before[i]);
            bool isLast = done >= Updates || copy.IsDiverged;
            if (!isLast && copy.Train(double.PositiveInfinity, 1).Updates == 0) isLast = true;
            double[] moved = isLast || copy.IsDiverged ? [.. sizes.Select(_ => double.NaN)]
                : Sizes(copy, i => (double)copy.State.Parameters.Span[i] - before[i]);
            points.AddRange([done, loss]);
            for (int layer = 0; layer < sizes.Length; layer++)
                points.AddRange([gradients[layer], sizes[layer], moved[layer]]);
            if (isLast) break;
            done += 1;
            long further = Math.Min(Every - 1, Updates - done);
            if (further > 0) done += copy.Train(double.PositiveInfinity, further).Updates;
        }
        reply.Json.WriteStartObject();
        ExampleOf.Write(reply.Json, "factors", factors);
        ExampleOf.Write(reply.Json, "rates", factors.Select(factor => factor * way.LearningRate));
        reply.Number("loss", points[^(1 + 3 * factors.Length)]);
        reply.Json.WriteNumber("updates", done);
        reply.Json.WriteBoolean("diverged", copy.IsDiverged);
        reply.Json.WriteEndObject();
        return [.. points];
    }

    private static (double Loss, double[] Gradients) LossAndGradients(Run run)
    {
        int[] rows = run.Fit.Rows;
        using Derivatives network = new(run, rows.Length);
        double loss = network.LossAndGradient(rows) / rows.Length;
        double[] gradient = network.Gradient.ToArray();
        return (loss, Sizes(run, i => gradient[i] / rows.Length));
    }

    /// <summary>Root mean square of each layer's numbers.</summary>
    private static double[] Sizes(Run run, Func<int, double> value)
    {
        double[] squares = new double[run.Layers.Count];
        int[] counts = new int[run.Layers.Count];
        foreach (Segment segment in run.Spec.Segments)
        {
            int layer = LayerOf(run, segment);
            for (int i = segment.Offset; i < segment.Offset + segment.Length; i++)
                squares[layer] += value(i) * value(i);
            counts[layer] += segment.Length;
        }
        return [.. squares.Select((sum, layer) => Math.Sqrt(sum / counts[layer]))];
    }

    private static int LayerOf(Run run, Segment segment) => UnitLayer.IndexOf(run.Layers, segment.Layer);

    private static Rates ParseWay(JsonElement json)
    {
        Fields fields = new(json, "Request 'rates', a way");
        string factors = fields.Text("factors", "");
        Rates rates = new(fields.Number("learningRate", 1e-9, 1e6),
            factors.Length == 0 ? null : LayerRates.Parse(factors));
        fields.End();
        return rates;
    }
}
