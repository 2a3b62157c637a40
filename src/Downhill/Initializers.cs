using Downhill.Kernels;

namespace Downhill;

/// <summary>The layer of neurons whose start is wanted: its sizes and links, and the arrays that receive it.</summary>
public sealed class LayerStart
{
    private readonly ConnectionMask? links;

    /// <param name="inputs">Inputs of the layer.</param>
    /// <param name="units">Units of the layer.</param>
    /// <param name="links">The links that exist, or null for all.</param>
    /// <param name="weights">[inputs, units] row-major, all 0.</param>
    /// <param name="biases">[units], all 0; empty where units have none.</param>
    /// <param name="random">The layer's own random numbers.</param>
    public LayerStart(int inputs, int units, ConnectionMask? links, double[] weights, double[] biases,
        RandomStream random)
    {
        (Inputs, Units, Weights, Biases, Random) = (inputs, units, weights, biases, random);
        this.links = links;
        int[] fanIn = new int[units], fanOut = new int[inputs];
        for (int i = 0; i < inputs; i++)
            for (int u = 0; u < units; u++)
            {
                if (!IsLink(i, u)) continue;
                fanIn[u]++;
                fanOut[i]++;
            }
        (FanIn, FanOut) = (fanIn, fanOut);
    }

    public int Inputs { get; }
    public int Units { get; }

    /// <summary>Whether the input is linked to the unit.</summary>
    public bool IsLink(int input, int unit) => links is null || links[input, unit];

    /// <summary>Links that end in each unit [units].</summary>
    public IReadOnlyList<int> FanIn { get; }

    /// <summary>Links that start from each input [inputs].</summary>
    public IReadOnlyList<int> FanOut { get; }

    /// <summary>W [inputs, units], row-major. What is written where there is no link is cleared afterwards.</summary>
    public double[] Weights { get; }

    /// <summary>b [units]; empty where units have none.</summary>
    public double[] Biases { get; }

    /// <summary>The layer's own random numbers: one draw per index.</summary>
    public RandomStream Random { get; }
}

/// <summary>
/// The small random weights a layer starts from (lecture L13). Biases start at 0 unless the initializer sets them.
/// </summary>
public abstract class Initializer : CatalogItem
{
    /// <summary>Writes the start of a layer of neurons: a pure function of its sizes, links and random
    /// numbers.</summary>
    public abstract void Fill(LayerStart start);
}

/// <summary>The initializers that ship. Adding one: its line in <see cref="All"/>.</summary>
public static class Initializers
{
    public static Initializer Uniform(double range = 0.5) => Find("uniform").Create(range);
    public static Initializer LeCunNormal => Find("lecun_normal").Default;
    public static Initializer GlorotUniform => Find("glorot_uniform").Default;
    public static Initializer HeNormal => Find("he_normal").Default;
    public static Initializer Orthogonal(double gain = 1) => Find("orthogonal").Create(gain);
    public static Initializer WidrowNguyen => Find("widrow_nguyen").Default;
    public static Initializer Embedding => Find("embedding").Default;
    public static Initializer Zeros => Find("zeros").Default;
    public static Initializer Constant(double value) => Find("constant").Create(value);

    /// <summary>The customary choice for layers with this activation.</summary>
    internal static Initializer For(Activation activation) => activation.Name switch
    {
        "relu" or "leaky_relu" or "elu" or "gelu" or "gelu_tanh" or "silu" or "mish" or "softplus" => HeNormal,
        "selu" => LeCunNormal, // its fixed point is that of variance 1/fan_in (Klambauer et al. 2017, §2)
        _ => GlorotUniform,
    };

    private static Entry<Initializer> Find(string name) => All.First(e => e.Name == name);

    /// <summary>Every weight by itself, from its place, its unit's links and its input's links.</summary>
    private sealed class EachWeight(Func<RandomStream, ulong, double, double, double> draw) : Initializer
    {
        public override void Fill(LayerStart start)
        {
            for (int i = 0; i < start.Inputs; i++)
                for (int u = 0; u < start.Units; u++)
                {
                    int place = i * start.Units + u;
                    start.Weights[place] = draw(start.Random, (ulong)place, start.FanIn[u], start.FanOut[i]);
                }
        }
    }

