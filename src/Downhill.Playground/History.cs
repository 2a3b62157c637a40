using System.Text.Json;

namespace Downhill.Playground;

/// <summary>A run that was, or is: what it was set to, how its loss went, and its weights at the end.</summary>
internal sealed record RunRecord(int Id, string Name, Settings Settings, string Hash)
{
    public bool IsKept { get; init; }

    /// <summary>The run it branched from, and at which update.</summary>
    public int? Parent { get; init; }

    public long From { get; init; }
    public long Step { get; init; }
    public int Epoch { get; init; }
    public double TrainLoss { get; init; } = double.NaN;
    public double TestLoss { get; init; } = double.NaN;
    public double Accuracy { get; init; } = double.NaN;
    public int Parameters { get; init; }

    /// <summary>Why it ended: restart, branch, kept, or running.</summary>
    public string Why { get; init; } = "running";

    public CurvePoint[] Curve { get; init; } = [];
    public float[] Weights { get; init; } = [];
    public float[] Statistics { get; init; } = [];

    /// <summary>Its network and data, for its map.</summary>
    public required FitPlan Fit { get; init; }

    /// <summary>Its raw data and axes.</summary>
    public required Table Table { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("id", Id);
        json.WriteString("name", Name);
        json.WriteBoolean("kept", IsKept);
        if (Parent is int parent) json.WriteNumber("parent", parent);
        else json.WriteNull("parent");
        json.WriteNumber("from", From);
        json.WriteString("hash", Hash);
        json.WriteNumber("step", Step);
        json.WriteNumber("epoch", Epoch);
        Reply.WriteNumber(json, "trainLoss", TrainLoss);
        Reply.WriteNumber(json, "testLoss", TestLoss);
        Reply.WriteNumber(json, "accuracy", Accuracy);
        json.WriteNumber("parameters", Parameters);
        json.WriteString("why", Why);
        json.WriteEndObject();
    }
}

/// <summary>The last runs, the present one among them; kept ones stay longer.</summary>
internal sealed class History
{
    private const int MostKept = 20, MostOthers = 12;

    private readonly List<RunRecord> past = [];
    private int next = 2;

    /// <summary>Id of the present run.</summary>
    public int Present { get; private set; } = 1;

    /// <summary>The run the present one branched from, and where.</summary>
    public (int Id, long Step)? Origin { get; private set; }

    private string? presentName;

    public IReadOnlyList<RunRecord> Past => past;

    /// <summary>Remembers a run that is being left, when it has learned anything.</summary>
    /// <param name="run">The run.</param>
    /// <param name="why">"restart" or "branch".</param>
    /// <param name="branchAt">The update at which the new one branches off, null for a new start.</param>
    public void Leave(Run run, string why, long? branchAt)
    {
        bool isWorthIt = run.Newest > 0;
        if (isWorthIt) Add(Record(run, Present) with { Why = why });
        int left = Present;
        Present = next++;
        Origin = branchAt is long at && isWorthIt ? (left, at) : null;
        presentName = null;
    }

    /// <summary>A record of the present run as it stands.</summary>
    public RunRecord Record(Run run, int id)
    {
        CurvePoint last = run.Curve.Points.Count > 0 ? run.Curve.Points[^1] : default;
        Settings s = run.Settings;
        string shape = s.Layers.Count == 0 ? "no hidden layer" : string.Join('-', s.Layers.Select(l => l.Units));
        string name = id == Present && presentName is not null ? presentName
            : $"{s.Data} {shape}, {s.Optimizer}, η {Numbers.Text(s.LearningRate)}";
        return new(id, name, s, Address.Print(s))
        {
            Parent = Origin?.Id,
            From = Origin?.Step ?? 0,
            Step = Math.Max(run.Newest, run.State.Step),
            Epoch = last.Epoch,
            TrainLoss = last.Train,
            TestLoss = last.Test,
            Accuracy = run.Measure(ofTest: true)?.Accuracy ?? run.Measure(ofTest: false)?.Accuracy ?? double.NaN,
            Parameters = run.Spec.ParameterCount,
            Curve = run.Curve.Copy(),
            Weights = run.State.Parameters.Span.ToArray(),
            Statistics = run.State.Buffers.Span.ToArray(),
            Fit = run.Fit,
            Table = run.Table,
        };
    }

    public void Keep(Run run, string? name)
    {
        RunRecord record = Record(run, next++) with { IsKept = true, Why = "kept" };
        Add(name is null ? record : record with { Name = name });
    }

    public RunRecord Find(Run run, int id) => id == Present ? Record(run, Present)
        : past.Find(r => r.Id == id) ?? Throw.Input<RunRecord>("Run", $"one of {string.Join(", ", past.Select(r => r.Id).Append(Present))}", $"{id}", "Ask for the list of runs.");

    public void Rename(Run run, int id, string name)
    {
        Find(run, id);
        if (id == Present) presentName = name;
        int index = past.FindIndex(r => r.Id == id);
        if (index >= 0) past[index] = past[index] with { Name = name };
    }

    public void Remove(Run run, int id)
    {
        Find(run, id);
        if (id == Present) Throw.Input("Run", "a run of the past", "the present one", "Reset it instead.");
        past.RemoveAll(r => r.Id == id);
    }

    private void Add(RunRecord record)
    {
        past.Add(record);
        Thin(r => r.IsKept, MostKept);
        Thin(r => !r.IsKept, MostOthers);
    }

    private void Thin(Func<RunRecord, bool> which, int most)
    {
        while (past.Count(which) > most) past.Remove(past.First(which));
    }
}
