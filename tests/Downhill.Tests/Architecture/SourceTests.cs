using System.Globalization;
using System.Text.RegularExpressions;

namespace Downhill.Tests.Architecture;

/// <summary>House rules that a search can prove.</summary>
public sealed partial class SourceTests
{
    private static readonly string[] EngineFiles = [.. Repository.Files("src/Downhill", "*.cs")];

    [Fact]
    public void OnlyKernelsSayVector() => AssertNone(
        Repository.Files("src", "*.cs")
            .Where(path => !path.StartsWith("src/Downhill/Kernels/", StringComparison.Ordinal)),
        VectorType(), codeOnly: true);

    /// <summary>Their bits differ between platforms; <c>PortableMath</c> has our own.</summary>
    [Fact]
    public void EngineNeverCallsThePlatformsTranscendentals() =>
        AssertNone(EngineFiles, PlatformMathematics(), codeOnly: true);

    /// <summary>
    /// Random numbers are a function of the seed, and nothing depends on the time of day; only the clean-up of
    /// unfinished files asks how old they are.
    /// </summary>
    [Fact]
    public void EngineTakesNothingFromOutside() => AssertNone(
        EngineFiles.Where(path => path != "src/Downhill/Files/AtomicFile.cs"), Outside(), codeOnly: true);

    [Fact]
    public void FileNamesSayWhatIsInside() =>
        Assert.DoesNotContain(Repository.Files(), path => EmptyName().IsMatch(Path.GetFileName(path)));

    [Fact]
    public void NoFileNamesAPathOfOneMachineOrAPackageHost() =>
        AssertNone(Repository.Files().Where(Repository.IsText), MachinePathOrPackageHost(), codeOnly: false);

    /// <summary>
    /// Sylvan.Data.Csv's <c>CsvDataReader.GetFieldType</c> lacks an annotation (IL2093, which the tool's native build
    /// is told to pass over): that the members of the type it gives may be asked for. A CSV file is read by field,
    /// never asked for types, and the type of another reader's field is compared and no more.
    /// </summary>
    [Fact]
    public void NobodyAsksAFieldsTypeForItsMembers()
    {
        Assert.Equal(["src/Downhill.Data.Parquet/ParquetRows.cs", "src/Downhill.Data/DatabaseSource.cs"],
            With("GetFieldType"));
        Assert.Equal(["src/Downhill.Cli/Serve/ScoringRows.cs", "src/Downhill.Data/CsvSource.cs"],
            With("CsvDataReader"));
        Assert.DoesNotMatch(@"\b[tT]ypes?(\[\w+\])?!?\??\.Get",
            Repository.Code(Repository.Text("src/Downhill.Data/DatabaseSource.cs")));

        static IEnumerable<string> With(string name) => Repository.Files("src", "*.cs").Where(path =>
            Repository.Code(Repository.Text(path)).Contains(name, StringComparison.Ordinal));
    }

    /// <summary>Breaking a raw text would change it. 'eng/wrap' breaks the rest.</summary>
    [Fact]
    public void LinesOfCodeHaveAtMost120Columns() => Assert.Empty(Repository.Files(".", "*.cs").SelectMany(path =>
        RawText().Replace(Repository.Text(path), text => new string('\n', text.Value.Count(c => c == '\n'))).Split('\n')
            .Select((line, number) => (Where: $"{path}:{number + 1}",
                Columns: new StringInfo(line).LengthInTextElements))
            .Where(line => line.Columns > 120)));

    [Theory]
    [InlineData("Vector128<float> v;", true)]
    [InlineData("if (Vector512.IsHardwareAccelerated)", true)]
    [InlineData("Vector<float> v;", true)]
    [InlineData("VectorMath.Exp(x) // Vector128<float>", false)]
    [InlineData("string s = \"Vector128<float>\"; /* Vector<T> */", false)]
    public void SearchForVectorsFindsTypesAndNothingElse(string source, bool found) =>
        Assert.Equal(found, VectorType().IsMatch(Repository.Code(source)));

    [Theory]
    [InlineData("double y = Math.Exp(x);", true)]
    [InlineData("float y = MathF.Tanh(x);", true)]
    [InlineData("T y = T.Log(x);", true)]
    [InlineData("Vector128.Exp(v)", true)]
    [InlineData("double y = PortableMath.Exp(x) + Math.Sqrt(x) + Math.Max(x, 1);", false)]
    [InlineData("// Math.Exp(x) would differ by platform", false)]
    public void SearchForPlatformMathematicsFindsCallsAndNothingElse(string source, bool found) =>
        Assert.Equal(found, PlatformMathematics().IsMatch(Repository.Code(source)));

    private static void AssertNone(IEnumerable<string> paths, Regex pattern, bool codeOnly)
    {
        string[] files = [.. paths];
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(path =>
        {
            string text = Repository.Text(path);
            return Repository.Matches(path, codeOnly ? Repository.Code(text) : text, pattern);
        }));
    }

    [GeneratedRegex("\"{3}[\\s\\S]*?\"{3}")]
    private static partial Regex RawText();

    [GeneratedRegex(@"\bVector(64|128|256|512)?[<.]|\bSystem\.Runtime\.Intrinsics\b")]
    private static partial Regex VectorType();

    [GeneratedRegex(
        @"\b(MathF?|float|double|Single|Double|T|Vector(64|128|256|512)?)" +
        @"\.(Exp\w*|Log\w*|A?(Sin|Cos|Tan)(h|Pi|Cos\w*)?|Atan2\w*|Pow|Cbrt|RootN|Hypot)\(")]
    private static partial Regex PlatformMathematics();

    [GeneratedRegex(@"\bRandom\.Shared\b|\bnew (System\.)?Random\(|\bDateTime(Offset)?\.(Utc)?Now\b|\bGuid\.NewGuid\b")]
    private static partial Regex Outside();

    [GeneratedRegex(@"(Helper|Manager|Provider|Impl|Util|Utility|Utilities)s?(?![a-z])")]
    private static partial Regex EmptyName();

    // "[/]" keeps this very line from matching.
    [GeneratedRegex(
        @"(?<![\w.:~-])[/](work|home|root|Users)/" +
        @"|/[/][a-z0-9.-]*(nuget|npm)[a-z0-9.-]*[/]|""resolved"": *""http")]
    private static partial Regex MachinePathOrPackageHost();
}
