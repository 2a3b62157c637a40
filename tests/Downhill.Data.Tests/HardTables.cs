using System.IO.Compression;
using System.Text;

namespace Downhill.Data.Tests;

/// <summary>What real text tables bring, one by one: the lines of docs/CSV.md.</summary>
/// <param name="Brings">What the file brings, for the page.</param>
/// <param name="Bytes">The file.</param>
internal sealed record HardTable(string Brings, byte[] Bytes)
{
    /// <summary>Refused with this message, in which the file is called table.csv; else read.</summary>
    public string? Message { get; init; }

    /// <summary>What is made of it, for the page.</summary>
    public string Treatment { get; init; } = "";

    /// <summary>Of the data set that is made of it: whether it is as the treatment says.</summary>
    public Func<DataReading, bool> Holds { get; init; } = _ => true;

    /// <summary>Read for a model that was trained on this text.</summary>
    public string? ModelOf { get; init; }

    public TableOptions Options { get; init; } = new();

    public string Name { get; init; } = "table.csv";

    public override string ToString() => Brings;
}

internal static class HardTables
{
    private static HardTable Refused(string brings, string text, string message) =>
        new(brings, Encoding.UTF8.GetBytes(text)) { Message = message };

    private static HardTable Refused(string brings, byte[] bytes, string message) =>
        new(brings, bytes) { Message = message };

    private static HardTable Read(string brings, string text, string treatment, Func<DataReading, bool> holds) =>
        new(brings, Encoding.UTF8.GetBytes(text)) { Treatment = treatment, Holds = holds };

