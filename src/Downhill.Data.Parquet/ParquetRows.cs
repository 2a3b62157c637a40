using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Parquet;
using ColumnChunk = Parquet.Meta.ColumnChunk;
using ColumnMetaData = Parquet.Meta.ColumnMetaData;
using Encoding = Parquet.Meta.Encoding;
using PageType = Parquet.Meta.PageType;
using RowGroup = Parquet.Meta.RowGroup;

namespace Downhill.Data;

/// <summary>The rows of a Parquet file, one row group in memory at a time.</summary>
internal sealed class ParquetRows : DbDataReader
{
    /// <summary>The most rows of a row group: writers make groups of about a million, and a file of a few bytes may
    /// claim any number.</summary>
    public const int MostGroupRows = 1 << 24;

    private readonly string path;
    private readonly Stream stream;
    private readonly ParquetReader file;
    private readonly ParquetColumn[] columns;
    private int group = -1, rows, row = -1;
    private bool isClosed;

    public ParquetRows(string path)
    {
        this.path = path;
        stream = TableText.Open(path);
        try
        {
            file = Guard("", () => ParquetReader.CreateAsync(stream).GetAwaiter().GetResult());
            HasRows = CheckGroups() > 0;
            columns = Guard("", () => file.Schema.Fields.Select(field =>
                ParquetColumn.Of(field, AreTruthsInRuns(field.Name))).ToArray());
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public override int FieldCount => columns.Length;
    public override bool HasRows { get; }
    public override bool IsClosed => isClosed;
    public override int Depth => 0;
    public override int RecordsAffected => -1;
    public override object this[int ordinal] => GetValue(ordinal);
    public override object this[string name] => GetValue(GetOrdinal(name));

    public override bool Read()
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (++row < rows) return true;
        (row, rows) = (0, 0);
        while (rows == 0 && ++group < file.RowGroupCount) rows = Load();
        return rows > 0;
    }

    /// <summary>A file has one table.</summary>
    public override bool NextResult()
    {
        (group, row, rows) = (file.RowGroupCount, 0, 0);
        return false;
    }

    /// <summary>What the footer says about the row groups: sizes that fit each other and the file.</summary>
    /// <returns>The rows of the file.</returns>
    private long CheckGroups()
    {
        long all = 0;
        for (int i = 0; i < file.RowGroupCount; i++)
        {
            RowGroup declared = file.Metadata!.RowGroups[i];
            if (declared.NumRows is < 0 or > MostGroupRows)
                Throw.Input($"{path}, row group {i + 1}", $"at most {MostGroupRows:N0} rows", $"{declared.NumRows:N0}",
                    "Write the file with smaller row groups.");
            foreach (ColumnChunk chunk in declared.Columns)
            {
                ColumnMetaData? about = chunk.MetaData;
                string where = $"{path}, row group {i + 1}, column '{string.Join('.', about?.PathInSchema ?? [])}'";
                if (about is null || chunk.FilePath is not null)
                    Throw.Input(where, "its data in this file", "a reference to another file", "Name that file.");
                long start = Math.Min(about.DataPageOffset, about.DictionaryPageOffset ?? long.MaxValue);
                // Lists have other numbers of values; they are not read.
                if (about.PathInSchema.Count == 1 && about.NumValues != declared.NumRows)
                    Throw.Input(where, $"a value or a null for each of {declared.NumRows:N0} rows",
                        $"{about.NumValues:N0}", Remedy);
                if (start < 0 || about.TotalCompressedSize < 0 || about.TotalCompressedSize > stream.Length - start)
                    Throw.Input(where, $"data within the {stream.Length:N0} bytes of the file",
                        $"{about.TotalCompressedSize:N0} bytes from {start:N0} on", Remedy);
            }
            all += declared.NumRows;
        }
        return all;
    }

    /// <summary>Whether a column's truth values are written as lengths of runs, as some writers do in pages of version
    /// 2: the library takes the bytes for something else (6.1.0) and gives wrong values without a word.</summary>
    private bool AreTruthsInRuns(string column) => file.Metadata!.RowGroups.SelectMany(declared => declared.Columns)
        .Any(chunk => chunk.MetaData is { Type: Parquet.Meta.Type.BOOLEAN } about && about.PathInSchema[0] == column
            && (about.EncodingStats is { Count: > 0 } pages
                ? pages.Any(page => page.PageType is PageType.DATA_PAGE or PageType.DATA_PAGE_V2
                    && page.Encoding != Encoding.PLAIN)
                : !about.Encodings.Contains(Encoding.PLAIN)));

    private int Load()
    {
        using ParquetRowGroupReader reader = Guard("", () => file.OpenRowGroupReader(group));
        int count = (int)reader.RowCount;
        foreach (ParquetColumn column in columns)
            Guard($", row group {group + 1}, column '{column.Name}'", () =>
            {
                column.Load(reader, count);
                return true;
            });
        return count;
    }

    /// <summary>Whatever the decoding of a damaged file meets is one message.</summary>
    private T Guard<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not DownhillException)
        {
            throw new DownhillException(
                $"{path}{place}: expected a whole Parquet file, got what cannot be read ({e.Message.TrimEnd('.')}). "
                    + Remedy, e);
        }
    }

    private const string Remedy = "Check that it was written completely, and is Parquet.";

    public override object GetValue(int ordinal) => row < rows && row >= 0 ? columns[ordinal][row]
        : throw new InvalidOperationException("There is no present row: call Read first.");

    public override int GetValues(object[] values)
    {
        int count = Math.Min(values.Length, columns.Length);
        for (int i = 0; i < count; i++) values[i] = GetValue(i);
        return count;
    }

    public override string GetName(int ordinal) => columns[ordinal].Name;

    public override int GetOrdinal(string name)
    {
        int at = Array.FindIndex(columns, column => column.Name == name);
        return at >= 0 ? at : throw new IndexOutOfRangeException($"'{name}' is no column of {path}.");
    }

    [return: DynamicallyAccessedMembers(ParquetColumn.OfFieldType)]
    public override Type GetFieldType(int ordinal) => columns[ordinal].Type;

    public override string GetDataTypeName(int ordinal) => columns[ordinal].Type.Name;
    public override bool IsDBNull(int ordinal) => GetValue(ordinal) is DBNull;
    public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);
    public override byte GetByte(int ordinal) => (byte)GetValue(ordinal);
    public override char GetChar(int ordinal) => (char)GetValue(ordinal);
    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);
    public override decimal GetDecimal(int ordinal) => (decimal)GetValue(ordinal);
    public override double GetDouble(int ordinal) => (double)GetValue(ordinal);
    public override float GetFloat(int ordinal) => (float)GetValue(ordinal);
    public override Guid GetGuid(int ordinal) => (Guid)GetValue(ordinal);
    public override short GetInt16(int ordinal) => (short)GetValue(ordinal);
    public override int GetInt32(int ordinal) => (int)GetValue(ordinal);
    public override long GetInt64(int ordinal) => (long)GetValue(ordinal);
    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        Part((byte[])GetValue(ordinal), dataOffset, buffer, bufferOffset, length);

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        Part(GetString(ordinal).AsSpan(), dataOffset, buffer, bufferOffset, length);

    /// <summary>Copies a part; without a buffer, how much there is.</summary>
    private static long Part<T>(ReadOnlySpan<T> all, long from, T[]? buffer, int at, int length)
    {
        if (buffer is null) return all.Length;
        ReadOnlySpan<T> left = all[(int)Math.Min(from, all.Length)..];
        left = left[..Math.Min(length, left.Length)];
        left.CopyTo(buffer.AsSpan(at));
        return left.Length;
    }

    public override IEnumerator GetEnumerator() => new DbEnumerator(this);

    public override void Close()
    {
        if (isClosed) return;
        isClosed = true;
        file.DisposeAsync().AsTask().GetAwaiter().GetResult();
        stream.Dispose();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Close();
        base.Dispose(disposing);
    }
}
