namespace Downhill;

/// <summary>Answers that were about equally sure, and how often they were right: a point of a reliability diagram
/// (Guo et al., ICML 2017, §2).</summary>
/// <param name="Low">Lower end of the bin, left out of it.</param>
/// <param name="High">Upper end.</param>
/// <param name="Answers">Answers in it: one per row, or one per row and label.</param>
/// <param name="Weight">What they count.</param>
/// <param name="Sure">Mean probability of the answers given, 0 … 1.</param>
/// <param name="Right">Share of the answers that are right.</param>
public readonly record struct ReliabilityBin(
    double Low, double High, int Answers, double Weight, double Sure, double Right);

/// <summary>Answers sorted into <see cref="Metrics.CalibrationBins"/> equal bins (low, high] of their
/// probability.</summary>
internal sealed class Reliability
{
    private readonly int[] answers = new int[Metrics.CalibrationBins];
    private readonly double[] weights = new double[Metrics.CalibrationBins], sure = new double[Metrics.CalibrationBins],
        right = new double[Metrics.CalibrationBins];

    /// <param name="probability">Of the answer given; one that is no number is left out.</param>
    /// <param name="isRight">Whether it is right.</param>
    /// <param name="weight">What it counts.</param>
    public void Add(double probability, bool isRight, double weight)
    {
        if (double.IsNaN(probability)) return;
        int bin = Math.Clamp((int)Math.Ceiling(probability * Metrics.CalibrationBins) - 1, 0,
            Metrics.CalibrationBins - 1);
        answers[bin]++;
        weights[bin] += weight;
        sure[bin] += weight * probability;
        if (isRight) right[bin] += weight;
    }

    /// <summary>Bins with answers.</summary>
    public IReadOnlyList<ReliabilityBin> Bins =>
    [
        .. Enumerable.Range(0, Metrics.CalibrationBins).Where(b => weights[b] > 0).Select(b => new ReliabilityBin(
            (double)b / Metrics.CalibrationBins, (b + 1.0) / Metrics.CalibrationBins, answers[b], weights[b],
            sure[b] / weights[b], right[b] / weights[b])),
    ];

    /// <summary>Σ share·|right − sure| over the bins.</summary>
    public double Error
    {
        get
        {
            double gap = 0;
            for (int b = 0; b < weights.Length; b++) gap += Math.Abs(right[b] - sure[b]);
            return gap / weights.Sum();
        }
    }
}
