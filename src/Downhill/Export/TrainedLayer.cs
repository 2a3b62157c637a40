using Downhill.Graph;

namespace Downhill;

/// <summary>A layer of a model together with its numbers, as an export sees it.</summary>
/// <param name="Layer">The description.</param>
/// <param name="Inputs">I.</param>
/// <param name="Outputs">O.</param>
/// <param name="Tensors">One matrix per tensor of <see cref="Layer.Parameters"/>; absent links are 0.</param>
/// <param name="Names">Of the tensors, as in a model file: "layers.0.weight".</param>
/// <param name="Buffers">Running statistics.</param>
internal sealed record TrainedLayer(
    Layer Layer, int Inputs, int Outputs, IReadOnlyList<double[,]> Tensors, IReadOnlyList<string> Names,
        double[] Buffers)
{
    /// <summary>The layers of a model, from input to output.</summary>
    public static IReadOnlyList<TrainedLayer> Of(Model model)
    {
        List<TrainedLayer> layers = [];
        int width = model.Spec.Inputs, buffer = 0;
        for (int index = 0; index < model.Spec.Layers.Count; index++)
        {
            Layer layer = model.Spec.Layers[index];
            Segment[] segments = [.. model.Spec.Segments.Where(s => s.Layer == index)];
            int length = layer.BufferLength(width);
            double[] buffers = new double[length];
            for (int i = 0; i < length; i++) buffers[i] = model.Buffers[buffer + i];
            double[][,] tensors = [.. segments.Select(s => Matrix(s, model.Parameters))];
            layers.Add(
                new(Plain(layer, tensors), width, layer.Outputs(width), tensors, [.. segments.Select(s => s.Name)],
                buffers));
            buffer += length;
            width = layer.Outputs(width);
        }
        return layers;
    }

    /// <summary>The layer's prediction for one row x [1,I], with its numbers in it as constants.</summary>
    public Expr Define(Expr x) => Layer.Define(x, [.. Tensors.Select(Expr.Constant)], Buffers);

    /// <summary>A forward scale goes into the weights: elsewhere they are what the inputs are multiplied
    /// with.</summary>
    private static Layer Plain(Layer layer, double[][,] tensors)
    {
        if (layer is not Dense { ForwardScale: not ForwardScale.None } dense) return layer;
        double[,] weights = tensors[0];
        int inputs = weights.GetLength(0);
        for (int unit = 0; unit < dense.Units; unit++)
        {
            double factor = dense.SumFactor(inputs, unit);
            for (int i = 0; i < inputs; i++) weights[i, unit] *= factor;
        }
        return dense with { ForwardScale = ForwardScale.None };
    }

    private static double[,] Matrix(Segment segment, ReadOnlySpan<float> parameters)
    {
        double[,] matrix = new double[segment.Shape.Rows, segment.Shape.Columns];
        for (int i = 0; i < segment.Length; i++)
            matrix[i / segment.Shape.Columns, i % segment.Shape.Columns] = parameters[segment.Offset + i];
        return matrix;
    }
}
