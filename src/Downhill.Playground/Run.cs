using System.Diagnostics;

namespace Downhill.Playground;

/// <summary>A weight or bias set by hand.</summary>
/// <param name="Layer">Layer of units, from 0.</param>
/// <param name="From">Input (or unit below), −1 for the bias.</param>
/// <param name="Unit">Unit of the layer.</param>
/// <param name="Value">The new value.</param>
internal sealed record WeightEdit(int Layer, int From, int Unit, float Value);

/// <summary>Something the user changed after an update: settings of training, or a weight.</summary>
internal sealed record Change(long Step, Settings? Settings, WeightEdit? Edit);

/// <summary>
/// A network in training with all its past: settings and seed at the start, then updates and what was changed between
/// them.
/// Any earlier update can be gone back to, by the nearest snapshot and a replay from there, bit for bit; going on
/// from it
/// branches. Memory is bounded: snapshots get sparser as the run gets longer.
/// </summary>
internal sealed class Run : IDisposable
{
    private const int MostSnapshots = 512, MostChanges = 2000;
    private const long MostBytes = 32 << 20;

    private readonly List<(TrainStateCopy<float> State, int Changes)> snapshots = [];
    private readonly List<Change> changes = [];
    private Settings start;
    private int applied; // changes that are in the present state
    private long every = 16; // updates between two snapshots
    private FitPlan plan;
    private TrainSession<float> session;
    private readonly Evaluator<float> train;
    private readonly Evaluator<float>? test;
    private readonly Network<float> network;
    private int burst = 1; // updates between two looks at the clock

    /// <exception cref="DownhillException">Settings that do not fit the data or one another.</exception>
    public Run(Settings settings, Table table)
    {
        (start, Settings, Table) = (settings, settings, table);
        plan = Plan(settings, table);
        if (plan.Network.ParameterCount > Properties.MostParameters)
            Throw.Input($"Network {plan.Network}", $"at most {Properties.MostParameters:N0} weights and biases",
                $"{plan.Network.ParameterCount:N0}",
                "Make the layers narrower.");
        session = plan.Start();
        // Dropout does nothing outside training; without it places in the flat parameters are the same.
        NetworkSpec shown = new(plan.Network.Inputs, [.. plan.Network.Layers.Where(l => l is not Dropout)]);
        Layers = UnitLayer.Of(shown);
        network = new(shown, plan.Options.Loss, plan.Options.Arithmetic);
        train = new(network, plan.Data, plan.Rows, plan.Preparation);
        test = plan.TestRows.Length == 0 ? null : new(network, plan.TestSource, plan.TestRows, plan.Preparation);
        snapshots.Add((new(session.State), 0));
        AddPoint(double.NaN);
    }

    public Settings Settings { get; private set; }
    public Settings Start => start;
    public Table Table { get; }
    public IReadOnlyList<Change> Changes => changes;
    public FitPlan Fit => plan;

    /// <summary>The network as it answers: without the dropout of training.</summary>
    public NetworkSpec Spec => network.Spec;

    public Preparation Preparation => plan.Preparation;
    public TrainSession<float> Session => session;
    public TrainState<float> State => session.State;
    public Network<float> Network => network;
    public IReadOnlyList<UnitLayer> Layers { get; }
    public Curve Curve { get; } = new();

    /// <summary>Last update there is: the present one, or later where the run was rewound.</summary>
    public long Newest { get; private set; }

    /// <summary>The update that is being gone to, over several frames if need be.</summary>
    public long? Seek { get; private set; }

    /// <summary>Counts up when points of the curve that were given out are void.</summary>
    public int Timeline { get; set; }

    /// <summary>Where inside the next update the learner stands, or null between two.</summary>
    public Cursor? Cursor { get; set; }

    public bool IsDiverged => session.Stopped is { IsDiverged: true };

    /// <summary>Called before the updates after the present one are given up, because the run branches.</summary>
    public Action? Branching { get; set; }

