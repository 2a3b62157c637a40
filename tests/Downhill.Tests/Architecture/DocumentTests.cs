using System.Text.RegularExpressions;

namespace Downhill.Tests.Architecture;

/// <summary>What the documents promise is there.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Decisions { get; } = new(Repository.Files("docs/adr", "*.md"));

    [Theory, MemberData(nameof(Decisions))]
    public void EachDecisionHasItsFourParts(string path)
    {
        Assert.Matches(@"^docs/adr/\d{4}-[a-z0-9-]+\.md$", path);
        string[] headings = [.. File.ReadLines(Repository.Full(path)).Where(line => line.StartsWith('#'))];
        Assert.StartsWith($"# {Number(path)}. ", headings[0], StringComparison.Ordinal);
        Assert.Equal(["## Context", "## Choice", "## Consequence", "## When to revisit"], headings[1..]);
    }

    [Fact]
    public void DecisionsAreNumberedWithoutGaps()
    {
        int[] numbers = [.. Repository.Files("docs/adr", "*.md").Select(Number)];
        Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);
    }

    [Fact]
    public void ReadmeNamesTheTwoCommandsAndTheyExist()
    {
        string[] lines = Repository.Text("README.md").Split('\n');
        Assert.Contains("dotnet run -c Release --project src/Downhill.Cli -- train", lines);
        Assert.Contains("./test", lines);
        Assert.True(File.Exists(Repository.Full("src/Downhill.Cli/Downhill.Cli.csproj")));
        AssertIsScript("test");
    }

    [Fact]
    public void ContinuousIntegrationRunsTheSameTestCommand()
    {
        AssertIsScript(".ci/run");
        Assert.Contains("./test", Repository.Text(".ci/run"), StringComparison.Ordinal);
    }

    [Fact]
    public void LinksBetweenDocumentsLeadSomewhere() => Assert.Empty(
        from path in Repository.Files(".", "*.md")
        from Match link in RelativeLink().Matches(Repository.Text(path))
        let target = Path.Combine(Path.GetDirectoryName(Repository.Full(path))!, link.Groups[1].Value)
        where !Path.Exists(target)
        select $"{path}: {link.Value}");

    private static int Number(string decision) => int.Parse(Path.GetFileName(decision)[..4]);

    private static void AssertIsScript(string path)
    {
        Assert.StartsWith("#!/usr/bin/env bash\n", Repository.Text(path), StringComparison.Ordinal);
        if (OperatingSystem.IsWindows()) return;
        UnixFileMode mode = File.GetUnixFileMode(Repository.Full(path));
        Assert.True(mode.HasFlag(UnixFileMode.UserExecute), $"{path} is not executable.");
    }

    // [text](path) or ![text](path#part), but no address with a scheme and no place on the same page.
    [GeneratedRegex(@"\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex RelativeLink();
}
