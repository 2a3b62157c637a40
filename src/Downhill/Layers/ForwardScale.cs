using System.Text.Json;

namespace Downhill;

/// <summary>What a layer of neurons multiplies its sums with, before the bias: u = s·Σ wᵢ·xᵢ, v = u + b.</summary>
public enum ForwardScale
{
    /// <summary>s = 1.</summary>
    None,

    /// <summary>
    /// s = 1/√n with n the links that end in the unit: LeCun's 1/√fan-in (lecture L18; LeCun et al., Efficient
    /// BackProp, 1998, §4.6) moved from the start of the weights into the sum itself, so that the network stays the
    /// same function of weights that are all of one size (the parametrisation of Jacot, Gabriel and Hongler, Neural
    /// Tangent Kernel, NeurIPS 2018, §2). Weights start √n times as large as without, so the start is the same
    /// function. Plain descent then moves w/√n, what a layer without the scale would call its weight, with the rate
    /// η/n. Penalties and decay see w.
    /// </summary>
    LeCun,
}

/// <summary>The words for <see cref="ForwardScale"/>, and its numbers.</summary>
internal static class ForwardScales
{
    /// <summary>"none" and "lecun", in the order of the values.</summary>
    public static string[] Words { get; } = ["none", "lecun"];

    public static string Word(this ForwardScale scale) => Words[(int)scale];

    /// <summary>s of a unit with this many links; of one without any, 1.</summary>
    public static double Factor(this ForwardScale scale, int links) =>
        scale == ForwardScale.LeCun ? 1 / Math.Sqrt(Math.Max(1, links)) : 1;

    internal static ForwardScale Read(JsonElement json)
    {
        if (!json.TryGetProperty("forward_scale", out JsonElement word)) return ForwardScale.None;
        int place = Array.IndexOf(Words, word.GetString());
        if (place < 0)
            Throw.Input("Network description", $"a forward scale of {string.Join(", ", Words)}",
                $"'{word.GetString()}'",
                "The file is of a newer version.");
        return (ForwardScale)place;
    }
}