    /// <summary>Normal with the given variance.</summary>
    private static EachWeight NormalOf(Func<double, double, double> variance) =>
        new((random, index, fanIn, fanOut) => Math.Sqrt(variance(fanIn, fanOut)) * random.Normal(index));

    /// <summary>Uniform with the given variance: on ±√(3·variance).</summary>
    private static EachWeight UniformOf(Func<double, double, double> variance) =>
        new((random, index, fanIn, fanOut) => Math.Sqrt(3 * variance(fanIn, fanOut)) * (2 * random.Uniform(index) - 1));

    private static double LeCun(double fanIn, double fanOut) => 1 / fanIn;
    private static double Glorot(double fanIn, double fanOut) => 2 / (fanIn + fanOut);
    private static double He(double fanIn, double fanOut) => 2 / fanIn;

    /// <summary>The first of the draws index, index + 2⁴⁰, index + 2·2⁴⁰ … that lies within two deviations.</summary>
    private static double Truncated(RandomStream random, ulong index)
    {
        for (ulong draw = index; ; draw += 1UL << 40)
            if (random.Normal(draw) is var z && Math.Abs(z) <= 2) return z;
    }

    /// <summary>
    /// Orthonormal rows or columns, whichever are fewer, uniformly among all such: a normal matrix made orthogonal by
    /// Gram and Schmidt, each vector twice (which is enough: Giraud et al., Numer. Math. 101, 2005). Where links are
    /// absent, each unit's weights are scaled up so that they keep their length on average.
    /// </summary>
    private sealed class OrthogonalInitializer(double gain) : Initializer
    {
        public override void Fill(LayerStart start)
        {
            int units = start.Units, inputs = start.Inputs;
            bool byUnit = units <= inputs;
            int count = Math.Min(units, inputs), length = Math.Max(units, inputs);
            double[] vectors = new double[(long)count * length];
            for (int v = 0; v < count; v++)
            {
                Span<double> vector = vectors.AsSpan(v * length, length);
                for (int i = 0; i < length; i++) vector[i] = start.Random.Normal((ulong)(v * (long)length + i));
                for (int pass = 0; pass < 2; pass++)
                {
                    for (int w = 0; w < v; w++)
                    {
                        ReadOnlySpan<double> other = vectors.AsSpan(w * length, length);
                        Add(vector, -Dot(other, vector), other);
                    }
                    Scale(vector, 1 / Math.Sqrt(Dot(vector, vector)));
                }
            }
            for (int i = 0; i < inputs; i++)
                for (int u = 0; u < units; u++)
                    start.Weights[i * units + u] = vectors[byUnit ? u * length + i : i * length + u]
                        * (gain * Math.Sqrt(inputs / (double)Math.Max(1, start.FanIn[u])));
        }

        private static void Add(Span<double> to, double factor, ReadOnlySpan<double> vector)
        {
            for (int i = 0; i < to.Length; i++) to[i] += factor * vector[i];
        }

        private static void Scale(Span<double> vector, double factor)
        {
            for (int i = 0; i < vector.Length; i++) vector[i] *= factor;
        }

        // Four sums, always in this order: the same bits everywhere, and the additions do not wait for one another.
        private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
        {
            double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            int i = 0;
            for (; i + 4 <= a.Length; i += 4)
            {
                s0 += a[i] * b[i];
                s1 += a[i + 1] * b[i + 1];
                s2 += a[i + 2] * b[i + 2];
                s3 += a[i + 3] * b[i + 3];
            }
            for (; i < a.Length; i++) s0 += a[i] * b[i];
            return s0 + s1 + (s2 + s3);
        }
    }

    /// <summary>
    /// Each unit's weights in a random direction with length 0.7·H^(1/N), for H units with N links each, and its bias
    /// uniform on plus or minus that length: the units' intervals of action cover inputs in −1 … 1.
    /// </summary>
    private sealed class WidrowNguyenInitializer : Initializer
    {
        public override void Fill(LayerStart start)
        {
            int units = start.Units;
            double[] squares = new double[units];
            for (int i = 0; i < start.Inputs; i++)
                for (int u = 0; u < units; u++)
                {
                    int place = i * units + u;
                    start.Weights[place] = start.IsLink(i, u) ? 2 * start.Random.Uniform((ulong)place) - 1 : 0;
                    squares[u] += start.Weights[place] * start.Weights[place];
                }
            for (int u = 0; u < units; u++)
            {
                if (squares[u] == 0) continue;
                double length = 0.7 * PortableMath.Pow(units, 1.0 / start.FanIn[u]);
                for (int i = 0; i < start.Inputs; i++) start.Weights[i * units + u] *= length / Math.Sqrt(squares[u]);
                if (start.Biases.Length > 0)
                    start.Biases[u] = length * (2 * start.Random.Uniform((ulong)start.Weights.Length + (ulong)u) - 1);
            }
        }
    }

