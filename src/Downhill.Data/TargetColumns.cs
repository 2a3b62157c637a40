using System.Globalization;

namespace Downhill.Data;

internal abstract class TargetColumns
{
    /// <summary>At most this many different whole numbers are taken for classes.</summary>
    internal const int MaxInferredClasses = 20;

    // Class codes of a target that still looks like numbers are kept up to here, in case text follows.
    private protected const int MaxUndecidedClasses = 4096;

    /// <summary>Takes the target of the present row.</summary>
    public abstract void Add();

    /// <summary>The target, with class codes or values.</summary>
    public abstract (Target Target, int[] Codes, float[] Values) Finish();
}

/// <summary>One column: classes or numbers, as asked for or as it looks.</summary>
internal sealed class SingleTarget(FieldReader reader, int column, TableTask? task) : TargetColumns
{
    private readonly Dictionary<string, int> texts = new(StringComparer.Ordinal);
    private readonly List<int> codes = [];
    private readonly List<float> values = [];
    private bool numbers = true;

    // Codes are given up when the column can only be numbers, values when it can only be classes.
    private bool keepCodes = task != TableTask.Regress;

    public override void Add()
    {
        ReadOnlySpan<char> field = reader.Rows.Text(column);
        if (!keepCodes)
        {
            values.Add(reader.Number(column));
            return;
        }
        if (reader.IsMissing(field))
            Throw.Input(reader.At(column), "a class or a number", FieldReader.Missing(field.ToString()),
                "The target must be there in every row: fill it in or remove the row.");
        if (numbers && reader.TryNumber(field, out double value))
        {
            if (!float.IsFinite((float)value)) reader.Number(column);
            values.Add(task is null ? reader.Number(column) : 0);
        }
        else
        {
            numbers = false;
        }
        var lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(field, out int code))
        {
            code = texts.Count;
            lookup[field] = code;
            if (task is null && numbers && code >= MaxUndecidedClasses)
            {
                keepCodes = false;
                return;
            }
        }
        codes.Add(code);
    }

    public override (Target, int[], float[]) Finish()
    {
        string[] names = [reader.Source.Names[column]];
        if (!keepCodes) return (new Target(names, []), [], [.. values]);

        // "1", "1.0" and "01" are one class when all are numbers; else the text decides.
        string[] found = [.. texts.Keys];
        (string Name, double Value)[] named = [.. found.Select(text => numbers
            && reader.TryNumber(text, out double v)
            ? ((v + 0.0).ToString("R", CultureInfo.InvariantCulture), v) : (text, 0.0))];
        if (numbers && task is null && !(named.All(n => n.Value == Math.Floor(n.Value))
            && named.DistinctBy(n => n.Value).Count() <= MaxInferredClasses))
            return (new Target(names, []), [], [.. values]);

        string[] classes = [.. named.DistinctBy(n => n.Name)
            .OrderBy(n => n.Value).ThenBy(n => n.Name, StringComparer.Ordinal).Select(n => n.Name)];
        if (task is null && classes.Length == codes.Count && classes.Length > MaxInferredClasses)
            Throw.Input($"{reader.Source.Name}, target '{names[0]}'", "classes that come more than once",
                $"another text in each of {classes.Length} rows",
                "Name the column to predict with --target, and leave this one out with --ignore.");
        int[] place = [.. named.Select(n => Array.IndexOf(classes, n.Name))];
        int[] sorted = [.. codes.Select(code => place[code])];
        return (new Target(names, classes), sorted, []);
    }
}

/// <summary>One column with the classes of a model.</summary>
internal sealed class KnownClasses : TargetColumns
{
    private readonly FieldReader reader;
    private readonly int column;
    private readonly Target target;
    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly Dictionary<double, int> numbers = [];
    private readonly List<int> found = [];

    public KnownClasses(FieldReader reader, int column, Target target)
    {
        (this.reader, this.column, this.target) = (reader, column, target);
        for (int i = 0; i < target.Classes.Count; i++)
        {
            codes.TryAdd(target.Classes[i], i);
            if (double.TryParse(target.Classes[i], NumberStyles.Float, CultureInfo.InvariantCulture,
                out double value))
                numbers.TryAdd(value, i);
        }
    }

