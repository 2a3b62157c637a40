using System.Diagnostics;
using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>Trains for a while and shows what was asked for.</summary>
internal sealed record FrameCommand(double Budget, bool Train, long? Updates, Wanted Want) : Command
{
    /// <summary>Most points shown, and most cells on a side of a map.</summary>
    public const int MostPoints = 5000, MostUnitMap = 200, MostOutputMap = 400;

    // Of more rows than this only a part is measured in every frame.
    private const int MostMeasured = 50_000;

    public static FrameCommand Parse(Fields fields)
    {
        FrameCommand frame = new(fields.Number("budget", 0, 60_000, 0), fields.Flag("train"),
            fields.Optional("updates") is null ? null : fields.Whole("updates", 1, long.MaxValue >> 12),
            fields.Optional("want") is JsonElement want ? Wanted.Parse(want) : new());
        return frame;
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        long before = Stopwatch.GetTimestamp(), updates = 0, examples = 0;
        if (Train || run.Seek is not null)
        {
            long most = Updates ?? run.Settings.Speed switch
            {
                "update" => 1,
                "epoch" => EpochLeft(run),
                _ => long.MaxValue,
            };
            (updates, examples) = run.Train(Budget, most);
        }
        double ms = (Stopwatch.GetTimestamp() - before) * 1000.0 / Stopwatch.Frequency;
        Utf8JsonWriter json = reply.Json;
        json.WriteNumber("timeline", run.Timeline);
        json.WriteNumber("version", session.Version);
        json.WriteStartObject("speed");
        json.WriteNumber("updates", updates);
        json.WriteNumber("examples", examples);
        json.WriteNumber("ms", ms);
        json.WriteEndObject();
        StateWriter.Clock(json, session);
        if (Want.Inputs is int inputs) session.CurrentMaps.Inputs(inputs, reply);
        if (Want.Units is int units) session.CurrentMaps.Outputs(run.State.Parameters, run.State.Buffers, units, all: true, reply);
        if (Want.Output is int output) session.CurrentMaps.Outputs(run.State.Parameters, run.State.Buffers, output, all: false, reply);
        if (Want.Loss is (int timeline, double since)) Loss(run, timeline, since, reply);
        if (Want.Parameters)
        {
            float[] values = [.. run.Spec.Segments.SelectMany(s => run.State.Parameters.Span.Slice(s.Offset, s.Length).ToArray())];
            reply.Block("parameters", values, values.Length);
        }
        int[] shown = Want.Points || Want.Predictions ? Shown(session.Table.Raw.Rows) : [];
        if (Want.Points) Points(session, shown, reply);
        if (Want.Predictions) Predictions(run, shown, reply);
        if (Want.Measures) Measures(run, reply);
        IReadOnlyList<(int, int, int)>? dead = Want.Statistics ? Statistics.Write(run, json) : null;
        Message.Write(json, [.. session.TakeMessages(), .. Diagnosis.Of(run, dead)]);
    }

    /// <summary>Updates to the end of the running epoch.</summary>
    public static long EpochLeft(Run run)
    {
        int batch = run.Fit.Options.Batch == 0 || run.Fit.Options.Optimizer.NeedsFullBatch ? run.Fit.Rows.Length : Math.Min(run.Fit.Options.Batch, run.Fit.Rows.Length);
        return (run.Fit.Rows.Length - run.State.Position + batch - 1) / batch;
    }

    /// <summary>The rows shown: all, or every k-th of many.</summary>
    public static int[] Shown(int rows)
    {
        int every = (rows + MostPoints - 1) / MostPoints;
        return [.. Enumerable.Range(0, (rows + Math.Max(1, every) - 1) / Math.Max(1, every)).Select(i => i * every)];
    }

    private static void Loss(Run run, int timeline, double since, Reply reply)
    {
        bool whole = timeline != run.Timeline;
        double[] values = [.. run.Curve.Points.Where(p => whole || p.Step > since)
            .SelectMany(p => new[] { p.Step, p.Epoch, p.Train, p.Test, p.Penalty, p.Learned })];
        reply.Block("loss", values, values.Length / 6, 6);
        reply.Json.WriteStartObject("loss");
        reply.Json.WriteNumber("timeline", run.Timeline);
        reply.Json.WriteNumber("last", run.Curve.Points.Count > 0 ? run.Curve.Points[^1].Step : -1);
        reply.Json.WriteBoolean("whole", whole);
        reply.Json.WriteEndObject();
    }

