using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Downhill.Cli.Serve;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Several targets at once, through every command.</summary>
public sealed class LabelTests : IDisposable
{
    private readonly Desk desk = new();

    public void Dispose() => desk.Dispose();

    private const string Train = "train songs.csv --target loud,fast --epochs 200 --hidden 8 --json";

    /// <summary>x over a half is loud, y over a half is fast; the file has the columns in between.</summary>
    private void Songs()
    {
        StringBuilder text = new("x,loud,y,fast,level\n");
        for (int i = 0; i < 200; i++)
        {
            double x = i * 37 % 200 / 200.0, y = i * 61 % 200 / 200.0;
            text.Append(FormattableString.Invariant(
                $"{x},{(x >= 0.5 ? "yes" : "no")},{y},{(y >= 0.5 ? "yes" : "no")},{10 * x}\n"));
        }
        desk.Write("songs.csv", text.ToString());
    }

    private JsonElement Json(string words) => JsonDocument.Parse(desk.Run(words).Succeeded().Out).RootElement;

    [Fact]
    public void LabelsGoThroughTrainEvaluatePredictAndInspect()
    {
        Songs();
        JsonElement trained = Json(Train);
        Assert.Equal("labels", trained.GetProperty("task").GetString());
        JsonElement test = trained.GetProperty("test");
        Assert.True(test.GetProperty("labelAccuracy").GetDouble() > 0.9);
        Assert.Equal(["loud", "fast"], test.GetProperty("labels").EnumerateArray()
            .Select(l => l.GetProperty("name").GetString()));
        JsonElement all = Json("evaluate songs.safetensors songs.csv --json --per-example");
        JsonElement[] rows = [.. all.GetProperty("perExample").EnumerateArray()];
        Assert.Equal(
            rows.Count(r => r.GetProperty("target").GetString() == r.GetProperty("answer").GetString()) / 200.0,
            all.GetProperty("accuracy").GetDouble(), 1e-9);
        string[] lines = desk.Run("predict songs.safetensors songs.csv --probabilities").Succeeded().Out
            .TrimEnd('\n').Split('\n');
        Assert.Equal("loud,fast,p(loud),p(fast)", lines[0]);
        Assert.Equal(201, lines.Length);
        foreach (string line in lines.Skip(1))
        {
            string[] fields = line.Split(',');
            for (int label = 0; label < 2; label++)
                Assert.Equal(double.Parse(fields[2 + label],
                    System.Globalization.CultureInfo.InvariantCulture) >= 0.5 ? "1" : "0", fields[label]);
        }
        Assert.Contains("2 labels: loud, fast", desk.Run("inspect songs.safetensors").Succeeded().Out,
            StringComparison.Ordinal);
        Assert.Contains("yes from ½", desk.Run("explain songs.safetensors songs.csv --row 3").Succeeded().Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public void EveryNumberHasItsFiguresAndItsColumn()
    {
        Songs();
        JsonElement test = Json("train songs.csv --target y,level --ignore loud,fast --epochs 20 --json")
            .GetProperty("test");
        JsonElement[] targets = [.. test.GetProperty("targets").EnumerateArray()];
        Assert.Equal(["y", "level"], targets.Select(t => t.GetProperty("name").GetString()));
        Assert.Equal(targets.Average(t => t.GetProperty("r2").GetDouble()), test.GetProperty("r2").GetDouble(), 1e-9);
        Assert.True(targets[1].GetProperty("r2").GetDouble() > 0.9);
        Assert.StartsWith("y,level\n", desk.Run("predict songs.safetensors songs.csv").Succeeded().Out,
            StringComparison.Ordinal);
        string table = desk.Run("evaluate songs.safetensors songs.csv").Succeeded().Out;
        Assert.Contains("level", table, StringComparison.Ordinal);
        Assert.Contains("mean", table, StringComparison.Ordinal);
    }

    [Fact]
    public void FoldsOfLabelsHaveTheirMeans()
    {
        Songs();
        JsonElement json = Json($"{Train} --folds 3");
        double[] each = [
            .. json.GetProperty("folds").EnumerateArray().Select(f => f.GetProperty("f1Macro").GetDouble())];
        Assert.Equal(3, each.Length);
        Assert.Equal(each.Average(), json.GetProperty("test").GetProperty("f1Macro").GetDouble(), 1e-9);
    }

    [Theory]
    [InlineData(Train, "labels", "f1")]
    [InlineData("train songs.csv --target y,level --epochs 20 --hidden 8 --json", "targets", "rmse")]
    public void FoldsHaveTheMeanAndDeviationOfEveryLabelAndNumber(string train, string list, string figure)
    {
        Songs();
        JsonElement json = Json($"{train} --folds 4");
        JsonElement[][] folds = [
            .. json.GetProperty("folds").EnumerateArray().Select(f => f.GetProperty(list).EnumerateArray().ToArray())];
        JsonElement[] means = [.. json.GetProperty("test").GetProperty(list).EnumerateArray()];
        Assert.Equal(2, means.Length);
        for (int i = 0; i < means.Length; i++)
        {
            double[] each = [.. folds.Select(f => f[i].GetProperty(figure).GetDouble())];
            double mean = each.Average();
            Assert.Equal(folds[0][i].GetProperty("name").GetString(), means[i].GetProperty("name").GetString());
            Assert.Equal(mean, means[i].GetProperty(figure).GetDouble(), 1e-9);
            Assert.Equal(Math.Sqrt(each.Sum(v => (v - mean) * (v - mean)) / 3), means[i].GetProperty("std").GetDouble(),
                1e-9);
            if (list == "labels")
                Assert.Equal(folds.Sum(f => f[i].GetProperty("yes").GetDouble()),
                    means[i].GetProperty("yes").GetDouble(), 1e-9);
        }
        string table = desk.Run($"{train.Replace("--json", "--quiet", StringComparison.Ordinal)} --folds 4")
            .Succeeded().Out;
        foreach (JsonElement one in means)
            Assert.Contains(one.GetProperty("name").GetString()!, table, StringComparison.Ordinal);
        Assert.Contains("means over the folds", table, StringComparison.Ordinal);
    }

    [Fact]
    public void TheReportShowsEveryLabel()
    {
        Songs();
        Json($"{Train} --report run.html");
        XElement page = XElement.Parse(File.ReadAllText("run.html"));
        XNamespace html = page.Name.Namespace;
        string[] heads = [.. page.Descendants(html + "th").Select(t => t.Value)];
        foreach (string name in (string[])["loud", "fast", "mean of the labels", "labels that are right"])
            Assert.Contains(name, heads);
        // The costliest row's labels stand with what the network says of them.
        Model model = Model.Load("songs.safetensors");
        Dataset songs = Downhill.Data.CsvReader.Read("songs.csv", new() { Target = "loud,fast" }).Data;
        XElement first = page.Descendants().Single(e => (string?)e.Attribute("id") == "costliest").Descendants()
            .First(e => e.Name.LocalName == "tbody").Elements().First();
        int row = int.Parse(first.Elements().First().Value, System.Globalization.CultureInfo.InvariantCulture) - 1;
        float[] p = [.. model.Predict(songs.Numeric.AsSpan(3 * row, 3)).Values];
        string[] said = [.. Enumerable.Range(0, 2).Where(t => p[t] >= 0.5).Select(t => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{songs.Target.Names[t]} {100 * p[t]:0.0} %"))];
        Assert.Equal(said.Length == 0 ? "none" : string.Join(", ", said), first.Elements().ElementAt(2).Value);
        Assert.Contains(
            page.Descendants(html + "figcaption"), c => c.Value.StartsWith("Reliability", StringComparison.Ordinal));
    }

    [Fact]
    public void TheServerNamesTheLabels()
    {
        Songs();
        Json(Train);
        Model model = Model.Load("songs.safetensors");
        ScoringRows rows = new(model);
        System.Buffers.ArrayBufferWriter<byte> answer = new();
        rows.AnswerJson(new("{\"x\": 0.95, \"y\": 0.05, \"level\": 9.5}"u8.ToArray()), answer);
        JsonElement json = JsonDocument.Parse(answer.WrittenMemory).RootElement;
        Assert.Equal(["loud"], json.GetProperty("labels").EnumerateArray().Select(l => l.GetString()));
        Assert.Equal(model.Predict([0.95f, 0.05f, 9.5f]).Values[1],
            json.GetProperty("probabilities").GetProperty("fast").GetDouble(), 1e-5);
        StringWriter csv = new() { NewLine = "\n" };
        rows.AnswerCsv("x,y,level\n0.95,0.05,9.5\n", csv);
        string[] lines = csv.ToString().Split('\n');
        Assert.Equal("loud,fast,p(loud),p(fast)", lines[0]);
        Assert.StartsWith("1,0,0.", lines[1], StringComparison.Ordinal);
        Assert.Contains("labels", ScoringPage.Html(model, "songs"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train songs.csv --target loud,level", "line 3, column 'level'")]
    [InlineData("train songs.csv --target loud,fast --output softmax", "Use sigmoid")]
    [InlineData("train songs.csv --target loud,fast --ignore fast", "one use of a column")]
    [InlineData("train songs.csv --target loud,quiet", "Target 'quiet'")]
    public void WhatCannotBeIsRefused(string words, string why)
    {
        Songs();
        Assert.Contains(why, desk.Run(words).Refused(), StringComparison.Ordinal);
    }

    /// <summary>A word broken in two is none; a name too long ends in an ellipsis.</summary>
    [Fact]
    public void ALongNameIsCutAndNotBroken()
    {
        const string Long = "whether_it_is_very_loud_indeed";
        StringBuilder text = new($"x,y,{Long},fast\n");
        for (int i = 0; i < 60; i++) text.Append($"{i % 7},{i % 5},{i % 7 / 4},{i % 5 / 3}\n");
        desk.Write("songs.csv", text.ToString());
        foreach (string targets in (string[])[$"{Long},fast", $"{Long},fast --task regress"])
        {
            string[] lines = desk.Run($"train songs.csv --target {targets} --epochs 2 --quiet").Succeeded().Out
                .Split('\n');
            Assert.Contains(lines, line => line.StartsWith("   whether_it_is_very_lo…  ", StringComparison.Ordinal));
            Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("ud_indeed", StringComparison.Ordinal));
            Assert.All(lines.Where(line => !line.Contains("next", StringComparison.Ordinal)),
                line => Assert.InRange(line.Length, 0, 80));
        }
    }

    /// <summary>A wide terminal's tables need not wrap; other text stays as wide as it can be read.</summary>
    [Fact]
    public void TablesUseAWideTerminalAndTextDoesNot()
    {
        string Lines(int width) => desk.Run(["datasets"], null,
            (output, error) => new Terminal(output, error) { TableWidth = width }).Succeeded().Out;
        Assert.DoesNotContain(
            Lines(120).Split('\n'), line => line.StartsWith("            ", StringComparison.Ordinal));
        Assert.Contains(Lines(80).Split('\n'), line => line.StartsWith("            ", StringComparison.Ordinal));
        Assert.All(Lines(120).Split('\n'), line => Assert.InRange(line.Length, 0, 120));
    }
}
