using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Downhill.Cli.Serve;

/// <summary>The OpenAPI document of a scoring server, made of the model's columns and answers.</summary>
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
        int number = 0;
        foreach (Column column in preparation.Inputs)
        {
            json.WriteStartObject(column.Name);
            bool mayBeMissing = column.Kind == ColumnKind.Category || preparation.Encodings[number++].HasIndicator;
            string type = column.Kind == ColumnKind.Category ? "string" : "number";
            if (mayBeMissing) ModelFile.Write(json, "type", [type, "null"]);
            else json.WriteString("type", type);
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

    /// <summary>A text that is one of some.</summary>
    private static void WriteOneOf(Utf8JsonWriter json, string property, IReadOnlyList<string> texts)
    {
        json.WriteStartObject(property);
        json.WriteString("type", "string");
        json.WriteStartArray("enum");
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Model model)
    {
        Target target = model.Preparation.Target;
        json.WriteStartObject("Answer");
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        if (target.IsClass) WriteOneOf(json, "class", target.Classes);
        if (target.IsMultiLabel)
        {
            json.WriteStartObject("labels");
            json.WriteString("type", "array");
            WriteOneOf(json, "items", target.Names);
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
}
