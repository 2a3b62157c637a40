using System.Buffers;
using System.Text;
using System.Text.Json;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary>What <c>train</c> says: what was chosen, and what came of it.</summary>
internal static class TrainReport
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" ()&;'\"*?$<>|");

    public static void WriteChoice(Terminal terminal, DataReading reading, FitPlan plan, TrainSession<float>? session,
        string? resumed)
    {
        TrainOptions options = plan.Options;
        NetworkSpec network = plan.Network;
        string goal = TargetWords.Count(plan.Data.Target);
        if (reading.Data.Source.Length > 0 && reading.Summary.StartsWith(reading.Data.Source, StringComparison.Ordinal))
            Line("read", reading.Summary);
        foreach (string note in reading.Notes) Line("", note);
        Line("data",
            $"{plan.Data.Name}: {plan.Data.Inputs.Count} inputs, {goal}; {MetricsTable.Count(plan.Rows.Length)} train"
            + Held(plan.ValidationRows, "validation") + Held(plan.TestRows, "test") + " rows");
        Line("prepared", PreparationWords.Of(plan.Preparation)
            + (plan.Preparation.LogTargets ? "; targets as ln(1 + v)" : ""));
        string[] hidden =
            [.. network.Layers.SkipLast(1).Select(l =>
            l switch { Dense { IsEmbedding: true } => "vectors for categories", Dense d => d.Activation.ToString(),
                BatchNorm b => $"batch_norm {b.Activation}", Dropout d =>
            $"dropout({Numbers.Text(d.Rate)})", _ => l.Kind }).Distinct()];
        Line("network",
            $"{network}, {string.Concat(hidden.Select(h => $"{h}, "))}{network.Output} output; "
            + $"{MetricsTable.Count(network.ParameterCount)} parameters"
            + (plan.From is null ? $" from {string.Join(", ", network.Layers.OfType<Dense>().Select(d =>
                (d.Initializer ?? Initializers.For(d.Activation)).ToString()).Distinct())}" : " from the model given")
            + (network.Layers.OfType<Dense>().Any(d => d.ForwardScale != ForwardScale.None)
            ? ", sums divided by √inputs" : ""));
        Line("recipe", $"{plan.Recipe.Name}: {plan.Recipe.Summary}"
            + (plan.Members > 1 ? $"; an ensemble of {plan.Members}" : ""));
        StringBuilder learning = new($"{options.Loss}, {options.Optimizer}");
        if (options.Optimizer.Method is null)
            learning.Append($", learning rate {Numbers.Text(options.EffectiveLearningRate)}");
        foreach (ScheduleOf schedule in options.Schedules)
            learning.Append(schedule.Parameter == "learning_rate" ? $" ({schedule.Schedule})"
                : $", {schedule.Parameter} by {schedule.Schedule}");
        if (options.LayerRates is not null) learning.Append($", layers' rates {options.LayerRates}");
        if (options.Augment.Count > 0) learning.Append($", images distorted by {string.Join(",", options.Augment)}");
        if (options.Reduction == Reduction.Sum) learning.Append(", sum");
        if (options.ClassWeights is not null)
            learning.Append($", class weights {string.Join(",", options.ClassWeights.Select(MetricsTable.Short))}");
        foreach ((string name, double value) in (ReadOnlySpan<(string, double)>)[("l1", options.L1), ("l2", options.L2),
            ("weight decay", options.EffectiveWeightDecay), ("clip", options.Clip)])
            if (value != 0) learning.Append($", {name} {Numbers.Text(value)}");
        learning.Append(options.Batch == 0 ? ", all rows at once"
            : $", batch {options.Batch}").Append($", seed {options.Seed}");
        Line("learning", learning.ToString());
        string stop = string.Concat(options.Stop.Select(s => $" or {s}"));
        string kept = plan.ValidationRows.Length == 0 ? ""
            : $"; the {(options.KeepBest ? "best" : "last")} weights are kept";
        string time = options.Time is TimeSpan limit ? $" or {Numbers.Text(limit.TotalSeconds)} s" : "";
        Line("stopping",
            $"{MetricsTable.Count(options.Epochs)} epochs{time}{stop}{kept}");
        if (resumed is not null)
            Line("resumed", $"{resumed}, after epoch {session!.State.Epoch}, step {session.State.Step}");

        static string Held(int[] rows, string purpose) =>
            rows.Length == 0 ? "" : $", {MetricsTable.Count(rows.Length)} {purpose}";

        void Line(string word, string text)
        {
            string start = word.PadRight(10);
            foreach (string line in HelpPage.Wrap(text, terminal.Width - start.Length))
            {
                terminal.Error.WriteLine(start + line);
                start = new string(' ', start.Length);
            }
        }
    }

    public static void Write(
        Terminal terminal, FitPlan plan, TrainSession<float>? session, FitResult result, string modelPath,
            string? checkpoint, string data, string? report = null, string? log = null)
    {
        if (!result.Stopped.IsDiverged)
        {
            terminal.Out.WriteLine();
            LossPlot.Write(terminal, result.History,
                plan.Options.Reduction == Reduction.Sum ? 1.0 / plan.Rows.Length : 1,
                plan.Options.KeepBest ? session?.State.BestEpoch ?? 0 : 0);
            MetricsTable.Write(terminal, ("train", result.Train), ("validation", result.Validation),
                ("test", result.Test));
            (string part, Metrics shown) = result.Test is not null ? ("test rows", result.Test)
                : result.Validation is not null ? ("validation rows", result.Validation)
                    : ("training rows", result.Train);
            if (shown.Confusion is not null) ConfusionTable.Write(terminal, part, plan.Data.Target, shown.Confusion);
            else TargetsTable.Write(terminal, part, plan.Data.Target, shown);
            terminal.Out.WriteLine();
        }
        string epochs =
            $"{MetricsTable.Count(result.Model.Training!.Epochs)} epoch"
                + $"{(result.Model.Training.Epochs == 1 ? "" : "s")} in {Seconds(result.Seconds)}";
        Line("stopped", result.Stopped.Rule == "epochs" ? $"after all {epochs}"
            : $"after {epochs}: " + (result.Stopped.IsDiverged ? "diverged"
                : result.Stopped.IsCancelled ? "interrupted" : result.Stopped.Text));
        if (result.Calibration is CalibrationReport calibration) Line("calibrated", TargetWords.Of(calibration));
        Line("model", $"{modelPath} ({MetricsTable.Count(new FileInfo(modelPath).Length)} bytes)");
        if (checkpoint is not null && !result.Stopped.IsDiverged) Line("state", checkpoint);
        if (report is not null) Line("report", report);
        if (log is not null) Line("log", log);
        string next = result.Stopped.IsDiverged ? "" : result.Stopped.IsCancelled && checkpoint is not null
            ? $"train {Quoted(data)} --resume {Quoted(checkpoint)}"
                : $"explain {Quoted(modelPath)} {Quoted(data)} --row 1";
        if (next.Length > 0) Line("next", terminal.Paint($"{terminal.Command} {next}", Ink.Bold));

        void Line(string word, string text) =>
            terminal.Out.WriteLine($"  {terminal.Paint(word.PadRight(result.Calibration is null ? 9 : 12), Ink.Dim)}"
                + $"{text}");
    }

    public static void WriteJson(Terminal terminal, FitPlan plan, TrainSession<float> session, FitResult result,
        string modelPath) =>
        WriteJson(terminal, plan.Data, (plan.Rows.Length, plan.ValidationRows.Length, plan.TestRows.Length),
            (session.State.Epoch, (double)session.State.Epoch * plan.Rows.Length + session.State.Position),
            plan.Options.Seed, result, modelPath, []);

    /// <summary>The same for networks that were trained side by side.</summary>
    public static void WriteJson(Terminal terminal, FitPlan plan, FitResult result, string modelPath) =>
        WriteJson(terminal, plan.Data, (plan.Rows.Length, plan.ValidationRows.Length, plan.TestRows.Length),
            (result.Model.Training!.Epochs, (double)result.Model.Training.Epochs * plan.Members * plan.Rows.Length),
            plan.Options.Seed, result, modelPath, []);

    private static void WriteJson(
        Terminal terminal, Dataset data, (int Train, int Validation, int Test) rows, (int Epochs, double Samples) done,
        ulong seed, FitResult result, string modelPath, IReadOnlyList<PerceptronAnswer> answers) =>
        JsonReport.Write(terminal, json =>
        {
            json.WriteString("data", data.Name);
            json.WriteString("task", TargetWords.Task(data.Target));
            json.WriteStartObject("rows");
            json.WriteNumber("train", rows.Train);
            json.WriteNumber("validation", rows.Validation);
            json.WriteNumber("test", rows.Test);
            json.WriteEndObject();
            json.WriteString("network", result.Model.Spec.ToString());
            json.WriteNumber("parameters", result.Model.Spec.ParameterCount);
            json.WriteNumber("epochs", done.Epochs);
            json.WriteNumber("steps", result.Steps);
            json.WriteString("stopped", result.Stopped.Rule);
            if (answers.Count > 0)
            {
                json.WriteStartArray("answers");
                foreach (PerceptronAnswer answer in answers) json.WriteStringValue(answer.Text);
                json.WriteEndArray();
            }
            JsonReport.Number(json, "seconds", result.Seconds);
            JsonReport.Number(json, "samplesPerSecond", done.Samples / result.Seconds);
            json.WriteNumber("seed", seed);
            JsonReport.Metrics(json, "train", data.Target, result.Train);
            JsonReport.Metrics(json, "validation", data.Target, result.Validation);
            JsonReport.Metrics(json, "test", data.Target, result.Test);
            JsonReport.Calibration(json, result.Calibration);
            json.WriteString("weightsHash", result.Model.WeightsHash);
            json.WriteString("model", modelPath);
        });

    /// <summary>The weights that separate or the combination that vanishes, where it is short enough to be
    /// read.</summary>
    private static string? Proof(Dataset data, PerceptronAnswer answer, int positive)
    {
        const int Readable = 8;
        if (answer is Separable { Weights.Count: <= Readable } separable)
            return $"w = ({string.Join(", ", separable.Weights.Select(w => $"{w:G4}"))}), b = {separable.Bias:G4}";
        if (answer is not NotSeparable { Certificate: { Rows.Count: <= Readable } certificate }
            || data.NumericCount > Readable
            || data.CategoryCount > 0 || certificate.Multipliers.Any(m => m > 1_000_000)) return null;
        int[] targets = [.. data.Classes.Select(c => c == positive ? 1 : -1)];
        return $"rows {string.Join(", ", certificate.Rows.Select(r => r + 1))}: "
            + certificate.ToText(data.NumericCount, data.Numeric, targets);
    }

    /// <summary>What the perceptron rule gave: its answer for each pair of sides, then the model as ever.</summary>
    public static void WritePerceptron(
        Terminal terminal, Dataset data, FitOptions options, PerceptronResult perceptron, string modelPath, bool isJson)
    {
        FitResult result = perceptron.Fit;
        int rows = result.Train.Rows, epochs = result.History.Count;
        if (isJson)
        {
            WriteJson(terminal, data, (rows, result.Validation?.Rows ?? 0, result.Test?.Rows ?? 0),
                (epochs, (double)epochs * rows), options.Seed, result, modelPath, perceptron.Answers);
            return;
        }
        terminal.Out.WriteLine();
        MetricsTable.Write(terminal, ("train", result.Train), ("validation", result.Validation), ("test", result.Test));
        ConfusionTable.Write(terminal, result.Test is null ? "training rows" : "test rows", data.Target,
            (result.Test ?? result.Train).Confusion!);
        terminal.Out.WriteLine();
        for (int i = 0; i < perceptron.Answers.Count; i++)
        {
            bool isPair = perceptron.Answers.Count == 1;
            Line(i == 0 ? "answer" : "",
                (isPair ? "" : $"{data.Target.Classes[i]} against the rest: ") + perceptron.Answers[i].Text);
            if (Proof(data, perceptron.Answers[i], isPair ? 1 : i) is string proof) Line("", proof);
        }
        Line("stopped", $"after {MetricsTable.Count(epochs)} passes and {MetricsTable.Count((int)result.Steps)}"
            + $" mistakes in {Seconds(result.Seconds)}");
        Line("model", $"{modelPath} ({MetricsTable.Count(new FileInfo(modelPath).Length)} bytes)");

        void Line(string word, string text)
        {
            string start = $"  {terminal.Paint(word.PadRight(9), Ink.Dim)}";
            foreach (string line in HelpPage.Wrap(text, terminal.Width - 11))
            {
                terminal.Out.WriteLine(start + line);
                start = new string(' ', 11);
            }
        }
    }

    private static string Seconds(double seconds) =>
        seconds < 10 ? $"{seconds:0.00} s" : seconds < 120 ? $"{seconds:0} s"
            : $"{TimeSpan.FromSeconds(seconds):h\\:mm\\:ss}";

    internal static string Quoted(string word) => word.AsSpan().ContainsAny(NeedsQuotes) ? $"'{word}'" : word;
}
