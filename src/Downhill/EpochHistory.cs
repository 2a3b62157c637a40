using System.Collections;

namespace Downhill;

/// <summary>
/// The epochs of a run, a report each, in order, within bounded memory: up to <see cref="Most"/> epochs all of them;
/// of longer runs every second, fourth, eighth … , and always the first, the last, the best by validation loss and
/// those with the lowest and the highest training loss. Which are kept follows from the reports alone, so a resumed run
/// keeps the same.
/// </summary>
public sealed class EpochHistory : IReadOnlyList<EpochReport>
{
    /// <summary>Most reports kept.</summary>
    public const int Most = 10_000;

    private readonly List<EpochReport> reports = [];
    private int bestEpoch;
    private (int Epoch, double Loss) lowest = (0, double.PositiveInfinity), highest = (0, double.NegativeInfinity);

    internal EpochHistory()
    {
    }

    /// <summary>Reports kept: the number of epochs up to <see cref="Most"/>, fewer than the epochs beyond.</summary>
    public int Count => reports.Count;

    /// <summary>A report by its place; the last one is always that of the last epoch.</summary>
    public EpochReport this[int index] => reports[index];

    /// <summary>Epochs from one report to the next, but for those that are kept for what they say: a power of
    /// two.</summary>
    public int Stride { get; private set; } = 1;

    /// <summary>Forgets all of them.</summary>
    public void Clear()
    {
        reports.Clear();
        (Stride, bestEpoch) = (1, 0);
        (lowest, highest) = ((0, double.PositiveInfinity), (0, double.NegativeInfinity));
    }

    /// <inheritdoc/>
    public IEnumerator<EpochReport> GetEnumerator() => reports.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Sets memory aside, so that adding so many allocates nothing.</summary>
    internal void EnsureCapacity(int capacity) => reports.EnsureCapacity(Math.Min(capacity, Most));

    /// <summary>Takes the next epoch's report.</summary>
    internal void Add(in EpochReport report)
    {
        Note(report);
        if (reports.Count > 0 && !Stays(reports[^1])) reports.RemoveAt(reports.Count - 1);
        if (reports.Count == Most)
        {
            // What was a record once goes first; then every second one. Three quarters, so that it happens rarely.
            reports.RemoveAll(r => !Stays(r));
            while (reports.Count > Most * 3 / 4)
            {
                Stride *= 2;
                reports.RemoveAll(r => !Stays(r));
            }
        }
        reports.Add(report);
    }

    /// <summary>What a checkpoint holds takes the place of all there is.</summary>
    internal void Restore(int stride, IEnumerable<EpochReport> saved)
    {
        Clear();
        Stride = stride;
        reports.AddRange(saved);
        foreach (EpochReport report in reports) Note(report);
    }

    /// <summary>Takes back the epochs after one.</summary>
    /// <param name="last">The report of the epoch that is the last again, which may have been left out since; null
    /// where none had ended.</param>
    internal void GoBack(EpochReport? last)
    {
        EpochReport[] kept = [.. reports.Where(r => r.Epoch < last?.Epoch)];
        Restore(Stride, last is EpochReport report ? [.. kept, report] : kept);
    }

    private void Note(in EpochReport report)
    {
        if (report.IsBest) bestEpoch = report.Epoch;
        if (report.TrainLoss < lowest.Loss) lowest = (report.Epoch, report.TrainLoss);
        if (report.TrainLoss > highest.Loss) highest = (report.Epoch, report.TrainLoss);
    }

    private bool Stays(in EpochReport report) => (report.Epoch - 1) % Stride == 0
        || report.Epoch == bestEpoch || report.Epoch == lowest.Epoch || report.Epoch == highest.Epoch;
}
