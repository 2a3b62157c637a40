using Xunit;

namespace Downhill.Tests.Training;

/// <summary>Every activation with every loss that accepts it, in every kind of network: the gradient proved
/// twice.</summary>
public sealed class GradientTests
{
    private static IEnumerable<Activation> Outputs() => Activations.All.Select(e => e.Default).Concat(Others(
        "sigmoid(1.5,0.3)", "sigmoid(2,-0.5,-0.5)", "leaky_relu(0.3)", "elu(0.4)", "hard_sigmoid(0.5)", "sin(1.5)",
            "gaussian(-0.5,0.7)",
        "ramp(2,-1,-0.5,3)", "step(-1,2,0.3)"));

    private static IEnumerable<Activation> Others(params string[] texts) => texts.Select(Catalog.Default.Activation);

    private static IEnumerable<(Activation Output, Loss Loss)> Pairs() =>
        from output in Outputs()
        from loss in Losses.All.Select(e => e.Default)
            .Concat(((string[])["huber(0.3)", "cross_entropy(0.1)", "binary_cross_entropy(0.2)"])
            .Select(Catalog.Default.Loss))
        where Accepts(loss, output)
        select (output, loss);

    private static bool Accepts(Loss loss, Activation output)
    {
        try
        {
            loss.CheckDomain(output);
            return true;
        }
        catch (DownhillException)
        {
            return false;
        }
    }

    private static readonly string[] Shapes = ["plain", "masked", "dropout", "batch_norm", "single_row", "no_bias",
        "feature_scale", "scaled"];

    /// <summary>
    /// All triples of hidden activation, output pair and shape would be tens of thousands: every hidden activation with
    /// two outputs, every output pair behind two hidden activations (one per kind of derivative), and all shapes for a
    /// few of each.
    /// </summary>
    public static IEnumerable<TheoryDataRow<string, string, string>> Cases()
    {
        HashSet<(string, string, string)> cases = [];
        string[] some = ["tanh|softmax", "relu|softmax", "silu|softmax", "tanh|identity", "silu|sigmoid", "relu|gelu"];
        foreach (Activation hidden in Outputs().Where(a => a.IsElementwise))
            foreach (string shape in (string[])["plain", "batch_norm"])
            {
                cases.Add((shape, $"{hidden}|softmax", "cross_entropy"));
                cases.Add((shape, $"{hidden}|silu", "mse"));
            }
        foreach ((Activation output, Loss loss) in Pairs())
        {
            cases.Add(("plain", $"tanh|{output}", loss.ToString()));
            cases.Add(("single_row", $"gelu|{output}", loss.ToString()));
        }
        foreach (string activations in some)
            foreach (string shape in Shapes)
                cases.Add(
                    (shape, activations, activations.EndsWith("softmax") ? "cross_entropy"
                    : activations.EndsWith("sigmoid") ? "binary_cross_entropy" : "euclidean"));
        return cases.Select(c => new TheoryDataRow<string, string, string>(c.Item1, c.Item2, c.Item3));
    }

    // Functions whose first or second derivative jumps somewhere.
    private static readonly string[] Kinked =
    [
        "relu", "elu", "softsign", "hard_sigmoid", "hard_tanh", "ramp", "step", "sign|", "|sign", "mae", "huber",
            "hinge",
    ];

