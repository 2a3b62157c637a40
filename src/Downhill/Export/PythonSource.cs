using System.Globalization;
using System.Text;
using Downhill.Graph;

namespace Downhill;

/// <summary>A model as a Python module that needs the standard library only; one row at a time, in double
/// precision.</summary>
internal sealed class PythonSource
{
    private static readonly SourceSyntax Syntax = new("", isWholeFloat: false,
        ("Exp", SourceSyntax.Call("_exp")), ("Log", SourceSyntax.Call("_log")), ("Log1P", SourceSyntax.Call("_log1p")),
        ("Tanh", SourceSyntax.Call("math.tanh")), ("Sin", SourceSyntax.Call("math.sin")),
            ("Cos", SourceSyntax.Call("math.cos")),
        ("Sqrt", SourceSyntax.Call("math.sqrt")), ("Abs", SourceSyntax.Call("abs")),
            ("Erf", SourceSyntax.Call("math.erf")),
        ("Pow", SourceSyntax.Call("math.pow", 2)), ("Sign", SourceSyntax.Call("_sign_of")),
            ("Sigmoid", SourceSyntax.Call("_logistic")),
        ("Softplus", SourceSyntax.Call("_softplus_of")), ("Max", SourceSyntax.Call("max", 2)),
            ("Min", SourceSyntax.Call("min", 2)),
        ("Select", new("{1} if {0} else {2}", Level.Choice, Level.Comparison, Level.Sum, Level.Choice)))
    {
        Special = ("math.nan", "math.inf", "-math.inf"), Local = "{0} = {1}",
    };

    /// <summary>Where Python's functions raise an error at ±∞ or 0, and what it lacks; written where something needs
    /// it.</summary>
    private static readonly (Operation[] For, string[] Code)[] Functions =
    [
        ([Operation.Exp, Operation.Sigmoid, Operation.Softmax, Operation.Softplus],
            ["def _exp(x):", "    return math.exp(x) if x < 709.0 else math.inf"]),
        ([Operation.Log],
            ["def _log(x):", "    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan"]),
        ([Operation.Log1P], ["def _log1p(x):", "    return math.log1p(x) if x > -1.0 else -math.inf if x == -1.0 else "
            + "math.nan"]),
        ([Operation.Sign], ["def _sign_of(x):", "    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x"]),
        ([Operation.Sigmoid], ["def _logistic(x):", "    return 1.0 / (1.0 + _exp(-x))"]),
        ([Operation.Softplus], ["def _softplus_of(x):", "    return max(x, 0.0) + math.log1p(_exp(-abs(x)))"]),
    ];

    private static readonly SourceEncoding Encoding = new("({1} if {0} != {0} else {0})",
        "_placed({0}, _LANDMARKS_{1}, _PLACES_{1})", "_clipped({0}, {1})", Syntax.Precise);

    private readonly SourceModel source;
    private readonly TextWriter writer;

    private PythonSource(SourceModel source, TextWriter writer) => (this.source, this.writer) = (source, writer);

    public static void Write(SourceModel source, TextWriter writer) => new PythonSource(source, writer).Write();

    private Preparation Preparation => source.Preparation;

    private void Write()
    {
        WriteHead(writer, source, "It needs the standard library only.", "row",
            $"predict([{string.Join(", ", source.Columns.Take(4).Select(c => c.IsCategory ? "'…'" : "1.0"))}"
                + $"{(source.Columns.Count > 4 ? ", …" : "")}])");
        if (source.HasLandmarks) writer.WriteLine("import bisect");
        writer.WriteLine("import math");
        writer.WriteLine("from array import array");
        writer.WriteLine();
        WriteNames(writer, source);
        WriteFunctions();
        WriteOutputs();
        WritePredict();
        WriteTables();
    }

