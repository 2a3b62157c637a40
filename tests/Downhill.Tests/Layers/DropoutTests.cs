using Downhill.Tests.Training;

namespace Downhill.Tests.Layers;

/// <summary>Dropout's mask is a pure function of seed, layer, step and place; the expectation is kept.</summary>
public sealed class DropoutTests
{
    private const int Width = 50;

    private static float[] Forward(int rows, double rate, ulong seed, long step, int firstRow, bool training = true,
        int before = 0)
    {
        Layer[] layers = [.. Enumerable.Repeat<Layer>(new Dropout(0), before), new Dropout(rate),
            new Dense(1, Activations.Identity)];
        NetworkSpec spec = new(Width, layers);
        using Network<float> network = new(spec);
        Workspace<float> workspace = new(network, rows);
        AlignedBuffer<float> parameters = new(spec.ParameterLength);
        workspace.Input.Fill(2);
        network.Forward(workspace, parameters, new(0), rows, new PassMode(training, seed, step, firstRow));
        return workspace.OutputOf(before, Width).ToArray();
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void The_share_dropped_is_the_rate_and_the_expectation_is_kept(double rate)
    {
        float[] y = Forward(2000, rate, seed: 1, step: 0, firstRow: 0);
        float kept = (float)(2 * (float)(1 / (1 - rate)));
        Assert.All(y, v => Assert.True(v == 0 || v == kept));
        double n = y.Length, sigma = Math.Sqrt(rate * (1 - rate) / n);
        Assert.Equal(rate, y.Count(v => v == 0) / n, 5 * sigma);
        Assert.Equal(2, y.Average(v => (double)v), 5 * sigma * kept);
    }

    [Fact]
    public void The_mask_depends_on_seed_step_layer_and_place_alone()
    {
        float[] whole = Forward(300, 0.4, 1, 7, 0);
        Assert.Equal(whole, Forward(300, 0.4, 1, 7, 0));
        // Chunks of any size give the same mask as the batch in one piece.
        float[] chunks = [.. Forward(256, 0.4, 1, 7, 0), .. Forward(44, 0.4, 1, 7, 256)];
        Assert.Equal(whole, chunks);
        Assert.NotEqual(whole, Forward(300, 0.4, 2, 7, 0));
        Assert.NotEqual(whole, Forward(300, 0.4, 1, 8, 0));
        Assert.NotEqual(whole, Forward(300, 0.4, 1, 7, 0, before: 1));
        Assert.NotEqual(whole[..Width], whole[Width..(2 * Width)]);
    }

    [Fact]
    public void Prediction_and_rate_0_pass_everything_on()
    {
        Assert.All(Forward(10, 0.5, 1, 0, 0, training: false), v => Assert.Equal(2, v));
        Assert.All(Forward(10, 0, 1, 0, 0), v => Assert.Equal(2, v));
    }

    /// <summary>After training the workspace still holds a mask; a prediction's gradient is that of the network
    /// without the layer.</summary>
    [Fact]
    public void The_gradient_of_a_prediction_drops_nothing()
    {
        Layer first = new Dense(6, Activations.Tanh), last = new Dense(3, Activations.Softmax);
        (float[] gradient, float[] inputs) with = Gradients(new(5, new Dropout(0.5), first, new Dropout(0.5), last)),
            without = Gradients(new(5, first, last));
        Assert.Equal(without.gradient, with.gradient);
        Assert.Equal(without.inputs, with.inputs);
        Assert.DoesNotContain(0, with.inputs);

        static (float[], float[]) Gradients(NetworkSpec spec)
        {
            const int Rows = 7;
            using Network<float> network = new(spec, Losses.CrossEntropy);
            Workspace<float> workspace = new(network, Rows);
            AlignedBuffer<float> parameters = new(spec.ParameterLength), gradient = new(spec.ParameterLength);
            RandomStream random = new(9, RandomStreams.Data);
            for (int i = 0; i < parameters.Length; i++) parameters.Span[i] = (float)random.Normal((ulong)i);
            for (int i = 0; i < Rows * 5; i++) workspace.Input[i] = (float)random.Normal((ulong)(1000 + i));
            for (int r = 0; r < Rows; r++) workspace.Targets[3 * r + r % 3] = 1;
            float[] inputs = new float[Rows * 5];
            foreach (PassMode mode in (PassMode[])[new(IsTraining: true, Seed: 1, Step: 2), PassMode.Predict])
            {
                network.Forward(workspace, parameters, new(0), Rows, mode);
                network.Evaluate(workspace, Rows, weighted: false, withGradient: true);
                network.Backward(workspace, parameters, new(0), gradient, Rows, mode, accumulate: false, inputs);
            }
            return (gradient.Span.ToArray(), inputs);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Impossible_rates_are_refused(double rate) =>
        Assert.Throws<DownhillException>(
            () => new NetworkSpec(3, new Dropout(rate), new Dense(1, Activations.Identity)));

    /// <summary>L-BFGS would chase an objective that changes by chance.</summary>
    [Fact]
    public void A_full_batch_method_refuses_dropout() =>
        Assert.Contains("dropout", Assert.Throws<DownhillException>(() => Runs.Start<float>(
        Runs.Numbers(9, 3), new(3, new Dropout(0.1), new Dense(1, Activations.Identity)),
        new() { Loss = Losses.Euclidean, Optimizer = Optimizers.Lbfgs(), Batch = 0 })).Message);
}
