using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Downhill.Playground.Server;

namespace Downhill.Cli;

/// <summary><c>downhill play</c>: the playground on this machine.</summary>
internal sealed class PlayCommand : CliCommand
{
    private readonly GroupedOption<string?> port;
    private readonly GroupedOption<bool> noBrowser;

    public PlayCommand(Terminal terminal, CancellationToken cancellation)
        : base("play", "Opens the playground in the browser: watch a network learn.", terminal, cancellation)
    {
        port = Add("Options", "--port", "N",
            $"port of 127.0.0.1 (0: any); without it {PlaygroundServer.UsualPort}, or a free one");
        noBrowser = AddFlag("Options", "--no-browser", "only print the address");
    }

    public override IReadOnlyList<Example> Examples { get; } =
        [new("play", "until Ctrl-C"), new("play --port 8080 --no-browser", "prints the address to open")];

    protected override int Run(ParseResult words)
    {
        int? wanted = words.GetValue(port) is not string text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is >= 0 and <= 65535 ? number
            : Throw.Input<int>("--port", "a number from 0 (any free port) to 65535", $"'{text}'",
                "Leave it out to have one chosen.");
        string page = PageFolder.Find(what => Terminal.Error.WriteLine(what), Cancellation);
        Serve(page, wanted, opens: !words.GetValue(noBrowser)).GetAwaiter().GetResult();
        return Cli.Interrupted;
    }

    private async Task Serve(string page, int? wanted, bool opens)
    {
        PlaygroundServer server = await PlaygroundServer.Start(new(page, wanted), Cancellation).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            Terminal.Out.WriteLine(server.Address);
            if (opens && !Open(server.Address)) Terminal.Error.WriteLine(
                "No browser could be opened: open the address yourself.");
            Terminal.Error.WriteLine("The playground is for this machine only. Ctrl-C ends it.");
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration end = Cancellation.Register(ended.SetResult);
            await ended.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Asks the system to open an address; the token in its fragment stays on this machine.</summary>
    private static bool Open(string address)
    {
        try
        {
            ProcessStartInfo start = OperatingSystem.IsWindows() ? new(address) { UseShellExecute = true }
                : new(OperatingSystem.IsMacOS() ? "open" : "xdg-open", address)
                {
                    UseShellExecute = false,
                    RedirectStandardOutput = true, RedirectStandardError = true
                };
            using Process? process = Process.Start(start);
            return process is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
