using System.Numerics;

namespace Downhill;

/// <summary>
/// The memory of one pass of up to <see cref="Rows"/> rows through a network, planned once: inputs, targets, every layer's
/// outputs, caches and gradients. Nothing is allocated while it is used.
/// </summary>
public sealed unsafe class Workspace<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedBuffer<T> memory;
    private readonly AlignedBuffer<double> rowLoss;
    private readonly long input, targets, weights, inputGradient;
    private readonly long[] outputs, caches, gradients;

    /// <param name="network">The network that passes through it.</param>
    /// <param name="rows">Most rows of one pass.</param>
    public Workspace(Network<T> network, int rows)
    {
        Rows = rows;
        Inputs = network.Spec.Inputs;
        Outputs = network.Spec.Outputs;
        long length = 0;
        input = Place((long)rows * Inputs);
        targets = Place((long)rows * Outputs);
        weights = Place(rows);
        outputs = [.. network.Layers.Select(l => Place((long)rows * l.Outputs))];
        caches = [.. network.Layers.Select(l => Place(l.CacheLength(rows)))];
        gradients = [.. network.Layers.Select(l => Place((long)rows * l.Outputs))];
        inputGradient = Place((long)rows * Inputs);
        if (length > Array.MaxLength - 64)
            Throw.Input("Workspace", $"at most {Array.MaxLength:N0} numbers for one pass",
                $"{length:N0} for {rows:N0} rows", "Use a smaller batch.");
        memory = new AlignedBuffer<T>((int)length);
        rowLoss = new AlignedBuffer<double>(rows);

        long Place(long count)
        {
            long at = length;
            length += (count + Segment.Alignment - 1) & -Segment.Alignment;
            return at;
        }
    }

    /// <summary>Most rows of one pass.</summary>
    public int Rows { get; }

    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>X [rows, inputs], to be filled before a pass.</summary>
    public Span<T> Input => new(InputPointer, Rows * Inputs);

    /// <summary>Targets [rows, outputs], to be filled before the loss.</summary>
    public Span<T> Targets => new(TargetPointer, Rows * Outputs);

    /// <summary>Weights of the rows [rows], to be filled before the loss where rows have weights.</summary>
    public Span<T> Weights => new(WeightPointer, Rows);

    /// <summary>Outputs [rows, outputs] after a pass.</summary>
    public Span<T> Output => new(OutputPointer(outputs.Length - 1), Rows * Outputs);

    /// <summary>Outputs [rows, units] of one layer after a pass.</summary>
    public ReadOnlySpan<T> OutputOf(int layer, int width) => new(OutputPointer(layer), Rows * width);

    /// <summary>Loss of each row [rows] after the loss.</summary>
    public ReadOnlySpan<double> RowLoss => rowLoss.Span;

    internal T* InputPointer => memory.Pointer + input;
    internal T* TargetPointer => memory.Pointer + targets;
    internal T* WeightPointer => memory.Pointer + weights;
    internal double* RowLossPointer => rowLoss.Pointer;
    internal T* OutputPointer(int layer) => memory.Pointer + outputs[layer];
    internal T* CachePointer(int layer) => memory.Pointer + caches[layer];

    /// <summary>∂C/∂Y [rows, units] of a layer; of the inputs for −1.</summary>
    internal T* GradientPointer(int layer) => memory.Pointer + (layer < 0 ? inputGradient : gradients[layer]);
}
