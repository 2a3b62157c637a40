namespace Downhill;

/// <summary>
/// A fit with every choice made: which rows, which preparation, which network, which options. Made from data and
/// <see cref="FitOptions"/>, printed before training, run as a <see cref="TrainSession{T}"/>.
/// </summary>
public sealed class FitPlan
{
    internal FitPlan(
        Dataset data, int[] rows, int[] validationRows, Dataset? validation, int[] testRows, Dataset? test,
            Preparation preparation, NetworkSpec network,
        TrainOptions options) =>
        (Data, Rows, ValidationRows, Validation, TestRows, Test, Preparation, Network, Options) =
            (data, rows, validationRows, validation, testRows, test, preparation, network, options);

    public Dataset Data { get; }

    /// <summary>Training rows of <see cref="Data"/>.</summary>
    public int[] Rows { get; }

    /// <summary>Validation rows of <see cref="ValidationSource"/>.</summary>
    public int[] ValidationRows { get; }

    /// <summary>A validation set given by the user, or null.</summary>
    public Dataset? Validation { get; }

    public Dataset ValidationSource => Validation ?? Data;

    /// <summary>Rows of <see cref="TestSource"/> that the result is tested on; may be empty.</summary>
    public int[] TestRows { get; }

    /// <summary>A test set of its own, or null.</summary>
    public Dataset? Test { get; }

    public Dataset TestSource => Test ?? Data;

    public Preparation Preparation { get; }
    public NetworkSpec Network { get; }
    public TrainOptions Options { get; }

    /// <summary>The model whose weights the run starts from, or null.</summary>
    public Model? From { get; private init; }

    /// <summary>Where the choices came from that the user left open.</summary>
    public Recipe Recipe { get; internal init; } = Recipe.Plain;

    /// <summary>Networks that are trained side by side.</summary>
    public int Members { get; private init; } = 1;

    /// <summary>The same plan for one member of an ensemble: another seed, and one core.</summary>
    internal FitPlan Member(int index) =>
        new(Data, Rows, ValidationRows, Validation, TestRows, Test, Preparation, Network,
        Options with { Seed = Options.Seed + (ulong)index, Threads = 1 })
        {
            From = From, Recipe = Recipe,
        };

