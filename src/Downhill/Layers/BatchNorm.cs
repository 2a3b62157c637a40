using System.Numerics;
using System.Text.Json;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// Y = φ(γ·(X − mean)/√(variance + ε) + β), feature by feature. Training uses mean and (biased) variance of the batch and
/// keeps running averages, prediction uses these. Ioffe, Szegedy, ICML 2015, algorithm 1 and 2.
/// A batch of a single row has no variance: it is normalised by the running statistics and does not change them. The batch
/// is never taken in chunks, so a full batch has the statistics of all rows.
/// </summary>
/// <param name="Activation">φ, after the normalisation.</param>
public sealed record BatchNorm(Activation Activation) : Layer
{
    /// <summary>Weight of a new batch in the running averages.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>ε, keeps the root off 0.</summary>
    public double Epsilon { get; init; } = 1e-5;

    public override string Kind => "batch_norm";
    public override int Outputs(int inputs) => inputs;
    public override bool NeedsWholeBatch => true;

    /// <summary>γ, then β.</summary>
    public override IReadOnlyList<ParameterShape> Parameters(int inputs) =>
        [new(SegmentRole.Scale, 1, inputs), new(SegmentRole.Shift, 1, inputs)];

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) => Array.Fill(parameters[0], 1);

    /// <summary>Running means, then running (unbiased) variances.</summary>
    public override int BufferLength(int inputs) => 2 * inputs;
    public override double InitialBuffer(int inputs, int index) => index < inputs ? 0 : 1;

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers)
    {
        int features = x.Columns;
        double[,] mean = new double[1, features], deviation = new double[1, features];
        for (int i = 0; i < features; i++)
        {
            mean[0, i] = buffers[i];
            deviation[0, i] = Math.Sqrt(buffers[features + i] + Epsilon);
        }
        return Activation.Define(parameters[0] * (x - Expr.Constant(mean)) / Expr.Constant(deviation) + parameters[1]);
    }

    /// <summary>The same with the statistics of the batch itself, as in training.</summary>
    internal Expr DefineTraining(Expr x, IReadOnlyList<Expr> parameters)
    {
        Expr mean = x.ColumnSum() / x.Rows;
        Expr centred = x - mean;
        Expr variance = Expr.Square(centred).ColumnSum() / x.Rows;
        return Activation.Define(parameters[0] * centred / Expr.Sqrt(variance + Epsilon) + parameters[1]);
    }

    public override string Describe(int inputs) =>
        $"BatchNorm {inputs}" + (Activation.Name == "identity" ? "" : $" {Activation}");

    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new BoundBatchNorm<T>(this, place);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteString("activation", Activation.ToString());
        json.WriteNumber("momentum", Momentum);
        json.WriteNumber("epsilon", Epsilon);
    }

    internal static BatchNorm Read(JsonElement json, Catalog catalog) =>
        new(catalog.Activation(json.GetProperty("activation").GetString()!))
        {
            Momentum = json.GetProperty("momentum").GetDouble(),
            Epsilon = json.GetProperty("epsilon").GetDouble(),
        };
}

