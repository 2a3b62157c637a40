using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>
/// How the units of a <c>layer</c> (0 is the first hidden one) cut the plane of two raw inputs into cells, and what the
/// next layer makes of them (lecture L4, L6). Of three inputs one is held: <c>hold</c> [axis, value]. Reply: blocks
/// <c>codes</c> i32 [size, size] (bit k set where unit k is on, v ≥ 0; row 0 at the top as in all maps) and <c>map</c>
/// u8 with <c>mapScale</c> (the network's first output); <c>domain</c>, <c>axes</c> (the two that are shown),
/// <c>units</c>, <c>lines</c> of the first layer's units (coefficients and bias over the shown two; null where inputs
/// are made or scaled), <c>cells</c> [{<c>on</c>, <c>share</c> of the picture, <c>at</c> (deep inside), <c>output</c>,
/// <c>next</c> (fields of the next layer's units there), <c>ideal</c> (the same with each unit at the end of its
/// range)}], <c>next</c> [{<c>kind</c>, <c>text</c>, <c>weights</c>, <c>bias</c>}]. With <c>at</c> (raw inputs)
/// <c>trace</c>: <c>on</c> and per layer and unit <c>terms</c> [{<c>weight</c>, <c>input</c>}], <c>bias</c>,
/// <c>field</c>, <c>output</c>, <c>on</c>.
/// </summary>
internal sealed record RegionsCommand(int Layer, int Size, (int Axis, double Value)? Hold, double[]? At) : Command
{
    private const int MostCells = 64;

