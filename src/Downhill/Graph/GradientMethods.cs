using System.Globalization;
using System.Text;

namespace Downhill.Graph;

/// <summary>One way to the derivative of a cost by all its parameters.</summary>
/// <param name="Name">"two-point differences", "five-point differences", "forward mode" or "reverse mode".</param>
/// <param name="Gradient">One matrix per tensor of parameters, of its shape.</param>
/// <param name="Error">Largest difference from reverse mode (of reverse mode: from forward mode), as a share of the
/// largest derivative. Both modes are exact up to rounding; differences are not.</param>
/// <param name="Passes">Walks through the whole graph: evaluations of the cost, and sweeps for derivatives.</param>
/// <param name="Count">Elementary steps, all passes together.</param>
public sealed record GradientMethod(
    string Name, IReadOnlyList<double[,]> Gradient, double Error, long Passes, OperationCount Count)
{
    /// <summary>Additions, multiplications and functions together.</summary>
    public long Operations => Count.Additions + Count.Multiplications + Count.Functions;
}

/// <summary>The same derivative of the same cost by every method (lecture L23).</summary>
/// <param name="Name">What was differentiated: "2-4-1".</param>
/// <param name="Parameters">P: numbers the cost was differentiated by.</param>
/// <param name="Value">Steps of one evaluation of the cost.</param>
/// <param name="Methods">In the order of the lecture: differences, forward, reverse.</param>
public sealed record GradientComparison(
    string Name, int Parameters, OperationCount Value, IReadOnlyList<GradientMethod> Methods)
{
    public GradientMethod TwoPoint => Methods[0];
    public GradientMethod FivePoint => Methods[1];
    public GradientMethod Forward => Methods[2];
    public GradientMethod Reverse => Methods[3];

    /// <summary>A method's steps in evaluations of the cost: about 2P, 4P and a multiple of P for the first three, a
    /// small number that does not grow with P for reverse mode.</summary>
    public double Evaluations(GradientMethod method) =>
        (double)method.Operations / (Value.Additions + Value.Multiplications + Value.Functions);

    /// <summary>The table, a line per method.</summary>
    public string ToText()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture,
            $"{Name}: {Parameters} parameters, one evaluation {Value.Additions} additions, ")
            .Append(CultureInfo.InvariantCulture,
                $"{Value.Multiplications} multiplications, {Value.Functions} functions\n");
        text.Append("method                     error  passes    additions  multiplications  functions  evaluations\n");
        foreach (GradientMethod m in Methods)
            text.Append(CultureInfo.InvariantCulture,
                $"{m.Name,-22} {m.Error,9:0.0E+0} {m.Passes,7} {m.Count.Additions,12} {m.Count.Multiplications,16} "
                    + $"{m.Count.Functions,10} {Evaluations(m),12:0.0}\n");
        return text.ToString();
    }
}

/// <summary>Finite differences, forward mode and reverse mode side by side, with what each costs (lecture
/// L23).</summary>
public static class GradientMethods
{
    // Where rounding (ε/h) and cutting off the series (h² and h⁴) cost about the same: ε^(1/3) and ε^(1/5).
    private const double TwoPointStep = 6.1e-6, FivePointStep = 7.4e-4;

    /// <summary>Differentiates a scalar cost by every element of the parameters.</summary>
    /// <param name="name">For the report.</param>
    /// <param name="cost">A [1,1].</param>
    /// <param name="bindings">A value for each variable.</param>
    /// <param name="parameters">Variables of the cost.</param>
    /// <exception cref="DownhillException">No scalar, no parameter, or a variable without a value.</exception>
    public static GradientComparison Compare(string name, Expr cost, Binding[] bindings, params Expr[] parameters) =>
        Compare(name, cost, bindings, parameters, new ConnectionMask?[parameters.Length]);

