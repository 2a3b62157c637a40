using Downhill.Tests.Training;

namespace Downhill.Tests.UpdateRules;

/// <summary>L-BFGS with its strong-Wolfe line search, on functions and on networks.</summary>
public sealed class LbfgsTests
{
    private sealed class Function(Func<double[], double[], double> evaluate) : IObjective
    {
        public int Evaluations { get; private set; }
        public double Evaluate(double[] x, double[] gradient)
        {
            Evaluations++;
            return evaluate(x, gradient);
        }
    }

    /// <summary>The method at a point, with all that it remembers.</summary>
    private sealed class Descent
    {
        private readonly FullBatchMethod method;

        public Descent(Func<double[], double[], double> evaluate, double[] start, int history = 10)
        {
            method = Optimizers.Lbfgs(history).Method!;
            Objective = new(evaluate);
            (X, G) = ([.. start], new double[start.Length]);
            Vectors = [.. Enumerable.Range(0, method.Vectors).Select(_ => new double[start.Length])];
            Scalars = new double[method.Scalars];
            Value = Objective.Evaluate(X, G);
        }

        public Function Objective { get; }
        public double[] X { get; }
        public double[] G { get; }
        public double[][] Vectors { get; }
        public double[] Scalars { get; }
        public double Value { get; private set; }

        public bool Step()
        {
            double value = Value;
            bool moved = method.Step(Objective, X, ref value, G, Vectors, Scalars);
            Value = value;
            return moved;
        }

        /// <summary>Steps until no step lowers the value; the number of steps.</summary>
        public int Run(int atMost = 1000)
        {
            int steps = 0;
            while (steps < atMost && Step()) steps++;
            Assert.True(steps < atMost, $"still moving after {atMost} steps, at {Value:R}");
            return steps;
        }
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();

    private static double Rosenbrock(double[] x, double[] g)
    {
        Array.Clear(g);
        double sum = 0;
        for (int i = 0; i + 1 < x.Length; i++)
        {
            double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
            sum += 100 * a * a + b * b;
            g[i] += -400 * x[i] * a - 2 * b;
            g[i + 1] += 200 * a;
        }
        return sum;
    }

    /// <summary>½·xᵀAx − bᵀx with A = Q·diag·Qᵀ; curvatures from 1 to <paramref name="condition"/>.</summary>
    private static (Func<double[], double[], double> Function, double[] Minimum) Quadratic(int n, double condition)
    {
        RandomStream random = new(5, RandomStreams.Data);
        double[] reflection = [.. Enumerable.Range(0, n).Select(i => random.Normal((ulong)i))];
        double length = Math.Sqrt(Dot(reflection, reflection));
        double[] unit = [.. reflection.Select(v => v / length)];
        double[] minimum = [.. Enumerable.Range(0, n).Select(i => random.Normal((ulong)(1000 + i)))];
        double[] Reflect(double[] v)
        {
            double along = 2 * Dot(unit, v);
            return [.. v.Zip(unit, (a, u) => a - along * u)];
        }
        return ((x, g) =>
        {
            double[] turned = Reflect([.. x.Zip(minimum, (a, m) => a - m)]);
            double[] scaled = [.. turned.Select((v, i) => v * Math.Pow(condition, i / (n - 1.0)))];
            Reflect(scaled).CopyTo(g, 0);
            return 0.5 * Dot(turned, scaled);
        }, minimum);
    }

    [Theory]
    [InlineData(2, 60)]
    [InlineData(10, 120)]
    [InlineData(100, 700)]
    public void Rosenbrock_valley_is_followed_to_its_end(int n, int most)
    {
        double[] start = [.. Enumerable.Range(0, n).Select(i => i % 2 == 0 ? -1.2 : 1)];
        Descent descent = new(Rosenbrock, start);
        int steps = descent.Run();
        Assert.InRange(steps, 10, most);
        Assert.True(descent.Objective.Evaluations < 2 * steps + 100,
            $"{descent.Objective.Evaluations} evaluations for {steps} steps");
        // the other local minimum, n ≥ 4
        Assert.True(descent.Value < 1e-20 || Math.Abs(descent.Value - 3.9866) < 1e-3, $"{descent.Value:R}");
        Assert.True(Math.Sqrt(Dot(descent.G, descent.G)) < 1e-6);
    }

    [Theory]
    [InlineData(1e2)]
    [InlineData(1e4)]
    public void Quadratics_are_solved(double condition)
    {
        (Func<double[], double[], double> function, double[] minimum) = Quadratic(30, condition);
        Descent descent = new(function, new double[30]);
        descent.Run(2000); // SciPy's L-BFGS-B takes 135 and 1215 steps for such
        for (int i = 0; i < 30; i++) Assert.Equal(minimum[i], descent.X[i], 1e-6);
    }

