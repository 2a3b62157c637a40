using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace Downhill.MLNet.Tests;

public sealed class ChainFileTests
{
    private readonly MLContext context = new(seed: 1);

    [Fact]
    public void AChainComesBackWhole()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-mlnet-").FullName;
        try
        {
            IDataView flowers = PipelineTests.Flowers(context);
            ITransformer chain = PipelineTests.Classes(context).Fit(flowers);
            string path = Path.Combine(folder, "iris.zip");
            MLChain.Save(context, chain, flowers.Schema, path);
            ITransformer back = MLChain.Load(new MLContext(), path, out DataViewSchema schema);
            Assert.Equal(flowers.Schema.Select(c => (c.Name, c.Type)), schema.Select(c => (c.Name, c.Type)));
            Assert.Equal(chain.Transform(flowers).GetColumn<float[]>("Score"),
                back.Transform(flowers).GetColumn<float[]>("Score"));
            Assert.Equal(chain.Transform(flowers).GetColumn<string>("Name"),
                back.Transform(flowers).GetColumn<string>("Name"));
            using PredictionEngine<PipelineTests.Flower, PipelineTests.FlowerAnswer> engine =
                context.Model.CreatePredictionEngine<PipelineTests.Flower, PipelineTests.FlowerAnswer>(back, schema);
            PipelineTests.Flower flower = new()
            {
                SepalLength = 6.3f, SepalWidth = 3.3f, PetalLength = 6,
                PetalWidth = 2.5f
            };
            Assert.Equal("virginica", engine.Predict(flower).Name);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void MLNetsOwnSaveSaysWhatToUse()
    {
        IDataView flowers = PipelineTests.Flowers(context);
        ITransformer chain = PipelineTests.Classes(context).Fit(flowers);
        Exception error = Assert.ThrowsAny<Exception>(() =>
            context.Model.Save(chain, flowers.Schema, new MemoryStream()));
        Assert.Contains("MLChain.Save", (error.InnerException ?? error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PK no archive")]
    public void AnythingElseIsRefused(string content) =>
        Assert.Contains("MLChain.Save", Assert.Throws<DownhillException>(
            () => MLChain.Load(context, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), out _)).Message,
                StringComparison.Ordinal);

    [Fact]
    public void AFileThatIsNotThereIsNamed() =>
        Assert.Contains("'nowhere.zip'", Assert.Throws<DownhillException>(
            () => MLChain.Load(context, "nowhere.zip", out _)).Message, StringComparison.Ordinal);
}
