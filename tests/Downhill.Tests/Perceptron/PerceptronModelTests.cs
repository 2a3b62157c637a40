using System.Globalization;

namespace Downhill.Tests.PerceptronRule;

/// <summary>Perceptrons on data sets, and the models they become.</summary>
public sealed class PerceptronModelTests
{
    private static readonly FitOptions AllRows = new() { TestShare = 0 };

    private static PerceptronResult Fit(Dataset data, FitOptions? options = null) =>
        PerceptronModel.Fit(data, options ?? AllRows);

    [Fact]
    public void Iris_setosa_against_the_rest_is_separable_and_the_model_says_so_of_every_row()
    {
        Dataset data = OneAgainstRest(Dataset.Load("iris"), 0);
        PerceptronResult result = Fit(data);
        Separable answer = Assert.IsType<Separable>(Assert.Single(result.Answers));
        Assert.True(answer.Margin > 0);
        Assert.Equal(1, result.Fit.Train.Accuracy);
        Assert.Equal("converged", result.Fit.Stopped.Rule);
        Assert.Equal(0, result.Fit.History[^1].TrainLoss);
    }

    [Fact]
    public void Iris_versicolor_and_virginica_are_not_separable()
    {
        Dataset iris = Dataset.Load("iris");
        Dataset data = OnlyClasses(iris, 1, 2);
        PerceptronResult result = Fit(data);
        NotSeparable answer = Assert.IsType<NotSeparable>(Assert.Single(result.Answers));
        Assert.True(PerceptronModel.Check(answer.Certificate, data, 1));
        Assert.False(PerceptronModel.Check(answer.Certificate with
        {
            Multipliers =
            [.. answer.Certificate.Multipliers.Select((m, i) => m + (i == 0 ? 1 : 0))]
        }, data, 1));
        Assert.InRange(answer.Certificate.Rows.Count, 2, 6); // Carathéodory: 4 inputs and the bias, at most 6
        Assert.InRange(result.Fit.Train.Accuracy!.Value, 0.9, 0.99);
    }

    [Fact]
    public void Three_classes_get_an_answer_each()
    {
        PerceptronResult result = Fit(Dataset.Load("iris"));
        Assert.IsType<Separable>(result.Answers[0]);
        Assert.IsType<NotSeparable>(result.Answers[1]);
        Assert.IsType<NotSeparable>(result.Answers[2]);
        for (int c = 1; c < 3; c++)
            Assert.True(PerceptronModel.Check(((NotSeparable)result.Answers[c]).Certificate, Dataset.Load("iris"), c));
        Assert.InRange(result.Fit.Train.Accuracy!.Value, 0.6, 1);
        Assert.Contains("of 3 classes against all others 1 are separable, 2 are not", result.Fit.Stopped.Text,
            StringComparison.Ordinal);
    }

    /// <summary>Whether the 208 signals are separable is what the program finds: they are, by a very small
    /// margin.</summary>
    [Fact]
    public void Sonar_is_decided()
    {
        PerceptronResult result = Fit(Sonar(), AllRows with { Epochs = 200 });
        Assert.IsType<Separable>(Assert.Single(result.Answers));
        Assert.Equal(1, result.Fit.Train.Accuracy);
    }

    [Fact]
    public void Wdbc_is_separable_as_its_authors_say()
    {
        PerceptronResult result = Fit(Dataset.Load("breast_cancer"), AllRows with { Epochs = 100 });
        Assert.IsType<Separable>(Assert.Single(result.Answers));
        Assert.Equal(1, result.Fit.Train.Accuracy);
    }

