using Downhill.Graph;

namespace Downhill.Playground;

/// <summary>A node of a <see cref="CostGraph"/>.</summary>
/// <param name="Id">Its place.</param>
/// <param name="Name">What people call it; empty for a step without a symbol.</param>
/// <param name="Operation">As in <see cref="Expr.Operation"/>; "Element" takes one number out of a row, "Row" puts
/// numbers together.</param>
/// <param name="Formula">In terms of its operands' names.</param>
/// <param name="Layer">Layer of units, −1 before the first, one more than the last for the cost.</param>
/// <param name="Kind">"input", "weight", "constant" or "value".</param>
/// <param name="Value">[r,c].</param>
/// <param name="Derivative">∂L by it, of its shape; null where nobody asks.</param>
/// <param name="From">Its operands.</param>
internal sealed record CostNode(int Id, string Name, string Operation, string Formula, int Layer, string Kind,
    double[,] Value, double[,]? Derivative, IReadOnlyList<int> From);

/// <summary>
/// The cost of one example as a graph of the engine's formulas: y₀ = x, vₗ = yₗ₋₁·Wₗ + bₗ, yₗ = φ(vₗ), L(y, d), over
/// rows and matrices; layers that are expanded as products, sums and activations of single numbers, whose derivatives
/// come from a second reverse sweep that begins with ∂L/∂yₗ.
/// </summary>
internal sealed class CostGraph
{
    private readonly List<CostNode> nodes = [];
    private readonly Dictionary<Expr, int> places = [];
    private readonly Dictionary<Expr, (double[,] Value, double[,]? Derivative)> numbers = [];

    /// <param name="run">Gives network and weights; dense layers only.</param>
    /// <param name="inputs">What the network gets.</param>
    /// <param name="target">d, as coded.</param>
    /// <param name="expanded">Layers of units to take apart.</param>
    public CostGraph(Run run, IReadOnlyList<double> inputs, double[] target, IReadOnlyCollection<int> expanded)
    {
        double[] theta = [.. run.State.Parameters.Span.ToArray().Select(w => (double)w)];
        Expr x = Expr.Variable("x", 1, inputs.Count), d = Expr.Variable("d", 1, target.Length);
        List<Binding> bindings = [(x, RowOf(inputs)), (d, RowOf(target))];
        List<Step> steps = [];
        Expr below = x;
        for (int layer = 0; layer < run.Layers.Count; layer++)
        {
            Expr[] tensors = [.. run.Spec.Segments.Where(s => s.Layer == run.Layers[layer].Dense).Select(segment =>
            {
                Expr tensor = Expr.Variable($"{(segment.Shape.Role == SegmentRole.Weight ? "W" : "b")}{Low(layer + 1)}",
                    segment.Shape.Rows, segment.Shape.Columns);
                bindings.Add((tensor, MatrixOf(theta.AsSpan(segment.Offset, segment.Length), tensor)));
                return tensor;
            })];
            Expr sum = Expr.MatMul(below, tensors[0]).Named($"u{Low(layer + 1)}");
            Expr v = tensors.Length > 1 ? (sum + tensors[1]).Named($"v{Low(layer + 1)}") : sum;
            Activation activation = run.Layers[layer].Activation;
            Expr defined = activation.Define(v);
            // An activation that changes nothing has no node of its own.
            Expr y = ReferenceEquals(defined, v) ? v
                : defined.Named(layer == run.Layers.Count - 1 ? "z" : $"y{Low(layer + 1)}");
            steps.Add(new(layer, below, tensors, v, y, activation));
            below = y;
        }
        Expr cost = run.Fit.Options.Loss.Define(below, d).Named("L");
        Work(cost, bindings, new double[,] { { 1 } });
        Put(x, -1, "input", x.Operation.Name, "", []);
        Put(d, -1, "input", d.Operation.Name, "", []);
        foreach (Step step in steps)
        {
            if (expanded.Contains(step.Layer)) Expand(step);
            Add(step.Y, step.Layer);
        }
        Add(cost, steps.Count);
    }

    /// <summary>Operands before their users; the cost last.</summary>
    public IReadOnlyList<CostNode> Nodes => nodes;

    private sealed record Step(int Layer, Expr Below, Expr[] Tensors, Expr V, Expr Y, Activation Activation);

