using System.Numerics;

namespace Downhill;

// How a training step passes through a network. A team shares a pass in one of two ways. By rows: each thread takes its
// rows from the inputs to the losses and back, then all share the parameters' gradients; the threads meet twice in a
// pass. Or layer by layer, each layer sharing its outputs and its weights as it likes. The first is for small
// networks, where meeting costs more than anything else; the second for weights that should be read by one processor
// only.
public sealed unsafe partial class Network<T>
{
    /// <summary>What the passes in a workspace were worked out for.</summary>
    internal readonly record struct RowsPlan(nint Parameters, int Rows, PassMode Mode, bool Accumulate);

    /// <summary>Bytes of parameters up to which a pass is shared by rows: with more, reading weights that the other
    /// processors have just changed costs more than meeting after each layer.</summary>
    private const long LargestShared = 128 * 1024;

    /// <summary>Multiply-adds of the way through the network and back from which a step is shared
    /// (docs/KERNELS.md).</summary>
    private const long WorthwhileByRows = 6 << 20, WorthwhileByLayer = 12 << 20;

    /// <summary>Rows of each thread from which gradients are a chain.</summary>
    private const int RowsOfChain = 64;

    /// <summary>Whether a training pass is shared by rows.</summary>
    internal bool PassesByRows { get; private init; }

    /// <summary>Before any rows of a chunk: where everything of a pass by rows lies. That is the same in nearly every
    /// step. Written down anew for each layer and each way, each copy of it waits until the processor's stores have
    /// reached the cache.</summary>
    internal void PlanRows(Workspace<T> workspace, TrainState<T> state, int rows, PassMode mode, bool accumulate)
    {
        RowsPlan plan = new(
            (nint)state.Parameters.Pointer, rows, drawsNumbers ? mode : mode with { Step = 0 }, accumulate);
        if (plan == workspace.Plan) return;
        workspace.Plan = plan;
        for (int index = 0; index < layers.Length; index++)
            workspace.Passes[index] = TrainingPass(workspace, state, rows, mode, index, accumulate);
    }

    /// <summary>Multiply-adds of so many rows' way through the network and back.</summary>
    internal long WorkOf(int rows) => 2L * rows * Spec.ParameterLength;

    /// <summary>Whether sharing a step of a batch that is one chunk gains more than it costs. The weights that each
    /// thread has changed, and the rows that each has taken through the network, cross to the other in every step, at
    /// some 4 GB/s on the machine that was measured, whatever the batch.</summary>
    internal bool IsWorthSharing(int rows) => WorkOf(rows) >= (PassesByRows ? WorthwhileByRows : WorthwhileByLayer);

    /// <summary>What the rows' way back needs of the parameters; once per step, before any rows.</summary>
    internal void PrepareRows(Workspace<T> workspace, int rows)
    {
        for (int index = 1; index < layers.Length; index++) layers[index].PrepareRows(workspace.Passes[index]);
        foreach (BoundLayer<T> layer in layers) layer.PrepareGradients(rows, team.Size);
    }

    /// <summary>Outputs, losses and the fields' gradients of some rows.</summary>
    internal void PassRows(Workspace<T> workspace, int first, int count, bool weighted)
    {
        LayerPass<T>[] passes = workspace.Passes;
        for (int index = 0; index < layers.Length; index++)
            layers[index].ForwardRows(passes[index], first, count);
        EvaluateRows(workspace, first, count, weighted, withGradient: true, withOutputs: true);
        for (int index = layers.Length - 1; index >= 0; index--)
            layers[index].BackwardRows(passes[index], first, count);
    }

    /// <summary>One part of all parameters' gradients, after all rows.</summary>
    internal void Gradients(Workspace<T> workspace, Updater<T>? updater, int part, int parts)
    {
        for (int index = 0; index < layers.Length; index++)
            layers[index].Gradients(workspace.Passes[index], updater, part, parts);
    }

    /// <summary>Whether the gradients of so many rows, which are not yet all of the batch, are a chain (<see
    /// cref="ChainedGradients"/>) instead of being shared by weights: what a thread would fetch of the other threads'
    /// rows is then more than the sums that it hands on.</summary>
    internal bool ChainsGradients(int rows) => team.Size > 1 && rows >= RowsOfChain * team.Size;

    /// <summary>
    /// All parameters' gradients, after all rows, by the thread that took those rows through the network. Piece by
    /// piece it adds their part to what the threads of the rows before have added, so that every sum stays one chain in
    /// the rows' order; behind the last thread a piece is complete.
    /// </summary>
    internal void ChainedGradients(
        Workspace<T> workspace, TrainState<T> state, int rows, PassMode mode, bool accumulate, int part,
        int parts)
    {
        (int first, int count) = RowsOf(rows, part, parts).GetOffsetAndLength(rows);
        for (int index = 0; index < layers.Length; index++)
        {
            LayerPass<T> pass = TrainingPass(workspace, state, rows, mode, index, accumulate || part > 0);
            for (int piece = 0; piece < layers[index].GradientPieces; piece++)
            {
                relay.Wait(part);
                layers[index].GradientsOfRows(pass, first, count, piece);
                relay.HandOn(part);
            }
        }
    }

    /// <summary>The rows that a thread takes through the network.</summary>
    internal static Range RowsOf(int rows, int part, int parts) => Threading.Team.Part(rows, part, parts, 8);

    /// <summary>The way back layer by layer. With an updater each layer's parameters are updated as soon as nothing
    /// needs the old ones any more.</summary>
    internal void BackwardByLayer(
        Workspace<T> workspace, TrainState<T> state, int rows, PassMode mode, bool accumulate, Updater<T>? updater)
    {
        int segment = Spec.Segments.Count;
        for (int index = Layers.Count - 1; index >= 0; index--)
        {
            BoundLayer<T> layer = Layers[index];
            layer.Backward(
                TrainingPass(workspace, state, rows, mode, index, accumulate, layer.UpdatesItself ? updater : null));
            for (; segment > 0 && Spec.Segments[segment - 1].Layer == index; segment--)
                if (!layer.UpdatesItself) updater?.Apply(segment - 1);
        }
    }

    private LayerPass<T> TrainingPass(
        Workspace<T> workspace, TrainState<T> state, int rows, PassMode mode, int index, bool accumulate = false,
        Updater<T>? updater = null) =>
        BackwardPass(workspace, state.Parameters, state.Buffers, state.Gradient, rows, mode, index, accumulate, false,
            updater);
}
