namespace Downhill.Playground;

/// <summary>What is wrong with a run, with its cause and what to do, before and after it shows as a number that is none.</summary>
internal static class Diagnosis
{
    /// <param name="run">The run.</param>
    /// <param name="dead">Dead units by layer, where they were measured.</param>
    public static IReadOnlyList<Message> Of(Run run, IReadOnlyList<(int Layer, int Dead, int Units)>? dead = null)
    {
        List<Message> messages = [];
        TrainOptions options = run.Fit.Options;
        double rate = run.Session.NextLearningRate, l2 = rate * options.L2, decay = rate * options.EffectiveWeightDecay, l1 = rate * options.L1;
        // The rules that take the gradient as it is; others divide by its size, so that η·λ means something else.
        bool isPlain = options.Optimizer.Name is "gradient_descent" or "momentum" or "nesterov";
        if (run.IsDiverged)
            messages.Add(Message.Error("diverged", $"{Capital(run.Session.Stopped!.Text)} The weights of update {run.State.Step} are back. Rewind, or change a setting and go on.",
                ("step", run.State.Step)));
        Overshoot("l2", isPlain ? l2 : 0, "λ₂", options.L2);
        Overshoot("decay", decay, "decay", options.EffectiveWeightDecay);
        if (isPlain && l1 >= 1)
            messages.Add(Message.Warning("l1Strong", $"η·λ₁ = {l1:G3}: each step takes that much off every weight, so none survives. Lower λ₁ or η.", ("product", l1)));
        IReadOnlyList<UnitLayer> layers = run.Layers;
        for (int i = 0; i < layers.Count; i++)
        {
            Segment weights = run.Spec.Segments.First(s => s.Layer == layers[i].Dense && s.Shape.Role == SegmentRole.Weight);
            if (run.State.Step > 0 && !run.State.Parameters.Span.Slice(weights.Offset, weights.Length).ContainsAnyExcept(0f))
                messages.Add(Message.Warning("layerZero", $"All weights of layer {i + 1} are 0{(options.L1 > 0 ? $": λ₁ = {Numbers.Text(options.L1)} outweighs what the data say. Lower it; weights can come back." : ".")}",
                    ("layer", i + 1)));
        }
        foreach ((int layer, int count, int units) in dead ?? [])
            if (count > 0)
                messages.Add(Message.Warning("deadUnits", $"{count} of {units} units of layer {layer + 1} ({layers[layer].Activation}) answer every row alike: they do not learn. Rewind, lower η, or use leaky_relu.",
                    ("layer", layer + 1), ("count", count), ("units", units)));
        return messages;

        void Overshoot(string code, double product, string symbol, double value)
        {
            if (product <= 1) return;
            messages.Add(product > 2
                ? Message.Error($"{code}Diverges", $"η·{symbol} = {rate:G3} × {value:G3} = {product:G3} > 2: each step overshoots zero by more than it was away, so weights grow without end. Lower {symbol} or η; rewind?",
                    ("product", product), ("rate", rate), ("penalty", value))
                : Message.Warning($"{code}Overshoots", $"η·{symbol} = {rate:G3} × {value:G3} = {product:G3} > 1: each step overshoots zero. Lower {symbol} or η.",
                    ("product", product), ("rate", rate), ("penalty", value)));
        }
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
