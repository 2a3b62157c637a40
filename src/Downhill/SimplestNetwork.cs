using System.Globalization;
using System.Text;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// The lecture's simplest network (L12): x →(w₁)→ p₁ → y →(w₂)→ p₂ → z with sigmoids β, one weight per layer, no bias,
/// and the performance P = −½(d − z)². Every number of its two partial derivatives, in double.
/// </summary>
/// <remarks>
/// The lecture's last slide adds the two derivatives into one number and leaves out the y of ∂P/∂w₂. That is a slip: a
/// gradient has one entry per weight, and ∂p₂/∂w₂ = y. Here stands the right form.
/// </remarks>
/// <param name="X">Input.</param>
/// <param name="W1">Weight of the first link.</param>
/// <param name="W2">Weight of the second link.</param>
/// <param name="D">What z should be.</param>
public sealed record SimplestNetwork(double X, double W1, double W2, double D)
{
    /// <summary>p₁ = w₁·x.</summary>
    public double P1 => W1 * X;

    /// <summary>y = β(p₁).</summary>
    public double Y => Beta(P1);

    /// <summary>p₂ = w₂·y.</summary>
    public double P2 => W2 * Y;

    /// <summary>z = β(p₂).</summary>
    public double Z => Beta(P2);

    /// <summary>P = −½(d − z)².</summary>
    public double Performance => -0.5 * (D - Z) * (D - Z);

    /// <summary>L = −P, what <see cref="Losses.Euclidean"/> gives.</summary>
    public double Cost => -Performance;

    /// <summary>∂P/∂w₂ = (d − z)·z(1 − z)·y.</summary>
    public double ByW2 => (D - Z) * (Z * (1 - Z)) * Y;

    /// <summary>∂P/∂w₁ = (d − z)·z(1 − z)·w₂·y(1 − y)·x.</summary>
    public double ByW1 => (D - Z) * (Z * (1 - Z)) * W2 * (Y * (1 - Y)) * X;

    /// <summary>β(p) = 1/(1 + e⁻ᵖ); its derivative is β(1 − β).</summary>
    public static double Beta(double p) => 1 / (1 + PortableMath.Exp(-p));

    /// <summary>The network after one step uphill: w₁ + η·∂P/∂w₁ and w₂ + η·∂P/∂w₂, both taken before either weight
    /// moves.</summary>
    public SimplestNetwork Step(double learningRate) =>
        this with { W1 = W1 + learningRate * ByW1, W2 = W2 + learningRate * ByW2 };

    /// <summary>The same network as the engine describes it: 1-1-1, sigmoids, no biases.</summary>
    public static NetworkSpec Spec => new(1,
        new Dense(1, Activations.Sigmoid()) { HasBias = false },
        new Dense(1, Activations.Sigmoid()) { HasBias = false });

    /// <summary>P as a graph, its stages named as in the lecture.</summary>
    /// <returns>P, and the variables x, w₁, w₂, d.</returns>
    public static (Expr P, Expr X, Expr W1, Expr W2, Expr D) Graph()
    {
        Expr x = Expr.Variable("x"), w1 = Expr.Variable("w₁"), w2 = Expr.Variable("w₂"), d = Expr.Variable("d");
        Expr y = Expr.Sigmoid((w1 * x).Named("p₁")).Named("y");
        Expr z = Expr.Sigmoid((w2 * y).Named("p₂")).Named("z");
        return ((-0.5 * Expr.Square(d - z)).Named("P"), x, w1, w2, d);
    }

    /// <summary>The worked example, symbol by symbol and number by number, and the weights after a step.</summary>
    /// <param name="learningRate">η.</param>
    public string ToText(double learningRate = 1)
    {
        SimplestNetwork next = Step(learningRate);
        StringBuilder text = new();
        Line("p₁ = w₁·x", $"{N(W1)}·{N(X)}", P1);
        Line("y = β(p₁)", $"1/(1 + exp({Plain(-P1)}))", Y);
        Line("p₂ = w₂·y", $"{N(W2)}·{N(Y)}", P2);
        Line("z = β(p₂)", $"1/(1 + exp({Plain(-P2)}))", Z);
        Line("P = −½(d − z)²", $"−½({N(D)} − {N(Z)})²", Performance);
        Line("∂P/∂z = d − z", $"{N(D)} − {N(Z)}", D - Z);
        Line("∂z/∂p₂ = z(1 − z)", $"{N(Z)}·{N(1 - Z)}", Z * (1 - Z));
        Line("∂p₂/∂w₂ = y", "", Y);
        Line("∂P/∂w₂ = (d − z)·z(1 − z)·y", $"{N(D - Z)}·{N(Z * (1 - Z))}·{N(Y)}", ByW2);
        Line("∂p₂/∂y = w₂", "", W2);
        Line("∂y/∂p₁ = y(1 − y)", $"{N(Y)}·{N(1 - Y)}", Y * (1 - Y));
        Line("∂p₁/∂w₁ = x", "", X);
        Line("∂P/∂w₁ = (d − z)·z(1 − z)·w₂·y(1 − y)·x", $"{N(D - Z)}·{N(Z * (1 - Z))}·{N(W2)}·{N(Y * (1 - Y))}·{N(X)}",
            ByW1);
        Line("w₁ ← w₁ + η·∂P/∂w₁", $"{N(W1)} + {N(learningRate)}·{N(ByW1)}", next.W1);
        Line("w₂ ← w₂ + η·∂P/∂w₂", $"{N(W2)} + {N(learningRate)}·{N(ByW2)}", next.W2);
        Line("P after the step", "", next.Performance);
        text.Append("(The lecture's last slide adds both parts into one number and leaves out the y of ∂P/∂w₂: a "
            + "slip.)\n");
        return text.ToString();

        void Line(string formula, string numbers, double value) =>
            text.Append(numbers.Length == 0 ? $"{formula} = {Plain(value)}\n"
                : $"{formula} = {numbers} = {Plain(value)}\n");
    }

    // Inside a product or a sum a negative number stands in parentheses.
    private static string N(double value) => Plain(value) is ['−', ..] number ? $"({number})" : Plain(value);

    private static string Plain(double value)
    {
        string number = Math.Abs(value).ToString("0.######", CultureInfo.InvariantCulture);
        return value < 0 && number != "0" ? $"−{number}" : number;
    }
}
