using Downhill.Graph;

namespace Downhill.Tests.Training;

/// <summary>
/// A small network in double on fixed rows, with three independent ways to its gradient: the engine's backward pass,
/// finite differences of the engine's loss, and the computational graph. The objective is Σ wʳ·Lʳ.
/// </summary>
internal sealed class Probe : IDisposable
{
    private readonly Network<double> network;
    private readonly Workspace<double> workspace;
    private readonly AlignedBuffer<double> buffers;
    private readonly PassMode mode;
    private readonly double[] startBuffers;

    public Probe(NetworkSpec spec, Loss loss, int rows, ulong seed, bool training = true, bool weighted = false,
        Arithmetic arithmetic = Arithmetic.Portable)
    {
        (Spec, Loss, Rows, Weighted) = (spec, loss, rows, weighted);
        network = new Network<double>(spec, loss, arithmetic);
        workspace = new Workspace<double>(network, rows);
        Parameters = new(spec.ParameterLength);
        Gradient = new(spec.ParameterLength);
        buffers = new(spec.BufferLength);
        network.Initialize(Parameters, buffers, seed);
        RandomStream random = new(seed, RandomStreams.Data);
        // Biases away from 0 too, so that their part in everything shows; above it, so that not all of relu is dead.
        foreach (Segment segment in spec.Segments.Where(s => s.Shape.Role != SegmentRole.Weight))
            for (int i = 0; i < segment.Length; i++)
                Parameters.Span[segment.Offset + i] += 0.4 + 0.3 * random.Normal((ulong)(100_000 + segment.Offset + i));
        startBuffers = [
            .. Enumerable.Range(0, spec.BufferLength).Select(i => 0.5 + random.Uniform((ulong)(200_000 + i)))];
        mode = new PassMode(training, seed, Step: 3) { IsWeighted = weighted };
        for (int i = 0; i < rows * spec.Inputs; i++) workspace.Input[i] = random.Normal((ulong)i);
        for (int r = 0; r < rows; r++)
        {
            workspace.Weights[r] = 0.25 + random.Uniform((ulong)(300_000 + r));
            for (int o = 0; o < spec.Outputs; o++)
                workspace.Targets[r * spec.Outputs + o] = loss.Domain.SumsToOne ? (r % spec.Outputs == o ? 1 : 0)
                    : loss.Targets.High == 1 ? (r + o) % 2 == 1 ? 1 : loss.Targets.Low
                    : loss.Targets.Low == 0 ? (r + o) % 3 : random.Normal((ulong)(400_000 + r * spec.Outputs + o));
        }
    }

    public NetworkSpec Spec { get; }
    public Loss Loss { get; }
    public int Rows { get; }
    public bool Weighted { get; }
    public AlignedBuffer<double> Parameters { get; }
    public AlignedBuffer<double> Gradient { get; }
    public Span<double> Input => workspace.Input;
    public Span<double> Output => workspace.Output;
    public Span<double> Targets => workspace.Targets;

    /// <summary>Every place of the flat array that is learned (no padding, no absent link).</summary>
    public IEnumerable<int> Places => Spec.Segments.SelectMany(s => Enumerable.Range(0, s.Length)
        .Where(i => s.Shape.Mask is null || s.Shape.Mask[i / s.Shape.Columns, i % s.Shape.Columns])
            .Select(i => s.Offset + i));

    public double Objective()
    {
        startBuffers.CopyTo(buffers.Span);
        network.Forward(workspace, Parameters, buffers, Rows, mode);
        network.Evaluate(workspace, Rows, Weighted, withGradient: false);
        double sum = 0;
        for (int r = 0; r < Rows; r++) sum += (Weighted ? workspace.Weights[r] : 1) * workspace.RowLoss[r];
        return sum;
    }

    /// <summary>The engine's gradient; returns that of the inputs [rows, inputs].</summary>
    public double[] Backpropagate()
    {
        startBuffers.CopyTo(buffers.Span);
        double[] inputGradient = new double[Rows * Spec.Inputs];
        network.Forward(workspace, Parameters, buffers, Rows, mode);
        network.Evaluate(workspace, Rows, Weighted, withGradient: true);
        network.Backward(workspace, Parameters, buffers, Gradient, Rows, mode, accumulate: false, inputGradient);
        return inputGradient;
    }

