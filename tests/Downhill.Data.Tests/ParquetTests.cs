using System.Data.Common;
using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Schema;
using Xunit;

namespace Downhill.Data.Tests;

/// <summary>Parquet files of three writers, read value for value and as the same table in CSV; damaged ones
/// refused.</summary>
public sealed class ParquetTests : IDisposable
{
    private const int Rows = 250;

    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    /// <summary>Written by fixtures/make.mjs: every compression, dictionaries and delta encodings, both page versions,
    /// several row groups.</summary>
    public static TheoryData<string> Written { get; } =
    [
        "rust-snappy", "rust-zstd-groups", "rust-gzip-v2", "rust-brotli-plain", "rust-lz4", "rust-none-delta",
        "hyparquet",
    ];

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", $"{name}.parquet");

    /// <summary>The rows of make.mjs, null for no value.</summary>
    private static object?[] Row(int i) =>
    [
        i % 11 == 0 ? null : i / 4.0 - 3,
        (float)(i * 1e-3),
        i % 7 == 0 ? null : i * 37 % 101,
        i * 1000003L,
        i % 13 == 0 ? null : i % 3 == 0,
        i % 5 == 0 ? null : ((string[])["red", "grün", "bleu, clair"])[i % 3],
        i % 17 == 0 ? null : new DateTime(2026, 1, 1).AddDays(i).AddHours(i % 24),
        i % 2 == 0 ? "a" : "b",
    ];

    private static readonly string[] Names = ["length", "width", "count", "big", "flag", "colour", "day", "kind"];

    [Theory, MemberData(nameof(Written))]
    public void EveryValueOfOtherWritersArrives(string name)
    {
        using DbDataReader reader = ParquetTable.Open(Fixture(name));
        Assert.Equal(Names, Enumerable.Range(0, reader.FieldCount).Select(reader.GetName));
        int row = 0;
        for (; reader.Read(); row++)
        {
            object?[] expected = Row(row);
            for (int column = 0; column < expected.Length; column++)
            {
                object got = reader.GetValue(column);
                // Widths of whole numbers are the writer's choice.
                if (expected[column] is int whole) Assert.Equal(
                    whole, Convert.ToInt32(got, CultureInfo.InvariantCulture));
                else Assert.Equal(expected[column] ?? DBNull.Value, got);
            }
        }
        Assert.Equal(Rows, row);
        Assert.False(reader.Read());
    }

