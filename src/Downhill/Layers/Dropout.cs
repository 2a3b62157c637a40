using System.Numerics;
using System.Text.Json;
using Downhill.Graph;

namespace Downhill;

/// <summary>
/// In training each input is dropped with probability <paramref name="Rate"/> and the others are scaled by 1/(1−rate),
/// so that prediction uses the network as it is. Srivastava et al., JMLR 15, 2014, §10 (inverted form).
/// </summary>
/// <param name="Rate">Share dropped, 0 up to but not including 1.</param>
public sealed record Dropout(double Rate) : Layer
{
    public override string Kind => "dropout";
    public override int Outputs(int inputs) => inputs;
    public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [];
    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) => x;
    public override string Describe(int inputs) => $"Dropout {Numbers.Text(Rate)}";
    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new BoundDropout<T>(this, place);
    public override void Write(Utf8JsonWriter json) => json.WriteNumber("rate", Rate);
    internal static Dropout Read(JsonElement json, Catalog catalog) => new(json.GetProperty("rate").GetDouble());
}

/// <summary>The cache holds each element's factor: 0 or 1/(1−rate).</summary>
internal sealed unsafe class BoundDropout<T>(Dropout layer, LayerPlace place)
    : BoundLayer<T>(place.Inputs, place.Inputs)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override int CacheLength(int rows) => rows * Inputs;

    internal override bool IsRowwise => true;

    public override void Forward(in LayerPass<T> pass) => ForwardRows(pass, 0, pass.Rows);

    public override void Backward(in LayerPass<T> pass) => BackwardRows(pass, 0, pass.Rows);

    internal override void ForwardRows(in LayerPass<T> pass, int first, int count)
    {
        int at = first * Inputs, length = count * Inputs;
        T* input = pass.Input + at, output = pass.Output + at, factors = pass.Cache + at;
        if (!pass.IsTraining)
        {
            Buffer.MemoryCopy(input, output, (long)length * sizeof(T), (long)length * sizeof(T));
            return;
        }
        // A pure function of seed, layer, step and place in the batch: chunks, threads and resuming change nothing.
        RandomStream random = new(pass.Seed, RandomStreams.Dropout + (uint)place.Index, (uint)pass.Step);
        T kept = T.CreateTruncating(1 / (1 - layer.Rate));
        ulong start = (ulong)(pass.FirstRow + first) * (ulong)Inputs;
        for (int i = 0; i < length; i++)
        {
            T factor = random.Uniform(start + (ulong)i) < layer.Rate ? T.Zero : kept;
            factors[i] = factor;
            output[i] = input[i] * factor;
        }
    }

    internal override void BackwardRows(in LayerPass<T> pass, int first, int count)
    {
        if (pass.InputGradient == null) return;
        if (!pass.IsTraining)
        {
            // Nothing was dropped, and the cache still holds the mask of some step of training.
            long bytes = (long)count * Inputs * sizeof(T);
            Buffer.MemoryCopy(pass.OutputGradient + first * Inputs, pass.InputGradient + first * Inputs, bytes, bytes);
            return;
        }
        for (int i = first * Inputs; i < (first + count) * Inputs; i++)
            pass.InputGradient[i] = pass.OutputGradient[i] * pass.Cache[i];
    }
}
