namespace Downhill.Playground;

/// <summary>
/// A run from the first weights of the session's settings, epoch by epoch, with the weights of every epoch: what
/// stopping rules are asked about afterwards. It trains a copy and stops at nothing but its length or a divergence.
/// </summary>
internal sealed class TrainingHistory
{
    /// <summary>Most weights kept, all epochs together: 64 MB.</summary>
    public const int MostNumbers = 1 << 24;

    private readonly Settings settings;
    private readonly Dataset data;

    /// <param name="session">Gives settings and data.</param>
    /// <param name="epochs">How long, at most.</param>
    /// <exception cref="DownhillException">Too many weights for so many epochs.</exception>
    public TrainingHistory(Session session, int epochs)
    {
        (settings, data, Wanted) = (session.Run.Settings, session.Table.Raw, epochs);
        // The rule never asks to stop; it makes the engine measure gradients.
        using Run copy = new(settings with { Stop = [StoppingRules.Gradient(double.Epsilon)] }, session.Table);
        if ((long)(epochs + 1) * copy.Spec.ParameterLength > MostNumbers)
            Throw.Input("Training history", $"at most {MostNumbers} weights, all epochs together",
                $"{epochs + 1} times {copy.Spec.ParameterLength}",
                    "Ask for fewer epochs, or make the layers narrower.");
        Evaluator<float> train = Of(copy.Fit.Data, copy.Fit.Rows);
        Evaluator<float>? validation = copy.Fit.ValidationRows.Length == 0 ? null
            : Of(copy.Fit.ValidationSource, copy.Fit.ValidationRows);
        Evaluator<float>? test = copy.Fit.TestRows.Length == 0 ? null : Of(copy.Fit.TestSource, copy.Fit.TestRows);
        Keep();
        while (Epochs < epochs && copy.Session.Stopped is not { IsDiverged: true })
        {
            int before = copy.State.History.Count;
            // The number of planned epochs is for schedules.
            if (copy.Session.Stopped is not null) copy.Session.Continue();
            copy.Session.Steps(int.MaxValue);
            if (copy.State.History.Count == before) continue;
            Reports.Add(copy.State.History[^1]);
            Keep();
        }

        Evaluator<float> Of(RowSource source, int[] rows) => new(copy.Network, source, rows, copy.Preparation);

        void Keep()
        {
            Weights.Add((copy.State.Parameters.Span.ToArray(), copy.State.Buffers.Span.ToArray()));
            Losses.Add((Loss(train), validation is null ? double.NaN : Loss(validation),
                test is null ? double.NaN : Loss(test)));
        }

        double Loss(Evaluator<float> part) => part.Measure(copy.State.Parameters, copy.State.Buffers).Loss;
    }

    /// <summary>Epochs it was asked to last.</summary>
    public int Wanted { get; }

    /// <summary>Epochs there are.</summary>
    public int Epochs => Reports.Count;

    /// <summary>What the stopping rules see, an epoch each.</summary>
    public List<EpochReport> Reports { get; } = [];

    /// <summary>Mean losses of the parts with the weights after each epoch, the first before any; NaN where a part has
    /// no rows.</summary>
    public List<(double Train, double Validation, double Test)> Losses { get; } = [];

    /// <summary>Parameters and running statistics after each epoch, the first before any.</summary>
    public List<(float[] Parameters, float[] Buffers)> Weights { get; } = [];

    /// <summary>Whether it is what the session would train for so many epochs now.</summary>
    public bool IsOf(Session session, int epochs) => ReferenceEquals(data, session.Table.Raw) && Wanted >= epochs
        && Properties.Between(settings, session.Run.Settings) == Restart.Nothing;
}
