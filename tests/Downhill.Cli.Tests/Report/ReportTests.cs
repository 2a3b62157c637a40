using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Xunit;

namespace Downhill.Cli.Tests.Report;

/// <summary>The page of <c>train --report</c>.</summary>
public sealed partial class ReportTests : IDisposable
{
    private readonly Desk desk = new();

    [Theory]
    [InlineData("train digits --epochs 4 --validation 0.2")]
    [InlineData("train iris --hidden 4 --epochs 5")]
    [InlineData("train iris --hidden none --epochs 5 --validation 0.2 --batch-norm")]
    [InlineData("train breast_cancer --epochs 5 --output sigmoid")]
    [InlineData("train moons --epochs 5 --output tanh --loss mse --dropout 0.2")]
    [InlineData("train diabetes --epochs 5 --clip 1")]
    [InlineData("train diabetes --optimizer lbfgs --batch all --epochs 5 --l2 0.01")]
    [InlineData("train xor --epochs 1")]
    [InlineData("train blobs(classes=26) --epochs 4")]
    [InlineData("train blobs(classes=40) --epochs 2 --reduction sum --lr 0.0001")]
    [InlineData("train iris --epochs 4 --class-weight balanced --layer-lr lecun --validation 0.2")]
    [InlineData("train iris --connections 0.5 --epochs 3 --hidden 5,4")]
    public void EveryKindOfRunGivesAWellFormedPageOfItsOwn(string words)
    {
        XElement page = Page(words);
        AssertStandsAlone(page);
        string[] ids = [.. page.Descendants().Attributes("id").Select(a => a.Value)];
        Assert.Equal(ids.Distinct(), ids);
        foreach (string target in page.Descendants("a").Attributes("href").Select(a => a.Value[1..])
            .Concat(page.Descendants().Attributes("aria-labelledby").Select(a => a.Value))
            .Concat(page.Descendants().Attributes("aria-describedby").Select(a => a.Value))
            .Concat(page.Descendants().Attributes("data-table").Select(a => a.Value)))
            Assert.Contains(target, ids);
        Assert.All(page.Descendants("img"), i => Assert.NotEmpty(i.Attribute("alt")!.Value));
        Assert.All(page.Descendants("svg").Where(s => (string?)s.Attribute("role") == "img"),
            s => Assert.NotNull(s.Attribute("aria-labelledby")));
        Assert.All(page.Descendants("th"), h => Assert.True(h.Attribute("scope") is not null));
    }

