namespace Downhill;

/// <summary>How good a model is on some rows. Losses are means over the rows' weights.</summary>
public sealed record Metrics
{
    /// <summary>Rows measured.</summary>
    public required int Rows { get; init; }

    /// <summary>Weighted mean of the rows' losses (targets scaled as in training).</summary>
    public required double Loss { get; init; }

    /// <summary>Share of rows whose class is right, 0 … 1; null for regression.</summary>
    public double? Accuracy { get; init; }

    /// <summary>100·(1 − accuracy).</summary>
    public double? ErrorPercent => Accuracy is double accuracy ? 100 * (1 - accuracy) : null;

    /// <summary>[actual class, predicted class] row counts; null for regression.</summary>
    public int[,]? Confusion { get; init; }

    /// <summary>Root of the mean squared error, in the target's units; null for classification.</summary>
    public double? Rmse { get; init; }

    /// <summary>Mean absolute error, in the target's units.</summary>
    public double? Mae { get; init; }

    /// <summary>1 − squared error / squared deviation from the mean, averaged over the targets; NaN when the target is constant.</summary>
    public double? R2 { get; init; }

    /// <summary>Prechelt's E = 100·(oₘₐₓ−oₘᵢₙ)/(N·P)·ΣΣ(o−t)², where the outputs have a range (Proben1, 1994, §3.2).</summary>
    public double? SquaredErrorPercentage { get; init; }

    /// <summary>The one number by which people compare: accuracy, or R² for regression.</summary>
    public double Score => Accuracy ?? R2 ?? double.NaN;
}
