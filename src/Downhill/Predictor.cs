using System.Buffers;
using System.Runtime.CompilerServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A model compiled for answering one row at a time, preparation and softmax included: a row of 13 numbers through
/// 13-64-64-3 takes a fraction of a microsecond. Any number of threads may use one predictor at once; there is no lock.
/// The answers are those of the model within rounding. Made by <see cref="Model.CreatePredictor"/>.
/// </summary>
/// <remarks>
/// Scratch lies on the caller's stack, at most <see cref="MostOnStack"/> bytes. Layers (or encoded rows) wider than
/// some 5000 units borrow it from the shared array pool instead, which allocates when a thread does so for the first
/// time.
/// Otherwise no call allocates anything. A network with a user's own kind of layer is not compiled: its answers are
/// <see cref="Model.Predict(ReadOnlySpan{float}, Span{float}, ReadOnlySpan{int})"/>'s, and as fast.
/// </remarks>
public sealed class Predictor
{
    /// <summary>Most bytes of the stack that a call takes for scratch.</summary>
    public const int MostOnStack = 64 * 1024;

    private readonly Kernels<float> kernels;
    private readonly RowNetwork<float>? network;
    private readonly Model model; // answers where the network cannot be compiled
    private readonly bool isPlain;

    internal Predictor(Model model)
    {
        (this.model, Preparation) = (model, model.Preparation);
        kernels = Kernels<float>.For(model.Arithmetic);
        if (RowNetwork<float>.CanCompile(model.Spec))
            network = kernels.BindRow(model.Spec, model.Parameters, model.Buffers);
        isPlain = Preparation.CategoryCount == 0 && Preparation.TakesNumbersAsTheyAre;
    }

    /// <summary>How rows are encoded and outputs read.</summary>
    public Preparation Preparation { get; }

    /// <summary>
    /// The network's outputs for one raw row: class probabilities or scores, or numbers in the target's units.
    /// </summary>
    /// <param name="row">Numeric columns in order.</param>
    /// <param name="outputs">[<see cref="Preparation.Outputs"/>] receives them.</param>
    /// <param name="codes">Category columns in order, −1 for unknown.</param>
    /// <returns>Index of the class that they stand for, −1 for regression.</returns>
    /// <exception cref="DownhillException">A wrong number of values, an unknown code, a value that is not
    /// finite.</exception>
    [SkipLocalsInit]
    public unsafe int Predict(ReadOnlySpan<float> row, Span<float> outputs, ReadOnlySpan<int> codes = default)
    {
        if (network is null)
        {
            model.Predict(row, outputs, codes);
            return Preparation.Target.IsClass ? Preparation.ClassOf<float>(outputs) : -1;
        }
        Check(Preparation, row, outputs, codes);
        int encoded = isPlain ? 0 : Preparation.Width, length = encoded + network.ScratchLength;
        if (length <= MostOnStack / sizeof(float))
        {
            float* scratch = stackalloc float[length];
            Predict(row, outputs, codes, scratch);
        }
        else
        {
            float[] rented = ArrayPool<float>.Shared.Rent(length);
            fixed (float* scratch = rented) Predict(row, outputs, codes, scratch);
            ArrayPool<float>.Shared.Return(rented);
        }
        if (Preparation.Target.IsClass) return Preparation.ClassOf<float>(outputs);
        for (int i = 0; i < outputs.Length; i++) outputs[i] = (float)Preparation.ValueOf(outputs[i], i);
        return -1;
    }

    private unsafe void Predict(ReadOnlySpan<float> row, Span<float> outputs, ReadOnlySpan<int> codes, float* scratch)
    {
        int width = Preparation.Width;
        fixed (float* raw = row, y = outputs)
        {
            float* x = raw;
            if (!isPlain)
            {
                x = scratch;
                scratch += width;
                Preparation.Encode(row, codes, new Span<float>(x, width));
            }
            if (!kernels.AllFinite(x, width)) Preparation.RefuseNumber(
                Preparation.BrokenColumn(new ReadOnlySpan<float>(x, width))!.Value, row);
            network!.Predict(x, y, scratch);
        }
    }

    /// <summary>Refuses a row of the wrong shape.</summary>
    internal static void Check(Preparation preparation, ReadOnlySpan<float> row, Span<float> outputs,
        ReadOnlySpan<int> codes)
    {
        if (row.Length != preparation.NumericCount || codes.Length != preparation.CategoryCount)
            Throw.Input("Row", $"{preparation.NumericCount} numbers and {preparation.CategoryCount} categories",
                $"{row.Length} and {codes.Length}", "Give the columns the model was trained on.");
        for (int i = 0, c = 0; c < codes.Length; i++)
        {
            Column column = preparation.Inputs[i];
            if (column.Kind != ColumnKind.Category) continue;
            if (codes[c] < -1 || codes[c] >= column.Categories.Count)
                Throw.Input($"Row, column '{column.Name}'",
                    $"a category code from −1 (unknown) to {column.Categories.Count - 1}", $"{codes[c]}",
                    "It is the place in the column's list of categories.");
            c++;
        }
        if (outputs.Length != preparation.Outputs)
            Throw.Input("Outputs", $"room for {preparation.Outputs} numbers", $"{outputs.Length}",
                "Give a span of that length.");
    }
}
