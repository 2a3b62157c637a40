using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;

namespace Downhill.Cli.Report;

/// <summary>The command that does a run again: what the user said, and every choice that was made for them.</summary>
internal static class CommandWords
{
    // What has no part in the result.
    private static readonly string[] Left =
        ["--threads", "--model", "--checkpoint", "--every", "--resume", "--json", "--quiet", "--report", "--log",
            "--help", "--version"];

    /// <param name="program">How the program is called.</param>
    /// <param name="words">The words of <c>train</c>.</param>
    /// <param name="data">DATA.</param>
    /// <param name="plan">With every choice made.</param>
    public static string Of(string program, ParseResult words, string data, FitPlan plan)
    {
        StringBuilder line = new($"{program} train {Quoted(data)}");
        // `--momentum 0.5..0.9` is a schedule too, and must not be said twice.
        bool hasMomentum = words.CommandResult.Command.Options.Any(o =>
            o.Name == "--momentum" && words.GetResult(o) is { Implicit: false });
        foreach (Option option in words.CommandResult.Command.Options)
        {
            if (Left.Contains(option.Name)) continue;
            OptionResult? result = words.GetResult(option) is { Implicit: false } given ? given : null;
            if (result is null)
            {
                foreach (string chosen in Chosen(option.Name, plan, hasMomentum))
                    line.Append(' ').Append(option.Name).Append(' ').Append(Quoted(chosen));
                continue;
            }
            if (result.Tokens.Count == 0) line.Append(' ').Append(option.Name);
            foreach (Token token in result.Tokens)
                line.Append(' ').Append(option.Name).Append(' ').Append(Quoted(token.Value));
        }
        return line.ToString();
    }

    /// <summary>What an option that was not given is in this plan; nothing where leaving it out says the
    /// same.</summary>
    private static IEnumerable<string> Chosen(string option, FitPlan plan, bool hasMomentum)
    {
        TrainOptions train = plan.Options;
        NetworkSpec network = plan.Network;
        if (option == "--stop") return train.Stop.Select(s => s.ToString());
        string? value = option switch
        {
            "--test" => plan.Test is not null ? null : Share(plan.TestRows.Length, plan.Data.Rows, 0.2),
            "--validation" => plan.Validation is not null ? null
                : Share(plan.ValidationRows.Length, plan.Rows.Length + plan.ValidationRows.Length, 0.1),
            "--class-weight" => train.ClassWeights is null ? null
                : string.Join(',', train.ClassWeights.Select(Numbers.Text)),
            "--recipe" => plan.Recipe.Name,
            "--hidden" => Hidden(network),
            "--activation" => Activations(network),
            "--output" => network.Output.ToString(),
            "--forward-scale" => network.Layers.OfType<Dense>().Any(d => d.ForwardScale == ForwardScale.LeCun) ? "lecun"
                : null,
            "--dropout" => network.Layers.OfType<Dropout>().FirstOrDefault() is Dropout dropout
                ? Numbers.Text(dropout.Rate) : null,
            "--loss" => train.Loss.ToString(),
            "--reduction" => train.Reduction == Reduction.Sum ? "sum" : "mean",
            "--optimizer" => train.Optimizer.ToString(),
            "--lr" => train.Optimizer.Method is null ? Numbers.Text(train.EffectiveLearningRate) : null,
            "--augment" => train.Augment.Count == 0 ? null : string.Join(',', train.Augment),
            "--layer-lr" => train.LayerRates?.ToString(),
            "--schedule" => Schedules(train.Schedules.Where(s => !(hasMomentum && s.Parameter == "gamma"))),
            "--batch" => train.Batch == 0 ? "all" : Numbers.Text(train.Batch),
            "--l1" => Numbers.Text(train.L1),
            "--l2" => Numbers.Text(train.L2),
            "--weight-decay" => Numbers.Text(train.EffectiveWeightDecay),
            "--clip" => Numbers.Text(train.Clip),
            "--epochs" => Numbers.Text(train.Epochs),
            "--keep" => plan.ValidationRows.Length == 0 ? null : train.KeepBest ? "best" : "last",
            "--seed" => train.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--arithmetic" => train.Arithmetic == Arithmetic.Portable ? "portable" : "fast",
            _ => null,
        };
        return value is null ? [] : [value];
    }

    private static string? Schedules(IEnumerable<ScheduleOf> schedules) =>
        ScheduleOf.ToText(schedules) is { Length: > 0 } text ? text : null;

    private static string Hidden(NetworkSpec network)
    {
        string widths = string.Join(',', network.Layers.OfType<Dense>().SkipLast(1)
            .Where(d => !d.IsEmbedding).Select(d => d.Units));
        return widths.Length == 0 ? "none" : widths;
    }

    private static string? Activations(NetworkSpec network)
    {
        string[] names = [.. network.Layers.Select((layer, i) => layer switch
        {
            BatchNorm norm => norm.Activation.ToString(),
            Dense { IsEmbedding: true } => "",
            Dense dense when i + 1 < network.Layers.Count && network.Layers[i + 1] is not BatchNorm =>
                dense.Activation.ToString(),
            _ => "",
        }).Where(n => n.Length > 0)];
        return names.Length == 0 ? null : names.Distinct().Count() == 1 ? names[0] : string.Join(',', names);
    }

    /// <summary>A part as a share of all rows: the usual one where it fits, else what comes nearest.</summary>
    private static string Share(int part, int all, double usual) =>
        part == 0 ? "0" : Math.Abs(part - usual * all) < 1 ? Numbers.Text(usual)
            : Numbers.Text(Math.Round((double)part / all, 4));

    /// <summary>A word as a shell takes it.</summary>
    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsLetterOrDigit(c) || "-_./,:=+@%~".Contains(c)) ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
