using System.CommandLine;
using Downhill.Data;

namespace Downhill.Cli;

// The options of `train`: declared once, read into typed values, checked with their own names.
internal sealed partial class TrainCommand : CliCommand
{
    private const string DataGroup = "Data", Network = "Network", Learning = "Learning", Stopping = "Stopping",
        Execution = "Run";

    private readonly Argument<string?> data;
    private readonly GroupedOption<string?> target, task, ignore, categorical, numericColumns, missing, test, folds,
        foldsFile, validation, delimiter, decimalMark, weight,
        classWeight;
    private readonly GroupedOption<string?> hidden, activation, output, connections, dropout, initializer,
        forwardScale, scaling, featureScale, levels, embed;
    private readonly GroupedOption<string?> from, loss, reduction, optimizer, learningRate, momentum, schedule, batch,
        l1, l2, weightDecay, clip, layerRates, augment, recipe, ensemble;
    private readonly GroupedOption<string?> epochs, time, keep, calibrate, seed, threads, arithmetic, checkpoint, every,
        resume,
        modelFile, report, log;
    private readonly GroupedOption<string[]> stop;
    private readonly GroupedOption<bool> noHeader, batchNorm, logTarget, json, quiet;

    public TrainCommand(Terminal terminal, CancellationToken cancellation)
        : base("train", "Trains a network and writes a model. Without DATA: handwritten digits.", terminal,
            cancellation)
    {
        data = AddArgument("DATA",
            "the name of a sample (digits, iris, xor, spirals, … see 'downhill datasets'), "
            + "a .csv, .tsv or .txt file (.gz too), a .parquet file, a folder of IDX files or of images, or "
            + "sqlite:FILE?SQL",
            optional: true);

        target = Add(DataGroup, "--target", "COLS",
            "what to predict: names, 1-based numbers or ranges such as 257-266; the last column if not given");
        task = Add(DataGroup, "--task", "classify|regress|labels",
            "one class, numbers, or labels that a row has or has not; seen from the target if not given");
        ignore = Add(DataGroup, "--ignore", "COLS", "columns that are neither input nor target");
        categorical = Add(
            DataGroup, "--categorical", "COLS", "columns whose values are names (texts are, if not given)");
        numericColumns = Add(DataGroup, "--numeric", "COLS", "columns whose values are numbers: a text in one is a "
            + "mistake");
        missing = Add(DataGroup, "--missing", "TOKENS",
            "marks of a missing value besides an empty field, ?, NA and their like; commas between");
        test = Add(DataGroup, "--test", "FILE|SHARE",
            "held out to measure the result (0.2, or the set's own test part)");
        validation =
            Add(DataGroup, "--validation", "FILE|SHARE",
            "held out for stopping and for the best weights (0.1 of the rest where needed)");
        folds = Add(DataGroup, "--folds", "K", "cross-validation with K folds: a fit per fold, tested on the fold");
        foldsFile = Add(DataGroup, "--folds-file", "FILE", "the same with given folds: on a line the 0-based rows that "
            + "test");
        weight = Add(DataGroup, "--weight", "COL", "column with the weight of each row");
        classWeight = Add(DataGroup, "--class-weight", "balanced",
            "weights of the classes: 'balanced' for the same total each, or numbers such as setosa=1,virginica=5");
        noHeader = AddFlag(DataGroup, "--no-header", "the first line is data (guessed if not given)");
        delimiter = Add(DataGroup, "--delimiter", "CHAR",
            "comma, semicolon, tab, blank or a character (guessed if not given)");
        decimalMark = Add(DataGroup, "--decimal", ".|,", "decimal mark of the numbers");

        hidden = Add(Network, "--hidden", "64,32|none",
            "widths of the hidden layers (chosen from the data if not given)");
        activation =
            Add(Network, "--activation", "NAME[,NAME]", "of the hidden layers, one for all or one each (relu)");
        output = Add(Network, "--output", "NAME",
            "activation of the output (softmax for classes, identity for numbers)");
        batchNorm = AddFlag(Network, "--batch-norm", "normalise each hidden layer's fields over the batch");
        connections =
            Add(Network, "--connections", "SHARE|FILE",
            "keep only this share of the hidden layers' links, or those in a file (see below)");
        dropout = Add(Network, "--dropout", "SHARE", "share of hidden outputs dropped at random in training");
        initializer = Add(Network, "--initializer", "NAME", "of the weights (what suits the activation)");

        forwardScale = Add(Network, "--forward-scale", "none|lecun",
            "'lecun' divides each unit's sum by √(its inputs), of weights that start as much larger (none)");

        scaling = Add(Network, "--scaling", "NAME",
            "of numeric inputs: none, standard, common, robust or quantile (what suits the data)");
        featureScale = Add(
            Network, "--feature-scale", "yes|no", "learn a factor for every input (what the recipe says)");
        levels = Add(Network, "--levels", "N",
            "columns of 3 to N different numbers are taken for categories, 0 for none (what the recipe says)");
        embed = Add(Network, "--embed", "N|none",
            "columns of more than N categories become 8 learned numbers each, not an input per category");

        recipe = Add(Learning, "--recipe", "NAME", "where all that is left open comes from: "
            + string.Join(", ", Recipe.All.Select(r => r.Name)) + " (table for tables; plain for images, "
                + "and with an optimizer, loss, output or start of your own)");
        ensemble = Add(Learning, "--ensemble", "K", "K networks side by side, one per core, that become one model");
        logTarget = AddFlag(Learning, "--log-target", "learn ln(1 + v) of a numeric target v: prices, sizes, counts");
        from = Add(Learning, "--from", "MODEL", "start from the weights of this model");
        loss = Add(Learning, "--loss", "NAME", "cost of an example (what suits the output)");
        reduction = Add(Learning, "--reduction", "mean|sum",
            "one objective from the rows' costs (mean; sum is C = Σ Lʳ)");
        optimizer = Add(Learning, "--optimizer", "NAME", "how weights are updated (adam); 'perceptron' for "
            + "Rosenblatt's rule");
        learningRate = Add(Learning, "--lr", "NUMBER", "learning rate η (what suits the optimizer)");
        momentum = Add(Learning, "--momentum", "0.9|0.5..0.9",
            "γ of the momentum; two numbers: the first until learning settles, then the second");
        layerRates = Add(Learning, "--layer-lr", "lecun|0.1,1,1",
            "factors on the learning rate, layer by layer from the input, or bias=0.1,scale=6 by kind; 'lecun' for "
                + "1/√(inputs of the unit)");
        schedule = Add(Learning, "--schedule", "NAME",
            "how the learning rate changes (what the recipe says, unless an optimizer or a stopping rule is given), or "
                + "any other "
                + "number: "
            + "warmup(steps=100),cosine,gamma:settle");
        batch = Add(Learning, "--batch", "N|all", "rows per update (what the recipe says)");
        l1 = Add(Learning, "--l1", "NUMBER", "penalty λ·Σ|w| in the objective");
        l2 = Add(Learning, "--l2", "NUMBER", "penalty ½·λ·Σw² in the objective");
        weightDecay = Add(Learning, "--weight-decay", "NUMBER", "decoupled decay: w ← w − η·decay·w besides the step");
        clip = Add(Learning, "--clip", "NUMBER", "longest gradient; a longer one is shortened");
        augment = Add(Learning, "--augment", "NAME[,NAME]",
            "distorts training images anew in each epoch: affine, elastic(sigma=4,alpha=34)");

        epochs = Add(Stopping, "--epochs", "N", "most passes over the rows");
        time = Add(Stopping, "--time", "30s|5m", "most time");
        stop = new("--stop")
        {
            Group = Stopping, HelpName = "RULE", Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "when else to stop, such as validation(patience=20); may be repeated",
        };
        Options.Add(stop);
        keep = Add(Stopping, "--keep", "best|last", "the weights with the lowest validation loss, or the last (best)");

        calibrate = Add(Stopping, "--calibrate", "none|temperature",
            "after training: probabilities by a temperature fitted on the validation rows (where it has 50 of them)");

        seed = Add(Execution, "--seed", "N", "of everything random; the same seed gives the same bits (1)");
        threads = Add(Execution, "--threads", "N", "does not change the result (one per core)");
        arithmetic = Add(Execution, "--arithmetic", "fast|portable", "portable: the same bits on every machine (fast)");
        modelFile = Add(Execution, "--model", "FILE", "where the model goes (DATA-NAME.safetensors here)");
        checkpoint = Add(Execution, "--checkpoint", "FILE", "keeps the run's state, also on Ctrl-C");
        every = Add(Execution, "--every", "N|30s", "how often: epochs or time (1m)");
        resume = Add(Execution, "--resume", "FILE", "goes on from a checkpoint, with the same data");
        report = Add(Execution, "--report", "FILE.html", "everything about the run on one page");
        log = Add(Execution, "--log", "FILE.csv", "a line per epoch, written as the run goes");
        json = AddFlag(Execution, "--json", "one JSON object instead of text");
        quiet = AddFlag(Execution, "--quiet", "results only, no progress");
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train", "handwritten digits, everything chosen for you"),
        new("train iris --hidden 16 --model flowers.safetensors", "one hidden layer of 16 units"),
        new("train spirals --hidden 32,32 --activation tanh", "two spirals, learned whole"),
        new("datasets wine --to wine.csv", "a file as you may have one"),
        new("train wine.csv --target cultivar --test 0.3 --epochs 50", "your own table"),
        new("train diabetes --optimizer lbfgs --batch all --activation tanh --l2 0.01",
            "numbers instead of classes, a method for small sets"),
        new("train moons --momentum 0.5..0.9 --schedule cosine --checkpoint moons.ckpt --every 50 --epochs 100",
            "momentum, a schedule, checkpoints"),
        new("train moons --resume moons.ckpt --epochs 200", "goes on where that run ended"),
        new("train digits --epochs 30 --report digits.html --log digits.csv",
            "curves, mistakes, weights on a page; a log"),
        new("train iris --from flowers.safetensors --lr 0.0005", "more training of a model"),
    ];

