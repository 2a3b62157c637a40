using System.Globalization;
using System.Text;
using System.Text.Json;
using Downhill.Data;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Raw tables of mixed columns: training, folds, ensembles, and the same answers everywhere.</summary>
public sealed class TableTests : IDisposable
{
    private readonly Desk desk = new();

    public TableTests()
    {
        Random random = new(3);
        StringBuilder text = new("age,job,since,few,y\n");
        for (int i = 0; i < 200; i++)
        {
            string age = i % 17 == 0 ? ""
                : (18 + 50 * random.NextDouble()).ToString("0.0", CultureInfo.InvariantCulture);
            string job = i % 23 == 0 ? "?" : ((string[])["smith", "\"cook, chief\"", "clerk"])[random.Next(3)];
            text.Append(CultureInfo.InvariantCulture,
                $"{age},{job},20{10 + i % 15}-0{1 + i % 9}-1{i % 10},{random.Next(4)},{(i % 3 == 0 ? "yes" : "no")}\n");
        }
        desk.Write("people.csv", text.ToString());
    }

    public void Dispose() => desk.Dispose();

    /// <summary>−999 in a column of numbers, "none" in one of words: the model knows them for what they are.</summary>
    [Fact]
    public void MarksOfMissingValuesStayWithTheModel()
    {
        StringBuilder marked = new("a,b,y\n"), empty = new("a,b,y\n");
        for (int i = 0; i < 60; i++)
        {
            string a = i % 5 == 0 ? "" : $"{i % 7}", b = i % 4 == 1 ? "" : $"w{i % 3}", y = $"{i % 7 + i % 3}.5";
            empty.Append($"{a},{b},{y}\n");
            marked.Append($"{(a == "" ? "-999" : a)},{(b == "" ? "none" : b)},{y}\n");
        }
        desk.Write("marked.csv", marked.ToString());
        desk.Write("empty.csv", empty.ToString());
        desk.Run("train marked.csv --missing -999,none --epochs 3 --quiet").Succeeded();
        string expected = desk.Run("predict marked.safetensors empty.csv").Succeeded().Out;
        Assert.Equal(expected, desk.Run("predict marked.safetensors marked.csv").Succeeded().Out);
        Assert.Equal(expected, desk.Run("predict marked.safetensors marked.csv --missing ,other").Succeeded().Out);
        Assert.Equal(Json("empty"), Json("marked"));
        Assert.All(Model.Load("marked.safetensors").Preparation.Inputs,
            column => Assert.Equal(["-999", "none"], column.MissingMarks));
        // Without such marks −999 is a number, and the words that stand for nothing are no part of the file.
        desk.Run("train empty.csv --epochs 3 --quiet").Succeeded();
        Assert.NotEqual(desk.Run("predict empty.safetensors empty.csv").Succeeded().Out,
            desk.Run("predict empty.safetensors marked.csv").Succeeded().Out);
        Assert.DoesNotContain("\"missing\"", Encoding.UTF8.GetString(File.ReadAllBytes("empty.safetensors")),
            StringComparison.Ordinal);

        string Json(string name) => JsonDocument.Parse(
            desk.Run($"evaluate marked.safetensors {name}.csv --json").Succeeded().Out).RootElement.GetProperty("rmse")
            .GetRawText();
    }

    [Theory]
    [InlineData("--recipe table")]
    [InlineData("--recipe realmlp --hidden 8,8")]
    [InlineData("--ensemble 3 --hidden 6,5")]
    [InlineData("--scaling quantile --batch-norm --hidden 6")]
    public void PredictionsAreTheSameInCSharpAndOnTheCommandLine(string options)
    {
        desk.Run($"train people.csv {options} --epochs 3 --quiet").Succeeded();
        string[] lines = desk.Run("predict people.safetensors people.csv --probabilities").Succeeded().Out.TrimEnd()
            .Split('\n');
        Model model = Model.Load("people.safetensors");
        Dataset rows = CsvReader.Read("people.csv", model.Preparation.Inputs, model.Preparation.Target,
            needTarget: false).Data;
        float[] outputs = new float[2];
        Assert.Equal(rows.Rows + 1, lines.Length);
        for (int row = 0; row < rows.Rows; row++)
        {
            model.Predict(rows.Numeric.AsSpan(row * rows.NumericCount, rows.NumericCount), outputs,
                rows.Codes.AsSpan(row * rows.CategoryCount, rows.CategoryCount));
            string[] fields = lines[row + 1].Split(',');
            for (int c = 0; c < 2; c++) Assert.Equal(
                outputs[c], float.Parse(fields[c + 1], CultureInfo.InvariantCulture), 1e-5);
        }
    }

