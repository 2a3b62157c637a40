using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Downhill.Data;

/// <summary>Columns as a user names them: names, 1-based numbers, ranges of numbers, separated by commas.</summary>
internal static class ColumnSelection
{
    /// <summary>0-based column numbers in the order in which they were named, each once.</summary>
    /// <param name="path">For the message.</param>
    /// <param name="what">What they are for: "Target", "Ignore" …</param>
    /// <param name="selection">As the user wrote it.</param>
    /// <param name="names">The table's columns.</param>
    /// <exception cref="DownhillException">No such column; the nearest name is suggested.</exception>
    public static int[] Parse(string path, string what, string selection, IReadOnlyList<string> names)
    {
        // A name may hold a comma or look like a range, so the whole text is tried first.
        if (IndexOf(names, selection.Trim()) is >= 0 and int whole) return [whole];
        var columns = new List<int>();
        foreach (string part in selection.Split(',',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IndexOf(names, part) is >= 0 and int named)
            {
                Add(named);
                continue;
            }
            string[] ends = part.Split('-', 2, StringSplitOptions.TrimEntries);
            int last = 0;
            if (!TryIndex(ends[0], out int first) || !TryIndex(ends[^1], out last))
                Unknown(part);
            else if (first < 1 || last > names.Count || first > last)
                Throw.Input($"{path}, {what} '{part}'", $"columns 1 … {names.Count}", $"'{part}'",
                    "Columns are counted from 1.");
            for (int i = first; i <= last; i++) Add(i - 1);
        }
        if (columns.Count == 0) Unknown(selection);
        return [.. columns];

        void Add(int column)
        {
            if (!columns.Contains(column)) columns.Add(column);
        }

        [DoesNotReturn]
        void Unknown(string part) => Throw.Input(
            $"{path}, {what} '{part}'", $"one of the columns {Listed(names)} or a number from 1 to {names.Count}",
            $"'{part}'",
            Suggest.DidYouMean(part, names));
    }

    public static string Listed(IReadOnlyList<string> names) =>
        names.Count <= 12 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(10))}, … {names[^1]}";

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
            if (names[i] == name) return i;
        return -1;
    }

    private static bool TryIndex(string text, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);
}
