using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Downhill.MLNet;

/// <summary>Reads the rows of a view into a <see cref="Dataset"/>.</summary>
internal static class MLRows
{
    /// <exception cref="DownhillException">A column that is missing or of another type, a value that is missing or not
    /// finite.</exception>
    public static (Dataset Data, LabelKeys? Keys) Read(IDataView view, MLTask task, MLColumns columns)
    {
        DataViewSchema.Column features = Features(view.Schema, columns.Features);
        DataViewSchema.Column label = Find(view.Schema, columns.Label);
        DataViewSchema.Column? weight = columns.Weight is null ? null : Find(view.Schema, columns.Weight);
        CheckLabel(task, label);
        if (weight is { } w && w.Type != NumberDataViewType.Single)
            Refuse(w.Name, "a Single", $"{w.Type}", "Convert it with Conversion.ConvertType.");
        int width = ((VectorDataViewType)features.Type).Size;
        LabelKeys? keys = task == MLTask.Multiclass ? LabelKeys.Read(label) : null;
        Column[] inputs = [.. Names(features, width).Select(name => new Column(name))];
        List<float> numbers = [], values = [], weights = [];
        List<int> classes = [];
        using (DataViewRowCursor cursor = view.GetRowCursor(weight is { } counted ? [features, label, counted]
            : [features, label]))
        {
            ValueGetter<VBuffer<float>> row = cursor.GetGetter<VBuffer<float>>(features);
            Action read = Label(cursor, label, task, classes, values);
            ValueGetter<float>? weigh = weight is { } c ? cursor.GetGetter<float>(c) : null;
            VBuffer<float> buffer = default;
            while (cursor.MoveNext())
            {
                row(ref buffer);
                int place = 0;
                foreach (float value in buffer.DenseValues())
                {
                    if (!float.IsFinite(value))
                        Refuse($"{columns.Features}', row {cursor.Position + 1}, input '{inputs[place].Name}",
                            "a finite number",
                            value.ToString(CultureInfo.InvariantCulture),
                                "Fill gaps before, for example with Transforms.ReplaceMissingValues.");
                    numbers.Add(value);
                    place++;
                }
                read();
                if (weigh is null) continue;
                float counts = 0;
                weigh(ref counts);
                weights.Add(counts);
            }
        }
        Target target = task switch
        {
            MLTask.Multiclass => new([label.Name], keys?.Names ?? Numbered((KeyDataViewType)label.Type)),
            MLTask.Binary => new([label.Name], ["false", "true"]),
            _ => new([label.Name], []),
        };
        return (new Dataset(label.Name, inputs, target, [.. numbers], [], [.. classes], [.. values], weight is null
            ? null : [.. weights]), keys);
    }

    /// <summary>The vector of inputs, checked.</summary>
    public static DataViewSchema.Column Features(DataViewSchema schema, string name, int? width = null)
    {
        DataViewSchema.Column column = Find(schema, name);
        if (column.Type is not VectorDataViewType { Size: > 0 } vector || vector.ItemType != NumberDataViewType.Single)
            Refuse(name, "a vector of a known number of Single", $"{column.Type}",
                "Concatenate the inputs, or convert them with Conversion.ConvertType.");
        else if (width is int wanted && vector.Size != wanted)
            Refuse(name, $"{wanted} numbers, as the model was trained on", $"{vector.Size}",
                "Prepare the rows as they were for training.");
        return column;
    }

    [DoesNotReturn]
    public static void Refuse(string column, string expected, string got, string remedy) =>
        throw new DownhillException($"Column '{column}': expected {expected}, got {got}. {remedy}");

    [DoesNotReturn]
    public static void RefuseLabel(MLTask task, string name, string got)
    {
        (string expected, string remedy) = task switch
        {
            MLTask.Multiclass => ("a key", "Append Conversion.MapValueToKey before the trainer."),
            MLTask.Binary => ("a Boolean", "Convert it with Conversion.ConvertType, or use MulticlassClassification."),
            _ => ("a Single", "Convert it with Conversion.ConvertType."),
        };
        Refuse(name, expected, got, remedy);
    }

    private static void CheckLabel(MLTask task, DataViewSchema.Column label)
    {
        bool fits = task switch
        {
            MLTask.Multiclass => label.Type is KeyDataViewType,
            MLTask.Binary => label.Type == BooleanDataViewType.Instance,
            _ => label.Type == NumberDataViewType.Single,
        };
        if (!fits) RefuseLabel(task, label.Name, $"{label.Type}");
    }

    private static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        if (schema.GetColumnOrNull(name) is { } column) return column;
        Refuse(name, "a column of that name", $"only {string.Join(", ", schema.Select(c => c.Name))}",
            "Name the column that holds it.");
        return default;
    }

    /// <summary>Reads one label into the classes or the values.</summary>
    private static Action Label(
        DataViewRowCursor cursor, DataViewSchema.Column label, MLTask task, List<int> classes, List<float> values)
    {
        switch (task)
        {
            case MLTask.Binary:
                ValueGetter<bool> answer = cursor.GetGetter<bool>(label);
                return () =>
                {
                    bool value = false;
                    answer(ref value);
                    classes.Add(value ? 1 : 0);
                };
            case MLTask.Regression:
                ValueGetter<float> number = cursor.GetGetter<float>(label);
                return () =>
                {
                    float value = 0;
                    number(ref value);
                    if (!float.IsFinite(value)) Missing(cursor, label);
                    values.Add(value);
                };
            default:
                Func<ulong> key = Key(cursor, label);
                return () =>
                {
                    ulong value = key();
                    if (value == 0) Missing(cursor, label); // keys count from 1; 0 is a missing one
                    classes.Add((int)value - 1);
                };
        }
    }

    private static Func<ulong> Key(DataViewRowCursor cursor, DataViewSchema.Column label)
    {
        if (label.Type.RawType == typeof(uint)) return Read<uint>(v => v);
        if (label.Type.RawType == typeof(byte)) return Read<byte>(v => v);
        if (label.Type.RawType == typeof(ushort)) return Read<ushort>(v => v);
        return Read<ulong>(v => v);

        Func<ulong> Read<TKey>(Func<TKey, ulong> wide) where TKey : struct
        {
            ValueGetter<TKey> getter = cursor.GetGetter<TKey>(label);
            return () =>
            {
                TKey value = default;
                getter(ref value);
                return wide(value);
            };
        }
    }

    [DoesNotReturn]
    private static void Missing(DataViewRowCursor cursor, DataViewSchema.Column label) => Refuse(
        $"{label.Name}', row {cursor.Position + 1}, '", "a label", "a missing one",
            "Leave such rows out with Data.FilterRowsByMissingValues.");

    /// <summary>The names of a vector's places, or x1, x2 … without them.</summary>
    private static IEnumerable<string> Names(DataViewSchema.Column features, int width)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        bool named = features.HasSlotNames();
        if (named) features.GetSlotNames(ref names);
        ReadOnlyMemory<char>[] all = named ? [.. names.DenseValues()] : [];
        for (int i = 0; i < width; i++) yield return named && all[i].Length > 0 ? all[i].ToString() : $"x{i + 1}";
    }

    private static string[] Numbered(KeyDataViewType type) =>
        [.. Enumerable.Range(1, checked((int)type.Count)).Select(i => $"{i}")];
}
