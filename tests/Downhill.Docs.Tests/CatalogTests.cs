using System.Globalization;
using System.Text;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>docs/CATALOGS.md is made from the catalogs.</summary>
public sealed class CatalogTests
{
    [Fact]
    public void The_tables_are_those_of_the_catalogs()
    {
        StringBuilder text = new("""
            # Catalogs

            What can be named in C#, on the command line, in model files and in the playground, made from the catalogs themselves by
            the tests. Parameters are written as in `leaky_relu(0.02)` or `adam(beta1=0.8)`; those left out have their default.


            """);
        Catalog catalog = Catalog.Default;
        Table("Activations", "`--activation`, `--output`", catalog.Activations, a => a.Range.ToString());
        Table("Losses", "`--loss`", catalog.Losses, l => l.Domain.ToString(), "outputs must be");
        Table("Optimizers", "`--optimizer`", catalog.Optimizers, o => Number(o.DefaultLearningRate), "learning rate");
        Table("Schedules", "`--schedule`", catalog.Schedules);
        Table("Initializers", "`--initializer`", catalog.Initializers);
        Table("Augmentations", "`--augment`", catalog.Augmentations);
        Table("Stopping rules", "`--stop`", catalog.StoppingRules);
        Documents.Check("docs/CATALOGS.md", text.ToString());

        void Table<TItem>(
            string title, string option, IReadOnlyList<Entry<TItem>> entries, Func<TItem, string>? extra = null,
                string head = "outputs")
            where TItem : CatalogItem
        {
            text.Append(CultureInfo.InvariantCulture,
                $"## {title}\n\nOption {option}.\n\n| name | definition | what for | source | parameters |");
            text.Append(extra is null ? "\n|---|---|---|---|---|\n" : $" {head} |\n|---|---|---|---|---|---|\n");
            foreach (Entry<TItem> entry in entries)
            {
                string parameters = entry.Example is not null ? $"as in `{entry.Form}`"
                    : string.Join("; ", entry.Parameters.Select(p =>
                    $"`{p.Name}` = {Number(p.Default)}{Range(p)}"
                        + $"{(p.Summary.Length > 0 ? $": {p.Summary.TrimEnd('.')}" : "")}"));
                string[] cells = [$"`{entry.Name}`", entry.Formula, entry.Summary, entry.Source, parameters];
                if (extra is not null) cells = [.. cells, extra(entry.Default)];
                text.Append("| ").AppendJoin(" | ", cells.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal)))
                    .Append(" |\n");
            }
            text.Append('\n');
        }
    }

    private static string Range(Parameter parameter)
    {
        string low = parameter.ExcludesMin ? "(" : "[", high = double.IsPositiveInfinity(parameter.Max) ? ")" : "]";
        bool isFree = double.IsNegativeInfinity(parameter.Min) && double.IsPositiveInfinity(parameter.Max);
        return isFree ? "" : $" in {low}{Number(parameter.Min)}, {Number(parameter.Max)}{high}";
    }

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "∞" : double.IsNegativeInfinity(value) ? "−∞"
            : value.ToString("R", CultureInfo.InvariantCulture);
}
