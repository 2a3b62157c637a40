namespace Downhill;

/// <summary>
/// When to stop. Asked after each epoch; remembers what it needs in a few numbers that the run keeps and checkpoints.
/// A figure that is no number never stops a run and never counts as an improvement.
/// </summary>
public abstract class StoppingRule : CatalogItem
{
    /// <summary>Numbers of state, all 0 at first.</summary>
    public virtual int StateLength => 0;

    /// <summary>Whether rows must be held out for it.</summary>
    public virtual bool NeedsValidation => false;

    /// <summary>Whether the gradient's norm must be measured at each step.</summary>
    public virtual bool NeedsGradientNorm => false;

    /// <summary>Refuses a task that the rule cannot be asked about.</summary>
    /// <param name="target">What the run learns.</param>
    /// <exception cref="DownhillException">It asks for a figure that such a task does not have.</exception>
    public virtual void CheckTask(Target target) { }

    /// <summary>The reason to stop now, with its numbers, or null to go on. Called after every epoch, also by rules
    /// that hold this one.</summary>
    public abstract string? Asks(in EpochReport report, Span<double> state);
}

/// <summary>The stopping rules that ship. Adding one: its class, and its line in <see cref="All"/>.</summary>
/// <remarks>
/// Prechelt's rules (GL, PQ, UP, training progress) are those of "Early stopping — but when?", 1998, §2: E_tr is the
/// training loss of an epoch, E_va the validation loss after it, E_opt the lowest E_va so far; a strip is k epochs, and
/// strips end at multiples of k. They compare losses by division: with a loss that goes below 0 they never stop.
/// </remarks>
public static class StoppingRules
{
    public static StoppingRule Change(double threshold = 0.01, int epochs = 1, bool relative = false) =>
        Find("change").Create(threshold, epochs, relative ? 1 : 0);
    public static StoppingRule Gradient(double threshold = 1e-4) => Find("gradient").Create(threshold);
    public static StoppingRule Validation(int patience = 20, double change = 0) =>
        Find("validation").Create(patience, change);

    /// <summary>As in <c>target(train.loss&lt;0.01)</c>.</summary>
    /// <param name="condition">train.loss, train.squared_error, train.accuracy, validation.loss, validation.accuracy or
    /// validation.r2; then &lt;, &lt;=, &gt; or &gt;=; then a number.</param>
    public static StoppingRule Target(string condition) => Find("target").Read(condition, Catalog.Default);

    public static StoppingRule GeneralizationLoss(double alpha = 5, int strip = 1) => Find("gl").Create(alpha, strip);
    public static StoppingRule ProgressQuotient(double alpha = 0.75, int strip = 5) => Find("pq").Create(alpha, strip);
    public static StoppingRule Up(int strips = 3, int strip = 5) => Find("up").Create(strips, strip);
    public static StoppingRule Progress(double threshold = 0.1, int strip = 5) =>
        Find("progress").Create(threshold, strip);
    public static StoppingRule Epochs(int count) => Find("epochs").Create(count);

    /// <summary>Stops when all of these ask to stop after the same epoch.</summary>
    public static StoppingRule AllOf(params IReadOnlyList<StoppingRule> rules) => Together("all", rules);

    /// <summary>Stops when one of these asks to.</summary>
    public static StoppingRule AnyOf(params IReadOnlyList<StoppingRule> rules) => Together("any", rules);

    private static Several Together(string name, IReadOnlyList<StoppingRule> rules)
    {
        if (rules.Count == 0)
            Throw.Input($"Stopping rule '{name}'", "at least 1 rule", "none", "Give the rules it joins.");
        Several several = new(rules, name == "all");
        several.Describe(name, [], []);
        return several;
    }

    private static Entry<StoppingRule> Find(string name) => All.First(e => e.Name == name);

    /// <summary>State: [0] epochs in a row with a small change, [1] last epoch's error, [2] 1 once there is
    /// one.</summary>
    private sealed class ChangeRule(double threshold, double epochs, double relative) : StoppingRule
    {
        public override int StateLength => 3;
        public override string? Asks(in EpochReport report, Span<double> state)
        {
            double change = Math.Abs(report.TrainSquaredError - state[1]);
            if (relative == 1) change /= Math.Max(Math.Abs(state[1]), double.Epsilon);
            state[0] = state[2] == 1 && change < threshold ? state[0] + 1 : 0;
            (state[1], state[2]) = (report.TrainSquaredError, 1);
            if (state[0] < epochs) return null;
            string share = relative == 1 ? " of itself" : "";
            string often = epochs > 1 ? $" in each of {Numbers.Text(epochs)} epochs" : "";
            return $"the average squared error changed by {change:G3}{share} in an epoch, "
                + $"less than {Numbers.Text(threshold)}{often}";
        }
    }

