using Downhill.Graph;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>An expression over one row as nodes over [N, …] rows; parts without the variable become
/// constants.</summary>
/// <param name="graph">Where to add them.</param>
/// <param name="name">What the nodes' names start with.</param>
internal sealed class ExprNodes(GraphWriter graph, string name)
{
    private static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["Add"] = "Add", ["Subtract"] = "Sub", ["Multiply"] = "Mul", ["Divide"] = "Div", ["Negate"] = "Neg",
        ["Exp"] = "Exp",
        ["Log"] = "Log", ["Tanh"] = "Tanh", ["Sin"] = "Sin", ["Cos"] = "Cos", ["Sqrt"] = "Sqrt", ["Abs"] = "Abs",
        ["Sign"] = "Sign", ["Erf"] = "Erf", ["Pow"] = "Pow", ["Sigmoid"] = "Sigmoid", ["Softplus"] = "Softplus",
        ["Max"] = "Max",
        ["Min"] = "Min", ["Less"] = "Less", ["LessOrEqual"] = "LessOrEqual", ["MatMul"] = "MatMul",
    };

    private readonly Dictionary<Expr, string> values = [], conditions = [];

    /// <summary>Adds the nodes; the result is the value of <paramref name="root"/> for every row.</summary>
    /// <param name="root">The expression.</param>
    /// <param name="variable">Its only variable.</param>
    /// <param name="rows">What the variable stands for.</param>
    /// <exception cref="DownhillException">It adds over the rows, or has an operation without a
    /// counterpart.</exception>
    public string Add(Expr root, Expr variable, string rows)
    {
        HashSet<Expr> varying = [variable];
        foreach (Expr node in root.Nodes())
            if (node.Operands.Any(varying.Contains)) varying.Add(node);
        values[variable] = rows;
        if (!varying.Contains(root)) Refuse(root);
        foreach (Expr node in root.Nodes())
        {
            if (node == variable || !varying.Contains(node)) continue;
            foreach (Expr operand in node.Operands)
                if (!varying.Contains(operand) && !values.ContainsKey(operand)) values[operand] = Constant(operand);
            // A comparison is a number only where somebody calculates with it.
            bool isNumber = node == root || root.Nodes().Any(user =>
                user.Operands.Skip(user.Operation == Operation.Select ? 1 : 0).Contains(node));
            AddOne(node, varying, isNumber);
        }
        return values[root];
    }

    private void AddOne(Expr node, HashSet<Expr> varying, bool isNumber)
    {
        string operation = node.Operation.Name;
        string[] operands = [.. node.Operands.Select(o => values.GetValueOrDefault(o, ""))];
        string label = $"{name}.{operation.ToLowerInvariant()}";
        if (operation is "Less" or "LessOrEqual")
        {
            conditions[node] = graph.Node(Plain[operation], label, operands);
            if (isNumber) values[node] = graph.Cast(conditions[node], TensorProto.Types.DataType.Float,
                $"{label}.number");
            return;
        }
        if (operation == "MatMul" && varying.Contains(node.Operands[1])) Refuse(node);
        values[node] = operation switch
        {
            "Square" => graph.Node("Mul", label, [operands[0], operands[0]]),
            "Log1P" =>
                graph.Node("Log", label, [graph.Node("Add", $"{label}.one_more", [operands[0], graph.Number(1)])]),
            "Select" =>
                graph.Node("Where", label, [Condition(node.Operands[0], operands[0]), operands[1], operands[2]]),
            "RowSum" => graph.Node("ReduceSum", label, [operands[0], graph.Integers([1])]),
            "RowMax" => graph.Node("ReduceMax", label, [operands[0], graph.Integers([1])]),
            "LogSumExp" => graph.Node("ReduceLogSumExp", label, [operands[0], graph.Integers([1])]),
            "Softmax" => graph.Node("Softmax", label, operands, GraphWriter.Attribute("axis", 1)),
            _ when Plain.TryGetValue(operation, out string? plain) => graph.Node(plain, label, operands),
            _ => Refuse(node),
        };
    }

    private string Condition(Expr node, string value) => conditions.TryGetValue(node, out string? condition) ? condition
        : conditions[node] = graph.Cast(value, TensorProto.Types.DataType.Bool, $"{name}.condition");

    private string Constant(Expr node)
    {
        Evaluation value = node.Evaluate();
        return node.IsScalar ? graph.Number((float)value.Scalar(node)) : graph.Numbers($"{name}.constant", value[node]);
    }

    private string Refuse(Expr node) => Throw.Input<string>($"ONNX export, {name}",
        "operations on one row at a time that ONNX has", $"{node.Operation}", "Define the layer row by row.");
}
