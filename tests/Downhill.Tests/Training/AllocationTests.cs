namespace Downhill.Tests.Training;

/// <summary>A training step and a prediction into the caller's span allocate nothing.</summary>
public sealed class AllocationTests
{
    private static NetworkSpec Every(Activation output) => new(6,
        new Dense(70, Activations.Identity), new BatchNorm(Activations.Relu), new Dropout(0.2),
        new Dense(64, Activations.Tanh) { Connections = Runs.Mask(70, 64), ForwardScale = ForwardScale.LeCun },
        new Dense(8, Activations.Sigmoid()) { HasBias = false }, new Dense(3, output));

    public static TheoryData<string, string, int, string> Cases()
    {
        TheoryData<string, string, int, string> cases = [];
        foreach (Entry<Optimizer> optimizer in Optimizers.All.Where(o => !o.Default.NeedsFullBatch))
            cases.Add(optimizer.Name, "cross_entropy", 1, "every");
        foreach (Entry<Loss> loss in Losses.All)
            foreach (int threads in (int[])[1, 2])
                cases.Add("adam", loss.Name, threads, "every");
        foreach (string extra in (string[])["weighted", "penalties", "clip", "schedules", "portable", "chunks"])
            cases.Add("momentum", "cross_entropy", 2, extra);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Steps_allocate_nothing(string optimizer, string loss, int threads, string extra)
    {
        const int Rows = 7000;
        float[]? weights = extra == "weighted" ? [.. Enumerable.Range(0, Rows).Select(i => 0.5f + i % 3)] : null;
        Dataset data = Runs.Classes(Rows, 6, 3, weights: weights);
        Activation output = loss switch
        {
            "cross_entropy" => Activations.Softmax,
            "binary_cross_entropy" => Activations.Sigmoid(),
            "poisson" => Activations.Softplus,
            _ => Activations.Tanh
        };
        TrainOptions options = new()
        {
            Optimizer = Catalog.Default.Optimizer(optimizer), Loss = Catalog.Default.Loss(loss), Threads = threads,
            Batch = 20, Epochs = 20,
            LearningRate = 0.001,
        };
        options = extra switch
        {
            "penalties" => options with { L1 = 1e-4, L2 = 1e-4, WeightDecay = 1e-3 },
            "clip" => options with { Clip = 0.1, Stop = [StoppingRules.Gradient()] },
            "schedules" =>
                options with
                {
                    Schedules = [
                new("learning_rate", Schedules.Cosine()), new("gamma", Schedules.Settle())]
                },
            "portable" => options with { Arithmetic = Arithmetic.Portable },
            "chunks" => options with { Batch = 600 },
            _ => options,
        };
        NetworkSpec spec = extra == "chunks"
            ? new(6, new Dense(70, Activations.Tanh), new Dropout(0.2), new Dense(3, output)) : Every(output);
        using TrainSession<float> session = Runs.Start<float>(data, spec, options);
        int stretch = extra == "chunks" ? 8 : 110;
        for (int i = 0; i < stretch; i++) session.Step();
        // The just-in-time compiler may still allocate on this thread while it replaces code: best of three stretches
        // inside an epoch.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 3 && least > 0; attempt++)
        {
            if (session.State.Position + stretch * options.Batch >= Rows)
                while (session.State.Position != 0) session.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < (extra == "chunks" ? 8 : 100); i++) session.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Null(session.Stopped);
        }
        Assert.Equal(0, least);
    }

    /// <summary>Full batches end an epoch with each step: besides the history's growing list that must allocate nothing
    /// either.</summary>
    public static TheoryData<string> Everything { get; } = [.. Optimizers.All.Select(o => o.Name)];

    [Theory, MemberData(nameof(Everything))]
    public void Full_batch_steps_allocate_nothing_but_their_history(string optimizer)
    {
        Dataset data = Runs.Classes(60, 4, 3);
        NetworkSpec spec = new(4, new Dense(12, Activations.Tanh), new Dense(3, Activations.Softmax));
        using TrainSession<float> session = Runs.Start<float>(data, spec, new()
        {
            Optimizer = Catalog.Default.Optimizer(optimizer), Batch = 0, Epochs = 100_000, Threads = 1, L2 = 1e-3,
            LearningRate = optimizer == "lbfgs" ? null : 0.01,
            Stop = [StoppingRules.Change(1e-30, 1_000), StoppingRules.Gradient(1e-30)],
        });
        session.State.History.EnsureCapacity(10_000);
        int stretch = optimizer == "lbfgs" ? 5 : 100;
        for (int i = 0; i < stretch; i++) session.Step();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < stretch; i++) session.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Null(session.Stopped);
        Assert.Equal(0, least);
    }

    private static Model Trained(Dataset data) => Model.Fit(data, new()
    {
        Hidden = [16, 8], Activation = [Activations.Tanh], BatchNorm = true, Dropout = 0.2, Epochs = 3, Threads = 1,
        TestShare = 0,
    }).Model;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prediction_into_a_span_allocates_nothing_on_any_of_four_threads(bool isClass)
    {
        Dataset data = isClass ? Runs.Classes(200, 5, 3) : Runs.Numbers(200, 5, 2);
        Model model = Trained(data);
        int outputs = model.Preparation.Outputs;
        float[] alone = new float[200 * outputs];
        for (int r = 0; r < 200; r++) model.Predict(data.Numeric.AsSpan(r * 5, 5), alone.AsSpan(r * outputs, outputs));

        long[] allocated = new long[4];
        bool[] same = new bool[4];
        using Barrier barrier = new(4);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            float[] mine = new float[outputs];
            same[t] = true;
            barrier.SignalAndWait();
            allocated[t] = long.MaxValue;
            for (int attempt = 0; attempt < 4 && allocated[t] > 0; attempt++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int pass = 0; pass < 10; pass++)
                    for (int r = 0; r < 200; r++)
                    {
                        model.Predict(data.Numeric.AsSpan(r * 5, 5), mine);
                        same[t] &= mine.AsSpan().SequenceEqual(alone.AsSpan(r * outputs, outputs));
                    }
                allocated[t] = Math.Min(allocated[t], GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(same, Assert.True);
        Assert.All(allocated, bytes => Assert.Equal(0, bytes));
    }

    [Fact]
    public void Row_by_row_and_the_whole_batch_have_the_same_bits()
    {
        Dataset data = Runs.Numbers(700, 5, 3);
        Model model = Trained(data);
        float[] mine = new float[3];
        int rows = 0;
        model.Evaluate(data, each: (row, _, outputs) =>
        {
            model.Predict(data.Numeric.AsSpan(row * 5, 5), mine);
            for (int i = 0; i < 3; i++) Assert.Equal((float)model.Preparation.ValueOf(outputs[i], i), mine[i]);
            rows++;
        });
        Assert.Equal(700, rows);
    }
}
