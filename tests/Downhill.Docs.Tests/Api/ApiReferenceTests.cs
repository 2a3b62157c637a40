using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Downhill.Docs.Tests.Api;

/// <summary>docs/api is made from the code.</summary>
public sealed partial class ApiReferenceTests
{
    private const int MostBytes = 400_000;

    private static readonly IReadOnlyDictionary<string, string> Pages = ApiReference.Make();

    public static TheoryData<string> Names { get; } = [.. Pages.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Names))]
    public void ThePageIsThatOfTheCode(string name)
    {
        Directory.CreateDirectory(Path.Combine(Documents.Root, "docs/api"));
        Documents.Check($"docs/api/{name}", Pages[name]);
    }

    [Fact]
    public void NoPageIsLeftOver()
    {
        string[] left = [.. Page.In("docs/api").Where(path => !Pages.ContainsKey(Path.GetFileName(path)))];
        if (Documents.Updates)
            foreach (string path in left) File.Delete(Path.Combine(Documents.Root, path));
        else Assert.Empty(left);
    }

    [Fact]
    public void EveryPackageIsInIt()
    {
        string[] packages =
        [
            .. Directory.EnumerateFiles(Path.Combine(Documents.Root, "src"), "*.csproj", SearchOption.AllDirectories)
                .Where(file => XDocument.Load(file) is var project
                    && !project.Descendants("IsPackable").Any(e => e.Value == "false")
                    && !project.Descendants("OutputType").Any())
                .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(packages);
        Assert.Equal(packages, ApiReference.Assemblies.Select(a => a.GetName().Name));
    }

    [Fact]
    public void ItStaysReadable() =>
        Assert.InRange(Pages.Values.Sum(System.Text.Encoding.UTF8.GetByteCount), 1, MostBytes);

    /// <summary>Documentation is found under the names that the compiler gave it, not just next to it.</summary>
    [Theory]
    [InlineData("models.md", "- `static FitResult Fit(Dataset data, FitOptions? options = null)`  \n  Trains a model "
        + "on data.\n"
        + "  - throws `DownhillException`: Data or options that do not make sense.\n")]
    [InlineData("models.md", "- `void Predict(ReadOnlySpan<float> row, Span<float> outputs, ReadOnlySpan"
        + "<int> codes = default)`  \n"
        + "  The network's outputs for one raw row")]
    [InlineData("models.md", "- `IReadOnlyList<int>? Hidden { get; init; }`  \n  Widths of the hidden layers;")]
    [InlineData("data.md", "```csharp\npublic sealed record Column\n```\n\nOne raw input column.\n\n")]
    [InlineData("data.md", "- `ColumnKind Kind { get; init; }`  \n  Numbers or categories.\n")]
    [InlineData("kernels.md", "public interface ISimd<V, T> where V : struct where T : unmanaged, "
        + "IBinaryFloatingPointIeee754<T>")]
    [InlineData("networks.md", "public sealed class TrainSession<T> : IDisposable where T : unmanaged, ")]
    public void SignaturesAndWordsComeTogether(string page, string text) =>
        Assert.Contains(text, Pages[page], StringComparison.Ordinal);

    [Fact]
    public void LinksLeadToHeadings() => Assert.Empty(
        from page in Pages
        from Match link in Link().Matches(page.Value)
        let target = link.Groups["page"].Value
        let anchor = link.Groups["anchor"].Value
        where !Heading().Matches(Pages[target]).Any(heading =>
            NoLetter().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-') == anchor)
        select $"{page.Key}: {link.Value}");

    [GeneratedRegex(@"\]\((?<page>[\w.]+\.md)#(?<anchor>[^)]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^## (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NoLetter();
}
