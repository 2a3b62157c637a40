using System.Globalization;
using System.Text.Json;

namespace Downhill.Tests.UpdateRules;

/// <summary>Every update rule of the catalog, step by step, against its paper and against other people's
/// programs.</summary>
public sealed class RuleTests
{
    private static readonly Entry<Optimizer>[] Rules = [.. Optimizers.All.Where(e => e.Default.Method is null)];

    /// <summary>Each rule with its defaults, and with other numbers where it has any.</summary>
    public static IEnumerable<TheoryDataRow<string>> Cases()
    {
        foreach (Entry<Optimizer> rule in Rules)
        {
            yield return new(rule.Name);
            if (rule.Parameters.Count > 0) yield return new(Others(rule).ToString());
        }
    }

    private static Optimizer Others(Entry<Optimizer> rule) => rule.Create([.. rule.Parameters.Select(p => p.Name switch
    {
        "gamma" => 0.6,
        "beta1" => 0.7,
        "beta2" => 0.8,
        "rho" => 0.75,
        "epsilon" => 0.01,
        "initial" => 0.04,
        "increase" => 1.5,
        "decrease" => 0.3,
        "smallest" => 0.02,
        "largest" => 0.09,
        "momentum_decay" => 0.1,
        _ => throw new NotSupportedException($"'{p.Name}' of '{rule.Name}': say which other value to test."),
    })]);

    private static double[,] Paper(string name, Func<Moment, double>[] parameters, Func<int, double> rate)
    {
        double[,] path = new double[RuleBench.Steps, RuleBench.Count];
        for (int i = 0; i < RuleBench.Count; i++)
        {
            double w = RuleBench.Start(i);
            for (int t = 1; t <= RuleBench.Steps; t++)
            {
                bool rose = t > 1 && RuleBench.Cost(t) > RuleBench.Cost(t - 1);
                path[t - 1, i] = w = parameters[i](new(t, w, RuleBench.Gradient(w, i, t), rate(t), rose));
            }
        }
        return path;
    }

    private static void Same(double[,] expected, double[,] actual, double tolerance)
    {
        for (int t = 0; t < expected.GetLength(0); t++)
            for (int i = 0; i < expected.GetLength(1); i++)
                Assert.True(Math.Abs(expected[t, i] - actual[t, i])
                    <= tolerance * Math.Max(1, Math.Abs(expected[t, i])),
                    $"step {t + 1}, parameter {i}: {expected[t, i]:R} expected, {actual[t, i]:R}");
    }

    private static double[,] Paper(Optimizer rule, Func<int, double> rate) => Paper(rule.Name,
        [.. Enumerable.Range(0, RuleBench.Count).Select(_ => Transcriptions.Of(rule.Name, rule.Arguments.ToArray()))],
        rate);

    [Theory, MemberData(nameof(Cases))]
    public void Twenty_steps_are_those_of_the_paper(string text)
    {
        Optimizer rule = Catalog.Default.Optimizer(text);
        double rate = 10 * Math.Min(0.1, rule.DefaultLearningRate);
        Same(Paper(rule, _ => rate), RuleBench.Run(rule, _ => rate), 1e-12);
        // Under a schedule of η (of which Nesterov's θ knows nothing, so that it is left out) the forms with η inside
        // differ from those with η outside.
        if (rule.Name is "momentum" or "nesterov") return;
        double Falling(int t) => rate / t;
        Same(Paper(rule, Falling), RuleBench.Run(rule, Falling), 1e-12);
    }

