using Downhill.Threading;

namespace Downhill;

/// <summary>
/// Networks of one description, trained from different random starts, and made one: their layers side by side, with
/// links inside each member only, and an output whose field is the mean of theirs. For numbers that is the mean of the
/// answers; for classes of their log-probabilities (Hansen, Salamon, IEEE PAMI 12, 1990; Hinton, Products of experts,
/// 2002).
/// </summary>
internal static class Ensemble
{
    /// <summary>Trains the plan's members, each on a core of its own, and joins them.</summary>
    /// <param name="plan">Says how many and how.</param>
    /// <param name="progress">Called, one call at a time, when an epoch has ended in all members: the mean over
    /// them.</param>
    /// <param name="cancellation">Ends all members; what they have learned so far is joined.</param>
    /// <exception cref="DownhillException">Fewer than 2 or more than 100 members.</exception>
    public static FitResult Fit(FitPlan plan, Action<EpochReport>? progress = null,
        CancellationToken cancellation = default)
    {
        int members = plan.Members;
        if (members is < 1 or > 100) Throw.Input("Ensemble", "1 to 100 members", $"{members}", "5 is usual.");
        TrainSession<float>[] sessions = new TrainSession<float>[members];
        List<EpochReport>[] reports = [.. Enumerable.Range(0, members).Select(_ => new List<EpochReport>())];
        List<EpochReport> history = [];
        object gate = new();
        try
        {
            for (int i = 0; i < members; i++) sessions[i] = plan.Member(i).Start();
            ParallelOptions cores = new() { MaxDegreeOfParallelism = Team.SizeOf(plan.Options.Threads) };
            Parallel.For(0, members, cores, i => sessions[i].Run(report =>
            {
                lock (gate)
                {
                    reports[i].Add(report);
                    if (reports.Any(r => r.Count <= history.Count)) return;
                    history.Add(Mean([.. reports.Select(r => r[history.Count])]));
                    progress?.Invoke(history[^1]);
                }
            }, cancellation: cancellation));
            int diverged = Array.FindIndex(sessions, s => s.Stopped!.IsDiverged);
            TrainSession<float> first = sessions[Math.Max(0, diverged)];
            (NetworkSpec spec, AlignedBuffer<float> parameters) = Join(plan.Network,
                [.. sessions.Select(s => (s.ResultParameters, s.ResultBuffers))]);
            return plan.Finish(spec, parameters, new(0), first.Stopped!, history, first.State.Epoch,
                sessions.Sum(s => s.State.Step), sessions.Max(s => s.State.Seconds));
        }
        finally
        {
            foreach (TrainSession<float> session in sessions) session?.Dispose();
        }
    }

    private static EpochReport Mean(EpochReport[] members) => members[0] with
    {
        TrainLoss = members.Average(m => m.TrainLoss),
        Penalty = members.Average(m => m.Penalty),
        ValidationLoss = members.Average(m => m.ValidationLoss),
        ValidationScore = members.Average(m => m.ValidationScore),
        GradientNorm = members.Average(m => m.GradientNorm),
        TrainSquaredError = members.Average(m => m.TrainSquaredError),
        TrainAccuracy = members.Average(m => m.TrainAccuracy),
    };

    /// <summary>A layer of neurons with everything that is only a factor or an offset worked into it.</summary>
    private sealed record Folded(double[,] Weights, double[] Biases, Activation Activation, ConnectionMask? Mask);

    /// <summary>Where a member's inputs and units lie in a joined layer: the first layer's inputs and the last one's
    /// units are all members' own.</summary>
    private readonly record struct Places(int Inputs, int Units, int Members, bool IsFirst, bool IsLast)
    {
        public int AllInputs => IsFirst ? Inputs : Members * Inputs;
        public int AllUnits => IsLast ? Units : Members * Units;
        public int Row(int member, int input) => IsFirst ? input : member * Inputs + input;
        public int Column(int member, int unit) => IsLast ? unit : member * Units + unit;
    }

