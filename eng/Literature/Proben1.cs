namespace Downhill.Literature;

/// <summary>
/// Prechelt, PROBEN1 — A Set of Neural Network Benchmark Problems and Benchmarking Rules, TR 21/94, Karlsruhe 1994:
/// RPROP on all rows, squared error, linear or sigmoid (x/(1+|x|)) outputs, the validation part looked at after every
/// fifth epoch, and the weights of its lowest error measured once on the test part (§3.3; tables 3 and 4: linear
/// networks; 10 and 11: networks without shortcuts).
/// </summary>
internal static class Proben1
{
    /// <summary>Means and deviations of the report: error percentage E of the test part, wrong classes in % (NaN: no
    /// classes), E of the validation part; mean epochs until that was lowest, and in all.</summary>
    private sealed record Paper(
        double Error, double SdError, double Wrong, double SdWrong, double Held, double SdHeld, int Best, int Epochs);

    private sealed record Row(string Name, int[] Hidden, char Output, Paper Linear, Paper Layers);

    private static readonly string[] columns =
    [
        "problem", "network", "E, ours", "paper", "wrong classes %, ours", "paper", "E of validation, ours", "paper",
        "best of epochs, ours", "paper", "within mean + deviation",
    ];

    private const double None = double.NaN;

    private static readonly Row[] rows =
    [
        new("building1", [16], 'l',
            new(0.78, 0.02, None, 0, 0.92, 0.06, 401, 407), new(1.36, 0.63, None, 0, 2.07, 1.04, 248, 307)),
        new("building2", [16, 8], 'l',
            new(0.35, 0, None, 0, 0.37, 0, 297, 298), new(0.28, 0.2, None, 0, 0.3, 0.19, 1044, 1074)),
        new("building3", [16, 8], 's',
            new(0.38, 0.08, None, 0, 0.38, 0.07, 217, 229), new(0.26, 0.01, None, 0, 0.26, 0.01, 1304, 1380)),
        new("cancer1", [4, 2], 'l',
            new(3.52, 0.04, 2.93, 0.18, 2.91, 0.01, 104, 129), new(1.32, 0.13, 1.38, 0.49, 1.89, 0.12, 95, 116)),
        new("cancer2", [8, 4], 'l',
            new(4.77, 0.39, 5, 0.61, 3.77, 0.47, 79, 87), new(3.47, 0.28, 4.77, 0.94, 1.76, 0.14, 44, 54)),
        new("cancer3", [16, 8], 'l',
            new(4.11, 0.03, 5.17, 0, 4.23, 0.04, 92, 115), new(2.6, 0.22, 3.7, 0.52, 2.83, 0.13, 41, 54)),
        new("card1", [32], 'l',
            new(10.61, 0.11, 13.37, 0.67, 8.89, 0.11, 26, 62), new(10.35, 0.29, 14.05, 1.03, 8.69, 0.26, 22, 30)),
        new("card2", [24], 'l',
            new(14.91, 0.55, 19.24, 0.43, 10.8, 0.16, 23, 65), new(14.94, 0.64, 18.91, 0.86, 10.87, 0.27, 17, 26)),
        new("card3", [16, 8], 'l',
            new(12.67, 0.17, 14.42, 0.46, 8.39, 0.07, 44, 102), new(13.47, 0.51, 18.84, 1.19, 8.62, 0.46, 22, 29)),
        new("diabetes1", [32], 'l',
            new(17.22, 0.06, 25.83, 0.56, 16.3, 0.04, 203, 209), new(16.99, 0.91, 24.1, 1.91, 15.93, 1.04, 117, 201)),
        new("diabetes2", [16, 8], 'l',
            new(17.69, 0.04, 24.69, 0.61, 17.47, 0.02, 204, 209), new(18.43, 1, 26.42, 2.26, 16.94, 0.91, 70, 102)),
        new("diabetes3", [32], 'l',
            new(16.5, 0.05, 22.92, 0.35, 18.21, 0.04, 185, 214), new(16.48, 1.16, 22.59, 2.23, 17.89, 0.9, 164, 251)),
        new("gene1", [4, 2], 'l',
            new(9.92, 0.01, 13.64, 0.1, 9.58, 0.01, 43, 47), new(8.66, 1.28, 16.67, 3.75, 8.19, 1.33, 101, 124)),
        new("gene2", [4, 2], 's',
            new(9.51, 0, 12.3, 0.14, 9.9, 0, 40, 46), new(9.54, 1.91, 18.41, 6.93, 9.46, 1.95, 250, 321)),
        new("gene3", [4, 2], 's',
            new(10.61, 0.01, 15.41, 0.13, 9.36, 0.01, 39, 42), new(10.84, 1.93, 21.82, 7.53, 9.45, 2.17, 199, 262)),
        new("glass1", [16, 8], 'l',
            new(9.98, 0.1, 46.04, 2.21, 9.7, 0.04, 23, 129), new(9.24, 0.32, 32.7, 5.34, 9.15, 0.21, 52, 71)),
        new("glass2", [16, 8], 'l',
            new(10.34, 0.15, 55.28, 1.27, 10.28, 0.19, 14, 34), new(10.09, 0.28, 55.57, 3.7, 10.03, 0.27, 22, 30)),
        new("glass3", [16, 8], 'l',
            new(11.07, 0.15, 60.57, 3.82, 9.37, 0.06, 27, 135), new(10.74, 0.52, 58.4, 7.82, 9.14, 0.24, 46, 60)),
    ];

