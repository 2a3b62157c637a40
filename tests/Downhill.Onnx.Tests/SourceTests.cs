using System.Globalization;
using System.Text;

namespace Downhill.Onnx.Tests;

/// <summary>Exported source, compiled and run, gives the model's answers.</summary>
public sealed class SourceTests : IDisposable
{
    private const int Models = 60, Rows = 5;
    private readonly Programs programs = new();

    [Theory, InlineData("gcc"), InlineData("clang")]
    public void CCompilesWithoutWarningsAndAgrees(string compiler)
    {
        string cc = Programs.Need($"The C compiler {compiler}", "--version", compiler);
        StringBuilder main = new("#include <stdio.h>\n");
        StringBuilder body = new("int main(void) {\n");
        List<string> files = ["main.c"];
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.c", SourceLanguage.C.Write(model, name));
            files.Add($"{name}.c");
            Preparation preparation = model.Preparation;
            string parameters = (preparation.NumericCount > 0 ? "const float *, " : "") + (preparation.CategoryCount > 0 ? "const int *, " : "");
            main.Append($"extern void {name}_predict({parameters}float *);\n");
            if (preparation.Target.IsClass) main.Append($"extern const char *const {name}_classes[];\nextern int {name}_class(const float *);\n");
            if (preparation.CategoryCount > 0) main.Append($"extern int {name}_category(int, const char *);\n");
            foreach ((float[] numbers, int[] codes) in rows)
            {
                body.Append("{ float o[").Append(preparation.Outputs).Append("];");
                List<string> arguments = [];
                if (numbers.Length > 0) body.Append($" const float n[] = {{{string.Join(',', numbers.Select(v => $"{v:E9}f"))}}};");
                if (numbers.Length > 0) arguments.Add("n");
                Column[] categories = [.. preparation.Inputs.Where(c => c.Kind == ColumnKind.Category)];
                if (codes.Length > 0)
                    body.Append($" int c[] = {{{string.Join(',', codes.Select((k, i) => $"{name}_category({i}, \"{(k < 0 ? "?" : categories[i].Categories[k])}\")"))}}};");
                if (codes.Length > 0) arguments.Add("c");
                body.Append($" {name}_predict({string.Join(", ", [.. arguments, "o"])});");
                body.Append(preparation.Target.IsClass ? $" printf(\"%s\", {name}_classes[{name}_class(o)]);" : "");
                body.Append($" for (int i = 0; i < {preparation.Outputs}; i++) printf(\"\\t%.9g\", o[i]); puts(\"\"); }}\n");
            }
        });
        programs.Write("main.c", main.Append(body).Append("return 0; }\n").ToString());
        programs.Run(cc, ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-O1", "-o", "all", .. files, "-lm"]);
        Check(programs.Run(Path.Combine(programs.Folder, "all")));
    }

    [Fact]
    public void CSharpCompilesWithoutWarningsAndAgrees()
    {
        string dotnet = Programs.Need("The .NET SDK", "--version", "dotnet");
        StringBuilder main = new("using System; using System.Globalization; using System.Linq;\n"
            + "Console.OutputEncoding = System.Text.Encoding.UTF8; CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;\n"
            + "void Show(string answer, float[] o) => Console.Write(answer + string.Concat(o.Select(v => \"\\t\" + v.ToString(\"R\"))) + \"\\n\");\n");
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.cs", SourceLanguage.CSharp.Write(model, name));
            string type = $"{char.ToUpperInvariant(name[0])}{name[1..]}Model";
            Preparation preparation = model.Preparation;
            foreach ((float[] numbers, int[] codes) in rows)
            {
                List<string> arguments = [];
                if (numbers.Length > 0) arguments.Add($"new float[] {{{string.Join(',', numbers.Select(v => $"{v:E9}f"))}}}");
                Column[] categories = [.. preparation.Inputs.Where(c => c.Kind == ColumnKind.Category)];
                if (codes.Length > 0)
                    arguments.Add($"new int[] {{{string.Join(',', codes.Select((k, i) => $"{type}.Category({i}, \"{(k < 0 ? "?" : categories[i].Categories[k])}\")"))}}}");
                main.Append($"{{ var o = new float[{type}.Outputs]; {type}.Predict({string.Join(", ", [.. arguments, "o"])}); "
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
    public void PythonAgrees() => CheckPython(SourceLanguage.Python, Programs.Need("Python", "--version", "python3", "python"), "outputs(row)", "predict(row)");

    [Fact]
    public void NumPyAgrees() => CheckPython(SourceLanguage.NumPy,
        Programs.Need("Python with NumPy", "-c import.numpy".Replace('.', ' '), "python3", "/usr/bin/python3"), "outputs([row])[0]", "predict([row])[0]");

    private void CheckPython(SourceLanguage language, string python, string outputs, string predict)
    {
        StringBuilder main = new("import importlib, sys\nsys.stdout.reconfigure(encoding='utf-8')\ndef show(answer, o):\n"
            + "    print(answer + ''.join('\\t%.9g' % v for v in o))\n");
        ForEach((name, model, rows) =>
        {
            programs.Write($"{name}.py", language.Write(model, name));
            main.Append($"import {name}\n");
            Preparation preparation = model.Preparation;
            foreach ((float[] numbers, int[] codes) in rows)
            {
                int n = 0, c = 0;
                IEnumerable<string> row = preparation.Inputs.Select(column => column.Kind == ColumnKind.Numeric ? $"{numbers[n++]:E9}"
                    : codes[c++] is int k && k < 0 ? "'?'" : $"'{column.Categories[k]}'");
                main.Append($"row = [{string.Join(", ", row)}]\n");
                main.Append($"show({(preparation.Target.IsClass ? $"{name}.{predict}" : "''")}, {name}.{outputs})\n");
            }
        });
        programs.Write("main.py", main.ToString());
        // Warnings, of overflows for example, count as errors.
        Check(programs.Run(python, "-W", "error", "main.py"));
    }

    [Theory, InlineData("a"), InlineData("dot")]
    public void DrawingsShowEveryLink(string program)
    {
        ForEach((name, model, _) =>
        {
            string drawing = SourceLanguage.Dot.Write(model, name);
            int straight = model.Spec.Layers.Where(l => l is BatchNorm).Select((l, i) => model.Spec.InputsOf(model.Spec.Layers.ToList().IndexOf(l))).Sum();
            Assert.Equal(model.Spec.LinkCount + straight, drawing.Split(" -> ").Length - 1);
            if (program == "dot") programs.Write($"{name}.dot", drawing);
        });
        if (program != "dot") return;
        string dot = Programs.Need("Graphviz", "-V", program);
        programs.Run(dot, "-Tsvg", "-O", "m0.dot", "m1.dot", "m2.dot");
    }

    // ---- what is the same for all languages ----------------------------------------------------------------------------

    private static void ForEach(Action<string, Model, (float[] Numeric, int[] Codes)[]> use)
    {
        for (int seed = 0; seed < Models; seed++)
        {
            Model model = RandomModels.Make(seed);
            use($"m{seed}", model, RandomModels.Rows(model, Rows, seed));
        }
    }

    /// <summary>One line per row: answer, then the outputs, separated by tabs.</summary>
    private static void Check(string output)
    {
        string[] lines = output.Replace("\r\n", "\n").TrimEnd('\n').Split('\n');
        Assert.Equal(Models * Rows, lines.Length);
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
    }

    public void Dispose() => programs.Dispose();
}
