namespace Downhill.Onnx;

/// <summary>
/// What an affine part of a graph computes for each row: numbers from one base, the graph's inputs (base 0) or the outputs
/// of the layer that was made before it.
/// </summary>
/// <param name="Base">0 for the inputs, else the number of layers made.</param>
/// <param name="Offset">b, one per number.</param>
internal abstract record RowField(int Base, double[] Offset)
{
    public int Count => Offset.Length;
}

/// <summary>Number j is Scale[j]·base[Source[j]] + Offset[j].</summary>
internal sealed record Selection(int Base, int[] Source, double[] Scale, double[] Offset) : RowField(Base, Offset)
{
    /// <summary>All numbers of a base as they are.</summary>
    public static Selection All(int @base, int count) =>
        new(@base, [.. Enumerable.Range(0, count)], Filled(count, 1), new double[count]);

    /// <summary>Whether it takes every number of a base of this width once and in order.</summary>
    public bool KeepsOrder(int width) => Count == width && !Source.Where((s, j) => s != j).Any();

    public bool IsPlain => Scale.All(s => s == 1) && Offset.All(o => o == 0);

    /// <summary>Some of its numbers, in any order.</summary>
    public Selection Pick(IReadOnlyList<int> places) =>
        new(Base, [.. places.Select(p => Source[p])], [.. places.Select(p => Scale[p])], [.. places.Select(p => Offset[p])]);

    private static double[] Filled(int count, double value)
    {
        double[] values = new double[count];
        Array.Fill(values, value);
        return values;
    }
}

/// <summary>Number o is Factor[o]·Σⱼ From[j]·W[j,o] + Offset[o].</summary>
/// <param name="From">The inputs of the product.</param>
/// <param name="Weights">W [I,O], as it lies in the file.</param>
/// <param name="Factor">One per number.</param>
/// <param name="Offset">b.</param>
internal sealed record Product(Selection From, OnnxTensor Weights, double[] Factor, double[] Offset) : RowField(From.Base, Offset);
