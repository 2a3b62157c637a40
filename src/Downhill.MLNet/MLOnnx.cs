using Downhill.Onnx;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Downhill.MLNet;

/// <summary>
/// A fitted model as ML.NET's own ONNX transformer: ONNX Runtime computes it, on a GPU where its package is that for one,
/// and <c>mlContext.Model.Save</c> writes it. The app must hold a package of ONNX Runtime (Microsoft.ML.OnnxRuntime).
/// </summary>
public static class MLOnnx
{
    /// <summary>The graph's input, one tensor.</summary>
    private const string Input = "input";

    /// <summary>Writes the model as an ONNX file and gives a transformer that runs it.</summary>
    /// <param name="transformer">The fitted model.</param>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="path">The ONNX file to write; ML.NET copies it into its own file when it saves.</param>
    /// <returns>
    /// A chain that reads the features and adds the graph's outputs: <c>label</c> and <c>probabilities</c> (or
    /// <c>scores</c>) for classes, <c>values</c> for numbers.
    /// </returns>
    /// <exception cref="DownhillException">The file cannot be written, or a layer has no ONNX form.</exception>
    public static ITransformer ToOnnx(this DownhillTransformer transformer, MLContext context, string path)
    {
        OnnxExport.Save(transformer.Model, path, new() { Inputs = OnnxInputs.Tensor });
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnName = transformer.Columns.Features;
        schema[nameof(Row.Features)].ColumnType =
            new VectorDataViewType(NumberDataViewType.Single, transformer.Model.Preparation.NumericCount);
        IDataView empty = context.Data.LoadFromEnumerable(Array.Empty<Row>(), schema);
        string[] outputs = transformer.Task == MLTask.Regression ? ["values"]
            : ["label", transformer.Model.GivesProbabilities ? "probabilities" : "scores"];
        return context.Transforms.CopyColumns(Input, transformer.Columns.Features)
            .Append(context.Transforms.ApplyOnnxModel(outputs, [Input], path)).Fit(empty);
    }

#pragma warning disable CA1812, CS0649 // ML.NET makes the rows.
    private sealed class Row
    {
        public VBuffer<float> Features;
    }
#pragma warning restore CA1812, CS0649
}
