using Downhill.Tests.Training;

namespace Downhill.Tests.Catalogs;

/// <summary>A row weighs its own weight times its class's, in every sum and in the one normaliser.</summary>
public sealed class ClassWeightTests
{
    private static NetworkSpec Spec => new(3, new Dense(5, Activations.Tanh), new Dense(3, Activations.Softmax));

    private static TrainOptions Options => new() { Batch = 8, Epochs = 4, Threads = 1, LearningRate = 0.02 };

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Class_weights_are_weights_of_the_rows_bit_for_bit(Reduction reduction)
    {
        float[] own = [.. Enumerable.Range(0, 50).Select(i => 0.5f * (1 + i % 3))];
        double[] weights = [1, 4, 0.25];
        Dataset data = Runs.Classes(50, 3, 3, weights: own);
        Dataset multiplied = Runs.Classes(50, 3, 3, weights: [.. own.Select((w, i) =>
            w * (float)weights[data.Classes[i]])]);
        foreach (Optimizer optimizer in (Optimizer[])[Optimizers.Adam(), Optimizers.Lbfgs()])
        {
            TrainOptions options = Options with
            {
                Reduction = reduction,
                Optimizer = optimizer,
                LearningRate = optimizer.Method is null ? 0.02 : null,
                Batch = optimizer.NeedsFullBatch ? 0 : 8
            };
            string expected = Runs.Train<float>(multiplied, Spec, options);
            Assert.Equal(expected, Runs.Train<float>(data, Spec, options with { ClassWeights = weights }));
            Assert.NotEqual(expected, Runs.Train<float>(data, Spec, options));
        }
        // Without weights of their own, rows weigh what their class does.
        Dataset plain = Runs.Classes(50, 3, 3), byClass = Runs.Classes(50, 3, 3,
            weights: [.. plain.Classes.Select(c => (float)weights[c])]);
        Assert.Equal(Runs.Train<float>(byClass, Spec, Options),
            Runs.Train<float>(plain, Spec, Options with { ClassWeights = weights }));
    }

    [Fact]
    public void Weight_2_is_every_row_of_the_class_twice()
    {
        Dataset data = Runs.Classes(20, 3, 3);
        int[] twice = [.. Runs.All(data).SelectMany(r => data.Classes[r] == 1 ? (int[])[r, r] : [r])];
        TrainOptions options = Options with { Batch = 0, Optimizer = Optimizers.GradientDescent };
        using TrainSession<double> a = Runs.Start<double>(data, Spec, options with { ClassWeights = [1, 2, 1] });
        using TrainSession<double> b = Runs.Start<double>(data.Subset(twice), Spec, options);
        a.Run();
        b.Run();
        double[] x = Runs.Weights(a), y = Runs.Weights(b);
        for (int i = 0; i < x.Length; i++) Assert.Equal(y[i], x[i], 1e-12);
    }

    [Fact]
    public void Balanced_is_N_over_K_times_the_classs_rows()
    {
        Dataset data = Runs.Classes(50, 3, 3, weights: [.. Enumerable.Range(0, 50).Select(i => i % 2 == 0 ? 1f : 2f)]);
        int[] rows = [.. Runs.All(data).Where(i => i % 5 != 0)];
        double[] weights = ClassWeight.Balanced.For(data, rows), sums = new double[3];
        foreach (int row in rows) sums[data.Classes[row]] += data.Weights![row] * weights[data.Classes[row]];
        double all = rows.Sum(r => data.Weights![r]);
        // Each class counts alike, all together as much as before.
        foreach (double sum in sums) Assert.Equal(all / 3, sum, 1e-9);
        // A class that has no row to train on keeps 1 and leaves the others balanced.
        int[] two = [.. rows.Where(r => data.Classes[r] != 2)];
        weights = ClassWeight.Balanced.For(data, two);
        Assert.Equal(1, weights[2]);
        Assert.Equal(two.Where(r => data.Classes[r] == 0).Sum(r => data.Weights![r]) * weights[0],
            two.Sum(r => data.Weights![r]) / 2, 1e-9);
    }

    /// <summary>
    /// 5 % of class 1: unweighted its recall suffers, balanced it does not; accuracy counts rows, not weights.
    /// </summary>
    [Fact]
    public void Balanced_training_finds_the_rare_class()
    {
        RandomStream random = new(3, RandomStreams.Data);
        float[] x = new float[2000];
        int[] classes = new int[1000];
        for (int r = 0; r < 1000; r++)
        {
            classes[r] = r % 20 == 0 ? 1 : 0;
            for (int i = 0; i < 2; i++) x[2 * r + i] = (float)random.Normal((ulong)(2 * r + i)) + 1.2f * classes[r];
        }
        Dataset data = new("rare", Runs.Columns(2), new(["c"], ["common", "rare"]), x, [], classes, []);
        double Recall(ClassWeight? weights)
        {
            FitResult fit = Model.Fit(data, new()
            {
                Hidden = [], Epochs = 40, Threads = 1, ClassWeight = weights,
                ValidationShare = 0.1
            });
            int[,] confusion = fit.Train.Confusion!;
            Assert.Equal((confusion[0, 0] + confusion[1, 1]) / (double)fit.Train.Rows, fit.Train.Accuracy!.Value,
                1e-12);
            return confusion[1, 1] / (double)(confusion[1, 0] + confusion[1, 1]);
        }
        Assert.True(Recall(null) < 0.4);
        Assert.True(Recall(ClassWeight.Balanced) > 0.7);
        Assert.True(Recall(ClassWeight.Of(("rare", 19))) > 0.7);
    }