    public override void Add()
    {
        ReadOnlySpan<char> field = reader.Rows.Text(column);
        if (codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(field, out int code)
            || (reader.TryNumber(field, out double value) && numbers.TryGetValue(value, out code))
            // The test file of the census data ends its classes with a full stop.
            || codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(field.TrimEnd('.'), out code))
            found.Add(code);
        else
            Throw.Input(reader.At(column), $"one of the model's classes {ColumnSelection.Listed(target.Classes)}",
                $"'{FieldReader.Shortened(field.ToString())}'", Suggest.DidYouMean(field.ToString(), target.Classes));
    }

    public override (Target, int[], float[]) Finish() => (target, [.. found], []);
}

/// <summary>Several columns: one-of-n classes when each row has one 1 and otherwise 0, labels when each field is a
/// yes or a no, else several numbers.</summary>
internal sealed class SeveralTargets(FieldReader reader, int[] columns, TableTask? task, bool isKnown = false)
    : TargetColumns
{
    private readonly List<float> values = [];
    private readonly List<int> codes = [];
    private bool oneOfN = task is null or TableTask.Classify, areLabels = task is null or TableTask.Labels, hasWords;

    public override void Add()
    {
        int ones = 0, code = -1;
        bool others = false;
        for (int i = 0; i < columns.Length; i++)
        {
            float value = Value(columns[i]);
            values.Add(value);
            if (value == 1)
            {
                ones++;
                code = i;
            }
            else if (value != 0)
            {
                others = true;
                RefuseNumber(columns[i]);
            }
        }
        areLabels &= !others;
        if (!oneOfN) return;
        if (ones == 1 && !others)
        {
            codes.Add(code);
            return;
        }
        if (task == TableTask.Classify)
            Throw.Input($"{reader.At(columns[0])} … '{reader.Source.Names[columns[^1]]}'",
                "one 1 and otherwise 0 in the target columns",
                others ? "other numbers" : $"{ones} ones",
                isKnown ? "Correct the row."
                    : "Correct the row, or use --task labels for any number of ones, --task regress for numbers.");
        oneOfN = false;
    }

    /// <summary>A number, or 1 for yes and 0 for no.</summary>
    private float Value(int column)
    {
        ReadOnlySpan<char> field = reader.Rows.Text(column);
        if (reader.IsMissing(field))
            Throw.Input(reader.At(column), areLabels ? "a number, or yes or no" : "a number",
                FieldReader.Missing(field.ToString()),
                "Every target must be there in every row: fill it in or remove the row.");
        if (reader.TryNumber(field, out _)) return reader.Number(column);
        bool isWord = IsWord(field, out bool isYes);
        if (isWord && areLabels)
        {
            hasWords = true;
            return isYes ? 1 : 0;
        }
        if (isWord || task == TableTask.Regress || isKnown) return reader.Number(column);
        return Throw.Input<float>(reader.At(column), "a number, or yes or no, as in every one of several targets",
            $"'{FieldReader.Shortened(field.ToString())}'",
            "Classes are a target alone: name one column with --target, or give each class a 0/1 column.");
    }

    private static bool IsWord(ReadOnlySpan<char> field, out bool isYes)
    {
        isYes = Is(field, "yes") || Is(field, "true") || Is(field, "y") || Is(field, "t");
        return isYes || Is(field, "no") || Is(field, "false") || Is(field, "n") || Is(field, "f");

        static bool Is(ReadOnlySpan<char> field, string word) =>
            field.Equals(word, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Refuses a number besides 0 and 1 where the targets are labels.</summary>
    private void RefuseNumber(int column)
    {
        if (!hasWords && task != TableTask.Labels) return;
        Throw.Input(reader.At(column), "yes or no, 1 or 0, as in the other targets",
            $"'{FieldReader.Shortened(reader.Rows.Text(column).ToString())}'",
            isKnown ? "Correct the row." : "Several targets are all numbers or all yes and no: "
                + "train one network for the numbers and another for the others.");
    }

    public override (Target, int[], float[]) Finish()
    {
        string[] names = [.. columns.Select(c => reader.Source.Names[c])];
        if (!oneOfN) return (new Target(names, []) { IsMultiLabel = areLabels }, [], [.. values]);
        // Without a header the classes are counted from 0, as the columns of digits usually are.
        string[] classes = reader.Source.HasHeader ? names
            : [.. Enumerable.Range(0, columns.Length).Select(i => $"{i}")];
        return (new Target(names, classes), [.. codes], []);
    }
}
