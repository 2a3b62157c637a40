using System.Globalization;

namespace Downhill.Data;

/// <summary>How a table file is laid out: delimiter, header line, columns.</summary>
/// <param name="Delimiter">Between fields; a blank stands for runs of blanks and tabs.</param>
/// <param name="DelimiterGuessed">Whether it was found by looking at the file.</param>
/// <param name="HasHeader">Whether the first line holds names.</param>
/// <param name="Names">One per column: the header's, or x1, x2, … where it has none.</param>
internal sealed record TableLayout(char Delimiter, bool DelimiterGuessed, bool HasHeader, IReadOnlyList<string> Names)
{
    /// <summary>The fields of the first lines below the header.</summary>
    public IReadOnlyList<List<string>> Sample { get; private init; } = [];

    private const int SampleChars = 1 << 18;
    private const int SampleLines = 100;

    // In order of preference where several fit: what is rarer inside fields comes first.
    private static readonly char[] Candidates = ['\t', ';', '|', ',', ' '];

    public string DelimiterName => Name(Delimiter);

    public static string Name(char delimiter) => delimiter switch
    {
        ',' => "comma",
        ';' => "semicolon",
        '\t' => "tab",
        '|' => "pipe",
        ' ' => "blanks",
        _ => $"'{delimiter}'",
    };

    /// <summary>Looks at the first lines of a file.</summary>
    /// <exception cref="DownhillException">An empty file, or one that is not text.</exception>
    public static TableLayout Detect(string path, TableOptions options)
    {
        List<string> lines = FirstLines(path, options);
        if (lines.Count == 0)
            Throw.Input(path, "a table with rows", "an empty file", "Check that it was written completely.");
        char delimiter = options.Delimiter ?? Guess(lines, options.Decimal);
        if (delimiter == options.Decimal)
            Throw.Input(path, "different delimiter and decimal separator", $"'{delimiter}' for both",
                "Give another --delimiter or --decimal.");
        List<string> first = Fields(lines[0], delimiter);
        bool header = options.Header ?? LooksLikeHeader(lines, delimiter, options.Decimal);
        // A delimiter at the end of the line ends it; nothing stands behind it in any of the first lines.
        if (first.Count > 1 && first[^1].Length == 0
            && lines.TrueForAll(
            line => Fields(line, delimiter) is var f && (f.Count < first.Count || f[^1].Length == 0)))
            first.RemoveAt(first.Count - 1);
        string[] names = TableSource.Distinct($"{path}, line 1", first.Select(name => header ? name : null));
        return new TableLayout(delimiter, options.Delimiter is null, header, names)
        {
            Sample = [.. lines.Skip(header ? 1 : 0).Select(line => Fields(line, delimiter))],
        };
    }

    /// <summary>Whether a field is a number in this notation, infinite ones included.</summary>
    public static bool IsNumber(ReadOnlySpan<char> field, char decimalSeparator) =>
        double.TryParse(field, NumberStyles.Float, Format(decimalSeparator), out _);

    public static NumberFormatInfo Format(char decimalSeparator) => decimalSeparator switch
    {
        '.' => NumberFormatInfo.InvariantInfo,
        ',' => DecimalComma,
        _ => Throw.Input<NumberFormatInfo>("Decimal separator", "'.' or ','", $"'{decimalSeparator}'",
            "Say --decimal , for a decimal comma."),
    };

