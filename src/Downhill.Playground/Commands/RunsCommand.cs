using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>The history of runs: list, keep, rename, remove, and two beside one another.</summary>
internal sealed record RunsCommand(string Action, int? Which, int? Other, string? Name, int Size) : Command
{
    private static readonly string[] Actions = ["list", "keep", "remove", "rename", "compare"];

    public static RunsCommand Parse(Fields fields)
    {
        string action = fields.Word("action", Actions);
        string? name = fields.Optional("name") is null ? null : fields.Text("name");
        if (name?.Length > 100) Throw.Input("Name of a run", "at most 100 characters", $"{name.Length}", "Shorten it.");
        return new(action, Id("run"), Id("other"), name, (int)fields.Whole("size", 1, FrameCommand.MostUnitMap, 50));

        int? Id(string field) => fields.Optional(field) is null ? null : (int)fields.Whole(field, 1, int.MaxValue);
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        History history = session.History;
        switch (Action)
        {
            case "keep":
                history.Keep(run, Name);
                break;
            case "remove":
                history.Remove(run, Needed(Which, "run"));
                break;
            case "rename":
                history.Rename(run, Needed(Which, "run"), Name ?? "");
                break;
            case "compare":
                Compare(history.Find(run, Needed(Which, "run")), history.Find(run, Needed(Other, "other")), reply);
                break;
        }
        Utf8JsonWriter json = reply.Json;
        json.WriteStartArray("runs");
        foreach (RunRecord record in history.Past) record.Write(json);
        history.Record(run, history.Present).Write(json);
        json.WriteEndArray();
        json.WriteNumber("present", history.Present);
    }

    /// <summary>Both curves and output maps, and the settings in which they differ.</summary>
    private void Compare(RunRecord a, RunRecord b, Reply reply)
    {
        Utf8JsonWriter json = reply.Json;
        json.WriteStartArray("differences");
        foreach (Property property in Properties.All)
        {
            string first = property.Print(a.Settings), second = property.Print(b.Settings);
            if (first == second || property.Group == "view") continue;
            json.WriteStartObject();
            json.WriteString("name", property.Name);
            json.WriteString("run", first);
            json.WriteString("other", second);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("sameSeed", a.Settings.Seed == b.Settings.Seed);
        Side("run", a);
        Side("other", b);

        void Side(string name, RunRecord record)
        {
            double[] curve = [.. record.Curve.SelectMany(p => new[] { p.Step, p.Epoch, p.Train, p.Test, p.Penalty, p.Learned })];
            reply.Block($"{name}Loss", curve, curve.Length / 6, 6);
            using Network<float> network = new(record.Fit.Network, record.Fit.Options.Loss, record.Fit.Options.Arithmetic);
            AlignedBuffer<float> parameters = new(record.Weights.Length), buffers = new(record.Statistics.Length);
            record.Weights.CopyTo(parameters.Span);
            record.Statistics.CopyTo(buffers.Span);
            new Maps(record.Table, record.Fit.Network, record.Fit.Preparation, network).Outputs(parameters, buffers, Size, all: false, reply, $"{name}Output");
        }
    }

    private static int Needed(int? id, string field) => id ?? Throw.Input<int>($"Request 'runs', field '{field}'", "the id of a run", "none", "Ask for the list of runs.");
}
