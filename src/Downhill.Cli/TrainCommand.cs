using System.CommandLine;
using Downhill.Cli.Report;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary><c>downhill train</c>: from data to a model file, with everything that was chosen printed.</summary>
internal sealed partial class TrainCommand
{
    protected override int Run(ParseResult words)
    {
        bool isJson = words.GetValue(json), isQuiet = words.GetValue(quiet) || isJson;
        string name = words.GetValue(data) ?? "digits";
        FitOptions options = ReadOptions(words);
        string? checkpointPath = words.GetValue(checkpoint), resumePath = words.GetValue(resume);
        (int? everyEpochs, TimeSpan? everyTime) = Every(words);

        TableOptions layout = ReadLayout(words);
        DataReading reading = DataArgument.Open(name, layout);
        Dataset set = reading.Data;
        Split[]? splits = ReadFolds(words, set, options.Seed);
        if (splits is not null)
            return TrainFolds(words, reading, splits,
                options with { Validation = Part(words.GetValue(validation), "--validation", set, layout) }, isQuiet,
                    isJson);
        string modelPath = words.GetValue(modelFile) ?? $"{set.Name}.safetensors";
        CheckWritable("--model", modelPath);
        if (checkpointPath is not null) CheckWritable("--checkpoint", checkpointPath);
        string? reportPath = words.GetValue(report), logPath = words.GetValue(log);
        CheckPages(reportPath, logPath, modelPath, checkpointPath);
        options = options with
        {
            Test = Part(words.GetValue(test), "--test", set, layout),
            Validation = Part(words.GetValue(validation), "--validation", set, layout)
        };

        if (IsPerceptron(words))
        {
            if ((reportPath ?? logPath) is not null)
                Throw.Input(reportPath is null ? log.Name : report.Name, "an optimizer that follows a gradient",
                    "the perceptron rule", "It has no epochs to show: leave the option out.");
            return TrainPerceptron(set, options, modelPath, resumePath ?? checkpointPath, isJson);
        }

        FitPlan plan;
        TrainSession<float> session;
        if (resumePath is null)
        {
            plan = FitPlan.Make(set, options);
            if (plan.Members > 1) return TrainEnsemble(words, reading, plan, modelPath, isQuiet, isJson);
            session = plan.Start();
        }
        else
        {
            (plan, session) = Resume(words, resumePath, set, options);
        }
        using (session)
        {
            Cancellation.ThrowIfCancellationRequested();
            if (!isQuiet)
            {
                TrainReport.WriteChoice(Terminal, reading, plan, session, resumePath);
                if (options.Optimizer?.IndexOf("gamma") is >= 0 and int gamma
                    && options.Optimizer.Arguments[gamma] == 1)
                    Terminal.Error.WriteLine(
                        "note      momentum 1 loses no speed: the run may circle its goal for ever");
            }
            using RunRecord record = new(logPath, plan, session);
            StopReason stopped =
                Train(plan, session, record, isQuiet, checkpointPath, everyEpochs,
                everyTime ?? (everyEpochs is null ? TimeSpan.FromMinutes(1) : null));
            if (checkpointPath is not null && !stopped.IsDiverged) Checkpoint.Save(checkpointPath, plan, session);

            FitResult result = plan.Finish(session);
            result.Model.Save(modelPath);
            if (reportPath is not null)
            {
                ReportFacts facts = ReportFacts.Of(plan, session, result, record,
                    CommandWords.Of(Terminal.Command, words, name, plan), Terminal.Command, name, modelPath);
                HtmlReport.Write(reportPath, facts);
                if (!isQuiet && facts.ImportanceLeftOut is string why)
                    Terminal.Error.WriteLine($"note      the report does not say what the columns are worth: {why}; "
                        + "evaluate --importance does");
            }
            if (isJson) TrainReport.WriteJson(Terminal, plan, session, result, modelPath);
            else TrainReport.Write(Terminal, plan, session, result, modelPath, checkpointPath, name, reportPath,
                logPath);
            if (stopped.IsDiverged)
                Terminal.Error.WriteLine($"downhill: {stopped.Text} The last good weights are in {modelPath}.");
            return stopped.IsDiverged ? Cli.Failed : stopped.IsCancelled ? Cli.Interrupted : Cli.Done;
        }
    }

    /// <summary>Rosenblatt's rule instead of a gradient: its answer is part of the result (lecture L3).</summary>
    private int TrainPerceptron(Dataset set, FitOptions options, string modelPath, string? statePath, bool isJson)
    {
        if (statePath is not null)
            Throw.Input("--checkpoint and --resume", "an optimizer that follows a gradient", "the perceptron rule",
                "It is quick: leave them out.");
        PerceptronResult result = PerceptronModel.Fit(set, options with { Cancellation = Cancellation });
        result.Fit.Model.Save(modelPath);
        TrainReport.WritePerceptron(Terminal, set, options, result, modelPath, isJson);
        return result.Fit.Stopped.IsCancelled ? Cli.Interrupted : Cli.Done;
    }

