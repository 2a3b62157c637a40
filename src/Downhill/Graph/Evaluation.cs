namespace Downhill.Graph;

/// <summary>A value for a variable; written as a pair, <c>(x, 0.5)</c> or <c>(W, matrix)</c>.</summary>
public readonly record struct Binding(Expr Variable, double[,] Value)
{
    public static implicit operator Binding((Expr Variable, double Value) pair) =>
        new(pair.Variable, new[,] { { pair.Value } });

    public static implicit operator Binding((Expr Variable, double[,] Value) pair) => new(pair.Variable, pair.Value);
}

/// <summary>
/// The values of every node of a formula, and derivatives in reverse mode: one walk from the result back to the
/// variables gives the derivative by all of them.
/// </summary>
public sealed class Evaluation
{
    private readonly IReadOnlyList<Expr> _nodes;                 // operands before their users, the root last
    private readonly Dictionary<Expr, int> _indexOf = [];
    private readonly double[][,] _values;

    internal Evaluation(Expr root, Binding[] bindings)
    {
        _nodes = root.Nodes();
        _values = new double[_nodes.Count][,];
        for (int n = 0; n < _nodes.Count; n++) _indexOf[_nodes[n]] = n;
        foreach (Binding binding in bindings) Bind(binding);
        for (int n = 0; n < _nodes.Count; n++)
        {
            Expr node = _nodes[n];
            if (node.Operation == Operation.Variable)
            {
                if (_values[n] is null)
                {
                    Throw.Input("Expr.Evaluate", $"a value for the variable {node.Name} {node.ShapeText}", "none",
                        $"Add ({node.Name}, …) to the call; a variable is known by its node, not by its name.");
                }
                continue;
            }
            bool constant = node.Operation == Operation.Constant;
            _values[n] = constant ? node.ConstantValue : new double[node.Rows, node.Columns];
            node.Operation.Value(node, OperandValues(node), _values[n]);
        }
    }

    /// <summary>The formula that was evaluated.</summary>
    public Expr Root => _nodes[^1];

    /// <summary>The value [r,c] of the root or of any node under it (a copy).</summary>
    /// <exception cref="DownhillException">The node is not part of the formula.</exception>
    public double[,] this[Expr node] => (double[,])_values[IndexOf("Evaluation[…]", node)].Clone();

    /// <summary>The value of a [1,1] node.</summary>
    public double Scalar(Expr node) => this[node] is { Length: 1 } value ? value[0, 0]
        : Throw.Input<double>("Evaluation.Scalar", "a [1,1] node", node.ShapeText, "Use evaluation[node].");

    /// <summary>The derivatives of a scalar by each of the given nodes.</summary>
    /// <param name="of">A [1,1] node of the formula.</param>
    /// <param name="withRespectTo">Variables, or any other nodes of the formula.</param>
    /// <returns>One matrix for each, of its shape; zeros where <paramref name="of"/> does not depend on it.</returns>
    /// <exception cref="DownhillException">A node is not part of the formula, or <paramref name="of"/> is not a
    /// scalar.</exception>
    public double[][,] Gradient(Expr of, params Expr[] withRespectTo) => of.IsScalar
        ? Gradient(of, new double[,] { { 1 } }, withRespectTo)
        : Throw.Input<double[][,]>("Evaluation.Gradient", "a scalar [1,1]", of.ShapeText,
            "Take its Sum(), or give a seed: what each of its elements counts for.");

    /// <summary>The vector–Jacobian product: the derivatives of Σ seed ⊙ of by each of the given nodes.</summary>
    /// <param name="of">A node of the formula, [r,c].</param>
    /// <param name="seed">[r,c]: the derivative of some further result by each element.</param>
    /// <param name="withRespectTo">Variables, or any other nodes of the formula.</param>
    public double[][,] Gradient(Expr of, double[,] seed, params Expr[] withRespectTo)
    {
        double[,]?[] derivatives = Sweep(of, seed, withRespectTo, out _);
        return [.. withRespectTo.Select(node =>
            (double[,]?)derivatives[_indexOf[node]]?.Clone() ?? new double[node.Rows, node.Columns])];
    }

    /// <summary>
    /// Forward mode, the Jacobian–vector product: how the node changes, to first order, when variables (or other
    /// nodes) move in the given directions. One walk in the order of evaluation carries a dual number value + ε·tangent
    /// through every node; one direction, all results, where reverse mode has one result, all directions.
    /// </summary>
    /// <param name="of">A node of the formula, [r,c].</param>
    /// <param name="directions">A direction for each node that moves, of its shape: <c>(w, 1)</c> or
    /// <c>(W, matrix)</c>.</param>
    /// <returns>[r,c]; zeros where <paramref name="of"/> does not depend on what moves.</returns>
    /// <exception cref="DownhillException">A node is not part of the formula, or a direction has another
    /// shape.</exception>
    public double[,] Tangent(Expr of, params Binding[] directions) =>
        (double[,]?)TangentSweep(of, directions, out _)?.Clone() ?? new double[of.Rows, of.Columns];

    /// <summary>Elementary steps that <see cref="Tangent"/> takes, on top of <see cref="ForwardCount"/>: an edge costs
    /// its slope, a multiplication and an addition.</summary>
    public OperationCount TangentCount(Expr of, params Expr[] moving)
    {
        TangentSweep(of, [.. moving.Select(node => new Binding(node, new double[node.Rows, node.Columns]))],
            out OperationCount count);
        return count;
    }

