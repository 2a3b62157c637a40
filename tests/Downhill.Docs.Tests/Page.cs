using System.Text.RegularExpressions;

namespace Downhill.Docs.Tests;

/// <summary>A fenced block of a document.</summary>
/// <param name="Language">After the opening fence, "" for none.</param>
/// <param name="Mark">What a comment on the line before the fence says, "" for none: where the code is from
/// (<c>examples/digits/Program.cs</c>), or the name of the file that the block is (<c>ask.c</c>).</param>
/// <param name="Text">Without the fences, each line with its end.</param>
/// <param name="Start">Where the text begins in the document.</param>
internal sealed record Block(string Language, string Mark, string Text, int Start)
{
    public string FirstLine => Text.Split('\n')[0];

    /// <summary>Whether the code is that of a file of the repository.</summary>
    public bool IsQuoted => Mark.Contains('/', StringComparison.Ordinal);
}

/// <summary>A document and its blocks.</summary>
internal sealed partial record Page(string Path, string Text)
{
    public IReadOnlyList<Block> Blocks { get; } =
    [
        .. Fence().Matches(Text).Select(m =>
            new Block(m.Groups["language"].Value, m.Groups["mark"].Value, m.Groups["text"].Value,
                m.Groups["text"].Index)),
    ];

    public static Page Read(string path) => new(path, File.ReadAllText(System.IO.Path.Combine(Documents.Root, path)));

    /// <summary>Documents of a folder, by their path in the repository.</summary>
    public static IEnumerable<string> In(string folder, SearchOption depth = SearchOption.TopDirectoryOnly) =>
        Directory.EnumerateFiles(System.IO.Path.Combine(Documents.Root, folder), "*.md", depth)
            .Select(file => System.IO.Path.GetRelativePath(Documents.Root, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    [GeneratedRegex(
        @"(?:^<!-- (?<mark>[^ \n]+) -->\n)?^```(?<language>\w*)\n(?<text>(?:(?!```).*\n)*?)```$",
            RegexOptions.Multiline)]
    private static partial Regex Fence();
}
