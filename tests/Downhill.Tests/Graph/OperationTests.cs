using CsCheck;
using Downhill.Graph;
using Xunit;
using static Downhill.Graph.Expr;

namespace Downhill.Tests.Graph;

/// <summary>Each operation: values by hand, derivatives against finite differences, kinks and extremes.</summary>
public sealed class OperationTests
{
    private const double Infinity = double.PositiveInfinity;

    // ---- values and slopes against literals ---------------------------------------------------------------------

    /// <summary>Formula in a (and b), a, b, value, slope by a, slope by b. Literals to 16 digits from tables.</summary>
    public static TheoryData<string, double, double, double, double, double> ByHand => new()
    {
        { "a + b", 3, 4, 7, 1, 1 },
        { "a − b", 3, 4, -1, 1, -1 },
        { "a·b", 3, 4, 12, 4, 3 },
        { "a/b", 3, 4, 0.75, 0.25, -0.1875 },
        { "−a", 3, 0, -3, -1, 0 },
        { "exp(a)", 1, 0, 2.718281828459045, 2.718281828459045, 0 },
        { "log(a)", 2, 0, 0.6931471805599453, 0.5, 0 },
        { "log1p(a)", 1, 0, 0.6931471805599453, 0.5, 0 },
        { "log1p(a)", 1e-10, 0, 9.9999999995e-11, 0.9999999999, 0 },
        { "log1p(a)", -0.5, 0, -0.6931471805599453, 2, 0 },
        { "tanh(a)", 0.5, 0, 0.46211715726000976, 0.7864477329659274, 0 },
        { "sin(a)", 1, 0, 0.8414709848078965, 0.5403023058681398, 0 },
        { "cos(a)", 1, 0, 0.5403023058681398, -0.8414709848078965, 0 },
        { "√(a)", 2, 0, 1.4142135623730951, 0.35355339059327373, 0 },
        { "|a|", -3, 0, 3, -1, 0 },
        { "sign(a)", -3, 0, -1, 0, 0 },
        { "erf(a)", 0.5, 0, 0.5204998778130465, 0.8787825789354449, 0 },
        { "a²", -3, 0, 9, -6, 0 },
        { "a^3", -2, 0, -8, 12, 0 },
        { "a^(−0.5)", 4, 0, 0.5, -0.0625, 0 },
        { "sigmoid(a)", 1, 0, 0.7310585786300049, 0.19661193324148185, 0 },
        { "softplus(a)", 1, 0, 1.3132616875182228, 0.7310585786300049, 0 },
        { "max(a, b)", 3, 4, 4, 0, 1 },
        { "min(a, b)", 3, 4, 3, 1, 0 },
        { "a < b", 3, 4, 1, 0, 0 },
        { "a < b", 4, 4, 0, 0, 0 },
        { "a ≤ b", 4, 4, 1, 0, 0 },
        { "a ≤ b", 5, 4, 0, 0, 0 },
        { "a if a < 1 else b", 3, 4, 4, 0, 1 },
        { "a if a < 1 else b", -3, 4, -3, 1, 0 },
    };

    [Theory, MemberData(nameof(ByHand))]
    public void Value_and_slopes_by_hand(
        string text, double atA, double atB, double value, double slopeA, double slopeB)
    {
        (Expr a, Expr b) = (Variable("a"), Variable("b"));
        Expr[] formulas =
        [
            a + b, a - b, a * b, a / b, -a, Exp(a), Log(a), Log1P(a), Tanh(a), Sin(a), Cos(a), Sqrt(a), Abs(a), Sign(a),
            Erf(a), Square(a), Pow(a, 3), Pow(a, -0.5), Sigmoid(a), Softplus(a), Max(a, b), Min(a, b), Less(a, b),
            LessOrEqual(a, b), Select(Less(a, 1), a, b),
        ];
        Expr formula = formulas.Single(candidate => candidate.ToString() == text) + 0 * (a + b);   // both always bound

        Evaluation at = formula.Evaluate((a, atA), (b, atB));
        double[][,] slopes = at.Gradient(formula, a, b);

        Near(value, at.Scalar(formula), 4e-15);
        Near(slopeA, slopes[0][0, 0], 4e-15);
        Near(slopeB, slopes[1][0, 0], 4e-15);
    }

