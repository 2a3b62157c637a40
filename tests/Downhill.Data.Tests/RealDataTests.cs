using Downhill.Tests;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>The published sets, read as they were published. Skipped where the files are not at hand.</summary>
public sealed class RealDataTests
{
    private static int[] Counts(Dataset data)
    {
        int[] counts = new int[data.Target.Classes.Count];
        foreach (int code in data.Classes) counts[code]++;
        return counts;
    }

    [Fact]
    public void SemeionHasOneOfTenTargets()
    {
        DataReading reading = DataSource.Open(SharedData.Need("semeion/semeion.data.gz"), new() { Target = "257-266" });
        Dataset data = reading.Data;
        Assert.Equal((1593, 256), (data.Rows, data.NumericCount));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], data.Target.Classes);
        Assert.Equal([161, 162, 159, 159, 161, 159, 161, 158, 155, 158], Counts(data));
        Assert.All(data.Numeric, x => Assert.True(x is 0 or 1));
        Assert.Contains("delimiter blanks (guessed), no header", reading.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void OptdigitsTestPartIsTheEmbeddedDigits()
    {
        Dataset train = DataSource.Open(SharedData.Need("optdigits/optdigits.tra.gz")).Data;
        Assert.Equal((3823, 64, 10), (train.Rows, train.NumericCount, train.Target.Classes.Count));
        Dataset test = CsvReader.Read(SharedData.Need("optdigits/optdigits.tes.gz"), train.Inputs, train.Target,
            needTarget: true).Data;
        Dataset digits = Dataset.Load("digits");
        Assert.Equal(digits.Numeric, test.Numeric);
        Assert.Equal(digits.Classes, test.Classes);
    }

    [Theory]
    [InlineData("mnist", new[] { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 }, 5, 7)]
    [InlineData("fashion-mnist", new[] { 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000 }, 9, 9)]
    public void MnistFoldersAreRead(string folder, int[] counts, int firstLabel, int firstTestLabel)
    {
        Dataset data = DataSource.Open(SharedData.Need(folder)).Data;
        Assert.Equal((60_000, 10_000, 784), (data.Rows, data.Test!.Rows, data.NumericCount));
        Assert.Equal(new ImageShape(28, 28), data.Image);
        Assert.Equal(counts, Counts(data));
        Assert.Equal((firstLabel, firstTestLabel), (data.Classes[0], data.Test.Classes[0]));
        Assert.Equal((0f, 255f), (data.Numeric.Min(), data.Numeric.Max()));
        Assert.Equal(folder, data.Name);
    }

    [Fact]
    public void LettersAndIonosphereHaveTextClasses()
    {
        Dataset letters = CsvReader.Read(SharedData.Need("letter/letter-recognition.data.gz"),
            new() { Target = "1" }).Data;
        Assert.Equal((20_000, 16, 26), (letters.Rows, letters.NumericCount, letters.Target.Classes.Count));
        Assert.Equal("T", letters.Target.Classes[letters.Classes[0]]);
        Assert.Equal([2f, 8, 3, 5, 1, 8, 13, 0, 6, 6, 10, 8, 0, 8, 0, 8], letters.Numeric.Take(16));
        Dataset ionosphere = CsvReader.Read(SharedData.Need("ionosphere/ionosphere.data.gz")).Data;
        Assert.Equal((351, 34), (ionosphere.Rows, ionosphere.NumericCount));
        Assert.Equal(["b", "g"], ionosphere.Target.Classes);
        Assert.Equal([126, 225], Counts(ionosphere));
    }

    [Theory]
    [InlineData("concrete", 1030, 8, false)]
    [InlineData("energy", 768, 8, false)]
    [InlineData("kin8nm", 8192, 8, false)]
    [InlineData("yacht", 308, 6, false)]
    [InlineData("wine-quality-red", 1599, 11, true)]
    public void RegressionSetsAreBlankSeparated(string name, int rows, int inputs, bool looksLikeClasses)
    {
        string path = SharedData.Need($"uci-regression/{name}/data.txt.gz");
        Dataset guessed = CsvReader.Read(path).Data;
        Assert.Equal(looksLikeClasses, guessed.Target.IsClass);
        Dataset data = CsvReader.Read(path, new() { Task = TableTask.Regress }).Data;
        Assert.Equal((rows, inputs, false), (data.Rows, data.NumericCount, data.Target.IsClass));
    }

    [Theory]
    [InlineData("conn-bench-sonar-mines-rocks", 208, 60, 2)]
    [InlineData("iris", 150, 4, 3)]
    [InlineData("semeion", 1593, 256, 10)]
    public void TabSeparatedSetsWithAnUnnamedRowNumberAreRead(string name, int rows, int inputs, int classes)
    {
        Dataset data = CsvReader.Read(SharedData.Need($"uci90/{name}/data.tsv.gz"), new() { Ignore = "1" }).Data;
        Assert.Equal((rows, inputs, classes), (data.Rows, data.NumericCount, data.Target.Classes.Count));
        Assert.Equal("clase", data.Target.Names[0]);
    }

    [Fact]
    public void TextInputsAreCategories()
    {
        Dataset data = CsvReader.Read(SharedData.Need("abalone/abalone.csv.gz")).Data;
        Assert.Equal((4177, 7, 1, false), (data.Rows, data.NumericCount, data.CategoryCount, data.Target.IsClass));
        Assert.Equal(["F", "I", "M"], data.Inputs[0].Categories);
    }

    [Fact]
    public void TheCensusIsReadFromItsRawFiles()
    {
        DataReading reading = CsvReader.Read(SharedData.Need("adult/adult.train.csv.gz"));
        Assert.Equal((32_561, 6, 8), (reading.Data.Rows, reading.Data.NumericCount, reading.Data.CategoryCount));
        Assert.Equal(["<=50K", ">50K"], reading.Data.Target.Classes);
        Assert.Contains(reading.Notes, n => n.Contains("x2 (1836)", StringComparison.Ordinal));
        Dataset test = CsvReader.Read(SharedData.Need("adult/adult.test.csv.gz"), reading.Data.Inputs,
            reading.Data.Target, needTarget: true).Data;
        Assert.Equal((16_281, 3_846), (test.Rows, test.Classes.Count(c => c == 1)));
    }
}
