using Microsoft.ML.OnnxRuntime;

// Nothing of Downhill in here: ONNX Runtime computes the file that `downhill export --to onnx` wrote. The graph holds
// the whole model, so raw columns go in and names come out.
using InferenceSession session = new(args[0]);
foreach ((string name, NodeMetadata tensor) in session.InputMetadata.Concat(session.OutputMetadata))
    Console.WriteLine($"{name}: {tensor.ElementDataType} [{string.Join(", ", tensor.Dimensions)}]");
Console.WriteLine($"trained on {session.ModelMetadata.CustomMetadataMap["downhill.data"]}");

// Two rows at once, one after the other in memory.
float[] rows =
[
    14.23f, 1.71f, 2.43f, 15.6f, 127, 2.8f, 3.06f, 0.28f, 2.29f, 5.64f, 1.04f, 3.92f, 1065,
    12.33f, 1.1f, 2.28f, 16, 101, 2.05f, 1.09f, 0.63f, 0.41f, 3.27f, 1.25f, 1.67f, 680,
];
using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows, [2, 13]);
using RunOptions run = new();
using IDisposableReadOnlyCollection<OrtValue> outputs =
    session.Run(run, ["input"], [input], ["label", "probabilities"]);
string[] labels = outputs[0].GetStringTensorAsArray();
ReadOnlySpan<float> probabilities = outputs[1].GetTensorDataAsSpan<float>();
for (int row = 0; row < labels.Length; row++)
    Console.WriteLine($"{labels[row]} with {probabilities.Slice(3 * row, 3).ToArray().Max():P1}");
