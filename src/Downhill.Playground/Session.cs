using System.Text;
using System.Text.Json;
using Downhill.Playground.Commands;

namespace Downhill.Playground;

/// <summary>
/// One learner's playground: data, a network in training, its clock and its history. Requests come in as JSON, replies
/// go out as bytes (docs/PLAYGROUND.md); nothing else changes it. The same requests give the same bits on every host,
/// but for how much is trained within a time budget. Not for several threads at once.
/// </summary>
public sealed class Session : IDisposable
{
    /// <summary>Largest request in bytes.</summary>
    public const int MostRequestBytes = 128 << 20;

    private readonly List<Message> messages = [];
    private TrainingHistory? trained;

    /// <param name="host">"native" or "browser".</param>
    public Session(string host)
    {
        Host = host;
        Table = LoadTable(Settings.Default, null);
        Run = Start(Settings.Default, Table);
    }

    public string Host { get; }

    /// <summary>SHA-256 of the present weights, as training prints it.</summary>
    public string WeightsHash => Model.HashOf(Run.Spec, Run.State.Parameters);

    internal Table Table { get; private set; }
    internal Run Run { get; private set; }
    internal History History { get; } = new();
    internal Maps? Maps { get; set; }

    /// <summary>Data the user brought, or null.</summary>
    internal OwnData? Own { get; private set; }

    /// <summary>Counts up with every change of settings, data or shape.</summary>
    internal int Version { get; private set; } = 1;

    /// <summary>
    /// Answers a request. Never throws: a request that cannot be answered is refused, and the session goes on.
    /// </summary>
    /// <param name="request">One JSON object, UTF-8.</param>
    /// <returns>A reply as docs/PLAYGROUND.md lays it out.</returns>
    public byte[] Answer(ReadOnlyMemory<byte> request)
    {
        long id = -1;
        try
        {
            if (request.Length > MostRequestBytes) return RefuseTooLong();
            using JsonDocument json = JsonDocument.Parse(request, new JsonDocumentOptions { MaxDepth = 16 });
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("id", out JsonElement number)
                && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out long given) && given >= 0) id =
                    given;
            Command command = CommandTable.Parse(json.RootElement);
            using Reply reply = new(id, ok: true);
            command.Run(this, reply);
            return reply.ToBytes();
        }
        catch (JsonException e)
        {
            return Refuse(id, new DownhillException("Request", "one JSON object", $"something else ({e.Message})",
                "See docs/PLAYGROUND.md."));
        }
        catch (DownhillException e)
        {
            return Refuse(id, e);
        }
        catch (OutOfMemoryException)
        {
            return Refuse(id, new DownhillException("Memory", "enough of it", "too little",
                "Use less data or narrower layers."));
        }
