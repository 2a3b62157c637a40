namespace Downhill;

/// <summary>
/// The small random weights a layer starts from: independent draws with mean 0 and a width set by the number of a
/// unit's inputs and outputs. Biases start at 0.
/// </summary>
public abstract class Initializer : CatalogItem
{
    /// <summary>Draws the weight at place <paramref name="index"/> of its matrix.</summary>
    /// <param name="random">The layer's own random numbers.</param>
    /// <param name="index">Place in the matrix, row-major.</param>
    /// <param name="fanIn">Inputs of the unit (links only, where not fully connected).</param>
    /// <param name="fanOut">Outputs of the layer.</param>
    public abstract double Draw(in RandomStream random, ulong index, double fanIn, double fanOut);
}

/// <summary>The initializers that ship. Adding one: its line in <see cref="All"/>.</summary>
public static class Initializers
{
    public static Initializer LeCunNormal => Find("lecun_normal");
    public static Initializer GlorotUniform => Find("glorot_uniform");
    public static Initializer HeNormal => Find("he_normal");

    /// <summary>The customary choice for layers with this activation.</summary>
    internal static Initializer For(Activation activation) => activation.Name == "relu" ? HeNormal : GlorotUniform;

    private static Initializer Find(string name) => All.First(e => e.Name == name).Default;

    /// <summary>Normal with the given variance.</summary>
    private sealed class Normal(Func<double, double, double> variance) : Initializer
    {
        public override double Draw(in RandomStream random, ulong index, double fanIn, double fanOut) =>
            Math.Sqrt(variance(fanIn, fanOut)) * random.Normal(index);
    }

    /// <summary>Uniform with the given variance: on ±√(3·variance).</summary>
    private sealed class Uniform(Func<double, double, double> variance) : Initializer
    {
        public override double Draw(in RandomStream random, ulong index, double fanIn, double fanOut) =>
            Math.Sqrt(3 * variance(fanIn, fanOut)) * (2 * random.Uniform(index) - 1);
    }

    private static double LeCun(double fanIn, double fanOut) => 1 / fanIn;
    private static double Glorot(double fanIn, double fanOut) => 2 / (fanIn + fanOut);
    private static double He(double fanIn, double fanOut) => 2 / fanIn;

    /// <summary>Every initializer, in the order in which menus and tables show them.</summary>
    public static IReadOnlyList<Entry<Initializer>> All { get; } =
    [
        new("lecun_normal", "N(0, 1/fan_in)", "keeps the size of signals through identity-like units",
            "LeCun et al., Efficient BackProp, 1998, eq. 16", [], _ => new Normal(LeCun)),
        new("lecun_uniform", "U(±√(3/fan_in))", "the same, bounded", "LeCun et al., Efficient BackProp, 1998, eq. 16", [],
            _ => new Uniform(LeCun)),
        new("glorot_normal", "N(0, 2/(fan_in + fan_out))", "balances forward and backward signals", "Glorot, Bengio, AISTATS 2010, eq. 12", [],
            _ => new Normal(Glorot)),
        new("glorot_uniform", "U(±√(6/(fan_in + fan_out)))", "the same, bounded; the default for tanh and sigmoid",
            "Glorot, Bengio, AISTATS 2010, eq. 16", [], _ => new Uniform(Glorot)),
        new("he_normal", "N(0, 2/fan_in)", "makes up for the half that relu cuts off; the default for relu",
            "He et al., ICCV 2015, eq. 10", [], _ => new Normal(He)),
        new("he_uniform", "U(±√(6/fan_in))", "the same, bounded", "He et al., ICCV 2015, eq. 10", [], _ => new Uniform(He)),
    ];
}
