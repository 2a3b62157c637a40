using Downhill.Data;

namespace Downhill.Literature;

/// <summary>Networks on MNIST and Fashion-MNIST: 60,000 images to train on, 10,000 to test.</summary>
internal static class Digits
{
    private sealed record Entry(string What, string Source, double Published, FitOptions Options);

    private static FitOptions Simple(int[] hidden, int epochs) => new()
    {
        Hidden = hidden, Epochs = epochs, KeepBest = false, WeightDecay = 0, ValidationShare = 0,
        Schedules = [new("learning_rate", Schedules.Cosine())],
    };

    /// <summary>LeCun et al. 1998 name tanh units and squared error; rate, batch and epochs are ours.</summary>
    private static FitOptions LeCun(params int[] hidden) => Simple(hidden, 20) with
    {
        Activation = [Activations.Tanh],
        Output = Activations.Tanh,
        Loss = Losses.Euclidean,
        Optimizer = Optimizers.GradientDescent,
        LearningRate = 0.1,
        Batch = 10,
    };

    /// <summary>Simard et al. 2003: 800 hidden units, cross-entropy. Units, rate and epochs are ours.</summary>
    private static FitOptions Simard(int epochs, params IReadOnlyList<Augmentation> augment) =>
        Simple([800], epochs) with
        {
            Activation = [Activations.Relu],
            Optimizer = Optimizers.Momentum(0.9),
            LearningRate = 0.05,
            Batch = 64,
            Augment = augment,
        };

    public static void Plain(int runs, string only) => Show("MNIST, test error %", "mnist", runs, only,
    [
        new("300 hidden, squared error", "LeCun et al. 1998", 4.7, LeCun(300)),
        new("300+100 hidden, squared error", "LeCun et al. 1998", 3.05, LeCun(300, 100)),
        new("500+150 hidden, squared error", "LeCun et al. 1998", 2.95, LeCun(500, 150)),
        new("100 sigmoid, squared error, rate 3, batch 10, 30 epochs", "Nielsen 2015", 100 - 96.59, Nielsen(30) with
        {
            Loss = Losses.Euclidean, LearningRate = 3, Initializer = Catalog.Default.Initializer("normal(1)"),
        }),
        new("100 sigmoid, cross-entropy, L2, rate 0.1, batch 10, 60 epochs", "Nielsen 2015", 100 - 98.04,
            Nielsen(60) with
        {
            Loss = Losses.BinaryCrossEntropy, LearningRate = 0.1, L2 = 5.0 / 50_000,
            Initializer = Catalog.Default.Initializer("lecun_normal"),
        }),
        new("800 hidden, cross-entropy", "Simard et al. 2003", 1.6, Simard(30)),
    ]);

    /// <summary>50,000 images to train on, as he has; his biases start at random, ours at 0.</summary>
    private static FitOptions Nielsen(int epochs) => Simple([100], epochs) with
    {
        Activation = [Activations.Sigmoid()],
        Output = Activations.Sigmoid(),
        Optimizer = Optimizers.GradientDescent,
        Batch = 10,
        Schedules = [],
        ValidationShare = 1.0 / 6,
    };

    public static void Distorted(int runs, string only) => Show("MNIST with distortions, test error %", "mnist",
        runs, only,
    [
        new("800 hidden, cross-entropy, affine", "Simard et al. 2003", 1.1, Simard(200, Augmentations.Affine())),
        new("800 hidden, cross-entropy, elastic", "Simard et al. 2003", 0.7, Simard(500, Augmentations.Elastic())),
    ]);

    /// <summary>Xiao, Rasul, Vollgraf 2017, table 3: scikit-learn's MLPClassifier; Adam, rate 0.001, batch 200. Its
    /// rule ends training when the loss has not fallen by 0.0001 in 10 epochs; here 50 epochs.</summary>
    public static void Fashion(int runs, string only)
    {
        (string, Activation, int[], double)[] networks =
        [
            ("relu 100", Activations.Relu, [100], 0.871), ("relu 100+10", Activations.Relu, [100, 10], 0.870),
            ("tanh 100", Activations.Tanh, [100], 0.868), ("tanh 100+10", Activations.Tanh, [100, 10], 0.863),
            ("relu 10+10", Activations.Relu, [10, 10], 0.850), ("relu 10", Activations.Relu, [10], 0.848),
            ("tanh 10+10", Activations.Tanh, [10, 10], 0.841), ("tanh 10", Activations.Tanh, [10], 0.840),
        ];
        Show("Fashion-MNIST, test error %", "fashion-mnist", runs, only,
            [.. networks.Select(
                n => new Entry(n.Item1, "Xiao et al. 2017", 100 * (1 - n.Item4), Simple(n.Item3, 50) with
            {
                Activation = [n.Item2], Optimizer = Optimizers.Adam(), LearningRate = 0.001, Batch = 200,
                    Schedules = [],
            }))]);
    }

    private static void Show(string title, string folder, int runs, string only, IReadOnlyList<Entry> entries)
    {
        Dataset data = DataSource.Open(Published.Data(folder)).Data;
        Published.Table($"{title}{(runs > 1 ? $", {runs} runs" : "")}", "network", "source", "ours", "published",
            "difference", "time");
        foreach (Entry entry in entries.Where(e => e.What.Contains(only)))
        {
            List<double> errors = [];
            long began = Environment.TickCount64;
            for (int run = 0; run < runs; run++)
                errors.Add(Model.Fit(data, entry.Options with { Seed = (ulong)run + 1 }).Test!.ErrorPercent!.Value);
            TimeSpan time = TimeSpan.FromMilliseconds((Environment.TickCount64 - began) / runs);
            double ours = Published.Mean(errors);
            Published.Row(entry.What, entry.Source,
                $"{ours:F2}{(runs > 1 ? $" ± {Published.Deviation(errors):F2}" : "")}", $"{entry.Published:F2}",
                Published.Difference(ours, entry.Published, "F2"), $"{time:m\\:ss}");
        }
    }
}
