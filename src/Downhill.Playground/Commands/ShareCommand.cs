namespace Downhill.Playground.Commands;

/// <summary>The address of the present settings, or of the present moment with the way to it.</summary>
internal sealed record ShareCommand(bool Moment) : Command
{
    public static ShareCommand Parse(Fields fields) => new(fields.Flag("moment"));

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        reply.Json.WriteString("hash", Moment ? Address.Print(run.Start, run.Changes, run.State.Step) : Address.Print(run.Settings));
    }
}
