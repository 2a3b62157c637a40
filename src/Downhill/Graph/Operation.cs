using Downhill.Kernels;

namespace Downhill.Graph;

/// <summary>How many elementary steps a computation takes.</summary>
/// <param name="Additions">Additions, subtractions, comparisons, changes of sign.</param>
/// <param name="Multiplications">Multiplications, divisions.</param>
/// <param name="Functions">exp, log, √ and their like.</param>
public readonly record struct OperationCount(long Additions, long Multiplications, long Functions)
{
    public static OperationCount operator +(OperationCount a, OperationCount b) =>
        new(a.Additions + b.Additions, a.Multiplications + b.Multiplications, a.Functions + b.Functions);

    public static OperationCount operator *(long times, OperationCount a) =>
        new(times * a.Additions, times * a.Multiplications, times * a.Functions);
}

/// <summary>
/// What a node does: one entry per operation, with its notation, its value, its derivative and what both cost.
/// To add one, write its entry, its line in <see cref="All"/> and its factory in <see cref="Expr"/>.
/// </summary>
/// <remarks>
/// Legend: x = operand values, y = the node's value, dY = derivative of the result by y, dX[k] = derivative of the
/// result by operand k, to be added to (null where nobody asks for it). A slope of <c>null</c> says that the operand
/// has no influence at this point (the branch not taken), which is stronger than a slope that happens to be 0.
/// </remarks>
public sealed class Operation
{
    // ---- leaves -----------------------------------------------------------------------------------------------------

    /// <summary>Has its value from outside.</summary>
    public static readonly Operation Variable = Leaf("Variable");

    /// <summary>Has its value for ever (<see cref="Expr.ConstantAt"/>).</summary>
    public static readonly Operation Constant = Leaf("Constant");

    // ---- element by element: value and its cost, then slope by each operand and its cost ----------------------------

    public static readonly Operation Add = Binary("Add", Infix("+", Level.Sum, Level.Sum),
        (a, b) => a + b, new(1, 0, 0),
        (a, b, y) => 1, (a, b, y) => 1, default);

    public static readonly Operation Subtract = Binary("Subtract", Infix("−", Level.Sum, Level.Elementwise),
        (a, b) => a - b, new(1, 0, 0),
        (a, b, y) => 1, (a, b, y) => -1, default);

    public static readonly Operation Multiply = Binary("Multiply", Infix("·", Level.Product, Level.Product),
        (a, b) => a * b, new(0, 1, 0),
        (a, b, y) => b, (a, b, y) => a, default);

    public static readonly Operation Divide = Binary("Divide", Infix("/", Level.Product, Level.Postfix),
        (a, b) => a / b, new(0, 1, 0),
        (a, b, y) => 1 / b, (a, b, y) => -y / b, new(0, 1, 0));

    public static readonly Operation Negate = Unary("Negate", new("−{0}", Level.Product, Level.Product),
        x => -x, new(1, 0, 0),
        (x, y) => -1, default);

    public static readonly Operation Exp = Unary("Exp", Call("exp"),
        x => PortableMath.Exp(x), new(0, 0, 1),
        (x, y) => y, default);

    public static readonly Operation Log = Unary("Log", Call("log"),
        x => PortableMath.Log(x), new(0, 0, 1),
        (x, y) => 1 / x, new(0, 1, 0));

    public static readonly Operation Log1P = Unary("Log1P", Call("log1p"),
        LogOnePlus, new(0, 0, 1),
        (x, y) => 1 / (1 + x), new(1, 1, 0));

    public static readonly Operation Tanh = Unary("Tanh", Call("tanh"),
        x => PortableMath.Tanh(x), new(0, 0, 1),
        (x, y) => 1 - y * y, new(1, 1, 0));

    public static readonly Operation Sin = Unary("Sin", Call("sin"),
        x => PortableMath.Sin(x), new(0, 0, 1),
        (x, y) => PortableMath.Cos(x), new(0, 0, 1));

