using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Xunit;

namespace Downhill.Tests;

/// <summary>Files made to hurt. Each is refused with its reason, within a memory bound set by its own length.</summary>
public sealed class HostileSafetensorsTests
{
    private static byte[] Raw(ulong headerLength, byte[] rest)
    {
        byte[] bytes = new byte[8 + rest.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, headerLength);
        rest.CopyTo(bytes, 8);
        return bytes;
    }

    private static byte[] Raw(byte[] header, int dataLength) =>
        Raw((ulong)header.Length, [.. header, .. new byte[dataLength]]);

    private static byte[] Json(string header, int dataLength = 0) => Raw(Encoding.UTF8.GetBytes(header), dataLength);

    /// <summary>A file with one tensor "t".</summary>
    private static byte[] One(string fields, int dataLength = 0) => Json($"{{\"t\":{{{fields}}}}}", dataLength);

    private static byte[] Digest(string value) => Json($"{{\"__metadata__\":{{\"downhill.sha256\":\"{value}\"}}}}");

    private static string Tensor(string name, long begin, long end) =>
        $$"""{{name}}:{"dtype":"U8","shape":[{{end - begin}}],"data_offsets":[{{begin}},{{end}}]}""";

    private static string Many(string prefix, int count, Func<int, string> entry, string suffix) =>
        prefix + string.Join(',', Enumerable.Range(0, count).Select(entry)) + suffix;

    private static readonly string Digits = new('0', 64);

