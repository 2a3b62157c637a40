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
        writer.WriteLine("import math");
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
            .. source.HasSoftmax ? [Expr.Softmax(Expr.Variable("v"))] : (Expr[])[]];
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
        if (Preparation.CategoryCount == 0)
        {
            writer.WriteLine(source.HasCommonScale ? $"    x = [value * {Syntax.Precise(Preparation.Scale[0])}"
                + $" for value in row]"
                : "    x = [(value - shift) * scale for value, shift, scale in zip(row, _SHIFT, _SCALE)]");
        }
        else
        {
            writer.WriteLine("    x = []");
            foreach (SourceColumn column in source.Columns)
                writer.WriteLine(column.IsCategory
                    ? $"    x += [1.0 if row[{column.Place}] == text else 0.0 for text in CATEGORIES[{column.Place}]]"
                    : $"    x.append((row[{column.Place}] - {Operand(Preparation.Shift[column.KindPlace])}) * "
                    + $"{Syntax.Precise(Preparation.Scale[column.KindPlace])})");
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
        writer.WriteLine(source.HasUnits
            ? "    return [value * scale + shift for value, scale, shift in zip(x, _TARGET_SCALE, _TARGET_SHIFT)]"
            : "    return x");
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
        if (Preparation.CategoryCount == 0 && !source.HasCommonScale)
        {
            writer.WriteLine("# A number enters the network as (number - shift) * scale.");
            List(writer, "_SHIFT", Preparation.Shift.Select(Syntax.Precise));
            List(writer, "_SCALE", Preparation.Scale.Select(Syntax.Precise));
        }
        if (source.HasUnits)
        {
            writer.WriteLine("# An output in the target's unit is output * scale + shift.");
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