    [Fact]
    public void Every_step_meets_the_strong_Wolfe_conditions()
    {
        Descent descent = new(Rosenbrock, [-1.2, 1, -1.2, 1, 0.5]);
        for (int step = 0; step < 25; step++)
        {
            (double[] x, double[] g, double value) = ([.. descent.X], [.. descent.G], descent.Value);
            Assert.True(descent.Step());
            double[] s = [.. descent.X.Zip(x, (a, b) => a - b)];
            double slope = Dot(g, s), after = Dot(descent.G, s);
            Assert.True(slope < 0);
            Assert.True(descent.Value <= value + 1e-4 * slope,
                $"step {step}: {value:R} → {descent.Value:R}, slope {slope:R}");
            Assert.True(Math.Abs(after) <= 0.9 * Math.Abs(slope), $"step {step}: slope {slope:R} → {after:R}");
            double[] fresh = new double[5];
            Assert.Equal(descent.Value, Rosenbrock(descent.X, fresh));
            Assert.Equal(fresh, descent.G);
        }
    }

    /// <summary>The two loops against the matrix that they stand for: H ← (I − ρsyᵀ)·H·(I − ρysᵀ) + ρssᵀ over the pairs
    /// held, from the scaled identity.</summary>
    [Fact]
    public void The_direction_is_that_of_the_dense_recursion()
    {
        const int N = 5, History = 4;
        Descent descent = new(Rosenbrock, [-1.2, 1, -1.2, 1, 0.5], History);
        List<(double[] S, double[] Y)> pairs = [];
        for (int step = 0; step < 20; step++)
        {
            (double[] x, double[] g) = ([.. descent.X], [.. descent.G]);
            double[] expected = Direction(g, pairs);
            Assert.True(descent.Step());
            double[] actual = descent.Vectors[2 * History];
            for (int i = 0; i < N; i++) Assert.Equal(expected[i], actual[i], 1e-9 * Math.Sqrt(Dot(expected, expected)));
            pairs.Add(([.. descent.X.Zip(x, (a, b) => a - b)], [.. descent.G.Zip(g, (a, b) => a - b)]));
            if (pairs.Count > History) pairs.RemoveAt(0);
        }

        static double[] Direction(double[] g, List<(double[] S, double[] Y)> pairs)
        {
            double[,] h = new double[N, N];
            double scale = pairs.Count == 0 ? 1 : Dot(pairs[^1].S, pairs[^1].Y) / Dot(pairs[^1].Y, pairs[^1].Y);
            for (int i = 0; i < N; i++) h[i, i] = scale;
            foreach ((double[] s, double[] y) in pairs)
            {
                double rho = 1 / Dot(s, y);
                double[,] v = new double[N, N], next = new double[N, N];
                for (int i = 0; i < N; i++)
                    for (int j = 0; j < N; j++) v[i, j] = (i == j ? 1 : 0) - rho * y[i] * s[j];
                for (int i = 0; i < N; i++)
                    for (int j = 0; j < N; j++)
                    {
                        double sum = rho * s[i] * s[j];
                        for (int a = 0; a < N; a++)
                            for (int b = 0; b < N; b++) sum += v[a, i] * h[a, b] * v[b, j];
                        next[i, j] = sum;
                    }
                h = next;
            }
            return [.. Enumerable.Range(0, N).Select(i => -Enumerable.Range(0, N).Sum(j => h[i, j] * g[j]))];
        }
    }

