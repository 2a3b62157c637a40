namespace Downhill.Playground.Commands;

/// <summary>
/// The true error surface of the session's network over two of its weights, all others as they are now (lecture L10):
/// the mean loss of the training rows, at each point. Reply: block <c>heights</c> f64 [count, size] of the rows
/// <c>start</c> … of a grid of size × size points, the first weight along a row from low to high, the second from low
/// to high over the rows; <c>at</c> the network's own two weights and <c>loss</c> its height. With
/// <c>climb</c> it is the performance P = −C (lecture L11).
/// </summary>
internal sealed record SurfaceCommand(int[] First, int[] Second, double[] Window, int Size, int Start, int Count,
    bool Climb) : Command
{
    public static SurfaceCommand Parse(Fields fields)
    {
        (int[] first, int[] second) = PlaneOf.Parse(fields, "surface");
        double[] window = fields.Doubles("window") ?? [-4, 4, -4, 4];
        if (window.Length != 4 || !(window[0] < window[1]) || !(window[2] < window[3]))
            Throw.Input("Request 'surface', field 'window'", "[first low, high, second low, high]",
                $"{window.Length} numbers", "Write [-4, 4, -4, 4].");
        int size = (int)fields.Whole("size", 2, 200, 60), start = (int)fields.Whole("start", 0, size - 1, 0);
        return new(first, second, window, size, start, (int)fields.Whole("count", 1, size - start, size - start),
            fields.Flag("climb"));
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        PlaneOf plane = PlaneOf.Find(run, First, Second);
        AlignedBuffer<float> parameters = new(run.Spec.ParameterLength);
        run.State.Parameters.Span.CopyTo(parameters.Span);
        PlaneLoss loss = new(run);
        reply.Number("loss", Sign * loss.At(parameters));
        reply.Json.WriteStartArray("at");
        reply.Json.WriteNumberValue(parameters.Span[plane.First]);
        reply.Json.WriteNumberValue(parameters.Span[plane.Second]);
        reply.Json.WriteEndArray();
        double[] heights = new double[Count * Size];
        for (int row = 0; row < Count; row++)
            for (int column = 0; column < Size; column++)
            {
                parameters.Span[plane.First] = (float)Value(Window[0], Window[1], column);
                parameters.Span[plane.Second] = (float)Value(Window[2], Window[3], Start + row);
                heights[row * Size + column] = Sign * loss.At(parameters);
            }
        reply.Block("heights", heights, Count, Size);
    }

    private double Sign => Climb ? -1 : 1;

    private double Value(double low, double high, int index) => low + (high - low) * index / (Size - 1);
}
