using Downhill.Data;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>The code of docs/tasks/labels.md.</summary>
public sealed class LabelsPageTests
{
    [Fact]
    public void SeveralLabelsAreLearnedAndExplained()
    {
        string folder = Directory.CreateTempSubdirectory("downhill").FullName, path = Path.Combine(folder, "wines.csv");
        Dataset wine = Dataset.Load("wine");
        int inputs = wine.NumericCount;
        File.WriteAllLines(path, [string.Join(',', [.. wine.Inputs.Select(c => c.Name), "strong", "dark", "tart"]),
            .. Enumerable.Range(0, wine.Rows).Select(r =>
            {
                float[] x = wine.Numeric[(r * inputs)..(r * inputs + inputs)];
                return string.Join(',', [.. x.Select(v => FormattableString.Invariant($"{v}")),
                    x[0] > 13 ? "yes" : "no", x[9] > 5 ? "yes" : "no", x[1] > 2 ? "yes" : "no"]);
            })]);
        try
        {
            // begin labels
            DataReading table = DataSource.Open(path, new TableOptions
            {
                Target = "strong,dark,tart",
                Ignore = "alcohol,color_intensity,malic_acid",
            });
            FitResult fit = Model.Fit(table.Data, new FitOptions { ValidationShare = 0.4 });
            Console.WriteLine($"{fit.Test!.Accuracy:P0} of the rows have every label right, "
                + $"{fit.Test.LabelAccuracy:P0} of the labels are");
            foreach ((string name, LabelScore label) in table.Data.Target.Names.Zip(fit.Test.PerLabel!))
                Console.WriteLine($"{name}: F1 {label.Score.F1:0.00}");

            FitPlan plan = FitPlan.Make(table.Data, new FitOptions { ValidationShare = 0.4 });
            PermutationImportance worth = PermutationImportance.Of(fit.Model, table.Data, plan.TestRows);
            Console.WriteLine($"most comes from {worth.Columns[0].Name}: "
                + $"the loss rises by {worth.Columns[0].Rise:0.00} without it");
            // end labels
            Assert.True(fit.Test.LabelAccuracy > 0.6, $"{fit.Test.LabelAccuracy}");
            Assert.NotNull(fit.Calibration);
            Assert.True(worth.Columns[0].Low > 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
