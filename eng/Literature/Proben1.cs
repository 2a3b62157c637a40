namespace Downhill.Literature;

/// <summary>
/// Prechelt, PROBEN1 — A Set of Neural Network Benchmark Problems and Benchmarking Rules, TR 21/94, Karlsruhe 1994:
/// RPROP on all rows, squared error, linear or sigmoid (x/(1+|x|)) outputs, his stopping rule, and the weights of the
/// lowest validation error measured once on the test part (§3.3, tables 7 – 11: networks without shortcuts).
/// </summary>
internal static class Proben1
{
    // Hidden units, output (l: linear, s: x/(1+|x|)), mean and deviation of the test error E, and of the share of wrong
    // classes in % (NaN: no classes).
    private static readonly (string Name, int[] Hidden, char Output, double E, double SdE, double Wrong,
        double SdWrong)[]
        problems =
    [
        ("building1", [16], 'l', 1.36, 0.63, double.NaN, 0), ("building2", [16, 8], 'l', 0.28, 0.2, double.NaN, 0),
        ("building3", [16, 8], 's', 0.26, 0.01, double.NaN, 0), ("cancer1", [4, 2], 'l', 1.32, 0.13, 1.38, 0.49),
        ("cancer2", [8, 4], 'l', 3.47, 0.28, 4.77, 0.94), ("cancer3", [16, 8], 'l', 2.6, 0.22, 3.7, 0.52),
        ("card1", [32], 'l', 10.35, 0.29, 14.05, 1.03), ("card2", [24], 'l', 14.94, 0.64, 18.91, 0.86),
        ("card3", [16, 8], 'l', 13.47, 0.51, 18.84, 1.19), ("diabetes1", [32], 'l', 16.99, 0.91, 24.1, 1.91),
        ("diabetes2", [16, 8], 'l', 18.43, 1, 26.42, 2.26), ("diabetes3", [32], 'l', 16.48, 1.16, 22.59, 2.23),
        ("gene1", [4, 2], 'l', 8.66, 1.28, 16.67, 3.75), ("gene2", [4, 2], 's', 9.54, 1.91, 18.41, 6.93),
        ("gene3", [4, 2], 's', 10.84, 1.93, 21.82, 7.53), ("glass1", [16, 8], 'l', 9.24, 0.32, 32.7, 5.34),
        ("glass2", [16, 8], 'l', 10.09, 0.28, 55.57, 3.7), ("glass3", [16, 8], 'l', 10.74, 0.52, 58.4, 7.82),
    ];

    public static void Run(int runs)
    {
        Published.Table($"Proben1 (Prechelt 1994), {runs} runs", "problem", "network", "E, ours", "paper",
            "wrong classes %, ours", "paper", "within mean + deviation");
        int missed = 0;
        foreach (var problem in problems)
        {
            Problem data = new(problem.Name);
            double[] wrong = new double[runs];
            double[] errors = Published.Each(runs, run =>
            {
                (double error, wrong[run]) = Train(data, problem.Hidden, problem.Output, (ulong)run + 1);
                return error;
            });
            double e = Published.Mean(errors), w = Published.Mean(wrong);
            bool classes = !double.IsNaN(problem.Wrong);
            bool good = e <= problem.E + problem.SdE && (!classes || w <= problem.Wrong + problem.SdWrong);
            if (!good) missed++;
            Published.Row(problem.Name, $"{string.Join('+', problem.Hidden)} {problem.Output}",
                $"{e:F2} ± {Published.Deviation(errors):F2}", $"{problem.E:F2} ± {problem.SdE:F2}",
                classes ? $"{w:F2} ± {Published.Deviation(wrong):F2}" : "–",
                classes ? $"{problem.Wrong:F2} ± {problem.SdWrong:F2}" : "–", good ? "yes" : "**no**");
        }
        Mushroom();
        Console.WriteLine($"\n{problems.Length - missed} of {problems.Length} within the paper's mean + deviation.");
    }

    /// <summary>The report's addendum: a linear network, one run.</summary>
    private static void Mushroom()
    {
        (double e, double wrong) = Train(new("mushroom1"), [], 'l', 1);
        Published.Row("mushroom1", "linear", $"{e:F3}", "0.011", $"{wrong:F2}", "0.00", wrong == 0 ? "yes" : "**no**");
    }

