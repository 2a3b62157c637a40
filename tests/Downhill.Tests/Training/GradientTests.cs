using Xunit;

namespace Downhill.Tests.Training;

/// <summary>Every activation with every loss that accepts it, in every kind of network: the gradient proved twice.</summary>
public sealed class GradientTests
{
    private static IEnumerable<(Activation Output, Loss Loss)> Pairs() =>
        from output in Activations.All.Select(e => e.Default).Append(Activations.Sigmoid(1.5, 0.3)).Append(Activations.Sigmoid(2, -0.5, -0.5))
        from loss in Losses.All.Select(e => e.Default)
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

    private static IEnumerable<Activation> Hidden() => Activations.All.Select(e => e.Default).Where(a => a.IsElementwise);

    public static IEnumerable<TheoryDataRow<string, string, string>> Cases()
    {
        foreach ((Activation output, Loss loss) in Pairs())
            foreach (Activation hidden in Hidden())
                foreach (string shape in (string[])["plain", "masked", "dropout", "batch_norm", "single_row", "no_bias"])
                    yield return new(shape, $"{hidden}|{output}", loss.ToString());
    }

    private static Probe Make(string shape, string activations, string loss)
    {
        string[] names = activations.Split('|');
        Activation hidden = Catalog.Default.Activation(names[0]), output = Catalog.Default.Activation(names[1]);
        Layer[] layers = shape switch
        {
            "plain" => [new Dense(4, hidden), new Dense(3, hidden), new Dense(3, output)],
            "no_bias" => [new Dense(4, hidden) { HasBias = false }, new Dense(3, output) { HasBias = false }],
            "masked" => [new Dense(4, hidden) { Connections = ConnectionMask.Random(3, 4, 0.6, new(5, RandomStreams.Connections)) },
                new Dense(3, output) { Connections = ConnectionMask.Random(4, 3, 0.5, new(6, RandomStreams.Connections)) }],
            "dropout" => [new Dense(5, hidden), new Dropout(0.4), new Dense(3, output)],
            _ => [new Dense(4, Activations.Identity), new BatchNorm(hidden), new Dense(4, hidden), new BatchNorm(Activations.Identity), new Dense(3, output)],
        };
        return new Probe(new NetworkSpec(3, layers), Catalog.Default.Loss(loss), shape == "single_row" ? 1 : 5, seed: shape == "single_row" ? 17u : 11u,
            weighted: shape is "plain" or "batch_norm");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradient_equals_five_point_differences(string shape, string activations, string loss)
    {
        using Probe probe = Make(shape, activations, loss);
        double[] inputGradient = probe.Backpropagate();
        double largest = inputGradient.Concat(probe.Gradient.Span.ToArray()).Max(Math.Abs);
        int compared = 0;
        foreach (int place in probe.Places)
            Compare(ref probe.Parameters.Span[place], probe.Gradient.Span[place], $"parameter {place}");
        for (int i = 0; i < inputGradient.Length; i++)
            Compare(ref probe.Input[i], inputGradient[i], $"input {i}");
        Assert.True(compared > 0.5 * (probe.Places.Count() + inputGradient.Length), $"only {compared} smooth places");

        void Compare(ref double place, double analytic, string what)
        {
            // Where two step sizes disagree, a kink (of relu) lies within reach: such points are pinned by their own test.
            double numeric = probe.FivePoint(ref place, 2e-3), finer = probe.FivePoint(ref place, 5e-4);
            double scale = Math.Max(Math.Max(Math.Abs(analytic), Math.Abs(finer)), 1e-4 * largest);
            if (activations.Contains("relu") && Math.Abs(numeric - finer) > 1e-6 * scale) return;
            compared++;
            double error = Math.Min(Math.Abs(analytic - numeric), Math.Abs(analytic - finer)) / scale;
            Assert.True(error <= 1e-7, $"{what}: backward {analytic:R}, differences {finer:R}, relative error {error:G3}");
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
            Math.Abs(expected - actual) <= 1e-12 * Math.Max(largest, 1), $"{what}: graph {expected:R}, backward {actual:R}");
    }

    /// <summary>
    /// The textbook (3-2-1) network, by hand: tanh hidden, sigmoid output, ½(d−z)².
    /// x = (1, 2, −1), d = 1. Hidden weights W¹ = [[0.1, −0.2], [0.3, 0.4], [0.5, −0.1]], b¹ = (0, 0.1); W² = (0.6, −0.5), b² = 0.2.
    /// v₁ = 0.1·1 + 0.3·2 + 0.5·(−1) + 0   = 0.2   y₁ = tanh 0.2 = 0.197375320224904
    /// v₂ = −0.2·1 + 0.4·2 − 0.1·(−1) + 0.1 = 0.8  y₂ = tanh 0.8 = 0.664036770267849
    /// u  = 0.6·y₁ − 0.5·y₂ + 0.2 = −0.013593192998982   z = 1/(1+e^−u) = 0.4966017540759714
    /// L  = ½(1−z)² = 0.126704896999694
    /// δ = (z−d)·z(1−z) = −0.125843748200127
    /// ∂L/∂w²₁ = δ·y₁, ∂L/∂w²₂ = δ·y₂, ∂L/∂b² = δ; δ₁ = δ·0.6·(1−y₁²), δ₂ = δ·(−0.5)·(1−y₂²); ∂L/∂w¹ᵢⱼ = xᵢ·δⱼ, ∂L/∂b¹ⱼ = δⱼ.
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
        for (int i = 0; i < 6; i++) Assert.Equal(expectedW1[i], probe.Gradient.Span[spec.Segments[0].Offset + i], 1e-14);
        Assert.Equal(d1, probe.Gradient.Span[spec.Segments[1].Offset], 1e-14);
        Assert.Equal(d2, probe.Gradient.Span[spec.Segments[1].Offset + 1], 1e-14);
        Assert.Equal(delta * y1, probe.Gradient.Span[spec.Segments[2].Offset], 1e-14);
        Assert.Equal(delta * y2, probe.Gradient.Span[spec.Segments[2].Offset + 1], 1e-14);
        Assert.Equal(delta, probe.Gradient.Span[spec.Segments[3].Offset], 1e-14);
        Assert.Equal(0.1 * d1 - 0.2 * d2, inputGradient[0], 1e-14);
    }

    /// <summary>Where a derivative jumps, the engine's choice: relu′(0) = 0 from both sides of zero.</summary>
    [Theory]
    [InlineData("relu", 0.0, 0.0)]
    [InlineData("relu", 1e-300, 1.0)]
    [InlineData("relu", -1e-300, 0.0)]
    public void Kinks_are_pinned(string activation, double v, double slope)
    {
        NetworkSpec spec = new(1, new Dense(1, Catalog.Default.Activation(activation)) { HasBias = false });
        using Probe probe = new(spec, Losses.Euclidean, rows: 1, seed: 1);
        probe.Parameters.Span[0] = 1;
        probe.Input[0] = v;
        probe.Targets[0] = -1; // ∂L/∂y = y − t = 1 (y is 0 or negligible)
        Assert.Equal(slope, probe.Backpropagate()[0], 1e-12);
    }
}