    /// <summary>Differentiates the total cost C(θ) = Σ Lʳ of a network on some rows by its parameters (links only,
    /// where it is not fully connected).</summary>
    /// <param name="spec">The network.</param>
    /// <param name="loss">Lʳ.</param>
    /// <param name="parameters">θ, flat, as <see cref="NetworkSpec.Segments"/> places it.</param>
    /// <param name="inputs">[B,I].</param>
    /// <param name="targets">[B,O].</param>
    public static GradientComparison Compare(
        NetworkSpec spec, Loss loss, ReadOnlySpan<double> parameters, double[,] inputs, double[,] targets)
    {
        (Expr cost, Expr[] tensors, Expr x, Expr t) = CostOf(spec, loss, inputs.GetLength(0));
        List<Binding> bindings = [(x, inputs), (t, targets)];
        for (int i = 0; i < tensors.Length; i++)
        {
            Segment segment = spec.Segments[i];
            double[,] value = new double[tensors[i].Rows, tensors[i].Columns];
            for (int j = 0; j < segment.Length; j++)
                value[j / tensors[i].Columns, j % tensors[i].Columns] = parameters[segment.Offset + j];
            bindings.Add((tensors[i], value));
        }
        return Compare(spec.ToString(), cost, [.. bindings], tensors, [.. spec.Segments.Select(s => s.Shape.Mask)]);
    }

    /// <summary>The same from small random weights, random inputs and targets of a seed: for tables of
    /// growth.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="loss">Lʳ; null for the Euclidean one.</param>
    /// <param name="rows">B.</param>
    /// <param name="seed">Seed of weights and rows.</param>
    public static GradientComparison Compare(NetworkSpec spec, Loss? loss = null, int rows = 1, ulong seed = 1)
    {
        using Network<double> network = new(spec, arithmetic: Arithmetic.Portable);
        AlignedBuffer<double> parameters = new(spec.ParameterLength);
        network.Initialize(parameters, new(spec.BufferLength), seed);
        RandomStream random = new(seed, RandomStreams.Data);
        double[,] inputs = new double[rows, spec.Inputs], targets = new double[rows, spec.Outputs];
        for (int i = 0; i < inputs.Length; i++) inputs[i / spec.Inputs, i % spec.Inputs] = random.Normal((ulong)i);
        for (int row = 0; row < rows; row++) targets[row, row % spec.Outputs] = 1;
        return Compare(spec, loss ?? Losses.Euclidean, parameters.Span, inputs, targets);
    }

    /// <summary>The total cost Σ Lʳ of a network as a formula of its tensors, inputs and targets.</summary>
    /// <param name="spec">The network, as it predicts (no dropout, batch norm at its start statistics).</param>
    /// <param name="loss">Lʳ.</param>
    /// <param name="rows">B.</param>
    /// <returns>The cost [1,1]; a variable per segment, named as in files; the inputs [B,I]; the targets
    /// [B,O].</returns>
    public static (Expr Cost, Expr[] Tensors, Expr Inputs, Expr Targets) CostOf(NetworkSpec spec, Loss loss, int rows)
    {
        Expr x = Expr.Variable("x", rows, spec.Inputs), t = Expr.Variable("t", rows, spec.Outputs), y = x;
        Expr[] tensors = [.. spec.Segments.Select(s => Expr.Variable(s.Name, s.Shape.Rows, s.Shape.Columns))];
        int width = spec.Inputs;
        for (int index = 0; index < spec.Layers.Count; index++)
        {
            Layer layer = spec.Layers[index];
            double[] buffers = new double[layer.BufferLength(width)];
            for (int i = 0; i < buffers.Length; i++) buffers[i] = layer.InitialBuffer(width, i);
            y = layer.Define(y, [.. tensors.Where((_, i) => spec.Segments[i].Layer == index)], buffers);
            width = layer.Outputs(width);
        }
        return (loss.Define(y, t).Sum(), tensors, x, t);
    }

