using System.Text;
using CsCheck;
using Xunit;

namespace Downhill.Data.Tests;

public sealed class CsvReaderTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private Dataset Read(string text, TableOptions? options = null, string name = "table.csv") =>
        CsvReader.Read(scratch.Text(name, text), options).Data;

    private string Refused(string text, TableOptions? options = null) =>
        Assert.Throws<DownhillException>(() => Read(text, options)).Message;

    private void AssertRefused(string text, TableOptions? options, params string[] says)
    {
        string message = Refused(text, options);
        Assert.Contains("table.csv", message, StringComparison.Ordinal);
        Assert.Contains("expected", message, StringComparison.Ordinal);
        foreach (string part in says) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b,c\n1,2,x\n3,4,y\n")]
    [InlineData("a;b;c\n1;2;x\n3;4;y\n")]
    [InlineData("a\tb\tc\n1\t2\tx\n3\t4\ty\n")]
    [InlineData("a b c\n1 2 x\n3 4 y\n")]
    [InlineData("  a   b  c\n  1   2  x  \n 30e-1 4\t y")]
    [InlineData("\uFEFFa,b,c\r\n1,2,x\r\n3,4,y\r\n")]
    [InlineData("a,b,c\n\n1,2,x\n\n\n3,4,y\n\n")]
    [InlineData("\"a\",\"b\",\"c\"\n\"1\",\"2\",\"x\"\n\"3\",\"4\",\"y\"")]
    [InlineData("a, b, c\n 1, 2, x\n +3., 4, y\n")]
    [InlineData("a,b,c\r1,2,x\r3,4,y\r")]
    public void TheLayoutIsFound(string text)
    {
        Dataset data = Read(text);
        Assert.Equal(["a", "b"], data.Inputs.Select(c => c.Name));
        Assert.Equal([1f, 2, 3, 4], data.Numeric);
        Assert.Equal(["c"], data.Target.Names);
        Assert.Equal(["x", "y"], data.Target.Classes);
        Assert.Equal([0, 1], data.Classes);
        Assert.Equal("table", data.Name);
    }

    /// <summary>Parsed first, such a line would take minutes.</summary>
    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void ALineOfAMillionFieldsIsRefusedAtOnce(string lineEnd)
    {
        string wide = string.Join(',', Enumerable.Repeat("1", 1_000_000));
        AssertRefused($"a,b,c{lineEnd}1,2,3{lineEnd}{wide}{lineEnd}1,2,3{lineEnd}", null, "line 3:", "100,000 fields");
    }

    [Fact]
    public void ManyLinesOfManyFieldsAreNoWideLine()
    {
        string row = string.Join(',', Enumerable.Repeat("1", 2_000)) + "\n";
        Assert.Equal(300, Read(string.Concat(Enumerable.Repeat(row, 300)),
            new() { Header = false, Task = TableTask.Regress }).Rows);
    }

    [Fact]
    public void TheSummarySaysWhatWasGuessed()
    {
        string path = scratch.Text("t.csv", "a;b;c\n1;2;x\n3;4;y\n");
        Assert.Equal($"{path}: 2 rows, delimiter semicolon (guessed), header line, 2 inputs, target 'c' (2 classes)",
            CsvReader.Read(path).Summary);
        Assert.Contains("delimiter semicolon, header", CsvReader.Read(path, new() { Delimiter = ';' }).Summary,
            StringComparison.Ordinal);
    }

    [Fact]
    public void GzippedTablesAndUtf16AreRead()
    {
        Assert.Equal(2, Read("1,2,x\n3,4,y\n", name: "table.csv.gz").Rows);
        string path = scratch.Bytes("utf16.csv",
            [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("ä,b\n1,x\n2,y\n")]);
        Assert.Equal("ä", CsvReader.Read(path).Data.Inputs[0].Name);
    }

    [Theory]
    [InlineData("5.1,3.5,setosa\n4.9,3.0,virginica\n", false)]
    [InlineData("width,height,kind\n4.9,3.0,virginica\n4.9,3.0,setosa\n", true)]
    [InlineData("2019,height,width,kind\n1,2,3,a\n1,2,3,b\n", true)]
    [InlineData("1,2,3\n4,5,6\n7,8,10\n", false)]
    [InlineData("?,2,3\n4,5,6\n7,8,10\n", false)]
    public void TheHeaderIsGuessedFromTextAboveNumbers(string text, bool header)
    {
        string path = scratch.Text("table.csv", text);
        Assert.Equal(header, TableLayout.Detect(path, new()).HasHeader);
        Assert.False(TableLayout.Detect(path, new() { Header = false }).HasHeader);
    }

    [Fact]
    public void WithoutAHeaderColumnsAreCounted()
    {
        Dataset data = Read("1,2,x\n3,4,y\n");
        Assert.Equal(["x1", "x2"], data.Inputs.Select(c => c.Name));
        Assert.Equal(["x3"], data.Target.Names);
    }

    [Theory]
    [InlineData("1", "b,c")]
    [InlineData("c", "a,b")]
    [InlineData(" b ", "a,c")]
    public void TheTargetIsNamedOrCounted(string target, string inputs)
    {
        Dataset data = Read("a,b,c\n1,2,3\n3,4,5\n", new() { Target = target });
        Assert.Equal(inputs.Split(','), data.Inputs.Select(c => c.Name));
    }

    [Fact]
    public void AColumnCalledByANumberIsMeantByItsName()
    {
        Dataset data = Read("3,two words,x-y\n1,2,0\n3,4,1\n", new() { Header = true, Target = "3", Ignore = "x-y" });
        Assert.Equal(["3"], data.Target.Names);
        Assert.Equal(["two words"], data.Inputs.Select(c => c.Name));
    }

    [Fact]
    public void IgnoredAndWeightColumnsAreNoInputs()
    {
        Dataset data = Read("id,a,w,b,c\nk1,1,0.5,2,x\nk2,3,2,4,y\n", new() { Ignore = "id", Weight = "w" });
        Assert.Equal(["a", "b"], data.Inputs.Select(c => c.Name));
        Assert.Equal([0.5f, 2], data.Weights!);
        Assert.True(data.HasWeights);
    }

    [Theory]
    [InlineData("0\n1\n1\n0\n", new[] { "0", "1" }, new[] { 0, 1, 1, 0 })]
    [InlineData("10\n9\n-1\n9\n", new[] { "-1", "9", "10" }, new[] { 2, 1, 0, 1 })]
    [InlineData("1.000\n2\n1\n02\n", new[] { "1", "2" }, new[] { 0, 1, 0, 1 })]
    [InlineData("b\nB\na\nb\n", new[] { "B", "a", "b" }, new[] { 2, 0, 1, 2 })]
    [InlineData("1\n3+\n2\n1\n", new[] { "1", "2", "3+" }, new[] { 0, 2, 1, 0 })]
    [InlineData("-0\n0\n1\n1\n", new[] { "0", "1" }, new[] { 0, 0, 1, 1 })]
    public void FewWholeNumbersAndTextAreClasses(string targets, string[] classes, int[] codes)
    {
        Dataset data = Read(string.Concat(targets.TrimEnd().Split('\n').Select(t => $"1,{t}\n")),
            new() { Header = false });
        Assert.Equal(classes, data.Target.Classes);
        Assert.Equal(codes, data.Classes);
        Assert.Empty(data.Values);
    }

    [Fact]
    public void FractionsAndManyWholeNumbersAreRegressed()
    {
        Assert.Equal([0.5f, 1, 2], Read("1,0.5\n1,1\n1,2\n").Values);
        string twenty = string.Concat(Enumerable.Range(0, 40).Select(i => $"1,{i % 20}\n"));
        Assert.Equal(20, Read(twenty).Target.Classes.Count);
        string more = string.Concat(Enumerable.Range(0, 42).Select(i => $"1,{i % 21}\n"));
        Assert.False(Read(more).Target.IsClass);
        Assert.Equal(42, Read(more).Values.Length);
        Dataset many = Read(string.Concat(Enumerable.Range(0, 9000).Select(i => $"1,{i}\n")));
        Assert.Equal((9000, 8999f), (many.Rows, many.Values[^1]));
    }

    [Fact]
    public void TheTaskCanBeForced()
    {
        Assert.Equal([0f, 1, 0], Read("1,0\n1,1\n1,0\n", new() { Task = TableTask.Regress }).Values);
        Assert.Equal(["0.25", "0.5"], Read("1,0.5\n1,0.25\n", new() { Task = TableTask.Classify }).Target.Classes);
        string many = string.Concat(Enumerable.Range(0, 5000).Select(i => $"1,{i}\n"));
        Assert.Equal(5000, Read(many, new() { Task = TableTask.Classify }).Target.Classes.Count);
    }

    [Fact]
    public void SeveralColumnsWithOneOneAreClasses()
    {
        Dataset data = Read("a,cat,dog\n1,0,1\n2,1,0\n3,0,1\n", new() { Target = "2-3" });
        Assert.Equal(["cat", "dog"], data.Target.Classes);
        Assert.Equal(["cat", "dog"], data.Target.Names);
        Assert.Equal([1, 0, 1], data.Classes);
        Assert.Equal(["0", "1"], Read("1,0,1\n2,1,0\n", new() { Target = "2,3" }).Target.Classes);
    }

    [Fact]
    public void SeveralOtherColumnsAreNumbers()
    {
        Dataset data = Read("a,u,v\n1,0,1\n2,1,1\n", new() { Target = "u,v" });
        Assert.False(data.Target.IsClass);
        Assert.Equal([0f, 1, 1, 1], data.Values);
        AssertRefused("a,u,v\n1,0,1\n2,1,1\n", new() { Target = "u,v", Task = TableTask.Classify }, "line 3", "one 1",
            "2 ones");
        Assert.Equal([0f, 1, 1, 0], Read("a,u,v\n1,0,1\n2,1,0\n",
            new() { Target = "u,v", Task = TableTask.Regress }).Values);
    }

    [Fact]
    public void DecimalCommasAreReadWhenAskedFor()
    {
        Dataset data = Read("a;b;c\n1,5;2;0,1\n-3,25e1;4;0,2\n", new() { Decimal = ',' });
        Assert.Equal([1.5f, 2, -32.5f, 4], data.Numeric);
        Assert.Equal([0.1f, 0.2f], data.Values);
        Assert.Equal([1.5f, 2.5f], Read("1,5 0,1\n2,5 0,2\n", new() { Decimal = ',' }).Numeric);
        AssertRefused("a;b;c\n1,5;2;0\n3;4;1\n", null, "line 2, column 'a'", "'1,5'", "--decimal ,");
        AssertRefused("a,b\n1,2\n3,4\n", new() { Decimal = ',', Delimiter = ',' }, "different delimiter");
    }

    // Line numbers are the file's own: blank lines and line ends inside quotes count.
    [Theory]
    [InlineData("a,b\n1,0\nInfinity,1\n", "line 3, column 'a'", "a finite number", "'Infinity'", "")]
    [InlineData("a,b\n1,0\n1e39,1\n", "line 3, column 'a'", "a finite number", "'1e39'", "")]
    [InlineData("a,b\n1,0\n2\n", "line 3", "2 fields as in line 1 (comma, guessed)", "got 1", "")]
    [InlineData("a,b\n1,0\n2,1,7\n", "line 3", "2 fields", "got 3", "--delimiter")]
    [InlineData("a,b\n1,0\n2,\n", "line 3, column 'b'", "an empty field", "target", "")]
    [InlineData("a,b\n", "rows of data", "a header line only", "", "")]
    [InlineData("", "an empty file", "", "", "")]
    [InlineData("\n \n", "an empty file", "", "", "")]
    [InlineData("a,b\n1,yes\n2,yes\n", "at least two classes", "'yes' in every row", "", "")]
    [InlineData("a,a,b\n1,2,0\n2,3,1\n", "line 1", "'a' for columns 1 and 2", "", "")]
    [InlineData("5\n7\n9\n", "at least one input column and a target", "1 column", "--delimiter", "")]
    [InlineData("a,b\n1,0\n\"2\"3,1\n", "line 3", "quote", "", "")]
    [InlineData("a,b\n1,\"x\n2,y\n", "line 2", "quote", "", "")]
    [InlineData("a,b\n1\0,0\n", "a text table", "binary", "", "")]
    public void WhatIsWrongIsSaidWithItsPlace(string text, string a, string b, string c, string d) =>
        AssertRefused(text, null, a, b, c, d);

    [Theory]
    [InlineData("a,b\n1,0\nx,1\n", "line 3, column 'a'", "a number as in 1 other rows, got 'x'", "--ignore a")]
    [InlineData("a,b\n\n1,0\n\n\nx,1\n", "line 6, column 'a'", "got 'x'", "")]
    [InlineData("\"a\na\",b\r\n1,0\r\nx,1\r\n", "line 4, column", "got 'x'", "")]
    public void ATextInAColumnOfNumbersIsSaidWithItsPlace(string text, string a, string b, string c) =>
        AssertRefused(text, new() { NumericColumns = "1" }, a, b, c);

    [Fact]
    public void OptionsThatDoNotFitAreRefused()
    {
        const string Iris = "sepal,petal,species\n1,2,a\n3,4,b\n";
        AssertRefused(Iris, new() { Target = "spezies" }, "Target 'spezies'", "sepal, petal, species",
            "Did you mean 'species'?");
        AssertRefused(Iris, new() { Target = "4" }, "columns 1 … 3");
        AssertRefused(Iris, new() { Target = "3-2" }, "columns 1 … 3");
        AssertRefused(Iris, new() { Ignore = "petals" }, "Ignore 'petals'", "'petal'");
        AssertRefused(Iris, new() { Weight = "1-2" }, "Weight", "one column");
        AssertRefused(Iris, new() { Ignore = "1-2" }, "at least one input column");
        AssertRefused(Iris, new() { Target = "3", Ignore = "3" }, "one use of a column");
        AssertRefused(Iris, new() { Task = TableTask.Regress }, "line 2, column 'species'", "a number", "'a'");
        AssertRefused(string.Concat(Enumerable.Range(0, 30).Select(i => $"{i},row {i}\n")), null, "target 'x2'",
            "more than once");
        AssertRefused("a,w,c\n1,-1,0\n2,1,1\n", new() { Weight = "w" }, "line 2, column 'w'", "zero or more");
        AssertRefused("a,w,c\n1,0,0\n2,0,1\n", new() { Weight = "w" }, "zero in every row");
    }

    [Fact]
    public void DamagedAndMissingFilesAreRefused()
    {
        string cut = scratch.Bytes("cut.csv.gz",
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i},{i * 7919 % 1000}\n"))));
        File.WriteAllBytes(cut, File.ReadAllBytes(cut).AsSpan(0, 4000).ToArray());
        Assert.Contains("damaged or incomplete", Assert.Throws<DownhillException>(() => CsvReader.Read(cut)).Message,
            StringComparison.Ordinal);
        string plain = Path.Combine(scratch.Folder, "plain.csv.gz");
        File.WriteAllText(plain, "1,2\n3,4\n");
        Assert.Contains("gzip", Assert.Throws<DownhillException>(() => CsvReader.Read(plain)).Message,
            StringComparison.Ordinal);
        Assert.Contains("a folder", Assert.Throws<DownhillException>(() => CsvReader.Read(scratch.Folder)).Message,
            StringComparison.Ordinal);
        Assert.Contains("Did you mean",
            Assert.Throws<DownhillException>(() => CsvReader.Read(Path.Combine(scratch.Folder, "plan.csv.gz"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void LongLinesAreRead()
    {
        string header = string.Join(",", Enumerable.Range(0, 20_000).Select(i => $"column{i}"));
        string row = string.Join(",", Enumerable.Range(0, 20_000));
        Dataset data = Read($"{header}\n{row}\n{row[..^5]}88888\n");
        Assert.Equal((2, 19_999), (data.Rows, data.NumericCount));
        Assert.Equal(19_998f, data.Numeric[^1]);
    }

    // Blanks collapse the same way wherever the reader's blocks end.
    [Fact]
    public void RunsOfBlanksAreReadAcrossBlocks()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 30_000; i++)
        {
            text.Append(' ', 1 + i % 5).Append(i).Append(' ', 1 + i % 7).Append(i * 0.5);
            text.Append(i % 3 == 0 ? "  \n" : "\n");
        }
        Dataset data = Read(text.ToString());
        Assert.Equal(30_000, data.Rows);
        for (int i = 0; i < data.Rows; i++)
            Assert.Equal((i, i * 0.5f), (data.Numeric[i], data.Values[i]));
    }

    [Fact]
    public void AModelsColumnsAreFoundByName()
    {
        Dataset train = Read("a,b,c\n1,2,x\n3,4,y\n");
        string path = scratch.Text("new.csv", "c,extra,b,a\ny,text,20,10\nx,text,40,30\n");
        Dataset data = CsvReader.Read(path, train.Inputs, train.Target, needTarget: true).Data;
        Assert.Equal([10f, 20, 30, 40], data.Numeric);
        Assert.Equal([1, 0], data.Classes);
        Assert.Same(train.Target, data.Target);
    }

    [Fact]
    public void RowsToPredictNeedNoTarget()
    {
        Dataset train = Read("a,b,c\n1,2,x\n3,4,y\n");
        foreach (string text in (string[])["b,a\n2,1\n4,3\n", "1,2\n3,4\n"])
        {
            string path = scratch.Text("new.csv", text);
            Dataset data = CsvReader.Read(path, train.Inputs, train.Target, needTarget: false).Data;
            Assert.Equal((2, 0, false), (data.Rows, data.Target.Names.Count, data.Target.IsClass));
            Assert.Equal([1f, 2, 3, 4], data.Numeric);
            string message = Assert.Throws<DownhillException>(() =>
                CsvReader.Read(path, train.Inputs, train.Target, needTarget: true)).Message;
            Assert.Contains("the target column 'c'", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AMissingModelColumnIsNamed()
    {
        Dataset train = Read("width,height,c\n1,2,x\n3,4,y\n");
        string path = scratch.Text("new.csv", "width,hieght\n1,2\n");
        string message = Assert.Throws<DownhillException>(() =>
            CsvReader.Read(path, train.Inputs, train.Target, false)).Message;
        Assert.Contains("input column 'height'", message, StringComparison.Ordinal);
        Assert.Contains("Is it 'hieght'?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAHeaderAModelsColumnsAreFoundByPlace()
    {
        Dataset train = Read("7,1,2,x\n8,3,4,y\n", new() { Ignore = "1" });
        Assert.Equal(["x2", "x3"], train.Inputs.Select(c => c.Name));
        Dataset whole = CsvReader.Read(scratch.Text("n.csv", "7,10,20,y\n8,30,40,x\n"), train.Inputs, train.Target,
            true).Data;
        Assert.Equal([10f, 20, 30, 40], whole.Numeric);
        Assert.Equal([1, 0], whole.Classes);
        Dataset inputs = CsvReader.Read(scratch.Text("n.csv", "10,20\n30,40\n"), train.Inputs, train.Target,
            false).Data;
        Assert.Equal([10f, 20, 30, 40], inputs.Numeric);

        Dataset named = Read("a,b,c\n1,2,x\n3,4,y\n");
        Dataset after = CsvReader.Read(scratch.Text("n.csv", "10,20,y\n30,40,x\n"), named.Inputs, named.Target,
            true).Data;
        Assert.Equal([10f, 20, 30, 40], after.Numeric);
        string message = Assert.Throws<DownhillException>(
            () => CsvReader.Read(scratch.Text("n.csv", "1,2,3,4,y\n1,2,3,4,y\n"), named.Inputs, named.Target,
                true)).Message;
        Assert.Contains("2 input columns, or 3 with the target", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AClassTheModelDoesNotKnowIsRefused()
    {
        Dataset train = Read("a,c\n1,setosa\n3,virginica\n");
        string path = scratch.Text("new.csv", "a,c\n1,setosa\n2,virginca\n");
        string message = Assert.Throws<DownhillException>(() =>
            CsvReader.Read(path, train.Inputs, train.Target, true)).Message;
        Assert.Contains("line 3, column 'c'", message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'virginica'?", message, StringComparison.Ordinal);
        Dataset numbers = Read("a,c\n1,1\n3,2\n");
        Assert.Equal([1, 0], CsvReader.Read(scratch.Text("n.csv", "a,c\n1,2.0\n1,1.0\n"), numbers.Inputs,
            numbers.Target, true).Data.Classes);
        Dataset oneOfN = Read("a,cat,dog\n1,0,1\n2,1,0\n", new() { Target = "2-3" });
        Assert.Equal([0, 1], CsvReader.Read(scratch.Text("n.csv", "dog,a,cat\n0,1,1\n1,1,0\n"), oneOfN.Inputs,
            oneOfN.Target, true).Data.Classes);
        Dataset number = Read("a,y\n1,0.5\n2,1\n");
        Assert.Equal([7f, 8], CsvReader.Read(scratch.Text("n.csv", "y,a\n7,1\n8,1\n"), number.Inputs, number.Target,
            true).Data.Values);
    }

    [Theory]
    [InlineData("iris")]
    [InlineData("breast_cancer")]
    [InlineData("diabetes")]
    [InlineData("digits")]
    [InlineData("playground_gaussian(noise=0.3)")]
    [InlineData("spirals")]
    public void WrittenSamplesReadBackExactly(string name)
    {
        Dataset data = Dataset.Load(name);
        string path = Path.Combine(scratch.Folder, "sample.csv.gz");
        CsvWriter.Write(data, path);
        AssertSame(data, CsvReader.Read(path).Data);
    }

    [Fact]
    public void AnyFiniteFloatsAndNamesReadBackExactly() =>
        Gen.Select(
            Gen.Float.Where(float.IsFinite).Array[6, 60],
            Gen.Int[0, AwkwardNames.Length - 1].Array[2].Where(n => n[0] != n[1]))
        .Sample((numbers, picked) =>
        {
            string[] names = [.. picked.Select(i => AwkwardNames[i])];
            int rows = numbers.Length / 3;
            Column[] inputs = [new(names[0]), new(names[1])];
            float[] weights = [.. numbers.Skip(2 * rows).Take(rows).Select(w => Math.Abs(w) + 1)];
            var data = new Dataset("d", inputs, new Target(["class"], [names[1], names[0]]), numbers[..(2 * rows)], [],
                [.. Enumerable.Range(0, rows).Select(i => i % 2)], [],
                [.. weights.Select(w => float.IsFinite(w) ? w : 1)]);
            string path = Path.Combine(scratch.Folder, $"{Guid.NewGuid()}.csv");
            CsvWriter.Write(data, path);
            Dataset back = CsvReader.Read(path, data.Inputs, data.Target, true,
                new() { Header = true, Delimiter = ',', Weight = "weight" }).Data;
            AssertSame(data, back);
        }, iter: 200, threads: 1);

    private static readonly string[] AwkwardNames =
        ["plain", "two words", "com,ma", "semi;colon", "quo\"te", "ümläut", "line\nbreak", "#hash", "tab\tbed"];

    private static void AssertSame(Dataset data, Dataset back)
    {
        Assert.Equal(data.Inputs, back.Inputs, (a, b) => a.Name == b.Name);
        Assert.Equal(data.Target.Names, back.Target.Names);
        Assert.Equal(data.Rows, back.Rows);
        Assert.Equal(data.Numeric.Select(BitConverter.SingleToInt32Bits),
            back.Numeric.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(data.Values, back.Values);
        Assert.Equal(data.Weights, back.Weights);
        Assert.Equal(data.Classes.Select(c => data.Target.Classes[c]),
            back.Classes.Select(c => back.Target.Classes[c]));
    }
}
