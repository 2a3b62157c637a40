using System.Globalization;
using System.Text;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>What real CSV files bring: each row is refused with its place and remedy, or read in the documented
/// way.</summary>
public sealed class BadTableTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private static string Rows(int count, Func<int, string> row) =>
        string.Concat(Enumerable.Range(0, count).Select(i => row(i) + "\n"));

    /// <summary>Refused: the text, and what the message says.</summary>
    public static TheoryData<string, string, string[]> Refused => new()
    {
        { "short row", "a,b,y\n1,2,0\n3,1\n", ["line 3", "3 fields", "got 2"] },
        { "long row", "a,b,y\n1,2,0\n3,1,1,9\n", ["line 3", "3 fields", "got 4", "quotes around fields"] },
        { "two columns of one name", "a,a,y\n1,2,0\n2,1,1\n", ["line 1", "'a' for columns 1 and 2", "Rename"] },
        { "text among numbers", "a,y\n" + Rows(100, i => $"{i}.25,{i % 2}") + "4.5kg,1\n",
            ["line 102, column 'a'", "got '4.5kg'", "--missing"] },
        { "decimal comma", "a;y\n1,5;0\n2,5;1\n", ["line 2, column 'a'", "'1,5'", "--decimal ,"] },
        { "thousands separators", "a;y\n1,234,567;0\n2,345,678;1\n",
            ["line 2, column 'a'", "without separators between thousands", "1234567"] },
        { "thousands and decimals", "a;y\n1,234.5;0\n2,345.5;1\n",
            ["line 2, column 'a'", "without separators between thousands", "1234.5"] },
        { "a number no float holds", "a,y\n1e39,0\n1,1\n", ["line 2, column 'a'", "a finite number", "'1e39'"] },
        { "infinity", "a,y\n1,0\ninf,1\nInfinity,1\n", ["column 'a'", "Infinity"] },
        { "a quote that never closes", "a,y\n1,\"x\n2,z\n", ["line 2", "quote"] },
        { "a quote in the middle", "a,y\n1,0\n\"2\"3,1\n", ["line 3", "quote"] },
        { "binary", "PK\u0003\u0004\0\0\0,y\n1,0\n", ["text table", "binary"] },
        { "empty", "", ["an empty file"] },
        { "blank lines only", "\n\r\n \n", ["an empty file"] },
        { "header only", "a,b,y\n", ["rows of data", "header line only"] },
        { "one column", "5\n7\n9\n", ["at least one input column", "--delimiter"] },
        { "one class", "a,y\n1,yes\n2,yes\n", ["at least two classes", "'yes' in every row"] },
        { "missing target", "a,y\n1,0\n2,\n3,1\n", ["line 3, column 'y'", "target must be there"] },
        { "a target of names", "a,y\n" + Rows(30, i => $"{i},row {i}"), ["target 'y'", "more than once"] },
        { "inputs of names only", "name,y\n" + Rows(30, i => $"row {i},{i % 2}"),
            ["values come more than once", "--categorical"] },
        { "negative weights", "a,w,y\n1,-1,0\n2,1,1\n", ["column 'w'", "zero or more"] },
    };

    [Theory, MemberData(nameof(Refused))]
    public void IsRefusedWithItsPlaceAndRemedy(string what, string text, string[] says)
    {
        string path = scratch.Text("table.csv", text);
        TableOptions options = new() { Weight = what == "negative weights" ? "w" : null };
        string message = Assert.Throws<DownhillException>(() => CsvReader.Read(path, options)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains("expected", message, StringComparison.Ordinal);
        Assert.Contains("got", message, StringComparison.Ordinal);
        foreach (string part in says) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", message, StringComparison.Ordinal);
    }

    /// <summary>Read: the text, the inputs' names, and the first row's numbers and codes.</summary>
    public static TheoryData<string, string, string, float[], int[]> Treated => new()
    {
        { "empty names are counted", ",b,y\n1,2,0\n3,4,1\n", "x1 b", [1, 2], [] },
        { "mixed kinds are categories", "a,b,y\n1,1,0\n1,x,1\n", "a b", [1], [0] },
        { "a column without any value", "a,b,y\n1,,0\n2,,1\n", "a b", [1, float.NaN], [] },
        { "dates", "d,y\n2026-01-31,0\n2026-02-01,1\n", "d.year d.month d.day d.weekday d.hour", [2026, 1, 31, 6, 0],
            [] },
        { "huge whole numbers", "a,y\n12345678901234567890,0\n1,1\n", "a", [12345678901234567890f], [] },
        { "a byte order mark", "\uFEFFa,y\r\n1,0\r\n2,1\r\n", "a", [1], [] },
        { "carriage returns alone", "a,y\r1,0\r2,1\r", "a", [1], [] },
        { "quoted delimiters and line ends", "a,t,y\n1,\"x, \"\"y\"\"\nz\",0\n2,q,1\n", "a t", [1], [1] },
        { "blanks around fields", " a , t , y \n 1 , x , 0 \n 2 , q , 1 \n", "a t", [1], [1] },
        { "no last line end", "a,y\n1,0\n2,1", "a", [1], [] },
        { "zeros in front", "a,y\n007,0\n010,1\n", "a", [7], [] },
    };

    [Theory, MemberData(nameof(Treated))]
    public void IsReadAsDocumented(string what, string text, string names, float[] numbers, int[] codes)
    {
        Dataset data = CsvReader.Read(scratch.Text("table.csv", text)).Data;
        Assert.True(names == string.Join(' ', data.Inputs.Select(c => c.Name)), what);
        Assert.Equal(numbers, data.Numeric[..data.NumericCount]);
        Assert.Equal(codes, data.Codes[..data.CategoryCount]);
    }

    [Fact]
    public void Utf16WithAMarkIsReadAndWithoutOneIsRefused()
    {
        byte[] text = Encoding.Unicode.GetBytes("ä,y\n1,0\n2,1\n");
        Assert.Equal("ä", CsvReader.Read(scratch.Bytes("marked.csv", [0xFF, 0xFE, .. text])).Data.Inputs[0].Name);
        Assert.Contains("binary", Assert.Throws<DownhillException>(
            () => CsvReader.Read(scratch.Bytes("bare.csv", text))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHundredThousandCategoriesAreLeftOutOrCut()
    {
        string text = "id,a,y\n"
            + Rows(100_000, i => string.Create(CultureInfo.InvariantCulture, $"c{i},{i % 5},{i % 2}"));
        DataReading reading = CsvReader.Read(scratch.Text("ids.csv", text));
        Assert.Equal("a", Assert.Single(reading.Data.Inputs).Name);
        Assert.Contains(reading.Notes, n => n.Contains("'id' is left out", StringComparison.Ordinal));
        Dataset kept = CsvReader.Read(scratch.Text("ids.csv", text), new() { Categorical = "id" }).Data;
        Assert.Equal(255, kept.Inputs[0].Categories.Count);
    }

    [Fact]
    public void ForAModelColumnsMayStandInAnyOrderAndMustBeThere()
    {
        Dataset train = CsvReader.Read(scratch.Text("train.csv", "a,t,y\n1,x,0\n2,q,1\n")).Data;
        Dataset other = CsvReader.Read(scratch.Text("new.csv", "more,t,a\n9,q,5\n9,new,6\n"), train.Inputs,
            train.Target, needTarget: false).Data;
        Assert.Equal([5f, 6], other.Numeric);
        Assert.Equal([0, -1], other.Codes);
        foreach ((string text, string says) in ((string, string)[])[
            ("t,b\nx,1\n", "input column 'a'"), ("a,t\nmany,x\n", "line 2, column 'a'")])
            Assert.Contains(says, Assert.Throws<DownhillException>(
                () => CsvReader.Read(scratch.Text("wrong.csv", text), train.Inputs, train.Target, needTarget: false))
                    .Message, StringComparison.Ordinal);
    }
}
