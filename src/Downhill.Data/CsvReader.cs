using System.Globalization;
using Sylvan.Data.Csv;

namespace Downhill.Data;

/// <summary>
/// Reads tables of numbers with a class or number column: comma, semicolon, tab or blank separated text, plain or
/// gzipped. Inputs must be numbers; text inputs and missing values are refused with their place.
/// </summary>
public static class CsvReader
{
    /// <summary>At most this many different whole numbers are taken for classes.</summary>
    internal const int MaxInferredClasses = 20;

    // Class codes of a target that still looks like numbers are kept up to here, in case text follows.
    private const int MaxUndecidedClasses = 4096;

    /// <summary>Reads a table to train on.</summary>
    /// <param name="path">The file; a name that ends in <c>.gz</c> is unpacked.</param>
    /// <param name="options">What is what; null for all defaults.</param>
    /// <exception cref="DownhillException">Whatever is wrong, with file, line and column.</exception>
    public static DataReading Read(string path, TableOptions? options = null) =>
        TableText.Guard(path, () => new Reading(path, options ?? new()).Train());

    /// <summary>
    /// Reads a table for a model that exists: columns are found by name where the file has a header (other columns are
    /// left out), else by position. Without a target the rows can be predicted but not evaluated.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="inputs">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether a file without the target column is refused.</param>
    /// <param name="options">Target, weight and layout where they differ from the defaults; the task is the
    /// model's.</param>
    /// <exception cref="DownhillException">A missing column, an unknown class, or what else is wrong.</exception>
    public static DataReading Read(
        string path, IReadOnlyList<Column> inputs, Target target, bool needTarget, TableOptions? options = null) =>
        TableText.Guard(path, () => new Reading(path, options ?? new()).Like(inputs, target, needTarget));

    private sealed class Reading(string path, TableOptions options)
    {
        private readonly TableLayout layout = TableLayout.Detect(path, options);
        private readonly NumberFormatInfo format = TableLayout.Format(options.Decimal);
        private int[] inputs = [], targets = [];
        private int weight = -1;

        private float[] numeric = new float[1024];
        private int numericCount, rows;
        private readonly List<float> weights = [];
        private int line = 1;

        private IReadOnlyList<string> Names => layout.Names;

        public DataReading Train()
        {
            weight = options.Weight is null ? -1 : Single("Weight", options.Weight);
            int[] ignored = options.Ignore is null ? [] : ColumnSelection.Parse(path, "Ignore", options.Ignore, Names);
            targets = options.Target is not null
                ? ColumnSelection.Parse(path, "Target", options.Target, Names)
                : [.. Enumerable.Range(0, Names.Count).Where(i => i != weight && !ignored.Contains(i)).TakeLast(1)];
            foreach (int t in targets)
                if (t == weight || ignored.Contains(t))
                    Throw.Input($"{path}, column '{Names[t]}'", "one use of a column",
                        "target and also ignored or weight", "Choose one of them.");
            int[] taken = [weight, .. targets, .. ignored];
            inputs = [.. Enumerable.Range(0, Names.Count).Except(taken)];
            if (inputs.Length == 0 || targets.Length == 0)
                Throw.Input(path, "at least one input column and a target",
                    $"{Names.Count} column{(Names.Count == 1 ? "" : "s")} ({layout.DelimiterName})",
                    "If the fields are separated otherwise, give --delimiter.");

            TargetColumns target = targets.Length == 1
                ? new SingleTarget(this, targets[0], options.Task)
                : new SeveralTargets(this, targets, options.Task);
            Scan(target.Add);
            var (description, codes, values) = target.Finish();
            if (description.IsClass && description.Classes.Count < 2)
                Throw.Input($"{path}, target '{string.Join(", ", description.Names)}'", "at least two classes",
                    $"'{description.Classes[0]}' in every row", "Name another column with --target.");
            var data = new Dataset(
                DataSource.NameOf(path), [.. inputs.Select(i => new Column(Names[i]))], description, Numeric(), [],
                codes, values, Weights())
            {
                Source = path,
            };
            return new DataReading(data, Summary(data));
        }

