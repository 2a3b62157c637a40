using Downhill.Data;
using Downhill.Onnx;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>The READMEs of the packages, as their users read them first, are compiled and run word for word.</summary>
[Collection("current folder")]
public sealed class PackageReadmeTests
{
    [Fact]
    public void The_engines()
    {
        using EmptyFolder folder = new();
        // README Downhill
        Dataset iris = Dataset.Load("iris");
        FitResult fit = Model.Fit(iris, new() { Hidden = [16], Epochs = 200 });
        Prediction answer = fit.Model.Predict([5.1f, 3.5f, 1.4f, 0.2f]);
        Console.WriteLine(answer.Label);   // setosa
        fit.Model.Save("iris.safetensors");
        // README Downhill
        Assert.Equal("setosa", answer.Label);
        Assert.Equal(fit.Model.WeightsHash, Model.Load("iris.safetensors").WeightsHash);
        PackageReadme.ShowsTheCodeHere("Downhill");
    }

    [Fact]
    public void The_readers()
    {
        using EmptyFolder folder = new();
        CsvWriter.Write(Dataset.Load("wine"), "measurements.csv");
        // README Downhill.Data
        DataReading table = DataSource.Open("measurements.csv");
        Console.WriteLine(table.Summary);   // what was guessed: delimiter, header, kinds of columns
        FitResult fit = Model.Fit(table.Data, new());
        // README Downhill.Data
        Assert.Contains("delimiter comma (guessed), header line", table.Summary, StringComparison.Ordinal);
        Assert.True(fit.Test!.Accuracy > 0.8);
        PackageReadme.ShowsTheCodeHere("Downhill.Data");
    }

    [Fact]
    public void Onnxs()
    {
        using EmptyFolder folder = new();
        // README Downhill.Onnx
        Model model = Model.Fit(Dataset.Load("iris"), new() { Hidden = [16] }).Model;
        OnnxExport.Save(model, "iris.onnx");
        Model again = OnnxImport.Load("iris.onnx");
        // README Downhill.Onnx
        Assert.Equal(model.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Label, again.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Label);
        PackageReadme.ShowsTheCodeHere("Downhill.Onnx");
    }
}

/// <summary>A process has one current folder.</summary>
[CollectionDefinition("current folder", DisableParallelization = true)]
public sealed class CurrentFolder;
