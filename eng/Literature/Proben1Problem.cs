namespace Downhill.Literature;

/// <summary>One .dt file of Proben1: training, validation and test rows in this order; outputs are numbers, one of n
/// for classes.</summary>
internal sealed class Proben1Problem
{
    private readonly bool isClass;
    private readonly int[] test;

    public Proben1Problem(string name)
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

    /// <summary>E = 100/(N·P)·ΣΣ(o − t)² from the mean over rows of ½·Σ(o − t)², outputs lying between 0 and
    /// 1.</summary>
    public double Percentage(double meanLoss) => 200 * meanLoss / Outputs;

    /// <summary>E on the test part, and the share in % whose largest output is not the class's.</summary>
    public (double Error, double Wrong) Test(Model model)
    {
        double squares = 0;
        int wrong = 0;
        float[] outputs = new float[Outputs];
        foreach (int row in test)
        {
            model.Predict(Set.Numeric.AsSpan(row * Inputs, Inputs), outputs);
            ReadOnlySpan<float> wanted = Set.Values.AsSpan(row * Outputs, Outputs);
            for (int o = 0; o < Outputs; o++) squares += Math.Pow(outputs[o] - wanted[o], 2);
            if (isClass && Largest(outputs) != Largest(wanted)) wrong++;
        }
        return (Percentage(squares / 2 / test.Length), isClass ? 100.0 * wrong / test.Length : double.NaN);
    }

    private static int Largest(ReadOnlySpan<float> x)
    {
        int best = 0;
        for (int i = 1; i < x.Length; i++) if (x[i] > x[best]) best = i;
        return best;
    }
}
