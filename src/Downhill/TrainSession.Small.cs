using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

// Compiled steps: what RuleStep does, with the compiled step in the place of the general passes.
public sealed partial class TrainSession<T>
{
    /// <summary>Whether steps are compiled (<see cref="CompiledTraining{T}"/>).</summary>
    internal bool IsCompiled => compiled is not null;

    /// <summary>Whether they are compiled for single rows (<see cref="RowTraining{T}"/>).</summary>
    internal bool IsCompiledByRow => compiled is RowTraining<T>;

    /// <summary>Up to <paramref name="most"/> updates within the epoch; returns the last one's report.</summary>
    private StepReport CompiledSteps(CompiledTraining<T> compiled, int most, bool together)
    {
        // Snapshots need the state: none falls due inside a stretch.
        most = (int)Math.Min(most, snapshotEvery - (SnapshotIsDue ? 0 : State.Step - lastGoodStep));
        int left = (batcher.Count - State.Position + batch - 1) / batch;
        compiled.Load(State, together ? Math.Min(most, left) : 1);
        try
        {
            return TakeSteps(compiled, most);
        }
        catch
        {
            compiled.Store(State);
            throw;
        }
    }

    private StepReport TakeSteps(CompiledTraining<T> compiled, int most)
    {
        Permutation? permutation = Order();
        double rate = 0, reduced = 0, norm = double.NaN;
        int count = batcher.Count, rows = 0;
        bool isScheduled = Options.Schedules.Count > 0, isMean = Options.Reduction == Reduction.Mean;
        bool looksAtState = needsNorm || Options.Optimizer.NeedsFullBatch, fades = updater!.Fades;
        bool hasConstants = Options.Optimizer.Slots > 0; // a rule without memory has none
        TrainState<T> state = State;
        for (int done = 0; done < most && state.Position < count; done++)
        {
            rows = Math.Min(batch, count - state.Position);
            RowSums sums = default;
            compiled.Accumulate(state.Position, rows, state.Epoch, permutation, ref sums);
            if (!double.IsFinite(sums.Loss) || sums.Weight == 0)
            {
                // The general step says what is wrong, or that there was nothing to learn from.
                compiled.Store(state);
                return RuleStep();
            }
            if (done == 0) RememberLastGood();
            if (done == 0 || isScheduled)
            {
                rate = Current("learning_rate", Options.EffectiveLearningRate);
                double l2 = needsNorm ? 0 : Current("l2", Options.L2); // the finished gradient has it
                compiled.Plan(new(rate, 1, l2, Current("l1", Options.L1),
                    Current("weight_decay", Options.EffectiveWeightDecay)), Options.PenalizeBiases);
                for (int i = 0; i < arguments.Length; i++)
                    arguments[i] = Current(Options.Optimizer.Parameters[i].Name, Options.Optimizer.Arguments[i]);
            }
            double share = 1 / sums.Weight, normaliser = isMean ? share : 1, scale = normaliser, objective;
            objective = reduced = isMean ? sums.Loss / sums.Weight : sums.Loss;
            if (looksAtState)
            {
                compiled.Store(state);
                if (Options.Optimizer.NeedsFullBatch) objective += Penalty();
                if (needsNorm)
                {
                    norm = FinishGradient(normaliser);
                    double clip = Options.Clip > 0 ? Current("clip", Options.Clip) : double.PositiveInfinity;
                    scale = norm > clip ? clip / norm : 1;
                    compiled.LoadGradient(state);
                }
            }
            if (hasConstants)
                compiled.Prepare(
                    arguments, new RuleStep(state.Step + 1, objective, state.LastObjective, rows == count));
            if (!compiled.Update(scale))
            {
                compiled.StoreGradient(state);
                return new(state.Step + 1, state.Epoch + 1, reduced, rate, norm, rows, IsFinite: false);
            }
            Advance(rows, sums, norm, reduced);
            state.LastObjective = objective;
            if (fades && state.Step % SettleEvery == 0) compiled.Settle();
        }
        compiled.Store(state);
        return new(state.Step, state.Epoch + 1, reduced, rate, norm, rows, IsFinite: true);
    }
}
