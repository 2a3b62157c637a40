using Downhill.Onnx;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>docs/EXPORT.md shows this code.</summary>
public sealed class ExportTests
{
    [Fact]
    public void The_document_shows_this_code() => Documents.Check("docs/EXPORT.md", Documents.WithCode("docs/EXPORT.md"));

    [Fact]
    public void A_model_leaves_and_comes_back()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-docs").FullName;
        try
        {
            // begin use
            Model model = Model.Fit(Dataset.Load("iris"), new() { Hidden = [16], Epochs = 50 }).Model;

            OnnxExport.Save(model, Path.Combine(folder, "iris.onnx"));          // a file
            byte[] bytes = OnnxExport.ToBytes(model);                           // or bytes, where there are no files
            string source = SourceLanguage.C.Write(model, "iris");              // or C, CSharp, Python, NumPy, Dot

            Model again = OnnxImport.Load(Path.Combine(folder, "iris.onnx"));
            Console.WriteLine(again.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Label);   // setosa
            // end use
            Assert.Equal("setosa", again.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Label);
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(folder, "iris.onnx")));
            Assert.Contains("void iris_predict(const float numbers[4], float outputs[3]);", source, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