    /// <summary>
    /// Trains until the time or the updates are used up, or the run stops. Always makes at least one update. Where a
    /// seek is
    /// under way it goes on with that instead.
    /// </summary>
    /// <param name="budget">Time in ms; may be infinite.</param>
    /// <param name="updates">Most updates.</param>
    /// <returns>Updates and examples done.</returns>
    public (long Updates, long Examples) Train(double budget, long updates)
    {
        if (Seek is not null) return Continue(budget);
        if (session.Stopped is not null) return (0, 0);
        Branch();
        Cursor = null;
        long deadline = Deadline(budget), examples = 0, done = 0;
        while (done < updates && session.Stopped is null)
        {
            long count = Math.Min(burst, updates - done), until = done + count, before = Stopwatch.GetTimestamp();
            while (done < until && session.Stopped is null)
            {
                long step = State.Step;
                examples += NewSteps(until - done);
                done += Math.Max(1, State.Step - step);
            }
            long now = Stopwatch.GetTimestamp();
            // Looking at the clock every half millisecond costs nothing and overruns little.
            double ms = (now - before) * 1000.0 / Stopwatch.Frequency;
            burst = (int)Math.Clamp(count * 0.5 / Math.Max(ms, 1e-3), 1, 1 << 16);
            if (now >= deadline) break;
        }
        // The engine looks at the weights when an epoch ends: until then, and nothing that is no number is ever shown.
        while (session.Stopped is null && State.Position != 0 && !WeightsAreFinite()) examples += NewSteps(1);
        Newest = State.Step;
        return (done, examples);
    }

    /// <summary>Goes to an update, back or forward within what was done; call <see cref="Train"/> until <see
    /// cref="Seek"/> is null.</summary>
    /// <exception cref="DownhillException">An update that was not done yet.</exception>
    public void GoTo(long step)
    {
        if (step < 0 || step > Newest)
            Throw.Input("Update", $"one from 0 to {Newest}", $"{step}", "Only what was done can be gone back to.");
        Cursor = null;
        int best = snapshots.FindLastIndex(s => s.State.Step <= step);
        bool goesOn = State.Step <= step && snapshots[best].State.Step <= State.Step && session.Stopped is null;
        if (!goesOn) Restore(best);
        Seek = step;
        ApplyDue();
        if (State.Step == step) Seek = null;
    }

    /// <summary>Marks an update to be reached by training on, for an address that says where its moment was.</summary>
    public void PlanTo(long step, IEnumerable<Change> then)
    {
        changes.AddRange(then);
        ApplyDue();
        if (step > 0) Seek = step;
    }

    /// <summary>Takes over settings of training, from the next update on; the weights stay.</summary>
    /// <exception cref="DownhillException">Settings that do not fit; nothing has changed then.</exception>
    public void ChangeSettings(Settings settings)
    {
        if (Properties.Between(Settings, settings) == Restart.Nothing)
        {
            Settings = settings;
            return;
        }
        FitPlan next = Plan(settings, Table); // refuses before anything changes
        Finish();
        Branch();
        if (State.Step == 0 && changes.Count == 0)
        {
            // Nothing has happened yet: it is how the run begins.
            Adopt(settings, next);
            start = settings;
            snapshots[0] = (new(State), 0);
            return;
        }
        Record(new(State.Step, settings, null));
        Adopt(settings, next);
        applied = changes.Count;
    }

    /// <summary>Sets a weight or bias; the run branches.</summary>
    public void Edit(WeightEdit edit)
    {
        PlaceOf(edit);
        Finish();
        Branch();
        Record(new(State.Step, null, edit));
        Apply(edit);
        if (session.Stopped is { IsDiverged: true }) Adopt(Settings, plan);
        applied = changes.Count;
        // The weights of this moment are others now, and so are its losses; no point is added that was not there.
        if (Curve.Points.Count > 0 && Curve.Points[^1].Step == State.Step)
        {
            Curve.Truncate(State.Step - 1);
            AddPoint(double.NaN);
        }
        Timeline++;
    }

