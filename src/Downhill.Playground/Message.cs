using System.Text.Json;

namespace Downhill.Playground;

/// <summary>Something a user should know: a code for a catalog of texts, the English text, and the numbers in it.</summary>
internal sealed record Message(string Level, string Code, string Text, IReadOnlyList<(string Name, object Value)> Values)
{
    public static Message Info(string code, string text, params (string, object)[] values) => new("info", code, text, values);

    public static Message Warning(string code, string text, params (string, object)[] values) => new("warning", code, text, values);

    public static Message Error(string code, string text, params (string, object)[] values) => new("error", code, text, values);

    public static void Write(Utf8JsonWriter json, IEnumerable<Message> messages)
    {
        json.WriteStartArray("messages");
        foreach (Message message in messages)
        {
            json.WriteStartObject();
            json.WriteString("level", message.Level);
            json.WriteString("code", message.Code);
            json.WriteString("text", message.Text);
            json.WriteStartObject("values");
            foreach ((string name, object value) in message.Values)
            {
                if (value is string text) json.WriteString(name, Properties.Short(text));
                else Reply.WriteNumber(json, name, Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture));
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