    public static readonly Operation Cos = Unary("Cos", Call("cos"),
        x => PortableMath.Cos(x), new(0, 0, 1),
        (x, y) => -PortableMath.Sin(x), new(0, 0, 1));

    public static readonly Operation Sqrt = Unary("Sqrt", Call("√"),
        Math.Sqrt, new(0, 0, 1),
        (x, y) => 0.5 / y, new(0, 1, 0));

    public static readonly Operation Abs = Unary("Abs", new("|{0}|", Level.Atom, Level.Choice),
        Math.Abs, new(1, 0, 0),
        (x, y) => x > 0 ? 1 : x < 0 ? -1 : x == 0 ? null : x, new(1, 0, 0));

    public static readonly Operation Sign = Unary("Sign", Call("sign"),
        x => x > 0 ? 1 : x < 0 ? -1 : x, new(1, 0, 0),                      // 0 and NaN are their own sign
        (x, y) => null, default);

    public static readonly Operation Erf = Unary("Erf", Call("erf"),
        x => PortableMath.Erf(x), new(0, 0, 1),
        (x, y) => 2 / Math.Sqrt(Math.PI) * PortableMath.Exp(-x * x), new(0, 2, 1));

    public static readonly Operation Square = Unary("Square", new("{0}²", Level.Postfix, Level.Atom),
        x => x * x, new(0, 1, 0),
        (x, y) => 2 * x, new(0, 1, 0));

    /// <summary>The second operand is a constant; no derivative by it is taken.</summary>
    public static readonly Operation Pow = Binary("Pow", new("{0}^{1}", Level.Postfix, Level.Atom, Level.Atom),
        (x, p) => PortableMath.Pow(x, p), new(0, 0, 1),
        (x, p, y) => p == 0 ? null : p * PortableMath.Pow(x, p - 1), (x, p, y) => null, new(1, 1, 1));

    public static readonly Operation Sigmoid = Unary("Sigmoid", Call("sigmoid"),
        Logistic, new(1, 1, 1),
        (x, y) => y * (1 - y), new(1, 1, 0));

    public static readonly Operation Softplus = Unary("Softplus", Call("softplus"),
        x => Math.Max(x, 0) + LogOnePlus(PortableMath.Exp(-Math.Abs(x))), new(2, 0, 2),
        (x, y) => Logistic(x), new(1, 1, 1));

    public static readonly Operation Max = Binary("Max", Call("max", "{0}, {1}"),
        Math.Max, new(1, 0, 0),
        (a, b, y) => !(a < b) ? 1 : null, (a, b, y) => !(a < b) ? null : 1, new(1, 0, 0));

    public static readonly Operation Min = Binary("Min", Call("min", "{0}, {1}"),
        Math.Min, new(1, 0, 0),
        (a, b, y) => !(a > b) ? 1 : null, (a, b, y) => !(a > b) ? null : 1, new(1, 0, 0));

    public static readonly Operation Less = Binary("Less", Infix("<", Level.Comparison, Level.Sum),
        (a, b) => a < b ? 1 : 0, new(1, 0, 0),
        (a, b, y) => null, (a, b, y) => null, default);

    public static readonly Operation LessOrEqual = Binary("LessOrEqual", Infix("≤", Level.Comparison, Level.Sum),
        (a, b) => a <= b ? 1 : 0, new(1, 0, 0),
        (a, b, y) => null, (a, b, y) => null, default);

    public static readonly Operation Select = Elementwise("Select",
        new("{1} if {0} else {2}", Level.Choice, Level.Comparison, Level.Sum, Level.Choice),
        x => x[0] != 0 ? x[1] : x[2], new(1, 0, 0),
        [(x, y) => null, (x, y) => x[0] != 0 ? 1 : null, (x, y) => x[0] != 0 ? null : 1], new(1, 0, 0));

    // ---- matrices ---------------------------------------------------------------------------------------------------

