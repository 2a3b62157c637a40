namespace Downhill;

/// <summary>
/// What a user may say about a fit; whatever is left out is chosen from the data, and <see cref="FitPlan"/> says what
/// was.
/// </summary>
public sealed record FitOptions
{
    /// <summary>Where all that is left open comes from; null for <see cref="Recipe.Table"/> where the data are a table
    /// and neither optimizer, loss, output, a single layer nor a model to start from is asked for, else
    /// <see cref="Recipe.Plain"/>.</summary>
    public Recipe? Recipe { get; init; }

    /// <summary>Networks that are trained side by side, one per core, and become one model; null for 1.</summary>
    public int? Ensemble { get; init; }

    /// <summary>Widths of the hidden layers; empty for a single layer; null to choose.</summary>
    public IReadOnlyList<int>? Hidden { get; init; }

    /// <summary>One activation for all hidden layers, or one per hidden layer; empty for relu.</summary>
    public IReadOnlyList<Activation> Activation { get; init; } = [];

    /// <summary>Output activation: softmax for classes and identity for numbers when null.</summary>
    public Activation? Output { get; init; }

    /// <summary>Batch norm between each hidden layer's field and its activation.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>Share of each hidden layer's outputs dropped in training; null to choose.</summary>
    public double? Dropout { get; init; }

    /// <summary>Whether the inputs have factors that are learned (<see cref="Downhill.FeatureScale"/>); null to
    /// choose.</summary>
    public bool? FeatureScale { get; init; }

    /// <summary>Category columns of more categories than this become vectors of 8 learned numbers, the others an input
    /// per category; 0 for no vectors, null to choose.</summary>
    public int? Embed { get; init; }

    /// <summary>Share of links that exist, 1 for fully connected.</summary>
    public double Connections { get; init; } = 1;

    /// <summary>The links of each hidden layer, instead of a share; null for <see cref="Connections"/>.</summary>
    public IReadOnlyList<ConnectionMask>? Masks { get; init; }

    /// <summary>Start of the weights; null for the custom of each layer's activation.</summary>
    public Initializer? Initializer { get; init; }

    /// <summary>What the layers' sums are multiplied with (lecture L18); null for 1, or for what <see cref="From"/>
    /// has.</summary>
    public ForwardScale? ForwardScale { get; init; }

    /// <summary>
    /// A model whose weights, preparation and (where nothing else is said) network, output and loss the fit starts
    /// from; null for small random weights.
    /// </summary>
    public Model? From { get; init; }

    /// <summary>Loss; null for the one that belongs to the output activation.</summary>
    public Loss? Loss { get; init; }

    /// <summary>What the rows of each class count in training; null for 1 each.</summary>
    public ClassWeight? ClassWeight { get; init; }

    /// <summary>How the weights are updated; null for Adam.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <summary>η; null to choose.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Factors on η: one per layer of weights, or LeCun's 1/√(inputs of the unit); null for none (lecture
    /// L18).</summary>
    public LayerRates? LayerLearningRates { get; init; }

    public IReadOnlyList<ScheduleOf> Schedules { get; init; } = [];
    public Reduction Reduction { get; init; }

    /// <summary>Distortions of the training images, together; empty for none.</summary>
    public IReadOnlyList<Augmentation> Augment { get; init; } = [];

    /// <summary>Rows per update, 0 for all, null to choose.</summary>
    public int? Batch { get; init; }

    public bool Shuffle { get; init; } = true;
    public int? Epochs { get; init; }
    public TimeSpan? Time { get; init; }

    /// <summary>Stopping rules besides the epochs. With rules and no schedule the learning rate stays
    /// constant.</summary>
    public IReadOnlyList<StoppingRule>? Stop { get; init; }

    public double L1 { get; init; }
    public double L2 { get; init; }
    /// <summary>Decoupled decay; null to choose.</summary>
    public double? WeightDecay { get; init; }
    public double Clip { get; init; }
    public bool KeepBest { get; init; } = true;

    /// <summary>See <see cref="TrainOptions.Calibrate"/>.</summary>
    public Calibration? Calibrate { get; init; }

    /// <summary>How numeric inputs are scaled; null to choose.</summary>
    public Scaling? Scaling { get; init; }

    /// <summary>Numeric columns of 3 up to this many different values are taken for categories; 0 for none, null to
    /// choose.</summary>
    public int? Levels { get; init; }

    /// <summary>Whether numeric targets v are learned as ln(1 + v).</summary>
    public bool LogTargets { get; init; }

    /// <summary>Data to test on; null for the set's own test part, or else a share of the rows.</summary>
    public Dataset? Test { get; init; }

    /// <summary>Share of the rows held out for the test when there is no test part; null to choose.</summary>
    public double? TestShare { get; init; }

    /// <summary>Data for stopping and for the best weights.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>Share of the remaining rows held out for validation where none is given; null to choose.</summary>
    public double? ValidationShare { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>0 for one per core.</summary>
    public int Threads { get; init; }

    public Arithmetic Arithmetic { get; init; }

    /// <summary>Called after each epoch.</summary>
    public Action<EpochReport>? Progress { get; init; }

    /// <summary>Ends the fit early; the best model so far is returned.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>What a fit gave.</summary>
/// <param name="Model">The model: best weights by validation where there was one.</param>
/// <param name="Stopped">Why it ended.</param>
/// <param name="History">One line per epoch.</param>
/// <param name="Train">The model on its training rows.</param>
/// <param name="Validation">The model on the validation rows, null without.</param>
/// <param name="Test">The model on the test rows, null without.</param>
/// <param name="Steps">Updates made.</param>
/// <param name="Seconds">Time spent in training steps.</param>
public sealed record FitResult(
    Model Model, StopReason Stopped, IReadOnlyList<EpochReport> History, Metrics Train, Metrics? Validation,
        Metrics? Test,
    long Steps, double Seconds)
{
    /// <summary>What calibration changed, null where nothing was.</summary>
    public CalibrationReport? Calibration { get; init; }
}
