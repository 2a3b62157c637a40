namespace Downhill.Playground.Commands;

/// <summary>
/// How the learned numbers of a network are counted (lecture L20), fully connected or with links taken out. Reply:
/// <c>layers</c> (of each <c>inputs</c>, <c>units</c>, <c>links</c>, <c>biases</c>, <c>count</c>, <c>formula</c>),
/// <c>links</c>, <c>biases</c>, <c>total</c>, <c>formula</c>, <c>network</c>.
/// </summary>
internal sealed record CountCommand(int[] Widths, bool Biases, int[][] Removed) : Command
{
    public static CountCommand Parse(Fields fields)
    {
        int[] widths = fields.Wholes("widths", 1, 64) ?? [];
        if (widths.Length is < 2 or > 12)
            Throw.Input("Request 'count', field 'widths'", "2 to 12 widths", $"{widths.Length}",
                "Write [3, 4, 2]: inputs, hidden units, outputs.");
        double[][] removed = fields.Rows("removed", 3, 4096) ?? [];
        foreach (double[] link in removed)
            if (link.Any(n => n != Math.Floor(n)) || !(link[0] >= 0 && link[0] < widths.Length - 1
                && link[1] >= 0 && link[1] < widths[(int)link[0]]
                && link[2] >= 0 && link[2] < widths[(int)link[0] + 1]))
                Throw.Input("Request 'count', field 'removed'", "links as [layer, from, unit]",
                    $"[{string.Join(", ", link)}]", "All three are counted from 0.");
        return new(widths, fields.Flag("biases", true),
            [.. removed.Select(link => link.Select(n => (int)n).ToArray())]);
    }

    public override void Run(Session session, Reply reply)
    {
        NetworkSpec spec = new(Widths[0], [.. Enumerable.Range(0, Widths.Length - 1).Select(LayerOf)]);
        reply.Json.WriteString("network", spec.ToString());
        reply.Json.WriteStartArray("layers");
        for (int layer = 0; layer < spec.Layers.Count; layer++)
        {
            IReadOnlyList<ParameterShape> shapes = [.. spec.Segments.Where(s => s.Layer == layer).Select(s => s.Shape)];
            int Of(SegmentRole role) => shapes.Where(s => s.Role == role).Sum(s => s.Count);
            reply.Json.WriteStartObject();
            reply.Json.WriteNumber("inputs", Widths[layer]);
            reply.Json.WriteNumber("units", Widths[layer + 1]);
            reply.Json.WriteNumber("links", Of(SegmentRole.Weight));
            reply.Json.WriteNumber("biases", Of(SegmentRole.Bias));
            reply.Json.WriteNumber("count", shapes.Sum(s => s.Count));
            reply.Json.WriteString("formula", spec.CountFormula(layer));
            reply.Json.WriteEndObject();
        }
        reply.Json.WriteEndArray();
        reply.Json.WriteNumber("links", spec.LinkCount);
        reply.Json.WriteNumber("biases", spec.ParameterCount - spec.LinkCount);
        reply.Json.WriteNumber("total", spec.ParameterCount);
        reply.Json.WriteString("formula", spec.CountFormula());
    }

    private Layer LayerOf(int layer)
    {
        (int inputs, int units) = (Widths[layer], Widths[layer + 1]);
        int[][] gone = [.. Removed.Where(link => link[0] == layer)];
        bool[] present = new bool[inputs * units];
        Array.Fill(present, true);
        foreach (int[] link in gone) present[link[1] * units + link[2]] = false;
        return new Dense(units, Activations.Sigmoid())
        {
            HasBias = Biases,
            Connections = gone.Length == 0 ? null : new(inputs, units, present),
        };
    }
}
