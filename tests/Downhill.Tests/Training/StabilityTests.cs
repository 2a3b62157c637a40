using System.Numerics;

namespace Downhill.Tests.Training;

/// <summary>Activations and losses at the ends of the number line, through a whole network, in both formats and
/// arithmetics.</summary>
public sealed class StabilityTests
{
    /// <summary>A layer that passes its inputs on as fields: outputs, loss and the gradient of the fields.</summary>
    private static (double[] Output, double Loss, double[] Gradient) Pass<T>(
        Activation output, Loss loss, double[] fields, double[] targets, Arithmetic arithmetic)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = fields.Length;
        // b = the fields, W = 0, x = 1: so the gradient of b is that of the fields, and ±∞ can be put in.
        NetworkSpec spec = new(1, new Dense(n, output));
        using Network<T> network = new(spec, loss, arithmetic);
        Workspace<T> workspace = new(network, 1);
        AlignedBuffer<T> parameters = new(spec.ParameterLength), gradient = new(spec.ParameterLength), none = new(0);
        workspace.Input[0] = T.One;
        for (int i = 0; i < n; i++)
        {
            parameters.Span[spec.Segments[1].Offset + i] = T.CreateTruncating(fields[i]);
            workspace.Targets[i] = T.CreateTruncating(targets[i]);
        }
        network.Forward(workspace, parameters, none, 1, PassMode.Predict);
        double[] y = [.. workspace.Output.ToArray().Select(double.CreateTruncating)];
        network.Evaluate(workspace, 1, weighted: false, withGradient: true);
        double value = workspace.RowLoss[0];
        network.Backward(workspace, parameters, none, gradient, 1, PassMode.Predict, accumulate: false);
        network.Evaluate(workspace, 1, weighted: false, withGradient: false);
        Assert.Equal(value, workspace.RowLoss[0]); // with and without a gradient
        return (
            y, value, [.. gradient.Span.Slice(spec.Segments[1].Offset, n).ToArray().Select(double.CreateTruncating)]);
    }

    private static (double[] Output, double Loss, double[] Gradient) Pass(
        string format, Activation output, Loss loss, double[] fields, double[] targets,
            Arithmetic arithmetic = Arithmetic.Fast) =>
        format == "float" ? Pass<float>(output, loss, fields, targets, arithmetic)
            : Pass<double>(output, loss, fields, targets, arithmetic);

    private const double Inf = double.PositiveInfinity;

    public static TheoryData<string, Arithmetic> Formats { get; } = new()
    {
        { "float", Arithmetic.Fast }, { "float", Arithmetic.Portable }, { "double", Arithmetic.Fast },
            { "double", Arithmetic.Portable },
    };

    [Theory, MemberData(nameof(Formats))]
    public void Tanh_and_sigmoid_saturate_exactly(string format, Arithmetic arithmetic)
    {
        double[] fields = [1e4, -1e4, Inf, -Inf, 0], targets = [0, 0, 0, 0, 0];
        (double[] y, double loss, double[] gradient) = Pass(format, Activations.Tanh, Losses.Euclidean, fields, targets,
            arithmetic);
        Assert.Equal([1, -1, 1, -1, 0], y);
        Assert.Equal(2, loss);
        Assert.Equal([0, 0, 0, 0, 0], gradient.Select(Math.Abs));
        (y, loss, gradient) = Pass(format, Activations.Sigmoid(), Losses.Euclidean, fields, targets, arithmetic);
        Assert.Equal([1, 0, 1, 0, 0.5], y);
        Assert.Equal(1.125, loss);
        Assert.Equal([0, 0, 0, 0, 0.125], gradient);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Relu_and_identity_pass_the_ends_on(string format, Arithmetic arithmetic)
    {
        double[] fields = [1e4, -1e4, 0], targets = [0, 0, 0];
        Assert.Equal([1e4, 0, 0], Pass(format, Activations.Relu, Losses.Euclidean, fields, targets, arithmetic).Output);
        Assert.Equal(fields, Pass(format, Activations.Identity, Losses.Euclidean, fields, targets, arithmetic).Output);
        Assert.Equal(
            [Inf, 0], Pass(format, Activations.Relu, Losses.Euclidean, [Inf, -Inf], [0, 0], arithmetic).Output);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Softmax_is_right_at_the_ends(string format, Arithmetic arithmetic)
    {
        double[] Softmax(params double[] fields) =>
            Pass(format, Activations.Softmax, Losses.Euclidean, fields, new double[fields.Length], arithmetic).Output;
        Assert.Equal([1, 0, 0], Softmax(1e4, -1e4, 0));
        Assert.Equal([0.5, 0, 0.5], Softmax(1e4, -1e4, 1e4));
        Assert.Equal([0.25, 0.25, 0.25, 0.25], Softmax(-1e4, -1e4, -1e4, -1e4));
        Assert.Equal([0, 1, 0], Softmax(5, Inf, -3));
        Assert.Equal([0.5, 0.5, 0], Softmax(Inf, Inf, 1e4));
        Assert.Equal([0.5, 0, 0.5], Softmax(3, -Inf, 3));
        Assert.All(Softmax(1, double.NaN, 2), y => Assert.True(double.IsNaN(y)));
    }

    [Theory, MemberData(nameof(Formats))]
    public void Softmax_with_cross_entropy_is_right_at_the_ends(string format, Arithmetic arithmetic)
    {
        (double[] Output, double Loss, double[] Gradient) At(double[] z, double[] t) =>
            Pass(format, Activations.Softmax, Losses.CrossEntropy, z, t, arithmetic);
        (double[] y, double loss, double[] gradient) = At([1e4, -1e4, 0], [1, 0, 0]);
        Assert.Equal([1, 0, 0], y);
        Assert.Equal(0, loss);
        Assert.Equal([0, 0, 0], gradient);
        (_, loss, gradient) = At([1e4, -1e4, 0], [0, 1, 0]); // certain and wrong: costs the distance of the scores
        Assert.Equal(2e4, loss);
        Assert.Equal([1, -1, 0], gradient);
        (_, loss, gradient) = At([-1e4, -1e4, -1e4], [0, 0, 1]);
        Assert.Equal(Math.Log(3), loss, 1e-6);
        Assert.Equal(-2.0 / 3, gradient[2], 1e-6);
        (_, loss, gradient) = At([5, Inf, -3], [0, 1, 0]); // infinitely certain and right
        Assert.Equal(0, loss);
        Assert.Equal([0, 0, 0], gradient);
        (_, loss, _) = At([5, Inf, -3], [1, 0, 0]); // infinitely certain and wrong
        Assert.Equal(Inf, loss);
        (_, loss, gradient) = At([3, -Inf, 3], [1, 0, 0]); // a class that cannot be, and is not
        Assert.Equal(Math.Log(2), loss, 1e-6);
        Assert.Equal([-0.5, 0, 0.5], gradient);
        Assert.True(double.IsNaN(At([3, double.NaN, 3], [1, 0, 0]).Loss));
    }

    [Theory, MemberData(nameof(Formats))]
    public void Sigmoid_with_cross_entropy_is_right_at_the_ends(string format, Arithmetic arithmetic)
    {
        (double[] Output, double Loss, double[] Gradient) At(double z, double t, double x = 1) =>
            Pass(format, Activations.Sigmoid(x), Losses.BinaryCrossEntropy, [z], [t], arithmetic);
        Assert.Equal((0.0, 0.0), (At(1e4, 1).Loss, At(1e4, 1).Gradient[0]));
        Assert.Equal((0.0, 0.0), (At(-1e4, 0).Loss, At(-1e4, 0).Gradient[0]));
        Assert.Equal((1e4, 1.0), (At(1e4, 0).Loss, At(1e4, 0).Gradient[0]));
        Assert.Equal((1e4, -1.0), (At(-1e4, 1).Loss, At(-1e4, 1).Gradient[0]));
        Assert.Equal((2e4, 2.0), (At(1e4, 0, 2).Loss, At(1e4, 0, 2).Gradient[0]));
        Assert.Equal(Math.Log(2), At(0, 1).Loss, 1e-6);
        Assert.Equal(0, At(Inf, 1).Loss);
        Assert.Equal(0, At(-Inf, 0).Loss);
        Assert.Equal(Inf, At(Inf, 0).Loss);
        Assert.Equal(Inf, At(-Inf, 1).Loss);
        Assert.True(double.IsNaN(At(double.NaN, 1).Loss));
    }

    /// <summary>Not fused: on outputs that have rounded to 0 or 1, the loss is large and finite.</summary>
    [Theory, MemberData(nameof(Formats))]
    public void Cross_entropy_on_outputs_stays_finite(string format, Arithmetic arithmetic)
    {
        // Softmax outputs are in binary cross-entropy's domain, and are not fused with it.
        (double[] y, double loss, double[] gradient) = Pass(format, Activations.Softmax, Losses.BinaryCrossEntropy,
            [1e4, -1e4], [0, 1], arithmetic);
        Assert.Equal([1, 0], y);
        Assert.Equal(200, loss);
        Assert.All(gradient, g => Assert.True(double.IsFinite(g)));
        (_, loss, gradient) = Pass(format, Activations.Softmax, Losses.BinaryCrossEntropy, [1e4, -1e4], [1, 0],
            arithmetic);
        Assert.Equal(0, loss);
        Assert.All(gradient, g => Assert.Equal(0, g));
        Assert.True(
            double.IsNaN(
            Pass(format, Activations.Softmax, Losses.BinaryCrossEntropy, [double.NaN, 1], [0, 1], arithmetic).Loss));
    }

    [Theory]
    [InlineData("float")]
    [InlineData("double")]
    public void Fused_and_unfused_agree_where_both_are_well_conditioned(string format)
    {
        // Sigmoid in another slope's clothes: sigmoid(1, 0, 1e-300) is not fused (its offset is not 0), and equal
        // otherwise.
        double[] z = [0.3, -2, 1.7], t = [1, 0, 0];
        double tolerance = format == "float" ? 1e-5 : 1e-12;
        (_, double fused, double[] a) = Pass(format, Activations.Sigmoid(), Losses.BinaryCrossEntropy, z, t);
        double direct = 0;
        for (int i = 0; i < 3; i++)
        {
            double y = 1 / (1 + Math.Exp(-z[i]));
            direct -= t[i] * Math.Log(y) + (1 - t[i]) * Math.Log(1 - y);
            Assert.Equal(y - t[i], a[i], tolerance);
        }
        Assert.Equal(direct, fused, tolerance);
    }
}
