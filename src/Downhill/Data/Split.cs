namespace Downhill;

/// <summary>
/// Which rows train and which are held out. A function of the seed, the fraction (or number of folds) and the classes
/// alone: the rows' order within a part is the data's own.
/// </summary>
/// <param name="Training">Row numbers, ascending.</param>
/// <param name="Test">Row numbers, ascending.</param>
public sealed record Split(int[] Training, int[] Test)
{
    /// <summary>Holds out a fraction of a set's rows: stratified for classes, plain for numbers.</summary>
    /// <param name="data">The whole set; its own test part is not looked at.</param>
    /// <param name="fraction">Held-out part, above 0 and below 1.</param>
    /// <param name="seed">Another seed, other rows.</param>
    /// <exception cref="DownhillException">A fraction outside that range, or fewer than two rows.</exception>
    public static Split HoldOut(Dataset data, double fraction, ulong seed) =>
        data.Target.IsClass
            ? HoldOut(data.Classes, data.Target.Classes.Count, fraction, seed)
            : HoldOut(data.Rows, fraction, seed);

    /// <summary>Holds out round(fraction · rows) rows, at least one, drawn without regard to anything.</summary>
    public static Split HoldOut(int rows, double fraction, ulong seed)
    {
        int held = HeldOut(rows, fraction);
        int[] test = new int[held];
        new Permutation(rows, seed, 0, RandomStreams.Split).Fill(0, test);
        return FromTest(rows, test);
    }

    /// <summary>
    /// Holds out round(fraction · rows) rows so that every class has its share (largest remainders; of equal ones the
    /// lower class first). At least one row of every class stays for training, which can make the part smaller.
    /// </summary>
    /// <param name="classes">[N] class codes.</param>
    /// <param name="classCount">Number of classes; some may have no row.</param>
    /// <param name="fraction">Held-out part, above 0 and below 1.</param>
    /// <param name="seed">Another seed, other rows.</param>
    public static Split HoldOut(ReadOnlySpan<int> classes, int classCount, double fraction, ulong seed)
    {
        int total = HeldOut(classes.Length, fraction), left = total;
        int[][] members = Members(classes, classCount);
        int[] share = new int[classCount];
        double[] remainder = new double[classCount];
        for (int c = 0; c < classCount; c++)
        {
            double quota = (double)total * members[c].Length / classes.Length;
            share[c] = Math.Min((int)quota, Math.Max(0, members[c].Length - 1));
            remainder[c] = quota - share[c];
            left -= share[c];
        }
        while (left > 0)
        {
            int best = -1;
            for (int c = 0; c < classCount; c++)
                if (share[c] < members[c].Length - 1 && (best < 0 || remainder[c] > remainder[best])) best = c;
            if (best < 0) break;
            share[best]++;
            remainder[best]--;
            left--;
        }
        var test = new List<int>();
        for (int c = 0; c < classCount; c++)
        {
            var order = ClassOrder(members[c].Length, seed, c);
            for (int i = 0; i < share[c]; i++) test.Add(members[c][order[i]]);
        }
        return FromTest(classes.Length, [.. test]);
    }

    /// <summary>
    /// Cross-validation: every row is in the test part of exactly one fold. Stratified for classes, and for several
    /// labels label by label (iterative stratification, Sechidis et al. 2011), where folds can differ by some rows in
    /// size.
    /// </summary>
    /// <returns>One split per fold.</returns>
    /// <exception cref="DownhillException">Fewer than 2 folds or more folds than rows.</exception>
    public static Split[] Folds(Dataset data, int folds, ulong seed)
    {
        if (data.Target.IsClass) return Folds(data.Classes, data.Target.Classes.Count, folds, seed);
        if (!data.Target.IsMultiLabel) return Folds(new int[data.Rows], 1, folds, seed);
        CheckFolds(folds, data.Rows);
        List<int>[] tests = LabelFolds.Deal(data.Values, data.Target.Names.Count, folds, seed);
        return [.. tests.Select(test => FromTest(data.Rows, [.. test]))];
    }

    /// <summary>
    /// The rows of a class, in random order, are dealt to the folds by turns, each class beginning where the one
    /// before ended: folds differ by at most one row in size and in every class.
    /// </summary>
    public static Split[] Folds(ReadOnlySpan<int> classes, int classCount, int folds, ulong seed)
    {
        CheckFolds(folds, classes.Length);
        int[][] members = Members(classes, classCount);
        var tests = new List<int>[folds];
        for (int f = 0; f < folds; f++) tests[f] = [];
        int next = 0;
        for (int c = 0; c < classCount; c++)
        {
            var order = ClassOrder(members[c].Length, seed, c);
            for (int i = 0; i < members[c].Length; i++, next = (next + 1) % folds)
                tests[next].Add(members[c][order[i]]);
        }
        var splits = new Split[folds];
        for (int f = 0; f < folds; f++) splits[f] = FromTest(classes.Length, [.. tests[f]]);
        return splits;
    }

    /// <summary>The split whose test part is given; the rest trains.</summary>
    /// <param name="rows">Number of rows in all.</param>
    /// <param name="test">0-based row numbers in any order.</param>
    /// <exception cref="DownhillException">A row number out of range or given twice, or nothing left to train
    /// on.</exception>
    public static Split FromTest(int rows, int[] test)
    {
        bool[] held = new bool[rows];
        foreach (int row in test)
        {
            if ((uint)row >= (uint)rows)
                Throw.Input("Test part", $"row numbers 0 … {rows - 1}", $"{row}", "Rows are counted from 0.");
            if (held[row])
                Throw.Input("Test part", "every row number once", $"{row} twice", "Remove the repeated number.");
            held[row] = true;
        }
        if (test.Length == rows)
            Throw.Input("Test part", $"fewer than all {rows} rows", $"{rows}", "Leave rows for training.");
        int[] ascending = [.. test];
        Array.Sort(ascending);
        int[] training = new int[rows - test.Length];
        for (int row = 0, i = 0; row < rows; row++)
            if (!held[row]) training[i++] = row;
        return new Split(training, ascending);
    }

    // Each class draws from a stream of its own, so adding a class does not change what is drawn for the others.
    private static Permutation ClassOrder(int count, ulong seed, int code) =>
        new(count, seed, (uint)code + 1, RandomStreams.Split);

    private static void CheckFolds(int folds, int rows)
    {
        if (folds < 2 || folds > rows)
            Throw.Input("Folds", $"2 … {rows} for {rows} rows", $"{folds}", "Choose another number of folds.");
    }

    private static int HeldOut(int rows, double fraction)
    {
        if (!(fraction > 0 && fraction < 1))
            Throw.Input("Held-out part", "a fraction above 0 and below 1", Numbers.Text(fraction),
                "Say 0.2 for a fifth.");
        if (rows < 2)
            Throw.Input("Held-out part", "at least 2 rows to split", $"{rows}",
                "Give more data or a test set of its own.");
        return (int)Math.Clamp(Math.Floor(fraction * rows + 0.5), 1, rows - 1);
    }

    private static int[][] Members(ReadOnlySpan<int> classes, int classCount)
    {
        int[] counts = new int[classCount];
        foreach (int code in classes) counts[code]++;
        int[][] members = new int[classCount][];
        for (int c = 0; c < classCount; c++) members[c] = new int[counts[c]];
        Array.Clear(counts);
        for (int row = 0; row < classes.Length; row++)
        {
            int code = classes[row];
            members[code][counts[code]++] = row;
        }
        return members;
    }
}
