namespace Downhill.Cli.Bench;

/// <summary>Updates through <see cref="TrainSession{T}.Step"/>, as every user of the library makes them.</summary>
internal sealed class TrainingRun : BenchRun
{
    private readonly TrainSession<float> session;
    private readonly float[] start;

    public TrainingRun(Workload workload, WorkloadData data, int threads, bool shuffle)
    {
        session = new(workload.Spec, data.Rows, data.All, [], data.Preparation, new TrainOptions
        {
            Loss = workload.Loss, Optimizer = workload.Optimizer, LearningRate = workload.LearningRate,
            Batch = workload.Batch, Shuffle = shuffle, Epochs = int.MaxValue, Threads = threads,
        });
        start = session.State.Parameters.Span.ToArray();
    }

    /// <summary>The session itself, to look at.</summary>
    public TrainSession<float> Session => session;

    public override long Repeat(int times)
    {
        long rows = 0;
        for (int i = 0; i < times; i++) rows += session.Step().Rows;
        return rows;
    }

    /// <summary>Losses of the next steps from the first weights, at the start of an epoch.</summary>
    public double[] Losses(int steps)
    {
        while (session.State.Position != 0) session.Step();
        Restart();
        return [.. Enumerable.Range(0, steps).Select(_ => session.Step().Loss)];
    }

    // Training for long would end in weights, and so in numbers, of another kind. An epoch's line is 100 bytes: many
    // epochs of a small network would fill the memory.
    public override void Restart()
    {
        start.CopyTo(session.State.Parameters.Span);
        foreach (AlignedBuffer<float> slot in session.State.Slots) slot.Span.Clear();
        session.State.History.Clear();
    }

    public override void Dispose() => session.Dispose();
}
