using Downhill.Kernels;

namespace Downhill.Cli.Bench;

/// <summary>One figure: the median of several windows, and how far they lay apart.</summary>
/// <param name="Threads">Threads.</param>
/// <param name="IsShuffled">Whether each epoch took the rows in a new order.</param>
/// <param name="Rate">Units per second, median of the windows.</param>
/// <param name="Low">The slowest window.</param>
/// <param name="High">The fastest window.</param>
internal sealed record Measurement(int Threads, bool IsShuffled, double Rate, double Low, double High)
{
    public static Measurement Of(int threads, bool isShuffled, List<double> windows)
    {
        windows.Sort();
        int middle = windows.Count / 2;
        double median = windows.Count % 2 == 1 ? windows[middle] : 0.5 * (windows[middle - 1] + windows[middle]);
        return new(threads, isShuffled, median, windows[0], windows[^1]);
    }
}

/// <summary>What was measured of one workload.</summary>
internal sealed record WorkloadResult(Workload Workload, IReadOnlyList<Measurement> Measurements);

/// <summary>The peak of one vector width, in floating-point operations per second.</summary>
internal sealed record PeakResult(SimdWidth Width, Measurement Measurement);

/// <summary>
/// Measures workloads: for each, short windows of all its variants (threads, order of rows) take turns, and the median
/// of a variant's windows is its figure, so that a slow moment of the machine meets all alike.
/// </summary>
/// <param name="seconds">Measured time per variant, split into windows.</param>
/// <param name="threads">Numbers of threads to measure with.</param>
/// <param name="withShuffling">Whether training is measured with the rows in a new order each epoch, too.</param>
/// <param name="byProcessorTime">Counts processor time instead of the clock's.</param>
/// <param name="cancellation">Ends between windows.</param>
internal sealed class Macro(
    double seconds, IReadOnlyList<int> threads, bool withShuffling, bool byProcessorTime,
    CancellationToken cancellation)
{
    private const int Windows = 5;
    private const double WarmUp = 0.4; // the compiler's second look at a method comes after some 0.1 s

    /// <summary>The peak of each vector width that this machine has.</summary>
    public IReadOnlyList<PeakResult> MeasurePeaks()
    {
        List<PeakResult> results = [];
        foreach (SimdWidth width in PeakRun.Widths)
            results.AddRange(Alternate([.. threads.Select(t => (t, false, (BenchRun)new PeakRun(width, t)))])
                .Select(m => new PeakResult(width, m)));
        return results;
    }

    public WorkloadResult Measure(Workload workload)
    {
        WorkloadData? data = workload.Kind == WorkloadKind.Multiply ? null : WorkloadData.Of(workload);
        List<(int, bool, BenchRun)> runs = [];
        foreach (int count in workload.IsShared ? threads : [1])
        {
            runs.Add((count, false, BenchRun.Of(workload, data, count)));
            // A full batch keeps its order.
            if (withShuffling && workload.Kind == WorkloadKind.Train && workload.Batch > 0)
                runs.Add((count, true, BenchRun.Of(workload, data, count, shuffle: true)));
        }
        return new(workload, Alternate(runs));
    }

    private List<Measurement> Alternate(IReadOnlyList<(int Threads, bool IsShuffled, BenchRun Run)> runs)
    {
        List<double>[] windows = [.. runs.Select(_ => new List<double>())];
        try
        {
            foreach ((_, _, BenchRun run) in runs) run.WarmUp(WarmUp);
            for (int window = 0; window < Windows; window++)
                for (int i = 0; i < runs.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    windows[i].Add(runs[i].Run.Rate(seconds / Windows, byProcessorTime));
                }
        }
        finally
        {
            foreach ((_, _, BenchRun run) in runs) run.Dispose();
        }
        return [.. runs.Select((r, i) => Measurement.Of(r.Threads, r.IsShuffled, windows[i]))];
    }
}
