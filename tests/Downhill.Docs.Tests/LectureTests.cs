using Downhill.Graph;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>docs/LECTURE.md shows this code, row by row, and it does what the page says.</summary>
public sealed class LectureTests
{
    [Fact]
    public void The_document_shows_this_code() =>
        Documents.Check("docs/LECTURE.md", Documents.WithCode("docs/LECTURE.md"));

    [Fact]
    public void L1_neuron()
    {
        // begin L1
        Model model = Model.Fit(
            Dataset.Load("iris"), new() { Hidden = [4], Activation = [Activations.Tanh], Epochs = 5 }).Model;
        UnitTrace unit = Trace.Of(model, [5.1f, 3.5f, 1.4f, 0.2f]).Layers[0].Units[0];
        Console.WriteLine($"u = {unit.Sum:F4}, b = {unit.Bias:F4}, v = u + b = {unit.Field:F4}, y = φ(v) = "
            + $"{unit.Output:F4}");
        // end L1
        Assert.Equal(unit.Sum + unit.Bias, unit.Field);
    }

    [Fact]
    public void L2_neuron_models()
    {
        // begin L2
        Activation sigmoid = Activations.Sigmoid(x: 2, y: 0.5, z: -0.25);
        Expr v = Expr.Variable("v"), phi = sigmoid.Define(v);
        Evaluation at = phi.Evaluate((v, 0.25));
        Console.WriteLine($"{sigmoid}: φ(0.25) = {at.Scalar(phi)}, φ′ = {at.Gradient(phi, v)[0][0, 0]}");
        foreach (Entry<Activation> entry in Activations.All) Console.WriteLine($"{entry.Name}: {entry.Formula}");
        // end L2
        Assert.Equal(0.25, at.Scalar(phi), 1e-15);
        Assert.Equal(0.5, at.Gradient(phi, v)[0][0, 0], 1e-15);
    }