    /// <summary>Name, file, and what the message must say.</summary>
    private static readonly (string Name, Func<byte[]> File, string Reason)[] Table =
    [
        ("empty", () => [], "0 bytes"),
        ("7 bytes", () => new byte[7], "7 bytes"),
        ("header length 0", () => Raw(0, []), "begins with '{'"),
        ("header length above the limit", () => Raw(100_000_001, [(byte)'{']), "at most 100000000 bytes"),
        ("header length 2^63", () => Raw(1UL << 63, [(byte)'{']), "at most 100000000 bytes"),
        ("header length 2^64-1", () => Raw(ulong.MaxValue, [(byte)'{']), "at most 100000000 bytes"),
        ("header of 100 MB in a file of 9 bytes", () => Raw(100_000_000, [(byte)'{']), "1 bytes after its length"),
        ("header one byte longer than the file", () => Raw(3, "{}"u8.ToArray()), "2 bytes after its length"),
        ("header is an array", () => Json("[]"), "begins with '{'"),
        ("header begins with a space", () => Json(" {}"), "begins with '{'"),
        ("header begins with a byte order mark", () => Json("\ufeff{}"), "begins with '{'"),
        ("header not UTF-8", () => Raw([.. "{\""u8, 0xFF, .. "\":1}"u8], 0), "UTF-8"),
        ("header with an overlong encoding", () => Raw([.. "{\""u8, 0xC0, 0xAF, .. "\":1}"u8], 0), "UTF-8"),
        ("half a surrogate pair, escaped, in a name", () => Json("""{"\ud800":{}}"""), "surrogate"),
        ("half a surrogate pair, escaped, in a text", () => Json("""{"__metadata__":{"a":"\udc00"}}"""), "surrogate"),
        ("JSON cut short", () => Json("""{"t":{"dtype":"U8" """), "JSON"),
        ("JSON with a comment", () => Json("{/**/}"), "JSON"),
        ("JSON with a comma too many", () => Json("""{"__metadata__":{},}"""), "JSON"),
        ("second JSON value after the header", () => Json("{}{}"), "JSON"),
        ("zeros after the header", () => Json("{}\0\0"), "JSON"),
        ("control character in a name", () => Json("{\"\u0001\":{}}"), "JSON"),
        ("a million arrays in one another", () => Json("{\"t\":" + new string('[', 1_000_000)), "an object"),
        ("a million objects in one another", () => Json("{" + string.Concat(Enumerable.Repeat("\"t\":{", 1_000_000))),
            "only dtype, shape and data_offsets"),
        ("deep nesting in shape", () => One($"\"shape\":{new string('[', 1000)}"), "at most 3 levels"),
        ("tensor twice", () => Json($"{{{Tensor("\"t\"", 0, 1)},{Tensor("\"t\"", 1, 2)}}}", 2), "this one twice"),
        ("tensor twice, once escaped", () => Json($"{{{Tensor("\"t\"", 0, 1)},{Tensor("\"\\u0074\"", 1, 2)}}}", 2),
            "this one twice"),
        ("metadata twice", () => Json("""{"__metadata__":{},"__metadata__":{}}"""), "it twice"),
        ("key in metadata twice", () => Json("""{"__metadata__":{"a":"1","a":"2"}}"""), "\"a\" twice"),
        ("metadata not an object", () => Json("""{"__metadata__":[]}"""), "an array"),
        ("metadata null", () => Json("""{"__metadata__":null}"""), "null"),
        ("number in metadata", () => Json("""{"__metadata__":{"a":1}}"""), "a number"),
        ("object in metadata", () => Json("""{"__metadata__":{"a":{}}}"""), "an object"),
        ("digest too short", () => Json("""{"__metadata__":{"downhill.sha256":"00"}}"""), "64 lowercase"),
        ("digest in capitals", () => Digest(new string('A', 64)),
            "64 lowercase"),
        ("digest escaped", () => Digest("\\u0030" + Digits[1..]),
            "64 lowercase"),
        ("digest twice", () => Digest(Digits + "\",\"downhill.sha256\":\"" + Digits),
            "\"downhill.sha256\" twice"),
        ("digest wrong", () => Digest(Digits), "damaged"),
        ("tensor not an object", () => Json("""{"t":1}"""), "a number"),
        ("tensor without fields", () => One(""), "no dtype"),
        ("no dtype", () => One("\"shape\":[],\"data_offsets\":[0,0]"), "no dtype"),
        ("no shape", () => One("\"dtype\":\"U8\",\"data_offsets\":[0,0]"), "no shape"),
        ("no offsets", () => One("\"dtype\":\"U8\",\"shape\":[0]"), "no data_offsets"),
        ("field twice", () => One("\"dtype\":\"U8\",\"dtype\":\"U8\""), "dtype once"),
        ("unknown field", () => One("\"code\":\"x\""), "\"code\""),
        ("unknown dtype", () => One("\"dtype\":\"F33\""), "\"F33\""),
        ("half precision", () => One("\"dtype\":\"BF16\""), "F32, F64, I64, I32, U8 or BOOL, got \"BF16\""),
        ("dtype in small letters", () => One("\"dtype\":\"f32\""), "\"f32\""),
        ("dtype a number", () => One("\"dtype\":1"), "dtype to be text"),
        ("shape a number", () => One("\"shape\":1"), "shape to be an array"),
        ("negative dimension", () => One("\"shape\":[-1]"), "got -1"),
        ("negative zero", () => One("\"shape\":[-0]"), "got -0"),
        ("fraction as dimension", () => One("\"shape\":[1.0]"), "got 1.0"),
        ("exponent as dimension", () => One("\"shape\":[1e3]"), "got 1e3"),
        ("dimension 2^64", () => One("\"shape\":[18446744073709551616]"), "got 18446744073709551616"),
        ("dimension with a million digits", () => One($"\"shape\":[{new string('9', 1_000_000)}]"), "got 99999"),
        ("text as dimension", () => One("\"shape\":[\"2\"]"), "got text"),
        ("a million dimensions", () => One(Many("\"shape\":[", 1_000_000, _ => "1", "]")), "at most 64 numbers"),
        ("product of the shape overflows", () =>
            One("\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]"), "overflows"),
        ("product overflows before a 0", () =>
            One("\"dtype\":\"U8\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]"), "overflows"),
        ("size in bytes overflows", () =>
            One("\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]"), "overflows"),
        ("huge shape in a small file", () =>
            One("\"dtype\":\"F32\",\"shape\":[1000000,1000000],\"data_offsets\":[0,4]", 4), "4000000000000 bytes"),
        ("huge shape and huge offsets in a small file", () =>
            One("\"dtype\":\"U8\",\"shape\":[4000000000000],\"data_offsets\":[0,4000000000000]", 4), "4 bytes of data"),
        ("offsets up to 2^63-1", () => Json($"{{{Tensor("\"t\"", 0, long.MaxValue)}}}", 4), "4 bytes of data"),
        ("size and offsets differ", () => One("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]", 4), "8 bytes"),
        ("offsets in reverse", () => One("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]", 1), "begin ≤ end"),
        ("one offset", () => One("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1]", 1), "[begin, end]"),
        ("three offsets", () => One("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]", 1), "at most 2 numbers"),
        ("negative offset", () => One("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]", 1), "got -1"),
        ("overlap", () => Json($"{{{Tensor("\"a\"", 0, 4)},{Tensor("\"b\"", 3, 5)}}}", 5), "an overlap"),
        ("the same bytes twice", () => Json($"{{{Tensor("\"a\"", 0, 4)},{Tensor("\"b\"", 0, 4)}}}", 4), "an overlap"),
        ("hole", () => Json($"{{{Tensor("\"a\"", 0, 2)},{Tensor("\"b\"", 3, 5)}}}", 5), "a hole"),
        ("hole at the start", () => Json($"{{{Tensor("\"a\"", 1, 2)}}}", 2), "a hole"),
        ("bytes after the last tensor", () => Json($"{{{Tensor("\"a\"", 0, 2)}}}", 3), "2 bytes of data, got 3"),
        ("bytes without a tensor", () => Json("{}", 1), "0 bytes of data, got 1"),
        ("data cut short", () => Json($"{{{Tensor("\"a\"", 0, 2)}}}", 1), "1 bytes of data"),
        ("100,001 tensors", () => Json(Many("{", 100_001, i => Tensor($"\"{i}\"", 0, 0), "}")),
            "at most 100000 tensors"),
        ("100,001 texts", () => Json(Many("{\"__metadata__\":{", 100_001, i => $"\"{i}\":\"\"", "}}")),
            "at most 100000 entries"),
        ("name of a megabyte", () => Json($"{{\"{new string('n', 1_000_000)}\":1}}"), "n…\""),
        ("name with line feed and escape", () => Json("""{"a\n\u001b[31m":1}"""), "\"a??[31m\""),
        ("PyTorch archive", () => [.. "PK\x03\x04"u8, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0], ".pt"),
        ("Keras archive", () => [.. "PK\x03\x04"u8, 20, 0, 0, 0, 0, 0, 33, 0, 0, 0], ".keras"),
        ("pickle", () => [0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0, (byte)'}'], ".pkl"),
        ("pickle of old PyTorch", () => [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20], ".pt"),
        ("HDF5", () => [0x89, .. "HDF\r\n\x1a\n"u8, 0, 0, 0], ".h5"),
        ("gzip", () => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "gzip"),
    ];

    public static TheoryData<string> Names => [.. Table.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsRefusedWithItsReasonAndWithoutMuchMemory(string name)
    {
        (_, Func<byte[]> make, string reason) = Table.Single(row => row.Name == name);
        byte[] bytes = make();
        long before = GC.GetAllocatedBytesForCurrentThread();
        DownhillException? refusal = null;
        try
        {
            Safetensors.Parse(bytes, "bad.safetensors");
        }
        catch (DownhillException exception)
        {
            refusal = exception;
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.NotNull(refusal);
        Assert.StartsWith("bad.safetensors", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.True(refusal.Message.Length < 500, "A message to read.");
        Assert.DoesNotContain(refusal.Message, char.IsControl);
        Assert.True(allocated <= (64L << 20) + 4L * bytes.Length, $"{allocated} bytes for {bytes.Length}");
    }

    [Fact]
    public void TheTableHasNoRowTwice() => Assert.Equal(Table.Length, Table.Select(row => row.Name).Distinct().Count());

    /// <summary>Unusual, but right: refusing these would be a mistake, too.</summary>
    public static TheoryData<string, int> Odd => new()
    {
        { "{}", 0 },
        { "{}      ", 0 },
        { """{"__metadata__":{}}""", 0 },
        { """{"__metadata__":{"":""}}""", 0 },
        { "{" + Tensor("\"\"", 0, 0) + "}", 0 },
        { "{" + Tensor("\"b\"", 2, 3) + "," + Tensor("\"a\"", 0, 2) + "}", 3 },
        { "{" + Tensor("\"z\"", 2, 2) + "," + Tensor("\"a\"", 0, 2) + "," + Tensor("\"y\"", 0, 0) + "}", 2 },
        { """{"t":{"data_offsets":[0,8],"shape":[],"dtype":"I64"}}""", 8 },
        { """{"t":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}}""", 0 },
        { """{"t":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4 },
        { """{"\u00fc\ud83d\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1 },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public void IsAccepted(string header, int dataLength)
    {
        using Safetensors file = Safetensors.Parse(Json(header, dataLength));
        Assert.Equal(dataLength, file.Tensors.Sum(tensor => tensor.ByteLength));
    }

    [Fact]
    public void AHeaderOf640BytesIsNotTakenForAPickleNorOneOf67MillionForAZip()
    {
        Safetensors.Parse(Raw(Encoding.UTF8.GetBytes("{}".PadRight(640)), 0)).Dispose();
        byte[] cut = Raw(0x04034B50, [.. "{}"u8, .. new byte[10]]);
        Assert.Contains("incomplete", Assert.Throws<DownhillException>(() => Safetensors.Parse(cut)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TheMostEntriesAllowedStayWithinTheMemoryBound()
    {
        byte[] bytes = Json(Many("{\"__metadata__\":{", 100_000, i => $"\"{i}\":\"\"", "},")
            + Many("", 100_000, i => Tensor($"\"{i}\"", 0, 0), "}"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using Safetensors file = Safetensors.Parse(bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(100_000, file.Tensors.Count);
        Assert.True(allocated <= (64L << 20) + 4L * bytes.Length, $"{allocated} bytes for {bytes.Length}");
    }

    [Fact]
    public void AnyChangeOfAFileWithoutDigestIsReadOrRefusedButNeverFailsOtherwise()
    {
        byte[] valid = Json("""{"__metadata__":{"a":"b"},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"""
            + """ "u":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}""", 6);
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.OneOf(Gen.Byte, Gen.Char["\"{}[],9-\\"].Select(c => (byte)c)))
            .Array[1, 4].Sample(changes =>
            {
                byte[] bytes = [.. valid];
                foreach ((int place, byte value) in changes)
                {
                    bytes[place] = value;
                }
                try
                {
                    using Safetensors file = Safetensors.Parse(bytes, "f");
                    Assert.Equal(6, file.Tensors.Sum(tensor => tensor.ByteLength));
                }
                catch (DownhillException exception)
                {
                    Assert.StartsWith("f", exception.Message, StringComparison.Ordinal);
                }
            }, iter: 20_000);
    }
}
