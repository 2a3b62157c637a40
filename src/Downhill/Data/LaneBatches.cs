using System.Numerics;
using System.Runtime.CompilerServices;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// The batches of a small network: all rows of a table encoded once, then laid out group by group as
/// <see cref="LaneNetwork{T}"/> wants them, many batches ahead. Where the rows keep their order and all fit, they are
/// laid out only once.
/// </summary>
internal sealed unsafe class LaneBatches<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Most numbers of the encoded rows: 64 MiB of float32.</summary>
    public const long MostNumbers = 1 << 24;

    // Numbers laid out ahead: 256 KiB of float32 stay in a second-level cache while they are read again and again; of
    // shuffled rows 16 KiB, in the first-level cache, since each is read once.
    private const int MostAhead = 1 << 16, MostShuffledAhead = 1 << 12;

    // Places of an epoch whose rows are known ahead.
    private const int MostPicked = 1 << 14;

    private readonly AlignedBuffer<T> encoded, ahead;
    private readonly AlignedBuffer<double> exactWeights;
    private readonly double[]? weights;
    private readonly int[] order;
    private readonly int inputs, inputLength, outputs, rowLength, lanes, batch, count, groupsPerBatch, groupLength,
        most;
    private readonly bool isClass;
    private int firstStep, steps, epochAhead = -1, firstPicked, picked, epochPicked = -1;

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
        (inputs, outputs, rowLength, lanes) = (preparation.Width, preparation.Outputs, network.RowLength,
            network.Lanes);
        (this.batch, count, isClass) = (batch, rows.Length, source.Target.IsClass);
        inputLength = (inputs + Fours) / Fours * Fours;
        weights = source.HasWeights || classWeights is not null ? new double[count] : null;
        encoded = new(count * RowStride);
        Encode(source, rows, preparation, classWeights, network.HasBias ? T.One : T.Zero);
        groupsPerBatch = (batch + lanes - 1) / lanes;
        groupLength = lanes * (inputs + outputs + rowLength + 2);
        most = Math.Min((count + batch - 1) / batch, Math.Max(1, MostAhead / (groupLength * groupsPerBatch)));
        order = new int[Math.Max(most * batch, Math.Min(count, MostPicked))];
        ahead = new(most * groupsPerBatch * groupLength);
        exactWeights = new(weights is null ? 0 : most * groupsPerBatch * lanes);
    }

    // Inputs, 1 (or 0 where there are no biases) and zeros up to whole fours; targets; class.
    private int RowStride => inputLength + outputs + 1;

    private const int Fours = 4;

    /// <summary>Elements that are copied at once.</summary>
    [InlineArray(Fours)]
    private struct Four
    {
        private T first;
    }

    /// <summary>The groups of one batch: rows <paramref name="done"/> … of the batch that starts at
    /// <paramref name="start"/>.</summary>
    /// <param name="start">Place of the batch's first row in the epoch.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="done">Rows of it that have passed.</param>
    /// <param name="epoch">The epoch that <paramref name="permutation"/> belongs to.</param>
    /// <param name="permutation">The epoch's order, or null for the rows' own.</param>
    public LaneGroup<T> Read(int start, int rows, int done, int epoch, in Permutation? permutation)
    {
        int step = start / batch;
        if (permutation is null) epoch = -2;
        if (epoch != epochAhead || step < firstStep || step >= firstStep + steps) LayOut(step, epoch, permutation);
        int group = (step - firstStep) * groupsPerBatch + done / lanes;
        T* at = ahead.Pointer + (long)group * groupLength;
        return new()
        {
            Rows = Math.Min(lanes, rows - done),
            Inputs = at,
            Targets = at + lanes * inputs,
            ByRow = at + lanes * (inputs + outputs),
            Classes = isClass ? at + lanes * (inputs + outputs + rowLength) : null,
            Weights = weights is null ? null : at + lanes * (inputs + outputs + rowLength + 1),
            ExactWeights = weights is null ? null : exactWeights.Pointer + (long)group * lanes,
        };
    }

    private void LayOut(int step, int epoch, in Permutation? permutation)
    {
        int ahead = permutation is null ? most
            : Math.Clamp(MostShuffledAhead / (groupLength * groupsPerBatch), 1, most);
        int start = step * batch, places = Math.Min(ahead * batch, count - start);
        (firstStep, steps, epochAhead) = (step, (places + batch - 1) / batch, epoch);
        ReadOnlySpan<int> rowsAt = Pick(start, places, epoch, permutation);
        T* group = this.ahead.Pointer;
        double* exact = exactWeights.Pointer;
        for (int first = 0; first < places; first += batch)
        {
            for (int done = 0; done < batch; done += lanes, group += groupLength, exact += lanes)
            {
                int rows = Math.Min(lanes, Math.Min(batch - done, places - first - done));
                if (rows > 0) LayOut(rowsAt.Slice(first + done, rows), group, exact);
            }
        }
    }

    /// <summary>The rows at some places of an epoch.</summary>
    private ReadOnlySpan<int> Pick(int start, int places, int epoch, in Permutation? permutation)
    {
        if (epoch != epochPicked || start < firstPicked || start + places > firstPicked + picked)
        {
            (firstPicked, picked, epochPicked) = (start, Math.Min(order.Length, count - start), epoch);
            if (permutation is Permutation keyed) keyed.Fill(start, order.AsSpan(0, picked));
            else for (int i = 0; i < picked; i++) order[i] = start + i;
        }
        return order.AsSpan(start - firstPicked, places);
    }

    private void LayOut(ReadOnlySpan<int> rows, T* group, double* exact)
    {
        int inputs = this.inputs, outputs = this.outputs, inputLength = this.inputLength;
        bool isInFours = this.rowLength % Fours == 0;
        nint lanes = this.lanes, rowLength = this.rowLength, stride = RowStride;
        T* t = group + lanes * inputs, byRows = t + lanes * outputs, encoded = this.encoded.Pointer, byRow = byRows;
        for (int lane = 0; lane < rows.Length; lane++, t++, byRow += rowLength)
        {
            T* row = encoded + rows[lane] * stride, to = t;
            if (isInFours) for (int i = 0; i < inputLength; i += Fours) *(Four*)(byRow + i) = *(Four*)(row + i);
            else for (int i = 0; i <= inputs; i++) byRow[i] = row[i];
            row += inputLength;
            for (int o = 0; o < outputs; o++, to += lanes) *to = row[o];
        }
        Transpose<T>.Copy(byRows, rowLength, group, lanes, rows.Length, inputs);
        T* classes = group + lanes * (inputs + outputs + rowLength), rounded = classes + lanes;
        for (int lane = 0; isClass && lane < rows.Length; lane++) classes[lane] = encoded[rows[lane] * stride
            + inputLength + outputs];
        for (int lane = 0; weights is not null && lane < rows.Length; lane++)
            rounded[lane] = T.CreateTruncating(exact[lane] = weights[rows[lane]]);
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
            Span<T> row = encoded.Span.Slice(i * RowStride, RowStride);
            preparation.Encode(numeric, codes, row[..inputs]);
            row[inputs] = one;
            preparation.EncodeTarget(isClass ? classes[0] : 0, values, row.Slice(inputLength, outputs));
            if (isClass) row[inputLength + outputs] = T.CreateTruncating(classes[0]);
            if (weights is null) continue;
            weights[i] = weight.Length == 0 ? 1 : weight[0];
            if (classWeights is not null) weights[i] *= classWeights[classes[0]];
        }
    }
}
