namespace Downhill.Literature;

/// <summary>Three small problems of the eighties.</summary>
internal static class Classics
{
    /// <summary>
    /// Gorman and Sejnowski, Neural Networks 1 (1988): rate 2, no momentum, 300 epochs, weights from ±0.3, two sigmoid
    /// outputs, the aspect-angle dependent split. They take output errors below 0.2 for 0; here every error counts. An
    /// update per example.
    /// </summary>
    public static void Sonar(int runs)
    {
        List<(float[] Inputs, int Class, bool Train)> rows = [];
        foreach ((string file, int @class) in new[] { ("sonar.mines.gz", 0), ("sonar.rocks.gz", 1) })
        {
            // The line before a brace names the pattern that stands in it.
            string[] pieces = string.Join('\n', Published.Lines("sonar", file)).Split('{');
            for (int i = 1; i < pieces.Length; i++)
            {
                string name = pieces[i - 1].TrimEnd().Split('\n')[^1];
                string numbers = pieces[i][..pieces[i].IndexOf('}')].Replace('\n', ' ');
                rows.Add((Published.Numbers(numbers), @class, name[0] == '*'));
            }
        }
        Dataset Part(bool train) =>
            Published.Classes("sonar", [.. rows.Where(r => r.Train == train).Select(r => r.Inputs)],
            [.. rows.Where(r => r.Train == train).Select(r => r.Class)], ["mine", "rock"]);
        Dataset training = Part(true), test = Part(false);
        Published.Table($"Sonar, aspect-angle dependent split ({training.Rows} + {test.Rows}), % right, {runs} runs",
            "hidden units", "ours", "published", "difference");
        (int Hidden, double Right, double Deviation)[] published =
            [(0, 73.1, 4.8), (2, 85.7, 6.3), (3, 87.6, 3.0), (6, 89.3, 2.4), (12, 90.4, 1.8), (24, 89.2, 1.4)];
        foreach ((int hidden, double right, double deviation) in published)
        {
            double[] ours = Published.Each(runs, run => 100 * Model.Fit(training, new()
            {
                Hidden = hidden == 0 ? [] : [hidden], Activation = [Activations.Sigmoid()],
                Output = Activations.Sigmoid(),
                Loss = Losses.Euclidean, Optimizer = Optimizers.GradientDescent, LearningRate = 2, Batch = 1,
                Epochs = 300, Initializer = Initializers.Uniform(0.3), Scaling = Scaling.None, Test = test,
                KeepBest = false, Seed = (ulong)run + 1, Threads = 1,
            }).Test!.Accuracy!.Value);
            Published.Row($"{hidden}", $"{Published.Mean(ours):F1} ± {Published.Deviation(ours):F1}",
                $"{right:F1} ± {deviation:F1}", Published.Difference(Published.Mean(ours), right, "F1"));
        }
    }

    /// <summary>Sigillito et al., Johns Hopkins APL Technical Digest 10 (1989): the first 200 rows train, 151 test. The
    /// network's details are not in the names file; here Downhill's own choices.</summary>
    public static void Ionosphere(int runs)
    {
        string[][] lines = [.. Published.Lines("ionosphere", "ionosphere.data.gz").Select(line => line.Split(','))];
        Dataset Part(IEnumerable<string[]> part)
        {
            string[][] rows = [.. part];
            return Published.Classes("ionosphere", [.. rows.Select(r => r[..^1].Select(float.Parse).ToArray())],
                [.. rows.Select(r => r[^1] == "g" ? 1 : 0)], ["b", "g"]);
        }
        Dataset training = Part(lines.Take(200)), test = Part(lines.Skip(200));
        Published.Table($"Ionosphere ({training.Rows} + {test.Rows}), % right, {runs} runs", "network", "ours",
            "published", "difference");
        foreach ((string what, int[] hidden, double right) in new (string, int[], double)[]
            { ("no hidden units (perceptron)", [], 90.7), ("10 hidden units", [10], 96.0) })
        {
            double[] ours = Published.Each(runs, run => 100 * Model.Fit(training, new()
            {
                Recipe = Recipe.Plain, Hidden = hidden, Activation = [Activations.Tanh], Test = test,
                Seed = (ulong)run + 1, Threads = 1,
            }).Test!.Accuracy!.Value);
            Published.Row(what, $"{Published.Mean(ours):F1} ± {Published.Deviation(ours):F1}", $"{right:F1}",
                Published.Difference(Published.Mean(ours), right, "F1"));
        }
    }

    /// <summary>Lang and Witbrock 1988: 194 points, told apart without a mistake. Their 2-5-5-5-1 network has shortcuts
    /// between all layers, which Downhill does not have.</summary>
    public static void Spirals(int runs)
    {
        float[][] rows = [.. Published.Lines("two-spirals", "two-spirals-194.csv").Select(Published.Numbers)];
        Dataset data = Published.Classes(
            "spirals", [.. rows.Select(r => r[..2])], [.. rows.Select(r => (int)r[2])], ["0", "1"]);
        Published.Table($"Two spirals, {runs} runs of at most 20,000 epochs, all 194 points at once", "network",
            "learned whole", "median epochs until then");
        foreach ((int[] hidden, Optimizer optimizer) in new (int[], Optimizer)[]
            { ([5, 5, 5], Optimizers.Adam()), ([5, 5, 5], Optimizers.RpropPlus()), ([20, 20], Optimizers.Adam()),
                ([20, 20], Optimizers.RpropPlus()) })
        {
            double[] epochs = Published.Each(runs, run =>
            {
                FitResult fit = Model.Fit(data, new()
                {
                    Hidden = hidden, Activation = [Activations.Tanh], Optimizer = optimizer, Batch = 0, Epochs = 20_000,
                    LearningRate = optimizer.Name == "adam" ? 0.01 : 1, TestShare = 0, KeepBest = false,
                    Stop = [StoppingRules.Target("train.accuracy>=1")], Seed = (ulong)run + 1, Threads = 1,
                });
                return fit.Train.Accuracy == 1 ? fit.History.Count : double.NaN;
            });
            double[] solved = [.. epochs.Where(e => !double.IsNaN(e)).Order()];
            Published.Row($"2-{string.Join('-', hidden)}, {optimizer.Name}", $"{solved.Length} of {runs}",
                solved.Length == 0 ? "–" : $"{solved[solved.Length / 2]:N0}");
        }
    }
}
