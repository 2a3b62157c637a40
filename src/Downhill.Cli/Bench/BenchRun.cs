using System.Diagnostics;

namespace Downhill.Cli.Bench;

/// <summary>A workload bound to a number of threads, ready to be timed.</summary>
internal abstract class BenchRun : IDisposable
{
    /// <summary>Does the work so many times.</summary>
    /// <returns>Units done: examples, rows or products.</returns>
    public abstract long Repeat(int times);

    /// <summary>How long the calls between two looks at the clock take at least.</summary>
    protected virtual TimeSpan ShortestBlock => TimeSpan.FromMicroseconds(200);

    /// <summary>Back to the start, so that each window does the same work.</summary>
    public virtual void Restart() { }

    /// <summary>Runs for a time that is not measured, so that everything is compiled and in the caches. Processor time:
    /// the compiler works beside, and on a busy machine gets no more of the clock than this.</summary>
    public void WarmUp(double seconds)
    {
        TimeSpan end = Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(seconds);
        do Calls();
        while (Environment.CpuUsage.TotalTime < end);
    }

    /// <summary>Units per second over a window of at least so many seconds.</summary>
    /// <param name="seconds">Length of the window.</param>
    /// <param name="byProcessorTime">Counts the time that the processor spent on this process instead of the clock's:
    /// on a machine with other work, for one thread.</param>
    public double Rate(double seconds, bool byProcessorTime = false)
    {
        int calls = Calls();
        Restart();
        long units = 0;
        double start = Now(), elapsed;
        do
        {
            units += Repeat(calls);
            elapsed = Now() - start;
        }
        while (elapsed < seconds);
        return units / elapsed;

        double Now() => byProcessorTime ? Environment.CpuUsage.TotalTime.TotalSeconds
            : (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
    }

    public abstract void Dispose();

    /// <summary>How many calls take so long that looking at the clock costs nothing; they are made.</summary>
    private int Calls()
    {
        for (int count = 1; ; count *= 2)
        {
            long start = Stopwatch.GetTimestamp();
            Repeat(count);
            if (Stopwatch.GetElapsedTime(start) >= ShortestBlock || count >= 1 << 20) return count;
        }
    }

    /// <summary>Binds a workload.</summary>
    /// <param name="workload">What to do.</param>
    /// <param name="data">Its rows; null for a product, which makes its own.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="shuffle">Whether each epoch of training takes the rows in a new order.</param>
    public static BenchRun Of(Workload workload, WorkloadData? data, int threads, bool shuffle = false) =>
        workload.Kind switch
        {
            WorkloadKind.Multiply => new ProductRun(workload, threads),
            WorkloadKind.Predict when workload.Batch == 1 => new SingleRowRun(workload, data!),
            WorkloadKind.Predict => new ManyRowsRun(workload, data!, threads),
            _ => new TrainingRun(workload, data!, threads, shuffle),
        };
}
