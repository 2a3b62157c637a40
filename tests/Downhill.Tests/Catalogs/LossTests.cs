using System.Numerics;
using Downhill.Graph;
using Downhill.Kernels;
using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>Each loss at the ends of the number line, what it refuses, and how it is put to use by a fit.</summary>
public sealed unsafe class LossTests
{
    private const double Inf = double.PositiveInfinity;

    /// <summary>Loss and gradient of one row through the kernel on outputs, not fused.</summary>
    private static (double Loss, double[] Gradient) Of<T>(Loss loss, double[] y, double[] t, Arithmetic arithmetic = Arithmetic.Fast)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] outputs = [.. y.Select(T.CreateTruncating)], targets = [.. t.Select(T.CreateTruncating)], gradient = new T[y.Length];
        double value = 0;
        fixed (T* from = outputs, to = targets, slope = gradient)
            loss.Bind(Kernels<T>.For(arithmetic)).Evaluate(from, to, null, &value, slope, 1, y.Length);
        return (value, [.. gradient.Select(double.CreateTruncating)]);
    }

    /// <summary>One output y, target t: the loss and its slope, worked out by hand.</summary>
    [Theory]
    [InlineData("euclidean", 1e4, 0, 5e7, 1e4)]
    [InlineData("euclidean", Inf, 0, Inf, Inf)]
    [InlineData("mse", -1e4, 0, 1e8, -2e4)]
    [InlineData("mae", 1e4, 1, 9999, 1)]
    [InlineData("mae", -1e20, 1, 1e20, -1)]
    [InlineData("mae", Inf, 1, Inf, 1)]
    [InlineData("mae", 1e-20, 0, 1e-20, 1)]
    [InlineData("mae", 3, 3, 0, 0)]
    [InlineData("huber", 0.5, 0, 0.125, 0.5)]
    [InlineData("huber", 1e4, 0, 9999.5, 1)]
    [InlineData("huber", -1e30, 0, 1e30, -1)]
    [InlineData("huber", -Inf, 0, Inf, -1)]
    [InlineData("huber(0.25)", 1e4, 0, 2499.96875, 0.25)]
    [InlineData("hinge", 1e4, 1, 0, 0)]
    [InlineData("hinge", 1e4, -1, 10001, 1)]
    [InlineData("hinge", -1e4, 1, 10001, -1)]
    [InlineData("hinge", Inf, -1, Inf, 1)]
    [InlineData("hinge", Inf, 1, 0, 0)]
    [InlineData("hinge", 0, 1, 1, -1)]
    [InlineData("poisson", 0, 0, 0, 1)]
    [InlineData("poisson", 0, 2, 200, -1999999999999.0)]
    [InlineData("poisson", 1, 3, 1, -2)]
    [InlineData("poisson", 1e30, 0, 1e30, 1)]
    [InlineData("poisson", Inf, 2, Inf, 1)]
    [InlineData("binary_cross_entropy", 0, 1, 100, -1e12)]
    [InlineData("binary_cross_entropy", 1, 0, 100, 1e12)]
    [InlineData("binary_cross_entropy", 1, 1, 0, 0)]
    [InlineData("binary_cross_entropy(0.5)", 0, 0, 25, -2.5e11)]
    [InlineData("cross_entropy", 0, 1, 100, -1e12)]
    [InlineData("cross_entropy", 0, 0, 0, 0)]
    public void Extreme_outputs_cost_what_they_should(string text, double y, double t, double expected, double slope)
    {
        Loss loss = Catalog.Default.Loss(text);
        foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
        {
            Near(Of<float>(loss, [y], [t], arithmetic), 1e-6);
            Near(Of<double>(loss, [y], [t], arithmetic), 1e-14);
        }

        void Near((double Loss, double[] Gradient) got, double tolerance)
        {
            Assert.True(got.Loss.Equals(expected) || Math.Abs(got.Loss - expected) <= tolerance * Math.Abs(expected), $"loss {got.Loss:R}");
            Assert.True(got.Gradient[0].Equals(slope) || Math.Abs(got.Gradient[0] - slope) <= tolerance * Math.Abs(slope), $"slope {got.Gradient[0]:R}");
        }
    }

    public static TheoryData<string> Names => [.. Losses.All.Select(e => e.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_NaN_among_the_outputs_is_a_NaN_loss(string name)
    {
        Loss loss = Catalog.Default.Loss(name);
        Assert.True(double.IsNaN(Of<float>(loss, [0.5, double.NaN], [1, 1]).Loss));
        Assert.True(double.IsNaN(Of<double>(loss, [0.5, double.NaN], [1, 1]).Gradient[1]) || name is "binary_cross_entropy" or "cross_entropy" or "poisson");
    }

    /// <summary>Loss and gradient do not depend on how many outputs fill a vector.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Many_outputs_are_their_sum_and_equal_the_definition(string name)
    {
        Loss loss = Catalog.Default.Loss(name);
        foreach (int outputs in (int[])[1, 2, 3, 7, 8, 9, 16, 37])
        {
            double[] y = [.. Enumerable.Range(0, outputs).Select(o => 0.05 + 0.9 * (o + 1) / (outputs + 1))], t = [.. y.Select((_, o) => (double)(o % 2))];
            Expr x = Expr.Variable("y", 1, outputs);
            double[,] row = new double[1, outputs], target = new double[1, outputs];
            for (int o = 0; o < outputs; o++) (row[0, o], target[0, o]) = (y[o], t[o]);
            Expr value = loss.Define(x, Expr.Constant(target));
            Evaluation at = value.Evaluate((x, row));
            (double got, double[] gradient) = Of<double>(loss, y, t);
            Assert.Equal(at.Scalar(value), got, 1e-12);
            double[,] expected = at.Gradient(value, x)[0];
            for (int o = 0; o < outputs; o++) Assert.Equal(expected[0, o], gradient[o], 1e-12);
        }
    }

    /// <summary>t = (1−s)·(1, 0, 0) + s/3 on scores (10⁴, −10⁴, 0), s = 0.3: 0.1·2·10⁴ + 0.1·10⁴; gradient y − t.</summary>
    [Fact]
    public void Smoothing_is_fused_with_softmax_and_sigmoid_and_right_at_the_ends()
    {
        (double loss, double[] gradient) = Fused("cross_entropy(0.3)", Activations.Softmax, [1e4, -1e4, 0], [1, 0, 0]);
        Assert.Equal(3000, loss, 1e-9);
        Assert.Equal(0.2, gradient[0], 1e-12);
        Assert.Equal(-0.1, gradient[1], 1e-12);
        Assert.Equal(-0.1, gradient[2], 1e-12);
        // One score 10⁴ that should be 0: t = 0.1, softplus(10⁴) − 0.1·10⁴.
        (loss, gradient) = Fused("binary_cross_entropy(0.2)", Activations.Sigmoid(), [1e4], [0]);
        Assert.Equal(9000, loss, 1e-9);
        Assert.Equal(0.9, gradient[0], 1e-12);
        // Smoothed targets are what the cost is lowest at, not certainty.
        Assert.True(Fused("cross_entropy(0.3)", Activations.Softmax, [Math.Log(8), 0, 0], [1, 0, 0]).Loss < Fused("cross_entropy(0.3)", Activations.Softmax, [9, 0, 0], [1, 0, 0]).Loss);
        Assert.All(Fused("cross_entropy(0.3)", Activations.Softmax, [Math.Log(8), 0, 0], [1, 0, 0]).Gradient, g => Assert.Equal(0, g, 1e-12));
    }

    private static (double Loss, double[] Gradient) Fused(string text, Activation output, double[] z, double[] t)
    {
        Loss loss = Catalog.Default.Loss(text);
        Assert.True(loss.Fuses(output));
        double[] gradient = new double[z.Length];
        double value = 0;
        fixed (double* from = z, to = t, slope = gradient)
            loss.BindFused(Kernels<double>.For(Arithmetic.Fast), output).Evaluate(from, to, null, &value, slope, 1, z.Length);
        return (value, gradient);
    }

    [Theory, MemberData(nameof(Names))]
    public void Weight_2_is_the_row_twice_and_weight_0_is_no_row(string name)
    {
        Loss loss = Catalog.Default.Loss(name);
        Dataset weighted = Runs.Classes(6, 3, 2, weights: [1, 2, 0, 1, 2, 3]), repeated = Runs.Classes(6, 3, 2).Subset([0, 1, 1, 3, 4, 4, 5, 5, 5]);
        NetworkSpec spec = new(3, new Dense(4, Activations.Tanh), new Dense(2, loss.UsualOutput(isClass: true)));
        TrainOptions options = new() { Loss = loss, Optimizer = Optimizers.GradientDescent, LearningRate = 0.05, Batch = 0, Epochs = 5, Threads = 1 };
        using TrainSession<double> a = Runs.Start<double>(weighted, spec, options), b = Runs.Start<double>(repeated, spec, options);
        a.Run();
        b.Run();
        double[] x = Runs.Weights(a), y = Runs.Weights(b);
        for (int i = 0; i < x.Length; i++) Assert.Equal(y[i], x[i], 1e-12);
        Assert.Equal(b.State.History[^1].TrainLoss, a.State.History[^1].TrainLoss, 1e-12);
    }

    [Theory]
    [InlineData("cross_entropy", "sigmoid", "softmax")]
    [InlineData("cross_entropy", "gelu", "such as mse")]
    [InlineData("binary_cross_entropy", "tanh", "'sigmoid'")]
    [InlineData("binary_cross_entropy", "lecun_tanh", "'sigmoid'")]
    [InlineData("binary_cross_entropy", "softplus", "'sigmoid'")]
    [InlineData("poisson", "identity", "'softplus'")]
    [InlineData("poisson", "elu", "'softplus'")]
    [InlineData("hinge", "sigmoid", "'identity'")]
    [InlineData("hinge", "softmax", "cross_entropy")]
    [InlineData("hinge", "relu", "reach −1 and 1")]
    public void Outputs_outside_the_domain_are_refused_with_a_remedy(string loss, string output, string part)
    {
        DownhillException e = Assert.Throws<DownhillException>(() => new Network<float>(
            new(2, new Dense(2, Catalog.Default.Activation(output))), Catalog.Default.Loss(loss)));
        Assert.Contains(part, e.Message);
        Assert.Contains($"'{output}'", e.Message);
    }

    [Theory]
    [InlineData("hinge", 1, -1)]
    [InlineData("binary_cross_entropy", 1, 0)]
    [InlineData("cross_entropy", 2, 0)]
    [InlineData("euclidean", 2, 0)]
    public void Target_coding_and_outputs_follow_the_loss(string name, int outputs, double low)
    {
        FitPlan plan = FitPlan.Make(Runs.Classes(60, 3, 2), new() { Loss = Catalog.Default.Loss(name) });
        Assert.Equal((outputs, low, 1.0), (plan.Preparation.Outputs, plan.Preparation.TargetLow, plan.Preparation.TargetHigh));
    }

    [Theory]
    [InlineData("tanh", -1)]
    [InlineData("lecun_tanh", -1)]
    [InlineData("softsign", -1)]
    [InlineData("hard_tanh", -1)]
    [InlineData("sin", -1)]
    [InlineData("sigmoid", 0)]
    [InlineData("hard_sigmoid", 0)]
    [InlineData("identity", 0)]
    [InlineData("selu", 0)]
    public void Target_coding_follows_the_outputs_where_the_loss_leaves_it_open(string output, double low) =>
        Assert.Equal(low, FitPlan.Make(Runs.Classes(60, 3, 3),
            new() { Output = Catalog.Default.Activation(output), Loss = Losses.MeanSquaredError }).Preparation.TargetLow);

    /// <summary>One against the rest, in the same network as cross-entropy, is about as good.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Hinge_learns_two_and_several_classes(int classes)
    {
        Dataset data = Runs.Classes(300, 3, classes);
        FitOptions options = new() { Loss = Losses.Hinge, Hidden = [48, 24], Epochs = 300, Threads = 1, TestShare = 0 };
        FitResult hinge = Model.Fit(data, options), other = Model.Fit(data, options with { Loss = Losses.CrossEntropy });
        Assert.Equal("identity", hinge.Model.Spec.Output.Name);
        Assert.True(hinge.Train.Accuracy > 0.9 && hinge.Train.Accuracy > other.Train.Accuracy - 0.05, $"{hinge.Train.Accuracy}, {other.Train.Accuracy}");
    }

    private static Dataset Counts(int rows, float shift = 0)
    {
        RandomStream random = new(5, RandomStreams.Data);
        float[] x = [.. Enumerable.Range(0, rows).Select(i => (float)random.Normal((ulong)i))];
        float[] y = [.. x.Select((v, i) => MathF.Floor(3 * MathF.Exp(0.5f * v) + (float)random.Uniform((ulong)(90_000 + i))) + shift)];
        return new("counts", [new("x")], new(["n"], []), x, [], [], y);
    }

    [Fact]
    public void Poisson_learns_counts_unscaled()
    {
        Dataset data = Counts(400);
        FitResult fit = Model.Fit(data, new() { Loss = Losses.Poisson, Hidden = [16], Epochs = 60, Threads = 1, WeightDecay = 0 });
        Assert.Equal("softplus", fit.Model.Spec.Output.Name);
        Assert.Equal((0.0, 1.0), (fit.Model.Preparation.TargetShift[0], fit.Model.Preparation.TargetScale[0]));
        Assert.True(fit.Train.R2 > 0.9, $"{fit.Train.R2}");
        Assert.InRange(fit.Model.Predict([0f]).Values[0], 2.5f, 4f); // 3·e⁰ + ½ rounded down
    }

    [Fact]
    public void Targets_that_a_loss_is_not_defined_for_are_refused()
    {
        string message = Assert.Throws<DownhillException>(() => FitPlan.Make(Counts(40, shift: -50), new() { Loss = Losses.Poisson })).Message;
        Assert.Contains("'n', row 1", message);
        Assert.Contains("mse", message);
        Assert.Throws<DownhillException>(() => FitPlan.Make(Counts(40), new() { Loss = Losses.Hinge }));
        Assert.Throws<DownhillException>(() => FitPlan.Make(Counts(40), new() { Loss = Losses.BinaryCrossEntropy }));
        // Coded for another loss.
        Dataset classes = Runs.Classes(30, 3, 2);
        NetworkSpec spec = new(3, new Dense(2, Activations.Identity));
        message = Assert.Throws<DownhillException>(() => new TrainSession<float>(
            spec, classes, Runs.All(classes), [], Runs.Plain(classes), new() { Loss = Losses.Hinge })).Message;
        Assert.Contains("-1 and 1", message);
    }

    /// <summary>With one far-off target, a constant fitted by mae is the median, by huber near it, by mse the mean.</summary>
    [Fact]
    public void Absolute_and_huber_losses_are_pulled_less_by_a_far_off_target()
    {
        Dataset data = new("one far off", [new("x")], new(["y"], []), new float[5], [], [], [0, 1, 2, 3, 94]);
        double Constant(Loss loss)
        {
            using TrainSession<double> session = Runs.Start<double>(data, new(1, new Dense(1, Activations.Identity)), new()
            {
                Loss = loss, Optimizer = Optimizers.GradientDescent, LearningRate = 0.05, Batch = 0, Epochs = 4000, Threads = 1,
            });
            session.Run();
            return Runs.Weights(session)[1];
        }
        Assert.Equal(20, Constant(Losses.MeanSquaredError), 1e-6);
        Assert.Equal(2, Constant(Losses.MeanAbsoluteError), 0.06);
        Assert.Equal(2, Constant(Losses.Huber(1)), 0.6);
    }
}
