using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace Downhill.MLNet.Tests;

/// <summary>The trainers inside pipelines of ML.NET, with its transforms around them and its own evaluation after
/// them.</summary>
public sealed class PipelineTests
{
    private static readonly FitOptions Quick = new() { Hidden = [16], Epochs = 200 };
    private readonly MLContext context = new(seed: 1);

    [Fact]
    public void IrisIsToldApart()
    {
        DataOperationsCatalog.TrainTestData parts = context.Data.TrainTestSplit(Flowers(), testFraction: 0.3, seed: 1);
        ITransformer model = Classes().Fit(parts.TrainSet);
        IDataView predicted = model.Transform(parts.TestSet);
        MulticlassClassificationMetrics metrics = context.MulticlassClassification.Evaluate(predicted, "Key");
        Assert.True(metrics.MicroAccuracy > 0.9, $"{metrics.MicroAccuracy}");
        Assert.True(metrics.LogLoss < 0.3, $"{metrics.LogLoss}");
        // Labels come back with the spelling of the data.
        string[] names = [.. predicted.GetColumn<string>("Name")];
        Assert.All(names, name => Assert.Contains(name, new[] { "setosa", "versicolor", "virginica" }));
        string[] wanted = [.. predicted.GetColumn<string>("Species")];
        Assert.Equal(metrics.MicroAccuracy, names.Zip(wanted).Average(p => p.First == p.Second ? 1.0 : 0), 12);
    }