    private static NumberFormatInfo DecimalComma { get; } =
        NumberFormatInfo.ReadOnly(new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = "" });

    /// <summary>Marks that stand for "no value" in common files.</summary>
    public static bool IsMissing(ReadOnlySpan<char> field) =>
        field.IsEmpty || field is "?" or "NA" or "N/A" or "na" or "n/a" or "null" or "NULL" or "None"
            or "nan" or "NaN" or "NAN";

    private static List<string> FirstLines(string path, TableOptions options)
    {
        char[] text = new char[SampleChars];
        int length = 0;
        TableText.RefuseOtherKinds(path);
        TableText.Guard(path, () =>
        {
            using TextReader reader = TableText.Reader(path);
            return length = reader.ReadBlock(text);
        });
        if (text.AsSpan(0, length).Contains('\0'))
            Throw.Input(path, "a text table", "binary data", "Save it as CSV (UTF-8).");
        var lines = new List<string>();
        int start = 0;
        bool quoted = false;
        for (int i = 0; i < length && lines.Count < SampleLines; i++)
        {
            if (text[i] == '"')
                quoted = !quoted && (i == start || text[i - 1] is ',' or ';' or '\t' or '|' or ' '
                    || text[i - 1] == options.Delimiter);
            if (quoted || text[i] is not ('\n' or '\r')) continue;
            Add(start, i);
            start = i + 1;
        }
        // The end of the file, or a line longer than the sample; otherwise the last piece may be half a line.
        if (lines.Count == 0 || (length < SampleChars && lines.Count < SampleLines)) Add(start, length);
        return lines;

        void Add(int from, int to)
        {
            ReadOnlySpan<char> line = text.AsSpan(from, Math.Max(0, to - from));
            if (!line.IsWhiteSpace()) lines.Add(line.ToString());
        }
    }

    private static char Guess(List<string> lines, char decimalSeparator)
    {
        (char Delimiter, int Agreeing) best = (',', 0);
        int[] agreeing = new int[Candidates.Length];
        for (int i = 0; i < Candidates.Length; i++)
        {
            char candidate = Candidates[i];
            if (candidate == decimalSeparator) continue;
            var mode = lines.Select(line => FieldCount(line, candidate)).CountBy(n => n).MaxBy(p => p.Value);
            if (mode.Key > 1) agreeing[i] = mode.Value;
            if (agreeing[i] > best.Agreeing) best = (candidate, agreeing[i]);
        }
        // Tabs with nothing between them, in a table that lines up with blanks too, are only there for the looks.
        if (best.Delimiter == '\t' && agreeing[^1] == lines.Count
            && lines.Skip(1).Any(line => Fields(line, '\t').Any(f => f.Length == 0))) return ' ';
        return best.Delimiter;
    }

    /// <summary>A column speaks for a header when its first field is text above numbers, against one when it is a
    /// number.</summary>
    private static bool LooksLikeHeader(List<string> lines, char delimiter, char decimalSeparator)
    {
        List<string> first = Fields(lines[0], delimiter);
        if (lines.Count == 1) return !first.Exists(f => IsNumber(f, decimalSeparator));
        int votes = 0, texts = 0;
        var below = lines.Skip(1).Select(line => Fields(line, delimiter)).ToList();
        for (int i = 0; i < first.Count; i++)
        {
            bool number = IsNumber(first[i], decimalSeparator);
            if (!number) texts++;
            if (!number && IsMissing(first[i])) continue;
            bool numbersBelow = below.TrueForAll(f => i < f.Count
                && (IsNumber(f[i], decimalSeparator) || IsMissing(f[i])));
            if (number) votes--;
            else if (numbersBelow) votes++;
        }
        // Text above text says nothing, unless no field at all is a number: then names are likelier than data.
        return votes > 0 || (votes == 0 && texts == first.Count);
    }

    private static int FieldCount(string line, char delimiter) =>
        IsSimple(line, delimiter) ? line.AsSpan().Count(delimiter) + 1 : Fields(line, delimiter).Count;

    /// <summary>Whether every delimiter separates two fields.</summary>
    private static bool IsSimple(string line, char delimiter) => delimiter != ' ' && !line.Contains('"');

    /// <summary>The trimmed fields of a line; quotes protect delimiters.</summary>
    internal static List<string> Fields(string line, char delimiter)
    {
        if (IsSimple(line, delimiter)) return [.. line.Split(delimiter, StringSplitOptions.TrimEntries)];
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        if (delimiter == ' ') line = line.Trim(' ', '\t');
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') field.Append(line[++i]);
            else if (c == '"' && (quoted || string.IsNullOrWhiteSpace(field.ToString()))) quoted = !quoted;
            else if (!quoted && (c == delimiter || (delimiter == ' ' && c == '\t')))
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
                while (delimiter == ' ' && line[i + 1] is ' ' or '\t') i++;
            }
            else field.Append(c);
        }
        fields.Add(field.ToString().Trim());
        return fields;
    }
}
