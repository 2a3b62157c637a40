using System.Globalization;
using Sylvan.Data.Csv;

namespace Downhill.Data;

/// <summary>
/// Reads tables: comma, semicolon, tab or blank separated text, plain or gzipped. Columns of numbers, categories (text)
/// and dates are told apart; an empty field or a mark such as <c>?</c> is a missing value.
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
        private readonly char point = options.Decimal;
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> missingMarks =
            new HashSet<string>(options.Missing ?? [], StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        private readonly bool hasMarks = options.Missing is { Count: > 0 };
        private readonly List<string> notes = [];
        private InputField[] inputs = [];
        private int[] targets = [];
        private int weight = -1;
        private bool isKnown;

        private Blocks<float> numeric = new();
        private Blocks<int> codes = new();
        private int rows;
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
            int[] places = [.. Enumerable.Range(0, Names.Count).Except(taken)];
            if (places.Length == 0 || targets.Length == 0)
                Throw.Input(path, "at least one input column and a target",
                    $"{Names.Count} column{(Names.Count == 1 ? "" : "s")} ({layout.DelimiterName})",
                    "If the fields are separated otherwise, give --delimiter.");

            inputs = FirstGuess(places);
            TargetColumns target;
            do
            {
                Restart();
                target = targets.Length == 1 && options.Task != TableTask.Labels
                    ? new SingleTarget(this, targets[0], options.Task)
                    : new SeveralTargets(this, targets, options.Task);
                Scan(target.Add);
            }
            while (ChangesItsMind());
            var (description, classes, values) = target.Finish();
            if (description.IsClass && description.Classes.Count < 2)
                Throw.Input($"{path}, target '{string.Join(", ", description.Names)}'", "at least two classes",
                    $"'{description.Classes[0]}' in every row", "Name another column with --target.");
            (Column[] columns, float[] numbers, int[] categories) = Collect();
            var data = new Dataset(DataSource.NameOf(path), columns, description, numbers, categories, classes, values,
                Weights())
            {
                Source = path,
            };
            return new DataReading(data, Summary(data)) { Notes = notes };
        }

        /// <summary>Columns are numbers until something else is seen, unless the first lines show nothing but
        /// text.</summary>
        private InputField[] FirstGuess(int[] places)
        {
            int[] categorical = options.Categorical is null ? []
                : ColumnSelection.Parse(path, "Categorical", options.Categorical, Names);
            int[] numbers = options.NumericColumns is null ? []
                : ColumnSelection.Parse(path, "Numeric", options.NumericColumns, Names);
            if (categorical.Intersect(numbers).ToArray() is [int both, ..])
                Throw.Input($"{path}, column '{Names[both]}'", "one kind of a column", "categorical and also numeric",
                    "Choose one of them.");
            return [.. places.Select(place =>
            {
                List<string> seen = [
                    .. layout.Sample.Where(f => place < f.Count && !IsMissing(f[place])).Select(f => f[place])];
                bool isText = seen.Count > 0 && seen.TrueForAll(f => !TryNumber(f, out _));
                FieldKind kind = categorical.Contains(place) ? FieldKind.Category : !isText || numbers.Contains(place)
                    ? FieldKind.Number
                    : seen.TrueForAll(f => DateParts.TryParse(f, out _)) ? FieldKind.Date : FieldKind.Category;
                bool wrongMark = kind == FieldKind.Category && !categorical.Contains(place)
                    && seen.TrueForAll(LooksLikeNumber);
                return new InputField(place, Names[place], wrongMark ? FieldKind.Number : kind)
                {
                    IsFixed = wrongMark || categorical.Contains(place) || numbers.Contains(place),
                };
            })];
        }

        // A decimal comma or thousands separators: numbers for the eye, which are to be refused with their remedy.
        private bool LooksLikeNumber(string field) =>
            TableLayout.IsNumber(field, options.Decimal == '.' ? ',' : '.') || HasThousands(field);

        private static bool HasThousands(string field)
        {
            string bare = field.TrimStart('-');
            int separators = bare.Count(c => c is ',' or '\'' or ' ' or '\u00A0');
            if (separators == 0) return false;
            string[] groups = bare.Split([',', '\'', ' ', '\u00A0', '.']);
            return groups.Length > 1 && groups[0].Length is >= 1 and <= 3
                && groups.All(g => g.Length > 0 && g.All(char.IsAsciiDigit))
                && groups.Skip(1).Take(separators).All(g => g.Length == 3);
        }

        private void Restart()
        {
            foreach (InputField field in inputs) field.Reset();
            (numeric, codes) = (new(), new());
            weights.Clear();
            (rows, line) = (0, 1);
        }

        /// <summary>After a look at all rows: whether a column is something else than was thought, so that they must be
        /// read again.</summary>
        private bool ChangesItsMind()
        {
            bool again = false;
            foreach (InputField field in inputs)
            {
                if (field.Texts == 0 || field.Kind == FieldKind.Category) continue;
                (int at, string text) = field.FirstText;
                // A few texts among many different numbers are mistakes; otherwise the numbers are names too.
                bool isMistake = field.Kind == FieldKind.Number
                    && (field.IsFixed || LooksLikeNumber(text)
                    || (field.HasManyNumbers && field.Numbers >= 9L * field.Texts));
                if (isMistake) NoNumber(at, field.Place, text, field.Numbers);
                field.Kind = FieldKind.Category;
                again = true;
            }
            return again;
        }

        /// <summary>Columns and numbers in their last form; what is left out is noted.</summary>
        private (Column[] Columns, float[] Numeric, int[] Codes) Collect()
        {
            InputField[] categories = [.. inputs.Where(f => f.Kind == FieldKind.Category)];
            foreach (InputField field in categories)
            {
                bool isName = rows > 20 && !field.IsFixed && field.DifferentTexts > rows / 2;
                if (isName) field.Dropped = $"{field.DifferentTexts} different texts in {rows}"
                    + $" rows look like names or numbers of the rows";
            }
            if (inputs.All(f => f.Dropped is not null))
                Throw.Input(path, "an input column whose values come more than once",
                    string.Join(", ", inputs.Select(f => f.Name)),
                    "Say --categorical COLS to use one as it is.");
            List<Column> columns = [];
            int[]?[] places = new int[categories.Length][];
            for (int i = 0, c = 0; i < inputs.Length; i++)
            {
                InputField field = inputs[i];
                if (field.Kind == FieldKind.Number) columns.Add(new(field.Name));
                else if (field.Kind == FieldKind.Date) columns.AddRange(
                    DateParts.Names.Select(part => new Column($"{field.Name}.{part}")));
                else if (field.Dropped is not null) c++;
                else
                {
                    (string[] names, places[c]) = field.Categories();
                    if (names.Length < field.DifferentTexts)
                        notes.Add($"{Quoted(field)}: the {names.Length} most frequent of {field.DifferentTexts}"
                            + $" categories are used, the others count as unknown");
                    columns.Add(new(field.Name, ColumnKind.Category, names));
                    c++;
                }
            }
            int kept = places.Count(p => p is not null), at = 0;
            int[] raw = codes.ToArray(), result = new int[kept * rows];
            for (int row = 0; row < rows; row++)
                for (int c = 0; c < places.Length; c++)
                    if (places[c] is int[] place) result[at++] = raw[row * places.Length + c] is >= 0 and int code
                        ? place[code] : -1;
            NoteKinds();
            return ([.. columns], numeric.ToArray(), result);
        }

        private void NoteKinds()
        {
            Note("categories", inputs.Where(f => f.Kind == FieldKind.Category && f.Dropped is null)
                .Select(f => $"{f.Name} ({f.DifferentTexts})"));
            Note("dates, as year, month, day, weekday and hour",
                inputs.Where(f => f.Kind == FieldKind.Date).Select(f => f.Name));
            Note("missing values in", inputs.Where(f => f.Missing > 0).Select(f => $"{f.Name} ({f.Missing})"));
            foreach (InputField field in inputs)
                if (field.Dropped is string why) notes.Add(
                    $"{Quoted(field)} is left out: {why} (--categorical {field.Name} takes it as it is)");

            void Note(string what, IEnumerable<string> names)
            {
                string[] all = [.. names];
                if (all.Length > 0) notes.Add($"{what}: {string.Join(", ", all.Take(20))}"
                    + $"{(all.Length > 20 ? $" and {all.Length - 20} more" : "")}");
            }
        }

        private static string Quoted(InputField field) => $"'{field.Name}'";

        public DataReading Like(IReadOnlyList<Column> model, Target target, bool needTarget)
        {
            isKnown = true;
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
                : new SeveralTargets(this, targets, target.IsClass ? TableTask.Classify
                    : target.IsMultiLabel ? TableTask.Labels : TableTask.Regress, isKnown: true);
            int wanted = target.IsClass ? target.Classes.Count : target.Names.Count;
            if (columns is SeveralTargets && targets.Length != wanted)
                Throw.Input(path, $"{wanted} target columns, as in the model",
                    $"{targets.Length}", "Give the same columns with --target.");
            Scan(columns is null ? static _ => { } : columns.Add);
            var (_, classes, values) = columns?.Finish() ?? (target, [], []);
            foreach (InputField field in inputs)
                if (field.Unknown > 0)
                    notes.Add($"{field.Unknown} values in {Quoted(field)} that the model does not know, such as '"
                        + $"{Shortened(field.FirstUnknown!)}', count as unknown");
            var data = new Dataset(
                DataSource.NameOf(path), model, columns is null ? new Target([], []) : target, numeric.ToArray(),
                    codes.ToArray(), classes,
                values, Weights())
            {
                Source = path,
            };
            return new DataReading(data, Summary(data)) { Notes = notes };
        }

        private void MatchByName(IReadOnlyList<Column> model, Target target)
        {
            string[] names = [.. Names];
            List<(Column Column, int Place, int Part)> places = [];
            foreach (Column column in model)
            {
                int place = Array.IndexOf(names, column.Name), part = -1;
                if (place < 0 && column.Kind == ColumnKind.Numeric
                    && DateParts.Split(column.Name) is (string date, int which))
                    (place, part) = (Array.IndexOf(names, date), which);
                if (place < 0)
                    Throw.Input($"{path}, line 1", $"the model's input column '{column.Name}'",
                        $"columns {ColumnSelection.Listed(Names)}",
                        Suggest.Nearest(column.Name, names) is { } near
                            ? $"Is it '{near}'? Rename it."
                            : "Add the column, or say --no-header if line 1 holds data.");
                places.Add((column, place, part));
            }
            inputs = Fields(places);
            if (targets.Length > 0) return;
            int[] found = [.. target.Names.Select(name => Array.IndexOf(names, name))];
            if (found.Length > 0 && found.All(i => i >= 0)) targets = found;
        }

        /// <summary>The model's columns as fields of the file; the parts of a date are one field.</summary>
        private static InputField[] Fields(IReadOnlyList<(Column Column, int Place, int Part)> columns)
        {
            List<InputField> fields = [];
            foreach ((Column column, int place, int part) in columns)
            {
                if (part > 0) continue;
                InputField field = new(place, part < 0 ? column.Name : DateParts.Split(column.Name)!.Value.Column,
                    part >= 0 ? FieldKind.Date : column.Kind == ColumnKind.Category ? FieldKind.Category
                        : FieldKind.Number)
                { IsFixed = true };
                field.Know(column.Categories);
                fields.Add(field);
            }
            return [.. fields];
        }

        // Without names: the inputs alone; or, for a model whose own file had no header, the places its names x1,
        // x2, … tell; or the inputs and then the target, as the default for training has it.
        private void MatchByPosition(IReadOnlyList<Column> columns, Target target)
        {
            // The parts of a date are one column of the file.
            (Column Column, int Part)[] model = [
                .. columns.Select(
                c => (c, c.Kind == ColumnKind.Numeric && DateParts.Split(c.Name) is (_, int part) ? part : -1))
                .Where(c => c.Item2 <= 0)];
            string[] modelNames = [
                .. model.Select(m => m.Part < 0 ? m.Column.Name : DateParts.Split(m.Column.Name)!.Value.Column)];
            int[] chosen;
            int[] free = [.. Enumerable.Range(0, Names.Count).Where(i => i != weight && !targets.Contains(i))];
            string[] names = [.. Names];
            int[] placed = [.. modelNames.Select(name => Array.IndexOf(names, name))];
            int[] placedTargets = [.. target.Names.Select(name => Array.IndexOf(names, name))];
            if (free.Length == model.Length)
            {
                chosen = free;
            }
            else if (placed.All(i => i >= 0) && placedTargets.All(i => i >= 0))
            {
                chosen = placed;
                if (targets.Length == 0) targets = placedTargets;
            }
            else if (targets.Length == 0 && free.Length == model.Length + target.Names.Count)
            {
                chosen = free[..model.Length];
                targets = free[model.Length..];
            }
            else
            {
                int all = model.Length + target.Names.Count;
                chosen = [];
                Throw.Input(path, $"{model.Length} input columns, or {all} with the target, in the model's order",
                    $"{Names.Count} columns and no header",
                    "Add a line with the column names, or the columns that are missing.");
            }
            inputs = Fields([.. model.Select((m, i) => (m.Column, chosen[i], m.Part))]);
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
            if (numeric.Count + inputs.Length * DateParts.Names.Length > Array.MaxLength)
                Throw.Input($"{path}, line {line}", $"at most {Array.MaxLength} values in memory", "more",
                    "Use fewer rows or columns.");
            foreach (InputField field in inputs)
            {
                ReadOnlySpan<char> text = csv.GetFieldSpan(field.Place);
                if (field.Kind == FieldKind.Number)
                {
                    bool isMark = hasMarks && missingMarks.Contains(text.Trim());
                    float value = float.NaN;
                    if (!isMark && QuickFloat.TryParse(text, point, format, out value)
                        && float.IsFinite(value)) field.SawNumber(value);
                    else value = NotANumber(csv, field);
                    numeric.Add(value);
                    continue;
                }
                text = text.Trim();
                bool isMissing = IsMissing(text);
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
                        Throw.Input(At(field.Place), "a date such as 2026-11-25", $"'{Shortened(text.ToString())}'",
                            "Write it as in the training data.");
                    field.SawText(line, text);
                    isMissing = true;
                }
                for (int part = 0; part < DateParts.Names.Length; part++)
                    numeric.Add(isMissing ? float.NaN : DateParts.Part(date, part));
            }
            if (weight < 0) return;
            float w = Number(csv, weight);
            if (w < 0) Throw.Input(At(weight), "a weight of zero or more", $"{w}", "Correct the weight.");
            weights.Add(w);
        }

        /// <summary>Numbers as categories have one text each: "1" and "1.0" are the same.</summary>
        private ReadOnlySpan<char> Normal(InputField field, ReadOnlySpan<char> text) =>
            !isKnown && field.IsFixed && TryNumber(text, out double value) && double.IsFinite(value)
                ? (value + 0.0).ToString("R", CultureInfo.InvariantCulture) : text;

        public bool IsMissing(ReadOnlySpan<char> field) => TableLayout.IsMissing(field) || missingMarks.Contains(field);

        /// <summary>A missing value, a mistake that is refused at once, or a text that makes the column something
        /// else.</summary>
        private float NotANumber(CsvDataReader csv, InputField field)
        {
            ReadOnlySpan<char> text = Field(csv, field.Place);
            if (IsMissing(text)) field.Missing++;
            else if (isKnown || TryNumber(text, out _)) return NoNumber(csv, field.Place);
            else field.SawText(line, text);
            return float.NaN;
        }

        public static ReadOnlySpan<char> Field(CsvDataReader csv, int column) => csv.GetFieldSpan(column).Trim();

        public float Number(CsvDataReader csv, int column)
        {
            ReadOnlySpan<char> field = csv.GetFieldSpan(column);
            return QuickFloat.TryParse(field, point, format, out float value) && float.IsFinite(value) ? value
                : NoNumber(csv, column);
        }

        public bool TryNumber(ReadOnlySpan<char> field, out double value) =>
            double.TryParse(field, NumberStyles.Float, format, out value);

        private float NoNumber(CsvDataReader csv, int column) =>
            NoNumber(line, column, Field(csv, column).ToString(), 0);

        private float NoNumber(int at, int column, string field, int others)
        {
            string name = Names[column], where = $"{path}, line {at}, column '{name}'";
            string quoted = name.Contains(' ', StringComparison.Ordinal) ? $"'{name}'" : name;
            string leaveOut = $"leave the column out with --ignore {quoted}";
            if (IsMissing(field))
                return Throw.Input<float>(where, "a number", Missing(field), $"Fill it in, remove the row, or "
                    + $"{leaveOut}.");
            if (TryNumber(field, out double value))
                return Throw.Input<float>(where, "a finite number that a float holds", $"'{field}'",
                    $"Correct the value, or {leaveOut}.");
            char other = options.Decimal == '.' ? ',' : '.';
            if (HasThousands(field))
            {
                string plain =
                    new([.. field.Where(c => char.IsAsciiDigit(c) || c is '-' || c == options.Decimal)]);
                return Throw.Input<float>(where, "a number without separators between thousands", $"'{field}'",
                    (TableLayout.IsNumber(field, other)
                        ? $"If '{other}' is the decimal separator of the file, say --decimal {other}; else write"
                        : "Write")
                    + $" it as {plain}, or {leaveOut}.");
            }
            if (field.Contains(other, StringComparison.Ordinal) && TableLayout.IsNumber(field, other))
                return Throw.Input<float>(where, $"a number with decimal '{options.Decimal}'", $"'{field}'",
                    $"If '{other}' is the decimal separator of the file, say --decimal {other}.");
            string guessed = layout.DelimiterGuessed ? $" The delimiter was guessed: {layout.DelimiterName}." : "";
            string header = at == 1 && !layout.HasHeader
                ? " If line 1 holds the column names, every name must be text." : "";
            return Throw.Input<float>(where, others == 0 ? "a number" : $"a number as in {others} other rows",
                $"'{Shortened(field)}'",
                $"Correct it, say --missing '{Shortened(field)}' if it stands for no value, say --categorical {quoted}"
                    + $" if the numbers are names too, or "
                + $"{leaveOut}.{header}{guessed}");
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
                : data.Target.IsMultiLabel ? $"{targets} labels"
                : targets == 1 ? "a number" : $"{targets} numbers";
            string goal = targets == 0 ? "no target" : $"target {Quoted(data.Target.Names)} ({kind})";
            return $"{path}: {data.Rows} rows, delimiter {layout.DelimiterName}{guessed}, {header}, " +
                $"{data.Inputs.Count} inputs, {goal}";
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
            if (reading.IsMissing(field))
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
                || (reading.TryNumber(field, out double value) && numbers.TryGetValue(value, out code))
                // The test file of the census data ends its classes with a full stop.
                || codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(field.TrimEnd('.'), out code))
                found.Add(code);
            else
                Throw.Input(reading.At(column), $"one of the model's classes {ColumnSelection.Listed(target.Classes)}",
                    $"'{Reading.Shortened(field.ToString())}'", Suggest.DidYouMean(field.ToString(), target.Classes));
        }

        public override (Target, int[], float[]) Finish() => (target, [.. found], []);
    }

    /// <summary>Several columns: one-of-n classes when each row has one 1 and otherwise 0, labels when each field is a
    /// yes or a no, else several numbers.</summary>
    private sealed class SeveralTargets(Reading reading, int[] columns, TableTask? task, bool isKnown = false)
        : TargetColumns
    {
        private readonly List<float> values = [];
        private readonly List<int> codes = [];
        private bool oneOfN = task is null or TableTask.Classify, areLabels = task is null or TableTask.Labels, hasWords;

        public override void Add(CsvDataReader csv)
        {
            int ones = 0, code = -1;
            bool others = false;
            for (int i = 0; i < columns.Length; i++)
            {
                float value = Value(csv, columns[i]);
                values.Add(value);
                if (value == 1)
                {
                    ones++;
                    code = i;
                }
                else if (value != 0)
                {
                    others = true;
                    RefuseNumber(csv, columns[i]);
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
                Throw.Input($"{reading.At(columns[0])} … '{reading.NameOf(columns[^1])}'",
                    "one 1 and otherwise 0 in the target columns",
                    others ? "other numbers" : $"{ones} ones",
                    isKnown ? "Correct the row."
                        : "Correct the row, or use --task labels for any number of ones, --task regress for numbers.");
            oneOfN = false;
        }

        /// <summary>A number, or 1 for yes and 0 for no.</summary>
        private float Value(CsvDataReader csv, int column)
        {
            ReadOnlySpan<char> field = Reading.Field(csv, column);
            if (reading.IsMissing(field))
                Throw.Input(reading.At(column), areLabels ? "a number, or yes or no" : "a number",
                    Reading.Missing(field.ToString()),
                    "Every target must be there in every row: fill it in or remove the row.");
            if (reading.TryNumber(field, out _)) return reading.Number(csv, column);
            bool isWord = IsWord(field, out bool isYes);
            if (isWord && areLabels)
            {
                hasWords = true;
                return isYes ? 1 : 0;
            }
            if (isWord || task == TableTask.Regress || isKnown) return reading.Number(csv, column);
            return Throw.Input<float>(reading.At(column), "a number, or yes or no, as in every one of several targets",
                $"'{Reading.Shortened(field.ToString())}'",
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
        private void RefuseNumber(CsvDataReader csv, int column)
        {
            if (!hasWords && task != TableTask.Labels) return;
            Throw.Input(reading.At(column), "yes or no, 1 or 0, as in the other targets",
                $"'{Reading.Shortened(Reading.Field(csv, column).ToString())}'",
                isKnown ? "Correct the row." : "Several targets are all numbers or all yes and no: "
                    + "train one network for the numbers and another for the others.");
        }

        public override (Target, int[], float[]) Finish()
        {
            string[] names = [.. columns.Select(reading.NameOf)];
            if (!oneOfN) return (new Target(names, []) { IsMultiLabel = areLabels }, [], [.. values]);
            // Without a header the classes are counted from 0, as the columns of digits usually are.
            string[] classes = reading.HasHeader ? names : [.. Enumerable.Range(0, columns.Length).Select(i => $"{i}")];
            return (new Target(names, classes), [.. codes], []);
        }
    }
}
