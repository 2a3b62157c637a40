namespace Downhill;

/// <summary>
/// A set of choices that go well together, for all that a user leaves open. What is said in <see cref="FitOptions"/>
/// always comes first, so every part of a recipe can be changed by itself.
/// </summary>
/// <param name="Name">As it is written: <c>table</c>.</param>
/// <param name="Summary">What it is for, in one line.</param>
/// <param name="Source">Where its ideas come from.</param>
public sealed record Recipe(string Name, string Summary, string Source)
{
    private Func<FitOptions, Dataset, FitOptions> Choose { get; init; } = (options, _) => options;

    /// <summary>Scaled inputs, one hidden layer of relu units, Adam with a cosine: the default where
    /// <see cref="Table"/> is not.</summary>
    public static Recipe Plain { get; } = new("plain", "scaled inputs, one hidden layer, nothing else",
        "textbooks");

    /// <summary>
    /// The default for tables. For classes: columns of few values as categories, one wide hidden layer, and dropout
    /// with short runs where rows are many. For numbers: the scaling, parametrisation and schedule of <see
    /// cref="RealMlp"/> in a smaller network with smaller batches. Chosen by the mean over the 42 sets of eng/uci90 and
    /// the five of eng/uci-regression, the same for all of them.
    /// </summary>
    public static Recipe Table { get; } = new(
        "table", "few-valued columns as categories; numbers learned as RealMLP does",
        "Holzmüller et al., Better by Default, NeurIPS 2024, and eng/uci90")
    {
        Choose = (options, data) =>
            data.Target.IsNumeric ? TableOfNumbers(options, data) : TableOfClasses(options, data),
    };

    private const int ManyRows = 5000;

    private static FitOptions TableOfClasses(FitOptions options, Dataset data)
    {
        bool many = data.Rows >= ManyRows;
        return options with
        {
            Levels = options.Levels ?? 8,
            Dropout = options.Dropout ?? (many ? 0.15 : 0),
            Batch = options.Batch ?? (options.Optimizer?.NeedsFullBatch == true ? 0 : many ? 256 : 32),
            Epochs = options.Epochs ?? (many ? 20 : 100),
        };
    }

    private static FitOptions TableOfNumbers(FitOptions options, Dataset data)
    {
        bool many = data.Rows >= ManyRows;
        return RealMlp.Choose(options with
        {
            Embed = options.Embed ?? 0,
            Levels = options.Levels ?? 0,
            Hidden = options.Hidden ?? [128, 128],
            Batch = options.Batch ?? (options.Optimizer?.NeedsFullBatch == true ? 0 : many ? 128 : 32),
            Epochs = options.Epochs ?? (many ? 60 : 200),
            // Numbers are often half noise, and a network this strong learns that by heart.
            ValidationShare = options.ValidationShare
                ?? (options.Validation is null && options.KeepBest && data.Rows >= 100 ? many ? 0.1 : 0.15 : null),
        }, data);
    }

    /// <summary>The paper's simplified network as it stands, with the paper's numbers.</summary>
    public static Recipe RealMlp { get; } = new("realmlp", "the simplified RealMLP of the paper, with its numbers",
        "Holzmüller et al., Better by Default, NeurIPS 2024, RealMLP-TD-S and appendix A")
    {
        Choose = (options, data) => options with
        {
            Scaling = options.Scaling ?? Scaling.Robust,
            Embed = options.Embed ?? 8,
            FeatureScale = options.FeatureScale ?? true,
            ForwardScale = options.ForwardScale ?? ForwardScale.LeCun,
            Hidden = options.Hidden ?? [256, 256, 256],
            Activation = options.Activation.Count > 0 ? options.Activation
                : [Catalog.Default.Activation(data.Target.IsNumeric ? "mish" : "selu")],
            Loss = options.Loss
                ?? (data.Target.IsClass && options.Output is null ? Losses.SmoothedCrossEntropy(0.1) : null),
            Optimizer = options.Optimizer ?? Optimizers.Adam(0.9, 0.95),
            LearningRate = options.LearningRate
                ?? (options.Optimizer is not null ? null : data.Target.IsNumeric ? 0.07 : 0.04),
            LayerLearningRates = options.LayerLearningRates
                ?? (options.Optimizer?.Method is not null ? null
                : LayerRates.Of((SegmentRole.Bias, 0.1), (SegmentRole.Scale, 6))),
            Schedules = options.Schedules.Count > 0 || options.Optimizer?.Method is not null ? options.Schedules
                : [new("learning_rate", Schedules.Coslog)],
            Batch = options.Batch ?? (options.Optimizer?.NeedsFullBatch == true ? 0 : 256),
            Epochs = options.Epochs ?? 256,
            WeightDecay = options.WeightDecay ?? 0,
        },
    };

    /// <summary>Every recipe, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Recipe> All { get; } = [Plain, Table, RealMlp];

    /// <summary>The recipe of this name.</summary>
    /// <exception cref="DownhillException">No such recipe; the nearest is suggested.</exception>
    public static Recipe Parse(string text) =>
        All.FirstOrDefault(r => string.Equals(r.Name, text.Trim(), StringComparison.OrdinalIgnoreCase))
        ?? Throw.Input<Recipe>($"Recipe '{text}'", $"one of {string.Join(", ", All.Select(r => r.Name))}", $"'{text}'",
            Suggest.DidYouMean(text, All.Select(r => r.Name)));

    /// <summary>
    /// What was asked for, or else <see cref="Table"/> for rows and columns; <see cref="Plain"/> for images, for data
    /// that are to be learned whole, and where somebody chose how to learn: an optimizer, a loss, an output, a single
    /// layer, links of their own, a model to start from.
    /// </summary>
    internal static Recipe For(FitOptions options, Dataset data) => options.Recipe
        ?? (data.Image is null && !data.IsWhole && options is
        {
            Optimizer: null, Loss: null, Output: null, Hidden: not { Count: 0 }, Masks: null, From: null,
        } ? Table : Plain);

    /// <summary>The options with all that this recipe has a say in.</summary>
    internal FitOptions Fill(FitOptions options, Dataset data) => Choose(options, data) with { Recipe = this };

    public override string ToString() => Name;
}
