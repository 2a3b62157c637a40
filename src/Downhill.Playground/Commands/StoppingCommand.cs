namespace Downhill.Playground.Commands;

/// <summary>
/// When stopping rules would have ended a run (lecture L19): the session's network is trained from its first weights,
/// in a copy, for <c>epochs</c>, and each rule is asked after each. Reply: block <c>curves</c> f64 [epochs + 1, 5]:
/// epoch, mean loss of training, validation and test rows with the weights after it (NaN where a part has no rows), the
/// training loss while they were learned; <c>marks</c> of each rule {<c>rule</c>, <c>epoch</c> or null, <c>text</c>,
/// <c>train</c>, <c>validation</c>, <c>test</c>}; <c>best</c> the same of the epoch with the lowest validation loss (or
/// null), <c>last</c> of the last; <c>at</c> of the epoch asked for, with block <c>output</c> u8 [outputs, size, size],
/// a map as in frames, of its weights, and their <c>hash</c>.
/// </summary>
internal sealed record StoppingCommand(int Epochs, IReadOnlyList<StoppingRule> Rules, int? At, int Size) : Command
{
    private const int MostEpochs = 5000, MostRules = 16;

    public static StoppingCommand Parse(Fields fields)
    {
        string[] rules = fields.Texts("rules") ?? [];
        if (rules.Length > MostRules)
            Throw.Input("Request 'stopping', field 'rules'", $"at most {MostRules} rules", $"{rules.Length}",
                "Ask about fewer at once.");
        int epochs = (int)fields.Whole("epochs", 1, MostEpochs, 300);
        return new(epochs, [.. rules.Select(Catalog.Default.StoppingRule)],
            fields.Optional("at") is null ? null : (int)fields.Whole("at", 0, epochs),
            (int)fields.Whole("size", 1, FrameCommand.MostOutputMap, 50));
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        foreach (StoppingRule rule in Rules)
        {
            rule.CheckTask(session.Table.Raw.Target);
            if (rule.NeedsValidation && run.Fit.ValidationRows.Length == 0)
                Throw.Input($"Stopping rule '{rule}'", "a validation part", "none",
                    "Hold out rows for validation (setting 'validation'), or ask about another rule.");
        }
        TrainingHistory history = session.TrainedFor(Epochs);
        int epochs = Math.Min(Epochs, history.Epochs);
        double[] curves = new double[5 * (epochs + 1)];
        for (int epoch = 0; epoch <= epochs; epoch++)
        {
            (double train, double validation, double test) = history.Losses[epoch];
            double learned = epoch == 0 ? double.NaN : history.Reports[epoch - 1].TrainLoss;
            ((ReadOnlySpan<double>)[epoch, train, validation, test, learned]).CopyTo(curves.AsSpan(5 * epoch));
        }
        reply.Block("curves", curves, epochs + 1, 5);
        reply.Json.WriteStartArray("marks");
        foreach (StoppingRule rule in Rules)
        {
            (int? epoch, string text) = AskAfterEach(rule, history, epochs);
            Mark(null, history, epoch, reply, rule.ToString(), text);
        }
        reply.Json.WriteEndArray();
        int? best = Best(history, epochs);
        Mark("best", history, best, reply);
        Mark("last", history, epochs, reply);
        int at = Math.Min(epochs, At ?? best ?? epochs);
        AlignedBuffer<float> parameters = Filled(history.Weights[at].Parameters),
            buffers = Filled(history.Weights[at].Buffers);
        Mark("at", history, at, reply);
        reply.Json.WriteString("hash", Model.HashOf(run.Spec, parameters));
        session.CurrentMaps.Outputs(parameters, buffers, Size, all: false, reply);
    }

    /// <summary>The epoch after which a rule first asks to stop, and why.</summary>
    private static (int? Epoch, string Text) AskAfterEach(StoppingRule rule, TrainingHistory history, int epochs)
    {
        double[] state = new double[rule.StateLength];
        for (int k = 0; k < epochs; k++)
            if (rule.Asks(history.Reports[k], state) is string why) return (k + 1, why);
        return (null, "");
    }

    /// <summary>The first epoch with the lowest validation loss.</summary>
    private static int? Best(TrainingHistory history, int epochs)
    {
        int? best = null;
        for (int epoch = 1; epoch <= epochs; epoch++)
            if (double.IsFinite(history.Losses[epoch].Validation)
                && (best is null || history.Losses[epoch].Validation < history.Losses[best.Value].Validation))
                best = epoch;
        return best;
    }

    private static void Mark(string? name, TrainingHistory history, int? epoch, Reply reply, string? rule = null,
        string text = "")
    {
        if (name is null) reply.Json.WriteStartObject();
        else if (epoch is null)
        {
            reply.Json.WriteNull(name);
            return;
        }
        else reply.Json.WriteStartObject(name);
        if (rule is not null)
        {
            reply.Json.WriteString("rule", rule);
            reply.Json.WriteString("text", text);
        }
        if (epoch is int known)
        {
            reply.Json.WriteNumber("epoch", known);
            (double train, double validation, double test) = history.Losses[known];
            reply.Number("train", train);
            reply.Number("validation", validation);
            reply.Number("test", test);
        }
        else reply.Json.WriteNull("epoch");
        reply.Json.WriteEndObject();
    }

    private static AlignedBuffer<float> Filled(float[] values)
    {
        AlignedBuffer<float> buffer = new(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }
}