    /// <summary>Makes every choice that was left open.</summary>
    /// <exception cref="DownhillException">Data that cannot be learned from, or options that do not fit.</exception>
    public static FitPlan Make(Dataset data, FitOptions options)
    {
        CheckData(data);
        options = Recipe.For(options, data).Fill(options, data);
        (int[] rows, int[] testRows, Dataset? test) = HoldOutTest(data, options);
        if (options.From is Model from) CheckSameColumns(data, from);
        Activation output = options.Output ?? options.From?.Spec.Output
            ?? (data.Target.IsMultiLabel ? Activations.Sigmoid() : options.Loss?.UsualOutput(data.Target.IsClass))
            ?? (data.Target.IsClass ? Activations.Softmax : Activations.Identity);
        if (data.Target.IsMultiLabel) CheckLabels(output, options);
        Loss loss = options.Loss ?? (options.Output is null ? options.From?.Loss : null) ?? LossFor(output);
        loss.CheckDomain(output);
        loss.CheckTargets(data);
        IReadOnlyList<StoppingRule> stop = options.Stop ?? [];
        (int[] trainRows, int[] validationRows) = HoldOutValidation(data, rows, options, stop);
        bool single = data.Target.IsClass && data.Target.Classes.Count == 2 && !output.Range.SumsToOne;
        // Targets as the loss wants them, or else as the outputs can reach them.
        double low = loss.CodedLow
            ?? (output.Range is { Low: <= -1 and > double.NegativeInfinity, High: >= 1 and < double.PositiveInfinity }
            ? -1 : 0);
        Preparation preparation = options.From?.Preparation ?? Preparation.Fit(data, trainRows,
            options.Scaling ?? (data.Image is null ? Downhill.Scaling.Standard : Downhill.Scaling.Common),
            low, 1, single, scaleTargets: loss.Targets == OutputRange.Real && data.Target.IsNumeric,
                options.Levels ?? 0, options.LogTargets);
        loss.CheckTargets(preparation);
        NetworkSpec network = NetworkFor(preparation, output, options);
        Activation.CheckSlopes(network);
        // Chosen by trying: on the embedded sets (10 seeds each) a cosine to 0 over a fixed number of epochs beat
        // stopping on a small validation part, 100 epochs of batch 32 were enough, decay helped where the target is a
        // number, and sets that are to be learned whole want full batches (the two spirals: 10 of 10 seeds, a fifth of
        // them with batch 32).
        Optimizer optimizer = options.Optimizer ?? Optimizers.Adam();
        // Adam's step has the same size for every weight, so a weight that is divided by √n moves √n times more slowly:
        // ten times the rate learned the embedded sets as well as without the scale.
        bool small = trainRows.Length < 50_000, isAdam = optimizer.Name == "adam",
            isScaled = ScaleOf(network) != ForwardScale.None;
        TrainOptions train = new()
        {
            Loss = loss,
            Optimizer = optimizer,
            LearningRate = options.LearningRate ?? (optimizer.Method is not null ? null : isAdam && isScaled ? 0.03
                : isAdam && data.IsWhole ? 0.01 : isAdam && small ? 0.003 : optimizer.DefaultLearningRate),
            Schedules = options.Schedules.Count > 0 || options.Optimizer is not null || options.Stop is not null
                ? options.Schedules
                : [new("learning_rate", Downhill.Schedules.Cosine())],
            LayerRates = options.LayerLearningRates,
            Augment = options.Augment,
            Reduction = options.Reduction,
            ClassWeights = options.ClassWeight?.For(data, trainRows),
            Batch = options.Batch ?? (optimizer.NeedsFullBatch || data.IsWhole ? 0 : small ? 32 : 128),
            Shuffle = options.Shuffle,
            Epochs = options.Epochs ?? (data.IsWhole ? 2000 : small ? 100 : 20),
            Time = options.Time,
            Stop = stop,
            L1 = options.L1,
            L2 = options.L2,
            WeightDecay = options.WeightDecay
                ?? (options.Optimizer is null && small && data.Target.IsNumeric ? 0.1 : optimizer.DefaultWeightDecay),
            Clip = options.Clip,
            KeepBest = options.KeepBest,
            Calibrate = options.Calibrate,
            Seed = options.Seed,
            Threads = options.Threads,
            Arithmetic = options.Arithmetic,
        };
        train.Check();
        train.LayerRates?.Check(network);
        CheckCalibration(options, network, preparation, validationRows);
        return new(data, trainRows, validationRows, options.Validation, testRows, test, preparation, network,
            train)
        { From = options.From, Recipe = options.Recipe!, Members = options.Ensemble ?? 1 };
    }

    /// <summary>The run, at its first step.</summary>
    public TrainSession<float> Start()
    {
        TrainSession<float> session = Start(Network);
        if (From is not null) session.StartFrom(From.Parameters, From.Buffers);
        return session;
    }

    /// <summary>The same run with a network of one's own, of any layers, in place of the plan's; it starts from its
    /// initial weights.</summary>
    /// <param name="network">As many inputs and outputs as the plan's <see cref="Preparation"/> has.</param>
    /// <exception cref="DownhillException">Another number of inputs or outputs, or a network that the options do not
    /// fit.</exception>
    public TrainSession<float> Start(NetworkSpec network) =>
        new(network, Data, Rows, ValidationRows, Preparation, Options, Validation);

    /// <summary>The model that a run has reached, measured on all parts.</summary>
    public FitResult Finish(TrainSession<float> session) =>
        Finish(session.Spec, session.ResultParameters, session.ResultBuffers,
            session.Stopped ?? new("running", "still running"),
            session.State.History, session.State.Epoch, session.State.Step, session.State.Seconds);

