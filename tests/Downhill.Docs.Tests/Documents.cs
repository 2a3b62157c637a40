using System.Text.RegularExpressions;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>
/// Documents and the code they show. With DOWNHILL_UPDATE_DOCS=1 the tests write what they would compare with.
/// </summary>
internal static partial class Documents
{
    public static string Root { get; } = FindRoot();

    /// <summary>Whether documents are to be written instead of compared.</summary>
    public static bool Updates => Environment.GetEnvironmentVariable("DOWNHILL_UPDATE_DOCS") == "1";

    /// <summary>Compares a whole document with what it must be.</summary>
    public static void Check(string document, string expected)
    {
        string path = Path.Combine(Root, document);
        if (Updates) File.WriteAllText(path, expected);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == expected,
            $"{document} is out of date: run the tests once with DOWNHILL_UPDATE_DOCS=1 and look at what changed.");
    }

    /// <summary>The document with every marked code block replaced by the code it names.</summary>
    public static string WithCode(string document) => Block().Replace(
        File.ReadAllText(Path.Combine(Root, document)),
        match => $"<!-- {match.Groups[1].Value} -->\n```{match.Groups[2].Value}\n{Code(match.Groups[1].Value)}\n```");

    /// <summary>Writes what a document must be, where that is wanted.</summary>
    /// <returns>Whether it was.</returns>
    public static bool Update(string document, string text)
    {
        if (Updates) File.WriteAllText(Path.Combine(Root, document), text);
        return Updates;
    }

    /// <summary>A file without its usings and namespace where it has one, or the lines between "// begin name" and "//
    /// end name".</summary>
    private static string Code(string place)
    {
        string[] parts = place.Split('#');
        string[] lines = File.ReadAllLines(Path.Combine(Root, parts[0]));
        int first = Array.FindIndex(lines, l => l.StartsWith("namespace", StringComparison.Ordinal)) + 1;
        IEnumerable<string> chosen = parts.Length == 1
            ? lines.Skip(first).SkipWhile(l => l.Length == 0)
            : lines.SkipWhile(l => l.Trim() != $"// begin {parts[1]}").Skip(1)
            .TakeWhile(l => l.Trim() != $"// end {parts[1]}");
        string[] code = [.. chosen];
        int indent = code.Where(l => l.Trim().Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', code.Select(l => l.Length >= indent ? l[indent..] : l)).TrimEnd();
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Downhill.slnx"))) folder =
            folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests must run inside the repository.");
    }

    [GeneratedRegex("<!-- ((?:tests|examples)/[^ ]+) -->\n```(\\w+)\n.*?\n?```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
