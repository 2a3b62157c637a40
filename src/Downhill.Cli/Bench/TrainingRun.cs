namespace Downhill.Cli.Bench;

/// <summary>Updates through <see cref="TrainSession{T}.Steps(int, bool)"/>, as <see cref="TrainSession{T}.Run"/> makes
/// them for every user of the library.</summary>
internal sealed class TrainingRun : BenchRun
{
    private readonly TrainSession<float> session;
    private readonly float[] start;
    private readonly int rows;

    public TrainingRun(Workload workload, WorkloadData data, int threads, bool shuffle)
    {
        session = new(workload.Spec, data.Rows, data.All, [], data.Preparation, new TrainOptions
        {
            Loss = workload.Loss, Optimizer = workload.Optimizer, LearningRate = workload.LearningRate,
            Batch = workload.Batch, Shuffle = shuffle, Epochs = int.MaxValue, Threads = threads,
        });
        rows = data.All.Length;
        start = session.State.Parameters.Span.ToArray();
    }

    // A run's stretches are epochs, before which weights may be laid out anew (PanelLayout): that takes a step or two,
    // of an epoch of MNIST a five-hundredth. Here it is up to a fiftieth.
    protected override TimeSpan ShortestBlock => TimeSpan.FromMilliseconds(100);

    /// <summary>The session itself, to look at.</summary>
    public TrainSession<float> Session => session;

    public override long Repeat(int times)
    {
        long before = Rows();
        for (long end = session.State.Step + times; session.State.Step < end;)
            session.Steps((int)(end - session.State.Step), together: true);
        return Rows() - before;
    }

    /// <summary>Rows of all updates so far.</summary>
    private long Rows() => (long)session.State.Epoch * rows + session.State.Position;

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
