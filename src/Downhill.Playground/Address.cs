using System.Globalization;
using System.Text;

namespace Downhill.Playground;

/// <summary>What an address says: settings at the start, and where it has them, changes on the way and the update to go to.</summary>
/// <param name="Settings">Settings at the start; what was not understood has its default.</param>
/// <param name="Changes">Changes on the way, by update.</param>
/// <param name="At">The update to go to.</param>
/// <param name="Messages">What was not understood.</param>
internal sealed record Address(Settings Settings, IReadOnlyList<Change> Changes, long At, IReadOnlyList<Message> Messages)
{
    /// <summary>Most characters that are read.</summary>
    public const int MostLength = 1 << 16;

    /// <summary>Latest update an address may ask for: minutes of a browser's time, not hours.</summary>
    public const long MostUpdates = 100_000_000;

    private const int Version = 1;

    /// <summary>The address of settings: those that differ from their default, in the table's order.</summary>
    public static string Print(Settings settings)
    {
        StringBuilder text = new($"#v={Version}");
        foreach (Property property in Properties.All)
            if (property.Print(settings) is string value && value != property.Default)
                text.Append('&').Append(property.Key).Append('=').Append(Escape(value));
        return text.ToString();
    }

    /// <summary>The address of a moment: settings at the start, changes on the way, and the update.</summary>
    public static string Print(Settings start, IReadOnlyList<Change> changes, long at)
    {
        StringBuilder text = new(Print(start));
        Settings before = start;
        List<string> log = [];
        foreach (Change change in changes)
        {
            if (change.Step > at) break;
            if (change.Edit is WeightEdit e)
                log.Add($"{change.Step}~w.{e.Layer}.{(e.From < 0 ? "b" : e.From)}.{e.Unit}~{Numbers.Text(e.Value)}");
            if (change.Settings is not Settings next) continue;
            foreach (Property property in Properties.All)
                if (property.Restarts == Restart.Training && property.Print(before) != property.Print(next))
                    log.Add($"{change.Step}~{property.Key}~{property.Print(next)}");
            before = next;
        }
        if (log.Count > 0) text.Append("&log=").Append(Escape(string.Join('!', log)));
        if (at > 0) text.Append("&at=").Append(at.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>Reads an address; never refuses one, but says what it did not understand.</summary>
    public static Address Read(string hash)
    {
        List<Message> messages = [];
        Settings settings = Settings.Default;
        string text = hash.TrimStart('#');
        if (text.Length > MostLength)
        {
            messages.Add(Message.Warning("addressTooLong", $"The address is longer than {MostLength} characters and was not read.", ("length", text.Length)));
            return new(settings, [], 0, messages);
        }
        Dictionary<string, string> parts = new(StringComparer.Ordinal);
        foreach (string part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? part : part[..equals], value = equals < 0 ? "" : Unescape(part[(equals + 1)..]);
            if (!parts.TryAdd(key, value))
                messages.Add(Message.Warning("addressTwice", $"The address says '{Properties.Short(key)}' twice; the first one counts.", ("key", key)));
        }
        if (parts.Remove("v", out string? version) && version != $"{Version}")
            messages.Add(Message.Warning("addressVersion", $"The address is of version '{Properties.Short(version)}'; this playground reads version {Version} and took what it knows.",
                ("version", version)));
        parts.Remove("log", out string? log);
        parts.Remove("at", out string? moment);
        foreach (Property property in Properties.All)
        {
            if (!parts.Remove(property.Key, out string? value)) continue;
            try
            {
                settings = property.Read(settings, value);
            }
            catch (DownhillException e)
            {
                messages.Add(Message.Warning("addressValue", $"{e.Message} The address has its default instead.", ("key", property.Key), ("value", value)));
            }
        }
        foreach (string key in parts.Keys)
        {
            string known = Suggest.Nearest(key, Properties.All.Select(p => p.Key)) is string near ? $" Is it '{near}'?" : "";
            messages.Add(Message.Warning("addressKey", $"The address says '{Properties.Short(key)}', which this playground does not know.{known}", ("key", key)));
        }
        long at = 0;
        if (moment is not null && (!long.TryParse(moment, NumberStyles.None, CultureInfo.InvariantCulture, out at) || at > MostUpdates))
        {
            at = 0;
            messages.Add(Message.Warning("addressValue", $"Update: expected a whole number up to {MostUpdates}, got '{Properties.Short(moment)}'. It begins at 0.",
                ("key", "at"), ("value", moment)));
        }
        return new(settings, ReadLog(settings, log ?? "", at, messages), at, messages);
    }

    private static List<Change> ReadLog(Settings settings, string log, long at, List<Message> messages)
    {
        List<Change> changes = [];
        foreach (string entry in log.Split('!', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split('~');
            try
            {
                long step = 0;
                if (parts.Length != 3 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out step)
                    || step > at || (changes.Count > 0 && changes[^1].Step > step))
                    Throw.Input("Address, log", "entries such as 300~rate~0.1 in the order of their updates", $"'{Properties.Short(entry)}'", "It was left out.");
                if (parts[1].StartsWith("w.", StringComparison.Ordinal))
                {
                    changes.Add(new(step, null, ReadEdit(parts)));
                    continue;
                }
                Property? property = Properties.All.FirstOrDefault(p => p.Key == parts[1] && p.Restarts == Restart.Training);
                if (property is null) Throw.Input("Address, log", "a setting of training", $"'{Properties.Short(parts[1])}'", "It was left out.");
                settings = property.Read(settings, parts[2]);
                if (changes.Count > 0 && changes[^1].Settings is not null && changes[^1].Step == step) changes[^1] = new(step, settings, null);
                else changes.Add(new(step, settings, null));
            }
            catch (DownhillException e)
            {
                messages.Add(Message.Warning("addressLog", e.Message, ("entry", entry)));
            }
        }
        return changes;
    }

    private static WeightEdit ReadEdit(string[] parts)
    {
        string[] place = parts[1].Split('.');
        int from = 0;
        if (place.Length == 4 && int.TryParse(place[1], NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            && (place[2] == "b" || int.TryParse(place[2], NumberStyles.None, CultureInfo.InvariantCulture, out from))
            && int.TryParse(place[3], NumberStyles.None, CultureInfo.InvariantCulture, out int unit)
            && Numbers.TryParse(parts[2], out double value) && float.IsFinite((float)value))
            return new(layer, place[2] == "b" ? -1 : from, unit, (float)value);
        return Throw.Input<WeightEdit>("Address, log", "a weight such as 300~w.0.b.2~0.5", $"'{Properties.Short(string.Join('~', parts))}'", "It was left out.");
    }

    // Commas, colons and parentheses may stand in a fragment as they are, and are easier to read so.
    private static string Escape(string value) => Uri.EscapeDataString(value).Replace("%2C", ",", StringComparison.Ordinal)
        .Replace("%3A", ":", StringComparison.Ordinal).Replace("%28", "(", StringComparison.Ordinal).Replace("%29", ")", StringComparison.Ordinal)
        .Replace("%21", "!", StringComparison.Ordinal).Replace("%3D", "=", StringComparison.Ordinal);

    private static string Unescape(string value) => Uri.UnescapeDataString(value);
}
