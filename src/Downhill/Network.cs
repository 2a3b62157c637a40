using System.Numerics;
using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill;

/// <summary>How a pass is made.</summary>
/// <param name="IsTraining">Dropout drops, batch norm uses the batch.</param>
/// <param name="Seed">Seed of the run, for dropout.</param>
/// <param name="Step">Steps done, for dropout.</param>
/// <param name="FirstRow">Place of the first row in its batch, for dropout in chunks.</param>
public readonly record struct PassMode(bool IsTraining, ulong Seed = 0, long Step = 0, int FirstRow = 0)
{
    /// <summary>Whether the rows' weights count in what layers learn of a batch (batch norm).</summary>
    public bool IsWeighted { get; init; }

    /// <summary>Whether outputs that the loss works out anyway (softmax) are left to it.</summary>
    internal bool LossGivesOutputs { get; init; }

    /// <summary>Whether the caller's thread does it all (<see cref="Network{T}.IsWorthSharing"/>).</summary>
    internal bool IsAlone { get; init; }

    /// <summary>Whether large weights lie in panels (<see cref="PanelLayout{T}"/>).</summary>
    internal bool InPanels { get; init; }

    /// <summary>As in prediction.</summary>
    public static PassMode Predict => default;
}

/// <summary>
/// A network bound to a number type and an arithmetic: its layers with their kernels, and nothing that changes.
/// Parameters and running statistics come as flat arrays, activations go to a <see cref="Workspace{T}"/>; so one
/// network may be used from many threads with a workspace each, and only training (which updates statistics) must be
/// alone with its arrays.
/// </summary>
public sealed unsafe partial class Network<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Team team;
    private readonly Relay relay;
    private readonly Loss? loss;
    private readonly LossKernel<T>? lossKernel;
    private readonly bool isFused, answersByRows, drawsNumbers;
    private readonly BoundLayer<T>[] layers;

    /// <param name="spec">The description.</param>
    /// <param name="loss">The loss, when it is to be trained or measured.</param>
    /// <param name="arithmetic">Fast or portable.</param>
    /// <param name="threads">Threads that share the work; the bits do not depend on it.</param>
    /// <exception cref="DownhillException">The output activation leaves the loss's domain.</exception>
    public Network(NetworkSpec spec, Loss? loss = null, Arithmetic arithmetic = Arithmetic.Fast, int threads = 1)
    {
        (Spec, Arithmetic, this.loss) = (spec, arithmetic, loss);
        loss?.CheckDomain(spec.Output);
        isFused = loss?.Fuses(spec.Output) ?? false;
        team = new Team(threads);
        relay = new Relay(team.Size);
        Kernels<T> kernels = Kernels<T>.For(arithmetic);
        lossKernel = isFused ? loss!.BindFused(kernels, spec.Output) : loss?.Bind(kernels);
        layers = new BoundLayer<T>[spec.Layers.Count];
        int width = spec.Inputs, buffer = 0;
        for (int index = 0; index < spec.Layers.Count; index++)
        {
            Layer layer = spec.Layers[index];
            int[] offsets = [.. spec.Segments.Where(s => s.Layer == index).Select(s => s.Offset)];
            int firstSegment = spec.Segments.Count(s => s.Layer < index);
            bool keepsScores = isFused && index == spec.Layers.Count - 1;
            layers[index] =
                layer.Bind<T>(new LayerPlace(index, width, offsets, buffer, arithmetic, keepsScores, firstSegment));
            buffer += layer.BufferLength(width);
            width = layer.Outputs(width);
        }
        drawsNumbers = spec.Layers.Any(l => l is Dropout);
        LossJudges = lossKernel?.Judges(spec.Outputs) ?? false;
        bool isRowwise = layers.All(l => l.IsRowwise);
        long parameterBytes = (long)spec.ParameterLength * sizeof(T);
        PassesByRows = isRowwise && parameterBytes <= LargestShared;
        answersByRows = isRowwise && parameterBytes <= LargestAnswering;
    }

    public NetworkSpec Spec { get; }
    public Arithmetic Arithmetic { get; }

    /// <summary>The bound layers, from input to output.</summary>
    public IReadOnlyList<BoundLayer<T>> Layers => layers;

    internal Team Team => team;

    /// <summary>Outputs of <paramref name="rows"/> rows of <see cref="Workspace{T}.Input"/> into <see
    /// cref="Workspace{T}.Output"/>.</summary>
    public void Forward(Workspace<T> workspace, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, int rows,
        PassMode mode)
    {
        if (answersByRows && !mode.IsTraining)
        {
            AnswersJob job = new(this, workspace, parameters, buffers, rows);
            team.Run(ref job, (long)rows * Spec.ParameterLength);
            return;
        }
        for (int index = 0; index < layers.Length; index++)
            layers[index].Forward(Pass(workspace, parameters, buffers, rows, mode, index));
    }

    /// <summary>
    /// Loss of each row into <see cref="Workspace{T}.RowLoss"/>; with <paramref name="withGradient"/> also what
    /// <see cref="Backward"/> starts from: the sum over rows of weight × loss, differentiated.
    /// </summary>
    public void Evaluate(Workspace<T> workspace, int rows, bool weighted, bool withGradient)
    {
        EvaluateRows(workspace, 0, rows, weighted, withGradient, withOutputs: false);
    }

    /// <summary>The same for <paramref name="count"/> rows from <paramref name="first"/> on; <paramref
    /// name="withOutputs"/>: also the outputs that <see cref="PassMode.LossGivesOutputs"/> left to the loss, or the
    /// verdicts on them where <see cref="LossJudges"/>.</summary>
    internal void EvaluateRows(Workspace<T> workspace, int first, int count, bool weighted, bool withGradient,
        bool withOutputs)
    {
        if (lossKernel is null) throw new InvalidOperationException("This network was bound without a loss.");
        int last = layers.Length - 1;
        long at = (long)first * Spec.Outputs;
        lossKernel.Evaluate(
            (isFused ? workspace.CachePointer(last) : workspace.OutputPointer(last)) + at, workspace.TargetPointer + at,
            weighted ? workspace.WeightPointer + first : null, workspace.RowLossPointer + first,
            withGradient ? workspace.GradientPointer(last) + at : null, count, Spec.Outputs,
            withOutputs && lossKernel.GivesOutputs && !LossJudges ? workspace.OutputPointer(last) + at : null,
            withOutputs && LossJudges ? workspace.Verdicts(first) : default);
    }

    /// <summary>Whether the loss gives verdicts on a training pass's outputs, instead of the outputs
    /// themselves.</summary>
    internal bool LossJudges { get; private init; }

    /// <summary>
    /// Gradient of the sum over rows into the flat array <paramref name="gradient"/>, layer by layer from the output;
    /// after
    /// <see cref="Forward"/> and <see cref="Evaluate"/> with a gradient on the same rows.
    /// </summary>
    /// <param name="workspace">Holds the pass.</param>
    /// <param name="parameters">Flat parameters.</param>
    /// <param name="buffers">Flat running statistics.</param>
    /// <param name="gradient">Flat gradient.</param>
    /// <param name="rows">Rows of the pass.</param>
    /// <param name="mode">As in the forward pass.</param>
    /// <param name="accumulate">Adds to the gradient instead of writing it: later chunks of one batch.</param>
    /// <param name="inputGradient">Receives ∂C/∂X [rows, inputs] when not empty.</param>
    /// <param name="finished">Called with a layer's index when its gradient is complete.</param>
    public void Backward(
        Workspace<T> workspace, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, AlignedBuffer<T> gradient,
            int rows,
        PassMode mode, bool accumulate, Span<T> inputGradient = default, Action<int>? finished = null)
    {
        for (int index = Layers.Count - 1; index >= 0; index--)
        {
            Layers[index].Backward(BackwardPass(
                workspace, parameters, buffers, gradient, rows, mode, index, accumulate, !inputGradient.IsEmpty, null));
            finished?.Invoke(index);
        }
        if (!inputGradient.IsEmpty)
            new Span<T>(workspace.GradientPointer(-1), rows * Spec.Inputs).CopyTo(inputGradient);
    }

    /// <summary>Start values: small random weights by each layer's initializer (lecture L13).</summary>
    public void Initialize(AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, ulong seed)
    {
        parameters.Span.Clear();
        for (int first = 0; first < Spec.Segments.Count;)
        {
            int layer = Spec.Segments[first].Layer, next = first;
            while (next < Spec.Segments.Count && Spec.Segments[next].Layer == layer) next++;
            Segment[] segments = [.. Spec.Segments.Skip(first).Take(next - first)];
            double[][] tensors = [.. segments.Select(s => new double[s.Length])];
            // The stream's number is that of the layer's first tensor.
            Spec.Layers[layer].Initialize(
                segments[0].LayerInputs, tensors, new RandomStream(seed, RandomStreams.Initialization, (uint)first));
            for (int t = 0; t < tensors.Length; t++)
                for (int i = 0; i < tensors[t].Length; i++)
                    parameters.Span[segments[t].Offset + i] = T.CreateTruncating(tensors[t][i]);
            first = next;
        }
        int at = 0, width = Spec.Inputs;
        foreach (Layer layer in Spec.Layers)
        {
            for (int j = 0; j < layer.BufferLength(width); j++)
                buffers.Span[at++] = T.CreateTruncating(layer.InitialBuffer(width, j));
            width = layer.Outputs(width);
        }
    }

    /// <summary>Ends the network's threads.</summary>
    public void Dispose() => team.Dispose();

    private LayerPass<T> Pass(
        Workspace<T> workspace, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, int rows, PassMode mode,
            int index) => new()
            {
                Rows = rows,
                FirstRow = mode.FirstRow,
                IsTraining = mode.IsTraining,
                Seed = mode.Seed,
                Step = mode.Step,
                LossGivesOutput = mode.LossGivesOutputs && index == Layers.Count - 1 && lossKernel!.GivesOutputs,
                Weights = mode.IsTraining && mode.IsWeighted ? workspace.WeightPointer : null,
                Input = index == 0 ? workspace.InputPointer : workspace.OutputPointer(index - 1),
                Output = workspace.OutputPointer(index),
                Cache = workspace.CachePointer(index),
                Parameters = parameters.Pointer,
                IsInPanels = mode.InPanels,
                IsAlone = mode.IsAlone,
                Buffers = buffers.Pointer,
                Team = team,
            };

    private LayerPass<T> BackwardPass(
        Workspace<T> workspace, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, AlignedBuffer<T> gradient,
            int rows,
        PassMode mode, int index, bool accumulate, bool wantsInputs, Updater<T>? updater) =>
        Pass(workspace, parameters, buffers, rows, mode, index) with
        {
            OutputGradient = workspace.GradientPointer(index),
            InputGradient = index > 0 || wantsInputs ? workspace.GradientPointer(index - 1) : null,
            GradientIsOfScores = isFused && index == Layers.Count - 1,
            Gradient = gradient.Pointer,
            Accumulate = accumulate,
            Updater = updater,
        };
}
