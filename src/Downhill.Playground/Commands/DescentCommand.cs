using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>One way down that a request asks for.</summary>
/// <param name="Optimizer">Null for the session's.</param>
/// <param name="LearningRate">Null for the session's.</param>
/// <param name="Batch">Null for the session's; 0 for all rows.</param>
/// <param name="Updates">How many.</param>
/// <param name="Epochs">How many instead of updates; 0 for those.</param>
/// <param name="Budget">Ends it after so many ms of the host's clock; 0 for never.</param>
internal sealed record Way(Optimizer? Optimizer, double? LearningRate, int? Batch, int Updates, int Epochs,
    double Budget);

/// <summary>
/// Ways down from one place (lecture L10, L15 … L17): copies of the session's network are trained, the session's own
/// stays as it is. With <c>only</c> nothing but the two weights moves: a ball on the shown surface. Reply per way k:
/// block <c>path</c>k f64 [updates + 1, 7]: update, the two weights, loss of the whole network, loss in the shown plane
/// at these two weights, distance of the other weights from the plane, examples used; <c>ways</c> [{<c>updates</c>,
/// <c>updatesPerEpoch</c>, <c>examples</c>, <c>ms</c>, <c>loss</c>, <c>diverged</c>}]. With <c>order</c> also block
/// <c>order</c>k i32: the places of the examples among the training rows as they were used, at most the first 2000.
/// </summary>
internal sealed record DescentCommand(
    int[] First, int[] Second, double[]? From, bool Only, bool Climb, bool Order,
    IReadOnlyList<Way> Ways) : Command
{
    private const int MostWays = 32, MostUpdates = 5000, MostOrder = 2000;

    public static DescentCommand Parse(Fields fields)
    {
        (int[] first, int[] second) = PlaneOf.Parse(fields, "descent");
        double[]? from = fields.Doubles("from");
        if (from is not null && from.Length != 2)
            Throw.Input("Request 'descent', field 'from'", "two weights", $"{from.Length}", "Write [1, -2].");
        JsonElement ways = fields.Needed("ways");
        if (ways.ValueKind != JsonValueKind.Array || ways.GetArrayLength() is < 1 or > MostWays)
            Throw.Input("Request 'descent', field 'ways'", $"a list of 1 to {MostWays}", "something else",
                "Write [{\"updates\": 100}].");
        return new(first, second, from, fields.Flag("only"), fields.Flag("climb"), fields.Flag("order"),
            [.. ways.EnumerateArray().Select(ParseWay)]);
    }

    public override void Run(Session session, Reply reply)
    {
        PlaneOf plane = PlaneOf.Find(session.Run, First, Second);
        PlaneLoss loss = new(session.Run);
        reply.Json.WriteStartArray("ways");
        List<double[]> paths = [];
        List<int[]> orders = [];
        foreach (Way way in Ways)
        {
            List<int> order = [];
            paths.Add(Descend(session, plane, loss, way, order, reply));
            orders.Add([.. order]);
        }
        reply.Json.WriteEndArray();
        for (int k = 0; k < paths.Count; k++) reply.Block($"path{k}", paths[k], paths[k].Length / 7, 7);
        for (int k = 0; Order && k < paths.Count; k++) reply.Block($"order{k}", orders[k], orders[k].Length);
    }

    private double[] Descend(Session session, PlaneOf plane, PlaneLoss loss, Way way, List<int> order,
        Reply reply)
    {
        Run run = session.Run;
        Settings settings = run.Settings with { Stop = [] };
        if (way.Optimizer is not null) settings = settings with { Optimizer = way.Optimizer };
        if (way.LearningRate is double rate) settings = settings with { LearningRate = rate };
        if (way.Batch is int batch) settings = settings with { Batch = batch };
        using Run copy = new(settings, session.Table);
        int perEpoch = copy.Session.StepsPerEpoch;
        long updates = way.Epochs == 0 ? way.Updates : (long)way.Epochs * perEpoch;
        if (updates > MostUpdates)
            Throw.Input("Request 'descent', field 'epochs'", $"at most {MostUpdates} updates", $"{updates}",
                "Ask for fewer epochs, or larger batches.");
        Span<float> weights = copy.State.Parameters.Span;
        run.State.Parameters.Span.CopyTo(weights);
        run.State.Buffers.Span.CopyTo(copy.State.Buffers.Span);
        if (From is not null) (weights[plane.First], weights[plane.Second]) = ((float)From[0], (float)From[1]);
        AlignedBuffer<float> shown = new(run.Spec.ParameterLength);
        float[] others = weights.ToArray();
        others.CopyTo(shown.Span);
        List<double> path = [];
        double spent = 0;
        long examples = 0;
        Note(0);
        for (int update = 1; update <= updates && (way.Budget == 0 || spent < way.Budget); update++)
        {
            if (Order && order.Count < MostOrder) order.AddRange(copy.Session.NextPlaces());
            long before = System.Diagnostics.Stopwatch.GetTimestamp();
            (long done, long used) = copy.Train(double.PositiveInfinity, 1);
            spent += System.Diagnostics.Stopwatch.GetElapsedTime(before).TotalMilliseconds;
            if (done == 0 || copy.IsDiverged) break;
            examples += used;
            if (Only)
            {
                (float a, float b) = (copy.State.Parameters.Span[plane.First],
                    copy.State.Parameters.Span[plane.Second]);
                others.CopyTo(copy.State.Parameters.Span);
                (copy.State.Parameters.Span[plane.First], copy.State.Parameters.Span[plane.Second]) = (a, b);
            }
            Note(update);
        }
        reply.Json.WriteStartObject();
        reply.Json.WriteNumber("updates", path.Count / 7 - 1);
        reply.Json.WriteNumber("updatesPerEpoch", perEpoch);
        reply.Json.WriteNumber("examples", examples);
        reply.Number("ms", spent);
        reply.Number("loss", path[^4]);
        reply.Json.WriteBoolean("diverged", copy.IsDiverged);
        reply.Json.WriteEndObject();
        return [.. path];

        void Note(int update)
        {
            Span<float> now = copy.State.Parameters.Span;
            double off = 0;
            for (int i = 0; i < now.Length; i++)
                if (i != plane.First && i != plane.Second) off += ((double)now[i] - others[i]) * (now[i] - others[i]);
            (shown.Span[plane.First], shown.Span[plane.Second]) = (now[plane.First], now[plane.Second]);
            double sign = Climb ? -1 : 1, inPlane = sign * loss.At(shown);
            path.AddRange([update, now[plane.First], now[plane.Second],
                off == 0 ? inPlane : sign * loss.At(copy.State.Parameters), inPlane, Math.Sqrt(off), examples]);
        }
    }

    private static Way ParseWay(JsonElement json)
    {
        Fields fields = new(json, "Request 'descent', a way");
        Way way = new(
            fields.Optional("optimizer") is null ? null : Catalog.Default.Optimizer(fields.Text("optimizer")),
            fields.Optional("learningRate") is null ? null : fields.Number("learningRate", 1e-9, 1e6),
            fields.Optional("batch") is null ? null : (int)fields.Whole("batch", 0, 1_000_000),
            (int)fields.Whole("updates", 0, MostUpdates, 100),
            (int)fields.Whole("epochs", 0, MostUpdates, 0), fields.Number("budget", 0, 10_000, 0));
        fields.End();
        return way;
    }
}
