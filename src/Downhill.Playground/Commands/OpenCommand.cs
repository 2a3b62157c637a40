namespace Downhill.Playground.Commands;

/// <summary>Settings, and where it has one a moment, from an address.</summary>
internal sealed record OpenCommand(string Hash) : Command
{
    public static OpenCommand Parse(Fields fields) => new(fields.Text("hash"));

    public override void Run(Session session, Reply reply)
    {
        session.Open(Hash);
        StateWriter.Write(session, reply);
    }
}