    /// <summary>One stage of one example: forward, loss, backward; after the last example of the batch, the
    /// update.</summary>
    public void StepStage()
    {
        Finish();
        if (Cursor is null or { Stage: Stage.Update })
            Cursor = new([.. session.NextPlaces().Select(place => plan.Rows[place])], 0, Stage.Forward);
        else if (Cursor.Stage == Stage.Backward && Cursor.Example + 1 < Cursor.Rows.Length)
            Cursor = Cursor with { Example = Cursor.Example + 1, Stage = Stage.Forward };
        else if (Cursor.Stage == Stage.Backward)
        {
            Cursor done = Cursor with { Stage = Stage.Update };
            Train(0, 1);
            Cursor = session.Stopped is { IsDiverged: true } ? null : done;
        }
        else Cursor = Cursor with { Stage = Cursor.Stage + 1 };
    }

    /// <summary>All stages of the next example, or those left of the present one; the update too when it is the
    /// batch's last.</summary>
    public void StepExample()
    {
        do StepStage();
        while (Cursor is { Stage: not (Stage.Update or Stage.Backward) });
        if (Cursor is { Stage: Stage.Backward } && Cursor.Example + 1 == Cursor.Rows.Length) StepStage();
    }

    /// <summary>Lets a run that a rule or the planned end stopped go on.</summary>
    public void Resume() => session.Continue();

    /// <summary>A model of the present weights, to take away.</summary>
    public Model Model() =>
        new(plan.Network, Preparation, plan.Options.Loss, State.Parameters, State.Buffers, plan.Options.Arithmetic)
        {
            Training = new(plan.Data.Name, plan.Rows.Length, State.Epoch, State.Step, plan.Options.Optimizer.ToString(),
            plan.Options.EffectiveLearningRate, plan.Options.Batch, plan.Options.Seed, "in the playground"),
            Image = plan.Data.Image,
        };

    /// <summary>The numbers of one prediction; layers as in <see cref="Spec"/>.</summary>
    public Trace Trace(ReadOnlySpan<float> numeric, ReadOnlySpan<int> codes) =>
        Downhill.Trace.Of(new(Spec, Preparation, plan.Options.Loss, State.Parameters, State.Buffers,
            plan.Options.Arithmetic), numeric, codes);

    /// <summary>Measures the training rows (or the test rows) with the present weights; null where there is no test
    /// part.</summary>
    /// <param name="ofTest">Which part.</param>
    /// <param name="most">Of more rows than this, only so many (the first ones) are measured.</param>
    public Metrics? Measure(bool ofTest, int most = int.MaxValue)
    {
        int[] rows = ofTest ? plan.TestRows : plan.Rows;
        if (rows.Length <= most) return (ofTest ? test : train)?.Measure(State.Parameters, State.Buffers);
        return new Evaluator<float>(network, ofTest ? plan.TestSource : plan.Data, rows[..most],
            Preparation).Measure(State.Parameters, State.Buffers);
    }

    /// <summary>Another run, at its first update, with the present weights and other settings of training.</summary>
    public Run With(Settings settings)
    {
        Run copy = new(settings, Table);
        State.Parameters.Span.CopyTo(copy.State.Parameters.Span);
        State.Buffers.Span.CopyTo(copy.State.Buffers.Span);
        return copy;
    }

    /// <summary>Place of a weight or bias in the flat parameters.</summary>
    /// <exception cref="DownhillException">No such weight.</exception>
    public int PlaceOf(WeightEdit edit)
    {
        if ((uint)edit.Layer >= (uint)Layers.Count)
            Throw.Input("Layer", $"one from 0 to {Layers.Count - 1}", $"{edit.Layer}",
                "Layers of units are counted from 0.");
        if (!float.IsFinite(edit.Value)) Throw.Input("Weight", "a finite number", $"{edit.Value}",
            "Write, for example, 0.5.");
        return ErrorSurface.PlaceOf(Spec, Layers[edit.Layer].Dense, edit.From, edit.Unit);
    }

