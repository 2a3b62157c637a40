using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>No gradient passes a step: training through one is refused, unless the straight-through estimate is asked for.</summary>
public sealed class StepTests
{
    public static TheoryData<string, string, string> Refused { get; } = new()
    {
        { "step", "dense", "straight_through=1" }, { "sign", "dense", "perceptron" }, { "step(-1,2,0.5)", "dense", "ramp" },
        { "sign", "batch_norm", "Layer 2" }, { "step", "output", "Layer 2" }, { "sign", "output", "sigmoid" },
    };

    [Theory, MemberData(nameof(Refused))]
    public void Training_through_a_step_is_refused_with_advice(string text, string where, string part)
    {
        Activation step = Catalog.Default.Activation(text);
        Layer[] layers = where switch
        {
            "dense" => [new Dense(4, step), new Dense(3, Activations.Softmax)],
            "batch_norm" => [new Dense(4, Activations.Identity), new BatchNorm(step), new Dense(3, Activations.Softmax)],
            _ => [new Dense(4, Activations.Tanh), new Dense(3, step)],
        };
        TrainOptions options = new() { Loss = where == "output" ? Losses.MeanSquaredError : Losses.CrossEntropy };
        DownhillException e = Assert.Throws<DownhillException>(() => Runs.Start<float>(Runs.Classes(30, 3, 3), new(3, layers), options));
        Assert.Contains(part, e.Message);
        Assert.Contains("slope", e.Message);
    }

    [Fact]
    public void A_plan_through_a_step_is_refused_before_it_is_shown() => Assert.Contains("perceptron",
        Assert.Throws<DownhillException>(() => FitPlan.Make(Runs.Classes(30, 3, 3), new() { Activation = [Activations.Step()] })).Message);

    [Fact]
    public void A_network_of_steps_still_predicts()
    {
        using Network<float> network = new(new(3, new Dense(4, Activations.Step()), new Dense(2, Catalog.Default.Activation("sign"))), Losses.MeanSquaredError);
        Assert.False(network.Spec.Output.HasSlope);
    }

    /// <summary>The backward pass takes the slope of the ramp from a to b over c ± 1: dW of one unit, by hand.</summary>
    [Theory]
    [InlineData(0.2, 1.5)]
    [InlineData(-0.4, 1.5)]
    [InlineData(-0.5, 0)]
    [InlineData(1.5, 0)]
    [InlineData(7, 0)]
    public void Straight_through_passes_the_ramps_slope(double v, double slope)
    {
        NetworkSpec spec = new(1, new Dense(1, Activations.Step(-1, 2, 0.5, straightThrough: true)) { HasBias = false });
        using Probe probe = new(spec, Losses.Euclidean, rows: 1, seed: 1);
        probe.Parameters.Span[0] = 1;
        probe.Input[0] = v;
        probe.Objective();
        double y = v < 0.5 ? -1 : 2;
        Assert.Equal(y, probe.Output[0]);
        probe.Targets[0] = y - 1; // ∂L/∂y = 1
        Assert.Equal(slope, probe.Backpropagate()[0], 1e-15);
    }

    [Theory]
    [InlineData("step(straight_through=1)")]
    [InlineData("sign(1)")]
    [InlineData("ramp")]
    public void Straight_through_and_ramp_learn_xor(string text)
    {
        FitResult fit = Model.Fit(Dataset.Load("xor"), new() { Activation = [Catalog.Default.Activation(text)], Hidden = [16], Epochs = 1500, Threads = 1 });
        Assert.Equal(1, fit.Train.Accuracy);
    }
}
