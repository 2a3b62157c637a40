namespace Downhill.Cli.Bench;

/// <summary>What a workload does over and over.</summary>
internal enum WorkloadKind
{
    /// <summary>Updates: forward, backward, update. Counted in examples.</summary>
    Train,

    /// <summary>Answers, softmax included. Counted in rows.</summary>
    Predict,

    /// <summary>Products of square matrices. Counted in products.</summary>
    Multiply,
}

/// <summary>One thing whose speed is measured, by Downhill and by its peers alike.</summary>
/// <param name="Name">How it is called for.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Spec">The network.</param>
/// <param name="Loss">What it is trained on.</param>
/// <param name="Optimizer">The update rule.</param>
/// <param name="LearningRate">η: such that the loss falls.</param>
/// <param name="Batch">Rows per update or answer, 0 for all.</param>
/// <param name="Rows">Rows of the data.</param>
internal sealed record Workload(
    string Name, WorkloadKind Kind, NetworkSpec Spec, Loss Loss, Optimizer Optimizer, double LearningRate, int Batch,
    int Rows)
{
    /// <summary>Which of the three products of a dense layer, when it is one.</summary>
    public ProductForm Form { get; init; }

    /// <summary>Rows and columns of the matrices of a product.</summary>
    public int Size { get; init; }

    /// <summary>Whether more than one thread can share the work: a single row is one thread's.</summary>
    public bool IsShared => Kind != WorkloadKind.Predict || Batch > 1;

    /// <summary>Multiplications and additions of one unit's matrix products, counted as two: of an example 2 per weight
    /// on the way forward and 4 on the way back, less the inputs' gradient that the first layer leaves out.</summary>
    public double OperationsPerUnit
    {
        get
        {
            if (Kind == WorkloadKind.Multiply) return 2.0 * Size * Size * Size;
            double[] weights =
                [.. Spec.Segments.Where(s => s.Shape.Role == SegmentRole.Weight).Select(s => (double)s.Length)];
            return Kind == WorkloadKind.Predict ? 2 * weights.Sum() : 6 * weights.Sum() - 2 * weights[0];
        }
    }

    /// <summary>What it is, in a few words.</summary>
    public string Summary => Kind switch
    {
        WorkloadKind.Multiply => $"{Size}×{Size}, {Form switch
        {
            ProductForm.Forward => "X·W",
            ProductForm.WeightGradient => "Xᵀ·dZ",
            _ => "dZ·Wᵀ",
        }}",
        WorkloadKind.Predict => $"{Spec}, {(Batch == 1 ? "single rows" : $"{Batch} rows at once")}",
        _ => $"{Spec}, {((Dense)Spec.Layers[0]).Activation}, {(Batch == 0 ? "full batch" : $"batch {Batch}")}",
    };
}

/// <summary>The three matrix products of a dense layer.</summary>
internal enum ProductForm
{
    /// <summary>Y = X·W, neither transposed.</summary>
    Forward,

    /// <summary>dW = Xᵀ·dZ, the left one transposed.</summary>
    WeightGradient,

    /// <summary>dX = dZ·Wᵀ, the right one transposed.</summary>
    InputGradient,
}

/// <summary>The table of workloads: the one place that says what is measured.</summary>
internal static class Workloads
{
    /// <summary>What <c>downhill bench</c> measures when nothing else is asked for.</summary>
    public static IReadOnlyList<Workload> Standard { get; } =
    [
        new("W1", WorkloadKind.Train, NetworkSpec.Parse("2-4-2-1", Activations.Tanh, Activations.Tanh),
            Losses.Euclidean, Optimizers.GradientDescent, 0.03, 10, 500),
        Classifier("W2", "13-64-64-3", Activations.Relu, 0.01, 32),
        Classifier("W3", "784-128-10", Activations.Relu, 0.01, 64),
        Classifier("W4", "784-800-10", Activations.Relu, 0.01, 64),
        Classifier("W5", "784-2500-2000-1500-1000-500-10", Activations.Tanh, 0.003, 128),
        Classifier("W6", "784-128-10", Activations.Relu, 0.0005, 1),
        Classifier("W7", "13-64-64-3", Activations.Relu, 0.05, 0),
        Predictor("I1", "13-64-64-3", 1),
        Predictor("I2", "784-128-10", 1),
        Predictor("I3-W2", "13-64-64-3", 1024),
        Predictor("I3-W3", "784-128-10", 1024),
    ];

    /// <summary>Networks that nothing was tuned for: they must show the same ratios.</summary>
    public static IReadOnlyList<Workload> Unlisted { get; } =
    [
        new("S1", WorkloadKind.Train, NetworkSpec.Parse("30-50-1", Activations.Tanh, Activations.Tanh),
            Losses.Euclidean, Optimizers.Momentum(), 0.003, 16, 10_000),
        Classifier("S2", "100-256-256-10", Activations.Relu, 0.01, 100),
        Classifier("S3", "54-512-512-7", Activations.Relu, 0.01, 256),
    ];

    /// <summary>The products by themselves.</summary>
    public static IReadOnlyList<Workload> Products { get; } =
    [
        .. from size in (int[])[64, 128, 256, 512, 1024, 2048]
           from form in Enum.GetValues<ProductForm>()
           let letters = form switch { ProductForm.Forward => "NN", ProductForm.WeightGradient => "TN", _ => "NT" }
           select new Workload($"GEMM-{size}-{letters}", WorkloadKind.Multiply, NetworkSpec.Parse($"{size}-{size}"),
               Losses.Euclidean, Optimizers.GradientDescent, 0.01, size, size) { Form = form, Size = size },
    ];

    /// <summary>All there are.</summary>
    public static IReadOnlyList<Workload> All { get; } = [.. Standard, .. Unlisted, .. Products];

    /// <summary>Those of a list of names: a name, or its part before a hyphen (<c>I3</c>, <c>GEMM-256</c>), or
    /// <c>all</c>.</summary>
    public static IReadOnlyList<Workload> Find(string option, string list)
    {
        List<Workload> found = [];
        foreach (string word in list.Split(',', StringSplitOptions.TrimEntries))
        {
            Workload[] those =
            [
                .. All.Where(w => word.Equals("all", StringComparison.OrdinalIgnoreCase)
                    || w.Name.Equals(word, StringComparison.OrdinalIgnoreCase)
                    || w.Name.StartsWith($"{word}-", StringComparison.OrdinalIgnoreCase)),
            ];
            if (those.Length == 0)
                Throw.Input(option, "names of workloads, separated by commas", $"'{word}'",
                    $"There are {string.Join(", ", Standard.Concat(Unlisted).Select(w => w.Name))}, "
                    + "GEMM-64 to GEMM-2048, and all.");
            found.AddRange(those.Except(found));
        }
        return found;
    }

    private static Workload Classifier(
        string name, string network, Activation hidden, double learningRate, int batch) =>
        new(name, WorkloadKind.Train, NetworkSpec.Parse(network, hidden, Activations.Softmax),
            Losses.CrossEntropy, Optimizers.Momentum(), learningRate, batch, 10_000);

    private static Workload Predictor(string name, string network, int batch) =>
        new(name, WorkloadKind.Predict, NetworkSpec.Parse(network, Activations.Relu, Activations.Softmax),
            Losses.CrossEntropy, Optimizers.Momentum(), 0.01, batch, 1024);
}
