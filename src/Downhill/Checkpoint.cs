using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Downhill;

/// <summary>
/// A training run at rest: the model so far and everything that changes, as a safetensors file. A resumed run goes on
/// as if it had never stopped, to the last bit. Layout: docs/FORMATS.md.
/// </summary>
public static class Checkpoint
{
    /// <summary>Value of the metadata field "downhill.format" of a checkpoint.</summary>
    public const string Format = "checkpoint/1";

    /// <summary>Writes the run, whole or not at all.</summary>
    public static void Save(string path, FitPlan plan, TrainSession<float> session)
    {
        TrainState<float> state = session.State;
        List<TensorInfo> tensors = [];
        List<Action<SafetensorsWriter>> contents = [];
        ModelFile.AddTensors(plan.Network, state.Parameters, state.Buffers, tensors, contents);
        Add("state.best", state.BestParameters);
        AddNumbers("state.best_statistics", state.BestBuffers.Span.ToArray(), TensorType.Float32);
        for (int slot = 0; slot < state.Slots.Count; slot++) Add($"state.slot.{slot}", state.Slots[slot]);
        for (int i = 0; i < state.MethodVectors.Length; i++) AddNumbers(
            $"state.method.{i}", state.MethodVectors[i], TensorType.Float64);
        AddNumbers("state.method_scalars", state.MethodScalars, TensorType.Float64);
        AddNumbers("state.rows", plan.Rows, TensorType.Int32);
        AddNumbers("state.validation_rows", plan.ValidationRows, TensorType.Int32);
        AddNumbers("state.test_rows", plan.TestRows, TensorType.Int32);
        List<KeyValuePair<string, string>> metadata =
        [
            new(SafetensorsHeader.FormatName, Format),
            new("downhill.network", ModelFile.Json(plan.Network.Write)),
            new("downhill.preparation", ModelFile.Json(json => ModelFile.Write(json, plan.Preparation))),
            new("downhill.options", ModelFile.Json(json => Write(json, plan.Options))),
            new("downhill.state", ModelFile.Json(json => Write(json, state, session.Stopped))),
            new("downhill.data", ModelFile.Json(json => Write(json, plan))),
        ];
        SafetensorsWriter.Save(path, tensors, metadata, withDigest: true, writer =>
        {
            foreach (Action<SafetensorsWriter> write in contents) write(writer);
        });

        void Add(string name, AlignedBuffer<float> array)
        {
            // Segment by segment without the padding between them.
            float[] numbers = [
                .. plan.Network.Segments.SelectMany(s => array.Span.Slice(s.Offset, s.Length).ToArray())];
            AddNumbers(name, numbers, TensorType.Float32);
        }

        void AddNumbers<TNumber>(string name, TNumber[] numbers, TensorType type) where TNumber : unmanaged
        {
            tensors.Add(new TensorInfo(name, type, numbers.Length));
            contents.Add(writer => writer.Write<TNumber>(numbers));
        }
    }

