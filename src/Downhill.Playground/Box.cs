namespace Downhill.Playground;

/// <summary>The part of the space of two or three raw inputs that is shown: its domain, and grids of places in
/// it.</summary>
internal sealed class Box
{
    private readonly Table table;

    /// <param name="table">Data of two or three numbers.</param>
    /// <param name="held">Of three, the one that a plane holds, and where.</param>
    public Box(Table table, (int Axis, double Value)? held)
    {
        (this.table, Held) = (table, held);
        int[] shown = [.. Enumerable.Range(0, table.Raw.NumericCount).Where(axis => axis != held?.Axis)];
        (X, Y) = (shown[0], shown[1]);
    }

    public (int Axis, double Value)? Held { get; }

    /// <summary>The raw inputs along the picture and up.</summary>
    public int X { get; }
    public int Y { get; }

    /// <summary>Low and high of a raw input.</summary>
    public double[] Domain(int axis)
    {
        if (table.IsPlane) return [table.Domain[2 * axis], table.Domain[2 * axis + 1]];
        int n = table.Raw.NumericCount;
        float[] values = [.. Enumerable.Range(0, table.Raw.Rows).Select(row => table.Raw.Numeric[row * n + axis])];
        double margin = 0.1 * Math.Max(1e-3, values.Max() - values.Min());
        return [values.Min() - margin, values.Max() + margin];
    }

    /// <summary>Centres of size × size cells, row 0 at the top, as in every map.</summary>
    /// <returns>[size · size, raw inputs]</returns>
    public float[] Plane(int size)
    {
        int n = table.Raw.NumericCount;
        float[] places = new float[size * size * n];
        double[] domain = [.. Domain(X), .. Domain(Y)];
        for (int i = 0; i < size * size; i++)
        {
            (double x, double y) = Maps.Centre(domain, size, i / size, i % size);
            (places[i * n + X], places[i * n + Y]) = ((float)x, (float)y);
            if (Held is (int axis, double value)) places[i * n + axis] = (float)value;
        }
        return places;
    }

    /// <summary>Corners of a grid over all three inputs, from low to high, the first input the fastest.</summary>
    /// <returns>[size³, 3]</returns>
    public float[] Solid(int size)
    {
        float[] places = new float[size * size * size * 3];
        for (int axis = 0, step = 1; axis < 3; axis++, step *= size)
        {
            double[] domain = Domain(axis);
            for (int i = 0; i < places.Length / 3; i++)
                places[3 * i + axis] = (float)(domain[0] + (domain[1] - domain[0]) * (i / step % size) / (size - 1));
        }
        return places;
    }
}