    [Fact]
    public void L3_perceptron()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        // begin L3
        float[] corners = [0, 0, 0, 1, 1, 0, 1, 1];
        int[] and = [-1, -1, -1, 1], xor = [-1, 1, 1, -1];
        PerceptronAnswer yes = new Perceptron(2, corners, and).Decide(cancellation: cancellation);
        PerceptronAnswer no = new Perceptron(2, corners, xor).Decide(cancellation: cancellation);
        Console.WriteLine(yes.Text);   // separable: checked on every row …
        Console.WriteLine(no.Text);    // not separable: a non-negative combination of 4 signed rows vanishes …
        if (no is NotSeparable { Certificate: var proof })
            // −1·(1, 0, 0) + 1·(1, 0, 1) + 1·(1, 1, 0) − 1·(1, 1, 1) = (0, 0, 0)
            Console.WriteLine(proof.ToText(2, corners, xor));
        // end L3
        Assert.IsType<Separable>(yes);
        Assert.True(Assert.IsType<NotSeparable>(no).Certificate.Check(2, corners, xor));
    }

    [Fact]
    public void L4_multi_layer_perceptron()
    {
        // begin L4
        FitResult fit = Model.Fit(Dataset.Load("xor"), new() { Hidden = [4], Activation = [Activations.Tanh] });
        Console.WriteLine($"{fit.Model.Spec}: {fit.Train.Accuracy:P0} of XOR");   // 2-4-2: 100 % of XOR
        // end L4
        Assert.Equal(1, fit.Train.Accuracy);
    }

    [Fact]
    public void L5_matrix_form()
    {
        // begin L5
        NetworkSpec spec = NetworkSpec.Parse("3-4-2", Activations.Sigmoid(), Activations.Sigmoid());
        (Expr cost, Expr[] tensors, Expr x, Expr t) = GradientMethods.CostOf(spec, Losses.Euclidean, rows: 1);
        Console.WriteLine(cost);   // the network and its cost as one formula over matrices
        // end L5
        Assert.Equal(4, tensors.Length);
        Assert.Equal((3, 2), (x.Columns, t.Columns));
        Assert.Contains("layers.0.weight", cost.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void L7_parameters()
    {
        // begin L7
        Model model = Model.Fit(Dataset.Load("digits"), new() { Hidden = [16], Epochs = 3 }).Model;
        foreach (Segment segment in model.Spec.Segments)
            Console.WriteLine($"{segment.Name}: {segment.Shape.Rows}×{segment.Shape.Columns}, first "
                + $"{model.Parameters[segment.Offset]}");
        // end L7
        Assert.Equal(64 * 16 + 16 + 16 * 10 + 10, model.Spec.ParameterCount);
    }

    [Fact]
    public void L8_training_data()
    {
        // begin L8
        Dataset digits = Dataset.Load("digits");
        FitResult fit = Model.Fit(digits, new() { Hidden = [32], Epochs = 10 });
        Console.WriteLine(
            $"{digits.Image}: {fit.Test!.Accuracy:P1} of {fit.Test.Rows} images that were not trained on");
        // end L8
        Assert.True(fit.Test.Accuracy > 0.9);
    }

    [Fact]
    public void L9_cost()
    {
        // begin L9
        Dataset iris = Dataset.Load("iris");
        Model model = Model.Fit(iris, new() { Hidden = [8], Epochs = 20 }).Model;
        double total = 0;
        Metrics metrics = model.Evaluate(iris, each: (row, cost, outputs) => total += cost);
        Console.WriteLine($"C = Σ Lʳ = {total:F3} over {metrics.Rows} examples, {metrics.Loss:F4} each");
        // end L9
        Assert.Equal(total, metrics.Loss * metrics.Rows, 1e-9);
    }

    [Fact]
    public void L10_gradient_descent()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        // begin L10
        Dataset moons = Dataset.Load("moons");
        Model model = Model.Fit(moons, new() { Hidden = [4], Epochs = 5, Optimizer = Optimizers.GradientDescent })
            .Model;
        int first = ErrorSurface.PlaceOf(model.Spec, layer: 0, from: 0, unit: 0),
            second = ErrorSurface.PlaceOf(model.Spec, 0, 1, 0);
        ErrorSurface surface = new(model, moons, first, second);
        double[,] heights = surface.Grid(ErrorSurface.Range(-3, 3, 21), ErrorSurface.Range(-3, 3, 21), cancellation);
        // end L10
        Assert.All(heights.Cast<double>(), height => Assert.InRange(height, 0, 100));
        Assert.True(heights.Cast<double>().Distinct().Count() > 400);
    }

    [Fact]
    public void L11_performance_function()
    {
        // begin L11
        Expr z = Expr.Variable("z"), d = Expr.Variable("d");
        Expr performance = PerformanceFunction.Euclidean.Define(z, d), cost = Losses.Euclidean.Define(z, d);
        Evaluation up = performance.Evaluate((z, 0.2), (d, 1)), down = cost.Evaluate((z, 0.2), (d, 1));
        // 0.8, −0.8
        Console.WriteLine($"∂P/∂z = {up.Gradient(performance, z)[0][0, 0]}, ∂C/∂z = {down.Gradient(cost, z)[0][0, 0]}");
        // end L11
        Assert.Equal(-down.Gradient(cost, z)[0][0, 0], up.Gradient(performance, z)[0][0, 0]);
    }

    [Fact]
    public void L12_simplest_network()
    {
        // begin L12
        SimplestNetwork network = new(X: 1, W1: 0.5, W2: -1, D: 1);
        Console.WriteLine(network.ToText(learningRate: 1));
        // end L12
        Assert.True(network.Step(1).Performance > network.Performance);
    }

    [Fact]
    public void L13_backpropagation()
    {
        // begin L13
        FitResult fit = Model.Fit(Dataset.Load("playground_gauss"), new()
        {
            Hidden = [], Output = Activations.Sigmoid(), Optimizer = Optimizers.GradientDescent, LearningRate = 0.01,
            Batch = 0, Reduction = Reduction.Sum, Epochs = 2000, Stop = [StoppingRules.Gradient(0.1)],
        });
        Console.WriteLine(fit.Stopped.Text);   // w += α·Δw, Δw the sum over all data of (t − y)·x
        // end L13
        Assert.Contains("nearly zero", fit.Stopped.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void L15_momentum()
    {
        // begin L15
        FitResult fit = Model.Fit(Dataset.Load("iris"), new()
        {
            Optimizer = Optimizers.Momentum(gamma: 0.9),
            Schedules = [new("gamma", Schedules.Settle(from: 0.5, to: 0.9))],
        });
        // end L15
        Assert.True(fit.Train.Accuracy > 0.9);
    }

    [Fact]
    public void L16_batches()
    {
        // begin L16
        FitPlan plan = FitPlan.Make(Dataset.Load("iris"), new() { Batch = 32, TestShare = 0 });
        using TrainSession<float> session = plan.Start();
        // 5
        Console.WriteLine($"{plan.Rows.Length} examples in batches of 32: {session.StepsPerEpoch} updates an epoch");
        // end L16
        Assert.Equal(5, session.StepsPerEpoch);
    }

    [Fact]
    public void L17_stochastic_gradient_descent()
    {
        // begin L17
        Dataset digits = Dataset.Load("digits");
        FitOptions options = new()
        {
            Hidden = [16], Optimizer = Optimizers.GradientDescent, LearningRate = 0.05,
            Epochs = 3
        };
        FitResult[] fits = [.. ((int[])[1, 32, 0]).Select(batch => Model.Fit(digits, options with { Batch = batch }))];
        foreach (FitResult fit in fits)
            Console.WriteLine($"{fit.Steps} updates in {fit.Seconds:F2} s, {fit.Test!.Accuracy:P1}");
        // end L17
        // 1438 rows: one update each, ⌈1438/32⌉ = 45, and one
        Assert.Equal([3 * 1438, 3 * 45, 3], fits.Select(f => f.Steps));
    }

    [Fact]
    public void L18_learning_rates()
    {
        // begin L18
        FitResult perUnit = Model.Fit(
            Dataset.Load("wine"), new() { Hidden = [16], LayerLearningRates = LayerRates.LeCun, LearningRate = 0.02 });
        FitResult perLayer = Model.Fit(
            Dataset.Load("wine"), new() { Hidden = [16], LayerLearningRates = LayerRates.Of(1, 0.5) });
        FitResult inTheSum = Model.Fit(
            Dataset.Load("wine"), new() { Hidden = [16], ForwardScale = ForwardScale.LeCun });
        // end L18
        Assert.True(perUnit.Train.Accuracy > 0.9 && perLayer.Train.Accuracy > 0.9 && inTheSum.Train.Accuracy > 0.9);
    }

    [Fact]
    public void L19_stopping()
    {
        // begin L19
        FitResult fit = Model.Fit(
            Dataset.Load("wine"), new() { Hidden = [8], Epochs = 500, Stop = [StoppingRules.Change(threshold: 0.01)] });
        Console.WriteLine(fit.Stopped.Text);   // the training loss changed by … in an epoch, less than 0.01
        // end L19
        Assert.StartsWith("change", fit.Stopped.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void L20_counting_parameters()
    {
        // begin L20
        NetworkSpec spec = NetworkSpec.Parse("3-4-2");
        // (3·4 + 4) + (4·2 + 2) = 26 with biases, 20 without
        Console.WriteLine($"{spec.CountFormula()} with biases, {spec.LinkCount} without");
        // end L20
        Assert.Equal("(3·4 + 4) + (4·2 + 2) = 26", spec.CountFormula());
        Assert.Equal(20, spec.LinkCount);
    }

    [Fact]
    public void L21_ecosystem()
    {
        // begin L21
        Model model = Model.Fit(Dataset.Load("iris"), new() { Hidden = [8], Epochs = 5 }).Model;
        byte[] safetensors = model.ToBytes();   // or model.Save("iris.safetensors")
        // end L21
        Assert.Equal(model.WeightsHash, ModelFile.FromBytes(safetensors).WeightsHash);
    }

    [Fact]
    public void L23_gradient_methods()
    {
        // begin L23
        foreach (string network in (string[])["2-4-1", "3-4-2", "8-16-4"])
            Console.WriteLine(GradientMethods.Compare(NetworkSpec.Parse(network)).ToText());
        // end L23
        Assert.Equal(4, GradientMethods.Compare(NetworkSpec.Parse("2-4-1")).Methods.Count);
    }
}
