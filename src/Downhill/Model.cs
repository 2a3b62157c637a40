using System.Security.Cryptography;

namespace Downhill;

/// <summary>How a model came to be, for <c>inspect</c>.</summary>
/// <param name="Data">Name of the data set.</param>
/// <param name="Rows">Rows trained on.</param>
/// <param name="Epochs">Epochs done.</param>
/// <param name="Steps">Updates made.</param>
/// <param name="Optimizer">As it is written: <c>adam(beta1=0.8)</c>, <c>perceptron</c>.</param>
/// <param name="LearningRate">η at the start; of a method that finds its own steps, 1.</param>
/// <param name="Batch">Rows per update, 0 for all.</param>
/// <param name="Seed">Seed of everything random.</param>
/// <param name="Stopped">Why it ended.</param>
public sealed record TrainingRecord(
    string Data, int Rows, int Epochs, long Steps, string Optimizer, double LearningRate, int Batch, ulong Seed,
        string Stopped)
{
    /// <summary>The schedules as they are written: <c>cosine</c>, <c>warmup,gamma:settle</c>; "" for none.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The stopping rules besides the epochs, as they are written, separated by commas; "" for none.</summary>
    public string Stop { get; init; } = "";
}

/// <summary>An answer for one row.</summary>
/// <param name="Class">Class index, −1 for numbers and labels.</param>
/// <param name="Label">Class name, "" for numbers and labels.</param>
/// <param name="Values">Class probabilities (or output values), the numbers predicted in the target's units, or the
/// probability of each label.</param>
public sealed record Prediction(int Class, string Label, IReadOnlyList<float> Values)
{
    /// <summary>Of a model of labels, the names of those the row has: with an output of ½ or more.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

/// <summary>
/// The front door: a network with its preparation and class names. Raw rows go in, named answers come out. Immutable;
/// every method may be called from many threads at once.
/// </summary>
public sealed class Model
{
    private readonly Network<float> network;
    private readonly AlignedBuffer<float> parameters, buffers;
    private readonly Workspace<float>?[] spare = new Workspace<float>?[2 * Environment.ProcessorCount];

    internal Model(
        NetworkSpec spec, Preparation preparation, Loss loss, AlignedBuffer<float> parameters,
            AlignedBuffer<float> buffers,
        Arithmetic arithmetic)
    {
        (Spec, Preparation, Loss, Arithmetic) = (spec, preparation, loss, arithmetic);
        this.parameters = new(spec.ParameterLength);
        this.buffers = new(spec.BufferLength);
        parameters.Span.CopyTo(this.parameters.Span);
        buffers.Span.CopyTo(this.buffers.Span);
        network = new(spec, loss, arithmetic, threads: 1);
    }

    public NetworkSpec Spec { get; }
    public Preparation Preparation { get; }
    public Loss Loss { get; }
    public Arithmetic Arithmetic { get; }

    /// <summary>How it was trained, null when made otherwise.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>T by which the output layer's fields were divided after training (it is in the weights); null where
    /// they were not. See <see cref="TemperatureScaling"/>.</summary>
    public double? Temperature { get; init; }

    /// <summary>Set when the inputs are pixels.</summary>
    public ImageShape? Image { get; init; }

    /// <summary>Flat parameters; <see cref="NetworkSpec.Segments"/> says what lies where.</summary>
    public ReadOnlySpan<float> Parameters => parameters.Span;

    /// <summary>Flat running statistics.</summary>
    public ReadOnlySpan<float> Buffers => buffers.Span;

    /// <summary>Whether the outputs for the classes or labels are probabilities, and not just the larger the
    /// likelier.</summary>
    public bool GivesProbabilities => (Preparation.Target.IsClass && Spec.Output.Range.SumsToOne)
        || ((Preparation.SingleOutput || Preparation.Target.IsMultiLabel) && Spec.Output.Range is { Low: 0, High: 1 });

    internal AlignedBuffer<float> ParameterBuffer => parameters;
    internal AlignedBuffer<float> RunningBuffer => buffers;

    /// <summary>Reads a model file; see <see cref="ModelFile.Load"/>.</summary>
    public static Model Load(string path, Catalog? catalog = null) => ModelFile.Load(path, catalog);

    /// <summary>SHA-256 of the little-endian parameters in layer order, weights before biases, links only; lower-case
    /// hex.</summary>
    public string WeightsHash => HashOf(Spec, parameters);

    /// <summary>Trains a model on data.</summary>
    /// <exception cref="DownhillException">Data or options that do not make sense.</exception>
    public static FitResult Fit(Dataset data, FitOptions? options = null)
    {
        options ??= new();
        FitPlan plan = FitPlan.Make(data, options);
        if (plan.Members > 1) return Ensemble.Fit(plan, options.Progress, options.Cancellation);
        using TrainSession<float> session = plan.Start();
        session.Run(options.Progress, cancellation: options.Cancellation);
        return plan.Finish(session);
    }

    /// <summary>The network that a run has reached, with the run's preparation; what happens to the run later does not
    /// change it.</summary>
    public static Model Of(TrainSession<float> session) => new(session.Spec, session.Preparation, session.Options.Loss,
        session.ResultParameters, session.ResultBuffers, session.Options.Arithmetic);

