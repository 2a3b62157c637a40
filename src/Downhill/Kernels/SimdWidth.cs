using System.Runtime.Intrinsics;

namespace Downhill.Kernels;

/// <summary>How many bits the kernels work on at a time.</summary>
public enum SimdWidth
{
    /// <summary>One element at a time.</summary>
    Scalar = 0,
    /// <summary>128 bits: SSE, NEON, WebAssembly.</summary>
    Bits128 = 128,
    /// <summary>256 bits: AVX2.</summary>
    Bits256 = 256,
    /// <summary>512 bits: AVX-512.</summary>
    Bits512 = 512,
}

/// <summary>Which width this process uses.</summary>
public static class SimdWidths
{
    /// <summary>Name of the environment variable that forces a width: scalar, 128, 256 or 512.</summary>
    public const string Variable = "DOWNHILL_SIMD";

    private static readonly Lazy<SimdWidth> _selected = new(() => Parse(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The widths that this machine runs in hardware, narrowest first. A wider one would run, in software,
    /// very slowly: it is never chosen.</summary>
    public static IReadOnlyList<SimdWidth> Supported { get; } = FindSupported();

    extension(SimdWidth)
    {
        /// <summary>The width of this process: the widest that the hardware has, or what <c>DOWNHILL_SIMD</c> says.
        /// Read once.</summary>
        /// <exception cref="DownhillException">The variable holds something else, or a width that this machine
        /// lacks.</exception>
        public static SimdWidth Selected => _selected.Value;
    }

    /// <summary>Reads the variable's text; null or blank means the widest.</summary>
    internal static SimdWidth Parse(string? text)
    {
        IReadOnlyList<SimdWidth> supported = Supported;
        if (string.IsNullOrWhiteSpace(text)) { return supported[^1]; }
        foreach (SimdWidth width in supported)
        {
            if (text.Trim().Equals(Name(width), StringComparison.OrdinalIgnoreCase)) { return width; }
        }
        return Throw.Input<SimdWidth>(
            "Environment variable " + Variable, "one of " + string.Join(", ", supported.Select(Name)), $"\"{text}\"",
            "Unset it to let Downhill choose the widest that this machine has.");
    }

    /// <summary>The name that the variable uses.</summary>
    public static string Name(SimdWidth width) =>
        width == SimdWidth.Scalar ? "scalar" : ((int)width).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static List<SimdWidth> FindSupported()
    {
        List<SimdWidth> widths = [SimdWidth.Scalar];
        if (Vector128.IsHardwareAccelerated) { widths.Add(SimdWidth.Bits128); }
        if (Vector256.IsHardwareAccelerated) { widths.Add(SimdWidth.Bits256); }
        if (Vector512.IsHardwareAccelerated) { widths.Add(SimdWidth.Bits512); }
        return widths;
    }
}