    private StopReason Train(
        FitPlan plan, TrainSession<float> session, RunRecord record, bool isQuiet, string? checkpointPath,
            int? everyEpochs,
            TimeSpan? everyTime)
    {
        ProgressLine progress = new(Terminal, isQuiet, plan.Options, plan.Rows.Length, session.StepsPerEpoch,
            session.State.Step, plan.Data.Target.IsNumeric ? "r²" : "accuracy");
        double saved = session.State.Seconds;
        try
        {
            return session.Run(
                epoch =>
                {
                    progress.Passed(epoch, session.State);
                    record.Passed(epoch, session.State);
                    if (checkpointPath is not null && everyEpochs is int epochs && epoch.Epoch % epochs == 0)
                        Checkpoint.Save(checkpointPath, plan, session);
                },
                cancellation: Cancellation,
                regularly: step =>
                {
                    progress.Stepped(step, session.State);
                    if (checkpointPath is null || everyTime is not TimeSpan time || !step.IsFinite
                        || session.State.Seconds - saved < time.TotalSeconds) return;
                    saved = session.State.Seconds;
                    Checkpoint.Save(checkpointPath, plan, session);
                });
        }
        finally
        {
            progress.End();
        }
    }

    /// <summary>A run from a checkpoint. What would change its past is refused by name; what is as it was may be said
    /// again.</summary>
    private (FitPlan, TrainSession<float>) Resume(ParseResult words, string path, Dataset set, FitOptions options)
    {
        (FitPlan plan, TrainSession<float> session) =
            Checkpoint.Load(path, set, options.Test, options.Validation, saved => saved with
            {
                Epochs = options.Epochs ?? saved.Epochs,
                Time = options.Time,
                Stop = options.Stop ?? saved.Stop,
                Calibrate = options.Calibrate ?? saved.Calibrate,
                Threads = options.Threads,
            });
        FitPlan wanted = FitPlan.Make(set, options with { Stop = null, Recipe = options.Recipe ?? plan.Recipe });
        TrainOptions now = wanted.Options, was = plan.Options;
        (Option Option, object Now, object Was)[] fixedOnes =
        [
            (recipe, wanted.Recipe, plan.Recipe),
            (hidden, wanted.Network, plan.Network), (embed, wanted.Network, plan.Network),
                (featureScale, wanted.Network, plan.Network),
                (activation, wanted.Network, plan.Network),
                (output, wanted.Network, plan.Network),
            (connections, wanted.Network, plan.Network), (dropout, wanted.Network, plan.Network),
                (batchNorm, wanted.Network, plan.Network),
            (initializer, wanted.Network, plan.Network),
            (loss, now.Loss, was.Loss), (reduction, now.Reduction, was.Reduction),
                (optimizer, now.Optimizer, was.Optimizer),
            (momentum, now.Optimizer, was.Optimizer),
                (learningRate, now.EffectiveLearningRate, was.EffectiveLearningRate),
            (batch, now.Batch, was.Batch), (l1, now.L1, was.L1), (l2, now.L2, was.L2),
                (weightDecay, now.EffectiveWeightDecay, was.EffectiveWeightDecay),
            (clip, now.Clip, was.Clip), (seed, now.Seed, was.Seed), (arithmetic, now.Arithmetic, was.Arithmetic),
                (keep, now.KeepBest, was.KeepBest),
            (schedule, string.Join(",", now.Schedules), string.Join(",", was.Schedules)),
        ];
        string? refused = words.GetValue(from) is not null ? from.Name
            : fixedOnes.FirstOrDefault(f =>
                words.GetResult(f.Option) is { Implicit: false } && !f.Now.Equals(f.Was)).Option?.Name;
        if (refused is not null)
        {
            session.Dispose();
            Throw.Input(refused, $"the value of the run in {path}", "another",
                "A resumed run may change --epochs, --time, --stop and --threads only; leave the rest out.");
        }
        if (session.State.Epoch >= plan.Options.Epochs)
        {
            session.Dispose();
            Throw.Input("--resume " + path, "a run that is not over",
                $"one whose {plan.Options.Epochs} epochs are done",
                $"Say --epochs {2 * plan.Options.Epochs} to go on.");
        }
        return (plan, session);
    }

    private static Dataset? Part(string? text, string option, Dataset set, TableOptions layout)
    {
        if (Values.ShareOrFile(option, text).File is not string path) return null;
        if (!DataArgument.IsTable(path) && !Directory.Exists(path))
            Throw.Input($"{option} {path}", "a share of the rows from 0 to below 1, or a file", "no such file",
                "Check the path.");
        return DataArgument.Open(path, set.Inputs, set.Target, needTarget: true, layout with { Ignore = null }).Data;
    }

    /// <summary>The files besides the model: each in a folder that is there, none in another's place.</summary>
    private static void CheckPages(string? reportPath, string? logPath, string modelPath, string? checkpointPath)
    {
        (string Option, string? Path)[] files =
            [("--model", modelPath), ("--checkpoint", checkpointPath), ("--report", reportPath), ("--log", logPath)];
        foreach ((string option, string? path) in files[2..])
        {
            if (path is null) continue;
            CheckWritable(option, path);
            foreach ((string other, string? taken) in files)
                if (other != option && taken is not null && Path.GetFullPath(taken) == Path.GetFullPath(path))
                    Throw.Input($"{option} {path}", "a file of its own", $"that of {other}", "Choose another name.");
        }
    }

    /// <summary>Finds out before training what would be found out after it.</summary>
    private static void CheckWritable(string option, string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        if (Directory.Exists(path)) Throw.Input($"{option} {path}", "a file name", "a folder", "Add a file name.");
        if (!Directory.Exists(folder))
            Throw.Input($"{option} {path}", "an existing folder", $"{folder}, which does not exist",
                "Create it or choose another.");
        string probe = Path.Combine(folder, $".downhill-{Environment.ProcessId}");
        try
        {
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DownhillException($"{option} {path}: expected a folder that may be written to, got {folder}, "
                + "where nothing can be created. Choose another.", error);
        }
    }
}