    [Theory, MemberData(nameof(Written))]
    public void ItIsTheTableThatCsvGives(string name)
    {
        StringBuilder text = new($"{string.Join(',', Names)}\n");
        for (int i = 0; i < Rows; i++)
            text.AppendJoin(',', Row(i).Select(value => value switch
            {
                null => "",
                bool truth => truth ? "true" : "false",
                string words => $"\"{words}\"",
                DateTime day => day.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture),
                _ => Convert.ToString(value, CultureInfo.InvariantCulture),
            })).Append('\n');
        Dataset expected = CsvReader.Read(scratch.Text("same.csv", text.ToString())).Data;
        Dataset got = ParquetTable.Read(Fixture(name)).Data;
        Same(expected, got);
        Assert.Equal(["a", "b"], got.Target.Classes);
        Assert.Equal([ColumnKind.Category, ColumnKind.Category],
            got.Inputs.Where(column => column.Name is "flag" or "colour").Select(column => column.Kind));
        Assert.Contains("day.weekday", got.Inputs.Select(column => column.Name));
        Same(expected, ParquetTable.Read(Fixture(name), expected.Inputs, expected.Target, needTarget: true).Data);
    }

    private static void Same(Dataset expected, Dataset got)
    {
        Assert.Equal(expected.Inputs.Select(column => (column.Name, column.Kind)),
            got.Inputs.Select(column => (column.Name, column.Kind)));
        Assert.Equal(expected.Inputs.Select(column => column.Categories),
            got.Inputs.Select(column => column.Categories));
        Assert.Equal(expected.Numeric, got.Numeric);
        Assert.Equal(expected.Codes, got.Codes);
        Assert.Equal(expected.Classes, got.Classes);
        Assert.Equal(expected.Values, got.Values);
    }

    /// <summary>Kinds of numbers that the other writers do not make, written by Parquet.Net.</summary>
    [Fact]
    public async Task DecimalsDaysAndUnsignedNumbersAreNumbersAndDates()
    {
        DataField[] fields =
        [
            new DecimalDataField("price", 10, 2), new DataField<DateOnly>("day"), new DataField<ulong>("id"),
            new DataField<byte>("small"), new DataField<double?>("gap"), new DataField<float>("y"),
        ];
        string path = Path.Combine(scratch.Folder, "kinds.parquet");
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using (FileStream stream = File.Create(path))
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream,
            cancellationToken: stop))
            foreach (int from in (int[])[0, 3])
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                int[] at = [from, from + 1, from + 2];
                await group.WriteAsync<decimal>(
                    fields[0], at.Select(i => i + 0.25m).ToArray(), cancellationToken: stop);
                await group.WriteAsync<DateOnly>(
                    fields[1], at.Select(i => new DateOnly(2026, 11, 20).AddDays(i)).ToArray(),
                        cancellationToken: stop);
                await group.WriteAsync<ulong>(fields[2], at.Select(i => ulong.MaxValue - (ulong)i).ToArray(),
                    cancellationToken: stop);
                await group.WriteAsync<byte>(fields[3], at.Select(i => (byte)(250 + i)).ToArray(),
                    cancellationToken: stop);
                await group.WriteAsync<double>(fields[4], at.Select(i => i == 4 ? null : (double?)i).ToArray(),
                    cancellationToken: stop);
                await group.WriteAsync<float>(fields[5], at.Select(i => i * 0.5f).ToArray(), cancellationToken: stop);
            }
        Dataset data = ParquetTable.Read(path, new() { Task = TableTask.Regress }).Data;
        Assert.Equal(["price", "day.year", "day.month", "day.day", "day.weekday", "day.hour", "id", "small", "gap"],
            data.Inputs.Select(column => column.Name));
        for (int i = 0; i < 6; i++)
        {
            float[] row = data.Numeric[(9 * i)..(9 * i + 9)];
            Assert.Equal([i + 0.25f, 2026, 11, 20 + i], row.Take(4));
            Assert.Equal([ulong.MaxValue, 250 + i, i == 4 ? float.NaN : i], row.Skip(6));
        }
        Assert.Equal([0, 0.5f, 1, 1.5f, 2, 2.5f], data.Values);
    }

    [Fact]
    public void ListsAndBytesAreRefusedByNameUnlessLeftOut()
    {
        string path = Fixture("lists");
        Assert.Contains("'many'", Refused(() => ParquetTable.Read(path)), StringComparison.Ordinal);
        Assert.Contains("bytes", Refused(() => ParquetTable.Read(path, new() { Ignore = "many" })),
            StringComparison.Ordinal);
        Dataset data = ParquetTable.Read(path, new() { Ignore = "many,bytes" }).Data;
        Assert.Equal([1.5f, 2.5f, 3.5f], data.Numeric);
        Assert.Equal([0, 1, 0], data.Classes);
    }

    /// <summary>The library would give wrong truth values for this coding.</summary>
    [Fact]
    public void TruthValuesInRunsAreRefusedByNameUnlessLeftOut()
    {
        Assert.Contains("column 'flag'", Refused(() => ParquetTable.Read(Fixture("rust-v2-runs"))),
            StringComparison.Ordinal);
        Dataset data = ParquetTable.Read(Fixture("rust-v2-runs"), new() { Ignore = "flag" }).Data;
        Assert.Equal(Rows, data.Rows);
        Assert.DoesNotContain("flag", data.Inputs.Select(column => column.Name));
    }

    [Fact]
    public void WhatIsNoParquetFileIsRefusedWithItsName()
    {
        Assert.Contains("nothing by that name", Refused(() => ParquetTable.Open(Path.Combine(scratch.Folder,
            "none.parquet"))), StringComparison.Ordinal);
        foreach (byte[] bytes in (byte[][])[[], [.. "PAR1"u8], [.. "PAR1PAR1"u8], [.. "a,b\n1,2\n3,4\n"u8],
            [.. "PAR1\xFF\xFF\xFF\x7FPAR1"u8], [.. "PARE\x04\0\0\0PARE"u8]])
            Assert.Contains("expected a whole Parquet file",
                Refused(() => ParquetTable.Open(scratch.Bytes("no.parquet", bytes))), StringComparison.Ordinal);
    }

    /// <summary>A file cut anywhere is refused; one with a wrong byte is refused or read, never anything
    /// else.</summary>
    [Theory, InlineData("lists"), InlineData("hyparquet")]
    public void DamagedFilesAreRefusedAndNothingElse(string name)
    {
        byte[] whole = File.ReadAllBytes(Fixture(name));
        for (int length = 0; length < whole.Length; length += 1 + whole.Length / 70)
            Assert.NotEmpty(Refused(() => ReadAll(whole[..length])));
        int read = 0, refused = 0;
        for (int at = 0; at < whole.Length; at += 1 + whole.Length / 100)
            foreach (byte wrong in (ReadOnlySpan<byte>)[0xFF, (byte)(whole[at] ^ 1)])
            {
                byte[] damaged = [.. whole];
                damaged[at] = wrong;
                try
                {
                    ReadAll(damaged);
                    read++;
                }
                catch (DownhillException)
                {
                    refused++;
                }
            }
        Assert.True(read > 0 && refused > 0, $"{read} read, {refused} refused");
    }

    /// <summary>A few bytes may claim any number of rows; nothing is made of the claim.</summary>
    [Fact]
    public void ARowGroupOfBillionsIsRefusedBeforeRoomIsMadeForIt()
    {
        byte[] bytes = File.ReadAllBytes(Fixture("lists"));
        // In Thrift's compact form the three rows are one byte, 3 doubled: field 3 of the footer and of the row group.
        int[] places = [.. Enumerable.Range(0, bytes.Length - 1).Where(i => bytes[i] == 0x16 && bytes[i + 1] == 6)];
        Assert.NotEmpty(places);
        bool seen = false;
        foreach (int place in places)
        {
            // 2^40 − 1 doubled is six bytes of Thrift's variable length.
            byte[] hostile =
                [.. bytes[..(place + 1)], 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F, .. bytes[(place + 2)..]];
            int length = BitConverter.ToInt32(hostile, hostile.Length - 8) + 5;
            BitConverter.TryWriteBytes(hostile.AsSpan(hostile.Length - 8), length);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(hostile);
            }
            catch (DownhillException e)
            {
                seen |= e.Message.Contains("16,777,216 rows", StringComparison.Ordinal);
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        }
        Assert.True(seen);
    }

    private void ReadAll(byte[] bytes)
    {
        string path = scratch.Bytes("damaged.parquet", bytes);
        using DbDataReader reader = ParquetTable.Open(path);
        object[] values = new object[reader.FieldCount];
        while (reader.Read()) reader.GetValues(values);
    }

    private static string Refused(Action act) => Assert.Throws<DownhillException>(act).Message;

    private static string Refused(Func<object> act) => Assert.Throws<DownhillException>(act).Message;
}
