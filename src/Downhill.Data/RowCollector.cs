using System.Globalization;

namespace Downhill.Data;

/// <summary>Collects the rows of a table column by column kind: numbers and parts of dates, category codes,
/// weights.</summary>
/// <param name="reader">What a field means.</param>
/// <param name="inputs">The input columns.</param>
/// <param name="weight">The column of weights, or −1.</param>
/// <param name="isKnown">Whether a model says what the columns hold; else they are only taken for it.</param>
internal sealed class RowCollector(FieldReader reader, InputField[] inputs, int weight, bool isKnown)
{
    private Blocks<float> numeric = new();
    private Blocks<int> codes = new();
    private readonly List<float> weights = [];

    public int Rows { get; private set; }

    /// <summary>[Rows, numeric inputs]; once.</summary>
    public float[] Numeric() => numeric.ToArray();

    /// <summary>[Rows, categories]; once.</summary>
    public int[] Codes() => codes.ToArray();

    /// <summary>[Rows], or null without a column of weights.</summary>
    public float[]? Weights()
    {
        if (weight < 0) return null;
        if (weights.TrueForAll(w => w == 0))
            Throw.Input($"{reader.Source.Name}, column '{reader.Source.Names[weight]}'", "a weight above zero",
                "zero in every row", "Name another column with --weight.");
        return [.. weights];
    }

    /// <summary>Reads all rows from the first on; what an earlier call collected is forgotten.</summary>
    /// <param name="target">Collects the target from the same rows; null for none.</param>
    public void Scan(TargetColumns? target)
    {
        if (!isKnown) foreach (InputField field in inputs) field.Reset();
        (numeric, codes, Rows) = (new(), new(), 0);
        weights.Clear();
        TableSource source = reader.Source;
        using TableRows rows = source.Rows();
        reader.Rows = rows;
        while (rows.Next())
        {
            Add(rows);
            target?.Add();
            Rows++;
        }
        if (Rows == 0) Throw.Input(source.Name, "rows of data", source.NoRows.Got, source.NoRows.Remedy);
    }

    private void Add(TableRows rows)
    {
        if (numeric.Count + inputs.Length * DateParts.Names.Length > Array.MaxLength)
            Throw.Input($"{reader.Source.Name}, {reader.Source.Unit} {rows.Row}",
                $"at most {Array.MaxLength} values in memory", "more", "Use fewer rows or columns.");
        foreach (InputField field in inputs)
        {
            if (field.Kind == FieldKind.Number)
            {
                if (!reader.IsMark(field.Place) && rows.TryNumber(field.Place, out float value)) field.SawNumber(value);
                else value = NotANumber(rows, field);
                numeric.Add(value);
                continue;
            }
            ReadOnlySpan<char> text = rows.Text(field.Place);
            bool isMissing = reader.IsMissing(text);
            if (isMissing) field.Missing++;
            if (field.Kind == FieldKind.Category)
            {
                codes.Add(isMissing ? -1 : isKnown ? field.KnownCode(Normal(field, text))
                    : field.Code(Normal(field, text)));
                continue;
            }
            DateTime date = default;
            if (!isMissing && !DateParts.TryParse(text, out date))
            {
                if (isKnown)
                    Throw.Input(reader.At(field.Place), "a date such as 2026-11-25",
                        $"'{FieldReader.Shortened(text.ToString())}'", "Write it as in the training data.");
                field.SawText(rows.Row, text);
                isMissing = true;
            }
            for (int part = 0; part < DateParts.Names.Length; part++)
                numeric.Add(isMissing ? float.NaN : DateParts.Part(date, part));
        }
        if (weight < 0) return;
        float w = reader.Number(weight);
        if (w < 0) Throw.Input(reader.At(weight), "a weight of zero or more", $"{w}", "Correct the weight.");
        weights.Add(w);
    }

    /// <summary>Numbers as categories have one text each: "1" and "1.0" are the same.</summary>
    private ReadOnlySpan<char> Normal(InputField field, ReadOnlySpan<char> text) =>
        !isKnown && field.IsFixed && reader.TryNumber(text, out double value) && double.IsFinite(value)
            ? (value + 0.0).ToString("R", CultureInfo.InvariantCulture) : text;

    /// <summary>A missing value, a mistake that is refused at once, or a text that makes the column something
    /// else.</summary>
    private float NotANumber(TableRows rows, InputField field)
    {
        ReadOnlySpan<char> text = rows.Text(field.Place);
        if (reader.IsMissing(text)) field.Missing++;
        else if (isKnown || reader.TryNumber(text, out _))
            return reader.Refuse(rows.Row, field.Place, text.ToString(), 0);
        else field.SawText(rows.Row, text);
        return float.NaN;
    }
}
