namespace Downhill.Data;

/// <summary>A table to train on: what its columns hold is found out while it is read.</summary>
internal sealed class TrainingTable(TableSource source, TableOptions options)
{
    private readonly FieldReader reader = new(source, options, isForModel: false);
    private readonly List<string> notes = [];
    private InputField[] inputs = [];

    private IReadOnlyList<string> Names => source.Names;

    /// <summary>Reads it, again where a column turns out to be something else.</summary>
    public DataReading Read()
    {
        int weight = options.Weight is null ? -1 : reader.Single("Weight", options.Weight);
        int[] ignored = reader.Columns("Ignore", options.Ignore);
        int[] targets = options.Target is not null ? reader.Columns("Target", options.Target)
            : [.. Enumerable.Range(0, Names.Count).Where(i => i != weight && !ignored.Contains(i)).TakeLast(1)];
        foreach (int t in targets)
            if (t == weight || ignored.Contains(t))
                Throw.Input($"{source.Name}, column '{Names[t]}'", "one use of a column",
                    "target and also ignored or weight", "Choose one of them.");
        int[] taken = [weight, .. targets, .. ignored];
        int[] places = [.. Enumerable.Range(0, Names.Count).Except(taken)];
        if (places.Length == 0 || targets.Length == 0)
            Throw.Input(source.Name, "at least one input column and a target",
                $"{Names.Count} column{(Names.Count == 1 ? "" : "s")}{source.TooFewColumns.Detail}",
                source.TooFewColumns.Remedy);

        inputs = FirstGuess(places);
        RowCollector rows = new(reader, inputs, weight, isKnown: false);
        TargetColumns target;
        do
        {
            target = targets.Length == 1 && options.Task != TableTask.Labels
                ? new SingleTarget(reader, targets[0], options.Task)
                : new SeveralTargets(reader, targets, options.Task);
            rows.Scan(target);
        }
        while (ChangesItsMind());
        var (description, classes, values) = target.Finish();
        if (description.IsClass && description.Classes.Count < 2)
            Throw.Input($"{source.Name}, target '{string.Join(", ", description.Names)}'", "at least two classes",
                $"'{description.Classes[0]}' in every row", "Name another column with --target.");
        (Column[] columns, int[] categories) = Collect(rows);
        float[] numbers = rows.Numeric();
        NoteNumbers(numbers, rows.Rows);
        var data = new Dataset(DataSource.NameOf(source.Name), columns, description, numbers, categories, classes,
            values,
            rows.Weights())
        {
            Source = source.Name,
        };
        return new DataReading(data, Summary(source, data)) { Notes = notes };
    }

    /// <summary>One line about a table that was read.</summary>
    public static string Summary(TableSource source, Dataset data)
    {
        IReadOnlyList<string> names = data.Target.Names;
        string kind = data.Target.IsClass ? $"{data.Target.Classes.Count} classes"
            : data.Target.IsMultiLabel ? $"{names.Count} labels"
            : names.Count == 1 ? "a number" : $"{names.Count} numbers";
        string goal = names.Count == 0 ? "no target"
            : $"target {(names.Count == 1 ? $"'{names[0]}'" : $"'{names[0]}' … '{names[^1]}'")} ({kind})";
        return $"{source.Name}: {data.Rows} rows{source.Layout}, {data.Inputs.Count} inputs, {goal}";
    }

