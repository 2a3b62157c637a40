using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Playground.Commands;

/// <summary>The arithmetic of a unit, a link, a layer or an example, in double.</summary>
internal sealed record InspectCommand(string What, int Layer, int Unit, int From, int? Row, double[]? Raw) : Command
{
    private static readonly string[] Subjects = ["unit", "link", "layer", "example"];

    public static InspectCommand Parse(Fields fields)
    {
        string what = fields.Word("what", Subjects);
        int layer = (int)fields.Whole("layer", 0, int.MaxValue, 0), unit = (int)fields.Whole("unit", 0, int.MaxValue, 0);
        int from = (int)fields.Whole("from", -1, int.MaxValue, -1);
        Fields at = new(fields.Needed("at"), "Request 'inspect', field 'at'");
        int? row = at.Optional("row") is null ? null : (int)at.Whole("row", 0, int.MaxValue);
        double[]? raw = at.Doubles("raw");
        at.End();
        if (row is null == raw is null) Throw.Input("Request 'inspect', field 'at'", "a row or raw inputs", row is null ? "neither" : "both", "Write {\"row\": 0}.");
        return new(what, layer, unit, from, row, raw);
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        Dataset data = session.Table.Raw;
        if (Row is int row && row >= data.Rows) Throw.Input("Row", $"one from 0 to {data.Rows - 1}", $"{row}", "Rows are counted from 0.");
        (float[] raw, int[] codes) = RawInputs(session);
        if (What != "example") CheckPlace(run);
        (float[] numeric, int[] categories) = session.Table.Inputs(raw, codes);
        Trace trace = run.Trace(numeric, categories);
        using Derivatives network = new(run, 1);
        double[][] outputs = network.Outputs(numeric, categories);
        double[]? gradient = null;
        if (Row is int known)
        {
            network.LossAndGradient([known]);
            gradient = network.Gradient.ToArray();
        }
        switch (What)
        {
            case "unit":
                WholeUnit(run, trace, outputs, gradient, reply);
                break;
            case "link":
                Link(run, trace, gradient, reply);
                break;
            case "layer":
                WholeLayer(run, trace, gradient, reply);
                break;
            default:
                Example(session, trace, raw, reply);
                break;
        }
    }

    private (float[], int[]) RawInputs(Session session)
    {
        Dataset data = session.Table.Raw;
        int n = data.NumericCount, c = data.CategoryCount;
        if (Row is int row) return (data.Numeric.AsSpan(row * n, n).ToArray(), data.Codes.AsSpan(row * c, c).ToArray());
        double[] given = Raw!;
        float[] raw = new float[n];
        if (given.Length == 2 && n != 2) session.Table.Place(given[0], given[1], raw); // a place of the map
        else if (given.Length == n) raw = [.. given.Select(v => (float)v)];
        else Throw.Input("Raw inputs", $"{n} numbers, or 2 for a place of the map", $"{given.Length}", "Give one per numeric column.");
        return (raw, session.Table.PlaceCodes.ToArray());
    }

    private void CheckPlace(Run run)
    {
        if (Layer >= run.Layers.Count) Throw.Input("Layer", $"one from 0 to {run.Layers.Count - 1}", $"{Layer}", "Layers of units are counted from 0.");
        if (What == "layer") return;
        if (Unit >= run.Layers[Layer].Units) Throw.Input("Unit", $"one from 0 to {run.Layers[Layer].Units - 1}", $"{Unit}", "Units are counted from 0.");
        int inputs = run.Spec.InputsOf(run.Layers[Layer].Dense);
        if (What == "link" && From >= inputs) Throw.Input("From", $"an input from 0 to {inputs - 1}, or −1 for the bias", $"{From}", "Inputs are counted from 0.");
    }

