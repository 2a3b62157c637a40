using CsCheck;

namespace Downhill.Tests.Catalogs;

/// <summary>Catalog items with any numbers their entries allow.</summary>
internal static class RandomParameters
{
    public static Gen<CatalogItem> Of<TItem>(Entry<TItem> entry) where TItem : CatalogItem
    {
        if (entry.Parameters.Count == 0) return Gen.Const<CatalogItem>(entry.Default);
        Gen<double>[] numbers = [.. entry.Parameters.Select(Of)];
        return Sequence(numbers).Select(values => (CatalogItem)entry.Create(Ordered(entry.Name, values)));
    }

    /// <summary>The one entry whose numbers depend on each other: a ramp goes up from c to d.</summary>
    public static double[] Ordered(string name, double[] values) =>
        name == "ramp" && !(values[2] < values[3])
            ? [values[0], values[1], values[3], values[2] > values[3] ? values[2] : values[3] + 1] : values;

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
