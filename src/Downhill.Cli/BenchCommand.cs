using System.CommandLine;
using System.Text.Json;
using Downhill.Cli.Bench;
using Downhill.Kernels;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary><c>downhill bench</c>: how fast this machine is on the standard workloads.</summary>
internal sealed class BenchCommand : CliCommand
{
    private const double DefaultSeconds = 0.5;

    private readonly GroupedOption<string?> only, seconds, threads, csv;
    private readonly GroupedOption<bool> playground, shuffle, processorTime, quiet, json;

    public BenchCommand(Terminal terminal, CancellationToken cancellation)
        : base("bench", "Measures the speed of this machine on the standard workloads.", terminal, cancellation)
    {
        only = Add("Options", "--only", "NAMES",
            "workloads such as W2,W3, or a group such as I3 or GEMM-256, or all; W1 to I3 if not given");
        seconds = Add("Options", "--seconds", "S",
            $"measured time of each figure; {Numbers.Text(DefaultSeconds)} if not given");
        threads = Add("Options", "--threads", "LIST", "numbers of threads such as 1,2; one and all if not given");
        shuffle = AddFlag("Options", "--shuffle", "measure training with shuffled rows as well as in order");
        processorTime = AddFlag("Options", "--processor-time",
            "count the processor's time instead of the clock's, for one thread on a busy machine");
        playground = AddFlag("Options", "--playground", "the playground's speed instead: pictures, and training "
            + "between them");
        csv = Add("Options", "--csv", "ROWSxCOLUMNS", "reading a table of this size instead, such as 1000000x50: it is "
            + "made, read and removed");
        quiet = AddFlag("Options", "--quiet", "no progress");
        json = AddFlag("Options", "--json", "one JSON object instead of text");
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench --only W1,W2 --seconds 0.1", "two workloads, a quick look"),
        new("bench --only W2 --threads 1 --seconds 0.1 --shuffle", "what shuffling the rows costs"),
        new("bench --playground --seconds 0.05", "frames per second, and training between them"),
        new("bench --csv 20000x20", "MB/s and memory of reading a table"),
        new("bench --only GEMM-128,I3 --seconds 0.05 --json", "matrix products and answers, for a program"),
    ];

    public override IReadOnlyList<(string Heading, string Text)> Notes { get; } =
    [
        ("Workloads", string.Join('\n', Workloads.Standard.Concat(Workloads.Unlisted)
            .Select(w => $"{w.Name}: {w.Summary}")
            .Append("GEMM-64 to GEMM-2048: products of square matrices, NN = X·W, TN = Xᵀ·dZ, NT = dZ·Wᵀ"))),
        ("Reading it",
            "W: examples per second of training. I: answers, the time of each for single rows, else rows per second. "
            + "Each figure is the median of five windows that take turns with those of its neighbours. '% peak' is the "
            + "arithmetic done as a share of what the processor does at best, which is measured first."),
    ];

    protected override int Run(ParseResult words)
    {
        IReadOnlyList<Workload> chosen =
            words.GetValue(only) is string list ? Workloads.Find("--only", list) : Workloads.Standard;
        double time = Values.Number("--seconds", words.GetValue(seconds), 0, 600, "0.5 is usual.", lowIncluded: false)
            ?? DefaultSeconds;
        bool byProcessorTime = words.GetValue(processorTime);
        if (words.GetValue(playground)) return Playground(time, byProcessorTime, words.GetValue(json));
        if (words.GetValue(csv) is string size) return Csv(size, words.GetValue(json));
        int[] counts = Counts(words.GetValue(threads), byProcessorTime);
        Macro macro = new(time, counts, words.GetValue(shuffle), byProcessorTime, Cancellation);
        Machine machine = new();
        Say("peak", 0);
        IReadOnlyList<PeakResult> peaks = macro.MeasurePeaks();
        List<WorkloadResult> results = [];
        foreach (Workload workload in chosen)
        {
            Say(workload.Name, results.Count + 1);
            results.Add(macro.Measure(workload));
        }
        if (!words.GetValue(quiet) && Terminal.ErrorIsTerminal) Terminal.Error.Write("\r\e[K");
        if (!words.GetValue(json)) WriteTables(machine, peaks, results, counts);
        else JsonReport.Write(Terminal, writer => BenchReport.Write(writer, machine, peaks, results));
        return Cli.Done;

        void Say(string name, int number)
        {
            if (words.GetValue(quiet)) return;
            string text = $"measuring {name} ({number} of {chosen.Count})";
            if (Terminal.ErrorIsTerminal) Terminal.Error.Write($"\r{text}\e[K");
            else Terminal.Error.WriteLine(text);
        }
    }