    internal FitResult Finish(
        NetworkSpec network, AlignedBuffer<float> parameters, AlignedBuffer<float> buffers, StopReason stopped,
        IReadOnlyList<EpochReport> history, int epochs, long steps, double seconds)
    {
        Model model = new(network, Preparation, Options.Loss, parameters, buffers, Options.Arithmetic)
        {
            Training = new(Data.Name, Rows.Length, epochs, steps, Options.Optimizer.ToString(),
                Options.EffectiveLearningRate, Options.Batch, Options.Seed, stopped.Text)
            {
                Schedule = ScheduleOf.ToText(Options.Schedules),
                Stop = string.Join(",", Options.Stop),
            },
            Image = Data.Image,
        };
        Metrics? held = ValidationRows.Length == 0 ? null : model.Evaluate(ValidationSource, ValidationRows);
        CalibrationReport? calibration = stopped.IsDiverged || held is null ? null : Calibrate(ref model, ref held);
        return new(
            model, stopped, history, model.Evaluate(Data, Rows), held,
            TestRows.Length == 0 ? null : model.Evaluate(TestSource, TestRows),
            steps, seconds)
        { Calibration = calibration };
    }

    /// <summary>Fewer validation rows say too little about a temperature to change a model unasked.</summary>
    private const int FewestToCalibrate = 50;

    /// <summary>Takes a calibrated model, and what it measures on the validation rows, in the place of what is given if
    /// it is better there.</summary>
    private CalibrationReport? Calibrate(ref Model model, ref Metrics held)
    {
        Calibration chosen = Options.Calibrate ?? (ValidationRows.Length >= FewestToCalibrate
            && Options.Loss.Fuses(Network.Output) ? Calibration.Temperature : Calibration.None);
        if (chosen == Calibration.None
            || !TemperatureScaling.Fits(model.Spec, Preparation)
            || TemperatureScaling.Of(model, ValidationSource, ValidationRows) is not double temperature) return null;
        Model calibrated = TemperatureScaling.Apply(model, temperature);
        Metrics before = held, after = calibrated.Evaluate(ValidationSource, ValidationRows);
        // Weights are floats: where T is 1 but for rounding, nothing is gained.
        if (!(after.LogLoss < before.LogLoss)) return null;
        (model, held) = (calibrated, after);
        return new(temperature, ValidationRows.Length, before.LogLoss.Value, after.LogLoss.Value,
            before.CalibrationError!.Value, after.CalibrationError!.Value);
    }

    private static void CheckCalibration(FitOptions options, NetworkSpec network, Preparation preparation, int[] rows)
    {
        if (options.Calibrate != Calibration.Temperature) return;
        if (!TemperatureScaling.Fits(network, preparation))
            Throw.Input("Calibration by temperature",
                "classes with softmax outputs, or two classes or labels with sigmoid outputs",
                preparation.Target.IsNumeric ? "numbers" : $"the output activation '{network.Output}'",
                "Leave the calibration out, or choose such an output.");
        if (rows.Length == 0)
            Throw.Input("Calibration by temperature", "a validation part to fit it on", "none",
                "Hold out rows with --validation 0.1, or leave the calibration out.");
    }

    private static void CheckData(Dataset data)
    {
        if (data.Rows == 0) Throw.Input($"Data '{data.Name}'", "at least 1 row", "none", "Check the file.");
        if (data.Inputs.Count == 0) Throw.Input($"Data '{data.Name}'", "at least 1 input column", "none",
            "Check the target and ignored columns.");
        if (data.Target.IsClass && data.Classes.Distinct().Take(2).Count() < 2)
            Throw.Input($"Data '{data.Name}'", $"at least 2 classes in '{data.Target.Names[0]}'",
                $"only '{data.Target.Classes[data.Classes[0]]}'",
                "There is nothing to tell apart: check the target column.");
        if (data.Target.Names.FirstOrDefault(n => data.Inputs.Any(c => c.Name == n)) is string both)
            Throw.Input($"Data '{data.Name}', column '{both}'", "an input or a target", "both",
                "A target that is an input is its own answer: leave it out of the inputs, or rename one of them.");
    }

    private static (int[] Rows, int[] TestRows, Dataset? Test) HoldOutTest(Dataset data, FitOptions options)
    {
        if (options.Test is not null || (options.TestShare is null && data.Test is not null))
        {
            Dataset test = options.Test ?? data.Test!;
            CheckSameColumns(data, test, "Test data");
            return (All(data.Rows), All(test.Rows), test);
        }
        double share = options.TestShare ?? (data.IsWhole || data.Rows < 20 ? 0 : 0.2);
        CheckShare("Test share", share);
        if (share == 0) return (All(data.Rows), [], null);
        Split split = Split.HoldOut(data, share, options.Seed);
        return (split.Training, split.Test, null);
    }

