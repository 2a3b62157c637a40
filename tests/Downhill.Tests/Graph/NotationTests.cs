using Downhill.Graph;
using Xunit;
using static Downhill.Graph.Expr;

namespace Downhill.Tests.Graph;

/// <summary>Formulas as people write them, traces as people work them out, drawings for Graphviz.</summary>
public sealed class NotationTests
{
    public static TheoryData<Expr, string> Formulas
    {
        get
        {
            (Expr a, Expr b, Expr c) = (Variable("a"), Variable("b"), Variable("c"));
            (Expr x, Expr y, Expr z, Expr v) = (Variable("x"), Variable("y"), Variable("z"), Variable("v"));
            (Expr X, Expr W, Expr s) = (Variable("X", 2, 3), Variable("W", 3, 3), Variable("s", 1, 3));
            (Expr mu, Expr sigma, Expr pi) = (Variable("μ"), Variable("σ"), Constant(Math.PI).Named("π"));
            return new()
            {
                // the lecture's
                { z + 1 / (1 + Exp(-x * v + y)), "z + 1/(1 + exp(−x·v + y))" },
                { z + 1 / (1 + Exp(-(x * v) + y)), "z + 1/(1 + exp(−x·v + y))" },
                { Exp(-0.5 * Square((v - mu) / sigma)) / (Sqrt(2 * pi) * sigma), "exp(−0.5·((v − μ)/σ)²)/(√(2·π)·σ)" },
                { Select(Less(v, c), a, b), "a if v < c else b" },
                { Select(Less(v, a), 0, Select(Less(b, v), 1, v)), "0 if v < a else 1 if b < v else v" },
                { Sigmoid(MatMul(X, W) + s), "sigmoid(X·W + s)" },

                // sums and products
                { a + (b + c), "a + b + c" },
                { a + (b - c), "a + b − c" },
                { a - (b - c), "a − (b − c)" },
                { a - b - c, "a − b − c" },
                { a - (b + c), "a − (b + c)" },
                { (a + b) * c, "(a + b)·c" },
                { a * (b * c), "a·b·c" },
                { a * b + c, "a·b + c" },
                { a / (b * c), "a/(b·c)" },
                { a / b / c, "a/b/c" },
                { a / (b / c), "a/(b/c)" },
                { a * (b / c), "a·b/c" },

                // signs
                { a + -b, "a + (−b)" },
                { a - -b, "a − (−b)" },
                { a * -b, "a·(−b)" },
                { -a * b, "−a·b" },
                { -(-a), "−(−a)" },
                { -(a + b), "−(a + b)" },
                { -a + b, "−a + b" },
                { a * -2, "a·(−2)" },
                { -2 * a, "−2·a" },
                { a + (-b + c), "a + (−b + c)" },
                { Max(-1, -a), "max(−1, −a)" },
                { Less(-1, -a), "−1 < −a" },
                { Select(Less(a, 0), -1, -a), "−1 if a < 0 else −a" },

                // powers and functions
                { Square(a + b), "(a + b)²" },
                { Square(-a), "(−a)²" },
                { -Square(a), "−a²" },
                { Square(Square(a)), "(a²)²" },
                { Square(Exp(a)), "exp(a)²" },
                { Pow(a, -0.5), "a^(−0.5)" },
                { Pow(Constant(-2), 3), "(−2)^3" },
                { Abs(-a), "|−a|" },
                { 2 * Select(Less(a, b), a, b), "2·(a if a < b else b)" },
                { a + LessOrEqual(a, b), "a + (a ≤ b)" },
                { Min(a, Log1P(b)), "min(a, log1p(b))" },

                // matrices
                { MatMul(X, W) * X, "X·W ⊙ X" },
                { MatMul(X * X, W), "(X ⊙ X)·W" },
                { MatMul(X, W * W), "X·(W ⊙ W)" },
                { MatMul(X, MatMul(W, W)), "X·(W·W)" },
                { X.Transpose(), "Xᵀ" },
                { (X + s).Transpose(), "(X + s)ᵀ" },
                { a * X, "a·X" },
                { (X - X.RowMax()).Sum(), "sum(X − rowmax(X))" },
                { X * Constant(new double[,] { { 1, 2, 3 }, { -4, 5, 6.5 } }), "X ⊙ [1 2 3; −4 5 6.5]" },
                { Constant(new double[5, 5]) * a, "[5×5]·a" },
                { a * double.PositiveInfinity + double.NegativeInfinity, "a·∞ + (−∞)" },
                { a * 1e-5, "a·1E−05" },
                { Constant(-1).Named("ε") * a, "ε·a" },

                // names stand for what is under them, not for the formula itself
                { Sigmoid((a * b).Named("p")).Named("y"), "sigmoid(p)" },
            };
        }
    }

