using System.Globalization;

namespace Downhill.Data;

/// <summary>What an input column of a table holds.</summary>
internal enum FieldKind
{
    Number,
    Category,
    Date,
}

/// <summary>One input column while a table is read: what it is taken for, what was seen, and its categories.</summary>
internal sealed class InputField(int place, string name, FieldKind kind)
{
    /// <summary>So many different numbers are more than a handful.</summary>
    private const int Many = 21;

    /// <summary>Columns of up to so many categories keep them all.</summary>
    public const int FewCategories = 255;

    /// <summary>Most categories of a column, and of all columns of more than a few together; rarer ones count as
    /// unknown. Each is an input of the network, and a batch of them must stay small.</summary>
    private const int MostCategories = 5000, MostTogether = 10_000;

    /// <summary>Most categories that each of so many columns of more than a few may have.</summary>
    public static int MostFor(int columns) =>
        Math.Clamp(MostTogether / Math.Max(1, columns), FewCategories, MostCategories);

    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly List<int> counts = [];

    // The first different numbers, as bits: a search of so few is quicker than a set.
    private readonly int[] different = new int[Many];
    private int differentNumbers;

    public int Place => place;
    public string Name => name;
    public FieldKind Kind { get; set; } = kind;

    /// <summary>Set by the user: not to be changed by what is seen.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Left out, and why.</summary>
    public string? Dropped { get; set; }

    /// <summary>Fields that are numbers, once all rows are read.</summary>
    public int Numbers { get; set; }
    public int Missing { get; set; }
    public int Unknown { get; private set; }
    public string? FirstUnknown { get; private set; }

    /// <summary>Fields that are no numbers, and the first of them with its line.</summary>
    public int Texts { get; private set; }
    public (int Line, string Field) FirstText { get; private set; }

    /// <summary>More than a handful of different numbers were seen.</summary>
    public bool HasManyNumbers => differentNumbers == Many;

    /// <summary>One number was seen, once or more often.</summary>
    public bool HasOneNumber => differentNumbers == 1;

    public int DifferentTexts => codes.Count;

    public void Reset()
    {
        codes.Clear();
        counts.Clear();
        (Numbers, Missing, Unknown, Texts, differentNumbers) = (0, 0, 0, 0, 0);
    }

    /// <summary>Remembers a number; whether there are too many different ones to go on.</summary>
    public bool SawNumber(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value + 0f);
        if (differentNumbers < Many && !different.AsSpan(0, differentNumbers).Contains(bits))
            different[differentNumbers++] = bits;
        return differentNumbers == Many;
    }

    public void SawText(int line, ReadOnlySpan<char> field)
    {
        if (Texts++ == 0) FirstText = (line, field.ToString());
    }

    /// <summary>The code of a category, in the order of their coming.</summary>
    public int Code(ReadOnlySpan<char> field)
    {
        var lookup = codes.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(field, out int code))
        {
            lookup[field] = code = codes.Count;
            counts.Add(0);
        }
        counts[code]++;
        return code;
    }

    /// <summary>Takes a model's categories.</summary>
    public void Know(IReadOnlyList<string> categories)
    {
        for (int i = 0; i < categories.Count; i++) codes.TryAdd(categories[i], i);
    }

    /// <summary>The code of a category that must be known, −1 for another.</summary>
    public int KnownCode(ReadOnlySpan<char> field)
    {
        if (codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(field, out int code)) return code;
        // "1" and "1.0" are one category of numbers.
        if (double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && codes.TryGetValue((value + 0.0).ToString("R", CultureInfo.InvariantCulture), out code)) return code;
        if (Unknown++ == 0) FirstUnknown = field.ToString();
        return -1;
    }

    /// <summary>The categories in order, and what each code becomes: the most frequent ones, ordered by their
    /// text.</summary>
    /// <param name="most">How many of them.</param>
    public (string[] Categories, int[] Places) Categories(int most)
    {
        string[] texts = [.. codes.Keys];
        string[] kept = [.. Enumerable.Range(0, texts.Length)
            .OrderByDescending(i => counts[i]).ThenBy(i => texts[i], StringComparer.Ordinal)
            .Take(most).Select(i => texts[i]).Order(StringComparer.Ordinal)];
        Dictionary<string, int> place = [];
        for (int i = 0; i < kept.Length; i++) place[kept[i]] = i;
        return (kept, [.. texts.Select(t => place.GetValueOrDefault(t, -1))]);
    }
}
