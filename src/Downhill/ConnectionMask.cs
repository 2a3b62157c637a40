namespace Downhill;

/// <summary>
/// Which links of a layer exist. The weight matrix stays dense in memory with absent links at exactly 0; files and
/// counts hold the links only (lecture L20).
/// </summary>
public sealed class ConnectionMask : IEquatable<ConnectionMask>
{
    private readonly bool[] present;
    private readonly int[] fanIn;

    /// <param name="inputs">Inputs of the layer.</param>
    /// <param name="units">Units of the layer.</param>
    /// <param name="present">[inputs, units] row-major: whether input i is linked to unit o.</param>
    public ConnectionMask(int inputs, int units, bool[] present)
    {
        if (present.Length != (long)inputs * units)
            Throw.Input("Connection mask", $"{inputs}×{units} = {(long)inputs * units} places", $"{present.Length}",
                "Give one value per possible link.");
        (Inputs, Units, this.present) = (inputs, units, present);
        Links = present.Count(p => p);
        fanIn = new int[units];
        for (int i = 0; i < present.Length; i++) fanIn[i % units] += present[i] ? 1 : 0;
        Absent = [.. Enumerable.Range(0, present.Length).Where(i => !present[i])];
    }

    public int Inputs { get; }
    public int Units { get; }

    /// <summary>Number of links.</summary>
    public int Links { get; }

    /// <summary>Places without a link, ascending, in row-major [inputs, units].</summary>
    internal int[] Absent { get; }

    public bool this[int input, int unit] => present[input * Units + unit];

    /// <summary>Links that end in a unit.</summary>
    public int FanIn(int unit) => fanIn[unit];

    /// <summary>Each unit linked to the same share of its inputs (at least one), drawn by the seed.</summary>
    /// <param name="inputs">Inputs of the layer.</param>
    /// <param name="units">Units of the layer.</param>
    /// <param name="fraction">Share of links that exist, above 0 and up to 1.</param>
    /// <param name="random">Where the draw comes from.</param>
    public static ConnectionMask Random(int inputs, int units, double fraction, RandomStream random)
    {
        if (!(fraction > 0 && fraction <= 1))
            Throw.Input("Connections", "a share above 0 and up to 1", Numbers.Text(fraction), "1 is fully connected.");
        int links = Math.Max(1, (int)Math.Round(fraction * inputs));
        bool[] present = new bool[inputs * units];
        int[] order = new int[inputs];
        for (int unit = 0; unit < units; unit++)
        {
            for (int i = 0; i < inputs; i++) order[i] = i;
            for (int i = 0; i < links; i++)
            {
                int j = i + (int)(random.Uniform((ulong)(unit * inputs + i)) * (inputs - i));
                (order[i], order[j]) = (order[j], order[i]);
                present[order[i] * units + unit] = true;
            }
        }
        return new(inputs, units, present);
    }

    /// <summary>One bit per place, row-major, for files.</summary>
    internal string ToBits()
    {
        byte[] bits = new byte[(present.Length + 7) / 8];
        for (int i = 0; i < present.Length; i++)
            if (present[i]) bits[i / 8] |= (byte)(1 << (i % 8));
        return Convert.ToBase64String(bits);
    }

    internal static ConnectionMask FromBits(int inputs, int units, string text)
    {
        byte[] bits = new byte[((long)inputs * units + 7) / 8];
        if (!Convert.TryFromBase64String(text, bits, out int written) || written != bits.Length)
            Throw.Input("Connection mask", $"{bits.Length} bytes in base64", "something else", "The file is damaged.");
        bool[] present = new bool[inputs * units];
        for (int i = 0; i < present.Length; i++) present[i] = (bits[i / 8] >> (i % 8) & 1) == 1;
        return new(inputs, units, present);
    }

    public bool Equals(ConnectionMask? other) =>
        other is not null && other.Inputs == Inputs && other.Units == Units
            && other.present.AsSpan().SequenceEqual(present);
    public override bool Equals(object? obj) => Equals(obj as ConnectionMask);
    public override int GetHashCode() => HashCode.Combine(Inputs, Units, Links);
}