    /// <summary>Σ x − ln x: the first step leads far over the edge at 0, where there is no value, or no
    /// gradient.</summary>
    [Theory]
    [InlineData("not a number", double.NaN, 1)]
    [InlineData("infinite", double.PositiveInfinity, 1)]
    [InlineData("minus infinite", double.NegativeInfinity, 1)]
    [InlineData("no gradient", -1e9, double.NaN)]
    [InlineData("infinite gradient", -1e9, double.PositiveInfinity)]
    public void Points_that_are_not_finite_are_stepped_back_from(string what, double value, double slope)
    {
        double Barrier(double[] x, double[] g)
        {
            if (x.Any(v => v <= 0))
            {
                Array.Fill(g, slope);
                return value;
            }
            for (int i = 0; i < x.Length; i++) g[i] = 4 * (i + 1) - 1 / x[i];
            return x.Select((v, i) => 4 * (i + 1) * v - Math.Log(v)).Sum();
        }
        Descent descent = new(Barrier, [3, 0.02, 1]);
        descent.Run(100);
        for (int i = 0; i < 3; i++)
            Assert.True(Math.Abs(descent.X[i] - 0.25 / (i + 1)) < 1e-6, $"{what}: x{i} = {descent.X[i]:R}");
        Assert.All(descent.G, g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void Flat_ground_and_falling_without_end_are_survived()
    {
        Descent flat = new((_, g) => { Array.Clear(g); return 1; }, [1, 2]);
        Assert.False(flat.Step());
        Assert.Equal([1, 2], flat.X);

        Descent endless = new((x, g) => { g[0] = -1; return -x[0]; }, [0]);
        Assert.True(endless.Step());
        Assert.True(endless.Value < -1e6);
        Assert.True(endless.Objective.Evaluations < 100);

        // A gradient that points the wrong way: no step lowers the value, and the search says so instead of going on.
        Descent wrong = new((x, g) => { g[0] = -2 * x[0]; return x[0] * x[0]; }, [1]);
        Assert.False(wrong.Step());
        Assert.Equal(1, wrong.Value);
        Assert.True(wrong.Objective.Evaluations < 200);
    }

    public static IEnumerable<TheoryDataRow<string>> Logistic() =>
        RuleBench.Goldens("logistic").Keys.Select(name => new TheoryDataRow<string>(name));

    private static TrainSession<T> LogisticRun<T>(string golden, int epochs)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        string[] words = golden.Split(' ');
        Dataset data = Dataset.Load(words[0]);
        bool two = data.Target.Classes.Count == 2;
        int[] rows = Runs.All(data);
        Preparation preparation = Preparation.Fit(data, rows, Scaling.Standard, singleOutput: two);
        NetworkSpec spec = new(preparation.Width,
            new Dense(preparation.Outputs, two ? Activations.Sigmoid() : Activations.Softmax));
        return new(spec, data, rows, [], preparation, new()
        {
            Loss = two ? Losses.BinaryCrossEntropy : Losses.CrossEntropy, Optimizer = Optimizers.Lbfgs(), Batch = 0,
            Epochs = epochs, Threads = 1,
            L2 = double.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Numbers of eng/goldens/logistic.py.</summary>
    [Theory, MemberData(nameof(Logistic))]
    public void Logistic_regression_reaches_the_minimum_of_scikit_learn(string golden)
    {
        double minimum = RuleBench.Goldens("logistic")[golden].GetDouble();
        using (TrainSession<double> session = LogisticRun<double>(golden, 2000))
        {
            Assert.Equal("converged", session.Run().Rule);
            double reached = session.State.LastLoss + session.Penalty();
            Assert.Equal(1, reached / minimum, 1e-10);
        }
        // In single precision the objective has a grain; the search must find that out, and stop near the same place.
        using TrainSession<float> single = LogisticRun<float>(golden, 5000);
        Assert.Equal("converged", single.Run().Rule);
        Assert.Equal(1, (single.State.LastLoss + single.Penalty()) / minimum, 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_network_in_single_precision_comes_to_an_end(ulong seed)
    {
        Dataset data = Runs.Numbers(80, 3);
        NetworkSpec spec = new(3, new Dense(6, Activations.Tanh), new Dense(1, Activations.Identity));
        using TrainSession<float> session = Runs.Start<float>(data, spec, new()
        {
            Loss = Losses.MeanSquaredError, Optimizer = Optimizers.Lbfgs(), Batch = 0, Epochs = 20_000, Threads = 1,
            Seed = seed, L2 = 1e-3,
        });
        double before = double.PositiveInfinity;
        while (session.Stopped is null)
        {
            session.Step();
            double now = session.State.LastLoss + session.Penalty();
            Assert.True(now <= before + 1e-12 * now, $"step {session.State.Step}: {before:R} → {now:R}");
            before = now;
        }
        Assert.Equal("converged", session.Stopped.Rule);
        Assert.True(session.State.MethodVectors[^1].Max(Math.Abs) < 1e-4, "the gradient is not near 0");
    }

    /// <summary>Checkpoints and determinism: the method keeps nothing outside of the arrays it is given.</summary>
    [Fact]
    public void All_memory_is_in_the_arrays()
    {
        Descent whole = new(Rosenbrock, [-1.2, 1, 0.3], 3), first = new(Rosenbrock, [-1.2, 1, 0.3], 3);
        for (int i = 0; i < 8; i++) { whole.Step(); first.Step(); }
        Descent second = new(Rosenbrock, [.. first.X], 3);
        for (int i = 0; i < first.Vectors.Length; i++) first.Vectors[i].CopyTo(second.Vectors[i], 0);
        first.Scalars.CopyTo(second.Scalars, 0);
        for (int i = 0; i < 8; i++) { whole.Step(); second.Step(); }
        Assert.Equal(whole.X, second.X);
    }
}
