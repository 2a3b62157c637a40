using System.Text;
using Downhill.Onnx;
using Xunit;

namespace Downhill.Tests.Browser.Scenes;

public sealed class EcosystemSceneTests(Hosts hosts)
{
    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task The_trained_network_is_taken_out_and_runs_beside_the_original(string host)
    {
        await using Visit visit = await hosts.Scene(host, "ecosystem", view: new(1280, 1400));
        await visit.Find("eco-files").WaitForAsync();
        await visit.Find("try-train").ClickAsync();
        await visit.Until(async () => await visit.Number("epoch") == 30, "thirty epochs", 60);
        await visit.Shows("eco-same", "200 of 200");
        Assert.InRange(await visit.Number("eco-largest"), 0, 2e-6);
        await visit.Shows("eco-bits", "equal to the last bit");
        await visit.Picture("scene-ecosystem");
        await visit.Find("try-edit").ClickAsync();
        await visit.Shows("eco-code", "5.0");
        await visit.Find("try-code").ClickAsync();
        await visit.Shows("eco-code", "def ");

        Model onnx = OnnxImport.FromBytes(await Take(visit, "onnx"));
        Model file = ModelFile.FromBytes(await Take(visit, "model"));
        Assert.Contains(5f, onnx.Parameters.ToArray());
        Assert.Contains(5f, file.Parameters.ToArray());
        float[] z = new float[1], p = new float[1];
        file.Predict([0.4f, -0.9f], z);
        onnx.Predict([0.4f, -0.9f], p);
        Assert.Equal(z[0], 2 * p[0] - 1, 1e-5f); // the file says how probable a class is
        foreach (string kind in (string[])["csharp", "c", "python"])
            Assert.Contains("tanh", Encoding.UTF8.GetString(await Take(visit, kind)).ToLowerInvariant(),
                StringComparison.Ordinal);
        Assert.Contains("As you said", await visit.Predict("none"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_alone_take_a_file_and_read_the_source()
    {
        await using Visit visit = await hosts.Scene("native", "ecosystem");
        await visit.Find("eco-files").WaitForAsync();
        await visit.TabTo("eco-onnx");
        string name = (await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.Keyboard.PressAsync("Enter")))
            .SuggestedFilename;
        Assert.Equal("xor.onnx", name);
        await visit.TabTo("eco-source");
        await visit.Page.Keyboard.PressAsync("ArrowUp");
        await visit.Shows("eco-code", "#include");
    }

    private static async Task<byte[]> Take(Visit visit, string kind)
    {
        string path = await (await visit.Page.RunAndWaitForDownloadAsync(() => visit.Find($"eco-{kind}").ClickAsync()))
            .PathAsync();
        return await File.ReadAllBytesAsync(path);
    }
}