    private static GradientComparison Compare(
        string name, Expr cost, Binding[] bindings, Expr[] parameters, ConnectionMask?[] masks)
    {
        if (!cost.IsScalar) Throw.Input("Gradient methods", "a scalar cost [1,1]", cost.ShapeText, "Take its Sum().");
        if (parameters.Length == 0) Throw.Input("Gradient methods", "at least one parameter", "none",
            "Name the variables to differentiate by.");
        Evaluation at = cost.Evaluate(bindings);
        OperationCount value = at.ForwardCount;
        (int Tensor, int Row, int Column)[] places = [.. Places(parameters, masks)];

        double[][,] reverse = at.Gradient(cost, parameters);
        for (int k = 0; k < parameters.Length; k++)
            if (masks[k] is ConnectionMask mask)
                foreach (int place in mask.Absent)
                    reverse[k][place / parameters[k].Columns, place % parameters[k].Columns] = 0;

        double[][,] forward = Zeros(parameters);
        OperationCount forwardCount = value;
        foreach ((int tensor, int row, int column) in places)
        {
            double[,] direction = new double[parameters[tensor].Rows, parameters[tensor].Columns];
            direction[row, column] = 1;
            forward[tensor][row, column] = at.TangentSweep(cost, [(parameters[tensor], direction)],
                out OperationCount count)?[0, 0] ?? 0;
            forwardCount += count;
        }

        double[][,] two = Zeros(parameters), five = Zeros(parameters);
        foreach ((int tensor, int row, int column) in places)
        {
            int binding = Array.FindIndex(bindings, b => b.Variable == parameters[tensor]);
            double[,] moved = (double[,])bindings[binding].Value.Clone();
            Binding[] changed = [.. bindings];
            changed[binding] = (parameters[tensor], moved);
            double theta = moved[row, column];
            double h = TwoPointStep * Math.Max(1, Math.Abs(theta));
            two[tensor][row, column] = (Cost(h) - Cost(-h)) / (2 * h);
            h = FivePointStep * Math.Max(1, Math.Abs(theta));
            five[tensor][row, column] = (Cost(-2 * h) - 8 * Cost(-h) + 8 * Cost(h) - Cost(2 * h)) / (12 * h);

            double Cost(double step)
            {
                moved[row, column] = theta + step;
                return cost.Evaluate(changed).Scalar(cost);
            }
        }
        long p = places.Length;
        return new(name, places.Length, value,
        [
            // Per parameter: θ ± h, a difference, a division; θ ± h and ± 2h, three sums, two products and a division.
            new("two-point differences", two, Error(two, reverse), 2 * p,
                (2 * p * value) + (p * new OperationCount(3, 1, 0))),
            new("five-point differences", five, Error(five, reverse), 4 * p,
                (4 * p * value) + (p * new OperationCount(7, 3, 0))),
            new("forward mode", forward, Error(forward, reverse), 1 + p, forwardCount),
            new("reverse mode", reverse, Error(reverse, forward), 2, value + at.BackwardCount(cost, parameters)),
        ]);
    }

    private static IEnumerable<(int, int, int)> Places(Expr[] parameters, ConnectionMask?[] masks)
    {
        for (int k = 0; k < parameters.Length; k++)
            for (int i = 0; i < parameters[k].Rows; i++)
                for (int j = 0; j < parameters[k].Columns; j++)
                    if (masks[k]?[i, j] ?? true) yield return (k, i, j);
    }

    private static double[][,] Zeros(Expr[] parameters) => [.. parameters.Select(p => new double[p.Rows, p.Columns])];

    private static double Error(double[][,] gradient, double[][,] reference)
    {
        double error = 0, largest = 0;
        for (int k = 0; k < gradient.Length; k++)
            for (int i = 0; i < gradient[k].GetLength(0); i++)
                for (int j = 0; j < gradient[k].GetLength(1); j++)
                {
                    error = Math.Max(error, Math.Abs(gradient[k][i, j] - reference[k][i, j]));
                    largest = Math.Max(largest, Math.Abs(reference[k][i, j]));
                }
        return largest > 0 ? error / largest : error;
    }
}
