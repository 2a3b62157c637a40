namespace Downhill.Tests.Models;

/// <summary>Vectors for categories: that they are looked up, learned, kept, and that their gradient is right.</summary>
public sealed class EmbeddingTests : IDisposable
{
    private const int Many = 40;
    private readonly string folder = Directory.CreateTempSubdirectory("downhill").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static double Uniform(ulong i) => new RandomStream(21, RandomStreams.Data).Uniform(i);

    /// <summary>A number, a column of many categories of which each has its own effect, one of few.</summary>
    private static Dataset Shops(int rows)
    {
        float[] numeric = [.. Enumerable.Range(0, rows).Select(r => (float)Uniform((ulong)r))];
        int[] codes = [.. Enumerable.Range(0, 2 * rows).Select(i =>
            (int)(Uniform((ulong)(10_000 + i)) * (i % 2 == 0 ? Many : 3)) - (i % 61 == 0 ? 1 : 0))];
        Column[] columns = [new("shop", ColumnKind.Category, [.. Enumerable.Range(0, Many).Select(c => $"s{c}")]),
            new("price"), new("size", ColumnKind.Category, ["S", "M", "L"])];
        int Hidden(int shop) => shop * 7 % 11 > 4 ? 1 : 0;
        return new("shops", columns, new(["sold"], ["no", "yes"]), numeric, codes,
            [.. Enumerable.Range(0, rows).Select(r => Hidden(codes[2 * r]) == 1 == numeric[r] > 0.2 ? 1 : 0)], []);
    }

    private static readonly FitOptions Options = new() { Hidden = [16], Epochs = 40, Embed = 8 };

    [Fact]
    public void TheFirstLayerLinksAColumnToItsOwnVectorAndPassesTheRestOn()
    {
        NetworkSpec network = FitPlan.Make(Shops(300), Options).Network;
        Assert.Equal("44-12-16-2", network.ToString());
        Dense vectors = (Dense)network.Layers[0];
        Assert.Equal(Many * 8 + 4, vectors.Connections!.Links);
        Assert.False(vectors.HasBias);
        Assert.All(Enumerable.Range(0, 8), u => Assert.Equal(Many, vectors.Connections.FanIn(u)));
        Assert.All(Enumerable.Range(8, 4), u => Assert.Equal(1, vectors.Connections.FanIn(u)));
        Assert.Equal("44-16-2", FitPlan.Make(Shops(300), Options with { Embed = 40 }).Network.ToString());
        Assert.Equal("44-16-2", FitPlan.Make(Shops(300), Options with { Embed = 0 }).Network.ToString());
        Assert.Equal("44-16-2", FitPlan.Make(Shops(300), Options with { Embed = null }).Network.ToString());
        Assert.Throws<DownhillException>(() => FitPlan.Make(Shops(300), Options with { Embed = -1 }));
    }

    /// <summary>More categories than a byte counts can all be told apart, as inputs or vectors, after saving too.
    /// </summary>
    [Theory]
    [InlineData("plain", 300, false)]
    [InlineData("table", 300, false)]
    [InlineData("realmlp", 8, false)]
    [InlineData("realmlp", 9, true)]
    [InlineData("realmlp", 300, true)]
    public void EveryCategoryOfManyHasAnAnswerOfItsOwn(string recipe, int categories, bool haveVectors)
    {
        int rows = 3 * categories;
        Column shop = new("shop", ColumnKind.Category, [.. Enumerable.Range(0, categories).Select(c => $"s{c}")]);
        Dataset classes = new("t", [shop], new(["y"], ["no", "yes"]), [],
            [.. Enumerable.Range(0, rows).Select(r => r % categories)],
            [.. Enumerable.Range(0, rows).Select(r => r % categories * 7 % 5 % 2)], []);
        Dataset numbers = new("t", [shop], new(["y"], []), [], classes.Codes, [],
            [.. classes.Classes.Select(c => (float)c)]);
        FitOptions options = new() { Recipe = Recipe.Parse(recipe), Epochs = 2, TestShare = 0 };
        foreach (Dataset data in (Dataset[])[classes, numbers])
        {
            FitPlan plan = FitPlan.Make(data, options);
            Assert.Equal(haveVectors, plan.Network.Layers[0] is Dense { IsEmbedding: true });
            Assert.False(
                FitPlan.Make(data, options with { Embed = 0 }).Network.Layers[0] is Dense { IsEmbedding: true });
            Model model = Model.Fit(data, options).Model, again = ModelFile.FromBytes(model.ToBytes());
            HashSet<string> answers = [];
            float[] one = new float[plan.Preparation.Outputs], other = new float[one.Length];
            for (int code = -1; code < categories; code++)
            {
                model.Predict([], one, [code]);
                again.Predict([], other, [code]);
                Assert.Equal(one, other);
                answers.Add(string.Join(" ", one));
            }
            Assert.InRange(answers.Count, categories / 2, categories + 1);
        }
    }

    [Fact]
    public void NumbersArePassedOnAsTheyAreAtFirst()
    {
        using TrainSession<float> session = FitPlan.Make(Shops(300), Options).Start();
        Segment segment = session.Spec.Segments[0];
        ReadOnlySpan<float> weights = session.State.Parameters.Span.Slice(segment.Offset, segment.Length);
        for (int i = 0; i < 4; i++) Assert.Equal(1, weights[(Many + i) * 12 + 8 + i]);
        double sum = 0, squares = 0;
        for (int i = 0; i < Many; i++)
            for (int u = 0; u < 8; u++) (sum, squares) = (sum + weights[i * 12 + u], squares + weights[i * 12 + u]
                * weights[i * 12 + u]);
        Assert.InRange(sum / (8 * Many), -0.2, 0.2);
        Assert.InRange(squares / (8 * Many), 0.75, 1.25);
    }

