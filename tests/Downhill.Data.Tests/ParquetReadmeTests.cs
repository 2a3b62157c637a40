using Downhill.Docs.Tests;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>The README of the package for Parquet, word for word.</summary>
[Collection("current folder")]
public sealed class ParquetReadmeTests
{
    [Fact]
    public void ItsCodeRuns()
    {
        using EmptyFolder folder = new();
        File.Copy(Path.Combine(AppContext.BaseDirectory, "fixtures", "rust-snappy.parquet"), "measurements.parquet");
        // README Downhill.Data.Parquet
        DataReading table = ParquetTable.Read("measurements.parquet");
        FitResult fit = Model.Fit(table.Data, new());
        // README Downhill.Data.Parquet
        Assert.Equal(["a", "b"], fit.Model.Preparation.Target.Classes);
        PackageReadme.ShowsTheCodeHere("Downhill.Data.Parquet");
    }
}

/// <summary>A process has one current folder.</summary>
[CollectionDefinition("current folder", DisableParallelization = true)]
public sealed class CurrentFolder;
