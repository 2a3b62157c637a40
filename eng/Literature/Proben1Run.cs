namespace Downhill.Literature;

/// <summary>What a run reached: E and wrong classes (%, NaN without classes) on the test part with the weights of the
/// lowest E on the validation part, that E, the epoch they were met in, and the epochs trained.</summary>
internal sealed record Proben1Result(double Error, double Wrong, double Held, int Best, int Epochs);

/// <summary>How the networks of one of the report's tables were trained.</summary>
/// <param name="Increase">η⁺ of RPROP.</param>
/// <param name="Smallest">Smallest first step Δ₀ of a weight.</param>
/// <param name="Largest">Largest first step Δ₀ of a weight.</param>
/// <param name="Start">Weights and biases start within ± this.</param>
/// <param name="Stop">Makes the rule to stop; 3000 epochs are the most.</param>
internal sealed record Proben1Method(
    double Increase, double Smallest, double Largest, double Start, Func<StoppingRule> Stop)
{
    /// <summary>Epochs from one look at the validation part to the next, which is also the length of a strip.</summary>
    private const int Strip = 5;

    /// <summary>§3.3 and §3.3.1: GL₅, or a progress below 0.1 ‰.</summary>
    public static Proben1Method Linear { get; } = new(1.2, 0.005, 0.02, 0.01,
        () => StoppingRules.AnyOf(StoppingRules.GeneralizationLoss(5, Strip), StoppingRules.Progress(0.1, Strip)));

    /// <summary>§3.3.2.</summary>
    public static Proben1Method Layers { get; } = new(1.1, 0.05, 0.2, 0.5, () => new AllSigns());

    /// <summary>Trains once; the run's number is its seed.</summary>
    public Proben1Result Train(Proben1Problem data, int[] hidden, char output, int run)
    {
        Activation Kind(char c) => c == 'l' ? Activations.Identity : Catalog.Default.Activation("softsign");
        Initializer start = Initializers.Uniform(Start);
        Layer[] layers =
        [
            .. hidden.Select(units => new Dense(units, Kind('s')) { Initializer = start }),
            new Dense(data.Outputs, Kind(output)) { Initializer = start },
        ];
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Batch = 0, Shuffle = false, Epochs = 3000, KeepBest = false,
            Seed = (ulong)run + 1, Threads = 1,
            Optimizer = Optimizers.RpropPlus(Smallest, Increase, decrease: 0.5, smallest: 0, largest: 50),
        };
        Preparation asTheyAre = Preparation.Fit(data.Set, data.Train, Scaling.None, scaleTargets: false);
        using TrainSession<float> session = new(
            new NetworkSpec(data.Inputs, layers), data.Set, data.Train, data.Validation, asTheyAre, options);
        // Δ₀ is drawn for each weight. The slot that holds step sizes is the one that starts with the constant.
        RandomStream random = new(options.Seed, RandomStreams.Noise);
        Span<float> steps = session.State.Slots.First(slot => slot.Span[0] != 0).Span;
        for (int i = 0; i < steps.Length; i++) steps[i] = (float)random.Uniform((ulong)i, Smallest, Largest);

        StoppingRule stop = Stop();
        double[] memory = new double[stop.StateLength];
        (EpochReport at, Model model)? best = null;
        EpochReport report;
        do
        {
            session.Step();
            report = session.State.History[^1];
            // Between two looks nothing is known of the validation part, neither to the rule nor to the choice.
            if (report.Epoch % Strip != 0) report = report with { ValidationLoss = double.NaN };
            else if (best is null || report.ValidationLoss < best.Value.at.ValidationLoss)
                best = (report, Model.Of(session));
        }
        while (stop.Asks(report, memory) is null && session.Stopped is null);
        (double error, double wrong) = data.Test(best!.Value.model);
        return new(error, wrong, data.Percentage(best.Value.at.ValidationLoss), best.Value.at.Epoch, report.Epoch);
    }

    /// <summary>
    /// Stops on a training progress below 0.1 ‰ over a strip, or once each of these has happened: generalization loss
    /// above 5 %, eight strips of rising validation error, loss over progress above 3.
    /// </summary>
    private sealed class AllSigns : StoppingRule
    {
        private readonly StoppingRule progress = StoppingRules.Progress(0.1, Strip);
        private readonly StoppingRule[] signs =
        [
            StoppingRules.GeneralizationLoss(5, Strip), StoppingRules.Up(8, Strip),
            StoppingRules.ProgressQuotient(3, Strip),
        ];

        public override bool NeedsValidation => true;
        public override int StateLength => progress.StateLength + signs.Sum(s => s.StateLength + 1);

        public override string? Asks(in EpochReport report, Span<double> state)
        {
            string? reason = progress.Asks(report, state[..progress.StateLength]);
            state = state[progress.StateLength..];
            bool all = true;
            foreach (StoppingRule sign in signs)
            {
                if (sign.Asks(report, state[1..(1 + sign.StateLength)]) is not null) state[0] = 1;
                all &= state[0] == 1;
                state = state[(1 + sign.StateLength)..];
            }
            return reason ?? (all ? "over-fitting: all three signs have been seen" : null);
        }
    }
}
