using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>
/// Many starts at once (lecture L14): from the centres of size × size cells of a <c>window</c> over two weights, plain
/// gradient descent w ← w − η∇C over all training rows, in double, of the two alone or with <c>all</c> of every
/// weight (the others start as the network has them). Reply: block <c>starts</c> f64 [size², 6] (the two weights at
/// the start and after <c>walk</c> updates, loss at the end, index into <c>minima</c>; row 0 at the top), <c>minima</c>
/// [{<c>starts</c> (how many end there), <c>a</c>, <c>b</c>, and what <c>hessian</c> says of the place}], the lowest
/// first. Ends belong together where their losses do and, of two weights alone, their places.
/// </summary>
internal sealed record MinimaCommand(int[] First, int[] Second, double[] Window, int Size, int Updates, int Walk,
    double LearningRate, bool All) : Command
{
    /// <summary>
    /// Ends with losses this near (as a share) and at places this near (as a share of the window) lie in one valley: on
    /// a gentle floor they are still on their way to one place when the updates are over.
    /// </summary>
    private const double LossTolerance = 0.01, Near = 0.2;

    public static MinimaCommand Parse(Fields fields)
    {
        (int[] first, int[] second) = PlaneOf.Parse(fields, "minima");
        double[] window = fields.Doubles("window") ?? [-4, 4, -4, 4];
        if (window.Length != 4 || !(window[0] < window[1]) || !(window[2] < window[3]))
            Throw.Input("Request 'minima', field 'window'", "[first low, high, second low, high]",
                $"{window.Length} numbers", "Write [-4, 4, -4, 4].");
        int updates = (int)fields.Whole("updates", 0, 5000, 200);
        return new(first, second, window, (int)fields.Whole("size", 2, 32, 12), updates,
            (int)fields.Whole("walk", 0, 5000, updates), fields.Number("learningRate", 1e-9, 1e6, 0.5),
            fields.Flag("all"));
    }

    public override void Run(Session session, Reply reply)
    {
        PlaneOf plane = PlaneOf.Find(session.Run, First, Second);
        using Curvature curvature = new(session.Run, HessianCommand.Free(session.Run, plane, All));
        double[] original = curvature.Weights.ToArray();
        double[] starts = new double[Size * Size * 6];
        List<double[]> ends = [];
        for (int i = 0; i < Size * Size; i++)
        {
            (double a, double b) = Maps.Centre(Window, Size, i / Size, i % Size);
            original.CopyTo(curvature.Weights);
            (curvature.Weights[plane.First], curvature.Weights[plane.Second]) = (a, b);
            Span<double> start = starts.AsSpan(6 * i, 6);
            (start[0], start[1]) = (a, b);
            start[4] = Descend(curvature, plane, start);
            ends.Add(curvature.Weights.ToArray());
        }
        WriteMinima(curvature, plane, starts, ends, reply.Json);
        reply.Block("starts", starts, Size * Size, 6);
    }

    /// <returns>The loss at the end.</returns>
    private double Descend(Curvature curvature, PlaneOf plane, Span<double> start)
    {
        double[] gradient = new double[curvature.Places.Length];
        for (int update = 0; update <= Updates; update++)
        {
            if (update == Math.Min(Walk, Updates))
                (start[2], start[3]) = (curvature.Weights[plane.First], curvature.Weights[plane.Second]);
            if (update == Updates) break;
            curvature.LossAndGradient(gradient);
            for (int i = 0; i < gradient.Length; i++)
                curvature.Weights[curvature.Places[i]] -= LearningRate * gradient[i];
        }
        return curvature.Loss();
    }

    private void WriteMinima(Curvature curvature, PlaneOf plane, double[] starts, List<double[]> ends,
        Utf8JsonWriter json)
    {
        double near = Near * (Window[1] - Window[0]);
        List<List<int>> groups = [];
        foreach (int i in Enumerable.Range(0, ends.Count).OrderBy(i => starts[6 * i + 4]))
        {
            // The first that is alike; the ends come with rising loss, so the first of a group is its lowest.
            List<int>? known = groups.Find(group => Math.Abs(starts[6 * i + 4] - starts[6 * group[0] + 4])
                <= LossTolerance * Math.Max(0.1, starts[6 * group[0] + 4]) && (All || Distance(ends[i], ends[group[0]])
                <= near));
            if (known is null) groups.Add([i]);
            else known.Add(i);
        }
        json.WriteStartArray("minima");
        for (int k = 0; k < groups.Count; k++)
        {
            foreach (int i in groups[k]) starts[6 * i + 5] = k;
            double[] end = ends[groups[k][0]];
            end.CopyTo(curvature.Weights);
            json.WriteStartObject();
            json.WriteNumber("starts", groups[k].Count);
            Reply.WriteNumber(json, "a", end[plane.First]);
            Reply.WriteNumber(json, "b", end[plane.Second]);
            HessianCommand.Write(curvature, json, withDirections: !All);
            json.WriteEndObject();
        }
        json.WriteEndArray();

        double Distance(double[] one, double[] other) => double.Hypot(one[plane.First] - other[plane.First],
            one[plane.Second] - other[plane.Second]);
    }
}