    /// <summary>
    /// Reads a run that <see cref="Save"/> wrote, ready to go on with the same data.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="data">The data the run was started with.</param>
    /// <param name="test">The test set it was started with, where it was one of its own.</param>
    /// <param name="validation">The validation set it was started with, where it was one of its own.</param>
    /// <param name="change">May change epochs, time, threads and stopping; anything else would change the run's
    /// past.</param>
    /// <param name="catalog">Names that may occur in it.</param>
    /// <exception cref="DownhillException">Damaged, no checkpoint, or other data.</exception>
    public static (FitPlan Plan, TrainSession<float> Session) Load(
        string path, Dataset data, Dataset? test = null, Dataset? validation = null, Func<TrainOptions,
            TrainOptions>? change = null,
        Catalog? catalog = null)
    {
        catalog ??= Catalog.Default;
        using Safetensors file = Safetensors.Open(path);
        ModelFile.CheckFormat(file, path, Format, "a checkpoint");
        return ModelFile.Guarded(path, () =>
        {
            NetworkSpec network = ModelFile.ReadJson(file, "downhill.network", json => NetworkSpec.Read(json, catalog));
            Preparation preparation = ModelFile.ReadJson(file, "downhill.preparation", ModelFile.ReadPreparation);
            TrainOptions options = ModelFile.ReadJson(file, "downhill.options", json => ReadOptions(json, catalog));
            string[] rules = [.. options.Stop.Select(s => s.ToString())];
            options = change is null ? options : change(options);
            Dataset? testSet = ModelFile.ReadJson(
                file, "downhill.data", json => CheckData(json, path, data, test, validation));
            FitPlan plan = new(data, file.Read<int>("state.rows"), file.Read<int>("state.validation_rows"), validation,
                file.Read<int>("state.test_rows"), testSet, preparation, network, options)
            {
                Recipe = ModelFile.ReadJson(file, "downhill.data", json =>
                    json.TryGetProperty("recipe", out JsonElement name) ? Recipe.Parse(name.GetString()!)
                    : Recipe.Plain),
            };
            TrainSession<float> session = plan.Start();
            TrainState<float> state = session.State;
            ModelFile.ReadTensors(file, path, network, state.Parameters, state.Buffers);
            Place("state.best", state.BestParameters);
            file.Read("state.best_statistics", state.BestBuffers.Span);
            for (int slot = 0; slot < state.Slots.Count; slot++) Place($"state.slot.{slot}", state.Slots[slot]);
            for (int i = 0; i < state.MethodVectors.Length; i++) file.Read(
                $"state.method.{i}", state.MethodVectors[i].AsSpan());
            file.Read("state.method_scalars", state.MethodScalars.AsSpan());
            StopReason? stopped = ModelFile.ReadJson(
                file, "downhill.state", json => ReadState(json, state, options.Stop, rules));
            session.Restart(stopped);
            return (plan, session);

            void Place(string name, AlignedBuffer<float> array)
            {
                ReadOnlySpan<float> numbers = file.Read<float>(name);
                foreach (Segment segment in network.Segments)
                {
                    numbers[..segment.Length].CopyTo(array.Span.Slice(segment.Offset, segment.Length));
                    numbers = numbers[segment.Length..];
                }
            }
        });
    }

    private static void Write(Utf8JsonWriter json, TrainOptions options)
    {
        json.WriteStartObject();
        json.WriteString("loss", options.Loss.ToString());
        json.WriteString("optimizer", options.Optimizer.ToString());
        if (options.Optimizer.Method is null) json.WriteNumber("learning_rate", options.EffectiveLearningRate);
        if (options.LayerRates is not null) json.WriteString("layer_rates", options.LayerRates.ToString());
        if (options.Augment.Count > 0) json.WriteString("augment", string.Join(",", options.Augment));
        json.WriteStartArray("schedules");
        foreach (ScheduleOf schedule in options.Schedules)
        {
            json.WriteStringValue(schedule.Parameter);
            json.WriteStringValue(schedule.Schedule.ToString());
        }
        json.WriteEndArray();
        ModelFile.Write(json, "stop", [.. options.Stop.Select(s => s.ToString())]);
        if (options.ClassWeights is not null) ModelFile.Write(json, "class_weights", [.. options.ClassWeights]);
        json.WriteString("reduction", options.Reduction.ToString());
        json.WriteNumber("batch", options.Batch);
        json.WriteBoolean("shuffle", options.Shuffle);
        json.WriteNumber("epochs", options.Epochs);
        if (options.Time is TimeSpan time) json.WriteNumber("time", time.TotalSeconds);
        json.WriteNumber("l1", options.L1);
        json.WriteNumber("l2", options.L2);
        json.WriteNumber("weight_decay", options.EffectiveWeightDecay);
        json.WriteBoolean("penalize_biases", options.PenalizeBiases);
        json.WriteNumber("clip", options.Clip);
        json.WriteNumber("seed", options.Seed);
        json.WriteString("arithmetic", options.Arithmetic.ToString());
        json.WriteBoolean("keep_best", options.KeepBest);
        if (options.Calibrate is Calibration calibrate) json.WriteString("calibrate", calibrate.ToString());
        json.WriteEndObject();
    }

