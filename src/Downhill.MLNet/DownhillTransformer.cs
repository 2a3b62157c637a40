using Microsoft.ML;
using Microsoft.ML.Data;

namespace Downhill.MLNet;

/// <summary>
/// A fitted <see cref="Downhill.Model"/> inside an ML.NET pipeline. May be used from several threads at once.
/// </summary>
public sealed class DownhillTransformer : ITransformer
{
    private readonly ITransformer mapping;

    internal DownhillTransformer(Model model, MLTask task, MLColumns columns, LabelKeys? keys)
    {
        (Model, Task, Columns, Keys) = (model, task, columns, keys);
        mapping = RowMapping.Of(model, task, columns, keys);
    }

    /// <summary>The model itself, for everything that Downhill can do with it: save, inspect, export.</summary>
    public Model Model { get; }

    public MLTask Task { get; }
    public MLColumns Columns { get; }
    internal LabelKeys? Keys { get; }

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The input's columns and those that the model adds.</summary>
    /// <exception cref="DownhillException">The features are missing, of another type or another length.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        Check(inputSchema);
        return mapping.GetOutputSchema(inputSchema);
    }

    /// <summary>Predicts row by row as the result is read.</summary>
    /// <exception cref="DownhillException">The features are missing, of another type or another length.</exception>
    public IDataView Transform(IDataView input)
    {
        Check(input.Schema);
        return mapping.Transform(input);
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        Check(inputSchema);
        return mapping.GetRowToRowMapper(inputSchema);
    }

    /// <summary>Refuses: only ML.NET's own parts can write into its model files.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        "mlContext.Model.Save cannot write a Downhill model: ML.NET keeps the hooks for its files to itself. "
        + "Use MLChain.Save(mlContext, model, schema, path), which keeps the whole chain in one file.");

    private void Check(DataViewSchema schema) =>
        MLRows.Features(schema, Columns.Features, Model.Preparation.NumericCount);
}
