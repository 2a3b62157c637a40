using System.CommandLine;
using System.Globalization;
using Downhill.Data;

namespace Downhill.Cli;

// `train --folds` and `--folds-file`: cross-validation; a model comes of it only where one is asked for.
internal sealed partial class TrainCommand
{
    private Split[]? ReadFolds(ParseResult words, Dataset set, ulong seed)
    {
        string? count = words.GetValue(folds), file = words.GetValue(foldsFile);
        if (count is null && file is null) return null;
        (string Name, bool IsSet)[] others =
        [
            (test.Name, words.GetValue(test) is not null), (checkpoint.Name, words.GetValue(checkpoint) is not null),
            (resume.Name, words.GetValue(resume) is not null), (report.Name, words.GetValue(report) is not null),
            (log.Name, words.GetValue(log) is not null), (folds.Name + " too", count is not null && file is not null),
        ];
        string option = file is null ? folds.Name : foldsFile.Name;
        foreach ((string name, bool isSet) in others)
            if (isSet) Throw.Input(option, "nothing that belongs to a single run", name, "Leave one of them out.");
        if (IsPerceptron(words))
            Throw.Input(option, "an optimizer that follows a gradient", "the perceptron rule",
                "Leave one of them out.");
        return file is null
            ? Split.Folds(set, Values.Whole(folds.Name, count, 2, set.Rows, "5 or 10 are usual.")!.Value, seed)
            : FoldsFile(file, set.Rows);
    }

    /// <summary>A line per fold: the 0-based row numbers of its test part.</summary>
    private Split[] FoldsFile(string path, int rows)
    {
        if (!File.Exists(path))
            Throw.Input($"{foldsFile.Name} {path}", "a file with a line of row numbers per fold", "no such file",
                "Check the path.");
        List<Split> splits = [];
        int line = 0;
        foreach (string text in File.ReadLines(path))
        {
            line++;
            string[] parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0) continue;
            int[] test = new int[parts.Length];
            for (int i = 0; i < parts.Length; i++)
                if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out test[i]))
                    Throw.Input($"{path}, line {line}", $"row numbers from 0 to {rows - 1}, separated by blanks",
                        $"'{parts[i]}'",
                        "Rows are counted from 0, without the header.");
            try
            {
                splits.Add(Split.FromTest(rows, test));
            }
            catch (DownhillException error)
            {
                throw new DownhillException($"{path}, line {line}: {error.Message}", error);
            }
        }
        if (splits.Count == 0)
            Throw.Input(path, "a line of row numbers per fold", "an empty file",
                "Write the test rows of each fold on a line.");
        return [.. splits];
    }

    private int TrainFolds(ParseResult words, DataReading reading, Split[] splits, FitOptions options, bool isQuiet,
        bool isJson)
    {
        Dataset set = reading.Data;
        FitPlan first = FitPlan.Make(
            set.Subset(splits[0].Training), options with { Test = set.Subset(splits[0].Test), TestShare = null });
        string? path = words.GetValue(modelFile);
        if (path is not null) CheckWritable(modelFile.Name, path);
        if (!isQuiet)
            TrainReport.WriteChoice(Terminal, reading, first, null, null);
        System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        int done = 0;
        CrossValidation result = CrossValidation.Fit(set, splits, options with { Cancellation = Cancellation },
            (fold, fit) =>
        {
            done++;
            if (!isQuiet)
                Terminal.Error.WriteLine($"fold {fold + 1}: {Score(fit.Test!)} ({done} of {splits.Length} done)");
        });
        Cancellation.ThrowIfCancellationRequested();
        FitResult? whole = path is null ? null
            : Model.Fit(set, options with { TestShare = 0, Cancellation = Cancellation });
        if (whole is not null) whole.Model.Save(path!);
        if (isJson) FoldsReport.WriteJson(Terminal, set, first, result, whole, path, clock.Elapsed.TotalSeconds);
        else FoldsReport.Write(Terminal, set, result, whole, path, clock.Elapsed.TotalSeconds);
        return Cli.Done;
    }

    private static string Score(Metrics metrics) => metrics.Accuracy is double accuracy
        ? $"accuracy {MetricsTable.Percent(accuracy)}"
        : $"rmse {MetricsTable.Short(metrics.Rmse!.Value)}";

    /// <summary>Networks side by side as one model.</summary>
    private int TrainEnsemble(ParseResult words, DataReading reading, FitPlan plan, string modelPath, bool isQuiet,
        bool isJson)
    {
        foreach (
            GroupedOption<string?> option in (ReadOnlySpan<GroupedOption<string?>>)[checkpoint, resume, report, log])
            if (words.GetValue(option) is not null)
                Throw.Input(option.Name, "a single network", $"an ensemble of {plan.Members}",
                    $"Leave {option.Name} out, or say --ensemble 1.");
        if (!isQuiet) TrainReport.WriteChoice(Terminal, reading, plan, null, null);
        int told = -1;
        FitResult result = Ensemble.Fit(plan, epoch =>
        {
            int tenth = (int)(10L * epoch.Epoch / plan.Options.Epochs);
            if (isQuiet || (epoch.Epoch != 1 && tenth == told)) return;
            told = tenth;
            Terminal.Error.WriteLine($"epoch {epoch.Epoch}/{plan.Options.Epochs}  loss "
                + $"{MetricsTable.Loss(epoch.TrainLoss)} (mean of {plan.Members})");
        }, Cancellation);
        result.Model.Save(modelPath);
        if (isJson) TrainReport.WriteJson(Terminal, plan, result, modelPath);
        else TrainReport.Write(Terminal, plan, null, result, modelPath, null, reading.Data.Name);
        if (result.Stopped.IsDiverged) Terminal.Error.WriteLine($"downhill: {result.Stopped.Text}");
        return result.Stopped.IsDiverged ? Cli.Failed : result.Stopped.IsCancelled ? Cli.Interrupted : Cli.Done;
    }
}
