using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;
using Xunit.v3;
using Xunit.Sdk;

// The tool works in the current folder, of which a process has only one.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Downhill.Cli.Tests;

/// <summary>A folder of its own as the current one, and the tool run in it.</summary>
internal sealed class Desk : IDisposable
{
    private readonly string before = Directory.GetCurrentDirectory();

    public Desk()
    {
        Folder = Directory.CreateTempSubdirectory("downhill-cli").FullName;
        Directory.SetCurrentDirectory(Folder);
    }

    public string Folder { get; }

    /// <summary>Runs words separated by blanks.</summary>
    public Ran Run(string words) => Run(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public Ran Run(params string[] words) => Run(words, null);

    /// <param name="words">The words after <c>downhill</c>.</param>
    /// <param name="interruptAt">Interrupts when standard error says this.</param>
    /// <param name="change">Another terminal on the same writers.</param>
    public Ran Run(string[] words, string? interruptAt, Func<TextWriter, TextWriter, Terminal>? change = null)
    {
        using CancellationTokenSource interrupt = new();
        StringWriter output = new() { NewLine = "\n" };
        using Watcher error = new(text =>
        {
            if (interruptAt is not null && text.Contains(interruptAt, StringComparison.Ordinal)) interrupt.Cancel();
        });
        int code = Cli.Run(words, change?.Invoke(output, error) ?? new Terminal(output, error), interrupt.Token);
        return new(code, output.ToString(), error.ToString());
    }

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
        {
            File.WriteAllBytes(path, bytes);
            return path;
        }
        using GZipStream stream = new(File.Create(path), CompressionLevel.Fastest);
        stream.Write(bytes);
        return path;
    }

    public void Dispose()
    {
        Directory.SetCurrentDirectory(before);
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A writer that shows what it got to somebody as it comes.</summary>
    private sealed class Watcher(Action<string> see) : StringWriter
    {
        public override string NewLine => "\n";

        public override void Write(string? value)
        {
            base.Write(value);
            see(value ?? "");
        }

        public override void WriteLine(string? value)
        {
            base.Write(value + "\n");
            see(value ?? "");
        }
    }
}

/// <summary>What a run of the tool left behind.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public Ran Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }

    /// <summary>The one line that says what is wrong.</summary>
    public string Refused()
    {
        Assert.Equal(Cli.WrongInput, Code);
        Assert.Equal("", Out);
        string line = Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("downhill: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", line, StringComparison.Ordinal);
        return line;
    }
}

/// <summary>The folder of real data sets, as in the other suites.</summary>
internal static class SharedData
{
    public static string Need(string file, [CallerFilePath] string thisFile = "")
    {
        string folder = Environment.GetEnvironmentVariable("DOWNHILL_DATA") is { Length: > 0 } given ? given
            : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "shared", "data"));
        string path = Path.Combine(folder, file);
        if (!Path.Exists(path)) Assert.Skip($"{path} is missing; set DOWNHILL_DATA.");
        return path;
    }
}
