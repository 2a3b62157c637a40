using Downhill.Cli.Bench;
using Microsoft.ML.OnnxRuntime;

namespace Downhill.Bench;

/// <summary>Answers by ONNX Runtime, through its call with the least overhead: tensors on memory that stays in
/// place.</summary>
internal sealed class OnnxRuntimeRun : BenchRun
{
    private static readonly string[] InputNames = ["x"], OutputNames = ["y"];

    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly float[] rows, input, output;
    private readonly OrtValue[] inputs, outputs;
    private readonly int batch;
    private int next;

    private OnnxRuntimeRun(Workload workload, WorkloadData data, int threads)
    {
        batch = workload.Batch;
        using SessionOptions settings = new() { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        session = new(OnnxFile.Of(StartModel.Of(workload, data)), settings);
        (int width, int classes) = (workload.Spec.Inputs, workload.Spec.Outputs);
        (rows, input, output) = (data.Rows.Numeric, new float[batch * width], new float[batch * classes]);
        inputs = [OrtValue.CreateTensorValueFromMemory(input, [batch, width])];
        outputs = [OrtValue.CreateTensorValueFromMemory(output, [batch, classes])];
    }

    /// <summary>Binds what ONNX Runtime does: answers.</summary>
    public static BenchRun? Bind(Workload workload, WorkloadData? data, int threads, bool shuffle) =>
        workload.Kind == WorkloadKind.Predict ? new OnnxRuntimeRun(workload, data!, threads) : null;

    /// <summary>The outputs [rows, outputs] of the last call.</summary>
    public ReadOnlySpan<float> Outputs => output;

    public override long Repeat(int times)
    {
        for (int i = 0; i < times; i++)
        {
            rows.AsSpan(next, input.Length).CopyTo(input);
            session.Run(options, InputNames, inputs, OutputNames, outputs);
            next += input.Length;
            if (next == rows.Length) next = 0;
        }
        return (long)times * batch;
    }

    public override void Dispose()
    {
        foreach (OrtValue value in inputs.Concat(outputs)) value.Dispose();
        options.Dispose();
        session.Dispose();
    }
}
