using System.IO.Compression;
using System.Runtime.CompilerServices;
using Xunit;

namespace Downhill.Tests;

/// <summary>
/// The folder of real data sets: the environment variable DOWNHILL_DATA, else <c>../shared/data</c> seen from the
/// repository's root. Tests that need a file which is not there are skipped.
/// </summary>
internal static class SharedData
{
    public static string Need(string file)
    {
        string path = Path.Combine(Folder(), file);
        if (!File.Exists(path) && !Directory.Exists(path)) Assert.Skip($"{path} is missing; set DOWNHILL_DATA.");
        return path;
    }

    public static string[] Lines(string file)
    {
        using Stream stream = File.OpenRead(Need(file));
        using var reader = new StreamReader(
            file.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Trim().Length > 0)];
    }

    private static string Folder([CallerFilePath] string thisFile = "")
    {
        if (Environment.GetEnvironmentVariable("DOWNHILL_DATA") is { Length: > 0 } folder) return folder;
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Downhill.slnx")))
                return Path.GetFullPath(Path.Combine(at.FullName, "..", "shared", "data"));
        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "shared", "data"));
    }
}
