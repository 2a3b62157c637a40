namespace Downhill;

/// <summary>How one class is told from the others (or an average over classes), from the weighted confusion
/// matrix.</summary>
/// <param name="Precision">Right among the rows said to be of the class; 0 when there is none.</param>
/// <param name="Recall">Found among the rows of the class; 0 when there is none.</param>
/// <param name="F1">2·precision·recall/(precision + recall); 0 when both are 0.</param>
/// <param name="Support">Weight of the rows of the class.</param>
public readonly record struct ClassScore(double Precision, double Recall, double F1, double Support)
{
    /// <summary>From weights: of the class and said to be, not of it and said to be, of it and not said to
    /// be.</summary>
    internal static ClassScore Of(double right, double wronglySaid, double missed) =>
        new(Share(right, right + wronglySaid), Share(right, right + missed),
            Share(2 * right, 2 * right + wronglySaid + missed), right + missed);

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}

/// <summary>How one label is met: a row has it from an output of ½ on. From the weights of the rows that were rightly
/// or wrongly said to have it or not.</summary>
/// <param name="TruePositives">Have it and were said to.</param>
/// <param name="FalsePositives">Have it not and were said to.</param>
/// <param name="FalseNegatives">Have it and were said not to.</param>
/// <param name="TrueNegatives">Have it not and were said not to.</param>
public readonly record struct LabelScore(
    double TruePositives, double FalsePositives, double FalseNegatives, double TrueNegatives)
{
    /// <summary>Share of the rows whose answer is right.</summary>
    public double Accuracy =>
        (TruePositives + TrueNegatives) / (TruePositives + FalsePositives + FalseNegatives + TrueNegatives);

    /// <summary>Precision, recall, F1 and weight of the rows that have the label; 0 where there are none.</summary>
    public ClassScore Score => ClassScore.Of(TruePositives, FalsePositives, FalseNegatives);
}

/// <summary>How one numeric target is met, in its units.</summary>
/// <param name="Mse">Mean squared error.</param>
/// <param name="Rmse">Its root.</param>
/// <param name="Mae">Mean absolute error.</param>
/// <param name="R2">1 − squared error / squared deviation from the mean; NaN when the target is constant.</param>
public readonly record struct TargetScore(double Mse, double Rmse, double Mae, double R2);

/// <summary>
/// How good a model is on some rows. Means and sums are over the rows' weights, 1 each where the data have none. What
/// is marked <em>scores</em> is measured on request only (<see cref="Model.Evaluate"/> does, a run's validation does
/// not), null otherwise.
/// </summary>
public sealed record Metrics
{
    /// <summary>Bins of <see cref="CalibrationError"/>.</summary>
    public const int CalibrationBins = 15;

    /// <summary>Rows measured.</summary>
    public required int Rows { get; init; }

    /// <summary>Weighted mean of the rows' losses (targets scaled as in training).</summary>
    public required double Loss { get; init; }

    // ---- classes ----------------------------------------------------------------------------------------------------

    /// <summary>Share of rows whose class is right, 0 … 1; of labels (subset accuracy), of rows that have all of them
    /// right; null for regression.</summary>
    public double? Accuracy { get; init; }

    /// <summary>100·(1 − accuracy).</summary>
    public double? ErrorPercent => Accuracy is double accuracy ? 100 * (1 - accuracy) : null;

    /// <summary>[actual class, predicted class] row counts; null for regression.</summary>
    public int[,]? Confusion { get; init; }

    /// <summary>[actual class, predicted class] sums of row weights; null for regression.</summary>
    public double[,]? WeightedConfusion { get; init; }

    /// <summary>Scores: [k] is the weight of the rows whose own class has the k-th largest output, from 0. Among equal
    /// outputs the lower class comes first, as it does in the answer.</summary>
    public IReadOnlyList<double>? Ranks { get; init; }

    /// <summary>Precision, recall and F1 of each class; null for regression.</summary>
    public IReadOnlyList<ClassScore>? PerClass => WeightedConfusion is null ? null
        : [.. Enumerable.Range(0, WeightedConfusion.GetLength(0)).Select(ScoreOf)];

    /// <summary>The plain mean over the classes or labels (of F1 too); null for regression.</summary>
    public ClassScore? Macro => (PerClass ?? PerLabel?.Select(l => l.Score).ToArray()) is not { } each ? null
        : new(each.Average(c => c.Precision), each.Average(c => c.Recall), each.Average(c => c.F1),
            each.Sum(c => c.Support));

