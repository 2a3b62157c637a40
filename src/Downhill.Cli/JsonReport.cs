using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Downhill.Cli;

/// <summary>One JSON object on standard output, and the pieces that several commands share.</summary>
internal static class JsonReport
{
    public static void Write(Terminal terminal, Action<Utf8JsonWriter> content)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes,
            new JsonWriterOptions
            {
                Indented = true, NewLine = "\n",
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
            }))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }
        // Not through Terminal.Out: JSON is UTF-8 whatever the terminal shows.
        terminal.Data.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>JSON knows no NaN and no infinity: null.</summary>
    public static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is double number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    public static void Numbers(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            if (double.IsFinite(value)) json.WriteNumberValue(value);
            else json.WriteNullValue();
        }
        json.WriteEndArray();
    }

    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>What calibration changed, where it was done.</summary>
    public static void Calibration(Utf8JsonWriter json, CalibrationReport? calibration)
    {
        if (calibration is null) return;
        json.WriteStartObject("calibration");
        Number(json, "temperature", calibration.Temperature);
        json.WriteNumber("rows", calibration.Rows);
        Number(json, "logLossBefore", calibration.LogLossBefore);
        Number(json, "logLossAfter", calibration.LogLossAfter);
        Number(json, "errorBefore", calibration.ErrorBefore);
        Number(json, "errorAfter", calibration.ErrorAfter);
        json.WriteEndObject();
    }

    /// <summary>The bins of the calibration error, where outputs are probabilities.</summary>
    public static void Reliability(Utf8JsonWriter json, Metrics metrics)
    {
        if (metrics.Reliability is null) return;
        Number(json, "logLoss", metrics.LogLoss);
        Number(json, "calibrationError", metrics.CalibrationError);
        json.WriteStartArray("reliability");
        foreach (ReliabilityBin bin in metrics.Reliability)
        {
            json.WriteStartObject();
            Number(json, "low", bin.Low);
            Number(json, "high", bin.High);
            json.WriteNumber("answers", bin.Answers);
            Number(json, "sure", bin.Sure);
            Number(json, "right", bin.Right);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>The metrics as an object of their own, or null.</summary>
    public static void Metrics(Utf8JsonWriter json, string name, Target target, Metrics? metrics)
    {
        if (metrics is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        Metrics(json, target, metrics);
        json.WriteEndObject();
    }

    /// <summary>The metrics; of several numbers or labels each one besides.</summary>
    public static void Metrics(Utf8JsonWriter json, Target target, Metrics metrics)
    {
        Number(json, "loss", metrics.Loss);
        if (metrics.Accuracy is double accuracy)
        {
            Number(json, "accuracy", accuracy);
            Number(json, "errorPercent", metrics.ErrorPercent);
        }
        else
        {
            Number(json, "rmse", metrics.Rmse);
            Number(json, "mae", metrics.Mae);
            Number(json, "r2", metrics.R2);
        }
        TargetsTable.WriteJson(json, target, metrics);
        if (metrics.SquaredErrorPercentage is double percentage) Number(json, "squaredErrorPercentage", percentage);
    }
}
