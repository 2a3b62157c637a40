using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>The metrics that look at a row's outputs themselves, not only at the answer: collected row by
/// row.</summary>
internal sealed class ScoreMetrics
{
    internal const double Smallest = 1.0 / (1L << 52);

    private readonly Preparation preparation;
    private readonly int classes;
    private readonly bool isProbability;
    private readonly double[][] scores;   // per class that gets a curve, the output of each row
    private readonly double[] weights, ranks, p;
    private readonly int[] actual;
    private readonly Reliability reliability = new();
    private double weightSum, logLoss, brier;
    private int count;

    /// <param name="preparation">Of a model with classes.</param>
    /// <param name="output">φ of the output layer.</param>
    /// <param name="rows">Rows to come.</param>
    public ScoreMetrics(Preparation preparation, Activation output, int rows)
    {
        this.preparation = preparation;
        classes = preparation.Target.Classes.Count;
        isProbability = output.Range.SumsToOne || (preparation.SingleOutput && output.Range == new OutputRange(0, 1));
        scores = [.. Enumerable.Range(0, classes == 2 ? 1 : classes).Select(_ => new double[rows])];
        (weights, actual, ranks, p) = (new double[rows], new int[rows], new double[classes], new double[classes]);
    }

    public void Add<T>(ReadOnlySpan<T> outputs, int own, int predicted, double weight)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (preparation.SingleOutput)
        {
            double middle = preparation.TargetLow + preparation.TargetHigh;
            p[1] = double.CreateTruncating(outputs[0]);
            p[0] = middle - p[1];
        }
        else
        {
            for (int c = 0; c < classes; c++) p[c] = double.CreateTruncating(outputs[c]);
        }
        if (classes == 2) scores[0][count] = preparation.SingleOutput || isProbability ? p[1] : p[1] - p[0];
        else for (int c = 0; c < classes; c++) scores[c][count] = p[c];
        (weights[count], actual[count]) = (weight, own);
        count++;
        weightSum += weight;
        int rank = 0;
        if (preparation.SingleOutput) rank = own == predicted ? 0 : 1;
        else for (int c = 0; c < classes; c++) rank += p[c] > p[own] || (p[c] == p[own] && c < own) ? 1 : 0;
        ranks[rank] += weight;
        if (!isProbability) return;
        logLoss -= weight * PortableMath.Log(Math.Clamp(p[own], Smallest, 1 - Smallest));
        for (int c = classes == 2 ? 1 : 0; c < classes; c++)
        {
            double error = p[c] - (c == own ? 1 : 0);
            brier += weight * error * error;
        }
        reliability.Add(p[predicted], predicted == own, weight);
    }

    public Metrics AddTo(Metrics metrics)
    {
        double sum = 0;
        int curves = 0;
        for (int s = 0; s < scores.Length; s++)
        {
            double area = Area(scores[s], classes == 2 ? 1 : s);
            if (double.IsNaN(area)) continue;
            sum += area;
            curves++;
        }
        return metrics with
        {
            Ranks = ranks,
            RocAuc = curves == 0 ? null : sum / curves,
            LogLoss = isProbability ? logLoss / weightSum : null,
            Brier = isProbability ? brier / weightSum : null,
            CalibrationError = isProbability ? reliability.Error : null,
            Reliability = isProbability ? reliability.Bins : null,
        };
    }

    /// <summary>Σ over pairs (of the class, of another) of wᵢ·wⱼ·[sᵢ &gt; sⱼ, half for a tie], divided by Σ wᵢ·wⱼ: one
    /// sweep through the rows in order of their output, equal outputs together.</summary>
    private double Area(double[] score, int positive)
    {
        int[] order = [.. Enumerable.Range(0, score.Length)];
        Array.Sort([.. score], order);
        double below = 0, pairs = 0, inside = 0;
        for (int start = 0; start < order.Length;)
        {
            double own = 0, other = 0;
            int end = start;
            for (; end < order.Length && score[order[end]] == score[order[start]]; end++)
            {
                if (actual[order[end]] == positive) own += weights[order[end]];
                else other += weights[order[end]];
            }
            if (end == start) return double.NaN; // an output that is not a number
            pairs += own * (below + 0.5 * other);
            below += other;
            inside += own;
            start = end;
        }
        return pairs / (inside * below);
    }
}
