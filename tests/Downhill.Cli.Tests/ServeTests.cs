using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Downhill.Cli.Serve;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Scoring over HTTP: the model's own answers, and nothing for who asks wrongly.</summary>
public sealed class ServeTests : IAsyncLifetime
{
    private static readonly Lazy<Model> Iris = new(
        () => Model.Fit(Dataset.Load("iris"), new() { Hidden = [8], Epochs = 30 }).Model);
    private readonly HttpClient client = new();
    private ScoringServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await ScoringServer.Start(Iris.Value, "iris", 0, default);
        client.BaseAddress = new Uri(server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("[5.1, 3.5, 1.4, 0.2]")]
    [InlineData("{\"petal_width\": 0.2, \"sepal_length\": 5.1, \"sepal_width\": 3.5, \"petal_length\": 1.4}")]
    public async Task ARowGetsTheModelsAnswer(string row)
    {
        (HttpStatusCode status, JsonElement json) = await Post(row);
        Assert.Equal(HttpStatusCode.OK, status);
        AssertAnswer(Iris.Value.Predict([5.1f, 3.5f, 1.4f, 0.2f]), json);
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("{{\"rows\": {0}}}")]
    public async Task ManyRowsGetAnswersInOrder(string form)
    {
        Dataset data = Dataset.Load("iris");
        string rows = $"[{string.Join(",", Enumerable.Range(0, data.Rows).Select(r =>
            $"[{string.Join(",", data.Numeric[(4 * r)..(4 * r + 4)].Select(v =>
                v.ToString("R", CultureInfo.InvariantCulture)))}]"))}]";
        (_, JsonElement json) = await Post(string.Format(CultureInfo.InvariantCulture, form, rows));
        JsonElement[] answers = [.. json.GetProperty("answers").EnumerateArray()];
        Assert.Equal(150, answers.Length);
        for (int r = 0; r < answers.Length; r++) AssertAnswer(Iris.Value.Predict(data.Numeric.AsSpan(4 * r, 4)),
            answers[r]);
    }

    /// <summary>Where the training rows had gaps, a row may have them.</summary>
    [Theory]
    [InlineData("application/json", "[[1.5, null], [null, 2]]")]
    [InlineData("text/csv", "size,full\n1.5,\n,2\n")]
    public async Task MissingNumbersAreMissingWhereTheModelKnowsGaps(string type, string rows)
    {
        float[] numbers = [.. Enumerable.Range(0, 80).Select(i => i % 10 == 0 ? float.NaN : i % 7)];
        Model model = Model.Fit(new Dataset("gaps", [new("size"), new("full")], new Target(["y"], []), numbers, [], [],
            [.. Enumerable.Range(0, 40).Select(i => (float)i)]), new() { Epochs = 2, Hidden = [4] }).Model;
        Assert.Equal([true, false], model.Preparation.Encodings.Select(e => e.HasIndicator));
        await using ScoringServer other = await ScoringServer.Start(model, "gaps", 0, default);
        using StringContent both = new(rows, Encoding.UTF8, type);
        using HttpResponseMessage refused = await client.PostAsync(new Uri($"{other.Address}predict"), both);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("'full'", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using StringContent known = new(
            rows.Replace("[1.5, null], ", "", StringComparison.Ordinal).Replace("1.5,\n", "", StringComparison.Ordinal),
            Encoding.UTF8, type);
        using HttpResponseMessage response = await client.PostAsync(new Uri($"{other.Address}predict"), known);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        float expected = model.Predict([float.NaN, 2]).Values[0];
        float got = type == "text/csv" ? float.Parse(answer.Split('\n')[1], CultureInfo.InvariantCulture)
            : JsonDocument.Parse(answer).RootElement.GetProperty("answers")[0].GetProperty("values").GetProperty("y")
                .GetSingle();
        Assert.Equal(expected, got, 1e-4);
    }

    [Fact]
    public async Task MarksOfMissingValuesOfTheTrainingTableAreKnownInCsv()
    {
        float[] numbers = [.. Enumerable.Range(0, 40).Select(i => i % 5 == 0 ? float.NaN : i % 7)];
        Model model = Model.Fit(new Dataset("marks", [new("size") { MissingMarks = ["-999"] }], new Target(["y"], []),
            numbers, [], [], [.. Enumerable.Range(0, 40).Select(i => (float)i)]), new() { Epochs = 2, Hidden = [4] })
            .Model;
        await using ScoringServer other = await ScoringServer.Start(model, "marks", 0, default);
        using StringContent rows = new("size\n-999\n\"\"\n-998\n", Encoding.UTF8, "text/csv");
        using HttpResponseMessage response = await client.PostAsync(new Uri($"{other.Address}predict"), rows);
        string[] lines = (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Equal(lines[2], lines[1]);
        Assert.NotEqual(lines[3], lines[1]);
    }

    /// <summary>CSV that is sent and the same text as a file for <c>predict</c> get the same answers: usual marks of
    /// gaps and the training's own, blanks around cells, dates, categories that are missing or unknown.</summary>
    [Theory]
    [InlineData("size,kind,when", "", ',')]
    [InlineData("when,other,size,kind", "x", ';')]
    public async Task CsvIsReadAsFilesAre(string header, string other, char delimiter)
    {
        string[] kinds = ["red", "green", "blue"];
        using Desk desk = new();
        desk.Write("train.csv", "size,kind,when,y\n" + string.Concat(Enumerable.Range(0, 120).Select(i =>
            $"{(i % 9 == 0 ? "-999" : i % 10 == 3 ? "?" : i % 7)},{(i % 11 == 0 ? "NA" : kinds[i % 3])},"
            + $"{(i % 13 == 0 ? "" : $"2024-{1 + i % 12:00}-{1 + i % 28:00}")},{i % 7 + 2 * (i % 3)}\n")));
        desk.Run("train train.csv --target y --task regress --missing -999 --epochs 5 --model m.safetensors --quiet")
            .Succeeded();
        string[][] cells =
        [
            ["3", "red", "2024-05-06"], ["?", "green", "2024-05-06"], ["NA", "blue", "?"], ["", "", ""],
            ["null", "NaN", "None"], ["-999", "n/a", "2024-01-31"], [" 4.5 ", " red ", " 2024-05-07 "],
            ["\"6\"", "purple", "2023-12-24"], ["1e1", "\"green\"", "NA"],
        ];
        string text = header.Replace(',', delimiter) + "\n" + string.Concat(cells.Select(row => string.Join(delimiter,
            header.Split(',').Select(name => name switch
            {
                "size" => row[0],
                "kind" => row[1],
                "when" => row[2],
                _ => other,
            })) + "\n"));
        desk.Write("rows.csv", text);
        string expected = desk.Run("predict m.safetensors rows.csv").Succeeded().Out;
        Assert.Equal(cells.Length + 1, expected.TrimEnd('\n').Split('\n').Length);
        await using ScoringServer asked = await ScoringServer.Start(Model.Load("m.safetensors"), "m", 0, default);
        using StringContent body = new(text, Encoding.UTF8, "text/csv");
        using HttpResponseMessage response = await client.PostAsync(new Uri($"{asked.Address}predict"), body);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("", "header")]
    [InlineData("petal_length,sepal_length,sepal_width\n1,2,3\n", "'petal_width'")]
    [InlineData("petal_length,sepal_length,sepal_width,petal_width\n1,2,3,4\n1,2,3,wide\n",
        "row 2, column 'petal_width'")]
    [InlineData("petal_length,sepal_length,sepal_width,petal_width\n1,2,3,4\n1,2,?,4\n", "row 2, column 'sepal_width'")]
    [InlineData("petal_length,sepal_length,sepal_width,petal_width\n1,2,3,4\n1,2,3\n", "row 2, column 'petal_width'")]
    [InlineData("petal_length,sepal_length,sepal_width,petal_width\n1,2,3,1e99\n", "row 1, column 'petal_width'")]
    public async Task WrongCsvIsRefusedByRowAndColumn(string csv, string expected)
    {
        using StringContent body = new(csv, Encoding.UTF8, "text/csv");
        using HttpResponseMessage response = await client.PostAsync(new Uri("/predict", UriKind.Relative), body);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, answer);
        string error = JsonDocument.Parse(answer).RootElement.GetProperty("error").GetString()!;
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("--", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CsvInGivesCsvOut()
    {
        using StringContent body = new(
            "petal_length,other,sepal_length,sepal_width,petal_width\n1.4,x,5.1,3.5,0.2\n6.0,y,6.5,3.0,2.2\n",
            Encoding.UTF8, "text/csv");
        using HttpResponseMessage response = await client.PostAsync(new Uri("/predict", UriKind.Relative), body);
        string[] lines = (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("p(setosa),p(versicolor),p(virginica)", lines[0], StringComparison.Ordinal);
        float[][] rows = [[5.1f, 3.5f, 1.4f, 0.2f], [6.5f, 3.0f, 6.0f, 2.2f]];
        for (int r = 0; r < rows.Length; r++)
        {
            Prediction expected = Iris.Value.Predict(rows[r]);
            string[] fields = lines[r + 1].Split(',');
            Assert.Equal(expected.Label, fields[0]);
            for (int k = 0; k < 3; k++) Assert.Equal(
                expected.Values[k], float.Parse(fields[k + 1], CultureInfo.InvariantCulture), 1e-6);
        }
    }

    [Theory]
    [InlineData("", "Body")]
    [InlineData("nonsense", "JSON")]
    [InlineData("[5.1, 3.5, 1.4", "JSON")]
    [InlineData("[5.1, 3.5, 1.4]", "petal_width")]
    [InlineData("[5.1, 3.5, 1.4, 0.2, 9]", "4 values")]
    [InlineData("[5.1, 3.5, 1.4, \"wide\"]", "wide")]
    [InlineData("[5.1, 3.5, 1.4, 1e99]", "petal_width")]
    [InlineData("[5.1, 3.5, 1.4, null]", "petal_width")]
    [InlineData("[[5.1, 3.5, 1.4, 0.2], [5.1, 3.5]]", "Row 2")]
    [InlineData("{\"sepal_length\": 5.1}", "sepal_width")]
    [InlineData("{\"sepal_length\": 5.1, \"sepal_length\": 5.1}", "twice")]
    [InlineData("{\"colour\": 5.1}", "colour")]
    [InlineData("[5.1, 3.5, 1.4, 0.2] [5.1, 3.5, 1.4, 0.2]", "JSON")]
    [InlineData("[[[[[[1]]]]]]", "Row 1")]
    [InlineData("7", "Row 1")]
    public async Task AWrongRowIsRefusedByName(string body, string expected)
    {
        (HttpStatusCode status, JsonElement json) = await Post(body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(expected, json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherTypesNamesOriginsAndMethodsAreRefused()
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType,
            (await Send(r => r.Content = new StringContent("[1,2,3,4]", Encoding.UTF8, "text/plain"))).StatusCode);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await Send(r => r.Headers.Host = "evil.example")).StatusCode);
        Assert.Equal(
            HttpStatusCode.Forbidden, (await Send(r => r.Headers.Add("Origin", "http://evil.example"))).StatusCode);
        Assert.Equal(
            HttpStatusCode.OK, (await Send(r => r.Headers.Add("Origin", server.Address.TrimEnd('/')))).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Send(r => { r.Method = HttpMethod.Put; })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await Send(r =>
            {
                r.Method = HttpMethod.Get;
                r.RequestUri = new("/../etc/passwd", UriKind.Relative);
            })).StatusCode);
        // The answer comes before the body is sent: a server that hangs up in the middle of it may break the
        // pipe first.
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await Send(r =>
        {
            r.Headers.ExpectContinue = true;
            r.Content = new StringContent(new string(' ', (32 << 20) + 1), Encoding.UTF8, "application/json");
        })).StatusCode);
    }

    /// <summary>What curl shows in a terminal leaves the prompt a line of its own.</summary>
    [Fact]
    public async Task AnswersEndWithALineEnd()
    {
        foreach ((string body, string type) in ((string, string)[])[("[5.1, 3.5, 1.4, 0.2]", "application/json"),
            ("[[5.1, 3.5, 1.4, 0.2]]", "application/json"), ("nonsense", "application/json"),
            ("petal_length,sepal_length,sepal_width,petal_width\n1.4,5.1,3.5,0.2\n", "text/csv")])
        {
            using StringContent content = new(body, Encoding.UTF8, type);
            using HttpResponseMessage response = await client.PostAsync(new Uri("/predict", UriKind.Relative), content);
            Assert.Matches("[^\n]\n$", await response.Content.ReadAsStringAsync());
        }
        Assert.Matches("}\n$", await client.GetStringAsync(new Uri("/health", UriKind.Relative)));
    }

    [Fact]
    public async Task HealthMetricsAndDescriptionAreThere()
    {
        await Post("[5.1, 3.5, 1.4, 0.2]");
        await Post("nonsense");
        JsonElement health = JsonDocument.Parse(await client.GetStringAsync(new Uri("/health", UriKind.Relative)))
            .RootElement;
        Assert.Equal(("ready", "4-8-3", Iris.Value.WeightsHash),
            (health.GetProperty("status").GetString(), health.GetProperty("network").GetString(),
                health.GetProperty("weights").GetString()));
        string metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("downhill_requests_total{outcome=\"answered\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("downhill_requests_total{outcome=\"refused\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("downhill_rows_total 1\n", metrics, StringComparison.Ordinal);
        JsonElement api = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi.json", UriKind.Relative)))
            .RootElement;
        Assert.Equal("3.1.0", api.GetProperty("openapi").GetString());
        JsonElement schemas = api.GetProperty("components").GetProperty("schemas");
        Assert.Equal(Iris.Value.Preparation.Inputs.Select(c => c.Name),
            schemas.GetProperty("Row").GetProperty("properties").EnumerateObject().Select(p => p.Name));
        using HttpResponseMessage page = await client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal);
        // The mean of the training rows is what the field starts with.
        Assert.Contains("<input name=\"petal_width\" type=\"number\" step=\"any\" value=\"1.2",
            await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("/predict", await client.GetStringAsync(new Uri("/page.js", UriKind.Relative)),
            StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme", await client.GetStringAsync(new Uri("/page.css", UriKind.Relative)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageHasAFieldPerColumnWhateverItsName()
    {
        Dataset odd = new("odd", [new Column("a\"b"), new Column("kind", ColumnKind.Category, ["<b>", "it's"])],
            new Target(["answer"], ["<i>", "no"]), [.. Enumerable.Range(0, 40).Select(i => (float)i)],
            [.. Enumerable.Range(0, 40).Select(i => i % 2)], [.. Enumerable.Range(0, 40).Select(i => i / 20)], []);
        string page = ScoringPage.Html(Model.Fit(odd, new() { Hidden = [2], Epochs = 1 }).Model, "<u>");
        Assert.Contains("<input name=\"a&quot;b\" type=\"number\"", page, StringComparison.Ordinal);
        Assert.Contains("<option value=\"=&lt;b&gt;\">&lt;b&gt;</option>", page, StringComparison.Ordinal);
        Assert.Contains("<option value=\"=it&#x27;s\">", page, StringComparison.Ordinal);
        foreach (string tag in (string[])["<b>", "<i>", "<u>"])
            Assert.DoesNotContain(tag, page, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageOfPicturesIsDrawnOn()
    {
        string page = ScoringPage.Html(
            Model.Fit(Dataset.Load("digits"), new() { Hidden = [4], Epochs = 1 }).Model, "digits");
        foreach (string part in (string[])["<canvas id=\"pad\" width=\"112\" height=\"112\" data-ink=\"16\" "
            + "data-box=\"8\"",
            "<canvas id=\"seen\" width=\"8\" height=\"8\""])
            Assert.Contains(part, page, StringComparison.Ordinal);
        Assert.DoesNotContain("<input", page, StringComparison.Ordinal);
        Assert.Contains("data-box=\"20\"", Page(28, digit => $"{digit}"), StringComparison.Ordinal);
        // What else is drawn is sent as it is drawn.
        string shoes = Page(28, digit => $"shoe {digit}");
        Assert.Contains("<canvas id=\"pad\" width=\"28\" height=\"28\"", shoes, StringComparison.Ordinal);
        Assert.DoesNotContain("data-box", shoes, StringComparison.Ordinal);

        static string Page(int side, Func<int, string> name) => ScoringPage.Html(Model.Fit(
            new Dataset("pictures", [.. Enumerable.Range(0, side * side).Select(i => new Column($"p{i}"))],
                new Target(["class"], [.. Enumerable.Range(0, 10).Select(name)]),
                [.. Enumerable.Range(0, 100 * side * side).Select(i => i % 97 + 1f)], [],
                [.. Enumerable.Range(0, 100).Select(row => row % 10)], [])
            { Image = new(side, side) },
            new() { Hidden = [2], Epochs = 1 }).Model, "pictures");
    }

    [Fact]
    public async Task ItListensOnTheLoopbackAddressAlone()
    {
        IPAddress? other = (await Dns.GetHostAddressesAsync(Dns.GetHostName()))
            .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        if (other is null) Assert.Skip("This machine has no address besides the loopback.");
        using TcpClient connection = new();
        await Assert.ThrowsAnyAsync<SocketException>(async () => await connection.ConnectAsync(other, server.Port));
    }

    [Fact]
    public async Task APortInUseIsRefusedByName()
    {
        DownhillException refusal = await Assert.ThrowsAsync<DownhillException>(
            () => ScoringServer.Start(Iris.Value, "iris", server.Port, default));
        Assert.Contains($"--port {server.Port}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCommandServesUntilItIsInterrupted()
    {
        using Desk desk = new();
        Iris.Value.Save("iris.safetensors");
        Ran ran = desk.Run(["serve", "iris.safetensors", "--port", "0"], "Ctrl-C ends it");
        Assert.Equal(Cli.Interrupted, ran.Code);
        Assert.Matches(@"^http://127\.0\.0\.1:\d+/\n$", ran.Out);
    }

    /// <summary>A request whose body is still on its way when the process is told to end gets its answer; who comes
    /// later finds nobody.</summary>
    [Fact]
    public async Task WhatHasBegunIsAnsweredAfterSigterm()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Signals are sent with kill.");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using Desk desk = new();
        Iris.Value.Save("iris.safetensors");
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "Downhill.Cli"),
            ["serve", "iris.safetensors", "--port", "0"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true
        };
        using Process tool = Process.Start(start)!;
        Uri address = new((await tool.StandardOutput.ReadLineAsync(cancellation))!);
        using TcpClient begun = new();
        await begun.ConnectAsync(IPAddress.Loopback, address.Port, cancellation);
        await using NetworkStream stream = begun.GetStream();
        // So many bytes at once that the rest may take its time.
        string row = "[5.1, 3.5, 1.4, 0.2]", first = new(' ', 1 << 16);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: {address.Authority}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {first.Length + row.Length}\r\n\r\n{first}"),
            cancellation);
        using HttpClient other = new() { BaseAddress = address };
        while (!(await other.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation))
            .Contains("downhill_requests_running 1\n", StringComparison.Ordinal)) await Task.Delay(10, cancellation);

        using (Process kill = Process.Start("kill",
            ["-s", "TERM", tool.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(cancellation);
        while (await Connects(address.Port)) await Task.Delay(10, cancellation);
        Assert.False(tool.HasExited);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(row), cancellation);
        using StreamReader reader = new(stream, Encoding.ASCII);
        string answer = await reader.ReadToEndAsync(cancellation);
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        string[] parts = answer.Split("\r\n\r\n");
        AssertAnswer(Iris.Value.Predict([5.1f, 3.5f, 1.4f, 0.2f]), JsonDocument.Parse(parts[1]).RootElement);
        await tool.WaitForExitAsync(cancellation);
        Assert.Equal(Cli.Interrupted, tool.ExitCode);
    }

    private static async Task<bool> Connects(int port)
    {
        using TcpClient late = new();
        try
        {
            await late.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<(HttpStatusCode, JsonElement)> Post(string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.PostAsync(new Uri("/predict", UriKind.Relative), content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private async Task<HttpResponseMessage> Send(Action<HttpRequestMessage> change)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/predict")
        {
            Content = new StringContent("[5.1, 3.5, 1.4, 0.2]", Encoding.UTF8, "application/json"),
        };
        // The server may refuse before it has read the body, and then closes the connection.
        request.Headers.ExpectContinue = true;
        change(request);
        return await client.SendAsync(request);
    }

    private static void AssertAnswer(Prediction expected, JsonElement answer)
    {
        Assert.Equal(expected.Label, answer.GetProperty("class").GetString());
        float[] shares = [.. answer.GetProperty("probabilities").EnumerateObject().Select(p => p.Value.GetSingle())];
        Assert.Equal(expected.Values.Count, shares.Length);
        for (int i = 0; i < shares.Length; i++) Assert.Equal(expected.Values[i], shares[i], 1e-6);
    }
}
