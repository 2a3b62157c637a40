using System.IO.Compression;
using System.Text;

namespace Downhill.Data.Tests;

/// <summary>A folder of its own for a test's files, gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("downhill").FullName;

    public string Text(string name, string text) => Bytes(name, Encoding.UTF8.GetBytes(text));

    public string Bytes(string name, byte[] bytes)
    {
        string path = Path.Combine(Folder, name);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var packed = new MemoryStream();
            using (var stream = new GZipStream(packed, CompressionLevel.Fastest)) stream.Write(bytes);
            bytes = packed.ToArray();
        }
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
