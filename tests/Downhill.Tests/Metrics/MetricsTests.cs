using System.Text.Json;
using Downhill.Tests.Architecture;

namespace Downhill.Tests.Measuring;

/// <summary>Every metric by hand and against scikit-learn (eng/goldens/metrics.py).</summary>
public sealed class MetricsTests
{
    private static readonly JsonElement Goldens =
        JsonDocument.Parse(Repository.Text("eng/goldens/metrics.json")).RootElement;

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
    private static double[][] Table(JsonElement array) => [.. array.EnumerateArray().Select(Doubles)];
    private static int[] Codes(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private static Target Classes(int count) => new(["class"], [.. Enumerable.Range(0, count).Select(c => $"c{c}")]);
    private static Column[] Columns(int count) => [.. Enumerable.Range(0, count).Select(i => new Column($"x{i}"))];

    /// <summary>A model whose outputs are its inputs.</summary>
    private static Model PassingOn(Dataset data, int outputs, bool single = false, double low = 0)
    {
        NetworkSpec spec = new(outputs, new Dense(outputs, Activations.Identity));
        AlignedBuffer<float> parameters = new(spec.ParameterLength);
        for (int i = 0; i < outputs; i++) parameters.Span[i * outputs + i] = 1;
        Preparation preparation = Preparation.Fit(data, [0], Scaling.None, low, 1, single, scaleTargets: false);
        return new(spec, preparation, Losses.Euclidean, parameters, new(0), Arithmetic.Portable);
    }

    private static Metrics Classified(double[][] outputs, int[] classes, double[]? weights = null, int? count = null)
    {
        int k = count ?? outputs[0].Length;
        Dataset data = new("rows", Columns(outputs[0].Length), Classes(k),
            [.. outputs.SelectMany(r => r.Select(x => (float)x))], [], classes, [],
            weights is null ? null : [.. weights.Select(w => (float)w)]);
        return PassingOn(data, outputs[0].Length, single: outputs[0].Length == 1).Evaluate(data);
    }

    /// <summary>The scores alone, on doubles.</summary>
    private static Metrics Scored(double[][] outputs, int[] classes, double[] weights, Activation output)
    {
        bool single = outputs[0].Length == 1;
        Dataset data = new("rows", Columns(1), Classes(single ? 2 : outputs[0].Length), new float[classes.Length], [],
            classes, []);
        Preparation preparation = Preparation.Fit(data, [0], Scaling.None, singleOutput: single);
        ScoreMetrics scores = new(preparation, output, classes.Length);
        for (int row = 0; row < classes.Length; row++)
            scores.Add<double>(outputs[row], classes[row], preparation.ClassOf<double>(outputs[row]), weights[row]);
        return scores.AddTo(new() { Rows = classes.Length, Loss = 0 });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Classes_agree_with_scikit_learn(int weighted)
    {
        JsonElement golden = Goldens.GetProperty("many")[weighted];
        double[][] outputs = Table(golden.GetProperty("probabilities"));
        int[] classes = Codes(golden.GetProperty("classes"));
        double[] weights = Doubles(golden.GetProperty("weights"));
        Metrics metrics = Classified(outputs, classes, weights);
        Close(golden.GetProperty("accuracy").GetDouble(), metrics.Accuracy);
        Close(Doubles(golden.GetProperty("precision")), metrics.PerClass!.Select(c => c.Precision));
        Close(Doubles(golden.GetProperty("recall")), metrics.PerClass!.Select(c => c.Recall));
        Close(Doubles(golden.GetProperty("f1")), metrics.PerClass!.Select(c => c.F1));
        Close(Doubles(golden.GetProperty("support")), metrics.PerClass!.Select(c => c.Support));
        Close(Doubles(golden.GetProperty("macro")),
            [metrics.Macro!.Value.Precision, metrics.Macro.Value.Recall, metrics.Macro.Value.F1]);
        Close(Doubles(golden.GetProperty("micro")),
            [metrics.Micro!.Value.Precision, metrics.Micro.Value.Recall, metrics.Micro.Value.F1]);
        Close(Table(golden.GetProperty("confusion")).SelectMany(r => r), metrics.WeightedConfusion!.Cast<double>());
        Close(Doubles(golden.GetProperty("top")), Enumerable.Range(1, 4).Select(k => metrics.TopK(k)!.Value));
        Close(golden.GetProperty("auc").GetDouble(), metrics.RocAuc);
        Assert.Null(metrics.LogLoss); // an identity's outputs are no probabilities

        Metrics scores = Scored(outputs, classes, weights, Activations.Softmax);
        Close(golden.GetProperty("auc").GetDouble(), scores.RocAuc);
        Close(golden.GetProperty("log_loss").GetDouble(), scores.LogLoss);
        Close(golden.GetProperty("brier").GetDouble(), scores.Brier);
        Close(golden.GetProperty("calibration").GetDouble(), scores.CalibrationError);
        Close(Doubles(golden.GetProperty("top")), Enumerable.Range(1, 4).Select(k => scores.TopK(k)!.Value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Two_classes_with_ties_agree_with_scikit_learn(int weighted)
    {
        JsonElement golden = Goldens.GetProperty("two")[weighted];
        double[] score = Doubles(golden.GetProperty("score")), weights = Doubles(golden.GetProperty("weights"));
        int[] classes = Codes(golden.GetProperty("classes"));
        Metrics scores = Scored([.. score.Select(s => (double[])[s])], classes, weights, Activations.Sigmoid());
        Close(golden.GetProperty("auc").GetDouble(), scores.RocAuc);
        Close(golden.GetProperty("log_loss").GetDouble(), scores.LogLoss);
        Close(golden.GetProperty("brier").GetDouble(), scores.Brier);
        Close(golden.GetProperty("accuracy").GetDouble(), scores.TopK(1));
        Metrics two = Scored([.. score.Select(s => (double[])[1 - s, s])], classes, weights, Activations.Softmax);
        Close(scores.RocAuc!.Value, two.RocAuc);
        Close(scores.Brier!.Value, two.Brier);
        Metrics metrics = Classified([.. score.Select(s => (double[])[s])], classes, weights, count: 2);
        Close(golden.GetProperty("accuracy").GetDouble(), metrics.Accuracy);
        Close(golden.GetProperty("auc").GetDouble(), metrics.RocAuc);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Numbers_agree_with_scikit_learn(int weighted)
    {
        JsonElement golden = Goldens.GetProperty("numbers")[weighted];
        double[][] actual = Table(golden.GetProperty("actual")), predicted = Table(golden.GetProperty("predicted"));
        Dataset data = new("rows", Columns(3), new(["a", "b", "c"], []),
            [.. predicted.SelectMany(r => r.Select(x => (float)x))], [], [],
            [.. actual.SelectMany(r => r.Select(x => (float)x))],
                [.. Doubles(golden.GetProperty("weights")).Select(w => (float)w)]);
        Metrics metrics = PassingOn(data, 3).Evaluate(data);
        Close(Doubles(golden.GetProperty("mse")), metrics.PerTarget!.Select(t => t.Mse), 1e-6);
        Close(Doubles(golden.GetProperty("rmse")), metrics.PerTarget!.Select(t => t.Rmse), 1e-6);
        Close(Doubles(golden.GetProperty("mae")), metrics.PerTarget!.Select(t => t.Mae), 1e-6);
        Close(Doubles(golden.GetProperty("r2")), metrics.PerTarget!.Select(t => t.R2), 1e-6);
        Close([golden.GetProperty("mse_mean").GetDouble(), golden.GetProperty("mae_mean").GetDouble(),
            golden.GetProperty("r2_mean").GetDouble()],
            [metrics.Mse!.Value, metrics.Mae!.Value, metrics.R2!.Value], 1e-6);
        Close(Math.Sqrt(golden.GetProperty("mse_mean").GetDouble()), metrics.Rmse, 1e-6);
        Assert.Null(metrics.Accuracy);
        Assert.Null(metrics.Micro);
    }

    /// <summary>
    /// Outputs (3, 1, 0), (2, 2, 1), (0, 1, 2), (0, 5, 1) of the classes 0, 1, 2, 2; answers 0, 0 (a tie: the lower),
    /// 2, 1. Class 0: said twice, right once, precision ½, recall 1, F1 ⅔. Class 1: said once, never right. Class 2:
    /// said once, right; found 1 of 2: precision 1, recall ½, F1 ⅔. Ranks: own class first, second (a tie, the lower
    /// first), first, second. AUC of 0: own 3 against 2, 0, 0 → 1. Of 1: own 2 against 1, 1, 5 → ⅔. Of 2: own 2, 1
    /// against 0, 1 → (2 + 1½)/4 = ⅞.
    /// </summary>
    [Fact]
    public void Three_classes_by_hand()
    {
        Metrics metrics = Classified([[3, 1, 0], [2, 2, 1], [0, 1, 2], [0, 5, 1]], [0, 1, 2, 2]);
        Assert.Equal(0.5, metrics.Accuracy);
        Assert.Equal(new[,] { { 1, 0, 0 }, { 1, 0, 0 }, { 0, 1, 1 } }, metrics.Confusion);
        Assert.Equal([new(0.5, 1, 2.0 / 3, 1), new(0, 0, 0, 1), new(1, 0.5, 2.0 / 3, 2)], metrics.PerClass!);
        Assert.Equal(new ClassScore(0.5, 0.5, 4.0 / 9, 4), metrics.Macro);
        Assert.Equal(new ClassScore(0.5, 0.5, 0.5, 4), metrics.Micro);
        Assert.Equal([2.0, 2, 0], metrics.Ranks!);
        Assert.Equal([0.5, 1.0, 1.0, 1.0], [.. Enumerable.Range(1, 4).Select(k => metrics.TopK(k)!.Value)]);
        Close((1 + 2.0 / 3 + 7.0 / 8) / 3, metrics.RocAuc);
        Assert.Throws<DownhillException>(() => metrics.TopK(0));
    }

    /// <summary>
    /// p = 0.9, 0.6, 0.2, 0.6 of class 1; classes 1, 0, 0, 1. Log loss −¼(ln 0.9 + ln 0.4 + ln 0.8 + ln 0.6); Brier
    /// ¼(0.01 + 0.36 + 0.04 + 0.16); bins of 1/15: 0.9 in (13/15, 14/15] right: gap 0.1; 0.6 in (8/15, 9/15] twice, one
    /// right: ½·|0.5 − 0.6|; 0.8 (for class 0) in (11/15, 12/15] right: 0.2. ECE = ¼·0.1 + ½·0.1 + ¼·0.2 = 0.125. AUC:
    /// 0.9 and 0.6 against 0.6 and 0.2: (1 + 1 + ½ + 1)/4.
    /// </summary>
    [Fact]
    public void Two_classes_by_hand()
    {
        Metrics metrics = Scored([[0.9], [0.6], [0.2], [0.6]], [1, 0, 0, 1], [1, 1, 1, 1], Activations.Sigmoid());
        Close(-0.25 * (Math.Log(0.9) + Math.Log(0.4) + Math.Log(0.8) + Math.Log(0.6)), metrics.LogLoss);
        Close(0.1425, metrics.Brier);
        Close(0.125, metrics.CalibrationError);
        Close(0.875, metrics.RocAuc);
    }

    [Fact]
    public void Certain_and_wrong_costs_much_and_not_infinitely_much()
    {
        Metrics metrics = Scored([[1], [0]], [0, 0], [1, 1], Activations.Sigmoid());
        Close(0.5 * 52 * Math.Log(2), metrics.LogLoss, 1e-9);
        Assert.Null(metrics.RocAuc); // one class only: no pair to compare
    }

    /// <summary>Outputs 1, 2, 4 for targets 1, 4, 4: errors 0, −2, 0; deviations from the mean 3: 2, 1, 1.</summary>
    [Fact]
    public void Numbers_by_hand()
    {
        Dataset data = new("rows", Columns(1), new(["a"], []), [1, 2, 4], [], [], [1, 4, 4]);
        Metrics metrics = PassingOn(data, 1).Evaluate(data);
        Assert.Equal((4.0 / 3, Math.Sqrt(4.0 / 3), 2.0 / 3),
            (metrics.Mse!.Value, metrics.Rmse!.Value, metrics.Mae!.Value));
        Close(1 - 4.0 / 6, metrics.R2);
        Assert.Equal(metrics.R2, Assert.Single(metrics.PerTarget!).R2);
        Dataset constant = new("rows", Columns(1), new(["a"], []), [1, 2], [], [], [3, 3]);
        Assert.True(double.IsNaN(PassingOn(constant, 1).Evaluate(constant).R2!.Value));
    }

    /// <summary>E = 100·(1 − 0)/(2·2)·Σ(o − t)²: outputs (1, 0), (0.5, 0.5) for the classes 0, 1: 0 + 0.25 +
    /// 0.25.</summary>
    [Fact]
    public void Squared_error_percentage_by_hand() =>
        Assert.Equal(12.5, Classified([[1, 0], [0.5, 0.5]], [0, 1]).SquaredErrorPercentage);

    [Fact]
    public void A_row_that_weighs_two_counts_as_two_rows()
    {
        double[][] once = [[3, 1, 0], [2, 1.5, 1], [0, 1, 2], [0, 5, 1]], twice = [.. once, once[1], once[3]];
        Metrics weighted = Classified(once, [0, 1, 2, 2], [1, 2, 1, 2]),
            repeated = Classified(twice, [0, 1, 2, 2, 1, 2]);
        Close(repeated.Accuracy!.Value, weighted.Accuracy);
        Close(repeated.RocAuc!.Value, weighted.RocAuc);
        Close(repeated.TopK(2)!.Value, weighted.TopK(2));
        Close(repeated.Macro!.Value.F1, weighted.Macro!.Value.F1);
        Close(repeated.SquaredErrorPercentage!.Value, weighted.SquaredErrorPercentage);
        Close(repeated.Loss, weighted.Loss);
        Assert.Equal(4, weighted.Rows);
    }

    [Fact]
    public void Validation_after_an_epoch_stays_cheap()
    {
        Dataset data = new("rows", Columns(2), Classes(2), [1, 0, 0, 1], [], [0, 1], []);
        NetworkSpec spec = new(2, new Dense(2, Activations.Softmax));
        Preparation preparation = Preparation.Fit(data, [0, 1], Scaling.None);
        using Network<float> network = new(spec, Losses.CrossEntropy);
        Evaluator<float> evaluator = new(network, data, [0, 1], preparation);
        AlignedBuffer<float> parameters = new(spec.ParameterLength);
        Assert.Null(evaluator.Measure(parameters, new(0)).RocAuc);
        Assert.Equal(0.5, evaluator.Measure(parameters, new(0), withScores: true).RocAuc);
    }

    private static void Close(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Count(), actual.Count());
        foreach ((double e, double a) in expected.Zip(actual)) Close(e, a, tolerance);
    }

    private static void Close(double expected, double? actual, double tolerance = 1e-12) =>
        Assert.Equal(expected, actual!.Value, tolerance * Math.Max(1, Math.Abs(expected)));
}
