using System.Numerics;

namespace Downhill;

/// <summary>
/// Everything that changes while a network is trained, and nothing else: a checkpoint is this, written down. Random
/// numbers need no place in it, since they are pure functions of the seed, the epoch and the step.
/// </summary>
public sealed class TrainState<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal TrainState(NetworkSpec spec, TrainOptions options)
    {
        Parameters = new(spec.ParameterLength);
        Gradient = new(spec.ParameterLength);
        Buffers = new(spec.BufferLength);
        BestParameters = new(spec.ParameterLength);
        BestBuffers = new(spec.BufferLength);
        Slots = [
            .. Enumerable.Range(0, options.Optimizer.Slots).Select(_ => new AlignedBuffer<T>(spec.ParameterLength))];
        FullBatchMethod? method = options.Optimizer.Method;
        MethodVectors = [.. Enumerable.Range(0, method is null ? 0 : method.Vectors + 2)
            .Select(_ => new double[spec.ParameterLength])];
        MethodScalars = new double[method is null ? 0 : method.Scalars + 2];
        ScheduleState = [.. options.Schedules.Select(s => new double[s.Schedule.StateLength])];
        StopState = [.. options.Stop.Select(s => new double[s.StateLength])];
    }

    /// <summary>θ, flat; <see cref="NetworkSpec.Segments"/> says what lies where.</summary>
    public AlignedBuffer<T> Parameters { get; }

    /// <summary>Sums of the last batch's gradients, flat; where a gradient norm is asked for (clipping, stopping) the
    /// finished gradient: normalised, with the L2 term, not clipped. A batch whose rows all weigh nothing leaves that
    /// of the batch before. Of a run that diverged it is 0: none belongs to the weights that it went back to. Of
    /// tensors with more than 65,536 numbers it is only there where something needs it whole (clipping, a gradient
    /// norm, a full-batch method): else the update rule takes each part as it is finished, and it never reaches
    /// memory.</summary>
    public AlignedBuffer<T> Gradient { get; }

    /// <summary>Whether a tensor's gradient is kept although nothing needs it.</summary>
    internal static bool KeepsGradientOf(int length) => length <= 64 * 1024;

    /// <summary>Running statistics, flat.</summary>
    public AlignedBuffer<T> Buffers { get; }

    /// <summary>What the update rule remembers, one array per slot.</summary>
    public IReadOnlyList<AlignedBuffer<T>> Slots { get; }

    /// <summary>Parameters with the lowest validation loss so far.</summary>
    public AlignedBuffer<T> BestParameters { get; }

    /// <summary>Running statistics that belong to <see cref="BestParameters"/>.</summary>
    public AlignedBuffer<T> BestBuffers { get; }

    /// <summary>Lowest validation loss so far, NaN before the first.</summary>
    public double BestLoss { get; internal set; } = double.NaN;

    /// <summary>Epoch of <see cref="BestLoss"/>.</summary>
    public int BestEpoch { get; internal set; }

    /// <summary>Updates done.</summary>
    public long Step { get; internal set; }

    /// <summary>Epochs done.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Rows of the running epoch that were used.</summary>
    public int Position { get; internal set; }

    /// <summary>Loss of the last batch, NaN before the first.</summary>
    public double LastLoss { get; internal set; } = double.NaN;

    /// <summary><see cref="LastLoss"/> with the penalties, where the update rule asks for the objective.</summary>
    internal double LastObjective { get; set; } = double.NaN;

    /// <summary>
    /// The epoch so far, all by weight: sum of losses, of weights, of squared errors, of rows whose class was right;
    /// and the largest gradient norm.
    /// </summary>
    internal double EpochLoss, EpochWeight, EpochSquares, EpochRight, EpochNorm;

    internal double[][] MethodVectors { get; }
    internal double[] MethodScalars { get; }
    internal double[][] ScheduleState { get; }
    internal double[][] StopState { get; }

    /// <summary>Seconds of training so far, over all resumed parts.</summary>
    public double Seconds { get; internal set; }

    /// <summary>The epochs as they went; of very many a choice.</summary>
    public EpochHistory History { get; } = new();
}
