using System.Text;

namespace Downhill.Graph;

/// <summary>Graphs as Graphviz text, evaluations as lines of arithmetic.</summary>
internal static class Drawing
{
    private const string Digits = "G6";

    internal static string Dot(Expr root, Evaluation? values)
    {
        var text = new StringBuilder("digraph formula {\n  rankdir=LR;\n  node [fontname=\"serif\"];\n");
        var number = new Dictionary<Expr, int>();
        foreach (Expr node in root.Nodes())
        {
            int n = number[node] = number.Count;
            string label = node.Operation == Operation.Constant ? node.Name ?? Formula.Of(node, _ => null)
                : node.Operation == Operation.Variable ? node.Name!
                : node.Name is null ? node.Operation.Name : $"{node.Name}: {node.Operation.Name}";
            if (values is not null && (node.Operation != Operation.Constant || node.Name is not null))
            {
                label += " = " + Formula.Matrix(values[node], Digits);
            }
            string shape = node.Operation == Operation.Variable ? "ellipse"
                : node.Operation == Operation.Constant ? "plaintext" : "box";
            text.Append($"  n{n} [label=\"{label.Replace("\\", "\\\\").Replace("\"", "\\\"")}\", shape={shape}];\n");
            foreach (Expr operand in node.Operands) text.Append($"  n{number[operand]} -> n{n};\n");
        }
        return text.Append("}\n").ToString();
    }

    internal static string Trace(Evaluation values)
    {
        Expr root = values.Root;
        IReadOnlyList<Expr> nodes = root.Nodes();
        var ones = new double[root.Rows, root.Columns];
        for (int i = 0; i < root.Rows; i++)
        {
            for (int j = 0; j < root.Columns; j++) ones[i, j] = 1;
        }
        Expr[] variables = [.. nodes.Where(node => node.Operation == Operation.Variable)];
        double[,]?[] derivatives = values.Sweep(root, ones, variables, out _);

        // Nodes without a name are numbered; constants without one stand in the formulas as what they are.
        var labels = new Dictionary<Expr, string?>();
        int unnamed = 0;
        foreach (Expr node in nodes)
        {
            labels[node] = node.Name ?? (node.Operation == Operation.Constant ? null : $"#{++unnamed}");
        }
        var lines = new List<(string Value, string Derivative)>();
        for (int n = 0; n < nodes.Count; n++)
        {
            Expr node = nodes[n];
            if (labels[node] is not { } label) continue;
            string formula = node.Operands.Count == 0 ? "" : $" = {Formula.Of(node, operand => labels[operand])}";
            lines.Add(($"{label}{formula} = {Formula.Matrix(values[node], Digits)}",
                derivatives[n] is { } d ? $"   ∂{labels[root]}/∂{label} = {Formula.Matrix(d, Digits)}" : ""));
        }
        int width = Math.Min(60, lines.Select(line => line.Value.Length).DefaultIfEmpty().Max());
        return string.Concat(lines.Select(line => (line.Value.PadRight(width) + line.Derivative).TrimEnd() + "\n"));
    }
}