    private sealed class GradientRule(double threshold) : StoppingRule
    {
        public override bool NeedsGradientNorm => true;
        public override string? Asks(in EpochReport report, Span<double> state) =>
            report.GradientNorm < threshold
                ? $"the gradient is nearly zero: norm {report.GradientNorm:G3}, below {Numbers.Text(threshold)}" : null;
    }

    /// <summary>State: [0] epochs without improvement, [1] best loss, [2] 1 once there is one.</summary>
    private sealed class ValidationRule(double patience, double change) : StoppingRule
    {
        public override int StateLength => 3;
        public override bool NeedsValidation => true;
        public override string? Asks(in EpochReport report, Span<double> state)
        {
            bool isFirst = state[2] == 0;
            if (double.IsFinite(report.ValidationLoss) && (isFirst || report.ValidationLoss < state[1] - change))
                (state[0], state[1], state[2]) = (0, report.ValidationLoss, 1);
            else if (!isFirst)
                state[0]++;
            return state[0] >= patience
                ? $"the validation loss has not improved on {state[1]:G4} for {Numbers.Text(patience)} epochs" : null;
        }
    }

    private sealed class EpochsRule(double count) : StoppingRule
    {
        public override string? Asks(in EpochReport report, Span<double> state) =>
            report.Epoch >= count ? $"{report.Epoch} epochs are done, {Numbers.Text(count)} were wanted" : null;
    }

    /// <summary>What a target may be set on.</summary>
    private sealed record Figure(string Name, Func<EpochReport, double> Of, string Tasks = "classes, labels, numbers")
    {
        public bool IsOf(string task) => Tasks.Contains(task, StringComparison.Ordinal);

        public bool IsValidation => Name.StartsWith("validation.", StringComparison.Ordinal);
    }

    private static readonly Figure[] figures =
    [
        new("train.loss", r => r.TrainLoss), new("train.squared_error", r => r.TrainSquaredError),
        new("train.accuracy", r => r.TrainAccuracy, "classes"), new("validation.loss", r => r.ValidationLoss),
        new("validation.accuracy", r => r.ValidationScore, "classes, labels"),
        new("validation.r2", r => r.ValidationScore, "numbers"),
    ];

    private sealed class TargetRule(Figure figure, string relation, double goal) : StoppingRule
    {
        protected override string Inside => $"{figure.Name}{relation}{Numbers.Text(goal)}";
        public override bool NeedsValidation => figure.IsValidation;

        public override void CheckTask(Target target)
        {
            string task = target.IsClass ? "classes" : target.IsMultiLabel ? "labels" : "numbers";
            if (!figure.IsOf(task))
                Throw.Input($"Stopping rule '{this}'",
                    $"one of {string.Join(", ", figures.Where(f => f.IsOf(task)).Select(f => f.Name))}",
                    figure.Name, $"It is a figure of {figure.Tasks}: set the target on another.");
        }

        public override string? Asks(in EpochReport report, Span<double> state)
        {
            double value = figure.Of(report);
            bool reached = relation switch
            {
                "<" => value < goal,
                "<=" => value <= goal,
                ">" => value > goal,
                _ => value >= goal,
            };
            return reached ? $"the target is reached: {figure.Name} is {value:G4}, {relation} {Numbers.Text(goal)}"
                : null;
        }

        public static TargetRule Read(string condition)
        {
            string where = $"The target '{condition}'";
            int at = condition.AsSpan().IndexOfAny('<', '>');
            const string form = "Write, for example, target(train.loss<0.01).";
            if (at < 0) Throw.Input(where, "a figure, < or >, and a number", $"'{condition}'", form);
            string name = condition[..at].Trim();
            string relation = condition[at..].StartsWith(condition[at] + "=", StringComparison.Ordinal)
                ? condition.Substring(at, 2) : condition.Substring(at, 1);
            Figure? figure = figures.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (figure is null)
                Throw.Input(where, $"one of {string.Join(", ", figures.Select(f => f.Name))}", $"'{name}'",
                    Suggest.DidYouMean(name, figures.Select(f => f.Name)));
            string number = condition[(at + relation.Length)..].Trim();
            if (!Numbers.TryParse(number, out double goal))
                Throw.Input(where, "a number", $"'{number}'", "Write, for example, target(train.loss<0.01).");
            return new(figure, relation, goal);
        }
    }

