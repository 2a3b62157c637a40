using System.Numerics;
using Downhill.Graph;

namespace Downhill;

/// <summary>
/// The lecture's other view of learning (L11): the performance P = −C, with P = −½‖d − z‖² for the Euclidean cost, is
/// climbed where the cost is descended. A sign and nothing else: w + η·∂P/∂w and w − η·∂C/∂w are the same number to the
/// last bit, since a change of sign never rounds.
/// </summary>
/// <param name="Cost">C of an example; P is its negative.</param>
public sealed record PerformanceFunction(Loss Cost)
{
    /// <summary>P = −½‖d − z‖².</summary>
    public static PerformanceFunction Euclidean => new(Losses.Euclidean);

    /// <summary>P of each row, [B,1], of outputs z and targets d [B,O].</summary>
    public Expr Define(Expr z, Expr d) => -Cost.Define(z, d);

    /// <summary>∂P/∂w from ∂C/∂w, in place.</summary>
    public static void Gradient<T>(Span<T> costGradient) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < costGradient.Length; i++) costGradient[i] = -costGradient[i];
    }

    /// <summary>One step of hill climbing: w ← w + η·∂P/∂w, rounded once where <paramref name="arithmetic"/> is fast (a
    /// fused multiply-add), twice where it is portable, as gradient descent does.</summary>
    public static void Ascend<T>(Span<T> weights, ReadOnlySpan<T> performanceGradient, double learningRate,
        Arithmetic arithmetic)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (weights.Length != performanceGradient.Length)
            Throw.Input("Hill climbing", $"a gradient of {weights.Length} numbers", $"{performanceGradient.Length}",
                "Give one derivative per weight.");
        T rate = T.CreateTruncating(learningRate);
        for (int i = 0; i < weights.Length; i++)
            weights[i] = arithmetic == Arithmetic.Fast ? T.FusedMultiplyAdd(rate, performanceGradient[i], weights[i])
                : rate * performanceGradient[i] + weights[i];
    }
}
