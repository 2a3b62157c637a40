using Microsoft.ML.OnnxRuntime;

namespace Downhill.Onnx.Tests;

/// <summary>Answers of ONNX Runtime, the judge of what we write.</summary>
internal static class OnnxRuntime
{
    /// <summary>Runs a graph with one input or one per column on raw rows.</summary>
    /// <returns>Label per row (null for regression) and numbers per row.</returns>
    public static (string[]? Labels, float[][] Numbers) Run(
        byte[] graph, Preparation preparation, (float[] Numeric, int[] Codes)[] rows)
    {
        using SessionOptions options =
            new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(graph, options);
        Dictionary<string, OrtValue> inputs = new(StringComparer.Ordinal);
        if (session.InputNames is ["input"])
            inputs["input"] = Floats([.. rows.SelectMany(r => Row(preparation, r))], rows.Length,
                preparation.Inputs.Count);
        else AddColumns(inputs, session, preparation, rows);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, session.OutputNames);
        string[]? labels = null;
        float[][] numbers = [];
        for (int i = 0; i < outputs.Count; i++)
        {
            if (session.OutputNames[i] == "label") labels = outputs[i].GetStringTensorAsArray();
            else
            {
                ReadOnlySpan<float> all = outputs[i].GetTensorDataAsSpan<float>();
                int columns = all.Length / rows.Length;
                numbers = new float[rows.Length][];
                for (int r = 0; r < rows.Length; r++) numbers[r] = all.Slice(r * columns, columns).ToArray();
            }
        }
        foreach (OrtValue value in inputs.Values) value.Dispose();
        return (labels, numbers);
    }

    /// <summary>One raw row as numbers: a category is its code.</summary>
    private static IEnumerable<float> Row(Preparation preparation, (float[] Numeric, int[] Codes) row)
    {
        int n = 0, c = 0;
        foreach (Column column in preparation.Inputs)
            yield return column.Kind == ColumnKind.Numeric ? row.Numeric[n++] : row.Codes[c++];
    }

    private static void AddColumns(
        Dictionary<string, OrtValue> inputs, InferenceSession session, Preparation preparation,
            (float[] Numeric, int[] Codes)[] rows)
    {
        int n = 0, c = 0;
        Assert.Equal(preparation.Inputs.Count, session.InputNames.Count);
        for (int i = 0; i < preparation.Inputs.Count; i++)
        {
            Column column = preparation.Inputs[i];
            Assert.Equal(column.Name, session.InputNames[i]);
            if (column.Kind == ColumnKind.Numeric)
            {
                inputs[column.Name] = Floats([.. rows.Select(r => r.Numeric[n])], rows.Length, 1);
                n++;
                continue;
            }
            OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [rows.Length, 1]);
            for (int r = 0; r < rows.Length; r++)
                texts.StringTensorSetElementAt(
                    (rows[r].Codes[c] < 0 ? "unheard of" : column.Categories[rows[r].Codes[c]]).AsSpan(), r);
            inputs[column.Name] = texts;
            c++;
        }
    }

    private static OrtValue Floats(float[] values, int rows, int columns) =>
        OrtValue.CreateTensorValueFromMemory(values, [rows, columns]);
}