    /// <summary>
    /// E_opt and the strip's training losses, for the rules below. State: [0] epochs of the strip, [1] their Σ E_tr,
    /// [2] their min E_tr, [3] E_opt, [4] 1 once there is one.
    /// </summary>
    private abstract class StripRule(double strip) : StoppingRule
    {
        private const int Epochs = 0, Sum = 1, Min = 2, Best = 3, HasBest = 4;

        protected double Strip => strip;

        public sealed override int StateLength => 5;

        public sealed override string? Asks(in EpochReport report, Span<double> state)
        {
            state[Min] = state[Epochs] == 0 ? report.TrainLoss : Math.Min(state[Min], report.TrainLoss); // NaN stays
            state[Sum] += report.TrainLoss;
            state[Epochs]++;
            if (double.IsFinite(report.ValidationLoss) && (state[HasBest] == 0 || report.ValidationLoss < state[Best]))
                (state[Best], state[HasBest]) = (report.ValidationLoss, 1);
            if (report.Epoch % strip != 0) return null;
            double best = state[HasBest] == 1 && state[Best] >= 0 ? state[Best] : double.NaN;
            // A strip that was joined in its middle (the rule came with a resumed run) says nothing of progress.
            double least = state[Epochs] == strip && state[Min] >= 0 ? strip * state[Min] : double.NaN;
            double loss = 100 * (report.ValidationLoss / best - 1);
            // Never below 0, but for rounding; losses that are all 0 have no way to go.
            double progress = least == 0 && state[Sum] == 0 ? 0 : Math.Max(0, 1000 * (state[Sum] / least - 1));
            (state[Epochs], state[Sum]) = (0, 0);
            return Asks(loss, progress);
        }

        /// <summary>Asked at the end of each strip.</summary>
        /// <param name="loss">GL(t) = 100·(E_va(t)/E_opt(t) − 1).</param>
        /// <param name="progress">P_k(t) = 1000·(Σ E_tr/(k·min E_tr) − 1) over the strip.</param>
        protected abstract string? Asks(double loss, double progress);
    }

    private sealed class GeneralizationLossRule(double alpha, double strip) : StripRule(strip)
    {
        public override bool NeedsValidation => true;
        protected override string? Asks(double loss, double progress) => loss > alpha
            ? $"the validation loss lies {loss:G3} % above its lowest, more than {Numbers.Text(alpha)} %" : null;
    }

    private sealed class ProgressQuotientRule(double alpha, double strip) : StripRule(strip)
    {
        public override bool NeedsValidation => true;

        // Without any progress every loss of generalization is too much: the quotient is ∞.
        protected override string? Asks(double loss, double progress) => loss / progress > alpha
            ? $"generalization loss {loss:G3} over training progress {progress:G3} is {loss / progress:G3}, "
                + $"more than {Numbers.Text(alpha)}" : null;
    }

    private sealed class ProgressRule(double threshold, double strip) : StripRule(strip)
    {
        protected override string? Asks(double loss, double progress) => progress < threshold
            ? $"training progress over {Numbers.Text(Strip)} epochs is {progress:G3}, "
                + $"less than {Numbers.Text(threshold)}" : null;
    }

    /// <summary>State: [0] strips in a row at whose end the loss had risen, [1] loss at the end of the last strip, [2]
    /// 1 once there is one.</summary>
    private sealed class UpRule(double strips, double strip) : StoppingRule
    {
        public override int StateLength => 3;
        public override bool NeedsValidation => true;
        public override string? Asks(in EpochReport report, Span<double> state)
        {
            if (report.Epoch % strip != 0) return null;
            state[0] = state[2] == 1 && report.ValidationLoss > state[1] ? state[0] + 1 : 0;
            (state[1], state[2]) = (report.ValidationLoss, 1);
            return state[0] >= strips
                ? $"the validation loss rose over {Numbers.Text(state[0])} strips of {Numbers.Text(strip)} epochs "
                    + $"in a row, to {state[1]:G4}" : null;
        }
    }

    /// <summary>Several rules as one. State: theirs, one after another.</summary>
    private sealed class Several(IReadOnlyList<StoppingRule> rules, bool all) : StoppingRule
    {
        protected override string Inside => string.Join(",", rules);
        public override int StateLength { get; } = rules.Sum(r => r.StateLength);
        public override bool NeedsValidation => rules.Any(r => r.NeedsValidation);
        public override bool NeedsGradientNorm => rules.Any(r => r.NeedsGradientNorm);

        public override void CheckTask(Target target)
        {
            foreach (StoppingRule rule in rules) rule.CheckTask(target);
        }