    public override IReadOnlyList<(string, string)> Notes { get; } =
    [
        ("Names", string.Join('\n',
            Names("activations", Catalog.Default.Activations), Names("losses", Catalog.Default.Losses),
            Names("optimizers", Catalog.Default.Optimizers), Names("schedules", Catalog.Default.Schedules),
            Names("initializers", Catalog.Default.Initializers),
            Names("stopping rules", Catalog.Default.StoppingRules),
            Names("augmentations", Catalog.Default.Augmentations))),
        ("File of --connections",
            "A block of lines for each hidden layer, blank lines between blocks. Each line is a unit, each 0 or 1 in "
                + "it an "
            + "input of the layer: 1 where there is a link. Lines that start with # are comments."),
    ];

    private static string Names<TItem>(string kind, IReadOnlyList<Entry<TItem>> entries) where TItem : CatalogItem =>
        $"{kind}: {string.Join(", ", entries.Select(e => e.Parameters.Count == 0 ? e.Name
            : $"{e.Name}({string.Join(",", e.Parameters.Select(p => $"{p.Name}={Numbers.Text(p.Default)}"))})"))}";

    private TableOptions ReadLayout(ParseResult words) =>
        new TableWords(noHeader, delimiter, decimalMark, missing, target).Read(words) with
        {
            Ignore = words.GetValue(ignore),
            Categorical = words.GetValue(categorical),
            NumericColumns = words.GetValue(numericColumns),
            Weight = words.GetValue(weight),
            Task = (TableTask?)Values.OneOf(task.Name, words.GetValue(task), "classify", "regress", "labels"),
        };

    private FitOptions ReadOptions(ParseResult words)
    {
        Catalog catalog = Catalog.Default;
        (Optimizer? chosen, IReadOnlyList<ScheduleOf> schedules) = ReadOptimizer(words);
        string[] rules = words.GetValue(stop) ?? [];
        (double? share, IReadOnlyList<ConnectionMask>? masks) = ReadConnections(words.GetValue(connections));
        string? batchText = words.GetValue(batch), start = words.GetValue(from);
        if (start is not null && words.GetValue(initializer) is not null)
            Throw.Input(initializer.Name, "one start of the weights", "--from besides", "Leave one of them out.");
        const string penalty = "0 turns it off; usual values lie between 1e-6 and 0.01.";
        return new()
        {
            Hidden = Values.Widths(hidden.Name, words.GetValue(hidden)) ?? masks?.Select(m => m.Units).ToArray(),
            Activation = words.GetValue(activation) is string names ? [.. Values.List(names).Select(catalog.Activation)]
                : [],
            Output = words.GetValue(output) is string outputName ? ReadOutput(outputName) : null,
            BatchNorm = words.GetValue(batchNorm),
            Dropout = Values.Number(dropout.Name, words.GetValue(dropout), 0, 1, "0.2 drops every fifth output.",
                highIncluded: false),
            Connections = share ?? 1,
            Masks = masks,
            Initializer = words.GetValue(initializer) is string initializerName ? catalog.Initializer(initializerName)
                : null,
            ForwardScale = (ForwardScale?)Values.OneOf(forwardScale.Name, words.GetValue(forwardScale),
                "none", "lecun"),
            Recipe = words.GetValue(recipe) is string recipeName ? Recipe.Parse(recipeName) : null,
            Ensemble = Values.Whole(ensemble.Name, words.GetValue(ensemble), 1, 100, "5 is usual."),
            Scaling = (Scaling?)Values.OneOf(scaling.Name, words.GetValue(scaling), "none", "standard", "common",
                "robust", "quantile"),
            FeatureScale = Values.OneOf(featureScale.Name, words.GetValue(featureScale), "yes", "no") is int yes
                ? yes == 0
                : null,
            Levels = Values.Whole(levels.Name, words.GetValue(levels), 0, 1000, "8 is usual; 0 turns it off."),
            Embed = words.GetValue(embed) is not string many ? null
                : many.Equals("none", StringComparison.OrdinalIgnoreCase) ? 0
                : Values.Whole(embed.Name, many, 1, int.MaxValue, "8 is usual; 'none' for an input per category."),
            LogTargets = words.GetValue(logTarget),
            From = start is null ? null : Model.Load(start),
            Loss = words.GetValue(loss) is string lossName ? catalog.Loss(lossName) : null,
            Reduction = (Reduction)(Values.OneOf(reduction.Name, words.GetValue(reduction), "mean", "sum") ?? 0),
            Optimizer = chosen,
            LearningRate =
                Values.Number(learningRate.Name, words.GetValue(learningRate), 0, 1e6,
                "Usual values lie between 0.0001 and 1.", lowIncluded: false),
            Schedules = schedules,
            Augment = words.GetValue(augment) is string distortions
                ? [.. Catalog.Parts(distortions).Select(Catalog.Default.Augmentation)] : [],
            LayerLearningRates = words.GetValue(layerRates) is string rates ? LayerRates.Parse(rates) : null,
            ClassWeight = words.GetValue(classWeight) is string weights ? ClassWeight.Parse(weights) : null,
            Batch = batchText is null ? null : batchText.Equals("all", StringComparison.OrdinalIgnoreCase) ? 0
                : Values.Whole(batch.Name, batchText, 1, int.MaxValue, "32 is usual; 'all' takes all rows at once."),
            L1 = Values.Number(l1.Name, words.GetValue(l1), 0, 1e6, penalty) ?? 0,
            L2 = Values.Number(l2.Name, words.GetValue(l2), 0, 1e6, penalty) ?? 0,
            WeightDecay =
                Values.Number(weightDecay.Name, words.GetValue(weightDecay), 0, 1e6,
                "0 turns it off; usual values lie between 1e-4 and 0.1."),
            Clip = Values.Number(clip.Name, words.GetValue(clip), 0, 1e30, "0 turns it off; 1 is usual.") ?? 0,
            Epochs = Values.Whole(epochs.Name, words.GetValue(epochs), 1, int.MaxValue,
                "Give the number of passes over the training rows."),
            Time = Values.Time(time.Name, words.GetValue(time)),
            Stop = rules.Length == 0 ? null : [.. rules.Select(catalog.StoppingRule)],
            KeepBest = Values.OneOf(keep.Name, words.GetValue(keep), "best", "last") is not 1,
            Calibrate = (Calibration?)Values.OneOf(calibrate.Name, words.GetValue(calibrate), "none", "temperature"),
            TestShare = Values.ShareOrFile(test.Name, words.GetValue(test)).Share,
            ValidationShare = Values.ShareOrFile(validation.Name, words.GetValue(validation)).Share,
            Seed = Values.Seed(seed.Name, words.GetValue(seed)) ?? 1,
            Threads = Values.Whole(threads.Name, words.GetValue(threads), 1, 1024, "Leave it out for one per core.")
                ?? 0,
            Arithmetic = Values.OneOf(arithmetic.Name, words.GetValue(arithmetic), "fast", "portable") == 1
                ? Arithmetic.Portable : Arithmetic.Fast,
        };
    }

    /// <summary>Elsewhere --output is a file; what is named like one gets the option that is meant.</summary>
    private Activation ReadOutput(string name)
    {
        if (name.IndexOfAny(['/', '\\']) >= 0 || (!name.Contains('(') && Path.HasExtension(name)))
            Throw.Input(output.Name, "the activation of the output such as softmax", $"'{name}'",
                $"Did you mean '{modelFile.Name} {name}'?");
        return Catalog.Default.Activation(name);
    }

    private bool IsPerceptron(ParseResult words) =>
        string.Equals(words.GetValue(optimizer), "perceptron", StringComparison.OrdinalIgnoreCase);

    /// <summary>The optimizer with its momentum: one number, or two of which the second takes over when learning
    /// settles.</summary>
    private (Optimizer?, IReadOnlyList<ScheduleOf>) ReadOptimizer(ParseResult words)
    {
        Catalog catalog = Catalog.Default;
        Optimizer? chosen = words.GetValue(optimizer) is string name && !IsPerceptron(words)
            ? catalog.Optimizer(name) : null;
        List<ScheduleOf> schedules = words.GetValue(schedule) is string text ? [.. ScheduleOf.ParseList(text)] : [];
        if (words.GetValue(momentum) is not string gamma) return (chosen, schedules);
        string[] parts = gamma.Split("..");
        if (parts.Length > 2) Throw.Input(momentum.Name, "0.9, or 0.5..0.9", $"'{gamma}'", "Two numbers at most.");
        double[] numbers =
            [.. parts.Select(p =>
            Values.Number(momentum.Name, p, 0, 1, "0.9 is usual; or 0.5..0.9 for 0.5 until learning settles.")!.Value)];
        chosen = chosen is null || chosen.Name == "gradient_descent" ? Optimizers.Momentum() : chosen;
        int place = chosen.IndexOf("gamma");
        if (place < 0)
            Throw.Input(momentum.Name, "an optimizer with momentum γ", $"'{chosen.Name}'",
                "Use --optimizer momentum, or leave --momentum out.");
        double[] arguments = chosen.Arguments.ToArray();
        arguments[place] = numbers[^1];
        if (numbers.Length == 2) schedules.Add(new("gamma", Schedules.Settle(numbers[0], numbers[1])));
        return (catalog.Optimizers.First(e => e.Name == chosen.Name).Create(arguments), schedules);
    }

    private (double?, IReadOnlyList<ConnectionMask>?) ReadConnections(string? text)
    {
        if (text is null) return (null, null);
        if (double.TryParse(text, System.Globalization.NumberStyles.Float,
            System.Globalization.CultureInfo.InvariantCulture, out _))
            return (Values.Number(connections.Name, text, 0, 1, "0.5 keeps every other link; 1 is fully connected.",
                lowIncluded: false), null);
        return (null, Values.Links(text));
    }

    private (int? Epochs, TimeSpan? Time) Every(ParseResult words)
    {
        if (words.GetValue(every) is not string text) return (null, null);
        if (words.GetValue(checkpoint) is null)
            Throw.Input(every.Name, "--checkpoint FILE with it", "none", "Say where the checkpoints go.");
        return int.TryParse(text, out _)
            ? (Values.Whole(every.Name, text, 1, int.MaxValue, "Epochs, or a time such as 30s."), null)
            : (null, Values.Time(every.Name, text));
    }
}