    private static TrainOptions ReadOptions(JsonElement json, Catalog catalog)
    {
        string[] schedules = ModelFile.Texts(json.GetProperty("schedules"));
        return new()
        {
            Loss = catalog.Loss(json.GetProperty("loss").GetString()!),
            Optimizer = catalog.Optimizer(json.GetProperty("optimizer").GetString()!),
            LearningRate = json.TryGetProperty("learning_rate", out JsonElement rate) ? rate.GetDouble() : null,
            Augment = json.TryGetProperty("augment", out JsonElement augment)
                ? [.. Catalog.Parts(augment.GetString()!).Select(catalog.Augmentation)] : [],
            LayerRates = json.TryGetProperty("layer_rates", out JsonElement rates)
                ? Downhill.LayerRates.Parse(rates.GetString()!) : null,
            Schedules = [.. schedules.Chunk(2).Select(pair => new ScheduleOf(pair[0], catalog.Schedule(pair[1])))],
            Stop = [.. ModelFile.Texts(json.GetProperty("stop")).Select(catalog.StoppingRule)],
            ClassWeights = json.TryGetProperty("class_weights", out JsonElement weights) ? ModelFile.Doubles(weights)
                : null,
            Reduction = Enum.Parse<Reduction>(json.GetProperty("reduction").GetString()!),
            Batch = json.GetProperty("batch").GetInt32(),
            Shuffle = json.GetProperty("shuffle").GetBoolean(),
            Epochs = json.GetProperty("epochs").GetInt32(),
            Time = json.TryGetProperty("time", out JsonElement time) ? TimeSpan.FromSeconds(time.GetDouble()) : null,
            L1 = json.GetProperty("l1").GetDouble(),
            L2 = json.GetProperty("l2").GetDouble(),
            WeightDecay = json.GetProperty("weight_decay").GetDouble(),
            PenalizeBiases = json.GetProperty("penalize_biases").GetBoolean(),
            Clip = json.GetProperty("clip").GetDouble(),
            Seed = json.GetProperty("seed").GetUInt64(),
            Arithmetic = Enum.Parse<Arithmetic>(json.GetProperty("arithmetic").GetString()!),
            KeepBest = json.GetProperty("keep_best").GetBoolean(),
            Calibrate = json.TryGetProperty("calibrate", out JsonElement calibrate)
                ? Enum.Parse<Calibration>(calibrate.GetString()!) : null,
        };
    }

    private static void Write(Utf8JsonWriter json, TrainState<float> state, StopReason? stopped)
    {
        json.WriteStartObject();
        if (stopped is not null) ModelFile.Write(json, "stopped", (string[])[stopped.Rule, stopped.Text]);
        json.WriteNumber("step", state.Step);
        json.WriteNumber("epoch", state.Epoch);
        json.WriteNumber("position", state.Position);
        json.WriteNumber("best_epoch", state.BestEpoch);
        ModelFile.Write(json, "numbers", (double[])[state.LastLoss, state.BestLoss, state.EpochLoss, state.EpochWeight,
            state.EpochNorm, state.Seconds,
            state.LastObjective, state.EpochSquares, state.EpochRight]);
        Nested("schedules", state.ScheduleState);
        Nested("stop", state.StopState);
        json.WriteNumber("history_stride", state.History.Stride);
        Nested("history",
            [.. state.History.Select(h => (double[])[h.Epoch, h.Step, h.TrainLoss, h.Penalty, h.ValidationLoss,
            h.ValidationScore, h.LearningRate, h.GradientNorm, h.IsBest ? 1 : 0, h.TrainSquaredError,
                h.TrainAccuracy])]);
        json.WriteEndObject();

        void Nested(string name, double[][] lists)
        {
            json.WriteStartObject(name);
            for (int i = 0; i < lists.Length; i++) ModelFile.Write(json, $"{i}", lists[i]);
            json.WriteEndObject();
        }
    }

