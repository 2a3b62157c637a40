using Downhill.Tests.Training;

namespace Downhill.Tests.Lecture;

/// <summary>Factors on the learning rate by layer and by unit (lecture L18).</summary>
public sealed class LayerRatesTests
{
    private static readonly TrainOptions Plain = new()
    {
        Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 0.1, Batch = 0, Epochs = 50, Threads = 1,
    };

    private static NetworkSpec Two(ConnectionMask? mask = null, int inputs = 16) => new(inputs,
        new Dense(8, Activations.Tanh) { Connections = mask }, new Dense(1, Activations.Identity));

    private static float[] After(NetworkSpec spec, TrainOptions options, int steps = 1)
    {
        using TrainSession<float> session = Runs.Start<float>(Runs.Numbers(40, spec.Inputs), spec, options);
        for (int i = 0; i < steps; i++) session.Step();
        return session.State.Parameters.Span.ToArray();
    }

    private static float[] Of(Segment segment, float[] parameters) => parameters[segment.Offset..(segment.Offset + segment.Length)];

    [Fact]
    public void Each_layer_moves_as_it_would_with_its_own_rate()
    {
        NetworkSpec spec = Two();
        float[] mixed = After(spec, Plain with { LayerRates = LayerRates.Of(1, 0.3) });
        float[] full = After(spec, Plain), less = After(spec, Plain with { LearningRate = 0.1 * 0.3 });
        foreach (Segment segment in spec.Segments)
            Assert.Equal(Of(segment, segment.Layer == 0 ? full : less), Of(segment, mixed));
    }

    [Fact]
    public void Factor_zero_holds_a_layer_still()
    {
        NetworkSpec spec = Two();
        float[] start = After(spec, Plain, steps: 0), moved = After(spec, Plain with { LayerRates = LayerRates.Of(0, 1) }, steps: 5);
        Assert.Equal(Of(spec.Segments[0], start), Of(spec.Segments[0], moved));
        Assert.NotEqual(Of(spec.Segments[2], start), Of(spec.Segments[2], moved));
    }

    [Fact]
    public void LeCun_divides_by_the_root_of_the_inputs()
    {
        NetworkSpec spec = Two();
        float[] lecun = After(spec, Plain with { LayerRates = LayerRates.LeCun });
        float[] first = After(spec, Plain with { LearningRate = 0.1 * (1 / Math.Sqrt(16)) });
        float[] second = After(spec, Plain with { LearningRate = 0.1 * (1 / Math.Sqrt(8)) });
        foreach (Segment segment in spec.Segments)
            Assert.Equal(Of(segment, segment.Layer == 0 ? first : second), Of(segment, lecun));
    }

    /// <summary>Units of 1, 4 and 16 links: factors 1, ½ and ¼, which a float holds exactly.</summary>
    [Fact]
    public void LeCun_counts_the_links_of_each_unit_where_some_are_missing()
    {
        bool[] present = new bool[16 * 8];
        int[] fanIn = [1, 4, 16, 16, 4, 1, 4, 16];
        for (int unit = 0; unit < 8; unit++)
            for (int i = 0; i < fanIn[unit]; i++) present[i * 8 + unit] = true;
        NetworkSpec spec = Two(new(16, 8, present));
        float[] lecun = After(spec, Plain with { LayerRates = LayerRates.LeCun });
        foreach (int links in (int[])[1, 4, 16])
        {
            float[] own = After(spec, Plain with { LearningRate = 0.1 / Math.Sqrt(links) });
            foreach (Segment segment in spec.Segments.Where(s => s.Layer == 0))
                for (int i = 0; i < segment.Length; i++)
                    if (fanIn[i % 8] == links) Assert.Equal(own[segment.Offset + i], lecun[segment.Offset + i]);
        }
    }

    public static TheoryData<string> Rules { get; } = new(Optimizers.All.Where(o => o.Default.Method is null).Select(o => o.Name));

