namespace Downhill.Playground.Commands;

/// <summary>Compares the gradient of the present network with central differences, in double.</summary>
internal sealed record CheckCommand(int Rows) : Command
{
    // Central differences in double are good to about ε² relative to the loss's third derivative, and to 1e-16/ε for rounding.
    private const double Epsilon = 1e-5, Limit = 1e-6;
    private const int MostChecked = 400;

    public static CheckCommand Parse(Fields fields) => new((int)fields.Whole("rows", 1, 256, 32));

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        int[] rows = run.Fit.Rows[..Math.Min(Rows, run.Fit.Rows.Length)];
        using Derivatives network = new(run, rows.Length, asTraining: true);
        network.LossAndGradient(rows);
        double[] gradient = network.Gradient.ToArray();
        int total = run.Spec.ParameterCount, every = (total + MostChecked - 1) / MostChecked, index = 0, count = 0;
        double worst = 0;
        string where = "";
        foreach (Segment segment in run.Spec.Segments)
            for (int i = 0; i < segment.Length; i++)
            {
                if (index++ % every != 0) continue;
                ref double w = ref network.Parameters.Span[segment.Offset + i];
                double before = w;
                w = before + Epsilon;
                double above = network.Loss(rows);
                w = before - Epsilon;
                double below = network.Loss(rows);
                w = before;
                double numeric = (above - below) / (2 * Epsilon), exact = gradient[segment.Offset + i];
                double error = Math.Abs(numeric - exact) / Math.Max(1, Math.Abs(numeric) + Math.Abs(exact));
                count++;
                if (error > worst || double.IsNaN(error))
                    (worst, where) = (error, $"{segment.Name}[{i / segment.Shape.Columns},{i % segment.Shape.Columns}]");
            }
        bool passed = worst <= Limit;
        reply.Json.WriteNumber("parameters", total);
        reply.Json.WriteNumber("checked", count);
        reply.Number("worst", worst);
        reply.Number("limit", Limit);
        reply.Json.WriteBoolean("passed", passed);
        reply.Json.WriteString("where", where);
        reply.Json.WriteString("text", passed
            ? $"The gradients of {count} of {total} weights and biases agree with finite differences to {worst:E1}."
            : $"The gradient at {where} differs from finite differences by {worst:E1}: a kink of the activation may lie within {Epsilon}.");
    }
}
