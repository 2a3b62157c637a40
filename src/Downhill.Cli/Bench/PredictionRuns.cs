namespace Downhill.Cli.Bench;

/// <summary>Answers for one row after another through the compiled <see cref="Predictor"/>.</summary>
internal sealed class SingleRowRun : BenchRun
{
    private readonly Predictor predictor;
    private readonly float[] rows, outputs;
    private readonly int inputs;
    private int next;

    public SingleRowRun(Workload workload, WorkloadData data)
    {
        predictor = StartModel.Of(workload, data).CreatePredictor();
        (rows, inputs) = (data.Rows.Numeric, workload.Spec.Inputs);
        outputs = new float[workload.Spec.Outputs];
    }

    public override long Repeat(int times)
    {
        for (int i = 0; i < times; i++)
        {
            predictor.Predict(rows.AsSpan(next, inputs), outputs);
            next += inputs;
            if (next == rows.Length) next = 0;
        }
        return times;
    }

    public override void Dispose() { }
}

/// <summary>Answers for a batch of rows at once.</summary>
internal sealed class ManyRowsRun : BenchRun
{
    private readonly Network<float> network;
    private readonly Workspace<float> workspace;
    private readonly AlignedBuffer<float> parameters, buffers;
    private readonly int batch;

    public ManyRowsRun(Workload workload, WorkloadData data, int threads)
    {
        network = new(workload.Spec, threads: threads);
        workspace = new(network, workload.Batch);
        Model model = StartModel.Of(workload, data);
        (parameters, buffers) = (model.ParameterBuffer, model.RunningBuffer);
        batch = workload.Batch;
        // The peers, too, answer rows that lie where they read them.
        data.Rows.Numeric.AsSpan(0, batch * workspace.Inputs).CopyTo(workspace.Input);
    }

    public override long Repeat(int times)
    {
        for (int i = 0; i < times; i++)
            network.Forward(workspace, parameters, buffers, batch, PassMode.Predict);
        return (long)times * batch;
    }

    public override void Dispose() => network.Dispose();
}

/// <summary>A workload's network with its first weights.</summary>
internal static class StartModel
{
    public static Model Of(Workload workload, WorkloadData data)
    {
        using Network<float> network = new(workload.Spec);
        AlignedBuffer<float> parameters = new(workload.Spec.ParameterLength), buffers = new(workload.Spec.BufferLength);
        network.Initialize(parameters, buffers, seed: 1);
        return new(workload.Spec, data.Preparation, workload.Loss, parameters, buffers, Arithmetic.Fast);
    }
}
