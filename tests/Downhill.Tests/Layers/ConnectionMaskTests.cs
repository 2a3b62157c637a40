using Downhill.Tests.Training;

namespace Downhill.Tests.Layers;

/// <summary>Links that do not exist: they stay 0 under every optimizer, and neither counts nor files hold
/// them.</summary>
public sealed class ConnectionMaskTests
{
    private static NetworkSpec Masked() => new(5,
        new Dense(7, Activations.Tanh) { Connections = Runs.Mask(5, 7, 0.5, 3) },
        new Dense(6, Activations.Relu) { Connections = Runs.Mask(7, 6, 0.3, 4) },
        new Dense(3, Activations.Softmax));

    public static TheoryData<string, string> Cases()
    {
        TheoryData<string, string> cases = [];
        foreach (Entry<Optimizer> optimizer in Optimizers.All)
            foreach (string extra in (string[])["plain", "l1", "l2", "decay", "clip", "chunks"])
                if (optimizer.Default.Method is null || extra is "plain" or "l2" or "chunks") cases.Add(
                    optimizer.Name, extra);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Absent_links_stay_exactly_zero(string optimizer, string extra)
    {
        NetworkSpec spec = Masked();
        TrainOptions options = new()
        {
            Optimizer = Catalog.Default.Optimizer(optimizer), Epochs = 5, Threads = 1,
            Batch = Catalog.Default.Optimizer(optimizer).NeedsFullBatch || extra == "chunks" ? 0 : 16,
            LearningRate = optimizer == "lbfgs" ? null : 0.02,
        };
        options = extra switch
        {
            "l1" => options with { L1 = 0.01 },
            "l2" => options with { L2 = 0.01 },
            "decay" => options with { WeightDecay = 0.1 },
            "clip" => options with { Clip = 0.1 },
            _ => options,
        };
        using TrainSession<float> session = Runs.Start<float>(Runs.Classes(extra == "chunks" ? 600 : 60, 5, 3), spec,
            options);
        float[] start = Runs.Weights(session);
        session.Run();
        int absent = 0, moved = 0;
        foreach (Segment segment in spec.Segments.Where(s => s.Shape.Mask is not null))
            for (int i = 0; i < segment.Length; i++)
            {
                float w = session.State.Parameters.Span[segment.Offset + i];
                if (segment.Shape.Mask![i / segment.Shape.Columns, i % segment.Shape.Columns])
                {
                    moved += w != 0 ? 1 : 0;
                    continue;
                }
                Assert.Equal(0f, w);
                // What starts at 0 stays there; a slot that does not (a step size, NAdam's product) is not the link's
                // doing.
                for (int slot = 0; slot < session.State.Slots.Count; slot++)
                    if (options.Optimizer.InitialSlot(slot) == 0) Assert.Equal(
                        0f, session.State.Slots[slot].Span[segment.Offset + i]);
                Assert.Equal(0f, session.State.Gradient.Span[segment.Offset + i]);
                absent++;
            }
        Assert.Equal(5 * 7 + 7 * 6 - spec.Segments.Sum(s => s.Shape.Mask?.Links ?? 0), absent);
        Assert.True(moved > 10);
        Assert.NotEqual(start, Runs.Weights(session));
    }

    /// <summary>A rule that moves every weight, with or without a gradient.</summary>
    private readonly struct DriftRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) { }
        static V IUpdateRule.Update<S, V,
            T>(V w, V g, V rate, ref V slot0, ref V slot1, ref V slot2, in RuleConstants<V> c) =>
            S.Add(w, S.Add(rate, g));
    }

    [Fact]
    public void No_rule_can_move_an_absent_link()
    {
        Entry<Optimizer> drift = Optimizers.Entry<DriftRule>("drift", "w ← w + η + g", "", "", [], 0.01);
        NetworkSpec spec = Masked();
        using TrainSession<float> session = Runs.Start<float>(
            Runs.Classes(60, 5, 3), spec, new() { Optimizer = drift.Default, Batch = 16, Threads = 1 });
        session.Step();
        foreach (Segment segment in spec.Segments.Where(s => s.Shape.Mask is not null))
            foreach (int place in segment.Shape.Mask!.Absent)
                Assert.Equal(0f, session.State.Parameters.Span[segment.Offset + place]);
    }

    [Fact]
    public void Counts_hold_the_links_only()
    {
        NetworkSpec full = NetworkSpec.Parse("3-4-2");
        Assert.Equal((20, 26), (full.LinkCount, full.ParameterCount));
        NetworkSpec without = new(3, new Dense(4, Activations.Tanh) { HasBias = false },
            new Dense(2, Activations.Identity) { HasBias = false });
        Assert.Equal((20, 20), (without.LinkCount, without.ParameterCount));
        ConnectionMask mask = new(3, 4, [true, false, true, true, false, false, true, false, true, true, false, true]);
        NetworkSpec masked = new(3, new Dense(4, Activations.Tanh) { Connections = mask },
            new Dense(2, Activations.Identity));
        Assert.Equal(7, mask.Links);
        Assert.Equal((7 + 8, 7 + 8 + 6), (masked.LinkCount, masked.ParameterCount));
        Assert.Equal([2, 1, 2, 2], Enumerable.Range(0, 4).Select(mask.FanIn));
    }

    [Fact]
    public void Files_hold_the_links_only_and_give_them_back()
    {
        Dataset data = Runs.Classes(60, 20, 3);
        FitOptions options = new()
        {
            Hidden = [40], Activation = [Activations.Tanh], Epochs = 2, TestShare = 0,
            Threads = 1
        };
        Model full = Model.Fit(data, options).Model, sparse = Model.Fit(data, options with { Connections = 0.2 }).Model;
        Assert.Equal(20 * 40 / 5 + 40 * 3, sparse.Spec.LinkCount);
        byte[] bytes = sparse.ToBytes();
        // 640 fewer, less the mask's bits
        Assert.True(full.ToBytes().Length - bytes.Length > 4 * 640 - 300, "the file holds links that do not exist");
        using (Safetensors file = Safetensors.Parse(bytes, "test"))
        {
            Assert.True(file.TryGetTensor("layers.0.weight", out TensorInfo? tensor));
            Assert.Equal(160, tensor.Count);
        }
        Model back = ModelFile.FromBytes(bytes);
        Assert.True(sparse.Parameters.SequenceEqual(back.Parameters));
        Assert.Equal(sparse.Spec, back.Spec);
        Assert.Equal(sparse.WeightsHash, back.WeightsHash);
    }

    /// <summary>An absent link is as good as a weight of 0 that is never touched.</summary>
    [Fact]
    public void A_full_mask_changes_no_bit()
    {
        Dataset data = Runs.Classes(60, 5, 3);
        NetworkSpec Spec(ConnectionMask? mask) =>
            new(5, new Dense(7, Activations.Tanh) { Connections = mask }, new Dense(3, Activations.Softmax));
        TrainOptions options = new() { Epochs = 2, Threads = 1 };
        Assert.Equal(Runs.Train<float>(data, Spec(null), options),
            Runs.Train<float>(data, Spec(new(5, 7, [.. Enumerable.Repeat(true, 35)])), options));
    }

    [Theory]
    [InlineData(10, 7, 0.3, 3)]
    [InlineData(10, 7, 0.001, 1)]
    [InlineData(10, 7, 1, 10)]
    [InlineData(1, 7, 0.5, 1)]
    [InlineData(3, 1, 0.5, 2)]
    public void A_random_mask_gives_each_unit_its_share_and_at_least_one_link(
        int inputs, int units, double share, int links)
    {
        ConnectionMask mask = Runs.Mask(inputs, units, share, 9);
        for (int unit = 0; unit < units; unit++) Assert.Equal(links, mask.FanIn(unit));
        Assert.Equal(links * units, mask.Links);
        Assert.Equal(mask, Runs.Mask(inputs, units, share, 9));
        if (links < inputs && units > 1) Assert.NotEqual(mask, Runs.Mask(inputs, units, share, 10));
        Assert.Equal(mask, ConnectionMask.FromBits(inputs, units, mask.ToBits()));
    }

    [Fact]
    public void Every_input_has_the_same_chance_of_a_link()
    {
        int[] counts = new int[10];
        ConnectionMask mask = Runs.Mask(10, 3000, 0.3, 9);
        for (int unit = 0; unit < 3000; unit++)
            for (int i = 0; i < 10; i++) counts[i] += mask[i, unit] ? 1 : 0;
        Assert.All(counts, c => Assert.InRange(c, 900 - 5 * 26, 900 + 5 * 26)); // binomial, σ = 25
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Impossible_shares_and_shapes_are_refused(double share)
    {
        Assert.Throws<DownhillException>(() => Runs.Mask(4, 3, share));
        Assert.Throws<DownhillException>(() => new ConnectionMask(2, 2, new bool[3]));
        Assert.Contains("mask", Assert.Throws<DownhillException>(
            () => new NetworkSpec(4, new Dense(3, Activations.Tanh) { Connections = Runs.Mask(3, 3) })).Message);
    }
}
