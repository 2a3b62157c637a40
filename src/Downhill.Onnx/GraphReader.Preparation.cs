using System.Text.Json;
using Downhill.Graph;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

// The two ends: raw columns before the first layer, answers after the last one.
internal sealed partial class GraphReader
{
    private double[]? shift, scale;
    private int[]? encoded;

    /// <summary>Inputs of the network: one per column of numbers, one per category.</summary>
    private int EncodedWidth => own?.Width ?? columns.Sum(c => c.Categories?.Count ?? 1);

    /// <summary>One-hot numbers of a column: its categories, one feature each.</summary>
    private Selection OneHot(NodeProto node, int column, IReadOnlyList<string> categories)
    {
        if (own is not null) Refuse<GraphValue>(node, "its inputs before the first layer", "a branch from the inputs",
            "Networks with branches cannot be read.");
        RawColumn raw = columns[column];
        if (raw.Categories is not null && !raw.Categories.SequenceEqual(categories))
            Refuse<GraphValue>(node, $"one list of categories for '{raw.Name}'", "two", "Encode the column once.");
        if (categories.Count == 0 || categories.Distinct(StringComparer.Ordinal).Count() != categories.Count)
            Refuse<GraphValue>(node, "different categories", "none, or one twice", "Check the encoder.");
        if (raw.Categories is null)
        {
            if (encoded is not null) Refuse<GraphValue>(node, "its inputs before the first layer",
                "a branch from the inputs", "Networks with branches cannot be read.");
            raw.Categories = categories;
            raw.CategoryFeature = features.Count;
            for (int k = 0; k < categories.Count; k++) features.Add((column, k));
        }
        Selection all = Selection.All(0, categories.Count);
        return all with { Source = [.. all.Source.Select(s => raw.CategoryFeature + s)] };
    }

    /// <summary>
    /// Fixes how raw rows enter the network, in the order of the columns. Factors and offsets of single columns of
    /// numbers become their scaling; where there is more to it, they stay with the layer.
    /// </summary>
    private Selection Prepare(Selection entering)
    {
        if (own is not null)
        {
            (encoded, shift, scale) = ([], own.Shift, own.Scale);
            return entering;
        }
        int numbers = columns.Count(c => c.Categories is null);
        int[] place = new int[features.Count], numeric = new int[features.Count];
        int at = 0, number = 0;
        for (int c = 0; c < columns.Count; c++)
        {
            if (columns[c].Categories is null && !columns[c].IsNumber)
                Throw.Input($"{name}, input '{columns[c].Name}'", "a use of its texts", "none", "Remove the input.");
            int first = columns[c].Categories is null ? columns[c].NumberFeature : columns[c].CategoryFeature;
            int count = columns[c].Categories?.Count ?? 1;
            for (int k = 0; k < count; k++) place[first + k] = at++;
            if (columns[c].Categories is null) numeric[first] = number++;
        }
        foreach (int source in entering.Source)
            if (features[source].Category < 0 && columns[features[source].Column].Categories is not null)
                Throw.Input($"{name}, input '{columns[features[source].Column].Name}'", "numbers or categories", "both",
                    "Give them an input each.");
        encoded = place;
        shift = new double[numbers];
        scale = new double[numbers];
        Array.Fill(scale, 1);
        bool isScaling = entering.Source.Distinct().Count() == entering.Count;
        for (int j = 0; j < entering.Count && isScaling; j++)
            isScaling = features[entering.Source[j]].Category >= 0
                || (entering.Scale[j] != 0 && double.IsFinite(entering.Offset[j] / entering.Scale[j])
                && double.IsFinite(entering.Scale[j]));
        Selection inOrder = entering with { Source = [.. entering.Source.Select(s => place[s])] };
        if (!isScaling) return inOrder;
        Selection plain = Selection.All(0, entering.Count);
        for (int j = 0; j < entering.Count; j++)
        {
            if (features[entering.Source[j]].Category >= 0)
            {
                (plain.Scale[j], plain.Offset[j]) = (entering.Scale[j], entering.Offset[j]);
                continue;
            }
            scale[numeric[entering.Source[j]]] = entering.Scale[j];
            shift[numeric[entering.Source[j]]] = entering.Offset[j] == 0 ? 0 : -entering.Offset[j] / entering.Scale[j];
        }
        return plain with { Source = inOrder.Source };
    }

    // ---- answers ----------------------------------------------------------------------------------------------------

