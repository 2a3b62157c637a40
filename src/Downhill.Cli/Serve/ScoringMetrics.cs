using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Downhill.Cli.Serve;

/// <summary>What a scoring server has done so far, as Prometheus reads it. Counting takes no lock.</summary>
internal sealed class ScoringMetrics
{
    // Upper bounds in seconds; a single row takes some 10 µs.
    private static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];

    private readonly long[] buckets = new long[Bounds.Length + 1];
    private readonly long started = Stopwatch.GetTimestamp();
    private long answered, refused, failed, rows, ticks, running;

    public void Start() => Interlocked.Increment(ref running);

    /// <summary>Counts a request to /predict.</summary>
    /// <param name="status">Of the answer.</param>
    /// <param name="rowCount">Rows answered.</param>
    /// <param name="since">When it came, by the stopwatch.</param>
    public void End(int status, int rowCount, long since)
    {
        long taken = Stopwatch.GetTimestamp() - since;
        Interlocked.Decrement(ref running);
        if (status < 400) Interlocked.Increment(ref answered);
        else if (status < 500) Interlocked.Increment(ref refused);
        else Interlocked.Increment(ref failed);
        Interlocked.Add(ref rows, rowCount);
        Interlocked.Add(ref ticks, taken);
        double seconds = (double)taken / Stopwatch.Frequency;
        int bucket = 0;
        while (bucket < Bounds.Length && seconds > Bounds[bucket]) bucket++;
        Interlocked.Increment(ref buckets[bucket]);
    }

    /// <summary>The counts in Prometheus' text format.</summary>
    public string Text()
    {
        StringBuilder text = new();
        Family("downhill_requests_total", "counter", "Requests to /predict by outcome.");
        Value("downhill_requests_total{outcome=\"answered\"}", Interlocked.Read(ref answered));
        Value("downhill_requests_total{outcome=\"refused\"}", Interlocked.Read(ref refused));
        Value("downhill_requests_total{outcome=\"failed\"}", Interlocked.Read(ref failed));
        Family("downhill_rows_total", "counter", "Rows answered.");
        Value("downhill_rows_total", Interlocked.Read(ref rows));
        Family("downhill_requests_running", "gauge", "Requests being answered.");
        Value("downhill_requests_running", Interlocked.Read(ref running));
        Family("downhill_request_seconds", "histogram", "Time from a request's first byte here to its answer.");
        long below = 0;
        for (int i = 0; i <= Bounds.Length; i++)
        {
            below += Interlocked.Read(ref buckets[i]);
            string bound = i == Bounds.Length ? "+Inf" : Bounds[i].ToString("R", CultureInfo.InvariantCulture);
            Value($"downhill_request_seconds_bucket{{le=\"{bound}\"}}", below);
        }
        Value("downhill_request_seconds_sum", (double)Interlocked.Read(ref ticks) / Stopwatch.Frequency);
        Value("downhill_request_seconds_count", below);
        Family("downhill_uptime_seconds", "gauge", "Since the server started.");
        Value("downhill_uptime_seconds", Stopwatch.GetElapsedTime(started).TotalSeconds);
        return text.ToString();

        void Family(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");
        void Value(string name, double value) => text.Append(name).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
