using System.Buffers.Binary;
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
        if (!File.Exists(path)) Throw.Input(path, "a file", "nothing by that name", DataSource.Nearby(path));
        try
        {
            Stream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16,
                FileOptions.SequentialScan);
            return IsGzip(path) ? new WholeGzip(file) : file;
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
            throw new DownhillException(
                $"{path}: expected gzip data, got a damaged or incomplete file. Fetch it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownhillException($"{path}: cannot be read. {e.Message}", e);
        }
    }

    /// <summary>
    /// Unpacks gzip and notices when the file was cut off, which <see cref="GZipStream"/> takes for its end: the last
    /// four bytes tell the length of the (last) member, and less than that must not come out.
    /// </summary>
    private sealed class WholeGzip : Stream
    {
        private readonly GZipStream inner;
        private readonly uint expected;
        private long length;

        public WholeGzip(Stream file)
        {
            Span<byte> size = stackalloc byte[4];
            if (file.Length >= 18)
            {
                file.Position = file.Length - size.Length;
                file.ReadExactly(size);
                file.Position = 0;
            }
            expected = file.Length >= 18 ? BinaryPrimitives.ReadUInt32LittleEndian(size) : uint.MaxValue;
            inner = new GZipStream(file, CompressionMode.Decompress);
        }

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            length += read;
            if (read == 0 && !buffer.IsEmpty && length < expected)
                throw new InvalidDataException("The file ends too early.");
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => length; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
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
