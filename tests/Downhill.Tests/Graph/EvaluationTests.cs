using Downhill.Graph;
using Xunit;
using static Downhill.Graph.Expr;

namespace Downhill.Tests.Graph;

/// <summary>Whole formulas: the lecture's networks, sharing, depth, counts, substitution, refusals.</summary>
public sealed class EvaluationTests
{
    // ---- networks -----------------------------------------------------------------------------------------------

    [Fact]
    public void Simplest_network_has_the_lectures_derivatives()
    {
        (Expr x, Expr w1, Expr w2, Expr d) = (Variable("x"), Variable("w₁"), Variable("w₂"), Variable("d"));
        Expr y = Sigmoid(w1 * x), z = Sigmoid(w2 * y), performance = -0.5 * Square(d - z);

        (double X, double W1, double W2, double D) = (0.7, -1.3, 2.1, 0.9);
        Evaluation at = performance.Evaluate((x, X), (w1, W1), (w2, W2), (d, D));
        (double Y, double Z) = (at.Scalar(y), at.Scalar(z));
        double[][,] gradient = at.Gradient(performance, w2, w1);

        Assert.Equal(1 / (1 + Math.Exp(-W1 * X)), Y, 1e-15);
        Assert.Equal(1 / (1 + Math.Exp(-W2 * Y)), Z, 1e-15);
        Assert.Equal((D - Z) * Z * (1 - Z) * Y, gradient[0][0, 0], 4e-17);
        Assert.Equal((D - Z) * Z * (1 - Z) * W2 * Y * (1 - Y) * X, gradient[1][0, 0], 4e-17);
        Assert.NotEqual(0, gradient[1][0, 0], 1e-3);
    }

    [Fact]
    public void A_3_2_1_network_has_the_derivatives_of_backpropagation_by_hand()
    {
        double[,] X = { { 1, 0, -1 }, { 0.5, 2, 1 } }, T = { { 1 }, { 0 } };
        double[,] W = { { 0.1, -0.2 }, { 0.3, 0.4 }, { -0.5, 0.6 } }, B = { { 0.05, -0.1 } };
        double[,] V = { { 0.7 }, { -0.8 } };
        const double C = 0.2;
        (Expr x, Expr t) = (Variable("x", 2, 3), Variable("t", 2, 1));
        (Expr w, Expr b) = (Variable("W", 3, 2), Variable("b", 1, 2));
        (Expr v, Expr c) = (Variable("V", 2, 1), Variable("c"));
        Expr h = Tanh(MatMul(x, w) + b), z = Sigmoid(MatMul(h, v) + c), cost = (0.5 * Square(t - z)).Sum();

        double[][,] gradient = cost.Evaluate((x, X), (t, T), (w, W), (b, B), (v, V), (c, C)).Gradient(cost, w, b, v, c);

        // Row by row with loops over units: δ = (z − t)·z(1 − z); dV = Σ δ·h; dH = δ·V; dW = Σ x·dH·(1 − h²).
        double[,] dW = new double[3, 2], dB = new double[1, 2], dV = new double[2, 1], dC = new double[1, 1];
        for (int r = 0; r < 2; r++)
        {
            var H = new double[2];
            double p = C;
            for (int k = 0; k < 2; k++)
            {
                double field = B[0, k];
                for (int i = 0; i < 3; i++) field += X[r, i] * W[i, k];
                H[k] = Math.Tanh(field);
                p += H[k] * V[k, 0];
            }
            double Z = 1 / (1 + Math.Exp(-p)), delta = (Z - T[r, 0]) * Z * (1 - Z);
            dC[0, 0] += delta;
            for (int k = 0; k < 2; k++)
            {
                dV[k, 0] += delta * H[k];
                double deltaH = delta * V[k, 0] * (1 - H[k] * H[k]);
                dB[0, k] += deltaH;
                for (int i = 0; i < 3; i++) dW[i, k] += X[r, i] * deltaH;
            }
        }
        double[][,] expected = [dW, dB, dV, dC];
        for (int n = 0; n < 4; n++)
        {
            Assert.Equal(expected[n].Cast<double>(), gradient[n].Cast<double>(), (p, q) => Math.Abs(p - q) < 1e-15);
        }
    }

