using Downhill.Tests.Training;

namespace Downhill.Tests.Models;

/// <summary>The front door on problems that people try first.</summary>
public sealed class FitTests
{
    [Theory]
    [InlineData(2, "tanh", 3)] // two hidden units end in a local minimum from about every second start
    [InlineData(2, "tanh", 5)]
    [InlineData(4, "tanh", 1)]
    [InlineData(4, "sigmoid", 1)]
    public void Xor_is_learned_completely(int hidden, string activation, ulong seed)
    {
        Dataset xor = Dataset.Load("xor");
        FitResult fit = Model.Fit(xor, new()
        {
            Hidden = [hidden], Activation = [Catalog.Default.Activation(activation)], LearningRate = 0.05,
            Epochs = 2000, Threads = 1, Seed = seed,
        });
        Assert.Equal(1, fit.Train.Accuracy);
        Assert.True(fit.Train.Loss < 0.05, $"loss {fit.Train.Loss}");
        Assert.Equal(["0", "1", "1", "0"], Enumerable.Range(0, 4).Select(r => fit.Model.Predict([r / 2, r % 2]).Label));
        Assert.Null(fit.Test);
    }

    [Theory]
    [InlineData(float.NaN, "a finite number, got NaN")]
    [InlineData(float.NegativeInfinity, "a finite number, got -Infinity")]
    [InlineData(3.4e38f, "a number that scaling keeps finite, got 3.4E+38")]
    public void A_row_that_is_no_row_of_numbers_is_refused_by_its_column(float bad, string why)
    {
        Column[] columns = [new("kind", ColumnKind.Category, ["a", "b"]), new("length"), new("width")];
        Dataset data = new("parts", columns, new(["good"], ["no", "yes"]), [1, 0.1f, 2, 0.2f, 3, 0.3f, 4, 0.1f],
            [0, 1, 0, 1], [0, 1, 0, 1], []);
        Model model = Model.Fit(data, new() { Hidden = [2], Epochs = 2 }).Model;
        float[] outputs = new float[2];
        model.Predict([5, 0.2f], outputs, [1]);
        float[] row = [5, bad];
        Assert.Contains($"column 'width': expected {why}",
            Assert.Throws<DownhillException>(() => model.Predict(row, outputs, [1])).Message, StringComparison.Ordinal);
        if (!float.IsFinite(bad)) // in double, scaling keeps any float finite
            Assert.Contains($"column 'width': expected {why}",
                Assert.Throws<DownhillException>(() => Trace.Of(model, row, [1])).Message, StringComparison.Ordinal);
        Assert.True(float.IsFinite(outputs[0]));
    }

    [Fact]
    public void Xor_is_learned_with_no_option_at_all()
    {
        FitResult fit = Model.Fit(Dataset.Load("xor"));
        Assert.Equal(1, fit.Train.Accuracy);
    }

    [Fact]
    public void A_model_measures_only_data_with_its_columns()
    {
        Model model = Model.Fit(Runs.Classes(30, 3, 3), new() { Epochs = 1, Threads = 1 }).Model;
        Assert.Throws<DownhillException>(() => model.Evaluate(Runs.Classes(30, 4, 3)));
        Assert.Throws<DownhillException>(() => model.Evaluate(Runs.Classes(30, 3, 4)));
        Assert.Throws<DownhillException>(() => model.Evaluate(Runs.Numbers(30, 3)));
        model.Evaluate(Runs.Classes(20, 3, 3, seed: 8));
    }

    /// <summary>The book's way: 2-2-1, sigmoid, squared error, one example at a time, momentum.</summary>
    [Fact]
    public void Xor_is_learned_as_in_the_textbook()
    {
        FitResult fit = Model.Fit(Dataset.Load("xor"), new()
        {
            Hidden = [2], Activation = [Activations.Sigmoid()], Output = Activations.Sigmoid(), Loss = Losses.Euclidean,
            Optimizer = Optimizers.Momentum(0.9),
            LearningRate = 0.3, Batch = 1, Epochs = 5000, Threads = 1, Seed = 3,
        });
        Assert.Equal("2-2-1", fit.Model.Spec.ToString());
        Assert.Equal(1, fit.Train.Accuracy);
        Assert.True(fit.Train.Loss < 0.01);
    }

