using Downhill.Onnx.Schema;
using Google.Protobuf;

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
                Model back = OnnxImport.FromBytes(OnnxExport.ToBytes(model, new() { Inputs = inputs }),
                    $"seed {seed}, {inputs}");
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
                        float second = (float)((outputs[0] - back.Preparation.TargetLow) / (
                            back.Preparation.TargetHigh - back.Preparation.TargetLow));
                        numbers = [1 - second, second];
                    }
                    Answers.AssertSame(model, row, back.Preparation.Target.IsClass
                        ? back.Preparation.Target.Classes[back.Preparation.ClassOf<float>(outputs)] : null, numbers,
                        $"seed {seed}, {inputs} ({string.Join("; ", back.Spec.Layers)})");
                }
            }
        }
    }

    /// <summary>What the metadata says is believed only where the graph does just that.</summary>
    [Fact]
    public void APreparationThatTheGraphContradictsIsRefused()
    {
        Model model = Enumerable.Range(0, 100).Select(RandomModels.Make)
            .First(m => m.Preparation.CategoryCount == 0 && m.Preparation.Encodings.All(e => e.Levels.Count == 0)
                && m.Preparation.Encodings.Any(e => e is { IsConstant: false, Levels.Count: 0, Clip: > 0 }));
        ModelProto file = ModelProto.Parser.ParseFrom(OnnxExport.ToBytes(model));
        StringStringEntryProto said = file.MetadataProps.Single(p => p.Key == "downhill.preparation");
        said.Value = said.Value.Replace("\"clip\":", "\"clip\":1", StringComparison.Ordinal);
        Assert.Contains("the nodes that its metadata", Refused(file), StringComparison.Ordinal);
        said.Value = "{}";
        Assert.Contains("metadata 'downhill.preparation'", Refused(file), StringComparison.Ordinal);
        file.MetadataProps.Remove(said);
        Assert.Contains(", node '", Refused(file), StringComparison.Ordinal);

        static string Refused(ModelProto file) =>
            Assert.Throws<DownhillException>(() => OnnxImport.FromBytes(file.ToByteArray())).Message;
    }
}