        public DataReading Like(IReadOnlyList<Column> model, Target target, bool needTarget)
        {
            foreach (Column column in model)
                if (column.Kind != ColumnKind.Numeric)
                    Throw.Input($"Column '{column.Name}'", "a numeric column", "categories",
                        "Categories in tables are not handled yet.");
            weight = options.Weight is null ? -1 : Single("Weight", options.Weight);
            targets = options.Target is null ? [] : ColumnSelection.Parse(path, "Target", options.Target, Names);
            if (layout.HasHeader) MatchByName(model, target);
            else MatchByPosition(model, target);
            if (targets.Length == 0 && needTarget)
                Throw.Input(path, $"the target column '{string.Join(", ", target.Names)}'",
                    $"columns {ColumnSelection.Listed(Names)}",
                    "Name it with --target, or use predict, which needs none.");
            TargetColumns? columns = targets.Length == 0 ? null
                : target.IsClass && targets.Length == 1 ? new KnownClasses(this, targets[0], target)
                : new SeveralTargets(this, targets, target.IsClass ? TableTask.Classify : TableTask.Regress);
            int wanted = target.IsClass ? target.Classes.Count : target.Names.Count;
            if (columns is SeveralTargets && targets.Length != wanted)
                Throw.Input(path, $"{wanted} target columns, as in the model",
                    $"{targets.Length}", "Give the same columns with --target.");
            Scan(columns is null ? static _ => { } : columns.Add);
            var (_, codes, values) = columns?.Finish() ?? (target, [], []);
            var data = new Dataset(
                DataSource.NameOf(path), model, columns is null ? new Target([], []) : target, Numeric(), [], codes,
                values, Weights())
            {
                Source = path,
            };
            return new DataReading(data, Summary(data));
        }

        private void MatchByName(IReadOnlyList<Column> model, Target target)
        {
            string[] names = [.. Names];
            inputs = [.. model.Select(column => Array.IndexOf(names, column.Name))];
            for (int i = 0; i < inputs.Length; i++)
                if (inputs[i] < 0)
                    Throw.Input($"{path}, line 1", $"the model's input column '{model[i].Name}'",
                        $"columns {ColumnSelection.Listed(Names)}",
                        Suggest.Nearest(model[i].Name, names) is { } near
                            ? $"Is it '{near}'? Rename it."
                            : "Add the column, or say --no-header if line 1 holds data.");
            if (targets.Length > 0) return;
            int[] found = [.. target.Names.Select(name => Array.IndexOf(names, name))];
            if (found.Length > 0 && found.All(i => i >= 0)) targets = found;
        }

        // Without names: the inputs alone; or, for a model whose own file had no header, the places its names x1,
        // x2, … tell; or the inputs and then the target, as the default for training has it.
        private void MatchByPosition(IReadOnlyList<Column> model, Target target)
        {
            int[] free = [.. Enumerable.Range(0, Names.Count).Where(i => i != weight && !targets.Contains(i))];
            if (free.Length == model.Count)
            {
                inputs = free;
                return;
            }
            string[] names = [.. Names];
            int[] placed = [.. model.Select(column => Array.IndexOf(names, column.Name))];
            int[] placedTargets = [.. target.Names.Select(name => Array.IndexOf(names, name))];
            if (placed.All(i => i >= 0) && placedTargets.All(i => i >= 0))
            {
                inputs = placed;
                if (targets.Length == 0) targets = placedTargets;
            }
            else if (targets.Length == 0 && free.Length == model.Count + target.Names.Count)
            {
                inputs = free[..model.Count];
                targets = free[model.Count..];
            }
            else
            {
                int all = model.Count + target.Names.Count;
                Throw.Input(path, $"{model.Count} input columns, or {all} with the target, in the model's order",
                    $"{Names.Count} columns and no header",
                    "Add a line with the column names, or the columns that are missing.");
            }
        }