    /// <summary>All classes' or labels' counts together; with one class per row all three are the accuracy. Null for
    /// regression.</summary>
    public ClassScore? Micro => PerLabel is { } labels ? ClassScore.Of(labels.Sum(l => l.TruePositives),
            labels.Sum(l => l.FalsePositives), labels.Sum(l => l.FalseNegatives))
        : Accuracy is not double accuracy ? null
        : new(accuracy, accuracy, accuracy, PerClass?.Sum(c => c.Support) ?? Rows);

    /// <summary>Scores: area under the receiver's curve, the chance that a row of the class has a larger output than a
    /// row of another, a tie half (Hanley, McNeil, Radiology 143, 1982). For two classes of the second one; for more
    /// the mean over the classes, each against all others, that occur in the rows (and are not alone there).</summary>
    public double? RocAuc { get; init; }

    /// <summary>Scores: mean of −ln p of the right class (of labels, of the sum over them), where outputs are
    /// probabilities; p is kept from 2⁻⁵² to 1 − 2⁻⁵².</summary>
    public double? LogLoss { get; init; }

    /// <summary>Scores: mean of (p − y)² for the second of two classes, or of Σ over the classes of (p − y)² for more
    /// (Brier, Monthly Weather Review 78, 1950), where outputs are probabilities.</summary>
    public double? Brier { get; init; }

    /// <summary>Scores: expected calibration error, Σ share·|accuracy − confidence| over <see cref="CalibrationBins"/>
    /// equal bins (low, high] of the answer's probability (Guo et al., ICML 2017, eq. 3), where outputs are
    /// probabilities. Of labels, every yes and no is an answer.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Scores: the bins of <see cref="CalibrationError"/> that hold answers, where outputs are
    /// probabilities.</summary>
    public IReadOnlyList<ReliabilityBin>? Reliability { get; init; }

    // ---- labels -----------------------------------------------------------------------------------------------------

    /// <summary>How each label is met; null where there are none.</summary>
    public IReadOnlyList<LabelScore>? PerLabel { get; init; }

    /// <summary>Share of all answers, yes or no, that are right: 1 − the Hamming loss. Null where there are no
    /// labels.</summary>
    public double? LabelAccuracy => PerLabel?.Average(l => l.Accuracy);

    // ---- numbers ----------------------------------------------------------------------------------------------------

    /// <summary>Squared error in the target's units, mean over rows and targets; null for classification.</summary>
    public double? Mse { get; init; }

    /// <summary>Root of <see cref="Mse"/>.</summary>
    public double? Rmse => Mse is double mse ? Math.Sqrt(mse) : null;

    /// <summary>Mean absolute error, in the target's units.</summary>
    public double? Mae { get; init; }

    /// <summary>1 − squared error / squared deviation from the mean, averaged over the targets; NaN when one is
    /// constant.</summary>
    public double? R2 { get; init; }

    /// <summary>The same for each target; null for classification.</summary>
    public IReadOnlyList<TargetScore>? PerTarget { get; init; }

    /// <summary>Prechelt's E = 100·(oₘₐₓ−oₘᵢₙ)/(N·P)·ΣΣ(o−t)², where the outputs have a range (Proben1, 1994,
    /// §3.2).</summary>
    public double? SquaredErrorPercentage { get; init; }

    /// <summary>The one number by which people compare: accuracy, or R² for regression.</summary>
    public double Score => Accuracy ?? R2 ?? double.NaN;

    /// <summary>Share of rows whose class is among the <paramref name="k"/> largest outputs; null without
    /// scores.</summary>
    /// <exception cref="DownhillException">Fewer than 1.</exception>
    public double? TopK(int k)
    {
        if (k < 1) Throw.Input("Top-k accuracy", "k of 1 or more", $"{k}", "1 is the accuracy itself.");
        return Ranks is null ? null : Ranks.Take(k).Sum() / Ranks.Sum();
    }

    private ClassScore ScoreOf(int c)
    {
        double said = 0, support = 0, right = WeightedConfusion![c, c];
        for (int other = 0; other < WeightedConfusion.GetLength(0); other++)
        {
            said += WeightedConfusion[other, c];
            support += WeightedConfusion[c, other];
        }
        return ClassScore.Of(right, said - right, support - right);
    }
}
