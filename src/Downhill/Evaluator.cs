using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>Measures a network on rows: loss, and what people read off its answers.</summary>
internal sealed class Evaluator<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Chunk = 256;

    private readonly Network<T> network;
    private readonly Preparation preparation;
    private readonly Batcher<T> batcher;
    private readonly Workspace<T> workspace;

    /// <param name="network">Bound with the loss.</param>
    /// <param name="source">Where the rows are.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="preparation">How rows are encoded and outputs read.</param>
    /// <param name="classWeights">What a row of each class counts in the loss beside its own weight; null for 1
    /// each.</param>
    public Evaluator(
        Network<T> network, RowSource source, int[] rows, Preparation preparation,
            IReadOnlyList<double>? classWeights = null)
    {
        (this.network, this.preparation) = (network, preparation);
        int chunk = Math.Clamp(rows.Length, 1, Chunk);
        batcher = new Batcher<T>(source, rows, preparation, chunk, classWeights);
        workspace = new Workspace<T>(network, chunk);
    }

    /// <summary>Called per row, in order, with its place, its loss and its outputs.</summary>
    public delegate void RowAction(int row, double loss, ReadOnlySpan<T> outputs);

    /// <param name="parameters">Flat parameters.</param>
    /// <param name="buffers">Flat running statistics.</param>
    /// <param name="each">Called per row.</param>
    /// <param name="withScores">Whether to look at the outputs' order and at probabilities too: keeps every row's
    /// outputs and sorts them, which a validation after each epoch does without.</param>
    public Metrics Measure(AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, RowAction? each = null,
        bool withScores = false)
    {
        int outputs = preparation.Outputs;
        bool isClass = preparation.Target.IsClass, isNumber = preparation.Target.IsNumeric;
        int classes = preparation.Target.Classes.Count;
        int[,] confusion = new int[classes, classes];
        double[,] weighted = new double[classes, classes];
        ScoreMetrics? scores = withScores && isClass ? new(preparation, network.Spec.Output, batcher.Count) : null;
        double lossSum = 0, lossWeight = 0, weightSum = 0, right = 0, codedSquares = 0, logLoss = 0;
        bool isLabel = preparation.Target.IsMultiLabel;
        LabelScore[] labels = new LabelScore[isLabel ? outputs : 0];
        Reliability? reliability = withScores && isLabel && network.Spec.Output.Range is { Low: 0, High: 1 } ? new()
            : null;
        double[] squares = new double[outputs], absolute = new double[outputs], mean = new double[outputs],
            deviation = new double[outputs];
        for (int start = 0; start < batcher.Count; start += workspace.Rows)
        {
            int count = Math.Min(workspace.Rows, batcher.Count - start);
            batcher.Read(workspace, start, count, order: null);
            network.Forward(workspace, parameters, buffers, count, PassMode.Predict);
            network.Evaluate(workspace, count, weighted: false, withGradient: false);
            for (int i = 0; i < count; i++)
            {
                double weight = batcher.OwnWeightOf(i), counts = batcher.WeightOf(i), loss = workspace.RowLoss[i];
                ReadOnlySpan<T> row = workspace.Output.Slice(i * outputs, outputs);
                ReadOnlySpan<T> target = workspace.Targets.Slice(i * outputs, outputs);
                each?.Invoke(start + i, loss, row);
                if (weight == 0) continue; // as if the row were not there
                weightSum += weight;
                lossWeight += counts;
                if (counts != 0) lossSum += counts * loss;
                for (int o = 0; o < outputs; o++)
                {
                    double error = double.CreateTruncating(row[o]) - double.CreateTruncating(target[o]);
                    codedSquares += weight * error * error;
                    if (!isNumber) continue;
                    double actual = batcher.Values[i * outputs + o];
                    error = preparation.LogTargets ? preparation.ValueOf(double.CreateTruncating(row[o]), o) - actual
                        : error * preparation.TargetScale[o];
                    squares[o] += weight * error * error;
                    absolute[o] += weight * Math.Abs(error);
                    double before = actual - mean[o]; // Welford, weighted
                    mean[o] += weight / weightSum * before;
                    deviation[o] += weight * before * (actual - mean[o]);
                }
                for (int o = 0; reliability is not null && o < outputs; o++)
                {
                    double yes = double.CreateTruncating(row[o]);
                    logLoss -= weight * PortableMath.Log(Math.Clamp(
                        Preparation.SaysYes(double.CreateTruncating(target[o])) ? yes : 1 - yes,
                        ScoreMetrics.Smallest, 1 - ScoreMetrics.Smallest));
                }
                if (isLabel && CountLabels(row, target, weight, labels, reliability)) right += weight;
                if (!isClass) continue;
                int predicted = preparation.ClassOf(row);
                confusion[batcher.Classes[i], predicted]++;
                weighted[batcher.Classes[i], predicted] += weight;
                scores?.Add(row, batcher.Classes[i], predicted, weight);
                if (predicted == batcher.Classes[i]) right += weight;
            }
        }
        Metrics metrics = new() { Rows = batcher.Count, Loss = lossSum / lossWeight };
        if (isClass)
        {
            metrics = metrics with
            {
                Accuracy = right / weightSum,
                Confusion = confusion,
                WeightedConfusion = weighted,
                SquaredErrorPercentage = 100 * (preparation.TargetHigh - preparation.TargetLow) / (
                    weightSum * outputs) * codedSquares,
            };
            return scores is null ? metrics : scores.AddTo(metrics);
        }
        if (isLabel)
            return metrics with
            {
                Accuracy = right / weightSum,
                PerLabel = labels,
                LogLoss = reliability is null ? null : logLoss / weightSum,
                CalibrationError = reliability?.Error,
                Reliability = reliability?.Bins,
            };
        TargetScore[] targets = [.. Enumerable.Range(0, outputs).Select(o => new TargetScore(squares[o] / weightSum,
            Math.Sqrt(squares[o] / weightSum), absolute[o] / weightSum, deviation[o] > 0 ? 1 - squares[o] / deviation[o]
                : double.NaN))];
        return metrics with
        {
            Mse = squares.Sum() / (weightSum * outputs),
            Mae = absolute.Sum() / (weightSum * outputs),
            R2 = targets.Average(t => t.R2),
            PerTarget = targets,
        };
    }

    /// <summary>Adds a row's answers to the labels' counts; true when all are right.</summary>
    private static bool CountLabels(ReadOnlySpan<T> outputs, ReadOnlySpan<T> targets, double weight,
        LabelScore[] labels, Reliability? reliability)
    {
        bool areAllRight = true;
        for (int i = 0; i < labels.Length; i++)
        {
            bool says = Preparation.SaysYes(double.CreateTruncating(outputs[i]));
            bool has = Preparation.SaysYes(double.CreateTruncating(targets[i]));
            double probability = double.CreateTruncating(outputs[i]);
            reliability?.Add(says ? probability : 1 - probability, says == has, weight);
            ref LabelScore label = ref labels[i];
            label = (says, has) switch
            {
                (true, true) => label with { TruePositives = label.TruePositives + weight },
                (true, false) => label with { FalsePositives = label.FalsePositives + weight },
                (false, true) => label with { FalseNegatives = label.FalseNegatives + weight },
                _ => label with { TrueNegatives = label.TrueNegatives + weight },
            };
            areAllRight &= says == has;
        }
        return areAllRight;
    }
}
