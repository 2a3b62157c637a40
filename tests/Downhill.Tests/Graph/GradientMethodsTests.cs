using Downhill.Graph;
using static Downhill.Graph.Expr;

namespace Downhill.Tests.Graph;

/// <summary>Forward mode, and the methods of lecture row L23 side by side.</summary>
public sealed class GradientMethodsTests
{
    /// <summary>C = ½(d − w·x)²: w·x a product, d − y a difference, z² a product, ½·s a product: (1, 3, 0). Edges c→s,
    /// s→z (its slope 2z one product more), z→y, y→w each a product and a sum: (4, 5, 0), there and back
    /// alike.</summary>
    [Fact]
    public void Counts_of_a_tiny_graph_by_hand()
    {
        (Expr w, Expr x, Expr d) = (Variable("w"), Variable("x"), Variable("d"));
        Expr cost = 0.5 * Square(d - w * x);
        GradientComparison all = GradientMethods.Compare("tiny", cost, [(w, 2), (x, 3), (d, 7)], w);
        Assert.Equal(1, all.Parameters);
        Assert.Equal(new(1, 3, 0), all.Value);
        Assert.Equal((new OperationCount(5, 7, 0), 2),
            (all.TwoPoint.Count, all.TwoPoint.Passes));      // 2·(1,3,0) + (3,1,0)
        Assert.Equal((new OperationCount(11, 15, 0), 4),
            (all.FivePoint.Count, all.FivePoint.Passes));  // 4·(1,3,0) + (7,3,0)
        Assert.Equal((new OperationCount(5, 8, 0), 2), (all.Forward.Count, all.Forward.Passes));
        Assert.Equal((new OperationCount(5, 8, 0), 2), (all.Reverse.Count, all.Reverse.Passes));
        Assert.Equal(-3, all.Reverse.Gradient[0][0, 0]);   // −(d − w·x)·x
        Assert.Equal(-3, all.Forward.Gradient[0][0, 0]);
    }

    /// <summary>Two parameters: differences and forward mode pay once more, reverse mode two edges more.</summary>
    [Fact]
    public void Second_parameter_costs_every_method_but_reverse_a_pass()
    {
        (Expr w, Expr b, Expr x) = (Variable("w"), Variable("b"), Variable("x"));
        Expr cost = Square(w * x + b);
        Binding[] bindings = [(w, 2), (x, 3), (b, 1)];
        GradientComparison one = GradientMethods.Compare("w", cost, bindings, w),
            both = GradientMethods.Compare("w, b", cost, bindings, w, b);
        Assert.Equal((2, 4, 2, 2), (one.TwoPoint.Passes, one.FivePoint.Passes, one.Forward.Passes, one.Reverse.Passes));
        Assert.Equal((4, 8, 3, 2), (both.TwoPoint.Passes, both.FivePoint.Passes, both.Forward.Passes,
            both.Reverse.Passes));
        Assert.Equal(2 * one.TwoPoint.Count, both.TwoPoint.Count);
        Assert.Equal(one.Reverse.Count + new OperationCount(1, 1, 0), both.Reverse.Count); // the edge to b
        Assert.Equal([42, 14], both.Reverse.Gradient.Select(g => g[0, 0]));
    }

    [Theory]
    [InlineData("2-4-1")]
    [InlineData("3-4-2")]
    [InlineData("8-16-4")]
    [InlineData("16-32-10")]
    public void Modes_agree_to_rounding_and_differences_to_their_order(string text)
    {
        NetworkSpec spec = NetworkSpec.Parse(text, Activations.Tanh, Activations.Sigmoid());
        GradientComparison all = GradientMethods.Compare(spec, rows: 2);
        Assert.Equal(spec.ParameterCount, all.Parameters);
        Assert.InRange(all.Forward.Error, 0, 1e-13);
        Assert.InRange(all.Reverse.Error, 0, 1e-13);
        Assert.InRange(all.TwoPoint.Error, 1e-13, 1e-7);
        Assert.InRange(all.FivePoint.Error, 1e-16, 1e-9);
    }

    /// <summary>In evaluations of the cost: 2P, 4P, a multiple of P and, whatever P is, a handful.</summary>
    [Fact]
    public void Only_reverse_mode_does_not_grow_with_the_number_of_parameters()
    {
        GradientComparison[] rows = [.. ((string[])["2-4-1", "4-8-2", "8-16-4", "16-32-10"]).Select(text =>
            GradientMethods.Compare(NetworkSpec.Parse(text)))];
        Assert.Equal([17, 58, 212, 874], rows.Select(r => r.Parameters));
        foreach (GradientComparison row in rows)
        {
            Assert.InRange(row.Evaluations(row.TwoPoint), 2 * row.Parameters, 2.3 * row.Parameters);
            Assert.InRange(row.Evaluations(row.FivePoint), 4 * row.Parameters, 4.6 * row.Parameters);
            Assert.InRange(row.Evaluations(row.Forward), 0.1 * row.Parameters, 3 * row.Parameters);
            Assert.InRange(row.Evaluations(row.Reverse), 2, 5);
            Assert.Equal((1 + row.Parameters, 2L), (row.Forward.Passes, row.Reverse.Passes));
        }
        Assert.True(rows[3].Evaluations(rows[3].Forward) > 20 * rows[0].Evaluations(rows[0].Forward));
    }