    private static Probe Make(string shape, string activations, string loss)
    {
        string[] names = activations.Split('|');
        Activation hidden = Catalog.Default.Activation(names[0]), output = Catalog.Default.Activation(names[1]);
        Layer[] layers = shape switch
        {
            "plain" => [new Dense(4, hidden), new Dense(3, hidden), new Dense(3, output)],
            "no_bias" => [new Dense(4, hidden) { HasBias = false }, new Dense(3, output) { HasBias = false }],
            "masked" => [
                new Dense(
                4, hidden) { Connections = ConnectionMask.Random(3, 4, 0.6, new(5, RandomStreams.Connections)) },
                new Dense(
                    3, output) { Connections = ConnectionMask.Random(4, 3, 0.5, new(6, RandomStreams.Connections)) }],
            "scaled" => [new Dense(4, hidden) { ForwardScale = ForwardScale.LeCun, Connections = Runs.Mask(3, 4) },
                new Dense(3, hidden) { ForwardScale = ForwardScale.LeCun, HasBias = false },
                new Dense(3, output) { ForwardScale = ForwardScale.LeCun }],
            "dropout" => [new Dense(5, hidden), new Dropout(0.4), new Dense(3, output)],
            "feature_scale" => [new FeatureScale(), new Dense(4, hidden), new FeatureScale(), new Dense(3, output)],
            _ => [new Dense(4, Activations.Identity), new BatchNorm(hidden), new Dense(4, hidden),
                new BatchNorm(Activations.Identity), new Dense(3, output)],
        };
        return new Probe(new NetworkSpec(3, layers), Catalog.Default.Loss(loss), shape == "single_row" ? 1 : 5,
            seed: shape == "single_row" ? 17u : 11u,
            weighted: shape is "plain" or "batch_norm");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradient_equals_five_point_differences(string shape, string activations, string loss)
    {
        using Probe probe = Make(shape, activations, loss);
        double[] inputGradient = probe.Backpropagate();
        double largest = inputGradient.Concat(probe.Gradient.Span.ToArray()).Max(Math.Abs);
        // behind a step there is no gradient at all
        double floor = largest > 0 ? 1e-4 * largest : Math.Abs(probe.Objective());
        int compared = 0;
        bool isKinked = Kinked.Any($"{activations} {loss}".Contains);
        foreach (int place in probe.Places)
            Compare(ref probe.Parameters.Span[place], probe.Gradient.Span[place], $"parameter {place}");
        for (int i = 0; i < inputGradient.Length; i++)
            Compare(ref probe.Input[i], inputGradient[i], $"input {i}");
        Assert.True(compared > 0.5 * (probe.Places.Count() + inputGradient.Length), $"only {compared} smooth places");

        void Compare(ref double place, double analytic, string what)
        {
            // Where two step sizes disagree, a kink lies within reach: such points are pinned by their own test.
            double numeric = probe.FivePoint(ref place, 2e-3), finer = probe.FivePoint(ref place, 5e-4);
            double scale = Math.Max(Math.Max(Math.Abs(analytic), Math.Abs(finer)), floor);
            if (isKinked && Math.Abs(numeric - finer) > 1e-6 * scale) return;
            compared++;
            double error = Math.Min(Math.Abs(analytic - numeric), Math.Abs(analytic - finer)) / scale;
            // where it bends much
            if (error > 1e-7) error = Math.Abs(analytic - probe.FivePoint(ref place, 1e-4)) / scale;
            Assert.True(error <= 1e-7, $"{what}: backward {analytic:R}, differences {finer:R}, relative error "
                + $"{error:G3}");
        }
    }

    /// <summary>Layers of more than 65,536 weights go back by ways of their own: a few rows are turned, of many the
    /// weights.</summary>
    [Theory]
    [InlineData(33)]
    [InlineData(140)]
    public void Gradient_of_large_layers_equals_five_point_differences(int rows)
    {
        Activation tanh = Activations.Tanh;
        NetworkSpec spec = new(300, new Dense(262, tanh), new Dense(260, tanh), new Dense(3, tanh));
        using Probe probe = new(spec, Losses.Euclidean, rows, seed: 11);
        double[] inputGradient = probe.Backpropagate();
        double largest = probe.Gradient.Span.ToArray().Max(Math.Abs);
        int[] places = [.. probe.Places];
        for (int i = 0; i < 8; i++)
        {
            int place = places[(int)(i * 7919L * 31 % places.Length)], input = i * 7919 % inputGradient.Length;
            Compare(ref probe.Parameters.Span[place], probe.Gradient.Span[place], $"parameter {place}");
            Compare(ref probe.Input[input], inputGradient[input], $"input {input}");
        }
        // Along directions in which every place has its part: one that is wrong shows in each.
        int[] all = [.. Enumerable.Range(0, inputGradient.Length)];
        for (ulong k = 0; k < 3; k++)
        {
            Along(probe.Parameters.Span, probe.Gradient.Span, places, k);
            Along(probe.Input, inputGradient, all, k);
        }

        void Compare(ref double place, double analytic, string what)
        {
            double numeric = probe.FivePoint(ref place, 1e-3);
            Assert.True(Math.Abs(analytic - numeric) <= 1e-9 * largest,
                $"{what}: backward {analytic:R}, differences {numeric:R}");
        }

        void Along(Span<double> at, ReadOnlySpan<double> gradient, int[] places, ulong k)
        {
            RandomStream random = new(k, RandomStreams.Data);
            double[] direction = new double[at.Length];
            double slope = 0, square = 0;
            foreach (int place in places)
            {
                // Nothing close to 0: a place without a part would be unseen.
                direction[place] = (random.Uniform((ulong)place) < 0.5 ? -1 : 1) / Math.Sqrt(places.Length);
                slope += direction[place] * gradient[place];
                square += gradient[place] * gradient[place];
            }
            double numeric = probe.FivePoint(at, direction, 1e-3);
            Assert.True(Math.Abs(slope - numeric) <= 2e-11 * Math.Sqrt(square),
                $"direction {k} of {places.Length}: backward {slope:R}, differences {numeric:R}, "
                + $"norm {Math.Sqrt(square):R}");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradient_equals_the_graph(string shape, string activations, string loss)
    {
        if (shape == "dropout") return; // the graph has no chance in it; the mask is covered by differences
        using Probe probe = Make(shape, activations, loss);
        double[] inputGradient = probe.Backpropagate();
        (double value, double[] parameters, double[] inputs) = probe.Oracle();
        double largest = inputGradient.Concat(probe.Gradient.Span.ToArray()).Max(Math.Abs);
        Assert.Equal(value, probe.Objective(), 1e-12 * Math.Max(1, Math.Abs(value)));
        foreach (int place in probe.Places) Close(parameters[place], probe.Gradient.Span[place], $"parameter {place}");
        for (int i = 0; i < inputs.Length; i++) Close(inputs[i], inputGradient[i], $"input {i}");

        void Close(double expected, double actual, string what) => Assert.True(
            Math.Abs(expected - actual) <= 1e-12 * Math.Max(largest, 1),
                $"{what}: graph {expected:R}, backward {actual:R}");
    }

    /// <summary>
    /// The textbook (3-2-1) network, by hand: tanh hidden, sigmoid output, ½(d−z)².
    /// x = (1, 2, −1), d = 1. Hidden weights W¹ = [[0.1, −0.2], [0.3, 0.4], [0.5, −0.1]], b¹ = (0, 0.1); W² = (0.6,
    /// −0.5), b² = 0.2.
    /// v₁ = 0.1·1 + 0.3·2 + 0.5·(−1) + 0   = 0.2   y₁ = tanh 0.2 = 0.197375320224904
    /// v₂ = −0.2·1 + 0.4·2 − 0.1·(−1) + 0.1 = 0.8  y₂ = tanh 0.8 = 0.664036770267849
    /// u  = 0.6·y₁ − 0.5·y₂ + 0.2 = −0.013593192998982   z = 1/(1+e^−u) = 0.4966017540759714
    /// L  = ½(1−z)² = 0.126704896999694
    /// δ = (z−d)·z(1−z) = −0.125843748200127
    /// ∂L/∂w²₁ = δ·y₁, ∂L/∂w²₂ = δ·y₂, ∂L/∂b² = δ; δ₁ = δ·0.6·(1−y₁²), δ₂ = δ·(−0.5)·(1−y₂²); ∂L/∂w¹ᵢⱼ = xᵢ·δⱼ, ∂L/∂b¹ⱼ
    /// = δⱼ.
    /// </summary>
    [Fact]
    public void Textbook_3_2_1_network_by_hand()
    {
        NetworkSpec spec = new(3, new Dense(2, Activations.Tanh), new Dense(1, Activations.Sigmoid()));
        using Probe probe = new(spec, Losses.Euclidean, rows: 1, seed: 1);
        double[] w1 = [0.1, -0.2, 0.3, 0.4, 0.5, -0.1], b1 = [0, 0.1], w2 = [0.6, -0.5], b2 = [0.2], x = [1, 2, -1];
        w1.CopyTo(probe.Parameters.Span[spec.Segments[0].Offset..]);
        b1.CopyTo(probe.Parameters.Span[spec.Segments[1].Offset..]);
        w2.CopyTo(probe.Parameters.Span[spec.Segments[2].Offset..]);
        b2.CopyTo(probe.Parameters.Span[spec.Segments[3].Offset..]);
        x.CopyTo(probe.Input);
        probe.Targets[0] = 1;

        double[] inputGradient = probe.Backpropagate();
        double y1 = 0.197375320224904, y2 = 0.664036770267849;
        double z = 0.4966017540759714;
        Assert.Equal(z, probe.Output[0], 1e-14);
        Assert.Equal(0.5 * (1 - z) * (1 - z), probe.Objective(), 1e-14);
        double delta = (z - 1) * z * (1 - z), d1 = delta * 0.6 * (1 - y1 * y1), d2 = delta * -0.5 * (1 - y2 * y2);
        double[] expectedW1 = [1 * d1, 1 * d2, 2 * d1, 2 * d2, -1 * d1, -1 * d2];
        for (int i = 0; i < 6; i++) Assert.Equal(expectedW1[i], probe.Gradient.Span[spec.Segments[0].Offset + i],
            1e-14);
        Assert.Equal(d1, probe.Gradient.Span[spec.Segments[1].Offset], 1e-14);
        Assert.Equal(d2, probe.Gradient.Span[spec.Segments[1].Offset + 1], 1e-14);
        Assert.Equal(delta * y1, probe.Gradient.Span[spec.Segments[2].Offset], 1e-14);
        Assert.Equal(delta * y2, probe.Gradient.Span[spec.Segments[2].Offset + 1], 1e-14);
        Assert.Equal(delta, probe.Gradient.Span[spec.Segments[3].Offset], 1e-14);
        Assert.Equal(0.1 * d1 - 0.2 * d2, inputGradient[0], 1e-14);
    }

    /// <summary>Where a derivative jumps, the engine's choice, and that of the definition: the flat side.</summary>
    [Theory]
    [InlineData("relu", 0.0, 0.0)]
    [InlineData("relu", 1e-300, 1.0)]
    [InlineData("relu", -1e-300, 0.0)]
    [InlineData("leaky_relu(0.2)", 0.0, 0.2)]
    [InlineData("leaky_relu(0.2)", 1e-300, 1.0)]
    [InlineData("leaky_relu(0.2)", -1e-300, 0.2)]
    [InlineData("elu(0.5)", 0.0, 0.5)]
    [InlineData("elu(0.5)", 1e-300, 1.0)]
    [InlineData("elu(0.5)", -1e-300, 0.5)]
    [InlineData("selu", 0.0, 1.7580993408473766)]
    [InlineData("selu", 1e-300, 1.0507009873554805)]
    [InlineData("softsign", 0.0, 1.0)]
    [InlineData("hard_sigmoid(0.5)", -1.0, 0.0)]
    [InlineData("hard_sigmoid(0.5)", -0.999999, 0.5)]
    [InlineData("hard_sigmoid(0.5)", 1.0, 0.0)]
    [InlineData("hard_tanh", -1.0, 0.0)]
    [InlineData("hard_tanh", 0.9999999999999999, 1.0)]
    [InlineData("hard_tanh", 1.0, 0.0)]
    [InlineData("ramp(2,-1,-0.5,1)", -0.5, 0.0)]
    [InlineData("ramp(2,-1,-0.5,1)", -0.4999, -2.0)]
    [InlineData("ramp(2,-1,-0.5,1)", 1.0, 0.0)]
    [InlineData("step", 0.0, 0.0)]
    [InlineData("sign", 0.0, 0.0)]
    public void Kinks_are_pinned(string activation, double v, double slope)
    {
        NetworkSpec spec = new(1, new Dense(1, Catalog.Default.Activation(activation)) { HasBias = false });
        using Probe probe = new(spec, Losses.Euclidean, rows: 1, seed: 1);
        probe.Parameters.Span[0] = 1;
        probe.Input[0] = v;
        probe.Objective();
        probe.Targets[0] = probe.Output[0] - 1; // ∂L/∂y = y − t = 1
        Assert.Equal(slope, probe.Backpropagate()[0], 1e-9);
        Assert.Equal(slope, probe.Oracle().Inputs[0], 1e-9);
    }

    /// <summary>The same for losses, as a function of one output with target t.</summary>
    [Theory]
    [InlineData("mae", 0.7, 0.7, 0.0)]
    [InlineData("mae", 0.7000001, 0.7, 1.0)]
    [InlineData("mae", 0.6999999, 0.7, -1.0)]
    [InlineData("huber(0.5)", 1.5, 1.0, 0.5)]
    [InlineData("huber(0.5)", 0.25, 1.0, -0.5)]
    [InlineData("hinge", 1.0, 1.0, 0.0)]
    [InlineData("hinge", 0.9999999, 1.0, -1.0)]
    [InlineData("hinge", -1.0, -1.0, 0.0)]
    [InlineData("hinge", -0.9999999, -1.0, 1.0)]
    public void Kinks_of_losses_are_pinned(string loss, double y, double t, double slope)
    {
        NetworkSpec spec = new(1, new Dense(1, Activations.Identity) { HasBias = false });
        using Probe probe = new(spec, Catalog.Default.Loss(loss), rows: 1, seed: 1);
        probe.Parameters.Span[0] = 1;
        probe.Input[0] = y;
        probe.Targets[0] = t;
        Assert.Equal(slope, probe.Backpropagate()[0], 1e-12);
        Assert.Equal(slope, probe.Oracle().Inputs[0], 1e-12);
    }
}