    public void Dispose()
    {
        session.Dispose();
        network.Dispose();
    }

    /// <summary>Goes on with a seek: replays what was done, or, for an address, trains to its moment.</summary>
    private (long, long) Continue(double budget)
    {
        long target = Seek!.Value, deadline = Deadline(budget), done = 0, examples = 0;
        while (State.Step < target && session.Stopped is null)
        {
            long until = Math.Min(target, State.Step + burst), first = State.Step, before = Stopwatch.GetTimestamp();
            while (State.Step < until && session.Stopped is null)
            {
                bool isNew = State.Step >= Newest;
                long step = State.Step, due = applied < changes.Count ? changes[applied].Step : long.MaxValue;
                examples += isNew ? NewSteps(Math.Min(until, due) - step)
                    : Steps(Math.Min(Math.Min(until, due), Newest) - step);
                done += Math.Max(1, State.Step - step);
                if (isNew) Newest = State.Step;
                ApplyDue();
                // A rule had stopped it here and the learner went on: so does the replay.
                if (State.Step < Newest) session.Continue();
            }
            double ms = (Stopwatch.GetTimestamp() - before) * 1000.0 / Stopwatch.Frequency;
            burst = (int)Math.Clamp((State.Step - first) * 0.5 / Math.Max(ms, 1e-3), 1, 1 << 16);
            if (Stopwatch.GetTimestamp() >= deadline) break;
        }
        if (State.Step >= target || session.Stopped is not null) Seek = null;
        return (done, examples);
    }

    private static long Deadline(double budget) =>
        double.IsPositiveInfinity(budget) ? long.MaxValue : Stopwatch.GetTimestamp()
            + (long)(budget * Stopwatch.Frequency / 1000);

    /// <summary>Completes a seek now: something is about to change here.</summary>
    private void Finish()
    {
        while (Seek is not null) Continue(double.PositiveInfinity);
    }

    /// <summary>Updates that were never done before, at most to the end of the epoch: recorded on the curve and in
    /// snapshots.</summary>
    private long NewSteps(long most)
    {
        long examples = Steps(Math.Min(most, every - State.Step % every));
        if (session.Stopped is { IsDiverged: true })
        {
            // The engine went back to the last good weights.
            Curve.Truncate(State.Step);
            snapshots.RemoveAll(s => s.State.Step > State.Step);
            Timeline++;
            return examples;
        }
        if (State.Position == 0 && Curve.Wants(State.Epoch)) AddPoint(lastEpoch.TrainLoss);
        if (State.Step % every == 0) Remember();
        return examples;
    }

    private EpochReport lastEpoch;

    /// <summary>Updates, at most to the end of the epoch.</summary>
    /// <returns>Examples they took.</returns>
    private long Steps(long most)
    {
        long rows = plan.Rows.Length, before = State.Epoch * rows + State.Position;
        session.Steps((int)Math.Clamp(most, 1, int.MaxValue));
        if (State.History.Count > 0)
        {
            lastEpoch = State.History[^1];
            State.History.Clear(); // one line per epoch would grow without end
        }
        // planned epochs are for schedules; here nobody stops at them
        if (session.Stopped is { Rule: "epochs" }) session.Continue();
        return Math.Max(0, State.Epoch * rows + State.Position - before);
    }

    private bool WeightsAreFinite()
    {
        foreach (float w in State.Parameters.Span)
            if (!float.IsFinite(w)) return false;
        return true;
    }