#pragma warning disable CA1031 // The last resort: whatever it is, the learner gets one line and the session lives on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Refuse(id, new DownhillException($"Internal error: {e.GetType().Name}: {e.Message} The session "
                + "goes on; please report it."));
        }
    }

    /// <summary>The reply to a request that was too long to be read.</summary>
    public static byte[] RefuseTooLong() =>
        Refuse(-1, new DownhillException("Request", $"at most {MostRequestBytes >> 20} MiB", "more",
        "Bring smaller data; for all of it use the command line: downhill train."));

    /// <summary>The same for text.</summary>
    public byte[] Answer(string request) => Answer(Encoding.UTF8.GetBytes(request));

    public void Dispose() => Run.Dispose();

    // ---- what commands do -------------------------------------------------------------------------------------------

    /// <summary>Takes over settings, with as little restarting as they need. All or nothing.</summary>
    internal void Apply(Settings settings)
    {
        Restart restart = Properties.Between(Run.Settings, settings);
        bool axes = !settings.Axes.SequenceEqual(Run.Settings.Axes);
        if (restart == Restart.Data || restart == Restart.Network)
        {
            settings = KnownNames(settings);
            Begin(settings, restart == Restart.Data ? LoadTable(settings, Own)
                : TableOf(settings, Table.Raw, Table.IsOwn));
        }
        else
        {
            Table table = axes ? TableOf(settings, Table.Raw, Table.IsOwn) : Table; // refuses before anything changes
            Run.ChangeSettings(settings);
            Table = table;
        }
        Changed();
    }

    /// <summary>A new run with these settings on this table; the one before goes to the history.</summary>
    internal void Begin(Settings settings, Table table)
    {
        Run next = Start(settings, table); // refuses before anything changes
        next.Timeline = Run.Timeline + 1;
        History.Leave(Run, "restart", branchAt: null);
        Run.Dispose();
        (Run, Table) = (next, table);
        Changed();
    }

    /// <summary>Opens an address.</summary>
    internal void Open(string hash)
    {
        Address address = Address.Read(hash);
        messages.AddRange(address.Messages);
        Settings settings = address.Settings;
        if (settings.Data == DataSets.Own && Own is null)
        {
            messages.Add(Message.Warning("ownDataMissing", "This address was made with somebody's own data, which "
                + "stay where they are. Bring the same data to see the same; until then it is the circle.", []));
            settings = settings with { Data = Settings.Default.Data, Features = [], Axes = [] };
        }
        Table table;
        Run next;
        try
        {
            table = LoadTable(settings, Own);
            next = Start(settings, table);
        }
        catch (DownhillException e)
        {
            messages.Add(Message.Warning("addressRefused", $"{e.Message} The address was left out.", []));
            return;
        }
        next.Timeline = Run.Timeline + 1;
        History.Leave(Run, "restart", branchAt: null);
        Run.Dispose();
        (Run, Table) = (next, table);
        if (address.At > 0 || address.Changes.Count > 0) Run.PlanTo(address.At, address.Changes);
        Changed();
    }

    /// <summary>Takes the user's own data into use.</summary>
    internal void Use(OwnData own, Settings settings)
    {
        Settings with = settings with { Data = DataSets.Own };
        Table table = TableOf(with, own.Data, isOwn: true);
        Begin(with, table);
        Own = own;
    }

    /// <summary>Something for the user that the next state or frame says.</summary>
    internal void Say(Message message) => messages.Add(message);

    internal IReadOnlyList<Message> TakeMessages()
    {
        Message[] taken = [.. messages];
        messages.Clear();
        return taken;
    }

    /// <summary>The run of the present settings over so many epochs: kept, so that it is trained once for many
    /// questions.</summary>
    internal TrainingHistory TrainedFor(int epochs)
    {
        if (trained?.IsOf(this, epochs) != true) trained = new(this, epochs);
        return trained;
    }

    internal Maps CurrentMaps => Maps ??= new(Table, Run.Spec, Run.Preparation, Run.Network);

    private void Changed()
    {
        Version++;
        Maps = null;
    }

    private Run Start(Settings settings, Table table)
    {
        Run run = new(settings, table);
        run.Branching = () => History.Leave(run, "branch", run.State.Step);
        return run;
    }

    /// <summary>Features and axes are names of the data's columns: with other data they are void.</summary>
    private Settings KnownNames(Settings settings)
    {
        if (settings.Data == Run.Settings.Data) return settings;
        bool bothMade = DataSets.Find(settings.Data) is { IsMade: true }
            && DataSets.Find(Run.Settings.Data) is { IsMade: true };
        return settings with
        {
            Axes = [],
            Features = bothMade ? settings.Features
            : settings.Features.SequenceEqual(Run.Settings.Features) ? [] : settings.Features
        };
    }

    private static Table LoadTable(Settings settings, OwnData? own)
    {
        DataSetEntry entry = DataSets.Find(settings.Data);
        if (entry.Load is not null) return TableOf(settings, entry.Load(settings), isOwn: false);
        if (own is null)
            Throw.Input("Setting 'data'", "data of your own", "none yet", "Paste, drop or draw some first.");
        return TableOf(settings, own.Data, isOwn: true);
    }

    private static Table TableOf(Settings settings, Dataset raw, bool isOwn) =>
        new(raw, settings.Features, settings.Axes, isOwn);

    private static byte[] Refuse(long id, DownhillException error)
    {
        using Reply reply = new(id, ok: false);
        reply.Json.WriteStartObject("error");
        reply.Json.WriteString("where", error.Where);
        reply.Json.WriteString("expected", error.Expected);
        reply.Json.WriteString("got", error.Got);
        reply.Json.WriteString("remedy", error.Remedy);
        reply.Json.WriteString("text", error.Message);
        reply.Json.WriteEndObject();
        return reply.ToBytes();
    }
}
