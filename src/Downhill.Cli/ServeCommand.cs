using System.CommandLine;
using Downhill.Cli.Serve;

namespace Downhill.Cli;

/// <summary><c>downhill serve</c>: a model behind HTTP on this machine.</summary>
internal sealed class ServeCommand : CliCommand
{
    private readonly Argument<string?> model;
    private readonly GroupedOption<string?> port;

    public ServeCommand(Terminal terminal, CancellationToken cancellation)
        : base("serve", "Answers rows over HTTP: JSON or CSV in, named answers out.", terminal, cancellation)
    {
        model = AddArgument("MODEL", "a model file");
        port = Add("Options", "--port", "N", $"port of 127.0.0.1 ({ScoringServer.UsualPort}; 0: any free one)");
    }

    public override IReadOnlyList<Example> Examples { get; } =
        [new("serve iris.safetensors", "until Ctrl-C"), new("serve iris.safetensors --port 8080", "on another port")];

    public override IReadOnlyList<(string Heading, string Text)> Notes { get; } =
    [
        ("Then", "curl localhost:5190/predict --json '[5.1, 3.5, 1.4, 0.2]'\n"
            + "The page at / shows the columns; /openapi.json, /health and /metrics are for programs."),
    ];

    protected override int Run(ParseResult words)
    {
        int wanted = Values.Whole("--port", words.GetValue(port), 0, 65535, "0 takes any free port.") ?? ScoringServer.UsualPort;
        string path = words.GetValue(model)!;
        Serve(Model.Load(path), Path.GetFileNameWithoutExtension(path), wanted).GetAwaiter().GetResult();
        return Cli.Interrupted;
    }

    private async Task Serve(Model network, string name, int wanted)
    {
        ScoringServer server = await ScoringServer.Start(network, name, wanted, Cancellation).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            Terminal.Out.WriteLine(server.Address);
            Terminal.Error.WriteLine("For this machine only. Ctrl-C ends it.");
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration end = Cancellation.Register(ended.SetResult);
            await ended.Task.ConfigureAwait(false);
        }
    }
}
