using System.Diagnostics.CodeAnalysis;
using Parquet;
using Parquet.Schema;

namespace Downhill.Data;

/// <summary>One column of a Parquet file: its values in the present row group.</summary>
internal abstract class ParquetColumn(
    string name, [DynamicallyAccessedMembers(ParquetColumn.OfFieldType)] Type type)
{
    /// <summary>What the type of a column of a <see cref="System.Data.Common.DbDataReader"/> may be asked
    /// for.</summary>
    public const DynamicallyAccessedMemberTypes OfFieldType =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties;

    public string Name => name;

    [DynamicallyAccessedMembers(OfFieldType)]
    public Type Type { get; } = type;

    /// <summary>Reads the column's part of a row group; what was there before is gone.</summary>
    public abstract void Load(ParquetRowGroupReader group, int rows);

    /// <summary>The value in a row of the present group, <see cref="DBNull"/> for none.</summary>
    public abstract object this[int row] { get; }

    /// <summary>The column of a field at the top of the schema.</summary>
    /// <param name="field">The field.</param>
    /// <param name="isInRuns">Whether it holds truth values in a coding that is not read.</param>
    public static ParquetColumn Of(Field field, bool isInRuns) =>
        isInRuns ? new Unread<RunLengthTruth>(field.Name)
        : field is not DataField data || data.IsArray ? new Unread<NestedValue>(field.Name)
        : data.ClrType == typeof(ReadOnlyMemory<char>) ? new Texts(data)
        : data.ClrType == typeof(ReadOnlyMemory<byte>) ? new Bytes(data)
        : data.ClrType == typeof(bool) ? new Values<bool>(data)
        : data.ClrType == typeof(float) ? new Values<float>(data)
        : data.ClrType == typeof(double) ? new Values<double>(data)
        : data.ClrType == typeof(sbyte) ? new Values<sbyte>(data)
        : data.ClrType == typeof(byte) ? new Values<byte>(data)
        : data.ClrType == typeof(short) ? new Values<short>(data)
        : data.ClrType == typeof(ushort) ? new Values<ushort>(data)
        : data.ClrType == typeof(int) ? new Values<int>(data)
        : data.ClrType == typeof(uint) ? new Values<uint>(data)
        : data.ClrType == typeof(long) ? new Values<long>(data)
        : data.ClrType == typeof(ulong) ? new Values<ulong>(data)
        : data.ClrType == typeof(decimal) ? new Values<decimal>(data)
        : data.ClrType == typeof(DateTime) ? new Values<DateTime>(data)
        : data.ClrType == typeof(DateOnly) ? new Values<DateOnly>(data)
        : data.ClrType == typeof(Guid) ? new Values<Guid>(data)
        : new Unread<OtherValue>(field.Name);

    private sealed class Values<[DynamicallyAccessedMembers(OfFieldType)] T>(DataField field)
        : ParquetColumn(field.Name, typeof(T))
        where T : struct
    {
        private T[] plain = [];
        private T?[] nullable = [];

        public override object this[int row] =>
            !field.IsNullable ? plain[row] : nullable[row] is T value ? value : DBNull.Value;

        public override void Load(ParquetRowGroupReader group, int rows)
        {
            if (field.IsNullable) group.ReadAsync<T>(field, Room(ref nullable, rows)).AsTask().GetAwaiter().GetResult();
            else group.ReadAsync<T>(field, Room(ref plain, rows)).AsTask().GetAwaiter().GetResult();
        }
    }

    private sealed class Texts(DataField field) : ParquetColumn(field.Name, typeof(string))
    {
        private string?[] values = [];

        public override object this[int row] => (object?)values[row] ?? DBNull.Value;

        public override void Load(ParquetRowGroupReader group, int rows) =>
            group.ReadAsync(field, Room(ref values, rows)).AsTask().GetAwaiter().GetResult();
    }

    private sealed class Bytes(DataField field) : ParquetColumn(field.Name, typeof(byte[]))
    {
        private byte[]?[] values = [];

        public override object this[int row] => (object?)values[row] ?? DBNull.Value;

        public override void Load(ParquetRowGroupReader group, int rows) =>
            group.ReadAsync(field, Room(ref values, rows)).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>What is not read: it is there by name, to be refused with its type or left out.</summary>
    private sealed class Unread<[DynamicallyAccessedMembers(OfFieldType)] T>(string name)
        : ParquetColumn(name, typeof(T))
        where T : class, new()
    {
        private readonly T value = new();

        public override object this[int row] => value;

        public override void Load(ParquetRowGroupReader group, int rows) { }
    }

    /// <summary>Stands for a list, a map or a structure.</summary>
    private sealed class NestedValue;

    /// <summary>Stands for truth values written as lengths of runs.</summary>
    private sealed class RunLengthTruth;

    /// <summary>Stands for a value of a kind that is not read, such as a time of day.</summary>
    private sealed class OtherValue;

    private static Memory<T> Room<T>(ref T[] values, int rows)
    {
        if (values.Length < rows) values = new T[rows];
        return values.AsMemory(0, rows);
    }
}
