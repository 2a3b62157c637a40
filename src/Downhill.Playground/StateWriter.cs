using System.Text.Json;

namespace Downhill.Playground;

/// <summary>Writes the state that follows a change; fields: docs/PLAYGROUND.md.</summary>
internal static class StateWriter
{
    public static void Write(Session session, Reply reply)
    {
        Utf8JsonWriter json = reply.Json;
        Run run = session.Run;
        json.WriteStartObject("state");
        json.WriteStartObject("settings");
        foreach (Property property in Properties.All) property.WriteValue(json, property.Name, run.Settings);
        json.WriteEndObject();
        json.WriteString("hash", Address.Print(run.Settings));
        json.WriteNumber("version", session.Version);
        json.WriteNumber("timeline", run.Timeline);
        Network(json, run);
        Data(json, session.Table, run);
        Resolved(json, run);
        Clock(json, session);
        Message.Write(json, [.. session.TakeMessages(), .. Diagnosis.Of(run)]);
        json.WriteEndObject();
    }

    public static void Clock(Utf8JsonWriter json, Session session)
    {
        Run run = session.Run;
        TrainState<float> state = run.State;
        json.WriteStartObject("clock");
        json.WriteNumber("step", state.Step);
        json.WriteNumber("epoch", state.Epoch);
        json.WriteNumber("example", state.Position);
        json.WriteNumber("rows", run.Fit.Rows.Length);
        json.WriteNumber("batch", run.Session.NextBatch);
        json.WriteNumber("batches", run.Session.StepsPerEpoch);
        Reply.WriteNumber(json, "learningRate", run.Session.NextLearningRate);
        json.WriteNumber("oldest", 0);
        json.WriteNumber("newest", Math.Max(run.Newest, state.Step));
        if (run.Seek is long seek) json.WriteNumber("seek", seek);
        else json.WriteNull("seek");
        if (run.Session.Stopped is StopReason stopped)
        {
            json.WriteStartObject("stopped");
            json.WriteString("rule", stopped.Rule);
            json.WriteString("text", stopped.Text);
            json.WriteEndObject();
        }
        else json.WriteNull("stopped");
        if (run.Cursor is Cursor cursor)
        {
            json.WriteStartObject("cursor");
            json.WriteNumber("example", cursor.Example);
            json.WriteNumber("of", cursor.Rows.Length);
            json.WriteNumber("row", cursor.Row);
            json.WriteString("stage", cursor.Stage.ToString().ToLowerInvariant());
            json.WriteEndObject();
        }
        else json.WriteNull("cursor");
        json.WriteNumber("run", session.History.Present);
        json.WriteEndObject();
    }

    private static void Network(Utf8JsonWriter json, Run run)
    {
        NetworkSpec spec = run.Spec;
        json.WriteStartObject("network");
        Texts(json, "inputs", InputNames(run));
        json.WriteStartArray("layers");
        foreach (UnitLayer layer in run.Layers)
        {
            json.WriteStartObject();
            json.WriteString("kind", layer.IsNormalised ? "normalised" : "dense");
            json.WriteNumber("units", layer.Units);
            json.WriteString("activation", layer.Activation.ToString());
            json.WriteString("formula", spec.CountFormula(layer.Dense));
            json.WriteNumber("count", spec.Segments.Where(s => s.Layer == layer.Dense || (layer.IsNormalised && s.Layer == layer.Shown)).Sum(s => s.Shape.Count));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("parameters", spec.ParameterCount);
        json.WriteString("formula", spec.CountFormula());
        json.WriteStartArray("tensors");
        int offset = 0;
        foreach (Segment segment in spec.Segments)
        {
            json.WriteStartObject();
            json.WriteString("name", segment.Name);
            json.WriteNumber("layer", UnitLayer.IndexOf(run.Layers, segment.Layer));
            json.WriteString("role", segment.Shape.Role.ToString().ToLowerInvariant());
            json.WriteNumber("rows", segment.Shape.Rows);
            json.WriteNumber("columns", segment.Shape.Columns);
            json.WriteNumber("offset", offset);
            json.WriteEndObject();
            offset += segment.Length;
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>One name per input of the network: a column's, or "column=category".</summary>
    public static string[] InputNames(Run run) => [.. run.Preparation.Inputs.SelectMany(c =>
        c.Kind == ColumnKind.Numeric ? [c.Name] : c.Categories.Select(category => $"{c.Name}={category}"))];

    private static void Data(Utf8JsonWriter json, Table table, Run run)
    {
        Dataset raw = table.Raw;
        DataSetEntry entry = DataSets.Find(run.Settings.Data);
        json.WriteStartObject("data");
        json.WriteString("name", run.Settings.Data);
        json.WriteString("title", table.IsOwn ? raw.Name : entry.Summary);
        Texts(json, "columns", [.. raw.Inputs.Select(c => c.Name)]);
        Texts(json, "classes", raw.Target.Classes);
        json.WriteString("target", string.Join(", ", raw.Target.Names));
        json.WriteNumber("rows", raw.Rows);
        json.WriteNumber("train", run.Fit.Rows.Length);
        json.WriteNumber("validation", run.Fit.ValidationRows.Length);
        json.WriteNumber("test", run.Fit.TestRows.Length);
        json.WriteStartArray("domain");
        foreach (double end in table.Domain) json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteStartArray("axes");
        json.WriteNumberValue(table.Axes.X);
        json.WriteNumberValue(table.Axes.Y);
        json.WriteEndArray();
        json.WriteBoolean("isPlane", table.IsPlane);
        json.WriteBoolean("isOwn", table.IsOwn);
        Preparation preparation = run.Preparation;
        json.WriteNumber("targetLow", preparation.TargetLow);
        json.WriteNumber("targetHigh", preparation.TargetHigh);
        json.WriteNumber("targetShift", preparation.TargetShift.Length > 0 ? preparation.TargetShift[0] : 0);
        json.WriteNumber("targetScale", preparation.TargetScale.Length > 0 ? preparation.TargetScale[0] : 1);
        Texts(json, "rawInputs", [.. raw.Inputs.Where(c => c.Kind == ColumnKind.Numeric).Select(c => c.Name)]);
        json.WriteEndObject();
    }

    private static void Resolved(Utf8JsonWriter json, Run run)
    {
        TrainOptions options = run.Fit.Options;
        json.WriteStartObject("resolved");
        json.WriteString("output", run.Spec.Output.ToString());
        json.WriteString("loss", options.Loss.ToString());
        json.WriteNumber("learningRate", options.EffectiveLearningRate);
        json.WriteString("scaling", Run.ScalingOf(run.Settings, run.Table).ToString().ToLowerInvariant());
        json.WriteNumber("batch", options.Batch == 0 ? run.Fit.Rows.Length : Math.Min(options.Batch, run.Fit.Rows.Length));
        json.WriteEndObject();
    }

    public static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