    [Fact]
    public void The_two_spirals_are_learned_completely()
    {
        Dataset spirals = Dataset.Load("spirals");
        Assert.Equal(194, spirals.Rows);
        FitResult fit = Model.Fit(spirals, new() { Threads = 1 });
        Assert.Null(fit.Test);
        Assert.True(fit.Train.Accuracy == 1, $"accuracy {fit.Train.Accuracy} after {fit.Model.Training!.Epochs}"
            + $" epochs: {fit.Stopped.Text}");
    }

    [Fact]
    public void Iris_is_told_apart_on_rows_never_seen()
    {
        Dataset iris = Dataset.Load("iris");
        FitResult fit = Model.Fit(iris, new() { Hidden = [16], Threads = 1, TestShare = 0.3 });
        Assert.Equal(45, fit.Test!.Rows);
        Assert.True(fit.Test.Accuracy >= 0.93, $"{fit.Test.Accuracy}");
        Assert.Equal(45, fit.Test.Confusion!.Cast<int>().Sum());
    }

    [Fact]
    public void The_same_fit_twice_is_the_same_model_and_another_seed_is_another()
    {
        Dataset iris = Dataset.Load("iris");
        string Hash(ulong seed, int threads) =>
            Model.Fit(iris, new() { Hidden = [8], Epochs = 5, Seed = seed, Threads = threads }).Model.WeightsHash;
        Assert.Equal(Hash(1, 1), Hash(1, 3));
        Assert.NotEqual(Hash(1, 1), Hash(2, 1));
    }

    [Fact]
    public void A_number_is_predicted_in_its_own_units()
    {
        // y = 1000 + 50·x₁: nothing to learn but the units.
        float[] x = [.. Enumerable.Range(0, 60).Select(i => 0.1f * i)];
        Dataset data = new("line", [new("x")], new(["y"], []), x, [], [], [.. x.Select(v => 1000 + 50 * v)]);
        FitResult fit = Model.Fit(
            data, new() { Hidden = [], Optimizer = Optimizers.Lbfgs(), Threads = 1, TestShare = 0 });
        Assert.Equal(1150, fit.Model.Predict([3f]).Values[0], 0.01);
        Assert.Equal(-1, fit.Model.Predict([3f]).Class);
        Assert.True(fit.Train.Rmse < 0.01);
        Assert.Equal(1, fit.Train.R2!.Value, 1e-6);
    }

    [Fact]
    public void Test_and_validation_rows_never_train()
    {
        Dataset data = Runs.Classes(100, 3, 3);
        FitPlan plan = FitPlan.Make(data, new() { TestShare = 0.2, ValidationShare = 0.25 });
        Assert.Equal((60, 20, 20), (plan.Rows.Length, plan.ValidationRows.Length, plan.TestRows.Length));
        Assert.Equal(Enumerable.Range(0, 100), plan.Rows.Concat(plan.ValidationRows).Concat(plan.TestRows).Order());
        // The scaling is that of the training rows alone.
        double mean = plan.Rows.Average(r => (double)data.Numeric[3 * r]);
        Assert.Equal(mean, plan.Preparation.Shift[0], 1e-12);
    }

    [Fact]
    public void Sets_with_other_columns_are_refused()
    {
        Dataset data = Runs.Classes(30, 3, 3);
        void Refused(Dataset other)
        {
            Assert.Throws<DownhillException>(() => Model.Fit(data, new() { Test = other }));
            Assert.Throws<DownhillException>(() => Model.Fit(data, new() { Validation = other }));
        }
        Refused(Runs.Classes(30, 4, 3));
        Refused(Runs.Classes(30, 3, 2));
        Refused(Runs.Numbers(30, 3));
        Column[] columns = [new("x1"), new("x2"), new("x3", ColumnKind.Category, ["a", "b"])];
        Refused(new("kinds", columns, data.Target, data.Numeric[..60], new int[30], data.Classes, []));

        Dataset left = new("left", columns, data.Target, data.Numeric[..60], new int[30], data.Classes, []);
        Column[] swapped = [new("x1"), new("x2"), new("x3", ColumnKind.Category, ["b", "a"])];
        Dataset right = new("right", swapped, data.Target, data.Numeric[..60], new int[30], data.Classes, []);
        // codes would mean other categories
        Assert.Throws<DownhillException>(() => Model.Fit(left, new() { Test = right }));

        Dataset one = Runs.Numbers(30, 3), two = Runs.Numbers(30, 3, 2);
        Assert.Throws<DownhillException>(() => Model.Fit(one, new() { Test = two }));
    }
}
