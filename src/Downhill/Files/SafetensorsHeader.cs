using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Downhill;

/// <summary>
/// Reads the JSON header of a safetensors file and refuses everything that is not exactly right:
/// <code>{"__metadata__": {text: text, …}, name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}</code>
/// After it the tensors, ordered by offset, cover the data without a hole or an overlap. Time is linear in the header
/// (but for one sort), memory at most a few times its size, whatever the bytes are.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";
    public const string DigestName = "downhill.sha256";

    /// <summary>Says what kind of file of Downhill's it is, and in which version; other files have no such
    /// text.</summary>
    public const string FormatName = "downhill.format";

    /// <summary>The format's own limit on the header, in bytes.</summary>
    public const int MaximumLength = 100_000_000;

    /// <summary>
    /// Our limit on the number of tensors, and of metadata entries: an entry takes more memory than bytes in the file,
    /// and far fewer are ever used.
    /// </summary>
    public const int MaximumEntries = 100_000;

    private const int MaximumDepth = 3;
    private const string Remedy = "Use an intact copy of the file.";

    private readonly string file;
    private readonly Dictionary<string, TensorInfo> byName = [];
    private readonly Dictionary<string, string> metadata = [];
    private readonly List<KeyValuePair<string, string>> metadataInOrder = [];

    private SafetensorsHeader(string file) => this.file = file;

    /// <summary>Ordered by place in the file.</summary>
    public TensorInfo[] Tensors { get; private set; } = [];

    public IReadOnlyDictionary<string, TensorInfo> ByName => byName;

    /// <summary>All but the digest, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata => metadataInOrder;

    public IReadOnlyDictionary<string, string> MetadataByName => metadata;

    /// <summary>Where the digest's digits stand in the header, or -1.</summary>
    public int DigestPosition { get; private set; } = -1;

    /// <param name="file">The file's name for messages.</param>
    /// <param name="header">The header's bytes, padding included.</param>
    /// <param name="dataLength">Number of bytes after the header.</param>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> header, long dataLength)
    {
        SafetensorsHeader result = new(file);
        if (header.IsEmpty || header[0] != (byte)'{')
        {
            result.Refuse("a header that begins with '{'", header.IsEmpty ? "an empty one" : $"byte {header[0]}");
        }
        if (!Utf8.IsValid(header))
        {
            result.Refuse("a header in UTF-8", "other bytes");
        }
        try
        {
            result.ReadRoot(header);
        }
        catch (JsonException exception)
        {
            result.Refuse($"a JSON header of at most {MaximumDepth} levels", exception.Message.TrimEnd('.'));
        }
        catch (InvalidOperationException)
        {
            // The one thing the JSON reader finds late: an escaped half of a surrogate pair.
            result.Refuse("Unicode text in the header", "half of a surrogate pair");
        }
        result.CheckCover(dataLength);
        return result;
    }

    private void ReadRoot(ReadOnlySpan<byte> header)
    {
        Utf8JsonReader json = new(header, new JsonReaderOptions { MaxDepth = MaximumDepth });
        bool hasMetadata = false;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            if (name == MetadataName)
            {
                if (hasMetadata)
                {
                    Refuse($"{MetadataName} once", "it twice");
                }
                hasMetadata = true;
                ReadMetadata(ref json);
            }
            else
            {
                TensorInfo tensor = ReadTensor(ref json, name);
                if (!byName.TryAdd(name, tensor))
                {
                    Refuse(name, "different names", "this one twice");
                }
                if (byName.Count > MaximumEntries)
                {
                    Refuse($"at most {MaximumEntries} tensors", "more");
                }
            }
        }
        json.Read();                                                // anything but space after the header's end throws
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            Refuse($"{MetadataName} to be an object", Describe(json.TokenType));
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            if (json.TokenType != JsonTokenType.String)
            {
                Refuse($"text as {MetadataName} {TensorInfo.Quote(key)}", Describe(json.TokenType));
            }
            bool isDigest = key == DigestName;
            if (isDigest ? DigestPosition >= 0 : !metadata.TryAdd(key, json.GetString()!))
            {
                Refuse($"different keys in {MetadataName}", $"{TensorInfo.Quote(key)} twice");
            }
            if (isDigest)
            {
                if (!Digest.IsWellFormed(json.ValueSpan))
                {
                    Refuse($"{Digest.Digits} lowercase hexadecimal digits as {DigestName}", "other text");
                }
                DigestPosition = (int)json.TokenStartIndex + 1;
                continue;
            }
            metadataInOrder.Add(new(key, metadata[key]));
            if (metadata.Count > MaximumEntries)
            {
                Refuse($"at most {MaximumEntries} entries in {MetadataName}", "more");
            }
        }
    }

    private TensorInfo ReadTensor(ref Utf8JsonReader json, string name)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            Refuse(name, "an object with dtype, shape and data_offsets", Describe(json.TokenType));
        }
        TensorType? type = null;
        int rank = -1, ends = -1;
        Span<long> shape = stackalloc long[TensorInfo.MaximumRank];
        Span<long> offsets = stackalloc long[2];
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string field = json.GetString()!;
            json.Read();
            bool isNew = field switch
            {
                "dtype" => type is null,
                "shape" => rank < 0,
                "data_offsets" => ends < 0,
                _ => Refuse<bool>(name, "only dtype, shape and data_offsets", $"the field {TensorInfo.Quote(field)}"),
            };
            if (!isNew)
            {
                Refuse(name, $"{field} once", "it twice");
            }
            switch (field)
            {
                case "dtype":
                    type = ReadType(ref json, name);
                    break;
                case "shape":
                    rank = ReadNumbers(ref json, name, field, shape);
                    break;
                default:
                    ends = ReadNumbers(ref json, name, field, offsets);
                    break;
            }
        }
        if (type is null || rank < 0 || ends < 0)
        {
            string missing = type is null ? "no dtype" : rank < 0 ? "no shape" : "no data_offsets";
            Refuse(name, "dtype, shape and data_offsets", missing);
        }
        return Place(name, type.Value, shape[..rank], offsets[..ends]);
    }

    private TensorInfo Place(string name, TensorType type, ReadOnlySpan<long> shape, ReadOnlySpan<long> offsets)
    {
        if (offsets.Length != 2 || offsets[0] > offsets[1])
        {
            Refuse(name, "data_offsets [begin, end] with begin ≤ end", TensorInfo.Print(offsets));
        }
        int size = TensorTypes.Size(type);
        if (!TensorInfo.TryCount(shape, size, out long count))
        {
            Refuse(name, "a size below 2^63 bytes", $"the shape {TensorInfo.Print(shape)}, which overflows");
        }
        if (count * size != offsets[1] - offsets[0])
        {
            Refuse(name, $"{count * size} bytes for {TensorTypes.Name(type)}{TensorInfo.Print(shape)}",
                $"{offsets[1] - offsets[0]} bytes from its data_offsets");
        }
        return new(name, type, shape, count, offsets[0]);
    }

    private TensorType ReadType(ref Utf8JsonReader json, string name)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            Refuse(name, "dtype to be text", Describe(json.TokenType));
        }
        string text = json.GetString()!;
        return TensorTypes.TryParse(text, out TensorType type)
            ? type
            : Throw.Input<TensorType>(Where(name), "dtype F32, F64, I64, I32, U8 or BOOL", TensorInfo.Quote(text),
                "Convert the tensor to one of these types.");
    }

    /// <summary>Reads an array of whole numbers from 0 to 2^63-1 and returns how many there were.</summary>
    private int ReadNumbers(ref Utf8JsonReader json, string name, string field, scoped Span<long> numbers)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            Refuse(name, $"{field} to be an array", Describe(json.TokenType));
        }
        int count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || json.ValueSpan[0] == (byte)'-'
                || !json.TryGetInt64(out long number))
            {
                Refuse(name, $"whole numbers from 0 to 2^63-1 in {field}", json.TokenType != JsonTokenType.Number
                    ? Describe(json.TokenType)
                    : System.Text.Encoding.ASCII.GetString(json.ValueSpan[..Math.Min(json.ValueSpan.Length, 40)]));
                continue;
            }
            if (count == numbers.Length)
            {
                Refuse(name, $"at most {numbers.Length} numbers in {field}", "more");
            }
            numbers[count++] = number;
        }
        return count;
    }

    /// <summary>Orders the tensors by place and checks that they cover the data: the next begins where one
    /// ends.</summary>
    private void CheckCover(long dataLength)
    {
        Tensors = [.. byName.Values];
        Array.Sort(Tensors, static (a, b) =>
            a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin)
            : a.End != b.End ? a.End.CompareTo(b.End)
            : string.CompareOrdinal(a.Name, b.Name));
        long end = 0;
        foreach (TensorInfo tensor in Tensors)
        {
            if (tensor.Begin != end)
            {
                Refuse(tensor.Name, $"data that begins at {end}, where the one before it ends",
                    $"{(tensor.Begin < end ? "an overlap" : "a hole")}: it begins at {tensor.Begin}");
            }
            end = tensor.End;
            if (end > dataLength)
            {
                Refuse(tensor.Name, $"data that ends at {end}", $"a file with {dataLength} bytes of data");
            }
        }
        if (end != dataLength)
        {
            Refuse($"{end} bytes of data", $"{dataLength}");
        }
    }

    private string Where(string tensor) => $"{file}, tensor {TensorInfo.Quote(tensor)}";

    [DoesNotReturn]
    private void Refuse(string expected, string got) => Throw.Input(file, expected, got, Remedy);

    [DoesNotReturn]
    private void Refuse(string tensor, string expected, string got) =>
        Throw.Input(Where(tensor), expected, got, Remedy);

    [DoesNotReturn]
    private T Refuse<T>(string tensor, string expected, string got) =>
        Throw.Input<T>(Where(tensor), expected, got, Remedy);

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "null",
    };
}
