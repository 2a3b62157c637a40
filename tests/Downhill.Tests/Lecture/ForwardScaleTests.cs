using Downhill.Tests.Training;

namespace Downhill.Tests.Lecture;

/// <summary>LeCun's 1/√fan-in as a factor of the sum (lecture L18). With 4 and 16 links it is a power of two, and the
/// two parametrisations have the same bits; otherwise they agree to rounding.</summary>
public sealed class ForwardScaleTests
{
    private static readonly TrainOptions Plain = new()
    {
        Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 0.1, Batch = 8, Epochs = 50,
        Threads = 1,
    };

    private static NetworkSpec Two(ForwardScale scale, int inputs = 16, int hidden = 4, bool hasBias = true,
        ConnectionMask? mask = null, Initializer? initializer = null) => new(inputs,
        new Dense(hidden, Activations.Tanh)
        {
            ForwardScale = scale, HasBias = hasBias, Connections = mask, Initializer = initializer,
        },
        new Dense(2, Activations.Identity) { ForwardScale = scale, HasBias = hasBias, Initializer = initializer });

    private static TrainSession<T> After<T>(NetworkSpec spec, TrainOptions options, int steps)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        TrainSession<T> session = Runs.Start<T>(Runs.Numbers(40, spec.Inputs, 2), spec, options);
        for (int i = 0; i < steps; i++) session.Step();
        return session;
    }

    /// <summary>The weights as a layer without the scale has them: s·w.</summary>
    private static T[] Effective<T>(NetworkSpec spec, AlignedBuffer<T> parameters)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        T[] effective = parameters.Span.ToArray();
        foreach (Segment segment in spec.Segments.Where(s => s.Shape.Role == SegmentRole.Weight))
            for (int i = 0; i < segment.Length; i++)
                effective[segment.Offset + i] *= T.CreateTruncating(
                    ((Dense)spec.Layers[segment.Layer]).SumFactor(segment.LayerInputs, i % segment.Shape.Columns));
        return effective;
    }

    public static TheoryData<string> Starts { get; } = new(Initializers.All.Select(i => i.Name));

    [Theory, MemberData(nameof(Starts))]
    public void The_start_is_the_same_function_for_every_initializer(string initializer)
    {
        Initializer start = Catalog.Default.Initializer(initializer);
        NetworkSpec plain = Two(ForwardScale.None, initializer: start),
            scaled = Two(ForwardScale.LeCun, initializer: start);
        using TrainSession<float> with = After<float>(scaled, Plain, 0), without = After<float>(plain, Plain, 0);
        Assert.Equal(without.State.Parameters.Span.ToArray(), Effective(scaled, with.State.Parameters));
        double loss = without.Step().Loss;
        Assert.Equal(loss, with.Step().Loss, 1e-6 * loss);
    }

    /// <summary>Start weights of lecun_normal have the deviation 1, whatever the width.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public void Weights_start_at_one_size_in_every_layer(int inputs)
    {
        NetworkSpec spec = Two(ForwardScale.LeCun, inputs, 50_000 / inputs, initializer: Initializers.LeCunNormal);
        using Network<double> network = new(spec);
        AlignedBuffer<double> parameters = new(spec.ParameterLength);
        network.Initialize(parameters, new(0), 3);
        double[] weights = parameters.Span[..spec.Segments[0].Length].ToArray();
        Assert.Equal(1, Math.Sqrt(weights.Average(w => w * w)), 0.02);
    }

    /// <summary>w ← w − η·s·∂C/∂(s·w): s·w moves with η·s², which is the rate η/n.</summary>
    [Theory]
    [InlineData("gradient_descent")]
    [InlineData("momentum")]
    [InlineData("nesterov")]
    public void Under_plain_descent_it_is_the_rate_divided_by_the_number_of_inputs(string rule)
    {
        TrainOptions options = Plain with { Optimizer = Catalog.Default.Optimizer(rule) };
        NetworkSpec scaled = Two(ForwardScale.LeCun, hasBias: false);
        using TrainSession<float> with = After<float>(scaled, options, 20);
        using TrainSession<float> without = After<float>(Two(ForwardScale.None, hasBias: false),
            options with { LayerRates = LayerRates.Of(1.0 / 16, 1.0 / 4) }, 20);
        Assert.Equal(without.State.Parameters.Span.ToArray(), Effective(scaled, with.State.Parameters));
        Assert.Equal(without.State.LastLoss, with.State.LastLoss);
    }

    /// <summary>Rules whose steps do not depend on the gradient's size move s·w by s times that step: LeCun's rate
    /// and LeCun's forward scale are one thing.</summary>
    [Theory]
    [InlineData("lion")]
    [InlineData("adam(epsilon=1e-30)")]
    public void Under_rules_without_scale_it_is_the_rate_divided_by_the_root_of_the_inputs(string rule)
    {
        TrainOptions options = Plain with { Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.001 };
        NetworkSpec scaled = Two(ForwardScale.LeCun, hasBias: false);
        using TrainSession<float> with = After<float>(scaled, options, 20);
        using TrainSession<float> without = After<float>(Two(ForwardScale.None, hasBias: false),
            options with { LayerRates = LayerRates.LeCun }, 20);
        Assert.Equal(without.State.Parameters.Span.ToArray(), Effective(scaled, with.State.Parameters));
    }

    /// <summary>One step by hand: η/n for the weights, η for the biases, each unit with the n of its own
    /// links.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_step_equals_that_of_a_plain_network_with_its_own_rate_for_each_unit(bool masked)
    {
        ConnectionMask? mask = masked ? Links(7, 5, 0, 1, 3, 7, 6) : null;
        NetworkSpec plain = Two(ForwardScale.None, 7, 5, mask: mask),
            scaled = Two(ForwardScale.LeCun, 7, 5, mask: mask);
        using TrainSession<double> with = After<double>(scaled, Plain with { Batch = 0 }, 1);
        using TrainSession<double> without = After<double>(plain, Plain with { Batch = 0 }, 0);
        double[] start = without.State.Parameters.Span.ToArray();
        without.Step();
        double[] moved = without.State.Parameters.Span.ToArray(), actual = Effective(scaled, with.State.Parameters);
        foreach (Segment segment in plain.Segments)
            for (int i = segment.Offset; i < segment.Offset + segment.Length; i++)
            {
                int unit = (i - segment.Offset) % segment.Shape.Columns;
                int links = segment.Layer == 0 && masked ? mask!.FanIn(unit) : segment.LayerInputs;
                double factor = segment.Shape.Role == SegmentRole.Bias ? 1 : 1.0 / Math.Max(1, links);
                Assert.Equal(start[i] + factor * (moved[i] - start[i]), actual[i], 1e-14);
            }
    }

    [Fact]
    public void Predictions_are_those_of_a_plain_network_with_the_weights_divided()
    {
        ConnectionMask mask = Runs.Mask(9, 6);
        FitOptions options = new()
        {
            Hidden = [6], Masks = [mask], ForwardScale = ForwardScale.LeCun, Epochs = 5,
            Threads = 1
        };
        Dataset data = Runs.Classes(60, 9, 3);
        Model scaled = Model.Fit(data, options).Model;
        FitPlan plan = FitPlan.Make(data, options with { ForwardScale = ForwardScale.None });
        AlignedBuffer<float> divided = new(scaled.Spec.ParameterLength), all = new(scaled.Spec.ParameterLength);
        scaled.Parameters.CopyTo(all.Span);
        Effective(scaled.Spec, all).CopyTo(divided.Span);
        Model plain = new(plan.Network, scaled.Preparation, scaled.Loss, divided, new(0), Arithmetic.Fast);
        float[] expected = new float[3], actual = new float[3];
        for (int row = 0; row < data.Rows; row++)
        {
            ReadOnlySpan<float> x = data.Numeric.AsSpan(row * 9, 9);
            plain.Predict(x, expected);
            scaled.Predict(x, actual);
            for (int o = 0; o < 3; o++) Assert.Equal(expected[o], actual[o], 1e-6);
            Trace trace = Trace.Of(scaled, x);
            for (int o = 0; o < 3; o++) Assert.Equal(trace.Outputs[o], actual[o], 1e-5);
            UnitTrace unit = trace.Layers[0].Units[2];
            Assert.Equal(1 / Math.Sqrt(mask.FanIn(2)), unit.Scale);
            Assert.Equal(unit.Scale * unit.Links.Select((l, k) => unit.Weights[k] * trace.Inputs[l]).Sum(), unit.Sum,
                1e-12);
            Assert.Equal(unit.Sum + unit.Bias!.Value, unit.Field, 1e-12);
        }
    }

    /// <summary>Penalties and decay see what is learned, w and not s·w.</summary>
    [Fact]
    public void Penalties_see_the_weights_that_are_learned()
    {
        using TrainSession<double> session = After<double>(
            Two(ForwardScale.LeCun, hasBias: false), Plain with { L2 = 0.5 }, 0);
        Assert.Equal(0.25 * session.State.Parameters.Span.ToArray().Sum(w => w * w), session.Penalty(), 1e-12);
    }

    [Fact]
    public void Models_and_checkpoints_keep_it()
    {
        using TemporaryFolder folder = new();
        Dataset iris = Dataset.Load("iris");
        FitOptions options = new()
        {
            Hidden = [5], ForwardScale = ForwardScale.LeCun, BatchNorm = true, Epochs = 6,
            Threads = 1
        };
        FitPlan plan = FitPlan.Make(iris, options);
        using TrainSession<float> session = plan.Start();
        for (int i = 0; i < 7; i++) session.Step();
        Checkpoint.Save(folder["run.safetensors"], plan, session);
        session.Run();
        (_, TrainSession<float> resumed) = Checkpoint.Load(folder["run.safetensors"], iris);
        resumed.Run();
        Assert.Equal(Runs.Hash(session), Runs.Hash(resumed));
        resumed.Dispose();

        Model model = plan.Finish(session).Model;
        model.Save(folder["model.safetensors"]);
        Model back = Model.Load(folder["model.safetensors"]);
        Assert.Equal(model.Spec, back.Spec);
        Assert.All(back.Spec.Layers.OfType<Dense>(), d => Assert.Equal(ForwardScale.LeCun, d.ForwardScale));
        Assert.Equal(model.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Values, back.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Values);
        Assert.Equal("Dense 4→5 identity, forward scale lecun", back.Spec.Layers[0].Describe(4));
    }

    [Fact]
    public void A_start_from_a_model_takes_its_scale_and_refuses_another()
    {
        Dataset iris = Dataset.Load("iris");
        FitOptions options = new() { Hidden = [5], Epochs = 2, Threads = 1 };
        Model scaled = Model.Fit(iris, options with { ForwardScale = ForwardScale.LeCun }).Model;
        Assert.Equal(scaled.Spec, FitPlan.Make(iris, options with { From = scaled }).Network);
        Assert.Contains("forward scale lecun", Assert.Throws<DownhillException>(() =>
            FitPlan.Make(iris, options with { From = scaled, ForwardScale = ForwardScale.None })).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void The_perceptron_rule_refuses_it_and_adam_takes_a_rate_that_suits_it()
    {
        FitOptions options = new() { ForwardScale = ForwardScale.LeCun };
        Assert.Contains("a forward scale", Assert.Throws<DownhillException>(() =>
            PerceptronModel.Fit(Dataset.Load("xor"), options)).Message, StringComparison.Ordinal);
        Assert.Equal(0.03, FitPlan.Make(Dataset.Load("iris"), options).Options.EffectiveLearningRate);
        FitResult spirals = Model.Fit(Dataset.Load("spirals"), options);
        Assert.Equal(1, spirals.Train.Accuracy);
    }

    /// <summary>Unit u is linked to the first <paramref name="fanIn"/>[u] inputs.</summary>
    private static ConnectionMask Links(int inputs, int units, params int[] fanIn)
    {
        bool[] present = new bool[inputs * units];
        for (int unit = 0; unit < units; unit++)
            for (int i = 0; i < fanIn[unit]; i++) present[i * units + unit] = true;
        return new(inputs, units, present);
    }
}
