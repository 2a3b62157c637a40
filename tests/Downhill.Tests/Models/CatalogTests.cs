using System.Numerics;
using Downhill.Graph;
using Downhill.Kernels;
using Downhill.Tests.Training;

namespace Downhill.Tests.Models;

/// <summary>Names with numbers: what prints also parses, what is wrong is refused with advice, and one's own take
/// part.</summary>
public sealed class CatalogTests
{
    private static readonly (string Kind, Func<string, CatalogItem> Parse, IReadOnlyList<(
        string Name, IReadOnlyList<Parameter> Parameters, Func<double[], CatalogItem> Create)> Entries)[] Kinds =
    [
        Of("activation", Catalog.Default.Activation, Catalog.Default.Activations),
        Of("loss", Catalog.Default.Loss, Catalog.Default.Losses),
        Of("optimizer", Catalog.Default.Optimizer, Catalog.Default.Optimizers),
        Of("schedule", Catalog.Default.Schedule, Catalog.Default.Schedules),
        Of("initializer", Catalog.Default.Initializer, Catalog.Default.Initializers),
        Of("stopping rule", Catalog.Default.StoppingRule, Catalog.Default.StoppingRules),
    ];

    private static (string, Func<string, CatalogItem>,
        IReadOnlyList<(string, IReadOnlyList<Parameter>, Func<double[], CatalogItem>)>) Of<TItem>(
        string kind, Func<string, TItem> parse, IReadOnlyList<Entry<TItem>> entries) where TItem : CatalogItem =>
        (kind, parse, [.. entries.Select(e => (e.Name, e.Parameters, (Func<double[], CatalogItem>)e.Create))]);

    [Fact]
    public void What_prints_also_parses()
    {
        int items = 0;
        foreach (var (_, parse, entries) in Kinds)
            foreach (var (name, parameters, create) in entries)
            {
                double[] defaults = [.. parameters.Select(p => p.Default)];
                Check(create(defaults), name);
                for (int i = 0; i < parameters.Count; i++)
                {
                    double[] other = [.. defaults];
                    Parameter p = parameters[i];
                    other[i] = p.Whole ? p.Default == p.Min ? p.Min + 1 : p.Min
                        : double.IsFinite(p.Max) && double.IsFinite(p.Min) ? p.Min + 0.123456789 * (p.Max - p.Min)
                        : p.Default + 0.1 + 0.2;
                    Check(create(Catalogs.RandomParameters.Ordered(name, other)), null);
                }

                void Check(CatalogItem item, string? text)
                {
                    // Entries that read their parentheses themselves always print them.
                    if (text is not null) Assert.True(item.ToString() == text
                        || (item.Parameters.Count == 0 && item.ToString().StartsWith(text + "(")));
                    CatalogItem back = parse(item.ToString());
                    Assert.Equal(item, back);
                    Assert.Equal(item.GetHashCode(), back.GetHashCode());
                    Assert.Equal(item.Arguments, back.Arguments);
                    items++;
                }
            }
        Assert.True(items > 40);
    }

    [Fact]
    public void Every_entry_says_what_it_is()
    {
        foreach (Entry<Activation> e in Catalog.Default.Activations) Says(
            e.Name, e.Formula, e.Summary, e.Source, e.Parameters);
        foreach (Entry<Loss> e in Catalog.Default.Losses) Says(e.Name, e.Formula, e.Summary, e.Source, e.Parameters);
        foreach (Entry<Optimizer> e in Catalog.Default.Optimizers) Says(
            e.Name, e.Formula, e.Summary, e.Source, e.Parameters);
        foreach (Entry<Schedule> e in Catalog.Default.Schedules) Says(
            e.Name, e.Formula, e.Summary, e.Source, e.Parameters);
        foreach (Entry<Initializer> e in Catalog.Default.Initializers) Says(
            e.Name, e.Formula, e.Summary, e.Source, e.Parameters);
        foreach (Entry<StoppingRule> e in Catalog.Default.StoppingRules) Says(
            e.Name, e.Formula, e.Summary, e.Source, e.Parameters);

        static void Says(string name, string formula, string summary, string source,
            IReadOnlyList<Parameter> parameters)
        {
            Assert.Matches("^[a-z][a-z0-9_]*$", name);
            Assert.All((string[])[formula, summary, source, .. parameters.Select(p => p.Summary)], Assert.NotEmpty);
            Assert.Equal(parameters.Count, parameters.Select(p => p.Name).Distinct().Count());
        }
    }