    private static StopReason? ReadState(
        JsonElement json, TrainState<float> state, IReadOnlyList<StoppingRule> stop, string[] rules)
    {
        state.Step = json.GetProperty("step").GetInt64();
        state.Epoch = json.GetProperty("epoch").GetInt32();
        state.Position = json.GetProperty("position").GetInt32();
        state.BestEpoch = json.GetProperty("best_epoch").GetInt32();
        double[] numbers = ModelFile.Doubles(json.GetProperty("numbers"));
        (state.LastLoss, state.BestLoss, state.EpochLoss) = (numbers[0], numbers[1], numbers[2]);
        (state.EpochWeight, state.EpochNorm, state.Seconds, state.LastObjective) = (
            numbers[3], numbers[4], numbers[5], numbers[6]);
        (state.EpochSquares, state.EpochRight) = (numbers[7], numbers[8]);
        for (int i = 0; i < state.ScheduleState.Length; i++) Place("schedules", i, state.ScheduleState[i]);
        // The rules may be others than those of the saved run: each finds what it remembered by its name and numbers.
        for (int i = 0; i < stop.Count; i++) Place("stop", Array.IndexOf(rules, stop[i].ToString()),
            state.StopState[i]);
        state.History.Restore(
            json.TryGetProperty("history_stride", out JsonElement stride) ? Math.Max(1, stride.GetInt32()) : 1,
            json.GetProperty("history").EnumerateObject().Select(line => ModelFile.Doubles(line.Value)).Select(h =>
                new EpochReport((int)h[0], (long)h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8] == 1, h[9], h[10])));
        return json.TryGetProperty("stopped", out JsonElement stopped)
            && ModelFile.Texts(stopped) is [string rule, string text]
            ? new(rule, text) : null;

        void Place(string name, int index, double[] numbers)
        {
            if (json.GetProperty(name).TryGetProperty($"{index}", out JsonElement list)
                && list.GetArrayLength() == numbers.Length)
                ModelFile.Doubles(list).CopyTo(numbers, 0);
        }
    }

    private static void Write(Utf8JsonWriter json, FitPlan plan)
    {
        json.WriteStartObject();
        json.WriteString("name", plan.Data.Name);
        json.WriteString("sha256", Fingerprint(plan.Data));
        json.WriteString("recipe", plan.Recipe.Name);
        if (plan.Test is not null) json.WriteString("test_sha256", Fingerprint(plan.Test));
        if (plan.Validation is not null) json.WriteString("validation_sha256", Fingerprint(plan.Validation));
        json.WriteEndObject();
    }

    /// <summary>Returns the test set: the one given, or the data's own where the run used it (it may have held out rows
    /// instead).</summary>
    private static Dataset? CheckData(JsonElement json, string path, Dataset data, Dataset? test, Dataset? validation)
    {
        test ??= json.TryGetProperty("test_sha256", out _) ? data.Test : null;
        Check("sha256", data, "The training data");
        Check("test_sha256", test, "The test data");
        Check("validation_sha256", validation, "The validation data");
        return test;

        void Check(string key, Dataset? set, string what)
        {
            string? expected = json.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;
            if (expected == (set is null ? null : Fingerprint(set))) return;
            Throw.Input($"{what} of checkpoint {path}",
                $"the data it was started with ('{json.GetProperty("name").GetString()}')",
                set is null ? "none" : "other data", "Give the same data and the same --test and --validation.");
        }
    }

    /// <summary>SHA-256 of a set's columns and numbers.</summary>
    private static string Fingerprint(Dataset data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(
            string.Join('\n', data.Inputs.Select(c => c.Name).Concat(data.Target.Names).Concat(data.Target.Classes))));
        hash.AppendData(MemoryMarshal.AsBytes(data.Numeric.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(data.Codes.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(data.Classes.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(data.Values.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(data.Weights.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
