namespace Downhill.Graph;

/// <summary>
/// A formula over matrices of double: one immutable node of a graph whose edges lead to the operands. A scalar is a
/// [1,1]. Nodes are shared freely: <c>y + y</c> holds y once, evaluates it once, and both uses add to its derivative.
/// <code>
/// Expr x = Expr.Variable("x"), w = Expr.Variable("w");
/// Expr z = Expr.Sigmoid(w * x).Named("z");
/// Evaluation at = z.Evaluate((x, 0.5), (w, 2));
/// double value = at.Scalar(z), slope = at.Gradient(z, w)[0][0, 0];
/// Console.WriteLine(at.ToTrace());
/// </code>
/// Elementwise operations repeat a [1,1] scalar, a [1,c] row or an [r,1] column over an [r,c]; one operand must have
/// the shape of the result (a row against a column is refused: it is nearly always a forgotten transpose).
/// </summary>
/// <remarks>
/// Where a function has no derivative, the convention is: <see cref="Abs"/> and <see cref="Sign"/> have derivative 0
/// at 0; at a tie <see cref="Max"/> and <see cref="Min"/> give all of it to their <em>first</em> operand, so that
/// <c>Max(0, v)</c> has slope 0 at 0; <see cref="RowMax"/> gives it to the first column that holds the maximum;
/// conditions and comparisons carry none. A value on which the result does not depend gets exactly 0, even
/// where its own slope is infinite: <c>Select(Less(0, v), Log(v), 0)</c> has derivative 0 at v = 0, not 0·∞.
/// </remarks>
public sealed class Expr
{
    private readonly double[,]? _constant;

    private Expr(string? name, int rows, int columns, double[,]? constant)
    {
        if (rows < 1 || columns < 1)
        {
            Throw.Input(name is null ? "Expr.Constant" : $"Expr.Variable \"{name}\"",
                "at least one row and one column", $"[{rows},{columns}]", "Leave out what is empty.");
        }
        (Name, Rows, Columns, Operands, _constant) = (name, rows, columns, [], constant);
        Operation = constant is null ? Operation.Variable : Operation.Constant;
    }

    private Expr(Operation operation, IReadOnlyList<Expr> operands, string? name)
    {
        foreach (Expr operand in operands) ArgumentNullException.ThrowIfNull(operand);
        (Operation, Operands, Name) = (operation, operands, name);
        (Rows, Columns) = operation.Shape(operands);
    }

    private static Expr New(Operation operation, params Expr[] operands) => new(operation, operands, null);

    /// <summary>What the node does with its operands; one of <see cref="Operation.All"/>.</summary>
    public Operation Operation { get; }

    /// <summary>The operands in order; none for a variable or a constant.</summary>
    public IReadOnlyList<Expr> Operands { get; }

    /// <summary>A variable's name, or the symbol by which people call this quantity; null for most nodes.</summary>
    public string? Name { get; }

    /// <summary>Rows r of the value [r,c].</summary>
    public int Rows { get; }

    /// <summary>Columns c of the value [r,c].</summary>
    public int Columns { get; }

    /// <summary>True for a [1,1].</summary>
    public bool IsScalar => Rows == 1 && Columns == 1;

    internal string ShapeText => $"[{Rows},{Columns}]";

    // ---- leaves -----------------------------------------------------------------------------------------------------

