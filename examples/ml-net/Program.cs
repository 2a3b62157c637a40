using Downhill.MLNet;
using Microsoft.ML;
using Microsoft.ML.Data;

// ML.NET reads, splits, prepares and evaluates; Downhill is the trainer in the middle.
MLContext context = new(seed: 1);
IDataView visits = context.Data.LoadFromEnumerable(Visits(600));
DataOperationsCatalog.TrainTestData parts = context.Data.TrainTestSplit(visits, testFraction: 0.25, seed: 1);

var pipeline = context.Transforms.Categorical.OneHotEncoding("Device")
    .Append(context.Transforms.NormalizeMinMax("Minutes"))
    .Append(context.Transforms.NormalizeMinMax("Pages"))
    .Append(context.Transforms.Concatenate("Features", "Device", "Minutes", "Pages"))
    .Append(context.BinaryClassification.Trainers.Downhill(
        labelColumnName: "Bought", options: new() { Hidden = [16], Epochs = 60 }));
ITransformer model = pipeline.Fit(parts.TrainSet);

CalibratedBinaryClassificationMetrics metrics =
    context.BinaryClassification.Evaluate(model.Transform(parts.TestSet), labelColumnName: "Bought");
Console.WriteLine($"accuracy {metrics.Accuracy:P1}, area under the ROC curve {metrics.AreaUnderRocCurve:F2}");

// `mlContext.Model.Save` writes only ML.NET's own parts; this keeps the whole chain in one file.
MLChain.Save(context, model, visits.Schema, "visits.zip");
ITransformer again = MLChain.Load(context, "visits.zip", out _);

using PredictionEngine<Visit, Answer> engine = context.Model.CreatePredictionEngine<Visit, Answer>(again);
foreach (Visit visit in (Visit[])[new("phone", 1, 2), new("desktop", 14, 9)])
    Console.WriteLine($"{visit.Device}, {visit.Minutes} min, {visit.Pages} pages: "
        + $"{engine.Predict(visit).Probability:P0}");

// Made visits stand for a table of real ones: who stays long and looks at much buys, on a phone more rarely.
static IEnumerable<Visit> Visits(int rows)
{
    string[] devices = ["phone", "tablet", "desktop"];
    for (int i = 0; i < rows; i++)
    {
        string device = devices[i % 3];
        float minutes = i * 7 % 20, pages = i * 11 % 13;
        bool bought = minutes + 2 * pages > (device == "phone" ? 28 : 20);
        yield return new Visit(device, minutes, pages) { Bought = i % 17 == 0 ? !bought : bought };
    }
}

internal sealed record Visit(string Device, float Minutes, float Pages)
{
    public Visit() : this("", 0, 0) { }   // for ML.NET, which sets the columns one by one

    public string Device { get; set; } = Device;
    public float Minutes { get; set; } = Minutes;
    public float Pages { get; set; } = Pages;
    public bool Bought { get; set; }
}

internal sealed class Answer
{
    public bool PredictedLabel { get; set; }
    public float Probability { get; set; }
}
