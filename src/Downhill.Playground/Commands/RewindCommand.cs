namespace Downhill.Playground.Commands;

/// <summary>Goes to an update that was done: back, or forward again. Training on from there branches.</summary>
internal sealed record RewindCommand(long To) : Command
{
    // A replay that takes longer goes on in the frames that follow.
    private const double Budget = 50;

    public static RewindCommand Parse(Fields fields) => new(fields.Whole("to", 0, long.MaxValue >> 12));

    public override void Run(Session session, Reply reply)
    {
        session.Run.GoTo(To);
        if (session.Run.Seek is not null) session.Run.Train(Budget, long.MaxValue);
        StateWriter.Write(session, reply);
    }
}