    private void AddPoint(double learned)
    {
        double held = test?.Measure(State.Parameters, State.Buffers).Loss ?? double.NaN;
        if (Curve.Add(new(State.Step, State.Epoch, train.Measure(State.Parameters, State.Buffers).Loss, held,
            session.Penalty(), learned))) Timeline++;
    }

    private void Remember()
    {
        if (snapshots[^1].State.Step >= State.Step) return;
        TrainStateCopy<float> copy = new(State);
        snapshots.Add((copy, applied));
        while (snapshots.Count > MostSnapshots || (snapshots.Count > 2 && copy.Size * snapshots.Count > MostBytes))
        {
            every *= 2;
            snapshots.RemoveAll(s => s.State.Step % every != 0);
        }
    }

    /// <summary>Gives up what came after the present update.</summary>
    private void Branch()
    {
        if (Newest <= State.Step && applied == changes.Count) return;
        Branching?.Invoke();
        snapshots.RemoveAll(s => s.State.Step > State.Step);
        changes.RemoveRange(applied, changes.Count - applied);
        Curve.Truncate(State.Step);
        Newest = State.Step;
        Timeline++;
    }

    private void Record(Change change)
    {
        // Dragging a slider makes many changes at one moment: the last one counts.
        if (change.Settings is not null && changes.Count > 0 && changes[^1] is { Settings: not null } last
            && last.Step == change.Step)
            changes.RemoveAt(changes.Count - 1);
        if (change.Edit is WeightEdit edit && changes.Count > 0 && changes[^1].Edit is WeightEdit before
            && changes[^1].Step == change.Step
            && (before.Layer, before.From, before.Unit) == (edit.Layer, edit.From, edit.Unit))
            changes.RemoveAt(changes.Count - 1);
        if (changes.Count >= MostChanges)
            Throw.Input("History", $"at most {MostChanges} changes in one run", "one more",
                "Reset, or share the moment and open it.");
        changes.Add(change);
    }

    private void Restore(int snapshot)
    {
        (TrainStateCopy<float> copy, applied) = snapshots[snapshot];
        Settings wanted = changes.Take(applied).LastOrDefault(c => c.Settings is not null)?.Settings ?? start;
        if (!SameTraining(wanted, Settings) || session.Stopped is not null)
        {
            session.Dispose();
            plan = Plan(wanted, Table);
            session = plan.Start();
        }
        Settings = KeepView(wanted, Settings);
        copy.Restore(State, keepsMemory: true, keepsSchedules: true, keepsStops: true);
        session.Restart();
    }

    /// <summary>Applies the changes that were made after the present update.</summary>
    private void ApplyDue()
    {
        while (applied < changes.Count && changes[applied].Step == State.Step)
        {
            Change change = changes[applied++];
            if (change.Settings is Settings settings) Adopt(KeepView(settings, Settings), Plan(settings, Table));
            if (change.Edit is WeightEdit edit) Apply(edit);
        }
    }

    private void Apply(WeightEdit edit)
    {
        State.Parameters.Span[PlaceOf(edit)] = edit.Value;
        session.Restart();
    }

    /// <summary>A session with other options and the same weights.</summary>
    private void Adopt(Settings settings, FitPlan next)
    {
        TrainStateCopy<float> copy = new(State);
        TrainOptions before = plan.Options, after = next.Options;
        session.Dispose();
        plan = next;
        session = next.Start();
        copy.Restore(State, before.Optimizer.Equals(after.Optimizer), before.Schedules.SequenceEqual(after.Schedules),
            before.Stop.SequenceEqual(after.Stop));
        session.Restart();
        Settings = settings;
    }

    private static bool SameTraining(Settings a, Settings b) => Properties.Between(a, b) == Restart.Nothing;

    /// <summary>Training as in one, looks as in the other.</summary>
    private static Settings KeepView(Settings training, Settings view) => training with
    {
        Speed = view.Speed,
        ShowTest = view.ShowTest,
        Discretize = view.Discretize,
        Theme = view.Theme,
        Language = view.Language,
        Scene = view.Scene,
        Hide = view.Hide,
        Axes = view.Axes,
    };

