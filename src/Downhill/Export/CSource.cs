using System.Globalization;
using System.Text;
using Downhill.Graph;

namespace Downhill;

/// <summary>A model in C99: constant tables, one function per activation, and the network as loops over two rows of
/// numbers.</summary>
internal sealed class CSource
{
    private static readonly SourceSyntax Syntax = new("f", isWholeFloat: false,
        ("Exp", SourceSyntax.Call("expf")), ("Log", SourceSyntax.Call("logf")), ("Log1P", SourceSyntax.Call("log1pf")),
        ("Tanh", SourceSyntax.Call("tanhf")), ("Sin", SourceSyntax.Call("sinf")), ("Cos", SourceSyntax.Call("cosf")),
        ("Sqrt", SourceSyntax.Call("sqrtf")), ("Abs", SourceSyntax.Call("fabsf")), ("Erf", SourceSyntax.Call("erff")),
        ("Pow", SourceSyntax.Call("powf", 2)), ("Sign", SourceSyntax.Call("SIGN")),
            ("Sigmoid", SourceSyntax.Call("SIGMOID")),
        ("Softplus", SourceSyntax.Call("SOFTPLUS")), ("Max", SourceSyntax.Call("MAX", 2)),
            ("Min", SourceSyntax.Call("MIN", 2)),
        ("Select", new("{0} ? {1} : {2}", Level.Choice, Level.Comparison, Level.Sum, Level.Choice)))
    {
        Special = ("NAN", "INFINITY", "-INFINITY"), Local = "const float {0} = {1};",
    };

    /// <summary>What the C library lacks or does otherwise (fmaxf loses a NaN); written where something needs
    /// it.</summary>
    private static readonly (string Word, Operation Operation, string Signature, string Value)[] Functions =
    [
        ("SIGN", Operation.Sign, "float x", "x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x"),
        ("SIGMOID", Operation.Sigmoid, "float x", "1.0f / (1.0f + expf(-x))"),
        ("SOFTPLUS", Operation.Softplus, "float x", "(x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x)))"),
        ("MAX", Operation.Max, "float a, float b", "a > b || a != a ? a : b"),
        ("MIN", Operation.Min, "float a, float b", "a < b || a != a ? a : b"),
    ];

    private readonly SourceModel source;
    private readonly TextWriter writer;
    private readonly string name, upper;
    private readonly SourceEncoding encoding;

    private CSource(SourceModel source, TextWriter writer)
    {
        (this.source, this.writer, name) = (source, writer, source.Name);
        upper = name.ToUpperInvariant();
        encoding = new("(isnan({0}) ? {1} : {0})", $"{name}_placed({{0}}, {name}_landmarks_{{1}}, {name}_places_{{1}}, "
            + "{2})", $"{name}_clipped({{0}}, {{1}})", Syntax.Precise);
    }

    public static void Write(SourceModel source, TextWriter writer) => new CSource(source, writer).Write();

    private Preparation Preparation => source.Preparation;
    private bool IsClass => Preparation.Target.IsClass;

    private string Parameters => string.Join(", ",
        (string[])[.. Preparation.NumericCount > 0 ? [$"const float numbers[{Preparation.NumericCount}]"]
            : (string[])[],
            .. Preparation.CategoryCount > 0 ? [$"const int categories[{Preparation.CategoryCount}]"] : (string[])[],
            $"float outputs[{Preparation.Outputs}]"]);

    private void Write()
    {
        WriteHead();
        WriteNames();
        WriteTables();
        WriteFunctions();
        WritePredict();
        if (IsClass) WriteClass();
        if (Preparation.CategoryCount > 0) WriteCategory();
    }