    internal double[,]? TangentSweep(Expr of, Binding[] directions, out OperationCount count)
    {
        int last = IndexOf("Evaluation.Tangent", of);
        count = default;
        var needed = new bool[_nodes.Count];                    // on the way to `of`
        needed[last] = true;
        for (int n = last; n >= 0; n--)
        {
            if (!needed[n]) continue;
            foreach (Expr operand in _nodes[n].Operands) needed[_indexOf[operand]] = true;
        }
        var tangents = new double[,]?[_nodes.Count];
        foreach ((Expr node, double[,] direction) in directions)
        {
            int n = IndexOf("Evaluation.Tangent", node);
            CheckShape("Evaluation.Tangent", "a direction like its node", node, direction);
            tangents[n] = direction;
        }
        for (int n = 0; n <= last; n++)
        {
            Expr node = _nodes[n];
            if (!needed[n] || tangents[n] is not null) continue;
            double[,]?[] dX = [.. node.Operands.Select(operand => tangents[_indexOf[operand]])];
            if (dX.All(d => d is null)) continue;
            for (int k = 0; k < dX.Length; k++)
                if (dX[k] is not null) count += node.Operation.TangentCount(node, node.Operands[k]);
            double[,] dY = tangents[n] = new double[node.Rows, node.Columns];
            node.Operation.Tangent(node, OperandValues(node), _values[n], dX, dY);
        }
        return tangents[last];
    }

    /// <summary>Elementary steps that computing all values took.</summary>
    public OperationCount ForwardCount =>
        _nodes.Aggregate(default(OperationCount), (count, node) => count + node.Operation.ValueCount(node));

    /// <summary>Elementary steps that <see cref="Gradient(Expr, Expr[])"/> takes, on top of
    /// <see cref="ForwardCount"/>, as done here: an edge costs its slope, a multiplication and an addition.</summary>
    public OperationCount BackwardCount(Expr of, params Expr[] withRespectTo)
    {
        Sweep(of, new double[of.Rows, of.Columns], withRespectTo, out OperationCount count);
        return count;
    }

    /// <summary>
    /// Reverse mode. The chain rule says that dX = Σ over the users y of x of dY·∂y/∂x; walking the nodes in
    /// reverse order, all users have had their turn when a node's own turn comes. The result is by node number, null
    /// for nodes that are not on a path between <paramref name="of"/> and <paramref name="withRespectTo"/>.
    /// </summary>
    internal double[,]?[] Sweep(Expr of, double[,] seed, Expr[] withRespectTo, out OperationCount count)
    {
        CheckShape("Evaluation.Gradient", "a seed like its node", of, seed);
        int last = IndexOf("Evaluation.Gradient", of);
        var wanted = new bool[_nodes.Count];                    // asked for, or on the way to one that is
        foreach (Expr node in withRespectTo) wanted[IndexOf("Evaluation.Gradient", node)] = true;
        for (int n = 0; n <= last; n++) wanted[n] |= _nodes[n].Operands.Any(operand => wanted[_indexOf[operand]]);

        count = default;
        var derivatives = new double[,]?[_nodes.Count];
        if (wanted[last]) derivatives[last] = seed;
        for (int n = last; n >= 0; n--)
        {
            Expr node = _nodes[n];
            if (derivatives[n] is not { } dY) continue;
            var dX = new double[,]?[node.Operands.Count];
            for (int k = 0; k < dX.Length; k++)
            {
                int operand = _indexOf[node.Operands[k]];
                if (!wanted[operand]) continue;
                dX[k] = derivatives[operand] ??= new double[node.Operands[k].Rows, node.Operands[k].Columns];
                count += node.Operation.DerivativeCount(node, node.Operands[k]);
            }
            if (dX.Any(d => d is not null)) node.Operation.Derivative(node, OperandValues(node), _values[n], dY, dX);
        }
        return derivatives;
    }

    /// <summary>Every number on the way, as worked by hand: a line for each node with its formula, its value, and the
    /// derivative of the root by it (of the sum of its elements, where the root is a matrix).</summary>
    public string ToTrace() => Drawing.Trace(this);

    private double[][,] OperandValues(Expr node) => [.. node.Operands.Select(operand => _values[_indexOf[operand]])];

    private void Bind(Binding binding)
    {
        (Expr variable, double[,] value) = binding;
        if (variable.Operation != Operation.Variable)
        {
            Throw.Input("Expr.Evaluate", "values for variables only",
                $"one for {variable.Operation} {variable.ShapeText}",
                "Bind what Expr.Variable returned.");
        }
        int n = IndexOf("Expr.Evaluate", variable);
        if (_values[n] is not null)
        {
            Throw.Input("Expr.Evaluate", $"one value for {variable.Name}", "two", "Leave one out.");
        }
        CheckShape("Expr.Evaluate", $"for {variable.Name} a value", variable, value);
        _values[n] = (double[,])value.Clone();
    }

    private int IndexOf(string where, Expr node) => _indexOf.TryGetValue(node, out int n) ? n
        : Throw.Input<int>(where, "a node of the evaluated formula",
            $"{node.Name ?? node.Operation.Name} {node.ShapeText}, which is not in it",
            "A node is known by identity, not by name: use the very Expr that was built in.");

    private static void CheckShape(string where, string what, Expr node, double[,] value)
    {
        if (value.GetLength(0) != node.Rows || value.GetLength(1) != node.Columns)
        {
            Throw.Input(where, $"{what} of shape {node.ShapeText}", $"[{value.GetLength(0)},{value.GetLength(1)}]",
                "Rows come first.");
        }
    }
}