    /// <summary>What the network answers is what a table of vectors gives, looked up by hand.</summary>
    [Theory, InlineData(0), InlineData(17), InlineData(-1)]
    public void AnAnswerIsThatOfTheVectorThatIsLookedUp(int shop)
    {
        Model model = Model.Fit(Shops(400), Options with { Epochs = 5 }).Model;
        float[] parameters = model.Parameters.ToArray();
        double[][] tensors = [.. model.Spec.Segments.Select(s =>
            parameters.AsSpan(s.Offset, s.Length).ToArray().Select(v => (double)v).ToArray())];
        const int size = 2;
        const float price = 0.7f;
        double z = (price - model.Preparation.Shift[0]) * model.Preparation.Scale[0];
        double[] x = [.. Enumerable.Range(0, 8).Select(u => shop < 0 ? 0 : tensors[0][shop * 12 + u]),
            z * tensors[0][Many * 12 + 8], 0, 0, tensors[0][(Many + 1 + size) * 12 + 9 + size]];
        double[] hidden = [.. Enumerable.Range(0, 16).Select(u =>
            Math.Max(0, tensors[2][u] + Enumerable.Range(0, 12).Sum(i => x[i] * tensors[1][i * 16 + u])))];
        double[] field = [.. Enumerable.Range(0, 2).Select(o =>
            tensors[4][o] + Enumerable.Range(0, 16).Sum(u => hidden[u] * tensors[3][u * 2 + o]))];
        double share = 1 / (1 + Math.Exp(field[0] - field[1]));
        float[] outputs = new float[2];
        model.Predict([price], outputs, [shop, size]);
        Assert.Equal(share, outputs[1], 1e-5);
        model.CreatePredictor().Predict([price], outputs, [shop, size]);
        Assert.Equal(share, outputs[1], 1e-5);
    }

    [Fact]
    public void VectorsAreLearnedAndKept()
    {
        Dataset data = Shops(2000);
        FitResult fit = Model.Fit(data, Options);
        Assert.True(fit.Test!.Accuracy > 0.9, $"{fit.Test.Accuracy}");
        string path = Path.Combine(folder, "shops.safetensors");
        fit.Model.Save(path);
        Model loaded = Model.Load(path);
        Assert.Equal(fit.Model.WeightsHash, loaded.WeightsHash);
        Assert.Equal(fit.Test.Accuracy, loaded.Evaluate(data, FitPlan.Make(data, Options).TestRows).Accuracy);
        // And going on from it keeps the network.
        Assert.Equal(loaded.Spec.ToString(), FitPlan.Make(data, new() { From = loaded }).Network.ToString());
        FitResult both = Model.Fit(data, Options with { Ensemble = 2, Epochs = 20 });
        Assert.True(both.Test!.Accuracy > 0.85, $"{both.Test.Accuracy}");
    }

    /// <summary>∂C/∂θ of every weight that exists against differences, in double.</summary>
    [Fact]
    public void TheGradientIsThatOfDifferences()
    {
        Dataset data = Shops(30);
        FitPlan plan = FitPlan.Make(
            data, Options with { Hidden = [5], Activation = [Activations.Tanh], TestShare = 0 });
        using TrainSession<double> session = new(plan.Network, data, plan.Rows, [], plan.Preparation,
            plan.Options with
            {
                Batch = 0,
                Optimizer = Optimizers.GradientDescent,
                LearningRate = 1,
                Schedules = [],
                WeightDecay = 0
            });
        double[] start = session.State.Parameters.Span.ToArray();
        session.Step();
        double[] after = session.State.Parameters.Span.ToArray();
        Network<double> network = new(plan.Network, plan.Options.Loss);
        int checkedOnes = 0;
        foreach (Segment segment in plan.Network.Segments)
            for (int i = 0; i < segment.Length; i++)
            {
                int at = segment.Offset + i, columns = segment.Shape.Columns;
                if (segment.Shape.Mask is ConnectionMask mask && !mask[i / columns, i % columns])
                {
                    Assert.Equal((0, 0), (start[at], after[at]));
                    continue;
                }
                const double h = 1e-5;
                double slope = (Loss(at, h) - Loss(at, -h)) / (2 * h);
                Assert.Equal(slope, start[at] - after[at], 1e-7);
                checkedOnes += slope != 0 ? 1 : 0;
            }
        Assert.True(checkedOnes > 150, $"{checkedOnes}");

        double Loss(int at, double change)
        {
            AlignedBuffer<double> parameters = new(plan.Network.ParameterLength);
            start.CopyTo(parameters.Span);
            parameters.Span[at] += change;
            return new Evaluator<double>(network, data, plan.Rows, plan.Preparation).Measure(parameters, new(0)).Loss;
        }
    }

    [Fact]
    public void TheRecipeOfThePaperTakesThemFromNineCategoriesOn()
    {
        NetworkSpec network = FitPlan.Make(Shops(300), new() { Recipe = Recipe.RealMlp }).Network;
        Assert.True(network.Layers[0] is Dense { IsEmbedding: true });
        Assert.True(network.Layers[1] is FeatureScale);
        Assert.False(FitPlan.Make(Shops(300), new() { Recipe = Recipe.Plain }).Network.Layers[0]
            is Dense { IsEmbedding: true });
    }
}
