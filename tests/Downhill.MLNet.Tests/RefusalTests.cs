using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace Downhill.MLNet.Tests;

/// <summary>Wrong columns and values are refused by name, before anything is trained where the schema tells.</summary>
public sealed class RefusalTests
{
    private readonly MLContext context = new(seed: 1);

    [Fact]
    public void AMissingColumnIsNamed() => Refused("'Features'", Trainer, new Labelled());

    [Fact]
    public void ALabelThatIsNoKeyIsRefusedWithTheRemedy() => Refused("MapValueToKey",
        context.Transforms.Concatenate("Features", "A").Append(context.MulticlassClassification.Trainers.Downhill()),
            new Labelled());

    [Fact]
    public void ABinaryLabelMustBeBoolean() => Refused("Boolean",
        context.Transforms.Concatenate("Features", "A").Append(context.BinaryClassification.Trainers.Downhill()),
            new Labelled());

    [Fact]
    public void AValueThatIsNotANumberIsNamed() => Refused("row 1, input 'A'",
        context.Transforms.Concatenate("Features", "A", "B").Append(Trainer), new Labelled { A = float.NaN },
            new Labelled());

    [Fact]
    public void AMissingLabelIsNamed() => Refused("row 2",
        context.Transforms.Concatenate("Features", "A").Append(Trainer), new Labelled(),
            new Labelled { Label = float.NaN });

    [Fact]
    public void RowsOfAnotherWidthAreRefused()
    {
        DownhillTransformer model = Trainer.Fit(context.Transforms.Concatenate("Features", "A", "B")
            .Fit(Rows(new(), new())).Transform(Rows(new(), new())));
        IDataView narrow = context.Transforms.Concatenate("Features", "A").Fit(Rows(new Labelled()))
            .Transform(Rows(new Labelled()));
        Assert.Contains("2 numbers", Assert.Throws<DownhillException>(() => model.Transform(narrow)).Message,
            StringComparison.Ordinal);
    }

    private DownhillEstimator Trainer =>
        context.Regression.Trainers.Downhill(options: new() { Hidden = [2], Epochs = 1 });

    private void Refused<T>(string part, IEstimator<T> pipeline, params Labelled[] rows) where T : class,
        ITransformer =>
        Assert.Contains(part, Assert.Throws<DownhillException>(() => pipeline.Fit(Rows(rows))).Message,
            StringComparison.Ordinal);

    private IDataView Rows(params Labelled[] rows) => context.Data.LoadFromEnumerable(rows);

    private sealed class Labelled
    {
        public float A { get; set; }
        public float B { get; set; }
        public float Label { get; set; }
    }
}
