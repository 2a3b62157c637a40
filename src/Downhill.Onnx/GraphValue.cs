using Downhill.Graph;

namespace Downhill.Onnx;

/// <summary>What a name of a graph stands for, as far as it can be said without rows.</summary>
internal abstract record GraphValue;

/// <summary>Something that does not depend on the rows.</summary>
internal sealed record ConstantValue(OnnxTensor Tensor) : GraphValue;

/// <summary>
/// Numbers of each row: g(field), element by element. Shape without the rows' dimension: [10] for [N,10].
/// </summary>
/// <param name="Shape">Dimensions of one row.</param>
/// <param name="Field">The affine part.</param>
/// <param name="G">What is done to each of its numbers, in the reader's variable.</param>
internal sealed record RowValue(IReadOnlyList<long> Shape, RowField Field, Expr G) : GraphValue
{
    public int Count => Field.Count;

    /// <summary>Whether it is a truth value, 0 or 1.</summary>
    public bool IsCondition { get; init; }
}

/// <summary>A raw column of texts, [N,1] or [N].</summary>
internal sealed record TextColumn(int Input) : GraphValue;

/// <summary>The place of the largest number of each row.</summary>
internal sealed record LargestValue(RowValue Of) : GraphValue;

/// <summary>The class of each row: by the largest number, or by a condition on a single one.</summary>
/// <param name="Classes">Names in order.</param>
/// <param name="AreNumbers">Whether the file has them as whole numbers.</param>
/// <param name="Of">The numbers that decide.</param>
internal sealed record LabelValue(IReadOnlyList<string> Classes, bool AreNumbers, RowValue Of) : GraphValue;

/// <summary>A number by class for each row, as scikit-learn's exporter gives them.</summary>
internal sealed record MapValue(IReadOnlyList<string> Classes, bool AreNumbers, RowValue Of) : GraphValue;
