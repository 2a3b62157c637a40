namespace Downhill;

/// <summary>
/// When to stop. Asked after each epoch; remembers what it needs in a few numbers that the run keeps and checkpoints.
/// </summary>
public abstract class StoppingRule : CatalogItem
{
    /// <summary>Numbers of state, all 0 at first.</summary>
    public virtual int StateLength => 0;

    /// <summary>Whether rows must be held out for it.</summary>
    public virtual bool NeedsValidation => false;

    /// <summary>Whether the gradient's norm must be measured at each step.</summary>
    public virtual bool NeedsGradientNorm => false;

    /// <summary>The reason to stop now, with its numbers, or null to go on.</summary>
    public abstract string? Asks(in EpochReport report, Span<double> state);
}

/// <summary>The stopping rules that ship. Adding one: its class, and its line in <see cref="All"/>.</summary>
public static class StoppingRules
{
    public static StoppingRule Change(double threshold = 0.01, int epochs = 1, bool relative = false) =>
        Find("change").Create(threshold, epochs, relative ? 1 : 0);
    public static StoppingRule Gradient(double threshold = 1e-4) => Find("gradient").Create(threshold);
    public static StoppingRule Validation(int patience = 20, double change = 0) => Find("validation").Create(patience, change);

    private static Entry<StoppingRule> Find(string name) => All.First(e => e.Name == name);

    /// <summary>State: [0] epochs in a row with a small change, [1] last epoch's loss, [2] 1 once there is one.</summary>
    private sealed class ChangeRule(double threshold, double epochs, double relative) : StoppingRule
    {
        public override int StateLength => 3;
        public override string? Asks(in EpochReport report, Span<double> state)
        {
            double change = Math.Abs(report.TrainLoss - state[1]);
            if (relative == 1) change /= Math.Max(Math.Abs(state[1]), double.Epsilon);
            state[0] = state[2] == 1 && change < threshold ? state[0] + 1 : 0;
            (state[1], state[2]) = (report.TrainLoss, 1);
            return state[0] >= epochs
                ? $"the training loss changed by {change:G3} in an epoch, less than {Numbers.Text(threshold)}" : null;
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
            if (state[2] == 0 || report.ValidationLoss < state[1] - change)
                (state[0], state[1], state[2]) = (0, report.ValidationLoss, 1);
            else
                state[0]++;
            return state[0] >= patience
                ? $"the validation loss has not improved on {state[1]:G4} for {Numbers.Text(patience)} epochs" : null;
        }
    }

    /// <summary>Every stopping rule, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<StoppingRule>> All { get; } =
    [
        new("change", "|C(t) − C(t−1)| < threshold, k epochs in a row", "learning has come to rest", "lecture L19",
            [
                new("threshold", 0.01, 0, Summary: "Smallest change that counts.") { ExcludesMin = true },
                new("epochs", 1, 1, 1e6, "Epochs in a row.") { Whole = true },
                new("relative", 0, 0, 1, "1: as a share of the loss; 0: absolute.") { Whole = true },
            ],
            p => new ChangeRule(p[0], p[1], p[2])),
        new("gradient", "‖∇C‖ < threshold at every step of an epoch", "a minimum (or plateau) is reached", "lecture L13, L19",
            [new("threshold", 1e-4, 0, Summary: "Largest norm that counts as zero.") { ExcludesMin = true }], p => new GradientRule(p[0])),
        new("validation", "no lower validation loss for `patience` epochs", "held-out rows say that it no longer gets better",
            "lecture L19; Goodfellow et al., Deep Learning, algorithm 7.1",
            [
                new("patience", 20, 1, 1e6, "Epochs to wait for a better one.") { Whole = true },
                new("change", 0, 0, Summary: "How much lower counts as better."),
            ],
            p => new ValidationRule(p[0], p[1])),
    ];
}