    private static (double Error, double Wrong) Train(Problem data, int[] hidden, char output, ulong seed)
    {
        Activation Kind(char c) => c == 'l' ? Activations.Identity : Catalog.Default.Activation("softsign");
        bool linear = hidden.Length == 0;
        Initializer start = Initializers.Uniform(linear ? 0.01 : 0.5);
        Layer[] layers =
        [
            .. hidden.Select(units => new Dense(units, Kind('s')) { Initializer = start }),
            new Dense(data.Outputs, Kind(output)) { Initializer = start },
        ];
        TrainOptions options = new()
        {
            Loss = Losses.Euclidean, Batch = 0, Shuffle = false, Epochs = 3000, KeepBest = true, Seed = seed,
            Threads = 1,
            Optimizer = Optimizers.RpropPlus(0.1, increase: linear ? 1.2 : 1.1, decrease: 0.5, smallest: 0,
                largest: 50),
            Stop = linear ? [StoppingRules.GeneralizationLoss(5, 5)] : [new PivotRule()],
        };
        Preparation asTheyAre = Preparation.Fit(data.Set, data.Train, Scaling.None, scaleTargets: false);
        using TrainSession<float> session = new(
            new NetworkSpec(data.Inputs, layers), data.Set, data.Train, data.Validation, asTheyAre, options);
        // Δ₀ is drawn for each weight. The slot that holds step sizes is the one that starts with the constant.
        RandomStream random = new(seed, RandomStreams.Noise);
        (double low, double high) = linear ? (0.005, 0.02) : (0.05, 0.2);
        Span<float> steps = session.State.Slots.First(slot => slot.Span[0] != 0).Span;
        for (int i = 0; i < steps.Length; i++) steps[i] = (float)random.Uniform((ulong)i, low, high);
        session.Run();
        return data.Test(session);
    }

    /// <summary>
    /// Stops on a training progress below 0.1 ‰ over 5 epochs, or once each of these has happened: generalization loss
    /// above 5 %, eight strips of rising validation error, loss over progress above 3.
    /// </summary>
    private sealed class PivotRule : StoppingRule
    {
        private readonly StoppingRule progress = StoppingRules.Progress(0.1, 5);
        private readonly StoppingRule[] signs =
            [StoppingRules.GeneralizationLoss(5, 5), StoppingRules.Up(8, 5), StoppingRules.ProgressQuotient(3, 5)];

        public override bool NeedsValidation => true;
        public override int StateLength => progress.StateLength + signs.Sum(s => s.StateLength + 1);

        public override string? Asks(in EpochReport report, Span<double> state)
        {
            string? reason = progress.Asks(report, state[..progress.StateLength]);
            state = state[progress.StateLength..];
            bool all = true;
            foreach (StoppingRule sign in signs)
            {
                if (sign.Asks(report, state[1..(1 + sign.StateLength)]) is not null) state[0] = 1;
                all &= state[0] == 1;
                state = state[(1 + sign.StateLength)..];
            }
            return reason ?? (all ? "over-fitting: all three signs have been seen" : null);
        }
    }

    /// <summary>One .dt file: outputs are numbers, one of n for classes.</summary>
    private sealed class Problem
    {
        private readonly bool isClass;
        private readonly int[] test;

        public Problem(string name)
        {
            string[] lines = Published.Lines("proben1", name[..^1], $"{name}.dt.gz");
            Dictionary<string, int> head = lines.Take(7).Select(line => line.Split('='))
                .ToDictionary(pair => pair[0], pair => int.Parse(pair[1]));
            (Inputs, Outputs) = (head["bool_in"] + head["real_in"], head["bool_out"] + head["real_out"]);
            isClass = head["bool_out"] > 0;
            float[][] rows = [.. lines.Skip(7).Select(Published.Numbers)];
            (int train, int validation) = (head["training_examples"], head["validation_examples"]);
            Train = [.. Enumerable.Range(0, train)];
            Validation = [.. Enumerable.Range(train, validation)];
            test = [.. Enumerable.Range(train + validation, head["test_examples"])];
            Set = new(name, [.. Enumerable.Range(1, Inputs).Select(i => new Column($"x{i}"))],
                new Target([.. Enumerable.Range(1, Outputs).Select(i => $"y{i}")], []),
                [.. rows.SelectMany(r => r[..Inputs])], [], [], [.. rows.SelectMany(r => r[Inputs..])]);
        }

        public Dataset Set { get; }
        public int Inputs { get; }
        public int Outputs { get; }
        public int[] Train { get; }
        public int[] Validation { get; }

        /// <summary>E = 100/(N·P)·ΣΣ(o − t)², outputs lying between 0 and 1; and the share in % whose largest output is
        /// not the class's.</summary>
        public (double Error, double Wrong) Test(TrainSession<float> session)
        {
            double squares = 0;
            int wrong = 0;
            Model model = Model.Of(session);
            float[] outputs = new float[Outputs];
            foreach (int row in test)
            {
                model.Predict(Set.Numeric.AsSpan(row * Inputs, Inputs), outputs);
                ReadOnlySpan<float> wanted = Set.Values.AsSpan(row * Outputs, Outputs);
                for (int o = 0; o < Outputs; o++) squares += Math.Pow(outputs[o] - wanted[o], 2);
                if (isClass && Largest(outputs) != Largest(wanted)) wrong++;
            }
            return (100 * squares / (test.Length * Outputs), isClass ? 100.0 * wrong / test.Length : double.NaN);
        }

        private static int Largest(ReadOnlySpan<float> x)
        {
            int best = 0;
            for (int i = 1; i < x.Length; i++) if (x[i] > x[best]) best = i;
            return best;
        }
    }
}
