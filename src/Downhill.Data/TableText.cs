using System.IO.Compression;

namespace Downhill.Data;

/// <summary>The text of a table file: plain or gzipped, UTF-8 (or UTF-16 with a byte order mark).</summary>
internal static class TableText
{
    public static bool IsGzip(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="DownhillException">The file is missing, a folder, or may not be read.</exception>
    public static Stream Open(string path)
    {
        if (Directory.Exists(path)) Throw.Input(path, "a file", "a folder", "Name a file in it.");
        if (!File.Exists(path)) Throw.Input(path, "a file", "none there", DataSource.Nearby(path));
        try
        {
            Stream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            return IsGzip(path) ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownhillException($"{path}: cannot be read. {e.Message}", e);
        }
    }

    public static TextReader Reader(string path, char? delimiter = null)
    {
        var reader = new StreamReader(Open(path), detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        return delimiter == ' ' ? new BlankRuns(reader) : reader;
    }

    /// <summary>Runs a reading and turns the failures of a damaged file into one message.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new DownhillException($"{path}: expected gzip data, got a damaged or incomplete file. Fetch it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownhillException($"{path}: cannot be read. {e.Message}", e);
        }
    }

    /// <summary>
    /// Makes one blank of every run of blanks and tabs outside quotes and drops them at both ends of a line, so that
    /// columns lined up with blanks read as fields separated by one blank.
    /// </summary>
    private sealed class BlankRuns(TextReader inner) : TextReader
    {
        private readonly char[] block = new char[1 << 15];
        private int at, filled;
        private bool pending, started, quoted, fieldStart = true;

        public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

        public override int Read(Span<char> buffer)
        {
            int written = 0;
            while (written < buffer.Length)
            {
                if (at == filled)
                {
                    (at, filled) = (0, inner.Read(block));
                    if (filled == 0) break;
                }
                char c = block[at];
                if (c is ' ' or '\t' && !quoted)
                {
                    pending = started;
                    at++;
                    continue;
                }
                bool lineEnd = c is '\n' or '\r' && !quoted;
                if (pending && !lineEnd)
                {
                    buffer[written++] = ' ';
                    (pending, fieldStart) = (false, true);
                    continue;
                }
                if (c == '"') quoted = !quoted && fieldStart;
                started = !lineEnd;
                fieldStart = lineEnd;
                pending = false;
                buffer[written++] = c;
                at++;
            }
            return written;
        }

        public override int Read()
        {
            char one = '\0';
            return Read(new Span<char>(ref one)) == 0 ? -1 : one;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
