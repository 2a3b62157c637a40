using Downhill.Threading;

namespace Downhill;

/// <summary>What a raw column is worth to a model.</summary>
/// <param name="Name">The column's.</param>
/// <param name="Rise">Mean rise of the loss when the column's values change places among the rows.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="ScoreFall">Mean fall of the score, accuracy or R².</param>
public sealed record ColumnImportance(string Name, double Rise, double Low, double High, double ScoreFall);

/// <summary>
/// Permutation importance (Breiman, Random Forests, 2001, §10; Fisher, Rudin, Dominici, All Models are Wrong, JMLR 20,
/// 2019): the values of one raw column change places among the rows, all that is encoded from them together, and the
/// rise of the loss says what the model has from the column. Measure it on rows that nothing was learned from. Columns
/// that say the same share what they are worth, and none of them may look important.
/// </summary>
/// <remarks>
/// A row's rise d is the mean over the repetitions of (its loss with the changed value − its loss). The importance is
/// the weighted mean of the rows' rises, its interval ±1.96 standard errors √(Σw²(d − mean)²)/Σw of that mean: it holds
/// what another draw of the rows would change as well as what another permutation would. A column that has nothing to
/// do with the answer has a rise of 0 in the mean, whatever the network does with it.
/// </remarks>
/// <param name="Columns">Every column, the most important first.</param>
/// <param name="Loss">With the columns as they are.</param>
/// <param name="Score">Accuracy or R² with the columns as they are.</param>
/// <param name="Rows">Rows measured.</param>
/// <param name="Repetitions">Permutations of each column.</param>
public sealed record PermutationImportance(
    IReadOnlyList<ColumnImportance> Columns, double Loss, double Score, int Rows, int Repetitions)
{
    private const double Normal95 = 1.959963984540054;

    /// <summary>Measures every column.</summary>
    /// <param name="model">Whose.</param>
    /// <param name="source">Data with the columns it was trained on, and the target.</param>
    /// <param name="rows">Which rows; null for all.</param>
    /// <param name="repetitions">Permutations of each column, 1 or more.</param>
    /// <param name="seed">Of the permutations.</param>
    /// <param name="threads">0 for one per core; does not change the result.</param>
    /// <param name="cancellation">Ends it early with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DownhillException">Fewer than 2 rows, no repetition, or other columns.</exception>
    public static PermutationImportance Of(
        Model model, RowSource source, int[]? rows = null, int repetitions = 10, ulong seed = 1, int threads = 0,
        CancellationToken cancellation = default)
    {
        int[] all = rows ?? [.. Enumerable.Range(0, source.Rows)];
        if (all.Length < 2)
            Throw.Input("Importance", "at least 2 rows", $"{all.Length}", "Values must have places to change to.");
        if (repetitions < 1)
            Throw.Input("Importance", "at least 1 repetition", $"{repetitions}", "10 are usual.");
        double[] weights = new double[all.Length], losses = new double[all.Length];
        double score = Measure(model, source, all, losses);
        (float[] numeric, int[] codes, float[] rowWeights) = ReadAll(source, all);
        for (int i = 0; i < all.Length; i++) weights[i] = rowWeights[i];
        IReadOnlyList<Column> columns = source.Inputs;
        ColumnImportance[] results = new ColumnImportance[columns.Count];
        int numbers = columns.Count(c => c.Kind == ColumnKind.Numeric), categories = columns.Count - numbers;
        ParallelOptions cores = new()
        {
            MaxDegreeOfParallelism = Team.SizeOf(threads), CancellationToken = cancellation,
        };
        Parallel.For(0, columns.Count, cores, column =>
        {
            bool isNumeric = columns[column].Kind == ColumnKind.Numeric;
            int place = columns.Take(column).Count(c => c.Kind == columns[column].Kind);
            double[] rises = new double[all.Length], changed = new double[all.Length];
            double fall = 0;
            PermutedColumn permuted = new(source, isNumeric, place);
            for (int repetition = 0; repetition < repetitions; repetition++)
            {
                cancellation.ThrowIfCancellationRequested();
                Permutation order = Order(all.Length, seed, column, columns.Count, repetition);
                for (int i = 0; i < all.Length; i++)
                    if (isNumeric) permuted.Numbers[all[i]] = numeric[order[i] * numbers + place];
                    else permuted.Codes[all[i]] = codes[order[i] * categories + place];
                fall += score - Measure(model, permuted, all, changed);
                for (int i = 0; i < all.Length; i++) rises[i] += (changed[i] - losses[i]) / repetitions;
            }
            results[column] = Summarise(columns[column].Name, rises, weights, fall / repetitions);
        });
        double weightSum = weights.Sum();
        double loss = 0;
        for (int i = 0; i < all.Length; i++) if (weights[i] != 0) loss += weights[i] * losses[i] / weightSum;
        // A stable sort: of two that are worth the same the first comes first.
        return new([.. results.OrderByDescending(r => r.Rise)], loss, score, all.Length, repetitions);
    }

    /// <summary>The rows whose values the rows get: row i that of row order[i].</summary>
    internal static Permutation Order(int rows, ulong seed, int column, int columns, int repetition) =>
        new(rows, seed, (uint)repetition * (uint)columns + (uint)column, RandomStreams.Importance);

    private static ColumnImportance Summarise(string name, double[] rises, double[] weights, double fall)
    {
        double sum = 0, mean = 0, spread = 0;
        for (int i = 0; i < rises.Length; i++)
        {
            if (weights[i] == 0) continue; // as if the row were not there, also where its loss is no number
            sum += weights[i];
            mean += weights[i] * rises[i];
        }
        mean /= sum;
        for (int i = 0; i < rises.Length; i++)
            if (weights[i] != 0) spread += weights[i] * weights[i] * (rises[i] - mean) * (rises[i] - mean);
        double half = Normal95 * Math.Sqrt(spread) / sum;
        return new(name, mean, mean - half, mean + half, fall);
    }

    private static double Measure(Model model, RowSource source, int[] rows, double[] losses) =>
        model.Measure(source, rows, (place, loss, _) => losses[place] = loss).Score;

    private static (float[] Numeric, int[] Codes, float[] Weights) ReadAll(RowSource source, int[] rows)
    {
        int numbers = source.Inputs.Count(c => c.Kind == ColumnKind.Numeric);
        float[] numeric = new float[rows.Length * numbers], weights = new float[rows.Length];
        int[] codes = new int[rows.Length * (source.Inputs.Count - numbers)];
        Target target = source.Target;
        source.Read(rows, numeric, codes, new int[target.IsClass ? rows.Length : 0],
            new float[target.IsClass ? 0 : rows.Length * target.Names.Count], weights);
        return (numeric, codes, weights);
    }

    /// <summary>A source with other values in one column, by row.</summary>
    private sealed class PermutedColumn(RowSource source, bool isNumeric, int place) : RowSource
    {
        private readonly int numbers = source.Inputs.Count(c => c.Kind == ColumnKind.Numeric),
            categories = source.Inputs.Count(c => c.Kind == ColumnKind.Category);

        public float[] Numbers { get; } = new float[isNumeric ? source.Rows : 0];
        public int[] Codes { get; } = new int[isNumeric ? 0 : source.Rows];
        public override int Rows => source.Rows;
        public override IReadOnlyList<Column> Inputs => source.Inputs;
        public override Target Target => source.Target;
        public override bool HasWeights => source.HasWeights;

        public override void Read(ReadOnlySpan<int> rows, Span<float> numeric, Span<int> codes, Span<int> classes,
            Span<float> values, Span<float> weights)
        {
            source.Read(rows, numeric, codes, classes, values, weights);
            for (int i = 0; i < rows.Length; i++)
                if (isNumeric) numeric[i * numbers + place] = Numbers[rows[i]];
                else codes[i * categories + place] = Codes[rows[i]];
        }
    }
}
