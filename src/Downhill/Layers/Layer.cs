using System.Numerics;
using System.Text.Json;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill;

/// <summary>What a range of the parameter array is.</summary>
public enum SegmentRole
{
    /// <summary>Weights of links [inputs, units].</summary>
    Weight,

    /// <summary>One bias per unit.</summary>
    Bias,

    /// <summary>Factors of a normalisation or scaling layer.</summary>
    Scale,

    /// <summary>Offsets of a normalisation layer.</summary>
    Shift,
}

/// <summary>One tensor of a layer, before it has a place in the flat array.</summary>
/// <param name="Role">What it is; penalties and decay touch weights only, unless asked otherwise.</param>
/// <param name="Rows">First dimension.</param>
/// <param name="Columns">Second dimension; vectors have one row.</param>
/// <param name="Mask">Links that exist, or null for all.</param>
public sealed record ParameterShape(SegmentRole Role, int Rows, int Columns, ConnectionMask? Mask = null)
{
    /// <summary>Numbers that are learned: links only.</summary>
    public int Count => Mask?.Links ?? Rows * Columns;
}

/// <summary>
/// A layer as it is described: immutable, without numbers of its own. Parameters live in the network's flat array,
/// everything that changes in <see cref="TrainState{T}"/>.
/// </summary>
public abstract record Layer
{
    /// <summary>The layer's word in files and messages: "dense", "dropout", "batch_norm".</summary>
    public abstract string Kind { get; }

    /// <summary>Outputs for the given number of inputs.</summary>
    public abstract int Outputs(int inputs);

    /// <summary>The tensors that are learned.</summary>
    public abstract IReadOnlyList<ParameterShape> Parameters(int inputs);

    /// <summary>Numbers that are not learned by gradient but belong to the model (running statistics), per
    /// layer.</summary>
    public virtual int BufferLength(int inputs) => 0;

    /// <summary>Whether training needs the whole batch at once, so that it cannot be taken in chunks.</summary>
    public virtual bool NeedsWholeBatch => false;

    /// <summary>Start values of buffer <paramref name="index"/>.</summary>
    public virtual double InitialBuffer(int inputs, int index) => 0;

    /// <summary>Writes the start values, a pure function of the description and the random numbers.</summary>
    /// <param name="inputs">Inputs of the layer.</param>
    /// <param name="parameters">One array per tensor of <see cref="Parameters"/>, row-major, all 0.</param>
    /// <param name="random">The layer's own random numbers.</param>
    public virtual void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) { }

    /// <summary>The layer's prediction as an expression: outputs [B,O] of x [B,I] with the tensors of <see
    /// cref="Parameters"/>.</summary>
    public abstract Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers);

    /// <summary>As people write it: "Dense 64→32 relu".</summary>
    public abstract string Describe(int inputs);

    /// <summary>Binds the layer to its place in the flat arrays.</summary>
    public abstract BoundLayer<T> Bind<T>(in LayerPlace place) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Writes the description's own fields for a model file; read back by the reader registered in the
    /// catalog.</summary>
    public abstract void Write(Utf8JsonWriter json);
}

/// <summary>Where a layer lies and what it computes with.</summary>
/// <param name="Index">0 for the first layer.</param>
/// <param name="Inputs">Inputs of the layer.</param>
/// <param name="ParameterOffsets">Offset of each tensor in the flat parameter array.</param>
/// <param name="BufferOffset">Offset in the flat buffer array.</param>
/// <param name="Arithmetic">Fast or portable.</param>
/// <param name="KeepsScores">Whether the loss wants the induced fields of this (last) layer.</param>
/// <param name="FirstSegment">Number of the layer's first tensor among all (<see
/// cref="NetworkSpec.Segments"/>).</param>
public readonly record struct LayerPlace(
    int Index, int Inputs, IReadOnlyList<int> ParameterOffsets, int BufferOffset, Arithmetic Arithmetic,
        bool KeepsScores,
    int FirstSegment = 0);

/// <summary>
/// One pass of some rows through a bound layer: where everything lies. B rows, I inputs, O outputs, row-major.
/// </summary>
public readonly unsafe struct LayerPass<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>B.</summary>
    public required int Rows { get; init; }

    /// <summary>Place of the first row in its batch (a batch may come in chunks).</summary>
    public int FirstRow { get; init; }

    /// <summary>Whether this is training: dropout drops, batch norm uses and records the batch.</summary>
    public bool IsTraining { get; init; }

    /// <summary>Steps done, the key of this step's random numbers.</summary>
    public long Step { get; init; }

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Weights of the rows [B] in training; null where all count alike.</summary>
    public T* Weights { get; init; }

    /// <summary>[B,I].</summary>
    public T* Input { get; init; }

    /// <summary>[B,O].</summary>
    public T* Output { get; init; }

    /// <summary>Forward: whether <see cref="Output"/> is left to the loss, which starts from the induced fields and
    /// works the outputs out anyway.</summary>
    internal bool LossGivesOutput { get; init; }

    /// <summary>What the layer keeps from forward to backward: <see cref="BoundLayer{T}.CacheLength"/>
    /// numbers.</summary>
    public T* Cache { get; init; }

    /// <summary>The flat parameter array.</summary>
    public T* Parameters { get; init; }

    /// <summary>Whether tensors that may lie in panels do (<see cref="PanelLayout{T}"/>).</summary>
    internal bool IsInPanels { get; init; }

    /// <summary>The flat array of running statistics.</summary>
    public T* Buffers { get; init; }

    /// <summary>Backward: ∂C/∂Y [B,O], may be overwritten; with <see cref="GradientIsOfScores"/> it is ∂C/∂Z
    /// already.</summary>
    public T* OutputGradient { get; init; }

    /// <summary>Backward: see <see cref="OutputGradient"/>.</summary>
    public bool GradientIsOfScores { get; init; }

    /// <summary>Backward: receives ∂C/∂X [B,I]; null when nobody wants it.</summary>
    public T* InputGradient { get; init; }

    /// <summary>Backward: the flat gradient array.</summary>
    public T* Gradient { get; init; }

    /// <summary>Backward: whether to add to the gradient (later chunks of a batch) or to write it (the
    /// first).</summary>
    public bool Accumulate { get; init; }

    /// <summary>Backward: takes each part of the finished gradient at once, where nothing needs the whole of it; only
    /// layers that say so (<see cref="BoundLayer{T}.UpdatesItself"/>) may leave the gradient's array out
    /// then.</summary>
    internal Updater<T>? Updater { get; init; }

    /// <summary>Whether the pass is left to the caller's thread.</summary>
    internal bool IsAlone { get; init; }

    internal Threading.Team Team { get; init; }

    /// <summary>Runs a job on the team, or at once where it is too small to be worth handing out.</summary>
    internal void Run<TJob>(ref TJob job, long multiplyAdds) where TJob : struct, Threading.IJob =>
        Team.Run(ref job, IsAlone ? 0 : multiplyAdds);
}

