using System.Text;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>
/// README.md, the pages of docs/tasks, docs/EXPORT.md, docs/SERVE.md and the examples' READMEs are run as they stand
/// there: their commands in order, by a shell, in one folder. A <c>text</c> block right after commands is what they
/// print; where it begins with "downhill: ", they are refused. Code in C# is that of a program of examples/, or of a
/// test.
/// </summary>
public sealed class PageTests
{
    /// <summary>Blocks that are shown and not run, by their first line, and why.</summary>
    private static readonly Dictionary<string, string> NotRun = new(StringComparer.Ordinal)
    {
        ["./test"] = "is what runs this",
        ["dotnet run -c Release --project src/Downhill.Cli -- play"] =
            "serves until Ctrl-C; the browser tests start it",
        ["Dataset iris = Dataset.Load(\"iris\");"] = "the README's code: the engine's ReadmeTests",
        ["import numpy as np, onnxruntime"] = "needs a package of Python; examples/onnx-reader runs the same file",
        ["dotnet publish examples/sensor-aot -c Release -o sensor"] =
            "takes minutes; ./test publishes tests/Downhill.Tests.Aot and, in eng/try-packages, an app that trains",
        ["context.MulticlassClassification.Trainers.Downhill(\"Label\")     // PredictedLabel, Score: a probability "
            + "per class"]
            = "three expressions side by side; the ML.NET tests call each",
    };

    /// <summary>Documents with blocks that others look after.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["CONTRIBUTING.md"] = "commands of those who build it; ./test is one of them",
        ["docs/GETTING-STARTED.md"] = "GettingStartedTests here, LectureTests of the command line",
        ["docs/LECTURE.md"] = "LectureTests here, LectureTests of the command line",
        ["docs/RECIPES.md"] = "RecipeTests",
        ["docs/LITERATURE.md"] = "hours of training on public data sets",
        ["bench/README.md"] = "measurements of a quiet machine",
    };

    public static TheoryData<string> Pages { get; } =
    [
        "README.md", .. Page.In("docs/tasks"), "docs/EXPORT.md", "docs/SERVE.md",
            .. Page.In("examples", SearchOption.AllDirectories),
    ];

    [Theory, MemberData(nameof(Pages))]
    public void ThePageIsTrue(string path)
    {
        Documents.Check(path, Documents.WithCode(path));
        Page page = Page.Read(path);
        Block[] commands = [.. page.Blocks.Where(IsRun)];
        IReadOnlyList<(string Printed, int Code)> runs = Shell.Run(page, commands);
        List<string> wrong = [];
        StringBuilder renewed = new(page.Text);
        int run = runs.Count;
        for (int i = page.Blocks.Count - 1; i >= 0; i--)   // from the end: places before a change stay
        {
            Block block = page.Blocks[i];
            if (!IsRun(block)) continue;
            (string printed, int code) = runs[--run];
            Block? text = Follows(page, i) ? page.Blocks[i + 1] : null;
            bool isRefused = text?.Text.StartsWith("downhill: ", StringComparison.Ordinal) == true;
            if (code != (isRefused ? 1 : 0)) wrong.Add($"{block.FirstLine}: exit code {code}: {printed}");
            else if (text is not null && !Printed.Is(text.Text, printed))
            {
                if (Printed.Renewed(text.Text, printed) is string better)
                {
                    renewed.Remove(text.Start, text.Text.Length).Insert(text.Start, better);
                    wrong.Add($"{block.FirstLine}: printed other numbers:\n{printed}");
                }
                else wrong.Add($"{block.FirstLine}: expected\n{text.Text}\nprinted\n{printed}");
            }
        }
        if (wrong.Count > 0 && Documents.Update(path, renewed.ToString()))
            wrong.RemoveAll(w => w.Contains(": printed other numbers:", StringComparison.Ordinal));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void NoBlockOfAnyDocumentIsForgotten()
    {
        string[] run = [.. Pages.Select(row => row.Data)];
        HashSet<string> used = [];
        List<string> forgotten = [];
        foreach (string path in All())
        {
            if (Elsewhere.ContainsKey(path))
            {
                used.Add(path);
                continue;
            }
            Page page = Page.Read(path);
            for (int i = 0; i < page.Blocks.Count; i++)
            {
                Block block = page.Blocks[i];
                if (NotRun.ContainsKey(block.FirstLine))
                {
                    used.Add(block.FirstLine);
                    continue;
                }
                bool isRun = run.Contains(path) && (block.Language == "sh" || block.Mark.Length > 0
                    || (block.Language == "text" && i > 0 && Follows(page, i - 1)));
                bool isMadeOfCode = path.StartsWith("docs/api/", StringComparison.Ordinal);
                if (!isRun && !isMadeOfCode) forgotten.Add($"{path}, ```{block.Language}: {block.FirstLine}");
            }
        }
        Assert.Empty(forgotten);
        Assert.Empty(NotRun.Keys.Concat(Elsewhere.Keys).Except(used));
    }

    [Theory]
    [InlineData("a 1\n…\nz", "a 1\nb\nc\nz", true)]
    [InlineData("a 1\n…\nz", "a 1\nz", true)]
    [InlineData("a … z", "a 12 z", true)]
    [InlineData("a … z", "a 12", false)]
    [InlineData("a\n…", "b\na", false)]
    [InlineData("a 1", "a 2", false)]
    public void PrintedLinesAreCompared(string expected, string printed, bool fits) =>
        Assert.Equal(fits, Printed.Is(expected, printed));

    [Theory]
    [InlineData("rows 1,438\n…\nloss 0.5 …", "rows 99\nx\nloss 0.5 s", "rows 99\n…\nloss 0.5 …\n")]
    [InlineData("a", "b\nc", "b\nc\n")]
    [InlineData("a\n…", "b\nc", null)]
    public void ExpectationsAreRenewedWhereNumbersChanged(string expected, string printed, string? renewed) =>
        Assert.Equal(renewed, Printed.Renewed(expected, printed));

    private static bool IsRun(Block block) => block.Language == "sh" && !NotRun.ContainsKey(block.FirstLine);

    /// <summary>Whether the block after this one is what it prints: with nothing but an empty line between.</summary>
    private static bool Follows(Page page, int i)
    {
        if (page.Blocks[i].Language != "sh" || i + 1 == page.Blocks.Count) return false;
        Block block = page.Blocks[i], next = page.Blocks[i + 1];
        int end = block.Start + block.Text.Length;
        return next.Language == "text" && page.Text[end..next.Start] == "```\n\n```text\n";
    }

    private static IEnumerable<string> All() =>
        Page.In(".").Concat(Page.In("docs", SearchOption.AllDirectories)).Concat(Page.In("bench"))
            .Concat(Page.In("examples", SearchOption.AllDirectories)).Distinct();
}
