using System.Numerics;
using System.Text.Json;
using Downhill.Graph;
using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill;

/// <summary>
/// A layer of neurons: Y = φ(X·W + b) with W [I,O] and b [O] (lecture L1, L5). Fully connected, or only where the mask
/// has a link.
/// </summary>
/// <param name="Units">Number O of neurons.</param>
/// <param name="Activation">φ.</param>
public sealed record Dense(int Units, Activation Activation) : Layer
{
    /// <summary>Whether the neurons have a bias.</summary>
    public bool HasBias { get; init; } = true;

    /// <summary>The links that exist, or null for all.</summary>
    public ConnectionMask? Connections { get; init; }

    /// <summary>What the sums are multiplied with.</summary>
    public ForwardScale ForwardScale { get; init; }

    /// <summary>Start of the weights; null for the custom of the activation.</summary>
    public Initializer? Initializer { get; init; }

    public override string Kind => "dense";

    public override int Outputs(int inputs) => Units;

    public override IReadOnlyList<ParameterShape> Parameters(int inputs)
    {
        ParameterShape weight = new(SegmentRole.Weight, inputs, Units, Connections);
        return HasBias ? [weight, new(SegmentRole.Bias, 1, Units)] : [weight];
    }

    public override void Initialize(int inputs, IReadOnlyList<double[]> parameters, in RandomStream random)
    {
        double[] weights = parameters[0];
        (Initializer ?? Initializers.For(Activation)).Fill(
            new LayerStart(inputs, Units, Connections, weights, HasBias ? parameters[1] : [], random));
        foreach (int absent in Connections?.Absent ?? []) weights[absent] = 0;
        if (ForwardScale == ForwardScale.None) return;
        for (int i = 0; i < weights.Length; i++) weights[i] /= SumFactor(inputs, i % Units);
    }

    /// <summary>s of a unit's sum u = s·Σ wᵢ·xᵢ, by the links that end in it.</summary>
    public double SumFactor(int inputs, int unit) => ForwardScale.Factor(Connections?.FanIn(unit) ?? inputs);

    public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers)
    {
        Expr field = Expr.MatMul(x, parameters[0]);
        if (ForwardScale != ForwardScale.None)
        {
            double[,] factors = new double[1, Units];
            for (int unit = 0; unit < Units; unit++) factors[0, unit] = SumFactor(parameters[0].Rows, unit);
            field *= Expr.Constant(factors);
        }
        return Activation.Define(HasBias ? field + parameters[1] : field);
    }

    public override string Describe(int inputs) =>
        $"Dense {inputs}→{Units} {Activation}" + (Connections is null ? "" : $", {Connections.Links} links")
        + (HasBias ? "" : ", no bias") + (ForwardScale == ForwardScale.None ? "" : $", forward scale {ForwardScale.Word()}");

    public override BoundLayer<T> Bind<T>(in LayerPlace place) => new BoundDense<T>(this, place);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("units", Units);
        json.WriteString("activation", Activation.ToString());
        if (!HasBias) json.WriteBoolean("bias", false);
        if (Initializer is not null) json.WriteString("initializer", Initializer.ToString());
        if (ForwardScale != ForwardScale.None) json.WriteString("forward_scale", ForwardScale.Word());
        if (Connections is not null)
        {
            json.WriteNumber("inputs", Connections.Inputs);
            json.WriteString("connections", Connections.ToBits());
        }
    }

    internal static Dense Read(JsonElement json, Catalog catalog)
    {
        int units = json.GetProperty("units").GetInt32();
        return new(units, catalog.Activation(json.GetProperty("activation").GetString()!))
        {
            HasBias = !json.TryGetProperty("bias", out JsonElement bias) || bias.GetBoolean(),
            ForwardScale = ForwardScales.Read(json),
            Initializer = json.TryGetProperty("initializer", out JsonElement initializer)
                ? catalog.Initializer(initializer.GetString()!) : null,
            Connections = json.TryGetProperty("connections", out JsonElement bits)
                ? ConnectionMask.FromBits(json.GetProperty("inputs").GetInt32(), units, bits.GetString()!) : null,
        };
    }
}