    /// <summary>A mask without a gap takes the path of factors per element, with the factor ¼ in each: bit-equal to one factor.</summary>
    [Theory, MemberData(nameof(Rules))]
    public void Factors_per_element_give_the_bits_of_one_factor_under_every_rule(string rule)
    {
        TrainOptions options = Plain with
        {
            Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.0625, LayerRates = LayerRates.LeCun, L1 = 0.25, L2 = 0.01, WeightDecay = 0.5,
        };
        bool[] all = new bool[16 * 8];
        Array.Fill(all, true);
        Assert.Equal(After(Two(), options, 6), After(Two(new(16, 8, all)), options, 6));
    }

    [Fact]
    public void Bits_do_not_depend_on_threads_and_steps_allocate_nothing()
    {
        NetworkSpec spec = Two(Runs.Mask(16, 8));
        TrainOptions options = Plain with { LayerRates = LayerRates.LeCun, Batch = 8, Epochs = 1000 };
        Assert.Equal(After(spec, options, 20), After(spec, options with { Threads = 2 }, 20));
        using TrainSession<float> session = Runs.Start<float>(Runs.Numbers(40, 16), spec, options);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 60 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 4; i++) session.Step(); // inside an epoch of five
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            session.Step();
        }
        Assert.Equal(0, least);
    }

    [Theory]
    [InlineData("lecun")]
    [InlineData("1,0.25")]
    public void Fits_take_them_and_checkpoints_keep_them(string text)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "run.safetensors");
        LayerRates rates = LayerRates.Parse(text);
        Assert.Equal(text, rates.ToString());
        FitOptions options = new() { Hidden = [5], LayerLearningRates = rates, Epochs = 6, Threads = 1, Connections = 0.5 };
        Dataset iris = Dataset.Load("iris");
        FitPlan plan = FitPlan.Make(iris, options);
        Assert.Equal(rates, plan.Options.LayerRates);
        using TrainSession<float> session = plan.Start();
        for (int i = 0; i < 7; i++) session.Step();
        Checkpoint.Save(path, plan, session);
        session.Run();
        (FitPlan again, TrainSession<float> resumed) = Checkpoint.Load(path, iris);
        Assert.Equal(rates, again.Options.LayerRates);
        resumed.Run();
        Assert.Equal(Runs.Hash(session), Runs.Hash(resumed));
        Assert.NotEqual(Runs.Hash(session), Model.Fit(iris, options with { LayerLearningRates = null }).Model.WeightsHash);
        resumed.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,")]
    [InlineData("1,-1")]
    [InlineData("1,nan")]
    [InlineData("1,1e9")]
    [InlineData("le_cun")]
    public void Texts_that_are_no_factors_are_refused(string text) => Assert.Throws<DownhillException>(() => LayerRates.Parse(text));

    [Fact]
    public void What_does_not_fit_the_network_or_the_optimizer_is_refused()
    {
        Dataset iris = Dataset.Load("iris");
        Assert.Contains("2 factors", Assert.Throws<DownhillException>(() =>
            FitPlan.Make(iris, new() { Hidden = [5], LayerLearningRates = LayerRates.Of(1, 1, 1) })).Message, StringComparison.Ordinal);
        Assert.Throws<DownhillException>(() => FitPlan.Make(iris, new() { Optimizer = Optimizers.Lbfgs(), LayerLearningRates = LayerRates.LeCun }));
    }

    [Fact]
    public void Normalisations_go_with_the_layer_before_them()
    {
        NetworkSpec spec = new(4, new Dense(9, Activations.Identity), new BatchNorm(Activations.Tanh), new Dense(2, Activations.Identity));
        (double[] factors, _) = LayerRates.Of(0.5, 0.25).For<float>(spec);
        Assert.Equal([0.5, 0.5, 0.5, 0.5, 0.25, 0.25], factors);
        (factors, AlignedBuffer<float>? elements) = LayerRates.LeCun.For<float>(spec);
        Assert.Equal([0.5, 0.5, 0.5, 0.5, 1.0 / 3, 1.0 / 3], factors);
        Assert.Null(elements);
    }
}
