using System.CommandLine;

namespace Downhill.Cli;

/// <summary>A way to call a command, as help shows it and a test runs it.</summary>
/// <param name="Words">What stands after <c>downhill</c>.</param>
/// <param name="Does">What it does.</param>
internal sealed record Example(string Words, string Does);

/// <summary>A command with its examples.</summary>
#pragma warning disable CA1010, CA1710 // Command is enumerable for collection expressions only.
internal abstract class CliCommand : Command
#pragma warning restore CA1010, CA1710
{
    protected CliCommand(string name, string summary, Terminal terminal, CancellationToken cancellation)
        : base(name, summary)
    {
        (Terminal, Cancellation) = (terminal, cancellation);
        SetAction(Run);
    }

    protected Terminal Terminal { get; }
    protected CancellationToken Cancellation { get; }

    /// <summary>Calls that work as they stand, after one another.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    /// <summary>More for the help page, under its own heading.</summary>
    public virtual IReadOnlyList<(string Heading, string Text)> Notes => [];

    protected abstract int Run(ParseResult words);

    /// <summary>Adds an option that takes a value.</summary>
    internal GroupedOption<string?> Add(string group, string name, string value, string description)
    {
        GroupedOption<string?> option = new(name) { Group = group, HelpName = value, Description = description };
        Options.Add(option);
        return option;
    }

    /// <summary>Adds an option that is there or not.</summary>
    internal GroupedOption<bool> AddFlag(string group, string name, string description)
    {
        GroupedOption<bool> option = new(name) { Group = group, Description = description };
        Options.Add(option);
        return option;
    }

    /// <summary>Adds a positional argument.</summary>
    protected Argument<string?> AddArgument(string name, string description, bool optional = false)
    {
        Argument<string?> argument = new(name)
        {
            Description = description, Arity = optional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        Arguments.Add(argument);
        return argument;
    }
}

/// <summary>An option under a heading of the help page.</summary>
internal sealed class GroupedOption<T>(string name, params string[] aliases) : Option<T>(name, aliases), IGrouped
{
    public required string Group { get; init; }
}

internal interface IGrouped
{
    string Group { get; }
}
