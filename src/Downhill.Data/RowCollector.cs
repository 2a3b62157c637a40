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

    // What makes up a row of numbers, in order: runs of number columns, and dates between them.
    private readonly List<Run> runs = [];
    private InputField[] categories = [];

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
        Arrange();
        TableSource source = reader.Source;
        using TableRows rows = source.Rows();
        reader.Rows = rows;
        while (rows.Next())
        {
            Add(rows);
            target?.Add();
            Rows++;
        }
        foreach (InputField field in inputs) field.Numbers = Rows - field.Missing - field.Texts;
        if (Rows == 0) Throw.Input(source.Name, "rows of data", source.NoRows.Got, source.NoRows.Remedy);
    }

    private void Arrange()
    {
        runs.Clear();
        categories = [.. inputs.Where(field => field.Kind == FieldKind.Category)];
        List<InputField> run = [];
        foreach (InputField field in inputs)
        {
            if (run.Count > 0 && field.Place != run[^1].Place + 1) End();
            if (field.Kind == FieldKind.Number) run.Add(field);
            if (field.Kind != FieldKind.Date) continue;
            End();
            run.Add(field);
            End();
        }
        End();

        void End()
        {
            if (run.Count > 0) runs.Add(new([.. run]));
            run.Clear();
        }
    }

    private void Add(TableRows rows)
    {
        if (numeric.Count + inputs.Length * DateParts.Names.Length > Array.MaxLength)
            Throw.Input($"{reader.Source.Name}, {reader.Source.Unit} {rows.Row}",
                $"at most {Array.MaxLength} values in memory", "more", "Use fewer rows or columns.");
        foreach (Run run in runs)
        {
            if (run.Fields[0].Kind == FieldKind.Date) AddDate(rows, run.Fields[0]);
            else AddNumbers(rows, run);
        }
        foreach (InputField field in categories)
        {
            ReadOnlySpan<char> text = rows.Text(field.Place);
            bool isMissing = reader.IsMissing(text);
            if (isMissing) field.Missing++;
            codes.Add(isMissing ? -1 : isKnown ? field.KnownCode(Normal(field, text))
                : field.Code(Normal(field, text)));
        }
        if (weight < 0) return;
        float w = reader.Number(weight);
        if (w < 0) Throw.Input(reader.At(weight), "a weight of zero or more", $"{w}", "Correct the weight.");
        weights.Add(w);
    }

    private void AddNumbers(TableRows rows, Run run)
    {
        Span<float> row = numeric.Take(run.Fields.Length);
        int first = run.Fields[0].Place;
        for (int i = 0; (i += rows.Numbers(first + i, row[i..])) < row.Length; i++)
            row[i] = NotANumber(rows, run.Fields[i]);
        if (reader.HasMarks)
            for (int i = 0; i < row.Length; i++)
                if (!float.IsNaN(row[i]) && reader.IsMark(first + i)) row[i] = NotANumber(rows, run.Fields[i]);
        for (int k = run.FewNumbers.Count - 1; k >= 0; k--)
        {
            int i = run.FewNumbers[k];
            if (row[i] == run.LastSeen[i] || float.IsNaN(row[i])) continue;
            run.LastSeen[i] = row[i];
            if (run.Fields[i].SawNumber(row[i])) run.FewNumbers.RemoveAt(k);
        }
    }

    private void AddDate(TableRows rows, InputField field)
    {
        ReadOnlySpan<char> text = rows.Text(field.Place);
        bool isMissing = reader.IsMissing(text);
        if (isMissing) field.Missing++;
        DateTime date = default;
        if (!isMissing && !DateParts.TryParse(text, out date))
        {
            if (isKnown)
                Throw.Input(reader.At(field.Place), "a date such as 2026-11-25",
                    $"'{FieldReader.Shortened(text.ToString())}'", "Write it as in the training data.");
            field.SawText(rows.Row, text);
            isMissing = true;
        }
        Span<float> parts = numeric.Take(DateParts.Names.Length);
        for (int part = 0; part < parts.Length; part++)
            parts[part] = isMissing ? float.NaN : DateParts.Part(date, part);
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

    /// <summary>Number columns that stand side by side in the table, or one date.</summary>
    private sealed class Run(InputField[] fields)
    {
        public InputField[] Fields => fields;

        /// <summary>Those of the columns whose different numbers are still counted.</summary>
        public List<int> FewNumbers { get; } = [.. Enumerable.Range(0, fields.Length)];

        /// <summary>Their number in the row before: the same again is nothing new.</summary>
        public float[] LastSeen { get; } = [.. Enumerable.Repeat(float.NaN, fields.Length)];
    }
}
