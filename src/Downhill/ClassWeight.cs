namespace Downhill;

/// <summary>
/// What the rows of each class count in training: a row's weight is its own times its class's, and enters the one
/// normaliser. Reads and prints <c>balanced</c>, <c>1,2.5,1</c> (one number per class, in their order) or
/// <c>yes=5,no=1</c>.
/// </summary>
public sealed class ClassWeight
{
    private readonly double[] numbers;
    private readonly string[] names;

    private ClassWeight(double[] numbers, string[] names) => (this.numbers, this.names) = (numbers, names);

    /// <summary>
    /// N/(K·n_k): every class counts alike in all, whatever its share of the training rows (King, Zeng, 2001).
    /// </summary>
    public static ClassWeight Balanced { get; } = new([], []);

    /// <summary>One number, 0 or above, per class, in the order of the classes.</summary>
    public static ClassWeight Of(params double[] weights)
    {
        if (weights.Length == 0) Throw.Input("Class weights", "a number for each class", "none", $"Write {Example}.");
        return new([.. weights], []);
    }

    /// <summary>Numbers by class name; classes that are not named count 1.</summary>
    public static ClassWeight Of(params (string Class, double Weight)[] weights)
    {
        if (weights.Length == 0) Throw.Input("Class weights", "a number for each class", "none", $"Write {Example}.");
        return new([.. weights.Select(w => w.Weight)], [.. weights.Select(w => w.Class)]);
    }

    /// <summary>Reads the forms above.</summary>
    /// <exception cref="DownhillException">Something else.</exception>
    public static ClassWeight Parse(string text)
    {
        if (string.Equals(text.Trim(), "balanced", StringComparison.OrdinalIgnoreCase)) return Balanced;
        // The last '=' separates, so that a class may have one in its name.
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        double[] numbers = new double[parts.Length];
        string[] names = new string[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            int equals = parts[i].LastIndexOf('=');
            names[i] = equals < 0 ? "" : parts[i][..equals].Trim();
            if (!Numbers.TryParse(parts[i][(equals + 1)..].Trim(), out numbers[i])
                || (equals < 0) != (parts[0].LastIndexOf('=') < 0))
                Throw.Input($"Class weights '{text}'", "'balanced', numbers, or classes with numbers", $"'{parts[i]}'",
                    $"Write {Example}.");
        }
        return new(numbers, parts[0].Contains('=', StringComparison.Ordinal) ? names : []);
    }

    public override string ToString() => numbers.Length == 0 ? "balanced"
        : string.Join(",", numbers.Select((n, i) => names.Length == 0 ? Numbers.Text(n)
            : $"{names[i]}={Numbers.Text(n)}"));

    /// <summary>The weight of each class for training on these rows.</summary>
    /// <param name="data">Rows with classes.</param>
    /// <param name="rows">Which of them are trained on: they are what is balanced.</param>
    /// <exception cref="DownhillException">No classes, or numbers that do not fit them.</exception>
    public double[] For(Dataset data, ReadOnlySpan<int> rows)
    {
        if (!data.Target.IsClass)
            Throw.Input("Class weights", "a target with classes", $"the numbers of '{data.Target.Names[0]}'",
                "Leave them out, or give rows weights of their own.");
        IReadOnlyList<string> classes = data.Target.Classes;
        double[] weights = numbers.Length == 0 ? Balance(data, rows) : names.Length == 0 ? [.. numbers]
            : ByName(classes);
        Check(weights, classes.Count);
        return weights;
    }

    /// <exception cref="DownhillException">Not one number, 0 or above, per class, or none above 0.</exception>
    internal static void Check(IReadOnlyList<double> weights, int classes)
    {
        if (weights.Count != classes)
            Throw.Input("Class weights", $"{classes} numbers, one per class", $"{weights.Count}", $"Write {Example}.");
        foreach (double weight in weights)
            if (!(weight >= 0 && weight <= 1e30)) Throw.Input("Class weights", "numbers from 0 up to 1e30",
                Numbers.Text(weight), $"Write {Example}.");
        if (weights.All(w => w == 0)) Throw.Input("Class weights", "a number above 0", "zeros only",
            $"Write {Example}.");
    }

    private const string Example = "balanced, 1,2.5 or yes=2.5,no=1";

    // n_k counts a row as often as its weight says; a class without any row keeps 1.
    private static double[] Balance(Dataset data, ReadOnlySpan<int> rows)
    {
        double[] counts = new double[data.Target.Classes.Count];
        foreach (int row in rows) counts[data.Classes[row]] += data.Weights?[row] ?? 1;
        double all = counts.Sum(), present = counts.Count(c => c > 0);
        return [.. counts.Select(c => c > 0 ? all / (present * c) : 1)];
    }

    private double[] ByName(IReadOnlyList<string> classes)
    {
        double[] weights = new double[classes.Count];
        Array.Fill(weights, 1);
        for (int i = 0; i < names.Length; i++)
        {
            int code = 0;
            while (code < classes.Count && classes[code] != names[i]) code++;
            if (code == classes.Count)
                Throw.Input($"Class weights '{this}'", $"the classes {string.Join(", ", classes.Take(10))}",
                    $"'{names[i]}'", Suggest.DidYouMean(names[i], classes));
            weights[code] = numbers[i];
        }
        return weights;
    }
}
