using System.Numerics;

namespace Downhill.Playground;

/// <summary>
/// Pictures of what units answer over the plane of the two axes: row 0 is the top (largest second axis), values at the
/// centres of the cells, one byte each, 128 for exactly 0. The same orientation and the same cells in every map.
/// </summary>
/// <param name="table">Gives the axes and what the other columns are.</param>
/// <param name="spec">The network.</param>
/// <param name="preparation">How raw rows become inputs.</param>
/// <param name="network">The network with its kernels.</param>
internal sealed class Maps(Table table, NetworkSpec spec, Preparation preparation, Network<float> network)
{
    private const int Chunk = 512;

    private readonly IReadOnlyList<UnitLayer> layers = UnitLayer.Of(spec);
    private readonly Dictionary<int, float[]> grids = []; // encoded inputs [cells, inputs] by side
    private Workspace<float>? workspace;
    private float[] values = [];
    private byte[] bytes = [];

    /// <summary>Raw coordinates of a cell's centre.</summary>
    public static (double X, double Y) Centre(double[] domain, int size, int row, int column) =>
        (domain[0] + (column + 0.5) / size * (domain[1] - domain[0]), domain[3] - (row + 0.5) / size * (domain[3] - domain[2]));

    /// <summary>Maps of the network's inputs: block <c>inputs</c> [inputs, size, size].</summary>
    public void Inputs(int size, Reply reply)
    {
        int cells = size * size, inputs = spec.Inputs;
        float[] grid = Grid(size);
        Span<float> planes = Values(inputs * cells);
        for (int cell = 0; cell < cells; cell++)
            for (int i = 0; i < inputs; i++)
                planes[i * cells + cell] = grid[cell * inputs + i];
        Quantise("inputs", inputs, size, planes, _ => null, reply);
    }

    /// <summary>
    /// Maps of all units, block <c>units</c> [units, size, size] in layer order, or of the output layer alone, block
    /// <c>output</c>.
    /// </summary>
    public void Outputs(AlignedBuffer<float> parameters, AlignedBuffer<float> buffers, int size, bool all, Reply reply, string? name = null)
    {
        UnitLayer[] shown = all ? [.. layers] : [layers[^1]];
        int cells = size * size, units = shown.Sum(l => l.Units), inputs = spec.Inputs;
        float[] grid = Grid(size);
        workspace ??= new(network, Chunk);
        Span<float> planes = Values(units * cells);
        for (int start = 0; start < cells; start += Chunk)
        {
            int count = Math.Min(Chunk, cells - start), plane = 0;
            grid.AsSpan(start * inputs, count * inputs).CopyTo(workspace.Input);
            network.Forward(workspace, parameters, buffers, count, PassMode.Predict);
            foreach (UnitLayer layer in shown)
            {
                ReadOnlySpan<float> outputs = workspace.OutputOf(layer.Shown, layer.Units);
                for (int unit = 0; unit < layer.Units; unit++, plane++)
                {
                    Span<float> to = planes.Slice(plane * cells + start, count);
                    for (int i = 0, from = unit; i < to.Length; i++, from += layer.Units) to[i] = outputs[from];
                }
            }
        }
        double?[] bounds = [.. shown.SelectMany(l => Enumerable.Repeat(l.Bound, l.Units))];
        Quantise(name ?? (all ? "units" : "output"), units, size, planes, unit => bounds[unit], reply);
    }

    private float[] Grid(int size)
    {
        if (grids.TryGetValue(size, out float[]? known)) return known;
        if (grids.Count >= 4) grids.Clear();
        int inputs = spec.Inputs;
        if ((long)size * size * inputs > 1 << 24)
            Throw.Input("Map", $"at most {1 << 24} numbers", $"{size}×{size} cells of {inputs} inputs", "Ask for a smaller map.");
        float[] grid = new float[size * size * inputs], raw = new float[table.Raw.NumericCount];
        for (int row = 0; row < size; row++)
            for (int column = 0; column < size; column++)
            {
                (double x, double y) = Centre(table.Domain, size, row, column);
                table.Place(x, y, raw);
                (float[] numeric, int[] codes) = table.Inputs(raw, table.PlaceCodes);
                preparation.Encode(numeric, codes, grid.AsSpan((row * size + column) * inputs, inputs));
            }
        return grids[size] = grid;
    }

    private Span<float> Values(int length)
    {
        if (values.Length < length) values = new float[length];
        return values.AsSpan(0, length);
    }

    private void Quantise(string name, int maps, int size, Span<float> planes, Func<int, double?> bound, Reply reply)
    {
        int cells = size * size;
        if (bytes.Length < planes.Length) bytes = new byte[planes.Length];
        float[] scales = new float[maps];
        for (int map = 0; map < maps; map++)
        {
            ReadOnlySpan<float> plane = planes.Slice(map * cells, cells);
            float scale = (float)(bound(map) ?? Largest(plane));
            scales[map] = scale > 0 ? scale : 1;
            float factor = 127 / scales[map];
            Span<byte> to = bytes.AsSpan(map * cells, cells);
            for (int i = 0; i < to.Length; i++)
            {
                float value = plane[i];
                to[i] = float.IsFinite(value) ? (byte)(128.5f + Math.Clamp(value * factor, -127, 127)) : (byte)0;
            }
        }
        reply.Block(name, bytes.AsSpan(0, planes.Length), maps, size, size);
        reply.Block(name is "units" or "inputs" ? $"{name[..^1]}Scales" : $"{name}Scales", scales, maps);
    }

    private static float Largest(ReadOnlySpan<float> plane)
    {
        float largest = 0;
        foreach (float value in plane)
        {
            float size = Math.Abs(value);
            if (size > largest && float.IsFinite(size)) largest = size;
        }
        return largest;
    }
}
