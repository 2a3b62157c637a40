namespace Downhill.Tests.Models;

/// <summary>Several labels of a row: what is trained, what is measured, what is refused.</summary>
public sealed class LabelTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Two numbers; the labels say in which halves of the plane they lie.</summary>
    private static Dataset Halves(int rows, bool weighted = false)
    {
        RandomStream random = new(7, RandomStreams.Data);
        float[] numeric = new float[2 * rows], values = new float[3 * rows];
        for (int row = 0; row < rows; row++)
        {
            double x = random.Uniform((ulong)(2 * row), -1, 1), y = random.Uniform((ulong)(2 * row + 1), -1, 1);
            (numeric[2 * row], numeric[2 * row + 1]) = ((float)x, (float)y);
            (values[3 * row], values[3 * row + 1], values[3 * row + 2]) =
                (x > 0 ? 1 : 0, y > 0.5 ? 1 : 0, x + y > 0 ? 1 : 0);
        }
        return new("halves", [new("x"), new("y")], new(["right", "high", "upper right"], []) { IsMultiLabel = true },
            numeric, [], [], values, weighted ? [.. Enumerable.Range(0, rows).Select(i => i % 4 * 0.5f)] : null);
    }

    [Fact]
    public void LabelsAreLearnedAsProbabilitiesByTheirBinaryCrossEntropy()
    {
        FitPlan plan = FitPlan.Make(Halves(400), new() { Hidden = [16], Epochs = 40 });
        Assert.Equal(("sigmoid", "binary_cross_entropy"), (plan.Network.Output.Name, plan.Options.Loss.Name));
        Assert.Equal([0, 0, 0], plan.Preparation.TargetShift);
        Assert.Equal([1, 1, 1], plan.Preparation.TargetScale);
        FitResult fit = Model.Fit(Halves(400), new() { Hidden = [16], Epochs = 40 });
        Assert.True(fit.Test!.LabelAccuracy > 0.9, $"{fit.Test.LabelAccuracy}");
        Assert.True(fit.Model.GivesProbabilities);
        Assert.Equal(["right", "upper right"], fit.Model.Predict([0.9f, 0f]).Labels);
        Assert.Equal(["high"], fit.Model.Predict([-0.95f, 0.8f]).Labels);
        Assert.Equal(-1, fit.Model.CreatePredictor().Predict([0.9f, 0f], new float[3]));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void EveryFigureIsThatOfTheAnswers(bool weighted)
    {
        Dataset data = Halves(300, weighted);
        Model model = Model.Fit(data, new() { Hidden = [4], Epochs = 3 }).Model;
        double cost = 0, sum = 0, allRight = 0, gap = 0;
        double[,] counts = new double[3, 4];
        Dictionary<int, (double Right, double Sure)> bins = [];
        Metrics metrics = model.Evaluate(data, each: (row, loss, outputs) =>
        {
            double weight = data.Weights?[row] ?? 1, own = 0;
            bool right = true;
            for (int i = 0; i < 3; i++)
            {
                double p = outputs[i], t = data.Values[3 * row + i];
                own -= t == 1 ? Math.Log(p) : Math.Log(1 - p);
                counts[i, (p >= 0.5 ? 2 : 0) + (int)t] += weight;
                right &= (p >= 0.5) == (t == 1);
                double sure = Math.Max(p, 1 - p);
                int bin = (int)Math.Ceiling(sure * Metrics.CalibrationBins);
                (double Right, double Sure) before = bins.GetValueOrDefault(bin);
                bins[bin] = (before.Right + ((p >= 0.5) == (t == 1) ? weight : 0), before.Sure + weight * sure);
            }
            Assert.Equal(own, loss, 1e-4);
            (cost, sum) = (cost + weight * own, sum + weight);
            allRight += right ? weight : 0;
        });
        foreach ((double right, double sure) in bins.Values) gap += Math.Abs(right - sure);
        Assert.Equal(cost / sum, metrics.Loss, 1e-4);
        Assert.Equal(allRight / sum, metrics.Accuracy!.Value, 1e-12);
        Assert.Equal(gap / (3 * sum), metrics.CalibrationError!.Value, 1e-9);
        double trueYes = 0, wrong = 0, meanF1 = 0, meanAccuracy = 0;
        for (int i = 0; i < 3; i++)
        {
            LabelScore label = metrics.PerLabel![i];
            double tp = counts[i, 3], fp = counts[i, 2], fn = counts[i, 1], tn = counts[i, 0];
            Assert.Equal((tp, fp, fn, tn),
                (label.TruePositives, label.FalsePositives, label.FalseNegatives, label.TrueNegatives));
            Assert.Equal((tp + tn) / sum, label.Accuracy, 1e-12);
            Assert.Equal(tp / (tp + fn), label.Score.Recall, 1e-12);
            Assert.Equal(tp + fn, label.Score.Support, 1e-12);
            trueYes += tp;
            wrong += fp + fn;
            meanF1 += 2 * tp / (2 * tp + fp + fn) / 3;
            meanAccuracy += (tp + tn) / sum / 3;
        }
        Assert.Equal(meanF1, metrics.Macro!.Value.F1, 1e-12);
        Assert.Equal(2 * trueYes / (2 * trueYes + wrong), metrics.Micro!.Value.F1, 1e-12);
        Assert.Equal(meanAccuracy, metrics.LabelAccuracy!.Value, 1e-12);
        Assert.Null(metrics.R2);
        Assert.Null(metrics.Confusion);
    }

    [Fact]
    public void ALabelThatNobodyHasAndNobodySaysScoresZeroAndNotNaN()
    {
        LabelScore none = new(0, 0, 0, 5);
        Assert.Equal((1, new ClassScore(0, 0, 0, 0)), (none.Accuracy, none.Score));
    }

    [Fact]
    public void AFileKeepsThatTheyAreLabels()
    {
        Dataset data = Halves(100);
        Model model = Model.Fit(data, new() { Hidden = [4], Epochs = 2 }).Model;
        string path = Path.Combine(folder, "labels.safetensors");
        model.Save(path);
        Model loaded = Model.Load(path);
        Assert.True(loaded.Preparation.Target.IsMultiLabel);
        Assert.Equal(model.Predict([0.3f, -0.2f]).Values, loaded.Predict([0.3f, -0.2f]).Values);
        Assert.Equal(model.Evaluate(data).PerLabel, loaded.Evaluate(data).PerLabel);
    }

    /// <summary>Members' log-odds are averaged.</summary>
    [Fact]
    public void AnEnsembleOfLabelsIsOneModelOfThem()
    {
        Dataset data = Halves(200);
        FitOptions options = new() { Hidden = [4], Epochs = 4, TestShare = 0 };
        Model both = Model.Fit(data, options with { Ensemble = 2 }).Model;
        Model[] members = [.. ((ulong[])[1, 2]).Select(seed => Model.Fit(data, options with { Seed = seed }).Model)];
        for (int row = 0; row < 20; row++)
        {
            float[] x = data.Numeric[(2 * row)..(2 * row + 2)];
            for (int label = 0; label < 3; label++)
                Assert.Equal(members.Average(m => LogOdds(m.Predict(x).Values[label])),
                    LogOdds(both.Predict(x).Values[label]), 1e-4);
        }

        static double LogOdds(double p) => Math.Log(p / (1 - p));
    }

    [Fact]
    public void ARunMayStopAtRowsThatAreAllRight()
    {
        FitResult fit = Model.Fit(Halves(400), new()
        {
            Hidden = [16], Epochs = 200, Stop = [StoppingRules.Target("validation.accuracy>0.8")],
        });
        Assert.StartsWith("target", fit.Stopped.Rule, StringComparison.Ordinal);
        Assert.True(fit.History[^1].ValidationScore > 0.8);
    }

    [Fact]
    public void WhatLabelsCannotBeIsRefused()
    {
        Dataset data = Halves(60);
        Refuses("softmax", new() { Output = Activations.Softmax });
        Refuses("tanh", new() { Output = Activations.Tanh });
        Refuses("logarithm", new() { LogTargets = true });
        Refuses("Class weights", new() { ClassWeight = ClassWeight.Parse("balanced") });
        Refuses("train.accuracy", new() { Stop = [StoppingRules.Target("train.accuracy>0.9")] });
        Refuses("validation.r2", new() { Stop = [StoppingRules.Target("validation.r2>0.9")] });

        void Refuses(string what, FitOptions options) => Assert.Contains(what,
            Assert.Throws<DownhillException>(() => Model.Fit(data, options)).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(0.5f), InlineData(-1f), InlineData(float.NaN)]
    public void ALabelIsYesOrNo(float value)
    {
        string message = Assert.Throws<DownhillException>(() => new Dataset("rows", [new("x")],
            new(["a", "b"], []) { IsMultiLabel = true }, [1, 2], [], [], [0, 1, 1, value])).Message;
        Assert.Contains("label 'b', row 2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void NumbersAndLabelsAreNotTakenForEachOther()
    {
        Dataset labels = Halves(60);
        Dataset numbers = new("numbers", labels.Inputs, new(labels.Target.Names, []), labels.Numeric, [], [],
            labels.Values);
        Model model = Model.Fit(labels, new() { Hidden = [2], Epochs = 1 }).Model;
        Assert.Contains("3 labels", Assert.Throws<DownhillException>(() => model.Evaluate(numbers)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ATargetThatIsAnInputIsRefused()
    {
        Dataset data = new("rows", [new("a"), new("b")], new(["b"], []), [1, 2, 3, 4], [], [], [2, 4]);
        string message = Assert.Throws<DownhillException>(() => Model.Fit(data, new() { Epochs = 1 })).Message;
        Assert.Contains("column 'b'", message, StringComparison.Ordinal);
        Assert.Contains("its own answer", message, StringComparison.Ordinal);
    }

    /// <summary>Each target's figures, and what is their mean.</summary>
    [Fact]
    public void SeveralNumbersAreMeasuredOneByOne()
    {
        Dataset labels = Halves(200);
        float[] values = [.. Enumerable.Range(0, labels.Rows).SelectMany(r =>
            (float[])[labels.Numeric[2 * r] * 3 + 10, 100 * labels.Numeric[2 * r + 1]])];
        Dataset data = new("two", labels.Inputs, new(["small", "large"], []), labels.Numeric, [], [], values);
        Model model = Model.Fit(data, new() { Hidden = [4], Epochs = 3 }).Model;
        double[] squares = new double[2], absolute = new double[2], spread = new double[2];
        double[] means = [.. Enumerable.Range(0, 2).Select(t => values.Where((_, i) => i % 2 == t).Average(v => v))];
        Metrics metrics = model.Evaluate(data, each: (row, _, outputs) =>
        {
            for (int t = 0; t < 2; t++)
            {
                double actual = values[2 * row + t], error = model.Preparation.ValueOf(outputs[t], t) - actual;
                squares[t] += error * error;
                absolute[t] += Math.Abs(error);
                spread[t] += (actual - means[t]) * (actual - means[t]);
            }
        });
        for (int t = 0; t < 2; t++)
        {
            Assert.Equal(Math.Sqrt(squares[t] / data.Rows), metrics.PerTarget![t].Rmse, 1e-3 * (t == 0 ? 1 : 30));
            Assert.Equal(absolute[t] / data.Rows, metrics.PerTarget[t].Mae, 1e-3 * (t == 0 ? 1 : 30));
            Assert.Equal(1 - squares[t] / spread[t], metrics.PerTarget[t].R2, 1e-4);
        }
        Assert.Equal(metrics.PerTarget!.Average(t => t.R2), metrics.R2!.Value, 1e-12);
    }
}
