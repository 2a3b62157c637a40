using System.Numerics;
using System.Runtime.InteropServices;

namespace Downhill;

/// <summary>
/// Brings rows to the network: in which order an epoch takes them, how many make a batch, and their encoded form. Knows
/// nothing of training. The last batch of an epoch is shorter where the sizes do not divide; no row is dropped or kept
/// over.
/// </summary>
internal sealed class Batcher<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly RowSource source;
    private readonly Preparation preparation;
    private readonly int[] rows;
    private readonly int[] chosen, codes, classes;
    private readonly float[] numeric, values, weights;
    private readonly double[]? classWeights;
    private readonly ImageDistortion? distortion;

    /// <param name="source">Where the rows are.</param>
    /// <param name="rows">Which of them take part.</param>
    /// <param name="preparation">How they are encoded.</param>
    /// <param name="chunk">Most rows of one read.</param>
    /// <param name="classWeights">What a row of each class counts beside its own weight; null for 1 each.</param>
    /// <param name="distortion">What is done to images before they are encoded, or null.</param>
    public Batcher(RowSource source, int[] rows, Preparation preparation, int chunk,
        IReadOnlyList<double>? classWeights = null, ImageDistortion? distortion = null)
    {
        this.distortion = distortion;
        this.classWeights = classWeights?.ToArray();
        (this.source, this.rows, this.preparation) = (source, rows, preparation);
        chosen = new int[chunk];
        numeric = new float[chunk * preparation.NumericCount];
        codes = new int[chunk * preparation.CategoryCount];
        classes = new int[source.Target.IsClass ? chunk : 0];
        values = new float[source.Target.IsClass ? 0 : chunk * source.Target.Names.Count];
        weights = new float[source.HasWeights ? chunk : 0];
    }

    /// <summary>Rows that take part.</summary>
    public int Count => rows.Length;

    /// <summary>How rows are encoded.</summary>
    public Preparation Preparation => preparation;

    /// <summary>The epoch whose distortions the rows get.</summary>
    public int Epoch { get; set; }

    /// <summary>Whether rows do not all weigh 1.</summary>
    public bool IsWeighted => source.HasWeights || classWeights is not null;

    /// <summary>Classes of the rows last read.</summary>
    public ReadOnlySpan<int> Classes => classes;

    /// <summary>Raw numeric targets of the rows last read.</summary>
    public ReadOnlySpan<float> Values => values;

    /// <summary>
    /// Reads the rows at places start … start+count−1 of the epoch's order into the workspace.
    /// </summary>
    /// <param name="workspace">Receives inputs, targets and weights.</param>
    /// <param name="start">First place.</param>
    /// <param name="count">Rows, at most the chunk.</param>
    /// <param name="order">The epoch's keyed permutation, or null for the rows' own order.</param>
    public void Read(Workspace<T> workspace, int start, int count, in Permutation? order) =>
        Read(workspace, start, 0, count, order);

    /// <summary>
    /// Reads the rows at places start+first … start+first+count−1 of the order as rows first … of the workspace.
    /// Different rows may be read at the same time.
    /// </summary>
    public void Read(Workspace<T> workspace, int start, int first, int count, in Permutation? order)
    {
        Span<int> picked = chosen.AsSpan(first, count);
        if (order is Permutation permutation)
        {
            permutation.Fill(start + first, picked);
            for (int i = 0; i < picked.Length; i++) picked[i] = rows[picked[i]];
        }
        else rows.AsSpan(start + first, count).CopyTo(picked);
        int n = preparation.NumericCount, c = preparation.CategoryCount, targets = preparation.Outputs;
        int inputs = preparation.Width, perRow = source.Target.IsClass ? 0 : targets;
        Span<float> raw = numeric.AsSpan(first * n, count * n);
        Span<int> codesOf = codes.AsSpan(first * c, count * c), classesOf = perRow == 0 ? classes.AsSpan(first, count)
            : [];
        Span<float> valuesOf = values.AsSpan(first * perRow, count * perRow);
        Span<T> encoded = workspace.Input.Slice(first * inputs, count * inputs);
        Span<T> wanted = workspace.Targets.Slice(first * targets, count * targets);
        // Rows that are taken as they are go where the network reads them.
        if (typeof(T) == typeof(float) && c == 0 && preparation.TakesNumbersAsTheyAre) raw = MemoryMarshal.Cast<T,
            float>(encoded);
        source.Read(picked, raw, codesOf, classesOf, valuesOf, weights.Length == 0 ? [] : weights.AsSpan(first, count));
        for (int i = 0; distortion is not null && i < count; i++)
            distortion.Apply(Epoch, picked[i], raw.Slice(i * n, n));
        preparation.Encode(raw, codesOf, encoded, count);
        preparation.EncodeTargets(classesOf, valuesOf, wanted, count);
        if (!IsWeighted) return;
        for (int i = first; i < first + count; i++) workspace.Weights[i] = T.CreateTruncating(WeightOf(i));
    }

    /// <summary>Weight of row <paramref name="i"/> of the rows last read: its own times its class's.</summary>
    public double WeightOf(int i) => classWeights is null ? OwnWeightOf(i) : OwnWeightOf(i) * classWeights[classes[i]];

    /// <summary>The row's own weight alone.</summary>
    public double OwnWeightOf(int i) => weights.Length == 0 ? 1 : weights[i];
}
