using Downhill.Graph;

namespace Downhill;

/// <summary>A model as a Python module on NumPy: many rows at once, in single precision.</summary>
internal sealed class NumPySource
{
    private static readonly SourceSyntax Syntax = new("", isWholeFloat: false,
        ("Exp", SourceSyntax.Call("np.exp")), ("Log", SourceSyntax.Call("np.log")),
            ("Log1P", SourceSyntax.Call("np.log1p")),
        ("Tanh", SourceSyntax.Call("np.tanh")), ("Sin", SourceSyntax.Call("np.sin")),
            ("Cos", SourceSyntax.Call("np.cos")),
        ("Sqrt", SourceSyntax.Call("np.sqrt")), ("Abs", SourceSyntax.Call("np.abs")),
            ("Erf", SourceSyntax.Call("_erf")),
        ("Pow", SourceSyntax.Call("np.power", 2)), ("Sign", SourceSyntax.Call("np.sign")),
            ("Sigmoid", SourceSyntax.Call("_logistic")),
        ("Softplus", new("np.logaddexp(0.0, {0})", Level.Atom, Level.Choice)),
            ("Max", SourceSyntax.Call("np.maximum", 2)),
        ("Min", SourceSyntax.Call("np.minimum", 2)), ("Select", SourceSyntax.Call("np.where", 3)))
    {
        Special = ("np.nan", "np.inf", "-np.inf"), Local = "{0} = {1}",
    };

    private static readonly SourceEncoding Encoding = new("np.where(np.isnan({0}), {1}, {0})",
        "np.interp({0}, _LANDMARKS_{1}, _PLACES_{1})", "_clipped({0}, {1})", Syntax.Precise);

    private readonly SourceModel source;
    private readonly TextWriter writer;

    private NumPySource(SourceModel source, TextWriter writer) => (this.source, this.writer) = (source, writer);

    public static void Write(SourceModel source, TextWriter writer) => new NumPySource(source, writer).Write();

    private Preparation Preparation => source.Preparation;

    private void Write()
    {
        PythonSource.WriteHead(writer, source, "It needs NumPy.", "row",
            $"predict(rows)  # [N, {source.Columns.Count}] -> [N]");
        Expr[] bodies = [.. source.Functions.Select(f => f.Body),
            .. source.Layers.Where(l => l.Layer is not Dense)
                .Select(l => SourceModel.Elementwise(l, Expr.Variable("x", 1, l.Inputs)))];
        bool hasErf = SourceSyntax.Uses(bodies, Operation.Erf);
        if (hasErf) writer.WriteLine("import math");
        if (hasErf) writer.WriteLine();
        writer.WriteLine("import numpy as np");
        writer.WriteLine();
        PythonSource.WriteNames(writer, source);
        if (hasErf)
        {
            writer.WriteLine();
            writer.WriteLine("_erf = np.vectorize(math.erf, otypes=[np.float32])");
        }
        if (SourceSyntax.Uses(bodies, Operation.Sigmoid)) Define(
            ["def _logistic(x):", "    return 1.0 / (1.0 + np.exp(-x))"]);
        foreach (SourceFunction function in source.Functions)
        {
            IReadOnlyList<string> statements = Syntax.Statements(function.Body, node => node.Name!);
            Define([$"def _phi_{function.Name}(v):  # {SourceModel.Comment(function.Activation.ToString())}",
                .. statements.SkipLast(1).Select(s => $"    {s}"), $"    return {statements[^1]}"]);
        }
        if (source.HasSoftmax)
            Define(["def _softmax(v):", "    e = np.exp(v - v.max(axis=1, keepdims=True))",
                "    return e / e.sum(axis=1, keepdims=True)"]);
        if (!source.IsOnlyScaled && Preparation.NumericCount > 0)
            Define(["def _numbers(rows, column):  # [N, 1], as float32 holds them; missing is nan",
                "    return rows[:, column:column + 1].astype(np.float32).astype(np.float64)"]);
        if (source.HasClip)
            Define(["def _clipped(z, most):  # softly within -most and most",
                "    return z / np.sqrt(1.0 + z / most * (z / most))"]);
        if (source.HasLevels)
            Define(["def _levels(x, levels, may_be_missing):  # nan where the model would refuse the number",
                "    refused = np.isinf(x) | (np.isnan(x) & (not may_be_missing))",
                "    return np.where(refused, np.nan, x == levels)"]);
        WriteOutputs();
        WritePredict();
        WriteTables();
    }

