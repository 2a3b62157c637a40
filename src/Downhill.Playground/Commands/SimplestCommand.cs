namespace Downhill.Playground.Commands;

/// <summary>
/// The simplest network x →(w₁)→ p₁ → y →(w₂)→ p₂ → z (lecture L12): every value, every partial derivative, the same
/// two derivatives by central differences of P, the weights after a step, and what a learner's number is worth. Reply:
/// all of them by name, and with <c>guess</c> whether it is <c>right</c>.
/// </summary>
internal sealed record SimplestCommand(
    double X, double W1, double W2, double D, double LearningRate, string Of, double? Guess) : Command
{
    /// <summary>A learner's number is right within a hundredth of its size, or of a ten-thousandth.</summary>
    private const double Tolerance = 0.01, Smallest = 1e-4;

    /// <summary>Step of the central differences: the error is about h²/6 of the third derivative.</summary>
    private const double H = 1e-5;

    private static readonly (string Name, Func<SimplestNetwork, double> Value)[] Shown =
    [
        ("p1", n => n.P1), ("y", n => n.Y), ("p2", n => n.P2), ("z", n => n.Z), ("P", n => n.Performance),
        ("dz", n => n.D - n.Z), ("z1z", n => n.Z * (1 - n.Z)), ("dPdw2", n => n.ByW2), ("y1y", n => n.Y * (1 - n.Y)),
        ("dPdw1", n => n.ByW1),
    ];

    /// <summary>What a learner may be asked for.</summary>
    private static readonly (string Name, Func<SimplestNetwork, double> Value)[] Parts =
        [.. Shown, ("w2", n => n.W2), ("x", n => n.X)];

    public static SimplestCommand Parse(Fields fields) => new(
        fields.Number("x", -10, 10, 1), fields.Number("w1", -20, 20, 0.5), fields.Number("w2", -20, 20, -1),
        fields.Number("d", -10, 10, 1), fields.Number("learningRate", 0, 1000, 1),
        fields.Word("of", [.. Parts.Select(part => part.Name)], "dPdw1"),
        fields.Optional("guess") is null ? null : fields.Number("guess", -1e9, 1e9));

    public override void Run(Session session, Reply reply)
    {
        SimplestNetwork network = new(X, W1, W2, D), next = network.Step(LearningRate);
        foreach ((string name, Func<SimplestNetwork, double> value) in Shown) reply.Number(name, value(network));
        reply.Number("numeric1", Difference(h => network with { W1 = W1 + h }));
        reply.Number("numeric2", Difference(h => network with { W2 = W2 + h }));
        reply.Number("h", H);
        reply.Number("nextW1", next.W1);
        reply.Number("nextW2", next.W2);
        reply.Number("nextP", next.Performance);
        if (Guess is not double guess) return;
        double truth = Parts.First(part => part.Name == Of).Value(network);
        reply.Json.WriteBoolean("right", Math.Abs(guess - truth) <= Tolerance * Math.Max(Math.Abs(truth), Smallest));
        reply.Json.WriteBoolean("signOnly", Math.Abs(guess + truth) <= Tolerance * Math.Max(Math.Abs(truth), Smallest));
    }

    private static double Difference(Func<double, SimplestNetwork> moved) =>
        (moved(H).Performance - moved(-H).Performance) / (2 * H);
}
