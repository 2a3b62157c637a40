using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>The same run from its beginning, or with another seed.</summary>
internal sealed record ResetCommand(long? Seed, bool IsNew) : Command
{
    public static ResetCommand Parse(Fields fields) => fields.Optional("seed") switch
    {
        null => new(null, false),
        { ValueKind: JsonValueKind.String } => new(null, fields.Word("seed", ["new"]) == "new"),
        _ => new(fields.Whole("seed", 0, 1L << 53), false),
    };

    public override void Run(Session session, Reply reply)
    {
        Settings settings = session.Run.Settings;
        // The next seed is a function of the last one, so that a sequence of resets can be replayed too.
        long seed = Seed ?? (IsNew ? (settings.Seed + 1) % (1L << 53) : settings.Seed);
        if (seed != settings.Seed) session.Apply(settings with { Seed = seed });
        else session.Begin(settings, session.Table);
        StateWriter.Write(session, reply);
    }
}