    [Theory]
    [InlineData("iris --epochs 20 --validation 0.2", "accuracy")]
    [InlineData("diabetes --epochs 20", "r2")]
    public void FiguresAreThoseOfTheJson(string words, string score)
    {
        Ran ran = desk.Run($"train {words} --json --report run.html").Succeeded();
        JsonElement json = JsonDocument.Parse(ran.Out).RootElement;
        XElement page = Read("run.html");
        foreach (string part in (string[])["train", "validation", "test"])
        {
            if (json.GetProperty(part).ValueKind == JsonValueKind.Null) continue;
            foreach (string figure in score == "r2" ? (string[])["r2", "rmse"] : ["accuracy", "loss"])
                Assert.Equal(json.GetProperty(part).GetProperty(figure).GetDouble(), Figure(page, $"{part}.{figure}"));
        }
        Assert.Equal(json.GetProperty("epochs").GetDouble(), Figure(page, "epochs"));
        Assert.Equal(json.GetProperty("parameters").GetDouble(), Figure(page, "parameters"));
        Assert.Equal(json.GetProperty("seconds").GetDouble(), Figure(page, "seconds"));
        Assert.Equal(json.GetProperty("weightsHash").GetString(), ById(page, "weightsHash").Value);
        Assert.Contains(json.GetProperty("network").GetString()!, page.Element("body")!.Element("header")!.Value,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ConfusionMatrixCountsEachTestRow()
    {
        XElement page = Page("train digits --epochs 3");
        XElement matrix = page.Descendants("table").Single(t => (string?)t.Attribute("class") == "matrix");
        int[][] counts = [.. matrix.Element("tbody")!.Elements("tr").Select(row => row.Elements("td")
            .Select(cell => cell.Nodes().First() is XText text
                ? int.Parse(text.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : 0).ToArray())];
        Assert.Equal(10, counts.Length);
        foreach (int[] row in counts) Assert.Equal(row[^1], row[..^1].Sum());
        int rows = counts.Sum(row => row[^1]), right = Enumerable.Range(0, 10).Sum(c => counts[c][c]);
        Assert.Equal((double)right / rows, Figure(page, "test.accuracy"), 12);
    }

    [Fact]
    public void CurvesGoThroughTheValuesOfTheTable()
    {
        XElement page = Page("train iris --epochs 12 --validation 0.2");
        XElement chart = page.Descendants("svg").First(s => (string?)s.Attribute("class") == "chart");
        string[] y = chart.Attribute("data-y")!.Value.Split(' ');
        (double low, double high, double height) = (Number(y[0]), Number(y[1]), Number(y[3]));
        int[] columns = [.. chart.Attribute("data-columns")!.Value.Split(' ').Select(int.Parse)];
        XElement[] rows = [.. ById(page, "epochs-table").Element("tbody")!.Elements("tr")];
        Assert.Equal(12, rows.Length);
        XElement[] lines = [.. chart.Descendants("path")];
        Assert.Equal(columns.Length, lines.Length);
        for (int k = 0; k < lines.Length; k++)
        {
            string[] points = lines[k].Attribute("d")!.Value.Split('M', 'L')[1..];
            for (int i = 0; i < rows.Length; i++)
            {
                double value = Number(rows[i].Elements().ElementAt(columns[k]).Value);
                double share = y[2] == "log" ? Math.Log(value / low) / Math.Log(high / low)
                    : (value - low) / (high - low);
                Assert.Equal(height * (1 - share), Number(points[i].Split(' ')[1]), 0.01);
            }
        }
    }

    [Theory]
    [InlineData("train iris --epochs 4 --hidden 6,5 --activation tanh,relu")]
    [InlineData("train moons --epochs 4 --momentum 0.5..0.9 --lr 0.01 --validation 0.3 --keep last")]
    [InlineData("train diabetes --epochs 3")]
    [InlineData("train iris --batch-norm --dropout 0.1 --epochs 3 --initializer glorot_uniform --stop "
        + "validation(patience=2)")]
    [InlineData("train xor --epochs 40 --hidden none --output sigmoid --seed 7 --arithmetic portable")]
    [InlineData("train breast_cancer --optimizer lbfgs --batch all --epochs 3 --l2 0.01")]
    [InlineData("train iris --epochs 4 --class-weight balanced --layer-lr lecun")]
    [InlineData("train iris --epochs 4 --schedule warmup(steps=10),cosine,l2:linear --l2 0.1")]
    [InlineData("train table.csv --target kind --ignore b --delimiter ; --epochs 3")]
    public void CommandOnThePageGivesTheSameWeights(string words)
    {
        desk.Write("table.csv", "a;kind;b\n"
            + string.Concat(Enumerable.Range(0, 30).Select(i => $"{i % 7}.5;{(i % 3 == 0 ? "x y" : "z")};{i}\n")));
        XElement page = Page(words);
        string command = ById(page, "command").Value;
        Assert.StartsWith("downhill train ", command, StringComparison.Ordinal);
        string[] again = [.. ShellWord().Matches(command["downhill ".Length..])
            .Select(m => m.Value.Replace("'", "", StringComparison.Ordinal))];
        Ran ran = desk.Run([.. again, "--json", "--model", "again.safetensors"]).Succeeded();
        Assert.Equal(ById(page, "weightsHash").Value,
            JsonDocument.Parse(ran.Out).RootElement.GetProperty("weightsHash").GetString());
    }

    [Fact]
    public void NamesFromTheDataStayText()
    {
        const string evil = "</text></title></style><script>alert('x')</script><img src=x onerror=alert(1)>\"'&amp;]]>";
        string quoted = $"\"{evil.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        desk.Write("bad & <b>.csv", $"{quoted},k\u0001nd,\"2{quoted[1..]}\n"
            + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{i % 7},{(i % 4 < 2 ? quoted : "'><b>")}\n")));
        desk.Run("train", "bad & <b>.csv", "--epochs", "3", "--hidden", "3", "--report", "bad.html", "--model",
            "m.safetensors", "--validation", "0.2").Succeeded();
        string text = File.ReadAllText("bad.html");
        XElement page = Read("bad.html");
        AssertStandsAlone(page);
        Assert.Single(page.Descendants("script"));
        Assert.DoesNotContain(page.Descendants("b"), b => b.Value.Length == 0);
        Assert.DoesNotContain(page.Descendants().Attributes(),
            a => a.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("<img src=x", text, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(text, "<script", RegexOptions.IgnoreCase));
        Assert.Contains(evil[..20], string.Concat(page.DescendantNodes().OfType<XText>().Select(t => t.Value)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void DivergedRunSaysWhyAndShowsTheLastGoodWeights()
    {
        Ran ran = desk.Run("train iris --optimizer gradient_descent --lr 1e5 --quiet --report run.html");
        Assert.Equal(Cli.Failed, ran.Code);
        XElement page = Read("run.html");
        string warning = page.Descendants().Single(e => (string?)e.Attribute("class") == "warning").Value;
        Assert.Contains("diverged at step", warning, StringComparison.Ordinal);
        AssertStandsAlone(page);
    }

    [Fact]
    public void InterruptedRunIsReportedAsFarAsItGot()
    {
        Ran ran = desk.Run("train moons --epochs 1000000 --validation 0.2 --report run.html --log run.csv".Split(' '),
            "epoch 1/");
        Assert.Equal(Cli.Interrupted, ran.Code);
        XElement page = Read("run.html");
        Assert.Contains("Interrupted", page.Descendants().Single(e => (string?)e.Attribute("class") == "warning").Value,
            StringComparison.Ordinal);
        Assert.Equal(1, Figure(page, "epochs"));
        Assert.Equal(2, File.ReadAllLines("run.csv").Length);
    }

    [Theory]
    [InlineData("train iris --epochs 1 --report nowhere/run.html", "--report nowhere/run.html", "which does not exist")]
    [InlineData("train iris --epochs 1 --log nowhere/run.csv", "--log nowhere/run.csv", "which does not exist")]
    [InlineData("train iris --epochs 1 --report .", "--report .", "a folder")]
    [InlineData("train iris --epochs 1 --model a --report a", "--report a", "that of --model")]
    [InlineData("train iris --epochs 1 --log a --report a", "--report a", "that of --log")]
    public void PlaceThatCannotBeIsRefusedBeforeTraining(string words, string where, string got)
    {
        string line = desk.Run(words).Refused();
        Assert.Contains(where, line, StringComparison.Ordinal);
        Assert.Contains(got, line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles("."));
    }

    [Fact]
    public void PageOfManyPicturesStaysSmall()
    {
        string folder = SharedData.Need("mnist");
        desk.Run("train", folder, "--epochs", "1", "--hidden", "128", "--quiet", "--report", "mnist.html").Succeeded();
        Assert.InRange(new FileInfo("mnist.html").Length, 50_000, 2_000_000);
        XElement page = Read("mnist.html");
        Assert.Equal(
            64, page.Descendants("ol").Single(o => (string?)o.Attribute("class") == "tiles").Elements("li").Count());
        AssertStandsAlone(page);
    }

    [Fact]
    public void LongRunGivesASmallPageAndAShortTable()
    {
        XElement page = Page("train xor --epochs 3000");
        Assert.InRange(ById(page, "epochs-table").Descendants("tr").Count(), 300, 450);
        Assert.InRange(new FileInfo("run.html").Length, 10_000, 400_000);
    }

    [Fact]
    public void PerceptronHasNoPage() =>
        Assert.Contains("perceptron", desk.Run("train iris --optimizer perceptron --report run.html").Refused(),
            StringComparison.Ordinal);

    [Fact]
    public void ReportDoesNotChangeTheRun()
    {
        desk.Run("train iris --epochs 5 --model a.safetensors").Succeeded();
        desk.Run("train iris --epochs 5 --model b.safetensors --report run.html --log run.csv").Succeeded();
        Assert.Equal(Model.Load("a.safetensors").WeightsHash, Model.Load("b.safetensors").WeightsHash);
    }

    public void Dispose() => desk.Dispose();

    private XElement Page(string words)
    {
        desk.Run($"{words} --quiet --report run.html").Succeeded();
        return Read("run.html");
    }

    /// <summary>Strictly as XML: what a browser would mend is an error here.</summary>
    private static XElement Read(string path)
    {
        using XmlReader reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
    }

    private static void AssertStandsAlone(XElement page)
    {
        string text = page.ToString(SaveOptions.DisableFormatting);
        Assert.DoesNotContain("://", text, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", text, StringComparison.Ordinal);
        // letters of a picture may spell anything
        string shown = Regex.Replace(text, "data:image/png;base64,[^\"]*", "");
        Assert.DoesNotContain("NaN", shown, StringComparison.Ordinal);
        Assert.Empty(page.Descendants("link"));
        foreach (XElement element in page.Descendants())
            foreach (XAttribute place in element.Attributes()
                .Where(a => a.Name.LocalName is "src" or "href" or "action" or "data"))
                Assert.Matches("^(#|data:image/png;base64,)", place.Value);
        // The policy lets exactly this script run.
        string policy = page.Descendants("meta").Single(m => m.Attribute("http-equiv") is not null)
            .Attribute("content")!.Value;
        string hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(
            System.Text.Encoding.UTF8.GetBytes(page.Descendants("script").Single().Value)));
        Assert.Contains($"script-src 'sha256-{hash}'", policy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
    }

    private static XElement ById(XElement page, string id) =>
        page.Descendants().Single(e => (string?)e.Attribute("id") == id);

    private static double Figure(XElement page, string id) => Number(ById(page, id).Attribute("value")!.Value);

    private static double Number(string text) =>
        double.Parse(text.Replace(" %", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?:'[^']*'|[^\s'])+")]
    private static partial Regex ShellWord();
}
