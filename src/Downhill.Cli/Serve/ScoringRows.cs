using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Downhill.Data;
using Sylvan.Data.Csv;

namespace Downhill.Cli.Serve;

/// <summary>
/// Raw rows in, named answers out: JSON and CSV on one side, a predictor on the other. Nothing here knows of HTTP.
/// </summary>
internal sealed class ScoringRows
{
    /// <summary>Rows of one request.</summary>
    public const int MostRows = 100_000;

    private readonly Model model;
    private readonly Predictor predictor;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>?[] codes;
    private readonly int[] kindPlaces;
    private readonly JsonEncodedText shareName, answerName;
    private readonly JsonEncodedText[] names;

    public ScoringRows(Model model)
    {
        this.model = model;
        predictor = model.CreatePredictor();
        IReadOnlyList<Column> columns = Preparation.Inputs;
        codes = new Dictionary<string, int>?[columns.Count];
        kindPlaces = new int[columns.Count];
        int numbers = 0, categories = 0;
        for (int i = 0; i < columns.Count; i++)
        {
            places.TryAdd(columns[i].Name, i);
            bool isCategory = columns[i].Kind == ColumnKind.Category;
            kindPlaces[i] = isCategory ? categories++ : numbers++;
            if (isCategory)
                codes[i] = columns[i].Categories.Select((text, code) => (text, code))
                    .ToDictionary(p => p.text, p => p.code, StringComparer.Ordinal);
        }
        answerName = JsonEncodedText.Encode(Preparation.Target.IsClass ? "class"
            : Preparation.Target.IsMultiLabel ? "labels" : "values");
        shareName = JsonEncodedText.Encode(model.GivesProbabilities ? "probabilities" : "scores");
        names = [.. (Preparation.Target.IsClass ? Preparation.Target.Classes : Preparation.Target.Names)
            .Select(n => JsonEncodedText.Encode(n))];
    }

    public Preparation Preparation => model.Preparation;

    // ---- JSON -------------------------------------------------------------------------------------------------------

