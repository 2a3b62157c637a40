using Downhill.Graph;

namespace Downhill.Playground.Commands;

/// <summary>
/// The cost Lʳ of each training example (the first 1000 of many) and their sum C = Σ Lʳ (lecture L9), by several losses
/// at once: in double, by the losses' definitions, on what the network answers now. Reply: blocks <c>rows</c> i32,
/// <c>outputs</c> and <c>targets</c> f64 [rows, outputs], <c>costs</c>k f64 [rows] of loss k; <c>losses</c>
/// [{<c>name</c>,
/// <c>formula</c>, <c>sum</c>}]; with a <c>row</c> also <c>fields</c> (v of the output units), <c>pulls</c> (of each
/// loss −∂Lʳ/∂v of each output unit: where the example wants v to go).
/// </summary>
internal sealed record CostsCommand(IReadOnlyList<Loss> Losses, int? Row) : Command
{
    private const int MostLosses = 4, MostRows = 1000;

    public static CostsCommand Parse(Fields fields)
    {
        string[] names = fields.Texts("losses") ?? ["euclidean"];
        if (names.Length is < 1 or > MostLosses)
            Throw.Input("Request 'costs', field 'losses'", $"1 to {MostLosses} losses", $"{names.Length}",
                "Write [\"euclidean\"].");
        return new([.. names.Select(Catalog.Default.Loss)],
            fields.Optional("row") is null ? null : (int)fields.Whole("row", 0, int.MaxValue));
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        foreach (Loss loss in Losses) loss.CheckDomain(run.Spec.Output);
        int[] rows = run.Fit.Rows[..Math.Min(MostRows, run.Fit.Rows.Length)];
        if (Row is int wanted && !rows.Contains(wanted))
            Throw.Input("Request 'costs', field 'row'", "a training row", $"{wanted}", "Block 'rows' has them.");
        using Derivatives network = new(run, rows.Length);
        (double[,] outputs, double[,] targets) = network.Answers(rows);
        reply.Block("rows", rows, rows.Length);
        reply.Block("outputs", [.. outputs.Cast<double>()], rows.Length, run.Spec.Outputs);
        reply.Block("targets", [.. targets.Cast<double>()], rows.Length, run.Spec.Outputs);
        reply.Json.WriteStartArray("losses");
        for (int k = 0; k < Losses.Count; k++)
        {
            double[] costs = [
                .. Value(Losses[k].Define(Expr.Constant(outputs), Expr.Constant(targets))).Cast<double>()];
            reply.Json.WriteStartObject();
            reply.Json.WriteString("name", Losses[k].ToString());
            reply.Json.WriteString("formula",
                Catalog.Default.Losses.FirstOrDefault(entry => entry.Name == Losses[k].Name)?.Formula ?? "");
            reply.Number("sum", costs.Sum());
            reply.Json.WriteEndObject();
            reply.Block($"costs{k}", costs, costs.Length);
        }
        reply.Json.WriteEndArray();
        if (Row is int row) Pulls(session, row, Line(targets, Array.IndexOf(rows, row)), reply);
    }

    /// <summary>−∂Lʳ/∂v at the output units, by the definitions of activation and loss.</summary>
    private void Pulls(Session session, int row, double[,] target, Reply reply)
    {
        Trace trace = ExampleOf.Trace(session, row);
        UnitLayer last = session.Run.Layers[^1];
        double[] fields = [.. trace.Layers[last.Dense].Units.Select(unit => unit.Field)];
        ExampleOf.Write(reply.Json, "fields", fields);
        Expr v = Expr.Variable("v", 1, fields.Length), y = last.Activation.Define(v);
        double[,] at = new double[1, fields.Length];
        for (int o = 0; o < fields.Length; o++) at[0, o] = fields[o];
        reply.Json.WriteStartArray("pulls");
        foreach (Loss loss in Losses)
        {
            Expr cost = loss.Define(y, Expr.Constant(target)).Sum();
            ExampleOf.Write(reply.Json, null,
                [.. cost.Evaluate((v, at)).Gradient(cost, v)[0].Cast<double>().Select(slope => 0 - slope)]);
        }
        reply.Json.WriteEndArray();
    }

    private static double[,] Line(double[,] all, int row)
    {
        double[,] line = new double[1, all.GetLength(1)];
        for (int o = 0; o < line.Length; o++) line[0, o] = all[row, o];
        return line;
    }

    private static double[,] Value(Expr expression) => expression.Evaluate()[expression];
}
