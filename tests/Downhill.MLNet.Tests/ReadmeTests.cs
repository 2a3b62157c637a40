using Downhill.Docs.Tests;
using Downhill.MLNet;
using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace Downhill.MLNet.Tests;

/// <summary>The package's README, word for word.</summary>
[Collection("current folder")]
public sealed class ReadmeTests
{
    [Fact]
    public void ItsCodeRuns()
    {
        using EmptyFolder folder = new();
        Dataset iris = Dataset.Load("iris");
        File.WriteAllLines("iris.csv", Enumerable.Range(0, iris.Rows).Select(row => FormattableString.Invariant(
            $"{string.Join(',', iris.Numeric[(4 * row)..(4 * row + 4)])},{iris.Target.Classes[iris.Classes[row]]}"))
            .Prepend("a,b,c,d,species"));
        // README Downhill.MLNet
        MLContext context = new(seed: 1);
        IDataView flowers = context.Data.LoadFromTextFile<Flower>("iris.csv", separatorChar: ',', hasHeader: true);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label", "Species")
            .Append(context.MulticlassClassification.Trainers.Downhill())
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        ITransformer model = pipeline.Fit(flowers);
        MLChain.Save(context, model, flowers.Schema, "iris.zip");
        ITransformer again = MLChain.Load(context, "iris.zip", out DataViewSchema schema);
        // README Downhill.MLNet
        string[] wanted = [.. flowers.GetColumn<string>("Species")];
        string[] answers = [.. again.Transform(flowers).GetColumn<string>("PredictedLabel")];
        Assert.Equal(150, answers.Length);
        Assert.True(answers.Zip(wanted).Count(pair => pair.First == pair.Second) > 120);
        Assert.Equal(flowers.Schema.Select(column => column.Name), schema.Select(column => column.Name));
        PackageReadme.ShowsTheCodeHere("Downhill.MLNet");
    }

    internal sealed class Flower
    {
        [LoadColumn(0, 3), VectorType(4)] public float[] Features { get; set; } = [];
        [LoadColumn(4)] public string Species { get; set; } = "";
    }
}

/// <summary>A process has one current folder.</summary>
[CollectionDefinition("current folder", DisableParallelization = true)]
public sealed class CurrentFolder;
