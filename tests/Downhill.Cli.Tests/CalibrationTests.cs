using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Calibration and the columns' importance, as the commands show them.</summary>
public sealed class CalibrationTests : IDisposable
{
    private readonly Desk desk = new();

    public void Dispose() => desk.Dispose();

    /// <summary>Three columns, of which the first tells the class, now and then a wrong one.</summary>
    private void Noisy()
    {
        StringBuilder text = new("tells,noise,group,class\n");
        for (int i = 0; i < 500; i++)
        {
            double x = i * 193 % 500 / 500.0, y = i * 61 % 500 / 500.0;
            bool isOther = i * 7919 % 97 < 20;
            text.Append(FormattableString.Invariant(
                $"{x},{y},{"pqr"[i * 31 % 3]},{(x > 0.5 != isOther ? "up" : "down")}\n"));
        }
        desk.Write("noisy.csv", text.ToString());
    }

    private const string Train = "train noisy.csv --hidden 64 --epochs 60 --keep last --validation 0.3 --report "
        + "run.html";

    private JsonElement Json(string words) => JsonDocument.Parse(desk.Run($"{words} --json").Succeeded().Out)
        .RootElement;

    [Fact]
    public void TheTemperatureIsSaidKeptAndCanBeLeftOut()
    {
        Noisy();
        JsonElement trained = Json(Train), calibration = trained.GetProperty("calibration");
        double temperature = calibration.GetProperty("temperature").GetDouble();
        Assert.True(temperature > 1, $"{temperature}");
        Assert.True(calibration.GetProperty("logLossAfter").GetDouble()
            < calibration.GetProperty("logLossBefore").GetDouble());
        Assert.Equal(temperature, Model.Load("noisy.safetensors").Temperature);
        JsonElement none = Json($"{Train} --calibrate none");
        Assert.False(none.TryGetProperty("calibration", out _));
        Assert.Null(Model.Load("noisy.safetensors").Temperature);
        Assert.Equal(none.GetProperty("test").GetProperty("accuracy").GetDouble(),
            trained.GetProperty("test").GetProperty("accuracy").GetDouble());
        Assert.NotEqual(none.GetProperty("weightsHash").GetString(), trained.GetProperty("weightsHash").GetString());

        string said = desk.Run(Train).Succeeded().Out;
        Assert.Contains("calibrated", said, StringComparison.Ordinal);
        Assert.Contains("at temperature", desk.Run("inspect noisy.safetensors").Succeeded().Out,
            StringComparison.Ordinal);
        Assert.Contains("at temperature", File.ReadAllText("run.html"), StringComparison.Ordinal);
        foreach (string language in (string[])["c", "csharp", "python"])
        {
            desk.Run($"export noisy.safetensors --to {language} -o out.txt").Succeeded();
            Assert.Contains("calibrated at temperature", File.ReadAllText("out.txt"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheBinsOfTheReliabilityPlotAreInTheJson()
    {
        Noisy();
        Json(Train);
        JsonElement all = Json("evaluate noisy.safetensors noisy.csv");
        JsonElement[] bins = [.. all.GetProperty("reliability").EnumerateArray()];
        Assert.Equal(500, bins.Sum(b => b.GetProperty("answers").GetInt32()));
        Assert.Equal(all.GetProperty("accuracy").GetDouble(), bins.Sum(b =>
            b.GetProperty("answers").GetInt32() * b.GetProperty("right").GetDouble()) / 500, 1e-9);
        Assert.Equal(all.GetProperty("calibrationError").GetDouble(), bins.Sum(b => b.GetProperty("answers").GetInt32()
            * Math.Abs(b.GetProperty("right").GetDouble() - b.GetProperty("sure").GetDouble())) / 500, 1e-9);
    }

    [Theory]
    [InlineData("train noisy.csv --calibrate temperature", "a validation part")]
    [InlineData("train diabetes --validation 0.2 --calibrate temperature", "numbers")]
    [InlineData("train noisy.csv --calibrate always", "none")]
    public void WhatCannotBeIsRefused(string words, string why)
    {
        Noisy();
        Assert.Contains(why, desk.Run(words).Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void ImportanceNamesTheColumnThatTells()
    {
        Noisy();
        Json(Train);
        JsonElement worth = Json("evaluate noisy.safetensors noisy.csv --importance --repeats 4 --seed 3")
            .GetProperty("importance");
        JsonElement[] columns = [.. worth.GetProperty("columns").EnumerateArray()];
        Assert.Equal(("tells", 3, 4), (columns[0].GetProperty("name").GetString(), columns.Length,
            worth.GetProperty("repeats").GetInt32()));
        PermutationImportance direct = PermutationImportance.Of(Model.Load("noisy.safetensors"),
            Downhill.Data.CsvReader.Read("noisy.csv").Data, repetitions: 4, seed: 3, threads: 1);
        Assert.Equal(direct.Columns.Select(c => c.Rise), columns.Select(c => c.GetProperty("rise").GetDouble()));
        Assert.Equal(direct.Columns.Select(c => c.Low), columns.Select(c => c.GetProperty("low").GetDouble()));
        string table = desk.Run("evaluate noisy.safetensors noisy.csv --importance").Succeeded().Out;
        Assert.Contains("mixed 10 times among 500 rows", table, StringComparison.Ordinal);
        // A line per column: nothing wraps.
        string[] drawn = [.. table.Split('\n').SkipWhile(l => !l.Contains("loss rises", StringComparison.Ordinal))];
        Assert.StartsWith("tells", drawn[2].TrimStart(), StringComparison.Ordinal);
        Assert.EndsWith("█", drawn[2].TrimEnd(), StringComparison.Ordinal);
        Assert.All(drawn[3..5], l => Assert.Matches(@"^\s+(noise|group)\s", l));
        Assert.True(
            table.IndexOf("tells", StringComparison.Ordinal) < table.IndexOf("group", StringComparison.Ordinal));
        Assert.Contains("--importance with it",
            desk.Run("evaluate noisy.safetensors noisy.csv --repeats 3").Refused(), StringComparison.Ordinal);
    }

    /// <summary>Bars and whiskers stand where the table's numbers put them.</summary>
    [Fact]
    public void TheReportDrawsWhatTheColumnsAreWorth()
    {
        Noisy();
        Json(Train);
        XElement page = XElement.Load(System.Xml.XmlReader.Create("run.html",
            new() { DtdProcessing = System.Xml.DtdProcessing.Ignore }));
        XElement section = page.Descendants().Single(e => (string?)e.Attribute("id") == "importance");
        double[] rises = [.. section.Descendants().Where(e => e.Name.LocalName == "data")
            .Select(e => double.Parse(e.Attribute("value")!.Value, System.Globalization.CultureInfo.InvariantCulture))];
        double[] widths = [.. section.Descendants()
            .Where(e => ((string?)e.Attribute("class"))?.StartsWith("worth", StringComparison.Ordinal) == true)
            .Select(e => double.Parse(e.Attribute("width")!.Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(3, rises.Length);
        Assert.Equal(rises.OrderDescending(), rises);
        Assert.Equal(3, widths.Length);
        Assert.True(rises[0] > 0 && widths[0] > 100);
        for (int i = 1; i < 3; i++)
            Assert.Equal(Math.Max(0.5, widths[0] * Math.Abs(rises[i]) / rises[0]), widths[i], 0.02 + 1e-3 * widths[0]);
        Assert.Equal("tells", section.Descendants().First(e => e.Name.LocalName == "th" && e.Value == "tells").Value);
    }

    /// <summary>A wide table and pictures: the report and the terminal say that nothing was measured, and
    /// why.</summary>
    [Fact]
    public void WhereTheReportDoesNotMeasureTheColumnsItSaysSo()
    {
        StringBuilder wide = new(string.Join(',', Enumerable.Range(1, 201).Select(i => $"x{i}")) + ",y\n");
        for (int row = 0; row < 40; row++)
            wide.Append(string.Join(',', Enumerable.Range(0, 202).Select(i => (row * 31 + i * 17) % 97))).Append('\n');
        desk.Write("wide.csv", wide.ToString());
        Check("train wide.csv --epochs 1 --report wide.html", "wide.html", "at most 200 columns, and there are 201");
        Check("train digits --epochs 1 --report digits.html", "digits.html", "a single pixel means nothing");
        Assert.DoesNotContain("note      the report",
            desk.Run("train digits --epochs 1 --quiet --report digits.html").Succeeded().Error,
                StringComparison.Ordinal);

        void Check(string words, string report, string why)
        {
            Assert.Contains(why, desk.Run(words).Succeeded().Error, StringComparison.Ordinal);
            XElement page = XElement.Load(System.Xml.XmlReader.Create(report,
                new() { DtdProcessing = System.Xml.DtdProcessing.Ignore }));
            XElement section = page.Descendants().Single(e => (string?)e.Attribute("id") == "importance");
            Assert.Contains(why, section.Value, StringComparison.Ordinal);
            Assert.Contains("evaluate MODEL DATA --importance", section.Value, StringComparison.Ordinal);
            Assert.Contains(page.Descendants(), e => (string?)e.Attribute("href") == "#importance");
        }
    }
}
