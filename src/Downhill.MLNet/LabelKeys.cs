using System.Globalization;
using Microsoft.ML.Data;

namespace Downhill.MLNet;

/// <summary>
/// The values behind the keys of a label column, so that <c>Conversion.MapKeyToValue</c> gives a predicted label the
/// type
/// and the spelling of the label.
/// </summary>
/// <param name="Names">One per key, in key order; they are the model's class names.</param>
/// <param name="Type">ML.NET's type of one value.</param>
internal sealed record LabelKeys(IReadOnlyList<string> Names, PrimitiveDataViewType Type)
{
    private static readonly PrimitiveDataViewType[] Types =
    [
        TextDataViewType.Instance, NumberDataViewType.Single, NumberDataViewType.Double, NumberDataViewType.Int32,
        NumberDataViewType.Int64, NumberDataViewType.UInt32, NumberDataViewType.Byte,
    ];

    /// <summary>Stands for values that are known only after fitting.</summary>
    public static LabelKeys Placeholder(DataViewType type) => new(["0"], Known(type));

    /// <summary>By the type's name in a file.</summary>
    public static LabelKeys Of(IReadOnlyList<string> names, string type) =>
        new(names, Types.FirstOrDefault(t => t.ToString() == type) ?? TextDataViewType.Instance);

    /// <summary>The values of a key column, or null when it has none.</summary>
    public static LabelKeys? Read(Microsoft.ML.DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull("KeyValues") is not { Type: VectorDataViewType vector })
            return null;
        PrimitiveDataViewType type = Known(vector.ItemType);
        string[] names = type == NumberDataViewType.Single ? Values<float>()
            : type == NumberDataViewType.Double ? Values<double>()
            : type == NumberDataViewType.Int32 ? Values<int>()
            : type == NumberDataViewType.Int64 ? Values<long>()
            : type == NumberDataViewType.UInt32 ? Values<uint>()
            : type == NumberDataViewType.Byte ? Values<byte>()
            : Values<ReadOnlyMemory<char>>();
        return new(names, type);

        string[] Values<TValue>()
        {
            VBuffer<TValue> values = default;
            column.GetKeyValues(ref values);
            return [.. values.DenseValues().Select(v => Convert.ToString(v, CultureInfo.InvariantCulture)!)];
        }
    }

    /// <summary>Adds the values to a column of keys.</summary>
    public void AddTo(SchemaDefinition.Column column)
    {
        VectorDataViewType type = new(Type, Names.Count);
        if (Type == NumberDataViewType.Single) Add(n => float.Parse(n, CultureInfo.InvariantCulture));
        else if (Type == NumberDataViewType.Double) Add(n => double.Parse(n, CultureInfo.InvariantCulture));
        else if (Type == NumberDataViewType.Int32) Add(n => int.Parse(n, CultureInfo.InvariantCulture));
        else if (Type == NumberDataViewType.Int64) Add(n => long.Parse(n, CultureInfo.InvariantCulture));
        else if (Type == NumberDataViewType.UInt32) Add(n => uint.Parse(n, CultureInfo.InvariantCulture));
        else if (Type == NumberDataViewType.Byte) Add(n => byte.Parse(n, CultureInfo.InvariantCulture));
        else Add(n => n.AsMemory());

        void Add<TValue>(Func<string, TValue> value) =>
            column.AddAnnotation("KeyValues", new VBuffer<TValue>(Names.Count, [.. Names.Select(value)]), type);
    }

    private static PrimitiveDataViewType Known(DataViewType type) =>
        Types.FirstOrDefault(t => t == type) ?? TextDataViewType.Instance;
}
