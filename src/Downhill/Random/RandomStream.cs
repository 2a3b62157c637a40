using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// Random numbers as a pure function of (seed, stream, epoch, index): nothing is consumed and nothing is stored, so
/// a number does not depend on who computes it, in which order, or on stopping and resuming. One Philox4x32-10 block
/// per index: the key is the seed, the counter is (index, stream, epoch).
/// </summary>
/// <remarks>
/// The draws of one index come from the same block: <see cref="Bits"/>, <see cref="Uniform(ulong)"/> and
/// <see cref="Below"/> are the same 64 bits in three forms and <see cref="Normal"/> uses them too. Take one draw per
/// index.
/// </remarks>
public readonly struct RandomStream
{
    private const double TwoToMinus53 = 1.0 / (1L << 53);

    /// <param name="seed">The run's seed, all 64 bits of it.</param>
    /// <param name="stream">What the numbers are for: one of <see cref="RandomStreams"/>, plus a sub-number below
    /// <see cref="RandomStreams.Spacing"/> (a layer's position, for example).</param>
    /// <param name="epoch">The epoch, or another number of a repetition; 0 where there is none.</param>
    public RandomStream(ulong seed, uint stream, uint epoch = 0) => (Seed, Stream, Epoch) = (seed, stream, epoch);

    public ulong Seed { get; }
    public uint Stream { get; }
    public uint Epoch { get; }

    /// <summary>The four 32-bit words of a block, for callers that need many short draws.</summary>
    public (uint W0, uint W1, uint W2, uint W3) Block(ulong index) =>
        Philox.Block((uint)index, (uint)(index >> 32), Stream, Epoch, (uint)Seed, (uint)(Seed >> 32));

    /// <summary>64 random bits.</summary>
    public ulong Bits(ulong index)
    {
        var (w0, w1, _, _) = Block(index);
        return (ulong)w1 << 32 | w0;
    }

    /// <summary>Uniform in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double Uniform(ulong index) => (Bits(index) >> 11) * TwoToMinus53;

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(ulong index, double low, double high) => low + Uniform(index) * (high - low);

    /// <summary>
    /// Uniform in 0 … bound−1: the high half of bits × bound. Without rejection, so that every index costs the same
    /// and none is skipped; two values' probabilities differ by at most 2⁻⁶⁴, below 2⁻³² of either.
    /// </summary>
    /// <param name="index">Which draw.</param>
    /// <param name="bound">1 or more.</param>
    public int Below(ulong index, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(Bits(index), (ulong)bound, out _);
    }

    /// <summary>
    /// Standard normal, mean 0 and variance 1, by Box and Muller: √(−2 ln u₁)·cos 2πu₂ with u₁ in (0, 1], so it is
    /// finite and at most 8.6 in size. Own logarithm and cosine: the same bits on every machine.
    /// </summary>
    public double Normal(ulong index)
    {
        var (w0, w1, w2, w3) = Block(index);
        double u1 = (((((ulong)w1 << 32) | w0) >> 11) + 1) * TwoToMinus53;
        double u2 = ((((ulong)w3 << 32) | w2) >> 11) * TwoToMinus53;
        return Math.Sqrt(-2 * PortableMath.Log(u1)) * PortableMath.Cos(2 * Math.PI * u2);
    }
}

/// <summary>
/// What random numbers are for. Streams with different numbers are independent. The numbers are part of what makes a
/// run repeatable: never change or reuse one.
/// </summary>
public static class RandomStreams
{
    /// <summary>Room for sub-numbers: <c>Dropout + layer</c> stays clear of the next purpose.</summary>
    public const uint Spacing = 1 << 16;

    /// <summary>Initial weights; plus the layer.</summary>
    public const uint Initialization = 1 * Spacing;

    /// <summary>The order of the examples in an epoch.</summary>
    public const uint Shuffle = 2 * Spacing;

    /// <summary>Which rows are held out, and cross-validation's folds.</summary>
    public const uint Split = 3 * Spacing;

    /// <summary>Dropout masks; plus the layer.</summary>
    public const uint Dropout = 4 * Spacing;

    /// <summary>Generated data sets.</summary>
    public const uint Data = 5 * Spacing;

    /// <summary>Noise added to inputs, weights or gradients.</summary>
    public const uint Noise = 6 * Spacing;

    /// <summary>Distortions of training images.</summary>
    public const uint Augmentation = 7 * Spacing;

    /// <summary>Which links of a layer that is not fully connected exist; plus the layer.</summary>
    public const uint Connections = 8 * Spacing;

    /// <summary>The members of an ensemble.</summary>
    public const uint Ensemble = 9 * Spacing;

    /// <summary>Which rows change values when a column's importance is measured.</summary>
    public const uint Importance = 10 * Spacing;
}