    /// <summary>Values and derivatives of everything under a node.</summary>
    private void Work(Expr root, IReadOnlyList<Binding> bindings, double[,] seed)
    {
        Evaluation at = root.Evaluate([.. bindings]);
        Expr[] all = [.. root.Nodes().Where(node => node.Operation != Operation.Constant)];
        double[][,] derivatives = at.Gradient(root, seed, all);
        foreach (Expr node in root.Nodes()) numbers[node] = (at[node], null);
        for (int k = 0; k < all.Length; k++) numbers[all[k]] = (numbers[all[k]].Value, derivatives[k]);
    }

    /// <summary>
    /// Single numbers from the row below to the layer's outputs, or to its fields where φ takes the whole row
    /// (softmax).
    /// </summary>
    private void Expand(Step step)
    {
        bool whole = !step.Activation.IsElementwise || ReferenceEquals(step.V, step.Y);
        Expr goal = whole ? step.V : step.Y;
        (int inputs, int units) = (step.Below.Columns, step.V.Columns);
        double[,] given = numbers[step.Below].Value, weights = numbers[step.Tensors[0]].Value,
            wanted = numbers[goal].Derivative!;
        double[,]? biases = step.Tensors.Length > 1 ? numbers[step.Tensors[1]].Value : null;
        List<Binding> bindings = [];
        Expr Number(string name, double value)
        {
            Expr variable = Expr.Variable(name);
            bindings.Add((variable, value));
            return variable;
        }
        string OneOf(Expr row, int i) => row.Name == "x" ? $"x{Low(i + 1)}" : $"{row.Name},{Low(i + 1)}";
        Expr[] x = [.. Enumerable.Range(0, inputs).Select(i => Number(OneOf(step.Below, i), given[0, i]))];
        Expr[] ends = new Expr[units];
        Expr? root = null;
        for (int unit = 0; unit < units; unit++)
        {
            Expr? sum = null;
            for (int i = 0; i < inputs; i++)
            {
                Expr product = Number($"w{Low(i + 1)},{Low(unit + 1)}", weights[i, unit]) * x[i];
                sum = sum is null ? product : sum + product;
            }
            sum = biases is null ? sum! : sum! + Number(OneOf(step.Tensors[1], unit), biases[0, unit]);
            sum = sum.Named(OneOf(step.V, unit));
            ends[unit] = whole ? sum : step.Activation.Define(sum).Named(OneOf(step.Y, unit));
            Expr counted = wanted[0, unit] * ends[unit];
            root = root is null ? counted : root + counted;
        }
        Work(root!, bindings, new double[,] { { 1 } });
        int row = places[step.Below];
        foreach (Expr node in x) Put(node, step.Layer, "value", "Element", $"{nodes[row].Name}", [row]);
        foreach (Expr end in ends) Add(end, step.Layer);
        Put(goal, step.Layer, "value", "Row", string.Join(", ", ends.Select(end => end.Name)),
            [.. ends.Select(end => places[end])]);
    }

    /// <summary>A node after what it needs and is not there yet.</summary>
    private void Add(Expr node, int layer)
    {
        if (places.ContainsKey(node)) return;
        foreach (Expr operand in node.Operands) Add(operand, layer);
        Put(node, layer, node.Operation == Operation.Variable ? "weight"
            : node.Operation == Operation.Constant ? "constant" : "value", node.Operation.Name,
            node.Operation == Operation.Variable ? "" : Formula.Of(node, operand => nodes[places[operand]].Name is
            { Length: > 0 } name ? name : null),
            [.. node.Operands.Select(operand => places[operand])]);
    }

    private void Put(Expr node, int layer, string kind, string operation, string formula, IReadOnlyList<int> from)
    {
        (double[,] value, double[,]? derivative) = numbers[node];
        places[node] = nodes.Count;
        nodes.Add(new(nodes.Count, node.Name ?? "", operation, formula, layer, kind, value,
            kind == "constant" ? null : derivative, from));
    }

    private static string Low(int number) =>
        string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            .Select(digit => (char)('₀' + (digit - '0'))));

    private static double[,] RowOf(IReadOnlyList<double> values)
    {
        double[,] row = new double[1, values.Count];
        for (int i = 0; i < values.Count; i++) row[0, i] = values[i];
        return row;
    }

    private static double[,] MatrixOf(ReadOnlySpan<double> values, Expr shape)
    {
        double[,] matrix = new double[shape.Rows, shape.Columns];
        for (int i = 0; i < values.Length; i++) matrix[i / shape.Columns, i % shape.Columns] = values[i];
        return matrix;
    }
}
