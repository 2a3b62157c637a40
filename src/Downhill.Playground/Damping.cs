namespace Downhill.Playground;

/// <summary>
/// How momentum moves along a direction of a given curvature (lecture L15). Near a place with curvature λ the movement
/// w(t+1) = (1 + γ − ηλ)·w(t) − γ·w(t−1) is a damped spring: its two roots say how it comes to rest (Polyak 1964;
/// Goh, Why Momentum Really Works, 2017).
/// </summary>
/// <param name="Curvature">λ, an eigenvalue of the Hessian.</param>
/// <param name="Regime">"under" (swings around the minimum), "critical", "over" (creeps to it), "alternating" (jumps
/// over it each time), "diverging", or "downhill" where nothing pulls back.</param>
/// <param name="Radius">Size of the larger root: what is left of the distance after an update, in the long run.</param>
/// <param name="CriticalGamma">The γ that is critical here, (1 − √(ηλ))²; NaN where nothing pulls back.</param>
internal sealed record Damping(double Curvature, string Regime, double Radius, double CriticalGamma)
{
    /// <summary>How near γ must be to the critical one to be called so.</summary>
    private const double Near = 0.01;

    /// <param name="curvature">λ.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="gamma">γ, from 0 to 1.</param>
    public static Damping Of(double curvature, double learningRate, double gamma)
    {
        double pull = learningRate * curvature, middle = 1 + gamma - pull, square = middle * middle - 4 * gamma;
        double radius = square < 0 ? Math.Sqrt(gamma) : (Math.Abs(middle) + Math.Sqrt(square)) / 2;
        if (pull <= 0) return new(curvature, "downhill", radius, double.NaN);
        double critical = (1 - Math.Sqrt(pull)) * (1 - Math.Sqrt(pull));
        string regime = pull >= 2 * (1 + gamma) ? "diverging"
            : pull < 1 && Math.Abs(gamma - critical) <= Near ? "critical"
            : square < 0 ? "under"
            : middle < 0 ? "alternating" : "over";
        return new(curvature, regime, radius, critical);
    }
}
