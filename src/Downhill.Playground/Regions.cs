namespace Downhill.Playground;

/// <summary>A cell: a combination of units that are on and off, and where it lies.</summary>
/// <param name="Code">Bit k is set where unit k is on.</param>
/// <param name="Places">Places of the grid in it.</param>
/// <param name="Deepest">That of them which is farthest from its border; an index of the grid.</param>
internal sealed record RegionCell(int Code, int Places, int Deepest);

/// <summary>What a unit makes of the units below it when those are fully on or fully off (lecture L6).</summary>
/// <param name="Kind">"and", "or", "one" (a single unit), "constant", "threshold" (something else) or "open" (units
/// below without bounds, or too many).</param>
/// <param name="Text">As a formula over y1, y2 …, or nothing.</param>
internal sealed record Combination(string Kind, string Text);

/// <summary>
/// How the units of a layer cut the plane of the inputs into cells (lecture L4, L6): a unit is on where its induced
/// field v is 0 or more. Over two raw inputs, or over two of three with the third held.
/// </summary>
internal sealed class Regions
{
    /// <summary>Most units whose cells are told apart.</summary>
    public const int MostUnits = 16;

    /// <summary>Most units whose combinations are all tried.</summary>
    private const int MostCombined = 10;

    private readonly Run run;
    private readonly Table table;
    private readonly float[][] weights; // by layer of units: [inputs, units], then the biases

    /// <exception cref="DownhillException">Neither two nor three numeric inputs, or batch normalisation.</exception>
    public Regions(Run run, Table table)
    {
        (this.run, this.table) = (run, table);
        if (table.Raw.NumericCount is not (2 or 3) || table.Raw.CategoryCount > 0)
            Throw.Input("Regions", "data of two or three numbers", table.Raw.Name, "Choose circle, xor or ball.");
        if (run.Layers.Any(layer => layer.IsNormalised))
            Throw.Input("Regions", "a network without batch normalisation", "one with it", "Switch it off.");
        ReadOnlySpan<float> parameters = run.State.Parameters.Span;
        weights = new float[run.Layers.Count][];
        for (int l = 0; l < weights.Length; l++)
        {
            int inputs = InputsOf(l), units = run.Layers[l].Units;
            weights[l] = new float[(inputs + 1) * units];
            for (int from = 0; from <= inputs; from++)
                for (int unit = 0; unit < units; unit++)
                    weights[l][from * units + unit] = parameters[ErrorSurface.PlaceOf(run.Spec, run.Layers[l].Dense,
                        from == inputs ? -1 : from, unit)];
        }
    }

    /// <summary>Inputs of a layer of units.</summary>
    public int InputsOf(int layer) => layer == 0 ? run.Spec.Inputs : run.Layers[layer - 1].Units;

    /// <summary>The weight of a link, from −1 for the bias.</summary>
    public double Weight(int layer, int from, int unit) =>
        weights[layer][(from < 0 ? InputsOf(layer) : from) * run.Layers[layer].Units + unit];

    /// <summary>
    /// First-layer units as lines and planes over the raw inputs: coefficients, then the bias; null where an input is a
    /// made feature or scaled.
    /// </summary>
    public double[]? Plane(int unit)
    {
        int raw = table.Raw.NumericCount;
        float[] zero = new float[raw], one = new float[raw];
        double[] at = Encoded(zero);
        if (at.Length != raw || at.Any(value => value != 0)) return null;
        double[] plane = new double[raw + 1];
        for (int i = 0; i < raw; i++)
        {
            Array.Clear(one);
            one[i] = 2;
            double[] there = Encoded(one);
            for (int k = 0; k < raw; k++) if (there[k] != (k == i ? 2 : 0)) return null;
            plane[i] = Weight(0, i, unit);
        }
        plane[raw] = Weight(0, -1, unit);
        return plane;
    }

    /// <summary>Outputs of the units of a layer, and of the network, at raw places.</summary>
    /// <param name="places">[places, raw inputs]</param>
    /// <param name="layer">Whose inputs are wanted: −1 for none.</param>
    /// <param name="each">Called per place with the inputs of that layer and the network's outputs.</param>
    public void At(float[] places, int layer, Action<int, ReadOnlySpan<float>, ReadOnlySpan<float>> each)
    {
        const int Chunk = 512;
        int raw = table.Raw.NumericCount, count = places.Length / raw, inputs = run.Spec.Inputs;
        UnitLayer last = run.Layers[^1];
        Workspace<float> workspace = new(run.Network, Chunk);
        for (int start = 0; start < count; start += Chunk)
        {
            int rows = Math.Min(Chunk, count - start);
            for (int i = 0; i < rows; i++)
            {
                (float[] numeric, int[] codes) = table.Inputs(places.AsSpan((start + i) * raw, raw), []);
                run.Preparation.Encode(numeric, codes, workspace.Input.Slice(i * inputs, inputs));
            }
            float[] first = workspace.Input[..(rows * inputs)].ToArray();
            run.Network.Forward(workspace, run.State.Parameters, run.State.Buffers, rows, PassMode.Predict);
            int width = layer < 0 ? 0 : InputsOf(layer);
            ReadOnlySpan<float> below = layer <= 0 ? first
                : workspace.OutputOf(run.Layers[layer - 1].Shown, run.Layers[layer - 1].Units);
            ReadOnlySpan<float> outputs = workspace.OutputOf(last.Shown, last.Units);
            for (int i = 0; i < rows; i++)
                each(start + i, below.Slice(i * width, width), outputs.Slice(i * last.Units, last.Units));
        }
    }