    /// <summary>One unit: Σ wᵢ·xᵢ + b = v, φ(v) = y; with a row also δ and the gradients of its weights.</summary>
    private void WholeUnit(Run run, Trace trace, double[][] outputs, double[]? gradient, Reply reply)
    {
        Utf8JsonWriter json = reply.Json;
        UnitLayer layer = run.Layers[Layer];
        LayerTrace traced = trace.Layers[layer.Dense];
        UnitTrace unit = traced.Units[Unit];
        json.WriteNumber("layer", Layer);
        json.WriteNumber("unit", Unit);
        json.WriteStartArray("terms");
        for (int k = 0; k < unit.Links.Count; k++)
        {
            int from = unit.Links[k];
            json.WriteStartObject();
            json.WriteNumber("from", from);
            json.WriteString("name", NameOf(run, from));
            Reply.WriteNumber(json, "weight", unit.Weights[k]);
            Reply.WriteNumber(json, "input", traced.Inputs[from]);
            Reply.WriteNumber(json, "product", unit.Weights[k] * traced.Inputs[from]);
            if (gradient is not null) Reply.WriteNumber(json, "gradient", gradient[Place(run, from)]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        reply.Number("sum", unit.Sum);
        reply.Number("bias", unit.Bias ?? 0);
        double field = unit.Field, output = unit.Output;
        if (layer.IsNormalised)
        {
            NormTrace norm = trace.Layers[layer.Shown].Norms[Unit];
            json.WriteStartObject("normalisation");
            Reply.WriteNumber(json, "mean", norm.Mean);
            Reply.WriteNumber(json, "deviation", norm.Deviation);
            Reply.WriteNumber(json, "normalised", norm.Normalised);
            Reply.WriteNumber(json, "scale", norm.Scale);
            Reply.WriteNumber(json, "shift", norm.Shift);
            json.WriteEndObject();
            (field, output) = (norm.Field, norm.Output);
        }
        reply.Number("field", field);
        json.WriteString("activation", layer.Activation.ToString());
        json.WriteString("formula", Catalog.Default.Activations.FirstOrDefault(a => a.Name == layer.Activation.Name)?.Formula ?? "");
        reply.Number("output", output);
        reply.Number("slope", layer.Activation.IsElementwise ? Slope(layer.Activation, field) : double.NaN);
        reply.Number("map", outputs[Layer][Unit]);
        if (gradient is null) return;
        // ∂L/∂b = ∂L/∂v: the bias enters the field with the factor 1.
        reply.Number("delta", gradient[Place(run, -1)]);
    }

    private void Link(Run run, Trace trace, double[]? gradient, Reply reply)
    {
        LayerTrace traced = trace.Layers[run.Layers[Layer].Dense];
        double weight = run.State.Parameters.Span[Place(run, From)], input = From < 0 ? 1 : traced.Inputs[From];
        Utf8JsonWriter json = reply.Json;
        json.WriteNumber("layer", Layer);
        json.WriteNumber("unit", Unit);
        json.WriteNumber("from", From);
        json.WriteString("name", From < 0 ? "bias" : NameOf(run, From));
        reply.Number("weight", weight);
        reply.Number("input", input);
        reply.Number("product", weight * input);
        if (gradient is null) return;
        reply.Number("delta", gradient[Place(run, -1)]);
        reply.Number("gradient", gradient[Place(run, From)]);
        int[] rows = run.Fit.Rows[..Math.Min(2000, run.Fit.Rows.Length)];
        using Derivatives all = new(run, rows.Length);
        all.LossAndGradient(rows);
        reply.Number("batchGradient", all.Gradient[Place(run, From)] / rows.Length);
        // Inside an update: what its examples have added up so far.
        if (run.Cursor is Cursor cursor)
        {
            int[] seen = cursor.Rows[..(cursor.Stage >= Stage.Backward ? cursor.Example + 1 : cursor.Example)];
            if (seen.Length == 0 || cursor.Stage == Stage.Update) return;
            using Derivatives sofar = new(run, seen.Length);
            sofar.LossAndGradient(seen);
            reply.Number("accumulated", sofar.Gradient[Place(run, From)]);
        }
    }

    private void WholeLayer(Run run, Trace trace, double[]? gradient, Reply reply)
    {
        UnitLayer layer = run.Layers[Layer];
        LayerTrace shown = trace.Layers[layer.Shown];
        Utf8JsonWriter json = reply.Json;
        json.WriteNumber("layer", Layer);
        json.WriteNumber("units", layer.Units);
        json.WriteString("activation", layer.Activation.ToString());
        json.WriteString("formula", run.Spec.CountFormula(layer.Dense));
        WriteNumbers(json, "inputs", trace.Layers[layer.Dense].Inputs);
        WriteNumbers(json, "fields", layer.IsNormalised ? [.. shown.Norms.Select(n => n.Field)] : [.. shown.Units.Select(u => u.Field)]);
        WriteNumbers(json, "outputs", shown.Outputs);
        if (gradient is not null)
            WriteNumbers(json, "deltas", [.. Enumerable.Range(0, layer.Units).Select(unit => gradient[ErrorSurface.PlaceOf(run.Spec, layer.Dense, -1, unit)])]);
    }

    private void Example(Session session, Trace trace, float[] raw, Reply reply)
    {
        Run run = session.Run;
        Utf8JsonWriter json = reply.Json;
        WriteNumbers(json, "raw", [.. raw.Select(v => (double)v)]);
        WriteNumbers(json, "inputs", trace.Inputs);
        json.WriteStartArray("layers");
        foreach (UnitLayer layer in run.Layers)
        {
            json.WriteStartArray();
            foreach (double y in trace.Layers[layer.Shown].Outputs)
                if (double.IsFinite(y)) json.WriteNumberValue(y);
                else json.WriteNullValue();
            json.WriteEndArray();
        }
        json.WriteEndArray();
        WriteNumbers(json, "outputs", trace.Outputs);
        Preparation preparation = run.Preparation;
        double[] outputs = [.. trace.Outputs];
        json.WriteString("answer", preparation.Target.IsClass ? preparation.Target.Classes[preparation.ClassOf<double>(outputs)]
            : Numbers.Text(preparation.ValueOf(outputs[0], 0)));
        Loss loss = run.Fit.Options.Loss;
        json.WriteString("loss", loss.ToString());
        json.WriteString("costFormula", Catalog.Default.Losses.FirstOrDefault(l => l.Name == loss.Name)?.Formula ?? "");
        if (Row is not int row) return;
        json.WriteNumber("row", row);
        Dataset data = session.Table.Raw;
        double[] target = new double[preparation.Outputs];
        int width = data.Target.IsClass ? 0 : data.Target.Names.Count;
        preparation.EncodeTarget<double>(data.Target.IsClass ? data.Classes[row] : 0, data.Values.AsSpan(row * width, width), target);
        WriteNumbers(json, "target", target);
        reply.Number("cost", trace.Cost(target));
    }

    private int Place(Run run, int from) => ErrorSurface.PlaceOf(run.Spec, run.Layers[Layer].Dense, from, Unit);

    private string NameOf(Run run, int from) => Layer == 0 ? StateWriter.InputNames(run)[from] : $"y{from + 1}";

    private static double Slope(Activation activation, double field)
    {
        Expr v = Expr.Variable("v"), y = activation.Define(v);
        return y.Evaluate((v, field)).Gradient(y, v)[0][0, 0];
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<double> numbers)
    {
        json.WriteStartArray(name);
        foreach (double number in numbers)
            if (double.IsFinite(number)) json.WriteNumberValue(number);
            else json.WriteNullValue();
        json.WriteEndArray();
    }
}
