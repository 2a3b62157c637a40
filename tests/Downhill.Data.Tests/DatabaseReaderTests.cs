using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Numerics;
using CsCheck;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>Rows of any <see cref="DbDataReader"/>, here of tables in memory, against the CSV file with the same
/// text.</summary>
public sealed class DatabaseReaderTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private static DbDataReader Table((string Name, Type Type)[] columns, params object?[][] rows)
    {
        DataTable table = new();
        foreach ((string name, Type type) in columns) table.Columns.Add(name, type);
        foreach (object?[] row in rows) table.Rows.Add([.. row.Select(value => value ?? DBNull.Value)]);
        return table.CreateDataReader();
    }

    private static DbDataReader Objects(string[] names, params object?[][] rows) =>
        Table([.. names.Select(name => (name, typeof(object)))], rows);

    private static string Refused(DbDataReader rows, TableOptions? options = null) =>
        Assert.Throws<DownhillException>(() => DatabaseReader.Read(rows, "query", options)).Message;

    [Fact]
    public void EveryTypeOfNumberIsANumber()
    {
        object[] values = [
            (sbyte)-3, (byte)3, (short)-300, (ushort)300, -70000, 70000u, -5_000_000_000L, 5_000_000_000UL, 0.1f, 0.1,
            (Half)0.5, 12.25m, (Int128)7, (UInt128)8, BigInteger.Parse("123456789012345678901234567890",
                CultureInfo.InvariantCulture)];
        string[] names = [.. values.Select((_, i) => $"a{i}"), "y"];
        Dataset data = DatabaseReader.Read(Objects(names, [.. values, "p"], [.. values, "q"]), "query").Data;
        Assert.All(data.Inputs, column => Assert.Equal(ColumnKind.Numeric, column.Kind));
        Assert.Equal([-3, 3, -300, 300, -70000, 70000, -5e9f, 5e9f, 0.1f, 0.1f, 0.5f, 12.25f, 7, 8,
            1.2345678901234568e29f], data.Numeric[..values.Length]);
        Assert.Equal(["p", "q"], data.Target.Classes);
    }

    [Fact]
    public void TextTruthAndNullsAreWhatAFileMakesOfThem()
    {
        DataReading reading = DatabaseReader.Read(Table(
            [("shop", typeof(string)), ("open", typeof(bool)), ("size", typeof(string)), ("y", typeof(int))],
            ["north", true, " 1.5 ", 0], [null, false, null, 1], ["south", null, "2", 1]), "shops");
        Dataset data = reading.Data;
        Assert.Equal([ColumnKind.Category, ColumnKind.Category, ColumnKind.Numeric], data.Inputs.Select(c => c.Kind));
        Assert.Equal(["north", "south"], data.Inputs[0].Categories);
        Assert.Equal(["false", "true"], data.Inputs[1].Categories);
        Assert.Equal([0, 1, -1, 0, 1, -1], data.Codes);
        Assert.Equal([1.5f, float.NaN, 2], data.Numeric);
        Assert.Equal("shops: 3 rows, 3 inputs, target 'y' (2 classes)", reading.Summary);
        Assert.Contains(reading.Notes, note => note == "missing values in: shop (1), open (1), size (1)");
    }

    [Fact]
    public void DatesBecomeTheirPartsAndMomentsAreToldInUtc()
    {
        Dataset data = DatabaseReader.Read(Objects(["t", "d", "o", "s", "y"],
            [new DateTime(2026, 11, 25, 18, 30, 0), new DateOnly(2024, 2, 29),
                new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(2)), "25.11.2026", 0],
            [null, null, null, null, 1]), "query").Data;
        Assert.Equal(20, data.Inputs.Count);
        Assert.Equal("t.year", data.Inputs[0].Name);
        Assert.Equal([2026, 11, 25, 3, 18.5f, 2024, 2, 29, 4, 0, 2025, 12, 31, 3, 23, 2026, 11, 25, 3, 0],
            data.Numeric[..20]);
        Assert.All(data.Numeric[20..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void TheDeclaredTypeDecidesWhereTheFirstRowsAreEmpty()
    {
        object?[][] rows = [.. Enumerable.Range(0, 150).Select(i => (object?[])
            [i < 120 ? null : new DateTime(2026, 1, 1), i < 120 ? null : "ab", i % 2])];
        Dataset data = DatabaseReader.Read(
            Table([("d", typeof(DateTime)), ("t", typeof(string)), ("y", typeof(int))], rows), "query").Data;
        Assert.Equal(6, data.Inputs.Count);
        Assert.Equal(2026, data.Numeric[^5]);
        Assert.Equal(["ab"], data.Inputs[5].Categories);
    }

    [Fact]
    public void BytesAndObjectsAreRefusedByTheirColumnUnlessIgnored()
    {
        (string, Type)[] columns = [("a", typeof(int)), ("photo", typeof(byte[])), ("y", typeof(int))];
        object[][] rows = [[1, new byte[] { 1 }, 0], [2, new byte[] { 2 }, 1]];
        string message = Refused(Table(columns, rows));
        Assert.StartsWith("query, row 1, column 'photo': expected a number, text, a truth value or a date, got bytes",
            message, StringComparison.Ordinal);
        Assert.Contains("--ignore", message, StringComparison.Ordinal);
        Assert.Equal([1f, 2],
            DatabaseReader.Read(Table(columns, rows), "query", new() { Ignore = "photo" }).Data.Numeric);
        Assert.Contains("got a value of type TimeSpan", Refused(Objects(["a", "y"], [TimeSpan.Zero, 0])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsWrongIsSaidWithRowAndColumn()
    {
        (string Says, DbDataReader Rows)[] cases =
        [
            ("query, row 2, column 'y'", Objects(["a", "y"], [1, 0], [2, null])),
            ("query, row 1, column 'a': expected a finite number", Objects(["a", "y"], [double.PositiveInfinity, 0])),
            ("'a' for columns 1 and 2", Objects(["a", "b", "y"], [1, 2, 3]).Renamed("a", "a", "y")),
            ("at least one input column and a target, got 1 column. Select more", Objects(["y"], [1], [2])),
            ("expected rows of data, got none. Check the table or the query.", Objects(["a", "y"])),
            ("at least two classes", Objects(["a", "y"], [1, "x"], [2, "x"])),
            ("expected a number as in 300 other rows, got '12o'",
                Objects(["a", "y"], [.. Enumerable.Range(0, 300).Select(i => (object[])[i + 0.5, i % 2]), ["12o", 1]])),
        ];
        foreach ((string says, DbDataReader rows) in cases)
            Assert.Contains(says, Refused(rows), StringComparison.Ordinal);
    }

    [Fact]
    public void ALateTextNeedsRowsThatCanBeOpenedAgain()
    {
        DbDataReader Open() => Objects(["size", "y"],
            [.. Enumerable.Range(0, 500).Select(i => (object[])[i % 4 * 10, i % 2]), ["XL", 0], ["XL", 1]]);
        string message = Refused(Open());
        Assert.Contains("query, row 501, column 'size': expected a number as in the first rows, got 'XL'", message,
            StringComparison.Ordinal);
        Assert.Contains("--categorical size", message, StringComparison.Ordinal);
        foreach (Dataset data in (Dataset[])[
            DatabaseReader.Read(Open, "query").Data,
            DatabaseReader.Read(Open(), "query", new() { Categorical = "size" }).Data])
        {
            Assert.Equal(["0", "10", "20", "30", "XL"], data.Inputs[0].Categories);
            Assert.Equal([0, 1, 2, 3, 0], data.Codes[..5]);
            Assert.Equal([4, 4], data.Codes[^2..]);
        }
    }

    [Fact]
    public void ForAModelColumnsAreFoundByNameAndTruthIsOneOrNought()
    {
        Dataset train = CsvReader.Read(scratch.Text("train.csv", "a,flag,c,y\n1,0,x,no\n2,1,z,yes\n")).Data;
        DataReading reading = DatabaseReader.Read(
            Objects(["c", "more", "flag", "a"], ["z", Guid.NewGuid(), true, 5], ["new", null, false, null]), "query",
            train.Inputs, train.Target, needTarget: false);
        Assert.Equal([5f, 1, float.NaN, 0], reading.Data.Numeric);
        Assert.Equal([1, -1], reading.Data.Codes);
        Assert.Contains(reading.Notes, note => note.Contains("'new'", StringComparison.Ordinal));
        string message = Assert.Throws<DownhillException>(() => DatabaseReader.Read(Objects(["c", "flag"], ["z", 1]),
            "query", train.Inputs, train.Target, needTarget: false)).Message;
        Assert.StartsWith("query: expected the model's input column 'a', got columns c, flag", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void RowsThatAreOpenedHereAreClosedAndOthersAreLeftOpen()
    {
        DbDataReader given = Objects(["a", "y"], [1, 0], [2, 1]);
        DatabaseReader.Read(given, "query");
        Assert.False(given.IsClosed);
        List<DbDataReader> opened = [];
        DatabaseReader.Read(() =>
        {
            opened.Add(Objects(["a", "y"], [1, 0], [2, 1]));
            return opened[^1];
        }, "query");
        Assert.True(Assert.Single(opened).IsClosed);
    }

    // The first rows are not asked for twice, which costs a query or the decoding of a row group; only a column that
    // turns out to be something else does that. What is refused before the rows are read is closed too.
    [Fact]
    public void RowsAreOpenedAsOftenAsTheyAreRead()
    {
        object[][] rows = [.. Enumerable.Range(0, 300).Select(i => (object[])[i % 250, i % 2])];
        List<DbDataReader> opened = [];
        Func<DbDataReader> Open(params object[][] more) => () =>
        {
            opened.Add(Objects(["a", "y"], [.. rows, .. more]));
            return opened[^1];
        };
        Dataset data = DatabaseReader.Read(Open(), "query").Data;
        Assert.Equal(rows.Select(r => (float)(int)r[0]), data.Numeric);
        Assert.Equal(rows.Select(r => (int)r[1]), data.Classes);
        Assert.True(Assert.Single(opened).IsClosed);
        opened.Clear();
        Assert.Equal(data.Numeric, DatabaseReader.Read(Open(), "query", data.Inputs, data.Target, true).Data.Numeric);
        Assert.True(Assert.Single(opened).IsClosed);
        opened.Clear();
        rows = [.. rows.Select(r => (object[])[(int)r[0] % 5, r[1]])];
        Assert.Equal(5 + 1, DatabaseReader.Read(Open(["late", 0]), "query").Data.Inputs[0].Categories.Count);
        Assert.Equal([true, true], opened.Select(r => r.IsClosed));
        opened.Clear();
        Assert.Throws<DownhillException>(() => DatabaseReader.Read(Open(), "query", new() { Target = "none" }));
        Assert.True(Assert.Single(opened).IsClosed);
    }

    // Tables of all kinds: what a database gives is to the bit what the file with the same text gives.
    [Fact]
    public void IsTheSameTableAsTheFileWithItsText()
    {
        Gen<object?> missing = Gen.Bool.Select(_ => (object?)null);
        Gen<object?>[] kinds =
        [
            Gen.Long.Select(v => (object?)v), Gen.Int[0, 3].Select(v => (object?)v),
            Gen.Float.Where(float.IsFinite).Select(v => (object?)v), Gen.Decimal.Select(v => (object?)v),
            Gen.Double[-1e30, 1e30].Select(v => (object?)Math.Round(v, 3)), Gen.Bool.Select(v => (object?)v),
            OneOf("red", "green, \"dark\"", "blue"), OneOf("1.0", "2", "x"),
            Gen.DateTime[new DateTime(1900, 1, 1), new DateTime(2100, 1, 1)].Select(v => (object?)v),
        ];
        int file = 0;
        Gen.Select(Gen.Int[0, kinds.Length - 1].Array[1, 4], Gen.Int[2, 60])
            .SelectMany((columns, rows) => Row(columns, kinds, missing).Array[rows]).Sample(rows =>
        {
            string[] names = [.. Enumerable.Range(0, rows[0].Length).Select(i => $"c{i}"), "y"];
            object?[][] all = [.. rows.Select((row, i) => (object?[])[.. row, i % 2 == 0 ? "p" : "q"])];
            string path = scratch.Text($"{file++}.csv", string.Join(',', names) + "\n"
                + string.Concat(all.Select(row => string.Join(',', row.Select(Csv)) + "\n")));
            (DataReading? Data, string Message) fromFile = Try(() => CsvReader.Read(path, new()
            {
                Header = true,
                Delimiter = ','
            })), fromRows = Try(() => DatabaseReader.Read(() => Objects(names, all), "query"));
            File.Delete(path);
            if (fromFile.Data is null || fromRows.Data is null) return fromFile.Data is null && fromRows.Data is null;
            Dataset left = fromFile.Data.Data, right = fromRows.Data.Data;
            return left.Inputs.Select(c => (c.Name, c.Kind, string.Join('|', c.Categories)))
                    .SequenceEqual(right.Inputs.Select(c => (c.Name, c.Kind, string.Join('|', c.Categories))))
                && left.Numeric.Select(BitConverter.SingleToInt32Bits)
                    .SequenceEqual(right.Numeric.Select(BitConverter.SingleToInt32Bits))
                && left.Codes.SequenceEqual(right.Codes) && left.Classes.SequenceEqual(right.Classes)
                && fromFile.Data.Notes.SequenceEqual(fromRows.Data.Notes);
        }, iter: 300, threads: 1);
    }

    private static Gen<object?> OneOf(params string[] texts) =>
        Gen.Int[0, texts.Length - 1].Select(i => (object?)texts[i]);

    private static Gen<object?[]> Row(int[] columns, Gen<object?>[] kinds, Gen<object?> missing) =>
        columns.Select(kind => Gen.Frequency((9, kinds[kind]), (1, missing)))
            .Aggregate(Gen.Const(Array.Empty<object?>()),
                (row, next) => Gen.Select(row, next, (values, value) => (object?[])[.. values, value]));

    private static (DataReading? Data, string Message) Try(Func<DataReading> read)
    {
        try
        {
            return (read(), "");
        }
        catch (DownhillException e)
        {
            return (null, e.Message);
        }
    }

    private static string Csv(object? value) => value switch
    {
        null => "",
        bool truth => truth ? "true" : "false",
        DateTime date => date.ToString("yyyy-MM-dd HH:mm:ss.fffffff", CultureInfo.InvariantCulture),
        string text => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException(value.GetType().Name),
    };
}

internal static class RenamedRows
{
    /// <summary>The same rows under names that a table in memory would not take.</summary>
    public static DbDataReader Renamed(this DbDataReader rows, params string[] names) => new Reader(rows, names);

    private sealed class Reader(DbDataReader rows, string[] names) : DbDataReader
    {
        public override string GetName(int ordinal) => names[ordinal];
        public override int FieldCount => rows.FieldCount;
        public override bool Read() => rows.Read();
        public override int GetValues(object[] values) => rows.GetValues(values);
        public override Type GetFieldType(int ordinal) => rows.GetFieldType(ordinal);
        public override object this[int ordinal] => rows[ordinal];
        public override object this[string name] => rows[name];
        public override int Depth => 0;
        public override bool HasRows => rows.HasRows;
        public override bool IsClosed => rows.IsClosed;
        public override int RecordsAffected => -1;
        public override bool GetBoolean(int ordinal) => rows.GetBoolean(ordinal);
        public override byte GetByte(int ordinal) => rows.GetByte(ordinal);
        public override long GetBytes(int ordinal, long offset, byte[]? buffer, int at, int length) =>
            rows.GetBytes(ordinal, offset, buffer, at, length);
        public override char GetChar(int ordinal) => rows.GetChar(ordinal);
        public override long GetChars(int ordinal, long offset, char[]? buffer, int at, int length) =>
            rows.GetChars(ordinal, offset, buffer, at, length);
        public override string GetDataTypeName(int ordinal) => rows.GetDataTypeName(ordinal);
        public override DateTime GetDateTime(int ordinal) => rows.GetDateTime(ordinal);
        public override decimal GetDecimal(int ordinal) => rows.GetDecimal(ordinal);
        public override double GetDouble(int ordinal) => rows.GetDouble(ordinal);
        public override System.Collections.IEnumerator GetEnumerator() => rows.GetEnumerator();
        public override float GetFloat(int ordinal) => rows.GetFloat(ordinal);
        public override Guid GetGuid(int ordinal) => rows.GetGuid(ordinal);
        public override short GetInt16(int ordinal) => rows.GetInt16(ordinal);
        public override int GetInt32(int ordinal) => rows.GetInt32(ordinal);
        public override long GetInt64(int ordinal) => rows.GetInt64(ordinal);
        public override int GetOrdinal(string name) => Array.IndexOf(names, name);
        public override string GetString(int ordinal) => rows.GetString(ordinal);
        public override object GetValue(int ordinal) => rows.GetValue(ordinal);
        public override bool IsDBNull(int ordinal) => rows.IsDBNull(ordinal);
        public override bool NextResult() => false;
    }
}
