using System.Numerics;
using CsCheck;

namespace Downhill.Tests.PerceptronRule;

/// <summary>Rosenblatt's rule, and its three answers.</summary>
public sealed class PerceptronTests
{
    private static readonly float[] Corners = [0, 0, 0, 1, 1, 0, 1, 1];
    private static readonly int[] And = [-1, -1, -1, 1], Or = [-1, 1, 1, 1], Xor = [-1, 1, 1, -1];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// AND by hand, weights (b, w₁, w₂), η = 1, rows in their order. Pass 1: (0,0) v=0 → +1 wrong → (−1,0,0); (0,1)
    /// v=−1 right; (1,0) right; (1,1) v=−1 wrong → (0,1,1). Pass 2: (0,0) v=0 wrong → (−1,1,1); (0,1) v=0 wrong →
    /// (−2,1,0); (1,0) v=−1 right; (1,1) v=−1 wrong → (−1,2,1).
    /// </summary>
    [Fact]
    public void Rule_follows_the_worked_example_of_AND()
    {
        Perceptron unit = new(2, Corners, And);
        (int Row, double Field, bool Mistake, double[] Weights)[] expected =
        [
            (0, 0, true, [-1, 0, 0]), (1, -1, false, [-1, 0, 0]), (2, -1, false, [-1, 0, 0]), (3, -1, true, [0, 1, 1]),
            (0, 0, true, [-1, 1, 1]), (1, 0, true, [-2, 1, 0]), (2, -1, false, [-2, 1, 0]), (3, -1, true, [-1, 2, 1]),
        ];
        for (int i = 0; i < expected.Length; i++)
        {
            PerceptronStep step = unit.Step();
            Assert.Equal((expected[i].Row, expected[i].Field, expected[i].Mistake),
                (step.Row, step.Field, step.IsMistake));
            Assert.Equal(expected[i].Weights, (double[])[unit.Bias, .. unit.Weights]);
            Assert.Equal((i + 1, i / 4 + 1), ((int)step.Step, step.Epoch));
            Assert.Equal(step.IsMistake, step.Output != step.Target);
        }
        Assert.Equal(5, unit.Mistakes);
        Assert.False(unit.HasConverged);
    }

    [Fact]
    public void Learning_rate_scales_the_weights_and_no_answer()
    {
        Perceptron one = new(2, Corners, Or), half = new(2, Corners, Or, learningRate: 0.5);
        for (int i = 0; i < 40; i++)
        {
            PerceptronStep a = one.Step(), b = half.Step();
            Assert.Equal((a.Row, a.Output, a.IsMistake, 0.5 * a.Field), (b.Row, b.Output, b.IsMistake, b.Field));
            Assert.Equal(one.Weights.ToArray().Select(w => 0.5 * w), half.Weights.ToArray());
        }
    }

    [Fact]
    public void Orders_of_a_seed_are_its_own_and_each_pass_takes_every_row_once()
    {
        static int[] Rows(Perceptron unit) => [.. Enumerable.Range(0, 12).Select(_ => unit.Step().Row)];
        int[] first = Rows(new(2, Corners, Xor, shuffle: true, seed: 5));
        Assert.Equal(first, Rows(new(2, Corners, Xor, shuffle: true, seed: 5)));
        Assert.NotEqual(first, Rows(new(2, Corners, Xor, shuffle: true, seed: 6)));
        foreach (int[] pass in first.Chunk(4)) Assert.Equal([0, 1, 2, 3], pass.Order());
    }

    [Theory]
    [InlineData("and")]
    [InlineData("or")]
    public void And_and_or_are_separable_and_the_weights_separate(string gate)
    {
        int[] targets = gate == "and" ? And : Or;
        Perceptron unit = new(2, Corners, targets);
        Separable answer = Assert.IsType<Separable>(unit.Decide(cancellation: Token));
        Assert.True(unit.HasConverged);
        AssertSeparates(2, Corners, targets, answer);
        Assert.StartsWith("the perceptron rule", answer.FoundBy, StringComparison.Ordinal);
    }