        private void Scan(Action<CsvDataReader> readTarget)
        {
            using TextReader text =
                new FieldLimit(TableText.Reader(path, layout.Delimiter), path, layout.Delimiter);
            using CsvDataReader csv = CsvDataReader.Create(text, new CsvDataReaderOptions
            {
                HasHeaders = false, Delimiter = layout.Delimiter, Comment = '\0', BufferSize = 1 << 16,
                MaxBufferSize = 1 << 24, OwnsReader = false,
            });
            int columns = Names.Count;
            bool header = layout.HasHeader;
            while (NextRecord(csv))
            {
                int fields = csv.RowFieldCount;
                bool blank = fields == 0 || (fields == 1 && columns > 1 && Field(csv, 0).IsEmpty);
                if (blank || header)
                {
                    header &= blank;
                }
                else
                {
                    if (fields != columns)
                        Ragged(columns, fields);
                    AddRow(csv);
                    readTarget(csv);
                    rows++;
                }
                line += LineEnds(csv.GetRawRecordSpan());
            }
            if (rows == 0)
                Throw.Input(path, "rows of data", layout.HasHeader ? "a header line only" : "none",
                    "Check that the file was written completely, or say --no-header if line 1 holds data.");
        }

        private void Ragged(int columns, int fields)
        {
            string guessed = layout.DelimiterGuessed ? ", guessed" : "";
            Throw.Input($"{path}, line {line}", $"{columns} fields as in line 1 ({layout.DelimiterName}{guessed})",
                $"{fields}",
                "Complete the line, put quotes around fields that hold the delimiter, or give --delimiter.");
        }

        private bool NextRecord(CsvDataReader csv)
        {
            try
            {
                return csv.Read();
            }
            catch (CsvRecordTooLargeException e)
            {
                throw new DownhillException($"{path}, line {line}: expected a line, " +
                    "got one of more than 16 million characters. Check for a quote that is never closed.", e);
            }
            catch (CsvFormatException e)
            {
                throw new DownhillException($"{path}, line {line}: expected well-formed CSV, got a misplaced quote. " +
                    "Write a quote inside a quoted field twice.", e);
            }
        }

        private void AddRow(CsvDataReader csv)
        {
            if (numericCount + inputs.Length > numeric.Length)
            {
                long size = Math.Max(numeric.Length * 2L, numericCount + inputs.Length);
                if (numericCount + (long)inputs.Length > Array.MaxLength)
                    Throw.Input($"{path}, line {line}", $"at most {Array.MaxLength} values in memory", "more",
                        "Use fewer rows or columns.");
                Array.Resize(ref numeric, (int)Math.Min(size, Array.MaxLength));
            }
            foreach (int column in inputs) numeric[numericCount++] = Number(csv, column);
            if (weight < 0) return;
            float w = Number(csv, weight);
            if (w < 0) Throw.Input(At(weight), "a weight of zero or more", $"{w}", "Correct the weight.");
            weights.Add(w);
        }

        public static ReadOnlySpan<char> Field(CsvDataReader csv, int column) => csv.GetFieldSpan(column).Trim();

        public float Number(CsvDataReader csv, int column)
        {
            ReadOnlySpan<char> field = csv.GetFieldSpan(column);
            bool good = float.TryParse(field, NumberStyles.Float, format, out float value) && float.IsFinite(value);
            return good ? value : NoNumber(csv, column);
        }

        public bool TryNumber(ReadOnlySpan<char> field, out double value) =>
            double.TryParse(field, NumberStyles.Float, format, out value);

        private float NoNumber(CsvDataReader csv, int column)
        {
            string field = Field(csv, column).ToString(), name = Names[column];
            string quoted = name.Contains(' ', StringComparison.Ordinal) ? $"'{name}'" : name;
            string leaveOut = $"leave the column out with --ignore {quoted}";
            if (TableLayout.IsMissing(field))
                return Throw.Input<float>(At(column), "a number", Missing(field),
                    $"Missing values are not handled yet: fill them in, remove the row, or {leaveOut}.");
            if (TryNumber(field, out double value))
                return Throw.Input<float>(At(column), "a finite number that a float holds", $"'{field}'",
                    $"Correct the value, or {leaveOut}.");
            char other = options.Decimal == '.' ? ',' : '.';
            if (field.Contains(other, StringComparison.Ordinal) && TableLayout.IsNumber(field, other))
                return Throw.Input<float>(At(column), $"a number with decimal '{options.Decimal}'", $"'{field}'",
                    $"If '{other}' is the decimal separator of the file, say --decimal {other}.");
            string guessed = layout.DelimiterGuessed ? $" The delimiter was guessed: {layout.DelimiterName}." : "";
            string header = rows == 0 && !layout.HasHeader
                ? " If line 1 holds the column names, every name must be text." : "";
            return Throw.Input<float>(At(column), "a number", $"'{Shortened(field)}'",
                "Text columns (categories) are not handled yet: encode them as numbers, or " +
                $"{leaveOut}.{header}{guessed}");
        }