    /// <summary>A quantity that gets its value in <see cref="Evaluate"/>. It is known by this node, not by its name:
    /// two variables of one name are two variables.</summary>
    public static Expr Variable(string name, int rows = 1, int columns = 1)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            Throw.Input("Expr.Variable", "a name", "an empty one", "Name it as in the formula: Variable(\"x\").");
        }
        return new Expr(name, rows, columns, null);
    }

    /// <summary>A fixed number.</summary>
    public static Expr Constant(double value) => new(null, 1, 1, new[,] { { value } });

    /// <summary>A fixed matrix; the array is copied.</summary>
    public static Expr Constant(double[,] value) =>
        new(null, value.GetLength(0), value.GetLength(1), (double[,])value.Clone());

    public static implicit operator Expr(double value) => Constant(value);

    /// <summary>One number of a constant (<see cref="Operation.Constant"/>).</summary>
    public double ConstantAt(int row = 0, int column = 0) => _constant is not null
        ? _constant[row, column]
        : Throw.Input<double>("Expr.ConstantAt", "a constant", Operation.Name, "Ask Evaluation for computed values.");

    internal double[,] ConstantValue => _constant!;

    /// <summary>The same formula under a symbol, with which it appears wherever the new node is used.</summary>
    public Expr Named(string name) => Operands.Count > 0 ? new Expr(Operation, Operands, name)
        : _constant is not null ? new Expr(name, Rows, Columns, _constant)
        : Throw.Input<Expr>("Expr.Named", "a constant or a computed node", $"the variable {Name}",
            "A variable has its name from Expr.Variable.");

    // ---- arithmetic, element by element -----------------------------------------------------------------------------

    public static Expr operator +(Expr a, Expr b) => New(Operation.Add, a, b);

    public static Expr operator -(Expr a, Expr b) => New(Operation.Subtract, a, b);

    /// <summary>Element by element; the matrix product is <see cref="MatMul"/>.</summary>
    public static Expr operator *(Expr a, Expr b) => New(Operation.Multiply, a, b);

    public static Expr operator /(Expr a, Expr b) => New(Operation.Divide, a, b);

    public static Expr operator -(Expr x) => New(Operation.Negate, x);

    public static Expr Exp(Expr x) => New(Operation.Exp, x);

    /// <summary>Natural logarithm.</summary>
    public static Expr Log(Expr x) => New(Operation.Log, x);

    /// <summary>log(1 + x), accurate for small x.</summary>
    public static Expr Log1P(Expr x) => New(Operation.Log1P, x);

    public static Expr Tanh(Expr x) => New(Operation.Tanh, x);

    public static Expr Sin(Expr x) => New(Operation.Sin, x);

    public static Expr Cos(Expr x) => New(Operation.Cos, x);

    public static Expr Sqrt(Expr x) => New(Operation.Sqrt, x);

    public static Expr Abs(Expr x) => New(Operation.Abs, x);

    /// <summary>−1, 0 or 1.</summary>
    public static Expr Sign(Expr x) => New(Operation.Sign, x);

    /// <summary>The error function 2/√π ∫₀ˣ exp(−t²) dt.</summary>
    public static Expr Erf(Expr x) => New(Operation.Erf, x);

    public static Expr Square(Expr x) => New(Operation.Square, x);

    /// <summary>x to a fixed power, which becomes the second operand, a constant.</summary>
    public static Expr Pow(Expr x, double exponent) => New(Operation.Pow, x, exponent);

    /// <summary>1/(1 + exp(−x)), without overflow.</summary>
    public static Expr Sigmoid(Expr x) => New(Operation.Sigmoid, x);

    /// <summary>log(1 + exp(x)), without overflow.</summary>
    public static Expr Softplus(Expr x) => New(Operation.Softplus, x);

    /// <summary>The larger of both; NaN if either is; a tie belongs to <paramref name="a"/>.</summary>
    public static Expr Max(Expr a, Expr b) => New(Operation.Max, a, b);

    /// <summary>The smaller of both; NaN if either is; a tie belongs to <paramref name="a"/>.</summary>
    public static Expr Min(Expr a, Expr b) => New(Operation.Min, a, b);

    /// <summary>1 where a &lt; b, else 0 (also beside NaN).</summary>
    public static Expr Less(Expr a, Expr b) => New(Operation.Less, a, b);

    /// <summary>1 where a ≤ b, else 0 (also beside NaN).</summary>
    public static Expr LessOrEqual(Expr a, Expr b) => New(Operation.LessOrEqual, a, b);

    /// <summary><paramref name="a"/> where the condition is not 0, else <paramref name="b"/>.</summary>
    public static Expr Select(Expr condition, Expr a, Expr b) => New(Operation.Select, condition, a, b);

    // ---- matrices ---------------------------------------------------------------------------------------------------

    /// <summary>[r,k] · [k,c] → [r,c].</summary>
    public static Expr MatMul(Expr a, Expr b) => New(Operation.MatMul, a, b);

    /// <summary>[r,c] → [c,r].</summary>
    public Expr Transpose() => New(Operation.Transpose, this);

    /// <summary>[r,c] → [1,1], added row by row.</summary>
    public Expr Sum() => New(Operation.Sum, this);

    /// <summary>[r,c] → [r,1]: the sum of each row.</summary>
    public Expr RowSum() => New(Operation.RowSum, this);

    /// <summary>[r,c] → [1,c]: the sum of each column.</summary>
    public Expr ColumnSum() => New(Operation.ColumnSum, this);

    /// <summary>[r,c] → [r,1]: the largest of each row; NaN if the row holds one.</summary>
    public Expr RowMax() => New(Operation.RowMax, this);

    /// <summary>[r,c] → [r,c]: exp(xᵢⱼ) / Σₖ exp(xᵢₖ) in each row, without overflow.</summary>
    public static Expr Softmax(Expr x) => New(Operation.Softmax, x);

    /// <summary>[r,c] → [r,1]: log Σₖ exp(xᵢₖ) of each row, without overflow.</summary>
    public static Expr LogSumExp(Expr x) => New(Operation.LogSumExp, x);

    // ---- use --------------------------------------------------------------------------------------------------------

    /// <summary>Computes every node of this formula once.</summary>
    /// <param name="bindings">A value for each variable: <c>(x, 0.5)</c> or <c>(W, new double[,] { … })</c>.</param>
    /// <exception cref="DownhillException">A variable has no value, two, or one of another shape; or a value is
    /// given for something that is not a variable of this formula.</exception>
    public Evaluation Evaluate(params Binding[] bindings) => new(this, bindings);

    /// <summary>Every node once, operands before their users; this one last. Deep graphs need no deep stack.</summary>
    public IReadOnlyList<Expr> Nodes()
    {
        var order = new List<Expr>();
        var seen = new HashSet<Expr> { this };
        var open = new Stack<(Expr Node, int Next)>([(this, 0)]);
        while (open.TryPop(out (Expr Node, int Next) top))
        {
            if (top.Next == top.Node.Operands.Count)
            {
                order.Add(top.Node);
                continue;
            }
            open.Push((top.Node, top.Next + 1));
            Expr operand = top.Node.Operands[top.Next];
            if (seen.Add(operand)) open.Push((operand, 0));
        }
        return order;
    }

    /// <summary>The formula with <paramref name="replacement"/> in the place of a variable. The shape may change (a
    /// scalar φ(v) becomes one over matrices) if every operation accepts it; untouched parts are shared.</summary>
    public Expr Substitute(Expr variable, Expr replacement)
    {
        ArgumentNullException.ThrowIfNull(replacement);
        if (variable.Operation != Operation.Variable)
        {
            Throw.Input("Expr.Substitute", "a variable to replace", variable.Operation.Name, "Pass the variable.");
        }
        return Replace(variable, replacement);
    }

    /// <summary>The same for any node: what lies under it goes with it.</summary>
    internal Expr Replace(Expr part, Expr replacement)
    {
        var renewed = new Dictionary<Expr, Expr>();
        foreach (Expr node in Nodes())
        {
            Expr[] operands = [.. node.Operands.Select(operand => renewed[operand])];
            renewed[node] = node == part ? replacement
                : operands.SequenceEqual(node.Operands) ? node
                : new Expr(node.Operation, operands, node.Name);
        }
        return renewed[this];
    }

    /// <summary>The formula in the lecture's notation, <c>z + 1/(1 + exp(−x·v + y))</c>: · multiplies numbers and
    /// matrices, ⊙ element by element. Named parts stand as their name; very deep or long ones end in "…".</summary>
    public override string ToString() => Formula.Of(this, node => node.Name);

    /// <summary>The graph for Graphviz, with the values of <paramref name="values"/> where given.</summary>
    public string ToDot(Evaluation? values = null) => Drawing.Dot(this, values);
}
