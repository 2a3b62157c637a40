namespace Downhill.Playground.Commands;

/// <summary>Sets a weight or bias by hand; the run branches.</summary>
internal sealed record EditCommand(WeightEdit Edit) : Command
{
    public static EditCommand Parse(Fields fields) => new(new WeightEdit((int)fields.Whole("layer", 0, int.MaxValue), (int)fields.Whole("from", -1, int.MaxValue),
        (int)fields.Whole("unit", 0, int.MaxValue), (float)fields.Number("value", -1e6, 1e6)));

    public override void Run(Session session, Reply reply)
    {
        session.Run.Edit(Edit);
        StateWriter.Write(session, reply);
    }
}