    [Theory, MemberData(nameof(Formulas), DisableDiscoveryEnumeration = true)]
    public void Formula_is_written_with_no_more_parentheses_than_it_needs(Expr formula, string text) =>
        Assert.Equal(text, formula.ToString());

    private static Evaluation SimplestNetwork()
    {
        (Expr x, Expr w1, Expr w2, Expr d) = (Variable("x"), Variable("w₁"), Variable("w₂"), Variable("d"));
        Expr p1 = (w1 * x).Named("p₁"), y = Sigmoid(p1).Named("y");
        Expr p2 = (w2 * y).Named("p₂"), z = Sigmoid(p2).Named("z");
        Expr performance = (-0.5 * Square(d - z)).Named("P");
        return performance.Evaluate((x, 1), (w1, 0.5), (w2, -1), (d, 1));
    }

    [Fact]
    public void Trace_reads_like_the_simplest_network_worked_by_hand() => Assert.Equal(
        """
        d = 1                        ∂P/∂d = −0.650778
        w₂ = −1                      ∂P/∂w₂ = 0.0920615
        w₁ = 0.5                     ∂P/∂w₁ = −0.034757
        x = 1                        ∂P/∂x = −0.0173785
        p₁ = w₁·x = 0.5              ∂P/∂p₁ = −0.034757
        y = sigmoid(p₁) = 0.622459   ∂P/∂y = −0.1479
        p₂ = w₂·y = −0.622459        ∂P/∂p₂ = 0.1479
        z = sigmoid(p₂) = 0.349222   ∂P/∂z = 0.650778
        #1 = d − z = 0.650778        ∂P/∂#1 = −0.650778
        #2 = #1² = 0.423512          ∂P/∂#2 = −0.5
        P = −0.5·#2 = −0.211756      ∂P/∂P = 1

        """, SimplestNetwork().ToTrace());

    [Fact]
    public void Trace_shows_matrices_named_constants_unnamed_nodes_and_takes_the_sum_of_a_matrix_result()
    {
        (Expr x, Expr w, Expr half) = (Variable("x", 1, 2), Variable("W", 2, 2), Constant(0.5).Named("h"));
        Expr y = half * MatMul(x, w) + 1;
        Evaluation at = y.Evaluate((x, new double[,] { { 1, 2 } }), (w, new double[,] { { 1, 2 }, { 3, -4 } }));

        Assert.Equal(
            """
            h = 0.5
            x = [1 2]                ∂#3/∂x = [1.5 −0.5]
            W = [1 2; 3 −4]          ∂#3/∂W = [0.5 0.5; 1 1]
            #1 = x·W = [7 −6]        ∂#3/∂#1 = [0.5 0.5]
            #2 = h·#1 = [3.5 −3]     ∂#3/∂#2 = [1 1]
            #3 = #2 + 1 = [4.5 −2]   ∂#3/∂#3 = [1 1]

            """, at.ToTrace());
    }

    [Fact]
    public void Dot_draws_the_graph() => Assert.Equal(
        """
        digraph formula {
          rankdir=LR;
          node [fontname="serif"];
          n0 [label="0", shape=plaintext];
          n1 [label="a\"b", shape=ellipse];
          n2 [label="Max", shape=box];
          n0 -> n2;
          n1 -> n2;
          n3 [label="2", shape=plaintext];
          n4 [label="y: Multiply", shape=box];
          n2 -> n4;
          n3 -> n4;
        }

        """, (Max(0, Variable("a\"b")) * 2).Named("y").ToDot());

    [Fact]
    public void Dot_shows_values_on_request()
    {
        Expr x = Variable("x"), y = Constant(2).Named("β") * x + 1;

        string dot = y.ToDot(y.Evaluate((x, 3)));

        foreach (string label in new[] { "β = 2", "x = 3", "Multiply = 6", "1", "Add = 7" })
        {
            Assert.Contains($"[label=\"{label}\",", dot, StringComparison.Ordinal);
        }
    }
}