    /// <summary>The comparison above says something of the four Rprops only if gradients turn, with a rising cost and a
    /// falling one, and if both bounds of the step size are met.</summary>
    [Fact]
    public void The_four_Rprops_take_four_paths()
    {
        string[] names = ["rprop_plus", "rprop_minus", "irprop_minus", "irprop_plus"];
        double[][] ends = [.. names.Select(name =>
            RuleBench.Run(Catalog.Default.Optimizer($"{name}(initial=0.1)"), _ => 1).Cast<double>().ToArray())];
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++)
                Assert.NotEqual(ends[a], ends[b]);
        double[,] path = RuleBench.Run(Catalog.Default.Optimizer(
            "rprop_minus(initial=0.05,smallest=0.02,largest=0.07)"), _ => 1);
        IEnumerable<double> sizes = from t in Enumerable.Range(1, RuleBench.Steps - 1)
                                    from i in Enumerable.Range(0, RuleBench.Count)
                                    select Math.Round(Math.Abs(path[t, i] - path[t - 1, i]), 12);
        Assert.Contains(0.02, sizes);
        Assert.Contains(0.07, sizes);
        Assert.All(sizes, size => Assert.InRange(size, 0.02, 0.07));
    }

    /// <summary>γ from 0.5 to 0.9 on the way: the velocity goes on, only its share changes (lecture L15).</summary>
    [Theory]
    [InlineData("momentum")]
    [InlineData("nesterov")]
    public void A_schedule_of_momentum_changes_the_share_and_nothing_else(string name)
    {
        static double Gamma(int t) => t < 8 ? 0.5 : 0.9;
        double[,] path = RuleBench.Run(Catalog.Default.Optimizer(name), t => 0.05 / t, t => [Gamma(t)]);
        double[,] expected = new double[RuleBench.Steps, RuleBench.Count];
        for (int i = 0; i < RuleBench.Count; i++)
        {
            double w = RuleBench.Start(i), v = 0;
            for (int t = 1; t <= RuleBench.Steps; t++)
            {
                double g = RuleBench.Gradient(w, i, t);
                v = Gamma(t) * v - 0.05 / t * g;
                w += name == "momentum" ? v : Gamma(t) * v - 0.05 / t * g;
                expected[t - 1, i] = w;
            }
        }
        Same(expected, path, 1e-12);
    }

    public static IEnumerable<TheoryDataRow<string>> Frameworks() =>
        RuleBench.Goldens("rules").Keys.Select(name => new TheoryDataRow<string>(name));

    /// <summary>Written by eng/goldens/rules.py; where a framework's form differs from ours, the rule's comment says
    /// how.</summary>
    [Theory, MemberData(nameof(Frameworks))]
    public void Steps_are_those_of_other_programs(string golden)
    {
        string[] words = golden.Split(' ');
        Optimizer rule = Catalog.Default.Optimizer(words[1]);
        double rate = double.Parse(words[2][3..], CultureInfo.InvariantCulture);
        Func<int, double> rates = words.Contains("halved") ? t => t > 10 ? rate / 2 : rate : _ => rate;
        double[,] path = rule.Name == "nadam"
            ? Paper(rule.Name, [.. Enumerable.Range(0, RuleBench.Count).Select(_ =>
                Transcriptions.Dozat(0.9, 0.999, 1e-8, 0.004, asDebianTorch: true))], rates)
            : RuleBench.Run(rule, rates);
        int[] kept = [1, 2, 3, 5, 10, 20];
        JsonElement rows = RuleBench.Goldens("rules")[golden];
        Assert.Equal(kept.Length, rows.GetArrayLength());
        // PyTorch keeps NAdam's product of μ in single precision.
        double tolerance = rule.Name == "nadam" ? 1e-7 : 1e-12;
        for (int k = 0; k < kept.Length; k++)
            for (int i = 0; i < RuleBench.Count; i++)
                Assert.Equal(rows[k][i].GetDouble(), path[kept[k] - 1, i], tolerance);
    }

    /// <summary>A parameter whose gradient is 0 (a dead unit, an absent link) stays where it is: no 0/0, no
    /// rounding.</summary>
    [Theory, MemberData(nameof(Cases))]
    public unsafe void A_gradient_of_zero_moves_nothing(string text)
    {
        Optimizer optimizer = Catalog.Default.Optimizer(text);
        int epsilon = optimizer.IndexOf("epsilon");
        double[] arguments = optimizer.Arguments.ToArray();
        if (epsilon >= 0) arguments[epsilon] = optimizer.Parameters[epsilon].Min;
        Downhill.Kernels.RuleKernel<float> kernel =
            optimizer.Bind(Downhill.Kernels.Kernels<float>.For(Arithmetic.Fast))!;
        AlignedBuffer<float> w = new(16), g = new(16);
        AlignedBuffer<float>[] slots = [.. Enumerable.Range(0, 3).Select(_ => new AlignedBuffer<float>(16))];
        float** pointers = stackalloc float*[3];
        for (int slot = 0; slot < optimizer.Slots; slot++)
        {
            slots[slot].Span.Fill((float)optimizer.InitialSlot(slot));
            pointers[slot] = slots[slot].Pointer;
        }
        w.Span.Fill(0.7f);
        w.Span[3] = 0;
        float[] before = w.Span.ToArray();
        double[] constants = new double[8];
        for (int step = 1; step <= 3; step++)
        {
            kernel.Prepare(arguments, new(step, 1, step == 1 ? double.NaN : 1, true), constants);
            Assert.True(kernel.Update(w.Pointer, g.Pointer, pointers, 16, constants, new(0.1, 1, 0, 0, 0)));
        }
        Assert.Equal(before, w.Span.ToArray());
    }

    [Fact]
    public void Every_entry_says_what_it_is_and_prints_as_it_is_parsed()
    {
        Assert.Equal(Optimizers.All.Count, Optimizers.All.Select(e => e.Name).Distinct().Count());
        foreach (Entry<Optimizer> entry in Optimizers.All)
        {
            Assert.All((string[])[entry.Formula, entry.Summary, entry.Source], text => Assert.NotEmpty(text));
            Assert.True(entry.Default.DefaultLearningRate > 0);
            Optimizer[] values = entry.Parameters.Count == 0 || entry.Name == "lbfgs" ? [entry.Default]
                : [entry.Default, Others(entry)];
            foreach (Optimizer value in values)
            {
                Optimizer parsed = Catalog.Default.Optimizer(value.ToString());
                Assert.Equal(value, parsed);
                Assert.Equal(value.Arguments.ToArray(), parsed.Arguments.ToArray());
            }
            foreach (Parameter parameter in entry.Parameters)
            {
                Assert.NotEmpty(parameter.Summary);
                double outside = parameter.ExcludesMin ? parameter.Min : parameter.Min - 1;
                DownhillException error = Assert.Throws<DownhillException>(
                    () => Catalog.Default.Optimizer($"{entry.Name}({parameter.Name}={Numbers.Text(outside)})"));
                Assert.Contains(parameter.Name, error.Message);
            }
        }
    }

    [Fact]
    public void The_named_functions_are_the_entries()
    {
        Optimizer[] named =
        [
            Optimizers.GradientDescent, Optimizers.Momentum(), Optimizers.Nesterov(), Optimizers.Adagrad(),
            Optimizers.RmsProp(),
            Optimizers.Adadelta(), Optimizers.Adam(), Optimizers.AdamW(), Optimizers.NAdam(), Optimizers.AmsGrad(),
            Optimizers.Lion(),
            Optimizers.RpropPlus(), Optimizers.RpropMinus(), Optimizers.IrpropMinus(), Optimizers.IrpropPlus(),
            Optimizers.Lbfgs(),
        ];
        Assert.Equal(Optimizers.All.Select(e => e.Default), named);
    }
}
