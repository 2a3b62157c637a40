using System.Globalization;
using System.Text;
using Downhill.Docs.Tests.Recipes;

namespace Downhill.Onnx.Tests;

/// <summary>Exported source, compiled and run, gives the model's answers.</summary>
public sealed class SourceTests : IDisposable
{
    private const int Models = 42, Rows = 4;
    private readonly Programs programs = new();

    [Theory, InlineData("gcc"), InlineData("clang")]
    public void CCompilesWithoutWarningsAndAgrees(string compiler)
    {
        string cc = Programs.Need($"The C compiler {compiler}", "--version", compiler);
        StringBuilder main = new("#include <math.h>\n#include <stdio.h>\n");
        StringBuilder body = new("int main(void) {\n");
        List<string> files = ["main.c"];
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.c", SourceLanguage.C.Write(model, name));
            files.Add($"{name}.c");
            Preparation preparation = model.Preparation;
            string parameters = (preparation.NumericCount > 0 ? "const float *, " : "")
                + (preparation.CategoryCount > 0 ? "const int *, " : "");
            main.Append($"extern void {name}_predict({parameters}float *);\n");
            if (preparation.Target.IsClass) main.Append(
                $"extern const char *const {name}_classes[];\nextern int {name}_class(const float *);\n");
            if (preparation.CategoryCount > 0) main.Append($"extern int {name}_category(int, const char *);\n");
            foreach ((float[] numbers, int[] codes) in rows)
            {
                body.Append("{ float o[").Append(preparation.Outputs).Append("];");
                List<string> arguments = [];
                if (numbers.Length > 0) body.Append(
                    $" const float n[] = {{{string.Join(',', numbers.Select(v => Literal(v, "NAN", "f")))}}};");
                if (numbers.Length > 0) arguments.Add("n");
                Column[] categories = [.. preparation.Inputs.Where(c => c.Kind == ColumnKind.Category)];
                if (codes.Length > 0)
                    body.Append($" int c[] = {{"
                        + string.Join(',', codes.Select((k, i) =>
                            $"{name}_category({i}, \"{(k < 0 ? "?" : categories[i].Categories[k])}\")"))
                        + "};");
                if (codes.Length > 0) arguments.Add("c");
                body.Append($" {name}_predict({string.Join(", ", [.. arguments, "o"])});");
                body.Append(preparation.Target.IsClass ? $" printf(\"%s\", {name}_classes[{name}_class(o)]);" : "");
                body.Append($" for (int i = 0; i < {preparation.Outputs}; i++) printf(\"\\t%.9g\", o[i]); puts(\"\"); "
                    + $"}}\n");
            }
        });
        programs.Write("main.c", main.Append(body).Append("return 0; }\n").ToString());
        programs.Run(
            cc, ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-o", "all", .. files, "-lm"]);
        Check(programs.Run(Path.Combine(programs.Folder, "all")));
    }

    [Fact]
    public void CSharpCompilesWithoutWarningsAndAgrees()
    {
        string dotnet = Programs.Need("The .NET SDK", "--version", "dotnet");
        StringBuilder main = new("using System; using System.Globalization; using System.Linq;\n"
            + "Console.OutputEncoding = System.Text.Encoding.UTF8; CultureInfo.CurrentCulture = "
            + "CultureInfo.InvariantCulture;\n"
            + "void Show(string answer, float[] o) => Console.Write(answer + string.Concat(o.Select(v => \"\\t\" + "
            + "v.ToString(\"R\"))) + \"\\n\");\n");
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.cs", SourceLanguage.CSharp.Write(model, name));
            string type = $"{char.ToUpperInvariant(name[0])}{name[1..]}Model";
            Preparation preparation = model.Preparation;
            foreach ((float[] numbers, int[] codes) in rows)
            {
                List<string> arguments = [];
                if (numbers.Length > 0) arguments.Add(
                    $"new float[] {{{string.Join(',', numbers.Select(v => Literal(v, "float.NaN", "f")))}}}");
                Column[] categories = [.. preparation.Inputs.Where(c => c.Kind == ColumnKind.Category)];
                if (codes.Length > 0)
                    arguments.Add($"new int[] {{"
                        + string.Join(',', codes.Select((k, i) =>
                            $"{type}.Category({i}, \"{(k < 0 ? "?" : categories[i].Categories[k])}\")"))
                        + "}");
                main.Append(
                    $"{{ var o = new float[{type}.Outputs]; {type}.Predict({string.Join(", ", [.. arguments, "o"])}); "
                    + $"Show({(preparation.Target.IsClass ? $"{type}.Classes[{type}.ClassOf(o)]" : "\"\"")}, o); }}\n");
            }
        });
        programs.Write("Main.cs", main.ToString());
        programs.Write("all.csproj", """
            <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors><Nullable>enable</Nullable><UseAppHost>false</UseAppHost></PropertyGroup></Project>
            """);
        programs.Run(dotnet, "build", "all.csproj", "-c", "Release", "-o", "out", "-v", "q");
        Check(programs.Run(dotnet, Path.Combine("out", "all.dll")));
    }

    [Fact]
    public void PythonAgrees() => CheckPython(SourceLanguage.Python,
        Programs.Need("Python", "--version", "python3", "python"), "outputs(row)", "predict(row)");

    [Fact]
    public void NumPyAgrees() => CheckPython(SourceLanguage.NumPy,
        Programs.Need("Python with NumPy", "-c import.numpy".Replace('.', ' '), "python3", "/usr/bin/python3"),
            "outputs([row])[0]", "predict([row])[0]");

    private void CheckPython(SourceLanguage language, string python, string outputs, string predict)
    {
        StringBuilder main = new("import importlib, sys\nsys.stdout.reconfigure(encoding='utf-8')\ndef show(answer, "
            + "o):\n"
            + "    print(answer + ''.join('\\t%.9g' % v for v in o))\n");
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.py", language.Write(model, name));
            main.Append($"import {name}\n");
            Preparation preparation = model.Preparation;
            foreach ((float[] numbers, int[] codes) in rows)
            {
                int n = 0, c = 0;
                IEnumerable<string> row = preparation.Inputs.Select(
                    column => column.Kind == ColumnKind.Numeric
                        ? Literal(numbers[n], preparation.Encodings[n++].HasIndicator ? "None" : "float('nan')", "")
                    : codes[c++] is int k && k < 0 ? "'?'" : $"'{column.Categories[k]}'");
                main.Append($"row = [{string.Join(", ", row)}]\n");
                main.Append($"show({(preparation.Target.IsClass ? $"{name}.{predict}" : "''")}, {name}.{outputs})\n");
            }
        });
        programs.Write("main.py", main.ToString());
        // Warnings, of overflows for example, count as errors.
        Check(programs.Run(python, "-W", "error", "main.py"));
    }

    [Fact]
    public void DrawingsShowEveryLink() => ForEach((name, model, _) =>
    {
        if (name == "dated") return; // has so many that layers are drawn
        string drawing = SourceLanguage.Dot.Write(model, name);
        int straight = model.Spec.Layers.Select(
            (layer, i) => layer is BatchNorm or FeatureScale ? model.Spec.InputsOf(i) : 0).Sum();
        Assert.Equal(model.Spec.LinkCount + straight, drawing.Split(" -> ").Length - 1);
    });

    [Fact]
    public void GraphvizDrawsThem()
    {
        string dot = Programs.Need("Graphviz", "-V", "dot");
        ForEach((name, model, _) => programs.Write($"{name}.dot", SourceLanguage.Dot.Write(model, name)));
        programs.Write("nasty.dot", SourceLanguage.Dot.Write(Nasty(), "nasty"));
        programs.Run(dot, "-Tsvg", "-O", "m0.dot", "m1.dot", "m2.dot", "nasty.dot");
    }

    [Fact]
    public void WideNetworksAreDrawnAsLayers()
    {
        NetworkSpec spec = NetworkSpec.Parse("64-100-10", Activations.Relu, Activations.Softmax);
        Column[] columns = [.. Enumerable.Range(0, 64).Select(i => new Column($"p{i}"))];
        Model model = Untrained(spec, columns, new Target(["digit"], [.. Enumerable.Range(0, 10).Select(i => $"{i}")]));
        string drawing = SourceLanguage.Dot.Write(model, "digits");
        Assert.Contains("Dense 64→100 relu\\n6,500 parameters", drawing, StringComparison.Ordinal);
        Assert.Equal(3, drawing.Split(" -> ").Length - 1);
    }

    /// <summary>Names may hold whatever ends a string, a comment or a line in some language.</summary>
    [Fact]
    public void NamesCannotBreakOutOfTheSource()
    {
        Model model = Nasty();
        string cc = Programs.Need("A C compiler", "--version", "gcc", "clang");
        string python = Programs.Need("Python", "--version", "python3", "python");
        programs.Write("nasty.c", SourceLanguage.C.Write(model, "nasty") + """

            #include <stdio.h>
            int main(void)
            {
                float n[1] = {0}, o[2]; int c[1] = {0};
                nasty_predict(n, c, o);
                for (int i = 0; i < 2; i++) puts(nasty_columns[i]);
                for (int i = 0; i < 2; i++) puts(nasty_classes[i]);
                return 0;
            }

            """);
        programs.Run(cc, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", "nasty", "nasty.c", "-lm");
        string all = string.Concat(model.Preparation.Inputs.Select(c => c.Name).Concat(model.Preparation.Target.Classes)
            .Select(t => $"{t}\n"));
        Assert.Equal(all, programs.Run(Path.Combine(programs.Folder, "nasty")));
        programs.Write("nasty.py", SourceLanguage.Python.Write(model, "nasty"));
        programs.Write("main.py", """
            import nasty, sys
            sys.stdout.reconfigure(encoding='utf-8', newline='')
            sys.stdout.write(''.join(t + chr(10) for t in nasty.COLUMNS + nasty.CLASSES))
            """);
        Assert.Equal(all, programs.Run(python, "main.py"));
        // What the compilers say of C and Python, a look at the text says of C#: no line ends within a string or a
        // comment.
        string code = SourceLanguage.CSharp.Write(model, "nasty");
        Assert.DoesNotContain(code, c => char.IsControl(c) && c != '\n');
        Assert.All(code.Split('\n').Where(l => l.Contains("evil", StringComparison.Ordinal)), line =>
            Assert.True(line.TrimStart().StartsWith('"') || line.TrimStart().StartsWith("//", StringComparison.Ordinal),
                line));
    }

    [Fact]
    public void AUsersActivationAndLayerComeAlong()
    {
        string python = Programs.Need("Python", "--version", "python3", "python");
        NetworkSpec spec = new(2, new FeatureShift(), new Dense(3, BentIdentity.Entry.Default),
            new Dense(1, Activations.Identity));
        Model model = Untrained(spec, [new("a"), new("b")], new Target(["y"], []));
        programs.Write("mine.py", SourceLanguage.Python.Write(model, "mine"));
        programs.Write("main.py", "import mine\nprint('%.9g' % mine.predict([0.5, -1.25]))\n");
        float[] expected = new float[1];
        model.Predict([0.5f, -1.25f], expected);
        Assert.Equal(expected[0], float.Parse(programs.Run(python, "main.py"), CultureInfo.InvariantCulture), 1e-5);
    }

    private static Model Nasty() => Untrained(new NetworkSpec(3, new Dense(2, Activations.Softmax)),
        [new("evil */ \"\"\" \\ ??/ ' \u2028 %s"),
            new("evil\r\t`ö𝄞", ColumnKind.Category, ["evil\\", "\"; evil();//"])],
        new Target(["evil"], ["evil \\\" */", "evil ''' {0} \\u000a"]));

    private static Model Untrained(NetworkSpec spec, Column[] columns, Target target)
    {
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength);
        new Network<float>(spec).Initialize(parameters, buffers, seed: 5);
        int numbers = columns.Count(c => c.Kind == ColumnKind.Numeric),
            outputs = target.IsClass ? 0 : target.Names.Count;
        Preparation preparation = new(columns, target, new double[numbers], [.. Enumerable.Repeat(1.0, numbers)],
            new double[outputs],
            [.. Enumerable.Repeat(1.0, outputs)], 0, 1, false);
        return new Model(spec, preparation, Losses.Euclidean, parameters, buffers, Arithmetic.Fast);
    }

    // ---- what is the same for all languages
    // ----------------------------------------------------------------------------

    private static string Literal(float value, string missing, string suffix) =>
        float.IsNaN(value) ? missing : $"{value.ToString("E9", CultureInfo.InvariantCulture)}{suffix}";

    private static void ForEach(Action<string, Model, (float[] Numeric, int[] Codes)[]> use)
    {
        for (int seed = 0; seed < Models; seed++)
        {
            Model model = RandomModels.Make(seed);
            (float[], int[])[] rows = RandomModels.Rows(model, Rows, seed);
            use($"m{seed}", model, [.. rows, .. Answers.WithRefusedGap(model, rows[0])]);
        }
        DatedTable dated = DatedTable.Fitted.Value;
        use("dated", dated.Model, [.. dated.Rows, .. Answers.WithRefusedGap(dated.Model, dated.Rows[0])]);
    }

    /// <summary>One line per row: answer, then the outputs, separated by tabs.</summary>
    private static void Check(string output)
    {
        string[] lines = output.Replace("\r\n", "\n").TrimEnd('\n').Split('\n');
        int line = 0;
        ForEach((name, model, rows) =>
        {
            foreach ((float[], int[]) row in rows)
            {
                string[] parts = lines[line++].Split('\t');
                float[] numbers = [.. parts[1..].Select(p => float.Parse(p, CultureInfo.InvariantCulture))];
                Answers.AssertOutputs(model, row, model.Preparation.Target.IsClass ? parts[0] : null, numbers, name);
            }
        });
        Assert.Equal(line, lines.Length);
    }

    public void Dispose() => programs.Dispose();
}
