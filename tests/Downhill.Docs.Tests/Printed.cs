using System.Text;
using System.Text.RegularExpressions;

namespace Downhill.Docs.Tests;

/// <summary>
/// What a document says that something prints. A line that is only "…" stands for any lines, "…" within a line for
/// anything on it; blanks at the ends of lines do not count.
/// </summary>
internal static partial class Printed
{
    private const string Anything = "…";

    public static bool Is(string expected, string printed) => Matches(Lines(expected), Lines(printed), line => line);

    /// <summary>
    /// The expectation with what was printed in it, and "…" where it stood: lines are found again by what they are
    /// without their numbers. Null where lines came or went; then somebody has to look.
    /// </summary>
    public static string? Renewed(string expected, string printed)
    {
        string[] pattern = Lines(expected), lines = Lines(printed);
        if (!pattern.Any(l => l.Contains(Anything, StringComparison.Ordinal))) return string.Join('\n', lines) + "\n";
        int[]? places = Match(pattern, lines, Numberless);
        if (places is null) return null;
        StringBuilder text = new();
        for (int i = 0; i < pattern.Length; i++)
            text.Append(pattern[i].Contains(Anything, StringComparison.Ordinal) ? pattern[i] : lines[places[i]])
                .Append('\n');
        return text.ToString();
    }

    private static bool Matches(string[] pattern, string[] lines, Func<string, string> form) =>
        Match(pattern, lines, form) is not null;

    /// <summary>For each line of the pattern the line that it is, or null where they do not fit.</summary>
    private static int[]? Match(string[] pattern, string[] lines, Func<string, string> form)
    {
        int[] places = new int[pattern.Length];
        return From(0, 0) ? places : null;

        bool From(int p, int l)
        {
            if (p == pattern.Length) return l == lines.Length;
            places[p] = l;
            if (pattern[p] == Anything)
            {
                for (int skip = lines.Length; skip >= l; skip--)
                    if (From(p + 1, skip)) return true;
                return false;
            }
            return l < lines.Length && Fits(form(pattern[p]), form(lines[l])) && From(p + 1, l + 1);
        }
    }

    private static bool Fits(string pattern, string line) => pattern == line
        || (pattern.Contains(Anything, StringComparison.Ordinal) && Regex.IsMatch(
            line, $"^{Regex.Escape(pattern).Replace(Anything, ".*", StringComparison.Ordinal)}$",
                RegexOptions.Singleline));

    private static string[] Lines(string text) =>
        [.. text.TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    private static string Numberless(string line) => Blanks().Replace(Number().Replace(line, "0"), " ");

    [GeneratedRegex(@"[\d·][\d.,]*(E[-+]?\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();
}
