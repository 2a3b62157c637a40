using Downhill.Graph;
using Downhill.Tests.Training;

namespace Downhill.Tests;

/// <summary>
/// Each row of the lecture that the engine must make true, shown with the lecture's own definitions. The depth is in
/// the tests of the types; docs/LECTURE.md says how to see each row.
/// </summary>
public sealed class LectureTests
{
    private static readonly float[] Corners = [0, 0, 0, 1, 1, 0, 1, 1];

    /// <summary>C = ½·Σ w² in one weight: a network 1-1 on x = 1, d = 0.</summary>
    private static TrainSession<double> Valley(TrainOptions options, double start)
    {
        Dataset data = new("valley", Runs.Columns(1), new(["d"], []), [1], [], [], [0]);
        TrainSession<double> session = Runs.Start<double>(data,
            new(1, new Dense(1, Activations.Identity) { HasBias = false }),
            options with { Loss = Losses.Euclidean, Reduction = Reduction.Sum, Batch = 0, Threads = 1 });
        session.State.Parameters.Span[0] = start;
        return session;
    }

    private static double Weight(TrainSession<double> session) => session.State.Parameters.Span[0];

    private static double Value(Expr expression) => expression.Evaluate().Scalar(expression);

    [Fact]
    public void L1_neuron_adds_weighs_and_squashes_and_its_bias_is_one_more_input()
    {
        Model model = Model.Fit(Dataset.Load("iris"),
            new() { Hidden = [3], Activation = [Activations.Tanh], Epochs = 1 }).Model;
        Trace trace = Trace.Of(model, [5.1f, 3.5f, 1.4f, 0.2f]);
        foreach (UnitTrace unit in trace.Layers[0].Units)
        {
            double u = unit.Weights.Zip(unit.Links, (w, link) => w * trace.Inputs[link]).Sum();
            Assert.Equal(u, unit.Sum, 1e-12);
            Assert.Equal(unit.Sum + unit.Bias!.Value, unit.Field);
            Assert.Equal(Math.Tanh(unit.Field), unit.Output, 1e-14);
        }

        // v = Σ W_j·x_j + b = Σ W_j·x_j + W₀·x₀ with x₀ = 1 and W₀ = b
        (Expr x, Expr w, Expr b) = (Expr.Variable("x", 1, 2), Expr.Variable("w", 2, 1), Expr.Variable("b"));
        Expr with = new Dense(1, Activations.Tanh).Define(x, [w, b], []);
        Expr x0 = Expr.Variable("x0", 1, 3), w0 = Expr.Variable("w0", 3, 1);
        Expr without = new Dense(1, Activations.Tanh) { HasBias = false }.Define(x0, [w0], []);
        Evaluation one = with.Evaluate((x, new double[,] { { 0.5, -1 } }), (w, new double[,] { { 2 }, { 0.25 } }),
            (b, 0.125));
        Evaluation other = without.Evaluate((x0, new double[,] { { 1, 0.5, -1 } }),
            (w0, new double[,] { { 0.125 }, { 2 }, { 0.25 } }));
        Assert.Equal(one.Scalar(with), other.Scalar(without));
        double inTheSum = other.Gradient(without, w0)[0][0, 0], asBias = one.Gradient(with, b)[0][0, 0];
        Assert.Equal(asBias, inTheSum);
    }