    [Theory]
    [InlineData("tahn", "tanh")]
    [InlineData("softmaks", "softmax")]
    [InlineData("reul", "relu")]
    public void An_unknown_name_suggests_the_nearest(string typed, string meant)
    {
        string message = Assert.Throws<DownhillException>(() => Catalog.Default.Activation(typed)).Message;
        Assert.Contains($"'{typed}'", message);
        Assert.Contains($"Did you mean '{meant}'?", message);
    }

    [Theory]
    [InlineData("optimizer", "sgd", "gradient_descent")]
    [InlineData("loss", "BCE", "binary_cross_entropy")]
    [InlineData("activation", "linear", "identity")]
    [InlineData("initializer", "kaiming-normal", "he_normal")]
    public void A_name_of_another_library_suggests_the_one_here(string kind, string typed, string meant) =>
        Assert.EndsWith($"Did you mean '{meant}'?", Assert.Throws<DownhillException>(
            () => Kinds.Single(k => k.Kind == kind).Parse(typed)).Message);

    [Fact]
    public void Names_of_other_libraries_are_none_here_and_lead_to_one()
    {
        Assert.Equal(Synonyms.All.Count(), Synonyms.All.Select(s => (s.Kind, s.Elsewhere)).Distinct().Count());
        foreach ((string kind, string here, string elsewhere) in Synonyms.All)
        {
            var (_, parse, entries) = Kinds.Single(k => k.Kind == kind);
            Assert.Contains(here, entries.Select(e => e.Name));
            Assert.EndsWith($"Did you mean '{here}'?",
                Assert.Throws<DownhillException>(() => parse(elsewhere)).Message);
        }
    }

    [Fact]
    public void Every_kind_names_what_it_knows()
    {
        foreach (var (kind, parse, entries) in Kinds)
        {
            string message = Assert.Throws<DownhillException>(() => parse("xyzzy")).Message;
            Assert.Contains($"Unknown {kind} 'xyzzy'", message);
            foreach (var (name, _, _) in entries) Assert.Contains(name, message);
        }
    }

    [Theory]
    [InlineData("momentum(2)")]           // above 1
    [InlineData("momentum(-0.1)")]
    [InlineData("momentum(nan)")]
    [InlineData("momentum(x)")]
    [InlineData("momentum(0.5,0.6)")]
    [InlineData("momentum(0.5")]
    [InlineData("momentum 0.5")]
    [InlineData("momentum(beta=0.5)")]
    [InlineData("momentum(0.5))")]
    [InlineData("adam(beta1=0.5,beta1=0.6)")]
    [InlineData("adam(beta2=0.5,0.6)")]   // the second by place is beta2 again
    [InlineData("adam(epsilon=0)")]
    [InlineData("adam(,)")]
    [InlineData("lbfgs(2.5)")]
    [InlineData("lbfgs(0)")]
    [InlineData("gradient_descent(1)")]
    [InlineData("")]
    public void Wrong_parameters_are_refused(string text)
    {
        DownhillException error = Assert.Throws<DownhillException>(() => Catalog.Default.Optimizer(text));
        Assert.Contains("expected", error.Message);
    }

    [Theory]
    [InlineData("sigmoid(Infinity)")]
    [InlineData("sigmoid(y=-Infinity)")]
    [InlineData("sigmoid(1e999)")]
    public void Numbers_without_end_are_refused(string text) =>
        Assert.Throws<DownhillException>(() => Catalog.Default.Activation(text));

    [Fact]
    public void Spaces_capitals_and_names_are_forgiven()
    {
        Assert.Equal(Optimizers.Adam(0.5, 0.25), Catalog.Default.Optimizer(" ADAM( beta2 = 0.25 , Beta1=0.5 ) "));
        Assert.Equal(Optimizers.Adam(0.5), Catalog.Default.Optimizer("adam(0.5)"));
        Assert.Equal(Optimizers.Momentum(), Catalog.Default.Optimizer("momentum()"));
        Assert.NotEqual(Optimizers.Momentum(0.5), Optimizers.Momentum(0.6));
    }