    /// <summary>Y = A·B; dA = dY·Bᵀ, dB = Aᵀ·dY.</summary>
    public static readonly Operation MatMul = new("MatMul", Infix("·", Level.Product, Level.Postfix),
        (self, x) => x[0].Columns == x[1].Rows ? (x[0].Rows, x[1].Columns)
            : self.Refuse("as many columns in the first as rows in the second", x, "Transpose one of them?"),
        (node, x, y) => Each3(node, x, (i, j, k) => y[i, j] += x[0][i, k] * x[1][k, j]),
        (node, x, y, dY, dX) => Each3(node, x, (i, j, k) =>
        {
            if (dX[0] is { } dA) dA[i, k] += Chain(dY[i, j], x[1][k, j]);
            if (dX[1] is { } dB) dB[k, j] += Chain(dY[i, j], x[0][i, k]);
        }),
        (node, x, y, dX, dY) => Each3(node, x, (i, j, k) =>
        {
            if (dX[0] is { } dA) dY[i, j] += Chain(dA[i, k], x[1][k, j]);
            if (dX[1] is { } dB) dY[i, j] += Chain(dB[k, j], x[0][i, k]);
        }),
        node => Size(node) * new OperationCount(node.Operands[0].Columns - 1, node.Operands[0].Columns, 0),
        (node, operand) => Size(node) * node.Operands[0].Columns * new OperationCount(1, 1, 0),
        (node, operand) => Size(node) * node.Operands[0].Columns * new OperationCount(1, 1, 0));

    public static readonly Operation Transpose = new("Transpose", new("{0}ᵀ", Level.Postfix, Level.Atom),
        (self, x) => (x[0].Columns, x[0].Rows),
        (node, x, y) => Each(node, (i, j) => y[i, j] = x[0][j, i]),
        (node, x, y, dY, dX) => Each(node, (i, j) => dX[0]![j, i] += dY[i, j]),
        (node, x, y, dX, dY) => Each(node, (i, j) => dY[i, j] = dX[0]![j, i]),
        node => default,
        (node, operand) => Size(node) * new OperationCount(1, 0, 0),
        (node, operand) => default);

    public static readonly Operation Sum = Reduction("Sum", "sum", keepRows: false, keepColumns: false);

    public static readonly Operation RowSum = Reduction("RowSum", "rowsum", keepRows: true, keepColumns: false);

    public static readonly Operation ColumnSum = Reduction("ColumnSum", "colsum", keepRows: false, keepColumns: true);

    public static readonly Operation RowMax = new("RowMax", Call("rowmax"),
        (self, x) => (x[0].Rows, 1),
        (node, x, y) => Each(node, (i, _) => y[i, 0] = x[0][i, IndexOfMax(x[0], i)]),
        (node, x, y, dY, dX) => Each(node, (i, _) => dX[0]![i, IndexOfMax(x[0], i)] += dY[i, 0]),
        (node, x, y, dX, dY) => Each(node, (i, _) => dY[i, 0] = dX[0]![i, IndexOfMax(x[0], i)]),
        node => (Size(node.Operands[0]) - node.Rows) * new OperationCount(1, 0, 0),
        (node, operand) => Size(operand) * new OperationCount(1, 0, 0),
        (node, operand) => (Size(operand) - node.Rows) * new OperationCount(1, 0, 0));

    /// <summary>yⱼ = exp(xⱼ − m)/Σₖ exp(xₖ − m) with m = max x; dxⱼ = yⱼ·(dyⱼ − Σₖ dyₖ·yₖ).</summary>
    public static readonly Operation Softmax = new("Softmax", Call("softmax"),
        (self, x) => (x[0].Rows, x[0].Columns),
        (node, x, y) => FillWithSoftmax(node, x[0], y),
        (node, x, y, dY, dX) =>
        {
            var dot = new double[node.Rows];
            Each(node, (i, j) => dot[i] += Chain(dY[i, j], y[i, j]));
            Each(node, (i, j) => dX[0]![i, j] += Chain(dY[i, j] - dot[i], y[i, j]));
        },
        (node, x, y, dX, dY) =>
        {
            var dot = new double[node.Rows];
            Each(node, (i, j) => dot[i] += Chain(dX[0]![i, j], y[i, j]));
            Each(node, (i, j) => dY[i, j] = Chain(dX[0]![i, j] - dot[i], y[i, j]));
        },
        node => Size(node) * new OperationCount(3, 1, 1),
        (node, operand) => Size(node) * new OperationCount(3, 2, 0),
        (node, operand) => Size(node) * new OperationCount(2, 2, 0));