    private static int[] Counts(string? list, bool byProcessorTime)
    {
        int most = Environment.ProcessorCount;
        if (list is null) return most == 1 || byProcessorTime ? [1] : [1, most];
        int[] counts =
        [
            .. list.Split(',').Select(text =>
                Values.Whole("--threads", text.Trim(), 1, 1024, "Write, for example, 1,2.")!.Value).Distinct(),
        ];
        if (byProcessorTime && counts.Any(c => c > 1))
            Throw.Input("--processor-time", "--threads 1", $"--threads {list}",
                "Several threads wait for each other, which processor time does not tell from work.");
        return counts;
    }

    private int Playground(double time, bool byProcessorTime, bool asJson)
    {
        PlaygroundSpeed speed = PlaygroundSpeed.Measure(time, byProcessorTime, Cancellation);
        if (asJson)
        {
            JsonReport.Write(Terminal, writer =>
            {
                writer.WriteNumber("engineExamplesPerSecond", speed.Bare);
                writer.WriteNumber("playgroundExamplesPerSecond", speed.Inside);
                writer.WriteNumber("share", speed.Inside / speed.Bare);
                writer.WriteNumber("framesPerSecond", speed.Pictures);
                writer.WriteNumber("pictureSeconds", speed.PictureSeconds);
                writer.WriteNumber("frameBytes", speed.FrameBytes);
                writer.WriteNumber("firstPictureSeconds", speed.FirstSeconds);
                writer.WriteNumber("surfaceSeconds", speed.SurfaceSeconds);
                writer.WriteNumber("coarseSurfaceSeconds", speed.CoarseSeconds);
            });
            return Cli.Done;
        }
        Terminal.Out.WriteLine(
            $"  training 2-8-8-1, batch 10  {speed.Bare / 1e6,8:F2} M examples/s by the engine alone");
        Terminal.Out.WriteLine($"                              {speed.Inside / 1e6,8:F2} M inside the playground: "
            + $"{speed.Inside / speed.Bare:P0}");
        Terminal.Out.WriteLine($"  17 maps 50×50, one 200×200  {speed.PictureSeconds * 1000,8:F1} ms, "
            + $"{speed.FrameBytes / 1000} kB");
        Terminal.Out.WriteLine($"  with 10 ms of training      {speed.Pictures,8:F1} frames/s");
        Terminal.Out.WriteLine($"  first picture from nothing  {speed.FirstSeconds * 1000,8:F0} ms");
        Terminal.Out.WriteLine($"  error surface, 500 examples {speed.SurfaceSeconds * 1000,8:F0} ms for 60×60, "
            + $"{speed.CoarseSeconds * 1000:F0} ms for a first 15×15");
        return Cli.Done;
    }