    [Fact]
    public void Matrix_operations_by_hand()
    {
        Expr x = Variable("x", 2, 3);
        double[,] value = { { 1, 2, 3 }, { 6, 5, 4 } };
        double[,] Of(Expr formula) => formula.Evaluate((x, value))[formula];

        Equal(new double[,] { { 1, 6 }, { 2, 5 }, { 3, 4 } }, Of(x.Transpose()));
        Equal(new double[,] { { 21 } }, Of(x.Sum()));
        Equal(new double[,] { { 6 }, { 15 } }, Of(x.RowSum()));
        Equal(new double[,] { { 7, 7, 7 } }, Of(x.ColumnSum()));
        Equal(new double[,] { { 3 }, { 6 } }, Of(x.RowMax()));
        Equal(new double[,] { { 14, 28 }, { 28, 77 } }, Of(MatMul(x, x.Transpose())));
        Equal(new double[,] { { 3.4076059644443806 }, { 6.4076059644443806 } }, Of(LogSumExp(x)), 4e-15);
        (double small, double middle, double large) = (0.09003057317038046, 0.24472847105479767, 0.6652409557748219);
        Equal(new[,] { { small, middle, large }, { large, middle, small } }, Of(Softmax(x)), 4e-16);
    }

    [Fact]
    public void Matrix_derivatives_by_hand()
    {
        (Expr a, Expr b) = (Variable("A", 1, 2), Variable("B", 2, 2));
        Expr product = MatMul(a, b);
        Evaluation at = product.Evaluate((a, new double[,] { { 1, 2 } }), (b, new double[,] { { 3, 4 }, { 5, 6 } }));

        double[][,] derivatives = at.Gradient(product, new double[,] { { 1, 10 } }, a, b);

        Equal(new double[,] { { 43, 65 } }, derivatives[0]);                // seed · Bᵀ
        Equal(new double[,] { { 1, 10 }, { 2, 20 } }, derivatives[1]);      // Aᵀ · seed
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void What_is_repeated_gets_the_sum_of_its_derivatives(int rows, int columns)
    {
        (Expr small, Expr full) = (Variable("s", rows, columns), Variable("f", 2, 3));
        Expr sum = (small * full).Sum();
        double[,] values = { { 1, 2, 3 }, { 40, 50, 60 } };

        double[,] derivative = sum.Evaluate((small, new double[rows, columns]), (full, values)).Gradient(sum, small)[0];

        Equal((rows, columns) switch
        {
            (1, 1) => new double[,] { { 156 } },
            (1, 3) => new double[,] { { 41, 52, 63 } },
            (2, 1) => new double[,] { { 6 }, { 150 } },
            _ => values,
        }, derivative);
    }

    // ---- derivatives against five-point finite differences ------------------------------------------------------

    private sealed record Case(Operation Operation, int Arity, Func<Expr[], Expr> Build, bool Positive = false);

    private static readonly Case[] Elementwise =
    [
        new(Operation.Add, 2, x => x[0] + x[1]),
        new(Operation.Subtract, 2, x => x[0] - x[1]),
        new(Operation.Multiply, 2, x => x[0] * x[1]),
        new(Operation.Divide, 2, x => x[0] / x[1], Positive: true),
        new(Operation.Negate, 1, x => -x[0]),
        new(Operation.Exp, 1, x => Exp(x[0])),
        new(Operation.Log, 1, x => Log(x[0]), Positive: true),
        new(Operation.Log1P, 1, x => Log1P(x[0]), Positive: true),
        new(Operation.Tanh, 1, x => Tanh(x[0])),
        new(Operation.Sin, 1, x => Sin(x[0])),
        new(Operation.Cos, 1, x => Cos(x[0])),
        new(Operation.Sqrt, 1, x => Sqrt(x[0]), Positive: true),
        new(Operation.Abs, 1, x => Abs(x[0])),
        new(Operation.Sign, 1, x => Sign(x[0])),
        new(Operation.Erf, 1, x => Erf(x[0])),
        new(Operation.Square, 1, x => Square(x[0])),
        new(Operation.Pow, 1, x => Pow(x[0], 3)),
        new(Operation.Pow, 1, x => Pow(x[0], -1.5), Positive: true),
        new(Operation.Pow, 1, x => Pow(x[0], 0)),
        new(Operation.Sigmoid, 1, x => Sigmoid(x[0])),
        new(Operation.Softplus, 1, x => Softplus(x[0])),
        new(Operation.Max, 2, x => Max(x[0], x[1])),
        new(Operation.Min, 2, x => Min(x[0], x[1])),
        new(Operation.Less, 2, x => Less(x[0], x[1])),
        new(Operation.LessOrEqual, 2, x => LessOrEqual(x[0], x[1])),
        new(Operation.Select, 3, x => Select(Less(x[0], 0), x[1], x[2])),
        new(Operation.Select, 3, x => Select(x[0], x[1], x[2])),
    ];

    private static readonly Case[] OnMatrices =
    [
        new(Operation.MatMul, 2, x => MatMul(x[0], x[1])),
        new(Operation.Transpose, 1, x => x[0].Transpose()),
        new(Operation.Sum, 1, x => x[0].Sum()),
        new(Operation.RowSum, 1, x => x[0].RowSum()),
        new(Operation.ColumnSum, 1, x => x[0].ColumnSum()),
        new(Operation.RowMax, 1, x => x[0].RowMax()),
        new(Operation.Softmax, 1, x => Softmax(x[0])),
        new(Operation.LogSumExp, 1, x => LogSumExp(x[0])),
    ];

    [Fact]
    public void Every_operation_is_checked_below()
    {
        Operation[] covered = [Operation.Variable, Operation.Constant,
            .. Elementwise.Concat(OnMatrices).Select(c => c.Operation).Distinct()];

        Assert.Equal(Operation.All, covered);
        Assert.All(Elementwise.Concat(OnMatrices), c => Assert.Equal(c.Operation,
            c.Build([.. Enumerable.Range(0, c.Arity).Select(_ => Variable("x"))]).Operation));
        Assert.All(Operation.All, operation => Assert.Same(operation,
            typeof(Operation).GetField(operation.Name)?.GetValue(null)));
    }

    /// <summary>The four shapes an operand of [2,3] may have.</summary>
    private static readonly (int Rows, int Columns)[] Shapes = [(2, 3), (1, 1), (1, 3), (2, 1)];

    [Fact]
    public void Elementwise_derivatives_agree_with_finite_differences_in_every_mix_of_shapes()
    {
        foreach (Case c in Elementwise)
        {
            for (int mix = 0; mix < (int)Math.Pow(4, c.Arity); mix++)
            {
                int digits = mix;
                (int Rows, int Columns)[] shapes =
                    [.. Enumerable.Range(0, c.Arity).Select(k => Shapes[(digits >> (2 * k)) & 3])];
                bool legal = shapes.Any(s => s == (shapes.Max(t => t.Rows), shapes.Max(t => t.Columns)));
                if (legal) CheckDerivatives(c, shapes, 2);
                else Assert.Throws<DownhillException>(() => c.Build(Variables(shapes)));
            }
        }
    }

    [Fact]
    public void Matrix_derivatives_agree_with_finite_differences_in_every_shape()
    {
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 4]).Sample((r, k, c) =>
        {
            foreach (Case test in OnMatrices) CheckDerivatives(test, test.Arity == 2 ? [(r, k), (k, c)] : [(r, c)], 1);
        }, iter: 50);
    }

    private static void CheckDerivatives(Case c, (int Rows, int Columns)[] shapes, int samples)
    {
        // Distinct levels, at least 0.03 apart from each other and from 0: no kink within reach of a difference.
        const int Levels = 40;
        Gen.Select(Gen.Shuffle(Enumerable.Range(0, Levels).ToArray()), Gen.Double[-0.01, 0.01].Array[Levels],
            Gen.Double[-2, 2].Array[16]).Sample((levels, jitter, weights) =>
        {
            int next = 0, nextWeight = 0;
            Expr[] x = Variables(shapes);
            Binding[] bindings = [.. x.Select(v => new Binding(v, Fill(v.Rows, v.Columns, () =>
            {
                double level = c.Positive ? 0.6 + 0.05 * levels[next] : 0.1 * (levels[next] - Levels / 2) + 0.05;
                return level + jitter[next++];
            })))];
            Expr formula = c.Build(x);
            double[,] seed = Fill(formula.Rows, formula.Columns, () => weights[nextWeight++]);
            double[][,] derivatives = formula.Evaluate(bindings).Gradient(formula, seed, x);
            for (int k = 0; k < x.Length; k++)
            {
                double[,] value = bindings[k].Value;
                Each(value, (i, j) =>
                {
                    double centre = value[i, j];
                    double Result(double shift)
                    {
                        value[i, j] = centre + shift;
                        double[,] y = formula.Evaluate(bindings)[formula];
                        value[i, j] = centre;
                        double sum = 0;
                        Each(y, (p, q) => sum += seed[p, q] * y[p, q]);
                        return sum;
                    }
                    const double H = 1e-3;
                    double difference = (8 * (Result(H) - Result(-H)) - (Result(2 * H) - Result(-2 * H))) / (12 * H);
                    Near(difference, derivatives[k][i, j], 1e-8, 1e-10, c.Operation.Name);
                });
            }
        }, iter: samples);
    }

    // ---- kinks --------------------------------------------------------------------------------------------------

    [Fact]
    public void Slopes_at_kinks_follow_the_documented_convention()
    {
        Expr v = Variable("v");
        double Slope(Expr formula, double at) => formula.Evaluate((v, at)).Gradient(formula, v)[0][0, 0];

        Assert.Equal(0, Slope(Max(0, v), 0));
        Assert.Equal(1, Slope(Max(v, 0), 0));
        Assert.Equal(0, Slope(Min(0, v), 0));
        Assert.Equal(1, Slope(Min(v, 0), 0));
        Assert.Equal(1, Slope(Max(v, v), 3));
        Assert.Equal(0, Slope(Abs(v), 0));
        Assert.Equal(0, Slope(Sign(v), 0));
        Assert.Equal(Infinity, Slope(Sqrt(v), 0));
        Assert.Equal(Infinity, Slope(Log(v), 0));
        Assert.Equal(0, Slope(Pow(v, 0), 0));
        Assert.Equal(1, Slope(Pow(v, 1), 0));
    }

    [Fact]
    public void RowMax_gives_a_tie_to_the_first_column()
    {
        Expr x = Variable("x", 1, 4);
        Expr max = x.RowMax();
        Evaluation at = max.Evaluate((x, new double[,] { { 1, 7, 7, 2 } }));
        Equal(new double[,] { { 0, 1, 0, 0 } }, at.Gradient(max, x)[0]);
    }

    [Fact]
    public void A_branch_not_taken_has_no_influence_however_infinite_it_is()
    {
        Expr v = Variable("v");
        Expr elu = Select(Less(0, v), v, Exp(v) - 1);
        Expr guarded = Select(Less(0, v), Log(v), 0);
        // √ has slope ∞ at 0, but the 0 is there whatever v is.
        Expr[] roots = [Sqrt(Max(0, v)), Sqrt(1 - Min(1, v + 2)), Sqrt(Select(Less(0, v), v, 0)),
            Sqrt(Select(Less(v, 0), 0, v)), Sqrt(Less(0, v))];

        Assert.Equal(1, elu.Evaluate((v, 1e4)).Gradient(elu, v)[0][0, 0]);
        Assert.Equal(0, guarded.Evaluate((v, 0)).Gradient(guarded, v)[0][0, 0]);
        Assert.All(roots, root => Assert.Equal(0, root.Evaluate((v, -1)).Gradient(root, v)[0][0, 0]));
    }

    // ---- extremes -----------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("sigmoid(v)", 0, 0, 1, 0)]
    [InlineData("softplus(v)", 0, 0, 1e4, 1)]
    [InlineData("tanh(v)", -1, 0, 1, 0)]
    [InlineData("erf(v)", -1, 0, 1, 0)]
    [InlineData("1/(1 + exp(−v))", 0, 0, 1, 0)]
    public void Saturating_functions_stay_finite_at_ten_thousand(
        string text, double below, double slopeBelow, double above, double slopeAbove)
    {
        Expr v = Variable("v");
        Expr[] formulas = [Sigmoid(v), Softplus(v), Tanh(v), Erf(v), 1 / (1 + Exp(-v))];
        Expr formula = formulas.Single(candidate => candidate.ToString() == text);

        (double, double, double)[] ends = [(-1e4, below, slopeBelow), (1e4, above, slopeAbove)];
        foreach ((double at, double value, double slope) in ends)
        {
            Evaluation evaluation = formula.Evaluate((v, at));
            Assert.Equal(value, evaluation.Scalar(formula));
            Assert.Equal(slope, evaluation.Gradient(formula, v)[0][0, 0]);
        }
    }

    [Fact]
    public void Softmax_and_LogSumExp_stay_finite_at_ten_thousand()
    {
        Expr x = Variable("x", 2, 2);
        double[,] extreme = { { 1e4, -1e4 }, { 1e4, 1e4 } };
        (Expr soft, Expr log) = (Softmax(x), LogSumExp(x));

        Equal(new[,] { { 1, 0 }, { 0.5, 0.5 } }, soft.Evaluate((x, extreme))[soft]);
        Equal(new[,] { { 1e4 }, { 1e4 + Math.Log(2) } }, log.Evaluate((x, extreme))[log]);
        double[,] ones = { { 1 }, { 1 } };
        Equal(new[,] { { 1, 0 }, { 0.5, 0.5 } }, log.Evaluate((x, extreme)).Gradient(log, ones, x)[0]);
    }

    [Theory]
    [InlineData(-Infinity, 0, 0, -1, 0, -Infinity, 0)]
    [InlineData(Infinity, 1, Infinity, 1, Infinity, Infinity, Infinity)]
    [InlineData(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN)]
    public void Infinity_and_NaN_give_their_limits(
        double at, double sigmoid, double softplus, double tanh, double relu, double logSumExp, double exp)
    {
        Expr v = Variable("v");
        double Of(Expr formula) => formula.Evaluate((v, at)).Scalar(formula);

        Assert.Equal(sigmoid, Of(Sigmoid(v)));
        Assert.Equal(softplus, Of(Softplus(v)));
        Assert.Equal(tanh, Of(Tanh(v)));
        Assert.Equal(relu, Of(Max(0, v)));
        Assert.Equal(logSumExp, Of(LogSumExp(v)));
        Assert.Equal(exp, Of(Exp(v)));
    }

    [Fact]
    public void Infinities_and_NaN_among_the_columns()
    {
        Expr x = Variable("x", 1, 3);
        double[,] Of(Expr formula, double second) => formula.Evaluate((x, new[,] { { 0, second, 0 } }))[formula];

        Equal(new[,] { { 0.5, 0, 0.5 } }, Of(Softmax(x), -Infinity));
        Assert.Equal(Infinity, Of(LogSumExp(x), Infinity)[0, 0]);
        Assert.All(Of(Softmax(x), double.NaN).Cast<double>(), y => Assert.Equal(double.NaN, y));
        Assert.Equal(double.NaN, Of(LogSumExp(x), double.NaN)[0, 0]);
        Assert.Equal(double.NaN, Of(x.RowMax(), double.NaN)[0, 0]);
        Assert.Equal(0, Of(Less(x, 1), double.NaN)[0, 1]);
        Assert.Equal(double.NaN, Of(Max(x, 1), double.NaN)[0, 1]);
        Assert.Equal(double.NaN, Of(Sign(x), double.NaN)[0, 1]);
    }

    [Fact]
    public void Softmax_and_LogSumExp_are_what_their_definitions_say()
    {
        Gen.Double[-5, 5].Array[6].Sample(values =>
        {
            Expr x = Variable("x", 2, 3);
            double[,] value = { { values[0], values[1], values[2] }, { values[3], values[4], values[5] } };
            double[,] seed = { { 1, -2, 3 }, { 0.5, 4, 0 } };
            Expr spread = Constant(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
            Expr softmax = Exp(x) / Exp(x).RowSum(), logSumExp = Log(Exp(x).RowSum());
            foreach ((Expr own, Expr definition) in new[]
            {
                (Softmax(x), softmax), (LogSumExp(x) * spread, logSumExp * spread), (Log(Softmax(x)), x - LogSumExp(x)),
            })
            {
                (Evaluation a, Evaluation b) = (own.Evaluate((x, value)), definition.Evaluate((x, value)));
                Equal(b[definition], a[own], 1e-13);
                Equal(b.Gradient(definition, seed, x)[0], a.Gradient(own, seed, x)[0], 1e-13);
            }
        }, iter: 200);
    }

    // ---- words --------------------------------------------------------------------------------------------------

    private static Expr[] Variables((int Rows, int Columns)[] shapes) =>
        [.. shapes.Select((shape, k) => Variable($"x{k}", shape.Rows, shape.Columns))];

    private static double[,] Fill(int rows, int columns, Func<double> next)
    {
        var m = new double[rows, columns];
        Each(m, (i, j) => m[i, j] = next());
        return m;
    }

    private static void Each(double[,] m, Action<int, int> element)
    {
        for (int i = 0; i < m.GetLength(0); i++)
        {
            for (int j = 0; j < m.GetLength(1); j++) element(i, j);
        }
    }

    private static void Near(double expected, double actual, double relative, double absolute = 0, string what = "") =>
        Assert.True(Math.Abs(expected - actual) <= relative * Math.Abs(expected) + absolute,
            $"{what}: expected {expected:R}, got {actual:R}");

    private static void Equal(double[,] expected, double[,] actual, double absolute = 0)
    {
        Assert.Equal((expected.GetLength(0), expected.GetLength(1)), (actual.GetLength(0), actual.GetLength(1)));
        Each(expected, (i, j) => Near(expected[i, j], actual[i, j], 0, absolute, $"[{i},{j}]"));
    }
}