    /// <summary>y = m + log Σₖ exp(xₖ − m) with m = max x, or m where it is infinite; dxⱼ = dy·softmax(x)ⱼ.</summary>
    public static readonly Operation LogSumExp = new("LogSumExp", Call("logsumexp"),
        (self, x) => (x[0].Rows, 1),
        (node, x, y) =>
        {
            double[] max = RowMaxima(x[0]);
            Each(node.Operands[0], (i, j) => y[i, 0] += PortableMath.Exp(x[0][i, j] - max[i]));
            Each(node, (i, _) => y[i, 0] = double.IsFinite(max[i]) ? max[i] + PortableMath.Log(y[i, 0]) : max[i]);
        },
        (node, x, y, dY, dX) =>
        {
            var softmax = new double[node.Rows, node.Operands[0].Columns];
            FillWithSoftmax(node.Operands[0], x[0], softmax);
            Each(node.Operands[0], (i, j) => dX[0]![i, j] += Chain(dY[i, 0], softmax[i, j]));
        },
        (node, x, y, dX, dY) =>
        {
            var softmax = new double[node.Rows, node.Operands[0].Columns];
            FillWithSoftmax(node.Operands[0], x[0], softmax);
            Each(node.Operands[0], (i, j) => dY[i, 0] += Chain(dX[0]![i, j], softmax[i, j]));
        },
        node => Size(node.Operands[0]) * new OperationCount(3, 0, 1) + node.Rows * new OperationCount(1, 0, 1),
        (node, operand) => Size(operand) * new OperationCount(4, 2, 1),
        (node, operand) => Size(operand) * new OperationCount(4, 2, 1));

