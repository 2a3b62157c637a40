namespace Downhill.Onnx.Tests;

/// <summary>What is exported gives the same answers in ONNX Runtime.</summary>
public sealed class ExportTests
{
    public static TheoryData<int> Decades { get; } = new(Enumerable.Range(0, 20));

    [Theory, MemberData(nameof(Decades))]
    public void RandomModelsGiveTheSameAnswersInOnnxRuntime(int decade)
    {
        for (int seed = 10 * decade; seed < 10 * decade + 10; seed++)
        {
            Model model = RandomModels.Make(seed);
            (float[] Numeric, int[] Codes)[] rows = RandomModels.Rows(model, 9, seed);
            foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
            {
                (string[]? labels, float[][] numbers) =
                    OnnxRuntime.Run(OnnxExport.ToBytes(model, new() { Inputs = inputs }), model.Preparation, rows);
                for (int r = 0; r < rows.Length; r++) Answers.AssertSame(model, rows[r], labels?[r], numbers[r], $"seed {seed}, {inputs}, row {r}");
            }
        }
    }
}

/// <summary>Answers of a model and of what was made of it.</summary>
internal static class Answers
{
    /// <summary>Within 1e-5 of the model's own answer, relative where it is above 1 or the target's unit.</summary>
    /// <param name="model">The original.</param>
    /// <param name="row">A raw row.</param>
    /// <param name="label">The class name, null for regression.</param>
    /// <param name="numbers">One number per class or target.</param>
    /// <param name="where">For the message.</param>
    public static void AssertSame(Model model, (float[] Numeric, int[] Codes) row, string? label, float[] numbers, string where)
    {
        float[] expected = Outputs(model, row);
        Preparation preparation = model.Preparation;
        if (preparation.SingleOutput)
        {
            float second = (float)((expected[0] - preparation.TargetLow) / (preparation.TargetHigh - preparation.TargetLow));
            AssertNear(model, [1 - second, second], numbers, where);
        }
        else AssertNear(model, expected, numbers, where);
        AssertLabel(preparation, expected, label);
    }

    /// <summary>The same for the network's outputs themselves.</summary>
    public static void AssertOutputs(Model model, (float[] Numeric, int[] Codes) row, string? label, float[] numbers, string where)
    {
        float[] expected = Outputs(model, row);
        AssertNear(model, expected, numbers, where);
        AssertLabel(model.Preparation, expected, label);
    }

    private static float[] Outputs(Model model, (float[] Numeric, int[] Codes) row)
    {
        float[] outputs = new float[model.Preparation.Outputs];
        model.Predict(row.Numeric, outputs, row.Codes);
        return outputs;
    }

    private static void AssertNear(Model model, float[] expected, float[] numbers, string where)
    {
        Assert.Equal(expected.Length, numbers.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double unit = Math.Max(1, Math.Abs(expected[i]));
            if (!model.Preparation.Target.IsClass) unit = Math.Max(unit, model.Preparation.TargetScale[i]);
            Assert.True(Math.Abs(expected[i] - numbers[i]) <= 1e-5 * unit,
                $"{where}, output {i}: expected {expected[i]:R}, got {numbers[i]:R} ({model.Spec}, {string.Join("; ", model.Spec.Layers)})");
        }
    }

    private static void AssertLabel(Preparation preparation, float[] outputs, string? label)
    {
        if (!preparation.Target.IsClass) Assert.Null(label);
        // Two classes as likely as each other may be told apart by a rounding.
        else if (!IsTie(preparation, outputs)) Assert.Equal(preparation.Target.Classes[preparation.ClassOf<float>(outputs)], label);
    }

    private static bool IsTie(Preparation preparation, float[] outputs)
    {
        if (preparation.SingleOutput)
            return Math.Abs(outputs[0] - 0.5 * (preparation.TargetLow + preparation.TargetHigh)) < 1e-5;
        float[] sorted = [.. outputs.OrderDescending()];
        return sorted.Length > 1 && sorted[0] - sorted[1] < 1e-5 * Math.Max(1, Math.Abs(sorted[0]));
    }
}