    [Fact]
    public void Xor_has_a_certificate_and_it_is_the_four_corners_once_each()
    {
        Perceptron unit = new(2, Corners, Xor);
        GordanCertificate proof = Assert.IsType<NotSeparable>(unit.Decide(cancellation: Token)).Certificate;
        Assert.Equal([0, 1, 2, 3], proof.Rows);
        Assert.Equal([1, 1, 1, 1], proof.Multipliers);
        Assert.True(proof.Check(2, Corners, Xor));
        Assert.Equal("−1·(1, 0, 0) + 1·(1, 0, 1) + 1·(1, 1, 0) − 1·(1, 1, 1) = (0, 0, 0)",
            proof.ToText(2, Corners, Xor));
    }

    [Fact]
    public void Certificates_that_prove_nothing_are_refused()
    {
        GordanCertificate good = new([0, 1, 2, 3], [1, 1, 1, 1]);
        Assert.True(good.Check(2, Corners, Xor));
        Assert.False(good.Check(2, Corners, And));
        Assert.False((good with { Multipliers = [1, 1, 1, 2] }).Check(2, Corners, Xor));
        Assert.False((good with { Multipliers = [0, 0, 0, 0] }).Check(2, Corners, Xor));
        Assert.False((good with { Multipliers = [-1, -1, -1, -1] }).Check(2, Corners, Xor));
        Assert.False((good with { Rows = [0, 1, 2, 4] }).Check(2, Corners, Xor));
        Assert.False(new GordanCertificate([], []).Check(2, Corners, Xor));
        Assert.False((good with { Rows = [0, 1, 2] }).Check(2, Corners, Xor));
    }

    [Fact]
    public void Equal_rows_of_different_classes_are_a_certificate_of_two()
    {
        float[] rows = [0.1f, 7, 3, 4, 0.1f, 7, -0f, 1, 0f, 1];
        int[] targets = [1, -1, -1, 1, 1];
        NotSeparable answer = Assert.IsType<NotSeparable>(new Perceptron(2, rows, targets).Decide(5,
            cancellation: Token));
        Assert.Equal([0, 2], answer.Certificate.Rows);
        Assert.True(answer.Certificate.Check(2, rows, targets));
        Assert.IsType<NotSeparable>(Separability.Decide(2, [-0f, 1, 0f, 1], [1, -1], cancellation: Token)); // −0 is 0
    }

