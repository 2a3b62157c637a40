using System.Text.Json;

namespace Downhill.Playground;

/// <summary>The fields of a request, read once each into typed values; what is left over is refused.</summary>
internal sealed class Fields
{
    private readonly JsonElement json;
    private readonly string where;
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    public Fields(JsonElement json, string where, params ReadOnlySpan<string> known)
    {
        (this.json, this.where) = (json, where);
        if (json.ValueKind != JsonValueKind.Object) Throw.Input(where, "an object with fields", Kind(json), "See docs/PLAYGROUND.md.");
        foreach (string name in known) read.Add(name);
    }

    /// <summary>A field that may be missing.</summary>
    public JsonElement? Optional(string name)
    {
        read.Add(name);
        return json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public JsonElement Needed(string name) => Optional(name)
        ?? Throw.Input<JsonElement>($"{where}, field '{name}'", "a value", "none", "See docs/PLAYGROUND.md.");

    public double Number(string name, double low, double high, double? otherwise = null)
    {
        if (Optional(name) is not JsonElement value) return otherwise ?? Needed(name).GetDouble();
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !(number >= low && number <= high))
            return Throw.Input<double>($"{where}, field '{name}'", $"a number from {Numbers.Text(low)} to {Numbers.Text(high)}", Got(value), "Correct it.");
        return number;
    }

    public long Whole(string name, long low, long high, long? otherwise = null)
    {
        if (Optional(name) is not JsonElement value) return otherwise ?? Needed(name).GetInt64();
        return WholeOf(value, name, low, high);
    }

    public bool Flag(string name, bool otherwise = false)
    {
        if (Optional(name) is not JsonElement value) return otherwise;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : Throw.Input<bool>($"{where}, field '{name}'", "true or false", Got(value), "Correct it.");
    }

    public string Text(string name, string? otherwise = null)
    {
        if (Optional(name) is not JsonElement value) return otherwise ?? Needed(name).GetString()!;
        return TextOf(value, name);
    }

    /// <summary>One of a few words.</summary>
    public string Word(string name, IReadOnlyList<string> words, string? otherwise = null)
    {
        string text = Text(name, otherwise);
        return words.Contains(text) ? text
            : Throw.Input<string>($"{where}, field '{name}'", $"one of {string.Join(", ", words)}", $"'{Properties.Short(text)}'", "Correct it.");
    }

    public string[]? Texts(string name) => Optional(name) is JsonElement value ? [.. Array(value, name).Select(v => TextOf(v, name))] : null;

    /// <summary>A list of lists of numbers, each of the same length; null when missing.</summary>
    public double[][]? Rows(string name, int width, int most)
    {
        if (Optional(name) is not JsonElement value) return null;
        JsonElement[] rows = [.. Array(value, name)];
        if (rows.Length > most) Throw.Input($"{where}, field '{name}'", $"at most {most}", $"{rows.Length}", "Give fewer.");
        return [.. rows.Select(row =>
        {
            double[] numbers = Doubles(row, name);
            return numbers.Length == width ? numbers
                : Throw.Input<double[]>($"{where}, field '{name}'", $"{width} numbers in each row", $"{numbers.Length}", "Correct it.");
        })];
    }

    public double[]? Doubles(string name) => Optional(name) is JsonElement value ? Doubles(value, name) : null;

    public int[]? Wholes(string name, int low, int high) =>
        Optional(name) is JsonElement value ? [.. Array(value, name).Select(v => (int)WholeOf(v, name, low, high))] : null;

    /// <summary>Refuses fields that nobody asked for.</summary>
    public void End()
    {
        foreach (JsonProperty field in json.EnumerateObject())
            if (!read.Contains(field.Name))
                Throw.Input(where, $"the fields {string.Join(", ", read)}", $"'{Properties.Short(field.Name)}'", Suggest.DidYouMean(field.Name, read));
    }

    private long WholeOf(JsonElement value, string name, long low, long high)
    {
        double number = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double n) ? n : double.NaN;
        return number >= low && number <= high && number == Math.Floor(number) ? (long)number
            : Throw.Input<long>($"{where}, field '{name}'", $"a whole number from {low} to {high}", Got(value), "Correct it.");
    }

    private string TextOf(JsonElement value, string name) => value.ValueKind == JsonValueKind.String ? value.GetString()!
        : Throw.Input<string>($"{where}, field '{name}'", "text", Got(value), "Correct it.");

    private JsonElement.ArrayEnumerator Array(JsonElement value, string name) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : Throw.Input<JsonElement.ArrayEnumerator>($"{where}, field '{name}'", "a list", Got(value), "Correct it.");

    private double[] Doubles(JsonElement value, string name) => [.. Array(value, name).Select(v =>
        v.ValueKind == JsonValueKind.Number && v.TryGetDouble(out double n) && Math.Abs(n) <= float.MaxValue ? n
            : Throw.Input<double>($"{where}, field '{name}'", "numbers", Got(v), "Correct it."))];

    private static string Got(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? Kind(value) : Properties.Short(value.GetRawText());

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };
}
