namespace Downhill.Tests.Models;

/// <summary>Temperature scaling against a fine grid, and what becomes of it in a model.</summary>
public sealed class CalibrationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static double Uniform(ulong i) => new RandomStream(3, RandomStreams.Data).Uniform(i);

    /// <summary>Fields that are <paramref name="sure"/> times as sure as they may be.</summary>
    private static (double[] Fields, int[] Classes) TooSure(int rows, int classes, double sure)
    {
        double[] fields = new double[rows * classes];
        int[] own = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            double[] z = [.. Enumerable.Range(0, classes).Select(c => 4 * Uniform((ulong)(row * classes + c)))];
            double sum = z.Sum(Math.Exp), at = Uniform((ulong)(1_000_000 + row)) * sum;
            while (own[row] < classes - 1 && (at -= Math.Exp(z[own[row]])) > 0) own[row]++;
            for (int c = 0; c < classes; c++) fields[row * classes + c] = sure * z[c];
        }
        return (fields, own);
    }

    private static double LogLoss(double[] fields, int[] own, double[] weights, double temperature)
    {
        int classes = fields.Length / own.Length;
        double loss = 0;
        for (int row = 0; row < own.Length; row++)
        {
            double sum = 0;
            for (int c = 0; c < classes; c++) sum += Math.Exp(fields[row * classes + c] / temperature);
            loss += weights[row] * (Math.Log(sum) - fields[row * classes + own[row]] / temperature);
        }
        return loss;
    }

    /// <summary>The lowest point of a grid that is drawn ever finer around it.</summary>
    private static double OnAGrid(Func<double, double> loss)
    {
        double low = 0.01, high = 100;
        for (int round = 0; round < 12; round++)
        {
            double[] grid = [.. Enumerable.Range(0, 201).Select(i => low * Math.Pow(high / low, i / 200.0))];
            int best = Array.IndexOf(grid, grid.MinBy(loss));
            (low, high) = (grid[Math.Max(0, best - 1)], grid[Math.Min(200, best + 1)]);
        }
        return Math.Sqrt(low * high);
    }

    [Theory]
    [InlineData(3, 2.5, false)]
    [InlineData(5, 0.4, false)]
    [InlineData(4, 1.7, true)]
    public void TheTemperatureIsWhereTheLogLossIsLowest(int classes, double sure, bool weighted)
    {
        (double[] fields, int[] own) = TooSure(2000, classes, sure);
        double[] weights = [.. Enumerable.Range(0, own.Length).Select(i => weighted ? i % 3 : 1.0)];
        double found = TemperatureScaling.OfClasses(fields, own, weighted ? weights : [])!.Value;
        Assert.Equal(OnAGrid(t => LogLoss(fields, own, weights, t)), found, 1e-5 * found);
        // What was put in comes out, as well as 2000 rows can tell.
        Assert.InRange(found / sure, 0.9, 1.1);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void SoItIsForUnitsThatSayYesOrNo(bool weighted)
    {
        double[] z = [.. Enumerable.Range(0, 3000).Select(i => 6 * Uniform((ulong)i) - 3)];
        double[] t = [.. z.Select((v, i) => Uniform((ulong)(5000 + i)) < 1 / (1 + Math.Exp(-v)) ? 1.0 : 0)];
        double[] fields = [.. z.Select(v => 3 * v)];
        // Two units a row: the weight is the row's.
        double[] weights = [.. Enumerable.Range(0, 1500).Select(i => weighted ? i % 4 : 1.0)];
        double found = TemperatureScaling.OfUnits(fields, t, weighted ? weights : [])!.Value;
        double grid = OnAGrid(temperature => fields.Select((v, i) =>
            weights[i / 2] * (Softplus(v / temperature) - t[i] * v / temperature)).Sum());
        Assert.Equal(grid, found, 1e-5 * found);
        Assert.InRange(found, 2.6, 3.4);

        static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));
    }

    [Fact]
    public void ThereIsNoneWhereNoneIsBest()
    {
        Assert.Null(TemperatureScaling.OfClasses([2, 1, 0, 3], [0, 1]));   // all right: the surer the better
        Assert.Null(TemperatureScaling.OfClasses([1, 2, 3, 0], [0, 1]));   // all wrong: the less sure the better
        Assert.Null(TemperatureScaling.OfClasses([1, 1, 1, 1], [0, 1]));   // all the same
        Assert.Null(TemperatureScaling.OfUnits([2, -1], [1, 0]));
        Assert.Null(TemperatureScaling.OfUnits([], []));
    }

    private static Dataset Noisy(int rows)
    {
        float[] numeric = [.. Enumerable.Range(0, 2 * rows).Select(i => (float)(2 * Uniform((ulong)i) - 1))];
        int[] classes = [.. Enumerable.Range(0, rows).Select(r =>
            Uniform((ulong)(100_000 + r)) < 0.2 ? r % 3 : numeric[2 * r] > 0.3 ? 2 : numeric[2 * r + 1] > 0 ? 1 : 0)];
        return new("noisy", [new("x"), new("y")], new(["class"], ["a", "b", "c"]), numeric, [], classes, []);
    }

    private static FitOptions Overtrained =>
        new() { Hidden = [64], Epochs = 60, ValidationShare = 0.25, KeepBest = false };

    private static (FitResult Plain, FitResult Calibrated) Both(FitOptions options, Dataset data) =>
        (Model.Fit(data, options with { Calibrate = Calibration.None }), Model.Fit(data, options));

    [Theory]
    [InlineData("softmax")]
    [InlineData("sigmoid")]
    [InlineData("labels")]
    [InlineData("ensemble")]
    [InlineData("scaled")]
    public void ItIsFittedOnTheValidationRowsAndIsInTheWeights(string kind)
    {
        Dataset data = Noisy(400);
        if (kind == "sigmoid") data = new("two", data.Inputs, new(["c"], ["no", "yes"]), data.Numeric, [],
            [.. data.Classes.Select(c => c == 0 ? 0 : 1)], []);
        if (kind == "labels") data = new("labels", data.Inputs, new(["p", "q"], []) { IsMultiLabel = true },
            data.Numeric, [], [], [.. data.Classes.SelectMany(c => (float[])[c > 0 ? 1 : 0, c > 1 ? 1 : 0])]);
        (FitResult plain, FitResult fit) = Both(Overtrained with
        {
            Output = kind == "sigmoid" ? Activations.Sigmoid() : null,
            Ensemble = kind == "ensemble" ? 2 : null,
            ForwardScale = kind == "scaled" ? ForwardScale.LeCun : null,
        }, data);
        Assert.Null(plain.Calibration);
        Assert.Null(plain.Model.Temperature);
        CalibrationReport report = fit.Calibration!;
        Assert.Equal(80, report.Rows);
        Assert.Equal(report.Temperature, fit.Model.Temperature);
        Assert.True(report.LogLossAfter < report.LogLossBefore);
        Assert.Equal(plain.Validation!.LogLoss!.Value, report.LogLossBefore, 1e-9);
        Assert.Equal(fit.Validation!.LogLoss!.Value, report.LogLossAfter, 1e-9);
        Assert.Equal(plain.Validation.CalibrationError!.Value, report.ErrorBefore, 1e-9);
        Assert.Equal(plain.Test!.Accuracy, fit.Test!.Accuracy);
        // The log-odds of each answer are those before, divided by T.
        float[] row = [0.4f, -0.7f], before = [.. plain.Model.Predict(row).Values], after =
            [.. fit.Model.Predict(row).Values];
        double odds = LogOdds(before), odds2 = LogOdds(after);
        Assert.Equal(odds / report.Temperature, odds2, 1e-3 * Math.Max(1, Math.Abs(odds2)));
        // And T is where a grid of models has its lowest log loss.
        double[] losses = [.. ((double[])[0.97, 1, 1.03]).Select(f =>
            TemperatureScaling.Apply(plain.Model, f * report.Temperature)
                .Evaluate(data, FitPlan.Make(data, Overtrained).ValidationRows).LogLoss!.Value)];
        Assert.True(losses[1] <= losses[0] && losses[1] <= losses[2], string.Join(" ", losses));

        double LogOdds(float[] p) => p.Length == 3 ? Math.Log(p[0]) - Math.Log(p[2])
            : Math.Log(p[0] / (1 - (double)p[0]));
    }

    [Fact]
    public void AFileAndACheckpointKeepIt()
    {
        Dataset data = Noisy(400);
        Model model = Model.Fit(data, Overtrained).Model;
        string path = Path.Combine(folder, "model.safetensors");
        model.Save(path);
        Model loaded = Model.Load(path);
        Assert.Equal(model.Temperature, loaded.Temperature);
        Assert.Equal(model.WeightsHash, loaded.WeightsHash);

        string at = Path.Combine(folder, "run.checkpoint");
        FitPlan plan = FitPlan.Make(data, Overtrained with { Calibrate = Calibration.None });
        using (TrainSession<float> session = plan.Start())
        {
            session.Run();
            Checkpoint.Save(at, plan, session);
        }
        (FitPlan again, TrainSession<float> rest) = Checkpoint.Load(at, data);
        using (rest)
        {
            Assert.Equal(Calibration.None, again.Options.Calibrate);
            Assert.Null(again.Finish(rest).Calibration);
        }
    }

    [Fact]
    public void UnaskedItIsForCrossEntropiesWithRowsEnough()
    {
        Dataset data = Noisy(400);
        Assert.Null(Model.Fit(data, Overtrained with { Loss = Losses.MeanSquaredError, Output = Activations.Softmax })
            .Calibration);
        Assert.Null(Model.Fit(data, Overtrained with { ValidationShare = 0.1 }).Calibration);
        Assert.Null(Model.Fit(data, Overtrained with { ValidationShare = 0 }).Calibration);
        Assert.NotNull(Model.Fit(data, Overtrained with
        {
            ValidationShare = 0.1,
            Calibrate = Calibration.Temperature,
        }).Calibration);
    }

    [Fact]
    public void WhatCannotBeCalibratedIsRefusedWhenAskedFor()
    {
        Dataset data = Noisy(400);
        FitOptions asked = Overtrained with { Calibrate = Calibration.Temperature };
        Refuses("validation part", data, asked with { ValidationShare = 0 });
        Refuses("tanh", data, asked with { Output = Activations.Tanh });
        Refuses("numbers", Dataset.Load("diabetes"), asked);

        static void Refuses(string what, Dataset data, FitOptions options) => Assert.Contains(what,
            Assert.Throws<DownhillException>(() => Model.Fit(data, options)).Message, StringComparison.Ordinal);
    }

    /// <summary>Five answers, three bins, counted by hand.</summary>
    [Fact]
    public void TheCalibrationErrorIsThatCountedByHand()
    {
        Reliability reliability = new();
        reliability.Add(0.9, true, 1);                    // bin 14: (13/15, 14/15]
        reliability.Add(0.9, false, 1);
        reliability.Add(0.6, true, 1);                    // bin 9: (8/15, 9/15], its upper end
        reliability.Add(0.55, true, 2);
        reliability.Add(1, true, 1);                      // bin 15
        reliability.Add(double.NaN, true, 7);             // no probability
        double gap = Math.Abs(1 - 1.8) + Math.Abs(3 - (0.6 + 1.1)) + 0;
        Assert.Equal(gap / 6, reliability.Error, 1e-12);
        Assert.Equal(
            [(2, 2.0, 0.5), (2, 3.0, 1), (1, 1.0, 1)], reliability.Bins.OrderByDescending(b => b.Low == 13 / 15.0)
            .ThenBy(b => b.Low).Select(b => (b.Answers, b.Weight, b.Right)));
        Assert.Equal(1.7 / 3, reliability.Bins.Single(b => b.Weight == 3).Sure, 1e-12);
    }
}