    /// <summary>Docstring with how to call it.</summary>
    public static void WriteHead(TextWriter writer, SourceModel source, string needs, string word, string call)
    {
        writer.WriteLine("# -*- coding: utf-8 -*-");
        string[] lines = [.. source.Description];
        writer.WriteLine($"\"\"\"{SourceModel.Comment(lines[0])}");
        foreach (string line in lines[1..]) writer.WriteLine(SourceModel.Comment(line));
        writer.WriteLine($"{needs} A {word} holds the columns "
            + $"{SourceText.Listed(source.Columns.Select(c => c.Column.Name))}.");
        if (source.Columns.Any(c => c.HasIndicator))
            writer.WriteLine("A number that is missing is None or not a number (nan).");
        writer.WriteLine();
        writer.WriteLine($"    import {source.Name}");
        writer.WriteLine($"    {source.Name}.{call}");
        writer.WriteLine("\"\"\"");
    }

    /// <summary>Columns, categories, classes or targets.</summary>
    public static void WriteNames(TextWriter writer, SourceModel source)
    {
        Target target = source.Preparation.Target;
        List(writer, "COLUMNS", source.Columns.Select(c => Text(c.Column.Name)));
        if (target.IsClass) List(writer, "CLASSES", target.Classes.Select(Text));
        else List(writer, "TARGETS", target.Names.Select(Text));
        if (source.Preparation.CategoryCount == 0) return;
        writer.WriteLine();
        writer.WriteLine("# The texts that a column of categories may hold; any other counts as unknown.");
        writer.WriteLine("CATEGORIES = {");
        foreach (SourceColumn column in source.Columns.Where(c => c.IsCategory))
        {
            writer.WriteLine($"    {column.Place}: [");
            SourceText.WriteItems(writer, column.Column.Categories.Select(Text), "        ");
            writer.WriteLine("    ],");
        }
        writer.WriteLine("}");
    }

    private void WriteFunctions()
    {
        Expr[] bodies = [.. source.Functions.Select(f => f.Body),
            .. source.Layers.Where(l => l.Layer is not Dense)
                .Select(l => SourceModel.Elementwise(l, Expr.Variable("x", 1, l.Inputs))),
            .. source.HasSoftmax ? [Expr.Softmax(Expr.Variable("v"))] : (Expr[])[],
            .. Preparation.LogTargets ? [Expr.Exp(Expr.Variable("v"))] : (Expr[])[]];
        if (!source.IsOnlyScaled && Preparation.NumericCount > 0)
            Define(["def _number(value):  # as float32 holds it; missing is nan",
                "    return array('f', [math.nan if value is None else value])[0]"]);
        if (source.HasClip)
            Define(["def _clipped(z, most):  # softly within -most and most",
                "    return z / math.sqrt(1.0 + z / most * (z / most))"]);
        if (source.HasLandmarks)
            Define(["def _placed(x, landmarks, places):  # straight lines between landmarks, nothing beyond them",
                "    if not landmarks[0] < x:", "        return places[0] if x == x else x",
                "    if x >= landmarks[-1]:", "        return places[-1]",
                "    i = bisect.bisect_right(landmarks, x)",
                "    share = (x - landmarks[i - 1]) / (landmarks[i] - landmarks[i - 1])",
                "    return places[i - 1] + (places[i] - places[i - 1]) * share"]);
        if (source.HasLevels)
            Define(["def _levels(x, levels, may_be_missing):  # nan where the model would refuse the number",
                "    if math.isinf(x) or (x != x and not may_be_missing):", "        return [math.nan] * len(levels)",
                "    return [1.0 if x == level else 0.0 for level in levels]"]);
        foreach ((Operation[] operations, string[] code) in Functions)
            if (operations.Any(o => SourceSyntax.Uses(bodies, o))) Define(code);
        foreach (SourceFunction function in source.Functions)
        {
            IReadOnlyList<string> statements = Syntax.Statements(function.Body, node => node.Name!);
            Define([$"def _phi_{function.Name}(v):  # {SourceModel.Comment(function.Activation.ToString())}",
                .. statements.SkipLast(1).Select(s => $"    {s}"), $"    return {statements[^1]}"]);
        }
        if (source.HasSoftmax)
            Define(["def _softmax(v):", "    largest = max(v)", "    e = [_exp(u - largest) for u in v]",
                "    total = sum(e)",
                "    return [u / total for u in e]"]);
    }

