using System.CommandLine;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary>The options that say how a table is laid out, the same in every command that reads one.</summary>
internal sealed class TableWords(Option<bool> noHeader, Option<string?> delimiter, Option<string?> decimalMark,
    Option<string?> missing, Option<string?>? target = null, Option<string?>? weight = null)
{
    /// <summary>Adds them to a command, as the group "Table".</summary>
    /// <param name="command">Reads a table for a model.</param>
    /// <param name="target">The command's own, where it has one.</param>
    /// <param name="weight">The command's own, where it has one.</param>
    public static TableWords AddTo(CliCommand command, Option<string?>? target = null, Option<string?>? weight = null)
        => new(
            command.AddFlag("Table", "--no-header", "the first line is data (guessed if not given)"),
            command.Add("Table", "--delimiter", "CHAR", "comma, semicolon, tab, blank or a character (guessed if not "
                + "given)"),
            command.Add("Table", "--decimal", ".|,", "decimal mark of the numbers"),
            command.Add("Table", "--missing", "TOKENS",
                "marks of a missing value besides an empty field, ?, NA and their like; commas between"),
            target, weight);

    public TableOptions Read(ParseResult words) => new()
    {
        Target = target is null ? null : words.GetValue(target),
        Weight = weight is null ? null : words.GetValue(weight),
        Missing = words.GetValue(missing)?.Split(','),
        Header = words.GetValue(noHeader) ? false : null,
        Delimiter = words.GetValue(delimiter) is string text ? TableOptions.ParseDelimiter(text) : null,
        Decimal = words.GetValue(decimalMark) switch
        {
            null or "." => '.',
            "," => ',',
            string other =>
                Throw.Input<char>("--decimal", "'.' or ','", $"'{other}'", "Leave it out for a decimal point."),
        },
    };

    /// <summary>Data for a model that exists: its columns in its order, its classes; a set with a test part of its own
    /// gives that.</summary>
    /// <param name="data">DATA as written.</param>
    /// <param name="model">The model.</param>
    /// <param name="needTarget">Whether rows without a target are refused.</param>
    /// <param name="options">The table's layout.</param>
    public static DataReading Open(string data, Model model, bool needTarget, TableOptions options)
    {
        Preparation preparation = model.Preparation;
        if (DataArgument.IsTable(data))
            return DataArgument.Open(data, preparation.Inputs, preparation.Target, needTarget, options);
        // Images may come without classes to be told apart.
        DataReading reading = Directory.Exists(data) && !IdxReader.Recognizes(data) && ImageFolder.Recognizes(data)
            ? ImageFolder.Read(data, needTarget, preparation.Inputs.Count) : DataArgument.Open(data, options);
        Dataset found = reading.Data.Test ?? reading.Data;
        if (found.NumericCount != preparation.NumericCount || found.CategoryCount != preparation.CategoryCount)
            Throw.Input($"Data '{data}'", $"the model's {preparation.Inputs.Count} input columns",
                $"{found.Inputs.Count}",
                $"The model was trained on '{model.Training?.Data}'.");
        if (needTarget && !found.Target.Classes.SequenceEqual(preparation.Target.Classes))
            Throw.Input($"Data '{data}'", $"the model's classes {Listed(preparation.Target.Classes)}",
                Listed(found.Target.Classes),
                $"The model was trained on '{model.Training?.Data}'.");
        return reading.Data.Test is null ? reading : new(found, $"{reading.Summary}; the test part is used");
    }

    public static string Listed(IReadOnlyList<string> names) =>
        names.Count == 0 ? "none (a number)" : names.Count <= 6 ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(4))} … {names[^1]}";
}
