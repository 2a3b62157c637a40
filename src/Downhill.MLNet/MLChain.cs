using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Downhill.MLNet;

/// <summary>
/// A fitted chain of ML.NET's transforms and Downhill's models in one file: a zip archive whose manifest names the
/// parts in
/// order; ML.NET's parts are its own model files, Downhill's are safetensors. `mlContext.Model.Save` refuses such a
/// chain,
/// because ML.NET lets only its own parts write its files.
/// </summary>
public static class MLChain
{
    private const string Manifest = "manifest.json", Format = "downhill-mlnet/1";

    /// <summary>Writes the chain; the old file stays until the new one is complete.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="model">A chain as <c>pipeline.Fit</c> gives it, or a single transformer.</param>
    /// <param name="inputSchema">The schema of the rows that go in.</param>
    /// <param name="path">The file.</param>
    public static void Save(MLContext context, ITransformer model, DataViewSchema inputSchema, string path) =>
        AtomicFile.Write(path, stream => Save(context, model, inputSchema, stream));

    /// <summary>The same into a stream.</summary>
    public static void Save(MLContext context, ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        List<ITransformer> parts = [];
        Flatten(model, parts);
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text, new() { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            Write(archive, "input.zip", into =>
                context.Model.Save(new TransformerChain<ITransformer>(), inputSchema, into));
            json.WriteStartArray("parts");
            DataViewSchema schema = inputSchema;
            for (int i = 0; i < parts.Count;)
            {
                json.WriteStartObject();
                if (parts[i] is DownhillTransformer own)
                {
                    Write(archive, $"{i}.safetensors", into => into.Write(own.Model.ToBytes()));
                    Write(json, own, $"{i}.safetensors");
                    schema = own.GetOutputSchema(schema);
                    i++;
                }
                else
                {
                    ITransformer[] theirs = [.. parts.Skip(i).TakeWhile(p => p is not DownhillTransformer)];
                    TransformerChain<ITransformer> chain = new(theirs);
                    DataViewSchema before = schema;
                    Write(archive, $"{i}.zip", into => context.Model.Save(chain, before, into));
                    json.WriteString("kind", "mlnet");
                    json.WriteString("file", $"{i}.zip");
                    schema = chain.GetOutputSchema(schema);
                    i += theirs.Length;
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        Write(archive, Manifest, into => into.Write(text.ToArray()));
    }

    /// <summary>Reads a chain that <see cref="Save(MLContext, ITransformer, DataViewSchema, string)"/> wrote.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="path">The file.</param>
    /// <param name="inputSchema">The schema of the rows that go in.</param>
    /// <exception cref="DownhillException">No such file, or not one of these.</exception>
    public static ITransformer Load(MLContext context, string path, out DataViewSchema inputSchema)
    {
        if (!File.Exists(path))
            throw new DownhillException($"Chain '{path}': expected a file, got none. Check the path.");
        using FileStream stream = File.OpenRead(path);
        return Load(context, stream, out inputSchema);
    }

    /// <summary>The same from a stream.</summary>
    public static ITransformer Load(MLContext context, Stream stream, out DataViewSchema inputSchema)
    {
        try
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            using JsonDocument manifest = JsonDocument.Parse(Read(archive, Manifest));
            string? format = manifest.RootElement.GetProperty("format").GetString();
            if (format != Format)
                throw new DownhillException(
                    $"Chain: expected the format '{Format}', got '{format}'. Use the version that wrote it.");
            List<ITransformer> parts = [];
            foreach (JsonElement part in manifest.RootElement.GetProperty("parts").EnumerateArray())
            {
                byte[] bytes = Read(archive, part.GetProperty("file").GetString()!);
                parts.Add(part.GetProperty("kind").GetString() == "mlnet"
                    ? context.Model.Load(new MemoryStream(bytes), out _) : Transformer(part, bytes));
            }
            context.Model.Load(new MemoryStream(Read(archive, "input.zip")), out inputSchema);
            return new TransformerChain<ITransformer>([.. parts]);
        }
        catch (Exception error) when (
            error is InvalidDataException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DownhillException(
                "Chain: expected a file that MLChain.Save wrote, got something else "
                + $"({error.Message}). Check the file.", error);
        }
    }

    private static void Flatten(ITransformer model, List<ITransformer> parts)
    {
        if (model is IEnumerable<ITransformer> chain)
            foreach (ITransformer part in chain) Flatten(part, parts);
        else parts.Add(model);
    }

    private static void Write(Utf8JsonWriter json, DownhillTransformer own, string file)
    {
        json.WriteString("kind", "downhill");
        json.WriteString("file", file);
        json.WriteString("task", own.Task.ToString());
        json.WriteString("label", own.Columns.Label);
        json.WriteString("features", own.Columns.Features);
        if (own.Columns.Weight is string weight) json.WriteString("weight", weight);
        if (own.Keys is LabelKeys keys) json.WriteString("keys", keys.Type.ToString());
    }

    private static DownhillTransformer Transformer(JsonElement part, byte[] bytes)
    {
        Model model = ModelFile.FromBytes(bytes);
        MLColumns columns = new(part.GetProperty("label").GetString()!, part.GetProperty("features").GetString()!,
            part.TryGetProperty("weight", out JsonElement weight) ? weight.GetString() : null);
        LabelKeys? keys = part.TryGetProperty("keys", out JsonElement type)
            ? LabelKeys.Of(model.Preparation.Target.Classes, type.GetString()!) : null;
        return new DownhillTransformer(model, Enum.Parse<MLTask>(part.GetProperty("task").GetString()!), columns, keys);
    }

    private static void Write(ZipArchive archive, string name, Action<Stream> write)
    {
        // ML.NET writes a zip archive of its own, for which it must be able to seek.
        using MemoryStream buffer = new();
        write(buffer);
        using Stream entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        entry.Write(buffer.ToArray());
    }

    private static byte[] Read(ZipArchive archive, string name)
    {
        ZipArchiveEntry entry = archive.GetEntry(name) ?? throw new InvalidDataException($"no part '{name}'");
        using Stream from = entry.Open();
        using MemoryStream buffer = new();
        from.CopyTo(buffer);
        return buffer.ToArray();
    }
}