    private ImportedGraph Finish()
    {
        List<GraphValue> outputs = [];
        foreach (ValueInfoProto output in file.Graph.Output)
            outputs.Add(values.TryGetValue(output.Name, out GraphValue? value)
                && (value is not LaterValue later || values.TryGetValue(later.Name, out value)) ? value
                : Throw.Input<GraphValue>($"{name}, output '{output.Name}'", "a value of the graph",
                "none of this name", "The file is damaged."));
        (IReadOnlyList<string>? classes, RowValue? decides) = Label(outputs);
        RowValue[] numbers = [.. outputs.Select(o => o is MapValue map ? map.Of : o as RowValue).OfType<RowValue>()
            .Where(r => !r.IsCondition)];
        RowValue result = numbers.Length > 0
            ? numbers.MaxBy(r => r.Field.Base + (r.G == v && r.Field is Selection ? 0 : 1))!
            : decides ?? Throw.Input<RowValue>(
            name, "an output of numbers or classes", "none", "Check that it is a whole model.");
        NodeProto end = file.Graph.Node.LastOrDefault() ?? new NodeProto { OpType = "Graph" };
        RowValue final = Made(end, result, isLast: true);
        if (layers.Count == 0 || layers[^1].Layer is not Dense) AddIdentity(end, ref final);
        Selection field = (Selection)final.Field;
        if (field.Base != layers.Count)
            Throw.Input($"{name}, outputs", "the outputs of the last layer", "those of an earlier one",
                "Leave out what comes after it.");
        if (classes is null && layers[^1].Layer is Dense { Activation.IsElementwise: false })
            classes = Texts("downhill.classes", final.Count)
                ?? [.. Enumerable.Range(0, final.Count).Select(k => $"{k}")];
        Model model = classes is null ? Regression(end, final, field)
            : Classification(end, final, field, classes, decides);
        return new ImportedGraph(model, [.. inputs], [.. columns.Select((_, i) => CategoriesOf(i))],
            [.. outputs.Select((o, i) => new RawOutput(file.Graph.Output[i].Name, KindOf(o, result), o switch
            {
                LabelValue label => label.Classes, MapValue map => map.Classes, _ => [],
            }))]);
    }

    /// <summary>The names of the classes and the numbers that decide, from whichever output says them.</summary>
    private (IReadOnlyList<string>? Classes, RowValue? Decides) Label(List<GraphValue> outputs)
    {
        LabelValue? label = outputs.OfType<LabelValue>().FirstOrDefault();
        if (label is not null) return (label.Classes, label.Of);
        MapValue? map = outputs.OfType<MapValue>().FirstOrDefault();
        if (map is not null) return (map.Classes, map.Of);
        LargestValue? largest = outputs.OfType<LargestValue>().FirstOrDefault();
        return largest is null ? (null, null)
            : ([.. Enumerable.Range(0, largest.Of.Count).Select(k => $"{k}")], largest.Of);
    }

    private static AnswerKind KindOf(GraphValue output, RowValue result) => output switch
    {
        RowValue row when ReferenceEquals(row, result)
            || (ReferenceEquals(row.Field, result.Field) && row.G == result.G) => AnswerKind.Numbers,
        LabelValue => AnswerKind.Label,
        MapValue => AnswerKind.Map,
        LargestValue => AnswerKind.Index,
        _ => AnswerKind.Other,
    };

    private void AddIdentity(NodeProto node, ref RowValue final)
    {
        AddLayer(node, final.Field, finder.Identity, 1, 0, mustBeDense: true);
        final = final with { Field = Selection.All(layers.Count, final.Count) };
    }

    private Model Regression(NodeProto node, RowValue final, Selection field)
    {
        if (!field.KeepsOrder(WidthOf(layers.Count)) || field.Scale.Any(s => s == 0))
        {
            AddIdentity(node, ref final);
            field = (Selection)final.Field;
        }
        if (field.IsPlain && Texts("downhill.labels", field.Count) is string[] labels)
            return Build(new Target(labels, []) { IsMultiLabel = true }, field.Offset, field.Scale, 0, 1, false,
                Losses.BinaryCrossEntropy);
        string[] names = Texts("downhill.target", field.Count)
            ?? (field.Count == 1 ? ["y"] : [.. Enumerable.Range(1, field.Count).Select(i => $"y{i}")]);
        return Build(new Target(names, []), field.Offset, field.Scale, 0, 1, false, Losses.MeanSquaredError);
    }

