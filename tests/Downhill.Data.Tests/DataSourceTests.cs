using Xunit;

namespace Downhill.Data.Tests;

public sealed class DataSourceTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private string In(string name) => Path.Combine(scratch.Folder, name);

    private static string Refused(string data) => Assert.Throws<DownhillException>(() => DataSource.Open(data)).Message;

    [Fact]
    public void SamplesAreOpenedByName()
    {
        Assert.Equal(150, DataSource.Open("iris").Data.Rows);
        Assert.Equal(16, DataSource.Open("parity(n=4)").Data.Rows);
        Assert.StartsWith("digits: 1797 rows, 64 inputs, 10 classes", DataSource.Open("digits").Summary,
            StringComparison.Ordinal);
        Assert.Contains("up to 16", Refused("parity(n=99)"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t.csv")]
    [InlineData("t.tsv.gz")]
    [InlineData("T.TXT")]
    [InlineData("t.data.GZ")]
    public void TablesAreOpenedByTheirEnding(string name)
    {
        string path = name.EndsWith("GZ", StringComparison.Ordinal)
            ? scratch.Bytes("x.gz", "1,2,a\n3,4,b\n"u8.ToArray()) : scratch.Text(name, "1,2,a\n3,4,b\n");
        if (path != In(name)) File.Move(path, In(name));
        DataReading reading = DataSource.Open(In(name), new() { Target = "1", Ignore = "3" });
        Assert.Equal((2, 1), (reading.Data.Rows, reading.Data.NumericCount));
        Assert.Equal("t", reading.Data.Name.ToLowerInvariant());
    }

    [Fact]
    public void WhatCannotBeOpenedIsSaidPlainly()
    {
        scratch.Text("empty.csv", "");
        scratch.Text("table.parquet", "PAR1");
        scratch.Text("picture.png", "x");
        scratch.Text("README", "x");
        Directory.CreateDirectory(In("nothing"));
        (string Data, string Says)[] cases =
        [
            (In("empty.csv"), "an empty file"),
                (In("table.parquet"), "ParquetTable of the package Downhill.Data.Parquet"),
            (In("picture.png"), "'.png'"), (In("README"), "without an ending"), (In("nothing"), "an empty folder"),
            (scratch.Folder, "train-images-idx3-ubyte"), ("sqlite:my.db?select 1", "DatabaseReader"),
            (" ", "nothing"),
            (In("tabel.parquet"), $"Did you mean '{In("table.parquet")}'?"),
            (In("no/where.csv"), "does not exist either"),
            ("iirs", "Did you mean 'iris'?"), ("dgits.csv", "Did you mean 'digits'?"), ("moon", "one of digits, iris"),
        ];
        foreach (var (data, says) in cases)
            Assert.Contains(says, Refused(data), StringComparison.Ordinal);
    }

    [Fact]
    public void FoldersOfIdxFilesAreOpened()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9], labels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1];
        scratch.Bytes("train-images-idx3-ubyte.gz", images);
        scratch.Bytes("train-labels-idx1-ubyte", labels);
        Assert.Equal([7f, 9], DataSource.Open(scratch.Folder).Data.Numeric);
    }

    [Fact]
    public void SamplesFitAModelByNameOrPosition()
    {
        Dataset iris = Dataset.Load("iris");
        Column[] turned = [iris.Inputs[3], iris.Inputs[0]];
        var classes = new Target(["species"], ["virginica", "versicolor", "setosa"]);
        Dataset data = DataSource.Open("iris", turned, classes, needTarget: true).Data;
        Assert.Equal([0.2f, 5.1f, 0.2f, 4.9f], data.Numeric.Take(4));
        Assert.Equal(iris.Classes.Select(c => 2 - c), data.Classes);
        Dataset placed = DataSource.Open("moons", [new Column("a"), new Column("b")], new Target(["c"], ["0", "1"]),
            true).Data;
        Assert.Equal(Dataset.Load("moons").Numeric, placed.Numeric);

        string Misfit(string name, IReadOnlyList<Column> inputs, Target target) =>
            Assert.Throws<DownhillException>(() => DataSource.Open(name, inputs, target, true)).Message;
        Assert.Contains("inputs", Misfit("wine", iris.Inputs, iris.Target), StringComparison.Ordinal);
        Assert.Contains("row 101", Misfit("iris", iris.Inputs, new Target(["species"], ["setosa", "versicolor"])),
            StringComparison.Ordinal);
        Assert.Contains("numbers to predict", Misfit("iris", iris.Inputs, new Target(["y"], [])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void TablesFitAModelToo()
    {
        string path = scratch.Text("t.csv", "b,c,a\n1,y,2\n");
        Dataset data = DataSource.Open(path, [new Column("a"), new Column("b")], new Target(["c"], ["x", "y"]),
            true).Data;
        Assert.Equal([2f, 1], data.Numeric);
        Assert.Equal([1], data.Classes);
    }

    [Theory]
    [InlineData("/a/b/semeion.data.gz", "semeion")]
    [InlineData("iris.csv", "iris")]
    [InlineData("/a/mnist/", "mnist")]
    [InlineData(".csv", ".csv")]
    public void NamesComeFromPaths(string path, string name) => Assert.Equal(name, DataSource.NameOf(path));
}
