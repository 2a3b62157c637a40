using System.CommandLine;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Options and commands as other programs call them lead to ours.</summary>
public sealed class CounterpartTests : IDisposable
{
    private readonly Desk desk = new();

    [Theory]
    [InlineData("train iris --save m", "'--model'")]
    [InlineData("train iris -o m", "'--model'")]
    [InlineData("train iris --out m", "'--model'")]
    [InlineData("train iris --output iris.safetensors", "'--model iris.safetensors'")]
    [InlineData("train iris --output models/iris", "'--model models/iris'")]
    [InlineData("train iris --output sigmiod", "'sigmoid'")]
    [InlineData("train iris --output-file=m", "'--model'")]
    [InlineData("train iris --batch-size 32", "'--batch'")]
    [InlineData("train iris --batch_size=32", "'--batch'")]
    [InlineData("train iris --learning-rate 0.1", "'--lr'")]
    [InlineData("train iris --lr-schedule cosine", "'--schedule'")]
    [InlineData("train iris --hidden-layers 3", "'--hidden'")]
    [InlineData("train iris --hidden_layer_sizes 3", "'--hidden'")]
    [InlineData("train iris --activation-function relu", "'--activation'")]
    [InlineData("train iris --early-stopping", "'--stop \"validation(patience=20)\"'")]
    [InlineData("train iris --random-state 1", "'--seed'")]
    [InlineData("train iris --max-iter 9", "'--epochs'")]
    [InlineData("train iris --weights w", "'--weight'")]
    [InlineData("train --data iris", "DATA stands without an option: downhill train [DATA].")]
    [InlineData("train iris --optimizer sgd", "'gradient_descent'")]
    [InlineData("predict m iris --output x.csv", "'-o'")]
    [InlineData("predict --model m iris", "MODEL stands without an option: downhill predict MODEL DATA.")]
    [InlineData("export m --format c", "'--to'")]
    [InlineData("export m --output m.c", "'-o'")]
    [InlineData("fit iris", "'train'")]
    [InlineData("eval m iris", "'evaluate'")]
    [InlineData("summary m", "'inspect'")]
    public void NamesUsedElsewhereLeadToOurs(string words, string remedy) =>
        Assert.EndsWith(remedy + (remedy[0] == '\'' ? "?" : ""), desk.Run(words).Refused().TrimEnd(),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("train iris --gpu 0")]
    [InlineData("train iris --cut 0")]
    [InlineData("inspect m --format c")]
    public void WhatHasNoCounterpartLeadsToHelp(string words) =>
        Assert.Contains("--help' lists what there is.", desk.Run(words).Refused(), StringComparison.Ordinal);

    /// <summary>A line that names nothing here, or that some command's own name hides, would never be seen.</summary>
    [Fact]
    public void EveryLineLeadsToSomethingThatThereIs()
    {
        RootCommand root = Cli.Root(new Terminal(TextWriter.Null, TextWriter.Null), default);
        Command[] commands = [root, .. root.Subcommands];
        string[] rootNames = [.. root.Subcommands.Select(c => c.Name), "--help", "--version"];
        foreach ((string here, string elsewhere, bool isOption) in Counterparts.All)
        {
            if (!isOption)
            {
                Assert.Contains(here, rootNames);
                Assert.DoesNotContain(elsewhere, rootNames);
                continue;
            }
            Assert.True(commands.Any(command =>
            {
                string[] names = [.. command.Options.SelectMany(o => o.Aliases.Append(o.Name)),
                    .. command.Arguments.Select(a => a.Name)];
                return !names.Contains(elsewhere) && Counterparts.OfOption(elsewhere, names) == here;
            }), $"{elsewhere} never leads to {here}.");
        }
    }

    /// <summary>The values that the table writes behind an option are ones that it takes.</summary>
    [Fact]
    public void WrittenValuesAreTaken()
    {
        desk.Write("numbers.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{i * i}\n")));
        desk.Write("classes.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{"xy"[i % 2]}\n")));
        foreach (string here in Counterparts.All.Select(line => line.Here).Where(h => h.Contains(' ')).Distinct())
        {
            string data = here.EndsWith("regress", StringComparison.Ordinal) ? "numbers.csv" : "classes.csv";
            desk.Run(
                ["train", data, "--epochs", "1", "--quiet",
                .. here.Replace("\"", "", StringComparison.Ordinal).Split(' ')]).Succeeded();
        }
    }

    public void Dispose() => desk.Dispose();
}
