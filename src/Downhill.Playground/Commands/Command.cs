using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>A request, read into typed values.</summary>
internal abstract record Command
{
    /// <summary>Does it and writes what it gives into the reply.</summary>
    public abstract void Run(Session session, Reply reply);
}

/// <summary>A command as the table lists it.</summary>
/// <param name="Name">The request's <c>do</c>.</param>
/// <param name="Parse">Reads the fields.</param>
internal sealed record CommandEntry(string Name, Func<Fields, Command> Parse);

/// <summary>Every command. Adding one: its file in this folder and its line here.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<CommandEntry> All { get; } =
    [
        new("hello", _ => new HelloCommand()),
        new("open", OpenCommand.Parse),
        new("set", SetCommand.Parse),
        new("frame", FrameCommand.Parse),
        new("step", StepCommand.Parse),
        new("rewind", RewindCommand.Parse),
        new("reset", ResetCommand.Parse),
        new("edit", EditCommand.Parse),
        new("inspect", InspectCommand.Parse),
        new("check", CheckCommand.Parse),
        new("data", DataCommand.Parse),
        new("runs", RunsCommand.Parse),
        new("export", ExportCommand.Parse),
        new("share", ShareCommand.Parse),
        new("neuron", NeuronCommand.Parse),
        new("perceptron", PerceptronCommand.Parse),
        new("count", CountCommand.Parse),
        new("surface", SurfaceCommand.Parse),
        new("descent", DescentCommand.Parse),
        new("simplest", SimplestCommand.Parse),
        new("costs", CostsCommand.Parse),
        new("stopping", StoppingCommand.Parse),
        new("rates", RatesCommand.Parse),
        new("graph", GraphCommand.Parse),
        new("gradients", GradientsCommand.Parse),
        new("roundtrip", RoundTripCommand.Parse),
        new("ink", InkCommand.Parse),
        new("regions", RegionsCommand.Parse),
        new("solid", SolidCommand.Parse),
        new("hessian", HessianCommand.Parse),
        new("minima", MinimaCommand.Parse),
    ];

    public static Command Parse(JsonElement json)
    {
        Fields fields = new(json, "Request", "id", "do");
        string name = fields.Text("do");
        CommandEntry entry = All.FirstOrDefault(c => c.Name == name)
            ?? Throw.Input<CommandEntry>("Request, field 'do'", $"one of {string.Join(", ", All.Select(c => c.Name))}",
                $"'{Properties.Short(name)}'",
                Suggest.DidYouMean(Properties.Short(name), All.Select(c => c.Name)));
        Fields own = new(json, $"Request '{name}'", "id", "do");
        Command command = entry.Parse(own);
        own.End();
        return command;
    }
}