    /// <summary>Columns are numbers until something else is seen, unless the first rows show nothing but
    /// text.</summary>
    private InputField[] FirstGuess(int[] places)
    {
        int[] categorical = reader.Columns("Categorical", options.Categorical);
        int[] numbers = reader.Columns("Numeric", options.NumericColumns);
        if (categorical.Intersect(numbers).ToArray() is [int both, ..])
            Throw.Input($"{source.Name}, column '{Names[both]}'", "one kind of a column",
                "categorical and also numeric", "Choose one of them.");
        return [.. places.Select(place =>
        {
            List<string> seen = [
                .. source.Sample.Where(f => place < f.Count && !reader.IsMissing(f[place])).Select(f => f[place])];
            bool isText = seen.Count > 0 && seen.TrueForAll(f => !reader.TryNumber(f, out _));
            FieldKind kind = categorical.Contains(place) ? FieldKind.Category
                : numbers.Contains(place) ? FieldKind.Number
                : seen.Count == 0 ? source.Declared(place) ?? FieldKind.Number
                : !isText ? FieldKind.Number
                : seen.TrueForAll(f => DateParts.TryParse(f, out _)) ? FieldKind.Date : FieldKind.Category;
            if (kind == FieldKind.Category && !categorical.Contains(place) && isText
                && seen.TrueForAll(f => DateParts.IsAmbiguous(f)))
                Throw.Input($"{source.Name}, column '{Names[place]}'", "dates such as 2026-11-25",
                    $"'{FieldReader.Shortened(seen[0])}', whose day and month may be either", "Write them as "
                    + $"2026-11-25 or 25.11.2026, say --categorical {Names[place]} if they are names, or leave the "
                    + $"column out with --ignore {Names[place]}.");
            bool wrongMark = isText && kind == FieldKind.Category && !categorical.Contains(place)
                && seen.TrueForAll(reader.LooksLikeNumber);
            return new InputField(place, Names[place], wrongMark ? FieldKind.Number : kind)
            {
                IsFixed = wrongMark || categorical.Contains(place) || numbers.Contains(place),
            };
        })];
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
                && (field.IsFixed || reader.LooksLikeNumber(text)
                || (field.HasManyNumbers && field.Numbers >= 9L * field.Texts));
            if (isMistake) reader.Refuse(at, field.Place, text, field.Numbers);
            if (!source.CanBeReadAgain)
                Throw.Input($"{source.Name}, {source.Unit} {at}, column '{field.Name}'",
                    field.Kind == FieldKind.Date ? "a date as in the first rows" : "a number as in the first rows",
                    $"'{FieldReader.Shortened(text)}'", "These rows can be read only once: say --categorical "
                    + $"{field.Name} if the values are names, or correct it.");
            field.Kind = FieldKind.Category;
            again = true;
        }
        return again;
    }

    /// <summary>The columns and the category codes in their last form; what is left out is noted.</summary>
    private (Column[] Columns, int[] Codes) Collect(RowCollector rows)
    {
        InputField[] categories = [.. inputs.Where(f => f.Kind == FieldKind.Category)];
        foreach (InputField field in categories)
        {
            bool isName = rows.Rows > 20 && !field.IsFixed && field.DifferentTexts > rows.Rows / 2;
            if (isName) field.Dropped = $"{field.DifferentTexts} different texts in {rows.Rows}"
                + $" rows look like names or numbers of the rows";
        }
        if (inputs.All(f => f.Dropped is not null))
            Throw.Input(source.Name, "an input column whose values come more than once",
                string.Join(", ", inputs.Select(f => f.Name)),
                "Say --categorical COLS to use one as it is.");
        int most = InputField.MostFor(categories.Count(
            f => f.Dropped is null && f.DifferentTexts > InputField.FewCategories));
        IReadOnlyList<string> marks = options.Missing ?? [];
        List<Column> columns = [];
        int[]?[] places = new int[categories.Length][];
        for (int i = 0, c = 0; i < inputs.Length; i++)
        {
            InputField field = inputs[i];
            if (field.Kind == FieldKind.Number) columns.Add(new(field.Name) { MissingMarks = marks });
            else if (field.Kind == FieldKind.Date) columns.AddRange(
                DateParts.Names.Select(part => new Column($"{field.Name}.{part}") { MissingMarks = marks }));
            else if (field.Dropped is not null) c++;
            else
            {
                (string[] names, places[c]) = field.Categories(most);
                if (names.Length < field.DifferentTexts)
                    notes.Add($"'{field.Name}': the {names.Length} most frequent of {field.DifferentTexts}"
                        + $" categories are used, the others count as unknown (--ignore {field.Name} leaves the column"
                        + " out)");
                columns.Add(new(field.Name, ColumnKind.Category, names) { MissingMarks = marks });
                c++;
            }
        }
        int kept = places.Count(p => p is not null), at = 0;
        int[] raw = rows.Codes(), result = new int[kept * rows.Rows];
        for (int row = 0; row < rows.Rows; row++)
            for (int c = 0; c < places.Length; c++)
                if (places[c] is int[] place) result[at++] = raw[row * places.Length + c] is >= 0 and int code
                    ? place[code] : -1;
        NoteKinds();
        return ([.. columns], result);
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
                $"'{field.Name}' is left out: {why} (--categorical {field.Name} takes it as it is)");
    }

    /// <summary>Columns of numbers that tell nothing or look like the number of a row: they stay, and are
    /// said.</summary>
    private void NoteNumbers(float[] numbers, int rows)
    {
        List<InputField> counting = [];
        int width = inputs.Sum(f => f.Kind == FieldKind.Number ? 1 : f.Kind == FieldKind.Date ? DateParts.Names.Length
            : 0), at = 0;
        foreach (InputField field in inputs)
        {
            if (field.Kind == FieldKind.Number && rows > 20 && IsAnotherInEachRow(numbers, at, width))
                counting.Add(field);
            at += field.Kind == FieldKind.Number ? 1 : field.Kind == FieldKind.Date ? DateParts.Names.Length : 0;
        }
        InputField[] number = [.. inputs.Where(f => f.Kind == FieldKind.Number)];
        Note("no value at all in", number.Where(f => f.Missing == rows).Select(f => f.Name));
        Note("the same number in every row of",
            number.Where(f => f.Missing == 0 && f.HasOneNumber).Select(f => f.Name));
        Note("whole numbers, another in every row, as numbers of rows are (--ignore leaves them out)",
            counting.Select(f => f.Name));
    }

    private static bool IsAnotherInEachRow(float[] numbers, int column, int width)
    {
        // Most columns show in their first rows that they are something else.
        HashSet<float> seen = [];
        for (int i = column; i < numbers.Length; i += width)
            if (numbers[i] != MathF.Floor(numbers[i]) || !seen.Add(numbers[i])) return false;
        return true;
    }

    private void Note(string what, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length > 0) notes.Add($"{what}: {string.Join(", ", all.Take(20))}"
            + $"{(all.Length > 20 ? $" and {all.Length - 20} more" : "")}");
    }
}