    public static void Run(int runs)
    {
        Table($"Proben1, layers without shortcuts, started within ±0.5 (§3.3.2), {runs} runs", runs,
            Proben1Method.Layers, isLinear: false);
        Table($"Proben1, layers without shortcuts, started within ±0.01 (§3.3.3), {runs} runs", runs,
            Proben1Method.Layers with { Start = Proben1Method.Linear.Start }, isLinear: false);
        Table($"Proben1, linear networks, {runs} runs", runs, Proben1Method.Linear, isLinear: true);
        Published.Table("Proben1's addendum, 1 run", columns);
        Paper mushroom = new(0.011, 0, 0, 0, 0.014, 0, 3000, 3000);
        Compare("mushroom1", "linear", mushroom, [Proben1Method.Linear.Train(new("mushroom1"), [], 'l', 0)]);
    }

    private static void Table(string title, int runs, Proben1Method method, bool isLinear)
    {
        Published.Table(title, columns);
        int within = 0;
        foreach (Row row in rows)
        {
            Proben1Problem data = new(row.Name);
            (int[] hidden, char output) = isLinear ? ([], 'l') : (row.Hidden, row.Output);
            Proben1Result[] results = Published.Each(runs, run => method.Train(data, hidden, output, run));
            string network = isLinear ? "linear" : $"{string.Join('+', hidden)} {output}";
            if (Compare(row.Name, network, isLinear ? row.Linear : row.Layers, results)) within++;
        }
        Console.WriteLine($"\n{within} of {rows.Length} within the paper's mean + deviation.");
    }

    private static bool Compare(string name, string network, Paper paper, Proben1Result[] ours)
    {
        double error = ours.Average(r => r.Error), wrong = ours.Average(r => r.Wrong);
        bool classes = !double.IsNaN(paper.Wrong);
        bool within = error <= paper.Error + paper.SdError && (!classes || wrong <= paper.Wrong + paper.SdWrong);
        string digits = paper.Error < 0.1 ? "F3" : "F2";
        Published.Row(name, network,
            Spread(ours, r => r.Error, digits), Spread(paper.Error, paper.SdError, digits),
            classes ? Spread(ours, r => r.Wrong, "F2") : "–",
            classes ? Spread(paper.Wrong, paper.SdWrong, "F2") : "–",
            Spread(ours, r => r.Held, digits), Spread(paper.Held, paper.SdHeld, digits),
            $"{ours.Average(r => r.Best):F0} of {ours.Average(r => r.Epochs):F0}", $"{paper.Best} of {paper.Epochs}",
            within ? "yes" : "**no**");
        return within;
    }

    private static string Spread(Proben1Result[] results, Func<Proben1Result, double> of, string digits)
    {
        double[] values = [.. results.Select(of)];
        return Spread(Published.Mean(values), Published.Deviation(values), digits);
    }

    private static string Spread(double mean, double deviation, string digits) =>
        $"{mean.ToString(digits)} ± {deviation.ToString(digits)}";
}
