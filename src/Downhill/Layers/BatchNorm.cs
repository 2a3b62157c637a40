using System.Numerics;
using System.Text.Json;
using Downhill.Graph;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// Y = φ(γ·(X − mean)/√(variance + ε) + β), feature by feature. Training uses mean and (biased) variance of the batch
/// and keeps running averages, prediction uses these. Ioffe, Szegedy, ICML 2015, algorithm 1 and 2.
/// A batch of a single row has no variance: it is normalised by the running statistics and does not change them. The
/// batch is never taken in chunks, so a full batch has the statistics of all rows. A row of weight 2 counts as two
/// rows; the running variance is made unbiased by the number of rows that weigh anything, whatever the weights' scale.
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

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random) =>
        Array.Fill(parameters[0], 1);

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
    /// <param name="x">[B,F].</param>
    /// <param name="parameters">γ and β.</param>
    /// <param name="weights">[B,1], null where all rows count alike.</param>
    internal Expr DefineTraining(Expr x, IReadOnlyList<Expr> parameters, Expr? weights = null)
    {
        Expr share = weights is null ? Expr.Constant(1.0 / x.Rows) : weights / weights.Sum();
        Expr mean = (share * x).ColumnSum();
        Expr centred = x - mean;
        Expr variance = (share * Expr.Square(centred)).ColumnSum();
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
/// Cache: x̂ [B,F], then 1/√(variance+ε) [F], then the field before φ [B,F] where the derivative wants it. Sums over
/// the batch run down the rows in order, one chain per feature.
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
        (int counted, T total) = Counted(pass);
        bool ofBatch = pass.IsTraining && counted > 1;
        T* mean = runningMean, variance = runningVariance;
        if (ofBatch)
        {
            mean = sums.Pointer;
            variance = mean + features;
            Statistics(pass.Input, pass.Weights, rows, total, mean, variance);
            T unbiased = T.CreateTruncating((double)counted / (counted - 1));
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

    /// <summary>How many rows weigh anything, and how much all weigh together.</summary>
    private static (int Rows, T Total) Counted(in LayerPass<T> pass)
    {
        if (pass.Weights == null) return (pass.Rows, T.CreateTruncating(pass.Rows));
        int counted = 0;
        T total = T.Zero;
        for (int r = 0; r < pass.Rows; r++)
        {
            counted += pass.Weights[r] > T.Zero ? 1 : 0;
            total += pass.Weights[r];
        }
        return (counted, total);
    }

    private void Statistics(T* x, T* weights, int rows, T total, T* mean, T* variance)
    {
        int features = Inputs;
        for (int f = 0; f < features; f++) mean[f] = variance[f] = T.Zero;
        for (int r = 0; r < rows; r++)
        {
            T w = weights == null ? T.One : weights[r];
            if (w == T.Zero) continue; // 0·∞ would not be 0
            for (int f = 0; f < features; f++) mean[f] += w * x[r * features + f];
        }
        for (int f = 0; f < features; f++) mean[f] /= total;
        for (int r = 0; r < rows; r++)
        {
            T w = weights == null ? T.One : weights[r];
            if (w == T.Zero) continue;
            for (int f = 0; f < features; f++)
            {
                T centred = x[r * features + f] - mean[f];
                variance[f] += w * (centred * centred);
            }
        }
        for (int f = 0; f < features; f++) variance[f] /= total;
    }

    /// <summary>With d = dY ⊙ φ′ and p a row's share of the weights, 1/B without: dβ = Σ d, dγ = Σ d·x̂,
    /// dX = γ/√(variance+ε)·(d − p·dβ − x̂·p·dγ).</summary>
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
        (int counted, T total) = Counted(pass);
        T even = pass.IsTraining && counted > 1 ? T.One / total : T.Zero;
        for (int r = 0; r < rows; r++)
        {
            T share = pass.Weights == null ? even : even * pass.Weights[r];
            for (int f = 0; f < features; f++)
            {
                int at = r * features + f;
                pass.InputGradient[at] = gamma[f] * inverse[f] * (
                    d[at] - share * dBeta[f] - normalised[at] * share * dGamma[f]);
            }
        }
    }
}
