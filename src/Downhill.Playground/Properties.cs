using System.Globalization;

namespace Downhill.Playground;

/// <summary>
/// The one table of properties, in the order of addresses and menus. Adding one: its field in <see cref="Settings"/>
/// and its line here.
/// </summary>
internal static class Properties
{
    /// <summary>Most layers, and most units of one, that a text may ask for: what a browser still trains.</summary>
    public const int MostLayers = 64, MostUnits = 1024, MostParameters = 1 << 20;

    public static IReadOnlyList<Property> All { get; } =
    [
        Choice("data", "data", "data", Restart.Data, "The data set.", [.. DataSets.All.Select(d => d.Name)],
            s => s.Data, (s, v) => s with { Data = v }),
        Integer("rows", "rows", "data", Restart.Data, "Points of a made set.", 10, 10_000, s => s.Rows, (s, v) =>
            s with { Rows = (int)v })
            with { Choices = ["200", "500", "1200", "5000"] },
        Integer("classes", "classes", "data", Restart.Data, "Classes of circle, gauss, spiral and blobs.", 2, 10,
            s => s.Classes, (s, v) => s with { Classes = (int)v }),
        Number("noise", "noise", "data", Restart.Data, "Noise of a made set.", 0, 1, s => s.Noise, (s, v) =>
            s with { Noise = v })
            with { Choices = ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5"] },
        Number("train", "train", "data", Restart.Data, "Share of the rows to train on; the others test.", 0.05, 1,
            s => s.Train, (s, v) => s with { Train = v }) with { Choices =
                ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"] },
        Number("validation", "val", "data", Restart.Data, "Share of the training rows held out for stopping rules.", 0,
            0.8,
            s => s.Validation, (s, v) => s with { Validation = v }) with { Choices = ["0", "0.1", "0.2", "0.3"] },
        Integer("seed", "seed", "data", Restart.Data,
            "Seed of everything random: points, parts, first weights, order, dropout.", 0, 1L << 53,
            s => s.Seed, (s, v) => s with { Seed = v }),
        List("features", "in", "data", Restart.Network, "Inputs of the network; none named: the raw ones.",
            [.. Feature.All.Select(f => f.Name)], s => s.Features, (s, v) => s with { Features = v }),
        Choice("scaling", "scale", "data", Restart.Network, "How inputs are brought to a common scale.",
            ["auto", "none", "standard", "common"],
            s => s.Scaling, (s, v) => s with { Scaling = v }),
        List("axes", "axes", "data", Restart.Nothing, "The two columns that span the maps; none named: the first two.",
            [],
            s => s.Axes, (s, v) => s with { Axes = v.Count is 0 or 2 ? v
                : Throw.Input<IReadOnlyList<string>>("Setting 'axes'", "two columns, or none",
                $"{v.Count}", "Name two of the data's columns.") }),

        new("layers", "layers", PropertyKind.Layers, "network", Restart.Network,
            "Hidden layers: units of each, with an activation where it differs, as in 8,8:relu,4.", s =>
                Print(s.Layers),
            (s, text) => s with { Layers = ReadLayers(text) }) { Max = MostLayers },
        Entry("activation", "act", "network", Restart.Network, "Activation of the hidden layers.", "activations",
            s => s.Activation, (s, v) => s with { Activation = v! }, Catalog.Default.Activation),
        Entry("output", "out", "network", Restart.Network, "Activation of the output layer.", "activations",
            s => s.Output, (s, v) => s with { Output = v }, Catalog.Default.Activation, isOptional: true),
        Entry("initializer", "init", "network", Restart.Network, "Start of the weights.", "initializers",
            s => s.Initializer, (s, v) => s with { Initializer = v }, Catalog.Default.Initializer, isOptional: true),
        Number("dropout", "drop", "network", Restart.Network,
            "Share of each hidden layer's outputs that training drops.", 0, 0.95,
            s => s.Dropout, (s, v) => s with { Dropout = v }) with { Choices = ["0", "0.1", "0.2", "0.3", "0.5"] },
        Flag("normalise", "norm", "network", Restart.Network, "Batch normalisation before each hidden activation.",
            s => s.Normalise, (s, v) => s with { Normalise = v }),

        Entry("loss", "loss", "training", Restart.Network, "The cost of an example.", "losses",
            s => s.Loss, (s, v) => s with { Loss = v }, Catalog.Default.Loss, isOptional: true),
        Entry("optimizer", "opt", "training", Restart.Training, "How the weights move against the gradient.",
            "optimizers",
            s => s.Optimizer, (s, v) => s with { Optimizer = v! }, Catalog.Default.Optimizer),
        Number("learningRate", "rate", "training", Restart.Training, "Learning rate η.", 0, 1e6, s => s.LearningRate,
            (s, v) => s with { LearningRate = v }, excludesMin: true)
            with { Choices = ["0.00001", "0.0001", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3", "10"] },
        new("schedule", "sched", PropertyKind.Text, "training", Restart.Training,
            "How the rate or another number changes on the way: cosine, or warmup(steps=100),cosine,l2:linear.",
            s => string.Join(',', s.Schedules), (s, text) =>
                s with { Schedules = string.IsNullOrWhiteSpace(text) ? [] : ScheduleOf.ParseList(text) })
            { Catalog = "schedules" },
        Integer("epochs", "epochs", "training", Restart.Training,
            "Epochs that schedules plan with; training may go on after.", 1, 10_000_000,
            s => s.Epochs, (s, v) => s with { Epochs = (int)v }) with { Choices =
                ["100", "300", "1000", "3000", "10000"] },
        new("layerRates", "lrates", PropertyKind.Text, "training", Restart.Training,
            "Factors on the rate, one per layer as in 1,0.5,0.1, or lecun for 1/√(inputs of the unit).",
            s => s.LayerRates?.ToString() ?? "", (s, text) =>
                s with { LayerRates = string.IsNullOrWhiteSpace(text) ? null : LayerRates.Parse(text) }),
        Integer("batch", "batch", "training", Restart.Training, "Rows of one update; 0 for all.", 0, 1_000_000,
            s => s.Batch, (s, v) => s with { Batch = (int)v }) with { Choices =
                ["1", "2", "5", "10", "20", "30", "50", "100", "0"] },
        Flag("shuffle", "shuffle", "training", Restart.Training, "Another order of the rows in each epoch.",
            s => s.Shuffle, (s, v) => s with { Shuffle = v }),
        new("augment", "aug", PropertyKind.Text, "training", Restart.Training,
            "How training distorts pictures, anew in each epoch: affine, or affine(rotation=5),elastic.",
            s => string.Join(',', s.Augment), (s, text) =>
                s with { Augment = [.. Property.Items(text).Select(Catalog.Default.Augmentation)] })
            { Catalog = "augmentations" },
        Choice("reduction", "red", "training", Restart.Training,
            "Whether an update follows the mean or the sum of its rows' gradients.", ["mean", "sum"],
            s => s.Reduction == Reduction.Mean ? "mean" : "sum", (s, v) =>
                s with { Reduction = v == "mean" ? Reduction.Mean : Reduction.Sum }),
        Number("l1", "l1", "training", Restart.Training, "λ₁ of the penalty λ₁·Σ|w|.", 0, 1e6, s => s.L1, (s, v) =>
            s with { L1 = v })
            with { Choices = ["0", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3", "10"] },
        Number("l2", "l2", "training", Restart.Training, "λ₂ of the penalty ½·λ₂·Σw².", 0, 1e6, s => s.L2, (s, v) =>
            s with { L2 = v })
            with { Choices = ["0", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3", "10"] },
        Number("decay", "decay", "training", Restart.Training,
            "Decoupled decay w ← w − η·decay·w; 0 for the optimizer's own.", 0, 1e6,
            s => s.Decay, (s, v) => s with { Decay = v }) with { Choices = ["0", "0.0001", "0.001", "0.01", "0.1"] },
        Number("clip", "clip", "training", Restart.Training, "Largest norm of the gradient; 0 for none.", 0, 1e30,
            s => s.Clip, (s, v) => s with { Clip = v }) with { Choices = ["0", "0.1", "1", "10"] },
        new("stop", "stop", PropertyKind.Text, "training", Restart.Training,
            "Rules that end training: validation(patience=20), target(train.loss<0.01).",
            s => string.Join(',', s.Stop), (s, text) =>
                s with { Stop = [.. Property.Items(text).Select(Catalog.Default.StoppingRule)] })
            { Catalog = "stoppingRules" },
        Choice("arithmetic", "arith", "training", Restart.Training,
            "Portable: the same bits on every machine. Fast: fused multiply-add where there is one.",
            ["portable", "fast"], s => s.Arithmetic == Arithmetic.Portable ? "portable" : "fast",
            (s, v) => s with { Arithmetic = v == "portable" ? Arithmetic.Portable : Arithmetic.Fast }),

        Choice("speed", "speed", "view", Restart.Nothing,
            "Training between two pictures: one update, one epoch, or as much as there is time for.",
            ["update", "epoch", "full"], s => s.Speed, (s, v) => s with { Speed = v }),
        Flag("showTest", "test", "view", Restart.Nothing, "Test points are shown.", s => s.ShowTest, (s, v) =>
            s with { ShowTest = v }),
        Flag("discretize", "disc", "view", Restart.Nothing, "The output map shows decisions only.", s => s.Discretize,
            (s, v) => s with { Discretize = v }),
        Choice("theme", "theme", "view", Restart.Nothing, "Light, dark or for a projector.",
            ["auto", "light", "dark", "projector"],
            s => s.Theme, (s, v) => s with { Theme = v }),
        Word("language", "lang", "view", "Language of the page.", s => s.Language, (s, v) => s with { Language = v }),
        Word("scene", "scene", "view", "Scene of the lecture.", s => s.Scene, (s, v) => s with { Scene = v }),
        new("sceneValues", "with", PropertyKind.Text, "view", Restart.Nothing,
            "What the scene's own controls are set to.",
            s => s.SceneValues, (s, text) => text.Length <= 2000 && !text.Any(char.IsControl)
                ? s with { SceneValues = text }
                : Throw.Input<Settings>("Setting 'sceneValues'", "at most 2000 characters", $"{text.Length}",
                    "Start the scene again.")),
        List("hide", "hide", "view", Restart.Nothing, "Controls that are hidden, for a class.", [], s => s.Hide,
            (s, v) => s with { Hide = v }),
    ];

    public static Property? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>The strongest of what the differences between two settings ask for.</summary>
    public static Restart Between(Settings a, Settings b) =>
        All.Where(p => p.Print(a) != p.Print(b)).Select(p => p.Restarts).DefaultIfEmpty(Restart.Nothing).Max();

    private static Property Choice(
        string name, string key, string group, Restart restarts, string summary, IReadOnlyList<string> choices,
        Func<Settings, string> get, Func<Settings, string, Settings> set) =>
        new(name, key, PropertyKind.Choice, group, restarts, summary, get, (s, text) => choices.Contains(text)
            ? set(s, text)
            : Throw.Input<Settings>($"Setting '{name}'", $"one of {string.Join(", ", choices)}", $"'{Short(text)}'",
                Suggest.DidYouMean(Short(text), choices)))
        { Choices = choices };

    private static Property Number(
        string name, string key, string group, Restart restarts, string summary, double min, double max,
        Func<Settings, double> get, Func<Settings, double, Settings> set, bool excludesMin = false) =>
        new(name, key, PropertyKind.Number, group, restarts, summary, s => Numbers.Text(get(s)), (s, text) =>
            Numbers.TryParse(text.Replace(',', '.'), out double value) && value <= max
                && (excludesMin ? value > min : value >= min) ? set(s, value)
                : Throw.Input<Settings>($"Setting '{name}'",
                    $"a number {(excludesMin ? "above" : "from")} {Numbers.Text(min)} up to {Numbers.Text(max)}",
                    $"'{Short(text)}'", summary))
        { Min = min, Max = max };

    private static Property Integer(
        string name, string key, string group, Restart restarts, string summary, double min, double max,
        Func<Settings, long> get, Func<Settings, long, Settings> set) =>
        new(name, key, PropertyKind.Integer, group, restarts, summary, s =>
            get(s).ToString(CultureInfo.InvariantCulture), (s, text) =>
            Numbers.TryParse(text, out double value) && value == Math.Floor(value) && value >= min && value <= max
                ? set(s, (long)value)
                : Throw.Input<Settings>($"Setting '{name}'",
                    $"a whole number from {Numbers.Text(min)} to {Numbers.Text(max)}", $"'{Short(text)}'", summary))
        { Min = min, Max = max };

    private static Property Flag(
        string name, string key, string group, Restart restarts, string summary, Func<Settings, bool> get,
            Func<Settings, bool, Settings> set) =>
        new(name, key, PropertyKind.Flag, group, restarts, summary, s => get(s) ? "1" : "0", (s, text) => text switch
        {
            "1" or "true" => set(s, true),
            "0" or "false" => set(s, false),
            _ => Throw.Input<Settings>($"Setting '{name}'", "1 or 0", $"'{Short(text)}'", summary),
        });

    private static Property List(
        string name, string key, string group, Restart restarts, string summary, IReadOnlyList<string> choices,
        Func<Settings, IReadOnlyList<string>> get, Func<Settings, IReadOnlyList<string>, Settings> set) =>
        new(name, key, PropertyKind.List, group, restarts, summary, s => string.Join(',', get(s)), (s, text) =>
            Property.Items(text) is { Count: <= 1000 } items ? set(s, [.. items.Distinct(StringComparer.Ordinal)])
                : Throw.Input<Settings>($"Setting '{name}'", "at most 1000 names", "more", summary))
        { Choices = choices };

    private static Property Entry<TItem>(
        string name, string key, string group, Restart restarts, string summary, string catalog,
        Func<Settings, TItem?> get, Func<Settings, TItem?, Settings> set, Func<string, TItem> parse,
            bool isOptional = false) where TItem : CatalogItem =>
        new(name, key, PropertyKind.Entry, group, restarts, isOptional ? summary + " auto: what suits." : summary, s =>
            get(s)?.ToString() ?? "auto",
            (s, text) => set(s, isOptional && text == "auto" ? null : parse(Limited(name, text))))
        { Catalog = catalog, Choices = isOptional ? ["auto"] : [] };

    private static Property Word(
        string name, string key, string group, string summary, Func<Settings, string> get,
            Func<Settings, string, Settings> set) =>
        new(name, key, PropertyKind.Text, group, Restart.Nothing, summary, get, (s, text) =>
            text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? set(s, text)
                : Throw.Input<Settings>($"Setting '{name}'", "letters, digits and hyphens", $"'{Short(text)}'",
                    summary));

    private static string Print(IReadOnlyList<HiddenLayer> layers) =>
        string.Join(',', layers.Select(l => l.Activation is null ? $"{l.Units}" : $"{l.Units}:{l.Activation}"));

    private static IReadOnlyList<HiddenLayer> ReadLayers(string text)
    {
        const string Remedy = "Write the units of each hidden layer, as in 8,8:relu,4; nothing for none.";
        IReadOnlyList<string> parts = Property.Items(text);
        if (parts.Count > MostLayers)
            Throw.Input("Setting 'layers'", $"at most {MostLayers} hidden layers", $"{parts.Count}", Remedy);
        List<HiddenLayer> layers = [];
        foreach (string part in parts)
        {
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            string units = colon < 0 ? part : part[..colon];
            if (!int.TryParse(units, NumberStyles.None, CultureInfo.InvariantCulture, out int width)
                || width is < 1 or > MostUnits)
                Throw.Input("Setting 'layers'", $"widths from 1 to {MostUnits}", $"'{Short(part)}'", Remedy);
            layers.Add(new(width, colon < 0 ? null
                : Catalog.Default.Activation(Limited("layers", part[(colon + 1)..]))));
        }
        return layers;
    }

    private static string Limited(string name, string text) =>
        text.Length <= 500 ? text : Throw.Input<string>($"Setting '{name}'", "at most 500 characters", $"{text.Length}",
            "Shorten it.");

    /// <summary>What a message quotes of a text that came from outside.</summary>
    public static string Short(string text) => text.Length <= 60 ? text : text[..57] + "…";
}
