namespace Downhill;

/// <summary>
/// A method that needs the objective of all rows at points of its own choice. Works in double on the network's
/// parameters; all that it remembers lies in the arrays it is given, so that a checkpoint can hold it.
/// </summary>
internal abstract class FullBatchMethod
{
    /// <summary>Arrays of one number per parameter.</summary>
    public abstract int Vectors { get; }

    /// <summary>Numbers besides.</summary>
    public abstract int Scalars { get; }

    /// <summary>
    /// One iteration from <paramref name="x"/>, where the objective is <paramref name="value"/> and its gradient
    /// <paramref name="g"/>; leaves the new point, its value and its gradient there.
    /// Returns false when no step lowers the objective any more.
    /// </summary>
    public abstract bool Step(IObjective objective, double[] x, ref double value, double[] g, double[][] vectors,
        double[] scalars);
}

/// <summary>An objective C(θ) with its gradient over all training rows.</summary>
internal interface IObjective
{
    /// <summary>Returns C(<paramref name="x"/>) and writes ∇C.</summary>
    double Evaluate(double[] x, double[] gradient);
}

/// <summary>
/// Limited-memory BFGS with a line search for the strong Wolfe conditions (c₁ = 1e-4, c₂ = 0.9).
/// Nocedal, Wright, Numerical Optimization, 2nd ed.: two-loop recursion 7.4, line search 3.5, zoom 3.6.
/// </summary>
internal sealed class Lbfgs(int history) : Optimizer
{
    public override double DefaultLearningRate => 1;
    public override bool NeedsFullBatch => true;
    public override int Slots => 0;
    internal override double InitialSlot(int slot) => 0;
    internal override FullBatchMethod Method => new Iteration(history);

    private sealed class Iteration(int history) : FullBatchMethod
    {
        private const double SufficientDecrease = 1e-4, Curvature = 0.9;
        private const int MostTrials = 30;

        // vectors: s₀ … s_{m−1}, y₀ … y_{m−1}, direction, trial point, trial gradient
        public override int Vectors => 2 * history + 3;

        // scalars: pairs held, place of the next pair, then ρ of each pair, then α of the recursion
        public override int Scalars => 2 + 2 * history;

        public override bool Step(IObjective objective, double[] x, ref double value, double[] g, double[][] vectors,
            double[] scalars)
        {
            double[] direction = vectors[2 * history], trial = vectors[2 * history + 1],
                trialGradient = vectors[2 * history + 2];
            for (int attempt = 0; attempt < 2; attempt++)
            {
                Direction(g, vectors, scalars, direction);
                double slope = Dot(direction, g);
                bool first = scalars[0] == 0;
                // Without curvature the gradient's own length says nothing of a good step: start with length at most 1.
                double start = first ? Math.Min(1, 1 / Math.Max(1e-300, Math.Sqrt(Dot(g, g)))) : 1;
                if (slope < 0)
                {
                    double old = value;
                    double alpha = Search(objective, x, value, slope, direction, start, trial, trialGradient,
                        out double reached);
                    if (alpha > 0 && reached <= old)
                    {
                        Remember(x, g, trial, trialGradient, vectors, scalars);
                        trial.CopyTo(x, 0);
                        trialGradient.CopyTo(g, 0);
                        value = reached;
                        // Less than the last place of the value is rounding, not progress. (In single precision the
                        // value is much coarser: then no trial point is lower and the search fails, which ends the run
                        // just as well.)
                        return old - reached > 1e-16 * Math.Abs(old);
                    }
                }
                if (first) return false;
                scalars[0] = scalars[1] = 0; // the remembered curvature misleads: once more along the gradient
            }
            return false;
        }

        private void Direction(double[] g, double[][] vectors, double[] scalars, double[] direction)
        {
            int held = (int)scalars[0], next = (int)scalars[1];
            for (int i = 0; i < g.Length; i++) direction[i] = -g[i];
            for (int k = 1; k <= held; k++)
            {
                int pair = (next - k + history) % history;
                double alpha = scalars[2 + pair] * Dot(vectors[pair], direction);
                scalars[2 + history + pair] = alpha;
                Add(direction, -alpha, vectors[history + pair]);
            }
            if (held > 0)
            {
                int last = (next - 1 + history) % history;
                double[] y = vectors[history + last];
                double scale = 1 / (scalars[2 + last] * Dot(y, y));
                for (int i = 0; i < direction.Length; i++) direction[i] *= scale;
            }
            for (int k = held; k >= 1; k--)
            {
                int pair = (next - k + history) % history;
                double beta = scalars[2 + pair] * Dot(vectors[history + pair], direction);
                Add(direction, scalars[2 + history + pair] - beta, vectors[pair]);
            }
        }

