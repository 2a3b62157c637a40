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

    /// <summary>Whether it gives categories vectors and passes the other inputs on (<see
    /// cref="Embeddings"/>).</summary>
    internal bool IsEmbedding => Initializer?.Name == "embedding";

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
        + (HasBias ? "" : ", no bias") + (ForwardScale == ForwardScale.None ? "" : $", forward scale "
        + $"{ForwardScale.Word()}");

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
    /// <summary>Elements of dW that are worked out before the update rule takes them: 256 KiB of float, which a
    /// second-level cache keeps beside the rows.</summary>
    private const int BlockLength = 64 * 1024;

    /// <summary>Elements of a piece of dW that threads hand on to one another.</summary>
    private const int PieceLength = 1024;

    /// <summary>Inputs of the batch that pass all panels of a thread together: 256 KiB of float for 64 rows.</summary>
    private const int PackedInputs = 1024;

    /// <summary>Fewest outputs that are split over the team; with less, parts would be thinner than a register
    /// tile.</summary>
    private const int FewestColumns = 64;

    /// <summary>Columns are shared in multiples of this: whole cache lines, and whole panels at every width.</summary>
    private const int ColumnUnit = 32;

    /// <summary>Rows per thread from which the outputs are shared by rows: the weights, which each thread then copies
    /// into panels for itself, are used often enough to pay for it.</summary>
    private const int ManyRows = 48;

    /// <summary>Weights up to which each thread copies them for itself.</summary>
    private const int MostCopied = 256 * 1024;

    private readonly Kernels<T> kernels;
    private readonly ActivationKernel<T> activation;
    private readonly int weight, bias, weightSegment;
    private readonly bool isFirst, keepsField, isElementwise;
    private readonly int[] absent;
    private readonly AlignedBuffer<T>? scale;
    private AlignedBuffer<T>? transposed, turned;
    private Scratch[] scratches = [];

    /// <summary>What one thread needs for a large layer: a block of dW, dZ in panels, and, where W lies in panels,
    /// some inputs of the batch.</summary>
    private readonly record struct Scratch(AlignedBuffer<T> Block, AlignedBuffer<T> Panels, AlignedBuffer<T>? Inputs);

    public BoundDense(Dense layer, in LayerPlace place) : base(place.Inputs, layer.Units)
    {
        kernels = Kernels<T>.For(place.Arithmetic);
        activation = layer.Activation.Bind(kernels);
        weight = place.ParameterOffsets[0];
        bias = layer.HasBias ? place.ParameterOffsets[1] : -1;
        weightSegment = place.FirstSegment;
        isFirst = place.Index == 0;
        keepsField = place.KeepsScores || layer.Activation.DerivativeFrom == DerivativeFrom.Input;
        isElementwise = layer.Activation.IsElementwise;
        absent = layer.Connections?.Absent ?? [];
        if (layer.ForwardScale == ForwardScale.None) return;
        scale = new AlignedBuffer<T>(layer.Units);
        for (int unit = 0; unit < layer.Units; unit++)
            scale.Span[unit] = T.CreateTruncating(layer.SumFactor(place.Inputs, unit));
    }

    // The field Z is kept only where the derivative or the loss asks for it.
    public override int CacheLength(int rows) => keepsField ? rows * Outputs : 0;

    // A mask's absent links get no gradient, and hence no update: that is settled on the whole tensor. So is a scale.
    internal override bool UpdatesItself => absent.Length == 0 && scale is null;
    internal override bool IsRowwise => absent.Length == 0 && scale is null;

    /// <summary>Where the columns can be shared evenly: each thread then keeps its own in its caches. Only of the first
    /// layer: dX reads rows of W, which in panels lie in pieces (784-2500-2000-1500-1000-500-10 lost 5 %).</summary>
    internal override PanelTensor? PanelTensor(int parts)
    {
        int units = (Outputs + ColumnUnit - 1) / ColumnUnit, most = (units + parts - 1) / parts;
        bool isEven = 10 * most * parts <= 11 * units;
        return isFirst && IsLarge && UpdatesItself && isElementwise && isEven && Outputs >= kernels.PanelWidth
            ? new(weight, Inputs, Outputs) : null;
    }

    public override void Forward(in LayerPass<T> pass)
    {
        ForwardJob job = new(this, pass);
        pass.Run(ref job, (long)pass.Rows * Inputs * Outputs);
    }

    public override void Backward(in LayerPass<T> pass)
    {
        if (scale is not null) ScaleFieldGradient(pass);
        if (Turns(pass)) turned = AtLeast(turned, kernels.TurnedGradientLength(pass.Rows, Outputs));
        BackwardJob field = new(this, pass);
        pass.Run(
            ref field, (long)pass.Rows * Outputs * (pass.InputGradient == null || SharesInputs(pass) ? 16 : Inputs));
        PrepareGradients(pass.Rows, pass.Team.Size);
        GradientJob job = new(this, pass);
        pass.Run(ref job, (long)pass.Rows * Inputs * Outputs);
        T* dW = pass.Gradient + weight;
        foreach (int place in absent) dW[place] = T.Zero;
    }

    internal override void ForwardRows(in LayerPass<T> pass, int first, int count) =>
        ForwardBlock(pass, first, count, 0, Outputs);

    private void ForwardBlock(in LayerPass<T> pass, int first, int count, int column, int columns)
    {
        if (count == 0 || columns == 0) return;
        long at = (long)first * Outputs + column;
        T* b = bias < 0 ? null : pass.Parameters + bias + column;
        T* y = pass.Output + at, z = keepsField && pass.Cache != null ? pass.Cache + at : y;
        T* x = pass.Input + (long)first * Inputs, w = pass.Parameters + weight;
        if (LiesInPanels(pass)) FieldsFromPanels(x, w, b, z, count, column, columns);
        else kernels.Forward(x, Inputs, w + column, Outputs, scale is null ? b : null, z, Outputs, count, Inputs,
            columns);
        if (scale is not null) ScaleFields(z, b, count, column, columns);
        if (pass.LossGivesOutput) return;
        if (columns == Outputs) activation.Forward(z, y, count, columns);
        else for (int row = 0; row < count; row++, z += Outputs, y += Outputs) activation.Forward(z, y, 1, columns);
    }

    private bool LiesInPanels(in LayerPass<T> pass) => pass.IsInPanels && PanelTensor(pass.Team.Size) is not null;

    /// <summary>Z of some columns, from a whole panel on.</summary>
    private void FieldsFromPanels(T* x, T* w, T* b, T* z, int rows, int column, int columns)
    {
        int whole = PanelLayout<T>.WholePanels(kernels, Outputs), inPanels = Math.Clamp(whole - column, 0, columns);
        kernels.ForwardPanels(x, Inputs, w + (long)column * Inputs, b, z, Outputs, rows, Inputs, inPanels);
        if (inPanels == columns) return;
        kernels.Forward(x, Inputs, w + (long)whole * Inputs, Outputs - whole, b == null ? null : b + inPanels,
            z + inPanels, Outputs, rows, Inputs, columns - inPanels);
    }

    /// <summary>Wᵀ for dX; the first layer needs it only when somebody asks for the inputs' gradient.</summary>
    internal override void PrepareRows(in LayerPass<T> pass)
    {
        if (pass.InputGradient == null || TurnsOnTheWay(pass)) return;
        transposed ??= new AlignedBuffer<T>(Inputs * Outputs);
        TransposeJob job = new(this, pass);
        pass.Run(ref job, 16L * Inputs * Outputs);
    }

    /// <summary>Whether Wᵀ is used by one thread and for few rows, and so made panel by panel as the product goes: W
    /// has just been read by the way forward, and a panel never leaves the nearest cache.</summary>
    private static bool TurnsOnTheWay(in LayerPass<T> pass) => pass.IsAlone && pass.Rows <= TurnedRows;

    /// <summary>Rows up to which Wᵀ is made on the way.</summary>
    private const int TurnedRows = 64;

    /// <summary>Whether dXᵀ = W·dZᵀ is cheaper than dX = dZ·Wᵀ, that is, whether the batch's numbers, which it turns,
    /// are fewer than the weights, which the other turns.</summary>
    private bool Turns(in LayerPass<T> pass) =>
        IsLarge && pass.InputGradient != null && (long)pass.Rows * (Inputs + Outputs) < (long)Inputs * Outputs;

    private bool IsLarge => !TrainState<T>.KeepsGradientOf(Inputs * Outputs);

    /// <summary>dZ in place of dY.</summary>
    private void FieldGradient(in LayerPass<T> pass, int first, int count)
    {
        long at = (long)first * Outputs;
        if (!pass.GradientIsOfScores && scale is null)
            activation.Backward(
                keepsField ? pass.Cache + at : null, pass.Output + at, pass.OutputGradient + at, count, Outputs);
    }

    internal override void BackwardRows(in LayerPass<T> pass, int first, int count)
    {
        if (count == 0) return;
        FieldGradient(pass, first, count);
        long at = (long)first * Outputs;
        if (pass.InputGradient == null) return;
        T* dZ = pass.OutputGradient + at, dX = pass.InputGradient + (long)first * Inputs;
        if (TurnsOnTheWay(pass))
            kernels.InputGradient(dZ, Outputs, pass.Parameters + weight, Outputs, dX, Inputs, count, Inputs, Outputs);
        else kernels.InputGradientPacked(dZ, Outputs, transposed!.Pointer, dX, Inputs, count, Inputs, Outputs);
    }

    /// <summary>Whether threads share dX, dW and the update by inputs: then the rows of W that a thread reads for dX
    /// are those that it changes, and all of it lies together. Half of each row of W beside another thread's half was
    /// slower than one thread alone, since what fetches ahead takes the other's lines, too.</summary>
    private bool SharesInputs(in LayerPass<T> pass) =>
        !LiesInPanels(pass) && (Turns(pass) || Inputs >= 8 * pass.Team.Size);

    private Range InputsOf(int part, int parts) => Team.Part(Inputs, part, parts, 8);

    /// <summary>dX of some inputs and rows, W turned on the way or dZ before.</summary>
    private void InputGradient(in LayerPass<T> pass, int input, int inputs, int first, int count)
    {
        T* w = pass.Parameters + weight + (long)input * Outputs, dZ = pass.OutputGradient + (long)first * Outputs;
        T* dX = pass.InputGradient + (long)first * Inputs + input;
        if (inputs == 0 || count == 0) return;
        if (Turns(pass))
            kernels.InputGradientTurned(turned!.Pointer, w, Outputs, dX, Inputs, count, inputs, Outputs);
        else kernels.InputGradient(dZ, Outputs, w, Outputs, dX, Inputs, count, inputs, Outputs);
    }

    /// <summary>Part of dW and db: outputs are split, sums never.</summary>
    internal override void Gradients(in LayerPass<T> pass, Updater<T>? updater, int part, int parts)
    {
        // Panels are shared by columns: they are each thread's own.
        bool inputsAreShared = SharesInputs(pass);
        (int input, int inputs) = inputsAreShared ? InputsOf(part, parts).GetOffsetAndLength(Inputs) : (0, Inputs);
        (int column, int columns) = inputsAreShared ? (0, Outputs)
            : Team.Part(Outputs, part, parts, ColumnUnit).GetOffsetAndLength(Outputs);
        if (inputs > 0 && columns > 0)
        {
            if (LiesInPanels(pass)) WeightGradientInPanels(pass, updater!, scratches[part], column, columns);
            else if (IsLarge) LargeWeightGradient(pass, updater, scratches[part], input, inputs, column, columns);
            else WeightGradient(pass, updater, input, inputs, column, columns);
        }
        (column, columns) = Team.Part(Outputs, part, parts, 16).GetOffsetAndLength(Outputs);
        if (bias < 0 || columns == 0 || scale is not null) return;
        T* db = pass.Gradient + bias + column;
        kernels.ColumnSums(pass.OutputGradient + column, Outputs, db, pass.Rows, columns, pass.Accumulate);
        updater?.Apply(weightSegment + 1, column, columns, db, columns, 1, columns);
    }

    /// <summary>The weights of some inputs, and the biases as the last.</summary>
    internal override int GradientPieces => (Inputs + PieceInputs - 1) / PieceInputs + (bias < 0 ? 0 : 1);

    private int PieceInputs => Math.Max(16, PieceLength / Outputs & ~15);

    internal override void GradientsOfRows(in LayerPass<T> pass, int first, int count, int piece)
    {
        int input = piece * PieceInputs, inputs = Math.Min(PieceInputs, Inputs - input);
        T* dZ = pass.OutputGradient + (long)first * Outputs;
        if (inputs > 0)
            kernels.WeightGradient(pass.Input + (long)first * Inputs + input, Inputs, dZ, Outputs,
                pass.Gradient + weight + (long)input * Outputs, Outputs, count, inputs, Outputs, pass.Accumulate);
        else kernels.ColumnSums(dZ, Outputs, pass.Gradient + bias, count, Outputs, pass.Accumulate);
    }

    private void WeightGradient(in LayerPass<T> pass, Updater<T>? updater, int input, int inputs, int column,
        int columns)
    {
        long at = (long)input * Outputs + column;
        T* dW = pass.Gradient + weight + at;
        kernels.WeightGradient(pass.Input + input, Inputs, pass.OutputGradient + column, Outputs, dW, Outputs,
            pass.Rows, inputs, columns, pass.Accumulate);
        updater?.Apply(weightSegment, at, Outputs, dW, Outputs, inputs, columns);
    }

    /// <summary>Block by block, so that the update rule finds the gradient in a cache. It goes past its own array where
    /// nothing needs the whole of it: that saves a trip to memory and back.</summary>
    private void LargeWeightGradient(in LayerPass<T> pass, Updater<T>? updater, Scratch scratch, int input, int inputs,
        int column, int columns)
    {
        T* dZ = pass.OutputGradient + column, panels = scratch.Panels.Pointer;
        kernels.PackGradient(dZ, Outputs, panels, pass.Rows, columns);
        bool passesBy = updater is not null && !pass.Accumulate;
        int stride = passesBy ? columns : Outputs, step = BlockRows(columns);
        for (int end = input + inputs; input < end; input += step)
        {
            int count = Math.Min(step, end - input);
            long at = (long)input * Outputs + column;
            T* dW = passesBy ? scratch.Block.Pointer : pass.Gradient + weight + at;
            kernels.WeightGradientPacked(
                pass.Input + input, Inputs, panels, dZ, Outputs, dW, stride, pass.Rows, count, columns,
                    pass.Accumulate);
            updater?.Apply(weightSegment, at, Outputs, dW, stride, count, columns);
        }
    }

    /// <summary>The same for columns that lie in panels, which are updated piece by piece.</summary>
    private void WeightGradientInPanels(in LayerPass<T> pass, Updater<T> updater, Scratch scratch, int column,
        int columns)
    {
        T* dZ = pass.OutputGradient, panels = scratch.Panels.Pointer, dW = scratch.Block.Pointer;
        T* packed = scratch.Inputs!.Pointer;
        int wide = kernels.PanelWidth, whole = PanelLayout<T>.WholePanels(kernels, Outputs), rest = Outputs - whole;
        int inPanels = Math.Clamp(whole - column, 0, columns);
        kernels.PackGradient(dZ + column, Outputs, panels, pass.Rows, inPanels);
        for (int input = 0; input < Inputs; input += PackedInputs)
        {
            int count = Math.Min(PackedInputs, Inputs - input);
            T* x = pass.Input + input;
            kernels.PackInputs(x, Inputs, packed, pass.Rows, count);
            for (int c = 0; c < inPanels; c += wide)
            {
                kernels.WeightGradientPanels(packed, panels + (long)c * pass.Rows, dW, pass.Rows, count, wide);
                Update((long)(column + c) * Inputs + (long)input * wide, (long)count * wide);
            }
            if (inPanels == columns) continue;
            kernels.WeightGradient(x, Inputs, dZ + whole, Outputs, dW, rest, pass.Rows, count, rest,
                accumulate: false);
            Update((long)whole * Inputs + (long)input * rest, (long)count * rest);
        }

        void Update(long at, long length) =>
            updater.Apply(weightSegment, at, length, dW, length, 1, length);
    }

    private static int BlockRows(int columns) => Math.Max(8, BlockLength / columns & ~7);

    private bool SplitsColumns(int rows, int parts) =>
        parts > 1 && isElementwise && Outputs >= FewestColumns
        && (rows < ManyRows * parts || Inputs * Outputs > MostCopied);

    /// <summary>Memory for the threads, taken before a team starts and kept.</summary>
    internal override void PrepareGradients(int rows, int parts)
    {
        if (!IsLarge) return;
        int panels = kernels.PackedGradientLength(rows, Outputs);
        if (scratches.Length >= parts && scratches[0].Panels.Length >= panels) return;
        scratches = new Scratch[parts];
        for (int part = 0; part < parts; part++)
            scratches[part] = new(new AlignedBuffer<T>(Math.Max(BlockLength, 8 * Outputs)),
                new AlignedBuffer<T>(panels),
                PanelTensor(parts) is null ? null : new AlignedBuffer<T>(rows * Math.Min(Inputs, PackedInputs)));
    }

    private static AlignedBuffer<T> AtLeast(AlignedBuffer<T>? buffer, int length) =>
        buffer is not null && buffer.Length >= length ? buffer : new AlignedBuffer<T>(length);

    /// <summary>Z = U·diag(s) + b in place of U = X·W.</summary>
    private void ScaleFields(T* z, T* b, int rows, int column, int columns)
    {
        T* s = scale!.Pointer + column;
        for (int row = 0; row < rows; row++, z += Outputs)
            for (int unit = 0; unit < columns; unit++)
                z[unit] = b == null ? z[unit] * s[unit] : z[unit] * s[unit] + b[unit];
    }

    /// <summary>dZ in place of dY, db, and then dZ·diag(s) in the place of dZ.</summary>
    private void ScaleFieldGradient(in LayerPass<T> pass)
    {
        T* s = scale!.Pointer, dZ = pass.OutputGradient;
        if (!pass.GradientIsOfScores)
            activation.Backward(keepsField ? pass.Cache : null, pass.Output, dZ, pass.Rows, Outputs);
        if (bias >= 0) kernels.ColumnSums(dZ, Outputs, pass.Gradient + bias, pass.Rows, Outputs, pass.Accumulate);
        for (int row = 0; row < pass.Rows; row++, dZ += Outputs)
            for (int unit = 0; unit < Outputs; unit++)
                dZ[unit] *= s[unit];
    }

    private readonly struct ForwardJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = (0, pass.Rows);
            (int column, int columns) = (0, layer.Outputs);
            if (layer.LiesInPanels(pass) || layer.SplitsColumns(count, parts))
                (column, columns) = Team.Part(columns, part, parts, ColumnUnit).GetOffsetAndLength(columns);
            else (first, count) = Team.Part(count, part, parts, 8).GetOffsetAndLength(count);
            layer.ForwardBlock(pass, first, count, column, columns);
        }
    }

    private readonly struct TransposeJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            int inputs = layer.Inputs, outputs = layer.Outputs;
            (int input, int count) = Team.Part(inputs, part, parts, 16).GetOffsetAndLength(inputs);
            Transpose<T>.Copy(pass.Parameters + layer.weight + (long)input * outputs, outputs,
                layer.transposed!.Pointer + input, inputs, count, outputs);
        }
    }

    private readonly struct BackwardJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            bool turns = layer.Turns(pass);
            (int first, int count) = Team.Part(pass.Rows, part, parts, turns ? 32 : 8).GetOffsetAndLength(pass.Rows);
            if (count == 0) return;
            layer.FieldGradient(pass, first, count);
            if (turns) layer.kernels.TurnGradient(pass.OutputGradient, layer.Outputs, layer.turned!.Pointer, pass.Rows,
                layer.Outputs, first, count);
            else if (pass.InputGradient != null && !layer.SharesInputs(pass))
                layer.InputGradient(pass, 0, layer.Inputs, first, count);
        }
    }

    private readonly struct GradientJob(BoundDense<T> layer, LayerPass<T> pass) : IJob
    {
        public void Execute(int part, int parts)
        {
            if (pass.InputGradient != null && layer.SharesInputs(pass))
            {
                (int input, int inputs) = layer.InputsOf(part, parts).GetOffsetAndLength(layer.Inputs);
                layer.InputGradient(pass, input, inputs, 0, pass.Rows);
            }
            layer.Gradients(pass, pass.Updater, part, parts);
        }
    }
}
