namespace Downhill.Onnx.Tests;

/// <summary>
/// Models of every kind there is: columns of numbers and categories, every preparation, masks, feature scales, batch
/// normalisation, dropout, every activation with its numbers, classes by several outputs or one, numbers in units and
/// as logarithms. A pure function of the seed.
/// </summary>
internal sealed class RandomModels
{
    private readonly RandomStream random;
    private ulong drawn;

    private RandomModels(int seed) => random = new((ulong)seed, 77);

    /// <summary>The model of a seed; the seed also walks through the activations.</summary>
    public static Model Make(int seed) => new RandomModels(seed).Model(seed);

    /// <summary>Rows that suit a model: some with categories that it does not know, with missing numbers, with numbers
    /// on landmarks, at levels, between them and far beyond.</summary>
    public static (float[] Numeric, int[] Codes)[] Rows(Model model, int count, int seed)
    {
        RandomModels draw = new(seed + 1_000_000);
        Preparation preparation = model.Preparation;
        return [.. Enumerable.Range(0, count).Select(_ => (
            Enumerable.Range(0, preparation.NumericCount).Select(i => draw.Number(preparation, i)).ToArray(),
            preparation.Inputs.Where(c => c.Kind == ColumnKind.Category)
                .Select(c => draw.Below(c.Categories.Count + 1) - 1).ToArray()))];
    }

    private float Number(Preparation preparation, int column)
    {
        NumericEncoding encoding = preparation.Encodings[column];
        if (encoding.HasIndicator && Below(3) == 0) return float.NaN;
        if (encoding.Levels.Count > 0 && Below(4) > 0) return encoding.Levels[Below(encoding.Levels.Count)];
        if (encoding.Landmarks.Count > 0)
        {
            double low = encoding.Landmarks[0], high = encoding.Landmarks[^1];
            return (float)(Below(6) switch
            {
                0 => encoding.Landmarks[Below(encoding.Landmarks.Count)],
                1 => low - (high - low) * Uniform(),
                2 => high + (high - low) * Uniform(),
                _ => low + (high - low) * Uniform(),
            });
        }
        double far = encoding.Clip > 0 && Below(5) == 0 ? Math.Pow(10, 2 + Below(18)) : 1;
        return (float)(preparation.Shift[column] + far * Normal() / preparation.Scale[column]);
    }

