using Downhill.Tests.Architecture;

namespace Downhill.Tests;

/// <summary>The README's example in C#: compiled and run as it stands there, word for word.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void ExampleRuns()
    {
        // README
        Dataset iris = Dataset.Load("iris");
        FitResult fit = Model.Fit(iris, new() { Hidden = [16], Epochs = 200 });
        Prediction answer = fit.Model.Predict([5.1f, 3.5f, 1.4f, 0.2f]);
        Console.WriteLine(answer.Label);   // setosa
        // README
        Assert.Equal("setosa", answer.Label);
    }

    [Fact]
    public void ExampleIsTheReadmes()
    {
        string compiled = Repository.Text("tests/Downhill.Tests/ReadmeTests.cs").Split("        // README\n")[1];
        string printed = Repository.Text("README.md").Split("```csharp\n")[1].Split("```\n")[0];
        Assert.Equal(printed.Split('\n'), compiled.Split('\n').Select(line => line.Trim()));
    }
}