        public string At(int column) => $"{path}, line {line}, column '{Names[column]}'";

        public static string Missing(string field) => field.Length == 0 ? "an empty field"
            : $"'{field}', a missing value";

        public static string Shortened(string field) => field.Length <= 40 ? field : field[..37] + "…";

        public string NameOf(int column) => Names[column];

        public string Path => path;

        public bool HasHeader => layout.HasHeader;

        private int Single(string what, string selection)
        {
            int[] columns = ColumnSelection.Parse(path, what, selection, Names);
            if (columns.Length != 1) Throw.Input($"{path}, {what}", "one column", $"'{selection}'", "Name one column.");
            return columns[0];
        }

        private static int LineEnds(ReadOnlySpan<char> record)
        {
            int ends = record.Count('\n');
            return ends > 0 ? ends : Math.Max(1, record.Count('\r'));
        }

        private float[] Numeric()
        {
            Array.Resize(ref numeric, numericCount);
            return numeric;
        }

        private float[]? Weights()
        {
            if (weight < 0) return null;
            if (weights.TrueForAll(w => w == 0))
                Throw.Input($"{path}, column '{Names[weight]}'", "a weight above zero", "zero in every row",
                    "Name another column with --weight.");
            return [.. weights];
        }

        private string Summary(Dataset data)
        {
            string guessed = layout.DelimiterGuessed ? " (guessed)" : "";
            string header = layout.HasHeader ? "header line" : "no header";
            int targets = data.Target.Names.Count;
            string kind = data.Target.IsClass ? $"{data.Target.Classes.Count} classes"
                : targets == 1 ? "a number" : $"{targets} numbers";
            string goal = targets == 0 ? "no target" : $"target {Quoted(data.Target.Names)} ({kind})";
            return $"{path}: {data.Rows} rows, delimiter {layout.DelimiterName}{guessed}, {header}, " +
                $"{data.NumericCount} inputs, {goal}";
        }

        private static string Quoted(IReadOnlyList<string> names) =>
            names.Count == 1 ? $"'{names[0]}'" : $"'{names[0]}' … '{names[^1]}'";
    }

    /// <summary>Collects the target while rows are read, and says at the end what it is.</summary>
    private abstract class TargetColumns
    {
        public abstract void Add(CsvDataReader csv);
        public abstract (Target Target, int[] Codes, float[] Values) Finish();
    }

    /// <summary>One column: classes or numbers, as asked for or as it looks.</summary>
    private sealed class SingleTarget(Reading reading, int column, TableTask? task) : TargetColumns
    {
        private readonly Dictionary<string, int> texts = new(StringComparer.Ordinal);
        private readonly List<int> codes = [];
        private readonly List<float> values = [];
        private bool numbers = true;

        // Codes are given up when the column can only be numbers, values when it can only be classes.
        private bool keepCodes = task != TableTask.Regress;

