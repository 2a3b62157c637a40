using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>A model's file in the reader of those who made the format (JavaScript, from web's packages), and
/// back.</summary>
public sealed class SafetensorsTests
{
    [Fact]
    public async Task AModelsFileOpensInAnotherReaderAndComesBack()
    {
        string reader = Path.Combine(Hosts.Root, "web", "node_modules", "@huggingface", "hub", "dist", "index.mjs");
        Assert.SkipUnless(File.Exists(reader), "@huggingface/hub is not installed: run 'npm ci' in web");
        string folder = Directory.CreateTempSubdirectory("downhill-safetensors").FullName;
        try
        {
            string file = Path.Combine(folder, "iris.safetensors"), copy = Path.Combine(folder, "copy.safetensors");
            Model model = Model.Fit(Dataset.Load("iris"),
                new() { Hidden = [5], Epochs = 3, BatchNorm = true }).Model;
            model.Save(file);
            ProcessStartInfo start = new("node",
                [Path.Combine(Hosts.Root, "tests", "Downhill.Tests.Browser", "another-reader.mjs"), reader, file, copy])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            };
            using Process node = Process.Start(start)!;
            Task<string> error = node.StandardError.ReadToEndAsync();
            string output = await node.StandardOutput.ReadToEndAsync();
            await node.WaitForExitAsync();
            Assert.True(node.ExitCode == 0, await error);

            JsonElement[] tensors =
                [.. JsonDocument.Parse(output).RootElement.GetProperty("tensors").EnumerateArray()];
            Assert.Equal(
                ["layers.0.weight 4 5", "layers.0.bias 5", "layers.1.scale 5", "layers.1.shift 5",
                    "layers.2.weight 5 3",
                    "layers.2.bias 3", "running_statistics 10"],
                tensors.Select(t => $"{t.GetProperty("name")} "
                    + $"{string.Join(' ', t.GetProperty("shape").EnumerateArray())}"));
            float[] parameters = [.. tensors[..^1].SelectMany(t => t.GetProperty("values").EnumerateArray())
                .Select(value => value.GetSingle())];
            Assert.Equal(model.Spec.ParameterCount, parameters.Length);
            Assert.Equal(model.WeightsHash, Hash(parameters));

            Assert.NotEqual(File.ReadAllBytes(file), File.ReadAllBytes(copy));
            Model again = Model.Load(copy);
            Assert.Equal(model.WeightsHash, again.WeightsHash);
            Assert.Equal(
                model.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Values, again.Predict([5.1f, 3.5f, 1.4f, 0.2f]).Values);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>docs/FORMATS.md: SHA-256 of the parameters in little-endian, layer by layer.</summary>
    private static string Hash(float[] parameters)
    {
        byte[] bytes = new byte[4 * parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), parameters[i]);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
    }
}