    /// <summary>
    /// Answers a body that is a row or a list of rows, each an object by column or an array in the columns' order, or
    /// an object {"rows": […]}.
    /// </summary>
    /// <returns>Number of rows.</returns>
    /// <exception cref="DownhillException">What is wrong, with the row's number and the column's name.</exception>
    public int AnswerJson(in ReadOnlySequence<byte> body, IBufferWriter<byte> output)
    {
        float[] numbers = ArrayPool<float>.Shared.Rent(Preparation.NumericCount + Preparation.Outputs);
        int[] kinds = ArrayPool<int>.Shared.Rent(Preparation.CategoryCount + Preparation.Inputs.Count);
        try
        {
            Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = 4 });
            using Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true });
            if (!reader.Read()) Refuse("Body", "a row or a list of rows in JSON", "nothing");
            int rows = 0;
            if (reader.TokenType == JsonTokenType.StartArray && IsListOfRows(reader)) rows = AnswerList(
                ref reader, writer, numbers, kinds);
            else if (reader.TokenType == JsonTokenType.StartObject && IsWrapped(reader))
            {
                reader.Read();
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartArray) Refuse(
                    "Body, \"rows\"", "a list of rows", $"{reader.TokenType}");
                rows = AnswerList(ref reader, writer, numbers, kinds);
                reader.Read();
                if (reader.TokenType != JsonTokenType.EndObject) Refuse("Body", "\"rows\" and nothing else", "more");
            }
            else
            {
                AnswerOne(ref reader, writer, numbers, kinds, 1);
                rows = 1;
            }
            if (reader.Read()) Refuse("Body", "one value", "more after it");
            writer.Flush();
            return rows;
        }
        catch (JsonException error)
        {
            throw new DownhillException($"Body: expected JSON, got something else ({error.Message.Split('.')[0]}"
                + $"). See /openapi.json.", error);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(numbers);
            ArrayPool<int>.Shared.Return(kinds);
        }
    }

    // The reader is a copy: looking ahead does not move the caller's.
    private static bool IsListOfRows(Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject
            or JsonTokenType.EndArray;

    private bool IsWrapped(Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("rows"u8)
            && !places.ContainsKey("rows");

    private int AnswerList(ref Utf8JsonReader reader, Utf8JsonWriter writer, float[] numbers, int[] kinds)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("answers"u8);
        int rows = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++rows > MostRows) Refuse("Body", $"at most {MostRows:N0} rows", "more");
            AnswerOne(ref reader, writer, numbers, kinds, rows);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        return rows;
    }

    private void AnswerOne(ref Utf8JsonReader reader, Utf8JsonWriter writer, float[] numbers, int[] kinds, int row)
    {
        Span<int> given = kinds.AsSpan(Preparation.CategoryCount, Preparation.Inputs.Count);
        given.Clear();
        if (reader.TokenType == JsonTokenType.StartArray) ReadArray(ref reader, numbers, kinds, given, row);
        else if (reader.TokenType == JsonTokenType.StartObject) ReadObject(ref reader, numbers, kinds, given, row);
        else Refuse($"Row {row}", "an object or an array", $"{reader.TokenType}");
        for (int i = 0; i < given.Length; i++)
            if (given[i] == 0) Refuse($"Row {row}", $"a value for '{Preparation.Inputs[i].Name}'", "none");
        Span<float> outputs = numbers.AsSpan(Preparation.NumericCount, Preparation.Outputs);
        int predicted = Predict(numbers, kinds, outputs);
        Write(writer, predicted, outputs);
    }

    private int Predict(float[] numbers, int[] kinds, Span<float> outputs) =>
        predictor.Predict(numbers.AsSpan(0, Preparation.NumericCount), outputs,
            kinds.AsSpan(0, Preparation.CategoryCount));

    private void ReadArray(ref Utf8JsonReader reader, float[] numbers, int[] kinds, Span<int> given, int row)
    {
        int place = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (place == given.Length) Refuse($"Row {row}", $"{given.Length} values", "more");
            ReadValue(ref reader, place, numbers, kinds, row);
            given[place++] = 1;
        }
    }

    private void ReadObject(ref Utf8JsonReader reader, float[] numbers, int[] kinds, Span<int> given, int row)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (!places.TryGetValue(name, out int place))
            {
                Refuse($"Row {row}", $"the columns {TableWords.Listed([.. Preparation.Inputs.Select(c => c.Name)])}",
                    $"'{name}'");
                return;
            }
            if (given[place] != 0) Refuse($"Row {row}", $"'{name}' once", "it twice");
            ReadValue(ref reader, place, numbers, kinds, row);
            given[place] = 1;
        }
    }

    /// <summary>Whether the model has seen gaps in this column of numbers, and knows what to do with one.</summary>
    private bool MayBeMissing(int place) => Preparation.Encodings[kindPlaces[place]].HasIndicator;

    private void ReadValue(ref Utf8JsonReader reader, int place, float[] numbers, int[] kinds, int row)
    {
        if (codes[place] is Dictionary<string, int> known)
        {
            string? text = reader.TokenType switch
            {
                JsonTokenType.String => reader.GetString(),
                JsonTokenType.Number => Encoding.UTF8.GetString(
                    reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan),
                JsonTokenType.Null => null,
                _ => Refuse<string>($"Row {row}, '{Preparation.Inputs[place].Name}'", "a text", $"{reader.TokenType}"),
            };
            kinds[kindPlaces[place]] = text is not null && known.TryGetValue(text, out int code) ? code : -1;
            return;
        }
        if (reader.TokenType == JsonTokenType.Null && MayBeMissing(place))
        {
            numbers[kindPlaces[place]] = float.NaN;
            return;
        }
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetSingle(out float value) || !float.IsFinite(value))
        {
            Refuse($"Row {row}, '{Preparation.Inputs[place].Name}'", "a number",
                reader.TokenType == JsonTokenType.String ? $"\"{reader.GetString()}\"" : $"{reader.TokenType}");
            return;
        }
        numbers[kindPlaces[place]] = value;
    }

    private void Write(Utf8JsonWriter writer, int predicted, ReadOnlySpan<float> outputs)
    {
        writer.WriteStartObject();
        if (predicted >= 0)
        {
            writer.WriteString(answerName, names[predicted]);
            writer.WriteStartObject(shareName);
            if (Preparation.SingleOutput)
            {
                float second = Second(outputs[0]);
                Number(writer, names[0], 1 - second);
                Number(writer, names[1], second);
            }
            else
            {
                for (int i = 0; i < outputs.Length; i++) Number(writer, names[i], outputs[i]);
            }
        }
        else if (Preparation.Target.IsMultiLabel)
        {
            writer.WriteStartArray(answerName);
            for (int i = 0; i < outputs.Length; i++)
                if (Preparation.SaysYes(outputs[i])) writer.WriteStringValue(names[i]);
            writer.WriteEndArray();
            writer.WriteStartObject(shareName);
            for (int i = 0; i < outputs.Length; i++) Number(writer, names[i], outputs[i]);
        }
        else
        {
            writer.WriteStartObject(answerName);
            for (int i = 0; i < outputs.Length; i++) Number(writer, names[i], outputs[i]);
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>JSON knows no NaN and no infinity: null.</summary>
    private static void Number(Utf8JsonWriter writer, JsonEncodedText name, float value)
    {
        if (float.IsFinite(value)) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    private float Second(float output) =>
        (float)((output - Preparation.TargetLow) / (Preparation.TargetHigh - Preparation.TargetLow));

    // ---- CSV --------------------------------------------------------------------------------------------------------

    /// <summary>Answers rows under a header with the columns' names: a line each, class and a share per class, 1 or 0
    /// per label and its share, or the numbers. Cells are read as in the files that models are trained on.</summary>
    /// <returns>Number of rows.</returns>
    /// <exception cref="DownhillException">What is wrong, with its row and column.</exception>
    public int AnswerCsv(string text, TextWriter output)
    {
        Dataset? table = Table(text);
        Target target = Preparation.Target;
        string share = model.GivesProbabilities ? "p" : "output";
        IEnumerable<string> head = target.IsMultiLabel
            ? target.Names.Concat(target.Names.Select(c => $"{share}({c})"))
            : !target.IsClass ? target.Names
            : target.Classes.Select(c => $"{share}({c})")
                .Prepend(target.Names.Count > 0 ? target.Names[0] : "class");
        output.Write(string.Join(',', head.Select(CsvField.Of)));
        output.Write('\n');
        float[] outputs = new float[Preparation.Outputs];
        for (int row = 0; row < (table?.Rows ?? 0); row++)
        {
            ReadOnlySpan<float> numbers = table!.Numeric.AsSpan(row * table.NumericCount, table.NumericCount);
            RefuseGaps(numbers, row + 1);
            int predicted = predictor.Predict(numbers, outputs,
                table.Codes.AsSpan(row * table.CategoryCount, table.CategoryCount));
            if (predicted >= 0)
            {
                output.Write(CsvField.Of(target.Classes[predicted]));
                output.Write(',');
            }
            if (target.IsMultiLabel)
                output.Write(string.Concat(outputs.Select(o => Preparation.SaysYes(o) ? "1," : "0,")));
            output.Write(Preparation.SingleOutput ? $"{CsvField.Of(1 - Second(outputs[0]))},"
                + $"{CsvField.Of(Second(outputs[0]))}"
                : string.Join(',', outputs.Select(CsvField.Of)));
            output.Write('\n');
        }
        return table?.Rows ?? 0;
    }

    /// <summary>The rows of a text, null for none below the header. A column of the target's name is left out: it is
    /// asked for.</summary>
    private Dataset? Table(string text)
    {
        using StringReader source = new(text);
        try
        {
            using CsvDataReader csv = CsvDataReader.Create(
                source, new CsvDataReaderOptions { HasHeaders = true, MaxBufferSize = 1 << 24 });
            if (csv.FieldCount == 0) Refuse("Body", "a header with the columns' names", "nothing");
            if (!csv.HasRows) return null;
            Dataset table = DatabaseReader.Read(csv, "Body", Preparation.Inputs, new Target([], []), needTarget: false)
                .Data;
            if (table.Rows > MostRows) Refuse("Body", $"at most {MostRows:N0} rows", "more");
            return table;
        }
        catch (Exception error) when (
            error is CsvFormatException or ArgumentException or InvalidOperationException)
        {
            throw new DownhillException($"Body: expected CSV with a header, got something else ({error.Message}"
                + $"). See /openapi.json.", error);
        }
        catch (DownhillException error) when (error.Where.Length > 0)
        {
            // Its remedies are options of commands.
            Refuse(error.Where, error.Expected, error.Got);
            throw;
        }
    }

    /// <summary>Refuses a row without a number where the training rows had no gap.</summary>
    private void RefuseGaps(ReadOnlySpan<float> numbers, int row)
    {
        for (int i = 0; i < numbers.Length; i++)
            if (float.IsNaN(numbers[i]) && Preparation.Encodings[i] is { HasIndicator: false, IsConstant: false })
                Refuse($"Body, row {row}, column "
                    + $"'{Preparation.Inputs.Where(c => c.Kind == ColumnKind.Numeric).ElementAt(i).Name}'",
                    "a number, as in every row of training", "a missing value");
    }

    private static void Refuse(string where, string expected, string got) => Refuse<int>(where, expected, got);

    private static T Refuse<T>(string where, string expected, string got) =>
        Throw.Input<T>(where, expected, got, "See /openapi.json.");
}
