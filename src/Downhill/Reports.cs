namespace Downhill;

/// <summary>One update, as it went.</summary>
/// <param name="Step">Steps done, this one included.</param>
/// <param name="Epoch">Epoch the step belongs to, from 1.</param>
/// <param name="Loss">Data term of the objective on this batch: mean or sum over its rows, as the run's reduction
/// says.</param>
/// <param name="LearningRate">Rate used, schedule applied.</param>
/// <param name="GradientNorm">Euclidean norm of the finished gradient, NaN when nobody asked for it.</param>
/// <param name="Rows">Rows in the batch.</param>
/// <param name="IsFinite">False when loss or gradient were not finite; then nothing was updated.</param>
public readonly record struct StepReport(
    long Step, int Epoch, double Loss, double LearningRate, double GradientNorm, int Rows, bool IsFinite);

/// <summary>One pass over the training rows, as it went.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Step">Steps done so far.</param>
/// <param name="TrainLoss">Data term over the epoch's rows, each measured just before its update.</param>
/// <param name="Penalty">L1 and L2 terms after the epoch.</param>
/// <param name="ValidationLoss">Loss of the validation part after the epoch, NaN without one.</param>
/// <param name="ValidationScore">Accuracy, or R² for regression, of the validation part; NaN without one.</param>
/// <param name="LearningRate">Rate of the epoch's last step.</param>
/// <param name="GradientNorm">Largest gradient norm of the epoch's steps, NaN when nobody asked for it.</param>
/// <param name="IsBest">Whether these weights are the best so far by validation loss.</param>
/// <param name="TrainSquaredError">The lecture's average squared error per epoch (L19): (1/(N·P))·ΣΣ(t−o)² over the
/// epoch's
/// N rows (by weight) and P outputs, targets as coded, each row measured with its loss, whatever the loss is.</param>
/// <param name="TrainAccuracy">Share of the epoch's rows (by weight) whose class was right, measured with the loss; NaN
/// for
/// regression.</param>
public readonly record struct EpochReport(
    int Epoch, long Step, double TrainLoss, double Penalty, double ValidationLoss, double ValidationScore,
    double LearningRate, double GradientNorm, bool IsBest,
    double TrainSquaredError = double.NaN, double TrainAccuracy = double.NaN);

/// <summary>Why a run ended.</summary>
/// <param name="Rule">"epochs", "time", "cancelled", "diverged", "converged", or the stopping rule as it is written,
/// with
/// its numbers.</param>
/// <param name="Text">The same for a reader, with the numbers that decided.</param>
public sealed record StopReason(string Rule, string Text)
{
    public bool IsDiverged => Rule == "diverged";
    public bool IsCancelled => Rule == "cancelled";
}
