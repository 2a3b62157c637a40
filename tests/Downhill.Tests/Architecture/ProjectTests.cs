using System.Xml.Linq;

namespace Downhill.Tests.Architecture;

/// <summary>Who may know whom: references point one way; the engine knows only the base class library.</summary>
public sealed class ProjectTests
{
    /// <summary>What each project under src may refer to, directly.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Downhill"] = [],
        ["Downhill.Data"] = ["Downhill"],
        ["Downhill.Data.Parquet"] = ["Downhill", "Downhill.Data"],
        ["Downhill.Onnx"] = ["Downhill"],
        ["Downhill.MLNet"] = ["Downhill", "Downhill.Onnx"],
        ["Downhill.Mpi"] = ["Downhill"],
        ["Downhill.Playground"] = ["Downhill", "Downhill.Data", "Downhill.Onnx"],
        ["Downhill.Playground.Wasm"] = ["Downhill.Playground"],
        ["Downhill.Playground.Server"] = ["Downhill.Playground"],
        ["Downhill.Cli"] =
        [
            "Downhill", "Downhill.Data", "Downhill.Data.Parquet", "Downhill.Onnx", "Downhill.MLNet", "Downhill.Mpi",
            "Downhill.Playground", "Downhill.Playground.Server",
        ],
    };

    public static TheoryData<string> SourceProjects { get; } = new(Repository.Files("src", "*.csproj"));

    [Theory, MemberData(nameof(SourceProjects))]
    public void ReferencesPointOneWay(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(Allowed.TryGetValue(name, out string[]? allowed), $"{project} has no line in {nameof(Allowed)}.");
        string[] references = [.. Included(project, "ProjectReference").Select(path =>
            Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))];
        Assert.Empty(references.Except(allowed));
    }

    [Fact]
    public void EngineAsksForNoPackage()
    {
        const string Engine = "src/Downhill/Downhill.csproj";
        Assert.Empty(Included(Engine, "PackageReference"));
        Assert.Empty(Included(Engine, "FrameworkReference"));
        Assert.Empty(Included(Engine, "Reference"));
    }

    [Fact]
    public void EngineRefersOnlyToTheBaseClassLibrary()
    {
        string baseClassLibrary = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Assert.All(typeof(Dataset).Assembly.GetReferencedAssemblies(), reference =>
            Assert.True(File.Exists(Path.Combine(baseClassLibrary, $"{reference.Name}.dll")), reference.Name));
    }

    [Theory, InlineData("Downhill"), InlineData("Downhill.Data"), InlineData("Downhill.Onnx")]
    public void LibraryIsCheckedForTrimmingAndNativeCode(string library) => Assert.Contains(
        "<IsAotCompatible>true</IsAotCompatible>", Repository.Text($"src/{library}/{library}.csproj"),
        StringComparison.Ordinal);

    [Fact]
    public void EveryPackageHasItsLineInDependencies()
    {
        string[] lines = File.ReadAllLines(Repository.Full("docs/DEPENDENCIES.md"));
        Assert.All(XDocument.Load(Repository.Full("Directory.Packages.props")).Descendants("PackageVersion"), package =>
        {
            string start = $"| {package.Attribute("Include")!.Value} | {package.Attribute("Version")!.Value} |";
            Assert.Contains(lines, line => line.StartsWith(start, StringComparison.Ordinal));
        });
    }

    /// <summary>The analyzer takes part where the files are: without them a library's API would change
    /// unseen.</summary>
    [Fact]
    public void WhatEveryPackedLibraryLetsOthersCallIsWrittenDown()
    {
        string[] libraries = [.. Repository.Files("src", "*.csproj").Where(project =>
            !Repository.Text(project).Contains("<IsPackable>false<", StringComparison.Ordinal)
            && !Repository.Text(project).Contains("<OutputType>Exe<", StringComparison.Ordinal))];
        Assert.NotEmpty(libraries);
        Assert.All(libraries, project =>
        {
            string[] written = [.. Repository.Files(Path.GetDirectoryName(project)!, "PublicAPI.*.txt").Order()];
            Assert.Equal(["PublicAPI.Shipped.txt", "PublicAPI.Unshipped.txt"], written.Select(Path.GetFileName));
            Assert.Contains(written.SelectMany(file => Repository.Text(file).Split('\n')),
                line => line.Contains("->", StringComparison.Ordinal));
        });
        Assert.Contains("Microsoft.CodeAnalysis.PublicApiAnalyzers",
            Included("src/Directory.Build.props", "PackageReference"));
    }

    [Fact]
    public void EveryProjectIsInTheSolutionOrIsAnAppThatTheTestCommandPublishes()
    {
        string solution = Repository.Text("Downhill.slnx");
        string test = Repository.Text("test");
        Assert.All(Repository.Files(".", "*.csproj"), project =>
            Assert.True(
                solution.Contains(project, StringComparison.Ordinal)
                || test.Contains(Path.GetFileNameWithoutExtension(project), StringComparison.Ordinal), project));
    }

    private static IEnumerable<string> Included(string project, string item) =>
        XDocument.Load(Repository.Full(project)).Descendants(item)
            .Select(element => element.Attribute("Include")?.Value).OfType<string>();
}