    [Fact]
    public void FoldsGiveEachTheirTestAndTheMeanWithItsDeviation()
    {
        JsonElement json = JsonDocument.Parse(desk.Run("train people.csv --folds 4 --epochs 3 --json").Succeeded().Out)
            .RootElement;
        double[] folds = [
            .. json.GetProperty("folds").EnumerateArray().Select(f => f.GetProperty("accuracy").GetDouble())];
        Assert.Equal(4, folds.Length);
        double mean = folds.Average();
        Assert.Equal(mean, json.GetProperty("test").GetProperty("accuracy").GetDouble(), 1e-12);
        Assert.Equal(Math.Sqrt(folds.Sum(f => (f - mean) * (f - mean)) / 3),
            json.GetProperty("test").GetProperty("std").GetDouble(), 1e-12);
        Assert.False(File.Exists("people.safetensors"));
        desk.Run("train people.csv --folds 4 --epochs 3 --model all.safetensors").Succeeded();
        Assert.Equal(200, Model.Load("all.safetensors").Training!.Rows);
    }

    [Fact]
    public void GivenFoldsAreTakenAsTheyAre()
    {
        desk.Write("folds.txt", "0 1 2 3 4 5 6 7 8 9\n10 11 12 13 14 15\n");
        JsonElement json = JsonDocument.Parse(
            desk.Run("train people.csv --folds-file folds.txt --epochs 2 --json").Succeeded().Out).RootElement;
        Assert.Equal([10, 6], json.GetProperty("folds").EnumerateArray().Select(f => f.GetProperty("rows").GetInt32()));
        desk.Write("folds.txt", "0 1 200\n");
        Assert.Contains("folds.txt, line 1", desk.Run("train people.csv --folds-file folds.txt").Error,
            StringComparison.Ordinal);
        desk.Write("folds.txt", "0 one\n");
        Assert.Contains("'one'", desk.Run("train people.csv --folds-file folds.txt").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasSeenAndChosenIsPrinted()
    {
        string said = desk.Run("train people.csv --recipe table --epochs 1").Succeeded().Error;
        foreach (string part in (string[])["categories: job (3)", "dates", "missing values in", "recipe", "table:",
            "of few values as categories"])
            Assert.Contains(part, said.Replace("\n          ", " ", StringComparison.Ordinal),
                StringComparison.Ordinal);
        string inspected = desk.Run("inspect people.safetensors").Succeeded().Out;
        Assert.Contains("few values as categories", inspected, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownCategoryIsPredictedWithANote()
    {
        desk.Run("train people.csv --epochs 1 --quiet").Succeeded();
        desk.Write("new.csv", "few,since,job,age\n1,2026-11-25,astronaut,40\n");
        Ran ran = desk.Run("predict people.safetensors new.csv").Succeeded();
        Assert.Contains("'astronaut', count as unknown", ran.Error, StringComparison.Ordinal);
        Assert.Equal(2, ran.Out.TrimEnd().Split('\n').Length);
    }

    /// <summary>What is left out of the words of a resumed run comes from the run's recipe, not from today's
    /// default.</summary>
    [Theory]
    [InlineData("", "table")]
    [InlineData("--optimizer momentum", "plain")]
    [InlineData("--recipe realmlp", "realmlp")]
    public void AResumedRunKeepsItsRecipe(string options, string recipe)
    {
        desk.Run($"train people.csv --hidden 4 --epochs 2 --checkpoint run.ckpt --quiet {options}").Succeeded();
        string said = desk.Run("train people.csv --resume run.ckpt --epochs 3 --hidden 4").Succeeded().Error;
        Assert.Contains($"recipe    {recipe}:", said, StringComparison.Ordinal);
        string other = recipe == "plain" ? "table" : "plain";
        Ran changed = desk.Run($"train people.csv --resume run.ckpt --epochs 4 --recipe {other}");
        Assert.Contains("--recipe: expected the value of the run", changed.Error, StringComparison.Ordinal);
    }
}