/// <summary>A layer bound to its place, with its kernels chosen.</summary>
public abstract class BoundLayer<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    protected BoundLayer(int inputs, int outputs) => (Inputs, Outputs) = (inputs, outputs);

    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Numbers to keep from forward to backward for this many rows.</summary>
    public virtual int CacheLength(int rows) => 0;

    /// <summary>Outputs from inputs.</summary>
    public abstract void Forward(in LayerPass<T> pass);

    /// <summary>Parameters' gradient and, where wanted, the inputs' gradient from the outputs' gradient.</summary>
    public abstract void Backward(in LayerPass<T> pass);

    /// <summary>Whether <see cref="Backward"/> hands its gradient to <see cref="LayerPass{T}.Updater"/>.</summary>
    internal virtual bool UpdatesItself => false;

    /// <summary>The weights that may lie in panels while a team of so many is trained with, or null.</summary>
    internal virtual PanelTensor? PanelTensor(int parts) => null;

    /// <summary>Whether every row passes alone, so that a team may share a pass by rows: then the following methods
    /// exist, and do together what the two above do.</summary>
    internal virtual bool IsRowwise => false;

    /// <summary>Outputs of <paramref name="count"/> rows from <paramref name="first"/> on.</summary>
    internal virtual void ForwardRows(in LayerPass<T> pass, int first, int count) => throw new NotSupportedException();

    /// <summary>What <see cref="BackwardRows"/> needs of the parameters: once per step.</summary>
    internal virtual void PrepareRows(in LayerPass<T> pass) { }

    /// <summary>∂C/∂Z in place of ∂C/∂Y and, where wanted, ∂C/∂X of these rows.</summary>
    internal virtual void BackwardRows(in LayerPass<T> pass, int first, int count) => throw new NotSupportedException();

    /// <summary>Takes the memory that <see cref="Gradients"/> needs for this many parts; later calls do
    /// nothing.</summary>
    internal virtual void PrepareGradients(int rows, int parts) { }

    /// <summary>One of several parts of the parameters' gradient, when all rows have passed; at once taken by the
    /// updater where there is one.</summary>
    internal virtual void Gradients(in LayerPass<T> pass, Updater<T>? updater, int part, int parts) { }

    /// <summary>Pieces in which <see cref="GradientsOfRows"/> works out the parameters' gradient.</summary>
    internal virtual int GradientPieces => 0;

    /// <summary>What some rows add to one piece of the parameters' gradient.</summary>
    internal virtual void GradientsOfRows(in LayerPass<T> pass, int first, int count, int piece) { }

    // The arrays of a pass as spans, for layers that are written without pointers.

    /// <summary>X [B,I].</summary>
    protected unsafe ReadOnlySpan<T> InputOf(in LayerPass<T> pass) => new(pass.Input, pass.Rows * Inputs);

    /// <summary>Y [B,O].</summary>
    protected unsafe Span<T> OutputOf(in LayerPass<T> pass) => new(pass.Output, pass.Rows * Outputs);

    /// <summary>What is kept from forward to backward.</summary>
    protected unsafe Span<T> CacheOf(in LayerPass<T> pass) => new(pass.Cache, CacheLength(pass.Rows));

    /// <summary>∂C/∂Y [B,O].</summary>
    protected unsafe Span<T> OutputGradientOf(in LayerPass<T> pass) => new(pass.OutputGradient, pass.Rows * Outputs);

    /// <summary>∂C/∂X [B,I] to be written, or empty when nobody wants it.</summary>
    protected unsafe Span<T> InputGradientOf(in LayerPass<T> pass) =>
        new(pass.InputGradient, pass.InputGradient == null ? 0 : pass.Rows * Inputs);

    /// <summary>A tensor of this layer: <paramref name="length"/> numbers at its offset (<see
    /// cref="LayerPlace"/>).</summary>
    protected static unsafe ReadOnlySpan<T> ParametersOf(in LayerPass<T> pass, int offset, int length) =>
        new(pass.Parameters + offset, length);

    /// <summary>The gradient of that tensor; cleared for the first chunk of a batch, so that a layer
    /// always adds. To be taken once per pass.</summary>
    protected static unsafe Span<T> GradientOf(in LayerPass<T> pass, int offset, int length)
    {
        Span<T> gradient = new(pass.Gradient + offset, length);
        if (!pass.Accumulate) gradient.Clear();
        return gradient;
    }
}