    /// <summary>Five-point formula, error O(h⁴): (f(−2h) − 8f(−h) + 8f(h) − f(2h)) / 12h.</summary>
    public double FivePoint(ref double place, double h)
    {
        double at = place;
        double Value(ref double place, double x)
        {
            place = x;
            return Objective();
        }
        double result = (Value(ref place, at - 2 * h) - 8 * Value(ref place, at - h) + 8 * Value(ref place, at + h)
            - Value(ref place, at + 2 * h)) / (12 * h);
        place = at;
        return result;
    }

    /// <summary>The same along a direction: the derivative of f(place + h·direction) by h at 0.</summary>
    public double FivePoint(Span<double> places, ReadOnlySpan<double> direction, double h)
    {
        double[] at = places.ToArray();
        double sum = 0;
        foreach ((int steps, int factor) in ((int, int)[])[(-2, 1), (-1, -8), (1, 8), (2, -1)])
        {
            for (int i = 0; i < at.Length; i++) places[i] = at[i] + steps * h * direction[i];
            sum += factor * Objective();
        }
        at.CopyTo(places);
        return sum / (12 * h);
    }

    /// <summary>The objective as an expression of all tensors and the inputs, and its gradient by the graph.</summary>
    public (double Value, double[] Parameters, double[] Inputs) Oracle()
    {
        Expr x = Expr.Variable("x", Rows, Spec.Inputs), t = Expr.Variable("t", Rows, Spec.Outputs),
            w = Expr.Variable("w", Rows, 1);
        Expr[] tensors = [.. Spec.Segments.Select(s => Expr.Variable(s.Name, s.Shape.Rows, s.Shape.Columns))];
        Expr y = x;
        int buffer = 0, width = Spec.Inputs;
        for (int layer = 0; layer < Spec.Layers.Count; layer++)
        {
            Expr[] own = [
                .. Spec.Segments.Select((s, i) => (s, i)).Where(p => p.s.Layer == layer).Select(p => tensors[p.i])];
            Layer definition = Spec.Layers[layer];
            int length = definition.BufferLength(width);
            y = definition is BatchNorm norm && mode.IsTraining && Rows > 1
                ? norm.DefineTraining(y, own, Weighted ? w : null)
                : definition.Define(y, own, startBuffers.AsSpan(buffer, length));
            buffer += length;
            width = definition.Outputs(width);
        }
        Expr objective = (w * Loss.Define(y, t)).Sum();
        List<Binding> bindings =
        [
            (x, Matrix(workspace.Input, Rows, Spec.Inputs)), (t, Matrix(workspace.Targets, Rows, Spec.Outputs)),
            (w, Weighted ? Matrix(workspace.Weights, Rows, 1)
                : Matrix(Enumerable.Repeat(1.0, Rows).ToArray(), Rows, 1)),
        ];
        for (int i = 0; i < tensors.Length; i++)
            bindings.Add(
                (tensors[i], Matrix(Parameters.Span[Spec.Segments[i].Offset..], tensors[i].Rows, tensors[i].Columns)));
        Evaluation evaluation = objective.Evaluate([.. bindings]);
        double[][,] gradients = evaluation.Gradient(objective, [.. tensors, x]);
        double[] flat = new double[Spec.ParameterLength];
        for (int i = 0; i < tensors.Length; i++)
            gradients[i].Cast<double>().ToArray().CopyTo(flat, Spec.Segments[i].Offset);
        return (evaluation.Scalar(objective), flat, [.. gradients[^1].Cast<double>()]);
    }

    public void Dispose() => network.Dispose();

    private static double[,] Matrix(ReadOnlySpan<double> values, int rows, int columns)
    {
        double[,] matrix = new double[rows, columns];
        for (int i = 0; i < rows * columns; i++) matrix[i / columns, i % columns] = values[i];
        return matrix;
    }
}
