using Downhill.Onnx;

namespace Downhill.Playground.Commands;

/// <summary>
/// The trained network taken out and read back in (lecture L21): written as ONNX, read by the project's own importer,
/// which gets nothing but the bytes, and run beside the original; and as a model file (safetensors). Reply:
/// <c>files</c>
/// [{<c>as</c>, <c>name</c>, <c>bytes</c>}] of every export of a model; <c>read</c> {<c>network</c>, <c>parameters</c>,
/// <c>layers</c> of the imported one}, <c>rows</c>, <c>largest</c> (difference of an output on any row), <c>same</c>
/// (rows with the same class, or with outputs within 1e-5), <c>sameBits</c> (whether the model file gives back the very
/// weights); blocks
/// <c>original</c> and <c>imported</c> u8 [outputs, size, size], maps as in frames, with <c>originalScale</c> and
/// <c>importedScale</c>.
/// </summary>
internal sealed record RoundTripCommand(int Size) : Command
{
    private static readonly string[] kinds = ["onnx", "model", "csharp", "c", "python", "numpy"];

    public static RoundTripCommand Parse(Fields fields) =>
        new((int)fields.Whole("size", 1, FrameCommand.MostOutputMap, 50));

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        Dictionary<string, byte[]> files = kinds.ToDictionary(kind => kind,
            kind => ExportCommand.Kinds.First(k => k.Name == kind).Write(session));
        reply.Json.WriteStartArray("files");
        foreach (string kind in kinds)
        {
            reply.Json.WriteStartObject();
            reply.Json.WriteString("as", kind);
            reply.Json.WriteString("name",
                session.Run.Settings.Data + ExportCommand.Kinds.First(k => k.Name == kind).Ending);
            reply.Json.WriteNumber("bytes", files[kind].Length);
            reply.Json.WriteEndObject();
        }
        reply.Json.WriteEndArray();
        Model original = run.Model(), imported = OnnxImport.FromBytes(files["onnx"]);
        reply.Json.WriteStartObject("read");
        reply.Json.WriteString("network", imported.Spec.ToString());
        reply.Json.WriteNumber("parameters", imported.Spec.ParameterCount);
        reply.Json.WriteStartArray("layers");
        foreach (UnitLayer layer in UnitLayer.Of(imported.Spec))
            reply.Json.WriteStringValue($"{layer.Units} {layer.Activation}");
        reply.Json.WriteEndArray();
        reply.Json.WriteEndObject();
        Compare(session, original, imported, reply);
        reply.Json.WriteBoolean("sameBits",
            ModelFile.FromBytes(files["model"]).Parameters.SequenceEqual(original.Parameters));
        Picture(session, original, original, "original", reply);
        Picture(session, imported, original, "imported", reply);
    }

    private static void Compare(Session session, Model original, Model imported, Reply reply)
    {
        Dataset data = session.Table.Raw;
        (int n, int c, int same) = (data.NumericCount, data.CategoryCount, 0);
        double largest = 0;
        for (int row = 0; row < data.Rows; row++)
        {
            (float[] numeric, int[] codes) = session.Table.Inputs(
                data.Numeric.AsSpan(row * n, n), data.Codes.AsSpan(row * c, c));
            (float[] ours, float[] theirs) =
                (Answer(original, original, numeric, codes), Answer(imported, original, numeric, codes));
            for (int o = 0; o < ours.Length; o++)
                largest = Math.Max(largest, Math.Abs((double)ours[o] - theirs[o]));
            Preparation preparation = original.Preparation;
            if (!preparation.Target.IsClass ? ours.Zip(theirs).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5)
                : preparation.ClassOf<float>(ours) == preparation.ClassOf<float>(theirs)) same++;
        }
        reply.Json.WriteNumber("rows", data.Rows);
        reply.Number("largest", largest);
        reply.Json.WriteNumber("same", same);
    }

    /// <summary>
    /// Outputs as the original codes them: an ONNX file says how probable a class is, so that the import of a unit with
    /// −1 and 1 for its classes has 0 and 1; and it may have numbers in their own units.
    /// </summary>
    private static float[] Answer(Model model, Model original, ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes)
    {
        float[] outputs = new float[model.Spec.Outputs];
        model.Predict(numeric, outputs, codes);
        if (ReferenceEquals(model, original)) return outputs;
        (Preparation own, Preparation first) = (model.Preparation, original.Preparation);
        for (int o = 0; o < outputs.Length; o++)
            outputs[o] = (float)(own.Target.IsClass
                ? first.TargetLow + (outputs[o] - own.TargetLow) / (own.TargetHigh - own.TargetLow)
                    * (first.TargetHigh - first.TargetLow)
                : (own.ValueOf((double)outputs[o], o) - first.TargetShift[o]) / first.TargetScale[o]);
        return outputs;
    }

    private void Picture(Session session, Model model, Model original, string name, Reply reply)
    {
        Table table = session.Table;
        int outputs = original.Spec.Outputs, cells = Size * Size;
        float[] raw = new float[table.Raw.NumericCount];
        float[,] planes = new float[outputs, cells];
        for (int cell = 0; cell < cells; cell++)
        {
            (double x, double y) = Maps.Centre(table.Domain, Size, cell / Size, cell % Size);
            table.Place(x, y, raw);
            (float[] numeric, int[] codes) = table.Inputs(raw, table.PlaceCodes);
            float[] answer = Answer(model, original, numeric, codes);
            for (int o = 0; o < outputs; o++) planes[o, cell] = answer[o];
        }
        double bound = session.Run.Layers[^1].Bound
            ?? planes.Cast<float>().Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
        double factor = 127 / (bound > 0 ? bound : 1);
        reply.Block(name, [.. planes.Cast<float>().Select(value => float.IsFinite(value)
            ? (byte)(128.5 + Math.Clamp(factor * value, -127, 127)) : (byte)0)], outputs, Size, Size);
        reply.Number($"{name}Scale", 127 / factor);
    }
}
