using System.Numerics;

namespace Downhill;

// What happens when a loss or a gradient is not finite: go back to the last weights that gave a finite loss, find the
// layer that broke first, and say why it is likely.
public sealed partial class TrainSession<T>
{
    // Fewest steps and fewest rows between two snapshots: where a step is one row, copying the weights would take
    // longer than the steps.
    private const int SnapshotSteps = 64, SnapshotRows = 512;

    private readonly Snapshot lastGood;
    private readonly int snapshotEvery; // steps
    private long lastGoodStep = -1;
    private bool lastGoodInPanels;

    /// <summary>Called when a loss was finite and before anything is updated. Never spans the end of an epoch, so that
    /// a replay needs no stopping rule and no validation.</summary>
    private void RememberLastGood()
    {
        if (!SnapshotIsDue) return;
        // A unit with bounds can answer finitely with a weight that is not.
        if (!WeightsAreFinite()) return;
        lastGood.Take(State);
        lastGoodStep = State.Step;
        lastGoodInPanels = IsInPanels;
    }

    private bool SnapshotIsDue =>
        lastGoodStep < 0 || State.Position == 0 || State.Step - lastGoodStep >= snapshotEvery;

    private void BringLastGoodBack()
    {
        lastGood.Restore(State);
        panels?.Lie(lastGoodInPanels);
        panels?.Leave();
        orderEpoch = -1;
    }

    private void Diverge(in StepReport report)
    {
        bool updated = report.Step == State.Step, gradientFailed = !updated && double.IsFinite(report.Loss);
        bool averageFailed = updated && WeightsAreFinite();
        int? broken = gradientFailed ? null : BrokenLayer();
        // The last weights whose loss was measured and finite: a gradient that failed belongs to them, a loss or an
        // update that failed comes one step after them. At the first step there is nothing before.
        long target = gradientFailed ? State.Step : State.Step - 1;
        BringLastGoodBack();
        long good = State.Step;
        while (updater is not null && State.Step < target && RuleStep().IsFinite && WeightsAreFinite()) good =
            State.Step;
        if (State.Step != good || !WeightsAreFinite())
        {
            BringLastGoodBack();
            while (State.Step < good) RuleStep();
        }
        if (gradientFailed) broken = BrokenGradient();
        State.Gradient.Span.Clear();
        Stopped = new("diverged", Cause(report, updated, gradientFailed, averageFailed, broken));
    }

    private string Cause(in StepReport report, bool updated, bool gradientFailed, bool averageFailed, int? broken)
    {
        double rate = report.LearningRate;
        string what = gradientFailed ? "the gradient is not finite"
            : averageFailed ? $"an average of '{Options.Optimizer}' is not a finite number, so that weights no longer "
            + $"move"
            : updated ? "a weight is not a finite number" : "the loss is not a finite number";
        string where = gradientFailed && broken is int layer
            ? $" Layer {Name(layer)} is the first on the way back whose gradient is not finite."
            : broken is int first ? $" Layer {Name(first)} is the first whose outputs are not finite."
            : $" Layer {Name(Spec.Layers.Count - 1)} has induced fields too large for a loss.";
        string why =
            averageFailed ? "The square of a gradient was too large to be held: clip the gradient (clip 1), or scale "
                + "the data."
            : report.Step == 1 ? "It happened at the first step: look at the data's scale and the initializer."
            : rate * Math.Max(Options.L2, Options.EffectiveWeightDecay) > 2
                ? $"Learning rate × penalty = {rate:G3} × {Math.Max(Options.L2, Options.EffectiveWeightDecay):G3}"
                + $" > 2: each step overshoots zero. Lower the penalty."
            : rate * Options.L1 > 1
                ? $"Learning rate × L1 = {rate * Options.L1:G3} is larger than the weights. Lower the penalty."
            : $"The learning rate {rate:G3} is likely too high for '{Options.Optimizer}': try {rate / 10:G3}"
            + $", or clip the gradient (clip 1).";
        return $"diverged at step {report.Step} (epoch {report.Epoch}): {what}.{where} {why}";
    }

    private string Name(int layer) => $"{layer + 1} ({Spec.Layers[layer].Describe(Spec.InputsOf(layer))})";

