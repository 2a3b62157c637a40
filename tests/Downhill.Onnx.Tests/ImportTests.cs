namespace Downhill.Onnx.Tests;

/// <summary>What we export we can read back.</summary>
public sealed class ImportTests
{
    public static TheoryData<int> Decades { get; } = new(Enumerable.Range(0, 20));

    [Theory, MemberData(nameof(Decades))]
    public void RandomModelsComeBackFromOnnxWithTheSameAnswers(int decade)
    {
        for (int seed = 10 * decade; seed < 10 * decade + 10; seed++)
        {
            Model model = RandomModels.Make(seed);
            foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
            {
                Model back = OnnxImport.FromBytes(OnnxExport.ToBytes(model, new() { Inputs = inputs }), $"seed {seed}, {inputs}");
                Assert.Equal(model.Preparation.Inputs.Select(c => (c.Name, c.Kind, c.Categories.Count)),
                    back.Preparation.Inputs.Select(c => (c.Name, c.Kind, c.Categories.Count)));
                Assert.Equal(model.Preparation.Target.Names, back.Preparation.Target.Names);
                Assert.Equal(model.Preparation.Target.Classes, back.Preparation.Target.Classes);
                foreach ((float[] Numeric, int[] Codes) row in RandomModels.Rows(model, 5, seed))
                {
                    float[] outputs = new float[back.Preparation.Outputs];
                    back.Predict(row.Numeric, outputs, row.Codes);
                    float[] numbers = outputs;
                    if (back.Preparation.SingleOutput)
                    {
                        float second = (float)((outputs[0] - back.Preparation.TargetLow) / (back.Preparation.TargetHigh - back.Preparation.TargetLow));
                        numbers = [1 - second, second];
                    }
                    Answers.AssertSame(model, row, back.Preparation.Target.IsClass
                        ? back.Preparation.Target.Classes[back.Preparation.ClassOf<float>(outputs)] : null, numbers,
                        $"seed {seed}, {inputs} ({string.Join("; ", back.Spec.Layers)})");
                }
            }
        }
    }
}