    [Fact]
    public void Cross_entropy_on_softmax_sends_back_y_minus_t()
    {
        (Expr s, Expr t) = (Variable("s", 2, 3), Variable("t", 2, 3));
        Expr y = Softmax(s), throughOutputs = -(t * Log(y)).Sum();
        Expr throughScores = (LogSumExp(s) - (t * s).RowSum()).Sum();
        double[,] scores = { { 2, -1, 0.5 }, { 0, 3, -2 } }, targets = { { 0, 1, 0 }, { 0.2, 0.3, 0.5 } };

        foreach (Expr cost in new[] { throughOutputs, throughScores })
        {
            Expr both = cost + 0 * y.Sum();
            Evaluation at = both.Evaluate((s, scores), (t, targets));
            double[,] outputs = at[y], gradient = at.Gradient(both, s)[0];
            for (int i = 0; i < 2; i++)
            {
                for (int j = 0; j < 3; j++) Assert.Equal(outputs[i, j] - targets[i, j], gradient[i, j], 1e-15);
            }
        }
    }

    [Fact]
    public void Cross_entropy_on_sigmoid_sends_back_y_minus_t()
    {
        (Expr v, Expr t) = (Variable("v"), Variable("t"));
        Expr cost = Softplus(v) - t * v;
        foreach (double at in new[] { -1e4, -3, 0, 0.1, 40, 1e4 })
        {
            Evaluation evaluation = cost.Evaluate((v, at), (t, 0.25));
            Assert.Equal((at >= 0 ? 1 / (1 + Math.Exp(-at)) : Math.Exp(at) / (1 + Math.Exp(at))) - 0.25,
                evaluation.Gradient(cost, v)[0][0, 0], 1e-15);
        }
    }

    // ---- the graph ----------------------------------------------------------------------------------------------

