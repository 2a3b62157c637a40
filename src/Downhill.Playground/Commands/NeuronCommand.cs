using Downhill.Graph;

namespace Downhill.Playground.Commands;

/// <summary>
/// One unit with weights, bias and activation as given (lecture L1, L2): its arithmetic, its curve over v and its
/// answer over two inputs. All in double, from the activation's definition. Reply: <c>terms</c>, <c>sum</c>,
/// <c>field</c>, <c>output</c>, <c>slope</c>, <c>formula</c>, <c>hasSlope</c>; blocks <c>curve</c> f64 [points, 3] (v,
/// φ(v), φ′(v)) and <c>map</c> u8 [size, size] with <c>mapScale</c>.
/// </summary>
internal sealed record NeuronCommand(
    Activation Activation, double[] Inputs, double[] Weights, double Bias, double[] Range, double[] Domain, int Points,
    int Size) : Command
{
    public static NeuronCommand Parse(Fields fields)
    {
        Activation activation = Catalog.Default.Activation(fields.Text("activation"));
        if (!activation.IsElementwise)
            Throw.Input("Neuron", "an activation of one unit", $"'{activation}'", "Choose sigmoid, for example.");
        double[] inputs = fields.Doubles("inputs") ?? [], weights = fields.Doubles("weights") ?? [];
        if (inputs.Length is < 1 or > 16 || weights.Length != inputs.Length)
            Throw.Input("Neuron", "1 to 16 inputs and as many weights", $"{inputs.Length} and {weights.Length}",
                "Give a weight per input.");
        return new(activation, inputs, weights, fields.Number("bias", -1e6, 1e6, 0), Pair(fields, "range", [-6, 6]),
            Pair(fields, "domain", [-6, 6]), (int)fields.Whole("points", 2, 2001, 241),
            (int)fields.Whole("size", 1, 100, 50));
    }

    public override void Run(Session session, Reply reply)
    {
        reply.Json.WriteString("formula", Catalog.Default.Activations.First(e => e.Name == Activation.Name).Formula);
        reply.Json.WriteBoolean("hasSlope", Activation.HasSlope);
        double sum = 0;
        reply.Json.WriteStartArray("terms");
        for (int i = 0; i < Inputs.Length; i++)
        {
            double product = Weights[i] * Inputs[i];
            sum += product;
            reply.Json.WriteStartObject();
            reply.Number("weight", Weights[i]);
            reply.Number("input", Inputs[i]);
            reply.Number("product", product);
            reply.Json.WriteEndObject();
        }
        reply.Json.WriteEndArray();
        (double[] output, double[] slope) = Evaluate([sum + Bias]);
        reply.Number("sum", sum);
        reply.Number("bias", Bias);
        reply.Number("field", sum + Bias);
        reply.Number("output", output[0]);
        reply.Number("slope", slope[0]);
        Curve(reply);
        Map(reply);
    }

    private void Curve(Reply reply)
    {
        double[] fields = new double[Points];
        for (int i = 0; i < Points; i++) fields[i] = Range[0] + (Range[1] - Range[0]) * i / (Points - 1);
        (double[] outputs, double[] slopes) = Evaluate(fields);
        double[] curve = new double[3 * Points];
        for (int i = 0; i < Points; i++)
            (curve[3 * i], curve[3 * i + 1], curve[3 * i + 2]) = (fields[i], outputs[i], slopes[i]);
        reply.Block("curve", curve, Points, 3);
    }

    /// <summary>The answer over the first two inputs, the others as given; row 0 is the top.</summary>
    private void Map(Reply reply)
    {
        if (Inputs.Length < 2) return;
        double rest = Bias;
        for (int i = 2; i < Inputs.Length; i++) rest += Weights[i] * Inputs[i];
        double[] fields = new double[Size * Size];
        for (int row = 0; row < Size; row++)
            for (int column = 0; column < Size; column++)
            {
                (double x, double y) = Maps.Centre([.. Domain, .. Domain], Size, row, column);
                fields[row * Size + column] = Weights[0] * x + Weights[1] * y + rest;
            }
        (double[] outputs, _) = Evaluate(fields);
        double scale = outputs.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        if (scale == 0) scale = 1;
        reply.Block("map", [.. outputs.Select(y => double.IsFinite(y)
            ? (byte)(128.5 + Math.Clamp(127 * y / scale, -127, 127)) : (byte)0)], Size, Size);
        reply.Number("mapScale", scale);
    }

    private (double[] Outputs, double[] Slopes) Evaluate(double[] fields)
    {
        Expr v = Expr.Variable("v", fields.Length, 1), phi = Activation.Define(v);
        double[,] column = new double[fields.Length, 1], ones = new double[fields.Length, 1];
        for (int i = 0; i < fields.Length; i++) (column[i, 0], ones[i, 0]) = (fields[i], 1);
        Evaluation at = phi.Evaluate((v, column));
        double[,] outputs = at[phi], slopes = at.Gradient(phi, ones, v)[0];
        return ([.. outputs.Cast<double>()], [.. slopes.Cast<double>()]);
    }

    private static double[] Pair(Fields fields, string name, double[] otherwise)
    {
        double[] pair = fields.Doubles(name) ?? otherwise;
        return pair.Length == 2 && pair[0] < pair[1] && pair[0] > -1e6 && pair[1] < 1e6 ? pair
            : Throw.Input<double[]>($"Neuron, field '{name}'", "a lower and a higher number", $"{pair.Length} numbers",
                "Write [-6, 6].");
    }
}