        public override string? Asks(in EpochReport report, Span<double> state)
        {
            string? reason = null;
            bool every = true;
            for (int i = 0; i < rules.Count; i++)
            {
                // Each is asked in every epoch, since each must see them all.
                string? own = rules[i].Asks(report, state[..rules[i].StateLength]);
                state = state[rules[i].StateLength..];
                every &= own is not null;
                if (own is not null) reason = reason is null || !all ? reason ?? own : $"{reason}; {own}";
            }
            return all && !every ? null : reason;
        }

        public static Several Read(string inside, bool all, Catalog catalog)
        {
            // Files are not to be trusted: rules within rules without end would take the whole stack.
            if (inside.Length > 2000)
                Throw.Input("Stopping rule", "at most 2000 characters", $"{inside.Length}", "Join fewer rules.");
            return new([.. Catalog.Parts(inside).Select(catalog.StoppingRule)], all);
        }
    }

    private static readonly Parameter stripOf5 = new("strip", 5, 1, 1e6, "Epochs k of a strip.") { Whole = true };

    /// <summary>Every stopping rule, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<StoppingRule>> All { get; } =
    [
        new("change", "|E(t) − E(t−1)| < threshold, k epochs in a row",
            "the average squared error per epoch has come to rest",
            "lecture L19; Haykin, Neural Networks and Learning Machines, ch. 4",
            [
                new("threshold", 0.01, 0, Summary: "Smallest change that counts.") { ExcludesMin = true },
                new("epochs", 1, 1, 1e6, "Epochs in a row.") { Whole = true },
                new("relative", 0, 0, 1, "1: as a share of the error; 0: absolute.") { Whole = true },
            ],
            p => new ChangeRule(p[0], p[1], p[2])),
        new("gradient", "‖∇C‖ < threshold at every step of an epoch", "a minimum (or plateau) is reached",
            "lecture L13, L19",
            [new("threshold", 1e-4, 0, Summary: "Largest norm that counts as zero.") { ExcludesMin = true }],
            p => new GradientRule(p[0])),
        new("validation", "no lower validation loss for `patience` epochs",
            "held-out rows say that it no longer gets better",
            "lecture L19; Goodfellow et al., Deep Learning, algorithm 7.1",
            [
                new("patience", 20, 1, 1e6, "Epochs to wait for a better one.") { Whole = true },
                new("change", 0, 0, Summary: "How much lower counts as better."),
            ],
            p => new ValidationRule(p[0], p[1])),
        new("target", $"a figure < or > a number; figures: {string.Join(", ", figures.Select(f => f.Name))}",
            "good enough", "lecture L19",
            "train.loss<0.01", (inside, _) => TargetRule.Read(inside)),
        new("gl", "GL(t) = 100·(E_va(t)/E_opt(t) − 1) > α", "generalization was lost", "Prechelt 1998, §2, GL_α",
            [
                new("alpha", 5, 0, Summary: "Per cent that E_va may lie above its lowest."),
                new("strip", 1, 1, 1e6, "Epochs between two looks; 5 in Proben1.") { Whole = true },
            ],
            p => new GeneralizationLossRule(p[0], p[1])),
        new("pq", "GL(t)/P_k(t) > α at the end of a strip", "generalization is lost faster than training progresses",
            "Prechelt 1998, §2, PQ_α",
            [new("alpha", 0.75, 0, Summary: "Largest quotient."), stripOf5], p => new ProgressQuotientRule(p[0], p[1])),
        new("up", "E_va(t) > E_va(t−k) at the ends of s strips in a row", "generalization keeps getting worse",
            "Prechelt 1998, §2, UP_s",
            [new("s", 3, 1, 1e6, "Strips s in a row.") { Whole = true }, stripOf5], p => new UpRule(p[0], p[1])),
        new("progress", "P_k(t) = 1000·(Σ E_tr/(k·min E_tr) − 1) < threshold at the end of a strip",
            "training has come to rest",
            "Prechelt 1998, §2, P_k; Prechelt, Proben1, 1994",
            [new("threshold", 0.1, 0, Summary: "Smallest progress that counts, in thousandths.") { ExcludesMin = true },
                stripOf5],
            p => new ProgressRule(p[0], p[1])),
        new("epochs", "t ≥ count", "so many epochs are done; within all(…) a least number of them", "lecture L19",
            [new("count", 100, 1, 1e9, "Epochs.") { Whole = true }], p => new EpochsRule(p[0])),
        new("all", "each of these asks to stop after the same epoch", "rules that must agree",
            "Prechelt, Proben1, 1994",
            "gl(5),progress(0.1)", (inside, catalog) => Several.Read(inside, all: true, catalog)),
        new("any", "one of these asks to stop", "rules of which one is enough, within all(…)", "lecture L19",
            "change(0.01),gradient(0.0001)", (inside, catalog) => Several.Read(inside, all: false, catalog)),
    ];
}