    [Fact]
    public void TheSchemaPromisedIsTheSchemaGiven()
    {
        IDataView flowers = Flowers();
        var pipeline = Classes();
        ITransformer model = pipeline.Fit(flowers);
        DataViewSchema given = model.GetOutputSchema(flowers.Schema);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 3), given["Score"].Type);
        Assert.Equal(3ul, Assert.IsType<KeyDataViewType>(given["PredictedLabel"].Type).Count);
        VBuffer<ReadOnlyMemory<char>> slots = default;
        given["Score"].GetSlotNames(ref slots);
        Assert.Equal(["setosa", "versicolor", "virginica"], slots.DenseValues().Select(s => s.ToString()).Order());
    }

    [Fact]
    public void PredictionsAreTheModels()
    {
        IDataView flowers = Flowers();
        ITransformer chain = Classes().Fit(flowers);
        DownhillTransformer own = Own(chain);
        IDataView prepared = chain.Transform(flowers);
        float[][] features = [.. prepared.GetColumn<float[]>("Features")],
            scores = [.. prepared.GetColumn<float[]>("Score")];
        for (int i = 0; i < features.Length; i++) Assert.Equal(own.Model.Predict(features[i]).Values, scores[i]);
    }

    [Fact]
    public void ThePredictionEngineAnswersOneRow()
    {
        ITransformer chain = Classes().Fit(Flowers());
        using PredictionEngine<Flower, FlowerAnswer> engine =
            context.Model.CreatePredictionEngine<Flower, FlowerAnswer>(chain);
        Flower flower = new() { SepalLength = 5.1f, SepalWidth = 3.5f, PetalLength = 1.4f, PetalWidth = 0.2f };
        FlowerAnswer answer = engine.Predict(flower);
        Assert.Equal("setosa", answer.Name);
        Assert.Equal(1f, answer.Score!.Sum(), 5);
    }

    [Fact]
    public void YesAndNoGiveProbabilities()
    {
        Dataset cancer = Dataset.Load("breast_cancer");
        IDataView rows = context.Data.LoadFromEnumerable(
            Enumerable.Range(0, cancer.Rows).Select(r =>
                new Tumour { Features = Row(cancer, r), Label = cancer.Classes[r] == 1 }));
        DataOperationsCatalog.TrainTestData parts = context.Data.TrainTestSplit(rows, 0.3, seed: 1);
        ITransformer model = context.Transforms.NormalizeMeanVariance("Features")
            .Append(context.BinaryClassification.Trainers.Downhill(options: Quick)).Fit(parts.TrainSet);
        CalibratedBinaryClassificationMetrics metrics = context.BinaryClassification.Evaluate(model
            .Transform(parts.TestSet));
        Assert.True(metrics.Accuracy > 0.93, $"{metrics.Accuracy}");
        Assert.True(metrics.AreaUnderRocCurve > 0.97, $"{metrics.AreaUnderRocCurve}");
        foreach ((float score, float probability) in model.Transform(parts.TestSet).GetColumn<float>("Score")
            .Zip(model.Transform(parts.TestSet).GetColumn<float>("Probability")))
            Assert.Equal(probability, 1 / (1 + Math.Exp(-score)), 4);
    }

    [Fact]
    public void OneOutputUnitGivesTheSameKindOfProbabilities()
    {
        IDataView rows = context.Data.LoadFromEnumerable(
            Enumerable.Range(0, 200).Select(i =>
                new Tumour { Features = [.. new float[30].Select(_ => i % 2 - 0.5f)], Label = i % 2 == 1 }));
        FitOptions single = Quick with { Output = Activations.Sigmoid() };
        DownhillTransformer model = context.BinaryClassification.Trainers.Downhill(options: single).Fit(rows);
        Assert.Equal(1, model.Model.Preparation.Outputs);
        Assert.Equal(rows.GetColumn<bool>("Label"), model.Transform(rows).GetColumn<bool>("PredictedLabel"));
        Assert.Equal(rows.GetColumn<bool>("Label"),
            model.Transform(rows).GetColumn<float>("Probability").Select(p => p > 0.5f));
    }

    [Fact]
    public void NumbersAreEstimatedInTheirUnits()
    {
        Dataset diabetes = Dataset.Load("diabetes");
        IDataView rows = context.Data.LoadFromEnumerable(
            Enumerable.Range(0, diabetes.Rows).Select(r =>
                new Patient { Features = Row(diabetes, r), Label = diabetes.Values[r] }));
        DataOperationsCatalog.TrainTestData parts = context.Data.TrainTestSplit(rows, 0.3, seed: 1);
        FitOptions plain = Quick with { Recipe = Recipe.Plain };
        ITransformer model = context.Regression.Trainers.Downhill(options: plain).Fit(parts.TrainSet);
        RegressionMetrics metrics = context.Regression.Evaluate(model.Transform(parts.TestSet));
        Assert.InRange(metrics.RSquared, 0.3, 0.7);
    }

    [Fact]
    public void WeightsCount()
    {
        // Two contradicting halves: the answer is that of the half that weighs.
        IDataView rows = context.Data.LoadFromEnumerable(Enumerable.Range(0, 200).Select(
            i => new Weighed { Features = [1, 2], Label = i % 2 * 10, Weight = i % 2 == 0 ? 0 : 1 }));
        DownhillTransformer model = context.Regression.Trainers.Downhill(exampleWeightColumnName: "Weight",
            options: Quick).Fit(rows);
        Assert.All(model.Transform(rows).GetColumn<float>("Score"), score => Assert.Equal(10, score, 1));
    }

    [Fact]
    public void KeysOfNumbersStayNumbers()
    {
        IDataView rows = context.Data.LoadFromEnumerable(
            Enumerable.Range(0, 90).Select(i => new Weighed { Features = [i % 3, 1], Label = 10 * (i % 3) }));
        ITransformer model = context.Transforms.Conversion.MapValueToKey("Key", "Label")
            .Append(context.MulticlassClassification.Trainers.Downhill("Key", options: Quick))
            .Append(context.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")).Fit(rows);
        Assert.Equal(rows.GetColumn<float>("Label"), model.Transform(rows).GetColumn<float>("Answer"));
    }

    internal static IDataView Flowers(MLContext context)
    {
        Dataset iris = Dataset.Load("iris");
        return context.Data.LoadFromEnumerable(Enumerable.Range(0, iris.Rows).Select(r => new Flower
        {
            SepalLength = Row(iris, r)[0], SepalWidth = Row(iris, r)[1], PetalLength = Row(iris, r)[2],
            PetalWidth = Row(iris, r)[3], Species = iris.Target.Classes[iris.Classes[r]],
        }));
    }

    internal static EstimatorChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer> Classes(MLContext context) =>
        context.Transforms.Conversion.MapValueToKey("Key", "Species")
            .Append(context.Transforms.Concatenate("Features", "SepalLength", "SepalWidth", "PetalLength",
                "PetalWidth"))
            .Append(context.MulticlassClassification.Trainers.Downhill("Key", options: Quick))
            .Append(context.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel"));

    internal static DownhillTransformer Own(ITransformer chain) =>
        ((IEnumerable<ITransformer>)chain).OfType<DownhillTransformer>().Single();

    private IDataView Flowers() => Flowers(context);

    private EstimatorChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer> Classes() => Classes(context);

    private static float[] Row(Dataset data, int row) =>
        data.Numeric.AsSpan(row * data.NumericCount, data.NumericCount).ToArray();

    internal sealed class Flower
    {
        public float SepalLength { get; set; }
        public float SepalWidth { get; set; }
        public float PetalLength { get; set; }
        public float PetalWidth { get; set; }
        public string Species { get; set; } = "setosa";
    }

    internal sealed class FlowerAnswer
    {
        public string? Name { get; set; }
        public float[]? Score { get; set; }
    }

    internal sealed class Tumour
    {
        [VectorType(30)] public float[] Features { get; set; } = [];
        public bool Label { get; set; }
    }

    internal sealed class Patient
    {
        [VectorType(10)] public float[] Features { get; set; } = [];
        public float Label { get; set; }
    }

    internal sealed class Weighed
    {
        [VectorType(2)] public float[] Features { get; set; } = [];
        public float Label { get; set; }
        public float Weight { get; set; }
    }
}
