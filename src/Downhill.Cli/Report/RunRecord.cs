using System.Text;

namespace Downhill.Cli.Report;

/// <summary>
/// The epochs of a run as they pass: the time each took, for the report, and a line each in the file of <c>--log</c>,
/// which is complete after every epoch.
/// </summary>
internal sealed class RunRecord : IDisposable
{
    private readonly Dictionary<int, double> seconds = [];
    private (int Epoch, double Seconds) last = (-1, double.NaN);
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
        if (session.State.Position == 0) last = (session.State.Epoch, session.State.Seconds);
        if (path is null) return;
        IEnumerable<string> past = Past(path, session.State);
        file = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read),
            new UTF8Encoding(false))
        { NewLine = "\n" };
        file.WriteLine(head);
        foreach (string line in past) file.WriteLine(line);
        file.Flush();
    }

    /// <summary>Seconds of an epoch in the history, NaN where it was not seen as a whole.</summary>
    public double SecondsOf(int epoch) => seconds.GetValueOrDefault(epoch, double.NaN);

    /// <summary>An epoch is over.</summary>
    public void Passed(in EpochReport report, TrainState<float> state)
    {
        if (last.Epoch == report.Epoch - 1) seconds[report.Epoch] = state.Seconds - last.Seconds;
        last = (report.Epoch, state.Seconds);
        if (seconds.Count > 2 * EpochHistory.Most)
        {
            HashSet<int> kept = [.. state.History.Select(h => h.Epoch)];
            foreach (int epoch in seconds.Keys.Where(e => !kept.Contains(e)).ToArray()) seconds.Remove(epoch);
        }
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

    /// <summary>Lines of the epochs before this run goes on: from the checkpoint's history, and of epochs that it left
    /// out those in the file.</summary>
    private IEnumerable<string> Past(string path, TrainState<float> state)
    {
        SortedDictionary<int, string> lines = [];
        if (state.History.Count > 0 && File.Exists(path) && new FileInfo(path).Length > 0)
        {
            string[] old = File.ReadAllLines(path);
            if (old[0] != head)
                Throw.Input($"--log {path}", "the log of the run that is resumed", "another file",
                    "Choose another name, or delete the file.");
            foreach (string line in old.Skip(1))
                if (int.TryParse(line.Split(',')[0], out int epoch) && epoch <= state.Epoch) lines[epoch] = line;
        }
        foreach (EpochReport report in state.History)
        {
            string line = Line(report, double.NaN);
            // The time is all that a checkpoint does not know of each epoch.
            if (!lines.TryGetValue(report.Epoch, out string? known)
                || !known.StartsWith(line, StringComparison.Ordinal)) lines[report.Epoch] = line;
        }
        return lines.Values;
    }
}