    // ---- settings to a plan -----------------------------------------------------------------------------------------

    private static FitPlan Plan(Settings s, Table table)
    {
        Dataset data = table.Network;
        (Activation output, Loss loss) = Choose(s, data);
        FitOptions options = new()
        {
            Hidden = [.. s.Layers.Select(l => l.Units)],
            Activation = [.. s.Layers.Select(l => l.Activation ?? s.Activation)],
            Output = output,
            Loss = loss,
            BatchNorm = s.Normalise,
            Dropout = s.Dropout,
            Initializer = s.Initializer,
            Optimizer = s.Optimizer,
            LearningRate = s.LearningRate,
            LayerLearningRates = s.LayerRates,
            Schedules = s.Schedules,
            Reduction = s.Reduction,
            Batch = s.Optimizer.NeedsFullBatch ? 0 : s.Batch,
            Shuffle = s.Shuffle,
            Augment = data.Image is null ? [] : s.Augment,
            Epochs = s.Epochs,
            Stop = s.Stop,
            L1 = s.L1,
            L2 = s.L2,
            WeightDecay = s.Decay == 0 ? null : s.Decay,
            Clip = s.Clip,
            KeepBest = false,
            Recipe = Recipe.Plain,
            Scaling = ScalingOf(s, table),
            TestShare = s.Train >= 1 || data.IsWhole ? 0 : 1 - s.Train,
            ValidationShare = s.Validation > 0 ? s.Validation : null,
            Seed = (ulong)s.Seed,
            Threads = 1,
            Arithmetic = s.Arithmetic,
        };
        FitPlan plan = FitPlan.Make(data, options);
        if (data.Target.IsClass || ScalingOf(s, table) != Scaling.None) return plan;
        // Numbers as they are: then what the output unit says is what the map shows.
        Preparation plain = plan.Preparation with
        {
            TargetShift = new double[plan.Preparation.TargetShift.Length],
            TargetScale = [.. plan.Preparation.TargetScale.Select(_ => 1.0)],
        };
        return new(data, plan.Rows, plan.ValidationRows, plan.Validation, plan.TestRows, plan.Test, plain,
            plan.Network, plan.Options);
    }

    /// <summary>The scaling that "auto" stands for: none for made points, which are centred, standard for all
    /// else.</summary>
    public static Scaling ScalingOf(Settings s, Table table) => s.Scaling switch
    {
        "none" => Scaling.None,
        "standard" => Scaling.Standard,
        "common" => Scaling.Common,
        _ => table.IsPlane && !table.IsOwn ? Scaling.None : table.Raw.Image is null ? Scaling.Standard : Scaling.Common,
    };

    /// <summary>Output and loss where they were left open: the lecture's cost on tanh for two classes, as in the
    /// TensorFlow
    /// Playground; cross-entropy on softmax for more; a plain output for numbers.</summary>
    private static (Activation, Loss) Choose(Settings s, Dataset data)
    {
        bool isClass = data.Target.IsClass;
        Activation usual = !isClass ? Activations.Identity : data.Target.Classes.Count == 2 ? Activations.Tanh
            : Activations.Softmax;
        Activation output = s.Output ?? (s.Loss is null || Fits(s.Loss, usual) ? usual : s.Loss.UsualOutput(isClass));
        Loss loss = s.Loss ?? (output.Range.SumsToOne ? Losses.CrossEntropy
            : output.Name == "sigmoid" && output.Range is { Low: 0, High: 1 } ? Losses.BinaryCrossEntropy
                : Catalog.Default.Loss("euclidean"));
        return (output, loss);
    }

    private static bool Fits(Loss loss, Activation output)
    {
        try
        {
            loss.CheckDomain(output);
            return true;
        }
        catch (DownhillException)
        {
            return false;
        }
    }
}
