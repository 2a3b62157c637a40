namespace Downhill;

/// <summary>Names near to a mistyped one, for the remedy of an error message.</summary>
internal static class Suggest
{
    /// <summary>A sentence for <see cref="Throw.Input(string, string, string, string)"/>: the nearest name, or to check
    /// the spelling.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known) =>
        Nearest(name, known) is { } nearest ? $"Did you mean '{nearest}'?" : "Check the spelling.";

    /// <summary>
    /// The known name that is nearest in edits (one letter more, less, another or two swapped; case and the choice
    /// of <c>_</c>, <c>-</c> or blank do not count), or null when none is near: a third of the shorter name's letters
    /// may differ, and of one or two letters none, for x is no misspelt y; they may be swapped. What is part of a name
    /// (from three letters on) is near too: "spiral" of "playground_spiral", "soft" of "softmax". The first of several
    /// equals.
    /// </summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        string wanted = Fold(name);
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in known)
        {
            string folded = Fold(candidate);
            int distance = Distance(wanted, folded);
            bool isNear = distance <= (Math.Min(wanted.Length, folded.Length) + 1) / 3;
            if (Math.Min(wanted.Length, folded.Length) < 3)
            {
                isNear = wanted.Length > 0 && wanted.Order().SequenceEqual(folded.Order());
            }
            else if (folded.Contains(wanted, StringComparison.Ordinal)
                || wanted.StartsWith(folded, StringComparison.Ordinal))
            {
                (isNear, distance) = (true, Math.Min(distance, 1 + wanted.Length / 3));
            }
            if (isNear && distance < bestDistance) (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    /// <summary>
    /// Edit distance with swaps of neighbours (optimal string alignment). Three rows of the table are kept.
    /// </summary>
    internal static int Distance(string a, string b)
    {
        int[] before = new int[b.Length + 1], last = new int[b.Length + 1], row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(change, 1 + Math.Min(last[j], row[j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }

    private static string Fold(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-' or ' '))).ToLowerInvariant();
}