    private static (int[] Rows, int[] Validation) HoldOutValidation(
        Dataset data, int[] rows, FitOptions options, IReadOnlyList<StoppingRule> stop)
    {
        if (options.Validation is not null)
        {
            CheckSameColumns(data, options.Validation, "Validation data");
            return (rows, All(options.Validation.Rows));
        }
        double share = options.ValidationShare ?? (stop.Any(r => r.NeedsValidation) ? 0.1 : 0);
        CheckShare("Validation share", share);
        if (share == 0) return (rows, []);
        // Drawn among what is left after the test part; another stream of the seed, so that the two draws are
        // independent.
        ulong seed = options.Seed ^ 0x9E37_79B9_7F4A_7C15;
        Split split = data.Target.IsClass
            ? Split.HoldOut([.. rows.Select(r => data.Classes[r])], data.Target.Classes.Count, share, seed)
            : Split.HoldOut(rows.Length, share, seed);
        return ([.. split.Training.Select(i => rows[i])], [.. split.Test.Select(i => rows[i])]);
    }

    private static void CheckSameColumns(Dataset data, Dataset other, string what) => CheckSameColumns(
        data.Inputs, data.Target, other.Inputs, other.Target, what, $"the columns of '{data.Name}'",
            "Use files of one kind.");

    /// <summary>Refuses rows whose numbers and codes would mean something else; names may differ.</summary>
    internal static void CheckSameColumns(
        IReadOnlyList<Column> inputs, Target target, IReadOnlyList<Column> otherInputs, Target otherTarget, string what,
            string wanted, string remedy)
    {
        if (otherInputs.Count == inputs.Count && otherTarget.Names.Count == target.Names.Count
            && otherTarget.Classes.SequenceEqual(target.Classes) && otherTarget.IsMultiLabel == target.IsMultiLabel
            && otherInputs.Zip(inputs)
            .All(p => p.First.Kind == p.Second.Kind && p.First.Categories.SequenceEqual(p.Second.Categories))) return;
        Throw.Input(what, $"{wanted} ({Text(inputs, target)})", Text(otherInputs, otherTarget), remedy);

        static string Text(IReadOnlyList<Column> inputs, Target target)
        {
            string categories = string.Concat(inputs.Where(c => c.Kind == ColumnKind.Category)
                .Select(c => $", {c.Name}: {Some(c.Categories)}"));
            return $"{inputs.Count} inputs{categories}, "
                + (target.IsClass ? $"{target.Classes.Count} classes: {Some(target.Classes)}"
                : target.IsMultiLabel ? $"{target.Names.Count} labels: {Some(target.Names)}"
                : $"{target.Names.Count} numeric target{(target.Names.Count == 1 ? "" : "s")}");
        }

        static string Some(IReadOnlyList<string> names) => string.Join(" ", names.Take(5))
            + (names.Count > 5 ? " …" : "");
    }

    private static void CheckSameColumns(Dataset data, Model from) =>
        CheckSameColumns(data.Inputs, data.Target, from.Preparation.Inputs, from.Preparation.Target,
            "Model to start from",
            $"the columns of '{data.Name}'", "Start from a model of data of the same kind.");

    private static void CheckSameShape(NetworkSpec network, NetworkSpec from)
    {
        if (network.Segments.Select(s => s.Shape).SequenceEqual(from.Segments.Select(s => s.Shape))
            && ScaleOf(network) == ScaleOf(from)) return;
        string Describe(NetworkSpec spec) =>
            string.Join(", ", spec.Layers.Select((l, i) => l.Describe(spec.InputsOf(i))));
        Throw.Input("Model to start from", $"the network {network} ({Describe(network)})", $"{from} ({Describe(from)})",
            "Leave the network's options out to take the model's, or start from another model.");
    }

    private static ForwardScale ScaleOf(NetworkSpec network) => network.Layers.OfType<Dense>().Last().ForwardScale;

    /// <summary>Labels are shares of 1, each by itself.</summary>
    private static void CheckLabels(Activation output, FitOptions options)
    {
        if (output.Range is not { Low: >= 0, High: <= 1, SumsToOne: false })
            Throw.Input($"Output activation '{output}' for labels", "outputs from 0 to 1, each by itself",
                $"{output.Range}", "Use sigmoid, or leave it out.");
        if (options.LogTargets)
            Throw.Input("Labels", "targets as they are", "their logarithms", "Leave the logarithm out.");
    }

