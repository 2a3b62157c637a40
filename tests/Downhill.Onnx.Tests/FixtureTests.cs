using Downhill.Onnx.Schema;
using Microsoft.ML.OnnxRuntime;

namespace Downhill.Onnx.Tests;

/// <summary>Files as PyTorch, Keras and scikit-learn export them; eng/goldens/onnx_fixtures.py says where they come from.</summary>
public sealed class FixtureTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "fixtures");

    public static TheoryData<string> Fixtures { get; } =
        new(Directory.EnumerateDirectories(Folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Fixtures))]
    public void IsReadAndGivesTheAnswersOfItsMakers(string name)
    {
        OnnxCheckResult result = OnnxCheck.Run(Path.Combine(Folder, name), 1e-5, 1e-5);
        Assert.True(result.Outcome == OnnxOutcome.Passed, $"{result.Outcome}: {result.Why}");
    }

    /// <summary>The files written by hand are valid, and their answers are those of ONNX Runtime.</summary>
    [Theory, MemberData(nameof(Fixtures))]
    public void IsValidForOnnxRuntime(string name)
    {
        string folder = Path.Combine(Folder, name), set = Path.Combine(folder, "test_data_set_0");
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(Path.Combine(folder, "model.onnx"), options);
        Dictionary<string, OrtValue> inputs = new(StringComparer.Ordinal);
        for (int i = 0; i < session.InputNames.Count; i++)
            inputs[session.InputNames[i]] = Value(Read(Path.Combine(set, $"input_{i}.pb")));
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, session.OutputNames);
        for (int i = 0; File.Exists(Path.Combine(set, $"output_{i}.pb")); i++)
        {
            OnnxTensor expected = Read(Path.Combine(set, $"output_{i}.pb"));
            if (expected.IsText) Assert.Equal(Enumerable.Range(0, expected.Count).Select(expected.Text), outputs[i].GetStringTensorAsArray());
            else if (expected.Type == TensorProto.Types.DataType.Int64) Assert.Equal(expected.Numbers().Select(n => (long)n), outputs[i].GetTensorDataAsSpan<long>().ToArray());
            else if (expected.Type == TensorProto.Types.DataType.Double) AssertNear(expected, [.. outputs[i].GetTensorDataAsSpan<double>()]);
            else AssertNear(expected, [.. outputs[i].GetTensorDataAsSpan<float>().ToArray().Select(v => (double)v)]);
        }
        foreach (OrtValue value in inputs.Values) value.Dispose();
    }

    [Fact]
    public void AWrongAnswerFailsAMissingOneToo()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-fixture").FullName;
        try
        {
            string source = Path.Combine(Folder, "pytorch-classifier"), set = Path.Combine(folder, "test_data_set_0");
            Directory.CreateDirectory(set);
            File.Copy(Path.Combine(source, "model.onnx"), Path.Combine(folder, "model.onnx"));
            Assert.Equal(OnnxOutcome.Failed, OnnxCheck.Run(folder).Outcome);
            File.Copy(Path.Combine(source, "test_data_set_0", "input_0.pb"), Path.Combine(set, "input_0.pb"));
            Assert.Equal(OnnxOutcome.Failed, OnnxCheck.Run(folder).Outcome);
            byte[] output = File.ReadAllBytes(Path.Combine(source, "test_data_set_0", "output_0.pb"));
            output[^1] ^= 1; // the exponent of the last number
            File.WriteAllBytes(Path.Combine(set, "output_0.pb"), output);
            OnnxCheckResult wrong = OnnxCheck.Run(folder);
            Assert.Equal(OnnxOutcome.Failed, wrong.Outcome);
            Assert.Contains("row 5, number 3: expected", wrong.Why, StringComparison.Ordinal);
            output[^1] ^= 1;
            File.WriteAllBytes(Path.Combine(set, "output_0.pb"), output);
            Assert.Equal(OnnxOutcome.Passed, OnnxCheck.Run(folder).Outcome);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>ONNX's own tests, where Debian's libonnx-testdata is installed: right or refused, never wrong.</summary>
    [Fact]
    public void NoneOfOnnxsOwnTestsFails()
    {
        string data = Environment.GetEnvironmentVariable("DOWNHILL_ONNX_TESTDATA") ?? "/usr/share/libonnx-testdata/data";
        if (!Directory.Exists(data)) Assert.Skip($"{data} is missing (package libonnx-testdata); set DOWNHILL_ONNX_TESTDATA.");
        OnnxCheckResult[] results = [.. OnnxCheck.Find(data).Where(t => !t.Contains("/real/", StringComparison.Ordinal)).Select(OnnxCheck.Run)];
        Assert.DoesNotContain(results, r => r.Outcome == OnnxOutcome.Failed);
        Assert.InRange(results.Count(r => r.Outcome == OnnxOutcome.Passed), 120, results.Length);
    }

    private static OnnxTensor Read(string path) => OnnxTensor.Read(OnnxFile.ParseTensor(OnnxFile.Load(path), path), path, null);

    private static OrtValue Value(OnnxTensor tensor)
    {
        long[] shape = [.. tensor.Dimensions];
        if (tensor.IsText)
        {
            OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
            for (int i = 0; i < tensor.Count; i++) texts.StringTensorSetElementAt(tensor.Text(i).AsSpan(), i);
            return texts;
        }
        return tensor.Type == TensorProto.Types.DataType.Double ? OrtValue.CreateTensorValueFromMemory(tensor.Numbers(), shape)
            : OrtValue.CreateTensorValueFromMemory(tensor.Numbers().Select(n => (float)n).ToArray(), shape);
    }

    private static void AssertNear(OnnxTensor expected, double[] got)
    {
        Assert.Equal(expected.Count, got.Length);
        for (int i = 0; i < got.Length; i++) Assert.InRange(got[i], expected[i] - 1e-5 * Math.Max(1, Math.Abs(expected[i])), expected[i] + 1e-5 * Math.Max(1, Math.Abs(expected[i])));
    }
}
