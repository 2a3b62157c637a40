using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

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
        var reader = new StreamReader(Open(path), Utf8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        return delimiter == ' ' ? new BlankRuns(reader) : reader;
    }

    // Bytes that are no UTF-8 are refused; without that they would become question marks in names and classes.
    private static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Looks at the first bytes for what is often taken for a text table.</summary>
    /// <exception cref="DownhillException">It is something else, with a remedy.</exception>
    public static void RefuseOtherKinds(string path)
    {
        byte[] first = new byte[64];
        int length = Guard(path, () =>
        {
            using Stream stream = Open(path);
            return stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        });
        ReadOnlySpan<byte> head = first.AsSpan(0, length);
        (string? got, string remedy) = head switch
        {
            [0x50, 0x4B, 3, 4, ..] => ("a zip archive, as spreadsheets are",
                "Unpack it, or save the sheet as CSV (UTF-8)."),
            [0x1F, 0x8B, ..] => ("gzip data", "Give the file a name that ends in .gz."),
            _ when head.StartsWith("PAR1"u8) => ("Parquet", "Give the file a name that ends in .parquet."),
            _ when head.StartsWith("SQLite format 3"u8) => ("an SQLite database",
                $"On the command line write sqlite:{path}?TABLE."),
            [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..] => (null, ""),
            _ when IsWide(head) => ("UTF-16 without its mark", "Save it as CSV (UTF-8)."),
            _ when head.Contains((byte)0) => ("binary data", "Save it as CSV (UTF-8)."),
            _ => (null, ""),
        };
        if (got is not null) Throw.Input(path, "a text table", got, remedy);
    }

    /// <summary>Nearly every other byte is 0, as in Latin text of 16 bits.</summary>
    private static bool IsWide(ReadOnlySpan<byte> head)
    {
        int[] zeros = [0, 0];
        for (int i = 0; i < head.Length; i++)
            if (head[i] == 0) zeros[i % 2]++;
        int most = head.Length / 2 * 4 / 5;
        return head.Length >= 8
            && ((zeros[0] == 0 && zeros[1] > most) || (zeros[1] == 0 && zeros[0] > most));
    }

    /// <summary>The line, from 1, with the first bytes that are no UTF-8.</summary>
    private static int LineOfOtherBytes(string path)
    {
        using var reader = new StreamReader(Open(path), Encoding.UTF8, true, 1 << 16);
        char[] block = new char[1 << 15];
        int feeds = 0, returns = 0;
        for (int length; (length = reader.Read(block)) > 0;)
        {
            ReadOnlySpan<char> text = block.AsSpan(0, length);
            int at = text.IndexOf('\uFFFD');
            if (at >= 0) text = text[..at];
            feeds += text.Count('\n');
            returns += text.Count('\r');
            if (at >= 0) break;
        }
        return (feeds > 0 ? feeds : returns) + 1;
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
        catch (DecoderFallbackException e)
        {
            throw new DownhillException($"{path}, line {LineOfOtherBytes(path)}"
                + $": expected text in UTF-8, got other bytes, "
                + "as Latin-1 and Windows-1252 have. Save it as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8).", e);
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
