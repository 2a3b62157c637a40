using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>
/// Runs the <c>sh</c> blocks of a page one after another in one bash, in a folder of their own, with what the build
/// made:
/// <c>downhill</c> is the tool, <c>dotnet run --project X</c> starts the program of X. Files that the page shows under
/// a name are in the folder.
/// </summary>
internal static class Shell
{
    // Every processor with FMA computes the same bits at this width, so that pages may show numbers.
    private const string Width = "128";

    private static readonly string[] Ports = ["5190", "5200"];

    /// <param name="page">The page.</param>
    /// <param name="commands">Those of its blocks that are run.</param>
    /// <returns>What each of them printed, and its exit code.</returns>
    public static IReadOnlyList<(string Printed, int Code)> Run(Page page, IReadOnlyList<Block> commands)
    {
        string bash = Need("bash");
        string folder = Directory.CreateTempSubdirectory("downhill-page").FullName;
        try
        {
            string desk = Path.Combine(folder, "desk"), tools = Path.Combine(folder, "tools");
            Directory.CreateDirectory(desk);
            Tools(tools, page);
            Dictionary<string, string> ports = Ports.Where(p => page.Text.Contains(p, StringComparison.Ordinal))
                .ToDictionary(p => p, _ => FreePort());
            // A block's code is that of the last of its commands that failed.
            StringBuilder script = new("set -E\ntrap 'kill $(jobs -p) 2> /dev/null; wait' EXIT\ntrap 'code=$?' ERR\n");
            for (int i = 0; i < commands.Count; i++)
            {
                string file = Path.Combine(folder, $"{i}");
                File.WriteAllText(file, ports.Aggregate(
                    commands[i].Text, (text, port) => text.Replace(port.Key, port.Value, StringComparison.Ordinal)));
                script.Append($"code=0\nsource {file} > {file}.out 2>&1\necho $code > {file}.code\n");
            }
            foreach (Block block in page.Blocks)
                if (block.Mark.Length > 0 && !block.IsQuoted)
                    File.WriteAllText(Path.Combine(desk, block.Mark), block.Text);
            Start(bash, script.ToString(), desk, tools);
            return [.. commands.Select((_, i) => Path.Combine(folder, $"{i}")).Select(file => (
                ports.Aggregate(File.ReadAllText($"{file}.out"), (text, port) =>
                    text.Replace(port.Value, port.Key, StringComparison.Ordinal)),
                int.Parse(File.ReadAllText($"{file}.code"))))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Start(string bash, string script, string desk, string tools)
    {
        ProcessStartInfo start = new(bash, ["-c", script]) { WorkingDirectory = desk, RedirectStandardError = true };
        start.Environment["PATH"] = $"{tools}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["DOWNHILL_SIMD"] = Width;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(error.Length == 0, error);
    }

    /// <summary>Commands that stand for those of a reader.</summary>
    private static void Tools(string folder, Page page)
    {
        Directory.CreateDirectory(folder);
        string output = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", ".."));
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string Program(string project) => Path.Combine(output, project, configuration, project);
        Write("downhill", $"exec {Program("Downhill.Cli")} \"$@\"");
        Write("python3", $"exec {Python(page)} \"$@\"");
        // dotnet run -c Release --project PATH [-- WORDS]
        Write("dotnet", $$"""
            if [ "$1" != run ] || [ "$4" != --project ]; then exec {{Need("dotnet")}} "$@"; fi
            project=$(basename "$5")
            shift 5
            if [ "${1:-}" = -- ]; then shift; fi
            exec {{output}}/$project/{{configuration}}/$project "$@"
            """);
        // A server that was started a line above may need a moment.
        Write("curl", $$"""
            port=$(printf '%s' "$*" | sed -n 's/.*\(localhost\|127\.0\.0\.1\):\([0-9]*\).*/\2/p')
            tries=0
            until {{Need("curl")}} --silent --output /dev/null "127.0.0.1:$port/" || [ $tries = 600 ]; do
              tries=$((tries + 1))
              sleep 0.1
            done
            exec {{Need("curl")}} --silent --show-error "$@"
            """);

        void Write(string name, string text)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The program's path, or the test is skipped.</summary>
    private static string Need(string program)
    {
        string? path = All(program).FirstOrDefault();
        Assert.SkipWhen(path is null || OperatingSystem.IsWindows(), $"{program} is missing.");
        return path!;
    }

    /// <summary>A Python; for a page with NumPy, one that has it.</summary>
    private static string Python(Page page)
    {
        if (!page.Text.Contains("python3", StringComparison.Ordinal)) return "false";
        bool needsNumPy = page.Text.Contains("numpy", StringComparison.Ordinal);
        string? path = All("python3").FirstOrDefault(python => !needsNumPy || HasNumPy(python));
        Assert.SkipWhen(path is null, needsNumPy ? "Python with NumPy is missing." : "Python is missing.");
        return path!;
    }

    private static bool HasNumPy(string python)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(python, ["-c", "import numpy"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static IEnumerable<string> All(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program)).Where(File.Exists);

    private static string FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"{((IPEndPoint)socket.LocalEndPoint!).Port}";
    }
}
