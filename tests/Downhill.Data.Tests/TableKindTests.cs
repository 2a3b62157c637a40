using System.Globalization;
using CsCheck;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>Kinds of columns, missing values, and what real files bring.</summary>
public sealed class TableKindTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private DataReading Reading(string text, TableOptions? options = null, string name = "table.csv") =>
        CsvReader.Read(scratch.Text(name, text), options);

    private Dataset Read(string text, TableOptions? options = null) => Reading(text, options).Data;

    private string Refused(string text, TableOptions? options = null) =>
        Assert.Throws<DownhillException>(() => Read(text, options)).Message;

    private static string Rows(int count, Func<int, string> row) =>
        string.Concat(Enumerable.Range(0, count).Select(i => row(i) + "\n"));

    [Fact]
    public void TextIsACategoryAndItsMissingValuesAreMinusOne()
    {
        Dataset data = Read("n,colour,y\n1,red,0\n2,blue,1\n3,?,0\n4,red,1\n");
        Assert.Equal([ColumnKind.Numeric, ColumnKind.Category], data.Inputs.Select(c => c.Kind));
        Assert.Equal(["blue", "red"], data.Inputs[1].Categories);
        Assert.Equal([1, 0, -1, 1], data.Codes);
        Assert.Equal([1f, 2, 3, 4], data.Numeric);
    }

    [Theory]
    [InlineData("1,0\n2,1\n,1\n")]
    [InlineData("a,b\n1,0\n2,1\n?,1\n")]
    [InlineData("a,b\n1,0\n2,1\nNaN,1\n")]
    [InlineData("a,b\n1,0\n2,1\nN/A,1\n")]
    public void AMissingNumberIsNaN(string text) => Assert.Equal([1, 2, float.NaN], Read(text).Numeric);

    [Fact]
    public void FurtherMarksOfMissingValuesCanBeSaid()
    {
        Assert.Equal([1, float.NaN], Read("a,b\n1,0\n-999,1\n", new() { Missing = ["-999"] }).Numeric);
        Assert.Equal(
            [1, float.NaN, 3], Read("a,b\n1,0\nnone given,1\n3,0\n", new() { Missing = ["none given"] }).Numeric);
    }

    [Fact]
    public void ATextLateInTheFileMakesNumbersCategories()
    {
        string text = "size,y\n" + Rows(500, i => $"{i % 4 * 10},{i % 2}") + "XL,0\nXL,1\n";
        Dataset data = Read(text);
        Assert.Equal(["0", "10", "20", "30", "XL"], data.Inputs[0].Categories);
        Assert.Equal([0, 1, 2, 3], data.Codes[..4]);
        Assert.Equal([4, 4], data.Codes[^2..]);
    }

    [Fact]
    public void ATextAmongManyDifferentNumbersIsAMistake()
    {
        string message = Refused("a,y\n" + Rows(300, i => $"{i}.5,{i % 2}") + "12o,1\n");
        Assert.Contains("line 302, column 'a'", message, StringComparison.Ordinal);
        Assert.Contains("a number as in 300 other rows, got '12o'", message, StringComparison.Ordinal);
        Assert.Contains("--missing '12o'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void KindsCanBeSaid()
    {
        Dataset data = Read("zip,y\n1.0,0\n2,1\n1,1\n", new() { Categorical = "zip" });
        Assert.Equal(["1", "2"], data.Inputs[0].Categories);
        Assert.Equal([0, 1, 0], data.Codes);
        Assert.Contains(
            "one kind of a column", Refused("a,y\n1,0\n2,1\n", new() { Categorical = "a", NumericColumns = "a" }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void DatesBecomeTheirParts()
    {
        Dataset data = Read("when,y\n2026-11-25 18:30,0\n2024-02-29 00:00,1\n?,1\n");
        Assert.Equal(["when.year", "when.month", "when.day", "when.weekday", "when.hour"],
            data.Inputs.Select(c => c.Name));
        Assert.Equal([2026, 11, 25, 3, 18.5f, 2024, 2, 29, 4, 0], data.Numeric[..10]);
        Assert.All(data.Numeric[10..], v => Assert.True(float.IsNaN(v)));
        string path = scratch.Text("new.csv", "y,when\n1,2026-11-25 18:30\n");
        Assert.Equal(data.Numeric[..5], CsvReader.Read(path, data.Inputs, data.Target, needTarget: true).Data.Numeric);
    }

    [Fact]
    public void AColumnOfNamesIsLeftOutAndSaid()
    {
        DataReading reading = Reading("id,a,y\n" + Rows(40, i => $"row-{i},{i % 7},{i % 2}"));
        Assert.Equal(["a"], reading.Data.Inputs.Select(c => c.Name));
        Assert.Contains(reading.Notes,
            n => n.Contains("'id' is left out: 40 different texts in 40 rows", StringComparison.Ordinal));
        Dataset kept = Read("id,a,y\n" + Rows(40, i => $"row-{i},{i % 7},{i % 2}"), new() { Categorical = "id" });
        Assert.Equal(40, kept.Inputs[0].Categories.Count);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(5000)]
    public void ColumnsOfManyCategoriesKeepThemAll(int categories)
    {
        DataReading reading = Reading("shop,y\n" + Rows(3 * categories, i => $"s{i * 7 % categories},{i % 2}"));
        IReadOnlyList<string> names = reading.Data.Inputs[0].Categories;
        Assert.Equal(categories, names.Count);
        Assert.Equal(Enumerable.Range(0, 3 * categories).Select(i => $"s{i * 7 % categories}"),
            reading.Data.Codes.Select(code => names[code]));
        Assert.DoesNotContain(reading.Notes, n => n.Contains("most frequent", StringComparison.Ordinal));
    }

    [Fact]
    public void ManyCategoriesAreCutToTheMostFrequent()
    {
        DataReading reading = Reading("shop,y\n" + Rows(100_000, i => $"s{(i % 4 != 0 ? i % 100 : i)},{i % 2}"));
        Assert.Equal(5000, reading.Data.Inputs[0].Categories.Count);
        Assert.Contains("s42", reading.Data.Inputs[0].Categories);
        Assert.Contains(-1, reading.Data.Codes);
        Assert.Contains(reading.Notes, n => n.Contains("5000 most frequent of 25075 categories are used, the others "
            + "count as unknown (--ignore shop leaves the column out)", StringComparison.Ordinal));
    }

    // Twelve columns of 1000 categories and one of 200: those of more than a few share 10 000 of them.
    [Fact]
    public void ManyColumnsOfManyCategoriesShareAnAllowance()
    {
        Dataset data = Read(string.Join(",", Enumerable.Range(0, 13).Select(c => $"c{c}")) + ",y\n" + Rows(3000,
            i => string.Join(",", Enumerable.Range(0, 13).Select(c => $"v{i % (c == 12 ? 200 : 1000)}"))
                + $",{i % 2}"));
        Assert.Equal([.. Enumerable.Repeat(833, 12), 200], data.Inputs.Select(c => c.Categories.Count));
    }

    [Fact]
    public void AnUnknownCategoryIsReadAsNoneAndSaid()
    {
        Dataset train = Read("n,colour,y\n1,red,0\n2,blue,1\n");
        DataReading reading = CsvReader.Read(scratch.Text("new.csv", "colour,n\nred,5\ngreen,6\n,7\n"), train.Inputs,
            train.Target, needTarget: false);
        Assert.Equal([1, -1, -1], reading.Data.Codes);
        Assert.Equal([5f, 6, 7], reading.Data.Numeric);
        Assert.Contains(reading.Notes, n => n.Contains("1 values in 'colour' that the model does not know, such as "
            + "'green'", StringComparison.Ordinal));
    }

    [Fact]
    public void AClassWithAFullStopIsTheClass()
    {
        Dataset train = Read("n,y\n1,<=50K\n2,>50K\n");
        Dataset test = CsvReader.Read(scratch.Text("t.csv", "n,y\n1,<=50K.\n2,>50K.\n"), train.Inputs, train.Target,
            needTarget: true).Data;
        Assert.Equal([0, 1], test.Classes);
    }

    // Numbers of all shapes: what the quick reader makes of a text is to the bit what the runtime makes of it.
    [Fact]
    public void QuickFloatsAreTheRuntimesToTheBit()
    {
        Gen.OneOf(
            Gen.Float.Select(f => f.ToString("R", CultureInfo.InvariantCulture)),
            Gen.Double.Select(d => d.ToString("R", CultureInfo.InvariantCulture)),
            Gen.Select(Gen.Long, Gen.Int[0, 25]).Select((n, p) => p == 0 ? $"{n}"
                : ((decimal)n / (decimal)Math.Pow(10, Math.Min(p, 18))).ToString(CultureInfo.InvariantCulture)),
            // Halfway between two floats, and a little beside it.
            Gen.Select(Gen.Int[1, 1 << 24], Gen.Int[-1, 1])
                .Select((n, beside) => ((((long)n << 1) + 1) * 1000L + beside).ToString(CultureInfo.InvariantCulture)
                .Insert(1, ".")),
            Gen.String[Gen.Char["0123456789.-+eE "], 0, 12])
        .Sample(text =>
        {
            bool expected = float.TryParse(text, NumberStyles.Float, NumberFormatInfo.InvariantInfo, out float right);
            bool got = QuickFloat.TryParse(text, '.', NumberFormatInfo.InvariantInfo, out float value);
            return expected == got
                && (!expected || BitConverter.SingleToInt32Bits(right) == BitConverter.SingleToInt32Bits(value));
        }, iter: 200_000);
    }

    // A row of fields of all shapes: those that are taken in one go are what the runtime makes of each by itself, and
    // none of the plain ones is left out without need.
    [Fact]
    public void FieldsTakenSideBySideAreTheRuntimesToTheBit()
    {
        Gen<string> plain = Gen.OneOf(
            Gen.Int[0, 9].Select(n => $"{n}"),
            Gen.Int[-300, 300].Select(n => $"{n}"),
            Gen.Select(Gen.Int[-99_999_999, 99_999_999], Gen.Int[1, 7])
                .Select((n, p) => (n / (decimal)Math.Pow(10, p)).ToString(CultureInfo.InvariantCulture)),
            One("0", "-0", "0000", "00012", "5.", ".5", "-.25", "1234.5678", "123456789012345"));
        Gen<string> any = Gen.Frequency((20, plain),
            (1, Gen.OneOf(Gen.Float.Select(f => f.ToString("R", CultureInfo.InvariantCulture)),
                One("", "-", ".", "-.", "1e5", "+1", " 1", "1 ", "\u0130", "\uFF11", "1-2", "1.2.3", ":", "/"),
                Gen.String[Gen.Char["0123456789.-"], 0, 24])));
        Gen.Select(any.Array[1, 12], One(',', ';', '\t', '-')).Sample((fields, delimiter) =>
        {
            string row = string.Concat(fields.Select(f => f + delimiter));
            string[] cut = row.Split(delimiter);
            float[] values = new float[fields.Length];
            int taken = QuickFloat.Take(row, delimiter, '.', values);
            int place = 0;
            for (int i = 0; i < taken; i++)
            {
                if (!float.TryParse(cut[i], NumberStyles.Float, CultureInfo.InvariantCulture, out float right)
                    || BitConverter.SingleToInt32Bits(right) != BitConverter.SingleToInt32Bits(values[i])) return false;
                place += cut[i].Length + 1;
            }
            return taken == fields.Length || delimiter == '-' || place + cut[taken].Length + 5 > row.Length
                || !IsPlain(cut[taken]) || IsHalfway(cut[taken]);
        }, iter: 100_000);

        static bool IsPlain(string field) => field.Count(char.IsAsciiDigit) is > 0 and <= 15
            && field.TrimStart('-').Length + 1 >= field.Length
            && field.TrimStart('-').All(c => char.IsAsciiDigit(c) || c == '.') && field.Count(c => c == '.') <= 1;

        // Where two roundings, to a double and to a float, may not be one.
        static bool IsHalfway(string field) =>
            (BitConverter.DoubleToInt64Bits(double.Parse(field, CultureInfo.InvariantCulture)) & 0x1FFF_FFFF)
                == 0x1000_0000;
    }

    // Files of such fields, quoted ones among them, against a reader that knows no trick: lines, commas, float.Parse.
    [Fact]
    public void WholeFilesAreReadToTheBit()
    {
        Gen<string> field = Gen.Frequency(
            (8, Gen.Int[0, 255].Select(n => $"{n}")),
            (8, Gen.Int[-9_999_999, 9_999_999].Select(n => (n / 10_000m).ToString(CultureInfo.InvariantCulture))),
            (2, Gen.Float.Where(float.IsFinite).Select(f => f.ToString("R", CultureInfo.InvariantCulture))),
            (1, One("", "NA", " 7 ", "\"12.5\"", "-0")));
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 30], One("\n", "\r\n"), Gen.Bool)
            .SelectMany((columns, rows, end, last) => field.Array[columns * rows]
                .Select(fields => (columns, end, last, fields)))
            .Sample((columns, end, last, fields) =>
            {
                string text = string.Join(",", Enumerable.Range(0, columns).Select(i => $"c{i}")) + ",y" + end
                    + string.Concat(fields.Chunk(columns).Select((row, i) => string.Join(",", row) + $",{i}.5" + end));
                Dataset data = CsvReader.Read(scratch.Text("any.csv", last ? text : text.TrimEnd()),
                    new() { NumericColumns = $"1-{columns}", Header = true, Delimiter = ',' }).Data;
                float[] right = [.. fields.Select(f => f.Trim(' ', '"') is "" or "NA" ? float.NaN
                    : float.Parse(f.Trim(' ', '"'), CultureInfo.InvariantCulture))];
                return right.Select(BitConverter.SingleToInt32Bits)
                    .SequenceEqual(data.Numeric.Select(BitConverter.SingleToInt32Bits));
            }, iter: 500, threads: 1);
    }

    [Fact]
    public void AnEmptyFieldBeforeAMinusThatSeparatesIsNoSign()
    {
        Dataset data = Read("a-b-c-y\n1--3-0\n4-5-6-1\n7-8-9-0\n", new() { Delimiter = '-' });
        Assert.Equal([1, float.NaN, 3, 4, 5, 6, 7, 8, 9], data.Numeric);
    }

    private static Gen<T> One<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
