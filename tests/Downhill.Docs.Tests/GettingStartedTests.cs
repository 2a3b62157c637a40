using Downhill.Data;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>docs/GETTING-STARTED.md shows this code; its commands are run by the command line's tests.</summary>
public sealed class GettingStartedTests
{
    [Fact]
    public void The_document_shows_this_code() =>
        Documents.Check("docs/GETTING-STARTED.md", Documents.WithCode("docs/GETTING-STARTED.md"));

    [Fact]
    public void A_table_is_learned_and_asked()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-docs").FullName;
        string wine = Path.Combine(folder, "wine.csv"), file = Path.Combine(folder, "wine.safetensors");
        try
        {
            CsvWriter.Write(Dataset.Load("wine"), wine);
            // begin use
            DataReading reading = DataSource.Open(wine, new TableOptions { Target = "cultivar" });
            Console.WriteLine(reading.Summary);

            FitResult fit = Model.Fit(reading.Data, new FitOptions { Hidden = [32], Epochs = 60 });
            Console.WriteLine($"{fit.Test!.Accuracy:P1} of {fit.Test.Rows} rows right");
            fit.Model.Save(file);

            Model model = Model.Load(file);
            ReadOnlySpan<float> row = reading.Data.Numeric.AsSpan(0, reading.Data.NumericCount);
            Prediction answer = model.Predict(row);
            Console.WriteLine($"{answer.Label}: {answer.Values[answer.Class]:P1}");
            // end use
            Assert.True(fit.Test.Accuracy > 0.9);
            Assert.Equal("class_0", answer.Label);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
