using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Playground.Commands;

/// <summary>
/// One derivative by three methods, and what each costs (lecture L23): finite differences, forward mode and reverse
/// mode. The derivative is that of the total cost of the first <c>rows</c> training rows by one of the session's
/// weights, <c>weight</c> [layer, from, unit]. Reply: <c>present</c> (of the session's network) and <c>growth</c> (of
/// each of <c>networks</c>, one row each): {<c>network</c>, <c>parameters</c>, <c>operations</c> of one evaluation,
/// <c>methods</c> [{<c>name</c>, <c>passes</c>, <c>additions</c>, <c>multiplications</c>, <c>functions</c>,
/// <c>operations</c>, <c>evaluations</c>, <c>error</c>, and in <c>present</c> <c>derivative</c>}]}; <c>weight</c>, its
/// value, and <c>exact</c>, its derivative by reverse mode; block <c>steps</c> f64 [steps, 3]: h, and the error of the
/// one-sided and of the central difference with it.
/// </summary>
internal sealed record GradientsCommand(string[] Networks, int[] Weight, int Rows) : Command
{
    private const int MostNetworks = 10, MostParameters = 400;

    public static GradientsCommand Parse(Fields fields)
    {
        string[] networks = fields.Texts("networks") ?? [];
        if (networks.Length > MostNetworks)
            Throw.Input("Request 'gradients', field 'networks'", $"at most {MostNetworks}", $"{networks.Length}",
                "Ask about fewer at once.");
        int[] weight = fields.Wholes("weight", -1, 4096) ?? [0, 0, 0];
        if (weight.Length != 3)
            Throw.Input("Request 'gradients', field 'weight'", "[layer, from, unit]", $"{weight.Length} numbers",
                "Write [0, 1, 0], or [0, -1, 0] for a bias.");
        return new(networks, weight, (int)fields.Whole("rows", 1, 16, 1));
    }

    public override void Run(Session session, Reply reply)
    {
        NetworkSpec[] specs = [.. Networks.Select(text => NetworkSpec.Parse(text))];
        Run run = session.Run;
        foreach (NetworkSpec spec in (NetworkSpec[])[run.Spec, .. specs])
            if (spec.ParameterCount > MostParameters)
                Throw.Input($"Gradients of network {spec}", $"at most {MostParameters} weights and biases",
                    $"{spec.ParameterCount}", "Differences take two evaluations for each: take fewer units.");
        int place = run.PlaceOf(new(Weight[0], Weight[1], Weight[2], 0));
        int[] rows = run.Fit.Rows[..Math.Min(Rows, run.Fit.Rows.Length)];
        double[,] inputs = new double[rows.Length, run.Spec.Inputs], targets;
        for (int i = 0; i < rows.Length; i++)
        {
            IReadOnlyList<double> x = ExampleOf.Trace(session, rows[i]).Inputs;
            for (int k = 0; k < x.Count; k++) inputs[i, k] = x[k];
        }
        double[] theta = [.. run.State.Parameters.Span.ToArray().Select(w => (double)w)];
        using (Derivatives network = new(run, rows.Length)) (_, targets) = network.Answers(rows);
        Loss loss = run.Fit.Options.Loss;
        GradientComparison present = GradientMethods.Compare(run.Spec, loss, theta, inputs, targets);
        (int tensor, int row, int column) = InTensor(run.Spec, place);
        reply.Number("weight", theta[place]);
        double exact = present.Reverse.Gradient[tensor][row, column];
        reply.Number("exact", exact);
        Write(reply, "present", present, method => method.Gradient[tensor][row, column]);
        reply.Json.WriteStartArray("growth");
        foreach (NetworkSpec spec in specs) Write(reply, null, GradientMethods.Compare(spec), null);
        reply.Json.WriteEndArray();
        Steps(run.Spec, loss, theta, inputs, targets, place, exact, reply);
    }

    /// <summary>How wrong a difference is, from large steps (the curve bends) to small ones (rounding).</summary>
    private static void Steps(NetworkSpec spec, Loss loss, double[] theta, double[,] inputs, double[,] targets,
        int place, double exact, Reply reply)
    {
        (Expr cost, Expr[] tensors, Expr x, Expr t) = GradientMethods.CostOf(spec, loss, inputs.GetLength(0));
        List<double> points = [];
        double here = Cost(0);
        for (int k = 1; k <= 26; k++)
        {
            double h = Math.Pow(10, -k / 2.0), above = Cost(h), below = Cost(-h);
            points.AddRange([h, Math.Abs((above - here) / h - exact), Math.Abs((above - below) / (2 * h) - exact)]);
        }
        reply.Block("steps", [.. points], points.Count / 3, 3);

        double Cost(double step)
        {
            List<Binding> bindings = [(x, inputs), (t, targets)];
            for (int i = 0; i < tensors.Length; i++)
            {
                Segment segment = spec.Segments[i];
                double[,] value = new double[tensors[i].Rows, tensors[i].Columns];
                for (int j = 0; j < segment.Length; j++)
                    value[j / tensors[i].Columns, j % tensors[i].Columns] =
                        theta[segment.Offset + j] + (segment.Offset + j == place ? step : 0);
                bindings.Add((tensors[i], value));
            }
            return cost.Evaluate([.. bindings]).Scalar(cost);
        }
    }

    private static (int Tensor, int Row, int Column) InTensor(NetworkSpec spec, int place)
    {
        int tensor = Enumerable.Range(0, spec.Segments.Count).First(s =>
            place >= spec.Segments[s].Offset && place < spec.Segments[s].Offset + spec.Segments[s].Length);
        (int offset, int columns) = (place - spec.Segments[tensor].Offset, spec.Segments[tensor].Shape.Columns);
        return (tensor, offset / columns, offset % columns);
    }

    private static void Write(Reply reply, string? name, GradientComparison comparison,
        Func<GradientMethod, double>? derivative)
    {
        Utf8JsonWriter json = reply.Json;
        if (name is null) json.WriteStartObject();
        else json.WriteStartObject(name);
        json.WriteString("network", comparison.Name);
        json.WriteNumber("parameters", comparison.Parameters);
        json.WriteNumber("operations",
            comparison.Value.Additions + comparison.Value.Multiplications + comparison.Value.Functions);
        json.WriteStartArray("methods");
        foreach (GradientMethod method in comparison.Methods)
        {
            json.WriteStartObject();
            json.WriteString("name", method.Name);
            json.WriteNumber("passes", method.Passes);
            json.WriteNumber("additions", method.Count.Additions);
            json.WriteNumber("multiplications", method.Count.Multiplications);
            json.WriteNumber("functions", method.Count.Functions);
            json.WriteNumber("operations", method.Operations);
            reply.Number("evaluations", comparison.Evaluations(method));
            reply.Number("error", method.Error);
            if (derivative is not null) reply.Number("derivative", derivative(method));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