    private static void Points(Session session, int[] shown, Reply reply)
    {
        Table table = session.Table;
        Dataset raw = table.Raw;
        Run run = session.Run;
        byte[] part = new byte[raw.Rows];
        foreach (int row in run.Fit.TestRows) part[row] = 1;
        foreach (int row in run.Fit.ValidationRows) part[row] = 2;
        int n = raw.NumericCount;
        float[] places = new float[2 * shown.Length], targets = new float[shown.Length];
        for (int i = 0; i < shown.Length; i++)
        {
            int row = shown[i];
            if (n > 0) (places[2 * i], places[2 * i + 1]) = (raw.Numeric[row * n + table.Axes.X], raw.Numeric[row * n + table.Axes.Y]);
            targets[i] = raw.Target.IsClass ? raw.Classes[row] : raw.Values[row * raw.Target.Names.Count];
        }
        reply.Block("rows", shown, shown.Length);
        reply.Block("points", places, shown.Length, 2);
        reply.Block("targets", targets, shown.Length);
        reply.Block("parts", [.. shown.Select(row => part[row])], shown.Length);
    }

    private static void Predictions(Run run, int[] shown, Reply reply)
    {
        int outputs = run.Spec.Outputs;
        float[] values = new float[shown.Length * outputs], answers = new float[shown.Length], costs = new float[shown.Length];
        Preparation preparation = run.Preparation;
        new Evaluator<float>(run.Network, run.Fit.Data, shown, preparation).Measure(run.State.Parameters, run.State.Buffers, (row, loss, y) =>
        {
            y.CopyTo(values.AsSpan(row * outputs));
            answers[row] = preparation.Target.IsClass ? preparation.ClassOf(y) : (float)preparation.ValueOf(y[0], 0);
            costs[row] = (float)loss;
        });
        reply.Block("predictions", values, shown.Length, outputs);
        reply.Block("answers", answers, shown.Length);
        reply.Block("costs", costs, shown.Length);
    }

    private static void Measures(Run run, Reply reply)
    {
        Utf8JsonWriter json = reply.Json;
        json.WriteStartObject("measures");
        json.WriteNumber("step", run.State.Step);
        double penalty = run.Session.Penalty();
        Metrics train = run.Measure(ofTest: false, most: MostMeasured)!;
        Part("train", train);
        if (run.Measure(ofTest: true, most: MostMeasured) is Metrics test) Part("test", test);
        else json.WriteNull("test");
        Reply.WriteNumber(json, "penalty", penalty);
        Reply.WriteNumber(json, "objective", (run.Fit.Options.Reduction == Reduction.Mean ? train.Loss : train.Loss * run.Fit.Rows.Length) + penalty);
        json.WriteEndObject();

        void Part(string name, Metrics metrics)
        {
            json.WriteStartObject(name);
            json.WriteNumber("rows", metrics.Rows);
            Reply.WriteNumber(json, "loss", metrics.Loss);
            Reply.WriteNumber(json, "cost", metrics.Loss * metrics.Rows);
            Reply.WriteNumber(json, "accuracy", metrics.Accuracy ?? double.NaN);
            Reply.WriteNumber(json, "r2", metrics.R2 ?? double.NaN);
            if (metrics.Confusion is int[,] confusion)
            {
                json.WriteStartArray("confusion");
                for (int actual = 0; actual < confusion.GetLength(0); actual++)
                {
                    json.WriteStartArray();
                    for (int said = 0; said < confusion.GetLength(1); said++) json.WriteNumberValue(confusion[actual, said]);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
            }
            else json.WriteNull("confusion");
            json.WriteEndObject();
        }
    }
}

/// <summary>The parts of a frame that are wanted.</summary>
internal sealed record Wanted
{
    public int? Units { get; init; }
    public int? Inputs { get; init; }
    public int? Output { get; init; }
    public (int Timeline, double Since)? Loss { get; init; }
    public bool Parameters { get; init; }
    public bool Points { get; init; }
    public bool Predictions { get; init; }
    public bool Measures { get; init; }
    public bool Statistics { get; init; }

    public static Wanted Parse(JsonElement json)
    {
        Fields fields = new(json, "Request 'frame', field 'want'");
        Wanted wanted = new()
        {
            Units = Size("units", FrameCommand.MostUnitMap),
            Inputs = Size("inputs", FrameCommand.MostUnitMap),
            Output = Size("output", FrameCommand.MostOutputMap),
            Parameters = fields.Flag("parameters"),
            Points = fields.Flag("points"),
            Predictions = fields.Flag("predictions"),
            Measures = fields.Flag("measures"),
            Statistics = fields.Flag("statistics"),
        };
        if (fields.Optional("loss") is JsonElement loss)
        {
            Fields since = new(loss, "Request 'frame', field 'want.loss'");
            wanted = wanted with { Loss = ((int)since.Whole("timeline", -1, int.MaxValue), since.Number("since", -1, 1e18)) };
            since.End();
        }
        fields.End();
        return wanted;

        int? Size(string name, int most) => fields.Optional(name) is null ? null : (int)fields.Whole(name, 1, most);
    }
}
