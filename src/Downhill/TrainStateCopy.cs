using System.Numerics;

namespace Downhill;

/// <summary>
/// A copy of all that <see cref="TrainState{T}"/> holds but its history, to go back to: what a snapshot of a long run is
/// made of. The gradient is not part of it, since the next step writes it anew.
/// </summary>
internal sealed class TrainStateCopy<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] parameters, buffers, bestParameters, bestBuffers;
    private readonly T[][] slots;
    private readonly double[][] vectors, schedules, stops;
    private readonly double[] scalars;
    private readonly int epoch, position, bestEpoch;
    private readonly double lastLoss, lastObjective, bestLoss, epochLoss, epochWeight, epochSquares, epochRight, epochNorm;

    public TrainStateCopy(TrainState<T> state)
    {
        parameters = state.Parameters.Span.ToArray();
        buffers = state.Buffers.Span.ToArray();
        bool hasBest = state.BestEpoch > 0;
        bestParameters = hasBest ? state.BestParameters.Span.ToArray() : [];
        bestBuffers = hasBest ? state.BestBuffers.Span.ToArray() : [];
        slots = [.. state.Slots.Select(s => s.Span.ToArray())];
        vectors = [.. state.MethodVectors.Select(v => (double[])v.Clone())];
        scalars = (double[])state.MethodScalars.Clone();
        schedules = [.. state.ScheduleState.Select(s => (double[])s.Clone())];
        stops = [.. state.StopState.Select(s => (double[])s.Clone())];
        (Step, epoch, position, lastLoss, lastObjective) = (state.Step, state.Epoch, state.Position, state.LastLoss, state.LastObjective);
        (bestLoss, bestEpoch) = (state.BestLoss, state.BestEpoch);
        (epochLoss, epochWeight, epochSquares) = (state.EpochLoss, state.EpochWeight, state.EpochSquares);
        (epochRight, epochNorm) = (state.EpochRight, state.EpochNorm);
    }

    /// <summary>Updates done when it was taken.</summary>
    public long Step { get; }

    /// <summary>Bytes it takes, roughly.</summary>
    public long Size => 200 + 8L * (scalars.Length + vectors.Sum(v => v.Length) + schedules.Sum(s => s.Length) + stops.Sum(s => s.Length))
        + System.Runtime.CompilerServices.Unsafe.SizeOf<T>()
        * (parameters.Length + buffers.Length + bestParameters.Length + bestBuffers.Length + (long)slots.Sum(s => s.Length));

    /// <summary>Puts it into a state of the same network.</summary>
    /// <param name="state">Receives it.</param>
    /// <param name="keepsMemory">Whether the state's optimizer is the one this was taken of; another starts with an empty
    /// memory.</param>
    /// <param name="keepsSchedules">The same of the schedules.</param>
    /// <param name="keepsStops">The same of the stopping rules.</param>
    public void Restore(TrainState<T> state, bool keepsMemory, bool keepsSchedules, bool keepsStops)
    {
        parameters.CopyTo(state.Parameters.Span);
        buffers.CopyTo(state.Buffers.Span);
        if (bestParameters.Length > 0) bestParameters.CopyTo(state.BestParameters.Span);
        if (bestBuffers.Length > 0) bestBuffers.CopyTo(state.BestBuffers.Span);
        if (keepsMemory)
        {
            for (int i = 0; i < slots.Length; i++) slots[i].CopyTo(state.Slots[i].Span);
            Put(vectors, state.MethodVectors);
            scalars.CopyTo(state.MethodScalars, 0);
        }
        if (keepsSchedules) Put(schedules, state.ScheduleState);
        if (keepsStops) Put(stops, state.StopState);
        (state.Step, state.Epoch, state.Position, state.LastLoss, state.LastObjective) = (Step, epoch, position, lastLoss, lastObjective);
        (state.BestLoss, state.BestEpoch) = (bestLoss, bestEpoch);
        (state.EpochLoss, state.EpochWeight, state.EpochSquares) = (epochLoss, epochWeight, epochSquares);
        (state.EpochRight, state.EpochNorm) = (epochRight, epochNorm);
    }

    private static void Put(double[][] from, double[][] to)
    {
        for (int i = 0; i < from.Length; i++) from[i].CopyTo(to[i], 0);
    }
}
