using System.Numerics;

namespace Downhill.Tests.Training;

/// <summary>Small data sets and training runs on them, as the tests of training need them again and again.</summary>
internal static class Runs
{
    /// <summary>Inputs from N(0, 1); targets are smooth functions of them.</summary>
    public static Dataset Numbers(int rows, int inputs, int targets = 1, ulong seed = 7, float[]? weights = null)
    {
        RandomStream random = new(seed, RandomStreams.Data);
        float[] x = new float[rows * inputs], y = new float[rows * targets];
        for (int i = 0; i < x.Length; i++) x[i] = (float)random.Normal((ulong)i);
        for (int r = 0; r < rows; r++)
            for (int t = 0; t < targets; t++)
                for (int i = 0; i < inputs; i++)
                    y[r * targets + t] += x[r * inputs + i] * ((i + 2 * t) % 3 - 0.8f)
                        + (i == t ? 0.3f * x[r * inputs + i] * x[r * inputs + i] : 0);
        return new Dataset("numbers", Columns(inputs),
            new Target([.. Enumerable.Range(1, targets).Select(t => $"y{t}")], []), x, [], [], y, weights);
    }

    /// <summary>Inputs from N(0, 1); the class follows from their signs and sizes.</summary>
    public static Dataset Classes(int rows, int inputs, int classes, ulong seed = 7, float[]? weights = null)
    {
        RandomStream random = new(seed, RandomStreams.Data);
        float[] x = new float[rows * inputs];
        for (int i = 0; i < x.Length; i++) x[i] = (float)random.Normal((ulong)i);
        int[] codes = new int[rows];
        for (int r = 0; r < rows; r++)
            codes[r] = r < classes ? r
                : (int)Math.Floor(Math.Abs(x[r * inputs] * 1.3 + x[r * inputs + inputs - 1])) % classes;
        return new Dataset(
            "classes", Columns(inputs), new Target(["class"], [.. Enumerable.Range(0, classes).Select(c => $"c{c}")]),
            x, [], codes, [], weights);
    }

    public static Column[] Columns(int inputs) => [.. Enumerable.Range(1, inputs).Select(i => new Column($"x{i}"))];

    public static int[] All(RowSource data) => [.. Enumerable.Range(0, data.Rows)];

    /// <summary>Numbers go in and come out as they are; classes are coded as the loss wants them, 0 and 1 without
    /// one.</summary>
    public static Preparation Plain(RowSource data, bool singleOutput = false, Loss? loss = null) =>
        Preparation.Fit(data, All(data), Scaling.None, loss?.CodedLow ?? 0, singleOutput: singleOutput,
            scaleTargets: false);

    public static TrainSession<T> Start<T>(
        Dataset data, NetworkSpec spec, TrainOptions options, int[]? rows = null, int[]? validation = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        new(spec, data, rows ?? All(data), validation ?? [], Plain(data, loss: options.Loss), options);

    public static string Hash<T>(TrainSession<T> session) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Model.HashOf(session.Spec, session.State.Parameters);

    /// <summary>Trains to the end and gives the hash of the weights.</summary>
    public static string Train<T>(
        Dataset data, NetworkSpec spec, TrainOptions options, int[]? rows = null, int[]? validation = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using TrainSession<T> session = Start<T>(data, spec, options, rows, validation);
        session.Run();
        return Hash(session);
    }

    /// <summary>The learned numbers in layer order, without padding.</summary>
    public static T[] Weights<T>(TrainSession<T> session) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        [.. session.Spec.Segments.SelectMany(s => session.State.Parameters.Span.Slice(s.Offset, s.Length).ToArray())];

    public static ConnectionMask Mask(int inputs, int units, double share = 0.6, ulong seed = 5) =>
        ConnectionMask.Random(inputs, units, share, new RandomStream(seed, RandomStreams.Connections));
}
