namespace Downhill.Data;

/// <summary>A table for a model that exists: the model says which columns there are and what they hold.</summary>
internal sealed class ModelTable(TableSource source, TableOptions options)
{
    private readonly FieldReader reader = new(source, options, isForModel: true);
    private InputField[] inputs = [];
    private int[] targets = [];
    private int weight = -1;

    private IReadOnlyList<string> Names => source.Names;

    /// <summary>Reads it.</summary>
    /// <param name="model">The model's raw input columns.</param>
    /// <param name="target">The model's target; its classes are the known ones.</param>
    /// <param name="needTarget">Whether a table without the target column is refused.</param>
    public DataReading Read(IReadOnlyList<Column> model, Target target, bool needTarget)
    {
        weight = options.Weight is null ? -1 : reader.Single("Weight", options.Weight);
        targets = reader.Columns("Target", options.Target);
        if (source.HasHeader) MatchByName(model, target);
        else MatchByPosition(model, target);
        if (targets.Length == 0 && needTarget)
            Throw.Input(source.Name, $"the target column '{string.Join(", ", target.Names)}'",
                $"columns {ColumnSelection.Listed(Names)}",
                "Name it with --target, or use predict, which needs none.");
        TargetColumns? columns = targets.Length == 0 ? null
            : target.IsClass && targets.Length == 1 ? new KnownClasses(reader, targets[0], target)
            : new SeveralTargets(reader, targets, target.IsClass ? TableTask.Classify
                : target.IsMultiLabel ? TableTask.Labels : TableTask.Regress, isKnown: true);
        int wanted = target.IsClass ? target.Classes.Count : target.Names.Count;
        if (columns is SeveralTargets && targets.Length != wanted)
            Throw.Input(source.Name, $"{wanted} target columns, as in the model",
                $"{targets.Length}", "Give the same columns with --target.");
        RowCollector rows = new(reader, inputs, weight, isKnown: true);
        rows.Scan(columns);
        var (_, classes, values) = columns?.Finish() ?? (target, [], []);
        List<string> notes = [];
        foreach (InputField field in inputs)
            if (field.Unknown > 0)
                notes.Add($"{field.Unknown} values in '{field.Name}' that the model does not know, such as '"
                    + $"{FieldReader.Shortened(field.FirstUnknown!)}', count as unknown");
        var data = new Dataset(DataSource.NameOf(source.Name), model, columns is null ? new Target([], []) : target,
            rows.Numeric(), rows.Codes(), classes, values, rows.Weights())
        {
            Source = source.Name,
        };
        return new DataReading(data, TrainingTable.Summary(source, data)) { Notes = notes };
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
                Throw.Input(source.Header, $"the model's input column '{column.Name}'",
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
            Throw.Input(source.Name, $"{model.Length} input columns, or {all} with the target, in the model's order",
                $"{Names.Count} columns and no header",
                "Add a line with the column names, or the columns that are missing.");
        }
        inputs = Fields([.. model.Select((m, i) => (m.Column, chosen[i], m.Part))]);
    }
}