    /// <summary>The answer for one raw row: its numeric columns in order.</summary>
    /// <exception cref="DownhillException">A wrong number of values, or one that is not finite.</exception>
    public Prediction Predict(ReadOnlySpan<float> row)
    {
        float[] values = new float[Preparation.Outputs];
        Predict(row, values);
        if (!Preparation.Target.IsClass)
            return new(-1, "", values)
            {
                Labels = !Preparation.Target.IsMultiLabel ? []
                    : [.. Preparation.Target.Names.Where((_, i) => Preparation.SaysYes(values[i]))],
            };
        int predicted = Preparation.ClassOf<float>(values);
        return new(predicted, Preparation.Target.Classes[predicted], values);
    }

    /// <summary>
    /// The network's outputs for one raw row, in the target's units for regression: to the last bit what
    /// <see cref="Evaluate"/> gives. Allocates nothing once each thread that calls at the same time has done so before.
    /// Where single rows must be fast, take <see cref="CreatePredictor"/>.
    /// </summary>
    /// <param name="row">Numeric columns in order.</param>
    /// <param name="outputs">[outputs] receives them.</param>
    /// <param name="codes">Category columns in order, −1 for unknown.</param>
    /// <exception cref="DownhillException">A wrong number of values, an unknown code, a value that is not
    /// finite.</exception>
    public void Predict(ReadOnlySpan<float> row, Span<float> outputs, ReadOnlySpan<int> codes = default)
    {
        Predictor.Check(Preparation, row, outputs, codes);
        Workspace<float> workspace = Borrow();
        Preparation.Encode(row, codes, workspace.Input);
        if (Preparation.BrokenColumn<float>(workspace.Input) is int broken)
        {
            Return(workspace);
            Preparation.RefuseNumber(broken, row);
        }
        network.Forward(workspace, parameters, buffers, 1, PassMode.Predict);
        workspace.Output.CopyTo(outputs);
        Return(workspace);
        if (Preparation.Target.IsClass) return;
        for (int i = 0; i < outputs.Length; i++) outputs[i] = (float)Preparation.ValueOf(outputs[i], i);
    }

    /// <summary>
    /// Compiles the network, its weights and its preparation for answering single rows as fast as possible; its answers
    /// are those of <see cref="Predict(ReadOnlySpan{float}, Span{float}, ReadOnlySpan{int})"/> within rounding.
    /// </summary>
    public Predictor CreatePredictor() => new(this);

    /// <summary>Measures the model on rows (all when <paramref name="rows"/> is null).</summary>
    /// <param name="source">Data with the columns it was trained on.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="each">Called per row, in order, with its place, its loss and the network's outputs.</param>
    public Metrics Evaluate(RowSource source, int[]? rows = null, Action<int, double, float[]>? each = null)
    {
        FitPlan.CheckSameColumns(Preparation.Inputs, Preparation.Target, source.Inputs, source.Target,
            "Data to evaluate on",
            "the columns that the model was trained on", "Give data of the same kind.");
        Evaluator<float> evaluator = new(network, source, rows ?? [.. Enumerable.Range(0, source.Rows)], Preparation);
        return each is null
            ? evaluator.Measure(parameters, buffers, withScores: true)
            : evaluator.Measure(parameters, buffers, (row, loss, outputs) => each(row, loss, outputs.ToArray()),
            withScores: true);
    }

    /// <summary>The same without what must sort the rows' outputs.</summary>
    internal Metrics Measure(RowSource source, int[] rows, Evaluator<float>.RowAction each)
    {
        FitPlan.CheckSameColumns(Preparation.Inputs, Preparation.Target, source.Inputs, source.Target,
            "Data to measure on", "the columns that the model was trained on", "Give data of the same kind.");
        return new Evaluator<float>(network, source, rows, Preparation).Measure(parameters, buffers, each);
    }

    internal static string HashOf<T>(NetworkSpec spec, AlignedBuffer<T> parameters) where T : unmanaged
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Segment segment in spec.Segments)
            hash.AppendData(
                System.Runtime.InteropServices.MemoryMarshal.AsBytes(LinksOf(segment, parameters).AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The numbers of a tensor that exist: all, or the links of a masked one, in order.</summary>
    internal static T[] LinksOf<T>(Segment segment, AlignedBuffer<T> parameters) where T : unmanaged
    {
        T[] all = parameters.Span.Slice(segment.Offset, segment.Length).ToArray();
        if (segment.Shape.Mask is not ConnectionMask mask) return all;
        HashSet<int> absent = [.. mask.Absent];
        return [.. all.Where((_, i) => !absent.Contains(i))];
    }

    private Workspace<float> Borrow()
    {
        for (int i = 0; i < spare.Length; i++)
            if (Interlocked.Exchange(ref spare[i], null) is Workspace<float> workspace) return workspace;
        return new(network, 1);
    }

    private void Return(Workspace<float> workspace)
    {
        for (int i = 0; i < spare.Length; i++)
            if (Interlocked.CompareExchange(ref spare[i], workspace, null) is null) return;
    }
}
