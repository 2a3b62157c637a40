using System.Text.Json;
using Downhill.Kernels;

namespace Downhill.Cli.Bench;

/// <summary>Figures as text and as JSON.</summary>
internal static class BenchReport
{
    /// <summary>The arithmetic of a figure as a share of the best peak with as many threads; NaN where none was
    /// measured.</summary>
    public static double Share(Workload workload, Measurement figure, IReadOnlyList<PeakResult> peaks)
    {
        double[] those = [.. peaks.Where(p => p.Measurement.Threads == figure.Threads).Select(p => p.Measurement.Rate)];
        return those.Length == 0 ? double.NaN : figure.Rate * workload.OperationsPerUnit / those.Max();
    }

    /// <summary>A rate in the unit that suits the workload.</summary>
    public static string Figure(Workload workload, double rate) =>
        workload.Kind == WorkloadKind.Multiply ? Operations(rate * workload.OperationsPerUnit)
        : workload is { Kind: WorkloadKind.Predict, Batch: 1 } ? $"{Digits(1e6 / rate)} µs"
        : rate >= 1e6 ? $"{Digits(rate / 1e6)} M/s" : rate >= 1e3 ? $"{Digits(rate / 1e3)} k/s" : $"{Digits(rate)} /s";

    /// <summary>Floating-point operations per second.</summary>
    public static string Operations(double rate) => $"{Digits(rate / 1e9)} GFLOP/s";

    /// <summary>The first and last widths of a long network.</summary>
    public static string Short(string summary)
    {
        string network = summary.Split(',')[0];
        string[] widths = network.Split('-');
        return widths.Length < 6 ? summary : $"{widths[0]}-{widths[1]}-…-{widths[^1]}{summary[network.Length..]}";
    }

    public static void Write(
        Utf8JsonWriter json, Machine machine, IReadOnlyList<PeakResult> peaks, IReadOnlyList<WorkloadResult> results)
    {
        json.WriteStartObject("machine");
        machine.Write(json);
        json.WriteEndObject();
        json.WriteStartArray("peaks");
        foreach (PeakResult peak in peaks)
        {
            json.WriteStartObject();
            json.WriteString("width", SimdWidths.Name(peak.Width));
            json.WriteNumber("threads", peak.Measurement.Threads);
            json.WriteNumber("operationsPerSecond", peak.Measurement.Rate);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("workloads");
        foreach (WorkloadResult result in results)
        {
            json.WriteStartObject();
            Describe(json, result.Workload);
            json.WriteStartArray("measurements");
            foreach (Measurement figure in result.Measurements)
            {
                json.WriteStartObject();
                json.WriteNumber("threads", figure.Threads);
                json.WriteBoolean("shuffled", figure.IsShuffled);
                json.WriteNumber("rate", figure.Rate);
                json.WriteNumber("low", figure.Low);
                json.WriteNumber("high", figure.High);
                if (Share(result.Workload, figure, peaks) is double share && double.IsFinite(share))
                    json.WriteNumber("shareOfPeak", share);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>All that a peer must know to do the same.</summary>
    public static void Describe(Utf8JsonWriter json, Workload workload)
    {
        json.WriteString("name", workload.Name);
        json.WriteString("summary", workload.Summary);
        json.WriteString("kind", workload.Kind.ToString().ToLowerInvariant());
        json.WriteNumber("operationsPerUnit", workload.OperationsPerUnit);
        if (workload.Kind == WorkloadKind.Multiply)
        {
            json.WriteString("form", workload.Form.ToString());
            json.WriteNumber("size", workload.Size);
            return;
        }
        json.WriteString("network", workload.Spec.ToString());
        json.WriteString("activation", ((Dense)workload.Spec.Layers[0]).Activation.ToString());
        json.WriteString("output", workload.Spec.Output.ToString());
        json.WriteString("loss", workload.Loss.ToString());
        json.WriteString("optimizer", workload.Optimizer.ToString());
        json.WriteNumber("learningRate", workload.LearningRate);
        json.WriteNumber("batch", workload.Batch);
        json.WriteNumber("rows", workload.Rows);
    }

    /// <summary>Three significant digits.</summary>
    private static string Digits(double value) =>
        value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : value >= 1 ? "0.00" : "0.000");
}
