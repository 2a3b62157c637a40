using System.Text.Json;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Export, import and onnx-check.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly Desk desk = new();

    [Fact]
    public void AModelGoesOutAndComesBackWithTheSameAnswers()
    {
        desk.Write("plants.csv", "leaf,width,height\n1,0.5,10\n2,0.9,20\n3,0.4,12\n4,1.5,33\n5,1.1,25\n6,0.3,14\n7,1.7,39\n8,1.2,30\n9,0.6,18\n10,1.6,44\n");
        desk.Run("train plants.csv --epochs 30 --quiet").Succeeded();
        desk.Run("export plants.safetensors --to onnx").Succeeded();
        desk.Run("import plants.onnx -o back.safetensors").Succeeded();
        Assert.Equal(Numbers("plants.safetensors"), Numbers("back.safetensors"), (a, b) => Math.Abs(a - b) < 1e-3);

        double[] Numbers(string model) => [.. desk.Run($"predict {model} plants.csv").Succeeded().Out.Trim().Split('\n').Skip(1)
            .Select(l => double.Parse(l, System.Globalization.CultureInfo.InvariantCulture))];
    }

    [Theory]
    [InlineData("onnx", "iris.onnx")]
    [InlineData("c", "iris.c")]
    [InlineData("csharp", "iris.cs")]
    [InlineData("python", "iris.py")]
    [InlineData("numpy", "iris.py")]
    [InlineData("dot", "iris.dot")]
    public void TheFileIsCalledAfterTheModel(string format, string file)
    {
        desk.Run("train iris --hidden 3 --epochs 2 --quiet").Succeeded();
        Ran ran = desk.Run($"export iris.safetensors --to {format}").Succeeded();
        Assert.Equal("", ran.Out);
        Assert.EndsWith($": {file}\n", ran.Error, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(file).Length, 200, 100_000);
    }

    [Fact]
    public void SourceIsPrintedOnRequestAndNothingElse()
    {
        desk.Run("train iris --hidden 3 --epochs 2 --quiet").Succeeded();
        Ran ran = desk.Run("export iris.safetensors --to python -o -").Succeeded();
        Assert.Contains("def predict(row):", ran.Out, StringComparison.Ordinal);
        Assert.Equal("", ran.Error);
        Assert.False(File.Exists("iris.py"));
    }

    [Fact]
    public void JsonIsOneObject()
    {
        desk.Run("train iris --hidden 3 --epochs 2 --quiet").Succeeded();
        JsonElement export = JsonDocument.Parse(desk.Run("export iris.safetensors --to onnx --json").Succeeded().Out).RootElement;
        Assert.Equal("iris.onnx", export.GetProperty("file").GetString());
        Assert.Equal(new FileInfo("iris.onnx").Length, export.GetProperty("bytes").GetInt64());
        JsonElement import = JsonDocument.Parse(desk.Run("import iris.onnx -o back.safetensors --json").Succeeded().Out).RootElement;
        Assert.Equal("4-3-3", import.GetProperty("network").GetString());
        Assert.Equal(["setosa", "versicolor", "virginica"], import.GetProperty("classes").EnumerateArray().Select(c => c.GetString()!));
    }

    [Fact]
    public void OnnxCheckPrintsALineForEachFolderAndTheTotals()
    {
        Directory.CreateDirectory("tests/broken");
        desk.Write("tests/broken/model.onnx", "no model at all");
        desk.Run("train iris --hidden 3 --epochs 2 --quiet").Succeeded();
        desk.Run("export iris.safetensors --to onnx").Succeeded();
        Directory.CreateDirectory("tests/empty");
        File.Copy("iris.onnx", "tests/empty/model.onnx");
        Ran ran = desk.Run("onnx-check tests/broken tests/empty");
        string[] lines = ran.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^broken: refused \(.+\)$", lines[0]);
        Assert.Matches(@"^empty: failed \(.+\)$", lines[1]);
        Assert.Equal("0 passed, 1 refused, 1 failed", lines[2]);
        Assert.Equal(Cli.WrongInput, ran.Code);
        Assert.Equal(0, desk.Run("onnx-check tests/broken").Code);
        Assert.Contains("downhill onnx-check", desk.Run("onnx-check --help").Succeeded().Out, StringComparison.Ordinal);
        Assert.DoesNotContain("onnx-check", desk.Run("--help").Succeeded().Out, StringComparison.Ordinal);
    }

    public void Dispose() => desk.Dispose();
}
