using Downhill.Kernels;

namespace Downhill.Playground;

/// <summary>An input of the network made of the two raw inputs of plane data.</summary>
/// <param name="Name">In settings and addresses.</param>
/// <param name="Formula">As a column's name: what a model made here expects.</param>
/// <param name="Value">By portable functions: the same bits on every machine.</param>
internal sealed record Feature(string Name, string Formula, Func<double, double, double> Value)
{
    /// <summary>Every feature, the seven of the TensorFlow Playground first. Adding one: its line.</summary>
    public static IReadOnlyList<Feature> All { get; } =
    [
        new("x1", "x1", static (a, _) => a),
        new("x2", "x2", static (_, b) => b),
        new("x1sq", "x1^2", static (a, _) => a * a),
        new("x2sq", "x2^2", static (_, b) => b * b),
        new("x1x2", "x1*x2", static (a, b) => a * b),
        new("sinx1", "sin(x1)", static (a, _) => PortableMath.Sin(a)),
        new("sinx2", "sin(x2)", static (_, b) => PortableMath.Sin(b)),
        new("cosx1", "cos(x1)", static (a, _) => PortableMath.Cos(a)),
        new("cosx2", "cos(x2)", static (_, b) => PortableMath.Cos(b)),
        new("absx1", "|x1|", static (a, _) => Math.Abs(a)),
        new("absx2", "|x2|", static (_, b) => Math.Abs(b)),
        new("r", "sqrt(x1^2+x2^2)", static (a, b) => Math.Sqrt(a * a + b * b)),
    ];
}
