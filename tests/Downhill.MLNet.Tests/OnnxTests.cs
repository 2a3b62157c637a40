using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace Downhill.MLNet.Tests;

/// <summary>ML.NET's ONNX transformer answers as the model it was made from, and can be saved by ML.NET itself.</summary>
public sealed class OnnxTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill-mlnet-").FullName;
    private readonly MLContext context = new(seed: 1);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ItAnswersAsTheModel()
    {
        IDataView flowers = PipelineTests.Flowers(context);
        ITransformer chain = PipelineTests.Classes(context).Fit(flowers);
        IDataView answered = chain.Transform(flowers);
        ITransformer onnx = PipelineTests.Own(chain).ToOnnx(context, Path.Combine(folder, "iris.onnx"));
        float[][] expected = [.. answered.GetColumn<float[]>("Score")];
        float[][] got = [.. onnx.Transform(answered).GetColumn<float[]>("probabilities")];
        Assert.Equal(150, got.Length);
        for (int i = 0; i < got.Length; i++)
            for (int k = 0; k < 3; k++) Assert.Equal(expected[i][k], got[i][k], 1e-5f);
    }

    [Fact]
    public void MLNetSavesIt()
    {
        IDataView flowers = PipelineTests.Flowers(context);
        ITransformer chain = PipelineTests.Classes(context).Fit(flowers);
        IDataView answered = chain.Transform(flowers);
        ITransformer onnx = PipelineTests.Own(chain).ToOnnx(context, Path.Combine(folder, "iris.onnx"));
        string path = Path.Combine(folder, "iris.zip");
        context.Model.Save(onnx, answered.Schema, path);
        ITransformer back = new MLContext().Model.Load(path, out _);
        Assert.Equal(onnx.Transform(answered).GetColumn<float[]>("probabilities"),
            back.Transform(answered).GetColumn<float[]>("probabilities"));
    }
}
