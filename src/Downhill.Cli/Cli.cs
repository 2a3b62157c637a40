using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Downhill.Cli;

/// <summary>The tool as a function: words in, text and an exit code out.</summary>
public static class Cli
{
    /// <summary>Exit code: it was done.</summary>
    public const int Done = 0;

    /// <summary>Exit code: the input or the arguments are wrong.</summary>
    public const int WrongInput = 1;

    /// <summary>Exit code: the run itself failed.</summary>
    public const int Failed = 2;

    /// <summary>Exit code: Ctrl-C; what was asked for is saved.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The words after the program's name.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="cancellation">Ends training after the step in progress.</param>
    /// <returns>One of the exit codes above.</returns>
    public static int Run(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        try
        {
            RootCommand root = Root(terminal, cancellation);
            ParseResult words =
                root.Parse(args,
                new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
            if (Refusal(words) is string refusal) throw new DownhillException(refusal);
            return words.Invoke(new InvocationConfiguration
            {
                Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (DownhillException error)
        {
            return Say(terminal, error.Message, error, WrongInput);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Say(terminal, error.Message, error, Failed);
        }
        catch (OutOfMemoryException error)
        {
            return Say(terminal, "there is not enough memory for this. Use narrower layers or a smaller batch.", error,
                Failed);
        }
#pragma warning disable CA1031 // The last resort: whatever it is, the user gets one line.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Say(terminal,
                $"internal error: {error.GetType().Name}: {error.Message} Set DOWNHILL_DEBUG=1 to see where.", error,
                Failed);
        }
    }

    /// <summary>The commands, in the order in which help shows them.</summary>
    internal static RootCommand Root(Terminal terminal, CancellationToken cancellation)
    {
        RootCommand root =
            new("Multi-layer perceptrons: train on your own data, see every number, take the model with you.")
        {
            new TrainCommand(terminal, cancellation),
            new EvaluateCommand(terminal, cancellation),
            new ExplainCommand(terminal, cancellation),
            new PredictCommand(terminal, cancellation),
            new InspectCommand(terminal, cancellation),
            new ExportCommand(terminal, cancellation),
            new ImportCommand(terminal, cancellation),
            new PlayCommand(terminal, cancellation),
            new ServeCommand(terminal, cancellation),
            new DatasetsCommand(terminal, cancellation),
            new InfoCommand(terminal, cancellation),
            new BenchCommand(terminal, cancellation),
            new OnnxCheckCommand(terminal, cancellation),
        };
        root.Directives.Clear();
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage(terminal);
        root.Options.OfType<VersionOption>().Single().Action = new VersionLine(terminal);
        root.SetAction(_ => HelpPage.Write(terminal, root));
        return root;
    }

    private static int Say(Terminal terminal, string message, Exception error, int code)
    {
        string oneLine =
            string.Join(' ',
            message.Split((char[])['\r', '\n'],
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        terminal.Error.WriteLine($"downhill: {oneLine}");
        if (Environment.GetEnvironmentVariable("DOWNHILL_DEBUG") is { Length: > 0 }) terminal.Error.WriteLine(error);
        return code;
    }

    /// <summary>What is wrong with the words themselves, or null.</summary>
    private static string? Refusal(ParseResult words)
    {
        Command command = words.CommandResult.Command;
        string help = $"'downhill {(command is RootCommand ? "" : command.Name + " ")}--help' lists what there is.";
        foreach (Token token in words.Tokens)
        {
            if (token.Type == TokenType.DoubleDash) break;
            // An unknown option would be taken for DATA or for a value.
            if (token.Type != TokenType.Argument || token.Value.Length < 2 || token.Value[0] != '-'
                || char.IsAsciiDigit(token.Value[1]) || token.Value[1] == '.')
                continue;
            string name = token.Value.Split('=')[0];
            if (name.ToLowerInvariant() is "-infinity" or "-inf" or "-nan") continue;               // numbers of a kind
            return $"Unknown option '{name}': expected an option of '"
                + $"{(command is RootCommand ? "downhill" : command.Name)}', "
                + $"got '{token.Value}'. "
                + (Meant(name, command) ?? help);
        }
        if (command is RootCommand && words.UnmatchedTokens.Count > 0)
        {
            string name = words.UnmatchedTokens[0];
            return $"Unknown command '{name}': expected one of "
                + $"{string.Join(", ", command.Subcommands.Select(c => c.Name))}, got '{name}'. "
                + ((Counterparts.OfCommand(name) ?? Suggest.Nearest(name, command.Subcommands.Select(c => c.Name)))
                    is string near ? $"Did you mean '{near}'?" : help);
        }
        if (words.UnmatchedTokens.Count > 0)
            return $"'{command.Name}': expected {Expected(command)}, got '{words.UnmatchedTokens[0]}' besides. "
                + $"Put quotes around names with blanks; {help}";
        if (words.Errors.Count == 0) return null;
        foreach (Argument argument in command.Arguments)
            if (argument.Arity.MinimumNumberOfValues > 0 && words.GetResult(argument) is not { Tokens.Count: > 0 })
                return $"'{command.Name}': expected {Expected(command)}, got no {argument.Name}. {help}";
        foreach (SymbolResult result in words.CommandResult.Children)
            if (result is OptionResult { Option: Option option } && result.Errors.Any())
                return result.Tokens.Count == 0
                    ? $"{option.Name}: expected {option.HelpName ?? "a value"} after it, got nothing. "
                    + $"{option.Description}"
                    : $"{option.Name}: expected it once, got it {((OptionResult)result).IdentifierTokenCount}"
                    + $" times. Give one value.";
        return $"{words.Errors[0].Message} {help}";
    }

    /// <summary>The remedy of an unknown option, where one is known: the word used here for it, or the
    /// nearest.</summary>
    private static string? Meant(string name, Command command)
    {
        string? here = Counterparts.OfOption(name, [.. Names(command), .. command.Arguments.Select(a => a.Name)])
            ?? Suggest.Nearest(name, Names(command));
        return here is null ? null
            : here[0] == '-' ? $"Did you mean '{here}'?"
            : $"{here} stands without an option: downhill {command.Name} {Expected(command)}.";
    }

    private static string Expected(Command command) =>
        command.Arguments.Count == 0 ? "options only"
        : string.Join(' ', command.Arguments.Select(a => a.Arity.MinimumNumberOfValues > 0 ? a.Name : $"[{a.Name}]"));

    private static IEnumerable<string> Names(Command command) =>
        command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name));
}
