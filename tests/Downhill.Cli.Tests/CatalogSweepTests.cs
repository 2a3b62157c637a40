using System.Text.Json;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>
/// Every entry of every catalog by the real command, with its defaults and with other numbers: it is printed, the print
/// is parsed back, the model holds it, and `inspect` and `predict` read it.
/// </summary>
public sealed class CatalogSweepTests : IDisposable
{
    private static readonly Catalog Catalog = Catalog.Default;
    private readonly Desk desk = new();

    /// <summary>The name alone, and with a number other than the default in each place.</summary>
    private static IEnumerable<string> Forms<TItem>(Entry<TItem> entry) where TItem : CatalogItem
    {
        if (entry.Example is not null) return [entry.Form];
        if (entry.Parameters.Count == 0) return [entry.Name];
        string others = string.Join(",", entry.Parameters.Select(p => $"{p.Name}={Numbers.Text(Other(p))}"));
        return [entry.Name, $"{entry.Name}({others})"];
    }

    /// <summary>The next whole number; else a number on the way from the default to the nearer end of the
    /// range.</summary>
    private static double Other(Parameter parameter)
    {
        (double given, double low, double high) = (parameter.Default, parameter.Min, parameter.Max);
        if (parameter.Whole) return given < high ? given + 1 : given - 1;
        return given - low is > 0 and < 1e5 ? given - (given - low) / 4 : given + Math.Min(0.25, (high - given) / 4);
    }

    private static TheoryData<string> All<TItem>(IReadOnlyList<Entry<TItem>> entries) where TItem : CatalogItem =>
        [.. entries.SelectMany(Forms)];

    public static TheoryData<string> Activations { get; } = All(Catalog.Activations);
    public static TheoryData<string> Losses { get; } = All(Catalog.Losses);
    public static TheoryData<string> Optimizers { get; } = All(Catalog.Optimizers);
    public static TheoryData<string> Schedules { get; } = All(Catalog.Schedules);
    public static TheoryData<string> Starts { get; } = All(Catalog.Initializers);
    public static TheoryData<string> Stops { get; } = All(Catalog.StoppingRules);

