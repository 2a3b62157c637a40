using Downhill.Graph;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>
/// Layers as nodes: what ONNX has an operator for becomes that, everything else is composed from the expression that
/// defines it, a user's own layers and activations included.
/// </summary>
internal static class LayerNodes
{
    /// <summary>Adds a layer; the result is its output [N,O].</summary>
    /// <param name="graph">Where to add it.</param>
    /// <param name="rows">Its input [N,I].</param>
    /// <param name="index">Its place, 0 for the first.</param>
    /// <param name="layer">The layer with its numbers.</param>
    public static string Add(GraphWriter graph, string rows, int index, TrainedLayer layer)
    {
        string name = $"layers.{index}";
        switch (layer.Layer)
        {
            case Dropout:
                return rows;
            case Dense dense:
                List<string> inputs = [rows, graph.Numbers(layer.Names[0], layer.Tensors[0])];
                if (dense.HasBias) inputs.Add(Vector(graph, layer.Names[1], layer.Tensors[1]));
                string field = dense.HasBias ? graph.Node("Gemm", $"{name}.field", inputs)
                    : graph.Node("MatMul", $"{name}.field", inputs);
                return Activate(graph, field, dense.Activation, name, dense.Units);
            case BatchNorm norm:
                double[,] mean = new double[1, layer.Inputs], variance = new double[1, layer.Inputs];
                for (int i = 0; i < layer.Inputs; i++)
                    (mean[0, i], variance[0, i]) = (layer.Buffers[i], layer.Buffers[layer.Inputs + i]);
                string normalised = graph.Node("BatchNormalization", $"{name}.normalised",
                    [rows, Vector(graph, layer.Names[0], layer.Tensors[0]),
                        Vector(graph, layer.Names[1], layer.Tensors[1]),
                        Vector(graph, $"{name}.mean", mean), Vector(graph, $"{name}.variance", variance)],
                    GraphWriter.Attribute("epsilon", (float)norm.Epsilon));
                return Activate(graph, normalised, norm.Activation, name, layer.Outputs);
            default:
                Expr x = Expr.Variable("x", 1, layer.Inputs);
                return new ExprNodes(graph, name).Add(layer.Define(x), x, rows);
        }
    }

    private static string Activate(GraphWriter graph, string field, Activation activation, string name, int units)
    {
        if (activation.Name == "identity") return field;
        if (Operator(activation) is (string operation, AttributeProto[] attributes))
            return graph.Node(operation, $"{name}.{activation.Name}", [field], attributes);
        // Element-wise, so one column stands for all; anything else sees its row.
        Expr v = activation.IsElementwise ? Expr.Variable("v") : Expr.Variable("v", 1, units);
        return new ExprNodes(graph, $"{name}.{activation.Name}").Add(activation.Define(v), v, field);
    }

    /// <summary>The standard operator that computes exactly this activation, or null.</summary>
    private static (string Operation, AttributeProto[] Attributes)? Operator(Activation activation)
    {
        double Argument(string parameter) => activation.Arguments[activation.IndexOf(parameter)];
        return activation.Name switch
        {
            "sigmoid" when (Argument("x"), Argument("y"), Argument("z")) is (1, 0, 0) => ("Sigmoid", []),
            "tanh" => ("Tanh", []),
            "relu" => ("Relu", []),
            "leaky_relu" => ("LeakyRelu", [GraphWriter.Attribute("alpha", (float)Argument("slope"))]),
            "elu" => ("Elu", [GraphWriter.Attribute("alpha", (float)Argument("alpha"))]),
            "selu" => ("Selu", []),
            "gelu" => ("Gelu", []),
            "gelu_tanh" => ("Gelu", [GraphWriter.Attribute("approximate", "tanh")]),
            "mish" => ("Mish", []),
            "softplus" => ("Softplus", []),
            "softsign" => ("Softsign", []),
            "hard_sigmoid" => ("HardSigmoid",
                [GraphWriter.Attribute("alpha", (float)Argument("slope")), GraphWriter.Attribute("beta", 0.5f)]),
            "softmax" => ("Softmax", [GraphWriter.Attribute("axis", 1)]),
            _ => null,
        };
    }

    private static string Vector(GraphWriter graph, string name, double[,] row)
    {
        float[] values = new float[row.Length];
        for (int i = 0; i < values.Length; i++) values[i] = (float)row[0, i];
        return graph.Numbers(name, values, values.Length);
    }
}
