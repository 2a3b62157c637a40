using Xunit;

namespace Downhill.Tests.Training;

/// <summary>Networks side by side are one network, and recipes fill what is left open.</summary>
public sealed class EnsembleTests
{
    private static float[] Outputs(Model model, Dataset data, int row)
    {
        float[] outputs = new float[model.Preparation.Outputs];
        model.Predict(data.Numeric.AsSpan(row * data.NumericCount, data.NumericCount), outputs);
        return outputs;
    }

    private static FitOptions Small => new() { Recipe = Recipe.Table, Hidden = [5, 4], Epochs = 3, Threads = 2 };

    public static TheoryData<string> Kinds => ["plain", "table", "realmlp", "batch_norm", "connections"];

    [Theory, MemberData(nameof(Kinds))]
    public void Answers_are_the_mean_of_the_members_log_probabilities(string kind)
    {
        Dataset iris = Dataset.Load("iris");
        FitOptions options = kind switch
        {
            "batch_norm" => Small with { BatchNorm = true },
            "connections" => Small with { Connections = 0.5 },
            _ => Small with { Recipe = Recipe.Parse(kind) },
        };
        FitPlan plan = FitPlan.Make(iris, options with { Ensemble = 3 });
        Model[] members = [.. Enumerable.Range(0, 3).Select(i =>
        {
            using TrainSession<float> session = plan.Member(i).Start();
            session.Run();
            return plan.Finish(session).Model;
        })];
        Model whole = Model.Fit(iris, options with { Ensemble = 3 }).Model;
        for (int row = 0; row < iris.Rows; row += 7)
        {
            double[] logs = [
                .. Enumerable.Range(0, 3).Select(c => members.Average(m => Math.Log(Outputs(m, iris, row)[c])))];
            double sum = logs.Sum(Math.Exp);
            float[] got = Outputs(whole, iris, row);
            for (int c = 0; c < 3; c++) Assert.Equal(Math.Exp(logs[c]) / sum, got[c], 2e-5);
        }
    }

    [Fact]
    public void Numbers_are_the_mean_of_the_members_numbers()
    {
        Dataset diabetes = Dataset.Load("diabetes");
        FitPlan plan = FitPlan.Make(diabetes, Small with { Ensemble = 4 });
        double mean = 0;
        for (int i = 0; i < 4; i++)
        {
            using TrainSession<float> session = plan.Member(i).Start();
            session.Run();
            mean += Outputs(plan.Finish(session).Model, diabetes, 11)[0] / 4.0;
        }
        Assert.Equal(mean, Outputs(Model.Fit(diabetes, Small with { Ensemble = 4 }).Model, diabetes, 11)[0],
            1e-4 * Math.Abs(mean));
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_threads()
    {
        Dataset wine = Dataset.Load("wine");
        string[] hashes = [.. ((int[])[1, 2, 3]).Select(threads =>
            Model.Fit(wine, Small with { Ensemble = 3, Threads = threads }).Model.WeightsHash)];
        Assert.Single(hashes.Distinct());
    }

    [Fact]
    public void What_is_said_comes_before_the_recipe()
    {
        Dataset wine = Dataset.Load("wine");
        FitPlan recipe = FitPlan.Make(wine, new() { Recipe = Recipe.RealMlp });
        Assert.IsType<FeatureScale>(recipe.Network.Layers[0]);
        Assert.Equal("selu", ((Dense)recipe.Network.Layers[1]).Activation.Name);
        FitPlan said = FitPlan.Make(wine, new()
        {
            Recipe = Recipe.RealMlp, FeatureScale = false, Hidden = [7],
            Activation = [Activations.Tanh], Epochs = 3, LearningRate = 0.5
        });
        Assert.Equal("13-7-3", said.Network.ToString());
        Assert.Equal(("tanh", 3, 0.5),
            (((Dense)said.Network.Layers[0]).Activation.Name, said.Options.Epochs, said.Options.LearningRate));
    }

    [Fact]
    public void Tables_have_a_recipe_of_their_own()
    {
        Dataset wine = Dataset.Load("wine");
        Assert.Equal(Recipe.Table, FitPlan.Make(wine, new()).Recipe);
        Assert.Equal(Recipe.Table, FitPlan.Make(wine, new() { Hidden = [5], LearningRate = 0.01 }).Recipe);
        Assert.Equal(Recipe.Plain, FitPlan.Make(Dataset.Load("digits"), new()).Recipe);
        Assert.Equal(Recipe.Plain, FitPlan.Make(Dataset.Load("xor"), new()).Recipe);
        Model model = Model.Fit(wine, new() { Epochs = 1 }).Model;
        foreach (FitOptions own in (FitOptions[])[new() { Optimizer = Optimizers.Momentum() },
            new() { Loss = Losses.Euclidean }, new() { Output = Activations.Sigmoid() }, new() { Hidden = [] },
            new() { From = model }, new() { Recipe = Recipe.Plain }])
            Assert.Equal(Recipe.Plain, FitPlan.Make(wine, own).Recipe);
        Assert.Contains("Did you mean 'table'?", Assert.Throws<DownhillException>(() => Recipe.Parse("tabel")).Message);
    }

    [Fact]
    public void Rates_by_kind_reach_the_segments()
    {
        Dataset iris = Dataset.Load("iris");
        LayerRates rates = LayerRates.Parse("bias=0,scale=0");
        Assert.Equal("bias=0,scale=0", rates.ToString());
        FitPlan plan = FitPlan.Make(iris,
            new() { Recipe = Recipe.Plain, FeatureScale = true, LayerLearningRates = rates, Hidden = [4], Epochs = 2 });
        using TrainSession<float> session = plan.Start();
        float[] before = session.State.Parameters.Span.ToArray();
        session.Run();
        foreach (Segment segment in plan.Network.Segments)
        {
            bool isSame = session.State.Parameters.Span.Slice(segment.Offset, segment.Length)
                .SequenceEqual(before.AsSpan(segment.Offset, segment.Length));
            Assert.Equal(segment.Shape.Role != SegmentRole.Weight, isSame);
        }
        foreach (string wrong in (string[])["bias=x", "biases=1", "1,bias=2", "bias=1,2"])
            Assert.Throws<DownhillException>(() => LayerRates.Parse(wrong));
    }

    [Fact]
    public void Folds_test_every_row_once_with_a_preparation_of_their_own()
    {
        Dataset wine = Dataset.Load("wine");
        Split[] splits = Split.Folds(wine, 4, 1);
        CrossValidation one = CrossValidation.Fit(wine, splits, Small),
            two = CrossValidation.Fit(wine, splits, Small with { Threads = 1 });
        Assert.Equal(wine.Rows, one.Tests.Sum(t => t.Rows));
        Assert.Equal(one.Folds.Select(f => f.Model.WeightsHash), two.Folds.Select(f => f.Model.WeightsHash));
        Assert.Equal(one.Tests.Average(t => t.Accuracy), one.Mean(m => m.Accuracy));
        for (int i = 0; i < 4; i++)
        {
            Dataset part = wine.Subset(splits[i].Training);
            Preparation own = Preparation.Fit(part, [.. Enumerable.Range(0, part.Rows)], Scaling.Standard, levels: 8);
            Assert.Equal(own.Shift, one.Folds[i].Model.Preparation.Shift);
        }
    }
}