    private Model Classification(
        NodeProto node, RowValue final, Selection field, IReadOnlyList<string> classes, RowValue? decides)
    {
        string target = Texts("downhill.target", 1)?[0] ?? "class";
        if (classes.Count == 2 && WidthOf(layers.Count) == 1 && field.Count is 1 or 2)
        {
            // One unit: second share = s·y + o, from 0 at the low code to 1 at the high one.
            int second = field.Count - 1;
            (double s, double o) = (field.Scale[second], field.Offset[second]);
            bool isShare = field.Count == 1
                || (Math.Abs(field.Scale[0] + s) < 1e-6 && Math.Abs(field.Offset[0] + o - 1) < 1e-6);
            double middle = Threshold(decides) is double output ? s * output + o : 0.5;
            (double low, double high) = (o == 0 ? 0 : -o / s, (1 - o) / s);
            if (isShare && s > 0 && Math.Abs(middle - 0.5) < 1e-6)
                return Build(new Target([target], [.. classes]), [], [], low, high, true,
                    (low, high) is (0, 1) && layers[^1].Layer is Dense { Activation: { Name: "sigmoid", Range.Low: 0 } }
                        ? Losses.BinaryCrossEntropy : Losses.MeanSquaredError);
            if (field.Count == 1)
                Throw.Input($"{name}, outputs", "the second class from the middle between the two on",
                    $"from {Numbers.Text(middle)} on",
                    "Export the two classes as two outputs.");
        }
        if (final.Count != classes.Count)
            Throw.Input($"{name}, outputs", $"a number for each of {classes.Count} classes", $"{final.Count}",
                "The file contradicts itself.");
        if (!field.KeepsOrder(WidthOf(layers.Count)) || !field.IsPlain) AddIdentity(node, ref final);
        return Build(new Target([target], [.. classes]), [], [], 0, 1, false,
            layers[^1].Layer is Dense { Activation.IsElementwise: false } ? Losses.CrossEntropy
                : Losses.MeanSquaredError);
    }

    /// <summary>The output of the last unit at which a condition on it changes; null without one.</summary>
    private double? Threshold(RowValue? decides)
    {
        if (decides is not { IsCondition: true } || decides.G.Operands.Count != 2) return null;
        (Expr edge, Expr number) = (decides.G.Operands[0], decides.G.Operands[1]);
        if (edge.Operation != Operation.Constant || !edge.IsScalar) return null;
        return made.TryGetValue((decides.Field, number), out RowValue? known) && known.Field is Selection one
            ? (edge.ConstantAt() - one.Offset[0]) / one.Scale[0] : null;
    }

    private Model Build(Target target, double[] targetShift, double[] targetScale, double low, double high, bool single,
        Loss loss)
    {
        string[] names = Texts("downhill.columns", columns.Count) ?? [.. columns.Select(c => c.Name)];
        Preparation preparation = own is not null ? own with
        {
            Target = target,
            TargetShift = targetShift,
            TargetScale = targetScale,
            TargetLow = low,
            TargetHigh = high,
            SingleOutput = single,
        } : new(
            [.. columns.Select((c, i) => c.Categories is null ? new Column(names[i])
                : new Column(names[i], ColumnKind.Category, c.Categories))],
            target, shift!, scale!, targetShift, targetScale, low, high, single);
        NetworkSpec spec = new(preparation.Width, [.. layers.Select(l => l.Layer)]);
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength);
        float[][] tensors = [.. layers.SelectMany(l => l.Tensors)];
        for (int i = 0; i < tensors.Length; i++) tensors[i].CopyTo(parameters.Span[spec.Segments[i].Offset..]);
        float[] statistics = [.. layers.SelectMany(l => l.Buffers)];
        statistics.CopyTo(buffers.Span);
        return new Model(spec, preparation, loss, parameters, buffers, Arithmetic.Fast);
    }

    /// <summary>Names that we left in a file of our own; null where there are none or not so many.</summary>
    private string[]? Texts(string key, int count)
    {
        string? text = file.MetadataProps.FirstOrDefault(p => p.Key == key)?.Value;
        if (text is null) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4 });
            string[] texts = ModelFile.Texts(json.RootElement);
            return texts.Length == count && texts.Distinct(StringComparer.Ordinal).Count() == count ? texts : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