    /// <summary>One network of several: see the class.</summary>
    internal static (NetworkSpec Spec, AlignedBuffer<float> Parameters) Join(
        NetworkSpec spec, IReadOnlyList<(AlignedBuffer<float> Parameters, AlignedBuffer<float> Buffers)> members)
    {
        Folded[][] folded = [.. members.Select(m => Fold(spec, m.Parameters.Span, m.Buffers.Span))];
        int count = members.Count, depth = folded[0].Length;
        Places[] places = [.. folded[0].Select((layer, index) => new Places(
            layer.Weights.GetLength(0), layer.Weights.GetLength(1), count, index == 0, index == depth - 1))];
        List<Layer> layers = [];
        for (int layer = 0; layer < depth; layer++)
        {
            Folded one = folded[0][layer];
            Places at = places[layer];
            bool[] present = new bool[at.AllInputs * at.AllUnits];
            for (int m = 0; m < count; m++)
                for (int i = 0; i < at.Inputs; i++)
                    for (int u = 0; u < at.Units; u++)
                        present[at.Row(m, i) * at.AllUnits + at.Column(m, u)] |= one.Mask?[i, u] ?? true;
            layers.Add(new Dense(at.AllUnits, one.Activation)
            {
                Connections = present.Contains(false) ? new ConnectionMask(at.AllInputs, at.AllUnits, present) : null,
            });
        }
        NetworkSpec joined = new(spec.Inputs, layers);
        AlignedBuffer<float> parameters = new(joined.ParameterLength);
        parameters.Span.Clear();
        for (int layer = 0; layer < depth; layer++)
        {
            Segment weights = joined.Segments[2 * layer], biases = joined.Segments[2 * layer + 1];
            Places at = places[layer];
            double[] sums = new double[weights.Length], offsets = new double[biases.Length];
            double share = at.IsLast ? 1.0 / count : 1;
            for (int m = 0; m < count; m++)
            {
                Folded member = folded[m][layer];
                for (int u = 0; u < at.Units; u++)
                {
                    int column = at.Column(m, u);
                    offsets[column] += share * member.Biases[u];
                    for (int i = 0; i < at.Inputs; i++)
                        sums[at.Row(m, i) * at.AllUnits + column] += share * member.Weights[i, u];
                }
            }
            for (int i = 0; i < sums.Length; i++) parameters.Span[weights.Offset + i] = (float)sums[i];
            for (int i = 0; i < offsets.Length; i++) parameters.Span[biases.Offset + i] = (float)offsets[i];
        }
        return (joined, parameters);
    }

    /// <summary>Works feature scales, forward scales and batch norms into the weights, and leaves dropout
    /// out.</summary>
    private static Folded[] Fold(NetworkSpec spec, ReadOnlySpan<float> parameters, ReadOnlySpan<float> buffers)
    {
        List<Folded> layers = [];
        double[]? factors = null; // on the inputs of the layer to come
        int buffer = 0;
        for (int index = 0; index < spec.Layers.Count; index++)
        {
            int width = spec.InputsOf(index), layer = index;
            List<float[]> tensors = [];
            foreach (Segment segment in spec.Segments)
                if (segment.Layer == layer) tensors.Add(parameters.Slice(segment.Offset, segment.Length).ToArray());
            switch (spec.Layers[index])
            {
                case FeatureScale:
                    factors = [.. tensors[0].Select((s, i) => s * (factors?[i] ?? 1))];
                    break;
                case Dropout:
                    break;
                case Dense dense:
                    double[,] weights = new double[width, dense.Units];
                    for (int i = 0; i < width; i++)
                        for (int u = 0; u < dense.Units; u++)
                            weights[i, u] = tensors[0][i * dense.Units + u] * dense.SumFactor(width, u) * (
                                factors?[i] ?? 1);
                    layers.Add(
                        new(weights, dense.HasBias ? [.. tensors[1].Select(b => (double)b)] : new double[dense.Units],
                        dense.Activation, dense.Connections));
                    factors = null;
                    break;
                case BatchNorm norm when layers.Count > 0 && layers[^1].Activation.Name == "identity":
                    Folded before = layers[^1];
                    for (int u = 0; u < width; u++)
                    {
                        double factor = tensors[0][u] / Math.Sqrt(buffers[buffer + width + u] + norm.Epsilon);
                        for (int i = 0; i < before.Weights.GetLength(0); i++) before.Weights[i, u] *= factor;
                        before.Biases[u] = (before.Biases[u] - buffers[buffer + u]) * factor + tensors[1][u];
                    }
                    layers[^1] = before with { Activation = norm.Activation };
                    break;
                default:
                    Throw.Input($"Ensemble, layer {index + 1} ({spec.Layers[index].Kind})",
                        "dense, dropout, batch norm after dense, or feature scale",
                        spec.Layers[index].Kind, "Train a single network.");
                    break;
            }
            buffer += spec.Layers[index].BufferLength(width);
        }
        return [.. layers];
    }
}