    /// <summary>Induced field of a unit from the inputs of its layer.</summary>
    public double Field(int layer, int unit, ReadOnlySpan<float> inputs)
    {
        double v = Weight(layer, -1, unit);
        for (int from = 0; from < inputs.Length; from++) v += Weight(layer, from, unit) * inputs[from];
        return v;
    }

    /// <summary>Which units of a layer are on: bit k for unit k.</summary>
    public int CodeOf(int layer, ReadOnlySpan<float> inputs)
    {
        int code = 0;
        for (int unit = 0; unit < run.Layers[layer].Units; unit++)
            if (Field(layer, unit, inputs) >= 0) code |= 1 << unit;
        return code;
    }

    /// <summary>The cells of a grid of codes, the largest first.</summary>
    /// <param name="codes">[size, size]</param>
    /// <param name="size">Places on a side.</param>
    public static IReadOnlyList<RegionCell> Cells(int[] codes, int size)
    {
        int[] depth = Depth(codes, size);
        Dictionary<int, (int Places, int Deepest)> cells = [];
        for (int i = 0; i < codes.Length; i++)
        {
            (int places, int deepest) = cells.TryGetValue(codes[i], out (int, int) known) ? known : (0, i);
            cells[codes[i]] = (places + 1, depth[i] > depth[deepest] ? i : deepest);
        }
        return [.. cells.OrderByDescending(c => c.Value.Places).ThenBy(c => c.Key)
            .Select(c => new RegionCell(c.Key, c.Value.Places, c.Value.Deepest))];
    }

    /// <summary>What a unit makes of the layer below it, each unit of that at the end of its range.</summary>
    public Combination CombinationOf(int layer, int unit)
    {
        int below = run.Layers[layer - 1].Units;
        OutputRange range = run.Layers[layer - 1].Activation.Range;
        if (!double.IsFinite(range.Low) || !double.IsFinite(range.High) || below > MostCombined) return new("open", "");
        bool[] on = [.. Enumerable.Range(0, 1 << below).Select(code => IdealField(layer, unit, code) >= 0)];
        int[] used = [.. Enumerable.Range(0, below).Where(k =>
            Enumerable.Range(0, on.Length).Any(code => on[code] != on[code ^ (1 << k)]))];
        if (used.Length == 0) return new("constant", on[0] ? "1" : "0");
        int yes = on.Count(value => value), unused = 1 << (below - used.Length);
        bool isAnd = yes == unused, isOr = on.Length - yes == unused;
        if (!isAnd && !isOr) return new("threshold", "");
        // The one combination that is on, or the one that is not.
        int alone = Array.IndexOf(on, isAnd);
        IEnumerable<string> parts = used.Select(k => ((alone >> k & 1) == 1) == isAnd ? $"y{k + 1}" : $"NOT y{k + 1}");
        return new(used.Length == 1 ? "one" : isAnd ? "and" : "or", string.Join(isAnd ? " AND " : " OR ", parts));
    }

    /// <summary>The field of a unit when those below are at the ends of their range.</summary>
    public double IdealField(int layer, int unit, int code)
    {
        UnitLayer below = run.Layers[layer - 1];
        double v = Weight(layer, -1, unit);
        for (int k = 0; k < below.Units; k++)
            v += Weight(layer, k, unit) * ((code >> k & 1) == 1 ? below.Activation.Range.High
                : below.Activation.Range.Low);
        return v;
    }

    private double[] Encoded(float[] raw)
    {
        (float[] numeric, int[] codes) = table.Inputs(raw, []);
        double[] inputs = new double[run.Spec.Inputs];
        run.Preparation.Encode(numeric, codes, inputs);
        return inputs;
    }

    /// <summary>Steps from each place to the nearest place of another cell or beyond the edge, diagonal ones
    /// too.</summary>
    private static int[] Depth(int[] codes, int size)
    {
        int[] depth = new int[codes.Length];
        for (int i = 0; i < depth.Length; i++) depth[i] = Nearest(i, before: true) + 1;
        for (int i = depth.Length - 1; i >= 0; i--) depth[i] = Math.Min(depth[i], Nearest(i, before: false) + 1);
        return depth;

        int Nearest(int i, bool before)
        {
            (int row, int column) = Math.DivRem(i, size);
            int sign = before ? -1 : 1, least = int.MaxValue - 1;
            foreach ((int down, int right) in ((int, int)[])[(0, sign), (sign, -1), (sign, 0), (sign, 1)])
            {
                (int r, int c) = (row + down, column + right);
                bool isOut = (uint)r >= (uint)size || (uint)c >= (uint)size;
                least = Math.Min(least, isOut || codes[r * size + c] != codes[i] ? 0 : depth[r * size + c]);
            }
            return least;
        }
    }
}