    /// <summary>Activations of the lecture with other than default parameters, at places on all sides of their
    /// corners.</summary>
    [Theory]
    [InlineData("sigmoid(x=2,y=0.5,z=-0.25)")]
    [InlineData("step(a=-2,b=3,c=0.5)")]
    [InlineData("ramp(a=-1,b=2,c=-0.5,d=1.5)")]
    [InlineData("gaussian(mu=0.5,sigma=2)")]
    [InlineData("sign")]
    public void L2_neuron_models_follow_the_lectures_formulas(string text)
    {
        string name = text.Split('(')[0];
        Activation activation = Catalog.Default.Activation(text);
        using Network<double> network = new(new(1, new Dense(1, activation) { HasBias = false }),
            arithmetic: Arithmetic.Portable);
        Workspace<double> workspace = new(network, 1);
        AlignedBuffer<double> weight = new(network.Spec.ParameterLength);
        weight.Span[0] = 1;
        foreach (double v in (double[])[-3, -0.5, -0.25, 0, 0.5, 0.75, 1.5, 4])
        {
            double expected = name switch
            {
                "sigmoid" => -0.25 + 1 / (1 + Math.Exp(-2 * v + 0.5)),
                "step" => v < 0.5 ? -2 : 3,
                "ramp" => v < -0.5 ? -1 : v > 1.5 ? 2 : -1 + (v + 0.5) * 3 / 2,
                "gaussian" => Math.Exp(-0.5 * Math.Pow((v - 0.5) / 2, 2)) / (Math.Sqrt(2 * Math.PI) * 2),
                _ => v >= 0 ? 1 : -1,
            };
            Assert.Equal(expected, Value(activation.Define(v)), 1e-14);
            workspace.Input[0] = v;
            network.Forward(workspace, weight, new(0), 1, PassMode.Predict);
            Assert.Equal(expected, workspace.Output[0], 1e-14);
        }
    }