    [Fact]
    public void A_shared_node_is_held_once_and_collects_from_every_use()
    {
        Expr x = Variable("x"), y = x;
        for (int n = 0; n < 60; n++) y += y;                // 2⁶⁰ paths, 61 nodes

        Evaluation at = y.Evaluate((x, 3));

        Assert.Equal(61, y.Nodes().Count);
        Assert.Equal(3 * Math.Pow(2, 60), at.Scalar(y));
        Assert.Equal(Math.Pow(2, 60), at.Gradient(y, x)[0][0, 0]);
        Assert.EndsWith("…", y.ToString().TrimEnd(')'), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_nodes_deep_needs_no_deep_stack()
    {
        Expr x = Variable("x"), y = x;
        for (int n = 0; n < 50_000; n++) y = (y + 1) * 1;

        Expr moved = y.Substitute(x, x - 50_000);
        Evaluation at = moved.Evaluate((x, 7));

        Assert.Equal(7, at.Scalar(moved));
        Assert.Equal(1, at.Gradient(moved, x)[0][0, 0]);
        Assert.True(y.ToString().Length < 5000);
        Assert.Contains("n100000 ", moved.ToDot(), StringComparison.Ordinal);
        Assert.Contains("#100000 = ", at.ToTrace(), StringComparison.Ordinal);
    }

    [Fact]
    public void Derivatives_by_inner_nodes_constants_and_the_result_itself()
    {
        Expr x = Variable("x"), two = 2, y = two * x, z = Square(y), elsewhere = x + 1, root = z + 0 * elsewhere;
        Evaluation at = root.Evaluate((x, 3));

        double[] derivatives = [.. at.Gradient(z, x, y, two, z, elsewhere).Select(d => d[0, 0])];

        Assert.Equal([24, 12, 36, 1, 0], derivatives);
        Assert.Equal(6, at.Scalar(y));
    }

    [Fact]
    public void Results_and_bindings_are_copies()
    {
        Expr x = Variable("x", 1, 2), y = x * 2.0;
        double[,] given = { { 1, 2 } };
        Evaluation at = y.Evaluate((x, given));
        double[,] seed = { { 1, 1 } };
        (given[0, 0], at[y][0, 0], at.Gradient(y, seed, y)[0][0, 0]) = (9, 9, 9);

        Assert.Equal([1.0, 2.0], at[x].Cast<double>());
        Assert.Equal([2.0, 4.0], at[y].Cast<double>());
        Assert.Equal(1, seed[0, 0]);
    }

    [Fact]
    public void Constants_keep_their_own_copy()
    {
        double[,] given = { { 1, 2 } };
        Expr c = Constant(given);
        given[0, 1] = 9;
        Assert.Equal(2, c.ConstantAt(0, 1));
        c.Evaluate()[c][0, 1] = 9;
        Assert.Equal(2, c.ConstantAt(0, 1));
    }

    [Fact]
    public void Substitution_composes_changes_shape_and_shares_what_it_does_not_touch()
    {
        (Expr v, Expr a) = (Variable("v"), Variable("a"));
        Expr untouched = Exp(a), phi = Tanh(v) * untouched + Square(v);
        Expr x = Variable("x", 2, 2);

        Expr lifted = phi.Substitute(v, 2.0 * x);

        Assert.Equal("tanh(2·x)·exp(a) + (2·x)²", lifted.ToString());
        Assert.Equal((2, 2), (lifted.Rows, lifted.Columns));
        Assert.Contains(untouched, lifted.Nodes());
        Assert.Same(phi, phi.Substitute(Variable("v"), x));
        double[,] at = { { 0, 1 }, { -0.5, 2 } };
        Assert.Equal(at.Cast<double>().Select(p => Math.Tanh(2 * p) * Math.Exp(0.3) + 4 * p * p),
            lifted.Evaluate((x, at), (a, 0.3))[lifted].Cast<double>(), (p, q) => Math.Abs(p - q) < 1e-14);
    }

    // ---- counts -------------------------------------------------------------------------------------------------

    [Fact]
    public void Steps_are_counted_by_hand()
    {
        (Expr x, Expr w, Expr b) = (Variable("x", 5, 3), Variable("W", 3, 2), Variable("b", 1, 2));
        Expr y = Tanh(MatMul(x, w) + b);
        Evaluation at = y.Evaluate((x, new double[5, 3]), (w, new double[3, 2]), (b, new double[1, 2]));

        // 10 elements: 3 multiplications and 2 additions each for the product, 1 addition for b, 1 tanh.
        Assert.Equal(new OperationCount(10 * 2 + 10, 10 * 3, 10), at.ForwardCount);
        // tanh: slope 1 − y² (1 and 1), chain (1 and 1); to the product and to b: 1 and 1 each; to W: 30 and 30.
        Assert.Equal(new OperationCount(20 + 10 + 10 + 30, 20 + 10 + 10 + 30, 0), at.BackwardCount(y, w, b));
        // Without W the product is not entered, and nothing is ever spent on x unless it is asked for.
        Assert.Equal(new OperationCount(20 + 10, 20 + 10, 0), at.BackwardCount(y, b));
    }

    [Fact]
    public void Reverse_mode_costs_a_small_multiple_of_the_value_however_many_inputs()
    {
        Expr x = Variable("x", 1, 200), cost = Square(Sin(x)).Sum();
        Evaluation at = cost.Evaluate((x, new double[1, 200]));
        (OperationCount forward, OperationCount backward) = (at.ForwardCount, at.BackwardCount(cost, x));

        Assert.True(Total(backward) <= 5 * Total(forward), $"{forward} {backward}");

        static long Total(OperationCount count) => count.Additions + count.Multiplications + count.Functions;
    }

    // ---- refusals -----------------------------------------------------------------------------------------------

    public static TheoryData<Action, string> Mistakes
    {
        get
        {
            (Expr x, Expr w) = (Variable("x", 2, 3), Variable("w", 4, 1));
            double[,] value = new double[2, 3];
            return new()
            {
                {
                    () => _ = x + w,
                    "Expr.Add: expected equal shapes, or a [1,1], [1,c] or [r,1] beside an [r,c], "
                    + "got [2,3] and [4,1]. Transpose one of them, or meant MatMul?"
                },
                {
                    () => Select(x, w, 1),
                    "Expr.Select: expected equal shapes, or a [1,1], [1,c] or [r,1] beside an [r,c], "
                    + "got [2,3] and [4,1] and [1,1]. Transpose one of them, or meant MatMul?"
                },
                {
                    () => _ = x.RowSum() * x.ColumnSum(),
                    "Expr.Multiply: expected equal shapes, or a [1,1], [1,c] or [r,1] beside an [r,c], "
                    + "got [2,1] and [1,3]. Transpose one of them, or meant MatMul?"
                },
                {
                    () => MatMul(x, w),
                    "Expr.MatMul: expected as many columns in the first as rows in the second, "
                    + "got [2,3] and [4,1]. Transpose one of them?"
                },
                {
                    () => Variable(" "),
                    "Expr.Variable: expected a name, "
                    + "got an empty one. Name it as in the formula: Variable(\"x\")."
                },
                {
                    () => Variable("x", 0, 3),
                    "Expr.Variable \"x\": expected at least one row and one column, "
                    + "got [0,3]. Leave out what is empty."
                },
                {
                    () => Constant(new double[2, 0]),
                    "Expr.Constant: expected at least one row and one column, "
                    + "got [2,0]. Leave out what is empty."
                },
                {
                    () => x.Named("y"),
                    "Expr.Named: expected a constant or a computed node, "
                    + "got the variable x. A variable has its name from Expr.Variable."
                },
                {
                    () => x.ConstantAt(),
                    "Expr.ConstantAt: expected a constant, "
                    + "got Variable. Ask Evaluation for computed values."
                },
                {
                    () => x.Substitute(x.Sum(), 1),
                    "Expr.Substitute: expected a variable to replace, "
                    + "got Sum. Pass the variable."
                },
                {
                    () => x.Sum().Evaluate(),
                    "Expr.Evaluate: expected a value for the variable x [2,3], "
                    + "got none. Add (x, …) to the call; a variable is known by its node, not by its name."
                },
                {
                    () => x.Sum().Evaluate((x, 1)),
                    "Expr.Evaluate: expected for x a value of shape [2,3], "
                    + "got [1,1]. Rows come first."
                },
                {
                    () => x.Sum().Evaluate((x, value), (x, value)),
                    "Expr.Evaluate: expected one value for x, "
                    + "got two. Leave one out."
                },
                {
                    () => x.Sum().Evaluate((x.Sum(), 1)),
                    "Expr.Evaluate: expected values for variables only, "
                    + "got one for Sum [1,1]. Bind what Expr.Variable returned."
                },
                {
                    () => x.Sum().Evaluate((x, value), (w, new double[4, 1])),
                    "Expr.Evaluate: expected a node of the evaluated formula, "
                    + "got w [4,1], which is not in it. "
                    + "A node is known by identity, not by name: use the very Expr that was built in."
                },
                {
                    () => _ = x.Sum().Evaluate((x, value))[w],
                    "Evaluation[…]: expected a node of the evaluated formula, "
                    + "got w [4,1], which is not in it. "
                    + "A node is known by identity, not by name: use the very Expr that was built in."
                },
                {
                    () => x.Evaluate((x, value)).Scalar(x),
                    "Evaluation.Scalar: expected a [1,1] node, "
                    + "got [2,3]. Use evaluation[node]."
                },
                {
                    () => x.Evaluate((x, value)).Gradient(x, x),
                    "Evaluation.Gradient: expected a scalar [1,1], "
                    + "got [2,3]. Take its Sum(), or give a seed: what each of its elements counts for."
                },
                {
                    () => x.Evaluate((x, value)).Gradient(x, new double[3, 2], x),
                    "Evaluation.Gradient: expected a seed like its node of shape [2,3], "
                    + "got [3,2]. Rows come first."
                },
                {
                    () => x.Evaluate((x, value)).Gradient(x, value, w),
                    "Evaluation.Gradient: expected a node of the evaluated formula, "
                    + "got w [4,1], which is not in it. "
                    + "A node is known by identity, not by name: use the very Expr that was built in."
                },
            };
        }
    }

    [Theory, MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public void A_mistake_is_refused_with_where_expected_got_remedy(Action mistake, string message) =>
        Assert.Equal(message, Assert.Throws<DownhillException>(mistake).Message);
}
