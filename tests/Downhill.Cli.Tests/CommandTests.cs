using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Downhill.Data;
using Downhill.Kernels;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>The commands besides train.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly Desk desk = new();

    /// <summary>Those that help lists; onnx-check, which it does not, has tests of its own.</summary>
    private static IEnumerable<CliCommand> Commands =>
        Cli.Root(new Terminal(TextWriter.Null, TextWriter.Null), default).Subcommands.Cast<CliCommand>().Where(c => !c.Hidden);

    public static TheoryData<string> CommandNames { get; } = new(Commands.Select(c => c.Name));

    [Theory, MemberData(nameof(CommandNames))]
    public void ExamplesOfTheHelpWork(string name)
    {
        string help = desk.Run($"{name} --help").Succeeded().Out;
        foreach (Example example in Commands.Single(c => c.Name == name).Examples)
        {
            Assert.Contains($"  downhill {example.Words}", help, StringComparison.Ordinal);
            // These serve until Ctrl-C; their own tests start them.
            if (name is not ("play" or "serve")) desk.Run(example.Words).Succeeded();
        }
    }

    [Theory, MemberData(nameof(CommandNames))]
    public void HelpShowsEveryOptionWithinTheWidth(string name)
    {
        string help = desk.Run($"{name} --help").Succeeded().Out;
        foreach (Option option in Commands.Single(c => c.Name == name).Options)
        {
            Assert.Contains($"  {option.Name}", help, StringComparison.Ordinal);
            Assert.False(string.IsNullOrWhiteSpace(option.Description));
        }
        Assert.All(help.Split('\n').Where(l => !l.StartsWith("  downhill ", StringComparison.Ordinal)), line =>
            Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void HelpAloneListsTheCommands()
    {
        Ran nothing = desk.Run(Array.Empty<string>()).Succeeded(), help = desk.Run("--help").Succeeded();
        Assert.Equal(nothing, help);
        foreach (CliCommand command in Commands)
            Assert.Contains($"  {command.Name} ", help.Out, StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", desk.Run("--version").Succeeded().Out);
    }

    [Fact]
    public void CostsOfTheRowsAddUpToTheTotal()
    {
        desk.Run("train iris --epochs 20 --quiet").Succeeded();
        JsonElement json =
            JsonDocument.Parse(desk.Run("evaluate iris.safetensors iris --per-example --json").Succeeded().Out)
                .RootElement;
        double[] costs =
            [.. json.GetProperty("perExample").EnumerateArray().Select(r => r.GetProperty("cost").GetDouble())];
        double total = json.GetProperty("totalCost").GetDouble();
        Assert.Equal(150, costs.Length);
        Assert.Equal(total, costs.Sum());
        Assert.Equal(total / 150, json.GetProperty("loss").GetDouble(), 12);

        string table = desk.Run("evaluate iris.safetensors iris --per-example").Succeeded().Out;
        Assert.Contains($"= {total.ToString("R", CultureInfo.InvariantCulture)} over 150 rows", table,
            StringComparison.Ordinal);

        desk.Run("evaluate iris.safetensors iris --per-example -o rows.csv").Succeeded();
        string[] lines = File.ReadAllLines("rows.csv");
        Assert.Equal("row,target,answer,cost,output setosa,output versicolor,output virginica", lines[0]);
        Assert.Equal(total, lines[1..].Sum(l => double.Parse(l.Split(',')[3], CultureInfo.InvariantCulture)));
        Assert.Equal(File.ReadAllText("rows.csv"),
            desk.Run("evaluate iris.safetensors iris --per-example -o -").Succeeded().Out);
    }

    [Fact]
    public void RowsThatWeighMoreCountMore()
    {
        desk.Write("w.csv", "a,b,weight,y\n1,2,1,x\n2,1,2,y\n3,3,0,x\n4,1,0.5,y\n");
        desk.Write("twice.csv", "a,b,y\n1,2,x\n1,2,x\n2,1,y\n2,1,y\n2,1,y\n2,1,y\n4,1,y\n");
        desk.Run("train w.csv --weight weight --test 0 --epochs 5 --quiet").Succeeded();
        JsonElement json =
            JsonDocument.Parse(desk.Run("evaluate w.safetensors w.csv --weight weight --per-example --json").Succeeded()
                .Out).RootElement;
        double[] costs = [.. json.GetProperty("perExample").EnumerateArray().Select(r =>
            r.GetProperty("weight").GetDouble() * r.GetProperty("cost").GetDouble())];
        double total = json.GetProperty("totalCost").GetDouble();
        Assert.Equal(total, costs.Sum(), 12);
        Assert.Equal(total / 3.5, json.GetProperty("loss").GetDouble(), 12);
        JsonElement repeated =
            JsonDocument.Parse(desk.Run("evaluate w.safetensors twice.csv --json").Succeeded().Out).RootElement;
        foreach (string metric in (string[])["loss", "accuracy"])
            Assert.Equal(repeated.GetProperty(metric).GetDouble(), json.GetProperty(metric).GetDouble(), 6);
        Assert.Equal("row,target,answer,weight,cost,output x,output y",
            desk.Run("evaluate w.safetensors w.csv --weight weight --per-example -o -").Succeeded().Out.Split('\n')[0]);
        Assert.Contains("C = Σ w·Lʳ", desk.Run("evaluate w.safetensors w.csv --weight 3").Succeeded().Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public void EvaluateMeasuresWhatTrainMeasured()
    {
        desk.Run("datasets wine --to wine.csv").Succeeded();
        desk.Run("datasets wine --to held-out.csv").Succeeded();
        JsonElement trained =
            JsonDocument.Parse(desk.Run("train wine.csv --test held-out.csv --epochs 20 --json").Succeeded().Out)
                .RootElement;
        JsonElement measured =
            JsonDocument.Parse(desk.Run("evaluate wine.safetensors held-out.csv --json").Succeeded().Out).RootElement;
        foreach (JsonProperty metric in trained.GetProperty("test").EnumerateObject())
            Assert.Equal(metric.Value.GetDouble(), measured.GetProperty(metric.Name).GetDouble());
        Assert.Equal(178,
            measured.GetProperty("confusion").EnumerateArray().Sum(r => r.EnumerateArray().Sum(c => c.GetInt32())));
    }

    [Fact]
    public void PredictNamesClassesAndProbabilities()
    {
        desk.Run("train iris --quiet").Succeeded();
        Dataset iris = Dataset.Load("iris");
        Model model = Model.Load("iris.safetensors");
        string[] lines =
            desk.Run("predict iris.safetensors iris --probabilities").Succeeded().Out.TrimEnd('\n').Split('\n');
        Assert.Equal(151, lines.Length);
        Assert.Equal($"{iris.Target.Names[0]},p(setosa),p(versicolor),p(virginica)", lines[0]);
        for (int row = 0; row < 150; row += 10)
        {
            Prediction expected = model.Predict(iris.Numeric.AsSpan(row * 4, 4));
            string[] fields = lines[row + 1].Split(',');
            Assert.Equal(expected.Label, fields[0]);
            Assert.Equal(expected.Values, fields[1..].Select(f => float.Parse(f, CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void PredictFindsColumnsByNameAndIgnoresOthers()
    {
        desk.Run("train iris --quiet").Succeeded();
        desk.Write("some.csv",
            "id,petal_width,petal_length,sepal_width,sepal_length\n1,0.2,1.4,3.5,5.1\n2,2.3,6.1,3.0,7.7\n");
        Assert.Equal("setosa\nvirginica\n",
            desk.Run("predict iris.safetensors some.csv").Succeeded().Out.Split('\n', 2)[1]);
    }

    [Fact]
    public void SingleOutputGivesBothProbabilities()
    {
        desk.Run("train xor --output sigmoid --quiet").Succeeded();
        string[] lines =
            desk.Run("predict xor.safetensors xor --probabilities").Succeeded().Out.TrimEnd('\n').Split('\n');
        Assert.Equal("odd,p(0),p(1)", lines[0]);
        foreach (string line in lines[1..])
        {
            double[] shares = [.. line.Split(',')[1..].Select(f => double.Parse(f, CultureInfo.InvariantCulture))];
            Assert.Equal(1, shares.Sum(), 6);
            Assert.Equal(line[0] == '1', shares[1] > 0.5);
        }
        Assert.Equal("odd,output(0),output(1)",
            desk.Run("train xor --output tanh --loss mse --quiet").Succeeded() is { } && true
                ? desk.Run("predict xor.safetensors xor --probabilities").Succeeded().Out.Split('\n')[0] : "");
    }

    [Fact]
    public void PredictGivesNumbersInTheTargetsUnits()
    {
        desk.Run("train diabetes --epochs 20 --quiet").Succeeded();
        string[] lines = desk.Run("predict diabetes.safetensors diabetes").Succeeded().Out.TrimEnd('\n').Split('\n');
        Assert.Equal(443, lines.Length);
        Assert.InRange(lines[1..].Average(l => double.Parse(l, CultureInfo.InvariantCulture)), 120, 180);
    }

    [Fact]
    public void InspectCountsParametersAsTheLectureDoes()
    {
        desk.Write("three.csv", "a,b,c,t\n1,2,3,x\n3,1,5,y\n2,4,1,x\n5,5,2,y\n");
        desk.Run("train three.csv --hidden 4 --epochs 1 --quiet").Succeeded();
        string text = desk.Run("inspect three.safetensors").Succeeded().Out;
        Assert.Contains("3-4-2", text, StringComparison.Ordinal);
        Assert.Contains("4·4 + 5·2 = 26; without biases 3·4 + 4·2 = 20", text, StringComparison.Ordinal);
        Assert.Contains(Model.Load("three.safetensors").WeightsHash, text, StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(desk.Run("inspect three.safetensors --json").Succeeded().Out).RootElement;
        Assert.Equal(26, json.GetProperty("parameters").GetInt32());
        Assert.Equal(20, json.GetProperty("links").GetInt32());
    }

    [Fact]
    public void InspectSaysHonestlyWhatAForeignFileIs()
    {
        byte[] header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"u8.ToArray();
        desk.Write("foreign.safetensors", [(byte)header.Length, 0, 0, 0, 0, 0, 0, 0, .. header, .. new byte[8]]);
        string text = desk.Run("inspect foreign.safetensors").Succeeded().Out;
        Assert.Contains("another program", text, StringComparison.Ordinal);
        Assert.Contains("Float32", text, StringComparison.Ordinal);
        desk.Run("train iris --epochs 1 --checkpoint iris.ckpt --quiet").Succeeded();
        Assert.Contains("not a model", desk.Run("inspect iris.ckpt").Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void DatasetsAreListedShownAndWritten()
    {
        string list = desk.Run("datasets").Succeeded().Out;
        foreach (Entry<Sample> sample in Dataset.Samples)
            Assert.Contains($"   {sample.Name} ", list, StringComparison.Ordinal);
        Assert.Contains("Fisher", desk.Run("datasets iris").Succeeded().Out, StringComparison.Ordinal);
        desk.Run("datasets breast_cancer --to cancer.csv.gz").Succeeded();
        Dataset read = DataSource.Open("cancer.csv.gz").Data, original = Dataset.Load("breast_cancer");
        Assert.Equal(original.Numeric, read.Numeric);
        Assert.Equal(original.Rows, read.Rows);
        Assert.Equal(5, desk.Run("datasets xor --to -").Succeeded().Out.TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public void InfoTellsWidthAndThreads()
    {
        JsonElement info = JsonDocument.Parse(desk.Run("info --json").Succeeded().Out).RootElement;
        Assert.Equal(SimdWidths.Name(SimdWidth.Selected), info.GetProperty("vectorWidth").GetString());
        Assert.Equal(Environment.ProcessorCount, info.GetProperty("threads").GetInt32());
        Assert.Contains("vectors", desk.Run("info").Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsWiderThanTheTerminal()
    {
        desk.Run("train digits --epochs 3 --batch-norm --dropout 0.1 --validation 0.1 --quiet").Succeeded();
        foreach (string words in (string[])["evaluate digits.safetensors digits",
            "evaluate digits.safetensors digits --per-example",
            "inspect digits.safetensors", "explain digits.safetensors digits --row 3", "datasets", "datasets moons",
                "info", "train blobs(classes=20)", "train blobs(classes=30)"])
            Assert.All(desk.Run(words).Succeeded().Out.Split('\n'), line =>
                Assert.True(line.Length <= 80, $"{words}: {line}"));
    }

    public void Dispose() => desk.Dispose();
}
