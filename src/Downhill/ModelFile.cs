using System.Buffers;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Downhill;

/// <summary>
/// A model as a safetensors file: one tensor per parameter array by layer name, everything else as JSON in the header's
/// string metadata, and a digest over all of it. Loading bytes never runs code. Layout: docs/FORMATS.md.
/// </summary>
public static class ModelFile
{
    /// <summary>Value of the metadata field "downhill.format" of a model.</summary>
    public const string Format = "model/1";

    /// <summary>Writes the model, whole or not at all.</summary>
    /// <exception cref="DownhillException">The folder is missing or cannot be written to.</exception>
    public static void Save(this Model model, string path)
    {
        List<TensorInfo> tensors = [];
        List<Action<SafetensorsWriter>> contents = [];
        AddTensors(model.Spec, model.ParameterBuffer, model.RunningBuffer, tensors, contents);
        SafetensorsWriter.Save(path, tensors, Metadata(model), withDigest: true, writer =>
        {
            foreach (Action<SafetensorsWriter> write in contents) write(writer);
        });
    }

    /// <summary>The bytes that <see cref="Save"/> would write, for where there are no files.</summary>
    public static byte[] ToBytes(this Model model)
    {
        List<TensorInfo> tensors = [];
        List<Action<SafetensorsWriter>> contents = [];
        AddTensors(model.Spec, model.ParameterBuffer, model.RunningBuffer, tensors, contents);
        using MemoryStream stream = new();
        using SafetensorsWriter writer = new(stream, tensors, Metadata(model), withDigest: true);
        foreach (Action<SafetensorsWriter> write in contents) write(writer);
        writer.Complete();
        return stream.ToArray();
    }

    /// <summary>Reads a model written by <see cref="Save"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="catalog">Names that may occur in it; null for those that ship.</param>
    /// <exception cref="DownhillException">Missing, damaged, or no model of Downhill's.</exception>
    public static Model Load(string path, Catalog? catalog = null)
    {
        using Safetensors file = Safetensors.Open(path);
        return Read(file, path, catalog ?? Catalog.Default);
    }

    /// <summary>Reads a model from bytes made by <see cref="ToBytes"/>.</summary>
    public static Model FromBytes(ReadOnlyMemory<byte> bytes, Catalog? catalog = null)
    {
        using Safetensors file = Safetensors.Parse(bytes, "Model");
        return Read(file, "Model", catalog ?? Catalog.Default);
    }

