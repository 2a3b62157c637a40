using System.Text;

namespace Downhill.Cli.Report;

/// <summary>
/// The epochs of a run as they pass: the time each took, for the report, and a line each in the file of <c>--log</c>,
/// which is complete after every epoch.
/// </summary>
internal sealed class RunRecord : IDisposable
{
    private readonly Dictionary<int, double> seconds = [];
    private readonly StreamWriter? file;
    private readonly string head;
    private readonly double lossFactor;

    /// <param name="path">The file of <c>--log</c>, or null for none. A resumed run keeps the lines of its
    /// past.</param>
    /// <param name="plan">The run's plan.</param>
    /// <param name="session">The run, before it goes on.</param>
    /// <exception cref="DownhillException">A file that is there and is the log of something else.</exception>
    public RunRecord(string? path, FitPlan plan, TrainSession<float> session)
    {
        lossFactor = plan.Options.Reduction == Reduction.Sum ? 1.0 / plan.Rows.Length : 1;
        string score = plan.Data.Target.IsNumeric ? "r2" : "accuracy";
        head = $"epoch,step,train_loss,penalty,validation_loss,validation_{score}"
            + $",learning_rate,gradient_norm,best,seconds";
        if (session.State.Position == 0) seconds[session.State.Epoch] = session.State.Seconds;
        if (path is null) return;
        List<string> past = Past(path, session.State);
        file = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read),
            new UTF8Encoding(false))
        { NewLine = "\n" };
        file.WriteLine(head);
        foreach (string line in past) file.WriteLine(line);
        file.Flush();
    }

    /// <summary>Rows per second of an epoch, NaN where it was not seen as a whole.</summary>
    public double SecondsOf(int epoch) =>
        seconds.TryGetValue(epoch, out double end) && seconds.TryGetValue(epoch - 1, out double start)
            ? end - start : double.NaN;

    /// <summary>An epoch is over.</summary>
    public void Passed(in EpochReport report, TrainState<float> state)
    {
        seconds[report.Epoch] = state.Seconds;
        if (file is null) return;
        file.WriteLine(Line(report, state.Seconds));
        file.Flush();
    }

    public void Dispose() => file?.Dispose();

    private string Line(in EpochReport report, double at) => string.Join(',',
        $"{report.Epoch}", $"{report.Step}", Number(report.TrainLoss * lossFactor), Number(report.Penalty),
        Number(report.ValidationLoss), Number(report.ValidationScore), Number(report.LearningRate),
        Number(report.GradientNorm), report.IsBest ? "1" : "0", Number(at));

    private static string Number(double value) => double.IsNaN(value) ? "" : Written.Exact(value);

    /// <summary>Lines of the epochs before this run goes on: those in the file, or from the checkpoint's
    /// history.</summary>
    private List<string> Past(string path, TrainState<float> state)
    {
        Dictionary<string, string> known = [];
        if (state.History.Count > 0 && File.Exists(path) && new FileInfo(path).Length > 0)
        {
            string[] lines = File.ReadAllLines(path);
            if (lines[0] != head)
                Throw.Input($"--log {path}", "the log of the run that is resumed", "another file",
                    "Choose another name, or delete the file.");
            foreach (string line in lines.Skip(1)) known[line.Split(',')[0]] = line;
        }
        return [.. state.History.Select(h =>
        {
            string line = Line(h, double.NaN);
            // The time is all that a checkpoint does not know of each epoch.
            return known.TryGetValue($"{h.Epoch}", out string? old) && old.StartsWith(line, StringComparison.Ordinal)
                ? old : line;
        })];
    }
}
