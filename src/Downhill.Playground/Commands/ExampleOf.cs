using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>One row of the session's data, as the network sees it.</summary>
internal static class ExampleOf
{
    /// <summary>Every number of its prediction with the present weights, in double.</summary>
    /// <exception cref="DownhillException">No such row.</exception>
    public static Trace Trace(Session session, int row)
    {
        Dataset data = session.Table.Raw;
        if ((uint)row >= (uint)data.Rows)
            Throw.Input("Row", $"one from 0 to {data.Rows - 1}", $"{row}", "Rows are counted from 0.");
        (int n, int c) = (data.NumericCount, data.CategoryCount);
        (float[] numeric, int[] codes) = session.Table.Inputs(
            data.Numeric.AsSpan(row * n, n), data.Codes.AsSpan(row * c, c));
        return session.Run.Trace(numeric, codes);
    }

    /// <summary>Its target, coded as in training.</summary>
    public static double[] Target(Session session, int row)
    {
        Dataset data = session.Table.Raw;
        double[] target = new double[session.Run.Preparation.Outputs];
        int width = data.Target.IsClass ? 0 : data.Target.Names.Count;
        session.Run.Preparation.EncodeTarget<double>(data.Target.IsClass ? data.Classes[row] : 0,
            data.Values.AsSpan(row * width, width), target);
        return target;
    }

    /// <summary>A list of numbers; null where one is not finite.</summary>
    public static void Write(Utf8JsonWriter json, string? name, IEnumerable<double> numbers)
    {
        if (name is null) json.WriteStartArray();
        else json.WriteStartArray(name);
        foreach (double number in numbers)
            if (double.IsFinite(number)) json.WriteNumberValue(number);
            else json.WriteNullValue();
        json.WriteEndArray();
    }
}
