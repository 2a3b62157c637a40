using System.Diagnostics;
using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A training run: a network, its data, its options and its state. <see cref="Step"/> is the one thing that changes a
/// model; everything else (<see cref="Run"/>, the command line, the playground) calls it.
/// </summary>
public sealed partial class TrainSession<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Rows of one pass: their activations stay in the cache of a core. Fixed by nothing but this and the batch, so that
    // the order of additions never depends on the machine.
    private const int ChunkRows = 256;

    // Compiled steps between two looks at the clock and at the caller's wish to end: at most some milliseconds.
    private const int StepsUnasked = 256;

    // Fewest steps for which weights are laid into panels, which takes as long as one step or two.
    private const int StepsInPanels = 32;

    // Steps between two looks for what has faded in the slots. A velocity whose gradients stay 0, as those of a dead
    // unit do, would otherwise end below the normal range, where an operation costs some hundred cycles, and stay
    // there. One of 10⁻³⁰ that loses a tenth in each step takes 170 steps to get there.
    private const int SettleEvery = 64;

    private readonly Network<T> network;
    private readonly Batcher<T> batcher;
    private readonly Workspace<T> workspace;
    private readonly Evaluator<T>? validation;
    private readonly Kernels<T> kernels;
    private readonly Updater<T>? updater; // null for a full-batch method
    private readonly Segment[] segments; // an array: enumerating the list's interface would allocate in every step
    private readonly ScheduleOf[] schedules; // likewise
    private readonly double[] arguments;
    private readonly CompiledTraining<T>? compiled; // null where the general step is needed or as fast
    private readonly PanelLayout<T>? panels; // null where weights always lie by rows
    private readonly bool needsNorm;
    private readonly int batch;
    private double batchSquares, batchRight; // of the last Accumulate: Σ w·Σ(o−t)², Σ w over rows whose class was right
    private readonly Stopwatch clock = new();
    private Permutation order;
    private int orderEpoch = -1;

    /// <param name="spec">The network's description.</param>
    /// <param name="source">Where the rows are.</param>
    /// <param name="rows">Rows to train on.</param>
    /// <param name="validationRows">Rows held out for stopping and for the best weights; may be empty.</param>
    /// <param name="preparation">How rows are encoded, fitted on the training rows.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="validationSource">Where the validation rows are, when not in <paramref name="source"/>.</param>
    /// <exception cref="DownhillException">Options, data and network that do not fit together.</exception>
    public TrainSession(
        NetworkSpec spec, RowSource source, int[] rows, int[] validationRows, Preparation preparation,
            TrainOptions options,
        RowSource? validationSource = null)
    {
        options.Check();
        Activation.CheckSlopes(spec);
        options.Loss.CheckTargets(preparation);
        if (options.ClassWeights is not null) ClassWeight.Check(options.ClassWeights, source.Target.Classes.Count);
        (Spec, Preparation, Options) = (spec, preparation, options);
        options.LayerRates?.Check(spec);
        (double[] factors, AlignedBuffer<T>? elementRates) = options.LayerRates?.For<T>(spec)
            ?? ([.. spec.Segments.Select(_ => 1.0)], null);
        segments = [
            .. spec.Segments.Select((s, i) => s with { LearningRateFactor = s.LearningRateFactor * factors[i] })];
        if (rows.Length == 0) Throw.Input(
            "Training data", "at least 1 row", "none", "Give more data or hold out less.");
        if (spec.Inputs != preparation.Width || spec.Outputs != preparation.Outputs)
            Throw.Input($"Network {spec}", $"{preparation.Width} inputs and {preparation.Outputs}"
                + $" outputs for these data",
                $"{spec.Inputs} and {spec.Outputs}", "Change the first or last width.");
        string? chance = spec.Layers.Any(l => l is Dropout { Rate: > 0 }) ? "dropout"
            : options.Augment.Count > 0 ? "augmentation" : null;
        if (options.Optimizer.Method is not null && chance is not null)
            Throw.Input($"Optimizer '{options.Optimizer.Name}'", "an objective that does not change by chance", chance,
                $"Leave {chance} out, or use an update rule such as adam.");
        if (options.Stop.Any(r => r.NeedsValidation) && validationRows.Length == 0)
            Throw.Input("Stopping rule", "a validation part", "none", "Hold out rows for validation, or use another "
                + "rule.");
        foreach (StoppingRule stop in options.Stop) stop.CheckTask(preparation.Target);
        batch = options.Batch == 0 ? rows.Length : Math.Min(options.Batch, rows.Length);
        snapshotEvery = Math.Max(SnapshotSteps, SnapshotRows / batch);
        int chunk = spec.NeedsWholeBatch ? batch : batch == 1 ? RowBlock<T>.MostRows : Math.Min(batch, ChunkRows);
        network = new Network<T>(spec, options.Loss, options.Arithmetic,
            Threading.Team.SizeOf(options.Threads));
        batcher = new Batcher<T>(source, rows, preparation, chunk, options.ClassWeights,
            options.Augment.Count == 0 ? null : new(options.Augment, source, options.Seed));
        workspace = new Workspace<T>(network, chunk);
        validation = validationRows.Length == 0 ? null
            : new Evaluator<T>(network, validationSource ?? source, validationRows, preparation, options.ClassWeights);
        kernels = Kernels<T>.For(options.Arithmetic);
        method = options.Optimizer.Method;
        objective = new Objective(this);
        statistics = new T[method is null ? 0 : spec.BufferLength];
        arguments = options.Optimizer.Arguments.ToArray();
        schedules = [.. options.Schedules];
        needsNorm = options.Clip > 0 || options.Stop.Any(r => r.NeedsGradientNorm);
        State = new TrainState<T>(spec, options);
        updater = options.Optimizer.Bind(kernels) is RuleKernel<T> rule ? new(State, rule, segments, elementRates)
            : null;
        network.Initialize(State.Parameters, State.Buffers, options.Seed);
        for (int slot = 0; slot < State.Slots.Count; slot++)
            State.Slots[slot].Span.Fill(T.CreateTruncating(options.Optimizer.InitialSlot(slot)));
        lastGood = new Snapshot(State);
        compiled = SmallTraining<T>.Compile(spec, options, source, rows, preparation, batch, segments, elementRates);
        compiled ??= RowTraining<T>.Compile(
            spec, options, batcher, workspace, batch, State, segments, elementRates is not null || needsNorm);
        // Sums over all parameters (norms, penalties in the objective) are taken in the order of the rows.
        if (compiled is null && options.Step != StepKind.General && updater is not null && elementRates is null
            && !needsNorm && batch <= chunk && !options.Optimizer.NeedsFullBatch)
            panels = PanelLayout<T>.For(network, State, kernels);
        Restart();
    }

    public NetworkSpec Spec { get; }
    public Preparation Preparation { get; }
    public TrainOptions Options { get; }

    /// <summary>All that changes.</summary>
    public TrainState<T> State { get; }

    /// <summary>Whether weights lie in panels at the moment: only ever during <see cref="Steps(int, bool)"/> and <see
    /// cref="Run"/>.</summary>
    internal bool IsInPanels => panels is { IsEntered: true };

    /// <summary>Updates in one epoch: rows / batch, rounded up (lecture L16).</summary>
    public int StepsPerEpoch => updater is null ? 1 : (batcher.Count + batch - 1) / batch;

    /// <summary>Why the run ended, or null while it may go on.</summary>
    public StopReason? Stopped { get; private set; }

    /// <summary>One update. At the end of an epoch also measures the validation part and asks the stopping
    /// rules.</summary>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public StepReport Step() => Steps(1);

    /// <summary>
    /// Up to <paramref name="most"/> updates, fewer where an epoch or the run ends: the same as calling <see
    /// cref="Step"/> so often, but in a network of a few units without the time that each call takes.
    /// </summary>
    /// <param name="most">1 or more.</param>
    /// <param name="together">As in <see cref="Run"/>, batches of one row may be taken through a wide first layer some
    /// at a time: the same steps, several times as fast, but rounded differently.</param>
    /// <returns>Of the last update.</returns>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public StepReport Steps(int most, bool together = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        try
        {
            return Steps(most, planned: most, together);
        }
        finally
        {
            panels?.Leave();
        }
    }

    /// <summary>The same; weights may lie in panels afterwards.</summary>
    /// <param name="most">1 or more.</param>
    /// <param name="planned">How many will be asked for before anybody looks at the weights.</param>
    /// <param name="together">As above.</param>
    private StepReport Steps(int most, int planned, bool together)
    {
        StepReport report;
        bool epochIsOver;
        do
        {
            if (Stopped is not null) throw new InvalidOperationException($"This run has ended: {Stopped.Text}.");
            clock.Restart();
            long before = State.Step;
            if (Math.Min(planned, StepsPerEpoch - State.Position / batch) >= StepsInPanels) panels?.Enter();
            report = method is not null ? MethodStep() : compiled is not null ? CompiledSteps(compiled, most, together)
                : RuleStep();
            most -= (int)Math.Max(1, State.Step - before);
            // A loss is measured before its update: what the last update of an epoch did must be looked at by itself.
            epochIsOver = report.IsFinite && State.Position == batcher.Count;
            if (epochIsOver && !(WeightsAreFinite() && SlotsAreFinite())) report = report with { IsFinite = false };
            if (epochIsOver || !report.IsFinite) panels?.Leave();
            if (!report.IsFinite) Diverge(report);
            else if (epochIsOver) EndEpoch(report);
            State.Seconds += clock.Elapsed.TotalSeconds;
        }
        while (most > 0 && !epochIsOver && Stopped is null);
        return report;
    }

    /// <summary>Steps until a rule, the time, the caller or a divergence ends the run.</summary>
    /// <param name="progress">Called after each epoch.</param>
    /// <param name="everyStep">Called after each step. Networks that train fastest many steps at a time do so without
    /// it.</param>
    /// <param name="regularly">Called after a step some ten times a second, and after the last: to show how it goes,
    /// and to save it.</param>
    /// <param name="cancellation">Ends the run after the step in progress, or the steps of up to a tenth of a second;
    /// the weights so far stay.</param>
    public StopReason Run(
        Action<EpochReport>? progress = null, Action<StepReport>? everyStep = null,
        Action<StepReport>? regularly = null, CancellationToken cancellation = default)
    {
        int told = State.Epoch;
        Stretch stretch = new();
        try
        {
            while (Stopped is null)
            {
                if (cancellation.IsCancellationRequested)
                {
                    Stopped = new("cancelled", "cancelled by the caller");
                    break;
                }
                if (Options.Time is TimeSpan limit && State.Seconds >= limit.TotalSeconds)
                {
                    Stopped = new("time", $"the time of {limit.TotalSeconds:G4} s is over");
                    break;
                }
                StepReport report = everyStep is not null ? Steps(1)
                    : regularly is not null ? Steps(Whole(stretch.Steps), together: true)
                    : Steps(compiled is null ? 1 : Whole(StepsUnasked), planned: int.MaxValue, together: true);
                everyStep?.Invoke(report);
                if (regularly is not null && (stretch.IsOver() || Stopped is not null)) regularly(report);
                if (State.Epoch <= told) continue; // no epoch ended, or a divergence undid one
                told = State.Epoch;
                progress?.Invoke(State.History[^1]);
            }
        }
        finally
        {
            panels?.Leave();
        }
        return Stopped;

        int Whole(int steps) => compiled?.Whole(State.Position, steps) ?? steps;
    }

    /// <summary>How many steps fill about a tenth of a second.</summary>
    private sealed class Stretch
    {
        private const int Most = 1 << 20;
        private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50), Long = TimeSpan.FromMilliseconds(150);

        private long begun = Stopwatch.GetTimestamp();

        public int Steps { get; private set; } = 1;

        /// <summary>Whether it is over; an epoch's end may have cut it short.</summary>
        public bool IsOver()
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(begun);
            if (elapsed < Short && Steps < Most) Steps *= 2;
            if (elapsed > Long && Steps > 1) Steps /= 2;
            if (elapsed < Short) return false;
            begun = Stopwatch.GetTimestamp();
            return true;
        }
    }

    /// <summary>Lets a run that a rule, the time or the caller ended go on (not one that diverged).</summary>
    public void Continue()
    {
        if (Stopped is { IsDiverged: false }) Stopped = null;
    }

    /// <summary>The parameters that are the result: the best by validation loss where kept, else the last.</summary>
    public AlignedBuffer<T> ResultParameters => HasBest ? State.BestParameters : State.Parameters;

    /// <summary>The running statistics that belong to <see cref="ResultParameters"/>.</summary>
    public AlignedBuffer<T> ResultBuffers => HasBest ? State.BestBuffers : State.Buffers;

    private bool HasBest => Options.KeepBest && State.BestEpoch > 0;

    /// <summary>The terms λ₁·Σ|w| + ½·λ₂·Σw² of the objective at the present weights.</summary>
    public double Penalty()
    {
        double l1 = Current("l1", Options.L1), l2 = Current("l2", Options.L2);
        if (l1 == 0 && l2 == 0) return 0;
        double absolute = 0, squares = 0;
        foreach (Segment segment in segments)
        {
            if (!IsPenalised(segment)) continue;
            foreach (T weight in State.Parameters.Span.Slice(segment.Offset, segment.Length))
            {
                double w = double.CreateTruncating(weight);
                absolute += Math.Abs(w);
                squares += w * w;
            }
        }
        return l1 * absolute + 0.5 * l2 * squares;
    }

    /// <summary>Ends the session's threads.</summary>
    public void Dispose() => network.Dispose();

    private StepReport RuleStep()
    {
        int rows = Math.Min(batch, batcher.Count - State.Position), done = 0;
        RowSums sums = default;
        int count = Pass(State.Position, rows, done, ref sums);
        for (; done + count < rows; count = Pass(State.Position, rows, done, ref sums))
        {
            Backward(done, count, updater: null);
            done += count;
        }
        // All losses are known now. The gradient is not, but where nothing needs the whole of it the rule may take each
        // part as it is finished.
        double rate = Current("learning_rate", Options.EffectiveLearningRate);
        if (sums.Weight == 0) return Idle(rows, rate);
        double reduced = Options.Reduction == Reduction.Mean ? sums.Loss / sums.Weight : sums.Loss;
        StepReport report = new(State.Step + 1, State.Epoch + 1, reduced, rate, double.NaN, rows, IsFinite: true);
        if (!double.IsFinite(sums.Loss)) return report with { IsFinite = false };
        RememberLastGood();
        double normaliser = Options.Reduction == Reduction.Mean ? 1 / sums.Weight : 1, norm = double.NaN;
        double objective = Options.Optimizer.NeedsFullBatch ? reduced + Penalty() : reduced;
        if (needsNorm)
        {
            Backward(done, count, updater: null);
            norm = FinishGradient(normaliser);
            BeginUpdate(rate, normaliser, norm, objective, rows == batcher.Count);
            for (int segment = 0; segment < segments.Length; segment++) updater!.Apply(segment);
        }
        else
        {
            BeginUpdate(rate, normaliser, norm, objective, rows == batcher.Count);
            Backward(done, count, updater);
        }
        if (!updater!.IsFinite) return report with { IsFinite = false };
        Advance(rows, sums, norm, reduced);
        State.LastObjective = objective;
        if (updater.Fades && State.Step % SettleEvery == 0) updater.Settle();
        return report with { GradientNorm = norm };
    }

    /// <summary>A batch whose rows all weigh nothing is no batch: it is counted, and changes nothing.</summary>
    private StepReport Idle(int rows, double rate)
    {
        RememberLastGood();
        Advance(rows, default, 0, State.LastLoss);
        return new(State.Step, State.Epoch + 1, State.LastLoss, rate, double.NaN, rows, IsFinite: true);
    }

    private Permutation? Order()
    {
        if (!Options.Shuffle || batch == batcher.Count) return null;
        if (orderEpoch != State.Epoch)
        {
            order = new Permutation(batcher.Count, Options.Seed, (uint)State.Epoch);
            orderEpoch = State.Epoch;
        }
        return order;
    }

    /// <summary>Where norm or clipping wants the whole gradient first: normalises it and adds the L2 term in
    /// place.</summary>
    private double FinishGradient(double normaliser)
    {
        double l2 = Current("l2", Options.L2), squares = 0;
        T scale = T.CreateTruncating(normaliser);
        foreach (Segment segment in segments)
        {
            Span<T> gradient = State.Gradient.Span.Slice(segment.Offset, segment.Length);
            ReadOnlySpan<T> weights = State.Parameters.Span.Slice(segment.Offset, segment.Length);
            T term = T.CreateTruncating(IsPenalised(segment) ? l2 : 0);
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] = scale * gradient[i] + term * weights[i];
                double g = double.CreateTruncating(gradient[i]);
                squares += g * g;
            }
        }
        return Math.Sqrt(squares);
    }

    /// <summary>Works out all numbers of the update.</summary>
    private void BeginUpdate(double rate, double normaliser, double norm, double objective, bool isFullBatch)
    {
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = Current(Options.Optimizer.Parameters[i].Name, Options.Optimizer.Arguments[i]);
        updater!.Begin(arguments, new RuleStep(State.Step + 1, objective, State.LastObjective, isFullBatch));
        bool isFinished = !double.IsNaN(norm);
        double l2 = isFinished ? 0 : Current("l2", Options.L2), l1 = Current("l1", Options.L1);
        double decay = Current("weight_decay", Options.EffectiveWeightDecay);
        double clip = Options.Clip > 0 ? Current("clip", Options.Clip) : double.PositiveInfinity;
        double scale = !isFinished ? normaliser : norm > clip ? clip / norm : 1;
        for (int i = 0; i < segments.Length; i++)
        {
            bool penalised = IsPenalised(segments[i]);
            updater.Terms[i] = new(
                rate * segments[i].LearningRateFactor, scale, penalised ? l2 : 0, penalised ? l1 : 0,
                    penalised ? decay : 0);
        }
    }

    private void Advance(int rows, in RowSums sums, double norm, double reduced)
    {
        State.Step++;
        State.Position += rows;
        State.LastLoss = reduced;
        State.EpochLoss += sums.Loss;
        State.EpochWeight += sums.Weight;
        State.EpochSquares += sums.Squares;
        State.EpochRight += sums.Right;
        if (needsNorm) State.EpochNorm = Math.Max(State.EpochNorm, norm);
    }

    private void EndEpoch(in StepReport last)
    {
        State.Epoch++;
        State.Position = 0;
        double loss = Options.Reduction == Reduction.Mean ? State.EpochLoss / State.EpochWeight : State.EpochLoss;
        Metrics? held = validation?.Measure(State.Parameters, State.Buffers);
        bool isBest = held is not null
            && (State.BestEpoch == 0 ? !double.IsNaN(held.Loss) : held.Loss < State.BestLoss);
        if (isBest)
        {
            State.BestLoss = held!.Loss;
            State.BestEpoch = State.Epoch;
            State.Parameters.Span.CopyTo(State.BestParameters.Span);
            State.Buffers.Span.CopyTo(State.BestBuffers.Span);
        }
        EpochReport report = new(State.Epoch, State.Step, loss, Penalty(), held?.Loss ?? double.NaN,
            held?.Score ?? double.NaN,
            last.LearningRate, needsNorm ? State.EpochNorm : double.NaN, isBest,
            State.EpochSquares / (State.EpochWeight * Preparation.Outputs),
            Preparation.Target.IsClass ? State.EpochRight / State.EpochWeight : double.NaN);
        State.EpochLoss = State.EpochWeight = State.EpochSquares = State.EpochRight = State.EpochNorm = 0;
        State.History.Add(report);
        for (int i = 0; i < Options.Schedules.Count; i++)
            Options.Schedules[i].Schedule.EpochEnded(report, State.ScheduleState[i]);
        for (int i = 0; i < Options.Stop.Count; i++)
            if (Options.Stop[i].Asks(report, State.StopState[i]) is string why)
                Stopped ??= new(Options.Stop[i].ToString(), why);
        if (State.Epoch >= Options.Epochs) Stopped ??= new("epochs", $"all {Options.Epochs} epochs are done");
    }

    /// <summary>A hyper-parameter as its schedules, one after another, say for the next step.</summary>
    private double Current(string parameter, double given)
    {
        double value = given;
        for (int i = 0; i < schedules.Length; i++)
            if (schedules[i].Drives(parameter))
                value = schedules[i].Schedule.Value(
                    new ScheduleMoment(value, State.Step, StepsPerEpoch, Options.Epochs, parameter),
                        State.ScheduleState[i]);
        return value;
    }

    private bool IsPenalised(Segment segment) => segment.IsPenalised || Options.PenalizeBiases;

    /// <summary>Puts the parameters and statistics of another run of the same shape in the place of the random
    /// start.</summary>
    internal void StartFrom(ReadOnlySpan<T> parameters, ReadOnlySpan<T> buffers)
    {
        parameters.CopyTo(State.Parameters.Span);
        buffers.CopyTo(State.Buffers.Span);
        Restart();
    }

    /// <summary>Called when the state was replaced (a checkpoint was read): forgets what was derived from the old
    /// one.</summary>
    /// <param name="stopped">Why the run had ended; it stays so where that reason still holds.</param>
    internal void Restart(StopReason? stopped = null)
    {
        bool stillHolds = stopped?.Rule == "epochs" ? State.Epoch >= Options.Epochs
            : stopped?.Rule == "converged" || Options.Stop.Any(r => r.ToString() == stopped?.Rule);
        Stopped = stillHolds ? stopped : null;
        orderEpoch = -1;
        lastGood.Take(State);
        lastGoodStep = -1;
    }
}
