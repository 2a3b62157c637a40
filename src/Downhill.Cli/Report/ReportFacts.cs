namespace Downhill.Cli.Report;

/// <summary>Everything that a report shows: the plan, the result, and the answers to the rows it is judged
/// by.</summary>
internal sealed class ReportFacts
{
    private ReportFacts(FitPlan plan, FitResult result, RunRecord record) =>
        (Plan, Result, Record) = (plan, result, record);

    public FitPlan Plan { get; }
    public FitResult Result { get; }
    public RunRecord Record { get; }

    /// <summary>The command that does the same again.</summary>
    public required string Command { get; init; }

    /// <summary>How this program is called.</summary>
    public required string Program { get; init; }

    /// <summary>DATA as it was written.</summary>
    public required string DataWord { get; init; }

    /// <summary>Where the model is.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Epochs done.</summary>
    public required int Epochs { get; init; }

    /// <summary>Rows of an unfinished epoch.</summary>
    public required int Position { get; init; }

    /// <summary>The epoch whose weights are the result, 0 for the last.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>"test", "validation" or "training": the part that the answers are shown of.</summary>
    public required string Part { get; init; }

    public required Metrics Shown { get; init; }
    public required Dataset Source { get; init; }

    /// <summary>Answers in the order of the rows; rows of weight 0 are left out.</summary>
    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>What each column is worth, null where it was not measured.</summary>
    public PermutationImportance? Importance { get; private init; }

    /// <summary>Why <see cref="Importance"/> was not measured of a run that did not diverge, else null.</summary>
    public string? ImportanceLeftOut { get; private init; }

    public Model Model => Result.Model;
    public Preparation Preparation => Result.Model.Preparation;
    public Target Target => Plan.Data.Target;
    public bool IsClass => Target.IsClass;

    /// <summary>Passes over rows in a second of training, as <c>train --json</c> reports it.</summary>
    public double SamplesPerSecond => ((double)Epochs * Plan.Rows.Length + Position) / Result.Seconds;

    /// <summary>Factor from the loss of an epoch to that of a row.</summary>
    public double LossFactor => Plan.Options.Reduction == Reduction.Sum ? 1.0 / Plan.Rows.Length : 1;

    /// <summary>Whether outputs can be read as probabilities.</summary>
    public bool HasProbabilities =>
        IsClass && (Plan.Network.Output.Range.SumsToOne
            || (Preparation.SingleOutput && Plan.Network.Output.Range == new OutputRange(0, 1)));

    public static ReportFacts Of(
        FitPlan plan, TrainSession<float> session, FitResult result, RunRecord record, string command, string program,
        string dataWord, string modelPath)
    {
        (string part, Metrics shown, Dataset source, int[] rows) =
            result.Test is not null ? ("test", result.Test, plan.TestSource, plan.TestRows)
            : result.Validation is not null
                ? ("validation", result.Validation, plan.ValidationSource, plan.ValidationRows)
            : ("training", result.Train, plan.Data, plan.Rows);
        List<Answer> answers = new(rows.Length);
        result.Model.Evaluate(source, rows, (place, cost, outputs) =>
        {
            double weight = source.Weights?[rows[place]] ?? 1;
            if (weight > 0) answers.Add(new(rows[place], cost, weight, outputs));
        });
        (PermutationImportance? worth, string? leftOut) = result.Stopped.IsDiverged ? (null, null)
            : ImportanceSection.Measure(result.Model, source, [.. answers.Select(a => a.Row)]);
        return new(plan, result, record)
        {
            Command = command, Program = program, DataWord = dataWord, ModelPath = modelPath,
            Epochs = session.State.Epoch, Position = session.State.Position,
            BestEpoch = plan.Options.KeepBest ? session.State.BestEpoch : 0,
            Part = part, Shown = shown, Source = source, Answers = answers,
            Importance = worth, ImportanceLeftOut = leftOut,
        };
    }

    /// <summary>What an output says about a class: of a single output both sides.</summary>
    public double ScoreOf(Answer answer, int code)
    {
        if (!Preparation.SingleOutput) return answer.Outputs[code];
        double output = answer.Outputs[0];
        return code == 1 ? output : Preparation.TargetLow + Preparation.TargetHigh - output;
    }

    public int ActualOf(Answer answer) => Source.Classes[answer.Row];

    public int ClassOf(Answer answer) => Preparation.ClassOf<float>(answer.Outputs);

    /// <summary>The number predicted, in the target's units.</summary>
    public double ValueOf(Answer answer, int target) => Preparation.ValueOf(answer.Outputs[target], target);

    public double ActualOf(Answer answer, int target) => Source.Values[answer.Row * Target.Names.Count + target];
}

/// <summary>What the model said to a row.</summary>
/// <param name="Row">Row of the source, from 0.</param>
/// <param name="Cost">Its loss.</param>
/// <param name="Weight">What it counts.</param>
/// <param name="Outputs">The network's outputs.</param>
internal sealed record Answer(int Row, double Cost, double Weight, float[] Outputs);
