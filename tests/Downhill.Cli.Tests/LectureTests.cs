using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>
/// The commands of docs/LECTURE.md, run as they stand there, row by row, each row in a folder of its own. After `#`
/// stands what is printed: parts between "…" in this order, whatever the line breaks; "refused:" says that the command
/// is.
/// </summary>
public sealed partial class LectureTests : IDisposable
{
    /// <summary>Rows of the lecture that must be true on the command line.</summary>
    private static readonly int[] CommandRows = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 18, 19, 20, 21];

    /// <summary>Rows that must be true in the engine.</summary>
    private static readonly int[] EngineRows = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 23];

    private readonly Desk desk = new();

    private sealed record Command(string[] Words, List<string> Printed);

    public static TheoryData<int> Rows { get; } = [.. Blocks("sh").Keys];

    [Theory, MemberData(nameof(Rows))]
    public void CommandsDoWhatThePageSays(int row) => Check(Blocks("sh")[row]);

    /// <summary>The commands of docs/GETTING-STARTED.md, one after another in one folder.</summary>
    [Fact]
    public void TheFirstTenMinutesGoAsWritten()
    {
        MatchCollection blocks = Regex.Matches(
            File.ReadAllText(Page("GETTING-STARTED.md")), "```sh\n(.*?)\n```", RegexOptions.Singleline);
        Assert.InRange(blocks.Count, 5, 50);
        foreach (Match block in blocks) Check(block.Groups[1].Value);
    }

    private void Check(string block)
    {
        foreach (Command command in Commands(block))
        {
            bool isRefused = command.Printed.Count > 0
                && command.Printed[0].StartsWith("refused:", StringComparison.Ordinal);
            Ran ran = desk.Run(command.Words);
            string words = string.Join(' ', command.Words), all = OneLine(ran.Error + "\n" + ran.Out);
            Assert.True(ran.Code == (isRefused ? Cli.WrongInput : Cli.Done),
                $"{words}: exit code {ran.Code}: {ran.Error}");
            foreach (string printed in command.Printed)
            {
                int from = 0;
                foreach (string part in printed.Replace("refused:", "", StringComparison.Ordinal).Split('…'))
                {
                    int at = all.IndexOf(OneLine(part), from, StringComparison.Ordinal);
                    Assert.True(at >= 0, $"{words} was to print '{part.Trim()}', but printed: {all}");
                    from = at + 1;
                }
            }
        }
    }

    [Fact]
    public void EveryRowOfTheEngineHasCodeAndEveryRowOfTheCommandLineCommands()
    {
        Assert.Equal(EngineRows, Blocks("csharp").Keys.Order());
        Assert.Empty(CommandRows.Except(Blocks("sh").Keys));
    }

    [Theory]
    [InlineData("downhill a 'b c' \\\n  d    # e … f\n# g", "a|b c|d", "e … f|g")]
    [InlineData("downhill a   # b\ndownhill c", "a", "b")]
    public void CommandsAreReadAsAShellReadsThem(string block, string words, string printed)
    {
        Command command = Commands(block)[0];
        Assert.Equal(words.Split('|'), command.Words);
        Assert.Equal(printed.Split('|'), command.Printed);
    }

    public void Dispose() => desk.Dispose();

    private static Dictionary<int, string> Blocks(string language)
    {
        Dictionary<int, string> blocks = [];
        foreach (Match section in Section().Matches(File.ReadAllText(Page("LECTURE.md"))))
            if (Regex.Match(
                section.Value, $"```{language}\n(.*?)\n```", RegexOptions.Singleline) is { Success: true } block)
                blocks.Add(int.Parse(section.Groups[1].ValueSpan), block.Groups[1].Value);
        return blocks;
    }

    private static List<Command> Commands(string block)
    {
        List<Command> commands = [];
        foreach (string line in block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        {
            int comment = line.IndexOf('#', StringComparison.Ordinal);
            string text = comment < 0 ? line : line[..comment];
            if (text.Trim().Length > 0)
            {
                string[] words = [.. Word().Matches(text).Select(m => m.Value.Trim('\''))];
                Assert.Equal("downhill", words[0]);
                commands.Add(new(words[1..], []));
            }
            if (comment >= 0) commands[^1].Printed.Add(line[(comment + 1)..].Trim());
        }
        return commands;
    }

    private static string OneLine(string text)
    {
        StringBuilder line = new();
        foreach (string word in text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
            line.Append(line.Length == 0 ? "" : " ").Append(word);
        return line.ToString();
    }

    private static string Page(string name, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "docs", name));

    [GeneratedRegex(@"^## L(\d+).*?(?=^## L|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex("'[^']*'|[^ ]+")]
    private static partial Regex Word();
}