    private Model Model(int seed)
    {
        Preparation preparation = Preparation(seed);
        NetworkSpec spec = Network(seed, preparation);
        Network<float> network = new(spec);
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength);
        network.Initialize(parameters, buffers, (ulong)seed);
        foreach (Segment segment in spec.Segments)
        {
            if (segment.Shape.Role == SegmentRole.Weight) continue;
            for (int i = 0; i < segment.Length; i++) parameters.Span[segment.Offset + i] += (float)(0.3 * Normal());
        }
        for (int i = 0; i < buffers.Length; i++) buffers.Span[i] = (float)(0.2 + Uniform());
        return new Model(spec, preparation, Losses.Euclidean, parameters, buffers, Arithmetic.Fast);
    }

    private Preparation Preparation(int seed)
    {
        int columns = 1 + Below(8);
        List<Column> inputs = [];
        for (int i = 0; i < columns; i++)
            inputs.Add(Below(4) > 0 ? new($"column {i + 1}")
                : new($"kind {i + 1}", ColumnKind.Category,
                [.. Enumerable.Range(0, 1 + Below(4)).Select(k => $"größe {k}")]));
        int numeric = inputs.Count(c => c.Kind == ColumnKind.Numeric);
        bool scaled = Below(4) > 0;
        double[] shift = [.. Enumerable.Range(0, numeric).Select(_ => scaled ? Math.Pow(10, Below(5)) * Normal() : 0)];
        double[] scale = [.. Enumerable.Range(0, numeric).Select(_ => scaled ? 0.2 + 2 * Uniform() : 1)];
        // Every other model has numbers that are only shifted and scaled, as the plain recipe makes them.
        NumericEncoding[] encodings = [.. Enumerable.Range(0, numeric)
            .Select(i => seed % 2 == 0 ? new NumericEncoding() : Encoding(shift, scale, i))];
        if (numeric == inputs.Count && encodings.All(e => e.IsConstant)) encodings[0] = new();
        if (seed % 3 == 0)
        {
            string[] names = [.. Enumerable.Range(0, 1 + Below(3)).Select(i => $"target {i + 1}")];
            bool isLog = Below(3) == 0;
            return new(inputs, new(names, []), shift, scale, [.. names.Select(_ => (isLog ? 1 : 10) * Normal())],
                [.. names.Select(_ => isLog ? 0.1 + 0.1 * Uniform() : 0.5 + 5 * Uniform())], 0, 1, false)
            { Encodings = encodings, LogTargets = isLog };
        }
        int classes = 2 + Below(4);
        bool single = classes == 2 && Below(2) == 0;
        double low = single && Below(2) == 0 ? -1 : 0;
        return new(inputs, new(["kind"], [.. Enumerable.Range(0, classes).Select(k => $"class \"{k}\"")]), shift, scale,
            [], [],
            low, 1, single)
        { Encodings = encodings };
    }

    /// <summary>What may be done to a column of numbers, as fits make it and in other combinations as well.</summary>
    private NumericEncoding Encoding(double[] shift, double[] scale, int column)
    {
        if (Below(8) == 0) return new() { IsConstant = true };
        bool isMissing = Below(3) == 0;
        NumericEncoding encoding = new()
        {
            HasIndicator = isMissing, Fill = isMissing ? shift[column] + Normal() / scale[column] : double.NaN,
        };
        switch (Below(4))
        {
            case 0:
                return encoding with { Clip = 1 + 3 * Uniform() };
            case 1: // a value that half of the rows have makes landmarks few and unevenly far apart
                double at = shift[column];
                List<double> landmarks = [], places = [];
                double place = -2;
                for (int k = 2 + Below(30); k > 0; k--)
                {
                    landmarks.Add(at);
                    places.Add(place);
                    at += (Below(4) == 0 ? 0.01 : 1) * (0.01 + Uniform()) / scale[column];
                    place += 0.3 * Uniform();
                }
                (shift[column], scale[column]) = (0, 1);
                return encoding with
                {
                    Landmarks = [.. landmarks],
                    Places = [.. places],
                    Clip = Below(4) == 0 ? 3 : 0,
                    Fill = isMissing ? landmarks[landmarks.Count / 2] : double.NaN,
                };
            case 2:
                return encoding with
                {
                    Levels = [
                        .. Enumerable.Range(0, 1 + Below(6)).Select(k => (float)(shift[column] + 0.1 * k)).Distinct()],
                };
            default:
                return encoding;
        }
    }

    private NetworkSpec Network(int seed, Preparation preparation)
    {
        List<Layer> layers = [];
        int width = preparation.Width, hidden = Below(4), place = seed;
        if (Below(4) == 0) layers.Add(new FeatureScale());
        for (int i = 0; i < hidden; i++)
        {
            int units = 1 + Below(20);
            bool norm = Below(3) == 0;
            layers.Add(new Dense(units, norm ? Activations.Identity : Activation(place++))
            {
                HasBias = Below(5) > 0,
                ForwardScale = Below(4) == 0 ? ForwardScale.LeCun : ForwardScale.None,
                Connections = Below(3) == 0
                    ? ConnectionMask.Random(width, units, 0.3 + 0.6 * Uniform(), new RandomStream((ulong)seed, 3))
                    : null,
            });
            if (norm) layers.Add(new BatchNorm(Activation(place++)) { Epsilon = 1e-3 });
            if (Below(4) == 0) layers.Add(new Dropout(0.3));
            width = units;
        }
        Activation output = preparation.Target.IsClass && !preparation.SingleOutput && Below(2) == 0
            ? Activations.Softmax
            : Activation(place);
        layers.Add(new Dense(preparation.Outputs, output) { HasBias = Below(5) > 0 });
        return new(preparation.Width, layers);
    }

    /// <summary>The element-wise activations in turn, with numbers near their defaults.</summary>
    private Activation Activation(int place)
    {
        Entry<Activation>[] entries = [.. Activations.All.Where(e => e.Default.IsElementwise)];
        Entry<Activation> entry = entries[place % entries.Length];
        double[] numbers = [.. entry.Parameters.Select(p => p.Whole ? p.Default
            : Math.Clamp(p.Default * (0.5 + Uniform()) + 0.5 * (Uniform() - 0.5), p.Min + 1e-3, p.Max))];
        if (entry.Name == "ramp" && numbers[2] >= numbers[3] - 0.1) numbers[3] = numbers[2] + 1;
        return Below(3) == 0 ? entry.Default : entry.Create(numbers);
    }

    private double Uniform() => random.Uniform(drawn++);
    private double Normal() => random.Normal(drawn++);
    private int Below(int bound) => random.Below(drawn++, bound);
}
