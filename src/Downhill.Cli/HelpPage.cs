using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Text;

namespace Downhill.Cli;

/// <summary>Help of a command: usage, options by group, examples. Text only, at most as wide as the terminal.</summary>
internal sealed class HelpPage(Terminal terminal) : SynchronousCommandLineAction
{
    private const int Column = 27;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult words) => Write(terminal, words.CommandResult.Command);

    public static int Write(Terminal terminal, Command command)
    {
        bool isRoot = command is RootCommand;
        StringBuilder usage = new(isRoot ? "downhill COMMAND" : $"downhill {command.Name}");
        foreach (Argument argument in command.Arguments)
            usage.Append(argument.Arity.MinimumNumberOfValues > 0 ? $" {argument.Name}" : $" [{argument.Name}]");
        Paragraph(terminal, "", command.Description!);
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"  {terminal.Paint($"{usage} [options]", Ink.Bold)}");
        if (command.Arguments.Count > 0) terminal.Out.WriteLine();
        foreach (Argument argument in command.Arguments) Entry(terminal, argument.Name, argument.Description!);
        if (isRoot)
        {
            Heading(terminal, "Commands");
            foreach (Command child in command.Subcommands.Where(c => !c.Hidden))
                Entry(terminal, child.Name, child.Description!);
        }
        foreach (IGrouping<string,
            Option> group in command.Options.Where(o => !o.Hidden && o is IGrouped).GroupBy(o => ((IGrouped)o).Group))
        {
            Heading(terminal, group.Key);
            foreach (Option option in group)
                Entry(terminal,
                    $"{string.Join(", ", option.Aliases.Append(option.Name))} {option.HelpName}".TrimEnd(),
                        option.Description!);
        }
        if (command is CliCommand own)
        {
            foreach ((string heading, string text) in own.Notes)
            {
                Heading(terminal, heading);
                foreach (string line in text.Split('\n')) Paragraph(terminal, "  ", line);
            }
            Heading(terminal, "Examples");
            foreach (Example example in own.Examples)
            {
                terminal.Out.WriteLine($"  downhill {example.Words}");
                terminal.Out.WriteLine(terminal.Paint($"      {example.Does}", Ink.Dim));
            }
            return Cli.Done;
        }
        Heading(terminal, "Start with");
        terminal.Out.WriteLine("  downhill train");
        terminal.Out.WriteLine(terminal.Paint("      trains on the handwritten digits that come with it", Ink.Dim));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("'downhill COMMAND --help' shows a command's options and examples.");
        return Cli.Done;
    }

    private static void Heading(Terminal terminal, string text)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Paint(text, Ink.Bold));
    }

    private static void Entry(Terminal terminal, string term, string text)
    {
        string start = $"  {term}".PadRight(Column);
        if (start.Length > Column || !start.EndsWith(' '))
        {
            terminal.Out.WriteLine(start.TrimEnd());
            start = new string(' ', Column);
        }
        foreach (string line in Wrap(text, terminal.Width - Column))
        {
            terminal.Out.WriteLine(start + line);
            start = new string(' ', Column);
        }
    }

    private static void Paragraph(Terminal terminal, string indent, string text)
    {
        foreach (string line in Wrap(text, terminal.Width - indent.Length)) terminal.Out.WriteLine(indent + line);
    }

    internal static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }
        yield return line;
    }
}

/// <summary>What <c>--version</c> prints.</summary>
internal sealed class VersionLine(Terminal terminal) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>Version of the tool, without the source's hash.</summary>
    public static string Version =>
        typeof(VersionLine)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public override int Invoke(ParseResult words)
    {
        terminal.Out.WriteLine(Version);
        return Cli.Done;
    }
}