    private static Model Read(Safetensors file, string path, Catalog catalog)
    {
        CheckFormat(file, path, Format, "a model");
        return Guarded(path, () =>
        {
            NetworkSpec spec = ReadJson(file, "downhill.network", json => NetworkSpec.Read(json, catalog));
            Preparation preparation = ReadJson(file, "downhill.preparation", ReadPreparation);
            (Loss loss, Arithmetic arithmetic, TrainingRecord? training, ImageShape? image, double? temperature) =
                ReadJson(file, "downhill.model", json => ReadRest(json, catalog));
            if (spec.Inputs != preparation.Width || spec.Outputs != preparation.Outputs)
                Throw.Input(path, $"a network of {preparation.Width} inputs and {preparation.Outputs} outputs",
                    $"{spec}", "The file contradicts itself.");
            AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength);
            ReadTensors(file, path, spec, parameters, buffers);
            return new Model(spec, preparation, loss, parameters, buffers, arithmetic)
            {
                Training = training,
                Image = image,
                Temperature = temperature,
            };
        });
    }

    /// <summary>Refuses files that are not of the wanted kind, saying what they are.</summary>
    internal static void CheckFormat(Safetensors file, string path, string wanted, string kind)
    {
        if (!file.TryGetMetadata(SafetensorsHeader.FormatName, out string? format))
            Throw.Input(path, $"{kind} written by Downhill", "a safetensors file of another program",
                "Train or import a model first.");
        if (format == wanted)
        {
            if (file.Sha256 is null) Throw.Input(path, "a digest", "none", "The file is damaged: use an intact copy.");
            return;
        }
        string remedy = format == Checkpoint.Format ? "It is a checkpoint: continue it with --resume."
            : format == Format ? "It is a model: give it to --from, predict or evaluate."
            : "It comes from a newer version: update Downhill.";
        Throw.Input(path, $"{kind} (format {wanted})", $"format {format}", remedy);
    }

    /// <summary>Turns whatever a wrong description throws into one message; the digest has been checked, so this is
    /// rare.</summary>
    internal static TResult Guarded<TResult>(string path, Func<TResult> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (
            error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or ArgumentException or OverflowException or IndexOutOfRangeException or NullReferenceException)
        {
            throw new DownhillException($"{path}: expected a description that Downhill understands, got something else "
                + $"({error.Message}). Use an intact copy.", error);
        }
    }

    internal static void AddTensors<T>(
        NetworkSpec spec, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, List<TensorInfo> tensors,
        List<Action<SafetensorsWriter>> contents) where T : unmanaged
    {
        TensorType type = typeof(T) == typeof(float) ? TensorType.Float32 : TensorType.Float64;
        foreach (Segment segment in spec.Segments)
        {
            T[] links = Model.LinksOf(segment, parameters);
            bool isMatrix = segment.Shape.Role == SegmentRole.Weight && segment.Shape.Mask is null;
            tensors.Add(isMatrix
                ? new TensorInfo(segment.Name, type, segment.Shape.Rows, segment.Shape.Columns)
                : new TensorInfo(segment.Name, type, links.Length));
            contents.Add(writer => writer.Write<T>(links));
        }
        if (spec.BufferLength == 0) return;
        tensors.Add(new TensorInfo("running_statistics", type, spec.BufferLength));
        contents.Add(writer => writer.Write<T>(buffers.Span));
    }

    internal static void ReadTensors<T>(
        Safetensors file, string path, NetworkSpec spec, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers) where T
            : unmanaged
    {
        foreach (Segment segment in spec.Segments)
        {
            if (!file.TryGetTensor(segment.Name, out TensorInfo? tensor) || tensor.Count != segment.Shape.Count)
                Throw.Input($"{path}, tensor {segment.Name}", $"{segment.Shape.Count} numbers",
                    tensor is null ? "no such tensor" : $"{tensor.Count}",
                    "The file contradicts itself.");
            PlaceLinks(segment, file.Read<T>(segment.Name), parameters);
        }
        if (spec.BufferLength > 0) file.Read<T>("running_statistics", buffers.Span);
    }

    /// <summary>The inverse of <see cref="Model.LinksOf"/>.</summary>
    internal static void PlaceLinks<T>(Segment segment, ReadOnlySpan<T> links, AlignedBuffer<T> parameters) where T
        : unmanaged
    {
        Span<T> all = parameters.Span.Slice(segment.Offset, segment.Length);
        if (segment.Shape.Mask is not ConnectionMask mask)
        {
            links.CopyTo(all);
            return;
        }
        int next = 0;
        for (int i = 0; i < all.Length; i++)
            if (mask[i / segment.Shape.Columns, i % segment.Shape.Columns]) all[i] = links[next++];
    }

    private static List<KeyValuePair<string, string>> Metadata(Model model) =>
    [
        new(SafetensorsHeader.FormatName, Format),
        new("downhill.network", Json(model.Spec.Write)),
        new("downhill.preparation", Json(json => Write(json, model.Preparation))),
        new("downhill.model", Json(json => WriteRest(json, model))),
        new("downhill.weights_sha256", model.WeightsHash),
    ];

    internal static string Json(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes,
            new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            write(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal static TResult ReadJson<TResult>(Safetensors file, string key, Func<JsonElement, TResult> read)
    {
        if (!file.TryGetMetadata(key, out string? text)) throw new KeyNotFoundException($"no '{key}'");
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
        return read(document.RootElement);
    }

    internal static void Write(Utf8JsonWriter json, Preparation preparation)
    {
        json.WriteStartObject();
        json.WriteStartArray("inputs");
        int numeric = 0;
        foreach (Column column in preparation.Inputs)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            if (column.Kind == ColumnKind.Category) Write(json, "categories", column.Categories);
            else Write(json, preparation.Encodings[numeric++]);
            if (column.MissingMarks.Count > 0) Write(json, "missing", column.MissingMarks);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "shift", preparation.Shift);
        Write(json, "scale", preparation.Scale);
        Write(json, "target", preparation.Target.Names);
        Write(json, "classes", preparation.Target.Classes);
        Write(json, "target_shift", preparation.TargetShift);
        Write(json, "target_scale", preparation.TargetScale);
        json.WriteNumber("target_low", preparation.TargetLow);
        json.WriteNumber("target_high", preparation.TargetHigh);
        json.WriteBoolean("single_output", preparation.SingleOutput);
        if (preparation.Target.IsMultiLabel) json.WriteBoolean("labels", true);
        if (preparation.LogTargets) json.WriteBoolean("log_targets", true);
        json.WriteEndObject();
    }

    // What is as in a plain column is left out.
    private static void Write(Utf8JsonWriter json, NumericEncoding encoding)
    {
        if (!double.IsNaN(encoding.Fill)) json.WriteNumber("fill", encoding.Fill);
        if (encoding.IsConstant) json.WriteBoolean("constant", true);
        if (encoding.HasIndicator) json.WriteBoolean("indicator", true);
        if (encoding.Clip != 0) json.WriteNumber("clip", encoding.Clip);
        if (encoding.Landmarks.Count > 0)
        {
            Write(json, "landmarks", [.. encoding.Landmarks]);
            Write(json, "places", [.. encoding.Places]);
        }
        if (encoding.Levels.Count > 0) Write(json, "levels", [.. encoding.Levels.Select(l => (double)l)]);
    }

    private static NumericEncoding ReadEncoding(JsonElement column)
    {
        double[] landmarks = List("landmarks"), places = List("places");
        if (landmarks.Length != places.Length)
            throw new FormatException($"{landmarks.Length} landmarks with {places.Length} places");
        return new()
        {
            Fill = column.TryGetProperty("fill", out JsonElement fill) ? fill.GetDouble() : double.NaN,
            IsConstant = column.TryGetProperty("constant", out JsonElement constant) && constant.GetBoolean(),
            HasIndicator = column.TryGetProperty("indicator", out JsonElement indicator) && indicator.GetBoolean(),
            Clip = column.TryGetProperty("clip", out JsonElement clip) ? clip.GetDouble() : 0,
            Landmarks = landmarks,
            Places = places,
            Levels = [.. List("levels").Select(l => (float)l)],
        };

        double[] List(string name) => column.TryGetProperty(name, out JsonElement list) ? Doubles(list) : [];
    }

    internal static Preparation ReadPreparation(JsonElement json)
    {
        Preparation preparation = ReadColumns(json);
        JsonElement[] numeric = [.. json.GetProperty("inputs").EnumerateArray()
            .Where(c => !c.TryGetProperty("categories", out _))];
        if (numeric.Length != preparation.Shift.Length || numeric.Length != preparation.Scale.Length)
            throw new FormatException($"{numeric.Length} numeric columns with {preparation.Shift.Length} shifts");
        return preparation with
        {
            Encodings = [.. numeric.Select(ReadEncoding)],
            LogTargets = json.TryGetProperty("log_targets", out JsonElement log) && log.GetBoolean(),
        };
    }

    private static Preparation ReadColumns(JsonElement json) => new(
        [.. json.GetProperty("inputs").EnumerateArray()
            .Select(c => c.TryGetProperty("categories", out JsonElement categories)
            ? new Column(c.GetProperty("name").GetString()!, ColumnKind.Category, Texts(categories))
            : new Column(c.GetProperty("name").GetString()!))
            .Zip(json.GetProperty("inputs").EnumerateArray(), (column, c) =>
                c.TryGetProperty("missing", out JsonElement marks) ? column with { MissingMarks = Texts(marks) }
                : column)],
        new Target(Texts(json.GetProperty("target")), Texts(json.GetProperty("classes")))
        {
            IsMultiLabel = json.TryGetProperty("labels", out JsonElement labels) && labels.GetBoolean(),
        },
        Doubles(json.GetProperty("shift")), Doubles(json.GetProperty("scale")),
        Doubles(json.GetProperty("target_shift")), Doubles(json.GetProperty("target_scale")),
        json.GetProperty("target_low").GetDouble(), json.GetProperty("target_high").GetDouble(),
            json.GetProperty("single_output").GetBoolean());

    private static void WriteRest(Utf8JsonWriter json, Model model)
    {
        json.WriteStartObject();
        json.WriteString("loss", model.Loss.ToString());
        json.WriteString("arithmetic", model.Arithmetic.ToString().ToLowerInvariant());
        if (model.Image is ImageShape image)
        {
            json.WriteNumber("width", image.Width);
            json.WriteNumber("height", image.Height);
        }
        if (model.Temperature is double temperature) json.WriteNumber("temperature", temperature);
        if (model.Training is TrainingRecord training)
        {
            json.WriteStartObject("training");
            json.WriteString("data", training.Data);
            json.WriteNumber("rows", training.Rows);
            json.WriteNumber("epochs", training.Epochs);
            json.WriteNumber("steps", training.Steps);
            json.WriteString("optimizer", training.Optimizer);
            json.WriteNumber("learning_rate", training.LearningRate);
            json.WriteNumber("batch", training.Batch);
            json.WriteNumber("seed", training.Seed);
            json.WriteString("stopped", training.Stopped);
            if (training.Schedule.Length > 0) json.WriteString("schedule", training.Schedule);
            if (training.Stop.Length > 0) json.WriteString("stop", training.Stop);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static (Loss, Arithmetic, TrainingRecord?, ImageShape?, double?) ReadRest(JsonElement json, Catalog catalog)
    {
        TrainingRecord? training = !json.TryGetProperty("training", out JsonElement record) ? null : new(
            record.GetProperty("data").GetString()!, record.GetProperty("rows").GetInt32(),
                record.GetProperty("epochs").GetInt32(),
            record.GetProperty("steps").GetInt64(), record.GetProperty("optimizer").GetString()!,
            record.GetProperty("learning_rate").GetDouble(), record.GetProperty("batch").GetInt32(),
            record.GetProperty("seed").GetUInt64(), record.GetProperty("stopped").GetString()!)
        {
            Schedule = record.TryGetProperty("schedule", out JsonElement schedule) ? schedule.GetString()! : "",
            Stop = record.TryGetProperty("stop", out JsonElement stop) ? stop.GetString()! : "",
        };
        ImageShape? image = json.TryGetProperty("width", out JsonElement width)
            ? new(width.GetInt32(), json.GetProperty("height").GetInt32()) : null;
        return (catalog.Loss(json.GetProperty("loss").GetString()!),
            json.GetProperty("arithmetic").GetString() == "portable" ? Arithmetic.Portable : Arithmetic.Fast, training,
                image, json.TryGetProperty("temperature", out JsonElement temperature) ? temperature.GetDouble()
                    : null);
    }

    internal static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>JSON has no NaN and no ∞: these become null, "Infinity" and "-Infinity".</summary>
    internal static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<double> numbers)
    {
        json.WriteStartArray(name);
        foreach (double number in numbers)
        {
            if (double.IsFinite(number)) json.WriteNumberValue(number);
            else if (double.IsNaN(number)) json.WriteNullValue();
            else json.WriteStringValue(number > 0 ? "Infinity" : "-Infinity");
        }
        json.WriteEndArray();
    }

    internal static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    internal static double[] Doubles(JsonElement array) =>
        [.. array.EnumerateArray().Select(e => e.ValueKind switch
        {
            JsonValueKind.Null => double.NaN,
            JsonValueKind.String => e.GetString() switch
            {
                "Infinity" => double.PositiveInfinity,
                "-Infinity" => double.NegativeInfinity,
                _ => throw new FormatException($"'{e.GetString()}' is no number"),
            },
            _ => e.GetDouble(),
        })];
}
