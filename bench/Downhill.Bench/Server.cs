using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Downhill.Cli.Bench;
using Downhill.Kernels;

namespace Downhill.Bench;

/// <summary>
/// One engine under the command of <c>bench/run</c>: a line in says what to do, a line of JSON out says how it went.
/// The peers speak the same, see <c>bench/peers/protocol.py</c>. Between its windows an engine only waits, so that
/// several can take turns on one machine.
/// </summary>
internal sealed class Server : IDisposable
{
    /// <summary>Binds a workload, or says null when this engine cannot do it.</summary>
    public delegate BenchRun? Binder(Workload workload, WorkloadData? data, int threads, bool shuffle);

    private readonly string engine;
    private readonly Binder bind;
    private readonly int threads;
    private readonly Dictionary<(string Name, bool Shuffle), BenchRun> runs = [];
    private (string Name, WorkloadData Data)? data; // of the workload last opened

    private Server(string engine, Binder bind, int threads) =>
        (this.engine, this.bind, this.threads) = (engine, bind, threads);

    /// <summary>Serves until its input ends.</summary>
    /// <param name="args"><c>--threads N</c>.</param>
    /// <param name="engine">What it is called.</param>
    /// <param name="bind">What it can do.</param>
    public static int Run(string[] args, string engine, Binder bind)
    {
        if (args is not ["--threads", string count]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) || threads < 1)
        {
            Console.Error.WriteLine(
                $"{engine}: expected --threads N, got '{string.Join(' ', args)}'. bench/run starts it.");
            return 1;
        }
        using Server server = new(engine, bind, threads);
        using StreamWriter output = new(Console.OpenStandardOutput(), new UTF8Encoding(false)) { NewLine = "\n" };
        while (Console.In.ReadLine() is string line)
        {
            output.WriteLine(server.Answer(line.Split(' ')));
            output.Flush();
        }
        return 0;
    }

    public void Dispose() => Close();

    private string Answer(string[] words)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            try
            {
                Do(words, json);
            }
            catch (Exception error) when (error is DownhillException or IOException or FormatException)
            {
                json.WriteString("error", error.Message);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private void Do(string[] words, Utf8JsonWriter json)
    {
        switch (words)
        {
            case ["describe"]:
                Describe(json);
                break;
            case ["export", string name, string file]:
                Export(Find(name), file);
                break;
            case ["open", string name, string order, ..]:
                if (Open(name, order) is BenchRun run) run.WarmUp(0);
                else json.WriteBoolean("unsupported", true);
                break;
            case ["window", string name, string order, string seconds, string clock]:
                json.WriteNumber("rate", Opened(name, order).Rate(
                    double.Parse(seconds, CultureInfo.InvariantCulture), byProcessorTime: clock == "processor"));
                break;
            case ["losses", string name, string order, string steps]:
                json.WriteStartArray("losses");
                if (Opened(name, order) is TrainingRun training)
                    foreach (double loss in training.Losses(int.Parse(steps, CultureInfo.InvariantCulture)))
                        json.WriteNumberValue(loss);
                json.WriteEndArray();
                break;
            case ["close"]:
                Close();
                break;
            default:
                json.WriteString("error", $"unknown words '{string.Join(' ', words)}'");
                break;
        }
    }

    private void Describe(Utf8JsonWriter json)
    {
        json.WriteString("engine", engine);
        json.WriteStartObject("machine");
        new Machine().Write(json);
        json.WriteEndObject();
        json.WriteStartArray("peaks");
        foreach (SimdWidth width in PeakRun.Widths) json.WriteStringValue(SimdWidths.Name(width));
        json.WriteEndArray();
        json.WriteStartArray("workloads");
        foreach (Workload workload in Workloads.All)
        {
            json.WriteStartObject();
            BenchReport.Describe(json, workload);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>The numbers that all engines work on: rows, targets and first weights.</summary>
    private void Export(Workload workload, string file)
    {
        WorkloadData rows = DataOf(workload)!;
        Dataset table = rows.Rows;
        bool isClass = table.Target.IsClass;
        Model start = StartModel.Of(workload, rows);
        List<TensorInfo> tensors =
        [
            new("x", TensorType.Float32, table.Rows, workload.Spec.Inputs),
            isClass ? new("classes", TensorType.Int32, table.Rows) : new("values", TensorType.Float32, table.Rows, 1),
            .. workload.Spec.Segments.Select(s =>
                new TensorInfo(s.Name, TensorType.Float32, s.Shape.Rows, s.Shape.Columns)),
        ];
        SafetensorsWriter.Save(file, tensors, [], withDigest: false, writer =>
        {
            writer.Write<float>(table.Numeric);
            if (isClass) writer.Write<int>(table.Classes);
            else writer.Write<float>(table.Values);
            foreach (Segment segment in workload.Spec.Segments)
                writer.Write(start.Parameters.Slice(segment.Offset, segment.Length));
        });
    }

    private BenchRun? Open(string name, string order)
    {
        bool shuffle = IsShuffled(order);
        if (runs.TryGetValue((name, shuffle), out BenchRun? run)) return run;
        if (name.StartsWith("peak-", StringComparison.Ordinal))
        {
            run = new PeakRun(SimdWidths.Parse(name["peak-".Length..]), threads);
        }
        else
        {
            Workload workload = Find(name);
            if (!workload.IsShared && threads > 1) return null;
            run = bind(workload, DataOf(workload), threads, shuffle);
        }
        if (run is not null) runs.Add((name, shuffle), run);
        return run;
    }

    private BenchRun Opened(string name, string order) =>
        runs.TryGetValue((name, IsShuffled(order)), out BenchRun? run) ? run
            : throw new FormatException($"'{name}' is not open in this order");

    private void Close()
    {
        foreach (BenchRun run in runs.Values) run.Dispose();
        runs.Clear();
        data = null;
        GC.Collect();
    }

    private WorkloadData? DataOf(Workload workload)
    {
        if (workload.Kind == WorkloadKind.Multiply) return null;
        if (data?.Name != workload.Name) data = (workload.Name, WorkloadData.Of(workload));
        return data.Value.Data;
    }

    private static Workload Find(string name) => Workloads.All.FirstOrDefault(w => w.Name == name)
        ?? throw new FormatException($"no workload '{name}'");

    private static bool IsShuffled(string order) => order switch
    {
        "ordered" => false,
        "shuffled" => true,
        _ => throw new FormatException($"expected 'ordered' or 'shuffled', got '{order}'"),
    };
}
