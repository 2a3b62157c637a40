namespace Downhill;

/// <summary>
/// Deals rows with several labels to folds: iterative stratification (Sechidis, Tsoumakas, Vlahavas, On the
/// Stratification of Multi-label Data, ECML PKDD 2011, algorithm 1). The rarest label goes first, as its rows can least
/// be made up for; each of its rows goes where the label is wanted most, of several such folds to the one that wants
/// most rows, of several of these to one by chance. Rows without any label fill up what is left. No fold stays empty.
/// </summary>
internal static class LabelFolds
{
    /// <param name="values">[N, labels], 1 where the row has the label.</param>
    /// <param name="labels">Labels per row, at least 1.</param>
    /// <param name="folds">2 … N.</param>
    /// <param name="seed">Another seed, other folds.</param>
    /// <returns>The rows of each fold, in the order in which they were dealt.</returns>
    public static List<int>[] Deal(ReadOnlySpan<float> values, int labels, int folds, ulong seed)
    {
        int rows = values.Length / labels;
        int[] order = new int[rows]; // among rows of a label as well as between folds chance is that of this order
        new Permutation(rows, seed, 0, RandomStreams.Split).Fill(0, order);
        int[] left = new int[labels]; // rows of the label that are not dealt yet
        for (int i = 0; i < values.Length; i++) left[i % labels] += values[i] == 1 ? 1 : 0;
        double[] wantedRows = new double[folds];
        double[] wanted = new double[labels * folds];
        Array.Fill(wantedRows, (double)rows / folds);
        for (int l = 0; l < labels; l++) Array.Fill(wanted, (double)left[l] / folds, l * folds, folds);

        List<int>[] dealt = [.. Enumerable.Range(0, folds).Select(_ => new List<int>())];
        bool[] isDealt = new bool[rows];
        for (int label = Rarest(left); label >= 0; label = Rarest(left))
            foreach (int row in order)
                if (!isDealt[row] && values[row * labels + label] == 1)
                    Give(values, row, wanted.AsSpan(label * folds, folds));
        foreach (int row in order)
            if (!isDealt[row]) Give(values, row, wantedRows);
        return dealt;

        void Give(ReadOnlySpan<float> values, int row, ReadOnlySpan<double> wants)
        {
            int begin = order[row] % folds, fold = begin;
            for (int i = 1; i < folds; i++)
            {
                int other = (begin + i) % folds;
                if (wants[other] > wants[fold] || (wants[other] == wants[fold] && wantedRows[other] > wantedRows[fold]))
                    fold = other;
            }
            dealt[fold].Add(row);
            isDealt[row] = true;
            wantedRows[fold]--;
            for (int l = 0; l < labels; l++)
            {
                if (values[row * labels + l] != 1) continue;
                left[l]--;
                wanted[l * folds + fold]--;
            }
        }
    }

    /// <summary>The label with the fewest rows left, but some; −1 when all are dealt.</summary>
    private static int Rarest(int[] left)
    {
        int rarest = -1;
        for (int l = 0; l < left.Length; l++)
            if (left[l] > 0 && (rarest < 0 || left[l] < left[rarest])) rarest = l;
        return rarest;
    }
}