    private void WriteOutputs()
    {
        Define(["def outputs(rows):", $"    \"\"\"[N, {source.Columns.Count}] raw rows → [N, {Preparation.Outputs}"
            + $"] outputs of the network"
            + (Preparation.Target.IsNumeric ? ", in the targets' units" : "") + ".\"\"\""]);
        writer.WriteLine($"    rows = np.asarray(rows, dtype={(source.IsOnlyScaled ? "np.float32" : "object")})"
            + $".reshape(-1, {source.Columns.Count})");
        if (source.IsOnlyScaled)
        {
            writer.WriteLine("    rows = rows.astype(np.float64)");
            writer.WriteLine(source.HasCommonScale ? $"    x = (rows * {Syntax.Precise(Preparation.Scale[0])}"
                + $").astype(np.float32)"
                : "    x = ((rows - _SHIFT) * _SCALE).astype(np.float32)");
        }
        else
        {
            writer.WriteLine("    x = []");
            foreach (SourceColumn column in source.Columns) WriteEncoding(column);
            writer.WriteLine("    x = np.concatenate(x, axis=1).astype(np.float32)");
        }
        writer.WriteLine("    with np.errstate(over='ignore', under='ignore', invalid='ignore', divide='ignore'):");
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            if (layer.Layer is Dense dense)
            {
                string field = $"x @ _WEIGHTS_{index + 1}" + (dense.HasBias ? $" + _BIASES_{index + 1}" : "");
                string? function = SourceModel.IsSoftmax(layer) ? "_softmax"
                    : source.FunctionOf(dense) is SourceFunction own ? $"_phi_{own.Name}" : null;
                writer.WriteLine($"        x = {(function is null ? field : $"{function}({field})")}");
                continue;
            }
            Expr body = SourceModel.Elementwise(layer, Expr.Variable("x", 1, layer.Inputs));
            Dictionary<Expr, string> tables = Constants(body).Select((node, i) => (node, i))
                .ToDictionary(p => p.node, p => $"_LAYER_{index + 1}_{p.i + 1}");
            IReadOnlyList<string> statements = Syntax.Statements(
                body, node => node.Operation == Operation.Variable ? "x" : tables[node]);
            foreach (string statement in statements.SkipLast(1)) writer.WriteLine($"        {statement}");
            writer.WriteLine($"        x = {statements[^1]}");
        }
        writer.WriteLine(!source.HasUnits ? "    return x"
            : Preparation.LogTargets ? "        return np.exp(x * _TARGET_SCALE + _TARGET_SHIFT) - 1.0"
            : "    return x * _TARGET_SCALE + _TARGET_SHIFT");
    }

    private void WriteEncoding(SourceColumn column)
    {
        if (column.IsCategory)
        {
            if (column.Column.Categories.Count > 0)
                writer.WriteLine($"    x.append(rows[:, {column.Place}:{column.Place + 1}] == "
                    + $"np.array(CATEGORIES[{column.Place}], dtype=object))");
            return;
        }
        if (column.Encoding.IsConstant) return;
        writer.WriteLine($"    v = _numbers(rows, {column.Place})");
        if (column.HasValue) writer.WriteLine($"    x.append({Encoding.Of(column, "v")})");
        if (column.HasIndicator) writer.WriteLine("    x.append(np.isnan(v))");
        if (column.HasLevels)
            writer.WriteLine($"    x.append(_levels(v, _LEVELS_{column.KindPlace}, {column.HasIndicator}))");
    }

    private void WritePredict()
    {
        string answer = !Preparation.Target.IsClass ? Preparation.Outputs == 1 ? "outputs(rows)[:, 0]" : "outputs(rows)"
            : Preparation.SingleOutput
                ? $"np.array(CLASSES)[(outputs(rows)[:, 0] >= "
                + $"{Syntax.Precise(0.5 * (Preparation.TargetLow + Preparation.TargetHigh))}).astype(int)]"
            : "np.array(CLASSES)[outputs(rows).argmax(axis=1)]";
        Define(["def predict(rows):", $"    \"\"\"The {(Preparation.Target.IsClass ? "class" : "answer")}"
            + $" for each row.\"\"\"",
            $"    return {answer}"]);
        writer.WriteLine();
    }

    private void WriteTables()
    {
        writer.WriteLine();
        if (source.IsOnlyScaled && !source.HasCommonScale)
        {
            writer.WriteLine("# A number enters the network as (number - shift) * scale.");
            Array("_SHIFT", Preparation.Shift.Select(Syntax.Precise), "np.float64");
            Array("_SCALE", Preparation.Scale.Select(Syntax.Precise), "np.float64");
        }
        foreach (SourceColumn column in source.Columns.Where(c => c.HasLandmarks || c.HasLevels))
            PythonSource.WriteTables(writer, column, Syntax.Precise, (name, items) => Array(name, items, "np.float64"));
        if (source.HasUnits)
        {
            writer.WriteLine(PythonSource.UnitComment(source));
            Array("_TARGET_SCALE", Preparation.TargetScale.Select(Syntax.Precise), "np.float64");
            Array("_TARGET_SHIFT", Preparation.TargetShift.Select(Syntax.Precise), "np.float64");
        }
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            writer.WriteLine($"# Layer {index + 1}: {SourceModel.Comment(layer.Layer.Describe(layer.Inputs))}");
            if (layer.Layer is not Dense dense)
            {
                int number = 0;
                foreach (
                    Expr constant in Constants(SourceModel.Elementwise(layer, Expr.Variable("x", 1, layer.Inputs))))
                    Array($"_LAYER_{index + 1}_{++number}",
                        Enumerable.Range(0, layer.Inputs).Select(i => Syntax.Number((float)constant.ConstantAt(0, i))),
                            "np.float32");
                continue;
            }
            writer.WriteLine($"_WEIGHTS_{index + 1} = np.array([");
            for (int input = 0; input < layer.Inputs; input++)
                SourceText.WriteRow(writer, "[", SourceText.Row(layer.Tensors[0], input).Select(Syntax.Number), "]");
            writer.WriteLine("], dtype=np.float32)");
            if (dense.HasBias) Array($"_BIASES_{index + 1}", SourceText.Row(layer.Tensors[1]).Select(Syntax.Number),
                "np.float32");
        }
    }

    // ---- words ------------------------------------------------------------------------------------------------------

    private static IEnumerable<Expr> Constants(Expr body) =>
        body.Nodes().Where(n => n.Operation == Operation.Constant && !n.IsScalar);

    private void Define(IReadOnlyList<string> lines)
    {
        writer.WriteLine();
        writer.WriteLine();
        foreach (string line in lines) writer.WriteLine(line);
    }

    private void Array(string name, IEnumerable<string> items, string type)
    {
        writer.WriteLine($"{name} = np.array([");
        SourceText.WriteItems(writer, items, "    ");
        writer.WriteLine($"], dtype={type})");
    }
}