    private int Csv(string size, bool asJson)
    {
        string[] parts = size.Split('x', '×');
        int[] sides = parts.Length == 2 && int.TryParse(parts[0], out int rows)
            && int.TryParse(parts[1], out int columns)
            ? [rows, columns] : [0, 0];
        if (sides[0] is < 20 or > 100_000_000 || sides[1] is < 2 or > 10_000)
            Throw.Input("--csv", "rows and columns, from 20x2 to 100000000x10000", $"'{size}'",
                "Write, for example, 1000000x50.");
        CsvSpeed speed = CsvSpeed.Measure(sides[0], sides[1]);
        if (asJson)
        {
            JsonReport.Write(Terminal, writer =>
            {
                writer.WriteNumber("rows", speed.Rows);
                writer.WriteNumber("columns", speed.Columns);
                writer.WriteNumber("bytes", speed.Bytes);
                writer.WriteNumber("seconds", speed.Seconds);
                writer.WriteNumber("processorSeconds", speed.ProcessorSeconds);
                writer.WriteNumber("encodedProcessorSeconds", speed.EncodedSeconds);
                if (speed.MegabytesPerProcessorSecond is double rate)
                    writer.WriteNumber("megabytesPerProcessorSecond", rate);
                else writer.WriteNull("megabytesPerProcessorSecond");
                writer.WriteNumber("peakBytes", speed.PeakBytes);
            });
            return Cli.Done;
        }
        string Rates(double time) => time <= 0 ? "too short to be measured"
            : $"{time,6:F2} s  {speed.Bytes / 1e6 / time,6:F0} MB/s  {speed.Rows / time,12:N0} rows/s";
        Terminal.Out.WriteLine($"  {speed.Rows:N0} rows × {speed.Columns} columns, {speed.Bytes / 1e6:N0} MB");
        Terminal.Out.WriteLine($"  read, by the clock              {Rates(speed.Seconds)}");
        Terminal.Out.WriteLine($"  read, processor time            {Rates(speed.ProcessorSeconds)}");
        Terminal.Out.WriteLine($"  read and encoded, processor     {Rates(speed.EncodedSeconds)}");
        Terminal.Out.WriteLine($"  peak memory of the process      {speed.PeakBytes / 1e6,6:N0} MB");
        return Cli.Done;
    }

    private void WriteTables(
        Machine machine, IReadOnlyList<PeakResult> peaks, IReadOnlyList<WorkloadResult> results, int[] counts)
    {
        string width = machine.Width == SimdWidth.Scalar ? "no vectors" : $"{SimdWidths.Name(machine.Width)} bits";
        Terminal.Out.WriteLine($"  {machine.Processor}, {machine.Processors} processors, {width}, {machine.Runtime}");
        Terminal.Out.WriteLine();
        (string, bool)[] heads = [.. counts.Select(t => ($"{t} thread{(t == 1 ? "" : "s")}", true))];
        Table peak = Terminal.Table([("peak", false), .. heads]);
        foreach (IGrouping<SimdWidth, PeakResult> group in peaks.GroupBy(p => p.Width))
            Terminal.Row(peak, [
                $"{SimdWidths.Name(group.Key)} bits",
                .. group.Select(p => BenchReport.Operations(p.Measurement.Rate)),
            ]);
        Terminal.Write(peak);
        Terminal.Out.WriteLine();
        Table table = Terminal.Table([
            ("", false), .. heads.SelectMany(h => ((string, bool)[])[h, ("% peak", true)]), ("what", false),
        ]);
        foreach (WorkloadResult result in results)
            foreach (IGrouping<bool, Measurement> order in result.Measurements.GroupBy(m => m.IsShuffled))
            {
                List<string> cells = [order.Key ? "shuffled" : result.Workload.Name];
                foreach (int count in counts)
                {
                    Measurement? figure = order.FirstOrDefault(m => m.Threads == count)
                        ?? (count == counts[0] ? order.FirstOrDefault() : null);
                    double share = figure is null ? double.NaN : BenchReport.Share(result.Workload, figure, peaks);
                    cells.Add(figure is null ? "" : BenchReport.Figure(result.Workload, figure.Rate));
                    cells.Add(double.IsNaN(share) ? "" : $"{100 * share:0}");
                }
                cells.Add(order.Key ? "" : BenchReport.Short(result.Workload.Summary));
                Terminal.Row(table, [.. cells]);
            }
        Terminal.Write(table);
    }
}