    public static RegionsCommand Parse(Fields fields)
    {
        double[]? hold = fields.Doubles("hold");
        if (hold is not null && (hold.Length != 2 || hold[0] is not (0 or 1 or 2)))
            Throw.Input("Request 'regions', field 'hold'", "[axis 0, 1 or 2, value]", "something else",
                "Write [2, 0.5].");
        return new((int)fields.Whole("layer", 0, Properties.MostLayers, 0), (int)fields.Whole("size", 8, 200, 100),
            hold is null ? null : ((int)hold[0], hold[1]), fields.Doubles("at"));
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        Regions regions = new(run, session.Table);
        if (Layer >= run.Layers.Count)
            Throw.Input("Layer", $"one from 0 to {run.Layers.Count - 1}", $"{Layer}", "Layers are counted from 0.");
        int units = run.Layers[Layer].Units, raw = session.Table.Raw.NumericCount;
        if (units > Regions.MostUnits)
            Throw.Input("Regions", $"at most {Regions.MostUnits} units in the layer", $"{units}", "Make it narrower.");
        if (At is not null && At.Length != raw)
            Throw.Input("Request 'regions', field 'at'", $"{raw} numbers", $"{At.Length}", "Give one per input.");
        Box box = new(session.Table, raw == 2 ? null : Hold ?? (2, 0));
        float[] places = box.Plane(Size);
        int[] codes = new int[Size * Size];
        float[] outputs = new float[Size * Size], below = new float[Size * Size * regions.InputsOf(Layer)];
        int width = regions.InputsOf(Layer);
        regions.At(places, Layer, (place, inputs, y) =>
        {
            codes[place] = regions.CodeOf(Layer, inputs);
            outputs[place] = y[0];
            inputs.CopyTo(below.AsSpan(place * width, width));
        });
        Utf8JsonWriter json = reply.Json;
        json.WriteNumber("units", units);
        Numbers(json, "axes", [box.X, box.Y]);
        Numbers(json, "domain", [.. box.Domain(box.X), .. box.Domain(box.Y)]);
        Lines(regions, run.Layers[0].Units, box, json);
        bool combines = Layer + 1 < run.Layers.Count;
        json.WriteStartArray("next");
        for (int unit = 0; combines && unit < run.Layers[Layer + 1].Units; unit++)
            Next(regions, unit, json);
        json.WriteEndArray();
        json.WriteStartArray("cells");
        foreach (RegionCell cell in Regions.Cells(codes, Size).Take(MostCells))
        {
            json.WriteStartObject();
            json.WriteString("on", Text(cell.Code, units));
            json.WriteNumber("share", (double)cell.Places / codes.Length);
            Numbers(json, "at", [places[cell.Deepest * raw + box.X], places[cell.Deepest * raw + box.Y]]);
            Reply.WriteNumber(json, "output", outputs[cell.Deepest]);
            if (combines)
            {
                ReadOnlySpan<float> inputs = below.AsSpan(cell.Deepest * width, width);
                float[] y = [.. Enumerable.Range(0, units).Select(_ => 0f)];
                for (int unit = 0; unit < units; unit++)
                    y[unit] = (float)Activate(run.Layers[Layer].Activation, regions.Field(Layer, unit, inputs));
                int above = run.Layers[Layer + 1].Units;
                Numbers(json, "next", [.. Enumerable.Range(0, above).Select(k => regions.Field(Layer + 1, k, y))]);
                bool isBounded = run.Layers[Layer].Bound is not null;
                if (isBounded)
                    Numbers(json, "ideal",
                        [.. Enumerable.Range(0, above).Select(k => regions.IdealField(Layer + 1, k, cell.Code))]);
                else json.WriteNull("ideal");
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (At is not null) Traced(session, regions, json);
        reply.Block("codes", codes, Size, Size);
        (byte[] bytes, float scale) = Bytes(outputs, run.Layers[^1].Bound);
        reply.Block("map", bytes, Size, Size);
        reply.Number("mapScale", scale);
    }

    /// <summary>Which units are on, the first unit first.</summary>
    public static string Text(int code, int units) =>
        string.Concat(Enumerable.Range(0, units).Select(k => code >> k & 1));

    private static void Lines(Regions regions, int units, Box box, Utf8JsonWriter json)
    {
        double[]?[] planes = [.. Enumerable.Range(0, units).Select(regions.Plane)];
        if (planes.Any(plane => plane is null))
        {
            json.WriteNull("lines");
            return;
        }
        json.WriteStartArray("lines");
        foreach (double[]? plane in planes)
        {
            double bias = plane![^1] + (box.Held is (int axis, double value) ? plane[axis] * value : 0);
            json.WriteStartArray();
            foreach (double number in (double[])[plane[box.X], plane[box.Y], bias]) json.WriteNumberValue(number);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private void Next(Regions regions, int unit, Utf8JsonWriter json)
    {
        Combination combination = regions.CombinationOf(Layer + 1, unit);
        json.WriteStartObject();
        json.WriteString("kind", combination.Kind);
        json.WriteString("text", combination.Text);
        Numbers(json, "weights",
            [.. Enumerable.Range(0, regions.InputsOf(Layer + 1))
                .Select(from => regions.Weight(Layer + 1, from, unit))]);
        json.WriteNumber("bias", regions.Weight(Layer + 1, -1, unit));
        json.WriteEndObject();
    }

    private void Traced(Session session, Regions regions, Utf8JsonWriter json)
    {
        Run run = session.Run;
        (float[] numeric, int[] codes) = session.Table.Inputs([.. At!.Select(value => (float)value)], []);
        Trace trace = run.Trace(numeric, codes);
        json.WriteStartObject("trace");
        Numbers(json, "at", At!);
        json.WriteStartArray("layers");
        for (int l = 0; l < run.Layers.Count; l++)
        {
            LayerTrace layer = trace.Layers[run.Layers[l].Dense];
            json.WriteStartArray();
            foreach (UnitTrace unit in layer.Units)
            {
                json.WriteStartObject();
                json.WriteStartArray("terms");
                for (int k = 0; k < unit.Links.Count; k++)
                {
                    json.WriteStartObject();
                    Reply.WriteNumber(json, "weight", unit.Weights[k]);
                    Reply.WriteNumber(json, "input", layer.Inputs[unit.Links[k]]);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                Reply.WriteNumber(json, "bias", unit.Bias ?? 0);
                Reply.WriteNumber(json, "field", unit.Field);
                Reply.WriteNumber(json, "output", unit.Output);
                json.WriteBoolean("on", unit.Field >= 0);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteString("on", string.Concat(trace.Layers[run.Layers[Layer].Dense].Units
            .Select(unit => unit.Field >= 0 ? '1' : '0')));
        json.WriteEndObject();
    }

    private static double Activate(Activation activation, double field)
    {
        Downhill.Graph.Expr v = Downhill.Graph.Expr.Variable("v"), y = activation.Define(v);
        return y.Evaluate((v, field))[y][0, 0];
    }

    private static (byte[], float) Bytes(float[] values, double? bound)
    {
        float scale = (float)(bound ?? Math.Max(1e-6f, values.Max(Math.Abs)));
        return ([.. values.Select(value => (byte)(128.5f + Math.Clamp(value / scale * 127, -127, 127)))], scale);
    }

    private static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<double> numbers)
    {
        json.WriteStartArray(name);
        foreach (double number in numbers)
            if (double.IsFinite(number)) json.WriteNumberValue(number);
            else json.WriteNullValue();
        json.WriteEndArray();
    }
}
