namespace Downhill.Playground.Commands;

/// <summary>
/// Rosenblatt's rule after so many examples (lecture L3), from zero weights: the line, the example at hand and what it
/// moved; and whether a line can do it at all. Without state: the same request gives the same. The rows are
/// <c>points</c> [[x₁, x₂, ±1], …] or those that the session trains on, whose first class is −1. <c>further</c> goes on
/// after <c>steps</c> to the next mistake, or to the end of a pass. Reply: <c>weights</c>,
/// <c>bias</c>, <c>steps</c>, <c>epoch</c>, <c>mistakes</c>, <c>passMistakes</c>, <c>converged</c>, <c>wrong</c>,
/// <c>last</c> and, where asked for, <c>answer</c>; blocks <c>points</c> f32 [rows, 2], <c>targets</c> i32 [rows],
/// <c>fields</c> f64 [rows] and <c>path</c> f64 [updates, 5] (step, row, b, w₁, w₂ after the update; the last 500).
/// </summary>
internal sealed record PerceptronCommand(
    double[][]? Points, long Steps, double LearningRate, bool Shuffle, ulong Seed, string Further,
    bool Decide) : Command
{
    private const int MostSteps = 2_000_000, MostPoints = 500, MostPath = 500;

    public static PerceptronCommand Parse(Fields fields)
    {
        double[][]? points = fields.Rows("points", 3, MostPoints);
        foreach (double[] point in points ?? [])
            if (Math.Abs(point[2]) != 1)
                Throw.Input("Request 'perceptron', field 'points'", "+1 or −1 as the third number",
                    $"{point[2]}", "Write [x1, x2, 1].");
        return new(points, fields.Whole("steps", 0, MostSteps, 0), fields.Number("learningRate", 1e-3, 1e3, 1),
            fields.Flag("shuffle"), (ulong)fields.Whole("seed", 0, 1L << 53, 1),
            fields.Word("further", ["nothing", "mistake", "pass"], "nothing"), fields.Flag("decide"));
    }

    public override void Run(Session session, Reply reply)
    {
        (float[] rows, int[] targets) = Points is null ? RowsOf(session)
            : ([.. Points.SelectMany(p => new[] { (float)p[0], (float)p[1] })], [.. Points.Select(p => (int)p[2])]);
        Perceptron perceptron = new(2, rows, targets, LearningRate, Shuffle, Seed);
        List<double> path = [];
        PerceptronStep? last = null;
        double[] before = [0, 0, 0];
        while (!perceptron.HasConverged && perceptron.Steps < MostSteps && (perceptron.Steps < Steps
            || (Further == "mistake" && (perceptron.Steps == Steps || last is not { IsMistake: true }))
            || (Further == "pass" && (perceptron.Steps == Steps || perceptron.Steps % targets.Length != 0))))
        {
            before = [perceptron.Bias, .. perceptron.Weights];
            PerceptronStep step = perceptron.Step();
            last = step;
            if (!step.IsMistake) continue;
            if (path.Count == 5 * MostPath) path.RemoveRange(0, 5);
            path.AddRange([step.Step, step.Row, perceptron.Bias, perceptron.Weights[0], perceptron.Weights[1]]);
        }
        reply.Json.WriteStartArray("weights");
        foreach (double weight in perceptron.Weights) reply.Json.WriteNumberValue(weight);
        reply.Json.WriteEndArray();
        reply.Number("bias", perceptron.Bias);
        reply.Json.WriteNumber("steps", perceptron.Steps);
        reply.Json.WriteNumber("epoch", perceptron.Epochs);
        reply.Json.WriteNumber("mistakes", perceptron.Mistakes);
        reply.Json.WriteNumber("passMistakes", perceptron.PassMistakes);
        reply.Json.WriteBoolean("converged", perceptron.HasConverged);
        double[] fields = new double[targets.Length];
        int wrong = 0;
        for (int row = 0; row < targets.Length; row++)
        {
            fields[row] = perceptron.Field(rows.AsSpan(2 * row, 2));
            if (Perceptron.Sign(fields[row]) != targets[row]) wrong++;
        }
        reply.Json.WriteNumber("wrong", wrong);
        if (last is PerceptronStep shown) WriteLast(reply, shown, before);
        if (Decide) WriteAnswer(reply, rows, targets);
        reply.Block("points", rows, targets.Length, 2);
        reply.Block("targets", targets, targets.Length);
        reply.Block("fields", fields, targets.Length);
        reply.Block("path", path.ToArray(), path.Count / 5, 5);
    }

    private static void WriteLast(Reply reply, PerceptronStep step, double[] before)
    {
        reply.Json.WriteStartObject("last");
        reply.Json.WriteNumber("row", step.Row);
        reply.Number("field", step.Field);
        reply.Json.WriteNumber("output", step.Output);
        reply.Json.WriteNumber("target", step.Target);
        reply.Json.WriteBoolean("mistake", step.IsMistake);
        reply.Json.WriteStartArray("before");
        foreach (double weight in before) reply.Json.WriteNumberValue(weight);
        reply.Json.WriteEndArray();
        reply.Json.WriteEndObject();
    }

    private void WriteAnswer(Reply reply, float[] rows, int[] targets)
    {
        PerceptronAnswer answer = new Perceptron(2, rows, targets, LearningRate, Shuffle, Seed).Decide(200, 20_000_000);
        reply.Json.WriteStartObject("answer");
        reply.Json.WriteString("kind", answer switch
        {
            Separable => "separable",
            NotSeparable => "notSeparable",
            _ => "undecided",
        });
        reply.Json.WriteString("text", answer.Text);
        if (answer is NotSeparable { Certificate: GordanCertificate proof })
        {
            reply.Json.WriteString("proof", proof.ToText(2, rows, targets));
            reply.Json.WriteBoolean("checked", proof.Check(2, rows, targets));
            reply.Json.WriteStartArray("rows");
            foreach (int row in proof.Rows) reply.Json.WriteNumberValue(row);
            reply.Json.WriteEndArray();
            reply.Json.WriteStartArray("multipliers");
            foreach (System.Numerics.BigInteger multiplier in proof.Multipliers)
                reply.Json.WriteStringValue(multiplier.ToString(System.Globalization.CultureInfo.InvariantCulture));
            reply.Json.WriteEndArray();
        }
        reply.Json.WriteEndObject();
    }

    private static (float[] Rows, int[] Targets) RowsOf(Session session)
    {
        Dataset data = session.Table.Raw;
        if (!session.Table.IsPlane || data.Target is not { IsClass: true, Classes.Count: 2 })
            Throw.Input("The perceptron", "two numbers and two classes", data.Name,
                "Choose gauss, circle or xor, or give points.");
        int[] chosen = [.. session.Run.Fit.Rows.Take(MostPoints)];
        return ([.. chosen.SelectMany(row => new[] { data.Numeric[2 * row], data.Numeric[2 * row + 1] })],
            [.. chosen.Select(row => data.Classes[row] == 0 ? -1 : 1)]);
    }
}
