using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

// Steps of a small network: what RuleStep does, with the compiled step in the place of the general passes.
public sealed partial class TrainSession<T>
{
    /// <summary>Whether steps are compiled (<see cref="SmallTraining{T}"/>).</summary>
    internal bool IsCompiled => small is not null;

    /// <summary>Up to <paramref name="most"/> updates within the epoch; returns the last one's report.</summary>
    private StepReport SmallSteps(SmallTraining<T> small, int most)
    {
        // Snapshots need the state: none falls due inside a stretch.
        if (lastGoodStep >= 0) most = (int)Math.Min(most, State.Position == 0 ? SnapshotEvery : Math.Max(1, lastGoodStep + SnapshotEvery - State.Step));
        Permutation? permutation = Order();
        double rate = 0, l1 = 0, l2 = 0, decay = 0;
        bool isScheduled = Options.Schedules.Count > 0;
        StepReport report = default;
        small.Load(State);
        for (int done = 0; done < most && State.Position < batcher.Count; done++)
        {
            int rows = Math.Min(batch, batcher.Count - State.Position);
            LaneSums sums = small.Accumulate(State.Position, rows, State.Epoch, permutation);
            if (!double.IsFinite(sums.Loss) || sums.Weight == 0)
            {
                // The general step says what is wrong, or that there was nothing to learn from.
                small.Store(State);
                return RuleStep();
            }
            if (done == 0) RememberLastGood();
            if (done == 0 || isScheduled)
            {
                rate = Current("learning_rate", Options.EffectiveLearningRate);
                (l1, l2, decay) = (Current("l1", Options.L1), Current("l2", Options.L2), Current("weight_decay", Options.EffectiveWeightDecay));
                for (int i = 0; i < arguments.Length; i++)
                    arguments[i] = Current(Options.Optimizer.Parameters[i].Name, Options.Optimizer.Arguments[i]);
            }
            double reduced = Options.Reduction == Reduction.Mean ? sums.Loss / sums.Weight : sums.Loss;
            double normaliser = Options.Reduction == Reduction.Mean ? 1 / sums.Weight : 1, norm = double.NaN, scale = normaliser;
            double objective = reduced;
            if (needsNorm || Options.Optimizer.NeedsFullBatch)
            {
                // These look at the state.
                small.Store(State);
                if (Options.Optimizer.NeedsFullBatch) objective += Penalty();
                if (needsNorm)
                {
                    norm = FinishGradient(normaliser);
                    double clip = Options.Clip > 0 ? Current("clip", Options.Clip) : double.PositiveInfinity;
                    scale = norm > clip ? clip / norm : 1;
                    small.LoadGradient(State);
                }
            }
            report = new(State.Step + 1, State.Epoch + 1, reduced, rate, norm, rows, IsFinite: true);
            small.Prepare(arguments, new RuleStep(State.Step + 1, objective, State.LastObjective, rows == batcher.Count));
            if (!small.Update(new(rate, scale, needsNorm ? 0 : l2, l1, decay), Options.PenalizeBiases))
            {
                small.StoreGradient(State);
                return report with { IsFinite = false };
            }
            (batchSquares, batchRight) = (sums.Squares, sums.Right);
            Advance(rows, sums.Loss, sums.Weight, norm, reduced);
            State.LastObjective = objective;
        }
        small.Store(State);
        return report;
    }
}