        private void Remember(double[] x, double[] g, double[] newX, double[] newG, double[][] vectors,
            double[] scalars)
        {
            int next = (int)scalars[1];
            double[] s = vectors[next], y = vectors[history + next];
            for (int i = 0; i < x.Length; i++)
            {
                s[i] = newX[i] - x[i];
                y[i] = newG[i] - g[i];
            }
            double sy = Dot(s, y);
            if (sy <= 1e-10 * Math.Sqrt(Dot(s, s) * Dot(y, y))) return; // no positive curvature along s
            scalars[2 + next] = 1 / sy;
            scalars[1] = (next + 1) % history;
            scalars[0] = Math.Min(history, scalars[0] + 1);
        }

        /// <summary>Algorithm 3.5: brackets a step, then zooms. Leaves the accepted point in the trial
        /// arrays.</summary>
        private static double Search(
            IObjective objective, double[] x, double value, double slope, double[] direction, double start,
            double[] trial, double[] trialGradient, out double reached)
        {
            double previousAlpha = 0, previousValue = value, previousSlope = slope, alpha = start;
            for (int i = 0; i < MostTrials; i++)
            {
                double phi = At(alpha, out double dPhi);
                if (!double.IsFinite(phi) || phi > value + SufficientDecrease * alpha * slope
                    || (i > 0 && phi >= previousValue))
                    return Zoom(previousAlpha, previousValue, previousSlope, alpha, phi, out reached);
                if (Math.Abs(dPhi) <= -Curvature * slope)
                {
                    reached = phi;
                    return alpha;
                }
                if (dPhi >= 0)
                    return Zoom(alpha, phi, dPhi, previousAlpha, previousValue, out reached);
                (previousAlpha, previousValue, previousSlope) = (alpha, phi, dPhi);
                alpha *= 2;
            }
            reached = At(previousAlpha, out _);
            return previousAlpha;

            double At(double step, out double derivative)
            {
                for (int i = 0; i < x.Length; i++) trial[i] = x[i] + step * direction[i];
                double phi = objective.Evaluate(trial, trialGradient);
                derivative = Dot(trialGradient, direction);
                // A point without a finite gradient is no place to go on from, whatever its value.
                return double.IsFinite(derivative) ? phi : double.NaN;
            }

            // Algorithm 3.6; low always satisfies the decrease condition and has the smaller value.
            double Zoom(double low, double lowValue, double lowSlope, double high, double highValue, out double found)
            {
                for (int i = 0; i < MostTrials && low != high; i++)
                {
                    double width = high - low;
                    // Minimum of the parabola through value and slope at low and value at high, kept inside the middle
                    // 80 %.
                    double step = low - 0.5 * lowSlope * width * width / (highValue - lowValue - lowSlope * width);
                    double edge = 0.1 * Math.Abs(width);
                    if (!double.IsFinite(step) || Math.Abs(step - low) < edge || Math.Abs(step - high) < edge
                        || (step - low) * (step - high) > 0)
                        step = low + 0.5 * width;
                    double phi = At(step, out double dPhi);
                    if (!double.IsFinite(phi) || phi > value + SufficientDecrease * step * slope || phi >= lowValue)
                        (high, highValue) = (step, phi);
                    else
                    {
                        if (Math.Abs(dPhi) <= -Curvature * slope)
                        {
                            found = phi;
                            return step;
                        }
                        if (dPhi * (high - low) >= 0) (high, highValue) = (low, lowValue);
                        (low, lowValue, lowSlope) = (step, phi, dPhi);
                    }
                }
                found = low > 0 ? At(low, out _) : value;
                return low;
            }
        }

        /// <summary>Four fixed chains, so that the order of additions is part of the definition.</summary>
        private static double Dot(double[] a, double[] b)
        {
            double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            int i = 0;
            for (; i + 4 <= a.Length; i += 4)
            {
                s0 += a[i] * b[i];
                s1 += a[i + 1] * b[i + 1];
                s2 += a[i + 2] * b[i + 2];
                s3 += a[i + 3] * b[i + 3];
            }
            for (; i < a.Length; i++) s0 += a[i] * b[i];
            return s0 + s1 + (s2 + s3);
        }

        private static void Add(double[] x, double factor, double[] y)
        {
            for (int i = 0; i < x.Length; i++) x[i] += factor * y[i];
        }
    }
}
