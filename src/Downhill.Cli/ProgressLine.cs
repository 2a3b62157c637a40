using System.Diagnostics;

namespace Downhill.Cli;

/// <summary>
/// How training goes: one line that is redrawn on a terminal; otherwise a plain line now and then; nothing when quiet.
/// </summary>
internal sealed class ProgressLine(Terminal terminal, bool isQuiet, TrainOptions options, int rows, int stepsPerEpoch,
    long startStep, string scoreName)
{
    private const int Bar = 16;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(80), Tell = TimeSpan.FromSeconds(10);

    private readonly Stopwatch clock = Stopwatch.StartNew(), sinceWritten = Stopwatch.StartNew();
    private EpochReport last;
    private int toldTenth = -1;
    private bool isDrawn;

    /// <summary>Redraws the line when it is time.</summary>
    public void Stepped(in StepReport report, TrainState<float> state)
    {
        if (isQuiet || !terminal.ErrorIsTerminal || (isDrawn && sinceWritten.Elapsed < Redraw)) return;
        if (clock.Elapsed < Redraw) return; // what is over at once needs no bar
        sinceWritten.Restart();
        isDrawn = true;
        terminal.Error.Write($"\r{Text(report.Step, state)}\e[K");
        terminal.Error.Flush();
    }

    /// <summary>After an epoch: a plain line for the first, each tenth and when long nothing was said.</summary>
    public void Passed(in EpochReport report, TrainState<float> state)
    {
        last = report;
        if (isQuiet || terminal.ErrorIsTerminal) return;
        int tenth = (int)(10L * report.Epoch / options.Epochs);
        if (report.Epoch != 1 && tenth == toldTenth && sinceWritten.Elapsed < Tell) return;
        toldTenth = tenth;
        sinceWritten.Restart();
        terminal.Error.WriteLine($"epoch {report.Epoch}/{options.Epochs}  {Losses()}  {Speed(report.Step)}");
    }

    /// <summary>Takes the line away.</summary>
    public void End()
    {
        if (isDrawn) terminal.Error.Write("\r\e[K");
        isDrawn = false;
    }

    private string Text(long step, TrainState<float> state)
    {
        double share = options.Time is TimeSpan time
            ? Math.Max(state.Seconds / time.TotalSeconds, Share(step)) : Share(step);
        int full = (int)(Math.Clamp(share, 0, 1) * Bar);
        string bar = new string(terminal.HasUnicode ? '━' : '=', full)
            + new string(terminal.HasUnicode ? '─' : '-', Bar - full);
        double left = share > 0 ? clock.Elapsed.TotalSeconds * (1 - share) / Math.Max(share - StartShare, 1e-9) : 0;
        bool isFirst = last.Epoch == 0;
        return Fit(terminal.LineWidth - 1,
            new(0, [$"epoch {Math.Min(state.Epoch + 1, options.Epochs)}/{options.Epochs}"]),
            new(5, [bar]),
            new(1, [$"loss {MetricsTable.Loss(isFirst ? state.LastLoss : last.TrainLoss)}"]),
            new(3, isFirst ? [] : Validation()),
            new(4, [Speed(step)]),
            new(2, [$"≤{Clock(left)}"]));
    }

    /// <summary>A part of the line: its rank, the most important being 0, and its texts, the fullest first.</summary>
    internal readonly record struct Part(int Rank, string[] Texts);

    /// <summary>
    /// The parts for which there is room, in the order given. The more important chooses first, and what stands is
    /// whole: a number that is cut off is another number.
    /// </summary>
    internal static string Fit(int room, params Part[] parts)
    {
        string?[] shown = new string?[parts.Length];
        int used = -1;
        foreach (int k in Enumerable.Range(0, parts.Length).OrderBy(k => parts[k].Rank))
        {
            shown[k] = parts[k].Texts.FirstOrDefault(text => used + 1 + text.Length <= room);
            used += shown[k] is string text ? 1 + text.Length : 0;
        }
        return string.Join(' ', shown.Where(text => text is not null));
    }

    private double Share(long step) => (double)step / Math.Max(1, (double)stepsPerEpoch * options.Epochs);

    private double StartShare => Share(startStep);

    private string Losses() =>
        string.Join(' ', [$"loss {MetricsTable.Loss(last.TrainLoss)}", .. Validation().Take(1)]);

    /// <summary>How the validation rows go: loss and score, or the score alone; nothing without such rows.</summary>
    private string[] Validation()
    {
        if (double.IsNaN(last.ValidationLoss)) return [];
        string score = scoreName == "accuracy" ? $"{100 * last.ValidationScore:0.0} %"
            : $"r² {last.ValidationScore:0.000}";
        return [$"validation {MetricsTable.Loss(last.ValidationLoss)} {score}", $"validation {score}"];
    }

    private string Speed(long step)
    {
        double perSecond =
            (step - startStep) * (double)rows / stepsPerEpoch / Math.Max(1e-9, clock.Elapsed.TotalSeconds);
        return perSecond >= 1e6 ? $"{perSecond / 1e6:0.0}M/s" : perSecond >= 1e3 ? $"{perSecond / 1e3:0}k/s"
            : $"{perSecond:0}/s";
    }

    private static string Clock(double seconds)
    {
        if (!(seconds < 360000)) return "…";
        TimeSpan time = TimeSpan.FromSeconds(Math.Ceiling(seconds));
        return time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss") : time.ToString(@"m\:ss");
    }
}
