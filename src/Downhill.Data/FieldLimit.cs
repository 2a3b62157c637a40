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

    // Since the last line end, in what has passed; and the line ends themselves.
    private int delimiters;
    private long feeds, returns;

    private long Line => (feeds > 0 ? feeds : returns) + 1;

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read(Span<char> buffer)
    {
        int read = inner.Read(buffer);
        ReadOnlySpan<char> text = buffer[..read];
        if (text.IndexOf('\0') is >= 0 and int zero)
        {
            Pass(text[..zero]);
            Throw.Input($"{path}, line {Line:N0}", "a text table", "binary data (a character 0)",
                "Check that the file is whole, and save it as CSV (UTF-8).");
        }
        for (int end; (end = text.IndexOfAny('\n', '\r')) >= 0 && delimiters + text.Length >= Most;)
        {
            Count(text[..end]);
            Pass(text[end..(end + 1)]);
            text = text[(end + 1)..];
        }
        int last = text.LastIndexOfAny('\n', '\r');
        if (last >= 0) Pass(text[..(last + 1)]);
        Count(text[(last + 1)..]);
        return read;
    }

    public override int Read()
    {
        char one = '\0';
        return Read(new Span<char>(ref one)) == 0 ? -1 : one;
    }

    private void Count(ReadOnlySpan<char> line)
    {
        delimiters += line.Count(delimiter);
        if (delimiters < Most) return;
        Throw.Input($"{path}, line {Line:N0}", $"at most {Most:N0} fields",
            $"{delimiters + 1:N0} and more", "Check that the line ends are in place, or take a part of the columns.");
    }

    private void Pass(ReadOnlySpan<char> lines)
    {
        feeds += lines.Count('\n');
        returns += lines.Count('\r');
        delimiters = 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