    /// <summary>Three points on a line, the middle one of the other class: degenerate, and exact all the
    /// same.</summary>
    [Fact]
    public void Middle_of_a_line_is_not_separable_and_a_hair_beside_it_is()
    {
        float[] line = [0, 0, 1, 1, 3, 3];
        int[] targets = [1, -1, 1];
        GordanCertificate proof = Assert.IsType<NotSeparable>(Separability.Decide(2, line, targets,
            cancellation: Token)).Certificate;
        Assert.Equal([2, 3, 1], proof.Multipliers);
        float[] beside = [0, 0, 1, MathF.BitIncrement(1), 3, 3];
        PerceptronAnswer answer = Separability.Decide(2, beside, targets, cancellation: Token);
        AssertSeparates(2, beside, targets, Assert.IsType<Separable>(answer));
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1 })]
    [InlineData(new[] { -1, -1, -1, -1 })]
    [InlineData(new[] { 1, 1, 0, -1 })]
    [InlineData(new[] { 1, -1, 1 })]
    public void One_class_and_other_targets_are_refused(int[] targets)
    {
        Assert.Throws<DownhillException>(() => new Perceptron(2, Corners, targets));
        Assert.Throws<DownhillException>(() => Separability.Decide(2, Corners, targets, cancellation: Token));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Numbers_that_are_not_finite_are_refused(float value) =>
        Assert.Throws<DownhillException>(() => new Perceptron(1, [0, value], [1, -1]));

    /// <summary>0 and the smallest float beside the largest: doubles cannot tell them apart, so that the search may
    /// give up; what it says is true all the same.</summary>
    [Fact]
    public void Extreme_numbers_never_get_a_wrong_answer()
    {
        float[] rows = [float.MaxValue, float.Epsilon, 0, -float.MaxValue];
        Assert.IsNotType<Separable>(Separability.Decide(1, rows, [1, -1, 1, -1], cancellation: Token));
        Assert.IsNotType<NotSeparable>(Separability.Decide(1, rows, [1, 1, -1, -1], cancellation: Token));
        Separable answer = Assert.IsType<Separable>(Separability.Verify(1, rows, [1, 1, -1, -1],
            [-0.5 * float.Epsilon, 1]));
        AssertSeparates(1, rows, [1, 1, -1, -1], answer);
        Assert.Null(Separability.Verify(1, rows, [1, 1, -1, -1], [-1.0 * float.Epsilon, 1]));
    }

    [Fact]
    public void Undecided_says_how_near_it_came()
    {
        Perceptron unit = new(2, Corners, Xor);
        Undecided answer = Assert.IsType<Undecided>(unit.Decide(passes: 3, work: 0, Token));
        Assert.Equal(3, answer.Passes);
        Assert.InRange(answer.FewestWrong, 1, 2);
        Assert.True(double.IsNaN(answer.HullDistance));
    }

    [Fact]
    public void Cancelling_leaves_it_undecided()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Perceptron unit = new(2, Corners, Xor);
        Assert.IsType<Undecided>(unit.Decide(cancellation: source.Token));
        Assert.Equal(0, unit.Steps);
    }

    /// <summary>Whatever whole numbers the rows hold, one of the two verified answers comes, and the other is
    /// impossible.</summary>
    [Fact]
    public void Small_sets_are_always_decided() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[2, 9]).SelectMany(size => Gen.Select(
            Gen.Float[-3, 3].Select(x => (float)Math.Round(x)).Array[size.Item1 * size.Item2],
            Gen.Bool.Array[size.Item2], Gen.Const(size.Item1)))
        .Where(set => set.Item2.Distinct().Count() == 2)
        .Sample(set =>
        {
            int[] targets = [.. set.Item2.Select(b => b ? 1 : -1)];
            switch (new Perceptron(set.Item3, set.Item1, targets).Decide(50, cancellation: Token))
            {
                case Separable answer: AssertSeparates(set.Item3, set.Item1, targets, answer); break;
                case NotSeparable answer: Assert.True(answer.Certificate.Check(set.Item3, set.Item1, targets)); break;
                default: Assert.Fail("undecided"); break;
            }
        }, iter: 2000, threads: 1);

    [Fact]
    public void Search_alone_agrees_with_the_rule()
    {
        RandomStream random = new(3, RandomStreams.Data);
        for (int set = 0; set < 30; set++)
        {
            float[] rows = [.. Enumerable.Range(0, 40 * 3).Select(i => (float)random.Normal((ulong)(set * 1000 + i)))];
            int[] targets = [.. Enumerable.Range(0,
                40).Select(r => rows[3 * r] + 2 * rows[3 * r + 1] - 0.3 > 0 ? 1 : -1)];
            AssertSeparates(3, rows, targets,
                Assert.IsType<Separable>(Separability.Decide(3, rows, targets, cancellation: Token)));
            AssertSeparates(3, rows, targets,
                Assert.IsType<Separable>(new Perceptron(3, rows, targets).Decide(100_000, cancellation: Token)));
        }
    }

    internal static void AssertSeparates(int inputs, float[] rows, int[] targets, Separable answer)
    {
        double nearest = double.PositiveInfinity, length = Math.Sqrt(answer.Weights.Sum(w => w * w));
        for (int row = 0; row < targets.Length; row++)
        {
            BigInteger sum = Whole(answer.Bias) << 400;
            double field = answer.Bias;
            for (int i = 0; i < inputs; i++)
            {
                sum += Whole(answer.Weights[i]) * (Whole(rows[row * inputs + i]) >> 700);
                field += answer.Weights[i] * rows[row * inputs + i];
            }
            nearest = Math.Min(nearest, Math.Abs(field));
            Assert.Equal(targets[row], sum.Sign);
        }
        Assert.True(answer.Margin >= 0);
        Assert.Equal(nearest / length, answer.Margin, 1e-9 * Math.Max(1, nearest / length));

        // A double as a whole multiple of 2⁻¹¹⁰⁰; floats end at 2⁻¹⁴⁹ and lose nothing when cut at 2⁻⁴⁰⁰.
        static BigInteger Whole(double value)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            int exponent = (int)((bits >> 52) & 0x7FF);
            BigInteger mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (exponent == 0 ? 0 : 1L << 52);
            BigInteger whole = mantissa << (Math.Max(exponent, 1) - 1075 + 1100);
            return value < 0 ? -whole : whole;
        }
    }
}