    [Theory, MemberData(nameof(Activations))]
    public void ActivationsOfHiddenLayers(string text)
    {
        Activation activation = Catalog.Activation(text);
        if (!activation.IsElementwise || !activation.HasSlope)
        {
            string line = desk.Run("train", "iris", "--activation", text).Refused();
            Assert.Contains(!activation.IsElementwise ? "Use it in the output layer" : "perceptron", line,
                StringComparison.Ordinal);
            return;
        }
        Dense hidden = (Dense)Train(activation, "--activation", text).Spec.Layers[0];
        Assert.Equal(activation, hidden.Activation);
        Assert.Contains($"Dense 4→5 {activation}", Layers()[0], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Activations))]
    public void ActivationsOfTheOutput(string text)
    {
        Activation activation = Catalog.Activation(text);
        if (!activation.HasSlope)
        {
            Assert.Contains("perceptron", desk.Run("train", "iris", "--output", text).Refused(),
                StringComparison.Ordinal);
            return;
        }
        Assert.Equal(activation, Train(activation, "--output", text).Spec.Output);
        Assert.Contains($"Dense 5→3 {activation}", Layers()[1], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Losses))]
    public void LossesOfClasses(string text)
    {
        Loss loss = Catalog.Loss(text);
        Assert.Equal(loss, Train(loss, "--loss", text).Loss);
        Assert.Equal(loss.ToString(), Inspect().GetProperty("loss").GetString());
        // Evaluated, too: the cost of the answers is that of training.
        Assert.Contains("\"loss\":", desk.Run("evaluate m.safetensors iris --json").Succeeded().Out,
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Losses))]
    public void LossesOfNumbers(string text)
    {
        Loss loss = Catalog.Loss(text);
        desk.Write("counts.csv",
            "a,b,y\n" + string.Join("\n", Enumerable.Range(0, 30).Select(i => $"{i % 7},{i % 3},{i % 5}")));
        string[] words = ["train", "counts.csv", "--task", "regress", "--epochs", "2", "--loss", text, "--model",
            "m.safetensors"];
        if (loss.Targets.High == 1)
        {
            // Losses for answers of yes and no: as many as 4 is no target of theirs.
            Assert.Contains($"'{loss}'", desk.Run(words).Refused(), StringComparison.Ordinal);
            return;
        }
        Assert.Contains(loss.ToString(), desk.Run(words).Succeeded().Error, StringComparison.Ordinal);
        Assert.Equal(loss, Model.Load("m.safetensors").Loss);
    }

    [Theory, MemberData(nameof(Optimizers))]
    public void OptimizersUpdate(string text)
    {
        Optimizer optimizer = Catalog.Optimizer(text);
        Model model = Train(optimizer, "--optimizer", text);
        Assert.Equal(optimizer.ToString(), model.Training!.Optimizer);
        Assert.Equal(optimizer.NeedsFullBatch ? 0 : 32, model.Training.Batch);
        Assert.Equal(optimizer.ToString(), Inspect().GetProperty("training").GetProperty("optimizer").GetString());
        if (!optimizer.NeedsFullBatch) return;
        Assert.Contains("'all'", desk.Run("train", "iris", "--optimizer", text, "--batch", "8").Refused(),
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Schedules))]
    public void SchedulesChangeTheRate(string text)
    {
        Schedule schedule = Catalog.Schedule(text);
        Assert.Equal(
            schedule.ToString(), Train(schedule, "--optimizer", "momentum", "--schedule", text).Training!.Schedule);
        Assert.Equal(schedule.ToString(), Inspect().GetProperty("training").GetProperty("schedule").GetString());
        // And any other number: here the momentum and the penalty.
        string both = $"gamma:{text},l2:{text}";
        string chosen = $"gamma:{schedule},l2:{schedule}";
        Ran ran = desk.Run(Words("--optimizer", "momentum", "--l2", "0.01", "--schedule", both)).Succeeded();
        Assert.Contains($"gamma by {schedule}", Unwrapped(ran.Error), StringComparison.Ordinal);
        Assert.Equal(chosen, Model.Load("m.safetensors").Training!.Schedule);
        Assert.Contains("lbfgs", desk.Run("train", "iris", "--optimizer", "lbfgs", "--schedule", text).Refused(),
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Starts))]
    public void InitializersStart(string text)
    {
        Initializer initializer = Catalog.Initializer(text);
        Model model = Train(initializer, "--initializer", text);
        Assert.All(model.Spec.Layers.OfType<Dense>(), d => Assert.Equal(initializer, d.Initializer));
        foreach (JsonElement layer in Inspect().GetProperty("layers").EnumerateArray())
            Assert.Equal(initializer.ToString(), layer.GetProperty("initializer").GetString());
    }

    [Theory, MemberData(nameof(Stops))]
    public void StoppingRulesAreAsked(string text)
    {
        StoppingRule rule = Catalog.StoppingRule(text);
        Assert.Equal(rule.ToString(), Train(rule, "--validation", "0.2", "--stop", text).Training!.Stop);
        Assert.Equal(rule.ToString(), Inspect().GetProperty("training").GetProperty("stop").GetString());
        // Several, whichever comes first.
        desk.Run(Words("--validation", "0.2", "--stop", text, "--stop", "epochs(1)")).Succeeded();
        Assert.Equal(1, Model.Load("m.safetensors").Training!.Epochs);
        Assert.Equal($"{rule},epochs(1)", Model.Load("m.safetensors").Training!.Stop);
    }

    /// <summary>Numbers at and beyond the ends of every parameter's range.</summary>
    [Fact]
    public void NumbersOutsideTheirRangeAreRefusedByName()
    {
        Sweep("--activation", Catalog.Activations);
        Sweep("--loss", Catalog.Losses);
        Sweep("--optimizer", Catalog.Optimizers);
        Sweep("--schedule", Catalog.Schedules);
        Sweep("--initializer", Catalog.Initializers);
        Sweep("--stop", Catalog.StoppingRules);

        void Sweep<TItem>(string option, IReadOnlyList<Entry<TItem>> entries) where TItem : CatalogItem
        {
            foreach (Entry<TItem> entry in entries)
                foreach (Parameter parameter in entry.Parameters)
                {
                    List<string> bad = ["nan", "much"];
                    if (double.IsFinite(parameter.Min)) bad.Add(
                        Numbers.Text(parameter.ExcludesMin ? parameter.Min : parameter.Min - 1));
                    if (double.IsFinite(parameter.Max)) bad.Add(Numbers.Text(2 * parameter.Max + 1));
                    if (parameter.Whole) bad.Add(Numbers.Text(parameter.Default + 0.5));
                    foreach (string value in bad)
                    {
                        string line = desk.Run("train", "iris", option, $"{entry.Name}({parameter.Name}={value})")
                            .Refused();
                        Assert.Contains(entry.Name, line, StringComparison.Ordinal);
                        Assert.Contains(parameter.Name, line, StringComparison.Ordinal);
                    }
                }
        }
    }

    public void Dispose() => desk.Dispose();

    private static string[] Words(params string[] words) =>
        ["train", "iris", "--hidden", "5", "--epochs", "3", "--model", "m.safetensors", .. words];

    private Model Train(CatalogItem item, params string[] words)
    {
        Ran ran = desk.Run(Words(words)).Succeeded();
        Assert.Contains(item.ToString(), Unwrapped(ran.Error), StringComparison.Ordinal);
        string[] answers = desk.Run("predict m.safetensors iris").Succeeded().Out.TrimEnd('\n').Split('\n');
        Assert.Equal(151, answers.Length);
        return Model.Load("m.safetensors");
    }

    /// <summary>What is wrapped to the terminal's width, in one line.</summary>
    private static string Unwrapped(string text) =>
        string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private JsonElement Inspect()
    {
        string text = Unwrapped(desk.Run("inspect m.safetensors").Succeeded().Out);
        Assert.Contains("weightsHash", text, StringComparison.Ordinal);
        return JsonDocument.Parse(desk.Run("inspect m.safetensors --json").Succeeded().Out).RootElement;
    }

    private string[] Layers() =>
        [.. Inspect().GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("layer").GetString()!)];
}