    [Fact]
    public void Absent_links_are_no_parameters()
    {
        ConnectionMask mask = ConnectionMask.Random(4, 3, 0.5, new(1, RandomStreams.Connections));
        NetworkSpec spec = new(4, new Dense(3, Activations.Tanh) { Connections = mask },
            new Dense(2, Activations.Identity));
        GradientComparison all = GradientMethods.Compare(spec);
        Assert.Equal(6 + 3 + 8, all.Parameters);
        Assert.InRange(all.TwoPoint.Error, 0, 1e-7);
        foreach (int place in Enumerable.Range(0, 12).Where(i => !mask[i / 3, i % 3]))
            foreach (GradientMethod method in all.Methods) Assert.Equal(0, method.Gradient[0][place / 3, place % 3]);
    }

    [Fact]
    public void Table_has_a_line_per_method()
    {
        GradientComparison all = GradientMethods.Compare(NetworkSpec.Parse("2-4-1"));
        string[] lines = all.ToText().TrimEnd('\n').Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.StartsWith("2-4-1: 17 parameters, one evaluation ", lines[0], StringComparison.Ordinal);
        foreach ((GradientMethod method, string line) in all.Methods.Zip(lines[2..]))
            Assert.StartsWith(method.Name, line, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_differentiated_is_refused()
    {
        Expr x = Variable("x", 2, 2);
        Binding at = (x, new double[2, 2]);
        Assert.Throws<DownhillException>(() => GradientMethods.Compare("matrix", x + x, [at], x));
        Assert.Throws<DownhillException>(() => GradientMethods.Compare("nothing", x.Sum(), [at]));
    }

    // ---- forward mode of every operation ----------------------------------------------------------------------------

    private static readonly Expr A = Variable("A", 3, 4), B = Variable("B", 4, 2), Row = Variable("r", 1, 4),
        Column = Variable("c", 3, 1);

    private static readonly Expr[] Formulas =
    [
        A + Row, A - Column, A * Row, A / (2 + Square(Column)), -A, Exp(A), Log(1 + Square(A)), Log1P(Square(A)),
            Tanh(A), Sin(A), Cos(A),
        Sqrt(1 + Square(A)), Abs(A), Sign(A) * A, Erf(A), Square(A), Pow(1 + Square(A), 1.5), Sigmoid(A), Softplus(A),
            Max(A, Row),
        Min(A, Column), Less(A, Row) * A, LessOrEqual(A, 0) + A, Expr.Select(Less(A, Row), A * A, Row), MatMul(A, B),
            A.Transpose(), A.Sum(),
        A.RowSum(), A.ColumnSum(), A.RowMax(), Softmax(A), LogSumExp(A), MatMul(Softmax(A * A), B) + Column * Row.Sum(),
    ];

    public static TheoryData<int> EachFormula { get; } = new(Enumerable.Range(0, Formulas.Length));

    /// <summary>⟨s, J·v⟩ = ⟨Jᵀ·s, v⟩ for random s and v: the two modes hold the same Jacobian.</summary>
    [Theory, MemberData(nameof(EachFormula))]
    public void Forward_mode_is_the_transpose_of_reverse_mode(int index)
    {
        Expr formula = Formulas[index] + 0 * (A.Sum() + B.Sum() + Row.Sum() + Column.Sum()); // all bound
        Expr[] moving = [A, B, Row, Column];
        ulong draw = (ulong)(1000 * index);
        Evaluation at = formula.Evaluate([.. moving.Select(m => new Binding(m, Noise(m)))]);
        double[][,] directions = [.. moving.Select(Noise)];
        double[,] seed = Noise(formula);
        double[,] tangent = at.Tangent(formula, [.. moving.Zip(directions, (m, d) => new Binding(m, d))]);
        double forward = Dot(seed, tangent), reverse = at.Gradient(formula, seed, moving).Zip(directions, Dot).Sum();
        Assert.NotEqual(0, reverse);
        Assert.Equal(reverse, forward, 1e-12 * Math.Max(1, Math.Abs(reverse)));

        double[,] Noise(Expr shape)
        {
            double[,] m = new double[shape.Rows, shape.Columns];
            for (int i = 0; i < shape.Rows; i++)
                for (int j = 0; j < shape.Columns; j++) m[i, j] = new RandomStream(9,
                    RandomStreams.Data).Normal(draw++);
            return m;
        }
    }

    [Fact]
    public void Every_operation_is_among_them() => Assert.Empty(
        Operation.All.Except(Formulas.SelectMany(f => f.Nodes()).Select(n => n.Operation)));

    [Fact]
    public void Branch_not_taken_carries_no_tangent()
    {
        Expr v = Variable("v");
        Expr guarded = Expr.Select(Less(0, v), Log(v), 0);
        Assert.Equal(0, guarded.Evaluate((v, 0)).Tangent(guarded, (v, 1))[0, 0]);
        Assert.Throws<DownhillException>(() => guarded.Evaluate((v, 1)).Tangent(guarded, (v, new double[1, 2])));
    }

    private static double Dot(double[,] a, double[,] b) =>
        a.Cast<double>().Zip(b.Cast<double>(), (x, y) => x * y).Sum();
}
