namespace Downhill;

/// <summary>How the rows' losses become one objective.</summary>
public enum Reduction
{
    /// <summary>(1/Σw)·Σ wʳ·Lʳ: rates do not depend on the batch's size.</summary>
    Mean,

    /// <summary>The lecture's C = Σ wʳ·Lʳ.</summary>
    Sum,
}

/// <summary>How a step is computed; the bits are the same.</summary>
internal enum StepKind
{
    /// <summary>What is faster for the network's size.</summary>
    Fastest,

    /// <summary>Layer by layer with the general kernels.</summary>
    General,

    /// <summary>Compiled for a row per lane where possible, however large the network.</summary>
    Small,

    /// <summary>Compiled for batches of one row where possible, however small the network.</summary>
    Row,

    /// <summary>What is faster, but shared by the threads where that loses, too.</summary>
    Shared,
}

/// <summary>Everything that decides how a network is trained, given its data.</summary>
public sealed record TrainOptions
{
    public Loss Loss { get; init; } = Losses.CrossEntropy;
    public Optimizer Optimizer { get; init; } = Optimizers.Adam();

    /// <summary>η; null for the optimizer's own default.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Factors on η by layer or by unit; null for 1 everywhere (lecture L18).</summary>
    public LayerRates? LayerRates { get; init; }

    /// <summary>Schedules of hyper-parameters. Several of one act one after another: a warm-up, then a
    /// cosine.</summary>
    public IReadOnlyList<ScheduleOf> Schedules { get; init; } = [];

    public Reduction Reduction { get; init; } = Reduction.Mean;

    /// <summary>
    /// What a row of each class counts, beside its own weight, in class order; null for 1 each. Part of the objective,
    /// so also of the validation loss that stopping and the best weights go by; accuracies count every row by its own
    /// weight alone.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>Distortions of the training images, together; empty for none.</summary>
    public IReadOnlyList<Augmentation> Augment { get; init; } = [];

    /// <summary>Rows per update; 0 for all.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Whether each epoch takes the rows in a new order. A full batch keeps their own.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Most epochs.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>Most time, or null.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>Rules asked after each epoch; the first that asks to stop does.</summary>
    public IReadOnlyList<StoppingRule> Stop { get; init; } = [];

    /// <summary>λ₁ of the objective's λ₁·Σ|w|, 0 for none.</summary>
    public double L1 { get; init; }

    /// <summary>λ₂ of the objective's ½·λ₂·Σw², 0 for none.</summary>
    public double L2 { get; init; }

    /// <summary>
    /// Decoupled decay: w ← w − η·decay·w besides the step, 0 for none, null for the optimizer's own default, which is
    /// 0 but for
    /// <c>adamw</c> (Loshchilov, Hutter 2019). The one place for it: no rule has a decay of its own.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>Whether penalties and decay touch biases too.</summary>
    public bool PenalizeBiases { get; init; }

    /// <summary>Largest norm of the gradient; a longer one is shortened to it. 0 for none.</summary>
    public double Clip { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads; the result does not depend on them. 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Fast, or the same bits on every machine.</summary>
    public Arithmetic Arithmetic { get; init; } = Arithmetic.Fast;

    /// <summary>Whether the weights with the lowest validation loss are the result, or the last ones.</summary>
    public bool KeepBest { get; init; } = true;

    /// <summary>What is done with the probabilities after training; null: temperature where there is a validation part
    /// of 50 rows or more and the loss is a cross-entropy of the outputs.</summary>
    public Calibration? Calibrate { get; init; }

    /// <summary>Which of the ways to take a step is taken; set by tests that compare them.</summary>
    internal StepKind Step { get; init; }

    /// <summary>η as it will be used.</summary>
    public double EffectiveLearningRate => LearningRate ?? Optimizer.DefaultLearningRate;

    /// <summary>Decoupled decay as it will be used.</summary>
    public double EffectiveWeightDecay => WeightDecay ?? Optimizer.DefaultWeightDecay;

    /// <exception cref="DownhillException">The first thing that does not make sense.</exception>
    internal void Check()
    {
        Range("Learning rate", EffectiveLearningRate, low: 0, high: 1e6, lowIncluded: false,
            "Usual values lie between 0.0001 and 1.");
        Range("L1", L1, 0, 1e6, true, "0 turns it off; usual values lie between 1e-6 and 0.01.");
        Range("L2", L2, 0, 1e6, true, "0 turns it off; usual values lie between 1e-6 and 0.01.");
        Range("Weight decay", EffectiveWeightDecay, 0, 1e6, true,
            "0 turns it off; usual values lie between 1e-4 and 0.1.");
        Range("Clip", Clip, 0, 1e30, true, "0 turns it off; 1 is usual.");
        if (Batch < 0) Throw.Input("Batch", "1 row or more, or all", $"{Batch}", "32 is usual.");
        if (Epochs < 1) Throw.Input("Epochs", "1 or more", $"{Epochs}", "Give the number of passes over the training "
            + "rows.");
        if (Threads is < 0 or > 1024) Throw.Input(
            "Threads", "1 to 1024", $"{Threads}", "Leave it out for one per core.");
        if (Time is TimeSpan time && time <= TimeSpan.Zero) Throw.Input(
            "Time", "more than 0", $"{time}", "Write, for example, 30s.");
        foreach (ScheduleOf schedule in Schedules)
            if (!Scheduled.Contains(schedule.Parameter) && Optimizer.IndexOf(schedule.Parameter) < 0)
                Throw.Input($"Schedule '{schedule.Schedule}'",
                    $"one of {string.Join(", ", Scheduled.Concat(Optimizer.Parameters.Select(p => p.Name)))}",
                    $"'{schedule.Parameter}'",
                        $"The optimizer '{Optimizer.Name}' has no such number; 'momentum' has gamma.");
        if (Optimizer.Method is not null && LayerRates is not null)
            Throw.Input($"Optimizer '{Optimizer.Name}'", "one objective for all layers", "layer learning rates",
                "It finds its own step sizes: use an update rule such as gradient_descent.");
        if (Optimizer.Method is not null && LearningRate is not null)
            Throw.Input($"Optimizer '{Optimizer.Name}'", "no learning rate", Numbers.Text(LearningRate.Value),
                "It finds its own step sizes: leave the rate out, or use an update rule such as adam.");
        if (Optimizer.Method is not null && Schedules.Count > 0)
            Throw.Input($"Optimizer '{Optimizer.Name}'", "no schedules", $"one of '{Schedules[0].Parameter}'",
                "It finds its own step sizes for one objective: leave the schedule out.");
        if (Optimizer.NeedsFullBatch && Batch != 0)
            Throw.Input($"Optimizer '{Optimizer.Name}'", "the batch 'all'", $"{Batch}",
                "It needs the gradient of all rows: use batch all.");
        if (Optimizer.Method is not null && (L1 > 0 || EffectiveWeightDecay > 0 || Clip > 0))
            Throw.Input($"Optimizer '{Optimizer.Name}'", "a smooth objective", "L1, weight decay or clipping",
                "Use L2, or an update rule such as adam.");
    }

    private static readonly string[] Scheduled = ["learning_rate", "l1", "l2", "weight_decay", "clip"];

    private static void Range(string name, double value, double low, double high, bool lowIncluded, string remedy)
    {
        if (value <= high && (lowIncluded ? value >= low : value > low)) return;
        Throw.Input(name, $"a number {(lowIncluded ? "from" : "above")} {Numbers.Text(low)} up to {Numbers.Text(high)}",
            Numbers.Text(value), remedy);
    }
}
