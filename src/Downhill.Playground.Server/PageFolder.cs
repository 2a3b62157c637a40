using System.ComponentModel;
using System.Diagnostics;

namespace Downhill.Playground.Server;

/// <summary>
/// Where the built page is: beside the packed tool, or in a clone, where it is built with Node.js when its sources have changed.
/// Nothing but <c>play</c>, packing and the site ever waits for that.
/// </summary>
public static class PageFolder
{
    /// <summary>Names a folder with a built page, before all others.</summary>
    public const string Variable = "DOWNHILL_PAGE";

    private static readonly string[] Sources = ["src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"];

    /// <summary>The folder, built first if need be.</summary>
    /// <param name="say">Told what is being done, when it takes a while.</param>
    /// <param name="cancellation">Ends a build.</param>
    /// <exception cref="DownhillException">No page, and what is missing to build it.</exception>
    public static string Find(Action<string> say, CancellationToken cancellation = default)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named) return named;
        string packed = Path.Combine(AppContext.BaseDirectory, "page");
        if (File.Exists(Path.Combine(packed, "index.html"))) return packed;
        string? web = Clone(AppContext.BaseDirectory);
        if (web is null)
            throw new DownhillException("The playground's page: expected it beside the tool, got nothing. Install the tool again, or run it from a clone.");
        string built = Path.Combine(web, "dist");
        if (!IsStale(web, built)) return built;
        say("building the playground's page (once, and after changes to it) …");
        FileInfo installed = new(Path.Combine(web, "node_modules", ".package-lock.json"));
        if (!installed.Exists || installed.LastWriteTimeUtc < File.GetLastWriteTimeUtc(Path.Combine(web, "package-lock.json")))
            Npm(web, "ci --no-audit --no-fund", cancellation);
        Npm(web, "run build", cancellation);
        return built;
    }

    /// <summary>The folder web of the clone that a program was built in, or null.</summary>
    internal static string? Clone(string from)
    {
        for (DirectoryInfo? folder = new(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Downhill.slnx")) && File.Exists(Path.Combine(folder.FullName, "web", "package.json")))
                return Path.Combine(folder.FullName, "web");
        return null;
    }

    /// <summary>Whether a source is newer than the built page.</summary>
    internal static bool IsStale(string web, string built)
    {
        FileInfo page = new(Path.Combine(built, "index.html"));
        if (!page.Exists) return true;
        return Sources.Select(name => Path.Combine(web, name)).Any(path => Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Any(file => File.GetLastWriteTimeUtc(file) > page.LastWriteTimeUtc)
            : File.Exists(path) && File.GetLastWriteTimeUtc(path) > page.LastWriteTimeUtc);
    }

    private static void Npm(string web, string words, CancellationToken cancellation)
    {
        const string Missing = "The playground's page: expected Node.js with npm to build it in a clone, got none. Install Node.js 20 or later "
            + "(Debian: apt-get install nodejs npm), or install the packed tool, which brings the page along.";
        bool isWindows = OperatingSystem.IsWindows();
        ProcessStartInfo start = new(isWindows ? "cmd.exe" : "npm", isWindows ? $"/c npm {words}" : words)
        {
            WorkingDirectory = web, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception e)
        {
            throw new DownhillException(Missing, e);
        }
        using Process npm = process ?? throw new DownhillException(Missing);
        using CancellationTokenRegistration end = cancellation.Register(() => npm.Kill(entireProcessTree: true));
        Task<string> output = npm.StandardOutput.ReadToEndAsync(CancellationToken.None), errors = npm.StandardError.ReadToEndAsync(CancellationToken.None);
        npm.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (npm.ExitCode == 0) return;
        string[] lines = (errors.Result + "\n" + output.Result).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        throw new DownhillException($"The playground's page: expected 'npm {words}' in web to work, got exit code {npm.ExitCode}: "
            + string.Join(" | ", lines.TakeLast(6)));
    }
}