    [Fact]
    public void L3_perceptron_splits_AND_and_proves_that_it_cannot_split_XOR()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Separable and = Assert.IsType<Separable>(new Perceptron(2, Corners,
            [-1, -1, -1, 1]).Decide(cancellation: token));
        for (int row = 0; row < 4; row++)
        {
            double v = and.Weights[0] * Corners[2 * row] + and.Weights[1] * Corners[2 * row + 1] + and.Bias;
            Assert.Equal(row == 3 ? 1 : -1, Perceptron.Sign(v));
        }
        NotSeparable xor = Assert.IsType<NotSeparable>(new Perceptron(2, Corners,
            [-1, 1, 1, -1]).Decide(cancellation: token));
        Assert.True(xor.Certificate.Check(2, Corners, [-1, 1, 1, -1]));
        Assert.IsType<Undecided>(new Perceptron(2, Corners, [-1, 1, 1, -1]).Decide(passes: 10, work: 0, token));
    }

    [Fact]
    public void L4_multi_layer_perceptron_solves_what_one_layer_cannot()
    {
        Dataset xor = Dataset.Load("xor");
        FitResult fit = Model.Fit(xor, new() { Hidden = [4], Activation = [Activations.Tanh] });
        Assert.Equal(1, fit.Train.Accuracy);
        float[] wide = new float[2];
        NetworkSpec spec = NetworkSpec.Parse("3-4-2");
        using Network<float> network = new(spec);
        Workspace<float> workspace = new(network, 1);
        AlignedBuffer<float> parameters = new(spec.ParameterLength);
        network.Initialize(parameters, new(0), 1);
        workspace.Input.Fill(1);
        network.Forward(workspace, parameters, new(0), 1, PassMode.Predict);
        workspace.Output.CopyTo(wide);
        Assert.DoesNotContain(0f, wide);
    }

    /// <summary>y = σ(W³σ(W²σ(W¹x + b₁) + b₂) + b₃) as matrices, and the same bits from one thread and from
    /// two.</summary>
    [Fact]
    public void L5_matrix_form_is_what_the_engine_computes_in_parallel()
    {
        NetworkSpec spec = NetworkSpec.Parse("40-60-50-30", Activations.Sigmoid(), Activations.Sigmoid());
        const int Rows = 300;
        (double[,] x, AlignedBuffer<double> parameters) = (new double[Rows, 40], new(spec.ParameterLength));
        double[][] outputs = new double[2][];
        for (int threads = 1; threads <= 2; threads++)
        {
            using Network<double> network = new(spec, threads: threads);
            Workspace<double> workspace = new(network, Rows);
            network.Initialize(parameters, new(0), seed: 4);
            for (int i = 0; i < Rows * 40; i++) workspace.Input[i] = x[i / 40, i % 40] = new RandomStream(2,
                RandomStreams.Data).Normal((ulong)i);
            network.Forward(workspace, parameters, new(0), Rows, PassMode.Predict);
            outputs[threads - 1] = workspace.Output.ToArray();
        }
        Assert.Equal(outputs[0], outputs[1]);
        Expr y = Expr.Constant(x);
        for (int layer = 0; layer < 3; layer++)
        {
            Segment w = spec.Segments[2 * layer], b = spec.Segments[2 * layer + 1];
            y = Expr.Sigmoid(Expr.MatMul(y, Matrix(w)) + Matrix(b));
        }
        double[] formula = [.. y.Evaluate()[y].Cast<double>()];
        for (int i = 0; i < formula.Length; i++) Assert.Equal(formula[i], outputs[0][i], 1e-13);

        Expr Matrix(Segment segment)
        {
            double[,] value = new double[segment.Shape.Rows, segment.Shape.Columns];
            for (int i = 0; i < segment.Length; i++)
                value[i / segment.Shape.Columns, i % segment.Shape.Columns] = parameters.Span[segment.Offset + i];
            return Expr.Constant(value);
        }
    }

    [Fact]
    public void L7_parameters_decide_and_ink_is_one()
    {
        Dataset digits = Dataset.Load("digits");
        Preparation preparation = FitPlan.Make(digits, new()).Preparation;
        float[] pixels = new float[64];
        HashSet<float> ends = [];
        for (int row = 0; row < 100; row++)
        {
            preparation.Encode<float>(digits.Numeric.AsSpan(row * 64, 64), [], pixels);
            Assert.All(pixels, p => Assert.InRange(p, 0, 1));
            ends.UnionWith([pixels.Min(), pixels.Max()]);
        }
        Assert.Superset(new HashSet<float> { 0, 1 }, ends); // paper is 0, the most ink is 1

        NetworkSpec spec = NetworkSpec.Parse("256-16-10"); // 16 × 16 pixels, ten outputs
        Assert.Equal(["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"],
            spec.Segments.Select(s => s.Name));
        Assert.Equal(256 * 16 + 16 + 16 * 10 + 10, spec.ParameterCount);
        using TrainSession<double> session = Valley(new(), start: 3);
        Assert.Equal(0.5 * 9, session.Step().Loss); // θ alone decides what the network gives
    }

    [Fact]
    public void L8_images_and_labels_find_the_parameters()
    {
        Dataset digits = Dataset.Load("digits");
        Assert.Equal(new ImageShape(8, 8), digits.Image);
        Assert.Equal(10, digits.Target.Classes.Count);
        FitResult fit = Model.Fit(digits, new() { Hidden = [32], Epochs = 6 });
        Assert.True(fit.Test!.Accuracy > 0.85, $"accuracy {fit.Test.Accuracy} on rows that no step has seen");
    }

    [Theory]
    [InlineData("euclidean")]
    [InlineData("cross_entropy")]
    public void L9_total_cost_is_the_sum_of_the_examples_costs(string loss)
    {
        Dataset iris = Dataset.Load("iris");
        FitOptions options = new()
        {
            Hidden = [4], Epochs = 1, Batch = 0, TestShare = 0, Reduction = Reduction.Sum,
            Loss = Catalog.Default.Loss(loss), Output = Activations.Softmax
        };
        Model model = Model.Fit(iris, options).Model;
        double total = 0;
        Metrics metrics = model.Evaluate(iris, each: (row, cost, z) =>
        {
            int d = iris.Classes[row];
            double expected = loss == "euclidean"
                ? 0.5 * z.Select((value, o) => Math.Pow((o == d ? 1 : 0) - value, 2)).Sum() : -Math.Log(z[d]);
            Assert.Equal(expected, cost, 1e-5);
            total += cost;
        });
        Assert.Equal(total / 150, metrics.Loss, 1e-12);
        using TrainSession<float> next = FitPlan.Make(iris, options with { From = model }).Start();
        Assert.Equal(total, next.Step().Loss, 1e-9 * total); // a run reports the sum, and this is what it lowers
    }

    [Fact]
    public void L10_steps_of_minus_eta_times_the_gradient_go_down_the_error_surface()
    {
        Dataset data = Runs.Numbers(30, 2);
        NetworkSpec spec = new(2, new Dense(1, Activations.Tanh) { HasBias = false });
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent,
            LearningRate = 0.05, Batch = 0, Epochs = 40, Arithmetic = Arithmetic.Portable
        };
        using TrainSession<float> session = Runs.Start<float>(data, spec, options);
        Model start = new(spec, Runs.Plain(data), options.Loss, session.State.Parameters, new(0), options.Arithmetic);
        ErrorSurface surface = new(start, data, 0, 1);
        double last = double.PositiveInfinity;
        for (int step = 0; step < 40; step++)
        {
            float[] theta = session.State.Parameters.Span[..2].ToArray();
            double height = surface.Cost(theta[0], theta[1]);
            Assert.True(height < last);
            Assert.Equal(height, session.Step().Loss, 1e-9);
            for (int i = 0; i < 2; i++)
                Assert.Equal(theta[i] - 0.05f * (session.State.Gradient.Span[i] * (1 / 30f)),
                    session.State.Parameters.Span[i], 1e-7f);
            last = height;
        }
        Assert.NotEqual(start.Parameters[..2].ToArray(),
            Model.Fit(data, new() { Hidden = [], Epochs = 1, Seed = 2 }).Model.Parameters[..2].ToArray());
    }

    [Theory]
    [InlineData(Arithmetic.Fast)]
    [InlineData(Arithmetic.Portable)]
    public void L11_climbing_the_performance_is_descending_the_cost_bit_by_bit(Arithmetic arithmetic)
    {
        Dataset data = Runs.Numbers(25, 3, targets: 2);
        NetworkSpec spec = new(3, new Dense(6, Activations.Tanh), new Dense(2, Activations.Identity));
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 0.01, Batch = 0,
            Epochs = 20, Reduction = Reduction.Sum,
            Arithmetic = arithmetic, Threads = 1,
        };
        using TrainSession<double> descent = Runs.Start<double>(data, spec, options);
        using Network<double> network = new(spec, options.Loss, arithmetic);
        Workspace<double> workspace = new(network, 25);
        AlignedBuffer<double> weights = new(spec.ParameterLength), gradient = new(spec.ParameterLength), none = new(0);
        network.Initialize(weights, none, options.Seed);
        for (int step = 0; step < 20; step++)
        {
            for (int i = 0; i < 25 * 3; i++) workspace.Input[i] = data.Numeric[i];
            for (int i = 0; i < 25 * 2; i++) workspace.Targets[i] = data.Values[i];
            network.Forward(workspace, weights, none, 25, new PassMode(IsTraining: true));
            network.Evaluate(workspace, 25, weighted: false, withGradient: true);
            network.Backward(workspace, weights, none, gradient, 25, new PassMode(IsTraining: true), accumulate: false);
            PerformanceFunction.Gradient(gradient.Span);
            PerformanceFunction.Ascend<double>(weights.Span, gradient.Span, 0.01, arithmetic);
            descent.Step();
            Assert.Equal(descent.State.Parameters.Span.ToArray(), weights.Span.ToArray());
        }
        Expr z = Expr.Constant(new double[,] { { 1, 2 } }), d = Expr.Constant(new double[,] { { 1.5, 0 } });
        Assert.Equal(-0.5 * (0.25 + 4), Value(PerformanceFunction.Euclidean.Define(z, d)));
    }

    [Fact]
    public void L12_simplest_network_has_the_partial_derivatives_of_the_lecture_and_not_of_its_last_slide()
    {
        SimplestNetwork n = new(X: 1, W1: 0.5, W2: -1, D: 1);
        Assert.Equal((n.D - n.Z) * n.Z * (1 - n.Z) * n.Y, n.ByW2, 1e-16);
        Assert.Equal((n.D - n.Z) * n.Z * (1 - n.Z) * n.W2 * n.Y * (1 - n.Y) * n.X, n.ByW1, 1e-16);
        const double H = 1e-6;
        double by2 = ((n with { W2 = n.W2 + H }).Performance - (n with { W2 = n.W2 - H }).Performance) / (2 * H);
        Assert.Equal(by2, n.ByW2, 1e-9);
        Assert.NotEqual(by2, (n.D - n.Z) * n.Z * (1 - n.Z), 1e-2); // without the y
        Assert.Equal(n.W1 + 0.1 * n.ByW1, n.Step(0.1).W1);
        Assert.Equal(n.W2 + 0.1 * n.ByW2, n.Step(0.1).W2);
    }

    /// <summary>For all data Δw_ij += (t_i − y_i)·x_j, then w += α·Δw: sigmoid with cross-entropy, and identity with
    /// ½‖·‖².</summary>
    [Theory]
    [InlineData("sigmoid", "binary_cross_entropy")]
    [InlineData("identity", "euclidean")]
    public void L13_batch_delta_rule(string output, string loss)
    {
        Dataset data = output == "identity" ? Runs.Numbers(20, 3) : Runs.Classes(20, 3, 2);
        Activation activation = Catalog.Default.Activation(output);
        NetworkSpec spec = new(3, new Dense(1, activation));
        TrainOptions options = new()
        {
            Loss = Catalog.Default.Loss(loss), Optimizer = Optimizers.GradientDescent, LearningRate = 0.02,
            Reduction = Reduction.Sum, Batch = 0, Epochs = 3000,
            Stop = [StoppingRules.Gradient(1e-6)]
        };
        using TrainSession<double> session = new(
            spec, data, Runs.All(data), [], Runs.Plain(data, singleOutput: output == "sigmoid"), options);
        double[] w = session.State.Parameters.Span[..3].ToArray(), delta = new double[3];
        double b = session.State.Parameters.Span[spec.Segments[1].Offset], deltaB = 0;
        for (int row = 0; row < 20; row++)
        {
            double[] x = [.. data.Numeric[(3 * row)..(3 * row + 3)].Select(v => (double)v)];
            double y = Value(activation.Define(x.Zip(w, (a, c) => a * c).Sum() + b)),
                t = output == "identity" ? data.Values[row] : data.Classes[row];
            for (int j = 0; j < 3; j++) delta[j] += (t - y) * x[j];
            deltaB += (t - y) * 1;
        }
        session.Step();
        for (int j = 0; j < 3; j++) Assert.Equal(w[j] + 0.02 * delta[j], session.State.Parameters.Span[j], 1e-13);
        Assert.Equal(b + 0.02 * deltaB, session.State.Parameters.Span[spec.Segments[1].Offset], 1e-13);
        if (output == "identity") Assert.Contains("gradient is nearly zero",
            session.Run(cancellation: TestContext.Current.CancellationToken).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void L15_momentum_moves_by_gamma_times_the_last_movement_minus_eta_times_the_gradient()
    {
        using TrainSession<double> session = Valley(new()
        {
            Optimizer = Optimizers.Momentum(0.5), LearningRate = 0.25,
            Arithmetic = Arithmetic.Portable
        }, start: 8);
        double w = 8, v = 0;
        for (int step = 0; step < 10; step++)
        {
            v = 0.5 * v - 0.25 * w; // ∇C = w
            w += v;
            session.Step();
            Assert.Equal(w, Weight(session), 1e-15);
        }
        // γ = 0.5 until learning settles, then 0.9; and γ = 1, a ball without friction, is allowed
        Schedule settle = Schedules.Settle();
        double[] state = new double[settle.StateLength];
        ScheduleMoment moment = new(0.9, 0, 1, 100);
        Assert.Equal(0.5, settle.Value(moment, state));
        foreach (double cost in (double[])[8, 2, 1.9]) settle.EpochEnded(new EpochReport() with { TrainLoss = cost },
            state);
        Assert.Equal(0.9, settle.Value(moment, state));
        new TrainOptions { Optimizer = Optimizers.Momentum(1) }.Check();
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(4, 3)]
    [InlineData(0, 1)]
    public void L16_number_of_batches_is_examples_by_batch_size_rounded_up(int batch, int steps)
    {
        using TrainSession<float> session = Runs.Start<float>(Runs.Numbers(10, 2), NetworkSpec.Parse("2-3-1"),
            new() { Loss = Losses.Euclidean, Batch = batch, Epochs = 2 });
        Assert.Equal(steps, session.StepsPerEpoch);
        List<int> rows = [];
        while (session.State.Epoch == 0) rows.Add(session.Step().Rows);
        Assert.Equal(steps, rows.Count);
        Assert.Equal(10, rows.Sum());
        if (batch == 4) Assert.Equal([4, 4, 2], rows);
    }

    /// <summary>With a rate too small to move anything, an example is known by its cost.</summary>
    [Fact]
    public void L17_epoch_shows_every_example_once_in_a_new_order_and_mini_batches_get_further()
    {
        using TrainSession<float> still = Runs.Start<float>(Runs.Numbers(10, 2), NetworkSpec.Parse("2-3-1"),
            new()
            {
                Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 1e-30, Batch = 1,
                Epochs = 2
            });
        double[] costs = [.. Enumerable.Range(0, 20).Select(_ => still.Step().Loss)];
        Assert.Equal(10, costs[..10].Distinct().Count()); // C differs from update to update
        Assert.Equal(costs[..10].Order(), costs[10..].Order());
        Assert.NotEqual(costs[..10], costs[10..]);

        FitOptions options = new()
        {
            Hidden = [16], Optimizer = Optimizers.GradientDescent, LearningRate = 0.1,
            Epochs = 5
        };
        Dataset digits = Dataset.Load("digits");
        FitResult mini = Model.Fit(digits, options with { Batch = 32 }),
            full = Model.Fit(digits, options with { Batch = 0 });
        Assert.True(mini.Test!.Accuracy > full.Test!.Accuracy + 0.2,
            $"{mini.Test.Accuracy} against {full.Test.Accuracy} after five epochs each");
    }

    [Fact]
    public void L18_layers_and_units_have_their_own_learning_rates()
    {
        NetworkSpec spec = NetworkSpec.Parse("4-9-1");
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent,
            LearningRate = 0.5, Batch = 0, Arithmetic = Arithmetic.Portable, LayerRates = LayerRates.LeCun
        };
        using TrainSession<double> session = Runs.Start<double>(Runs.Numbers(10, 4), spec, options);
        double[] before = session.State.Parameters.Span.ToArray();
        session.Step();
        foreach (Segment segment in spec.Segments)
        {
            double eta = 0.5 / Math.Sqrt(segment.Layer == 0 ? 4 : 9);
            for (int i = segment.Offset; i < segment.Offset + segment.Length; i++)
                Assert.Equal(before[i] - eta * session.State.Gradient.Span[i] / 10, session.State.Parameters.Span[i],
                    1e-14);
        }
        Assert.Equal("1,0.25", LayerRates.Parse("1, 0.25").ToString()); // smaller rates in the last layers

        // and in the sum itself: u = (1/√n)·Σ wᵢ·xᵢ
        Expr x = Expr.Constant(new double[,] { { 1, 2, 3, 4 } }),
            w = Expr.Constant(new double[,] { { 1 }, { 1 }, { 1 }, { 3 } });
        Assert.Equal(18 / Math.Sqrt(4),
            Value(new Dense(1, Activations.Identity) { HasBias = false, ForwardScale = ForwardScale.LeCun }
                .Define(x, [w], [])));
    }

    [Fact]
    public void L19_learning_stops_by_change_by_gradient_by_epochs_and_by_rows_that_never_update_weights()
    {
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent,
            LearningRate = 0.1, Epochs = 500, Batch = 0
        };
        Assert.Equal("epochs", Stopped(options with { Epochs = 3 }));
        Assert.Equal("change", Stopped(options with { Stop = [StoppingRules.Change(0.01)] }));
        Assert.Equal("change(threshold=0.1,epochs=2,relative=1)",
            Stopped(options with { Stop = [StoppingRules.Change(0.1, 2, relative: true)] }));
        Assert.Equal("gradient(0.1)", Stopped(options with { Stop = [StoppingRules.Gradient(0.1)] }));

        Dataset data = Runs.Numbers(60, 3);
        int[] rows = [.. Enumerable.Range(0, 40)], held = [.. Enumerable.Range(40, 20)];
        using TrainSession<float> with = Runs.Start<float>(data, NetworkSpec.Parse("3-8-1"),
            options with { Epochs = 30 }, rows, held);
        using TrainSession<float> without =
            Runs.Start<float>(data, NetworkSpec.Parse("3-8-1"), options with { Epochs = 30 }, rows);
        with.Run(cancellation: TestContext.Current.CancellationToken);
        without.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(Runs.Hash(without), Runs.Hash(with));
        Assert.True(double.IsFinite(with.State.History[^1].ValidationLoss));

        static string Stopped(TrainOptions options)
        {
            using TrainSession<float> session =
                Runs.Start<float>(Runs.Numbers(40, 3), NetworkSpec.Parse("3-8-1"), options);
            return session.Run().Rule;
        }
    }

    [Fact]
    public void L20_parameters_are_counted_with_and_without_biases_and_by_links()
    {
        NetworkSpec spec = NetworkSpec.Parse("3-4-2");
        Assert.Equal((20, 26), (spec.LinkCount, spec.ParameterCount));
        Assert.Equal(["3·4 + 4 = 16", "4·2 + 2 = 10"], [spec.CountFormula(0), spec.CountFormula(1)]);
        Assert.Equal("(3·4 + 4) + (4·2 + 2) = 26", spec.CountFormula());
        ConnectionMask mask = new(3, 4, [true, false, true, true, false, true, true, false, true, true, false, false]);
        NetworkSpec sparse = new(3, new Dense(4, Activations.Tanh) { Connections = mask },
            new BatchNorm(Activations.Tanh), new Dropout(0.5),
            new Dense(2, Activations.Identity) { HasBias = false });
        Assert.Equal("7 links + 4 = 11", sparse.CountFormula(0));
        Assert.Equal(["4 + 4 = 8", "0", "4·2 = 8"],
            [sparse.CountFormula(1), sparse.CountFormula(2), sparse.CountFormula(3)]);
        Assert.Equal("(7 links + 4) + (4 + 4) + (4·2) = 27", sparse.CountFormula());
    }

    [Fact]
    public void L21_model_moves_on_as_safetensors()
    {
        Model model = Model.Fit(Dataset.Load("iris"), new() { Hidden = [5], Epochs = 2 }).Model;
        byte[] bytes = model.ToBytes();
        using Safetensors file = Safetensors.Parse(bytes, "iris");
        Assert.Equal(["layers.0.bias", "layers.0.weight", "layers.1.bias", "layers.1.weight"],
            file.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        Assert.Equal(model.WeightsHash, ModelFile.FromBytes(bytes).WeightsHash);
    }

    [Fact]
    public void L23_reverse_mode_gives_all_derivatives_for_the_price_of_a_few_evaluations()
    {
        GradientComparison small = GradientMethods.Compare(NetworkSpec.Parse("2-4-1")),
            large = GradientMethods.Compare(NetworkSpec.Parse("6-8-3"));
        foreach (GradientComparison all in (GradientComparison[])[small, large])
        {
            Assert.Equal((2L * all.Parameters, 4L * all.Parameters, 1L + all.Parameters, 2L),
                (all.TwoPoint.Passes, all.FivePoint.Passes, all.Forward.Passes, all.Reverse.Passes));
            Assert.InRange(all.Forward.Error, 0, 1e-13);
            Assert.True(all.FivePoint.Error < all.TwoPoint.Error && all.TwoPoint.Error < 1e-7);
            Assert.True(all.Reverse.Operations < all.Forward.Operations
                && all.Forward.Operations < all.FivePoint.Operations);
        }
        Assert.Equal(small.Evaluations(small.Reverse), large.Evaluations(large.Reverse), 1.0);
    }
}
