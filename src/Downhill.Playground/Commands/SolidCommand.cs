using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>
/// A network of three inputs as a solid (lecture L6): its first output on a grid over all three, the planes of its
/// first units, and the points. Reply: blocks <c>values</c> f32 [size, size, size] (the first input the fastest, from
/// low to high), <c>planes</c> f64 [units, 4] (coefficients and bias; no rows where inputs are made or scaled),
/// <c>points</c> f32 [rows, 3] and <c>targets</c> f32 [rows]; <c>domain</c> (low and high of each input), <c>level</c>
/// (the output that parts the classes).
/// </summary>
internal sealed record SolidCommand(int Size) : Command
{
    public static SolidCommand Parse(Fields fields) => new((int)fields.Whole("size", 4, 48, 24));

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        Dataset data = session.Table.Raw;
        if (data.NumericCount != 3)
            Throw.Input("A solid", "data of three numbers", data.Name, "Choose ball, helix or parity3.");
        Regions regions = new(run, session.Table);
        Box box = new(session.Table, null);
        float[] places = box.Solid(Size), values = new float[places.Length / 3];
        regions.At(places, -1, (place, _, y) => values[place] = y[0]);
        double[]?[] planes = [.. Enumerable.Range(0, run.Layers[0].Units).Select(regions.Plane)];
        double[] known = planes.Any(plane => plane is null) ? [] : [.. planes.SelectMany(plane => plane!)];
        int[] rows = run.Fit.Rows;
        Utf8JsonWriter json = reply.Json;
        json.WriteStartArray("domain");
        for (int axis = 0; axis < 3; axis++)
            foreach (double end in box.Domain(axis)) json.WriteNumberValue(end);
        json.WriteEndArray();
        OutputRange range = run.Layers[^1].Activation.Range;
        reply.Number("level", double.IsFinite(range.Low + range.High) ? (range.Low + range.High) / 2 : 0);
        reply.Block("values", values, Size, Size, Size);
        reply.Block("planes", known, known.Length / 4, 4);
        reply.Block("points", [.. rows.SelectMany(row => data.Numeric.AsSpan(3 * row, 3).ToArray())], rows.Length, 3);
        reply.Block("targets",
            [.. rows.Select(row => data.Target.IsClass ? data.Classes[row] : data.Values[row])], rows.Length);
    }
}