    /// <summary>A user's own: v·|v|, with derivative 2|v|.</summary>
    private readonly record struct SignedSquare(double Scale) : IActivation
    {
        static DerivativeFrom IActivation.DerivativeFrom => DerivativeFrom.Input;
        public OutputRange Range => OutputRange.Real;
        V IActivation.Value<S, V, T>(V v) => S.Mul(S.Set(Scale), S.Mul(v, S.Abs(v)));
        V IActivation.Derivative<S, V, T>(V v) => S.Mul(S.Set(2 * Scale), S.Abs(v));
        public Expr Define(Expr v) => Scale * (v * Expr.Max(v, -v));
    }

    /// <summary>A user's own rule: half of the gradient's root, with sign.</summary>
    private readonly struct RootRule : IUpdateRule
    {
        static int IUpdateRule.Slots => 0;
        static void IUpdateRule.Prepare(ReadOnlySpan<double> arguments, in RuleStep step, Span<double> constants) { }
        static V IUpdateRule.Update<S, V,
            T>(V w, V g, V rate, ref V slot0, ref V slot1, ref V slot2, in RuleConstants<V> c) =>
            S.Sub(w, S.Mul(rate, S.CopySign(S.Sqrt(S.Abs(g)), g)));
    }

    /// <summary>A user's own loss: (y − t)⁴/4.</summary>
    private readonly record struct FourthPower : IElementLoss
    {
        V IElementLoss.Value<S, V, T>(V y, V t, V perOutput)
        {
            V d = S.Sub(y, t), square = S.Mul(d, d);
            return S.Mul(S.Set(0.25), S.Mul(square, square));
        }
        V IElementLoss.Derivative<S, V, T>(V y, V t, V perOutput)
        {
            V d = S.Sub(y, t);
            return S.Mul(d, S.Mul(d, d));
        }
        public Expr Define(Expr y, Expr t) => 0.25 * Expr.Square(Expr.Square(t - y)).RowSum();
    }

    private static Catalog Own { get; } = Catalog.Default with
    {
        Activations = [.. Catalog.Default.Activations,
            Activations.Entry("signed_square", "a·v·|v|", "", "", [new("a", 1, 0)], p => new SignedSquare(p[0]))],
        Losses = [.. Catalog.Default.Losses,
            Losses.Entry("fourth", "¼(d − z)⁴", "", "", [], OutputRange.Real, _ => new FourthPower())],
        Optimizers = [.. Catalog.Default.Optimizers,
            Optimizers.Entry<RootRule>("root", "w ← w − η·sign(g)·√|g|", "", "", [], 0.02)],
    };

    [Fact]
    public void Ones_own_activation_loss_and_rule_train_save_and_load()
    {
        Dataset data = Runs.Numbers(60, 3);
        FitResult fit = Model.Fit(data, new()
        {
            Hidden = [6], Activation = [Own.Activation("signed_square(0.5)")], Loss = Own.Loss("fourth"),
            Optimizer = Own.Optimizer("root"), Epochs = 80, Threads = 1,
        });
        Assert.True(fit.History[^1].TrainLoss < 0.5 * fit.History[0].TrainLoss,
            $"{fit.History[0].TrainLoss} → {fit.History[^1].TrainLoss}");
        byte[] bytes = fit.Model.ToBytes();
        Model back = ModelFile.FromBytes(bytes, Own);
        Assert.Equal(fit.Model.Predict(data.Numeric.AsSpan(0, 3)).Values,
            back.Predict(data.Numeric.AsSpan(0, 3)).Values);
        Assert.Contains("signed_square", Assert.Throws<DownhillException>(() => ModelFile.FromBytes(bytes)).Message);
    }

    [Fact]
    public void The_gradient_of_ones_own_activation_and_loss_is_checked_like_any_other()
    {
        NetworkSpec spec = new(3, new Dense(4, Own.Activation("signed_square")), new Dense(2, Activations.Identity));
        using Probe probe = new(spec, Own.Loss("fourth"), 5, 3);
        double[] inputs = probe.Backpropagate();
        (double value, double[] parameters, double[] oracle) = probe.Oracle();
        Assert.Equal(value, probe.Objective(), 1e-12 * Math.Max(1, value));
        double largest = parameters.Max(Math.Abs);
        foreach (int place in probe.Places) Assert.Equal(
            parameters[place], probe.Gradient.Span[place], 1e-12 * largest);
        for (int i = 0; i < inputs.Length; i++) Assert.Equal(oracle[i], inputs[i], 1e-12 * largest);
    }
}
