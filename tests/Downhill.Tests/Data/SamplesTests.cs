using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Downhill.Tests;

public sealed class SamplesTests
{
    public static TheoryData<string> Names() => [.. Dataset.Samples.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheTableOfSamplesSaysWhatLoadingGives(string name)
    {
        Entry<Sample> entry = Dataset.Samples.Single(s => s.Name == name);
        Dataset data = Dataset.Load(name);
        Assert.Equal(
            (name, entry.Default.Rows, entry.Default.Inputs, entry.Default.Classes),
            (data.Name, data.Rows, data.NumericCount, data.Target.Classes.Count));
        Assert.Equal((entry.Source, entry.Default.Licence), (data.Source, data.Licence));
        Assert.All(data.Numeric, x => Assert.True(float.IsFinite(x)));
        Assert.All(data.Values, x => Assert.True(float.IsFinite(x)));
        Assert.True(entry.Summary.Length > 0 && entry.Source.Length > 0 && data.Licence.Length > 0);
        Assert.Equal(data.Inputs.Count, data.Inputs.Select(c => c.Name).Distinct().Count());
        if (data.Target.IsClass) Assert.Equal(data.Target.Classes.Count, data.Classes.Distinct().Count());
    }

    [Theory]
    [InlineData("iris", "species", new[] { 50, 50, 50 }, new[] { 5.1f, 3.5f, 1.4f, 0.2f }, "setosa")]
    [InlineData("wine", "cultivar", new[] { 59, 71, 48 }, new[] { 14.23f, 1.71f, 2.43f, 15.6f, 127f }, "class_0")]
    [InlineData("breast_cancer", "diagnosis", new[] { 212, 357 }, new[] { 17.99f, 10.38f, 122.8f }, "malignant")]
    [InlineData("digits", "digit", new[] { 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 },
        new[] { 0f, 0, 5, 13, 9, 1 }, "0")]
    public void EmbeddedClassesAndFirstRowAreTheSets(string name, string target, int[] counts, float[] first,
        string firstClass)
    {
        Dataset data = Dataset.Load(name);
        Assert.Equal([target], data.Target.Names);
        Assert.Equal(counts, data.Classes.CountBy(c => c).OrderBy(p => p.Key).Select(p => p.Value));
        Assert.Equal(first, data.Numeric.Take(first.Length));
        Assert.Equal(firstClass, data.Target.Classes[data.Classes[0]]);
    }

    [Fact]
    public void DiabetesIsARegression()
    {
        Dataset data = Dataset.Load("diabetes");
        Assert.False(data.Target.IsClass);
        Assert.Equal(["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"], data.Inputs.Select(c => c.Name));
        Assert.Equal([59f, 2, 32.1f, 101, 157, 93.2f, 38, 4, 4.8598f, 87], data.Numeric.Take(10));
        Assert.Equal((151f, 25f, 346f), (data.Values[0], data.Values.Min(), data.Values.Max()));
    }

    [Fact]
    public void DigitsAreImages() => Assert.Equal(new ImageShape(8, 8), Dataset.Load("digits").Image);

    [Theory]
    [InlineData("iris", "iris.csv")]
    [InlineData("wine", "wine_data.csv")]
    [InlineData("breast_cancer", "breast_cancer.csv")]
    [InlineData("digits", "digits.csv.gz")]
    public void EmbeddedTablesEqualTheirSource(string name, string file)
    {
        string[] lines = SharedData.Lines("sklearn-small/" + file);
        if (name != "digits") lines = lines[1..];
        Dataset data = Dataset.Load(name);
        Assert.Equal(lines.Length, data.Rows);
        for (int row = 0; row < data.Rows; row++)
        {
            float[] source = [.. lines[row].Split(',').Select(Number)];
            Assert.Equal(source.SkipLast(1), data.Numeric.Skip(row * data.NumericCount).Take(data.NumericCount));
            Assert.Equal((int)source[^1], data.Classes[row]);
        }
    }

    [Fact]
    public void DiabetesEqualsItsSource()
    {
        string[] inputs = SharedData.Lines("sklearn-small/diabetes_data_raw.csv.gz");
        string[] targets = SharedData.Lines("sklearn-small/diabetes_target.csv.gz");
        Dataset data = Dataset.Load("diabetes");
        Assert.Equal(inputs.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number)),
            data.Numeric);
        Assert.Equal(targets.Select(Number), data.Values);
    }

    [Fact]
    public void TwoSpiralsEqualTheBenchmarksPoints()
    {
        string[] lines = SharedData.Lines("two-spirals/two-spirals-194.csv");
        Dataset data = Dataset.Load("spirals");
        Assert.Equal(lines.Length, data.Rows);
        for (int row = 0; row < data.Rows; row++)
        {
            float[] source = [.. lines[row].Split(',').Select(Number)];
            Assert.Equal(source[0], data.Numeric[2 * row], 0.00001f);
            Assert.Equal(source[1], data.Numeric[2 * row + 1], 0.00001f);
            Assert.Equal((int)source[2], data.Classes[row]);
        }
    }

    [Fact]
    public void XorAndParityAreTheirTruthTables()
    {
        Dataset xor = Dataset.Load("xor");
        Assert.Equal([0, 0, 0, 1, 1, 0, 1, 1], xor.Numeric);
        Assert.Equal([0, 1, 1, 0], xor.Classes);
        Dataset parity = Dataset.Load("parity(n=4)");
        Assert.Equal((16, 4), (parity.Rows, parity.NumericCount));
        for (int row = 0; row < 16; row++)
            Assert.Equal((int)parity.Numeric.AsSpan(row * 4, 4).ToArray().Sum() % 2, parity.Classes[row]);
        Assert.Equal(16, parity.Numeric.Chunk(4).Select(bits => string.Join("", bits)).Distinct().Count());
    }

    [Fact]
    public void ParametersShapeTheData()
    {
        Dataset blobs = Dataset.Load("blobs(classes=5, rows=1000, inputs=3, spread=0)");
        Assert.Equal((1000, 3, 5), (blobs.Rows, blobs.NumericCount, blobs.Target.Classes.Count));
        Assert.All(blobs.Classes.CountBy(c => c), p => Assert.Equal(200, p.Value));
        Assert.Equal(5, Enumerable.Range(0, 1000).Select(r => blobs.Numeric[3 * r]).Distinct().Count());

        Dataset circles = Dataset.Load("circles(noise=0, factor=0.25, rows=100)");
        for (int row = 0; row < 100; row++)
            Assert.Equal(circles.Classes[row] == 0 ? 1 : 0.25, Radius(circles, row), 0.000001);

        Dataset moons = Dataset.Load("moons(noise=0)");
        for (int row = 0; row < moons.Rows; row++)
        {
            (double x, double y) = (moons.Numeric[2 * row], moons.Numeric[2 * row + 1]);
            if (moons.Classes[row] == 1) (x, y) = (1 - x, 0.5 - y);
            Assert.Equal(1, Math.Sqrt(x * x + y * y), 0.000001);
            Assert.True(y > -0.000001);
        }
    }

    [Theory]
    [InlineData("moons")]
    [InlineData("blobs")]
    [InlineData("playground_spiral(noise=0.2)")]
    [InlineData("playground_gaussian(noise=0.2)")]
    public void TheSeedDecidesThePoints(string name)
    {
        string seeded = name.EndsWith(')') ? $"{name[..^1]},seed=1)" : $"{name}(seed=1)";
        Assert.Equal(Dataset.Load(name).Numeric, Dataset.Load(name).Numeric);
        Assert.NotEqual(Dataset.Load(name).Numeric, Dataset.Load(seeded).Numeric);
    }

    // The points of a seed are the same bits on every machine and in every version.
    [Theory]
    [InlineData("spirals", "10cf6bbde6a914b4")]
    [InlineData("moons", "c144d9ed572ff152")]
    [InlineData("blobs(classes=5, rows=1000)", "bdc46832abe4dedc")]
    [InlineData("playground_gauss(noise=0.3)", "3f38dc4d795ad5ea")]
    [InlineData("playground_spiral(noise=0.3)", "d717df690c1c1112")]
    [InlineData("playground_gaussian(noise=0.3)", "8102da087113f60d")]
    public void ThePointsOfASeedAreFixed(string name, string digest)
    {
        Dataset data = Dataset.Load(name);
        byte[] bytes = [.. data.Numeric.Concat(data.Values).SelectMany(BitConverter.GetBytes),
            .. data.Classes.Select(c => (byte)c)];
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
    }

    [Fact]
    public void NormalNoiseHasTheGivenDeviation()
    {
        Dataset quiet = Dataset.Load("circles(rows=20000,noise=0)");
        Dataset noisy = Dataset.Load("circles(rows=20000,noise=0.3)");
        double[] noise = [.. noisy.Numeric.Zip(quiet.Numeric, (a, b) => (double)a - b)];
        Assert.Equal(0, noise.Average(), 0.01);
        Assert.Equal(0.09, noise.Average(x => x * x), 0.003);
    }

    [Fact]
    public void PlaygroundClassesFollowTheirRuleWithoutNoise()
    {
        Dataset circle = Dataset.Load("playground_circle"), xor = Dataset.Load("playground_xor");
        for (int row = 0; row < 500; row++)
        {
            double r = Radius(circle, row);
            Assert.Equal(r < 2.5 ? "1" : "-1", Class(circle, row));
            Assert.True(row < 250 ? r <= 2.5 : r is >= 3.5 and <= 5);
            float x = xor.Numeric[2 * row], y = xor.Numeric[2 * row + 1];
            Assert.Equal(x * y >= 0 ? "1" : "-1", Class(xor, row));
            Assert.True(Math.Abs(x) is >= 0.3f and <= 5.3f && Math.Abs(y) is >= 0.3f and <= 5.3f);
        }
        Dataset plane = Dataset.Load("playground_plane"), gaussian = Dataset.Load("playground_gaussian");
        for (int row = 0; row < 500; row++)
            Assert.Equal((plane.Numeric[2 * row] + plane.Numeric[2 * row + 1]) / 10, plane.Values[row], 0.000001f);
        Assert.All(gaussian.Numeric, x => Assert.InRange(x, -6, 6));
        Assert.True(gaussian.Values.Max() is > 0.8f and <= 1 && gaussian.Values.Min() is < -0.8f and >= -1);
        // Outside all six circles: 144 − 6·4π of 144.
        Assert.InRange(gaussian.Values.Count(v => v == 0), 190, 290);
        Dataset gauss = Dataset.Load("playground_gauss(rows=20000)");
        double mean = gauss.Numeric.Take(20000).Average();
        double variance = gauss.Numeric.Take(20000).Average(x => (x - mean) * (x - mean));
        Assert.Equal(2, mean, 0.03);
        Assert.Equal(0.5, variance, 0.03);
        Dataset spiral = Dataset.Load("playground_spiral");
        for (int i = 0; i < 250; i++)
        {
            Assert.Equal(5 * i / 250.0, Radius(spiral, i), 0.00001);
            Assert.Equal(-spiral.Numeric[2 * i], spiral.Numeric[2 * (250 + i)], 0.00001f);
            Assert.Equal(("1", "-1"), (Class(spiral, i), Class(spiral, 250 + i)));
        }
    }

    [Fact]
    public void PlaygroundNoiseFlipsSomeLabels()
    {
        Dataset quiet = Dataset.Load("playground_xor"), noisy = Dataset.Load("playground_xor(noise=0.5)");
        Assert.Equal(quiet.Numeric, noisy.Numeric);
        Assert.InRange(quiet.Classes.Zip(noisy.Classes).Count(p => p.First != p.Second), 50, 250);
    }

    [Theory]
    [InlineData("irs", "iris")]
    [InlineData("digit", "digits")]
    [InlineData("breast-cancer", "breast_cancer")]
    [InlineData("spiral", "spirals")]
    [InlineData("mons(noise=0.1)", "moons")]
    public void AnUnknownNameSuggestsTheNearest(string name, string meant)
    {
        string message = Assert.Throws<DownhillException>(() => Dataset.Load(name)).Message;
        Assert.EndsWith($"Did you mean '{meant}'?", message, StringComparison.Ordinal);
        Assert.Contains("one of digits, iris, wine", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("parity(n=40)", "up to 16")]
    [InlineData("parity(n=2.5)", "whole number")]
    [InlineData("moons(nose=1)", "rows, noise, seed")]
    [InlineData("moons(noise=much)", "a number")]
    [InlineData("iris(3)", "no parameters")]
    public void AParameterThatDoesNotFitIsRefused(string name, string says) =>
        Assert.Contains(says, Assert.Throws<DownhillException>(() => Dataset.Load(name)).Message,
            StringComparison.Ordinal);

    private static double Radius(Dataset data, int row) =>
        Math.Sqrt(Math.Pow(data.Numeric[2 * row], 2) + Math.Pow(data.Numeric[2 * row + 1], 2));

    private static string Class(Dataset data, int row) => data.Target.Classes[data.Classes[row]];

    private static float Number(string text) => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
