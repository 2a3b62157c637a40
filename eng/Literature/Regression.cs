namespace Downhill.Literature;

/// <summary>
/// The regression sets of Hernández-Lobato and Adams (ICML 2015) in Gal's files, 20 given splits each: one hidden layer
/// of 50 relu units, Adam with its own defaults, batch 32, 400 epochs, inputs and target standardised on the training
/// rows. Theirs: that network of the DropoutUncertaintyExps repository, test error with averaged weights.
/// </summary>
internal static class Regression
{
    private static readonly (string Name, double Rmse, double Error)[] sets =
    [
        ("concrete", 5.232, 0.117), ("energy", 1.678, 0.041), ("kin8nm", 0.0944, 0.0006),
        ("wine-quality-red", 0.620, 0.009), ("yacht", 1.177, 0.094),
    ];

    public static void Run()
    {
        Published.Table("UCI regression, RMSE, mean ± standard error over 20 splits", "set", "ours", "published",
            "difference");
        foreach ((string name, double published, double error) in sets)
        {
            float[][] rows = [.. Published.Lines("uci-regression", name, "data.txt.gz").Select(Published.Numbers)];
            int[][] tests = [.. Published.Lines("uci-regression", name, "test_index.txt.gz")
                .Select(line => Published.Numbers(line).Select(i => (int)i).ToArray())];
            int inputs = rows[0].Length - 1;
            Dataset all = new(name, [.. Enumerable.Range(1, inputs).Select(i => new Column($"x{i}"))],
                new Target(["y"], []), [.. rows.SelectMany(r => r[..inputs])], [], [],
                    [.. rows.Select(r => r[inputs])]);
            double[] rmse = Published.Each(tests.Length, split => Model.Fit(
                all.Subset([.. Enumerable.Range(0, all.Rows).Except(tests[split])]), new()
                {
                    Hidden = [50], Activation = [Activations.Relu], Optimizer = Optimizers.Adam(), Batch = 32,
                    Epochs = 400, Test = all.Subset(tests[split]), Seed = (ulong)split + 1, Threads = 1,
                    WeightDecay = 0,
                }).Test!.PerTarget![0].Rmse);
            Published.Row(name, $"{Published.Mean(rmse):F4} ± {Published.Deviation(rmse) / Math.Sqrt(rmse.Length):F4}",
                $"{published:F4} ± {error:F4}", Published.Difference(Published.Mean(rmse), published, "F4"));
        }
    }
}
