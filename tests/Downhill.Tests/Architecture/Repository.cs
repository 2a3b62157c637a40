using System.Text.RegularExpressions;

namespace Downhill.Tests.Architecture;

/// <summary>The working tree that these tests were built from, as text.</summary>
internal static partial class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Paths of all files under the folder, relative to the root, with '/' between parts, sorted.</summary>
    /// <remarks>What builds write (artifacts, bin, obj, node_modules) and git's own folder are left out.</remarks>
    public static IReadOnlyList<string> Files(string folder = ".", string pattern = "*")
    {
        string start = Path.Combine(Root, folder);
        if (!Directory.Exists(start)) return [];
        return [.. Directory.EnumerateFiles(start, pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => path != ".git" && !path.Split('/')[..^1].Any(IsBuilt)) // .git of a worktree is a file
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>Path of a file from its path relative to the root.</summary>
    public static string Full(string path) => Path.Combine(Root, path);

    /// <summary>The file's text.</summary>
    public static string Text(string path) => File.ReadAllText(Full(path));

    /// <summary>Whether the file is text: no zero byte in its first part.</summary>
    public static bool IsText(string path)
    {
        using FileStream stream = File.OpenRead(Full(path));
        Span<byte> start = stackalloc byte[4096];
        return !start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)].Contains((byte)0);
    }

    /// <summary>C# without its comments and the contents of its strings; line numbers stay.</summary>
    public static string Code(string source) => CommentOrString().Replace(source, match =>
        new string('\n', match.Value.Count(c => c == '\n')));

    /// <summary>"file:line: text" for each match of the pattern, for messages.</summary>
    public static IEnumerable<string> Matches(string path, string text, Regex pattern) =>
        pattern.Matches(text).Select(match =>
            $"{path}:{1 + text.AsSpan(0, match.Index).Count('\n')}: {match.Value}");

    private static bool IsBuilt(string folder) =>
        folder is "artifacts" or "bin" or "obj" or "node_modules" or ".git" or ".vs" or "TestResults";

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Downhill.slnx")))
            folder = folder.Parent;
        return folder?.FullName
            ?? throw new InvalidOperationException($"No Downhill.slnx above '{AppContext.BaseDirectory}'.");
    }

    // Raw strings first, then verbatim and ordinary ones, characters and the two kinds of comment.
    [GeneratedRegex("""""
        "{3}[\s\S]*?"{3}|\$?@\$?"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.[^'\n]*)'|//[^\n]*|/\*[\s\S]*?\*/
        """"")]
    private static partial Regex CommentOrString();
}