    /// <summary>Point by point mirrored through 0, so that 0 lies on a face of nearly every corral.</summary>
    [Theory]
    [InlineData("spirals")]
    [InlineData("moons")]
    [InlineData("circles")]
    [InlineData("parity(5)")]
    public void Sets_for_more_than_one_layer_are_not_separable(string name)
    {
        Dataset data = Dataset.Load(name);
        NotSeparable answer = Assert.IsType<NotSeparable>(Assert.Single(Fit(data,
            AllRows with { Epochs = 20 }).Answers));
        Assert.True(PerceptronModel.Check(answer.Certificate, data, 1));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 8)]
    [InlineData(4, 9)]
    public void Pairs_of_digits_are_separable(int a, int b) =>
        Assert.IsType<Separable>(Assert.Single(Fit(OnlyClasses(Dataset.Load("digits"), a, b)).Answers));

    // A missing number has an input of its own, so that rows without it can be told from all others.
    [Theory]
    [InlineData(true, new[] { 0, 0, 1, 0, 1 })]
    [InlineData(false, new[] { 0, 0, 1, 1, 0 })]
    public void Missing_numbers_take_part(bool isSeparable, int[] classes)
    {
        Dataset data = new("t", [new Column("x")], new Target(["y"], ["no", "yes"]),
            [1, 2, float.NaN, 3, float.NaN], [], classes, []);
        PerceptronResult result = Fit(data, AllRows with { Epochs = isSeparable ? 200 : 20 });
        PerceptronAnswer answer = Assert.Single(result.Answers);
        if (isSeparable) Assert.IsType<Separable>(answer);
        else Assert.True(PerceptronModel.Check(Assert.IsType<NotSeparable>(answer).Certificate, data, 1,
            result.Fit.Model.Preparation));
    }

    [Fact]
    public void Model_is_an_ordinary_one()
    {
        Dataset data = OneAgainstRest(Dataset.Load("iris"), 0);
        Model model = Fit(data).Fit.Model;
        Dense layer = Assert.IsType<Dense>(Assert.Single(model.Spec.Layers));
        Assert.Equal(("sign", 1), (layer.Activation.Name, layer.Units));
        Assert.Equal((-1.0, 1.0, true), (model.Preparation.TargetLow, model.Preparation.TargetHigh,
            model.Preparation.SingleOutput));
        Assert.Equal("setosa", model.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Label);
        Assert.Equal([-1f], model.Predict([6.3f, 3.3f, 6f, 2.5f]).Values);
        Model back = ModelFile.FromBytes(model.ToBytes());
        Assert.Equal(model.WeightsHash, back.WeightsHash);
        Assert.Equal("perceptron", back.Training!.Optimizer);
        Assert.StartsWith("a whole pass without a mistake; separable", back.Training.Stopped, StringComparison.Ordinal);
    }

    [Fact]
    public void Xor_is_not_separable_and_says_so_after_a_whole_number_of_passes()
    {
        Dataset xor = Dataset.Load("xor");
        PerceptronResult result = Fit(xor, new() { Epochs = 10 });
        NotSeparable answer = Assert.IsType<NotSeparable>(Assert.Single(result.Answers));
        Assert.True(PerceptronModel.Check(answer.Certificate, xor, 1));
        Assert.Equal(10, result.Fit.History.Count);
        Assert.Contains("not separable: a non-negative combination of 4 signed rows vanishes, checked exactly",
            result.Fit.Stopped.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_names_rows_of_the_data_set_when_a_part_is_held_out()
    {
        Dataset data = OnlyClasses(Dataset.Load("iris"), 1, 2);
        PerceptronResult result = Fit(data, new() { TestShare = 0.1, Seed = 3 });
        NotSeparable answer = Assert.IsType<NotSeparable>(Assert.Single(result.Answers));
        Assert.True(PerceptronModel.Check(answer.Certificate, data, 1));
        Assert.Equal(10, result.Fit.Test!.Rows);
    }

    [Fact]
    public void Same_seed_gives_the_same_bits_and_cancelling_ends_it()
    {
        Dataset data = Dataset.Load("wine");
        Assert.Equal(Fit(data).Fit.Model.WeightsHash, Fit(data).Fit.Model.WeightsHash);
        using CancellationTokenSource source = new();
        PerceptronResult cancelled = Fit(data,
            AllRows with { Cancellation = source.Token, Progress = _ => source.Cancel() });
        Assert.True(cancelled.Fit.Stopped.IsCancelled);
        Assert.Single(cancelled.Fit.History);
    }

    [Fact]
    public void What_has_no_meaning_for_the_rule_is_refused()
    {
        Dataset xor = Dataset.Load("xor");
        FitOptions[] wrong =
        [
            new() { Hidden = [4] }, new() { Dropout = 0.5 }, new() { Loss = Losses.CrossEntropy }, new() { L2 = 1 },
                new() { Batch = 32 },
            new() { Activation = [Activations.Tanh] }, new() { Stop = [StoppingRules.Change()] },
                new() { BatchNorm = true },
        ];
        foreach (FitOptions options in wrong) Assert.Throws<DownhillException>(() => Fit(xor, options));
        Assert.Contains("classes as target",
            Assert.Throws<DownhillException>(() => Fit(Dataset.Load("diabetes"))).Message, StringComparison.Ordinal);
        Assert.Throws<DownhillException>(() => Fit(OnlyClasses(Dataset.Load("iris"), 1)));
    }

    /// <summary>Rows of some classes, which become the classes 0, 1, …</summary>
    internal static Dataset OnlyClasses(Dataset data, params int[] classes)
    {
        int[] rows = [.. Enumerable.Range(0, data.Rows).Where(r => classes.Contains(data.Classes[r]))];
        return new(data.Name, data.Inputs, new(data.Target.Names, [.. classes.Select(c => data.Target.Classes[c])]),
            [.. rows.SelectMany(r => data.Numeric[(r * data.NumericCount)..((r + 1) * data.NumericCount)])], [],
            [.. rows.Select(r => Array.IndexOf(classes, data.Classes[r]))], [])
        {
            Image = data.Image,
        };
    }

    internal static Dataset OneAgainstRest(Dataset data, int one) =>
        new(data.Name, data.Inputs, new(data.Target.Names, ["rest", data.Target.Classes[one]]), data.Numeric, [],
            [.. data.Classes.Select(c => c == one ? 1 : 0)], []);

    private static Dataset Sonar()
    {
        List<float> numbers = [];
        List<int> classes = [];
        foreach ((string file, int code) in (ReadOnlySpan<(string, int)>)[("sonar/sonar.rocks.gz", 0),
            ("sonar/sonar.mines.gz", 1)])
            foreach (string block in string.Join(' ', SharedData.Lines(file)).Split('{')[1..])
            {
                float[] row = [.. block.Split('}')[0].Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries)
                    .Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
                Assert.Equal(60, row.Length);
                numbers.AddRange(row);
                classes.Add(code);
            }
        Assert.Equal(208, classes.Count);
        return new("sonar", [.. Enumerable.Range(1, 60).Select(i => new Column($"x{i}"))],
            new(["object"], ["rock", "mine"]),
            [.. numbers], [], [.. classes], []);
    }
}