        public override void Add(CsvDataReader csv)
        {
            ReadOnlySpan<char> field = Reading.Field(csv, column);
            if (!keepCodes)
            {
                values.Add(reading.Number(csv, column));
                return;
            }
            if (TableLayout.IsMissing(field))
                Throw.Input(reading.At(column), "a class or a number", Reading.Missing(field.ToString()),
                    "The target must be there in every row: fill it in or remove the row.");
            if (numbers && reading.TryNumber(field, out double value))
            {
                if (!float.IsFinite((float)value)) reading.Number(csv, column);
                values.Add(task is null ? reading.Number(csv, column) : 0);
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
            string[] names = [reading.NameOf(column)];
            if (!keepCodes) return (new Target(names, []), [], [.. values]);

            // "1", "1.0" and "01" are one class when all are numbers; else the text decides.
            string[] found = [.. texts.Keys];
            (string Name, double Value)[] named = [.. found.Select(text => numbers
                && reading.TryNumber(text, out double v)
                ? ((v + 0.0).ToString("R", CultureInfo.InvariantCulture), v) : (text, 0.0))];
            if (numbers && task is null && !(named.All(n => n.Value == Math.Floor(n.Value))
                && named.DistinctBy(n => n.Value).Count() <= MaxInferredClasses))
                return (new Target(names, []), [], [.. values]);

            string[] classes = [.. named.DistinctBy(n => n.Name)
                .OrderBy(n => n.Value).ThenBy(n => n.Name, StringComparer.Ordinal).Select(n => n.Name)];
            if (task is null && classes.Length == codes.Count && classes.Length > MaxInferredClasses)
                Throw.Input($"{reading.Path}, target '{names[0]}'", "classes that come more than once",
                    $"another text in each of {classes.Length} rows",
                    "Name the column to predict with --target, and leave this one out with --ignore.");
            int[] place = [.. named.Select(n => Array.IndexOf(classes, n.Name))];
            int[] sorted = [.. codes.Select(code => place[code])];
            return (new Target(names, classes), sorted, []);
        }
    }

    /// <summary>One column with the classes of a model.</summary>
    private sealed class KnownClasses : TargetColumns
    {
        private readonly Reading reading;
        private readonly int column;
        private readonly Target target;
        private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
        private readonly Dictionary<double, int> numbers = [];
        private readonly List<int> found = [];

        public KnownClasses(Reading reading, int column, Target target)
        {
            (this.reading, this.column, this.target) = (reading, column, target);
            for (int i = 0; i < target.Classes.Count; i++)
            {
                codes.TryAdd(target.Classes[i], i);
                if (double.TryParse(target.Classes[i], NumberStyles.Float, CultureInfo.InvariantCulture,
                    out double value))
                    numbers.TryAdd(value, i);
            }
        }

        public override void Add(CsvDataReader csv)
        {
            ReadOnlySpan<char> field = Reading.Field(csv, column);
            if (codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(field, out int code)
                || (reading.TryNumber(field, out double value) && numbers.TryGetValue(value, out code)))
                found.Add(code);
            else
                Throw.Input(reading.At(column), $"one of the model's classes {ColumnSelection.Listed(target.Classes)}",
                    $"'{Reading.Shortened(field.ToString())}'", Suggest.DidYouMean(field.ToString(), target.Classes));
        }

        public override (Target, int[], float[]) Finish() => (target, [.. found], []);
    }

    /// <summary>Several numeric columns: one-of-n classes when each row has one 1 and otherwise 0, else several
    /// numbers.</summary>
    private sealed class SeveralTargets(Reading reading, int[] columns, TableTask? task) : TargetColumns
    {
        private readonly List<float> values = [];
        private readonly List<int> codes = [];
        private bool oneOfN = task != TableTask.Regress;

        public override void Add(CsvDataReader csv)
        {
            int ones = 0, code = -1;
            bool others = false;
            for (int i = 0; i < columns.Length; i++)
            {
                float value = reading.Number(csv, columns[i]);
                values.Add(value);
                if (value == 1)
                {
                    ones++;
                    code = i;
                }
                else if (value != 0)
                {
                    others = true;
                }
            }
            if (!oneOfN) return;
            if (ones == 1 && !others)
            {
                codes.Add(code);
                return;
            }
            if (task == TableTask.Classify)
                Throw.Input($"{reading.At(columns[0])} … '{reading.NameOf(columns[^1])}'",
                    "one 1 and otherwise 0 in the target columns",
                    others ? "other numbers" : $"{ones} ones",
                    "Correct the row, or use --task regress for several numbers.");
            oneOfN = false;
        }

        public override (Target, int[], float[]) Finish()
        {
            string[] names = [.. columns.Select(reading.NameOf)];
            if (!oneOfN) return (new Target(names, []), [], [.. values]);
            // Without a header the classes are counted from 0, as the columns of digits usually are.
            string[] classes = reading.HasHeader ? names : [.. Enumerable.Range(0, columns.Length).Select(i => $"{i}")];
            return (new Target(names, classes), [.. codes], []);
        }
    }
}
