using System.Text.Json;
using Xunit;

namespace Downhill.Cli.Tests;

public sealed class ExplainTests : IDisposable
{
    private readonly Desk desk = new();

    [Theory]
    [InlineData("iris", "--hidden 5,4 --activation tanh,sigmoid(x=2,y=0.5,z=-1)")]
    [InlineData("iris", "--hidden none --output sigmoid")]
    [InlineData("wine", "--hidden 8 --connections 0.5 --dropout 0.3")]
    [InlineData("moons", "--hidden 6,6 --batch-norm --output tanh --loss mse")]
    [InlineData("digits", "--hidden 20")]
    [InlineData("diabetes", "--hidden 10 --loss euclidean")]
    public void TraceAgreesWithTheFastPath(string name, string options)
    {
        desk.Run($"train {name} {options} --epochs 5 --quiet --model m.safetensors").Succeeded();
        Model model = Model.Load("m.safetensors");
        Dataset data = Dataset.Load(name);
        double[] costs = new double[data.Rows];
        float[][] outputs = new float[data.Rows][];
        model.Evaluate(data, each: (row, cost, output) => (costs[row], outputs[row]) = (cost, output));
        for (int row = 0; row < data.Rows; row += 17)
        {
            Trace trace = Trace.Of(model, data.Numeric.AsSpan(row * data.NumericCount, data.NumericCount));
            Assert.Equal(outputs[row].Length, trace.Outputs.Count);
            for (int o = 0; o < trace.Outputs.Count; o++) Assert.Equal(outputs[row][o], trace.Outputs[o], 1e-5);
            double[] target = new double[model.Preparation.Outputs];
            model.Preparation.EncodeTarget(data.Target.IsClass ? data.Classes[row] : 0,
                data.Target.IsClass ? [] : data.Values.AsSpan(row, 1), target);
            Assert.Equal(costs[row], trace.Cost(target), 1e-4 * Math.Max(1, costs[row]));
        }
    }

    [Fact]
    public void ArithmeticThatIsPrintedAddsUp()
    {
        desk.Run("train xor --hidden 3 --activation tanh --seed 3 --quiet").Succeeded();
        JsonElement json =
            JsonDocument.Parse(desk.Run("explain xor.safetensors xor --row 2 --json").Succeeded().Out).RootElement;
        double[] x = Numbers(json.GetProperty("inputs"));
        foreach (JsonElement layer in json.GetProperty("layers").EnumerateArray())
        {
            foreach (JsonElement unit in layer.GetProperty("units").EnumerateArray())
            {
                double u = Numbers(unit.GetProperty("weights")).Zip(x, (w, i) => w * i).Sum();
                Assert.Equal(u, unit.GetProperty("u").GetDouble(), 12);
                Assert.Equal(u + unit.GetProperty("b").GetDouble(), unit.GetProperty("v").GetDouble(), 12);
            }
            x = Numbers(layer.GetProperty("outputs"));
        }
        Assert.Equal("1", json.GetProperty("answer").GetString());
        Assert.Equal(-Math.Log(x[1]), json.GetProperty("cost").GetDouble(), 12);
    }

    [Fact]
    public void EveryUnitIsShownDownToTheAnswer()
    {
        desk.Run("train xor --hidden 3 --activation tanh --seed 3 --quiet").Succeeded();
        string text = desk.Run("explain xor.safetensors xor --row 2").Succeeded().Out;
        foreach (string part in (string[])["φ(v) = tanh(v)", "unit 3", "u = ", "v = u + b", "y = φ(v)", "exp(vᵢ)",
            "odd = 1", "target 1, coded 0 1", "cost L"])
            Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.DoesNotContain("--all", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LongSumsAreCutShortUnlessAskedFor()
    {
        desk.Run("train digits --hidden 20 --epochs 2 --quiet").Succeeded();
        string cut = desk.Run("explain digits.safetensors digits --row 5").Succeeded().Out,
            all = desk.Run("explain digits.safetensors digits --row 5 --all").Succeeded().Out;
        Assert.Contains("(60 smaller terms)", cut, StringComparison.Ordinal);
        Assert.Contains("more units: --all", cut, StringComparison.Ordinal);
        Assert.DoesNotContain("smaller terms", all, StringComparison.Ordinal);
        Assert.Contains("unit 20", all, StringComparison.Ordinal);
    }

    public void Dispose() => desk.Dispose();

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
}
