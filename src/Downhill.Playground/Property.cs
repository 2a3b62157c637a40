using System.Globalization;
using System.Text.Json;

namespace Downhill.Playground;

/// <summary>What changing a property does.</summary>
internal enum Restart
{
    /// <summary>Only the look changes.</summary>
    Nothing,

    /// <summary>It holds from the next update on; the weights stay.</summary>
    Training,

    /// <summary>The network starts again.</summary>
    Network,

    /// <summary>The data are made again, and the network starts again.</summary>
    Data,
}

/// <summary>Which control suits a property.</summary>
internal enum PropertyKind
{
    Choice,
    Number,
    Integer,
    Flag,
    Text,
    List,
    Layers,
    Entry,
}

/// <summary>
/// One row of the one table: a property's name, its key in addresses, its range, its control, and how it is read from
/// text and printed. Addresses, controls and defaults come from here and from nowhere else.
/// </summary>
internal sealed record Property(
    string Name, string Key, PropertyKind Kind, string Group, Restart Restarts, string Summary,
    Func<Settings, string> Print, Func<Settings, string, Settings> Read)
{
    public double? Min { get; init; }
    public double? Max { get; init; }

    /// <summary>Values worth offering; of a choice, all there are.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The catalog of an <see cref="PropertyKind.Entry"/>.</summary>
    public string Catalog { get; init; } = "";

    public string Default => Print(Settings.Default);

    /// <summary>Writes a value as the control wants it: a number, a flag, a list or text.</summary>
    public void WriteValue(Utf8JsonWriter json, string name, Settings settings)
    {
        string text = Print(settings);
        switch (Kind)
        {
            case PropertyKind.Number or PropertyKind.Integer:
                json.WriteNumber(name, double.Parse(text, CultureInfo.InvariantCulture));
                break;
            case PropertyKind.Flag:
                json.WriteBoolean(name, text == "1");
                break;
            case PropertyKind.List:
                json.WriteStartArray(name);
                foreach (string part in Items(text)) json.WriteStringValue(part);
                json.WriteEndArray();
                break;
            default:
                json.WriteString(name, text);
                break;
        }
    }

    /// <summary>The text of a value in a request: number, flag, list or text.</summary>
    public string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "1",
        JsonValueKind.False => "0",
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(TextOf)),
        _ => Throw.Input<string>($"Setting '{Name}'", "a value", value.ValueKind.ToString().ToLowerInvariant(), Summary),
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("key", Key);
        json.WriteString("kind", Kind.ToString().ToLowerInvariant());
        if (Catalog.Length > 0) json.WriteString("catalog", Catalog);
        json.WriteString("group", Group);
        WriteValue(json, "default", Settings.Default);
        if (Min is double min) json.WriteNumber("min", min);
        if (Max is double max) json.WriteNumber("max", max);
        if (Choices.Count > 0)
        {
            json.WriteStartArray("choices");
            foreach (string choice in Choices)
                if (Kind is PropertyKind.Number or PropertyKind.Integer) json.WriteNumberValue(double.Parse(choice, CultureInfo.InvariantCulture));
                else json.WriteStringValue(choice);
            json.WriteEndArray();
        }
        json.WriteString("restarts", Restarts.ToString().ToLowerInvariant());
        json.WriteString("summary", Summary);
        json.WriteEndObject();
    }

    /// <summary>The parts of a list; an empty text has none.</summary>
    public static IReadOnlyList<string> Items(string text) =>
        string.IsNullOrWhiteSpace(text) ? [] : Downhill.Catalog.Parts(text);
}
