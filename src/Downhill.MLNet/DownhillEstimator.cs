using Microsoft.ML;
using Microsoft.ML.Data;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Downhill.MLNet;

/// <summary>
/// Trains a <see cref="Model"/> inside an ML.NET pipeline. The rows are read into memory once; all of them train unless
/// <see cref="FitOptions.TestShare"/> or <see cref="FitOptions.ValidationShare"/> hold some out.
/// </summary>
public sealed class DownhillEstimator : IEstimator<DownhillTransformer>
{
    private readonly FitOptions options;

    internal DownhillEstimator(MLTask task, MLColumns columns, FitOptions? options)
    {
        (Task, Columns) = (task, columns);
        // ML.NET's users split their data themselves.
        this.options = (options ?? new()) is { TestShare: null, Test: null } whole ? whole with { TestShare = 0 }
            : options!;
    }

    public MLTask Task { get; }
    public MLColumns Columns { get; }

    /// <summary>What the last <see cref="Fit"/> reported: history, measures, why it stopped. Null before.</summary>
    public FitResult? LastFit { get; private set; }

    /// <summary>Trains on all rows of the view.</summary>
    /// <exception cref="DownhillException">A column that is missing or of another type, a value that is missing or not
    /// finite, options that do not fit.</exception>
    public DownhillTransformer Fit(IDataView input)
    {
        (Dataset data, LabelKeys? keys) = MLRows.Read(input, Task, Columns);
        LastFit = Model.Fit(data, options);
        return new DownhillTransformer(LastFit.Model, Task, Columns, keys);
    }

    /// <summary>The columns a fitted model will add, and a check of those it reads.</summary>
    /// <exception cref="DownhillException">A column that is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        SchemaShape.Column features = Find(inputSchema, Columns.Features);
        if (features.Kind != VectorKind.Vector || features.ItemType != NumberDataViewType.Single || features.IsKey)
            MLRows.Refuse(Columns.Features, "a vector of a known number of Single", Describe(features),
                "Concatenate the inputs, or convert them with Conversion.ConvertType.");
        SchemaShape.Column label = Find(inputSchema, Columns.Label);
        bool fits = label.Kind == VectorKind.Scalar && Task switch
        {
            MLTask.Multiclass => label.IsKey,
            MLTask.Binary => label.ItemType == BooleanDataViewType.Instance,
            _ => label.ItemType == NumberDataViewType.Single && !label.IsKey,
        };
        if (!fits) MLRows.RefuseLabel(Task, Columns.Label, Describe(label));
        if (Columns.Weight is string weight && Find(inputSchema, weight) is var column
            && (column.Kind != VectorKind.Scalar || column.ItemType != NumberDataViewType.Single))
            MLRows.Refuse(weight, "a Single", Describe(column), "Convert it with Conversion.ConvertType.");
        bool hasNames = Task == MLTask.Multiclass && label.Annotations.Any(a => a.Name == "KeyValues");
        LabelKeys? keys = hasNames
            ? LabelKeys.Placeholder(label.Annotations.First(a => a.Name == "KeyValues").ItemType) : null;
        return RowMapping.Shape(inputSchema, Task, Columns, keys);
    }

    private static SchemaShape.Column Find(SchemaShape schema, string name)
    {
        foreach (SchemaShape.Column column in schema)
            if (column.Name == name) return column;
        MLRows.Refuse(name, "a column of that name", $"only {string.Join(", ", schema.Select(c => c.Name))}",
            "Name the column that holds it.");
        return default;
    }

    private static string Describe(SchemaShape.Column column) =>
        $"{column.Kind} of {(column.IsKey ? "key" : column.ItemType.ToString())}".ToLowerInvariant();
}
