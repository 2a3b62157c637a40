using Downhill.Onnx;

namespace Downhill.Checks;

/// <summary>Export and import where no test framework runs: the playground does both in the browser.</summary>
public static class OnnxChecks
{
    public static IReadOnlyList<EngineCheck> All { get; } =
    [
        new("a model goes to ONNX and comes back with the same answers", ComesBack),
        new("a model is written as source in every language", IsWritten),
    ];

    private static Model Trained() => Model.Fit(Dataset.Load("iris"), new() { Hidden = [6], Activation = [Activations.Sigmoid(2, 0.5, -0.5)], Epochs = 5 }).Model;

    private static string ComesBack()
    {
        Model model = Trained();
        byte[] bytes = OnnxExport.ToBytes(model);
        Model back = OnnxImport.FromBytes(bytes);
        float[] row = [5.1f, 3.5f, 1.4f, 0.2f], before = new float[3], after = new float[3];
        model.Predict(row, before);
        back.Predict(row, after);
        for (int i = 0; i < 3; i++)
            if (Math.Abs(before[i] - after[i]) > 1e-6) throw new InvalidOperationException($"expected {before[i]}, got {after[i]}");
        if (back.Predict(row).Label != model.Predict(row).Label) throw new InvalidOperationException("another class");
        return $"{bytes.Length} bytes";
    }

    private static string IsWritten()
    {
        Model model = Trained();
        int length = 0;
        foreach (SourceLanguage language in SourceLanguage.All)
        {
            string source = language.Write(model, "iris");
            if (!source.Contains("iris", StringComparison.OrdinalIgnoreCase)) throw new InvalidOperationException($"{language} without its name");
            length += source.Length;
        }
        return $"{length} characters";
    }
}
