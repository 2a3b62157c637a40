using CsCheck;

namespace Downhill.Tests.Catalogs;

/// <summary>Catalog items with any numbers their entries allow.</summary>
internal static class RandomParameters
{
    public static Gen<CatalogItem> Of<TItem>(Entry<TItem> entry) where TItem : CatalogItem
    {
        if (entry.Parameters.Count == 0) return Gen.Const<CatalogItem>(entry.Default);
        Gen<double>[] numbers = [.. entry.Parameters.Select(Of)];
        return Sequence(numbers).Select(values => Made(entry, values)).Where(item => item is not null).Select(item => item!);
    }

    /// <summary>Null where numbers that are fine by themselves do not go together (ramp's c and d).</summary>
    private static CatalogItem? Made<TItem>(Entry<TItem> entry, double[] values) where TItem : CatalogItem
    {
        try
        {
            return entry.Create(values);
        }
        catch (DownhillException)
        {
            return null;
        }
    }

    private static Gen<double[]> Sequence(Gen<double>[] numbers) =>
        numbers.Aggregate(Gen.Const(Array.Empty<double>()), (all, next) =>
            Gen.Select(all, next, (a, b) => (double[])[.. a, b]));

    private static Gen<double> Of(Parameter parameter)
    {
        double low = Math.Max(parameter.Min, -1e6), high = Math.Min(parameter.Max, 1e6);
        if (parameter.Whole) return Gen.Int[(int)low, (int)Math.Min(high, low + 1000)].Select(i => (double)i);
        Gen<double> inside = Gen.Double[low, high].Where(x => !parameter.ExcludesMin || x > low);
        return Gen.OneOf(inside, Gen.Const(high), Gen.Const(parameter.Default),
            Gen.Double[low, Math.Min(high, low + 1)].Where(x => x > low));
    }
}
