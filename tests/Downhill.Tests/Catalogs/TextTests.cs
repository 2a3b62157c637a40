using CsCheck;

namespace Downhill.Tests.Catalogs;

/// <summary>Every entry of every catalog, with any numbers it allows, is read back as it prints.</summary>
public sealed class TextTests
{
    private static void RoundTrip<TItem>(IReadOnlyList<Entry<TItem>> entries, Func<string, TItem> read) where TItem
        : CatalogItem
    {
        foreach (Entry<TItem> entry in entries)
        {
            Assert.Equal(entry.Default, read(entry.Form));
            RandomParameters.Of(entry).Sample(item => read(item.ToString()) is var back && back.Equals(item)
                && back.ToString() == item.ToString() && back.Arguments.SequenceEqual(item.Arguments), iter: 30);
        }
    }

    [Fact]
    public void Any_item_prints_as_it_is_read()
    {
        Catalog catalog = Catalog.Default;
        RoundTrip(catalog.Activations, catalog.Activation);
        RoundTrip(catalog.Losses, catalog.Loss);
        RoundTrip(catalog.Optimizers, catalog.Optimizer);
        RoundTrip(catalog.Schedules, catalog.Schedule);
        RoundTrip(catalog.Initializers, catalog.Initializer);
        RoundTrip(catalog.StoppingRules, catalog.StoppingRule);
    }

    /// <summary>Rules within rules are read with the catalog that is asked, so that a user's own can be among
    /// them.</summary>
    [Fact]
    public void Ones_own_rule_takes_part_in_joined_ones()
    {
        Catalog catalog = Catalog.Default with
        {
            StoppingRules = [.. StoppingRules.All,
                new Entry<StoppingRule>("thirteen", "t = 13", "for the superstitious", "", [], _ => new Thirteen())],
        };
        StoppingRule rule = catalog.StoppingRule("all(thirteen,any(thirteen,epochs(3)))");
        double[] state = new double[rule.StateLength];
        Assert.Null(rule.Asks(new EpochReport(12, 1, 1, 0, 1, 1, 1, 1, false), state));
        Assert.Equal("unlucky; unlucky", rule.Asks(new EpochReport(13, 1, 1, 0, 1, 1, 1, 1, false), state));
        Assert.Throws<DownhillException>(() => Catalog.Default.StoppingRule(rule.ToString()));
    }

    private sealed class Thirteen : StoppingRule
    {
        public override string? Asks(in EpochReport report, Span<double> state) =>
            report.Epoch == 13 ? "unlucky" : null;
    }
}
