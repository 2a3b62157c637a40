using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Downhill.Cli.Serve;

/// <summary>The OpenAPI document of a scoring server, made of the model's columns and answers, and the page that shows
/// it.</summary>
internal static class ScoringDocument
{
    public static byte[] OpenApi(Model model, string name)
    {
        Preparation preparation = model.Preparation;
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(
            bytes, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.0");
            json.WriteStartObject("info");
            json.WriteString("title", $"Downhill: {name}");
            json.WriteString("version", VersionLine.Version);
            json.WriteString("description", $"Multi-layer perceptron {model.Spec}; weights {model.WeightsHash}.");
            json.WriteEndObject();
            json.WriteStartObject("paths");
            WritePredict(json);
            WriteGet(json, "/health", "Whether it is ready", "application/json");
            WriteGet(json, "/metrics", "Counts and times for Prometheus", "text/plain");
            json.WriteEndObject();
            json.WriteStartObject("components");
            json.WriteStartObject("schemas");
            WriteRow(json, preparation);
            WriteAnswer(json, model);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static void WritePredict(Utf8JsonWriter json)
    {
        json.WriteStartObject("/predict");
        json.WriteStartObject("post");
        json.WriteString("summary", "Answers one row or many");
        json.WriteStartObject("requestBody");
        json.WriteBoolean("required", true);
        json.WriteStartObject("content");
        Schema(json, "application/json", () =>
        {
            json.WriteStartArray("oneOf");
            Reference(json, "Row");
            json.WriteStartObject();
            json.WriteString("type", "array");
            json.WriteNumber("maxItems", ScoringRows.MostRows);
            json.WritePropertyName("items");
            Reference(json, "Row");
            json.WriteEndObject();
            json.WriteEndArray();
        });
        Schema(json, "text/csv", () =>
        {
            json.WriteString("type", "string");
            json.WriteString("description", "A header with the columns' names, then a line per row");
        });
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "The answer of a row, or {\"answers\": […]} of many; CSV for CSV");
        json.WriteStartObject("content");
        Schema(json, "application/json", () =>
        {
            json.WriteStartArray("oneOf");
            Reference(json, "Answer");
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            json.WriteStartObject("answers");
            json.WriteString("type", "array");
            json.WritePropertyName("items");
            Reference(json, "Answer");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        });
        json.WriteEndObject();
        json.WriteEndObject();
        foreach ((string status, string what) in (ReadOnlySpan<(string, string)>)[
            ("400", "A row that is wrong: {\"error\": …} says where, what was expected and what came"),
            ("413", "Too many bytes"), ("415", "Neither JSON nor CSV"), ("421", "Another name for this server"),
                ("429", "Too many requests at once")])
        {
            json.WriteStartObject(status);
            json.WriteString("description", what);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteGet(Utf8JsonWriter json, string path, string summary, string type)
    {
        json.WriteStartObject(path);
        json.WriteStartObject("get");
        json.WriteString("summary", summary);
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", summary);
        json.WriteStartObject("content");
        json.WriteStartObject(type);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, Preparation preparation)
    {
        json.WriteStartObject("Row");
        json.WriteString("type", "object");
        json.WriteString("description", "By column, or an array of the values in this order");
        json.WriteBoolean("additionalProperties", false);
        json.WriteStartArray("required");
        foreach (Column column in preparation.Inputs) json.WriteStringValue(column.Name);
        json.WriteEndArray();
        json.WriteStartObject("properties");
        foreach (Column column in preparation.Inputs)
        {
            json.WriteStartObject(column.Name);
            json.WriteString("type", column.Kind == ColumnKind.Category ? "string" : "number");
            if (column.Kind == ColumnKind.Category)
            {
                json.WriteString("description", "Any other text counts as unknown");
                json.WriteStartArray("examples");
                foreach (string category in column.Categories.Take(20)) json.WriteStringValue(category);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Model model)
    {
        Target target = model.Preparation.Target;
        json.WriteStartObject("Answer");
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        if (target.IsClass)
        {
            json.WriteStartObject("class");
            json.WriteString("type", "string");
            json.WriteStartArray("enum");
            foreach (string name in target.Classes) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        if (target.IsMultiLabel)
        {
            json.WriteStartObject("labels");
            json.WriteString("type", "array");
            json.WriteStartObject("items");
            json.WriteString("type", "string");
            json.WriteStartArray("enum");
            foreach (string name in target.Names) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteStartObject(target.IsNumeric ? "values" : model.GivesProbabilities ? "probabilities" : "scores");
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        foreach (string name in target.IsClass ? target.Classes : target.Names)
        {
            json.WriteStartObject(name);
            json.WriteString("type", "number");
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Schema(Utf8JsonWriter json, string type, Action content)
    {
        json.WriteStartObject(type);
        json.WriteStartObject("schema");
        content();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Reference(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("$ref", $"#/components/schemas/{name}");
        json.WriteEndObject();
    }

    /// <summary>The page at "/": what goes in, what comes out, and a row to try.</summary>
    public static string Page(Model model, string name)
    {
        Preparation preparation = model.Preparation;
        StringBuilder rows = new();
        foreach (Column column in preparation.Inputs)
            rows.Append($"<tr><td>{Html(column.Name)}</td><td>"
                + (column.Kind != ColumnKind.Category ? "number"
                    : $"one of {Html(TableWords.Listed(column.Categories))}")
                + "</td></tr>\n");
        string example = ModelFile.Json(json =>
        {
            json.WriteStartObject();
            foreach (Column column in preparation.Inputs)
                if (column.Kind == ColumnKind.Category) json.WriteString(
                    column.Name, column.Categories.Count > 0 ? column.Categories[0] : "");
                else json.WriteNumber(column.Name, 0);
            json.WriteEndObject();
        });
        Target target = preparation.Target;
        return $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Downhill: {Html(name)}</title>
            <link rel="stylesheet" href="/page.css">
            <h1>{Html(name)}</h1>
            <p>Multi-layer perceptron {Html(model.Spec.ToString())}, {model.Spec.ParameterCount} parameters. It answers with
            {(target.IsClass ? $"one of the classes {Html(TableWords.Listed(target.Classes))}" : $"the {(target.IsMultiLabel ? "labels" : "numbers")} {Html(TableWords.Listed(target.Names))}")}.</p>
            <h2>Try it</h2>
            <form id="form"><textarea id="row" rows="8" spellcheck="false" aria-label="A row as JSON">{Html(example)}</textarea>
            <button>POST /predict</button></form>
            <pre id="answer" aria-live="polite"></pre>
            <h2>Columns</h2>
            <table>{rows}</table>
            <h2>Addresses</h2>
            <ul>
            <li><code>POST /predict</code>: a row, an array of rows (JSON), or CSV with a header</li>
            <li><a href="/openapi.json"><code>/openapi.json</code></a>: all of it for programs</li>
            <li><a href="/health"><code>/health</code></a>, <a href="/metrics"><code>/metrics</code></a>: whether it is well, and how busy</li>
            </ul>
            <script src="/page.js"></script>
            </html>

            """;
    }

    public const string Style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
        textarea { width: 100%; box-sizing: border-box; font: 14px/1.4 ui-monospace, monospace; }
        pre { background: color-mix(in srgb, CanvasText 7%, Canvas); padding: .75rem; min-height: 1.4em; white-space: pre-wrap; }
        td { padding: .15rem 1.5rem .15rem 0; font-variant-numeric: tabular-nums; }
        button { font: inherit; margin-top: .5rem; }

        """;

    public const string Script = """
        const row = document.getElementById("row"), answer = document.getElementById("answer");
        try { row.value = JSON.stringify(JSON.parse(row.value), null, 1); } catch { }
        document.getElementById("form").addEventListener("submit", async event => {
          event.preventDefault();
          try {
            const response = await fetch("/predict", { method: "POST", headers: { "Content-Type": "application/json" }, body: row.value });
            answer.textContent = JSON.stringify(await response.json(), null, 1);
          } catch (error) { answer.textContent = String(error); }
        });

        """;

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);
}
