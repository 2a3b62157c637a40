namespace Downhill.Data;

/// <summary>
/// Passes text on and refuses a line of more than <see cref="Most"/> fields before anything is made of it: the CSV
/// parser's time grows with the square of the fields in a line, and a million of them take minutes. A character 0,
/// which no text has, is refused too.
/// </summary>
/// <param name="inner">The text; disposed with this reader.</param>
/// <param name="path">The file, for the message.</param>
/// <param name="delimiter">What separates fields; those inside quotes count too.</param>
internal sealed class FieldLimit(TextReader inner, string path, char delimiter) : TextReader
{
    /// <summary>The most fields that a line of a table may have.</summary>
    public const int Most = 100_000;

    // Since the last line end, in what has passed; and the characters themselves.
    private int delimiters;
    private long passed;

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read(Span<char> buffer)
    {
        int read = inner.Read(buffer);
        ReadOnlySpan<char> text = buffer[..read];
        if (text.IndexOf('\0') is >= 0 and int zero)
            Throw.Input($"{path}, line {Line(zero):N0}", "a text table", "binary data (a character 0)",
                "Check that the file is whole, and save it as CSV (UTF-8).");
        int start = 0;
        for (int end; (end = text[start..].IndexOfAny('\n', '\r')) >= 0 && delimiters + read - start >= Most;)
        {
            Count(text.Slice(start, end), start);
            delimiters = 0;
            start += end + 1;
        }
        int last = text[start..].LastIndexOfAny('\n', '\r');
        if (last >= 0) (delimiters, start) = (0, start + last + 1);
        Count(text[start..], start);
        passed += read;
        return read;
    }

    public override int Read()
    {
        char one = '\0';
        return Read(new Span<char>(ref one)) == 0 ? -1 : one;
    }

    private void Count(ReadOnlySpan<char> line, int start)
    {
        delimiters += line.Count(delimiter);
        if (delimiters < Most) return;
        Throw.Input($"{path}, line {Line(start):N0}", $"at most {Most:N0} fields",
            $"{delimiters + 1:N0} and more", "Check that the line ends are in place, or take a part of the columns.");
    }

    /// <summary>The line of a place in the present block, counted from the beginning of the file: only a message needs
    /// it.</summary>
    private long Line(int place)
    {
        using TextReader again = TableText.Reader(path, delimiter);
        char[] block = new char[1 << 15];
        long left = passed + place, feeds = 0, returns = 0;
        for (int length; (length = again.Read(block, 0, (int)Math.Min(block.Length, left))) > 0; left -= length)
        {
            feeds += block.AsSpan(0, length).Count('\n');
            returns += block.AsSpan(0, length).Count('\r');
        }
        return (feeds > 0 ? feeds : returns) + 1;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
