using System.Numerics;

namespace Downhill;

// Full-batch methods: the same state and the same passes, but the method chooses the points.
public sealed partial class TrainSession<T>
{
    private readonly FullBatchMethod? method;
    private readonly Objective objective;
    private readonly T[] statistics;

    private StepReport MethodStep()
    {
        double[] x = State.MethodVectors[^2], g = State.MethodVectors[^1];
        State.Buffers.Span.CopyTo(statistics);
        if (State.MethodScalars[^2] == 0)
        {
            ReadOnlySpan<T> parameters = State.Parameters.Span;
            for (int i = 0; i < x.Length; i++) x[i] = double.CreateTruncating(parameters[i]);
            State.MethodScalars[^1] = objective.Evaluate(x, g);
            State.MethodScalars[^2] = 1;
        }
        double value = State.MethodScalars[^1];
        StepReport report = new(State.Step + 1, State.Epoch + 1, value, 1, Norm(g), batcher.Count,
            double.IsFinite(value) && double.IsFinite(Norm(g)));
        if (!report.IsFinite) return report;
        RememberLastGood();
        bool moved = method!.Step(objective, x, ref value, g, State.MethodVectors, State.MethodScalars);
        State.MethodScalars[^1] = value;
        Write(x);
        if (statistics.Length > 0 || objective.LastValue != value)
        {
            // Points that were only tried must leave no trace in the running averages or figures: one pass where the
            // step ended.
            statistics.CopyTo(State.Buffers.Span);
            objective.LastWeight = Accumulate(0, batcher.Count).Weight;
        }
        double data = value - Penalty();
        State.Step++;
        State.Position = batcher.Count;
        State.LastLoss = data;
        // The method's value is reduced already: weight 1.
        (State.EpochLoss, State.EpochWeight, State.EpochNorm) = (data, 1, Norm(g));
        (State.EpochSquares, State.EpochRight) = (
            batchSquares / objective.LastWeight, batchRight / objective.LastWeight);
        if (!moved) Stopped = new("converged", "no step lowers the objective any more");
        return report with { Loss = data, GradientNorm = Norm(g) };
    }

    private void Write(double[] x)
    {
        Span<T> parameters = State.Parameters.Span;
        for (int i = 0; i < x.Length; i++) parameters[i] = T.CreateTruncating(x[i]);
    }

    private static double Norm(double[] g)
    {
        double squares = 0;
        foreach (double value in g) squares += value * value;
        return Math.Sqrt(squares);
    }

    /// <summary>C(θ) of all training rows with its penalty, as the methods see it.</summary>
    private sealed class Objective(TrainSession<T> session) : IObjective
    {
        /// <summary>C at the point last evaluated.</summary>
        public double LastValue { get; private set; } = double.NaN;

        /// <summary>Weight of all rows.</summary>
        public double LastWeight { get; set; }

        public double Evaluate(double[] x, double[] gradient)
        {
            session.Write(x);
            (double loss, double weight) = session.Accumulate(0, session.batcher.Count);
            LastWeight = weight;
            double normaliser = session.Options.Reduction == Reduction.Mean ? 1 / weight : 1;
            Array.Clear(gradient);
            foreach (Segment segment in session.segments)
            {
                double l2 = session.IsPenalised(segment) ? session.Options.L2 : 0;
                for (int i = segment.Offset; i < segment.Offset + segment.Length; i++)
                    gradient[i] = normaliser * double.CreateTruncating(session.State.Gradient.Span[i]) + l2 * x[i];
            }
            return LastValue = normaliser * loss + session.Penalty();
        }
    }
}