    /// <summary>What stopping and the best weights go by is the objective; accuracies count rows.</summary>
    [Fact]
    public void The_validation_loss_is_weighted_too()
    {
        Dataset data = Runs.Classes(60, 3, 3);
        int[] train = [.. Runs.All(data).Where(i => i % 3 != 0)], held = [.. Runs.All(data).Where(i => i % 3 == 0)];
        double[] weights = [1, 5, 0];
        using TrainSession<double> session = Runs.Start<double>(data, Spec,
            Options with { Epochs = 1, ClassWeights = weights }, train, held);
        session.Run();
        Evaluator<double> evaluator = new(new(Spec, Losses.CrossEntropy), data, held, Runs.Plain(data));
        double sum = 0, weight = 0;
        Metrics plain = evaluator.Measure(session.State.Parameters, session.State.Buffers, (row, loss, _) =>
        {
            sum += weights[data.Classes[held[row]]] * loss;
            weight += weights[data.Classes[held[row]]];
        });
        Assert.Equal(sum / weight, session.State.History[0].ValidationLoss, 1e-12);
        Assert.Equal(plain.Accuracy!.Value, session.State.History[0].ValidationScore, 1e-12);
        Assert.NotEqual(plain.Loss, session.State.History[0].ValidationLoss, 1e-6);
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("1,2.5,0.5")]
    [InlineData("c0=2,c2=0.5")]
    public void Texts_are_read_and_printed(string text)
    {
        ClassWeight weights = ClassWeight.Parse(text);
        Assert.Equal(text, weights.ToString());
        Dataset data = Runs.Classes(30, 3, 3);
        double[] numbers = weights.For(data, Runs.All(data));
        if (text.StartsWith('1')) Assert.Equal([1, 2.5, 0.5], numbers);
        if (text.StartsWith('c')) Assert.Equal([2, 1, 0.5], numbers);
    }

    [Theory]
    [InlineData("1,2", "3 numbers")]
    [InlineData("1,2,-1", "from 0")]
    [InlineData("0,0,0", "above 0")]
    [InlineData("c0=1,c7=2", "c7")]
    [InlineData("c0=1,2", "balanced")]
    [InlineData("many", "balanced")]
    [InlineData("", "balanced")]
    public void Numbers_that_do_not_fit_are_refused(string text, string part)
    {
        Dataset data = Runs.Classes(30, 3, 3);
        Assert.Contains(part, Assert.Throws<DownhillException>(() =>
            FitPlan.Make(data, new() { ClassWeight = ClassWeight.Parse(text) })).Message);
    }

    [Fact]
    public void Numbers_have_no_classes_to_weigh() => Assert.Contains("classes",
        Assert.Throws<DownhillException>(() => FitPlan.Make(Runs.Numbers(30, 3),
            new() { ClassWeight = ClassWeight.Balanced })).Message);

    [Fact]
    public void Steps_with_class_weights_allocate_nothing()
    {
        using TrainSession<float> session = Runs.Start<float>(Runs.Classes(4000, 3, 3), Spec,
            Options with { ClassWeights = [1, 2, 3] });
        for (int i = 0; i < 100; i++) session.Step();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 3 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) session.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void A_stopped_run_resumes_with_its_class_weights()
    {
        using TemporaryFolder folder = new();
        Dataset data = Runs.Classes(80, 3, 3);
        FitPlan plan = FitPlan.Make(data, new()
        {
            Epochs = 6, Hidden = [4], Threads = 1,
            ClassWeight = ClassWeight.Balanced
        });
        using TrainSession<float> whole = plan.Start(), first = plan.Start();
        whole.Run();
        while (first.State.Epoch < 3) first.Step();
        string path = folder["run.ckpt"];
        Checkpoint.Save(path, plan, first);
        (FitPlan again, TrainSession<float> second) = Checkpoint.Load(path, data);
        using (second)
        {
            Assert.Equal(plan.Options.ClassWeights, again.Options.ClassWeights);
            second.Run();
            Assert.Equal(Runs.Hash(whole), Runs.Hash(second));
        }
    }
}