    private static void CheckShare(string what, double share)
    {
        if (!(share >= 0 && share < 1)) Throw.Input(what, "a share from 0 up to but not including 1",
            Numbers.Text(share), "0.2 holds out every fifth row.");
    }

    private static int[] All(int rows) => [.. Enumerable.Range(0, rows)];

    private static Loss LossFor(Activation output) =>
        output.Range.SumsToOne ? Losses.CrossEntropy
        : output.Name == "sigmoid" && output.Range == new OutputRange(0, 1) ? Losses.BinaryCrossEntropy
        : Losses.MeanSquaredError;

    private static NetworkSpec NetworkFor(Preparation preparation, Activation output, FitOptions options)
    {
        NetworkSpec? from = options.From?.Spec;
        bool nothingSaid = options is
        {
            Hidden: null, Output: null, BatchNorm: false, Dropout: null or 0, FeatureScale: null or false,
            Connections: 1, Masks: null, ForwardScale: null, Activation.Count: 0, Embed: null or 0
        };
        if (from is not null && nothingSaid) return from;
        NetworkSpec network = Build(
            preparation, options.Hidden ?? from?.Layers.OfType<Dense>().SkipLast(1)
                .Where(d => !d.IsEmbedding).Select(d => d.Units).ToArray()
            ?? DefaultHidden(preparation), output, options);
        if (from is not null) CheckSameShape(network, from);
        return network;
    }

    private static NetworkSpec Build(Preparation preparation, IReadOnlyList<int> hidden, Activation output,
        FitOptions options)
    {
        if (options.Activation.Count > 1 && options.Activation.Count != hidden.Count)
            Throw.Input("Activation", $"one, or one per hidden layer ({hidden.Count})", $"{options.Activation.Count}",
                "Separate them with commas, in the order of the layers.");
        if (options.Masks is not null && options.Masks.Count != hidden.Count)
            Throw.Input("Connections", $"one mask per hidden layer ({hidden.Count})", $"{options.Masks.Count}",
                "Give a matrix for each, in their order.");
        List<Layer> layers = [];
        int width = preparation.Width;
        if (options.Embed is < 0)
            Throw.Input("Embeddings", "a number of categories, or 0 for none", $"{options.Embed}", "8 is usual.");
        if (Embeddings.Layer(preparation, options.Embed ?? 0) is Dense vectors)
        {
            layers.Add(vectors);
            width = vectors.Units;
        }
        if (options.FeatureScale == true) layers.Add(new FeatureScale());
        for (int i = 0; i <= hidden.Count; i++)
        {
            bool isOutput = i == hidden.Count;
            int units = isOutput ? preparation.Outputs : hidden[i];
            if (units is < 1 or > 1_000_000)
                Throw.Input($"Hidden layer {i + 1}", "a width from 1 to 1000000", $"{units}",
                    "Write, for example, --hidden 64,32.");
            Activation activation = isOutput ? output
                : options.Activation.Count == 0 ? Activations.Relu
                : options.Activation[options.Activation.Count == 1 ? 0 : i];
            ConnectionMask? mask = isOutput ? null : options.Masks is not null ? options.Masks[i]
                : options.Connections == 1 ? null
                : ConnectionMask.Random(
                width, units, options.Connections, new RandomStream(options.Seed, RandomStreams.Connections, (uint)i));
            bool normed = options.BatchNorm && !isOutput;
            layers.Add(new Dense(units, normed ? Activations.Identity : activation)
            {
                Connections = mask,
                ForwardScale = options.ForwardScale
                    ?? (options.From is Model from ? ScaleOf(from.Spec) : ForwardScale.None),
                Initializer = options.Initializer ?? (normed ? Initializers.For(activation) : null),
            });
            if (normed) layers.Add(new BatchNorm(activation));
            if (options.Dropout is > 0 and double rate && !isOutput) layers.Add(new Dropout(rate));
            width = units;
        }
        return new(preparation.Width, layers);
    }

    private static int[] DefaultHidden(Preparation preparation) =>
        preparation.Width <= 3 ? [32, 32, 32]
        : [128];
}
