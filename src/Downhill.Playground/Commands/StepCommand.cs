namespace Downhill.Playground.Commands;

/// <summary>Goes on by epochs, batches, examples, or the stages inside an example.</summary>
internal sealed record StepCommand(string By, long Count) : Command
{
    private static readonly string[] Units = ["epoch", "batch", "example", "stage"];

    public static StepCommand Parse(Fields fields) => new(fields.Word("by", Units), fields.Whole("count", 1, 100_000, 1));

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        if (run.Session.Stopped is { IsDiverged: true })
            Throw.Input("Step", "a run that can go on", "one that diverged", "Rewind, or change a setting first.");
        run.Resume();
        for (long i = 0; i < Count && run.Session.Stopped is null; i++)
            switch (By)
            {
                case "epoch":
                    run.Train(double.PositiveInfinity, FrameCommand.EpochLeft(run));
                    break;
                case "batch":
                    run.Train(0, 1);
                    break;
                case "example":
                    run.StepExample();
                    break;
                default:
                    run.StepStage();
                    break;
            }
        StateWriter.Write(session, reply);
    }
}
