using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>What real text tables bring is refused in the words of docs/CSV.md, or treated as it says there.</summary>
public sealed class HardTableTests : IDisposable
{
    private const string Begin = "<!-- begin of what the tests check -->\n",
        End = "<!-- end of what the tests check -->\n";

    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private static string Page([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "docs", "CSV.md"));

    public static IEnumerable<TheoryDataRow<string>> Cases =>
        HardTables.All.Select(t => new TheoryDataRow<string>(t.Brings));

    [Theory, MemberData(nameof(Cases))]
    public void IsTreatedAsThePageSays(string brings)
    {
        HardTable table = HardTables.All.Single(t => t.Brings == brings);
        string path = Path.Combine(scratch.Folder, table.Name);
        File.WriteAllBytes(path, table.Bytes);
        DataReading Read()
        {
            if (table.ModelOf is null) return CsvReader.Read(path, table.Options);
            Dataset train = CsvReader.Read(scratch.Text("train.csv", table.ModelOf)).Data;
            return CsvReader.Read(path, train.Inputs, train.Target, needTarget: false, table.Options);
        }
        if (table.Message is null) Assert.True(table.Holds(Read()), brings);
        else Assert.Equal(table.Message, Assert.Throws<DownhillException>(Read).Message
            .Replace(scratch.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal));
    }

    [Fact]
    public void ThePageListsThemAll()
    {
        string page = Page();
        StringBuilder expected = new("| the file brings | refused with |\n|---|---|\n");
        foreach (HardTable table in HardTables.All)
            if (table.Message is not null) expected.Append(
                $"| {table.Brings} | `{table.Message.Replace("|", "\\|", StringComparison.Ordinal)}` |\n");
        expected.Append("\n| the file brings | what is made of it |\n|---|---|\n");
        foreach (HardTable table in HardTables.All)
            if (table.Message is null) expected.Append($"| {table.Brings} | {table.Treatment} |\n");
        string text = File.ReadAllText(page);
        int from = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int to = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= Begin.Length && to >= from, "docs/CSV.md has lost its marks");
        if (Environment.GetEnvironmentVariable("DOWNHILL_UPDATE_DOCS") == "1")
            File.WriteAllText(page, text = text[..from] + expected + text[to..]);
        to = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(text[from..to] == expected.ToString(),
            "docs/CSV.md is out of date: run this once with DOWNHILL_UPDATE_DOCS=1 and look at what changed.");
    }
}
