using System.Runtime.CompilerServices;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>The README of a package shows the code that a test runs: the lines between two comments "// README" and the
/// package's name, after the usings.</summary>
internal static class PackageReadme
{
    /// <summary>Compares the README's one block in C# with the code of the calling file.</summary>
    public static void ShowsTheCodeHere(string package, [CallerFilePath] string file = "")
    {
        string source = File.ReadAllText(file);
        string[] code = [.. source.Split($"// README {package}\n")[1].Split('\n').Select(line => line.Trim())];
        string readme = File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, "../../src", package, "README.md"));
        string[] blocks = readme.Split("```csharp\n");
        Assert.Equal(2, blocks.Length);
        string[] shown = [.. blocks[1].Split("```\n")[0].Split('\n').Select(line => line.Trim())];
        string[] usings = [.. shown.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal))];
        Assert.Equal("", shown[usings.Length]);
        Assert.Equal(code, shown[(usings.Length + 1)..]);
        // The tests' own namespace brings those around it along.
        Assert.All(usings, line => Assert.True(source.Contains(line, StringComparison.Ordinal)
            || source.Contains($"namespace {line["using ".Length..^1]}.", StringComparison.Ordinal), line));
    }
}

/// <summary>An empty folder as the current one: READMEs name files without one.</summary>
internal sealed class EmptyFolder : IDisposable
{
    private readonly string before = Directory.GetCurrentDirectory();
    private readonly string folder = Directory.CreateTempSubdirectory("downhill-readme").FullName;

    public EmptyFolder() => Directory.SetCurrentDirectory(folder);

    public void Dispose()
    {
        Directory.SetCurrentDirectory(before);
        Directory.Delete(folder, recursive: true);
    }
}
