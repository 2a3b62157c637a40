using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// The batches of a small network: all rows of a table encoded once, then laid out group by group as
/// <see cref="LaneNetwork{T}"/> wants them: many batches ahead and, where all fit, only once while the rows keep their
/// order; shuffled, one batch ahead, while the batch before passes.
/// </summary>
internal sealed unsafe class LaneBatches<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Most numbers of the encoded rows: 64 MiB of float32.</summary>
    public const long MostNumbers = 1 << 24;

    // Numbers laid out ahead of rows in order: 256 KiB of float32 stay in a second-level cache while they are read
    // again and again.
    private const int MostAhead = 1 << 16;

    // Places of an epoch whose rows are known ahead.
    private const int MostPicked = 1 << 14;

    private readonly LaneNetwork<T> network;
    private readonly AlignedBuffer<T> encoded, ahead;
    private readonly AlignedBuffer<LaneGroup<T>> groups;
    private readonly double[]? weights;
    private readonly AlignedBuffer<double> exactWeights;
    private readonly AlignedBuffer<int> order; // and room for a whole block of rows
    private readonly int inputs, outputs, columns, lanes, batch, count, groupsPerBatch, groupLength, most;
    private readonly bool isClass;
    private int firstPicked, picked, epochPicked = -1;
    private int firstAhead, endAhead, epochAhead = -1; // places that are laid out
    private int next = -1; // place of the batch at nextGroup, or -1
    private LaneGroup<T>* nextGroup;

    /// <param name="source">Holds the rows.</param>
    /// <param name="rows">Rows that take part.</param>
    /// <param name="preparation">How they are encoded.</param>
    /// <param name="classWeights">What a row of each class counts beside its own weight; null for 1 each.</param>
    /// <param name="network">Says how it wants them.</param>
    /// <param name="batch">Rows of a batch.</param>
    public LaneBatches(
        Dataset source, int[] rows, Preparation preparation, IReadOnlyList<double>? classWeights,
            LaneNetwork<T> network, int batch)
    {
        (inputs, outputs, lanes) = (preparation.Width, preparation.Outputs, network.Lanes);
        (this.network, this.batch, count, isClass) = (network, batch, rows.Length, source.Target.IsClass);
        // Inputs, 1 (or 0 where there are no biases), targets, class, zeros up to whole fours.
        columns = (inputs + 1 + outputs + (isClass ? 1 : 0) + Fours - 1) / Fours * Fours;
        weights = source.HasWeights || classWeights is not null ? new double[count] : null;
        encoded = new(count * columns + network.RowLength);
        Encode(source, rows, preparation, classWeights, network.HasBias ? T.One : T.Zero);
        groupsPerBatch = (batch + lanes - 1) / lanes;
        groupLength = lanes * (columns + network.RowLength + 1);
        most = Math.Min((count + batch - 1) / batch, Math.Max(2, MostAhead / (groupLength * groupsPerBatch)));
        order = new(Math.Min(count, Math.Max(batch, MostPicked)) + Fours);
        ahead = new(most * groupsPerBatch * groupLength);
        exactWeights = new(weights is null ? 0 : most * groupsPerBatch * lanes);
        groups = new(most * groupsPerBatch);
        for (int i = 0; i < groups.Length; i++)
        {
            T* at = ahead.Pointer + (long)i * groupLength, byRow = at + lanes * columns;
            groups.Pointer[i] = new()
            {
                Table = encoded.Pointer,
                Columns = columns,
                ByUnit = at,
                Targets = at + lanes * (inputs + 1),
                ByRow = byRow,
                Classes = isClass ? at + lanes * (inputs + 1 + outputs) : null,
                Weights = weights is null ? null : byRow + lanes * network.RowLength,
                ExactWeights = weights is null ? null : exactWeights.Pointer + (long)i * lanes,
            };
        }
    }

    private const int Fours = 4;

    /// <summary>The groups of the batch that is likely to be read next, one for each L of its rows, for the pass to lay
    /// out; null where that is done or there is none.</summary>
    public LaneGroup<T>* Following { get; private set; }

    /// <summary>The groups of a batch.</summary>
    /// <param name="start">Place of the batch's first row in the epoch.</param>
    /// <param name="epoch">The epoch that <paramref name="permutation"/> belongs to.</param>
    /// <param name="permutation">The epoch's order, or null for the rows' own.</param>
    public LaneGroup<T>* Read(int start, int epoch, in Permutation? permutation)
    {
        if (permutation is null) epoch = -2;
        if (start != next || epoch != epochAhead) Seek(start, epoch, permutation);
        LaneGroup<T>* at = nextGroup;
        next = start + batch;
        if (permutation is null)
        {
            nextGroup += groupsPerBatch;
            if (next >= endAhead) next = -1;
            return at;
        }
        nextGroup = at == groups.Pointer ? at + groupsPerBatch : groups.Pointer;
        Following = next < count ? nextGroup : null;
        if (next < count) Choose(next, epoch, permutation, nextGroup);
        else next = -1;
        return at;
    }

    private void Seek(int start, int epoch, in Permutation? permutation)
    {
        Following = null;
        bool isLaidOut = permutation is null && epoch == epochAhead && start >= firstAhead && start < endAhead;
        if (!isLaidOut)
        {
            (firstAhead, endAhead, epochAhead) = (start, start, epoch);
            LaneGroup<T>* group = groups.Pointer;
            int batches = permutation is null ? most : 1;
            for (; batches > 0 && endAhead < count; batches--, endAhead += batch)
            {
                Choose(endAhead, epoch, permutation, group);
                for (int i = 0; i < groupsPerBatch; i++) network.LayOut(group++);
            }
        }
        nextGroup = groups.Pointer + (start - firstAhead) / batch * groupsPerBatch;
    }

    /// <summary>Says which rows a batch's groups hold, and what these count.</summary>
    private void Choose(int start, int epoch, in Permutation? permutation, LaneGroup<T>* group)
    {
        int rest = Math.Min(batch, count - start);
        int* rows = Pick(start, rest, epoch, permutation);
        for (int i = 0; i < groupsPerBatch; i++, group++, rows += lanes, rest -= lanes)
        {
            group->Rows = Math.Clamp(rest, 0, lanes);
            group->Chosen = rows;
            for (int lane = 0; weights is not null && lane < group->Rows; lane++)
                group->Weights[lane] = T.CreateTruncating(group->ExactWeights[lane] = weights[rows[lane]]);
        }
    }

    /// <summary>The rows at some places of an epoch.</summary>
    private int* Pick(int start, int places, int epoch, in Permutation? permutation)
    {
        if (epoch != epochPicked || start < firstPicked || start + places > firstPicked + picked)
        {
            (firstPicked, picked, epochPicked) = (start, Math.Min(order.Length - Fours, count - start), epoch);
            if (permutation is Permutation keyed) keyed.Fill(start, order.Span[..picked]);
            else for (int i = 0; i < picked; i++) order.Pointer[i] = start + i;
        }
        return order.Pointer + (start - firstPicked);
    }

    private void Encode(Dataset source, int[] rows, Preparation preparation, IReadOnlyList<double>? classWeights,
        T one)
    {
        float[] numeric = new float[preparation.NumericCount], values = new float[isClass ? 0 : outputs],
            weight = new float[source.HasWeights ? 1 : 0];
        int[] codes = new int[preparation.CategoryCount], classes = new int[isClass ? 1 : 0];
        for (int i = 0; i < count; i++)
        {
            source.Read(rows.AsSpan(i, 1), numeric, codes, classes, values, weight);
            Span<T> row = encoded.Span.Slice(i * columns, columns);
            preparation.Encode(numeric, codes, row[..inputs]);
            row[inputs] = one;
            preparation.EncodeTarget(isClass ? classes[0] : 0, values, row.Slice(inputs + 1, outputs));
            if (isClass) row[inputs + 1 + outputs] = T.CreateTruncating(classes[0]);
            if (weights is null) continue;
            weights[i] = weight.Length == 0 ? 1 : weight[0];
            if (classWeights is not null) weights[i] *= classWeights[classes[0]];
        }
    }
}