    /// <summary>Every initializer, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Initializer>> All { get; } =
    [
        new("uniform", "U(±range)", "the lecture's small random weights",
            "lecture L13; Rumelhart, Hinton, Williams, Nature 323, 1986",
            [new("range", 0.5, 0, 1e6, "Largest size of a weight.")],
            p => new EachWeight((random, index, _, _) => p[0] * (2 * random.Uniform(index) - 1))),
        new("normal", "N(0, deviation²)", "small random weights of the older literature",
            "Nielsen, Neural Networks and Deep Learning, 2015, ch. 1",
            [new("deviation", 0.1, 0, 1e6, "Deviation of a weight.")],
            p => new EachWeight((random, index, _, _) => p[0] * random.Normal(index))),
        new("truncated_normal", "N(0, deviation²), redrawn beyond 2 deviations",
            "small random weights without outliers",
            "Abadi et al., OSDI 2016 (TensorFlow)",
            [new("deviation", 0.1, 0, 1e6, "Deviation before the tails are cut off.")],
            p => new EachWeight((random, index, _, _) => p[0] * Truncated(random, index))),
        new("lecun_normal", "N(0, 1/fan_in)", "keeps the size of signals through identity-like units",
            "LeCun et al., Efficient BackProp, 1998, eq. 16", [], _ => NormalOf(LeCun)),
        new("lecun_uniform", "U(±√(3/fan_in))", "the same, bounded", "LeCun et al., Efficient BackProp, 1998, eq. 16",
            [], _ => UniformOf(LeCun)),
        new("glorot_normal", "N(0, 2/(fan_in + fan_out))", "balances forward and backward signals",
            "Glorot, Bengio, AISTATS 2010, eq. 12", [], _ => NormalOf(Glorot)),
        new("glorot_uniform", "U(±√(6/(fan_in + fan_out)))", "the same, bounded; the default for tanh and sigmoid",
            "Glorot, Bengio, AISTATS 2010, eq. 16", [], _ => UniformOf(Glorot)),
        new("he_normal", "N(0, 2/fan_in)", "makes up for the half that relu cuts off; the default for relu",
            "He et al., ICCV 2015, eq. 10", [], _ => NormalOf(He)),
        new("he_uniform", "U(±√(6/fan_in))", "the same, bounded", "He et al., ICCV 2015, eq. 10", [],
            _ => UniformOf(He)),
        new("orthogonal", "gain·Q,  QᵀQ = 1 (or QQᵀ = 1)", "keeps the length of signals through deep networks",
            "Saxe, McClelland, Ganguli, ICLR 2014, §3", [new("gain", 1, 0, 1e6, "Factor; √2 for relu.")],
            p => new OrthogonalInitializer(p[0])),
        new("widrow_nguyen", "‖w‖ = 0.7·H^(1/N),  b in U(±‖w‖)",
            "spreads the units over inputs in −1 … 1; for tanh and sigmoid",
            "Nguyen, Widrow, IJCNN 1990", [], _ => new WidrowNguyenInitializer()),
        new("embedding", "N(0, 1); 1 of a single link",
            "vectors for categories, which are one input of many; what has one link alone is passed on",
            "Guo, Berkhahn, Entity Embeddings, 2016", [],
            _ => new EachWeight((random, index, fanIn, _) => fanIn == 1 ? 1 : random.Normal(index))),
        new("zeros", "0", "all units alike: fit for a single layer only", "to see why chance is needed", [],
            _ => new EachWeight((_, _, _, _) => 0)),
        new("constant", "value", "all units alike: fit for a single layer only", "to see why chance is needed",
            [new("value", 0.1, -1e6, 1e6, "Every weight.")], p => new EachWeight((_, _, _, _) => p[0])),
    ];
}
