using System.Diagnostics;

namespace Downhill.Onnx.Tests;

/// <summary>Compilers and interpreters of this machine, and a folder to use them in.</summary>
internal sealed class Programs : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("downhill-export").FullName;

    /// <summary>The first of these programs that answers, or the test is skipped.</summary>
    public static string Need(string what, string probe, params string[] programs)
    {
        foreach (string program in programs)
        {
            try
            {
                if (Start(program, probe.Split(' ', 2), Path.GetTempPath()).Code == 0) return program;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // Not there: the next one.
            }
        }
        Assert.Skip($"{what} is missing (looked for {string.Join(", ", programs)}).");
        return "";
    }

    public string Write(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs a program in the folder; what it wrote, when it went well.</summary>
    public string Run(string program, params string[] arguments)
    {
        (int code, string output, string error) = Start(program, arguments, Folder);
        Assert.True(code == 0, $"{Path.GetFileName(program)} {string.Join(' ', arguments)}: exit code {code}\n{output}"
            + $"\n{error}");
        return output;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static (int Code, string Output, string Error) Start(string program, string[] arguments, string folder)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