    private void WriteHead()
    {
        writer.WriteLine("/*");
        foreach (string line in source.Description) writer.WriteLine($" * {SourceModel.Comment(line)}");
        writer.WriteLine(" * C99 with <math.h>. Nothing is allocated and nothing is kept: it may be called from "
            + "several threads at once.");
        writer.WriteLine(" *");
        if (Preparation.NumericCount > 0)
            writer.WriteLine($" *     float numbers[{Preparation.NumericCount}] = {{…}};       "
                + $"{SourceText.Listed(Names(ColumnKind.Numeric))}"
                + (source.Columns.Any(c => c.HasIndicator) ? "; NAN where one is missing" : ""));
        if (Preparation.CategoryCount > 0)
            writer.WriteLine($" *     int categories[{Preparation.CategoryCount}] = {{…}};      "
                + $"{SourceText.Listed(Names(ColumnKind.Category))}: {name}_category(0, \"…\") …");
        writer.WriteLine($" *     float outputs[{Preparation.Outputs}];");
        string arguments = (Preparation.NumericCount > 0 ? "numbers, " : "")
            + (Preparation.CategoryCount > 0 ? "categories, " : "");
        writer.WriteLine($" *     {name}_predict({arguments}outputs);");
        if (IsClass) writer.WriteLine($" *     puts({name}_classes[{name}_class(outputs)]);");
        writer.WriteLine(" *");
        writer.WriteLine($" * Compile: cc -std=c99 -O2 {name}.c yours.c -lm");
        writer.WriteLine(" */");
        writer.WriteLine("#include <math.h>");
        if (Preparation.CategoryCount > 0) writer.WriteLine("#include <string.h>");
        writer.WriteLine();
        writer.WriteLine("/* For the files that call it: */");
        writer.WriteLine($"#define {upper}_OUTPUTS {Preparation.Outputs}");
        writer.WriteLine($"void {name}_predict({Parameters});");
        writer.WriteLine($"extern const char *const {name}_columns[{source.Columns.Count}];");
        if (IsClass)
        {
            writer.WriteLine($"extern const char *const {name}_classes[{Preparation.Target.Classes.Count}];");
            writer.WriteLine($"int {name}_class(const float outputs[{Preparation.Outputs}]);");
        }
        else
        {
            writer.WriteLine($"extern const char *const {name}_targets[{Preparation.Outputs}];");
        }
        if (Preparation.CategoryCount > 0) writer.WriteLine($"int {name}_category(int column, const char *text);");
    }

    private void WriteNames()
    {
        writer.WriteLine();
        writer.WriteLine("/* Raw columns in order: numbers and categories each keep this order among themselves. */");
        Texts($"const char *const {name}_columns[{source.Columns.Count}]", source.Columns.Select(c => c.Column.Name));
        if (IsClass) Texts($"const char *const {name}_classes[{Preparation.Target.Classes.Count}]",
            Preparation.Target.Classes);
        else Texts($"const char *const {name}_targets[{Preparation.Outputs}]", Preparation.Target.Names);
        foreach (SourceColumn column in source.Columns.Where(c => c.IsCategory && c.Column.Categories.Count > 0))
            Texts($"static const char *const {name}_categories_{column.KindPlace}[{column.Column.Categories.Count}]",
                column.Column.Categories);
    }