    private void WriteOutputs()
    {
        Define(["def outputs(row):", $"    \"\"\"The network's {Preparation.Outputs} outputs for one row"
            + (Preparation.Target.IsNumeric ? ", in the targets' units" : "") + ".\"\"\"",
            $"    if len(row) != {source.Columns.Count}:",
            $"        raise ValueError('expected {source.Columns.Count} values, got %d' % len(row))"]);
        if (source.IsOnlyScaled)
        {
            writer.WriteLine(source.HasCommonScale ? $"    x = [value * {Syntax.Precise(Preparation.Scale[0])}"
                + $" for value in array('f', row)]"
                : "    x = [(value - shift) * scale for value, shift, scale in zip(array('f', row), _SHIFT, _SCALE)]");
        }
        else
        {
            writer.WriteLine("    x = []");
            foreach (SourceColumn column in source.Columns) WriteEncoding(column);
        }
        // Python's max and comparisons would make a number of it.
        if (source.Columns.Any(c => !c.IsCategory && !c.Encoding.IsConstant && !c.HasIndicator))
        {
            writer.WriteLine("    if any(value != value for value in x):  # a gap where training had none");
            writer.WriteLine($"        return [math.nan] * {Preparation.Outputs}");
        }
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            string number = $"{index + 1}";
            if (layer.Layer is Dense dense)
            {
                string field = dense.HasBias ? "bias + sum(a * b for a, b in zip(x, unit))"
                    : "sum(a * b for a, b in zip(x, unit))";
                string value = source.FunctionOf(dense) is SourceFunction function ? $"_phi_{function.Name}({field})"
                    : field;
                writer.WriteLine(dense.HasBias ? $"    x = [{value} for unit, bias in zip(_WEIGHTS_{number}, _BIASES_"
                    + $"{number})]"
                    : $"    x = [{value} for unit in _WEIGHTS_{number}]");
                if (SourceModel.IsSoftmax(layer)) writer.WriteLine("    x = _softmax(x)");
                continue;
            }
            Expr body = SourceModel.Elementwise(layer, Expr.Variable("x", 1, layer.Inputs));
            Dictionary<Expr, string> tables = Constants(body).Select((node, i) => (node, i))
                .ToDictionary(p => p.node, p => $"_LAYER_{number}_{p.i + 1}[i]");
            IReadOnlyList<string> statements = Syntax.Statements(
                body, node => node.Operation == Operation.Variable ? "x[i]" : tables[node]);
            writer.WriteLine("    y = []");
            writer.WriteLine($"    for i in range({layer.Inputs}):");
            foreach (string statement in statements.SkipLast(1)) writer.WriteLine($"        {statement}");
            writer.WriteLine($"        y.append({statements[^1]})");
            writer.WriteLine("    x = y");
        }
        string unit = Preparation.LogTargets ? "_exp(value * scale + shift) - 1.0" : "value * scale + shift";
        writer.WriteLine(source.HasUnits
            ? $"    return [{unit} for value, scale, shift in zip(x, _TARGET_SCALE, _TARGET_SHIFT)]"
            : "    return x");
    }

    private void WriteEncoding(SourceColumn column)
    {
        if (column.IsCategory)
        {
            writer.WriteLine($"    x += [1.0 if row[{column.Place}] == text else 0.0 for text in "
                + $"CATEGORIES[{column.Place}]]");
            return;
        }
        if (column.Encoding.IsConstant) return;
        writer.WriteLine($"    v = _number(row[{column.Place}])");
        if (column.HasValue) writer.WriteLine($"    x.append({Encoding.Of(column, "v")})");
        if (column.HasIndicator) writer.WriteLine("    x.append(1.0 if v != v else 0.0)");
        if (column.HasLevels)
            writer.WriteLine($"    x += _levels(v, _LEVELS_{column.KindPlace}, {column.HasIndicator})");
    }

    private void WritePredict()
    {
        string[] body = !Preparation.Target.IsClass
            ? Preparation.Outputs == 1 ? ["    return outputs(row)[0]"]
            : ["    return dict(zip(TARGETS, outputs(row)))"]
            : Preparation.SingleOutput
                ? [$"    return CLASSES[1 if outputs(row)[0] >= "
                + $"{Operand(0.5 * (Preparation.TargetLow + Preparation.TargetHigh))} else 0]"]
                : ["    values = outputs(row)", "    return CLASSES[values.index(max(values))]"];
        Define(["def predict(row):", $"    \"\"\"The {(Preparation.Target.IsClass ? "class" : "answer")}"
            + $" for one row.\"\"\"", .. body]);
        writer.WriteLine();
    }

    private void WriteTables()
    {
        writer.WriteLine();
        if (source.IsOnlyScaled && !source.HasCommonScale)
        {
            writer.WriteLine("# A number enters the network as (number - shift) * scale.");
            List(writer, "_SHIFT", Preparation.Shift.Select(Syntax.Precise));
            List(writer, "_SCALE", Preparation.Scale.Select(Syntax.Precise));
        }
        foreach (SourceColumn column in source.Columns.Where(c => c.HasLandmarks || c.HasLevels))
            WriteTables(writer, column, Syntax.Precise, (name, items) => List(writer, name, items));
        if (source.HasUnits)
        {
            writer.WriteLine(UnitComment(source));
            List(writer, "_TARGET_SCALE", Preparation.TargetScale.Select(Syntax.Precise));
            List(writer, "_TARGET_SHIFT", Preparation.TargetShift.Select(Syntax.Precise));
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
                    List(writer, $"_LAYER_{index + 1}_{++number}",
                        Enumerable.Range(0, layer.Inputs).Select(i => Syntax.Number((float)constant.ConstantAt(0, i))));
                continue;
            }
            writer.WriteLine($"_WEIGHTS_{index + 1} = [");
            for (int unit = 0; unit < layer.Outputs; unit++)
                SourceText.WriteRow(writer, "[", SourceText.Unit(layer.Tensors[0], unit).Select(Syntax.Number), "]");
            writer.WriteLine("]");
            if (dense.HasBias) List(
                writer, $"_BIASES_{index + 1}", SourceText.Row(layer.Tensors[1]).Select(Syntax.Number));
        }
    }

    /// <summary>Landmarks or levels of a column.</summary>
    public static void WriteTables(TextWriter writer, SourceColumn column, Func<double, string> number,
        Action<string, IEnumerable<string>> list)
    {
        NumericEncoding encoding = column.Encoding;
        writer.WriteLine($"# {SourceModel.Comment(column.Column.Name)}: "
            + (column.HasLevels ? "the values it had" : "landmarks, and what they become"));
        if (column.HasLevels)
        {
            list($"_LEVELS_{column.KindPlace}", encoding.Levels.Select(l => number(l)));
            return;
        }
        list($"_LANDMARKS_{column.KindPlace}", encoding.Landmarks.Select(number));
        list($"_PLACES_{column.KindPlace}", encoding.Places.Select(number));
    }

    public static string UnitComment(SourceModel source) => "# An output in the target's unit is "
        + (source.Preparation.LogTargets ? "exp(output * scale + shift) - 1." : "output * scale + shift.");

    // ---- words ------------------------------------------------------------------------------------------------------

    private static IEnumerable<Expr> Constants(Expr body) =>
        body.Nodes().Where(n => n.Operation == Operation.Constant && !n.IsScalar);

    private static string Operand(double value) => value < 0 ? $"({Syntax.Precise(value)})" : Syntax.Precise(value);

    private void Define(IReadOnlyList<string> lines)
    {
        writer.WriteLine();
        writer.WriteLine();
        foreach (string line in lines) writer.WriteLine(line);
    }

    public static void List(TextWriter writer, string name, IEnumerable<string> items)
    {
        writer.WriteLine($"{name} = [");
        SourceText.WriteItems(writer, items, "    ");
        writer.WriteLine("]");
    }

    /// <summary>A string literal in ASCII.</summary>
    public static string Text(string text)
    {
        StringBuilder literal = new("'");
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is >= ' ' and <= '~' and not '\'' and not '\\') literal.Append((char)rune.Value);
            else if (rune.Value <= 0xFFFF) literal.Append("\\u")
                .Append(rune.Value.ToString("x4", CultureInfo.InvariantCulture));
            else literal.Append("\\U").Append(rune.Value.ToString("x8", CultureInfo.InvariantCulture));
        }
        return literal.Append('\'').ToString();
    }
}
