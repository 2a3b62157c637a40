namespace Downhill.Tests.Training;

/// <summary>L-BFGS on problems whose minimum is known.</summary>
public sealed class LbfgsTests
{
    private static TrainOptions Options(Loss loss, double l2, int history = 10) => new()
    {
        Loss = loss, Optimizer = Optimizers.Lbfgs(history), Batch = 0, Epochs = 500, L2 = l2, Threads = 1,
        Stop = [StoppingRules.Gradient(1e-8)],
    };

    /// <summary>Linear least squares with a ridge: the minimum solves (XᵀX/n + λ)·w = Xᵀy/n.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void Least_squares_reach_the_normal_equations(int history)
    {
        const int Inputs = 6, Rows = 40;
        const double Lambda = 0.01;
        Dataset data = Runs.Numbers(Rows, Inputs);
        NetworkSpec spec = new(Inputs, new Dense(1, Activations.Identity) { HasBias = false });
        using TrainSession<double> session = Runs.Start<double>(data, spec, Options(Losses.Euclidean, Lambda, history));
        StopReason reason = session.Run();
        // With one remembered step it creeps, and ends where the objective's last bit no longer moves.
        double near = history == 1 ? 1e-6 : 1e-8;
        Assert.True(history == 1 ? reason.Rule is "converged" or "gradient(1E-08)"
            : reason.Rule.StartsWith("gradient", StringComparison.Ordinal), reason.Rule);
        Assert.True(session.State.History[^1].GradientNorm < near);
        double[] w = Runs.Weights(session);
        for (int i = 0; i < Inputs; i++)
        {
            double left = Lambda * w[i];
            for (int r = 0; r < Rows; r++)
            {
                double error = -data.Values[r];
                for (int j = 0; j < Inputs; j++) error += w[j] * data.Numeric[r * Inputs + j];
                left += error * data.Numeric[r * Inputs + i] / Rows;
            }
            Assert.Equal(0, left, near);
        }
    }

    [Fact]
    public void Logistic_regression_reaches_a_point_without_gradient()
    {
        Dataset data = Runs.Classes(80, 5, 2);
        NetworkSpec spec = new(5, new Dense(1, Activations.Sigmoid()));
        using TrainSession<double> session = new(spec, data, Runs.All(data), [], Runs.Plain(data, singleOutput: true),
            Options(Losses.BinaryCrossEntropy, 0.01));
        Assert.StartsWith("gradient", session.Run().Rule);
        Assert.True(session.State.Step < 60, $"{session.State.Step} steps");
        double[] w = Runs.Weights(session), g = new double[6];
        for (int r = 0; r < 80; r++)
        {
            double v = w[5];
            for (int i = 0; i < 5; i++) v += w[i] * data.Numeric[5 * r + i];
            double error = 1 / (1 + Math.Exp(-v)) - data.Classes[r];
            for (int i = 0; i < 5; i++) g[i] += error * data.Numeric[5 * r + i] / 80;
            g[5] += error / 80;
        }
        for (int i = 0; i < 5; i++) g[i] += 0.01 * w[i];
        Assert.All(g, x => Assert.Equal(0, x, 1e-8));
    }

    /// <summary>A deep, narrow network has curved valleys as Rosenbrock's function has: each step lowers the
    /// objective.</summary>
    [Theory]
    [InlineData(1ul)]
    [InlineData(2ul)]
    [InlineData(3ul)]
    public void Every_step_lowers_the_objective_of_a_small_network(ulong seed)
    {
        Dataset data = Runs.Numbers(30, 3, 2);
        NetworkSpec spec = new(3, new Dense(4, Activations.Tanh), new Dense(3, Activations.Tanh),
            new Dense(2, Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(
            data, spec, Options(Losses.Euclidean, 1e-4) with { Epochs = 300, Seed = seed });
        double last = double.PositiveInfinity, first = double.NaN;
        while (session.Stopped is null)
        {
            session.Step();
            EpochReport report = session.State.History[^1];
            double objective = report.TrainLoss + report.Penalty;
            if (double.IsNaN(first)) first = objective;
            Assert.True(objective <= last, $"step {report.Step}: {last:R} → {objective:R}");
            last = objective;
        }
        Assert.True(last < 0.3 * first, $"{first} → {last}");
    }

    [Fact]
    public void In_float_it_ends_when_nothing_gets_lower_any_more()
    {
        Dataset data = Runs.Numbers(30, 3, 2);
        NetworkSpec spec = new(3, new Dense(2, Activations.Identity));
        using TrainSession<float> session = Runs.Start<float>(
            data, spec, Options(Losses.Euclidean, 1e-3) with { Stop = [] });
        Assert.Equal("converged", session.Run().Rule);
        Assert.True(session.State.Step < 200);
        Assert.True(double.IsFinite(session.State.LastLoss));
    }

    /// <summary>The running averages are those of the accepted points: trial points of the line search leave no
    /// trace.</summary>
    [Fact]
    public void Running_averages_follow_the_accepted_points_only()
    {
        Dataset data = Runs.Numbers(30, 3, 1);
        NetworkSpec spec = new(3, new Dense(4, Activations.Identity), new BatchNorm(Activations.Tanh),
            new Dense(1, Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(data, spec, Options(Losses.Euclidean, 1e-3));
        double[] mean = new double[4];
        for (int step = 0; step < 10; step++)
        {
            session.Step();
            Segment weight = spec.Segments[0], bias = spec.Segments[1];
            for (int f = 0; f < 4; f++)
            {
                double sum = 0;
                for (int r = 0; r < 30; r++)
                {
                    sum += session.State.Parameters.Span[bias.Offset + f];
                    for (int i = 0; i < 3; i++) sum += data.Numeric[3 * r + i] * session.State.Parameters.Span[
                        weight.Offset + 4 * i + f];
                }
                mean[f] += 0.1 * (sum / 30 - mean[f]);
                Assert.Equal(mean[f], session.State.Buffers.Span[f], 1e-12);
            }
        }
    }
}
