using Sylvan.Data.Csv;

namespace Downhill.Data;

/// <summary>A text table as a source of rows: its layout is found by <see cref="TableLayout"/>, its fields are taken
/// apart by Sylvan.</summary>
internal sealed class CsvSource(string path, TableOptions options) : TableSource(path)
{
    private readonly TableLayout layout = TableLayout.Detect(path, options);

    public override IReadOnlyList<string> Names => layout.Names;
    public override bool HasHeader => layout.HasHeader;
    public override IReadOnlyList<IReadOnlyList<string>> Sample => layout.Sample;
    public override string Unit => "line";
    public override string Header => $"{Name}, line 1";
    public override bool CanBeReadAgain => true;

    public override string Layout => $", delimiter {layout.DelimiterName}"
        + $"{(layout.DelimiterGuessed ? " (guessed)" : "")}"
        + $", {(layout.HasHeader ? "header line" : "no header")}";

    public override (string, string) TooFewColumns =>
        ($" ({layout.DelimiterName})", "If the fields are separated otherwise, give --delimiter.");

    public override (string, string) NoRows => (layout.HasHeader ? "a header line only" : "none",
        "Check that the file was written completely, or say --no-header if line 1 holds data.");

    public override string Doubt(int row) =>
        (row == 1 && !layout.HasHeader ? " If line 1 holds the column names, every name must be text." : "")
        + (layout.DelimiterGuessed ? $" The delimiter was guessed: {layout.DelimiterName}." : "");

    public override TableRows Rows() => new CsvRows(this, layout, options);

    private sealed class CsvRows : TableRows
    {
        private readonly CsvSource source;
        private readonly TableLayout layout;
        private readonly TextReader text;
        private readonly CsvDataReader csv;
        private readonly System.Globalization.NumberFormatInfo format;
        private readonly char point;
        private bool header;
        private int line = 1, ends;

        public CsvRows(CsvSource source, TableLayout layout, TableOptions options)
        {
            (this.source, this.layout, header) = (source, layout, layout.HasHeader);
            (point, format) = (options.Decimal, TableLayout.Format(options.Decimal));
            text = new FieldLimit(TableText.Reader(source.Name, layout.Delimiter), source.Name, layout.Delimiter);
            csv = CsvDataReader.Create(text, new CsvDataReaderOptions
            {
                HasHeaders = false, Delimiter = layout.Delimiter, Comment = '\0', BufferSize = 1 << 16,
                MaxBufferSize = 1 << 24, OwnsReader = false,
            });
        }

        public override int Row => line;

        public override bool Next()
        {
            int columns = layout.Names.Count;
            line += ends;
            for (; NextRecord(); line += ends)
            {
                ends = LineEnds(csv.GetRawRecordSpan());
                int fields = csv.RowFieldCount;
                bool blank = fields == 0 || (fields == 1 && columns > 1 && Text(0).IsEmpty);
                if (blank || header)
                {
                    header &= blank;
                    continue;
                }
                // A delimiter at the end of the line ends it.
                if (fields != columns && !(fields == columns + 1 && Text(columns).IsEmpty)) Ragged(columns, fields);
                return true;
            }
            return false;
        }

        public override ReadOnlySpan<char> Text(int column) => csv.GetFieldSpan(column).Trim();

        public override bool TryNumber(int column, out float value) =>
            QuickFloat.TryParse(csv.GetFieldSpan(column), point, format, out value) && float.IsFinite(value);

        // Plain numbers are read where they lie, one behind the other; any other field, or one in quotes, by itself.
        public override int Numbers(int first, Span<float> into)
        {
            ReadOnlySpan<char> record = csv.GetRawRecordSpan();
            for (int i = 0; i < into.Length; i++)
            {
                ReadOnlySpan<char> field = csv.GetFieldSpan(first + i);
                if (record.Overlaps(field, out int at))
                    i += QuickFloat.Take(record[at..], layout.Delimiter, point, into[i..]);
                if (i == into.Length) break;
                if (!TryNumber(first + i, out into[i])) return i;
            }
            return into.Length;
        }

        public override void Dispose()
        {
            csv.Dispose();
            text.Dispose();
        }

        private void Ragged(int columns, int fields)
        {
            string guessed = layout.DelimiterGuessed ? ", guessed" : "";
            Throw.Input($"{source.Name}, line {line}",
                $"{columns} fields as in line 1 ({layout.DelimiterName}{guessed})", $"{fields}",
                csv.GetRawRecordSpan().StartsWith('#') || layout.Names[0].StartsWith('#')
                    ? "If lines that begin with # are comments, remove them: CSV has none."
                    : "Complete the line, put quotes around fields that hold the delimiter, or give --delimiter.");
        }

        private bool NextRecord()
        {
            try
            {
                return csv.Read();
            }
            catch (CsvRecordTooLargeException e)
            {
                throw new DownhillException($"{source.Name}, line {line}: expected a line, " +
                    "got one of more than 16 million characters. Check for a quote that is never closed.", e);
            }
            catch (CsvFormatException e)
            {
                throw new DownhillException($"{source.Name}, line {line}: expected well-formed CSV, got a misplaced "
                    + "quote. Write a quote inside a quoted field twice.", e);
            }
        }

        private static int LineEnds(ReadOnlySpan<char> record)
        {
            int ends = record.Count('\n');
            return ends > 0 ? ends : Math.Max(1, record.Count('\r'));
        }
    }
}
