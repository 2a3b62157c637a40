using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>Weights [inputs, outputs] in the flat array.</summary>
/// <param name="Offset">Place of the first.</param>
/// <param name="Inputs">I.</param>
/// <param name="Outputs">O.</param>
internal readonly record struct PanelTensor(int Offset, int Inputs, int Outputs)
{
    /// <summary>Number of weights.</summary>
    public int Length => Inputs * Outputs;
}

/// <summary>
/// The order in which the weights of a large first layer lie while many steps are taken: in panels of the columns that
/// a register tile takes at once (<see cref="Kernels{T}.PackPanels"/>), then what is left of the columns by rows. The
/// products read them as they are, without copying them first, and the columns of one thread are no other thread's
/// business. Before and after, parameters and slots lie by rows; in between nobody but the steps may
/// look at them. Every weight goes through the same operations in both orders, so the bits are the same.
/// </summary>
internal sealed unsafe class PanelLayout<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Kernels<T> kernels;
    private readonly PanelTensor tensor;
    private readonly AlignedBuffer<T>[] arrays; // parameters and slots
    private readonly AlignedBuffer<T> scratch;

    private PanelLayout(Kernels<T> kernels, PanelTensor tensor, AlignedBuffer<T>[] arrays)
    {
        (this.kernels, this.tensor, this.arrays) = (kernels, tensor, arrays);
        scratch = new(tensor.Length);
    }

    /// <summary>The layout for a network's first layer, or null where its weights stay by rows.</summary>
    public static PanelLayout<T>? For(Network<T> network, TrainState<T> state, Kernels<T> kernels) =>
        network.Layers[0].PanelTensor(network.Team.Size) is PanelTensor tensor
            ? new(kernels, tensor, [state.Parameters, .. state.Slots]) : null;

    /// <summary>Whether they lie in panels now.</summary>
    public bool IsEntered { get; private set; }

    /// <summary>From rows to panels.</summary>
    public void Enter()
    {
        if (IsEntered) return;
        int whole = WholePanels(kernels, tensor.Outputs), rest = tensor.Outputs - whole;
        foreach (AlignedBuffer<T> array in arrays)
        {
            T* rows = Copy(array), panels = array.Pointer + tensor.Offset;
            kernels.PackPanels(rows, tensor.Outputs, panels, tensor.Inputs, whole);
            CopyColumns(rows + whole, tensor.Outputs, panels + (long)whole * tensor.Inputs, rest, rest);
        }
        IsEntered = true;
    }

    /// <summary>From panels to rows.</summary>
    public void Leave()
    {
        if (!IsEntered) return;
        int whole = WholePanels(kernels, tensor.Outputs), rest = tensor.Outputs - whole;
        foreach (AlignedBuffer<T> array in arrays)
        {
            T* panels = Copy(array), rows = array.Pointer + tensor.Offset;
            kernels.UnpackPanels(panels, rows, tensor.Outputs, tensor.Inputs, whole);
            CopyColumns(panels + (long)whole * tensor.Inputs, rest, rows + whole, tensor.Outputs, rest);
        }
        IsEntered = false;
    }

    /// <summary>Says how numbers that were put in from elsewhere lie.</summary>
    public void Lie(bool inPanels) => IsEntered = inPanels;

    /// <summary>Columns that make whole panels.</summary>
    public static int WholePanels(Kernels<T> kernels, int columns) => columns - columns % kernels.PanelWidth;

    private T* Copy(AlignedBuffer<T> array)
    {
        array.Span.Slice(tensor.Offset, tensor.Length).CopyTo(scratch.Span);
        return scratch.Pointer;
    }

    private void CopyColumns(T* from, int fromRow, T* to, int toRow, int columns)
    {
        for (int row = 0; row < tensor.Inputs; row++, from += fromRow, to += toRow)
            for (int column = 0; column < columns; column++) to[column] = from[column];
    }
}
