namespace Downhill.Playground;

/// <summary>A hidden layer as it is set: how wide, and φ where it differs from the network's.</summary>
internal sealed record HiddenLayer(int Units, Activation? Activation);

/// <summary>
/// Everything a user sets. Each has one row in <see cref="Properties"/>: name, key in the address, range, control.
/// </summary>
internal sealed record Settings
{
    public static Settings Default { get; } = new();

    // Data
    public string Data { get; init; } = "circle";
    public int Rows { get; init; } = 500;
    public int Classes { get; init; } = 2;
    public double Noise { get; init; }
    public double Train { get; init; } = 0.5;
    public double Validation { get; init; }
    public long Seed { get; init; } = 1;
    public IReadOnlyList<string> Features { get; init; } = [];
    public string Scaling { get; init; } = "auto";
    public IReadOnlyList<string> Axes { get; init; } = [];

    // Network
    public IReadOnlyList<HiddenLayer> Layers { get; init; } = [new(4, null), new(2, null)];
    public Activation Activation { get; init; } = Activations.Tanh;

    /// <summary>φ of the output layer; null for what suits the data.</summary>
    public Activation? Output { get; init; }

    /// <summary>Start of the weights; null for the custom of each activation.</summary>
    public Initializer? Initializer { get; init; }

    public double Dropout { get; init; }
    public bool Normalise { get; init; }

    // Training

    /// <summary>Null for what suits the output.</summary>
    public Loss? Loss { get; init; }

    public Optimizer Optimizer { get; init; } = Optimizers.GradientDescent;
    public double LearningRate { get; init; } = 0.03;
    public IReadOnlyList<ScheduleOf> Schedules { get; init; } = [];
    public int Epochs { get; init; } = 1000;
    public LayerRates? LayerRates { get; init; }

    /// <summary>0 for all rows.</summary>
    public int Batch { get; init; } = 10;

    public bool Shuffle { get; init; } = true;

    /// <summary>How pictures are distorted on the way into training; nothing is done to data that are none.</summary>
    public IReadOnlyList<Augmentation> Augment { get; init; } = [];

    public Reduction Reduction { get; init; } = Reduction.Mean;
    public double L1 { get; init; }
    public double L2 { get; init; }
    public double Decay { get; init; }
    public double Clip { get; init; }
    public IReadOnlyList<StoppingRule> Stop { get; init; } = [];
    public Arithmetic Arithmetic { get; init; } = Arithmetic.Portable;

    // View
    public string Speed { get; init; } = "full";
    public bool ShowTest { get; init; }
    public bool Discretize { get; init; }
    public string Theme { get; init; } = "auto";
    public string Language { get; init; } = "auto";
    public string Scene { get; init; } = "";

    /// <summary>What the scene's own controls are set to, as the scene writes it.</summary>
    public string SceneValues { get; init; } = "";

    public IReadOnlyList<string> Hide { get; init; } = [];
}
