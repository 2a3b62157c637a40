namespace Downhill;

/// <summary>How a product is added to a sum; see <c>docs/DETERMINISM.md</c>.</summary>
public enum Arithmetic
{
    /// <summary>Fused multiply-add where the hardware has it: one rounding, fastest. The default for
    /// training.</summary>
    Fast,

    /// <summary>Multiply, round, then add: the same bits on every machine, at every width and in the browser.</summary>
    Portable,
}