/// <summary>
/// Cache: x̂ [B,F], then 1/√(variance+ε) [F], then the field before φ [B,F] where the derivative wants it. Sums over the batch run
/// down the rows in order, one chain per feature.
/// </summary>
internal sealed unsafe class BoundBatchNorm<T> : BoundLayer<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ActivationKernel<T> activation;
    private readonly bool keepsField;
    private readonly int scale, shift, buffers;
    private readonly T momentum, epsilon;
    private readonly AlignedBuffer<T> sums;

    public BoundBatchNorm(BatchNorm layer, in LayerPlace place) : base(place.Inputs, place.Inputs)
    {
        activation = layer.Activation.Bind(Kernels<T>.For(place.Arithmetic));
        keepsField = layer.Activation.DerivativeFrom == DerivativeFrom.Input;
        (scale, shift, buffers) = (place.ParameterOffsets[0], place.ParameterOffsets[1], place.BufferOffset);
        (momentum, epsilon) = (T.CreateTruncating(layer.Momentum), T.CreateTruncating(layer.Epsilon));
        sums = new AlignedBuffer<T>(2 * place.Inputs);
    }

    public override int CacheLength(int rows) => (keepsField ? 2 : 1) * rows * Inputs + Inputs;

    public override void Forward(in LayerPass<T> pass)
    {
        int rows = pass.Rows, features = Inputs;
        T* normalised = pass.Cache, inverse = pass.Cache + (long)rows * features;
        T* runningMean = pass.Buffers + buffers, runningVariance = runningMean + features;
        bool ofBatch = pass.IsTraining && rows > 1;
        T* mean = runningMean, variance = runningVariance;
        if (ofBatch)
        {
            mean = sums.Pointer;
            variance = mean + features;
            Statistics(pass.Input, rows, mean, variance);
            T unbiased = T.CreateTruncating((double)rows / (rows - 1));
            for (int f = 0; f < features; f++)
            {
                runningMean[f] += momentum * (mean[f] - runningMean[f]);
                runningVariance[f] += momentum * (variance[f] * unbiased - runningVariance[f]);
            }
        }
        T* gamma = pass.Parameters + scale, beta = pass.Parameters + shift;
        for (int f = 0; f < features; f++) inverse[f] = T.One / T.Sqrt(variance[f] + epsilon);
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < features; f++)
            {
                int at = r * features + f;
                T xHat = (pass.Input[at] - mean[f]) * inverse[f];
                normalised[at] = xHat;
                pass.Output[at] = gamma[f] * xHat + beta[f];
            }
        T* field = pass.Output;
        if (keepsField)
        {
            field = inverse + features;
            Buffer.MemoryCopy(pass.Output, field, (long)rows * features * sizeof(T), (long)rows * features * sizeof(T));
        }
        activation.Forward(field, pass.Output, rows, features);
    }

    private void Statistics(T* x, int rows, T* mean, T* variance)
    {
        int features = Inputs;
        T count = T.CreateTruncating(rows);
        for (int f = 0; f < features; f++) mean[f] = variance[f] = T.Zero;
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < features; f++) mean[f] += x[r * features + f];
        for (int f = 0; f < features; f++) mean[f] /= count;
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < features; f++)
            {
                T centred = x[r * features + f] - mean[f];
                variance[f] += centred * centred;
            }
        for (int f = 0; f < features; f++) variance[f] /= count;
    }

    /// <summary>With d = dY ⊙ φ′: dβ = Σ d, dγ = Σ d·x̂, dX = γ/√(variance+ε)·(d − dβ/B − x̂·dγ/B).</summary>
    public override void Backward(in LayerPass<T> pass)
    {
        int rows = pass.Rows, features = Inputs;
        T* normalised = pass.Cache, inverse = pass.Cache + (long)rows * features;
        T* d = pass.OutputGradient;
        activation.Backward(keepsField ? inverse + features : null, pass.Output, d, rows, features);
        T* dGamma = sums.Pointer, dBeta = dGamma + features;
        for (int f = 0; f < features; f++) dGamma[f] = dBeta[f] = T.Zero;
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < features; f++)
            {
                int at = r * features + f;
                dGamma[f] += d[at] * normalised[at];
                dBeta[f] += d[at];
            }
        T* gamma = pass.Parameters + scale;
        T* gradientScale = pass.Gradient + scale, gradientShift = pass.Gradient + shift;
        for (int f = 0; f < features; f++)
        {
            gradientScale[f] = pass.Accumulate ? gradientScale[f] + dGamma[f] : dGamma[f];
            gradientShift[f] = pass.Accumulate ? gradientShift[f] + dBeta[f] : dBeta[f];
        }
        if (pass.InputGradient == null) return;
        bool ofBatch = pass.IsTraining && rows > 1;
        T share = ofBatch ? T.One / T.CreateTruncating(rows) : T.Zero;
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < features; f++)
            {
                int at = r * features + f;
                pass.InputGradient[at] = gamma[f] * inverse[f] * (d[at] - share * dBeta[f] - normalised[at] * share * dGamma[f]);
            }
    }
}