    private static string Rows(int count, Func<int, string> row) =>
        string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"{row(i)}\n")));

    private static bool Has(this DataReading reading, string note) =>
        reading.Notes.Any(n => n.Contains(note, StringComparison.Ordinal));

    private static string Names(this DataReading reading) =>
        string.Join(' ', reading.Data.Inputs.Select(column => column.Name));

    private static bool Starts(this DataReading reading, params float[] numbers) =>
        reading.Data.Numeric.AsSpan(0, numbers.Length).SequenceEqual(numbers);

    private static byte[] Gzipped(string text)
    {
        using MemoryStream packed = new();
        using (GZipStream stream = new(packed, CompressionLevel.Fastest)) stream.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static byte[] Zip()
    {
        using MemoryStream packed = new();
        using (ZipArchive archive = new(packed, ZipArchiveMode.Create, leaveOpen: true))
            archive.CreateEntry("xl/workbook.xml").Open().Dispose();
        return packed.ToArray();
    }

    private const string Guessed = "Guessed from the first 100 lines, and said.";

    private const string Small = "a,t,y\n1,x,0\n2,q,1\n";

    public static IReadOnlyList<HardTable> All { get; } =
    [
        // Lines and fields
        Refused("a row with fewer fields", "a,b,y\n1,2,0\n3,1\n",
            "table.csv, line 3: expected 3 fields as in line 1 (comma, guessed), got 2. Complete the line, put quotes "
            + "around fields that hold the delimiter, or give --delimiter."),
        Refused("a row with more fields", "a,b,y\n1,2,0\n3,1,1,9\n",
            "table.csv, line 3: expected 3 fields as in line 1 (comma, guessed), got 4. Complete the line, put quotes "
            + "around fields that hold the delimiter, or give --delimiter."),
        Read("a delimiter at the end of every line", "a,b,y,\n1,2,0,\n3,4,1,\n", "It ends the line.",
            r => r.Names() == "a b" && r.Starts(1, 2, 3, 4)),
        Refused("a comment", "a,b,y\n1,2,0\n# the rest is from May\n3,4,1\n",
            "table.csv, line 3: expected 3 fields as in line 1 (comma, guessed), got 1. If lines that begin with # are "
            + "comments, remove them: CSV has none."),
        Refused("a quote that is never closed", "a,y\n1,\"x\n2,z\n",
            "table.csv, line 2: expected well-formed CSV, got a misplaced quote. Write a quote inside a quoted field "
            + "twice."),
        Refused("a quote in the middle of a field", "a,y\n1,0\n\"2\"3,1\n",
            "table.csv, line 3: expected well-formed CSV, got a misplaced quote. Write a quote inside a quoted field "
            + "twice."),
        Read("quoted delimiters, quotes and line ends", "a,t,y\n1,\"x, \"\"y\"\"\nz\",0\n2,q,1\n",
            "They are part of the field; line numbers in messages are the file's.",
            r => r.Data.Inputs[1].Categories.SequenceEqual(["q", "x, \"y\"\nz"])),
        Read("line ends of a carriage return alone", "a,y\r1,0\r2,1\r", "As any other line end.", r => r.Starts(1, 2)),
        Read("blanks around fields", " a , t , y \n 1 , x , 0 \n 2 , q , 1 \n", "They are dropped.",
            r => r.Names() == "a t" && r.Starts(1, 2) && r.Data.Inputs[1].Categories.SequenceEqual(["q", "x"])),
        Read("semicolons between fields", "a;b;y\n1;2;0\n3;4;1\n", Guessed,
            r => r.Summary.Contains("delimiter semicolon (guessed)", StringComparison.Ordinal) && r.Starts(1, 2, 3, 4)),
        Read("tabs between fields", "a\tb\ty\n1\t2\t0\n3\t\t1\n", Guessed,
            r => r.Summary.Contains("delimiter tab (guessed)", StringComparison.Ordinal)
                && r.Starts(1, 2, 3, float.NaN)),
        Read("pipes between fields", "a|b|y\n1|2,5|0\n3|4,5|1\n", Guessed,
            r => r.Summary.Contains("delimiter pipe (guessed)", StringComparison.Ordinal) && r.Starts(1, 2.5f)) with
        { Options = new() { Decimal = ',' } },
        Read("columns lined up with blanks", "  a   b  y\n  1  20  0\n 30   4  1\n", Guessed,
            r => r.Summary.Contains("delimiter blanks (guessed)", StringComparison.Ordinal) && r.Starts(1, 20, 30, 4)),
        Refused("other characters between fields", "a~b~y\n1~2~0\n3~4~1\n",
            "table.csv: expected at least one input column and a target, got 1 column (comma). If the fields are "
            + "separated otherwise, give --delimiter."),

        // Files
        Refused("nothing", "", "table.csv: expected a table with rows, got an empty file. Check that it was written "
            + "completely."),
        Refused("blank lines only", "\n\r\n \n", "table.csv: expected a table with rows, got an empty file. Check that "
            + "it "
            + "was written completely."),
        Read("no line end at the end", "a,y\n1,0\n2,1", "The last line counts.",
            r => r.Starts(1, 2) && r.Data.Rows == 2),
        Refused("a header line only", "a,b,y\n", "table.csv: expected rows of data, got a header line only. Check that "
            + "the file was written completely, or say --no-header if line 1 holds data."),
        Read("a byte order mark", "\uFEFFa,y\r\n1,0\r\n2,1\r\n", "It is no part of the first name.",
            r => r.Names() == "a"),
        new("UTF-16 with its mark, low byte first", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ä,y\n1,0\n2,1\n")])
        { Treatment = "It is read.", Holds = r => r.Names() == "ä" && r.Starts(1, 2) },
        new("UTF-16 with its mark, high byte first",
            [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("ä,y\n1,0\n2,1\n")])
        { Treatment = "It is read.", Holds = r => r.Names() == "ä" && r.Starts(1, 2) },
        Refused("UTF-16 without its mark", Encoding.Unicode.GetBytes("ä,y\n1,0\n2,1\n"),
            "table.csv: expected a text table, got UTF-16 without its mark. Save it as CSV (UTF-8)."),
        Refused("Latin-1", Encoding.Latin1.GetBytes("a,t,y\n1,gelb,0\n2,grün,1\n"),
            "table.csv, line 3: expected text in UTF-8, got other bytes, as Latin-1 and Windows-1252 have. Save it as "
            + "UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)."),
        Refused("a spreadsheet or zip archive", Zip(), "table.csv: expected a text table, got a zip archive, as "
            + "spreadsheets are. Unpack it, or save the sheet as CSV (UTF-8)."),
        Refused("a gzipped file by another name", Gzipped(Small),
            "table.csv: expected a text table, got gzip data. Give "
            + "the file a name that ends in .gz."),
        Refused("a gzipped file that was cut off", Gzipped(Rows(5000, i => $"{i},{i * 7919 % 1000}"))[..4000],
            "table.csv.gz: expected gzip data, got a damaged or incomplete file. Fetch it again.") with
        { Name = "table.csv.gz" },
        Refused("binary data", "a,b\u0000,y\n1,2,0\n",
            "table.csv: expected a text table, got binary data. Save it as CSV (UTF-8)."),
        Refused("binary data far behind", "a,y\n" + Rows(70_000, i => $"{i}.5,{i % 2}") + "1\u0000,1\n",
            "table.csv, line 70,002: expected a text table, got binary data (a character 0). Check that the file is "
            + "whole, and save it as CSV (UTF-8)."),

        // Names and columns
        Refused("two columns of one name", "a,a,y\n1,2,0\n2,1,1\n",
            "table.csv, line 1: expected different column names, "
            + "got 'a' for columns 1 and 2. Rename one of them."),
        Read("a column without a name", ",b,y\n1,2,0\n3,4,1\n", "It is called by its number: `x1`.",
            r => r.Names() == "x1 b"),
        Read("a column without any value", "a,b,y\n1,,0\n2,,1\n", "It stays, with every value missing, and is said.",
            r => r.Starts(1, float.NaN, 2) && r.Has("no value at all in: b")),
        Read("a column that is always the same", "a,b,y\n1,7,0\n2,7,1\n",
            "It stays, and is said; recipes for tables give "
            + "it no input.", r => r.Starts(1, 7, 2, 7) && r.Has("the same number in every row of: b")),
        Read("a number of the row", "id,a,y\n" + Rows(30, i => $"{100 + i},{i % 7},{i % 2}"), "It stays, and is said.",
            r => r.Names() == "id a" && r.Has("whole numbers, another in every row") && r.Has("out): id")),
        Read("a name of the row", "id,a,y\n" + Rows(30, i => $"row {i},{i % 7},{i % 2}"),
            "Text of which more than half is different, in more than 20 rows, is left out and said.",
            r => r.Names() == "a" && r.Has("'id' is left out: 30 different texts in 30 rows")),
        Refused("nothing but names of rows", "name,y\n" + Rows(30, i => $"row {i},{i % 2}"),
            "table.csv: expected an input "
            + "column whose values come more than once, got name. Say --categorical COLS to use one as it is."),
        Read("100 000 categories", "shop,a,y\n" + Rows(250_000, i => $"s{i % 100_000},{i % 5},{i % 2}"),
            "The 5000 most frequent are used, the others count as unknown; said.",
            r => r.Data.Inputs[0].Categories.Count == 5000 && r.Has("5000 most frequent of 100000")),
        Read("columns in another order, and more of them", "more,t,a\n9,q,5\n9,x,6\n",
            "For a model: found by name, others "
            + "are left out.", r => r.Starts(5, 6) && r.Data.Codes.SequenceEqual([0, 1])) with
        { ModelOf = Small },
        Refused("a column that is missing", "task,weight\nx,1\n",
            "table.csv, line 1: expected the model's input column 'a', got "
            + "columns task, weight. Add the column, or say --no-header if line 1 holds data.") with
        { ModelOf = Small },
        Read("a category that the model does not know", "a,t\n5,new\n6,x\n",
            "No category at all, as a missing one; said.",
            r => r.Data.Codes.SequenceEqual([-1, 1]) && r.Has("1 values in 't' that the model does not know, such as "
                + "'new', count as unknown")) with
        { ModelOf = Small },

        // Numbers
        Refused("text among numbers", "a,y\n" + Rows(100, i => $"{i}.25,{i % 2}") + "4.5kg,1\n",
            "table.csv, line 102, column 'a': expected a number as in 100 other rows, got '4.5kg'. Correct it, say "
            + "--missing '4.5kg' if it stands for no value, say --categorical a if the numbers are names too, or leave "
            + "the column out with --ignore a. The delimiter was guessed: comma."),
        Read("numbers and text in one column", "a,b,y\n1,1,0\n1,x,1\n",
            "Categories, if there are few different numbers or "
            + "more than one text in ten.", r => r.Data.Inputs[1].Categories.SequenceEqual(["1", "x"])),
        Read("missing numbers", "a,y\n1,0\n?,1\nNA,0\n,1\nnan,0\n",
            "An empty field, ?, NA, N/A, null, None, NaN and what "
            + "`--missing` names; a model keeps those names for the tables it reads.",
            r => r.Starts(1, float.NaN, float.NaN, float.NaN, float.NaN)
            && r.Has("missing values in: a (4)")),
        Refused("a decimal comma", "a;y\n1,5;0\n2,5;1\n", "table.csv, line 2, column 'a': expected a number with "
            + "decimal "
            + "'.', got '1,5'. If ',' is the decimal separator of the file, say --decimal ,."),
        Refused("separators between thousands", "a;y\n1,234,567;0\n2,345,678;1\n",
            "table.csv, line 2, column 'a': expected a number without separators between thousands, got '1,234,567'. "
            + "Write it as 1234567, or leave the column out with --ignore a."),
        Refused("separators between thousands, and decimals", "a;y\n1,234.5;0\n2,345.5;1\n",
            "table.csv, line 2, column 'a': expected a number without separators between thousands, got '1,234.5'. "
                + "Write "
            + "it as 1234.5, or leave the column out with --ignore a."),
        Refused("text where a model wants a number", "a,t\n5,x\nmany,x\n", "table.csv, line 3, column 'a': expected a "
            + "number, got 'many'. Correct it, or say --missing 'many' if it stands for no value. The delimiter was "
            + "guessed: comma.") with
        { ModelOf = Small },
        Refused("a sign of currency", "a;y\n$1,234.50;0\n$99.00;1\n",
            "table.csv, line 2, column 'a': expected a number "
            + "without a sign of currency or percent, got '$1,234.50'. Write it without, such as 1234.50, say "
            + "--categorical a if it is a name, or leave the column out with --ignore a."),
        Refused("percent", "a,y\n12.5%,0\n-3 %,1\n", "table.csv, line 2, column 'a': expected a number without a sign "
            + "of "
            + "currency or percent, got '12.5%'. Write it without, such as 12.5, say --categorical a if it is a name, "
            + "or "
            + "leave the column out with --ignore a."),
        Read("whole numbers above 2⁵³", "a,y\n12345678901234567890,0\n1,1\n",
            "The nearest number of single precision, as "
            + "for all numbers: 7 digits.", r => r.Starts(12345678901234567890f, 1)),
        Read("exponents, plus signs, zeros in front", "a,b,c,y\n1e-3,+5,007,0\n2.5E2,-0,010,1\n", "Numbers.",
            r => r.Starts(0.001f, 5, 7, 250, 0, 10)),
        Refused("a number that no float holds", "a,y\n1e39,0\n1,1\n",
            "table.csv, line 2, column 'a': expected a finite "
            + "number that a float holds, got '1e39'. Correct the value, or leave the column out with --ignore a."),
        Refused("infinity in words", "a,y\n1,0\n-inf,1\n", "table.csv, line 3, column 'a': expected a finite number "
            + "that a "
            + "float holds, got '-inf'. Correct the value, or leave the column out with --ignore a."),

        // Dates
        Read("dates", "d,e,f,y\n2026-01-31,31.01.2026 18:30,2026/01/31,0\n2026-02-01,01.02.2026 06:00,2026/02/01,1\n",
            "Year, month, day, weekday and hour, of 2026-01-31, 2026/01/31 and 31.01.2026, with or without a time.",
            r => r.Starts(2026, 1, 31, 6, 0, 2026, 1, 31, 6, 18.5f, 2026, 1, 31, 6, 0)),
        Refused("dates whose month may be the day", "d,y\n11/25/2026,0\n3/4/2026,1\n",
            "table.csv, column 'd': expected "
            + "dates such as 2026-11-25, got '11/25/2026', whose day and month may be either. Write them as 2026-11-25 "
            + "or "
            + "25.11.2026, say --categorical d if they are names, or leave the column out with --ignore d."),

        // Target and weights
        Refused("a target that is missing in a row", "a,y\n1,0\n2,\n3,1\n",
            "table.csv, line 3, column 'y': expected a class "
            + "or a number, got an empty field. The target must be there in every row: fill it in or remove the row."),
        Refused("one class only", "a,y\n1,yes\n2,yes\n", "table.csv, target 'y': expected at least two classes, got "
            + "'yes' "
            + "in every row. Name another column with --target."),
        Refused("one row", "a,y\n1,yes\n", "table.csv, target 'y': expected at least two classes, got 'yes' in every "
            + "row. "
            + "Name another column with --target."),
        Refused("a target of names", "a,y\n" + Rows(30, i => $"{i % 4},row {i}"),
            "table.csv, target 'y': expected classes "
            + "that come more than once, got another text in each of 30 rows. Name the column to predict with "
            + "--target, "
            + "and leave this one out with --ignore."),
        Refused("a class that the model does not know", "a,t,y\n1,x,maybe\n",
            "table.csv, line 2, column 'y': expected one of "
            + "the model's classes 0, 1, got 'maybe'. Check the spelling.") with
        { ModelOf = Small },
        Refused("a negative weight", "a,w,y\n1,2,0\n2,-1,1\n",
            "table.csv, line 3, column 'w': expected a weight of zero or "
            + "more, got -1. Correct the weight.") with
        { Options = new() { Weight = "w" } },
    ];
}