    /// <summary>Last layer, the first on the way back, whose gradient of the next batch is not finite.</summary>
    private int? BrokenGradient()
    {
        if (updater is not null)
        {
            // The step that failed may have left no gradient behind: each part went to the rule at once.
            T[] statistics = State.Buffers.Span.ToArray();
            Accumulate(State.Position, Math.Min(batch, batcher.Count - State.Position));
            statistics.CopyTo(State.Buffers.Span);
        }
        foreach (Segment segment in segments.Reverse())
            foreach (T value in State.Gradient.Span.Slice(segment.Offset, segment.Length))
                if (!T.IsFinite(value)) return segment.Layer;
        return null;
    }

    /// <summary>First layer with an output that is not finite on the chunk last passed.</summary>
    private int? BrokenLayer()
    {
        int rows = Math.Min(workspace.Rows, batch);
        network.Forward(workspace, State.Parameters, State.Buffers, rows, PassMode.Predict);
        for (int layer = 0; layer < network.Layers.Count; layer++)
        {
            int width = network.Layers[layer].Outputs;
            foreach (T output in workspace.OutputOf(layer, width)[..(rows * width)])
                if (!T.IsFinite(output)) return layer;
        }
        return null;
    }

    private unsafe bool WeightsAreFinite()
    {
        foreach (Segment segment in segments)
            if (!kernels.AllFinite(State.Parameters.Pointer + segment.Offset, segment.Length)) return false;
        return true;
    }

    /// <summary>A rule that has squared a gradient beyond the range of T divides by infinity from then on: nothing
    /// moves, and nothing else would tell.</summary>
    private unsafe bool SlotsAreFinite()
    {
        for (int slot = 0; slot < State.Slots.Count; slot++) // an enumerator of the list's interface would be allocated
            foreach (Segment segment in segments)
                if (!kernels.AllFinite(State.Slots[slot].Pointer + segment.Offset, segment.Length)) return false;
        return true;
    }

    /// <summary>A copy of all that a step changes.</summary>
    private sealed class Snapshot(TrainState<T> like)
    {
        private readonly T[] parameters = new T[like.Parameters.Length], buffers = new T[like.Buffers.Length];
        private readonly T[][] slots = [.. like.Slots.Select(s => new T[s.Length])];
        private readonly double[][] schedules = [.. like.ScheduleState.Select(s => new double[s.Length])];
        private readonly double[][] stops = [.. like.StopState.Select(s => new double[s.Length])];
        private long step;
        private int epoch, position;
        private EpochReport? lastEpoch;
        private double lastLoss, lastObjective, epochLoss, epochWeight, epochSquares, epochRight, epochNorm;

        public void Take(TrainState<T> state)
        {
            state.Parameters.Span.CopyTo(parameters);
            state.Buffers.Span.CopyTo(buffers);
            for (int i = 0; i < slots.Length; i++) state.Slots[i].Span.CopyTo(slots[i]);
            for (int i = 0; i < schedules.Length; i++) state.ScheduleState[i].CopyTo(schedules[i], 0);
            for (int i = 0; i < stops.Length; i++) state.StopState[i].CopyTo(stops[i], 0);
            lastEpoch = state.History.Count > 0 ? state.History[^1] : null;
            (step, epoch, position, lastLoss) = (state.Step, state.Epoch, state.Position, state.LastLoss);
            (epochLoss, epochWeight, epochNorm) = (state.EpochLoss, state.EpochWeight, state.EpochNorm);
            (epochSquares, epochRight) = (state.EpochSquares, state.EpochRight);
            lastObjective = state.LastObjective;
        }

        public void Restore(TrainState<T> state)
        {
            parameters.CopyTo(state.Parameters.Span);
            buffers.CopyTo(state.Buffers.Span);
            for (int i = 0; i < slots.Length; i++) slots[i].CopyTo(state.Slots[i].Span);
            for (int i = 0; i < schedules.Length; i++) schedules[i].CopyTo(state.ScheduleState[i], 0);
            for (int i = 0; i < stops.Length; i++) stops[i].CopyTo(state.StopState[i], 0);
            // The failure can come just after an epoch ended: its end is undone with it.
            if (state.Epoch > epoch) state.History.GoBack(lastEpoch);
            (state.Step, state.Epoch, state.Position, state.LastLoss) = (step, epoch, position, lastLoss);
            (state.EpochLoss, state.EpochWeight, state.EpochNorm) = (epochLoss, epochWeight, epochNorm);
            (state.EpochSquares, state.EpochRight) = (epochSquares, epochRight);
            state.LastObjective = lastObjective;
        }
    }
}