/// <summary>
/// X [B,I], W [I,O], b [O], Z = X·W + b, Y = φ(Z); dZ = dY ⊙ φ′, dW = Xᵀ·dZ, db = Σ_B dZ, dX = dZ·Wᵀ.
/// With a forward scale s [O]: Z = X·W·diag(s) + b; once db is taken, dZ·diag(s) stands for dZ in dW and dX.
/// </summary>
internal sealed unsafe class BoundDense<T> : BoundLayer<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Kernels<T> kernels;
    private readonly ActivationKernel<T> activation;
    private readonly int weight, bias;
    private readonly bool keepsField;
    private readonly int[] absent;
    private readonly AlignedBuffer<T>? scale;
    private AlignedBuffer<T>? packed;

    public BoundDense(Dense layer, in LayerPlace place) : base(place.Inputs, layer.Units)
    {
        kernels = Kernels<T>.For(place.Arithmetic);
        activation = layer.Activation.Bind(kernels);
        weight = place.ParameterOffsets[0];
        bias = layer.HasBias ? place.ParameterOffsets[1] : -1;
        keepsField = place.KeepsScores || layer.Activation.DerivativeFrom == DerivativeFrom.Input;
        absent = layer.Connections?.Absent ?? [];
        if (layer.ForwardScale == ForwardScale.None) return;
        scale = new AlignedBuffer<T>(layer.Units);
        for (int unit = 0; unit < layer.Units; unit++)
            scale.Span[unit] = T.CreateTruncating(layer.SumFactor(place.Inputs, unit));
    }

    // The field Z is kept only where the derivative or the loss asks for it.
    public override int CacheLength(int rows) => keepsField ? rows * Outputs : 0;

    public override void Forward(in LayerPass<T> pass)
    {
        ForwardJob job = new(this, pass);
        pass.Run(ref job, (long)pass.Rows * Inputs * Outputs);
    }

    public override void Backward(in LayerPass<T> pass)
    {
        // Wᵀ for dX; the first layer needs it only when somebody asks for the inputs' gradient.
        if (pass.InputGradient != null) packed ??= new AlignedBuffer<T>(Kernels<T>.TransposedLength(Inputs, Outputs));
        FieldGradientJob field = new(this, pass);
        pass.Run(ref field, (long)pass.Rows * Outputs * 16);
        if (scale is not null)
        {
            if (bias >= 0) SumBiases(pass);
            ScaleFieldGradient(pass);
        }
        GradientJob job = new(this, pass);
        pass.Run(ref job, 2L * pass.Rows * Inputs * Outputs);
        T* dW = pass.Gradient + weight;
        foreach (int place in absent) dW[place] = T.Zero;
    }

    private void SumBiases(in LayerPass<T> pass) =>
        kernels.ColumnSums(pass.OutputGradient, Outputs, pass.Gradient + bias, pass.Rows, Outputs, pass.Accumulate);

    /// <summary>Z = U·diag(s) + b in place of U = X·W.</summary>
    private void ScaleFields(T* z, T* b, int rows)
    {
        T* s = scale!.Pointer;
        for (int row = 0; row < rows; row++, z += Outputs)
            for (int unit = 0; unit < Outputs; unit++)
                z[unit] = b == null ? z[unit] * s[unit] : z[unit] * s[unit] + b[unit];
    }

    private void ScaleFieldGradient(in LayerPass<T> pass)
    {
        T* s = scale!.Pointer, dZ = pass.OutputGradient;
        for (int row = 0; row < pass.Rows; row++, dZ += Outputs)
            for (int unit = 0; unit < Outputs; unit++)
                dZ[unit] *= s[unit];
    }

    /// <summary>Rows split over the team: each row's outputs depend on that row alone.</summary>
    private readonly struct ForwardJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Team.Part(pass.Rows, part, parts, 4).GetOffsetAndLength(pass.Rows);
            if (count == 0) return;
            int inputs = layer.Inputs, outputs = layer.Outputs;
            T* y = pass.Output + (long)first * outputs;
            T* b = layer.bias < 0 ? null : pass.Parameters + layer.bias;
            layer.kernels.Forward(pass.Input + (long)first * inputs, inputs, pass.Parameters + layer.weight, outputs,
                layer.scale is null ? b : null, y, outputs, count, inputs, outputs);
            if (layer.scale is not null) layer.ScaleFields(y, b, count);
            T* z = y;
            if (layer.keepsField && pass.Cache != null)
            {
                z = pass.Cache + (long)first * outputs;
                Buffer.MemoryCopy(y, z, (long)count * outputs * sizeof(T), (long)count * outputs * sizeof(T));
            }
            layer.activation.Forward(z, y, count, outputs);
        }
    }

    /// <summary>dZ in place of dY, and W packed for dX; both are complete before the next job starts.</summary>
    private readonly struct FieldGradientJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            int outputs = layer.Outputs;
            (int first, int count) = Team.Part(pass.Rows, part, parts, 4).GetOffsetAndLength(pass.Rows);
            long at = (long)first * outputs;
            if (!pass.GradientIsOfScores && count > 0)
                layer.activation.Backward(pass.Cache == null ? null : pass.Cache + at, pass.Output + at, pass.OutputGradient + at, count, outputs);
            if (pass.InputGradient == null || part != 0) return;
            layer.kernels.PackTransposed(pass.Parameters + layer.weight, outputs, layer.packed!.Pointer, layer.Inputs, outputs);
        }
    }

    /// <summary>dW split over inputs and dX over rows: outputs are split, sums never.</summary>
    private readonly struct GradientJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            int inputs = layer.Inputs, outputs = layer.Outputs;
            (int input, int inputCount) = Team.Part(inputs, part, parts, 4).GetOffsetAndLength(inputs);
            if (inputCount > 0)
                layer.kernels.WeightGradient(pass.Input + input, inputs, pass.OutputGradient, outputs,
                    pass.Gradient + layer.weight + (long)input * outputs, outputs, pass.Rows, inputCount, outputs, pass.Accumulate);
            if (part == parts - 1 && layer.bias >= 0 && layer.scale is null) layer.SumBiases(pass);
            if (pass.InputGradient == null) return;
            (int first, int count) = Team.Part(pass.Rows, part, parts, 4).GetOffsetAndLength(pass.Rows);
            if (count > 0)
                layer.kernels.InputGradientPacked(pass.OutputGradient + (long)first * outputs, outputs, layer.packed!.Pointer,
                    pass.InputGradient + (long)first * inputs, inputs, count, inputs, outputs);
        }
    }
}