    private void WriteTables()
    {
        if (source.IsOnlyScaled && !source.HasCommonScale)
        {
            writer.WriteLine();
            writer.WriteLine("/* A number enters the network as (number - shift) * scale. */");
            Table($"static const double {name}_shift[{Preparation.NumericCount}]",
                Preparation.Shift.Select(Syntax.Precise));
            Table($"static const double {name}_scale[{Preparation.NumericCount}]",
                Preparation.Scale.Select(Syntax.Precise));
        }
        foreach (SourceColumn column in source.Columns.Where(c => c.HasLandmarks || c.HasLevels))
        {
            NumericEncoding of = column.Encoding;
            writer.WriteLine();
            writer.WriteLine($"/* {SourceModel.Comment(column.Column.Name)}: "
                + (column.HasLevels ? "the values it had" : "landmarks, and what they become") + " */");
            if (column.HasLevels)
            {
                Table($"static const float {name}_levels_{column.KindPlace}[{of.Levels.Count}]",
                    of.Levels.Select(Syntax.Number));
                continue;
            }
            Table($"static const double {name}_landmarks_{column.KindPlace}[{of.Landmarks.Count}]",
                of.Landmarks.Select(Syntax.Precise));
            Table($"static const double {name}_places_{column.KindPlace}[{of.Landmarks.Count}]",
                of.Places.Select(Syntax.Precise));
        }
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            writer.WriteLine();
            writer.WriteLine($"/* Layer {index + 1}: {SourceModel.Comment(layer.Layer.Describe(layer.Inputs))} */");
            if (layer.Layer is not Dense dense)
            {
                foreach ((Expr constant, string table) in Constants(layer, index))
                    Table($"static const float {table}[{layer.Inputs}]",
                        Enumerable.Range(0, layer.Inputs).Select(i => Syntax.Number((float)constant.ConstantAt(0, i))));
                continue;
            }
            writer.WriteLine($"static const float {name}_weights_{index + 1}[{layer.Outputs}][{layer.Inputs}] = {{");
            for (int unit = 0; unit < layer.Outputs; unit++)
                SourceText.WriteRow(writer, "{", SourceText.Unit(layer.Tensors[0], unit).Select(Syntax.Number), "}");
            writer.WriteLine("};");
            if (dense.HasBias)
                Table($"static const float {name}_biases_{index + 1}[{layer.Outputs}]",
                    SourceText.Row(layer.Tensors[1]).Select(Syntax.Number));
        }
        if (source.HasUnits)
        {
            writer.WriteLine();
            writer.WriteLine("/* An output in the target's unit is "
                + (Preparation.LogTargets ? "exp(output * scale + shift) - 1. */" : "output * scale + shift. */"));
            Table($"static const double {name}_target_scale[{Preparation.Outputs}]",
                Preparation.TargetScale.Select(Syntax.Precise));
            Table($"static const double {name}_target_shift[{Preparation.Outputs}]",
                Preparation.TargetShift.Select(Syntax.Precise));
        }
    }

    /// <summary>What the preparation of numbers needs.</summary>
    private void WriteEncodingFunctions()
    {
        if (source.HasClip)
            writer.WriteLine($$"""

                /* Softly within -most and most. */
                static double {{name}}_clipped(double z, double most)
                {
                    return z / sqrt(1.0 + z / most * (z / most));
                }
                """.Replace("\r\n", "\n", StringComparison.Ordinal));
        if (source.HasLandmarks)
            writer.WriteLine($$"""

                /* Straight lines between landmarks, nothing beyond them. */
                static double {{name}}_placed(double x, const double *landmarks, const double *places, int count)
                {
                    int low = 0, high = count - 1;
                    if (isnan(x)) return x;
                    if (x <= landmarks[0]) return places[0];
                    if (x >= landmarks[high]) return places[high];
                    while (high - low > 1) {
                        int middle = (low + high) / 2;
                        if (landmarks[middle] <= x) low = middle;
                        else high = middle;
                    }
                    return places[low]
                        + (places[high] - places[low]) * ((x - landmarks[low]) / (landmarks[high] - landmarks[low]));
                }
                """.Replace("\r\n", "\n", StringComparison.Ordinal));
        if (source.HasLevels)
            writer.WriteLine($$"""

                /* 1 where the number is this one; not a number where the model would refuse it. */
                static float {{name}}_is(float number, float level, int may_be_missing)
                {
                    if (isinf(number) || (isnan(number) && !may_be_missing)) return NAN;
                    return number == level ? 1.0f : 0.0f;
                }
                """.Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    private void WriteFunctions()
    {
        WriteEncodingFunctions();
        Expr[] bodies = [.. source.Functions.Select(f => f.Body),
            .. source.Layers.Where(l => l.Layer is not Dense)
                .Select(l => SourceModel.Elementwise(l, Expr.Variable("x", 1, l.Inputs)))];
        foreach ((string word, Operation operation, string signature, string value) in Functions)
        {
            if (!SourceSyntax.Uses(bodies, operation)) continue;
            writer.WriteLine();
            writer.WriteLine($"static float {Own(word)}({signature}) {{ return {value}; }}");
        }
        foreach (SourceFunction function in source.Functions)
        {
            writer.WriteLine();
            writer.WriteLine($"/* {SourceModel.Comment(function.Activation.ToString())} */");
            writer.WriteLine($"static float {name}_phi_{function.Name}(float v)");
            writer.WriteLine("{");
            IReadOnlyList<string> statements = Syntax.Statements(function.Body, node => node.Name!);
            foreach (string statement in statements.SkipLast(1)) writer.WriteLine($"    {Owned(statement)}");
            writer.WriteLine($"    return {Owned(statements[^1])};");
            writer.WriteLine("}");
        }
        if (!source.HasSoftmax) return;
        writer.WriteLine($$"""

            /* exp(v[i]) / sum of all exp(v[j]), without overflow */
            static void {{name}}_softmax(float *v, int count)
            {
                float largest = v[0], sum = 0.0f;
                for (int i = 1; i < count; i++) if (v[i] > largest) largest = v[i];
                for (int i = 0; i < count; i++) sum += v[i] = expf(v[i] - largest);
                for (int i = 0; i < count; i++) v[i] /= sum;
            }
            """.Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    private void WritePredict()
    {
        writer.WriteLine();
        writer.WriteLine($"void {name}_predict({Parameters})");
        writer.WriteLine("{");
        writer.WriteLine($"    float x[{source.Widest}], y[{source.Widest}];");
        WriteEncoding();
        string from = "x", to = "y";
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            writer.WriteLine();
            writer.WriteLine($"    /* Layer {index + 1} */");
            if (layer.Layer is Dense dense) WriteDense(index, layer, dense, from, to);
            else WriteElementwise(index, layer, from, to);
            (from, to) = (to, from);
        }
        writer.WriteLine();
        string value = $"{from}[i] * {name}_target_scale[i] + {name}_target_shift[i]";
        value = !source.HasUnits ? $"{from}[i]"
            : Preparation.LogTargets ? $"(float)(exp({value}) - 1.0)" : $"(float)({value})";
        writer.WriteLine($"    for (int i = 0; i < {Preparation.Outputs}; i++) outputs[i] = {value};");
        writer.WriteLine("}");
    }

    private void WriteEncoding()
    {
        int count = Preparation.NumericCount;
        string Value(string place) => source.HasCommonScale
            ? Preparation.Scale[0] == 1 ? $"numbers[{place}]"
            : $"(float)(numbers[{place}] * {Syntax.Precise(Preparation.Scale[0])})"
            : $"(float)((numbers[{place}] - {name}_shift[{place}]) * {name}_scale[{place}])";
        writer.WriteLine();
        if (source.IsOnlyScaled)
        {
            writer.WriteLine($"    for (int i = 0; i < {count}; i++) x[i] = {Value("i")};");
            return;
        }
        foreach (SourceColumn column in source.Columns)
        {
            string number = $"numbers[{column.KindPlace}]";
            if (column.HasValue)
                writer.WriteLine($"    x[{column.Encoded}] = (float)({encoding.Of(column, number)});");
            if (column.HasIndicator) writer.WriteLine($"    x[{column.Indicator}] = isnan({number}) ? 1.0f : 0.0f;");
            if (column.HasLevels)
                writer.WriteLine($"    for (int i = 0; i < {column.Encoding.Levels.Count}; i++) x[{column.FirstLevel}"
                    + $" + i] = {name}_is({number}, {name}_levels_{column.KindPlace}[i], "
                    + $"{(column.HasIndicator ? 1 : 0)});");
            if (column.IsCategory && column.Column.Categories.Count > 0)
                writer.WriteLine($"    for (int i = 0; i < {column.Column.Categories.Count}; i++) x[{column.Encoded}"
                    + $" + i] = "
                    + $"categories[{column.KindPlace}] == i ? 1.0f : 0.0f;");
        }
    }

    private void WriteDense(int index, TrainedLayer layer, Dense dense, string from, string to)
    {
        string start = dense.HasBias ? $"{name}_biases_{index + 1}[o]" : "0.0f";
        string value = source.FunctionOf(dense) is SourceFunction function ? $"{name}_phi_{function.Name}(v)" : "v";
        writer.WriteLine($"    for (int o = 0; o < {layer.Outputs}; o++) {{");
        writer.WriteLine($"        float v = {start};");
        writer.WriteLine($"        for (int i = 0; i < {layer.Inputs}; i++) v += {from}[i] * {name}_weights_{index + 1}"
            + $"[o][i];");
        writer.WriteLine($"        {to}[o] = {value};");
        writer.WriteLine("    }");
        if (SourceModel.IsSoftmax(layer)) writer.WriteLine($"    {name}_softmax({to}, {layer.Outputs});");
    }

    private void WriteElementwise(int index, TrainedLayer layer, string from, string to)
    {
        Expr x = Expr.Variable("x", 1, layer.Inputs);
        Expr body = SourceModel.Elementwise(layer, x);
        Dictionary<Expr, string> tables = body.Nodes().Where(n => n.Operation == Operation.Constant && !n.IsScalar)
            .Select((node, i) => (node, i)).ToDictionary(p => p.node, p => $"{name}_layer_{index + 1}_{p.i + 1}[i]");
        IReadOnlyList<string> statements = Syntax.Statements(
            body, node => node.Operation == Operation.Variable ? $"{from}[i]" : tables[node]);
        writer.WriteLine($"    for (int i = 0; i < {layer.Inputs}; i++) {{");
        foreach (string statement in statements.SkipLast(1)) writer.WriteLine($"        {Owned(statement)}");
        writer.WriteLine($"        {to}[i] = {Owned(statements[^1])};");
        writer.WriteLine("    }");
    }

    private void WriteClass()
    {
        writer.WriteLine();
        writer.WriteLine($"int {name}_class(const float outputs[{Preparation.Outputs}])");
        writer.WriteLine("{");
        if (Preparation.SingleOutput)
        {
            writer.WriteLine($"    return outputs[0] >= "
                + $"{Syntax.Number((float)(0.5 * (Preparation.TargetLow + Preparation.TargetHigh)))} ? 1 : 0;");
        }
        else
        {
            writer.WriteLine("    int best = 0;");
            writer.WriteLine($"    for (int i = 1; i < {Preparation.Outputs}"
                + $"; i++) if (outputs[i] > outputs[best]) best = i;");
            writer.WriteLine("    return best;");
        }
        writer.WriteLine("}");
    }

    private void WriteCategory()
    {
        writer.WriteLine();
        writer.WriteLine("/* The code of a text in a column of categories (0 for the first of them), -1 when it is "
            + "unknown. */");
        writer.WriteLine($"int {name}_category(int column, const char *text)");
        writer.WriteLine("{");
        foreach (SourceColumn column in source.Columns.Where(c => c.IsCategory && c.Column.Categories.Count > 0))
        {
            writer.WriteLine($"    for (int i = 0; column == {column.KindPlace} && i < {column.Column.Categories.Count}"
                + $"; i++)");
            writer.WriteLine($"        if (strcmp(text, {name}_categories_{column.KindPlace}[i]) == 0) return i;");
        }
        writer.WriteLine("    return -1;");
        writer.WriteLine("}");
    }

    // ---- words ------------------------------------------------------------------------------------------------------

    private IEnumerable<string> Names(ColumnKind kind) => source.Columns.Where(c => c.Column.Kind == kind)
        .Select(c => c.Column.Name);

    private IEnumerable<(Expr Constant, string Table)> Constants(TrainedLayer layer, int index) =>
        SourceModel.Elementwise(layer, Expr.Variable("x", 1, layer.Inputs)).Nodes()
            .Where(n => n.Operation == Operation.Constant && !n.IsScalar)
            .Select((node, i) => (node, $"{name}_layer_{index + 1}_{i + 1}"));

    /// <summary>The model's own name of a function of ours, so that two models can be one program.</summary>
    private string Own(string word) => $"{name}_math_{word.ToLowerInvariant()}";

    private string Owned(string code) =>
        Functions.Aggregate(code, (text, f) => text.Replace($"{f.Word}(", $"{Own(f.Word)}(", StringComparison.Ordinal));

    private void Table(string declaration, IEnumerable<string> numbers)
    {
        writer.WriteLine($"{declaration} = {{");
        SourceText.WriteItems(writer, numbers, "    ");
        writer.WriteLine("};");
    }

    private void Texts(string declaration, IEnumerable<string> texts) => Table(declaration, texts.Select(Text));

    /// <summary>A string literal of UTF-8 bytes; octal escapes end by themselves and hide trigraphs.</summary>
    private static string Text(string text)
    {
        StringBuilder literal = new("\"");
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 32 and < 127 and not (byte)'"' and not (byte)'\\' and not (byte)'?') literal.Append((char)b);
            else literal.Append('\\').Append(Convert.ToString(b, 8).PadLeft(3, '0'));
        }
        return literal.Append('"').ToString();
    }
}
