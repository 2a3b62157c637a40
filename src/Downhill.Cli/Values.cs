using System.Globalization;

namespace Downhill.Cli;

/// <summary>Words of the command line as typed values. Every refusal names the option.</summary>
internal static class Values
{
    /// <summary>A number in a range, or null when the option is not there.</summary>
    public static double? Number(
        string option, string? text, double low, double high, string remedy, bool lowIncluded = true,
            bool highIncluded = true)
    {
        if (text is null) return null;
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        bool isInside = isNumber && (lowIncluded ? value >= low : value > low)
            && (highIncluded ? value <= high : value < high);
        if (!isInside)
        {
            string to = double.IsPositiveInfinity(high) ? "" : highIncluded ? $" up to {Numbers.Text(high)}"
                : $" to below {Numbers.Text(high)}";
            Throw.Input(option, $"a number {(lowIncluded ? "from" : "above")} {Numbers.Text(low)}{to}", $"'{text}'",
                remedy);
        }
        return value;
    }

    /// <summary>A whole number in a range, or null when the option is not there.</summary>
    public static int? Whole(string option, string? text, int low, int high, string remedy)
    {
        if (text is null) return null;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            || value < low || value > high)
            Throw.Input(option, $"a whole number from {low} to {high}", $"'{text}'", remedy);
        return value;
    }

    public static ulong? Seed(string option, string? text)
    {
        if (text is null) return null;
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
            Throw.Input(option, "a whole number from 0", $"'{text}'", "The same seed gives the same network.");
        return value;
    }

    /// <summary>Reads <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1.5h</c>.</summary>
    public static TimeSpan? Time(string option, string? text)
    {
        if (text is null) return null;
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string unit, double seconds) in units)
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture,
                    out double value)
                && value > 0 && value * seconds <= 1e8)
                return TimeSpan.FromSeconds(value * seconds);
        return Throw.Input<TimeSpan>(option, "a time above 0 such as 30s, 5m or 2h", $"'{text}'",
            "Give the number and its unit, without a blank.");
    }

    /// <summary>One of a few words.</summary>
    public static int? OneOf(string option, string? text, params string[] words)
    {
        if (text is null) return null;
        int index = Array.FindIndex(words, w => w.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (index < 0) Throw.Input(option, string.Join(" or ", words), $"'{text}'", Suggest.DidYouMean(text, words));
        return index;
    }

    /// <summary>Splits at commas outside parentheses: <c>tanh,sigmoid(x=1,y=0)</c>.</summary>
    public static IReadOnlyList<string> List(string text)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (text[i] != ',' || depth > 0) continue;
            parts.Add(text[start..i].Trim());
            start = i + 1;
        }
        parts.Add(text[start..].Trim());
        return parts;
    }

    /// <summary>Widths such as <c>64,32</c>; empty for <c>none</c>.</summary>
    public static IReadOnlyList<int>? Widths(string option, string? text)
    {
        if (text is null) return null;
        if (text.Trim().Equals("none", StringComparison.OrdinalIgnoreCase)) return [];
        return [.. text.Split(',').Select(part =>
            Whole(option, part.Trim(), 1, 1_000_000,
            "Write the hidden layers' widths such as 64,32, or none.")!.Value)];
    }

    /// <summary>A share of the rows, or a file: text that is a number is a share.</summary>
    public static (double? Share, string? File) ShareOrFile(string option, string? text)
    {
        if (text is null) return (null, null);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) return (null, text);
        return (Number(option, text, 0, 1, "0.2 holds out every fifth row; a file must not be named like a number.",
            highIncluded: false), null);
    }

    /// <summary>
    /// Links of each hidden layer from a text file: a block per layer, blank lines between blocks, a line per unit, a 0
    /// or 1 per input. Lines that start with # are comments.
    /// </summary>
    public static IReadOnlyList<ConnectionMask> Links(string path)
    {
        if (!File.Exists(path))
            Throw.Input($"--connections {path}", "a share above 0 up to 1, or a file of 0 and 1", "no such file",
                "0.5 keeps every other link.");
        List<ConnectionMask> masks = [];
        List<bool[]> units = [];
        int number = 0;
        foreach (string line in File.ReadLines(path).Append(""))
        {
            number++;
            string[] words = line.Split((char[])[' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0 && words[0][0] == '#') continue;
            if (words.Length == 0)
            {
                if (units.Count > 0) masks.Add(Mask(units));
                units.Clear();
                continue;
            }
            if (words.FirstOrDefault(w => w is not ("0" or "1")) is string wrong)
                Throw.Input($"{path}, line {number}", "0 or 1, separated by blanks", $"'{wrong}'",
                    "A line is a unit: a 1 for each input it is linked to, else 0.");
            if (units.Count > 0 && units[0].Length != words.Length)
                Throw.Input($"{path}, line {number}", $"{units[0].Length} places, one per input, as in the lines above",
                    $"{words.Length}", "Put a blank line between layers.");
            if (!words.Contains("1"))
                Throw.Input($"{path}, line {number}", "at least one 1", "a unit without links", "Leave the unit out.");
            units.Add([.. words.Select(w => w == "1")]);
        }
        if (masks.Count == 0)
            Throw.Input(path, "a matrix of 0 and 1 per hidden layer", "an empty file",
                "A line is a unit, a place in it an input.");
        return masks;
    }

    private static ConnectionMask Mask(List<bool[]> units)
    {
        int inputs = units[0].Length;
        bool[] present = new bool[inputs * units.Count];
        for (int i = 0; i < inputs; i++)
            for (int unit = 0; unit < units.Count; unit++)
                present[i * units.Count + unit] = units[unit][i];
        return new(inputs, units.Count, present);
    }
}
