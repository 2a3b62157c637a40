namespace Downhill.Playground;

/// <summary>
/// The present network in double, by the vector kernels: outputs at any place, and the gradient of any rows. It works
/// on a copy
/// and never touches the run.
/// </summary>
internal sealed class Derivatives : IDisposable
{
    private readonly Run run;
    private readonly Network<double> network;
    private readonly AlignedBuffer<double> parameters, buffers, gradient;
    private readonly Workspace<double> workspace;
    private readonly PassMode mode;
    private int[]? read; // the rows that lie in the workspace

    /// <param name="run">Gives network and weights.</param>
    /// <param name="rows">Most rows at once.</param>
    /// <param name="asTraining">Whether batch normalisation takes the rows' own statistics, as an update does.</param>
    public Derivatives(Run run, int rows, bool asTraining = false)
    {
        this.run = run;
        network = new(run.Spec, run.Fit.Options.Loss, run.Fit.Options.Arithmetic);
        parameters = new(run.Spec.ParameterLength);
        gradient = new(run.Spec.ParameterLength);
        buffers = new(run.Spec.BufferLength);
        for (int i = 0; i < parameters.Length; i++) parameters.Span[i] = run.State.Parameters.Span[i];
        for (int i = 0; i < buffers.Length; i++) buffers.Span[i] = run.State.Buffers.Span[i];
        workspace = new(network, rows);
        mode = new(IsTraining: asTraining);
    }

    public AlignedBuffer<double> Parameters => parameters;
    public ReadOnlySpan<double> Gradient => gradient.Span;

    /// <summary>Outputs of every unit at one place, by layer of units.</summary>
    public double[][] Outputs(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes)
    {
        read = null;
        run.Preparation.Encode(numeric, codes, workspace.Input);
        network.Forward(workspace, parameters, buffers, 1, PassMode.Predict);
        return [.. run.Layers.Select(l => workspace.OutputOf(l.Shown, l.Units)[..l.Units].ToArray())];
    }

    /// <summary>What the network answers to some rows of the training data, and what it should: both [rows,
    /// outputs].</summary>
    public (double[,] Outputs, double[,] Targets) Answers(ReadOnlySpan<int> rows)
    {
        Pass(rows, withGradient: false);
        int width = run.Spec.Outputs;
        double[,] outputs = new double[rows.Length, width], targets = new double[rows.Length, width];
        for (int i = 0; i < rows.Length; i++)
            for (int o = 0; o < width; o++)
                (outputs[i, o], targets[i, o]) =
                    (workspace.Output[i * width + o], workspace.Targets[i * width + o]);
        return (outputs, targets);
    }

    /// <summary>Sum of the losses of some rows of the training data.</summary>
    public double Loss(ReadOnlySpan<int> rows) => Pass(rows, withGradient: false);

    /// <summary>The same, with the gradient of the sum in <see cref="Gradient"/>.</summary>
    public double LossAndGradient(ReadOnlySpan<int> rows)
    {
        double loss = Pass(rows, withGradient: true);
        network.Backward(workspace, parameters, buffers, gradient, rows.Length, mode, accumulate: false);
        return loss;
    }

    public void Dispose() => network.Dispose();

    private double Pass(ReadOnlySpan<int> rows, bool withGradient)
    {
        if (read is null || !rows.SequenceEqual(read))
        {
            read = rows.ToArray();
            new Batcher<double>(run.Fit.Data, read, run.Preparation, read.Length).Read(workspace, 0, read.Length,
                order: null);
        }
        network.Forward(workspace, parameters, buffers, rows.Length, mode);
        network.Evaluate(workspace, rows.Length, weighted: false, withGradient);
        double loss = 0;
        for (int i = 0; i < rows.Length; i++) loss += workspace.RowLoss[i];
        return loss;
    }
}
