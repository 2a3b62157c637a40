using System.Numerics;

namespace Downhill;

/// <summary>
/// The memory of one pass of up to <see cref="Rows"/> rows through a network, planned once: inputs, targets, every
/// layer's outputs, caches and gradients. Nothing is allocated while it is used.
/// </summary>
public sealed unsafe class Workspace<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedBuffer<T> memory;
    private readonly AlignedBuffer<double> rowLoss, rowSquares, rowRight;
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
        Passes = new LayerPass<T>[network.Layers.Count];
        (rowLoss, rowSquares, rowRight) = (new(rows), new(rows), new(rows));

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

    /// <summary>Each layer's part of a training pass by rows, as <see cref="Plan"/> wants it.</summary>
    internal LayerPass<T>[] Passes { get; }

    /// <summary>What <see cref="Passes"/> were worked out for.</summary>
    internal Network<T>.RowsPlan Plan { get; set; }

    /// <summary>Σ(o − t)² of each row of a training pass, in the units of scaled targets.</summary>
    internal Span<double> RowSquares => rowSquares.Span;

    /// <summary>1 for each row of a training pass whose class was right, else 0.</summary>
    internal Span<double> RowRight => rowRight.Span;

    internal T* InputPointer => memory.Pointer + input;
    internal T* TargetPointer => memory.Pointer + targets;
    internal T* WeightPointer => memory.Pointer + weights;
    internal double* RowLossPointer => rowLoss.Pointer;

    /// <summary>Where the verdicts on rows from <paramref name="first"/> on go.</summary>
    internal Kernels.Verdicts Verdicts(int first) => new(rowSquares.Pointer + first, rowRight.Pointer + first);

    internal T* OutputPointer(int layer) => memory.Pointer + outputs[layer];
    internal T* CachePointer(int layer) => memory.Pointer + caches[layer];

    /// <summary>∂C/∂Y [rows, units] of a layer; of the inputs for −1.</summary>
    internal T* GradientPointer(int layer) => memory.Pointer + (layer < 0 ? inputGradient : gradients[layer]);
}