    /// <summary>Every operation, leaves first.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        Variable, Constant, Add, Subtract, Multiply, Divide, Negate, Exp, Log, Log1P, Tanh, Sin, Cos, Sqrt, Abs, Sign,
        Erf, Square, Pow, Sigmoid, Softplus, Max, Min, Less, LessOrEqual, Select, MatMul, Transpose, Sum, RowSum,
        ColumnSum, RowMax, Softmax, LogSumExp,
    ];

    // ---- what an entry consists of ----------------------------------------------------------------------------------

    internal delegate (int Rows, int Columns) ShapeRule(Operation self, IReadOnlyList<Expr> x);

    /// <summary>Fills y, which comes as zeros.</summary>
    internal delegate void ValueRule(Expr node, double[][,] x, double[,] y);

    /// <summary>Adds to each dX[k] that is not null.</summary>
    internal delegate void DerivativeRule(Expr node, double[][,] x, double[,] y, double[,] dY, double[,]?[] dX);

    /// <summary>Fills dY, which comes as zeros: how y changes when each operand k changes by dX[k] (null: not at
    /// all).</summary>
    internal delegate void TangentRule(Expr node, double[][,] x, double[,] y, double[,]?[] dX, double[,] dY);

    private readonly ShapeRule _shape;

    private Operation(string name, Notation notation, ShapeRule shape, ValueRule value, DerivativeRule derivative,
        TangentRule tangent, Func<Expr, OperationCount> valueCount, Func<Expr, Expr, OperationCount> derivativeCount,
        Func<Expr, Expr, OperationCount> tangentCount)
    {
        (Name, Notation, _shape) = (name, notation, shape);
        (Value, Derivative, Tangent) = (value, derivative, tangent);
        (ValueCount, DerivativeCount, TangentCount) = (valueCount, derivativeCount, tangentCount);
    }

    /// <summary>As the field is called, for example "Exp": what a generator chooses by.</summary>
    public string Name { get; }

    internal Notation Notation { get; }

    internal ValueRule Value { get; }

    internal DerivativeRule Derivative { get; }

    internal TangentRule Tangent { get; }

    /// <summary>Steps to compute a node's value.</summary>
    internal Func<Expr, OperationCount> ValueCount { get; }

    /// <summary>Steps to add a node's (first argument) part to the derivative of one operand (second).</summary>
    internal Func<Expr, Expr, OperationCount> DerivativeCount { get; }

    /// <summary>Steps to add the part of one operand (second) to a node's (first argument) tangent.</summary>
    internal Func<Expr, Expr, OperationCount> TangentCount { get; }

    internal (int Rows, int Columns) Shape(IReadOnlyList<Expr> operands) => _shape(this, operands);

    /// <summary>The <see cref="Name"/>.</summary>
    public override string ToString() => Name;

    private (int, int) Refuse(string expected, IReadOnlyList<Expr> x, string remedy) => Throw.Input<(int, int)>(
        $"Expr.{Name}", expected, string.Join(" and ", x.Select(operand => operand.ShapeText)), remedy);

    // ---- kinds of entry ---------------------------------------------------------------------------------------------

    private static Operation Leaf(string name) => new(name, new("", Level.Atom),
        (self, x) => (1, 1), (node, x, y) => { }, (node, x, y, dY, dX) => { }, (node, x, y, dX, dY) => { },
        node => default, (node, x) => default, (node, x) => default);

    private static Operation Unary(string name, Notation notation, Func<double, double> value, OperationCount cost,
        Func<double, double, double?> slope, OperationCount slopeCost) =>
        Elementwise(name, notation, x => value(x[0]), cost, [(x, y) => slope(x[0], y)], slopeCost);

    private static Operation Binary(string name, Notation notation, Func<double, double, double> value,
        OperationCount cost, Func<double, double, double, double?> slopeA, Func<double, double, double, double?> slopeB,
        OperationCount slopeCost) =>
        Elementwise(name, notation, x => value(x[0], x[1]), cost,
            [(x, y) => slopeA(x[0], x[1], y), (x, y) => slopeB(x[0], x[1], y)], slopeCost);

    /// <summary>Operands are repeated over the result's shape; their derivatives add up over the repetitions.</summary>
    private static Operation Elementwise(string name, Notation notation, Func<double[], double> value,
        OperationCount cost, Func<double[], double, double?>[] slopes, OperationCount slopeCost)
    {
        return new(name, notation,
            (self, x) =>
            {
                (int rows, int columns) = (x.Max(operand => operand.Rows), x.Max(operand => operand.Columns));
                return x.All(operand => (operand.Rows == 1 || operand.Rows == rows)
                        && (operand.Columns == 1 || operand.Columns == columns))
                    && x.Any(operand => operand.Rows == rows && operand.Columns == columns)
                    ? (rows, columns)
                    : self.Refuse("equal shapes, or a [1,1], [1,c] or [r,1] beside an [r,c]", x,
                        "Transpose one of them, or meant MatMul?");
            },
            (node, x, y) => Each(node, (i, j) => y[i, j] = value(At(x, i, j))),
            (node, x, y, dY, dX) => Each(node, (i, j) =>
            {
                double[] at = At(x, i, j);
                for (int k = 0; k < slopes.Length; k++)
                {
                    if (dX[k] is not { } d || slopes[k](at, y[i, j]) is not { } slope) continue;
                    Repeated(d, i, j) += Chain(dY[i, j], slope);
                }
            }),
            (node, x, y, dX, dY) => Each(node, (i, j) =>
            {
                double[] at = At(x, i, j);
                for (int k = 0; k < slopes.Length; k++)
                {
                    if (dX[k] is not { } d || slopes[k](at, y[i, j]) is not { } slope) continue;
                    dY[i, j] += Chain(Repeated(d, i, j), slope);
                }
            }),
            node => Size(node) * cost,
            (node, operand) => Size(node) * (slopeCost + new OperationCount(1, 1, 0)),
            (node, operand) => Size(node) * (slopeCost + new OperationCount(1, 1, 0)));
    }

    private static Operation Reduction(string name, string symbol, bool keepRows, bool keepColumns) =>
        new(name, Call(symbol),
            (self, x) => (keepRows ? x[0].Rows : 1, keepColumns ? x[0].Columns : 1),
            (node, x, y) => Each(node.Operands[0], (i, j) => Repeated(y, i, j) += x[0][i, j]),
            (node, x, y, dY, dX) => Each(node.Operands[0], (i, j) => dX[0]![i, j] += Repeated(dY, i, j)),
            (node, x, y, dX, dY) => Each(node.Operands[0], (i, j) => Repeated(dY, i, j) += dX[0]![i, j]),
            node => (Size(node.Operands[0]) - Size(node)) * new OperationCount(1, 0, 0),
            (node, operand) => Size(operand) * new OperationCount(1, 0, 0),
            (node, operand) => (Size(operand) - Size(node)) * new OperationCount(1, 0, 0));

    private static Notation Call(string function, string operands = "{0}") =>
        new($"{function}({operands})", Level.Atom, Level.Choice, Level.Choice);

    private static Notation Infix(string symbol, Level level, Level right) => new(
        level < Level.Product ? $"{{0}} {symbol} {{1}}" : $"{{0}}{symbol}{{1}}",
        level, level == Level.Comparison ? right : level, right);

    // ---- the few words the entries are written in -------------------------------------------------------------------

    /// <summary>dY·slope; what the result does not use (dY = 0) stays 0 beside an infinite or NaN slope.</summary>
    private static double Chain(double dY, double slope) => dY == 0 ? 0 : dY * slope;

    private static long Size(Expr node) => (long)node.Rows * node.Columns;

    private static void Each(Expr node, Action<int, int> element)
    {
        for (int i = 0; i < node.Rows; i++)
        {
            for (int j = 0; j < node.Columns; j++) element(i, j);
        }
    }

    private static void Each3(Expr node, double[][,] x, Action<int, int, int> term) => Each(node, (i, j) =>
    {
        for (int k = 0; k < x[0].GetLength(1); k++) term(i, j, k);
    });

    /// <summary>m[i,j], where a single row or column stands for all of them.</summary>
    private static ref double Repeated(double[,] m, int i, int j) =>
        ref m[m.GetLength(0) == 1 ? 0 : i, m.GetLength(1) == 1 ? 0 : j];

    private static double[] At(double[][,] x, int i, int j) => Array.ConvertAll(x, m => Repeated(m, i, j));

    /// <summary>The first column of row i that holds its maximum; NaN counts as the largest.</summary>
    private static int IndexOfMax(double[,] x, int i)
    {
        int best = 0;
        for (int j = 1; j < x.GetLength(1) && !double.IsNaN(x[i, best]); j++)
        {
            if (!(x[i, j] <= x[i, best])) best = j;
        }
        return best;
    }

    private static double[] RowMaxima(double[,] x) =>
        [.. Enumerable.Range(0, x.GetLength(0)).Select(i => x[i, IndexOfMax(x, i)])];

    private static void FillWithSoftmax(Expr node, double[,] x, double[,] y)
    {
        (double[] max, double[] sum) = (RowMaxima(x), new double[node.Rows]);
        Each(node, (i, j) => sum[i] += y[i, j] = PortableMath.Exp(x[i, j] - max[i]));
        Each(node, (i, j) => y[i, j] /= sum[i]);
    }

    private static double Logistic(double x)
    {
        double e = PortableMath.Exp(-Math.Abs(x));
        return (x >= 0 ? 1 : e) / (1 + e);
    }

    /// <summary>log(1 + x) by Kahan's correction: the rounding of 1 + x = u cancels in x/(u − 1).</summary>
    private static double LogOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 || double.IsPositiveInfinity(u) ? x : PortableMath.Log(u) * (x / (u - 1));
    }
}
